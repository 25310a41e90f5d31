//! A value and where it was read.

use std::{fmt, sync::Arc};

/// A place in an input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// The input as a whole.
    Whole,
    /// A line, counted from 1.
    Line(u32),
    /// Lines from the first to the last, both counted from 1.
    Lines(u32, u32),
    /// A member of a JSON document, such as `updates.installed[6]`.
    Member(String),
}

/// Where a fact comes from: the input as the user named it, the format it was read as, and the place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file as the user named it (`-` for standard input), or `--set`, `--error`, …
    pub input: Arc<str>,
    /// The format it was read as: `systeminfo`, `Get-HotFix table`, `kbwhy/host/1`, …
    pub format: &'static str,
    /// Where in the input.
    pub at: Location,
}

impl Origin {
    /// An origin at one line (counted from 1).
    pub fn line(input: &Arc<str>, format: &'static str, line: u32) -> Self {
        Self { input: Arc::clone(input), format, at: Location::Line(line) }
    }
    /// An origin at a member of a JSON document.
    pub fn member(input: &Arc<str>, format: &'static str, member: impl Into<String>) -> Self {
        Self { input: Arc::clone(input), format, at: Location::Member(member.into()) }
    }
    /// An origin without a place.
    pub fn whole(input: &Arc<str>, format: &'static str) -> Self {
        Self { input: Arc::clone(input), format, at: Location::Whole }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Location::Whole => f.write_str(&self.input),
            Location::Line(n) => write!(f, "{}:{n}", self.input),
            Location::Lines(a, b) => write!(f, "{}:{a}-{b}", self.input),
            Location::Member(m) => write!(f, "{}: {m}", self.input),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// What was read.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

impl<T> Fact<T> {
    /// A value read at an origin.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}
