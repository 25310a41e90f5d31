//! What servicing would say of a package: tables, and the verdicts of real logs.

#![allow(clippy::unwrap_used, reason = "tests may panic")]
#![allow(clippy::print_stderr, reason = "a suite that is skipped says so")]

use kbwhy::{
    model::{Completeness, Fact, Host, ListKind, ListSeen, Origin, PackageState},
    package::{
        PackageIdentity,
        mum::{self, Mum},
        servicing::{Applicable, OnSystem, Store, evaluate},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

/// A package that DISM does not list: whoever lists it lists all.
const HIDDEN: &str =
    "Microsoft-Windows-EditionPack-Professional-Package~31bf3856ad364e35~amd64~~10.0.22621.3880";
const FOUNDATION: &str = "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.22621.1";

/// A host with these packages (`identity state`, or an identity that is installed); all of them, if `whole`.
fn host(packages: &[&str], whole: bool) -> Host {
    let origin = || Origin::line(&Arc::from("packages.txt"), "test", 1);
    let packages = packages.iter().copied().chain([FOUNDATION, HIDDEN]).map(|p| {
        let (identity, state) = p.split_once(' ').unwrap_or((p, "installed"));
        (identity.to_owned(), Fact::new(PackageState::parse(state).unwrap(), origin()))
    });
    let list = ListSeen { kind: ListKind::ComponentStore, shown: 1, gaps: Vec::new(), origin: origin() };
    Host {
        packages: packages.collect(),
        completeness: Completeness { complete: false, lists: if whole { vec![list] } else { Vec::new() } },
        ..Host::default()
    }
}

fn assembly_identity(identity: &str) -> String {
    let p: Vec<&str> = identity.split('~').collect();
    format!(
        "<assemblyIdentity name=\"{}\" publicKeyToken=\"{}\" processorArchitecture=\"{}\" language=\"{}\" version=\"{}\"/>",
        p[0],
        p[1],
        p[2],
        if p[3].is_empty() { "neutral" } else { p[3] },
        p[4]
    )
}

/// A manifest in the exact format; each group is attributes and packages.
fn written(identity: &str, attributes: &str, groups: &[(&str, &[&str])], children: &[&str]) -> String {
    let mut parents = String::new();
    for (attributes, any_of) in groups {
        let any_of: String = any_of.iter().map(|p| assembly_identity(p)).collect();
        parents +=
            &format!("<parent {attributes} integrate=\"separate\" disposition=\"detect\">{any_of}</parent>");
    }
    let children: String = children
        .iter()
        .map(|c| {
            format!(
                "<update name=\"u\"><package integrate=\"hidden\">{}</package></update>",
                assembly_identity(c)
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\" manifestVersion=\"1.0\">\
         {}<package identifier=\"x\" releaseType=\"Update\" {attributes}>{parents}{children}</package></assembly>",
        assembly_identity(identity)
    )
}

fn package(identity: &str, groups: &[(&str, &[&str])]) -> Mum {
    mum::parse(&written(identity, "", groups, &[])).unwrap()
}

fn says(mum: &Mum, host: &Host) -> Option<&'static str> {
    evaluate(mum, &[], &Store::of(host)).applicable().map(Applicable::name)
}

const GE: &str = "buildCompare=\"GE\" revisionCompare=\"GE\"";
const EQ: &str = "buildCompare=\"EQ\" serviceCompare=\"EQ\"";

fn id(name: &str, version: &str) -> String {
    format!("{name}~31bf3856ad364e35~amd64~~{version}")
}

#[test]
fn versions_of_parents_are_compared_part_by_part() {
    let of = |flags: &str, wanted: &str, installed: &str, whole: bool| {
        let wanted = id("P", wanted);
        let mum = package(&id("X", "1.0.0.0"), &[(flags, &[wanted.as_str()])]);
        says(&mum, &host(&[&id("P", installed)], whole))
    };
    for (flags, wanted, installed, want) in [
        (GE, "10.0.22621.1", "10.0.22621.3880", Some("Installed")),
        (GE, "10.0.17637.1000", "10.0.22621.3880", Some("Installed")),
        (GE, "10.0.22621.1", "10.0.22621.1", Some("Installed")),
        (GE, "10.0.22621.100", "10.0.22621.1", Some("Absent")),
        (GE, "10.0.22621.1", "10.0.19041.5000", Some("Absent")),
        (GE, "6.3.9600.16384", "10.0.9600.16384", Some("Absent")),
        // a later build with a lower revision: no log shows it
        (GE, "10.0.17637.1000", "10.0.22621.1", None),
        (EQ, "6.3.9600.16384", "6.3.9600.16384", Some("Installed")),
        (EQ, "6.3.9600.16384", "6.3.9200.16384", Some("Absent")),
        (EQ, "6.3.9600.16384", "6.3.9601.16384", Some("Absent")),
        // only the revision is said: a later build may do or not
        ("revisionCompare=\"GE\"", "10.0.26100.1742", "10.0.26100.9000", Some("Installed")),
        ("revisionCompare=\"GE\"", "10.0.26100.1742", "10.0.26100.1", Some("Absent")),
        ("revisionCompare=\"GE\"", "10.0.22621.1", "10.0.26100.9000", None),
        ("revisionCompare=\"EQ\"", "10.0.26100.1742", "10.0.26100.9000", Some("Absent")),
        ("", "10.0.26100.1742", "10.0.26100.9000", None),
        // conditions that no log explains
        ("exist=\"absent\"", "10.0.1.0", "10.0.1.0", None),
        ("set=\"a\"", "10.0.1.0", "10.0.1.0", None),
    ] {
        assert_eq!(of(flags, wanted, installed, true), want, "{flags}: {wanted} by {installed}");
    }
    // of a list that is not whole, what is missing may be there; of its version, too
    assert_eq!(of(GE, "10.0.22621.100", "10.0.22621.1", false), None);
}

#[test]
fn any_parent_of_any_group_will_do() {
    let mum = package(
        &id("X", "1.0.0.0"),
        &[(GE, &[&id("A", "10.0.1.0"), &id("B", "10.0.1.0")]), (GE, &[&id("C", "10.0.1.0")])],
    );
    for there in ["A", "B", "C"] {
        assert_eq!(says(&mum, &host(&[&id(there, "10.0.1.0")], true)), Some("Installed"), "{there}");
    }
    assert_eq!(says(&mum, &host(&[&id("D", "10.0.1.0")], true)), Some("Absent"));
    assert_eq!(says(&mum, &host(&[], false)), None);
    for (state, want) in
        [("absent", Some("Absent")), ("staged", None), ("superseded", None), ("install-pending", None)]
    {
        let a = format!("{} {state}", id("A", "10.0.1.0"));
        assert_eq!(says(&mum, &host(&[&a], true)), want, "{state}");
    }
    // of another architecture or language
    for other in ["A~31bf3856ad364e35~x86~~10.0.1.0", "A~31bf3856ad364e35~amd64~de-DE~10.0.1.0"] {
        assert_eq!(says(&mum, &host(&[other], true)), Some("Absent"), "{other}");
    }
    let none = package(&id("X", "1.0.0.0"), &[]);
    assert_eq!(says(&none, &host(&[], true)), Some("Installed"));
}

#[test]
fn the_same_package_on_the_system() {
    let mum = package(&id("X", "1.0.2.0"), &[]);
    for (listed, want) in [
        ("1.0.2.0", OnSystem::Same(&fact(PackageState::Installed))),
        ("1.0.1.9", OnSystem::Neither),
        ("1.0.3.0 staged", OnSystem::Unknown),
        ("1.0.3.0 absent", OnSystem::Neither),
        ("1.0.2.0 superseded", OnSystem::Unknown),
    ] {
        let host = host(&[&id("X", listed)], true);
        assert_eq!(evaluate(&mum, &[], &Store::of(&host)).on_system, want, "{listed}");
    }
    for listed in ["1.0.3.0", "1.0.10.0 superseded"] {
        let host = host(&[&id("X", listed)], true);
        assert!(matches!(evaluate(&mum, &[], &Store::of(&host)).on_system, OnSystem::Higher(..)), "{listed}");
        assert_eq!(says(&mum, &host), Some("Superseded"));
    }
    assert_eq!(says(&mum, &host(&[], false)), None);
}

fn fact(state: PackageState) -> Fact<PackageState> {
    Fact::new(state, Origin::line(&Arc::from("packages.txt"), "test", 1))
}

#[test]
fn what_dism_does_not_list_is_not_absent_for_that() {
    let mut listed = host(&[], true);
    listed.packages.remove(HIDDEN);
    let of = |wanted: &str| says(&package(&id("Package_for_KB1", "1.0.0.0"), &[(GE, &[wanted])]), &listed);
    assert_eq!(of(&id("Microsoft-Windows-ProfessionalEdition", "10.0.22621.1")), None);
    assert_eq!(of(&id("Microsoft-Windows-Client-Features-Package", "10.0.22621.1")), None);
    assert_eq!(of(&id("Package_for_KB4132216", "10.0.1.0")), Some("Absent"));
    assert_eq!(of(FOUNDATION), Some("Installed"));
    // nor is it for what `kbwhy collect` lists: all packages of updates, with their parts
    listed.packages.insert(id("Package_2_for_KB2919355", "6.3.1.14"), fact(PackageState::Installed));
    let edition = id("Microsoft-Windows-ProfessionalEdition", "10.0.22621.1");
    assert_eq!(says(&package(&id("Package_for_KB1", "1.0.0.0"), &[(GE, &[&edition])]), &listed), None);
    let part = package(&id("Package_1_for_KB2919355", "6.3.1.14"), &[]);
    assert_eq!(evaluate(&part, &[], &Store::of(&listed)).on_system, OnSystem::Neither);
    listed.packages.remove(&id("Package_2_for_KB2919355", "6.3.1.14"));
    // a part of an update is hidden, too
    let part = package(&id("Package_1_for_KB2919355", "6.3.1.14"), &[]);
    assert_eq!(evaluate(&part, &[], &Store::of(&listed)).on_system, OnSystem::Unknown);
}

#[test]
fn a_package_that_is_evaluated_deep_is_as_applicable_as_its_parts() {
    let (one, two) = (id("Package_1_for_KB1", "6.3.1.0"), id("Package_2_for_KB1", "6.3.1.0"));
    let whole = id("Package_for_KB1", "6.3.1.0");
    let deep = |attributes: &str| mum::parse(&written(&whole, attributes, &[], &[&one, &two])).unwrap();
    let part = |identity: &str, parent: &str| package(identity, &[(EQ, &[&id(parent, "6.3.9600.16384")])]);
    let (a, b) = (part(&one, "A"), part(&two, "B"));
    let mum = deep("applicabilityEvaluation=\"deep\"");
    let judged = |mum: &Mum, parts: &[&Mum], host: &Host| {
        evaluate(mum, parts, &Store::of(host)).applicable().map(Applicable::name)
    };
    let has_b = host(&[&id("B", "6.3.9600.16384")], true);
    assert_eq!(judged(&mum, &[&a, &b], &has_b), Some("Installed"));
    assert_eq!(judged(&mum, &[&a, &b], &host(&[], true)), Some("Absent"));
    // a part that was not read may have its parent
    assert_eq!(judged(&mum, &[&a], &host(&[], true)), None);
    assert_eq!(judged(&mum, &[&a, &b], &host(&[], false)), None);
    // parts that are not looked at by servicing and would all be refused: not known
    assert_eq!(judged(&deep(""), &[&a, &b], &host(&[], true)), None);
}

#[test]
fn a_manifest_that_is_cut_proves_no_absence() {
    let text = written(&id("X", "1.0.0.0"), "", &[(GE, &[&id("A", "10.0.1.0"), &id("B", "10.0.1.0")])], &[]);
    let there = host(&[&id("B", "10.0.1.0")], true);
    let mut readable = 0;
    for cut in 0..text.len() {
        let Ok(mum) = mum::parse(&text[..cut]) else { continue };
        readable += 1;
        assert!(mum.cut_at.is_some(), "{cut}");
        assert_ne!(says(&mum, &there), Some("Absent"), "cut at {cut}");
    }
    assert!(readable > 300);
}

fn field_data() -> Option<PathBuf> {
    let folder = std::env::var_os("KBWHY_FIELD_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: KBWHY_FIELD_DATA is not set, no real log was read");
    }
    folder.map(|f| f.join("testdata"))
}

fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &line[line.find(before)? + before.len()..];
    rest.split(after).next().map(str::trim)
}

/// What a log says was on the system: parents that were found, and higher versions.
fn on_the_system(log: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in log.lines() {
        found.extend(between(line, "parent found: ", ",").map(str::to_owned));
        found.extend(between(line, "(Version on system:", ")").map(str::to_owned));
    }
    found
}

/// Parents with the one that was found of each, and the verdict.
type Judged<'a> = (Vec<(&'a str, &'a str)>, &'a str);

