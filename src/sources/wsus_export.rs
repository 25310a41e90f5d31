//! Tables of updates that WSUS exports: `Get-WsusUpdate` and the catalogs of OSDSUS, as CSV or JSON.

use super::{
    ImportError, Imported, Importer, Input,
    decode::{self, Loose, Many},
    gather::{Gather, clean, day},
};
use crate::{
    catalog::{Catalog, facts::SourceRow, view::LineKind},
    model::{Architecture, KbId, ProductSet, SourceKind, UpdateKind},
};
use serde::Deserialize;

/// Tables in JSON.
pub const JSON: Importer = Importer { format: "WSUS export (JSON)", detect: detect_json, read: read_json };
/// Tables in CSV.
pub const CSV: Importer = Importer { format: "WSUS export (CSV)", detect: detect_csv, read: read_csv };

/// More updates than an export has.
const ITEMS: usize = 50_000;

fn has_names(head: &str) -> bool {
    let kb = head.contains("KBNumber") || head.contains("KnowledgebaseArticles");
    kb && head.contains("UpdateClassificationTitle") && head.contains("CreationDate")
}

fn detect_json(head: &[u8]) -> bool {
    let head = decode::head(head);
    head.trim_start().starts_with(['{', '[']) && has_names(&head)
}

fn detect_csv(head: &[u8]) -> bool {
    let head = decode::head(head);
    let line = head.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or("");
    !line.starts_with(['{', '[', '<']) && has_names(line)
}

/// One update of the export, in its words.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Item {
    #[serde(rename = "KBNumber")]
    kb_number: Loose,
    #[serde(rename = "FileKBNumber")]
    file_kb_number: Loose,
    knowledgebase_articles: Loose,
    title: Loose,
    creation_date: Loose,
    #[serde(rename = "UpdateOS")]
    update_os: Loose,
    update_build: Loose,
    update_arch: Loose,
    update_group: Loose,
    file_name: Loose,
    is_superseded: Loose,
    /// where the table is of objects that wrap the update
    update: Option<Box<Item>>,
}

fn read_json(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let items: Many<Item> = serde_json::from_str(&text).map_err(|e| decode::json_error(input.name, &e))?;
    imported(items.0, JSON.format, &decode::mark(&text), input, catalog)
}

fn read_csv(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let (header, rows) = decode::csv_rows(input.name, &text)?;
    let column = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
    let names = [
        "KBNumber",
        "FileKBNumber",
        "KnowledgebaseArticles",
        "Title",
        "CreationDate",
        "UpdateOS",
        "UpdateBuild",
        "UpdateArch",
        "UpdateGroup",
        "FileName",
        "IsSuperseded",
    ];
    let columns = names.map(column);
    let item = |cells: Vec<String>| {
        let mut cell =
            columns.iter().map(|c| Loose(c.and_then(|c| cells.get(c)).cloned().unwrap_or_default()));
        let mut next = || cell.next().unwrap_or_default();
        Item {
            kb_number: next(),
            file_kb_number: next(),
            knowledgebase_articles: next(),
            title: next(),
            creation_date: next(),
            update_os: next(),
            update_build: next(),
            update_arch: next(),
            update_group: next(),
            file_name: next(),
            is_superseded: next(),
            update: None,
        }
    };
    imported(
        rows.into_iter().map(|(_, cells)| item(cells)).collect(),
        CSV.format,
        &decode::mark(&text),
        input,
        catalog,
    )
}

/// The order of day and month in dates with strokes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    MonthFirst,
    DayFirst,
    Unknown,
}

fn strokes(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split([' ', 'T']).next()?.split('/').map(|p| p.trim().parse::<u32>().ok());
    Some((parts.next()??, parts.next()??, parts.next()??)).filter(|(.., year)| *year > 1000)
}

/// Which order all dates of a table have.
fn order<'a>(dates: impl Iterator<Item = &'a str>) -> Order {
    let (mut day_first, mut month_first) = (false, false);
    for (a, b, _) in dates.filter_map(strokes) {
        day_first |= a > 12;
        month_first |= b > 12;
    }
    match (month_first, day_first) {
        (true, false) => Order::MonthFirst,
        (false, true) => Order::DayFirst,
        _ => Order::Unknown,
    }
}

