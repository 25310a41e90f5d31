//! Facts of Puppet: `facter` and `puppet facts`, as JSON or as text.

use super::collect::Fleet;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt};
use super::node::Node;
use super::os_values::{Values, is_computer_name};
use super::windows;
use crate::model::{Host, Origin};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "Puppet facts";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "facter --json, or puppet facts show",
    signature: "facts os.windows and kernelversion, or windows_product_name",
    tells: "product, build, edition, installation type, architecture, release",
    cannot: "updates; the revision (UBR)",
    directness: Directness::Gathered,
}];

/// A fact's path, with the names of the older flat facts.
const NAMES: [(&str, &[&str]); 9] = [
    ("caption", &["os.windows.product_name", "windows_product_name"]),
    ("version", &["kernelversion", "kernelrelease"]),
    ("editionid", &["os.windows.edition_id", "windows_edition_id"]),
    ("installationtype", &["os.windows.installation_type", "windows_installation_type"]),
    (
        "release",
        &[
            "os.windows.display_version",
            "windows_display_version",
            "os.windows.release_id",
            "windows_release_id",
        ],
    ),
    ("machine", &["os.architecture", "architecture", "os.hardware", "hardwaremodel"]),
    ("name", &["networking.hostname", "hostname", "networking.fqdn", "fqdn", "clientcert"]),
    ("family", &["os.family", "osfamily", "os.name", "operatingsystem"]),
    ("kernel", &["kernel"]),
];

/// What the facts of one machine say, by the names above.
type Facts = BTreeMap<&'static str, (String, Origin)>;

/// Reads facts, the output of `puppet facts`, or what PuppetDB answers; none if they are not of Windows.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, FORMAT);
    for outer in Node::root(value).each() {
        let node =
            outer.any(&["values", "facts"]).filter(|n| n.object().is_some()).unwrap_or_else(|| outer.clone());
        let mut facts = Facts::new();
        for (name, paths) in NAMES {
            let found = paths.iter().find_map(|p| {
                let member = node.path(&p.split('.').collect::<Vec<_>>())?;
                Some((member.text()?, member.origin(input, FORMAT)))
            });
            facts.extend(found.map(|f| (name, f)));
        }
        let certificate = outer.any(&["certname", "name"]).and_then(|n| n.told(input, FORMAT));
        if let Some(name) = certificate.filter(|_| !facts.contains_key("name")) {
            facts.insert("name", (name.value, name.origin));
        }
        tell(&facts, &mut fleet);
    }
    fleet.finish(|_| None)
}

/// Reads what `facter` prints without `--json`: `kernel => windows`, and nested `os => {` … `}`.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    // the place of the name among those of the fact: the first counts, wherever it stands
    let mut found: BTreeMap<&'static str, (usize, (String, Origin))> = BTreeMap::new();
    let mut path: Vec<&str> = Vec::new();
    for line in lines.iter().filter(|l| !is_prompt(&l.text)) {
        let text = line.text.trim().trim_end_matches(',');
        if matches!(text, "}" | "]") {
            path.pop();
            continue;
        }
        let Some((name, value)) = text.split_once(" => ") else { continue };
        if matches!(value, "{" | "[") {
            if path.len() < 32 {
                path.push(name);
            }
            continue;
        }
        // no name that is looked for is long
        if path.iter().map(|p| p.len()).sum::<usize>() + name.len() > 100 {
            continue;
        }
        let full = path.iter().copied().chain([name]).collect::<Vec<_>>().join(".");
        let value = value.trim().trim_matches('"');
        for (fact, names) in NAMES {
            let Some(rank) = names.iter().position(|n| *n == full).filter(|_| !value.is_empty()) else {
                continue;
            };
            if found.get(fact).is_none_or(|(known, _)| rank < *known) {
                found.insert(fact, (rank, (value.to_owned(), Origin::line(input, FORMAT, line.number))));
            }
        }
    }
    let facts: Facts = found.into_iter().map(|(fact, (_, told))| (fact, told)).collect();
    let mut fleet = Fleet::new(input, FORMAT);
    tell(&facts, &mut fleet);
    fleet.finish(|_| None)
}

