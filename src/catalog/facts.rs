//! The catalog's text: JSON Lines, one fact a row, each with its source. What `catalog-cache/` holds.
//!
//! `source` is an address, or the `id` of a row of `sources.jsonl` where many rows share one.
//! `read` is when the source was read (`yyyy-mm-dd` or `yyyy-mm`), where it differs from the source row's.

use super::codes::{ErrorCodeRow, ErrorMessageRow, ErrorRemedyRow};
use serde::{Deserialize, Serialize};

/// A page or dataset that many facts share: `sources.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRow {
    /// name that rows use
    pub id: String,
    /// Microsoft page or dataset
    pub url: String,
    /// what it is
    pub title: String,
    /// when it was read
    pub read: String,
    /// through what it was read, if not directly
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// a name of [`crate::model::SourceKind`]; absent: curated
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// SHA-256 of the file that was imported, in hexadecimal
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A product: `products.jsonl`. Its place in the file is its [`crate::model::ProductId`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductRow {
    /// `windows-server-2012-r2`; `windows-7-rtm` and `windows-7-sp1` are two products
    pub id: String,
    /// `Windows Server 2012 R2`
    pub name: String,
    /// `client` or `server`
    pub family: String,
    /// `6.3.9600`
    pub version: String,
    /// 0 is RTM; absent where the product knows no service packs (Windows 8 and later)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_pack: Option<u8>,
    /// `1809`, `22H2`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// branch that its cumulative updates share; `branches.jsonl`
    pub branch: String,
    /// architectures that exist
    pub architectures: Vec<String>,
    /// names in Microsoft's feeds
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// where it is stated
    pub source: String,
}

/// A servicing branch: `branches.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchRow {
    /// `vb`
    pub id: String,
    /// builds whose revisions are the same content
    pub builds: Vec<u32>,
    /// remark
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// where it is stated
    pub source: String,
}

/// A line of updates in order: `lines.jsonl`. Its entries stand in `lines/<id>.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRow {
    /// `cumulative-client-17763`, `rollup-windows-7-sp1`, `stack-9600`
    pub id: String,
    /// `cumulative`, `rollup`, `security-only`, `servicing-stack`, `ie-cumulative`, `esu-preparation`
    pub kind: String,
    /// products it serves
    pub products: Vec<String>,
    /// build whose revisions it lists, for cumulative lines
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<u32>,
    /// each entry supersedes all before it (false for security-only)
    pub chained: bool,
    /// the repair rule or statement on which the chain rests
    pub basis: String,
    /// where it is stated
    pub source: String,
}

/// One entry of a line, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRow {
    /// the update; absent for a revision without one (RTM)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kb: Option<String>,
    /// UBR, for cumulative lines
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// servicing stack version where it is known
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// release date, `yyyy-mm-dd`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// the update's kind, if not the line's usual one
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// how well it is known
    pub standing: String,
    /// where it is stated
    pub source: String,
}

/// A KB with its packages: `updates/*.jsonl`. Several rows about one KB are merged.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateRow {
    /// the KB
    pub kb: String,
    /// a name of [`crate::model::UpdateKind`]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// what it is, in our words
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// component it repairs
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// release date
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// which products and architectures it has packages for
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageRow>,
    /// the source lists every product there is a package for: any other product is the wrong one
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_packages_known: bool,
    /// updates that this one supersedes
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<SupersedesRow>,
    /// how well it is known
    pub standing: String,
    /// where it is stated
    pub source: String,
    /// when it was read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// does it ask for a restart, as the source says: `always`, `maybe`, `never`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
    /// builds that the source says products have with it; shown and checked, not compiled
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<BuildRow>,
    /// what the source states and kbwhy does not take over; shown and checked, not compiled
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<DoubtRow>,
    /// remark
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// of a file `updates/curated-*.jsonl`: its kind, title and date are preferred; set when the text is read
    #[serde(skip)]
    pub curated: bool,
}

/// A build that an update brings products to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildRow {
    /// `10.0.17763.4131`
    pub build: String,
    /// products for which the source names it; empty: all that the update is for
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
}

/// A statement of a source that is not taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoubtRow {
    /// what is stated: `supersedes`, `package`, `build`
    pub claim: String,
    /// the superseded update, or the build; absent for a package
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// products for which it is stated
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// `itself`, `older` (than what it is to supersede), `lines` (lines give the order), `tracks` (rollup and security-only
    /// do not replace each other), `versions` (of .NET Framework), `hotpatch`, `other-products` (only products that kbwhy does not model),
    /// `other-line` (its line serves other products), `other-build` (the build is none of the product's)
    pub why: String,
}

