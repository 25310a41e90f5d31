//! What is forced is settled once; the choices that are left are split into parts that have nothing to do with each
//! other, and each part is solved for itself.
//!
//! Two choices touch each other if they are members of one clause, one needs the other, or an order or a conflict stands
//! between them. Beside their sums, parts share only the number of restarts, which is the highest of any part: what a
//! part would pay for a restart that another one needs anyway is free, so parts with fewer are solved once more with as
//! many. What is chosen in any case and only comes after choices, never before one, joins no parts: each part sees a copy
//! of it, and the latest of the copies counts.

use super::{
    Failure, Node, Problem, Schedule, Solution,
    search::{Choice, NEVER, Search, State, cheapest},
};
use std::collections::{BTreeMap, BTreeSet};

/// Passes that leave out what cannot be reached any more.
const MOST_PASSES: usize = 32;
/// Copies of what is shared by parts; with more of them the parts are solved together.
const MOST_COPIES: usize = 200_000;

/// Goals that are named as contradicting each other.
const MOST_CLASHING: usize = 4;

/// Nodes that can be reached, whatever is chosen.
pub(in crate::plan) fn reachable(p: &Problem) -> Vec<bool> {
    Search::new(p).reach(|_| true).iter().map(|level| *level != NEVER).collect()
}

/// The cheapest choice that reaches all goals.
pub(in crate::plan) fn solve(p: &Problem) -> Result<Solution, Failure> {
    let mut root = Search::new(p);
    let all = root.reach(|_| true);
    let lost: Vec<u32> = p.goals.iter().copied().filter(|g| all[*g as usize] == NEVER).collect();
    if !lost.is_empty() {
        return Err(Failure::Unreachable(lost));
    }
    let fewer = with_fewer_members(p);
    let p = fewer.as_ref().unwrap_or(p);
    let mut root = Search::new(p);
    let all = || Failure::Contradiction(p.goals.clone());
    if !root.begin() {
        return Err(all());
    }
    let hope = prune(&mut root).ok_or_else(all)?;
    let fixed = Fixed::of(p, &root, &hope);
    let parts = Parts::of(p, &root, &fixed);
    let solved = parts.solve()?;
    let chosen: BTreeSet<u32> =
        (0..p.nodes.len() as u32).filter(|n| root.is_in(*n)).chain(solved.nodes.iter().copied()).collect();
    root.undo(0);
    let kept = chosen.iter().all(|n| root.include(*n));
    if let Some(schedule) = kept.then(|| root.schedule()).flatten() {
        return Ok(Solution { schedule, optimal: solved.optimal, explored: solved.explored });
    }
    // an order that what is forced cannot keep, in one with the rest
    let choice = cheapest(p)?;
    root.undo(0);
    choice.nodes.iter().for_each(|n| {
        root.include(*n);
    });
    let schedule = root.schedule().ok_or_else(all)?;
    Ok(Solution { schedule, optimal: choice.optimal, explored: choice.explored })
}

/// The same problem without members that no clause needs; None if there are none.
fn with_fewer_members(p: &Problem) -> Option<Problem> {
    let without = without_later_members(p);
    let circles = without_circles(without.as_ref().unwrap_or(p));
    circles.or(without)
}

/// A member that itself asks for one of the others, or of some of them, is never the first of them: what it asks for is
/// effective before it, and does as well.
fn without_later_members(p: &Problem) -> Option<Problem> {
    let mut work = 0;
    let mut in_clause = vec![u32::MAX; p.nodes.len()];
    let mut out: Option<Problem> = None;
    for (c, members) in (0u32..).zip(&p.clauses) {
        members.iter().for_each(|m| in_clause[*m as usize] = c);
        let mut among = |own: &u32| {
            let own = &p.clauses[*own as usize];
            let within = own.iter().take_while(|m| in_clause[**m as usize] == c).count();
            work += 1 + within as u64;
            within == own.len()
        };
        let mut is_later = |m: &u32| p.nodes[*m as usize].clauses.iter().any(&mut among);
        let first: Vec<u32> = members.iter().copied().filter(|m| !is_later(m)).collect();
        if !first.is_empty() && first.len() < members.len() {
            out.get_or_insert_with(|| p.clone()).clauses[c as usize] = first;
        }
        if work > p.budget / 4 {
            break;
        }
    }
    out
}

