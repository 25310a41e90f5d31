//! Release information: which revision of which build came out when, with which update. Microsoft's pages as HTML or Markdown,
//! and such tables as people make of them, in JSON or CSV.

use super::{
    ImportError, Imported, Importer, Input,
    decode::{self, Loose},
    gather::{Gather, Remarks, clean, day, day_text},
};
use crate::{
    catalog::{
        Catalog,
        facts::{EntryRow, LineRow, SourceRow},
        view::{Line, LineKind},
    },
    model::{KbId, ProductSet, SourceKind, UpdateKind, Version},
};
use std::collections::{BTreeMap, HashMap};

/// Microsoft's pages, saved.
pub const HTML: Importer =
    Importer { format: "release information (HTML)", detect: detect_html, read: read_html };
/// The same pages as Markdown.
pub const MARKDOWN: Importer =
    Importer { format: "release information (Markdown)", detect: detect_markdown, read: read_markdown };
/// Tables in JSON.
pub const JSON: Importer =
    Importer { format: "release information (JSON)", detect: detect_json, read: read_json };
/// Tables in CSV.
pub const CSV: Importer =
    Importer { format: "release information (CSV)", detect: detect_csv, read: read_csv };

/// More rows than any table has; Microsoft's pages have a thousand.
const ROWS: usize = 20_000;

/// Columns, by what tables call them.
const NAMES: [(&[&str], Column); 6] = [
    (&["build", "osbuild", "buildnumber", "latestbuild"], Column::Build),
    (&["kbarticle", "kb", "kbnumber", "article"], Column::Kb),
    (&["availabilitydate", "date", "releasedate", "latestrevisiondate"], Column::Date),
    (&["updatetype", "type", "releasetype"], Column::Type),
    (&["servicingoption", "servicingoptions"], Column::Servicing),
    (&["os", "product", "osname", "windowsserverversion"], Column::Os),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Build,
    Kb,
    Date,
    Type,
    Servicing,
    Os,
    /// `Baseline (Restart)` or `Hotpatch`, in the calendars of hotpatches
    Hotpatch,
}

/// What the cells of a table's header stand for; none if the table does not tell of builds and updates.
fn columns(header: &[String]) -> Option<Vec<Option<Column>>> {
    let name =
        |h: &String| h.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let names: Vec<String> = header.iter().map(name).collect();
    // the calendars have a month, an update type, and a type
    let calendar = names.iter().any(|n| n == "month") && names.iter().any(|n| n == "updatetype");
    let mut found: Vec<Option<Column>> = Vec::new();
    for n in &names {
        let column = NAMES.iter().find(|(spellings, _)| spellings.contains(&n.as_str())).map(|(_, c)| *c);
        found.push(match column {
            Some(Column::Type) if calendar && n == "type" => Some(Column::Hotpatch),
            // the first column of a kind counts
            c => c.filter(|c| !found.contains(&Some(*c))),
        });
    }
    let has = |c| found.contains(&Some(c));
    (has(Column::Build) && has(Column::Kb) && has(Column::Date)).then_some(found)
}

/// One row of a table, as it is written.
#[derive(Clone, Debug, Default)]
struct Row {
    cells: BTreeMap<Column, String>,
    /// `Windows Server 2025 (OS build 26100)`
    heading: String,
    place: String,
}

impl Row {
    fn cell(&self, c: Column) -> &str {
        self.cells.get(&c).map_or("", |t| t.trim())
    }
}

fn row(columns: &[Option<Column>], cells: impl Iterator<Item = String>, heading: &str, place: String) -> Row {
    let cells = columns.iter().zip(cells).filter_map(|(c, text)| c.map(|c| (c, text))).collect();
    Row { cells, heading: heading.to_owned(), place }
}

/// Is it a heading that names a build?
fn is_heading(text: &str) -> bool {
    text.len() < 200 && text.to_ascii_lowercase().contains("(os build ")
}

