//! From findings to a verdict: the decisive cause first, and what keeps a verdict from being given.

use super::{
    question::{Finding, Outcome, Question},
    statement::{Ask, Certainty, Evidence, Says},
};
use crate::{
    diagnose::Expected,
    model::{Cause, KbId},
};

/// Candidates that an `unknown` names at most: more would not narrow anything down.
const CANDIDATES: usize = 8;

/// The answer to "why is it not applicable".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// it can be installed
    Applicable,
    /// it is there
    AlreadyInstalled,
    /// Windows refuses it
    NotApplicable,
    /// it applies, but the installation fails or must wait
    Blocked,
    /// the evidence does not decide it
    Unknown,
}

impl Verdict {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applicable => "applicable",
            Self::AlreadyInstalled => "already-installed",
            Self::NotApplicable => "not-applicable",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
        }
    }
}

/// A verdict with the causes behind it, decisive first, and what would settle an unknown.
#[derive(Clone, Debug)]
pub struct Decision {
    /// the verdict
    pub verdict: Verdict,
    /// causes, the decisive one first; candidates when the verdict is unknown
    pub causes: Vec<Finding>,
    /// what would settle it, most telling first
    pub ask: Vec<Ask>,
}

/// Were this so, the remedies of all later causes would be moot: there is nothing to install on this host.
fn moots(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::AlreadyInstalled
            | Cause::WrongOs
            | Cause::WrongArchitecture
            | Cause::WrongEdition
            | Cause::WrongPackageKind
            | Cause::Superseded
    )
}

/// Decides. `known` tells whether the catalog knows the update.
pub fn decide(findings: &[Finding], question: &Question, known: bool) -> Decision {
    let error = question.error.as_ref();
    let fits = |cause: Cause| error.is_none_or(|e| e.fits(cause));
    // an inferred failure that does not fit the error is not what was seen; a confirmed one stands
    let fails: Vec<&Finding> = findings
        .iter()
        .filter(|f| f.outcome == Outcome::Fail && (fits(f.cause) || f.certainty == Certainty::Confirmed))
        .collect();
    let open: Vec<&Finding> =
        findings.iter().filter(|f| f.outcome == Outcome::Unknown && f.open && fits(f.cause)).collect();

    let first = fails.iter().copied().min_by_key(|f| f.cause);
    let confirmed_target = first.filter(|f| f.certainty == Certainty::Confirmed && moots(f.cause));
    let direct = fails.iter().copied().filter(|f| f.direct).min_by_key(|f| f.cause);
    let decisive = confirmed_target.or(direct).or_else(|| {
        let first = first?;
        let mooted = open.iter().any(|u| moots(u.cause) && u.cause < first.cause)
            // "no longer published" is the answer only where it is not there already
            || first.cause == Cause::Expired && unsure_if_there(findings);
        (!mooted).then_some(first)
    });
    if let Some(decisive) = decisive {
        return decided(decisive, &fails, findings);
    }
    if fails.is_empty() && open.is_empty() && known && question.kb.is_some() {
        // no list shows whether it is there; or no source says what it needs, or none that is verified
        let unsure = findings.iter().any(|f| {
            matches!(
                f.cause,
                Cause::AlreadyInstalled
                    | Cause::ProductNotInstalled
                    | Cause::MissingPrerequisite
                    | Cause::MissingServicingStack
            ) && f.outcome == Outcome::Unknown
                && !f.advisory
        });
        // something failed, whether or not the error is one that is known here
        let contradicted = error.is_some_and(|e| e.meaning.is_none_or(|m| m.expected != Expected::Success));
        if !unsure && !contradicted {
            return Decision { verdict: Verdict::Applicable, causes: Vec::new(), ask: Vec::new() };
        }
    }
    undecided(findings, question, &fails, &open)
}

fn unsure_if_there(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.cause == Cause::AlreadyInstalled && f.outcome == Outcome::Unknown)
}

fn decided(decisive: &Finding, fails: &[&Finding], findings: &[Finding]) -> Decision {
    let verdict = match decisive.cause {
        Cause::AlreadyInstalled => Verdict::AlreadyInstalled,
        _ if decisive.blocked => Verdict::Blocked,
        _ => Verdict::NotApplicable,
    };
    let mut causes = vec![decisive.clone()];
    // what is not for this host or there already needs no further blockers
    if !moots(decisive.cause) {
        causes.extend(fails.iter().filter(|f| !std::ptr::eq(**f, decisive)).map(|f| (*f).clone()));
    }
    causes.dedup_by(|b, a| a.cause == b.cause && a.updates == b.updates);
    let mut ask: Vec<Ask> = Vec::new();
    if decisive.certainty != Certainty::Confirmed && !moots(decisive.cause) && !decisive.updates.is_empty() {
        ask.push(Ask::Updates(decisive.updates.clone()));
    }
    // facts that could show a further blocker
    if !moots(decisive.cause) {
        for a in findings.iter().filter(|f| f.outcome == Outcome::Unknown && f.open).flat_map(|f| &f.ask) {
            if !ask.contains(a) {
                ask.push(a.clone());
            }
        }
    }
    Decision { verdict, causes, ask: together(ask) }
}

