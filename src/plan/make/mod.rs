//! The plan: what becomes of each goal, the cheapest way to those that can be reached, and its replay.

mod advised;
mod blocked;
mod remarks;
mod steps;

use self::blocked::unknown_cause;
use super::{
    Blocker, Change, Goal, GoalState, Plan, Remark, Request, Step,
    graph::{Builder, Graph, Known},
    replay::{self, Refused},
    simulate,
    solve::Solution,
};
use crate::{
    catalog::Catalog,
    inventory,
    model::{Cause, Fact, Host, KbId, PackageState, Truth},
    resolve::{
        Prepared,
        identity::{self, Identity},
        installed::Installed,
        question::{Finding, Outcome, Question},
        requirement::brings_component,
        statement::Ask,
        verdict::Verdict,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// How often what the replay refuses is left out and the choice made anew.
const MOST_ROUNDS: usize = 40;

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
        replaced: BTreeMap::new(),
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

/// What becomes of the goals that are to be planned, while the choice is made.
#[derive(Default)]
struct Sought {
    /// there by a step of their own
    wanted: BTreeSet<KbId>,
    /// carried by something else in the plan
    contained: BTreeSet<KbId>,
    /// wanted for good: what was to carry them does not
    firmly: BTreeSet<KbId>,
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
    /// goals that the replay found superseded by steps of the plan
    replaced: BTreeMap<KbId, Vec<KbId>>,
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

/// Causes that something to be installed first ends.
pub(super) const fn needs_first(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::MissingPrerequisite
            | Cause::MissingServicingStack
            | Cause::MissingCheckpoint
            | Cause::MissingSha2Support
            | Cause::NotEntitled
            | Cause::ProductNotInstalled
    )
}

/// Causes that a plan can do something about.
const fn can_be_met(cause: Cause) -> bool {
    needs_first(cause) || matches!(cause, Cause::ConflictingUpdate | Cause::PendingReboot)
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

    fn make(&mut self, wanted: BTreeSet<KbId>) -> Made {
        let installed = Rc::clone(&self.known.installed);
        let mut sought = Sought { wanted, ..Sought::default() };
        // what is wanted is not removed for something else
        self.banned.extend(self.goals.keys().map(|kb| Change::Remove(*kb)));
        for _ in 0..MOST_ROUNDS {
            if sought.wanted.is_empty() {
                if sought.contained.is_empty() {
                    break;
                }
                // nothing is left that could carry them
                let these = sought.contained.clone();
                self.uncontain(&mut sought, &these);
            }
            let mut graph = self.graph(&sought.wanted);
            let solution = match self.solve(&mut graph) {
                Ok(s) => s,
                Err(lost) => {
                    for (kb, blocker) in lost {
                        sought.wanted.remove(&kb);
                        self.refuse(kb, blocker);
                    }
                    continue;
                }
            };
            if self.drop_contained(&graph, &solution, &mut sought) {
                continue;
            }
            let steps = self.steps(&installed, &graph, &solution);
            let short: Vec<(Change, bool)> = steps.iter().map(|s| (s.change.clone(), s.restart)).collect();
            let there = |g: &&Goal| matches!(g.state, GoalState::AlreadyInstalled | GoalState::Superseded);
            let kept = self.goals.values().filter(there).map(|g| g.kb);
            let ends: Vec<KbId> =
                sought.wanted.iter().chain(&sought.contained).copied().chain(kept).collect();
            match replay::replay(self.catalog, self.base, &short, &ends) {
                Ok(replay) => {
                    return self.finish(&graph, &solution, steps, replay, &sought.contained);
                }
                Err(refused) => {
                    // the resolver does not find them carried by what was taken to carry them
                    let lacking: BTreeSet<KbId> =
                        refused.lacking.iter().copied().filter(|kb| sought.contained.contains(kb)).collect();
                    if !lacking.is_empty() {
                        self.uncontain(&mut sought, &lacking);
                        sought.firmly.extend(lacking);
                        continue;
                    }
                    if let Some(by) = self.superseded_goal(&steps, &refused) {
                        self.contain(&mut sought, refused.kb, by);
                        continue;
                    }
                    if !self.learn(&installed, &steps, &refused) {
                        let kb = self.goal_behind(&steps, &refused, &sought.wanted);
                        sought.wanted.remove(&kb);
                        let finding = refused.finding.map_or_else(|| unknown_cause(refused.kb), |f| *f);
                        let finding = self.of_stated_component(finding);
                        let through = if kb == refused.kb { vec![kb] } else { vec![kb, refused.kb] };
                        self.refuse(kb, Blocker { goal: kb, through, finding });
                    }
                }
            }
        }
        for kb in sought.wanted.union(&sought.contained) {
            self.refuse(*kb, Blocker { goal: *kb, through: vec![*kb], finding: unknown_cause(*kb) });
        }
        Made { optimal: true, ..Made::default() }
    }

    /// Goals that something else in the plan carries are not installed on their own. True if the choice is to be made anew.
    fn drop_contained(&mut self, graph: &Graph, s: &Solution, sought: &mut Sought) -> bool {
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
        // what a step supersedes is there with it, and so is what that replaces in turn
        let found =
            |kb: &KbId| self.replaced.get(kb).into_iter().flatten().copied().filter(|r| chosen.contains(r));
        let mut carriers: BTreeMap<KbId, Vec<KbId>> = BTreeMap::new();
        for kb in sought.wanted.union(&sought.contained) {
            let by = self.known.replacers_of(*kb);
            let mut of: Vec<KbId> = by.iter().copied().filter(|r| chosen.contains(r)).collect();
            if of.is_empty() {
                of = std::iter::once(kb).chain(by.iter()).flat_map(found).collect();
            }
            if !of.is_empty() {
                carriers.insert(*kb, of);
            }
        }
        let carried: Vec<KbId> = sought
            .wanted
            .iter()
            .copied()
            .filter(|kb| carriers.contains_key(kb) && !sought.firmly.contains(kb))
            .collect();
        if sought.wanted.len() > 1 && !carried.is_empty() {
            for kb in carried {
                if sought.wanted.len() > 1 {
                    self.contain(sought, kb, carriers.remove(&kb).unwrap_or_default());
                }
            }
            return true;
        }
        let left: BTreeSet<KbId> = sought
            .contained
            .iter()
            .copied()
            .filter(|kb| !chosen.contains(kb) && !carriers.contains_key(kb))
            .collect();
        // those that no other of them replaces carry the rest
        let mut newest = left.clone();
        newest.retain(|kb| self.known.replacers_of(*kb).iter().all(|r| !left.contains(r)));
        if newest.is_empty() {
            newest.extend(left.last());
        }
        if !newest.is_empty() {
            self.uncontain(sought, &newest);
            sought.firmly.extend(newest);
            return true;
        }
        false
    }

    /// Something else in the plan carries the goal.
    fn contain(&mut self, sought: &mut Sought, kb: KbId, by: Vec<KbId>) {
        sought.wanted.remove(&kb);
        sought.contained.insert(kb);
        if let Some(goal) = self.goals.get_mut(&kb) {
            (goal.state, goal.by) = (GoalState::Contained, by);
        }
    }

    /// Nothing in the plan carries these goals: they are wanted for themselves.
    fn uncontain(&mut self, sought: &mut Sought, these: &BTreeSet<KbId>) {
        for kb in these {
            sought.contained.remove(kb);
            sought.wanted.insert(*kb);
            if let Some(goal) = self.goals.get_mut(kb) {
                (goal.state, goal.by) = (GoalState::Install, Vec::new());
            }
        }
    }

    /// What makes a goal needless when its turn comes, if steps before it do: then it needs no step of its own. Told once for
    /// each.
    fn superseded_goal(&mut self, steps: &[Step], refused: &Refused) -> Option<Vec<KbId>> {
        let at = refused.step.filter(|at| steps[*at].goal)?;
        let needless = |f: &&Finding| matches!(f.cause, Cause::Superseded | Cause::AlreadyInstalled);
        let finding = refused.finding.as_deref().filter(needless)?;
        let brings = |kb: KbId| self.catalog.update(kb).and_then(|u| brings_component(&u));
        let own = brings(refused.kb);
        let carries = |kb: &KbId| {
            let same = brings(*kb).zip(own).is_some_and(|(has, own)| has.0 == own.0 && has.1 >= own.1);
            same || finding.updates.contains(kb)
        };
        let before = steps[..at].iter().filter_map(|s| match s.change {
            Change::Install(kb) => Some(kb),
            _ => None,
        });
        let by: Vec<KbId> = before.filter(carries).collect();
        if by.is_empty() || self.replaced.contains_key(&refused.kb) {
            return None;
        }
        self.replaced.insert(refused.kb, by.clone());
        Some(by)
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
}
