//! Inventories: bytes in, host facts with provenance out. One file per format.
//!
//! [`read`] recognises the format by its content; [`merge`] puts several inputs about one host together; [`to_host1`]
//! writes the facts as `kbwhy/host/1`. Nothing here reads files, prints, or knows the time.
//!
//! ```
//! use kbwhy::inventory::{Input, read};
//! let text = b"HotFixID    InstalledOn\r\nKB2919355   3/18/2014\r\n";
//! let parsed = read(&Input { name: "qfe.txt", bytes: text }).unwrap();
//! assert_eq!(parsed.format, "wmic qfe table");
//! assert!(parsed.host.updates.contains_key(&"KB2919355".parse().unwrap()));
//! ```

mod clixml;
mod collect;
mod dism;
mod error;
mod events;
mod facts;
mod foreign;
mod format;
mod glpi;
mod host1;
mod hotfix_csv;
mod hotfix_json;
mod hotfix_list;
mod hotfix_table;
mod id_list;
mod ids;
mod lines;
mod mbsa;
mod merge;
mod metasploit;
mod msinfo;
mod nessus;
mod os_values;
mod packages;
mod psinfo;
mod registry;
mod seatbelt;
mod set;
mod systeminfo;
mod systeminfo_csv;
mod text;
mod ver;
mod winpeas;
mod wmic_os;
mod words;
mod xml;

pub use error::ReadError;
pub use format::{Directness, Format};
pub use host1::to_host1;
pub use merge::merge;
pub use set::set_fact;

use crate::model::{Fact, Gap, Host, KbId, ListKind, Location};
use collect::Collector;
use lines::Line;
use serde_json::Value;
use std::sync::Arc;
use xml::Document;

/// The largest input that is read: 16 MB, some twenty times the largest inventory seen.
pub const LIMIT: usize = 16 * 1024 * 1024;

/// What the user gave.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// As the user named it; `-` for standard input.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// One input as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The facts, each with its place.
    pub host: Host,
    /// The format it was read as: `systeminfo`, `Get-HotFix table`, …
    pub format: &'static str,
    /// The encoding it was read as: `UTF-16LE`, `code page 866`, …
    pub encoding: &'static str,
}

/// Reads the formats that are made of lines; each gives no host where it finds nothing of its own.
type LineReader = fn(&[Line], &Arc<str>) -> Vec<Host>;

/// Every format that is read, by the file that reads it.
const FORMATS: &[&[Format]] = &[
    host1::FORMATS,
    systeminfo::FORMATS,
    systeminfo_csv::FORMATS,
    hotfix_table::FORMATS,
    hotfix_list::FORMATS,
    hotfix_csv::FORMATS,
    hotfix_json::FORMATS,
    dism::FORMATS,
    registry::FORMATS,
    ver::FORMATS,
    clixml::FORMATS,
    msinfo::FORMATS,
    wmic_os::FORMATS,
    glpi::FORMATS,
    mbsa::FORMATS,
    events::FORMATS,
    seatbelt::FORMATS,
    winpeas::FORMATS,
    metasploit::FORMATS,
    nessus::FORMATS,
    psinfo::FORMATS,
    id_list::FORMATS,
];

/// Every format that is read, the most usual first.
pub fn formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().flatten()
}

/// Formats that fill a file alone.
const WHOLE: [LineReader; 2] = [systeminfo_csv::read, hotfix_csv::read];

/// Formats that people paste one after the other; the first one that is found names the input.
const PASTED: &[LineReader] = &[
    systeminfo::read,
    winpeas::read,
    seatbelt::read,
    dism::read,
    hotfix_table::read,
    hotfix_list::read,
    metasploit::read,
    nessus::read,
    psinfo::read,
    events::read_text,
    msinfo::read,
    wmic_os::read,
    registry::read,
];

/// Reads the formats that are JSON; each gives no host where it finds nothing of its own.
type JsonReader = fn(&Value, &Arc<str>) -> Vec<Host>;

