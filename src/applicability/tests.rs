//! Operators on either side of their boundaries, laws of the logic, and documents that are no good.

use super::*;
use crate::model::{
    Architecture, Edition, Fact, FileState, Host, InstallationType, Origin, PackageState, RegistryValue,
    Truth, Version, registry_key, registry_place,
};
use proptest::prelude::*;
use std::sync::Arc;

fn origin() -> Origin {
    Origin::whole(&Arc::from("host"), "test")
}

fn fact<T>(value: T) -> Fact<T> {
    Fact::new(value, origin())
}

fn client(build: u32, revision: u32) -> Host {
    Host {
        version: Some(fact(Version([10, 0, build, 0]))),
        revision: Some(fact(revision)),
        product: Some(fact("Windows 11 Enterprise".into())),
        edition: Some(fact(Edition("Enterprise".into()))),
        installation_type: Some(fact(InstallationType::Client)),
        architecture: Some(fact(Architecture::X64)),
        ..Host::default()
    }
}

fn server(build: u32, revision: u32) -> Host {
    Host {
        product: Some(fact("Windows Server 2022 Standard".into())),
        edition: Some(fact(Edition("Standard".into()))),
        installation_type: Some(fact(InstallationType::Server)),
        ..client(build, revision)
    }
}

fn installed(rule: &str, host: &Host) -> Outcome {
    let text = format!("<IsInstalled>{rule}</IsInstalled>");
    let documents = parse("r", &text).unwrap();
    let document = &documents[0];
    evaluate(document.installed.as_ref().unwrap(), document, &HostFacts::of(host))
}

fn truth(rule: &str, host: &Host) -> Truth {
    installed(rule, host).truth
}

fn with(host: Host, key: &str, name: &str, value: RegistryValue) -> Host {
    let mut host = host;
    let key = registry_key(key).unwrap();
    host.registry.insert(registry_place(&key, name), fact(value));
    host
}

use Truth::{False, True, Unknown};

