//! Histories of the update agent: `Get-WUHistory`, `QueryHistory` as list, table, CSV or JSON. They list the newest event
//! first; an update that was removed keeps the row of its installation.

use super::collect::{Collector, is_filter};
use super::format::{Directness, Format};
use super::hotfix_json::{member, objects};
use super::lines::{Line, clean, is_prompt};
use super::logs::{Event, Events, kb_in_title};
use crate::model::{Host, KbId, ListKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use unicode_width::UnicodeWidthChar;

const TABLE: &str = "update history table";
const LIST: &str = "update history list";
const CSV: &str = "update history CSV";
const JSON: &str = "update history JSON";

const fn format(name: &'static str, from: &'static str, signature: &'static str) -> Format {
    Format {
        name,
        from,
        signature,
        tells: "updates that the agent installed, removed or failed to install",
        cannot: "what was installed in another way or before the history was reset; Windows itself",
        directness: Directness::Logged,
    }
}

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    format(
        TABLE,
        "Get-WUHistory, QueryHistory | Format-Table",
        "a header with Title and Operation or a result over dashes",
    ),
    format(LIST, "QueryHistory | Format-List", "records with Title and Operation or ResultCode"),
    format(CSV, "QueryHistory | Export-Csv", "a header of cells with Title and Operation or ResultCode"),
    format(JSON, "QueryHistory | ConvertTo-Json", "members Title and Operation or ResultCode"),
];

/// One row as it was written.
#[derive(Clone, Debug, Default)]
struct Row {
    fields: BTreeMap<&'static str, String>,
    line: u32,
}

/// The columns that are read, by their spelling without blanks, underscores and case.
fn column(name: &str) -> Option<&'static str> {
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
    Some(match plain.as_str() {
        "title" => "title",
        "date" => "date",
        "kb" | "kbarticle" | "kbarticleid" | "hotfixid" => "kb",
        "operation" | "operationname" | "operationtype" => "operation",
        "resultcode" | "result" | "status" | "installstatus" | "operationresult" => "result",
        "hresult" => "hresult",
        "computername" | "pscomputername" => "computer",
        _ => return None,
    })
}

/// Do these columns make a history? Lists of updates that are offered have a size.
fn is_history<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let names: Vec<String> =
        names.map(|n| n.trim().trim_matches('"').to_ascii_lowercase().replace(['_', ' '], "")).collect();
    let has = |all: &[&str]| all.iter().any(|n| names.iter().any(|m| m == n));
    // what Install-WindowsUpdate did has a size and a result
    let installs = has(&["kb"]) && has(&["size"]) && has(&["result"]) && !has(&["status"]);
    has(&["title"])
        && (has(&[
            "operation",
            "operationname",
            "operationtype",
            "operationresult",
            "resultcode",
            "installstatus",
        ]) && !has(&["size", "isinstalled", "isdownloaded", "kbarticleids"])
            || installs)
}

/// What a row says was done; none if it does not say, or nothing was done yet.
fn event(row: &Row) -> Option<Event> {
    let plain = |name: &str| {
        let text = row.fields.get(name)?;
        let plain = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        (!plain.is_empty()).then_some(plain)
    };
    let code = row.fields.get("hresult").and_then(|h| hresult(h));
    let pending = code.as_deref() == Some("0x80242014");
    let done = match plain("result").as_deref() {
        // older versions show no result
        None if !row.fields.contains_key("result") && !row.fields.contains_key("hresult") => Ok(true),
        None => return None,
        Some("2" | "succeeded" | "successful" | "success" | "orcsucceeded" | "installed") => Ok(true),
        Some("3" | "succeededwitherrors" | "orcsucceededwitherrors") => Ok(true),
        Some("1" | "inprogress" | "orcinprogress") if pending => Ok(false),
        Some("4" | "5" | "failed" | "aborted" | "orcfailed" | "orcaborted") => Err(code.unwrap_or_default()),
        Some(_) => return None,
    };
    match (plain("operation").as_deref(), done) {
        // nothing else but installations is shown where there is no such column
        (None, done) if !row.fields.contains_key("operation") => Some(match done {
            Ok(true) => Event::Installed,
            Ok(false) => Event::Pending,
            Err(code) => Event::Failed(code),
        }),
        (Some("1" | "installation" | "install" | "uoinstallation"), Ok(true)) => Some(Event::Installed),
        (Some("1" | "installation" | "install" | "uoinstallation"), Ok(false)) => Some(Event::Pending),
        (Some("1" | "installation" | "install" | "uoinstallation"), Err(code)) => Some(Event::Failed(code)),
        (Some("2" | "uninstallation" | "uninstall" | "uouninstallation"), Ok(true)) => Some(Event::Absent),
        (Some("2" | "uninstallation" | "uninstall" | "uouninstallation"), Ok(false)) => Some(Event::Removing),
        _ => None,
    }
}

