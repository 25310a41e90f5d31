//! The state of the host: restart, packages half installed, component store, space, services, session, failures.

use super::{
    Action, Check, Context, Evidence, Finding, GUIDANCE, REMOTE, Remedy, SERVICES, SPACE, STUCK, Says,
    Severity,
    checklist::{self, Repair},
};
use crate::{
    diagnose::ErrorEvidence,
    model::{Cause, FeatureState, ListKind, PackageState, RegistryValue, Requirement},
    resolve::{
        requirement::SHA2_SUPPORT,
        statement::{self, Ask, Truth},
    },
};

/// Space that Microsoft asks for on the system disk.
const SPACE_ADVISED: u64 = 20 << 30;
/// Less than this is less than one cumulative update takes: the files of those of today's Windows are larger.
const SPACE_SHORT: u64 = 2 << 30;
/// Names that one finding lists at most.
const NAMED: usize = 5;

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    out.extend(restart(c));
    half_installed(c, out);
    out.push(store(c));
    out.extend(sha2(c, out));
    if !c.offline() {
        out.push(space(c));
        services(c, out);
    }
    out.extend(session(c));
    out.extend(failed(c));
}

fn in_state(c: &Context<'_>, wanted: &[PackageState]) -> Vec<Evidence> {
    let updates = c.host.updates.iter().filter(|(_, f)| wanted.contains(&f.value));
    let mut out: Vec<Evidence> = updates
        .map(|(kb, f)| {
            Evidence::host(Says::InState { name: kb.to_string(), state: f.value.name() }, &f.origin)
        })
        .collect();
    // packages without a KB: the cumulative update itself is called RollupFix
    if out.is_empty() {
        let packages = c.host.packages.iter().filter(|(_, f)| wanted.contains(&f.value));
        out.extend(packages.map(|(name, f)| {
            Evidence::host(Says::InState { name: name.clone(), state: f.value.name() }, &f.origin)
        }));
    }
    out
}

fn restart(c: &Context<'_>) -> Option<Finding> {
    let check = Check::Of(Cause::PendingReboot);
    let stated = c.host.pending_reboot.as_ref();
    let said = |yes: bool| Says::Resolver(statement::Says::RestartPending(yes));
    // what was added to an image waits for its first start, which is as it should be
    if c.offline() {
        return stated.map(|f| {
            let evidence = vec![Evidence::host(said(f.value), &f.origin)];
            match f.value {
                true => Finding::fail(check, Severity::Stops, evidence).remedy(Action::RevertPending, STUCK),
                false => Finding::pass(check, evidence),
            }
        });
    }
    let mut waiting = in_state(c, &[PackageState::InstallPending, PackageState::UninstallPending]);
    let features = c
        .host
        .features
        .iter()
        .filter(|(_, f)| matches!(f.value, FeatureState::EnablePending | FeatureState::DisablePending));
    waiting.extend(
        features.map(|(n, f)| {
            Evidence::host(Says::InState { name: n.clone(), state: f.value.name() }, &f.origin)
        }),
    );
    let hangs = !waiting.is_empty() && stated.is_some_and(|f| !f.value);
    let mut evidence: Vec<Evidence> =
        stated.map(|f| Evidence::host(said(f.value), &f.origin)).into_iter().collect();
    if waiting.is_empty() && !stated.is_some_and(|f| f.value) {
        return Some(match stated {
            Some(_) => Finding::pass(check, evidence),
            None => {
                Finding::unknown(check, false, vec![Evidence::rule(Says::NotTold)], vec![Ask::PendingReboot])
            }
        });
    }
    waiting.truncate(NAMED);
    evidence.extend(waiting);
    let updates = c.host.updates.iter().filter(|(_, f)| f.value == PackageState::InstallPending);
    let finding = Finding::fail(check, Severity::Stops, evidence)
        .naming(updates.map(|(kb, _)| *kb).take(NAMED).collect())
        .remedy(Action::Restart, GUIDANCE);
    Some(if hangs { finding.remedy(Action::RevertPending, STUCK) } else { finding })
}

