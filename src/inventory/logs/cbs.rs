//! CBS.log: the log of component-based servicing. The last line that states a package's present state counts.

use super::super::collect::Collector;
use super::super::format::{Directness, Format};
use super::super::packages::Packages;
use super::events::failure;
use super::{Log, between, stamp};
use crate::model::{Gap, Host, KbId, ListKind, PackageState};
use crate::package::PackageIdentity;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const FORMAT: &str = "CBS.log";

/// More packages than any component store has.
const LIMIT: usize = 50_000;

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: r"C:\Windows\Logs\CBS\CBS.log",
    signature: "lines of date, level and CBS or CSI",
    tells: "states of the packages that servicing looked at, failures, architecture, servicing stack",
    cannot: "packages that it did not touch; what happened after its last line; Windows itself",
    directness: Directness::Logged,
}];

/// `2016-09-28 04:30:31, Info                  CBS    …`, or an applicability without what stands before it.
pub(super) fn is_line(line: &str) -> bool {
    if line.contains("ApplicableState:") && line.contains("CurrentState:") {
        return true;
    }
    let text = line.trim_start().trim_start_matches("> ");
    let bare = ["Appl: ", "Plan: ", "Exec: "].iter().any(|p| text.starts_with(p));
    bare && text.contains("ackage") || component(line).is_some_and(|c| matches!(c, "CBS" | "CSI"))
}

/// The component of a line of the servicing logs.
pub(super) fn component(line: &str) -> Option<&str> {
    let (head, rest) = line.split_once(',')?;
    stamp(head)?;
    let mut words = rest.split_whitespace();
    let level = matches!(words.next()?, "Info" | "Warning" | "Error" | "Perf" | "FatalError");
    words.next().filter(|_| level)
}

/// A state in the words of the log.
pub(super) fn state(word: &str) -> Option<PackageState> {
    match word.trim() {
        "Resolving" | "Resolved" => Some(PackageState::Absent),
        "Staging" => Some(PackageState::Staged),
        "Installed Permanent" => Some(PackageState::Installed),
        word => PackageState::parse(word),
    }
}

/// What the log told last of one package.
#[derive(Clone, Debug)]
struct Seen {
    state: Option<PackageState>,
    line: u32,
    date: String,
}

/// Reads a CBS.log.
#[derive(Debug, Default)]
pub(super) struct Cbs {
    seen: BTreeMap<String, Seen>,
    /// Packages that are there in a state that is not told.
    present: BTreeMap<String, u32>,
    /// The update that a package without one in its name is of.
    names: BTreeMap<String, KbId>,
    failed: BTreeMap<KbId, (String, u32)>,
    /// When a restart was asked for, and the last restart.
    restart: Option<(String, u32)>,
    restarted: String,
    last: String,
    /// An image that does not run is being serviced: what is said of packages is said of it.
    offline: bool,
    /// The first line that told of a package of such an image.
    image: Option<u32>,
}

/// The identity at the start of a text.
fn identity(text: &str) -> Option<(&str, PackageIdentity)> {
    let text = text.trim_start().trim_start_matches(['"', '\'', '[']);
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '"' | '\'' | '['))
        .unwrap_or(text.len());
    let name = &text[..end];
    Some((name, PackageIdentity::parse(name)?))
}

