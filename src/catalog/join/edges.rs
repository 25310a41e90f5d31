//! Supersedence of feeds, repaired: nothing that lines contradict, nothing backwards, no circles.

use super::{Known, Remarks, Source, number};
use crate::catalog::{
    check,
    facts::{Facts, SupersedesRow},
};
use crate::model::SourceKind;
use petgraph::{algo::kosaraju_scc, graph::DiGraph};
use std::collections::{HashMap, HashSet};

/// All that decides about an edge.
struct Judge<'a> {
    known: &'a Known,
    /// line -> kind
    kinds: Vec<String>,
    /// KB -> lines
    places: HashMap<u32, Vec<usize>>,
    /// KB -> products with a package
    products: HashMap<u32, u128>,
    /// KB -> the most believed date
    dates: HashMap<u32, u32>,
}

/// Kinds of sources that name only the month before, and mix tracks.
fn is_feed(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::SecurityUpdateGuide | SourceKind::Definitions)
}

impl<'a> Judge<'a> {
    fn of(base: &Facts, sources: &[Source], known: &'a Known) -> Self {
        let kinds = base.lines.iter().map(|(l, _)| l.kind.clone()).collect();
        let mut j =
            Self { known, kinds, places: HashMap::new(), products: HashMap::new(), dates: HashMap::new() };
        let mut best: HashMap<u32, (usize, u32)> = HashMap::new();
        let mut date = |tier: usize, kb: Option<u32>, d: Option<&String>| {
            if let (Some(kb), Some(d)) = (kb, d.and_then(|d| check::date("", d).ok())) {
                let held = best.entry(kb).or_insert((tier, d));
                *held = (*held).min((tier, d));
            }
        };
        for u in &base.updates {
            date(if u.curated { 1 } else { 3 }, number(&u.kb), u.date.as_ref());
        }
        for e in base.lines.iter().flat_map(|(_, e)| e) {
            date(2, e.kb.as_deref().and_then(number), e.date.as_ref());
        }
        // as the compiler settles it: the kind that is most believed, of that the earliest
        for s in sources {
            let tier = if s.kind == SourceKind::Overlay { 0 } else { 4 + s.kind as usize };
            s.facts.updates.iter().for_each(|u| date(tier, number(&u.kb), u.date.as_ref()));
        }
        j.dates = best.into_iter().map(|(kb, (_, d))| (kb, d)).collect();
        let all = || base.updates.iter().chain(sources.iter().flat_map(|s| &s.facts.updates));
        for u in all() {
            if let Some(kb) = number(&u.kb) {
                *j.products.entry(kb).or_default() |= known.packages(&u.packages);
            }
        }
        for (at, (_, entries)) in base.lines.iter().enumerate() {
            for kb in entries.iter().filter_map(|e| number(e.kb.as_deref()?)) {
                j.places.entry(kb).or_default().push(at);
                *j.products.entry(kb).or_default() |= known.lines.get(at).copied().unwrap_or(0);
            }
        }
        j
    }

    fn of_kb(&self, kb: u32) -> &[usize] {
        self.places.get(&kb).map_or(&[], Vec::as_slice)
    }

    /// Products on which lines alone say what supersedes what.
    fn by_lines(&self, from: u32, to: u32, feed: bool) -> u128 {
        let set = |at: &usize| self.known.lines.get(*at).copied().unwrap_or(0);
        let older = self.of_kb(to).iter().fold(0, |s, at| s | set(at));
        let newer = self.of_kb(from).iter().fold(0, |s, at| s | set(at));
        if !feed {
            return older & newer;
        }
        let cumulative = |at: &&usize| self.kinds.get(**at).is_some_and(|k| k == "cumulative");
        older | self.of_kb(from).iter().filter(cumulative).fold(0, |s, at| s | set(at))
    }

    /// Is this edge believed, and on which products?
    fn keep(
        &self,
        feed: bool,
        (from, to): (u32, u32),
        products: &mut Vec<String>,
        remarks: &mut Remarks,
    ) -> bool {
        let place = || format!("KB{from} -> KB{to}");
        if from == to {
            remarks.add("updates that supersede themselves: left out", &place());
            return false;
        }
        let backwards = match (self.dates.get(&from), self.dates.get(&to)) {
            (Some(newer), Some(older)) => newer < older,
            _ => feed && from < to,
        };
        if backwards {
            remarks.add("supersedence of a newer update by an older one: left out", &place());
            return false;
        }
        let of = |kb| self.products.get(&kb).copied().unwrap_or(0);
        let stated = self.known.set(products);
        let all = match (stated, of(from), of(to)) {
            (0, x, 0) | (0, 0, x) => x,
            (0, x, y) => x & y,
            (x, _, _) => x,
        };
        let by_lines = self.by_lines(from, to, feed);
        if by_lines == 0 {
            return true;
        }
        let left = all & !by_lines;
        if left != all {
            remarks.add("supersedence that the lists of updates already settle: left out", &place());
            *products = self.known.slugs(left);
        }
        left != 0
    }
}

