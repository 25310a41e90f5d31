//! Groups that reach each other, without recursion.

use petgraph::{
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
};
use std::collections::BTreeMap;

/// Groups of two and more nodes that reach each other; each in order, and the groups too.
pub(super) fn groups(edges: impl Iterator<Item = (u32, u32)>) -> Vec<Vec<u32>> {
    let mut graph = DiGraph::<u32, ()>::new();
    let mut nodes: BTreeMap<u32, NodeIndex> = BTreeMap::new();
    for (from, to) in edges {
        let mut node = |n: u32| *nodes.entry(n).or_insert_with(|| graph.add_node(n));
        let (from, to) = (node(from), node(to));
        graph.add_edge(from, to, ());
    }
    let groups = kosaraju_scc(&graph).into_iter().filter(|g| g.len() > 1);
    let mut out: Vec<Vec<u32>> = groups
        .map(|g| {
            let mut g: Vec<u32> = g.into_iter().map(|n| graph[n]).collect();
            g.sort_unstable();
            g
        })
        .collect();
    out.sort_unstable();
    out
}
