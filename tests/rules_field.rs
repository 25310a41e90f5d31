//! Real rule fragments, for hosts on either side of each boundary. They are not part of the package: `KBWHY_FIELD_DATA`
//! names the folder that holds `testdata/wu-core`; without it this suite says that it was skipped.

#![allow(clippy::print_stderr, reason = "a suite that is skipped says so")]

use kbwhy::applicability::{HostFacts, Judgement, Offer, RuleDocument, judge, parse};
use kbwhy::inventory::{Input, decode, merge, read, set_fact};
use kbwhy::model::{Host, Truth};
use std::path::PathBuf;

fn document(path: &str) -> Option<RuleDocument> {
    let Some(folder) = std::env::var_os("KBWHY_FIELD_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED: KBWHY_FIELD_DATA is not set, no real rule was read");
        return None;
    };
    let bytes = std::fs::read(folder.join("testdata").join(path)).expect("the fragment");
    let mut documents = parse(path, &decode(&bytes)).expect("rules");
    assert_eq!(documents.len(), 1);
    documents.pop()
}

/// A client or server of this build, with facts laid over it.
fn host(build: &str, server: bool, set: &[&str]) -> Host {
    let mut host = Host::default();
    let (product, kind, edition) = match server {
        true => ("Windows Server 2025 Standard", "Server", "Standard"),
        false => ("Windows 11 Enterprise", "Client", "Enterprise"),
    };
    let mut facts = vec![format!("os.product={product}"), format!("os.installation_type={kind}")];
    facts.push(format!("os.edition={edition}"));
    let (version, revision) = build.rsplit_once('.').expect("four numbers");
    facts.push(format!("os.version={version}"));
    if revision != "?" {
        facts.push(format!("os.revision={revision}"));
    }
    facts.extend(set.iter().map(|s| (*s).to_owned()));
    for fact in facts {
        set_fact(&mut host, &fact).expect("a fact");
    }
    host
}

fn judged(document: &RuleDocument, host: &Host, prerequisites: Truth) -> Judgement {
    judge(document, &HostFacts::of(host), &|_| prerequisites)
}

fn truths(document: &RuleDocument, host: &Host) -> (Truth, Truth) {
    let j = judged(document, host, Truth::Unknown);
    (j.installed.expect("IsInstalled").truth, j.installable.expect("IsInstallable").truth)
}

use Truth::{False, True, Unknown};

#[test]
fn a_client_package_for_some_editions_of_one_build() {
    let Some(rules) = document("wu-core/client-os-arm64-22621.5909_osinstaller.core.xml") else { return };
    const ARM: &str = "os.architecture=arm64";
    let of = |build: &str, set: &[&str]| truths(&rules, &host(build, false, set));
    // the revision: below, at, above
    assert_eq!(of("10.0.22621.5908", &[ARM]), (False, True));
    assert_eq!(of("10.0.22621.5909", &[ARM]), (True, True));
    assert_eq!(of("10.0.22621.6000", &[ARM]), (True, True));
    assert_eq!(of("10.0.22621.?", &[ARM]), (Unknown, Unknown));
    // the lower end of the range is revision 1
    assert_eq!(of("10.0.22621.0", &[ARM]), (False, False));
    assert_eq!(of("10.0.22621.1", &[ARM]), (False, True));
    // builds on both sides
    assert_eq!(of("10.0.22000.9999", &[ARM]), (False, False));
    assert_eq!(of("10.0.22622.0", &[ARM]).1, False);
    assert_eq!(of("10.0.26200.1", &[ARM]), (Unknown, False));
    // another architecture has it not; that it may be installed there, its own rule does not deny
    assert_eq!(of("10.0.22621.6000", &["os.architecture=x64"]), (False, True));
    assert_eq!(of("10.0.22621.6000", &[]).0, Unknown);
    // editions: in the list, not in it, excluded, not known
    let editions = [
        ("Enterprise", True),
        ("Education", True),
        ("Enterprise multi-session", True),
        ("Enterprise Evaluation", True),
        ("Pro", False),
        ("Home", False),
        ("Enterprise LTSC", False),
    ];
    for (edition, wanted) in editions {
        let edition = format!("os.edition={edition}");
        let set = [ARM, edition.as_str(), "os.product=Windows 11"];
        assert_eq!(of("10.0.22621.5000", &set).1, wanted, "{edition}");
    }
    assert_eq!(of("10.0.22621.5000", &[ARM, "device.OSSkuId=119"]).1, False);
    assert_eq!(of("10.0.22621.5000", &[ARM, "os.edition=Something"]).1, Unknown);
    // the offer: its prerequisites are detectoids that are not given
    let fits = host("10.0.22621.5000", false, &[ARM]);
    assert_eq!(judged(&rules, &fits, Unknown).offer, Offer::OfferedIfPrerequisites);
    assert_eq!(judged(&rules, &fits, True).offer, Offer::Offered);
    assert_eq!(judged(&rules, &fits, False).offer, Offer::PrerequisiteMissing);
    assert_eq!(judged(&rules, &host("10.0.22621.5909", false, &[ARM]), Unknown).offer, Offer::Installed);
    assert_eq!(judged(&rules, &host("10.0.19045.1", false, &[ARM]), Unknown).offer, Offer::NotInstallable);
    assert_eq!(judged(&rules, &Host::default(), Unknown).offer, Offer::Unknown);
}

