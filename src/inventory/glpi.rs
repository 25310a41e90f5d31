//! Inventories of the agents of GLPI, FusionInventory and OCS Inventory: XML, and the JSON of newer agents.

use super::collect::Collector;
use super::facts;
use super::format::{Directness, Format};
use super::hotfix_json::member;
use super::ids::{self, RowId};
use super::lines::clean;
use super::os_values::{is_computer_name, os_architecture};
use super::words;
use super::xml::{Document, Node};
use crate::model::{Fact, Gap, Host, ListKind, Origin, PackageState};
use serde_json::{Map, Value};
use std::sync::Arc;

const XML: &str = "GLPI inventory";
const JSON: &str = "GLPI inventory JSON";

const TELLS: &str = "product, build, revision with newer agents, edition, architecture, installed updates";
const CANNOT: &str = "what the image was built with; older cumulative updates; what came after the agent ran";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: XML,
        from: "glpi-inventory, fusioninventory-inventory, or an OCS Inventory agent",
        signature: "<REQUEST> with <CONTENT> and <SOFTWARES> whose <FROM> is WMI",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Gathered,
    },
    Format {
        name: JSON,
        from: "glpi-inventory --json",
        signature: "content.operatingsystem and content.softwares",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Gathered,
    },
];

/// What an agent says, with places: the same members in both notations.
#[derive(Default)]
struct Inventory {
    names: Vec<Told>,
    products: Vec<Told>,
    versions: Vec<Told>,
    packs: Vec<Told>,
    release: Option<Told>,
    architecture: Option<Told>,
    /// Name and `WMI` or `registry`.
    softwares: Vec<(Told, String)>,
    partial: bool,
}

#[derive(Clone)]
struct Told {
    text: String,
    origin: Origin,
}

/// Reads an inventory in XML; empty if it is something else or not of a Windows.
pub(super) fn read(document: &Document, input: &Arc<str>) -> Vec<Host> {
    let contents =
        document.roots().filter(|r| r.is("REQUEST") || r.is("REPLY")).filter_map(|r| r.child("CONTENT"));
    contents.filter_map(|content| of_xml(content, input)).collect()
}

fn of_xml(content: Node, input: &Arc<str>) -> Option<Host> {
    let told =
        |(text, line): (&str, u32)| Told { text: text.to_owned(), origin: Origin::line(input, XML, line) };
    let get = |section: &str, name: &str| {
        let mut found = content.children().filter(|c| c.is(section)).filter_map(|s| s.child_text(name));
        found.next().map(told)
    };
    let list = |pairs: &[(&str, &str)]| pairs.iter().filter_map(|(s, n)| get(s, n)).collect::<Vec<_>>();
    let software = |s: Node| {
        let name = told(s.child_text("NAME")?);
        Some((name, s.child_text("FROM").map_or(String::new(), |(f, _)| f.to_owned())))
    };
    let inventory = Inventory {
        names: list(&[("HARDWARE", "NAME"), ("OPERATINGSYSTEM", "FQDN")]),
        products: list(&[("OPERATINGSYSTEM", "FULL_NAME"), ("HARDWARE", "OSNAME")]),
        versions: list(&[("OPERATINGSYSTEM", "KERNEL_VERSION"), ("HARDWARE", "OSVERSION")]),
        packs: list(&[("OPERATINGSYSTEM", "SERVICE_PACK"), ("HARDWARE", "OSCOMMENTS")]),
        release: get("OPERATINGSYSTEM", "VERSION"),
        architecture: get("OPERATINGSYSTEM", "ARCH").or_else(|| get("HARDWARE", "ARCH")),
        // a cut list has its last entry without an end
        softwares: content
            .children()
            .filter(|c| c.is("SOFTWARES") && c.is_closed())
            .filter_map(software)
            .collect(),
        partial: content.children().any(|c| c.is("PARTIAL")),
    };
    host(&inventory, input, XML)
}

