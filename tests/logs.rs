//! Logs: the decisive lines of every kind that is read, whole and mangled, in pieces of any size; and what comes of them.
//!
//! The samples are our own, in the exact formats. Real logs are read where `KBWHY_FIELD_DATA` names the folder with them.

#![allow(clippy::unwrap_used, reason = "tests may panic")]
#![allow(clippy::print_stderr, reason = "a suite that is skipped says so")]

use kbwhy::{
    catalog::Catalog,
    diagnose::{
        LogEvidence, LogFinding as F, LogReader, LogStanding, logs::HEAD, logs::states::StatesReader, settle,
    },
    model::{Cause, Host, KbId, Version},
    resolve::{
        Answer, explain,
        question::{Outcome, Question},
        verdict::Verdict,
    },
};
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn reader(name: &str, bytes: &[u8]) -> LogReader {
    LogReader::detect(name, &bytes[..bytes.len().min(HEAD)]).unwrap_or_else(|e| panic!("{e}"))
}

fn evidence(name: &str, bytes: &[u8]) -> Vec<LogEvidence> {
    let mut reader = reader(name, bytes);
    reader.feed(bytes);
    settle(&[reader.finish()])
}

/// Everything that a log establishes and that still holds, in its order.
fn holds(text: &str) -> Vec<F> {
    let all = evidence("x.log", text.as_bytes());
    all.into_iter().filter(|e| e.standing == LogStanding::Current).map(|e| e.value).collect()
}

