//! Containers of other files: cabinets, zip, what can be told of a WIM. They know nothing of updates.
//!
//! Archives are untrusted: every reader takes a [`Budget`], made of [`Limits`].

mod budget;
pub mod cabinet;
mod error;
mod name;
pub mod wim;

pub use budget::Budget;
pub use error::ArchiveError;

/// How much an archive may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// members that are listed
    pub members: u32,
    /// bytes that are unpacked, over all members
    pub unpacked: u64,
    /// unpacked bytes for each packed one; 0 is no limit
    pub ratio: u32,
    /// archives within archives
    pub depth: u8,
}

impl Default for Limits {
    /// What the largest real ones have, with room: 65,535 members, 4 GB unpacked, depth 3.
    fn default() -> Self {
        Self { members: 65_535, unpacked: 4 << 30, ratio: 20_000, depth: 3 }
    }
}
