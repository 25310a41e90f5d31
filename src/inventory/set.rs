//! Facts that the user states on the command line, laid over what the inventories say.

use super::{Input, read};
use crate::model::{Fact, Host, Origin, RegistryValue, file_path, registry_place_of};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Lays one fact over a host: `os.revision=2300`, `facts.esu=true`, `updates.absent=KB2919355`.
///
/// # Errors
/// One line: the text is not `fact=value`, the fact is none of `kbwhy/host/1`, or its value has the wrong type.
pub fn set_fact(host: &mut Host, text: &str) -> Result<(), String> {
    let (path, value) = text.split_once('=').ok_or("expected FACT=VALUE, such as os.revision=2300")?;
    if let Some(set) = place(host, path.trim(), value) {
        return set;
    }
    let (section, member) =
        path.trim().split_once('.').ok_or("expected a fact such as os.revision or facts.esu")?;
    let value = value.trim();
    let leaf = match (section, member) {
        ("updates", "installed" | "absent" | "pending") => {
            json!(value.split(',').map(str::trim).collect::<Vec<_>>())
        }
        ("facts", "roles") => json!(value.split(',').map(str::trim).collect::<Vec<_>>()),
        // versions stay text: 4.8 is no number here
        (
            "os",
            "product" | "version" | "edition" | "architecture" | "language" | "installation_type" | "release",
        )
        | ("facts", "servicing_stack" | "dotnet_framework" | "wmf") => json!(value),
        ("os", "revision" | "branch" | "service_pack" | "offline_image")
        | (
            "facts",
            "pending_reboot" | "ie" | "esu" | "sha2_support" | "store_corrupt" | "azure_arc" | "hotpatch"
            | "remote_session" | "free_space",
        )
        | ("updates", "complete") => serde_json::from_str::<Value>(value)
            .map_err(|_| format!("`{value}` is no number, true or false"))?,
        ("facts", feature) if feature.starts_with("features.") => {
            let stated = overlay_value(
                &json!({"facts": {"features": {feature["features.".len()..].to_owned(): value}}}),
            )?;
            host.features.extend(stated.features);
            return Ok(());
        }
        ("facts", policy) if policy.starts_with("policies.") => {
            let name = &policy["policies.".len()..];
            let stated = overlay_value(&json!({"facts": {"policies": {name: value}}}))?;
            host.policies.extend(stated.policies);
            return Ok(());
        }
        _ => return Err(format!("`{path}` is no fact of kbwhy/host/1")),
    };
    let mut inner = Map::new();
    inner.insert(member.to_owned(), leaf);
    let stated = overlay_value(&json!({ section: inner }))?;
    overlay(host, stated);
    Ok(())
}

/// Facts whose names are places: `registry.HKLM\\…\\Value`, `files.%windir%\\…`, `device.Name`,
/// `services.W3SVC`, `management.AzureAdJoined`. None for other facts.
fn place(host: &mut Host, path: &str, value: &str) -> Option<Result<(), String>> {
    let (section, name) = path.split_once('.')?;
    let origin = Origin::whole(&Arc::from("--set"), super::host1::FORMAT);
    let value = super::lines::clean(value.trim());
    Some(match section {
        "registry" => registry(host, name, &value, &origin),
        "files" => value.parse().map(|state| {
            host.files.insert(file_path(&super::lines::clean(name)), Fact::new(state, origin));
        }),
        "device" | "services" | "management" if !name.is_empty() => {
            let map = match section {
                "device" => &mut host.device,
                "services" => &mut host.services,
                _ => &mut host.management,
            };
            map.insert(super::lines::clean(name).to_lowercase(), Fact::new(value, origin));
            Ok(())
        }
        _ => return None,
    })
}

/// A value, or a key where the name ends in a backslash.
fn registry(host: &mut Host, name: &str, value: &str, origin: &Origin) -> Result<(), String> {
    let name = super::lines::clean(name);
    let value: RegistryValue = value.parse()?;
    let place = registry_place_of(&name).ok_or_else(|| format!("`{name}` is no place in HKLM"))?;
    if place.ends_with('\\') && !matches!(value, RegistryValue::Key | RegistryValue::Absent) {
        return Err("a key is `key` (there) or `absent`".into());
    }
    host.registry.insert(place, Fact::new(value, origin.clone()));
    Ok(())
}

fn overlay_value(document: &Value) -> Result<Host, String> {
    let mut document = document.clone();
    document["schema"] = json!("kbwhy/host/1");
    let bytes = document.to_string();
    let parsed = read(&Input { name: "--set", bytes: bytes.as_bytes() });
    parsed.map(|p| p.host).map_err(|e| e.to_string().trim_start_matches("--set: ").to_owned())
}

/// What is stated replaces what was read; a value that it replaces is no conflict.
fn overlay(host: &mut Host, stated: Host) {
    macro_rules! lay {
        ($($field:ident),+) => { $(if stated.$field.is_some() { host.$field = stated.$field; })+ };
    }
    lay!(
        name,
        product,
        version,
        revision,
        branch,
        revision_at_least,
        release,
        service_pack,
        edition,
        installation_type,
        architecture,
        language,
        offline_image,
        pending_reboot,
        servicing_stack,
        dotnet_framework,
        wmf,
        internet_explorer,
        esu,
        sha2_support,
        store_corrupt,
        azure_arc,
        hotpatch,
        remote_session,
        free_space
    );
    host.updates.extend(stated.updates);
    host.features.extend(stated.features);
    host.roles.extend(stated.roles);
    host.completeness.complete |= stated.completeness.complete;
}