fn kb(number: u32) -> Option<KbId> {
    KbId::new(number)
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// Lines of CBS.log with its columns, a second apart.
fn cbs(lines: &[&str]) -> String {
    cbs_on("2018-06-20", lines)
}

fn cbs_on(day: &str, lines: &[&str]) -> String {
    (0..)
        .zip(lines)
        .map(|(i, l)| format!("{day} 10:{:02}:{:02}, Info                  CBS    {l}\r\n", i / 60, i % 60))
        .collect()
}

const ROLLUP: &str = "Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2312.1.14";
const STARTED: &str = "Exec: Processing started.  Client: UpdateAgentLCU, Session: 30671_1, Package: Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2312.1.14, Identifier: KB4284880";
const DETECT: &str = "Appl: detect Parent, Package: Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2312.1.14, Parent: Package_for_KB4132216~31bf3856ad364e35~amd64~~10.0.1.0, Disposition = Detect, VersionComp: EQ, BuildComp: GE, RevisionComp: GE, Exist: present";
const NO_PARENT: &str = "Appl: detectParent: no parent found, go absent";
const PARENT: &str = "Appl: detectParent: parent found: Package_for_KB4132216~31bf3856ad364e35~amd64~~10.0.1.0, state: Installed";
const ABSENT: &str = "Appl: Evaluating package applicability for package Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2312.1.14, applicable state: Absent";
const INSTALLABLE: &str = "Appl: Evaluating package applicability for package Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2312.1.14, applicable state: Installed";
const EXTRACTING: &str =
    "Exec: Extracting package: Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2312.1.14";
const MANIFEST: &str = "Store corruption, manifest missing for package: Package_7_for_KB4103723~31bf3856ad364e35~amd64~~10.0.1.4";

fn complete(package: &str, result: &str) -> String {
    format!("Exec: Processing complete.  Session: 30671_1, Package: {package} [HRESULT = {result}]")
}

fn complete_rollup(result: &str) -> String {
    complete(&format!("{ROLLUP}, Identifier: KB4284880"), result)
}

// ---- CBS.log

#[test]
fn every_decisive_line_of_servicing_is_found() {
    let rollup = Some(version("14393.2312.1.14"));
    let cases: Vec<(&str, Vec<F>)> = vec![
        (
            "Package \"Package_for_KB5012170~31bf3856ad364e35~amd64~~14393.5285.1.4\" requires Servicing Stack v10.0.14393.5285 but current Servicing Stack is v10.0.14393.4349. [HRESULT = 0x800f0823 - CBS_E_NEW_SERVICING_STACK_REQUIRED]",
            vec![F::StackRequired {
                kb: kb(5_012_170),
                required: version("10.0.14393.5285"),
                current: version("10.0.14393.4349"),
            }],
        ),
        (
            "Appl: Higher version found for package: Package_for_KB4000001~31bf3856ad364e35~amd64~~6.3.1.4, superseded. (Version on system:Package_for_KB4000001~31bf3856ad364e35~amd64~~6.3.1.5)",
            vec![F::SupersededOnSystem { kb: kb(4_000_001), version: None }],
        ),
        (
            "Higher version found for package ..., superseded.",
            vec![F::SupersededOnSystem { kb: None, version: None }],
        ),
        (MANIFEST, vec![F::ManifestMissing { culprit: kb(4_103_723), version: None }]),
        (
            "Failed to resolve package 'Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2312.1.14' [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]",
            vec![F::ManifestMissing { culprit: None, version: rollup }],
        ),
        (
            "Failed to resolve package [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]",
            vec![F::StoreCorruption],
        ),
        (
            "Failed to resolve execution package: Package_for_KB4103723~31bf3856ad364e35~amd64~~10.0.1.4 [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]",
            vec![F::ManifestMissing { culprit: kb(4_103_723), version: None }],
        ),
        ("Failed to stage file [HRESULT = 0x800f081f - CBS_E_SOURCE_MISSING]", vec![F::SourceMissing]),
        ("ESU: NO ESU KEY FOUND", vec![F::NotEntitled { reason: None }]),
        ("ESU: not eligible:HRESULT_FROM_WIN32(1633)", vec![F::NotEntitled { reason: Some(1633) }]),
        ("ESU: not eligible HRESULT_FROM_WIN32(1605)", vec![F::NotEntitled { reason: Some(1605) }]),
        (
            "(F) Failed execution of queue item Installer: HTTP Installer ({c5bc6d6f-5c0c-4b1c-9a0c-2d4f9a3f2b11}) with HRESULT HRESULT_FROM_WIN32(1058).  Failure will not be ignored: A rollback will be initiated after all the operations in the installer queue are completed; installer is reliable[gle=0x80004005]",
            vec![F::InstallerFailed {
                installer: "HTTP Installer".into(),
                result: "HRESULT_FROM_WIN32(1058)".into(),
                code: Some(0x8007_0422),
            }],
        ),
        (
            "(F) Failed execution of queue item Installer: Root Devices ({3d07d150-2f3d-4184-9793-d0fd59b0c885}) with HRESULT 800f0207 [Error,Facility=(000f),Code=519 (0x0207)]. Failure will not be ignored: A rollback",
            vec![F::InstallerFailed {
                installer: "Root Devices".into(),
                result: "800f0207".into(),
                code: Some(0x800f_0207),
            }],
        ),
        (
            "Doqe: Recording result: 0x8007000d, for Inf: mshdc.inf",
            vec![F::DriverFailed { driver: Some("mshdc.inf".into()), code: 0x8007_000d }],
        ),
        (
            "Shtd: Failed while processing non-critical driver operations queue. [HRESULT = 0x80070490 - ERROR_NOT_FOUND]",
            vec![F::DriverFailed { driver: None, code: 0x8007_0490 }],
        ),
        ("Failed to extract file [HRESULT = 0x80070070 - ERROR_DISK_FULL]", vec![F::DiskFull]),
        (
            "Failed to begin transaction [HRESULT = 0x80070bc9 - ERROR_FAIL_REBOOT_REQUIRED]",
            vec![F::RestartPending],
        ),
        ("Cannot process, [HRESULT = 0x800f082f - CBS_E_INSTALL_PENDING]", vec![F::RestartPending]),
        (
            "Session: 30671_1 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]",
            vec![F::RestartRequired],
        ),
        (
            "[SR] Cannot repair member file [l:12]'tasksvc.dll' of Microsoft-Windows-TaskScheduler, Version = 6.1.7601.17514, pA = PROCESSOR_ARCHITECTURE_AMD64 (9) in the store, hash mismatch",
            vec![F::FileDamaged("tasksvc.dll".into())],
        ),
        (
            "(p)\tCSI Payload Corrupt\t(n)\t\t\tamd64_microsoft-windows-x_31bf3856ad364e35_10.0.14393.1_none_0123456789abcdef\\x.dll",
            vec![F::FileDamaged(
                "amd64_microsoft-windows-x_31bf3856ad364e35_10.0.14393.1_none_0123456789abcdef\\x.dll".into(),
            )],
        ),
        (
            "(p)\tCBS MUM Missing\t(n)\t\t\tPackage_for_KB4103723~31bf3856ad364e35~amd64~~10.0.1.4",
            vec![F::ManifestMissing { culprit: kb(4_103_723), version: None }],
        ),
        ("Total Detected Corruption:\t4", vec![F::StoreCorruption]),
    ];
    for (line, want) in cases {
        assert_eq!(holds(&cbs(&[line])), want, "{line}");
        // without the columns before it, as people paste it
        assert_eq!(holds(line), want, "{line}");
    }
    let failed = holds(&cbs(&[&complete_rollup("0x800f0982 - PSFX_E_MATCHING_COMPONENT_NOT_FOUND")]));
    assert_eq!(failed, [F::Failed { kb: kb(4_284_880), version: rollup, code: 0x800f_0982, extend: None }]);
}

#[test]
fn ordinary_lines_tell_nothing() {
    for line in [
        "Session: 30671_1 initialized by client WindowsUpdateAgent.",
        NO_PARENT,
        "Appl: Higher version found for package: Microsoft-Windows-X-Package~31bf3856ad364e35~amd64~~10.0.22621.1, superseded. (Version on system:Microsoft-Windows-X-Package~31bf3856ad364e35~amd64~~10.0.22621.3880)",
        "Failed to internally open package. [HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]",
        "Total Detected Corruption:\t0",
        "(p)\tCSI Payload Corrupt\t(w)\t(Fixed)\tamd64_x_31bf3856ad364e35_10.0.14393.1_none_0123456789abcdef\\x.dll",
        // a copy for going back to an earlier revision
        "(p)\tCSI Payload Corrupt\t(n)\t\t\tamd64_x_31bf3856ad364e35_10.0.14393.1_none_0123456789abcdef\\r\\x.dll",
        "(F) Failed execution of queue item Installer: X ({3d07d150-2f3d-4184-9793-d0fd59b0c885}) with HRESULT 800f0207. Failure will be ignored",
        "Session: 30671_1 finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]",
        "Doqe: Recording result: 0x00000000, for Inf: mshdc.inf",
        "Appl: Evaluating package applicability for package Microsoft-Windows-X-Package~31bf3856ad364e35~amd64~~10.0.22621.1, applicable state: Installed",
    ] {
        assert_eq!(holds(&cbs(&[line])), [], "{line}");
    }
}

#[test]
fn a_missing_parent_counts_where_the_package_is_absent_for_it() {
    let missing =
        F::ParentMissing { kb: None, version: Some(version("14393.2312.1.14")), parent: kb(4_132_216) };
    assert_eq!(holds(&cbs(&[STARTED, DETECT, NO_PARENT, ABSENT])), std::slice::from_ref(&missing));
    // the excerpt ends before the sentence
    assert_eq!(holds(&cbs(&[DETECT, NO_PARENT])), [missing]);
    // one of several parents will do
    let other = DETECT.replace("KB4132216", "KB4132217");
    let of = |lines: &[&str]| -> Vec<F> {
        holds(&cbs(lines)).into_iter().filter(|f| matches!(f, F::ParentMissing { .. })).collect()
    };
    assert_eq!(of(&[&other, NO_PARENT, DETECT, PARENT, INSTALLABLE]), []);
    assert_eq!(of(&[&other, NO_PARENT, DETECT, PARENT]), []);
    assert_eq!(of(&[DETECT, NO_PARENT, INSTALLABLE]), []);
    // components of Windows look for parents that are no update: absent everywhere
    let language = "Appl: detect Parent, Package: Microsoft-Windows-X-Package~31bf3856ad364e35~amd64~~10.0.22621.1, Parent: Microsoft-Windows-Y-Package~31bf3856ad364e35~amd64~~10.0.22621.1, Disposition = Detect";
    assert_eq!(of(&[language, NO_PARENT]), []);
}

#[test]
fn what_a_later_session_overcame_does_not_hold() {
    let standing = |lines: &[&str]| -> Vec<LogStanding> {
        let all = evidence("CBS.log", cbs(lines).as_bytes());
        all.into_iter().filter(|e| !matches!(e.value, F::Applicable { .. })).map(|e| e.standing).collect()
    };
    use LogStanding::{Current, Earlier, Overcome};
    let failed = complete_rollup("0x800f0831 - CBS_E_STORE_CORRUPTION");
    let went_well = complete_rollup("0x00000000 - S_OK");
    // three findings: the manifest, the result, what the result means
    assert_eq!(standing(&[STARTED, MANIFEST, &failed]), [Current; 3]);
    assert_eq!(standing(&[STARTED, MANIFEST, &failed, STARTED, &went_well]), [Overcome; 3]);
    let other = STARTED.replace("KB4284880", "KB4338814").replace("2312", "2363");
    let other_done = went_well.replace("KB4284880", "KB4338814").replace("2312", "2363");
    assert_eq!(standing(&[STARTED, MANIFEST, &failed, &other, &other_done]), [Earlier; 3]);
    // the store was repaired
    let repaired = [
        "Checking System Update Readiness.",
        "Total Detected Corruption:\t2",
        "Total Repaired Corruption:\t2",
    ];
    assert_eq!(standing(&[&[MANIFEST], &repaired[..]].concat()), [Overcome; 2]);
    // a stack that came later, a parent that came later, a restart
    let needs = "Package \"Package_for_KB5012170~31bf3856ad364e35~amd64~~14393.5285.1.4\" requires Servicing Stack v10.0.14393.5285 but current Servicing Stack is v10.0.14393.4349. [HRESULT = 0x800f0823 - X]";
    let loaded = |v: &str| {
        format!("Loaded Servicing Stack v10.0.14393.{v} with Core: C:\\Windows\\winsxs\\x\\cbscore.dll")
    };
    assert_eq!(standing(&[needs, &loaded("4349")]), [Current]);
    assert_eq!(standing(&[needs, &loaded("5285")]), [Overcome]);
    assert_eq!(standing(&[&loaded("5285"), needs]), [Current]);
    assert_eq!(standing(&[STARTED, DETECT, NO_PARENT, ABSENT, DETECT, PARENT, INSTALLABLE]), [Overcome]);
    let waits = "Session: 30671_1 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]";
    assert_eq!(standing(&[waits, "TI: Last boot time: 2018-06-20 11:00:00.500"]), [Overcome]);
    // it failed again after it had gone well: rolled back at the restart
    let rolled_back = "Startup: Failed to process advanced operation queue, startupPhase: 0.  A rollback transaction will be created. [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]";
    assert_eq!(standing(&[STARTED, &went_well, rolled_back]), [Current]);
}

#[test]
fn logs_that_continue_each_other_are_judged_together() {
    let failed = complete_rollup("0x800f0831 - CBS_E_STORE_CORRUPTION");
    let older = cbs_on("2018-06-20", &[STARTED, MANIFEST, &failed]);
    let newer = cbs_on("2018-06-25", &[STARTED, &complete_rollup("0x00000000 - S_OK")]);
    let read = |name: &str, text: &str| {
        let mut reader = reader(name, text.as_bytes());
        reader.feed(text.as_bytes());
        reader.finish()
    };
    let (old, new) = (read("CbsPersist_20180620.log", &older), read("CBS.log", &newer));
    let alone = settle(std::slice::from_ref(&old));
    assert!(alone.iter().all(|e| e.standing == LogStanding::Current));
    // in whichever order they are given
    for logs in [[old.clone(), new.clone()], [new, old]] {
        let all = settle(&logs);
        assert!(all.len() == 3 && all.iter().all(|e| e.standing == LogStanding::Overcome), "{all:#?}");
        assert!(all.iter().all(|e| e.origin.to_string().starts_with("CbsPersist")));
    }
}

#[test]
fn lines_are_kept_with_their_number_and_bounded() {
    let noise = "Session: 30671_1 initialized by client WindowsUpdateAgent.";
    let mut lines = vec![noise; 200];
    lines.push(MANIFEST);
    let found = evidence("C:\\logs\\CBS.log", cbs(&lines).as_bytes());
    assert_eq!(found[0].origin.to_string(), "C:\\logs\\CBS.log:201");
    assert!(found[0].text.starts_with("2018-06-20 10:03:20, Info CBS Store corruption"), "{}", found[0].text);
    // ten thousand damaged files: the last ones
    let files: Vec<String> =
        (0..10_000).map(|i| format!("[SR] Cannot repair member file [l:12]'file{i}.dll' of X")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let found = evidence("CBS.log", cbs(&files).as_bytes());
    assert_eq!(found.len(), 50);
    assert_eq!(found.last().map(|e| e.value.clone()), Some(F::FileDamaged("file9999.dll".into())));
    // ten thousand times the same
    assert_eq!(evidence("CBS.log", cbs(&vec![MANIFEST; 10_000]).as_bytes()).len(), 1);
    // a terminal's escapes are not handed on, nor a line of any length
    let line = format!("\u{1b}[31m{MANIFEST}\u{1b}[0m \u{202e}{}", "x".repeat(1 << 20));
    let found = evidence("CBS.log", cbs(&[&line]).as_bytes());
    assert!(found[0].text.len() < 400 && !found[0].text.contains(['\u{1b}', '\u{202e}']));
}

// ---- the other kinds

const DISM: &str = "2026-03-09 10:15:22, Info                  DISM   DISM.EXE: Executing command line: dism  /online /add-package /packagepath:C:\\x\\windows10.0-kb5005112-x64.cab\r\n\
2026-03-09 10:15:22, Info                  DISM   DISM Provider Store: PID=5204 TID=7812 Failed to load the provider - CDISMProviderStore::Internal_LoadProvider(hr:0x8007007e)\r\n\
2026-03-09 10:15:23, Error                 DISM   DISM Package Manager: PID=5204 TID=7812 Failed finalizing changes. - CDISMPackageManager::Internal_Finalize(hr:0x800f0823)\r\n\
2026-03-09 10:15:23, Info                  DISM   DISM.EXE: Image session has been closed. Reboot required=no.\r\n";

const SETUP: &str = "2025-01-08 14:30:00, Info                  MOUPG  SetupHost: Starting\r\n\
2025-01-08 14:32:26, Error                 MOUPG  CSetupManager::ExecuteInstallMode(1096): Result = 0xC1900208\r\n\
2025-01-08 14:32:27, Error                 MOUPG  CSetupHost::Execute(482): Result = 0xC1900208\r\n";

const CHECKSUR: &str = "=================================\r\nChecking System Update Readiness.\r\nBinary Version 6.1.7601.22471\r\nPackage Version 26.0\r\n2014-05-13 13:26\r\n\r\n\
Checking Windows Servicing Packages\r\n\r\nChecking Package Manifests and Catalogs\r\n\
(f)\tCBS MUM Corrupt\t0x800F0900\tservicing\\Packages\\Package_2_for_KB4000003~31bf3856ad364e35~amd64~~6.1.1.0.mum\t\tLine 1:\r\n\
(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\Package_for_KB4000002~31bf3856ad364e35~amd64~~6.1.1.0.mum\r\n\
(fix)\tCBS MUM Missing\tCBS File Replaced\tPackage_for_KB4000002~31bf3856ad364e35~amd64~~6.1.1.0.mum from Cabinet: C:\\Windows\\CheckSur\\v1.0\\x.cab.\r\n\
\r\nSummary:\r\nSeconds executed: 100\r\n Found 2 errors\r\n Fixed 1 errors\r\n  CBS MUM Corrupt Total count: 1\r\n\r\nUnavailable repair files:\r\n\tservicing\\packages\\Package_2_for_KB4000003~31bf3856ad364e35~amd64~~6.1.1.0.mum\r\n";

const WU7: &str = "2016-10-19\t14:23:56:231\t1532\taa4\tAgent\t*************\r\n\
2016-10-19\t14:23:56:231\t1532\taa4\tAgent\t** START **  Agent: Installing updates [CallerId = wusa]\r\n\
2016-10-19\t14:23:56:231\t1532\taa4\tAgent\t  * Updates to install = 1\r\n\
2016-10-19\t14:23:56:231\t1532\taa4\tAgent\t  *   Title = Update for Windows (KB3177467)\r\n\
2016-10-19\t14:23:56:231\t1532\taa4\tAgent\t  *   UpdateId = {37EA312C-2424-4158-B30F-E614AA28DA4A}.501\r\n\
2016-10-19\t14:23:56:500\t8904\t1834\tHandler\tStarting install of CBS update 37EA312C-2424-4158-B30F-E614AA28DA4A\r\n\
2016-10-19\t14:24:02:590\t8904\t18a8\tHandler\tFATAL: CBS called Error with 0x800736b3, \r\n\
2016-10-19\t14:24:02:653\t8904\t1834\tHandler\tFATAL: Completed install of CBS update with type=0, requiresReboot=0, installerError=1, hr=0x800736b3\r\n\
2016-10-19\t14:24:03:000\t1532\taa4\tMisc\tWARNING: Failed to get Wu Exemption info from NLM, assuming not exempt, error = 0x80240037\r\n";

const WU7_SCAN: &str = "2016-10-19\t14:23:56:231\t1532\taa4\tAgent\t** START **  Agent: Finding updates [CallerId = AutomaticUpdates]\r\n\
2016-10-19\t14:23:57:231\t1532\taa4\tPT\tWARNING: SyncUpdates failure, error = 0x80244022, soap client error = 10, soap error code = 0, HTTP status code = 503\r\n\
2016-10-19\t14:23:57:300\t1532\taa4\tAgent\t  * WARNING: Exit code = 0x80244022\r\n";

const WU10: &str = "2021/07/13 14:02:41.7766041 576   1504  Agent           * START * Finding updates CallerId = UpdateOrchestrator\r\n\
2021/07/13 14:02:44.1060204 576   1504  ProtocolTalker  *FAILED* [8024402C] SyncUpdates_WithRecovery failed\r\n";

const REPORTING: &str = "{1AF10086-220D-47E2-BA6B-7CDA8358E2C8}\t2017-12-13 10:59:40:657+0900\t1\t182 [AGENT_INSTALLING_FAILED]\t101\t{9A3FB4A5-968D-47D6-B87E-CD248FB9EEF7}\t200\t80073712\tUpdateOrchestrator\tFailure\tContent Install\tInstallation Failure: Windows failed to install the following update with error 0x80073712: 2017-12 Cumulative Update (KB4053579)\r\n";

const EVENT_TEXT: &str = "Event[0]:\r\n  Log Name: Setup\r\n  Source: Microsoft-Windows-WUSA\r\n  Date: 2021-05-12T10:00:00.000\r\n  Event ID: 3\r\n  Description: \r\nWindows update \"Security Update for Windows (KB5004298)\" could not be installed because of error 2149842967 \"\" (Command line: \"\"C:\\Windows\\system32\\wusa.exe\" \"C:\\x\\windows8.1-kb5004298-x64.msu\" \")\r\n";

fn event(provider: &str, id: u32, date: &str, body: &str) -> String {
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-{provider}' Guid='{{bd12f3b8-fc40-4a61-a307-b7a013a069c1}}'/><EventID>{id}</EventID><TimeCreated SystemTime='{date}.6827434Z'/><Computer>X</Computer></System>{body}</Event>"
    )
}

fn event_xml() -> String {
    // newest first, all in one line, as the Event Viewer saves them
    let package = |kb: u32, code: &str| {
        format!(
            "<UserData><CbsPackageChangeState xmlns='http://manifests.microsoft.com/win/2004/08/windows/setup_provider'><PackageIdentifier>KB{kb}</PackageIdentifier><IntendedPackageState>5112</IntendedPackageState><IntendedPackageStateTextized>Installed</IntendedPackageStateTextized><ErrorCode>{code}</ErrorCode><Client>WindowsUpdateAgent</Client></CbsPackageChangeState></UserData>"
        )
    };
    let data = |title: &str, code: &str| {
        format!(
            "<EventData><Data Name='errorCode'>{code}</Data><Data Name='updateTitle'>{title}</Data></EventData>"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?><Events>{}{}{}{}</Events>",
        event(
            "WindowsUpdateClient",
            20,
            "2020-06-12T10:00:00",
            &data("2020-06 Update &amp; more (KB4560960)", "0x800f0922")
        ),
        event("Servicing", 2, "2020-06-11T10:00:00", &package(4_561_600, "0x0")),
        event("Servicing", 3, "2020-06-10T10:00:00", &package(4_561_600, "0x80070002")),
        event(
            "WUSA",
            3,
            "2020-06-09T10:00:00",
            "<EventData><Data Name='UpdateTitle'></Data><Data Name='ErrorCode'>2149842967</Data><Data Name='ErrorString'></Data><Data Name='CommandLine'>C:\\Windows\\system32\\wusa.exe C:\\Temp\\Windows6.1-KB3033929-x64.msu /quiet</Data></EventData>"
        ),
    )
}

fn failed(kb: Option<KbId>, code: u32) -> F {
    F::Failed { kb, version: None, code, extend: None }
}

#[test]
fn every_other_kind_tells_its_failures() {
    assert_eq!(holds(DISM), [failed(kb(5_005_112), 0x800f_0823)]);
    assert_eq!(holds(SETUP), [failed(None, 0xC190_0208)]);
    assert_eq!(holds(CHECKSUR), [F::ManifestMissing { culprit: kb(4_000_003), version: None }]);
    assert_eq!(holds(WU7), [failed(kb(3_177_467), 0x8007_36b3)]);
    assert_eq!(holds(WU7_SCAN), [failed(None, 0x8024_4022)]);
    assert_eq!(holds(WU10), [failed(None, 0x8024_402c)]);
    assert_eq!(holds(REPORTING), [failed(kb(4_053_579), 0x8007_3712)]);
    assert_eq!(holds(EVENT_TEXT), [failed(kb(5_004_298), 0x8024_0017)]);
    assert_eq!(holds(&event_xml()), [failed(kb(4_560_960), 0x800f_0922)]);
}

#[test]
fn events_are_ordered_by_their_dates() {
    let all = evidence("events.xml", event_xml().as_bytes());
    let told: Vec<_> = all.iter().map(|e| (e.value.package().0, e.standing)).collect();
    assert_eq!(
        told,
        [
            (kb(3_033_929), LogStanding::Earlier),
            (kb(4_561_600), LogStanding::Overcome),
            (kb(4_560_960), LogStanding::Current)
        ]
    );
    assert!(all[2].text.contains("2020-06 Update & more (KB4560960)"), "{}", all[2].text);
    // without dates nobody knows whether the success came after the failure
    let done = "Package KB5004298 was successfully changed to the Installed state.";
    let not = "Package KB5004298 failed to be changed to the Installed state. Status: 0x800f0922.";
    let of = |text: String| evidence("e.txt", text.as_bytes()).iter().map(|e| e.standing).collect::<Vec<_>>();
    assert_eq!(of(format!("{done}\r\n{not}\r\n")), [LogStanding::Earlier]);
    assert_eq!(of(format!("{not}\r\n{done}\r\n")), [LogStanding::Earlier]);
    assert_eq!(of(format!("{not}\r\n")), [LogStanding::Current]);
}

#[test]
fn a_search_that_went_well_settles_those_that_failed() {
    let well = "2016-10-19\t15:23:57:300\t1532\taa4\tAgent\t  * Found 0 updates and 80 categories in search; evaluated appl. rules of 600 out of 1000 deployed entities\r\n";
    assert_eq!(holds(&(WU7_SCAN.to_owned() + well)), []);
    assert_eq!(holds(&(well.to_owned() + WU7_SCAN)), [failed(None, 0x8024_4022)]);
}

#[test]
fn setup_tells_phase_drivers_and_space() {
    let line = |text: &str| format!("2025-01-08 14:32:26, Error                 {text}\r\n");
    let of = |text: &str| holds(&line(text));
    assert_eq!(
        of("MOUPG  Setup failed: 0xC1900101 - 0x20017"),
        [F::Failed { kb: None, version: None, code: 0xC190_0101, extend: Some(0x20017) }]
    );
    assert_eq!(of("MOUPG  CSetupManager::ExecuteInstallMode(1096): Result = 0xC190020E"), [F::DiskFull]);
    assert_eq!(
        of("SP     Operation failed: Add [1] Driver Package: oem42.inf. Error: 0x80070002"),
        [F::DriverFailed { driver: Some("oem42.inf".into()), code: 0x8007_0002 }]
    );
    assert_eq!(of("MOUPG  CDlpTask::CheckUserInterrupt(3112): Result = 0x800704D3"), []);
}

#[test]
fn a_readiness_report_without_damage_settles_the_runs_before() {
    let clean = "=================================\r\nChecking System Update Readiness.\r\nBinary Version 6.1.7601.22471\r\n2014-06-13 13:26\r\n\r\nChecking Component Store\r\n\r\nSummary:\r\nSeconds executed: 90\r\n No errors detected\r\n";
    let all = evidence("CheckSUR.persist.log", (CHECKSUR.to_owned() + clean).as_bytes());
    assert!(all.len() == 1 && all[0].standing == LogStanding::Overcome, "{all:?}");
    let fixed = CHECKSUR
        .replace("Fixed 1 errors", "Fixed 2 errors")
        .split("\r\nUnavailable")
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(holds(&fixed), []);
}

#[test]
fn several_kinds_in_one_excerpt_are_read() {
    let text = format!("{}{DISM}", cbs(&[STARTED, DETECT, NO_PARENT, ABSENT]));
    let found = holds(&text);
    assert!(found.iter().any(|f| matches!(f, F::ParentMissing { .. })));
    assert!(found.contains(&failed(kb(5_005_112), 0x800f_0823)));
    let console = "Deployment Image Servicing and Management tool\r\nVersion: 10.0.22621.1\r\n\r\nImage Version: 10.0.22621.3447\r\n\r\nProcessing 1 of 1 - Adding package WinPE-X-Package~31bf3856ad364e35~amd64~~10.0.26100.1\r\n\r\nError: 0x800f081e\r\n\r\nThe specified package is not applicable to this image.\r\n";
    let (package, image) = (version("10.0.26100.1"), version("10.0.22621.3447"));
    assert!(holds(console).contains(&F::BuildMismatch { package, image }));
}

// ---- what is no log

#[test]
fn what_is_no_log_is_refused_in_one_line() {
    let trace: Vec<u8> = (0..4096u32).map(|i| (i % 23) as u8).collect();
    let cases: [(&[u8], &str); 8] = [
        (b"ElfFile\0\0\0\0\0\0\0\0\0", "wevtutil"),
        (b"MSCF\0\0\0\0", "expand"),
        (b"PK\x03\x04abc", "unpack"),
        (b"MZ\x90\0", "program"),
        (b"", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"Dear support, it does not work.\r\nRegards\r\n", "CBS.log"),
        (&trace, "Get-WindowsUpdateLog"),
    ];
    for (bytes, word) in cases {
        let error = LogReader::detect("a\u{1b}b.log", bytes).unwrap_err().to_string();
        assert!(error.starts_with("ab.log: ") || error.starts_with("a"), "{error}");
        assert!(error.contains(word) && error.lines().count() == 1 && !error.contains('\u{1b}'), "{error}");
    }
    let inventory = b"HotFixID    InstalledOn\r\nKB2919355   3/18/2014\r\n";
    let error = LogReader::detect("x", inventory).unwrap_err().to_string();
    assert!(error.contains("--inventory"), "{error}");
}

// ---- mangled

fn samples() -> Vec<(&'static str, String)> {
    let servicing = cbs(&[
        STARTED,
        DETECT,
        NO_PARENT,
        ABSENT,
        MANIFEST,
        &complete_rollup("0x800f0831 - CBS_E_STORE_CORRUPTION"),
        "ESU: not eligible:HRESULT_FROM_WIN32(1633)",
        "Doqe: Recording result: 0x8007000d, for Inf: mshdc.inf",
        "Checking System Update Readiness.",
        "(p)\tCSI Payload Corrupt\t(n)\t\t\tamd64_x_31bf3856ad364e35_10.0.14393.1_none_0123456789abcdef\\x.dll",
        "Total Detected Corruption:\t1",
    ]);
    vec![
        ("CBS.log", servicing),
        ("dism.log", DISM.into()),
        ("setupact.log", SETUP.into()),
        ("CheckSUR.log", CHECKSUR.into()),
        ("WindowsUpdate.log", WU7.into()),
        ("scan.log", WU7_SCAN.into()),
        ("new.log", WU10.into()),
        ("ReportingEvents.log", REPORTING.into()),
        ("events.txt", EVENT_TEXT.into()),
        ("events.xml", event_xml()),
    ]
}

/// Findings, if it is still a log.
fn told_by(bytes: &[u8]) -> Vec<LogEvidence> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let Ok(mut reader) = LogReader::detect("x", head) else { return Vec::new() };
    reader.feed(bytes);
    settle(&[reader.finish()])
}

#[test]
fn a_log_that_is_cut_anywhere_tells_no_more_than_the_whole() {
    for (name, text) in samples() {
        let whole: Vec<u32> =
            told_by(text.as_bytes()).iter().filter_map(|e| e.value.package().0).map(|k| k.number()).collect();
        assert!(!told_by(text.as_bytes()).is_empty(), "{name}");
        for end in 0..text.len() {
            for e in told_by(&text.as_bytes()[..end]) {
                // no KB that is but the head of another
                let kb = e.value.package().0.map(|k| k.number());
                assert!(
                    kb.is_none_or(|k| whole.contains(&k) || text.contains(&format!("KB{k}"))),
                    "{name} {end}: {e:?}"
                );
                assert!(e.text.len() < 1300);
            }
        }
    }
}

#[test]
fn flipped_bits_and_bytes_of_nothing_are_no_panic() {
    for (name, text) in samples() {
        let bytes = text.as_bytes();
        let mut told = 0usize;
        for at in (0..bytes.len()).step_by(3) {
            let mut mangled = bytes.to_vec();
            mangled[at] ^= [0x20, 0x80, 0xff, 0x01][at % 4];
            told += usize::from(!told_by(&mangled).is_empty());
            let mut with_nul = bytes.to_vec();
            with_nul.insert(at, 0);
            if at % 21 == 0 {
                told += usize::from(!told_by(&with_nul).is_empty());
            }
        }
        // what is sound is kept: one byte rarely takes all of it
        assert!(told * 9 > bytes.len(), "{name}: {told} of {}", bytes.len());
    }
}

#[test]
fn encodings_do_not_matter() {
    for (name, text) in samples() {
        let want: Vec<F> = told_by(text.as_bytes()).into_iter().map(|e| e.value).collect();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for bytes in [
            little.clone(),
            big.clone(),
            marked(&[0xff, 0xfe], &little),
            marked(&[0xfe, 0xff], &big),
            marked(&[0xef, 0xbb, 0xbf], text.as_bytes()),
        ] {
            let got: Vec<F> = told_by(&bytes).into_iter().map(|e| e.value).collect();
            assert_eq!(got, want, "{name}");
        }
    }
    // code page 1252
    let bytes: Vec<u8> =
        REPORTING.replace("Cumulative", "kumulatives f\u{fc}r").chars().map(|c| c as u8).collect();
    assert_eq!(told_by(&bytes).len(), 1);
}

#[test]
fn a_line_without_an_end_costs_no_memory() {
    let mut text = cbs(&[STARTED]).into_bytes();
    let mut reader = reader("CBS.log", &text);
    reader.feed(&text);
    for _ in 0..64 {
        reader.feed(&vec![b'x'; 1 << 20]);
    }
    text = format!("\r\n{}", cbs(&[MANIFEST])).into_bytes();
    reader.feed(&text);
    let found = settle(&[reader.finish()]);
    assert!(matches!(found[0].value, F::ManifestMissing { .. }) && found.len() == 1);
    assert_eq!(found[0].origin.to_string(), "CBS.log:3");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_any_size_give_the_same(which in 0usize..10, sizes in prop::collection::vec(1usize..400, 1..40)) {
        let (name, text) = samples().swap_remove(which);
        let bytes = text.repeat(3).into_bytes();
        let want = evidence(name, &bytes);
        let mut reader = reader(name, &bytes);
        let mut rest = bytes.as_slice();
        for size in sizes.iter().cycle() {
            let (piece, left) = rest.split_at((*size).min(rest.len()));
            reader.feed(piece);
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(settle(&[reader.finish()]), want);
    }

    #[test]
    fn bytes_of_any_kind_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), sample in 0usize..10) {
        let (_, text) = samples().swap_remove(sample);
        told_by(&bytes);
        told_by(&[text.as_bytes(), &bytes[..]].concat());
        told_by(&[&bytes[..], text.as_bytes()].concat());
    }
}

