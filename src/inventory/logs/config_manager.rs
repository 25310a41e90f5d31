//! Logs of the Configuration Manager client: what its scans found installed and missing.

use super::super::collect::Collector;
use super::super::format::{Directness, Format};
use super::events::{Event, Events, failure, kb_in_title};
use super::{Log, between};
use crate::model::{Host, KbId, ListKind};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "Configuration Manager log";

/// More updates than any machine was ever offered.
const LIMIT: usize = 50_000;

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: r"C:\Windows\CCM\Logs\UpdatesStore.log, WUAHandler.log",
    signature: "records in <![LOG[…]LOG]!>",
    tells: "updates that a scan found installed or missing",
    cannot: "updates that the site does not know; what happened after its last line; Windows itself",
    directness: Directness::Logged,
}];

/// `<![LOG[…]LOG]!><time=…`, or a row copied from a viewer.
pub(super) fn is_line(line: &str) -> bool {
    line.contains('[') && line.contains("<![LOG[")
        || line.contains(']') && line.contains("]LOG]!>")
        || line.contains("Queried Update (") && line.contains("QNumbers=")
        || line.split('\t').nth(1).is_some_and(|c| {
            matches!(c.trim(), "WUAHandler" | "UpdatesStore" | "UpdatesHandler" | "UpdatesDeploymentAgent")
        })
}

/// An update as the client knows it.
#[derive(Clone, Debug, Default)]
struct Update {
    kb: Option<KbId>,
    event: Option<(Event, u32)>,
}

/// Reads such a log.
#[derive(Debug, Default)]
pub(super) struct ConfigManager {
    updates: BTreeMap<String, Update>,
    titles: Events,
}

/// The GUID at the start of a text, in lower case.
pub(super) fn guid(text: &str) -> Option<String> {
    let text = text.trim_start().trim_start_matches(['(', '{']).get(..36)?;
    let shape = text.bytes().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    });
    shape.then(|| text.to_ascii_lowercase())
}

fn found(status: &str) -> Option<Event> {
    match status.trim() {
        "Installed" => Some(Event::Installed),
        "Missing" => Some(Event::Absent),
        _ => None,
    }
}

impl ConfigManager {
    fn see(&mut self, guid: String, kb: Option<KbId>, event: Option<Event>, line: u32) {
        if self.updates.len() >= LIMIT && !self.updates.contains_key(&guid) {
            return;
        }
        let update = self.updates.entry(guid).or_default();
        update.kb = kb.or(update.kb);
        update.event = event.map(|e| (e, line));
    }

    /// `Queried Update (guid): Status=Installed, Title=…, BulletinID=, QNumbers=4577586, LocaleID=, …`
    fn queried(&mut self, text: &str, line: u32) -> Option<()> {
        let (_, rest) = text.split_once("Queried Update (")?;
        let (_, fields) = rest.split_once("Status=")?;
        let (status, fields) = fields.split_once(',')?;
        // titles hold commas
        let (title, after) = fields.rsplit_once("QNumbers=")?;
        let title = between(title, "Title=", ", BulletinID=").unwrap_or("");
        let number = after.split(',').next().unwrap_or("").trim();
        let kb = number.parse().ok().or_else(|| kb_in_title(title));
        self.titles.row(line);
        self.titles.title(title, line);
        self.see(guid(rest)?, kb, found(status), line);
        Some(())
    }

    /// `Update (Installed): Security Update for Windows 7 … (KB2584146) (4ae85c00-…, 104)`
    fn scanned(&mut self, text: &str, line: u32) -> Option<()> {
        let (_, rest) = text.split_once("Update (")?;
        let (status, rest) = rest.split_once("): ")?;
        let (title, id) = rest.rsplit_once(" (")?;
        let event = found(status)?;
        self.titles.row(line);
        self.titles.title(title, line);
        self.see(guid(id)?, kb_in_title(title), Some(event), line);
        Some(())
    }

    /// `… state message for update (guid) with state (Installed).`
    fn raised(&mut self, text: &str, line: u32) -> Option<()> {
        let (_, rest) = text.split_once("for update (")?;
        let state = between(rest, "with state (", ")")?;
        self.see(guid(rest)?, None, found(state), line);
        Some(())
    }

    /// `Update 1 (guid) finished installing (0x00000000), Reboot Required? Yes`
    fn finished(&mut self, text: &str, line: u32) -> Option<()> {
        let (head, rest) = text.split_once(" finished installing (")?;
        let (_, id) = head.rsplit_once('(')?;
        let (code, rest) = rest.split_once(')')?;
        let event =
            match (failure(code), rest.contains("Reboot Required? Yes"), rest.contains("Required? No")) {
                (Some(code), ..) => Event::Failed(code),
                (None, true, _) => Event::Pending,
                (None, _, true) => Event::Installed,
                _ => Event::Unclear,
            };
        self.see(guid(id)?, None, Some(event), line);
        Some(())
    }
}

