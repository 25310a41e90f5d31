//! Events of servicing and of the update agent, in whichever form: what they tell, in the order of time.

use super::super::log::LogFinding;
use super::gather::Gathered;
use super::text::Package;
use crate::model::KbId;

/// Events that are kept: the last ones.
const EVENTS: usize = 5_000;

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An update is there.
    Done(KbId),
    /// It, or a search, or a download, failed with this code.
    Failed(Option<KbId>, u32),
    /// It is there after a restart.
    Restart(KbId),
}

/// An event where it stands.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// `2020-06-09T20:48:39`; empty if it is not told
    pub(super) date: String,
    pub(super) line: u32,
    pub(super) text: String,
    pub(super) what: What,
}

/// The events of an input.
#[derive(Debug, Default)]
pub(super) struct Events(std::collections::VecDeque<Event>);

impl Events {
    pub(super) fn add(&mut self, event: Event) {
        if self.0.len() >= EVENTS {
            self.0.pop_front();
        }
        self.0.push_back(event);
    }

    /// Puts them in order, by date where all have one, and tells them. Lists are as often newest first as oldest first:
    /// without dates nobody knows which of two events came later.
    pub(super) fn tell(&mut self, out: &mut Gathered) {
        let mut events: Vec<Event> = std::mem::take(&mut self.0).into();
        let dated = events.iter().all(|e| !e.date.is_empty());
        if dated {
            events.sort_by(|a, b| a.date.cmp(&b.date));
        }
        let both = |kb: KbId| {
            let done = events.iter().any(|e| e.what == What::Done(kb));
            done && events.iter().any(|e| matches!(e.what, What::Failed(Some(k), _) if k == kb))
        };
        let unsure: Vec<KbId> = if dated {
            Vec::new()
        } else {
            let mut all: Vec<KbId> = events
                .iter()
                .filter_map(|e| if let What::Done(kb) = e.what { Some(kb) } else { None })
                .collect();
            all.sort_unstable();
            all.dedup();
            all.into_iter().filter(|kb| both(*kb)).collect()
        };
        let mut last_unsure = false;
        for (order, e) in (1u32..).zip(&events) {
            out.order = Some(order);
            out.dated(&e.date);
            match e.what {
                What::Done(kb) if unsure.contains(&kb) => {}
                What::Done(kb) => out.done(&Package::of_kb(kb), e.line),
                What::Failed(kb, code) => {
                    out.begin(kb.map(Package::of_kb).unwrap_or_default());
                    last_unsure = kb.is_some_and(|kb| unsure.contains(&kb));
                    let finding = match code {
                        0x8007_0070 => LogFinding::DiskFull,
                        _ => LogFinding::Failed { kb, version: None, code, extend: None },
                    };
                    out.push(finding, &e.text, e.line);
                }
                What::Restart(kb) => {
                    out.begin(Package::of_kb(kb));
                    last_unsure = !dated;
                    out.push(LogFinding::RestartRequired, &e.text, e.line);
                }
            }
        }
        if last_unsure {
            out.begin(Package::default());
        }
        out.order = None;
    }
}
