//! Error codes in any spelling, and messages, narrowed to the causes they fit.

mod decode;
mod read;
mod table;

pub use decode::{Area, Decoded, Extend, decode};
pub use read::{Reading, Spelling, is_filler, low_byte_of, readings, readings_of_word};

use crate::model::{Cause, Origin, Standing};
use std::sync::Arc;

/// How much an error says about the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Windows found the update not applicable; any of the causes behind that.
    NotApplicable,
    /// The error itself names its first cause.
    Names,
    /// The error leaves few causes open.
    Specific,
    /// The install began and failed: the update was applicable.
    InstallFailed,
    /// A success or a wait that people take for a failure.
    Success,
    /// It fits many causes.
    Vague,
}

impl Expected {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Names => "names",
            Self::Specific => "specific",
            Self::InstallFailed => "install-failed",
            Self::Success => "success",
            Self::Vague => "vague",
        }
    }
}

/// Windows versions from one on, or before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels {
    /// from this version on; else before it
    pub from: bool,
    /// major and minor version, such as 6.3
    pub version: (u32, u32),
}

impl Kernels {
    /// Is a host of this version among them? `None` where its version is not known.
    pub fn holds(self, kernel: Option<(u32, u32)>) -> Option<bool> {
        kernel.map(|k| (k >= self.version) == self.from)
    }
}

/// What helps against an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRemedy {
    /// name, in kebab-case
    pub id: &'static str,
    /// what to do
    pub text: &'static str,
    /// the command that does it
    pub command: Option<&'static str>,
    /// what it may break, and what to do before
    pub danger: Option<&'static str>,
    /// Windows versions that it is for; `None`: all
    pub on: Option<Kernels>,
    /// causes of which it is the general remedy
    pub causes: &'static [Cause],
    /// page that advises it
    pub source: &'static str,
}

/// The meaning of one code.
#[derive(Clone, Copy, Debug)]
pub struct CodeMeaning {
    /// the value as Windows programs return it; 0 for a message without one
    pub code: u32,
    /// symbol
    pub symbol: &'static str,
    /// what it says, in our words
    pub meaning: &'static str,
    /// how much it says
    pub expected: Expected,
    /// causes it fits, likeliest first; empty: any
    pub causes: &'static [Cause],
    /// Windows versions on which it says so; `None`: all
    pub on: Option<Kernels>,
    /// what is behind it, as documented
    pub why: Option<&'static str>,
    remedies: &'static [usize],
    /// page that states it
    pub source: &'static str,
    /// further pages
    pub also: &'static [&'static str],
    /// when the page was read
    pub read: &'static str,
    /// how well it is known; unverified: it decides nothing
    pub standing: Standing,
    /// Windows feature that it asks for
    pub feature: Option<&'static str>,
}

impl CodeMeaning {
    /// What helps, in order: what is for the host's version, or all where that is not known.
    pub fn remedies(&self, kernel: Option<(u32, u32)>) -> impl Iterator<Item = &'static CodeRemedy> {
        let all = self.remedies.iter().filter_map(|at| table::REMEDIES.get(*at));
        all.filter(move |r| r.on.is_none_or(|on| on.holds(kernel) != Some(false)))
    }

    /// Does it name its first cause on a host of this version?
    pub fn names(&self, kernel: Option<(u32, u32)>) -> bool {
        self.expected == Expected::Names
            && self.standing != Standing::Unverified
            && self.on.is_none_or(|on| on.holds(kernel) == Some(true))
    }

    /// Does it fit this cause? What fits many causes, or is not verified, fits each.
    pub fn fits(&self, cause: Cause) -> bool {
        self.causes.is_empty()
            || self.expected == Expected::Vague
            || self.standing == Standing::Unverified
            || self.on.is_some()
            || self.causes.contains(&cause)
    }

    /// How telling it is; less is more.
    fn rank(&self) -> u8 {
        match self.expected {
            _ if self.standing == Standing::Unverified => 1,
            Expected::Vague => 2,
            Expected::Success => 3,
            _ => 0,
        }
    }
}

/// How a code was found in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// as it stands
    Itself,
    /// by the Win32, Winsock or WinHTTP code inside of the HRESULT
    Inner,
    /// by the HRESULT of the Win32 code
    Hresult,
}

/// All codes of the table, ascending.
pub fn codes() -> &'static [CodeMeaning] {
    table::CODES
}

