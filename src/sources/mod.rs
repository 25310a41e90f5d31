//! Real sources of update facts: bytes in, rows of the catalog's schema out. One file for each kind of source.

mod decode;
pub mod gather;
pub mod msrc;
pub mod offline_sync;
pub mod overlay;
mod pieces;
pub mod products;
pub mod release_info;
pub mod update_catalog;
mod update_xml;
pub mod wsus_export;

use crate::{
    catalog::{
        Catalog,
        facts::{Facts, SourceRow},
    },
    metadata::Metadata,
    model::SourceKind,
};
use std::io::{Read, Seek};

/// What an importer reads: a file, or bytes in memory.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// A file to import.
pub struct Input<'a> {
    /// its name as the user gave it, fit to be shown
    pub name: &'a str,
    /// its bytes, from the start
    pub reader: &'a mut dyn ReadSeek,
    /// its size in bytes
    pub size: u64,
    /// when it was read, `yyyy-mm-dd`: what its rows carry where the file has no date itself
    pub read: &'a str,
}

/// One kind of file that can be imported.
pub struct Importer {
    /// what it is, in words
    pub format: &'static str,
    /// is it this kind, by the first 64 KB?
    pub detect: fn(&[u8]) -> bool,
    /// reads it; products are named as this catalog knows them
    pub read: fn(&mut Input<'_>, &Catalog) -> Result<Imported, ImportError>,
}

/// Every kind of file that can be imported; the first that recognises a file reads it.
pub const IMPORTERS: &[Importer] = &[
    overlay::IMPORTER,
    msrc::definitions::IMPORTER,
    msrc::cvrf::XML,
    msrc::cvrf::JSON,
    msrc::csaf::IMPORTER,
    msrc::sug::IMPORTER,
    wsus_export::JSON,
    wsus_export::CSV,
    release_info::HTML,
    release_info::MARKDOWN,
    release_info::JSON,
    release_info::CSV,
    update_catalog::IMPORTER,
    offline_sync::CABINET,
    offline_sync::MASTER,
    update_xml::UPDATES,
];

/// How much of a file tells what it is.
pub const HEAD: u64 = 64 * 1024;

/// Reads a file that is recognised by its content.
///
/// # Errors
/// One line: what cannot be read, where, and what to do.
pub fn import(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let unreadable = |e: std::io::Error| ImportError::new(input.name, format!("cannot be read: {e}"));
    let mut head = Vec::new();
    (&mut *input.reader).take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    let importer = recognise(input.name, &head)?;
    input.reader.rewind().map_err(unreadable)?;
    (importer.read)(input, catalog)
}

/// What reads a file that begins like this.
///
/// # Errors
/// It is empty, or none of what can be imported.
pub fn recognise(name: &str, head: &[u8]) -> Result<&'static Importer, ImportError> {
    if head.is_empty() {
        return Err(ImportError::new(name, "is empty"));
    }
    IMPORTERS.iter().find(|i| (i.detect)(head)).ok_or_else(|| {
        let mut known: Vec<&str> = IMPORTERS.iter().map(|i| i.format).collect();
        known.dedup();
        ImportError::new(name, format!("not recognised; what can be imported: {}", known.join(", ")))
    })
}

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
    /// updates by GUID, where the source has them
    pub metadata: Option<Box<Metadata>>,
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

#[cfg(test)]
mod tests;
