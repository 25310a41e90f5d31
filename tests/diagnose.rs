//! Codes and diagnoses as their users see them: whole outputs, exit codes, and what one code means on different hosts.
//!
//! The outputs stand in `tests/snapshots/diagnose`. After a change that is meant, write them anew with
//! `SNAPSHOTS=overwrite cargo test --test diagnose` and read the difference.

use kbwhy::{
    diagnose::codes,
    explain,
    render::{self, Style},
};
use serde_json::Value;
use snapbox::{
    Assert, Data,
    cmd::{Command, OutputAssert, cargo_bin},
    data::DataFormat,
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

const SERVER_2012_R2: &str = r#"{ "schema": "kbwhy/host/1", "name": "SRV12",
  "os": { "product": "Windows Server 2012 R2 Standard", "version": "6.3.9600", "architecture": "x64" }"#;
const SERVER_2019: &str = r#"{ "schema": "kbwhy/host/1", "name": "SRV19",
  "os": { "product": "Windows Server 2019 Standard", "version": "10.0.17763", "architecture": "x64" }"#;
const WINDOWS_7: &str = r#"{ "schema": "kbwhy/host/1", "name": "PC07",
  "os": { "product": "Windows 7 Professional", "version": "6.1.7601", "service_pack": 1, "architecture": "x64" }"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn snapshot(name: &str) -> Data {
    let path = root().join("tests/snapshots/diagnose").join(name);
    Data::read_from(&path, Some(DataFormat::Text)).raw()
}

/// A file for one test.
fn written(name: &str, text: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("diagnose-{name}"));
    fs::write(&path, text).expect("a file can be written");
    path.to_string_lossy().into_owned()
}

/// A host with more members.
fn host(name: &str, begin: &str, rest: &str) -> String {
    written(name, &format!("{begin}{rest} }}"))
}

fn run(args: &[&str]) -> OutputAssert {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache");
    Command::new(cargo_bin!("kbwhy"))
        .with_assert(Assert::new().action_env("SNAPSHOTS"))
        .current_dir(root())
        .env("KBWHY_CACHE", cache)
        .args(args)
        .assert()
}

fn json(args: &[&str], exit: i32) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    let assert = run(&args).code(exit);
    serde_json::from_slice(&assert.get_output().stdout).expect("kbwhy prints JSON")
}

/// The code and certainty of the first cause.
fn first_cause(report: &Value) -> (&str, &str) {
    let cause = &report["causes"][0];
    (cause["code"].as_str().unwrap_or(""), cause["certainty"].as_str().unwrap_or(""))
}

#[test]
fn a_code_is_explained() {
    run(&["code", "0x80240017"]).success().stdout_eq(snapshot("code.txt")).stderr_eq("");
    run(&["code", "80244007", "14098", "--ascii"]).success().stdout_eq(snapshot("codes.txt"));
    run(&["code", "2359302", "--format", "json"]).success().stdout_eq(snapshot("code.json"));
    run(&["code", "0xC1900101 - 0x20017"]).success().stdout_eq(snapshot("upgrade.txt"));
    run(&["code", "-2145124329", "--verbose"]).success().stdout_eq(snapshot("verbose.txt"));
}

#[test]
fn help_fits() {
    let assert = run(&["code", "--help"]).success().stdout_eq(snapshot("help-code.txt"));
    let help = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(help.lines().all(|l| l.chars().count() <= 80));
}

#[test]
fn an_unmapped_code_is_called_so() {
    run(&["code", "0x80248abc", "0x80190194", "0x80070abc"]).code(5).stdout_eq(snapshot("unmapped.txt"));
    let report = json(&["code", "0x80248abc"], 5);
    let reading = &report["codes"][0]["readings"][0];
    assert_eq!(reading["known"], false);
    assert_eq!(reading["symbol"], Value::Null);
    assert_eq!(reading["facility"], "Windows Update Agent, data store");
}