#[test]
fn every_parent_evaluation_of_a_real_log_is_reproduced() {
    let Some(folder) = field_data() else { return };
    let folder = folder.join("cbslog");
    let log = std::fs::read_to_string(folder.join("scarlaglen_CBS_win11_2024-07.full.log")).unwrap();
    let oracle = std::fs::read_to_string(folder.join("ORACLE_win11-22621.3880_parent-eval.tsv")).unwrap();
    let system = on_the_system(&log);
    assert!(system.len() > 50, "{}", system.len());
    let system: Vec<&str> = system.iter().map(String::as_str).collect();
    // package: its parents with the one that was found of each, and the verdict
    let mut wanted: BTreeMap<&str, Judged<'_>> = BTreeMap::new();
    for row in oracle.lines().skip(1) {
        let [package, parent, found, _, verdict] = *row.split('\t').collect::<Vec<_>>() else {
            panic!("{row}")
        };
        let entry = wanted.entry(package).or_insert((Vec::new(), verdict));
        if parent != "(none)" {
            entry.0.push((parent, found));
        }
    }
    let (mut with_parents, mut refused) = (0, 0);
    for (name, (parents, verdict)) in &wanted {
        // every line of this log says VersionComp: EQ, BuildComp: GE, RevisionComp: GE
        let groups: Vec<(&str, [&str; 1])> = parents.iter().map(|(p, _)| (GE, [*p])).collect();
        let groups: Vec<(&str, &[&str])> = groups.iter().map(|(f, p)| (*f, p.as_slice())).collect();
        let mum = package(name, &groups);
        let machine = host(&system, true);
        let store = Store::of(&machine);
        let told = evaluate(&mum, &[], &store);
        assert_eq!(told.applicable().map(Applicable::name), Some(*verdict), "{name}");
        with_parents += usize::from(!parents.is_empty());
        // each parent by itself: found or not, and which version of it
        assert_eq!(told.parents.len(), parents.len());
        for (judged, (parent, found)) in told.parents.iter().zip(parents) {
            let listed = judged.listed.as_ref().filter(|_| judged.there == Some(true));
            let listed = listed.map_or("-".to_owned(), |(p, _)| p.to_string());
            assert_eq!(&listed, found, "{name}: {parent}");
        }
        if parents.is_empty() {
            continue;
        }
        // the same without what was found: it is refused, and where the list is not whole nobody knows
        let less: Vec<&str> =
            system.iter().copied().filter(|s| !parents.iter().any(|(_, found)| found == s)).collect();
        // those that every host of these tests has
        if !parents.iter().any(|(_, found)| [FOUNDATION, HIDDEN].contains(found)) {
            assert_eq!(says(&mum, &host(&less, true)), Some("Absent"), "{name}");
            assert_eq!(says(&mum, &host(&less, false)), None, "{name}");
        }
        refused += usize::from(*verdict == "Absent");
    }
    assert_eq!((wanted.len(), with_parents, refused), (400, 90, 10));
}

