//! dism.log: what DISM read of packages while it ran on this Windows. Runs on images are of another machine.

use super::super::collect::Collector;
use super::super::format::{Directness, Format};
use super::super::packages::Packages;
use super::cbs::component;
use super::{Log, between, stamp};
use crate::model::{Gap, Host, ListKind, PackageState};
use crate::package::PackageIdentity;
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "dism.log";

/// More packages than any component store has.
const LIMIT: usize = 50_000;

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: r"C:\Windows\Logs\DISM\dism.log",
    signature: "lines of date, level and DISM",
    tells: "states of the packages that DISM looked at, architecture",
    cannot: "packages that it did not touch; what happened after its last line; Windows itself",
    directness: Directness::Logged,
}];

/// `2021-09-20 11:16:36, Info                  DISM   DISM Package Manager: PID=2184 TID=1572 …`
pub(super) fn is_line(line: &str) -> bool {
    component(line) == Some("DISM")
}

/// `… Package P with CBS state 7(CbsInstallStateInstalled) being mapped to dism state 7(…)`
fn package(text: &str) -> Option<&str> {
    text.split_once(" with CBS state ")?.0.rsplit_once(" Package ").map(|(_, name)| name)
}

/// Reads a dism.log.
#[derive(Debug, Default)]
pub(super) struct Dism {
    seen: BTreeMap<String, (Option<PackageState>, u32)>,
    /// The package that was looked at last, while nothing else was.
    last: Option<String>,
    offline: bool,
    date: String,
}

impl Log for Dism {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn needles(&self) -> &'static [&'static str] {
        &["being mapped to dism state", "Executing command line: ", "Initiating Changes on Package"]
    }

    fn line(&mut self, text: &str, line: u32) {
        if let Some(date) = stamp(text) {
            date.clone_into(&mut self.date);
        }
        if let Some((_, command)) = text.split_once("Executing command line: ") {
            self.offline = command.to_ascii_lowercase().contains("/image");
            self.last = None;
        } else if text.contains("Initiating Changes on Package") {
            // what came of it is in no line
            if let Some(seen) = self.last.take().and_then(|name| self.seen.get_mut(&name)) {
                seen.0 = None;
            }
        } else if let Some(name) = package(text).filter(|_| !self.offline) {
            let state = between(text, "(CbsInstallState", ")").and_then(super::cbs::state);
            if PackageIdentity::parse(name).is_some()
                && (self.seen.len() < LIMIT || self.seen.contains_key(name))
            {
                self.seen.insert(name.to_owned(), (state, line));
                self.last = Some(name.to_owned());
            }
        }
    }

    fn tell(self: Box<Self>, input: &Arc<str>) -> Option<Host> {
        let mut c = Collector::new(input, FORMAT);
        let mut packages = Packages::default();
        for (name, (state, line)) in &self.seen {
            if let Some(state) = state {
                packages.state(name, *state, *line);
            }
        }
        if packages.is_empty() {
            return None;
        }
        packages.tell(&mut c, false);
        c.gap(Gap::OnlyTouched);
        let line = self.seen.values().map(|(_, line)| *line).max().unwrap_or(1);
        if let Some(day) = self.date.get(..10) {
            c.note(format!("states as of {day}: what happened later is not in the log"), line);
        }
        Some(c.finish(Some(ListKind::ComponentStore)))
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::{Input, read};

    fn line(text: &str) -> String {
        format!("2023-02-02 14:29:28, Info                  DISM   {text}\r\n")
    }

    fn package(kb: u32, number: u32, state: &str) -> String {
        line(&format!(
            "DISM Package Manager: PID=42316 TID=43476 Package Package_for_KB{kb}~31bf3856ad364e35~amd64~~10.0.1.0 with CBS state {number}(CbsInstallState{state}) being mapped to dism state {number}(DISM_INSTALL_STATE_X) - CDISMPackage::LogInstallStateMapping"
        ))
    }

    #[test]
    fn states_of_the_running_windows_are_read() {
        let text = line("DISM.EXE: Executing command line: dism  /online /get-packages")
            + &package(5_000_001, 7, "Installed")
            + &package(5_000_002, 4, "Staged")
            + &line(
                "DISM Package Manager: PID=42316 TID=43476 Initiating Changes on Package with values: 4, 7 - CDISMPackage::Internal_ChangePackageState",
            )
            + &line("DISM.EXE: Executing command line: dism  /image:D:\\mount /get-packages")
            + &package(5_000_003, 7, "Installed");
        let parsed = read(&Input { name: "dism.log", bytes: text.as_bytes() }).unwrap();
        let kbs: Vec<_> = parsed.host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect();
        assert_eq!((parsed.format, kbs), ("dism.log", vec![(5_000_001, "installed")]));
    }

    #[test]
    fn a_log_of_features_alone_is_refused() {
        let text = line(
            "DISM Package Manager: PID=6108 TID=5192 Feature NetFx4 with CBS state 7(CbsInstallStateInstalled) being mapped to dism state 7(DISM_INSTALL_STATE_INSTALLED) - CDISMPackageFeature::LogInstallStateMapping",
        );
        let error = read(&Input { name: "dism.log", bytes: text.as_bytes() }).unwrap_err().to_string();
        assert!(error.contains("dism.log") && error.contains("--log"), "{error}");
    }
}