/// Reads an inventory in JSON; empty if it is something else or not of a Windows.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let content = value.as_object().and_then(|o| member(o, "content")).and_then(Value::as_object);
    let Some(content) = content else { return Vec::new() };
    let section = |name: &str| member(content, name).and_then(Value::as_object);
    let text = |o: &Map<String, Value>, name: &str, at: String| {
        let text = clean(member(o, name)?.as_str()?).trim().to_owned();
        (!text.is_empty()).then(|| Told { text, origin: Origin::member(input, JSON, at) })
    };
    let get = |s: &str, name: &str| section(s).and_then(|o| text(o, name, format!("content.{s}.{name}")));
    let list = |pairs: &[(&str, &str)]| pairs.iter().filter_map(|(s, n)| get(s, n)).collect::<Vec<_>>();
    let softwares =
        member(content, "softwares").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let software = |(i, s): (usize, &Value)| {
        let s = s.as_object()?;
        let name = text(s, "name", format!("content.softwares[{i}].name"))?;
        let from = member(s, "from").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some((name, from))
    };
    let inventory = Inventory {
        names: list(&[("hardware", "name"), ("operatingsystem", "fqdn")]),
        products: list(&[("operatingsystem", "full_name")]),
        versions: list(&[("operatingsystem", "kernel_version")]),
        packs: list(&[("operatingsystem", "service_pack")]),
        release: get("operatingsystem", "version"),
        architecture: get("operatingsystem", "arch"),
        softwares: softwares.iter().enumerate().filter_map(software).collect(),
        partial: value.as_object().and_then(|o| member(o, "partial")).and_then(Value::as_bool) == Some(true),
    };
    host(&inventory, input, JSON).into_iter().collect()
}

fn host(inventory: &Inventory, input: &Arc<str>, format: &'static str) -> Option<Host> {
    let product = inventory.products.iter().find(|p| words::is_product(&p.text));
    let updates: Vec<&Told> =
        inventory.softwares.iter().filter(|(_, f)| f.eq_ignore_ascii_case("WMI")).map(|(n, _)| n).collect();
    let listed = updates.iter().any(|u| matches!(ids::kb_at_start(&u.text), Some(RowId::Kb(_))));
    if product.is_none() && !listed {
        return None;
    }
    let mut c = Collector::new(input, format);
    if let Some(name) = inventory.names.iter().find(|n| is_computer_name(&n.text)) {
        c.host.name = Some(Fact::new(name.text.clone(), name.origin.clone()));
    }
    if let Some(product) = product {
        let text = words::product(&product.text);
        c.host.edition = words::edition(&text).map(|e| Fact::new(e, product.origin.clone()));
        c.host.product = Some(Fact::new(text, product.origin.clone()));
    }
    versions(&mut c, inventory);
    if let Some(told) = &inventory.architecture {
        c.host.architecture = os_architecture(&told.text).map(|a| Fact::new(a, told.origin.clone()));
    }
    if let Some(told) = inventory.release.as_ref().filter(|r| is_release(&r.text)) {
        c.host.release = Some(Fact::new(told.text.clone(), told.origin.clone()));
    }
    let mut shown = 0;
    for update in updates {
        // the same class lists programs as well in some versions
        if let Some(RowId::Kb(kb)) = ids::kb_at_start(&update.text) {
            c.update(kb, PackageState::Installed, update.origin.clone());
            shown += 1;
        }
    }
    c.rows(shown, None);
    if inventory.partial {
        c.gap(Gap::Filtered);
    }
    Some(c.finish(listed.then_some(ListKind::QuickFix)))
}

/// Version, service pack, and the revision that newer agents write where the service pack was: `19045.3570`.
fn versions(c: &mut Collector, inventory: &Inventory) {
    let parsed = |t: &Told| Some((facts::kernel_version(&t.text)?, t.origin.clone()));
    let Some(((version, revision), origin)) = inventory.versions.iter().find_map(parsed) else { return };
    let beside = inventory.packs.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(" ");
    c.host.service_pack =
        super::systeminfo::service_pack(version, &beside).map(|n| Fact::new(n, origin.clone()));
    c.host.revision = revision.map(|r| Fact::new(r, origin.clone()));
    let of_pack = |p: &Told| Some((facts::build_revision(&p.text)?, p.origin.clone()));
    if let Some(((build, revision), at)) = inventory.packs.iter().find_map(of_pack)
        && build == version.0[2]
        && c.host.revision.is_none()
    {
        c.host.revision = Some(Fact::new(revision, at));
    }
    c.host.version = Some(Fact::new(version, origin));
}

