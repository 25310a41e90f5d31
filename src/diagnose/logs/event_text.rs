//! The sentences of events as `wevtutil /f:text`, `Get-WinEvent` and the Event Viewer give them.

use super::Reads;
use super::event::{Event, Events, What};
use super::gather::Gathered;
use super::text::{after, failure, kb_in};
use crate::inventory::logs::kb_in_title;

/// Reads events as text.
#[derive(Debug, Default)]
pub(super) struct EventText {
    date: String,
    events: Events,
}

const SENTENCES: [&str; 8] = [
    "could not be installed because of error ",
    "failed to be changed to the ",
    "was successfully changed to the ",
    "A reboot is necessary before package ",
    "failed to install the following update with error ",
    "successfully installed the following update",
    "failed to check for updates with error ",
    "was successfully installed. (Command line",
];

/// A line with such a sentence.
pub(super) fn is_line(line: &str) -> bool {
    line.starts_with("Event[") || SENTENCES.iter().any(|s| line.contains(s))
}

impl Reads for EventText {
    fn needles(&self) -> Vec<&'static str> {
        let mut all = SENTENCES.to_vec();
        all.push("Date: ");
        all
    }

    fn line(&mut self, text: &str, n: u32, _: &mut Gathered) {
        if let Some(date) = text.trim_start().strip_prefix("Date: ") {
            let date = date.trim();
            let iso = date.as_bytes().get(10) == Some(&b'T') && date.as_bytes().get(4) == Some(&b'-');
            self.date = if iso { date.get(..19).unwrap_or_default().to_owned() } else { String::new() };
            return;
        }
        if let Some(what) = sentence(text) {
            let date = std::mem::take(&mut self.date);
            self.events.add(Event { date, line: n, text: text.to_owned(), what });
        }
    }

    fn end(&mut self, out: &mut Gathered) {
        self.events.tell(out);
    }
}

/// What a sentence tells.
fn sentence(text: &str) -> Option<What> {
    let to_installed = |rest: &str| rest.trim_start_matches("the ").starts_with("Installed");
    if let Some(rest) = after(text, SENTENCES[0]) {
        return Some(What::Failed(kb_in_title(text).or_else(|| kb_in(text)), failure_or_wait(rest)?));
    }
    if let Some(rest) = after(text, SENTENCES[1]) {
        return Some(What::Failed(kb_in(text), failure(after(rest, "Status: ")?)?));
    }
    if let Some(rest) = after(text, SENTENCES[2]) {
        return to_installed(rest).then(|| kb_in(text).map(What::Done))?;
    }
    if after(text, SENTENCES[3]).is_some() {
        return kb_in(text).map(What::Restart);
    }
    if let Some(rest) = after(text, SENTENCES[4]) {
        return Some(What::Failed(kb_in_title(text), failure(rest)?));
    }
    if after(text, SENTENCES[5]).is_some() || text.contains(SENTENCES[7]) {
        return kb_in_title(text).or_else(|| kb_in(text)).map(What::Done);
    }
    Some(What::Failed(None, failure(after(text, SENTENCES[6])?)?))
}

/// wusa gives 2359302 (0x00240006), too, where an update hangs in Install Pending.
pub(super) fn failure_or_wait(text: &str) -> Option<u32> {
    failure(text).or_else(|| (text.trim_start().starts_with("2359302")).then_some(0x0024_0006))
}
