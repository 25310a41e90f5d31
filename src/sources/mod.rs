//! Real sources of update facts: bytes in, rows of the catalog's schema out. One file for each kind of source.

use crate::{
    catalog::facts::{Facts, SourceRow},
    model::SourceKind,
};
use std::io::{Read, Seek};

/// What an importer reads: a file, or bytes in memory.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// What one file told.
#[derive(Clone, Debug)]
pub struct Imported {
    /// kind of the source; decides which values are believed
    pub kind: SourceKind,
    /// what it was recognised as, in words: `MSRC CVRF (JSON)`
    pub format: &'static str,
    /// where it comes from; the rows name it by its `id`
    pub source: SourceRow,
    /// rows; products that kbwhy does not model are left out of them
    pub facts: Facts,
    /// oddities that were repaired or left out, counted
    pub remarks: Vec<Remark>,
}

/// Something odd about a source's data, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// what, and what was done about it
    pub text: String,
    /// how often
    pub count: u64,
    /// the first place: line, member or KB
    pub first: String,
}

/// A file that cannot be imported: one line that tells what, where and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ImportError {
    /// file, with line, byte or member where it is known
    pub place: String,
    /// what is wrong, and what to do
    pub problem: String,
}

impl ImportError {
    /// An error at a place.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}
