//! Which of two changes comes first, where both are made.

use super::Builder;
use crate::{
    catalog::view::RelationKind,
    model::{KbId, Requirement, Standing, Strength},
    plan::Change,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Pairs of which one replaces the other that are kept.
const MOST_PAIRS: usize = 400_000;

/// Is there a way from one node to another?
fn leads(edges: &BTreeMap<u32, BTreeSet<u32>>, from: u32, to: u32) -> bool {
    let (mut seen, mut work) = (BTreeSet::from([from]), vec![from]);
    while let Some(n) = work.pop() {
        if n == to {
            return true;
        }
        work.extend(edges.get(&n).into_iter().flatten().filter(|m| seen.insert(**m)));
    }
    false
}

impl Builder<'_, '_> {
    /// Which of two changes comes first, where both are made.
    pub(super) fn pairs(&mut self) {
        let installs: Vec<(u32, KbId)> = self
            .graph
            .changes
            .iter()
            .enumerate()
            .filter_map(|(n, c)| match c {
                Change::Install(kb) => Some((n as u32, *kb)),
                _ => None,
            })
            .collect();
        let number: HashMap<KbId, u32> = installs.iter().map(|(n, kb)| (*kb, *n)).collect();
        let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut revisions: Option<Vec<(u32, u32)>> = None;
        for (n, kb) in &installs {
            // what is replaced cannot be installed afterwards
            for by in self.known.replacers_of(*kb).iter() {
                if let Some(b) = number.get(by)
                    && pairs.len() < MOST_PAIRS
                {
                    pairs.insert((*n, *b));
                }
            }
            for r in self.known.catalog.relations_from(*kb) {
                if r.kind == RelationKind::Conflicts
                    && r.standing != Standing::Unverified
                    && let Some(b) = number.get(&r.to)
                {
                    self.graph.problem.apart.insert((*n, *b));
                }
            }
            // what it does not go with, and bounds that it must not pass
            for rule in self.known.rules(*kb).iter().filter(|r| {
                r.standing != Standing::Unverified
                    && !r.products.intersection(self.known.identity.products).is_empty()
            }) {
                for x in &rule.excludes {
                    if let Requirement::Update { kb: other, .. } = x
                        && let Some(b) = number.get(other)
                    {
                        pairs.insert((*n, *b));
                    }
                }
                let bounds = rule.requires.iter().filter(|c| c.0.len() == 1).flat_map(|c| &c.0);
                for r in bounds.filter(|_| rule.strength == Strength::Hard) {
                    let Requirement::BuildAtMost(bound) = r else { continue };
                    let revisions = revisions.get_or_insert_with(|| {
                        let of = |kb: KbId| self.known.installed.cumulative_entry(kb)?.revision;
                        installs.iter().filter_map(|(b, kb)| Some((*b, of(*kb)?))).collect::<Vec<_>>()
                    });
                    for (b, revision) in revisions {
                        if b != n && *revision > bound.revision {
                            pairs.insert((*n, *b));
                        }
                    }
                }
            }
        }
        pairs.retain(|(a, b)| a != b);
        self.graph.problem.before = pairs;
        let mut orders: Vec<(Standing, Vec<Requirement>)> =
            std::mem::take(&mut self.orders).into_iter().map(|(o, s)| (s, o)).collect();
        orders.sort();
        let mut forced = self.forced();
        for (_, order) in orders {
            self.ordered(&order, &number, &mut forced);
        }
    }

    /// What comes first whatever is chosen: the only member of a clause before its owner.
    fn forced(&self) -> BTreeMap<u32, BTreeSet<u32>> {
        let mut out: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (need, members) in self.graph.needs.iter().zip(&self.graph.problem.clauses) {
            if let [only] = members[..] {
                out.entry(only).or_default().insert(need.owner);
            }
        }
        out
    }

    fn ordered(
        &mut self,
        order: &[Requirement],
        number: &HashMap<KbId, u32>,
        forced: &mut BTreeMap<u32, BTreeSet<u32>>,
    ) {
        let place = |r: &Requirement| match r {
            Requirement::Update { kb, .. } => number.get(kb).copied(),
            Requirement::Manual(step) => self.index.get(&Change::Manual(step.clone())).copied(),
            _ => None,
        };
        let places: Vec<Option<u32>> = order.iter().map(place).collect();
        let restart = |r: &Requirement| matches!(r, Requirement::Manual(step) if step == "restart");
        for (i, a) in places.iter().enumerate() {
            let Some(a) = a else { continue };
            let mut barrier = false;
            for (b, r) in places[i + 1..].iter().zip(&order[i + 1..]) {
                barrier |= restart(r);
                let Some(b) = b.filter(|b| b != a) else { continue };
                // orders of several sources may contradict each other and what is needed: the better known one counts
                if leads(forced, b, *a) {
                    continue;
                }
                forced.entry(*a).or_default().insert(b);
                self.graph.documented.insert((*a, b));
                if barrier {
                    self.graph.problem.effective_before.insert((*a, b));
                }
            }
        }
    }
}
