//! Choices on small graphs, each against all others.

use super::*;
use proptest::prelude::*;

/// The order of a choice by repeated passes over it: naive, and another way than [`Search::schedule`].
fn naive(p: &Problem, chosen: &BTreeSet<u32>) -> Option<u64> {
    if p.apart.iter().any(|(a, b)| chosen.contains(a) && chosen.contains(b)) {
        return None;
    }
    let (mut placed, mut effective): (BTreeSet<u32>, BTreeSet<u32>) = Default::default();
    let mut restarts = 0;
    loop {
        loop {
            let ready = chosen.iter().copied().find(|n| {
                !placed.contains(n)
                    && p.nodes[*n as usize]
                        .clauses
                        .iter()
                        .all(|c| p.clauses[*c as usize].iter().any(|m| effective.contains(m)))
                    && p.before.iter().all(|(a, b)| b != n || !chosen.contains(a) || placed.contains(a))
                    && p.effective_before
                        .iter()
                        .all(|(a, b)| b != n || !chosen.contains(a) || effective.contains(a))
            });
            let Some(n) = ready else { break };
            placed.insert(n);
            if !p.nodes[n as usize].waits {
                effective.insert(n);
            }
        }
        if placed == effective {
            return (placed == *chosen).then_some(restarts);
        }
        restarts += 1;
        effective = placed.clone();
    }
}

fn cost(p: &Problem, chosen: &BTreeSet<u32>, restarts: u64) -> Vec<u64> {
    let mut out: Vec<u64> =
        (0..COSTS).map(|k| chosen.iter().map(|n| p.nodes[*n as usize].cost[k]).sum()).collect();
    out.insert(p.restarts_at, restarts);
    out
}

