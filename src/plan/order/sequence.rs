//! Edges are kept strongest first; what would close a circle is left out and told. Then stages, and an order.

use super::{
    Binding, Circle, Edge, Given, Group, Item, Missing, Step,
    edges::{self, Candidate, Demand, Listing},
    satisfy::Satisfy,
    warnings,
};
use crate::{
    catalog::Catalog,
    model::{KbId, ProductSet, Requirement, UpdateKind},
};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Updates that are named as needed first, though nobody gave them.
const ADDED: usize = 200;
/// Edges that are kept between the same two.
const ALIKE: usize = 3;

/// One group in order.
pub(super) fn group(catalog: &Catalog, products: ProductSet, given: &BTreeMap<KbId, &[&Given]>) -> Group {
    let s = Satisfy::new(catalog, products);
    let mut nodes: BTreeSet<KbId> = given.keys().copied().collect();
    let manifests = edges::of_manifests(&s, given);
    let mut named: Vec<Missing> = Vec::new();
    let mut now = built(&s, &nodes, &manifests);
    loop {
        let room = given.len() + ADDED;
        let mut added: BTreeSet<KbId> = BTreeSet::new();
        for m in &now.missing {
            // one that was added for another demand may do for this one, too
            let does = m.clause.iter().any(|r| added.iter().any(|kb| s.is(r, *kb) || s.stands_in(r, *kb)));
            if let Some(kb) = m.chosen.filter(|_| !does && nodes.len() + added.len() < room) {
                added.insert(kb);
                named.push(m.clone());
            }
        }
        if added.is_empty() {
            break;
        }
        nodes.extend(&added);
        now = built(&s, &nodes, &manifests);
    }
    // one that was added early may be needless beside one that was added for another demand
    for kb in named.iter().filter_map(|m| m.chosen).collect::<BTreeSet<_>>() {
        if s.replacing(kb).is_disjoint(&nodes) {
            continue;
        }
        let mut fewer = nodes.clone();
        fewer.remove(&kb);
        let without = built(&s, &fewer, &manifests);
        let known = |m: &Missing| now.missing.iter().any(|n| n.by == m.by && n.clause == m.clause);
        if without.missing.iter().all(known) {
            named.retain(|m| m.chosen != Some(kb));
            (nodes, now) = (fewer, without);
        }
    }
    let Built { demands, listings, kept, missing } = now;
    named.extend(missing);
    finish(&s, given, &nodes, &demands, kept, named, &listings)
}

/// What the catalog says of some updates, and which edges were kept.
struct Built {
    demands: Vec<Demand>,
    listings: Vec<Listing>,
    kept: Kept,
    missing: Vec<Missing>,
}

fn built(s: &Satisfy<'_>, nodes: &BTreeSet<KbId>, manifests: &[Demand]) -> Built {
    let (mut demands, listings) = edges::read(s, nodes);
    demands.extend(manifests.iter().cloned());
    let mut kept = Kept::default();
    let candidates = edges::candidates(s, nodes, &demands, &listings);
    let missing = keep(s, nodes, &demands, candidates, &mut kept);
    Built { demands, listings, kept, missing }
}

/// Edges that were kept, and who reaches whom.
#[derive(Default)]
struct Kept {
    index: BTreeMap<Item, usize>,
    items: Vec<Item>,
    next: Vec<Vec<(usize, Binding)>>,
    edges: Vec<Edge>,
    circles: Vec<Circle>,
}

impl Kept {
    fn number(&mut self, item: &Item) -> usize {
        if let Some(n) = self.index.get(item) {
            return *n;
        }
        let n = self.items.len();
        self.index.insert(item.clone(), n);
        self.items.push(item.clone());
        self.next.push(Vec::new());
        n
    }

    /// The shortest way from one to another over edges that bind so much; empty if there is none.
    fn way(&self, from: &Item, to: &Item, least: Binding) -> Vec<Item> {
        let (Some(from), Some(to)) = (self.index.get(from), self.index.get(to)) else { return Vec::new() };
        let mut back: Vec<Option<usize>> = vec![None; self.items.len()];
        let mut queue = VecDeque::from([*from]);
        while let Some(at) = queue.pop_front() {
            if at == *to {
                let mut way = vec![at];
                let mut n = at;
                while n != *from {
                    let Some(before) = back[n] else { break };
                    way.push(before);
                    n = before;
                }
                way.reverse();
                return way.into_iter().map(|n| self.items[n].clone()).collect();
            }
            for (next, binding) in &self.next[at] {
                if *binding <= least && back[*next].is_none() && *next != *from {
                    back[*next] = Some(at);
                    queue.push_back(*next);
                }
            }
        }
        Vec::new()
    }