/// The lines to which a row belongs.
fn line_of<'c>(row: &Row, build: u32, catalog: &'c Catalog, gather: &Gather<'c>) -> Option<Line<'c>> {
    let words = if row.cell(Column::Os).is_empty() { &row.heading } else { row.cell(Column::Os) };
    let words = words.replace("**", "");
    let lower = words.to_ascii_lowercase();
    let lines: Vec<Line<'c>> =
        catalog.lines().filter(|l| l.kind == LineKind::Cumulative && l.build == Some(build)).collect();
    // `Windows Server 2019 (version 1809)`: what stands in brackets names no product
    let name = words.split(" (").next().unwrap_or(&words).trim().to_owned();
    let named = gather.names.find(&name).map_or(ProductSet::default(), |n| n.products);
    let by_name: Vec<&Line<'c>> =
        lines.iter().filter(|l| !l.products.intersection(named).is_empty()).collect();
    if let [line] = by_name[..] {
        return Some(*line);
    }
    let server = match lower.as_str() {
        w if w.contains("server") => true,
        w if w.contains("version ") || w.contains("windows 1") => false,
        // nothing is said: only a build that one line alone has is certain
        _ => return if let [line] = lines[..] { Some(line) } else { None },
    };
    let of_family = |l: &&Line<'c>| l.products.iter().any(|p| catalog.product(p).server == server);
    let mut family = lines.iter().filter(of_family);
    let first = family.next();
    first.filter(|_| family.next().is_none()).copied()
}

