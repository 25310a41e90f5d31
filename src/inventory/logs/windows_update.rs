//! WindowsUpdate.log: the file that Windows 7 and 8.1 write, and what Get-WindowsUpdateLog makes on Windows 10. Titles stand
//! there for every update that is offered; only those of an install that ended well were installed.

use super::super::collect::Collector;
use super::super::format::{Directness, Format};
use super::config_manager::guid;
use super::events::{Event, Events, failure, kb_in_title};
use super::reporting::{Reports, report};
use super::{Log, between};
use crate::model::{Host, KbId, ListKind};
use crate::package::PackageIdentity;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const FORMAT: &str = "WindowsUpdate.log";

/// More updates, and more threads, than any log names.
const LIMIT: usize = 50_000;

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: r"Get-WindowsUpdateLog, or C:\Windows\WindowsUpdate.log before Windows 10",
    signature: "lines of date, time, process, thread and a component such as Agent",
    tells: "updates that the agent installed, failures, whether a restart is pending",
    cannot: "what was installed in another way or before the log began; Windows itself",
    directness: Directness::Logged,
}];

const COMPONENTS: [&str; 48] = [
    "Agent",
    "AU",
    "AUClnt",
    "CDM",
    "CltUI",
    "CMPRESS",
    "COMAPI",
    "ComApi",
    "DataStore",
    "DnldMgr",
    "DownloadManager",
    "Driver",
    "DriverUtil",
    "DtaStor",
    "EEHandler",
    "EEHndlr",
    "EndpointProvider",
    "Handler",
    "IdleTimer",
    "IdleTmr",
    "Inv",
    "LogClient",
    "Metadata",
    "Misc",
    "NtlmAuth",
    "OfflSnc",
    "Parser",
    "ProtocolTalker",
    "PT",
    "Report",
    "Reporter",
    "Service",
    "Setup",
    "Shared",
    "SHUTDWN",
    "SLS",
    "SSL",
    "UpdateOrchestrator",
    "WebServices",
    "WSEvents",
    "WUApp",
    "WuRedir",
    "WuTask",
    "WUWeb",
    "WUREDIR",
    "Utility",
    "UDP",
    "Deployment",
];

/// One line: process and thread, component, message.
struct Entry<'a> {
    thread: (u32, u32),
    component: &'a str,
    message: &'a str,
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// `2016/07/13 14:02:41.7766041 576   1504  Agent   …`, `2016-10-19<tab>14:23:56:231<tab>8904<tab>1834<tab>Handler<tab>…`
fn entry(text: &str) -> Option<Entry<'_>> {
    let text = text.trim_start().trim_start_matches('>');
    let (date, rest) = word(text)?;
    let parts = date.split(['-', '/', '.']);
    let numbers = parts.clone().filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())).count();
    let (time, rest) = word(rest)?;
    if numbers != 3
        || parts.count() != 3
        || !time.starts_with(|c: char| c.is_ascii_digit())
        || !time.contains(':')
    {
        return None;
    }
    let (process, rest) = word(rest)?;
    let (thread, rest) = word(rest)?;
    let (component, message) = word(rest)?;
    // process and thread are decimal or hexadecimal, by the version
    let number = |t: &str| u32::from_str_radix(t, 16).ok();
    Some(Entry { thread: (number(process)?, number(thread)?), component, message: message.trim() })
}

/// A line of a WindowsUpdate.log.
pub(super) fn is_line(line: &str) -> bool {
    entry(line).is_some_and(|e| COMPONENTS.contains(&e.component))
}

/// What a thread is at.
#[derive(Clone, Debug, Default)]
struct Thread {
    /// It lists the updates that it is going to install.
    installing: bool,
    /// Or to remove.
    removing: bool,
    /// The update whose title came last.
    listed: Option<usize>,
    /// Lines of bundled updates that follow.
    bundled: u32,
    /// The update that its handler installs, and the KB of the package.
    handled: Option<usize>,
    package: Option<KbId>,
    session: Option<String>,
}

