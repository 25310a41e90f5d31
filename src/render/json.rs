//! Reports as JSON, indented, with a line feed at the end.

use serde::Serialize;

/// A report as JSON text.
///
/// # Errors
/// Reports are plain structs with string keys, so serde_json finds nothing to refuse; its error is passed on all the same.
pub fn to_json<T: Serialize>(report: &T) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
