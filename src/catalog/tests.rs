//! A toy catalog, and the laws that every catalog keeps.
#![allow(clippy::unwrap_used)]

use super::facts::{
    BranchRow, ClassRow, DefectRow, EntryRow, Facts, LifecycleRow, LineRow, PackageRow, ProductRow,
    RelationRow, RuleRow, SourceRow, SupersedesRow, UpdateRow, WithdrawnRow,
};
use super::view::{LineKind, RelationKind};
use super::{Catalog, compile::compile, text};
use crate::model::{KbId, ProductId, Standing, UpdateKind};
use proptest::prelude::*;

fn kb(n: u32) -> KbId {
    KbId::new(n).expect("a KB number")
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|t| (*t).to_owned()).collect()
}

fn product(id: &str, branch: &str) -> ProductRow {
    ProductRow {
        id: id.into(),
        name: id.to_uppercase(),
        family: "server".into(),
        version: "10.0.100".into(),
        service_pack: None,
        release: some("r"),
        branch: branch.into(),
        architectures: texts(&["x64"]),
        aliases: texts(&[&format!("Product {id}")]),
        source: "s".into(),
    }
}

fn entry(kb: u32, revision: u32, date: &str) -> EntryRow {
    EntryRow {
        kb: (kb > 0).then(|| format!("KB{kb}")),
        revision: Some(revision),
        stack: None,
        date: Some(date.to_owned()).filter(|d| !d.is_empty()),
        kind: None,
        standing: "verified".into(),
        source: "s".into(),
    }
}

fn update(kb: u32) -> UpdateRow {
    UpdateRow { kb: format!("KB{kb}"), standing: "verified".into(), source: "s".into(), ..Default::default() }
}

fn rule(id: &str) -> RuleRow {
    RuleRow {
        id: id.into(),
        standing: "verified".into(),
        evidence: "ms".into(),
        source: "s".into(),
        ..Default::default()
    }
}

