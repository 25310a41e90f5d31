//! The order of packages without a host: every edge that the catalog knows among them, as a partial order.

mod edges;
mod groups;
mod satisfy;
mod sequence;
mod warnings;

use crate::{
    catalog::Catalog,
    model::{Architecture, KbId, ProductSet, Requirement, Version},
    resolve::statement::{Evidence, Link},
};
use std::collections::{BTreeMap, BTreeSet};

/// Packages that may be given.
pub const MOST: usize = 2_000;

/// One package that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// its update; `None` if neither its name nor its manifest tells it
    pub kb: Option<KbId>,
    /// the file, fit to be shown; `None` for an update that was named
    pub file: Option<String>,
    /// architecture of the systems that it is for
    pub architecture: Option<Architecture>,
    /// updates of whose packages its manifest asks for one; empty if it asks for none, or for packages that are no updates
    pub parents: Vec<KbId>,
    /// servicing stack that its manifest asks for
    pub stack: Option<Version>,
}

impl From<KbId> for Given {
    fn from(kb: KbId) -> Self {
        Self { kb: Some(kb), ..Self::default() }
    }
}

/// What stands in an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// an update
    Update(KbId),
    /// a step that is no update
    Manual(String),
}

impl Item {
    /// The update, if it is one.
    pub const fn kb(&self) -> Option<KbId> {
        match self {
            Self::Update(kb) => Some(*kb),
            Self::Manual(_) => None,
        }
    }
}

/// How an edge binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// the later is refused or fails without the earlier
    Required,
    /// a source gives this order
    Documented,
    /// the earlier is refused once the later, which replaces it, is there
    IfBoth,
    /// advice
    Advised,
}

impl Binding {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Documented => "documented",
            Self::IfBoth => "if-both",
            Self::Advised => "advised",
        }
    }
}

/// Why one goes before another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// the later needs any one of the clause, of which the earlier is one or stands in for one; the rule's own words
    Needs(Vec<Requirement>, String),
    /// it is the order of the source that tells of this update
    Listed(KbId, String),
    /// the later replaces the earlier
    Replaced(Link),
    /// the manifest of the later asks for it
    Manifest,
    /// the later's packages are for the service pack or release that the earlier makes
    MakesRelease,
    /// the earlier's packages are for what comes before the service pack or release that the later makes
    BeforeRelease,
    /// a servicing stack goes before what it services
    StackFirst,
    /// a step that is no update is done right before it
    StepBefore,
}

/// One edge: `before` goes before `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// the earlier
    pub before: Item,
    /// the later
    pub after: Item,
    /// how it binds
    pub binding: Binding,
    /// why
    pub why: Why,
    /// who states it
    pub evidence: Vec<Evidence>,
    /// the products on which it holds, where it is not all of the group's
    pub only: ProductSet,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// what
    pub item: Item,
    /// steps of one stage may go in any order; counted from 1
    pub stage: u32,
    /// it was given; else something that was given needs it
    pub given: bool,
    /// a source restarts right after it
    pub restart: bool,
}

/// What is needed first and was not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// what needs it
    pub by: KbId,
    /// any one of these would do
    pub clause: Vec<Requirement>,
    /// the one that stands among the steps
    pub chosen: Option<KbId>,
    /// it holds only on hosts that meet all of these
    pub when: Vec<Vec<Requirement>>,
    /// given, and would do, but waits for `by` itself
    pub waits_itself: Vec<KbId>,
    /// who states it
    pub evidence: Vec<Evidence>,
    /// the products on which it is needed, where it is not all of the group's
    pub only: ProductSet,
}

/// An edge that would close a circle with stronger ones, and was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// the edge
    pub edge: Edge,
    /// the way back, from its later end to its earlier one
    pub back: Vec<Item>,
    /// another member of the clause goes first, so that nothing is lost
    pub instead: Vec<KbId>,
}

/// Packages that go on one kind of host.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// the products that all of them are for, service packs among them followed
    pub products: ProductSet,
    /// in an order that every edge respects
    pub steps: Vec<Step>,
    /// every edge that was kept, by its ends
    pub edges: Vec<Edge>,
    /// what is needed first and was not given
    pub missing: Vec<Missing>,
    /// edges that were left out
    pub circles: Vec<Circle>,
    /// what is amiss among them
    pub warnings: Vec<Warning>,
}

