//! Ansible: results and progress of `win_updates`, and the facts that `setup` gathers, of one host or of many.

use super::collect::{Collector, Fleet};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::node::Node;
use super::os_values::{Values, is_computer_name};
use super::windows;
use crate::model::{Fact, Gap, Host, KbId, ListKind, PackageState};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const UPDATES: &str = "Ansible win_updates";
const FACTS: &str = "Ansible facts";

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: UPDATES,
        from: "ansible -m win_updates, as JSON",
        signature: "updates by their GUID with kb, title and installed; or lines with search_result and install_result",
        tells: "what one run installed, what failed, what was offered, a restart that is required",
        cannot: "what was installed before; Windows itself",
        directness: Directness::Logged,
    },
    Format {
        name: FACTS,
        from: "ansible -m setup, as JSON",
        signature: "members ansible_distribution, ansible_distribution_version, … of a Windows host",
        tells: "product, build, edition in words, installation type, architecture, a pending restart",
        cannot: "updates; the revision (UBR)",
        directness: Directness::Gathered,
    },
];

/// Plays nest hosts no deeper.
const DEPTH: usize = 10;

/// Reads the results; none if there is none.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut facts = Fleet::new(input, FACTS);
    let mut updates = Fleet::new(input, UPDATES);
    progress(&Node::root(value), &mut updates, input);
    let mut open = vec![(Node::root(value), String::new(), 0usize)];
    while let Some((node, host, depth)) = open.pop() {
        if node.get("ansible_distribution").is_some() || node.get("ansible_os_family").is_some() {
            tell_facts(&node, &host, &mut facts, input);
            continue;
        }
        if is_result(&node) {
            tell_result(&node, &host, &mut updates, input);
            continue;
        }
        if depth >= DEPTH {
            continue;
        }
        let below = node.elements().map(|n| (n, host.clone(), depth + 1));
        open.extend(below.filter(|(n, ..)| !n.value.is_string()));
        for (name, member) in node.members().filter(|(_, m)| m.value.is_object() || m.value.is_array()) {
            match name {
                // what hosts are called stands only here
                "hosts" | "hostvars" => {
                    open.extend(member.members().map(|(h, m)| (m, h.to_owned(), depth + 1)));
                }
                "plays" | "tasks" | "results" | "result" | "ansible_facts" | "facts" | "msg"
                | "update_result" => {
                    open.push((member, host.clone(), depth + 1));
                }
                // a registered variable may have any name
                _ if is_result(&member)
                    || member.has("ansible_facts")
                    || member.has("ansible_distribution") =>
                {
                    let named = if host.is_empty() && !is_result(&member) { name } else { &host };
                    open.push((member, named.to_owned(), depth + 1));
                }
                _ => {}
            }
        }
    }
    let mut out = updates.finish(|_| Some(ListKind::History));
    out.extend(facts.finish(|_| None));
    out
}

/// What `win_updates` returns.
fn is_result(node: &Node) -> bool {
    let counts = ["found_update_count", "installed_update_count", "filtered_updates", "failed_update_count"];
    let row = |n: Node| n.has("kb") && (n.has("installed") || n.has("title"));
    node.get("updates").is_some_and(|u| {
        let mut rows = u.members().map(|(_, n)| n).chain(u.elements()).peekable();
        if rows.peek().is_none() {
            return counts.iter().any(|n| node.has(n));
        }
        rows.take(50).any(row)
    })
}

fn name(c: &mut Collector, host: &str, node: &Node, input: &Arc<str>, format: &'static str) {
    windows::name(&mut c.host, host, node.origin(input, format));
}

/// The KBs of one update, with and without their letters.
fn kbs(update: &Node) -> Vec<KbId> {
    let Some(list) = update.get("kb") else { return Vec::new() };
    let id = |n: &Node| match ids::row_id(&n.text()?) {
        Some(RowId::Kb(kb)) => Some(kb),
        _ => None,
    };
    list.each().iter().take(20).filter_map(id).collect()
}

