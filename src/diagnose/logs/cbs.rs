//! CBS.log and CbsPersist logs: the log of component-based servicing.

use super::super::log::LogFinding;
use super::Reads;
use super::gather::Gathered;
use super::text::{Package, after, failure, hex, inner, kb_in, leading_version, result_of, shown};
use crate::inventory::logs::stamp;
use crate::model::KbId;

/// Reads a CBS.log.
#[derive(Debug, Default)]
pub(super) struct Cbs {
    /// The package whose parents are looked for, its parents that were not found, and whether one was.
    sought: Option<Sought>,
    /// The last package that was evaluated as applicable.
    applicable: Option<Package>,
    /// What a check of the component store told so far.
    check: Check,
}

#[derive(Debug, Default)]
struct Sought {
    package: Package,
    /// The parent that is looked for now: its KB, and the line that names it.
    parent: Option<(Option<KbId>, u32, String)>,
    missing: Vec<(Option<KbId>, u32, String)>,
    found: bool,
}

#[derive(Debug, Default)]
struct Check {
    /// Corruption that was detected, and that of it which is only a backup copy.
    detected: Option<u32>,
    backups: u32,
}

/// Parents of one package that are kept.
const PARENTS: usize = 20;

impl Reads for Cbs {
    fn needles(&self) -> Vec<&'static str> {
        vec![
            "Servicing Stack v",
            "Higher version found",
            "anifest missing for",
            "_CORRUPT",
            "_MISSING",
            "0x800f081f",
            "etect Parent, ",
            "etectParent",
            "pplicable state: ",
            "ESU: ",
            "Exec: ",
            " finalized. ",
            "queue item Installer",
            "operations queue",
            "operationsqueue",
            "advanced operation queue",
            "for Inf: ",
            "DISK_FULL",
            "0x80070070",
            "(p)",
            "[SR] C",
            "Corruption:",
            "Checking System Update Readiness",
            "CurrentState:",
            "Last boot time: ",
            "Startup: ",
            "_PENDING",
            "REBOOT_REQUIRED",
            "execution package",
        ]
    }

    fn line(&mut self, text: &str, n: u32, out: &mut Gathered) {
        if let Some(date) = stamp(text) {
            out.dated(date);
        }
        out.packages.line(text, n);
        if self.applicability(text, n, out) || self.sessions(text, n, out) || self.check(text, n, out) {
            return;
        }
        if text.contains("Servicing Stack v") {
            stack(text, n, out);
        } else if text.contains("ESU: ") {
            entitlement(text, n, out);
        } else if text.contains("queue item Installer") {
            installer(text, n, out);
        } else if text.contains("for Inf: ")
            || text.contains("operations queue")
            || text.contains("operationsqueue")
        {
            driver(text, n, out);
        } else if let Some(rest) = after(text, "anifest missing for") {
            let package = Package::at(after(rest, ":").unwrap_or(rest)).unwrap_or_default();
            out.push(LogFinding::ManifestMissing { culprit: package.kb, version: package.rollup() }, text, n);
        } else if text.contains("[SR] Cannot repair") || text.contains("[SR] Could not reproject") {
            out.push(LogFinding::FileDamaged(file_of(text)), text, n);
        } else if text.contains("DISK_FULL") || text.contains("0x80070070") {
            out.push(LogFinding::DiskFull, text, n);
        } else {
            codes(text, n, out);
        }
    }

    fn end(&mut self, out: &mut Gathered) {
        self.end_of_parents(None, out);
    }
}

