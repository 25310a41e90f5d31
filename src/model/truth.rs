//! Three-valued logic.

use std::ops::Not;

/// True, false, or not known. Conjunction is the least, disjunction the greatest of its members (Kleene).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// no
    False,
    /// not known
    Unknown,
    /// yes
    True,
}

impl Truth {
    /// From what is known.
    pub const fn of(yes: bool) -> Self {
        if yes { Self::True } else { Self::False }
    }
    /// `true`, `false`, `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }
}

impl Not for Truth {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}
