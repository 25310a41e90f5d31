//! What servicing would say of the package file that was tried: its manifest against the host's packages. Servicing has
//! the last word, so what this shows outranks what the catalog lets suppose.

use super::{Context, prerequisite};
use crate::{
    catalog::view::LineKind,
    model::{Cause, KbId, Requirement, UpdateKind, Version, branch_of},
    package::{
        PackageIdentity,
        content::PackageContent,
        mum::{Compare, Mum},
        servicing::{self, Evaluation, OnSystem, Store},
    },
    resolve::{
        question::{Finding, Outcome, Remedy},
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(content) = c.question.content.as_deref() else { return };
    if let (Some(asked), Some(is)) = (c.question.kb, content.kb())
        && asked != is
    {
        let says = Evidence::host(Says::PackageOfAnother { asked, is }, &c.question.package_origin());
        out.push(Finding::unknown(Cause::WrongPackageKind, true, vec![says], vec![Ask::PackageName]));
        return;
    }
    let Some(main) = &content.main else { return };
    Judge { c, content, mum: &main.value }.all(out);
}

struct Judge<'a> {
    c: &'a Context<'a>,
    content: &'a PackageContent,
    mum: &'a Mum,
}

/// Name and version; the rest only where it differs from most.
fn short(p: &PackageIdentity) -> String {
    let [a, b, d, e] = p.version.0;
    let culture = if p.culture.is_empty() { String::new() } else { format!(" ({})", p.culture) };
    format!("{} {a}.{b}.{d}.{e}{culture}", p.name)
}

/// A package that Windows itself, an edition or an installation option is. Others carry versions of their own.
fn is_windows(p: &PackageIdentity) -> bool {
    let name = p.name.as_str();
    name.starts_with("Microsoft-Windows-")
        && p.culture.is_empty()
        && (name.ends_with("Foundation-Package")
            || name.ends_with("Edition")
            || name.ends_with("Edition-Package")
            || name.contains("-SKU-Foundation")
            || name == "Microsoft-Windows-Client-Features-Package")
}

