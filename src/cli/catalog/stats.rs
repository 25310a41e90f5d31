//! `kbwhy catalog stats`.

use super::super::{Exit, args::Output, cache::ReadArgs, commands::Printed};
use crate::{explain::catalog as ask, render};

/// How much the catalog holds, from which sources, and how it hangs together.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Stats {
    #[command(flatten)]
    pub(in crate::cli) read: ReadArgs,
    #[command(flatten)]
    pub(in crate::cli) output: Output,
}

pub(in crate::cli) fn run(typed: &Stats) -> Printed {
    let catalog = typed.read.catalog()?;
    let rows = super::Rows::read(&typed.read)?;
    let report = ask::stats(&catalog, &rows.parts());
    Ok((super::printed(&report, &typed.output, render::stats_text)?, Exit::Good))
}