/// The number at the start of a text.
fn number(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

impl Cbs {
    fn see(&mut self, name: &str, state: Option<PackageState>, line: u32) {
        if self.seen.len() >= LIMIT && !self.seen.contains_key(name) {
            return;
        }
        self.seen.insert(name.to_owned(), Seen { state, line, date: self.last.clone() });
    }

    /// `Read out cached package applicability for package: P, ApplicableState: A, CurrentState:C`
    fn applicability(&mut self, text: &str, line: u32) -> Option<()> {
        let (name, _) = identity(between(text, "package: ", ", ApplicableState")?)?;
        let current = number(text.split_once("CurrentState:")?.1)?;
        self.see(name, PackageState::from_servicing(current), line);
        Some(())
    }

    /// A change that is planned, or made: `Plan: Package: P, current: S, …, targeted: T`, `Reporting package change
    /// completion for package: P, current: S, …, status: 0x0`.
    fn change(&mut self, text: &str, line: u32) -> Option<()> {
        let (_, rest) = text.split_once("ackage: ")?;
        // parts of a package have states of their own; an image that does not run is another machine
        if rest.contains(", Update: ") || rest.contains("initiated offline: True") {
            return None;
        }
        let (name, package) = identity(rest)?;
        let field = |name: &str| between(rest, name, ",").map(str::trim);
        let current = state(field(", current: ")?);
        let target = field(", targeted: ").or_else(|| field(", target: "));
        let done = text.contains("package change completion");
        let settled = done || target.is_some_and(|t| state(t) == current);
        self.see(name, current.filter(|_| settled), line);
        if let (true, Some(code)) = (done, field(", status: ").and_then(failure)) {
            self.fail(name, &package, code, line);
        }
        Some(())
    }

    /// `External EvaluateApplicability - Current state, package: P, package current state: S, …, resulting current state: S`
    fn evaluated(&mut self, text: &str, line: u32) -> Option<()> {
        let (name, _) = identity(text.split_once(", package: ")?.1)?;
        let own = between(text, "package current state: ", ",")?;
        let resulting = text.split_once("resulting current state: ").map(|(_, r)| r.trim());
        let agreed = resulting.is_some_and(|r| r == own.trim());
        self.see(name, state(own).filter(|_| agreed), line);
        Some(())
    }

    fn fail(&mut self, name: &str, package: &PackageIdentity, code: String, line: u32) {
        let kb = package.kb().or_else(|| self.names.get(name).copied());
        if let Some(kb) = kb.filter(|kb| self.failed.len() < LIMIT || self.failed.contains_key(kb)) {
            self.failed.insert(kb, (code, line));
        }
    }

    /// `WER: Generating failure report for package: P, status: 0x800f0922, …`
    fn report(&mut self, text: &str, line: u32) -> Option<()> {
        let (name, package) = identity(text.split_once("failure report for package: ")?.1)?;
        let code = between(text, ", status: ", ",").and_then(failure)?;
        self.fail(name, &package, code, line);
        Some(())
    }

    /// `Exec: Processing complete. Session: N, Package: P, Identifier: KB123 [HRESULT = 0x800f0922 - …]`
    fn complete(&mut self, text: &str, line: u32) -> Option<()> {
        let (name, package) = identity(text.split_once("Package: ")?.1)?;
        let kb = between(text, "Identifier: ", "[").and_then(super::kb_in_title);
        if let Some(kb) = kb.filter(|_| package.kb().is_none() && self.names.len() < LIMIT) {
            self.names.insert(name.to_owned(), kb);
        }
        match between(text, "HRESULT = ", " ").and_then(failure) {
            Some(code) => self.fail(name, &package, code, line),
            None => {
                if let Some(kb) = package.kb().or(kb) {
                    self.failed.remove(&kb);
                }
            }
        }
        Some(())
    }

    /// `Skipping package [P] since it is permanent`: it is there, and nothing says in which state.
    fn permanent(&mut self, text: &str, line: u32) -> Option<()> {
        let (name, _) = identity(text.split_once("Skipping package [")?.1)?;
        if self.present.len() < LIMIT {
            self.present.entry(name.to_owned()).or_insert(line);
        }
        Some(())
    }

    fn restarts(&mut self, date: &str) {
        if date > self.restarted.as_str() {
            self.restarted = date.to_owned();
        }
    }
}

impl Log for Cbs {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn needles(&self) -> &'static [&'static str] {
        &[
            "CurrentState:",
            ", current: ",
            "package current state: ",
            "parent found: ",
            "failure report for package: ",
            "Processing complete",
            "since it is permanent",
            "Reboot required: yes",
            "Last boot time: ",
            "Startup: ",
            "ffline registry hive",
            "ffline image is: ",
            "TrustedInstaller initialization",
        ]
    }

    fn line(&mut self, text: &str, line: u32) {
        if let Some(date) = stamp(text) {
            date.clone_into(&mut self.last);
        }
        if text.contains("Loading offline registry hive") || text.contains("ffline image is: ") {
            self.offline = true;
        } else if text.contains("Unloading offline registry hive")
            || text.contains("Starting TrustedInstaller initialization")
        {
            self.offline = false;
        } else if self.offline {
            let tells = ["CurrentState:", ", current: ", "package current state: "];
            if tells.iter().any(|t| text.contains(t)) {
                self.image.get_or_insert(line);
            }
        } else if text.contains("CurrentState:") {
            self.applicability(text, line);
        } else if text.contains(", current: ") {
            self.change(text, line);
        } else if text.contains("package current state: ") {
            self.evaluated(text, line);
        } else if let Some((_, rest)) = text.split_once("parent found: ") {
            if let Some((name, _)) = identity(rest)
                && let Some(state) = between(rest, ", state: ", ",").and_then(state)
            {
                self.see(name, Some(state), line);
            }
        } else if text.contains("failure report for package: ") {
            self.report(text, line);
        } else if text.contains("Processing complete") {
            self.complete(text, line);
        } else if text.contains("since it is permanent") {
            self.permanent(text, line);
        } else if text.contains("Reboot required: yes") {
            self.restart = Some((self.last.clone(), line));
        } else if let Some((_, rest)) = text.split_once("Last boot time: ") {
            if let Some(date) = stamp(rest) {
                self.restarts(date);
            }
        } else if text.contains(" Startup: ") {
            // only a start of Windows that finishes what waited for it says this
            let date = self.last.clone();
            self.restarts(&date);
        }
    }

    fn tell(self: Box<Self>, input: &Arc<str>) -> Option<Host> {
        let mut c = Collector::new(input, FORMAT);
        let mut packages = Packages::default();
        // what waited for a restart that came since is not known any more
        let waits =
            |s: PackageState| matches!(s, PackageState::InstallPending | PackageState::UninstallPending);
        let known = |seen: &Seen| seen.state.filter(|s| !waits(*s) || seen.date >= self.restarted);
        let mut states: Vec<(&String, PackageState, u32)> =
            self.seen.iter().filter_map(|(name, s)| Some((name, known(s)?, s.line))).collect();
        states.sort_by_key(|(name, _, line)| (*line, *name));
        for (name, state, line) in &states {
            packages.state(name, *state, *line);
        }
        if packages.is_empty() && self.failed.is_empty() {
            return None;
        }
        packages.tell(&mut c, false);
        c.gap(Gap::OnlyTouched);
        for (name, state, line) in &states {
            if let Some(kb) = self.names.get(*name) {
                let origin = c.origin(*line);
                c.update(*kb, *state, origin);
            }
        }
        self.forget_doubtful(&mut c, &states);
        for (kb, (code, line)) in &self.failed {
            let later = |f: &crate::model::Fact<PackageState>| {
                f.value == PackageState::Installed && f.origin > c.origin(*line)
            };
            if !c.host.updates.get(kb).is_some_and(later) {
                let fact = c.fact(code.clone(), *line);
                c.host.failed.insert(*kb, fact);
            }
        }
        if let Some((date, line)) = &self.restart
            && *date >= self.restarted
            && c.host.pending_reboot.is_none()
        {
            c.host.pending_reboot = Some(c.fact(true, *line));
        }
        self.notes(&mut c, states.last().map_or(1, |(_, _, line)| *line));
        Some(c.finish(Some(ListKind::ComponentStore)))
    }
}

