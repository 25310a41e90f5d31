//! What is no inventory, or none that is read: recognised only to say so, and what to run instead.

use super::ReadError;
use super::hotfix_json::{member, objects};
use super::id_list::{self, Doubt};
use super::ids::{self, RowId};
use super::lines::{Line, is_prompt, mentions};
use super::logs;
use super::wanted::Lower;
use serde_json::Value;

const SYSTEMINFO: &str = "run `systeminfo > host.txt` on the machine";
const PACKAGES: &str =
    "run `dism /online /english /get-packages > packages.txt` or `systeminfo > host.txt` on the machine";
const LOG: &str = "a log goes to `kbwhy diagnose --log`; as an inventory give the output of systeminfo, Get-HotFix or dism /get-packages";

fn refuse(input: &str, looks_like: &str, instead: &str) -> ReadError {
    ReadError::NotAnInventory {
        input: input.to_owned(),
        looks_like: looks_like.to_owned(),
        instead: instead.to_owned(),
    }
}

/// A log whose lines tell the state of no update.
pub(super) fn stateless_log(kind: logs::Kind, input: &str) -> ReadError {
    refuse(input, &format!("{} that tells the state of no update", kind.described()), LOG)
}

/// First bytes of files that hold no text.
const SIGNATURES: [(&[u8], &str); 16] = [
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"MZ", "a Windows program"),
    (b"MSCF", "a cabinet file (.cab or .msu)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"ElfFile", "an event log (.evtx)"),
    (b"regf", "a registry hive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Office document or an .msi or .msp file"),
    (b"\x7fELF", "a Linux program"),
    (b"MSWIM", "a Windows image (.wim)"),
    (b"{\\rtf", "a rich text document"),
];

/// Files that hold no text at all.
pub(super) fn binary(bytes: &[u8], input: &str) -> Option<ReadError> {
    let known = SIGNATURES.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what);
    known.map(|what| refuse(input, what, SYSTEMINFO))
}

/// Text that is mostly bytes of something else.
pub(super) fn is_garbage(text: &str) -> bool {
    let (mut odd, mut all) = (0usize, 0usize);
    for c in text.chars().take(8192) {
        all += 1;
        odd += usize::from(c.is_control() && !c.is_whitespace() && c != '\u{1b}' || c == '\u{fffd}');
    }
    odd * 10 > all
}

/// Words that only one kind of file has, what it is, and what to do.
const MARKERS: &[(&str, &str, &str)] = &[
    (
        "System Information report written at",
        "an msinfo32 report without the system summary",
        "export the whole report, or run `systeminfo > host.txt` on the machine",
    ),
    ("<MsInfo", "an msinfo32 file (.nfo) without the system summary", SYSTEMINFO),
    (
        "powershell/2004/04",
        "objects saved by Export-Clixml that tell of no updates",
        "export `Get-HotFix | Export-Clixml hotfixes.xml`",
    ),
    (
        "Windows Registry Editor Version",
        "a registry export (.reg) of other keys",
        "export `HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion`, and run `systeminfo > host.txt`",
    ),
    ("REGEDIT4", "a registry export (.reg) of other keys", SYSTEMINFO),
    ("Package Identity", "output of DISM without packages", PACKAGES),
    (
        "http://schemas.microsoft.com/win/2004/08/events/event",
        "events of an event log, but none that tells of an update",
        "export the Setup log with `wevtutil qe Setup /f:xml`",
    ),
    (
        "Microsoft-Windows-Servicing",
        "events of the Setup log in another language or shape",
        "export it with `wevtutil qe Setup /f:xml`",
    ),
    ("<SOFTWARES>", "an agent's inventory of a machine without Windows", SYSTEMINFO),
    ("<SecScan", "an MBSA report without its list of updates", SYSTEMINFO),
    ("<NessusClientData", "a Nessus report, which lists what is missing", SYSTEMINFO),
    ("missing one of the following", "a Nessus report of what is missing", SYSTEMINFO),
    ("Belarc", "a Belarc profile, which is a web page", SYSTEMINFO),
    ("Plugin Output", "a Nessus report", SYSTEMINFO),
    ("ApplicationName,", "a list of applications, which names no updates", SYSTEMINFO),
    ("Application name", "a list of applications, which names no updates", SYSTEMINFO),
    ("RecommendedSecurityUpdate", "an export of Defender, which names updates that are missing", SYSTEMINFO),
    ("SoftwareVendor", "a list of software by Defender, which names no updates", SYSTEMINFO),
    (
        "QID Detection Logic",
        "a Qualys description of a vulnerability, which names updates of every Windows",
        SYSTEMINFO,
    ),
    ("Windows Update History", "a history of Windows Update", SYSTEMINFO),
    ("LastInstallationSuccessDate", "output of Get-WULastResults, which lists no updates", SYSTEMINFO),
    (", Info       [0x", "a log of Windows Setup", SYSTEMINFO),
    ("MOUPG", "a log of Windows Setup", SYSTEMINFO),
    ("#Software: Microsoft Internet Information Services", "a log of a web server", SYSTEMINFO),
    ("<!DOCTYPE html", "a web page", SYSTEMINFO),
    ("<html", "a web page", SYSTEMINFO),
    ("<?xml", "an XML document", SYSTEMINFO),
    ("No Instance(s) Available", "an error message of wmic", SYSTEMINFO),
    ("FullyQualifiedErrorId", "an error message of PowerShell", SYSTEMINFO),
    ("Access is denied", "an error message", SYSTEMINFO),
    ("is not recognized as", "an error message", SYSTEMINFO),
];

