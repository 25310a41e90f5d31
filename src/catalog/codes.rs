//! Rows of error codes, messages and remedies; what they may hold; and the table that they become in the program.
//!
//! The index of updates does not hold them: they are no facts of updates, and reading an error must not wait for a file.

use super::{check, text::FactsError};
use crate::model::{Cause, Standing};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write};

/// One error code: `error-codes.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorCodeRow {
    /// `0x80240017`, or a decimal number where Windows shows it as one
    pub code: String,
    /// `WU_E_NOT_APPLICABLE`
    pub symbol: String,
    /// what it says, in our words
    pub meaning: String,
    /// how much it says: a name of [`EXPECTED`]
    pub expected: String,
    /// codes of the causes that it fits, likeliest first; none: any
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// Windows versions on which it names its cause: `<10.0`, `>=6.2`; absent: all
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// what is behind it, as documented
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// ids of `error-remedies.jsonl`, in order
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<String>,
    /// page that states it
    pub source: String,
    /// further pages
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// when it was read
    pub read: String,
    /// how well it is known
    pub standing: String,
}

/// What helps against an error: `error-remedies.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRemedyRow {
    /// name that codes use
    pub id: String,
    /// what to do
    pub text: String,
    /// the command that does it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// what it may break, and what to do before
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<String>,
    /// Windows versions that it is for: `<6.2`, `>=6.2`; absent: all
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// codes of causes that it is the general remedy of
    #[serde(default, rename = "for", skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// page that advises it
    pub source: String,
    /// when it was read
    pub read: String,
}

/// A message that Windows shows: `error-messages.jsonl`. What it does not say itself, its code says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorMessageRow {
    /// the telling part, in lower case
    pub text: String,
    /// language of the text, such as `en`
    pub language: String,
    /// the code that it stands for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// a short name, where it stands for no code of the table
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// what it says, in our words
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// how much it says: a name of [`EXPECTED`]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// codes of the causes that it fits, likeliest first
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// ids of `error-remedies.jsonl`, in order
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<String>,
    /// Windows feature that it asks for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// page that shows it, or how it was seen
    pub source: String,
    /// when it was read
    pub read: String,
}

/// How much a code says, by name and by the variant of `diagnose::Expected`.
pub const EXPECTED: [(&str, &str); 6] = [
    ("not-applicable", "NotApplicable"),
    ("names", "Names"),
    ("specific", "Specific"),
    ("install-failed", "InstallFailed"),
    ("success", "Success"),
    ("vague", "Vague"),
];

/// A code's value.
pub fn value(place: &str, code: &str) -> Result<u32, FactsError> {
    let value = match code.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => code.parse().ok(),
    };
    check::named(place, "code", code, value)
}

/// `<6.2` and `>=6.2`: from this version on, and which.
pub fn versions(place: &str, on: &str) -> Result<(bool, u32, u32), FactsError> {
    let parsed = on
        .strip_prefix(">=")
        .map(|v| (true, v))
        .or_else(|| on.strip_prefix('<').map(|v| (false, v)))
        .and_then(|(from, v)| {
            let (major, minor) = v.split_once('.')?;
            Some((from, major.parse().ok()?, minor.parse().ok()?))
        });
    check::named(place, "range of Windows versions such as >=6.2", on, parsed)
}

