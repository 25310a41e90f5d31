//! What is asked of the catalog itself: one update, a search, a drawing, counts, findings.

use serde::Serialize;

/// `kbwhy/catalog/show/1`: all that is known of an update.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ShowReport {
    /// schema and its version
    pub schema: &'static str,
    /// the update
    pub update: String,
    /// its title, or its kind in words; empty if nothing describes it
    pub headline: String,
    /// a source describes it; else others only name it, or nothing does
    pub described: bool,
    /// kind, title and the like: each with all that is stated
    pub values: Vec<ValueReport>,
    /// which products and architectures it has packages for
    pub packages: Vec<PackagesReport>,
    /// there is no package for any other product
    pub all_packages_known: bool,
    /// builds and servicing stacks that it brings, and its place among its like
    pub brings: Vec<PlaceReport>,
    /// direct: what it replaces
    pub supersedes: Vec<RelationReport>,
    /// direct: what replaces it
    pub superseded_by: Vec<RelationReport>,
    /// from it to the newest, without steps that others imply
    pub chains: Vec<ChainReport>,
    /// covers, satisfies, contains, conflicts: both ways
    pub relations: Vec<RelationReport>,
    /// prerequisites and the like
    pub rules: Vec<CatalogRuleReport>,
    /// updates, classes and things that need it
    pub required_by: Vec<RequiredByReport>,
    /// that it can no longer be had
    pub withdrawn: Vec<WithdrawnReport>,
    /// defects of its packages
    pub defects: Vec<DefectReport>,
    /// until when its products are supported
    pub support: Vec<SupportReport>,
    /// the update by GUID, of Windows Update's metadata
    pub metadata: Vec<MetadataReport>,
    /// how many more of them there are
    pub metadata_more: usize,
    /// what sources state and kbwhy does not use
    pub not_used: Vec<NotUsedReport>,
    /// updates that may have been meant
    pub did_you_mean: Vec<String>,
    /// commands that would tell more
    pub next: Vec<String>,
    /// the sources, by the numbers that statements name
    pub sources: Vec<SourceReport>,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
}

/// A page or file that states something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// number that statements name
    pub number: u32,
    /// what it is; empty if only the address is known
    pub title: String,
    /// its address
    pub url: String,
    /// when it was read, `yyyy-mm` or `yyyy-mm-dd`; empty if that is not known
    pub read: String,
    /// a name of [`crate::model::SourceKind`]
    pub kind: &'static str,
    /// through what it was read, if not directly
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// That a source states something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CiteReport {
    /// number of the source
    pub source: u32,
    /// `verified`, `secondary`, `unverified`
    pub standing: String,
}

/// A property with all values that are stated.
#[derive(Clone, Debug, Serialize)]
pub struct ValueReport {
    /// `kind`, `title`, `component`, `released`, `restart`
    pub name: &'static str,
    /// the value that is used
    pub used: Option<String>,
    /// sources state different values
    pub disagree: bool,
    /// each value, the used one first
    pub stated: Vec<StatedReport>,
}