/// An HRESULT as it is printed: a negative decimal number, or hexadecimal.
fn hresult(text: &str) -> Option<String> {
    let text = text.trim();
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => {
            let number: i64 = text.parse().ok()?;
            u32::try_from(number & 0xFFFF_FFFF).ok()?
        }
    };
    (number >= 0x8000_0000).then(|| format!("0x{number:08x}"))
}

/// A date as numbers that compare, with the day before the month, and with the month before the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Dates {
    day_first: Option<[i64; 6]>,
    month_first: Option<[i64; 6]>,
}

fn dates(text: &str) -> Dates {
    let none = Dates { day_first: None, month_first: None };
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).collect();
    let numbers: Option<Vec<i64>> = parts.iter().take(7).map(|p| p.parse().ok()).collect();
    let Some(numbers) = numbers else { return none };
    // milliseconds or seconds since 1970, as JSON and osquery write them
    if let [epoch, ..] = numbers[..]
        && parts.first().is_some_and(|p| p.len() >= 9)
    {
        let one = Some([epoch, 0, 0, 0, 0, 0]);
        return Dates { day_first: one, month_first: one };
    }
    let lower = text.to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    let afternoon =
        letters.ends_with("pm") || ["下午", "午後", "오후", "μμ"].iter().any(|w| lower.contains(w));
    let morning = letters.ends_with("am") || ["上午", "午前", "오전", "πμ"].iter().any(|w| lower.contains(w));
    let at = |i: usize| numbers.get(i).copied().unwrap_or(0);
    let hour = match (at(3), morning, afternoon) {
        (12, true, _) => 0,
        (h, _, true) if h < 12 => h + 12,
        (h, ..) => h,
    };
    let date = |y: i64, m: i64, d: i64| {
        ((1990..2200).contains(&y) && (1..=12).contains(&m) && (1..=31).contains(&d)).then_some([
            y,
            m,
            d,
            hour,
            at(4),
            at(5),
        ])
    };
    if numbers.len() < 3 {
        none
    } else if at(0) > 1900 {
        let one = date(at(0), at(1), at(2));
        Dates { day_first: one, month_first: one }
    } else {
        let year = if at(2) < 100 { at(2) + 2000 } else { at(2) };
        Dates { day_first: date(year, at(1), at(0)), month_first: date(year, at(0), at(1)) }
    }
}

/// How the rows follow each other in time: their indices, oldest first. Several orders if the dates are ambiguous.
fn orders(rows: &[Row]) -> Vec<Vec<usize>> {
    let dates: Vec<Dates> =
        rows.iter().map(|r| dates(r.fields.get("date").map_or("", String::as_str))).collect();
    // as they stand, the newest first: rows of one moment keep that order
    let written: Vec<usize> = (0..rows.len()).rev().collect();
    let by = |of: fn(&Dates) -> Option<[i64; 6]>| -> Option<Vec<usize>> {
        let keys: Option<Vec<[i64; 6]>> = dates.iter().map(of).collect();
        let keys = keys?;
        let mut order = written.clone();
        order.sort_by_key(|i| keys.get(*i).copied());
        Some(order)
    };
    let mut out: Vec<Vec<usize>> =
        [by(|d| d.day_first), by(|d| d.month_first)].into_iter().flatten().collect();
    if out.is_empty() {
        out.push(written);
    }
    out.dedup();
    out
}

