//! osquery: the tables `patches`, `os_version` and `windows_update_history`, in every shape that its shell prints and
//! in the log of scheduled queries.

use super::collect::{Collector, Fleet, is_filter};
use super::facts;
use super::format::{Directness, Format};
use super::ids;
use super::lines::{Line, is_prompt};
use super::logs::{Era, era};
use super::node::Node;
use super::os_values::Values;
use super::windows;
use crate::model::{Fact, Gap, Host, KbId, ListKind, Location, Origin, PackageState};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const FORMAT: &str = "osquery";
const HISTORY: &str = "osquery windows_update_history";

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: FORMAT,
        from: "osqueryi --json \"select * from patches\", and os_version",
        signature: "columns hotfix_id, or version with build and platform, in JSON, a table, lines or CSV",
        tells: "installed updates as Get-HotFix lists them; product, build, architecture, in newer versions the revision",
        cannot: "older cumulative updates; what the image was built with; Office, drivers, Defender",
        directness: Directness::Gathered,
    },
    Format {
        name: HISTORY,
        from: "osqueryi --json \"select * from windows_update_history\"",
        signature: "columns title, operation and result_code",
        tells: "what Windows Update installed and removed, and what failed",
        cannot: "what was installed otherwise, or before the history was reset",
        directness: Directness::Logged,
    },
];

/// More columns than any table has.
const COLUMNS: usize = 64;

/// Columns that tell machines apart, the surest first.
const MACHINE: [&str; 10] = [
    "host_identifier",
    "hostidentifier",
    "host_display_name",
    "host_hostname",
    "host_uuid",
    "computer_name",
    "hostname",
    "host_name",
    "host",
    "csname",
];

/// A row of a table with its place.
struct Row {
    cells: Vec<(String, String)>,
    origin: Origin,
    /// What tells machines apart in the log of scheduled queries.
    host: String,
    /// The log says that the row is gone.
    removed: bool,
}

impl Row {
    fn get(&self, name: &str) -> Option<&str> {
        let cell = self.cells.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        cell.map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    fn has(&self, name: &str) -> bool {
        self.cells.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    fn place(&self, name: &str) -> Origin {
        let at = match &self.origin.at {
            Location::Member(at) if at.is_empty() => Location::Member(name.to_owned()),
            Location::Member(at) => Location::Member(format!("{at}.{name}")),
            other => other.clone(),
        };
        Origin { at, ..self.origin.clone() }
    }

    fn is_history(&self) -> bool {
        self.has("result_code") && (self.has("title") || self.has("operation"))
    }

    fn is_os(&self) -> bool {
        let windows = self.get("platform").is_some_and(|p| p.eq_ignore_ascii_case("windows"))
            || self.get("name").is_some_and(|n| n.contains("Windows"))
            || !self.has("platform") && !self.has("name");
        // lists of images to download have such columns as well
        let version = self.get("version").and_then(facts::kernel_version).is_some();
        windows && self.has("build") && version && !self.has("hotfix_id")
    }

    /// The machine that the row is of: as the log of schedules names it, or a column that managers of many hosts add.
    fn machine(&self) -> &str {
        if !self.host.is_empty() {
            return &self.host;
        }
        MACHINE.iter().find_map(|name| self.get(name)).unwrap_or_default()
    }
}

/// Reads rows in JSON, alone or within the log of scheduled queries.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let (mut rows, mut partial) = (Vec::new(), false);
    let nodes = Node::root(value).each();
    // a newer snapshot of a query replaces the older ones
    let snapshot = |node: &Node| {
        node.get("snapshot").filter(|s| s.value.is_array())?;
        Some((node.text_of("hostIdentifier").unwrap_or_default(), node.text_of("name").unwrap_or_default()))
    };
    let mut newest: BTreeMap<(String, String), (Option<i64>, usize)> = BTreeMap::new();
    for (i, node) in nodes.iter().enumerate() {
        let Some(key) = snapshot(node) else { continue };
        let at = (node.get("unixTime").and_then(|n| n.number()), i);
        let known = newest.entry(key).or_insert(at);
        *known = at.max(*known);
    }
    for (i, node) in nodes.into_iter().enumerate() {
        if snapshot(&node).and_then(|key| newest.get(&key)).is_some_and(|(_, last)| *last != i) {
            continue;
        }
        let host = node.text_of("hostIdentifier").unwrap_or_default();
        let mut add = |node: &Node, removed: bool| {
            let cells: Vec<(String, String)> = node
                .members()
                .take(COLUMNS)
                .map(|(k, v)| (k.to_owned(), v.text().unwrap_or_default()))
                .collect();
            rows.push(Row { cells, origin: node.origin(input, FORMAT), host: host.clone(), removed });
        };
        let action = node.text_of("action").unwrap_or_default();
        if let Some(columns) = node.get("columns").filter(|c| c.object().is_some()) {
            partial = true;
            add(&columns, action == "removed");
        } else if let Some(snapshot) = node.get("snapshot").filter(|s| s.value.is_array()) {
            snapshot.elements().for_each(|row| add(&row, false));
        } else if let Some(results) = node.get("diffResults") {
            partial = true;
            for (name, removed) in [("removed", true), ("added", false)] {
                results
                    .get(name)
                    .into_iter()
                    .for_each(|list| list.elements().for_each(|row| add(&row, removed)));
            }
        } else if node.object().is_some() {
            add(&node, false);
        }
    }
    hosts(rows, partial, input)
}

/// Reads the shapes that are text: a table with borders, `column = value`, cells between bars or commas.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut rows = Vec::new();
    let mut whole = true;
    table(lines, input, &mut rows, &mut whole);
    line_mode(lines, input, &mut rows);
    let wanted = |t: &str| is_prompt(t) && t.to_ascii_lowercase().contains("select");
    let filtered = lines.iter().filter(|l| wanted(&l.text)).any(|l| {
        let command = l.text.to_ascii_lowercase();
        is_filter(&command) || command.contains(" where ") || command.contains(" limit ")
    });
    let mut hosts = hosts(rows, filtered, input);
    if !whole {
        let lists = hosts.iter_mut().flat_map(|h| &mut h.completeness.lists);
        lists.for_each(|l| l.gaps.push(Gap::Truncated));
    }
    hosts
}