// ---- what comes of them

fn asked(kb: Option<&str>, text: &str) -> Answer {
    let log = evidence("CBS.log", text.as_bytes());
    let question = Question { kb: kb.map(|k| k.parse().unwrap()), log, ..Question::default() };
    explain(Catalog::embedded(), &Host::default(), &question)
}

fn decided(answer: &Answer) -> (Verdict, Option<Cause>) {
    (answer.decision.verdict, answer.decision.causes.first().map(|f| f.cause))
}

#[test]
fn the_missing_servicing_stack_of_a_cumulative_update_and_its_presence() {
    let without = cbs(&[STARTED, DETECT, NO_PARENT, ABSENT]);
    for kb in [Some("KB4284880"), None] {
        let answer = asked(kb, &without);
        assert_eq!(decided(&answer), (Verdict::NotApplicable, Some(Cause::MissingServicingStack)), "{kb:?}");
        assert_eq!(answer.decision.causes[0].updates, [KbId::new(4_132_216).unwrap()]);
    }
    let with = cbs(&[STARTED, DETECT, PARENT, INSTALLABLE, EXTRACTING]);
    assert_eq!(decided(&asked(Some("KB4284880"), &with)), (Verdict::Applicable, None));
    assert_eq!(decided(&asked(None, &with)).1, None);
    // evaluated, and nothing tells whether it was there already
    let evaluated = cbs(&[STARTED, DETECT, PARENT, INSTALLABLE]);
    assert_eq!(decided(&asked(Some("KB4284880"), &evaluated)).0, Verdict::Unknown);
    // of another update it says nothing
    assert_eq!(decided(&asked(Some("KB4338814"), &with)).0, Verdict::Unknown);
    assert_eq!(decided(&asked(Some("KB4338814"), &without)).0, Verdict::Unknown);
}

