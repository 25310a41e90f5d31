//! `Get-ComputerInfo`, printed as a list or a table, or as JSON, whole or with some of its properties selected.

use super::collect::{Collector, MACHINES};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::{Line, is_prompt};
use super::node::Node;
use super::os_values::{Values, version_of_build};
use super::windows;
use crate::model::{Fact, Gap, Host, ListKind, Origin, Version, branch_of, is_shared_branch};
use serde_json::Value;
use std::sync::Arc;

const TEXT: &str = "Get-ComputerInfo";
const JSON: &str = "Get-ComputerInfo JSON";

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: TEXT,
        from: "Get-ComputerInfo",
        signature: "properties OsBuildNumber, OsHotFixes, WindowsProductName, … with their values",
        tells: "product, build, edition, installation type, architecture, four of the updates",
        cannot: "the other updates; the revision before PowerShell 7.4, but for a lower bound",
        directness: Directness::Reported,
    },
    Format {
        name: JSON,
        from: "Get-ComputerInfo | ConvertTo-Json",
        signature: "members OsBuildNumber, OsHotFixes, WindowsProductName, …",
        tells: "product, build, edition, installation type, architecture, updates as Get-HotFix lists them",
        cannot: "the revision before PowerShell 7.4, but for a lower bound; older cumulative updates",
        directness: Directness::Reported,
    },
];

/// Properties that nothing else prints; one of them tells the format.
pub(super) const OWN: [&str; 11] = [
    "windowsproductname",
    "windowseditionid",
    "windowsbuildlabex",
    "windowsinstallationtype",
    "windowsubr",
    "osbuildnumber",
    "osoperatingsystemsku",
    "oshotfixes",
    "oshardwareabstractionlayer",
    "osserverlevel",
    "osname",
];

/// Properties whose names other outputs use as well.
const SHARED: [&str; 14] = [
    "osversion",
    "oscsdversion",
    "osarchitecture",
    "osdisplayversion",
    "oslanguage",
    "osmuilanguages",
    "osproducttype",
    "osservicepackmajorversion",
    "windowsversion",
    "windowscurrentversion",
    "csname",
    "csdnshostname",
    "cscaption",
    "cssystemtype",
];

fn is_own(name: &str) -> bool {
    OWN.iter().any(|n| n.eq_ignore_ascii_case(name))
}

fn is_property(name: &str) -> bool {
    is_own(name) || SHARED.iter().any(|n| n.eq_ignore_ascii_case(name))
}

/// Any property of the command: one word that begins with the name of its class.
fn is_of_command(name: &str) -> bool {
    let word = !name.is_empty() && name.len() <= 60 && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let class = [
        "Windows",
        "Bios",
        "Cs",
        "Os",
        "DeviceGuard",
        "HyperV",
        "Hyper",
        "Power",
        "Time",
        "Logon",
        "Keyboard",
    ];
    word && (is_property(name) || class.iter().any(|c| name.starts_with(c)))
}

