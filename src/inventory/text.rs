//! Bytes to text: byte order marks, UTF-16 without one, UTF-8, and the code pages of consoles and editors.

use super::{mojibake, words};
use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
};
use oem_cp::code_table::{
    DECODING_TABLE_CP437, DECODING_TABLE_CP850, DECODING_TABLE_CP852, DECODING_TABLE_CP857,
};

/// Text and the encoding it was read as.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) encoding: &'static str,
    /// It had been saved twice: the code page that it was wrongly read as in between.
    pub(super) misread_as: Option<&'static str>,
    /// The bytes say that Windows wrote them: a UTF-16 mark.
    pub(super) utf16_mark: bool,
}

/// How one code page is decoded.
#[derive(Clone, Copy)]
pub(super) enum Page {
    Table(&'static [char; 128]),
    Partial(&'static [Option<char>; 128]),
    Web(&'static Encoding),
}

/// The code pages that are tried, the likelier first: a later one must fit better to be taken.
pub(super) const PAGES: [(&str, Page); 15] = [
    ("code page 850", Page::Table(&DECODING_TABLE_CP850)),
    ("code page 437", Page::Table(&DECODING_TABLE_CP437)),
    ("windows-1252", Page::Web(WINDOWS_1252)),
    ("code page 866", Page::Web(IBM866)),
    ("windows-1251", Page::Web(WINDOWS_1251)),
    ("code page 852", Page::Table(&DECODING_TABLE_CP852)),
    ("windows-1250", Page::Web(WINDOWS_1250)),
    ("code page 857", Page::Partial(&DECODING_TABLE_CP857)),
    ("code page 936", Page::Web(GBK)),
    ("code page 932", Page::Web(SHIFT_JIS)),
    ("code page 949", Page::Web(EUC_KR)),
    ("code page 950", Page::Web(BIG5)),
    ("code page 874", Page::Web(WINDOWS_874)),
    // a few flipped bytes do not make a UTF-8 file anything else
    ("UTF-8 with errors", Page::Web(encoding_rs::UTF_8)),
    ("windows-1254", Page::Web(encoding_rs::WINDOWS_1254)),
];

/// How much of the text decides on the code page.
const SAMPLE: usize = 32 * 1024;

/// Turns bytes into text; bytes that fit nowhere become U+FFFD. Text that was saved twice is mended.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let mut decoded = decode_once(bytes);
    // kbwhy's own documents say what they say
    if decoded.encoding.starts_with("UTF")
        && !decoded.text.contains(super::host1::FORMAT)
        && let Some((text, page)) = mojibake::undo(&decoded.text)
    {
        decoded.text = text;
        decoded.misread_as = Some(page);
    }
    decoded
}

fn decode_once(bytes: &[u8]) -> Decoded {
    let plain = |text: String, encoding| Decoded { text, encoding, misread_as: None, utf16_mark: false };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            return match std::str::from_utf8(rest) {
                Ok(text) => plain(text.to_owned(), "UTF-8 with BOM"),
                Err(_) => plain(String::from_utf8_lossy(rest).into_owned(), "UTF-8 with BOM and errors"),
            };
        }
        [0xFF, 0xFE, rest @ ..] => {
            return Decoded { utf16_mark: true, ..plain(utf16(rest, true), "UTF-16LE") };
        }
        [0xFE, 0xFF, rest @ ..] => {
            return Decoded { utf16_mark: true, ..plain(utf16(rest, false), "UTF-16BE") };
        }
        _ => {}
    }
    if let Some((text, encoding)) = unmarked_utf16(bytes) {
        return plain(text, encoding);
    }
    if bytes.is_ascii() {
        return plain(String::from_utf8_lossy(bytes).into_owned(), "ASCII");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return plain(text.to_owned(), "UTF-8");
    }
    let sample = sample(bytes, SAMPLE);
    let mut best = (i64::MIN, PAGES[0]);
    for page in PAGES {
        let score = score(&run(page.1, &sample));
        if score > best.0 {
            best = (score, page);
        }
    }
    plain(run(best.1.1, bytes), best.1.0)
}

