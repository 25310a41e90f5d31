//! Rows of the guidance on both sides of their conditions.

use super::*;
use crate::{
    inventory::{self, Input},
    model::{Fact, FeatureState, RegistryValue, UpdateKey},
};
use std::sync::Arc;

const GP: UpdateKey = UpdateKey::GroupPolicy;
const AU: UpdateKey = UpdateKey::AutomaticUpdates;
const MDM: UpdateKey = UpdateKey::DeviceManagement;

/// A host of a build whose policy keys were read whole: what is not listed is absent.
fn host(version: &str, revision: u32, values: &[(UpdateKey, &str, &str)]) -> Host {
    let product = if version.contains("20348") { "Windows Server 2022" } else { "" };
    let document = format!(
        r#"{{"schema":"kbwhy/host/1","name":"H","os":{{"version":"{version}","revision":{revision}{}}}}}"#,
        if product.is_empty() { String::new() } else { format!(r#","product":"{product}""#) }
    );
    let mut host = inventory::read(&Input { name: "h.json", bytes: document.as_bytes() }).unwrap().host;
    let origin = Origin::whole(&Arc::from("p.reg"), "registry export");
    for key in [GP, AU, MDM] {
        for name in key.names() {
            host.registry.insert(key.place(name), Fact::new(RegistryValue::Absent, origin.clone()));
        }
    }
    for (key, name, value) in values {
        let value: RegistryValue = value.parse().unwrap();
        host.registry.insert(key.place(name), Fact::new(value, origin.clone()));
    }
    host
}

const SERVER: [(UpdateKey, &str, &str); 2] =
    [(GP, "WUServer", "sz:http://wsus:8530"), (AU, "UseWUServer", "dword:1")];

/// Sources as one letter a class (feature, quality, driver, other): S WSUS, W Windows Update, ? unknown; and conflicts.
fn routed(version: &str, revision: u32, values: &[(UpdateKey, &str, &str)]) -> (String, Vec<Conflict>) {
    let host = host(version, revision, values);
    let routing = routing(&host, &identity::identify(Catalog::embedded(), &host));
    let letter = |r: &Routed| match r.source {
        Source::Wsus => 'S',
        Source::WindowsUpdate => 'W',
        Source::Unknown => '?',
    };
    let conflicts = routing.conflicts.iter().map(|(c, _)| c.clone()).collect();
    (routing.classes.iter().map(letter).collect(), conflicts)
}

fn with_server(
    values: &[(UpdateKey, &'static str, &'static str)],
) -> Vec<(UpdateKey, &'static str, &'static str)> {
    SERVER.into_iter().chain(values.iter().copied()).collect()
}

fn sources(numbers: [&'static str; 4], key: UpdateKey) -> Vec<(UpdateKey, &'static str, &'static str)> {
    Class::ALL.into_iter().zip(numbers).map(|(c, n)| (key, c.policy(), n)).collect()
}

#[test]
fn without_source_policies_the_server_and_deferrals_decide() {
    let defer = [(GP, "DeferQualityUpdates", "dword:1")];
    let off = [(GP, "DeferQualityUpdates", "dword:1"), (GP, "DisableDualScan", "dword:1")];
    let other = [(GP, "DeferQualityUpdates", "dword:1"), (AU, "AllowMUUpdateService", "dword:1")];
    // the rows of Microsoft's table: Windows 10, Server 2016, 2019 and 2022, Windows 11, Server 2025
    for (version, revision) in
        [("10.0.19045", 5000), ("10.0.14393", 5000), ("10.0.17763", 5000), ("10.0.20348", 2000)]
    {
        assert_eq!(routed(version, revision, &[]), ("WWWW".into(), vec![]), "{version}");
        assert_eq!(routed(version, revision, &SERVER), ("SSSS".into(), vec![]), "{version}");
        assert_eq!(
            routed(version, revision, &with_server(&defer)),
            ("WWSS".into(), vec![Conflict::DualScan]),
            "{version}"
        );
        assert_eq!(routed(version, revision, &with_server(&off)), ("SSSS".into(), vec![]), "{version}");
        assert_eq!(routed(version, revision, &with_server(&other)).0, "WWSW", "{version}");
    }
    for version in ["10.0.22631", "10.0.26100"] {
        assert_eq!(routed(version, 4000, &with_server(&off)), ("WWSS".into(), vec![Conflict::DualScan]));
        assert_eq!(routed(version, 4000, &SERVER).0, "SSSS");
    }
    // before Windows 10 there is no such thing
    assert_eq!(routed("6.3.9600", 0, &with_server(&defer)).0, "SSSS");
    // the first release of Windows 10 knew no dual scan: no page tells what it does
    assert_eq!(routed("10.0.10240", 17000, &with_server(&defer)).0, "??S?");
}

#[test]
fn a_server_that_is_not_used_is_told() {
    let ignored = [(GP, "WUServer", "sz:http://wsus:8530"), (AU, "UseWUServer", "dword:0")];
    assert_eq!(routed("10.0.19045", 5000, &ignored), ("WWWW".into(), vec![Conflict::ServerIgnored]));
    let only_name = [(GP, "WUServer", "sz:http://wsus:8530")];
    assert_eq!(routed("10.0.19045", 5000, &only_name).1, [Conflict::ServerIgnored]);
    let managed = [(MDM, "UpdateServiceUrl", "sz:http://wsus:8530")];
    assert_eq!(routed("10.0.19045", 5000, &managed), ("SSSS".into(), vec![]));
}

#[test]
fn source_policies_count_where_they_can() {
    let switch = [(AU, "UseUpdateClassPolicySource", "dword:1")];
    let split = sources(["dword:0", "dword:0", "dword:1", "dword:1"], GP);
    let all = with_server(&[&split[..], &switch].concat());
    assert_eq!(routed("10.0.19045", 5000, &all), ("WWSS".into(), vec![]));
    assert_eq!(routed("10.0.22631", 4000, &all), ("WWSS".into(), vec![]));
    assert_eq!(routed("10.0.19043", 1202, &all).0, "WWSS");
    // a revision before the policy, and a version that never got it
    assert_eq!(routed("10.0.19043", 1200, &all), ("SSSS".into(), vec![Conflict::NotSupported]));
    assert_eq!(routed("10.0.17763", 5000, &all), ("SSSS".into(), vec![Conflict::NotSupported]));
    // without the switch, or with it at the wrong key
    assert_eq!(
        routed("10.0.19045", 5000, &with_server(&split)),
        ("SSSS".into(), vec![Conflict::SwitchMissing])
    );
    let misplaced = [&split[..], &[(GP, "UseUpdateClassPolicySource", "dword:1")]].concat();
    assert_eq!(
        routed("10.0.19045", 5000, &with_server(&misplaced)),
        ("SSSS".into(), vec![Conflict::SwitchMisplaced])
    );
    // DisableDualScan cuts the way on Windows 10, and does nothing on Windows 11
    let cut = [&all[..], &[(GP, "DisableDualScan", "dword:1")]].concat();
    assert_eq!(routed("10.0.19045", 5000, &cut), ("SSSS".into(), vec![Conflict::DualScanOff]));
    assert_eq!(routed("10.0.22631", 4000, &cut), ("WWSS".into(), vec![]));
    // only some of the four
    let partial = with_server(&[&split[..3], &switch].concat());
    let (letters, conflicts) = routed("10.0.19045", 5000, &partial);
    assert_eq!(letters, "????");
    assert_eq!(conflicts, [Conflict::Partial(vec![Class::Other.policy()])]);
    // device management needs no switch; two that disagree are open
    let managed = sources(["dword:0", "dword:0", "dword:0", "dword:1"], MDM);
    assert_eq!(routed("10.0.22631", 4000, &with_server(&managed)), ("WWWS".into(), vec![]));
    let both = [&all[..], &managed].concat();
    assert_eq!(routed("10.0.22631", 4000, &both), ("????".into(), vec![Conflict::Disagree]));
}

#[test]
fn a_public_source_that_is_cut_off_is_told() {
    let off = (GP, "DoNotConnectToWindowsUpdateInternetLocations", "dword:1");
    let defer = (GP, "DeferFeatureUpdates", "dword:1");
    let (_, conflicts) = routed("10.0.19045", 5000, &with_server(&[off, defer]));
    assert_eq!(conflicts, [Conflict::DualScan, Conflict::InternetOff]);
    assert_eq!(routed("10.0.19045", 5000, &with_server(&[off])).1, []);
}

#[test]
fn what_was_not_read_is_open() {
    let mut host = host("10.0.19045", 5000, &SERVER);
    host.registry
        .retain(|place, fact| fact.value != RegistryValue::Absent || place.contains("policymanager"));
    let routing = routing(&host, &identity::identify(Catalog::embedded(), &host));
    assert!(routing.classes.iter().filter(|r| r.class != Class::Driver).all(|r| r.source == Source::Unknown));
    assert!(routing.asks.contains(&Ask::Policies));
    let nothing =
        super::routing(&Host::default(), &identity::identify(Catalog::embedded(), &Host::default()));
    assert!(nothing.classes.iter().all(|r| r.source == Source::Unknown));
}

fn asked<'a>(host: &'a Host, symptom: Symptom) -> Asked<'a> {
    Asked {
        catalog: Catalog::embedded(),
        host,
        symptom: Some(symptom),
        error: None,
        update: None,
        web_configs: &[],
        iis_logs: &[],
        client_logs: &[],
        wsus_version: None,
        console_version: None,
    }
}

fn outcome(host: &Host, symptom: Symptom, check: Check) -> Option<Outcome> {
    super::check(&asked(host, symptom)).into_iter().find(|f| f.check == check).map(|f| f.outcome)
}

#[test]
fn a_pause_lasts_as_windows_keeps_it_or_35_days() {
    let status = UpdateKey::PauseStatus;
    let of = |values: &[(UpdateKey, &str, &str)], today: Option<&str>| {
        let mut host = host("10.0.19045", 5000, values);
        let origin = Origin::whole(&Arc::from("x"), "x");
        for (key, names) in [(status, status.names()), (UpdateKey::Settings, UpdateKey::Settings.names())] {
            for name in names {
                host.registry
                    .entry(key.place(name))
                    .or_insert(Fact::new(RegistryValue::Absent, origin.clone()));
            }
        }
        if let Some(today) = today {
            host.management.insert("collected".into(), Fact::new(today.to_owned(), origin.clone()));
        }
        outcome(&host, Symptom::NotArriving, Check::Paused(Class::Quality))
    };
    assert_eq!(of(&[], None), Some(Outcome::Pass));
    assert_eq!(of(&[(status, "PausedQualityStatus", "dword:1")], None), Some(Outcome::Fail));
    assert_eq!(of(&[(status, "PausedQualityStatus", "dword:2")], None), Some(Outcome::Pass));
    let begun = [(GP, "PauseQualityUpdatesStartTime", "sz:2026-10-01")];
    assert_eq!(of(&begun, None), Some(Outcome::Unknown));
    assert_eq!(of(&begun, Some("2026-10-20T08:00:00")), Some(Outcome::Fail));
    assert_eq!(of(&begun, Some("2026-11-05T08:00:00")), Some(Outcome::Pass));
    // Windows Update's own word goes before what was authored
    let resumed = [begun[0], (status, "PausedQualityStatus", "dword:2")];
    assert_eq!(of(&resumed, Some("2026-10-20T08:00:00")), Some(Outcome::Pass));
    let until = [(UpdateKey::Settings, "PauseUpdatesExpiryTime", "sz:2026-12-01T00:00:00Z")];
    assert_eq!(of(&until, Some("2026-11-05T08:00:00")), Some(Outcome::Fail));
    assert_eq!(of(&until, Some("2026-12-01T08:00:00")), Some(Outcome::Pass));
    assert_eq!(of(&[(GP, "PauseQualityUpdates", "dword:1")], Some("2026-12-01")), Some(Outcome::Unknown));
}

#[test]
fn a_deferral_needs_its_switch_and_ends() {
    let of = |values: &[(UpdateKey, &str, &str)], today: Option<&str>, kb: Option<u32>| {
        let mut host = host("10.0.19045", 5000, values);
        if let Some(today) = today {
            let origin = Origin::whole(&Arc::from("x"), "x");
            host.management.insert("collected".into(), Fact::new(today.to_owned(), origin));
        }
        let asked = Asked { update: kb.and_then(KbId::new), ..asked(&host, Symptom::NotArriving) };
        let found = super::check(&asked).into_iter().find(|f| f.check == Check::Deferred(Class::Quality));
        found.map(|f| f.outcome)
    };
    let days = (GP, "DeferQualityUpdatesPeriodInDays", "dword:7");
    let switch = (GP, "DeferQualityUpdates", "dword:1");
    assert_eq!(of(&[days], None, None), Some(Outcome::Pass));
    assert_eq!(of(&[days, switch], None, None), Some(Outcome::Unknown));
    assert_eq!(
        of(&[(MDM, "DeferQualityUpdatesPeriodInDays", "dword:7")], None, None),
        Some(Outcome::Unknown)
    );
    // KB5029244 is of 2023-08-08
    assert_eq!(of(&[days, switch], Some("2023-08-10"), Some(5_029_244)), Some(Outcome::Fail));
    assert_eq!(of(&[days, switch], Some("2023-08-15"), Some(5_029_244)), Some(Outcome::Pass));
    assert_eq!(of(&[days, switch], None, Some(5_029_244)), Some(Outcome::Unknown));
}

#[test]
fn joins_tools_holds_and_deployments_are_checked_on_both_sides() {
    let base = host("10.0.19045", 5000, &[]);
    let origin = Origin::whole(&Arc::from("x"), "x");
    let of = |change: &dyn Fn(&mut Host), check| {
        let mut host = base.clone();
        change(&mut host);
        outcome(&host, Symptom::NotArriving, check)
    };
    let managed = |name: &'static str, value: &'static str| {
        let origin = origin.clone();
        move |h: &mut Host| {
            h.management.insert(name.into(), Fact::new(value.to_owned(), origin.clone()));
        }
    };
    assert_eq!(of(&|_| {}, Check::Enrolment), Some(Outcome::Unknown));
    assert_eq!(of(&managed("azureadjoined", "NO"), Check::Enrolment), Some(Outcome::Fail));
    assert_eq!(of(&managed("azureadjoined", "YES"), Check::Enrolment), Some(Outcome::Unknown));
    for (state, expected) in [
        ("offering", Outcome::Pass),
        ("paused", Outcome::Fail),
        ("scheduled", Outcome::Fail),
        ("?", Outcome::Unknown),
    ] {
        assert_eq!(of(&managed("deploymentstate", state), Check::DeploymentState), Some(expected));
    }
    assert_eq!(
        of(&managed("lastsearchsuccessdate", "2026-11-20T01:00:00"), Check::LastScan),
        Some(Outcome::Pass)
    );
    let tools = |state| {
        let path = crate::model::file_path(r"%programfiles%\Microsoft Update Health Tools");
        let fact = Fact::new(state, origin.clone());
        move |h: &mut Host| {
            h.files.insert(path.clone(), fact.clone());
        }
    };
    assert_eq!(of(&tools(crate::model::FileState::Present), Check::HealthTools), Some(Outcome::Pass));
    assert_eq!(of(&tools(crate::model::FileState::Absent), Check::HealthTools), Some(Outcome::Fail));
    let hold = |id: &'static str| {
        let fact = Fact::new(RegistryValue::Text(id.into()), origin.clone());
        move |h: &mut Host| {
            let key = r"hklm\software\microsoft\windows nt\currentversion\appcompatflags\targetversionupgradeexperienceindicators\ni22h2";
            h.registry.insert(crate::model::registry_place(key, "GatedBlockId"), fact.clone());
        }
    };
    assert_eq!(of(&hold("40667045"), Check::SafeguardHold), Some(Outcome::Fail));
    assert_eq!(of(&hold("None"), Check::SafeguardHold), Some(Outcome::Unknown));
    let out = host("10.0.19045", 5000, &[(GP, "DisableWUfBSafeguards", "dword:1")]);
    assert_eq!(outcome(&out, Symptom::NotArriving, Check::SafeguardHold), Some(Outcome::Pass));
    let pinned = [(GP, "TargetReleaseVersion", "dword:1"), (GP, "TargetReleaseVersionInfo", "sz:22H2")];
    let pinned = host("10.0.19045", 5000, &pinned);
    assert_ne!(outcome(&pinned, Symptom::NotArriving, Check::TargetVersion), Some(Outcome::Pass));
    // servers get no feature updates from Windows Update
    let server = host("10.0.20348", 2000, &[]);
    assert_eq!(outcome(&server, Symptom::NotArriving, Check::SafeguardHold), None);
}

