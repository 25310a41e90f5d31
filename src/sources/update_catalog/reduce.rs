//! The least relation with the same closure: lists of successors are closures, and closures hide who follows whom.

use std::collections::{BTreeMap, BTreeSet};

/// Most pairs that are reduced; more stay as they are.
const PAIRS: usize = 2_000_000;

/// Leaves out every pair that others imply: `a → c` where `a → b` and `b → c` are there.
///
/// What is left out is only what the given pairs prove; where the list of `b` is not known, `a → c` stays. Pairs of a
/// cycle, and pairs of a thing with itself, are left as they are.
pub fn reduced<N: Copy + Ord>(pairs: &BTreeSet<(N, N)>) -> BTreeSet<(N, N)> {
    let mut next: BTreeMap<N, BTreeSet<N>> = BTreeMap::new();
    for (a, b) in pairs {
        next.entry(*a).or_default().insert(*b);
    }
    let empty = BTreeSet::new();
    let of = |n: &N| next.get(n).unwrap_or(&empty);
    // a closure holds all there is to know of a node in its own list, so one step suffices
    let work: usize = next.values().map(|s| s.iter().map(|b| of(b).len()).sum::<usize>()).sum();
    if work > PAIRS * 8 || pairs.len() > PAIRS {
        return pairs.clone();
    }
    let cyclic = cyclic(pairs);
    let plain = |n: &N| !cyclic.contains(n);
    let mut out = pairs.clone();
    for (a, successors) in next.iter().filter(|(a, _)| plain(a)) {
        for b in successors.iter().filter(|b| plain(b)) {
            for c in of(b).iter().filter(|c| plain(c)) {
                out.remove(&(*a, *c));
            }
        }
    }
    out
}

/// Nodes of cycles, and those between two cycles: what is left when ends without predecessors or successors are taken
/// away again and again.
fn cyclic<N: Copy + Ord>(pairs: &BTreeSet<(N, N)>) -> BTreeSet<N> {
    let mut left: BTreeSet<N> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    for forward in [true, false] {
        let mut next: BTreeMap<N, Vec<N>> = BTreeMap::new();
        let mut before: BTreeMap<N, usize> = BTreeMap::new();
        for (a, b) in pairs {
            let (from, to) = if forward { (*a, *b) } else { (*b, *a) };
            if left.contains(&from) && left.contains(&to) {
                next.entry(from).or_default().push(to);
                *before.entry(to).or_default() += 1;
            }
        }
        let mut free: Vec<N> = left.iter().copied().filter(|n| !before.contains_key(n)).collect();
        while let Some(n) = free.pop() {
            left.remove(&n);
            for m in next.remove(&n).unwrap_or_default() {
                if let Some(count) = before.get_mut(&m) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(m);
                    }
                }
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn closure(pairs: &BTreeSet<(u8, u8)>) -> BTreeSet<(u8, u8)> {
        let mut all = pairs.clone();
        loop {
            let more: Vec<(u8, u8)> = all
                .iter()
                .flat_map(|(a, b)| all.iter().filter(move |(c, _)| c == b).map(move |(_, d)| (*a, *d)))
                .filter(|p| !all.contains(p))
                .collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    #[test]
    fn a_list_that_is_not_known_proves_nothing() {
        // 1 lists 2, 3, 4; only of 2 is the list known
        let pairs = BTreeSet::from([(1, 2), (1, 3), (1, 4), (2, 4)]);
        assert_eq!(reduced(&pairs), BTreeSet::from([(1, 2), (1, 3), (2, 4)]));
    }

    #[test]
    fn cycles_stay() {
        let pairs = BTreeSet::from([(1, 2), (2, 1), (1, 3), (2, 3)]);
        assert_eq!(reduced(&pairs), pairs);
        assert_eq!(reduced(&BTreeSet::from([(1, 1)])), BTreeSet::from([(1, 1)]));
    }

    proptest! {
        /// Over a closure without cycles, reduction keeps the closure and is the least that does.
        #[test]
        fn the_least_with_the_same_closure(raw in proptest::collection::btree_set((0u8..9, 0u8..9), 0..20)) {
            let pairs = closure(&raw.into_iter().filter(|(a, b)| a < b).collect());
            let least = reduced(&pairs);
            prop_assert_eq!(&closure(&least), &pairs);
            for p in &least {
                let without: BTreeSet<_> = least.iter().copied().filter(|q| q != p).collect();
                prop_assert!(closure(&without) != pairs, "{:?} is implied", p);
            }
        }

        /// Whatever is known, nothing is added, and what is left out follows from what is left.
        #[test]
        fn nothing_is_lost_or_invented(pairs in proptest::collection::btree_set((0u8..7, 0u8..7), 0..30)) {
            let least = reduced(&pairs);
            prop_assert!(least.is_subset(&pairs));
            prop_assert_eq!(closure(&least), closure(&pairs));
        }
    }
}