/// The supersedence that a source states, before anything is repaired: `supersedence.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupersedenceRow {
    /// id of the source row
    pub source: String,
    /// records read
    pub records: u64,
    /// records without an update
    pub rows_without_bulletin: u64,
    /// names of updates, KB numbers or not
    pub distinct_bulletin_values: u64,
    /// of them KB numbers
    pub numeric_kbs: u64,
    /// of them others
    pub non_numeric_bulletin_values: u64,
    /// pairs of update and superseded name
    pub distinct_edges: u64,
    /// updates with such a pair
    pub kbs_that_supersede_something: u64,
    /// superseded names
    pub superseded_targets: u64,
    /// updates that are to supersede themselves
    pub self_loops: Vec<String>,
    /// cycles of several updates
    pub cycles_strongly_connected_components: u64,
    /// steps of the longest chain
    pub longest_chain_edges: u64,
    /// that chain, newest first
    pub longest_chain: Vec<String>,
    /// superseded names that are no update of the source
    pub dangling_targets: u64,
    /// of them KB numbers
    pub dangling_numeric: u64,
    /// superseded names that are no KB number, with the records that have them
    pub malformed_supersedes_tokens: Vec<(String, u64)>,
    /// pairs of update and product
    pub kb_product_pairs: u64,
    /// pairs whose records differ in what is superseded
    pub pairs_with_more_than_one_supersedes_value: u64,
    /// of them such as have nothing in some records
    pub of_which_empty_in_some_rows_and_filled_in_others: u64,
    /// edges with a date at both ends
    pub edges_with_both_ends_dated: u64,
    /// of them such as lead to a newer update, by the most frequent date of its records
    pub edges_where_superseding_kb_is_older_by_modal_date: u64,
    /// edges to a higher KB number
    pub edges_where_superseding_kb_number_is_smaller: u64,
    /// updates with the most edges
    pub max_out_degree: Vec<(String, u64)>,
}

/// One package group of an update.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRow {
    /// products
    #[serde(rename = "for")]
    pub products: Vec<String>,
    /// architectures; empty: all that the products have
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arch: Vec<String>,
    /// already part of these products as they are released: there is nothing to install
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub built_in: bool,
}

/// Updates that are superseded on some products.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupersedesRow {
    /// the older update
    pub kb: String,
    /// products on which this holds; empty: all that both are for
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
}

/// A relation between updates that is no prerequisite: `relations.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationRow {
    /// `supersedes`, `covers` (carries its content, is not listed as superseding), `satisfies` (stands in as a prerequisite), `contains` (a service pack or convenience rollup carries it), `conflicts`
    pub relation: String,
    /// the newer, covering, satisfying, containing one
    pub from: String,
    /// the others
    pub to: Vec<String>,
    /// products; empty: all that both are for
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// how well it is known
    pub standing: String,
    /// where it is stated
    pub source: String,
    /// when it was read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// remark
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A prerequisite rule of one update, product or class: `prerequisites.jsonl`, `class-rules.jsonl`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleRow {
    /// name of the rule
    pub id: String,
    /// the update it is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kb: Option<String>,
    /// or the thing that is no update (`Exchange 2016 setup`)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// or the class of updates it is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Box<ClassRow>>,
    /// products; empty: all that the update is for
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// holds only on hosts that meet all of these any-of clauses (grammar of [`crate::model::Requirement`])
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<String>,
    /// all of these any-of clauses (`KB2919442+|KB3021910`)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// none of these may hold (`KB2506143`, `edition:Embedded`)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// order of installation where it matters; steps that are no KB as `manual:…`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// a name of [`crate::model::Strength`]; absent: hard
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<String>,
    /// why, in our words
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// further remarks
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// both readings, where sources disagree
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<String>,
    /// the source states that there is no prerequisite
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub states_none: bool,
    /// a name of [`crate::model::Standing`]
    pub standing: String,
    /// a name of [`crate::model::EvidenceClass`]
    pub evidence: String,
    /// where it is stated
    pub source: String,
    /// when it was read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// through what it was read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// Which updates a class rule is about; expanded over the catalog when it is compiled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRow {
    /// names of [`crate::model::UpdateKind`]; empty: every kind
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// the component that they repair; none: whatever they repair
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// released on or after
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// released before
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// updates to which it does not apply
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// described, not encoded: the rule is shown, and is not expanded
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub described_only: bool,
    /// what the class is, in words
    pub text: String,
}

