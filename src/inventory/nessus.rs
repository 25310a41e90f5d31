//! Nessus plugin 62042, which lists the updates that are installed, as text or in a .nessus file. What other plugins list
//! is missing, and is not read.

use super::collect::Collector;
use super::facts;
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::{Line, lines};
use super::os_values::is_computer_name;
use super::xml::{Document, Node};
use crate::model::{Host, ListKind, Version};
use std::sync::Arc;

const TEXT: &str = "Nessus plugin 62042";
const FILE: &str = "Nessus report";

const TELLS: &str = "installed updates that are servicing packages named KB";
const CANNOT: &str = "Windows itself; what the image was built with; Office, drivers, Defender";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: TEXT,
        from: "Nessus, plugin 62042 (SMB Quick Fixes Enumeration)",
        signature: "Here is a list of quick-fix engineering updates installed on the remote system",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Gathered,
    },
    Format {
        name: FILE,
        from: "Nessus, export as .nessus",
        signature: "<NessusClientData_v2> with a <ReportItem pluginID=\"62042\">",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Gathered,
    },
];

/// The rows of the first list in the text: update, and the line that it stands in.
fn rows<'a>(lines: &'a [Line<'a>]) -> Vec<(&'a Line<'a>, String)> {
    let start = lines.iter().position(|l| l.text.contains("quick-fix engineering updates"));
    let Some(start) = start else { return Vec::new() };
    // the sentence may go on in the next line
    let installed = lines[start..].iter().take(2).any(|l| l.text.contains("installed"));
    let mut out = Vec::new();
    for line in lines[start + 1..].iter().filter(|_| installed) {
        let text = line.text.trim();
        let id = text.split([',', ' ', '\t']).next().unwrap_or_default();
        match ids::kb_at_start(id) {
            Some(RowId::Kb(_)) => out.push((line, id.to_owned())),
            _ if text.is_empty() || text.starts_with("remote system") || text.starts_with("Note that") => {}
            _ => break,
        }
    }
    out
}

/// Reads the list in the text; empty if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, TEXT);
    for (line, id) in rows(lines) {
        let origin = c.origin(line.number);
        c.installed_row(&id, None, origin);
    }
    if c.shown() == 0 { Vec::new() } else { vec![c.finish(Some(ListKind::QuickFix))] }
}

/// Reads each host of a report that has such a list; empty if none has.
pub(super) fn read_file(document: &Document, input: &Arc<str>) -> Vec<Host> {
    if !document.roots().any(|r| r.name().starts_with("NessusClientData")) {
        return Vec::new();
    }
    let hosts: Vec<Host> =
        document.all().filter(|n| n.is("ReportHost")).filter_map(|h| host(h, input)).collect();
    let listed = hosts.iter().any(|h| !h.completeness.lists.is_empty());
    if listed { hosts } else { Vec::new() }
}

