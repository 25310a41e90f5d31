//! Events of Windows' own logs: servicing of the Setup log, and the Windows Update client of the System log; as XML, or
//! as sentences that PowerShell and wevtutil print in English.

use super::collect::{Collector, is_ellipsis};
use super::facts::updates_in;
use super::format::{Directness, Format};
use super::lines::Line;
use super::os_values::is_computer_name;
use super::xml::{Document, Node};
use crate::model::{Gap, Host, KbId, ListKind, PackageState};
use std::collections::BTreeMap;
use std::sync::Arc;

const XML: &str = "event log XML";
const TEXT: &str = "event log text";

const TELLS: &str = "updates that were installed, failed or wait for a restart, as far as the log goes back";
const CANNOT: &str = "Windows itself; updates that came before the log begins or after it was saved";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: XML,
        from: "wevtutil qe Setup /f:xml",
        signature: "<Event> of the provider Microsoft-Windows-Servicing or Microsoft-Windows-WindowsUpdateClient",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Logged,
    },
    Format {
        name: TEXT,
        from: "Get-WinEvent -LogName Setup",
        signature: "Package KB… was successfully changed to the Installed state.",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Logged,
    },
];

/// What one event says of one update.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// It is in this state now.
    Reached(PackageState),
    /// It will be in this state after a restart.
    Waits(PackageState),
    /// It did not get into this state, for this code.
    Failed(Option<PackageState>, String),
    /// Something began; how it ended is another event.
    Began,
}

#[derive(Clone, Debug)]
struct Event {
    /// Time and number of the record, which order the events of a log.
    order: (String, u64),
    kb: KbId,
    what: What,
    line: u32,
}

/// The state after a restart that waits.
fn waiting(goal: PackageState) -> PackageState {
    match goal {
        PackageState::Absent | PackageState::Staged => PackageState::UninstallPending,
        _ => PackageState::InstallPending,
    }
}

/// What the newest of the events of each update say.
#[derive(Default)]
struct Log {
    events: Vec<Event>,
    others: Vec<String>,
    rows: u32,
    first: Option<u32>,
}

impl Log {
    fn row(&mut self, line: u32) {
        self.rows = self.rows.saturating_add(1);
        self.first.get_or_insert(line);
    }

    fn tell(mut self, c: &mut Collector, ordered: bool) {
        c.rows(self.rows, self.first);
        self.others.into_iter().for_each(|id| c.other(id));
        self.events.sort_by(|a, b| (&a.order, a.line).cmp(&(&b.order, b.line)));
        let mut of: BTreeMap<KbId, Vec<Event>> = BTreeMap::new();
        for event in self.events {
            of.entry(event.kb).or_default().push(event);
        }
        for (kb, events) in of {
            if ordered { in_order(c, kb, &events) } else { without_order(c, kb, &events) }
        }
    }
}

fn settle(c: &mut Collector, kb: KbId, state: Option<(PackageState, u32)>, waits: bool) {
    let Some((state, line)) = state else { return };
    let origin = c.origin(line);
    c.update(kb, state, origin);
    if waits && c.host.pending_reboot.is_none() {
        c.host.pending_reboot = Some(c.fact(true, line));
    }
}

/// The last event decides.
fn in_order(c: &mut Collector, kb: KbId, events: &[Event]) {
    let (mut settled, mut pending, mut failed) = (None, None, None);
    for event in events {
        match &event.what {
            What::Reached(s) => (settled, pending, failed) = (Some((*s, event.line)), None, None),
            What::Waits(s) => (pending, failed) = (Some((waiting(*s), event.line)), None),
            // what waited for a restart and failed then is as it was before
            What::Failed(Some(PackageState::Installed) | None, code) => {
                (pending, failed) = (None, Some((code.clone(), event.line)));
            }
            What::Failed(..) => pending = None,
            What::Began => {}
        }
    }
    settle(c, kb, pending.or(settled), pending.is_some());
    if let Some((code, line)) = failed {
        let fact = c.fact(code, line);
        c.host.failed.insert(kb, fact);
    }
    if events.iter().all(|e| e.what == What::Began) {
        c.note(format!("{kb} was begun; the log does not say how it ended"), events[0].line);
    }
}