impl Cbs {
    /// Lines that begin with `Appl:` in all versions since Windows 8, and what older ones have instead.
    fn applicability(&mut self, text: &str, n: u32, out: &mut Gathered) -> bool {
        if let Some(rest) = after(text, "etect Parent, Package:") {
            let package = Package::at(rest).unwrap_or_default();
            if self.sought.as_ref().is_none_or(|s| s.package != package) {
                self.end_of_parents(None, out);
                self.sought = Some(Sought { package, ..Sought::default() });
            }
            if let Some(sought) = &mut self.sought {
                let parent = after(rest, "Parent:").and_then(Package::at).and_then(|p| p.kb);
                sought.parent = Some((parent, n, text.to_owned()));
            }
        } else if text.contains("etectParent: parent found") {
            if let Some(sought) = &mut self.sought {
                sought.found = true;
            }
            if let Some(package) = after(text, "parent found: ").and_then(Package::at) {
                out.done(&package, n);
            }
        } else if text.contains("etectParent: no parent found") {
            if let Some(sought) = self.sought.as_mut().filter(|s| s.missing.len() < PARENTS) {
                sought.missing.extend(sought.parent.take());
            }
        } else if let Some(rest) = after(text, "pplicability for package") {
            // `Appl: Evaluating package applicability for package P, applicable state: Absent`
            let state = after(rest, "pplicable state: ").map(|s| s.trim().trim_end_matches('.'));
            let package = Package::at(rest);
            if let (Some(state), Some(package)) = (state, package) {
                self.evaluated(package, state, text, n, out);
            } else {
                cached(rest, n, out);
            }
        } else if text.contains("Higher version found for package") {
            // components of Windows itself (Microsoft-Windows-…) say this on every healthy system
            let package = after(text, "found for package").unwrap_or_default();
            let package = package.split(", superseded").next().unwrap_or_default();
            let named = Package::at(package).unwrap_or_default();
            let elided = package.trim_start_matches([':', ' ']).starts_with("...");
            if text.contains("superseded") && (named.is_update() || elided) {
                let version = named.rollup();
                out.push(LogFinding::SupersededOnSystem { kb: named.kb, version }, text, n);
            }
        } else if text.contains("CurrentState:") {
            cached(text, n, out);
        } else {
            return false;
        }
        true
    }

    /// A package was evaluated: where no parent of it is there, that is why it is absent.
    fn evaluated(&mut self, package: Package, state: &str, text: &str, n: u32, out: &mut Gathered) {
        self.end_of_parents(Some((&package, state)), out);
        let installable = state.starts_with("Installed") && package.is_update();
        if installable {
            let finding = LogFinding::Applicable { kb: package.kb, version: package.rollup(), begun: false };
            out.push(finding, text, n);
        }
        self.applicable = installable.then_some(package);
    }

    /// All parents of a package were looked for.
    fn end_of_parents(&mut self, evaluated: Option<(&Package, &str)>, out: &mut Gathered) {
        let Some(sought) = self.sought.take() else { return };
        let absent = match evaluated {
            Some((package, state)) if *package == sought.package => state.starts_with("Absent"),
            _ => true,
        };
        if sought.found || !absent {
            return;
        }
        let (kb, version) = (sought.package.kb, sought.package.rollup());
        for (parent, line, text) in &sought.missing {
            // components of languages and features look for parents that are no KB: absent on most systems
            if parent.is_some() || sought.package.is_update() {
                out.push(LogFinding::ParentMissing { kb, version, parent: *parent }, text, *line);
            }
        }
    }

    /// Sessions: what is begun, how it ends, restarts.
    fn sessions(&mut self, text: &str, n: u32, out: &mut Gathered) -> bool {
        if text.contains("Exec: Processing started") {
            self.end_of_parents(None, out);
            let mut package = after(text, "Package: ").and_then(Package::at).unwrap_or_default();
            package.kb = package.kb.or_else(|| after(text, "Identifier: ").and_then(kb_in));
            out.begin(package);
        } else if text.contains("Exec: Processing complete") {
            let mut package = after(text, "Package: ").and_then(Package::at).unwrap_or_default();
            package.kb = package.kb.or_else(|| after(text, "Identifier: ").and_then(kb_in));
            match result_of(text) {
                Some(code) if code >= 0x8000_0000 => failed(&package, code, text, n, out),
                Some(_) => {
                    out.done(&package, n);
                    // the identity tells of a rollup, the identifier its KB
                    if let (Some(kb), Some(version)) = (package.kb, package.rollup()) {
                        out.done(&Package { kb: None, version: Some(version), ..Package::default() }, n);
                        out.done(&Package::of_kb(kb), n);
                    }
                }
                None => {}
            }
        } else if text.contains("Exec: Extracting package") || text.contains("Exec: Staging package") {
            let package = after(text, "package: ").or_else(|| after(text, "package ")).and_then(Package::at);
            if let Some(package) = package.filter(|p| self.applicable.as_ref() == Some(p)) {
                let begun = LogFinding::Applicable { kb: package.kb, version: package.rollup(), begun: true };
                out.push(begun, text, n);
            }
        } else if text.contains(" finalized. ") {
            let failed_with = result_of(text).filter(|c| *c >= 0x8000_0000);
            if text.contains("Reboot required: yes") && failed_with.is_none() {
                out.push(LogFinding::RestartRequired, text, n);
            } else if let Some(code) = failed_with {
                let package = out.attempt.clone();
                failed(&package, code, text, n, out);
            }
        } else if text.contains("advanced operation queue") {
            if let Some(code) = result_of(text).filter(|c| *c >= 0x8000_0000) {
                let package = out.attempt.clone();
                failed(&package, code, text, n, out);
            }
        } else if text.contains("Last boot time: ")
            || text.contains(" Startup: ") && !text.contains("operations queue")
        {
            out.restarted = Some(n);
        } else {
            return false;
        }
        true
    }