#[test]
fn a_server_package_that_honours_deferrals() {
    let Some(rules) = document("wu-core/server2025-26100.32860_checkpoint-leaf.core.xml") else { return };
    const X64: &str = "os.architecture=x64";
    let of = |build: &str, server: bool, set: &[&str]| truths(&rules, &host(build, server, set));
    assert_eq!(of("10.0.26100.32859", true, &[X64]), (False, Unknown));
    for (value, wanted) in [("", True), ("0", True), ("1", False)] {
        let set = format!("device.HonorWufBDeferrals={value}");
        assert_eq!(of("10.0.26100.32859", true, &[X64, &set]), (False, wanted), "{value}");
    }
    assert_eq!(of("10.0.26100.32860", true, &[X64]).0, True);
    assert_eq!(of("10.0.26100.33000", true, &[X64]).0, True);
    // whatever the deferrals: another build is refused
    assert_eq!(of("10.0.20348.2113", true, &[X64]), (False, False));
    assert_eq!(of("10.0.26101.0", true, &[X64]).1, False);
    // client and server, and the other architecture
    assert_eq!(of("10.0.26100.33000", false, &[X64]).0, False);
    assert_eq!(of("10.0.26100.33000", true, &["os.architecture=arm64"]).0, False);
    assert_eq!(of("10.0.26100.33000", true, &[]).0, Unknown);
}

