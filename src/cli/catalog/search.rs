//! `kbwhy catalog search`.

use super::super::{Exit, args::Output, cache::ReadArgs, commands::Printed};
use crate::{explain::catalog as ask, render};

/// Updates of which the number, a build, the title, the component, the kind or a product fit all words.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Search {
    /// Words, such as KB50053, 17763.2114 or "servicing stack 2012 R2"
    #[arg(value_name = "TEXT", required = true)]
    pub(in crate::cli) words: Vec<String>,
    /// How many are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(in crate::cli) limit: usize,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArgs,
    #[command(flatten)]
    pub(in crate::cli) output: Output,
}

pub(in crate::cli) fn run(typed: &Search) -> Printed {
    let catalog = typed.read.catalog()?;
    let report = ask::search(&catalog, &typed.words.join(" "), typed.limit);
    let text = super::printed(&report, &typed.output, render::search_text)?;
    Ok((text, if report.total > 0 { Exit::Good } else { Exit::Unknown }))
}
