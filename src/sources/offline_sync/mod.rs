//! Windows Update's offline scan file: `wsusscn2.cab`, its `package.cab` and `package.xml`, and the `WSUSSCAN.cab` of
//! packages.
//!
//! The master list is parsed while it is unpacked. Rules and titles stand in 900,000 small files in further cabinets:
//! they are read for updates that are asked for, and all of them where the file is small.

mod index_xml;
mod package_xml;
mod quick;
#[cfg(test)]
mod tests;

use super::{ImportError, Imported, Importer, Input, ReadSeek, Remark, pieces::Manner};
use crate::{
    archive::{ArchiveError, Budget, Limits, cabinet::Cabinet},
    catalog::{Catalog, facts::SourceRow},
    metadata::{
        self, Metadata, UpdateGuid,
        builder::{Builder, Oddities},
        fragment::{self, Owner},
        xml::XmlError,
    },
    model::{KbId, SourceKind},
};
use index_xml::Ranges;
use package_xml::Head;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
};

/// One format: the list by itself and the cabinets that it comes in are the same source.
const FORMAT: &str = "Windows Update offline scan file";

/// Cabinets with the master list in them.
pub(super) const CABINET: Importer = Importer { format: FORMAT, detect: is_offline_sync, read: read_cabinet };
/// The master list by itself.
pub(super) const MASTER: Importer =
    Importer { format: FORMAT, detect: package_xml::is_master, read: read_master };

/// All that is in the file of a size up to this is read, rules and titles too: that of one package.
const SMALL: u64 = 8 << 20;
/// What a cabinet within a package may have.
const NESTED: u32 = 256 << 20;
/// The largest fragment: rules that embed the manifest of a cumulative update come to 47 MB.
const FRAGMENT: u32 = 128 << 20;
/// More updates than anybody asks the rules of.
const WANTED: usize = 200_000;
/// 75 cabinets of 12,500 files of 214 MB, and room.
const LIMITS: Limits = Limits { members: 4_000_000, unpacked: 64 << 30, ratio: 20_000, depth: 3 };
/// Where the file can be had.
const ADDRESS: &str = "http://download.windowsupdate.com/microsoftupdate/v6/wsusscan/wsusscn2.cab";

fn is_offline_sync(head: &[u8]) -> bool {
    let names: [&[u8]; 3] = [b"package.cab\0", b"package.xml\0", b"wsusscan.cab\0"];
    head.starts_with(b"MSCF") && {
        let lower = head.to_ascii_lowercase();
        names.iter().any(|n| memchr::memmem::find(&lower, n).is_some())
    }
}

/// Reads a file as [`super::import`] does; of an offline scan file also the rules, titles and digests of some KBs, and of
/// all that these ask for.
///
/// # Errors
/// As [`super::import`].
pub fn import_with_rules(
    input: &mut Input<'_>,
    catalog: &Catalog,
    kbs: &[KbId],
) -> Result<Imported, ImportError> {
    let mut head = Vec::new();
    let read_head = (&mut *input.reader).take(64 * 1024).read_to_end(&mut head);
    read_head.map_err(|e| ImportError::new(input.name, format!("cannot be read: {e}")))?;
    rewind(input.name, input.reader)?;
    if is_offline_sync(&head) { read(input, catalog, kbs) } else { super::import(input, catalog) }
}

/// The updates of an offline scan file by GUID, settled, and nothing else: what the first part of an import makes of it.
///
/// # Errors
/// As [`super::import`].
pub fn metadata(input: &mut Input<'_>) -> Result<Metadata, ImportError> {
    let mut head = Vec::new();
    let read_head = (&mut *input.reader).take(64 * 1024).read_to_end(&mut head);
    read_head.map_err(|e| ImportError::new(input.name, format!("cannot be read: {e}")))?;
    rewind(input.name, input.reader)?;
    let mut builder = Builder::default();
    if is_offline_sync(&head) {
        master(input.name, input.reader, &Budget::new(LIMITS), &mut builder)?;
    } else {
        list(input.name, "", &mut *input.reader, &mut builder)?;
    }
    Ok(builder.finish().0)
}

