//! `Get-WindowsPackage -Online`: packages with their states, as list, table, CSV or JSON.

use super::collect::{Collector, is_filter};
use super::dism_packageinfo::kb_of_description;
use super::format::{Directness, Format};
use super::lines::Line;
use super::objects::{self, Object, line_of};
use super::packages::Packages;
use super::words;
use crate::model::{Gap, Host, ListKind, PackageState};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

const TEXT: &str = "Get-WindowsPackage";
const CSV: &str = "Get-WindowsPackage CSV";
const JSON: &str = "Get-WindowsPackage JSON";

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: TEXT,
        from: "Get-WindowsPackage -Online",
        signature: "PackageName : … with an identity, and PackageState",
        tells: "architecture, revision, servicing stack, every package and update with its state",
        cannot: "the product and edition; the build where several share a branch; updates named only by build",
        directness: Directness::System,
    },
    Format {
        name: CSV,
        from: "Get-WindowsPackage -Online | Export-Csv packages.csv",
        signature: "a header with PackageName and PackageState",
        tells: "architecture, revision, servicing stack, every package and update with its state",
        cannot: "the product and edition; the build where several share a branch; updates named only by build",
        directness: Directness::System,
    },
    Format {
        name: JSON,
        from: "Get-WindowsPackage -Online | ConvertTo-Json",
        signature: "members PackageName and PackageState",
        tells: "architecture, revision, servicing stack, every package and update with its state",
        cannot: "the product and edition; the build where several share a branch; updates named only by build",
        directness: Directness::System,
    },
];

/// A state by its name, or by its number in JSON: the constants of
/// <https://learn.microsoft.com/windows-hardware/manufacture/desktop/dism/dismpackagefeaturestate-enumeration>.
fn state(text: &str) -> Option<PackageState> {
    Some(match text.parse::<u32>() {
        Ok(0 | 3) => PackageState::Absent,
        Ok(1) => PackageState::UninstallPending,
        Ok(2) => PackageState::Staged,
        Ok(4) => PackageState::Installed,
        Ok(5) => PackageState::InstallPending,
        Ok(6) => PackageState::Superseded,
        Ok(7) => PackageState::PartiallyInstalled,
        Ok(_) => return None,
        Err(_) => return words::state(text),
    })
}

/// Does the command ask for some packages only?
fn is_partial(command: &str) -> bool {
    let lower = command.to_ascii_lowercase();
    is_filter(command)
        || [" -packagename", " -packagepath", "-like", "-match", "-eq"].iter().any(|w| lower.contains(w))
}

/// One host of all objects that are packages; none if there is none.
fn host(objects: &[Object], input: &Arc<str>, format: &'static str) -> Vec<Host> {
    let mut c = Collector::new(input, format);
    let mut packages = Packages::default();
    let mut seen: BTreeSet<(&str, Option<PackageState>)> = BTreeSet::new();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut described = Vec::new();
    let mut offline = None;
    for object in objects {
        let Some((identity, line)) = object.get("packagename") else {
            if object.cut && object.values.has("packagename") {
                c.gap(Gap::Elided);
            }
            continue;
        };
        let told = object.get("packagestate").and_then(|(text, line)| Some((state(text)?, line)));
        // a paste may show one package by two commands
        if !seen.insert((identity, told.map(|(s, _)| s))) {
            continue;
        }
        let known = match told {
            Some((state, line)) => packages.state(identity, state, line),
            None => packages.name(identity, line),
        };
        if !known {
            continue;
        }
        names.insert(identity);
        if object.command.as_deref().is_some_and(is_partial) {
            c.gap(Gap::Filtered);
        }
        let texts = ["description", "supportinformation"].map(|n| object.get(n).map(|(t, _)| t));
        if let (Some((state, line)), Some(kb)) = (told, kb_of_description(texts.iter().flatten().copied())) {
            described.push((kb, state, line));
        }
        let online = object.values.get("online").filter(|(o, _)| o.eq_ignore_ascii_case("false"));
        offline = offline.or(online.map(|(_, origin)| line_of(origin)));
    }
    if packages.is_empty() {
        return Vec::new();
    }
    let command = objects.iter().find_map(|o| o.command.as_deref().map(|c| (c.to_ascii_lowercase(), o.line)));
    if let Some((_, line)) =
        command.filter(|(c, _)| c.contains("get-windowspackage") && c.contains(" -path "))
    {
        offline = offline.or(Some(line));
    }
    c.host.offline_image = offline.map(|line| c.fact(true, line));
    packages.tell(&mut c, offline.is_some());
    for (kb, state, line) in described {
        let origin = c.origin(line);
        c.update(kb, state, origin);
    }
    // a component store has hundreds
    if names.len() == 1 {
        c.gap(Gap::Filtered);
    }
    vec![c.finish(Some(ListKind::ComponentStore))]
}