/// Problems of eight nodes with up to so many clauses each: few clauses make many parts.
fn problems(clauses: usize) -> impl Strategy<Value = Problem> {
    let clause = prop::collection::btree_set(0u32..8, 1..4);
    let node = (prop::collection::vec(clause, 0..=clauses), any::<bool>(), 0u64..3, 0u64..3);
    let pairs = || prop::collection::btree_set((0u32..8, 0u32..8), 0..3);
    (
        prop::collection::vec(node, 8),
        prop::collection::btree_set(0u32..8, 1..5),
        pairs(),
        pairs(),
        pairs(),
        0usize..=COSTS,
    )
        .prop_map(|(nodes, goals, before, effective, apart, restarts_at)| {
            let mut p = Problem { restarts_at, budget: u64::MAX / 8, ..Problem::default() };
            let unequal = |s: BTreeSet<(u32, u32)>| s.into_iter().filter(|(a, b)| a != b).collect();
            p.goals = goals.into_iter().collect();
            (p.before, p.effective_before, p.apart) = (unequal(before), unequal(effective), unequal(apart));
            for (clauses, waits, a, b) in nodes {
                let mut node = Node { clauses: Vec::new(), waits, cost: [a, 1, b, 0] };
                for c in clauses {
                    node.clauses.push(p.clauses.len() as u32);
                    p.clauses.push(c.into_iter().collect());
                }
                p.nodes.push(node);
            }
            p
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// On small graphs every choice is tried: none is cheaper, and where there is none, none is found.
    #[test]
    fn no_cheaper_choice_exists(p in prop_oneof![problems(1), problems(2)]) {
        let goals: BTreeSet<u32> = p.goals.iter().copied().collect();
        let best = (0u32..256)
            .map(|bits| (0..8).filter(|n| bits & (1 << n) != 0).collect::<BTreeSet<u32>>())
            .filter(|chosen| goals.is_subset(chosen))
            .filter_map(|chosen| Some(cost(&p, &chosen, naive(&p, &chosen)?)))
            .min();
        match solve(&p) {
            Ok(s) => {
                let chosen: BTreeSet<u32> = s.schedule.stages.iter().flatten().copied().collect();
                prop_assert_eq!(naive(&p, &chosen), Some(s.schedule.restarts));
                prop_assert_eq!(Some(cost(&p, &chosen, s.schedule.restarts)), best);
                prop_assert!(s.optimal);
            }
            Err(e) => prop_assert_eq!(best, None, "{:?}", e),
        }
    }
}

#[test]
fn a_chain_of_thousands_does_not_recurse() {
    let n = 5_000u32;
    let nodes = (0..n).map(|i| Node { clauses: vec![i], waits: false, cost: [0, 1, 0, 0] }).collect();
    let clauses = (0..n).map(|i| vec![(i + 1) % n, n - 1]).collect();
    let mut p = Problem { nodes, clauses, goals: vec![0], budget: 50_000_000, ..Problem::default() };
    // a circle: nothing begins it
    assert!(matches!(solve(&p), Err(Failure::Unreachable(_))));
    p.nodes[n as usize - 1].clauses.clear();
    let s = solve(&p).unwrap();
    assert_eq!(s.schedule.stages.iter().flatten().count(), 2);
}

/// Nodes, clauses and one goal that needs all of the clauses.
fn under_one_goal(blocks: impl Iterator<Item = (Vec<Node>, Vec<Vec<u32>>)>, budget: u64) -> Problem {
    let mut p = Problem { budget, restarts_at: 1, nodes: vec![Node::default()], ..Problem::default() };
    for (nodes, clauses) in blocks {
        let (first, of) = (p.nodes.len() as u32, p.clauses.len() as u32);
        p.nodes[0].clauses.push(of);
        for mut node in nodes {
            node.clauses.iter_mut().for_each(|c| *c += of);
            p.nodes.push(node);
        }
        p.clauses.extend(clauses.into_iter().map(|c| c.into_iter().map(|m| m + first).collect::<Vec<_>>()));
    }
    p.goals = vec![0];
    p
}

#[test]
fn wide_independent_choices_stay_exact() {
    let leaf = |cost: [u64; COSTS], waits| Node { clauses: Vec::new(), waits, cost };
    // a cheap one behind another one, so that it takes two restarts, and a dear one that takes one restart
    let block = |i: u64| {
        let behind = Node { clauses: vec![1], waits: true, cost: [0, 0, 1, i % 7] };
        let nodes = vec![behind, leaf([0, 0, 1, 0], true), leaf([0, 0, 3 + i % 5, 0], i.is_multiple_of(2))];
        (nodes, vec![vec![0, 2], vec![1]])
    };
    let s = solve(&under_one_goal((0..1_000).map(block), 50_000_000)).unwrap();
    assert!(s.optimal);
    assert_eq!((s.schedule.restarts, s.schedule.stages.iter().flatten().count()), (1, 1_001));
    // one block cannot do without the second restart: then all have it, and take the cheap one
    let forced = |i: u64| {
        let (mut nodes, clauses) = block(i);
        nodes[2].cost[0] = u64::from(i == 500);
        (nodes, clauses)
    };
    let s = solve(&under_one_goal((0..1_000).map(forced), 50_000_000)).unwrap();
    assert!(s.optimal);
    assert_eq!((s.schedule.restarts, s.schedule.stages.iter().flatten().count()), (2, 2_001));
}

#[test]
fn a_search_that_is_given_up_has_an_answer_and_says_so() {
    // each member helps with three clauses: one part, and no bound tells much
    let n = 900u32;
    let clauses: Vec<Vec<u32>> =
        (0..n).map(|i| (0..5).map(|k| 1 + (i * 7 + k * (37 + i % 11)) % n).collect()).collect();
    let mut nodes = vec![Node { clauses: (0..n).collect(), ..Node::default() }];
    nodes.extend((0..n).map(|i| Node { cost: [0, 1, u64::from(i % 3), 0], ..Node::default() }));
    let p =
        Problem { nodes, clauses, goals: vec![0], restarts_at: 1, budget: 1_000_000, ..Problem::default() };
    let s = solve(&p).unwrap();
    assert!(!s.optimal);
    let chosen: BTreeSet<u32> = s.schedule.stages.iter().flatten().copied().collect();
    assert!(naive(&p, &chosen).is_some());
}
