//! Why goals cannot be reached.

use super::Maker;
use crate::{
    model::{Cause, Clause, KbId, Requirement},
    plan::{
        Blocker, Change, GoalState, Remark, Step,
        graph::Graph,
        replay::Refused,
        solve::{self, Failure, Solution},
    },
    resolve::{
        installed,
        question::{Finding, Outcome, Remedy},
        statement::{Ask, Certainty, Evidence, Says},
    },
};
use std::collections::{BTreeMap, BTreeSet};

impl Maker<'_> {
    /// A goal that cannot be reached. What fails only because something is not known is not known.
    pub(super) fn refuse(&mut self, kb: KbId, blocker: Blocker) {
        if let Some(goal) = self.goals.get_mut(&kb) {
            let open = blocker.finding.outcome == Outcome::Unknown;
            goal.state = if open { GoalState::Unknown } else { GoalState::Impossible };
            goal.finding = Some(blocker.finding.clone());
        }
        let asks = blocker.finding.ask.clone();
        self.add_asks(&asks);
        self.blocked.push(blocker);
    }

    /// What a step brought of a component does not show that the host had no later version all along, where it states none.
    pub(super) fn of_stated_component(&self, finding: Finding) -> Finding {
        let ask = finding.evidence.iter().find_map(|e| match &e.says {
            Says::ComponentOnHost { name, .. } => match name.as_str() {
                "dotnet" | "dotnet-full" if self.base.dotnet_framework.is_none() => Some(Ask::Dotnet),
                "wmf" if self.base.wmf.is_none() => Some(Ask::ManagementFramework),
                "ie" if self.base.internet_explorer.is_none() => Some(Ask::InternetExplorer),
                _ => None,
            },
            _ => None,
        });
        match ask {
            Some(ask) if finding.outcome == Outcome::Fail => Finding {
                remedy: finding.remedy,
                ..Finding::unknown(finding.cause, true, finding.evidence, vec![ask])
            },
            _ => finding,
        }
    }

    pub(super) fn solve(&mut self, graph: &mut Graph) -> Result<Solution, Vec<(KbId, Blocker)>> {
        graph.problem.budget = self.request.budget;
        let strict = graph.problem.before.clone();
        graph.problem.before.extend(graph.documented.iter().copied());
        let mut found = solve::solve(&graph.problem);
        if matches!(found, Err(Failure::Contradiction(_))) {
            graph.problem.before = strict;
            graph.problem.effective_before.clear();
            found = solve::solve(&graph.problem);
            if let Ok(s) = &found {
                self.broken_orders(graph, s);
            }
        }
        let goal = |graph: &Graph, n: u32| match graph.changes.get(n as usize) {
            Some(Change::Install(kb)) => Some(*kb),
            _ => None,
        };
        let mut lost: Vec<(KbId, Blocker)> = Vec::new();
        loop {
            let (goals, few) = match found {
                Ok(s) if lost.is_empty() => return Ok(self.as_advised(graph, s)),
                Ok(_) => return Err(lost),
                Err(Failure::Unreachable(goals)) => {
                    lost.extend(
                        goals.into_iter().filter_map(|n| Some((goal(graph, n)?, self.blocker(graph, n)?))),
                    );
                    return Err(lost);
                }
                Err(Failure::Contradiction(goals)) => {
                    let few = solve::clash(&graph.problem, &goals);
                    (goals, few)
                }
                Err(Failure::GaveUp(goals)) => (goals, Vec::new()),
            };
            // none of them is claimed to be the one that is too much
            let named = if few.is_empty() { &goals } else { &few };
            let mut kbs: Vec<KbId> = named.iter().filter_map(|n| goal(graph, *n)).collect();
            kbs.sort_unstable();
            let sure = few.len() > 1 && solve::apart(&graph.problem, &few);
            lost.extend(kbs.iter().map(|kb| {
                let others = if few.is_empty() { Vec::new() } else { kbs.clone() };
                (*kb, Blocker { goal: *kb, through: vec![*kb], finding: contradiction(*kb, others, sure) })
            }));
            let named = named.clone();
            graph.problem.goals.retain(|g| !named.contains(g));
            if graph.problem.goals.is_empty() || named.is_empty() {
                return Err(lost);
            }
            found = solve::solve(&graph.problem);
        }
    }

    pub(super) fn broken_orders(&mut self, graph: &Graph, s: &Solution) {
        let place: BTreeMap<u32, usize> =
            s.schedule.stages.iter().flatten().enumerate().map(|(i, n)| (*n, i)).collect();
        for (a, b) in &graph.documented {
            if let (Some(x), Some(y)) = (place.get(a), place.get(b))
                && x > y
                && let (Change::Install(a), Change::Install(b)) =
                    (&graph.changes[*a as usize], &graph.changes[*b as usize])
            {
                self.remarks.push(Remark::OrderBroken(*a, *b));
            }
        }
    }

    /// From a goal that cannot be reached to what blocks it: a clause that nothing meets.
    pub(super) fn blocker(&self, graph: &Graph, goal: u32) -> Option<Blocker> {
        let kb_of = |n: u32| match &graph.changes[n as usize] {
            Change::Install(kb) => Some(*kb),
            _ => None,
        };
        let reached = solve::reachable(&graph.problem);
        let (mut at, mut through) = (goal, vec![kb_of(goal)?]);
        let mut seen = BTreeSet::from([goal]);
        loop {
            // a clause that nothing meets, or whose members cannot be reached themselves
            let clauses = graph.problem.nodes[at as usize].clauses.iter().map(|c| *c as usize);
            let open = |c: &usize| !graph.problem.clauses[*c].iter().any(|m| reached[*m as usize]);
            let of_none = clauses.clone().find(|c| graph.problem.clauses[*c].is_empty());
            let c = of_none.or_else(|| clauses.clone().find(open))?;
            let next = graph.problem.clauses[c].iter().find(|m| !seen.contains(*m));
            if let Some(n) = next {
                seen.insert(*n);
                through.extend(kb_of(*n));
                at = *n;
                continue;
            }
            let need = &graph.needs[c];
            let evidence = vec![need.evidence.clone()];
            let finding = if matches!(need.evidence.says, Says::Conflicts { .. }) {
                Finding::fail(Cause::ConflictingUpdate, Certainty::Inferred, evidence)
                    .remedy(self.out_of_the_way(&need.clause))
            } else {
                Finding::fail(cause_of(&need.clause), Certainty::Inferred, evidence)
            };
            let finding = self.with_remedy(finding.naming(updates_of(&need.clause)));
            return Some(Blocker { goal: kb_of(goal)?, through, finding });
        }
    }

    fn out_of_the_way(&self, clause: &Clause) -> Remedy {
        let stays = updates_of(clause)
            .into_iter()
            .find_map(|kb| Some((kb, installed::stays_for(self.catalog, self.base, self.identity, kb)?)));
        stays.map_or_else(|| Remedy::RemoveFirst(clause.to_string()), |(kb, by)| Remedy::Leave(kb, by))
    }

    /// What the resolver itself says of the blocking update, where it can be had no more.
    pub(super) fn with_remedy(&self, finding: Finding) -> Finding {
        let withdrawn: Vec<KbId> = finding
            .updates
            .iter()
            .flat_map(|kb| self.catalog.withdrawals(*kb))
            .flat_map(|w| w.replacement)
            .collect();
        if withdrawn.is_empty() {
            let first = finding.updates.clone();
            let named = finding.remedy.is_empty() && !first.is_empty();
            return if named { finding.remedy(Remedy::InstallFirst(vec![first])) } else { finding };
        }
        finding.remedy(Remedy::InstallInstead(withdrawn))
    }

    /// The goal that a refused step serves.
    pub(super) fn goal_behind(&self, steps: &[Step], refused: &Refused, wanted: &BTreeSet<KbId>) -> KbId {
        if wanted.contains(&refused.kb) {
            return refused.kb;
        }
        let mut work: Vec<KbId> = vec![refused.kb];
        let mut seen = BTreeSet::new();
        while let Some(kb) = work.pop() {
            if wanted.contains(&kb) {
                return kb;
            }
            if seen.insert(kb) {
                let of = steps.iter().filter(|s| s.change == Change::Install(kb));
                work.extend(of.flat_map(|s| &s.because).map(|b| b.needed_by));
            }
        }
        wanted.iter().next().copied().unwrap_or(refused.kb)
    }
}

