//! Exports of many machines as CSV or JSON: quick fixes from Configuration Manager, devices from Intune.

use super::collect::Fleet;
use super::format::{Directness, Format};
use super::lines::Line;
use super::node::Node;
use super::os_values::{Values, is_computer_name};
use super::windows;
use crate::model::{Host, ListKind, Origin};
use serde_json::Value;
use std::sync::Arc;

const FIXES: &str = "Configuration Manager quick fixes";
const DEVICES: &str = "Intune devices";

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: FIXES,
        from: "the view v_GS_QUICK_FIX_ENGINEERING, as CSV",
        signature: "a header with HotFixID0",
        tells: "installed updates of each machine as Get-HotFix lists them",
        cannot: "Windows itself; older cumulative updates; what came after the last hardware inventory",
        directness: Directness::Gathered,
    },
    Format {
        name: DEVICES,
        from: "Devices > All devices > Export of Intune, or managedDevices of Microsoft Graph",
        signature: "columns Device name and OS version, or members deviceName and osVersion",
        tells: "build and revision of each Windows device at its last check-in",
        cannot: "updates; whether 26100 is Windows 11 or Server 2025",
        directness: Directness::Gathered,
    },
];

/// The records below a header that has a column of one of these names.
struct Table<'a> {
    header: Vec<String>,
    delimiter: char,
    body: &'a [Line<'a>],
}

impl<'a> Table<'a> {
    fn find(lines: &'a [Line<'a>], wanted: impl Fn(&[String]) -> bool, hint: &str) -> Option<Self> {
        let head = lines.iter().enumerate().filter(|(_, l)| !l.is_blank()).take(50);
        head.filter(|(_, l)| l.text.to_ascii_lowercase().contains(hint)).find_map(|(i, line)| {
            [',', ';', '\t'].into_iter().find_map(|delimiter| {
                let header = cells(&line.text, delimiter);
                let body = lines.get(i + 1..).unwrap_or_default();
                wanted(&header).then_some(Table { header, delimiter, body })
            })
        })
    }

    fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|n| self.header.iter().position(|c| c.eq_ignore_ascii_case(n)))
    }

    /// Cells with their lines; a record that has not all its cells is cut, or no record.
    fn rows(&self) -> impl Iterator<Item = (u32, Vec<String>)> + '_ {
        let rows =
            self.body.iter().filter(|l| !l.is_blank()).map(|l| (l.number, cells(&l.text, self.delimiter)));
        rows.filter(|(_, cells)| cells.len() == self.header.len())
    }
}

/// The cells of one record; those of these exports never span lines.
pub(super) fn cells(line: &str, delimiter: char) -> Vec<String> {
    let mut out = Vec::new();
    let mut cell = String::new();
    let (mut quoted, mut chars) = (false, line.trim().chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted || cell.trim().is_empty() => quoted = !quoted,
            c if c == delimiter && !quoted => out.push(std::mem::take(&mut cell).trim().to_owned()),
            c => cell.push(c),
        }
    }
    out.push(cell.trim().to_owned());
    out
}

/// Reads quick fixes of each machine; none if the text is something else.
pub(super) fn read_fixes(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let has =
        |header: &[String]| header.len() > 1 && header.iter().any(|c| c.eq_ignore_ascii_case("HotFixID0"));
    let Some(table) = Table::find(lines, has, "hotfixid0") else { return Vec::new() };
    let machine =
        table.column(&["netbios_name0", "name0", "machine_name0", "resource_names0", "full_domain_name0"]);
    let number = table.column(&["ResourceID", "MachineID"]);
    let (Some(id), beside) = (table.column(&["HotFixID0"]), table.column(&["ServicePackInEffect0"])) else {
        return Vec::new();
    };
    let mut fleet = Fleet::new(input, FIXES);
    for (line, cells) in table.rows() {
        let cell = |i: Option<usize>| i.and_then(|i| cells.get(i)).map_or("", String::as_str);
        let name = if cell(machine).is_empty() { cell(number) } else { cell(machine) };
        let c = fleet.of(&name.to_uppercase());
        let origin = c.origin(line);
        windows::name(&mut c.host, name, origin.clone());
        c.installed_row(cell(Some(id)), Some(cell(beside)), origin);
    }
    fleet.finish(|_| Some(ListKind::QuickFix))
}