fn hosts(rows: Vec<Row>, partial: bool, input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, FORMAT);
    let mut history = Fleet::new(input, HISTORY);
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    let mut systems = BTreeSet::new();
    for row in &rows {
        if let Some(id) = row.get("hotfix_id") {
            let machine = row.get("csname").unwrap_or_default();
            let key = row.machine();
            let c = fleet.of(&key.to_uppercase());
            let name = if machine.is_empty() { key } else { machine };
            windows::name(&mut c.host, name, row.place("csname"));
            let origin = row.place("hotfix_id");
            if row.removed {
                if let Some(ids::RowId::Kb(kb)) = ids::row_id(id) {
                    c.replace(kb, PackageState::Absent, origin);
                }
                c.row(1);
            } else {
                if let Some(ids::RowId::Kb(kb)) = ids::row_id(id).filter(|_| partial) {
                    c.host.updates.remove(&kb);
                }
                c.installed_row(id, None, origin);
            }
        } else if row.is_history() {
            let key = row.machine().to_uppercase();
            windows::name(&mut history.of(&key).host, row.machine(), row.place("hostIdentifier"));
            event(row, history.of(&key), events.entry(key.clone()).or_default());
        } else if row.is_os() && !row.removed {
            let mut key = row.machine().to_uppercase();
            // a second row without a name is of a second machine
            if key.is_empty() && !systems.insert(row.get("version")) {
                continue;
            }
            if key.is_empty() && systems.len() > 1 {
                key = format!("\u{0}{}", systems.len());
            }
            let c = fleet.of(&key);
            windows::name(&mut c.host, row.machine(), row.place("hostIdentifier"));
            os(row, c);
        }
    }
    for (key, events) in events {
        settle(history.of(&key), events);
    }
    for c in fleet.each().chain(history.each()).filter(|c| partial && c.shown() > 0) {
        c.gap(Gap::Filtered);
    }
    let mut out = fleet.finish(|c| (c.shown() > 0).then_some(ListKind::QuickFix));
    // columns of these names may be of other programs
    out.retain(|h| h.version.is_some() || !h.completeness.is_empty());
    out.extend(history.finish(|_| Some(ListKind::History)));
    out
}

