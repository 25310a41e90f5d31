//! What Windows Update's own rules say of the update.

use super::Context;
use crate::{
    applicability::{
        Clause, Concern, HostFacts, Judgement, NamedUpdate, Need, Offer, Operator, Outcome as Ruling,
        PrerequisiteClause, PrerequisiteOutcome, RuleDocument, SectionKind, evaluate, judge, packages,
        prerequisites,
    },
    metadata::UpdateType,
    model::{Cause, KbId, Origin, Requirement, Truth},
    resolve::{
        question::{Finding, Outcome, Remedy},
        statement::{Ask, Certainty, Evidence, Says},
    },
};
use std::collections::BTreeMap;

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
    let own = prerequisites(documents, &facts);
    let known = |guid: &str| state(c, &own, guid).0;
    // of several packages of one update the one that fits best counts
    let judged = packages(documents, &facts, &known);
    let best = judged.into_iter().max_by_key(|(_, j)| rank(j));
    let Some((document, judgement)) = best else {
        return without_rules(c, documents, &facts, &own, out);
    };
    let told = Told { c, document, judgement, facts: &facts, own: &own };
    match told.judgement.offer {
        Offer::Offered | Offer::OfferedIfPrerequisites => told.fits(out),
        Offer::Unknown | Offer::Holds | Offer::DoesNotHold => told.open(out),
        _ => told.refused(out),
    }
}

/// Is an update that prerequisites name on the host, and how sure is that? Windows Update asks its own rules; of an update
/// with a KB the host's lists tell too, where a later update stands in for it. Where both differ, nothing is known.
fn state(c: &Context<'_>, own: &BTreeMap<String, Truth>, guid: &str) -> (Truth, Certainty) {
    let by_rules = own.get(guid).copied().unwrap_or(Truth::Unknown);
    let listed = c.question.named.get(guid).and_then(|n| listed(c, n));
    match (by_rules, listed) {
        (Truth::Unknown, None) => (Truth::Unknown, Certainty::Possible),
        (Truth::Unknown, Some(listed)) => listed,
        (_, None | Some((Truth::Unknown, _))) => (by_rules, Certainty::Confirmed),
        (_, Some((listed, _))) if listed == by_rules => (by_rules, Certainty::Confirmed),
        _ => (Truth::Unknown, Certainty::Possible),
    }
}

/// What the host's lists tell of an update with a KB; several KBs must agree.
fn listed(c: &Context<'_>, named: &NamedUpdate) -> Option<(Truth, Certainty)> {
    if !matches!(named.kind, None | Some(UpdateType::Software)) {
        return None;
    }
    let mut all = named.kbs.iter().map(|kb| {
        let e = c.installed.meets(&Requirement::Update { kb: *kb, or_later: true }, None);
        (e.truth, e.certainty)
    });
    let first = all.next()?;
    let same = |(truth, certainty): (Truth, Certainty), other: (Truth, Certainty)| match truth == other.0 {
        true => (truth, certainty.min(other.1)),
        false => (Truth::Unknown, Certainty::Possible),
    };
    Some(all.fold(first, same))
}

/// The update is known by its prerequisites alone: they are judged, and decide nothing, since which of its packages is
/// the host's is not known. Those that are plainly updates are rules of the catalog as well.
fn without_rules(
    c: &Context<'_>,
    documents: &[RuleDocument],
    facts: &HostFacts<'_>,
    own: &BTreeMap<String, Truth>,
    out: &mut Vec<Finding>,
) {
    let known = |guid: &str| state(c, own, guid).0;
    let judged = documents.iter().filter(|d| !d.is_detection() && !d.prerequisites.is_empty());
    let judged = judged.map(|d| (d, judge(d, facts, &known)));
    let least = |j: &Judgement| j.prerequisites.iter().map(|p| p.truth).min().unwrap_or(Truth::True);
    let Some((document, judgement)) = judged.max_by_key(|(_, j)| least(j)) else { return };
    if least(&judgement) == Truth::True {
        return;
    }
    let told = Told { c, document, judgement, facts, own };
    let (evidence, ask) = told.lacking();
    let mut finding = Finding::unknown(Cause::MissingPrerequisite, false, evidence, ask);
    finding.advisory = true;
    out.push(finding);
}

/// How well a package fits: what is there, then what would be offered, then what is open; of those that are refused the
/// one that comes furthest.
fn rank(judgement: &Judgement) -> (u8, Cause) {
    let fit = match judgement.offer {
        Offer::Installed => 4,
        Offer::Offered => 3,
        Offer::OfferedIfPrerequisites => 2,
        Offer::Unknown => 1,
        _ => 0,
    };
    (fit, cause(judgement))
}