fn server(product: &str, version: &str, more: &str) -> Host {
    let document = format!(
        r#"{{"schema":"kbwhy/host/1","name":"WSUS","os":{{"product":"{product}","version":"{version}"{more}}}"#
    );
    inventory::read(&Input { name: "h.json", bytes: document.as_bytes() }).unwrap().host
}

#[test]
fn wsus_needs_its_update_or_any_later_one() {
    let of = |host: &Host| outcome(host, Symptom::Wsus, Check::WsusVersion);
    let r2 = |updates: &str, complete: bool| {
        server(
            "Windows Server 2012 R2 Standard",
            "6.3.9600",
            &format!(
                r#","architecture":"x64"}},"updates":{{"installed":[{updates}],"complete":{complete}}}"#
            ),
        )
    };
    assert_eq!(of(&r2("", true)), Some(Outcome::Fail));
    assert_eq!(of(&r2("\"KB4039871\"", false)), Some(Outcome::Pass));
    // a monthly rollup of 2019-01 has it, one of 2017-05 has not
    assert_eq!(of(&r2("\"KB4480963\"", true)), Some(Outcome::Pass));
    assert_eq!(of(&r2("\"KB4019215\"", true)), Some(Outcome::Fail));
    assert_eq!(of(&r2("", false)), Some(Outcome::Unknown));
    let of_2016 = |revision: u32| {
        let more = format!(r#","architecture":"x64","revision":{revision}}}"#);
        of(&server("Windows Server 2016 Standard", "10.0.14393", &more))
    };
    assert_eq!(
        (of_2016(1600), of_2016(1670), of_2016(7000)),
        (Some(Outcome::Fail), Some(Outcome::Pass), Some(Outcome::Pass))
    );
    assert_eq!(
        of(&server("Windows Server 2019 Standard", "10.0.17763", r#","revision":1}"#)),
        Some(Outcome::Pass)
    );
    // a client's inventory says nothing of the server
    assert_eq!(of(&host("10.0.19045", 5000, &[])), Some(Outcome::Unknown));
    let mut without = r2("", true);
    let origin = Origin::whole(&Arc::from("x"), "x");
    without.features.insert("UpdateServices".into(), Fact::new(FeatureState::Disabled, origin));
    assert_eq!(of(&without), Some(Outcome::Unknown));
}

#[test]
fn versions_of_wsus_3_are_compared_by_their_numbers() {
    let host = Host::default();
    let of = |server: Option<&str>, console: Option<&str>| {
        let asked = Asked {
            wsus_version: server.map(|v| v.parse().unwrap()),
            console_version: console.map(|v| v.parse().unwrap()),
            ..asked(&host, Symptom::Wsus)
        };
        let all = super::check(&asked);
        let one = |check| all.iter().find(|f| f.check == check).map(|f| f.outcome);
        (one(Check::WsusVersion), one(Check::WsusConsole))
    };
    assert_eq!(of(Some("3.2.7600.226"), Some("3.2.7600.283")), (Some(Outcome::Fail), Some(Outcome::Pass)));
    assert_eq!(of(Some("3.2.7600.307"), Some("3.2.7600.274")), (Some(Outcome::Pass), Some(Outcome::Fail)));
    // that of later systems is no 3.x: their updates count
    assert_eq!(of(Some("10.0.14393.2007"), None).0, Some(Outcome::Unknown));
}

#[test]
fn services_and_sites_are_checked_on_both_sides() {
    let of = |pairs: &[(&str, &str)]| {
        let origin = Origin::whole(&Arc::from("x"), "x");
        let services =
            pairs.iter().map(|(n, s)| ((*n).to_owned(), Fact::new((*s).to_owned(), origin.clone())));
        let host = Host { services: services.collect(), ..Host::default() };
        (outcome(&host, Symptom::Wsus, Check::WsusServices), outcome(&host, Symptom::Wsus, Check::WsusSite))
    };
    let (pass, fail, open) = (Some(Outcome::Pass), Some(Outcome::Fail), Some(Outcome::Unknown));
    assert_eq!(of(&[]), (open, open));
    assert_eq!(of(&[("wsusservice", "running"), ("w3svc", "running")]).0, pass);
    assert_eq!(of(&[("wsusservice", "running"), ("w3svc", "stopped")]).0, fail);
    assert_eq!(of(&[("wsusservice", "running")]).0, open);
    assert_eq!(of(&[("site:wsus administration", "started"), ("site:default web site", "stopped")]).1, pass);
    assert_eq!(of(&[("site:wsus administration", "stopped"), ("site:default web site", "started")]).1, fail);
    assert_eq!(of(&[("site:shop", "started")]).1, open);
}

#[test]
fn the_limit_fails_only_with_the_fault() {
    let host = Host::default();
    let config = |value: u32| {
        let text = format!(
            "<configuration><appSettings>\n  <add value=\"{value}\" key=\"maxInstalledPrerequisites\" />\n</appSettings></configuration>"
        );
        read_web_config(&Arc::from("web.config"), &text).unwrap()
    };
    let log = |line: &str| {
        let mut reader = ClientReader::new("WindowsUpdate.log");
        reader.feed(line.as_bytes());
        reader.finish()
    };
    let of = |value: u32, error: Option<&str>, logs: &[ClientLog]| {
        let configs = [config(value)];
        let asked = Asked {
            error,
            symptom: None,
            web_configs: &configs,
            client_logs: logs,
            ..asked(&host, Symptom::Wsus)
        };
        let all = super::check(&asked);
        all.into_iter()
            .filter(|f| f.check == Check::PrerequisiteLimit)
            .map(|f| (f.outcome, f.remedies))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(400, None, &[])[0].0, Outcome::Pass);
    for error in ["0x80244007", "-2145107961", "SyncUpdates_WithRecovery failed"] {
        let found = of(400, Some(error), &[]);
        assert_eq!(found[0].0, Outcome::Fail, "{error}");
        let change = found[0].1.iter().find_map(|r| match r {
            Remedy::RaiseLimit { line, old, new, .. } => Some((*line, old.as_str(), new.as_str())),
            _ => None,
        });
        let (old, new) = (
            "  <add value=\"400\" key=\"maxInstalledPrerequisites\" />",
            "  <add value=\"800\" key=\"maxInstalledPrerequisites\" />",
        );
        assert_eq!(change, Some((2, old, new)));
    }
    assert_eq!(of(800, Some("0x80244007"), &[])[0].0, Outcome::Fail);
    let other = [log("detail: <Message>parameters.OtherCachedUpdateIDs</Message>\n0x80244007\n")];
    let found = of(400, None, &other);
    assert_eq!((found[0].0, found[1].0), (Outcome::Fail, Outcome::Pass));
    assert!(found[0].1.contains(&Remedy::DeclineSuperseded));
}

#[test]
fn failing_rows_come_first_and_dangers_are_told() {
    let host = host("10.0.19045", 5000, &with_server(&[(GP, "DeferQualityUpdates", "dword:1")]));
    for symptom in [Symptom::NotArriving, Symptom::Unexpected, Symptom::Wsus, Symptom::Mux] {
        let all = super::check(&asked(&host, symptom));
        assert!(!all.is_empty() && all.is_sorted_by_key(|f| f.outcome), "{symptom:?}");
        // what fails says what to do, what is open says what would settle it
        for f in &all {
            match f.outcome {
                Outcome::Fail => assert!(!f.remedies.is_empty(), "{f:?}"),
                Outcome::Unknown => assert!(!f.asks.is_empty() || !f.remedies.is_empty(), "{f:?}"),
                Outcome::Pass => {}
            }
        }
    }
    for dangerous in
        [Remedy::TakeOver, Remedy::OptOutOfHold, Remedy::ResetClient, Remedy::RestartIis, Remedy::SetSwitch]
    {
        assert!(dangerous.danger().is_some() && dangerous.source().starts_with("https://"), "{dangerous:?}");
    }
}
