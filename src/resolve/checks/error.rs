//! What the error says, joined with what the host shows: the same code means different things on different hosts.

use super::Context;
use crate::{
    catalog::view::{Line, LineKind},
    diagnose::{CodeMeaning, ErrorEvidence, Expected, codes},
    model::{Cause, KbId, Licence, PackageState, Requirement, Standing},
    resolve::{
        question::{Finding, Outcome, Remedy},
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(error) = &c.question.error else {
        unlicensed(c, out);
        return;
    };
    let Some(meaning) = error.meaning else {
        unmapped(error, out);
        return;
    };
    let says = Says::ErrorMeans { text: error.text.clone(), meaning: meaning.meaning.to_owned() };
    let evidence = Evidence::host(says, &error.origin);
    feature(c, meaning, &evidence, out);
    waiting(c, meaning, &evidence, out);
    entitlement(c, meaning, &evidence, out);
    named(c, meaning, &evidence, out);
}

/// A code that no table has leaves open what its facility deals with.
fn unmapped(error: &ErrorEvidence, out: &mut Vec<Finding>) {
    let Some(code) = error.code else { return };
    let area = codes::decode(code).area;
    let meaning = format!("unmapped; an error of {}", area.name);
    let says = Says::ErrorMeans { text: error.text.clone(), meaning };
    let evidence = vec![Evidence::host(says, &error.origin)];
    for cause in area.causes {
        if !out.iter().any(|f| f.cause == *cause && (f.open || f.outcome == Outcome::Fail)) {
            out.push(Finding::unknown(*cause, true, evidence.clone(), ask(*cause)).remedy(remedy(*cause)));
        }
    }
}

/// The error asks for a feature whose state the host tells.
fn feature(c: &Context<'_>, meaning: &CodeMeaning, said: &Evidence, out: &mut Vec<Finding>) {
    let Some(feature) = meaning.feature else { return };
    let e = c.installed.meets(&Requirement::Feature(feature.to_owned()), None);
    if e.truth != Truth::False || e.pending {
        return;
    }
    let mut evidence = e.evidence;
    evidence.push(said.clone());
    out.push(
        Finding::fail(Cause::ProductNotInstalled, Certainty::Confirmed, evidence)
            .shown()
            .remedy(Remedy::AddProduct(feature.to_owned())),
    );
}

/// "Already installed" of something that waits for a restart: it is not in effect, and the restart is what is missing.
fn waiting(c: &Context<'_>, meaning: &CodeMeaning, said: &Evidence, out: &mut [Finding]) {
    if meaning.causes != [Cause::AlreadyInstalled, Cause::PendingReboot] {
        return;
    }
    // the update itself is there and in effect, whatever else waits
    let there = c.question.kb.and_then(|kb| c.host.updates.get(&kb)).is_some_and(|f| {
        matches!(f.value, PackageState::Installed | PackageState::Superseded | PackageState::UninstallPending)
    });
    let pending = |f: &&mut Finding| f.cause == Cause::PendingReboot && f.outcome == Outcome::Fail;
    if let Some(finding) = out.iter_mut().find(pending).filter(|_| !there) {
        finding.direct = true;
        finding.evidence.push(said.clone());
    }
}

/// An installer that fails on a system in its time of Extended Security Updates, without the licence: it is refused.
fn entitlement(c: &Context<'_>, meaning: &CodeMeaning, said: &Evidence, out: &mut Vec<Finding>) {
    let applies = meaning.expected == Expected::InstallFailed && meaning.causes.contains(&Cause::NotEntitled);
    if !applies || out.iter().any(|f| f.cause == Cause::NotEntitled && f.outcome != Outcome::Unknown) {
        return;
    }
    let Some(esu) = c.host.esu.as_ref().filter(|f| !f.value) else { return };
    let Some(ended) = supported_until(c) else { return };
    // an update of the days before needs no licence
    if c.question.kb.is_some() && c.update.and_then(|u| u.date).is_none_or(|d| d <= ended.0) {
        return;
    }
    let evidence =
        vec![Evidence::host(Says::LicenceOnHost(Licence::Esu, false), &esu.origin), ended.1, said.clone()];
    out.push(
        Finding::fail(Cause::NotEntitled, Certainty::Inferred, evidence)
            .shown()
            .blocks(true)
            .remedy(Remedy::Entitle("Extended Security Updates".into())),
    );
}

/// Asked about no update, error or log: a host in its time of Extended Security Updates that has no licence gets nothing that
/// was released since.
fn unlicensed(c: &Context<'_>, out: &mut Vec<Finding>) {
    let about_the_host = c.question.kb.is_none() && c.question.log.is_empty();
    let Some(esu) = c.host.esu.as_ref().filter(|f| !f.value && about_the_host) else { return };
    let Some((_, ended)) = supported_until(c) else { return };
    let evidence = vec![Evidence::host(Says::LicenceOnHost(Licence::Esu, false), &esu.origin), ended];
    out.push(
        Finding::fail(Cause::NotEntitled, Certainty::Inferred, evidence)
            .blocks(true)
            .remedy(Remedy::Entitle("Extended Security Updates".into())),
    );
}

/// The last day on which the host's system got updates for everybody, if only those with a licence get them now: by the
/// catalog's date, as there is no other.
fn supported_until(c: &Context<'_>) -> Option<(jiff::civil::Date, Evidence)> {
    let mut ended = None;
    for product in c.identity.products.iter() {
        // of several products that the host may be, each must be in that time; of several channels, each
        let lifecycles = c.catalog.lifecycles(product);
        let last = lifecycles.iter().max_by_key(|l| l.end_of_support)?;
        if last.esu_end.is_none() || last.end_of_support >= c.catalog.as_of() {
            return None;
        }
        let name = c.catalog.product(product).name.to_owned();
        let says = Says::SupportEnded { product: name, day: last.end_of_support };
        let source = Evidence::catalog(says, last.source, Standing::Verified);
        if ended.as_ref().is_none_or(|(day, _)| last.end_of_support > *day) {
            ended = Some((last.end_of_support, source));
        }
    }
    ended
}

/// Is every product that the host may be one that never needed a licence for updates, up to the catalog's date?
fn needs_no_licence(c: &Context<'_>) -> bool {
    let mut products = c.identity.products.iter().peekable();
    let known = products.peek().is_some();
    known
        && products.all(|p| {
            let all = c.catalog.lifecycles(p);
            !all.is_empty() && all.iter().all(|l| l.end_of_support >= c.catalog.as_of())
        })
}

/// The newest servicing stack that the host may have and lacks, where stacks come apart from cumulative updates.
fn newest_stack(c: &Context<'_>) -> Option<(KbId, Evidence)> {
    let products = c.identity.products;
    let combined = |p| c.catalog.product(p).version.0[2] >= 19041;
    if products.is_empty() || products.iter().any(combined) {
        return None;
    }
    let of_host =
        |l: &Line<'_>| l.kind == LineKind::ServicingStack && !l.products.intersection(products).is_empty();
    let mut lines = c.catalog.lines().filter(of_host);
    // two lines: it is not known which is the host's
    let line = lines.next().filter(|l| lines.next().is_none() && products.is_subset(l.products))?;
    let entitled = c.host.esu.as_ref().is_some_and(|f| f.value);
    let until = supported_until(c).filter(|_| !entitled).map(|(day, _)| day);
    let newest = c
        .catalog
        .entries(line.id)
        .filter(|e| e.standing != Standing::Unverified)
        .filter(|e| until.is_none_or(|u| e.date.is_some_and(|d| d <= u)))
        .filter_map(|e| Some((e.kb?, e)))
        .last();
    let (kb, entry) = newest.filter(|(kb, _)| c.installed.presence(*kb).truth != Truth::True)?;
    Some((kb, Evidence::catalog(Says::NewestStack(kb), entry.source, entry.standing)))
}

/// An error that names its cause shows it; one that leaves a few open makes them candidates.
fn named(c: &Context<'_>, meaning: &CodeMeaning, said: &Evidence, out: &mut Vec<Finding>) {
    let evidence = vec![said.clone()];
    let kernel = c.identity.kernel;
    for (i, cause) in meaning.causes.iter().enumerate() {
        let known = out.iter().any(|f| f.cause == *cause && f.outcome == Outcome::Fail);
        let excluded = out
            .iter()
            .any(|f| f.cause == *cause && f.outcome == Outcome::Pass && f.certainty == Certainty::Confirmed)
            && !out.iter().any(|f| f.cause == *cause && f.outcome == Outcome::Unknown);
        if known || (excluded && meaning.expected != Expected::Names) {
            continue;
        }
        let alone = c.question.kb.is_none();
        // it needs none, or has one
        let entitled = || needs_no_licence(c) || c.host.esu.as_ref().is_some_and(|f| f.value);
        if *cause == Cause::NotEntitled && alone && entitled() {
            continue;
        }
        // what the code does not mean on this version of Windows
        if meaning.on.is_some_and(|on| on.holds(kernel) == Some(false)) {
            continue;
        }
        // what the host itself shows of the causes that the error fits goes before the error's word
        let shown =
            out.iter().any(|f| f.outcome == Outcome::Fail && f.direct && meaning.causes.contains(&f.cause));
        // a restart that is over, or a service that was started since: the error is older than what the host shows
        let overtaken = excluded && matches!(cause, Cause::PendingReboot | Cause::ServiceDisabled);
        if i == 0 && !shown && !overtaken && meaning.names(kernel) {
            let mut finding = Finding::fail(*cause, Certainty::Inferred, evidence.clone())
                .shown()
                .blocks(!matches!(cause, Cause::WrongArchitecture))
                .remedy(remedy(*cause));
            // what a rule asks for and the lists leave open is now the likeliest
            let open = out.iter().filter(|f| f.cause == *cause && f.outcome == Outcome::Unknown);
            for kb in open.flat_map(|f| f.updates.iter().copied()) {
                if !finding.updates.contains(&kb) {
                    finding.updates.push(kb);
                }
            }
            if finding.updates.is_empty() && *cause == Cause::MissingServicingStack {
                // no rule names one: the stack that came with, or right before, the update
                let day = c.update.and_then(|u| u.date);
                let of_day = day.and_then(|_| c.installed.stack_of_day(day));
                finding.updates.extend(of_day.filter(|_| !alone));
                if let Some((kb, source)) = newest_stack(c).filter(|_| alone) {
                    finding.evidence.push(source);
                    finding.updates.push(kb);
                    finding.remedy = vec![Remedy::InstallFirst(vec![vec![kb]])];
                }
            }
            if let Some(free) = c.host.free_space.as_ref().filter(|_| *cause == Cause::Space) {
                finding.evidence.insert(0, Evidence::host(Says::FreeSpace(free.value), &free.origin));
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
        Cause::Connection
        | Cause::Certificate
        | Cause::UpdateServer
        | Cause::Download
        | Cause::Policy
        | Cause::UpdateClient => vec![Ask::UpdateLog],
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
        Cause::AlreadyInstalled | Cause::Superseded => Remedy::Nothing,
        Cause::WrongArchitecture => Remedy::TakePackageFor("this architecture".into()),
        Cause::ProductNotInstalled => Remedy::AddProduct("the product or feature that it updates".into()),
        // the general remedies of a cause are in the table, with what they may break
        _ if codes::remedies_for(cause, None).next().is_some() => Remedy::ByTable(cause),
        _ => Remedy::Step("read the servicing log".into()),
    }
}