/// One host for each machine that the rows name.
fn hosts(rows: Vec<Row>, format: &'static str, input: &Arc<str>, filtered: bool) -> Vec<Host> {
    let mut machines: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let name =
            row.fields.get("computer").map(|n| n.trim()).filter(|n| !n.contains("..") && !n.contains('…'));
        machines.entry(name.unwrap_or_default().to_owned()).or_default().push(row);
    }
    machines.into_iter().map(|(name, rows)| host(&name, &rows, format, input, filtered)).collect()
}

fn kb(row: &Row) -> Option<KbId> {
    let field = |name: &str| row.fields.get(name).map_or("", String::as_str);
    let own = field("kb").trim();
    kb_in_title(own).or_else(|| kb_in_title(field("title"))).or_else(|| {
        let bare = own.trim_matches(['{', '}', '"']);
        (bare.len() >= 6).then(|| bare.parse().ok())?
    })
}

fn host(name: &str, rows: &[Row], format: &'static str, input: &Arc<str>, filtered: bool) -> Host {
    let told: Vec<Events> = orders(rows)
        .iter()
        .map(|order| {
            let mut events = Events::default();
            for row in order.iter().filter_map(|&i| rows.get(i)) {
                events.row(row.line);
                let Some(event) = event(row) else { continue };
                let title = row.fields.get("title").map_or("", String::as_str);
                let (kb, installed) = (kb(row), event == Event::Installed);
                if let Some(kb) = kb {
                    if matches!(event, Event::Installed | Event::Pending) {
                        events.title(title, row.line);
                    }
                    events.add(kb, event, row.line);
                }
                if installed {
                    events.installed_for(kb, title);
                }
            }
            events
        })
        .collect();
    let mut told = told.into_iter();
    let mut events = told.next().unwrap_or_default();
    // what depends on how the dates are read is not known
    for other in told {
        events.agree(&other);
    }
    let mut c = Collector::new(input, format);
    if filtered {
        c.gap(crate::model::Gap::Filtered);
    }
    events.tell(&mut c);
    if !name.is_empty() {
        let line = rows.first().map_or(1, |r| r.line);
        c.host.name = Some(c.fact(name.to_owned(), line));
    }
    c.finish(Some(ListKind::History))
}

/// Where a column of a table begins and ends, in cells of the screen.
#[derive(Clone, Debug)]
struct Cell {
    column: Option<&'static str>,
    start: usize,
    end: usize,
}

/// The words of a header; a rule of dashes below makes it one.
fn header(text: &str, below: &str) -> Option<Vec<Cell>> {
    let rule = below.contains("--") && below.chars().all(|c| c == '-' || c.is_whitespace());
    if !rule || !is_history(text.split_whitespace()) {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut start = None;
    for (i, c) in chars.iter().copied().chain([' ']).enumerate() {
        match (c.is_whitespace(), start) {
            (false, None) => start = Some(i),
            (true, Some(s)) => {
                let name: String = chars.get(s..i).unwrap_or_default().iter().collect();
                out.push(Cell { column: column(&name), start: s, end: i });
                start = None;
            }
            _ => {}
        }
    }
    Some(out)
}

/// The cells of a row. Numbers end where their header ends, everything else begins where it begins.
fn cells(text: &str, header: &[Cell], wide: bool, line: u32) -> Row {
    let mut row = Row { line, ..Row::default() };
    let mut places: Vec<(usize, char)> = Vec::new();
    let mut at = 0;
    for c in text.chars() {
        places.push((at, c));
        at += if wide { c.width().unwrap_or(0) } else { 1 };
    }
    let slice = |from: usize, to: usize| -> String {
        places.iter().filter(|(p, _)| (from..to).contains(p)).map(|(_, c)| *c).collect()
    };
    for (i, cell) in header.iter().enumerate() {
        let Some(column) = cell.column else { continue };
        let next = header.get(i + 1).map_or(usize::MAX, |n| n.start);
        let left = slice(cell.start, next).trim().to_owned();
        let before = i.checked_sub(1).and_then(|i| header.get(i)).map_or(0, |p| p.end);
        let right = slice(before, cell.end);
        let right = right.split_whitespace().next_back().unwrap_or("");
        let number = right.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) && !right.is_empty();
        let value = match column {
            "operation" | "result" | "hresult" if number => right.to_owned(),
            "operation" | "hresult" => left.split_whitespace().next().unwrap_or("").to_owned(),
            _ => left,
        };
        row.fields.insert(column, value);
    }
    row
}

