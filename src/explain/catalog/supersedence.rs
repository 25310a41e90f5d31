//! Chains of supersedence in the compiled catalog: explicit relations, and the order of lines.

use crate::{
    catalog::{Catalog, view::RelationKind},
    graph,
    model::{KbId, ProductId, ProductSet, Standing},
};
use std::collections::{BTreeMap, BTreeSet};

/// Most updates that are looked at around one.
const MOST: usize = 5000;

/// Which way to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// to what supersedes it
    Newer,
    /// to what it supersedes
    Older,
}

/// Direct neighbours with the products on which they supersede; what is unverified is left out.
pub(super) fn neighbours(catalog: &Catalog, kb: KbId, way: Way) -> BTreeMap<KbId, ProductSet> {
    let mut out: BTreeMap<KbId, ProductSet> = BTreeMap::new();
    let mut add = |other: KbId, products: ProductSet| {
        if other != kb && !products.is_empty() {
            let set = out.entry(other).or_default();
            *set = set.union(products);
        }
    };
    for place in catalog.places(kb) {
        let line = catalog.line(place.line);
        if line.chained
            && let Some(next) = in_line(catalog, kb, place.line, place.position, way)
        {
            add(next, line.products);
        }
    }
    let relations = match way {
        Way::Newer => catalog.superseded_by(kb),
        Way::Older => catalog.relations_from(kb),
    };
    for r in relations {
        if r.kind == RelationKind::Supersedes && r.standing != Standing::Unverified {
            add(if way == Way::Newer { r.from } else { r.to }, r.products);
        }
    }
    out
}

/// The next update of a line that is another one.
pub(super) fn in_line(catalog: &Catalog, kb: KbId, line: u16, position: u32, way: Way) -> Option<KbId> {
    let other = |at: u32| catalog.entry(line, at).and_then(|e| e.kb).filter(|k| *k != kb);
    match way {
        Way::Newer => (position + 1..catalog.line(line).len).find_map(other),
        Way::Older => (0..position).rev().find_map(other),
    }
}

/// Edges around an update, from the newer to the older, with the products on which each is left when reduced.
pub(super) struct Around {
    pub(super) edges: BTreeMap<(KbId, KbId), ProductSet>,
    pub(super) cycles: BTreeSet<Vec<KbId>>,
    /// there are more updates than were looked at
    pub(super) cut: bool,
}

/// All that supersedes an update and all that it supersedes, reduced for each product.
pub(super) fn around(catalog: &Catalog, kb: KbId, ways: &[Way]) -> Around {
    let mut stated: BTreeMap<(KbId, KbId), ProductSet> = BTreeMap::new();
    let mut cut = false;
    for &way in ways {
        let mut seen = BTreeSet::from([kb]);
        let mut open = vec![kb];
        while let Some(at) = open.pop() {
            for (next, products) in neighbours(catalog, at, way) {
                let edge = if way == Way::Newer { (next, at) } else { (at, next) };
                let set = stated.entry(edge).or_default();
                *set = set.union(products);
                if seen.len() >= MOST {
                    cut |= !seen.contains(&next);
                } else if seen.insert(next) {
                    open.push(next);
                }
            }
        }
    }
    let all = stated.values().fold(ProductSet::default(), |s, p| s.union(*p));
    let mut out = Around { edges: BTreeMap::new(), cycles: BTreeSet::new(), cut };
    // products on which the same edges hold are reduced once
    let mut done: BTreeMap<Vec<(KbId, KbId)>, ProductSet> = BTreeMap::new();
    for p in all.iter() {
        let here: Vec<(KbId, KbId)> =
            stated.iter().filter(|(_, set)| set.contains(p)).map(|(e, _)| *e).collect();
        let set = done.entry(here).or_default();
        *set = set.union(ProductSet::of(p));
    }
    for (edges, products) in done {
        let edges: BTreeSet<(KbId, KbId)> = edges.into_iter().collect();
        // more than it takes cannot be: both ways are bounded
        let Some(reduced) = graph::reduce(&edges) else { continue };
        for e in reduced.edges {
            let set = out.edges.entry(e).or_default();
            *set = set.union(products);
        }
        out.cycles.extend(reduced.cycles);
    }
    out
}

/// The steps from an update to the newest on each product; products with the same steps together.
pub(super) fn chains(catalog: &Catalog, kb: KbId, products: ProductSet) -> Vec<(ProductSet, Vec<KbId>)> {
    let around = around(catalog, kb, &[Way::Newer]);
    let mut out: Vec<(ProductSet, Vec<KbId>)> = Vec::new();
    let all = around.edges.values().fold(products, |s, p| s.union(*p));
    let of_interest = |p: &ProductId| products.is_empty() || products.contains(*p);
    for p in all.iter().filter(of_interest) {
        let up: Vec<(KbId, KbId)> =
            around.edges.iter().filter(|(_, set)| set.contains(p)).map(|((a, b), _)| (*b, *a)).collect();
        let chain = graph::longest_path(&up, kb);
        if chain.len() < 2 {
            continue;
        }
        match out.iter_mut().find(|(_, c)| *c == chain) {
            Some((set, _)) => *set = set.union(ProductSet::of(p)),
            None => out.push((ProductSet::of(p), chain)),
        }
    }
    out
}
