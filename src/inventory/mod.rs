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

mod ansible;
mod arc;
mod aws_ssm;
mod clixml;
mod collect;
mod computer_info;
mod cut;
mod dates;
mod dism;
mod dism_packageinfo;
mod dsregcmd;
mod error;
mod events;
mod exports;
mod facter;
mod facts;
mod features;
mod foreign;
mod format;
#[cfg(fuzzing)]
pub mod fuzzing;
mod get_package;
mod get_windowspackage;
mod glpi;
mod health;
mod host1;
mod hotfix_csv;
mod hotfix_json;
mod hotfix_list;
mod hotfix_table;
mod id_list;
mod ids;
mod json;
mod licence;
mod lines;
mod logs;
mod machines;
mod mbsa;
mod merge;
mod metasploit;
mod mojibake;
mod msinfo;
mod nessus;
mod node;
mod objects;
mod ohai;
mod os_values;
mod osquery;
mod packages;
mod powershell;
mod powershell_values;
mod psinfo;
mod redact;
mod reg_file;
mod registry;
mod registry_keys;
mod seatbelt;
mod services;
mod set;
mod systeminfo;
mod systeminfo_csv;
mod text;
mod texts;
mod ver;
mod wanted;
mod wazuh;
mod windows;
mod windows_nt;
mod winpeas;
mod wmic_os;
mod words;
mod wua_history;
mod xml;

pub use error::ReadError;
pub use format::{Directness, Format};
pub use host1::to_host1;
pub use logs::{HEAD, LogReader};
pub use machines::{of_machine, one_machine};
pub use merge::merge;
pub use redact::redact;
pub use set::set_fact;

use crate::model::{Gap, Host, ListKind};
use collect::Collector;
#[cfg(fuzzing)]
use json::READERS as JSON;
use lines::Line;
use machines::{Machines, machines, several};
use std::sync::Arc;
use wanted::Lower;
use xml::Document;

/// The largest input that is read, logs apart: 16 MB, some twenty times the largest inventory seen.
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

/// A reader, and words in lower case: it finds nothing in a text that has none of them, and is not asked.
type Asked = (LineReader, &'static [&'static str]);

/// Every format that is read, by the file that reads it.
const FORMATS: &[&[Format]] = &[
    host1::FORMATS,
    systeminfo::FORMATS,
    systeminfo_csv::FORMATS,
    hotfix_table::FORMATS,
    hotfix_list::FORMATS,
    hotfix_csv::FORMATS,
    hotfix_json::FORMATS,
    computer_info::FORMATS,
    osquery::FORMATS,
    ansible::FORMATS,
    wazuh::FORMATS,
    aws_ssm::FORMATS,
    ohai::FORMATS,
    facter::FORMATS,
    exports::FORMATS,
    dism::FORMATS,
    dism_packageinfo::FORMATS,
    get_windowspackage::FORMATS,
    get_package::FORMATS,
    features::FORMATS,
    powershell_values::FORMATS,
    reg_file::FORMATS,
    registry::FORMATS,
    ver::FORMATS,
    logs::FORMATS[0],
    logs::FORMATS[1],
    logs::FORMATS[2],
    logs::FORMATS[3],
    logs::FORMATS[4],
    wua_history::FORMATS,
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
    health::FORMATS,
    powershell::FORMATS,
    licence::FORMATS,
    arc::FORMATS,
    dsregcmd::FORMATS,
    services::FORMATS,
];

/// Every format that is read, the most usual first.
pub fn formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().flatten()
}

/// Formats that fill a file alone.
const WHOLE: &[Asked] = &[
    (systeminfo_csv::read, &["\""]),
    (hotfix_csv::read, &["hotfixid"]),
    (exports::read_fixes, &["hotfixid0"]),
    (exports::read_devices, &["device name", "devicename"]),
    (wazuh::read, &["|"]),
    (aws_ssm::read, &["patches"]),
    (facter::read, &["kernelversion", "kernelrelease"]),
    (wua_history::read_csv, &["title"]),
];

