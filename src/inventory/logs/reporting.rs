//! ReportingEvents.log: one event of the update agent a line. The same events stand in the WindowsUpdate.log of Windows 7.

use super::super::collect::Collector;
use super::super::format::{Directness, Format};
use super::events::{Event, Events, failure, kb_in_title};
use super::{Log, stamp};
use crate::model::{Host, KbId, ListKind};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: &str = "ReportingEvents.log";

/// More updates than any machine was ever offered.
const LIMIT: usize = 50_000;

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: r"C:\Windows\SoftwareDistribution\ReportingEvents.log",
    signature: "lines of GUID, date and an event such as 183 [AGENT_INSTALLING_SUCCEEDED]",
    tells: "updates that were installed, wait for a restart, failed or were removed",
    cannot: "what was installed in another way or before the log began; updates without a KB in their title",
    directness: Directness::Logged,
}];

/// `{GUID}  2017-12-13 10:37:22:371+0900  1  183 [AGENT_INSTALLING_SUCCEEDED]  101  {GUID}  200  0  …`
pub(super) fn is_line(line: &str) -> bool {
    let Some((head, _)) = line.split_once("[A") else { return false };
    let number = head.trim_end().rsplit(char::is_whitespace).next().unwrap_or("");
    stamp(head).is_some()
        && number.parse::<u32>().is_ok()
        && ["[AGENT_", "[AU_"].iter().any(|n| line.contains(n))
}

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report<'a> {
    number: u32,
    update: &'a str,
    code: &'a str,
    /// Everything after the code: caller, result, category, message.
    rest: &'a str,
}

/// The next word, and what stands behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Reads an event; tabs may have become blanks.
pub(super) fn report(text: &str) -> Option<Report<'_>> {
    let date = stamp(text)?;
    // behind the date and time stand 1, the number of the event and its name, 101, the update
    let at = text.find(date)? + date.len();
    let (_, rest) = word(text.get(at..)?)?;
    let (_, rest) = word(rest)?;
    let (number, rest) = word(rest)?;
    let (mut level, mut rest) = word(rest)?;
    if level.starts_with('[') {
        (level, rest) = word(rest)?;
    }
    level.parse::<u32>().ok()?;
    let (update, rest) = word(rest)?;
    let (_, rest) = word(rest)?;
    let (code, rest) = word(rest)?;
    (update.starts_with('{') && update.len() == 38).then_some(Report {
        number: number.parse().ok()?,
        update,
        code,
        rest,
    })
}

/// Events by update: the messages of some name it, those of others give its GUID alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports {
    names: BTreeMap<String, KbId>,
}

impl Reports {
    pub(super) fn add(&mut self, report: &Report, events: &mut Events, line: u32) {
        let named = report.rest.split_once(": ").and_then(|(_, message)| kb_in_title(message));
        if let Some(kb) = named.filter(|_| self.names.len() < LIMIT) {
            self.names.insert(report.update.to_owned(), kb);
        }
        if report.number == 202 {
            return events.restart(line);
        }
        let Some(kb) = named.or_else(|| self.names.get(report.update).copied()) else { return };
        let failed = failure(report.code);
        let event = match (report.number, failed) {
            // post-reboot success counts as the installation does
            (183 | 203, None) => Event::Installed,
            (184 | 201, None) => Event::Pending,
            (182 | 204, code) => Event::Failed(code.unwrap_or_default()),
            (222, None) => Event::Absent,
            (224, None) => Event::Removing,
            _ => return,
        };
        if matches!(event, Event::Installed | Event::Pending) {
            events.title(report.rest, line);
        }
        events.add(kb, event, line);
    }
}

/// Reads a ReportingEvents.log.
#[derive(Debug, Default)]
pub(super) struct Reporting {
    reports: Reports,
    events: Events,
}