fn toy() -> Facts {
    let line = |id: &str, kind: &str, build, chained| LineRow {
        id: id.into(),
        kind: kind.into(),
        products: texts(&["a"]),
        build,
        chained,
        basis: "each contains the one before".into(),
        source: "s".into(),
    };
    let package =
        |p: &str, arch: &[&str]| PackageRow { products: texts(&[p]), arch: texts(arch), built_in: false };
    let supersedes = |kb: &str| SupersedesRow { kb: kb.into(), products: Vec::new() };
    Facts {
        as_of: "2026-07-19".into(),
        sources: vec![SourceRow {
            id: "s".into(),
            url: "https://example.org/a".into(),
            title: "A page".into(),
            read: "2026-01".into(),
            via: None,
            kind: None,
            digest: None,
        }],
        products: vec![product("a", "br"), product("b", "br")],
        branches: vec![BranchRow { id: "br".into(), builds: vec![100, 101], note: None, source: "s".into() }],
        lines: vec![
            (
                line("cumulative-100", "cumulative", Some(100), true),
                vec![
                    entry(0, 1, "2020-01-01"),
                    entry(50_001, 10, "2020-02-11"),
                    EntryRow { kind: some("cumulative-preview"), ..entry(50_002, 20, "") },
                    entry(50_003, 30, "2020-04-14"),
                ],
            ),
            (
                line("stack-100", "servicing-stack", None, true),
                vec![EntryRow {
                    revision: None,
                    stack: some("10.0.100.7"),
                    ..entry(50_100, 0, "2020-03-10")
                }],
            ),
        ],
        updates: vec![
            UpdateRow {
                packages: vec![package("a", &["x64"]), package("b", &[])],
                supersedes: vec![supersedes("KB50011"), supersedes("KB50010")],
                date: some("2020-05-12"),
                ..update(50_010)
            },
            UpdateRow { packages: vec![package("a", &["x86"])], title: some("Old"), ..update(50_011) },
            UpdateRow { title: some("Ours"), curated: true, ..update(50_011) },
            UpdateRow {
                supersedes: vec![supersedes("KB50001")],
                date: some("2020-04-01"),
                standing: "secondary".into(),
                ..update(50_003)
            },
        ],
        relations: vec![RelationRow {
            relation: "covers".into(),
            from: "KB50003".into(),
            to: texts(&["KB50011", "KB50099"]),
            products: Vec::new(),
            standing: "secondary".into(),
            source: "https://example.org/b".into(),
            read: some("2026-02"),
            note: None,
        }],
        rules: vec![
            RuleRow {
                kb: some("KB50010"),
                requires: texts(&["KB50001+|build^26100.1", "sp>=1"]),
                order: texts(&["KB50001", "manual:run a & b"]),
                also: texts(&["and this"]),
                ..rule("own")
            },
            RuleRow {
                class: Some(Box::new(ClassRow {
                    kinds: texts(&["cumulative", "cumulative-preview"]),
                    from: some("2020-02-11"),
                    until: some("2020-04-14"),
                    except: texts(&["KB50001"]),
                    text: "of these months".into(),
                    ..Default::default()
                })),
                products: texts(&["a"]),
                requires: texts(&["KB50100+"]),
                ..rule("class")
            },
            RuleRow {
                class: Some(Box::new(ClassRow {
                    described_only: true,
                    text: "many".into(),
                    ..Default::default()
                })),
                dispute: some("one says so, another not"),
                ..rule("described")
            },
            RuleRow { target: some("A program"), states_none: true, ..rule("target") },
        ],
        withdrawn: vec![WithdrawnRow {
            kb: "KB50011".into(),
            products: Vec::new(),
            date: some("2021-01-01"),
            replacement: texts(&["KB50010"]),
            why: "it broke".into(),
            standing: "verified".into(),
            source: "s".into(),
            read: None,
        }],
        defects: vec![DefectRow {
            kb: "KB50010".into(),
            products: Vec::new(),
            when: texts(&["edition:Essentials"]),
            cause: "package-defect".into(),
            verdict: "not-applicable".into(),
            fixed_by: texts(&["KB50003"]),
            why: "it does".into(),
            standing: "secondary".into(),
            source: "s".into(),
            read: None,
        }],
        lifecycle: vec![LifecycleRow {
            products: texts(&["b"]),
            label: "all".into(),
            ltsc: true,
            availability: None,
            end_of_support: "2025-10-14".into(),
            esu_end: some("2028-10-10"),
            source: "s".into(),
        }],
        ..Default::default()
    }
}

#[test]
fn the_toy_answers() {
    let c = Catalog::from_facts(&toy()).unwrap();
    assert_eq!((c.len(), c.product_count(), c.newest_kb()), (6, 2, kb(50_100)));
    assert_eq!((c.as_of().to_string(), c.schema().to_string()), ("2026-07-19".into(), "1.0.0".into()));
    assert_eq!(
        c.kbs().map(KbId::number).collect::<Vec<_>>(),
        [50_001, 50_002, 50_003, 50_010, 50_011, 50_100]
    );
    assert_eq!(c.branch_builds("br"), [100, 101]);
    let b = c.product_by_slug("b").unwrap();
    assert_eq!((b.id, b.branch, c.product_aliases(b.id)), (ProductId(1), "br", vec!["Product b"]));
    let u = c.update(kb(50_003)).unwrap();
    assert_eq!(
        (u.kind, u.all_packages_known, u.standing),
        (UpdateKind::Cumulative, true, Standing::Verified)
    );
    assert_eq!(u.date.unwrap().to_string(), "2020-04-14", "the line's date, not the other row's");
    assert!(u.products().contains(ProductId(0)) && u.source.title == "A page");
    assert_eq!(c.update(kb(50_002)).unwrap().kind, UpdateKind::CumulativePreview);
    assert_eq!(c.update(kb(50_011)).unwrap().title, "Ours");
    assert!(c.update(kb(50_099)).is_none(), "only named by another");
    assert_eq!(c.superseded_by(kb(50_099)).len(), 1);
}

