//! Definitions of WES-NG: MSRC's bulletins and feeds since 2008 as one table, in `definitions.zip` or bare.

mod numbers;

use super::{
    split::{self, Fault, Record, Rows, Splitter},
    statistics,
};
use crate::{
    catalog::{
        Catalog,
        facts::{Facts, SourceRow, SupersedenceRow},
    },
    model::{ProductSet, SourceKind, UpdateKind},
    sources::{
        ImportError, Imported, Importer, Input,
        gather::{Gather, Remarks, clean, day, kbs_in},
        pieces::{Manner, Pieces, Stopped, in_order},
    },
    threads::both,
};
use numbers::{Numbered, Strings};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    io::{Read, SeekFrom},
};

/// `definitions.zip` and its tables.
pub const IMPORTER: Importer = Importer { format: FORMAT, detect, read };

const FORMAT: &str = "WES-NG definitions";

/// How much is read and split at a time.
const PIECE: usize = 256 * 1024;
/// Unpacked bytes; real files have 136 MB.
const LARGEST: u64 = 2 << 30;
/// Unpacked bytes for each packed one; real files have 33.
const RATIO: u64 = 300;
/// Distinct combinations of update, product and superseded ones; real files have 53,000.
const COMBINATIONS: usize = 4_000_000;

/// Bytes of their lists of superseded updates; real files have 200 KB.
const LISTS: usize = 8 << 20;

const COLUMNS: &[&str] =
    &["BulletinKB", "AffectedProduct", "Supersedes", "DatePosted", "AffectedComponent", "Title", "CVE"];
const REQUIRED: usize = 4;
const BULLETIN: usize = 0;
const PRODUCT: usize = 1;
const SUPERSEDES: usize = 2;
const DATE: usize = 3;
const COMPONENT: usize = 4;
const TITLE: usize = 5;
const CVE: usize = 6;

/// A member of the zip by its base name: `CVEs_20260628.csv`, `Custom_20190321.csv`, `Version_0.94.txt`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Feed,
    Custom,
    Version,
}

fn member(name: &str) -> Option<Member> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let is = |prefix: &str, end: &str| base.starts_with(prefix) && base.ends_with(end);
    match () {
        () if is("cves_", ".csv") => Some(Member::Feed),
        () if is("custom_", ".csv") => Some(Member::Custom),
        () if is("version_", ".txt") => Some(Member::Version),
        () => None,
    }
}

fn detect(head: &[u8]) -> bool {
    if head.starts_with(b"PK\x03\x04") {
        // the local header of the first member: its name follows 30 bytes
        let len = head.get(26..28).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        let name = head.get(30..30 + len).unwrap_or(&[]);
        return std::str::from_utf8(name).is_ok_and(|n| member(n).is_some());
    }
    let line = |bytes: &[u8]| {
        let text: String = bytes.iter().take(400).map(|b| char::from(*b)).filter(|c| *c != '\0').collect();
        text.lines().next().unwrap_or("").to_ascii_lowercase()
    };
    let header = line(head);
    COLUMNS[..REQUIRED].iter().all(|c| header.contains(&c.to_ascii_lowercase()))
}

/// Rows with the same update, product and cell.
struct Combination {
    key: (u32, u32, u32),
    rows: u64,
    line: u64,
    /// the combination that followed it last
    next: usize,
}

/// Rows of one update with the same day.
struct Day {
    key: (u32, u32),
    rows: u64,
    /// number of the first of them
    first: u64,
}

/// The row that was taken last, in numbers.
#[derive(Clone, Copy)]
struct Taken {
    bulletin: u32,
    product: u32,
    cell: u32,
    combination: usize,
    day: Option<usize>,
}

/// What rows of one update share.
#[derive(Default)]
struct Bulletin {
    /// place of the day that was met last
    day: usize,
    /// component of all rows so far
    component: Option<Box<[u8]>>,
    components_differ: bool,
    /// those that differ are not all versions of .NET Framework
    beside_dotnet: bool,
    /// all titles so far are those of cumulative updates for Internet Explorer
    explorer: Option<bool>,
}

