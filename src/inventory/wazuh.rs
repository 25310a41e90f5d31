//! Wazuh: what syscollector keeps of hotfixes and of Windows, from its API, its index, its messages or its database.

use super::collect::{Collector, Fleet};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use super::node::Node;
use super::os_values::Values;
use super::windows;
use crate::model::{Gap, Host, ListKind, PackageState};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "Wazuh syscollector";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "GET /syscollector/ID/hotfixes and /syscollector/ID/os of the API, or sys_hotfixes of an agent's database",
    signature: "members hotfix, or package.hotfix.name; rows id|time|KB",
    tells: "updates that the agent found in the registry and in Windows Update; product, build, revision",
    cannot: "whether each is there now: the agent lists some .NET updates on every machine, and misses others",
    directness: Directness::Gathered,
}];

/// Updates of .NET Framework 4 that every agent lists: their registry keys come with Windows.
const EVERYWHERE: [u32; 6] = [2_468_871, 2_478_063, 2_533_523, 2_544_514, 2_600_211, 2_600_217];

/// Members that hold others; nothing else is entered.
const CONTAINERS: [&str; 13] = [
    "data",
    "affected_items",
    "data_values",
    "data_context",
    "payload",
    "host",
    "hits",
    "_source",
    "package",
    "hotfixes",
    "os",
    "items",
    "attributes",
];

/// What stands above a record and is about it.
#[derive(Clone, Debug, Default)]
struct Above {
    agent: String,
    name: String,
    removed: bool,
    depth: usize,
}

/// Reads the records; none if there is no hotfix, agent that was not scanned, or system among them.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, FORMAT);
    let mut ours = false;
    let root = Node::root(value);
    let agents = agents(&root);
    let mut open: Vec<(Node, Above)> = match agents.is_empty() {
        true => vec![(root, Above::default())],
        false => agents,
    };
    // the last state of an update counts: records stand in the order of time
    open.reverse();
    while let Some((node, mut above)) = open.pop() {
        learn(&node, &mut above);
        ours |= record(&node, &above, &mut fleet, input);
        if above.depth >= 10 || is_dumb(&node) {
            continue;
        }
        above.depth += 1;
        let below = node
            .elements()
            .chain(node.members().filter(|(k, _)| CONTAINERS.contains(k)).map(|(_, m)| m))
            .filter(|n| n.value.is_object() || n.value.is_array());
        let mut below: Vec<(Node, Above)> = below.map(|n| (n, above.clone())).collect();
        below.reverse();
        open.append(&mut below);
    }
    if !ours {
        return Vec::new();
    }
    fleet.each().for_each(warn);
    fleet.finish(|c| (c.shown() > 0 || c.has_gaps()).then_some(ListKind::History))
}

