//! `azcmagent show`: whether the host is connected to Azure Arc.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::Line;
use crate::model::Host;
use std::sync::Arc;

const FORMAT: &str = "azcmagent show";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "azcmagent show",
    signature: "Agent Status beside Agent Version",
    tells: "whether the host is connected to Azure Arc",
    cannot: "updates; which licences Azure Arc gives it",
    directness: Directness::System,
}];

/// Reads the agent's state; none if the text is something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let value = |label: &str| {
        lines.iter().find_map(|l| {
            let (name, value) = l.text.split_once(':')?;
            name.trim().eq_ignore_ascii_case(label).then(|| (value.trim().to_owned(), l.number))
        })
    };
    let (Some((status, line)), Some(_)) = (value("Agent Status"), value("Agent Version")) else {
        return Vec::new();
    };
    let mut c = Collector::new(input, FORMAT);
    // a machine that is enrolled may be out of reach for a while
    match status.to_ascii_lowercase().as_str() {
        "connected" => c.host.azure_arc = Some(c.fact(true, line)),
        _ => c.note("the agent of Azure Arc is installed and not connected", line),
    }
    vec![c.finish(None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    #[test]
    fn a_connected_agent_is_enrolled_and_another_is_not_known_to_be() {
        let show = |status: &str| {
            let text = format!(
                "Resource Name           : SRV01\nAgent Version           : 1.39.02628.1664\nAgent Status            : {status}\n"
            );
            let hosts = read(&lines(&text), &Arc::from("f"));
            hosts.first().map(|h| h.azure_arc.as_ref().map(|f| f.value))
        };
        assert_eq!(show("Connected"), Some(Some(true)));
        assert_eq!(show("Disconnected"), Some(None));
        assert!(read(&lines("Agent Status : Connected\n"), &Arc::from("f")).is_empty());
    }
}