/// One table, while it is read.
#[derive(Default)]
struct Table {
    bulletins: Strings,
    products: Strings,
    cells: Strings,
    combinations: Vec<Combination>,
    /// bytes of their lists of superseded updates
    lists: usize,
    /// places of combinations
    places: Numbered<(u32, u32, u32), usize>,
    /// of tables whose titles are those of updates: by combination
    titles: HashMap<usize, String>,
    days: Vec<Day>,
    /// places of (update, day)
    places_of_days: Numbered<(u32, u32), usize>,
    /// the last date, as it is written
    last_day: (Vec<u8>, Option<u32>),
    of: Vec<Bulletin>,
    last: Option<Taken>,
    /// fields that differ from the row that was taken last
    changed: u64,
    records: u64,
    without_bulletin: u64,
    steps: HashSet<u32>,
    remarks: Remarks,
}

/// The title of a row, where it is one of an update: it ends in its number. Others are those of vulnerabilities.
fn titled(r: &Record<'_>) -> Option<String> {
    memchr::memmem::find(r.raw(TITLE), b"(KB").map(|_| clean(&r.text(TITLE)))
}

impl Table {
    fn take(&mut self, r: &Record<'_>) -> Result<(), String> {
        self.records += 1;
        self.changed |= r.changed();
        let bulletin = r.raw(BULLETIN);
        if bulletin.is_empty() {
            self.without_bulletin += 1;
            return Ok(());
        }
        // what is as in the last row is not looked up again
        let (last, changed) = (self.last.take(), std::mem::take(&mut self.changed));
        let same = |columns: &[usize]| last.filter(|_| columns.iter().all(|c| changed >> c & 1 == 0));
        let raw = (bulletin, r.raw(PRODUCT).trim_ascii(), r.raw(SUPERSEDES));
        // a vulnerability is listed with the same updates and products as the one before it
        let guess = last.and_then(|l| self.combinations.get(self.combinations.get(l.combination)?.next));
        // what did not change has its number still
        let guess = guess.map(|c| c.key).filter(|(bulletin, product, cell)| {
            let texts = (&self.bulletins.texts, &self.products.texts, &self.cells.texts);
            same(&[BULLETIN])
                .map_or_else(|| *texts.0[*bulletin as usize] == *raw.0, |l| l.bulletin == *bulletin)
                && same(&[SUPERSEDES]).map_or_else(|| *texts.2[*cell as usize] == *raw.2, |l| l.cell == *cell)
                && same(&[PRODUCT])
                    .map_or_else(|| *texts.1[*product as usize] == *raw.1, |l| l.product == *product)
        });
        let (bulletin, product, cell) = match guess {
            Some(key) => key,
            None => (
                match same(&[BULLETIN]) {
                    Some(l) => l.bulletin,
                    None => self.bulletins.number(raw.0)?,
                },
                match same(&[PRODUCT]) {
                    Some(l) => l.product,
                    None => self.products.number(raw.1)?,
                },
                match same(&[SUPERSEDES]) {
                    Some(l) => l.cell,
                    None => self.cells.number(raw.2)?,
                },
            ),
        };
        let combination = self.combination((bulletin, product, cell), last, r)?;
        let day = match same(&[BULLETIN, DATE]) {
            Some(l) => l.day,
            None => self.day(bulletin, r),
        };
        match day.and_then(|d| self.days.get_mut(d)) {
            Some(day) => day.rows += 1,
            None => self.remarks.add("rows without a valid date", || format!("line {}", r.line())),
        }
        self.last = Some(Taken { bulletin, product, cell, combination, day });
        if same(&[BULLETIN, COMPONENT, TITLE]).is_some() {
            return Ok(());
        }
        let of = &mut self.of[bulletin as usize];
        let component = r.raw(COMPONENT);
        match &of.component {
            None => of.component = Some(component.into()),
            Some(held) if **held != *component => {
                let dotnet = |c: &[u8]| memchr::memmem::find(c, b".NET Framework").is_some();
                of.components_differ = true;
                of.beside_dotnet |= !(dotnet(held) && dotnet(component));
            }
            Some(_) => {}
        }
        if of.explorer != Some(false) {
            of.explorer = Some(r.raw(TITLE).starts_with(b"Cumulative Security Update for Internet Explorer"));
        }
        Ok(())
    }

