//! The names that lists of updates use, and what they stand for.

use crate::model::KbId;
use crate::package;

/// What one row of a list names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowId {
    /// An update.
    Kb(KbId),
    /// Something that is no KB: `Q147222`, `File 1`, a GUID.
    Other(String),
    /// An id that is not whole (`KB40192...`, `KB28`).
    Cut,
}

/// Reads the id of one row: `KB893803v2 - Update`, `940157`, `Q147222`, `File 1`, `{GUID}`, …
pub(super) fn row_id(text: &str) -> Option<RowId> {
    let t = text.trim().trim_matches('"').trim();
    if t.is_empty() {
        return None;
    }
    if t.ends_with("...") || t.ends_with('…') {
        return Some(RowId::Cut);
    }
    if let Some(id) = kb_at_start(t) {
        return Some(id);
    }
    if let Some(kb) = package::kb_of_name(t) {
        return Some(RowId::Kb(kb));
    }
    // Vista lists some updates by their bare number
    if (6..=7).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit()) {
        return t.parse().ok().map(RowId::Kb);
    }
    let head: String = t.chars().take(64).collect();
    Some(RowId::Other(head.trim_end().to_owned()))
}

/// `KB2862152`, with a revision or suffix that is dropped: `KB893803v2`, `KB2378111_WM9`, `KB2849697-1`.
pub(super) fn kb_at_start(t: &str) -> Option<RowId> {
    let digits = t.get(..2).filter(|p| p.eq_ignore_ascii_case("kb")).map(|_| &t[2..])?;
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &digits[count..];
    // updates that Windows lists have six digits or seven
    if count < 6 {
        // `KB-2026-0001` is no KB at all; `KB28` and `KB28621` are the heads of one
        return if rest.is_empty() { Some(RowId::Cut) } else { None };
    }
    let bound = match rest.chars().next() {
        None => true,
        Some('v' | 'V') => rest[1..].starts_with(|c: char| c.is_ascii_digit()),
        Some(c) => !c.is_alphanumeric(),
    };
    if !bound {
        return None;
    }
    digits[..count].parse().ok().map(RowId::Kb)
}

/// The one update that a title names, wherever it stands; none if it names several.
pub(super) fn kb_in_title(title: &str) -> Option<KbId> {
    let mut found: Option<KbId> = None;
    let bytes = title.as_bytes();
    for (at, _) in title.match_indices("KB") {
        let bound = at.checked_sub(1).and_then(|i| bytes.get(i)).is_none_or(|b| !b.is_ascii_alphanumeric());
        let rest = title.get(at + 2..).unwrap_or_default();
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        // letters of other scripts follow without a blank
        let ends = rest.as_bytes().get(count).is_none_or(|b| !b.is_ascii_alphanumeric());
        if !(bound && ends && (6..=7).contains(&count)) {
            continue;
        }
        let kb = rest.get(..count)?.parse().ok()?;
        if found.is_some_and(|known| known != kb) {
            return None;
        }
        found = Some(kb);
    }
    found
}

/// Does every month's or day's release of this update have the same KB? Then one that is offered says nothing of those
/// before it.
pub(super) fn recurs(title: &str) -> bool {
    let lower = title.to_lowercase();
    ["definition", "security intelligence", "malicious software", "antimalware platform", "(version "]
        .iter()
        .any(|w| lower.contains(w))
}

/// Does the row name no update, but something that only a list of updates holds?
pub(super) fn is_update_like(text: &str) -> bool {
    let t = text.trim();
    let guid = t.strip_prefix('{').and_then(|g| g.split_once('}')).is_some_and(|(g, _)| g.len() == 36);
    let q = t.strip_prefix('Q').is_some_and(|d| {
        let digits = d.bytes().take_while(u8::is_ascii_digit).count();
        (5..=7).contains(&digits) && !d[digits..].starts_with(char::is_alphanumeric)
    });
    guid || q || file_row(t)
}

/// `File 1`: the row stands for an update that is named elsewhere.
pub(super) fn file_row(text: &str) -> bool {
    let t = text.trim();
    t.get(..5).is_some_and(|f| f.eq_ignore_ascii_case("file "))
        && t.len() <= 8
        && t[5..].bytes().all(|b| b.is_ascii_digit())
        && t.len() > 5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kb(text: &str) -> Option<u32> {
        match row_id(text) {
            Some(RowId::Kb(kb)) => Some(kb.number()),
            _ => None,
        }
    }

    #[test]
    fn revisions_and_suffixes_are_dropped() {
        for (text, want) in [
            ("KB893803v2", 893_803),
            ("KB893803v2 - Update", 893_803),
            ("KB2536276-v2", 2_536_276),
            ("KB2378111_WM9", 2_378_111),
            ("KB2510531-IE8", 2_510_531),
            ("KB2849697-1", 2_849_697),
            ("kb2899189_Microsoft-Windows-CameraCodec-Package", 2_899_189),
            ("940157", 940_157),
            ("Package_2_for_KB2919355", 2_919_355),
            ("Package_for_KB2706045_SP1", 2_706_045),
        ] {
            assert_eq!(kb(text), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_kb_is_none() {
        for text in
            ["Q147222", "File 1", "{7A068575-0000-0000-0000-000000000000}", "MSCompPackV1", "KB-2026-0001"]
        {
            assert!(matches!(row_id(text), Some(RowId::Other(_))), "{text}");
        }
        // an id that is cut for display ends with no blank: it reads back as it was written
        let long = format!("x{}y", " ".repeat(80));
        assert_eq!(row_id(&long), Some(RowId::Other("x".into())));
        for text in ["KB", "KB28", "KB28621", "KB40192...", "KB4019215…"] {
            assert_eq!(row_id(text), Some(RowId::Cut), "{text}");
        }
        assert_eq!(kb("KB123456789"), None);
        assert_eq!(kb("KB2919355abc"), None);
        assert_eq!(row_id("  "), None);
    }

    #[test]
    fn titles_name_one_update_or_none() {
        let of = |t| kb_in_title(t).map(|k| k.number());
        assert_eq!(of("2022-12 累積更新プログラム (KB5021088) 向け"), Some(5_021_088));
        assert_eq!(of("KB5021088を含む"), Some(5_021_088));
        assert_eq!(of("Update (KB5021088) KB5021088"), Some(5_021_088));
        assert_eq!(of("Update (KB5021088) (KB5021089)"), None);
        assert_eq!(of("Intel - System - 1.2, 574 KB, XKB5021088, KB123"), None);
        assert!(recurs("Security Intelligence Update - KB2267602 (Version 1.403.2100.0)"));
        assert!(!recurs("2022-12 Cumulative Update for Windows 10 Version 21H2 (KB5021233)"));
    }

    #[test]
    fn rows_of_no_kb_are_told_from_other_lists() {
        assert!(is_update_like("Q147222") && is_update_like("File 1"));
        assert!(is_update_like("{7A068575-C5DB-43D9-BE20-3895D0C69B17}"));
        assert!(
            !is_update_like("Intel(R) Ethernet") && !is_update_like("10.0.2.15") && !is_update_like("Filed")
        );
    }
}