fn read_cabinet(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    read(input, catalog, &[])
}

fn read_master(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let mut builder = Builder::default();
    let head = list(input.name, "", &mut *input.reader, &mut builder)?;
    let about = About { name: input.name, read: input.read, package: false };
    Ok(imported(about, catalog, builder, &head, Vec::new()))
}

fn at_xml(file: &str, member: &str, e: &XmlError) -> ImportError {
    let member = if member.is_empty() { String::new() } else { format!("{member}, ") };
    ImportError::new(format!("{file}: {member}byte {}", e.at), e.problem.clone())
}

fn at_archive(file: &str) -> impl Fn(ArchiveError) -> ImportError {
    move |e| {
        let place = if e.place.is_empty() { String::new() } else { format!("{}, ", e.place) };
        ImportError::new(format!("{file}: {place}byte {}", e.at), e.problem)
    }
}

/// Which fragments are read.
enum Wanted {
    All,
    Revisions(BTreeSet<u32>),
}

fn read(input: &mut Input<'_>, catalog: &Catalog, kbs: &[KbId]) -> Result<Imported, ImportError> {
    let budget = Budget::new(LIMITS);
    let name = input.name;
    let about = About { name, read: input.read, package: false };
    // a package has its offline scan file in it
    if let Some(inner) = scan_file_of_package(input, &budget)? {
        let size = inner.len() as u64;
        let budget = budget.within("WSUSSCAN.cab").map_err(at_archive(name))?;
        let about = About { package: true, ..about };
        return read_scan_file(about, &mut Cursor::new(inner), size, catalog, kbs, &budget);
    }
    rewind(name, input.reader)?;
    read_scan_file(about, input.reader, input.size, catalog, kbs, &budget)
}

/// What is said of a file.
#[derive(Clone, Copy)]
struct About<'a> {
    name: &'a str,
    read: &'a str,
    /// it is that of one package, not that of all updates
    package: bool,
}

fn rewind(name: &str, reader: &mut dyn ReadSeek) -> Result<(), ImportError> {
    reader.rewind().map_err(|e| ImportError::new(name, format!("cannot be read: {e}")))
}

fn scan_file_of_package(input: &mut Input<'_>, budget: &Budget) -> Result<Option<Vec<u8>>, ImportError> {
    let failed = at_archive(input.name);
    let mut outer = Cabinet::open_file(&mut *input.reader, budget).map_err(&failed)?;
    if !outer.members().iter().any(|m| m.name.eq_ignore_ascii_case("WSUSSCAN.cab")) {
        return Ok(None);
    }
    while let Some(mut member) = outer.next_member().map_err(&failed)? {
        if member.name().eq_ignore_ascii_case("WSUSSCAN.cab") {
            return member.read_all(NESTED).map(Some).map_err(failed);
        }
    }
    Ok(None)
}

fn read_scan_file(
    about: About<'_>,
    reader: &mut dyn ReadSeek,
    size: u64,
    catalog: &Catalog,
    kbs: &[KbId],
    budget: &Budget,
) -> Result<Imported, ImportError> {
    let mut builder = Builder::default();
    let (head, ranges) = master(about.name, &mut *reader, budget, &mut builder)?;
    let mut remarks = Vec::new();
    let wanted = if size <= SMALL && kbs.is_empty() {
        Some(Wanted::All)
    } else if kbs.is_empty() {
        None
    } else {
        let (wanted, missing) = of_kbs(&builder, kbs);
        if let Some(first) = missing.first() {
            remarks.push(Remark {
                text: "KBs whose rules were asked for and that the file does not have by file name"
                    .to_owned(),
                count: missing.len() as u64,
                first: first.to_string(),
            });
        }
        Some(Wanted::Revisions(wanted))
    };
    if let Some(wanted) = wanted {
        rewind(about.name, reader)?;
        fragments(about.name, reader, budget, &mut builder, &ranges, &wanted)?;
    }
    Ok(imported(about, catalog, builder, &head, remarks))
}