/// Reads lists, tables and CSV; none if they are of something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let found = host(&objects::of_lines(lines, input, TEXT), input, TEXT);
    if !found.is_empty() {
        return found;
    }
    host(&objects::of_csv(lines, &["packagename"], input, CSV), input, CSV)
}

/// Reads JSON; none if it is of something else.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let (objects, members) = objects::of_json(value, input, JSON);
    let mut hosts = host(&objects, input, JSON);
    hosts.iter_mut().for_each(|host| objects::to_members(host, &members));
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    const ROLLUP: &str = "Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.7314.1.18";
    const UPDATE: &str = "Package_for_KB4589208~31bf3856ad364e35~amd64~~17763.1697.1.1";

    fn one(text: &str) -> Host {
        let mut hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.len(), 1, "{text}");
        hosts.remove(0)
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    #[test]
    fn lists_tables_and_csv_give_the_same_packages() {
        for text in [
            format!(
                "\nPackageName  : {ROLLUP}\nPackageState : Installed\nReleaseType  : SecurityUpdate\nInstallTime  : 5/15/2025 7:34:00 PM\n\nPackageName  : {UPDATE}\nPackageState : InstallPending\nReleaseType  : Update\nInstallTime  :\n"
            ),
            format!(
                "PackageName                                                     PackageState\n-----------                                                     ------------\n{ROLLUP}      Installed\n{UPDATE}   InstallPending\n"
            ),
            format!(
                "\"PackageName\",\"PackageState\"\r\n\"{ROLLUP}\",\"Installed\"\r\n\"{UPDATE}\",\"InstallPending\"\r\n"
            ),
        ] {
            let host = one(&text);
            assert_eq!(host.revision.as_ref().map(|r| r.value), Some(7314), "{text}");
            assert_eq!(states(&host), [(4_589_208, "install-pending")], "{text}");
            assert_eq!(host.pending_reboot.as_ref().map(|p| p.value), Some(true));
            assert!(host.completeness.has_whole(ListKind::ComponentStore));
        }
    }

    #[test]
    fn numbers_in_json_are_states() {
        let json = serde_json::json!([
            {"PackageName": ROLLUP, "PackageState": 6},
            {"PackageName": UPDATE, "PackageState": 4, "InstallTime": "/Date(1)/"},
            {"PackageName": UPDATE.replace("4589208", "4589209"), "PackageState": 9},
        ]);
        let hosts = read_json(&json, &Arc::from("f"));
        assert_eq!(states(&hosts[0]), [(4_589_208, "installed")]);
        assert_eq!(hosts[0].revision, None);
        assert_eq!(hosts[0].completeness.lists[0].gaps, [Gap::NotAvailable]);
        let at = hosts[0].updates.values().next().unwrap().origin.to_string();
        assert_eq!(at, "f: [1].PackageState");
        let named = [
            (0, "absent"),
            (1, "uninstall-pending"),
            (2, "staged"),
            (3, "absent"),
            (7, "partially-installed"),
        ];
        for (number, name) in named {
            assert_eq!(state(&number.to_string()).map(PackageState::name), Some(name));
        }
    }

    #[test]
    fn one_package_and_a_filter_are_no_whole_store() {
        let host = one(&format!(
            "PackageName : {ROLLUP}\nPackageState : Installed\nDescription : Fix for KB5058392\n"
        ));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
        assert_eq!(states(&host), [(5_058_392, "installed")]);
        let text = format!(
            "PS C:\\> Get-WindowsPackage -Online | ? PackageName -like *KB*\n\nPackageName : {UPDATE}\nPackageState : Installed\n\nPackageName : {ROLLUP}\nPackageState : Staged\n"
        );
        assert_eq!(one(&text).completeness.lists[0].gaps, [Gap::Filtered]);
    }

    #[test]
    fn names_that_the_console_cut_are_no_packages() {
        let text = format!(
            "{:<60} PackageState\n-----------{:49} ------------\n{:<60}    Installed\n{UPDATE:<60}    Installed\n",
            "PackageName", "", "Package_for_Ro..."
        );
        assert!(one(&text).completeness.lists[0].gaps.contains(&Gap::Elided));
        assert!(read(&lines("PackageName : Git\nPackageState : Installed\n"), &Arc::from("f")).is_empty());
    }

    #[test]
    fn an_image_that_is_not_running_waits_for_no_restart() {
        let text = format!("PackageName : {UPDATE}\nPackageState : InstallPending\nOnline : False\n");
        let host = one(&text);
        assert_eq!(host.offline_image.map(|o| o.value), Some(true));
        assert_eq!(host.pending_reboot, None);
    }
}
