//! `PsInfo -h`: the system, and the updates below `OS Hot Fix`.

use super::collect::Collector;
use super::facts;
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use super::os_values::{is_computer_name, version_of_build};
use super::systeminfo::label_value;
use crate::model::{Host, ListKind};
use std::sync::Arc;

const FORMAT: &str = "PsInfo";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "psinfo -h",
    signature: "System information for \\\\HOST: with Kernel build number",
    tells: "product, build, service pack, updates",
    cannot: "the revision (UBR); the architecture; what the image was built with",
    directness: Directness::Reported,
}];

/// The machine of `System information for \\HOST:`.
fn machine(text: &str) -> Option<&str> {
    text.trim().strip_prefix("System information for")?.trim().trim_start_matches('\\').strip_suffix(':')
}

/// Reads each machine that it tells of; empty if the text is something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let starts: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| machine(&l.text).is_some())
        .map(|(i, _)| i)
        .take(1_000)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).filter_map(|(&s, e)| host(&lines[s..e], input)).collect()
}

fn host(lines: &[Line], input: &Arc<str>) -> Option<Host> {
    let first = lines.first()?;
    let mut c = Collector::new(input, FORMAT);
    let get = |name: &str| {
        let fields = lines.iter().take(60).filter_map(|l| Some((label_value(l.text.trim())?, l.number)));
        fields.filter(|((n, _), _)| *n == name).map(|((_, v), line)| (v, line)).next()
    };
    let (build, line) = get("Kernel build number")?;
    let version = version_of_build(build)?;
    if let Some(name) = machine(&first.text).filter(|n| is_computer_name(n)) {
        c.host.name = Some(c.fact(name.to_owned(), first.number));
    }
    let pack = get("Service pack").map_or(String::new(), |(n, _)| format!("Service Pack {n}"));
    facts::tell_version(&mut c, version, if version.0[0] < 6 { &pack } else { "" }, line);
    if let Some((kernel, line)) = get("Kernel version") {
        let product = kernel.rsplit_once(',').map_or(kernel, |(p, _)| p);
        facts::tell_registry_product(&mut c, product, line);
    }
    let list = lines.iter().position(|l| l.text.trim_start().starts_with("OS Hot Fix"));
    for row in list.map_or(&[] as &[Line], |i| &lines[i + 1..]) {
        let id = row.text.split_whitespace().next().unwrap_or_default();
        match ids::kb_at_start(id) {
            Some(RowId::Kb(_) | RowId::Cut) => {}
            _ if ids::is_update_like(id) || id.is_empty() => {}
            _ => break,
        }
        let origin = c.origin(row.number);
        c.installed_row(id, None, origin);
    }
    let listed = c.shown() > 0;
    Some(c.finish(listed.then_some(ListKind::QuickFix)))
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    #[test]
    fn the_system_and_its_updates() {
        let text = "PsInfo v1.78 - Local and remote system information viewer\n\nSystem information for \\\\PC01:\nUptime:                    0 days\nKernel version:            Windows 10 Pro, Multiprocessor Free\nProduct version:           6.3\nService pack:              0\nKernel build number:       26100\n\
            OS Hot Fix     Installed\nKB5044033      10/9/2024\nQ147222        1/2/2002\nApplications:\nUpdate KB2919355\n";
        let host = read(&lines(text), &Arc::from("f")).pop().unwrap();
        assert_eq!(host.updates.keys().map(|k| k.number()).collect::<Vec<_>>(), [5_044_033]);
        assert_eq!(host.other_ids, ["Q147222"]);
        assert_eq!(host.product.map(|p| p.value).as_deref(), Some("Windows 11 Pro"));
        assert_eq!(host.version.map(|p| p.value.to_string()).as_deref(), Some("10.0.26100"));
        assert!(read(&lines("System information for \\\\PC01:\nUptime: 0\n"), &Arc::from("f")).is_empty());
    }
}