#[test]
fn causes_of_logs_are_named_with_their_line() {
    let cases: [(&str, Cause); 8] = [
        (MANIFEST, Cause::StoreCorruption),
        ("ESU: not eligible:HRESULT_FROM_WIN32(1633)", Cause::NotEntitled),
        ("Failed to extract file [HRESULT = 0x80070070 - ERROR_DISK_FULL]", Cause::Space),
        ("Doqe: Recording result: 0x8007000d, for Inf: mshdc.inf", Cause::InstallerFailed),
        (
            "(F) Failed execution of queue item Installer: HTTP Installer ({c5bc6d6f-5c0c-4b1c-9a0c-2d4f9a3f2b11}) with HRESULT HRESULT_FROM_WIN32(1058).  Failure will not be ignored: A rollback",
            Cause::ServiceDisabled,
        ),
        ("Cannot process, [HRESULT = 0x800f082f - CBS_E_INSTALL_PENDING]", Cause::PendingReboot),
        (
            "Package \"Package_for_KB5012170~31bf3856ad364e35~amd64~~14393.5285.1.4\" requires Servicing Stack v10.0.14393.5285 but current Servicing Stack is v10.0.14393.4349. [HRESULT = 0x800f0823 - X]",
            Cause::MissingServicingStack,
        ),
        (
            "Appl: Higher version found for package: Package_for_KB4000001~31bf3856ad364e35~amd64~~6.3.1.4, superseded.",
            Cause::Superseded,
        ),
    ];
    for (line, cause) in cases {
        let answer = asked(None, &cbs(&["Session: 1_1 initialized by client X.", line]));
        let first = answer.decision.causes.first().unwrap_or_else(|| panic!("{line}"));
        assert_eq!((first.cause, first.outcome), (cause, Outcome::Fail), "{line}");
        let report = kbwhy::explain::report(Catalog::embedded(), &Host::default(), &answer);
        let told = &report.causes[0].evidence;
        assert!(told.iter().any(|e| e.source == "CBS.log:2" && e.line == Some(2)), "{line}");
        assert!(told.iter().any(|e| e.text.starts_with("> 2018-06-20")), "{line}: {told:?}");
    }
}

