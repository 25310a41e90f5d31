//! Tables of quick-fix updates: `Get-HotFix` (a header over dashes), `wmic qfe` (a header), `Format-Wide` (ids alone).

use super::collect::{Collector, Fleet, is_ellipsis, is_filter};
use super::format::{Directness, Format};
use super::id_list;
use super::ids::{self, RowId};
use super::lines::{Line, is_prompt, mentions};
use crate::model::{Gap, Host, ListKind};
use std::sync::Arc;

const POWERSHELL: &str = "Get-HotFix table";
const WMIC: &str = "wmic qfe table";
const WIDE: &str = "Get-HotFix Format-Wide";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: POWERSHELL,
        from: "Get-HotFix",
        signature: "a header with HotFixID over a rule of dashes",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
    Format {
        name: WMIC,
        from: "wmic qfe",
        signature: "a header with HotFixID and rows below its columns",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
    Format {
        name: WIDE,
        from: "Get-HotFix | Format-Wide HotFixID",
        signature: "nothing but KB ids in columns, below a prompt or in several columns",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
];

/// The columns that wmic knows for this class.
const WMIC_COLUMNS: [&str; 11] = [
    "Caption",
    "CSName",
    "Description",
    "FixComments",
    "HotFixID",
    "InstallDate",
    "InstalledBy",
    "InstalledOn",
    "Name",
    "ServicePackInEffect",
    "Status",
];

/// Where the columns of a table begin, counted in characters.
#[derive(Clone, Debug, Default)]
struct Columns {
    id: usize,
    beside: Option<usize>,
    machine: Option<(usize, usize)>,
    on: Option<(usize, usize)>,
    only: bool,
    dashes: bool,
}

/// Words of a line with the character at which each begins.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (i, c) in text.chars().enumerate() {
        if c.is_whitespace() {
            open = false;
        } else if open {
            if let Some((_, word)) = out.last_mut() {
                word.push(c);
            }
        } else {
            out.push((i, c.to_string()));
            open = true;
        }
    }
    out
}

/// Reads a header line; `below` is the next line that is not blank.
fn header(text: &str, below: &str) -> Option<Columns> {
    let mut found = words(text);
    // XP glues the banner of wmic to the header; then the rows are aligned to the header without it
    if let Some((_, word)) = found.iter_mut().find(|(_, w)| w.contains('.') && !w.ends_with('.')) {
        let tail = word.rsplit('.').next().unwrap_or("").to_owned();
        if WMIC_COLUMNS.iter().any(|c| c.eq_ignore_ascii_case(&tail)) {
            let at = text.rfind(&format!(".{tail}"))? + 1;
            found = words(&text[at..]);
        }
    }
    let at = |name: &str| found.iter().position(|(_, w)| w.eq_ignore_ascii_case(name));
    let id = at("HotFixID")?;
    let dashes = !below.trim().is_empty() && below.chars().all(|c| c == '-' || c.is_whitespace());
    let known = |(_, w): &(usize, String)| WMIC_COLUMNS.iter().any(|c| c.eq_ignore_ascii_case(w));
    if !dashes && !found.iter().all(known) {
        return None;
    }
    let machine = ["Source", "PSComputerName", "CSName", "__SERVER"].iter().find_map(|n| at(n));
    let end = |i: usize| found.get(i + 1).map_or(usize::MAX, |(s, _)| *s);
    Some(Columns {
        id: found[id].0,
        beside: at("ServicePackInEffect").map(|i| found[i].0),
        machine: machine.map(|i| (found[i].0, end(i))),
        on: at("InstalledOn").map(|i| (found[i].0, end(i))),
        only: found.len() == 1,
        dashes,
    })
}

/// The cell that begins at a column, up to the next blank; none if the row is not aligned there.
fn cell(row: &[char], start: usize) -> Option<String> {
    if start > 0 && !row.get(start - 1)?.is_whitespace() || row.get(start)?.is_whitespace() {
        return None;
    }
    let rest: String = row[start..].iter().collect();
    let (first, more) = rest.split_once(char::is_whitespace).unwrap_or((&rest, ""));
    let second = more.split_whitespace().next().unwrap_or("");
    let two = format!("{first} {second}");
    Some(if ids::file_row(&two) { two } else { first.to_owned() })
}

/// The id of a row that is not aligned to its header: a word that is nothing but an id.
fn stray_id(text: &str) -> Option<String> {
    text.split_whitespace().find(|w| matches!(ids::kb_at_start(w), Some(RowId::Kb(_)))).map(str::to_owned)
}