impl Log for ConfigManager {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn needles(&self) -> &'static [&'static str] {
        &[
            "Queried Update (",
            "Update (Installed): ",
            "Update (Missing): ",
            "with state (",
            " finished installing (",
        ]
    }

    fn line(&mut self, text: &str, line: u32) {
        let text = between(text, "<![LOG[", "]LOG]!>").unwrap_or(text);
        let _ = self
            .queried(text, line)
            .or_else(|| self.scanned(text, line))
            .or_else(|| self.raised(text, line))
            .or_else(|| self.finished(text, line));
    }

    fn tell(self: Box<Self>, input: &Arc<str>) -> Option<Host> {
        let mut events = self.titles;
        let mut found: Vec<(KbId, Event, u32)> = Vec::new();
        for update in self.updates.into_values() {
            if let (Some(kb), Some((event, line))) = (update.kb, update.event) {
                found.push((kb, event, line));
            }
        }
        // one KB is several updates: that one of them is there counts, whatever the others say
        let last = |e: &Event| matches!(e, Event::Installed);
        found.sort_by_key(|(_, event, line)| (last(event), *line));
        for (kb, event, line) in found {
            events.add(kb, event, line);
        }
        if events.is_empty() {
            return None;
        }
        let mut c = Collector::new(input, FORMAT);
        events.tell(&mut c);
        Some(c.finish(Some(ListKind::History)))
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::{Input, read};

    const A: &str = "04d7ef23-4f5f-48fb-bace-84b116741f7e";
    const B: &str = "12dcb93c-7903-4b04-aa66-5ffc16156e15";

    fn record(text: &str) -> String {
        format!(
            "<![LOG[{text}]LOG]!><time=\"08:53:45.564+240\" date=\"07-14-2021\" component=\"UpdatesStore\" context=\"\" type=\"1\" thread=\"7308\" file=\"cupdatesstore.cpp:1328\">\r\n"
        )
    }

    fn queried(guid: &str, status: &str, kb: u32) -> String {
        record(&format!(
            "Queried Update ({guid}): Status={status}, Title=Update for x, y and Windows 10 for x64-based systems (KB{kb}), BulletinID=, QNumbers={kb}, LocaleID=, ProductID=a3c2375d-0c8a-42f9-bce0-28333e198407, UpdateClassification = cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83, ExcludeForStateReporting=FALSE."
        ))
    }

    fn states(text: &str) -> Vec<(u32, &'static str)> {
        let host = read(&Input { name: "UpdatesStore.log", bytes: text.as_bytes() }).unwrap().host;
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    #[test]
    fn what_a_scan_found_is_read_and_the_last_word_counts() {
        let text = queried(A, "Installed", 4_577_586) + &queried(B, "Missing", 4_589_208);
        assert_eq!(states(&text), [(4_577_586, "installed"), (4_589_208, "absent")]);
        let since = text
            + &record(&format!("Successfully raised state message for update ({B}) with state (Installed)."));
        assert_eq!(states(&since), [(4_577_586, "installed"), (4_589_208, "installed")]);
    }

    #[test]
    fn guids_without_a_kb_tell_nothing() {
        let text =
            record(&format!("Successfully raised state message for update ({A}) with state (Installed)."));
        let error = read(&Input { name: "f", bytes: text.as_bytes() }).unwrap_err().to_string();
        assert!(error.contains("Configuration Manager") && error.contains("--log"), "{error}");
    }

    #[test]
    fn the_handler_names_updates_by_title_and_tells_how_they_ended() {
        let scan = |status: &str| {
            record(&format!(
                "1. Update ({status}): Security Update for Windows 7 for x64-based Systems (KB2862152) ({A}, 200)"
            ))
        };
        assert_eq!(states(&scan("Installed")), [(2_862_152, "installed")]);
        let end = |code: &str, reboot: &str| {
            record(&format!("Update 1 ({A}) finished installing ({code}), Reboot Required? {reboot}"))
        };
        assert_eq!(states(&(scan("Missing") + &end("0x00000000", "Yes"))), [(2_862_152, "install-pending")]);
        assert_eq!(states(&(scan("Missing") + &end("0x00000000", "No"))), [(2_862_152, "installed")]);
        let failed = scan("Missing") + &end("0x80070643", "No");
        let host = read(&Input { name: "f", bytes: failed.as_bytes() }).unwrap().host;
        assert_eq!(host.failed.values().next().map(|f| f.value.as_str()), Some("0x80070643"));
    }
}
