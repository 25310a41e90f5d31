//! dism.log: what DISM read of packages while it ran on this Windows. Runs on images are of another machine.

use super::super::collect::Collector;
use super::super::facts;
use super::super::format::{Directness, Format};
use super::super::packages::Packages;
use super::cbs::component;
use super::{Log, between, stamp};
use crate::model::{Architecture, Fact, Gap, Host, ListKind, Location, PackageState, Version};
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
    tells: "states of the packages that DISM looked at; version, revision and architecture of Windows",
    cannot: "packages that it did not touch; what happened after its last line; the edition",
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
    /// The Windows that DISM found last, with its revision.
    target: Option<(Version, Option<u32>, u32)>,
    architecture: Option<(Architecture, u32)>,
    date: String,
}

/// What sessions on the Windows that runs name as the path of their image.
const ONLINE: &str = "DISM_{53BFAE52-B167-4E2F-A258-0A37B57FF845}";

impl Dism {
    /// `Target image information: OS Version=10.0.19045.2965, Image architecture=amd64`
    fn target(&mut self, text: &str, line: u32) -> Option<()> {
        let (version, revision) = facts::kernel_version(between(text, "OS Version=", ",")?)?;
        // Windows 7 and Vista name the build that they began as
        if matches!(version.0[..2], [6, 0 | 1]) {
            return None;
        }
        if self.target.is_some_and(|(known, ..)| known.0[..3] != version.0[..3]) {
            // what was there before another Windows came says nothing of it
            self.seen.clear();
        }
        self.target = Some((version, revision, line));
        let name = between(text, "architecture=", " ").unwrap_or_default();
        self.architecture = name.trim_end_matches(',').parse().ok().map(|a| (a, line)).or(self.architecture);
        Some(())
    }

    /// The version that DISM found; the revision is that of the newest cumulative update that was seen since.
    fn tell_target(&self, c: &mut Collector) {
        let Some((version, revision, line)) = self.target else { return };
        let line_of = |f: &Fact<u32>| if let Location::Line(n) = f.origin.at { n } else { 0 };
        let since = c.host.revision.as_ref().filter(|r| line_of(r) > line).map(|r| r.value);
        if let Some(revision) = revision.filter(|r| since.is_none_or(|s| s < *r)) {
            c.host.revision = Some(c.fact(revision, line));
        }
        c.host.revision_at_least = None;
        c.host.version = Some(c.fact(Version([version.0[0], version.0[1], version.0[2], 0]), line));
        if let Some((architecture, line)) = self.architecture {
            c.host.architecture = Some(c.fact(architecture, line));
        }
    }
}

impl Log for Dism {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn needles(&self) -> &'static [&'static str] {
        &[
            "being mapped to dism state",
            "Executing command line: ",
            "Initiating Changes on Package",
            "ImagePath: ",
            "Target image information: ",
        ]
    }

    fn line(&mut self, text: &str, line: u32) {
        if let Some(date) = stamp(text) {
            date.clone_into(&mut self.date);
        }
        if let Some((_, command)) = text.split_once("Executing command line: ") {
            self.offline = command.to_ascii_lowercase().contains("/image");
            self.last = None;
        } else if let Some(path) = between(text, "ImagePath: ", ",") {
            self.offline = path.trim() != ONLINE;
            self.last = None;
        } else if text.contains("Target image information: ") {
            if !self.offline {
                self.target(text, line);
            }
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
            self.target?;
            self.tell_target(&mut c);
            return Some(c.finish(None));
        }
        packages.tell(&mut c, false);
        self.tell_target(&mut c);
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

    #[test]
    fn the_windows_that_runs_is_told_by_its_sessions() {
        let session = |path: &str| {
            line(&format!(
                "API: PID=1 TID=2 DismApi.dll: Input parameters: ImagePath: {path}, WindowsDirectory: (null), SystemDrive: (null) - DismOpenSessionInternal"
            ))
        };
        let target = |version: &str| {
            line(&format!(
                "API: PID=1 TID=2 Target image information: OS Version={version}, Image architecture=amd64 - CDismCore::LogImageSessionDetails"
            ))
        };
        let rollup = |version: &str| {
            line(&format!(
                "DISM Package Manager: PID=1 TID=2 Package Package_for_RollupFix~31bf3856ad364e35~amd64~~{version} with CBS state 7(CbsInstallStateInstalled) being mapped to dism state 7(DISM_INSTALL_STATE_INSTALLED) - CDISMPackage::LogInstallStateMapping"
            ))
        };
        let host = |text: &str| read(&Input { name: "dism.log", bytes: text.as_bytes() }).unwrap().host;
        let facts = |text: &str| {
            let h = host(text);
            let version = h.version.map(|v| v.value.to_string());
            (version, h.revision.map(|r| r.value), h.architecture.map(|a| a.value.to_string()))
        };
        let (online, x64) = (session(super::ONLINE), Some("x64".to_owned()));
        let told = |version: &str, revision| (Some(version.to_owned()), Some(revision), x64.clone());
        // an older cumulative update that was seen before is not the newest
        let text = online.clone() + &rollup("18362.418.1.14") + &target("10.0.18362.1082");
        assert_eq!(facts(&text), told("10.0.18362", 1082));
        let newer = text.clone() + &rollup("18362.1139.1.4");
        assert_eq!(facts(&newer), told("10.0.18362", 1139));
        // the image of another machine tells nothing of this one
        let image = text + &session(r"D:\mount") + &target("10.0.26100.1742") + &rollup("26100.1742.1.10");
        assert_eq!(facts(&image), told("10.0.18362", 1082));
        // nothing but the header; a build of Windows 7 is that of its first release
        assert_eq!(facts(&(online.clone() + &target("10.0.22621.1702"))), told("10.0.22621", 1702));
        let seven = online + &target("6.1.7600.16385");
        assert!(read(&Input { name: "dism.log", bytes: seven.as_bytes() }).is_err());
    }
}
