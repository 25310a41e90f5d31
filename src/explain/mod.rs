//! From an answer to a report: the tree of reasons put into words and plain structs. Asks nothing new of the catalog
//! but titles, so a report can be rendered without it.

pub mod catalog;
mod diagnose;
mod doctor;
mod guidance;
mod inventory;
mod minimal;
mod order;
mod package;
mod plan;
mod rules;
mod what_if;
mod wording;

pub use diagnose::{codes_report, diagnose_report};
pub use doctor::{doctor_advice, doctor_report};
pub use guidance::{guidance, guidance_rows, route_words};
pub use inventory::{InputRead, inventory_report};
pub use minimal::minimal_report;
pub use order::{order_graph, order_report};
pub use package::package_report;
pub use plan::plan_report;
pub use rules::{need_words, operator_words, rules_report};
pub use what_if::what_if_report;
pub use wording::{ask_words, clause_words, requirement_words, says};

use crate::{
    catalog::Catalog,
    diagnose::LogRead,
    model::{Cause, Gap, Host, KbId, ListKind, Location},
    plan::{Change, FirstStep, first_steps, steps_of_same_branch},
    report::{
        CauseReport, CheckReport, EvidenceReport, ExplainReport, HostReport, LogPackageReport,
        LogParentReport, PlanReport, StepReport, UnknownReport,
    },
    resolve::{
        Answer,
        question::{Finding, Outcome},
        statement::{Ask, Evidence, From, Says},
        verdict::Verdict,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Puts an answer into a report.
pub fn report(catalog: &Catalog, host: &Host, answer: &Answer) -> ExplainReport {
    let update = answer.kb.and_then(|kb| catalog.update(kb));
    let decision = &answer.decision;
    let host_report = host_report(host, &answer.identity.words);
    ExplainReport {
        schema: if answer.kb.is_some() { "kbwhy/explain/1" } else { "kbwhy/diagnose/1" },
        update: answer.kb.map(|kb| kb.to_string()),
        title: update.as_ref().map(|u| title(u.kind.describe(), u.title)),
        verdict: answer.kb.is_some().then(|| decision.verdict.name()),
        summary: summary(catalog, answer, &host_report),
        causes: decision
            .causes
            .iter()
            .enumerate()
            .map(|(i, f)| cause_report(f, i == 0 && decision.verdict != Verdict::Unknown, catalog))
            .collect(),
        superseded_by: answer.superseded_by.iter().map(ToString::to_string).collect(),
        plan: plan_of(catalog, host, answer),
        unknown: decision
            .ask
            .iter()
            .map(|a| unknown_report(a, host.offline_image.as_ref().is_some_and(|f| f.value)))
            .collect(),
        minimal: None,
        did_you_mean: answer.did_you_mean.iter().map(ToString::to_string).collect(),
        checks: answer.findings.iter().map(check_report).collect(),
        log_packages: Vec::new(),
        log_parents: Vec::new(),
        host: host_report,
        catalog_as_of: catalog.as_of().to_string(),
        catalog_imported: imported(catalog),
    }
}

/// What to do first; where only a product of the same build has a package, what that would ask for.
fn plan_of(catalog: &Catalog, host: &Host, answer: &Answer) -> PlanReport {
    let steps = first_steps(catalog, host, answer);
    if steps.is_empty()
        && let Some((product, steps)) = steps_of_same_branch(catalog, host, answer)
    {
        let other = catalog.product(product);
        let note = format!(
            "{} is of the same servicing branch as this host. Microsoft does not support its package here; who installs it \
             all the same needs this order.",
            other.name
        );
        let steps = steps.iter().map(|s| step_report(s, catalog)).collect();
        return PlanReport { note: Some(note), steps };
    }
    PlanReport { note: None, steps: steps.iter().map(|s| step_report(s, catalog)).collect() }
}

/// Sources that were imported beside the built-in facts, in words.
fn imported(catalog: &Catalog) -> Vec<String> {
    catalog.imported().map(|s| format!("{}, read {}", s.title, s.read)).collect()
}

/// What logs told of packages one by one, for a report: the last states of each package, its parents once each.
pub fn log_packages(logs: &[LogRead]) -> (Vec<LogPackageReport>, Vec<LogParentReport>) {
    let mut packages: Vec<LogPackageReport> = Vec::new();
    let mut parents: Vec<LogParentReport> = Vec::new();
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for log in logs {
        for s in log.package_states() {
            let row = LogPackageReport {
                package: s.package.clone(),
                applicable: s.applicable,
                current: s.current,
                line: s.line,
            };
            match place.get(s.package.as_str()).and_then(|at| packages.get_mut(*at)) {
                Some(known) => *known = row,
                None => {
                    place.insert(&s.package, packages.len());
                    packages.push(row);
                }
            }
        }
        for p in log.parent_evaluations().filter(|p| known.insert((&p.package, &p.wanted, &p.found))) {
            let (found, state) = p.found.clone().unzip();
            parents.push(LogParentReport {
                package: p.package.clone(),
                wanted: p.wanted.clone(),
                found,
                state,
                applicable: p.applicable.clone(),
                line: p.line,
            });
        }
    }
    (packages, parents)
}

fn title(kind: &str, title: &str) -> String {
    if title.is_empty() { kind.to_owned() } else { title.to_owned() }
}

fn host_report(host: &Host, windows: &str) -> HostReport {
    let listed = u32::try_from(
        host.updates.values().filter(|f| f.value != crate::model::PackageState::Absent).count(),
    )
    .unwrap_or(u32::MAX);
    let lists = host
        .completeness
        .lists
        .iter()
        .map(|l| {
            let updates = if l.shown == 1 { "1 update".to_owned() } else { format!("{} updates", l.shown) };
            if l.kind == ListKind::Stated {
                let complete = if host.completeness.complete { ", said to be all" } else { "" };
                return format!("{updates} stated{complete}");
            }
            let whole = if l.gaps.is_empty() {
                "the list is whole".to_owned()
            } else {
                l.gaps.iter().map(Gap::describe).collect::<Vec<_>>().join("; ")
            };
            format!("{updates} listed by {}, {whole}", l.origin.format)
        })
        .collect();
    HostReport {
        name: host.name.as_ref().map(|f| f.value.clone()),
        windows: windows.to_owned(),
        architecture: host.architecture.as_ref().map(|f| f.value.name()),
        version: host.version.as_ref().map(|f| {
            let [a, b, c, _] = f.value.0;
            match &host.revision {
                Some(r) => format!("{a}.{b}.{c}.{}", r.value),
                None => format!("{a}.{b}.{c}"),
            }
        }),
        updates_listed: listed,
        lists,
        conflicts: conflicts(host),
    }
}

/// What inputs disagree on, in words.
fn conflicts(host: &Host) -> Vec<String> {
    let words = |c: &crate::model::Conflict| {
        format!(
            "{}: {} ({}) and {} ({}); the first is used",
            c.fact, c.kept.0, c.kept.1, c.other.0, c.other.1
        )
    };
    host.conflicts.iter().map(words).collect()
}

fn evidence_report(e: &Evidence) -> EvidenceReport {
    evidence_from(says(&e.says), &e.from)
}

/// A sentence with where it comes from.
fn evidence_from(text: String, from: &From) -> EvidenceReport {
    let (source, line, url, standing) = match from {
        From::Host(origin) => {
            let line = match origin.at {
                Location::Line(n) | Location::Lines(n, _) => Some(n),
                _ => None,
            };
            (origin.to_string(), line, None, None)
        }
        From::Catalog { url, standing } => {
            ("catalog".to_owned(), None, Some(url.clone()), Some(standing.name()))
        }
        From::Rule => ("rule".to_owned(), None, None, None),
    };
    EvidenceReport { text, source, line, url, standing }
}

fn cause_report(f: &Finding, decisive: bool, catalog: &Catalog) -> CauseReport {
    CauseReport {
        code: f.cause.code(),
        decisive,
        updates: f.updates.iter().map(ToString::to_string).collect(),
        certainty: f.certainty.name(),
        evidence: f.evidence.iter().map(evidence_report).collect(),
        remedy: f.remedy.iter().map(|r| wording::remedy(r, |kb| short_title(catalog, kb))).collect(),
    }
}

fn check_report(f: &Finding) -> CheckReport {
    CheckReport {
        code: f.cause.code(),
        title: f.cause.title(),
        outcome: match f.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Unknown => "unknown",
        },
        open: f.open,
        certainty: f.certainty.name(),
        evidence: f.evidence.iter().map(evidence_report).collect(),
    }
}

fn short_title(catalog: &Catalog, kb: KbId) -> Option<String> {
    let u = catalog.update(kb)?;
    Some(if u.title.is_empty() { u.kind.describe().to_owned() } else { u.title.to_owned() })
}

fn step_report(s: &FirstStep, catalog: &Catalog) -> StepReport {
    let (update, action) = match &s.change {
        Change::Install(kb) => {
            (Some(kb.to_string()), short_title(catalog, *kb).unwrap_or_else(|| "update".into()))
        }
        other => (None, plan::change_words(other)),
    };
    StepReport {
        update,
        action,
        restart: s.restart,
        unless_present: s.unless_present,
        because: s.because.as_ref().map(|(kb, why)| {
            if why.is_empty() { format!("{kb} needs it") } else { format!("{kb} needs it: {why}") }
        }),
    }
}

fn unknown_report(a: &Ask, offline_image: bool) -> UnknownReport {
    let (fact, mut collect) = ask_words(a);
    // an image that is not running is asked through DISM, whose header gives the revision, too
    let of_image =
        matches!(a, Ask::OsVersion | Ask::Revision | Ask::Updates(_) | Ask::Packages | Ask::ServicingStack);
    if offline_image && of_image {
        collect = "dism /image:C:\\mount /english /get-packages /format:list".to_owned();
    }
    UnknownReport { fact, collect }
}

/// The first line: verdict and cause.
fn summary(catalog: &Catalog, answer: &Answer, host: &HostReport) -> String {
    let name = host.name.clone().unwrap_or_else(|| "this host".into());
    let decision = &answer.decision;
    let Some(kb) = answer.kb else {
        return match (decision.verdict, decision.causes.first()) {
            (Verdict::Unknown, Some(_)) => {
                format!("{name}: the evidence leaves {} open.", candidates(answer))
            }
            (Verdict::Unknown, None) => format!("{name}: nothing that was given shows a cause."),
            (_, Some(f)) => format!("{name}: {}.", wording::cause_words(f, |kb| short_title(catalog, kb))),
            (_, None) => format!("{name}: no cause found."),
        };
    };
    match decision.verdict {
        Verdict::Applicable => format!("{kb} is applicable to {name}: nothing that was given keeps it off."),
        Verdict::AlreadyInstalled => {
            let how = decision.causes.first().map(|f| wording::cause_words(f, |_| None)).unwrap_or_default();
            format!("{kb} is already installed on {name}: {how}. Nothing to do.")
        }
        Verdict::NotApplicable | Verdict::Blocked => {
            let verb =
                if decision.verdict == Verdict::Blocked { "is blocked on" } else { "is not applicable to" };
            let how = decision
                .causes
                .first()
                .map(|f| wording::cause_words(f, |kb| short_title(catalog, kb)))
                .unwrap_or_default();
            let nothing = decision.causes.first().is_some_and(|f| f.cause == Cause::Superseded);
            format!("{kb} {verb} {name}: {how}.{}", if nothing { " Nothing to do." } else { "" })
        }
        Verdict::Unknown => {
            let newer = !answer.findings.is_empty() && catalog.update(kb).is_none();
            if newer {
                let why = if kb > catalog.newest_kb() {
                    format!("it is newer than this catalog (as of {})", catalog.as_of())
                } else {
                    "this catalog does not know it".to_owned()
                };
                let hint = match answer.did_you_mean.first() {
                    Some(other) => format!(" Did you mean {other}?"),
                    None => String::new(),
                };
                return format!("{kb}: cannot tell, {why}.{hint}");
            }
            let revision = decision.causes.iter().flat_map(|f| &f.evidence).find_map(|e| match e.says {
                Says::RevisionUnknown { kb: of, brings } if of == kb => Some(brings),
                _ => None,
            });
            match revision {
                Some(brings) => format!(
                    "{kb}: cannot tell yet. It brings {brings}: at or past that revision it is contained, below it it \
                     may apply. The revision of {name} is not known."
                ),
                None => format!("{kb}: cannot tell yet. The evidence leaves {} open.", candidates(answer)),
            }
        }
    }
}

fn candidates(answer: &Answer) -> String {
    let mut codes: Vec<&str> = Vec::new();
    for f in &answer.decision.causes {
        if !codes.contains(&f.cause.code()) {
            codes.push(f.cause.code());
        }
    }
    match codes.len() {
        0 => "everything".into(),
        1 => codes[0].to_owned(),
        2..=4 => codes.join(", "),
        n => format!("{} and {} more causes", codes[..3].join(", "), n - 3),
    }
}
