//! The command line as its users see it: whole outputs and exit codes.
//!
//! The outputs stand in `tests/snapshots` and in the README. After a change that is meant, write them anew with
//! `SNAPSHOTS=overwrite cargo test --test cli` and read the difference.

use kbwhy::model::Cause;
use snapbox::{
    Assert, Data,
    cmd::{Command, OutputAssert, cargo_bin},
    data::DataFormat,
    str,
};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

const BARE: &str = "examples/server-2012r2-bare.txt";
const HALF_PATCHED: &str = "examples/server-2012r2-half-patched.json";
const IMAGE: &str = "examples/server-2012r2-image.json";
const HOTFIX: &str = "examples/windows-10-22h2-hotfix.csv";
const VER: &str = "examples/windows-10-22h2-ver.txt";
const UBR: &str = "examples/server-2019-ubr.json";
const COLLECTED: &str = "examples/server-2019-collected.json";
const PAST_CHECKPOINT: &str = "examples/windows-11-24h2-past-checkpoint.json";

const EMPTY_2012_R2: &str = r#"{ "schema": "kbwhy/host/1", "name": "SRV00",
  "os": { "product": "Windows Server 2012 R2 Standard", "version": "6.3.9600", "architecture": "x64" },
  "updates": { "installed": [], "complete": true } }"#;

