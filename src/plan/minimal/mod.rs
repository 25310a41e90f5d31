//! The smallest changes under which an update applies, each verified by replay; or that there is none, and why.

mod counterpart;
mod fixes;

use super::simulate::{self, Change};
use crate::{
    catalog::Catalog,
    model::{Cause, Fact, Host, KbId, PackageState},
    resolve::{
        Prepared,
        identity::{self, Identity},
        question::{self, Finding, Question},
        statement::{Ask, Says},
        verdict::{Decision, Verdict},
    },
};
use std::collections::BTreeSet;

/// Sets that are given.
pub const SETS: usize = 16;
/// Changes that a set may have.
pub const SIZE: usize = 8;
/// Sets that are tried.
const TRIES: usize = 400;

/// One change of a set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fix {
    /// a change of the host
    Host(Change),
    /// the package of the same KB that is for this host, instead of the one that was tried
    OwnPackage,
}

/// One change of a set, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// the change
    pub fix: Fix,
    /// only if it is not there: the lists do not tell
    pub unless_present: bool,
    /// no source says what it needs
    pub unstated: bool,
}

/// Under which changes an update applies.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// it applies as it is
    Applies,
    /// it is there, or what replaces it is: nothing to gain
    Needless(Box<Finding>),
    /// no change of this host makes it applicable
    Never {
        /// why
        why: Box<Finding>,
        /// updates that are for this host what it is for others; empty if none is known
        counterparts: Vec<KbId>,
    },
    /// these sets of changes, smallest first; each in an order in which it can be made
    Sets(Vec<Vec<Made>>),
    /// what is not known stands in the way of any set
    Unknown {
        /// what is open
        why: Option<Box<Finding>>,
        /// what would settle it
        ask: Vec<Ask>,
    },
}

/// The smallest changes under which an update applies.
#[derive(Clone, Debug)]
pub struct Minimal {
    /// what was found
    pub outcome: Outcome,
    /// the update is taken not to be there: the lists do not tell
    pub assumed_absent: bool,
    /// no source says what the update needs: the sets are what is known
    pub unstated: bool,
    /// there may be further sets: the search was bounded
    pub cut: bool,
}

/// Finds them. What an error or a log tells of an attempt is of the past and takes no part.
pub fn minimal(catalog: &Catalog, host: &Host, question: &Question) -> Minimal {
    let plain = |outcome| Minimal { outcome, assumed_absent: false, unstated: false, cut: false };
    let Some(kb) = question.kb else { return plain(Outcome::Unknown { why: None, ask: Vec::new() }) };
    let was = decide(catalog, host, question);
    let question = Question { error: None, log: Vec::new(), ..question.clone() };
    let mut search =
        Search { catalog, question, kb, fixes: fixes::Fixes::new(catalog), tried: 0, unstated: false };
    let mut start = host.clone();
    let mut now = search.judge(&start, false);
    let mut assumed_absent = false;
    if now.verdict == Verdict::Unknown && is_there_open(&now) && !host.updates.contains_key(&kb) {
        let origin = simulate::named("counterfactual", "not there already");
        start.updates.insert(kb, Fact::new(PackageState::Absent, origin));
        now = search.judge(&start, false);
        assumed_absent = true;
    }
    let made = |outcome, cut| Minimal { outcome, assumed_absent, unstated: false, cut };
    let first = now.causes.first().cloned().map(Box::new);
    // an error or a log shows what the facts alone do not
    let shown = was.causes.iter().any(|f| f.outcome == question::Outcome::Fail);
    match (now.verdict, first) {
        (Verdict::Applicable, _) if !shown => made(Outcome::Applies, false),
        _ if is_unstated(&now) && !shown => Minimal { unstated: true, ..made(Outcome::Applies, false) },
        (Verdict::Applicable, _) => {
            let why = was.causes.first().cloned().map(Box::new);
            made(Outcome::Unknown { why, ask: was.ask }, false)
        }
        (Verdict::AlreadyInstalled, Some(why)) => made(Outcome::Needless(why), false),
        (_, Some(why)) if why.cause == Cause::Superseded && now.verdict == Verdict::NotApplicable => {
            made(Outcome::Needless(why), false)
        }
        _ => {
            let (sets, cut) = search.sets(&start);
            if !sets.is_empty() {
                let unstated = search.unstated;
                return Minimal { unstated, ..made(Outcome::Sets(sets), cut) };
            }
            match now.causes.first().cloned() {
                Some(why) if now.verdict != Verdict::Unknown && fixes::is_final(&why) => {
                    let counterparts = counterpart::counterparts(catalog, host, kb, &why);
                    made(Outcome::Never { why: Box::new(why), counterparts }, false)
                }
                why => made(Outcome::Unknown { why: why.map(Box::new), ask: now.ask }, cut),
            }
        }
    }
}

