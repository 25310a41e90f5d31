//! A one-line grammar for small catalogs and hosts, so that resolver tests are tables.
//!
//! Catalog, statements separated by `;`: `1 needs 2|3 & 4+` · `1 > 2` (supersedes) · `1 contains 2` ·
//! `1 conflicts 2` · `stack 1 2 3`, `rollup 1 2 3` (chained lines) · `only 2 1` (update 1 is for product p2 alone) ·
//! `withdrawn 1 for 2` · `rollup 1@2016-12-13 2@2017-01-10`, `months 3@2016-11-08` (a line of security-only updates) ·
//! `release 1 p1`, `release 1 p2 p1` (1 leads from p2 to p1; is part of p2 too) ·
//! `unstated 1` (no source says what 1 needs; otherwise an update without `needs` needs nothing). Number n stands for KB1000n; every update is for product p1 unless stated.
//! Host: `has 1 2`, `absent 3`, `pending 4`, `complete`, `product p2`, separated by `;`.

#![allow(dead_code, clippy::unwrap_used, reason = "shared by test binaries; tests may panic")]

use kbwhy::{
    catalog::{Catalog, facts::*},
    model::{Fact, Host, KbId, Location, Origin, PackageState},
};
use std::sync::Arc;

pub(crate) fn kb(n: &str) -> String {
    let (n, later) = n.strip_suffix('+').map_or((n, ""), |n| (n, "+"));
    format!("KB{}{later}", 10_000 + n.parse::<u32>().unwrap())
}

pub(crate) fn id(n: u32) -> KbId {
    KbId::new(10_000 + n).unwrap()
}

fn product(id: &str, version: &str) -> ProductRow {
    ProductRow {
        id: id.into(),
        name: format!("Windows Server {}", if id == "p1" { "2012 R2" } else { "2012" }),
        family: "server".into(),
        version: version.into(),
        service_pack: None,
        release: None,
        branch: id.into(),
        architectures: vec!["x64".into()],
        aliases: vec![],
        source: "https://example.invalid/toy".into(),
    }
}

pub(crate) const SOURCE: &str = "https://example.invalid/toy";