#[test]
fn a_rollup_that_may_be_offered_again() {
    let Some(rules) = document("wu-core/KB5026368_rollupfix_arm64.core.reduced.xml") else { return };
    const ARM: &str = "os.architecture=arm64";
    const KEY: &str =
        r"registry.HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\LCUReoffer";
    let name = rules.package_name.clone().expect("a package");
    assert_eq!(name, "Package_for_RollupFix~31bf3856ad364e35~arm64~~22000.1936.1.9");
    let of = |build: &str, state: Option<&str>, set: &[&str]| {
        let mut hosts = vec![host(build, false, set)];
        if let Some(state) = state {
            let text =
                format!(r#"{{"schema":"kbwhy/host/1","facts":{{"packages":{{"{name}":"{state}"}}}}}}"#);
            hosts.push(read(&Input { name: "p", bytes: text.as_bytes() }).expect("host facts").host);
        }
        truths(&rules, &merge(hosts))
    };
    let reoffer = |value: &str| format!("{KEY}={value}");
    // installed, unless it is to be offered again
    let (no, zero, yes) = (reoffer("absent"), reoffer("0"), reoffer("1"));
    assert_eq!(of("10.0.22000.1936", Some("installed"), &[ARM, &no]).0, True);
    assert_eq!(of("10.0.22000.1936", Some("installed"), &[ARM, &zero]).0, True);
    assert_eq!(of("10.0.22000.1936", Some("installed"), &[ARM, &yes]).0, False);
    assert_eq!(of("10.0.22000.1936", Some("installed"), &[ARM]).0, Unknown);
    // below its revision it is not there; at it, the package itself must be seen
    assert_eq!(of("10.0.22000.1935", None, &[ARM]).0, False);
    assert_eq!(of("10.0.22000.1936", None, &[ARM, &no]).0, Unknown);
    assert_eq!(of("10.0.22000.1936", Some("superseded"), &[ARM, &no]).0, Unknown);
    // other systems
    assert_eq!(of("10.0.22621.9999", None, &[ARM]), (False, False));
    assert_eq!(of("10.0.22000.1935", None, &["os.architecture=x64"]), (False, False));
    assert_eq!(of("10.0.22000.1935", None, &[ARM]).1, Unknown, "the copy names no parents");
}

#[test]
fn detectoids_and_documents_without_rules() {
    if let Some(rules) = document("wu-core/win10plus-detectoid_2025-clientwebservice.core.xml") {
        let of = |version: &str| {
            let mut host = Host::default();
            set_fact(&mut host, &format!("os.version={version}")).expect("a fact");
            judged(&rules, &host, Unknown).offer
        };
        assert_eq!(of("10.0.10240"), Offer::Holds);
        assert_eq!(of("6.3.9600"), Offer::DoesNotHold);
        assert_eq!(judged(&rules, &Host::default(), Unknown).offer, Offer::Unknown);
    }
    if let Some(rules) = document("wsusss/dd78b8a1_OOBE-ZDP_category_r202.xml") {
        let of = |version: &str, kind: &str| {
            let mut host = Host::default();
            for fact in [format!("os.version={version}"), format!("os.product={kind}")] {
                set_fact(&mut host, &fact).expect("a fact");
            }
            judged(&rules, &host, Unknown).offer
        };
        assert_eq!(of("6.3.9600", "Windows 8.1 Pro"), Offer::Holds);
        assert_eq!(of("10.0.19045", "Windows 10 Pro"), Offer::Holds);
        assert_eq!(of("6.2.9200", "Windows 8 Pro"), Offer::DoesNotHold);
        assert_eq!(of("6.3.9600", "Windows Server 2012 R2 Standard"), Offer::DoesNotHold);
        assert_eq!(rules.title.as_deref(), Some("OOBE ZDP"));
    }
    for path in [
        "wu-core/server2016-14393.9140_separate-ssu-leaf.REDUCED.xml",
        "wu-core/server2022-20348.5139_combined-leaf.REDUCED.xml",
        "wsusscn2/extracted/package2/c/123456",
        "wsusscn2/extracted/package2/c/234567",
        "wsusscn2/extracted/package3/c/345678",
    ] {
        if let Some(rules) = document(path) {
            assert!(rules.is_empty(), "{path}");
            assert_eq!(
                judged(&rules, &host("10.0.14393.1", true, &[]), True).offer,
                Offer::Unknown,
                "{path}"
            );
        }
    }
}

#[test]
fn a_real_fragment_that_is_cut_or_damaged_never_panics() {
    let Some(folder) = std::env::var_os("KBWHY_FIELD_DATA").map(PathBuf::from) else { return };
    for name in
        ["client-os-arm64-22621.5909_osinstaller.core.xml", "KB5026368_rollupfix_arm64.core.reduced.xml"]
    {
        let bytes = std::fs::read(folder.join("testdata/wu-core").join(name)).expect("the fragment");
        for at in (0..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x11;
            for text in [decode(&bytes[..at]), decode(&damaged)] {
                match parse("r", &text) {
                    Ok(documents) => {
                        for d in &documents {
                            let _ = judged(d, &host("10.0.22621.5909", false, &[]), Unknown);
                        }
                    }
                    Err(e) => assert!(!e.to_string().contains('\n')),
                }
            }
        }
    }
}