/// A file of `tests/snapshots`, compared as it stands: no wildcards, and a backslash is no slash.
fn snapshot(name: &str) -> Data {
    Data::read_from(&root().join("tests/snapshots").join(name), Some(DataFormat::Text)).raw()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file that may be written where tests may write.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn kbwhy(args: &[&str]) -> Command {
    let assert = Assert::new().action_env("SNAPSHOTS");
    // no cache of whoever runs the tests
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache");
    Command::new(cargo_bin!("kbwhy"))
        .with_assert(assert)
        .current_dir(root())
        .env("KBWHY_CACHE", cache)
        .args(args)
}

fn run(args: &[&str]) -> OutputAssert {
    kbwhy(args).assert()
}

/// A failure that is told in one line and on standard error alone.
fn fails(output: OutputAssert, code: i32, line: &str) {
    output.code(code).stdout_eq("").stderr_eq(format!("{line}\n"));
}

fn json(args: &[&str], stdin: &str) -> serde_json::Value {
    let output =
        kbwhy(args).args(["--format", "json"]).stdin(stdin.to_owned()).output().expect("kbwhy starts");
    serde_json::from_slice(&output.stdout).expect("kbwhy prints JSON")
}

fn steps(report: &serde_json::Value) -> Vec<&str> {
    let steps = report["plan"]["steps"].as_array().expect("a plan has steps");
    steps.iter().filter_map(|s| s["update"].as_str()).collect()
}

// explain: text

#[test]
fn a_bare_2012_r2() {
    run(&["explain", "KB3172614", "--inventory", BARE]).code(1).stderr_eq("").stdout_eq(snapshot("bare.txt"));
}

#[test]
fn a_bare_2012_r2_with_all_evidence() {
    run(&["explain", "KB3172614", "--inventory", BARE, "--verbose"])
        .code(1)
        .stderr_eq("")
        .stdout_eq(snapshot("bare-verbose.txt"));
}

#[test]
fn a_half_patched_2012_r2() {
    run(&["explain", "KB3172614", "--inventory", HALF_PATCHED])
        .code(1)
        .stdout_eq(snapshot("half-patched.txt"));
}

#[test]
fn an_applicable_update() {
    run(&["explain", "KB2919355", "--inventory", HALF_PATCHED]).code(0).stdout_eq(snapshot("applicable.txt"));
}

#[test]
fn superseded_in_an_image() {
    run(&["explain", "KB2919442", "--inventory", IMAGE]).code(1).stdout_eq(snapshot("image.txt"));
}

#[test]
fn contained_by_the_revision() {
    run(&["explain", "KB5000822", "--inventory", UBR]).stdout_eq(snapshot("ubr.txt"));
}

#[test]
fn past_the_checkpoint() {
    run(&["explain", "KB5043080", "--inventory", PAST_CHECKPOINT])
        .code(1)
        .stdout_eq(snapshot("past-checkpoint.txt"));
}

#[test]
fn a_list_that_leaves_it_open() {
    run(&["explain", "KB5129236", "--inventory", HOTFIX]).code(5).stdout_eq(snapshot("hotfix.txt"));
}

#[test]
fn a_second_inventory_settles_it() {
    run(&["explain", "KB5120249", "--inventory", HOTFIX, "--inventory", VER])
        .code(1)
        .stdout_eq(snapshot("hotfix-and-ver.txt"));
}

#[test]
fn a_fact_that_is_stated_settles_it() {
    let stated =
        ["--set", "os.product=Windows 11 Pro", "--set", "os.version=10.0.26100", "--set", "os.revision=4652"];
    run(&["explain", "KB5043080"]).code(5);
    kbwhy(&["explain", "KB5043080"]).args(stated).assert().code(1);
}

#[test]
fn the_package_that_was_tried() {
    run(&["explain", "KB3172614", "--inventory", BARE, "--package", "windows8.1-kb3172614-x86.msu"])
        .code(1)
        .stdout_eq(snapshot("package.txt"));
}

#[test]
fn a_misprint() {
    run(&["explain", "KB2919422", "--inventory", BARE]).code(5).stdout_eq(snapshot("misprint.txt"));
}

#[test]
fn an_unknown_update() {
    run(&["explain", "KB99999999", "--inventory", BARE]).code(5).stdout_eq(snapshot("unknown-update.txt"));
}

#[test]
fn an_error_code_alone() {
    run(&["diagnose", "--error", "-2145124329"]).code(5).stdout_eq(snapshot("diagnose-error.txt"));
}

#[test]
fn ascii_only() {
    let output = run(&["explain", "KB3172614", "--inventory", BARE, "--ascii"]).code(1);
    assert!(output.get_output().stdout.is_ascii());
    output.stdout_eq(snapshot("bare-ascii.txt"));
}

#[test]
fn lines_fit_80_columns() {
    for (kb, inventory) in [
        ("KB3172614", BARE),
        ("KB2919442", IMAGE),
        ("KB5120249", HOTFIX),
        ("KB5122876", UBR),
        ("KB5124010", PAST_CHECKPOINT),
    ] {
        let output = kbwhy(&["explain", kb, "--inventory", inventory]).output().expect("kbwhy starts");
        let text = String::from_utf8(output.stdout).expect("text is UTF-8");
        // commands to run are not wrapped: they are for pasting
        let filled = text.split("\nTo be sure, run\n").next().unwrap_or_default();
        for line in filled.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn a_collected_host_answers_without_a_question_back() {
    run(&["explain", "KB5005030", "--inventory", COLLECTED]).code(1).stdout_eq(snapshot("collected.txt"));
}

// explain: JSON

#[test]
fn json_of_a_bare_2012_r2() {
    run(&["explain", "KB3172614", "--inventory", BARE, "--format", "json"])
        .code(1)
        .stdout_eq(snapshot("bare.json"));
}

#[test]
fn json_of_an_open_question() {
    run(&["explain", "KB5129236", "--inventory", HOTFIX, "--format", "json"])
        .code(5)
        .stdout_eq(snapshot("hotfix.json"));
}

#[test]
fn json_of_a_superseded_update() {
    run(&["explain", "KB2919442", "--inventory", IMAGE, "--format", "json"])
        .code(1)
        .stdout_eq(snapshot("image.json"));
}

#[test]
fn the_members_that_scripts_rely_on() {
    let r = json(&["explain", "KB3172614", "--inventory", BARE], "");
    assert_eq!(r["schema"], "kbwhy/explain/1");
    assert_eq!(r["update"], "KB3172614");
    assert_eq!(r["verdict"], "not-applicable");
    assert_eq!(r["causes"][0]["code"], "missing-prerequisite");
    assert_eq!(r["causes"][0]["decisive"], true);
    assert_eq!(r["causes"][0]["updates"][0], "KB2919355");
    assert!(["confirmed", "inferred"].contains(&r["causes"][0]["certainty"].as_str().unwrap_or_default()));
    for list in ["evidence", "remedy"] {
        assert!(r["causes"][0][list].is_array(), "{list}");
    }
    assert!(r["superseded_by"].is_array() && r["unknown"].is_array());
    for unknown in r["unknown"].as_array().into_iter().flatten() {
        assert!(unknown["fact"].is_string() && unknown["collect"].is_string());
    }
    assert_eq!(json(&["diagnose"], "")["schema"], "kbwhy/diagnose/1");
}

#[test]
fn an_unknown_verdict_names_candidates_as_possible() {
    let r = json(&["explain", "KB5129236", "--inventory", HOTFIX], "");
    assert_eq!(r["verdict"], "unknown");
    let causes = r["causes"].as_array().expect("causes");
    assert!(!causes.is_empty());
    assert!(causes.iter().all(|c| c["certainty"] == "possible" && c["decisive"] == false));
}

// the example that the project began with

#[test]
fn nothing_installed_names_the_baseline_and_begins_with_its_stack() {
    let r = json(&["explain", "KB3173424", "--inventory", "-"], EMPTY_2012_R2);
    assert_eq!(r["verdict"], "not-applicable");
    assert_eq!(r["causes"][0]["code"], "missing-prerequisite");
    assert_eq!(r["causes"][0]["updates"][0], "KB2919355");
    assert_eq!(steps(&r), ["KB2919442", "KB2919355", "KB3173424"]);
}

#[test]
fn a_hidden_stack_is_superseded_and_not_missing() {
    for complete in ["true", "false"] {
        let host = EMPTY_2012_R2.replace("[]", r#"["KB3173424"]"#).replace("true", complete);
        let r = json(&["explain", "KB2919442", "--inventory", "-"], &host);
        assert_eq!(r["verdict"], "not-applicable", "complete: {complete}");
        assert_eq!(r["causes"][0]["code"], "superseded", "complete: {complete}");
        assert_eq!(r["superseded_by"][0], "KB3173424", "complete: {complete}");
        assert!(steps(&r).is_empty(), "complete: {complete}");
    }
}

// inventory

#[test]
fn what_was_understood() {
    run(&["inventory", BARE]).code(0).stderr_eq("").stdout_eq(snapshot("inventory.txt"));
}

#[test]
fn what_was_understood_as_host_facts() {
    run(&["inventory", HOTFIX, VER, "--format", "json"]).code(0).stdout_eq(snapshot("inventory.json"));
}

#[test]
fn what_was_understood_of_a_collected_host() {
    run(&["inventory", COLLECTED]).code(0).stderr_eq("").stdout_eq(snapshot("inventory-collected.txt"));
}

#[test]
fn host_facts_read_back_to_the_same_answer() {
    for (kb, inventory) in [("KB3172614", BARE), ("KB5005030", COLLECTED)] {
        let facts =
            kbwhy(&["inventory", inventory, "--format", "json"]).output().expect("kbwhy starts").stdout;
        let facts = String::from_utf8(facts).expect("JSON is UTF-8");
        let direct = json(&["explain", kb, "--inventory", inventory], "");
        let again = json(&["explain", kb, "--inventory", "-"], &facts);
        assert_eq!(direct["verdict"], again["verdict"]);
        assert_eq!(direct["plan"], again["plan"]);
    }
}

// collect

#[test]
fn how_to_collect() {
    run(&["collect"]).code(0).stderr_eq("").stdout_eq(snapshot("collect.txt"));
}

#[test]
fn the_script_is_printed_as_windows_writes_files() {
    let output = run(&["collect", "--script"]).code(0).stderr_eq("");
    let printed = String::from_utf8(output.get_output().stdout.clone()).expect("the script is text");
    let lines: Vec<&str> = printed.split_inclusive('\n').collect();
    assert!(lines.iter().all(|l| l.ends_with("\r\n") && l.matches('\r').count() == 1));
    let file = fs::read_to_string(root().join("src/collect/collect.ps1")).expect("the script is there");
    assert_eq!(printed.replace("\r\n", "\n"), file.replace("\r\n", "\n"));
}

#[test]
fn standard_input_is_an_inventory() {
    let text = fs::read(root().join(BARE)).expect("the example is there");
    kbwhy(&["explain", "KB3172614", "--inventory", "-"]).stdin(text).assert().code(1);
}

// failures

#[test]
fn usage_errors() {
    run(&[]).code(2).stdout_eq("");
    run(&["explain"]).code(2).stdout_eq("");
    run(&["explain", "KB3172614", "--format", "xml"]).code(2).stdout_eq("");
    run(&["explain", "KB3172614", "--inventroy", BARE]).code(2).stderr_eq(snapshot("usage-misprint.txt"));
    run(&["explain", "KB3172614", "--inventory", BARE, HALF_PATCHED])
        .code(2)
        .stderr_eq(snapshot("usage-second-file.txt"));
    run(&["explain", "KB2919355", "KB2919442"]).code(2).stderr_eq(snapshot("usage-second-kb.txt"));
    let no_kb = "kbwhy: `banana` is not a KB number (expected KB and 5 to 8 digits, such as KB3172614)";
    fails(run(&["explain", "banana"]), 2, no_kb);
    fails(
        run(&["explain", "KB3172614", "--set", "os.revision"]),
        2,
        "kbwhy: --set os.revision: expected FACT=VALUE, such as os.revision=2300",
    );
    run(&["explain", "KB3172614", "--set", "os.colour=red"]).code(2).stdout_eq("");
    run(&["explain", "KB3172614", "--package-arch", "z80"]).code(2).stdout_eq("");
    fails(
        run(&["explain", "KB3172614", "--inventory", "-", "--inventory", "-"]),
        2,
        "kbwhy: standard input (-) can be named once",
    );
}

#[test]
fn a_file_that_is_not_there() {
    run(&["explain", "KB3172614", "--inventory", "no-such-file.txt"])
        .code(3)
        .stdout_eq("")
        .stderr_eq("kbwhy: no-such-file.txt: cannot be read: [..]\n");
    run(&["explain", "KB3172614", "--log", "no-such-file.log"])
        .code(3)
        .stdout_eq("")
        .stderr_eq("kbwhy: no-such-file.log: cannot be read: [..]\n");
}

#[test]
fn a_folder() {
    let line = "kbwhy: examples: is a folder; name one inventory; run `systeminfo > host.txt` on the machine";
    fails(run(&["explain", "KB3172614", "--inventory", "examples"]), 3, line);
}

#[test]
fn an_empty_file_says_nothing() {
    let path = scratch("empty.txt");
    fs::write(&path, "").expect("the folder for tests can be written");
    let output = kbwhy(&["explain", "KB3172614", "--inventory"]).arg(&path).assert().code(3).stdout_eq("");
    output.stderr_eq("kbwhy: [..]empty.txt: the file is empty; [..]\n");
    kbwhy(&["explain", "KB3172614", "--inventory", "-"]).stdin("").assert().code(3).stdout_eq("");
}

#[test]
fn a_file_of_another_kind() {
    run(&["explain", "KB3172614", "--inventory", "Cargo.lock"]).code(3).stdout_eq("");
    run(&["inventory", "Cargo.lock"]).code(3).stdout_eq("");
}

#[test]
fn inventories_of_two_machines() {
    fails(
        run(&["explain", "KB2919355", "--inventory", BARE, "--inventory", UBR]),
        3,
        &format!(
            "kbwhy: {BARE} is of SRV01, {UBR} of SRV19: one answer is about one machine; if they are one (renamed or \
             upgraded between the two), add --allow-mixed"
        ),
    );
    // what they disagree on is shown, and the more direct source counts
    run(&["inventory", BARE, UBR, "--allow-mixed"]).code(0).stdout_eq(str![[r#"
...
Inputs disagree:
...
  name: SRV19 [..]
...
"#]]);
}

const FLEET: &str =
    r#"[{"PSComputerName":"PC-1","HotFixID":"KB2919355"},{"PSComputerName":"PC-2","HotFixID":"KB2919442"}]"#;

#[test]
fn several_machines_in_one_file() {
    let given = |args: &[&str]| kbwhy(args).stdin(FLEET).assert();
    fails(
        given(&["inventory", "-"]),
        3,
        "kbwhy: -: holds several machines (PC-1, PC-2); choose one with --host NAME, or give one file for each",
    );
    fails(
        given(&["inventory", "-", "--host", "PC-3"]),
        3,
        "kbwhy: no inventory is of `PC-3`; there is PC-1, PC-2",
    );
    given(&["inventory", "-", "--host", "pc-2.corp.local"]).code(0).stdout_eq(str![[r#"
...
Installed (1):
  KB2919442
...
"#]]);
}

#[test]
fn a_redacted_inventory_tells_no_names() {
    let shown = run(&["inventory", BARE, "--redact", "--format", "json"]).code(0);
    let text = String::from_utf8_lossy(&shown.get_output().stdout).into_owned();
    assert!(!text.contains("SRV01") && text.contains("\"name\": \"HOST\""), "{text}");
    let shown = run(&["inventory", BARE, "--redact"]).code(0);
    let text = String::from_utf8_lossy(&shown.get_output().stdout).into_owned();
    assert!(!text.contains("SRV01") && !text.contains("bare.txt") && text.contains("input 1"), "{text}");
}

#[test]
fn what_is_no_log_is_refused() {
    run(&["diagnose", "--log", "Cargo.lock"]).code(3).stdout_eq("").stderr_eq(str![[r#"
kbwhy: Cargo.lock: is no log that is read; give CBS.log, [..]

"#]]);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let odd = OsStr::from_bytes(b"\xff\xfe.txt");
    kbwhy(&["explain", "KB3172614", "--inventory"]).arg(odd).assert().code(3).stdout_eq("");
    kbwhy(&["explain"]).arg(odd).assert().code(2).stdout_eq("");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = std::process::Command::new(cargo_bin!("kbwhy"))
        .args(["explain", "KB3172614", "--verbose", "--format", "json", "--inventory", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kbwhy starts");
    // the reader of the answer goes away before the question is complete
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("standard input is piped");
    stdin.write_all(EMPTY_2012_R2.as_bytes()).expect("kbwhy reads");
    drop(stdin);
    let output = child.wait_with_output().expect("kbwhy ends");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

// what is fixed

#[test]
fn the_closed_set_of_causes() {
    let all: String = Cause::ALL.iter().map(|c| format!("{}\n", c.code())).collect();
    Assert::new().action_env("SNAPSHOTS").eq(all, snapshot("causes.txt"));
}

#[test]
fn help_is_whole_and_fits() {
    for (command, snapshot) in [
        (vec!["--help"], snapshot("help.txt")),
        (vec!["explain", "--help"], snapshot("help-explain.txt")),
        (vec!["diagnose", "--help"], snapshot("help-diagnose.txt")),
        (vec!["inventory", "--help"], snapshot("help-inventory.txt")),
        (vec!["collect", "--help"], snapshot("help-collect.txt")),
    ] {
        let output = kbwhy(&command).env("COLUMNS", "80").assert().code(0);
        let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
        output.stdout_eq(snapshot);
    }
}

#[test]
fn the_manual_pages() {
    run(&["man"]).code(0).stdout_eq("...\n.TH kbwhy 1 [..]\n...\n");
    run(&["man", "explain"]).code(0).stdout_eq("...\n.TH kbwhy-explain 1 [..]\n...\n");
    fails(run(&["man", "nope"]), 2, "kbwhy: `nope` is no command of kbwhy");
}

#[test]
fn the_date_of_the_catalog() {
    let line = "catalog as of [..]: [..] updates for [..] products\n";
    run(&["catalog"]).code(0).stdout_eq(line);
    run(&["explain", "--as-of"]).code(0).stdout_eq(line);
}

/// The block of a Markdown file that follows a line, without its fence.
fn block_after<'a>(text: &'a str, line: &str) -> &'a str {
    let (_, rest) = text.split_once(line).expect("the README shows the command");
    rest.split_once("\n```").expect("the block ends").0
}

#[test]
fn the_readme_shows_the_real_answer() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let shown =
        block_after(&readme, "> kbwhy explain KB3172614 --inventory examples/server-2012r2-bare.txt\n");
    let output = kbwhy(&["explain", "KB3172614", "--inventory", BARE]).output().expect("kbwhy starts");
    let real = String::from_utf8(output.stdout).expect("text is UTF-8");
    let real = real.trim_end();
    if shown != real && std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        fs::write(root().join("README.md"), readme.replacen(shown, real, 1))
            .expect("the README can be written");
        return;
    }
    Assert::new().eq(shown.to_owned(), Data::text(real.to_owned()).raw());
}

#[test]
fn the_readme_names_every_option_and_cause() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let catalog = ["fetch", "import", "update", "show", "search", "graph", "stats", "lint"];
    let commands = [
        "explain",
        "plan",
        "what-if",
        "order",
        "diagnose",
        "code",
        "doctor",
        "inventory",
        "collect",
        "package",
        "rules",
    ]
    .map(|c| vec![c]);
    for command in commands.into_iter().chain(catalog.map(|c| vec!["catalog", c])) {
        let help = kbwhy(&[&command[..], &["--help"]].concat()).output().expect("kbwhy starts").stdout;
        let help = String::from_utf8(help).expect("text is UTF-8");
        let options: Vec<&str> = help.split_whitespace().filter(|w| w.starts_with("--")).collect();
        assert!(!options.is_empty(), "{command:?}");
        for option in options {
            let named = readme.contains(option.trim_end_matches([',', ';']));
            assert!(named, "README.md does not name {option} of {command:?}");
        }
        assert!(readme.contains(&command.join(" ")), "README.md does not name {command:?}");
    }
    for cause in Cause::ALL {
        assert!(readme.contains(&format!("`{}`", cause.code())), "README.md does not name {cause}");
    }
}

#[test]
fn a_log_on_standard_input_is_an_inventory_of_any_size() {
    let chat =
        "2016-09-28 04:30:31, Info                  CBS    Starting the TrustedInstaller main loop.\r\n";
    let state = "2016-09-28 04:30:31, Info                  CBS    Read out cached package applicability for package: Package_for_KB2999226~31bf3856ad364e35~amd64~~6.1.1.7, ApplicableState: 112, CurrentState:112\r\n";
    // more than any other inventory may have
    let log = chat.repeat((17 << 20) / chat.len()) + state;
    let host = json(&["inventory", "-"], &log);
    assert_eq!(host["updates"]["installed"], serde_json::json!(["KB2999226"]));
}

#[test]
fn a_large_file_that_is_no_log_is_refused_unread() {
    let path = scratch("large.bin");
    fs::File::create(&path).and_then(|f| f.set_len(1 << 40)).expect("a file with a hole");
    let line = format!(
        "kbwhy: {}: is larger than 16 MB, more than any inventory; run `systeminfo > host.txt` on the machine",
        path.display()
    );
    fails(run(&["inventory", &path.to_string_lossy()]), 3, &line);
    let _ = fs::remove_file(path);
}

/// A listing of DISM for Windows 8.1 and 2012 R2 that names one update.
fn packages(foundation: bool) -> String {
    let block = |identity: &str| {
        format!(
            "Package Identity : {identity}\nState : Installed\nRelease Type : Update\nInstall Time : \n\n"
        )
    };
    let system = "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~6.3.9600.16384";
    let mut text = "Tool\nVersion: 6.3.9600.17031\n\nImage Version: 6.3.9600.17031\n\n".to_owned();
    if foundation {
        text.push_str(&block(system));
    }
    text + &block("Package_for_KB2919442~31bf3856ad364e35~amd64~~6.3.1.8")
}

#[test]
fn an_excerpt_of_packages_does_not_prove_that_the_rest_is_missing() {
    let asked = |text: String| kbwhy(&["explain", "KB3172614", "--inventory", "-"]).stdin(text).assert();
    asked(packages(true)).code(1);
    asked(packages(false)).code(5);
}

#[test]
fn the_branch_of_a_rollup_in_a_log_tells_what_it_can() {
    let log = "2023-03-15 10:00:00, Info                  CBS    Read out cached package applicability for package: \
         Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.2728.1.12, ApplicableState: 112, CurrentState:112\n";
    let asked = |kb: &str| kbwhy(&["explain", kb, "--inventory", "-"]).stdin(log).assert();
    // 19041.867 is of the same branch, 17763.2114 of another Windows
    asked("KB5000802").code(1).stdout_eq(str![[r#"
KB5000802 is not applicable to this host: build 19042.2728, which it has,
...
"#]]);
    asked("KB5005030").code(1);
    kbwhy(&["inventory", "-"]).stdin(log).assert().code(0).stdout_eq(str![[r#"
Understood as Windows 10 Version 2004 [..]
...
"#]]);
}

/// Server 2008 packages go on Vista SP2, though Microsoft does not support it: the verdict stays, the order helps.
#[test]
fn a_server_package_on_a_client_of_the_same_branch_has_its_order() {
    let host = r#"{"schema":"kbwhy/host/1","os":{"product":"Windows Vista","version":"6.0.6002","service_pack":2},
        "updates":{"absent":["KB968930","KB960568"]}}"#;
    let report = json(&["explain", "KB2506146", "--inventory", "-"], host);
    assert_eq!(report["verdict"], "not-applicable");
    assert_eq!(report["causes"][0]["code"], "wrong-os");
    assert!(report["plan"]["note"].as_str().is_some_and(|n| n.contains("does not support")));
    let steps = report["plan"]["steps"].as_array().expect("steps");
    let updates: Vec<&str> = steps.iter().filter_map(|s| s["update"].as_str()).collect();
    assert!(updates.contains(&"KB968930") && updates.contains(&"KB960568"), "{updates:?}");
    assert_eq!(updates.last(), Some(&"KB2506146"));
}