#[test]
fn the_last_attempt_of_the_update_decides_not_an_older_one() {
    let failed = complete_rollup("0x800f0831 - CBS_E_STORE_CORRUPTION");
    let went_well = complete_rollup("0x00000000 - S_OK");
    let other = STARTED.replace("KB4284880", "KB4338814").replace("2312", "2363");
    let other_done = went_well.replace("KB4284880", "KB4338814").replace("2312", "2363");
    let full = "Failed to extract file [HRESULT = 0x80070070 - ERROR_DISK_FULL]";
    // overcome: nothing is claimed
    let text = cbs(&[STARTED, MANIFEST, &failed, STARTED, &went_well]);
    for kb in [Some("KB4284880"), None] {
        assert!(asked(kb, &text).decision.causes.iter().all(|f| f.outcome != Outcome::Fail), "{kb:?}");
    }
    // its own last attempt stands, whatever went well for others later
    let text = cbs(&[STARTED, MANIFEST, &failed, &other, &other_done]);
    assert_eq!(decided(&asked(Some("KB4284880"), &text)), (Verdict::Blocked, Some(Cause::StoreCorruption)));
    // without a question: a candidate, no answer
    assert_eq!(decided(&asked(None, &text)), (Verdict::Unknown, Some(Cause::StoreCorruption)));
    // another update is not told by it
    assert_ne!(decided(&asked(Some("KB4338814"), &text)).1, Some(Cause::StoreCorruption));
    // two attempts: the second failed for another reason
    let text = cbs(&[STARTED, DETECT, NO_PARENT, ABSENT, &other, &other_done, STARTED, full]);
    assert_eq!(decided(&asked(Some("KB4284880"), &text)), (Verdict::Blocked, Some(Cause::Space)));
}

