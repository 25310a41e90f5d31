//! `kbwhy doctor`: whole outputs of hosts that were written for it, and laws.
//!
//! The outputs stand in `tests/snapshots/doctor`. After a change that is meant, write them anew with
//! `SNAPSHOTS=overwrite cargo test --test doctor` and read the difference.

#![allow(clippy::print_stderr, reason = "a suite that is skipped says so")]

use kbwhy::{
    catalog::Catalog,
    doctor::{self, Check, Finding, Prospect, Severity, Today, TodayFrom},
    explain,
    inventory::{self, Input},
    model::{Cause, Host},
    report::DoctorReport,
    resolve::{question::Outcome, statement::From},
};
use proptest::prelude::*;
use snapbox::{
    Assert, Data,
    cmd::{Command, OutputAssert, cargo_bin},
    data::DataFormat,
};
use std::{collections::BTreeMap, path::Path};
use unicode_width::UnicodeWidthStr;

/// Hosts, each with the exit code that its state asks for and the codes of what stops its next update.
const HOSTS: &[(&str, &str, i32, &[&str])] = &[
    (
        "windows-7-rtm",
        r#"{"os":{"product":"Windows 7 Enterprise","version":"6.1.7600","service_pack":0,"architecture":"x64"},
            "updates":{"installed":[],"complete":true}}"#,
        1,
        &["end-of-support", "missing-service-pack", "missing-servicing-stack", "missing-sha2-support"],
    ),
    (
        "windows-7-sp1-2019",
        r#"{"os":{"product":"Windows 7 Professional","version":"6.1.7601","service_pack":1,"architecture":"x86"},
            "updates":{"installed":["KB976932","KB3177467","KB4490628","KB4474419","KB4516065"],"complete":true},
            "facts":{"pending_reboot":false}}"#,
        1,
        &["end-of-support"],
    ),
    (
        "server-2008-r2-esu",
        r#"{"os":{"product":"Windows Server 2008 R2 Standard","version":"6.1.7601","service_pack":1,
             "architecture":"x64"},
            "updates":{"installed":["KB976932","KB4490628","KB4474419","KB4538483","KB4519976","KB4534310",
             "KB4537820"],"complete":true},
            "facts":{"esu":true,"pending_reboot":false,"store_corrupt":false,"free_space":64424509440}}"#,
        1,
        &["end-of-support"],
    ),
    (
        "server-2012-r2-rtm",
        r#"{"os":{"product":"Windows Server 2012 R2 Standard","version":"6.3.9600","architecture":"x64"},
            "updates":{"installed":[],"complete":true},
            "facts":{"esu":false,"pending_reboot":true,"store_corrupt":true,"free_space":1000000000,
             "remote_session":true}}"#,
        1,
        &["not-entitled", "store-corruption", "missing-prerequisite", "remote-session", "pending-reboot"],
    ),
    (
        "server-2012-r2-patched-with-esu",
        r#"{"os":{"product":"Windows Server 2012 R2 Datacenter","version":"6.3.9600","architecture":"x64"},
            "updates":{"installed":["KB2919442","KB2919355","KB3173424","KB5017220","KB5079233","KB5129243"],
             "complete":true},
            "facts":{"esu":true,"pending_reboot":false,"store_corrupt":false,"free_space":64424509440}}"#,
        0,
        &[],
    ),
    (
        "server-2012-r2-after-2023-10",
        r#"{"os":{"product":"Windows Server 2012 R2 Standard","version":"6.3.9600","architecture":"x64"},
            "updates":{"installed":["KB2919442","KB2919355","KB3173424","KB5029368","KB5031419"],"complete":true},
            "facts":{"esu":false,"pending_reboot":false}}"#,
        1,
        &["not-entitled"],
    ),
    (
        "server-2012-r2-licence-unknown",
        r#"{"os":{"product":"Windows Server 2012 R2 Standard","version":"6.3.9600","architecture":"x64"},
            "updates":{"installed":["KB2919442","KB2919355","KB3173424","KB5031419"],"complete":true}}"#,
        5,
        &[],
    ),
    (
        "server-2012-r2-took-esu-updates",
        r#"{"os":{"product":"Windows Server 2012 R2 Standard","version":"6.3.9600","architecture":"x64"},
            "updates":{"installed":["KB2919442","KB2919355","KB3173424","KB5017220","KB5079233","KB5129243"],
             "complete":true}}"#,
        0,
        &[],
    ),
    (
        "server-2016-old-stack",
        r#"{"os":{"product":"Windows Server 2016 Standard","version":"10.0.14393","revision":4350,
             "architecture":"x64"},
            "updates":{"installed":["KB5001078","KB5001347"],"complete":true},
            "facts":{"servicing_stack":"10.0.14393.4349","pending_reboot":false,"store_corrupt":false}}"#,
        0,
        &[],
    ),
    (
        "server-2019-old",
        r#"{"os":{"product":"Windows Server 2019 Standard","version":"10.0.17763","revision":1879,
             "architecture":"x64"},
            "updates":{"installed":["KB4601393","KB5001342"],"pending":["KB5003171"],"complete":true},
            "facts":{"servicing_stack":"10.0.17763.1728","pending_reboot":false,
             "package_states":{"KB4577586":"staged"}}}"#,
        1,
        &["missing-servicing-stack", "pending-reboot"],
    ),
    (
        "windows-10-1507",
        r#"{"os":{"product":"Windows 10 Pro","version":"10.0.10240","revision":16384,"edition":"Pro",
             "architecture":"x64"}}"#,
        1,
        &["end-of-support"],
    ),
    (
        "windows-10-1507-ltsb",
        r#"{"os":{"product":"Windows 10 Enterprise 2015 LTSB","version":"10.0.10240","revision":21161,
             "edition":"Enterprise LTSB","architecture":"x86"}}"#,
        1,
        &["end-of-support"],
    ),
    (
        "windows-10-1909-edition-unknown",
        r#"{"os":{"product":"Windows 10","version":"10.0.18363","revision":1500,"installation_type":"Client",
             "architecture":"x64"}}"#,
        1,
        &["end-of-support"],
    ),
    (
        "windows-10-22h2-without-esu",
        r#"{"os":{"product":"Windows 10 Pro","version":"10.0.19045","revision":6456,"edition":"Pro",
             "architecture":"x64"},
            "facts":{"esu":false,"pending_reboot":false,"store_corrupt":false,"free_space":32212254720}}"#,
        1,
        &["not-entitled"],
    ),
    (
        "windows-10-22h2-licence-unknown",
        r#"{"os":{"product":"Windows 10 Pro","version":"10.0.19045","revision":6456,"edition":"Pro",
             "architecture":"x64"}}"#,
        5,
        &[],
    ),
    (
        "windows-10-ltsc-2019",
        r#"{"os":{"product":"Windows 10 Enterprise LTSC 2019","version":"10.0.17763","revision":8000,
             "edition":"Enterprise LTSC","architecture":"x64"},"facts":{"pending_reboot":false}}"#,
        0,
        &[],
    ),
    (
        "windows-10-ltsc-2021",
        r#"{"os":{"product":"Windows 10 Enterprise LTSC","version":"10.0.19044","revision":7727,
             "edition":"Enterprise LTSC","architecture":"x64"},"facts":{"pending_reboot":false}}"#,
        0,
        &[],
    ),
    (
        "server-2022",
        r#"{"os":{"product":"Windows Server 2022 Datacenter","version":"10.0.20348","revision":2031,
             "architecture":"x64"},
            "facts":{"pending_reboot":false,"store_corrupt":false,"free_space":16106127360}}"#,
        0,
        &[],
    ),
    (
        "windows-11-24h2-before-the-checkpoint",
        r#"{"os":{"product":"Windows 11 Home","version":"10.0.26100","revision":863,"edition":"Home",
             "architecture":"arm64"},"facts":{"pending_reboot":false}}"#,
        1,
        &["missing-checkpoint"],
    ),
    (
        "server-2025-hotpatched",
        r#"{"os":{"product":"Windows Server 2025 Datacenter Azure Edition","version":"10.0.26100",
             "revision":32860,"edition":"Datacenter Azure Edition","architecture":"x64"},
            "facts":{"hotpatch":true,"pending_reboot":false,"store_corrupt":false,"free_space":64424509440}}"#,
        0,
        &[],
    ),
    (
        "services-disabled",
        r#"{"os":{"product":"Windows Server 2022 Standard","version":"10.0.20348","revision":5631,
             "architecture":"x64"},
            "facts":{"registry":{
             "HKLM\\SYSTEM\\CurrentControlSet\\Services\\wuauserv\\Start":"dword:4",
             "HKLM\\SYSTEM\\CurrentControlSet\\Services\\BITS\\Start":"dword:3"}}}"#,
        1,
        &["service-disabled"],
    ),
    (
        "policies",
        r#"{"os":{"product":"Windows 11 Pro","edition":"Pro","version":"10.0.26200","revision":8037,
             "architecture":"x64"},
            "facts":{"management":{"collected":"2026-11-20T10:00:00Z"},"services":{"wuauserv":"disabled"},
             "policies":{"PauseQualityUpdatesStartTime":"2026-11-15","WUServer":"http://wsus:8530",
              "UseWUServer":"0"}}}"#,
        1,
        &["service-disabled"],
    ),
    (
        "unidentified",
        r#"{"os":{"product":"ReactOS","version":"5.4.1"},"facts":{"pending_reboot":false}}"#,
        5,
        &[],
    ),
    ("empty", "{}", 5, &[]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(name: &str, facts: &str) -> String {
    let rest = facts.trim_start().trim_start_matches('{');
    let comma = if rest.trim() == "}" { "" } else { "," };
    format!(r#"{{"schema":"kbwhy/host/1","name":"{name}"{comma}{rest}"#)
}

fn host(name: &str, facts: &str) -> Host {
    let bytes = text_of(name, facts);
    inventory::read(&Input { name: "host.json", bytes: bytes.as_bytes() }).expect("a host").host
}

fn all() -> impl Iterator<Item = (&'static str, Host)> {
    HOSTS.iter().map(|(name, facts, ..)| (*name, host(name, facts)))
}

fn examined(host: &Host) -> doctor::Examination {
    let catalog = Catalog::embedded();
    doctor::examine(catalog, host, Today::of_host(catalog, host))
}

fn report(host: &Host) -> DoctorReport {
    explain::doctor_report(Catalog::embedded(), host, &examined(host), Vec::new())
}

fn on(date: &str) -> Today {
    Today { date: date.parse().expect("a day"), from: TodayFrom::Given }
}

fn kbwhy(args: &[&str]) -> Command {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache");
    Command::new(cargo_bin!("kbwhy"))
        .with_assert(Assert::new().action_env("SNAPSHOTS"))
        .current_dir(root())
        .env("KBWHY_CACHE", cache)
        .args(args)
}

fn snapshot(name: &str) -> Data {
    Data::read_from(&root().join("tests/snapshots/doctor").join(name), Some(DataFormat::Text)).raw()
}

fn on_stdin(args: &[&str], stdin: String) -> OutputAssert {
    let mut all = vec!["doctor", "-i", "-"];
    all.extend(args);
    kbwhy(&all).stdin(stdin).assert()
}

fn facts_of(name: &str) -> &'static str {
    HOSTS.iter().find(|(n, ..)| *n == name).map(|(_, facts, ..)| *facts).expect("a host of the table")
}

// whole outputs

#[test]
fn outputs_of_hosts() {
    for (name, facts, exit, _) in HOSTS {
        let output = on_stdin(&[], text_of(name, facts)).code(*exit).stderr_eq("");
        output.stdout_eq(snapshot(&format!("{name}.txt")));
    }
}

#[test]
fn output_in_json() {
    let name = "server-2012-r2-rtm";
    on_stdin(&["--format", "json"], text_of(name, facts_of(name)))
        .code(1)
        .stdout_eq(snapshot("server-2012-r2-rtm.json"));
}

#[test]
fn output_with_all_evidence_and_in_ascii() {
    let name = "server-2019-old";
    on_stdin(&["--verbose"], text_of(name, facts_of(name)))
        .stdout_eq(snapshot("server-2019-old-verbose.txt"));
    let output = on_stdin(&["--ascii"], text_of(name, facts_of(name))).get_output().stdout.clone();
    assert!(output.is_ascii(), "{}", String::from_utf8_lossy(&output));
}

#[test]
fn output_of_what_a_script_collected() {
    kbwhy(&["doctor", "-i", "examples/server-2019-collected.json"])
        .assert()
        .code(1)
        .stdout_eq(snapshot("collected.txt"));
}

#[test]
fn text_fits_eighty_columns() {
    // commands are pasted, so they are never broken
    let pasted = ["https://", "reg query", "dism ", "kbwhy ", "cscript ", "sc config", "azcmagent "];
    for (name, facts, ..) in HOSTS {
        let output = on_stdin(&[], text_of(name, facts)).get_output().stdout.clone();
        for line in String::from_utf8_lossy(&output).lines() {
            let is_pasted = pasted.iter().any(|p| line.trim_start().starts_with(p));
            assert!(line.width() <= 80 || is_pasted, "{name}: {line}");
        }
    }
}

#[test]
fn bad_command_lines_are_one_line() {
    let fails = |args: &[&str], code: i32, part: &str| {
        let output = kbwhy(args).assert().code(code).stdout_eq("");
        let err = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(err.contains(part) && err.lines().count() == 1, "{err}");
    };
    fails(&["doctor"], 2, "--inventory FILE");
    fails(&["doctor", "--set", "os.version=10.0.17763", "--as-of", "soon"], 2, "is no day");
    fails(&["doctor", "--set", "os.version=10.0.17763", "--as-of", "0001-01-01"], 2, "is no day");
    fails(&["doctor", "-i", "no-such-file"], 3, "no-such-file");
}

#[test]
fn the_day_is_told() {
    let told = |args: &[&str]| {
        let mut all =
            vec!["doctor", "--set", "os.version=10.0.20348", "--set", "os.product=Windows Server 2022"];
        all.extend(args);
        let output = kbwhy(&all).output().expect("kbwhy starts").stdout;
        String::from_utf8_lossy(&output).lines().last().unwrap_or_default().to_owned()
    };
    assert!(told(&["--as-of", "2031-10-15"]).starts_with("Judged as of 2031-10-15, the day that was given."));
    assert!(told(&["--as-of", "today"]).contains("by this machine's clock"));
    assert!(told(&[]).contains("the date of the catalog"));
}

// what is found

#[test]
fn what_stops_is_what_was_to_be_found() {
    for (name, _, exit, codes) in HOSTS {
        let examined = examined(&host(name, facts_of(name)));
        let stops: Vec<&str> =
            examined.findings.iter().filter(|f| f.stops()).map(|f| f.check.code()).collect();
        assert_eq!(&stops, codes, "{name}");
        let prospect = match exit {
            0 => Prospect::Clear,
            1 => Prospect::Stopped,
            _ => Prospect::Unknown,
        };
        assert_eq!(examined.prospect(), prospect, "{name}");
    }
}

fn outcome(host: &Host, today: Today, check: Check) -> Option<(Outcome, Severity)> {
    let findings = doctor::checks(Catalog::embedded(), host, today);
    findings.iter().find(|f| f.check == check).map(|f| (f.outcome, f.severity))
}

#[test]
fn support_ends_by_edition() {
    let of = |product: &str, edition: &str, version: &str| {
        host(
            "host",
            &format!(
                r#"{{"os":{{"product":"{product}","edition":"{edition}","version":"{version}","revision":1}}}}"#
            ),
        )
    };
    // the last day with updates, as Microsoft's lifecycle pages have it
    for (product, edition, version, last) in [
        ("Windows 10 Pro", "Pro", "10.0.18363", "2021-05-11"),
        ("Windows 10 Enterprise", "Enterprise", "10.0.18363", "2022-05-10"),
        ("Windows 10 Pro Education", "Pro Education", "10.0.18363", "2021-05-11"),
        ("Windows 10 Education", "Education", "10.0.18363", "2022-05-10"),
        ("Windows 10 Enterprise LTSC", "Enterprise LTSC", "10.0.17763", "2029-01-09"),
        ("Windows 10 Enterprise", "EnterpriseS", "10.0.17763", "2029-01-09"),
        ("Windows 10 Enterprise", "Enterprise", "10.0.17763", "2021-05-11"),
        ("Windows 10 Enterprise LTSC", "Enterprise LTSC", "10.0.19044", "2027-01-12"),
        ("Windows 10 IoT Enterprise LTSC", "IoT Enterprise LTSC", "10.0.19044", "2032-01-13"),
        ("Windows 11 Home", "Home", "10.0.26100", "2026-10-13"),
        ("Windows 11 Enterprise", "Enterprise", "10.0.26100", "2027-10-12"),
        ("Windows Server 2022 Standard", "Standard", "10.0.20348", "2031-10-14"),
        ("Windows Server 2025 Datacenter", "Datacenter", "10.0.26100", "2034-11-14"),
    ] {
        let host = of(product, edition, version);
        let last: jiff::civil::Date = last.parse().expect("a day");
        let day = |date| Today { date, from: TodayFrom::Given };
        let on_last = outcome(&host, day(last), Check::Lifecycle);
        assert_eq!(on_last, Some((Outcome::Fail, Severity::Soon)), "{product} {edition} {version}");
        let after = outcome(&host, day(last.tomorrow().expect("a day")), Check::Lifecycle);
        assert_eq!(after, Some((Outcome::Fail, Severity::Stops)), "{product} {edition} {version}");
    }
}

#[test]
fn an_edition_that_is_not_known_is_asked_for_only_where_it_matters() {
    let host = host(
        "host",
        r#"{"os":{"product":"Windows 10","version":"10.0.18363","revision":1500,"installation_type":"Client"}}"#,
    );
    assert_eq!(
        outcome(&host, on("2021-05-11"), Check::Lifecycle).map(|o| o.0),
        Some(Outcome::Fail),
        "one of its ends is near"
    );
    assert_eq!(outcome(&host, on("2021-06-01"), Check::Lifecycle).map(|o| o.0), Some(Outcome::Unknown));
    assert_eq!(
        outcome(&host, on("2022-05-11"), Check::Lifecycle),
        Some((Outcome::Fail, Severity::Stops)),
        "all of its ends are past"
    );
}

#[test]
fn windows_7_was_updated_for_entitled_hosts_after_its_end() {
    let of = |facts: &str| {
        host(
            "host",
            &format!(
                r#"{{"os":{{"product":"Windows 7 Professional","version":"6.1.7601","service_pack":1}},"facts":{{{facts}}}}}"#
            ),
        )
    };
    let entitlement = Check::Of(Cause::NotEntitled);
    let then = on("2021-05-01");
    assert_eq!(outcome(&of(r#""esu":false"#), then, entitlement), Some((Outcome::Fail, Severity::Stops)));
    assert_eq!(outcome(&of(""), then, entitlement).map(|o| o.0), Some(Outcome::Unknown));
    assert_eq!(outcome(&of(r#""esu":true"#), then, entitlement).map(|o| o.0), Some(Outcome::Pass));
    let over = outcome(&of(r#""esu":true"#), on("2026-09-22"), Check::Lifecycle);
    assert_eq!(over, Some((Outcome::Fail, Severity::Stops)), "whoever is entitled gets no more either");
}

#[test]
fn the_means_of_repair_are_those_of_the_host() {
    for (version, service_pack, means) in [
        ("6.1.7601", 1, "KB947821"),
        ("6.0.6002", 2, "KB947821"),
        ("6.2.9200", 0, "/restorehealth"),
        ("6.3.9600", 0, "/restorehealth"),
        ("10.0.17763", 0, "/restorehealth"),
    ] {
        let facts = format!(
            r#"{{"os":{{"product":"Windows Server","version":"{version}","service_pack":{service_pack}}},"facts":{{"store_corrupt":true}}}}"#
        );
        let report = report(&host("host", &facts));
        let store = report.checks.iter().find(|c| c.advice.code == "store-corruption").expect("a check");
        let words: Vec<String> = store
            .advice
            .remedy
            .iter()
            .map(|r| format!("{} {}", r.text, r.command.clone().unwrap_or_default()))
            .collect();
        let other = if means == "KB947821" { "/restorehealth" } else { "KB947821" };
        assert!(words.iter().any(|w| w.contains(means)), "{version}: {words:?}");
        assert!(!words.iter().any(|w| w.contains(other)), "{version}: {words:?}");
        assert!(words.last().is_some_and(|w| w.contains("sfc /scannow")), "{version}: sfc comes after");
    }
}

#[test]
fn packages_are_named_for_the_host() {
    for (product, version, architecture, name) in [
        ("Windows Server 2012 R2", "6.3.9600", "x64", "windows8.1-kb5129243-x64*.msu"),
        ("Windows Server 2012", "6.2.9200", "x64", "windows8-rt-kb5129243-x64*.msu"),
        ("Windows 7", "6.1.7601", "x86", "windows6.1-kb5129243-x86*.msu"),
        ("Windows Server 2019", "10.0.17763", "x64", "windows10.0-kb5129243-x64*.msu"),
        ("Windows Server 2022", "10.0.20348", "x64", "windows10.0-kb5129243-x64*.msu"),
        ("Windows 11", "10.0.26100", "arm64", "windows11.0-kb5129243-arm64*.msu"),
        ("Windows Server 2025", "10.0.26100", "x64", "windows11.0-kb5129243-x64*.msu"),
    ] {
        let facts = format!(
            r#"{{"os":{{"product":"{product}","version":"{version}","architecture":"{architecture}"}}}}"#
        );
        let steps = doctor::checklist(Catalog::embedded(), &host("host", &facts), "KB5129243".parse().ok());
        let by_hand = steps.iter().find(|f| f.check == Check::StepManual).expect("a step");
        let says = &by_hand.evidence[0].says;
        assert_eq!(
            *says,
            doctor::Says::PackageName { name: name.to_owned(), architecture_known: true },
            "{product}"
        );
    }
}

#[test]
fn the_host_may_state_a_day_and_a_clock_that_went_wrong_is_not_believed() {
    let catalog = Catalog::embedded();
    let of = |day: &str| {
        let facts = format!(r#"{{"facts":{{"management":{{"collected":"{day}T10:00:00Z"}}}}}}"#);
        Today::of_host(catalog, &host("host", &facts))
    };
    let later = catalog.as_of().tomorrow().expect("a day").to_string();
    assert_eq!((of(&later).date.to_string(), of(&later).from), (later.clone(), TodayFrom::Host));
    assert_eq!(of("2019-01-01"), Today::of(catalog), "the catalog's facts are later");
    assert_eq!(of("2099-01-01"), Today::of(catalog));
    assert_eq!(of("soon"), Today::of(catalog));
}

#[test]
fn a_pause_stops_what_would_arrive() {
    let output = on_stdin(&["--format", "json"], text_of("policies", facts_of("policies"))).code(1);
    let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    let paused =
        json["checks"].as_array().expect("checks").iter().find(|c| c["code"] == "quality-updates-paused");
    assert_eq!(paused.map(|c| &c["severity"]), Some(&"stops".into()));
    let steps = json["steps"].to_string();
    assert!(steps.contains("Resume quality updates") && steps.contains("UseWUServer"), "{steps}");
}

// laws

#[test]
fn nothing_is_advised_without_a_source_and_no_danger_is_kept_back() {
    let dangerous =
        ["revertpendingactions", "softwaredistribution", "reg add", "reg delete", "rd /s", "shutdown"];
    for (name, host) in all() {
        let report = report(&host);
        let remedies = report.checks.iter().flat_map(|c| &c.advice.remedy);
        let listed = report.checklist.iter().flat_map(|a| &a.remedy);
        for r in remedies.chain(listed).chain(&report.steps) {
            let own = r.command.as_deref().is_some_and(|c| c.starts_with("kbwhy "));
            assert!(own || r.source.starts_with("https://"), "{name}: {r:?}");
            let command = r.command.as_deref().unwrap_or_default().to_lowercase();
            if dangerous.iter().any(|d| command.contains(d)) {
                assert!(r.danger.is_some(), "{name}: {r:?}");
            }
        }
    }
}

#[test]
fn every_finding_has_evidence_and_what_stops_is_told_first() {
    for (name, host) in all() {
        let findings = examined(&host).findings;
        assert!(findings.iter().all(|f| !f.evidence.is_empty()), "{name}");
        let first_other = findings.iter().position(|f| !f.stops()).unwrap_or(findings.len());
        assert!(findings[first_other..].iter().all(|f| !f.stops()), "{name}");
        // an unknown that keeps the verdict open says what would settle it, or that nothing would
        let codes: Vec<&str> = findings.iter().map(|f| f.check.code()).collect();
        assert_eq!(codes.iter().filter(|c| **c == "end-of-support").count().max(1), 1, "{name}");
    }
}

#[test]
fn the_order_of_inputs_does_not_matter() {
    let parts = [
        r#"{"schema":"kbwhy/host/1","name":"SRV","os":{"product":"Windows Server 2016 Standard","version":"10.0.14393"}}"#,
        r#"{"schema":"kbwhy/host/1","name":"SRV","os":{"revision":4350,"architecture":"x64"},"updates":{"installed":["KB5001347"]}}"#,
        r#"{"schema":"kbwhy/host/1","name":"SRV","facts":{"pending_reboot":true,"servicing_stack":"10.0.14393.4349"}}"#,
    ];
    let told = |order: [usize; 3]| {
        let hosts = order.map(|i| {
            let name = format!("part{i}.json");
            inventory::read(&Input { name: &name, bytes: parts[i].as_bytes() }).expect("a host").host
        });
        serde_json::to_value(report(&inventory::merge(hosts.into()))).expect("JSON")
    };
    let one = told([0, 1, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(told(order), one, "{order:?}");
    }
}

#[test]
fn two_examinations_are_equal() {
    for (name, host) in all() {
        let json = |h: &Host| serde_json::to_value(report(h)).expect("JSON");
        assert_eq!(json(&host), json(&host), "{name}");
    }
}

#[test]
fn the_core_reads_no_clock() {
    let mut files = vec![root().join("src/render/doctor.rs")];
    for folder in ["src/doctor", "src/explain/doctor"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            files.push(entry.expect("a file").path());
        }
    }
    assert!(files.len() >= 7);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        for clock in ["now()", "std::time", "SystemTime", "Instant", "std::env", "std::fs"] {
            assert!(!text.contains(clock), "{}: {clock}", file.display());
        }
    }
}

/// Facts that may be laid over a host, and the check that is about each.
const FACTS: &[(&str, &str)] = &[
    ("facts.pending_reboot=true", "pending-reboot"),
    ("facts.pending_reboot=false", "pending-reboot"),
    ("facts.store_corrupt=true", "store-corruption"),
    ("facts.store_corrupt=false", "store-corruption"),
    ("facts.free_space=1000", "space"),
    ("facts.free_space=99999999999", "space"),
    ("facts.remote_session=true", "remote-session"),
    ("facts.esu=true", "not-entitled"),
    ("facts.esu=false", "not-entitled"),
    ("facts.sha2_support=true", "missing-sha2-support"),
    ("facts.azure_arc=true", "not-entitled"),
];

fn by_check(findings: &[Finding]) -> BTreeMap<Check, Vec<&Finding>> {
    let mut out: BTreeMap<Check, Vec<&Finding>> = BTreeMap::new();
    for f in findings {
        out.entry(f.check).or_default().push(f);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// What passed fails after a fact was added only where that fact, or what follows for a later update, is the evidence.
    #[test]
    fn a_fact_contradicts_only_what_it_is_about(of in 0..HOSTS.len(), fact in 0..FACTS.len()) {
        let (name, facts, ..) = HOSTS[of];
        let (fact, about) = FACTS[fact];
        let before = host(name, facts);
        let mut after = before.clone();
        inventory::set_fact(&mut after, fact).expect("a fact");
        let (before, after) = (examined(&before), examined(&after));
        let (was, is) = (by_check(&before.findings), by_check(&after.findings));
        for (check, findings) in &is {
            let passed = was.get(check).is_some_and(|w| w.iter().all(|f| f.outcome == Outcome::Pass));
            let failing: Vec<_> = findings.iter().filter(|f| f.outcome == Outcome::Fail).collect();
            if passed && !failing.is_empty() && before.next == after.next {
                prop_assert_eq!(check.code(), about, "{} {}", name, fact);
                let from_fact = |f: &&&Finding| f.evidence.iter().any(|e| matches!(&e.from, From::Host(o) if &*o.input == "--set"));
                prop_assert!(failing.iter().all(from_fact), "{} {}", name, fact);
            }
        }
    }

    /// Support only ever ends.
    #[test]
    fn as_days_pass_support_only_ends(of in 0..HOSTS.len(), a in 0i32..9_000, b in 0i32..9_000) {
        let (name, facts, ..) = HOSTS[of];
        let host = host(name, facts);
        let day = |n: i32| {
            let date = jiff::civil::date(2012, 1, 1).checked_add(jiff::Span::new().days(n)).expect("a day");
            Today { date, from: TodayFrom::Given }
        };
        // pass, soon, open, stops
        let rank = |n: i32| {
            outcome(&host, day(n), Check::Lifecycle).map(|o| match o {
                (Outcome::Fail, Severity::Stops) => 2,
                (Outcome::Unknown, _) => 1,
                _ => 0,
            })
        };
        if let (Some(early), Some(late)) = (rank(a.min(b)), rank(a.max(b))) {
            prop_assert!(early <= late, "{name}");
        }
    }

    /// Whatever day it is judged by, it is judged, and the same twice.
    #[test]
    fn any_day_will_do(of in 0..HOSTS.len(), year in 1990i16..2200, month in 1i8..13) {
        let (name, facts, ..) = HOSTS[of];
        let host = host(name, facts);
        let today = Today { date: jiff::civil::date(year, month, 28), from: TodayFrom::Given };
        let catalog = Catalog::embedded();
        let told = || {
            let examined = doctor::examine(catalog, &host, today);
            serde_json::to_value(explain::doctor_report(catalog, &host, &examined, Vec::new())).expect("JSON")
        };
        prop_assert_eq!(told(), told());
    }
}

// real captures

#[test]
fn real_inventories_are_examined() {
    let Some(data) = std::env::var_os("KBWHY_FIELD_DATA") else {
        eprintln!("skipped: KBWHY_FIELD_DATA is not set");
        return;
    };
    let mut folders = vec![Path::new(&data).join("testdata/inventories")];
    let mut examined_hosts = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of captures") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a capture");
            let name = path.display().to_string();
            // some are there to be refused
            let Ok(parsed) = inventory::read(&Input { name: &name, bytes: &bytes }) else { continue };
            let report = report(&parsed.host);
            let text = kbwhy::render::doctor_text(&report, kbwhy::render::Style::default());
            assert!(text.contains("Judged as of"), "{name}");
            let told: Vec<&str> = report.checks.iter().map(|c| c.advice.code).collect();
            assert!(told.contains(&"store-corruption"), "{name}: {told:?}");
            if report.prospect == "clear" {
                assert!(report.next.is_some(), "{name}: nothing is clear of what is not known");
            }
            examined_hosts += 1;
        }
    }
    assert!(examined_hosts >= 120, "{examined_hosts}");
}