/// The day of `/Date(1496962803000)/`, of an ISO date, or of one with strokes.
fn day_of(text: &str, order: Order) -> Option<u32> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("/Date(") {
        let end = inner.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(inner.len());
        let milliseconds: i64 = inner[..end].parse().ok()?;
        let moment = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
        return day(&moment.to_string());
    }
    let Some((a, b, year)) = strokes(text) else { return day(text) };
    let (month, date) = match order {
        Order::MonthFirst => (a, b),
        Order::DayFirst => (b, a),
        Order::Unknown if a == b => (a, b),
        Order::Unknown => return None,
    };
    day(&format!("{year:04}-{month:02}-{date:02}"))
}

/// The kind of an update by its title in Windows Update.
fn kind_of(title: &str, group: &str) -> Option<UpdateKind> {
    let t = title.to_ascii_lowercase();
    let has = |words: &str| t.contains(words);
    Some(match () {
        () if has(".net framework") => UpdateKind::DotnetRollup,
        () if has("servicing stack update") || group == "SSU" => UpdateKind::ServicingStack,
        () if has("hotpatch") => UpdateKind::Hotpatch,
        () if has("dynamic update") => UpdateKind::DynamicUpdate,
        () if has("preview of monthly quality rollup") => UpdateKind::RollupPreview,
        () if has("monthly quality rollup") => UpdateKind::MonthlyRollup,
        () if has("security only quality update") => UpdateKind::SecurityOnly,
        () if has("cumulative security update for internet explorer") => {
            UpdateKind::InternetExplorerCumulative
        }
        () if has("cumulative update preview for windows") => UpdateKind::CumulativePreview,
        () if has("delta update for windows") => UpdateKind::Delta,
        () if has("cumulative update for windows")
            || has("cumulative update for microsoft server operating system") =>
        {
            UpdateKind::Cumulative
        }
        () if has("enablement package") => UpdateKind::Enablement,
        () if has("licensing preparation package") => UpdateKind::EsuPreparation,
        () => return None,
    })
}

/// `2022-12 Security Update` of `2022-12 Security Update for Windows 10 Version 22H2 (KB5012170)`: an update has packages for
/// several products, and each has its own title.
fn without_product(title: &str) -> &str {
    let title = title.rsplit_once("(KB").map_or(title, |(t, _)| t);
    let places = [" for Windows ", " for Microsoft server ", " for Microsoft Server "];
    let at = places.iter().filter_map(|p| title.find(p)).min();
    title[..at.unwrap_or(title.len())].trim()
}

/// The product of `Windows 10` and `22H2`, if it is one alone.
fn product_of(os: &str, release: &str, catalog: &Catalog) -> ProductSet {
    let server = os.to_ascii_lowercase().contains("server");
    let fits = catalog.products().filter(|p| {
        let family =
            if server { p.server } else { !p.server && p.name.starts_with(&format!("{} ", os.trim())) };
        family && p.release.is_some_and(|r| r.eq_ignore_ascii_case(release.trim()))
    });
    let found: ProductSet = fits.map(|p| p.id).collect();
    if found.len() == 1 && !os.trim().is_empty() { found } else { ProductSet::default() }
}

fn architecture_of(item: &Item) -> Option<Architecture> {
    let stated = item.update_arch.trim().parse().ok();
    stated.or_else(|| {
        let file = item.file_name.to_ascii_lowercase();
        let mut parts = file.split(['-', '_', '.']);
        parts.find_map(|p| matches!(p, "x64" | "x86" | "arm64" | "ia64").then(|| p.parse().ok()).flatten())
    })
}

