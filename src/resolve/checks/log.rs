//! Lines of logs: which of them count for the question, and what they show by themselves.

use super::Context;
use crate::{
    catalog::Catalog,
    diagnose::{ErrorEvidence, LogEvidence, LogFinding, LogStanding},
    model::{Cause, Fact, Host, KbId, Version},
    resolve::{
        question::{Finding, Outcome, Question, Remedy},
        statement::{Ask, Certainty, Evidence, Says},
    },
};

/// What a line says in our words, and the line.
pub(super) fn told(says: Says, e: &LogEvidence) -> Vec<Evidence> {
    let mut out = vec![Evidence::host(says, &e.origin)];
    if !e.text.is_empty() {
        out.push(Evidence::host(Says::LogLine(e.text.clone()), &e.origin));
    }
    out
}

/// Is a package of the log the one that was asked about: by its KB, or by the revision that it brings?
pub(super) fn is_asked_about(
    catalog: &Catalog,
    asked: Option<KbId>,
    kb: Option<KbId>,
    version: Option<Version>,
) -> bool {
    let Some(asked) = asked else { return true };
    kb == Some(asked)
        || catalog.places(asked).iter().any(|e| {
            let build = catalog.line(e.line).build;
            version.is_some_and(|v| Some(v.0[0]) == build && Some(v.0[1]) == e.revision)
        })
}

/// The cumulative update that brings a build and revision.
pub(super) fn kb_of(c: &Context<'_>, version: Version) -> Option<KbId> {
    let fits = |products| c.products().is_empty() || !c.products().intersection(products).is_empty();
    c.catalog
        .lines()
        .filter(|l| l.build == Some(version.0[0]) && fits(l.products))
        .find_map(|l| c.catalog.entries(l.id).find(|e| e.revision == Some(version.0[1]))?.kb)
}

/// The host with what the log tells of it, where no inventory tells its version: a servicing stack names the branch that
/// it serves.
pub fn host_of_log(host: &Host, question: &Question) -> Option<Host> {
    if host.version.is_some() || host.branch.is_some() || host.product.is_some() {
        return None;
    }
    let (stack, origin) = question.log.iter().rev().find_map(|e| match e.value {
        LogFinding::StackRequired { current, .. } if e.standing == LogStanding::Current => {
            Some((current, &e.origin))
        }
        _ => None,
    })?;
    let mut host = host.clone();
    if stack.0[0] == 10 {
        host.branch = Some(Fact::new(stack.0[2], origin.clone()));
    }
    host.servicing_stack.get_or_insert_with(|| Fact::new(stack, origin.clone()));
    Some(host)
}

/// Lines that count, and lines of earlier attempts that may.
type Counting<'a> = (Vec<&'a LogEvidence>, Vec<&'a LogEvidence>);

/// The lines that count for a question: those about the update that was asked about in its own last attempt, and what
/// the last attempt of all shows of the host; and those of earlier attempts that nothing has overcome.
pub fn counting<'a>(catalog: &Catalog, question: &'a Question) -> Counting<'a> {
    let (mut counts, mut before) = (Vec::new(), Vec::new());
    for e in question.log.iter().filter(|e| e.standing != LogStanding::Overcome) {
        let current = e.standing == LogStanding::Current;
        if question.kb.is_none() {
            if current { &mut counts } else { &mut before }.push(e);
            continue;
        }
        let asked = |(kb, version): (Option<KbId>, Option<Version>)| {
            (kb.is_some() || version.is_some()) && is_asked_about(catalog, question.kb, kb, version)
        };
        let of = e.value.package();
        let named = of != (None, None);
        if asked(of) || !named && asked(e.attempt) {
            if e.last_attempt || e.standing == LogStanding::Current {
                counts.push(e);
            }
        } else if !named {
            let of_another = e.attempt != (None, None);
            if current && !of_another { &mut counts } else { &mut before }.push(e);
        }
    }
    (counts, before)
}

/// The question with the error that the log ends with, where the user gave none.
pub fn error_in_log(question: &Question, counts: &[&LogEvidence]) -> Option<Question> {
    if question.error.is_some() {
        return None;
    }
    let (code, e) = counts.iter().rev().find_map(|e| match e.value {
        LogFinding::Failed { code, .. } => Some((code, *e)),
        _ => None,
    })?;
    let error = ErrorEvidence::parse(&format!("0x{code:08x}")).read_at(e.origin.clone());
    Some(Question { error: Some(error), ..question.clone() })
}

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    disk(c, out);
    installers(c, out);
    parents(c, out);
    before(c, out);
}

fn disk(c: &Context<'_>, out: &mut Vec<Finding>) {
    if let Some(e) = c.log.iter().rev().find(|e| e.value == LogFinding::DiskFull) {
        let free = c.host.free_space.as_ref();
        let mut evidence = told(Says::DiskFullInLog, e);
        evidence.extend(free.map(|f| Evidence::host(Says::FreeSpace(f.value), &f.origin)));
        out.push(
            Finding::fail(Cause::Space, Certainty::Confirmed, evidence)
                .shown()
                .blocks(true)
                .remedy(Remedy::FreeSpace),
        );
    }
}

