//! The member `collected`: raw values as the script of `kbwhy collect` found them, read by the rules of the formats
//! that tell the same. What Windows keeps, what its tools report and what was done once are told apart.

use super::{Place, Reader};
use crate::inventory::ReadError;
use crate::inventory::collect::Collector;
use crate::inventory::format::{Directness, Format};
use crate::inventory::ids::{self, RowId};
use crate::inventory::lines::clean;
use crate::inventory::os_values::Values;
use crate::inventory::packages::Packages;
use crate::inventory::{registry_keys, windows_nt};
use crate::model::{
    Fact, FeatureState, FileState, Gap, Host, KbId, ListKind, Location, Origin, PackageState, RegistryValue,
    UpdateKey, Version, file_path, registry_place,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Registry: what Windows itself keeps.
pub(in crate::inventory) const SYSTEM: Format = Format {
    name: "collected registry",
    from: "kbwhy collect --script",
    signature: "the member `collected` of kbwhy/host/1",
    tells: "build, revision, edition, every update package with its state, servicing stack, pending restart, policies",
    cannot: "updates that are named only by build",
    directness: Directness::System,
};

/// Management classes: what Windows reports of itself.
pub(in crate::inventory) const LISTS: Format = Format {
    name: "collected lists",
    from: "kbwhy collect --script",
    signature: "the member `collected` of kbwhy/host/1",
    tells: "updates as Get-HotFix lists them, features, roles, licences for Extended Security Updates",
    cannot: "what the image was built with; older cumulative updates; entitlement without a licence key",
    directness: Directness::Reported,
};

/// Windows Update: what was done once.
pub(in crate::inventory) const HISTORY: Format = Format {
    name: "collected history",
    from: "kbwhy collect --script",
    signature: "the member `collected` of kbwhy/host/1",
    tells: "which updates failed, and how",
    cannot: "what was installed or removed by other means, or before the history was reset",
    directness: Directness::Logged,
};

/// Roles whose localized name gives way to the names that updates ask for.
///
/// Source: <https://learn.microsoft.com/windows/win32/wmisdk/win32-serverfeature>
const ROLES: [(u64, &[&str]); 5] = [
    (9, &["AD LDS", "Active Directory Lightweight Directory Services"]),
    (10, &["AD DS", "Active Directory Domain Services"]),
    (20, &["Hyper-V"]),
    (21, &["WSUS", "Windows Server Update Services"]),
    (404, &["WSUS", "Windows Server Update Services"]),
];

/// A host in the making whose facts stand at members. Its collector counts lines; each member gets a number.
struct Part {
    c: Collector,
    members: Vec<String>,
}

impl Part {
    fn new(r: &Reader, format: &Format) -> Self {
        Self { c: Collector::new(r.input, format.name), members: Vec::new() }
    }

    fn at(&mut self, member: impl Into<String>) -> u32 {
        self.members.push(member.into());
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    fn fact<T>(&mut self, value: T, member: &str) -> Fact<T> {
        let line = self.at(member);
        self.c.fact(value, line)
    }

    fn note(&mut self, text: &str, member: &str) {
        let line = self.at(member);
        self.c.note(text, line);
    }

    /// The host; numbers of members become their names, and the list is of the member that holds it.
    fn finish(self, list: Option<(ListKind, &str)>) -> Host {
        let mut host = self.c.finish(list.map(|(kind, _)| kind));
        for origin in origins(&mut host) {
            if let Location::Line(n) = origin.at {
                let member =
                    self.members.get((n as usize).saturating_sub(1)).map_or("collected", String::as_str);
                origin.at = Location::Member(clean(member));
            }
        }
        if let (Some(seen), Some((_, member))) = (host.completeness.lists.first_mut(), list) {
            seen.origin.at = Location::Member(member.to_owned());
        }
        host
    }
}

/// Every origin in a host that this module makes.
fn origins(host: &mut Host) -> Vec<&mut Origin> {
    let mut out: Vec<&mut Origin> = Vec::new();
    macro_rules! one {
        ($($field:ident),+) => { $(out.extend(host.$field.as_mut().map(|f| &mut f.origin));)+ };
    }
    macro_rules! all {
        ($($field:ident),+) => { $(out.extend(host.$field.values_mut().map(|f| &mut f.origin));)+ };
    }
    one!(product, version, revision, branch, release, service_pack, edition, installation_type, architecture);
    one!(language, pending_reboot, servicing_stack, dotnet_framework, wmf, internet_explorer, esu, azure_arc);
    one!(free_space);
    all!(updates, packages, failed, features, policies, registry, files, services, management);
    out.extend(host.roles.iter_mut().map(|f| &mut f.origin));
    out.extend(host.notes.iter_mut().map(|f| &mut f.origin));
    out
}

/// Reads the member; no host if it is not there.
pub(super) fn read(r: &Reader, all: &Place) -> Result<Vec<Host>, ReadError> {
    if all.object.is_none() {
        return Ok(Vec::new());
    }
    let system = system(r, all)?;
    let mut lists = lists(r, all)?;
    // the store has more words for the same: superseded, staged, waiting
    lists.updates.retain(|kb, _| !system.updates.contains_key(kb));
    let history = history(r, all, &[&system, &lists])?;
    Ok(vec![system, lists, history])
}

/// A text or number of the registry as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(clean(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn system(r: &Reader, all: &Place) -> Result<Host, ReadError> {
    let mut p = Part::new(r, &SYSTEM);
    if r.flag(all, "administrator")?.is_some_and(|f| !f.value) {
        p.note("collected without administrator rights", "collected.administrator");
    }
    let mut values = Values::default();
    if let Some((at, object)) = r.members(all, "windows")? {
        for (name, value) in object {
            if let Some(data) = scalar(value) {
                let origin = p.fact((), &format!("{at}.{}", clean(name))).origin;
                values.put(name, &data, origin);
            }
        }
    }
    if let Some(architecture) = r.text(all, "architecture")? {
        let origin = p.fact((), "collected.architecture").origin;
        values.put("PROCESSOR_ARCHITECTURE", &architecture.value, origin);
    }
    windows_nt::tell(&values, &mut p.c.host);
    if let Some(language) = r.text(all, "language")?.filter(|f| !f.value.is_empty()) {
        p.c.host.language = Some(p.fact(language.value, "collected.language"));
    }
    let listed = packages(r, all, &mut p)?;
    servicing_stack(r, all, &mut p)?;
    pending_restart(r, all, &mut p)?;
    components(r, all, &mut p)?;
    if let Some(agent) = r.flag(all, "azure_arc_agent")? {
        if agent.value {
            let text = "the Azure Arc agent is installed; whether it is connected is not shown";
            p.note(text, "collected.azure_arc_agent");
        } else {
            p.c.host.azure_arc = Some(p.fact(false, "collected.azure_arc_agent"));
        }
    }
    // a policy goes before a setting of the same name
    let policies = r.object(all, "policies")?;
    for group in ["group_policy", "automatic_updates", "device_management", "settings"] {
        let Some((at, object)) = r.members(&policies, group)? else { continue };
        for (name, value) in object {
            let name = clean(name);
            if let (Some(text), false) = (scalar(value), p.c.host.policies.contains_key(&name)) {
                let fact = p.fact(text, &format!("{at}.{name}"));
                p.c.host.policies.insert(name, fact);
            }
        }
    }
    update_keys(&policies, &mut p);
    holds(r, all, &mut p)?;
    // the folder of the program, as Microsoft names it
    if let Some(there) = r.flag(all, "update_health_tools")? {
        let state = if there.value { FileState::Present } else { FileState::Absent };
        let fact = p.fact(state, "collected.update_health_tools");
        p.c.host.files.insert(file_path("%programfiles%\\Microsoft Update Health Tools"), fact);
    }
    for (member, name) in [("date", "collected"), ("last_scan", "lastsearchsuccessdate")] {
        if let Some(date) = r.text(all, member)?.filter(|f| !f.value.is_empty()) {
            let fact = p.fact(date.value, &format!("collected.{member}"));
            p.c.host.management.insert(name.to_owned(), fact);
        }
    }
    if let Some(free) = r.number(all, "free_space")? {
        p.c.host.free_space = Some(p.fact(free.value, "collected.free_space"));
    }
    Ok(p.finish(listed.then_some((ListKind::ComponentStore, "collected.packages"))))
}

/// The keys of update policies, each value at its place. A key was read whole, so that of the names that matter those
/// that it does not have are absent.
fn update_keys(policies: &Place, p: &mut Part) {
    const MEMBERS: [(&str, UpdateKey); 6] = [
        ("group_policy", UpdateKey::GroupPolicy),
        ("automatic_updates", UpdateKey::AutomaticUpdates),
        ("device_management", UpdateKey::DeviceManagement),
        ("settings", UpdateKey::Settings),
        ("pause_status", UpdateKey::PauseStatus),
        ("resolved", UpdateKey::Resolved),
    ];
    for (member, key) in MEMBERS {
        // null: there is no such key; not there: it was not looked for
        let Some(group) = policies.object.and_then(|o| o.get(member)) else { continue };
        let at = format!("{}.{member}", policies.at);
        for (name, value) in group.as_object().into_iter().flatten() {
            let name = clean(name);
            let read = match value {
                Value::Number(n) => match n.as_u64() {
                    Some(n) => u32::try_from(n).map_or(RegistryValue::Qword(n), RegistryValue::Dword),
                    // PowerShell shows a DWORD above 0x7fffffff as a negative number
                    None => n
                        .as_i64()
                        .and_then(|n| i32::try_from(n).ok())
                        .map_or(RegistryValue::Other, |n| RegistryValue::Dword(n.cast_unsigned())),
                },
                Value::String(text) => RegistryValue::Text(RegistryValue::text(&clean(text))),
                _ => RegistryValue::Other,
            };
            let fact = p.fact(read, &format!("{at}.{name}"));
            p.c.host.registry.insert(key.place(&name), fact);
        }
        for name in key.names() {
            if !p.c.host.registry.contains_key(&key.place(name)) {
                let fact = p.fact(RegistryValue::Absent, &at);
                p.c.host.registry.insert(key.place(name), fact);
            }
        }
    }
}

/// Safeguard holds, by the version of Windows that they keep off.
fn holds(r: &Reader, all: &Place, p: &mut Part) -> Result<(), ReadError> {
    const KEY: &str = "hklm\\software\\microsoft\\windows nt\\currentversion\\appcompatflags\\targetversionupgradeexperienceindicators";
    let Some((at, object)) = r.members(all, "safeguard_holds")? else { return Ok(()) };
    for (version, value) in object {
        if let Some(id) = scalar(value) {
            let version = clean(version);
            let fact = p.fact(RegistryValue::Text(RegistryValue::text(&id)), &format!("{at}.{version}"));
            let key = format!("{KEY}\\{}", version.to_lowercase());
            p.c.host.registry.insert(registry_place(&key, "GatedBlockId"), fact);
        }
    }
    Ok(())
}

/// Services that were asked for: what is not listed is not there.
const SERVICES: [&str; 6] = ["bits", "cryptsvc", "trustedinstaller", "w3svc", "wsusservice", "wuauserv"];

fn services(r: &Reader, all: &Place, p: &mut Part) -> Result<(), ReadError> {
    let Some((at, object)) = r.members(all, "services")? else { return Ok(()) };
    for name in object.keys() {
        let place = r.object(&Place { at: at.clone(), object: Some(object) }, name)?;
        let own = |member: &str| r.text(&place, member).map(|t| t.map(|f| f.value.to_lowercase()));
        let state = match (own("state")?, own("start")?) {
            (Some(state), Some(start)) if start == "disabled" && state == "stopped" => start,
            (Some(state), _) => state,
            _ => continue,
        };
        let fact = p.fact(state, &format!("{at}.{name}"));
        p.c.host.services.insert(clean(name).to_lowercase(), fact);
    }
    if !object.is_empty() {
        for name in SERVICES {
            if !p.c.host.services.contains_key(name) {
                let fact = p.fact("absent".to_owned(), &at);
                p.c.host.services.insert(name.to_owned(), fact);
            }
        }
    }
    Ok(())
}

/// States of the update packages. False if there is no list.
fn packages(r: &Reader, all: &Place, p: &mut Part) -> Result<bool, ReadError> {
    let Some((at, object)) = r.members(all, "packages")? else { return Ok(false) };
    let mut packages = Packages::default();
    for (identity, value) in object {
        let member = format!("{at}.{identity}");
        let state = match value {
            Value::Null => None,
            _ => {
                let number = value.as_u64().ok_or_else(|| r.wrong(&member, "a whole number", value))?;
                u32::try_from(number).ok().and_then(PackageState::from_servicing)
            }
        };
        let line = p.at(member);
        let named = match state {
            Some(state) => packages.state(identity, state, line),
            None => packages.name(identity, line),
        };
        if !named {
            p.c.other(clean(identity));
            p.c.gap(Gap::NotAvailable);
        }
    }
    if r.number::<u32>(all, "packages_unread")?.is_none_or(|f| f.value > 0) {
        p.c.gap(Gap::NotAvailable);
    }
    packages.tell(&mut p.c, false);
    Ok(!packages.is_empty())
}

/// Windows takes the newest of the stacks that it lists.
///
/// Source: <https://learn.microsoft.com/troubleshoot/windows-server/setup-upgrade-and-drivers/0x80070003-windows-upgrade-fails-process-drivers-migration>
fn servicing_stack(r: &Reader, all: &Place, p: &mut Part) -> Result<(), ReadError> {
    let Some((at, object)) = r.members(all, "servicing_stack")? else { return Ok(()) };
    let versions = object.keys().filter_map(|k| Some((k.parse::<Version>().ok()?, k)));
    if let Some((version, name)) = versions.max() {
        p.c.host.servicing_stack = Some(p.fact(version, &format!("{at}.{name}")));
    }
    Ok(())
}

/// Servicing and Windows Update each keep a key for it. Files and the computer's name that wait for a restart as well
/// keep no update off.
fn pending_restart(r: &Reader, all: &Place, p: &mut Part) -> Result<(), ReadError> {
    let pending = r.object(all, "pending_restart")?;
    let at = |name: &str| format!("collected.pending_restart.{name}");
    let mut asked = Vec::new();
    for name in ["component_servicing", "windows_update"] {
        asked.extend(r.flag(&pending, name)?.map(|f| (f.value, at(name))));
    }
    match asked.iter().find(|(waits, _)| *waits) {
        Some((_, member)) => p.c.host.pending_reboot = Some(p.fact(true, member)),
        None if asked.len() == 2 && p.c.host.pending_reboot.is_none() => {
            p.c.host.pending_reboot = Some(p.fact(false, "collected.pending_restart"));
        }
        None => {}
    }
    for (name, text) in [
        ("file_renames", "files are renamed or removed at the next restart"),
        ("computer_rename", "the computer gets another name at the next restart"),
    ] {
        if r.flag(&pending, name)?.is_some_and(|f| f.value) {
            p.note(text, &at(name));
        }
    }
    Ok(())
}

/// .NET Framework, PowerShell and Internet Explorer.
fn components(r: &Reader, all: &Place, p: &mut Part) -> Result<(), ReadError> {
    let dotnet = r.object(all, "dotnet")?;
    let number = |key: &str, name: &str| -> Result<Option<u64>, ReadError> {
        Ok(r.number(&r.object(&dotnet, key)?, name)?.map(|f| f.value))
    };
    let release = number("v4\\Full", "Release")?;
    let version = match release {
        Some(release) => registry_keys::dotnet(release),
        None if number("v4\\Full", "Install")? == Some(1) => Some("4.0"),
        None if number("v4\\Client", "Install")? == Some(1) => Some("4.0 Client Profile"),
        None if number("v3.5", "Install")? == Some(1) => Some("3.5"),
        None => None,
    };
    p.c.host.dotnet_framework = version.map(|v| p.fact(v.to_owned(), "collected.dotnet"));

    let engines = r.object(all, "powershell")?;
    for engine in ["v3", "v1"] {
        let Some(version) = r.text(&r.object(&engines, engine)?, "PowerShellVersion")? else { continue };
        let short: Vec<&str> = version.value.split('.').take(2).collect();
        p.c.host.wmf = Some(p.fact(short.join("."), &format!("collected.powershell.{engine}")));
        break;
    }

    let explorer = r.object(all, "internet_explorer")?;
    // from 10 on `Version` begins with 9
    for name in ["svcVersion", "Version"] {
        let Some(version) = r.text(&explorer, name)? else { continue };
        let major = version.value.split('.').next().and_then(|n| n.parse().ok());
        p.c.host.internet_explorer = major.map(|n| p.fact(n, &format!("collected.internet_explorer.{name}")));
        break;
    }
    Ok(())
}

fn lists(r: &Reader, all: &Place) -> Result<Host, ReadError> {
    let mut p = Part::new(r, &LISTS);
    let mut listed = false;
    if let Some((at, array)) = r.array(all, "quick_fix")? {
        listed = true;
        for (i, value) in array.iter().enumerate().filter(|(_, v)| !v.is_null()) {
            let member = format!("{at}[{i}]");
            let id = r.text_at(&member, value)?;
            let line = p.at(member);
            let origin = p.c.origin(line);
            p.c.installed_row(id, None, origin);
        }
        // a class that answers with nothing is broken more often than true
        if p.c.shown() == 0 {
            p.c.gap(Gap::NotAvailable);
        }
    }
    if let Some((at, object)) = r.members(all, "features")? {
        for (name, value) in object {
            let state = match value.as_u64() {
                Some(1) => FeatureState::Enabled,
                Some(2) => FeatureState::Disabled,
                Some(3) => FeatureState::Removed,
                _ => continue,
            };
            let fact = p.fact(state, &format!("{at}.{name}"));
            p.c.host.features.insert(clean(name), fact);
        }
    }
    if let Some((at, array)) = r.array(all, "roles")? {
        for (i, value) in array.iter().enumerate() {
            let place = element(r, &at, i, value)?;
            let id = r.number::<u64>(&place, "id")?.map(|f| f.value);
            let own = r.text(&place, "name")?.map(|f| f.value);
            let known = ROLES.iter().find(|(n, _)| Some(*n) == id).map(|(_, names)| names.to_vec());
            for name in known.unwrap_or_else(|| own.as_deref().into_iter().collect()) {
                let fact = p.fact(name.to_owned(), &place.at);
                p.c.host.roles.push(fact);
            }
        }
    }
    services(r, all, &mut p)?;
    // there are entitlements without a key: only a key that is active tells
    if let Some((at, array)) = r.array(all, "esu_licences")?
        && !array.is_empty()
    {
        p.c.host.esu = Some(p.fact(true, &at));
    }
    Ok(p.finish(listed.then_some((ListKind::QuickFix, "collected.quick_fix"))))
}

/// The history, newest first. What it installed may be gone since: `live` lists, which know better, are not added to.
fn history(r: &Reader, all: &Place, live: &[&Host]) -> Result<Host, ReadError> {
    let mut p = Part::new(r, &HISTORY);
    let Some((at, array)) = r.array(all, "history")? else { return Ok(p.finish(None)) };
    let known = live.iter().any(|h| !h.updates.is_empty());
    let there = |kb: &KbId| {
        live.iter().any(|h| h.updates.get(kb).is_some_and(|f| f.value == PackageState::Installed))
    };
    let mut seen = BTreeSet::new();
    for (i, value) in array.iter().enumerate() {
        let place = element(r, &at, i, value)?;
        let line = p.at(place.at.clone());
        p.c.row(line);
        let number = |name: &str| r.number::<u32>(&place, name).map(|n| n.map(|f| f.value));
        let (operation, result) = (number("operation")?, number("result")?);
        let Some(kb) = r.text(&place, "title")?.and_then(|t| kb_in(&t.value)) else { continue };
        // 0 and 1: it has not come to an end
        if result.is_none_or(|n| n < 2) || !seen.insert(kb) {
            continue;
        }
        match (operation, result) {
            // 3 is "with errors": neither
            (Some(1), Some(2)) if !known => {
                let origin = p.c.origin(line);
                p.c.update(kb, PackageState::Installed, origin);
            }
            (Some(1), Some(4 | 5)) if !there(&kb) => {
                let code = place.object.and_then(|o| o.get("hresult")).and_then(Value::as_i64);
                // the low 32 bits, however they were signed
                let text = code.filter(|c| *c != 0).map_or(String::new(), |c| format!("0x{:08x}", c as u32));
                let fact = p.c.fact(text, line);
                p.c.host.failed.insert(kb, fact);
            }
            _ => {}
        }
    }
    let shown = p.c.shown();
    let declared = r.number::<u32>(all, "history_total")?.map_or(shown, |f| f.value);
    if declared > shown {
        p.c.gap(Gap::CutByCount { declared, shown });
    }
    Ok(p.finish(Some((ListKind::History, "collected.history"))))
}

/// An object of an array.
fn element<'v>(r: &Reader, at: &str, i: usize, value: &'v Value) -> Result<Place<'v>, ReadError> {
    let at = format!("{at}[{i}]");
    let object = value.as_object().ok_or_else(|| r.wrong(&at, "an object", value))?;
    Ok(Place { at, object: Some(object) })
}

