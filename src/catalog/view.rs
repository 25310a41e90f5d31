//! What the catalog answers: plain values that borrow from its index.

use crate::model::{
    ArchitectureSet, Clause, EvidenceClass, KbId, ProductId, ProductSet, Requirement, SourceKind, Standing,
    Strength, UpdateKind, Version,
};
use jiff::civil::Date;

/// Where a fact is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// address of the page or dataset
    pub url: &'a str,
    /// what it is; empty if only the address is known
    pub title: &'a str,
    /// when it was read, as text
    pub read: &'a str,
}

/// A source that was imported beside the built-in facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportedSource<'a> {
    /// what it is
    pub title: &'a str,
    /// which values are believed
    pub kind: SourceKind,
    /// when it was read, as text
    pub read: &'a str,
}

/// A product.
#[derive(Clone, Debug)]
pub struct Product<'a> {
    /// dense number
    pub id: ProductId,
    /// `windows-server-2012-r2`
    pub slug: &'a str,
    /// `Windows Server 2012 R2`
    pub name: &'a str,
    /// a server product
    pub server: bool,
    /// `major.minor.build`
    pub version: Version,
    /// 0 is RTM; `None` where the product knows no service packs
    pub service_pack: Option<u8>,
    /// `1809`, `22H2`
    pub release: Option<&'a str>,
    /// servicing branch
    pub branch: &'a str,
    /// architectures that exist
    pub architectures: ArchitectureSet,
}

/// The packages of an update for one group of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// products
    pub products: ProductSet,
    /// architectures; empty: all that the products have
    pub architectures: ArchitectureSet,
    /// part of these products as released: nothing to install
    pub built_in: bool,
}

/// An update.
#[derive(Clone, Debug)]
pub struct Update<'a> {
    /// name
    pub kb: KbId,
    /// kind
    pub kind: UpdateKind,
    /// what it is, in our words; may be empty
    pub title: &'a str,
    /// component; may be empty
    pub component: &'a str,
    /// release date
    pub date: Option<Date>,
    /// packages, in a fixed order; also those that lines imply
    pub packages: Vec<Package>,
    /// there is no package for any other product
    pub all_packages_known: bool,
    /// how well it is known
    pub standing: Standing,
    /// where it is stated
    pub source: Source<'a>,
}

impl Update<'_> {
    /// Every product that it has an installable package for.
    pub fn products(&self) -> ProductSet {
        self.packages.iter().filter(|p| !p.built_in).fold(ProductSet::default(), |s, p| s.union(p.products))
    }
}

/// The kind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// cumulative updates of one build
    Cumulative,
    /// monthly rollups and their previews
    Rollup,
    /// security-only updates: listed in order, not chained
    SecurityOnly,
    /// servicing stack updates
    ServicingStack,
    /// Internet Explorer cumulative updates
    InternetExplorer,
    /// ESU licensing preparation packages
    EsuPreparation,
}

impl LineKind {
    /// The name that rows use.
    pub const fn name(self) -> &'static str {
        super::layout::LINE_KINDS[self as usize]
    }
}

/// A line of updates.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// dense number
    pub id: u16,
    /// `cumulative-client-17763`
    pub name: &'a str,
    /// kind
    pub kind: LineKind,
    /// products it serves
    pub products: ProductSet,
    /// build whose revisions it lists
    pub build: Option<u32>,
    /// each entry supersedes all before it
    pub chained: bool,
    /// the rule on which the chain rests
    pub basis: &'a str,
    /// how many entries
    pub len: u32,
    /// where it is stated
    pub source: Source<'a>,
}

/// One entry of a line.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// the line
    pub line: u16,
    /// place in it, from 0, oldest first
    pub position: u32,
    /// the update; `None` for a revision without one
    pub kb: Option<KbId>,
    /// UBR
    pub revision: Option<u32>,
    /// servicing stack version
    pub stack: Option<Version>,
    /// release date
    pub date: Option<Date>,
    /// kind
    pub kind: UpdateKind,
    /// how well it is known
    pub standing: Standing,
    /// where it is stated
    pub source: Source<'a>,
}

/// The relation of one update to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelationKind {
    /// replaces it
    Supersedes,
    /// carries its content without replacing it in Windows Update
    Covers,
    /// stands in for it as a prerequisite
    Satisfies,
    /// a service pack or convenience rollup that carries it
    Contains,
    /// may not be installed together
    Conflicts,
}

/// One relation between two updates.
#[derive(Clone, Copy, Debug)]
pub struct Relation<'a> {
    /// kind
    pub kind: RelationKind,
    /// the newer, covering, satisfying, containing one
    pub from: KbId,
    /// the other
    pub to: KbId,
    /// products on which it holds
    pub products: ProductSet,
    /// how well it is known
    pub standing: Standing,
    /// where it is stated
    pub source: Source<'a>,
}

/// A prerequisite rule as it applies to one update (class rules are expanded).
#[derive(Clone, Debug)]
pub struct Rule<'a> {
    /// name of the rule
    pub id: &'a str,
    /// the thing that is no update, for rules about one; else empty
    pub target: &'a str,
    /// the class of updates in words, for rules about one; else empty
    pub class: &'a str,
    /// products on which it holds
    pub products: ProductSet,
    /// holds only on hosts that meet all of these any-of clauses
    pub when: Vec<Clause>,
    /// all of these any-of clauses
    pub requires: Vec<Clause>,
    /// none of these may hold
    pub excludes: Vec<Requirement>,
    /// order of installation where it matters
    pub order: Vec<Requirement>,
    /// how it binds
    pub strength: Strength,
    /// why
    pub why: &'a str,
    /// further remarks
    pub also: Vec<&'a str>,
    /// both readings, where sources disagree; may be empty
    pub dispute: &'a str,
    /// the source states that there is no prerequisite
    pub states_none: bool,
    /// it is about a class of updates of which this is one
    pub from_class: bool,
    /// how well it is known
    pub standing: Standing,
    /// what the evidence is
    pub evidence: EvidenceClass,
    /// where it is stated
    pub source: Source<'a>,
}

/// An update that can no longer be had.
#[derive(Clone, Debug)]
pub struct Withdrawal<'a> {
    /// products
    pub products: ProductSet,
    /// since when
    pub date: Option<Date>,
    /// what to install instead
    pub replacement: Vec<KbId>,
    /// why
    pub why: &'a str,
    /// how well it is known
    pub standing: Standing,
    /// where it is stated
    pub source: Source<'a>,
}

/// A defect of a package.
#[derive(Clone, Debug)]
pub struct Defect<'a> {
    /// products
    pub products: ProductSet,
    /// on hosts that meet all of these any-of clauses
    pub when: Vec<Clause>,
    /// cause code of the report
    pub cause: &'a str,
    /// Windows refuses it (else: it fails)
    pub refused: bool,
    /// what to install instead
    pub fixed_by: Vec<KbId>,
    /// what happens
    pub why: &'a str,
    /// how well it is known
    pub standing: Standing,
    /// where it is stated
    pub source: Source<'a>,
}

/// A lifecycle.
#[derive(Clone, Copy, Debug)]
pub struct Lifecycle<'a> {
    /// products
    pub products: ProductSet,
    /// editions or channel
    pub label: &'a str,
    /// long-term servicing
    pub ltsc: bool,
    /// last day with updates for everybody
    pub end_of_support: Date,
    /// last day with Extended Security Updates
    pub esu_end: Option<Date>,
    /// where it is stated
    pub source: Source<'a>,
}
