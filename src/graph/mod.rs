//! The only module that names petgraph: chains of supersedence, order of installation, cycles.
//!
//! Every walk is iterative; petgraph's recursive `tarjan_scc` and `is_cyclic_directed` are not used.

mod reduce;

pub(crate) use reduce::reduce_list;
pub use reduce::{MOST_NODES, Reduced, longest_path, reduce};

use petgraph::{
    algo::{kosaraju_scc, toposort},
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The shortest chain from `start` to the first node for which `is_goal` holds, exploring at most `limit` nodes.
///
/// `successors` gives the neighbours of a node in a fixed order, so the answer is deterministic; among chains of equal
/// length the one met first is taken. The chain begins with `start` and ends with the goal; `start` itself is never
/// the goal.
pub fn shortest_chain<N, L>(
    start: N,
    limit: usize,
    mut successors: impl FnMut(N) -> Vec<(N, L)>,
    mut is_goal: impl FnMut(N) -> bool,
) -> Option<(Vec<N>, Vec<L>)>
where
    N: Copy + Ord,
    L: Copy,
{
    let mut graph: DiGraph<N, L> = DiGraph::new();
    let mut index: BTreeMap<N, NodeIndex> = BTreeMap::new();
    index.insert(start, graph.add_node(start));
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let from = index[&node];
        for (next, label) in successors(node) {
            if index.contains_key(&next) {
                continue;
            }
            if index.len() >= limit {
                return None;
            }
            let to = graph.add_node(next);
            index.insert(next, to);
            // the edge points back to where the node was found: walking it gives the chain
            graph.add_edge(to, from, label);
            if is_goal(next) {
                return Some(walk_back(&graph, to));
            }
            queue.push_back(next);
        }
    }
    None
}

fn walk_back<N: Copy, L: Copy>(graph: &DiGraph<N, L>, goal: NodeIndex) -> (Vec<N>, Vec<L>) {
    let (mut nodes, mut labels, mut at) = (vec![graph[goal]], Vec::new(), goal);
    while let Some(edge) = graph.edges(at).next() {
        labels.push(*edge.weight());
        at = edge.target();
        nodes.push(graph[at]);
    }
    nodes.reverse();
    labels.reverse();
    (nodes, labels)
}

/// Items in an order that respects `before` (first goes before second), ties by the items' own order of appearance.
///
/// Members of a cycle come in order of appearance; the cycles are returned beside the order.
pub fn order<N: Copy + Ord>(items: &[N], before: &BTreeSet<(N, N)>) -> (Vec<N>, Vec<Vec<N>>) {
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: BTreeMap<N, NodeIndex> =
        items.iter().enumerate().map(|(i, n)| (*n, graph.add_node(i))).collect();
    for (a, b) in before {
        if let (Some(a), Some(b)) = (nodes.get(a), nodes.get(b))
            && a != b
        {
            graph.update_edge(*a, *b, ());
        }
    }
    // components in topological order of the condensation, smallest place first among those that are ready
    let components = kosaraju_scc(&graph);
    let mut of = vec![0usize; graph.node_count()];
    for (c, members) in components.iter().enumerate() {
        for m in members {
            of[graph[*m]] = c;
        }
    }
    let mut waits = vec![0usize; components.len()];
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); components.len()];
    for e in graph.edge_indices() {
        if let Some((a, b)) = graph.edge_endpoints(e) {
            let (a, b) = (of[graph[a]], of[graph[b]]);
            if a != b && next[a].insert(b) {
                waits[b] += 1;
            }
        }
    }
    let place = |c: usize| components[c].iter().map(|m| graph[*m]).min().unwrap_or(0);
    let mut ready: BTreeSet<(usize, usize)> =
        (0..components.len()).filter(|c| waits[*c] == 0).map(|c| (place(c), c)).collect();
    let (mut out, mut cycles) = (Vec::with_capacity(items.len()), Vec::new());
    while let Some((_, c)) = ready.pop_first() {
        let mut members: Vec<usize> = components[c].iter().map(|m| graph[*m]).collect();
        members.sort_unstable();
        if members.len() > 1 {
            cycles.push(members.iter().map(|i| items[*i]).collect());
        }
        out.extend(members.into_iter().map(|i| items[i]));
        for b in &next[c] {
            waits[*b] -= 1;
            if waits[*b] == 0 {
                ready.insert((place(*b), *b));
            }
        }
    }
    (out, cycles)
}