/// Dates are written in the machine's own way and lists run in either direction: what contradicts is not known.
fn without_order(c: &mut Collector, kb: KbId, events: &[Event]) {
    let reached: Vec<(PackageState, u32)> = events
        .iter()
        .filter_map(|e| if let What::Reached(s) = e.what { Some((s, e.line)) } else { None })
        .collect();
    let waits: Vec<(PackageState, u32)> = events
        .iter()
        .filter_map(|e| if let What::Waits(s) = e.what { Some((s, e.line)) } else { None })
        .collect();
    let first = reached.first().or(waits.first()).copied();
    if let Some((state, line)) = first {
        if reached.iter().chain(&waits).any(|(s, _)| *s != state) {
            c.note(format!("{kb} changed more than once; which was last is not certain"), line);
            return;
        }
        let waits = reached.is_empty();
        settle(c, kb, Some((if waits { waiting(state) } else { state }, line)), waits);
    }
    if reached.is_empty() {
        let failed = events.iter().find_map(|e| match &e.what {
            What::Failed(Some(PackageState::Installed) | None, code) => Some((code.clone(), e.line)),
            _ => None,
        });
        if let Some((code, line)) = failed {
            let fact = c.fact(code, line);
            c.host.failed.insert(kb, fact);
        }
    }
}

/// Reads the events of each computer; empty if none is of the two providers.
pub(super) fn read(document: &Document, input: &Arc<str>) -> Vec<Host> {
    let mut logs: BTreeMap<String, (Log, u32)> = BTreeMap::new();
    for node in document.all().filter(|n| n.is("Event")) {
        let Some(system) = node.child("System") else { continue };
        let provider = system.child("Provider").and_then(|p| p.attribute("Name")).unwrap_or_default();
        let id: Option<u32> = system.child_text("EventID").and_then(|(t, _)| t.parse().ok());
        let Some(id) = id else { continue };
        let computer = system.child_text("Computer").filter(|(n, _)| is_computer_name(n));
        let (name, line) = computer.map_or((String::new(), 0), |(n, line)| (n.to_owned(), line));
        let (log, _) = match provider {
            "Microsoft-Windows-Servicing" | "Microsoft-Windows-WindowsUpdateClient" => {
                logs.entry(name).or_insert((Log::default(), line))
            }
            _ => continue,
        };
        let time = system.child("TimeCreated").and_then(|t| t.attribute("SystemTime")).unwrap_or_default();
        let record = system.child_text("EventRecordID").and_then(|(t, _)| t.parse().ok()).unwrap_or(0);
        let order = (sortable(time), record);
        match provider {
            "Microsoft-Windows-Servicing" => servicing(node, id, order, log),
            _ => update_client(node, id, order, log),
        }
    }
    let host = |(name, (log, line)): (String, (Log, u32))| {
        let mut c = Collector::new(input, XML);
        if !name.is_empty() {
            c.host.name = Some(c.fact(name, line));
        }
        log.tell(&mut c, true);
        c.finish(Some(ListKind::History))
    };
    logs.into_iter().map(host).collect()
}

/// `2020-06-09T20:48:39.6827434Z` with a fraction of one length, so that texts compare as times.
fn sortable(time: &str) -> String {
    let time = time.trim_end_matches('Z');
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    format!("{seconds}.{fraction:0<9}")
}

/// The number is 5000 and the state of servicing; the word beside it is localized.
fn servicing_state(data: Node, name: &str) -> Option<PackageState> {
    let number = data.child_text(name).and_then(|(t, _)| t.parse::<u32>().ok());
    let of_number = number.and_then(|n| PackageState::from_servicing(n.checked_sub(5_000)?));
    let word = || PackageState::parse(data.child_text(&format!("{name}Textized"))?.0);
    of_number.or_else(word)
}

fn servicing(event: Node, id: u32, order: (String, u64), log: &mut Log) {
    let data = event.child("UserData").and_then(|u| u.children().next());
    let Some(data) = data else { return };
    let Some((package, line)) = data.child_text("PackageIdentifier") else { return };
    // turning features on and off has numbers of its own
    if !(1..=4).contains(&id) {
        return;
    }
    log.row(line);
    let [kb] = updates_in(package)[..] else {
        log.others.push(package.chars().take(64).collect());
        return;
    };
    let goal = servicing_state(data, "IntendedPackageState");
    let code = data.child_text("ErrorCode").map(|(c, _)| c.to_owned());
    let done = code.as_deref().is_some_and(|c| c.trim_start_matches("0x").bytes().all(|b| b == b'0'));
    let what = match (id, goal) {
        (2, Some(goal)) if done => What::Reached(goal),
        (4, Some(goal)) => What::Waits(goal),
        // a cut event may lack its code
        (2 | 3, goal) if !done && code.is_some() => What::Failed(goal, code.unwrap_or_default()),
        _ => What::Began,
    };
    log.events.push(Event { order, kb, what, line });
}

