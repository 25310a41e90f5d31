//! What the catalog must hold at least: a lost file or a broken merge shows here.
#![allow(clippy::unwrap_used)]

use kbwhy::catalog::facts::Facts;
use kbwhy::catalog::view::{LineKind, RelationKind};
use kbwhy::catalog::{Catalog, lint, text};
use kbwhy::model::{KbId, Requirement, Standing, UpdateKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn facts() -> Facts {
    text::parse(files().into_iter()).unwrap()
}

fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog-cache");
    let mut files = Vec::new();
    for inside in ["", "lines", "updates", "relations", "prerequisites", "withdrawn", "defects"] {
        let Ok(entries) = std::fs::read_dir(root.join(inside)) else { continue };
        for path in entries.map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let name = if inside.is_empty() { name } else { format!("{inside}/{name}") };
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

fn kb(n: u32) -> KbId {
    KbId::new(n).unwrap()
}

#[test]
fn the_embedded_catalog_is_the_text() {
    let compiled = kbwhy::catalog::compile::compile(&facts()).unwrap();
    let embedded = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));
    assert!(compiled == embedded, "the build script did not run again after a change");
}

/// The rows that are embedded beside it compile to the same index: what is imported joins just these.
#[test]
fn the_embedded_rows_are_the_text() {
    let compiled = kbwhy::catalog::compile::compile(&kbwhy::catalog::embedded_facts()).unwrap();
    let embedded = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));
    assert!(compiled == embedded);
}

#[test]
fn the_order_of_files_does_not_matter() {
    let mut reversed = files();
    reversed.reverse();
    let reversed = text::parse(reversed.into_iter().map(|(n, t)| (n.replace('/', "\\"), t))).unwrap();
    assert!(kbwhy::catalog::compile::compile(&reversed) == kbwhy::catalog::compile::compile(&facts()));
}

#[test]
fn the_text_is_of_the_schema_that_is_read() {
    assert_eq!(facts().schema, text::SCHEMA.to_string());
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let mut f = facts();
    f.updates.reverse();
    f.relations.reverse();
    f.rules.reverse();
    f.withdrawn.reverse();
    f.defects.reverse();
    f.lifecycle.reverse();
    f.branches.reverse();
    f.sources.reverse();
    assert!(kbwhy::catalog::compile::compile(&f) == kbwhy::catalog::compile::compile(&facts()));
}

#[test]
fn products_lines_and_entries() {
    let c = Catalog::embedded();
    assert!((51..=100).contains(&c.product_count()), "{}", c.product_count());
    let mut rows: BTreeMap<LineKind, usize> = BTreeMap::new();
    for l in c.lines() {
        *rows.entry(l.kind).or_default() += c.entries(l.id).count();
        assert_eq!(c.entries(l.id).count(), l.len as usize, "{}", l.name);
        assert_eq!(l.chained, l.kind != LineKind::SecurityOnly, "{}", l.name);
    }
    // what was counted when the lists were made; they only grow
    for (kind, at_least) in [
        (LineKind::Cumulative, 2405),
        (LineKind::Rollup, 780),
        (LineKind::SecurityOnly, 494),
        (LineKind::ServicingStack, 279),
    ] {
        assert!(rows[&kind] >= at_least, "{kind:?}: {}", rows[&kind]);
    }
    assert!(c.len() > 4000, "{}", c.len());
}

#[test]
fn cumulative_lines_ascend_and_stacks_are_in_order() {
    let c = Catalog::embedded();
    for l in c.lines() {
        let revisions: Vec<u32> = c.entries(l.id).filter_map(|e| e.revision).collect();
        assert!(revisions.is_sorted(), "{}", l.name);
        let stacks: Vec<_> = c.entries(l.id).filter_map(|e| e.stack).collect();
        assert!(stacks.is_sorted(), "{}", l.name);
        let dates: Vec<_> = c.entries(l.id).filter_map(|e| e.date).collect();
        if l.kind == LineKind::ServicingStack {
            assert!(dates.is_sorted(), "{}", l.name);
        }
    }
}

#[test]
fn rules_by_standing() {
    let facts = facts();
    let of = |s: &str| {
        let numbered = |id: &str| id.starts_with("pre-") || id.starts_with("unv-");
        facts.rules.iter().filter(|r| r.standing == s && numbered(&r.id)).count()
    };
    assert_eq!((of("verified"), of("secondary"), of("unverified")), (167, 35, 7));
}

/// KBs of a line that carry one of these rules.
fn covered(c: &Catalog, line: &str, rules: &[&str]) -> BTreeSet<KbId> {
    let line = c.lines().find(|l| l.name == line).unwrap();
    let kbs = c.entries(line.id).filter_map(|e| e.kb);
    kbs.filter(|k| c.rules(*k).iter().any(|r| rules.contains(&r.id))).collect()
}

