//! Relations between updates: loops, cycles, ends that nothing describes, and the wrong way round.

use super::told::{Edge, Told};
use super::{Findings, Level, cycles, some};
use crate::catalog::facts::DoubtRow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(told: &Told<'_>, out: &mut Findings) {
    for e in &told.edges {
        if e.from == e.to {
            out.add(Level::Error, "self-loop", kb(e.from), format!("{} itself ({})", e.relation, stated(e)));
        }
    }
    dangling(told, out);
    cycle(told, out);
    backwards(told, out);
    for part in &told.parts {
        for u in &part.updates {
            let crossing =
                |d: &&DoubtRow| d.claim == "supersedes" && matches!(&*d.why, "tracks" | "hotpatch");
            for d in u.doubts.iter().filter(crossing) {
                let why = match &*d.why {
                    "hotpatch" => "one of them is a hotpatch, which replaces no cumulative update",
                    _ => "a rollup and a security-only update do not replace each other",
                };
                let text = format!(
                    "supersedes {}, but {why} ({}; left out)",
                    d.value.as_deref().unwrap_or("another"),
                    u.source
                );
                out.add(Level::Warning, "crosses-tracks", &u.kb, text);
            }
        }
        for w in &part.withdrawn {
            let named = w.replacement.iter().map(|k| ("is to be replaced by", k));
            dangling_names(told, &w.kb, named, &w.source, out);
        }
        for d in &part.defects {
            let named = d.fixed_by.iter().map(|k| ("has a defect that is fixed by", k));
            dangling_names(told, &d.kb, named, &d.source, out);
        }
    }
}

/// The source, and whether its statement is used.
fn stated(e: &Edge<'_>) -> String {
    if e.left_out { format!("{}; left out", e.source) } else { e.source.to_owned() }
}

fn kb(number: u32) -> String {
    format!("KB{number}")
}

fn dangling_names<'a>(
    told: &Told<'_>,
    about: &str,
    named: impl Iterator<Item = (&'a str, &'a String)>,
    source: &str,
    out: &mut Findings,
) {
    for (what, name) in named {
        if super::told::number(name).is_some_and(|n| !told.is_described(n)) {
            let text = format!("{what} {name}, which nothing describes ({source})");
            out.add(Level::Warning, "dangling", about, text);
        }
    }
}

fn dangling(told: &Told<'_>, out: &mut Findings) {
    for e in told.edges.iter().filter(|e| !e.left_out) {
        // what others name alone is history that a feed lost; in a correction by hand it is a misprint
        let level = if e.overlay { Level::Error } else { Level::Warning };
        if !told.is_described(e.to) {
            let text = format!("{} KB{}, which nothing describes ({})", e.relation, e.to, e.source);
            out.add(level, "dangling", kb(e.from), text);
        }
        if !told.is_described(e.from) {
            let text = format!("{} KB{}, and nothing describes it ({})", e.relation, e.to, e.source);
            out.add(level, "dangling", kb(e.from), text);
        }
    }
}

fn supersedes<'t, 'a>(told: &'t Told<'a>) -> impl Iterator<Item = &'t Edge<'a>> {
    told.edges.iter().filter(|e| e.relation == "supersedes" && e.from != e.to)
}

fn cycle(told: &Told<'_>, out: &mut Findings) {
    for group in cycles::groups(supersedes(told).map(|e| (e.from, e.to))) {
        let members: BTreeSet<u32> = group.iter().copied().collect();
        let inside = |e: &&Edge<'_>| members.contains(&e.from) && members.contains(&e.to);
        let edges: Vec<(u32, u32, u128)> = supersedes(told)
            .filter(inside)
            .map(|e| (e.from, e.to, told.holds_on(e)))
            .map(|(a, b, set)| (a, b, if set == 0 { u128::MAX } else { set }))
            .collect();
        // there may be two updates of one number on two products, each superseded there
        let all = edges.iter().fold(0, |s, e| s | e.2);
        let on = (0..128u32).filter(|p| all >> p & 1 == 1).find(|p| {
            let here = edges.iter().filter(|e| e.2 >> p & 1 == 1);
            !cycles::groups(here.map(|e| (e.0, e.1))).is_empty()
        });
        let names = some(group.iter().map(|n| kb(*n)));
        match on {
            Some(_) => out.add(
                Level::Error,
                "supersedes-cycle",
                kb(group[0]),
                format!("each supersedes the next: {names}"),
            ),
            None => {
                let text = format!("each supersedes the next, on different products: {names}");
                out.add(Level::Warning, "supersedes-cycle", kb(group[0]), text);
            }
        }
    }
}

/// Is a date before another, as far as both are told? A month alone (`yyyy-mm`) is not before its days.
fn is_before(a: &str, b: &str) -> bool {
    let told = a.len().min(b.len());
    a.get(..told) < b.get(..told)
}

fn backwards(told: &Told<'_>, out: &mut Findings) {
    for e in supersedes(told) {
        let (Some(newer), Some(older)) = (told.kbs.get(&e.from), told.kbs.get(&e.to)) else { continue };
        // its last place against the other's first: an update may be released twice
        let mut in_line: BTreeMap<&str, (Option<usize>, Option<usize>)> = BTreeMap::new();
        for (line, at) in &newer.places {
            let place = &mut in_line.entry(&told.lines[*line].0.id).or_default().0;
            *place = (*place).max(Some(*at));
        }
        for (line, at) in &older.places {
            let first = &mut in_line.entry(&told.lines[*line].0.id).or_default().1;
            *first = Some(first.map_or(*at, |f| f.min(*at)));
        }
        let against = in_line.iter().find(|(_, p)| matches!(p, (Some(a), Some(b)) if a < b));
        if let Some((line, _)) = against {
            let text = format!("supersedes KB{}, which comes after it in line {line} ({})", e.to, stated(e));
            out.add(Level::Error, "supersedes-backwards", kb(e.from), text);
            continue;
        }
        let last = newer.dates.keys().next_back();
        let first = older.dates.keys().next();
        if let (Some(last), Some(first)) = (last, first)
            && is_before(last, first)
        {
            let firm = newer.date_is_firm() && older.date_is_firm();
            let level = if firm || e.overlay { Level::Error } else { Level::Warning };
            let text = format!("of {last} supersedes KB{} of {first} ({})", e.to, stated(e));
            out.add(level, "supersedes-backwards", kb(e.from), text);
        }
    }
}
