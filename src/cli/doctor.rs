//! `kbwhy doctor`.

use super::{
    Exit, Failure,
    args::{Format, Inventories, Output},
    cache::ReadArgs,
    commands::{Printed, style},
    input,
};
use crate::{
    doctor::{self, Prospect, Today, TodayFrom},
    explain, render,
};
use clap::Args;
use jiff::civil::Date;

/// What will stop updates on this host next?
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    inventories: Inventories,
    /// The day to judge by, such as 2026-11-21, or `today` for this machine's clock; else that of the catalog's facts
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(a: &Doctor) -> Printed {
    if a.inventories.inventory.is_empty() && a.inventories.set.is_empty() {
        return Err(Failure::usage(
            "doctor needs to know the host: --inventory FILE (`kbwhy collect --script` makes one, systeminfo will do)",
        ));
    }
    let today = a.as_of.as_deref().map(day).transpose()?;
    let host = input::host_with(&a.inventories)?;
    let (prospect, report) = a.read.ask(|catalog| {
        let examined = doctor::examine(catalog, &host, today.unwrap_or_else(|| Today::of(catalog)));
        (examined.prospect(), explain::doctor_report(catalog, &host, &examined, Vec::new()))
    })?;
    let text = match a.output.format {
        Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Text => render::doctor_text(&report, style(&a.output)),
    };
    let exit = match prospect {
        Prospect::Clear => Exit::Good,
        Prospect::Stopped => Exit::Refused,
        Prospect::Unknown => Exit::Unknown,
    };
    Ok((text, exit))
}

/// A day as it is typed.
fn day(text: &str) -> Result<Today, Failure> {
    if text.eq_ignore_ascii_case("today") {
        return Ok(Today { date: jiff::Zoned::now().date(), from: TodayFrom::Clock });
    }
    let bad = || Failure::usage(format!("--as-of {}: is no day; write it as 2026-11-21", input::shown(text)));
    let date: Date = text.parse().map_err(|_| bad())?;
    // what kbwhy knows lies in between
    if !(1990..=2200).contains(&date.year()) {
        return Err(bad());
    }
    Ok(Today { date, from: TodayFrom::Given })
}