impl Judge<'_> {
    fn says(&self, says: Says) -> Evidence {
        Evidence::host(says, &self.c.question.package_origin())
    }

    /// The package of the same update for this host, where there is one.
    fn own_package(&self) -> Remedy {
        let words = self.c.identity.words.clone();
        match self.c.update {
            Some(u) if !u.products().intersection(self.c.products()).is_empty() => {
                Remedy::TakePackageFor(words)
            }
            _ => Remedy::NoPackage(words),
        }
    }

    fn all(&self, out: &mut Vec<Finding>) {
        let store = Store::of(self.c.host);
        let parts = self.content.parts();
        let told = servicing::evaluate(self.mum, &parts, &store);
        self.stack(out);
        let wrong_windows = self.build(out) || self.windows_of_parents(out);
        let wrong_architecture =
            out.iter().any(|f| f.cause == Cause::WrongArchitecture && f.outcome == Outcome::Fail);
        if wrong_windows || wrong_architecture {
            return;
        }
        self.on_system(&told, &store, out);
        self.parents(&told, &store, out);
    }

    /// A cumulative update of Windows 10 and later is named by the branch that it is for.
    fn build(&self, out: &mut Vec<Finding>) -> bool {
        let (Some((package, revision)), Some(host)) = (self.mum.identity.rollup(), self.c.identity.build)
        else {
            return false;
        };
        let mut evidence = self.c.identity.evidence.clone();
        evidence.push(self.says(Says::PackageForBuild { package, host }));
        // a later build than those that are known may share the updates of an earlier one
        let shares = branch_of(host) == branch_of(package);
        if !shares && host > package && self.c.products().is_empty() {
            return false;
        }
        if !shares {
            out.push(
                Finding::fail(Cause::WrongOs, Certainty::Confirmed, evidence)
                    .shown()
                    .remedy(self.own_package()),
            );
            return true;
        }
        // where the catalog has no place for it, its own version says what it brings
        if let (Some(kb), Some((host, origin))) = (self.c.question.kb, self.c.installed.revision())
            && self.c.installed.cumulative_entry(kb).is_none()
        {
            let brings = crate::model::Build { major: 10, minor: 0, build: package, revision };
            if host >= revision {
                let cause = if host == revision { Cause::AlreadyInstalled } else { Cause::Superseded };
                let says = Evidence::host(Says::ContainedByRevision { kb, brings, host }, origin);
                out.push(
                    Finding::fail(cause, Certainty::Confirmed, vec![says]).shown().remedy(Remedy::Nothing),
                );
            }
        }
        false
    }

    /// Parents that are parts of Windows, all of another version than the host's: no list of packages is needed to see it.
    fn windows_of_parents(&self, out: &mut Vec<Finding>) -> bool {
        let all = || self.mum.parents.iter().flat_map(|g| g.any_of.iter().map(move |p| (p, g)));
        let usual = self.mum.head_whole && self.mum.parents.iter().all(|g| !g.unusual);
        let (Some(kernel), Some(build)) = (self.c.identity.kernel, self.c.identity.build) else {
            return false;
        };
        let elsewhere = |p: &PackageIdentity, group: &crate::package::mum::ParentGroup| {
            let [major, minor, of, _] = p.version.0;
            // before Windows 10, builds of one version are its service packs
            let base = branch_of(build);
            let known = !self.c.products().is_empty();
            (major, minor) != kernel
                || kernel.0 >= 10
                    && (of > build
                        || known && branch_of(of) > base
                        || known && of < base && group.build == Some(Compare::Equal))
        };
        if !usual || all().next().is_none() || !all().all(|(p, g)| is_windows(p) && elsewhere(p, g)) {
            return false;
        }
        let Some((first, _)) = all().next() else { return false };
        let host = Version([kernel.0, kernel.1, build, 0]);
        let mut evidence = self.c.identity.evidence.clone();
        evidence.push(self.says(Says::ParentOfAnotherWindows { wanted: short(first), host }));
        out.push(
            Finding::fail(Cause::WrongOs, Certainty::Confirmed, evidence).shown().remedy(self.own_package()),
        );
        true
    }

    fn stack(&self, out: &mut Vec<Finding>) {
        let Some(required) = self.mum.stack else { return };
        let finding = match &self.c.host.servicing_stack {
            Some(f) if f.value < required => {
                let evidence = vec![
                    self.says(Says::PackageNeedsStack(required)),
                    Evidence::host(Says::HostStack(f.value), &f.origin),
                ];
                let stacks = prerequisite::stacks_from(self.c, required);
                let remedy = match stacks.as_slice() {
                    [] => Remedy::NewestStack,
                    some => Remedy::InstallFirst(vec![some.to_vec()]),
                };
                Finding::fail(Cause::MissingServicingStack, Certainty::Confirmed, evidence)
                    .shown()
                    .blocks(true)
                    .naming(stacks)
                    .remedy(remedy)
            }
            Some(f) => Finding::pass(
                Cause::MissingServicingStack,
                Certainty::Confirmed,
                vec![
                    self.says(Says::PackageNeedsStack(required)),
                    Evidence::host(Says::HostStack(f.value), &f.origin),
                ],
            ),
            None => Finding::unknown(
                Cause::MissingServicingStack,
                true,
                vec![self.says(Says::PackageNeedsStack(required))],
                vec![Ask::ServicingStack],
            ),
        };
        // what the catalog supposes of servicing stacks, the manifest states
        out.retain(|f| f.cause != Cause::MissingServicingStack || f.direct || f.outcome == Outcome::Fail);
        out.push(finding);
    }

    fn on_system(&self, told: &Evaluation<'_>, store: &Store<'_>, out: &mut Vec<Finding>) {
        let package = short(&self.mum.identity);
        match &told.on_system {
            OnSystem::Same(fact) => out.push(
                Finding::fail(
                    Cause::AlreadyInstalled,
                    Certainty::Confirmed,
                    vec![Evidence::host(Says::SamePackageThere(package), &fact.origin)],
                )
                .shown()
                .naming(self.c.question.kb.into_iter().collect())
                .remedy(Remedy::Nothing),
            ),
            // without a parent it is refused for that
            OnSystem::Higher(there, fact) if told.has_parent != Some(false) => out.push(
                Finding::fail(
                    Cause::Superseded,
                    Certainty::Confirmed,
                    vec![Evidence::host(
                        Says::HigherPackageThere { package, there: short(there) },
                        &fact.origin,
                    )],
                )
                .shown()
                .remedy(Remedy::Nothing),
            ),
            OnSystem::Neither => {
                let says = Says::NoSuchPackageThere(package);
                let evidence = match store.origin() {
                    Some(origin) => Evidence::host(says, origin),
                    None => Evidence::rule(says),
                };
                // a whole list of packages settles what other lists leave open
                settle(out, Cause::AlreadyInstalled, &evidence);
                // whatever replaces a cumulative update has its name
                if self.mum.identity.rollup().is_some() {
                    settle(out, Cause::Superseded, &evidence);
                }
            }
            OnSystem::Higher(..) | OnSystem::Unknown => {}
        }
    }

    fn parents(&self, told: &Evaluation<'_>, store: &Store<'_>, out: &mut Vec<Finding>) {
        if self.mum.parents.is_empty() && self.mum.children.is_empty() {
            return;
        }
        let wanted: Vec<&PackageIdentity> = told.parents.iter().map(|p| p.wanted).collect();
        let needs = self.says(Says::PackageNeeds(wanted.iter().map(|p| short(p)).collect()));
        match told.has_parent {
            Some(true) => {
                let there = told.parents.iter().find(|p| p.there == Some(true));
                let evidence = there.and_then(|p| {
                    let (identity, fact) = p.listed.as_ref()?;
                    let says = Says::ParentThere { wanted: short(p.wanted), there: short(identity) };
                    Some(Evidence::host(says, &fact.origin))
                });
                let Some((evidence, there)) = evidence.zip(there) else { return };
                if is_windows(there.wanted) {
                    outrank(out, Cause::WrongOs, &evidence);
                    outrank(out, Cause::WrongEdition, &evidence);
                }
                outrank(out, self.cause_of(&kbs(wanted.iter().copied())), &evidence);
            }
            Some(false) if told.parts.is_some() && wanted.is_empty() => {
                let n = told.parts.map_or(0, |(n, _)| n);
                let evidence = vec![self.says(Says::NoPartHasParent(n))];
                out.push(
                    Finding::fail(Cause::ProductNotInstalled, Certainty::Confirmed, evidence)
                        .shown()
                        .remedy(Remedy::NoPackage(self.c.identity.words.clone())),
                );
            }
            Some(false) => self.no_parent(told, needs, store, out),
            // parts that were not read, or a list that is not whole: nothing to tell
            None if wanted.is_empty() => {}
            None => self.unknown_parents(&wanted, needs, out),
        }
    }

    /// A whole list of packages, and none of those that it asks for is in it.
    fn no_parent(&self, told: &Evaluation<'_>, needs: Evidence, store: &Store<'_>, out: &mut Vec<Finding>) {
        let mut evidence = vec![needs];
        let near = told.parents.iter().find_map(|p| Some((p.wanted, p.listed.as_ref()?)));
        if let Some((wanted, (there, fact))) = near {
            let says = Says::ParentOfAnotherVersion { wanted: short(wanted), there: short(there) };
            evidence.push(Evidence::host(says, &fact.origin));
        } else if let Some(origin) = store.origin() {
            evidence.push(Evidence::host(Says::NoParentThere(told.parents.len()), origin));
        }
        let updates: Vec<KbId> = kbs(told.parents.iter().map(|p| p.wanted));
        let finding = |cause| Finding::fail(cause, Certainty::Confirmed, evidence.clone()).shown();
        let of_windows = told.parents.iter().all(|p| is_windows(p.wanted));
        out.push(if !updates.is_empty() {
            // a later one is there: whether it stands in as a parent, no log shows
            let later = |kb: &KbId| {
                let later = Requirement::Update { kb: *kb, or_later: true };
                self.c.installed.meets(&later, None).truth == Truth::True
            };
            if updates.iter().any(later) {
                let ask = vec![Ask::ServicingLog];
                out.push(Finding::unknown(self.cause_of(&updates), true, evidence, ask).naming(updates));
                return;
            }
            finding(self.cause_of(&updates))
                .naming(updates.clone())
                .remedy(Remedy::InstallFirst(vec![updates]))
        } else if let Some((wanted, (there, _))) = near.filter(|_| of_windows) {
            let [a, b, build, revision] = wanted.version.0;
            if there.version.0[..3] == [a, b, build] && there.version.0[3] < revision {
                // the same Windows at a lower revision: a baseline comes first
                let checkpoints = self.baseline(build, revision);
                let cause = if checkpoints.is_empty() {
                    Cause::MissingPrerequisite
                } else {
                    Cause::MissingCheckpoint
                };
                let remedy = match checkpoints.as_slice() {
                    [] => Remedy::RaiseBuild(format!("{build}.{revision}")),
                    some => Remedy::InstallFirst(vec![some.to_vec()]),
                };
                finding(cause).naming(checkpoints).remedy(remedy)
            } else {
                finding(Cause::WrongOs).remedy(self.own_package())
            }
        } else if of_windows {
            finding(Cause::WrongEdition)
                .remedy(Remedy::NoPackage(format!("this edition of {}", self.c.identity.words)))
        } else {
            let first = told.parents.first().map(|p| p.wanted.name.clone()).unwrap_or_default();
            finding(Cause::ProductNotInstalled).remedy(Remedy::AddProduct(first))
        });
    }

    /// No list tells of every parent; those that are updates may be known by their numbers.
    fn unknown_parents(&self, wanted: &[&PackageIdentity], needs: Evidence, out: &mut Vec<Finding>) {
        let updates = kbs(wanted.iter().copied());
        let only_updates = !wanted.is_empty() && wanted.iter().all(|p| p.kb().is_some());
        let presence: Vec<_> = updates.iter().map(|kb| self.c.installed.presence(*kb)).collect();
        if let Some(there) = presence.iter().find(|p| p.truth == Truth::True) {
            // the update is there; that it is the version that is asked for, is the usual case
            out.push(Finding::pass(
                self.cause_of(&updates),
                Certainty::Inferred,
                std::iter::once(needs).chain(there.evidence.iter().cloned()).collect(),
            ));
            return;
        }
        if only_updates && self.mum.head_whole && presence.iter().all(|p| p.truth == Truth::False) {
            let certainty = presence.iter().map(|p| p.certainty).min().unwrap_or(Certainty::Possible);
            let evidence = std::iter::once(needs).chain(presence.iter().flat_map(|p| p.evidence.clone()));
            out.push(
                Finding::fail(self.cause_of(&updates), certainty, evidence.collect())
                    .naming(updates.clone())
                    .remedy(Remedy::InstallFirst(vec![updates])),
            );
            return;
        }
        if !updates.is_empty() {
            let ask = vec![Ask::Packages, Ask::Updates(updates.clone())];
            out.push(Finding::unknown(self.cause_of(&updates), true, vec![needs], ask).naming(updates));
            return;
        }
        // editions of the host's own Windows: most have what it asks for
        let usual = wanted.iter().any(|p| is_windows(p));
        let cause = if usual { Cause::WrongEdition } else { Cause::ProductNotInstalled };
        out.push(Finding::unknown(cause, !usual, vec![needs], vec![Ask::Packages]));
    }

    /// Servicing stacks are a cause of their own.
    fn cause_of(&self, updates: &[KbId]) -> Cause {
        let stack = |kb: &KbId| {
            let of_line = |e: &crate::catalog::view::Entry<'_>| {
                self.c.catalog.line(e.line).kind == LineKind::ServicingStack
            };
            self.c.catalog.update(*kb).is_some_and(|u| u.kind == UpdateKind::ServicingStack)
                || self.c.catalog.places(*kb).iter().any(of_line)
        };
        if !updates.is_empty() && updates.iter().all(stack) {
            Cause::MissingServicingStack
        } else {
            Cause::MissingPrerequisite
        }
    }

    /// The update that brings a revision of a build, if it is a checkpoint.
    fn baseline(&self, build: u32, revision: u32) -> Vec<KbId> {
        let lines =
            self.c.catalog.lines().filter(|l| l.build.is_some_and(|b| branch_of(b) == branch_of(build)));
        let mut out: Vec<KbId> = lines
            .flat_map(|l| {
                self.c.catalog.entries(l.id).filter(|e| e.revision == Some(revision)).collect::<Vec<_>>()
            })
            .filter_map(|e| e.kb)
            .filter(|kb| self.c.catalog.update(*kb).is_some_and(|u| u.kind == UpdateKind::Checkpoint))
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }
}

