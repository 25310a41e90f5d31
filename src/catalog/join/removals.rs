//! What local corrections take out of all that the other sources say.

use super::{Remarks, number};
use crate::catalog::facts::{Facts, RemovalRow};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be removed of one kind: KB -> which; an absent one is all.
type Removed<'a> = BTreeMap<u32, BTreeSet<Option<&'a str>>>;

fn of<'a>(rows: &'a [RemovalRow], what: &str) -> Removed<'a> {
    let mut out = Removed::new();
    for r in rows.iter().filter(|r| r.what == what) {
        if let Some(kb) = number(&r.kb) {
            out.entry(kb).or_default().insert(r.of.as_deref());
        }
    }
    out
}

fn has(removed: &Removed<'_>, kb: Option<u32>, which: &str) -> bool {
    let of = kb.and_then(|kb| removed.get(&kb));
    of.is_some_and(|s| s.contains(&None) || s.contains(&Some(which)))
}

/// Takes out what corrections remove, from rows that are no corrections themselves.
pub(super) fn apply(facts: &mut Facts, removed: &[RemovalRow], remarks: &mut Remarks) {
    if removed.is_empty() {
        return;
    }
    let own: BTreeSet<&str> = removed.iter().map(|r| &*r.source).collect();
    let mut used: BTreeSet<(&str, u32)> = BTreeSet::new();
    packages(facts, &of(removed, "package"), &of(removed, "other-packages"), &own, &mut used);
    let supersedes = of(removed, "supersedes");
    for u in facts.updates.iter_mut().filter(|u| !own.contains(&*u.source)) {
        let kb = number(&u.kb);
        u.supersedes.retain(|s| {
            let out = has(&supersedes, kb, &s.kb);
            out.then(|| used.insert(("supersedes", kb.unwrap_or(0))));
            !out
        });
    }
    for r in facts.relations.iter_mut().filter(|r| !own.contains(&*r.source)) {
        let kb = number(&r.from);
        r.to.retain(|to| {
            let out = has(&supersedes, kb, to);
            out.then(|| used.insert(("supersedes", kb.unwrap_or(0))));
            !out
        });
    }
    facts.relations.retain(|r| !r.to.is_empty());
    let rules = of(removed, "rule");
    facts.rules.retain(|r| {
        let kb = r.kb.as_deref().and_then(number);
        let out = has(&rules, kb, &r.id) && !own.contains(&*r.source);
        out.then(|| used.insert(("rule", kb.unwrap_or(0))));
        !out
    });
    // a rule of a class: not for this update
    for r in &mut facts.rules {
        let Some(class) = &mut r.class else { continue };
        for (kb, which) in &rules {
            if which.contains(&None) || which.contains(&Some(&*r.id)) {
                class.except.push(format!("KB{kb}"));
                used.insert(("rule", *kb));
            }
        }
    }
    let lines = of(removed, "line");
    for (line, entries) in &mut facts.lines {
        entries.retain(|e| {
            let kb = e.kb.as_deref().and_then(number);
            let out = has(&lines, kb, &line.id);
            out.then(|| used.insert(("line", kb.unwrap_or(0))));
            !out
        });
    }
    let withdrawn = of(removed, "withdrawn");
    facts.withdrawn.retain(|w| {
        let kb = number(&w.kb);
        let out = has(&withdrawn, kb, "") && !own.contains(&*w.source);
        out.then(|| used.insert(("withdrawn", kb.unwrap_or(0))));
        !out
    });
    let defects = of(removed, "defect");
    facts.defects.retain(|d| {
        let kb = number(&d.kb);
        let out = has(&defects, kb, "") && !own.contains(&*d.source);
        out.then(|| used.insert(("defect", kb.unwrap_or(0))));
        !out
    });
    for r in removed {
        if r.what != "other-packages" && !number(&r.kb).is_some_and(|kb| used.contains(&(&*r.what, kb))) {
            remarks.add("corrections that remove what no source says", &format!("{} of {}", r.what, r.kb));
        }
    }
}

fn packages<'a>(
    facts: &mut Facts,
    removed: &Removed<'a>,
    others: &Removed<'a>,
    own: &BTreeSet<&str>,
    used: &mut BTreeSet<(&'a str, u32)>,
) {
    let mut kept: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for u in facts.updates.iter().filter(|u| own.contains(&*u.source)) {
        if let Some(kb) = number(&u.kb).filter(|kb| others.contains_key(kb)) {
            kept.entry(kb).or_default().extend(u.packages.iter().flat_map(|p| p.products.iter().cloned()));
        }
    }
    let has = |removed: &Removed<'a>, kb: Option<u32>, product: &str| {
        has(removed, kb, product) || kb.and_then(|kb| kept.get(&kb)).is_some_and(|k| !k.contains(product))
    };
    for u in facts.updates.iter_mut().filter(|u| !own.contains(&*u.source)) {
        let kb = number(&u.kb);
        for p in &mut u.packages {
            p.products.retain(|product| {
                let out = has(removed, kb, product);
                out.then(|| used.insert(("package", kb.unwrap_or(0))));
                !out
            });
        }
        u.packages.retain(|p| !p.products.is_empty());
    }
    // a line says that there are packages for its products
    for (line, entries) in &mut facts.lines {
        entries.retain(|e| {
            let kb = e.kb.as_deref().and_then(number);
            let out = !line.products.is_empty() && line.products.iter().all(|p| has(removed, kb, p));
            out.then(|| used.insert(("package", kb.unwrap_or(0))));
            !out
        });
    }
}
