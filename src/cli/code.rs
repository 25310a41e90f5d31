//! `kbwhy code`.

use super::{Exit, Failure, args::Output, commands::Printed, input};
use crate::{explain, render};
use clap::Args;

/// What does an error code or message mean?
#[derive(Debug, Args)]
pub(super) struct Code {
    /// Error codes in any spelling (0x80240017, 80240017, 2149842967, -2145124329, WU_E_NOT_APPLICABLE, "exit 14098",
    /// "0xC1900101 - 0x20017"), or a message
    #[arg(value_name = "CODE", required = true, allow_negative_numbers = true)]
    words: Vec<String>,
    #[command(flatten)]
    output: Output,
}

/// Words that are read at most.
const WORDS: usize = 200;

pub(super) fn run(a: &Code) -> Printed {
    let words: Vec<String> = a.words.iter().take(WORDS).map(|w| input::shown_long(w)).collect();
    let report = explain::codes_report(&words).map_err(|word| {
        Failure::usage(format!(
            "`{}` is no error code, symbol or message that is known here; codes look like 0x80240017, 2149842967, \
             WU_E_NOT_APPLICABLE, \"exit 14098\"",
            input::shown(&word)
        ))
    })?;
    let known = report.codes.iter().all(|c| c.readings.iter().any(|r| r.known));
    let text = match a.output.format {
        super::args::Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        super::args::Format::Text => render::codes_text(&report, a.output.text.style()),
    };
    Ok((text, if known { Exit::Good } else { Exit::Unknown }))
}
