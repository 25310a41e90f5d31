//! Laws of the join, over the built-in facts and small sources.
#![allow(clippy::unwrap_used)]

use super::{DERIVED, Joined, Source, join};
use crate::catalog::{
    Catalog, embedded_facts,
    facts::{
        BuildRow, EntryRow, Facts, LineRow, PackageRow, RelationRow, RemovalRow, RuleRow, SourceRow,
        SupersedesRow, UpdateRow,
    },
    view::RelationKind,
};
use crate::model::{KbId, SourceKind};
use proptest::prelude::*;

fn kb(n: u32) -> KbId {
    KbId::new(n).unwrap()
}

fn source(kind: SourceKind, id: &str, facts: Facts) -> Source {
    let row = SourceRow {
        id: id.into(),
        url: "https://example.org/feed".into(),
        title: format!("Feed {id}"),
        read: "2026-11-01".into(),
        via: None,
        kind: None,
        digest: None,
    };
    Source { kind, row, facts }
}

fn update(n: u32, date: &str, products: &[&str]) -> UpdateRow {
    let products: Vec<String> = products.iter().map(|p| (*p).to_owned()).collect();
    UpdateRow {
        kb: format!("KB{n}"),
        date: Some(date.to_owned()).filter(|d| !d.is_empty()),
        packages: if products.is_empty() {
            vec![]
        } else {
            vec![PackageRow { products, ..Default::default() }]
        },
        standing: "verified".into(),
        source: "feed".into(),
        ..Default::default()
    }
}

fn supersedes(mut u: UpdateRow, older: &[u32]) -> UpdateRow {
    u.supersedes = older.iter().map(|n| SupersedesRow { kb: format!("KB{n}"), products: vec![] }).collect();
    u
}

fn updates(all: Vec<UpdateRow>) -> Facts {
    Facts { updates: all, ..Facts::default() }
}

fn catalog(joined: &Joined) -> Catalog {
    Catalog::from_facts(&joined.facts).unwrap()
}

fn older(c: &Catalog, n: u32) -> Vec<u32> {
    let of = c.relations_from(kb(n)).into_iter().filter(|r| r.kind == RelationKind::Supersedes);
    of.map(|r| r.to.number()).collect()
}

fn remark(joined: &Joined, words: &str) -> u64 {
    joined.remarks.iter().filter(|r| r.text.contains(words)).map(|r| r.count).sum()
}

fn line_of(id: &str, entries: Vec<EntryRow>) -> Facts {
    let mut lines = embedded_facts().lines;
    lines.retain(|(l, _)| l.id == id);
    let line: LineRow = lines.remove(0).0;
    Facts { lines: vec![(line, entries)], ..Facts::default() }
}

fn entry(n: u32, revision: u32, date: &str) -> EntryRow {
    EntryRow {
        kb: Some(format!("KB{n}")),
        revision: Some(revision),
        stack: None,
        date: Some(date.to_owned()),
        kind: None,
        standing: "verified".into(),
        source: "feed".into(),
    }
}

#[test]
fn no_source_changes_nothing() {
    let compiled = crate::catalog::compile::compile(&join(embedded_facts(), vec![]).facts).unwrap();
    assert!(compiled == crate::catalog::compile::compile(&embedded_facts()).unwrap());
    assert!(Catalog::embedded().imported().next().is_none());
}

#[test]
fn what_the_catalog_does_not_know_is_left_out_and_counted() {
    let mut bad = update(9_900_001, "yesterday", &["windows-98", "windows-10-22h2"]);
    bad.kind = Some("miracle".into());
    bad.packages.push(PackageRow { products: vec!["windows-98".into()], ..Default::default() });
    bad.supersedes.push(SupersedesRow { kb: "KB9900000".into(), products: vec!["windows-98".into()] });
    bad.supersedes.push(SupersedesRow { kb: "none".into(), products: vec![] });
    bad.source = "nobody".into();
    let facts = Facts {
        updates: vec![bad, UpdateRow { kb: "MS08-001".into(), ..update(1, "", &[]) }],
        relations: vec![RelationRow {
            relation: "hates".into(),
            from: "KB9900001".into(),
            to: vec!["KB9900002".into()],
            products: vec![],
            standing: "verified".into(),
            source: "feed".into(),
            read: None,
            note: None,
        }],
        rules: vec![RuleRow {
            id: "r".into(),
            kb: Some("KB9900001".into()),
            requires: vec!["a wish".into()],
            standing: "verified".into(),
            evidence: "ms".into(),
            source: "feed".into(),
            ..Default::default()
        }],
        ..Facts::default()
    };
    let j = join(embedded_facts(), vec![source(SourceKind::Definitions, "feed", facts)]);
    let c = catalog(&j);
    let u = c.update(kb(9_900_001)).unwrap();
    assert_eq!((u.date, u.packages.len(), u.source.title), (None, 1, "Feed feed"));
    assert!(older(&c, 9_900_001).is_empty() && c.rules(kb(9_900_001)).iter().all(|r| r.from_class));
    for (words, count) in [
        ("no KB", 2),
        ("dates that are none", 1),
        ("kinds of updates", 1),
        ("relations of a kind", 1),
        ("rules that", 1),
    ] {
        assert_eq!(remark(&j, words), count, "{words}: {:?}", j.remarks);
    }
    assert_eq!(c.imported().count(), 1);
}