/// Members to which every way goes through what asks for them never come before it: they are left out, so that no circle is
/// tried again and again. None if there are none, or too much to look at.
fn without_circles(p: &Problem) -> Option<Problem> {
    let mut search = Search::new(p);
    let asked = relevant(p, &search, |n| p.goals.contains(&n), |_| true);
    let mut out: Option<Problem> = None;
    for (n, node) in (0u32..).zip(&p.nodes).filter(|(n, _)| asked[*n as usize]) {
        let is_choice =
            |c: &&u32| p.clauses[**c as usize].len() > 1 && search.owners[**c as usize].len() == 1;
        let choices: Vec<usize> = node.clauses.iter().filter(is_choice).map(|c| *c as usize).collect();
        if choices.is_empty() {
            continue;
        }
        if search.work > p.budget / 16 {
            break;
        }
        search.exclude(n);
        let level = search.reach(|s| s != State::Out);
        search.undo(0);
        for c in choices {
            let before = |m: &u32| level[*m as usize] != NEVER;
            if p.clauses[c].iter().any(before) && !p.clauses[c].iter().all(before) {
                out.get_or_insert_with(|| p.clone()).clauses[c].retain(before);
            }
        }
    }
    out
}

/// The same nodes in an order that keeps as many groups of pairs as go without a further restart, the first groups first.
/// A first node that waits is effective before the second one.
pub(in crate::plan) fn reordered<'g>(
    p: &Problem,
    schedule: Schedule,
    groups: impl Iterator<Item = &'g Vec<(u32, u32)>>,
) -> Schedule {
    let mut best = schedule;
    let chosen: Vec<u32> = best.stages.iter().flatten().copied().collect();
    let mut kept = p.clone();
    for group in groups {
        let place: BTreeMap<u32, usize> =
            best.stages.iter().zip(0..).flat_map(|(stage, at)| stage.iter().map(move |n| (*n, at))).collect();
        let order: BTreeMap<u32, usize> = best.stages.iter().flatten().copied().zip(0..).collect();
        let is_so = |(a, b): &(u32, u32)| {
            let waits = p.nodes[*a as usize].waits;
            if waits { place.get(a) < place.get(b) } else { order.get(a) < order.get(b) }
        };
        if group.iter().all(is_so) {
            continue;
        }
        let mut trial = kept.clone();
        for (a, b) in group {
            let waits = p.nodes[*a as usize].waits;
            if waits {
                trial.effective_before.insert((*a, *b))
            } else {
                trial.before.insert((*a, *b))
            };
        }
        let mut search = Search::new(&trial);
        let made = if chosen.iter().all(|n| search.include(*n)) { search.schedule() } else { None };
        if let Some(s) = made.filter(|s| s.restarts <= best.restarts) {
            best = s;
            kept = trial;
        }
    }
    best
}