/// Does what follows the id fit a row: nothing, who installed it, or when? In a table of nothing else, nothing.
fn is_row_end(text: &str, id: &str, only: bool) -> bool {
    let rest = text.split_once(id).map_or("", |(_, rest)| rest).trim();
    let mut words = rest.split_whitespace();
    if rest.is_empty() || only {
        return rest.is_empty();
    }
    // `30-Nov-22`, `1/10/2024`, `2024年1月10日`, `20090605`, `01c5ad4bd1ea3d00`, `S-1-5-18`, `NT AUTHORITY\SYSTEM`
    let date = |w: &str| {
        let digits = w.bytes().filter(u8::is_ascii_digit).count();
        digits >= 3 && w.starts_with(|c: char| c.is_ascii_digit()) && !w.starts_with("0x")
    };
    words.clone().count() <= 12
        && words
            .by_ref()
            .take(5)
            .any(|w| date(w) || w.contains('\\') || w.starts_with("S-1-") || w.starts_with("{"))
}

/// Does the word look like an id in this column, rather than a line of something else?
fn is_id_cell(cell: &str, only: bool) -> bool {
    let shape =
        |w: &str| w.chars().all(|c| c.is_ascii_alphanumeric() || "-_{}.…".contains(c)) && w.len() <= 80;
    match ids::row_id(cell) {
        Some(RowId::Kb(_) | RowId::Cut) => true,
        Some(RowId::Other(_)) => {
            ids::is_update_like(cell) || !only && shape(cell) && cell.chars().any(|c| c.is_ascii_uppercase())
        }
        None => false,
    }
}

/// Reads every table in the text, one host for each machine that the rows name; empty if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, POWERSHELL);
    let mut columns: Option<Columns> = None;
    let mut filtered = false;
    let mut elided = false;
    let drawn = undrawn(lines);
    let lines = drawn.as_deref().unwrap_or(lines);
    for (i, line) in lines.iter().enumerate() {
        if line.is_blank() {
            continue;
        }
        if is_prompt(&line.text) || line.text.trim_start().starts_with("Get-HotFix") {
            filtered |= is_filter(&line.text);
            // what another command prints is no row
            columns = None;
            continue;
        }
        let below = || lines[i + 1..].iter().find(|l| !l.is_blank()).map_or("", |l| &*l.text);
        if mentions(&line.text, "HotFixID")
            && let Some(c) = header(&line.text, below())
        {
            fleet.format = if c.dashes { POWERSHELL } else { WMIC };
            fleet.of("");
            columns = Some(c);
            continue;
        }
        let Some(c) = &columns else { continue };
        if is_ellipsis(&line.text) {
            elided = true;
            continue;
        }
        let row: Vec<char> = line.text.chars().collect();
        let aligned = cell(&row, c.id).filter(|id| is_id_cell(id, c.only));
        let is_aligned = aligned.is_some();
        let Some(id) = aligned.or_else(|| stray_id(&line.text)) else {
            // a heading: what follows is another list
            if line.text.trim_end().ends_with([':', '：']) || id_list::says_missing(&line.text) {
                columns = None;
            }
            continue;
        };
        // a sentence below the table names updates too
        if (c.id == 0 || !is_aligned) && !is_row_end(&line.text, &id, c.only) {
            continue;
        }
        let beside = c.beside.and_then(|at| cell(&row, at));
        let machine = c.machine.filter(|(s, _)| *s < c.id).and_then(|(s, e)| machine(&row, s, e));
        let origin = fleet.origin(line.number);
        let host = fleet.named(machine.as_deref(), &origin);
        let kb = host.installed_row(&id, beside.as_deref(), origin.clone());
        let aligned = |start: usize| {
            is_aligned && (start == 0 || row.get(start - 1).is_some_and(|c| c.is_whitespace()))
        };
        let on = c.on.filter(|(start, _)| aligned(*start));
        let date = on.map(|(start, end)| row.iter().take(end).skip(start).collect::<String>());
        if let (Some(kb), Some(date)) = (kb, date) {
            host.installed_on(kb, &date, origin);
        }
    }
    fleet.settle_header();
    for host in fleet.each() {
        if filtered {
            host.gap(Gap::Filtered);
        }
        if elided {
            host.gap(Gap::Elided);
        }
        if host.shown() == 0 {
            host.gap(Gap::NotAvailable);
        }
    }
    fleet.finish(|_| Some(ListKind::QuickFix))
}

/// More rows than a table that a person wrote has.
const ROWS: usize = 10_000;