pub(super) fn repair(base: &Facts, sources: &mut [Source], known: &Known, remarks: &mut Remarks) {
    let judge = Judge::of(base, sources, known);
    for source in sources.iter_mut().filter(|s| s.kind != SourceKind::Overlay) {
        let feed = is_feed(source.kind);
        for u in &mut source.facts.updates {
            let Some(from) = number(&u.kb) else { continue };
            u.supersedes.retain_mut(|s| {
                number(&s.kb).is_some_and(|to| judge.keep(feed, (from, to), &mut s.products, remarks))
            });
        }
        let mut more = Vec::new();
        for r in source.facts.relations.iter_mut().filter(|r| r.relation == "supersedes") {
            let Some(from) = number(&r.from) else { continue };
            let mut kept = Vec::new();
            for to in std::mem::take(&mut r.to) {
                let mut products = r.products.clone();
                if number(&to).is_some_and(|n| judge.keep(feed, (from, n), &mut products, remarks)) {
                    kept.push((to, products));
                }
            }
            for (to, products) in kept {
                if products == r.products {
                    r.to.push(to);
                } else {
                    more.push(crate::catalog::facts::RelationRow { to: vec![to], products, ..r.clone() });
                }
            }
        }
        source.facts.relations.retain(|r| !r.to.is_empty());
        source.facts.relations.extend(more);
    }
    // the least believed first
    for kinds in [is_feed as fn(SourceKind) -> bool, |k| k != SourceKind::Overlay] {
        break_circles(base, sources, kinds, remarks);
    }
}

fn edges<'a>(facts: &'a Facts) -> impl Iterator<Item = (u32, u32)> + 'a {
    let of_rows = facts.updates.iter().flat_map(|u| {
        let from = number(&u.kb);
        u.supersedes.iter().filter_map(move |s: &SupersedesRow| Some((from?, number(&s.kb)?)))
    });
    let relations = facts.relations.iter().filter(|r| r.relation == "supersedes");
    of_rows.chain(relations.flat_map(|r| {
        let from = number(&r.from);
        r.to.iter().filter_map(move |t| Some((from?, number(t)?)))
    }))
}

/// Leaves out the edges of these sources that lie on circles.
fn break_circles(base: &Facts, sources: &mut [Source], of: fn(SourceKind) -> bool, remarks: &mut Remarks) {
    let mut graph = DiGraph::<u32, ()>::new();
    let mut nodes = HashMap::new();
    let mut seen = HashSet::new();
    let all = edges(base).chain(sources.iter().flat_map(|s| edges(&s.facts)));
    for (from, to) in all.filter(|e| e.0 != e.1) {
        if seen.insert((from, to)) {
            let mut node = |kb: u32| *nodes.entry(kb).or_insert_with(|| graph.add_node(kb));
            let (a, b) = (node(from), node(to));
            graph.add_edge(a, b, ());
        }
    }
    let mut circle: HashMap<u32, usize> = HashMap::new();
    for (n, group) in kosaraju_scc(&graph).into_iter().enumerate().filter(|(_, g)| g.len() > 1) {
        circle.extend(group.into_iter().map(|i| (graph[i], n)));
    }
    if circle.is_empty() {
        return;
    }
    let mut on_circle = |from: Option<u32>, to: &str| {
        let (Some(from), Some(to)) = (from, number(to)) else { return false };
        let on = circle.get(&from).is_some_and(|n| circle.get(&to) == Some(n));
        if on {
            remarks.add("supersedence in a circle: left out", &format!("KB{from} -> KB{to}"));
        }
        on
    };
    for source in sources.iter_mut().filter(|s| of(s.kind)) {
        for u in &mut source.facts.updates {
            let from = number(&u.kb);
            u.supersedes.retain(|s| !on_circle(from, &s.kb));
        }
        for r in source.facts.relations.iter_mut().filter(|r| r.relation == "supersedes") {
            let from = number(&r.from);
            r.to.retain(|t| !on_circle(from, t));
        }
        source.facts.relations.retain(|r| !r.to.is_empty());
    }
}
