//! What plans cost, in whole: `cargo bench --manifest-path benches/Cargo.toml --bench plans`.
//!
//! 500 goals on one host of the catalog that is built in, and generated catalogs of 5,000 updates: chains, any-of
//! clauses, circles, conflicts, supersedence. Prints what was found beside how long it took.

use kbwhy::{
    catalog::{
        Catalog,
        facts::{BranchRow, Facts, PackageRow, ProductRow, RelationRow, RuleRow, UpdateRow},
    },
    inventory::{Input, read},
    model::{Host, KbId},
    plan::{Plan, Request, plan},
};
use kbwhy_benches::numbers::Numbers;
use std::time::{Duration, Instant};

const SOURCE: &str = "https://example.invalid/bench";
const UPDATES: u32 = 5_000;

fn host(os: &str) -> Host {
    let text = format!(r#"{{"schema":"kbwhy/host/1","os":{{{os}}},"updates":{{"complete":true}}}}"#);
    read(&Input { name: "host.json", bytes: text.as_bytes() }).expect("a host").host
}

fn told(name: &str, took: Duration, plan: &Plan) {
    println!(
        "{name:<44} {:>8.1} ms  {:>5} steps {:>5} restarts  {}{}",
        took.as_secs_f64() * 1e3,
        plan.steps.len(),
        plan.restarts,
        if plan.possible { "possible" } else { "not all possible" },
        if plan.optimal { "" } else { ", gave up optimality" },
    );
}

fn timed(name: &str, catalog: &Catalog, host: &Host, goals: Vec<KbId>) {
    let start = Instant::now();
    let planned = plan(catalog, host, &Request::to(goals));
    told(name, start.elapsed(), &planned);
}

/// Five hundred updates that have packages for a product, from the oldest, spread, and the newest.
fn goals(catalog: &Catalog, product: &str) -> Vec<(&'static str, Vec<KbId>)> {
    let product = catalog.product_by_slug(product).expect("a product").id;
    let of = |kb: &KbId| catalog.update(*kb).is_some_and(|u| u.products().contains(product));
    let all: Vec<KbId> = catalog.kbs().filter(of).collect();
    let step = (all.len() / 500).max(1);
    vec![
        ("first", all.iter().copied().take(500).collect()),
        ("spread", all.iter().copied().step_by(step).take(500).collect()),
        ("last", all.iter().copied().rev().take(500).collect()),
    ]
}

fn kb(n: u32) -> String {
    format!("KB{}", 1_000_000 + n)
}

/// Updates of one product, each with its clauses.
fn catalog(needs: &[Vec<Vec<u32>>], relations: &[(&str, u32, u32)]) -> Catalog {
    let package = || PackageRow { products: vec!["p".into()], arch: Vec::new(), built_in: false };
    let product = ProductRow {
        id: "p".into(),
        name: "Windows Server 2012 R2".into(),
        family: "server".into(),
        version: "6.3.9600".into(),
        service_pack: None,
        release: None,
        branch: "p".into(),
        architectures: vec!["x64".into()],
        aliases: Vec::new(),
        source: SOURCE.into(),
    };
    let rule = |(n, clauses): (usize, &Vec<Vec<u32>>)| RuleRow {
        id: format!("r{n}"),
        kb: Some(kb(n as u32)),
        requires: clauses
            .iter()
            .map(|c| c.iter().map(|m| kb(*m)).collect::<Vec<_>>().join("|"))
            .collect(),
        states_none: clauses.is_empty(),
        standing: "verified".into(),
        evidence: "ms".into(),
        source: SOURCE.into(),
        ..RuleRow::default()
    };
    let update = |n: usize| UpdateRow {
        kb: kb(n as u32),
        kind: Some("update".into()),
        packages: vec![package()],
        all_packages_known: true,
        standing: "verified".into(),
        source: SOURCE.into(),
        ..UpdateRow::default()
    };
    let relation = |(relation, from, to): &(&str, u32, u32)| RelationRow {
        relation: (*relation).into(),
        from: kb(*from),
        to: vec![kb(*to)],
        products: Vec::new(),
        standing: "verified".into(),
        source: SOURCE.into(),
        read: None,
        note: None,
    };
    let facts = Facts {
        as_of: "2026-01-01".into(),
        products: vec![product],
        branches: vec![BranchRow { id: "p".into(), builds: vec![9600], note: None, source: SOURCE.into() }],
        rules: needs.iter().enumerate().map(rule).collect(),
        updates: (0..needs.len()).map(update).collect(),
        relations: relations.iter().map(relation).collect(),
        ..Facts::default()
    };
    Catalog::from_facts(&facts).expect("the rows are sound")
}

type World = (&'static str, Vec<Vec<Vec<u32>>>, Vec<(&'static str, u32, u32)>);

