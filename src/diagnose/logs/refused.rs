//! What is given as a log and is none: what it is, and what to give instead.

/// What reads are logs of.
const READ: &str = "CBS.log, dism.log, WindowsUpdate.log, ReportingEvents.log, setupact.log, setuperr.log, \
                    CheckSUR.log, events as XML or text, or lines of them";

/// What binary files begin with.
pub(super) fn binary(head: &[u8]) -> Option<String> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let why = if starts(b"ElfFile\0") {
        "is an event log in binary form; export it: wevtutil qe FILE.evtx /lf:true /f:xml > events.xml"
    } else if starts(b"MSCF") {
        "is a cabinet, as old CBS logs are packed; unpack it: expand FILE.cab -F:* FOLDER"
    } else if starts(b"PK\x03\x04") || starts(b"\x1f\x8b") || starts(b"7z\xbc\xaf") {
        "is packed; unpack it and name the log in it"
    } else if starts(b"MZ") || starts(b"\x7fELF") {
        "is a program, not a log"
    } else if is_trace(head) {
        "is a trace in binary form; run Get-WindowsUpdateLog on the host, which makes WindowsUpdate.log of it"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// An event trace (.etl): its header names a logger in UTF-16 among NULs and other bytes of control.
fn is_trace(head: &[u8]) -> bool {
    let start = head.get(..512).unwrap_or(head);
    let odd = start.iter().filter(|b| matches!(b, 1..=8 | 14..=26 | 28..=31)).count();
    let marked = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
    !marked && start.len() >= 64 && start.contains(&0) && odd * 12 > start.len()
}

/// What can be given as an inventory.
pub(super) fn inventory(name: &str, head: &[u8]) -> Option<String> {
    use crate::inventory::{Input, LogReader, read};
    let format = match read(&Input { name, bytes: head }) {
        Ok(parsed) => parsed.format,
        Err(_) if LogReader::detect(name, head).is_some() => {
            return Some("is no log of failures; give it with --inventory".into());
        }
        Err(_) => return None,
    };
    Some(format!("is an inventory ({format}), not a log; give it with --inventory"))
}

/// Why a text is no log.
pub(super) fn text(start: &str) -> String {
    if start.trim().is_empty() {
        return format!("is empty; give {READ}");
    }
    format!("is no log that is read; give {READ}")
}