fn utf16(bytes: &[u8], little: bool) -> String {
    let unit = |pair: &[u8]| match (pair, little) {
        (&[a, b], true) => u16::from_le_bytes([a, b]),
        (&[a, b], false) => u16::from_be_bytes([a, b]),
        // a byte that lost its other half
        _ => 0xFFFD,
    };
    char::decode_utf16(bytes.chunks(2).map(unit)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// UTF-16 without a mark, from the start or after a banner in ASCII (XP's wmic writes both into one file).
fn unmarked_utf16(bytes: &[u8]) -> Option<(String, &'static str)> {
    let first = bytes.iter().position(|&b| b == 0)?;
    // blanks and line ends are of every script: their other half is NUL, and tells the order
    let blank = |b: u8| matches!(b, b' ' | b'\r' | b'\n' | b'\t');
    let whole = |little: bool| {
        let pairs = bytes.chunks_exact(2).take(SAMPLE);
        let blanks =
            pairs.filter(|p| if little { blank(p[0]) && p[1] == 0 } else { p[0] == 0 && blank(p[1]) });
        blanks.count() * 40 > bytes.len().min(2 * SAMPLE)
    };
    // halves of other scripts may look like ASCII for a few letters
    let banner = |head: &[u8]| {
        let ascii = head.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
        ascii && (head.is_empty() || head.len() >= 16)
    };
    if first == 0 || !banner(&bytes[..first - 1]) {
        match (whole(true), whole(false)) {
            (true, false) => return Some((utf16(bytes, true), "UTF-16LE without BOM")),
            (false, true) => return Some((utf16(bytes, false), "UTF-16BE without BOM")),
            _ => {}
        }
    }
    // NUL is the high half of an ASCII letter: from the first one on, every second byte is one in either order
    let alternates = bytes[first..].chunks_exact(2).filter(|p| p[0] == 0 && p[1] != 0).count();
    if alternates * 4 < bytes.len() - first || bytes.len() - first < 3 {
        return None;
    }
    // in little-endian the letter comes before its NUL
    let little = first > 0;
    let mut start = first.saturating_sub(1);
    if !banner(&bytes[..start]) {
        // letters of another script stand before the first ASCII letter
        if start % 2 == 1 {
            return None;
        }
        start = 0;
    }
    let (head, tail) = bytes.split_at(start);
    let tail = tail.strip_prefix(&[0xFF, 0xFE]).unwrap_or(tail);
    let mut text = String::from_utf8_lossy(head).into_owned();
    text.push_str(&utf16(tail, little));
    let encoding = match (head.is_empty(), little) {
        (true, true) => "UTF-16LE without BOM",
        (true, false) => "UTF-16BE without BOM",
        (false, _) => "ASCII, then UTF-16LE",
    };
    Some((text, encoding))
}

pub(super) fn run(page: Page, bytes: &[u8]) -> String {
    match page {
        Page::Table(table) => oem_cp::decode_string_complete_table(bytes, table),
        Page::Partial(table) => oem_cp::decode_string_incomplete_table_lossy(bytes, table),
        Page::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// The lines that hold anything but ASCII, up to about `most` bytes.
pub(super) fn sample(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for line in bytes.split_inclusive(|&b| b == b'\n').filter(|l| !l.is_ascii()) {
        if out.len() >= most {
            break;
        }
        out.extend_from_slice(&line[..line.len().min(most)]);
    }
    out
}

/// How well a text reads: labels that are known count most, then how few characters are out of place.
pub(super) fn score(text: &str) -> i64 {
    let mut score = 0i64;
    for line in text.lines() {
        if words::starts_with_label(line) {
            score += 40;
        }
        score -= odd(line);
    }
    score + 20 * words::localized_words(text)
}

/// What scripts a letter can stand beside.
fn script(c: char) -> u8 {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' => 1,
        '\u{370}'..='\u{3FF}' => 2,
        '\u{400}'..='\u{4FF}' => 3,
        '\u{E00}'..='\u{E7F}' => 4,
        '\u{AC00}'..='\u{D7A3}' => 5,
        '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' => 6,
        _ => 0,
    }
}

/// How far the letters of a line are out of place; 0 for text that reads well.
pub(super) fn odd(line: &str) -> i64 {
    let mut odd = 0;
    let mut before = ' ';
    for c in line.chars() {
        odd += match c {
            '\u{FFFD}' => 20,
            '\u{80}'..='\u{9F}' | '\u{E000}'..='\u{F8FF}' => 10,
            '\u{2500}'..='\u{25FF}' => 8,
            // half-width katakana: two-byte text that was cut in the wrong place
            '\u{FF61}'..='\u{FF9F}' => 4,
            '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}' => 6,
            '\u{A1}'..='\u{BF}' | '\u{D7}' | '\u{F7}' | '\u{2200}'..='\u{22FF}' | '\u{192}' => 3,
            _ => 0,
        };
        let (a, b) = (script(before), script(c));
        // words of one script; Latin may touch ideographs
        if a != b && a * b != 0 && !(c.is_ascii() || before.is_ascii()) {
            odd += 4;
        }
        if a == b
            && (a == 2 || a == 3 || a == 1 && !c.is_ascii())
            && before.is_lowercase()
            && c.is_uppercase()
        {
            odd += 4;
        }
        if a != 0 && a < 5 && b != 0 && b < 5 && a != b {
            odd += 4;
        }
        before = c;
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16le(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn marks_decide() {
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(utf16le("Caption\r\n"));
        assert_eq!(decode(&bytes).text, "Caption\r\n");
        assert_eq!(decode(&bytes).encoding, "UTF-16LE");
        let mut big = vec![0xFE, 0xFF];
        big.extend("né".encode_utf16().flat_map(u16::to_be_bytes));
        assert_eq!(decode(&big).text, "né");
        assert_eq!(decode(b"\xEF\xBB\xBFa").encoding, "UTF-8 with BOM");
    }

    #[test]
    fn utf16_is_seen_without_a_mark_and_after_a_banner() {
        let decoded = decode(&utf16le("HotFixID\r\nKB2919355\r\n"));
        assert_eq!(
            (decoded.text.as_str(), decoded.encoding),
            ("HotFixID\r\nKB2919355\r\n", "UTF-16LE without BOM")
        );
        let big: Vec<u8> = "KB2919355".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&big).text, "KB2919355");
        let mut mixed = b"Please wait while it is being set up.".to_vec();
        mixed.extend(utf16le("Caption  HotFixID\r\n"));
        let decoded = decode(&mixed);
        assert_eq!(decoded.text, "Please wait while it is being set up.Caption  HotFixID\r\n");
        assert_eq!(decoded.encoding, "ASCII, then UTF-16LE");
    }

    #[test]
    fn utf16_of_another_script_is_told_by_its_blanks() {
        let text = "Имя узла:   A\r\nВерсия ОС:   10.0.19044\r\n";
        assert_eq!(decode(&utf16le(text)).text, text);
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!((decode(&big).text.as_str(), decode(&big).encoding), (text, "UTF-16BE without BOM"));
    }

    #[test]
    fn the_code_page_is_the_one_in_which_the_labels_read() {
        let russian = "Название ОС:   Майкрософт Windows 10 Pro\r\nТип системы:   x64-based PC\r\n";
        for (encoding, name) in [(IBM866, "code page 866"), (WINDOWS_1251, "windows-1251")] {
            let (bytes, _, _) = encoding.encode(russian);
            let decoded = decode(&bytes);
            assert_eq!((decoded.text.as_str(), decoded.encoding), (russian, name));
        }
        let chinese = "OS 名称:   Microsoft Windows 10 专业版\r\n系统类型:   x64-based PC\r\n";
        assert_eq!(decode(&GBK.encode(chinese).0).text, chinese);
        let taiwan = "作業系統名稱:   Microsoft Windows 10 企業版\r\n系統類型:   x64-based PC\r\n";
        assert_eq!(decode(&BIG5.encode(taiwan).0).text, taiwan);
        let japanese = "OS 名:    Microsoft Windows 10 Pro\r\nシステムの種類:  x64-based PC\r\n";
        assert_eq!(decode(&SHIFT_JIS.encode(japanese).0).text, japanese);
        let korean = "OS 이름:    Microsoft Windows 10 Pro\r\n시스템 종류:  x64-based PC\r\n";
        assert_eq!(decode(&EUC_KR.encode(korean).0).text, korean);
        // ó is A2 in code page 850 and F3 in windows-1252
        let spanish = "Versi\u{f3}n del sistema operativo: 10.0.19041 N/D Compilaci\u{f3}n 19041\r\n";
        assert_eq!(decode(&WINDOWS_1252.encode(spanish).0).text, spanish);
        let oem: Vec<u8> = spanish.chars().map(|c| if c == '\u{f3}' { 0xA2 } else { c as u8 }).collect();
        assert_eq!(decode(&oem).text, spanish);
    }

    #[test]
    fn a_flipped_byte_leaves_utf8_what_it_is() {
        let mut bytes =
            "Название ОС: Windows\nВерсия ОС: 10.0.19045\nТип системы: x64-based PC\n".as_bytes().to_vec();
        bytes[3] = 0xFF;
        assert!(decode(&bytes).text.contains("Версия ОС: 10.0.19045"));
    }
}