fn worlds() -> Vec<World> {
    let n = UPDATES;
    let mut random = Numbers(7);
    let mut some = |below: u32| random.below(below as usize) as u32;
    let chain = (0..n).map(|i| if i + 1 < n { vec![vec![i + 1]] } else { Vec::new() }).collect();
    let wide = |i: u32| vec![vec![1 + 2 * i, 2 + 2 * i]];
    let mut under_one: Vec<Vec<Vec<u32>>> = vec![Vec::new(); n as usize];
    under_one[0] = (0..(n - 1) / 2).flat_map(wide).collect();
    let circle = (0..n).map(|i| vec![vec![(i + 1) % n, (i + 2) % n, (i * 7 + 1) % n]]).collect();
    let replaced: Vec<Vec<Vec<u32>>> = (0..n).map(|i| if i == 0 { vec![vec![1]] } else { Vec::new() }).collect();
    let supersede = (1..n - 1).map(|i| ("supersedes", i + 1, i)).collect();
    let mut thicket: Vec<Vec<Vec<u32>>> = Vec::new();
    for i in 0..n {
        let clauses = if i + 50 > n { 0 } else { 2 };
        let clause = |_| (0..3).map(|_| i + 1 + some((n - i - 1).min(400))).collect::<Vec<_>>();
        thicket.push((0..clauses).map(clause).collect());
    }
    let mut all = thicket.clone();
    let mut relations = Vec::new();
    for i in 0..n {
        // needs that lead back, conflicts, supersedence
        if i % 5 == 0 && let Some(first) = all[i as usize].first_mut() {
            first.push(some(n));
        }
        if i % 10 == 0 {
            relations.push(("conflicts", i, some(n)));
        }
        if i % 7 == 0 && i + 1 < n {
            relations.push(("supersedes", i + 1 + some((n - i - 1).min(50)), i));
        }
    }
    relations.retain(|(_, a, b)| a != b);
    vec![
        ("a chain", chain, Vec::new()),
        ("2,499 independent choices", under_one, Vec::new()),
        ("circles", circle, Vec::new()),
        ("any of a long chain of supersedence", replaced, supersede),
        ("a thicket", thicket, Vec::new()),
        ("a thicket with circles and conflicts", all, relations),
    ]
}

fn main() {
    let embedded = Catalog::embedded();
    let hosts = [
        ("windows-server-2012-r2", r#""product":"Windows Server 2012 R2","version":"6.3.9600","architecture":"x64""#),
        (
            "windows-7-sp1",
            r#""product":"Windows 7","version":"6.1.7601","service_pack":1,"architecture":"x64""#,
        ),
        (
            "windows-7-sp1",
            r#""product":"Windows 7","version":"6.1.7600","service_pack":0,"architecture":"x64""#,
        ),
        ("windows-server-2016", r#""product":"Windows Server 2016","version":"10.0.14393","architecture":"x64""#),
    ];
    for (product, os) in hosts {
        let host = host(os);
        let version = host.version.as_ref().map(|v| v.value.to_string()).unwrap_or_default();
        for (which, goals) in goals(embedded, product) {
            timed(&format!("{} goals, {which}, {version}", goals.len()), embedded, &host, goals);
        }
    }
    let host = host(r#""product":"Windows Server 2012 R2","version":"6.3.9600","architecture":"x64""#);
    for (name, needs, relations) in worlds() {
        let made = catalog(&needs, &relations);
        let first = |n: u32| (0..n).filter_map(|i| KbId::new(1_000_000 + i)).collect::<Vec<_>>();
        timed(&format!("{name}, 1 goal"), &made, &host, first(1));
        timed(&format!("{name}, 500 goals"), &made, &host, first(500));
    }
}
