//! Which of the packages go on one kind of host.

use crate::{
    catalog::{Catalog, view::Update},
    model::{KbId, ProductId, ProductSet, UpdateKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// Service packs and enablement packages lead from one release to another.
pub(super) const fn leads(kind: UpdateKind) -> bool {
    matches!(kind, UpdateKind::ServicePack | UpdateKind::Enablement)
}

/// The releases that an update makes of those that it goes on; empty unless it is a service pack or enablement package.
pub(super) fn made_by(catalog: &Catalog, update: &Update<'_>) -> ProductSet {
    if !leads(update.kind) {
        return ProductSet::default();
    }
    let of = |p: ProductId| {
        let p = catalog.product(p);
        (p.server, p.version.0[0], p.version.0[1])
    };
    // a service pack of the client is part of the server, too, and does not go on it
    let from: BTreeSet<_> = update.products().iter().map(of).collect();
    let built_in = update.packages.iter().filter(|p| p.built_in).flat_map(|p| p.products.iter());
    built_in.filter(|p| from.contains(&of(*p))).collect()
}

/// Groups of updates, each with the products that all of it is for; every update is in one at least. A group that is part
/// of another one is left out. `only` narrows the products; empty for all.
pub(super) fn groups(catalog: &Catalog, kbs: &[KbId], only: ProductSet) -> Vec<(ProductSet, BTreeSet<KbId>)> {
    let updates: BTreeMap<KbId, Update<'_>> =
        kbs.iter().filter_map(|kb| Some((*kb, catalog.update(*kb)?))).collect();
    // releases that a service pack joins are one host on its way
    let mut joined: Vec<ProductSet> = catalog.products().map(|p| ProductSet::of(p.id)).collect();
    for update in updates.values() {
        let made = made_by(catalog, update);
        for from in update.products().iter() {
            let p = catalog.product(from);
            for to in made.iter().map(|to| catalog.product(to)) {
                if p.server == to.server && p.version.0[..2] == to.version.0[..2] {
                    join(&mut joined, from, to.id);
                }
            }
        }
    }
    let of = |kb: KbId| {
        let Some(update) = updates.get(&kb) else { return catalog.all_products() };
        let own = update.products().union(made_by(catalog, update));
        // an update of which no package is known may be for any
        if own.is_empty() { catalog.all_products() } else { own }
    };
    // for each kind of host its updates; kinds with the same updates are one group
    let mut by_members: BTreeMap<BTreeSet<KbId>, ProductSet> = BTreeMap::new();
    let mut seen = ProductSet::default();
    for product in catalog.products().map(|p| p.id) {
        let kind = joined.get(usize::from(product.0)).copied().unwrap_or(ProductSet::of(product));
        if seen.contains(product) || !(only.is_empty() || only.intersection(kind) != ProductSet::default()) {
            continue;
        }
        seen = seen.union(kind);
        let members: BTreeSet<KbId> =
            kbs.iter().copied().filter(|kb| !of(*kb).intersection(kind).is_empty()).collect();
        if !members.is_empty() {
            let products = by_members.entry(members).or_default();
            *products = products.union(kind);
        }
    }
    let all: Vec<&BTreeSet<KbId>> = by_members.keys().collect();
    let largest: Vec<BTreeSet<KbId>> = all
        .iter()
        .filter(|m| !all.iter().any(|o| o.len() > m.len() && m.is_subset(o)))
        .map(|m| (*m).clone())
        .collect();
    let mut out: Vec<(ProductSet, BTreeSet<KbId>)> = largest
        .into_iter()
        .filter_map(|m| {
            let products = by_members.get(&m).copied()?;
            // of the releases on the way, those that some package is for
            let named = m.iter().filter_map(|kb| updates.get(kb));
            let named =
                named.fold(ProductSet::default(), |s, u| s.union(u.products()).union(made_by(catalog, u)));
            let narrowed = products.intersection(named);
            Some((if narrowed.is_empty() { products } else { narrowed }, m))
        })
        .collect();
    out.sort_by_key(|(products, m)| (std::cmp::Reverse(m.len()), *products));
    out
}

/// Makes two sets one.
fn join(joined: &mut [ProductSet], a: ProductId, b: ProductId) {
    let of = |joined: &[ProductSet], p: ProductId| joined.get(usize::from(p.0)).copied().unwrap_or_default();
    let both = of(joined, a).union(of(joined, b));
    for p in both.iter() {
        if let Some(set) = joined.get_mut(usize::from(p.0)) {
            *set = both;
        }
    }
}
