//! Chef's ohai, alone or as the automatic attributes of a node.

use super::collect::Fleet;
use super::format::{Directness, Format};
use super::node::Node;
use super::os_values::{Values, is_computer_name};
use super::windows;
use crate::model::{Fact, Host, InstallationType};
use serde_json::Value;
use std::sync::Arc;

const FORMAT: &str = "ohai";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "ohai, or knife node show NODE -l -F json",
    signature: "members platform_version and kernel of a platform windows",
    tells: "product, build, edition, installation type, architecture",
    cannot: "updates; the revision (UBR)",
    directness: Directness::Gathered,
}];

/// Reads the attributes; none if they are not of a Windows node.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, FORMAT);
    let root = Node::root(value);
    for outer in root.get("rows").unwrap_or(root).each() {
        let node = outer.get("automatic").unwrap_or_else(|| outer.clone());
        let windows = ["platform", "platform_family", "os"]
            .iter()
            .any(|n| node.text_of(n).as_deref() == Some("windows"));
        if !windows || !node.has("platform_version") || !(node.has("kernel") || node.has("ohai_time")) {
            continue;
        }
        tell(&node, &outer, &mut fleet, input);
    }
    fleet.finish(|_| None)
}

fn tell(node: &Node, outer: &Node, fleet: &mut Fleet, input: &Arc<str>) {
    let own = ["machinename", "hostname", "fqdn"].iter().find_map(|n| {
        let member = node.get(n)?;
        Some((member.text().filter(|t| is_computer_name(t))?, member))
    });
    let own = own.or_else(|| {
        let member = outer.get("name")?;
        Some((member.text()?, member))
    });
    let c = fleet.of(&own.as_ref().map_or(String::new(), |(t, _)| t.to_uppercase()));
    if let Some((text, member)) = &own {
        windows::name(&mut c.host, text, member.origin(input, FORMAT));
    }
    let mut values = Values::default();
    let mut put = |name: &str, path: &[&str]| {
        if let Some((text, member)) = node.path(path).and_then(|m| Some((m.text()?, m))) {
            values.put(name, &text, member.origin(input, FORMAT));
        }
    };
    put("caption", &["kernel", "os_info", "caption"]);
    put("caption", &["kernel", "name"]);
    put("version", &["platform_version"]);
    put("buildnumber", &["kernel", "os_info", "build_number"]);
    put("operatingsystemsku", &["kernel", "os_info", "operating_system_sku"]);
    put("osarchitecture", &["kernel", "os_info", "os_architecture"]);
    put("servicepackmajorversion", &["kernel", "os_info", "service_pack_major_version"]);
    put("oslanguage", &["kernel", "os_info", "os_language"]);
    put("producttype", &["kernel", "os_info", "product_type"]);
    put("systemtype", &["kernel", "cs_info", "system_type"]);
    put("machine", &["kernel", "machine"]);
    windows::tell(&values, &mut c.host);
    // ohai says of every server whether it is a core
    let server = node.path(&["kernel", "product_type"]).and_then(|n| n.text()).is_some_and(|t| t == "Server");
    let core = node.path(&["kernel", "server_core"]).and_then(|n| Some((n.flag()?, n)));
    if let Some((core, member)) = core.filter(|_| server && c.host.installation_type.is_none()) {
        let kind = if core { InstallationType::ServerCore } else { InstallationType::Server };
        c.host.installation_type = Some(Fact::new(kind, member.origin(input, FORMAT)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: &str = r#"{"platform": "windows", "platform_version": "10.0.17763", "os": "windows", "hostname": "SRV1",
        "kernel": {"machine": "x86_64", "product_type": "Server", "server_core": true, "name": "Microsoft Windows Server 2019 Standard",
            "os_info": {"caption": "Microsoft Windows Server 2019 Standard", "build_number": "17763", "operating_system_sku": 7, "os_architecture": "64-bit"}},
        "packages": {"Security Update for X (KB5000001)": {"version": "1"}}}"#;

    fn read(text: &str) -> Vec<Host> {
        read_json(&serde_json::from_str(text).unwrap(), &Arc::from("f"))
    }

    #[test]
    fn a_node_tells_windows_and_no_updates() {
        for text in [NODE.to_owned(), format!(r#"{{"name": "node1", "automatic": {NODE}}}"#)] {
            let host = &read(&text)[0];
            assert_eq!(host.name.as_ref().map(|n| n.value.as_str()), Some("SRV1"));
            assert_eq!(host.version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.17763"));
            assert_eq!(host.edition.as_ref().map(|e| e.value.0.as_str()), Some("Standard"));
            assert_eq!(host.installation_type.as_ref().map(|t| t.value), Some(InstallationType::ServerCore));
            assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(crate::model::Architecture::X64));
            assert!(host.updates.is_empty() && host.completeness.is_empty());
        }
    }

    #[test]
    fn nodes_of_other_systems_are_none() {
        assert!(read(&NODE.replace("\"windows\"", "\"ubuntu\"")).is_empty());
        assert_eq!(read(&format!("[{NODE}, {}]", NODE.replace("SRV1", "SRV2"))).len(), 2);
    }
}