fn update_client(event: Node, id: u32, order: (String, u64), log: &mut Log) {
    let data = |name: &str| {
        let mut all = event.children().filter(|c| c.is("EventData")).flat_map(Node::children);
        all.find(|d| d.attribute("Name") == Some(name)).map(|d| (d.text(), d.line()))
    };
    let Some((title, line)) = data("updateTitle") else { return };
    let what = match id {
        19 => What::Reached(PackageState::Installed),
        20 => What::Failed(
            Some(PackageState::Installed),
            data("errorCode").map_or(String::new(), |(c, _)| c.to_owned()),
        ),
        23 => What::Reached(PackageState::Absent),
        43 => What::Began,
        _ => return,
    };
    log.row(line);
    if let [kb] = updates_in(title)[..] {
        log.events.push(Event { order, kb, what, line });
    }
}

/// What a sentence of the English message table says; the update is named in it.
fn sentence(text: &str) -> Option<(KbId, What)> {
    let one = |t: &str| if let [kb] = updates_in(t)[..] { Some(kb) } else { None };
    let between = |head: &str, tail: &str| {
        let (_, rest) = text.split_once(head)?;
        rest.split_once(tail)
    };
    let state = |rest: &str| PackageState::parse(rest.split_once(" state")?.0.trim());
    if let Some((id, rest)) = between("ackage ", " was successfully changed to the ") {
        return Some((one(id)?, What::Reached(state(rest)?)));
    }
    if let Some((id, rest)) = between("A reboot is necessary before package ", " can be changed to the ") {
        return Some((one(id)?, What::Waits(state(rest)?)));
    }
    if let Some((id, rest)) = between("ackage ", " failed to be changed to the ") {
        let code = rest.split_once("Status: ").map_or("", |(_, c)| c);
        let code: String = code.chars().take_while(char::is_ascii_alphanumeric).collect();
        return Some((one(id)?, What::Failed(state(rest), code)));
    }
    let (_, rest) = text.split_once("Initiating changes for package ")?;
    Some((one(rest.split_once('.').map_or(rest, |(id, _)| id))?, What::Began))
}

/// The same of the Windows Update client.
fn update_sentence(text: &str) -> Option<(KbId, What)> {
    let one = |t: &str| if let [kb] = updates_in(t)[..] { Some(kb) } else { None };
    if let Some((_, title)) = text.split_once("successfully installed the following update: ") {
        return Some((one(title)?, What::Reached(PackageState::Installed)));
    }
    let (_, rest) = text.split_once("failed to install the following update with error ")?;
    let (code, title) = rest.split_once(':')?;
    Some((one(title)?, What::Failed(Some(PackageState::Installed), code.trim().to_owned())))
}