#[test]
fn every_spelling_gives_the_same_answer() {
    for words in [
        &["0x80240017"][..],
        &["80240017"],
        &["0X80240017L"],
        &["2149842967"],
        &["-2145124329"],
        &["WU_E_NOT_APPLICABLE"],
        &["wu_e_not_applicable"],
        &["(HRESULT: 0x80240017)"],
        &["error", "code:", "0x80240017"],
        &["exit code -2145124329"],
        &["The update is not applicable to your computer."],
        &["此更新不适用于你的计算机"],
        &["この更新プログラムはお使いのコンピューターには適用できません"],
        &["Обновление неприменимо к вашему компьютеру"],
        &["La actualización no es aplicable al equipo"],
    ] {
        let report = json(&[&["code"], words].concat(), 0);
        assert_eq!(report["codes"][0]["readings"][0]["symbol"], "WU_E_NOT_APPLICABLE", "{words:?}");
    }
}

#[test]
fn what_is_no_code_is_a_misuse() {
    for words in [&["nonsense"][..], &["0x80240017", "nonsense"], &["KB5005030"], &["0x"], &[""], &["5 of 7"]]
    {
        let assert = run(&[&["code"], words].concat()).code(2);
        let output = assert.get_output();
        assert!(output.stdout.is_empty());
        let line = String::from_utf8_lossy(&output.stderr);
        assert!(line.starts_with("kbwhy: `") && line.lines().count() == 1, "{words:?}: {line}");
    }
    run(&["code"]).code(2);
}

/// Every verified code of the facts, by its value, is answered with the symbol that they give.
#[test]
fn every_verified_code_of_the_facts_is_known() {
    let Some(folder) = std::env::var_os("KBWHY_FIELD_DATA") else {
        let _ = writeln!(io::stderr(), "skipped: KBWHY_FIELD_DATA is not set");
        return;
    };
    let text = fs::read_to_string(Path::new(&folder).join("facts/error-codes.json")).unwrap();
    let facts: Value = serde_json::from_str(&text).unwrap();
    let rows = facts["codes"].as_array().unwrap();
    assert!(rows.len() >= 257);
    for row in rows {
        let spelling = row["code"].as_str().unwrap();
        let symbol = row["symbol"].as_str().unwrap();
        let unsigned = row["unsigned"].as_u64().unwrap();
        let signed = row["signed"].as_i64().unwrap();
        for word in [spelling.to_owned(), unsigned.to_string(), signed.to_string()] {
            let report = explain::codes_report(std::slice::from_ref(&word)).unwrap();
            let readings = &report.codes[0].readings;
            // some words are no symbol
            let named = symbol.contains(' ') || readings.iter().any(|r| r.symbol == Some(symbol));
            assert!(named && readings.iter().any(|r| r.standing == Some("verified")), "{word}: {symbol}");
        }
        if !symbol.contains(' ') {
            let report = explain::codes_report(&[symbol.to_ascii_lowercase()]).unwrap();
            assert!(
                report.codes[0].readings.iter().any(|r| r.unsigned.map(u64::from) == Some(unsigned)),
                "{symbol}"
            );
        }
        // what is documented as a remedy has one here
        if row["remedy"].is_string() {
            let (meaning, _) = codes::known(u32::try_from(unsigned).unwrap()).unwrap();
            assert!(meaning.remedies(None).next().is_some(), "{spelling} {symbol} has no remedy");
        }
        if row["cause"].is_string() {
            let (meaning, _) = codes::known(u32::try_from(unsigned).unwrap()).unwrap();
            assert!(meaning.why.is_some() || !meaning.causes.is_empty(), "{spelling} {symbol} has no cause");
        }
    }
    for row in facts["unverified"].as_array().unwrap() {
        let (meaning, _) = codes::known(u32::try_from(row["unsigned"].as_u64().unwrap()).unwrap()).unwrap();
        assert_eq!(meaning.standing.name(), "unverified", "{}", meaning.symbol);
    }
}

