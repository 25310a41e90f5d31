//! What one kind of log tells, as it is read: findings of each kind, the last ones; attempts; what went well.

use super::super::log::LogFinding;
use super::states::Told;
use super::text::{Package, evidence};
use crate::model::Version;
use std::collections::{BTreeMap, VecDeque};
use std::mem::{Discriminant, discriminant};

/// Findings of one kind that are kept: the last ones.
const KEPT: usize = 50;

/// More packages than any log tells of.
const PACKAGES: usize = 20_000;

/// A finding where it stands.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) finding: LogFinding,
    pub(super) line: u32,
    /// Its place in the order of time: the line, where no dates tell otherwise.
    pub(super) order: u32,
    pub(super) text: String,
    /// Number of the attempt, from 0.
    pub(super) run: u32,
    pub(super) attempt: Package,
}

/// What a log told so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    found: Vec<(Discriminant<LogFinding>, VecDeque<Seen>)>,
    /// Number of the present attempt, from 0, and the package that it installs.
    pub(super) run: u32,
    pub(super) attempt: Package,
    /// The last attempt of each package.
    pub(super) attempted: BTreeMap<String, u32>,
    /// The last line that told that a package is there.
    pub(super) done: BTreeMap<String, u32>,
    /// Servicing stacks that were loaded: the newest, and the line.
    pub(super) stack: Option<(Version, u32)>,
    /// The last line that told of a restart.
    pub(super) restarted: Option<u32>,
    /// The last line that told that the component store is sound.
    pub(super) sound: Option<u32>,
    /// What was told of packages one by one.
    pub(super) packages: Told,
    /// The place of what comes next, where dates tell another order than lines.
    pub(super) order: Option<u32>,
    /// The first and last date of a line.
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

impl Gathered {
    /// A finding of the present attempt.
    pub(super) fn push(&mut self, finding: LogFinding, text: &str, line: u32) {
        let kind = discriminant(&finding);
        let at = self.found.iter().position(|(k, _)| *k == kind).unwrap_or_else(|| {
            self.found.push((kind, VecDeque::new()));
            self.found.len() - 1
        });
        let run = self.run;
        let Some((_, kept)) = self.found.get_mut(at) else { return };
        // the same once more in one attempt tells nothing new
        if kept.iter().rev().take_while(|s| s.run == run).any(|s| s.finding == finding) {
            return;
        }
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        let attempt = self.attempt.clone();
        let order = self.order.unwrap_or(line);
        kept.push_back(Seen { finding, line, order, text: evidence(text), run, attempt });
    }

    /// Is there no finding?
    pub(super) fn is_empty(&self) -> bool {
        self.found.iter().all(|(_, kept)| kept.is_empty())
    }

    /// All findings, in the order of the log.
    pub(super) fn found(&self) -> Vec<Seen> {
        let mut all: Vec<Seen> = self.found.iter().flat_map(|(_, s)| s).cloned().collect();
        all.sort_by(|a, b| (a.order, a.line, &a.finding).cmp(&(b.order, b.line, &b.finding)));
        all
    }

    /// Another attempt begins.
    pub(super) fn begin(&mut self, package: Package) {
        self.run = self.run.saturating_add(1);
        self.note_attempt(&package);
        self.attempt = package;
    }

    /// The present attempt is of this package.
    pub(super) fn note_attempt(&mut self, package: &Package) {
        if let Some(key) = package.key()
            && (self.attempted.len() < PACKAGES || self.attempted.contains_key(&key))
        {
            self.attempted.insert(key, self.run);
        }
    }

    /// The package is there.
    pub(super) fn done(&mut self, package: &Package, line: u32) {
        if let Some(key) = package.key()
            && (self.done.len() < PACKAGES || self.done.contains_key(&key))
        {
            self.done.insert(key, self.order.unwrap_or(line));
        }
    }

    /// The date of a line, as `2018-06-20 10:00:00`.
    pub(super) fn dated(&mut self, date: &str) {
        if self.last.as_deref().is_none_or(|l| l < date) {
            self.last = Some(date.to_owned());
        }
        if self.first.is_none() {
            self.first = self.last.clone();
        }
    }
}
