//! Sources that disagree, facts stated twice, and what rests on nothing firm.

use super::told::{Told, number};
use super::{Findings, Level};
use crate::catalog::check::canonical;
use crate::catalog::facts::RuleRow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(told: &Told<'_>, out: &mut Findings) {
    let disputed = told.rules.iter().filter_map(|r| r.row.dispute.as_ref().map(|d| (r.row, d)));
    disputed.for_each(|(r, d)| out.add(Level::Note, "dispute", &r.id, d));
    for (kb, said) in &told.kbs {
        // a month alone agrees with each of its days
        let days: BTreeSet<&str> = said.dates.keys().filter(|d| d.len() == 10).copied().collect();
        let vague = |d: &&str| d.len() == 7 && days.iter().any(|day| day.starts_with(*d));
        if said.dates.keys().filter(|d| !vague(d)).count() > 1 {
            let text: Vec<String> = said
                .dates
                .iter()
                .map(|(date, sources)| {
                    let names: BTreeSet<&str> = sources.iter().map(|(_, s)| *s).collect();
                    format!("{date} ({})", super::some(names))
                })
                .collect();
            out.add(Level::Note, "dates-disagree", format!("KB{kb}"), text.join(", "));
        }
        // `update` says nothing of the kind; a cumulative update may be a preview, a checkpoint, carry its stack
        let kinds: Vec<_> = said.kinds.iter().filter(|(k, _)| **k != "update").collect();
        let families: BTreeSet<&str> = kinds.iter().map(|(k, _)| family(k)).collect();
        if families.len() > 1 {
            let text: Vec<String> = kinds
                .iter()
                .map(|(kind, sources)| format!("{kind} ({})", super::some(sources.iter())))
                .collect();
            out.add(Level::Warning, "kinds-disagree", format!("KB{kb}"), text.join(", "));
        }
    }
    alone(told, out);
    duplicates(told, out);
}

/// Kinds that one update may well have at once have one family.
fn family(kind: &str) -> &str {
    match kind {
        "cumulative" | "cumulative-preview" | "combined" | "checkpoint" => "cumulative",
        "monthly-rollup" | "rollup-preview" => "monthly-rollup",
        other => other,
    }
}

/// Updates about which nothing but unverified rules is known.
fn alone(told: &Told<'_>, out: &mut Findings) {
    let mut rules: BTreeMap<&str, Vec<&RuleRow>> = BTreeMap::new();
    for r in &told.rules {
        if let Some(kb) = &r.row.kb {
            rules.entry(kb).or_default().push(r.row);
        }
    }
    for (kb, of_it) in rules {
        if of_it.iter().all(|r| r.standing == "unverified") {
            let ids: Vec<&str> = of_it.iter().map(|r| &*r.id).collect();
            out.add(Level::Note, "unverified-alone", kb, ids.join(", "));
        }
    }
}

fn duplicates(told: &Told<'_>, out: &mut Findings) {
    for part in &told.parts {
        twice("update", part.updates.iter().map(|r| (&*r.kb, canonical(r))), out);
        twice("relation", part.relations.iter().map(|r| (&*r.from, canonical(r))), out);
        twice("withdrawal", part.withdrawn.iter().map(|r| (&*r.kb, canonical(r))), out);
        twice("defect", part.defects.iter().map(|r| (&*r.kb, canonical(r))), out);
        // rules have names of their own: the same rule under two of them
        let rule = |r: &RuleRow| {
            let about = (r.kb.as_ref(), r.target.as_ref(), r.class.as_ref().map(canonical));
            let (mut requires, mut products) = (r.requires.clone(), r.products.clone());
            requires.sort_unstable();
            products.sort_unstable();
            format!("{about:?}{products:?}{:?}{requires:?}{:?}{:?}{:?}", r.when, r.excludes, r.order, r.also)
        };
        let mut named: BTreeMap<String, &str> = BTreeMap::new();
        for r in part.rules.iter().filter(|r| !r.requires.is_empty()) {
            if let Some(first) = named.insert(rule(r), &r.id) {
                out.add(Level::Note, "duplicate", &r.id, format!("requires just what rule {first} does"));
            }
        }
        // two rows about one relation, in other words or from other pages
        let mut stated: BTreeMap<(u32, u32, u128, &str), u32> = BTreeMap::new();
        for u in &part.updates {
            for s in &u.supersedes {
                let (Some(from), Some(to)) = (number(&u.kb), number(&s.kb)) else { continue };
                *stated.entry((from, to, told.set(&s.products), &u.source)).or_default() += 1;
            }
        }
        for ((from, to, _, source), n) in stated.into_iter().filter(|(_, n)| *n > 1) {
            let text = format!("supersedes KB{to}, stated {n} times by {source}");
            out.add(Level::Warning, "duplicate", format!("KB{from}"), text);
        }
    }
}

fn twice<'a>(what: &str, rows: impl Iterator<Item = (&'a str, String)>, out: &mut Findings) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (about, row) in rows {
        if !seen.insert(row) {
            out.add(Level::Error, "duplicate", about, format!("the same {what} row twice"));
        }
    }
}
