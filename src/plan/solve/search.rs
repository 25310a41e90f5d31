//! Branch and bound over one problem.

use super::{COSTS, Cost, Failure, Problem, Schedule};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

/// No stage: it cannot be placed.
pub(super) const NEVER: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    In,
    Out,
}

/// A choice that reaches all goals.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// chosen nodes
    pub nodes: Vec<u32>,
    /// what it costs
    pub cost: Cost,
    /// nothing cheaper exists
    pub optimal: bool,
    /// choices that were explored
    pub explored: u64,
    /// clause members that were visited
    pub work: u64,
}

/// What happens at the beginning of a stage, whatever is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Met(u32),
    May(u32),
}

pub(super) struct Search<'a> {
    p: &'a Problem,
    /// clauses in which a node is a member
    pub member_of: Vec<Vec<u32>>,
    /// nodes that have a clause
    pub owners: Vec<Vec<u32>>,
    /// what comes after a node; true: after it is effective
    pub ordered: Vec<Vec<(u32, bool)>>,
    pub rivals: Vec<Vec<u32>>,
    events: Vec<(u32, Event)>,
    /// how much each node needs at the start
    needs: Vec<u32>,
    pub state: Vec<State>,
    pub trail: Vec<u32>,
    sums: [u64; COSTS],
    /// what a node and all that it needs cost, if nothing is shared: what is likely cheap is tried first
    ease: Vec<Cost>,
    /// the order in which nodes can be reached, the cheapest first
    rank: Vec<u32>,
    pub work: u64,
    // kept between passes, so that they need no memory of their own
    missing: Vec<u32>,
    met: Vec<bool>,
    used: Vec<u64>,
    seen: Vec<u64>,
    pass: u64,
}

struct Frame {
    candidates: Vec<u32>,
    next: usize,
    trail: usize,
}

enum Look {
    Prune,
    /// what it costs, and what a larger choice costs at least
    Leaf(Cost, Cost),
    Branch(Vec<u32>),
}

/// The cheapest choice that reaches all goals.
pub(super) fn cheapest(p: &Problem) -> Result<Choice, Failure> {
    let mut s = Search::new(p);
    if !s.begin() {
        return Err(Failure::Contradiction(p.goals.clone()));
    }
    s.estimate();
    let mut best = s.first();
    let mut explored = 0u64;
    let mut gave_up = false;
    let mut frames: Vec<Frame> = Vec::new();
    let mut descend = true;
    loop {
        if descend {
            explored += 1;
            match s.look(best.as_ref().map(|(c, _)| c)) {
                Look::Prune => {}
                Look::Leaf(cost, bound) => {
                    let chosen = s.chosen_in_order();
                    if best.as_ref().is_none_or(|(c, n)| (&cost, &chosen) < (c, n)) {
                        best = Some((cost, chosen.clone()));
                    }
                    // one more node may save a restart
                    if best.as_ref().is_some_and(|(c, _)| bound < *c)
                        && let Look::Branch(candidates) = s.instead(&chosen)
                    {
                        frames.push(Frame { candidates, next: 0, trail: s.trail.len() });
                    }
                }
                Look::Branch(candidates) => {
                    frames.push(Frame { candidates, next: 0, trail: s.trail.len() });
                }
            }
        }
        if s.work > p.budget {
            gave_up = true;
            // the first answer is still looked for, a little further
            if best.is_some() || s.work > p.budget.saturating_mul(3) {
                break;
            }
        }
        let Some(frame) = frames.last_mut() else { break };
        s.undo(frame.trail);
        if frame.next >= frame.candidates.len() {
            frames.pop();
            descend = false;
            continue;
        }
        // earlier candidates were tried with all that follows: from here on they are out
        let at = s.trail.len();
        let (out, node) = (frame.candidates[..frame.next].to_vec(), frame.candidates[frame.next]);
        frame.next += 1;
        descend = out.iter().all(|n| s.exclude(*n)) && s.include(node) && s.settle_units(at);
    }
    let Some((cost, nodes)) = best else {
        return Err(if gave_up {
            Failure::GaveUp(p.goals.clone())
        } else {
            Failure::Contradiction(p.goals.clone())
        });
    };
    let (cost, nodes) = if gave_up { s.spare(cost, nodes) } else { (cost, nodes) };
    Ok(Choice { nodes, cost, optimal: !gave_up, explored, work: s.work })
}