/// Of goals that contradict each other a few that do so by themselves: without any one of them the others go together.
/// Empty if that takes too long to find.
pub(in crate::plan) fn clash(p: &Problem, among: &[u32]) -> Vec<u32> {
    let budget = p.budget / 64;
    let contradict = |goals: Vec<u32>, p: &mut Problem| {
        p.goals = goals;
        matches!(solve(p), Err(Failure::Contradiction(_)))
    };
    let mut trial = Problem { budget, ..p.clone() };
    // the shortest beginning that cannot be, then again from its end: the goals that remain are those that count
    let mut kept: Vec<u32> = Vec::new();
    let mut rest: Vec<u32> = among.to_vec();
    for _ in 0..MOST_CLASHING {
        let (mut low, mut high) = (0, rest.len());
        while low < high {
            let middle = (low + high) / 2;
            let goals = kept.iter().chain(&rest[..middle]).copied().collect();
            if contradict(goals, &mut trial) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        if low == 0 && !kept.is_empty() {
            let sure = contradict(kept.clone(), &mut trial);
            return if sure { kept } else { Vec::new() };
        }
        let Some(last) = low.checked_sub(1).and_then(|at| rest.get(at)).copied() else { return Vec::new() };
        kept.push(last);
        rest.truncate(low - 1);
    }
    Vec::new()
}

/// Do conflicts alone, without any order, keep goals from being there together?
pub(in crate::plan) fn apart(p: &Problem, goals: &[u32]) -> bool {
    let mut p = Problem { goals: goals.to_vec(), budget: p.budget / 16, ..p.clone() };
    p.before.clear();
    p.effective_before.clear();
    matches!(solve(&p), Err(Failure::Contradiction(_)))
}

/// Leaves out what cannot be reached with what is left, and takes what is the only way then. The earliest stage of every
/// node; `None` if there is no way.
fn prune(root: &mut Search<'_>) -> Option<Vec<u32>> {
    let mut hope = root.reach(|s| s != State::Out);
    for _ in 0..MOST_PASSES {
        let from = root.trail.len();
        for (n, level) in hope.iter().enumerate().filter(|(_, level)| **level == NEVER) {
            debug_assert_eq!(*level, NEVER);
            if !root.exclude(n as u32) {
                return None;
            }
        }
        if root.trail.len() == from {
            break;
        }
        if !root.settle_units(from) {
            return None;
        }
        hope = root.reach(|s| s != State::Out);
    }
    Some(hope)
}

/// What is chosen in any case, at a stage that no choice changes.
struct Fixed {
    /// the stage of each node; [`NEVER`] if it is not fixed
    level: Vec<u32>,
    /// the earliest stage from which a fixed member meets a clause; [`NEVER`] if none does
    met: Vec<u32>,
    /// no other member meets it earlier
    settled: Vec<bool>,
    /// what comes before each node; true: it is effective before
    before: Vec<Vec<(u32, bool)>>,
    /// restarts of what is fixed
    restarts: u32,
}

impl Fixed {
    fn of(p: &Problem, root: &Search<'_>, hope: &[u32]) -> Self {
        let n = p.nodes.len();
        let there = |m: &u32| root.state[*m as usize] != State::Out;
        let effective = |level: u32, m: u32| level.saturating_add(u32::from(p.nodes[m as usize].waits));
        let mut this = Self {
            level: vec![NEVER; n],
            met: vec![NEVER; p.clauses.len()],
            settled: vec![false; p.clauses.len()],
            before: vec![Vec::new(); n],
            restarts: 0,
        };
        let may = relevant(p, root, |n| root.is_in(n), |_| true);
        for (a, after) in root.ordered.iter().enumerate().filter(|(a, _)| may[*a]) {
            let after = after.iter().filter(|(b, _)| *b as usize != a && may[*b as usize]);
            after.for_each(|(b, late)| this.before[*b as usize].push((a as u32, *late)));
        }
        // per clause: the earliest that any member meets it, and members that are not fixed
        let mut least = vec![NEVER; p.clauses.len()];
        let mut left = vec![0usize; p.clauses.len()];
        for (c, members) in p.clauses.iter().enumerate() {
            let members = || members.iter().filter(|m| there(m));
            left[c] = members().count();
            least[c] = members().map(|m| effective(hope[*m as usize], *m)).min().unwrap_or(NEVER);
        }
        let mut open: Vec<usize> = (0..n).map(|i| p.nodes[i].clauses.len() + this.before[i].len()).collect();
        let mut level = vec![0u32; n];
        let mut work: Vec<u32> = (0..n as u32).filter(|i| root.is_in(*i) && open[*i as usize] == 0).collect();
        while let Some(i) = work.pop() {
            let own = level[i as usize];
            this.level[i as usize] = own;
            let from = effective(own, i);
            this.restarts = this.restarts.max(from);
            let mut less = |n: u32, stage: u32| {
                level[n as usize] = level[n as usize].max(stage);
                open[n as usize] -= 1;
                if open[n as usize] == 0 && root.is_in(n) {
                    work.push(n);
                }
            };
            for c in &root.member_of[i as usize] {
                let c = *c as usize;
                left[c] -= 1;
                if this.settled[c] {
                    continue;
                }
                this.met[c] = this.met[c].min(from);
                if this.met[c] <= least[c] || left[c] == 0 {
                    this.settled[c] = true;
                    root.owners[c].iter().for_each(|o| less(*o, this.met[c]));
                }
            }
            for (b, late) in root.ordered[i as usize].iter().filter(|(b, _)| *b != i && may[*b as usize]) {
                less(*b, if *late { from } else { own });
            }
        }
        this
    }

    fn is(&self, n: u32) -> bool {
        self.level[n as usize] != NEVER
    }
}

/// Nodes that a choice may be about: those of `from` and members of the clauses of others, where `through` says so.
fn relevant(
    p: &Problem,
    root: &Search<'_>,
    from: impl Fn(u32) -> bool,
    through: impl Fn(u32) -> bool,
) -> Vec<bool> {
    let n = p.nodes.len();
    let mut out = vec![false; n];
    let mut work: Vec<u32> = (0..n as u32).filter(|i| from(*i)).collect();
    work.iter().for_each(|i| out[*i as usize] = true);
    while let Some(i) = work.pop() {
        for m in
            p.nodes[i as usize].clauses.iter().filter(|c| through(**c)).flat_map(|c| &p.clauses[*c as usize])
        {
            if root.state[*m as usize] != State::Out && !std::mem::replace(&mut out[*m as usize], true) {
                work.push(*m);
            }
        }
    }
    out
}

/// Sets that grow together.
struct Union(Vec<u32>);

impl Union {
    fn find(&mut self, mut n: u32) -> u32 {
        while self.0[n as usize] != n {
            let up = self.0[self.0[n as usize] as usize];
            self.0[n as usize] = up;
            n = up;
        }
        n
    }
    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        // the lower number stands for both, whatever came first
        self.0[a.max(b) as usize] = a.min(b);
    }
}