#[test]
fn lines_and_places() {
    let c = Catalog::from_facts(&toy()).unwrap();
    let l = c.line(0);
    assert_eq!((l.kind, l.build, l.len, l.chained), (LineKind::Cumulative, Some(100), 4, true));
    assert_eq!(c.entries(0).filter_map(|e| e.revision).collect::<Vec<_>>(), [1, 10, 20, 30]);
    assert_eq!(c.entry(0, 3).unwrap().kb, Some(kb(50_003)));
    assert!(c.entry(0, 4).is_none() && c.entry(9, 0).is_none());
    let p = c.places(kb(50_100));
    assert_eq!((p.len(), p[0].line, p[0].stack.unwrap().to_string()), (1, 1, "10.0.100.7".into()));
}

#[test]
fn relations_lose_loops_and_what_the_chain_says() {
    let c = Catalog::from_facts(&toy()).unwrap();
    let of = |n| c.relations_from(kb(n)).into_iter().map(|r| (r.kind, r.to.number())).collect::<Vec<_>>();
    assert_eq!(of(50_010), [(RelationKind::Supersedes, 50_011)]);
    assert_eq!(of(50_003), [(RelationKind::Covers, 50_011), (RelationKind::Covers, 50_099)]);
    let by = c.superseded_by(kb(50_011));
    assert_eq!(by.iter().map(|r| r.from.number()).collect::<Vec<_>>(), [50_010, 50_003]);
    assert_eq!(by[0].products.0, 1, "only on the product that both are for");
    assert_eq!(by[1].source.read, "2026-02");
}

#[test]
fn rules_of_its_own_and_of_its_class() {
    let c = Catalog::from_facts(&toy()).unwrap();
    let own = c.rules(kb(50_010));
    assert_eq!((own.len(), own[0].id, own[0].products.0, own[0].from_class), (1, "own", 3, false));
    assert_eq!(own[0].requires[0].to_string(), "KB50001+|build^26100.1");
    assert_eq!((own[0].order[1].to_string(), own[0].also[0]), ("manual:run a & b".into(), "and this"));
    let ids = |n| c.rules(kb(n)).iter().map(|r| r.id.to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(50_002), ["class"], "undated, between two that are in the class");
    assert!(ids(50_001).is_empty() && ids(50_003).is_empty(), "excepted; too late");
    assert_eq!(c.described_rules().next().unwrap().class, "many");
    assert!(c.target_rules().next().is_some_and(|r| r.target == "A program" && r.states_none));
    assert_eq!(c.withdrawals(kb(50_011))[0].replacement, [kb(50_010)]);
    assert!(c.defects(kb(50_010))[0].refused && c.defects(kb(50_011)).is_empty());
    assert!(c.lifecycles(ProductId(0)).is_empty());
    assert_eq!(c.lifecycles(ProductId(1))[0].esu_end.unwrap().to_string(), "2028-10-10");
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let breaks: [fn(&mut Facts); 8] = [
        |f| f.products[0].branch = "none".into(),
        |f| f.updates[0].packages[0].products = texts(&["nothing"]),
        |f| f.updates[0].source = "nowhere".into(),
        |f| f.rules[0].requires = texts(&["the latest"]),
        |f| f.rules[1].id = "own".into(),
        |f| f.rules[0].target = some("and a program"),
        |f| f.lines[0].1[1].date = some("2020-02-30"),
        |f| f.relations[0].to = texts(&["KB1"]),
    ];
    for (i, change) in breaks.iter().enumerate() {
        let mut facts = toy();
        change(&mut facts);
        assert!(compile(&facts).is_err(), "change {i}");
    }
}

