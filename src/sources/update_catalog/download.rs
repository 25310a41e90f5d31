//! The download dialog: files with their addresses and digests, in script.

use crate::metadata::UpdateGuid;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::collections::BTreeMap;

/// Most files of one dialog.
const FILES: usize = 2000;
/// The longest value: an address.
const VALUE: usize = 4096;

/// The files of one update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Download {
    /// identity; none if the dialog does not name it
    pub update: Option<UpdateGuid>,
    /// title in English
    pub title: String,
    /// files; several where one needs another first, such as a checkpoint
    pub files: Vec<DownloadFile>,
}

/// A file that can be downloaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownloadFile {
    /// address, of whatever host
    pub url: String,
    /// name, without folders
    pub name: String,
    /// SHA-1 in hexadecimal
    pub sha1: Option<String>,
    /// SHA-256 in hexadecimal
    pub sha256: Option<String>,
    /// architectures as the dialog names them: `AMD64`
    pub architectures: String,
    /// languages: `all`
    pub languages: String,
    /// size in bytes, where the dialog has it
    pub size: Option<u64>,
}

/// Reads the assignments `downloadInformation[0].files[1].url = '…';`; none if there is not even the array.
pub(super) fn read(page: &str) -> Option<Vec<Download>> {
    let mut updates: BTreeMap<u32, (Download, BTreeMap<u32, DownloadFile>)> = BTreeMap::new();
    let mut files = 0;
    let mut declared = false;
    for (at, name) in page.match_indices("downloadInformation") {
        let rest = &page[at + name.len()..];
        let Some((update, rest)) = index(rest) else {
            declared |= rest.trim_start().starts_with('=');
            continue;
        };
        let Some(rest) = rest.strip_prefix('.') else { continue };
        let entry = updates.entry(update).or_default();
        if let Some((file, rest)) = rest.strip_prefix("files").and_then(index) {
            let Some((member, value)) = rest.strip_prefix('.').and_then(assignment) else { continue };
            if !entry.1.contains_key(&file) {
                files += 1;
                if files > FILES {
                    break;
                }
            }
            let f = entry.1.entry(file).or_default();
            match member {
                "url" => f.url = value,
                "fileName" => f.name = value,
                "digest" => f.sha1 = digest(&value, 20),
                "sha256" => f.sha256 = digest(&value, 32),
                "architectures" => f.architectures = value,
                "longLanguages" => f.languages = value,
                "languages" if f.languages.is_empty() => f.languages = value,
                "size" => f.size = value.parse().ok(),
                _ => {}
            }
        } else if let Some((member, value)) = assignment(rest) {
            match member {
                "updateID" => entry.0.update = UpdateGuid::try_parse(value.trim()).ok(),
                "enTitle" => entry.0.title = value,
                _ => {}
            }
        }
    }
    if updates.is_empty() && !declared {
        return None;
    }
    let of = |(mut d, files): (Download, BTreeMap<u32, DownloadFile>)| {
        d.files = files.into_values().filter_map(checked).collect();
        d
    };
    Some(updates.into_values().map(of).collect())
}

/// A file with an address on the web, and a name without folders.
fn checked(mut f: DownloadFile) -> Option<DownloadFile> {
    let web = f.url.starts_with("https://") || f.url.starts_with("http://");
    if !web || f.url.chars().any(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\')) {
        return None;
    }
    let from = if f.name.is_empty() { f.url.split(['?', '#']).next().unwrap_or("") } else { &f.name };
    f.name = from.rsplit(['/', '\\']).next().unwrap_or("").to_owned();
    Some(f)
}

/// `[12]` and what follows.
fn index(text: &str) -> Option<(u32, &str)> {
    let (number, rest) = text.strip_prefix('[')?.split_once(']')?;
    (number.len() <= 5).then_some(())?;
    Some((number.trim().parse().ok()?, rest))
}

/// `url = 'https://…';`: the member and its value.
fn assignment(text: &str) -> Option<(&str, String)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (member, rest) = text.split_at(end);
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next()?;
    if !matches!(quote, '\'' | '"') {
        let value: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).take(40).collect();
        return Some((member, value));
    }
    let mut out = String::new();
    let mut chars = rest[1..].chars();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Some((member, out)),
            '\n' | '\r' => return None,
            '\\' => match chars.next()? {
                'x' => out.push(coded(&mut chars, 2)?),
                'u' => out.push(coded(&mut chars, 4)?),
                'n' | 'r' | 't' => out.push(' '),
                other => out.push(other),
            },
            c if c.is_control() => {}
            c => out.push(c),
        }
        if out.len() > VALUE {
            return None;
        }
    }
    None
}

fn coded(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let hex: String = chars.by_ref().take(digits).collect();
    (hex.len() == digits).then_some(())?;
    u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).filter(|c| !c.is_control())
}

/// A digest in base64 or hexadecimal, in hexadecimal as Get-FileHash writes it.
fn digest(text: &str, length: usize) -> Option<String> {
    let text = text.trim();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    if text.len() == 2 * length && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some(text.to_ascii_uppercase());
    }
    STANDARD.decode(text).ok().filter(|b| b.len() == length).map(|b| hex(&b))
}
