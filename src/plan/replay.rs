//! The resolver judges every step of a plan when its turn comes, and the goals in the end.

use super::{
    Change,
    simulate::{self, change_in_place},
};
use crate::{
    catalog::Catalog,
    model::{Cause, Host, KbId},
    resolve::{
        Prepared,
        installed::Memo,
        question::{Finding, Outcome, Question},
        statement::Ask,
        verdict::Verdict,
    },
};

/// One step as it was found when its turn came.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// the step, counted from 0
    pub step: usize,
    /// what the resolver said of the update; `None` for a step that is no installation
    pub verdict: Option<Verdict>,
    /// the decisive cause, or the first candidate of an unknown
    pub finding: Option<Finding>,
    /// what an unknown asks for
    pub asks: Vec<Ask>,
}

/// A step that the resolver refuses, or a goal that is not there in the end.
#[derive(Clone, Debug)]
pub struct Refused {
    /// the step, counted from 0; `None` for a goal in the end
    pub step: Option<usize>,
    /// the update
    pub kb: KbId,
    /// why; `None` if the simulation itself failed
    pub finding: Option<Box<Finding>>,
    /// goals that are not there in the end; empty for a step
    pub lacking: Vec<KbId>,
    /// the host at that moment
    pub host: Box<Host>,
}

fn asked(kb: KbId) -> Question {
    Question { kb: Some(kb), ..Question::default() }
}

/// Replays steps on a host: each with whether a restart follows it. In the end every goal must be there, or contained in
/// what is there.
///
/// # Errors
/// The first step that the resolver refuses, or a goal that is not there in the end.
pub fn replay(
    catalog: &Catalog,
    host: &Host,
    steps: &[(Change, bool)],
    goals: &[KbId],
) -> Result<Vec<Replayed>, Refused> {
    let mut now = host.clone();
    let mut memo = Memo::default();
    let mut out = Vec::with_capacity(steps.len());
    for (at, (change, restart)) in steps.iter().enumerate() {
        let mut done = Replayed { step: at, verdict: None, finding: None, asks: Vec::new() };
        let identity = memo.identify(catalog, &now);
        if let Change::Install(kb) = change {
            // the same decision as of `explain`; what is derived of the host is kept from step to step
            let decision = Prepared::with(catalog, &now, &identity, &mut memo).decide(&asked(*kb));
            let finding = decision.causes.first().cloned();
            if !matches!(decision.verdict, Verdict::Applicable | Verdict::Unknown) {
                return Err(Refused {
                    step: Some(at),
                    kb: *kb,
                    finding: finding.map(Box::new),
                    lacking: Vec::new(),
                    host: Box::new(now),
                });
            }
            done.verdict = Some(decision.verdict);
            done.finding = finding;
            done.asks = decision.ask;
        }
        let origin = simulate::step(at + 1);
        let mut changed = change_in_place(catalog, &mut now, &identity, change, &origin).is_ok();
        if *restart && *change != Change::Restart {
            let identity = memo.identify(catalog, &now);
            changed &= change_in_place(catalog, &mut now, &identity, &Change::Restart, &origin).is_ok();
        }
        if !changed {
            let kb = match change {
                Change::Install(kb) | Change::Remove(kb) => *kb,
                _ => KbId::LEAST,
            };
            return Err(Refused {
                step: Some(at),
                kb,
                finding: None,
                lacking: Vec::new(),
                host: Box::new(now),
            });
        }
        out.push(done);
    }
    let identity = memo.identify(catalog, &now);
    let end = Prepared::with(catalog, &now, &identity, &mut memo);
    let mut lacking = goals.iter().filter_map(|kb| {
        let decision = end.decide(&asked(*kb));
        let superseded = |f: &Finding| f.cause == Cause::Superseded && f.outcome == Outcome::Fail;
        let there = decision.verdict == Verdict::AlreadyInstalled
            || decision.causes.iter().any(|f| superseded(f) && !f.updates.is_empty())
            || decision.verdict == Verdict::NotApplicable && decision.causes.first().is_some_and(superseded);
        (!there).then(|| (*kb, decision.causes.first().cloned()))
    });
    let Some((kb, finding)) = lacking.next() else { return Ok(out) };
    let lacking = std::iter::once(kb).chain(lacking.map(|(kb, _)| kb)).collect();
    Err(Refused { step: None, kb, finding: finding.map(Box::new), lacking, host: Box::new(now) })
}
