//! What lines of logs are made of: identities of packages, versions, codes.

use crate::model::{KbId, Version};

/// How much of a line is shown.
const SHOWN: usize = 300;

/// What follows the first of these words.
pub(super) fn after<'a>(line: &'a str, what: &str) -> Option<&'a str> {
    line.find(what).and_then(|at| line.get(at + what.len()..))
}

/// A line as it may be shown: blanks squeezed, nothing that steers a console, at most so many characters.
pub(super) fn shown(line: &str, most: usize) -> String {
    let mut out = String::new();
    let mut blank = false;
    let mut written = 0;
    for (count, c) in line.trim().chars().filter(|c| !crate::model::steers(*c)).enumerate() {
        if count > most * 4 || written >= most {
            out.push_str("...");
            break;
        }
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if c.is_control() {
            continue;
        }
        if std::mem::take(&mut blank) && !out.is_empty() {
            out.push(' ');
            written += 1;
        }
        out.push(c);
        written += 1;
    }
    out
}

/// A line as evidence.
pub(super) fn evidence(line: &str) -> String {
    shown(line, SHOWN)
}

/// The version at the start of a text.
pub(super) fn leading_version(text: &str) -> Option<Version> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    text[..end].trim_end_matches('.').parse().ok()
}

/// A package as a log names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    /// its name, up to the first `~`, in lower case
    pub(super) name: String,
    /// KB in its identity, or beside it
    pub(super) kb: Option<KbId>,
    /// its version
    pub(super) version: Option<Version>,
}

impl Package {
    /// The identity `name~token~arch~culture~version` at the start of a text, or a name without the rest.
    pub(super) fn at(text: &str) -> Option<Self> {
        let text = text.trim_start().trim_start_matches(['"', '\'', '[', ':', ' ']);
        let end = text
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '"' | '\'' | '[' | ')' | '\\' | '/'))
            .unwrap_or(text.len());
        let identity = text.get(..end)?.trim_end_matches('.');
        if identity.is_empty() {
            return None;
        }
        let mut parts = identity.split('~');
        let name: String = parts.next()?.chars().take(200).collect();
        Some(Self {
            kb: kb_in(identity),
            version: parts.nth(3).and_then(leading_version),
            name: name.to_lowercase(),
        })
    }

    /// An update of which nothing but its KB is known.
    pub(super) fn of_kb(kb: KbId) -> Self {
        Self { name: String::new(), kb: Some(kb), version: None }
    }

    /// Is it an update, not a component of Windows itself?
    pub(super) fn is_update(&self) -> bool {
        self.kb.is_some() || self.name.starts_with("package_for_")
    }

    /// Build and revision, for a cumulative update: `Package_for_RollupFix~…~14393.2312.1.14`.
    pub(super) fn rollup(&self) -> Option<Version> {
        self.version.filter(|v| v.0[0] >= 9_000)
    }

    /// What two lines about the same update have in common; none if it is none.
    pub(super) fn key(&self) -> Option<String> {
        match (self.kb, self.rollup()) {
            (Some(kb), _) => Some(kb.to_string()),
            (None, Some(v)) => Some(format!("{}.{}", v.0[0], v.0[1])),
            (None, None) => (!self.name.is_empty()).then(|| self.name.clone()),
        }
    }
}

/// The first KB in a line: 6 or 7 digits, no size (`6716 KB`).
pub(super) fn kb_in(line: &str) -> Option<KbId> {
    let bytes = line.as_bytes();
    for at in memchr::memchr2_iter(b'K', b'k', bytes) {
        if !bytes.get(at + 1).is_some_and(|b| b.eq_ignore_ascii_case(&b'b')) {
            continue;
        }
        let digits: &str = line.get(at + 2..).unwrap_or_default();
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if (5..=8).contains(&count)
            && let Ok(kb) = digits[..count].parse()
        {
            return Some(kb);
        }
    }
    None
}

/// A failure: the hexadecimal number after `0x` or without it, or a decimal one, with its high bit set.
pub(super) fn failure(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let code = hex(text).or_else(|| {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
        let digits = &text[..end];
        digits.parse::<u32>().ok().or_else(|| digits.parse::<i32>().ok().map(i32::cast_unsigned))
    })?;
    (code >= 0x8000_0000).then_some(code)
}

/// The hexadecimal number after `0x` at the start of a text, or eight hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let prefix = text.get(..2).filter(|p| p.eq_ignore_ascii_case("0x"));
    let digits = if prefix.is_some() { text.get(2..)? } else { text };
    let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
    let whole = if prefix.is_some() { (1..=8).contains(&end) } else { end == 8 };
    whole.then(|| u32::from_str_radix(&digits[..end], 16).ok())?
}

/// `[HRESULT = 0x800f0823 - …]`, `hr: 0x800f0831`, `(hr:0x800f081f)`, `hr=0x…`, `HRESULT=0x…`; success too.
pub(super) fn result_of(line: &str) -> Option<u32> {
    ["HRESULT = ", "HRESULT=", "hr: ", "hr:", "hr="].iter().find_map(|label| after(line, label).and_then(hex))
}

/// An inner result: `HRESULT_FROM_WIN32(1058)`, `800f0207 […]`, `HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)`.
pub(super) fn inner(text: &str) -> (String, Option<u32>) {
    let text = text.trim_start();
    let end = text.find([' ', '[']).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', ',']);
    let code = match after(word, "HRESULT_FROM_WIN32(").and_then(|t| t.split(')').next()) {
        Some(inner) => match inner.parse::<u16>() {
            Ok(number) => Some(0x8007_0000 | u32::from(number)),
            Err(_) => named(inner),
        },
        None => hex(word),
    };
    (shown(word, 80), code)
}

/// The Win32 errors that installers inside packages end with most, by name.
fn named(symbol: &str) -> Option<u32> {
    let code = match symbol {
        "ERROR_FILE_NOT_FOUND" => 2,
        "ERROR_PATH_NOT_FOUND" => 3,
        "ERROR_ACCESS_DENIED" => 5,
        "ERROR_INVALID_DATA" => 13,
        "ERROR_SHARING_VIOLATION" => 32,
        "ERROR_DISK_FULL" => 112,
        "ERROR_ALREADY_EXISTS" => 183,
        "ERROR_SERVICE_DISABLED" => 1058,
        "ERROR_SERVICE_DOES_NOT_EXIST" => 1060,
        "ERROR_NOT_FOUND" => 1168,
        _ => return None,
    };
    Some(0x8007_0000 | code)
}
