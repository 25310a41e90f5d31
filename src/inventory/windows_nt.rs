//! The values of the registry key `Windows NT\CurrentVersion`, and which of them mislead.

use super::os_values::{Values, note, version_of_build};
use super::systeminfo::{service_pack, service_pack_words};
use super::words;
use crate::model::{Architecture, Fact, Host, InstallationType, Origin, Version};

/// Names that only this key has, in lower case: values without a key are its own if one of them is there.
pub(super) const TELLING: [&str; 6] =
    ["ubr", "currentbuild", "currentbuildnumber", "editionid", "buildlabex", "currentmajorversionnumber"];

/// Every name that is read.
pub(super) const READ: [&str; 17] = [
    "Architecture",
    "BuildLab",
    "BuildLabEx",
    "CSDVersion",
    "CurrentBuild",
    "CurrentBuildNumber",
    "CurrentMajorVersionNumber",
    "CurrentMinorVersionNumber",
    "CurrentVersion",
    "DisplayVersion",
    "EditionID",
    "InstallationType",
    "PROCESSOR_ARCHITECTURE",
    "ProductName",
    "ProductType",
    "ReleaseId",
    "UBR",
];

/// Puts what the values say into the host.
pub(super) fn tell(values: &Values, host: &mut Host) {
    host.version = version(values, host);
    let version = host.version.as_ref().map(|f| f.value);
    host.revision = values.get("ubr").and_then(|(d, o)| Some(Fact::new(d.parse().ok()?, o.clone())));
    host.service_pack = pack(values, host);
    host.release = release(values, version);
    product(values, host);
    if let Some((id, origin)) = values.get("editionid") {
        let named = values.get("productname").map_or("Windows 10", |(name, _)| name);
        host.edition = Some(Fact::new(words::edition_id(id, named), origin.clone()));
    }
    host.installation_type = values
        .get("installationtype")
        .and_then(|(d, o)| Some(Fact::new(InstallationType::parse(d)?, o.clone())))
        .or_else(|| {
            // of servers it does not tell the one without the desktop
            let (_, origin) = values.get("producttype").filter(|(t, _)| t.eq_ignore_ascii_case("WinNT"))?;
            Some(Fact::new(InstallationType::Client, origin.clone()))
        });
    let lab = values.get("buildlabex").or_else(|| values.get("buildlab"));
    host.architecture = lab.and_then(|(d, o)| Some(Fact::new(lab_architecture(d)?, o.clone())));
    let stated = values.get("processor_architecture").or_else(|| values.get("architecture"));
    check_architecture(host, stated.and_then(|(a, o)| Some((a.parse().ok()?, o))));
}

/// Lays the architecture that the environment names beside the one that Windows was built for.
pub(super) fn check_architecture(host: &mut Host, stated: Option<(Architecture, &Origin)>) {
    let Some((stated, origin)) = stated else { return };
    match host.architecture.as_ref().map(|f| f.value) {
        None => host.architecture = Some(Fact::new(stated, origin.clone())),
        Some(built) if built == stated => {}
        Some(built) => {
            note(host, format!("the environment names {stated}, Windows was built for {built}"), origin);
            // a 32-bit program sees x86 on every machine
            if stated != Architecture::X86 {
                host.architecture = None;
            }
        }
    }
}