fn tell_result(node: &Node, host: &str, fleet: &mut Fleet, input: &Arc<str>) {
    let c = fleet.of(&host.to_uppercase());
    name(c, host, node, input, UPDATES);
    for list in ["updates", "filtered_updates"].iter().filter_map(|n| node.get(n)) {
        for update in list.members().map(|(_, n)| n).chain(list.elements()) {
            c.row(1);
            let installed = update.get("installed").and_then(|n| n.flag());
            let failure = update.get("failure_hresult_code").filter(|n| n.number() != Some(0));
            outcome(c, &update, installed, failure.map(|f| code(&f)), input);
        }
    }
    if let Some(reboot) = node.get("reboot_required").filter(|n| n.flag() == Some(true)) {
        c.host.pending_reboot = Some(Fact::new(true, reboot.origin(input, UPDATES)));
    }
    // it is about one run, whatever it found
    c.gap(Gap::OnlyTouched);
}

fn code(node: &Node) -> String {
    match node.number() {
        // the low half of the number is what Windows knows
        Some(n) => format!("0x{:08X}", n & 0xFFFF_FFFF),
        None => node.text().unwrap_or_default().chars().take(40).collect(),
    }
}

/// What became of one update. What was found and not installed is offered, so it is not there.
fn outcome(
    c: &mut Collector,
    update: &Node,
    installed: Option<bool>,
    failure: Option<String>,
    input: &Arc<str>,
) {
    let origin = update.origin(input, UPDATES);
    let title = update.text_of("title").unwrap_or_default();
    for kb in kbs(update) {
        match (installed, &failure) {
            (Some(true), None) => {
                c.host.failed.remove(&kb);
                c.update(kb, PackageState::Installed, origin.clone());
            }
            (_, Some(code)) => {
                let there = c.host.updates.get(&kb).is_some_and(|f| f.value == PackageState::Installed);
                if !there {
                    c.host.failed.insert(kb, Fact::new(code.clone(), origin.clone()));
                }
            }
            (Some(false), None) if !ids::recurs(&title) => c.update(kb, PackageState::Absent, origin.clone()),
            _ => {}
        }
    }
}

/// The lines that the module writes while it runs: what was found, then by GUID what became of it.
fn progress(root: &Node, fleet: &mut Fleet, input: &Arc<str>) {
    let mut found: BTreeMap<String, Node> = BTreeMap::new();
    let mut results: BTreeMap<String, (Option<bool>, Option<String>)> = BTreeMap::new();
    let mut reboot = None;
    for line in root.each() {
        let (Some(task), Some(result)) = (line.text_of("task"), line.get("result")) else { continue };
        match task.as_str() {
            "search_result" => {
                for name in ["updates", "filtered"] {
                    for update in result.get(name).into_iter().flat_map(|l| l.elements().collect::<Vec<_>>())
                    {
                        let update = update.get("info").unwrap_or(update);
                        if let Some(id) = update.text_of("id") {
                            found.insert(id, update);
                        }
                    }
                }
                fleet.of("");
            }
            "install_result" => {
                for info in result.get("info").into_iter().flat_map(|l| l.elements().collect::<Vec<_>>()) {
                    let Some(id) = info.text_of("id") else { continue };
                    let told = match info.get("result_code").and_then(|n| n.number()) {
                        Some(2) => (Some(true), None),
                        Some(4 | 5) => {
                            (Some(false), Some(info.get("hresult").map(|h| code(&h)).unwrap_or_default()))
                        }
                        _ => (None, None),
                    };
                    results.insert(id, told);
                }
                fleet.of("");
            }
            "exit" => {
                reboot = result.get("reboot_required").filter(|n| n.flag() == Some(true));
            }
            _ => {}
        }
    }
    if fleet.is_empty() {
        return;
    }
    let c = fleet.of("");
    for (id, update) in &found {
        c.row(1);
        let offered = update.get("is_installed").and_then(|n| n.flag());
        let (installed, failure) = results.get(id).cloned().unwrap_or((offered, None));
        outcome(c, update, installed, failure, input);
    }
    if results.keys().any(|id| !found.contains_key(id)) {
        c.gap(Gap::Elided);
    }
    c.gap(Gap::OnlyTouched);
    if let Some(reboot) = reboot {
        c.host.pending_reboot = Some(Fact::new(true, reboot.origin(input, UPDATES)));
    }
}

