//! Changes that may take a cause out of the way.

use super::Fix;
use crate::{
    catalog::{
        Catalog,
        view::{Entry, LineKind},
    },
    model::{
        Cause, Host, KbId, Licence, PackageState, ProductSet, Requirement, Standing, Strength, UpdateKind,
        Version, branch_of,
    },
    plan::simulate::Change,
    resolve::{
        installed::Installed,
        question::{Finding, Outcome, Question, Remedy},
        requirement::{SHA2_SUPPORT, STANDS_IN, brings_component},
        statement::Says,
        verdict::{Decision, Verdict},
    },
};
use std::{cell::OnceCell, collections::BTreeSet};

/// Changes that are tried for one cause.
const EACH: usize = 12;

/// What the catalog has to change a host with.
pub(super) struct Fixes<'a> {
    catalog: &'a Catalog,
    /// updates that bring a version of a component
    bringers: OnceCell<Vec<(KbId, ProductSet, &'static str, Version)>>,
    /// service packs: from these products
    packs: OnceCell<Vec<(KbId, ProductSet)>>,
}

impl<'a> Fixes<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, bringers: OnceCell::new(), packs: OnceCell::new() }
    }

    /// What may take the first cause that stands in the way of an update out of it. `asked`: it is the update that was asked
    /// about, whose package may be another.
    pub(super) fn of(
        &self,
        host: &Host,
        kb: KbId,
        asked: bool,
        question: &Question,
        decision: &Decision,
    ) -> Vec<Fix> {
        let causes = decision.causes.iter().filter(|f| f.outcome != Outcome::Pass);
        let mut out: Vec<Fix> = Vec::new();
        for f in causes {
            // refused for good, or open where no change settles it
            let hopeless = is_final(f)
                && (f.outcome == Outcome::Fail && decision.verdict != Verdict::Unknown
                    || f.open && (asked || f.cause == Cause::WrongOs));
            let found = self.cause(host, kb, asked, question, f);
            if found.is_empty() && hopeless {
                return Vec::new();
            }
            if out.is_empty() {
                out = found;
            }
        }
        let mut seen = BTreeSet::new();
        out.retain(|fix| seen.insert(fix.clone()));
        out.truncate(EACH);
        out
    }

    fn cause(&self, host: &Host, kb: KbId, asked: bool, question: &Question, f: &Finding) -> Vec<Fix> {
        let set = |text: &str| vec![Fix::Host(Change::Set(text.to_owned()))];
        match f.cause {
            Cause::PendingReboot => vec![Fix::Host(Change::Restart)],
            Cause::StoreCorruption => set("facts.store_corrupt=false"),
            Cause::RemoteSession => set("facts.remote_session=false"),
            Cause::ConflictingUpdate => {
                if f.remedy.iter().any(|r| matches!(r, Remedy::Leave(..))) {
                    return Vec::new();
                }
                f.updates.iter().map(|other| Fix::Host(Change::Remove(*other))).collect()
            }
            Cause::WrongArchitecture | Cause::WrongOs | Cause::WrongPackageKind if asked => {
                let of_package = question.package.is_some()
                    || question.content.is_some()
                    || question.package_architecture.is_some()
                    || question.package_for.is_some();
                let other = f.remedy.iter().any(|r| matches!(r, Remedy::TakePackageFor(_)));
                if of_package && other { vec![Fix::OwnPackage] } else { Vec::new() }
            }
            Cause::WrongEdition => self.edition(f),
            Cause::MissingPrerequisite
            | Cause::MissingServicingStack
            | Cause::MissingCheckpoint
            | Cause::MissingSha2Support
            | Cause::NotEntitled
            | Cause::ProductNotInstalled => self.needed(host, kb, f),
            _ => Vec::new(),
        }
    }

    /// A hotpatch asks for an edition or for enrolment.
    fn edition(&self, f: &Finding) -> Vec<Fix> {
        let mut out = Vec::new();
        for e in &f.evidence {
            match &e.says {
                Says::HotpatchNeedsEnrolment => {
                    out.push(Fix::Host(Change::Licence(Licence::Hotpatch)));
                    out.push(Fix::Host(Change::Set("os.edition=Datacenter: Azure Edition".into())));
                }
                Says::Needs { clause, .. } => out.extend(clause.iter().filter_map(|r| match r {
                    Requirement::Edition(words) => {
                        Some(Fix::Host(Change::Set(format!("os.edition={words}"))))
                    }
                    _ => None,
                })),
                _ => {}
            }
        }
        out
    }

    fn needed(&self, host: &Host, kb: KbId, f: &Finding) -> Vec<Fix> {
        let identity = super::identity_of(self.catalog, host);
        let installed = Installed::derive(self.catalog, host, &identity);
        let day = self.catalog.update(kb).and_then(|u| u.date);
        let clause = f.evidence.iter().find_map(|e| match &e.says {
            Says::Needs { clause, .. } if !clause.is_empty() => Some(clause),
            _ => None,
        });
        let install = |kb: KbId| Fix::Host(Change::Install(kb));
        let Some(clause) = clause else {
            // the packages are for a higher service pack
            return f.updates.iter().take(1).map(|kb| install(*kb)).collect();
        };
        let mut out: Vec<Fix> = Vec::new();
        let mut later: Vec<Fix> = Vec::new();
        for r in clause {
            match r {
                Requirement::Update { kb, or_later } => {
                    out.push(install(*kb));
                    later.extend(self.standing_in(*kb, identity.products).into_iter().map(install));
                    if *or_later {
                        later.extend(self.newest_of_line(*kb, identity.products).map(install));
                    }
                }
                Requirement::LatestStack => {
                    out.extend(installed.stack_of_day(day).map(install));
                }
                Requirement::BuildAtLeast(b) => {
                    let mut all = self.entries(LineKind::Cumulative, identity.products, |e, build| {
                        branch_of(build) == branch_of(b.build) && e.revision.is_some_and(|r| r >= b.revision)
                    });
                    later.extend(all.pop().map(install));
                    out.extend(all.first().copied().map(install));
                }
                Requirement::StackAtLeast(v) => {
                    let mut all = self.entries(LineKind::ServicingStack, identity.products, |e, _| {
                        e.stack.is_some_and(|s| s >= *v)
                    });
                    later.extend(all.pop().map(install));
                    out.extend(all.first().copied().map(install));
                }
                Requirement::MonthAtLeast(month) => {
                    for kind in [LineKind::Cumulative, LineKind::Rollup] {
                        let mut all = self.entries(kind, identity.products, |e, _| {
                            e.date.is_some_and(|d| d.strftime("%Y-%m").to_string() >= *month)
                        });
                        later.extend(all.pop().map(install));
                        out.extend(all.first().copied().map(install));
                    }
                }
                Requirement::ServicePackAtLeast(_) => {
                    let of = self
                        .packs()
                        .iter()
                        .filter(|(_, from)| !from.intersection(identity.products).is_empty());
                    out.extend(of.map(|(kb, _)| install(*kb)));
                }
                Requirement::Component { name, version } => {
                    out.extend(self.components(name, version, identity.products));
                }
                Requirement::Feature(name) => out.push(Fix::Host(Change::EnableFeature(name.clone()))),
                Requirement::Role(name) => out.push(Fix::Host(Change::AddRole(name.clone()))),
                Requirement::Licence(licence) => out.push(Fix::Host(Change::Licence(*licence))),
                Requirement::Edition(words) => {
                    out.push(Fix::Host(Change::Set(format!("os.edition={words}"))));
                }
                Requirement::Sha2 => out.push(install(SHA2_SUPPORT)),
                Requirement::Manual(step) => out.push(Fix::Host(Change::Manual(step.clone()))),
                Requirement::BuildAtMost(_)
                | Requirement::ServicePackAtMost(_)
                | Requirement::RestartPending => {}
            }
        }
        out.extend(later);
        // what waits for a restart is there after it
        let waits = |kb: &KbId| host.updates.get(kb).is_some_and(|f| f.value == PackageState::InstallPending);
        if f.updates.iter().any(waits) {
            out.insert(0, Fix::Host(Change::Restart));
        }
        out
    }

    /// Does a source say what it needs, be it nothing?
    fn is_stated(&self, kb: KbId) -> bool {
        let rules = self.catalog.rules(kb);
        rules.iter().any(|r| r.strength == Strength::Hard && r.standing != Standing::Unverified)
    }

    /// The newest that replace an update or stand in for it.
    fn standing_in(&self, kb: KbId, products: ProductSet) -> Vec<KbId> {
        let mut all: Vec<KbId> = self
            .catalog
            .superseded_by(kb)
            .into_iter()
            .filter(|r| {
                STANDS_IN.contains(&r.kind)
                    && r.standing != Standing::Unverified
                    && !r.products.intersection(products).is_empty()
            })
            .map(|r| r.from)
            .collect();
        // of one that no source names for it, it must be known what it needs itself
        all.retain(|kb| self.is_stated(*kb));
        all.sort_unstable();
        all.dedup();
        all.split_off(all.len().saturating_sub(2))
    }

    fn newest_of_line(&self, kb: KbId, products: ProductSet) -> Option<KbId> {
        let own = self
            .catalog
            .places(kb)
            .into_iter()
            .find(|e| !self.catalog.line(e.line).products.intersection(products).is_empty())?;
        self.catalog
            .entries(own.line)
            .filter(|e| e.position > own.position)
            .filter_map(|e| e.kb)
            .last()
            .filter(|kb| self.is_stated(*kb))
    }

    /// Updates of the host's lines, oldest first.
    fn entries(
        &self,
        kind: LineKind,
        products: ProductSet,
        fits: impl Fn(&Entry<'_>, u32) -> bool,
    ) -> Vec<KbId> {
        let lines =
            self.catalog.lines().filter(|l| l.kind == kind && !l.products.intersection(products).is_empty());
        let mut out = Vec::new();
        for line in lines {
            let build = line.build.unwrap_or(0);
            out.extend(self.catalog.entries(line.id).filter(|e| fits(e, build)).filter_map(|e| e.kb));
        }
        out
    }

    fn packs(&self) -> &[(KbId, ProductSet)] {
        self.packs.get_or_init(|| {
            let all = self.catalog.kbs().filter_map(|kb| self.catalog.update(kb));
            let packs = all.filter(|u| u.kind == UpdateKind::ServicePack);
            packs.map(|u| (u.kb, u.products())).collect()
        })
    }

    /// Updates that bring a component in a version that will do: the oldest such version and the newest; without any, the fact.
    fn components(&self, name: &str, version: &str, products: ProductSet) -> Vec<Fix> {
        let Ok(asked) = Version::requirement(version) else { return Vec::new() };
        let bringers = self.bringers.get_or_init(|| {
            let all = self.catalog.kbs().filter_map(|kb| self.catalog.update(kb));
            let of = all.filter_map(|u| {
                let (component, version) = brings_component(&u)?;
                Some((u.kb, u.products(), component, version))
            });
            of.collect()
        });
        let plain = name.trim_end_matches("-full");
        let mut fitting: Vec<(Version, KbId)> = bringers
            .iter()
            .filter(|(_, of, component, v)| {
                *component == plain && !of.intersection(products).is_empty() && asked.matches(&v.to_semver())
            })
            .map(|(kb, _, _, v)| (*v, *kb))
            .collect();
        fitting.sort_unstable();
        fitting.dedup();
        let mut out: Vec<Fix> = Vec::new();
        for (_, kb) in fitting.first().into_iter().chain(fitting.last()) {
            out.push(Fix::Host(Change::Install(*kb)));
        }
        let fact = match plain {
            "dotnet" => "facts.dotnet_framework",
            "wmf" => "facts.wmf",
            "ie" => "facts.ie",
            _ => return out,
        };
        // no package that the catalog knows: the version itself is what is to change
        let least = version.trim_start_matches(['>', '=', ' ']);
        let plain_number = !least.is_empty() && least.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if out.is_empty() && version.trim_start().starts_with(">=") && plain_number {
            out.push(Fix::Host(Change::Set(format!("{fact}={least}"))));
        }
        out
    }
}

/// Nothing on this host takes it out of the way.
pub(super) const fn is_final(f: &Finding) -> bool {
    matches!(
        f.cause,
        Cause::AlreadyInstalled
            | Cause::WrongOs
            | Cause::WrongArchitecture
            | Cause::Superseded
            | Cause::Expired
            | Cause::PackageDefect
            | Cause::UnsupportedHardware
    )
}
