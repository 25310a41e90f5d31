//! What component-based servicing would say of a package on a host: parents, versions on the system, servicing stack.
//! Three-valued: what the host's facts do not show is not known.
//!
//! The rules are those that real logs show. A package is *Absent* if none of its parents is there: any one will do, of
//! one `parent` element or of several. A higher version of the same package makes it *Superseded*. A servicing stack
//! that is older than the package asks for stops it with 0x800f0823.

use super::{
    PackageIdentity,
    mum::{Compare, Mum, ParentGroup},
};
use crate::model::{Fact, Host, ListKind, Origin, PackageState, Version};
use std::collections::BTreeMap;

/// The servicing packages of a host, by name.
#[derive(Debug, Default)]
pub struct Store<'a> {
    packages: BTreeMap<Key, Vec<(PackageIdentity, &'a Fact<PackageState>)>>,
    /// every package that DISM shows is listed
    whole: bool,
    /// so are the parts of updates, which it hides
    parts: bool,
    /// so are editions and sets of features, which it hides, and which `kbwhy collect` leaves out
    windows: bool,
    origin: Option<&'a Origin>,
}

/// Name, architecture, culture; in lower case.
type Key = (String, String, String);

/// `package_12_for_kb2919355`. A list that has one is not of DISM.
fn is_part(name: &str) -> bool {
    let number = name.strip_prefix("package_").and_then(|rest| rest.split_once("_for_"));
    number.is_some_and(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Packages of which lists that have one have all: that of the registry.
fn is_part_of_windows(name: &str) -> bool {
    name.starts_with("microsoft-windows-") && (name.ends_with("edition") || name.contains("-editionpack-"))
        || name == "microsoft-windows-client-features-package"
}

fn key(p: &PackageIdentity) -> Key {
    (p.name.to_ascii_lowercase(), p.architecture.clone(), p.culture.to_ascii_lowercase())
}

impl<'a> Store<'a> {
    /// The packages that a host's inventories list.
    pub fn of(host: &'a Host) -> Self {
        let mut packages: BTreeMap<Key, Vec<_>> = BTreeMap::new();
        for (text, fact) in &host.packages {
            if let Some(identity) = PackageIdentity::parse(text) {
                packages.entry(key(&identity)).or_default().push((identity, fact));
            }
        }
        let lists = &host.completeness.lists;
        let origin = lists.iter().find(|l| l.kind == ListKind::ComponentStore).map(|l| &l.origin);
        let parts = packages.keys().any(|(name, _, _)| is_part(name));
        let windows = packages.keys().any(|(name, _, _)| is_part_of_windows(name));
        Self { packages, whole: host.has_whole_store(), parts, windows, origin }
    }

    /// Would this package be listed if it were there?
    pub fn would_list(&self, package: &PackageIdentity) -> bool {
        let name = package.name.to_ascii_lowercase();
        let kind = if name.starts_with("package_for_") || name == "microsoft-windows-foundation-package" {
            true
        } else if name.starts_with("package_") {
            self.parts
        } else {
            self.windows
        };
        self.whole && kind
    }

    /// Where the list stands, if there is one.
    pub fn origin(&self) -> Option<&'a Origin> {
        self.origin
    }

    /// The versions of a package that are listed.
    fn versions(&self, of: &PackageIdentity) -> &[(PackageIdentity, &'a Fact<PackageState>)] {
        self.packages.get(&key(of)).map_or(&[], Vec::as_slice)
    }
}

/// Whether one parent is there.
#[derive(Clone, Debug)]
pub struct Parent<'a> {
    /// the package that is asked for
    pub wanted: &'a PackageIdentity,
    /// is it there? none: not known
    pub there: Option<bool>,
    /// what the host lists of it: the version that fits, or the nearest to it
    pub listed: Option<(PackageIdentity, &'a Fact<PackageState>)>,
}

/// How the same package stands on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnSystem<'a> {
    /// this very version is installed
    Same(&'a Fact<PackageState>),
    /// a higher one is
    Higher(PackageIdentity, &'a Fact<PackageState>),
    /// neither
    Neither,
    /// not known
    Unknown,
}

/// What servicing calls the applicable state of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicable {
    /// no parent is there: not applicable
    Absent,
    /// a higher version is on the system
    Superseded,
    /// it applies
    Installed,
}

impl Applicable {
    /// The word that servicing's log uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "Absent",
            Self::Superseded => "Superseded",
            Self::Installed => "Installed",
        }
    }
}

/// What servicing would find.
#[derive(Clone, Debug)]
pub struct Evaluation<'a> {
    /// every parent that the package lists
    pub parents: Vec<Parent<'a>>,
    /// one of them is there, or it asks for none; none: not known
    pub has_parent: Option<bool>,
    /// parts that were evaluated in its place, and how many of them have a parent here
    pub parts: Option<(usize, usize)>,
    /// the same package on the host
    pub on_system: OnSystem<'a>,
}

impl Evaluation<'_> {
    /// The applicable state, if it is known.
    pub fn applicable(&self) -> Option<Applicable> {
        match (self.has_parent?, &self.on_system) {
            (false, _) => Some(Applicable::Absent),
            (true, OnSystem::Higher(..)) => Some(Applicable::Superseded),
            (true, OnSystem::Same(_) | OnSystem::Neither) => Some(Applicable::Installed),
            (true, OnSystem::Unknown) => None,
        }
    }
}

