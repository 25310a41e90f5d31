//! The bytes of an index: in memory, or in a file of which only the pages are read that are asked for, each against its
//! checksum.

use std::{
    borrow::Cow,
    fmt, io,
    ops::Range,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Bytes of a page; the last one may be shorter.
pub const PAGE: usize = 16 * 1024;
/// Half of a seam, which holds what crosses from one page to the next.
const HALF: usize = PAGE / 2;

/// Fills the buffer with the bytes from an offset on, or fails.
pub type ReadAt = dyn Fn(u64, &mut [u8]) -> io::Result<()> + Send + Sync;

/// CRC-32 of each page.
pub fn sums(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks(PAGE).map(crc).collect()
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    Whole(Cow<'static, [u8]>),
    Paged(Arc<Paged>),
}

pub(crate) struct Paged {
    read: Box<ReadAt>,
    size: usize,
    sums: Vec<u32>,
    pages: Vec<OnceLock<Box<[u8]>>>,
    seams: Vec<OnceLock<Box<[u8]>>>,
    all: OnceLock<Box<[u8]>>,
    damaged: AtomicBool,
}

impl fmt::Debug for Paged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in pages", self.size)
    }
}

impl Paged {
    pub(crate) fn new(size: usize, sums: Vec<u32>, read: Box<ReadAt>) -> Self {
        let pages = (0..size.div_ceil(PAGE)).map(|_| OnceLock::new()).collect::<Vec<_>>();
        let seams = pages.iter().skip(1).map(|_| OnceLock::new()).collect();
        // pages without a checksum are none that were written
        let damaged = AtomicBool::new(sums.len() != pages.len());
        Self { read, size, sums, pages, seams, all: OnceLock::new(), damaged }
    }

    fn page(&self, number: usize) -> &[u8] {
        let Some(page) = self.pages.get(number) else { return &[] };
        page.get_or_init(|| {
            let start = number * PAGE;
            let mut bytes = vec![0; PAGE.min(self.size - start)];
            let read = (self.read)(start as u64, &mut bytes);
            if read.is_err() || self.sums.get(number) != Some(&crc(&bytes)) {
                self.damaged.store(true, Ordering::Relaxed);
                return Box::default();
            }
            bytes.into_boxed_slice()
        })
    }

    fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        if range.start > range.end || range.end > self.size {
            return None;
        }
        if range.is_empty() {
            return Some(&[]);
        }
        let (first, last) = (range.start / PAGE, (range.end - 1) / PAGE);
        if first == last {
            return self.page(first).get(range.start % PAGE..range.end - first * PAGE);
        }
        if last == first + 1 && range.len() <= HALF {
            let from = last * PAGE - HALF;
            let seam = self.seams.get(first)?.get_or_init(|| {
                let end = self.page(last);
                [self.page(first).get(HALF..).unwrap_or(&[]), &end[..end.len().min(HALF)]].concat().into()
            });
            return seam.get(range.start - from..range.end - from);
        }
        let all = self.all.get_or_init(|| {
            (0..self.pages.len()).flat_map(|n| self.page(n).iter().copied()).collect::<Vec<u8>>().into()
        });
        all.get(range)
    }
}

impl Bytes {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Paged(p) => p.size,
        }
    }

    /// Bytes of a range; none if it is not there.
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) => bytes.get(range),
            Self::Paged(p) => p.get(range),
        }
    }

    /// Reads every page.
    pub(crate) fn check(&self) {
        if let Self::Paged(p) = self {
            (0..p.pages.len()).for_each(|n| {
                p.page(n);
            });
        }
    }

    /// Was a page met that is not what was written? Then all answers are void.
    pub(crate) fn is_damaged(&self) -> bool {
        matches!(self, Self::Paged(p) if p.damaged.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paged(bytes: &[u8], sums: Vec<u32>) -> Bytes {
        let held = bytes.to_vec();
        let read = move |at: u64, out: &mut [u8]| {
            let from = held.get(at as usize..).and_then(|b| b.get(..out.len()));
            out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        };
        Bytes::Paged(Arc::new(Paged::new(bytes.len(), sums, Box::new(read))))
    }

    proptest! {
        #[test]
        fn pages_give_what_the_whole_gives(
            len in 0..4 * PAGE + 7,
            ranges in prop::collection::vec((0..4 * PAGE + 9, 0..3 * PAGE), 1..20),
        ) {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 31 / 7) as u8).collect();
            let pages = paged(&bytes, sums(&bytes));
            for (start, n) in ranges {
                prop_assert_eq!(pages.get(start..start + n), bytes.get(start..start + n));
            }
            prop_assert!(!pages.is_damaged());
        }
    }

    #[test]
    fn damage_is_met_where_it_is_read() {
        let bytes: Vec<u8> = (0..3 * PAGE).map(|i| i as u8).collect();
        let right = sums(&bytes);
        let mut wrong = bytes.clone();
        wrong[2 * PAGE + 5] ^= 1;
        let pages = paged(&wrong, right.clone());
        assert_eq!(pages.get(0..100), Some(&bytes[..100]));
        assert!(!pages.is_damaged());
        assert_eq!(pages.get(2 * PAGE - 10..2 * PAGE + 10), None);
        assert!(pages.is_damaged());
        assert!(paged(&bytes, right[..2].to_vec()).is_damaged());
    }
}
