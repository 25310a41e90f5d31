//! What the goals need on this host, as an AND-OR graph: nodes are changes, each with any-of clauses over other changes.
//!
//! `known` is what holds of the updates on this host however often the graph is made, `needs` what each of them needs,
//! `members` what would meet that, `order` which comes first.

mod known;
mod members;
mod needs;
mod order;

use super::{Change, Objective, simulate::asks_restart, solve};
use crate::model::{Clause, KbId, Licence, Requirement, Standing, Truth, UpdateKind};
use crate::resolve::statement::{Ask, Evidence, Says};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use known::Known;

/// Changes that a graph may have; what needs more is not looked at.
const MOST_NODES: usize = 20_000;
/// The place of members that a rule does not name, after all that it names.
const UNNAMED: u64 = 100;

/// A clause of a change.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// the change that needs it
    pub owner: u32,
    /// what it says; empty for a step of a documented order
    pub clause: Clause,
    pub why: String,
    pub evidence: Evidence,
    /// on the host as it is: false or not known
    pub truth: Truth,
    pub ask: Vec<Ask>,
    /// what must be so for the rule to hold, where that is not known
    pub when: Option<Clause>,
}

/// The graph.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub changes: Vec<Change>,
    /// by the numbers of the problem's clauses
    pub needs: Vec<Need>,
    pub problem: solve::Problem,
    /// pairs that documented orders give, beside `problem.before`
    pub documented: BTreeSet<(u32, u32)>,
    /// a limit was met
    pub cut: bool,
    /// withdrawn updates that would have done
    pub withdrawn: BTreeSet<KbId>,
}

/// How a change stands among those that would do.
#[derive(Clone, Copy, Debug)]
struct Rank {
    /// its place in the rule
    place: u64,
    /// how many newer ones would do
    stale: u64,
}

pub(super) struct Builder<'k, 'a> {
    pub known: &'k mut Known<'a>,
    pub objective: Objective,
    pub image: bool,
    /// changes that the replay refused
    pub banned: &'k BTreeSet<Change>,
    pub goals: &'k BTreeSet<KbId>,
    graph: Graph,
    ranks: Vec<Rank>,
    index: BTreeMap<Change, u32>,
    orders: BTreeMap<Vec<Requirement>, Standing>,
    /// updates whose documented orders are among them
    ordered_for: BTreeSet<KbId>,
    /// what the last look for members left out, as it differs only in age from one that is a member
    like: Vec<KbId>,
    /// the same by the number of the clause: a member after all, where something else brings it into the graph
    alike: Vec<(u32, Vec<KbId>)>,
}

impl<'k, 'a> Builder<'k, 'a> {
    pub(super) fn new(
        known: &'k mut Known<'a>,
        objective: Objective,
        image: bool,
        banned: &'k BTreeSet<Change>,
        goals: &'k BTreeSet<KbId>,
    ) -> Self {
        Self {
            known,
            objective,
            image,
            banned,
            goals,
            graph: Graph::default(),
            ranks: Vec::new(),
            index: BTreeMap::new(),
            orders: BTreeMap::new(),
            ordered_for: BTreeSet::new(),
            like: Vec::new(),
            alike: Vec::new(),
        }
    }

    /// The graph of these goals and of all that may help to reach them. `also` are needs that no rule states.
    pub(super) fn build(mut self, wanted: &BTreeSet<KbId>, also: &[(KbId, KbId)]) -> Graph {
        for kb in wanted {
            let n = self.node(Change::Install(*kb), 0, 0);
            self.graph.problem.goals.push(n);
        }
        let mut at = 0;
        while at < self.graph.changes.len() {
            if let Change::Install(kb) = self.graph.changes[at] {
                self.expand(at as u32, kb, also);
            }
            at += 1;
        }
        self.join_alike();
        self.join_licences();
        self.costs();
        self.pairs();
        self.renumber()
    }

    fn node(&mut self, change: Change, rank: u64, stale: u64) -> u32 {
        if let Some(n) = self.index.get(&change).copied() {
            let known = &mut self.ranks[n as usize];
            (known.place, known.stale) = (known.place.min(rank), known.stale.min(stale));
            return n;
        }
        let n = self.graph.changes.len() as u32;
        self.index.insert(change.clone(), n);
        self.graph.changes.push(change);
        self.graph.problem.nodes.push(solve::Node::default());
        self.ranks.push(Rank { place: rank, stale });
        n
    }