/// An update that has a title, offered or installed.
#[derive(Clone, Debug)]
struct Update {
    kb: Option<KbId>,
    failed: bool,
}

/// Reads a WindowsUpdate.log.
#[derive(Debug, Default)]
pub(super) struct WindowsUpdate {
    threads: BTreeMap<(u32, u32), Thread>,
    updates: Vec<Update>,
    /// The first update that was going to be installed, and how many were.
    first: Option<usize>,
    installs: u32,
    /// Updates by their own GUID and those of what they bundle.
    by_guid: BTreeMap<String, usize>,
    /// Updates by the servicing session that a restart ends.
    sessions: BTreeMap<String, KbId>,
    /// Updates that servicing has installed but for a restart.
    serviced: BTreeSet<KbId>,
    reports: Reports,
    events: Events,
    reboot: Option<u32>,
}

/// A result as the log writes it: hexadecimal, with or without `0x`.
fn code(text: &str) -> Option<u32> {
    let text = text.trim().trim_end_matches('.');
    u32::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
}

impl WindowsUpdate {
    fn thread(&mut self, id: (u32, u32)) -> &mut Thread {
        if self.threads.len() >= LIMIT {
            self.threads.clear();
        }
        self.threads.entry(id).or_default()
    }

    fn update(&mut self, title: &str) -> Option<usize> {
        let next = self.updates.len();
        if next < LIMIT {
            self.updates.push(Update { kb: kb_in_title(title), failed: false });
        }
        (next < LIMIT).then_some(next)
    }

    /// `Title = …` of an update that is offered, fetched, installed or removed.
    fn title(&mut self, id: (u32, u32), title: &str, line: u32) {
        self.events.row(line);
        self.events.title(title, line);
        let update = self.update(title);
        let thread = self.thread(id);
        thread.listed = update;
        let (installing, removing) = (thread.installing, thread.removing);
        if installing {
            self.installs = self.installs.saturating_add(1);
            self.first = self.first.or(update);
        } else if removing && let Some(kb) = kb_in_title(title) {
            self.events.add(kb, Event::Unclear, line);
        }
    }

    fn bind(&mut self, update: Option<usize>, id: &str) {
        if let (Some(update), Some(guid)) = (update, guid(id))
            && (self.by_guid.len() < LIMIT || self.by_guid.contains_key(&guid))
        {
            self.by_guid.insert(guid, update);
        }
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.by_guid.get(&guid(id)?).copied()
    }

    /// An update, or a part of it, ended.
    fn ended(
        &mut self,
        update: Option<usize>,
        package: Option<KbId>,
        ended: Event,
        line: u32,
    ) -> Option<KbId> {
        // with one update to install there is no other that it can be
        let only = self.first.filter(|_| self.installs == 1 && package.is_none());
        let known = update.or(only).and_then(|i| self.updates.get_mut(i));
        let kb = match &known {
            Some(update) => update.kb.or(package),
            None => package,
        }?;
        match (ended, known) {
            (Event::Failed(code), known) => {
                if let Some(update) = known {
                    update.failed = true;
                }
                self.events.add(kb, Event::Failed(code), line);
            }
            // of an update of several parts one failed before
            (_, Some(update)) if update.failed => {}
            (event, _) => self.events.add(kb, event, line),
        }
        Some(kb)
    }

    /// `Completed install of CBS update with type=3, requiresReboot=1, installerError=0, hr=0x0`
    fn completed(&mut self, id: (u32, u32), message: &str, line: u32) -> Option<()> {
        let thread = std::mem::take(self.thread(id));
        let hr = between(message, "hr=", ",")?;
        let number = code(hr)?;
        let event = failure(hr).map_or(Event::Installed, Event::Failed);
        let kb = self.ended(thread.handled, thread.package, event, line)?;
        if number < 0x8000_0000 && message.contains("requiresReboot=1") {
            self.reboot = Some(line);
            if self.serviced.len() < LIMIT {
                self.serviced.insert(kb);
            }
            if let Some(session) = thread.session.filter(|_| self.sessions.len() < LIMIT) {
                self.sessions.insert(session, kb);
            }
        }
        Some(())
    }

