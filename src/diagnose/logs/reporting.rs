//! ReportingEvents.log: failures of installs, downloads and searches, with the title of the update.

use super::Reads;
use super::gather::Gathered;
use super::text::hex;
use super::windows_update::{Texts, tell};
use crate::inventory::logs::{Log, reader_of_reporting_events, stamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads a ReportingEvents.log.
pub(super) struct Reporting {
    host: Box<dyn Log>,
    texts: Texts,
    agent: BTreeMap<u32, u32>,
}

impl Default for Reporting {
    fn default() -> Self {
        Self { host: reader_of_reporting_events(), texts: Texts::default(), agent: BTreeMap::new() }
    }
}

impl Reads for Reporting {
    fn needles(&self) -> Vec<&'static str> {
        // every line is an event
        Vec::new()
    }

    fn line(&mut self, text: &str, n: u32, out: &mut Gathered) {
        if let Some(date) = stamp(text) {
            out.dated(date);
        }
        self.host.line(text, n);
        if text.contains("[AGENT_DETECTION_FINISHED]") {
            self.agent.clear();
        } else if text.contains("_FAILED]") {
            self.texts.keep(n, text);
            if text.contains("[AGENT_DETECTION_FAILED]") || text.contains("[AGENT_DOWNLOAD_FAILED]") {
                // … ] 101 {GUID} revision code …
                let code = text.split_once("_FAILED]").and_then(|(_, r)| r.split_whitespace().nth(3));
                if let Some(code) = code.and_then(hex).filter(|c| *c >= 0x8000_0000) {
                    self.agent.insert(code, n);
                }
            }
        }
    }

    fn end(&mut self, out: &mut Gathered) {
        let host = std::mem::replace(&mut self.host, reader_of_reporting_events()).tell(&Arc::from("log"));
        tell(host, &self.texts, &self.agent, out);
    }
}
