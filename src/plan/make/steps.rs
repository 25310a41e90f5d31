//! Steps in order, with their restarts, conditions and reasons.

use super::{Maker, blocked::updates_of};
use crate::{
    model::{Build, Requirement, Truth},
    plan::{
        Because, Change, Condition, Holds, Step,
        graph::{Graph, Need},
        simulate::asks_restart,
        solve::Solution,
    },
    resolve::{installed::Installed, statement::Ask},
};
use std::collections::{BTreeMap, BTreeSet};

impl Maker<'_> {
    /// Steps in order, with their restarts, conditions and reasons.
    pub(super) fn steps(&mut self, installed: &Installed<'_>, graph: &Graph, s: &Solution) -> Vec<Step> {
        let clean_first = |stage: &[u32]| self.clean_first(graph, stage);
        let stages: Vec<Vec<u32>> = s.schedule.stages.iter().map(|st| clean_first(st)).collect();
        let order: Vec<u32> = stages.iter().flatten().copied().collect();
        let place: BTreeMap<u32, usize> = order.iter().enumerate().map(|(i, n)| (*n, i)).collect();
        let mut steps: Vec<Step> = Vec::with_capacity(order.len());
        for (number, stage) in stages.iter().enumerate() {
            let waits = stage.iter().any(|n| graph.problem.nodes[*n as usize].waits);
            for (i, n) in stage.iter().enumerate() {
                let change = graph.changes[*n as usize].clone();
                let goal = matches!(&change, Change::Install(kb) if self.goals.contains_key(kb));
                steps.push(Step {
                    asks_restart: match &change {
                        Change::Install(_) if self.image => Some(false),
                        Change::Install(kb) => asks_restart(self.catalog, *kb),
                        Change::Remove(_) => (!self.image).then_some(true),
                        _ => Some(false),
                    },
                    change,
                    restart: waits && i + 1 == stage.len(),
                    stage: number as u32 + 1,
                    after: Vec::new(),
                    because: Vec::new(),
                    goal,
                    only_if: None,
                });
            }
        }
        // who gives what to whom: the earliest chosen member meets a need
        let mut uses: Vec<Vec<(usize, u32)>> = vec![Vec::new(); steps.len()];
        for (i, n) in order.iter().enumerate() {
            for c in &graph.problem.nodes[*n as usize].clauses {
                let members = graph.problem.clauses[*c as usize].iter();
                let Some(by) = members.filter_map(|m| place.get(m)).min().copied().filter(|p| *p < i) else {
                    continue;
                };
                steps[i].after.push(by);
                uses[by].push((i, *c));
            }
        }
        for (a, b) in graph.problem.before.iter().chain(&graph.problem.effective_before) {
            if let (Some(x), Some(y)) = (place.get(a), place.get(b))
                && x < y
            {
                steps[*y].after.push(*x);
            }
        }
        reduce(&mut steps);
        self.conditions(installed, graph, &uses, &mut steps);
        for (by, uses) in uses.iter().enumerate() {
            for (i, c) in uses {
                let need = &graph.needs[*c as usize];
                let Change::Install(needed_by) = steps[*i].change else { continue };
                steps[by].because.push(Because {
                    needed_by,
                    clause: need.clause.clone(),
                    why: need.why.clone(),
                    evidence: need.evidence.clone(),
                });
            }
        }
        steps
    }

    /// What must not be installed while a restart is pending comes first in its stage.
    fn clean_first(&self, graph: &Graph, stage: &[u32]) -> Vec<u32> {
        let clean = |n: &u32| match &graph.changes[*n as usize] {
            Change::Install(kb) => {
                self.catalog.rules(*kb).iter().any(|r| r.excludes.contains(&Requirement::RestartPending))
            }
            _ => false,
        };
        let inside: BTreeSet<u32> = stage.iter().copied().collect();
        if !stage.iter().any(clean) {
            return stage.to_vec();
        }
        let before = graph.problem.before.iter().chain(&graph.problem.effective_before);
        let held: BTreeSet<u32> = before.filter(|(a, _)| inside.contains(a)).map(|(_, b)| *b).collect();
        let free = |n: &u32| {
            !held.contains(n)
                && graph.problem.nodes[*n as usize]
                    .clauses
                    .iter()
                    .all(|c| !graph.problem.clauses[*c as usize].iter().any(|m| inside.contains(m)))
        };
        let (first, rest): (Vec<u32>, Vec<u32>) = stage.iter().partition(|n| clean(n) && free(n));
        first.into_iter().chain(rest).collect()
    }

    /// A step is conditional if all that need it may be met without it, or are conditional themselves.
    fn conditions(
        &mut self,
        installed: &Installed<'_>,
        graph: &Graph,
        uses: &[Vec<(usize, u32)>],
        steps: &mut [Step],
    ) {
        for i in (0..steps.len()).rev() {
            if steps[i].goal {
                steps[i].only_if = self.goal_condition(installed, &steps[i].change);
                continue;
            }
            let mut condition = None;
            let mut firm = uses[i].is_empty();
            for (user, c) in &uses[i] {
                let need = &graph.needs[*c as usize];
                if need.truth == Truth::Unknown {
                    condition = condition.or_else(|| Some(self.condition(installed, &steps[i].change, need)));
                } else if let Some(of_user) = steps[*user].only_if.clone().filter(|_| !steps[*user].goal) {
                    condition = condition.or(Some(of_user));
                } else {
                    firm = true;
                }
            }
            if !firm {
                steps[i].only_if = condition;
            }
        }
        let asks: Vec<Ask> = steps.iter().filter_map(|s| s.only_if.as_ref()).map(|c| c.ask.clone()).collect();
        self.add_asks(&asks);
    }

    fn condition(&self, installed: &Installed<'_>, change: &Change, need: &Need) -> Condition {
        let ask = need.ask.first().cloned();
        // the rule itself holds only under a condition
        if let Some(when) = &need.when {
            return Condition { holds: Holds::Has(when.clone()), ask: ask.unwrap_or(Ask::Packages) };
        }
        let bound = need.clause.0.iter().find_map(|r| match r {
            Requirement::BuildAtLeast(b) if Some(b.build) == self.identity.build => Some(*b),
            _ => None,
        });
        if let Some(b) = bound.filter(|_| installed.revision().is_none()) {
            let below = Build { major: 10, minor: 0, build: b.build, revision: b.revision };
            return Condition { holds: Holds::Below(below), ask: Ask::Revision };
        }
        match change {
            Change::Install(kb) if !updates_of(&need.clause).is_empty() => {
                let asks = need.ask.iter().find(|a| !matches!(a, Ask::Revision)).cloned();
                Condition { holds: Holds::Absent(*kb), ask: asks.unwrap_or_else(|| Ask::Updates(vec![*kb])) }
            }
            _ => Condition { holds: Holds::NoneOf(need.clause.clone()), ask: ask.unwrap_or(Ask::Packages) },
        }
    }

    /// Whether a goal is there is not known, and its absence from what was read is no sign of it.
    fn goal_condition(&self, installed: &Installed<'_>, change: &Change) -> Option<Condition> {
        let Change::Install(kb) = change else { return None };
        let presence = installed.presence(*kb);
        if presence.truth != Truth::Unknown || !presence.hidden {
            return None;
        }
        Some(match installed.cumulative_entry(*kb) {
            Some(entry) => Condition { holds: Holds::Below(installed.build_of(&entry)), ask: Ask::Revision },
            None => Condition { holds: Holds::Absent(*kb), ask: Ask::Updates(vec![*kb]) },
        })
    }
}

/// Leaves out what comes before by way of another: a step names only the last ones before it.
fn reduce(steps: &mut [Step]) {
    let words = steps.len().div_ceil(64);
    // all that comes before each step, as bits: steps name earlier ones only
    let mut all: Vec<Vec<u64>> = Vec::with_capacity(steps.len());
    for s in steps {
        s.after.sort_unstable();
        s.after.dedup();
        let mut mine = vec![0u64; words];
        let mut kept = Vec::new();
        for a in s.after.iter().rev() {
            if mine[a / 64] & (1 << (a % 64)) != 0 {
                continue;
            }
            kept.push(*a);
            mine[a / 64] |= 1 << (a % 64);
            for (m, of) in mine.iter_mut().zip(&all[*a]) {
                *m |= of;
            }
        }
        kept.reverse();
        s.after = kept;
        all.push(mine);
    }
}