    /// `Install complete for update ID: GUID.1 Return code is 0x00000000. Requires Reboot:Yes`
    fn complete(&mut self, message: &str, line: u32) -> Option<()> {
        let (_, rest) = message.split_once("for update ID: ")?;
        let (id, rest) = rest.split_once(" Return code is ")?;
        let (result, rest) = rest.split_once(". ")?;
        code(result)?;
        let event = match (failure(result), rest.contains("Reboot:No")) {
            (Some(code), _) => Event::Failed(code),
            (None, true) => Event::Installed,
            (None, false) => Event::Pending,
        };
        let update = self.find(id)?;
        self.ended(Some(update), None, event, line);
        Some(())
    }

    /// `LogHistory called. idUpdate={GUID}.204, resultMapped=80242014, resultUnMapped=0`; later versions name the caller
    /// before it and `operation = Install` behind it.
    fn history(&mut self, message: &str, line: u32) -> Option<()> {
        let update = self.find(between(message, "idUpdate=", ",")?)?;
        let result = between(message, "resultMapped=", ",")?;
        let install = between(message, "operation = ", ",").is_none_or(|o| o.trim() == "Install");
        let kb = self.updates.get(update)?.kb?;
        match (code(result)?, install) {
            (0, false) => self.events.add(kb, Event::Absent, line),
            (_, false) => self.events.add(kb, Event::Unclear, line),
            // still pending until a restart, which the servicing handler said itself when it had installed it
            (0x8024_2014, true) if self.serviced.contains(&kb) => self.reboot = Some(line),
            (0x8024_2014 | 0x0024_0005, true) => {
                self.ended(Some(update), None, Event::Pending, line);
            }
            (0, true) => {
                self.ended(Some(update), None, Event::Installed, line);
            }
            _ => {
                if let Some(code) = failure(result) {
                    self.events.add(kb, Event::Failed(code), line);
                }
            }
        }
        Some(())
    }

    /// `Post-reboot status for session 30898227_2712392487: 0x00000000.`
    fn restarted(&mut self, message: &str, line: u32) -> Option<()> {
        self.reboot = None;
        self.events.restart(line);
        let (session, code) = between(message, "status for session ", " and")?.split_once(": ")?;
        let kb = self.sessions.remove(session.trim())?;
        if let Some(code) = failure(code) {
            self.events.add(kb, Event::Unclear, line);
            self.events.add(kb, Event::Failed(code), line);
        }
        Some(())
    }

    fn agent(&mut self, id: (u32, u32), component: &str, message: &str, line: u32) -> Option<()> {
        let text = message.trim_start_matches(['*', '#', '-', ' ', '\t']);
        let starts = message.contains("START *")
            || text.contains("Beginning ") && text.contains("of updates, CallerId")
            || text.contains("PreDeploymentCheck of updates complete for");
        if starts {
            let lower = message.to_ascii_lowercase();
            let removing = lower.contains("uninstall") || lower.contains("removing");
            let installing =
                !removing && (lower.contains("installing") || lower.contains("complete for install"));
            *self.thread(id) = Thread { removing, installing, ..Thread::default() };
        } else if let Some(title) = text.strip_prefix("Title = ") {
            // deployments list what they install; the lists of the agent itself say before what they are for
            if component != "Agent" && !self.thread(id).removing {
                self.thread(id).installing = true;
            }
            self.title(id, title, line);
        } else if let Some(update) = text.strip_prefix("UpdateId = ") {
            let listed = self.thread(id).listed;
            self.bind(listed, update);
        } else if let Some(rest) = text.strip_prefix("Bundles ") {
            let count = rest.split_whitespace().next()?.parse().ok()?;
            self.thread(id).bundled = count;
        } else if self.thread(id).bundled > 0 && guid(text).is_some() {
            let thread = self.thread(id);
            thread.bundled -= 1;
            let listed = thread.listed;
            self.bind(listed, text);
        } else if message.contains("END *") {
            *self.thread(id) = Thread::default();
        } else if text.contains("LogHistory called") {
            return self.history(text, line);
        } else if text.contains("to obtain post-reboot results") {
            return self.restarted(text, line);
        }
        Some(())
    }