#[test]
fn supersedence_that_cannot_be_is_left_out() {
    let on = &["windows-7-sp1"];
    let facts = updates(vec![
        supersedes(update(9_900_001, "2012-01-10", on), &[9_900_001, 9_900_002]),
        update(9_900_002, "2012-02-14", on),
        // a circle of one day
        supersedes(update(9_900_003, "2012-03-13", on), &[9_900_004]),
        supersedes(update(9_900_004, "2012-03-13", on), &[9_900_003]),
        supersedes(update(9_900_005, "2012-04-10", on), &[9_900_003]),
    ]);
    let j = join(embedded_facts(), vec![source(SourceKind::Definitions, "feed", facts)]);
    let c = catalog(&j);
    assert_eq!(older(&c, 9_900_001), Vec::<u32>::new());
    assert_eq!((older(&c, 9_900_003), older(&c, 9_900_004)), (vec![], vec![]));
    assert_eq!(older(&c, 9_900_005), [9_900_003]);
    for (words, count) in [("themselves", 1), ("by an older", 1), ("circle", 2)] {
        assert_eq!(remark(&j, words), count, "{words}");
    }
}

#[test]
fn feeds_do_not_cross_the_tracks_of_lines() {
    let base = embedded_facts();
    let of = |kind: &str| {
        let (_, entries) = base.lines.iter().find(|(l, _)| l.id == format!("{kind}-windows-7-sp1")).unwrap();
        let kbs = entries.iter().filter_map(|e| e.kb.as_deref()?.parse::<KbId>().ok());
        kbs.map(KbId::number).collect::<Vec<_>>()
    };
    let (rollups, security_only) = (of("rollup"), of("security-only"));
    let (last_rollup, last_security) = (*rollups.last().unwrap(), *security_only.last().unwrap());
    let row = |n: u32, older: &[u32]| supersedes(update(n, "", &[]), older);
    let facts = updates(vec![
        row(last_rollup, &[security_only[5], rollups[3]]),
        row(last_security, &[rollups[0], security_only[0]]),
    ]);
    let before = Catalog::embedded();
    for kind in [SourceKind::Definitions, SourceKind::UpdateCatalog] {
        let j = join(embedded_facts(), vec![source(kind, "feed", facts.clone())]);
        let c = catalog(&j);
        for n in [last_rollup, last_security] {
            assert_eq!(older(&c, n), older(before, n), "{kind:?} KB{n}");
        }
    }
}

#[test]
fn a_newer_revision_extends_its_line_and_an_impossible_one_does_not() {
    let line = "cumulative-client-22631";
    let place = |c: &Catalog, n: u32| c.places(kb(n)).first().map(|e| (e.position, e.revision));
    let embedded = Catalog::embedded();
    let of = embedded.lines().find(|l| l.name == line).unwrap();
    let last = embedded.entries(of.id).last().unwrap();
    let (revision, known) = (last.revision.unwrap(), last.kb.unwrap().number());
    let facts = Facts {
        as_of: "2026-10-30".into(),
        ..line_of(
            line,
            vec![
                entry(9_900_001, revision + 50, "2026-10-27"),
                // newer revision, older date; a known one at another place; an update of another branch
                entry(9_900_002, revision + 60, "2020-01-01"),
                entry(known, revision + 70, "2026-10-28"),
                entry(5_022_836, revision + 80, "2026-10-29"),
            ],
        )
    };
    let j = join(embedded_facts(), vec![source(SourceKind::ReleaseInformation, "feed", facts)]);
    let c = catalog(&j);
    assert_eq!(place(&c, 9_900_001), Some((of.len, Some(revision + 50))));
    assert_eq!((place(&c, 9_900_002), place(&c, known)), (None, place(embedded, known)));
    assert_eq!(c.places(kb(5_022_836)).len(), embedded.places(kb(5_022_836)).len());
    assert_eq!(c.as_of().to_string(), "2026-10-30");
    // one feed of one product does not say that no other product has a package
    assert!(!c.update(kb(9_900_001)).unwrap().all_packages_known);
}