/// `{"001": [{"hotfix": …}], "002": {"status": "NOT_SYNCED"}}`
fn agents<'a>(root: &Node<'a>) -> Vec<(Node<'a>, Above)> {
    let number = |k: &str| !k.is_empty() && k.len() <= 8 && k.bytes().all(|b| b.is_ascii_digit());
    let all = root.object().is_some_and(|o| !o.is_empty() && o.keys().all(|k| number(k)));
    let of = |(k, n): (&str, Node<'a>)| (n, Above { agent: k.to_owned(), ..Above::default() });
    if all { root.members().map(of).collect() } else { Vec::new() }
}

/// A message about a change that does not say which: it was cut.
fn is_dumb(node: &Node) -> bool {
    let message = |t: String| t == "dbsync_hotfixes";
    node.text_of("type").or_else(|| node.text_of("collector")).is_some_and(message) && !tells_change(node)
}

fn tells_change(node: &Node) -> bool {
    node.has("operation") || node.path(&["data", "event", "type"]).is_some()
}

/// Takes over which agent a value is about, and whether it tells of a removal.
fn learn(node: &Node, above: &mut Above) {
    let start = node.get("Start");
    let id = [
        node.text_of("agent_id"),
        node.path(&["agent", "id"]).and_then(|n| n.text()),
        start.as_ref().and_then(|s| s.text_of("agentid")),
    ];
    if let Some(id) = id.into_iter().flatten().next() {
        above.agent = id;
    }
    let name = [
        node.path(&["agent", "name"]).and_then(|n| n.text()),
        start.as_ref().and_then(|s| s.text_of("agentname")),
    ];
    if let Some(name) = name.into_iter().flatten().next() {
        above.name = name;
    }
    let operation = node.text_of("operation").or_else(|| node.path(&["event", "type"])?.text());
    if let Some(operation) = operation {
        above.removed = operation.to_ascii_lowercase().starts_with("delete");
    }
}

/// Reads a value that is a hotfix, a system, or the answer that there was no scan.
fn record(node: &Node, above: &Above, fleet: &mut Fleet, input: &Arc<str>) -> bool {
    let hotfix = node
        .get("hotfix")
        .filter(|n| n.value.is_string())
        .or_else(|| node.path(&["package", "hotfix", "name"]))
        .and_then(|n| Some((n.text()?, n)));
    if let Some((id, place)) = hotfix {
        let c = machine(node, above, fleet, input);
        let origin = place.origin(input, FORMAT);
        match ids::row_id(&id) {
            Some(RowId::Kb(kb)) if above.removed => {
                c.replace(kb, PackageState::Absent, origin);
                c.row(1);
            }
            Some(RowId::Kb(kb)) => {
                c.replace(kb, PackageState::Installed, origin);
                c.row(1);
            }
            _ => {
                c.installed_row(&id, None, origin);
            }
        }
        return true;
    }
    if node.text_of("status").is_some_and(|s| s == "NOT_SYNCED") && !above.agent.is_empty() {
        machine(node, above, fleet, input).gap(Gap::NotAvailable);
        return true;
    }
    if let Some(start) =
        node.get("Start").filter(|s| s.text_of("module").is_some_and(|m| m.contains("syscollector")))
    {
        if start.text_of("mode").is_some_and(|m| m.eq_ignore_ascii_case("delta")) {
            machine(node, above, fleet, input).gap(Gap::OnlyTouched);
        }
        return false;
    }
    // messages about one change are no list
    if node.text_of("type").or_else(|| node.text_of("collector")).is_some_and(|t| t == "dbsync_hotfixes") {
        if tells_change(node) {
            machine(node, above, fleet, input).gap(Gap::OnlyTouched);
        }
        return false;
    }
    if let Some(total) = node.get("total_affected_items").and_then(|n| u32::try_from(n.number()?).ok()) {
        return page(node, total, fleet);
    }
    system(node, above, fleet, input)
}

/// The API gives 500 rows at a time.
fn page(node: &Node, total: u32, fleet: &mut Fleet) -> bool {
    let items: Vec<Node> =
        node.get("affected_items").into_iter().flat_map(|n| n.elements().collect::<Vec<_>>()).collect();
    let shown = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let hotfix = items.first().filter(|n| n.has("hotfix"));
    if let Some(first) = hotfix.filter(|_| total > shown) {
        let key = first.text_of("agent_id").unwrap_or_default();
        fleet.of(&key).gap(Gap::CutByCount { declared: total, shown });
    }
    false
}

fn machine<'a>(node: &Node, above: &Above, fleet: &'a mut Fleet, input: &Arc<str>) -> &'a mut Collector {
    let c = fleet.of(&above.agent);
    let name = if above.name.is_empty() { &above.agent } else { &above.name };
    windows::name(&mut c.host, name, node.origin(input, FORMAT));
    c
}

/// What the agent says of Windows, in the API (`os` beside `hostname`), the index (`host.os`) and messages (`os_name`).
fn system(node: &Node, above: &Above, fleet: &mut Fleet, input: &Arc<str>) -> bool {
    let os = node.get("os").filter(|o| o.object().is_some());
    let of = |nested: &str, flat: &str| os.as_ref().and_then(|o| o.get(nested)).or_else(|| node.get(flat));
    let product = of("name", "os_name").and_then(|n| n.text());
    if !product.is_some_and(|p| p.contains("Windows")) || of("version", "os_version").is_none() {
        return false;
    }
    // the system as it was before an update of it
    if above.removed {
        return true;
    }
    let mut values = Values::default();
    let mut put = |name: &str, member: Option<Node>| {
        if let Some((text, member)) = member.and_then(|m| Some((m.text()?, m))) {
            values.put(name, &text, member.origin(input, FORMAT));
        }
    };
    put("caption", of("name", "os_name"));
    put("version", of("version", "os_version"));
    put("buildnumber", of("build", "os_build"));
    put("release", of("display_version", "os_display_version"));
    put("release", os.as_ref().and_then(|o| o.path(&["distribution", "release"])));
    put("release", node.get("os_release"));
    put("machine", node.get("architecture"));
    let c = machine(node, above, fleet, input);
    // what the agent is called is what the machine is called, unless the machine says otherwise
    if let Some((host, place)) = node.get("hostname").and_then(|n| Some((n.text()?, n))) {
        c.host.name = None;
        windows::name(&mut c.host, &host, place.origin(input, FORMAT));
    }
    // a later record of the system replaces the earlier one whole
    (c.host.product, c.host.edition, c.host.architecture) = (None, None, None);
    (c.host.version, c.host.revision, c.host.service_pack, c.host.release) = (None, None, None, None);
    windows::tell(&values, &mut c.host);
    true
}

