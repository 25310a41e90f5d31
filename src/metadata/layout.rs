//! How an index of metadata is laid out: a header, sections of fixed-width little-endian records, and a checksum for each
//! page of it all, so that damage is found where it is read and opening reads next to nothing.

use super::data::{Group, Metadata};
use flate2::Crc;
use std::io::{self, Write};

/// First bytes of an index.
pub(crate) const MAGIC: &[u8; 8] = b"kbwhymta";
/// Number of this layout; an index of another one is refused.
pub(crate) const FORMAT: u32 = 1;
/// Bytes to which a checksum belongs.
pub(crate) const PAGE: usize = 4096;
/// Magic, format, pages, checksum of the table of checksums, reserved; then offset and records of each section; then the
/// checksum of all this.
pub(crate) const HEADER: usize = 8 + 4 + 4 + 4 + 4 + SECTIONS * 16 + 4;

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident = $size:literal),+ $(,)?) => {
        /// A section; its records are of one size.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Section { $($(#[$doc])* $name),+ }
        /// Every section, in order.
        pub(crate) const ALL: &[Section] = &[$(Section::$name),+];
        /// Size of a record of each section, in bytes.
        pub(crate) const RECORD: &[usize] = &[$($size),+];
        /// How many sections there are.
        pub(crate) const SECTIONS: usize = RECORD.len();
    };
}

sections! {
    /// every GUID that is named, in order
    Guids = 16,
    /// revision, number of the revision, created, flags, superseders elsewhere, title, rules
    Records = 28,
    /// starts by GUID, with a last one that closes the ranges
    ClauseStarts = 4,
    /// starts by clause, closed likewise
    MemberStarts = 4,
    /// ranks of GUIDs
    Members = 4,
    CategoryStarts = 4,
    /// rank << 3 | kind
    Categories = 4,
    NewerStarts = 4,
    /// what supersedes it
    Newer = 4,
    OlderStarts = 4,
    /// what it supersedes
    Older = 4,
    LeafStarts = 4,
    /// what it bundles
    Leaves = 4,
    BundleStarts = 4,
    /// what bundles it
    Bundles = 4,
    FileStarts = 4,
    /// numbers of files
    FileRefs = 4,
    /// sha1, sha256, name, url (texts), size
    Files = 24,
    KbStarts = 4,
    /// kb << 2 | basis
    Kbs = 4,
    /// kb, rank; in order
    ByKb = 8,
    /// number of the revision, rank; in order
    ByRevision = 8,
    /// all texts, one after the other
    Text = 1,
    /// where each text ends; text 0 is empty
    TextEnds = 4,
    /// packed rules, one after the other
    Blobs = 1,
    /// where each ends, how long it is unpacked
    BlobEnds = 16,
}

