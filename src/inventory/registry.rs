//! `reg query` of `Windows NT\CurrentVersion`: the values that tell build, revision (UBR) and edition.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::Line;
use super::systeminfo::{service_pack, service_pack_words};
use super::words;
use crate::model::{Architecture, Host, InstallationType, Version};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "reg query";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "reg query \"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\"",
    signature: "values of CurrentVersion with their REG_ types",
    tells: "product, build, revision, edition, installation type",
    cannot: "updates",
    directness: Directness::System,
}];

/// Value names in lower case, with data and line.
pub(super) type Values = BTreeMap<String, (String, u32)>;

/// The values of the key that describes Windows.
fn values(lines: &[Line]) -> Values {
    let mut out = BTreeMap::new();
    let mut wanted = true;
    for line in lines {
        let t = line.text.trim();
        if t.get(..5).is_some_and(|h| h.eq_ignore_ascii_case("HKEY_") || h.eq_ignore_ascii_case("HKLM\\")) {
            let key = t.to_ascii_lowercase();
            wanted = key.ends_with("\\windows nt\\currentversion")
                || key.ends_with("\\session manager\\environment");
            continue;
        }
        let mut words = t.split_whitespace();
        let (Some(name), Some(kind)) = (words.next(), words.next()) else { continue };
        if !wanted || !kind.starts_with("REG_") {
            continue;
        }
        let data = words.collect::<Vec<_>>().join(" ");
        out.entry(name.to_ascii_lowercase()).or_insert((data, line.number));
    }
    out
}

/// A number as `reg query` prints it.
fn number(data: &str) -> Option<u32> {
    match data.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => data.parse().ok(),
    }
}

/// Reads the values; none if there is nothing about Windows among them.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, FORMAT);
    if tell(&values(lines), &mut c) { vec![c.finish(None)] } else { Vec::new() }
}

/// Puts what the values say of Windows into the host. False if they say nothing.
pub(super) fn tell(values: &Values, c: &mut Collector) -> bool {
    let get = |name: &str| values.get(name).filter(|(data, _)| !data.is_empty());
    let build = get("currentbuildnumber").or_else(|| get("currentbuild"));
    if build.is_none() && get("ubr").is_none() && get("editionid").is_none() && get("productname").is_none() {
        return false;
    }
    if let Some((build, line)) = build.and_then(|(b, line)| Some((b.parse::<u32>().ok()?, *line))) {
        let major = get("currentmajorversionnumber").and_then(|(d, _)| number(d));
        let minor = get("currentminorversionnumber").and_then(|(d, _)| number(d)).unwrap_or(0);
        // CurrentVersion stays 6.3 from Windows 10 on
        let version = match (major, get("currentversion")) {
            (Some(major), _) => Some(Version([major, minor, build, 0])),
            _ if build >= 10_240 => Some(Version([10, 0, build, 0])),
            (None, Some((v, _))) => format!("{v}.{build}").parse().ok(),
            (None, None) => None,
        };
        c.host.version = version.map(|v| c.fact(v, line));
    }
    c.host.revision = get("ubr").and_then(|(d, line)| Some(c.fact(number(d)?, *line)));
    let version = c.host.version.as_ref().map(|f| (f.value, f.origin.clone()));
    let pack = get("csdversion");
    if let Some((version, origin)) = &version {
        let words = pack.map_or("", |(d, _)| d.as_str());
        c.host.service_pack =
            service_pack(*version, words).map(|n| crate::model::Fact::new(n, origin.clone()));
    } else {
        c.host.service_pack = pack.and_then(|(d, line)| Some(c.fact(service_pack_words(d)?, *line)));
    }
    if let Some((name, line)) = get("productname") {
        let mut product = words::product(name);
        // the value still says 10 on Windows 11: the build decides
        let client = version.as_ref().is_some_and(|(v, _)| v.0[0] == 10 && v.0[2] >= 22_000);
        if client && product.starts_with("Windows 10") {
            product = product.replacen("Windows 10", "Windows 11", 1);
            c.note("ProductName says Windows 10; the build is one of Windows 11", *line);
        }
        c.host.edition = words::edition(&product).map(|e| c.fact(e, *line));
        c.host.product = Some(c.fact(product, *line));
    }
    if let Some((id, line)) = get("editionid") {
        let product = c.host.product.as_ref().map_or("Windows 10", |p| p.value.as_str());
        c.host.edition = Some(c.fact(words::edition_id(id, product), *line));
    }
    c.host.installation_type =
        get("installationtype").and_then(|(d, line)| Some(c.fact(InstallationType::parse(d)?, *line)));
    c.host.architecture = get("processor_architecture")
        .and_then(|(d, line)| Some((d.parse::<Architecture>().ok()?, *line)))
        .or_else(|| get("buildlabex").and_then(|(d, line)| Some((lab_architecture(d)?, *line))))
        .map(|(a, line)| c.fact(a, line));
    // ReleaseId stays 2009 from 20H2 on, where DisplayVersion has the name
    let release = get("displayversion").or_else(|| get("releaseid").filter(|(d, _)| d != "2009"));
    c.host.release = release.map(|(d, line)| c.fact(d.clone(), *line));
    true
}

/// `9600.17415.amd64fre.winblue_r4.141028-1500` names the architecture that was built.
fn lab_architecture(lab: &str) -> Option<Architecture> {
    let flavour = lab.split('.').nth(2)?;
    flavour.strip_suffix("fre").or_else(|| flavour.strip_suffix("chk"))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    const KEY: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\n";

    fn one(body: &str) -> Host {
        let mut hosts = read(&lines(&format!("{KEY}{body}")), &Arc::from("f"));
        assert_eq!(hosts.len(), 1);
        hosts.remove(0)
    }

    #[test]
    fn the_build_decides_where_the_values_mislead() {
        let host = one(
            "    ProductName    REG_SZ    Windows 10 Enterprise\n    CurrentVersion    REG_SZ    6.3\n    \
             CurrentBuildNumber    REG_SZ    22631\n    UBR    REG_DWORD    0xaa8\n    EditionID    REG_SZ    Enterprise\n",
        );
        assert_eq!(host.product.as_ref().map(|p| p.value.as_str()), Some("Windows 11 Enterprise"));
        assert_eq!(host.version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.22631"));
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(0xaa8));
        assert!(host.completeness.is_empty());
    }

    #[test]
    fn older_windows_has_its_version_in_current_version() {
        let host = one("    CurrentVersion    REG_SZ    6.1\n    CurrentBuild    REG_SZ    7601\n    \
             CSDVersion    REG_SZ    Service Pack 1\n    BuildLabEx    REG_SZ    7601.17514.amd64fre.win7sp1_rtm.1\n");
        assert_eq!(host.version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("6.1.7601"));
        assert_eq!(host.service_pack.as_ref().map(|s| s.value), Some(1));
        assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(Architecture::X64));
        assert_eq!(host.revision, None);
    }

    #[test]
    fn other_keys_are_not_windows() {
        let text = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Foo\n    UBR    REG_DWORD    0x1\n";
        assert!(read(&lines(text), &Arc::from("f")).is_empty());
    }
}