fn update_in(cell: &str) -> Option<KbId> {
    let upper = cell.to_ascii_uppercase();
    if let Ok(kb) = upper.trim().parse() {
        return Some(kb);
    }
    let rest = upper.split("KB").nth(1)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

/// The kind of an update by the letter of its release; none for that of the second week.
fn is_preview(kind: &str, kb_is_known: bool) -> bool {
    let last = kind.rsplit(' ').next().unwrap_or("");
    !kb_is_known && (matches!(last, "C" | "D" | "E") || kind.to_ascii_lowercase().contains("preview"))
}

fn imported(
    rows: Vec<Row>,
    format: &'static str,
    (address, mark): (Option<&str>, Option<&str>),
    input: &Input<'_>,
    catalog: &Catalog,
) -> Result<Imported, ImportError> {
    if rows.len() > ROWS {
        return Err(ImportError::new(
            input.name,
            format!("more than {ROWS} rows: no table of release information has so many"),
        ));
    }
    let mut gather = Gather::new(catalog);
    let mut remarks = Remarks::default();
    let mut lines: BTreeMap<u16, BTreeMap<(u32, Option<KbId>), EntryRow>> = BTreeMap::new();
    let (mut servers, mut clients) = (0, 0);
    let mut newest = 0;
    let id = "release-information-import";
    for r in &rows {
        let place = || r.place.clone();
        let build = r.cell(Column::Build);
        if build.is_empty() {
            // months to come
            continue;
        }
        let numbers = build.trim_start_matches("10.0.").split_once('.');
        let parsed =
            numbers.and_then(|(b, r)| Some((b.trim().parse::<u32>().ok()?, r.trim().parse::<u32>().ok()?)));
        let Some((build, revision)) = parsed else {
            remarks.add("rows whose build is no build and revision: left out", || {
                format!("{}: {}", r.place, clean(build))
            });
            continue;
        };
        if r.cell(Column::Servicing).to_ascii_lowercase().contains("preview") {
            remarks.add("rows of the Release Preview Channel: left out", place);
            continue;
        }
        let Some(line) = line_of(r, build, catalog, &gather) else {
            remarks.add("builds whose Windows is not known, or not certain: left out", || {
                format!("{}: {build}.{revision}", r.place)
            });
            continue;
        };
        let server = line.products.iter().any(|p| catalog.product(p).server);
        *(if server { &mut servers } else { &mut clients }) += 1;
        let day = match r.cell(Column::Date) {
            "" => None,
            text => {
                let day = day(text);
                if day.is_none() {
                    remarks
                        .add("dates that are no dates: left out", || format!("{}: {}", r.place, clean(text)));
                }
                day
            }
        };
        newest = newest.max(day.unwrap_or(0));
        let kb = update_in(r.cell(Column::Kb));
        if r.cell(Column::Hotpatch).eq_ignore_ascii_case("hotpatch") {
            if let Some(kb) = kb {
                let update = gather.update(kb);
                update.of_kind(UpdateKind::Hotpatch);
                update.package(line.products, None);
                update.build(Version([10, 0, build, revision]), line.products);
                if let Some(day) = day {
                    update.dated(day, 1);
                }
            }
            continue;
        }
        let known = catalog.entries(line.id).any(|e| e.revision == Some(revision) && e.kb == kb);
        let usual = || {
            let plain = catalog.entries(line.id).filter(|e| {
                matches!(e.kind, UpdateKind::Cumulative | UpdateKind::Combined) && e.kb.is_some()
            });
            plain.last().map_or(UpdateKind::Cumulative, |e| e.kind)
        };
        let kind = match kb {
            Some(_) if !known && is_preview(r.cell(Column::Type), known) => {
                Some(UpdateKind::CumulativePreview)
            }
            Some(_) if !known => Some(usual()),
            _ => None,
        };
        let entry = EntryRow {
            kb: kb.map(|k| k.to_string()),
            revision: Some(revision),
            stack: None,
            date: day.map(day_text),
            kind: kind.map(|k| k.name().to_owned()),
            standing: "verified".to_owned(),
            source: id.to_owned(),
        };
        lines.entry(line.id).or_default().insert((revision, kb), entry);
    }
    if lines.is_empty() && gather.is_empty() {
        return Err(ImportError::new(
            input.name,
            "no table of builds and updates of a Windows that is known; save the page again",
        ));
    }
    let url = address.unwrap_or(match (servers, clients) {
        (_, 0) => "https://learn.microsoft.com/en-us/windows/release-health/windows-server-release-info",
        _ => "https://learn.microsoft.com/en-us/windows/release-health/release-information",
    });
    // a page that is read again takes the place of what was read before; tables of people have no name
    let part = url.rsplit('/').next().unwrap_or("");
    let id = match mark {
        Some(mark) => format!("{part}-{newest}-{mark}"),
        None => format!("{part}-{newest}"),
    };
    let kind = SourceKind::ReleaseInformation;
    let source = SourceRow {
        id: id.clone(),
        url: url.to_owned(),
        title: "Windows release information".to_owned(),
        read: input.read.to_owned(),
        via: None,
        kind: Some(kind.name().to_owned()),
        digest: None,
    };
    let (mut facts, told) = gather.finish(&id, "verified", None);
    told.into_iter().for_each(|r| remarks.count(&r.text, r.count, || r.first));
    for (number, entries) in lines {
        let line = catalog.line(number);
        let row = LineRow {
            id: line.name.to_owned(),
            kind: "cumulative".to_owned(),
            products: line.products.iter().map(|p| catalog.product(p).slug.to_owned()).collect(),
            build: line.build,
            chained: line.chained,
            basis: line.basis.to_owned(),
            source: id.clone(),
        };
        let entries = entries.into_values().map(|e| EntryRow { source: id.clone(), ..e }).collect();
        facts.lines.push((row, entries));
    }
    facts.sources.push(source.clone());
    Ok(Imported { kind, format, source, facts, metadata: None, remarks: remarks.into_list() })
}

fn detect_markdown(head: &[u8]) -> bool {
    let head = decode::head(head);
    let mut lines = head.lines();
    !head.trim_start().starts_with(['<', '{', '['])
        && lines.any(|l| l.starts_with('|') && columns(&cells_of(l)).is_some())
        && (head.contains("(OS build ") || head.contains("release-health/"))
}

/// The cells of a line of a Markdown table.
fn cells_of(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').take(64).map(|c| c.trim().to_owned()).collect()
}

fn read_markdown(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let (mut rows, mut heading, mut table) = (Vec::new(), String::new(), None);
    let mut address = None;
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.starts_with('|') {
            table = None;
            if is_heading(line) {
                heading = clean(line.trim_matches(['*', '#', ' ']));
            }
            if let Some(url) = line.strip_prefix("canonicalUrl:") {
                address = page(url);
            }
            continue;
        }
        let cells = cells_of(line);
        match &table {
            None => table = Some(columns(&cells)),
            Some(Some(_)) if cells.iter().all(|c| c.chars().all(|c| matches!(c, '-' | ':' | ' '))) => {}
            Some(Some(columns)) => {
                rows.push(row(columns, cells.into_iter(), &heading, format!("line {}", n + 1)));
            }
            Some(None) => {}
        }
    }
    imported(rows, MARKDOWN.format, (address, None), input, catalog)
}