#[test]
fn builds_and_kinds_give_places_and_say_that_they_are_derived() {
    let mut cumulative = update(9_900_001, "2026-10-13", &["windows-11-23h2"]);
    cumulative.kind = Some("cumulative".into());
    cumulative.builds =
        vec![BuildRow { build: "10.0.22631.60000".into(), products: vec!["windows-11-23h2".into()] }];
    // of no told kind, and not alone on its day: it may be a hotpatch
    let mut one = update(9_900_002, "2026-11-10", &["windows-11-23h2"]);
    one.builds = vec![BuildRow { build: "22631.60100".into(), products: vec![] }];
    let mut other = update(9_900_003, "2026-11-10", &["windows-11-23h2"]);
    other.builds = vec![BuildRow { build: "22631.60110".into(), products: vec![] }];
    let mut rollup = update(9_900_004, "2026-10-13", &["windows-server-2012-r2"]);
    rollup.kind = Some("monthly-rollup".into());
    let facts = updates(vec![cumulative, one, other, rollup]);
    let j = join(embedded_facts(), vec![source(SourceKind::SecurityUpdateGuide, "feed", facts)]);
    let c = catalog(&j);
    let names = |n: u32| {
        let of =
            c.places(kb(n)).into_iter().map(|e| (c.line(e.line).name.to_owned(), e.source.title.to_owned()));
        of.collect::<Vec<_>>()
    };
    let derived = "Feed feed; derived: order by build or date".to_owned();
    assert_eq!(names(9_900_001), [("cumulative-client-22631".to_owned(), derived.clone())]);
    assert_eq!(names(9_900_004), [("rollup-windows-server-2012-r2".to_owned(), derived)]);
    assert!(names(9_900_002).is_empty() && names(9_900_003).is_empty());
    assert!(j.facts.sources.iter().any(|s| s.id == format!("{DERIVED}feed")));
}

#[test]
fn precedence_is_that_of_the_kinds_and_corrections_come_last() {
    let titled = |t: &str| {
        updates(vec![UpdateRow {
            title: Some(t.into()),
            ..update(9_900_001, "2026-01-13", &["windows-10-22h2"])
        }])
    };
    let all: Vec<Source> = SourceKind::ALL.iter().map(|k| source(*k, k.name(), titled(k.name()))).collect();
    for from in 0..all.len() {
        if all[from].kind == SourceKind::Curated {
            continue;
        }
        let some: Vec<Source> =
            all[from..].iter().filter(|s| s.kind != SourceKind::Curated).cloned().collect();
        let c = catalog(&join(embedded_facts(), some));
        assert_eq!(c.update(kb(9_900_001)).unwrap().title, all[from].kind.name());
    }
    // inside a kind the newer
    let newer = Source {
        row: SourceRow {
            read: "2026-11-02".into(),
            ..source(SourceKind::Definitions, "b", Facts::default()).row
        },
        ..source(SourceKind::Definitions, "b", titled("newer"))
    };
    let older = source(SourceKind::Definitions, "a", titled("an older one"));
    let c = catalog(&join(embedded_facts(), vec![older, newer]));
    assert_eq!(c.update(kb(9_900_001)).unwrap().title, "newer");
}

#[test]
fn what_is_built_in_keeps_its_values_but_for_corrections() {
    let c = Catalog::embedded();
    let known = kb(2_919_355);
    let before = c.update(known).unwrap();
    let row = UpdateRow {
        title: Some("Other".into()),
        kind: Some("hotfix".into()),
        ..update(2_919_355, "2001-01-01", &["windows-10-22h2"])
    };
    let j = join(embedded_facts(), vec![source(SourceKind::UpdateMetadata, "m", updates(vec![row.clone()]))]);
    let after = catalog(&j);
    let u = after.update(known).unwrap();
    assert_eq!((u.kind, u.date, u.standing), (before.kind, before.date, before.standing));
    let j = join(embedded_facts(), vec![source(SourceKind::Overlay, "o", updates(vec![row]))]);
    assert_eq!(catalog(&j).update(known).unwrap().title, "Other");
}