fn kbs<'a>(packages: impl Iterator<Item = &'a PackageIdentity>) -> Vec<KbId> {
    let mut out: Vec<KbId> = packages.filter_map(PackageIdentity::kb).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// A cause that other checks leave open is shown not to hold.
fn settle(out: &mut Vec<Finding>, cause: Cause, evidence: &Evidence) {
    if out.iter().any(|f| f.cause == cause && f.outcome != Outcome::Unknown) {
        return;
    }
    out.retain(|f| f.cause != cause);
    out.insert(0, Finding::pass(cause, Certainty::Confirmed, vec![evidence.clone()]));
}

/// Servicing finds what it asks for: what is only inferred of this cause cannot be the reason, and is not settled either.
fn outrank(out: &mut Vec<Finding>, cause: Cause, evidence: &Evidence) {
    for f in out.iter_mut().filter(|f| f.cause == cause && !f.direct) {
        if f.outcome == Outcome::Fail && f.certainty != Certainty::Confirmed {
            f.outcome = Outcome::Unknown;
            f.certainty = Certainty::Possible;
            f.open = true;
            f.evidence.push(evidence.clone());
        }
    }
    let not_in_catalog = |f: &Finding| {
        f.evidence.iter().any(|e| matches!(e.says, Says::NotInCatalog(_) | Says::NewerThanCatalog(_)))
    };
    // an update that the catalog does not know may need what no manifest tells: a licence
    let keeps =
        |f: &Finding| f.cause != cause || f.outcome != Outcome::Unknown || f.open || not_in_catalog(f);
    out.retain(keeps);
    if !out.iter().any(|f| f.cause == cause && f.outcome != Outcome::Pass) {
        // before what other checks found: it is shown first
        out.insert(0, Finding::pass(cause, Certainty::Confirmed, vec![evidence.clone()]));
    }
}
