//! Microsoft's guidance on updates of Windows Server, row by row, on files that were written for it.
//!
//! The outputs stand in `tests/snapshots/guidance`. After a change that is meant, write them anew with
//! `SNAPSHOTS=overwrite cargo test --test guidance` and read the difference.

use snapbox::{
    Assert, Data,
    cmd::{Command, OutputAssert, cargo_bin},
    data::DataFormat,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

const POLICIES: &str = "examples/update-policies.reg";
const QUERY: &str = "examples/update-policies-query.txt";
const VER: &str = "examples/windows-10-22h2-ver.txt";
const COLLECTED: &str = "examples/server-2019-collected.json";
const BARE: &str = "examples/server-2012r2-bare.txt";
const CONFIG: &str = "examples/wsus-web.config";
const IIS: &str = "examples/wsus-iis.log";
const CLIENT: &str = "examples/wsus-WindowsUpdate.log";
const MUX: &str = "Failed to connect to Mux due to network or cert errors: 10061";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn kbwhy(args: &[&str]) -> OutputAssert {
    let assert = Assert::new().action_env("SNAPSHOTS");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache");
    Command::new(cargo_bin!("kbwhy"))
        .with_assert(assert)
        .current_dir(root())
        .env("KBWHY_CACHE", cache)
        .args(args)
        .assert()
}

fn diagnose(args: &[&str]) -> OutputAssert {
    kbwhy(&[&["diagnose"], args].concat())
}

fn snapshot(name: &str) -> Data {
    Data::read_from(&root().join("tests/snapshots/guidance").join(name), Some(DataFormat::Text)).raw()
}

fn output(assert: &OutputAssert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("output is text")
}

/// The pieces of advice of a diagnosis: code and outcome.
fn advice(args: &[&str]) -> Vec<(String, String)> {
    let json = output(&diagnose(&[args, &["--format", "json"]].concat()));
    let report: serde_json::Value = serde_json::from_str(&json).expect("the report is JSON");
    let text = |v: &serde_json::Value| v.as_str().expect("a text").to_owned();
    let rows = report["advice"].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().map(|a| (text(&a["code"]), text(&a["outcome"]))).collect()
}

fn scratch(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).expect("scratch is written");
    path
}

/// Each row of the README's table: what the guidance says, the check, and a command that reaches it on an example.
const ROWS: &[(&str, &[&str], &str)] = &[
    ("network-code", &["--error", MUX], "fail"),
    ("quality-updates-paused", &["--symptom", "not-arriving", "--inventory", COLLECTED], "fail"),
    (
        "feature-updates-paused",
        &["--symptom", "not-arriving", "--inventory", POLICIES, "--inventory", VER],
        "unknown",
    ),
    (
        "safeguard-hold",
        &["--symptom", "not-arriving", "--inventory", POLICIES, "--inventory", VER],
        "unknown",
    ),
    ("deployment-state", &["--symptom", "not-arriving", "--inventory", COLLECTED], "unknown"),
    ("scan-source", &["--symptom", "not-arriving", "--inventory", COLLECTED], "unknown"),
    ("last-scan", &["--symptom", "not-arriving", "--inventory", COLLECTED], "pass"),
    ("enrolment", &["--symptom", "not-arriving", "--inventory", POLICIES, "--inventory", VER], "unknown"),
    (
        "update-health-tools",
        &["--symptom", "not-arriving", "--inventory", POLICIES, "--inventory", VER],
        "unknown",
    ),
    (
        "quality-updates-deferred",
        &["--symptom", "not-arriving", "--inventory", POLICIES, "--inventory", VER],
        "unknown",
    ),
    (
        "feature-updates-deferred",
        &["--symptom", "unexpected", "--inventory", POLICIES, "--inventory", VER],
        "pass",
    ),
    ("target-version", &["--symptom", "not-arriving", "--inventory", POLICIES, "--inventory", VER], "pass"),
    ("scan-source", &["--symptom", "unexpected", "--inventory", QUERY, "--inventory", VER], "fail"),
    ("scan-policy", &["--symptom", "unexpected", "--inventory", POLICIES, "--inventory", VER], "fail"),
    ("wsus-version", &["--symptom", "wsus", "--inventory", BARE], "fail"),
    ("wsus-version", &["--symptom", "wsus", "--wsus-version", "3.2.7600.226"], "fail"),
    ("wsus-console", &["--symptom", "wsus", "--console-version", "3.2.7600.226"], "fail"),
    (
        "wsus-services",
        &["--symptom", "wsus", "--set", "services.WsusService=running", "--set", "services.W3SVC=stopped"],
        "fail",
    ),
    ("wsus-site", &["--symptom", "wsus", "--set", "services.site:WSUS Administration=stopped"], "fail"),
    ("iis-log", &["--iis-log", IIS], "fail"),
    ("prerequisite-limit", &["--error", "0x80244007", "--web-config", CONFIG, "--log", CLIENT], "fail"),
];