#[test]
fn corrections_remove() {
    let with = |what: &str, of: Option<&str>| {
        let row = RemovalRow {
            what: what.into(),
            kb: "KB2919355".into(),
            of: of.map(str::to_owned),
            reason: "of a test".into(),
            source: "o".into(),
        };
        join(
            embedded_facts(),
            vec![source(SourceKind::Overlay, "o", Facts { removed: vec![row], ..Facts::default() })],
        )
    };
    let before = Catalog::embedded();
    let k = kb(2_919_355);
    assert!(!before.rules(k).is_empty());
    assert!(catalog(&with("rule", None)).rules(k).is_empty());
    let product = before.product_by_slug("windows-8.1").unwrap().id;
    let has = |c: &Catalog| c.update(k).unwrap().products().iter().any(|p| p == product);
    assert!(has(before) && !has(&catalog(&with("package", Some("windows-8.1")))));
    let j = with("supersedes", Some("KB9999999"));
    assert_eq!(remark(&j, "remove what no source says"), 1);
    // only corrections can
    let row = j.facts.removed[0].clone();
    let facts =
        Facts { removed: vec![RemovalRow { what: "rule".into(), of: None, ..row }], ..Facts::default() };
    let j = join(embedded_facts(), vec![source(SourceKind::Definitions, "d", facts)]);
    assert_eq!(catalog(&j).rules(k).len(), before.rules(k).len());
}

#[test]
fn more_product_sets_than_sixteen_bits_count() {
    let slugs: Vec<String> = embedded_facts().products.into_iter().map(|p| p.id).collect();
    let all = (0..70_000u32).map(|n| {
        let set: Vec<&str> = (0..17).filter(|b| (n + 1) & 1 << b != 0).map(|b| &*slugs[b]).collect();
        update(8_000_000 + n, "2012-01-10", &set)
    });
    let j = join(embedded_facts(), vec![source(SourceKind::UpdateMetadata, "m", updates(all.collect()))]);
    let c = catalog(&j);
    for n in [0u32, 65_535, 65_536, 69_999] {
        let u = c.update(kb(8_000_000 + n)).unwrap();
        assert_eq!(u.products().iter().count(), (n + 1).count_ones() as usize, "{n}");
    }
}

/// Products, and lines with their newest entries alone.
fn small() -> Facts {
    static SMALL: std::sync::OnceLock<Facts> = std::sync::OnceLock::new();
    let make = || {
        let mut all = embedded_facts();
        for (_, entries) in &mut all.lines {
            entries.drain(..entries.len().saturating_sub(4));
        }
        let Facts { sources, products, branches, lines, .. } = all;
        Facts { sources, products, branches, lines, as_of: "2026-09-22".into(), ..Facts::default() }
    };
    SMALL.get_or_init(make).clone()
}

