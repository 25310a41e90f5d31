//! The plan: what becomes of each goal, the cheapest way to those that can be reached, and its replay.

use super::{
    Because, Blocker, Change, Condition, Goal, GoalState, Holds, Plan, Remark, Request, Step,
    graph::{Builder, Graph, Known},
    replay::{self, Refused},
    simulate::{self, asks_restart},
    solve::{self, Failure, Solution},
};
use crate::{
    catalog::Catalog,
    inventory,
    model::{Build, Cause, Clause, Fact, Host, KbId, PackageState, Requirement, Truth, UpdateKind},
    resolve::{
        Prepared,
        identity::{self, Identity},
        installed::Installed,
        question::{Finding, Outcome, Question, Remedy},
        statement::{Ask, Certainty, Evidence, Says},
        verdict::Verdict,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// How often what the replay refuses is left out and the choice made anew.
const MOST_ROUNDS: usize = 40;

/// Circles of updates that are told of.
const MOST_CIRCLES: usize = 8;

/// What to install, in which order, with how many restarts, so that all goals are there in the end.
///
/// ```
/// use kbwhy::{catalog::Catalog, inventory, plan::{plan, Request}};
/// let text = br#"{"schema":"kbwhy/host/1","os":{"product":"Windows Server 2012 R2","version":"6.3.9600"},
///                "updates":{"complete":true}}"#;
/// let host = inventory::read(&inventory::Input { name: "host.json", bytes: text })?.host;
/// let plan = plan(Catalog::embedded(), &host, &Request::to(["KB3173424".parse()?]));
/// assert!(plan.possible && plan.steps.len() >= 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(catalog: &Catalog, host: &Host, request: &Request) -> Plan {
    with_needs(catalog, host, request, &[])
}

/// Lays an assumption over a host: `FACT=VALUE`, `KB5005112=installed`, `KB5005112=absent`.
///
/// # Errors
/// One line: it is none of these.
pub fn assume(host: &mut Host, text: &str) -> Result<(), String> {
    if let Some((kb, state)) = text.split_once('=')
        && let Ok(kb) = kb.trim().parse::<KbId>()
    {
        let state = match state.trim() {
            "installed" => PackageState::Installed,
            "absent" => PackageState::Absent,
            other => return Err(format!("{kb} can be assumed to be installed or absent, not `{other}`")),
        };
        host.updates.insert(kb, Fact::new(state, simulate::named("--assume", &text.replace('=', " "))));
        return Ok(());
    }
    inventory::set_fact(host, text)
}

/// A plan, with needs that no rule of the catalog states: `(update, what it needs)`.
pub(super) fn with_needs(catalog: &Catalog, host: &Host, request: &Request, also: &[(KbId, KbId)]) -> Plan {
    let mut start = host.clone();
    let (mut assumed, mut remarks) = (Vec::new(), Vec::new());
    for text in &request.assume {
        match assume(&mut start, text) {
            Ok(()) => assumed.push(text.clone()),
            Err(why) => remarks.push(Remark::NotAssumed(format!("{text}: {why}"))),
        }
    }
    if request.image && !simulate::is_image(&start) {
        start.offline_image = Some(Fact::new(true, simulate::named("--image", "offline image")));
    }
    let image = simulate::is_image(&start);
    // how it is started is not what the host lacks
    if start.remote_session.as_ref().is_some_and(|f| f.value) {
        remarks.push(Remark::RunLocally);
    }
    let pending = start.updates.values().any(|f| f.value == PackageState::InstallPending)
        || start.pending_reboot.as_ref().is_some_and(|f| f.value);
    let mut base = start.clone();
    base.remote_session = None;
    if pending && !image {
        let identity = identity::identify(catalog, &base);
        let origin = simulate::step(1);
        // a restart changes facts only: it cannot fail
        let _ = simulate::change_in_place(catalog, &mut base, &identity, &Change::Restart, &origin);
    }
    let identity = identity::identify(catalog, &base);
    let goals: BTreeSet<KbId> = request.goals.iter().copied().collect();
    let mut maker = Maker {
        catalog,
        base: &base,
        identity: &identity,
        request,
        image,
        also,
        goals: BTreeMap::new(),
        blocked: Vec::new(),
        asks: Vec::new(),
        remarks,
        banned: BTreeSet::new(),
        known: Known::new(catalog, &base, &identity),
    };
    let wanted = maker.judge(&goals);
    let mut made = maker.make(wanted);
    if pending && !image && !made.steps.is_empty() {
        made.restart_first();
    }
    let Maker { goals, blocked, asks, remarks, .. } = maker;
    let goals: Vec<Goal> = goals.into_values().collect();
    let reached = |g: &Goal| !matches!(g.state, GoalState::Impossible | GoalState::Unknown);
    Plan {
        possible: goals.iter().all(reached),
        identity: identity::identify(catalog, &start),
        host: start,
        goals,
        objective: request.objective,
        optimal: made.optimal,
        restarts: made.steps.iter().filter(|s| s.restart).count() as u32,
        steps: made.steps,
        image,
        blocked,
        asks,
        assumed,
        remarks,
        replay: made.replay,
    }
}

struct Maker<'a> {
    catalog: &'a Catalog,
    base: &'a Host,
    identity: &'a Identity,
    request: &'a Request,
    image: bool,
    also: &'a [(KbId, KbId)],
    goals: BTreeMap<KbId, Goal>,
    blocked: Vec<Blocker>,
    asks: Vec<Ask>,
    remarks: Vec<Remark>,
    banned: BTreeSet<Change>,
    known: Known<'a>,
}

