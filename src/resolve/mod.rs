//! From a question, a host and a catalog to an answer. Pure: no I/O, no clock, no wording.

pub mod checks;
pub mod identity;
pub mod installed;
pub mod question;
pub mod requirement;
pub mod statement;
pub mod verdict;

use crate::{
    catalog::Catalog,
    model::{Cause, Host, KbId, Standing},
};
use checks::Context;
use identity::Identity;
use installed::{Installed, Memo};
use question::{Finding, Outcome, Question};
use std::collections::BTreeSet;
use verdict::Decision;

/// The answer to a question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// the update that was asked about
    pub kb: Option<KbId>,
    /// the host as identified
    pub identity: Identity,
    /// verdict, causes, what would settle it
    pub decision: Decision,
    /// every check, in the order in which causes are decisive
    pub findings: Vec<Finding>,
    /// updates on the host that supersede it
    pub superseded_by: Vec<KbId>,
    /// for an update that the catalog does not know: what may have been meant
    pub did_you_mean: Vec<KbId>,
}

/// Why is the update refused on this host? Without a KB in the question: what do the error, the log and the host's
/// state show?
///
/// ```
/// use kbwhy::{catalog::Catalog, model::Host, resolve::{explain, question::Question, verdict::Verdict}};
/// let question = Question { kb: "KB2919355".parse().ok(), ..Question::default() };
/// // of a host of which nothing is known, nothing is claimed
/// let answer = explain(Catalog::embedded(), &Host::default(), &question);
/// assert_eq!(answer.decision.verdict, Verdict::Unknown);
/// ```
pub fn explain(catalog: &Catalog, host: &Host, question: &Question) -> Answer {
    explain_with(catalog, host, question, &mut Memo::default())
}

/// [`explain`] for many questions to one catalog: what follows from the catalog alone is kept in between.
pub fn explain_with(catalog: &Catalog, host: &Host, question: &Question, memo: &mut Memo) -> Answer {
    let told = checks::host_of_log(host, question);
    let host = told.as_ref().unwrap_or(host);
    let identity = memo.identify(catalog, host);
    Prepared::with(catalog, host, &identity, memo).explain(question)
}

/// A host that is identified and of which what is on it is derived: for many questions about one host.
pub struct Prepared<'a> {
    catalog: &'a Catalog,
    host: &'a Host,
    identity: &'a Identity,
    installed: Installed<'a>,
}

impl<'a> Prepared<'a> {
    /// Derives what is on the host; `identity` is what [`identity::identify`] gives for it.
    pub fn new(catalog: &'a Catalog, host: &'a Host, identity: &'a Identity) -> Self {
        Self::with(catalog, host, identity, &mut Memo::default())
    }

    /// The same; what follows from the catalog alone is kept in `memo`.
    pub fn with(catalog: &'a Catalog, host: &'a Host, identity: &'a Identity, memo: &mut Memo) -> Self {
        Self { catalog, host, identity, installed: Installed::derive_with(catalog, host, identity, memo) }
    }

