//! Servicing packages, however they were listed: states of updates, architecture, build and stack that follow from them.

use super::collect::Collector;
use crate::model::{Architecture, Gap, PackageState, Version, is_shared_branch};
use crate::package::PackageIdentity;
use std::collections::BTreeMap;

/// More packages than any component store has; those beyond are counted, and that they are left out is told.
const LIMIT: usize = 50_000;

/// A package, where it was named first, and its last state with its place.
#[derive(Clone, Debug)]
struct Package {
    identity: PackageIdentity,
    line: u32,
    state: Option<(PackageState, u32)>,
}

/// The packages of one list or log.
#[derive(Clone, Debug, Default)]
pub(super) struct Packages {
    seen: BTreeMap<String, Package>,
    rows: u32,
    first: Option<u32>,
    /// The line of the first package beyond the limit.
    beyond: Option<u32>,
}

impl Packages {
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// A package that is named at a line, its state told later or never. False if the text is no identity.
    pub(super) fn name(&mut self, identity: &str, line: u32) -> bool {
        self.add(identity, line, None)
    }

    /// A package and its state; of several states of one identity the last one counts.
    pub(super) fn state(&mut self, identity: &str, state: PackageState, line: u32) -> bool {
        self.add(identity, line, Some((state, line)))
    }

    /// The state of a package that was named before.
    pub(super) fn settle(&mut self, identity: &str, state: PackageState, line: u32) {
        if let Some(package) = self.seen.get_mut(identity) {
            package.state = Some((state, line));
        }
    }

    fn add(&mut self, text: &str, line: u32, state: Option<(PackageState, u32)>) -> bool {
        let text = text.trim();
        if let Some(package) = self.seen.get_mut(text) {
            package.state = state.or(package.state);
        } else {
            let Some(identity) = PackageIdentity::parse(text) else { return false };
            if self.seen.len() < LIMIT {
                self.seen.insert(text.to_owned(), Package { identity, line, state });
            } else {
                self.beyond.get_or_insert(line);
            }
        }
        self.rows = self.rows.saturating_add(1);
        self.first.get_or_insert(line);
        true
    }

    /// Puts the packages into the host, and what follows from them: updates by KB, architecture, revision, servicing
    /// stack, a pending restart (not of an image that is `offline`).
    pub(super) fn tell(&self, c: &mut Collector, offline: bool) {
        c.rows(self.rows, self.first);
        if let Some(line) = self.beyond {
            c.gap(Gap::Elided);
            c.note(format!("packages beyond the first {LIMIT} are left out"), line);
        }
        let mut packages: Vec<(&String, &Package)> = self.seen.iter().collect();
        packages.sort_by_key(|(text, p)| (p.line, *text));
        for (text, package) in packages {
            let kb = package.identity.kb();
            let Some((state, line)) = package.state else {
                c.gap(Gap::NotAvailable);
                if let Some(kb) = kb {
                    c.note(format!("{kb} is named without a state"), package.line);
                }
                continue;
            };
            let fact = c.fact(state, line);
            c.host.packages.insert(text.clone(), fact);
            if let Some(kb) = kb {
                let origin = c.origin(line);
                c.update(kb, state, origin);
            }
            let waits = matches!(state, PackageState::InstallPending | PackageState::UninstallPending);
            if waits && !offline && c.host.pending_reboot.is_none() {
                c.host.pending_reboot = Some(c.fact(true, line));
            }
        }
        self.architecture(c);
        self.builds(c);
    }

    /// The machine's architecture: packages for others (wow64, x86 on x64) stand beside its own.
    fn architecture(&self, c: &mut Collector) {
        let first = |a: Architecture| {
            let of = self.seen.values().filter(|p| p.identity.machine() == Some(a));
            of.map(|p| p.line).min().map(|line| (a, line))
        };
        let found = [Architecture::Arm64, Architecture::X64, Architecture::Ia64, Architecture::X86]
            .into_iter()
            .find_map(first);
        if c.host.architecture.is_none() {
            c.host.architecture = found.map(|(a, line)| c.fact(a, line));
        }
    }