struct Parts<'a> {
    p: &'a Problem,
    root: &'a Search<'a>,
    fixed: &'a Fixed,
    /// nodes that a choice may be about
    open: Vec<bool>,
    /// chosen in any case, and nothing that is chosen among others comes after it
    shared: Vec<bool>,
}

impl<'a> Parts<'a> {
    fn of(p: &'a Problem, root: &'a Search<'a>, fixed: &'a Fixed) -> Self {
        let free = |n: u32| root.is_in(n) && !fixed.is(n);
        let mut open = relevant(p, root, free, |c| !fixed.settled[c as usize]);
        (0..p.nodes.len() as u32).filter(|n| fixed.is(*n)).for_each(|n| open[n as usize] = false);
        let mut this = Self { p, root, fixed, open, shared: Vec::new() };
        this.shared = this.shared();
        this
    }

    fn members(&self, c: u32) -> impl Iterator<Item = u32> {
        let members = self.p.clauses[c as usize].iter().copied();
        members.filter(|m| self.root.state[*m as usize] != State::Out && self.open[*m as usize])
    }

    /// Clauses of a node that are not settled.
    fn clauses(&self, n: u32) -> impl Iterator<Item = u32> {
        let own = self.p.nodes[n as usize].clauses.iter().copied();
        own.filter(|c| !self.fixed.settled[*c as usize])
    }

    /// The only member that may meet a clause.
    fn only(&self, c: u32) -> Option<u32> {
        let mut members = self.members(c);
        let first = members.next()?;
        (members.next().is_none() && self.fixed.met[c as usize] == NEVER).then_some(first)
    }

