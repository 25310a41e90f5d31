//! `kbwhy catalog …`: one file for each command.

pub(super) mod fetch;
mod graph;
mod import;
mod lint;
mod search;
mod show;
mod stats;
pub(super) mod update;

use super::commands::Printed;

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
