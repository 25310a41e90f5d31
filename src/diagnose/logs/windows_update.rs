//! WindowsUpdate.log: failures of installs by update, and of searches and downloads. What was installed when is read as
//! inventories read it.

use super::super::log::LogFinding;
use super::Reads;
use super::gather::Gathered;
use super::text::{Package, after, evidence, hex};
use crate::diagnose::codes::ErrorEvidence;
use crate::inventory::logs::{Log, reader_of_windows_update};
use crate::model::{Host, KbId, Location, PackageState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines with a failure whose text is kept: the last ones.
const TEXTS: usize = 2_000;

/// Reads a WindowsUpdate.log.
pub(super) struct WindowsUpdate {
    host: Box<dyn Log>,
    texts: Texts,
    /// Failures of searches and downloads: the last line of each code.
    agent: BTreeMap<u32, u32>,
}

impl Default for WindowsUpdate {
    fn default() -> Self {
        Self { host: reader_of_windows_update(), texts: Texts::default(), agent: BTreeMap::new() }
    }
}

/// The text of lines that may turn out to be decisive.
#[derive(Debug, Default)]
pub(super) struct Texts(BTreeMap<u32, String>);

impl Texts {
    pub(super) fn keep(&mut self, line: u32, text: &str) {
        if self.0.len() >= TEXTS {
            self.0.pop_first();
        }
        self.0.insert(line, evidence(text));
    }

    pub(super) fn of(&self, line: u32) -> &str {
        self.0.get(&line).map_or("", String::as_str)
    }
}

/// What the agent was doing when it failed: its warnings about other things stand in healthy logs, too.
const DOING: [&str; 13] = [
    "Exit code = 0x",
    "SyncUpdates",
    "SyncServerUpdatesInternal failed",
    "PTError",
    "failed Searching for update",
    "failed Downloading",
    "failed installing updates",
    "Failed to synchronize",
    "CBS called Error with",
    "*FAILED*",
    "80240017",
    "Search callback failed",
    "download failed",
];

impl Reads for WindowsUpdate {
    fn needles(&self) -> Vec<&'static str> {
        // the updates of a bundle are lines of a GUID alone
        Vec::new()
    }

    fn line(&mut self, text: &str, n: u32, out: &mut Gathered) {
        if let Some(date) = date(text) {
            out.dated(&date);
        }
        self.host.line(text, n);
        if text.contains("Found ") && text.contains("updates and ") || text.contains("Exit code = 0x00000000")
        {
            // a search that went well: the network and the server are there
            self.agent.retain(|code, _| !of_search(*code));
            return;
        }
        let Some(code) = code_in(text) else { return };
        self.texts.keep(n, text);
        let doing = DOING.iter().any(|d| text.contains(d));
        let warns = ["WARNING", "FATAL", "*FAILED*"].iter().any(|w| text.contains(w));
        let meant = !text.contains("*FAILED*")
            || ["Sync", "earch", "can", "nstall", "ownload"].iter().any(|w| text.contains(w));
        if doing && warns && meant && (self.agent.len() < 100 || self.agent.contains_key(&code)) {
            self.agent.insert(code, n);
        }
    }

    fn end(&mut self, out: &mut Gathered) {
        let host = std::mem::replace(&mut self.host, reader_of_windows_update()).tell(&Arc::from("log"));
        tell(host, &self.texts, &self.agent, out);
    }
}

/// `2021/07/13 14:02:41.7766041`, `2016-10-19<tab>14:23:56:231`
fn date(text: &str) -> Option<String> {
    crate::inventory::logs::stamp(text).map(|d| d.replace('/', "-").replace('\t', " "))
}

/// Codes of the connection, the protocol and the search.
fn of_search(code: u32) -> bool {
    matches!(code, 0x8024_4000..=0x8024_4fff | 0x8007_2000..=0x8007_2fff | 0x8024_5000..=0x8024_5fff | 0x8024_0000..=0x8024_0fff)
}

/// The first failure in a line: after `0x`, or eight digits in brackets or behind a blank.
pub(super) fn code_in(text: &str) -> Option<u32> {
    let mut rest = text;
    while let Some(at) = rest.find(['0', '8', 'C', 'c']) {
        let before = rest.get(..at)?.chars().next_back();
        rest = rest.get(at..)?;
        let bound = !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '{' || c == '_');
        if bound
            && let Some(code) = hex(rest).filter(|c| *c >= 0x8000_0000)
            && !rest.get(if rest.starts_with("0x") { 10 } else { 8 }..).is_some_and(|r| r.starts_with('-'))
        {
            return Some(code);
        }
        rest = rest.get(1..)?;
    }
    None
}

/// What the log told of updates, and of the agent itself, in the order of the log: the last is the last attempt.
pub(super) fn tell(host: Option<Host>, texts: &Texts, agent: &BTreeMap<u32, u32>, out: &mut Gathered) {
    let line = |at: &Location| if let Location::Line(n) = at { *n } else { 0 };
    let mut all: Vec<(u32, Option<KbId>, Option<u32>)> = Vec::new();
    if let Some(host) = &host {
        for (kb, failed) in &host.failed {
            let code = after(&failed.value, "0x").and_then(|_| hex(&failed.value));
            all.push((line(&failed.origin.at), Some(*kb), code));
        }
        for (kb, state) in host.updates.iter().filter(|(_, f)| f.value == PackageState::Installed) {
            out.done(&Package::of_kb(*kb), line(&state.origin.at));
        }
        if let Some(pending) = host.pending_reboot.as_ref().filter(|p| p.value) {
            all.push((line(&pending.origin.at), None, None));
        }
    }
    let known = |code: u32| ErrorEvidence::parse(&format!("0x{code:08x}")).meaning.is_some();
    let of_update: Vec<Option<u32>> = all.iter().map(|(.., code)| *code).collect();
    let own = |code: u32| known(code) && !of_update.contains(&Some(code));
    all.extend(agent.iter().filter(|(c, _)| own(**c)).map(|(code, n)| (*n, None, Some(*code))));
    all.sort_unstable();
    for (n, kb, code) in all {
        out.begin(kb.map(Package::of_kb).unwrap_or_default());
        let finding = match code {
            None if kb.is_none() => LogFinding::RestartRequired,
            None => continue,
            Some(0x8007_0070) => LogFinding::DiskFull,
            Some(code) => LogFinding::Failed { kb, version: None, code, extend: None },
        };
        out.push(finding, texts.of(n), n);
    }
}