/// The version by its build; where two values disagree, none is believed.
fn version(values: &Values, host: &mut Host) -> Option<Fact<Version>> {
    // XP keeps "1.511.1 () (Obsolete data - do not use)" in CurrentBuild
    let number = |name| values.get(name).and_then(|(d, o)| Some((d.parse::<u32>().ok()?, o)));
    let (build, origin) = match (number("currentbuildnumber"), number("currentbuild")) {
        (Some((a, origin)), Some((b, _))) if a != b => {
            note(host, format!("CurrentBuildNumber says {a}, CurrentBuild {b}: neither is used"), origin);
            return None;
        }
        (a, b) => a.or(b)?,
    };
    let known = version_of_build(&build.to_string());
    // CurrentVersion stays 6.3 from Windows 10 on
    let stated = values.get("currentversion").and_then(|(v, _)| {
        let (major, minor) = v.split_once('.')?;
        Some(Version([major.parse().ok()?, minor.parse().ok()?, build, 0]))
    });
    let major = number("currentmajorversionnumber").map(|(n, _)| n);
    let minor = number("currentminorversionnumber").map_or(0, |(n, _)| n);
    let version = match (major, known, stated) {
        (Some(major), Some(known), _) if known.0[0] != major || known.0[1] != minor => {
            note(host, format!("{major}.{minor} is not the version of build {build}"), origin);
            return None;
        }
        (None, Some(known), Some(stated)) if build < 10_240 && known != stated => {
            note(host, format!("CurrentVersion {stated} is not the version of build {build}"), origin);
            return None;
        }
        (_, Some(known), _) => known,
        (Some(major), None, _) => Version([major, minor, build, 0]),
        (None, None, stated) => stated?,
    };
    Some(Fact::new(version, origin.clone()))
}

/// The service pack by the build where each has its own, else by its words.
fn pack(values: &Values, host: &Host) -> Option<Fact<u8>> {
    let words = values.get("csdversion");
    match &host.version {
        Some(version) => {
            let number = service_pack(version.value, words.map_or("", |(d, _)| d))?;
            Some(Fact::new(number, words.map_or(&version.origin, |(_, o)| o).clone()))
        }
        None => words.and_then(|(d, o)| Some(Fact::new(service_pack_words(d)?, o.clone()))),
    }
}

/// `DisplayVersion`; `ReleaseId` before it, which has stayed 2009 since 20H2.
fn release(values: &Values, version: Option<Version>) -> Option<Fact<String>> {
    let display = values.get("displayversion").filter(|(d, _)| d.len() <= 20);
    let id = || {
        let (id, origin) = values.get("releaseid").filter(|(d, _)| d.len() == 4)?;
        match (id, version?.0[2]) {
            ("2009", 19_042) => Some(("20H2", origin)),
            ("2009", _) => None,
            _ => Some((id, origin)),
        }
    };
    display.or_else(id).map(|(d, o)| Fact::new(d.to_owned(), o.clone()))
}

/// `ProductName` says Windows 10 on Windows 11 as well: without a build it tells neither.
fn product(values: &Values, host: &mut Host) {
    let Some((name, origin)) = values.get("productname") else { return };
    let mut product = words::product(name);
    if !words::is_product(&product)
        && !product.contains("Hyper-V Server")
        && !product.contains("Azure Stack HCI")
    {
        return;
    }
    host.edition = words::edition(&product).map(|e| Fact::new(e, origin.clone()));
    let build = host.version.as_ref().map(|v| v.value.0);
    if product.starts_with("Windows 10") {
        match build {
            Some([10, 0, 22_000..=u32::MAX, _]) => {
                product = product.replacen("Windows 10", "Windows 11", 1);
                let text = "ProductName says Windows 10; the build is one of Windows 11";
                note(host, text.to_owned(), origin);
            }
            Some(_) => {}
            None => {
                let text = "ProductName says Windows 10 on Windows 11 as well: the build would tell";
                note(host, text.to_owned(), origin);
                return;
            }
        }
    }
    host.product = Some(Fact::new(product, origin.clone()));
}