    fn reaches(&self, from: &Item, to: &Item) -> bool {
        from == to || !self.way(from, to, Binding::Advised).is_empty()
    }

    /// Keeps an edge, unless it closes a circle.
    fn offer(&mut self, edge: &Edge) -> bool {
        if self.reaches(&edge.after, &edge.before) {
            return false;
        }
        let (a, b) = (self.number(&edge.before), self.number(&edge.after));
        let alike = self.edges.iter().filter(|e| e.before == edge.before && e.after == edge.after);
        let (count, told) = alike.fold((0, false), |(n, t), e| (n + 1, t || e.evidence == edge.evidence));
        if count < ALIKE && !told {
            self.next[a].push((b, edge.binding));
            self.edges.push(edge.clone());
        }
        true
    }
}

/// Keeps what can be kept, tier by tier, and tells what is missing.
fn keep(
    s: &Satisfy<'_>,
    nodes: &BTreeSet<KbId>,
    demands: &[Demand],
    mut candidates: Vec<Candidate>,
    kept: &mut Kept,
) -> Vec<Missing> {
    candidates.sort_by(|a, b| {
        let key = |c: &Candidate| (c.tier, c.edge.before.clone(), c.edge.after.clone());
        key(a).cmp(&key(b))
    });
    let mut met: Vec<BTreeSet<KbId>> = vec![BTreeSet::new(); demands.len()];
    let mut missing = Vec::new();
    // the newest stack that can go first says it for all
    let mut stacked: BTreeSet<Item> = BTreeSet::new();
    let mut stand_ins_done = false;
    for c in candidates {
        if c.tier > 4 && !stand_ins_done {
            stand_ins_done = true;
            missing = stand_ins(s, nodes, demands, &mut met, kept);
        }
        if c.tier == 7 && stacked.contains(&c.edge.after) {
            continue;
        }
        if kept.offer(&c.edge) {
            if let (Some(n), Some(kb)) = (c.demand, c.edge.before.kb()) {
                met[n].insert(kb);
            }
            if c.tier == 7 {
                stacked.insert(c.edge.after.clone());
            }
        } else if c.tier < 5 {
            let back = kept.way(&c.edge.after, &c.edge.before, Binding::Advised);
            kept.circles.push(Circle { edge: c.edge, back, instead: Vec::new() });
        }
    }
    if !stand_ins_done {
        missing = stand_ins(s, nodes, demands, &mut met, kept);
    }
    steps_before(demands, &met, kept);
    missing
}

/// What was given in place of what is named; what is missing.
fn stand_ins(
    s: &Satisfy<'_>,
    nodes: &BTreeSet<KbId>,
    demands: &[Demand],
    met: &mut [BTreeSet<KbId>],
    kept: &mut Kept,
) -> Vec<Missing> {
    let mut missing = Vec::new();
    for (n, d) in demands.iter().enumerate() {
        let elsewhere = d.clause.iter().all(|r| matches!(r, Requirement::Manual(_)));
        if elsewhere {
            continue;
        }
        let mut would: Vec<KbId> = nodes
            .iter()
            .copied()
            .filter(|kb| *kb != d.by && d.clause.iter().any(|r| s.is(r, *kb) || s.stands_in(r, *kb)))
            .collect();
        let latest = d.clause.contains(&Requirement::LatestStack);
        let date = |kb: KbId| s.catalog.update(kb).and_then(|u| u.date);
        would.sort_by_key(|kb| (date(*kb), *kb));
        if latest {
            would.reverse();
        }
        let (mut waiting, required) = (Vec::new(), d.binding == Binding::Required);
        for kb in would {
            let (first, by) = (Item::Update(kb), Item::Update(d.by));
            if kept.reaches(&by, &first) {
                // it needs what it would serve: no way round it. What merely replaces it is no circle
                let back = kept.way(&by, &first, Binding::Documented);
                if !back.is_empty() && required && !s.replacing(d.by).contains(&kb) {
                    waiting.push((kb, back));
                }
                continue;
            }
            if met[n].is_empty() && kept.offer(&d.edge(s, kb)) {
                met[n].insert(kb);
            }
        }
        let lacking = if met[n].is_empty() { s.lacking(&d.clause, d.on) } else { ProductSet::default() };
        let has = !met[n].is_empty() || lacking.is_empty();
        for (kb, back) in &waiting {
            if has {
                let instead = met[n].iter().copied().collect();
                let circle = Circle { edge: d.edge(s, *kb), back: back.clone(), instead };
                if !kept
                    .circles
                    .iter()
                    .any(|c| c.edge.before == circle.edge.before && c.edge.after == circle.edge.after)
                {
                    kept.circles.push(circle);
                }
            }
        }
        if !has && required {
            let chosen = if d.when.is_empty() { choose(s, &d.clause, lacking, nodes) } else { None };
            missing.push(Missing {
                by: d.by,
                clause: d.clause.clone(),
                chosen,
                when: d.when.clone(),
                waits_itself: waiting.into_iter().map(|(kb, _)| kb).collect(),
                evidence: d.evidence.clone(),
                only: edges::only(s, lacking),
            });
        }
    }
    missing
}