#[test]
fn the_code_that_an_installation_ended_with_is_its_error() {
    let answer = asked(None, WU7);
    assert_eq!(decided(&answer).1, Some(Cause::StoreCorruption));
    let report = kbwhy::explain::report(Catalog::embedded(), &Host::default(), &answer);
    assert!(report.causes[0].evidence.iter().any(|e| e.source == "CBS.log:8"), "{:?}", report.causes[0]);
    // of an update that failed with a code that nobody knows it is not said that nothing stands in its way
    let failed = complete_rollup("0x8e5e03fa - Unknown Error");
    let text = cbs(&[STARTED, DETECT, PARENT, INSTALLABLE, EXTRACTING, &failed]);
    assert_eq!(decided(&asked(Some("KB4284880"), &text)).0, Verdict::Unknown);
}

// ---- the command line

fn kbwhy(args: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_kbwhy"))
        .env("KBWHY_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache"))
        .args(args)
        .output()
        .unwrap();
    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

fn written(name: &str, bytes: &[u8]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn explain_and_diagnose_read_logs() {
    let without = written("logs-without-stack.log", cbs(&[STARTED, DETECT, NO_PARENT, ABSENT]).as_bytes());
    let with =
        written("logs-with-stack.log", cbs(&[STARTED, DETECT, PARENT, INSTALLABLE, EXTRACTING]).as_bytes());
    let (code, out, err) = kbwhy(&["explain", "KB4284880", "--log", &without]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    assert!(out.contains("KB4132216") && out.contains("logs-without-stack.log:2"), "{out}");
    assert!(out.lines().all(|l| l.chars().count() <= 80), "{out}");
    let (code, out, _) = kbwhy(&["explain", "KB4284880", "--log", &with]);
    assert!(code == 0 && out.contains("applicable"), "{out}");
    let (code, out, _) = kbwhy(&["diagnose", "--log", &without, "--format", "json"]);
    assert!(code == 1 && out.contains("\"missing-servicing-stack\"") && out.contains("\"line\": 2"), "{out}");
    let (code, ..) = kbwhy(&["diagnose", "--log", &with]);
    assert_eq!(code, 5);
}

#[test]
fn what_cannot_be_read_ends_with_code_3_and_one_line() {
    let evtx = written("logs.evtx", b"ElfFile\0\0\0\0\0\0\0\0\0");
    let host = written("logs-host.txt", b"HotFixID    InstalledOn\r\nKB2919355   3/18/2014\r\n");
    for (file, word) in
        [(evtx.as_str(), "wevtutil"), (host.as_str(), "--inventory"), ("/nowhere/CBS.log", "cannot be read")]
    {
        let (code, out, err) = kbwhy(&["diagnose", "--log", file]);
        assert_eq!((code, out.as_str(), err.lines().count()), (3, "", 1), "{err}");
        assert!(err.contains(word), "{err}");
    }
}

// ---- real logs

fn field() -> Option<PathBuf> {
    let folder = std::env::var_os("KBWHY_FIELD_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: KBWHY_FIELD_DATA is not set, no real log was read");
    }
    folder.map(|f| f.join("testdata/cbslog"))
}

fn rows(path: &Path) -> BTreeSet<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|l| l.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn states_and_parents_of_real_logs_are_those_that_were_worked_out() {
    let Some(folder) = field() else { return };
    let read = |name: &str, piece: usize| {
        let bytes = fs::read(folder.join(name)).unwrap();
        let mut reader = StatesReader::new(&bytes[..bytes.len().min(HEAD)]);
        bytes.chunks(piece).for_each(|p| reader.feed(p));
        reader.finish()
    };
    for piece in [1 << 20, 4099] {
        let (states, _) = read("loghub_Windows_2k_win7.log", piece);
        let got: BTreeSet<Vec<String>> = states
            .iter()
            .map(|s| vec![s.package.clone(), s.applicable.to_string(), s.current.to_string()])
            .collect();
        assert_eq!(got, rows(&folder.join("ORACLE_win7_2016-09_applicable-vs-current.tsv")));
        let (_, parents) = read("scarlaglen_CBS_win11_2024-07.full.log", piece);
        let got: BTreeSet<Vec<String>> = parents
            .iter()
            .map(|p| {
                let (found, state) = p.found.clone().unwrap_or(("-".into(), "-".into()));
                vec![
                    p.package.clone(),
                    p.wanted.clone().unwrap_or("(none)".into()),
                    found,
                    state,
                    p.applicable.clone(),
                ]
            })
            .collect();
        assert_eq!(got, rows(&folder.join("ORACLE_win11-22621.3880_parent-eval.tsv")));
    }
}

#[test]
fn real_excerpts_give_the_right_answers() {
    let Some(folder) = field() else { return };
    let log = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let missing = log("KB4284880_missing-ssu-parent_1607.log");
    let with = log("KB4284880_with-ssu-parent_1607.log");
    let (code, out, _) = kbwhy(&["explain", "KB4284880", "--log", &missing]);
    assert!(code == 1 && out.contains("it needs KB4132216"), "{out}");
    assert_eq!(kbwhy(&["explain", "KB4284880", "--log", &with]).0, 0);
    let (code, out, _) = kbwhy(&["diagnose", "--log", &missing]);
    assert!(code == 1 && out.contains("it needs KB4132216"), "{out}");
    assert_eq!(kbwhy(&["diagnose", "--log", &with]).0, 5);
    let (_, out, _) = kbwhy(&["diagnose", "--log", &log("KB5012170_0x800f0823_server2016.log")]);
    for word in ["KB5012170", "10.0.14393.5285", "10.0.14393.4349"] {
        assert!(out.contains(word), "{out}");
    }
    let (_, out, _) = kbwhy(&["diagnose", "--log", &log("KB3192392_0x800f0831.log")]);
    assert!(out.contains("the culprit is KB3192392") && out.contains("Install KB3192392 again"), "{out}");
    // a healthy system
    let (code, out, _) =
        kbwhy(&["diagnose", "--log", &log("loghub_Windows_2k_win7.log"), "--format", "json", "--verbose"]);
    assert_eq!(code, 5);
    assert_eq!(out.matches("\"current\":").count(), 280);
}