pub(super) fn updates_of(clause: &Clause) -> Vec<KbId> {
    let of = clause.0.iter().filter_map(|r| match r {
        Requirement::Update { kb, .. } => Some(*kb),
        _ => None,
    });
    of.collect()
}

fn cause_of(clause: &Clause) -> Cause {
    let all = |f: &dyn Fn(&Requirement) -> bool| !clause.0.is_empty() && clause.0.iter().all(f);
    if all(&|r| matches!(r, Requirement::BuildAtMost(_) | Requirement::ServicePackAtMost(_))) {
        Cause::WrongOs
    } else if all(&|r| matches!(r, Requirement::Edition(_))) {
        Cause::WrongEdition
    } else if all(&|r| {
        matches!(r, Requirement::Component { .. } | Requirement::Feature(_) | Requirement::Role(_))
    }) {
        Cause::ProductNotInstalled
    } else {
        Cause::MissingPrerequisite
    }
}

pub(super) fn unknown_cause(kb: KbId) -> Finding {
    let evidence = vec![Evidence::rule(Says::NotListed(kb))];
    Finding::unknown(Cause::MissingPrerequisite, true, evidence, vec![Ask::ServicingLog])
}

/// A goal that cannot be there together with others.
fn contradiction(kb: KbId, mut others: Vec<KbId>, sure: bool) -> Finding {
    others.retain(|o| *o != kb);
    if others.is_empty() {
        return unknown_cause(kb);
    }
    let with: Vec<String> = others.iter().map(ToString::to_string).collect();
    let evidence = vec![Evidence::rule(Says::Conflicts { kb, with: with.join(", ") })];
    let cause = Cause::ConflictingUpdate;
    let finding = if sure {
        Finding::fail(cause, Certainty::Inferred, evidence)
    } else {
        Finding::unknown(cause, true, evidence, vec![Ask::ServicingLog])
    };
    finding.naming(others)
}
