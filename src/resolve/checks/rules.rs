//! What Windows Update's own rules say of the update.

use super::Context;
use crate::{
    applicability::{
        Clause, Concern, HostFacts, Judgement, Offer, Operator, Outcome as Ruling, RuleDocument, SectionKind,
        judge, prerequisites,
    },
    model::{Cause, Origin, Truth},
    resolve::{
        question::{Finding, Outcome, Remedy},
        statement::{Ask, Certainty, Evidence, Says},
    },
};

/// Operators of one alternative that a statement quotes.
const QUOTED: usize = 24;
/// Facts that are asked for.
const ASKED: usize = 6;

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    let documents = &c.question.rules;
    if documents.is_empty() {
        return;
    }
    let facts = HostFacts::of(c.host);
    let there = prerequisites(documents, &facts);
    let known = |guid: &str| there.get(guid).copied().unwrap_or(Truth::Unknown);
    // of several packages of one update the one that fits best counts
    let judged = documents.iter().filter(|d| !d.is_detection() && !d.is_empty());
    let best = judged.map(|d| (d, judge(d, &facts, &known))).max_by_key(|(d, j)| rank(d, j));
    let Some((document, judgement)) = best else { return };
    match judgement.offer {
        Offer::Offered | Offer::OfferedIfPrerequisites => fits(c, document, &judgement, out),
        Offer::Unknown | Offer::Holds | Offer::DoesNotHold => open(c, document, &judgement, out),
        _ => refused(c, document, &judgement, out),
    }
}

/// How well a package fits: what is there, then what would be offered, then what is open; of those that are refused the
/// one that comes furthest.
fn rank(document: &RuleDocument, judgement: &Judgement) -> (u8, Cause) {
    let fit = match judgement.offer {
        Offer::Installed => 4,
        Offer::Offered => 3,
        Offer::OfferedIfPrerequisites => 2,
        Offer::Unknown => 1,
        _ => 0,
    };
    (fit, cause(document, judgement))
}

/// The section that decides, and what it says.
fn deciding(judgement: &Judgement) -> Option<(SectionKind, &Ruling)> {
    let kind = match judgement.offer {
        Offer::Installed => SectionKind::IsInstalled,
        Offer::Superseded => SectionKind::IsSuperseded,
        Offer::NotInstallable | Offer::Offered | Offer::OfferedIfPrerequisites => SectionKind::IsInstallable,
        _ => SectionKind::ALL
            .into_iter()
            .find(|k| judgement.section(*k).is_some_and(|o| o.truth == Truth::Unknown))?,
    };
    Some((kind, judgement.section(kind)?))
}

/// The most telling of the clauses that decide.
fn telling(ruling: &Ruling) -> Option<&Clause> {
    ruling.clauses.iter().min_by_key(|clause| clause.concern)
}

fn cause_of(concern: Concern) -> Cause {
    match concern {
        Concern::Os => Cause::WrongOs,
        Concern::Architecture => Cause::WrongArchitecture,
        Concern::Edition => Cause::WrongEdition,
        Concern::Package => Cause::MissingPrerequisite,
        Concern::Other => Cause::ApplicabilityRule,
    }
}

fn cause(_: &RuleDocument, judgement: &Judgement) -> Cause {
    match judgement.offer {
        Offer::Installed => Cause::AlreadyInstalled,
        Offer::Superseded => Cause::Superseded,
        Offer::PrerequisiteMissing => Cause::MissingPrerequisite,
        Offer::NotInstallable => {
            let clause = deciding(judgement).and_then(|(_, ruling)| telling(ruling));
            clause.map_or(Cause::ApplicabilityRule, |clause| cause_of(clause.concern))
        }
        _ => Cause::ApplicabilityRule,
    }
}

/// Which rules they are, and what the most telling of them asks and found.
fn evidence(document: &RuleDocument, judgement: &Judgement) -> Vec<Evidence> {
    let at = Origin::line(&document.file, "applicability rules", document.line);
    let what =
        document.title.clone().or_else(|| document.update.clone()).unwrap_or_else(|| "the update".into());
    let mut out = vec![Evidence::host(Says::RulesOf(what), &at)];
    if judgement.offer == Offer::PrerequisiteMissing {
        let missing = judgement.prerequisites.iter().find(|p| p.truth == Truth::False);
        let any_of = missing.map(|p| p.clause.any_of.clone()).unwrap_or_default();
        out.push(Evidence::host(Says::RulePrerequisite(any_of), &at));
        return out;
    }
    let Some((kind, ruling)) = deciding(judgement) else { return out };
    let (Some(clause), Some(section)) = (telling(ruling), document.section(kind)) else { return out };
    // alternatives of one thing are told together
    let alike = |other: &&Clause| {
        other.concern == clause.concern
            && other.negated == clause.negated
            && other.observed.as_ref().map(|o| &o.value) == clause.observed.as_ref().map(|o| &o.value)
    };
    let any_of: Vec<(Operator, String)> = match (kind, ruling.truth) {
        (SectionKind::IsInstallable, Truth::False) => ruling
            .clauses
            .iter()
            .filter(alike)
            .take(QUOTED)
            .filter_map(|c| section.nodes.get(c.node))
            .map(|n| (n.operator.clone(), n.written.clone()))
            .collect(),
        _ => section
            .nodes
            .get(clause.node)
            .map(|n| (n.operator.clone(), n.written.clone()))
            .into_iter()
            .collect(),
    };
    let says = Says::RuleAsks {
        section: kind,
        any_of,
        negated: clause.negated,
        host: clause.observed.as_ref().map(|o| o.value.clone()),
    };
    out.push(match &clause.observed {
        Some(observed) => Evidence::host(says, &observed.origin),
        None => Evidence::host(says, &at),
    });
    out
}

