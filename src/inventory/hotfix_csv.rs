//! CSV of quick-fix updates: `Get-HotFix | Export-Csv` (quoted, `,` or `;`) and `wmic qfe … /format:csv` (not quoted).

use super::collect::Fleet;
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use crate::model::{Gap, Host, ListKind};
use std::sync::Arc;

const POWERSHELL: &str = "Get-HotFix CSV";
const WMIC: &str = "wmic qfe CSV";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: POWERSHELL,
        from: "Get-HotFix | Export-Csv hotfix.csv",
        signature: "a header of cells with HotFixID",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
    Format {
        name: WMIC,
        from: "wmic qfe list full /format:csv",
        signature: "a header that begins with Node",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
];

/// The header: where it stands, its delimiter, its cells.
fn header(lines: &[Line]) -> Option<(usize, u8, Vec<String>)> {
    // making a CSV reader is dear: only a line that can be the header gets one
    let candidate = |l: &Line| l.text.to_ascii_lowercase().contains("hotfixid");
    let head = lines.iter().enumerate().filter(|(_, l)| !l.is_blank()).take(200);
    head.filter(|(_, l)| candidate(l)).find_map(|(i, line)| {
        [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
            let cells = records(&line.text, delimiter, true).next()?.1;
            let quoted = line.text.trim_start().starts_with('"');
            if !cells.iter().all(|c| is_name(c)) {
                return None;
            }
            let id = cells.iter().any(|c| c.eq_ignore_ascii_case("HotFixID"));
            (id && (cells.len() > 1 || quoted)).then_some((i, delimiter, cells))
        })
    })
}

/// Can this be the name of a column? A line of a script names the columns too, among words and signs of its own.
fn is_name(cell: &str) -> bool {
    !cell.contains(['[', ']', '{', '}', '=', '|', '<', '>', '$', ';', '\\'])
        && !cell
            .to_ascii_lowercase()
            .split_whitespace()
            .any(|w| matches!(w, "get" | "wmic" | "get-hotfix" | "select"))
}

/// The records of a text with the line (from 0) at which each begins.
pub(super) fn records(
    text: &str,
    delimiter: u8,
    quoting: bool,
) -> impl Iterator<Item = (usize, Vec<String>)> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quoting(quoting)
        .delimiter(delimiter)
        .from_reader(std::io::Cursor::new(text.to_owned()))
        .into_records()
        .map_while(Result::ok)
        .map(|r| {
            let line = r.position().map_or(1, csv::Position::line);
            let cells = r.iter().map(|c| c.trim().to_owned()).collect();
            (usize::try_from(line).unwrap_or(1).saturating_sub(1), cells)
        })
}