    /// Counts a combination: its place.
    fn combination(
        &mut self,
        key: (u32, u32, u32),
        last: Option<Taken>,
        r: &Record<'_>,
    ) -> Result<usize, String> {
        let guess = last.and_then(|l| self.combinations.get(l.combination)).map_or(0, |c| c.next);
        let mut place = guess;
        if self.combinations.get(guess).is_none_or(|c| c.key != key) {
            let n = self.combinations.len();
            place = match self.places.entry(key) {
                Entry::Occupied(held) => *held.get(),
                Entry::Vacant(_) if n >= COMBINATIONS => {
                    return Err("more updates and products than any real file has".to_owned());
                }
                Entry::Vacant(free) => {
                    self.lists += r.raw(SUPERSEDES).len();
                    if self.lists > LISTS {
                        return Err("more superseded updates than any real file has".to_owned());
                    }
                    self.combinations.push(Combination { key, rows: 0, line: r.line(), next: 0 });
                    if let Some(title) = titled(r) {
                        self.titles.insert(n, title);
                    }
                    if r.raw(CVE).starts_with(b"SP") {
                        self.steps.insert(key.0);
                    }
                    *free.insert(n)
                }
            };
            if let Some(l) = last {
                self.combinations[l.combination].next = place;
            }
        }
        self.combinations[place].rows += 1;
        Ok(place)
    }

    /// The place of the row's day among those of its update; none if it has no date.
    fn day(&mut self, bulletin: u32, r: &Record<'_>) -> Option<usize> {
        if self.of.len() <= bulletin as usize {
            self.of.resize_with(bulletin as usize + 1, Bulletin::default);
        }
        let date = r.raw(DATE);
        if self.last_day.0 != date {
            self.last_day = (date.to_vec(), std::str::from_utf8(date).ok().and_then(day));
        }
        let key = (bulletin, self.last_day.1?);
        let of = &mut self.of[bulletin as usize];
        if self.days.get(of.day).is_none_or(|d| d.key != key) {
            let n = self.days.len();
            of.day = *self.places_of_days.entry(key).or_insert(n);
            if of.day == n {
                self.days.push(Day { key, rows: 0, first: self.records });
            }
        }
        Some(of.day)
    }

    fn statistics(&self) -> SupersedenceRow {
        let combinations: Vec<_> =
            self.combinations.iter().map(|c| (c.key.0, c.key.1, c.key.2, c.rows)).collect();
        let mut best: Vec<(u64, u64, u32)> = vec![(0, 0, 0); self.bulletins.texts.len()];
        for Day { key: (bulletin, day), rows, first } in &self.days {
            // of equally frequent days the one met first
            let candidate = (*rows, u64::MAX - first, *day);
            let held = &mut best[*bulletin as usize];
            *held = candidate.max(*held);
        }
        statistics::count(&statistics::Table {
            records: self.records,
            without_bulletin: self.without_bulletin,
            bulletins: &self.bulletins.in_order(),
            cells: &self.cells.in_order(),
            combinations: &combinations,
            days: &best.into_iter().map(|(.., day)| day).collect::<Vec<_>>(),
        })
    }

