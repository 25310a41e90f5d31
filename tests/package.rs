//! Package files: what they tell, and what `explain --package FILE` makes of it.

#![allow(clippy::unwrap_used, reason = "tests may panic")]
#![cfg(feature = "cli")]

mod archives;

use archives::{Packing, cabinet, manifest, msu};
use kbwhy::{
    archive::Limits,
    package::content::{self, FileKind, PACKAGE_LIMITS, PackageContent},
};
use proptest::prelude::*;
use snapbox::{
    cmd::{Command, OutputAssert, cargo_bin},
    str,
};
use std::{fs, io::Cursor, path::PathBuf};

const GE: &str = "buildCompare=\"GE\" revisionCompare=\"GE\"";
const EQ: &str = "buildCompare=\"EQ\" serviceCompare=\"EQ\"";

fn id(name: &str, version: &str) -> String {
    format!("{name}~31bf3856ad364e35~amd64~~{version}")
}

fn read(bytes: &[u8], name: &str) -> Result<PackageContent, content::ContentError> {
    content::read(Cursor::new(bytes), name, PACKAGE_LIMITS)
}

/// A package of Windows 8.1 in the shape of those years: evaluated deep, two parts that each ask for an edition.
fn classic() -> Vec<u8> {
    let (one, two) = (id("Package_1_for_KB3172614", "6.3.1.4"), id("Package_2_for_KB3172614", "6.3.1.4"));
    let deep = "identifier=\"KB3172614\" applicabilityEvaluation=\"deep\"";
    let own = manifest(&id("Package_for_KB3172614", "6.3.1.4"), deep, &[], Some("6.0.0.0"), &[&one, &two]);
    let part = |identity: &str, parent: &str| {
        manifest(
            identity,
            "identifier=\"KB3172614\"",
            &[(EQ, &[&id(parent, "6.3.9600.16384")])],
            Some("6.0.0.0"),
            &[],
        )
    };
    let (a, b) = (
        part(&one, "Microsoft-Windows-ServerStandardEdition"),
        part(&two, "Microsoft-Windows-ProfessionalEdition"),
    );
    let files = vec![b'x'; 100_000];
    msu(
        "Windows8.1-KB3172614-x64",
        &[
            ("update.cat", b"signature"),
            ("package_1_for_kb3172614~31bf3856ad364e35~amd64~~6.3.1.4.mum", a.as_bytes()),
            ("package_2_for_kb3172614~31bf3856ad364e35~amd64~~6.3.1.4.mum", b.as_bytes()),
            ("amd64_files\\a.dll", &files),
            ("update.mum", own.as_bytes()),
        ],
        "ApplicabilityInfo=\"Windows 8.1; Windows Server 2012 R2;\"\r\nKB Article Number=\"3172614\"\r\nLanguage=\"ALL\"\r\nProcessor Architecture=\"amd64\"\r\n",
    )
}

/// A file in the tests' own folder.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn kbwhy(args: &[&str]) -> OutputAssert {
    Command::new(cargo_bin!("kbwhy")).current_dir(env!("CARGO_TARGET_TMPDIR")).args(args).assert()
}

#[test]
fn an_update_standalone_package_tells_what_it_is() {
    let content = read(&classic(), "C:\\Temp\\windows8.1-kb3172614-x64.msu").unwrap();
    assert_eq!((content.kind, content.kb()), (FileKind::Msu, "KB3172614".parse().ok()));
    let main = content.main.as_ref().unwrap();
    assert_eq!(main.place, "Windows8.1-KB3172614-x64.cab > update.mum");
    assert_eq!((main.value.deep, main.value.children.len(), content.others.len()), (true, 2, 2));
    assert_eq!(content.products(), ["Windows 8.1", "Windows Server 2012 R2"]);
    assert_eq!(content.architecture().map(|a| a.name()), Some("x64"));
    assert_eq!(content.language(), None);
    assert_eq!(content.rules.len(), 1);
    assert_eq!(content.rules[0].place, "WSUSSCAN.cab > package.cab > core/1");
    assert!(content.rules[0].value.starts_with(b"<UpdateIdentity"));
    assert!(content.remarks.is_empty(), "{:?}", content.remarks);
    // its name says another update
    let other = read(&classic(), "windows8.1-kb2919355-x86.msu").unwrap();
    assert_eq!(other.kb(), "KB3172614".parse().ok());
    assert_eq!(other.remarks.len(), 2, "{:?}", other.remarks);
}