#[test]
fn every_row_has_a_command_that_reaches_it() {
    for (code, args, outcome) in ROWS {
        let all = advice(args);
        let found = all.iter().find(|(c, _)| c == code);
        assert_eq!(found.map(|(_, o)| o.as_str()), Some(*outcome), "{code}: {args:?} gives {all:?}");
    }
    let reached: std::collections::BTreeSet<&str> = ROWS.iter().map(|(code, ..)| *code).collect();
    for (code, _) in kbwhy::explain::guidance_rows() {
        assert!(reached.contains(code), "no command reaches {code}");
    }
}

#[test]
fn dual_scan() {
    let all = diagnose(&["--symptom", "unexpected", "--inventory", POLICIES, "--inventory", VER]);
    all.code(1).stdout_eq(snapshot("dual-scan.txt"));
}

#[test]
fn sources_by_class() {
    let all = diagnose(&["--symptom", "unexpected", "--inventory", QUERY, "--inventory", VER]);
    all.code(1).stdout_eq(snapshot("sources.txt"));
}

#[test]
fn not_arriving() {
    let all = diagnose(&["--symptom", "not-arriving", "--inventory", COLLECTED]);
    all.code(1).stdout_eq(snapshot("not-arriving.txt"));
}

#[test]
fn wsus_with_all_files() {
    let all = ["--symptom", "wsus", "--web-config", CONFIG, "--iis-log", IIS, "--log", CLIENT];
    diagnose(&all).code(1).stdout_eq(snapshot("wsus.txt"));
}

#[test]
fn mux_codes() {
    diagnose(&["--error", MUX]).code(1).stdout_eq(snapshot("mux.txt"));
    // without a number it is asked for
    let asked = advice(&["--error", "Failed to connect to Mux due to network or cert errors"]);
    assert_eq!(asked, [("network-code".to_owned(), "unknown".to_owned())]);
}

#[test]
fn the_limit_as_json() {
    let all = ["--error", "SyncUpdates_WithRecovery failed", "--web-config", CONFIG, "--format", "json"];
    let json = output(&diagnose(&all).code(1));
    let report: serde_json::Value = serde_json::from_str(&json).expect("the report is JSON");
    let limit = &report["advice"][0];
    assert_eq!((&limit["code"], &limit["outcome"]), (&"prerequisite-limit".into(), &"fail".into()));
    assert_eq!(
        (&limit["evidence"][0]["line"], limit["remedy"].as_array().map(Vec::len)),
        (&6.into(), Some(3))
    );
    let change = limit["remedy"][1]["command"].as_str().expect("the change");
    assert!(change.contains("\n-    <add key=\"maxInstalledPrerequisites\" value=\"400\"/>\n"), "{change}");
    assert!(change.ends_with("\n+    <add key=\"maxInstalledPrerequisites\" value=\"800\"/>"), "{change}");
    for remedy in limit["remedy"].as_array().into_iter().flatten() {
        assert!(
            remedy["danger"].is_string()
                && remedy["source"].as_str().is_some_and(|s| s.starts_with("https://"))
        );
    }
}

