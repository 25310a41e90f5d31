//! Which update is which: builds, products, places in lines.

use super::told::{Told, build_of};
use super::{Findings, Level, some};
use crate::model::{Build, Version};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(told: &Told<'_>, out: &mut Findings) {
    builds(told, out);
    products(told, out);
    lines(told, out);
}

/// (build, revision) -> sources that state it, and whether a line does.
type Claims<'a> = BTreeMap<(u32, u32), BTreeSet<(bool, &'a str)>>;
/// What is stated of the builds of each update, by product.
type Stated<'a> = BTreeMap<u32, BTreeMap<u8, Claims<'a>>>;

/// Build and revision of `22000.1574`, `10.0.22000.1574`, `6.1.7601.26321`.
fn build(text: &str) -> Option<(u32, u32)> {
    text.parse::<Build>().ok().map(|b| (b.build, b.revision))
}

fn builds(told: &Told<'_>, out: &mut Findings) {
    let mut stated: Stated<'_> = BTreeMap::new();
    for part in &told.parts {
        for u in &part.updates {
            let Some(kb) = super::told::number(&u.kb) else { continue };
            let left_out = u.doubts.iter().filter(|d| d.claim == "build");
            let left_out = left_out.filter_map(|d| Some((d.value.as_ref()?, &d.products)));
            for (stated_build, products) in u.builds.iter().map(|b| (&b.build, &b.products)).chain(left_out) {
                let Some(at) = build(stated_build) else { continue };
                let mut set = told.set(products);
                if products.is_empty() {
                    set = u.packages.iter().fold(0, |s, p| s | told.set(&p.products));
                }
                for (id, _) in told.members(set) {
                    stated
                        .entry(kb)
                        .or_default()
                        .entry(id)
                        .or_default()
                        .entry(at)
                        .or_default()
                        .insert((false, &u.source));
                }
            }
        }
    }
    for (line, entries, set) in &told.lines {
        let Some(build) = line.build else { continue };
        for e in *entries {
            let (Some(kb), Some(revision)) = (e.kb.as_deref().and_then(super::told::number), e.revision)
            else {
                continue;
            };
            for (id, _) in told.members(*set) {
                let of_product = stated.entry(kb).or_default().entry(id).or_default();
                of_product.entry((build, revision)).or_default().insert((true, &e.source));
            }
        }
    }
    for (kb, of_it) in &stated {
        wrong_builds(told, *kb, of_it, out);
    }
}

fn wrong_builds(told: &Told<'_>, kb: u32, of_it: &BTreeMap<u8, Claims<'_>>, out: &mut Findings) {
    // products of one claim in one finding
    let mut strangers: BTreeMap<(Level, (u32, u32), &str), u128> = BTreeMap::new();
    for (id, claims) in of_it {
        let product = told.products[usize::from(*id)];
        let Some(own) = build_of(product) else { continue };
        for (claim, sources) in claims.iter().filter(|((b, _), _)| *b != own) {
            // another build of the branch is the same content under another name
            let sibling = told.builds(product).contains(&claim.0);
            let level = if sibling { Level::Note } else { Level::Error };
            for (_, source) in sources {
                *strangers.entry((level, *claim, *source)).or_default() |= 1 << id;
            }
        }
        let own_claims: Vec<_> = claims.iter().filter(|((b, _), _)| *b == own).collect();
        // several revisions in lines, or in one source, are re-releases
        let in_line = |s: &BTreeSet<(bool, &str)>| s.iter().any(|(line, _)| *line);
        let disagree = own_claims.iter().any(|(_, s)| {
            let other = |o: &BTreeSet<(bool, &str)>| in_line(o) || s.is_disjoint(o);
            !in_line(s) && own_claims.iter().any(|(_, o)| !std::ptr::eq(*s, *o) && other(o))
        });
        if disagree {
            let said =
                own_claims.iter().map(|((b, r), s)| format!("{b}.{r} ({})", some(s.iter().map(|(_, s)| s))));
            out.add(
                Level::Warning,
                "two-builds",
                format!("KB{kb}"),
                format!("on {}: {}", product.name, said.collect::<Vec<_>>().join(", ")),
            );
        }
    }
    for ((level, (build, revision), source), set) in strangers {
        let own: BTreeSet<u32> = told.members(set).filter_map(|(_, p)| build_of(p)).collect();
        let mut text = format!(
            "build {build}.{revision} is stated for {} (build {}) by {source}",
            told.names(set),
            some(own.iter())
        );
        let right: BTreeSet<(u32, u32)> = told
            .members(set)
            .filter_map(|(id, p)| Some((of_it.get(&id)?, build_of(p)?)))
            .flat_map(|(claims, own)| claims.keys().filter(move |(b, _)| *b == own))
            .copied()
            .collect();
        if !right.is_empty() {
            text.push_str(&format!("; others state {}", some(right.iter().map(|(b, r)| format!("{b}.{r}")))));
        }
        out.add(level, "build-of-another-product", format!("KB{kb}"), text);
    }
}

