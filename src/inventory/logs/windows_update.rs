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
use std::collections::BTreeMap;
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

const COMPONENTS: [&str; 46] = [
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

/// An update that was going to be installed.
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
    /// Updates by their own GUID and those of what they bundle.
    by_guid: BTreeMap<String, usize>,
    /// Updates by the servicing session that a restart ends.
    sessions: BTreeMap<String, KbId>,
    reports: Reports,
    events: Events,
    reboot: Option<u32>,
}

impl WindowsUpdate {
    fn thread(&mut self, id: (u32, u32)) -> &mut Thread {
        if self.threads.len() >= LIMIT {
            self.threads.clear();
        }
        self.threads.entry(id).or_default()
    }

    /// `Title = …` of an update that is offered, fetched, installed or removed.
    fn title(&mut self, id: (u32, u32), title: &str, line: u32) {
        self.events.row(line);
        self.events.title(title, line);
        let kb = kb_in_title(title);
        let next = self.updates.len();
        let full = next >= LIMIT;
        let thread = self.thread(id);
        thread.listed = None;
        if thread.installing && !full {
            thread.listed = Some(next);
            self.updates.push(Update { kb, failed: false });
        } else if thread.removing
            && let Some(kb) = kb
        {
            self.events.add(kb, Event::Unclear, line);
        }
    }

    fn bind(&mut self, update: Option<usize>, id: &str) {
        if let (Some(update), Some(guid)) = (update, guid(id))
            && self.by_guid.len() < LIMIT
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
        failed: Option<String>,
        line: u32,
    ) -> Option<KbId> {
        // with one update in the log there is no other that it can be
        let only = (self.updates.len() == 1 && package.is_none()).then_some(0);
        let known = update.or(only).and_then(|i| self.updates.get_mut(i));
        let kb = match &known {
            Some(update) => update.kb.or(package),
            None => package,
        }?;
        match (failed, known) {
            (Some(code), known) => {
                if let Some(update) = known {
                    update.failed = true;
                }
                self.events.add(kb, Event::Failed(code), line);
            }
            // of an update of several parts one failed before
            (None, Some(update)) if update.failed => {}
            (None, _) => self.events.add(kb, Event::Installed, line),
        }
        Some(kb)
    }

    /// `Completed install of CBS update with type=3, requiresReboot=1, installerError=0, hr=0x0`
    fn completed(&mut self, id: (u32, u32), message: &str, line: u32) -> Option<()> {
        let thread = std::mem::take(self.thread(id));
        let hr = between(message, "hr=", ",")?.trim();
        let digits = hr.strip_prefix("0x")?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let kb = self.ended(thread.handled, thread.package, failure(hr), line)?;
        if number < 0x8000_0000 && message.contains("requiresReboot=1") {
            self.reboot = Some(line);
            if let Some(session) = thread.session.filter(|_| self.sessions.len() < LIMIT) {
                self.sessions.insert(session, kb);
            }
        }
        Some(())
    }

    /// `LogHistory called. idUpdate={GUID}.204, resultMapped=80242014, resultUnMapped=0`
    fn history(&mut self, message: &str, line: u32) -> Option<()> {
        let update = self.find(between(message, "idUpdate=", ",")?)?;
        let code = between(message, "resultMapped=", ",")?.trim();
        let number = u32::from_str_radix(code.trim_start_matches("0x"), 16).ok()?;
        let kb = self.updates.get(update)?.kb?;
        match number {
            // still pending until a restart: what the handler said of it stands
            0x8024_2014 => self.reboot = Some(line),
            0 | 0x0024_0005 => {
                self.ended(Some(update), None, None, line);
            }
            _ => {
                if let Some(code) = failure(code) {
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

    fn agent(&mut self, id: (u32, u32), message: &str, line: u32) -> Option<()> {
        let text = message.trim_start_matches(['*', '#', '-', ' ', '\t']);
        if message.contains("START *") {
            let thread = self.thread(id);
            *thread = Thread {
                removing: message.contains("ninstalling updates") || message.contains("Removing updates"),
                installing: message.contains("Installing updates"),
                ..Thread::default()
            };
            thread.installing &= !thread.removing;
        } else if let Some(title) = text.strip_prefix("Title = ") {
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
            "Agent" => self.agent(entry.thread, entry.message, line),
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
