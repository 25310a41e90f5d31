//! `kbwhy catalog show`.

use super::super::{Exit, Failure, args::Output, cache::ReadArgs, commands::Printed, input};
use crate::{explain::catalog as ask, render};

/// All that is known of an update: each value with every source that states it, the value that is used marked where they
/// disagree.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Show {
    /// The update, such as KB3172614
    #[arg(value_name = "KB")]
    pub(in crate::cli) kb: String,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArgs,
    #[command(flatten)]
    pub(in crate::cli) output: Output,
}

pub(in crate::cli) fn run(typed: &Show) -> Printed {
    let kb = super::kb(&typed.kb)?;
    let catalog = typed.read.catalog()?;
    let rows = super::Rows::read(&typed.read)?;
    let mut report = ask::show(&catalog, &rows.parts(), kb);
    if let Some(index) = typed.read.metadata()? {
        let damaged =
            |e: crate::metadata::IndexError| Failure::catalog(input::shown_long(&format!("metadata: {e}")));
        ask::add_metadata(&mut report, &index, kb).map_err(damaged)?;
    }
    let known = report.described || !report.metadata.is_empty();
    let text = super::printed(&report, &typed.output, render::show_text)?;
    Ok((text, if known { Exit::Good } else { Exit::Unknown }))
}