#[derive(Default)]
struct Made {
    steps: Vec<Step>,
    replay: Vec<super::Replayed>,
    optimal: bool,
}

impl Made {
    /// What waits for a restart before anything is done.
    fn restart_first(&mut self) {
        for s in &mut self.steps {
            s.stage += 1;
            s.after.iter_mut().for_each(|a| *a += 1);
            s.after.insert(0, 0);
        }
        for r in &mut self.replay {
            r.step += 1;
        }
        let first = Step {
            change: Change::Restart,
            restart: true,
            asks_restart: Some(true),
            stage: 1,
            after: Vec::new(),
            because: Vec::new(),
            goal: false,
            only_if: None,
        };
        self.steps.insert(0, first);
        let done = super::Replayed { step: 0, verdict: None, finding: None, asks: Vec::new() };
        self.replay.insert(0, done);
    }
}

/// Causes that a plan can do something about.
const fn can_be_met(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::MissingPrerequisite
            | Cause::MissingServicingStack
            | Cause::MissingCheckpoint
            | Cause::MissingSha2Support
            | Cause::NotEntitled
            | Cause::ProductNotInstalled
            | Cause::ConflictingUpdate
            | Cause::PendingReboot
    )
}

/// Causes by which a package is not for the host at all.
const fn of_another(cause: Cause) -> bool {
    matches!(cause, Cause::WrongOs | Cause::WrongArchitecture | Cause::WrongEdition)
}