/// Reads the records, one host for each machine that they name; empty if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let Some((start, delimiter, header)) = header(lines) else { return Vec::new() };
    let at = |name: &str| header.iter().position(|c| c.eq_ignore_ascii_case(name));
    let Some(id) = at("HotFixID") else { return Vec::new() };
    let wmic = header[0].eq_ignore_ascii_case("Node");
    let format = if wmic { WMIC } else { POWERSHELL };
    let beside = at("ServicePackInEffect");
    let on = at("InstalledOn");
    let machine = ["Node", "PSComputerName", "CSName", "__SERVER", "Source"].iter().find_map(|n| at(n));
    let mut fleet = Fleet::new(input, format);
    fleet.of("");
    let body = &lines[start + 1..];
    let text = body.iter().map(|l| &*l.text).collect::<Vec<_>>().join("\n");
    for (offset, cells) in records(&text, delimiter, !wmic) {
        // commas in a cell that wmic does not quote push the id to the right
        let pushed = cells.len().saturating_sub(header.len());
        let shifted = (id..=id + pushed).find(|&i| {
            cells
                .get(i)
                .is_some_and(|c| matches!(ids::row_id(c), Some(RowId::Kb(_))) || ids::is_update_like(c))
        });
        let column = shifted.unwrap_or(id);
        let Some(cell) = cells.get(column).filter(|c| !c.is_empty() && !c.eq_ignore_ascii_case("HotFixID"))
        else {
            continue;
        };
        // without a header of its own, what follows the table is no row
        if cells.len() < 2 && header.len() > 1 {
            continue;
        }
        // the rule below a header whose columns are apart by tabs
        if cells.iter().all(|c| c.bytes().all(|b| b == b'-')) {
            continue;
        }
        let line = body.get(offset).map_or(1, |l| l.number);
        let name = machine.and_then(|m| cells.get(m)).filter(|n| !n.is_empty() && n.len() <= 255);
        let origin = fleet.origin(line);
        let host = fleet.named(name.map(String::as_str), &origin);
        let near = beside.and_then(|b| cells.get(b + (column - id)));
        let kb = host.installed_row(cell, near.map(String::as_str), origin.clone());
        let date = on.and_then(|o| cells.get(o + (column - id)));
        if let (Some(kb), Some(date)) = (kb, date) {
            host.installed_on(kb, date, origin);
        }
    }
    fleet.settle_header();
    fleet.each().filter(|c| c.shown() == 0).for_each(|c| c.gap(Gap::NotAvailable));
    fleet.finish(|_| Some(ListKind::QuickFix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn kbs(text: &str) -> Vec<u32> {
        let hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        hosts[0].updates.keys().map(|k| k.number()).collect()
    }

    #[test]
    fn scripts_that_name_the_columns_are_no_list() {
        for text in [
            "wmic qfe get Caption,HotFixID,InstalledOn\nwmic service get name,displayname,startmode\n",
            "columns = [\"Source\",\"HotFixID\"]\nprint(row[\"HotFixID\"], \"KB4486553\")\n",
            "Get-HotFix | select Description, HotFixID\n",
        ] {
            assert!(read(&lines(text), &Arc::from("f")).is_empty(), "{text}");
        }
    }

    #[test]
    fn columns_may_be_apart_by_tabs() {
        let text = "Source\tHotFixID\tInstalledOn\n------\t--------\t-----------\nPC\tKB4486553\t1/2/2019\n";
        let hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.len(), 1);
        assert_eq!(hosts[0].name.as_ref().map(|n| n.value.as_str()), Some("PC"));
    }

    #[test]
    fn quoted_cells_hold_quotes_and_commas() {
        let path = r#""\\A:Win32_QuickFixEngineering.HotFixID=""KB1111111"",ServicePackInEffect=""""""#;
        let text = format!(
            "#TYPE System.Management.ManagementObject\r\n\"__PATH\",\"HotFixID\"\r\n{path},\"KB5013641\"\r\n"
        );
        assert_eq!(kbs(&text), [5_013_641]);
        assert_eq!(
            kbs("\"Source\";\"HotFixID\"\n\"A\";\"KB5013641\"\n\"A\";\"KB5013642\"\n"),
            [5_013_641, 5_013_642]
        );
        assert_eq!(kbs("\"HotFixID\"\n\"KB5013641\"\n"), [5_013_641]);
    }

    #[test]
    fn wmic_cells_with_commas_push_the_id() {
        let text = "\r\r\nNode,Caption,HotFixID,InstalledOn,ServicePackInEffect\r\r\nA,one, two,KB5013641,1/1/2020,\r\r\nA,,File 1,,KB893803v2\r\r\n";
        assert_eq!(kbs(text), [893_803, 5_013_641]);
        let hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(
            hosts[0].updates.values().map(|f| f.origin.to_string()).collect::<Vec<_>>(),
            ["f:4", "f:3"]
        );
    }

    #[test]
    fn every_node_is_a_machine() {
        assert_eq!(read(&lines("Node,HotFixID\nA,KB5013641\nB,KB5013642\n"), &Arc::from("f")).len(), 2);
        assert!(read(&lines("a,b\n1,2\n"), &Arc::from("f")).is_empty());
    }
}
