//! What is worth knowing of a plan.

use super::{Made, Maker, blocked::updates_of};
use crate::{
    model::{Cause, KbId, UpdateKind},
    plan::{Change, GoalState, Remark, Replayed, Step, graph::Graph, solve::Solution},
    resolve::{statement::Ask, verdict::Verdict},
};
use std::collections::{BTreeMap, BTreeSet};

/// Circles of updates that are told of.
const MOST_CIRCLES: usize = 8;

impl Maker<'_> {
    pub(super) fn finish(
        &mut self,
        graph: &Graph,
        s: &Solution,
        steps: Vec<Step>,
        replay: Vec<Replayed>,
        contained: &BTreeSet<KbId>,
    ) -> Made {
        let optimal = s.optimal && !graph.cut;
        if !optimal {
            self.remarks.push(Remark::GaveUp(s.explored));
        }
        self.circles(graph, &steps);
        for (step, done) in steps.iter().zip(&replay) {
            let Change::Install(kb) = step.change else { continue };
            if done.verdict != Some(Verdict::Unknown) {
                continue;
            }
            // a log tells nothing before it is tried
            let told = |a: &&Ask| !matches!(a, Ask::ServicingLog | Ask::RulesOf(_));
            let asks: Vec<Ask> = done.asks.iter().filter(told).cloned().collect();
            self.add_asks(&asks);
            let open = done.finding.as_ref().is_none_or(|f| f.cause == Cause::MissingPrerequisite);
            let named = step.because.iter().any(|b| updates_of(&b.clause).contains(&kb));
            if step.only_if.is_none() && open && !named {
                self.remarks.push(Remark::Unstated(kb));
            }
        }
        let chosen: BTreeSet<KbId> = steps
            .iter()
            .filter_map(|s| match s.change {
                Change::Install(kb) => Some(kb),
                _ => None,
            })
            .collect();
        // what was to carry it is not in the plan after all
        for (kb, goal) in &mut self.goals {
            if goal.state == GoalState::Contained && chosen.contains(kb) {
                (goal.state, goal.by) = (GoalState::Install, Vec::new());
            }
        }
        for kb in contained {
            if let Some(goal) = self.goals.get_mut(kb)
                && !chosen.contains(kb)
            {
                goal.by.retain(|b| chosen.contains(b));
            }
        }
        for kb in &graph.withdrawn {
            self.remarks.push(Remark::AvoidedWithdrawn(*kb));
        }
        self.checkpoints(&steps);
        Made { steps, replay, optimal }
    }

    /// Checkpoints are found by DISM in the folder of their target.
    fn checkpoints(&mut self, steps: &[Step]) {
        let kind = |s: &Step| match s.change {
            Change::Install(kb) => self.catalog.update(kb).map(|u| (kb, u.kind)),
            _ => None,
        };
        let mut found: Vec<Remark> = Vec::new();
        for (i, s) in steps.iter().enumerate() {
            let Some((target, k)) = kind(s) else { continue };
            if !k.is_cumulative() {
                continue;
            }
            let checkpoints: Vec<KbId> = steps[..i]
                .iter()
                .filter_map(kind)
                .filter(|(_, k)| *k == UpdateKind::Checkpoint)
                .map(|(kb, _)| kb)
                .collect();
            if !checkpoints.is_empty() {
                found.push(Remark::CheckpointFolder { target, checkpoints });
            }
        }
        self.remarks.extend(found);
    }

    /// Updates that meet each other's needs in a circle: which need was met from outside.
    fn circles(&mut self, graph: &Graph, steps: &[Step]) {
        let place: BTreeMap<&Change, usize> = steps.iter().enumerate().map(|(i, s)| (&s.change, i)).collect();
        let number: BTreeMap<&Change, usize> =
            graph.changes.iter().enumerate().map(|(n, c)| (c, n)).collect();
        let mut found: Vec<Remark> = Vec::new();
        let mut looked = 0;
        for (i, s) in steps.iter().enumerate() {
            if looked > MOST_CIRCLES * 16 || found.len() >= MOST_CIRCLES {
                break;
            }
            let Change::Install(needs) = s.change else { continue };
            let Some(own) = number.get(&s.change) else { continue };
            for c in &graph.problem.nodes[*own].clauses {
                let members = &graph.problem.clauses[*c as usize];
                let places: Vec<usize> =
                    members.iter().filter_map(|m| place.get(&graph.changes[*m as usize])).copied().collect();
                let Some(by) = places.iter().min().filter(|p| **p < i) else { continue };
                // a member that comes later and needs this one
                for later in places.iter().filter(|p| **p > i).take(MOST_CIRCLES) {
                    looked += 1;
                    let Some(circle) = way(steps, *later, i) else { continue };
                    let circle: Vec<KbId> = circle
                        .into_iter()
                        .filter_map(|p| match steps[p].change {
                            Change::Install(kb) => Some(kb),
                            _ => None,
                        })
                        .collect();
                    let remark = Remark::Cycle { circle, needs, by: steps[*by].change.clone() };
                    if !found.contains(&remark) {
                        found.push(remark);
                    }
                }
            }
        }
        found.truncate(MOST_CIRCLES);
        self.remarks.extend(found);
    }
}

/// Steps from one back to another over what must come before.
fn way(steps: &[Step], from: usize, to: usize) -> Option<Vec<usize>> {
    let successors = |n: usize| steps[n].after.iter().map(|a| (*a, ())).collect::<Vec<_>>();
    crate::graph::shortest_chain(from, 10_000, successors, |n| n == to).map(|(chain, _)| chain)
}