/// Reads the master list, and the index of the other cabinets if there is one.
fn master(
    file: &str,
    reader: &mut dyn ReadSeek,
    budget: &Budget,
    builder: &mut Builder,
) -> Result<(Head, Ranges), ImportError> {
    let failed = at_archive(file);
    let mut outer = Cabinet::open_file(reader, budget).map_err(&failed)?;
    let mut ranges = Ranges::default();
    let mut head = None;
    let has_index = outer.members().iter().any(|m| m.name.eq_ignore_ascii_case("index.xml"));
    let mut indexed = !has_index;
    while let Some(mut member) = outer.next_member().map_err(&failed)? {
        let name = member.name().to_ascii_lowercase();
        match &*name {
            "index.xml" => {
                let bytes = member.read_all(16 << 20).map_err(&failed)?;
                ranges = index_xml::read(&bytes).map_err(|e| at_xml(file, "index.xml", &e))?;
                indexed = true;
            }
            "package.xml" if head.is_none() => {
                head = Some(list(file, "package.xml", member, builder)?);
            }
            "package.cab" if head.is_none() => {
                let within = budget.within("package.cab").map_err(&failed)?;
                let mut inner = Cabinet::open(&mut member, &within).map_err(&failed)?;
                while let Some(entry) = inner.next_member().map_err(&failed)? {
                    if head.is_none() && entry.name().eq_ignore_ascii_case("package.xml") {
                        head = Some(list(file, "package.cab > package.xml", entry, builder)?);
                    }
                }
            }
            _ => {}
        }
        if head.is_some() && indexed {
            break;
        }
    }
    let head = head.ok_or_else(|| {
        ImportError::new(
            file,
            "holds no package.xml, neither by itself nor in package.cab; import wsusscn2.cab as it is",
        )
    })?;
    Ok((head, ranges))
}

fn list(file: &str, member: &str, reader: impl Read, builder: &mut Builder) -> Result<Head, ImportError> {
    let manner = Manner::of(package_xml::PIECE);
    package_xml::read(reader, builder, manner).map_err(|e| at_xml(file, member, &e))
}

/// Revisions of KBs: their packages, what these bundle and are bundled by, and all that they ask for.
fn of_kbs(builder: &Builder, kbs: &[KbId]) -> (BTreeSet<u32>, Vec<KbId>) {
    let (m, _) = builder.clone().finish();
    let mut seen: BTreeSet<u32> = BTreeSet::new();
    let mut open: Vec<u32> = Vec::new();
    let mut missing = Vec::new();
    for kb in kbs {
        let ranks: Vec<u32> = m.ranks_of_kb(kb.number()).collect();
        if ranks.is_empty() {
            missing.push(*kb);
        }
        for r in ranks {
            open.push(r);
            open.extend(m.bundles.of(r));
            open.extend(m.leaves.of(r));
        }
    }
    while let Some(rank) = open.pop() {
        if seen.len() < WANTED && seen.insert(rank) {
            open.extend(m.clauses(rank).flatten());
            open.extend(m.categories.of(rank).iter().map(|packed| packed >> 3));
        }
    }
    let ids = seen.iter().filter_map(|&r| m.records.get(r as usize)).map(|r| r.revision_id);
    (ids.filter(|id| *id != u32::MAX).collect(), missing)
}