/// An update that can no longer be had: `withdrawn.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawnRow {
    /// the update
    pub kb: String,
    /// products; empty: all
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// since when
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// what to install instead
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replacement: Vec<String>,
    /// why, in our words
    pub why: String,
    /// how well it is known
    pub standing: String,
    /// where it is stated
    pub source: String,
    /// when it was read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
}

/// A defect of a package that makes it fail on some hosts: `defects.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefectRow {
    /// the update
    pub kb: String,
    /// products; empty: all that the update is for
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// on hosts that meet all of these any-of clauses
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<String>,
    /// a cause code of the report, such as `package-defect` or `unsupported-hardware`
    pub cause: String,
    /// refused (`not-applicable`) or failing (`blocked`)
    pub verdict: String,
    /// what to install instead
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed_by: Vec<String>,
    /// what happens, in our words
    pub why: String,
    /// how well it is known
    pub standing: String,
    /// where it is stated
    pub source: String,
    /// when it was read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
}

/// A lifecycle of a product or edition: `lifecycle.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleRow {
    /// products
    #[serde(rename = "for")]
    pub products: Vec<String>,
    /// editions or channel, as the source words it
    pub label: String,
    /// long-term servicing
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ltsc: bool,
    /// general availability
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    /// last day with updates for everybody
    pub end_of_support: String,
    /// last day with Extended Security Updates
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub esu_end: Option<String>,
    /// where it is stated
    pub source: String,
}

/// A category of Windows Update metadata: `categories.jsonl`. Which of our products it is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryRow {
    /// its identity in Windows Update
    pub guid: String,
    /// Microsoft's name for it
    pub title: String,
    /// `classification`, `product`, `family` or `company`
    pub kind: String,
    /// products that updates of this category may be for; empty: none that kbwhy models
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// those of them that every update of this category is for
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certain: Vec<String>,
    /// how well it is known
    pub standing: String,
    /// where it is stated
    pub source: String,
}

/// Something that a local correction takes out of what the other sources say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovalRow {
    /// `package`, `other-packages` (than those that the correction adds), `supersedes`, `rule`, `line`, `withdrawn`, `defect`
    pub what: String,
    /// the update it is about
    pub kb: String,
    /// which one: product, older update, name of the rule or line; absent: all of this update
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// why, in the user's words
    pub reason: String,
    /// the correction's source row
    pub source: String,
}

/// All rows of a catalog, before they are compiled.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// version of the text's schema; empty: `1.0.0`
    pub schema: String,
    /// date of the newest fact, `yyyy-mm-dd`
    pub as_of: String,
    /// `sources.jsonl`
    pub sources: Vec<SourceRow>,
    /// `products.jsonl`
    pub products: Vec<ProductRow>,
    /// `branches.jsonl`
    pub branches: Vec<BranchRow>,
    /// `lines.jsonl` with the entries of each
    pub lines: Vec<(LineRow, Vec<EntryRow>)>,
    /// `updates/*.jsonl`
    pub updates: Vec<UpdateRow>,
    /// `relations.jsonl`
    pub relations: Vec<RelationRow>,
    /// `prerequisites.jsonl` and `class-rules.jsonl`
    pub rules: Vec<RuleRow>,
    /// `withdrawn.jsonl`
    pub withdrawn: Vec<WithdrawnRow>,
    /// `defects.jsonl`
    pub defects: Vec<DefectRow>,
    /// `lifecycle.jsonl`
    pub lifecycle: Vec<LifecycleRow>,
    /// `categories.jsonl`; importers of update metadata use it, the index does not hold it
    pub categories: Vec<CategoryRow>,
    /// `error-codes.jsonl`; they become a table of the program, the index does not hold them
    pub error_codes: Vec<ErrorCodeRow>,
    /// `error-remedies.jsonl`; the same
    pub error_remedies: Vec<ErrorRemedyRow>,
    /// `error-messages.jsonl`; the same
    pub error_messages: Vec<ErrorMessageRow>,
    /// what local corrections take out; [`super::join`] applies it, the compiler ignores it
    pub removed: Vec<RemovalRow>,
    /// ids of the source rows of what was imported, once it is joined with the rest
    pub imported: Vec<String>,
    /// `supersedence.jsonl`: of imported sources only
    pub supersedence: Vec<SupersedenceRow>,
}
