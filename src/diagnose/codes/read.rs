//! Codes in a text, in any spelling that Windows, scripts, logs and people use.

use super::{CodeMeaning, Extend, codes, decode, known, with_symbol};

/// Codes of one text that are read at most.
const MOST: usize = 16;

/// How a code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// after `0x`
    Hexadecimal,
    /// eight hexadecimal digits without `0x`
    BareHexadecimal,
    /// a decimal number
    Decimal,
    /// a decimal number with a sign: the same 32 bits
    Signed,
    /// the code's symbol
    Symbol,
}

impl Spelling {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hexadecimal => "hexadecimal",
            Self::BareHexadecimal => "hexadecimal without 0x",
            Self::Decimal => "decimal",
            Self::Signed => "signed decimal",
            Self::Symbol => "symbol",
        }
    }
}

/// One code in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// as it is written
    pub text: String,
    /// its value
    pub value: u32,
    /// how it is written
    pub spelling: Spelling,
    /// the number that setup adds to it, as in `0xC1900101 - 0x20017`
    pub extend: Option<Extend>,
}

/// A run of letters, digits and underscores, with its place.
struct Token<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let start = at + rest.find(word)?;
        let end = text[start..].find(|c| !word(c)).map_or(text.len(), |n| start + n);
        at = end;
        Some(Token { text: &text[start..end], start, end })
    })
}

/// Words after which a number is a code.
const INTRODUCE: [&str; 30] = [
    "error",
    "errors",
    "code",
    "codes",
    "exit",
    "exited",
    "exitcode",
    "errorlevel",
    "lastexitcode",
    "returned",
    "returns",
    "return",
    "rc",
    "result",
    "status",
    "hresult",
    "hr",
    "winsock",
    "win32",
    "fehler",
    "fehlercode",
    "erreur",
    "errore",
    "erro",
    "codigo",
    "код",
    "ошибка",
    "エラー",
    "错误",
    "błąd",
];

fn introduces(word: &str) -> bool {
    INTRODUCE.contains(&word.to_lowercase().as_str())
}

/// Does this word merely lead up to a code?
pub fn is_filler(word: &str) -> bool {
    let bare: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    let others = ["failed", "failure", "dism", "wusa", "with", "was", "is", "the", "and", "by", "of"];
    bare.is_empty() || introduces(&bare) || others.contains(&bare.to_lowercase().as_str())
}

/// Every code in a text, in its order, at most 16. A number counts where it is written as codes are: after `0x`, as
/// eight hexadecimal digits that a facility of Windows begins, as a number of 32 bits, or as a smaller one that is in the
/// table or follows a word such as "error" or "exit".
pub fn readings(text: &str) -> Vec<Reading> {
    let mut out: Vec<Reading> = Vec::new();
    let mut before: Option<Token<'_>> = None;
    let alone = tokens(text).nth(1).is_none();
    let first = text.trim_start().len();
    let begin = text.len() - first;
    for token in tokens(text) {
        if out.len() >= MOST {
            break;
        }
        let near = |c: &str| text[..token.start].ends_with(c);
        let next = text[token.end..].chars().next();
        let dotted = near(".")
            && text[..token.start].trim_end_matches('.').ends_with(|c: char| c.is_ascii_digit())
            || next == Some('.') && text[token.end + 1..].starts_with(|c: char| c.is_ascii_digit());
        // a sign follows a blank or a bracket; between words a hyphen joins
        let signed = near("-")
            && !text[..token.start - 1].ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '}')
            && token.text.bytes().all(|b| b.is_ascii_digit());
        let joined =
            !signed && (near("-") && !near(" -") || next == Some('-') && is_guid_part(&text[token.end..]));
        let introduced = alone
            || token.start == begin
            || before.as_ref().is_some_and(|b| introduces(b.text))
            || near("(") && !text[token.end..].starts_with(' ');
        if let Some(value) = hexadecimal(token.text) {
            match out.last_mut() {
                // 0xC1900101 - 0x20017
                Some(last) if extends(last, value, &text[..token.start]) => last.extend = Extend::of(value),
                _ => out.push(Reading {
                    text: token.text.to_owned(),
                    value,
                    spelling: Spelling::Hexadecimal,
                    extend: None,
                }),
            }
        } else if !dotted && !joined {
            out.extend(number(token.text, signed, introduced));
            if token.text.contains('_') {
                let found = with_symbol(token.text).take(4).filter(|c| c.code != 0);
                out.extend(found.map(|c| Reading {
                    text: token.text.to_owned(),
                    value: c.code,
                    spelling: Spelling::Symbol,
                    extend: None,
                }));
            }
        }
        before = Some(token);
    }
    out.truncate(MOST);
    out
}

