//! The name that people use for an update.

use std::{fmt, str::FromStr};

/// A Knowledge Base number such as KB3172614. It is a *name*: one KB has many packages.
///
/// Accepts `KB3172614`, `kb3172614` and the bare number; 5 to 8 digits.
///
/// ```
/// use kbwhy::model::KbId;
/// assert_eq!("kb2919355".parse::<KbId>().unwrap().to_string(), "KB2919355");
/// assert!("KB-2026-0001".parse::<KbId>().is_err()); // not a KB number
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KbId(u32);

impl KbId {
    /// The KB with this number, if it has 5 to 8 digits.
    pub const fn new(number: u32) -> Option<Self> {
        if number >= 10_000 && number <= 99_999_999 { Some(Self(number)) } else { None }
    }

    /// The least KB: a bound for ranges.
    pub const LEAST: Self = Self(10_000);

    /// The number without `KB`.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for KbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("KB{}", self.0))
    }
}

/// Not a KB number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a KB number (expected KB and 5 to 8 digits, such as KB3172614)")]
pub struct KbError(pub String);

impl FromStr for KbId {
    type Err = KbError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || KbError(text.chars().filter(|c| !c.is_control()).take(40).collect());
        let t = text.trim();
        let digits = match t.get(..2) {
            Some(prefix) if prefix.eq_ignore_ascii_case("kb") => &t[2..],
            _ => t,
        };
        if !(5..=8).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        digits.parse().ok().and_then(Self::new).ok_or_else(error)
    }
}

/// The identity of one update in Windows Update: a GUID, in lower case with hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpdateId(String);

impl FromStr for UpdateId {
    type Err = KbError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let t = text.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
        let shape = t.len() == 36
            && t.bytes().enumerate().all(|(i, b)| match i {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            });
        if shape {
            Ok(Self(t))
        } else {
            Err(KbError(text.chars().filter(|c| !c.is_control()).take(40).collect()))
        }
    }
}

impl fmt::Display for UpdateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_kb_are_one() {
        for text in ["KB2919355", "kb2919355", " Kb2919355 ", "2919355"] {
            assert_eq!(text.parse::<KbId>().unwrap().number(), 2_919_355, "{text}");
        }
    }

    #[test]
    fn what_is_no_kb_is_refused() {
        for text in ["", "KB", "KB12", "Q147222x", "KB-2026-0001", "KB123456789", "KB00000", "кб2919355"] {
            assert!(text.parse::<KbId>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_update_id_is_a_guid() {
        let id: UpdateId = "{F39D68AB-0000-0000-0000-00000000ABCD}".parse().unwrap();
        assert_eq!(id.to_string(), "f39d68ab-0000-0000-0000-00000000abcd");
        assert!("f39d68ab".parse::<UpdateId>().is_err());
    }
}