/// The page of Microsoft that an address is of.
fn page(url: &str) -> Option<&'static str> {
    const PAGES: [&str; 3] = [
        "https://learn.microsoft.com/en-us/windows/release-health/windows11-release-information",
        "https://learn.microsoft.com/en-us/windows/release-health/windows-server-release-info",
        "https://learn.microsoft.com/en-us/windows/release-health/release-information",
    ];
    PAGES.into_iter().find(|p| p.rsplit('/').next().is_some_and(|end| url.contains(&format!("/{end}"))))
}

fn detect_html(head: &[u8]) -> bool {
    let head = decode::head(head);
    let lower = head.trim_start().get(..64).unwrap_or("").to_ascii_lowercase();
    let html = lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.starts_with("<!--");
    let page = ["/release-information", "/windows11-release-information", "/windows-server-release-info"];
    let table = head.contains("Servicing option") && head.contains("Availability date");
    html && (page.iter().any(|p| head.contains(&format!("release-health{p}"))) || table)
}

/// Larger pages are none of Microsoft's; the real ones have 400 KB.
const LARGEST_PAGE: u64 = 8 << 20;
/// Longer tags are none of a page; a parser compares each of a tag's attributes with all others.
const TAG: usize = 64 << 10;
/// More elements of one name within each other than any page has.
const DEPTH: usize = 500;
/// Elements that need no end tag.
const ENDLESS: [&[u8]; 24] = [
    b"area", b"base", b"br", b"col", b"dd", b"dt", b"embed", b"hr", b"img", b"input", b"li", b"link",
    b"meta", b"option", b"p", b"param", b"source", b"tbody", b"td", b"th", b"thead", b"tr", b"track", b"wbr",
];

