//! Text that was saved twice: its bytes were read as the wrong code page, and what that showed was saved as Unicode.

use super::text::{self, Page};
use encoding_rs::{Encoding, GBK, IBM866, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};
use oem_cp::OEMCPHashMap;
use oem_cp::code_table::{ENCODING_TABLE_CP437, ENCODING_TABLE_CP850};

/// How much better a text must read after the mending than before: more than chance gives to a single word.
const MARGIN: i64 = 12;

/// How much of the text decides: every pair of pages is tried on it.
const SAMPLE: usize = 2 * 1024;

/// The code pages that text is wrongly read as.
#[derive(Clone, Copy)]
enum Wrong {
    /// ISO 8859-1: the byte is the character.
    Latin1,
    Table(&'static OEMCPHashMap<char, u8>),
    Web(&'static Encoding),
}

const WRONG: [(&str, Wrong); 8] = [
    ("windows-1252", Wrong::Web(WINDOWS_1252)),
    ("ISO 8859-1", Wrong::Latin1),
    ("code page 850", Wrong::Table(&ENCODING_TABLE_CP850)),
    ("code page 437", Wrong::Table(&ENCODING_TABLE_CP437)),
    ("windows-1251", Wrong::Web(WINDOWS_1251)),
    ("windows-1250", Wrong::Web(WINDOWS_1250)),
    ("code page 866", Wrong::Web(IBM866)),
    ("code page 936", Wrong::Web(GBK)),
];

impl Wrong {
    /// The bytes that were read as this text; none if no bytes are.
    fn bytes(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Self::Table(table) => oem_cp::encode_string_checked(text, table),
            Self::Web(page) => {
                let (bytes, _, lost) = page.encode(text);
                (!lost).then(|| bytes.into_owned())
            }
        }
    }
}

/// What the bytes really were.
#[derive(Clone, Copy)]
enum Real {
    Utf8,
    Page(Page),
}

impl Real {
    fn text(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Page(page) => Some(text::run(page, bytes)),
        }
    }
}

/// Lines that hold anything but ASCII, mended where they can be; the others as they are.
fn mend(text: &str, wrong: Wrong, real: Real) -> String {
    let mended = |line: &str| {
        if line.is_ascii() {
            return None;
        }
        real.text(&wrong.bytes(line)?)
    };
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match mended(line) {
            Some(mended) => out.push_str(&mended),
            None => out.push_str(line),
        }
    }
    out
}

/// The text as it was before it was saved twice, and what it had been read as; none if it reads well as it is.
pub(super) fn undo(text: &str) -> Option<(String, &'static str)> {
    let sample = text::sample(text.as_bytes(), SAMPLE);
    let sample = String::from_utf8_lossy(&sample);
    // text whose every letter stands where it may is what it says
    if sample.lines().all(|l| text::odd(l) == 0) {
        return None;
    }
    let mut best = text::score(&sample) + MARGIN - 1;
    let mut found = None;
    for (name, wrong) in WRONG {
        let lines: Vec<Vec<u8>> = sample.lines().filter_map(|l| wrong.bytes(l)).collect();
        if lines.is_empty() {
            continue;
        }
        // a short word of another page may be UTF-8 by chance
        let utf8 = lines.iter().filter(|l| std::str::from_utf8(l).is_ok()).count() * 2 > lines.len();
        // what a console wrote is read as ANSI by editors; only UTF-8 is read as anything
        let ansi = matches!(wrong, Wrong::Latin1) || name.starts_with("windows-");
        let pages = text::PAGES.iter().map(|(_, page)| Real::Page(*page)).filter(|_| !utf8 && ansi);
        for real in utf8.then_some(Real::Utf8).into_iter().chain(pages) {
            let score = text::score(&mend(&sample, wrong, real));
            if score > best {
                best = score;
                found = Some((wrong, real, name));
            }
        }
    }
    found.map(|(wrong, real, name)| (mend(text, wrong, real), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINESE: &str = "OS 名称:   Microsoft Windows 10 专业版\r\n系统类型:   x64-based PC\r\n";
    const RUSSIAN: &str = "Название ОС:   Майкрософт Windows 10 Pro\r\nТип системы:   x64-based PC\r\n";
    const FRENCH: &str = "Nom du système d'exploitation:  Microsoft Windows 7 Entreprise N\r\n\
        Version du système:   6.1.7601 Service Pack 1 version 7601\r\nPropriétaire enregistré:  x\r\n";

    #[test]
    fn utf8_that_was_read_as_another_page_is_read_again() {
        let latin: fn(&[u8]) -> String = |b| b.iter().map(|b| char::from(*b)).collect();
        for text in [CHINESE, RUSSIAN, FRENCH] {
            assert_eq!(undo(&latin(text.as_bytes())).map(|u| u.0).as_deref(), Some(text));
            let oem = oem_cp::decode_string_complete_table(
                text.as_bytes(),
                &oem_cp::code_table::DECODING_TABLE_CP850,
            );
            assert_eq!(undo(&oem).map(|u| u.0).as_deref(), Some(text));
        }
        let (cyrillic, _) = WINDOWS_1251.decode_without_bom_handling(FRENCH.as_bytes());
        assert_eq!(undo(&cyrillic).map(|u| u.0).as_deref(), Some(FRENCH));
    }

    #[test]
    fn a_console_that_was_read_as_ansi_is_read_again() {
        let (oem, _, _) = IBM866.encode(RUSSIAN);
        let (shown, _) = WINDOWS_1251.decode_without_bom_handling(&oem);
        assert_eq!(undo(&shown).map(|u| u.0).as_deref(), Some(RUSSIAN));
    }

    #[test]
    fn what_reads_well_stays() {
        for text in
            [CHINESE, RUSSIAN, FRENCH, "Größe:  5 KB\r\nİşletim Sistemi Adı:  Windows\r\n", "Â\r\n", "ascii"]
        {
            assert_eq!(undo(text), None, "{text}");
        }
    }
}