#[test]
fn dangers_are_always_shown() {
    let mut dangerous = 0;
    for code in codes::codes() {
        let word = if code.code <= 0xffff { code.code.to_string() } else { format!("{:#x}", code.code) };
        let report = explain::codes_report(&[word]).unwrap();
        for verbose in [false, true] {
            let text = render::codes_text(&report, Style { verbose, ..Style::default() });
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for remedy in code.remedies(None) {
                if let Some(danger) = remedy.danger {
                    dangerous += 1;
                    assert!(words.contains(&format!("Careful: {danger}.")), "{}: {danger}", code.symbol);
                }
            }
        }
    }
    assert!(dangerous > 20);
}

#[test]
fn already_installed_is_not_done_while_it_waits_for_a_restart() {
    let pending = host(
        "pending.json",
        SERVER_2019,
        r#", "facts": { "package_states": { "KB5027222": "install-pending" } }"#,
    );
    let args = ["diagnose", "--error", "2359302", "--inventory", pending.as_str()];
    run(&args).code(1).stdout_eq(snapshot("install-pending.txt"));
    assert_eq!(first_cause(&json(&args, 1)), ("pending-reboot", "confirmed"));
    let named = json(&[&args[..], &["KB5027222"]].concat(), 1);
    assert_eq!((first_cause(&named).0, &named["verdict"]), ("pending-reboot", &Value::from("blocked")));
    // in effect: done
    let done = host(
        "done.json",
        SERVER_2019,
        r#", "updates": { "installed": ["KB5027222"] }, "facts": { "pending_reboot": true }"#,
    );
    let report = json(&["diagnose", "--error", "0x00240006", "--inventory", &done, "KB5027222"], 0);
    assert_eq!(report["verdict"], "already-installed");
}