fn read_html(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    if input.size > LARGEST_PAGE {
        return Err(ImportError::new(
            input.name,
            format!("more than {LARGEST_PAGE} bytes: no page of release information is that large"),
        ));
    }
    let text = decode::text(input)?;
    if let Some(at) = outlandish(&text) {
        return Err(ImportError::new(
            format!("{}, byte {at}", input.name),
            "its HTML is nested as no page of release information is; save the page again",
        ));
    }
    let html = scraper::Html::parse_document(&text);
    let (mut rows, mut heading, mut address) = (Vec::new(), String::new(), None);
    for node in html.tree.root().descendants() {
        match node.value() {
            scraper::Node::Text(t) if is_heading(t) => heading = clean(t),
            scraper::Node::Element(e) if e.name() == "link" && e.attr("rel") == Some("canonical") => {
                address = e.attr("href").and_then(page);
            }
            scraper::Node::Element(e) if e.name() == "table" => {
                let mut table = None;
                for (n, tr) in node.descendants().filter(|n| is_element(n.value(), &["tr"])).enumerate() {
                    let cells = tr.children().filter(|n| is_element(n.value(), &["td", "th"])).take(64);
                    let cells: Vec<String> = cells
                        .map(|c| {
                            let texts = c.descendants().filter_map(|d| d.value().as_text());
                            clean(&texts.map(|t| &**t).collect::<Vec<&str>>().join(" "))
                        })
                        .collect();
                    match &table {
                        None => table = columns(&cells),
                        Some(columns) if rows.len() <= ROWS => {
                            rows.push(row(
                                columns,
                                cells.into_iter(),
                                &heading,
                                format!("{heading} row {n}"),
                            ));
                        }
                        Some(_) => break,
                    }
                    if table.is_none() {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    imported(rows, HTML.format, (address, None), input, catalog)
}

/// Where the HTML is as that of no page: a tag of endless attributes, or elements nested or left open without end, each of
/// which a parser compares with all others.
fn outlandish(html: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    let mut ended = 0;
    let mut open: HashMap<Vec<u8>, usize> = HashMap::new();
    memchr::memchr_iter(b'<', bytes).find(|&at| {
        let closes = bytes.get(at + 1) == Some(&b'/');
        let name = bytes.get(at + 1 + usize::from(closes)..).unwrap_or_default();
        let name = &name[..name.iter().take(16).take_while(|b| b.is_ascii_alphanumeric()).count()];
        if name.is_empty() {
            return false;
        }
        if ended <= at {
            ended = memchr::memchr(b'>', &bytes[at..]).map_or(bytes.len(), |n| at + n);
        }
        let name = name.to_ascii_lowercase();
        let counted = !ENDLESS.iter().any(|e| *e == name);
        let depth = open.entry(name).or_default();
        *depth = if closes { depth.saturating_sub(1) } else { *depth + usize::from(counted) };
        ended - at > TAG || *depth > DEPTH
    })
}

fn is_element(node: &scraper::Node, names: &[&str]) -> bool {
    node.as_element().is_some_and(|e| names.contains(&e.name()))
}

/// The names of a JSON object's members, as far as the head goes.
fn member_names(head: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut parts = head.split('"');
    parts.next();
    while let (Some(name), Some(after)) = (parts.next(), parts.next()) {
        if after.trim_start().starts_with(':') {
            names.push(name.to_owned());
        }
        if after.contains('}') {
            break;
        }
    }
    names
}

fn detect_json(head: &[u8]) -> bool {
    let head = decode::head(head);
    let head = head.trim_start();
    if !head.starts_with('[') {
        return false;
    }
    let names = member_names(head);
    let object = head[1..].trim_start().starts_with('{');
    // a KB and a build beside each other; hosts and updates elsewhere have either
    object && names.len() <= 16 && columns(&names).is_some()
}

fn read_json(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let objects: Vec<BTreeMap<String, Loose>> =
        serde_json::from_str(&text).map_err(|e| decode::json_error(input.name, &e))?;
    let mut rows = Vec::new();
    for (n, object) in objects.into_iter().enumerate() {
        let (names, cells): (Vec<String>, Vec<Loose>) = object.into_iter().unzip();
        if let Some(columns) = columns(&names) {
            rows.push(row(&columns, cells.into_iter().map(|c| c.0), "", format!("item {}", n + 1)));
        }
    }
    imported(rows, JSON.format, (None, Some(&decode::mark(&text))), input, catalog)
}

fn detect_csv(head: &[u8]) -> bool {
    let head = decode::head(head);
    let line = head.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or("");
    let cells: Vec<String> =
        line.split(separator(line)).map(|c| c.trim().trim_matches('"').to_owned()).collect();
    !line.starts_with(['|', '<', '{', '[']) && cells.len() <= 16 && columns(&cells).is_some()
}

/// The separator of a header line.
fn separator(line: &str) -> char {
    let count = |c: char| line.matches(c).count();
    [',', ';', '\t'].into_iter().max_by_key(|c| (count(*c), *c == ',')).unwrap_or(',')
}

fn read_csv(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let (header, records) = super::decode::csv_rows(input.name, &text)?;
    let mut rows = Vec::new();
    if let Some(columns) = columns(&header) {
        for (line, cells) in records {
            rows.push(row(&columns, cells.into_iter(), "", format!("line {line}")));
        }
    }
    imported(rows, CSV.format, (None, Some(&decode::mark(&text))), input, catalog)
}