/// The rows as a table in Rust, sorted by code: what `src/diagnose/codes/table.rs` includes.
///
/// # Errors
/// A row holds what it may not hold, or a code or remedy stands there twice, or is named and not there.
pub fn table(
    codes: &[ErrorCodeRow],
    remedies: &[ErrorRemedyRow],
    messages: &[ErrorMessageRow],
) -> Result<String, FactsError> {
    let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = String::from("pub(super) static REMEDIES: &[CodeRemedy] = &[\n");
    for (at, r) in remedies.iter().enumerate() {
        let place = format!("error-remedies.jsonl:{}", at + 1);
        if by_id.insert(&r.id, at).is_some() {
            return Err(FactsError::new(place, format!("`{}` stands there twice", r.id)));
        }
        check::date(&place, &r.read)?;
        let _ = writeln!(
            out,
            "CodeRemedy {{ id: {:?}, text: {:?}, command: {:?}, danger: {:?}, on: {}, \
             causes: &[{}], source: {:?} }},",
            r.id,
            r.text,
            r.command,
            r.danger,
            range(&place, r.on.as_deref())?,
            causes(&place, &r.causes)?,
            r.source
        );
    }
    let mut rows: BTreeMap<u32, String> = BTreeMap::new();
    for (at, r) in codes.iter().enumerate() {
        let place = format!("error-codes.jsonl:{}", at + 1);
        let code = value(&place, &r.code)?;
        check::date(&place, &r.read)?;
        let standing = check::standing(&place, &r.standing)?;
        if standing == Standing::Unverified && r.expected == "names" {
            return Err(FactsError::new(place, "an unverified code may not name a cause"));
        }
        let row = Meaning {
            code,
            symbol: &r.symbol,
            meaning: &r.meaning,
            expected: &r.expected,
            causes: &r.causes,
            on: r.on.as_deref(),
            why: r.why.as_deref(),
            remedies: &r.remedies,
            source: &r.source,
            also: &r.also,
            read: &r.read,
            standing,
            feature: None,
        };
        if rows.insert(code, row.rust(&place, &by_id)?).is_some() {
            return Err(FactsError::new(place, format!("`{}` stands there twice", r.code)));
        }
    }
    out.push_str("];\npub(super) static CODES: &[CodeMeaning] = &[\n");
    rows.values().for_each(|r| out.push_str(r));
    out.push_str("];\npub(super) static MESSAGES: &[(&str, CodeMeaning)] = &[\n");
    for (at, m) in messages.iter().enumerate() {
        let place = format!("error-messages.jsonl:{}", at + 1);
        let code = m.code.as_deref().map(|c| value(&place, c)).transpose()?;
        check::date(&place, &m.read)?;
        if m.text != m.text.to_lowercase() {
            return Err(FactsError::new(place, "the text is not in lower case"));
        }
        let of = codes.iter().find(|c| code.is_some() && value("", &c.code).ok() == code);
        let lacks =
            || FactsError::new(place.clone(), "neither says what it means nor names a code of the table");
        let symbol = m.symbol.as_deref().or(of.map(|c| c.symbol.as_str())).ok_or_else(lacks)?;
        let meaning = m.meaning.as_deref().or(of.map(|c| c.meaning.as_str())).ok_or_else(lacks)?;
        let expected = m.expected.as_deref().or(of.map(|c| c.expected.as_str())).ok_or_else(lacks)?;
        let of_code = of.filter(|_| m.meaning.is_none());
        let standing = of_code.map_or(Ok(Standing::Verified), |c| check::standing(&place, &c.standing))?;
        let row = Meaning {
            code: code.unwrap_or(0),
            symbol,
            meaning,
            expected,
            causes: of_code.map_or(&m.causes, |c| &c.causes),
            on: of_code.and_then(|c| c.on.as_deref()),
            why: of_code.and_then(|c| c.why.as_deref()),
            remedies: of_code.map_or(&m.remedies, |c| &c.remedies),
            source: &m.source,
            also: &[],
            read: &m.read,
            standing,
            feature: m.feature.as_deref(),
        };
        let rust = row.rust(&place, &by_id)?;
        let _ = writeln!(out, "({:?}, {}),", m.text, rust.trim_end().trim_end_matches(','));
    }
    out.push_str("];\n");
    Ok(out)
}

fn range(place: &str, on: Option<&str>) -> Result<String, FactsError> {
    let Some(on) = on else { return Ok("None".to_owned()) };
    let (from, major, minor) = versions(place, on)?;
    Ok(format!("Some(Kernels {{ from: {from}, version: ({major}, {minor}) }})"))
}

fn causes(place: &str, codes: &[String]) -> Result<String, FactsError> {
    let mut out = String::new();
    for c in codes {
        let cause = check::named(place, "code of a cause", c, Cause::parse(c))?;
        let _ = write!(out, "Cause::{cause:?}, ");
    }
    Ok(out)
}

struct Meaning<'a> {
    code: u32,
    symbol: &'a str,
    meaning: &'a str,
    expected: &'a str,
    causes: &'a [String],
    on: Option<&'a str>,
    why: Option<&'a str>,
    remedies: &'a [String],
    source: &'a str,
    also: &'a [String],
    read: &'a str,
    standing: Standing,
    feature: Option<&'a str>,
}

impl Meaning<'_> {
    fn rust(&self, place: &str, by_id: &BTreeMap<&str, usize>) -> Result<String, FactsError> {
        let expected = EXPECTED.iter().find(|(name, _)| *name == self.expected).map(|(_, variant)| variant);
        let expected = check::named(place, "degree of what a code says", self.expected, expected)?;
        let causes = causes(place, self.causes)?;
        let mut remedies = String::new();
        for r in self.remedies {
            let at = check::named(place, "remedy", r, by_id.get(r.as_str()))?;
            let _ = write!(remedies, "{at}, ");
        }
        Ok(format!(
            "CodeMeaning {{ code: {:#x}, symbol: {:?}, meaning: {:?}, expected: Expected::{expected}, \
             causes: &[{causes}], on: {}, why: {:?}, remedies: &[{remedies}], source: {:?}, also: &{:?}, read: {:?}, \
             standing: Standing::{:?}, feature: {:?} }},\n",
            self.code,
            self.symbol,
            self.meaning,
            range(place, self.on)?,
            self.why,
            self.source,
            self.also,
            self.read,
            self.standing,
            self.feature,
        ))
    }
}