/// `22H2`, `1909`; 2009 is what the registry says of every later one.
fn is_release(text: &str) -> bool {
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    match (text.get(..2), text.get(2..)) {
        (Some(year), Some("H1" | "H2")) => digits(year),
        (Some(year), Some(month)) => text.len() == 4 && digits(year) && digits(month) && text != "2009",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::super::xml;
    use super::*;

    fn one(text: &str) -> Option<Host> {
        read(&xml::document(&lines(text)).unwrap(), &Arc::from("f")).pop()
    }

    const OS: &str = "<OPERATINGSYSTEM><ARCH>64-bit</ARCH><FULL_NAME>Microsoft Windows 10 Pro</FULL_NAME>\
        <KERNEL_VERSION>10.0.19045</KERNEL_VERSION><NAME>Windows</NAME><SERVICE_PACK>19045.3570</SERVICE_PACK><VERSION>22H2</VERSION></OPERATINGSYSTEM>";

    fn request(rows: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<REQUEST><CONTENT><HARDWARE><NAME>PC01</NAME><ARCHNAME>MSWin32-x86</ARCHNAME></HARDWARE>\n{OS}\n{rows}</CONTENT></REQUEST>\n"
        )
    }

    #[test]
    fn updates_come_from_wmi_only() {
        let rows = "<SOFTWARES><FROM>registry</FROM><NAME>Update for Microsoft Office 2010 (KB2553140)</NAME></SOFTWARES>\n\
                    <SOFTWARES><FROM>WMI</FROM><NAME>KB5030211</NAME></SOFTWARES>\n<SOFTWARES><NAME>KB4470788</NAME></SOFTWARES>\n";
        let host = one(&request(rows)).unwrap();
        assert_eq!(host.updates.keys().map(|k| k.number()).collect::<Vec<_>>(), [5_030_211]);
        assert_eq!(host.completeness.lists[0].shown, 1);
        let told = (
            host.revision.map(|r| r.value),
            host.release.map(|r| r.value),
            host.architecture.map(|a| a.value.to_string()),
            host.name.map(|n| n.value),
        );
        assert_eq!(told, (Some(3570), Some("22H2".into()), Some("x64".into()), Some("PC01".into())));
    }

    #[test]
    fn without_updates_there_is_no_list() {
        let host = one(&request("")).unwrap();
        assert!(host.completeness.is_empty() && host.version.is_some());
        let other = request("").replace("19045.3570", "17763.3570");
        assert_eq!(one(&other).unwrap().revision, None);
        let linux = request("").replace("Microsoft Windows 10 Pro", "Debian GNU/Linux 12");
        assert_eq!(one(&linux), None);
    }

    #[test]
    fn older_agents_tell_the_system_in_hardware() {
        let text = "<REQUEST>\n<CONTENT>\n<HARDWARE><NAME>XP1</NAME><OSNAME>Microsoft Windows XP Professional</OSNAME><OSVERSION>5.1.2600</OSVERSION><OSCOMMENTS>Service Pack 3</OSCOMMENTS></HARDWARE>\n</CONTENT></REQUEST>";
        let host = one(text).unwrap();
        assert_eq!(host.service_pack.map(|p| p.value), Some(3));
        assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("5.1.2600"));
    }

    #[test]
    fn the_json_of_newer_agents() {
        let value = serde_json::json!({"action": "inventory", "partial": true, "content": {
            "hardware": {"name": "PC02"},
            "operatingsystem": {"arch": "64-bit", "full_name": "Microsoft Windows 11 Pro", "kernel_version": "10.0.22631", "version": "23H2", "service_pack": "22631.2861"},
            "softwares": [{"name": "KB5033375", "from": "WMI"}, {"name": "7-Zip", "from": "registry"}]}});
        let host = read_json(&value, &Arc::from("f")).pop().unwrap();
        assert_eq!(host.updates.keys().map(|k| k.number()).collect::<Vec<_>>(), [5_033_375]);
        assert_eq!(host.updates.values().next().unwrap().origin.to_string(), "f: content.softwares[0].name");
        assert_eq!(host.revision.map(|r| r.value), Some(2861));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
        assert!(read_json(&serde_json::json!({"content": {"softwares": []}}), &Arc::from("f")).is_empty());
    }
}
