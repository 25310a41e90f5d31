//! The bytes of a cabinet, forwards only.

use crate::archive::{ArchiveError, Budget};
use std::io::{self, BufRead, BufReader, Read, Seek};

/// How to pass over bytes.
type Skip<R> = fn(&mut BufReader<R>, u64) -> io::Result<()>;

pub(super) struct Input<R> {
    reader: BufReader<R>,
    skip: Skip<R>,
    at: u64,
    budget: Budget,
}

impl<R> std::fmt::Debug for Input<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("at", &self.at).finish_non_exhaustive()
    }
}

const BUFFER: usize = 64 * 1024;

impl<R: Read> Input<R> {
    pub(super) fn reading(reader: R, budget: &Budget) -> Self {
        let skip: Skip<R> = |r, n| {
            let passed = io::copy(&mut r.take(n), &mut io::sink())?;
            if passed == n { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        };
        Self { reader: BufReader::with_capacity(BUFFER, reader), skip, at: 0, budget: budget.clone() }
    }

    pub(super) fn seeking(reader: R, budget: &Budget) -> Self
    where
        R: Seek,
    {
        let skip: Skip<R> =
            |r, n| r.seek_relative(i64::try_from(n).map_err(|_| io::ErrorKind::UnexpectedEof)?);
        Self { reader: BufReader::with_capacity(BUFFER, reader), skip, at: 0, budget: budget.clone() }
    }

    /// Bytes from the start of the cabinet.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> ArchiveError {
        self.budget.error(self.at, problem)
    }

    fn failed(&self, e: io::Error) -> ArchiveError {
        // an archive around this one told what is wrong with it
        if let Some(e) = ArchiveError::found_in(&e) {
            return e.clone();
        }
        if e.kind() == io::ErrorKind::UnexpectedEof {
            return self.error("the cabinet is cut off here: copy or download it again");
        }
        self.error(format!("cannot be read: {e}"))
    }

    /// Fills `out`.
    pub(super) fn exact(&mut self, out: &mut [u8]) -> Result<(), ArchiveError> {
        self.reader.read_exact(out).map_err(|e| self.failed(e))?;
        self.at += out.len() as u64;
        Ok(())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        let mut out = [0; N];
        self.exact(&mut out)?;
        Ok(out)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ArchiveError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ArchiveError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Bytes up to a zero, of which `most` may stand before it.
    pub(super) fn string(&mut self, most: usize) -> Result<Vec<u8>, ArchiveError> {
        let mut text = Vec::new();
        let mut limited = (&mut self.reader).take(most as u64 + 1);
        let n = limited.read_until(0, &mut text).map_err(|e| self.failed(e))?;
        if text.pop() != Some(0) {
            if n > most {
                return Err(self.error(format!("a name is longer than {most} bytes")));
            }
            self.at += n as u64;
            return Err(self.failed(io::ErrorKind::UnexpectedEof.into()));
        }
        self.at += n as u64;
        Ok(text)
    }

    pub(super) fn pass(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        (self.skip)(&mut self.reader, bytes).map_err(|e| self.failed(e))?;
        self.at += bytes;
        Ok(())
    }

    /// On to a later place.
    pub(super) fn on_to(&mut self, place: u64, what: &str) -> Result<(), ArchiveError> {
        match place.checked_sub(self.at) {
            Some(0) => Ok(()),
            Some(n) => self.pass(n),
            None => Err(self.error(format!("{what} at byte {place} overlaps what stands before it"))),
        }
    }
}
