//! `kbwhy catalog update`: the Security Update Guide's documents of the months that the cache lacks.

use super::{
    super::{
        Exit, Failure,
        cache::{Cache, Page},
        catalog::update::Update,
        commands::Printed,
        input::shown,
    },
    client,
    client::{Answer, Ask, Client, Worth},
    fetch::{address, progress},
    stamp,
};
use crate::{
    catalog::Catalog,
    model::SourceKind,
    sources::{IMPORTERS, ImportError, Imported, Input},
};
use jiff::{ToSpan, civil::Date};
use reqwest::Url;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write as _, io::Cursor};

const SITE: &str = "https://api.msrc.microsoft.com/cvrf/v3.0/";
const JSON: [&str; 2] = ["application/json", "text/json"];
/// The documents: both shapes are read, and the site does not always send the one that is asked for.
const EITHER: [&str; 4] = ["application/json", "text/json", "application/xml", "text/xml"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Months that are asked for again, in the index or not: it lags, and documents change after they are published.
const LATEST: i32 = 3;
/// Months of one run.
const MOST: usize = 200;

/// The index: which documents there are, and when they changed.
#[derive(Deserialize)]
struct Index {
    value: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "CurrentReleaseDate", default)]
    changed: String,
}

pub(in crate::cli) fn run(typed: &Update) -> Printed {
    let since = typed.since.as_deref().map(month).transpose()?;
    let cache = Cache::open(&typed.cache)?;
    let site = address(typed.site.as_deref(), "KBWHY_MSRC_SITE", SITE)?;
    let mut client = client(&site, typed.proxy.as_deref())?;
    let mut show = progress();
    let done = update(&site, &mut client, &cache, since, &mut show, import);
    show("");
    Ok((done?, Exit::Good))
}

/// `2024-03`
fn month(text: &str) -> Result<Date, Failure> {
    let date = (text.len() == 7).then(|| format!("{text}-01").parse().ok()).flatten();
    date.ok_or_else(|| Failure::usage(format!("--since: `{}` is no month (2024-03)", shown(text))))
}

/// `2024-Mar`
fn id(month: Date) -> String {
    format!("{}-{}", month.year(), MONTHS[usize::try_from(month.month() - 1).unwrap_or(0)])
}

fn of_id(id: &str) -> Option<Date> {
    let (year, name) = id.split_once('-')?;
    let number = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))?;
    Date::new(year.parse().ok()?, i8::try_from(number + 1).ok()?, 1).ok()
}

/// Asks for what is missing, and keeps it.
pub(super) fn update(
    site: &Url,
    client: &mut Client,
    cache: &Cache,
    since: Option<Date>,
    show: &mut dyn FnMut(&str),
    import: Import,
) -> Result<String, Failure> {
    let place = |path: &str| {
        let mut url = site.clone();
        url.set_path(&format!("{}{path}", site.path()));
        url
    };
    show("the index");
    let index =
        client.ask(Ask { url: &place("updates"), form: None, types: &JSON, may_be_absent: false }, |a| {
            match serde_json::from_slice::<Index>(&a.bytes) {
                Ok(index) => Worth::Good(index),
                Err(_) => Worth::Final("the answer is no index of the Security Update Guide".to_owned()),
            }
        })?;
    let today = client.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let this = today.first_of_month();
    let since = since.unwrap_or_else(|| {
        // built-in facts may lack what was changed since they were read
        let known = Catalog::embedded().as_of().first_of_month();
        known.saturating_sub(2.months()).min(this.saturating_sub((LATEST - 1).months()))
    });
    // what changed after it was fetched is asked for again
    let mut wanted: BTreeMap<Date, bool> = BTreeMap::new();
    for entry in &index.value {
        if let Some(month) = of_id(&entry.id).filter(|m| *m >= since && *m <= this.saturating_add(1.month()))
        {
            let kept = cache.page(place(&format!("cvrf/{}", id(month))).as_str())?;
            let current = kept.is_some_and(|p| unchanged(&entry.changed, &p.fetched));
            if !current {
                wanted.insert(month, false);
            }
        }
    }
    for back in 0..LATEST {
        let month = this.saturating_sub(back.months());
        if month >= since {
            wanted.entry(month).or_insert(true);
        }
    }
    let mut imported = Vec::new();
    let mut told = String::new();
    let mut absent = Vec::new();
    for (month, unlisted) in wanted.into_iter().rev().take(MOST) {
        let (name, url) = (id(month), place(&format!("cvrf/{}", id(month))));
        show(&name);
        let ask = Ask { url: &url, form: None, types: &EITHER, may_be_absent: unlisted };
        let read = stamp(client.now());
        let day = read.get(..10).unwrap_or("").to_owned();
        match client.ask(ask, |a| document(a, &name, &day, import))? {
            None => absent.push(name),
            Some((facts, bytes)) => {
                cache.add_pages(&[Page { address: url.to_string(), fetched: read, bytes }])?;
                let n = facts.facts.updates.len();
                let _ = writeln!(told, "{name}: {n} update{}", if n == 1 { "" } else { "s" });
                imported.push(*facts);
            }
        }
    }
    if !absent.is_empty() {
        absent.reverse();
        let _ = writeln!(told, "not published yet: {}", absent.join(", "));
    }
    if imported.is_empty() {
        told.push_str("nothing new\n");
        return Ok(told);
    }
    let added = cache.add(imported)?;
    let _ = writeln!(told, "catalog as of {}: {} updates", added.as_of, added.updates);
    Ok(told)
}

/// Was a document fetched after it changed? A day that cannot be read counts as changed.
fn unchanged(changed: &str, fetched: &str) -> bool {
    let day = |t: &str| t.get(..10).and_then(|d| d.parse::<Date>().ok());
    day(changed).zip(day(fetched)).is_some_and(|(c, f)| c < f)
}

/// A month's document as rows: its bytes, its name, the day it was read.
pub(super) type Import = fn(&[u8], &str, &str) -> Result<Imported, ImportError>;

fn import(bytes: &[u8], name: &str, day: &str) -> Result<Imported, ImportError> {
    let head = &bytes[..bytes.len().min(64 << 10)];
    let unknown = || ImportError::new(name, "is no document of the Security Update Guide");
    let importer = IMPORTERS.iter().find(|i| (i.detect)(head)).ok_or_else(unknown)?;
    let mut reader = Cursor::new(bytes);
    let mut input = Input { name, reader: &mut reader, size: bytes.len() as u64, read: day };
    let imported = (importer.read)(&mut input, Catalog::embedded())?;
    if imported.kind == SourceKind::SecurityUpdateGuide { Ok(imported) } else { Err(unknown()) }
}

/// What a month has: rows and bytes; none if there is no document yet.
type Month = Option<(Box<Imported>, Vec<u8>)>;

fn document(answer: &Answer, name: &str, day: &str, import: Import) -> Worth<Month> {
    if answer.status == 404 {
        return Worth::Good(None);
    }
    match import(&answer.bytes, name, day) {
        Ok(i) => Worth::Good(Some((Box::new(i), answer.bytes.clone()))),
        Err(e) => Worth::Final(e.to_string()),
    }
}