#[test]
fn versions_of_windows() {
    let of = |rule: &str, host: &Host| truth(&format!("<b.WindowsVersion {rule}/>"), host);
    let ten = r#"Comparison="GreaterThanOrEqualTo" MajorVersion="10" MinorVersion="0""#;
    assert_eq!(of(ten, &client(17763, 1)), True);
    let old = Host {
        version: Some(fact(Version([6, 3, 9600, 0]))),
        product: Some(fact("Windows 8.1 Pro".into())),
        edition: Some(fact(Edition("Pro".into()))),
        ..client(1, 1)
    };
    assert_eq!(of(ten, &old), False);
    assert_eq!(of(ten, &Host::default()), Unknown);
    // without a comparison it is equality
    assert_eq!(of(r#"MajorVersion="6" MinorVersion="3""#, &old), True);
    assert_eq!(of(r#"MajorVersion="6" MinorVersion="1""#, &old), False);
    // the product type is compared for equality whatever the comparison says
    let workstation =
        r#"Comparison="GreaterThanOrEqualTo" MajorVersion="6" MinorVersion="3" ProductType="1""#;
    assert_eq!(of(workstation, &old), True);
    assert_eq!(of(workstation, &server(20348, 1)), False);
    assert_eq!(of(r#"ProductType="3""#, &server(20348, 1)), Unknown, "it may be a domain controller");
    let member = with(
        server(20348, 1),
        r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions",
        "ProductType",
        RegistryValue::Text("ServerNT".into()),
    );
    assert_eq!(of(r#"ProductType="3""#, &member), True);
    // equal major and minor versions: both readings of the build must agree
    let build = r#"Comparison="GreaterThan" MajorVersion="10" MinorVersion="0" BuildNumber="19041""#;
    assert_eq!(of(build, &client(22000, 1)), Unknown);
    let build = r#"Comparison="GreaterThanOrEqualTo" MajorVersion="10" MinorVersion="0" BuildNumber="19041""#;
    assert_eq!(of(build, &client(22000, 1)), True);
    assert_eq!(of(build, &client(18363, 1)), False);
    assert_eq!(of(r#"MajorVersion="10" SuiteMask="128""#, &client(19045, 1)), Unknown);
    assert_eq!(of(r#"MajorVersion="6" SuiteMask="128""#, &client(19045, 1)), False);
    let pack = r#"Comparison="GreaterThanOrEqualTo" MajorVersion="6" MinorVersion="1" ServicePackMajor="1""#;
    let seven = Host { version: Some(fact(Version([6, 1, 7601, 0]))), ..old.clone() };
    assert_eq!(of(pack, &seven), Unknown);
    assert_eq!(of(pack, &Host { service_pack: Some(fact(1)), ..seven.clone() }), True);
    assert_eq!(of(pack, &Host { service_pack: Some(fact(0)), ..seven }), False);
    assert_eq!(of(r#"Comparison="EqualTo""#, &old), Unknown, "it compares nothing");
}

#[test]
fn processors_and_platforms() {
    let of = |id: u32| truth(&format!(r#"<b.Processor Architecture="{id}"/>"#), &client(22000, 1));
    assert_eq!([of(0), of(5), of(6), of(9), of(12)], [False, False, False, True, False]);
    let arm = Host { architecture: Some(fact(Architecture::Arm64)), ..client(22000, 1) };
    assert_eq!(truth(r#"<b.Processor Architecture="12"/>"#, &arm), True);
    assert_eq!(truth(r#"<b.Processor Architecture="9" Level="6"/>"#, &client(22000, 1)), Unknown);
    assert_eq!(truth(r#"<b.Platform PlatformID="2"/>"#, &client(22000, 1)), True);
    assert_eq!(truth(r#"<b.Platform PlatformID="1"/>"#, &client(22000, 1)), False);
}

#[test]
fn values_of_the_registry() {
    const AT: &str = r#"Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Foo" Value="Bar""#;
    let host = |value: &str| with(client(22000, 1), r"HKLM\SOFTWARE\Foo", "bar", value.parse().unwrap());
    let dword = |c: &str, value: &str| {
        truth(&format!(r#"<b.RegDword {AT} Comparison="{c}" Data="5"/>"#), &host(value))
    };
    assert_eq!([dword("EqualTo", "5"), dword("EqualTo", "4"), dword("LessThan", "4")], [True, False, True]);
    assert_eq!([dword("GreaterThanOrEqualTo", "5"), dword("GreaterThan", "5")], [True, False]);
    assert_eq!([dword("EqualTo", "absent"), dword("EqualTo", "sz:5")], [False, Unknown]);
    assert_eq!(
        truth(&format!(r#"<b.RegDword {AT} Comparison="EqualTo" Data="5"/>"#), &client(22000, 1)),
        Unknown
    );

    let sz = |c: &str, value: &str| {
        truth(&format!(r#"<b.RegSz {AT} Comparison="{c}" Data="abc"/>"#), &host(value))
    };
    assert_eq!(
        [sz("EqualTo", "sz:abc"), sz("EqualTo", "sz:ABC"), sz("EqualTo", "sz:x")],
        [True, Unknown, False]
    );
    assert_eq!(
        [sz("BeginsWith", "sz:abcd"), sz("EndsWith", "sz:abcd"), sz("Contains", "sz:xabcd")],
        [True, False, True]
    );
    let expand = |value: &str| {
        truth(&format!(r#"<b.RegExpandSz {AT} Comparison="EqualTo" Data="abc"/>"#), &host(value))
    };
    assert_eq!([expand("expand-sz:abc"), expand("expand-sz:%x%"), expand("absent")], [True, Unknown, False]);
    let version = |value: &str| {
        truth(
            &format!(r#"<b.RegSzToVersion {AT} Comparison="GreaterThanOrEqualTo" Data="6.1.0.0"/>"#),
            &host(value),
        )
    };
    assert_eq!([version("sz:6.3"), version("sz:6"), version("sz:6.1")], [True, False, True]);
    assert_eq!(
        [version("sz:10.0.1.2"), version("sz:new"), version("sz:1.2.3.4.5")],
        [True, Unknown, Unknown]
    );

    let exists = |host: &Host| truth(&format!("<b.RegValueExists {AT}/>"), host);
    assert_eq!([exists(&host("1")), exists(&host("absent")), exists(&client(1, 1))], [True, False, Unknown]);
    let typed = |value: &str| truth(&format!(r#"<b.RegValueExists {AT} Type="REG_DWORD"/>"#), &host(value));
    assert_eq!([typed("1"), typed("sz:x"), typed("other")], [True, False, Unknown]);
    let key =
        |host: &Host| truth(r#"<b.RegKeyExists Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Foo"/>"#, host);
    // a value of it shows that the key is there; that one value is not says nothing of the key
    assert_eq!([key(&host("1")), key(&host("absent")), key(&client(1, 1))], [True, Unknown, Unknown]);
    let mut gone = client(1, 1);
    gone.registry.insert(r"hklm\software\foo\".into(), fact(RegistryValue::Absent));
    assert_eq!([key(&gone), exists(&gone)], [False, False]);
}

#[test]
fn programs_of_32_bits_see_other_keys() {
    let rule = r#"<b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Foo" Value="Bar" RegType32="true" Comparison="EqualTo" Data="1"/>"#;
    let own = with(client(1, 1), r"HKLM\SOFTWARE\Foo", "Bar", RegistryValue::Dword(1));
    let other = with(client(1, 1), r"HKLM\SOFTWARE\WOW6432Node\Foo", "Bar", RegistryValue::Dword(1));
    assert_eq!((truth(rule, &own), truth(rule, &other)), (Unknown, True));
    let small = Host { architecture: Some(fact(Architecture::X86)), ..own.clone() };
    assert_eq!(truth(rule, &small), True);
    assert_eq!(truth(rule, &Host { architecture: None, ..own }), Unknown);
}

#[test]
fn files() {
    let of = |rule: &str, state: Option<&str>| {
        let mut host = client(22000, 1);
        if let Some(state) = state {
            let state: FileState = state.parse().unwrap();
            host.files.insert(r"%windir%\system32\a.dll".into(), fact(state));
        }
        truth(rule, &host)
    };
    let version = r#"<b.FileVersion Path="\\a.dll" Csidl="37" Comparison="LessThan" Version="10.0.5.0"/>"#;
    assert_eq!(
        [of(version, Some("10.0.4.9")), of(version, Some("10.0.5.0")), of(version, Some("absent"))],
        [True, False, False]
    );
    assert_eq!([of(version, Some("present")), of(version, None)], [Unknown, Unknown]);
    let exists = r#"<b.FileExists Path="A.dll" Csidl="37"/>"#;
    assert_eq!(
        [of(exists, Some("present")), of(exists, Some("absent")), of(exists, None)],
        [True, False, Unknown]
    );
    assert_eq!(of(r#"<b.FileExists Path="A.dll" Csidl="37" Language="en"/>"#, Some("present")), Unknown);
    let prepended = installed(
        r#"<b.FileVersionPrependRegSz Path="a" Version="1.0.0.0" Comparison="EqualTo" Key="HKEY_LOCAL_MACHINE" Subkey="x" Value="y"/>"#,
        &client(1, 1),
    );
    assert_eq!(
        (prepended.truth, prepended.not_known),
        (Unknown, vec!["b.FileVersionPrependRegSz".to_owned()])
    );
}

#[test]
fn packages_by_identity() {
    const KB: &str = "Package_for_KB4474419~31bf3856ad364e35~amd64~~6.1.3.2";
    let rule = format!(r#"<CbsPackageInstalledByIdentity PackageIdentity="{KB}"/>"#);
    let of = |state| {
        let mut host = client(7601, 1);
        host.packages.insert(KB.to_lowercase(), fact(state));
        truth(&rule, &host)
    };
    assert_eq!(of(PackageState::Installed), True);
    assert_eq!(of(PackageState::Absent), False);
    assert_eq!(of(PackageState::Staged), False);
    assert_eq!(of(PackageState::Superseded), Unknown);
    assert_eq!(truth(&rule, &client(7601, 1)), Unknown);
}

#[test]
fn product_releases() {
    let rule = |name: &str| format!(r#"<ProductReleaseInstalled Name="{name}" Version="10.0.22621.5909"/>"#);
    let of = |host: &Host| truth(&rule("Client.OS.RS2.amd64"), host);
    assert_eq!(
        [of(&client(22621, 5908)), of(&client(22621, 5909)), of(&client(22621, 6000))],
        [False, True, True]
    );
    // an older Windows has it not; of a later one no source says
    assert_eq!(
        [of(&client(19045, 6000)), of(&client(26200, 1)), of(&client(22631, 5909))],
        [False, Unknown, Unknown]
    );
    assert_eq!([of(&server(20348, 9999)), of(&Host::default())], [False, Unknown]);
    assert_eq!(truth(&rule("Client.OS.RS2.ARM64"), &client(22621, 6000)), False);
    assert_eq!(truth(&rule("Microsoft.NetFX.amd64"), &client(22621, 6000)), Unknown);
    let unknown = Host { revision: None, ..client(22621, 0) };
    assert_eq!(
        (of(&unknown), installed(&rule("Client.OS.RS2.amd64"), &unknown).needs),
        (Unknown, vec![Need::Revision])
    );
    let present = |host: &Host| {
        truth(
            r#"<ProductReleaseVersion Name="Server.OS.amd64" Version="0.0.0.0" Comparison="greaterthan"/>"#,
            host,
        )
    };
    assert_eq!(
        [present(&server(20348, 1)), present(&client(22621, 1)), present(&Host::default())],
        [True, False, Unknown]
    );
}

#[test]
fn attributes_of_the_device() {
    let sku = |n: u32, host: &Host| {
        truth(
            &format!(r#"<DeviceAttribute Name="OSSkuId" Type="String" Comparison="EqualTo" Value="{n}"/>"#),
            host,
        )
    };
    assert_eq!([sku(4, &client(22621, 1)), sku(48, &client(22621, 1))], [True, False]);
    assert_eq!([sku(7, &server(20348, 1)), sku(8, &server(20348, 1))], [True, False]);
    assert_eq!(sku(4, &Host { edition: None, ..client(22621, 1) }), Unknown);
    // 1809 without the desktop is of two channels with numbers of their own
    let core = Host { installation_type: Some(fact(InstallationType::ServerCore)), ..server(17763, 1) };
    assert_eq!([sku(7, &core), sku(8, &core)], [Unknown, False]);
    let version = |c: &str, v: &str, host: &Host| {
        truth(
            &format!(r#"<DeviceAttribute Name="OSVersion" Type="Version" Comparison="{c}" Value="{v}"/>"#),
            host,
        )
    };
    assert_eq!(version("GreaterThanOrEqualTo", "10.0.26100.1", &client(26100, 1)), True);
    assert_eq!(version("GreaterThanOrEqualTo", "10.0.26100.1", &client(26100, 0)), False);
    assert_eq!(version("LessThan", "10.0.26101.0", &Host { revision: None, ..client(26100, 0) }), True);
    let kind = |v: &str, host: &Host| {
        truth(
            &format!(
                r#"<DeviceAttribute Name="ProductType" Type="String" Comparison="EqualTo" Value="{v}"/>"#
            ),
            host,
        )
    };
    assert_eq!([kind("WinNT", &client(22621, 1)), kind("ServerNT", &client(22621, 1))], [True, False]);
    assert_eq!(kind("WinNT", &server(20348, 1)), False);
    let honor = |host: &Host| {
        installed(
            r#"<DeviceAttribute Name="HonorWufBDeferrals" Type="String" Comparison="EqualTo" Value="1"/>"#,
            host,
        )
    };
    assert_eq!(honor(&client(26100, 1)).needs, [Need::Device("HonorWufBDeferrals".into())]);
    for (value, wanted) in [("1", True), ("0", False), ("", False)] {
        let mut host = client(26100, 1);
        host.device.insert("honorwufbdeferrals".into(), fact(value.to_owned()));
        assert_eq!(honor(&host).truth, wanted, "{value}");
    }
}

#[test]
fn licences_queries_and_languages() {
    let licence = |name: &str| {
        truth(
            &format!(r#"<b.LicenseDword Value="{name}" Comparison="EqualTo" Data="4"/>"#),
            &client(22621, 1),
        )
    };
    assert_eq!([licence("Kernel-ProductInfo"), licence("Foo")], [True, Unknown]);
    let query = |q: &str| truth(&format!(r#"<b.WmiQuery WqlQuery="{q}"/>"#), &client(22621, 1));
    assert_eq!(query("select * from Win32_OperatingSystem where ProductType = 1"), True);
    assert_eq!(query("select * from Win32_OperatingSystem where ProductType &lt;&gt; 1"), False);
    assert_eq!(query("select * from Win32_ComputerSystem"), Unknown);
    let of = |language: Option<&str>| {
        let host = Host { language: language.map(|l| fact(l.to_owned())), ..client(1, 1) };
        truth(r#"<b.WindowsLanguage Language="de"/>"#, &host)
    };
    assert_eq!([of(Some("de-DE")), of(Some("fr-FR")), of(None)], [Unknown, False, Unknown]);
}

#[test]
fn the_embedded_package_decides_by_state_revision_branch_and_architecture() {
    let text = |sections: &str| {
        format!(
            r#"<UpdateIdentity UpdateID="AB" RevisionNumber="200"/><Properties UpdateType="Software"/>
            <ApplicabilityRules>{sections}<Metadata><CbsPackageApplicabilityMetadata><assembly xmlns="urn:schemas-microsoft-com:asm.v3">
            <assemblyIdentity name="Package_for_RollupFix" version="19041.2000.1.9" processorArchitecture="amd64" language="neutral" publicKeyToken="31bf3856ad364e35"/>
            <package identifier="KB1"/></assembly></CbsPackageApplicabilityMetadata></Metadata></ApplicabilityRules>"#
        )
    };
    let rules = text(
        "<IsInstalled><CbsPackageInstalled/></IsInstalled><IsInstallable><CbsPackageInstallable/></IsInstallable>",
    );
    let document = &parse("r", &rules).unwrap()[0];
    assert_eq!(
        document.package_name.as_deref(),
        Some("Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.2000.1.9")
    );
    assert!(
        document.assembly.as_ref().is_some_and(|a| a.starts_with("<assembly") && a.ends_with("</assembly>"))
    );
    let of = |host: &Host| {
        let judged = judge(document, &HostFacts::of(host), &|_| Unknown);
        (judged.installed.unwrap().truth, judged.installable.unwrap().truth, judged.offer)
    };
    assert_eq!(of(&client(19045, 1999)), (False, Unknown, Offer::Unknown));
    assert_eq!(of(&client(19045, 2000)), (Unknown, Unknown, Offer::Unknown));
    assert_eq!(of(&client(22621, 9999)), (False, False, Offer::NotInstallable));
    let arm = Host { architecture: Some(fact(Architecture::Arm64)), ..client(19045, 1999) };
    assert_eq!(of(&arm), (False, False, Offer::NotInstallable));
    let mut there = client(19045, 2000);
    there.packages.insert(document.package_name.clone().unwrap(), fact(PackageState::Installed));
    assert_eq!(of(&there).2, Offer::Installed);
}

#[test]
fn whole_documents_fragments_and_sections_are_one_rule() {
    let whole = r#"<?xml version="1.0"?><upd:Update xmlns:upd="http://schemas.microsoft.com/msus/2002/12/Update">
      <upd:UpdateIdentity UpdateID="11111111-2222-3333-4444-555555555555" RevisionNumber="7"/><upd:Properties UpdateType="Software"/>
      <upd:LocalizedPropertiesCollection><upd:LocalizedProperties><upd:Language>en</upd:Language><upd:Title>A &amp; B</upd:Title></upd:LocalizedProperties></upd:LocalizedPropertiesCollection>
      <upd:Relationships><upd:Prerequisites><upd:UpdateIdentity UpdateID="AA"/><upd:AtLeastOne IsCategory="true"><upd:UpdateIdentity UpdateID="BB"/></upd:AtLeastOne><upd:AtLeastOne><upd:UpdateIdentity UpdateID="CC"/><upd:UpdateIdentity UpdateID="DD"/></upd:AtLeastOne></upd:Prerequisites>
      <upd:SupersededUpdates><upd:UpdateIdentity UpdateID="EE"/></upd:SupersededUpdates></upd:Relationships>
      <upd:ApplicabilityRules><upd:IsInstalled><x:And xmlns:x="http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules"><y:Processor xmlns:y="http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules" Architecture="9"/><x:True/></x:And></upd:IsInstalled></upd:ApplicabilityRules></upd:Update>"#;
    let document = &parse("r", whole).unwrap()[0];
    assert_eq!(document.update.as_deref(), Some("11111111-2222-3333-4444-555555555555"));
    assert_eq!((document.revision, document.title.as_deref()), (Some(7), Some("A & B")));
    let clauses: Vec<_> = document.prerequisites.iter().map(|c| (c.any_of.join(" "), c.category)).collect();
    assert_eq!(clauses, [("aa".into(), false), ("bb".into(), true), ("cc dd".into(), false)]);
    let of = |text: &str| {
        let documents = parse("r", text).unwrap();
        let section = documents[0].installed.clone().unwrap();
        let evaluated = evaluate(&section, &documents[0], &HostFacts::of(&client(1, 1)));
        (evaluated.truth, section.nodes.into_iter().map(|n| n.operator).collect::<Vec<_>>())
    };
    let bare = of("<IsInstalled><And><b.Processor Architecture=\"9\"/><True/></And></IsInstalled>");
    assert_eq!(of(whole), bare);
    assert_eq!(bare.0, True);
    // several expressions of one section are all needed
    assert_eq!(of("<IsInstalled><b.Processor Architecture=\"9\"/><False/></IsInstalled>").0, False);
    // fragments beside one another are several updates
    let two = "<UpdateIdentity UpdateID='A'/><ApplicabilityRules><IsInstalled><True/></IsInstalled></ApplicabilityRules><UpdateIdentity UpdateID='B'/><ApplicabilityRules/>";
    assert_eq!(parse("r", two).unwrap().len(), 2);
}

#[test]
fn what_is_not_known_or_garbled_never_decides() {
    for rule in [
        "<b.Unheard Of=\"1\"/>",
        "<m.RegDword/>",
        "<foo:True/>",
        "<x:True xmlns:x=\"urn:somebody\"/>",
        "<b.Processor/>",
        "<b.Processor Architecture=\"nine\"/>",
        "<b.Processor Architecture=\"99999999999\"/>",
        "<b.Processor Architecture=\"9\" More=\"1\"/>",
        "<b.RegDword Key=\"HKEY_CURRENT_USER\" Subkey=\"a\" Value=\"b\" Comparison=\"EqualTo\" Data=\"1\"/>",
        "<b.RegDword Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"a\" Value=\"b\" Comparison=\"Is\" Data=\"1\"/>",
        "<And/>",
        "<Or/>",
        "<Not/>",
        "<Not><True/><True/></Not>",
        "<And>true</And>",
        "<True>no</True>",
        "<True><False/></True>",
        "<b.Processor Architecture=\"&nbsp;9\"/>",
    ] {
        let of = |rule: &str| truth(rule, &client(22000, 1));
        assert_eq!(of(rule), Unknown, "{rule}");
        assert_eq!(of(&format!("<Not>{rule}</Not>")), Unknown, "{rule}");
        assert_eq!(of(&format!("<And>{rule}<True/></And>")), Unknown, "{rule}");
        assert_eq!(of(&format!("<And>{rule}<False/></And>")), False, "{rule}");
        assert_eq!(of(&format!("<Or>{rule}<True/></Or>")), True, "{rule}");
    }
    let outcome = installed("<Or><b.Unheard/><b.Processor Architecture='0'/></Or>", &client(22000, 1));
    assert_eq!(outcome.not_known, ["b.Unheard"]);
    let twice = "<IsInstalled><True/></IsInstalled><IsInstalled><False/></IsInstalled>";
    let document = &parse("r", twice).unwrap()[0];
    let outcome = evaluate(document.installed.as_ref().unwrap(), document, &HostFacts::of(&client(1, 1)));
    assert_eq!(outcome.truth, Unknown);
}

#[test]
fn the_operators_that_decide_are_named_with_their_places() {
    let rule =
        "<And><True/><Or><b.Processor Architecture=\"0\"/><b.Processor Architecture=\"5\"/></Or></And>";
    let text = format!("<IsInstallable>\n{rule}</IsInstallable>");
    let document = &parse("r", &text).unwrap()[0];
    let section = document.installable.as_ref().unwrap();
    let outcome = evaluate(section, document, &HostFacts::of(&client(22000, 1)));
    let paths: Vec<_> = outcome.clauses.iter().map(|c| section.path(c.node)).collect();
    assert_eq!(paths, ["IsInstallable/And/Or[2]/b.Processor", "IsInstallable/And/Or[2]/b.Processor[2]"]);
    assert_eq!(section.nodes[outcome.clauses[0].node].line, 2);
    assert!(outcome.clauses.iter().all(|c| c.observed.as_ref().is_some_and(|o| o.value == "x64")));
    // of alternatives the first that holds is enough
    let outcome = installed("<Or><False/><True/><True/></Or>", &client(1, 1));
    assert_eq!((outcome.truth, outcome.deciding), (True, 1));
}

#[test]
fn an_offer_needs_all_four() {
    let of = |installed: &str, superseded: &str, installable: &str, prerequisite: Truth| {
        let text = format!(
            "<Properties UpdateType='Software'/><Relationships><Prerequisites><UpdateIdentity UpdateID='p'/></Prerequisites></Relationships>\
             <ApplicabilityRules><IsInstalled><{installed}/></IsInstalled><IsSuperseded><{superseded}/></IsSuperseded><IsInstallable><{installable}/></IsInstallable></ApplicabilityRules>"
        );
        judge(&parse("r", &text).unwrap()[0], &HostFacts::of(&Host::default()), &|_| prerequisite).offer
    };
    let all = ["True", "False", "Unheard"];
    for installed in all {
        for superseded in all {
            for installable in all {
                for prerequisite in [True, False, Unknown] {
                    let offer = of(installed, superseded, installable, prerequisite);
                    let fits = (installed, superseded, installable) == ("False", "False", "True");
                    assert_eq!(offer == Offer::Offered, fits && prerequisite == True);
                    assert_eq!(offer == Offer::OfferedIfPrerequisites, fits && prerequisite == Unknown);
                    assert_eq!(offer == Offer::Installed, installed == "True");
                    if offer == Offer::NotInstallable {
                        assert_eq!(installable, "False");
                    }
                    if offer == Offer::PrerequisiteMissing {
                        assert_eq!((installed, prerequisite), ("False", False));
                    }
                }
            }
        }
    }
}

#[test]
fn mangled_files_are_one_line() {
    for (text, place) in [
        ("", "r:1"),
        ("no XML at all", "r:1"),
        ("<html><body>x</body></html>", "r:1"),
        ("<IsInstalled><And>\n<True/>", "r:2"),
        ("<IsInstalled>\n<And></Or></IsInstalled>", "r:2"),
        ("<IsInstalled><And", "r:1"),
        ("<assembly><IsInstal", "r:1"),
    ] {
        let error = parse("r", text).unwrap_err();
        assert_eq!(error.place, place, "{text}");
        assert!(!error.to_string().contains('\n'));
    }
    let bomb = "<!DOCTYPE a [<!ENTITY b \"<True/>\">]><IsInstalled>&b;</IsInstalled>";
    let document = &parse("r", bomb).unwrap()[0];
    let outcome = evaluate(document.installed.as_ref().unwrap(), document, &HostFacts::of(&client(1, 1)));
    assert_eq!(outcome.truth, Unknown);
}

#[test]
fn depth_and_width_are_bounded() {
    let deep =
        |n: usize| format!("<IsInstalled>{}<True/>{}</IsInstalled>", "<Not>".repeat(n), "</Not>".repeat(n));
    assert!(parse("r", &deep(100_000)).unwrap_err().problem.contains("deep"));
    assert_eq!(
        truth(&format!("{}<True/>{}", "<Not>".repeat(900), "</Not>".repeat(900)), &client(1, 1)),
        True
    );
    let wide = format!("<Or>{}<True/></Or>", "<False/>".repeat(100_000));
    assert_eq!(truth(&wide, &client(1, 1)), True);
    let nobody = format!("<Or>{}</Or>", "<b.Processor Architecture='0'/>".repeat(10_000));
    let outcome = installed(&nobody, &client(1, 1));
    assert_eq!((outcome.clauses.len(), outcome.deciding), (64, 10_000));
    let attributes: String = (0..100).map(|n| format!(" a{n}='1'")).collect();
    assert!(parse("r", &format!("<IsInstalled><True{attributes}/></IsInstalled>")).is_err());
}

/// A small tree, and what a naive reading makes of it.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(u8),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    fn xml(&self) -> String {
        let all = |v: &[Tree]| v.iter().map(Tree::xml).collect::<String>();
        match self {
            Self::Leaf(0) => "<False/>".into(),
            Self::Leaf(1) => "<True/>".into(),
            Self::Leaf(n) => {
                format!(
                    r#"<b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="a" Value="v{n}" Comparison="EqualTo" Data="1"/>"#
                )
            }
            Self::And(v) => format!("<And>{}</And>", all(v)),
            Self::Or(v) => format!("<Or>{}</Or>", all(v)),
            Self::Not(t) => format!("<Not>{}</Not>", t.xml()),
        }
    }

    fn value(&self, host: &[Truth]) -> Truth {
        match self {
            Self::Leaf(0) => False,
            Self::Leaf(1) => True,
            Self::Leaf(n) => host[usize::from(*n) - 2],
            Self::And(v) => v.iter().map(|t| t.value(host)).min().unwrap_or(Unknown),
            Self::Or(v) => v.iter().map(|t| t.value(host)).max().unwrap_or(Unknown),
            Self::Not(t) => !t.value(host),
        }
    }

    /// The same by De Morgan's laws: every operator is turned into its counterpart.
    fn dual(&self) -> Self {
        match self {
            Self::Leaf(0) => Self::Leaf(1),
            Self::Leaf(1) => Self::Leaf(0),
            Self::Leaf(n) => Self::Not(Box::new(Self::Leaf(*n))),
            Self::And(v) => Self::Or(v.iter().map(Self::dual).collect()),
            Self::Or(v) => Self::And(v.iter().map(Self::dual).collect()),
            Self::Not(t) => Self::Not(Box::new(t.dual())),
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    (0u8..6).prop_map(Tree::Leaf).prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::Or),
            inner.prop_map(|t| Tree::Not(Box::new(t))),
        ]
    })
}

fn any_truth() -> impl Strategy<Value = Truth> {
    prop_oneof![Just(True), Just(False), Just(Unknown)]
}

fn host_of(values: &[Truth]) -> Host {
    let mut host = Host::default();
    for (n, value) in values.iter().enumerate() {
        let value = match value {
            True => RegistryValue::Dword(1),
            False => RegistryValue::Absent,
            Unknown => continue,
        };
        host.registry.insert(format!(r"hklm\a\v{}", n + 2), fact(value));
    }
    host
}

proptest! {
    #[test]
    fn evaluation_is_the_naive_reading(t in tree(), values in prop::collection::vec(any_truth(), 4)) {
        let host = host_of(&values);
        let outcome = installed(&t.xml(), &host);
        prop_assert_eq!(outcome.truth, t.value(&values));
        // it is open for facts that are missing, and for nothing else
        prop_assert_eq!(outcome.truth == Unknown, !outcome.needs.is_empty());
        prop_assert!(!outcome.clauses.is_empty());
        for clause in &outcome.clauses {
            prop_assert_eq!(clause.truth == Unknown, outcome.truth == Unknown);
        }
    }

    #[test]
    fn de_morgan(t in tree(), values in prop::collection::vec(any_truth(), 4)) {
        let host = host_of(&values);
        prop_assert_eq!(truth(&t.dual().xml(), &host), !truth(&t.xml(), &host));
    }

    #[test]
    fn a_fact_more_settles_and_never_turns(t in tree(), values in prop::collection::vec(any_truth(), 4), at in 0usize..4, more in any_truth()) {
        let before = truth(&t.xml(), &host_of(&values));
        let mut values = values;
        if values[at] == Unknown {
            values[at] = more;
        }
        let after = truth(&t.xml(), &host_of(&values));
        prop_assert!(before == Unknown || before == after);
    }

    #[test]
    fn facts_of_the_host_settle_and_never_turn(
        // a whole host, and the facts that are left out
        host in prop_oneof![
            Just(client(22621, 5909)), Just(client(22631, 4000)), Just(client(19045, 1)), Just(server(20348, 2113)), Just(server(17763, 1)),
        ],
        gone in prop::collection::vec(any::<bool>(), 6),
        rule in prop_oneof![
            Just(r#"<ProductReleaseInstalled Name="Client.OS.RS2.amd64" Version="10.0.22621.5909"/>"#),
            Just(r#"<ProductReleaseVersion Name="Server.OS.amd64" Comparison="LessThan" Version="10.0.20348.2113"/>"#),
            Just(r#"<DeviceAttribute Name="OSVersion" Type="Version" Comparison="LessThan" Value="10.0.22621.6000"/>"#),
            Just(r#"<DeviceAttribute Name="sku" Type="String" Comparison="EqualTo" Value="4"/>"#),
            Just(r#"<DeviceAttribute Name="ProductType" Type="String" Comparison="EqualTo" Value="WinNT"/>"#),
            Just(r#"<b.WindowsVersion Comparison="GreaterThanOrEqualTo" MajorVersion="10" MinorVersion="0" BuildNumber="20000" ProductType="1"/>"#),
            Just(r#"<b.LicenseDword Value="Kernel-ProductInfo" Comparison="LessThan" Data="8"/>"#),
            Just(r#"<b.WmiQuery WqlQuery="select * from Win32_OperatingSystem where ProductType = 1 and OperatingSystemSKU = 4"/>"#),
            Just(r#"<b.Processor Architecture="9"/>"#),
        ],
    ) {
        let mut less = host.clone();
        if gone[0] { less.version = None; }
        if gone[1] { less.revision = None; }
        if gone[2] { less.product = None; }
        if gone[3] { less.edition = None; }
        if gone[4] { less.installation_type = None; }
        if gone[5] { less.architecture = None; }
        let (before, after) = (truth(rule, &less), truth(rule, &host));
        prop_assert!(before == Unknown || before == after, "{} {:?} {:?}", rule, before, after);
    }

    #[test]
    fn mangled_rules_never_panic(cut in 0usize..400, flip in 0usize..400, bit in 0u8..7) {
        let text = r#"<UpdateIdentity UpdateID="a"/><Properties UpdateType="Software"/><Relationships><Prerequisites><AtLeastOne IsCategory="true"><UpdateIdentity UpdateID="b"/></AtLeastOne></Prerequisites></Relationships><ApplicabilityRules><IsInstalled><Or><b.RegSz Key="HKEY_LOCAL_MACHINE" Subkey="A" Value="b" Comparison="EqualTo" Data="c"/><Not><True/></Not></Or></IsInstalled></ApplicabilityRules>"#;
        let mut bytes = text.as_bytes().to_vec();
        let at = flip % bytes.len();
        bytes[at] ^= 1 << bit;
        bytes.truncate(bytes.len().saturating_sub(cut % 50));
        let text = String::from_utf8_lossy(&bytes);
        match parse("r", &text) {
            Ok(documents) => for d in &documents {
                let _ = judge(d, &HostFacts::of(&client(1, 1)), &|_| Unknown);
            },
            Err(e) => prop_assert!(!e.to_string().contains('\n')),
        }
    }
}
