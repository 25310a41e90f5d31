//! What is asked of the catalog on the command line: whole outputs and exit codes, over the built-in facts alone.
//!
//! The outputs stand in `tests/snapshots/catalog`. After a change that is meant, write them anew with
//! `SNAPSHOTS=overwrite cargo test --test catalog` and read the difference.
#![allow(clippy::unwrap_used)]

use snapbox::{
    Assert, Data,
    cmd::{Command, OutputAssert, cargo_bin},
    data::DataFormat,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("catalog").join(name)
}

fn snapshot(name: &str) -> Data {
    let path = root().join("tests/snapshots/catalog").join(name);
    Data::read_from(&path, Some(DataFormat::Text)).raw()
}

/// `kbwhy catalog …` with a cache that is empty.
fn catalog(args: &[&str]) -> Command {
    let assert = Assert::new().action_env("SNAPSHOTS");
    Command::new(cargo_bin!("kbwhy"))
        .with_assert(assert)
        .current_dir(root())
        .env("KBWHY_CACHE", scratch("no-cache"))
        .arg("catalog")
        .args(args)
}

fn run(args: &[&str]) -> OutputAssert {
    catalog(args).assert().stderr_eq("")
}

fn json(args: &[&str]) -> serde_json::Value {
    let output = catalog(args).args(["--format", "json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A folder of catalog text: a catalog of its own, with rows added to its files.
fn folder(name: &str, schema: &str, rows: &[(&str, &str)]) -> PathBuf {
    let folder = scratch(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("lines")).unwrap();
    let base = [
        ("catalog.json", format!(r#"{{"schema":"{schema}","as_of":"2024-01-01"}}"#)),
        ("sources.jsonl", r#"{"id":"s","url":"https://example.org/","title":"S","read":"2024-01"}"#.to_owned()),
        ("branches.jsonl", r#"{"id":"a","builds":[22000],"source":"s"}"#.to_owned()),
        (
            "products.jsonl",
            r#"{"id":"a","name":"A","family":"client","version":"10.0.22000","branch":"a","architectures":["x64"],"source":"s"}"#.to_owned(),
        ),
        (
            "updates.jsonl",
            r#"{"kb":"KB5000001","date":"2023-01-10","packages":[{"for":["a"]}],"standing":"verified","source":"s"}
{"kb":"KB5000002","date":"2023-02-14","packages":[{"for":["a"]}],"standing":"verified","source":"s"}"#
                .to_owned(),
        ),
    ];
    for (file, text) in base {
        let more: String =
            rows.iter().filter(|(f, _)| *f == file).map(|(_, row)| format!("\n{row}")).collect();
        fs::write(folder.join(file), format!("{text}{more}")).unwrap();
    }
    for (file, row) in rows.iter().filter(|(f, _)| !folder.join(f).exists()) {
        fs::write(folder.join(file), row).unwrap();
    }
    folder
}

// show

#[test]
fn an_update_with_its_sources() {
    run(&["show", "KB5005030"]).code(0).stdout_eq(snapshot("show.txt"));
}

#[test]
fn an_update_whose_sources_disagree_in_ascii() {
    run(&["show", "kb4535680", "--ascii"]).code(0).stdout_eq(snapshot("show-disagree.txt"));
    let report = json(&["show", "KB4535680"]);
    let dates = report["values"].as_array().unwrap().iter().find(|v| v["name"] == "released").unwrap();
    assert_eq!((&dates["used"], &dates["disagree"]), (&"2021-01-12".into(), &true.into()));
    let used: Vec<_> =
        dates["stated"].as_array().unwrap().iter().map(|s| s["used"].as_bool().unwrap()).collect();
    assert_eq!(used, [true, false]);
    // every number that a statement names is that of a source
    let sources = report["sources"].as_array().unwrap();
    for cite in dates["stated"].as_array().unwrap().iter().flat_map(|s| s["by"].as_array().unwrap()) {
        assert!(
            sources
                .iter()
                .any(|s| s["number"] == cite["source"] && s["url"].as_str().unwrap().contains("://"))
        );
    }
}

#[test]
fn an_update_with_rules_and_a_defect() {
    run(&["show", "KB2919355"]).code(0).stdout_eq(snapshot("show-baseline.txt"));
}

#[test]
fn an_update_that_was_withdrawn() {
    run(&["show", "KB4524244"]).code(0).stdout_eq(snapshot("show-withdrawn.txt"));
}

#[test]
fn an_update_that_is_not_known() {
    catalog(&["show", "KB5005031023"]).assert().code(2).stdout_eq("");
    run(&["show", "KB5055030"]).code(5).stdout_eq(snapshot("show-unknown.txt"));
    assert_eq!(json(&["show", "KB5055030"])["described"], false);
}

#[test]
fn the_chain_is_told_step_by_step() {
    let report = json(&["show", "KB5005030"]);
    let chain = report["chains"][0]["updates"].as_array().unwrap();
    assert_eq!((&chain[0], &chain[1]), (&"KB5005030".into(), &"KB5005102".into()));
    assert!(chain.len() > 90, "{}", chain.len());
}

#[test]
fn nothing_is_wider_than_eighty_columns() {
    for args in [
        &["show", "KB5005030"][..],
        &["show", "KB2919355"],
        &["show", "KB5022836"],
        &["show", "KB4490628"],
        &["show", "KB3033929"],
        &["search", "framework"],
        &["stats"],
        &["lint"],
    ] {
        let output = catalog(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.is_empty());
        for line in text.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{args:?}: {line}");
        }
    }
}

// search

#[test]
fn by_words() {
    run(&["search", "servicing stack 2012 R2", "--limit", "3"])
        .code(0)
        .stdout_eq(snapshot("search-words.txt"));
    run(&["search", "SERVICING", "Stack", "2012", "r2", "--limit", "3"])
        .stdout_eq(snapshot("search-words.txt"));
}

#[test]
fn by_build_and_by_number() {
    for words in ["17763.2114", "10.0.17763.2114", "KB5005030", "5005030"] {
        let found = json(&["search", words]);
        assert_eq!(found["found"][0]["update"], "KB5005030", "{words}");
    }
    let found = json(&["search", "KB50053"]);
    assert_eq!(found["total"], 2);
    assert_eq!(json(&["search", "2021-08", "17763"])["found"].as_array().unwrap().len(), 3);
    // all words must fit, those for products the same product
    assert_eq!(json(&["search", "17763.2114", "2016"])["total"], 0);
}

#[test]
fn what_nothing_fits() {
    run(&["search", "nothing", "like", "this"]).code(5).stdout_eq(snapshot("search-none.txt"));
}

// graph

#[test]
fn a_drawing_in_each_language() {
    run(&["graph", "KB2919355", "--depth", "1"]).code(0).stdout_eq(snapshot("graph.dot"));
    run(&["graph", "KB5005030", "--depth", "1", "--format", "mermaid"])
        .code(0)
        .stdout_eq(snapshot("graph.mermaid"));
    let graph = json(&["graph", "KB5005030", "--depth", "2"]);
    let nodes = graph["nodes"].as_array().unwrap();
    let more = nodes.iter().filter(|n| n["shape"] == "more").count();
    assert_eq!(more, 2, "one way and the other");
    assert_eq!(graph["cycles"], serde_json::json!([]));
    for e in graph["edges"].as_array().unwrap() {
        for end in ["from", "to"] {
            assert!(nodes.iter().any(|n| n["id"] == e[end]));
        }
    }
}

#[test]
fn a_drawing_of_what_is_not_known() {
    run(&["graph", "KB5055030"]).code(5);
}

// stats

#[test]
fn counts() {
    let stats = json(&["stats"]);
    assert_eq!(stats["schema"], "kbwhy/catalog/stats/1");
    assert_eq!(stats["cycles"], serde_json::json!([]));
    let sum = |list: &str| {
        stats[list].as_array().unwrap().iter().map(|c| c["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(stats["updates"], sum("kinds"));
    assert!(stats["longest_chain"].as_array().unwrap().len() > 190);
    assert_eq!(stats["parts"][0]["title"], "built-in facts");
    let text = String::from_utf8(catalog(&["stats"]).output().unwrap().stdout).unwrap();
    assert!(text.starts_with("Catalog as of "), "{text}");
}

// lint

#[test]
fn the_built_in_facts_have_no_errors() {
    let report = json(&["lint"]);
    assert_eq!((&report["errors"], &report["failed"]), (&0.into(), &false.into()), "{report:#}");
    run(&["lint"]).code(0);
    run(&["lint", "--deny", "warnings"]).code(1);
    run(&["lint", "--deny", "errors"]).code(0);
}

#[test]
fn a_folder_with_faults() {
    folder("sound", "1.0.0", &[]);
    // names of folders are those that were typed
    let lint = |name: &str| catalog(&["lint", name]).current_dir(scratch("")).assert().stderr_eq("");
    lint("sound").code(0).stdout_eq(snapshot("lint-sound.txt"));
    folder(
        "faulty",
        "1.0.0",
        &[
            (
                "updates.jsonl",
                r#"{"kb":"KB5000001","supersedes":[{"kb":"KB5000002"},{"kb":"KB5000001"},{"kb":"KB4999999"}],"standing":"verified","source":"s"}"#,
            ),
            (
                "updates.jsonl",
                r#"{"kb":"KB5000002","supersedes":[{"kb":"KB5000001"}],"builds":[{"build":"22621.5","for":["a"]}],"standing":"verified","source":"s"}"#,
            ),
            (
                "prerequisites.jsonl",
                r#"{"id":"r","kb":"KB5000002","requires":["KB5000002","ie>9,<8"],"standing":"verified","evidence":"ms","source":"s"}"#,
            ),
        ],
    );
    lint("faulty").code(1).stdout_eq(snapshot("lint-faulty.txt"));
}

/// A file that is read for this alone is checked together with the built-in facts, and only its findings are shown.
#[test]
fn a_file_with_faults() {
    let path = scratch("feed.csv");
    fs::create_dir_all(scratch("")).unwrap();
    let head = "\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\",\"AffectedComponent\",\"Severity\",\"Impact\",\"Supersedes\",\"Exploits\"\n";
    let row = |supersedes: &str| {
        format!(
            "\"20120110\",\"CVE-2012-0001\",\"2585542\",\"T\",\"Windows 7 for x64-based Systems Service Pack 1\",\"\",\"Important\",\"Spoofing\",\"{supersedes}\",\"\"\n"
        )
    };
    fs::write(&path, format!("{head}{}", row("2585542"))).unwrap();
    let output = catalog(&["lint", "feed.csv"]).current_dir(scratch("")).assert().code(1);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("error self-loop (1)") && text.contains("KB2585542"), "{text}");
    assert!(!text.contains("re-released"), "only what the file adds: {text}");
    fs::write(&path, format!("{head}{}", row(""))).unwrap();
    catalog(&["lint", "feed.csv"]).current_dir(scratch("")).assert().code(0);
}

#[test]
fn a_folder_of_a_newer_schema() {
    let newer = folder("newer", "2.0.0", &[("updates.jsonl", "what no reader of today knows")]);
    let output = catalog(&["lint", newer.to_str().unwrap()]).assert().code(3).stdout_eq("");
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    let expected =
        "catalog.json: written in schema 2.0.0; this kbwhy reads 1.x and older: use a newer kbwhy\n";
    assert!(text.ends_with(expected) && text.lines().count() == 1, "{text}");
    let minor = folder(
        "minor",
        "1.99.0",
        &[("updates.jsonl", r#"{"kb":"KB5000003","new":1,"standing":"verified","source":"s"}"#)],
    );
    run(&["lint", minor.to_str().unwrap()]).code(0);
}

#[test]
fn what_is_no_catalog_is_refused_in_one_line() {
    let empty = scratch("empty");
    fs::create_dir_all(&empty).unwrap();
    for path in [empty, root().join("Cargo.toml"), root().join("no-such-file")] {
        let output = catalog(&["lint", path.to_str().unwrap()]).assert().code(3).stdout_eq("");
        assert_eq!(String::from_utf8(output.get_output().stderr.clone()).unwrap().lines().count(), 1);
    }
}

#[test]
fn the_help_of_each() {
    for command in ["show", "search", "graph", "stats", "lint"] {
        run(&[command, "--help"]).code(0).stdout_eq(snapshot(&format!("help-{command}.txt")));
    }
}
