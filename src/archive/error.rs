//! What is wrong with an archive, and where.

use std::{fmt, io};

/// An archive that cannot be read: one line that tells what is wrong and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveError {
    /// members that lead to the archive, `WSUSSCAN.cab > package.cab`; empty for the file itself
    pub place: String,
    /// bytes from the start of the archive
    pub at: u64,
    /// what is wrong
    pub problem: String,
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}, ", self.place)?;
        }
        write!(f, "byte {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for ArchiveError {}

impl From<ArchiveError> for io::Error {
    /// So that members can be read by whatever takes [`io::Read`]; [`ArchiveError::found_in`] takes it out again.
    fn from(e: ArchiveError) -> Self {
        Self::new(io::ErrorKind::InvalidData, e)
    }
}

impl ArchiveError {
    /// The archive's error that a failed read carries, or the read's own.
    pub fn found_in(e: &io::Error) -> Option<&Self> {
        e.get_ref()?.downcast_ref()
    }
}