    /// The updates of Windows and others that have a KB number.
    fn gather<'c>(&self, catalog: &'c Catalog, custom: bool) -> Gather<'c> {
        let mut gather = Gather::new(catalog);
        gather.remarks = self.remarks.clone();
        let (bulletins, products, cells) =
            (self.bulletins.in_order(), self.products.in_order(), self.cells.in_order());
        let kbs: Vec<_> = bulletins.iter().map(|b| b.parse::<crate::model::KbId>().ok()).collect();
        let named: Vec<_> = products.iter().map(|p| gather.names.find(p)).collect();
        let named_in: Vec<(Vec<crate::model::KbId>, usize)> = cells
            .iter()
            .map(|cell| {
                let mut odd = 0;
                (kbs_in(cell, |_| odd += 1), odd)
            })
            .collect();
        let mut without_number: HashMap<u32, (u64, u64)> = HashMap::new();
        for (place, c) in self.combinations.iter().enumerate() {
            let (bulletin, product, cell) = &c.key;
            let line = || format!("line {}", c.line);
            let Some(kb) = kbs[*bulletin as usize] else {
                without_number.entry(*bulletin).or_insert((0, c.line)).0 += c.rows;
                continue;
            };
            let named = named[*product as usize];
            let on = named.map_or(ProductSet::default(), |n| n.products);
            let (superseded, odd) = &named_in[*cell as usize];
            for _ in 0..*odd {
                gather.remarks.count("superseded names that are no KB numbers: left out", c.rows, line);
            }
            if cells[*cell as usize].contains('<') {
                gather.remarks.count("superseded lists with markup: split", c.rows, line);
            }
            let update = gather.update(kb);
            if let Some(n) = named {
                update.package(n.products, n.architecture);
            }
            update.component(match named.and_then(|n| n.component) {
                Some(component) => component,
                None => match &self.of[*bulletin as usize] {
                    of if of.components_differ && of.beside_dotnet => "",
                    of if of.components_differ => ".NET Framework",
                    of => of.component.as_deref().and_then(|c| std::str::from_utf8(c).ok()).unwrap_or(""),
                },
            });
            if custom
                && let Some(title) = self.titles.get(&place)
                && title.contains(&format!("(KB{})", kb.number()))
            {
                update.title = Some(title.clone());
                if title.contains("Service Pack") {
                    update.of_kind(UpdateKind::ServicePack);
                }
            }
            // steps from one release to the next are an ordering aid, not supersedence
            if self.steps.contains(bulletin) && !superseded.is_empty() {
                gather.remarks.count(
                    "steps to the next release that are noted as supersedence: left out",
                    c.rows,
                    line,
                );
                continue;
            }
            superseded.iter().for_each(|to| update.supersedes(*to, on));
        }
        for Day { key: (bulletin, day), rows, .. } in &self.days {
            if let Some(kb) = kbs[*bulletin as usize] {
                gather.update(kb).dated(*day, *rows);
            }
        }
        for (of, kb) in self.of.iter().zip(&kbs) {
            let Some(kb) = kb else { continue };
            let dotnet = !of.components_differ
                && of
                    .component
                    .as_deref()
                    .is_some_and(|c| memchr::memmem::find(c, b".NET Framework").is_some());
            if of.explorer == Some(true) {
                gather.update(*kb).of_kind(UpdateKind::InternetExplorerCumulative);
            } else if dotnet {
                gather.update(*kb).of_kind(UpdateKind::DotnetRollup);
            }
        }
        let mut without_number: Vec<_> = without_number.into_values().collect();
        without_number.sort_unstable_by_key(|(_, line)| *line);
        for (rows, line) in without_number {
            gather
                .remarks
                .count("rows about what has no KB number: left out", rows, || format!("line {line}"));
        }
        if self.without_bulletin > 0 {
            gather
                .remarks
                .count("rows without an update: left out", self.without_bulletin, || "BulletinKB".to_owned());
        }
        gather
    }
}

/// A piece of a table and its records.
#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    rows: Rows,
}

