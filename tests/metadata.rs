//! Windows Update metadata in the cache: an offline scan file is imported, and `explain` uses its rules and prerequisites.
#![allow(clippy::unwrap_used, reason = "tests may panic")]
#![cfg(feature = "cli")]

mod archives;

use archives::{Packing, cabinet, manifest};
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

const R2: &str = "d31bd4c3-d872-41c9-a2e7-231f372588cb";
const SECURITY: &str = "0fa1201d-4330-4fa8-8ae9-b877473b6441";
/// A host of that product whose list of updates is whole.
const HOST: &str = r#"{ "schema": "kbwhy/host/1", "os": { "product": "Windows Server 2012 R2 Standard",
  "version": "6.3.9600", "architecture": "x64", "installation_type": "Server" },
  "updates": { "installed": [INSTALLED], "complete": COMPLETE } }"#;

fn guid(n: u32) -> String {
    format!("a0000000-0000-4000-8000-{n:012}")
}

/// One update of a scan file; its number is that of its revision too.
#[derive(Clone, Default)]
struct Update {
    n: u32,
    attributes: &'static str,
    /// clauses of GUIDs
    needs: Vec<Vec<u32>>,
    bundle: Option<u32>,
    superseded_by: Option<u32>,
    kb: Option<u32>,
    title: &'static str,
    kind: &'static str,
    rules: &'static str,
}