/// What a product, version and type the properties tell.
fn tell(values: &Values, c: &mut Collector) {
    let mut os = Values::default();
    let mut put = |name: &str, from: &[&str]| {
        if let Some((value, origin)) = from.iter().find_map(|n| values.get(n)) {
            os.put(name, value, origin.clone());
        }
    };
    put("caption", &["osname"]);
    put("version", &["osversion"]);
    put("buildnumber", &["osbuildnumber"]);
    put("ubr", &["windowsubr"]);
    put("osarchitecture", &["osarchitecture"]);
    put("systemtype", &["cssystemtype"]);
    put("csdversion", &["oscsdversion"]);
    put("servicepackmajorversion", &["osservicepackmajorversion"]);
    put("csname", &["csname", "csdnshostname", "cscaption", "pscomputername"]);
    put("editionid", &["windowseditionid"]);
    put("installationtype", &["windowsinstallationtype"]);
    put("release", &["osdisplayversion", "windowsdisplayversion", "windowsversion"]);
    let sku = values.get("osoperatingsystemsku").filter(|(n, _)| n.parse::<u32>().is_ok());
    if let Some((n, origin)) = sku.filter(|_| values.get("windowseditionid").is_none()) {
        os.put("operatingsystemsku", n, origin.clone());
    }
    let hal = values
        .get("oshardwareabstractionlayer")
        .and_then(|(v, origin)| Some((v.parse::<Version>().ok().filter(|v| v.0[0] == 10)?, origin)));
    if let Some((product, origin)) =
        values.get("windowsproductname").filter(|_| values.get("osname").is_none())
    {
        // the registry's name is that of Windows 10 on Windows 11, too
        let ten = product.contains("Windows 10");
        let build = values
            .get("osbuildnumber")
            .and_then(|(b, _)| version_of_build(b))
            .or_else(|| values.get("osversion").and_then(|(v, _)| v.parse().ok()))
            .or(hal.map(|(v, _)| v));
        let old = values.get("windowsversion").is_some_and(|(v, _)| v.parse::<u32>().is_ok_and(|n| n < 2009));
        match build {
            Some(build) if ten && build.0[2] >= 22_000 => {
                os.put("caption", &product.replacen("Windows 10", "Windows 11", 1), origin.clone());
                c.remark("the name says Windows 10; the build is one of Windows 11", origin);
            }
            None if ten && !old => {
                c.remark(
                    "the name says Windows 10 on Windows 11, too, and no build tells which it is",
                    origin,
                );
            }
            _ => {
                os.put("caption", product, origin.clone());
            }
        }
    }
    windows::tell(&os, &mut c.host);
    if c.host.installation_type.is_none() {
        let kind = values.get("osserverlevel").and_then(|(level, o)| Some((server_level(level)?, o)));
        c.host.installation_type = kind.map(|(k, o)| Fact::new(k, o.clone()));
    }
    let language = values.get("oslanguage").filter(|(l, _)| is_language(l));
    c.host.language = language.map(|(l, o)| Fact::new(l.to_owned(), o.clone()));
    if let Some((hal, origin)) = hal {
        tell_hal(hal, origin, &mut c.host);
    }
}

/// The hardware abstraction layer is a file: the system has its revision at least, and its build is that of the branch.
fn tell_hal(hal: Version, origin: &Origin, host: &mut Host) {
    let [.., branch, revision] = hal.0;
    if branch < 10_240 || branch_of(branch) != branch || revision == 0 {
        return;
    }
    match host.version.as_ref().map(|v| v.value) {
        Some(version) if version.0[0] != 10 || branch_of(version.0[2]) != branch => return,
        Some(_) => {}
        None => {
            host.branch = Some(Fact::new(branch, origin.clone()));
            if !is_shared_branch(branch) {
                host.version = Some(Fact::new(Version([10, 0, branch, 0]), origin.clone()));
            }
        }
    }
    host.revision_at_least = Some(Fact::new(revision, origin.clone()));
}

/// The name in text, its number in JSON.
fn server_level(text: &str) -> Option<crate::model::InstallationType> {
    use crate::model::InstallationType as T;
    Some(match text {
        "NanoServer" | "1" => T::NanoServer,
        "ServerCore" | "2" => T::ServerCore,
        "FullServer" | "4" => T::Server,
        _ => return None,
    })
}