#[test]
fn a_rollup_asks_for_a_servicing_stack_as_its_parent() {
    let Some(folder) = field_data() else { return };
    for (file, verdict) in [
        ("KB4284880_missing-ssu-parent_1607.log", "Absent"),
        ("KB4284880_with-ssu-parent_1607.log", "Installed"),
    ] {
        let log = std::fs::read_to_string(folder.join("cbslog").join(file)).unwrap();
        let line = log.lines().find(|l| l.contains("detect Parent, Package:")).unwrap();
        let name = between(line, "Package: ", ",").unwrap();
        let parent = between(line, "Parent: ", ",").unwrap();
        let said = log.lines().find_map(|l| between(l, "applicable state: ", "\r")).unwrap();
        let system = on_the_system(&log);
        let system: Vec<&str> = system.iter().map(String::as_str).collect();
        let mum = package(name, &[(GE, &[parent])]);
        assert_eq!(said, verdict);
        assert_eq!(says(&mum, &host(&system, true)), Some(said), "{file}");
        assert_eq!(mum.parents[0].any_of[0].kb(), "KB4132216".parse().ok());
    }
}

#[test]
fn real_manifests_are_read() {
    let Some(folder) = field_data() else { return };
    let read = |name: &str| mum::parse(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    let rollup = read("mum/KB5129195_RollupFix_26100.9457.REDUCED.mum");
    assert_eq!(rollup.identity.rollup(), Some((26100, 9457)));
    assert_eq!((rollup.kb, rollup.cut_at, rollup.head_whole), ("KB5129195".parse().ok(), None, true));
    assert_eq!((rollup.parents.len(), rollup.parents[0].any_of.len(), rollup.children.len()), (1, 2, 1));
    assert_eq!(rollup.payload.unwrap().delta.as_deref(), Some("ForwardOnly"));
    let part = read("mum/KB4577066_Package_980.TRUNCATED.mum");
    assert_eq!((part.parents[0].any_of.len(), part.stack, part.stack_stated), (3, None, true));
    assert!(part.cut_at.is_some() && part.head_whole);
    assert_eq!(part.parents[0].any_of[2].culture, "el-GR");
    assert_eq!(part.psf.as_deref(), Some("Windows8.1-KB4577066-x64.psf"));
    let windows_7 = read("mum/KB4474419_Package_16.TRUNCATED.mum");
    assert_eq!(
        windows_7.identity,
        PackageIdentity::parse(&id("Package_16_for_KB4474419", "6.1.2.2")).unwrap()
    );
    // the same in fragments of metadata
    let separate = read("wu-core/server2016-14393.9140_separate-ssu-leaf.REDUCED.xml");
    assert_eq!((separate.stack, separate.head_whole), ("10.0.14393.7692".parse().ok(), false));
    let combined = read("wu-core/server2022-20348.5139_combined-leaf.REDUCED.xml");
    assert_eq!((combined.stack, combined.stack_stated), (None, true));
    assert_eq!(combined.embedded_stack.as_deref(), Some("Package_for_ServicingStack_5120"));
    let embedded = read("wu-core/KB5026368_rollupfix_arm64.core.reduced.xml");
    assert_eq!((embedded.kb, embedded.identity.rollup()), ("KB5026368".parse().ok(), Some((22000, 1936))));
    for none in [
        "wu-core/win10plus-detectoid_2025-clientwebservice.core.xml",
        "dism/get-packages_26200.8037.EXCERPT.txt",
    ] {
        assert!(mum::parse(&std::fs::read_to_string(folder.join(none)).unwrap()).is_err(), "{none}");
    }
}
