//! CheckSUR.log: the report of the System Update Readiness Tool; CheckSUR.persist.log has all of its runs.

use super::super::log::LogFinding;
use super::Reads;
use super::gather::Gathered;
use super::text::{Package, after, kb_in, shown};

/// Damaged items of one run that are kept.
const ITEMS: usize = 200;

/// Reads a CheckSUR.log.
#[derive(Debug, Default)]
pub(super) struct CheckSur {
    /// What the present run found damaged and did not repair.
    items: Vec<(String, String, u32)>,
    found: Option<u32>,
    unavailable: bool,
}

/// A line of such a report.
pub(super) fn is_line(line: &str) -> bool {
    const OWN: [&str; 7] = [
        "Checking System Update Readiness",
        "Checking Windows Servicing Packages",
        "Checking Package Manifests and Catalogs",
        "Checking Component Store",
        "Checking package watchlist",
        "Checking component watchlist",
        "Unavailable repair files:",
    ];
    let item = ["(f)", "(fix)", "(w)"].iter().any(|p| line.starts_with(p));
    item && (line.contains("CBS ") || line.contains("CSI ")) || OWN.iter().any(|o| line.starts_with(o))
}

/// The file or component of an item, in lower case.
fn item(text: &str) -> Option<&str> {
    text.split_whitespace().find(|w| w.contains('~') || w.contains('\\') || w.contains("_31bf3856ad364e35_"))
}

impl Reads for CheckSur {
    fn needles(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn line(&mut self, text: &str, n: u32, out: &mut Gathered) {
        let line = text.trim_start();
        if line.starts_with("Checking System Update Readiness") {
            self.tell(out);
            out.begin(Package::default());
        } else if let Some(rest) = line.strip_prefix("(f)") {
            if let Some(name) = item(rest).filter(|_| self.items.len() < ITEMS) {
                self.items.push((shown(name, 200).to_lowercase(), text.to_owned(), n));
            }
        } else if let Some(rest) = line.strip_prefix("(fix)") {
            if let Some(name) = item(rest) {
                let name = shown(name, 200).to_lowercase();
                let file = name.rsplit('\\').next().unwrap_or_default();
                self.items.retain(|(known, ..)| !known.ends_with(file));
            }
        } else if line.starts_with("Unavailable repair files") {
            self.unavailable = true;
        } else if self.unavailable && (line.contains("servicing\\") || line.contains("winsxs\\")) {
            let name = shown(line, 200).to_lowercase();
            if self.items.len() < ITEMS && !self.items.iter().any(|(known, ..)| *known == name) {
                self.items.push((name, text.to_owned(), n));
            }
        } else if line.starts_with("No errors detected") {
            self.items.clear();
            out.sound = Some(n);
        } else if let Some(found) = line.strip_prefix("Found ").and_then(|r| count(r, "errors")) {
            self.found = Some(found);
        } else if let Some(fixed) = line.strip_prefix("Fixed ").and_then(|r| count(r, "errors"))
            && self.found.is_some_and(|found| fixed >= found)
        {
            self.items.clear();
            out.sound = Some(n);
        }
    }

    fn end(&mut self, out: &mut Gathered) {
        self.tell(out);
    }
}

fn count(text: &str, unit: &str) -> Option<u32> {
    let (number, rest) = text.trim().split_once(' ')?;
    rest.trim_start().starts_with(unit).then(|| number.parse().ok())?
}

impl CheckSur {
    /// A run is over: what it did not repair.
    fn tell(&mut self, out: &mut Gathered) {
        for (name, text, n) in std::mem::take(&mut self.items) {
            let finding = match kb_in(after(&name, "package").unwrap_or_default()) {
                Some(kb) => LogFinding::ManifestMissing { culprit: Some(kb), version: None },
                None => LogFinding::FileDamaged(shown(&name, 160)),
            };
            out.push(finding, &text, n);
        }
        self.found = None;
        self.unavailable = false;
    }
}