    fn shared(&self) -> Vec<bool> {
        let n = self.p.nodes.len();
        let mut out: Vec<bool> = (0..n).map(|i| self.open[i] && self.root.is_in(i as u32)).collect();
        let mut work: Vec<u32> =
            (0..n as u32).filter(|i| self.open[*i as usize] && !out[*i as usize]).collect();
        // members of clauses that others may meet, too
        for i in (0..n as u32).filter(|i| self.open[*i as usize]) {
            for m in self.clauses(i).filter(|c| self.only(*c).is_none()).flat_map(|c| self.members(c)) {
                if std::mem::replace(&mut out[m as usize], false) {
                    work.push(m);
                }
            }
        }
        // what others of a part come after
        while let Some(i) = work.pop() {
            let needed = self.clauses(i).filter_map(|c| self.only(c));
            let first = self.fixed.before[i as usize].iter().map(|(a, _)| *a);
            for m in needed.chain(first) {
                if std::mem::replace(&mut out[m as usize], false) {
                    work.push(m);
                }
            }
        }
        out
    }

    /// Nodes of each part; what is shared is in none.
    fn split(&self) -> Vec<Vec<u32>> {
        let n = self.p.nodes.len() as u32;
        let own = |n: u32| self.open[n as usize] && !self.shared[n as usize];
        let mut union = Union((0..n).collect());
        for i in (0..n).filter(|i| self.open[*i as usize]) {
            for c in self.clauses(i) {
                let mut at = own(i).then_some(i);
                for m in self.members(c).filter(|m| own(*m)) {
                    union.join(*at.get_or_insert(m), m);
                }
            }
            let after = self.root.ordered[i as usize].iter().map(|(b, _)| *b);
            for other in after.chain(self.root.rivals[i as usize].iter().copied()) {
                if own(i) && own(other) {
                    union.join(i, other);
                }
            }
        }
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for i in (0..n).filter(|i| own(*i)) {
            parts.entry(union.find(i)).or_default().push(i);
        }
        parts.into_values().collect()
    }

    /// A part with copies of what comes after it.
    fn with_shared(&self, part: &[u32]) -> Vec<u32> {
        let mut all: BTreeSet<u32> = part.iter().copied().collect();
        let mut work: Vec<u32> = part.to_vec();
        while let Some(i) = work.pop() {
            let of = self.root.member_of[i as usize].iter().filter(|c| !self.fixed.settled[**c as usize]);
            let owners = of.flat_map(|c| &self.root.owners[*c as usize]).copied();
            let after = self.root.ordered[i as usize].iter().map(|(b, _)| *b);
            for other in owners.chain(after).filter(|o| self.shared[*o as usize]) {
                if all.insert(other) {
                    work.push(other);
                }
            }
        }
        all.into_iter().collect()
    }

    /// A part as a problem of its own.
    fn problem(&self, nodes: &[u32]) -> Problem {
        let local: BTreeMap<u32, u32> = nodes.iter().enumerate().map(|(i, n)| (*n, i as u32)).collect();
        let mut out = Problem { restarts_at: self.p.restarts_at, ..Problem::default() };
        let mut numbers: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        for (own, n) in nodes.iter().enumerate() {
            let own = own as u32;
            let of = &self.p.nodes[*n as usize];
            let mut earliest = 0;
            let mut clauses = Vec::new();
            for c in &of.clauses {
                let met = self.fixed.met[*c as usize];
                if self.fixed.settled[*c as usize] {
                    earliest = earliest.max(met);
                    continue;
                }
                let number = *numbers.entry(*c).or_insert_with(|| {
                    let members: Vec<u32> = self.members(*c).filter_map(|m| local.get(&m).copied()).collect();
                    // of what is shared only that counts which this part decides
                    (!members.is_empty() || !self.shared[*n as usize]).then(|| {
                        let number = out.clauses.len() as u32;
                        out.clauses.push(members);
                        if met != NEVER {
                            out.met_from.insert(number, met);
                        }
                        number
                    })
                });
                clauses.extend(number);
            }
            for (a, late) in &self.fixed.before[*n as usize] {
                if self.fixed.is(*a) {
                    let waits = *late && self.p.nodes[*a as usize].waits;
                    earliest = earliest.max(self.fixed.level[*a as usize] + u32::from(waits));
                } else if let Some(a) = local.get(a) {
                    let pairs = if *late { &mut out.effective_before } else { &mut out.before };
                    pairs.insert((*a, own));
                }
            }
            for rival in self.root.rivals[*n as usize].iter().filter_map(|r| local.get(r)) {
                out.apart.insert((own.min(*rival), own.max(*rival)));
            }
            if earliest > 0 {
                out.not_before.insert(own, earliest);
            }
            if self.root.is_in(*n) {
                out.goals.push(own);
            }
            let cost = if self.shared[*n as usize] { Default::default() } else { of.cost };
            out.nodes.push(Node { clauses, waits: of.waits, cost });
        }
        out
    }

