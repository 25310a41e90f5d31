//! Real captures with known answers. They are not part of the package: `KBWHY_FIELD_DATA` names the folder that holds
//! `testdata/inventories/MANIFEST.json`; without it this suite says that it was skipped.

#![allow(clippy::print_stderr, reason = "a suite that is skipped says so")]

use kbwhy::inventory::{Input, ReadError, read};
use kbwhy::model::{Gap, Host, PackageState};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn field_data() -> Option<PathBuf> {
    let folder = std::env::var_os("KBWHY_FIELD_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: KBWHY_FIELD_DATA is not set, no real capture was read");
    }
    folder.map(|f| f.join("testdata").join("inventories"))
}

fn samples(folder: &Path) -> Vec<(String, String, Value)> {
    let manifest = std::fs::read(folder.join("MANIFEST.json")).expect("the manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let samples = manifest["samples"].as_array().expect("samples");
    samples.iter().map(|s| (text(&s["path"]), text(&s["format"]), s["expect"].clone())).collect()
}

fn ids(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn in_state(host: &Host, state: PackageState) -> BTreeSet<String> {
    host.updates.iter().filter(|(_, f)| f.value == state).map(|(k, _)| k.to_string()).collect()
}

/// What differs from the known answer.
fn differences(host: &Host, expect: &Value) -> Vec<String> {
    let mut bad = Vec::new();
    let mut check = |what: &str, got: String, want: String| {
        if got != want {
            bad.push(format!("{what} is {got}, expected {want}"));
        }
    };
    if let Some(version) = expect["version"].as_str() {
        check(
            "version",
            host.version.as_ref().map_or("unknown".into(), |f| f.value.to_string()),
            version.into(),
        );
        let revision = expect["ubr"].as_u64().map_or("unknown".into(), |n| n.to_string());
        check("revision", host.revision.as_ref().map_or("unknown".into(), |f| f.value.to_string()), revision);
    }
    if let Some(arch) = expect["arch"].as_str() {
        check(
            "architecture",
            host.architecture.as_ref().map_or("unknown".into(), |f| f.value.to_string()),
            arch.into(),
        );
    }
    if let Some(pack) = expect["service_pack"].as_u64() {
        check(
            "service pack",
            host.service_pack.as_ref().map_or("unknown".into(), |f| f.value.to_string()),
            pack.to_string(),
        );
    }
    if expect["product"].is_string() {
        check("product is known", host.product.is_some().to_string(), "true".into());
        check(
            "edition is known",
            host.edition.is_some().to_string(),
            expect["edition"].is_string().to_string(),
        );
    }
    let free: BTreeSet<String> =
        ids(&expect["optional_kbs"]).union(&ids(&expect["office_kbs"])).cloned().collect();
    let (got, want) = (in_state(host, PackageState::Installed), ids(&expect["kbs"]));
    check("lost", format!("{:?}", &(&want - &got) - &free), "{}".into());
    check("too many", format!("{:?}", &(&got - &want) - &free), "{}".into());
    for (member, state) in
        [("pending_kbs", PackageState::InstallPending), ("superseded_kbs", PackageState::Superseded)]
    {
        check(member, format!("{:?}", in_state(host, state)), format!("{:?}", ids(&expect[member])));
    }
    if expect["other_ids"].is_array() {
        let got: BTreeSet<String> = host.other_ids.iter().cloned().collect();
        check("other ids", format!("{got:?}"), format!("{:?}", ids(&expect["other_ids"])));
    }
    let lists = &host.completeness.lists;
    if let (Some(entries), Some(list)) = (expect["entries"].as_u64(), lists.first()) {
        check("rows", list.shown.to_string(), entries.to_string());
        let declared = list.gaps.iter().find_map(|g| match g {
            Gap::CutByCount { declared, .. } => Some(u64::from(*declared)),
            _ => None,
        });
        let short = expect["declared_count"].as_u64().filter(|d| *d != entries);
        check("announced beyond the rows", format!("{declared:?}"), format!("{short:?}"));
    }
    if expect["complete"].as_bool() == Some(true) {
        let gaps: Vec<&Gap> = lists.iter().flat_map(|l| &l.gaps).collect();
        check("gaps", format!("{gaps:?}"), "[]".into());
    }
    check("called complete", host.completeness.complete.to_string(), "false".into());
    bad
}

#[test]
fn every_capture_gives_its_known_answer() {
    let Some(folder) = field_data() else { return };
    let (mut failures, mut count) = (Vec::new(), 0);
    for (path, format, expect) in samples(&folder) {
        count += 1;
        let bytes = std::fs::read(folder.join(&path)).expect("the capture");
        let refused = expect["is_inventory"] == false || expect["multi_machine"] == true;
        match read(&Input { name: &path, bytes: &bytes }) {
            Err(e) if refused => assert!(!e.to_string().contains('\n'), "{path}: {e:?}"),
            Err(e) => failures.push(format!("{path}: {e}")),
            Ok(_) if refused => failures.push(format!("{path}: not refused")),
            Ok(parsed) => {
                failures.extend(differences(&parsed.host, &expect).iter().map(|d| format!("{path}: {d}")))
            }
        }
        if format == "missing-updates" {
            let error = read(&Input { name: &path, bytes: &bytes }).err();
            assert!(matches!(error, Some(ReadError::MissingList { .. })), "{path}: {error:?}");
        }
    }
    assert!(count > 0, "the manifest names no capture of these formats");
    assert!(failures.is_empty(), "{} of {count} captures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn no_capture_makes_a_reader_panic_or_is_called_complete() {
    let Some(folder) = field_data() else { return };
    for (path, _, _) in samples(&folder) {
        let bytes = std::fs::read(folder.join(&path)).expect("the capture");
        let step = (bytes.len() / 8).max(1);
        for cut in (0..=bytes.len()).step_by(step) {
            if let Ok(parsed) = read(&Input { name: &path, bytes: &bytes[..cut] }) {
                assert!(!parsed.host.completeness.complete, "{path} cut at {cut}");
            }
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(cut) {
                *byte ^= 0x91;
            }
            let _ = read(&Input { name: &path, bytes: &flipped });
        }
    }
}

/// What people put around an output when they paste it.
fn wrapped(text: &str) -> Vec<(&'static str, String)> {
    let unix = text.replace("\r\r\n", "\n").replace("\r\n", "\n");
    let quoted: String = unix.lines().map(|l| format!("> {l}\n")).collect();
    vec![
        ("with leading blank lines", format!("\r\n\r\n  \r\n{text}")),
        (
            "below a prompt of PowerShell",
            format!("PS C:\\Windows\\system32> Get-Something | Out-Default\r\n{text}"),
        ),
        ("below a prompt of cmd", format!("C:\\Users\\admin>something /all\r\n\r\n{text}")),
        ("in a fence", format!("```\n{}\n```\n", text.trim_end())),
        ("in a fence with a language", format!("~~~text\n{}\n~~~\n", text.trim_end())),
        ("above a prompt", format!("{}\r\n\r\nPS C:\\> \r\n", text.trim_end())),
        ("with Unix line ends", unix.clone()),
        ("with Windows line ends", unix.replace('\n', "\r\n")),
        ("quoted", quoted),
    ]
}

/// The host's facts without the places and remarks.
fn facts(host: &Host) -> Value {
    let mut facts = kbwhy::inventory::to_host1(host);
    if let Some(members) = facts.as_object_mut() {
        members.remove("notes");
    }
    facts
}

#[test]
fn what_is_put_around_a_capture_changes_nothing() {
    let Some(folder) = field_data() else { return };
    let (mut failures, mut count) = (Vec::new(), 0);
    for (path, format, _) in samples(&folder) {
        let bytes = std::fs::read(folder.join(&path)).expect("the capture");
        let Ok(plain) = read(&Input { name: "x", bytes: &bytes }) else { continue };
        let text = kbwhy::inventory::decode(&bytes);
        for (how, changed) in wrapped(&text) {
            count += 1;
            match read(&Input { name: "x", bytes: changed.as_bytes() }) {
                Err(e) => failures.push(format!("{path} {how}: {e}")),
                Ok(p) if facts(&p.host) != facts(&plain.host) => {
                    failures.push(format!("{path} ({format}) {how}: other facts"));
                }
                Ok(_) => {}
            }
        }
    }
    assert!(count > 0 && failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_capture_that_is_cut_is_recognised_and_tells_nothing_new() {
    let Some(folder) = field_data() else { return };
    let (mut failures, mut count) = (Vec::new(), 0);
    for (path, _, _) in samples(&folder) {
        let bytes = std::fs::read(folder.join(&path)).expect("the capture");
        let Ok(plain) = read(&Input { name: "x", bytes: &bytes }) else { continue };
        let text = kbwhy::inventory::decode(&bytes);
        let all = in_state(&plain.host, PackageState::Installed);
        // of a few lines a cut may take the one that matters
        if text.lines().count() < 16 {
            continue;
        }
        for part in [70, 85, 95, 99] {
            let mut end = text.len() * part / 100;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            count += 1;
            match read(&Input { name: "x", bytes: &text.as_bytes()[..end] }) {
                // the log is known, the lines that tell are in the part that is gone
                Err(e) if e.to_string().contains("that tells the state of no update") => {}
                Err(e) => failures.push(format!("{path} cut at {part} %: {e}")),
                Ok(p) => {
                    let new = &in_state(&p.host, PackageState::Installed) - &all;
                    let revision = |h: &Host| h.revision.as_ref().map(|r| r.value);
                    if !new.is_empty() {
                        failures.push(format!("{path} cut at {part} %: invents {new:?}"));
                    }
                    if revision(&p.host).is_some() && revision(&p.host) != revision(&plain.host) {
                        failures.push(format!("{path} cut at {part} %: invents a revision"));
                    }
                }
            }
        }
    }
    assert!(count > 0 && failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
}