#[test]
fn a_package_is_printed() {
    let path = file("windows8.1-kb3172614-x64.msu", classic());
    kbwhy(&["package", &path.to_string_lossy()]).code(0).stderr_eq("").stdout_eq(str![[r#"
windows8.1-kb3172614-x64.msu: KB3172614, update package (.msu)
  identity          Package_for_KB3172614 6.3.1.4
  stated by         Windows8.1-KB3172614-x64.cab > update.mum
  what it is        Security Update, Fix
  products          Windows 8.1; Windows Server 2012 R2
  architecture      x64
  needs             no parent package
  servicing stack   any
  restart           possible
  consists of       Package_1_for_KB3172614 6.3.1.4, Package_2_for_KB3172614
                    6.3.1.4
  rules             WSUSSCAN.cab > package.cab > core/1
  files             12
  page              https://support.microsoft.com/help/1

"#]]);
    let json =
        kbwhy(&["package", "--format", "json", &path.to_string_lossy()]).code(0).get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["schema"], "kbwhy/package/1");
    assert_eq!(json["identity"], "Package_for_KB3172614~31bf3856ad364e35~amd64~~6.3.1.4");
    assert_eq!(json["children"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_no_package_is_refused_in_one_line() {
    for (name, bytes, line) in [
        ("empty.msu", Vec::new(), "is empty: download it again"),
        ("ndp48.exe", b"MZ\x90\0".to_vec(), "is a program, not a package"),
        ("x.zip", b"PK\x03\x04".to_vec(), "is a zip archive"),
        ("x.txt", b"hello".to_vec(), "is no package"),
        ("page.msu", b"<html>not found</html>".to_vec(), "neither a cabinet"),
        ("cut.msu", classic()[..5000].to_vec(), "cut off"),
        (
            "wsusscn2.cab",
            cabinet(Packing::Stored, &[("index.xml", b"<INDEX/>"), ("package.cab", b"x")]),
            "offline catalog",
        ),
        ("evil.cab", cabinet(Packing::Stored, &[("..\\..\\update.mum", b"x")]), "leads out of the archive"),
    ] {
        let path = file(name, bytes);
        let output = kbwhy(&["package", &path.to_string_lossy()]).code(3).stdout_eq("");
        let told = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert!(told.contains(line) && told.lines().count() == 1, "{name}: {told}");
    }
    kbwhy(&["package", "no-such-file.msu"]).code(3);
    kbwhy(&["package", "."]).code(3);
}

#[test]
fn archives_within_archives_are_bounded() {
    let mut bytes = cabinet(Packing::Stored, &[("update.mum", b"<x/>")]);
    for _ in 0..6 {
        bytes = cabinet(Packing::Stored, &[("a.cab", &bytes)]);
    }
    let e = read(&bytes, "deep.cab").unwrap_err();
    assert!(e.problem.contains("more than 3 deep"), "{e}");
    let zeros = vec![0; 20 << 20];
    let bomb = cabinet(Packing::MsZip, &[("a.cab", &cabinet(Packing::MsZip, &[("update.mum", &zeros)]))]);
    let tight = Limits { unpacked: 1 << 20, ..PACKAGE_LIMITS };
    let e = content::read(Cursor::new(&bomb), "bomb.cab", tight).unwrap_err();
    assert!(e.problem.contains("unpacks to more than"), "{e}");
}

/// Packages of a Windows Server 2016 in a table of DISM, with these beside its own.
fn server_2016(more: &[&str]) -> String {
    let own = [
        "Microsoft-Windows-Foundation-Package 10.0.14393.0",
        "Microsoft-Windows-ServerStandardEdition 10.0.14393.0",
    ];
    let mut out = "\nDeployment Image Servicing and Management tool\nVersion: 10.0.14393.0\n\nImage Version: 10.0.14393.0\n\nPackages listing:\n\n\
                   Package Identity | State | Release Type | Install Time\n---------------- | ----- | ------------ | ------------\n"
        .to_owned();
    for p in own.iter().chain(more) {
        let (name, version) = p.split_once(' ').unwrap();
        out += &format!("{} | Installed | Update | 9/12/2016 11:38 AM\n", id(name, version));
    }
    out + "\nThe operation completed successfully.\n"
}

/// `explain --package` of a manifest on a Windows Server 2016 with these packages: exit code and output.
fn explained(test: &str, manifest: &str, packages: &[&str], more: &[&str]) -> (i32, String) {
    let package = file(&format!("{test}.mum"), manifest);
    let listed = file(&format!("{test}.txt"), server_2016(packages));
    let (package, listed) = (package.to_string_lossy().into_owned(), listed.to_string_lossy().into_owned());
    let mut args = vec!["explain", "--package", &package, "--inventory", &listed];
    args.extend(["--set", "os.product=Windows Server 2016 Standard", "--set", "os.architecture=x64"]);
    args.extend(more);
    let output = kbwhy(&args);
    let output = output.get_output();
    (output.status.code().unwrap(), String::from_utf8(output.stdout.clone()).unwrap())
}

fn rollup(parents: &[(&str, &[&str])]) -> String {
    manifest(&id("Package_for_RollupFix", "14393.2312.1.14"), "identifier=\"KB4284880\"", parents, None, &[])
}

#[test]
fn a_servicing_stack_that_is_a_parent_is_a_missing_prerequisite() {
    let parent = id("Package_for_KB4132216", "10.0.1.0");
    let package = rollup(&[(GE, &[&parent])]);
    let (code, text) = explained("parent-missing", &package, &[], &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.starts_with("KB4284880 is not applicable to parent-missing: it needs KB4132216"), "{text}");
    assert!(
        text.contains("the package asks for Package_for_KB4132216") && text.contains("parent-missing.mum"),
        "{text}"
    );
    let (code, text) = explained("parent-there", &package, &["Package_for_KB4132216 10.0.1.0"], &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Package_for_KB4132216 10.0.1.0 is installed"), "{text}");
}

#[test]
fn what_servicing_would_refuse_is_told() {
    let of = |identity: &str, kb: &str, parents: &[(&str, &[&str])], stack| {
        manifest(identity, &format!("identifier=\"{kb}\""), parents, stack, &[])
    };
    let edition = |name: &str, version: &str| id(&format!("Microsoft-Windows-{name}Edition"), version);
    let rollup_24h2 = id("Package_for_RollupFix", "26100.2314.1.14");
    let x86 = id("Package_for_RollupFix", "14393.2312.1.14").replace("amd64", "x86");
    let secure_boot = id("Package_for_KB5012170", "14393.5285.1.4");
    let unknown = id("Package_for_KB9999999", "10.0.1.0");
    for (test, manifest, packages, facts, code, says) in [
        (
            "higher",
            rollup(&[]),
            vec!["Package_for_RollupFix 14393.5000.1.3"],
            vec![],
            1,
            "a higher\nversion of it",
        ),
        ("same", rollup(&[]), vec!["Package_for_RollupFix 14393.2312.1.14"], vec![], 0, "already installed"),
        ("wrong-architecture", of(&x86, "KB4284880", &[], None), vec![], vec![], 1, "is for x86"),
        (
            "wrong-build",
            of(&rollup_24h2, "KB9999998", &[], None),
            vec![],
            vec![],
            1,
            "the package is for build 26100",
        ),
        (
            "wrong-windows",
            of(&unknown, "KB9999999", &[(GE, &[&edition("ServerStandard", "10.0.20348.1")])], None),
            vec![],
            vec![],
            1,
            "a part of another",
        ),
        (
            "wrong-edition",
            rollup(&[(GE, &[&edition("Core", "10.0.14393.0"), &edition("Professional", "10.0.14393.0")])]),
            vec![],
            vec![],
            1,
            "none of the 2 packages",
        ),
        (
            "no-feature",
            rollup(&[(GE, &[&id("Microsoft-Windows-NetFx3-OnDemand-Package", "10.0.14393.0")])]),
            vec![],
            vec![],
            1,
            "Microsoft-Windows-NetFx3-OnDemand-Package",
        ),
        (
            "old-stack",
            of(&secure_boot, "KB5012170", &[], Some("10.0.14393.5285")),
            vec![],
            vec!["--set", "facts.servicing_stack=10.0.14393.4349"],
            1,
            "is blocked on",
        ),
        (
            "new-stack",
            of(&secure_boot, "KB5012170", &[], Some("10.0.14393.5285")),
            vec![],
            vec!["--set", "facts.servicing_stack=10.0.14393.5285"],
            0,
            "is applicable",
        ),
        (
            "unknown-stack",
            of(&secure_boot, "KB5012170", &[], Some("10.0.14393.5285")),
            vec![],
            vec![],
            5,
            "missing-servicing-stack",
        ),
        // the catalog does not know it: what servicing finds is not all that may be asked for
        (
            "unknown-update",
            of(&unknown, "KB9999999", &[(GE, &[&edition("ServerStandard", "10.0.14393.0")])], None),
            vec![],
            vec![],
            5,
            "KB9999999: cannot tell",
        ),
    ] {
        let (got, text) = explained(test, &manifest, &packages, &facts);
        assert_eq!(got, code, "{test}: {text}");
        assert!(text.contains(says), "{test}: {text}");
    }
}

#[test]
fn a_file_of_another_update_is_told_and_not_used() {
    let package = file("other.mum", rollup(&[(GE, &[&id("Package_for_KB4132216", "10.0.1.0")])]));
    let listed = file("other.txt", server_2016(&[]));
    let (package, listed) = (package.to_string_lossy().into_owned(), listed.to_string_lossy().into_owned());
    let output = kbwhy(&["explain", "KB5012170", "--package", &package, "--inventory", &listed, "--verbose"]);
    let output = output.get_output();
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("is of KB4284880, not of KB5012170"), "{said}");
    assert!(text.contains("the package file is of KB4284880") && !text.contains("KB4132216"), "{text}");
}

#[test]
fn a_name_that_is_no_file_stays_a_name() {
    kbwhy(&["explain", "KB3172614", "--package", "windows8.1-kb3172614-x86.msu-not-here"])
        .code(5)
        .stderr_eq("");
    let output =
        kbwhy(&["explain", "KB3172614", "--package", "C:\\Temp\\windows8.1-kb3172614-x86.msu"]).code(5);
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(said.contains("no such file here; only its name is used"), "{said}");
    // a setup program has a name all the same
    let setup = file("NDP48-KB4503548-x86-x64.exe", b"MZ\x90\0");
    let output = kbwhy(&["explain", "KB3172614", "--package", &setup.to_string_lossy()]).code(5);
    assert!(String::from_utf8_lossy(&output.get_output().stderr).contains("only its name is used"));
    // what is damaged is an input that cannot be read
    let cut = file("cut-off.msu", &classic()[..3000]);
    kbwhy(&["explain", "KB3172614", "--package", &cut.to_string_lossy()]).code(3).stdout_eq("");
    let none = file("none.mum", manifest(&id("X", "1.0.0.0"), "", &[], None, &[]));
    kbwhy(&["explain", "--package", &none.to_string_lossy()]).code(2).stdout_eq("");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mangled_package_is_refused_or_read(
        cut in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 0..3),
        cut_it: bool,
    ) {
        let mut bytes = classic();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if cut_it {
            bytes.truncate(cut.index(bytes.len()));
            prop_assert!(read(&bytes, "x.msu").is_err());
        } else if let Err(e) = read(&bytes, "x.msu") {
            prop_assert!(!e.to_string().contains(char::is_control));
        }
    }
}

#[test]
fn a_damaged_package_is_not_taken_by_its_name() {
    let whole = classic();
    for (name, bytes) in [
        ("Windows8.1-KB3172614-x64-page.msu", &b"<html>blocked by the proxy</html>"[..]),
        ("Windows8.1-KB3172614-x64-cut.MSU", &whole[..3]),
        ("Windows8.1-KB3172614-x64-empty.cab", b""),
    ] {
        let path = file(name, bytes);
        let out = kbwhy(&["explain", "--package", path.to_str().unwrap()]);
        let out = out.get_output();
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!((out.status.code(), told.lines().count()), (Some(3), 1), "{name}: {told}");
        assert!(out.stdout.is_empty() && told.contains(name), "{told}");
    }
}
