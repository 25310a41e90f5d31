//! AWS Systems Manager: patches and inventory of managed nodes, as the command line prints them.

use super::collect::{Collector, Fleet};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use super::node::Node;
use super::os_values::Values;
use super::windows;
use crate::model::{Fact, Gap, Host, KbId, ListKind, Origin, PackageState};
use serde_json::Value;
use std::sync::Arc;

const PATCHES: &str = "AWS Systems Manager patches";
const INVENTORY: &str = "AWS Systems Manager inventory";

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: PATCHES,
        from: "aws ssm describe-instance-patches --instance-id ID",
        signature: "Patches with KBId and State",
        tells: "updates with their states at the last scan: installed, waiting for a restart, missing, failed",
        cannot: "Windows itself; what neither the baseline nor Windows Update knows; pages that were not asked for",
        directness: Directness::Gathered,
    },
    Format {
        name: INVENTORY,
        from: "aws ssm list-inventory-entries --type-name AWS:WindowsUpdate, describe-instance-information",
        signature: "Entries with HotFixId, or PlatformName with PlatformVersion",
        tells: "installed updates as Get-HotFix lists them; product and build of each node",
        cannot: "the revision (UBR); older cumulative updates",
        directness: Directness::Gathered,
    },
];

/// Reads answers of the service; none if there is none about Windows.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut patches = Fleet::new(input, PATCHES);
    let mut inventory = Fleet::new(input, INVENTORY);
    for node in Node::root(value).each() {
        let more = node.get("NextToken").and_then(|n| n.text()).is_some();
        if let Some(list) = node.get("Patches").or_else(|| node.get("ComplianceItems")) {
            list.elements().for_each(|row| patch(&row, &mut patches, input));
            if more {
                patches.each().for_each(|c| c.gap(Gap::Elided));
            }
        } else if is_patch(&node) {
            patch(&node, &mut patches, input);
        } else if let Some(list) = node.get("InstanceInformationList") {
            list.elements().for_each(|row| instance(&row, "", &mut inventory, input));
        } else if let Some(list) = node.get("Entries") {
            let machine = node.text_of("InstanceId").unwrap_or_default();
            list.elements().for_each(|row| entry(&row, &machine, &mut inventory, input));
            if more && inventory.of(&machine).shown() > 0 {
                inventory.of(&machine).gap(Gap::Elided);
            }
        } else if let Some(list) = node.get("Entities") {
            for entity in list.elements() {
                let machine = entity.text_of("Id").unwrap_or_default();
                for (_, kind) in entity.get("Data").iter().flat_map(Node::members) {
                    let rows = kind.get("Content").into_iter().flat_map(|c| c.elements().collect::<Vec<_>>());
                    rows.for_each(|row| entry(&row, &machine, &mut inventory, input));
                }
            }
        }
    }
    // nodes of other systems have patches and names, too
    let told = |h: &Host| !h.updates.is_empty() || !h.failed.is_empty() || !h.completeness.lists.is_empty();
    let mut out = patches.finish(|_| Some(ListKind::History));
    let nodes = inventory.finish(|c| (c.shown() > 0).then_some(ListKind::QuickFix));
    out.extend(nodes.into_iter().filter(|h| told(h) || h.version.is_some()));
    out
}

fn is_patch(node: &Node) -> bool {
    node.has("KBId") && node.has("State")
}

/// A row of patches, or of compliance items.
fn patch(row: &Node, fleet: &mut Fleet, input: &Arc<str>) {
    let (id, state) = match row.get("KBId") {
        Some(id) => (id, row.text_of("State")),
        None => {
            let state = row.path(&["Details", "PatchState"]).and_then(|n| n.text());
            let Some(id) =
                row.get("Id").filter(|_| row.text_of("ComplianceType").as_deref() == Some("Patch"))
            else {
                return;
            };
            (id, state)
        }
    };
    let Some(RowId::Kb(kb)) = id.text().and_then(|t| ids::row_id(&t)) else { return };
    let machine = row.any(&["ResourceId", "InstanceId"]).and_then(|n| n.text()).unwrap_or_default();
    let c = fleet.of(&machine);
    let origin = id.origin(input, PATCHES);
    windows::name(&mut c.host, &machine, origin.clone());
    outcome(c, kb, &state.unwrap_or_default(), &row.text_of("Title").unwrap_or_default(), origin);
    c.row(1);
}