/// The first one that finds something names the input.
const JSON: &[JsonReader] = &[hotfix_json::read, glpi::read_json];

/// Reads the formats that are XML; each gives no host where it finds nothing of its own.
type XmlReader = fn(&Document, &Arc<str>) -> Vec<Host>;

/// The first one that finds something names the input.
const XML: &[XmlReader] =
    &[clixml::read, events::read, msinfo::read_nfo, glpi::read, mbsa::read, nessus::read_file];

/// Reads one input of any format, told by its content, of one machine.
///
/// # Errors
/// When it is no inventory that is read, or tells of several machines; see [`ReadError`].
pub fn read(input: &Input) -> Result<Parsed, ReadError> {
    let mut all = read_each(input)?;
    match all.pop() {
        Some(one) if all.is_empty() => Ok(one),
        last => {
            let hosts: Vec<Host> = all.into_iter().chain(last).map(|p| p.host).collect();
            Err(several(&hosts, &Arc::from(lines::clean(input.name))))
        }
    }
}

/// Reads one input of any format, told by its content: each machine that it tells of, at least one.
///
/// # Errors
/// When it is no inventory that is read, or when nobody can tell which machine its facts belong to.
pub fn read_each(input: &Input) -> Result<Vec<Parsed>, ReadError> {
    let label = lines::clean(input.name);
    let name: Arc<str> = Arc::from(label.as_str());
    if input.bytes.len() > LIMIT {
        return Err(ReadError::TooLarge { input: label, bytes: input.bytes.len(), limit: LIMIT });
    }
    if let Some(error) = foreign::binary(input.bytes, &label) {
        return Err(error);
    }
    let decoded = text::decode(input.bytes);
    if decoded.text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0').is_empty() {
        // Windows wrote a mark and line ends: a command ran and listed nothing, which tells nothing
        if decoded.utf16_mark && decoded.text.contains(['\r', '\n']) {
            let mut c = Collector::new(&name, EMPTY_LIST);
            c.gap(Gap::NotAvailable);
            let host = c.finish(Some(ListKind::QuickFix));
            return Ok(vec![Parsed { host, format: EMPTY_LIST, encoding: decoded.encoding }]);
        }
        return Err(ReadError::Empty { input: label });
    }
    if foreign::is_garbage(&decoded.text) {
        return Err(ReadError::NotAnInventory {
            input: label,
            looks_like: "binary data".into(),
            instead: "run `systeminfo > host.txt` on the machine".into(),
        });
    }
    let lines = lines::lines(&decoded.text);
    let mut found = match json_text(&lines) {
        Some((text, skipped)) => read_json(&text, skipped, &name)?,
        None => match read_xml(&lines, &name)? {
            Some(found) => found,
            None => read_lines(&lines, &name)?,
        },
    };
    if !decoded.text.ends_with(['\n', '\r'])
        && let Some(last) = lines.last()
    {
        found.iter_mut().for_each(|(host, _)| drop_cut_id(host, last));
    }
    let parsed = |(host, format)| Parsed { host, format, encoding: decoded.encoding };
    Ok(found.into_iter().map(parsed).collect())
}

/// The id at the very end of a file that ends without a line end may be the head of a longer one:
/// it goes if it is shorter than others of the list, or if there is no other to compare.
fn drop_cut_id(host: &mut Host, last: &Line) {
    let comparable = host.updates.len() == 1 || host.updates.keys().any(|k| k.number() >= 1_000_000);
    // half a character of UTF-16 may stand behind it
    let text = last.text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let id = text[text.len() - digits..].parse::<KbId>().ok();
    let Some(kb) = id.filter(|k| comparable && k.number() < 1_000_000) else { return };
    if host.updates.get(&kb).is_some_and(|f| f.origin.at == Location::Line(last.number)) {
        host.updates.remove(&kb);
        if let Some(list) = host.completeness.lists.last_mut() {
            list.gaps.push(Gap::Truncated);
            list.gaps.sort();
            list.gaps.dedup();
        }
    }
}

