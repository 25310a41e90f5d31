//! What is amiss among packages: needless beside others, not together with others, no longer to be had.

use super::{Binding, Given, Warning, edges::Demand, satisfy::Satisfy};
use crate::{
    catalog::view::RelationKind,
    model::{Fact, Host, KbId, Origin, PackageState, ProductSet, Requirement, Standing},
    resolve::{
        installed::Installed,
        requirement::Evaluation,
        statement::{Evidence, Says, Truth},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(super) fn find(
    s: &Satisfy<'_>,
    given: &BTreeMap<KbId, &[&Given]>,
    nodes: &BTreeSet<KbId>,
    demands: &[Demand],
) -> Vec<Warning> {
    let mut out = superseded(s, given, &Asked::new(s, nodes, demands));
    excluding(s, given, &mut out);
    // what excludes each other is said once
    let apart: BTreeSet<(KbId, KbId)> = out
        .iter()
        .filter_map(|w| match w {
            Warning::Exclude { one, other, .. } => Some((*one, *other)),
            _ => None,
        })
        .collect();
    out.retain(|w| match w {
        Warning::Superseded { older, newer, .. } => {
            !apart.contains(&(*older, *newer)) && !apart.contains(&(*newer, *older))
        }
        _ => true,
    });
    for kb in given.keys() {
        let gone = s.catalog.withdrawals(*kb).into_iter().find(|w| {
            w.standing != Standing::Unverified
                && (w.products.is_empty() || !w.products.intersection(s.products).is_empty())
        });
        if let Some(w) = gone {
            let says = Says::Withdrawn { kb: *kb, replacement: w.replacement.clone(), why: w.why.to_owned() };
            let evidence = vec![Evidence::catalog(says, w.source, w.standing)];
            out.push(Warning::Withdrawn { kb: *kb, replacement: w.replacement, evidence });
        }
    }
    out
}

/// What the resolver would call superseded, were all of them there.
fn superseded(s: &Satisfy<'_>, given: &BTreeMap<KbId, &[&Given]>, asked: &Asked<'_>) -> Vec<Warning> {
    let origin = Origin::whole(&Arc::from("given"), "argument");
    let mut all = Host::default();
    for kb in given.keys() {
        all.updates.insert(*kb, Fact::new(PackageState::Installed, origin.clone()));
    }
    let all_reached = asked.reached(None).len();
    // without it something else, that goes on with it, would not
    let mut needed: BTreeMap<KbId, bool> = BTreeMap::new();
    let mut found: BTreeMap<(KbId, KbId), (Vec<Evidence>, ProductSet)> = BTreeMap::new();
    for (product, identity) in &s.hosts {
        let installed = Installed::derive(s.catalog, &all, identity);
        for kb in given.keys() {
            let for_it = s.catalog.update(*kb).is_none_or(|u| u.products().contains(*product));
            if !for_it {
                continue;
            }
            let replaces = [RelationKind::Supersedes, RelationKind::Contains, RelationKind::Covers];
            let Some((chain, mut evidence)) = installed.superseder(*kb, &replaces) else { continue };
            let Some(newer) = chain.last().copied().filter(|n| n != kb) else { continue };
            if *needed.entry(*kb).or_insert_with(|| asked.reached(Some(*kb)).len() + 1 < all_reached) {
                continue;
            }
            // that it was given is no evidence
            evidence.retain(|e| !matches!(e.says, Says::Listed(..)));
            let entry = found.entry((*kb, newer)).or_insert((evidence, ProductSet::default()));
            entry.1 = entry.1.union(ProductSet::of(*product));
        }
    }
    found
        .into_iter()
        .map(|((older, newer), (evidence, on))| {
            let own = s.catalog.update(older).map_or(s.products, |u| u.products().intersection(s.products));
            let only = if own.is_subset(on) { ProductSet::default() } else { on };
            Warning::Superseded { older, newer, implied: !given.contains_key(&newer), evidence, only }
        })
        .collect()
}

/// What each update asks for, as those that would do; what none of them is asked for is left out.
struct Asked<'a> {
    /// (what asks, any one of these)
    all: Vec<(KbId, Vec<KbId>)>,
    nodes: &'a BTreeSet<KbId>,
}

impl<'a> Asked<'a> {
    fn new(s: &Satisfy<'_>, nodes: &'a BTreeSet<KbId>, demands: &[Demand]) -> Self {
        let hard = |d: &&Demand| d.binding == Binding::Required && d.when.is_empty();
        let would = |d: &Demand| -> Vec<KbId> {
            let does = |kb: &KbId| d.clause.iter().any(|r| s.is(r, *kb) || s.stands_in(r, *kb));
            nodes.iter().copied().filter(|kb| *kb != d.by && does(kb)).collect()
        };
        let all = demands.iter().filter(hard).map(|d| (d, would(d))).filter(|(_, would)| !would.is_empty());
        let all = all.filter(|(d, _)| !s.lacking(&d.clause, d.on).is_empty());
        Self { all: all.map(|(d, would)| (d.by, would)).collect(), nodes }
    }

    /// What can go on, one after the other, without one of them.
    fn reached(&self, without: Option<KbId>) -> BTreeSet<KbId> {
        let mut waits: BTreeMap<KbId, usize> = self.nodes.iter().map(|kb| (*kb, 0)).collect();
        for (by, _) in &self.all {
            *waits.entry(*by).or_default() += 1;
        }
        let mut serves: BTreeMap<KbId, Vec<usize>> = BTreeMap::new();
        for (n, (_, would)) in self.all.iter().enumerate() {
            would.iter().for_each(|kb| serves.entry(*kb).or_default().push(n));
        }
        let mut done = BTreeSet::new();
        let mut served = vec![false; self.all.len()];
        let mut work: Vec<KbId> =
            waits.iter().filter(|(kb, n)| **n == 0 && Some(**kb) != without).map(|(kb, _)| *kb).collect();
        while let Some(kb) = work.pop() {
            if !done.insert(kb) {
                continue;
            }
            for n in serves.get(&kb).into_iter().flatten() {
                if std::mem::replace(&mut served[*n], true) {
                    continue;
                }
                let by = self.all[*n].0;
                let left = waits.entry(by).or_default();
                *left = left.saturating_sub(1);
                if *left == 0 && Some(by) != without {
                    work.push(by);
                }
            }
        }
        done
    }
}

fn excluding(s: &Satisfy<'_>, given: &BTreeMap<KbId, &[&Given]>, out: &mut Vec<Warning>) {
    let mut told: BTreeSet<(KbId, KbId)> = BTreeSet::new();
    let mut push = |a: KbId, b: KbId, evidence: Vec<Evidence>, out: &mut Vec<Warning>| {
        let (one, other) = if a < b { (a, b) } else { (b, a) };
        if told.insert((one, other)) {
            out.push(Warning::Exclude { one, other, evidence });
        }
    };
    for kb in given.keys() {
        for rule in s.catalog.rules(*kb) {
            let on = rule.products.intersection(s.products);
            if rule.standing == Standing::Unverified || on.is_empty() {
                continue;
            }
            for excluded in &rule.excludes {
                let says = Says::Conflicts { kb: *kb, with: excluded.to_string() };
                let evidence = vec![Evidence::catalog(says, rule.source, rule.standing)];
                match excluded {
                    Requirement::Update { kb: other, .. } if given.contains_key(other) => {
                        push(*kb, *other, evidence, out);
                    }
                    Requirement::Component { .. } => {
                        // what Windows brings itself, or one of the packages brings
                        let brought = given.keys().find(|o| *o != kb && s.stands_in(excluded, **o));
                        match brought {
                            Some(other) => push(*kb, *other, evidence, out),
                            None if everywhere(s, excluded, on) => {
                                out.push(Warning::Excluded { kb: *kb, by: excluded.clone(), evidence });
                            }
                            None => {}
                        }
                    }
                    _ => {}
                }
            }
        }
        let relations = s.catalog.relations_from(*kb).into_iter().chain(s.catalog.superseded_by(*kb));
        for r in relations.filter(|r| {
            r.kind == RelationKind::Conflicts
                && r.standing != Standing::Unverified
                && !r.products.intersection(s.products).is_empty()
        }) {
            let other = if r.from == *kb { r.to } else { r.from };
            if given.contains_key(&other) {
                let says = Says::Conflicts { kb: *kb, with: other.to_string() };
                push(*kb, other, vec![Evidence::catalog(says, r.source, r.standing)], out);
            }
        }
    }
}

/// Does every Windows of these products meet it by itself?
fn everywhere(s: &Satisfy<'_>, requirement: &Requirement, on: ProductSet) -> bool {
    let met = |e: Evaluation| e.truth == Truth::True;
    !on.is_empty()
        && s.hosts.iter().filter(|(p, _)| on.contains(*p)).all(|(_, identity)| {
            met(Installed::derive(s.catalog, &s.empty, identity).meets(requirement, None))
        })
}