fn half_installed(c: &Context<'_>, out: &mut Vec<Finding>) {
    let replaced =
        |kb| c.installed.meets(&Requirement::Update { kb, or_later: true }, None).truth == Truth::True;
    let half: Vec<_> = c
        .host
        .updates
        .iter()
        .filter(|(_, f)| matches!(f.value, PackageState::Staged | PackageState::PartiallyInstalled))
        .filter(|(kb, _)| !replaced(**kb))
        .take(NAMED)
        .collect();
    if half.is_empty() {
        let listed = c.host.updates.len();
        if c.host.completeness.has_whole(ListKind::ComponentStore) && listed > 0 {
            let evidence = vec![Evidence::rule(Says::NothingHalfInstalled(listed))];
            out.push(Finding::pass(Check::HalfInstalled, evidence));
        }
        return;
    }
    let evidence = half
        .iter()
        .map(|(kb, f)| {
            Evidence::host(Says::InState { name: kb.to_string(), state: f.value.name() }, &f.origin)
        })
        .collect();
    let mut finding = Finding::fail(Check::HalfInstalled, Severity::Advice, evidence)
        .naming(half.iter().map(|(kb, _)| **kb).collect());
    // what is staged on purpose (media, a deployment that waits) needs nothing
    for (kb, _) in half.iter().filter(|(_, f)| f.value == PackageState::PartiallyInstalled) {
        finding.remedy.push(Remedy { action: Action::InstallAgain(**kb), source: None });
    }
    out.push(finding);
}

fn store(c: &Context<'_>) -> Finding {
    let check = Check::Of(Cause::StoreCorruption);
    let means = Repair::of(c.identity.kernel, c.offline());
    match &c.host.store_corrupt {
        Some(f) if f.value => {
            let evidence = vec![Evidence::host(Says::Resolver(statement::Says::StoreCorrupt), &f.origin)];
            Finding::fail(check, Severity::Stops, evidence)
                .remedy(Action::RepairStore(means, None), checklist::page(means))
        }
        Some(f) => Finding::pass(check, vec![Evidence::host(Says::StoreWhole, &f.origin)]),
        None => Finding::unknown(check, false, vec![Evidence::rule(Says::NotTold)], vec![Ask::StoreHealth]),
    }
}

/// Windows without a line of monthly updates, too, takes nothing that is signed with SHA-2 alone.
fn sha2(c: &Context<'_>, so_far: &[Finding]) -> Option<Finding> {
    let check = Check::Of(Cause::MissingSha2Support);
    // where there is no package of it, there is nothing that it would let in
    let has_package = c
        .catalog
        .update(SHA2_SUPPORT)
        .is_some_and(|u| c.identity.products.is_subset(u.products()) && !c.identity.products.is_empty());
    if !has_package || so_far.iter().any(|f| f.check == check) {
        return None;
    }
    let e = c.installed.meets(&Requirement::Sha2, None);
    let evidence: Vec<Evidence> = e.evidence.into_iter().map(Evidence::from).collect();
    let page = format!("https://support.microsoft.com/help/{}", 4_472_027);
    Some(match e.truth {
        Truth::True => Finding { certainty: e.certainty, ..Finding::pass(check, evidence) },
        Truth::False => Finding { certainty: e.certainty, ..Finding::fail(check, Severity::Stops, evidence) }
            .naming(vec![SHA2_SUPPORT])
            .remedy(Action::AddSha2(vec![SHA2_SUPPORT]), &page),
        Truth::Unknown => {
            let evidence = if evidence.is_empty() { vec![Evidence::rule(Says::NotTold)] } else { evidence };
            Finding::unknown(check, true, evidence, e.ask)
        }
    })
}