fn is_language(text: &str) -> bool {
    text.split_once('-').is_some_and(|(a, b)| {
        matches!(a.len(), 2 | 3)
            && (2..=8).contains(&b.len())
            && a.bytes().all(|b| b.is_ascii_lowercase())
            && b.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// `{KB5044033, KB5027397, KB5044285, KB5039338...}`: the dots after a whole id stand for more.
fn listed(c: &mut Collector, text: &str, origin: &Origin) {
    let closed = text.ends_with('}');
    let inner = text.strip_prefix('{').unwrap_or(text);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let before = c.shown();
    for item in inner.split([',', ' ', ';']).map(str::trim).filter(|i| !i.is_empty()) {
        let bare = item.trim_end_matches(['.', '…']);
        if bare.len() < item.len() {
            c.gap(Gap::Elided);
        }
        let item = if closed { bare } else { item };
        // names of types stand where the depth of the output ended
        if item.is_empty() || item.contains("Microsoft.") {
            continue;
        }
        c.installed_row(item, None, origin.clone());
    }
    if text.starts_with('{') && !closed {
        c.gap(Gap::Truncated);
    }
    if c.shown() == before {
        c.gap(Gap::NotAvailable);
    }
}

/// Reads every object with properties of the command; none if there is none.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut hosts = Vec::new();
    for node in Node::root(value).each() {
        let Some(object) = node.object() else { continue };
        if !object.iter().any(|(k, v)| is_own(k) && !k.eq_ignore_ascii_case("OsName") && !v.is_null()) {
            continue;
        }
        let mut values = Values::default();
        for (name, member) in node.members().filter(|(n, _)| is_property(n) || *n == "PSComputerName") {
            if let Some(text) = member.text() {
                values.put(name, &text, member.origin(input, JSON));
            }
        }
        let mut c = Collector::new(input, JSON);
        tell(&values, &mut c);
        let list = object.keys().any(|k| k.eq_ignore_ascii_case("OsHotFixes"));
        if list {
            updates(&mut c, &node, input);
        }
        hosts.push(c.finish(list.then_some(ListKind::QuickFix)));
    }
    hosts
}

fn updates(c: &mut Collector, node: &Node, input: &Arc<str>) {
    let Some(list) = node.get("OsHotFixes") else {
        c.gap(Gap::NotAvailable);
        return;
    };
    let before = c.shown();
    for row in list.each() {
        if let Some(text) = row.text() {
            // a text stands for an object where the depth of the output ended
            let kb = |t: &&str| matches!(ids::row_id(t), Some(RowId::Kb(_)));
            for id in text.split([' ', ',', ';']).filter(kb) {
                c.installed_row(id, None, row.origin(input, JSON));
            }
        } else if let Some(id) = row.get("HotFixID") {
            c.installed_row(&id.text().unwrap_or_default(), None, id.origin(input, JSON));
        } else {
            c.gap(Gap::Elided);
        }
    }
    if c.shown() == before {
        c.gap(Gap::NotAvailable);
    }
}

/// Reads lists `Name : value` and tables of selected properties; none if there is neither.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut hosts = Vec::new();
    let mut open = Values::default();
    let mut last: Option<(String, String, u32)> = None;
    let origin = |line: u32| Origin::line(input, TEXT, line);
    let mut i = 0;
    while let Some(line) = lines.get(i) {
        i += 1;
        let below = lines.get(i).map_or("", |l| &*l.text);
        if let Some(columns) = table_header(&line.text, below) {
            flush(&mut last, &mut open, &origin);
            host(std::mem::take(&mut open), input, &mut hosts);
            i += 1;
            while let Some(row) = lines.get(i).filter(|l| !l.is_blank() && !is_prompt(&l.text)) {
                let mut values = Values::default();
                for (name, text) in cells(&columns, &row.text) {
                    values.put(&name, &text, origin(row.number));
                }
                host(values, input, &mut hosts);
                i += 1;
            }
            continue;
        }
        let text = &*line.text;
        let pair = text
            .split_once(':')
            .map(|(n, v)| (n.trim(), v))
            .filter(|(n, v)| is_of_command(n) && (v.is_empty() || v.starts_with([' ', '\t'])));
        if let Some((name, value)) = pair {
            flush(&mut last, &mut open, &origin);
            let name = name.to_ascii_lowercase();
            // the first property again: another machine
            if is_property(&name) && open.has(&name) {
                host(std::mem::take(&mut open), input, &mut hosts);
            }
            last = Some((name, value.trim().to_owned(), line.number));
        } else if let Some((_, value, _)) =
            last.as_mut().filter(|_| text.starts_with("     ") && !is_prompt(text))
        {
            // a value that the width of the console broke
            if value.len() < 100_000 {
                value.push(' ');
                value.push_str(text.trim());
            }
        } else {
            flush(&mut last, &mut open, &origin);
        }
    }
    flush(&mut last, &mut open, &origin);
    host(open, input, &mut hosts);
    hosts
}

fn flush(last: &mut Option<(String, String, u32)>, open: &mut Values, origin: &impl Fn(u32) -> Origin) {
    if let Some((name, value, line)) = last.take().filter(|(n, ..)| is_property(n)) {
        open.put(&name, &value, origin(line));
    }
}

/// The facts of one object, if it is one of this command.
fn host(values: Values, input: &Arc<str>, hosts: &mut Vec<Host>) {
    let own = values.iter().filter(|(n, v, _)| is_own(n) && !v.is_empty()).count();
    let named = values.get("osname").is_none() || own > 1 || values.get("osversion").is_some();
    let list = values.has("oshotfixes");
    if own == 0 && !list || !named {
        return;
    }
    let mut c = Collector::new(input, TEXT);
    tell(&values, &mut c);
    if list {
        match values.get("oshotfixes") {
            Some((text, origin)) => listed(&mut c, text, origin),
            None => c.gap(Gap::NotAvailable),
        }
    }
    if hosts.len() < MACHINES {
        hosts.push(c.finish(list.then_some(ListKind::QuickFix)));
    }
}

/// Names of columns with where each begins, in characters.
type Columns = Vec<(String, usize)>;

/// Names of properties over a row of dashes.
fn table_header(text: &str, below: &str) -> Option<Columns> {
    let rule = below.trim();
    if rule.is_empty() || !rule.chars().all(|c| c == '-' || c == ' ') {
        return None;
    }
    let names: Vec<&str> = text.split_whitespace().collect();
    if !names.iter().any(|n| is_own(n)) || !names.iter().all(|n| is_of_command(n)) {
        return None;
    }
    let mut starts = Vec::new();
    let mut before = ' ';
    for (at, c) in below.chars().enumerate() {
        if c == '-' && before != '-' {
            starts.push(at);
        }
        before = c;
    }
    (starts.len() == names.len()).then(|| names.iter().map(|n| n.to_ascii_lowercase()).zip(starts).collect())
}

/// The cells of a row; one that the width cut is left out.
fn cells(columns: &Columns, row: &str) -> Vec<(String, String)> {
    let chars: Vec<char> = row.chars().collect();
    let mut out = Vec::new();
    for (i, (name, start)) in columns.iter().enumerate() {
        let end = columns.get(i + 1).map_or(chars.len(), |(_, next)| *next).min(chars.len());
        let text: String = chars.get(*start..end).unwrap_or_default().iter().collect();
        let text = text.trim();
        let cut = text.ends_with("...") || text.ends_with('…');
        // of a list the whole ids count although more are left out
        if !cut || text.starts_with('{') {
            out.push((name.clone(), text.to_owned()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn text(text: &str) -> Vec<Host> {
        read(&lines(text), &Arc::from("f"))
    }

    fn json(text: &str) -> Vec<Host> {
        read_json(&serde_json::from_str(text).unwrap(), &Arc::from("f"))
    }

    fn kbs(host: &Host) -> Vec<u32> {
        host.updates.keys().map(|k| k.number()).collect()
    }

    fn shown(host: &Host) -> [String; 4] {
        let text = |t: Option<String>| t.unwrap_or_default();
        [
            text(host.product.as_ref().map(|f| f.value.clone())),
            text(host.version.as_ref().map(|f| f.value.to_string())),
            text(host.edition.as_ref().map(|f| f.value.0.clone())),
            text(host.architecture.as_ref().map(|f| f.value.to_string())),
        ]
    }

    const LIST: &str = "\r\n\r\nWindowsBuildLabEx               : 22621.1.amd64fre.ni_release.220506-1250\r\n\
        WindowsCurrentVersion           : 6.3\r\nWindowsEditionId                : Enterprise\r\n\
        WindowsProductName              : Windows 10 Enterprise\r\nWindowsVersion                  : 2009\r\n\
        OSDisplayVersion                : 23H2\r\nBiosBIOSVersion                 : {VRTUAL - 1, KB1234567}\r\n\
        CsName                          : PC01\r\nCsSystemType                    : x64-based PC\r\n\
        OsName                          : Microsoft Windows 11 Enterprise\r\n\
        OsOperatingSystemSKU            : EnterpriseEdition\r\nOsVersion                       : 10.0.22631\r\n\
        OsBuildNumber                   : 22631\r\n\
        OsHotFixes                      : {KB5044033, KB5027397, \r\n                                  KB5044285, KB5039338...}\r\n\
        OsHardwareAbstractionLayer      : 10.0.22621.2506\r\nOsArchitecture                  : 64 bits\r\n\
        OsLanguage                      : fr-FR\r\n\r\n";

    #[test]
    fn the_list_tells_windows_and_four_updates() {
        let hosts = text(LIST);
        assert_eq!(hosts.len(), 1);
        let host = &hosts[0];
        assert_eq!(shown(host), ["Microsoft Windows 11 Enterprise", "10.0.22631", "Enterprise", "x64"]);
        assert_eq!(kbs(host), [5_027_397, 5_039_338, 5_044_033, 5_044_285]);
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Elided]);
        assert_eq!(
            (host.revision.is_none(), host.revision_at_least.as_ref().map(|r| r.value)),
            (true, Some(2506))
        );
        assert_eq!(host.release.as_ref().map(|r| r.value.as_str()), Some("23H2"));
        assert_eq!(host.language.as_ref().map(|r| r.value.as_str()), Some("fr-FR"));
        assert_eq!(host.name.as_ref().map(|r| r.value.as_str()), Some("PC01"));
        assert_eq!(host.updates.values().next().unwrap().origin.to_string(), "f:16");
    }

    #[test]
    fn a_cut_list_keeps_whole_ids_only() {
        let cut = LIST.split("5044285").next().unwrap();
        let host = &text(cut)[0];
        assert_eq!(kbs(host), [5_027_397, 5_044_033]);
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Elided, Gap::Truncated]);
    }

    #[test]
    fn selected_properties_are_read_from_lists_and_tables() {
        let host = &text(
            "OsVersion  : 10.0.19044\nOsCSDVersion :\nWindowsEditionId : Professional\nWindowsProductName : Windows 10 Pro\n",
        )[0];
        assert_eq!(shown(host), ["Windows 10 Pro", "10.0.19044", "Pro", ""]);
        assert!(host.completeness.lists.is_empty());
        let table = "WindowsProductName WindowsVersion OsHardwareAbstractionLayer\n\
            ------------------ -------------- --------------------------\n\
            Windows 10 Pro     2009           10.0.22000.120\n";
        let host = &text(table)[0];
        assert_eq!(shown(host), ["Windows 11 Pro", "10.0.22000", "Pro", ""]);
        assert_eq!(host.revision_at_least.as_ref().map(|r| r.value), Some(120));
    }

    #[test]
    fn a_name_of_windows_10_without_a_build_may_be_windows_11() {
        let of = |version: &str| {
            text(&format!("WindowsProductName : Windows 10 Pro\nWindowsVersion : {version}\n"))[0]
                .product
                .is_some()
        };
        assert_eq!((of("2009"), of("1909")), (false, true));
    }

    #[test]
    fn a_layer_of_another_branch_bounds_nothing() {
        let host = &text("OsBuildNumber : 19045\nOsHardwareAbstractionLayer : 10.0.22621.2506\n")[0];
        assert_eq!((host.revision_at_least.as_ref(), host.branch.as_ref()), (None, None));
    }

    #[test]
    fn two_machines_stay_two() {
        let one = "CsName : A\nOsBuildNumber : 17763\nOsHotFixes : {KB4486553}\n";
        let hosts = text(&format!("{one}\n{}", one.replace("4486553", "4486554").replace(": A", ": B")));
        assert_eq!(hosts.iter().map(kbs).collect::<Vec<_>>(), [[4_486_553], [4_486_554]]);
    }

    #[test]
    fn json_lists_every_update() {
        let host = &json(
            r#"{"WindowsEditionId": "ServerDatacenterACor", "WindowsInstallationType": "Server Core",
            "WindowsProductName": "Windows Server Datacenter", "WindowsVersion": "1909", "WindowsUBR": 1082, "CsName": "SRV1",
            "OsName": "Microsoft Windows Server Datacenter", "OsOperatingSystemSKU": 145, "OsVersion": "10.0.18363",
            "OsBuildNumber": "18363", "OsHotFixes": [{"HotFixID": "KB4569751"}, {"HotFixID": "KB4497165"}],
            "OsArchitecture": "64-разрядная", "OsServerLevel": 2}"#,
        )[0];
        assert_eq!(shown(host), ["Microsoft Windows Server Datacenter", "10.0.18363", "Datacenter", "x64"]);
        assert_eq!(kbs(host), [4_497_165, 4_569_751]);
        assert!(host.completeness.lists[0].gaps.is_empty());
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(1082));
        assert_eq!(host.updates.values().next().unwrap().origin.to_string(), "f: OsHotFixes[1].HotFixID");
    }

    #[test]
    fn a_list_that_the_depth_hides_is_not_known() {
        for list in ["null", "[]", "[\"Microsoft.PowerShell.Commands.HotFix\"]", "\"KB\""] {
            let host = &json(&format!(r#"{{"OsBuildNumber": "17763", "OsHotFixes": {list}}}"#))[0];
            assert!(host.updates.is_empty());
            assert_eq!(host.completeness.lists[0].gaps, [Gap::NotAvailable], "{list}");
        }
        assert!(json(r#"{"OsName": "x", "Caption": "y"}"#).is_empty());
    }
}