impl<'a> Search<'a> {
    pub(super) fn new(p: &'a Problem) -> Self {
        let n = p.nodes.len();
        let (mut member_of, mut owners) = (vec![Vec::new(); n], vec![Vec::new(); p.clauses.len()]);
        for (c, members) in p.clauses.iter().enumerate() {
            members.iter().for_each(|m| member_of[*m as usize].push(c as u32));
        }
        for (i, node) in p.nodes.iter().enumerate() {
            node.clauses.iter().for_each(|c| owners[*c as usize].push(i as u32));
        }
        let mut ordered = vec![Vec::new(); n];
        p.before.iter().for_each(|(a, b)| ordered[*a as usize].push((*b, false)));
        p.effective_before.iter().for_each(|(a, b)| ordered[*a as usize].push((*b, true)));
        let mut rivals = vec![Vec::new(); n];
        for (a, b) in &p.apart {
            rivals[*a as usize].push(*b);
            rivals[*b as usize].push(*a);
        }
        let mut events: Vec<(u32, Event)> =
            p.met_from.iter().map(|(c, stage)| (*stage, Event::Met(*c))).collect();
        events.extend(p.not_before.iter().map(|(n, stage)| (*stage, Event::May(*n))));
        events.sort_unstable();
        let mut needs: Vec<u32> = p.nodes.iter().map(|x| x.clauses.len() as u32).collect();
        p.not_before.keys().for_each(|n| needs[*n as usize] += 1);
        Self {
            p,
            missing: needs.clone(),
            met: vec![false; p.clauses.len()],
            used: vec![0; n],
            seen: vec![0; p.clauses.len()],
            pass: 0,
            member_of,
            owners,
            ordered,
            rivals,
            events,
            needs,
            state: vec![State::Open; n],
            trail: Vec::new(),
            sums: [0; COSTS],
            ease: Vec::new(),
            rank: Vec::new(),
            work: 0,
        }
    }

    /// The goals are chosen, and what follows from that. False if that cannot be.
    pub(super) fn begin(&mut self) -> bool {
        let p = self.p;
        p.goals.iter().all(|g| self.include(*g)) && self.settle_units(0)
    }

    /// Each node with the cheapest way to it, as if nothing were shared between two needs. Nodes that cannot be reached
    /// cost most.
    fn estimate(&mut self) {
        let n = self.p.nodes.len();
        let mut ease = vec![[u64::MAX; COSTS + 1]; n];
        let mut rank = vec![NEVER; n];
        let mut sum: Vec<Cost> = self.p.nodes.iter().map(|x| self.p.cost(x.cost, 0)).collect();
        let mut missing: Vec<usize> = self.p.nodes.iter().map(|x| x.clauses.len()).collect();
        let mut met = vec![false; self.p.clauses.len()];
        let mut queue: BinaryHeap<Reverse<(Cost, u32)>> = BinaryHeap::new();
        let at = self.p.restarts_at.min(COSTS);
        let finished = |i: u32, sum: &[Cost]| {
            let mut c = sum[i as usize];
            c[at] += u64::from(self.p.nodes[i as usize].waits);
            Reverse((c, i))
        };
        for (c, stage) in &self.p.met_from {
            met[*c as usize] = true;
            for o in &self.owners[*c as usize] {
                missing[*o as usize] -= 1;
                let restarts = &mut sum[*o as usize][at];
                *restarts = (*restarts).max(u64::from(*stage));
            }
        }
        queue.extend((0..n as u32).filter(|i| missing[*i as usize] == 0).map(|i| finished(i, &sum)));
        let mut place = 0;
        while let Some(Reverse((cost, i))) = queue.pop() {
            if rank[i as usize] != NEVER || self.state[i as usize] == State::Out {
                continue;
            }
            rank[i as usize] = place;
            place += 1;
            ease[i as usize] = cost;
            for c in &self.member_of[i as usize] {
                if std::mem::replace(&mut met[*c as usize], true) {
                    continue;
                }
                for o in &self.owners[*c as usize] {
                    let own = &mut sum[*o as usize];
                    for (k, (a, b)) in own.iter_mut().zip(cost).enumerate() {
                        // restarts are shared by all that comes before, the rest adds up
                        *a = if k == at { (*a).max(b) } else { a.saturating_add(b) };
                    }
                    missing[*o as usize] -= 1;
                    if missing[*o as usize] == 0 {
                        queue.push(finished(*o, &sum));
                    }
                }
            }
        }
        (self.ease, self.rank) = (ease, rank);
    }