impl Update {
    fn identity(n: u32) -> String {
        format!(r#"<UpdateIdentity UpdateID="{}" RevisionNumber="200" />"#, guid(n))
    }

    fn listed(&self) -> String {
        let of_product = self.kind == "Software";
        let mut needs: String = self
            .needs
            .iter()
            .map(|clause| {
                let members: String =
                    clause.iter().map(|n| format!(r#"<UpdateId Id="{}" />"#, guid(*n))).collect();
                if clause.len() == 1 { members } else { format!("<Or>{members}</Or>") }
            })
            .collect();
        let mut inner = String::new();
        if of_product {
            inner += &format!(
                r#"<Categories><Category Type="Product" Id="{R2}" /><Category Type="UpdateClassification" Id="{SECURITY}" /></Categories>"#
            );
            needs += &format!(r#"<UpdateId Id="{R2}" /><UpdateId Id="{SECURITY}" />"#);
        }
        inner += &format!("<Prerequisites>{needs}</Prerequisites>");
        for (name, id) in [("SupersededBy", self.superseded_by), ("BundledBy", self.bundle)] {
            inner += &id.map_or(String::new(), |id| format!(r#"<{name}><Revision Id="{id}" /></{name}>"#));
        }
        if self.kb.is_some() && self.bundle.is_some() {
            inner += &format!(r#"<PayloadFiles><File Id="file{}" /></PayloadFiles>"#, self.n);
        }
        format!(
            r#"<Update CreationDate="2026-05-12T17:00:00Z" DefaultLanguage="en" UpdateId="{}" RevisionNumber="200" RevisionId="{}" {}>{inner}</Update>"#,
            guid(self.n),
            self.n,
            self.attributes
        )
    }

    fn core(&self) -> String {
        let clause = |members: &Vec<u32>| {
            let all: String = members.iter().map(|n| Self::identity(*n)).collect();
            if members.len() == 1 { all } else { format!("<AtLeastOne>{all}</AtLeastOne>") }
        };
        let needs: String = self.needs.iter().map(clause).collect();
        let of_product = match self.kind {
            "Software" => {
                format!(r#"<AtLeastOne IsCategory="true"><UpdateIdentity UpdateID="{R2}" /></AtLeastOne>"#)
            }
            _ => String::new(),
        };
        format!(
            r#"{}<Properties UpdateType="{}" /><Relationships><Prerequisites>{needs}{of_product}</Prerequisites></Relationships><ApplicabilityRules>{}</ApplicabilityRules>"#,
            Self::identity(self.n),
            self.kind,
            self.rules
        )
    }
}

/// An offline scan file: the list, and fragments in two cabinets, the second from revision 200 on.
fn scan_file(updates: &[Update]) -> Vec<u8> {
    let listed: String = updates.iter().map(Update::listed).collect();
    let locations: String = updates
        .iter()
        .filter_map(|u| {
            let kb = u.kb.filter(|_| u.bundle.is_some())?;
            Some(format!(
                r#"<FileLocation Id="file{}" Url="http://download.windowsupdate.com/c/windows8.1-kb{kb}-x64_{}.cab" />"#,
                u.n, u.n
            ))
        })
        .collect();
    let list = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><OfflineSyncPackage xmlns="http://schemas.microsoft.com/msus/2004/02/OfflineSync" CreationDate="2026-05-12T05:17:32Z" PackageVersion="1.1"><Updates>{listed}</Updates><FileLocations>{locations}</FileLocations></OfflineSyncPackage>"#
    );
    let package = cabinet(Packing::MsZip, &[("package.xml", list.as_bytes())]);
    let fragments = |of: &dyn Fn(u32) -> bool| {
        let mut members: Vec<(String, Vec<u8>)> = Vec::new();
        for u in updates.iter().filter(|u| of(u.n)) {
            if !u.rules.is_empty() {
                members.push((format!("c/{}", u.n), u.core().into_bytes()));
            }
            if !u.title.is_empty() {
                let title = format!(
                    "<LocalizedProperties><Language>en</Language><Title>{}</Title></LocalizedProperties>",
                    u.title
                );
                members.push((format!("l/en/{}", u.n), title.into_bytes()));
            }
        }
        let members: Vec<(&str, &[u8])> = members.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
        cabinet(Packing::LzxVerbatim(18), &members)
    };
    let index = br#"<INDEX VERSION="1"><CABLIST XOR="0"><CAB NAME="package.cab"/><CAB NAME="package2.cab" RANGESTART="0" FILESDIR="1"/><CAB NAME="package3.cab" RANGESTART="200"/></CABLIST></INDEX>"#;
    let (low, high) = (fragments(&|n| n < 200), fragments(&|n| n >= 200));
    cabinet(
        Packing::Stored,
        &[("index.xml", index), ("package.cab", &package), ("package2.cab", &low), ("package3.cab", &high)],
    )
}

const KERNEL: &str = r#"<IsInstalled><b.WindowsVersion Comparison="GreaterThanOrEqualTo" MajorVersion="6" MinorVersion="3" /></IsInstalled>"#;
const OLDER: &str = r#"<IsInstalled><b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Example" Value="Own" Comparison="EqualTo" Data="1" /></IsInstalled>"#;
const MAIN: &str = r#"<IsInstalled><b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Example" Value="Level" Comparison="GreaterThanOrEqualTo" Data="5" /></IsInstalled><IsInstallable><b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Example" Value="Ready" Comparison="GreaterThanOrEqualTo" Data="3" /></IsInstallable>"#;

/// KB9100010 needs a kernel (a probe) and either KB9100001 or what another probe looks for. KB9100020 needs KB9100001,
/// which KB9100002 supersedes. KB9100030 needs a probe whose rules are not there.
fn updates() -> Vec<Update> {
    let probe = Update {
        attributes: r#"IsLeaf="false" DeploymentAction="Evaluate""#,
        kind: "Detectoid",
        ..Update::default()
    };
    let bundle =
        Update { attributes: r#"IsLeaf="true" IsBundle="true""#, kind: "Software", ..Update::default() };
    let leaf = Update {
        attributes: r#"IsLeaf="true" DeploymentAction="Bundle""#,
        kind: "Software",
        ..Update::default()
    };
    vec![
        Update { n: 1, title: "Kernel of Windows 8.1", rules: KERNEL, ..probe.clone() },
        Update { n: 2, title: "The older servicing", rules: OLDER, ..probe.clone() },
        Update { n: 3, ..probe },
        Update { n: 100, title: "First (KB9100001)", superseded_by: Some(110), ..bundle.clone() },
        Update { n: 101, bundle: Some(100), kb: Some(9_100_001), ..leaf.clone() },
        Update { n: 110, title: "Second (KB9100002)", ..bundle.clone() },
        Update { n: 111, bundle: Some(110), kb: Some(9_100_002), ..leaf.clone() },
        Update { n: 200, needs: vec![vec![1], vec![100, 2]], title: "Main (KB9100010)", ..bundle.clone() },
        Update { n: 201, bundle: Some(200), kb: Some(9_100_010), rules: MAIN, ..leaf.clone() },
        Update { n: 210, needs: vec![vec![1], vec![100]], title: "Other (KB9100020)", ..bundle.clone() },
        Update { n: 211, bundle: Some(210), kb: Some(9_100_020), ..leaf.clone() },
        Update { n: 220, needs: vec![vec![1], vec![3]], title: "Third (KB9100030)", ..bundle },
        Update { n: 221, bundle: Some(220), kb: Some(9_100_030), rules: MAIN, ..leaf },
    ]
}

/// A folder with a cache of its own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.host("host.json", "", true);
        folder
    }

    /// With the scan file imported.
    fn imported() -> Self {
        let f = Self::new();
        f.write("wsusscn2.cab", &scan_file(&updates()));
        let out = f.run(&["catalog", "import", "wsusscn2.cab"]);
        assert!(out.status.success(), "{}", text(&out.stderr));
        f
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn host(&self, name: &str, installed: &str, complete: bool) {
        let text = HOST.replace("INSTALLED", installed).replace("COMPLETE", &complete.to_string());
        self.write(name, text.as_bytes());
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut c = Command::new(env!("CARGO_BIN_EXE_kbwhy"));
        c.current_dir(self.0.path()).env("KBWHY_CACHE", self.path("cache")).args(args).output().unwrap()
    }

    /// The answer of `explain`, with values of `HKLM\SOFTWARE\Example`.
    fn explain(&self, kb: &str, host: &str, values: &[&str]) -> Value {
        let facts: Vec<String> =
            values.iter().map(|v| format!("registry.HKLM\\SOFTWARE\\Example\\{v}")).collect();
        let mut args = vec!["explain", kb, "--inventory", host, "--format", "json", "--verbose"];
        args.extend(facts.iter().flat_map(|f| ["--set", f.as_str()]));
        let out = self.run(&args);
        assert!(matches!(out.status.code(), Some(0 | 1 | 5)), "{}", text(&out.stderr));
        assert_eq!(text(&out.stderr), "");
        serde_json::from_slice(&out.stdout).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn verdict(report: &Value) -> (&str, &str) {
    (report["verdict"].as_str().unwrap(), report["causes"][0]["code"].as_str().unwrap_or_default())
}

/// Updates of the plan, in order.
fn plan(report: &Value) -> Vec<&str> {
    report["plan"]["steps"].as_array().unwrap().iter().filter_map(|s| s["update"].as_str()).collect()
}

const FIRST: &str = "\"KB9100001\"";

#[test]
fn rules_in_the_cache_decide_on_both_sides_of_their_boundaries() {
    let f = Folder::imported();
    f.host("with.json", FIRST, true);
    let of = |values: &[&str]| f.explain("KB9100010", "with.json", values);
    assert_eq!(verdict(&of(&["Level=4", "Ready=3", "Own=0"])), ("applicable", ""));
    assert_eq!(verdict(&of(&["Level=5", "Ready=3", "Own=0"])), ("already-installed", "already-installed"));
    let refused = of(&["Level=4", "Ready=2", "Own=0"]);
    assert_eq!(verdict(&refused), ("not-applicable", "applicability-rule"));
    let shown = refused.to_string();
    assert!(shown.contains("Ready") && shown.contains("Windows Update metadata"), "{refused:#}");
    // without the fact the rules keep nobody from an answer that the catalog gives, and claim nothing
    assert_ne!(verdict(&of(&["Level=4", "Own=0"])).0, "not-applicable");
}

#[test]
fn a_missing_prerequisite_by_guid_names_its_kb_and_enters_the_plan() {
    let f = Folder::imported();
    let of = |host: &str, own: &str| f.explain("KB9100010", host, &["Level=4", "Ready=3", own]);
    let missing = of("host.json", "Own=0");
    assert_eq!(verdict(&missing), ("not-applicable", "missing-prerequisite"), "{missing:#}");
    assert_eq!(
        missing["causes"][0]["updates"][0]["kb"].as_str().or(missing["causes"][0]["updates"][0].as_str()),
        Some("KB9100001"),
        "{missing:#}"
    );
    assert_eq!(plan(&missing), ["KB9100001", "KB9100010"]);
    // any member will do: the probe's own rule holds
    assert_eq!(verdict(&of("host.json", "Own=1")).0, "applicable");
    // what supersedes it stands in for it
    f.host("newer.json", "\"KB9100002\"", true);
    assert_eq!(verdict(&of("newer.json", "Own=0")).0, "applicable");
    // a list that is not whole shows nothing to be missing
    f.host("some.json", "\"KB9100003\"", false);
    assert_ne!(verdict(&of("some.json", "Own=0")), ("not-applicable", "missing-prerequisite"));
}

#[test]
fn a_clause_of_updates_alone_is_a_rule_of_the_catalog() {
    let f = Folder::imported();
    let missing = f.explain("KB9100020", "host.json", &[]);
    assert_eq!(verdict(&missing), ("not-applicable", "missing-prerequisite"), "{missing:#}");
    assert_eq!(plan(&missing), ["KB9100001", "KB9100020"]);
    for installed in [FIRST, "\"KB9100002\""] {
        f.host("has.json", installed, true);
        let has = f.explain("KB9100020", "has.json", &[]);
        assert_ne!(verdict(&has).0, "not-applicable", "{installed}: {has:#}");
    }
}

#[test]
fn a_probe_of_the_system_is_judged_by_its_own_rules() {
    let f = Folder::imported();
    // an older kernel: another package of the update may be for it, so that nothing is claimed
    let text = HOST.replace("INSTALLED", FIRST).replace("COMPLETE", "true").replace("6.3.9600", "6.2.9200");
    f.write("old.json", text.replace("2012 R2", "2012").as_bytes());
    let old = f.explain("KB9100010", "old.json", &["Level=4", "Ready=3", "Own=0"]);
    assert_ne!(verdict(&old), ("applicable", ""), "{old:#}");
    assert_ne!(verdict(&old).1, "missing-prerequisite", "{old:#}");
    // one whose rules are not there is not known, named, and what would tell is said
    f.host("with.json", FIRST, true);
    let open = f.explain("KB9100030", "with.json", &["Level=4", "Ready=3"]);
    assert_ne!(verdict(&open).0, "not-applicable");
    assert!(open.to_string().contains(&guid(3)), "{open:#}");
}

#[test]
fn an_index_that_is_damaged_costs_its_rules_and_no_answer() {
    let f = Folder::imported();
    f.host("with.json", FIRST, true);
    let entries = fs::read_dir(f.path("cache/data")).unwrap().map(|e| e.unwrap().path());
    let index = entries.into_iter().find(|p| p.extension().is_some_and(|e| e == "guids")).unwrap();
    let whole = fs::read(&index).unwrap();
    let explain = || f.run(&["explain", "KB9100010", "--inventory", "with.json"]);
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        fs::write(&index, &bytes).unwrap();
        let out = explain();
        assert!(matches!(out.status.code(), Some(0 | 1 | 5)), "{at}: {}", text(&out.stderr));
        assert!(text(&out.stderr).lines().count() <= 1, "{}", text(&out.stderr));
    }
    fs::write(&index, &whole[..whole.len() / 2]).unwrap();
    let out = explain();
    assert!(text(&out.stderr).contains("damaged") && out.status.code() != Some(3), "{}", text(&out.stderr));
}

#[test]
fn rules_of_one_kb_come_out_of_the_cabinets_that_have_them() {
    let f = Folder::new();
    f.write("wsusscn2.cab", &scan_file(&updates()));
    let out = f.run(&["catalog", "import", "wsusscn2.cab", "--rules", "KB9100010"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    f.host("with.json", FIRST, true);
    let of = |kb: &str, ready: &str| {
        let report = f.explain(kb, "with.json", &["Level=4", ready, "Own=0"]);
        verdict(&report).0.to_owned()
    };
    assert_eq!(
        (of("KB9100010", "Ready=3").as_str(), of("KB9100010", "Ready=2").as_str()),
        ("applicable", "not-applicable")
    );
    // of another one they were not read
    assert_ne!(of("KB9100030", "Ready=2"), "not-applicable");
}

/// A package whose metadata has a bundle, its leaf and a probe.
fn package() -> Vec<u8> {
    let own = manifest(
        "Package_for_KB9100010~31bf3856ad364e35~amd64~~6.3.1.0",
        "identifier=\"KB9100010\"",
        &[],
        None,
        &[],
    );
    let bundle = format!(
        r#"{}<Properties UpdateType="Software" /><Relationships><Prerequisites>{}</Prerequisites><BundledUpdates>{}</BundledUpdates></Relationships>"#,
        Update::identity(200),
        Update::identity(1),
        Update::identity(201)
    );
    let leaf = format!(
        r#"{}<Properties UpdateType="Software" /><ApplicabilityRules>{MAIN}</ApplicabilityRules>"#,
        Update::identity(201)
    );
    let probe = format!(
        r#"{}<Properties UpdateType="Detectoid" /><ApplicabilityRules>{KERNEL}</ApplicabilityRules>"#,
        Update::identity(1)
    );
    let inner = cabinet(
        Packing::MsZip,
        &[
            ("package.xml", b"<OfflineSyncPackage/>"),
            ("core\\1", probe.as_bytes()),
            ("core\\200", bundle.as_bytes()),
            ("core\\201", leaf.as_bytes()),
        ],
    );
    let scan = cabinet(Packing::Stored, &[("package.cab", &inner)]);
    let files = cabinet(Packing::LzxVerbatim(18), &[("update.mum", own.as_bytes())]);
    cabinet(Packing::Stored, &[("WSUSSCAN.cab", &scan), ("Windows8.1-KB9100010-x64.cab", &files)])
}

#[test]
fn rules_in_a_package_file_are_used() {
    let f = Folder::new();
    f.write("windows8.1-kb9100010-x64.msu", &package());
    let of = |ready: &str, version: &str| {
        let ready = format!("registry.HKLM\\SOFTWARE\\Example\\Ready={ready}");
        let out = f.run(&[
            "explain",
            "--package",
            "windows8.1-kb9100010-x64.msu",
            "--inventory",
            "host.json",
            "--set",
            &ready,
            "--set",
            "registry.HKLM\\SOFTWARE\\Example\\Level=4",
            "--set",
            version,
            "--format",
            "json",
        ]);
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    assert_eq!(verdict(&of("2", "os.version=6.3.9600")), ("not-applicable", "applicability-rule"));
    let fits = of("3", "os.version=6.3.9600");
    let rule = fits["checks"].as_array().unwrap().iter().find(|c| c["code"] == "applicability-rule");
    assert_eq!(rule.unwrap()["outcome"], "pass", "{fits:#}");
    assert_eq!(verdict(&of("3", "os.version=6.1.7601")).0, "not-applicable");
    // the bundle's probe is asked of what it brings
    let rules = f.run(&["rules", "windows8.1-kb9100010-x64.msu", "--inventory", "host.json"]);
    let shown = text(&rules.stdout);
    assert!(shown.contains("[201:1]") && shown.contains("[1:1]"), "{shown}");
}