impl Cbs {
    /// Takes back what the packages seem to say and the log does not prove.
    fn forget_doubtful(&self, c: &mut Collector, states: &[(&String, PackageState, u32)]) {
        // the main package of an update is absent: not only one of its parts, nor an older or newer revision
        let kb = |name: &str| PackageIdentity::parse(name).and_then(|p| p.kb());
        let known: BTreeSet<&String> = states.iter().map(|(name, ..)| *name).collect();
        let unknown: Vec<&String> = self.seen.keys().filter(|name| !known.contains(name)).collect();
        let mut there: BTreeSet<KbId> = unknown.iter().filter_map(|name| kb(name)).collect();
        there.extend(self.present.keys().filter_map(|name| kb(name)));
        let main: BTreeSet<KbId> = states
            .iter()
            .filter_map(|(name, ..)| PackageIdentity::parse(name))
            .filter_map(|p| p.kb().filter(|kb| p.name.eq_ignore_ascii_case(&format!("Package_for_{kb}"))))
            .collect();
        c.host
            .updates
            .retain(|kb, f| f.value != PackageState::Absent || main.contains(kb) && !there.contains(kb));
        // a newer cumulative update was begun, and nothing says how that ended
        let told = c.host.branch.as_ref().map(|b| b.value).zip(c.host.revision.as_ref().map(|r| r.value));
        let newer = unknown.iter().any(|name| {
            let rollup = PackageIdentity::parse(name).and_then(|p| p.rollup());
            rollup.zip(told).is_some_and(|(r, t)| r.0 == t.0 && r.1 > t.1)
        });
        if newer {
            c.host.revision_at_least = c.host.revision.take();
        }
    }