/// The checksum of some bytes.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Gives pages, whole but for the last.
struct Pages<F> {
    each: F,
    page: Vec<u8>,
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Pages<F> {
    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at((PAGE - self.page.len()).min(bytes.len()));
            self.page.extend_from_slice(now);
            bytes = rest;
            if self.page.len() == PAGE {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.page.is_empty() {
            (self.each)(&self.page)?;
            self.page.clear();
        }
        Ok(())
    }
}

fn group(g: &Group) -> [&[u32]; 2] {
    [&g.starts, &g.values]
}

/// The records of a section, in pieces.
fn section(m: &Metadata, s: Section, put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    let mut numbers = |list: &[u32]| {
        list.chunks(bytes.len() / 4).try_for_each(|some| {
            for (to, n) in bytes.as_chunks_mut().0.iter_mut().zip(some) {
                *to = n.to_le_bytes();
            }
            put(&bytes[..some.len() * 4])
        })
    };
    match s {
        Section::Guids => m.guids.iter().try_for_each(|g| put(g.as_bytes())),
        Section::Records => m.records.iter().try_for_each(|r| {
            numbers(&[r.revision, r.revision_id, r.created, r.flags, r.elsewhere, r.title, r.rules])
        }),
        Section::ClauseStarts => numbers(&m.clause_starts),
        Section::MemberStarts => numbers(&m.member_starts),
        Section::Members => numbers(&m.members),
        Section::CategoryStarts => numbers(group(&m.categories)[0]),
        Section::Categories => numbers(group(&m.categories)[1]),
        Section::NewerStarts => numbers(group(&m.newer)[0]),
        Section::Newer => numbers(group(&m.newer)[1]),
        Section::OlderStarts => numbers(group(&m.older)[0]),
        Section::Older => numbers(group(&m.older)[1]),
        Section::LeafStarts => numbers(group(&m.leaves)[0]),
        Section::Leaves => numbers(group(&m.leaves)[1]),
        Section::BundleStarts => numbers(group(&m.bundles)[0]),
        Section::Bundles => numbers(group(&m.bundles)[1]),
        Section::FileStarts => numbers(group(&m.file_refs)[0]),
        Section::FileRefs => numbers(group(&m.file_refs)[1]),
        Section::Files => m.files.iter().try_for_each(|f| {
            put(&[f.sha1, f.sha256, f.name, f.url].map(u32::to_le_bytes).concat())?;
            put(&f.size.to_le_bytes())
        }),
        Section::KbStarts => numbers(group(&m.kbs)[0]),
        Section::Kbs => numbers(group(&m.kbs)[1]),
        Section::ByKb => m.by_kb.iter().try_for_each(|p| numbers(&[p.0, p.1])),
        Section::ByRevision => m.revisions.iter().try_for_each(|p| numbers(&[p.0, p.1])),
        Section::Text => put(m.text.as_bytes()),
        Section::TextEnds => numbers(&m.text_ends),
        Section::Blobs => put(&m.blobs),
        Section::BlobEnds => {
            m.blob_ends.iter().try_for_each(|e| put(&[e.0.to_le_bytes(), e.1.to_le_bytes()].concat()))
        }
    }
}

/// How many records a section has.
fn records(m: &Metadata, s: Section) -> usize {
    match s {
        Section::Guids => m.guids.len(),
        Section::Records => m.records.len(),
        Section::ClauseStarts => m.clause_starts.len(),
        Section::MemberStarts => m.member_starts.len(),
        Section::Members => m.members.len(),
        Section::CategoryStarts => m.categories.starts.len(),
        Section::Categories => m.categories.values.len(),
        Section::NewerStarts => m.newer.starts.len(),
        Section::Newer => m.newer.values.len(),
        Section::OlderStarts => m.older.starts.len(),
        Section::Older => m.older.values.len(),
        Section::LeafStarts => m.leaves.starts.len(),
        Section::Leaves => m.leaves.values.len(),
        Section::BundleStarts => m.bundles.starts.len(),
        Section::Bundles => m.bundles.values.len(),
        Section::FileStarts => m.file_refs.starts.len(),
        Section::FileRefs => m.file_refs.values.len(),
        Section::Files => m.files.len(),
        Section::KbStarts => m.kbs.starts.len(),
        Section::Kbs => m.kbs.values.len(),
        Section::ByKb => m.by_kb.len(),
        Section::ByRevision => m.revisions.len(),
        Section::Text => m.text.len(),
        Section::TextEnds => m.text_ends.len(),
        Section::Blobs => m.blobs.len(),
        Section::BlobEnds => m.blob_ends.len(),
    }
}

impl Metadata {
    /// Writes the index: the same bytes for the same metadata, front to back.
    ///
    /// The head comes first and holds checksums of what follows, so the pages are laid out twice: once for their
    /// checksums, once to be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut body = 0u64;
        let mut table = Vec::with_capacity(SECTIONS * 16);
        for &s in ALL {
            let count = records(self, s) as u64;
            table.extend(body.to_le_bytes());
            table.extend(count.to_le_bytes());
            body += count * RECORD[s as usize] as u64;
        }
        let mut sums = Vec::with_capacity((body as usize / PAGE + 1) * 4);
        self.pages(|page| {
            sums.extend(checksum(page).to_le_bytes());
            Ok(())
        })?;
        let pages = u32::try_from(sums.len() / 4).map_err(|_| io::Error::other("metadata too large"))?;
        let mut head = Vec::with_capacity(HEADER);
        head.extend(MAGIC);
        head.extend(FORMAT.to_le_bytes());
        head.extend(pages.to_le_bytes());
        head.extend(checksum(&sums).to_le_bytes());
        head.extend(0u32.to_le_bytes());
        head.extend(table);
        head.extend(checksum(&head).to_le_bytes());
        out.write_all(&head)?;
        out.write_all(&sums)?;
        self.pages(|page| out.write_all(page))
    }

    /// The index as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // a vector takes whatever is written to it, and the size was checked when the metadata was built
        let _ = self.write(&mut out);
        out
    }

    fn pages(&self, each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut pages = Pages { each, page: Vec::with_capacity(PAGE) };
        for &s in ALL {
            section(self, s, &mut |bytes| pages.put(bytes))?;
        }
        pages.flush()
    }
}