/// The update that a title names.
fn kb_in(title: &str) -> Option<KbId> {
    title.match_indices(['K', 'k']).find_map(|(i, _)| {
        let apart = !title[..i].ends_with(char::is_alphanumeric);
        match ids::kb_at_start(&title[i..]).filter(|_| apart) {
            Some(RowId::Kb(kb)) => Some(kb),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Input, Parsed, read, to_host1};
    use serde_json::json;

    fn try_read(collected: &Value) -> Result<Parsed, ReadError> {
        let document = json!({ "schema": "kbwhy/host/1", "name": "SRV", "collected": collected });
        read(&Input { name: "host.json", bytes: document.to_string().as_bytes() })
    }

    fn of(collected: Value) -> Host {
        try_read(&collected).unwrap().host
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    fn package(name: &str) -> String {
        format!("{name}~31bf3856ad364e35~amd64~~10.0.1.1")
    }

    #[test]
    fn what_was_not_collected_is_not_known() {
        let host = of(json!({}));
        assert_eq!(host, Host { name: host.name.clone(), ..Host::default() });
        let nothing =
            json!({ "windows": null, "packages": null, "quick_fix": null, "history": null, "dotnet": null });
        assert_eq!(of(nothing), host);
    }

    #[test]
    fn the_registry_tells_windows_as_reg_query_does() {
        let host = of(json!({ "architecture": "AMD64", "windows": {
            "ProductName": "Windows 10 Pro", "CurrentBuildNumber": "26100", "CurrentMajorVersionNumber": 10,
            "UBR": 4652, "EditionID": "Professional", "InstallationType": "Client", "ReleaseId": "2009",
            "DisplayVersion": "24H2" } }));
        assert_eq!(host.product.unwrap().value, "Windows 11 Pro");
        assert_eq!(host.version.unwrap().value, Version([10, 0, 26100, 0]));
        assert_eq!(
            (host.edition.unwrap().value.0.as_str(), host.release.unwrap().value.as_str()),
            ("Pro", "24H2")
        );
        assert_eq!(host.architecture.unwrap().value.name(), "x64");
        let revision = host.revision.unwrap();
        assert_eq!(
            (revision.value, revision.origin.to_string()),
            (4652, "host.json: collected.windows.UBR".into())
        );
    }

    #[test]
    fn the_store_goes_before_the_list_and_both_before_the_history() {
        let host = of(json!({
            "packages": { package("Package_for_KB4000001"): 96, package("Package_for_KB4000002"): 80 },
            "packages_unread": 0,
            "quick_fix": ["KB4000001", "KB4000002", "KB4000003"],
            "history": [
                { "title": "Removed since (KB4000004)", "operation": 1, "result": 2, "hresult": 0 },
                { "title": "(KB4000003)", "operation": 1, "result": 4, "hresult": -2145124329 },
                { "title": "(KB4000005)", "operation": 1, "result": 4, "hresult": 2149842967u32 },
                { "title": "(KB4000005)", "operation": 1, "result": 2, "hresult": 0 },
            ],
            "history_total": 9,
        }));
        assert_eq!(
            states(&host),
            [(4_000_001, "install-pending"), (4_000_002, "superseded"), (4_000_003, "installed")]
        );
        let failed: Vec<_> = host.failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect();
        assert_eq!(failed, [(4_000_005, "0x80240017")]);
        assert!(host.conflicts.is_empty());
        assert!(host.pending_reboot.unwrap().value);
        assert!(host.completeness.has_whole(ListKind::ComponentStore));
        let lists: Vec<_> = host
            .completeness
            .lists
            .iter()
            .map(|l| (l.kind, l.shown, l.gaps.len(), l.origin.to_string()))
            .collect();
        assert_eq!(
            lists,
            [
                (ListKind::QuickFix, 3, 0, "host.json: collected.quick_fix".into()),
                (ListKind::ComponentStore, 2, 0, "host.json: collected.packages".into()),
                (ListKind::History, 4, 1, "host.json: collected.history".into()),
            ]
        );
    }

    #[test]
    fn a_history_alone_tells_what_was_done_last() {
        let host = of(json!({ "history": [
            { "title": "(KB4000001)", "operation": 2, "result": 2 },
            { "title": "(KB4000001)", "operation": 1, "result": 2 },
            { "title": "(KB4000002)", "operation": 1, "result": 1 },
            { "title": "(KB4000002)", "operation": 1, "result": 4, "hresult": 0 },
            { "title": "x64 \u{7528} (KB4000003)", "operation": 1, "result": 2 },
            { "title": "(KB4000004)", "operation": 1, "result": 3 },
            { "title": null, "operation": 1, "result": 2 },
        ] }));
        assert_eq!(states(&host), [(4_000_003, "installed")]);
        let failed: Vec<_> = host.failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect();
        assert_eq!(failed, [(4_000_002, "")]);
    }

    #[test]
    fn a_list_that_may_hide_packages_is_not_whole() {
        let installed = package("Package_for_KB4000001");
        for (name, state, unread) in [
            (package("Package_for_KB4000002"), json!(112), json!(1)),
            (package("Package_for_KB4000002"), json!(112), json!(null)),
            (package("Package_for_KB4000002"), json!(null), json!(0)),
            (package("Package_for_KB4000002"), json!(7), json!(0)),
            ("Package_for_KB4000002".to_owned(), json!(112), json!(0)),
        ] {
            let host =
                of(json!({ "packages": { &installed: 112, &name: state }, "packages_unread": unread }));
            assert!(!host.completeness.has_whole(ListKind::ComponentStore), "{name} {state} {unread}");
        }
        let empty = of(json!({ "packages": {}, "packages_unread": 0, "quick_fix": [] }));
        assert!(!empty.completeness.has_whole(ListKind::ComponentStore));
        assert!(!empty.completeness.has_whole(ListKind::QuickFix));
    }

    #[test]
    fn both_keys_are_asked_before_no_restart_is_pending() {
        let pending = |keys: Value| of(json!({ "pending_restart": keys })).pending_reboot.map(|f| f.value);
        assert_eq!(pending(json!({ "component_servicing": false, "windows_update": true })), Some(true));
        assert_eq!(pending(json!({ "component_servicing": false, "windows_update": false })), Some(false));
        assert_eq!(pending(json!({ "component_servicing": false })), None);
        let waits = json!({ "component_servicing": false, "windows_update": false, "file_renames": true });
        assert_eq!(pending(waits), Some(false));
    }

    #[test]
    fn the_newest_servicing_stack_counts_by_its_numbers() {
        let host =
            of(json!({ "servicing_stack": { "10.0.14393.7692": "", "10.0.14393.10000": "", "x": "" } }));
        assert_eq!(host.servicing_stack.unwrap().value, Version([10, 0, 14393, 10000]));
    }

    #[test]
    fn release_numbers_are_dotnet_versions() {
        let dotnet = |keys: Value| of(json!({ "dotnet": keys })).dotnet_framework.map(|f| f.value);
        let release = |n: u32| dotnet(json!({ "v4\\Full": { "Release": n, "Install": 1 } }));
        for (number, version) in
            [(378_389, "4.5"), (394_271, "4.6.1"), (461_814, "4.7.2"), (528_449, "4.8"), (533_509, "4.8.1")]
        {
            assert_eq!(release(number).as_deref(), Some(version), "{number}");
        }
        assert_eq!(release(1), None);
        assert_eq!(dotnet(json!({ "v4\\Full": { "Install": 1 } })).as_deref(), Some("4.0"));
        let client = json!({ "v4\\Full": null, "v4\\Client": { "Install": 1 }, "v3.5": { "Install": 1 } });
        assert_eq!(dotnet(client).as_deref(), Some("4.0 Client Profile"));
        assert_eq!(dotnet(json!({ "v3.5": { "Install": 1 } })).as_deref(), Some("3.5"));
    }

    #[test]
    fn an_entitlement_is_stated_only_where_a_key_shows_it() {
        assert_eq!(of(json!({ "esu_licences": [] })).esu, None);
        let licensed =
            of(json!({ "esu_licences": ["Windows(R), Server-ESU-Year2 add-on for ServerStandard"] }));
        assert!(licensed.esu.unwrap().value);
        assert!(!of(json!({ "azure_arc_agent": false })).azure_arc.unwrap().value);
        let agent = of(json!({ "azure_arc_agent": true }));
        assert_eq!((agent.azure_arc, agent.notes.len()), (None, 1));
    }

    #[test]
    fn roles_have_the_names_that_updates_ask_for() {
        let host = of(json!({ "roles": [{ "id": 9, "name": "x" }, { "id": 13, "name": "DNS-Server" }] }));
        let roles: Vec<&str> = host.roles.iter().map(|f| f.value.as_str()).collect();
        assert_eq!(roles, ["AD LDS", "Active Directory Lightweight Directory Services", "DNS-Server"]);
    }

    #[test]
    fn components_have_short_versions_and_a_policy_goes_before_a_setting() {
        let host = of(json!({
            "powershell": { "v3": { "PowerShellVersion": "5.1.17763.1" }, "v1": { "PowerShellVersion": "2.0" } },
            "internet_explorer": { "Version": "9.11.9600.17416", "svcVersion": "11.0.9600.17416" },
            "policies": {
                "group_policy": { "PauseQualityUpdates": 1 },
                "settings": { "PauseQualityUpdates": 0, "PauseUpdatesExpiryTime": "2026-01-01T00:00:00Z" },
            },
            "features": { "NetFx3": 3, "Telnet": 4 },
        }));
        assert_eq!((host.wmf.unwrap().value.as_str(), host.internet_explorer.unwrap().value), ("5.1", 11));
        let policies: Vec<_> = host.policies.values().map(|f| f.value.as_str()).collect();
        assert_eq!(policies, ["1", "2026-01-01T00:00:00Z"]);
        assert_eq!(host.features.len(), 1);
    }

    #[test]
    fn a_wrong_type_names_its_member() {
        for (collected, member) in [
            (json!([]), "collected"),
            (json!({ "packages": [] }), "collected.packages"),
            (json!({ "packages": { "a": "b" } }), "collected.packages.a"),
            (json!({ "quick_fix": [5] }), "collected.quick_fix[0]"),
            (json!({ "history": ["x"] }), "collected.history[0]"),
            (json!({ "history": [{ "operation": "install" }] }), "collected.history[0].operation"),
            (
                json!({ "pending_restart": { "windows_update": 1 } }),
                "collected.pending_restart.windows_update",
            ),
            (json!({ "roles": [5] }), "collected.roles[0]"),
            (json!({ "free_space": "much" }), "collected.free_space"),
        ] {
            match try_read(&collected).unwrap_err() {
                ReadError::WrongMember { member: found, .. } => assert_eq!(found, member),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_was_derived_is_written_as_facts() {
        let host = of(json!({ "packages": { package("Package_for_KB4000001"): 112 }, "packages_unread": 0 }));
        let facts = to_host1(&host);
        assert!(facts.get("collected").is_none());
        assert_eq!(facts["updates"]["installed"], json!(["KB4000001"]));
    }
}
