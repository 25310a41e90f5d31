//! Pages of the Microsoft Update Catalog: what kind of page it is, and what it says.
//!
//! The site answers with HTTP 200 whatever happened, so kinds are told apart by content. Elements are found by their ids,
//! which survived its changes of layout from 2016 to 2026.

mod download;
mod guard;
mod import;
mod page;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
mod title;

pub use download::{Download, DownloadFile};
pub use import::{Entry, IMPORTER, PageOf, facts, together};
pub use page::{LIMIT, read};
pub use title::{Titled, fits, kb_of};

use crate::{metadata::UpdateGuid, model::KbId};
use jiff::civil::Date;

/// The site.
pub const SITE: &str = "https://www.catalog.update.microsoft.com";

/// A page, by what it says.
#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// updates that a search found
    Results(Results),
    /// the search found nothing; says nothing about what replaced what
    NoneFound {
        /// what was searched for, as the page repeats it
        query: String,
    },
    /// the search page without an answer: the site does so when it is asked too often
    Unanswered,
    /// the site reports a fault
    Fault {
        /// `8DDD0010`
        number: String,
    },
    /// the update is no longer to be had, or never was; what replaced it is not told
    Removed,
    /// an update
    Details(Box<Details>),
    /// files of updates
    Downloads(Vec<Download>),
}

impl Page {
    /// In words, without what it says.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Results(_) => "search results",
            Self::NoneFound { .. } => "a search that found nothing",
            Self::Unanswered => "a search that was not answered",
            Self::Fault { .. } => "an error page",
            Self::Removed => "the page for a removed update",
            Self::Details(_) => "an update's page",
            Self::Downloads(_) => "a download dialog",
        }
    }
}

/// Bytes that are no page of the Update Catalog which can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// nothing
    #[error("is empty")]
    Empty,
    /// larger than any page of the site
    #[error("is larger than any page of the Update Catalog ({} MB)", LIMIT >> 20)]
    TooLarge,
    /// `</html>` is missing
    #[error("is cut off: it does not end with </html>")]
    Truncated,
    /// HTML of somebody else: a proxy's login, a portal, the site's home page
    #[error(
        "is no page of the Update Catalog that kbwhy knows: a proxy, a login page or a new layout answered"
    )]
    Foreign,
    /// its shape costs more than its size
    #[error("is no page of the Update Catalog: its HTML is nested as no page of it is")]
    Hostile,
    /// the page of an update, without what identifies it
    #[error("is the page of an update, but has no {0}; the site's layout may have changed")]
    Incomplete(&'static str),
}

/// One page of search results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// what was searched for, as the page repeats it
    pub query: String,
    /// updates, in the page's order
    pub rows: Vec<Row>,
    /// rows that could not be read
    pub unreadable: u32,
    /// first and last result shown, and how many there are: `1 - 25 of 39`
    pub shown: Option<(u32, u32, u32)>,
    /// this page and how many there are, from 1
    pub page: Option<(u32, u32)>,
    /// a further page is linked or counted
    pub more: bool,
    /// the site found more than it shows (1000)
    pub cut: bool,
}

/// An update as search results show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// identity
    pub update: UpdateGuid,
    /// title
    pub title: String,
    /// names of products as the Update Catalog groups them
    pub products: Vec<String>,
    /// `Security Updates`
    pub classification: Option<String>,
    /// last update; none where the order of day and month is not known
    pub date: Option<Date>,
    /// version, which only drivers have
    pub version: Option<String>,
    /// size in words
    pub size: Option<String>,
    /// size in bytes
    pub bytes: Option<u64>,
}

/// What the page of an update says of its successors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplacedBy {
    /// nothing: the page has no such part, or an empty one
    NotTold,
    /// `n/a`: none that the Update Catalog lists on that day
    NoneListed,
    /// these, direct and indirect ones: the list is transitively closed
    By(Vec<Successor>),
}

/// An update that replaced another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Successor {
    /// identity
    pub update: UpdateGuid,
    /// title
    pub title: String,
}

/// What the page of an update says of its predecessors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// nothing: the page has no such part, or an empty one
    NotTold,
    /// `n/a`; also where every predecessor was removed since
    NoneListed,
    /// titles, direct and indirect ones, without identities
    Titles(Vec<String>),
}

/// An update as its own page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// identity
    pub update: UpdateGuid,
    /// title
    pub title: String,
    /// KB articles
    pub kbs: Vec<KbId>,
    /// last change; none where the order of day and month is not known
    pub modified: Option<Date>,
    /// size in words
    pub size: Option<String>,
    /// architectures as the page names them: often none
    pub architectures: Vec<String>,
    /// `Security Updates`
    pub classification: Option<String>,
    /// names of products as the Update Catalog groups them
    pub products: Vec<String>,
    /// languages
    pub languages: Vec<String>,
    /// MSRC severity
    pub severity: Option<String>,
    /// `Can request restart`
    pub restart: Option<String>,
    /// what replaced it
    pub replaced_by: ReplacedBy,
    /// what it replaces
    pub replaces: Replaces,
}
