//! `kbwhy rules` and `kbwhy explain --rules`: whole outputs and exit codes.

#![cfg(feature = "cli")]

use snapbox::cmd::{Command, OutputAssert, cargo_bin};
use snapbox::{Assert, Data, data::DataFormat};
use std::fs;
use std::path::{Path, PathBuf};

const UPDATE: &str = "examples/rules-client-update.xml";
const DETECTOID: &str = "examples/rules-client-detectoid.xml";
const HOST: [&str; 12] = [
    "--set",
    "os.product=Windows 11 Enterprise",
    "--set",
    "os.version=10.0.22631",
    "--set",
    "os.revision=3593",
    "--set",
    "os.edition=Enterprise",
    "--set",
    "os.architecture=x64",
    "--set",
    "os.installation_type=Client",
];
const HELD: &str = r"registry.HKLM\SOFTWARE\Example\Servicing\Hold";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn kbwhy(args: &[&str]) -> Command {
    let assert = Assert::new().action_env("SNAPSHOTS");
    Command::new(cargo_bin!("kbwhy")).with_assert(assert).current_dir(root()).args(args)
}

fn snapshot(name: &str) -> Data {
    Data::read_from(&root().join("tests/snapshots").join(name), Some(DataFormat::Text)).raw()
}

fn scratch(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).expect("a place to write");
    path
}

/// `kbwhy rules` on the example's host, with facts laid over it.
fn rules(files: &[&str], set: &[&str]) -> OutputAssert {
    kbwhy(&["rules"]).args(files).args(HOST).args(set.iter().flat_map(|s| ["--set", *s])).assert()
}

#[test]
fn an_update_that_would_be_offered() {
    let held = format!("{HELD}=absent");
    rules(&[UPDATE, DETECTOID], &[&held]).code(0).stderr_eq("").stdout_eq(snapshot("rules-offered.txt"));
    let output = kbwhy(&["rules", UPDATE, DETECTOID, "--format", "json"]).args(HOST).args(["--set", &held]);
    output.assert().code(0).stdout_eq(snapshot("rules-offered.json"));
}

#[test]
fn an_update_that_is_refused_names_the_clause_and_what_the_host_has() {
    let held = format!("{HELD}=absent");
    rules(&[UPDATE], &[&held, "os.edition=Pro", "os.product=Windows 11 Pro"])
        .code(1)
        .stdout_eq(snapshot("rules-refused.txt"));
    rules(&[UPDATE], &["os.version=10.0.26100"]).code(1);
    rules(&[UPDATE], &[&format!("{HELD}=1")]).code(1);
    rules(&[UPDATE], &["os.revision=4000"]).code(0);
    rules(&[UPDATE, DETECTOID], &[&held, "os.architecture=arm64"]).code(1);
}

#[test]
fn what_is_open_names_the_facts_to_collect() {
    rules(&[UPDATE, DETECTOID], &[]).code(5).stdout_eq(snapshot("rules-open.txt"));
    // its prerequisites are not given
    rules(&[UPDATE], &[&format!("{HELD}=absent")]).code(5);
}

#[test]
fn a_console_that_looked_for_a_value_settles_it() {
    let text = b"C:\\>reg query \"HKLM\\SOFTWARE\\Example\\Servicing\" /v Hold\r\n\r\n\
        ERROR: The system was unable to find the specified registry key or value.\r\n\r\nC:\\>\r\n";
    let seen = scratch("hold.txt", text);
    let seen = seen.to_str().expect("a name");
    kbwhy(&["rules", UPDATE, DETECTOID, "--inventory", seen]).args(HOST).assert().code(0);
}

#[test]
fn detectoids_alone_hold_or_do_not() {
    rules(&[DETECTOID], &[]).code(0);
    rules(&[DETECTOID], &["os.architecture=x86"]).code(1);
    kbwhy(&["rules", DETECTOID]).assert().code(5);
}

#[test]
fn files_that_are_no_rules_are_one_line() {
    let cases: [(&str, &[u8]); 5] = [
        ("empty.xml", b""),
        ("text.xml", b"KB5026368 is missing\n"),
        ("cut.xml", b"<ApplicabilityRules><IsInstalled><True/>"),
        ("mangled.xml", b"<IsInstalled>\n<And><True/></Or></IsInstalled>"),
        ("binary.xml", b"\x00\x01\x02MSCF\xff\xfe<"),
    ];
    for (name, content) in cases {
        let path = scratch(name, content);
        let output = kbwhy(&["rules", path.to_str().expect("a name")]).output().expect("kbwhy starts");
        let error = String::from_utf8(output.stderr).expect("text is UTF-8");
        assert_eq!(
            (output.status.code(), error.lines().count(), output.stdout.len()),
            (Some(3), 1, 0),
            "{name}: {error}"
        );
        assert!(error.contains(name), "{error}");
    }
    let deep = [b"<IsInstalled>".to_vec(), b"<Not>".repeat(100_000)].concat();
    let path = scratch("deep.xml", &deep);
    kbwhy(&["rules", path.to_str().expect("a name")]).assert().code(3);
    kbwhy(&["rules", "no-such-file.xml"]).assert().code(3);
    kbwhy(&["rules"]).assert().code(2);
}