/// Decodes text of any of the encodings that Windows writes, as [`read`] does: for logs and the like.
pub fn decode(bytes: &[u8]) -> String {
    text::decode(bytes).text
}

const EMPTY_LIST: &str = "empty output";

/// The text of a JSON document and how many lines stand before it; none if the text is something else.
fn json_text(lines: &[Line]) -> Option<(String, usize)> {
    let start = lines.iter().position(|l| !l.is_blank() && !lines::is_prompt(&l.text))?;
    let join = || lines[start..].iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join("\n");
    let first = lines[start].text.trim_start();
    if let Some(rest) = first.strip_prefix('{') {
        // a GUID in braces is no document
        let next = rest.trim_start().chars().next();
        return next.is_none_or(|c| matches!(c, '"' | '}')).then(|| (join(), start));
    }
    if !first.starts_with('[') {
        return None;
    }
    let text = join();
    let next = text.trim_start()[1..].trim_start().chars().next();
    next.is_none_or(|c| matches!(c, '{' | ']' | '"')).then_some((text, start))
}

fn read_json(text: &str, skipped: usize, input: &Arc<str>) -> Result<Machines, ReadError> {
    let value: Value = serde_json::from_str(text).map_err(|e| {
        let message = e.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        ReadError::BadJson {
            input: input.to_string(),
            line: e.line() + skipped,
            column: e.column(),
            message: lines::clean(message),
        }
    })?;
    if let Some(object) = value.as_object()
        && let Some(schema) = object.get("schema")
    {
        return match schema.as_str() {
            Some(host1::FORMAT) => Ok(vec![(host1::read(object, input)?, host1::FORMAT)]),
            found => Err(ReadError::WrongSchema {
                input: input.to_string(),
                found: lines::clean(found.unwrap_or("not a text")).chars().take(60).collect(),
            }),
        };
    }
    for reader in JSON {
        let hosts = reader(&value, input);
        if !hosts.is_empty() {
            return machines(hosts, input);
        }
    }
    Err(foreign::json(&value, text, input))
}

/// Reads a document of XML; none if the text is something else, or a document of another kind.
fn read_xml(lines: &[Line], input: &Arc<str>) -> Result<Option<Machines>, ReadError> {
    let Some(document) = xml::document(lines) else { return Ok(None) };
    for reader in XML {
        let mut hosts = reader(&document, input);
        if hosts.is_empty() {
            continue;
        }
        if document.truncated {
            hosts.iter_mut().for_each(is_cut);
        }
        return machines(hosts, input).map(Some);
    }
    Ok(None)
}

/// The input ends in the middle: its lists are not whole.
fn is_cut(host: &mut Host) {
    for list in &mut host.completeness.lists {
        list.gaps.push(Gap::Truncated);
        list.gaps.sort();
        list.gaps.dedup();
    }
}

fn read_lines(lines: &[Line], input: &Arc<str>) -> Result<Machines, ReadError> {
    if let Some(error) = foreign::missing_list(lines, input) {
        return Err(error);
    }
    for reader in WHOLE {
        let hosts = reader(lines, input);
        if !hosts.is_empty() {
            return machines(hosts, input);
        }
    }
    let mut found: Vec<Host> = Vec::new();
    for reader in PASTED {
        // several runs of one command in one paste are settled among themselves first
        let of_one = machines(reader(lines, input), input)?;
        found.extend(of_one.into_iter().map(|(host, _)| host));
    }
    if found.is_empty() {
        found.extend(hotfix_table::read_wide(lines, input));
    }
    if found.is_empty() {
        found.extend(id_list::read(lines, input));
    }
    // a banner above other output is of the same machine if it names the same build
    let fits = |banner: &Host| {
        found.iter().all(|h| h.version.is_none() || same(h.version.as_ref(), banner.version.as_ref()))
    };
    let banner = ver::read(lines, input).into_iter().find(fits);
    if let Some(banner) = banner.filter(|_| !found.is_empty() || ver::is_short(lines)) {
        found.push(banner);
    }
    if found.is_empty() {
        return Err(foreign::text(lines, input));
    }
    // of several outputs the first names the format
    let format = format_of(&found[0]);
    let mut out = machines(found, input)?;
    for (_, named) in &mut out {
        *named = format;
    }
    Ok(out)
}