/// Notes what every agent lists.
fn warn(c: &mut Collector) {
    let listed: Vec<_> = c
        .host
        .updates
        .iter()
        .filter(|(k, _)| EVERYWHERE.contains(&k.number()))
        .map(|(k, f)| (*k, f.clone()))
        .collect();
    if let Some((_, first)) = listed.first() {
        let names: Vec<String> = listed.iter().map(|(k, _)| k.to_string()).collect();
        let text =
            format!("{}: agents of Wazuh list these on every machine, installed or not", names.join(", "));
        c.remark(text, &first.origin);
    }
}

/// Reads rows of sys_hotfixes as sqlite3 prints them: `id|time|KB`, and a checksum in newer versions.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, FORMAT);
    let mut seen: BTreeMap<u32, ()> = BTreeMap::new();
    for line in lines {
        let mut cells = line.text.split('|').map(str::trim);
        let (Some(id), Some(time), Some(kb)) = (cells.next(), cells.next(), cells.next()) else { continue };
        let scan = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        let stamp =
            time.len() >= 10 && time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(['/', '-']);
        if !scan || !stamp || cells.count() > 2 {
            continue;
        }
        let origin = c.origin(line.number);
        if matches!(ids::row_id(kb), Some(RowId::Kb(_) | RowId::Cut)) || !seen.is_empty() {
            seen.insert(line.number, ());
            c.installed_row(kb, None, origin);
        }
    }
    if seen.is_empty() {
        return Vec::new();
    }
    warn(&mut c);
    vec![c.finish(Some(ListKind::History))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn json(text: &str) -> Vec<Host> {
        read_json(&serde_json::from_str(text).unwrap(), &Arc::from("f"))
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, s)| (k.number(), s.value.name())).collect()
    }

    fn name(host: &Host) -> &str {
        host.name.as_ref().map_or("", |n| n.value.as_str())
    }

    #[test]
    fn pages_of_the_api_are_one_list() {
        let hosts = json(
            r#"{"data": {"affected_items": [{"hotfix": "KB2468871", "agent_id": "005"}, {"hotfix": "KB4535680", "agent_id": "005"},
            {"hotfix": "~6.3.9600.16384", "agent_id": "005"}], "total_affected_items": 3}, "error": 0}"#,
        );
        assert_eq!((hosts.len(), name(&hosts[0])), (1, "005"));
        assert_eq!(states(&hosts[0]), [(2_468_871, "installed"), (4_535_680, "installed")]);
        assert_eq!((hosts[0].other_ids.len(), hosts[0].notes.len()), (1, 1));
        assert!(hosts[0].completeness.lists[0].gaps.is_empty());
        let cut = r#"{"data": {"affected_items": [{"hotfix": "KB4535680", "agent_id": "005"}], "total_affected_items": 700}}"#;
        assert_eq!(json(cut)[0].completeness.lists[0].gaps, [Gap::CutByCount { declared: 700, shown: 1 }]);
    }

    #[test]
    fn every_agent_is_a_machine_and_one_that_was_not_scanned_is_unknown() {
        let hosts = json(r#"{"001": [{"hotfix": "KB4535680"}], "002": {"status": "NOT_SYNCED"}}"#);
        assert_eq!(hosts.iter().map(name).collect::<Vec<_>>(), ["001", "002"]);
        assert_eq!(hosts[1].completeness.lists[0].gaps, [Gap::NotAvailable]);
        assert!(json(r#"{"001": {"status": "ok"}}"#).is_empty());
    }

    #[test]
    fn messages_of_a_scan_tell_windows_and_changes() {
        let host = &json(
            r#"{"Start": {"agentid": "001", "agentname": "pc", "mode": "delta", "module": "syscollector_vd"},
            "data_values": [
                {"operation": "upsert", "payload": {"package": {"hotfix": {"name": "KB5034763"}}}},
                {"operation": "upsert", "payload": {"package": {"hotfix": {"name": "KB5034122"}}}},
                {"operation": "delete", "payload": {"package": {"hotfix": {"name": "KB5034122"}}}}],
            "data_context": [{"payload": {"host": {"architecture": "x86_64", "hostname": "WIN10",
                "os": {"build": "19045.4043", "name": "Microsoft Windows 10", "version": "10.0.19045.4043", "distribution": {"release": "22H2"}}}}}]}"#,
        )[0];
        assert_eq!(states(host), [(5_034_122, "absent"), (5_034_763, "installed")]);
        assert_eq!((name(host), host.revision.as_ref().map(|r| r.value)), ("WIN10", Some(4043)));
        assert_eq!(host.release.as_ref().map(|r| r.value.as_str()), Some("22H2"));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::OnlyTouched]);
        assert_eq!(
            host.updates.values().next().unwrap().origin.to_string(),
            "f: data_values[2].payload.package.hotfix.name"
        );
    }

    #[test]
    fn events_of_both_generations_are_read() {
        let hosts = json(
            r#"[{"type": "dbsync_hotfixes", "operation": "INSERTED", "data": {"hotfix": "KB5000001"}},
            {"collector": "dbsync_hotfixes", "module": "inventory", "data": {"event": {"type": "created"}, "package": {"hotfix": {"name": "KB5000002"}}}},
            {"type": "dbsync_hotfixes", "operation": "DELETED", "data": {"hotfix": "KB5000001"}},
            {"type": "dbsync_osinfo", "data": {"os_name": "Microsoft Windows 10 Pro", "os_version": "10.0.19041", "os_build": "19041.685", "hostname": "A", "architecture": "x86_64"}}]"#,
        );
        assert_eq!(states(&hosts[0]), [(5_000_001, "absent"), (5_000_002, "installed")]);
        assert_eq!(hosts[0].revision.as_ref().map(|r| r.value), Some(685));
        assert_eq!((hosts.len(), &hosts[0].completeness.lists[0].gaps), (1, &vec![Gap::OnlyTouched]));
        assert!(json(r#"{"type": "dbsync_hotfixes", "data": {"hotfix": "KB5000001"}}"#).is_empty());
        let hits = r#"{"hits": {"hits": [{"_source": {"agent": {"id": "001", "name": "A"}, "package": {"hotfix": {"name": "KB5000001"}}}},
            {"_source": {"agent": {"id": "002", "name": "B"}, "package": {"hotfix": {"name": "KB5000002"}}}}]}}"#;
        assert_eq!(json(hits).iter().map(name).collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn rows_of_the_database_are_read() {
        let t = "sqlite3 209.db \"select * from sys_hotfixes;\"\n192935606|2021/04/19 06:32:12|KB2919355\n0|2023/04/05 17:17:44|KB2468871|8f99821b9e79bc2258cb56cd14cfcaf9bbeda8e5\n";
        let hosts = read(&lines(t), &Arc::from("f"));
        assert_eq!(states(&hosts[0]), [(2_468_871, "installed"), (2_919_355, "installed")]);
        assert_eq!(hosts[0].completeness.lists[0].shown, 2);
        assert!(read(&lines("a|b|KB2919355\n"), &Arc::from("f")).is_empty());
    }

    #[test]
    fn the_newest_record_of_the_system_counts() {
        let os = |operation: &str, revision: u32| {
            format!(
                r#"{{"operation": "{operation}", "payload": {{"host": {{"hostname": "a", "architecture": "x86_64", "os": {{"name": "Microsoft Windows 10", "build": "19045.{revision}", "version": "10.0.19045.{revision}"}}}}}}}}"#
            )
        };
        let of = |rows: &[String]| {
            let start = r#"{"module": "syscollector_vd", "mode": "delta", "agentid": "001"}"#;
            let hosts = json(&format!(r#"{{"Start": {start}, "data_values": [{}]}}"#, rows.join(",")));
            hosts[0].revision.as_ref().map(|r| r.value)
        };
        assert_eq!(of(&[os("delete", 4043), os("upsert", 4046)]), Some(4046));
        assert_eq!(of(&[os("upsert", 4046), os("delete", 4043)]), Some(4046));
        assert_eq!(of(&[os("upsert", 4043), os("upsert", 4046)]), Some(4046));
    }
}
