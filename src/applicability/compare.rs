//! Comparisons of Windows Update's rules, of values that may be known in part.

use crate::model::{Truth, Version};
use std::cmp::Ordering;

/// `ScalarComparison` of Microsoft's BaseTypes: reads "observed OP rule's value".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `LessThan`
    Less,
    /// `LessThanOrEqualTo`
    LessOrEqual,
    /// `EqualTo`
    Equal,
    /// `GreaterThanOrEqualTo`
    GreaterOrEqual,
    /// `GreaterThan`
    Greater,
}

impl Comparison {
    /// By its name in any case: `greaterthan` occurs.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "lessthan" => Self::Less,
            "lessthanorequalto" => Self::LessOrEqual,
            "equalto" => Self::Equal,
            "greaterthanorequalto" => Self::GreaterOrEqual,
            "greaterthan" => Self::Greater,
            _ => return None,
        })
    }
    /// `<`, `<=`, `=`, `>=`, `>`.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "=",
            Self::GreaterOrEqual => ">=",
            Self::Greater => ">",
        }
    }
    /// Does it hold of this order?
    pub const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Greater => order.is_gt(),
        }
    }
}

/// `StringComparison` of Microsoft's BaseTypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringComparison {
    /// `EqualTo`
    Equal,
    /// `BeginsWith`
    Begins,
    /// `Contains`
    Contains,
    /// `EndsWith`
    Ends,
}

impl StringComparison {
    /// By its name in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "equalto" => Self::Equal,
            "beginswith" => Self::Begins,
            "contains" => Self::Contains,
            "endswith" => Self::Ends,
            _ => return None,
        })
    }
    /// In words, between two values.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Begins => "begins with",
            Self::Contains => "contains",
            Self::Ends => "ends with",
        }
    }
    /// No source says whether case counts: where that matters, it is not known.
    pub fn judge(self, have: &str, want: &str) -> Truth {
        let test = |have: &str, want: &str| match self {
            Self::Equal => have == want,
            Self::Begins => have.starts_with(want),
            Self::Contains => have.contains(want),
            Self::Ends => have.ends_with(want),
        };
        let exact = test(have, want);
        let folded = test(&have.to_lowercase(), &want.to_lowercase());
        if exact == folded { Truth::of(exact) } else { Truth::Unknown }
    }
}

/// One number of a version, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Known(u32),
    AtLeast(u32),
}

/// Which orders are possible between what is known of a value and another value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    less: bool,
    equal: bool,
    greater: bool,
}

impl Orders {
    /// Of two lists of numbers, the first of which decides that differs.
    pub(super) fn of(have: &[Part], want: &[u32]) -> Self {
        let mut out = Self::default();
        for (have, want) in have.iter().zip(want) {
            match *have {
                Part::Known(n) => match n.cmp(want) {
                    Ordering::Less => return Self { less: true, ..out },
                    Ordering::Greater => return Self { greater: true, ..out },
                    Ordering::Equal => {}
                },
                Part::AtLeast(least) => {
                    out.less |= least < *want;
                    out.greater |= *want < u32::MAX;
                    if least > *want {
                        return out;
                    }
                }
            }
        }
        Self { equal: true, ..out }
    }

    /// Does the comparison hold in every order that is possible?
    pub(super) fn judge(self, comparison: Comparison) -> Truth {
        let orders =
            [(self.less, Ordering::Less), (self.equal, Ordering::Equal), (self.greater, Ordering::Greater)];
        let mut possible = orders.into_iter().filter(|(p, _)| *p).map(|(_, o)| comparison.holds(o));
        match possible.next() {
            Some(first) if possible.all(|other| other == first) => Truth::of(first),
            _ => Truth::Unknown,
        }
    }
}

/// A version of exactly four numbers, as rules write it.
pub(super) fn four_parts(text: &str) -> Option<Version> {
    (text.trim().matches('.').count() == 3).then(|| text.parse().ok())?
}

/// What holds of every member, if all agree.
pub(super) fn agreed(mut each: impl Iterator<Item = Truth>) -> Truth {
    match each.next() {
        Some(first) if each.all(|t| t == first) => first,
        _ => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Part::{AtLeast, Known};

    #[test]
    fn a_number_that_is_not_known_leaves_open_what_it_would_decide() {
        let of = |have: &[Part], c| Orders::of(have, &[10, 0, 100, 5]).judge(c);
        let ge = Comparison::GreaterOrEqual;
        assert_eq!(of(&[Known(10), Known(0), Known(101), AtLeast(0)], ge), Truth::True);
        assert_eq!(of(&[Known(10), Known(0), Known(99), AtLeast(0)], ge), Truth::False);
        assert_eq!(of(&[Known(10), Known(0), Known(100), AtLeast(0)], ge), Truth::Unknown);
        assert_eq!(of(&[Known(10), Known(0), Known(100), AtLeast(5)], ge), Truth::True);
        assert_eq!(of(&[Known(10), Known(0), Known(100), AtLeast(6)], Comparison::Equal), Truth::False);
        assert_eq!(of(&[Known(10), Known(0), Known(100), Known(5)], Comparison::Equal), Truth::True);
        assert_eq!(Orders::of(&[AtLeast(0)], &[0]).judge(ge), Truth::True);
        assert_eq!(Orders::of(&[AtLeast(0)], &[0]).judge(Comparison::Less), Truth::False);
    }

    #[test]
    fn case_decides_nothing() {
        let of = |have, want| StringComparison::Equal.judge(have, want);
        assert_eq!((of("a", "a"), of("a", "b"), of("a", "A")), (Truth::True, Truth::False, Truth::Unknown));
    }
}
