//! `kbwhy catalog graph`.

use super::super::{Exit, Failure, cache::ReadArgs, commands::Printed, input};
use crate::{explain::catalog as ask, render};

/// What supersedes an update, what it supersedes and what it requires. Lists that are closures are reduced to chains; cycles
/// are drawn in red.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Graph {
    /// The update, such as KB3172614
    #[arg(value_name = "KB")]
    pub(in crate::cli) kb: String,
    /// The language of the drawing
    #[arg(long, value_enum, default_value_t = Language::Dot)]
    pub(in crate::cli) format: Language,
    /// How many steps from the update are drawn
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(in crate::cli) depth: usize,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Language {
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
    /// the same as data
    Json,
}

pub(in crate::cli) fn run(typed: &Graph) -> Printed {
    let kb = super::kb(&typed.kb)?;
    let catalog = typed.read.catalog()?;
    let index = typed.read.metadata()?;
    let report = ask::graph(&catalog, index.as_ref(), kb, typed.depth);
    let report = report.map_err(|e| Failure::catalog(input::shown_long(&format!("metadata: {e}"))))?;
    let text = match typed.format {
        Language::Dot => render::to_dot(&report),
        Language::Mermaid => render::to_mermaid(&report),
        Language::Json => super::json(&report)?,
    };
    let known = catalog.update(kb).is_some() || report.nodes.len() > 1;
    Ok((text, if known { Exit::Good } else { Exit::Unknown }))
}
