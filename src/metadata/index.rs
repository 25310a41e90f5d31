//! Answers from indexes of metadata.

use super::{AnyOf, Member, PayloadFile, Rules, Update, UpdateGuid};
use crate::model::KbId;
use std::io;

/// Bytes that are read where they are asked for.
pub trait ReadAt: Send + Sync {
    /// How many there are.
    fn size(&self) -> io::Result<u64>;
    /// Fills the buffer from this offset on, or fails.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
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

/// Indexes of metadata, asked as one. GUIDs and their revisions mean the same everywhere: the newest revision of a GUID
/// counts, and what several sources tell of that revision is put together.
pub struct MetadataIndex {}

type Result<T> = std::result::Result<T, IndexError>;

impl MetadataIndex {
    /// Opens indexes, in the order in which they are believed.
    pub fn open(_parts: Vec<Box<dyn ReadAt>>) -> Result<Self> {
        Ok(Self {})
    }

    /// How many GUIDs the indexes name, counting one again for each index that names it.
    pub fn len(&self) -> usize {
        0
    }

    /// There is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The update of this GUID; none if the sources only name it or do not know it.
    pub fn update(&self, _guid: UpdateGuid) -> Result<Option<Update>> {
        Ok(None)
    }

    /// The updates of a KB by GUID: bundles first, then by GUID.
    pub fn by_kb(&self, _kb: KbId) -> Result<Vec<Update>> {
        Ok(Vec::new())
    }

    /// The update with this number in the numbers of one source.
    pub fn by_revision_id(&self, _source: usize, _id: u32) -> Result<Option<Update>> {
        Ok(None)
    }

    /// What must be installed before: all clauses, any member of each. Categories are split off: they are in
    /// [`Update::categories`].
    pub fn prerequisites(&self, _guid: UpdateGuid) -> Result<Vec<AnyOf>> {
        Ok(Vec::new())
    }

    /// What supersedes it: a closure, not the next ones alone.
    pub fn superseded_by(&self, _guid: UpdateGuid) -> Result<Vec<Member>> {
        Ok(Vec::new())
    }

    /// What it supersedes: a closure, not the next ones alone.
    pub fn supersedes(&self, _guid: UpdateGuid) -> Result<Vec<Member>> {
        Ok(Vec::new())
    }

    /// What a bundle brings.
    pub fn leaves(&self, _guid: UpdateGuid) -> Result<Vec<Member>> {
        Ok(Vec::new())
    }

    /// The bundles that bring it.
    pub fn bundles(&self, _guid: UpdateGuid) -> Result<Vec<Member>> {
        Ok(Vec::new())
    }

    /// Payload files of the update itself; those of a bundle are its leaves'.
    pub fn files(&self, _guid: UpdateGuid) -> Result<Vec<PayloadFile>> {
        Ok(Vec::new())
    }

    /// Its applicability rules, if a source with them was read: those of the newest revision that has any.
    pub fn rules(&self, _guid: UpdateGuid) -> Result<Option<Rules>> {
        Ok(None)
    }
}