impl Log for Reporting {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn needles(&self) -> &'static [&'static str] {
        &["[AGENT_", "[AU_"]
    }

    fn line(&mut self, text: &str, line: u32) {
        if let Some(report) = report(text) {
            self.events.row(line);
            self.reports.add(&report, &mut self.events, line);
        }
    }

    fn tell(self: Box<Self>, input: &Arc<str>) -> Option<Host> {
        if self.events.is_empty() {
            return None;
        }
        let mut c = Collector::new(input, FORMAT);
        self.events.tell(&mut c);
        Some(c.finish(Some(ListKind::History)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Input, read};

    const A: &str = "{9A3FB4A5-968D-47D6-B87E-CD248FB9EEF7}";
    const B: &str = "{BFC8A103-FD5F-4458-9935-231D9F79E2C1}";

    fn event(number: u32, name: &str, update: &str, code: &str, message: &str) -> String {
        format!(
            "{{1AF10086-220D-47E2-BA6B-7CDA8358E2C8}}\t2017-12-13 10:59:40:657+0900\t1\t{number} [{name}]\t101\t{update}\t200\t{code}\tUpdateOrchestrator\tSuccess\tContent Install\t{message}\r\n"
        )
    }

    fn host(text: &str) -> Host {
        read(&Input { name: "ReportingEvents.log", bytes: text.as_bytes() }).unwrap().host
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    const STARTED: &str = "Installation Started: Windows has started installing the following update: 2017-12 x64 ベース システム用 Windows Server 2016 の累積更新プログラム (KB4053579)";
    const DONE: &str = "Installation Successful: Windows successfully installed the following update: 2017-12 x64 ベース システム用 Windows Server 2016 の累積更新プログラム (KB4053579)";

    #[test]
    fn the_last_event_of_an_update_decides() {
        let started = event(181, "AGENT_INSTALLING_STARTED", A, "0", STARTED);
        let pending = event(201, "AGENT_INSTALLING_PENDING", A, "240005", "Installation pending.");
        let done = event(183, "AGENT_INSTALLING_SUCCEEDED", A, "0", DONE);
        let gone =
            event(222, "AGENT_UNINSTALLING_SUCCEEDED", A, "0", "Uninstallation Successful: x (KB4053579)");
        let of = |events: &[&String]| states(&host(&events.iter().map(|e| e.as_str()).collect::<String>()));
        assert_eq!(of(&[&started, &pending]), [(4_053_579, "install-pending")]);
        assert_eq!(of(&[&started, &pending, &done]), [(4_053_579, "installed")]);
        assert_eq!(of(&[&started, &done, &gone]), [(4_053_579, "absent")]);
        let waits = host(&(started.clone() + &pending));
        assert_eq!(waits.pending_reboot.map(|p| p.value), Some(true));
        let error = read(&Input { name: "f", bytes: started.as_bytes() }).unwrap_err().to_string();
        assert!(error.contains("ReportingEvents.log"), "{error}");
    }

    #[test]
    fn failures_keep_their_code_and_blanks_may_stand_for_tabs() {
        let failed = event(
            182,
            "AGENT_INSTALLING_FAILED",
            B,
            "80242015",
            "Installation Failure: Windows failed to install the following update with error 0x80242015: 2017-11 x64 (KB4051033)",
        );
        for text in [failed.clone(), failed.replace('\t', "        "), failed.replace('\t', " ")] {
            let host = host(&text);
            let failed: Vec<_> = host.failed.iter().map(|(k, f)| (k.number(), f.value.as_str())).collect();
            assert_eq!((failed, host.updates.len()), (vec![(4_051_033, "0x80242015")], 0));
        }
    }

    #[test]
    fn every_event_is_a_row_and_only_installs_tell_the_architecture() {
        let text = event(
            147,
            "AGENT_DETECTION_FINISHED",
            "{00000000-0000-0000-0000-000000000000}",
            "0",
            "Windows Update Client successfully detected 3 updates.",
        ) + &event(183, "AGENT_INSTALLING_SUCCEEDED", A, "0", DONE);
        let host = host(&text);
        assert_eq!(host.completeness.lists[0].shown, 2);
        assert_eq!(host.architecture.map(|a| a.value), Some(crate::model::Architecture::X64));
        // a success that carries an error code is neither
        let odd = event(183, "AGENT_INSTALLING_SUCCEEDED", A, "80240022", DONE);
        assert!(read(&Input { name: "f", bytes: odd.as_bytes() }).is_err());
    }

    #[test]
    fn utf16_and_a_cut_end_are_read() {
        let text = event(183, "AGENT_INSTALLING_SUCCEEDED", A, "0", DONE)
            + event(183, "AGENT_INSTALLING_SUCCEEDED", B, "0", "Installed: x (KB405357").trim_end();
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let parsed = read(&Input { name: "f", bytes: &bytes }).unwrap();
        assert_eq!((parsed.encoding, states(&parsed.host)), ("UTF-16LE", vec![(4_053_579, "installed")]));
    }
}