/// Reads tables; rows that do not fit their header tell nothing.
fn table(lines: &[Line]) -> Option<Vec<Row>> {
    let mut columns: Option<Vec<Cell>> = None;
    let mut rows = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        if line.is_blank() || is_prompt(&line.text) {
            continue;
        }
        let below = || lines[i + 1..].iter().find(|l| !l.is_blank()).map_or("", |l| &*l.text);
        if line.text.contains("Title")
            && let Some(found) = header(&line.text, below())
        {
            columns = Some(found);
            continue;
        }
        let Some(header) = &columns else { continue };
        if line.text.chars().all(|c| c == '-' || c.is_whitespace()) {
            continue;
        }
        let narrow = cells(&line.text, header, false, line.number);
        // a console counts ideographs twice
        let row = match event(&narrow) {
            None if !line.text.is_ascii() => cells(&line.text, header, true, line.number),
            _ => narrow,
        };
        if row.fields.get("title").is_some_and(|t| !t.is_empty()) {
            rows.push(row);
        }
    }
    columns.map(|_| rows)
}

/// Reads records of `Key : value`; values that are too long for the screen go on in the next line.
fn list(lines: &[Line]) -> Option<Vec<Row>> {
    let mut rows: Vec<(Row, Vec<String>)> = Vec::new();
    let mut open: Option<&'static str> = None;
    let mut margin: Option<usize> = None;
    for line in lines.iter().filter(|l| !is_prompt(&l.text)) {
        let indent = line.text.chars().take_while(|c| c.is_whitespace()).count();
        let pair = line.text.split_once(':').filter(|(k, v)| {
            let key = k.trim();
            // what stands further in goes on with the value before
            margin.is_none_or(|m| indent <= m + 4)
                && !key.is_empty()
                && key.len() <= 30
                && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '/'))
                && v.chars().next().is_none_or(char::is_whitespace)
        });
        let Some((key, value)) = pair else {
            let text = line.text.trim();
            if text.is_empty() {
                open = None;
            } else if let (Some(column), Some((row, _))) = (open, rows.last_mut())
                && line.text.starts_with(char::is_whitespace)
                && let Some(field) = row.fields.get_mut(column)
                && field.len() < 4096
            {
                field.push_str(text);
            }
            continue;
        };
        margin = Some(margin.map_or(indent, |m| m.min(indent)));
        let key = key.trim().to_ascii_lowercase();
        // a key that comes again begins the next record
        if rows.last().is_none_or(|(_, seen)| seen.contains(&key) || seen.len() > 100) {
            rows.push((Row { line: line.number, ..Row::default() }, Vec::new()));
        }
        open = column(&key);
        if let Some((row, seen)) = rows.last_mut() {
            if let Some(column) = open {
                if column == "title" {
                    row.line = line.number;
                }
                row.fields.entry(column).or_insert_with(|| value.trim().to_owned());
            }
            seen.push(key);
        }
    }
    let kept = rows.into_iter().filter(|(row, seen)| {
        is_history(seen.iter().map(String::as_str)) && row.fields.contains_key("title")
    });
    let rows: Vec<Row> = kept.map(|(row, _)| row).collect();
    (!rows.is_empty()).then_some(rows)
}

/// Reads what was copied or redirected from a console; empty if it is no history.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let found = table(lines).map(|rows| (rows, TABLE)).or_else(|| list(lines).map(|rows| (rows, LIST)));
    let Some((rows, format)) = found else { return Vec::new() };
    let filtered = lines.iter().any(|l| is_prompt(&l.text) && is_filter(&l.text));
    hosts(rows, format, input, filtered)
}