/// Packages for products whose cumulative updates are all listed, and this is none of them.
fn products(told: &Told<'_>, out: &mut Findings) {
    for part in &told.parts {
        for u in &part.updates {
            for d in u.doubts.iter().filter(|d| d.claim == "package" && d.why == "other-line") {
                let set = told.set(&d.products);
                let own =
                    super::told::number(&u.kb).and_then(|k| told.kbs.get(&k)).map_or(0, |k| k.line_products);
                let text = format!(
                    "{} states it for {}; it is in the line of {} alone (left out)",
                    u.source,
                    told.names(set),
                    told.names(own)
                );
                out.add(Level::Error, "kb-of-another-product", &u.kb, text);
            }
        }
    }
    let cumulative = |kind: &str| matches!(kind, "cumulative" | "rollup" | "security-only");
    for (number, kb) in &told.kbs {
        let of_kind = |kind: &str| {
            let lines = told.lines.iter().filter(|(l, entries, _)| l.kind == kind && !entries.is_empty());
            lines.fold(0, |s, (_, _, set)| s | set)
        };
        let Some((line, ..)) =
            kb.places.iter().map(|(l, _)| &told.lines[*l]).find(|(l, ..)| cumulative(&l.kind))
        else {
            continue;
        };
        let strangers = of_kind(&line.kind) & !kb.line_products;
        for (set, source) in &kb.package_sources {
            let wrong = set & strangers;
            if wrong == 0 {
                continue;
            }
            let siblings = |p| told.builds(p);
            // the branch shares its updates: an edition's line may lack what its sibling's has
            let own: BTreeSet<u32> =
                told.members(kb.line_products).flat_map(|(_, p)| siblings(p)).copied().collect();
            let shares = |p| siblings(p).iter().any(|b| own.contains(b));
            let (near, far): (Vec<_>, Vec<_>) = told.members(wrong).partition(|(_, p)| shares(p));
            for (level, group) in [(Level::Warning, near), (Level::Error, far)] {
                let set = group.iter().fold(0, |s, (id, _)| s | 1 << id);
                if set != 0 {
                    let text = format!(
                        "{source} states it for {}; it is in the line of {} alone",
                        told.names(set),
                        told.names(kb.line_products)
                    );
                    out.add(level, "kb-of-another-product", format!("KB{number}"), text);
                }
            }
        }
    }
}

fn lines(told: &Told<'_>, out: &mut Findings) {
    // revision -> updates, over all sources of one line
    let mut held: BTreeMap<(&str, u32), BTreeSet<&str>> = BTreeMap::new();
    for (line, entries, _) in &told.lines {
        let mut seen: BTreeMap<&str, BTreeSet<Option<u32>>> = BTreeMap::new();
        let mut last: (Option<u32>, Option<Version>) = (None, None);
        for (e, row) in entries.iter().zip(1..) {
            let place = format!("lines/{}.jsonl:{row}", line.id);
            if let Some(kb) = &e.kb {
                if let Some(revision) = e.revision {
                    held.entry((&line.id, revision)).or_default().insert(kb);
                }
                let revisions = seen.entry(kb).or_default();
                if !revisions.insert(e.revision) {
                    out.add(Level::Error, "duplicate", &place, format!("{kb} stands in this line already"));
                } else if revisions.len() == 2 {
                    let text =
                        format!("{kb} is in the line with revisions {}", some(revisions.iter().flatten()));
                    out.add(Level::Note, "re-released", &line.id, text);
                }
            }
            if e.revision.is_some() && e.revision < last.0 {
                out.add(Level::Error, "line-order", &place, "a lower revision after a higher one");
            }
            let stack = e.stack.as_deref().and_then(|s| s.parse::<Version>().ok());
            if stack.is_some() && stack < last.1 {
                out.add(Level::Error, "line-order", &place, "a lower stack version after a higher one");
            }
            last = (e.revision.or(last.0), stack.or(last.1));
        }
        if let Some(build) = line.build {
            for (_, p) in told.members(told.set(&line.products)) {
                let own = build_of(p);
                if own != Some(build) && !told.builds(p).contains(&build) {
                    let text = format!("lists build {build} for {}, which is {}", p.name, p.version);
                    out.add(Level::Error, "build-of-another-product", &line.id, text);
                }
            }
        }
    }
    for ((line, revision), kbs) in held.iter().filter(|(_, kbs)| kbs.len() > 1) {
        let text = format!("revision {revision} is that of {}", some(kbs.iter()));
        out.add(Level::Warning, "same-build-twice", line, text);
    }
}