#[test]
fn what_steers_a_console_is_not_shown() {
    let text = "<UpdateIdentity UpdateID='a&#27;[31mb'/><IsInstalled><b.Un&#x202e;heard/><b.RegSz Key='HKEY_LOCAL_MACHINE' Subkey='a&#27;b' Value='&#7;' Comparison='EqualTo' Data='&#27;]0;x&#7;'/></IsInstalled>"
        .replace("<b.Un&#x202e;heard/>", "<b.Unheard Of='&#27;[2J'/>");
    let path = scratch("steers.xml", text.as_bytes());
    for format in ["text", "json"] {
        let output =
            kbwhy(&["rules", path.to_str().expect("a name"), "--verbose", "--format", format]).output();
        let shown = String::from_utf8(output.expect("kbwhy starts").stdout).expect("text is UTF-8");
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
        assert!(!shown.contains("\\u001b"), "{shown}");
    }
}

#[test]
fn lines_fit_80_columns() {
    for set in [vec![], vec!["os.edition=Pro"], vec!["os.version=10.0.26100"]] {
        let output = rules(&[UPDATE, DETECTOID], &set);
        let shown = String::from_utf8(output.get_output().stdout.clone()).expect("text is UTF-8");
        // a place in the registry has no blank to break at
        for line in shown.lines().filter(|l| !l.contains('\\')) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

/// The answer of `explain` with the example's rules.
fn explained(kb: &str, set: &[&str]) -> serde_json::Value {
    let command = kbwhy(&["explain", kb, "--rules", UPDATE, "--rules", DETECTOID, "--format", "json"]);
    let output = command.args(HOST).args(set.iter().flat_map(|s| ["--set", *s])).output();
    serde_json::from_slice(&output.expect("kbwhy starts").stdout).expect("kbwhy prints JSON")
}

fn decisive(report: &serde_json::Value) -> (&str, &str) {
    let code = report["causes"]
        .as_array()
        .and_then(|c| c.first())
        .map_or("", |c| c["code"].as_str().unwrap_or_default());
    (report["verdict"].as_str().unwrap_or_default(), code)
}

#[test]
fn explain_takes_the_rules_of_a_package() {
    let held = format!("{HELD}=absent");
    // an update that the catalog does not know
    let of = |set: &[&str]| {
        let set: Vec<&str> = set.iter().copied().chain([held.as_str()]).collect();
        let report = explained("KB9999999", &set);
        let (verdict, code) = decisive(&report);
        (verdict.to_owned(), code.to_owned())
    };
    let is = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(of(&[]).0, "applicable");
    assert_eq!(of(&["os.revision=4000"]), is("already-installed", "already-installed"));
    assert_eq!(of(&["os.version=10.0.26100"]), is("not-applicable", "wrong-os"));
    assert_eq!(of(&["os.edition=Pro", "os.product=Windows 11 Pro"]), is("not-applicable", "wrong-edition"));
    let held = explained("KB9999999", &[&format!("{HELD}=1")]);
    assert_eq!(decisive(&held), ("not-applicable", "applicability-rule"));
    assert!(held["summary"].as_str().is_some_and(|s| s.contains("Hold")), "{held:#}");
    let open = explained("KB9999999", &[]);
    assert_eq!(open["verdict"], "unknown");
    let asked = open["unknown"].as_array().expect("what would settle it");
    assert!(
        asked.iter().any(|u| u["collect"].as_str().is_some_and(|c| c.contains("/v \"Hold\""))),
        "{open:#}"
    );
}

#[test]
fn a_rule_that_is_open_silences_no_finding_of_the_catalog() {
    // superseded by what is installed, whatever the rule may say
    let alone =
        kbwhy(&["explain", "KB5005030", "--inventory", "examples/server-2019-ubr.json", "--format", "json"]);
    let with =
        kbwhy(&["explain", "KB5005030", "--inventory", "examples/server-2019-ubr.json", "--format", "json"]);
    let unheard = scratch(
        "unheard.xml",
        b"<IsInstalled><b.Unheard/></IsInstalled><IsInstallable><b.Unheard/></IsInstallable>",
    );
    let read = |c: Command| -> serde_json::Value {
        serde_json::from_slice(&c.output().expect("kbwhy starts").stdout).expect("kbwhy prints JSON")
    };
    let (alone, with) = (read(alone), read(with.args(["--rules", unheard.to_str().expect("a name")])));
    assert_ne!(alone["verdict"], "unknown", "{alone:#}");
    assert_eq!(decisive(&alone), decisive(&with));
}
