//! dism.log: what DISM was asked for, and what it ended with.

use super::super::log::LogFinding;
use super::Reads;
use super::gather::Gathered;
use super::text::{Package, after, hex, kb_in};
use crate::inventory::logs::stamp;

/// Reads a dism.log.
#[derive(Debug, Default)]
pub(super) struct Dism;

impl Reads for Dism {
    fn needles(&self) -> Vec<&'static str> {
        vec![
            "Executing command line: ",
            "hr:0x8",
            "HRESULT=0x8",
            "rror: 0x8",
            "rror code = 0x8",
            "The source files could not be",
        ]
    }

    fn line(&mut self, text: &str, n: u32, out: &mut Gathered) {
        if let Some(date) = stamp(text) {
            out.dated(date);
        }
        if let Some(command) = after(text, "Executing command line: ") {
            let package = kb_in(command).map(Package::of_kb).unwrap_or_default();
            out.begin(package);
            return;
        }
        if text.contains("The source files could not be") {
            out.push(LogFinding::SourceMissing, text, n);
            return;
        }
        let labels = ["(hr:", "hr:", "HRESULT=", "rror: ", "rror code = "];
        let code = labels.iter().find_map(|l| after(text, l).and_then(hex));
        if let Some(code) = code.filter(|c| tells(*c)) {
            ended(code, text, n, out);
        }
    }
}

/// Providers that are not there answer with errors in every healthy log: only those of servicing tell something.
fn tells(code: u32) -> bool {
    matches!(code, 0x800f_0000..=0x800f_ffff | 0x8007_0070 | 0x8007_3600..=0x8007_37ff | 0x8024_0000..=0x8024_ffff)
}

/// Something that DISM did ended with this code.
pub(super) fn ended(code: u32, text: &str, n: u32, out: &mut Gathered) {
    match code {
        0x8007_0070 => out.push(LogFinding::DiskFull, text, n),
        0x800f_081f | 0x800f_0906 | 0x800f_0907 => out.push(LogFinding::SourceMissing, text, n),
        0x800f_0831 | 0x8007_3712 => out.push(LogFinding::StoreCorruption, text, n),
        _ => {}
    }
    if code != 0x8007_0070 {
        let (kb, version) = (out.attempt.kb, out.attempt.rollup());
        out.push(LogFinding::Failed { kb, version, code, extend: None }, text, n);
    }
}