/// A row of os_version.
fn os(row: &Row, c: &mut Collector) {
    let mut values = Values::default();
    for (name, column) in
        [("caption", "name"), ("version", "version"), ("buildnumber", "build"), ("ubr", "revision")]
    {
        if let Some(text) = row.get(column) {
            values.put(name, text, row.place(column));
        }
    }
    if let Some(arch) = row.get("arch") {
        values.put(windows::architecture_name(arch), arch, row.place("arch"));
    }
    windows::tell(&values, &mut c.host);
}

/// One row of the history.
struct Event {
    /// None of an update of Windows itself.
    kb: Option<KbId>,
    /// Seconds; the later the newer.
    date: Option<i64>,
    installs: bool,
    /// None is success.
    failure: Option<String>,
    /// The Windows that the title is for.
    era: Option<Era>,
    origin: Origin,
}

fn event(row: &Row, c: &mut Collector, events: &mut Vec<Event>) {
    c.row(1);
    let title = row.get("title").unwrap_or_default();
    let (kb, era) = (ids::kb_in_title(title), era(title));
    if kb.is_none() && era.is_none() {
        return;
    }
    let failure = match row.get("result_code") {
        Some("Succeeded" | "2") => None,
        Some("Failed" | "4" | "Aborted" | "5") => Some(row.get("hresult").map(code).unwrap_or_default()),
        // what is under way, or went half well, says neither
        _ => return,
    };
    let installs = match row.get("operation") {
        Some("Installation" | "1") => true,
        Some("Uninstallation" | "2") => false,
        _ => return,
    };
    let date = row.get("date").and_then(|d| d.parse().ok());
    let origin = Origin { format: HISTORY, ..row.place("title") };
    events.push(Event { kb, date, installs, failure, era, origin });
}

/// A result as Windows words it.
fn code(number: &str) -> String {
    match number.parse::<i64>() {
        // the low half of the number is what Windows knows
        Ok(n) => format!("0x{:08X}", n & 0xFFFF_FFFF),
        Err(_) => number.chars().take(40).collect(),
    }
}

/// The newest success tells the state; a failure after it is the last attempt. Windows lists the newest first.
fn settle(c: &mut Collector, mut events: Vec<Event>) {
    if events.iter().all(|e| e.date.is_some()) {
        events.sort_by_key(|e| std::cmp::Reverse(e.date));
    }
    let newest = events.iter().find(|e| e.installs && e.failure.is_none() && e.era.is_some());
    let newest = newest.and_then(|e| e.era);
    let mut decided: BTreeMap<KbId, bool> = BTreeMap::new();
    for event in events {
        // what was installed on an earlier release of Windows is not on this one
        let (Some(kb), false) = (event.kb, event.era.is_some() && event.era != newest) else { continue };
        let done = decided.entry(kb).or_default();
        if *done {
            continue;
        }
        match event.failure {
            None => {
                *done = true;
                let state = if event.installs { PackageState::Installed } else { PackageState::Absent };
                c.replace(kb, state, event.origin);
            }
            Some(failure) if event.installs => {
                c.host.failed.entry(kb).or_insert_with(|| Fact::new(failure, event.origin));
            }
            Some(_) => {}
        }
    }
}