fn space(c: &Context<'_>) -> Finding {
    let Some(f) = &c.host.free_space else {
        return Finding::unknown(
            Check::Of(Cause::Space),
            false,
            vec![Evidence::rule(Says::NotTold)],
            Vec::new(),
        );
    };
    let evidence = vec![Evidence::host(Says::Free(f.value), &f.origin)];
    if f.value >= SPACE_ADVISED {
        return Finding::pass(Check::Of(Cause::Space), evidence);
    }
    let severity = if f.value < SPACE_SHORT { Severity::Soon } else { Severity::Advice };
    Finding::fail(Check::Of(Cause::Space), severity, evidence).remedy(Action::FreeSpace, SPACE)
}

/// Services without which no update arrives or installs, by their keys in the registry.
const NEEDED: [&str; 3] = ["wuauserv", "cryptsvc", "bits"];

fn services(c: &Context<'_>, out: &mut Vec<Finding>) {
    let check = Check::Of(Cause::ServiceDisabled);
    let (mut disabled, mut started, mut remedies) = (Vec::new(), Vec::new(), Vec::new());
    for name in NEEDED {
        let stated = c.host.services.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        if let Some((_, f)) = stated {
            if f.value == "disabled" {
                disabled.push(Evidence::host(Says::ServiceDisabled(name), &f.origin));
                remedies.push(Remedy::new(Action::StartService(name), SERVICES));
            } else if matches!(f.value.as_str(), "running" | "stopped") {
                started.push(Evidence::host(Says::ServiceStarts(name), &f.origin));
            }
            continue;
        }
        let place = format!(r"hklm\system\currentcontrolset\services\{name}\start");
        let Some(f) = c.host.registry.get(&place) else { continue };
        // 4 is disabled; 2 automatic, 3 when needed
        match f.value {
            RegistryValue::Dword(4) => {
                disabled.push(Evidence::host(Says::ServiceDisabled(name), &f.origin));
                remedies.push(Remedy::new(Action::StartService(name), SERVICES));
            }
            RegistryValue::Dword(2 | 3) => {
                started.push(Evidence::host(Says::ServiceStarts(name), &f.origin));
            }
            _ => {}
        }
    }
    if !disabled.is_empty() {
        let failing = Finding::fail(check, Severity::Stops, disabled);
        out.push(Finding { remedy: remedies, ..failing });
    } else if !started.is_empty() {
        out.push(Finding::pass(check, started));
    }
}

fn session(c: &Context<'_>) -> Option<Finding> {
    let f = c.host.remote_session.as_ref().filter(|f| f.value)?;
    let evidence = vec![Evidence::host(Says::Resolver(statement::Says::RemoteSession), &f.origin)];
    let finding = Finding::fail(Check::Of(Cause::RemoteSession), Severity::Stops, evidence);
    Some(finding.inferred().remedy(Action::RunLocally, REMOTE))
}

/// Updates whose last attempt failed and which are not there since.
fn failed(c: &Context<'_>) -> Option<Finding> {
    let open: Vec<_> = c
        .host
        .failed
        .iter()
        .filter(|(kb, _)| {
            c.installed.meets(&Requirement::Update { kb: **kb, or_later: true }, None).truth != Truth::True
        })
        .collect();
    if open.is_empty() {
        return None;
    }
    // those of Windows first, the newest first
    let mut open = open;
    open.sort_by_key(|(kb, _)| (c.catalog.update(**kb).is_none(), std::cmp::Reverse(**kb)));
    open.truncate(NAMED);
    let evidence = open
        .iter()
        .map(|(kb, f)| {
            let meaning = ErrorEvidence::parse(&f.value).meaning.map(|m| m.meaning);
            Evidence::host(Says::Failed { kb: **kb, code: f.value.clone(), meaning }, &f.origin)
        })
        .collect();
    let mut finding = Finding::fail(Check::FailedUpdates, Severity::Advice, evidence)
        .naming(open.iter().map(|(kb, _)| **kb).collect());
    if let Some((kb, f)) = open.first() {
        finding.remedy.push(Remedy { action: Action::Explain(**kb, f.value.clone()), source: None });
    }
    Some(finding)
}