/// Do later lines tell of earlier events? A change begins before it ends, and waits before it is done: where lines of one
/// update say so, and none says the opposite, the direction is known.
fn newest_first(events: &[Event]) -> Option<bool> {
    let rank = |what: &What| match what {
        What::Began => 0,
        What::Waits(_) => 1,
        What::Reached(_) => 2,
        What::Failed(..) => 3,
    };
    let mut of: BTreeMap<KbId, Vec<&Event>> = BTreeMap::new();
    for event in events {
        of.entry(event.kb).or_default().push(event);
    }
    let mut votes = (false, false);
    for events in of.values() {
        // a kind that comes twice is of two changes
        let mut ranks: Vec<i32> = events.iter().map(|e| rank(&e.what)).collect();
        let (rising, falling) = (ranks.is_sorted(), ranks.is_sorted_by(|a, b| a >= b));
        ranks.sort_unstable();
        if ranks.len() < 2 || ranks.windows(2).any(|w| w[0] == w[1]) {
            continue;
        }
        votes = (votes.0 | rising, votes.1 | falling);
    }
    match votes {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// Reads the sentences; empty if the text is no list of such events.
pub(super) fn read_text(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let has = |word: &str| lines.iter().any(|l| l.text.contains(word));
    let (setup, client) = (has("Microsoft-Windows-Servicing"), has("WindowsUpdateClient"));
    let mut c = Collector::new(input, TEXT);
    let mut log = Log::default();
    let mut cut = false;
    for line in lines {
        let found = sentence(&line.text).or_else(|| client.then(|| update_sentence(&line.text)).flatten());
        let Some((kb, what)) = found else {
            let part = line.text.contains(" KB") && line.text.trim_end().ends_with("...");
            cut |= part || is_ellipsis(&line.text);
            continue;
        };
        log.row(line.number);
        log.events.push(Event { order: (String::new(), 0), kb, what, line: line.number });
    }
    let filled = lines.iter().filter(|l| !l.is_blank()).count();
    let told = log.events.len();
    if told == 0 || !(setup || client) && told * 2 < filled {
        return Vec::new();
    }
    if cut {
        c.gap(Gap::Elided);
    }
    let direction = newest_first(&log.events);
    if direction == Some(true) {
        for event in &mut log.events {
            event.order.1 = u64::from(u32::MAX - event.line);
        }
    }
    log.tell(&mut c, direction.is_some());
    vec![c.finish(Some(ListKind::History))]
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::super::xml;
    use super::*;

    fn event(record: u32, id: u32, kb: &str, state: u32, code: &str) -> String {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Servicing'/><EventID>{id}</EventID>\
             <TimeCreated SystemTime='2020-06-09T20:48:{record:02}.5Z'/><EventRecordID>{record}</EventRecordID><Channel>Setup</Channel><Computer>PC01</Computer></System>\
             <UserData><CbsPackageChangeState xmlns='x'><PackageIdentifier>{kb}</PackageIdentifier><IntendedPackageState>{state}</IntendedPackageState>\
             <IntendedPackageStateTextized>Installiert</IntendedPackageStateTextized><ErrorCode>{code}</ErrorCode><Client>x</Client></CbsPackageChangeState></UserData></Event>\n"
        )
    }

    fn one(text: &str) -> Host {
        let mut hosts = read(&xml::document(&lines(text)).unwrap(), &Arc::from("f"));
        assert_eq!(hosts.len(), 1);
        hosts.remove(0)
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    fn failed(host: &Host) -> Vec<(u32, &str)> {
        host.failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect()
    }

    #[test]
    fn the_last_event_of_an_update_decides_whatever_the_direction() {
        let text = [
            event(9, 2, "KB4561600", 5000, "0x0"),
            event(5, 2, "KB4561600", 5112, "0x0"),
            event(4, 3, "KB4556803", 5112, "0x800f0922"),
            event(6, 2, "KB4556803", 5112, "0x0"),
            event(7, 4, "KB4580325", 5112, "0x0"),
            event(8, 3, "KB4535680", 5112, "0x800f0988"),
            event(3, 2, "KBWUClient-SelfUpdate-Aux", 5112, "0x0"),
            event(2, 9, "KB4524569", 5112, "0x0"),
        ];
        let host = one(&text.concat());
        assert_eq!(
            states(&host),
            [(4_556_803, "installed"), (4_561_600, "absent"), (4_580_325, "install-pending")]
        );
        assert_eq!(failed(&host), [(4_535_680, "0x800f0988")]);
        assert_eq!(host.pending_reboot.map(|p| p.value), Some(true));
        assert_eq!(host.other_ids, ["KBWUClient-SelfUpdate-Aux"]);
        assert_eq!(
            (host.completeness.lists[0].kind, host.completeness.lists[0].shown),
            (ListKind::History, 7)
        );
    }

    #[test]
    fn what_only_began_is_not_installed() {
        let host = one(&event(1, 1, "KB4556803", 5112, "0x0"));
        assert!(host.updates.is_empty() && host.failed.is_empty() && host.notes.len() == 1);
        // without its code nobody knows how it went
        let cut = event(1, 2, "KB4556803", 5112, "0x0").replace("<ErrorCode>0x0</ErrorCode>", "");
        let host = one(&cut);
        assert!(host.updates.is_empty() && host.failed.is_empty());
    }

    #[test]
    fn the_update_client_tells_by_titles() {
        let event = |id: u32, time: u32, title: &str| {
            format!(
                "<Event xmlns=\"x\"><System><Provider Name=\"Microsoft-Windows-WindowsUpdateClient\"/><EventID>{id}</EventID><TimeCreated SystemTime=\"2023-10-1{time}T00:00:00Z\"/><Computer>PC01</Computer></System>\
                 <EventData><Data Name=\"errorCode\">0x80070643</Data><Data Name=\"updateTitle\">{title}</Data></EventData></Event>"
            )
        };
        let text = format!(
            "<Events>{}{}{}</Events>",
            event(20, 1, "x64 用累積更新 (KB5031356)"),
            event(20, 3, "Security Update (KB5034441)"),
            event(19, 2, "x64 用累積更新 (KB5031356)"),
        );
        let host = one(&text);
        assert_eq!(states(&host), [(5_031_356, "installed")]);
        assert_eq!(failed(&host), [(5_034_441, "0x80070643")]);
    }

    #[test]
    fn sentences_of_every_kind() {
        let text = "\n   ProviderName: Microsoft-Windows-Servicing\n\nTimeCreated                     Id LevelDisplayName Message\n-----------                     -- ---------------- -------\n\
            10/13/2020 11:57:14 AM           2 Information      Package KB4580325 was successfully changed to the Installed state.\n\
            10/13/2020 11:50:14 AM           4 Information      A reboot is necessary before package KB4580325 can be changed to the Installed state.\n\
            10/12/2020 11:50:14 AM           4 Information      A reboot is necessary before package KB4535680 can be changed to the Installed state.\n\
            10/11/2020 11:50:14 AM           3 Error            Package KB5031356 failed to be changed to the Installed state. Status: 0x800f0922.\n\
            10/10/2020 11:57:14 AM           2 Information      Package KB4556803 was successfully changed to the Absent state.\n\
            10/09/2020 11:57:14 AM           2 Information      Package KB4556803 was successfully changed to the Installed state.\n\
            11/12/2019  4:47:11 PM           1 Information      Initiating changes for package KB4524569. Current state is Absent. Target state is Ins...\n";
        let hosts = read_text(&lines(text), &Arc::from("f"));
        let want = [(4_535_680, "install-pending"), (4_556_803, "absent"), (4_580_325, "installed")];
        assert_eq!(states(&hosts[0]), want);
        assert_eq!(failed(&hosts[0]), [(5_031_356, "0x800f0922")]);
    }

    #[test]
    fn where_the_direction_is_known_the_newest_decides() {
        let head = "   ProviderName: Microsoft-Windows-Servicing\n";
        let newest = "x 2 Information Package KB5120102 was successfully changed to the Installed state.\n\
            x 2 Information Package KB5120102 was successfully changed to the Staged state.\n\
            x 2 Information Package KB4580325 was successfully changed to the Installed state.\n\
            x 1 Information Initiating changes for package KB4580325. Current state is Absent. Target state is Installed. Client id: x.\n";
        let host = read_text(&lines(&format!("{head}{newest}")), &Arc::from("f")).remove(0);
        assert_eq!(states(&host), [(4_580_325, "installed"), (5_120_102, "installed")]);
        let oldest: Vec<&str> = newest.lines().rev().collect();
        let host = read_text(&lines(&format!("{head}{}", oldest.join("\n"))), &Arc::from("f")).remove(0);
        assert_eq!(states(&host), [(4_580_325, "installed"), (5_120_102, "installed")]);
        let unknown: Vec<&str> = newest.lines().take(2).collect();
        let host = read_text(&lines(&format!("{head}{}", unknown.join("\n"))), &Arc::from("f")).remove(0);
        assert_eq!((states(&host), host.notes.len()), (vec![], 1));
    }

    #[test]
    fn prose_is_no_list() {
        let text = "I ran it.\nThen it said:\nPackage KB4580325 was successfully changed to the Installed state.\nbut nothing works.\n";
        assert!(read_text(&lines(text), &Arc::from("f")).is_empty());
        assert!(
            read(
                &xml::document(&lines("<Events><Event><System/></Event></Events>")).unwrap(),
                &Arc::from("f")
            )
            .is_empty()
        );
    }
}