fn same<T: PartialEq>(a: Option<&Fact<T>>, b: Option<&Fact<T>>) -> bool {
    a.map(|f| &f.value) == b.map(|f| &f.value)
}

/// The machines of one input, each with the format that it was read as.
type Machines = Vec<(Host, &'static str)>;

/// Puts together what one input tells of each machine. Facts without a name belong to the one machine that has one;
/// where there are several, nobody knows whose they are.
fn machines(hosts: Vec<Host>, input: &Arc<str>) -> Result<Machines, ReadError> {
    let mut named: Vec<(String, Vec<Host>)> = Vec::new();
    let mut unnamed: Vec<Host> = Vec::new();
    for host in hosts {
        let Some(name) = host.name.as_ref().map(|n| n.value.clone()) else {
            unnamed.push(host);
            continue;
        };
        match named.iter_mut().find(|(known, _)| merge::same_computer(known, &name)) {
            Some((_, group)) => group.push(host),
            None => named.push((name, vec![host])),
        }
    }
    // runs without a name are of one machine only if they say the same
    let alike = |hosts: &[Host]| {
        hosts.windows(2).all(|w| {
            same(w[0].product.as_ref(), w[1].product.as_ref())
                && same(w[0].version.as_ref(), w[1].version.as_ref())
                && same(w[0].architecture.as_ref(), w[1].architecture.as_ref())
                && w[0].updates.keys().eq(w[1].updates.keys())
        })
    };
    let formats = |hosts: &[Host]| {
        let first = hosts.first().map(format_of);
        hosts.iter().any(|h| Some(format_of(h)) != first)
    };
    let tables = unnamed.iter().all(|h| h.version.is_none() && h.product.is_none());
    let of_one = unnamed.len() < 2 || tables || formats(&unnamed) || alike(&unnamed);
    if !of_one || !unnamed.is_empty() && named.len() > 1 {
        let all: Vec<Host> = named.into_iter().flat_map(|(_, g)| g).chain(unnamed).collect();
        return Err(several(&all, input));
    }
    match named.first_mut() {
        Some((_, group)) => group.extend(unnamed),
        None if unnamed.is_empty() => {}
        None => named.push((String::new(), unnamed)),
    }
    let merged = named.into_iter().map(|(_, mut group)| {
        let format = format_of(&group[0]);
        let host = if group.len() == 1 { group.remove(0) } else { merge(group) };
        (host, format)
    });
    Ok(merged.collect())
}

fn several(hosts: &[Host], input: &Arc<str>) -> ReadError {
    let mut names: Vec<String> = hosts
        .iter()
        .map(|h| h.name.as_ref().map_or_else(|| "unnamed".to_owned(), |n| n.value.clone()))
        .collect();
    names.sort();
    names.dedup();
    names.truncate(10);
    ReadError::SeveralHosts { input: input.to_string(), names }
}

/// The format that a host was read as: that of its list, else of any fact.
fn format_of(host: &Host) -> &'static str {
    let list = host.completeness.lists.first().map(|l| l.origin.format);
    let origins = [
        host.version.as_ref().map(|f| f.origin.format),
        host.revision.as_ref().map(|f| f.origin.format),
        host.product.as_ref().map(|f| f.origin.format),
        host.edition.as_ref().map(|f| f.origin.format),
        host.architecture.as_ref().map(|f| f.origin.format),
    ];
    list.or_else(|| origins.into_iter().flatten().next()).unwrap_or("unknown format")
}

#[cfg(test)]
mod tests;