/// The facts that a text states, with their rows rotated by `turn` to vary their order.
pub(crate) fn facts(text: &str, turn: usize) -> Facts {
    let mut f = Facts {
        as_of: "2026-01-01".into(),
        products: vec![product("p1", "6.3.9600"), product("p2", "6.2.9200")],
        branches: [("p1", 9600), ("p2", 9200)]
            .map(|(id, build)| BranchRow {
                id: id.into(),
                builds: vec![build],
                note: None,
                source: SOURCE.into(),
            })
            .into(),
        ..Facts::default()
    };
    let mut named: Vec<u32> = Vec::new();
    let mut only: Vec<(u32, String)> = Vec::new();
    let mut unstated: Vec<u32> = Vec::new();
    let mut releases: Vec<(u32, Vec<String>)> = Vec::new();
    let number = |t: &str| t.trim_end_matches('+').parse::<u32>().unwrap();
    for statement in text.split(';').map(str::trim).filter(|s| !s.is_empty()) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let numbers = statement
            .split_whitespace()
            .map(|w| w.split('@').next().unwrap())
            .filter(|w| !w.starts_with('p'));
        for w in numbers.flat_map(|w| w.split(|c: char| !c.is_ascii_digit())).filter(|w| !w.is_empty()) {
            named.push(number(w));
        }
        match (words[0], words.get(1).copied()) {
            ("unstated", Some(n)) => unstated.push(number(n)),
            ("only", Some(p)) => only.push((number(words[2]), p.to_owned())),
            ("release", Some(n)) => {
                releases.push((number(n), words[2..].iter().map(|p| (*p).to_owned()).collect()))
            }
            ("stack" | "rollup" | "months", _) => {
                let kind = match words[0] {
                    "stack" => "servicing-stack",
                    "months" => "security-only",
                    _ => "rollup",
                };
                let line = LineRow {
                    id: format!("{}-{}", words[0], f.lines.len()),
                    kind: kind.into(),
                    products: vec!["p1".into()],
                    build: None,
                    chained: words[0] != "months",
                    basis: "toy".into(),
                    source: SOURCE.into(),
                };
                let entries = words[1..]
                    .iter()
                    .map(|w| w.split_once('@').map_or((*w, None), |(n, d)| (n, Some(d.to_owned()))))
                    .map(|(n, date)| EntryRow {
                        kb: Some(kb(n)),
                        revision: None,
                        stack: None,
                        date,
                        kind: None,
                        standing: "verified".into(),
                        source: SOURCE.into(),
                    })
                    .collect();
                f.lines.push((line, entries));
            }
            ("withdrawn", Some(n)) => f.withdrawn.push(WithdrawnRow {
                kb: kb(n),
                products: vec![],
                date: None,
                replacement: words.get(3).map(|r| kb(r)).into_iter().collect(),
                why: "toy".into(),
                standing: "verified".into(),
                source: SOURCE.into(),
                read: None,
            }),
            (n, Some("needs")) => {
                let clauses = statement.split_once("needs").unwrap().1;
                f.rules.push(RuleRow {
                    id: format!("r{}", f.rules.len()),
                    kb: Some(kb(n)),
                    requires: clauses
                        .split('&')
                        .map(|c| c.trim().split('|').map(|m| kb(m.trim())).collect::<Vec<_>>().join("|"))
                        .collect(),
                    standing: "verified".into(),
                    evidence: "ms".into(),
                    source: SOURCE.into(),
                    ..RuleRow::default()
                });
            }
            (n, Some(relation @ (">" | "contains" | "conflicts"))) => f.relations.push(RelationRow {
                relation: if relation == ">" { "supersedes".into() } else { relation.into() },
                from: kb(n),
                to: words[2..].iter().map(|n| kb(n)).collect(),
                products: vec![],
                standing: "verified".into(),
                source: SOURCE.into(),
                read: None,
                note: None,
            }),
            (n, None) => named.push(number(n)),
            other => panic!("not in the toy grammar: {other:?}"),
        }
    }
    named.sort_unstable();
    named.dedup();
    for n in named {
        let has_rule = f.rules.iter().any(|r| r.kb.as_deref() == Some(kb(&n.to_string()).as_str()));
        if !has_rule && !unstated.contains(&n) {
            f.rules.push(RuleRow {
                id: format!("none-{n}"),
                kb: Some(kb(&n.to_string())),
                states_none: true,
                standing: "verified".into(),
                evidence: "ms".into(),
                source: SOURCE.into(),
                ..RuleRow::default()
            });
        }
        let product = only.iter().find(|(o, _)| *o == n).map_or("p1", |(_, p)| p.as_str());
        let leads = releases.iter().find(|(o, _)| *o == n).map(|(_, to)| to.clone());
        let package = |products, built_in| PackageRow { products, arch: vec![], built_in };
        let packages = match &leads {
            Some(to) => vec![package(to.clone(), true)],
            None => vec![package(vec![product.to_owned()], false)],
        };
        f.updates.push(UpdateRow {
            kb: kb(&n.to_string()),
            kind: Some(if leads.is_some() { "service-pack".into() } else { "update".into() }),
            packages,
            all_packages_known: true,
            standing: "verified".into(),
            source: SOURCE.into(),
            ..UpdateRow::default()
        });
    }
    rotate(&mut f.updates, turn);
    rotate(&mut f.relations, turn);
    rotate(&mut f.rules, turn);
    f
}

fn rotate<T>(rows: &mut [T], turn: usize) {
    if !rows.is_empty() {
        let n = turn % rows.len();
        rows.rotate_left(n);
    }
}

pub(crate) fn catalog(text: &str) -> Catalog {
    Catalog::from_facts(&facts(text, 0)).unwrap()
}

pub(crate) fn host(text: &str) -> Host {
    let input: Arc<str> = Arc::from("toy");
    let at = |n: usize| Origin { input: Arc::clone(&input), format: "toy", at: Location::Line(n as u32 + 1) };
    let mut h = Host { version: Some(Fact::new("6.3.9600".parse().unwrap(), at(0))), ..Host::default() };
    h.product = Some(Fact::new("Windows Server 2012 R2".into(), at(0)));
    for (i, statement) in text.split(';').map(str::trim).filter(|s| !s.is_empty()).enumerate() {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let state = match words[0] {
            "has" => PackageState::Installed,
            "absent" => PackageState::Absent,
            "pending" => PackageState::InstallPending,
            "complete" => {
                h.completeness.complete = true;
                continue;
            }
            "product" => {
                h.version = Some(Fact::new("6.2.9200".parse().unwrap(), at(i)));
                h.product = Some(Fact::new("Windows Server 2012".into(), at(i)));
                continue;
            }
            other => panic!("not in the toy grammar: {other}"),
        };
        for n in &words[1..] {
            h.updates.insert(id(n.parse().unwrap()), Fact::new(state, at(i)));
        }
    }
    h
}