    /// What is on the host.
    pub fn installed(&self) -> &Installed<'a> {
        &self.installed
    }

    /// The verdict of [`Self::explain`], without the way out.
    pub fn decide(&self, question: &Question) -> Decision {
        self.judge(question, |_, _, decision| decision)
    }

    /// Every check, and what decides.
    fn judge<T>(
        &self,
        question: &Question,
        then: impl FnOnce(&Context<'_>, Vec<Finding>, Decision) -> T,
    ) -> T {
        let Self { catalog, host, identity, installed } = self;
        let update = question.kb.and_then(|kb| catalog.update(kb));
        let mut rules: Vec<_> = question
            .kb
            .map(|kb| catalog.rules(kb))
            .unwrap_or_default()
            .into_iter()
            .filter(|r| r.standing != Standing::Unverified || !r.requires.is_empty())
            .filter(|r| {
                identity.products.is_empty() || !r.products.intersection(identity.products).is_empty()
            })
            .collect();
        rules.sort_by_key(|r| (r.standing, r.from_class, r.evidence, r.id));
        let (counts, before) = checks::counting(catalog, question);
        // what an installation ended with is its error
        let with_error = checks::error_in_log(question, &counts);
        let question = with_error.as_ref().unwrap_or(question);
        let context = Context {
            catalog,
            host,
            identity,
            installed,
            question,
            log: counts,
            log_before: before,
            update: update.as_ref(),
            rules: &rules,
        };
        let findings = checks::run(&context);
        // an update that the catalog does not know may be known by its rules
        let ruled = |f: &Finding| f.cause == Cause::ApplicabilityRule && f.outcome == Outcome::Pass;
        let known = update.is_some() || findings.iter().any(ruled);
        let decision = verdict::decide(&findings, question, known);
        then(&context, findings, decision)
    }

    /// The answer to a question; see [`explain`].
    pub fn explain(&self, question: &Question) -> Answer {
        self.judge(question, |context, findings, decision| {
            let superseded_by = decision
                .causes
                .iter()
                .filter(|f| f.cause == Cause::Superseded && f.outcome == Outcome::Fail)
                .flat_map(|f| f.updates.iter().copied())
                .collect();
            let did_you_mean = match (question.kb, context.update.is_some()) {
                (Some(kb), false) => near(self.catalog, self.identity, kb),
                _ => Vec::new(),
            };
            Answer {
                kb: question.kb,
                identity: self.identity.clone(),
                decision,
                findings,
                superseded_by,
                did_you_mean,
            }
        })
    }
}

/// Updates whose number differs by one misprint: a digit replaced, left out, added, or two neighbours swapped.
pub(crate) fn misprints(catalog: &Catalog, kb: KbId) -> impl Iterator<Item = KbId> {
    // looked up one by one: there are some 200 of them, and tens of thousands of updates
    let numbers = one_off(kb.number()).into_iter().filter_map(KbId::new);
    numbers.filter(|other| catalog.update(*other).is_some())
}

/// Numbers that differ from this one by one misprint, ascending.
fn one_off(number: u32) -> BTreeSet<u32> {
    let digits: Vec<u8> = number.to_string().into_bytes();
    let mut out: BTreeSet<u32> = BTreeSet::new();
    let mut add = |d: &[u8]| {
        // a number has no leading zero
        let text = std::str::from_utf8(d).ok().filter(|t| !t.starts_with('0'));
        out.extend(text.and_then(|t| t.parse::<u32>().ok()));
    };
    for at in 0..=digits.len() {
        for digit in b'0'..=b'9' {
            let mut longer = digits.clone();
            longer.insert(at, digit);
            add(&longer);
            if at < digits.len() {
                let mut other = digits.clone();
                other[at] = digit;
                add(&other);
            }
        }
        if at < digits.len() {
            let mut shorter = digits.clone();
            shorter.remove(at);
            add(&shorter);
        }
        if at + 1 < digits.len() {
            let mut swapped = digits.clone();
            swapped.swap(at, at + 1);
            add(&swapped);
        }
    }
    out.remove(&number);
    out
}

/// Updates that may have been meant by an unknown one: those for the host's product first.
fn near(catalog: &Catalog, identity: &Identity, kb: KbId) -> Vec<KbId> {
    let mut out: Vec<(bool, KbId)> = misprints(catalog, kb)
        .map(|other| {
            let here = catalog
                .update(other)
                .is_some_and(|u| !u.products().intersection(identity.products).is_empty());
            (!here, other)
        })
        .collect();
    out.sort_unstable();
    if out.iter().any(|(elsewhere, _)| !elsewhere) {
        out.retain(|(elsewhere, _)| !elsewhere);
    }
    // the rules that people quote most are about few updates: those come before the rest
    let required = |kb: &KbId| !catalog.rules(*kb).is_empty();
    out.sort_by_key(|(elsewhere, kb)| (*elsewhere, !required(kb), *kb));
    out.into_iter().map(|(_, kb)| kb).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misprints_are_the_numbers_at_distance_one() {
        let near = one_off(31_721);
        let by_distance: BTreeSet<u32> =
            (1..1_000_000).filter(|n| strsim::osa_distance(&n.to_string(), "31721") == 1).collect();
        assert_eq!(near, by_distance);
    }
}