/// `-4f3a-…` after eight digits: the begin of a GUID.
fn is_guid_part(after: &str) -> bool {
    let mut parts = after.split('-').skip(1);
    parts.next().is_some_and(|p| p.len() == 4 && p.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Is this the second number of an upgrade error, beside the first?
fn extends(last: &Reading, value: u32, before: &str) -> bool {
    let beside = before.trim_end_matches([' ', '-', '\u{2013}', ',', '(', ':']);
    last.extend.is_none()
        && last.value >= 0x8000_0000
        && (0x1_0000..0x6_0000).contains(&value)
        && Extend::of(value).is_some()
        && beside.ends_with(&last.text)
}

/// `0x80240017`, `0x80240017L`, `0xFFFFFFFF80240017`.
fn hexadecimal(word: &str) -> Option<u32> {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))?;
    let digits = digits.trim_end_matches(['l', 'L', 'u', 'U']);
    if digits.is_empty() || !digits.is_ascii() {
        return None;
    }
    match u64::from_str_radix(digits, 16).ok()? {
        n if n <= u64::from(u32::MAX) => u32::try_from(n).ok(),
        // a negative number of 64 bits
        n if n >> 31 == 0x1_ffff_ffff => u32::try_from(n & 0xffff_ffff).ok(),
        _ => None,
    }
}

/// A word without `0x`: the reading that is likeliest.
fn number(word: &str, signed: bool, introduced: bool) -> Option<Reading> {
    let reading = |value, spelling| {
        let sign = if spelling == Spelling::Signed { "-" } else { "" };
        Some(Reading { text: format!("{sign}{word}"), value, spelling, extend: None })
    };
    if let Some(value) = bare_hexadecimal(word) {
        return reading(value, Spelling::BareHexadecimal);
    }
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if signed {
        let value = format!("-{word}").parse::<i32>().ok()?.cast_unsigned();
        // -1 and -5 are as common as counts and dates: only what has a facility
        return if value < 0xf000_0000 { reading(value, Spelling::Signed) } else { None };
    }
    let value: u32 = word.parse().ok()?;
    let plausible = match value {
        0x8000_0000.. => has_facility(value),
        1000.. => introduced || known(value).is_some(),
        _ => introduced,
    };
    if plausible { reading(value, Spelling::Decimal) } else { None }
}

/// Eight hexadecimal digits that begin as codes do: WSUS, the event log and logs leave `0x` out.
fn bare_hexadecimal(word: &str) -> Option<u32> {
    if word.len() != 8 || !word.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(word, 16).ok()?;
    let begins = word.starts_with(['8', 'c', 'C']) && has_facility(value) || word.starts_with("0024");
    begins.then_some(value)
}

/// Is it of a facility that errors of updates come from?
fn has_facility(value: u32) -> bool {
    value >= 0x8000_0000 && decode(value).area.name != "another facility"
}

/// Every reading of one word that stands alone, those in the table first: `80244007` is hexadecimal in documents of WSUS,
/// `14098` is decimal.
pub fn readings_of_word(word: &str) -> Vec<Reading> {
    let mut out = readings(word);
    let digits = word.trim();
    if out.len() == 1
        && out[0].spelling == Spelling::BareHexadecimal
        && digits.bytes().all(|b| b.is_ascii_digit())
    {
        if let Some(value) = digits.parse::<u32>().ok().filter(|v| known(*v).is_some()) {
            out.push(Reading { text: digits.to_owned(), value, spelling: Spelling::Decimal, extend: None });
        }
    } else if out.len() == 1 && out[0].spelling == Spelling::Decimal {
        let as_hex = u32::from_str_radix(digits, 16).ok().filter(|v| *v > 0xffff && known(*v).is_some());
        out.extend(as_hex.map(|value| Reading {
            text: digits.to_owned(),
            value,
            spelling: Spelling::BareHexadecimal,
            extend: None,
        }));
    } else if out.is_empty()
        && (3..=8).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
    {
        // nothing else it could be
        let value = u32::from_str_radix(digits, 16).ok().filter(|v| *v > 0xff && known(*v).is_some());
        out.extend(value.map(|value| Reading {
            text: digits.to_owned(),
            value,
            spelling: Spelling::BareHexadecimal,
            extend: None,
        }));
    }
    out.sort_by_key(|r| known(r.value).is_none());
    out
}

/// Codes that wusa and DISM end with, of which shells, ssh and some setup programs pass on the low byte alone.
const EXITS: [u32; 9] =
    [0x8024_0017, 0x0024_0005, 0x0024_0006, 0x0024_0007, 3010, 1641, 0x800f_081e, 0x800f_0922, 0x8007_3712];

/// The exit codes that a number of 8 bits may be the rest of.
pub fn low_byte_of(value: u32) -> impl Iterator<Item = &'static CodeMeaning> {
    let exits = EXITS.into_iter().filter(move |e| value != 0 && value <= 0xff && e & 0xff == value);
    exits.filter_map(|e| codes().iter().find(|c| c.code == e))
}
