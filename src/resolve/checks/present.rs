//! Is it there already, or replaced by something that is?

use super::Context;
use crate::{
    catalog::view::{LineKind, RelationKind},
    diagnose::LogFinding,
    model::{Cause, KbId, PackageState, ProductSet, Requirement, UpdateKind},
    resolve::{
        question::{Finding, Remedy},
        requirement::brings_component,
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

/// Relations by which an update is no longer needed.
const REPLACES: [RelationKind; 3] = [RelationKind::Supersedes, RelationKind::Contains, RelationKind::Covers];

pub(super) fn check(c: &Context<'_>, wrong_target: bool, out: &mut Vec<Finding>) {
    log(c, out);
    let Some(kb) = c.question.kb else { return };
    if wrong_target && !c.host.updates.contains_key(&kb) {
        // what is not for this host cannot be on it
        let evidence = vec![Evidence::rule(Says::NoPackageFor(kb, c.identity.words.clone()))];
        out.push(Finding::pass(Cause::AlreadyInstalled, Certainty::Inferred, evidence));
        return;
    }
    if cumulative(c, kb, out) || release(c, kb, out) || component(c, kb, out) {
        return;
    }
    installed(c, kb, out);
    superseded(c, kb, out);
}

fn log(c: &Context<'_>, out: &mut Vec<Finding>) {
    for e in &c.log {
        if let LogFinding::SupersededOnSystem { kb, version } = e.value {
            let unnamed = kb.is_none() && version.is_none();
            if unnamed || super::log::is_asked_about(c.catalog, c.question.kb, kb, version) {
                let evidence = super::log::told(Says::HigherVersionInLog, e);
                out.push(
                    Finding::fail(Cause::Superseded, Certainty::Confirmed, evidence)
                        .shown()
                        .remedy(Remedy::Nothing),
                );
                return;
            }
        }
    }
}

/// Cumulative updates are judged by the revision, whatever the lists say. True if that decided it.
fn cumulative(c: &Context<'_>, kb: KbId, out: &mut Vec<Finding>) -> bool {
    if c.identity.kernel.is_some_and(|k| k.0 < 10) {
        return false;
    }
    let Some(entry) = c.installed.cumulative_entry(kb) else { return false };
    let state = c.host.updates.get(&kb);
    if let Some(f) = state {
        let evidence = vec![Evidence::host(Says::Listed(kb, f.value), &f.origin)];
        match f.value {
            PackageState::InstallPending | PackageState::Staged | PackageState::PartiallyInstalled => {
                out.push(Finding::pass(Cause::AlreadyInstalled, Certainty::Confirmed, evidence.clone()));
                out.push(Finding::pass(Cause::Superseded, Certainty::Inferred, evidence));
                return true;
            }
            PackageState::Installed | PackageState::UninstallPending => {
                out.push(
                    Finding::fail(Cause::AlreadyInstalled, Certainty::Confirmed, evidence)
                        .naming(vec![kb])
                        .remedy(Remedy::Nothing),
                );
                return true;
            }
            PackageState::Superseded | PackageState::Absent => {}
        }
    }
    let brings = c.installed.build_of(&entry);
    let exact = c.installed.revision();
    let presence = c.installed.presence(kb);
    match presence.truth {
        Truth::True => {
            let same = exact.is_some_and(|(host, _)| host == brings.revision);
            let later = newest_there(c, &entry);
            let mut evidence = presence.evidence;
            if let Some((later, _)) = later.filter(|_| !same) {
                evidence.push(Evidence::catalog(
                    Says::Chain(vec![kb, later], crate::resolve::statement::Link::Line),
                    c.catalog.line(entry.line).source,
                    entry.standing,
                ));
            }
            let cause = if same { Cause::AlreadyInstalled } else { Cause::Superseded };
            out.push(
                Finding::fail(cause, Certainty::Confirmed, evidence)
                    .naming(if same { vec![kb] } else { later.map(|(kb, _)| kb).into_iter().collect() })
                    .remedy(Remedy::Nothing),
            );
        }
        Truth::False => {
            out.push(Finding::pass(Cause::AlreadyInstalled, presence.certainty, presence.evidence.clone()));
            out.push(Finding::pass(Cause::Superseded, presence.certainty, presence.evidence));
        }
        Truth::Unknown => {
            let evidence = presence.evidence;
            out.push(Finding::unknown(Cause::AlreadyInstalled, true, evidence.clone(), vec![Ask::Revision]));
            out.push(Finding::unknown(Cause::Superseded, true, evidence, vec![Ask::Revision]));
        }
    }
    true
}

/// The host's release is the one that a service pack or enablement package makes, or a later one. True if that decided it.
fn release(c: &Context<'_>, kb: KbId, out: &mut Vec<Finding>) -> bool {
    let Some(update) = c.update.filter(|u| super::target::leads_to_release(u.kind)) else { return false };
    let built_in =
        update.packages.iter().filter(|p| p.built_in).fold(ProductSet::default(), |s, p| s.union(p.products));
    if c.products().is_empty()
        || !c.products().is_subset(built_in)
        || c.host.updates.get(&kb).is_some_and(|f| is_listed(f.value))
    {
        return false;
    }
    // the first release that has it, client or server for itself
    let builds = |set: ProductSet, server: bool| {
        let of = set.iter().map(|p| c.catalog.product(p)).filter(move |p| p.server == server);
        of.map(|p| p.version.0).collect::<Vec<_>>()
    };
    let first = c.products().iter().all(|p| {
        let p = c.catalog.product(p);
        builds(built_in, p.server).into_iter().min() == Some(p.version.0)
    });
    let evidence = c.identity.evidence.iter().cloned().chain([Evidence::catalog(
        Says::BuiltIn(kb, c.identity.words.clone()),
        update.source,
        update.standing,
    )]);
    let cause = if first { Cause::AlreadyInstalled } else { Cause::Superseded };
    let updates = if first { vec![kb] } else { Vec::new() };
    out.push(
        Finding::fail(cause, Certainty::Confirmed, evidence.collect())
            .naming(updates)
            .remedy(Remedy::Nothing),
    );
    true
}

/// An update that brings a version of a component, on a host that states the version it has. True if that decided it.
fn component(c: &Context<'_>, kb: KbId, out: &mut Vec<Finding>) -> bool {
    let Some((name, version)) = c.update.and_then(brings_component) else { return false };
    if c.host.updates.contains_key(&kb) {
        return false;
    }
    // the Client Profile of a version is not that version
    let name = if name == "dotnet" { "dotnet-full" } else { name };
    let text = version.0.map(|n| n.to_string()).join(".");
    let meets = |sign: &str| {
        let version = format!("{sign}{text}");
        c.installed.meets(&Requirement::Component { name: name.to_owned(), version }, None)
    };
    let reached = meets(">=");
    if reached.certainty != Certainty::Confirmed {
        return false;
    }
    match reached.truth {
        Truth::True => {
            let same = meets("=").truth == Truth::True;
            let cause = if same { Cause::AlreadyInstalled } else { Cause::Superseded };
            let mut evidence = reached.evidence;
            if let Some(u) = c.update {
                let says = Says::Brings { kb, name: name.trim_end_matches("-full").to_owned(), version };
                evidence.push(Evidence::catalog(says, u.source, u.standing));
            }
            out.push(
                Finding::fail(cause, Certainty::Confirmed, evidence)
                    .naming(if same { vec![kb] } else { Vec::new() })
                    .remedy(Remedy::Nothing),
            );
            true
        }
        Truth::False => {
            out.push(Finding::pass(Cause::AlreadyInstalled, Certainty::Confirmed, reached.evidence));
            superseded(c, kb, out);
            true
        }
        Truth::Unknown => false,
    }
}

const fn is_listed(state: PackageState) -> bool {
    matches!(state, PackageState::Installed | PackageState::UninstallPending)
}

/// The newest cumulative update that the host's revision contains.
fn newest_there(c: &Context<'_>, entry: &crate::catalog::view::Entry<'_>) -> Option<(KbId, u32)> {
    c.catalog
        .entries(entry.line)
        .filter(|e| {
            e.revision > entry.revision && e.revision.is_some_and(|r| c.installed.reaches(r) == Truth::True)
        })
        .filter_map(|e| Some((e.kb?, e.revision?)))
        .max_by_key(|(_, r)| *r)
}

fn installed(c: &Context<'_>, kb: KbId, out: &mut Vec<Finding>) {
    let state = c.host.updates.get(&kb).map(|f| f.value);
    let presence = c.installed.presence(kb);
    let finding = match presence.truth {
        Truth::True => Finding::fail(Cause::AlreadyInstalled, presence.certainty, presence.evidence)
            .naming(vec![kb])
            .remedy(Remedy::Nothing),
        Truth::False => Finding::pass(Cause::AlreadyInstalled, presence.certainty, presence.evidence),
        Truth::Unknown => {
            let ask = c.installed.ask_for(vec![kb]);
            Finding::unknown(Cause::AlreadyInstalled, presence.hidden, presence.evidence, vec![ask])
        }
    };
    out.push(finding);
    if state == Some(PackageState::Superseded)
        && let Some(f) = c.host.updates.get(&kb)
    {
        let evidence = vec![Evidence::host(Says::Listed(kb, f.value), &f.origin)];
        out.push(
            Finding::fail(Cause::Superseded, Certainty::Confirmed, evidence).shown().remedy(Remedy::Nothing),
        );
    }
}

fn superseded(c: &Context<'_>, kb: KbId, out: &mut Vec<Finding>) {
    if out.iter().any(|f| f.cause == Cause::Superseded) {
        return;
    }
    // it is there itself: what came after it does not matter to "already installed"
    if let Some((chain, evidence)) = c.installed.superseder(kb, &REPLACES) {
        let by: Vec<KbId> = chain.last().copied().into_iter().collect();
        out.push(
            Finding::fail(Cause::Superseded, Certainty::Inferred, evidence)
                .naming(by)
                .remedy(Remedy::Nothing),
        );
        return;
    }
    if let Some(rollup) = c.installed.may_be_covered(kb) {
        let evidence = vec![Evidence::rule(Says::Covered { security_only: kb, rollup })];
        out.push(
            Finding::unknown(Cause::Superseded, true, evidence, vec![Ask::ServicingLog]).naming(vec![rollup]),
        );
        return;
    }
    // implied by a dependant "it or a later one": either way there is nothing to install
    if let Some((_, evidence)) = c.installed.implied(kb).filter(|_| !c.host.updates.contains_key(&kb)) {
        out.push(
            Finding::fail(Cause::Superseded, Certainty::Inferred, vec![evidence]).remedy(Remedy::Nothing),
        );
        return;
    }
    if let Some(entry) =
        c.catalog.places(kb).into_iter().find(|e| c.catalog.line(e.line).kind == LineKind::ServicingStack)
    {
        if let (Some(f), Some(package)) = (&c.host.servicing_stack, entry.stack) {
            let says = Evidence::host(Says::StackOnHost { host: f.value, package }, &f.origin);
            out.push(if f.value >= package {
                Finding::fail(Cause::Superseded, Certainty::Confirmed, vec![says]).remedy(Remedy::Nothing)
            } else {
                Finding::pass(Cause::Superseded, Certainty::Confirmed, vec![says])
            });
            return;
        }
        if let Some((cumulative, evidence)) = c.installed.stack_in_cumulative(&entry) {
            let says = Evidence::rule(Says::StackInCumulative { stack: kb, cumulative });
            out.push(
                Finding::fail(Cause::Superseded, Certainty::Inferred, vec![says, evidence])
                    .naming(vec![cumulative])
                    .remedy(Remedy::Nothing),
            );
            return;
        }
    }
    // cumulative kinds outside the lines that the catalog knows: a revision would decide
    let unplaced_cumulative =
        c.update.is_some_and(|u| u.kind.is_cumulative()) && c.identity.kernel.is_none_or(|k| k.0 >= 10);
    // servicing stacks and .NET rollups of 10 leave the lists when a later one comes
    let hidden = c.identity.kernel.is_some_and(|k| k.0 >= 10)
        && c.update.is_some_and(|u| matches!(u.kind, UpdateKind::ServicingStack | UpdateKind::DotnetRollup))
        && !c.host.updates.contains_key(&kb)
        && !c.host.completeness.complete;
    let evidence = vec![Evidence::rule(Says::NothingListedSupersedes)];
    out.push(if unplaced_cumulative {
        Finding::unknown(Cause::Superseded, true, evidence, vec![Ask::Revision])
    } else if hidden {
        Finding::unknown(Cause::Superseded, true, evidence, vec![Ask::ServicingStack])
    } else if c.update.is_none() {
        Finding::unknown(Cause::Superseded, false, evidence, vec![Ask::ServicingLog])
    } else {
        Finding::pass(Cause::Superseded, Certainty::Inferred, evidence)
    });
}