/// What `setup` found out about a Windows host.
fn tell_facts(node: &Node, host: &str, fleet: &mut Fleet, input: &Arc<str>) {
    let family = node.text_of("ansible_os_family");
    let product = node.text_of("ansible_distribution");
    let windows = |t: &Option<String>| t.as_ref().is_some_and(|t| t.contains("Windows"));
    if !windows(if family.is_some() { &family } else { &product }) {
        return;
    }
    let own = ["ansible_hostname", "ansible_nodename", "ansible_netbios_name"].iter().find_map(|n| {
        let member = node.get(n)?;
        Some((member.text().filter(|t| is_computer_name(t))?, member))
    });
    let key = if host.is_empty() { own.as_ref().map_or("", |(t, _)| t.as_str()) } else { host };
    let c = fleet.of(&key.to_uppercase());
    match &own {
        Some((text, member)) => windows::name(&mut c.host, text, member.origin(input, FACTS)),
        None => name(c, host, node, input, FACTS),
    }
    let mut values = Values::default();
    let mut put = |name: &str, from: &str| {
        if let Some((text, member)) = node.get(from).and_then(|m| Some((m.text()?, m))) {
            values.put(name, &text, member.origin(input, FACTS));
        }
    };
    put("caption", "ansible_distribution");
    put("caption", "ansible_os_name");
    put("version", "ansible_distribution_version");
    put("version", "ansible_kernel");
    put("installationtype", "ansible_os_installation_type");
    let arch = ["ansible_architecture", "ansible_architecture2"].into_iter().find(|n| node.has(n));
    if let Some(from) = arch {
        put(windows::architecture_name(&node.text_of(from).unwrap_or_default()), from);
    }
    windows::tell(&values, &mut c.host);
    if let Some((member, flag)) =
        node.get("ansible_reboot_pending").and_then(|m| Some((m.clone(), m.flag()?)))
    {
        c.host.pending_reboot = Some(Fact::new(flag, member.origin(input, FACTS)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Host> {
        read_json(&serde_json::from_str(text).unwrap(), &Arc::from("f"))
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, s)| (k.number(), s.value.name())).collect()
    }

    const RESULT: &str = r#"{"changed": true, "found_update_count": 4, "installed_update_count": 1, "reboot_required": true,
        "filtered_updates": {"e": {"id": "e", "installed": false, "kb": ["2267602"], "title": "Security Intelligence Update - KB2267602 (Version 1.2)"}},
        "updates": {
            "a": {"id": "a", "installed": true, "kb": ["5000001"], "title": "2021-05 Cumulative Update (KB5000001)"},
            "b": {"id": "b", "installed": false, "kb": ["KB5000002"], "title": "x (KB5000002)", "failure_hresult_code": 2149842978},
            "c": {"id": "c", "installed": false, "kb": ["5000003"], "title": "y (KB5000003)"},
            "d": {"id": "d", "kb": ["5000004"], "title": "z (KB5000004)"}}}"#;

    #[test]
    fn a_run_tells_what_it_installed_and_what_it_did_not() {
        let hosts = read(RESULT);
        let host = &hosts[0];
        assert_eq!(states(host), [(5_000_001, "installed"), (5_000_003, "absent")]);
        let failed: Vec<_> = host.failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect();
        assert_eq!(failed, [(5_000_002, "0x80240022")]);
        assert_eq!(host.pending_reboot.as_ref().map(|p| p.value), Some(true));
        assert_eq!((hosts.len(), host.completeness.lists[0].shown), (1, 5));
        assert_eq!(host.completeness.lists[0].kind, ListKind::History);
        assert_eq!(host.updates.values().next().unwrap().origin.to_string(), "f: updates.a");
    }

    #[test]
    fn results_are_found_in_plays_and_registered_variables() {
        let plays = format!(
            r#"{{"plays": [{{"tasks": [{{"hosts": {{"srv01": {RESULT}, "10.0.0.5": {RESULT}, "10.0.0.6": {RESULT}}}}}]}}], "stats": {{"srv01": {{"ok": 1}}}}}}"#
        );
        let names: Vec<_> = read(&plays).iter().map(|h| h.name.as_ref().unwrap().value.clone()).collect();
        assert_eq!(names, ["10.0.0.5", "10.0.0.6", "srv01"]);
        let host = &read(&format!(r#"{{"changed": false, "my_var": {RESULT}}}"#))[0];
        assert_eq!((host.name.is_none(), host.updates.len()), (true, 2));
        assert!(read(r#"{"updates": {"installed": ["KB5000001"]}}"#).is_empty());
    }

    #[test]
    fn progress_joins_what_was_found_with_what_became_of_it() {
        let found = |id: &str, kb: u32| {
            format!(r#"{{"id": "{id}", "kb": ["KB{kb}"], "title": "t (KB{kb})", "is_installed": false}}"#)
        };
        let t = format!(
            r#"[{{"task": "search_result", "result": {{"updates": [{}, {}, {}], "filtered": []}}}},
            {{"task": "install_result", "result": {{"info": [{{"id": "a", "result_code": 2, "hresult": 0}}, {{"id": "b", "result_code": 4, "hresult": -2145124318}}]}}}},
            {{"task": "exit", "result": {{"reboot_required": true}}}}]"#,
            found("a", 5_000_001),
            found("b", 5_000_002),
            found("c", 5_000_003),
        );
        let host = &read(&t)[0];
        assert_eq!(states(host), [(5_000_001, "installed"), (5_000_003, "absent")]);
        assert_eq!((host.failed.len(), host.pending_reboot.is_some()), (1, true));
        let again = t.replace("\"reboot_required\": true", "\"reboot_required\": false");
        assert_eq!(read(&again)[0].pending_reboot, None);
    }

    #[test]
    fn facts_tell_windows_of_each_host() {
        let facts = |name: &str| {
            format!(
                r#"{{"ansible_facts": {{"ansible_distribution": "Microsoft Windows Server 2019 Datacenter", "ansible_os_family": "Windows",
                "ansible_distribution_version": "10.0.17763.0", "ansible_architecture": "64-разрядная", "ansible_hostname": "{name}",
                "ansible_os_installation_type": "Server Core", "ansible_reboot_pending": false}}, "changed": false}}"#
            )
        };
        let host = &read(&facts("SRV1"))[0];
        assert_eq!(host.version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.17763"));
        assert_eq!((host.revision.is_none(), host.completeness.lists.is_empty()), (true, true));
        assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(crate::model::Architecture::X64));
        assert_eq!(host.edition.as_ref().map(|e| e.value.0.as_str()), Some("Datacenter"));
        assert_eq!(host.installation_type.as_ref().map(|t| t.value.name()), Some("Server Core"));
        assert_eq!(host.pending_reboot.as_ref().map(|p| p.value), Some(false));
        let two =
            read(&format!(r#"[{{"hosts": {{"a": {}}}}}, {{"hosts": {{"b": {}}}}}]"#, facts("A"), facts("B")));
        assert_eq!(two.len(), 2);
        let linux = r#"{"ansible_facts": {"ansible_distribution": "Ubuntu", "ansible_os_family": "Debian"}}"#;
        assert!(read(linux).is_empty());
    }
}
