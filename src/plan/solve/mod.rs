//! The cheapest closure of an AND-OR graph, by branch and bound. Knows numbers only: what they stand for is the business
//! of [`super::graph`].
//!
//! A node is chosen or not; a chosen node needs, for each of its clauses, a member that is effective before it. A node
//! that waits is effective after the next restart. Nothing here recurses, and the work is counted.
//!
//! `parts` settles what is forced and splits the rest into choices that have nothing to do with each other, `search`
//! finds the cheapest of each.

mod parts;
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use parts::{apart, clash, reachable, reordered, solve};

/// A step that may be chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// numbers of its clauses
    pub clauses: Vec<u32>,
    /// it is effective only after a restart
    pub waits: bool,
    /// what choosing it costs: sums, compared one after the other
    pub cost: [u64; COSTS],
}

/// Sums that a choice is judged by, beside its restarts.
pub(super) const COSTS: usize = 4;

/// The sums of a choice with its restarts among them.
type Cost = [u64; COSTS + 1];

/// What is to be solved.
#[derive(Clone, Debug, Default)]
pub(super) struct Problem {
    /// nodes, by number
    pub nodes: Vec<Node>,
    /// members of each clause, the preferred first
    pub clauses: Vec<Vec<u32>>,
    /// nodes that must be chosen
    pub goals: Vec<u32>,
    /// where both are chosen, the first comes before the second
    pub before: BTreeSet<(u32, u32)>,
    /// where both are chosen, the first is effective before the second
    pub effective_before: BTreeSet<(u32, u32)>,
    /// never both
    pub apart: BTreeSet<(u32, u32)>,
    /// the place of restarts among the sums
    pub restarts_at: usize,
    /// clause members that may be visited
    pub budget: u64,
    /// restarts that there are anyway
    floor: u64,
    /// clauses that are met from a stage on, whatever is chosen
    met_from: BTreeMap<u32, u32>,
    /// nodes that come in a stage at the earliest
    not_before: BTreeMap<u32, u32>,
}

impl Problem {
    /// Sums with the restarts in their place.
    fn cost(&self, sums: [u64; COSTS], restarts: u64) -> Cost {
        let mut out = [0; COSTS + 1];
        let at = self.restarts_at.min(COSTS);
        out[..at].copy_from_slice(&sums[..at]);
        out[at] = restarts;
        out[at + 1..].copy_from_slice(&sums[at..]);
        out
    }
}

/// The order of chosen nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// nodes between two restarts, in order
    pub stages: Vec<Vec<u32>>,
    /// restarts, the last one too
    pub restarts: u64,
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Solution {
    /// chosen nodes in order
    pub schedule: Schedule,
    /// nothing cheaper exists
    pub optimal: bool,
    /// choices that were explored
    pub explored: u64,
}

/// Why nothing was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// these goals cannot be reached, whatever is chosen
    Unreachable(Vec<u32>),
    /// every choice for these goals breaks an order or a conflict, whatever becomes of the others
    Contradiction(Vec<u32>),
    /// given up before anything was found for these goals
    GaveUp(Vec<u32>),
}