/// It fits. What the catalog only infers of the target gives way to what the rules looked at.
fn fits(c: &Context<'_>, document: &RuleDocument, judgement: &Judgement, out: &mut Vec<Finding>) {
    let evidence = evidence(document, judgement);
    let looked_at = |cause: Cause| {
        judgement.offer == Offer::Offered
            || judgement
                .installable
                .as_ref()
                .is_some_and(|o| o.clauses.iter().any(|clause| cause_of(clause.concern) == cause))
    };
    for f in out.iter_mut() {
        let target = matches!(f.cause, Cause::WrongOs | Cause::WrongArchitecture | Cause::WrongEdition);
        let inferred = f.outcome == Outcome::Unknown
            || f.outcome == Outcome::Fail && f.certainty != Certainty::Confirmed && !f.direct;
        if target && inferred && looked_at(f.cause) && c.question.package.is_none() {
            *f = Finding::pass(f.cause, Certainty::Confirmed, evidence.clone());
        }
    }
    if judgement.offer == Offer::Offered {
        // not there, and nothing of Windows Update's own that it lacks: where the catalog tells nothing, that stands
        for f in out.iter_mut().filter(|f| f.outcome == Outcome::Unknown && !f.open) {
            if matches!(f.cause, Cause::AlreadyInstalled | Cause::MissingPrerequisite) {
                *f = Finding::pass(f.cause, Certainty::Confirmed, evidence.clone());
            }
        }
        out.push(Finding::pass(Cause::ApplicabilityRule, Certainty::Confirmed, evidence));
    } else {
        // whether its prerequisites hold, the catalog may know
        let mut finding = Finding::unknown(Cause::ApplicabilityRule, false, evidence, Vec::new());
        finding.advisory = true;
        out.push(finding);
    }
}

/// Rules that the user gave keep the answer open; those of the cache are only shown.
fn open(c: &Context<'_>, document: &RuleDocument, judgement: &Judgement, out: &mut Vec<Finding>) {
    let sections = [&judgement.installed, &judgement.superseded, &judgement.installable];
    let undecided = sections.into_iter().flatten().filter(|o| o.truth == Truth::Unknown);
    let ask = undecided.flat_map(|o| &o.needs).take(ASKED).map(|n| Ask::Rule(n.clone())).collect();
    let given = c.question.rules_given;
    let mut finding = Finding::unknown(Cause::ApplicabilityRule, given, evidence(document, judgement), ask);
    finding.advisory = !given;
    out.push(finding);
}

fn refused(c: &Context<'_>, document: &RuleDocument, judgement: &Judgement, out: &mut Vec<Finding>) {
    let cause = cause(document, judgement);
    let evidence = evidence(document, judgement);
    let target = matches!(cause, Cause::WrongOs | Cause::WrongArchitecture | Cause::WrongEdition);
    let installed = judgement.installed.as_ref().map(|o| o.truth);
    // what does not fit may be there, unless the rules say that it is not, or it is for another system
    let may_be_there = judgement.offer == Offer::NotInstallable && installed != Some(Truth::False) && !target;
    // an update has packages of its own for other systems: only the one that the user means is refused for sure
    let of_another = target && !c.question.rules_given;
    if may_be_there || of_another {
        let given = c.question.rules_given;
        let mut finding = Finding::unknown(Cause::ApplicabilityRule, given, evidence, Vec::new());
        finding.advisory = !given;
        out.push(finding);
        return;
    }
    // the catalog's own findings of the same cause say less
    out.retain(|f| f.cause != cause || f.outcome == Outcome::Fail && f.certainty == Certainty::Confirmed);
    let words = c.identity.words.clone();
    let has_package = c.update.is_some_and(|u| !u.products().intersection(c.products()).is_empty());
    let remedy = match (target, has_package) {
        (true, true) => Remedy::TakePackageFor(words),
        (true, false) => Remedy::NoPackage(words),
        (false, _) => Remedy::Nothing,
    };
    let mut finding = Finding::fail(cause, Certainty::Confirmed, evidence).remedy(remedy);
    // the package that the user means is refused, whatever the catalog does not know of it
    finding.direct = c.question.rules_given && installed == Some(Truth::False);
    out.push(finding);
}