/// `9600.17415.amd64fre.winblue_r4.141028-1500` names the architecture that was built.
fn lab_architecture(lab: &str) -> Option<Architecture> {
    let flavour =
        lab.split('.').find_map(|part| part.strip_suffix("fre").or_else(|| part.strip_suffix("chk")))?;
    flavour.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn host(pairs: &[(&str, &str)]) -> Host {
        let mut values = Values::default();
        for (line, (name, value)) in (1..).zip(pairs) {
            values.put(name, value, Origin::line(&Arc::from("f"), "x", line));
        }
        let mut host = Host::default();
        tell(&values, &mut host);
        host
    }

    fn version_of(pairs: &[(&str, &str)]) -> Option<String> {
        host(pairs).version.map(|v| v.value.to_string())
    }

    #[test]
    fn the_build_decides_where_the_values_mislead() {
        let host = host(&[
            ("ProductName", "Windows 10 Enterprise"),
            ("CurrentVersion", "6.3"),
            ("CurrentBuildNumber", "22631"),
            ("UBR", "2728"),
            ("EditionID", "Enterprise"),
            ("ReleaseId", "2009"),
            ("DisplayVersion", "23H2"),
        ]);
        assert_eq!(host.product.map(|p| p.value).as_deref(), Some("Windows 11 Enterprise"));
        assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("10.0.22631"));
        assert_eq!(host.revision.map(|r| r.value), Some(2728));
        assert_eq!(host.release.map(|r| r.value).as_deref(), Some("23H2"));
    }

    #[test]
    fn a_product_name_without_a_build_may_be_that_of_windows_11() {
        assert_eq!(host(&[("ProductName", "Windows 10 Pro"), ("UBR", "1")]).product, None);
        let server = host(&[("ProductName", "Windows Server 2019 Standard")]);
        assert_eq!(server.product.map(|p| p.value).as_deref(), Some("Windows Server 2019 Standard"));
    }

    #[test]
    fn older_windows_has_its_version_in_current_version() {
        let old = host(&[
            ("CurrentVersion", "6.1"),
            ("CurrentBuild", "7601"),
            ("CSDVersion", "Service Pack 1"),
            ("BuildLabEx", "7601.17514.amd64fre.win7sp1_rtm.1"),
        ]);
        assert_eq!(old.version.map(|v| v.value.to_string()).as_deref(), Some("6.1.7601"));
        assert_eq!(old.service_pack.map(|s| s.value), Some(1));
        assert_eq!(old.architecture.map(|a| a.value), Some(Architecture::X64));
        let xp = [("CurrentVersion", "5.1"), ("CurrentBuild", "1.511.1 () (Obsolete data - do not use)")];
        assert_eq!(version_of(&xp), None);
        assert_eq!(version_of(&[xp[0], xp[1], ("CurrentBuildNumber", "2600")]).as_deref(), Some("5.1.2600"));
    }

    #[test]
    fn values_that_disagree_tell_no_version() {
        assert_eq!(version_of(&[("CurrentBuild", "19044"), ("CurrentBuildNumber", "19045")]), None);
        assert_eq!(version_of(&[("CurrentBuild", "7601"), ("CurrentVersion", "6.3")]), None);
        assert_eq!(version_of(&[("CurrentBuild", "9600"), ("CurrentMajorVersionNumber", "10")]), None);
    }

    #[test]
    fn a_frozen_release_id_is_no_release() {
        let of = |build, id| host(&[("CurrentBuild", build), ("ReleaseId", id)]).release.map(|r| r.value);
        assert_eq!(of("17763", "1809").as_deref(), Some("1809"));
        assert_eq!(of("19042", "2009").as_deref(), Some("20H2"));
        assert_eq!(of("19045", "2009"), None);
    }

    #[test]
    fn a_32_bit_program_sees_x86_everywhere() {
        let of = |stated| {
            let lab = ("BuildLabEx", "19041.1.amd64fre.vb_release.191206-1406");
            host(&[lab, ("PROCESSOR_ARCHITECTURE", stated)]).architecture.map(|a| a.value)
        };
        assert_eq!(of("x86"), Some(Architecture::X64));
        assert_eq!(of("ARM64"), None);
        assert_eq!(of("AMD64"), Some(Architecture::X64));
    }
}
