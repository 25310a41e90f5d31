//! Answers from indexes of metadata.

use super::{
    AnyOf, Category, Member, PayloadFile, Rules, Update, UpdateGuid,
    data::{NONE, Record, bits},
    layout::Section,
    pages::Pages,
};
use crate::model::KbId;
use base64::Engine;
use flate2::bufread::DeflateDecoder;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
};

/// Bytes that are read where they are asked for.
pub trait ReadAt: Send + Sync {
    /// How many there are.
    fn size(&self) -> io::Result<u64>;
    /// Fills the buffer from this offset on, or fails.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(buffer.len());
        let bytes = self.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

/// An index that cannot be read: it is of another layout, damaged, or its file fails.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// no index of this layout
    #[error("not an index of update metadata that this version reads; import the metadata again")]
    Foreign,
    /// its bytes are not those that were written
    #[error("the index of update metadata is damaged ({0}); import the metadata again")]
    Damaged(&'static str),
    /// the file cannot be read
    #[error("the index of update metadata cannot be read: {0}")]
    Read(#[from] io::Error),
}

type Result<T> = std::result::Result<T, IndexError>;

/// Indexes of metadata, asked as one. GUIDs and their revisions mean the same everywhere: the newest revision of a GUID
/// counts, and what several sources tell of that revision is put together.
pub struct MetadataIndex {
    parts: Vec<Pages>,
}

/// Where a part has a GUID.
#[derive(Clone, Copy)]
struct At<'a> {
    part: &'a Pages,
    source: usize,
    rank: u32,
    record: Record,
}

impl At<'_> {
    fn known(&self) -> bool {
        self.record.flags & bits::KNOWN != 0
    }
}

fn whole(bytes: &[u8]) -> [u8; 16] {
    bytes.try_into().unwrap_or([0xFF; 16])
}

/// Orders records of two numbers by both.
fn pair(bytes: &[u8]) -> [u8; 16] {
    let mut key = [0; 16];
    for (i, number) in bytes.chunks_exact(4).take(2).enumerate() {
        key[i * 4..][..4].copy_from_slice(&[number[3], number[2], number[1], number[0]]);
    }
    key
}

impl MetadataIndex {
    /// Opens indexes, in the order in which they are believed.
    pub fn open(parts: Vec<Box<dyn ReadAt>>) -> Result<Self> {
        Ok(Self { parts: parts.into_iter().map(Pages::open).collect::<Result<_>>()? })
    }