    fn expand(&mut self, owner: u32, kb: KbId, also: &[(KbId, KbId)]) {
        let needs = self.needs_of(kb);
        let own_replacers = self.known.replacers_of(kb);
        for (_, first) in also.iter().filter(|(of, _)| *of == kb) {
            let clause = Clause(vec![Requirement::Update { kb: *first, or_later: false }]);
            let says = Says::Needs { kb, clause: clause.0.clone(), why: String::new() };
            let member = self.node(Change::Install(*first), 0, 0);
            self.clause(
                Need {
                    owner,
                    clause,
                    why: String::new(),
                    evidence: Evidence::rule(says),
                    truth: Truth::False,
                    ask: Vec::new(),
                    when: None,
                },
                vec![member],
            );
        }
        for raw in &needs.raw {
            self.like.clear();
            // what is in the way and stays: nothing gives that
            let in_the_way = matches!(raw.evidence.says, Says::Conflicts { .. });
            let members = if raw.by.is_empty() && in_the_way {
                Vec::new()
            } else if raw.by.is_empty() {
                self.providers(kb, raw, &own_replacers)
            } else {
                raw.by.iter().cloned().map(|c| (c, 0, 0)).collect()
            };
            let product = |r: &Requirement| {
                matches!(r, Requirement::Feature(_) | Requirement::Role(_) | Requirement::Component { .. })
            };
            // whether what a prerequisite updates is there is not known: it is not installed for that
            if raw.truth == Truth::Unknown && !self.goals.contains(&kb) && raw.clause.0.iter().all(product) {
                continue;
            }
            if members.is_empty() && raw.truth == Truth::Unknown {
                // nothing can be done about it: the replay says what is not known
                continue;
            }
            if self.graph.changes.len() + members.len() > MOST_NODES {
                self.graph.cut = true;
                if raw.truth == Truth::Unknown {
                    continue;
                }
            }
            let members: Vec<u32> = members
                .into_iter()
                .filter(|(c, _, _)| !self.banned.contains(c))
                .map(|(c, rank, stale)| self.node(c, rank, stale))
                .collect();
            let need = Need {
                owner,
                clause: raw.clause.clone(),
                why: raw.why.clone(),
                evidence: raw.evidence.clone(),
                truth: raw.truth,
                ask: raw.ask.clone(),
                when: raw.when.clone(),
            };
            let like = std::mem::take(&mut self.like);
            if !like.is_empty() {
                self.alike.push((self.graph.problem.clauses.len() as u32, like));
            }
            self.clause(need, members);
        }
    }

    /// An update that something else needs anyway meets every clause that it can meet.
    fn join_alike(&mut self) {
        for (clause, like) in std::mem::take(&mut self.alike) {
            for kb in like {
                let Some(n) = self.index.get(&Change::Install(kb)).copied() else { continue };
                let members = &mut self.graph.problem.clauses[clause as usize];
                if !members.contains(&n) {
                    members.push(n);
                }
            }
        }
    }

    /// A licence of a year is an ESU licence, and one of the years before.
    fn join_licences(&mut self) {
        let year = |l: &Licence| match l {
            Licence::Esu => Some(0),
            Licence::EsuYear(year) => Some(*year),
            _ => None,
        };
        let years = |(c, n): (&Change, &u32)| match c {
            Change::Licence(l) => Some((year(l)?, *n)),
            _ => None,
        };
        let all: Vec<(u8, u32)> = self.index.iter().filter_map(years).collect();
        for members in &mut self.graph.problem.clauses {
            let of = |m: &u32| all.iter().find(|(_, n)| n == m).map(|(year, _)| *year);
            let Some(asked) = members.iter().filter_map(of).min() else { continue };
            for (_, n) in all.iter().filter(|(year, _)| *year > asked) {
                if !members.contains(n) {
                    members.push(*n);
                }
            }
        }
    }