#[test]
fn one_code_means_entitlement_only_where_updates_ask_for_it() {
    let without = host("esu-no.json", SERVER_2012_R2, r#", "facts": { "esu": false }"#);
    let args = ["diagnose", "--error", "0x800f0922", "--inventory", without.as_str()];
    run(&args).code(1).stdout_eq(snapshot("entitlement.txt"));
    let report = json(&args, 1);
    assert_eq!(first_cause(&report), ("not-entitled", "inferred"));
    // without an error: what will stop updates here
    assert_eq!(first_cause(&json(&["diagnose", "--inventory", &without], 1)), ("not-entitled", "inferred"));
    // not known: the first candidate, and asked for
    let open =
        json(&["diagnose", "--error", "0x800f0922", "--inventory", &host("esu.json", SERVER_2012_R2, "")], 5);
    assert_eq!(first_cause(&open), ("not-entitled", "possible"));
    assert!(open["unknown"].as_array().unwrap().iter().any(|u| u["fact"] == "facts.esu"));
    // licensed, or a system that needs no licence: not the cause
    for (name, begin, rest) in [
        ("esu-yes.json", SERVER_2012_R2, r#", "facts": { "esu": true }"#),
        ("esu-none.json", SERVER_2019, r#", "facts": { "esu": false }"#),
    ] {
        let report = json(&["diagnose", "--error", "0x800f0922", "--inventory", &host(name, begin, rest)], 5);
        let codes: Vec<&str> =
            report["causes"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect();
        assert_ne!(codes.first(), Some(&"not-entitled"), "{name}: {codes:?}");
    }
    // an update of the days before the licence
    let before = json(&["diagnose", "--error", "0x800f0922", "--inventory", &without, "KB5027271"], 5);
    assert_ne!(first_cause(&before), ("not-entitled", "inferred"));
}

#[test]
fn not_applicable_explains_the_update_that_is_named() {
    let bare = host(
        "bare.json",
        SERVER_2012_R2,
        r#", "updates": { "installed": ["KB2919442"], "absent": ["KB2919355"], "complete": true }"#,
    );
    let by_argument = json(&["diagnose", "--error", "0x80240017", "--inventory", &bare, "KB3172614"], 1);
    let by_text = json(&["diagnose", "--error", "KB3172614: 0x80240017", "--inventory", &bare], 1);
    for report in [&by_argument, &by_text] {
        assert_eq!(report["schema"], "kbwhy/diagnose/1");
        assert_eq!(report["update"], "KB3172614");
        assert_eq!(report["verdict"], "not-applicable");
        assert_eq!(first_cause(report).0, "missing-prerequisite");
        assert_eq!(report["causes"][0]["updates"][0], "KB2919355");
    }
    assert_eq!(by_text["update_from"], "KB3172614 is named beside the error.");
    run(&["diagnose", "--error", "KB3172614: 0x80240017", "--inventory", &bare])
        .code(1)
        .stdout_eq(snapshot("explained.txt"));
    // two updates, or another kind of error: nothing is assumed
    let two = json(&["diagnose", "--error", "KB3172614, KB3000850: 0x80240017", "--inventory", &bare], 5);
    assert_eq!(two["update"], Value::Null);
    let other = json(&["diagnose", "--error", "KB3172614: 0x80072ee2", "--inventory", &bare], 1);
    assert_eq!((&other["update"], first_cause(&other).0), (&Value::Null, "connection"));
}

#[test]
fn a_log_names_the_update() {
    let log = written(
        "CBS.log",
        "2024-05-14 10:00:00, Error                 CBS    Package \"Package_for_KB5012170~31bf3856ad364e35~amd64~~14393.5285.1.4\" requires Servicing Stack v10.0.14393.5285 but current Servicing Stack is v10.0.14393.4349. [HRESULT = 0x800f0823 - CBS_E_NEW_SERVICING_STACK_REQUIRED]\n",
    );
    let report = json(&["diagnose", "--error", "0x80240017", "--log", &log], 1);
    assert_eq!(
        (&report["update"], first_cause(&report).0),
        (&Value::from("KB5012170"), "missing-servicing-stack")
    );
    assert!(report["update_from"].as_str().unwrap().contains("CBS.log:1"));
}

#[test]
fn a_failure_in_the_inventory_names_the_update() {
    let history = written(
        "history.txt",
        "Title      : Update for Windows Server 2012 R2 (KB3172614)\nDate       : 5/14/2024 10:00:00 AM\nOperation  : 1\nResultCode : 4\nHResult    : -2145124329\n",
    );
    let bare = host(
        "bare-too.json",
        SERVER_2012_R2,
        r#", "updates": { "installed": ["KB2919442"], "absent": ["KB2919355"], "complete": true }"#,
    );
    let report = json(&["diagnose", "--inventory", &history, "--inventory", &bare, "--allow-mixed"], 1);
    assert_eq!(
        (&report["update"], first_cause(&report).0),
        (&Value::from("KB3172614"), "missing-prerequisite")
    );
    assert!(report["update_from"].as_str().unwrap().starts_with("KB3172614 failed when last tried"));
    assert_eq!(report["codes"][0]["readings"][0]["symbol"], "WU_E_NOT_APPLICABLE");
}

#[test]
fn hardware_is_meant_only_before_windows_10() {
    let seven = host("seven.json", WINDOWS_7, "");
    assert_eq!(
        first_cause(&json(&["diagnose", "--error", "0x80240037", "--inventory", &seven], 1)).0,
        "unsupported-hardware"
    );
    let ten = host("nineteen.json", SERVER_2019, "");
    let report = json(&["diagnose", "--error", "0x80240037", "--inventory", &ten], 5);
    assert!(report["causes"].as_array().unwrap().iter().all(|c| c["certainty"] == "possible"), "{report}");
    // an unknown Windows may be either
    assert_eq!(
        first_cause(&json(&["diagnose", "--error", "0x80240037"], 5)),
        ("unsupported-hardware", "possible")
    );
}

#[test]
fn the_repair_is_that_of_the_hosts_windows() {
    let commands = |inventory: &str| {
        let report = json(&["diagnose", "--error", "0x80073712", "--inventory", inventory], 1);
        assert_eq!(first_cause(&report).0, "store-corruption");
        let all = report["remedy"].as_array().unwrap().clone();
        assert!(all.iter().all(|r| r["source"].as_str().unwrap().starts_with("https://")), "{all:?}");
        all.iter().map(|r| format!("{} {}", r["text"], r["command"])).collect::<String>()
    };
    let seven = commands(&host("repair-7.json", WINDOWS_7, ""));
    assert!(seven.contains("KB947821") && !seven.contains("/restorehealth"), "{seven}");
    let later = commands(&host("repair-19.json", SERVER_2019, ""));
    assert!(!later.contains("KB947821") && later.contains("/restorehealth"), "{later}");
}

#[test]
fn connections_certificates_and_servers_are_told_apart() {
    for (error, cause, exit) in [
        ("Failed to connect to Mux due to network or cert errors 10061", "connection", 1),
        ("0x8007274C", "connection", 1),
        ("0x80072ee7", "connection", 1),
        ("ERROR_WINHTTP_SECURE_CERT_CN_INVALID", "certificate", 1),
        ("80244007 SyncUpdates_WithRecovery failed", "update-server", 1),
        ("0x8024402c", "connection", 1),
        ("0x80240025", "policy", 1),
        ("0x80070070", "space", 1),
        ("0x800f0821", "servicing-timeout", 1),
        ("0x80246005", "connection", 1),
        ("0x80072f9a", "connection", 5),
    ] {
        let report = json(&["diagnose", "--error", error], exit);
        assert_eq!(first_cause(&report).0, cause, "{error}");
        assert!(!report["codes"][0]["readings"].as_array().unwrap().is_empty());
    }
}

#[test]
fn unverified_codes_decide_nothing() {
    for code in codes::codes().iter().filter(|c| c.standing.name() == "unverified") {
        let report = json(&["diagnose", "--error", &format!("{:#x}", code.code)], 5);
        let causes = report["causes"].as_array().unwrap();
        assert!(causes.iter().all(|c| c["certainty"] == "possible"), "{}", code.symbol);
    }
}

#[test]
fn a_bad_inventory_or_log_is_one_line() {
    for args in [&["diagnose", "--inventory", "no-such-file"][..], &["diagnose", "--log", "no-such-file"]] {
        let assert = run(args).code(3);
        assert_eq!(String::from_utf8_lossy(&assert.get_output().stderr).lines().count(), 1);
    }
    run(&["diagnose", "KB12x"]).code(2);
    // nothing was given, nothing is claimed
    run(&["diagnose"]).code(5);
}

#[test]
fn whatever_is_given_as_an_error_is_survived() {
    let long = "0x80240017 ".repeat(5_000);
    for error in ["", "\u{1b}[31m0x80240017", long.as_str(), "0x\u{0}", "\u{202e}71004208x0", "--error", "-"]
    {
        let report = json(&["diagnose", &format!("--error={}", error.replace('\u{0}', ""))], 5);
        assert!(!report.to_string().contains('\u{1b}'));
    }
}

/// A host of 2016 whose state nothing tells, one that lacks room, one that says that it waits for nothing.
const SERVER_2016: &str = r#"{ "schema": "kbwhy/host/1", "name": "SRV16",
  "os": { "product": "Windows Server 2016 Standard", "version": "10.0.14393", "revision": 5000, "architecture": "x64" }"#;

#[test]
fn updates_that_do_not_install() {
    let dark = host("failing.json", SERVER_2016, "");
    run(&["diagnose", "--symptom", "failing", "--inventory", &dark])
        .code(5)
        .stdout_eq(snapshot("failing.txt"));
    let facts = r#", "facts": { "free_space": 900000000, "pending_reboot": true, "store_corrupt": true,
        "services": { "wuauserv": "disabled" } }"#;
    let stopped = host("failing-stopped.json", SERVER_2016, facts);
    run(&["diagnose", "--symptom", "failing", "--inventory", &stopped])
        .code(1)
        .stdout_eq(snapshot("failing-stopped.txt"));
}

#[test]
fn a_row_says_nothing_twice_and_every_danger_is_shown() {
    for (name, facts) in [
        ("twice-dark.json", ""),
        ("twice.json", r#", "facts": { "pending_reboot": true, "store_corrupt": true, "free_space": 1 }"#),
    ] {
        let file = host(name, SERVER_2016, facts);
        let given = ["diagnose", "--symptom", "failing", "--inventory", &file];
        let text = String::from_utf8_lossy(&run(&given).get_output().stdout).into_owned();
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let args: Vec<&str> = given.iter().copied().chain(["--format", "json"]).collect();
        let report: Value = serde_json::from_slice(&run(&args).get_output().stdout).expect("JSON");
        let advice = report["advice"].as_array().unwrap();
        for row in advice.iter().filter(|a| a["outcome"] == "fail") {
            let said = row["text"].as_str().unwrap();
            let (_, rows) = flat.split_once("x64, 10.0.14393").expect("the line of the host");
            assert_eq!(rows.matches(said).count(), 1, "{said}:\n{text}");
            // what comes on a day is told without its steps
            for r in row["remedy"].as_array().unwrap().iter().filter(|_| row["severity"] != "soon") {
                let danger = r["danger"].as_str().unwrap_or("");
                assert!(flat.contains(danger), "{danger}:\n{text}");
            }
        }
        for command in ["sfc /scannow", "dism /online /cleanup-image /restorehealth", "shutdown /r /t 0"] {
            assert!(text.lines().any(|l| l.ends_with(command)), "{command}:\n{text}");
        }
    }
}

#[test]
fn a_log_that_was_given_is_not_asked_for() {
    let quiet =
        "2018-06-20 10:00:00, Info                  CBS    Starting TrustedInstaller initialization.\r\n";
    let log = written("quiet-CBS.log", quiet);
    let report = json(&["diagnose", "--log", &log], 5);
    assert!(!report["unknown"].to_string().contains("CBS.log"), "{report}");
    let report = json(&["diagnose", "--error", "0x80070643"], 5);
    assert!(report["unknown"].to_string().contains("CBS.log"), "{report}");
}

#[test]
fn the_host_joins_what_a_code_says() {
    // room: what is free stands beside what the code says
    let full = host("full.json", SERVER_2016, r#", "facts": { "free_space": 900000000 }"#);
    let report = json(&["diagnose", "--error", "0x80070070", "--inventory", &full], 1);
    assert_eq!(first_cause(&report), ("space", "inferred"));
    assert!(report["causes"][0]["evidence"].to_string().contains("0.8 GB are free"), "{report}");
    // the newest stack is named as that, not as the one that is missing
    let stack = json(&["diagnose", "--error", "0x800f0823", "--inventory", &full], 1);
    let summary = stack["summary"].as_str().unwrap();
    assert!(summary.contains("newer servicing stack; the newest for it is KB"), "{summary}");
    assert_eq!(stack["remedy"].as_array().unwrap().len(), 1, "{stack}");
    // where cumulative updates carry the stack, none is named
    let combined = json(&["diagnose", "--error", "0x800f0823", "--set", "os.version=10.0.19045"], 1);
    assert_eq!(combined["causes"][0]["updates"].as_array().map(Vec::len), Some(0), "{combined}");
    // a restart that the host knows nothing of is not the cause
    let idle = host("idle.json", SERVER_2016, r#", "facts": { "pending_reboot": false }"#);
    let report = json(&["diagnose", "--error", "0x80240016", "--inventory", &idle], 5);
    assert_eq!(first_cause(&report), ("pending-reboot", "possible"));
    assert_eq!(first_cause(&json(&["diagnose", "--error", "0x80240016"], 1)).0, "pending-reboot");
}

#[test]
fn what_no_table_has_is_told() {
    let words = "the flux capacitor is not aligned";
    let output = run(&["diagnose", "--error", words]).code(5);
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert!(text.contains("neither a code nor a message"), "{text}");
    let report = json(&["diagnose", "--error", words], 5);
    assert_eq!(report["codes"][0]["text"], words);
    assert_eq!(report["codes"][0]["readings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn sha_2_support_is_named_once_each() {
    let args =
        ["diagnose", "--inventory", &host("sha2.json", WINDOWS_7, r#", "updates": { "complete": true }"#)];
    let report = json(&args, 1);
    let summary = report["summary"].as_str().unwrap();
    assert!(summary.contains("KB4490628 and KB4474419") && !summary.contains("KB976932"), "{summary}");
}