/// The columns that tell one of the tables.
fn is_header(cells: &[String]) -> bool {
    let has = |n: &str| cells.iter().any(|c| c == n);
    let names = cells.len() <= COLUMNS
        && cells.iter().all(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    names
        && (has("hotfix_id")
            || has("version") && has("build")
            || has("result_code") && (has("title") || has("operation")))
}

/// Cells between bars, without the bars at both ends.
fn cells(text: &str, delimiter: char, framed: bool) -> Vec<String> {
    let mut t = text.trim();
    if framed {
        t = t.strip_prefix('|').unwrap_or(t);
        t = t.strip_suffix('|').unwrap_or(t);
    }
    if delimiter != '|' {
        return super::exports::cells(t, delimiter);
    }
    t.split('|').map(|c| c.trim().trim_matches('"').to_owned()).collect()
}

/// `+-----------+------+`
fn is_border(text: &str) -> bool {
    let t = text.trim();
    t.len() > 2 && t.starts_with('+') && t.ends_with('+') && t.chars().all(|c| matches!(c, '+' | '-'))
}

/// A header of columns and the rows below it, with or without borders.
fn table(lines: &[Line], input: &Arc<str>, rows: &mut Vec<Row>, whole: &mut bool) {
    let mut open: Option<(Vec<String>, char, bool)> = None;
    for (i, line) in lines.iter().enumerate() {
        let text = line.text.trim();
        if is_border(text) {
            continue;
        }
        let Some((header, delimiter, bordered)) = &open else {
            if !["hotfix_id", "build", "result_code"].iter().any(|n| text.contains(n)) {
                continue;
            }
            open = ['|', ',', '\t', ';'].into_iter().find_map(|delimiter| {
                let bordered = delimiter == '|' && i > 0 && is_border(&lines[i - 1].text);
                let names = cells(text, delimiter, text.starts_with('|'));
                (is_header(&names) && (names.len() > 1 || bordered)).then_some((names, delimiter, bordered))
            });
            continue;
        };
        let own = cells(text, *delimiter, *bordered && text.starts_with('|') && text.ends_with('|'));
        // the bars at the ends may be gone as a prefix of most lines, and with them those of an empty first cell
        if text.is_empty() || is_prompt(text) || own.len() == 1 && header.len() > 1 {
            open = None;
            continue;
        }
        if own.len() != header.len() {
            *whole = false;
            continue;
        }
        let last = i + 1 == lines.len();
        // a row that is the file's last line, without its end, may be cut
        if last && *bordered && !text.ends_with('|') {
            *whole = false;
        }
        let cells = header.iter().cloned().zip(own).collect();
        let origin = Origin::line(input, FORMAT, line.number);
        rows.push(Row { cells, origin, host: String::new(), removed: false });
    }
}

/// `hotfix_id = KB3176936`, a record ended by a blank line or by the first column again.
fn line_mode(lines: &[Line], input: &Arc<str>, rows: &mut Vec<Row>) {
    let mut open: Vec<(String, String)> = Vec::new();
    let mut first = 1;
    let mut close = |open: &mut Vec<(String, String)>, line: u32| {
        let cells = std::mem::take(open);
        let row =
            Row { cells, origin: Origin::line(input, FORMAT, line), host: String::new(), removed: false };
        if row.has("hotfix_id") || row.is_history() || row.has("platform") && row.is_os() {
            rows.push(row);
        }
    };
    for line in lines {
        let pair = line.text.split_once(" = ").or_else(|| line.text.strip_suffix(" =").map(|n| (n, "")));
        let pair = pair.map(|(n, v)| (n.trim(), v.trim())).filter(|(n, _)| {
            !n.is_empty() && n.len() <= 40 && n.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        });
        let Some((name, value)) = pair else {
            if line.is_blank() || is_prompt(&line.text) {
                close(&mut open, first);
            }
            continue;
        };
        if open.iter().any(|(n, _)| n == name) || open.len() >= COLUMNS {
            close(&mut open, first);
        }
        if open.is_empty() || name == "hotfix_id" {
            first = line.number;
        }
        open.push((name.to_owned(), value.to_owned()));
    }
    close(&mut open, first);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn text(text: &str) -> Vec<Host> {
        read(&lines(text), &Arc::from("f"))
    }

    fn json(text: &str) -> Vec<Host> {
        read_json(&serde_json::from_str(text).unwrap(), &Arc::from("f"))
    }

    fn kbs(hosts: &[Host]) -> Vec<(u32, &'static str)> {
        hosts.iter().flat_map(|h| h.updates.iter().map(|(k, s)| (k.number(), s.value.name()))).collect()
    }

    const INSTALLED: [(u32, &str); 2] = [(4_486_553, "installed"), (4_577_586, "installed")];

    #[test]
    fn patches_are_read_in_every_shape() {
        for shape in [
            "osquery> select hotfix_id, description from patches;\n+-----------+--------+\n| hotfix_id | description |\n+-----------+--------+\n| KB4577586 | Update |\n| KB4486553 |        |\n+-----------+--------+\nosquery>\n",
            "+-----------+\n| hotfix_id |\n+-----------+\n| KB4577586 |\n| KB4486553 |\n+-----------+\n",
            "hotfix_id|installed_on\nKB4577586|1/2/2021\nKB4486553|\n",
            "hotfix_id,installed_on\nKB4577586,1/2/2021\n\"KB4486553\",\"a, b\"\n",
            "   hotfix_id = KB4577586\ninstalled_on = 1/2/2021\n\n   hotfix_id = KB4486553\ninstalled_on =\n",
        ] {
            let hosts = text(shape);
            assert_eq!(kbs(&hosts), INSTALLED, "{shape}");
            assert_eq!((hosts.len(), hosts[0].completeness.lists[0].shown), (1, 2), "{shape}");
            assert!(hosts[0].completeness.lists[0].gaps.is_empty(), "{shape}");
        }
        let hosts =
            json(r#"[{"csname":"A","hotfix_id":"KB4577586"},{"csname":"A","hotfix_id":"KB4486553"}]"#);
        assert_eq!(kbs(&hosts), INSTALLED);
        assert_eq!(hosts[0].updates.values().next().unwrap().origin.to_string(), "f: [1].hotfix_id");
    }

    #[test]
    fn a_long_table_whose_bars_are_taken_for_quotes_loses_nothing() {
        let mut t = "+--------+-----------+\n| csname | hotfix_id |\n+--------+-----------+\n".to_owned();
        for n in 0..60 {
            t.push_str(&format!("| {:6} | KB{} |\n", if n % 2 == 0 { "A" } else { "" }, 4_000_000 + n));
        }
        t.push_str("+--------+-----------+\n");
        let hosts = text(&t);
        let updates: usize = hosts.iter().map(|h| h.updates.len()).sum();
        let whole = hosts.iter().all(|h| h.completeness.lists[0].gaps.is_empty());
        assert_eq!((updates, whole), (60, true));
    }

    #[test]
    fn a_filtered_query_is_no_whole_list() {
        let t = "osquery> select hotfix_id from patches where hotfix_id = 'KB4577586';\n+-----------+\n| hotfix_id |\n+-----------+\n| KB4577586 |\n+-----------+\n";
        assert_eq!(text(t)[0].completeness.lists[0].gaps, [Gap::Filtered]);
    }

    #[test]
    fn windows_is_told_by_os_version() {
        let host = &json(
            r#"[{"name":"Microsoft Windows 11 Pro","version":"10.0.22631","build":"22631","arch":"64-bit","platform":"windows","revision":"4317"}]"#,
        )[0];
        assert_eq!(host.product.as_ref().map(|p| p.value.as_str()), Some("Microsoft Windows 11 Pro"));
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(4317));
        assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(crate::model::Architecture::X64));
        assert!(host.completeness.lists.is_empty());
        let table = "+------------+-------+----------+\n| version    | build | platform |\n+------------+-------+----------+\n| 10.0.22631 | 22631 | windows  |\n+------------+-------+----------+\n";
        assert_eq!(
            text(table)[0].version.as_ref().map(|v| v.value.to_string()).as_deref(),
            Some("10.0.22631")
        );
        assert!(text("version,build\n1.2.3,77\n").is_empty());
        assert!(json(r#"[{"name":"Ubuntu","version":"22.04","build":"","platform":"ubuntu"}]"#).is_empty());
    }

    #[test]
    fn the_newest_success_of_the_history_counts() {
        let row = |title: &str, operation: &str, result: &str, date: u32| {
            format!(
                r#"{{"title":"{title}","operation":"{operation}","result_code":"{result}","hresult":"-2145124318","date":"{date}"}}"#
            )
        };
        let t = format!(
            "[{},{},{},{},{},{}]",
            row("A (KB5000001)", "Installation", "Succeeded", 5),
            row("B (KB5000002)", "Uninstallation", "Succeeded", 4),
            row("B (KB5000002)", "Installation", "Succeeded", 3),
            row("A (KB5000001)", "Installation", "Failed", 2),
            row("C (KB5000003)", "Installation", "Failed", 2),
            row("D (KB5000004)", "Installation", "InProgress", 1),
        );
        let hosts = json(&t);
        assert_eq!(kbs(&hosts), [(5_000_001, "installed"), (5_000_002, "absent")]);
        let failed: Vec<_> = hosts[0].failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect();
        assert_eq!(failed, [(5_000_003, "0x80240022")]);
        assert_eq!(
            (hosts[0].completeness.lists[0].kind, hosts[0].completeness.lists[0].shown),
            (ListKind::History, 6)
        );
    }

    #[test]
    fn the_log_of_a_schedule_tells_what_came_and_went() {
        let line = |host: &str, action: &str, kb: &str| {
            format!(
                r#"{{"name":"patches","hostIdentifier":"{host}","action":"{action}","columns":{{"hotfix_id":"{kb}"}}}}"#
            )
        };
        let t = [
            line("A", "added", "KB5000001"),
            line("A", "added", "KB5000002"),
            line("A", "removed", "KB5000001"),
            line("B", "added", "KB5000003"),
        ];
        let hosts = json(&format!("[{}]", t.join(",")));
        assert_eq!(kbs(&hosts), [(5_000_001, "absent"), (5_000_002, "installed"), (5_000_003, "installed")]);
        assert_eq!((hosts.len(), &hosts[0].completeness.lists[0].gaps), (2, &vec![Gap::Filtered]));
        let hosts =
            json(r#"{"action":"snapshot","hostIdentifier":"A","snapshot":[{"hotfix_id":"KB5000001"}]}"#);
        assert!(hosts[0].completeness.lists[0].gaps.is_empty());
        assert_eq!(kbs(&hosts), [(5_000_001, "installed")]);
    }

    #[test]
    fn a_newer_snapshot_replaces_an_older_one() {
        let snapshot = |time: u32, kbs: &str| {
            let rows: Vec<_> = kbs.split(' ').map(|k| format!(r#"{{"hotfix_id":"{k}"}}"#)).collect();
            format!(
                r#"{{"name":"p","hostIdentifier":"A","unixTime":{time},"snapshot":[{}]}}"#,
                rows.join(",")
            )
        };
        let (old, new) = (snapshot(1, "KB4486553 KB4577586 KB5000001"), snapshot(2, "KB4486553 KB4577586"));
        for t in [format!("[{old},{new}]"), format!("[{new},{old}]")] {
            let hosts = json(&t);
            assert_eq!((kbs(&hosts), hosts[0].completeness.lists[0].shown), (INSTALLED.to_vec(), 2));
        }
    }

    #[test]
    fn columns_of_managers_tell_machines_apart() {
        let t = "host_display_name,hotfix_id\nPC1,KB4577586\nPC2,KB4486553\n";
        let names: Vec<_> = text(t).iter().map(|h| h.name.as_ref().unwrap().value.clone()).collect();
        assert_eq!(names, ["PC1", "PC2"]);
    }

    #[test]
    fn images_to_download_are_no_hosts() {
        let t = r#"[{"Name":"Windows 10 22H2 x64","Version":"Windows 10","Build":"19045.3803"}]"#;
        assert!(json(t).is_empty());
        let two = r#"[{"name":"Microsoft Windows 11 Pro","version":"10.0.22631","build":"22631"},{"name":"Microsoft Windows 10 Pro","version":"10.0.19045","build":"19045"}]"#;
        assert_eq!(json(two).len(), 2);
    }

    #[test]
    fn a_history_before_an_upgrade_tells_nothing_of_this_windows() {
        let row = |title: &str, date: u32| {
            format!(
                r#"{{"title":"{title}","operation":"Installation","result_code":"Succeeded","date":"{date}"}}"#
            )
        };
        let t = [
            row("Update for Windows 10 Version 2004 (KB5000001)", 1),
            row("Windows 11, version 23H2", 2),
            row("Update for Windows 11 Version 23H2 (KB5000002)", 3),
        ];
        assert_eq!(kbs(&json(&format!("[{}]", t.join(",")))), [(5_000_002, "installed")]);
    }
}
