//! What is asked of the catalog itself. What it goes by is asked of the compiled [`Catalog`]; who states what, of the rows
//! of each source.

mod graph;
mod lint;
mod metadata;
mod search;
mod show;
mod stats;
mod supersedence;

pub use graph::graph;
pub use lint::{Deny, lint};
pub use metadata::add_metadata;
pub use search::search;
pub use show::show;
pub use stats::stats;

use crate::{
    catalog::{Catalog, facts::Facts, view::RelationKind},
    model::{KbId, ProductSet, SourceKind},
    report::{CiteReport, SourceReport},
};

/// The rows of one source, with its row among [`Facts::sources`].
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// decides which values are believed
    pub kind: SourceKind,
    /// what it is, in words
    pub title: &'a str,
    /// its rows
    pub facts: &'a Facts,
}

/// Sources by number, each once.
#[derive(Default)]
struct Cites {
    sources: Vec<SourceReport>,
}

impl Cites {
    fn number(&mut self, source: SourceReport) -> u32 {
        let same = |s: &SourceReport| SourceReport { number: 0, ..s.clone() } == source;
        if let Some(known) = self.sources.iter().find(|s| same(s)) {
            return known.number;
        }
        let number = self.sources.len() as u32 + 1;
        self.sources.push(SourceReport { number, ..source });
        number
    }

    /// A row's source: an address, or the id of a source row of its part.
    fn row(&mut self, part: &Part<'_>, source: &str, read: Option<&str>, standing: &str) -> CiteReport {
        let known = part.facts.sources.iter().find(|s| s.id == source);
        let kind = known.and_then(|s| s.kind.as_deref()).and_then(SourceKind::parse).unwrap_or(part.kind);
        let report = match known {
            Some(s) => SourceReport {
                number: 0,
                title: s.title.clone(),
                url: s.url.clone(),
                read: read.unwrap_or(&s.read).to_owned(),
                kind: kind.name(),
                via: s.via.clone(),
            },
            None => SourceReport {
                number: 0,
                title: String::new(),
                url: source.to_owned(),
                read: read.unwrap_or("").to_owned(),
                kind: kind.name(),
                via: None,
            },
        };
        CiteReport { source: self.number(report), standing: standing.to_owned() }
    }

    /// A source as the compiled catalog has it, for what no row states.
    fn compiled(&mut self, source: &crate::catalog::view::Source<'_>, standing: &str) -> CiteReport {
        let alike =
            |s: &&SourceReport| s.url == source.url && s.title == source.title && s.read == source.read;
        let number = match self.sources.iter().find(alike) {
            Some(known) => known.number,
            None => self.number(SourceReport {
                number: 0,
                title: source.title.to_owned(),
                url: source.url.to_owned(),
                read: source.read.to_owned(),
                kind: SourceKind::Curated.name(),
                via: None,
            }),
        };
        CiteReport { source: number, standing: standing.to_owned() }
    }
}

/// Adds to a list what it does not hold.
fn join(list: &mut Vec<CiteReport>, cite: CiteReport) {
    if !list.contains(&cite) {
        list.push(cite);
    }
}

/// The name that rows use.
fn relation_name(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Supersedes => "supersedes",
        RelationKind::Covers => "covers",
        RelationKind::Satisfies => "satisfies",
        RelationKind::Contains => "contains",
        RelationKind::Conflicts => "conflicts",
    }
}

fn names(catalog: &Catalog, set: ProductSet) -> Vec<String> {
    set.iter().map(|p| catalog.product(p).name.to_owned()).filter(|n| !n.is_empty()).collect()
}

/// Kind in words, and the title that says more.
fn headline(catalog: &Catalog, kb: KbId) -> String {
    match catalog.update(kb) {
        Some(u) if u.title.is_empty() => u.kind.describe().to_owned(),
        Some(u) => u.title.to_owned(),
        None => String::new(),
    }
}