/// The states of <https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-compliance-states.html>.
fn outcome(c: &mut Collector, kb: KbId, state: &str, title: &str, origin: Origin) {
    match state.to_ascii_uppercase().replace('_', "").as_str() {
        "INSTALLED" | "INSTALLEDOTHER" | "INSTALLEDREJECTED" => c.update(kb, PackageState::Installed, origin),
        "INSTALLEDPENDINGREBOOT" => {
            if c.host.pending_reboot.is_none() {
                c.host.pending_reboot = Some(Fact::new(true, origin.clone()));
            }
            c.update(kb, PackageState::InstallPending, origin);
        }
        // an older release of the same KB may be there
        "MISSING" | "AVAILABLESECURITYUPDATE" if ids::recurs(title) => {
            c.remark(format!("{kb} is offered; an older release of it may be installed"), &origin);
        }
        "MISSING" | "AVAILABLESECURITYUPDATE" => c.update(kb, PackageState::Absent, origin),
        "FAILED" => {
            c.host.failed.insert(kb, Fact::new(String::new(), origin.clone()));
            if !ids::recurs(title) {
                c.update(kb, PackageState::Absent, origin);
            }
        }
        // not applicable: not wanted, superseded or of a part that is not there; which of them nobody says
        _ => c.remark(format!("{kb} is listed as {:?}, which tells neither way", shown(state)), &origin),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A managed node, and what its agent says of the platform.
fn instance(row: &Node, machine: &str, fleet: &mut Fleet, input: &Arc<str>) {
    let platform = row.text_of("PlatformName").unwrap_or_default();
    if !platform.contains("Windows") {
        return;
    }
    let own = row.text_of("InstanceId").unwrap_or_default();
    let c = fleet.of(if machine.is_empty() { &own } else { machine });
    let mut values = Values::default();
    for (name, member) in [("caption", "PlatformName"), ("version", "PlatformVersion")] {
        if let Some((text, place)) = row.get(member).and_then(|m| Some((m.text()?, m))) {
            values.put(name, &text, place.origin(input, INVENTORY));
        }
    }
    windows::tell(&values, &mut c.host);
    // a name says more than the number of the node
    if let Some((text, place)) = row.get("ComputerName").and_then(|m| Some((m.text()?, m))) {
        c.host.name = None;
        windows::name(&mut c.host, &text, place.origin(input, INVENTORY));
    }
    windows::name(&mut c.host, if machine.is_empty() { &own } else { machine }, row.origin(input, INVENTORY));
}

/// An entry of the inventory: an update, or the node itself.
fn entry(row: &Node, machine: &str, fleet: &mut Fleet, input: &Arc<str>) {
    if let Some((text, id)) = row.get("HotFixId").and_then(|m| Some((m.text()?, m))) {
        let c = fleet.of(machine);
        let origin = id.origin(input, INVENTORY);
        windows::name(&mut c.host, machine, origin.clone());
        c.installed_row(&text, None, origin);
    } else {
        instance(row, machine, fleet, input);
    }
}

/// Reads `--output text`: a line `PATCHES` with the values in the order of their names, parted by tabs.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, PATCHES);
    for line in lines {
        let mut cells = line.text.trim_start().split('\t').map(str::trim);
        match cells.next() {
            Some("PATCHES") => {}
            Some("NEXTTOKEN") if c.shown() > 0 => {
                c.gap(Gap::Elided);
                continue;
            }
            _ => continue,
        }
        let cells: Vec<&str> = cells.collect();
        let id = cells.iter().position(|t| matches!(ids::kb_at_start(t), Some(RowId::Kb(_))));
        let Some((at, RowId::Kb(kb))) = id.and_then(|i| Some((i, ids::row_id(cells.get(i)?)?))) else {
            continue;
        };
        // severity, state and title follow the id; a severity may be empty
        let (Some(state), title) = (cells.get(at + 2), cells.get(at + 3)) else { continue };
        let origin = c.origin(line.number);
        outcome(&mut c, kb, state, title.unwrap_or(&""), origin);
        c.row(line.number);
    }
    if c.shown() == 0 { Vec::new() } else { vec![c.finish(Some(ListKind::History))] }
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

    const WANT: [(u32, &str); 5] = [
        (4_480_979, "installed"),
        (4_481_031, "installed"),
        (5_000_001, "install-pending"),
        (5_000_002, "absent"),
        (5_000_003, "absent"),
    ];

    #[test]
    fn each_state_of_a_patch_is_told_apart() {
        let row = |kb: &str, state: &str, title: &str| {
            format!(r#"{{"Title": "{title}", "KBId": "{kb}", "State": "{state}", "InstalledTime": 0.0}}"#)
        };
        let rows = [
            row("KB4480979", "Installed", "x"),
            row("KB4481031", "InstalledOther", ""),
            row("KB5000001", "InstalledPendingReboot", "x"),
            row("KB5000002", "Missing", "x"),
            row("KB5000003", "Failed", "x"),
            row("KB5000004", "NotApplicable", "x"),
            row("KB890830", "Missing", "Windows Malicious Software Removal Tool x64 (KB890830)"),
        ];
        let host = &json(&format!(r#"{{"Patches": [{}], "NextToken": "abc"}}"#, rows.join(",")))[0];
        assert_eq!(states(host), WANT);
        assert_eq!((host.failed.len(), host.pending_reboot.is_some()), (1, true));
        let list = &host.completeness.lists[0];
        assert_eq!((list.shown, &list.gaps), (7, &vec![Gap::Elided]));
        assert_eq!(host.updates.values().next().unwrap().origin.to_string(), "f: Patches[0].KBId");
        assert!(json(&format!(r#"{{"Patches": [{}]}}"#, rows[0]))[0].completeness.lists[0].gaps.is_empty());
    }

    #[test]
    fn the_text_of_the_command_line_is_read() {
        let t = "PATCHES\tSecurityUpdates\t1546992000.0\tKB4480979\tCritical\tInstalled\t2019-01 Update (KB4480979)\nPATCHES\t\t1549584000.0\tKB4481031\t\tInstalledOther\t\nPATCHES\tx\t0.0\tKB5000002\tx\tMissing\tx\nNEXTTOKEN\tabc\n";
        let host = &read(&lines(t), &Arc::from("f"))[0];
        assert_eq!(states(host), [WANT[0], WANT[1], WANT[3]]);
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Elided]);
    }

    #[test]
    fn inventory_tells_updates_and_nodes() {
        let host = &json(
            r#"{"TypeName": "AWS:WindowsUpdate", "InstanceId": "i-1", "Entries": [{"HotFixId": "KB4480979", "InstalledTime": "2019-01-09T00:00:00Z"}]}"#,
        )[0];
        assert_eq!(
            (states(host), host.name.as_ref().map(|n| n.value.as_str())),
            (vec![WANT[0]], Some("i-1"))
        );
        let nodes = json(
            r#"{"InstanceInformationList": [
            {"InstanceId": "i-1", "PlatformType": "Windows", "PlatformName": "Microsoft Windows Server 2019 Datacenter", "PlatformVersion": "10.0.17763", "ComputerName": "EC2AMAZ-1.WORKGROUP"},
            {"InstanceId": "i-2", "PlatformType": "Linux", "PlatformName": "Amazon Linux", "PlatformVersion": "2"}]}"#,
        );
        assert_eq!(
            (nodes.len(), nodes[0].name.as_ref().map(|n| n.value.as_str())),
            (1, Some("EC2AMAZ-1.WORKGROUP"))
        );
        assert_eq!(nodes[0].version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.17763"));
    }

    #[test]
    fn patches_of_linux_are_not_read() {
        assert!(json(r#"{"Patches": [{"KBId": "bash.x86_64", "State": "Installed"}]}"#).is_empty());
    }
}
