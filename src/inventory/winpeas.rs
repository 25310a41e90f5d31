//! winPEAS: the block about the system, with the updates in one line.

use super::collect::Collector;
use super::facts;
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use super::os_values::is_computer_name;
use super::systeminfo::{label_value, os_version};
use super::words;
use crate::model::{Gap, Host, ListKind, Version};
use std::sync::Arc;

const FORMAT: &str = "winPEAS report";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "winPEAS systeminfo",
    signature: "BuildBranch: and Hotfixes: KB… (date), KB…",
    tells: "product, build, edition, architecture, installed updates that are servicing packages named KB",
    cannot: "the revision (UBR); what the image was built with; older cumulative updates; Office, drivers, Defender",
    directness: Directness::Reported,
}];

/// Is the text such a report? Then other readers leave its fields to this one.
pub(super) fn is_report(lines: &[Line]) -> bool {
    let has = |label: &str| lines.iter().any(|l| l.text.trim_start().starts_with(label));
    has("BuildBranch:") && (has("Hotfixes:") || has("HighIntegrity:"))
}

/// How the names of the branches begin that Windows 11 and its servers are built from.
const ELEVEN: [&str; 6] = ["co_", "ni_", "zn_", "ga_", "ge_", "br_"];

/// ` [*] OS Version: 1809 (17763)`, as the search for known weaknesses prints it.
fn watson(lines: &[Line]) -> Option<(Version, u32)> {
    lines.iter().find_map(|l| {
        let (_, rest) = l.text.split_once("[*] OS Version: ")?;
        let (_, build) = rest.split_once(" (")?;
        let build = build.trim_end().strip_suffix(')')?.parse().ok()?;
        (10_240..100_000).contains(&build).then_some((Version([10, 0, build, 0]), l.number))
    })
}

/// Reads the block; empty if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    if !is_report(lines) {
        return Vec::new();
    }
    // the block begins with the product and ends with the updates
    let start = lines.iter().position(|l| l.text.trim_start().starts_with("BuildBranch:")).unwrap_or(0);
    let block = &lines[start.saturating_sub(15)..lines.len().min(start + 40)];
    let get = |name: &str| {
        let fields = block.iter().filter_map(|l| Some((label_value(l.text.trim())?, l.number)));
        fields.filter(|((n, v), _)| *n == name && !v.is_empty()).map(|((_, v), line)| (v, line)).next()
    };
    let mut c = Collector::new(input, FORMAT);
    if let Some((name, line)) = get("Hostname").filter(|(n, _)| is_computer_name(n)) {
        c.host.name = Some(c.fact(name.to_owned(), line));
    }
    if let Some((version, line)) = get("OS Version").and_then(|(v, line)| Some((os_version(v)?, line))) {
        facts::tell_version(&mut c, version, "", line);
    } else if let Some((version, line)) = watson(lines) {
        facts::tell_version(&mut c, version, "", line);
    }
    match get("OS Name") {
        Some((product, line)) => facts::tell_product(&mut c, product, line),
        None => {
            // the registry calls Windows 11 by the name of 10; without a build the branch tells them apart
            let eleven = get("BuildBranch").is_some_and(|(b, _)| ELEVEN.contains(&b.get(..3).unwrap_or("")));
            let unknown = c.host.version.is_none() && eleven;
            if let Some((product, line)) = get("ProductName").filter(|_| !unknown) {
                facts::tell_registry_product(&mut c, product, line);
            }
        }
    }
    if let Some((id, line)) = get("EditionID") {
        let product = c.host.product.as_ref().map_or("Windows 10", |p| p.value.as_str());
        c.host.edition = Some(c.fact(words::edition_id(id, product), line));
    }
    let kind = get("System Type").and_then(|(t, line)| Some((t.parse().ok()?, line)));
    // a process of 32 bits is told x86 wherever it runs
    let process =
        || get("Architecture").filter(|(a, _)| *a != "x86").and_then(|(a, n)| Some((a.parse().ok()?, n)));
    c.host.architecture = kind.or_else(process).map(|(a, line)| c.fact(a, line));
    hotfixes(&mut c, block);
    vec![c.finish(Some(ListKind::QuickFix))]
}