/// What the table says of a code. A Win32 code and its HRESULT, 0x8007 and the code, are the same error.
///
/// ```
/// use kbwhy::diagnose::codes::known;
/// assert_eq!(known(0x8024_0017).unwrap().0.symbol, "WU_E_NOT_APPLICABLE");
/// // 0x274c is 10060
/// assert_eq!(known(0x8007_274c).unwrap().0.symbol, "WSAETIMEDOUT");
/// assert!(known(0x8024_0abc).is_none());
/// ```
pub fn known(code: u32) -> Option<(&'static CodeMeaning, Via)> {
    let find =
        |code: u32| table::CODES.binary_search_by_key(&code, |c| c.code).ok().map(|at| &table::CODES[at]);
    if let Some(found) = find(code) {
        return Some((found, Via::Itself));
    }
    match code {
        0x8007_0001..=0x8007_ffff => find(code & 0xffff).map(|m| (m, Via::Inner)),
        1..=0xffff => find(code | 0x8007_0000).map(|m| (m, Via::Hresult)),
        _ => None,
    }
}

/// What helps against a cause in general, in order, on a host of this version.
pub fn remedies_for(cause: Cause, kernel: Option<(u32, u32)>) -> impl Iterator<Item = &'static CodeRemedy> {
    let all = table::REMEDIES.iter().filter(move |r| r.causes.contains(&cause));
    all.filter(move |r| r.on.is_none_or(|on| on.holds(kernel) != Some(false)))
}

/// Every code with this symbol, whatever its case.
pub fn with_symbol(symbol: &str) -> impl Iterator<Item = &'static CodeMeaning> {
    table::CODES.iter().filter(move |c| c.symbol.eq_ignore_ascii_case(symbol))
}

/// The first message of the table that a text holds, and where it begins.
pub fn message_in(text: &str) -> Option<&'static CodeMeaning> {
    let lower = text.to_lowercase().replace('\u{2019}', "'");
    table::MESSAGES.iter().find(|(m, _)| lower.contains(m)).map(|(_, meaning)| meaning)
}

/// An error as the user gave it, with what it means if it is known.
#[derive(Clone, Debug)]
pub struct ErrorEvidence {
    /// the text as given, control characters removed, at most 200 characters
    pub text: String,
    /// its most telling code, if there is one in it
    pub code: Option<u32>,
    /// what it means
    pub meaning: Option<&'static CodeMeaning>,
    /// every code in it, in its order
    pub readings: Vec<Reading>,
    /// where it was given
    pub origin: Origin,
}

impl ErrorEvidence {
    /// Reads codes in any spelling (`0x80240017`, `-2145124329`, `2149842967`, `WU_E_NOT_APPLICABLE`, `exit 14098`)
    /// or a message. Of several, the most telling counts. Text that holds neither has no meaning, which is no error.
    ///
    /// ```
    /// use kbwhy::diagnose::ErrorEvidence;
    /// for text in ["0x80240017", "-2145124329", "2149842967", "WU_E_NOT_APPLICABLE"] {
    ///     assert_eq!(ErrorEvidence::parse(text).meaning.unwrap().symbol, "WU_E_NOT_APPLICABLE");
    /// }
    /// assert!(ErrorEvidence::parse("it does not work").meaning.is_none());
    /// ```
    pub fn parse(text: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        let readings = readings(&text);
        let mut best: Option<(&'static CodeMeaning, u32)> = None;
        for r in &readings {
            let Some((meaning, _)) = known(r.value) else { continue };
            // success beside something else, such as a date or a count, says nothing
            if meaning.code == 0 && text.trim() != "0" {
                continue;
            }
            if best.is_none_or(|(b, _)| meaning.rank() < b.rank()) {
                best = Some((meaning, r.value));
            }
        }
        let said = message_in(&text).filter(|m| best.is_none_or(|(b, _)| m.rank() < b.rank()));
        let meaning = said.or(best.map(|(m, _)| m));
        let code = match (said, best) {
            (Some(m), _) => Some(m.code).filter(|c| *c != 0),
            (None, Some((_, code))) => Some(code).filter(|c| *c != 0),
            (None, None) => None,
        };
        let origin = Origin::whole(&Arc::from("--error"), "argument");
        Self { code: code.or(readings.first().map(|r| r.value)), text, meaning, readings, origin }
    }

    /// The same, read elsewhere than in an argument.
    #[must_use]
    pub fn read_at(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Does the error fit this cause? An error without a known meaning fits every cause.
    pub fn fits(&self, cause: Cause) -> bool {
        self.meaning.is_none_or(|m| m.fits(cause))
    }
}

#[cfg(test)]
mod tests;
