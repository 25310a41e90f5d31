//! Which findings still hold at the end: older problems that were overcome later decide nothing.

use super::super::log::{LogEvidence, LogFinding, LogStanding};
use super::LogRead;
use super::gather::{Gathered, Seen};
use super::kind::Kind;
use super::text::Package;
use crate::model::{Location, Origin};
use std::sync::Arc;

/// Findings that are given at most.
const MOST: usize = 400;

/// Judges what was found in the logs of one machine: logs of one kind continue each other, by their dates. The findings
/// come in the order of the logs.
pub fn settle(logs: &[LogRead]) -> Vec<LogEvidence> {
    let mut out = Vec::new();
    for kind in Kind::ALL {
        let mut of_kind: Vec<(&Arc<str>, &Gathered)> = logs
            .iter()
            .flat_map(|log| log.parts.iter().map(move |(k, found)| (*k, &log.input, found)))
            .filter(|(k, ..)| *k == kind)
            .map(|(_, input, found)| (input, found))
            .collect();
        // stable: what has no dates stays in the order in which it was given
        of_kind.sort_by(|a, b| a.1.first.cmp(&b.1.first));
        settle_kind(kind, &of_kind, &mut out);
    }
    let over = out.len().saturating_sub(MOST);
    out.drain(..over);
    out
}

/// Where something stands: the number of the log, and its place in it.
type Place = (usize, u32);

fn settle_kind(kind: Kind, logs: &[(&Arc<str>, &Gathered)], out: &mut Vec<LogEvidence>) {
    let found: Vec<Vec<Seen>> = logs.iter().map(|(_, g)| g.found()).collect();
    let last_log = logs.len().saturating_sub(1);
    for (at, seen) in found.into_iter().enumerate() {
        for s in seen {
            let place = (at, s.order);
            let (input, of) = &logs[at];
            let standing = if overcome(logs, &s, place) {
                LogStanding::Overcome
            } else if at == last_log && s.run == of.run {
                LogStanding::Current
            } else {
                LogStanding::Earlier
            };
            let last_attempt = s.attempt.key().is_none_or(|key| {
                of.attempted.get(&key).is_none_or(|run| *run == s.run)
                    && !logs.iter().skip(at + 1).any(|(_, g)| g.attempted.contains_key(&key))
            });
            let origin =
                Origin { input: Arc::clone(*input), format: kind.format(), at: Location::Line(s.line) };
            let attempt = (s.attempt.kb, s.attempt.rollup());
            out.push(LogEvidence { value: s.finding, origin, text: s.text, standing, attempt, last_attempt });
        }
    }
}

/// Do later lines show that it does not hold any more?
fn overcome(logs: &[(&Arc<str>, &Gathered)], seen: &Seen, place: Place) -> bool {
    let later = |find: &dyn Fn(&Gathered) -> Option<u32>| {
        logs.iter().enumerate().any(|(at, (_, g))| find(g).is_some_and(|line| (at, line) > place))
    };
    let done = |package: &Package| package.key().is_some_and(|key| later(&|g| g.done.get(&key).copied()));
    let (kb, version) = seen.finding.package();
    let own = Package { kb, version, ..Package::default() };
    if done(&own) || own.key().is_none() && done(&seen.attempt) {
        return true;
    }
    match &seen.finding {
        LogFinding::StackRequired { required, .. } => {
            later(&|g| g.stack.filter(|(v, _)| v >= required).map(|(_, line)| line))
        }
        LogFinding::ParentMissing { parent: Some(parent), .. } => done(&Package::of_kb(*parent)),
        LogFinding::RestartPending | LogFinding::RestartRequired => later(&|g| g.restarted),
        f if f.of_store() => later(&|g| g.sound),
        _ => false,
    }
}