/// One question for all updates that are asked for, in the place of the first.
fn together(asks: Vec<Ask>) -> Vec<Ask> {
    let mut all: Vec<KbId> = Vec::new();
    for a in &asks {
        if let Ask::Updates(kbs) = a {
            all.extend(kbs.iter().filter(|kb| !all.contains(kb)).copied().collect::<Vec<_>>());
        }
    }
    all.truncate(8);
    let mut out: Vec<Ask> = Vec::new();
    for a in asks {
        match a {
            Ask::Updates(_) if out.iter().any(|o| matches!(o, Ask::Updates(_))) => {}
            Ask::Updates(_) => out.push(Ask::Updates(all.clone())),
            other => out.push(other),
        }
    }
    out
}

fn undecided(findings: &[Finding], question: &Question, fails: &[&Finding], open: &[&Finding]) -> Decision {
    let error = question.error.as_ref();
    let mut causes: Vec<Finding> = Vec::new();
    let mut add = |f: &Finding| {
        if causes.len() < CANDIDATES && !causes.iter().any(|c| c.cause == f.cause && c.updates == f.updates) {
            causes.push(Finding { certainty: Certainty::Possible, ..f.clone() });
        }
    };
    let mut likely: Vec<&Finding> = open.iter().chain(fails).copied().collect();
    // what a fact points to comes before what the error alone leaves possible, and that in the error's own order
    let from_error = |f: &Finding| {
        let alone =
            !f.evidence.is_empty() && f.evidence.iter().all(|e| matches!(e.says, Says::ErrorMeans { .. }));
        let place = error.and_then(|e| e.meaning?.causes.iter().position(|c| *c == f.cause));
        place.filter(|_| alone).map_or(0, |place| place + 1)
    };
    likely.sort_by_key(|f| (from_error(f), f.cause));
    for f in likely {
        add(f);
    }
    // a cause of which there is no sign, but which the error fits or nothing excludes
    let unsigned: Vec<&Finding> = findings
        .iter()
        .filter(|f| {
            f.outcome == Outcome::Unknown
                && !f.open
                && !matches!(
                    f.cause,
                    Cause::PendingReboot
                        | Cause::StoreCorruption
                        | Cause::WrongArchitecture
                        | Cause::WrongEdition
                )
        })
        .collect();
    for f in &unsigned {
        if error.is_none_or(|e| e.fits(f.cause)) {
            add(f);
        }
    }
    if let Some((error, meaning)) = error.and_then(|e| Some((e, e.meaning?))) {
        let says = Says::ErrorMeans { text: error.text.clone(), meaning: meaning.meaning.to_owned() };
        for cause in meaning.causes {
            let excluded = findings.iter().any(|f| {
                f.cause == *cause && f.outcome == Outcome::Pass && f.certainty == Certainty::Confirmed
            });
            if !excluded && !causes.iter().any(|c| c.cause == *cause) && causes.len() < CANDIDATES {
                let evidence = vec![Evidence::host(says.clone(), &error.origin)];
                causes.push(Finding::unknown(*cause, true, evidence, Vec::new()));
            }
        }
    }
    let mut ask: Vec<Ask> = Vec::new();
    for a in causes.iter().flat_map(|f| &f.ask).chain(unsigned.iter().flat_map(|f| &f.ask)) {
        if !ask.contains(a) {
            ask.push(a.clone());
        }
    }
    // rules that are not read rarely settle it alone
    if ask.iter().any(|a| !matches!(a, Ask::RulesOf(_))) {
        ask.retain(|a| !matches!(a, Ask::RulesOf(_)));
    }
    // what was given is not asked for
    if question.logs.iter().any(|l| l.formats().any(|f| f == "CBS.log")) {
        ask.retain(|a| *a != Ask::ServicingLog);
        if ask.is_empty() && question.kb.is_some() {
            ask.push(Ask::Packages);
        }
    } else if ask.is_empty() {
        ask.push(Ask::ServicingLog);
    }
    Decision { verdict: Verdict::Unknown, causes, ask: together(ask) }
}