/// Reads a table: pieces are split into records beside each other and beside unpacking.
fn stream(place: &str, reader: &mut dyn Read, bound: u64, manner: Manner) -> Result<Table, ImportError> {
    let mut table = Table::default();
    let mut splitter = Splitter::new(COLUMNS, REQUIRED);
    let mut pieces = Pieces::new(reader, manner.piece, bound);
    let read = read_table(&mut pieces, &mut splitter, &mut table, manner.threads);
    match (read, pieces.damage) {
        (Err(fault), _) => Err(ImportError::new(
            format!("{place}:{}", fault.line),
            format!("{}; download it again", fault.problem),
        )),
        (Ok(()), Some((at, problem))) => Err(ImportError::new(
            format!("{place}, byte {at}"),
            format!("damaged ({problem}); download it again"),
        )),
        (Ok(()), None) if table.records == 0 => Err(ImportError::new(place, "no rows; download it again")),
        (Ok(()), None) => Ok(table),
    }
}

fn read_table(
    pieces: &mut Pieces<&mut dyn Read>,
    splitter: &mut Splitter,
    table: &mut Table,
    threads: usize,
) -> Result<(), Fault> {
    let mut first = Vec::new();
    while splitter.form().is_none() && pieces.next(&mut first, split::cut) {
        splitter.feed(&first, false, |r| table.take(r))?;
    }
    if let Some(form) = splitter.form().cloned() {
        let taken = in_order(
            threads,
            |p: &mut Piece| pieces.next(&mut p.bytes, split::cut),
            |p| form.split(&p.bytes, 0, false, &mut p.rows),
            |p| splitter.feed_split(&p.bytes, &p.rows, |r| table.take(r)),
        );
        taken.map_err(|stopped| match stopped {
            Stopped::By(fault) => fault,
            Stopped::Broken => Fault { line: 0, problem: "internal error".to_owned() },
        })?;
    }
    // what ends in the middle of damage is told by the damage
    if pieces.damage.is_some() { Ok(()) } else { splitter.feed(&[], true, |r| table.take(r)) }
}

/// The tables of a file.
struct Tables {
    feed: Option<Table>,
    custom: Option<Table>,
    /// name of the feed's table, or of the only one
    name: String,
}

fn tables(input: &mut Input<'_>, manner: Manner) -> Result<Tables, ImportError> {
    let failed = |e: std::io::Error| {
        ImportError::new(input.name, format!("cannot be read ({})", clean(&e.to_string())))
    };
    let mut head = [0; 4];
    input.reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut filled = 0;
    while filled < head.len() {
        match input.reader.read(&mut head[filled..]).map_err(failed)? {
            0 => break,
            n => filled += n,
        }
    }
    input.reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    if head == *b"PK\x03\x04" {
        return zipped(input, manner);
    }
    let table = match head {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            let mut reader = super::super::decode::Utf16::new(&mut *input.reader, head[0] == 0xFF);
            stream(input.name, &mut reader, LARGEST, manner)?
        }
        _ => stream(input.name, &mut *input.reader, LARGEST, manner)?,
    };
    let base = input.name.rsplit(['/', '\\']).next().unwrap_or(input.name).to_owned();
    Ok(if member(&base) == Some(Member::Custom) {
        Tables { feed: None, custom: Some(table), name: base }
    } else {
        Tables { feed: Some(table), custom: None, name: base }
    })
}