    /// `* START * Service startup`: of a restart of the machine or of the service alone, nobody can tell.
    fn service(&mut self, message: &str, line: u32) -> Option<()> {
        if message.contains("START *") && message.contains("Service startup") {
            self.reboot = None;
            self.events.restart(line);
        }
        Some(())
    }

    /// `IUpdate::get_RebootRequired exited for update GUID.1, reboot required = Yes`
    fn asked(&mut self, message: &str, line: u32) -> Option<()> {
        let (_, rest) = message.split_once("get_RebootRequired exited for update ")?;
        let (id, rest) = rest.split_once(", reboot required = ")?;
        let kb = self.find(id).and_then(|u| self.updates.get(u))?.kb?;
        if rest.trim() == "Yes" && self.events.waited(kb) {
            self.events.add(kb, Event::Pending, line);
        }
        Some(())
    }

    /// `Deserialized installable update Title (KB5035853), UpdateID = {GUID.1}`: which update a GUID is.
    fn offered(&mut self, message: &str) -> Option<()> {
        let (_, rest) = message.split_once("Deserialized installable update ")?;
        let (title, id) = rest.rsplit_once(", UpdateID = ")?;
        if self.find(id).is_none() {
            let update = self.update(title);
            self.bind(update, id);
        }
        Some(())
    }

    fn handler(&mut self, id: (u32, u32), message: &str, line: u32) -> Option<()> {
        if let Some(rest) = message.split_once("Starting install of CBS update ").map(|(_, r)| r) {
            let handled = self.find(rest);
            *self.thread(id) = Thread { handled, ..Thread::default() };
        } else if let Some((_, rest)) = message.split_once("CBS package identity: ") {
            let package = PackageIdentity::parse(rest).and_then(|p| p.kb());
            self.thread(id).package = package;
        } else if let Some((_, rest)) = message.split_once("CBS session identity: ") {
            self.thread(id).session = Some(rest.trim().chars().take(60).collect());
        } else if message.contains("Completed install of CBS update") {
            return self.completed(id, message, line);
        } else if message.contains("Install complete for update ID: ") {
            return self.complete(message, line);
        } else if message.contains("Starting uninstall of CBS update") {
            *self.thread(id) = Thread::default();
        } else if message.contains("Post-reboot status for session") {
            return self.restarted(message, line);
        }
        Some(())
    }
}