/// A host of the report: its list, or at least that it is a Windows.
fn host(report: Node, input: &Arc<str>) -> Option<Host> {
    let own = |n: &Node| n.is("ReportItem") && n.attribute("pluginID") == Some("62042");
    let mut c = Collector::new(input, FILE);
    if let Some(output) = report.children().find(own).and_then(|r| r.child("plugin_output")) {
        let text = lines(output.raw_text());
        for (line, id) in rows(&text) {
            let origin = c.origin(output.line().saturating_add(line.number).saturating_sub(1));
            c.installed_row(&id, None, origin);
        }
    }
    let properties = report.child("HostProperties");
    let tag = |name: &str| {
        let mut tags = properties.into_iter().flat_map(Node::children);
        tags.find(|t| t.attribute("name") == Some(name) && !t.text().is_empty()).map(|t| (t.text(), t.line()))
    };
    let name = ["netbios-name", "host-fqdn", "hostname"].iter().find_map(|n| tag(n));
    let name = name.or_else(|| report.attribute("name").map(|n| (n, report.line())));
    if let Some((name, line)) = name.filter(|(n, _)| is_computer_name(n)) {
        c.host.name = Some(c.fact(name.to_owned(), line));
    }
    // guesses at several systems stand in several lines
    if let Some((system, line)) = tag("operating-system").filter(|(t, _)| !t.contains('\n')) {
        let (name, build) = system.split_once(" Build ").unwrap_or((system, ""));
        facts::tell_product(&mut c, name, line);
        let build = build.trim().parse().ok().filter(|b| (10_240..100_000).contains(b));
        if let Some(build) = build.filter(|_| c.host.product.is_some()) {
            facts::tell_version(&mut c, Version([10, 0, build, 0]), "", line);
        }
    }
    let shown = c.shown() > 0;
    let host = c.finish(shown.then_some(ListKind::QuickFix));
    (shown || host.product.is_some()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::super::xml;
    use super::*;

    const LIST: &str = "\nHere is a list of quick-fix engineering updates installed on the\nremote system :\n\nKB2533552, Installed on: 2014/03/18\nKB2919355\n\nNote that for detailed information on installed QFE's such as InstalledBy, Caption,\nand so on, please run the scan.\n";

    fn kbs(host: &Host) -> Vec<u32> {
        host.updates.keys().map(|k| k.number()).collect()
    }

    #[test]
    fn the_list_ends_where_another_plugin_begins() {
        let text = format!(
            "{LIST}\nThe remote host is missing one of the following rollup KBs : \n  - 5032189\nKB5032189\n"
        );
        let hosts = read(&lines(&text), &Arc::from("f"));
        assert_eq!(kbs(&hosts[0]), [2_533_552, 2_919_355]);
        let missing = "The remote host is missing one of the following rollup KBs :\nKB5032189\n";
        assert!(read(&lines(missing), &Arc::from("f")).is_empty());
    }

    #[test]
    fn a_report_has_several_hosts() {
        let host = |name: &str, plugin: &str| {
            format!(
                "<ReportHost name=\"192.0.2.1\"><HostProperties><tag name=\"netbios-name\">{name}</tag><tag name=\"operating-system\">Microsoft Windows Server 2012 R2 Standard</tag></HostProperties>\n\
                 <ReportItem pluginID=\"{plugin}\" pluginName=\"x\"><plugin_output>{LIST}</plugin_output></ReportItem></ReportHost>\n"
            )
        };
        let text = format!(
            "<?xml version=\"1.0\" ?>\n<NessusClientData_v2>\n<Report name=\"x\">\n{}{}{}</Report>\n</NessusClientData_v2>\n",
            host("SRV01", "62042"),
            host("SRV02", "66334"),
            host("SRV03", "62042"),
        );
        let hosts = read_file(&xml::document(&lines(&text)).unwrap(), &Arc::from("f"));
        let names: Vec<_> = hosts.iter().filter_map(|h| h.name.as_ref().map(|n| n.value.as_str())).collect();
        assert_eq!(names, ["SRV01", "SRV02", "SRV03"]);
        assert_eq!(kbs(&hosts[0]), [2_533_552, 2_919_355]);
        assert_eq!(hosts[0].updates.values().next().unwrap().origin.to_string(), "f:9");
        assert!(hosts[0].product.is_some());
    }

    #[test]
    fn a_windows_without_a_list_is_a_machine_too() {
        let text = "<NessusClientData_v2><Report><ReportHost name=\"a\"><HostProperties><tag name=\"operating-system\">Microsoft Windows Server 2019 Standard Build 17763</tag></HostProperties><ReportItem pluginID=\"62042\"><plugin_output>Here is a list of quick-fix engineering updates installed on the\nremote system :\n\nKB4486553, Installed on: 2019/04/21\n</plugin_output></ReportItem></ReportHost><ReportHost name=\"b\"><HostProperties><tag name=\"operating-system\">Microsoft Windows 10 Pro</tag></HostProperties></ReportHost><ReportHost name=\"c\"><HostProperties><tag name=\"operating-system\">Linux Kernel 5.4</tag></HostProperties></ReportHost></Report></NessusClientData_v2>";
        let hosts = read_file(&xml::document(&lines(text)).unwrap(), &Arc::from("f"));
        assert_eq!(hosts.len(), 2);
        assert_eq!(hosts[0].version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.17763"));
        assert_eq!(
            hosts[0].product.as_ref().map(|p| p.value.as_str()),
            Some("Microsoft Windows Server 2019 Standard")
        );
    }
}