/// What is amiss among packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// the first is needless beside the second, which replaces it
    Superseded {
        /// the older
        older: KbId,
        /// the newer
        newer: KbId,
        /// the newer was not given, but something given needs it
        implied: bool,
        /// who states it
        evidence: Vec<Evidence>,
        /// the products on which it holds, where it is not all of the group's
        only: ProductSet,
    },
    /// not on one host together
    Exclude {
        /// the one
        one: KbId,
        /// the other
        other: KbId,
        /// who states it
        evidence: Vec<Evidence>,
    },
    /// what it asks for keeps it off hosts that have this
    Excluded {
        /// the update
        kb: KbId,
        /// what keeps it off
        by: Requirement,
        /// who states it
        evidence: Vec<Evidence>,
    },
    /// no longer published
    Withdrawn {
        /// the update
        kb: KbId,
        /// what takes its place
        replacement: Vec<KbId>,
        /// who states it
        evidence: Vec<Evidence>,
    },
}

/// Packages in order.
#[derive(Clone, Debug, Default)]
pub struct Ordered {
    /// one for each kind of host; several where no product has packages of all
    pub groups: Vec<Group>,
    /// given more than once, with the files
    pub duplicates: BTreeMap<KbId, Vec<String>>,
    /// for several architectures
    pub architectures: BTreeMap<Architecture, BTreeSet<KbId>>,
    /// updates that the catalog does not know, each with what may have been meant
    pub unknown: Vec<(KbId, Vec<KbId>)>,
    /// files that do not tell their update
    pub nameless: Vec<String>,
    /// the files of each update
    pub files: BTreeMap<KbId, Vec<String>>,
    /// updates that are for none of the products that were asked for
    pub elsewhere: Vec<KbId>,
    /// there were more than [`MOST`]: the rest was left out
    pub cut: usize,
}

/// Orders packages. The order of what is given does not matter. `only` narrows the products; empty for all.
///
/// ```
/// use kbwhy::{catalog::Catalog, model::KbId, plan::order::{Item, order}};
/// let kbs: Vec<KbId> = ["KB2919355", "KB2919442"].iter().flat_map(|t| t.parse()).collect();
/// let given: Vec<_> = kbs.iter().map(|kb| (*kb).into()).collect();
/// let ordered = order(Catalog::embedded(), &given, Default::default());
/// let steps: Vec<_> = ordered.groups[0].steps.iter().filter_map(|s| s.item.kb()).collect();
/// assert_eq!(steps, [kbs[1], kbs[0]]); // the servicing stack goes first
/// ```
pub fn order(catalog: &Catalog, given: &[Given], only: ProductSet) -> Ordered {
    let mut out = Ordered { cut: given.len().saturating_sub(MOST), ..Ordered::default() };
    let mut by_kb: BTreeMap<KbId, Vec<&Given>> = BTreeMap::new();
    for one in given.iter().take(MOST) {
        match one.kb {
            Some(kb) => by_kb.entry(kb).or_default().push(one),
            None => out.nameless.extend(one.file.clone()),
        }
    }
    for (kb, same) in &by_kb {
        let mut files: Vec<String> = same.iter().filter_map(|g| g.file.clone()).collect();
        files.sort_unstable();
        let architectures: BTreeSet<_> = same.iter().map(|g| g.architecture).collect();
        // the same package twice; one for each architecture is no duplicate
        if same.len() > architectures.len() {
            out.duplicates.insert(*kb, files.clone());
        }
        for architecture in architectures.into_iter().flatten() {
            out.architectures.entry(architecture).or_default().insert(*kb);
        }
        out.files.insert(*kb, files);
    }
    out.nameless.sort_unstable();
    let known = |kb: &KbId| {
        catalog.update(*kb).is_some() || !catalog.rules(*kb).is_empty() || !catalog.places(*kb).is_empty()
    };
    let (known, unknown): (Vec<KbId>, Vec<KbId>) = by_kb.keys().copied().partition(known);
    let meant = |kb: KbId| crate::resolve::misprints(catalog, kb).take(3).collect();
    out.unknown = unknown.into_iter().map(|kb| (kb, meant(kb))).collect();
    out.elsewhere.clone_from(&known);
    for (products, members) in groups::groups(catalog, &known, only) {
        out.elsewhere.retain(|kb| !members.contains(kb));
        let given = members.iter().filter_map(|kb| Some((*kb, by_kb.get(kb)?.as_slice()))).collect();
        out.groups.push(sequence::group(catalog, products, &given));
    }
    out
}