fn tell(facts: &Facts, fleet: &mut Fleet) {
    let is = |name: &str| facts.get(name).is_some_and(|(t, _)| t.eq_ignore_ascii_case("windows"));
    // other tools have kernels and names as well: at least two facts must be Puppet's own
    if !(is("family") || is("kernel")) || !facts.contains_key("version") || facts.len() < 3 {
        return;
    }
    let own = facts.get("name").filter(|(t, _)| is_computer_name(t));
    let c = fleet.of(&own.map_or(String::new(), |(t, _)| t.to_uppercase()));
    if let Some((text, origin)) = own {
        windows::name(&mut c.host, text, origin.clone());
    }
    let mut values = Values::default();
    for (name, (text, origin)) in facts {
        if !matches!(*name, "name" | "family" | "kernel") {
            values.put(name, text, origin.clone());
        }
    }
    windows::tell(&values, &mut c.host);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn shown(host: &Host) -> [Option<String>; 5] {
        [
            host.name.as_ref().map(|f| f.value.clone()),
            host.product.as_ref().map(|f| f.value.clone()),
            host.version.as_ref().map(|f| f.value.to_string()),
            host.edition.as_ref().map(|f| f.value.0.clone()),
            host.architecture.as_ref().map(|f| f.value.to_string()),
        ]
    }

    const WANT: [&str; 5] =
        ["foo", "Windows 11 Enterprise Evaluation", "10.0.26100", "Enterprise Evaluation", "x64"];

    const FACTS: &str = r#"{"kernel": "windows", "kernelversion": "10.0.26100", "networking": {"hostname": "foo"},
        "os": {"architecture": "x64", "family": "windows", "name": "windows", "release": {"full": "11"},
        "windows": {"display_version": "24H2", "edition_id": "EnterpriseEval", "installation_type": "Client",
            "product_name": "Windows 10 Enterprise Evaluation", "system32": "C:\\WINDOWS\\system32"}}}"#;

    #[test]
    fn facts_are_read_alone_and_wrapped() {
        for text in [
            FACTS.to_owned(),
            format!(r#"{{"name": "foo.example.com", "values": {FACTS}}}"#),
            format!(r#"[{{"certname": "foo.example.com", "facts": {FACTS}}}]"#),
        ] {
            let hosts = read_json(&serde_json::from_str(&text).unwrap(), &Arc::from("f"));
            assert_eq!(shown(&hosts[0]), WANT.map(|w| Some(w.to_owned())), "{text}");
            assert_eq!(hosts[0].release.as_ref().map(|r| r.value.as_str()), Some("24H2"));
        }
        let linux = FACTS.replace("\"windows\"", "\"Linux\"");
        assert!(read_json(&serde_json::from_str(&linux).unwrap(), &Arc::from("f")).is_empty());
    }

    #[test]
    fn the_text_form_is_read() {
        let text = "kernel => windows\nkernelversion => 10.0.26100\nnetworking => {\n  hostname => \"foo\",\n  ip => \"10.0.0.1\"\n}\n\
            os => {\n  architecture => \"x64\",\n  family => \"windows\",\n  release => {\n    full => \"11\"\n  },\n  windows => {\n\
            \u{20}   edition_id => \"EnterpriseEval\",\n    product_name => \"Windows 10 Enterprise Evaluation\",\n  }\n}\n";
        let host = &read(&lines(text), &Arc::from("f"))[0];
        assert_eq!(shown(host), WANT.map(|w| Some(w.to_owned())));
        assert_eq!(host.version.as_ref().unwrap().origin.to_string(), "f:2");
        assert!(read(&lines("kernel => Linux\nkernelversion => 5.4.0\n"), &Arc::from("f")).is_empty());
    }
}
