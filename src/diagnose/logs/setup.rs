//! setupact.log and setuperr.log: feature updates and in-place upgrades.

use super::super::log::LogFinding;
use super::Reads;
use super::gather::Gathered;
use super::text::{after, hex, shown};
use crate::diagnose::codes::ErrorEvidence;
use crate::inventory::logs::stamp;

/// Reads a setupact.log or setuperr.log.
#[derive(Debug, Default)]
pub(super) struct Setup {
    last: Option<(u32, Option<u32>)>,
}

/// A line of SetupDiag, or of a setup log without what stands before it.
pub(super) fn is_line(line: &str) -> bool {
    line.contains("SetupDiag")
        || code(line).is_some_and(|(c, _)| is_of_setup(c))
            && (line.contains("Result = ") || line.contains("Error") || line.contains("MOUPG"))
}

/// Codes of Windows setup.
fn is_of_setup(code: u32) -> bool {
    (0xC190_0000..=0xC190_FFFF).contains(&code)
}

/// The code of a line, and the one after it that tells phase and operation: `0xC1900101 - 0x20017`.
fn code(line: &str) -> Option<(u32, Option<u32>)> {
    let mut rest = line;
    while let Some(at) = rest.find("0x") {
        rest = rest.get(at..)?;
        if let Some(code) = hex(rest).filter(|c| *c >= 0x8000_0000) {
            let tail = rest.get(10..).unwrap_or_default();
            let extend = tail.trim_start_matches(['-', ',', ' ', ':']).strip_prefix("0x");
            let extend = extend.and_then(|_| hex(tail.trim_start_matches(['-', ',', ' ', ':'])));
            return Some((code, extend.filter(|e| (0x1_0000..0x10_0000).contains(e))));
        }
        rest = rest.get(2..)?;
    }
    None
}

impl Reads for Setup {
    fn needles(&self) -> Vec<&'static str> {
        vec![
            "0xC190",
            "0xc190",
            "Operation failed: ",
            "0x80070070",
            "river Package: ",
            "isk Space Hard Block",
        ]
    }

    fn line(&mut self, text: &str, n: u32, out: &mut Gathered) {
        if let Some(date) = stamp(text) {
            out.dated(date);
        }
        let Some((code, extend)) = code(text) else {
            if text.contains("isk Space Hard Block") {
                out.push(LogFinding::DiskFull, text, n);
            }
            return;
        };
        // it goes on although a driver was left out, unless the operation as a whole failed
        if let Some(driver) = after(text, "river Package: ") {
            let name = driver.split(['.', ' ']).next().unwrap_or_default();
            let driver = Some(format!("{}.inf", shown(name, 60)));
            out.push(LogFinding::DriverFailed { driver, code }, text, n);
            return;
        }
        match code {
            0xC190_020E | 0x8007_0070 => out.push(LogFinding::DiskFull, text, n),
            // the user broke it off; success; nothing was found that stands in the way
            0xC190_0210 | 0xC180_0104 => {}
            _ if is_of_setup(code) || text.contains("Operation failed: ") && known(code) => {
                // the same code once more, with what it lacked
                if self.last.is_some_and(|(c, e)| c == code && (e.is_some() || extend.is_none())) {
                    return;
                }
                self.last = Some((code, extend));
                out.push(LogFinding::Failed { kb: None, version: None, code, extend }, text, n);
            }
            _ => {}
        }
    }
}

fn known(code: u32) -> bool {
    ErrorEvidence::parse(&format!("0x{code:08x}")).meaning.is_some()
}
