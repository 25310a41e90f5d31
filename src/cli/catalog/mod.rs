//! `kbwhy catalog …`: one file for each command.

pub(super) mod fetch;
mod graph;
mod import;
mod lint;
mod search;
mod show;
mod stats;
pub(super) mod update;

use super::{
    Exit, Failure,
    args::{Format, Output},
    cache::ReadArgs,
    commands::Printed,
};
use crate::{
    catalog::{embedded_facts, facts::Facts},
    explain::catalog::Part,
    model::{KbId, SourceKind},
    render::{self, Style},
};
use serde::Serialize;

/// The rows of each source: the built-in ones first.
struct Rows(Vec<(SourceKind, String, Facts)>);

impl Rows {
    fn read(from: &ReadArgs) -> Result<Self, Failure> {
        let mut rows = vec![(SourceKind::Curated, "built-in facts".to_owned(), embedded_facts())];
        for source in from.rows()? {
            rows.push(Self::part(source.kind, source.row, source.facts));
        }
        Ok(Self(rows))
    }

    /// Rows with their source row among them.
    fn part(
        kind: SourceKind,
        row: crate::catalog::facts::SourceRow,
        mut facts: Facts,
    ) -> (SourceKind, String, Facts) {
        let title = if row.title.is_empty() { row.id.clone() } else { row.title.clone() };
        match facts.sources.iter_mut().find(|s| s.id == row.id) {
            Some(known) => known.kind = Some(kind.name().to_owned()),
            None => facts
                .sources
                .push(crate::catalog::facts::SourceRow { kind: Some(kind.name().to_owned()), ..row }),
        }
        (kind, title, facts)
    }

    fn parts(&self) -> Vec<Part<'_>> {
        self.0.iter().map(|(kind, title, facts)| Part { kind: *kind, title, facts }).collect()
    }
}

fn kb(text: &str) -> Result<KbId, Failure> {
    text.parse().map_err(|e: crate::model::KbError| Failure::usage(e.to_string()))
}

fn json<T: Serialize>(report: &T) -> Result<String, Failure> {
    render::to_json(report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })
}

/// A report as text or JSON.
fn printed<T: Serialize>(
    report: &T,
    output: &Output,
    text: fn(&T, Style) -> String,
) -> Result<String, Failure> {
    match output.format {
        Format::Json => json(report),
        Format::Text => Ok(text(report, output.text.style())),
    }
}

/// Why a build without the feature `online` cannot do something.
#[cfg(not(feature = "online"))]
const NO_NETWORK: &str =
    "this build has no network code; save the pages or files and give them to `kbwhy catalog import`";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Catalog {
    /// Reads updates from the Microsoft Update Catalog into the cache
    Fetch(fetch::Fetch),
    /// Reads files of Microsoft's metadata, feeds and tables into the cache
    Import(import::Import),
    /// Refreshes the cache from Microsoft's Security Update Guide
    Update(update::Update),
    /// All that is known of an update, with sources
    Show(show::Show),
    /// Finds updates by words
    Search(search::Search),
    /// Supersedence and prerequisites of an update, as a drawing
    Graph(graph::Graph),
    /// What the catalog holds
    Stats(stats::Stats),
    /// What is doubtful in the catalog
    Lint(lint::Lint),
}

pub(super) fn run(command: &Catalog) -> Printed {
    match command {
        Catalog::Fetch(a) => fetch::run(a),
        Catalog::Import(a) => import::run(a),
        Catalog::Update(a) => update::run(a),
        Catalog::Show(a) => show::run(a),
        Catalog::Search(a) => search::run(a),
        Catalog::Graph(a) => graph::run(a),
        Catalog::Stats(a) => stats::run(a),
        Catalog::Lint(a) => lint::run(a),
    }
}
