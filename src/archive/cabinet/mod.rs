//! Cabinets (MSCF): stored, MSZIP and LZX, read in one pass.
//!
//! A cabinet lists its members before their data, and the data stands in the order of the folders. So members are given
//! in that order, each is read or left as the caller likes, and a member that is itself a cabinet can be read while the
//! outer one is. What is left is not even unpacked, unless something behind it in the same folder is read.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use kbwhy::archive::{Budget, Limits, cabinet::Cabinet};
//! let budget = Budget::new(Limits::default());
//! let mut outer = Cabinet::open_file(std::io::Cursor::new(Vec::<u8>::new()), &budget)?;
//! while let Some(mut member) = outer.next_member()? {
//!     if member.name().eq_ignore_ascii_case("package.cab") {
//!         let mut inner = Cabinet::open(&mut member, &budget.within("package.cab")?)?;
//!         while let Some(mut member) = inner.next_member()? {
//!             let _text = member.read_all(1 << 20)?;
//!         }
//!     }
//! }
//! # Ok(()) }
//! ```

mod directory;
mod folder;
mod input;

pub use directory::Member;

use super::{ArchiveError, Budget};
use directory::{Directory, Folder};
use folder::Unpacker;
use input::Input;
use std::io::{self, Read, Seek, SeekFrom};

/// Does a file that begins like this look like a cabinet?
pub fn is_cabinet(head: &[u8]) -> bool {
    head.starts_with(b"MSCF\0\0\0\0")
}

/// A cabinet that is being read.
#[derive(Debug)]
pub struct Cabinet<R> {
    input: Input<R>,
    budget: Budget,
    folders: Vec<Folder>,
    members: Vec<Member>,
    /// the next member to give
    next: usize,
    unpacker: Unpacker,
}

impl<R: Read> Cabinet<R> {
    /// Reads the directory of a cabinet; what is not wanted of it is read over.
    ///
    /// # Errors
    /// It is no cabinet, is one of a set, breaks a limit, has a member with a name that leads elsewhere, or cannot be
    /// read.
    pub fn open(reader: R, budget: &Budget) -> Result<Self, ArchiveError> {
        Self::with(Input::reading(reader, budget), budget, None)
    }

    fn with(mut input: Input<R>, budget: &Budget, size: Option<u64>) -> Result<Self, ArchiveError> {
        let Directory { folders, members } = Directory::read(&mut input, budget, size)?;
        Ok(Self { input, budget: budget.clone(), folders, members, next: 0, unpacker: Unpacker::default() })
    }

    /// All members, in the order in which [`Cabinet::next_member`] gives them.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The next member. What was not read of the one before is left out.
    ///
    /// # Errors
    /// None now; damage shows when a member is read.
    pub fn next_member(&mut self) -> Result<Option<Entry<'_, R>>, ArchiveError> {
        let at = self.next;
        let Some(member) = self.members.get(at) else { return Ok(None) };
        self.next += 1;
        let left = member.size;
        Ok(Some(Entry { cabinet: self, at, left }))
    }
}

impl<R: Read + Seek> Cabinet<R> {
    /// The same for a file, in which what is not wanted is leapt over. The cabinet begins where the file stands.
    ///
    /// # Errors
    /// As [`Cabinet::open`]; and the file is shorter than the cabinet says it is.
    pub fn open_file(mut reader: R, budget: &Budget) -> Result<Self, ArchiveError> {
        let failed = |e: io::Error| budget.error(0, format!("cannot be read: {e}"));
        let start = reader.stream_position().map_err(failed)?;
        let end = reader.seek(SeekFrom::End(0)).map_err(failed)?;
        reader.seek(SeekFrom::Start(start)).map_err(failed)?;
        Self::with(Input::seeking(reader, budget), budget, Some(end.saturating_sub(start)))
    }
}

/// A member that is being read.
#[derive(Debug)]
pub struct Entry<'a, R> {
    cabinet: &'a mut Cabinet<R>,
    at: usize,
    left: u32,
}

impl<R: Read> Entry<'_, R> {
    /// What the directory says of it.
    pub fn member(&self) -> &Member {
        &self.cabinet.members[self.at]
    }

    /// Its name, with `/` between folders.
    pub fn name(&self) -> &str {
        &self.member().name
    }

    /// All that is left of it.
    ///
    /// # Errors
    /// It is larger than `at_most` bytes, or is damaged.
    pub fn read_all(&mut self, at_most: u32) -> Result<Vec<u8>, ArchiveError> {
        if self.left > at_most {
            let problem =
                format!("`{}` has {} bytes, more than the {at_most} that are read", self.name(), self.left);
            return Err(self.cabinet.budget.error(self.cabinet.input.at(), problem));
        }
        let mut bytes = Vec::new();
        while self.left > 0 {
            let piece = self.piece()?;
            bytes.extend_from_slice(piece);
            let n = piece.len();
            self.advance(n);
        }
        Ok(bytes)
    }

    /// The bytes that are unpacked and not yet read; not empty while something is left.
    fn piece(&mut self) -> Result<&[u8], ArchiveError> {
        let Cabinet { input, budget, folders, members, unpacker, .. } = &mut *self.cabinet;
        let member = &members[self.at];
        let from = u64::from(member.offset) + u64::from(member.size - self.left);
        let all = unpacker.at(from, usize::from(member.folder), folders, input, budget)?;
        Ok(&all[..all.len().min(self.left as usize)])
    }

    fn advance(&mut self, bytes: usize) {
        self.left -= u32::try_from(bytes).map_or(self.left, |n| n.min(self.left));
    }
}

impl<R: Read> Read for Entry<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || out.is_empty() {
            return Ok(0);
        }
        let piece = self.piece()?;
        let n = piece.len().min(out.len());
        out[..n].copy_from_slice(&piece[..n]);
        self.advance(n);
        Ok(n)
    }
}