fn imported(
    items: Vec<Item>,
    format: &'static str,
    mark: &str,
    input: &Input<'_>,
    catalog: &Catalog,
) -> Result<Imported, ImportError> {
    let items: Vec<Item> =
        items.into_iter().map(|i| i.update.map_or_else(|| Item { update: None, ..i }, |u| *u)).collect();
    if items.len() > ITEMS {
        return Err(ImportError::new(
            input.name,
            format!("more than {ITEMS} updates: export fewer at once, such as those of one product"),
        ));
    }
    let order = order(items.iter().map(|i| &*i.creation_date));
    let mut gather = Gather::new(catalog);
    for (n, item) in items.iter().enumerate() {
        let full = clean(&item.title);
        let place = || format!("item {}: {full}", n + 1);
        let named = if item.kb_number.is_empty() { &item.knowledgebase_articles } else { &item.kb_number };
        let in_title =
            full.rsplit_once("(KB").and_then(|(_, t)| t.split(')').next()).and_then(|d| d.parse().ok());
        let Some(kb) = named.split([';', ',', ' ']).find_map(|k| k.parse::<KbId>().ok()).or(in_title) else {
            gather.remarks.add("updates without a KB number: left out", place);
            continue;
        };
        let date = day_of(&item.creation_date, order);
        if date.is_none() {
            let text = "dates in which day and month cannot be told apart, or that are none: left out";
            gather.remarks.add(text, || format!("{}: {}", place(), clean(&item.creation_date)));
        }
        let kind = kind_of(&full, item.update_group.trim());
        let titled = gather.names.find_in_title(&full);
        let grouped = product_of(&item.update_os, &item.update_build, catalog);
        let products = match titled {
            // several: `version 1903 and later`
            Some((set, _)) if set.len() > 1 => set.intersection(grouped),
            Some((set, _)) if grouped.is_empty() || !set.intersection(grouped).is_empty() => set,
            // the same build under two names, as Server 2019 and version 1809
            Some((set, _))
                if set.iter().all(|p| {
                    grouped.iter().any(|g| catalog.product(g).version == catalog.product(p).version)
                }) =>
            {
                set
            }
            Some(_) => {
                gather.remarks.add("products that title and group name differently: left out", place);
                ProductSet::default()
            }
            None => grouped,
        };
        let architecture = titled.and_then(|(_, a)| a).or_else(|| architecture_of(item));
        let file_kb = item.file_kb_number.trim().parse::<KbId>().ok().filter(|f| *f != kb);
        for (kb, of) in [(Some(kb), None), (file_kb, Some(kb))] {
            let Some(kb) = kb else { continue };
            // cumulative updates bring their servicing stack since 2021, on most branches: as the line goes on
            let kind = match kind {
                Some(UpdateKind::Cumulative) => {
                    Some(usual(products, catalog).unwrap_or(UpdateKind::Cumulative))
                }
                // tools that are listed beside it have numbers of their own
                _ if of.is_some() && kind != Some(UpdateKind::DotnetRollup) => continue,
                kind => kind,
            };
            let update = gather.update(kb);
            update.package(products, architecture);
            if let Some(kind) = kind {
                update.of_kind(kind);
            }
            if let Some(date) = date {
                update.dated(date, 1);
            }
            match of {
                None => {
                    // one number, several titles: the first in the alphabet
                    let title = without_product(&full);
                    if !title.is_empty() && update.title.as_ref().is_none_or(|held| title < held.as_str()) {
                        update.title = Some(title.to_owned());
                    }
                }
                Some(of) => update.note = Some(format!("a package of {of}")),
            }
        }
        if item.is_superseded.eq_ignore_ascii_case("true") {
            gather.remarks.add("updates that are superseded, by what is not told", place);
        }
    }
    if gather.is_empty() {
        return Err(ImportError::new(input.name, "no update with a KB number; export it again"));
    }
    let kind = SourceKind::UpdateMetadata;
    let base = input.name.rsplit(['/', '\\']).next().unwrap_or(input.name).to_ascii_lowercase();
    let stem: String =
        base.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    let source = SourceRow {
        id: format!("wsus-export-{stem}-{mark}"),
        url: "https://learn.microsoft.com/en-us/windows-server/administration/windows-server-update-services/get-started/windows-server-update-services-wsus".to_owned(),
        title: "updates as WSUS exports them".to_owned(),
        read: input.read.to_owned(),
        via: Some(clean(&base)),
        kind: Some(kind.name().to_owned()),
        digest: None,
    };
    let (mut facts, remarks) = gather.finish(&source.id, "verified", None);
    facts.sources.push(source.clone());
    Ok(Imported { kind, format, source, facts, metadata: None, remarks })
}

/// How the cumulative line of these products goes on: with the servicing stack in it, or beside it.
fn usual(products: ProductSet, catalog: &Catalog) -> Option<UpdateKind> {
    let of = |l: &crate::catalog::view::Line<'_>| {
        l.kind == LineKind::Cumulative && !l.products.intersection(products).is_empty()
    };
    let line = catalog.lines().find(of)?;
    let kinds = catalog.entries(line.id).map(|e| e.kind);
    kinds.filter(|k| matches!(k, UpdateKind::Cumulative | UpdateKind::Combined)).last()
}