#[test]
fn text_errors_name_file_and_line() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let e = text::parse([file("sources.jsonl", "\n{\"id\":1}")].into_iter()).unwrap_err();
    assert_eq!(e.place, "sources.jsonl:2");
    for name in ["product.jsonl", "lines/none.jsonl", "other/x.jsonl", "other.json"] {
        assert!(text::parse([file(name, "")].into_iter()).is_err(), "{name}");
    }
    let row = r#"{"kb":"KB50001","standing":"verified","source":"https://example.org"}"#;
    let facts = text::parse(
        [file(r"updates\curated-a.jsonl", row), file("updates/b.jsonl", row), file("README.md", "x")]
            .into_iter(),
    );
    let curated: Vec<bool> = facts.unwrap().updates.iter().map(|u| u.curated).collect();
    assert_eq!(curated.iter().filter(|c| **c).count(), 1);
}

/// Asks everything of a catalog.
fn ask_all(c: &Catalog) -> usize {
    let mut n =
        c.as_of().year() as usize + c.schema().to_string().len() + c.len().min(1) + usize::from(c.is_empty());
    n += c.newest_kb().number() as usize;
    for p in c.products() {
        n += p.name.len() + c.product_aliases(p.id).len() + c.branch_builds(p.branch).len();
        n += c.lifecycles(p.id).len() + usize::from(c.product_by_slug(p.slug).is_some());
    }
    n += c.product(ProductId(200)).slug.len() + c.lifecycles(ProductId(255)).len();
    for l in c.lines().chain([c.line(u16::MAX)]) {
        n += l.name.len() + c.entries(l.id).count() + usize::from(c.entry(l.id, l.len).is_some());
    }
    for k in c.kbs().chain([kb(50_099), kb(99_999_999)]) {
        n += c.update(k).map_or(0, |u| u.packages.len()) + c.places(k).len() + c.superseded_by(k).len();
        n += c.relations_from(k).len() + c.rules(k).len() + c.withdrawals(k).len() + c.defects(k).len();
    }
    n + c.described_rules().count() + c.target_rules().count()
}

fn shuffled<T>(rows: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for i in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(i, (state >> 33) as usize % (i + 1));
    }
}

proptest! {
    #[test]
    fn rows_in_any_order_compile_to_the_same_bytes(seed in any::<u64>()) {
        let want = compile(&toy()).unwrap();
        let mut f = toy();
        shuffled(&mut f.updates, seed);
        shuffled(&mut f.rules, seed);
        shuffled(&mut f.relations, seed);
        f.updates.iter_mut().for_each(|u| { shuffled(&mut u.packages, seed); shuffled(&mut u.supersedes, seed); });
        f.relations.iter_mut().for_each(|r| shuffled(&mut r.to, seed));
        prop_assert_eq!(compile(&f).unwrap(), want);
    }

    #[test]
    fn hostile_bytes_never_panic(cut in 0usize..6000, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40)) {
        let mut bytes = compile(&toy()).unwrap();
        for (at, value) in &flips {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        bytes.truncate(bytes.len().saturating_sub(cut % 200));
        if let Ok(c) = Catalog::from_bytes(bytes) {
            ask_all(&c);
        }
    }

    #[test]
    fn records_may_lie_anywhere(words in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0u32), Just(u32::MAX), 0u32..2000]), 0..60)) {
        let mut bytes = compile(&toy()).unwrap();
        for (at, value) in &words {
            let at = super::layout::SECTION_TABLE + at.index((bytes.len() - super::layout::SECTION_TABLE) / 4 - 1) * 4;
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        if let Ok(c) = Catalog::from_bytes(bytes) {
            ask_all(&c);
        }
    }
}

#[test]
fn every_truncation_is_refused_or_harmless() {
    let bytes = compile(&toy()).unwrap();
    for n in 0..bytes.len() {
        if let Ok(c) = Catalog::from_bytes(bytes[..n].to_vec()) {
            ask_all(&c);
        }
    }
    assert!(ask_all(&Catalog::from_bytes(bytes).unwrap()) > 0);
}