/// The member that is named as needed: in the rule's order, servicing stacks before cumulative updates, which are larger.
fn choose(
    s: &Satisfy<'_>,
    clause: &[Requirement],
    lacking: ProductSet,
    nodes: &BTreeSet<KbId>,
) -> Option<KbId> {
    let mut members: Vec<KbId> = clause
        .iter()
        .filter_map(|r| match r {
            Requirement::Update { kb, .. } => Some(*kb),
            Requirement::Sha2 => Some(crate::resolve::requirement::SHA2_SUPPORT),
            _ => None,
        })
        .filter(|kb| {
            let here =
                s.catalog.update(*kb).map(|u| u.products().union(super::groups::made_by(s.catalog, &u)));
            !nodes.contains(kb) && here.is_none_or(|p| p.is_empty() || !p.intersection(lacking).is_empty())
        })
        .collect();
    members.sort_by_key(|kb| s.catalog.update(*kb).is_some_and(|u| u.kind.is_cumulative()));
    members.first().copied()
}

/// A step that is no update comes after all that its update needs: it comes with the update.
fn steps_before(demands: &[Demand], met: &[BTreeSet<KbId>], kept: &mut Kept) {
    let steps: Vec<(Item, KbId)> = kept
        .edges
        .iter()
        .filter(|e| matches!(e.before, Item::Manual(_)))
        .filter_map(|e| Some((e.before.clone(), e.after.kb()?)))
        .collect();
    for (step, of) in steps {
        for (d, met) in demands.iter().zip(met).filter(|(d, _)| d.by == of) {
            for kb in met {
                let before = Item::Update(*kb);
                if kept.edges.iter().any(|e| e.before == before && e.after == step) {
                    continue;
                }
                kept.offer(&Edge {
                    before,
                    after: step.clone(),
                    binding: Binding::Documented,
                    why: super::Why::StepBefore,
                    evidence: d.evidence.clone(),
                    only: ProductSet::default(),
                });
            }
        }
    }
}

fn finish(
    s: &Satisfy<'_>,
    given: &BTreeMap<KbId, &[&Given]>,
    nodes: &BTreeSet<KbId>,
    demands: &[Demand],
    mut kept: Kept,
    missing: Vec<Missing>,
    listings: &[Listing],
) -> Group {
    for kb in nodes {
        kept.number(&Item::Update(*kb));
    }
    let stages = stages(&kept);
    let restarts: BTreeSet<Item> = listings
        .iter()
        .flat_map(|l| edges::present(nodes, l))
        .filter(|(_, restart)| *restart)
        .flat_map(|(items, _)| items)
        .collect();
    let mut steps: Vec<Step> = kept
        .items
        .iter()
        .zip(&stages)
        .map(|(item, stage)| Step {
            item: item.clone(),
            stage: *stage,
            given: item.kb().is_none_or(|kb| given.contains_key(&kb)),
            restart: restarts.contains(item),
        })
        .collect();
    let date = |item: &Item| {
        let update = item.kb().and_then(|kb| s.catalog.update(kb));
        let stack = update.as_ref().is_some_and(|u| u.kind == UpdateKind::ServicingStack);
        (!stack, update.and_then(|u| u.date).unwrap_or(Date::MIN))
    };
    steps.sort_by_cached_key(|step| (step.stage, date(&step.item), step.item.clone()));
    let place: BTreeMap<&Item, usize> = steps.iter().enumerate().map(|(n, step)| (&step.item, n)).collect();
    kept.edges.sort_by_key(|e| (place.get(&e.after).copied(), place.get(&e.before).copied(), e.binding));
    let warnings = warnings::find(s, given, nodes, demands);
    Group { products: s.products, steps, edges: kept.edges, missing, circles: kept.circles, warnings }
}

/// For each item the length of the longest way to it, from 1.
fn stages(kept: &Kept) -> Vec<u32> {
    let n = kept.items.len();
    let mut waits = vec![0usize; n];
    for (to, _) in kept.next.iter().flatten() {
        waits[*to] += 1;
    }
    let mut stage = vec![1u32; n];
    let mut ready: Vec<usize> = (0..n).filter(|i| waits[*i] == 0).collect();
    while let Some(at) = ready.pop() {
        for (to, _) in &kept.next[at] {
            stage[*to] = stage[*to].max(stage[at] + 1);
            waits[*to] -= 1;
            if waits[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    stage
}