/// Evaluates a package; `parts` are the manifests of the packages that it consists of, as far as they are known.
pub fn evaluate<'a>(mum: &'a Mum, parts: &'a [&Mum], store: &'a Store<'_>) -> Evaluation<'a> {
    let parents = parents(mum, store);
    let own = any_parent(mum, &parents);
    let mut evaluation =
        Evaluation { parents, has_parent: own, parts: None, on_system: on_system(&mum.identity, store) };
    if mum.children.is_empty() || own == Some(false) || !(mum.deep || mum.parents.is_empty()) {
        return evaluation;
    }
    // its parts decide: one of them that has a parent is enough
    let judged: Vec<Option<bool>> = mum
        .children
        .iter()
        .filter_map(|child| parts.iter().find(|p| p.identity == *child))
        .map(|part| any_parent(part, &self::parents(part, store)))
        .collect();
    let with = judged.iter().filter(|j| **j == Some(true)).count();
    evaluation.parts = Some((judged.len(), with));
    let all_judged = judged.len() == mum.children.len() && mum.cut_at.is_none();
    evaluation.has_parent = if with > 0 {
        own
    } else if mum.deep && all_judged && judged.iter().all(|j| *j == Some(false)) {
        Some(false)
    } else if !mum.deep && judged.is_empty() {
        // what its parts ask for, servicing does not look at
        own
    } else {
        None
    };
    evaluation
}

fn parents<'a>(mum: &'a Mum, store: &'a Store<'_>) -> Vec<Parent<'a>> {
    mum.parents.iter().flat_map(|g| g.any_of.iter().map(|w| parent(w, g, store))).collect()
}

fn any_parent(mum: &Mum, parents: &[Parent<'_>]) -> Option<bool> {
    let odd = mum.parents.iter().any(|g| g.unusual);
    if parents.iter().any(|p| p.there == Some(true)) && !odd {
        return Some(true);
    }
    if !mum.head_whole || odd || !mum.parents.is_empty() && parents.is_empty() {
        return None;
    }
    if mum.parents.is_empty() {
        return Some(true);
    }
    parents.iter().all(|p| p.there == Some(false)).then_some(false)
}

fn parent<'a>(wanted: &'a PackageIdentity, group: &ParentGroup, store: &'a Store<'_>) -> Parent<'a> {
    let listed = store.versions(wanted);
    let judged = listed.iter().map(|(identity, fact)| {
        let there = match (fits(wanted.version, identity.version, group), fact.value) {
            (Some(false), _) | (_, PackageState::Absent) => Some(false),
            (fits, PackageState::Installed) => fits,
            // waiting, unpacked, replaced: no log shows whether that will do
            _ => None,
        };
        (there, identity, *fact)
    });
    // there before not known before not there; the highest version of equals
    let rank = |there: Option<bool>| match there {
        Some(true) => 2,
        None => 1,
        Some(false) => 0,
    };
    match judged.max_by_key(|(there, identity, _)| (rank(*there), identity.version)) {
        Some((there, identity, fact)) => {
            let there = if there == Some(false) && !store.would_list(wanted) { None } else { there };
            Parent { wanted, there, listed: Some((identity.clone(), fact)) }
        }
        None => Parent { wanted, there: store.would_list(wanted).then_some(false), listed: None },
    }
}

/// Does an installed version do for the one that is asked for? None where no log shows how it is compared.
fn fits(wanted: Version, installed: Version, group: &ParentGroup) -> Option<bool> {
    let ([a, b, build, revision], [c, d, there, at]) = (wanted.0, installed.0);
    if wanted == installed {
        return Some(true);
    }
    // "VersionComp: EQ" in every log
    if (a, b) != (c, d) {
        return if (c, d) > (a, b) && group.service == Some(Compare::AtLeast) { None } else { Some(false) };
    }
    match (there.cmp(&build), group.build) {
        (std::cmp::Ordering::Less, _) | (std::cmp::Ordering::Greater, Some(Compare::Equal)) => Some(false),
        (std::cmp::Ordering::Greater, None) => None,
        // whether a later build with a lower revision would do, no log shows
        (std::cmp::Ordering::Greater, Some(Compare::AtLeast)) => match group.revision {
            Some(Compare::AtLeast) if at >= revision => Some(true),
            Some(Compare::Equal) if at == revision => Some(true),
            _ => None,
        },
        (std::cmp::Ordering::Equal, _) => match group.revision {
            _ if at < revision => Some(false),
            Some(Compare::AtLeast) => Some(true),
            Some(Compare::Equal) => Some(false),
            None => None,
        },
    }
}

fn on_system<'a>(identity: &PackageIdentity, store: &'a Store<'_>) -> OnSystem<'a> {
    let listed = store.versions(identity);
    let there = |s: PackageState| matches!(s, PackageState::Installed | PackageState::UninstallPending);
    if let Some((_, fact)) = listed.iter().find(|(i, f)| i.version == identity.version && there(f.value)) {
        return OnSystem::Same(fact);
    }
    let higher = listed.iter().filter(|(i, _)| i.version > identity.version);
    // a higher one that was itself replaced was there, and what replaced it is
    let stands = |s: PackageState| there(s) || s == PackageState::Superseded;
    if let Some((higher, fact)) =
        higher.clone().filter(|(_, f)| stands(f.value)).max_by_key(|(i, _)| i.version)
    {
        return OnSystem::Higher(higher.clone(), fact);
    }
    let unsure =
        listed.iter().any(|(i, f)| i.version >= identity.version && !matches!(f.value, PackageState::Absent));
    if store.would_list(identity) && !unsure { OnSystem::Neither } else { OnSystem::Unknown }
}