/// One value.
#[derive(Clone, Debug, Serialize)]
pub struct StatedReport {
    /// the value
    pub value: String,
    /// it is the one that is used
    pub used: bool,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// Packages for some products.
#[derive(Clone, Debug, Serialize)]
pub struct PackagesReport {
    /// names of products
    pub products: Vec<String>,
    /// architectures; empty: all that the products have
    pub architectures: Vec<&'static str>,
    /// part of these products as they are released
    pub built_in: bool,
    /// the catalog goes by it
    pub used: bool,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// A place in a line of updates.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceReport {
    /// `17763.2114`, or the version of the servicing stack
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// names of products
    pub products: Vec<String>,
    /// names of lines that have it
    pub lines: Vec<String>,
    /// its place there, counted from 1, and how many there are
    pub place: Vec<(u32, u32)>,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// A relation between two updates.
#[derive(Clone, Debug, Serialize)]
pub struct RelationReport {
    /// `supersedes`, `covers`, `satisfies`, `contains`, `conflicts`
    pub relation: &'static str,
    /// the newer, covering, satisfying, containing one
    pub from: String,
    /// the other
    pub to: String,
    /// products on which it holds
    pub products: Vec<String>,
    /// it follows from the order of this line
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// the catalog goes by it; false where a line says it better, or where it cannot be
    pub used: bool,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// How an update was replaced, step by step.
#[derive(Clone, Debug, Serialize)]
pub struct ChainReport {
    /// products with this chain
    pub products: Vec<String>,
    /// updates, the newest last
    pub updates: Vec<String>,
    /// release date of the newest
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
}

/// A prerequisite rule.
#[derive(Clone, Debug, Serialize)]
pub struct CatalogRuleReport {
    /// its name
    pub id: String,
    /// the class of updates that it is about, if not this one alone
    #[serde(skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// products on which it holds
    pub products: Vec<String>,
    /// holds only where all of these do
    pub when: Vec<String>,
    /// all of these, in the grammar of requirements
    pub requires: Vec<String>,
    /// the same in words
    pub requires_words: Vec<String>,
    /// none of these
    pub excludes: Vec<String>,
    /// order of installation
    pub order: Vec<String>,
    /// `hard`, `soft`, `recommended`
    pub strength: &'static str,
    /// the source states that there is no prerequisite
    pub states_none: bool,
    /// why
    pub why: String,
    /// both readings, where sources disagree
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dispute: String,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// What needs an update.
#[derive(Clone, Debug, Serialize)]
pub struct RequiredByReport {
    /// an update, or the class or thing in words
    pub what: String,
    /// name of the rule
    pub rule: String,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// A withdrawal.
#[derive(Clone, Debug, Serialize)]
pub struct WithdrawnReport {
    /// products; empty: all
    pub products: Vec<String>,
    /// since when
    pub date: Option<String>,
    /// what to install instead
    pub replacement: Vec<String>,
    /// why
    pub why: String,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// A defect.
#[derive(Clone, Debug, Serialize)]
pub struct DefectReport {
    /// products
    pub products: Vec<String>,
    /// on hosts where all of these hold
    pub when: Vec<String>,
    /// cause code
    pub cause: String,
    /// what fixes it
    pub fixed_by: Vec<String>,
    /// what happens
    pub why: String,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// Support of one product and edition.
#[derive(Clone, Debug, Serialize)]
pub struct SupportReport {
    /// product
    pub product: String,
    /// editions or channel
    pub label: String,
    /// last day with updates for everybody
    pub end_of_support: String,
    /// last day with Extended Security Updates
    pub esu_end: Option<String>,
    /// the update came after the end of support
    pub released_after: bool,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// An update of Windows Update's metadata.
#[derive(Clone, Debug, Serialize)]
pub struct MetadataReport {
    /// its identity
    pub guid: String,
    /// revision number
    pub revision: u32,
    /// title
    pub title: String,
    /// properties in words: what it is, classification, products
    pub facts: Vec<String>,
    /// what it needs: all of these, each an any-of
    pub prerequisites: Vec<String>,
    /// updates that it supersedes, all of them; GUIDs where no KB is known
    pub supersedes: Vec<String>,
    /// updates that supersede it, all of them
    pub superseded_by: Vec<String>,
    /// superseded also by so many that the metadata names and does not have
    pub superseded_by_unknown: u32,
}

/// A statement that is not used.
#[derive(Clone, Debug, Serialize)]
pub struct NotUsedReport {
    /// what is stated
    pub text: String,
    /// why it is not used
    pub why: String,
    /// who states it
    pub by: Vec<CiteReport>,
}

/// `kbwhy/catalog/search/1`: updates that fit words.
#[derive(Clone, Debug, Serialize)]
pub struct SearchReport {
    /// schema and its version
    pub schema: &'static str,
    /// the words
    pub words: Vec<String>,
    /// the best ones, best first
    pub found: Vec<FoundReport>,
    /// how many fit
    pub total: usize,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
}

/// One update that was found.
#[derive(Clone, Debug, Serialize)]
pub struct FoundReport {
    /// the update
    pub update: String,
    /// release date
    pub date: Option<String>,
    /// kind in words, or title
    pub title: String,
    /// component
    #[serde(skip_serializing_if = "String::is_empty")]
    pub component: String,
    /// names of products
    pub products: Vec<String>,
    /// builds that it brings
    pub builds: Vec<String>,
}

/// `kbwhy/catalog/graph/1`: relations around an update, as a drawing.
#[derive(Clone, Debug, Serialize)]
pub struct GraphReport {
    /// schema and its version
    pub schema: &'static str,
    /// the update
    pub update: String,
    /// what is drawn
    pub nodes: Vec<NodeReport>,
    /// how it is joined; from and to are ids of nodes
    pub edges: Vec<EdgeReport>,
    /// groups of updates that supersede or need each other
    pub cycles: Vec<Vec<String>>,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
}

/// A node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeReport {
    /// letters and digits, unique
    pub id: String,
    /// `update`, `requirement`, `any-of`, `more`
    pub shape: &'static str,
    /// it is the update that was asked for
    pub root: bool,
    /// lines of its label
    pub label: Vec<String>,
}

/// An edge.
#[derive(Clone, Debug, Serialize)]
pub struct EdgeReport {
    /// id of the node where it starts
    pub from: String,
    /// id of the node where it ends
    pub to: String,
    /// `supersedes`, `requires`, `any-of`, `covers`, …
    pub relation: &'static str,
    /// products, where it does not hold on all that the asked update is for
    pub products: Vec<String>,
    /// inside of a cycle
    pub cycle: bool,
}

/// `kbwhy/catalog/stats/1`: what the catalog holds.
#[derive(Clone, Debug, Serialize)]
pub struct StatsReport {
    /// schema and its version
    pub schema: &'static str,
    /// date of the catalog's newest facts
    pub as_of: String,
    /// version of the text's schema
    pub text_schema: String,
    /// updates that are described
    pub updates: usize,
    /// the sources of rows: the built-in ones first
    pub parts: Vec<PartReport>,
    /// updates by kind
    pub kinds: Vec<CountReport>,
    /// updates by product
    pub products: Vec<CountReport>,
    /// entries by kind of line
    pub lines: Vec<LineCountReport>,
    /// relations by kind, without those that lines imply
    pub relations: Vec<CountReport>,
    /// rules by standing
    pub rules: Vec<CountReport>,
    /// the longest chain of supersedence, lines included, the newest first
    pub longest_chain: Vec<String>,
    /// groups of updates that supersede each other
    pub cycles: Vec<Vec<String>>,
    /// updates that relations name and nothing describes
    pub dangling: usize,
    /// supersedence as imported sources state it, before it was repaired
    pub stated_supersedence: Vec<serde_json::Value>,
}

/// The rows of one source.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    /// what it is
    pub title: String,
    /// a name of [`crate::model::SourceKind`]
    pub kind: String,
    /// when it was read
    pub read: String,
    /// updates that it tells of
    pub updates: usize,
    /// relations between updates
    pub relations: usize,
    /// entries of lines
    pub entries: usize,
    /// prerequisite rules
    pub rules: usize,
}

/// How many there are of something.
#[derive(Clone, Debug, Serialize)]
pub struct CountReport {
    /// what
    pub name: String,
    /// how many
    pub count: usize,
}

/// Lines of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct LineCountReport {
    /// kind of line
    pub kind: String,
    /// how many lines
    pub lines: usize,
    /// entries in them
    pub entries: usize,
}

/// `kbwhy/catalog/lint/1`: what is wrong or doubtful.
#[derive(Clone, Debug, Serialize)]
pub struct LintReport {
    /// schema and its version
    pub schema: &'static str,
    /// what was looked at
    pub looked_at: Vec<String>,
    /// the number of errors, warnings and notes
    pub errors: usize,
    /// the same
    pub warnings: usize,
    /// the same
    pub notes: usize,
    /// of these: about what was imported or given, not about the built-in facts
    pub added: AddedReport,
    /// findings by check, the worst first
    pub checks: Vec<CheckedReport>,
    /// the findings make the command fail
    pub failed: bool,
}

/// Findings about rows that are not built in.
#[derive(Clone, Debug, Serialize)]
pub struct AddedReport {
    /// how many
    pub errors: usize,
    /// how many
    pub warnings: usize,
    /// how many
    pub notes: usize,
}

/// What one check found at one level.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedReport {
    /// its name
    pub check: &'static str,
    /// what it looks for
    pub finds: &'static str,
    /// `error`, `warning`, `note`
    pub level: &'static str,
    /// the findings
    pub findings: Vec<FindingReport>,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingReport {
    /// the KB, rule, line or product
    pub about: String,
    /// what was found
    pub text: String,
    /// about rows that are not built in
    pub added: bool,
}