fn installers(c: &Context<'_>, out: &mut Vec<Finding>) {
    let mut evidence = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut disabled = false;
    for e in &c.log {
        match &e.value {
            LogFinding::InstallerFailed { installer, result, code } => {
                // ERROR_SERVICE_DISABLED: the installer starts the service that it sets up
                disabled |= *code == Some(0x8007_0422);
                let says = Says::InstallerInLog { installer: installer.clone(), result: result.clone() };
                evidence.extend(told(says, e));
                names.push(installer.clone());
            }
            LogFinding::DriverFailed { driver, code } => {
                evidence.extend(told(Says::DriverInLog { driver: driver.clone(), code: *code }, e));
                names.extend(driver.clone());
            }
            _ => {}
        }
    }
    if evidence.is_empty() {
        return;
    }
    evidence.truncate(6);
    names.dedup();
    names.truncate(3);
    let what = names.join(", ");
    let finding = if disabled {
        Finding::fail(Cause::ServiceDisabled, Certainty::Confirmed, evidence)
            .remedy(Remedy::Step(format!("enable the service that {what} starts")))
    } else {
        Finding::fail(Cause::InstallerFailed, Certainty::Confirmed, evidence)
            .remedy(Remedy::MendInstaller(what))
    };
    out.push(finding.shown().blocks(true));
}

/// No parent is there, and none of them is an update: another Windows, another edition, or a product that is missing.
fn parents(c: &Context<'_>, out: &mut Vec<Finding>) {
    let unnamed = c.log.iter().find(|e| matches!(e.value, LogFinding::ParentMissing { parent: None, .. }));
    let named = c.log.iter().any(|e| matches!(e.value, LogFinding::ParentMissing { parent: Some(_), .. }));
    let Some(e) = unnamed.filter(|_| !named) else { return };
    for cause in [Cause::WrongOs, Cause::WrongEdition, Cause::ProductNotInstalled] {
        if !out.iter().any(|f| f.cause == cause && f.outcome == Outcome::Fail) {
            let ask = vec![Ask::OsVersion, Ask::Edition];
            out.push(Finding::unknown(cause, true, told(Says::ParentMissingInLog(None), e), ask));
        }
    }
}

/// What an earlier attempt showed may hold still: a candidate where nothing else was asked, else a note.
fn before(c: &Context<'_>, out: &mut Vec<Finding>) {
    let open = c.question.kb.is_none() && c.log.is_empty();
    for e in c.log_before.iter().rev().take(20) {
        let (cause, says, ask, remedy) = match &e.value {
            LogFinding::StackRequired { kb, required, current } => (
                Cause::MissingServicingStack,
                Says::StackRequired { kb: *kb, required: *required, current: *current },
                Ask::ServicingStack,
                Remedy::NewestStack,
            ),
            LogFinding::ParentMissing { parent: Some(kb), .. } => (
                Cause::MissingPrerequisite,
                Says::ParentMissingInLog(Some(*kb)),
                Ask::Updates(vec![*kb]),
                Remedy::InstallFirst(vec![vec![*kb]]),
            ),
            LogFinding::ManifestMissing { culprit, .. } => (
                Cause::StoreCorruption,
                Says::ManifestMissing(*culprit),
                Ask::StoreHealth,
                Remedy::RepairStore(*culprit),
            ),
            LogFinding::StoreCorruption => {
                (Cause::StoreCorruption, Says::StoreCorrupt, Ask::StoreHealth, Remedy::RepairStore(None))
            }
            LogFinding::NotEntitled { reason } => (
                Cause::NotEntitled,
                Says::EsuRefused(*reason),
                Ask::Esu,
                Remedy::Entitle("Extended Security Updates".into()),
            ),
            LogFinding::DiskFull => (Cause::Space, Says::DiskFullInLog, Ask::ServicingLog, Remedy::FreeSpace),
            LogFinding::InstallerFailed { installer, result, .. } if c.question.kb.is_none() => (
                Cause::InstallerFailed,
                Says::InstallerInLog { installer: installer.clone(), result: result.clone() },
                Ask::ServicingLog,
                Remedy::MendInstaller(installer.clone()),
            ),
            _ => continue,
        };
        let known = |f: &Finding| f.cause == cause && (f.outcome != Outcome::Unknown || f.open);
        if out.iter().any(known) {
            continue;
        }
        // it takes the place of "nothing shows it"
        out.retain(|f| f.cause != cause);
        out.push(Finding::unknown(cause, open, told(says, e), vec![ask]).remedy(remedy));
    }
}

/// Servicing itself evaluated the update on this machine: what the catalog left open is answered.
pub(super) fn applicable(c: &Context<'_>, out: &mut [Finding]) {
    if c.question.kb.is_none() {
        return;
    }
    let evaluated = |e: &&&LogEvidence| matches!(e.value, LogFinding::Applicable { .. });
    let Some(e) = c.log.iter().rev().find(evaluated) else { return };
    let begun = c.log.iter().any(|e| matches!(e.value, LogFinding::Applicable { begun: true, .. }));
    for f in out.iter_mut().filter(|f| f.outcome == Outcome::Unknown) {
        let answered = match f.cause {
            Cause::AlreadyInstalled => begun,
            Cause::WrongOs
            | Cause::WrongArchitecture
            | Cause::WrongEdition
            | Cause::WrongPackageKind
            | Cause::Superseded
            | Cause::ProductNotInstalled
            | Cause::MissingPrerequisite
            | Cause::ApplicabilityRule
            | Cause::MissingServicingStack
            | Cause::MissingCheckpoint => true,
            _ => false,
        };
        if answered {
            let evidence = told(Says::ApplicableInLog { begun }, e);
            *f = Finding::pass(f.cause, Certainty::Confirmed, evidence);
        }
    }
}