    /// `DISM /cleanup-image`: what is damaged, one by one, and the sum.
    fn check(&mut self, text: &str, n: u32, out: &mut Gathered) -> bool {
        if text.contains("Checking System Update Readiness") {
            out.begin(Package::default());
            self.check = Check::default();
        } else if let Some(rest) = after(text, "(p)") {
            self.damaged(rest, text, n, out);
        } else if let Some(rest) = after(text, "Total Detected Corruption:") {
            let detected = number(rest);
            self.check.detected = Some(detected);
            if detected == 0 {
                out.sound = Some(n);
            } else if detected > self.check.backups {
                out.push(LogFinding::StoreCorruption, text, n);
            }
        } else if let Some(rest) = after(text, "Total Repaired Corruption:") {
            if self.check.detected.is_some_and(|d| d > 0 && number(rest) >= d) {
                out.sound = Some(n);
            }
        } else if text.contains("Corruption:") {
            // the sums of each kind
        } else {
            return false;
        }
        true
    }

    /// `(p) CSI Payload Corrupt (w) (Fixed) component\file`, with tabs between
    fn damaged(&mut self, rest: &str, text: &str, n: u32, out: &mut Gathered) {
        let rest = rest.trim_start();
        let known = ["CBS ", "CSI "].iter().any(|k| rest.starts_with(k));
        if !known || rest.contains("(Fixed)") || rest.contains("(fix)") {
            return;
        }
        let Some(item) = after(rest, "(n)").or_else(|| after(rest, "(w)")).map(str::trim) else { return };
        // copies for going back to an earlier revision: systems without any trouble lack them
        if item.contains("\\r\\") {
            self.check.backups = self.check.backups.saturating_add(1);
            return;
        }
        let package = Package::at(item).unwrap_or_default();
        let finding = if rest.starts_with("CBS") && package.is_update() {
            LogFinding::ManifestMissing { culprit: package.kb, version: package.rollup() }
        } else {
            LogFinding::FileDamaged(shown(item, 160))
        };
        out.push(finding, text, n);
    }
}

fn number(text: &str) -> u32 {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or(0)
}

/// `… package: P, ApplicableState: 112, CurrentState:112`
fn cached(text: &str, n: u32, out: &mut Gathered) {
    let package = after(text, "ackage: ").or(Some(text)).and_then(Package::at);
    if let Some(package) = package
        && after(text, "CurrentState:").is_some_and(|s| s.trim_start().starts_with("112"))
    {
        out.done(&package, n);
    }
}

fn failed(package: &Package, code: u32, text: &str, n: u32, out: &mut Gathered) {
    if code == 0x8007_0070 {
        out.push(LogFinding::DiskFull, text, n);
        return;
    }
    let version = package.rollup();
    out.note_attempt(package);
    out.push(LogFinding::Failed { kb: package.kb, version, code, extend: None }, text, n);
    match code {
        0x800f_0831 | 0x8007_3712 => out.push(LogFinding::StoreCorruption, text, n),
        0x800f_081f => out.push(LogFinding::SourceMissing, text, n),
        _ => {}
    }
}

/// `Package "P" requires Servicing Stack v… but current Servicing Stack is v…`, `Loaded Servicing Stack v…`
fn stack(text: &str, n: u32, out: &mut Gathered) {
    if let Some(rest) = after(text, "requires Servicing Stack v") {
        let current = after(rest, "current Servicing Stack is v").and_then(leading_version);
        if let (Some(required), Some(current)) = (leading_version(rest), current) {
            let package = after(text, "Package \"").or_else(|| after(text, "ackage ")).and_then(Package::at);
            let kb = package.as_ref().and_then(|p| p.kb).or_else(|| kb_in(text));
            if let Some(package) = &package {
                out.note_attempt(package);
            }
            out.push(LogFinding::StackRequired { kb, required, current }, text, n);
        }
    } else if let Some(version) = after(text, "Loaded Servicing Stack v").and_then(leading_version) {
        // an older one that came back is not what was asked for
        out.stack = Some((version, n));
    }
}

