//! Several inputs about one host: the most direct source of a fact is used, and what disagrees is kept for display.

use super::collect::OTHER_IDS;
use super::format::{self, Directness};
use crate::model::{
    Conflict, Fact, FeatureState, FileState, Host, Origin, PackageState, RegistryValue, branch_of,
};
use std::collections::{BTreeMap, BTreeSet};

/// Which state of one update wins: the smallest. What is there beats what waits, and that beats what is gone.
pub(super) const fn precedence(state: PackageState) -> u8 {
    match state {
        PackageState::Installed => 0,
        PackageState::UninstallPending => 1,
        PackageState::InstallPending => 2,
        PackageState::PartiallyInstalled => 3,
        PackageState::Superseded => 4,
        PackageState::Staged => 5,
        PackageState::Absent => 6,
    }
}

/// How directly a format tells a fact; the lower the more.
fn rank(origin: &Origin) -> Directness {
    format::named(origin.format).map_or(Directness::Told, |f| f.directness)
}

/// Collects the conflicts of one merge.
#[derive(Default)]
struct Conflicts(Vec<Conflict>);

impl Conflicts {
    /// The fact that is used; the others are recorded where they say something else.
    fn choose<T: Clone>(
        &mut self,
        name: &str,
        facts: impl Iterator<Item = Fact<T>>,
        show: impl Fn(&T) -> String,
        same: impl Fn(&T, &T) -> bool,
    ) -> Option<Fact<T>> {
        self.choose_by(name, facts, |f| rank(&f.origin), show, same)
    }

    fn choose_by<T: Clone, R: Ord>(
        &mut self,
        name: &str,
        facts: impl Iterator<Item = Fact<T>>,
        rank: impl Fn(&Fact<T>) -> R,
        show: impl Fn(&T) -> String,
        same: impl Fn(&T, &T) -> bool,
    ) -> Option<Fact<T>> {
        let mut facts: Vec<Fact<T>> = facts.collect();
        facts.sort_by_cached_key(|f| (rank(f), f.origin.clone(), show(&f.value)));
        let mut facts = facts.into_iter();
        let kept = facts.next()?;
        for other in facts.filter(|f| !same(&kept.value, &f.value)) {
            self.0.push(Conflict {
                fact: name.to_owned(),
                kept: (show(&kept.value), kept.origin.clone()),
                other: (show(&other.value), other.origin),
            });
        }
        Some(kept)
    }
}

impl Conflicts {
    /// The value of each name that any host has.
    fn each<K: Ord + Clone + ToString, T: Clone + PartialEq, R: Ord>(
        &mut self,
        name: &str,
        hosts: &[Host],
        of: impl Fn(&Host) -> &BTreeMap<K, Fact<T>>,
        order: impl Fn(&Fact<T>) -> R,
        show: impl Fn(&T) -> String,
    ) -> BTreeMap<K, Fact<T>> {
        let keys: BTreeSet<&K> = hosts.iter().flat_map(|h| of(h).keys()).collect();
        let mut out = BTreeMap::new();
        for key in keys {
            let values = hosts.iter().filter_map(|h| of(h).get(key).cloned());
            let full = format!("{name}.{}", key.to_string());
            if let Some(value) = self.choose_by(&full, values, &order, &show, |a, b| a == b) {
                out.insert(key.clone(), value);
            }
        }
        out
    }
}

/// The name without its domain; an address has none.
pub(super) fn short_name(name: &str) -> String {
    let address = name.parse::<std::net::IpAddr>().is_ok();
    let short = name.split('.').next().filter(|_| !address);
    short.unwrap_or(name).to_lowercase()
}

/// Two names of one computer: in any case, short or with its domain, or cut at the 15 characters of NetBIOS.
pub(super) fn same_computer(a: &str, b: &str) -> bool {
    let (a, b) = (short_name(a), short_name(b));
    let netbios = |long: &str, cut: &str| cut.chars().count() == 15 && long.starts_with(cut);
    a == b || netbios(&a, &b) || netbios(&b, &a)
}