impl Maker<'_> {
    fn add_asks(&mut self, asks: &[Ask]) {
        for a in asks {
            if !self.asks.contains(a) {
                self.asks.push(a.clone());
            }
        }
    }

    /// What the resolver says of each goal as the host is; those that are to be planned for.
    fn judge(&mut self, goals: &BTreeSet<KbId>) -> BTreeSet<KbId> {
        let mut wanted = BTreeSet::new();
        let (catalog, base, identity) = (self.catalog, self.base, self.identity);
        let prepared = Prepared::new(catalog, base, identity);
        for kb in goals {
            let decision = prepared.decide(&Question { kb: Some(*kb), ..Question::default() });
            let first = decision.causes.first().cloned();
            let mut goal = Goal { kb: *kb, state: GoalState::Install, by: Vec::new(), finding: None };
            match (decision.verdict, &first) {
                (Verdict::AlreadyInstalled, _) => {
                    goal.state = GoalState::AlreadyInstalled;
                    goal.finding = first;
                }
                (Verdict::NotApplicable | Verdict::Blocked, Some(f)) if f.cause == Cause::Superseded => {
                    goal.state = GoalState::Superseded;
                    let superseding = decision
                        .causes
                        .iter()
                        .filter(|f| f.cause == Cause::Superseded && f.outcome == Outcome::Fail);
                    goal.by = superseding.flat_map(|f| f.updates.iter().copied()).collect();
                    goal.finding = first;
                }
                (Verdict::NotApplicable | Verdict::Blocked, Some(_)) => {
                    // a cause that no step of a plan removes, wherever it stands among the causes
                    let hard = decision.causes.iter().find(|f| !can_be_met(f.cause)).cloned();
                    match hard {
                        Some(f) => {
                            goal.state = GoalState::Impossible;
                            goal.finding = Some(f.clone());
                            self.blocked.push(Blocker { goal: *kb, through: vec![*kb], finding: f });
                        }
                        None => {
                            wanted.insert(*kb);
                        }
                    }
                }
                (Verdict::Unknown, _)
                    if self.catalog.update(*kb).is_none() || self.identity.products.is_empty() =>
                {
                    goal.state = GoalState::Unknown;
                    goal.finding = first;
                    self.add_asks(&decision.ask);
                }
                // whether there is a package for this host at all is no condition of a step
                (Verdict::Unknown, _) if decision.causes.iter().any(|f| of_another(f.cause)) => {
                    goal.state = GoalState::Unknown;
                    goal.finding = decision.causes.iter().find(|f| of_another(f.cause)).cloned();
                    self.add_asks(&decision.ask);
                }
                _ => {
                    goal.finding = first;
                    wanted.insert(*kb);
                }
            }
            self.goals.insert(*kb, goal);
        }
        wanted
    }

    fn graph(&mut self, wanted: &BTreeSet<KbId>) -> Graph {
        let goals: BTreeSet<KbId> = self.goals.keys().copied().collect();
        let (objective, image) = (self.request.objective, self.image);
        Builder::new(&mut self.known, objective, image, &self.banned, &goals).build(wanted, self.also)
    }

    fn make(&mut self, mut wanted: BTreeSet<KbId>) -> Made {
        let installed = Rc::clone(&self.known.installed);
        let mut contained: BTreeSet<KbId> = BTreeSet::new();
        let mut firmly: BTreeSet<KbId> = BTreeSet::new();
        // what is wanted is not removed for something else
        self.banned.extend(self.goals.keys().map(|kb| Change::Remove(*kb)));
        for _ in 0..MOST_ROUNDS {
            if wanted.is_empty() {
                break;
            }
            let mut graph = self.graph(&wanted);
            let solution = match self.solve(&mut graph) {
                Ok(s) => s,
                Err(lost) => {
                    for (kb, blocker) in lost {
                        wanted.remove(&kb);
                        self.refuse(kb, blocker);
                    }
                    continue;
                }
            };
            if self.drop_contained(&graph, &solution, &mut wanted, &mut contained, &mut firmly) {
                continue;
            }
            let steps = self.steps(&installed, &graph, &solution);
            let short: Vec<(Change, bool)> = steps.iter().map(|s| (s.change.clone(), s.restart)).collect();
            let there = |g: &&Goal| matches!(g.state, GoalState::AlreadyInstalled | GoalState::Superseded);
            let kept = self.goals.values().filter(there).map(|g| g.kb);
            let ends: Vec<KbId> = wanted.iter().chain(&contained).copied().chain(kept).collect();
            match replay::replay(self.catalog, self.base, &short, &ends) {
                Ok(replay) => {
                    return self.finish(&graph, &solution, steps, replay, &contained);
                }
                Err(refused) => {
                    // the resolver does not find it carried by what was taken to carry it
                    if refused.step.is_none() && contained.remove(&refused.kb) {
                        firmly.insert(refused.kb);
                        wanted.insert(refused.kb);
                        if let Some(goal) = self.goals.get_mut(&refused.kb) {
                            (goal.state, goal.by) = (GoalState::Install, Vec::new());
                        }
                        continue;
                    }
                    if !self.learn(&installed, &steps, &refused) {
                        let kb = self.goal_behind(&steps, &refused, &wanted);
                        wanted.remove(&kb);
                        let finding = refused.finding.map_or_else(|| unknown_cause(refused.kb), |f| *f);
                        let through = if kb == refused.kb { vec![kb] } else { vec![kb, refused.kb] };
                        self.refuse(kb, Blocker { goal: kb, through, finding });
                    }
                }
            }
        }
        for kb in &wanted {
            self.refuse(*kb, Blocker { goal: *kb, through: vec![*kb], finding: unknown_cause(*kb) });
        }
        Made { optimal: true, ..Made::default() }
    }

    /// A goal that cannot be reached. What fails only because something is not known is not known.
    fn refuse(&mut self, kb: KbId, blocker: Blocker) {
        if let Some(goal) = self.goals.get_mut(&kb) {
            let open = blocker.finding.outcome == Outcome::Unknown;
            goal.state = if open { GoalState::Unknown } else { GoalState::Impossible };
            goal.finding = Some(blocker.finding.clone());
        }
        let asks = blocker.finding.ask.clone();
        self.add_asks(&asks);
        self.blocked.push(blocker);
    }

    fn solve(&mut self, graph: &mut Graph) -> Result<Solution, Vec<(KbId, Blocker)>> {
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
                Ok(s) if lost.is_empty() => return Ok(s),
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
            let kbs: Vec<KbId> = named.iter().filter_map(|n| goal(graph, *n)).collect();
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

    fn broken_orders(&mut self, graph: &Graph, s: &Solution) {
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
    fn blocker(&self, graph: &Graph, goal: u32) -> Option<Blocker> {
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
                    .remedy(Remedy::RemoveFirst(need.clause.to_string()))
            } else {
                Finding::fail(cause_of(&need.clause), Certainty::Inferred, evidence)
            };
            let finding = self.with_remedy(finding.naming(updates_of(&need.clause)));
            return Some(Blocker { goal: kb_of(goal)?, through, finding });
        }
    }

    /// What the resolver itself says of the blocking update, where it can be had no more.
    fn with_remedy(&self, finding: Finding) -> Finding {
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

    /// Goals that something else in the plan carries are not installed on their own. True if the choice is to be made anew.
    fn drop_contained(
        &mut self,
        graph: &Graph,
        s: &Solution,
        wanted: &mut BTreeSet<KbId>,
        contained: &mut BTreeSet<KbId>,
        firmly: &mut BTreeSet<KbId>,
    ) -> bool {
        let chosen: BTreeSet<KbId> = s
            .schedule
            .stages
            .iter()
            .flatten()
            .filter_map(|n| match &graph.changes[*n as usize] {
                Change::Install(kb) => Some(*kb),
                _ => None,
            })
            .collect();
        let mut replaced: BTreeMap<KbId, Vec<KbId>> = BTreeMap::new();
        for kb in wanted.iter().chain(contained.iter()) {
            let by = self.known.replacers_of(*kb);
            replaced.insert(*kb, by.iter().copied().filter(|r| chosen.contains(r)).collect());
        }
        let by_of = |kb: &KbId| replaced.get(kb).cloned().unwrap_or_default();
        let mut again = false;
        for kb in wanted.clone() {
            let by = by_of(&kb);
            if !by.is_empty() && !firmly.contains(&kb) && wanted.len() > 1 {
                wanted.remove(&kb);
                contained.insert(kb);
                if let Some(goal) = self.goals.get_mut(&kb) {
                    (goal.state, goal.by) = (GoalState::Contained, by);
                }
                again = true;
            }
        }
        for kb in contained.clone() {
            let still = chosen.contains(&kb) || !by_of(&kb).is_empty();
            if !still && !again {
                contained.remove(&kb);
                firmly.insert(kb);
                wanted.insert(kb);
                again = true;
            }
            if !again
                && chosen.contains(&kb)
                && let Some(goal) = self.goals.get_mut(&kb)
            {
                (goal.state, goal.by) = (GoalState::Install, Vec::new());
            }
        }
        again
    }

    /// Steps in order, with their restarts, conditions and reasons.
    fn steps(&mut self, installed: &Installed<'_>, graph: &Graph, s: &Solution) -> Vec<Step> {
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

    fn condition(&self, installed: &Installed<'_>, change: &Change, need: &super::graph::Need) -> Condition {
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

    /// What the replay refuses is left out from now on. False if there is nothing to leave out.
    fn learn(&mut self, installed: &Installed<'_>, steps: &[Step], refused: &Refused) -> bool {
        let Some(at) = refused.step else { return false };
        if !steps[at].goal {
            return self.banned.insert(steps[at].change.clone());
        }
        // a goal: what was to give it what it needs did not
        let now = identity::identify(self.catalog, &refused.host);
        let there = Installed::derive(self.catalog, &refused.host, &now);
        let _ = installed;
        let mut learnt = false;
        for s in steps[..at].iter().filter(|s| !s.goal) {
            let failed = s.because.iter().any(|b| {
                b.needed_by == refused.kb && there.meets_any(&b.clause, None).0.truth == Truth::False
            });
            if failed {
                learnt |= self.banned.insert(s.change.clone());
            }
        }
        learnt
    }

    /// The goal that a refused step serves.
    fn goal_behind(&self, steps: &[Step], refused: &Refused, wanted: &BTreeSet<KbId>) -> KbId {
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

    fn finish(
        &mut self,
        graph: &Graph,
        s: &Solution,
        steps: Vec<Step>,
        replay: Vec<super::Replayed>,
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

/// Steps from one back to another over what must come before.
fn way(steps: &[Step], from: usize, to: usize) -> Option<Vec<usize>> {
    let successors = |n: usize| steps[n].after.iter().map(|a| (*a, ())).collect::<Vec<_>>();
    crate::graph::shortest_chain(from, 10_000, successors, |n| n == to).map(|(chain, _)| chain)
}

fn updates_of(clause: &Clause) -> Vec<KbId> {
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

fn unknown_cause(kb: KbId) -> Finding {
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
