//! Checks of the values that rows hold.

use super::text::FactsError;
use crate::model::{ArchitectureSet, KbId, Standing};

type Result<T> = std::result::Result<T, FactsError>;

/// A yyyy-mm-dd date as the number yyyymmdd, which orders alike. A source that tells the month alone (yyyy-mm) counts as
/// its first day.
pub(crate) fn date(place: &str, text: &str) -> Result<u32> {
    let d: Option<jiff::civil::Date> = match text.len() {
        10 => text.parse().ok(),
        7 => format!("{text}-01").parse().ok(),
        _ => None,
    };
    let d =
        d.ok_or_else(|| FactsError::new(place, format!("`{text}` is not a date (yyyy-mm-dd or yyyy-mm)")))?;
    Ok(d.year().unsigned_abs() as u32 * 10_000 + d.month() as u32 * 100 + d.day() as u32)
}

/// The number of a KB.
pub(crate) fn kb(place: &str, text: &str) -> Result<u32> {
    text.parse().map(KbId::number).map_err(|e: crate::model::KbError| FactsError::new(place, e.to_string()))
}

/// What a name stands for, or an error that says what it should have been.
pub(crate) fn named<T>(place: &str, what: &str, text: &str, parsed: Option<T>) -> Result<T> {
    parsed.ok_or_else(|| FactsError::new(place, format!("`{text}` is not a {what}")))
}

/// A standing by its name.
pub(crate) fn standing(place: &str, text: &str) -> Result<Standing> {
    named(place, "standing", text, Standing::parse(text))
}

/// The place of a name among those allowed.
pub(crate) fn position(place: &str, what: &str, names: &[&str], text: &str) -> Result<u8> {
    named(place, what, text, names.iter().position(|n| *n == text).map(|n| n as u8))
}

/// A set of architectures as its bits.
pub(crate) fn architectures(place: &str, names: &[String]) -> Result<u8> {
    let parse = |n: &String| n.parse().map_err(|e: String| FactsError::new(place, e));
    let set: ArchitectureSet = names.iter().map(parse).collect::<Result<_>>()?;
    Ok(set.0)
}

/// A key that sorts rows the same way whatever their order in the text.
pub(crate) fn canonical<T: serde::Serialize>(row: &T) -> String {
    serde_json::to_string(row).unwrap_or_default()
}