    /// A choice to begin with: of each clause the member that is reached first at the least cost.
    fn first(&mut self) -> Option<(Cost, Vec<u32>)> {
        let start = self.trail.len();
        let mut at = 0;
        let mut good = true;
        while let Some(n) = self.trail.get(at).copied().filter(|_| good) {
            at += 1;
            if !self.is_in(n) {
                continue;
            }
            for c in &self.p.nodes[n as usize].clauses {
                if self.p.met_from.contains_key(c) {
                    continue;
                }
                let members = &self.p.clauses[*c as usize];
                self.work += 1 + members.len() as u64;
                let earlier = |m: &&u32| self.rank[**m as usize] < self.rank[n as usize];
                if members.iter().filter(earlier).any(|m| self.is_in(*m)) {
                    continue;
                }
                let open = |m: &&u32| self.state[**m as usize] == State::Open;
                let first = members.iter().filter(open).min_by_key(|m| self.rank[**m as usize]).copied();
                good = first.is_some_and(|m| self.include(m));
                if !good {
                    break;
                }
            }
        }
        let found = good.then(|| self.schedule()).flatten();
        let found = found.map(|s| (self.p.cost(self.sums, s.restarts), self.chosen_in_order()));
        self.undo(start);
        found
    }

    /// A choice without what it does not need: for one that is not known to be the cheapest.
    fn spare(&mut self, cost: Cost, nodes: Vec<u32>) -> (Cost, Vec<u32>) {
        self.undo(0);
        let most = self.work.saturating_add(self.p.budget / 2);
        let goals: BTreeSet<u32> = self.p.goals.iter().copied().collect();
        let mut dear: Vec<u32> = nodes.iter().copied().filter(|n| !goals.contains(n)).collect();
        dear.sort_by_key(|n| Reverse((self.rank[*n as usize], *n)));
        let (mut cost, mut nodes) = (cost, nodes);
        for n in dear {
            if self.work > most {
                break;
            }
            for kept in nodes.iter().filter(|x| **x != n) {
                self.include(*kept);
            }
            if let Some(s) = self.schedule() {
                let less = self.p.cost(self.sums, s.restarts);
                if less <= cost {
                    (cost, nodes) = (less, self.chosen_in_order());
                }
            }
            self.undo(0);
        }
        (cost, nodes)
    }

    fn chosen_in_order(&self) -> Vec<u32> {
        let mut chosen: Vec<u32> = self.trail.iter().copied().filter(|n| self.is_in(*n)).collect();
        chosen.sort_unstable();
        chosen
    }

    pub(super) fn is_in(&self, n: u32) -> bool {
        self.state[n as usize] == State::In
    }

    pub(super) fn include(&mut self, n: u32) -> bool {
        match self.state[n as usize] {
            State::In => true,
            State::Out => false,
            State::Open => {
                self.state[n as usize] = State::In;
                self.trail.push(n);
                for (sum, c) in self.sums.iter_mut().zip(self.p.nodes[n as usize].cost) {
                    *sum = sum.saturating_add(c);
                }
                let mut may = true;
                for at in 0..self.rivals[n as usize].len() {
                    may &= self.exclude(self.rivals[n as usize][at]);
                }
                may
            }
        }
    }

    pub(super) fn exclude(&mut self, n: u32) -> bool {
        match self.state[n as usize] {
            State::In => false,
            State::Out => true,
            State::Open => {
                self.state[n as usize] = State::Out;
                self.trail.push(n);
                true
            }
        }
    }

    pub(super) fn undo(&mut self, to: usize) {
        while self.trail.len() > to {
            let Some(n) = self.trail.pop() else { break };
            if self.is_in(n) {
                for (sum, c) in self.sums.iter_mut().zip(self.p.nodes[n as usize].cost) {
                    *sum = sum.saturating_sub(c);
                }
            }
            self.state[n as usize] = State::Open;
        }
    }

    /// Chooses what is the only way left, of all that was decided since `from`. False if there is none.
    pub(super) fn settle_units(&mut self, from: usize) -> bool {
        let p = self.p;
        let mut at = from;
        while let Some(n) = self.trail.get(at).copied() {
            at += 1;
            let touched: Vec<u32> = if self.is_in(n) {
                p.nodes[n as usize].clauses.clone()
            } else {
                let owned = |c: &&u32| self.owners[**c as usize].iter().any(|o| self.is_in(*o));
                self.member_of[n as usize].iter().filter(owned).copied().collect()
            };
            for c in touched {
                if p.met_from.contains_key(&c) {
                    continue;
                }
                let members = &p.clauses[c as usize];
                self.work += 1 + members.len() as u64;
                let mut open = members.iter().filter(|m| self.state[**m as usize] != State::Out);
                match (open.next().copied(), open.next()) {
                    (None, _) => return false,
                    (Some(only), None) if !self.include(only) => return false,
                    _ => {}
                }
            }
        }
        true
    }