/// Cycles and the longest chain of a graph; edges from a node to itself are left out.
///
/// Where the graph has cycles, the longest chain is that of the graph without the edges inside of them. Ties are broken by
/// the nodes' order, so the order of edges does not matter.
pub fn chains<N: Copy + Ord>(edges: &BTreeSet<(N, N)>) -> (Vec<Vec<N>>, Vec<N>) {
    let mut graph: DiGraph<N, ()> = DiGraph::new();
    let mut index: BTreeMap<N, NodeIndex> = BTreeMap::new();
    for node in edges.iter().flat_map(|(a, b)| [*a, *b]) {
        index.entry(node).or_insert_with(|| graph.add_node(node));
    }
    for (a, b) in edges.iter().filter(|(a, b)| a != b) {
        graph.add_edge(index[a], index[b], ());
    }
    let mut of = vec![usize::MAX; graph.node_count()];
    let mut cycles: Vec<Vec<N>> = Vec::new();
    for members in kosaraju_scc(&graph).into_iter().filter(|m| m.len() > 1) {
        members.iter().for_each(|m| of[m.index()] = cycles.len());
        let mut members: Vec<N> = members.into_iter().map(|m| graph[m]).collect();
        members.sort_unstable();
        cycles.push(members);
    }
    graph.retain_edges(|g, e| {
        let ends = g.edge_endpoints(e).map(|(a, b)| (of[a.index()], of[b.index()]));
        ends.is_some_and(|(a, b)| a == usize::MAX || a != b)
    });
    cycles.sort_unstable();
    // from the ends of chains backwards: how far it goes from a node, and where to
    let mut reach: Vec<(usize, Option<NodeIndex>)> = vec![(0, None); graph.node_count()];
    for &node in toposort(&graph, None).unwrap_or_default().iter().rev() {
        let next = graph.neighbors(node).max_by_key(|n| (reach[n.index()].0, graph[*n]));
        if let Some(next) = next {
            reach[node.index()] = (reach[next.index()].0 + 1, Some(next));
        }
    }
    let mut at = graph.node_indices().max_by_key(|n| (reach[n.index()].0, graph[*n]));
    let mut longest = Vec::new();
    while let Some(node) = at {
        longest.push(graph[node]);
        at = reach[node.index()].1;
    }
    (cycles, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_a_hundred_thousand_is_walked() {
        let (chain, _) = shortest_chain(0u32, 200_000, |n| vec![(n + 1, ())], |n| n == 100_000).unwrap();
        assert_eq!(chain.len(), 100_001);
    }

    #[test]
    fn cycles_end() {
        assert!(shortest_chain(0u32, 100, |n| vec![((n + 1) % 5, ())], |n| n == 7).is_none());
    }

    #[test]
    fn order_respects_edges_and_names_cycles() {
        let before = BTreeSet::from([(3, 1), (1, 2), (2, 1)]);
        let (out, cycles) = order(&[1, 2, 3, 4], &before);
        assert_eq!(out, [3, 1, 2, 4]);
        assert_eq!(cycles, [vec![1, 2]]);
    }

    #[test]
    fn the_longest_chain_passes_by_cycles() {
        let edges = BTreeSet::from([(9, 8), (8, 7), (7, 8), (7, 1), (1, 1), (5, 1)]);
        let (cycles, longest) = chains(&edges);
        assert_eq!(cycles, [vec![7, 8]]);
        // 8 and 7 are one cycle, whose inner steps do not count
        assert_eq!(longest.len(), 2);
        assert_eq!(chains::<u32>(&BTreeSet::new()), (vec![], vec![]));
    }

    #[test]
    fn the_longest_of_a_hundred_thousand_does_not_recurse() {
        let edges: BTreeSet<(u32, u32)> = (0..100_000).map(|i| (i + 1, i)).collect();
        let (cycles, longest) = chains(&edges);
        assert!(cycles.is_empty());
        assert_eq!((longest.len(), longest[0]), (100_001, 100_000));
    }

    #[test]
    fn a_long_order_does_not_recurse() {
        let items: Vec<u32> = (0..50_000).rev().collect();
        let before: BTreeSet<(u32, u32)> = (0..49_999).map(|i| (i, i + 1)).collect();
        assert_eq!(order(&items, &before).0, (0..50_000).collect::<Vec<_>>());
    }
}