#[test]
fn files_are_told_by_their_content() {
    let named = advice(&["--error", "0x80244007", "--web-config", CONFIG, "--iis-log", IIS]);
    let told = advice(&["--error", "0x80244007", "--inventory", CONFIG, "--log", IIS]);
    assert_eq!(named, told);
}

#[test]
fn nothing_is_edited() {
    let before = fs::read(root().join(CONFIG)).expect("the example is read");
    diagnose(&["--error", "0x80244007", "--web-config", CONFIG]);
    assert_eq!(fs::read(root().join(CONFIG)).expect("the example is read"), before);
}

#[test]
fn mangled_files_are_refused_in_one_line() {
    let config = fs::read_to_string(root().join(CONFIG)).expect("the example is read");
    let cut = config.split("</appSettings>").next().expect("a part");
    let cases: [(&str, &[u8], &str, &str); 5] = [
        ("cut.config", cut.as_bytes(), "--web-config", "cut.config:8: is not well-formed"),
        ("page.config", b"<html></html>", "--web-config", "has no <configuration>"),
        ("empty.config", b"", "--web-config", "has no <configuration>"),
        (
            "bare.log",
            b"2026-11-20 01:00:00 POST /ClientWebService/client.asmx 503\r\n",
            "--iis-log",
            "has no line #Fields:",
        ),
        ("binary.log", &[0xff, 0, 1, 2, 3, 0xfe], "--iis-log", "has no line #Fields:"),
    ];
    for (name, bytes, option, words) in cases {
        let path = scratch(name, bytes);
        let result = diagnose(&[option, path.to_str().expect("a plain path")]).code(3);
        let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        assert!(error.lines().count() == 1 && error.contains(words), "{name}: {error}");
    }
    diagnose(&["--wsus-version", "3.2"]).code(2);
}

#[test]
fn a_cut_policy_export_is_no_lie() {
    let whole = fs::read(root().join(POLICIES)).expect("the example is read");
    // every cut of the file either is refused, or says nothing that the whole does not
    for length in (2..whole.len()).step_by(38) {
        let path = scratch("cut.reg", whole.get(..length).expect("a part"));
        let result =
            diagnose(&["--symptom", "unexpected", "--inventory", path.to_str().expect("a plain path")]);
        let code = result.get_output().status.code();
        assert!(matches!(code, Some(1 | 3 | 5)), "{length}: {code:?}");
    }
}

#[test]
fn what_no_page_states_decides_nothing_for_sure() {
    let reg = "Windows Registry Editor Version 5.00\r\n\r\n\
        [HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\Settings]\r\n\
        \"PauseQualityUpdatesStartTime\"=\"2026-09-01T00:00:00Z\"\r\n\
        \"PauseQualityUpdatesEndTime\"=\"2100-01-01T00:00:00Z\"\r\n";
    let settings = scratch("pause-of-settings.reg", reg.as_bytes());
    let settings = settings.to_str().expect("a plain path");
    let given = ["--symptom", "not-arriving", "--inventory", settings, "--inventory", VER];
    let facts = ["--set", "management.lastsearchsuccessdate=2026-09-10", "--format", "json"];
    let report = output(&diagnose(&[&given[..], &facts].concat()));
    let report: serde_json::Value = serde_json::from_str(&report).expect("the report is JSON");
    let rows = report["advice"].as_array().expect("rows");
    let row = rows.iter().find(|a| a["code"] == "quality-updates-paused").expect("the pause");
    assert_eq!((&row["outcome"], &row["certainty"]), (&"fail".into(), &"inferred".into()), "{row}");
    // what is claimed for sure rests on a page, and on what was given
    for a in rows.iter().filter(|a| a["certainty"] == "confirmed") {
        let evidence = a["evidence"].as_array().expect("evidence");
        assert!(evidence.iter().any(|e| e["url"].is_string()), "{a}");
        assert!(evidence.iter().any(|e| e["url"].is_null()), "{a}");
    }
}