    /// The newest of the packages that are installed, by what `of` reads from them.
    fn newest<T: Ord + Copy>(&self, of: impl Fn(&PackageIdentity) -> Option<T>) -> Option<(T, u32)> {
        let installed = |p: &&Package| p.state.is_some_and(|(s, _)| s == PackageState::Installed);
        self.seen
            .values()
            .filter(installed)
            .filter_map(|p| Some((of(&p.identity)?, p.line)))
            .max_by_key(|(v, line)| (*v, std::cmp::Reverse(*line)))
    }

    /// Cumulative updates and servicing stacks are named by build, not by KB.
    fn builds(&self, c: &mut Collector) {
        if let Some((stack, line)) = self.newest(PackageIdentity::servicing_stack) {
            c.host.servicing_stack = Some(c.fact(stack, line));
        }
        let Some(((branch, revision), line)) = self.newest(PackageIdentity::rollup) else { return };
        c.note(format!("cumulative update {branch}.{revision} is installed"), line);
        if c.host.revision.is_some() || c.host.version.is_some() {
            return;
        }
        c.host.revision = Some(c.fact(revision, line));
        c.host.branch = Some(c.fact(branch, line));
        if !is_shared_branch(branch) {
            c.host.version = Some(c.fact(Version([10, 0, branch, 0]), line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Host, ListKind};
    use std::sync::Arc;

    fn told(packages: &[(&str, &str)]) -> Host {
        let mut all = Packages::default();
        for (line, (package, state)) in (1..).zip(packages) {
            let (name, version) = package.split_once(' ').unwrap();
            let identity = format!("{name}~31bf3856ad364e35~amd64~~{version}");
            assert!(all.state(&identity, PackageState::parse(state).unwrap(), line), "{package}");
        }
        let mut c = Collector::new(&Arc::from("f"), "x");
        all.tell(&mut c, false);
        c.finish(Some(ListKind::ComponentStore))
    }

    fn revision(host: &Host) -> (Option<String>, Option<u32>, Option<u32>) {
        let version = host.version.as_ref().map(|v| v.value.to_string());
        (version, host.branch.as_ref().map(|b| b.value), host.revision.as_ref().map(|r| r.value))
    }

    #[test]
    fn the_newest_installed_rollup_tells_the_build_where_its_branch_has_one() {
        let host = told(&[("Package_for_RollupFix 17763.7314.1.18", "Installed")]);
        assert_eq!(revision(&host), (Some("10.0.17763".into()), Some(17763), Some(7314)));
        let host = told(&[
            ("Package_for_RollupFix 19041.2604.1.9", "Permanent"),
            ("Package_for_RollupFix 19041.2728.1.12", "Installed"),
            ("Package_for_RollupFix 19041.2788.1.3", "Install Pending"),
        ]);
        assert_eq!(revision(&host), (None, Some(19041), Some(2728)));
        assert_eq!(host.pending_reboot.map(|p| p.value), Some(true));
    }

    #[test]
    fn of_several_packages_of_one_update_the_stronger_state_counts() {
        let host = told(&[
            ("Package_for_KB4562830 10.0.1.1", "Superseded"),
            ("Package_for_KB4562830 10.0.1.2", "Installed"),
            ("Package_for_KB4577586 10.0.1.1", "Staged"),
        ]);
        let states: Vec<_> = host.updates.values().map(|f| f.value.name()).collect();
        assert_eq!(states, ["installed", "staged"]);
        assert_eq!((host.packages.len(), host.completeness.lists[0].shown), (3, 3));
    }

    #[test]
    fn what_is_no_identity_is_not_taken() {
        let mut all = Packages::default();
        assert!(!all.name("Package_for_KB4562830", 1) && all.is_empty());
    }
}