/// Rows that may be about what is built in and about each other.
fn some_rows() -> impl Strategy<Value = UpdateRow> {
    const PRODUCTS: [&str; 4] = ["windows-7-sp1", "windows-8.1", "windows-11-23h2", "windows-98"];
    const KBS: [u32; 8] =
        [9_900_001, 9_900_002, 9_900_003, 2_919_355, 3_172_614, 4_012_215, 5_022_836, 5_034_439];
    let of = prop::sample::subsequence(PRODUCTS.to_vec(), 0..3);
    let older = prop::collection::vec(prop::sample::select(KBS.to_vec()), 0..3);
    let kind = prop::sample::select(vec!["", "update", "cumulative", "monthly-rollup", "security-only"]);
    (prop::sample::select(KBS.to_vec()), 0..40u32, of, older, kind, 0..3u32).prop_map(
        |(n, day, products, older, kind, builds)| {
            let date = format!("2026-{:02}-{:02}", 9 + day / 20, day % 20 + 1);
            let mut u = supersedes(update(n, if day == 0 { "" } else { &date }, &products), &older);
            u.kind = Some(kind.to_owned()).filter(|k| !k.is_empty());
            if builds > 0 {
                u.builds =
                    vec![BuildRow { build: format!("22631.{}", 7000 + day * builds), products: vec![] }];
            }
            u
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever sources hold, it compiles; and in whatever order they come, it is the same catalog.
    #[test]
    fn the_order_of_sources_does_not_matter(
        sets in prop::collection::vec(prop::collection::vec(some_rows(), 0..6), 2..4),
        kinds in prop::collection::vec(prop::sample::select(SourceKind::ALL.to_vec()), 3),
    ) {
        let all: Vec<Source> = sets.into_iter().zip(&kinds).enumerate()
            .map(|(n, (rows, kind))| source(*kind, &format!("s{}", n / 2), updates(rows)))
            .collect();
        let mut turned = all.clone();
        turned.reverse();
        for s in &mut turned {
            s.facts.updates.reverse();
        }
        let a = join(small(), all);
        let b = join(small(), turned);
        prop_assert_eq!(&a.remarks, &b.remarks);
        let compile = |j: &Joined| crate::catalog::compile::compile(&j.facts).unwrap();
        prop_assert!(compile(&a) == compile(&b));
    }

    /// Rows come back from what is kept of them.
    #[test]
    fn rows_read_back(rows in prop::collection::vec(some_rows(), 0..6)) {
        let facts = updates(rows);
        let kept = crate::catalog::rows::write(&facts);
        let (back, unread) = crate::catalog::rows::read(&kept);
        prop_assert_eq!(unread, 0);
        prop_assert_eq!(crate::catalog::rows::write(&back), kept);
    }
}

fn released(joined: &Joined, n: u32) -> Option<String> {
    catalog(joined).update(kb(n)).and_then(|u| u.date).map(|d| d.to_string())
}

#[test]
fn a_day_long_after_those_of_neighbouring_numbers_is_not_the_release() {
    // the feed dated a rollup of April 2022 by a vulnerability of June 2024, and rules asked for what came later
    let of = |date| {
        let facts = updates(vec![update(5_012_325, date, &["windows-7-sp1"])]);
        join(embedded_facts(), vec![source(SourceKind::Definitions, "feed", facts)])
    };
    let late = of("2024-06-24");
    assert_eq!((released(&late, 5_012_325), remark(&late, "neighbouring numbers")), (None, 1));
    // three months are too long, too: support with Extended Security Updates ended in between
    let facts = updates(vec![update(5_020_679, "2023-02-01", &["windows-7-sp1"])]);
    let late = join(embedded_facts(), vec![source(SourceKind::Definitions, "feed", facts)]);
    assert_eq!((released(&late, 5_020_679), remark(&late, "neighbouring numbers")), (None, 1));
    assert_eq!(released(&of("2022-05-10"), 5_012_325).as_deref(), Some("2022-05-10"));
    // past the last known number nothing is known to be late
    let new = updates(vec![update(9_900_001, "2030-01-01", &["windows-11-24h2"])]);
    let new = join(embedded_facts(), vec![source(SourceKind::Definitions, "feed", new)]);
    assert_eq!(released(&new, 9_900_001).as_deref(), Some("2030-01-01"));
}

#[test]
fn of_documents_of_one_kind_the_earliest_day_is_the_release() {
    let of = |id: &str, read: &str, date: &str| {
        let facts = updates(vec![update(9_900_001, date, &["windows-11-24h2"])]);
        let mut s = source(SourceKind::SecurityUpdateGuide, id, facts);
        s.row.read = read.into();
        s
    };
    let sources = vec![of("march", "2027-03-20", "2027-03-09"), of("january", "2027-01-20", "2027-01-12")];
    assert_eq!(released(&join(embedded_facts(), sources), 9_900_001).as_deref(), Some("2027-01-12"));
}

#[test]
fn a_hotpatch_that_is_not_called_one_enters_no_list() {
    let facts = embedded_facts();
    let (line, entries) = facts.lines.iter().find(|(l, _)| l.id == "cumulative-server-20348").unwrap();
    let listed = entries.iter().rev().find(|e| e.kb.is_some() && e.date.is_some()).unwrap();
    let mut hotpatch = update(9_900_001, listed.date.as_deref().unwrap(), &["windows-server-2022"]);
    let revision = listed.revision.unwrap() - 5;
    hotpatch.builds = vec![BuildRow { build: format!("10.0.20348.{revision}"), products: vec![] }];
    let id = line.id.clone();
    let joined =
        join(facts, vec![source(SourceKind::SecurityUpdateGuide, "feed", updates(vec![hotpatch.clone()]))]);
    let holds = |j: &Joined| {
        j.facts
            .lines
            .iter()
            .any(|(l, e)| l.id == id && e.iter().any(|e| e.kb.as_deref() == Some("KB9900001")))
    };
    assert!(!holds(&joined), "a cumulative update came out on that day");
    // alone on its day it is the cumulative one
    hotpatch.date = Some("2030-01-08".into());
    hotpatch.builds[0].build = "10.0.20348.60000".into();
    let alone = source(SourceKind::SecurityUpdateGuide, "feed", updates(vec![hotpatch]));
    assert!(holds(&join(embedded_facts(), vec![alone])));
}