impl Log for WindowsUpdate {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn needles(&self) -> &'static [&'static str] {
        // the updates of a bundle are lines of a GUID alone
        &[]
    }

    fn line(&mut self, text: &str, line: u32) {
        let Some(entry) = entry(text) else { return };
        if let Some((_, event)) = entry.message.split_once("REPORT EVENT: ") {
            if let Some(report) = report(event) {
                self.reports.add(&report, &mut self.events, line);
            }
            return;
        }
        let _ = match entry.component {
            "Agent" | "UDP" | "Deployment" => self.agent(entry.thread, entry.component, entry.message, line),
            "ComApi" => self.offered(entry.message).or_else(|| self.asked(entry.message, line)),
            "Shared" | "Service" => self.service(entry.message, line),
            "Handler" => self.handler(entry.thread, entry.message, line),
            _ => None,
        };
    }

    fn tell(self: Box<Self>, input: &Arc<str>) -> Option<Host> {
        if self.events.is_empty() {
            return None;
        }
        let mut c = Collector::new(input, FORMAT);
        self.events.tell(&mut c);
        if let Some(line) = self.reboot {
            c.host.pending_reboot = Some(c.fact(true, line));
        }
        Some(c.finish(Some(ListKind::History)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Input, read};
    use crate::model::Architecture;

    const TOP: &str = "11367B68-91E2-4EFB-8E2E-ABD9B063B689";
    const PART: &str = "6842D9C5-8CD9-4C75-AC92-0A90602AFFD4";
    const TOP2: &str = "313201A9-AF7A-4220-9E28-7195811DD06F";
    const PART2: &str = "4CDABB4C-49C6-4846-B53D-4CCE9DBD02EE";

    fn modern(thread: &str, component: &str, message: &str) -> String {
        format!("2021/07/13 18:08:37.4012686 {thread}  {component:<15} {message}\r\n")
    }

    fn agent(message: &str) -> String {
        modern("3736  9756", "Agent", message)
    }

    fn handler(message: &str) -> String {
        modern("752   6180", "Handler", message)
    }

    fn listed(title: &str, top: &str, part: &str) -> String {
        agent(&format!("  Title = {title}"))
            + &agent(&format!("  UpdateId = {top}.204"))
            + &agent("    Bundles 1 updates:")
            + &agent(&format!("      {part}.204"))
    }

    fn installed(part: &str, end: &str) -> String {
        handler(&format!("Starting install of CBS update {part}"))
            + &handler("CBS session identity: 30898227_2712392487")
            + &handler(&format!("Completed install of CBS update with type=3, {end}"))
    }

    fn host(text: &str) -> Host {
        read(&Input { name: "WindowsUpdate.log", bytes: text.as_bytes() }).unwrap().host
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    const EDGE: &str = "The new Microsoft Edge for Windows 10 Version 1809 for x64-based Systems (KB4584642)";
    const TOOL: &str = "Windows Malicious Software Removal Tool x64 - v5.91 (KB890830)";

    fn run() -> String {
        modern(
            "576   1504",
            "DownloadManager",
            "* START * Begin Downloading Updates [CallerId = UpdateOrchestrator]",
        ) + &modern(
            "576   1504",
            "Agent",
            "  Title = Update for Windows 10 for x64-based Systems (KB4023057)",
        ) + &agent("* START *  Installing updates CallerId = CcmExec")
            + &listed(EDGE, TOP, PART)
            + &listed(TOOL, TOP2, PART2)
    }

    #[test]
    fn an_install_that_ended_well_counts_and_an_offer_does_not() {
        let host = host(
            &(run()
                + &installed(PART, "requiresReboot=1, installerError=0, hr=0x0")
                + &installed(PART2, "requiresReboot=0, installerError=1, hr=0x80070643")),
        );
        assert_eq!(states(&host), [(4_584_642, "installed")]);
        assert_eq!(
            host.failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect::<Vec<_>>(),
            [(890_830, "0x80070643")]
        );
        assert_eq!(host.pending_reboot.as_ref().map(|p| p.value), Some(true));
        assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(Architecture::X64));
        assert_eq!(host.completeness.lists[0].shown, 3);
        let updates = host.updates.values().next().map(|f| f.origin.to_string());
        assert_eq!(updates.as_deref(), Some("WindowsUpdate.log:14"));
    }

    #[test]
    fn a_restart_since_leaves_no_restart_pending_and_may_undo_an_install() {
        let before = run() + &installed(PART, "requiresReboot=1, installerError=0, hr=0x0");
        let after =
            |code: &str| handler(&format!("Post-reboot status for session 30898227_2712392487: {code}."));
        let well = host(&(before.clone() + &after("0x00000000")));
        assert_eq!((states(&well), well.pending_reboot), (vec![(4_584_642, "installed")], None));
        let undone = host(&(before + &after("0x800f0922")));
        assert_eq!((states(&undone), undone.failed.len()), (vec![], 1));
    }

    #[test]
    fn the_history_of_the_agent_names_the_update() {
        let history = |code: &str| {
            agent(&format!(
                "LogHistory called. idUpdate={{{TOP2}}}.200, resultMapped={code}, resultUnMapped=0"
            ))
        };
        assert_eq!(states(&host(&(run() + &history("0")))), [(890_830, "installed")]);
        let failed = host(&(run() + &history("80070643")));
        assert_eq!((states(&failed), failed.failed.len()), (vec![], 1));
    }

    #[test]
    fn an_end_that_belongs_to_nobody_tells_nothing() {
        let text = run()
            + &handler(
                "Completed install of CBS update with type=3, requiresReboot=0, installerError=0, hr=0x0",
            );
        let error = read(&Input { name: "f", bytes: text.as_bytes() }).unwrap_err().to_string();
        assert!(error.contains("WindowsUpdate.log"), "{error}");
        // the package has a name of its own
        let named = run()
            + &handler("CBS package identity: Package_for_KB4584642~31bf3856ad364e35~amd64~~10.0.1.0")
            + &handler(
                "Completed install of CBS update with type=3, requiresReboot=0, installerError=0, hr=0x0",
            );
        assert_eq!(states(&host(&named)), [(4_584_642, "installed")]);
    }

    #[test]
    fn what_is_removed_later_is_not_called_installed() {
        let text = run()
            + &installed(PART, "requiresReboot=0, installerError=0, hr=0x0")
            + &installed(PART2, "requiresReboot=0, installerError=0, hr=0x0")
            + &agent("* START *  Uninstalling updates CallerId = wusa")
            + &listed(EDGE, TOP, PART);
        assert_eq!(states(&host(&text)), [(890_830, "installed")]);
    }

    #[test]
    fn deployments_of_later_versions_are_read() {
        let deploy = |component: &str, title: &str, top: &str| {
            modern("4596  14652", "Agent", "PreDeploymentCheck of updates complete for Install")
                + &modern("4596  14652", component, &format!("  Title = {title}"))
                + &modern("4596  14652", component, &format!("  UpdateId = {}.200", top.to_lowercase()))
        };
        let history = |top: &str, operation: &str, code: &str| {
            agent(&format!(
                "LogHistory called for Caller=MoUpdateOrchestrator, idUpdate={top}.200, operation = {operation}, resultMapped={code}, resultUnMapped=0"
            ))
        };
        let text = deploy("Deployment", TOOL, TOP) + &deploy("UDP", EDGE, TOP2);
        let done = text + &history(TOP, "Install", "0") + &history(TOP2, "Install", "80070002");
        let host1 = host(&done);
        assert_eq!((states(&host1), host1.failed.len()), (vec![(890_830, "installed")], 1));
        assert_eq!(states(&host(&(done.clone() + &history(TOP, "Uninstall", "0")))), [(890_830, "absent")]);
        // an update that only its GUID names
        let offer = modern(
            "1968  3628",
            "ComApi",
            &format!(
                "Deserialized installable update 2024-03 Cumulative Update for Windows 11 Version 23H2 for x64-based Systems (KB5035853), UpdateID = {{{PART}.1}}"
            ),
        );
        let end = |code: &str, reboot: &str| {
            handler(&format!(
                "Install complete for update ID: {PART}.1 Return code is {code}. Requires Reboot:{reboot}"
            ))
        };
        let of = |end: String| states(&host(&(done.clone() + &offer + &end)));
        assert_eq!(of(end("0x00000000", "Yes")), [(890_830, "installed"), (5_035_853, "install-pending")]);
        assert_eq!(of(end("0x00000000", "No")), [(890_830, "installed"), (5_035_853, "installed")]);
        assert_eq!(of(end("0x80070002", "No")), [(890_830, "installed")]);
    }

    #[test]
    fn a_start_of_the_service_leaves_open_what_waited_for_a_restart() {
        let start = modern("7160  6204", "Shared", "* START * Service startup");
        let history = agent(&format!(
            "LogHistory called. idUpdate={{{TOP}}}.204, resultMapped=80242014, resultUnMapped=0"
        ));
        let done = installed(PART2, "requiresReboot=0, installerError=0, hr=0x0");
        let waits = run() + &done + &history;
        let before = host(&waits);
        let both = vec![(890_830, "installed"), (4_584_642, "install-pending")];
        assert_eq!((states(&before), before.pending_reboot.map(|p| p.value)), (both.clone(), Some(true)));
        let after = host(&(waits.clone() + &start));
        assert_eq!((states(&after), after.pending_reboot), (vec![(890_830, "installed")], None));
        // Windows says that it still waits
        let asked = modern(
            "1424  18888",
            "ComApi",
            &format!("IUpdate::get_RebootRequired exited for update {TOP}.204, reboot required = Yes"),
        );
        assert_eq!(states(&host(&(waits + &start + &asked))), both);
        let handled = run() + &installed(PART, "requiresReboot=1, installerError=0, hr=0x0") + &history;
        let since = host(&(handled + &start));
        assert_eq!((states(&since), since.pending_reboot), (vec![(4_584_642, "installed")], None));
    }

    #[test]
    fn the_agent_knows_better_than_a_handler_that_asked_for_no_restart() {
        let end = handler(&format!(
            "Install complete for update ID: {PART}.1 Return code is 0x00000000. Requires Reboot:No"
        ));
        let history = agent(&format!(
            "LogHistory called. idUpdate={{{TOP}}}.204, resultMapped=80242014, resultUnMapped=0"
        ));
        assert_eq!(states(&host(&(run() + &end))), [(4_584_642, "installed")]);
        assert_eq!(states(&host(&(run() + &end + &history))), [(4_584_642, "install-pending")]);
    }

    #[test]
    fn the_file_of_windows_7_is_read() {
        let line = |c: &str, m: &str| format!("2016-10-19\t14:23:56:231\t 704\tfc8\t{c}\t{m}\r\n");
        let text = line("Agent", "*************")
            + &line("Agent", "** START **  Agent: Installing updates [CallerId = AutomaticUpdates]")
            + &line("Agent", "  * Updates to install = 1")
            + &line("Agent", "  *   Title = Update for Windows 7 for x64-based Systems (KB3177467)")
            + &line("Agent", &format!("  *   UpdateId = {{{TOP}}}.501"))
            + &line("Agent", "  *     Bundles 1 updates:")
            + &line("Agent", &format!("  *       {{{PART}}}.501"))
            + &line("Handler", &format!("Starting install of CBS update {PART}"))
            + &line(
                "Handler",
                "FATAL: Completed install of CBS update with type=0, requiresReboot=0, installerError=1, hr=0x800736b3",
            );
        let failed = host(&text);
        assert_eq!(failed.failed.values().next().map(|f| f.value.as_str()), Some("0x800736b3"));
        let event = line(
            "Report",
            &format!(
                "REPORT EVENT: {{CA27992C-3791-43CF-8ED3-18B05939AB84}}\t2016-10-19 14:33:56:200-0600\t1\t183\t101\t{{{TOP}}}\t501\t0\twusa\tSuccess\tContent Install\tInstallation Successful: Windows successfully installed the following update: Update for Windows 7 for x64-based Systems (KB3177467)"
            ),
        );
        for text in [text.clone() + &event, (text + &event).replace('\t', " ")] {
            let host = host(&text);
            assert_eq!((states(&host), host.failed.len()), (vec![(3_177_467, "installed")], 0));
        }
    }
}