/// Reads `Export-Csv`; empty if it is no history.
pub(super) fn read_csv(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let head = lines.iter().enumerate().filter(|(_, l)| !l.is_blank() && !l.text.starts_with("#TYPE"));
    let found = head.take(5).find_map(|(i, l)| {
        let delimiter = [',', ';', '\t'].into_iter().find(|d| is_history(l.text.split(*d)))?;
        Some((i, delimiter))
    });
    let Some((start, delimiter)) = found else { return Vec::new() };
    let text: String = lines[start..].iter().flat_map(|l| [&*l.text, "\n"]).collect();
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter as u8)
        .from_reader(std::io::Cursor::new(text));
    let Ok(headers) = reader.headers().cloned() else { return Vec::new() };
    let mut rows = Vec::new();
    for record in reader.into_records().map_while(Result::ok) {
        let offset = record.position().map_or(1, csv::Position::line).saturating_sub(1);
        let at = usize::try_from(offset).ok().and_then(|o| lines.get(start + o));
        let mut row = Row { line: at.map_or(1, |l| l.number), ..Row::default() };
        for (name, value) in headers.iter().zip(record.iter()) {
            if let Some(column) = column(name.trim()) {
                row.fields.entry(column).or_insert_with(|| value.trim().to_owned());
            }
        }
        // a cell too many or too few moves the others
        if record.len() == headers.len() {
            rows.push(row);
        }
    }
    hosts(rows, CSV, input, false)
}