    /// Why a part has no choice, by the goals that lead to it.
    fn of_part(&self, part: &[u32], failure: Failure) -> Failure {
        let mut above: BTreeSet<u32> = part.iter().copied().filter(|n| self.root.is_in(*n)).collect();
        let mut work: Vec<u32> = above.iter().copied().collect();
        while let Some(n) = work.pop() {
            let owners = self.root.member_of[n as usize].iter().flat_map(|c| &self.root.owners[*c as usize]);
            work.extend(owners.filter(|o| self.root.is_in(**o) && above.insert(**o)));
        }
        let goals: Vec<u32> = self.p.goals.iter().copied().filter(|g| above.contains(g)).collect();
        match failure {
            Failure::GaveUp(_) => Failure::GaveUp(goals),
            _ => Failure::Contradiction(goals),
        }
    }

    /// Each part's cheapest choice.
    fn solve(mut self) -> Result<Choice, Failure> {
        let mut parts: Vec<Vec<u32>> = Vec::new();
        for together in [false, true] {
            if together {
                self.shared.fill(false);
            }
            parts = self.split();
            let mut copies = 0;
            for part in &mut parts {
                let all = self.with_shared(part);
                copies += all.len() - part.len();
                *part = all;
                if copies > MOST_COPIES {
                    break;
                }
            }
            if copies <= MOST_COPIES {
                break;
            }
        }
        // small ones first: what they leave of the budget is for the large ones
        parts.sort_by_key(|part| (part.len(), part.first().copied()));
        let at = self.p.restarts_at.min(super::COSTS);
        let mut out =
            Choice { nodes: Vec::new(), cost: Default::default(), optimal: true, explored: 0, work: 0 };
        let mut floor = u64::from(self.fixed.restarts);
        let mut solved: Vec<(Problem, Choice)> = Vec::with_capacity(parts.len());
        let share = |out: &Choice, left: usize| self.p.budget.saturating_sub(out.work) / left.max(1) as u64;
        for (i, part) in parts.iter().enumerate() {
            let mut problem = self.problem(part);
            (problem.floor, problem.budget) = (floor, share(&out, 2 * (parts.len() - i)));
            let choice = cheapest(&problem).map_err(|failure| self.of_part(part, failure))?;
            floor = floor.max(choice.cost[at]);
            out.explored += choice.explored;
            out.work += choice.work;
            solved.push((problem, choice));
        }
        let count = solved.len();
        for (i, (mut problem, mut choice)) in solved.into_iter().enumerate() {
            if problem.floor < floor && problem.nodes.iter().any(|n| n.waits) {
                (problem.floor, problem.budget) = (floor, share(&out, count - i));
                let again = cheapest(&problem).map_err(|failure| self.of_part(&parts[i], failure))?;
                out.explored += again.explored;
                out.work += again.work;
                choice = again;
            }
            out.optimal &= choice.optimal;
            out.nodes.extend(choice.nodes.iter().map(|n| parts[i][*n as usize]));
        }
        out.cost[at] = floor;
        Ok(out)
    }
}