fn is_target(cause: Cause) -> bool {
    matches!(cause, Cause::WrongOs | Cause::WrongArchitecture | Cause::WrongEdition)
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

fn cause(judgement: &Judgement) -> Cause {
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

/// The package that fits best, and what its rules come to.
struct Told<'a> {
    c: &'a Context<'a>,
    document: &'a RuleDocument,
    judgement: Judgement,
    facts: &'a HostFacts<'a>,
    /// what rules tell of being there, by GUID
    own: &'a BTreeMap<String, Truth>,
}

impl Told<'_> {
    fn at(&self) -> Origin {
        Origin::line(&self.document.file, "applicability rules", self.document.line)
    }

    /// An update as people know it.
    fn name(&self, guid: &str) -> String {
        let named = self.c.question.named.get(guid);
        let title = named.and_then(|n| n.title.as_deref()).or_else(|| {
            let of_guid = |d: &&RuleDocument| d.update.as_deref() == Some(guid);
            self.c.question.rules.iter().find(of_guid)?.title.as_deref()
        });
        match (named.and_then(|n| n.kbs.first()), title) {
            (Some(kb), _) => kb.to_string(),
            (None, Some(title)) => format!("\"{title}\" ({guid})"),
            (None, None) => guid.to_owned(),
        }
    }

    /// Members of a clause as people know them, each once.
    fn names(&self, clause: &PrerequisiteClause) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for name in clause.any_of.iter().map(|guid| self.name(guid)) {
            if !out.contains(&name) {
                out.push(name);
            }
        }
        out
    }

    /// KBs of a clause, each once.
    fn kbs(&self, clause: &PrerequisiteClause) -> Vec<KbId> {
        let mut out: Vec<KbId> = Vec::new();
        for kb in clause.any_of.iter().filter_map(|guid| self.c.question.named.get(guid)?.kbs.first()) {
            if !out.contains(kb) {
                out.push(*kb);
            }
        }
        out
    }

    fn of_rules(&self) -> Evidence {
        let d = self.document;
        let what = d.title.clone().or_else(|| d.update.clone()).unwrap_or_else(|| "the update".into());
        Evidence::host(Says::RulesOf(what), &self.at())
    }

    /// Prerequisites that do not hold or are open, and what would settle the latter.
    fn lacking(&self) -> (Vec<Evidence>, Vec<Ask>) {
        let mut evidence = vec![self.of_rules()];
        let mut ask: Vec<Ask> = Vec::new();
        let mut updates: Vec<KbId> = Vec::new();
        for p in self.judgement.prerequisites.iter().filter(|p| p.truth != Truth::True).take(ASKED) {
            let names = self.names(&p.clause);
            let says = match p.truth {
                Truth::False => Says::RulePrerequisite(names),
                _ => Says::RulePrerequisiteOpen(names),
            };
            evidence.push(Evidence::host(says, &self.at()));
            if p.truth == Truth::Unknown {
                updates.extend(self.kbs(&p.clause));
                ask.extend(p.clause.any_of.iter().flat_map(|guid| self.needs(guid)).map(Ask::Rule));
            }
        }
        ask.truncate(ASKED);
        if !updates.is_empty() {
            updates.truncate(ASKED);
            ask.insert(0, Ask::Updates(updates));
        }
        // a probe of the system whose rules are not known
        let unread = |p: &&PrerequisiteOutcome| {
            let unread = |guid: &String| {
                let kbs = self.c.question.named.get(guid).is_some_and(|n| !n.kbs.is_empty());
                !kbs && !self.own.contains_key(guid)
            };
            p.truth == Truth::Unknown && p.clause.any_of.iter().any(unread)
        };
        if let Some(kb) = self.c.question.kb
            && self.judgement.prerequisites.iter().any(|p| unread(&p))
        {
            ask.push(Ask::RulesOf(kb));
        }
        ask.dedup();
        (evidence, ask)
    }

    /// Facts that a detectoid's rules lack.
    fn needs(&self, guid: &str) -> Vec<Need> {
        let of_guid = |d: &&RuleDocument| d.update.as_deref() == Some(guid);
        let document = self.c.question.rules.iter().find(of_guid);
        let section = document.and_then(|d| Some((d, d.installed.as_ref()?)));
        section.map_or_else(Vec::new, |(d, s)| evaluate(s, d, self.facts).needs)
    }

    /// Which rules they are, and what the most telling of them asks and found.
    fn evidence(&self) -> Vec<Evidence> {
        let (document, judgement, at) = (self.document, &self.judgement, self.at());
        let mut out = vec![self.of_rules()];
        if let Some(missing) = self.missing() {
            out.push(Evidence::host(Says::RulePrerequisite(self.names(&missing.clause)), &at));
            out.extend(self.probed(&missing.clause).map(|(_, evidence)| evidence));
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

    /// The prerequisite that does not hold, where that decides: one that shows a wrong target, then an update to install.
    fn missing(&self) -> Option<&PrerequisiteOutcome> {
        if self.judgement.offer != Offer::PrerequisiteMissing {
            return None;
        }
        let lacking = self.judgement.prerequisites.iter().filter(|p| p.truth == Truth::False);
        lacking.min_by_key(|p| {
            let target = self.probed(&p.clause).is_some_and(|(cause, _)| cause != Cause::MissingPrerequisite);
            (!target, self.kbs(&p.clause).is_empty())
        })
    }

    /// The cause that an unmet clause of probes alone shows, and what the first of them looked at.
    fn probed(&self, clause: &PrerequisiteClause) -> Option<(Cause, Evidence)> {
        let document = |guid: &String| {
            let of_guid = |d: &&RuleDocument| d.update.as_ref() == Some(guid) && d.is_detection();
            self.c.question.rules.iter().find(of_guid)
        };
        let probes: Option<Vec<&RuleDocument>> = clause.any_of.iter().map(document).collect();
        let mut all = probes?.into_iter().map(|d| {
            let section = d.installed.as_ref()?;
            let ruling = evaluate(section, d, self.facts);
            let clause = telling(&ruling)?;
            let operator = section.nodes.get(clause.node)?;
            let says = Says::RuleAsks {
                section: SectionKind::IsInstalled,
                any_of: vec![(operator.operator.clone(), operator.written.clone())],
                negated: clause.negated,
                host: clause.observed.as_ref().map(|o| o.value.clone()),
            };
            let at = Origin::line(&d.file, "applicability rules", d.line);
            let origin = clause.observed.as_ref().map_or(&at, |o| &o.origin);
            let cause = match (ruling.truth, cause_of(clause.concern)) {
                (Truth::False, cause) if is_target(cause) => cause,
                _ => Cause::MissingPrerequisite,
            };
            Some((cause, Evidence::host(says, origin)))
        });
        let (first, evidence) = all.next()??;
        let same = all.all(|other| other.is_some_and(|(cause, _)| cause == first));
        Some((if same { first } else { Cause::MissingPrerequisite }, evidence))
    }

    fn cause(&self) -> Cause {
        let missing = self.missing().and_then(|p| self.probed(&p.clause));
        missing.map_or_else(|| cause(&self.judgement), |(cause, _)| cause)
    }

    /// It fits. What the catalog only infers of the target gives way to what the rules looked at.
    fn fits(&self, out: &mut Vec<Finding>) {
        let (c, judgement) = (self.c, &self.judgement);
        let evidence = self.evidence();
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
            let (open, ask) = self.lacking();
            let evidence = evidence.into_iter().chain(open.into_iter().skip(1)).collect();
            let mut finding = Finding::unknown(Cause::ApplicabilityRule, false, evidence, ask);
            finding.advisory = true;
            out.push(finding);
        }
    }

    /// Rules that the user gave keep the answer open; those of the cache are only shown.
    fn open(&self, out: &mut Vec<Finding>) {
        let (c, judgement) = (self.c, &self.judgement);
        let sections = [&judgement.installed, &judgement.superseded, &judgement.installable];
        let undecided = sections.into_iter().flatten().filter(|o| o.truth == Truth::Unknown);
        let ask = undecided.flat_map(|o| &o.needs).take(ASKED).map(|n| Ask::Rule(n.clone())).collect();
        // of a package file servicing's own manifest tells more
        let given = c.question.rules_given && c.question.content.is_none();
        let mut finding = Finding::unknown(Cause::ApplicabilityRule, given, self.evidence(), ask);
        finding.advisory = !given;
        out.push(finding);
    }

    fn refused(&self, out: &mut Vec<Finding>) {
        let (c, judgement) = (self.c, &self.judgement);
        let cause = self.cause();
        let evidence = self.evidence();
        let target = is_target(cause);
        let installed = judgement.installed.as_ref().map(|o| o.truth);
        // what does not fit may be there, unless the rules say that it is not, or it is for another system
        let may_be_there =
            judgement.offer == Offer::NotInstallable && installed != Some(Truth::False) && !target;
        // an update has packages of its own for other systems: only the one that the user means is refused for sure
        let of_another = target && !c.question.rules_given;
        // whether that package is the host's at all is open
        let missing = self.missing();
        let probes_hold = |p: &PrerequisiteOutcome| p.truth == Truth::True || !self.kbs(&p.clause).is_empty();
        let fits = judgement.installable.as_ref().is_some_and(|o| o.truth == Truth::True)
            && judgement.prerequisites.iter().all(probes_hold);
        let of_which = missing.is_some() && !fits && !c.question.rules_given;
        if may_be_there || of_another || of_which {
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
        let updates = missing.map(|p| self.kbs(&p.clause)).unwrap_or_default();
        // a clause is as sure as the least sure of its members
        let of_member = |guid: &String| state(c, self.own, guid).1;
        let certainty = missing.and_then(|p| p.clause.any_of.iter().map(of_member).min());
        let certainty = certainty.unwrap_or(Certainty::Confirmed);
        let remedy = if updates.is_empty() { remedy } else { Remedy::InstallFirst(vec![updates.clone()]) };
        let mut finding = Finding::fail(cause, certainty, evidence).naming(updates).remedy(remedy);
        // the package that the user means is refused, whatever the catalog does not know of it
        finding.direct = c.question.rules_given && installed == Some(Truth::False);
        out.push(finding);
    }
}