/// Reads JSON; empty if it is no history.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let objects = objects(value);
    if objects.is_empty() || !objects.iter().all(|(_, o)| is_history(o.keys().map(String::as_str))) {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (number, (_, object)) in (1u32..).zip(&objects) {
        let mut row = Row { line: number, ..Row::default() };
        for (name, value) in *object {
            let text = match value {
                Value::String(s) => clean(s),
                Value::Number(n) => n.to_string(),
                // PowerShell writes a date with its text beside it
                Value::Object(o) => member(o, "value").and_then(Value::as_str).unwrap_or_default().to_owned(),
                _ => continue,
            };
            if let Some(column) = column(name) {
                row.fields.entry(column).or_insert(text);
            }
        }
        rows.push(row);
    }
    hosts(rows, JSON, input, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Input, Parsed, ReadError, read as read_input};

    fn parse(text: &str) -> Result<Parsed, ReadError> {
        read_input(&Input { name: "f", bytes: text.as_bytes() })
    }

    fn states(text: &str) -> Vec<(u32, &'static str)> {
        let parsed = parse(text).unwrap();
        parsed.host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    fn failed(text: &str) -> Vec<(u32, String)> {
        parse(text).unwrap().host.failed.iter().map(|(k, f)| (k.number(), f.value.clone())).collect()
    }

    #[test]
    fn tables_with_and_without_results_are_read() {
        let old = "ComputerName Operationname  Date                KB        Title\n\
            ------------ -------------  ----                --        -----\n\
            SRV01        Installation   29.08.2017 11:30:37 KB4035631 2017-08 Update for Windows Server 2016 for x64-based Syste...\n\
            SRV01        Uninstallation 28.08.2017 11:30:37 KB4023307 Security Update for Microsoft Silverlight (KB4023307)\n";
        assert_eq!(states(old), [(4_023_307, "absent"), (4_035_631, "installed")]);
        let parsed = parse(old).unwrap();
        assert_eq!(parsed.host.name.map(|n| n.value).as_deref(), Some("SRV01"));
        assert_eq!((parsed.format, parsed.host.completeness.lists[0].shown), ("update history table", 2));
        let new = "ComputerName OperationName  Result     Date                Title\n\
            ------------ -------------  ------     ----                -----\n\
            SRV01        Installation   Succeeded  9/11/2024 3:24:0... 2024-09 Cumulative Update for Windows Server 2016 for x64-based Systems (KB5043051)\n\
            SRV01        Installation   Failed     9/11/2024 3:16:0... Security Update for SQL Server 2022 RTM GDR (KB5042211)\n\
            SRV01        Installation   InProgress 9/11/2024 3:12:0... Windows Malicious Software Removal Tool x64 - v5.128 (KB890830)\n";
        assert_eq!(states(new), [(5_043_051, "installed")]);
        assert_eq!(failed(new), [(5_042_211, String::new())]);
    }

    #[test]
    fn numbers_stand_at_the_right_of_their_column() {
        let text = "Title                                            Date                  Operation ResultCode\n\
                    -----                                            ----                  --------- ----------\n\
                    Update for Windows 10 (KB5011048)                4/12/2022 3:05:02 AM          2          2\n\
                    2022-04 更新プログラム (KB5012170)                 4/11/2022 3:05:02 AM          1          2\n\
                    Update for Windows 10 (KB5011048)                4/10/2022 3:05:02 AM          1          2\n\
                    Update for Windows 10 (KB5010000)                4/09/2022 3:05:02 AM          1          4\n";
        assert_eq!(states(text), [(5_011_048, "absent"), (5_012_170, "installed")]);
        assert_eq!(failed(text).len(), 1);
    }

    fn record(title: &str, date: &str, operation: &str, result: &str, hresult: &str) -> String {
        format!(
            "Operation           : {operation}\nResultCode          : {result}\nHResult             : {hresult}\nDate                : {date}\nUpdateIdentity      : System.__ComObject\nTitle               : {title}\nDescription         : x\nUnmappedResultCode  : 0\n\n"
        )
    }

    #[test]
    fn records_are_read_with_their_wrapped_titles() {
        let text = record(
            "Zbiorcza aktualizacja systemu Windows 7 x64 (KB2416\n                      400)",
            "2011-01-21 13:03:36",
            "1",
            "2",
            "0",
        ) + &record(
            "Aktualizacja systemu Windows 7 (KB2607047)",
            "2011-12-15 13:26:13",
            "1",
            "1",
            "-2145116140",
        ) + &record("Update (KB2607048)", "2011-12-15 13:26:13", "1", "4", "-2147467259")
            + &record("Intel - Net - 1.9.2.0", "2011-12-15 13:26:13", "1", "2", "0");
        assert_eq!(states(&text), [(2_416_400, "installed"), (2_607_047, "install-pending")]);
        assert_eq!(failed(&text), [(2_607_048, "0x80004005".to_owned())]);
        let parsed = parse(&text).unwrap();
        assert_eq!((parsed.format, parsed.host.completeness.lists[0].shown), ("update history list", 4));
        assert!(!parsed.host.completeness.has_whole(ListKind::History));
    }

    #[test]
    fn scripts_word_their_keys_in_their_own_way() {
        let text = "Title:         Update for Windows (KB2607047)\nDate/Time in GMT: 12/10/2009 9:00:00 AM\nInstall mechanism: AutomaticUpdates\nInstall status: Succeeded\n\n\
            Title:         Update for Windows (KB2607048)\nDate/Time in GMT: 12/10/2009 9:00:00 AM\nInstall mechanism: AutomaticUpdates\nInstall status: Failed\n";
        assert_eq!((states(text), failed(text).len()), (vec![(2_607_047, "installed")], 1));
    }

    #[test]
    fn the_newest_event_decides_in_any_order_of_the_rows() {
        let (on, off) = (
            record("Update (KB5011048)", "2022-04-10 03:05:02", "1", "2", "0"),
            record("Update (KB5011048)", "2022-04-12 03:05:02", "2", "2", "0"),
        );
        for text in [on.clone() + &off, off + &on] {
            assert_eq!(states(&text), [(5_011_048, "absent")]);
        }
        // the fourth of March is before the third of April, or after the third of May
        let (a, b) = (
            record("Update (KB5011048)", "04/03/2022 03:05:02", "1", "2", "0"),
            record("Update (KB5011048)", "03/05/2022 03:05:02", "2", "2", "0"),
        );
        assert_eq!(states(&(b.clone() + &a)), []);
        // a day that is no month tells which is which
        let clear = record("Update (KB5011049)", "25/05/2022 03:05:02", "1", "2", "0") + &b + &a;
        assert_eq!(states(&clear), [(5_011_048, "absent"), (5_011_049, "installed")]);
    }

    #[test]
    fn an_afternoon_is_after_its_morning() {
        let (on, off) = (
            record("Update (KB5011048)", "12/25/2022 12:30:00 AM", "1", "2", "0"),
            record("Update (KB5011048)", "12/25/2022 1:30:00 PM", "2", "2", "0"),
        );
        assert_eq!(states(&(on + &off)), [(5_011_048, "absent")]);
    }

    #[test]
    fn csv_and_json_are_read() {
        let csv = "\"Title\",\"Date\",\"Operation\",\"ResultCode\"\r\n\"Update, for x (KB5011048)\",\"4/12/2022 3:05:02 AM\",\"1\",\"2\"\r\n\"Update (KB5012170)\",\"4/11/2022 3:05:02 AM\",\"1\",\"5\"\r\n";
        assert_eq!(states(csv), [(5_011_048, "installed")]);
        assert_eq!(states(&csv.replace("\",\"", "\";\"")), [(5_011_048, "installed")]);
        let json = r#"[{"Title": "Update (KB5011048)", "Date": "\/Date(1649732702000)\/", "Operation": 2, "ResultCode": 2},
            {"Title": "Update (KB5011048)", "Date": "\/Date(1649532702000)\/", "Operation": 1, "ResultCode": 2},
            {"Title": "Update (KB5012170)", "Date": {"value": "\/Date(1649532702000)\/", "DateTime": "x"}, "Operation": 1, "ResultCode": 2}]"#;
        assert_eq!(states(json), [(5_011_048, "absent"), (5_012_170, "installed")]);
        let osquery = r#"[{"client_app_id": "x", "date": "1649532702", "hresult": "0", "operation": "Installation", "result_code": "Succeeded", "title": "Update (KB5012170)"}]"#;
        assert_eq!(states(osquery), [(5_012_170, "installed")]);
    }

    #[test]
    fn offered_updates_and_dates_alone_are_no_history() {
        let offered = "ComputerName Status     KB          Size Title\n------------ ------     --          ---- -----\nSRV01        -------    KB5011048   10MB Update (KB5011048)\n";
        assert!(matches!(parse(offered), Err(ReadError::MissingList { .. })));
        let dates = "LastSearchSuccessDate LastInstallationSuccessDate ComputerName\n--------------------- --------------------------- ------------\n05.04.2017 18:16:27   28.03.2017 17:05:00         G1\n";
        assert!(parse(dates).unwrap_err().to_string().contains("Get-WULastResults"));
    }

    #[test]
    fn what_install_windowsupdate_did_is_read_and_what_it_accepted_is_not() {
        let text = "\nX ComputerName Result     KB          Size Title\n- ------------ ------     --          ---- -----\n1 PC1          Accepted   KB5034441   2MB  2024-01 Security Update (KB5034441)\n2 PC1          Downloaded KB5034441   2MB  2024-01 Security Update (KB5034441)\n1 PC1          Accepted   KB5034122 850MB  2024-01 Cumulative Update (KB5034122)\n3 PC1          Installed  KB5034441   2MB  2024-01 Security Update (KB5034441)\n3 PC1          Failed     KB5034122 850MB  2024-01 Cumulative Update (KB5034122)\n";
        let host = crate::inventory::read(&crate::inventory::Input { name: "f", bytes: text.as_bytes() })
            .unwrap()
            .host;
        let of = |n: u32| host.updates.get(&KbId::new(n).unwrap()).map(|f| f.value.name());
        assert_eq!((of(5_034_441), of(5_034_122), host.failed.len()), (Some("installed"), None, 1));
        let offered = text.replace("Result    ", "Status    ");
        assert!(
            crate::inventory::read(&crate::inventory::Input { name: "f", bytes: offered.as_bytes() })
                .is_err()
        );
    }
}