    /// The stage at which each node can be placed at the earliest, if all nodes that `may` counts are there; [`NEVER`]
    /// for those that cannot. Orders and conflicts are left out: this is never too late.
    pub(super) fn reach(&mut self, may: impl Fn(State) -> bool) -> Vec<u32> {
        let n = self.p.nodes.len();
        let mut level = vec![NEVER; n];
        self.missing.copy_from_slice(&self.needs);
        self.met.fill(false);
        self.work += n as u64 / 4;
        let mut next: Vec<u32> = Vec::new();
        let mut ready: Vec<u32> =
            (0..n as u32).filter(|i| self.needs[*i as usize] == 0 && may(self.state[*i as usize])).collect();
        let (mut stage, mut event) = (0u32, 0);
        loop {
            self.happen(stage, &mut event, &may, &mut ready);
            while let Some(i) = ready.pop() {
                level[i as usize] = stage;
                if self.p.nodes[i as usize].waits {
                    next.push(i);
                } else {
                    self.meet(i, &may, &mut ready);
                }
            }
            if next.is_empty() {
                match self.events.get(event) {
                    Some((later, _)) => stage = *later,
                    None => return level,
                }
                continue;
            }
            stage += 1;
            for i in std::mem::take(&mut next) {
                self.meet(i, &may, &mut ready);
            }
        }
    }

    /// What happens up to a stage, whatever is chosen.
    fn happen(&mut self, stage: u32, event: &mut usize, may: &impl Fn(State) -> bool, ready: &mut Vec<u32>) {
        while let Some((_, what)) = self.events.get(*event).copied().filter(|(at, _)| *at <= stage) {
            *event += 1;
            match what {
                Event::Met(c) => self.meet_clause(c, may, ready),
                Event::May(n) => self.less(n, may, ready),
            }
        }
    }

    fn meet(&mut self, i: u32, may: &impl Fn(State) -> bool, ready: &mut Vec<u32>) {
        for at in 0..self.member_of[i as usize].len() {
            self.work += 1;
            self.meet_clause(self.member_of[i as usize][at], may, ready);
        }
    }

    fn meet_clause(&mut self, c: u32, may: &impl Fn(State) -> bool, ready: &mut Vec<u32>) {
        if std::mem::replace(&mut self.met[c as usize], true) {
            return;
        }
        for at in 0..self.owners[c as usize].len() {
            self.work += 1;
            self.less(self.owners[c as usize][at], may, ready);
        }
    }

    /// A node lacks one thing less.
    fn less(&mut self, n: u32, may: &impl Fn(State) -> bool, ready: &mut Vec<u32>) {
        let missing = &mut self.missing[n as usize];
        *missing -= 1;
        if *missing == 0 && may(self.state[n as usize]) {
            ready.push(n);
        }
    }

    /// What is there to do at this point of the search.
    fn look(&mut self, best: Option<&Cost>) -> Look {
        let p = self.p;
        let chosen: Vec<u32> = self.trail.iter().copied().filter(|n| self.is_in(*n)).collect();
        let hope = self.reach(|s| s != State::Out);
        let mut restarts = p.floor;
        for n in &chosen {
            let level = hope[*n as usize];
            if level == NEVER {
                return Look::Prune;
            }
            restarts = restarts.max(u64::from(level) + u64::from(p.nodes[*n as usize].waits));
        }
        let sure = self.reach(|s| s == State::In);
        let late: Vec<u32> = chosen.iter().copied().filter(|n| sure[*n as usize] == NEVER).collect();
        let mut sums = self.sums;
        // clauses without a common member: each costs at least its cheapest
        let mut branch: Option<Vec<u32>> = None;
        self.pass += 1;
        let mut any: BTreeSet<u32> = BTreeSet::new();
        for n in &late {
            for c in &p.nodes[*n as usize].clauses {
                let members = &p.clauses[*c as usize];
                self.work += members.len() as u64;
                let there = |m: &u32| self.is_in(*m) && sure[*m as usize] != NEVER;
                if p.met_from.contains_key(c) || members.iter().any(there) {
                    continue;
                }
                let open: Vec<u32> =
                    members.iter().copied().filter(|m| self.state[*m as usize] == State::Open).collect();
                any.extend(&open);
                let known = std::mem::replace(&mut self.seen[*c as usize], self.pass) == self.pass;
                if members.iter().any(|m| self.is_in(*m)) || known {
                    continue;
                }
                if open.iter().all(|m| self.used[*m as usize] != self.pass) {
                    for (k, sum) in sums.iter_mut().enumerate() {
                        let least = open.iter().map(|m| p.nodes[*m as usize].cost[k]).min();
                        *sum = sum.saturating_add(least.unwrap_or(0));
                    }
                    open.iter().for_each(|m| self.used[*m as usize] = self.pass);
                }
                if branch.as_ref().is_none_or(|b| open.len() < b.len()) {
                    branch = Some(open);
                }
            }
        }
        let bound = p.cost(sums, restarts);
        if best.is_some_and(|b| bound >= *b) {
            return Look::Prune;
        }
        if late.is_empty() {
            let Some(schedule) = self.schedule() else {
                // an order that the chosen nodes cannot keep: another member may keep it
                return self.instead(&chosen);
            };
            return Look::Leaf(p.cost(sums, schedule.restarts), bound);
        }
        // a circle of chosen nodes that wait for each other: something else must begin it
        let mut candidates = branch.unwrap_or_else(|| any.into_iter().collect());
        candidates.sort_by_key(|n| self.ease[*n as usize]);
        if candidates.is_empty() { Look::Prune } else { Look::Branch(candidates) }
    }