    fn notes(&self, c: &mut Collector, line: u32) {
        if let Some(line) = self.image {
            c.note("what the log tells of an image that does not run is left out", line);
        }
        let named: BTreeSet<KbId> = self
            .present
            .keys()
            .filter_map(|name| PackageIdentity::parse(name)?.kb())
            .filter(|kb| !c.host.updates.contains_key(kb))
            .collect();
        if let Some(first) = self.present.values().min().filter(|_| !named.is_empty()) {
            let list: Vec<String> = named.iter().take(20).map(ToString::to_string).collect();
            c.note(format!("permanent, in a state that is not printed: {}", list.join(", ")), *first);
        }
        if let Some(day) = self.last.get(..10) {
            c.note(format!("states as of {day}: what happened later is not in the log"), line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Input, Parsed, ReadError, read};
    use crate::model::Architecture;

    fn log(lines: &[&str]) -> Result<Parsed, ReadError> {
        let text: String = (0..)
            .zip(lines)
            .map(|(i, l)| format!("2023-03-29 14:03:{i:02}, Info                  CBS    {l}\r\n"))
            .collect();
        read(&Input { name: "CBS.log", bytes: text.as_bytes() })
    }

    fn cached(name: &str, version: &str, applicable: u32, current: u32) -> String {
        format!(
            "Read out cached package applicability for package: {name}~31bf3856ad364e35~amd64~~{version}, ApplicableState: {applicable}, CurrentState:{current}"
        )
    }

    fn host(lines: &[&str]) -> Host {
        log(lines).unwrap().host
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    #[test]
    fn the_current_state_counts_not_the_applicable_one_and_the_last_line_wins() {
        let host = host(&[
            &cached("Package_for_KB5003791", "19041.1237.1.3", 112, 0),
            &cached("Package_for_KB4580325", "10.0.1.0", 64, 112),
            &cached("Package_for_KB2999226", "6.1.1.7", 112, 64),
            &cached("Package_for_KB5003791", "19041.1237.1.3", 112, 112),
            &cached("Package_for_KB5012170", "10.0.1.0", 80, 80),
            &cached("Package_for_RollupFix", "17763.5206.1.9", 112, 128),
            &cached("Package_for_KB3021128", "6.3.1.0", 112, 0)
                .replace("package app", "app")
                .replace("for pack", "from TiLight for pack"),
        ]);
        assert_eq!(
            states(&host),
            [
                (2_999_226, "staged"),
                (3_021_128, "absent"),
                (4_580_325, "installed"),
                (5_003_791, "installed"),
                (5_012_170, "superseded")
            ]
        );
        assert_eq!(host.updates.get(&KbId::new(5_003_791).unwrap()).unwrap().origin.to_string(), "CBS.log:4");
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(5206));
        assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(Architecture::X64));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::OnlyTouched]);
        assert_eq!((host.completeness.lists[0].shown, host.pending_reboot), (6, None));
        assert!(host.notes.iter().any(|n| n.value.starts_with("states as of 2023-03-29")));
    }

    #[test]
    fn what_is_permanent_is_there_but_has_no_state() {
        let host = host(&[
            "Skipping package [Package_for_KB4577586~31bf3856ad364e35~amd64~~10.0.1.2] since it is permanent",
            "Skipping package [Package_for_KB4562830~31bf3856ad364e35~amd64~~10.0.1.2] since it is permanent",
            &cached("Package_for_KB4562830", "10.0.1.3", 112, 0),
            &cached("Package_for_KB5012170", "10.0.1.0", 112, 112),
        ]);
        // the revision that is absent does not make the update absent
        assert_eq!(states(&host), [(5_012_170, "installed")]);
        assert!(host.notes.iter().any(|n| n.value.contains("KB4577586")), "{:?}", host.notes);
    }

    #[test]
    fn a_part_that_is_absent_is_no_absent_update() {
        let host = host(&[
            &cached("KB2938345-MappingPackage", "6.3.1.0", 0, 0),
            &cached("Package_2_for_KB2938346", "6.3.1.0", 0, 0),
            &cached("Package_for_KB2506014_RTM", "6.1.1.0", 0, 0),
            &cached("Package_for_KB2506014_SP1", "6.1.1.0", 112, 112),
            &cached("Package_for_KB2706045_RTM", "6.1.1.0", 0, 0),
        ]);
        assert_eq!(states(&host), [(2_506_014, "installed")]);
        assert_eq!(host.packages.len(), 5);
    }

    #[test]
    fn a_plan_tells_a_state_only_where_nothing_changes() {
        let plan = |name: &str, current: &str, target: &str| {
            format!(
                "Plan: Package: {name}~31bf3856ad364e35~amd64~~10.0.1.0, current: {current}, pending: Default, start: {current}, applicable: Installed, targeted: {target}, limit: Installed"
            )
        };
        let part = plan("Package_for_KB5000003", "Installed", "Installed")
            .replace(", current", ", Update: ab, current");
        let host = host(&[
            &plan("Package_for_KB5000001", "Installed", "Installed"),
            &cached("Package_for_KB5000002", "10.0.1.0", 112, 0),
            &plan("Package_for_KB5000002", "Absent", "Installed"),
            &part,
        ]);
        assert_eq!(states(&host), [(5_000_001, "installed")]);
    }

    #[test]
    fn a_finished_change_tells_the_state_and_the_failure() {
        let done = |kb: u32, current: &str, status: &str| {
            format!(
                "Reporting package change completion for package: Package_for_KB{kb}~31bf3856ad364e35~amd64~~10.0.1.0, current: {current}, original: Absent, target: Installed, status: {status}, failure source: Execute, failure details: \"(null)\", client id: WindowsUpdateAgent, initiated offline: False, execution sequence: 82, first merged sequence: 82"
            )
        };
        let wer = "WER: Generating failure report for package: Package_for_KB3177467~31bf3856ad364e35~amd64~~6.1.1.1, status: 0x800736b3, failure source: Execute, start state: Staged, target state: Installed, client id: WindowsUpdateAgent";
        let offline = done(5_000_003, "Installed", "0x0").replace("offline: False", "offline: True");
        let host = host(&[
            &done(5_000_001, "Installed", "0x0"),
            &done(5_000_002, "Resolved", "0x80070002"),
            &offline,
            wer,
        ]);
        assert_eq!(states(&host), [(5_000_001, "installed"), (5_000_002, "absent")]);
        let failed: Vec<_> = host.failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect();
        assert_eq!(failed, [(3_177_467, "0x800736b3"), (5_000_002, "0x80070002")]);
    }

    #[test]
    fn the_identifier_names_the_update_of_a_rollup() {
        let complete = |result: &str| {
            format!(
                "Exec: Processing complete.  Session: 30911173_25343897, Package: Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.805.1.6, Identifier: KB4519338 [HRESULT = {result}]"
            )
        };
        let failed = host(&[&complete("0x800f0982 - PSFX_E_MATCHING_COMPONENT_NOT_FOUND")]);
        assert_eq!(failed.failed.values().next().map(|f| f.value.as_str()), Some("0x800f0982"));
        assert!(failed.updates.is_empty());
        let rollup = cached("Package_for_RollupFix", "17763.805.1.6", 112, 112);
        let done = host(&[&complete("0x800f0982 - X"), &complete("0x00000000 - S_OK"), &rollup]);
        assert_eq!((states(&done), done.failed.len()), (vec![(4_519_338, "installed")], 0));
    }

    #[test]
    fn a_newer_rollup_that_was_begun_leaves_a_lower_bound() {
        let host = host(&[
            &cached("Package_for_RollupFix", "19041.2604.1.10", 112, 112),
            "Plan: Package: Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.2728.1.7, current: Staged, pending: Default, start: Staged, applicable: Installed, targeted: Installed, limit: Installed",
        ]);
        assert_eq!(host.revision, None);
        assert_eq!(host.revision_at_least.map(|r| r.value), Some(2604));
    }

    #[test]
    fn a_restart_settles_what_waited_for_it() {
        let pending = cached("Package_for_KB5012170", "10.0.1.0", 112, 96);
        let waits =
            host(&[&pending, "Session: 1_2 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]"]);
        assert_eq!(
            (states(&waits), waits.pending_reboot.map(|p| p.value)),
            (vec![(5_012_170, "install-pending")], Some(true))
        );
        let other = cached("Package_for_KB5003791", "10.0.1.0", 112, 112);
        let since = host(&[&pending, &other, "TI: Last boot time: 2023-03-29 14:03:01.500"]);
        assert_eq!((states(&since), since.pending_reboot), (vec![(5_003_791, "installed")], None));
    }

    #[test]
    fn evaluations_of_windows_11_tell_the_state() {
        let line = |kb: u32, own: &str, result: &str| {
            format!(
                "External EvaluateApplicability - Current state, package: Package_for_KB{kb}~31bf3856ad364e35~amd64~~22621.1554.1.1, package current state: {own}, lowest rollup current state: {own}, resulting current state: {result}"
            )
        };
        let host = host(&[
            &line(5_026_039, "Absent", "Absent"),
            &line(5_012_170, "Installed", "Installed"),
            &line(5_025_800, "Installed", "Staged"),
        ]);
        assert_eq!(states(&host), [(5_012_170, "installed"), (5_026_039, "absent")]);
    }

    #[test]
    fn parents_that_were_found_have_a_state() {
        let host = host(&[
            "Appl: detectParent: parent found: Package_for_KB4132216~31bf3856ad364e35~amd64~~10.0.1.0, state: Installed",
            "Appl: detectParent: no parent found, go absent",
        ]);
        assert_eq!(states(&host), [(4_132_216, "installed")]);
    }

    #[test]
    fn a_log_without_states_is_refused_with_what_reads_it() {
        let error = log(&["Ending TrustedInstaller finalization.", "used space change: 6716 KB, hr: 0x0"])
            .unwrap_err();
        let line = error.to_string();
        assert!(line.contains("CBS.log") && line.contains("--log"), "{line}");
    }

    #[test]
    fn an_image_that_does_not_run_is_left_out() {
        let load = r"Loading offline registry hive: SOFTWARE, into registry key '{bf1a281b-ad7b-4476-ac95-f47682990ce7}D:/m/Windows/System32/config/SOFTWARE' from path '\\?\D:\m\Windows\System32\config\SOFTWARE'.";
        let lines = [
            cached("Package_for_KB5012170", "10.0.1.0", 112, 112),
            load.to_owned(),
            "Offline image is: writeable".to_owned(),
            cached("Package_for_KB5003791", "10.0.1.0", 112, 112),
            cached("Package_for_RollupFix", "17763.5206.1.9", 112, 112),
            "Unloading offline registry hive: {bf1a281b-ad7b-4476-ac95-f47682990ce7}D:/m".to_owned(),
            cached("Package_for_KB4580325", "10.0.1.0", 112, 112),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let online = host(&lines);
        assert_eq!(states(&online), [(4_580_325, "installed"), (5_012_170, "installed")]);
        assert_eq!((online.revision, online.branch), (None, None));
        assert!(online.notes.iter().any(|n| n.value.contains("image")));
        assert!(log(&lines[1..5]).is_err());
    }
}