    fn clause(&mut self, need: Need, mut members: Vec<u32>) {
        let mut seen = BTreeSet::new();
        members.retain(|m| seen.insert(*m));
        let number = self.graph.problem.clauses.len() as u32;
        self.graph.problem.nodes[need.owner as usize].clauses.push(number);
        self.graph.problem.clauses.push(members);
        self.graph.needs.push(need);
    }

    fn costs(&mut self) {
        for n in 0..self.graph.changes.len() {
            let Rank { place: rank, stale } = self.ranks[n];
            let (unsure, waits, age, weight) = match &self.graph.changes[n] {
                Change::Install(kb) => {
                    let update = self.known.update(*kb);
                    // the rule that names it says that this is the way
                    let named = rank < UNNAMED || self.goals.contains(kb);
                    let unsure =
                        u64::from(!named && !self.known.stated(*kb)) + u64::from(self.known.disputed(*kb));
                    let since = |d: Date| {
                        u64::from(d.year().unsigned_abs()) * 372
                            + u64::from(d.month().unsigned_abs()) * 31
                            + u64::from(d.day().unsigned_abs())
                    };
                    let day = update.as_ref().and_then(|u| u.date).map_or(0, since);
                    let weight = match update.as_ref().map(|u| u.kind) {
                        Some(UpdateKind::ServicingStack) => 1,
                        Some(UpdateKind::ServicePack) => 100,
                        Some(k) if k.is_cumulative() => 20,
                        Some(UpdateKind::MonthlyRollup | UpdateKind::RollupPreview) => 20,
                        Some(UpdateKind::DotnetProduct | UpdateKind::ManagementFramework) => 8,
                        _ => 2,
                    };
                    let waits = asks_restart(self.known.catalog, *kb) != Some(false) && !self.image;
                    // what is known best before what is newest
                    let secondary = u64::from(self.known.secondary(*kb)) * 1_000_000;
                    (unsure, waits, secondary + 1_000_000 - day.min(1_000_000), weight)
                }
                Change::Remove(_) => (0, !self.image, 0, 2),
                _ => (0, false, 0, 1),
            };
            let node = &mut self.graph.problem.nodes[n];
            node.waits = waits;
            node.cost = match self.objective {
                Objective::FewestRestarts => [unsure, 1, age, rank],
                Objective::Newest => [unsure, stale, 1, age],
                Objective::Smallest => [unsure, weight, 1, age],
                // two that are named first, each by its rule: the earlier is the nearer
                Objective::Documented => [unsure, rank, 1, 2_000_000 - age],
            };
        }
        self.graph.problem.restarts_at = match self.objective {
            Objective::FewestRestarts => 1,
            _ => 2,
        };
    }

    /// Numbers by what the changes are, so that the order in which they were met does not matter: what is needed in order
    /// of age, then by number.
    fn renumber(mut self) -> Graph {
        let mut age = |c: &Change| match c {
            Change::Install(kb) => (1, self.known.update(*kb).and_then(|u| u.date)),
            _ => (0, None),
        };
        let mut order: Vec<u32> = (0..self.graph.changes.len() as u32).collect();
        let changes = &self.graph.changes;
        order.sort_by_key(|n| {
            let c = &changes[*n as usize];
            (age(c), c.clone())
        });
        let mut new = vec![0u32; order.len()];
        for (to, from) in order.iter().enumerate() {
            new[*from as usize] = to as u32;
        }
        let of = |n: u32| new[n as usize];
        let pairs = |set: &BTreeSet<(u32, u32)>| set.iter().map(|(a, b)| (of(*a), of(*b))).collect();
        let g = &mut self.graph;
        g.changes = order.iter().map(|n| g.changes[*n as usize].clone()).collect();
        g.problem.nodes = order.iter().map(|n| g.problem.nodes[*n as usize].clone()).collect();
        for members in &mut g.problem.clauses {
            members.iter_mut().for_each(|m| *m = of(*m));
        }
        g.needs.iter_mut().for_each(|n| n.owner = of(n.owner));
        g.problem.goals.iter_mut().for_each(|n| *n = of(*n));
        g.problem.before = pairs(&g.problem.before);
        g.problem.effective_before = pairs(&g.problem.effective_before);
        g.problem.apart = pairs(&g.problem.apart);
        g.documented = pairs(&g.documented);
        self.graph
    }
}