/// Reads fragments of the further cabinets, each in one pass; cabinets that have none of them are leapt over.
fn fragments(
    file: &str,
    reader: &mut dyn ReadSeek,
    budget: &Budget,
    builder: &mut Builder,
    ranges: &Ranges,
    wanted: &Wanted,
) -> Result<(), ImportError> {
    let owners: BTreeMap<u32, (UpdateGuid, u32)> = builder.revisions().collect();
    let cabs: Option<BTreeSet<&str>> = match wanted {
        Wanted::All => None,
        Wanted::Revisions(ids) if !ranges.is_empty() => {
            Some(ids.iter().filter_map(|id| ranges.cab_of(*id)).collect())
        }
        Wanted::Revisions(_) => None,
    };
    let failed = at_archive(file);
    let mut outer = Cabinet::open_file(reader, budget).map_err(&failed)?;
    while let Some(mut member) = outer.next_member().map_err(&failed)? {
        let name = member.name().to_ascii_lowercase();
        let holds = name.ends_with(".cab") && name != "package.cab";
        if !holds || cabs.as_ref().is_some_and(|c| !c.contains(&*name)) {
            continue;
        }
        let within = budget.within(&name).map_err(&failed)?;
        let mut inner = Cabinet::open(&mut member, &within).map_err(&failed)?;
        while let Some(mut entry) = inner.next_member().map_err(&failed)? {
            let path = entry.name().to_owned();
            let Some(id) = fragment_of(&path) else { continue };
            let asked = match wanted {
                Wanted::All => true,
                Wanted::Revisions(ids) => ids.contains(&id),
            };
            let owner = owners.get(&id).map(|&(guid, revision)| Owner { guid, revision, revision_id: id });
            // what belongs to no update of the list says nothing of any
            if !asked || owner.is_none() {
                continue;
            }
            let bytes = entry.read_all(FRAGMENT).map_err(&failed)?;
            let place = format!("{name} > {path}");
            let text = std::str::from_utf8(&bytes).map_err(|e| {
                ImportError::new(format!("{file}: {place}, byte {}", e.valid_up_to()), "is not UTF-8")
            })?;
            fragment::read(text, owner, builder).map_err(|e| at_xml(file, &place, &e))?;
        }
    }
    Ok(())
}

/// The revision that a fragment of interest is of: `c/123`, `x/123`, `l/en/123`.
fn fragment_of(path: &str) -> Option<u32> {
    let mut parts = path.split('/');
    let kind = parts.next()?;
    let id = match kind {
        "c" | "x" => parts.next()?,
        "l" if parts.next()?.eq_ignore_ascii_case("en") => parts.next()?,
        _ => return None,
    };
    if parts.next().is_some() { None } else { id.parse().ok() }
}

/// Rows, index and remarks of what was read.
fn imported(
    about: About<'_>,
    catalog: &Catalog,
    builder: Builder,
    head: &Head,
    mut remarks: Vec<Remark>,
) -> Imported {
    let read = head.created.as_deref().unwrap_or(about.read);
    let (m, odd) = builder.finish();
    let first = m.updates().next().unwrap_or_default();
    let (id, what) = match about.package {
        true => (format!("package-scan-{first}"), "offline scan file of a package"),
        false => ("offline-scan".to_owned(), "offline scan file"),
    };
    let made = head.created.as_ref().map_or(String::new(), |day| format!(" of {day}"));
    let source = SourceRow {
        id,
        url: ADDRESS.to_owned(),
        title: format!("Windows Update {what}{made}"),
        read: read.to_owned(),
        via: None,
        kind: Some(SourceKind::UpdateMetadata.name().to_owned()),
        digest: None,
    };
    let (facts, of_facts) = metadata::to_facts(&m, catalog, &source.id);
    remarks.extend(oddities(&odd));
    if head.unknown > 0 {
        remarks.push(Remark {
            text: "elements that are not known: left out".to_owned(),
            count: head.unknown,
            first: head.first_unknown.clone(),
        });
    }
    remarks.extend(of_facts);
    Imported {
        kind: SourceKind::UpdateMetadata,
        format: FORMAT,
        source,
        facts,
        metadata: Some(Box::new(m)),
        remarks,
    }
}

/// What was odd, in words.
pub(super) fn oddities(odd: &Oddities) -> impl Iterator<Item = Remark> + use<> {
    [
        (odd.repeated, "updates that are listed more than once: the newest revision counts"),
        (odd.selves, "updates that name themselves as prerequisite, bundle or successor: left out"),
        (odd.missing_superseders, "successors that the file names and does not have"),
        (odd.missing_bundles, "bundles that the file names and does not have"),
        (odd.missing_files, "payload files without an address"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, text)| Remark { text: text.to_owned(), count, first: String::new() })
}

/// Decodes a file of XML: UTF-8, or UTF-16 with its mark.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, usize> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(&bytes) {
        let (text, malformed) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return if malformed { Err(mark) } else { Ok(text.into_owned()) };
    }
    String::from_utf8(bytes).map_err(|e| e.utf8_error().valid_up_to())
}