/// `KB4100347: title` in most lines, or what Get-WindowsUpdate prints: updates that are offered.
pub(super) fn missing_list(lines: &[Line], lower: &Lower, input: &str) -> Option<ReadError> {
    let named = lower.has_any(&["kb"]);
    let found = suggested(lines, lower)
        .or_else(|| says_absent(lines, lower))
        .or_else(|| if named { offered(lines, lower) } else { None })
        .or_else(|| flagged(lines, lower));
    found.map(|line| ReadError::MissingList { input: input.to_owned(), line: line.number })
}

fn filled<'a>(lines: &'a [Line]) -> impl Iterator<Item = &'a Line<'a>> {
    lines.iter().filter(|l| !l.is_blank() && !is_prompt(&l.text))
}

/// What Windows Exploit Suggester finds, and lists with the updates that would mend it.
fn suggested<'a>(lines: &'a [Line], lower: &Lower) -> Option<&'a Line<'a>> {
    const HEADS: [&str; 5] = [
        "[+] Missing patches",
        "[+] Determining missing patches",
        "[!] Found vulnerabilities",
        "[M] MS",
        "[E] MS",
    ];
    if !lower.has_any(&["missing patches", "found vulnerabilities", "[m] ms", "[e] ms"]) {
        return None;
    }
    let listed = || lines.iter().any(|l| l.text.trim_start().starts_with("[01]: KB"));
    let head = |l: &&Line| HEADS.iter().any(|h| l.text.trim_start().starts_with(h));
    lines.iter().find(head).filter(|_| !listed())
}

/// Most lines are ids with titles, or one is the header of such a table.
fn offered<'a>(lines: &'a [Line], lower: &Lower) -> Option<&'a Line<'a>> {
    let offered = |l: &&Line| {
        let text = l.text.trim_start();
        if !text.starts_with(['K', 'k']) {
            return false;
        }
        let Some((head, title)) = text.split_once(':') else { return false };
        matches!(ids::kb_at_start(head), Some(RowId::Kb(_)))
            && !head.contains(char::is_whitespace)
            && title.starts_with(' ')
            && title.trim().len() > 8
    };
    let (count, all) = (filled(lines).filter(offered).count(), filled(lines).count());
    if count * 2 > all {
        return filled(lines).find(offered);
    }
    let table = |l: &&Line| {
        let has = |name: &str| l.text.split_whitespace().any(|word| word == name);
        // Install-WindowsUpdate says in a column what came of it
        ["KB", "Size", "Title"].iter().all(|name| has(name)) && !has("Result")
    };
    if lower.has_any(&["title"]) { filled(lines).find(table) } else { None }
}

/// A member says that the update is not installed.
fn flagged<'a>(lines: &'a [Line], lower: &Lower) -> Option<&'a Line<'a>> {
    if !lower.has_any(&["isinstalled", "is installed", "kbarticle", "kb article"]) {
        return None;
    }
    let flag = |l: &&Line| {
        let t = l.text.replace([' ', '"'], "").to_ascii_lowercase();
        ["isinstalled:false", "isinstalled=false", "isinstalled=0"].iter().any(|k| t.contains(k))
            || t.starts_with("kbarticleids:")
    };
    filled(lines).find(flag)
}

/// What a column of a table says of an update that is not there.
const ABSENT: [&str; 12] = [
    "missing",
    "not installed",
    "notinstalled",
    "needed",
    "required",
    "absent",
    "not present",
    "failed",
    "not applicable",
    "uninstalled",
    "fehlend",
    "manquant",
];