/// Two wordings of one product: with and without the vendor, with and without the edition.
fn same_product(a: &str, b: &str) -> bool {
    let plain = |p: &str| {
        let p = p.to_lowercase().replace(['(', ')', ',', '®', '™'], " ");
        let words = p.split_whitespace().filter(|w| !matches!(*w, "microsoft" | "майкрософт" | "r" | "tm"));
        format!("{} ", words.collect::<Vec<_>>().join(" "))
    };
    let (a, b) = (plain(a), plain(b));
    a.starts_with(&b) || b.starts_with(&a)
}

/// Merges hosts that several inputs tell of. The order of the inputs changes nothing.
///
/// The more direct source goes before the less direct one ([`Directness`]); what disagrees is recorded in
/// [`Host::conflicts`]. Of states that are told equally directly the one that says most is kept: installed, then pending,
/// superseded, staged, absent.
pub fn merge(hosts: Vec<Host>) -> Host {
    let mut c = Conflicts::default();
    let mut out = Host::default();
    macro_rules! choose {
        ($field:ident, $name:literal, $show:expr) => {
            choose!($field, $name, $show, |a, b| a == b)
        };
        ($field:ident, $name:literal, $show:expr, $same:expr) => {
            out.$field = c.choose($name, hosts.iter().filter_map(|h| h.$field.clone()), $show, $same);
        };
    }
    choose!(name, "name", String::clone, |a, b| same_computer(a, b));
    choose!(product, "os.product", String::clone, |a, b| same_product(a, b));
    // the header of DISM keeps the base build of Windows 7
    let directness =
        |f: &Fact<crate::model::Version>| match (f.value.0[0], f.origin.format.starts_with("DISM")) {
            (6, true) => Directness::Told,
            _ => rank(&f.origin),
        };
    let versions = hosts.iter().filter_map(|h| h.version.clone());
    out.version = c.choose_by("os.version", versions, directness, ToString::to_string, |a, b| a == b);
    choose!(branch, "os.branch", u32::to_string);
    choose!(release, "os.release", String::clone, |a, b| a.eq_ignore_ascii_case(b));
    // a revision counts within its own build, or within the branch where its source knows no more
    let build = out.version.as_ref().map(|v| v.value);
    let branch = out.branch.as_ref().map(|b| b.value);
    let fits = |h: &&Host| match (&h.version, &h.branch, build) {
        (Some(version), _, _) => Some(version.value) == build,
        (None, Some(own), Some(build)) => branch_of(build.0[2]) == own.value,
        (None, Some(own), None) => branch == Some(own.value),
        (None, None, _) => true,
    };
    let revisions = hosts.iter().filter(fits).filter_map(|h| h.revision.clone());
    out.revision = c.choose("os.revision", revisions, u32::to_string, |a, b| a == b);
    // the highest lower bound says most
    let bounds = hosts.iter().filter(fits).filter_map(|h| h.revision_at_least.clone());
    out.revision_at_least = bounds.min_by(|a, b| b.value.cmp(&a.value).then_with(|| a.origin.cmp(&b.origin)));
    choose!(service_pack, "os.service_pack", u8::to_string);
    choose!(edition, "os.edition", |e: &crate::model::Edition| e.0.clone(), |a, b| a
        .0
        .eq_ignore_ascii_case(&b.0));
    choose!(installation_type, "os.installation_type", |t| t.name().to_owned());
    choose!(architecture, "os.architecture", ToString::to_string);
    choose!(language, "os.language", String::clone, |a, b| a.eq_ignore_ascii_case(b));
    choose!(offline_image, "os.offline_image", bool::to_string);
    choose!(pending_reboot, "facts.pending_reboot", bool::to_string);
    choose!(servicing_stack, "facts.servicing_stack", ToString::to_string);
    choose!(dotnet_framework, "facts.dotnet_framework", String::clone);
    choose!(wmf, "facts.wmf", String::clone);
    choose!(internet_explorer, "facts.ie", u32::to_string);
    choose!(esu, "facts.esu", bool::to_string);
    choose!(sha2_support, "facts.sha2_support", bool::to_string);
    choose!(store_corrupt, "facts.store_corrupt", bool::to_string);
    choose!(azure_arc, "facts.azure_arc", bool::to_string);
    choose!(hotpatch, "facts.hotpatch", bool::to_string);
    choose!(remote_session, "facts.remote_session", bool::to_string);
    choose!(free_space, "facts.free_space", u64::to_string);

    // states may follow each other in time: the more direct source knows the present one; of equal ones the stronger
    // counts. Packages of one update differ; packages of one identity do not.
    let order = |f: &Fact<PackageState>| (rank(&f.origin), precedence(f.value));
    let state = |s: &PackageState| s.name().to_owned();
    out.updates = c.each("updates", &hosts, |h| &h.updates, order, state);
    out.packages = c.each("facts.packages", &hosts, |h| &h.packages, order, state);
    let own = |f: &Fact<String>| rank(&f.origin);
    // one day in two wordings is no conflict: a date goes before a text
    let dated = |f: &Fact<String>| (f.value.parse::<jiff::civil::Date>().is_err(), rank(&f.origin));
    out.installed_on =
        Conflicts::default().each("updates.installed_on", &hosts, |h| &h.installed_on, dated, String::clone);
    out.failed = c.each("updates.failed", &hosts, |h| &h.failed, own, String::clone);
    out.policies = c.each("facts.policies", &hosts, |h| &h.policies, own, String::clone);
    let values = |f: &Fact<RegistryValue>| rank(&f.origin);
    out.registry = c.each("facts.registry", &hosts, |h| &h.registry, values, ToString::to_string);
    let files = |f: &Fact<FileState>| rank(&f.origin);
    out.files = c.each("facts.files", &hosts, |h| &h.files, files, ToString::to_string);
    out.device = c.each("facts.device", &hosts, |h| &h.device, own, String::clone);
    out.services = c.each("facts.services", &hosts, |h| &h.services, own, String::clone);
    out.management = c.each("facts.management", &hosts, |h| &h.management, own, String::clone);
    let features = |f: &Fact<FeatureState>| rank(&f.origin);
    out.features = c.each("facts.features", &hosts, |h| &h.features, features, |s| s.name().to_owned());
    let mut roles: BTreeMap<String, Fact<String>> = BTreeMap::new();
    for role in hosts.iter().flat_map(|h| h.roles.iter()) {
        let known = roles.entry(role.value.clone()).or_insert_with(|| role.clone());
        if (rank(&role.origin), &role.origin) < (rank(&known.origin), &known.origin) {
            *known = role.clone();
        }
    }
    out.roles = roles.into_values().collect();
    out.completeness.complete = hosts.iter().any(|h| h.completeness.complete);
    for host in hosts {
        out.completeness.lists.extend(host.completeness.lists);
        out.other_ids.extend(host.other_ids);
        out.notes.extend(host.notes);
        c.0.extend(host.conflicts);
    }
    out.completeness
        .lists
        .sort_by(|a, b| (a.kind, &a.origin, a.shown, &a.gaps).cmp(&(b.kind, &b.origin, b.shown, &b.gaps)));
    out.completeness.lists.dedup();
    out.other_ids.sort();
    out.other_ids.dedup();
    out.other_ids.truncate(OTHER_IDS);
    out.notes.sort_by(|a, b| (&a.origin, &a.value).cmp(&(&b.origin, &b.value)));
    out.notes.dedup();
    c.0.sort_by(|a, b| (&a.fact, &a.kept, &a.other).cmp(&(&b.fact, &b.kept, &b.other)));
    c.0.dedup();
    out.conflicts = c.0;
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{KbId, Version};
    use std::sync::Arc;

    fn origin(input: &str, format: &'static str) -> Origin {
        Origin::line(&Arc::from(input), format, 1)
    }

    fn versioned(input: &str, format: &'static str, build: [u32; 4], revision: Option<u32>) -> Host {
        Host {
            version: Some(Fact::new(Version(build), origin(input, format))),
            revision: revision.map(|r| Fact::new(r, origin(input, format))),
            ..Host::default()
        }
    }

    fn with_state(input: &str, state: PackageState) -> Host {
        let kb: KbId = "KB2919355".parse().unwrap();
        let fact = Fact::new(state, origin(input, "x"));
        Host { updates: BTreeMap::from([(kb, fact)]), ..Host::default() }
    }

    #[test]
    fn the_more_direct_source_is_used_and_the_other_recorded() {
        let a = versioned("a", "systeminfo", [10, 0, 17763, 0], None);
        let b = versioned("b", "reg query", [10, 0, 19045, 0], Some(3570));
        let merged = merge(vec![a.clone(), b.clone()]);
        assert_eq!(merged, merge(vec![b, a]));
        assert_eq!(merged.version.as_ref().unwrap().value.0[2], 19045);
        assert_eq!(merged.conflicts.len(), 1);
        assert_eq!(merged.conflicts[0].other.0, "10.0.17763");
    }

    #[test]
    fn a_revision_of_another_build_is_not_taken() {
        let stated = versioned("a", crate::inventory::host1::FORMAT, [10, 0, 17763, 0], None);
        let image = versioned("b", "DISM packages", [10, 0, 19045, 0], Some(3570));
        assert_eq!(merge(vec![stated, image]).revision, None);
    }

    #[test]
    fn the_header_of_dism_gives_way_on_windows_7() {
        let dism = versioned("a", "DISM packages", [6, 1, 7600, 0], None);
        let info = versioned("b", "systeminfo", [6, 1, 7601, 0], None);
        assert_eq!(merge(vec![dism, info]).version.unwrap().value.0[2], 7601);
    }

    fn state_of(hosts: [Host; 2]) -> (&'static str, usize) {
        let [a, b] = hosts;
        let merged = merge(vec![a.clone(), b.clone()]);
        assert_eq!(merged, merge(vec![b, a]));
        (merged.updates.values().next().unwrap().value.name(), merged.conflicts.len())
    }

    #[test]
    fn of_equally_direct_states_the_stronger_counts_and_the_other_is_listed() {
        let (a, b) = (with_state("a", PackageState::Superseded), with_state("b", PackageState::Installed));
        assert_eq!(state_of([a, b.clone()]), ("installed", 1));
        assert_eq!(state_of([b.clone(), Host { notes: vec![], ..b }]), ("installed", 0));
    }

    #[test]
    fn the_component_store_knows_better_than_get_hotfix() {
        let mut store = with_state("a", PackageState::InstallPending);
        store.updates.values_mut().for_each(|f| f.origin.format = "DISM packages");
        let mut list = with_state("b", PackageState::Installed);
        list.updates.values_mut().for_each(|f| f.origin.format = "Get-HotFix table");
        assert_eq!(state_of([store, list]), ("install-pending", 1));
    }

    #[test]
    fn a_revision_of_a_branch_counts_for_its_builds_only() {
        let rollup = Host {
            branch: Some(Fact::new(19041, origin("b", "DISM packages"))),
            revision: Some(Fact::new(2728, origin("b", "DISM packages"))),
            ..Host::default()
        };
        let of = |build| {
            let told = versioned("a", "systeminfo", [10, 0, build, 0], None);
            merge(vec![told, rollup.clone()]).revision.map(|r| r.value)
        };
        assert_eq!((of(19045), of(17763)), (Some(2728), None));
    }

    #[test]
    fn one_computer_has_several_spellings() {
        assert!(same_computer("SRV01", "srv01.contoso.com"));
        assert!(same_computer("DESKTOP-EXAMPLE-LONG", "DESKTOP-EXAMPLE"));
        assert!(!same_computer("SRV01", "SRV011"));
        assert!(!same_computer("10.0.0.5", "10.0.0.6") && same_computer("10.0.0.5", "10.0.0.5"));
        assert!(same_product("Windows 10 Pro", "Microsoft Windows 10 Pro"));
        assert!(!same_product("Windows 10", "Windows 11"));
    }
}