    /// Members that are not chosen, of clauses that chosen nodes have.
    fn instead(&mut self, chosen: &[u32]) -> Look {
        let mut others: BTreeSet<u32> = BTreeSet::new();
        for c in chosen.iter().flat_map(|n| &self.p.nodes[*n as usize].clauses) {
            let members = &self.p.clauses[*c as usize];
            self.work += members.len() as u64;
            others.extend(members.iter().filter(|m| self.state[**m as usize] == State::Open));
        }
        let mut others: Vec<u32> = others.into_iter().collect();
        others.sort_by_key(|n| self.ease[*n as usize]);
        if others.is_empty() { Look::Prune } else { Look::Branch(others) }
    }

    /// The chosen nodes, each as early as it can be; those that are ready at once by their numbers.
    pub(super) fn schedule(&mut self) -> Option<Schedule> {
        let p = self.p;
        let chosen: Vec<u32> = self.trail.iter().copied().filter(|x| self.is_in(*x)).collect();
        self.missing.copy_from_slice(&self.needs);
        self.met.fill(false);
        self.work += p.nodes.len() as u64 / 4;
        for a in &chosen {
            for (b, _) in &self.ordered[*a as usize] {
                self.missing[*b as usize] += u32::from(self.is_in(*b) && a != b);
            }
        }
        let mut ready: BTreeSet<u32> =
            chosen.iter().copied().filter(|i| self.missing[*i as usize] == 0).collect();
        let (mut stages, mut stage, mut restarts) = (Vec::new(), Vec::new(), p.floor);
        let mut waiting: Vec<u32> = Vec::new();
        let (mut count, mut number, mut event) = (0, 0u32, 0);
        let within = |s: State| s == State::In;
        let mut more: Vec<u32> = Vec::new();
        loop {
            self.happen(number, &mut event, &within, &mut more);
            ready.extend(more.drain(..));
            while let Some(i) = ready.pop_first() {
                count += 1;
                stage.push(i);
                let waits = p.nodes[i as usize].waits;
                restarts = restarts.max(u64::from(number) + u64::from(waits));
                self.after(i, waits, false, &mut more);
                if waits {
                    waiting.push(i);
                } else {
                    self.meet(i, &within, &mut more);
                }
                ready.extend(more.drain(..));
            }
            if !stage.is_empty() {
                stages.push(std::mem::take(&mut stage));
            }
            if waiting.is_empty() {
                match self.events.get(event) {
                    Some((later, _)) => number = *later,
                    None => break,
                }
                continue;
            }
            number += 1;
            for i in std::mem::take(&mut waiting) {
                self.meet(i, &within, &mut more);
                self.after(i, true, true, &mut more);
                ready.extend(more.drain(..));
            }
        }
        (count == chosen.len()).then_some(Schedule { stages, restarts })
    }

    /// What comes after a chosen node once it is there, or once it is effective.
    fn after(&mut self, i: u32, waits: bool, effective: bool, ready: &mut Vec<u32>) {
        for at in 0..self.ordered[i as usize].len() {
            let (b, late) = self.ordered[i as usize][at];
            if i != b && self.is_in(b) && (late && waits) == effective {
                self.less(b, &|s| s == State::In, ready);
            }
        }
    }
}