/// A table with a column HotFixID whose rows say that their updates are not there: the first of them.
fn says_absent<'a>(lines: &'a [Line], lower: &Lower) -> Option<&'a Line<'a>> {
    if !lower.has_any(&["hotfixid"]) || !lower.has_any(&ABSENT) {
        return None;
    }
    let names = |l: &&Line| {
        let told = ["status", "state", "result", "complian"].iter().any(|w| mentions(&l.text, w));
        mentions(&l.text, "HotFixID") && told && !is_prompt(&l.text)
    };
    let start = lines.iter().take(200).position(|l| names(&l))?;
    let absent = |cell: &str| {
        let cell = cell.trim_matches(['"', ' ', '\'', '|']);
        ABSENT.iter().any(|w| cell.eq_ignore_ascii_case(w))
    };
    let row = |l: &&Line| {
        let text = l.text.trim();
        let cells = || text.split([',', ';', '\t', '|']).flat_map(|c| c.split("  "));
        let last = text.rsplit(char::is_whitespace).next().unwrap_or("");
        cells().chain([last]).any(absent)
            && (cells().any(|c| matches!(ids::row_id(c), Some(RowId::Kb(_))))
                || text.split_whitespace().any(|w| matches!(ids::kb_at_start(w), Some(RowId::Kb(_)))))
    };
    lines[start + 1..].iter().take_while(|l| !is_prompt(&l.text)).find(row)
}

/// Why this JSON is not read.
pub(super) fn json(value: &Value, lines: &[Line], input: &str) -> ReadError {
    let objects = objects(value);
    let any = |names: &[&str]| objects.iter().any(|(_, o)| names.iter().any(|n| member(o, n).is_some()));
    let installed =
        objects.iter().any(|(_, o)| member(o, "IsInstalled").and_then(Value::as_bool) == Some(true));
    if any(&["KBArticleIDs", "IsDownloaded", "IsInstalled", "KBArticleID"]) && !installed {
        let line = |name: &str| lines.iter().find(|l| l.text.contains(name));
        let line = line("KBArticleID").or_else(|| line("IsInstalled")).map_or(1, |l| l.number);
        return ReadError::MissingList { input: input.to_owned(), line };
    }
    let what = if any(&["RecommendedSecurityUpdate", "SoftwareVendor"]) {
        "an export of Defender, which does not list installed updates"
    } else if any(&["os", "updates", "facts"]) {
        return refuse(input, "host facts without a schema", "add \"schema\": \"kbwhy/host/1\"");
    } else {
        "JSON of another kind"
    };
    refuse(input, what, "run `Get-HotFix | ConvertTo-Json`, `systeminfo`, or write the facts as kbwhy/host/1")
}

/// Why this text is not read.
pub(super) fn text(lines: &[Line], input: &str) -> ReadError {
    let head = &lines[..lines.len().min(5000)];
    if let Some(kind) = logs::quoted(head) {
        return stateless_log(kind, input);
    }
    for &(marker, what, instead) in MARKERS {
        if head.iter().any(|l| l.text.contains(marker)) {
            return refuse(input, what, instead);
        }
    }
    match id_list::doubt(lines) {
        Some(Doubt::Missing(line)) => return ReadError::MissingList { input: input.to_owned(), line },
        Some(Doubt::Numbers) => {
            return refuse(
                input,
                "a list of bare numbers, which does not say what they are",
                "give the output that they come from, or write KB before each update that is installed",
            );
        }
        None => {}
    }
    if head.iter().any(|l| l.text.contains("KB") && l.text.contains(|c: char| c.is_ascii_digit())) {
        return refuse(input, "text that mentions updates", SYSTEMINFO);
    }
    refuse(input, "text of another kind", SYSTEMINFO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn missing(text: &str) -> Option<ReadError> {
        let lines = lines(text);
        missing_list(&lines, &Lower::of(&lines), "f")
    }

    #[test]
    fn a_column_may_say_that_updates_are_missing() {
        for text in [
            "Asset,HotfixID,Status\nPC,KB4486553,Missing\n",
            "HotFixID  Status\n--------  ------\nKB4486553 Missing\n",
            "\"HotFixID\";\"State\"\n\"KB4486553\";\"Not Installed\"\n",
        ] {
            assert!(missing(text).is_some(), "{text}");
        }
        for text in [
            "Source,Description,HotFixID\nMISSING-PC,Update,KB4486553\n",
            "HotFixID  InstalledBy\n--------  -----------\nKB4486553 PC\\missing\n",
            "HotFixID\nKB4486553\n\nKB4470788 failed\n",
            "HotFixID   Status\nKB4486553\n\nC:\\>echo KB4470788 is missing\nKB4470788 is missing\n",
        ] {
            assert!(missing(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_a_suggester_finds_is_missing() {
        let found = "[+] Operating System\n    - Installed hotfixes (1): KB4486553\n[+] Missing patches: 1\n    - KB4470788: patches 3\n";
        assert!(matches!(missing(found), Some(ReadError::MissingList { line: 3, .. })));
        // below what it was given, it takes nothing away
        let both = format!("OS Name: Microsoft Windows 10 Pro\nHotfix(s): 1\n   [01]: KB4486553\n{found}");
        assert!(missing(&both).is_none());
    }
}
