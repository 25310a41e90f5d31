//! What the catalog holds, counted.

use super::{
    Part,
    supersedence::{self, Way},
};
use crate::{
    catalog::{Catalog, view::LineKind},
    graph,
    model::{KbId, Standing},
    report::{CountReport, LineCountReport, PartReport, StatsReport},
};
use std::collections::{BTreeMap, BTreeSet};

/// Counts what is in the catalog and in the rows that it was compiled of.
pub fn stats(catalog: &Catalog, parts: &[Part<'_>]) -> StatsReport {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut products = vec![0usize; catalog.product_count()];
    let mut relations: BTreeMap<&str, usize> = BTreeMap::new();
    let mut dangling: BTreeSet<KbId> = BTreeSet::new();
    let mut edges: BTreeSet<(KbId, KbId)> = BTreeSet::new();
    for kb in catalog.kbs() {
        let Some(update) = catalog.update(kb) else { continue };
        *kinds.entry(update.kind.name()).or_default() += 1;
        for p in update.products().iter() {
            if let Some(n) = products.get_mut(usize::from(p.0)) {
                *n += 1;
            }
        }
        for r in catalog.relations_from(kb) {
            *relations.entry(super::relation_name(r.kind)).or_default() += 1;
            if catalog.update(r.to).is_none() {
                dangling.insert(r.to);
            }
        }
        edges.extend(supersedence::neighbours(catalog, kb, Way::Older).into_keys().map(|older| (kb, older)));
    }
    let (cycles, longest) = graph::chains(&edges);
    let mut lines: BTreeMap<LineKind, (usize, usize)> = BTreeMap::new();
    for line in catalog.lines() {
        let n = lines.entry(line.kind).or_default();
        n.0 += 1;
        n.1 += line.len as usize;
    }
    let mut rules: BTreeMap<String, usize> = BTreeMap::new();
    for r in parts.iter().flat_map(|p| &p.facts.rules) {
        let standing = Standing::parse(&r.standing).unwrap_or(Standing::Unverified);
        *rules.entry(standing.name().to_owned()).or_default() += 1;
    }
    let mut kinds: Vec<CountReport> = counted(kinds);
    kinds.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    let names = |group: Vec<KbId>| group.iter().map(ToString::to_string).collect();
    StatsReport {
        schema: "kbwhy/catalog/stats/1",
        as_of: catalog.as_of().to_string(),
        text_schema: catalog.schema().to_string(),
        updates: catalog.len(),
        parts: parts.iter().map(part).collect(),
        kinds,
        products: catalog
            .products()
            .zip(products)
            .map(|(p, count)| CountReport { name: p.name.to_owned(), count })
            .collect(),
        lines: lines
            .into_iter()
            .map(|(kind, (lines, entries))| LineCountReport { kind: kind.name().to_owned(), lines, entries })
            .collect(),
        relations: counted(relations),
        rules: counted(rules),
        longest_chain: names(longest),
        cycles: cycles.into_iter().map(names).collect(),
        dangling: dangling.len(),
        stated_supersedence: parts
            .iter()
            .flat_map(|p| &p.facts.supersedence)
            // plain rows of texts and numbers
            .filter_map(|s| serde_json::to_value(s).ok())
            .collect(),
    }
}

fn counted<T: Into<String>>(counts: BTreeMap<T, usize>) -> Vec<CountReport> {
    counts.into_iter().map(|(name, count)| CountReport { name: name.into(), count }).collect()
}

fn part(p: &Part<'_>) -> PartReport {
    let f = p.facts;
    let mut updates: BTreeSet<&str> = f.updates.iter().map(|u| &*u.kb).collect();
    updates.extend(f.lines.iter().flat_map(|(_, e)| e).filter_map(|e| e.kb.as_deref()));
    let relations = f.updates.iter().map(|u| u.supersedes.len()).sum::<usize>()
        + f.relations.iter().map(|r| r.to.len()).sum::<usize>();
    PartReport {
        title: p.title.to_owned(),
        kind: p.kind.name().to_owned(),
        read: f.sources.iter().map(|s| &*s.read).max().unwrap_or("").to_owned(),
        updates: updates.len(),
        relations,
        entries: f.lines.iter().map(|(_, e)| e.len()).sum(),
        rules: f.rules.len(),
    }
}
