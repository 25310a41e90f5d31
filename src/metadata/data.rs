//! What one source tells, settled: flat lists by the rank of a GUID, as the index holds them.

use super::{CategoryType, Deployment, KbBasis, UpdateGuid, UpdateType};

/// An absent number.
pub(crate) const NONE: u32 = u32::MAX;

/// Lists of numbers, one for each GUID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// where each list starts, and where the last ends
    pub(crate) starts: Vec<u32>,
    pub(crate) values: Vec<u32>,
}

impl Group {
    /// The list of a GUID.
    pub(crate) fn of(&self, guid: u32) -> &[u32] {
        let at = guid as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(&a), Some(&b)) => self.values.get(a as usize..b as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

/// What is told of an update itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) revision: u32,
    pub(crate) revision_id: u32,
    /// yyyymmdd, or 0
    pub(crate) created: u32,
    pub(crate) flags: u32,
    /// superseders that the source does not have
    pub(crate) elsewhere: u32,
    /// number of a text
    pub(crate) title: u32,
    /// number of a blob, or NONE
    pub(crate) rules: u32,
}

/// A payload file: numbers of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileRecord {
    pub(crate) sha1: u32,
    pub(crate) sha256: u32,
    pub(crate) name: u32,
    pub(crate) url: u32,
    /// `u64::MAX` where it is not known
    pub(crate) size: u64,
}

impl Default for FileRecord {
    fn default() -> Self {
        Self { sha1: 0, sha256: 0, name: 0, url: 0, size: u64::MAX }
    }
}

/// A record's flags.
pub(crate) mod bits {
    use super::{CategoryType, Deployment, KbBasis, UpdateType};

    /// The source has the update; otherwise it only names it.
    pub(crate) const KNOWN: u32 = 1;
    pub(crate) const BUNDLE: u32 = 2;
    /// The source tells what it requires.
    pub(crate) const RELATED: u32 = 4;

    pub(crate) fn leaf(leaf: Option<bool>) -> u32 {
        match leaf {
            None => 0,
            Some(false) => 8,
            Some(true) => 16,
        }
    }
    pub(crate) fn leaf_of(flags: u32) -> Option<bool> {
        match flags & 24 {
            8 => Some(false),
            16 => Some(true),
            _ => None,
        }
    }
    pub(crate) fn kind(kind: Option<UpdateType>) -> u32 {
        kind.map_or(0, |k| (k as u32 + 1) << 8)
    }
    pub(crate) fn kind_of(flags: u32) -> Option<UpdateType> {
        match flags >> 8 & 0xF {
            1 => Some(UpdateType::Software),
            2 => Some(UpdateType::Detectoid),
            3 => Some(UpdateType::Category),
            4 => Some(UpdateType::Driver),
            _ => None,
        }
    }
    pub(crate) fn deployment(d: Deployment) -> u32 {
        (d as u32) << 12
    }
    pub(crate) fn deployment_of(flags: u32) -> Deployment {
        match flags >> 12 & 0xF {
            0 => Deployment::Offered,
            1 => Deployment::Bundle,
            2 => Deployment::Evaluate,
            _ => Deployment::Other,
        }
    }
    pub(crate) fn category_of(packed: u32) -> CategoryType {
        match packed & 7 {
            0 => CategoryType::Classification,
            1 => CategoryType::Product,
            2 => CategoryType::ProductFamily,
            3 => CategoryType::Company,
            _ => CategoryType::Other,
        }
    }
    pub(crate) fn basis_of(packed: u32) -> KbBasis {
        match packed & 3 {
            0 => KbBasis::Article,
            1 => KbBasis::Title,
            2 => KbBasis::File,
            _ => KbBasis::BundledFile,
        }
    }
}

/// Updates by GUID as one source gives them: what an index is written from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// every GUID that is named, in order; all lists below go by their rank
    pub(crate) guids: Vec<UpdateGuid>,
    pub(crate) records: Vec<Record>,
    /// where the clauses of each update start
    pub(crate) clause_starts: Vec<u32>,
    /// where the members of each clause start
    pub(crate) member_starts: Vec<u32>,
    pub(crate) members: Vec<u32>,
    /// `category << 3 | kind`
    pub(crate) categories: Group,
    /// what supersedes it
    pub(crate) newer: Group,
    /// what it supersedes
    pub(crate) older: Group,
    /// what it bundles
    pub(crate) leaves: Group,
    /// what bundles it
    pub(crate) bundles: Group,
    pub(crate) file_refs: Group,
    /// `kb << 2 | basis`
    pub(crate) kbs: Group,
    pub(crate) by_kb: Vec<(u32, u32)>,
    pub(crate) revisions: Vec<(u32, u32)>,
    pub(crate) files: Vec<FileRecord>,
    pub(crate) text: String,
    pub(crate) text_ends: Vec<u32>,
    pub(crate) blobs: Vec<u8>,
    /// where each ends, and how long it is unpacked
    pub(crate) blob_ends: Vec<(u64, u64)>,
}

impl Metadata {
    /// How many updates it has; those that are only named do not count.
    pub fn len(&self) -> usize {
        self.records.iter().filter(|r| r.flags & bits::KNOWN != 0).count()
    }

    /// It has no update.
    pub fn is_empty(&self) -> bool {
        self.records.iter().all(|r| r.flags & bits::KNOWN == 0)
    }

    /// The updates it has, in order.
    pub fn updates(&self) -> impl Iterator<Item = UpdateGuid> {
        let known = self.guids.iter().zip(&self.records).filter(|(_, r)| r.flags & bits::KNOWN != 0);
        known.map(|(g, _)| *g)
    }

    /// The updates of a KB.
    pub(crate) fn ranks_of_kb(&self, kb: u32) -> impl Iterator<Item = u32> {
        let from = self.by_kb.partition_point(|p| p.0 < kb);
        self.by_kb.iter().skip(from).take_while(move |p| p.0 == kb).map(|p| p.1)
    }

    pub(crate) fn text_at(&self, number: u32) -> &str {
        let Some(at) = (number as usize).checked_sub(1) else { return "" };
        let start = at.checked_sub(1).and_then(|p| self.text_ends.get(p)).copied().unwrap_or(0);
        let end = self.text_ends.get(at).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The clauses of an update: ranks, each list any-of.
    pub(crate) fn clauses(&self, guid: u32) -> impl Iterator<Item = &[u32]> {
        let at = guid as usize;
        let (a, b) = match (self.clause_starts.get(at), self.clause_starts.get(at + 1)) {
            (Some(&a), Some(&b)) => (a as usize, b as usize),
            _ => (0, 0),
        };
        (a..b).map(move |c| {
            let (start, end) = (self.member_starts[c] as usize, self.member_starts[c + 1] as usize);
            &self.members[start..end]
        })
    }
}
