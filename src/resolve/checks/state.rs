//! The state of the host: restart, component store, services, session.

use super::{
    Context,
    log::{self, told},
};
use crate::{
    diagnose::LogFinding,
    model::{Cause, KbId, PackageState, Requirement},
    resolve::{
        question::{Finding, Remedy},
        requirement::SHA2_SUPPORT,
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    pending(c, out);
    store(c, out);
    session(c, out);
    sha2(c, out);
}

fn pending(c: &Context<'_>, out: &mut Vec<Finding>) {
    let mut evidence = Vec::new();
    if let Some(kb) = c.question.kb
        && let Some(f) = c.host.updates.get(&kb).filter(|f| f.value == PackageState::InstallPending)
    {
        evidence.push(Evidence::host(Says::Listed(kb, f.value), &f.origin));
    }
    // asked about no update: whatever waits for a restart
    if c.question.kb.is_none() {
        let waiting = c.host.updates.iter().filter(|(_, f)| f.value == PackageState::InstallPending);
        evidence.extend(waiting.take(3).map(|(kb, f)| Evidence::host(Says::Listed(*kb, f.value), &f.origin)));
    }
    // a feature that the update serves waits for a restart
    for f in c.host.features.values().filter(|f| f.value == crate::model::FeatureState::EnablePending) {
        let names_it = c.rules.iter().flat_map(|r| &r.requires).flat_map(|cl| &cl.0).any(|r| match r {
            Requirement::Feature(_) | Requirement::Role(_) => c.installed.meets(r, None).pending,
            _ => false,
        });
        if names_it || c.question.kb.is_none() {
            evidence.push(Evidence::host(Says::RestartPending(true), &f.origin));
        }
    }
    if let Some(e) = c.log.iter().find(|e| e.value == LogFinding::RestartPending) {
        evidence.extend(told(Says::RestartPending(true), e));
    }
    let shown = !evidence.is_empty();
    if let Some(e) = c.log.iter().find(|e| e.value == LogFinding::RestartRequired) {
        evidence.extend(told(Says::RestartPending(true), e));
    }
    if let Some(f) = c.host.pending_reboot.as_ref().filter(|f| f.value) {
        evidence.push(Evidence::host(Says::RestartPending(true), &f.origin));
    }
    if !evidence.is_empty() {
        let mut finding = Finding::fail(Cause::PendingReboot, Certainty::Confirmed, evidence)
            .blocks(true)
            .remedy(Remedy::Restart);
        finding.direct = shown;
        out.push(finding);
    } else if let Some(f) = &c.host.pending_reboot {
        let evidence = vec![Evidence::host(Says::RestartPending(false), &f.origin)];
        out.push(Finding::pass(Cause::PendingReboot, Certainty::Confirmed, evidence));
    } else {
        let evidence = vec![Evidence::rule(Says::NoList)];
        out.push(Finding::unknown(Cause::PendingReboot, false, evidence, vec![Ask::PendingReboot]));
    }
}

fn store(c: &Context<'_>, out: &mut Vec<Finding>) {
    let mut evidence = Vec::new();
    let mut missing_source = Vec::new();
    let mut damaged = Vec::new();
    let mut culprit: Option<KbId> = None;
    for e in &c.log {
        match &e.value {
            LogFinding::ManifestMissing { culprit: kb, version } => {
                let kb = kb.or_else(|| version.and_then(|v| log::kb_of(c, v)));
                culprit = culprit.or(kb);
                evidence.extend(told(Says::ManifestMissing(kb), e));
            }
            // features on demand say this, too, when they find no source: a hint
            LogFinding::SourceMissing => missing_source.extend(told(Says::StoreCorrupt, e)),
            LogFinding::StoreCorruption => evidence.extend(told(Says::StoreCorrupt, e)),
            LogFinding::FileDamaged(what) => damaged.extend(told(Says::FileDamaged(what.clone()), e)),
            _ => {}
        }
    }
    evidence.truncate(4);
    let mut certainty = Certainty::Confirmed;
    if evidence.is_empty() && c.question.kb.is_none() && !damaged.is_empty() {
        // a file that cannot be repaired need not keep any update off
        certainty = Certainty::Inferred;
        damaged.truncate(4);
        evidence.append(&mut damaged);
    }
    let shown = !evidence.is_empty();
    if let Some(f) = c.host.store_corrupt.as_ref().filter(|f| f.value) {
        evidence.push(Evidence::host(Says::StoreCorrupt, &f.origin));
        certainty = Certainty::Confirmed;
    }
    if !evidence.is_empty() {
        let mut finding = Finding::fail(Cause::StoreCorruption, certainty, evidence)
            .blocks(true)
            .naming(culprit.into_iter().collect())
            .remedy(Remedy::RepairStore(culprit));
        finding.direct = shown;
        out.push(finding);
    } else if !missing_source.is_empty() {
        let ask = vec![Ask::StoreHealth];
        missing_source.truncate(2);
        out.push(
            Finding::unknown(Cause::StoreCorruption, true, missing_source, ask)
                .remedy(Remedy::RepairStore(None)),
        );
    } else if !damaged.is_empty() {
        damaged.truncate(2);
        out.push(Finding::unknown(Cause::StoreCorruption, false, damaged, vec![Ask::StoreHealth]));
    } else {
        let evidence = vec![Evidence::rule(Says::NoList)];
        out.push(match &c.host.store_corrupt {
            Some(f) => Finding::pass(
                Cause::StoreCorruption,
                Certainty::Confirmed,
                vec![Evidence::host(Says::HostIs("without damage in its component store".into()), &f.origin)],
            ),
            None => Finding::unknown(Cause::StoreCorruption, false, evidence, vec![Ask::StoreHealth]),
        });
    }
}

fn session(c: &Context<'_>, out: &mut Vec<Finding>) {
    if let Some(f) = c.host.remote_session.as_ref().filter(|f| f.value) {
        let evidence = vec![Evidence::host(Says::RemoteSession, &f.origin)];
        out.push(
            Finding::fail(Cause::RemoteSession, Certainty::Inferred, evidence)
                .blocks(true)
                .remedy(Remedy::RunLocally),
        );
    }
}

/// Asked about no update: a host of 6.0 or 6.1 without SHA-2 support gets nothing that was released since July 2019.
fn sha2(c: &Context<'_>, out: &mut Vec<Finding>) {
    if c.identity.kernel.is_some_and(|k| k >= (6, 2)) {
        let evidence = vec![Evidence::rule(Says::Sha2OnHost(true))];
        out.push(Finding::pass(Cause::MissingSha2Support, Certainty::Confirmed, evidence));
    }
    let legacy = c.identity.kernel.is_some_and(|k| k == (6, 0) || k == (6, 1));
    if c.question.kb.is_some() || !legacy {
        return;
    }
    let e = c.installed.meets(&Requirement::Sha2, None);
    if e.truth == Truth::False {
        // the class rules of SHA-2 signed updates name what brings the support
        let mut first: Vec<KbId> = Vec::new();
        let named = c
            .catalog
            .rules(SHA2_SUPPORT)
            .into_iter()
            .filter(|r| !r.products.intersection(c.products()).is_empty())
            .flat_map(|r| r.order)
            .filter_map(|r| match r {
                Requirement::Update { kb, .. } => Some(kb),
                _ => None,
            })
            .filter(|kb| c.installed.presence(*kb).truth != Truth::True);
        for kb in named {
            if !first.contains(&kb) {
                first.push(kb);
            }
        }
        out.push(
            Finding::fail(Cause::MissingSha2Support, e.certainty, e.evidence)
                .blocks(true)
                .naming(first)
                .remedy(Remedy::AddSha2),
        );
    }
}
