//! What an update brings, services or repairs, against what the host states of that component.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use kbwhy::{
    catalog::Catalog,
    inventory::{Input, read},
    model::Host,
    resolve::{explain, question::Question, verdict::Verdict},
};

fn host(os: &str, rest: &str) -> Host {
    let text = format!(r#"{{"schema":"kbwhy/host/1","os":{{{os},"architecture":"x64"}}{rest}}}"#);
    read(&Input { name: "host.json", bytes: text.as_bytes() }).unwrap().host
}

/// Verdict, decisive cause and the updates that it names: `not-applicable product-not-installed`.
fn told(host: &Host, kb: &str) -> String {
    let question = Question { kb: kb.parse().ok(), ..Question::default() };
    let decision = explain(Catalog::embedded(), host, &question).decision;
    let decided = decision.verdict != Verdict::Unknown;
    let cause = decision.causes.first().filter(|_| decided).map(|f| {
        let updates: Vec<String> = f.updates.iter().map(|kb| format!(" {kb}")).collect();
        format!(" {}{}", f.cause.code(), updates.concat())
    });
    format!("{}{}", decision.verdict.name(), cause.unwrap_or_default())
}

const SEVEN: &str = r#""product":"Windows 7","version":"6.1.7601","service_pack":1"#;
const SERVER_2012_R2: &str = r#""product":"Windows Server 2012 R2","version":"6.3.9600""#;
const SERVER_2016: &str = r#""product":"Windows Server 2016","version":"10.0.14393""#;
const SERVER_2019: &str = r#""product":"Windows Server 2019","version":"10.0.17763""#;
const CLIENT_22H2: &str = r#""product":"Windows 10, version 22H2","version":"10.0.19045""#;

fn table(rows: &[(&str, &str, &str, &str)]) {
    for (os, facts, kb, expected) in rows {
        assert_eq!(told(&host(os, facts), kb), *expected, "{kb} on {os} with {facts}");
    }
}

/// A rollup of .NET Framework 4.8 was `unknown` where 4.7.2 was stated: it might be installed unseen, or replaced.
#[test]
fn what_services_a_component_that_is_not_there_is_refused() {
    let refused = "not-applicable product-not-installed";
    table(&[
        (SERVER_2019, r#","facts":{"dotnet_framework":"4.7.2"}"#, "KB4537480", refused),
        (SERVER_2019, r#","facts":{"dotnet_framework":"4.7.2"}"#, "KB4601055", refused),
        (SERVER_2016, r#","facts":{"dotnet_framework":"4.7.2"}"#, "KB4532933", refused),
        (CLIENT_22H2, r#","facts":{"dotnet_framework":"4.8"}"#, "KB5042097", refused),
        (CLIENT_22H2, r#","facts":{"dotnet_framework":"4.8.1"}"#, "KB5042097", "unknown"),
        (CLIENT_22H2, "", "KB5042097", "unknown"),
    ]);
}

/// The feed names the version that an update of 2008 to 2016 is for.
#[test]
fn an_update_of_one_version_of_dotnet_is_refused_by_another() {
    let refused = "not-applicable product-not-installed";
    let with = |version: &str, complete: bool| {
        format!(
            r#","updates":{{"installed":["KB2919355"],"complete":{complete}}},"facts":{{"dotnet_framework":"{version}"}}"#
        )
    };
    table(&[
        (SERVER_2012_R2, &with("4.6.2", false), "KB3122654", refused),
        (SERVER_2012_R2, &with("4.8", true), "KB3142030", refused),
        (SERVER_2012_R2, &with("4.5.2", false), "KB3122654", "unknown"),
        (SEVEN, r#","facts":{"dotnet_framework":"4.8"}"#, "KB3037581", refused),
        (SEVEN, r#","facts":{"dotnet_framework":"3.5.1"}"#, "KB3037581", refused),
        // which version is there decides: without it nothing is called applicable
        (SERVER_2012_R2, r#","updates":{"installed":["KB2919355"],"complete":true}"#, "KB3122654", "unknown"),
    ]);
}

/// What brings a component was `unknown`, though the host states that it has that version or a later one.
#[test]
fn what_brings_a_component_is_judged_by_the_version_on_the_host() {
    table(&[
        (SEVEN, r#","facts":{"wmf":"5.1"}"#, "KB3191566", "already-installed already-installed KB3191566"),
        (SEVEN, r#","facts":{"wmf":"5.1"}"#, "KB2506143", "not-applicable superseded"),
        (SEVEN, r#","facts":{"ie":11}"#, "KB2841134", "already-installed already-installed KB2841134"),
        (SEVEN, r#","facts":{"ie":11}"#, "KB2718695", "not-applicable superseded"),
        (SEVEN, r#","facts":{"dotnet_framework":"4.7.2"}"#, "KB2901907", "not-applicable superseded"),
        (SERVER_2016, r#","facts":{"dotnet_framework":"4.7.2"}"#, "KB4486129", "unknown"),
        (
            SERVER_2016,
            r#","facts":{"dotnet_framework":"4.7.2"}"#,
            "KB4054590",
            "already-installed already-installed KB4054590",
        ),
        (SERVER_2016, r#","facts":{"dotnet_framework":"4.8"}"#, "KB4054590", "not-applicable superseded"),
        // the Client Profile is not the whole of its version
        (SEVEN, r#","facts":{"dotnet_framework":"4.0 Client Profile"}"#, "KB982671", "unknown"),
    ]);
}

/// Lists of what an updater installs with it had been taken for conditions.
#[test]
fn what_an_updater_adds_is_no_condition() {
    let six = r#""KB2729094","KB2731771","KB2533623","KB2670838","KB2786081""#;
    let with = |more: &str| {
        format!(
            r#","updates":{{"installed":[{six}{more}],"complete":true}},"facts":{{"pending_reboot":false}}"#
        )
    };
    table(&[
        (SEVEN, &with(r#","KB2834140""#), "KB2841134", "applicable"),
        (SEVEN, &with(""), "KB2841134", "not-applicable missing-prerequisite KB2834140"),
        (SEVEN, &with(""), "KB2718695", "applicable"),
        (SEVEN, r#","updates":{"installed":["KB2574819"],"complete":true}"#, "KB2830477", "applicable"),
        (
            SEVEN,
            r#","updates":{"complete":true}"#,
            "KB2830477",
            "not-applicable missing-prerequisite KB2574819",
        ),
    ]);
}

/// An unverified servicing stack, and a feature that is not known, keep an update from being called applicable.
#[test]
fn what_no_verified_source_says_keeps_applicable_back() {
    let complete = r#","updates":{"installed":["KB2919442","KB2919355"],"complete":true}"#;
    let desktop = r#","updates":{"installed":["KB2919442","KB2919355"],"complete":true},
        "facts":{"features":{"Desktop-Experience":"enabled"}}"#;
    table(&[
        (SEVEN, r#","updates":{"complete":true}"#, "KB3179573", "unknown"),
        (SEVEN, r#","updates":{"installed":["KB3020369"],"complete":true}"#, "KB3179573", "applicable"),
        (SERVER_2012_R2, complete, "KB4020821", "unknown"),
        (SERVER_2012_R2, desktop, "KB4020821", "applicable"),
    ]);
}

/// What an enablement package makes of a build has the same content: the feed lists the earlier releases only.
#[test]
fn updates_of_the_branch_are_not_for_another_windows() {
    let at = |release: &str, build: u32, revision: u32| {
        format!(r#""product":"Windows 10, version {release}","version":"10.0.{build}","revision":{revision}"#)
    };
    table(&[
        (&at("22H2", 19045, 5965), "", "KB4598481", "not-applicable superseded KB5060533"),
        (&at("1909", 18363, 900), "", "KB4497932", "unknown"),
        // another branch, and a release before the one that it is for
        (&at("1909", 18363, 900), "", "KB4598481", "not-applicable wrong-os"),
        (&at("2004", 19041, 508), "", "KB5014032", "not-applicable wrong-os"),
    ]);
}

#[test]
fn what_a_server_has_with_a_feature_only_is_not_taken_for_granted() {
    table(&[
        (SERVER_2016, r#","updates":{"complete":true}"#, "KB4480979", "unknown"),
        (
            r#""product":"Windows 8.1","version":"6.3.9600""#,
            r#","updates":{"installed":["KB2919355"],"complete":true}"#,
            "KB4480979",
            "applicable",
        ),
    ]);
}