/// `ESU: NO ESU KEY FOUND`, `ESU: not eligible:HRESULT_FROM_WIN32(1633)`
fn entitlement(text: &str, n: u32, out: &mut Gathered) {
    let Some(rest) = after(text, "ESU: ") else { return };
    let lower = rest.to_ascii_lowercase();
    if lower.starts_with("no esu key") {
        out.push(LogFinding::NotEntitled { reason: None }, text, n);
    } else if lower.starts_with("not eligible") {
        let digits = after(rest, "HRESULT_FROM_WIN32(");
        let reason = digits.map(number).filter(|n| *n > 0);
        let reason = reason.or_else(|| hex(after(rest, "0x").map_or("", |_| rest)).map(|c| c & 0xffff));
        out.push(LogFinding::NotEntitled { reason }, text, n);
    }
}

/// `(F) Failed execution of queue item Installer: NAME ({GUID}) with HRESULT … Failure will not be ignored: …`
fn installer(text: &str, n: u32, out: &mut Gathered) {
    if text.contains("Failure will be ignored") {
        return;
    }
    let Some(rest) = after(text, "queue item Installer:") else { return };
    let name = rest.split(" ({").next().unwrap_or_default();
    let (result, code) = after(rest, "with HRESULT ").map(inner).unwrap_or_default();
    out.push(LogFinding::InstallerFailed { installer: shown(name, 60), result, code }, text, n);
}

/// `Doqe: Recording result: 0x8007000d, for Inf: mshdc.inf`, `Shtd: Failed while processing … driver operations queue. […]`
fn driver(text: &str, n: u32, out: &mut Gathered) {
    if let Some(rest) = after(text, "ecording result: ") {
        if let (Some(code), Some(inf)) = (failure(rest), after(rest, "for Inf: ")) {
            let driver = Some(shown(inf.split_whitespace().next().unwrap_or_default(), 80));
            out.push(LogFinding::DriverFailed { driver, code }, text, n);
        }
    } else if text.contains("driver operations")
        && (text.contains("Failed while processing") || text.contains("Failed executing"))
        && let Some(code) = result_of(text).filter(|c| *c >= 0x8000_0000)
    {
        out.push(LogFinding::DriverFailed { driver: None, code }, text, n);
    }
}

/// The file of `[SR] Cannot repair member file [l:24]'name' of Component, …`, or the component.
fn file_of(text: &str) -> String {
    let Some((_, rest)) = text.split_once(" file ") else { return "a file of Windows".to_owned() };
    let rest = after(rest, "]").filter(|_| rest.starts_with('[')).unwrap_or(rest);
    let rest = rest.trim_start_matches(|c: char| "{}0123456789".contains(c));
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let name = match quote {
        Some(quote) => rest.get(1..).and_then(|r| r.split(quote).next()).unwrap_or_default(),
        None => rest.split([';', ',']).next().unwrap_or_default(),
    };
    shown(name, 160)
}

/// Results that tell of the store or of a restart, wherever they stand.
fn codes(text: &str, n: u32, out: &mut Gathered) {
    let of_store = ["STORE_CORRUPTION", "COMPONENT_STORE_CORRUPT", "Mark store corruption flag"];
    if of_store.iter().any(|c| text.contains(c)) {
        // `Failed to resolve package 'P'`, `… because of package: P`: that package is what lacks
        let named = ["resolve package", "resolve execution package", "because of package"]
            .iter()
            .find_map(|w| after(text, w))
            .map(|rest| rest.trim_start_matches([':', ' ']))
            .and_then(Package::at)
            .filter(|p| p.name.contains('_') && p.is_update());
        match named {
            Some(package) => out.push(
                LogFinding::ManifestMissing { culprit: package.kb, version: package.rollup() },
                text,
                n,
            ),
            None => out.push(LogFinding::StoreCorruption, text, n),
        }
    } else if text.contains("SOURCE_MISSING") || text.contains("0x800f081f") {
        out.push(LogFinding::SourceMissing, text, n);
    } else if ["CBS_E_INSTALL_PENDING", "CBS_E_PENDING", "ERROR_FAIL_REBOOT_REQUIRED"]
        .iter()
        .any(|c| text.contains(c))
    {
        out.push(LogFinding::RestartPending, text, n);
    }
}
