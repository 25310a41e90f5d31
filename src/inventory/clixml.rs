//! `… | Export-Clixml`: objects of PowerShell as XML. Updates of Get-HotFix, packages of Get-WindowsPackage, and
//! Win32_OperatingSystem are read.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::os_values::{self, Values, is_computer_name};
use super::packages::Packages;
use super::words;
use super::xml::{Document, Node};
use crate::model::{Host, ListKind};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "Export-Clixml";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "Get-HotFix | Export-Clixml hotfixes.xml",
    signature: "<Objs xmlns=\"…/powershell/2004/04\"> with a property HotFixID, PackageName or OSArchitecture",
    tells: "what the objects in it tell: installed updates, packages, or Windows itself",
    cannot: "more than the command that was exported",
    directness: Directness::Reported,
}];

/// The properties of an object that are plain values, by name.
fn properties<'a>(object: Node<'a>) -> impl Iterator<Item = (&'a str, &'a str, u32)> {
    let bags = object.children().filter(|c| c.is("Props") || c.is("MS"));
    bags.flat_map(Node::children).filter_map(|p| {
        let name = p.attribute("N")?;
        let value = match p.name() {
            "Nil" => return None,
            // enumerations and objects tell themselves as text
            "Obj" => p.child_text("ToString")?.0,
            _ => p.text(),
        };
        Some((name, value, p.line()))
    })
}

fn get<'a>(object: Node<'a>, name: &str) -> Option<(&'a str, u32)> {
    let found = properties(object).find(|(n, value, _)| n.eq_ignore_ascii_case(name) && !value.is_empty());
    found.map(|(_, value, line)| (value, line))
}

/// The objects of one machine.
struct Machine {
    c: Collector,
    packages: Packages,
    listed: bool,
}

/// Reads the objects, one host for each machine that they name; empty if they are something else.
pub(super) fn read(document: &Document, input: &Arc<str>) -> Vec<Host> {
    if !document.roots().any(|r| r.is("Objs")) {
        return Vec::new();
    }
    let mut machines: BTreeMap<String, Machine> = BTreeMap::new();
    for object in document.all().filter(|n| n.is("Obj")) {
        let name = ["PSComputerName", "CSName", "__SERVER", "Source"]
            .iter()
            .find_map(|n| get(object, n))
            .filter(|(name, _)| is_computer_name(name) && !name.eq_ignore_ascii_case("localhost"));
        let id = get(object, "HotFixID");
        let package = get(object, "PackageName").filter(|_| get(object, "PackageState").is_some());
        let values = values(object, input);
        if id.is_none() && package.is_none() && !os_values::is_os(&values) {
            continue;
        }
        let key = name.map_or(String::new(), |(n, _)| n.to_owned());
        let machine = machines.entry(key).or_insert_with(|| Machine {
            c: Collector::new(input, FORMAT),
            packages: Packages::default(),
            listed: false,
        });
        if let Some((name, line)) = name.filter(|_| machine.c.host.name.is_none()) {
            machine.c.host.name = Some(machine.c.fact(name.to_owned(), line));
        }
        if let Some((id, line)) = id {
            let origin = machine.c.origin(line);
            let beside = get(object, "ServicePackInEffect").map(|(b, _)| b);
            let update = machine.c.installed_row(id, beside, origin.clone());
            if let (Some(kb), Some((on, _))) = (update, get(object, "InstalledOn")) {
                machine.c.installed_on(kb, on, origin);
            }
            machine.listed = true;
        } else if let Some((package, line)) = package {
            if let Some(state) = get(object, "PackageState").and_then(|(s, _)| words::state(s)) {
                machine.packages.state(package, state, line);
            } else {
                machine.packages.name(package, line);
            }
        } else {
            os_values::tell_os(&values, &mut machine.c.host);
        }
    }
    machines.into_values().map(finish).collect()
}

fn values(object: Node, input: &Arc<str>) -> Values {
    let mut out = Values::default();
    for (name, value, line) in properties(object) {
        out.put(name, value, crate::model::Origin::line(input, FORMAT, line));
    }
    out
}

fn finish(machine: Machine) -> Host {
    let Machine { mut c, packages, listed } = machine;
    let kind = match (packages.is_empty(), listed) {
        (false, _) => Some(ListKind::ComponentStore),
        (true, true) => Some(ListKind::QuickFix),
        (true, false) => None,
    };
    packages.tell(&mut c, false);
    c.finish(kind)
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::super::xml;
    use super::*;

    fn hosts(body: &str) -> Vec<Host> {
        let text = format!(
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n{body}\n</Objs>\n"
        );
        read(&xml::document(&lines(&text)).unwrap(), &Arc::from("f"))
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    #[test]
    fn updates_stand_in_props_and_in_selected_properties() {
        let hosts = hosts(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering</T></TN>\
             <ToString>\\\\SRV01\\root\\cimv2:Win32_QuickFixEngineering.HotFixID=\"KB4486553\"</ToString>\
             <Props><S N=\"__SERVER\">SRV01</S><Nil N=\"InstallDate\" /><S N=\"HotFixID\">KB4486553</S></Props></Obj>\n\
             <Obj RefId=\"1\"><TNRef RefId=\"0\" /><MS><S N=\"hotfixid\">KB4470788</S><DT N=\"InstalledOn\">2019-09-21T00:00:00</DT><S N=\"CSName\">SRV01</S></MS></Obj>",
        );
        assert_eq!(hosts.len(), 1);
        assert_eq!(states(&hosts[0]), [(4_470_788, "installed"), (4_486_553, "installed")]);
        assert_eq!(hosts[0].name.as_ref().map(|n| n.value.as_str()), Some("SRV01"));
        assert_eq!(hosts[0].completeness.lists[0].kind, ListKind::QuickFix);
        assert_eq!(hosts[0].completeness.lists[0].origin.to_string(), "f:2");
    }

    #[test]
    fn packages_keep_their_states() {
        let object = |name: &str, state: &str| {
            format!(
                "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Microsoft.Dism.Commands.BasicPackageObject</T></TN><Props>\
                 <S N=\"PackageName\">{name}</S><Obj N=\"PackageState\" RefId=\"1\"><ToString>{state}</ToString><I32>4</I32></Obj></Props></Obj>"
            )
        };
        let hosts = hosts(&format!(
            "{}{}",
            object("Package_for_KB4562830~31bf3856ad364e35~amd64~~10.0.1.1", "Installed"),
            object("Package_for_KB4577586~31bf3856ad364e35~amd64~~10.0.1.1", "InstallPending"),
        ));
        assert_eq!(states(&hosts[0]), [(4_562_830, "installed"), (4_577_586, "install-pending")]);
        assert_eq!(hosts[0].completeness.lists[0].kind, ListKind::ComponentStore);
    }

    #[test]
    fn windows_itself_and_what_is_neither() {
        let os = "<Obj RefId=\"0\"><Props><S N=\"Caption\">Microsoft Windows 10 Pro</S><S N=\"Version\">10.0.19045</S>\
                  <S N=\"BuildNumber\">19045</S><S N=\"OSArchitecture\">64-bit</S><S N=\"CSName\">PC01</S></Props></Obj>";
        let found = hosts(os);
        assert_eq!(found[0].version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.19045"));
        assert!(found[0].completeness.is_empty() && found[0].name.is_some());
        assert!(hosts("<Obj RefId=\"0\"><Props><S N=\"Name\">svchost</S></Props></Obj>").is_empty());
    }
}