fn zipped(input: &mut Input<'_>, manner: Manner) -> Result<Tables, ImportError> {
    let damaged = |place: &str, e: &dyn std::fmt::Display| {
        ImportError::new(place, format!("damaged zip ({}); download it again", clean(&e.to_string())))
    };
    let mut zip = zip::ZipArchive::new(&mut *input.reader).map_err(|e| damaged(input.name, &e))?;
    let mut found: Vec<(Member, usize, String)> = Vec::new();
    for i in 0..zip.len() {
        if let Some(Ok(name)) = zip.name_for_index(i)
            && let Some(member) = member(&name)
        {
            found.push((member, i, name.into_owned()));
        }
    }
    found.sort_by(|a, b| a.2.cmp(&b.2));
    let mut out = Tables { feed: None, custom: None, name: String::new() };
    for wanted in [Member::Feed, Member::Custom] {
        // of several the newest, by the date in its name
        let Some((_, i, name)) = found.iter().rfind(|(m, ..)| *m == wanted) else { continue };
        let base = clean(name.rsplit(['/', '\\']).next().unwrap_or(name));
        let place = format!("{}: {base}", input.name);
        let mut file = zip.by_index(*i).map_err(|e| damaged(&place, &e))?;
        let bound = file.compressed_size().min(input.size).saturating_mul(RATIO).saturating_add(1 << 20);
        let table = stream(&place, &mut file, bound.min(LARGEST), manner)?;
        let is_feed = wanted == Member::Feed;
        if is_feed || out.name.is_empty() {
            out.name = base;
        }
        *(if is_feed { &mut out.feed } else { &mut out.custom }) = Some(table);
    }
    if out.feed.is_none() && out.custom.is_none() {
        return Err(ImportError::new(input.name, "a zip without CVEs_….csv: not the definitions of WES-NG"));
    }
    Ok(out)
}

/// The day in a table's name, `yyyy-mm-dd`.
fn named_day(name: &str) -> Option<String> {
    let digits = name.split_once('_')?.1.get(..8)?;
    day(digits).map(|_| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..8]))
}

fn read(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    read_in(input, catalog, Manner::of(PIECE))
}

fn read_in(input: &mut Input<'_>, catalog: &Catalog, manner: Manner) -> Result<Imported, ImportError> {
    let tables = tables(input, manner)?;
    let read = named_day(&tables.name).unwrap_or_else(|| input.read.to_owned());
    let id = format!("definitions-{}", read.replace('-', ""));
    let (mut facts, mut remarks) = (Facts::default(), Remarks::default());
    // the feed is Microsoft's, copied by a maintained tool, as the built-in rows of the same data are
    for (table, custom, standing) in [(tables.feed, false, "verified"), (tables.custom, true, "secondary")] {
        let Some(table) = table else { continue };
        let gathered = || table.gather(catalog, custom).finish(&id, standing, None);
        let (rows, told) = if custom {
            gathered()
        } else {
            let (statistics, gathered) = both(|| table.statistics(), gathered);
            facts.supersedence.push(SupersedenceRow { source: id.clone(), ..statistics });
            gathered
        };
        facts.updates.extend(rows.updates);
        told.into_iter().for_each(|r| remarks.count(&r.text, r.count, || r.first));
    }
    let source = SourceRow {
        url: "https://msrc.microsoft.com/update-guide/".to_owned(),
        title: "Microsoft security bulletins and Security Update Guide".to_owned(),
        via: Some(format!(
            "{} of the WES-NG definitions; supersedence repaired: union of rows, lists split, no loops, no edges to newer updates; \
             its product lists name what was affected, so they are not taken as complete",
            clean(&tables.name)
        )),
        kind: Some(SourceKind::Definitions.name().to_owned()),
        digest: None,
        id,
        read,
    };
    facts.sources.push(source.clone());
    Ok(Imported {
        kind: SourceKind::Definitions,
        format: FORMAT,
        source,
        facts,
        metadata: None,
        remarks: remarks.into_list(),
    })
}

/// The supersedence of definitions as they state it, before any repair.
pub fn supersedence(input: &mut Input<'_>) -> Result<SupersedenceRow, ImportError> {
    let tables = tables(input, Manner::of(PIECE))?;
    match tables.feed.or(tables.custom) {
        Some(table) => Ok(table.statistics()),
        None => Err(ImportError::new(input.name, "no table")),
    }
}

#[cfg(test)]
mod tests;
