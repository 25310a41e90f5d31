//! The state of the host: restart, component store, services, session; and what the error itself names.

use super::{
    Context,
    log::{self, told},
};
use crate::{
    diagnose::{Expected, LogFinding},
    model::{Cause, KbId, PackageState, Requirement},
    resolve::{
        question::{Finding, Outcome, Remedy},
        requirement::SHA2_SUPPORT,
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    pending(c, out);
    store(c, out);
    session(c, out);
    feature_of_error(c, out);
    sha2(c, out);
    named_by_error(c, out);
}

fn pending(c: &Context<'_>, out: &mut Vec<Finding>) {
    let mut evidence = Vec::new();
    if let Some(kb) = c.question.kb
        && let Some(f) = c.host.updates.get(&kb).filter(|f| f.value == PackageState::InstallPending)
    {
        evidence.push(Evidence::host(Says::Listed(kb, f.value), &f.origin));
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
                vec![Evidence::host(Says::HostIs("component store without damage".into()), &f.origin)],
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

/// The error asks for a feature whose state the host tells.
fn feature_of_error(c: &Context<'_>, out: &mut Vec<Finding>) {
    let Some((error, meaning)) = c.question.error.as_ref().and_then(|e| Some((e, e.meaning?))) else {
        return;
    };
    let Some(feature) = meaning.feature else { return };
    let e = c.installed.meets(&Requirement::Feature(feature.to_owned()), None);
    if e.truth != Truth::False || e.pending {
        return;
    }
    let origin = c.question.error_origin();
    let says = Says::ErrorMeans { text: error.text.clone(), meaning: meaning.meaning.to_owned() };
    let mut evidence = e.evidence;
    evidence.push(Evidence::host(says, &origin));
    out.push(
        Finding::fail(Cause::ProductNotInstalled, Certainty::Confirmed, evidence)
            .shown()
            .remedy(Remedy::AddProduct(feature.to_owned())),
    );
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
        let first: Vec<KbId> = c
            .catalog
            .rules(SHA2_SUPPORT)
            .into_iter()
            .filter(|r| !r.products.intersection(c.products()).is_empty())
            .flat_map(|r| r.order)
            .filter_map(|r| match r {
                Requirement::Update { kb, .. } => Some(kb),
                _ => None,
            })
            .collect();
        out.push(
            Finding::fail(Cause::MissingSha2Support, e.certainty, e.evidence)
                .blocks(true)
                .naming(first)
                .remedy(Remedy::AddSha2),
        );
    }
}

/// An error that names its cause shows it; one that leaves a few open makes them candidates.
fn named_by_error(c: &Context<'_>, out: &mut Vec<Finding>) {
    let Some((error, meaning)) = c.question.error.as_ref().and_then(|e| Some((e, e.meaning?))) else {
        return;
    };
    let origin = c.question.error_origin();
    let says = Says::ErrorMeans { text: error.text.clone(), meaning: meaning.meaning.to_owned() };
    let evidence = vec![Evidence::host(says, &origin)];
    for (i, cause) in meaning.causes.iter().enumerate() {
        let known = out.iter().any(|f| f.cause == *cause && f.outcome == Outcome::Fail);
        let excluded = out
            .iter()
            .any(|f| f.cause == *cause && f.outcome == Outcome::Pass && f.certainty == Certainty::Confirmed)
            && !out.iter().any(|f| f.cause == *cause && f.outcome == Outcome::Unknown);
        if known || (excluded && meaning.expected != Expected::Names) {
            continue;
        }
        // what the host itself shows of the causes that the error fits goes before the error's word
        let shown =
            out.iter().any(|f| f.outcome == Outcome::Fail && f.direct && meaning.causes.contains(&f.cause));
        if i == 0 && !shown && meaning.expected == Expected::Names {
            let mut finding = Finding::fail(*cause, Certainty::Inferred, evidence.clone())
                .shown()
                .blocks(!matches!(cause, Cause::WrongArchitecture))
                .remedy(remedy(*cause));
            // what a rule asks for and the lists leave open is now the likeliest
            let open: Vec<KbId> = out
                .iter()
                .filter(|f| f.cause == *cause && f.outcome == Outcome::Unknown)
                .flat_map(|f| f.updates.iter().copied())
                .collect();
            finding.updates = open;
            if finding.updates.is_empty() && *cause == Cause::MissingServicingStack {
                // no rule names one: the stack that came with, or right before, the update
                let day = c.update.and_then(|u| u.date);
                finding.updates.extend(day.and_then(|_| c.installed.stack_of_day(day)));
            }
            out.push(finding);
        } else if matches!(meaning.expected, Expected::Specific | Expected::InstallFailed | Expected::Names)
            && !out.iter().any(|f| f.cause == *cause && f.open)
        {
            out.push(Finding::unknown(*cause, true, evidence.clone(), ask(*cause)).remedy(remedy(*cause)));
        }
    }
}

fn ask(cause: Cause) -> Vec<Ask> {
    match cause {
        Cause::PendingReboot => vec![Ask::PendingReboot],
        Cause::StoreCorruption => vec![Ask::StoreHealth],
        Cause::NotEntitled => vec![Ask::Esu],
        Cause::AlreadyInstalled => vec![Ask::Packages],
        Cause::MissingServicingStack => vec![Ask::ServicingStack],
        _ => vec![Ask::ServicingLog],
    }
}

/// What to do about a cause that only the error shows.
fn remedy(cause: Cause) -> Remedy {
    match cause {
        Cause::MissingServicingStack => Remedy::NewestStack,
        Cause::MissingSha2Support => Remedy::AddSha2,
        Cause::NotEntitled => Remedy::Entitle("Extended Security Updates".into()),
        Cause::PendingReboot => Remedy::Restart,
        Cause::StoreCorruption => Remedy::RepairStore(None),
        Cause::UnsupportedHardware => Remedy::SupportedSystem,
        Cause::ServiceDisabled => Remedy::StartService("wuauserv".into()),
        Cause::RemoteSession => Remedy::RunLocally,
        Cause::Interference => Remedy::StopOtherSoftware,
        Cause::DiskFull => Remedy::FreeSpace,
        Cause::AlreadyInstalled | Cause::Superseded => Remedy::Nothing,
        Cause::WrongArchitecture => Remedy::TakePackageFor("this architecture".into()),
        Cause::ProductNotInstalled => Remedy::AddProduct("the product or feature that it updates".into()),
        _ => Remedy::Step("read the servicing log".into()),
    }
}
