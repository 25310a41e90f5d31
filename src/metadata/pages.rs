//! Positioned reads of an index, page by page, each page checked once.

use super::index::{IndexError, ReadAt};
use super::layout::{FORMAT, HEADER, MAGIC, PAGE, RECORD, SECTIONS, Section, checksum};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

type Result<T> = std::result::Result<T, IndexError>;

/// Checked pages that are kept: 8 MB.
const KEPT: usize = 2048;

/// One index, opened: its header and checksums are read, nothing else.
pub(crate) struct Pages {
    source: Box<dyn ReadAt>,
    /// offset in the pages, and number of records, of each section
    sections: Vec<(u64, u64)>,
    sums: Vec<u8>,
    /// where the pages start
    start: u64,
    /// bytes in all pages
    body: u64,
    kept: Mutex<BTreeMap<u64, Arc<[u8]>>>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(u32::MAX, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(u64::MAX, u64::from_le_bytes)
}

impl Pages {
    pub(crate) fn open(source: Box<dyn ReadAt>) -> Result<Self> {
        let size = source.size()?;
        if size < 12 {
            return Err(IndexError::Foreign);
        }
        let mut first = [0; 12];
        source.read_at(0, &mut first)?;
        if &first[..8] != MAGIC || u32_at(&first, 8) != FORMAT {
            return Err(IndexError::Foreign);
        }
        if size < HEADER as u64 {
            return Err(IndexError::Damaged("head"));
        }
        let mut head = vec![0; HEADER];
        source.read_at(0, &mut head)?;
        if checksum(&head[..HEADER - 4]) != u32_at(&head, HEADER - 4) {
            return Err(IndexError::Damaged("head"));
        }
        let pages = u64::from(u32_at(&head, 12));
        let mut sections = Vec::with_capacity(SECTIONS);
        let mut body = 0u64;
        for (i, record) in RECORD.iter().enumerate() {
            let at = 24 + i * 16;
            let (offset, count) = (u64_at(&head, at), u64_at(&head, at + 8));
            if offset != body {
                return Err(IndexError::Damaged("sections"));
            }
            let bytes = count.checked_mul(*record as u64).and_then(|b| body.checked_add(b));
            body = bytes.ok_or(IndexError::Damaged("sections"))?;
            sections.push((offset, count));
        }
        let start = HEADER as u64 + pages * 4;
        if body.div_ceil(PAGE as u64) != pages || start.checked_add(body) != Some(size) {
            return Err(IndexError::Damaged("length"));
        }
        // no more than a thousandth of the file, which has been found to be as long as this says
        let mut sums = vec![0; pages as usize * 4];
        source.read_at(HEADER as u64, &mut sums)?;
        if checksum(&sums) != u32_at(&head, 16) {
            return Err(IndexError::Damaged("checksums"));
        }
        Ok(Self { source, sections, sums, start, body, kept: Mutex::default() })
    }

    /// How many records a section has.
    pub(crate) fn count(&self, s: Section) -> u64 {
        self.sections[s as usize].1
    }

    fn page(&self, number: u64) -> Result<Arc<[u8]>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = kept.get(&number) {
            return Ok(Arc::clone(page));
        }
        let at = number * PAGE as u64;
        let length = self.body.saturating_sub(at).min(PAGE as u64) as usize;
        let mut page = vec![0; length];
        self.source.read_at(self.start + at, &mut page)?;
        if checksum(&page) != u32_at(&self.sums, number as usize * 4) {
            return Err(IndexError::Damaged("contents"));
        }
        let page: Arc<[u8]> = page.into();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(number, Arc::clone(&page));
        Ok(page)
    }

    /// Some records of a section.
    pub(crate) fn read(&self, s: Section, first: u64, count: u64) -> Result<Vec<u8>> {
        let (offset, all) = self.sections[s as usize];
        if first.checked_add(count).is_none_or(|end| end > all) {
            return Err(IndexError::Damaged("ranges"));
        }
        let record = RECORD[s as usize] as u64;
        let (mut at, end) = (offset + first * record, offset + (first + count) * record);
        let mut out = Vec::with_capacity((end - at) as usize);
        while at < end {
            let page = self.page(at / PAGE as u64)?;
            let from = (at % PAGE as u64) as usize;
            let to = page.len().min(from + (end - at) as usize);
            if to <= from {
                return Err(IndexError::Damaged("ranges"));
            }
            out.extend_from_slice(&page[from..to]);
            at += (to - from) as u64;
        }
        Ok(out)
    }

    /// One number of a section of numbers.
    pub(crate) fn number(&self, s: Section, at: u64) -> Result<u32> {
        Ok(u32_at(&self.read(s, at, 1)?, 0))
    }

    /// Some numbers of a section of numbers.
    pub(crate) fn numbers(&self, s: Section, first: u64, count: u64) -> Result<Vec<u32>> {
        let bytes = self.read(s, first, count)?;
        Ok(bytes.chunks_exact(4).map(|b| u32_at(b, 0)).collect())
    }

    /// The numbers of a GUID in a pair of sections.
    pub(crate) fn list(&self, starts: Section, values: Section, guid: u32) -> Result<Vec<u32>> {
        let (a, b) = self.range(starts, u64::from(guid))?;
        self.numbers(values, a, b - a)
    }

    /// Two neighbours of a section of starts.
    pub(crate) fn range(&self, starts: Section, at: u64) -> Result<(u64, u64)> {
        let pair = self.numbers(starts, at, 2)?;
        match pair[..] {
            [a, b] if a <= b => Ok((u64::from(a), u64::from(b))),
            _ => Err(IndexError::Damaged("ranges")),
        }
    }

    /// The first record of an ordered section that is not before the key.
    pub(crate) fn lower_bound(&self, s: Section, key: &[u8], order: fn(&[u8]) -> [u8; 16]) -> Result<u64> {
        let wanted = order(key);
        let (mut low, mut high) = (0, self.count(s));
        while low < high {
            let middle = low + (high - low) / 2;
            if order(&self.read(s, middle, 1)?) < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