/// Formats that people paste one after the other; the first one that is found names the input.
const PASTED: &[Asked] = &[
    (systeminfo::read, &[":", "："]),
    (dism_packageinfo::read, &["~"]),
    (winpeas::read, &["buildbranch:"]),
    (seatbelt::read, &["======"]),
    (dism::read, &[":", "：", "~"]),
    (get_windowspackage::read, &["packagename"]),
    (hotfix_table::read, &["hotfixid"]),
    (hotfix_list::read, &["hotfixid", "hotfix id", "hot fix"]),
    (reg_file::read, &["[hkey_", "[hklm\\"]),
    (metasploit::read, &["installed on", "applied"]),
    (nessus::read, &["quick-fix engineering updates"]),
    (psinfo::read, &["system information for"]),
    (events::read_text, &["changed to the", "initiating changes for package", "the following update"]),
    (msinfo::read, &["windows", "microsoft"]),
    (wmic_os::read, &wmic_os::WORDS),
    (registry::read, &["reg_", "hkey_", "hklm\\"]),
    (computer_info::read, &computer_info::OWN),
    (osquery::read, &["hotfix_id", "result_code", "build"]),
    (powershell_values::read, &powershell_values::WORDS),
    (get_package::read, &["(kb", "（kb", "msu"]),
    (wua_history::read, &["title"]),
    (features::read, &[":", "：", "|"]),
    (health::read, &["component store"]),
    (powershell::read, &["psversion", "major"]),
    (licence::read, &["license status"]),
    (arc::read, &["agent status"]),
    (dsregcmd::read, &["azureadjoined"]),
    (services::read, &["service_name", "wsusservice", "w3svc", "site \""]),
];

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
    if let Some(log) = logs::read(input.name, input.bytes) {
        return log.map(|parsed| vec![parsed]);
    }
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
    if foreign::is_garbage(&decoded.text) && !decoded.text.contains(host1::FORMAT) {
        return Err(ReadError::NotAnInventory {
            input: label,
            looks_like: "binary data".into(),
            instead: "run `systeminfo > host.txt` on the machine".into(),
        });
    }
    let lines = lines::lines(&decoded.text);
    let mut found = match json::read(&lines, &name) {
        Some(found) => found?,
        None => match read_xml(&lines, &name)? {
            Some(found) => found,
            None => read_lines(&lines, &name).or_else(|e| json::read_below(&lines, &name).ok_or(e))?,
        },
    };
    if !decoded.text.ends_with(['\n', '\r'])
        && let Some(last) = lines.last()
    {
        found.iter_mut().for_each(|(host, _)| cut::settle_end(host, last));
    }
    if let Some(page) = decoded.misread_as {
        let note = format!("the text had been read as {page} and saved again; it was read as it was before");
        let note = crate::model::Fact::new(note, crate::model::Origin::whole(&name, found[0].1));
        found.iter_mut().for_each(|(host, _)| host.notes.push(note.clone()));
    }
    found.iter_mut().for_each(|(host, _)| texts::tidy(host));
    let parsed = |(host, format)| Parsed { host, format, encoding: decoded.encoding };
    Ok(found.into_iter().map(parsed).collect())
}

/// Decodes text of any of the encodings that Windows writes, as [`read`] does: for logs and the like.
pub fn decode(bytes: &[u8]) -> String {
    text::decode(bytes).text
}

const EMPTY_LIST: &str = "empty output";

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
    let lower = Lower::of(lines);
    if let Some(error) = foreign::missing_list(lines, &lower, input) {
        return Err(error);
    }
    for (reader, words) in WHOLE {
        let hosts = if lower.has_any(words) { reader(lines, input) } else { Vec::new() };
        if !hosts.is_empty() {
            return machines(hosts, input);
        }
    }
    let mut found: Vec<Host> = Vec::new();
    for (reader, _) in PASTED.iter().filter(|(_, words)| lower.has_any(words)) {
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
    let fits =
        |banner: &Host| found.iter().all(|h| machines::agree(h.version.as_ref(), banner.version.as_ref()));
    let banner = ver::read(lines, input).into_iter().find(fits);
    if let Some(banner) = banner.filter(|_| !found.is_empty() || ver::is_short(lines)) {
        found.push(banner);
    }
    if found.is_empty() {
        return Err(foreign::text(lines, input));
    }
    // of several outputs the first names the format, but for the banner that all of DISM's have
    let format = format_of(found.iter().find(|h| !dism::is_banner(h)).unwrap_or(&found[0]));
    let mut out = machines(found, input)?;
    for (_, named) in &mut out {
        *named = format;
    }
    Ok(out)
}

/// The format that a host was read as: that of its list, else of any fact.
fn format_of(host: &Host) -> &'static str {
    let list = host.completeness.lists.first().map(|l| l.origin.format);
    macro_rules! of {
        ($($fact:ident),*) => { [$(host.$fact.as_ref().map(|f| f.origin.format)),*] };
    }
    let facts = of!(
        version,
        revision,
        product,
        edition,
        architecture,
        servicing_stack,
        dotnet_framework,
        wmf,
        internet_explorer,
        pending_reboot,
        store_corrupt,
        esu,
        azure_arc,
        hotpatch,
        sha2_support,
        revision_at_least,
        branch,
        release,
        service_pack,
        installation_type,
        language,
        offline_image,
        remote_session,
        free_space
    );
    let others = [
        host.updates.values().next().map(|f| f.origin.format),
        host.failed.values().next().map(|f| f.origin.format),
        host.packages.values().next().map(|f| f.origin.format),
        host.features.values().next().map(|f| f.origin.format),
        host.roles.first().map(|f| f.origin.format),
        host.policies.values().next().map(|f| f.origin.format),
        host.services.values().next().map(|f| f.origin.format),
        host.management.values().next().map(|f| f.origin.format),
        host.registry.values().next().map(|f| f.origin.format),
        host.name.as_ref().map(|f| f.origin.format),
        host.notes.first().map(|f| f.origin.format),
    ];
    let mut origins = facts.into_iter().chain(others).flatten();
    list.or_else(|| origins.next()).unwrap_or("unknown format")
}

#[cfg(test)]
mod tests;