/// Nothing is open but what no source says: what the update needs.
fn is_unstated(d: &Decision) -> bool {
    d.verdict == Verdict::Unknown
        && d.causes.iter().all(|f| {
            f.cause == Cause::MissingPrerequisite && f.outcome == question::Outcome::Unknown && !f.open
        })
}

fn decide(catalog: &Catalog, host: &Host, question: &Question) -> Decision {
    let identity = identity::identify(catalog, host);
    Prepared::new(catalog, host, &identity).decide(question)
}

/// Is it there, or what replaces it?
fn is_needless(d: &Decision) -> bool {
    match d.verdict {
        Verdict::AlreadyInstalled => true,
        Verdict::NotApplicable => d.causes.first().is_some_and(|f| f.cause == Cause::Superseded),
        _ => false,
    }
}

/// Is it open whether the update, or what replaces it, is there?
fn is_there_open(d: &Decision) -> bool {
    d.causes.iter().any(|f| matches!(f.cause, Cause::AlreadyInstalled | Cause::Superseded))
        && d.causes.iter().flat_map(|f| &f.evidence).all(|e| !matches!(e.says, Says::RevisionUnknown { .. }))
}

struct Search<'a> {
    catalog: &'a Catalog,
    question: Question,
    kb: KbId,
    fixes: fixes::Fixes<'a>,
    tried: usize,
    unstated: bool,
}

/// What came of a set of changes.
enum Tried {
    /// the update applies; the changes in their order
    Applies(Vec<Made>),
    /// this stands in the way: of the update, or of those that are to be installed first
    Stuck { host: Box<Host>, of: Vec<(KbId, Decision)> },
}

