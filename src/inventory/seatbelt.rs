//! Seatbelt's report: its sections Hotfixes and OSInfo.

use super::collect::Collector;
use super::facts;
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use super::os_values::{is_computer_name, version_of_build};
use super::words;
use crate::model::{Architecture, Gap, Host, ListKind};
use std::sync::Arc;

const FORMAT: &str = "Seatbelt report";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "Seatbelt.exe -group=system",
    signature: "====== Hotfixes ======, ====== OSInfo ======",
    tells: "installed updates that are servicing packages named KB; with OSInfo product, build, revision, edition",
    cannot: "what the image was built with; older cumulative updates; Office, drivers, Defender",
    directness: Directness::Reported,
}];

/// The name of a section that begins here: `====== Hotfixes ======`.
fn section(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("======")?.strip_suffix("======")?.trim();
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())).then_some(name)
}

/// Reads the two sections; empty if the text has neither.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, FORMAT);
    let (mut open, mut hotfixes, mut told) = ("", false, false);
    let mut values: Vec<(&str, &str, u32)> = Vec::new();
    for line in lines {
        if let Some(name) = section(&line.text) {
            open = name;
            hotfixes |= name == "Hotfixes";
            continue;
        }
        match open {
            "Hotfixes" => hotfix(&mut c, line),
            "OSInfo" => {
                if let Some((name, value)) = line.text.split_once(": ") {
                    values.push((name.trim(), value.trim(), line.number));
                    told |= matches!(name.trim(), "Build" | "ProductName" | "EditionID");
                }
            }
            _ => {}
        }
    }
    if !hotfixes && !told {
        return Vec::new();
    }
    os_info(&mut c, &values);
    // it prints nothing at all where it may not ask
    if hotfixes && c.shown() == 0 {
        c.gap(Gap::NotAvailable);
    }
    vec![c.finish(hotfixes.then_some(ListKind::QuickFix))]
}

fn hotfix(c: &mut Collector, line: &Line) {
    if line.text.contains("ERROR") || line.text.contains("Exception") {
        c.gap(Gap::NotAvailable);
        return;
    }
    let Some(id) = line.text.split_whitespace().next() else { return };
    if matches!(ids::kb_at_start(id), Some(RowId::Kb(_) | RowId::Cut)) || ids::is_update_like(id) {
        let origin = c.origin(line.number);
        c.installed_row(id, None, origin);
    }
}

fn os_info(c: &mut Collector, values: &[(&str, &str, u32)]) {
    let get = |name: &str| {
        values.iter().find(|(n, v, _)| *n == name && !v.is_empty()).map(|(_, v, line)| (*v, *line))
    };
    if let Some((name, line)) = get("Hostname").filter(|(n, _)| is_computer_name(n)) {
        c.host.name = Some(c.fact(name.to_owned(), line));
    }
    if let Some((build, line)) = get("Build") {
        let (number, revision) = build.split_once('.').unwrap_or((build, ""));
        if let Some(version) = version_of_build(number) {
            facts::tell_version(c, version, "", line);
            c.host.revision = revision.parse().ok().filter(|_| version.0[0] == 10).map(|r| c.fact(r, line));
        }
    }
    if let Some((product, line)) = get("ProductName") {
        facts::tell_registry_product(c, product, line);
    }
    if let Some((id, line)) = get("EditionID") {
        let product = c.host.product.as_ref().map_or("Windows 10", |p| p.value.as_str());
        c.host.edition = Some(c.fact(words::edition_id(id, product), line));
    }
    // a process of 32 bits says x86 on a system of 64
    let architecture = get("Architecture").and_then(|(a, line)| Some((a.parse().ok()?, line)));
    c.host.architecture =
        architecture.filter(|(a, _)| *a != Architecture::X86).map(|(a, line)| c.fact(a, line));
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn one(text: &str) -> Host {
        read(&lines(text), &Arc::from("f")).pop().unwrap()
    }

    const REPORT: &str = "====== FileInfo ======\n\n  ProductName                    : Microsoft® Windows® Operating System\n  ProductVersion                 : 10.0.17763.1\n\n\
        ====== Hotfixes ======\n\nEnumerating Windows Hotfixes. For *all* Microsoft updates, use the 'MicrosoftUpdates' command.\n\n\
        \x20 KB5044033  10/9/2024 12:00:00 AM  Update                         NT AUTHORITY\\SYSTEM\n  KB5027397  7/4/2024 12:00:00 AM   Update                         \n\
        ====== MicrosoftUpdates ======\n\n  KB2267602  x\n\n====== OSInfo ======\n\n  Hostname                      :  WS26\n  ProductName                   :  Windows 10 Enterprise\n  EditionID                     :  Enterprise\n  ReleaseId                     :  2009\n  Build                         :  22631.4317\n  Architecture                  :  AMD64\n";

    #[test]
    fn the_two_sections_and_nothing_else() {
        let host = one(REPORT);
        assert_eq!(host.updates.keys().map(|k| k.number()).collect::<Vec<_>>(), [5_027_397, 5_044_033]);
        let told = (
            host.product.map(|p| p.value),
            host.version.map(|v| v.value.to_string()),
            host.revision.map(|r| r.value),
            host.architecture.map(|a| a.value.to_string()),
            host.name.map(|n| n.value),
        );
        let want = (
            Some("Windows 11 Enterprise".into()),
            Some("10.0.22631".into()),
            Some(4317),
            Some("x64".into()),
            Some("WS26".into()),
        );
        assert_eq!(told, want);
        assert!(host.completeness.has_whole(ListKind::QuickFix));
    }

    #[test]
    fn a_list_that_could_not_be_asked_for_is_unknown() {
        for body in ["ERROR:   [!] Terminating exception running command 'Hotfixes': Access denied\n", ""] {
            let host = one(&format!(
                "====== Hotfixes ======\n\nEnumerating Windows Hotfixes.\n\n{body}====== IdleTime ======\n"
            ));
            assert_eq!(host.completeness.lists[0].gaps, [Gap::NotAvailable]);
        }
    }

    #[test]
    fn other_reports_are_none() {
        for text in [
            "====== WSUS ======\n  UseWUServer : False\n",
            "# =================== Hotfixes ==================\n",
        ] {
            assert!(read(&lines(text), &Arc::from("f")).is_empty(), "{text}");
        }
    }
}
