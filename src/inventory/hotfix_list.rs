//! Lists of quick-fix updates: `Get-HotFix | Format-List` (`HotFixID : KB1`) and `wmic qfe … /format:list` (`HotFixID=KB1`).

use super::collect::{Fleet, is_ellipsis, is_filter};
use super::format::{Directness, Format};
use super::ids;
use super::lines::{Line, is_prompt};
use crate::model::{Gap, Host, ListKind};
use std::sync::Arc;

const POWERSHELL: &str = "Get-HotFix list";
const WMIC: &str = "wmic qfe list";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: POWERSHELL,
        from: "Get-HotFix | Format-List",
        signature: "HotFixID : KB…",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
    Format {
        name: WMIC,
        from: "wmic qfe list full /format:list",
        signature: "HotFixID=KB…",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
];

/// More properties than a record has: the text is something else.
const PROPERTIES: usize = 100;

/// One record in the making. Blank lines end none: CR CR LF that is saved again becomes a blank line after each.
#[derive(Default)]
struct Record {
    id: Option<(String, u32)>,
    beside: Option<String>,
    on: Option<String>,
    machine: Option<String>,
    seen: Vec<String>,
}

fn key_value(text: &str) -> Option<(String, &str, &'static str)> {
    let t = text.trim();
    let equals = t.find('=').filter(|&i| t[..i].chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    let (key, value, format) = match (equals, t.find(':')) {
        (Some(i), _) if i > 0 => (&t[..i], &t[i + 1..], WMIC),
        (_, Some(i)) if t[i + 1..].chars().next().is_none_or(char::is_whitespace) => {
            (&t[..i], &t[i + 1..], POWERSHELL)
        }
        _ => return None,
    };
    let key: String = key.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let name =
        !key.is_empty() && key.len() <= 40 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    name.then_some((key, value.trim(), format))
}

/// Reads the records, one host for each machine that they name; empty if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, POWERSHELL);
    let mut record = Record::default();
    let mut format = None;
    let (mut filtered, mut elided) = (false, false);
    for line in lines {
        if is_prompt(&line.text) {
            filtered |= is_filter(&line.text);
            continue;
        }
        if is_ellipsis(&line.text) {
            elided = true;
            continue;
        }
        let Some((key, value, shape)) = key_value(&line.text) else { continue };
        // a key that comes again begins the next record
        if record.seen.contains(&key) || record.seen.len() > PROPERTIES {
            flush(&mut fleet, &mut record, format);
        }
        match key.as_str() {
            "hotfixid" => {
                if !value.is_empty() {
                    record.id = Some((value.to_owned(), line.number));
                }
                format.get_or_insert(shape);
            }
            "installedon" if !value.is_empty() => record.on = Some(value.to_owned()),
            "servicepackineffect" => record.beside = Some(value.to_owned()),
            "pscomputername" | "csname" | "__server" | "source" if is_machine(value) => {
                record.machine.get_or_insert_with(|| value.to_owned());
            }
            _ => {}
        }
        record.seen.push(key);
    }
    flush(&mut fleet, &mut record, format);
    if format.is_none() {
        return Vec::new();
    }
    for c in fleet.each() {
        if filtered {
            c.gap(Gap::Filtered);
        }
        if elided {
            c.gap(Gap::Elided);
        }
    }
    fleet.finish(|_| Some(ListKind::QuickFix))
}

fn is_machine(value: &str) -> bool {
    !value.is_empty()
        && value != "."
        && value.len() <= 255
        && !value.contains(char::is_whitespace)
        && !value.contains("..")
}

fn flush(fleet: &mut Fleet, record: &mut Record, format: Option<&'static str>) {
    let Record { id, beside, on, machine, seen } = std::mem::take(record);
    // what security tools print of Windows Update's history under the same name: not what is installed
    if seen.iter().any(|k| k == "clientapplicationid" || k.starts_with("installedat")) {
        return;
    }
    let (Some((id, line)), Some(format)) = (id, format) else { return };
    // a sentence after the name is no record
    if id.contains(char::is_whitespace) && !ids::is_update_like(&id) && !id.contains(" - ") {
        return;
    }
    fleet.format = format;
    let origin = fleet.origin(line);
    let host = fleet.named(machine.as_deref(), &origin);
    let kb = host.installed_row(&id, beside.as_deref(), origin.clone());
    if let (Some(kb), Some(date)) = (kb, on) {
        host.installed_on(kb, &date, origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn one(text: &str) -> Host {
        let mut hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        hosts.remove(0)
    }

    #[test]
    fn an_id_that_is_repeated_in_other_properties_is_one_update() {
        let host = one("\
PSComputerName      : SRV01
__PATH              : \\\\SRV01\\root\\cimv2:Win32_QuickFixEngineering.HotFixID=\"KB4486553\",ServicePackInEffect=\"\"
Caption             : http://support.microsoft.com/?kbid=4486553
HotFixID            : KB4486553
ServicePackInEffect :

PSComputerName      : SRV01
HotFixID            : KB4470788
ServicePackInEffect : SP3
");
        assert_eq!(host.updates.len(), 2);
        assert_eq!(host.completeness.lists[0].shown, 2);
        assert_eq!(host.service_pack, None, "ServicePackInEffect says what the update came with");
    }

    #[test]
    fn a_blank_line_does_not_end_a_record() {
        let host = one(
            "HotFixID=File 1\n\nServicePackInEffect=KB893803v2\n\n\nHotFixID=Q147222\n\nServicePackInEffect=\n",
        );
        assert_eq!(host.updates.keys().map(|k| k.number()).collect::<Vec<_>>(), [893_803]);
        assert_eq!(host.other_ids, ["Q147222"]);
        assert_eq!(host.completeness.lists[0].origin.format, WMIC);
    }

    #[test]
    fn text_without_records_is_none() {
        assert!(read(&lines("State : Installed\nx=y\n"), &Arc::from("f")).is_empty());
    }
}