/// A table drawn with bars, as Markdown has it, in the columns that PowerShell would print; none if there is none.
fn undrawn<'a>(lines: &[Line<'a>]) -> Option<Vec<Line<'a>>> {
    fn cells<'t>(line: &'t Line) -> Vec<&'t str> {
        line.text.trim().trim_matches('|').split('|').map(str::trim).collect()
    }
    let names = |l: &Line| {
        l.text.contains('|') && cells(l).iter().any(|c| c.trim_matches('*').eq_ignore_ascii_case("HotFixID"))
    };
    let ruled = |l: &Line| {
        l.text.contains("--") && l.text.contains('|') && l.text.chars().all(|c| "-|:+ \t".contains(c))
    };
    let start = lines.iter().position(names).filter(|i| lines.get(i + 1).is_some_and(ruled))?;
    let rows = lines[start..].iter().take(ROWS).take_while(|l| l.text.contains('|')).count();
    let table: Vec<Vec<&str>> = lines[start..start + rows].iter().map(cells).collect();
    let width = |column: usize| {
        let cells = table.iter().enumerate().filter(|(i, _)| *i != 1);
        cells.filter_map(|(_, r)| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0).clamp(1, 100)
    };
    let widths: Vec<usize> = (0..table[0].len().min(40)).map(width).collect();
    let mut out = lines.to_vec();
    for (i, row) in table.iter().enumerate() {
        let mut text = String::new();
        for (&width, cell) in widths.iter().zip(row) {
            let cell = if i == 1 { "-".repeat(width) } else { cell.trim_matches(['*', '`']).to_owned() };
            text.push_str(&format!("{cell:<width$}  "));
        }
        out[start + i].text = text.trim_end().to_owned().into();
    }
    Some(out)
}

/// The computer's name of a row; a name that the console cut is none.
fn machine(row: &[char], start: usize, end: usize) -> Option<String> {
    let text: String = row.get(start..end.min(row.len()))?.iter().collect();
    let name = text.trim();
    // a name that was blotted out is none
    let whole = name.contains(char::is_alphanumeric)
        && !name.contains(char::is_whitespace)
        && !name.contains("..")
        && !name.contains('…');
    whole.then(|| name.to_owned())
}

