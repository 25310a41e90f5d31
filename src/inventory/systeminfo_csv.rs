//! `systeminfo /fo csv`, with or without its header line: one record for each machine, lists within one cell.

use super::format::{Directness, Format};
use super::lines::Line;
use super::systeminfo::{self, Field, Row};
use crate::model::Host;
use std::sync::Arc;

const FORMAT: &str = "systeminfo /fo csv";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "systeminfo /fo csv",
    signature: "quoted cells, one of which holds [01]: KB…",
    tells: "product, build, service pack, edition, architecture, updates",
    cannot: "the revision (UBR); pending updates; the end of a long list, which is cut and noticed",
    directness: Directness::Reported,
}];

/// Fewer columns than any version of the tool has.
const COLUMNS: usize = 20;

/// Reads the records; none if the text is something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let Some(start) = lines.iter().position(|l| l.text.trim_start().starts_with('"')) else {
        return Vec::new();
    };
    let mut hosts = Vec::new();
    let mut header: Vec<String> = Vec::new();
    for line in &lines[start..] {
        // a reader for each line is dear
        if line.text.bytes().filter(|b| *b == b',').count() + 1 < COLUMNS {
            continue;
        }
        let Some(cells) = cells(line.text.trim()).filter(|c| c.len() >= COLUMNS) else { continue };
        let version = cells.iter().any(|c| systeminfo::os_version(c).is_some());
        if !version {
            header = cells;
            continue;
        }
        let fields: Vec<Field> = cells
            .into_iter()
            .enumerate()
            .map(|(i, cell)| field(header.get(i).map_or("", String::as_str), &cell, line.number))
            .collect();
        hosts.push(systeminfo::host(&fields, input, FORMAT));
    }
    hosts
}

/// The cells of one record; a record of this tool never spans lines.
fn cells(line: &str) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(|c| c.trim().to_owned()).collect())
}

/// A cell with its rows: `4 Hotfix(s) Installed.,[01]: KB1,[02]: KB2`.
fn field(label: &str, cell: &str, line: u32) -> Field {
    let mut parts = cell.split(',');
    let first = parts.next().unwrap_or("").trim().to_owned();
    let rows: Vec<Row> = parts
        .map(str::trim)
        .filter(|p| p.starts_with('['))
        .map(|p| Row { line, text: p.to_owned() })
        .collect();
    // commas separate rows only where there are rows
    let value = if rows.is_empty() { cell.to_owned() } else { first };
    Field { line, label: label.to_owned(), value, rows, elided: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;
    use crate::model::{Architecture, Gap};

    fn record(name: &str, list: &str) -> String {
        let mut cells = vec![name, "Microsoft Windows Server 2019 Standard", "10.0.17763 N/A Build 17763"];
        cells.extend(["x"; 9]);
        cells.extend(["VMware, Inc.", "x64-based PC", "1 Processor(s) Installed.,[01]: Intel64 Family 6"]);
        cells.extend(["y"; 14]);
        cells.push(list);
        cells.extend(["1 NIC(s) Installed.,[01]: Net,      IP address(es),      [01]: 10.0.2.15", "none"]);
        cells.iter().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn a_record_without_its_header_reads_the_same() {
        let body = record("SRV1", "2 Hotfix(s) Installed.,[01]: KB4462930,[02]: KB4470788");
        let head = body.replace("10.0.17763 N/A Build 17763", "OS Version");
        for text in [format!("{head}\r\n{body}\r\n"), body.clone()] {
            let hosts = read(&lines(&text), &Arc::from("f"));
            assert_eq!(hosts.len(), 1);
            let host = &hosts[0];
            assert_eq!(host.name.as_ref().map(|n| n.value.as_str()), Some("SRV1"));
            assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(Architecture::X64));
            assert_eq!(host.updates.len(), 2);
            assert!(host.completeness.lists[0].gaps.is_empty());
        }
    }

    #[test]
    fn the_list_is_cut_at_the_same_length_as_in_text() {
        let mut list = "300 Hotfix(s) Installed.".to_owned();
        for n in 1.. {
            list.push_str(&format!(",[{n:02}]: KB{}", 4_000_000 + n));
            if list.len() >= 4095 {
                break;
            }
        }
        list.truncate(4095);
        let hosts = read(&lines(&record("SRV1", &list)), &Arc::from("f"));
        let seen = &hosts[0].completeness.lists[0];
        assert!(seen.gaps.contains(&Gap::CutByLength), "{:?}", seen.gaps);
        assert_eq!(hosts[0].updates.len() as u32, seen.shown);
        assert!(hosts[0].updates.keys().all(|k| k.number() >= 4_000_001));
    }
}