/// Reads the devices that run Windows; none if the text is something else.
pub(super) fn read_devices(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let is = |cell: &String, name: &str| cell.eq_ignore_ascii_case(name);
    let has = |header: &[String]| {
        header.iter().any(|c| is(c, "Device name") || is(c, "DeviceName"))
            && header.iter().any(|c| is(c, "OS version") || is(c, "OSVersion"))
            && header.iter().any(|c| is(c, "OS") || is(c, "Operating system") || is(c, "OperatingSystem"))
    };
    let Some(table) = Table::find(lines, has, "version") else { return Vec::new() };
    let name = table.column(&["Device name", "DeviceName"]);
    let system = table.column(&["OS", "Operating system", "OperatingSystem"]);
    let version = table.column(&["OS version", "OSVersion"]);
    let machine = table.column(&["Processor architecture", "ProcessorArchitecture"]);
    let mut fleet = Fleet::new(input, DEVICES);
    for (line, cells) in table.rows() {
        let cell = |i: Option<usize>| i.and_then(|i| cells.get(i)).map_or("", String::as_str);
        let origin = Origin::line(input, DEVICES, line);
        let told = [cell(name), cell(system), cell(version), cell(machine)];
        device(told, line, &origin, &mut fleet);
    }
    fleet.finish(|_| None)
}

/// Reads managedDevices of Microsoft Graph.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, DEVICES);
    let root = Node::root(value);
    for (node, line) in root.get("value").unwrap_or(root).each().iter().zip(1..) {
        let text = |n: &str| node.text_of(n).unwrap_or_default();
        let told =
            [text("deviceName"), text("operatingSystem"), text("osVersion"), text("processorArchitecture")];
        let origin = node.get("osVersion").unwrap_or_else(|| node.clone()).origin(input, DEVICES);
        device([&told[0], &told[1], &told[2], &told[3]], line, &origin, &mut fleet);
    }
    fleet.finish(|_| None)
}

/// One device; two rows of one name are two devices, of which nobody knows which is meant.
fn device(told: [&str; 4], row: u32, origin: &Origin, fleet: &mut Fleet) {
    let [name, system, version, machine] = told;
    if !system.eq_ignore_ascii_case("Windows") || !is_computer_name(name) || version.is_empty() {
        return;
    }
    let c = fleet.of(&format!("{}\n{row}", name.to_uppercase()));
    windows::name(&mut c.host, name, origin.clone());
    let mut values = Values::default();
    values.put("version", version, origin.clone());
    values.put("machine", machine, origin.clone());
    windows::tell(&values, &mut c.host);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn name(host: &Host) -> &str {
        host.name.as_ref().map_or("", |n| n.value.as_str())
    }

    #[test]
    fn quick_fixes_are_of_their_machines() {
        for text in [
            "netbios_name0,hotfixid0,Description0\r\nPC1,KB4486553,Update\r\npc1,KB4470788,\"a, b\"\r\nPC2,KB4486553,\r\nPC2,KB44",
            "\"ResourceID\";\"Name0\";\"HotFixID0\"\n\"1\";\"PC1\";\"KB4486553\"\n\"1\";\"PC1\";\"KB4470788\"\n\"2\";\"PC2\";\"KB4486553\"\n",
        ] {
            let hosts = read_fixes(&lines(text), &Arc::from("f"));
            assert_eq!(hosts.iter().map(name).collect::<Vec<_>>(), ["PC1", "PC2"]);
            assert_eq!(hosts.iter().map(|h| h.updates.len()).collect::<Vec<_>>(), [2, 1], "{text}");
        }
        assert!(read_fixes(&lines("a,hotfixid\n1,KB4486553\n"), &Arc::from("f")).is_empty());
    }

    #[test]
    fn devices_tell_build_and_revision() {
        let text = "\"Device ID\",\"Device name\",\"OS\",\"OS version\"\n\"1\",\"PC1\",\"Windows\",\"10.0.19045.3570\"\n\"2\",\"iPad\",\"iOS\",\"17.1\"\n\"3\",\"PC2\",\"Windows\",\"10.0.22631.4317\"\n";
        let hosts = read_devices(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.iter().map(name).collect::<Vec<_>>(), ["PC1", "PC2"]);
        assert_eq!(hosts[0].revision.as_ref().map(|r| r.value), Some(3570));
        let json = r#"{"value": [{"deviceName": "PC1", "operatingSystem": "Windows", "osVersion": "10.0.19045.3570"}, {"deviceName": "x", "operatingSystem": "Android", "osVersion": "14"}]}"#;
        let hosts = read_json(&serde_json::from_str(json).unwrap(), &Arc::from("f"));
        assert_eq!(
            (hosts.len(), hosts[0].version.as_ref().map(|v| v.value.to_string()).as_deref()),
            (1, Some("10.0.19045"))
        );
    }
}