/// `Hotfixes: KB5044033 (10/9/2024), KB5027397, `: the line ends with a comma, a cut one with part of an id.
fn hotfixes(c: &mut Collector, block: &[Line]) {
    let row = block.iter().find_map(|l| Some((l.text.trim().strip_prefix("Hotfixes:")?, l.number)));
    let (text, line) = row.unwrap_or(("", 0));
    for part in text.split(',') {
        let id = part.split_whitespace().next().unwrap_or_default();
        match ids::kb_at_start(id) {
            Some(RowId::Kb(_) | RowId::Cut) => {
                let origin = c.origin(line);
                c.installed_row(id, None, origin);
            }
            _ if id.is_empty() => {}
            _ => c.other(id.chars().take(64).collect()),
        }
    }
    if !text.is_empty() && !text.trim_end().ends_with(',') {
        c.gap(Gap::Truncated);
    }
    // an empty line is what it prints where it may not ask
    if c.shown() == 0 {
        c.gap(Gap::NotAvailable);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn one(hotfixes: &str) -> Host {
        let text = format!(
            "ÉÍÍÍ¹ Basic System Information\nÈ Check if the Windows versions is vulnerable\n    OS Name: Microsoft Windows 11 Enterprise\n    OS Version: 10.0.22631 N/A Build 22631\n    System Type: x64-based PC\n    Hostname: WS26\n\
             \x20   ProductName: Windows 10 Enterprise\n    EditionID: Enterprise\n    ReleaseId: 2009\n    BuildBranch: ni_release\n    CurrentVersion: 6.3\n    Architecture: AMD64\n    HighIntegrity: True\n    Hotfixes: {hotfixes}\n\n\
             ÉÍÍÍ¹ Showing All Microsoft Updates\n   HotFix ID                :   KB2267602\n   Installed At (UTC)       :   2/22/2026 11:01:54 AM\n   Client Application ID    :   x\n"
        );
        read(&lines(&text), &Arc::from("f")).pop().unwrap()
    }

    #[test]
    fn the_line_of_updates_with_and_without_dates() {
        for list in ["KB5044033 (10/9/2024), KB5027397 (7/4/2024), ", "KB5044033, KB5027397, "] {
            let host = one(list);
            assert_eq!(host.updates.keys().map(|k| k.number()).collect::<Vec<_>>(), [5_027_397, 5_044_033]);
            assert!(host.completeness.has_whole(ListKind::QuickFix));
            assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("10.0.22631"));
            assert_eq!(host.product.map(|v| v.value).as_deref(), Some("Microsoft Windows 11 Enterprise"));
        }
        assert_eq!(one("KB5044033, KB502739").completeness.lists[0].gaps, [Gap::Truncated]);
        assert_eq!(one("").completeness.lists[0].gaps, [Gap::NotAvailable]);
    }

    #[test]
    fn an_older_report_names_the_build_below() {
        let text = "    Hostname: APP1\n    ProductName: Windows Server 2019 Standard\n    EditionID: ServerStandard\n    ReleaseId: 1809\n    BuildBranch: rs5_release\n    Architecture: AMD64\n    HighIntegrity: False\n    Hotfixes: KB4601555, KB4535680, \n\n [*] OS Version: 1809 (17763)\n";
        let of = |text: &str| read(&lines(text), &Arc::from("f")).pop().unwrap();
        let host = of(text);
        assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("10.0.17763"));
        assert_eq!(host.architecture.map(|a| a.value.to_string()).as_deref(), Some("x64"));
        assert_eq!(host.updates.len(), 2);
        let bare = text.replace("Server 2019 Standard", "10 Pro").replace("AMD64", "x86").replace(" [*]", "");
        let ten = of(&bare);
        assert_eq!(ten.product.map(|p| p.value).as_deref(), Some("Windows 10 Pro"));
        assert_eq!((ten.version, ten.architecture), (None, None));
        assert_eq!(of(&bare.replace("rs5_", "ni_")).product, None);
    }
}