#[test]
fn class_rules_reach_the_updates_that_were_counted() {
    let c = Catalog::embedded();
    let mut all = BTreeSet::new();
    for (system, rule, at_least) in [
        ("windows-8.1", "pre-011", 195),
        ("windows-server-2012-r2", "pre-011", 197),
        ("windows-7-sp1", "class-sp1-6.1", 180),
        ("windows-7-sp1", "pre-118", 135),
        ("windows-7-sp1", "pre-119", 113),
        ("windows-server-2008-r2-sp1", "class-sp1-6.1", 180),
        ("windows-server-2008-r2-sp1", "pre-118", 135),
        ("windows-server-2008-r2-sp1", "pre-119", 113),
        ("windows-server-2008-sp2", "pre-120", 112),
        ("windows-server-2012-r2", "pre-177", 25),
        ("windows-server-2012", "pre-178", 25),
    ] {
        let mut of = covered(c, &format!("rollup-{system}"), &[rule]);
        of.extend(covered(c, &format!("security-only-{system}"), &[rule]));
        assert!(of.len() >= at_least, "{rule} on {system}: {}", of.len());
        all.extend(of);
    }
    assert!(all.len() >= 514, "{}", all.len());
}

#[test]
fn what_the_cases_of_the_field_need() {
    let c = Catalog::embedded();
    let requires = |n, id: &str| {
        let rules = c.rules(kb(n));
        let rule = rules.iter().find(|r| r.id == id).unwrap_or_else(|| panic!("{n} lacks {id}"));
        rule.requires.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(requires(3_172_614, "pre-011"), ["KB2919355"]);
    assert_eq!(requires(2_919_355, "pre-012"), ["KB2919442+|KB2975061+|KB3021910+"]);
    assert!(c.rules(kb(2_919_442)).is_empty(), "it comes before the baseline");
    let checkpoint = ["KB5043080+|build^26100.1742|build^26200.1742"];
    assert_eq!(requires(5_044_284, "pre-160"), checkpoint);
    assert!(c.rules(kb(5_043_080)).iter().all(|r| r.id != "pre-160"));
    assert!(requires(5_033_420, "class-esu-windows-server-2012")[0].contains("licence:esu"));
    assert!(requires(5_068_781, "class-esu-windows-10-22h2")[0].contains("licence:esu"));
    assert!(
        c.rules(kb(5_066_791)).iter().all(|r| !r.id.starts_with("class-esu")),
        "the last one for everybody"
    );
    let u = c.update(kb(5_044_284)).unwrap();
    assert_eq!((u.kind, u.all_packages_known), (UpdateKind::Combined, true));
    let places: Vec<_> = c.places(kb(5_005_565)).iter().filter_map(|e| e.revision).collect();
    assert!(places.len() >= 3 && places.iter().all(|r| *r == 1237));
    assert_eq!(c.branch_builds("vb"), [19041, 19042, 19043, 19044, 19045]);
}

#[test]
fn no_relation_is_a_loop_or_runs_inside_a_chain() {
    let c = Catalog::embedded();
    for k in c.kbs() {
        for r in c.relations_from(k) {
            assert_ne!(r.from, r.to);
            let chained = |e: &kbwhy::catalog::view::Entry<'_>| c.line(e.line).chained;
            let inside = c.places(k).iter().filter(|e| chained(e)).any(|e| {
                let shared = c.line(e.line).products.intersection(r.products);
                !shared.is_empty() && c.places(r.to).iter().any(|o| o.line == e.line)
            });
            assert!(!inside || r.kind != RelationKind::Supersedes, "{k} supersedes {} in its line", r.to);
        }
    }
}

#[test]
fn every_rule_reads_back_whole() {
    let (facts, c) = (facts(), Catalog::embedded());
    let mut seen = 0;
    for row in facts.rules.iter().filter(|r| r.kb.is_some()) {
        let rules = c.rules(row.kb.as_ref().unwrap().parse().unwrap());
        let rule = rules.iter().find(|r| r.id == row.id).unwrap_or_else(|| panic!("{} is lost", row.id));
        assert_eq!(rule.requires.len(), row.requires.len(), "{}", row.id);
        assert_eq!(
            (rule.order.len(), rule.excludes.len()),
            (row.order.len(), row.excludes.len()),
            "{}",
            row.id
        );
        assert!(rule.source.url.starts_with("http"), "{}", row.id);
        seen += 1;
    }
    assert!(seen > 100 && c.target_rules().count() >= 50 && c.described_rules().count() >= 10);
}

#[test]
fn lint_finds_nothing_worse_than_what_is_known() {
    let found = lint::lint(&[&facts()]);
    let of = |check: &str| found.iter().filter(|f| f.check == check).collect::<Vec<_>>();
    let errors: Vec<_> = found.iter().filter(|f| f.level == lint::Level::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert!(of("supersedes-backwards").is_empty(), "{:?}", of("supersedes-backwards"));
    assert!(of("dispute").len() >= 7);
    let unverified = Catalog::embedded().rules(kb(5_000_736));
    assert!(unverified.iter().all(|r| r.standing == Standing::Unverified));
    assert!(unverified.iter().flat_map(|r| &r.requires).flat_map(|c| &c.0).all(|r| *r != Requirement::Sha2));
}
