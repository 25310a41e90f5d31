//! What is left of the limits, over an archive and all that is nested in it.

use super::{ArchiveError, Limits};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What an archive and the archives within it may still cost together. Clones spend from the same budget.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    spent: Arc<Spent>,
    depth: u8,
    /// members that lead here, outermost first
    place: Arc<str>,
}

#[derive(Debug, Default)]
struct Spent {
    members: AtomicU64,
    unpacked: AtomicU64,
}

impl Budget {
    /// The budget of an outermost archive.
    pub fn new(limits: Limits) -> Self {
        Self { limits, spent: Arc::default(), depth: 0, place: Arc::from("") }
    }

    /// The budget of an archive that is a member of this one.
    ///
    /// # Errors
    /// Archives are nested deeper than the limit.
    pub fn within(&self, member: &str) -> Result<Self, ArchiveError> {
        let place =
            if self.place.is_empty() { member.to_owned() } else { format!("{} > {member}", self.place) };
        let inner = Self { place: place.into(), depth: self.depth.saturating_add(1), ..self.clone() };
        if inner.depth > self.limits.depth {
            let problem = format!("archives within archives, more than {} deep", self.limits.depth);
            return Err(inner.error(0, problem));
        }
        Ok(inner)
    }

    /// Members that lead to this archive: `WSUSSCAN.cab > package.cab`; empty for the outermost.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Bytes that were unpacked so far.
    pub fn unpacked(&self) -> u64 {
        self.spent.unpacked.load(Ordering::Relaxed)
    }

    pub(super) fn error(&self, at: u64, problem: impl Into<String>) -> ArchiveError {
        ArchiveError { place: self.place.to_string(), at, problem: problem.into() }
    }

    pub(super) fn add_members(&self, count: u32, at: u64) -> Result<(), ArchiveError> {
        let all = self.spent.members.fetch_add(count.into(), Ordering::Relaxed) + u64::from(count);
        let most = self.limits.members;
        if all > most.into() {
            return Err(self.error(at, format!("{all} members, more than the {most} that are read")));
        }
        Ok(())
    }

    /// Counts bytes that were unpacked; `of` are the unpacked and packed bytes of the stream that they belong to.
    pub(super) fn add_unpacked(&self, bytes: usize, of: (u64, u64), at: u64) -> Result<(), ArchiveError> {
        let bytes = bytes as u64;
        let all = self.spent.unpacked.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if all > self.limits.unpacked {
            let most = self.limits.unpacked;
            return Err(self.error(at, format!("unpacks to more than the {most} bytes that are read")));
        }
        let (unpacked, packed) = of;
        // small streams may well be nothing but zeros
        if self.limits.ratio > 0 && unpacked > 1 << 20 && unpacked / packed.max(1) > self.limits.ratio.into()
        {
            let most = self.limits.ratio;
            return Err(self.error(at, format!("unpacks to more than {most} times its size")));
        }
        Ok(())
    }
}