    /// How many GUIDs the indexes name, counting one again for each index that names it.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|p| usize::try_from(p.count(Section::Guids)).unwrap_or(usize::MAX)).sum()
    }

    /// There is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every GUID that the indexes name, in order.
    pub fn guids(&self) -> Result<BTreeSet<UpdateGuid>> {
        let mut all = BTreeSet::new();
        for part in &self.parts {
            let bytes = part.read(Section::Guids, 0, part.count(Section::Guids))?;
            all.extend(bytes.chunks_exact(16).map(|b| UpdateGuid::from_bytes(whole(b))));
        }
        Ok(all)
    }

    /// Where the parts have this GUID.
    fn places(&self, guid: UpdateGuid) -> Result<Vec<At<'_>>> {
        let mut found = Vec::new();
        for (source, part) in self.parts.iter().enumerate() {
            let at = part.lower_bound(Section::Guids, guid.as_bytes(), whole)?;
            if at < part.count(Section::Guids) && part.read(Section::Guids, at, 1)? == guid.as_bytes() {
                let rank = u32::try_from(at).map_err(|_| IndexError::Damaged("ranges"))?;
                let n = part.read(Section::Records, at, 1)?;
                let n: Vec<u32> =
                    n.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                let record = match n[..] {
                    [revision, revision_id, created, flags, elsewhere, title, rules] => {
                        Record { revision, revision_id, created, flags, elsewhere, title, rules }
                    }
                    _ => return Err(IndexError::Damaged("records")),
                };
                found.push(At { part, source, rank, record });
            }
        }
        Ok(found)
    }

    /// Where the newest revision is, first the part that tells what it requires.
    fn newest(&self, guid: UpdateGuid) -> Result<Vec<At<'_>>> {
        let mut at = self.places(guid)?;
        at.retain(At::known);
        let newest = at.iter().map(|a| a.record.revision).max().unwrap_or(0);
        at.retain(|a| a.record.revision == newest);
        at.sort_by_key(|a| (a.record.flags & bits::RELATED == 0, a.source));
        Ok(at)
    }

    /// The update of this GUID; none if the sources only name it or do not know it.
    pub fn update(&self, guid: UpdateGuid) -> Result<Option<Update>> {
        let at = self.newest(guid)?;
        let Some(first) = at.first() else { return Ok(None) };
        let first_of = |f: &dyn Fn(&Record) -> Option<u32>| at.iter().find_map(|a| f(&a.record));
        let created = first_of(&|r| Some(r.created).filter(|&c| c != 0)).and_then(date);
        let mut kbs = BTreeMap::new();
        let mut categories = BTreeSet::new();
        let mut title = None;
        for a in &at {
            for packed in a.part.list(Section::KbStarts, Section::Kbs, a.rank)? {
                let kb = KbId::new(packed >> 2).ok_or(IndexError::Damaged("KBs"))?;
                let basis = bits::basis_of(packed);
                let known = kbs.entry(kb).or_insert(basis);
                *known = (*known).min(basis);
            }
            for packed in a.part.list(Section::CategoryStarts, Section::Categories, a.rank)? {
                categories.insert(Category {
                    kind: bits::category_of(packed),
                    guid: self.guid(a.part, packed >> 3)?,
                });
            }
            if title.is_none() && a.record.title != 0 {
                title = Some(self.text(a.part, a.record.title)?);
            }
        }
        // a name of a file says nothing where the metadata of another source states the KB
        let stated = kbs.values().min().copied();
        use super::KbBasis::{Article, File, Title};
        kbs.retain(|_, b| match stated {
            Some(Article | Title) => *b <= Title,
            Some(File) => *b == File,
            _ => true,
        });
        let mut kbs: Vec<_> = kbs.into_iter().collect();
        kbs.sort_by_key(|&(kb, basis)| (basis, kb));
        let deployments = at.iter().map(|a| bits::deployment_of(a.record.flags));
        Ok(Some(Update {
            guid,
            revision: first.record.revision,
            revision_id: Some(first.record.revision_id).filter(|&id| id != NONE),
            source: first.source,
            kind: at.iter().find_map(|a| bits::kind_of(a.record.flags)),
            leaf: at.iter().find_map(|a| bits::leaf_of(a.record.flags)),
            bundle: at.iter().any(|a| a.record.flags & bits::BUNDLE != 0),
            deployment: deployments.max().unwrap_or_default(),
            created,
            kbs,
            title,
            categories: categories.into_iter().collect(),
            superseded_elsewhere: at.iter().map(|a| a.record.elsewhere).max().unwrap_or(0),
        }))
    }

    /// The updates of a KB: bundles first, then by GUID.
    pub fn by_kb(&self, kb: KbId) -> Result<Vec<Update>> {
        let mut guids = BTreeSet::new();
        for part in &self.parts {
            guids.extend(self.ranks(part, Section::ByKb, kb.number())?);
        }
        let mut found = Vec::new();
        for guid in guids {
            // a newer revision in another source may be of another KB
            found.extend(self.update(guid)?.filter(|u| u.kbs.iter().any(|k| k.0 == kb)));
        }
        found.sort_by_key(|u| (!u.bundle, u.guid));
        Ok(found)
    }

    /// The update with this number in the numbers of one source.
    pub fn by_revision_id(&self, source: usize, id: u32) -> Result<Option<Update>> {
        let Some(part) = self.parts.get(source) else { return Ok(None) };
        let guid = self.ranks(part, Section::ByRevision, id)?.into_iter().next();
        guid.map_or(Ok(None), |g| self.update(g))
    }

    /// GUIDs that an ordered section has under a number.
    fn ranks(&self, part: &Pages, s: Section, number: u32) -> Result<Vec<UpdateGuid>> {
        let key = [number.to_le_bytes(), [0; 4]].concat();
        let mut out = Vec::new();
        for at in part.lower_bound(s, &key, pair)?..part.count(s) {
            let record = part.read(s, at, 1)?;
            if record.get(..4) != Some(&number.to_le_bytes()) {
                break;
            }
            let rank = record.get(4..8).and_then(|b| b.try_into().ok()).map_or(NONE, u32::from_le_bytes);
            out.push(self.guid(part, rank)?);
        }
        Ok(out)
    }

    /// What must be installed before: all clauses, any member of each. Categories are split off: they are in
    /// [`Update::categories`].
    pub fn prerequisites(&self, guid: UpdateGuid) -> Result<Vec<AnyOf>> {
        let at = self.newest(guid)?;
        let Some(first) = at.first() else { return Ok(Vec::new()) };
        let (a, b) = first.part.range(Section::ClauseStarts, u64::from(first.rank))?;
        let mut out = Vec::new();
        for clause in a..b {
            let (from, to) = first.part.range(Section::MemberStarts, clause)?;
            let ranks = first.part.numbers(Section::Members, from, to - from)?;
            let members: Vec<Member> = ranks
                .into_iter()
                .map(|r| self.guid(first.part, r).and_then(|g| self.member(g)))
                .collect::<Result<_>>()?;
            out.push(AnyOf { members });
        }
        Ok(out)
    }

    /// What supersedes it: a closure, not the next ones alone.
    pub fn superseded_by(&self, guid: UpdateGuid) -> Result<Vec<Member>> {
        self.neighbours(guid, Section::NewerStarts, Section::Newer)
    }

    /// What it supersedes: a closure, not the next ones alone.
    pub fn supersedes(&self, guid: UpdateGuid) -> Result<Vec<Member>> {
        self.neighbours(guid, Section::OlderStarts, Section::Older)
    }

    /// What a bundle brings.
    pub fn leaves(&self, guid: UpdateGuid) -> Result<Vec<Member>> {
        self.neighbours(guid, Section::LeafStarts, Section::Leaves)
    }

    /// The bundles that bring it.
    pub fn bundles(&self, guid: UpdateGuid) -> Result<Vec<Member>> {
        self.neighbours(guid, Section::BundleStarts, Section::Bundles)
    }

    fn neighbours(&self, guid: UpdateGuid, starts: Section, values: Section) -> Result<Vec<Member>> {
        let mut guids = BTreeSet::new();
        for a in self.places(guid)? {
            for rank in a.part.list(starts, values, a.rank)? {
                guids.insert(self.guid(a.part, rank)?);
            }
        }
        guids.into_iter().map(|g| self.member(g)).collect()
    }

    /// An update as another one names it.
    pub fn member(&self, guid: UpdateGuid) -> Result<Member> {
        if let Some(u) = self.update(guid)? {
            let kbs = u.kbs.iter().map(|k| k.0).collect();
            return Ok(Member { guid, known: true, kind: u.kind, kbs, title: u.title });
        }
        let kind = self.places(guid)?.iter().find_map(|a| bits::kind_of(a.record.flags));
        Ok(Member { guid, known: false, kind, kbs: Vec::new(), title: None })
    }

    /// Payload files of the update itself; those of a bundle are its leaves'.
    pub fn files(&self, guid: UpdateGuid) -> Result<Vec<PayloadFile>> {
        let mut found: BTreeMap<String, PayloadFile> = BTreeMap::new();
        for a in self.newest(guid)? {
            for number in a.part.list(Section::FileStarts, Section::FileRefs, a.rank)? {
                let f = self.file(a.part, number)?;
                let key = f.sha1.clone().unwrap_or_else(|| f.name.clone());
                let known = found.entry(key).or_insert_with(|| f.clone());
                if known.name.is_empty() {
                    known.name = f.name;
                }
                known.url = known.url.take().or(f.url);
                known.sha256 = known.sha256.take().or(f.sha256);
                known.size = known.size.or(f.size);
            }
        }
        Ok(found.into_values().collect())
    }

    fn file(&self, part: &Pages, number: u32) -> Result<PayloadFile> {
        let bytes = part.read(Section::Files, u64::from(number), 1)?;
        let n = |i: usize| {
            bytes.get(i * 4..i * 4 + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
        };
        let text = |i| Some(n(i)).filter(|&t| t != 0).map(|t| self.text(part, t)).transpose();
        let size = u64::from(n(4)) | u64::from(n(5)) << 32;
        let url: Option<String> = text(3)?;
        let name: Option<String> = text(2)?;
        let end_of_url =
            || url.as_deref().and_then(|u| u.rsplit(['/', '\\']).next()).unwrap_or("").to_owned();
        let sha1 = text(0)?.filter(|id| {
            let digest = base64::engine::general_purpose::STANDARD.decode(id);
            digest.is_ok_and(|d| d.len() == 20)
        });
        Ok(PayloadFile {
            name: name.unwrap_or_else(end_of_url),
            url,
            sha1,
            sha256: text(1)?,
            size: Some(size).filter(|&s| s != u64::MAX),
        })
    }

    /// Its applicability rules, if a source with them was read: those of the newest revision that has any.
    pub fn rules(&self, guid: UpdateGuid) -> Result<Option<Rules>> {
        let mut at = self.places(guid)?;
        at.retain(|a| a.known() && a.record.rules != NONE);
        let newest = at.iter().map(|a| a.record.revision).max();
        let Some(a) = at.into_iter().find(|a| Some(a.record.revision) == newest) else { return Ok(None) };
        let number = u64::from(a.record.rules);
        let end = |n: u64| -> Result<(u64, u64)> {
            let b = a.part.read(Section::BlobEnds, n, 1)?;
            let u = |at: usize| {
                b.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(u64::MAX, u64::from_le_bytes)
            };
            Ok((u(0), u(8)))
        };
        let (to, length) = end(number)?;
        let from = if number == 0 { 0 } else { end(number - 1)?.0 };
        let packed =
            a.part.read(Section::Blobs, from, to.checked_sub(from).ok_or(IndexError::Damaged("rules"))?)?;
        let mut xml = String::new();
        let read = DeflateDecoder::new(&packed[..]).take(length).read_to_string(&mut xml);
        if read.is_err() || xml.len() as u64 != length {
            return Err(IndexError::Damaged("rules"));
        }
        Ok(Some(Rules { revision: a.record.revision, xml }))
    }

    fn guid(&self, part: &Pages, rank: u32) -> Result<UpdateGuid> {
        Ok(UpdateGuid::from_bytes(whole(&part.read(Section::Guids, u64::from(rank), 1)?)))
    }

    fn text(&self, part: &Pages, number: u32) -> Result<String> {
        let at = u64::from(number).checked_sub(1).ok_or(IndexError::Damaged("texts"))?;
        let end = u64::from(part.number(Section::TextEnds, at)?);
        let start = if at == 0 { 0 } else { u64::from(part.number(Section::TextEnds, at - 1)?) };
        let length = end.checked_sub(start).ok_or(IndexError::Damaged("texts"))?;
        String::from_utf8(part.read(Section::Text, start, length)?).map_err(|_| IndexError::Damaged("texts"))
    }
}

fn date(yyyymmdd: u32) -> Option<jiff::civil::Date> {
    let part = |n: u32| i8::try_from(n % 100).ok();
    jiff::civil::Date::new(i16::try_from(yyyymmdd / 10_000).ok()?, part(yyyymmdd / 100)?, part(yyyymmdd)?)
        .ok()
}