/// `Get-HotFix | Format-Wide`: nothing but ids, several in a line. One id in each line could be any list.
pub(super) fn read_wide(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, WIDE);
    let mut several = false;
    for line in lines.iter().filter(|l| !l.is_blank() && !is_prompt(&l.text)) {
        let ids: Vec<&str> = line.text.split_whitespace().collect();
        if !ids.iter().all(|w| matches!(ids::kb_at_start(w), Some(RowId::Kb(_)))) {
            return Vec::new();
        }
        // columns are apart by more than one blank
        several |= ids.len() > 1 && line.text.trim().contains("  ");
        for id in ids {
            let origin = c.origin(line.number);
            c.installed_row(id, None, origin);
        }
    }
    if several { vec![c.finish(Some(ListKind::QuickFix))] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn kbs(host: &Host) -> Vec<u32> {
        host.updates.keys().map(|k| k.number()).collect()
    }

    fn one(text: &str) -> Host {
        let mut hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        hosts.remove(0)
    }

    #[test]
    fn powershell_tables_are_read_by_their_columns() {
        let host = one("\
Source        Description      HotFixID      InstalledBy          InstalledOn
------        -----------      --------      -----------          -----------
SRV01         Update           KB4495590     NT AUTHORITY\\SYSTEM  5/16/2019 00:00:00
SRV01         Security Update  KB4470788                          1/22/2019 00:00:00
");
        assert_eq!(kbs(&host), [4_470_788, 4_495_590]);
        assert_eq!(host.name.as_ref().map(|n| n.value.as_str()), Some("SRV01"));
        assert_eq!(host.completeness.lists[0].shown, 2);
        assert!(host.completeness.has_whole(ListKind::QuickFix) && !host.completeness.complete);
    }

    #[test]
    fn a_cut_id_is_no_id() {
        let host = one(
            "Description HotFixID\n----------- --------\nUpdate      KB40192...\nUpdate      KB4019215\n",
        );
        assert_eq!(kbs(&host), [4_019_215]);
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Elided]);
    }

    #[test]
    fn wmic_rows_of_file_1_take_the_id_beside_them() {
        // the banner of XP is glued to the header; the rows are aligned to the header without it
        let host = one(
            "Please wait while WMIC is being installed.Caption  CSName  Description           HotFixID     ServicePackInEffect  \r\r\n         XPBOX                         File 1       KB893803v2           \r\r\n         XPBOX                         Q147222                           \r\r\n         XPBOX   Installer (KB999999)  KB898461     SP3                  ",
        );
        assert_eq!(kbs(&host), [893_803, 898_461], "a KB in a description is no row");
        assert_eq!(host.other_ids, ["Q147222"]);
        assert_eq!(host.completeness.lists[0].shown, 3);
    }

    #[test]
    fn bare_numbers_and_other_ids_are_read_in_their_column_only() {
        let host = one("\
Caption  CSName  Description  FixComments  HotFixID                                InstalledBy     InstalledOn
         VISTA                             {7A068575-C5DB-43D9-BE20-3895D0C69B17}                  20190321
         VISTA   Update                    940157                                  S-1-5-1234567   01d4dfd0fb4eb361
         VISTA   Update                    KB943729
");
        assert_eq!(kbs(&host), [940_157, 943_729]);
        assert_eq!(host.other_ids, ["{7A068575-C5DB-43D9-BE20-3895D0C69B17}"]);
        assert_eq!(host.completeness.lists[0].shown, 3);
    }

    #[test]
    fn filters_and_dots_leave_gaps() {
        let host = one("C:\\>wmic qfe get hotfixid\nHotFixID\nKB2849697\nKB2849696\n....\n");
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Elided]);
        let host = one("PS C:\\> Get-HotFix -Id KB1\nHotFixID\n--------\nKB2849697\n");
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
    }

    #[test]
    fn what_follows_a_table_is_no_row() {
        let table = "Source Description HotFixID  InstalledBy         InstalledOn\n\
                     ------ ----------- --------  -----------         -----------\n\
                     PC     Update      KB4486553 NT AUTHORITY\\SYSTEM 1/2/2019\n\n";
        for after in [
            "I tried KB4470788 but it fails with 0x800f0922.\n",
            "Missing here:\nKB4470788 1/3/2019\n",
            "PS C:\\> Get-Content offered.txt\nPC Update KB4470788 1/3/2019\n",
        ] {
            assert_eq!(kbs(&one(&format!("{table}{after}"))), [4_486_553], "{after}");
        }
        // in a table of ids alone, words after one make a sentence
        let ids = "HotFixID\n--------\nKB4486553\n\nKB4470788 fails to install\n";
        assert_eq!(kbs(&one(ids)), [4_486_553]);
        // a row that the console moved is one still
        let moved = format!("{table}PC Sicherheitsupdate KB4470788 30.01.2019 00:00:00\n");
        assert_eq!(read(&lines(&moved), &Arc::from("f")).iter().map(|h| h.updates.len()).sum::<usize>(), 2);
    }

    #[test]
    fn what_a_person_left_out_or_blotted_out_is_seen() {
        let head = "Source    HotFixID\n--------- --------\n";
        for dots in ["...", "[...]", "（中略）", "# 省略", "(etc.)", "<snip>"] {
            let host = one(&format!("{head}********* KB4486553\n{dots}\n"));
            assert_eq!(host.completeness.lists[0].gaps, [Gap::Elided], "{dots}");
            assert!(host.name.is_none(), "stars are no name");
        }
        assert_eq!(one(&format!("{head}PC        KB4486553\n")).completeness.lists[0].gaps, []);
    }

    #[test]
    fn tables_drawn_with_bars_are_read() {
        let text = "| Source | HotFixID | InstalledOn |\n|:---|---|---|\n| PC | `KB4486553` | 1/2/2019 |\n| PC | KB4470788 | |\n";
        let host = one(text);
        assert_eq!(kbs(&host), [4_470_788, 4_486_553]);
        assert_eq!(host.name.map(|n| n.value).as_deref(), Some("PC"));
    }

    #[test]
    fn every_machine_of_a_table_is_a_host() {
        let text =
            "CSName  HotFixID   InstalledOn\nA       KB2849697  1/1/2020\nB       KB2849696  1/1/2020\n";
        assert_eq!(read(&lines(text), &Arc::from("f")).len(), 2);
    }

    #[test]
    fn ids_alone_are_a_list_only_in_columns() {
        let wide = "\n\nKB4486553             KB4470788\nKB4480056\n";
        assert_eq!(read_wide(&lines(wide), &Arc::from("f"))[0].updates.len(), 3);
        assert!(read_wide(&lines("KB4486553\nKB4470788\n"), &Arc::from("f")).is_empty());
        assert!(read_wide(&lines("KB4486553: Update\n"), &Arc::from("f")).is_empty());
    }
}
