//! Reports of the Microsoft Baseline Security Analyzer: what it found installed and what it found missing.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::os_values::is_computer_name;
use super::xml::{Document, Node};
use crate::model::{Gap, Host, KbId, ListKind, PackageState};
use std::sync::Arc;

const FORMAT: &str = "MBSA report";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "Microsoft Baseline Security Analyzer: %userprofile%\\SecurityScans\\*.mbsa, or mbsacli /xmlout",
    signature: "<SecScan Machine=…> or <XMLOut> with <UpdateData KBID=… IsInstalled=…>",
    tells: "security updates that it found installed, and those that it found missing",
    cannot: "Windows itself; updates that are no security updates; what was installed after the scan",
    directness: Directness::Gathered,
}];

/// Reads every scan in the document; empty if it is something else.
pub(super) fn read(document: &Document, input: &Arc<str>) -> Vec<Host> {
    let scans: Vec<Node> = document.all().filter(|n| n.is("SecScan") || n.is("XMLOut")).take(1_000).collect();
    scans.into_iter().filter_map(|scan| host(scan, input)).collect()
}

fn host(scan: Node, input: &Arc<str>) -> Option<Host> {
    let mut c = Collector::new(input, FORMAT);
    let checks = scan.children().filter(|n| n.is("Check"));
    let details = checks.flat_map(Node::children).filter(|n| n.is("Detail"));
    for update in details.flat_map(Node::children).filter(|n| n.is("UpdateData")) {
        let installed = match update.attribute("IsInstalled").map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            _ => continue,
        };
        let digits = update.attribute("KBID").map(|k| k.trim().trim_start_matches(['K', 'B', 'k', 'b']));
        let Some(kb) = digits.and_then(|d| d.parse::<KbId>().ok()) else { continue };
        let state = if installed { PackageState::Installed } else { PackageState::Absent };
        let origin = c.origin(update.line());
        c.update(kb, state, origin);
        c.row(update.line());
    }
    if c.shown() == 0 {
        return None;
    }
    let machine = scan.attribute("Machine").map(|m| m.rsplit('\\').next().unwrap_or(m));
    if let Some(name) = machine.filter(|m| is_computer_name(m)) {
        c.host.name = Some(c.fact(name.to_owned(), scan.line()));
    }
    // only what its catalog of security updates holds
    c.gap(Gap::Filtered);
    Some(c.finish(Some(ListKind::Stated)))
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::super::xml;
    use super::*;

    #[test]
    fn what_is_missing_is_absent() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SecScan ID=\"0\" DisplayName=\"CONTOSO\\SRV01\" Machine=\"SRV01\" Date=\"2012-03-01 10:00:00\" Domain=\"CONTOSO\" IP=\"192.0.2.1\" Grade=\"1\">\n\
            <Check ID=\"500\" Grade=\"2\" Type=\"5\" Name=\"Windows Security Updates\"><Advice>1 missing</Advice><Detail>\n\
            <UpdateData ID=\"MS09-012\" GUID=\"x\" BulletinID=\"MS09-012\" KBID=\"952004\" Type=\"1\" IsInstalled=\"true\" Severity=\"3\" RestartRequired=\"false\"><Title>Security Update (KB952004)</Title></UpdateData>\n\
            <UpdateData ID=\"MS12-020\" BulletinID=\"MS12-020\" KBID=\"2621440\" Type=\"1\" IsInstalled=\"false\"><Title>x</Title></UpdateData>\n\
            <UpdateData ID=\"\" KBID=\"2667402\"><Title>x</Title></UpdateData>\n</Detail></Check></SecScan>\n";
        let host = read(&xml::document(&lines(text)).unwrap(), &Arc::from("f")).pop().unwrap();
        let states: Vec<_> = host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect();
        assert_eq!(states, [(952_004, "installed"), (2_621_440, "absent")]);
        assert_eq!(host.name.map(|n| n.value).as_deref(), Some("SRV01"));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
    }
}
