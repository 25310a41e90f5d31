//! Transitive reduction: the edges that say all that a closure says.

use petgraph::{
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A graph without the edges that others imply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reduced<N> {
    /// edges that are left, in order; those inside of a cycle are all left
    pub edges: Vec<(N, N)>,
    /// nodes that reach each other, each group in order; a node alone if it has an edge to itself
    pub cycles: Vec<Vec<N>>,
}

/// Most nodes that [`reduce`] takes: reachability is kept as one bit for each pair, 32 MB at this size.
pub const MOST_NODES: usize = 16_384;

/// The fewest edges between groups of nodes that reach what these edges reach. `None` for more than [`MOST_NODES`].
///
/// Nodes that reach each other are one group, and the edges inside of it stay; of several edges between two groups the
/// least one stays. Costs O(edges + kept edges * nodes / 64), so that a closure costs little more than its chain.
pub fn reduce<N: Copy + Ord>(edges: &BTreeSet<(N, N)>) -> Option<Reduced<N>> {
    reduce_list(&edges.iter().copied().collect::<Vec<_>>())
}

/// The same of a list in order without doubles.
pub(crate) fn reduce_list<N: Copy + Ord>(edges: &[(N, N)]) -> Option<Reduced<N>> {
    let mut graph: DiGraph<N, ()> = DiGraph::new();
    let mut index: BTreeMap<N, NodeIndex> = BTreeMap::new();
    for (a, b) in edges {
        for n in [*a, *b] {
            index.entry(n).or_insert_with(|| graph.add_node(n));
        }
        if index.len() > MOST_NODES {
            return None;
        }
        graph.add_edge(index[a], index[b], ());
    }
    // components come in postorder: what a component reaches stands before it
    let components = kosaraju_scc(&graph);
    let mut of = vec![0usize; graph.node_count()];
    for (c, members) in components.iter().enumerate() {
        members.iter().for_each(|m| of[m.index()] = c);
    }
    let mut kept: BTreeSet<(N, N)> = BTreeSet::new();
    let mut cycles = Vec::new();
    let mut next: Vec<BTreeMap<usize, (N, N)>> = vec![BTreeMap::new(); components.len()];
    for &(a, b) in edges {
        let (from, to) = (of[index[&a].index()], of[index[&b].index()]);
        if from == to {
            kept.insert((a, b));
        } else {
            next[from].entry(to).or_insert((a, b));
        }
    }
    let words = components.len().div_ceil(64);
    let mut reach: Vec<u64> = vec![0; words * components.len()];
    for (c, targets) in next.iter().enumerate() {
        // a target that another one reaches stands before it, so the farther ones are asked last
        for (&to, &edge) in targets.iter().rev() {
            let (before, own) = reach.split_at_mut(c * words);
            if own[to / 64] >> (to % 64) & 1 == 0 {
                kept.insert(edge);
                own[to / 64] |= 1 << (to % 64);
                let of_target = &before[to * words..(to + 1) * words];
                own.iter_mut().zip(of_target).for_each(|(a, b)| *a |= b);
            }
        }
    }
    for members in &components {
        let mut members: Vec<N> = members.iter().map(|m| graph[*m]).collect();
        members.sort_unstable();
        if members.len() > 1 || members.iter().any(|m| edges.binary_search(&(*m, *m)).is_ok()) {
            cycles.push(members);
        }
    }
    cycles.sort_unstable();
    Some(Reduced { edges: kept.into_iter().collect(), cycles })
}

/// A longest path from `start`, by steps; ties go to the least node. A cycle is walked once, to where the longest way on is.
pub fn longest_path<N: Copy + Ord>(edges: &[(N, N)], start: N) -> Vec<N> {
    let mut graph: DiGraph<N, ()> = DiGraph::new();
    let mut index: BTreeMap<N, NodeIndex> = BTreeMap::new();
    for n in edges.iter().flat_map(|(a, b)| [*a, *b]).chain([start]) {
        index.entry(n).or_insert_with(|| graph.add_node(n));
    }
    edges.iter().for_each(|(a, b)| {
        graph.update_edge(index[a], index[b], ());
    });
    let mut length = vec![0usize; graph.node_count()];
    let mut done = vec![false; graph.node_count()];
    let mut then: Vec<Option<NodeIndex>> = vec![None; graph.node_count()];
    for members in kosaraju_scc(&graph) {
        let mut best: Option<(usize, std::cmp::Reverse<N>, NodeIndex)> = None;
        for &m in &members {
            let ahead = graph.neighbors(m).filter(|n| done[n.index()]);
            let way_on = ahead.max_by_key(|n| (length[n.index()], std::cmp::Reverse(graph[*n])));
            if let Some(n) = way_on {
                length[m.index()] = length[n.index()] + 1;
                then[m.index()] = Some(n);
            }
            best = best.max(Some((length[m.index()], std::cmp::Reverse(graph[m]), m)));
        }
        members.iter().for_each(|m| done[m.index()] = true);
        // inside of a cycle all walk to the member from which the way on is longest
        let inside: BTreeSet<NodeIndex> = members.iter().copied().collect();
        let exit = best.map(|(_, _, m)| m).filter(|_| members.len() > 1);
        let mut queue: VecDeque<NodeIndex> = exit.into_iter().collect();
        let mut seen: BTreeSet<NodeIndex> = exit.into_iter().collect();
        while let Some(m) = queue.pop_front() {
            for n in graph.neighbors_directed(m, petgraph::Direction::Incoming) {
                if inside.contains(&n) && seen.insert(n) {
                    length[n.index()] = length[m.index()] + 1;
                    then[n.index()] = Some(m);
                    queue.push_back(n);
                }
            }
        }
    }
    let mut out = vec![start];
    let mut at = index[&start];
    while let Some(n) = then[at.index()] {
        out.push(graph[n]);
        at = n;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn closure(edges: &BTreeSet<(u8, u8)>) -> BTreeSet<(u8, u8)> {
        let mut all = edges.clone();
        loop {
            let more: Vec<_> = all
                .iter()
                .flat_map(|(a, b)| all.iter().filter(move |(c, _)| b == c).map(move |(_, d)| (*a, *d)))
                .filter(|e| !all.contains(e))
                .collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    fn set(edges: &[(u8, u8)]) -> BTreeSet<(u8, u8)> {
        edges.iter().copied().collect()
    }

    #[test]
    fn a_closure_becomes_its_chain() {
        let all: BTreeSet<(u32, u32)> = (0..300).flat_map(|a| (a + 1..300).map(move |b| (a, b))).collect();
        let reduced = reduce(&all).unwrap();
        assert_eq!(reduced.edges, (0..299).map(|i| (i, i + 1)).collect::<Vec<_>>());
        assert!(reduced.cycles.is_empty());
    }

    #[test]
    fn a_long_chain_neither_recurses_nor_squares() {
        let chain: BTreeSet<(u32, u32)> = (0..10_000).map(|i| (i + 1, i)).collect();
        let reduced = reduce(&chain).unwrap();
        assert_eq!(reduced.edges.len(), 10_000);
        assert_eq!(longest_path(&reduced.edges, 10_000).len(), 10_001);
    }

    #[test]
    fn too_many_nodes_are_refused() {
        let star: BTreeSet<(usize, usize)> = (1..=MOST_NODES).map(|i| (0, i)).collect();
        assert_eq!(reduce(&star), None);
    }

    #[test]
    fn a_cycle_stays_and_is_named() {
        let reduced = reduce(&set(&[(1, 2), (2, 1), (2, 3), (1, 3), (4, 4)])).unwrap();
        assert_eq!(reduced.edges, [(1, 2), (1, 3), (2, 1), (4, 4)]);
        assert_eq!(reduced.cycles, [vec![1, 2], vec![4]]);
    }

    #[test]
    fn the_longest_path_ends_in_a_cycle_and_after_it() {
        assert_eq!(longest_path(&[(1, 2), (2, 3), (1, 3), (3, 4)], 1), [1, 2, 3, 4]);
        assert_eq!(longest_path(&[(1, 2), (2, 3), (3, 2), (3, 4)], 1), [1, 2, 3, 4]);
        assert_eq!(longest_path(&[(1, 2), (2, 1)], 1), [1]);
        assert_eq!(longest_path(&[], 7), [7]);
    }

    proptest! {
        /// Same reachability; and without any edge between groups it would be less.
        #[test]
        fn reduction_says_the_same_and_no_less_would(edges in proptest::collection::btree_set((0u8..9, 0u8..9), 0..30)) {
            let reduced = reduce(&edges).unwrap();
            let kept: BTreeSet<(u8, u8)> = reduced.edges.iter().copied().collect();
            let all = closure(&edges);
            prop_assert!(kept.is_subset(&edges));
            prop_assert_eq!(closure(&kept), all.clone());
            for edge in &kept {
                if !all.contains(&(edge.1, edge.0)) {
                    let mut less = kept.clone();
                    less.remove(edge);
                    prop_assert_ne!(closure(&less), all.clone(), "{:?} is too much", edge);
                }
            }
            let looped: BTreeSet<u8> = all.iter().filter(|(a, b)| a == b).map(|(a, _)| *a).collect();
            prop_assert_eq!(reduced.cycles.concat().into_iter().collect::<BTreeSet<_>>(), looped);
        }

        /// Without cycles: the length that trying all paths finds.
        #[test]
        fn the_longest_path_is_longest(pairs in proptest::collection::btree_set((0u8..8, 0u8..8), 0..20)) {
            let edges: Vec<(u8, u8)> = pairs.into_iter().filter(|(a, b)| a < b).collect();
            fn longest(edges: &[(u8, u8)], at: u8) -> usize {
                edges.iter().filter(|(a, _)| *a == at).map(|(_, b)| 1 + longest(edges, *b)).max().unwrap_or(0)
            }
            let path = longest_path(&edges, 0);
            prop_assert_eq!(path.len() - 1, longest(&edges, 0));
            prop_assert!(path.windows(2).all(|w| edges.contains(&(w[0], w[1]))));
        }
    }
}