impl Search<'_> {
    /// The verdict of the update; `own_package`: not of the package that was tried.
    fn judge(&self, host: &Host, own_package: bool) -> Decision {
        let mut question = self.question.clone();
        if own_package {
            question = Question { kb: question.kb, ..Question::default() };
        }
        decide(self.catalog, host, &question)
    }

    /// Sets of changes by size, each of which no change can be left out of; and whether there may be more.
    fn sets(&mut self, start: &Host) -> (Vec<Vec<Made>>, bool) {
        let mut found: Vec<(BTreeSet<Fix>, Vec<Made>)> = Vec::new();
        let mut seen: BTreeSet<BTreeSet<Fix>> = BTreeSet::new();
        let mut now: Vec<BTreeSet<Fix>> = vec![BTreeSet::new()];
        let mut cut = false;
        for size in 0..=SIZE {
            let mut next: Vec<BTreeSet<Fix>> = Vec::new();
            for set in now {
                if found.iter().any(|(f, _)| f.is_subset(&set)) {
                    continue;
                }
                if self.tried >= TRIES || found.len() >= SETS {
                    return (found.into_iter().map(|(_, made)| made).collect(), true);
                }
                match self.attempt(start, &set) {
                    Tried::Applies(made) => {
                        let (set, made) = self.without_needless(start, set, made);
                        if !found.iter().any(|(f, _)| f.is_subset(&set)) {
                            found.retain(|(f, _)| !set.is_subset(f));
                            found.push((set, made));
                        }
                    }
                    Tried::Stuck { host, of } => {
                        for fix in self.next_fixes(&set, &host, &of) {
                            let mut more = set.clone();
                            if more.insert(fix) && seen.insert(more.clone()) {
                                if size == SIZE {
                                    cut = true;
                                } else {
                                    next.push(more);
                                }
                            }
                        }
                    }
                }
            }
            now = next;
        }
        found.sort_by_key(|(set, _)| set.len());
        (found.into_iter().map(|(_, made)| made).collect(), cut)
    }

    /// What would help one of those that are stuck. One that waits for another of the set is helped by what helps that.
    fn next_fixes(&mut self, set: &BTreeSet<Fix>, host: &Host, stuck: &[(KbId, Decision)]) -> Vec<Fix> {
        let mut all = Vec::new();
        for (of, decision) in stuck {
            let fixes = self.fixes.of(host, *of, *of == self.kb, &self.question, decision);
            if !fixes.is_empty() && !fixes.iter().any(|f| set.contains(f)) {
                return fixes;
            }
            all.extend(fixes);
        }
        all
    }

    /// A set from which nothing can be taken.
    fn without_needless(
        &mut self,
        start: &Host,
        mut set: BTreeSet<Fix>,
        mut made: Vec<Made>,
    ) -> (BTreeSet<Fix>, Vec<Made>) {
        for fix in set.clone() {
            let mut less = set.clone();
            less.remove(&fix);
            if let Tried::Applies(m) = self.attempt(start, &less) {
                (set, made) = (less, m);
            }
        }
        (set, made)
    }

    /// Makes the changes one after the other, each update when the resolver finds it applicable; then asks again.
    fn attempt(&mut self, start: &Host, set: &BTreeSet<Fix>) -> Tried {
        self.tried += 1;
        let mut host = start.clone();
        let mut made = Vec::new();
        let mut updates: Vec<KbId> = Vec::new();
        // what is no update first: facts, features, what is to be removed
        for fix in set {
            match fix {
                Fix::Host(Change::Install(kb)) => updates.push(*kb),
                Fix::Host(change) => {
                    let origin = simulate::named("counterfactual", "changed");
                    match simulate::settled(self.catalog, &host, std::slice::from_ref(change), &origin) {
                        Ok(after) => host = after,
                        Err(_) => continue,
                    }
                    made.push(Made { fix: fix.clone(), unless_present: false, unstated: false });
                }
                Fix::OwnPackage => {
                    made.push(Made { fix: fix.clone(), unless_present: false, unstated: false })
                }
            }
        }
        while !updates.is_empty() {
            let identity = identity::identify(self.catalog, &host);
            let prepared = Prepared::new(self.catalog, &host, &identity);
            let mut stuck: Vec<(KbId, Decision)> = Vec::new();
            let mut goes: Option<(usize, (bool, bool))> = None;
            let mut needless: Option<usize> = None;
            for (at, kb) in updates.iter().enumerate() {
                let decision = prepared.decide(&Question { kb: Some(*kb), ..Question::default() });
                if let Some(how) = self.goes(&host, *kb, &decision) {
                    goes = Some((at, how));
                    break;
                }
                if is_needless(&decision) {
                    needless = Some(at);
                    break;
                }
                stuck.push((*kb, decision));
            }
            // something else of the set replaces it: it does without this one
            if let Some(at) = needless {
                updates.remove(at);
                continue;
            }
            let Some((at, (unless_present, unstated))) = goes else {
                return Tried::Stuck { host: Box::new(host), of: stuck };
            };
            let kb = updates.remove(at);
            let origin = simulate::named("counterfactual", &format!("{kb} installed"));
            match simulate::settled(self.catalog, &host, &[Change::Install(kb)], &origin) {
                Ok(after) => host = after,
                Err(_) => continue,
            }
            made.push(Made { fix: Fix::Host(Change::Install(kb)), unless_present, unstated });
        }
        let decision = self.judge(&host, set.contains(&Fix::OwnPackage));
        if decision.verdict == Verdict::Applicable || is_unstated(&decision) {
            self.unstated |= decision.verdict != Verdict::Applicable;
            return Tried::Applies(made);
        }
        Tried::Stuck { host: Box::new(host), of: vec![(self.kb, decision)] }
    }

    /// Can it be installed now? With whether it may be there already, and whether no source says what it needs.
    fn goes(&self, host: &Host, kb: KbId, decision: &Decision) -> Option<(bool, bool)> {
        let judged = |d: &Decision| {
            if d.verdict == Verdict::Applicable { Some(false) } else { is_unstated(d).then_some(true) }
        };
        if let Some(unstated) = judged(decision) {
            return Some((false, unstated));
        }
        // it is open whether it is there
        if decision.verdict != Verdict::Unknown || !is_there_open(decision) || host.updates.contains_key(&kb)
        {
            return None;
        }
        let mut absent = host.clone();
        let origin = simulate::named("counterfactual", "not there already");
        absent.updates.insert(kb, Fact::new(PackageState::Absent, origin));
        let again = decide(self.catalog, &absent, &Question { kb: Some(kb), ..Question::default() });
        judged(&again).map(|unstated| (true, unstated))
    }
}

/// The products that a host may be, for those below.
pub(super) fn identity_of(catalog: &Catalog, host: &Host) -> Identity {
    identity::identify(catalog, host)
}
