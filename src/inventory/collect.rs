//! Puts what a reader finds into a host: one state for each update, each fact once, ids that are no KB aside.

use super::dates::Dates;
use super::ids::{self, RowId};
use super::merge::precedence;
use crate::model::{Fact, Gap, Host, KbId, ListKind, ListSeen, Location, Origin, PackageState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many ids that are no KB are kept for display.
pub(super) const OTHER_IDS: usize = 100;

/// More updates than any machine has.
const UPDATES: usize = 50_000;

/// A host in the making, and the input it is read from.
#[derive(Clone, Debug)]
pub(super) struct Collector {
    pub(super) host: Host,
    input: Arc<str>,
    format: &'static str,
    shown: u32,
    gaps: Vec<Gap>,
    dates: Dates,
    first: Option<u32>,
}

impl Collector {
    pub(super) fn new(input: &Arc<str>, format: &'static str) -> Self {
        Self {
            host: Host::default(),
            input: Arc::clone(input),
            format,
            shown: 0,
            gaps: Vec::new(),
            dates: Dates::default(),
            first: None,
        }
    }

    pub(super) fn origin(&self, line: u32) -> Origin {
        Origin::line(&self.input, self.format, line)
    }

    pub(super) fn fact<T>(&self, value: T, line: u32) -> Fact<T> {
        Fact::new(value, self.origin(line))
    }

    pub(super) fn note(&mut self, text: impl Into<String>, line: u32) {
        let note = self.fact(text.into(), line);
        if self.host.notes.len() < OTHER_IDS {
            self.host.notes.push(note);
        }
    }

    /// One update in one state; of several states of one update the stronger is kept, and its first place.
    pub(super) fn update(&mut self, kb: KbId, state: PackageState, origin: Origin) {
        match self.host.updates.get(&kb) {
            Some(known) if precedence(known.value) <= precedence(state) => {}
            None if self.host.updates.len() >= UPDATES => {
                if !self.gaps.contains(&Gap::Elided) {
                    self.remark(format!("updates beyond the first {UPDATES} are left out"), &origin);
                }
                self.gap(Gap::Elided);
            }
            _ => {
                self.host.updates.insert(kb, Fact::new(state, origin));
            }
        }
    }

    /// The state that was told last; what was told before does not count.
    pub(super) fn replace(&mut self, kb: KbId, state: PackageState, origin: Origin) {
        self.host.updates.insert(kb, Fact::new(state, origin));
    }

    /// A remark about what stands at an origin.
    pub(super) fn remark(&mut self, text: impl Into<String>, origin: &Origin) {
        super::os_values::note(&mut self.host, text.into(), origin);
    }

    /// An id that is no KB.
    pub(super) fn other(&mut self, id: String) {
        if !self.host.other_ids.contains(&id) && self.host.other_ids.len() < OTHER_IDS {
            self.host.other_ids.push(id);
        }
    }

    /// Counts a row of the list.
    pub(super) fn row(&mut self, line: u32) {
        self.shown = self.shown.saturating_add(1);
        self.first.get_or_insert(line);
    }

    /// Counts rows that were gathered before, the first of them at a line.
    pub(super) fn rows(&mut self, count: u32, first: Option<u32>) {
        self.shown = self.shown.saturating_add(count);
        self.first = self.first.or(first);
    }

    /// When an update was installed, as it is printed.
    pub(super) fn installed_on(&mut self, kb: KbId, text: &str, origin: Origin) {
        self.dates.add(kb, text, origin);
    }

    /// A row of a list of installed updates: its id, and the id that stands beside `File 1`. Gives the update.
    pub(super) fn installed_row(&mut self, id: &str, beside: Option<&str>, origin: Origin) -> Option<KbId> {
        let line = match origin.at {
            Location::Line(n) => n,
            _ => 1,
        };
        let id = match beside {
            Some(beside) if ids::file_row(id) && !beside.trim().is_empty() => beside,
            _ => id,
        };
        let mut update = None;
        match ids::row_id(id)? {
            RowId::Kb(kb) => {
                self.update(kb, PackageState::Installed, origin);
                update = Some(kb);
            }
            RowId::Other(other) => self.other(other),
            RowId::Cut => self.gap(Gap::Elided),
        }
        self.row(line);
        update
    }

    pub(super) fn gap(&mut self, gap: Gap) {
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    pub(super) fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    pub(super) fn shown(&self) -> u32 {
        self.shown
    }

    /// The host, with the list that was read.
    pub(super) fn finish(mut self, kind: Option<ListKind>) -> Host {
        if let Some(kind) = kind {
            self.gaps.sort();
            let at = self.first.map_or(Location::Whole, Location::Line);
            let origin = Origin { input: Arc::clone(&self.input), format: self.format, at };
            self.host.completeness.lists.push(ListSeen { kind, shown: self.shown, gaps: self.gaps, origin });
        }
        self.host.other_ids.sort();
        self.host.installed_on = self.dates.settle();
        self.host
    }
}

/// More machines than one input is read for; a list of that many is no inventory of one.
pub(super) const MACHINES: usize = 20_000;

/// The machines of one input, each by what the input tells them apart by.
#[derive(Debug)]
pub(super) struct Fleet {
    hosts: BTreeMap<String, Collector>,
    /// What belongs to machines beyond the limit.
    beyond: Option<Collector>,
    input: Arc<str>,
    /// Of the machines that come next.
    pub(super) format: &'static str,
}

impl Fleet {
    pub(super) fn new(input: &Arc<str>, format: &'static str) -> Self {
        Self { hosts: BTreeMap::new(), beyond: None, input: Arc::clone(input), format }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    pub(super) fn origin(&self, line: u32) -> Origin {
        Origin::line(&self.input, self.format, line)
    }

    /// The machine of this key; the empty one stands for a machine that is not named.
    pub(super) fn of(&mut self, key: &str) -> &mut Collector {
        let new = || Collector::new(&self.input, self.format);
        if self.hosts.len() >= MACHINES && !self.hosts.contains_key(key) {
            return self.beyond.get_or_insert_with(new);
        }
        self.hosts.entry(key.to_owned()).or_insert_with(new)
    }

    /// The machine that a row of a list names, if it names one.
    pub(super) fn named(&mut self, name: Option<&str>, origin: &Origin) -> &mut Collector {
        let c = self.of(name.unwrap_or_default());
        if let Some(name) = name.filter(|_| c.host.name.is_none()) {
            c.host.name = Some(Fact::new(name.to_owned(), origin.clone()));
        }
        c
    }

    /// A header stands for a machine without a name, unless all rows below it name theirs.
    pub(super) fn settle_header(&mut self) {
        if self.hosts.len() > 1 && self.hosts.get("").is_some_and(|c| c.shown() == 0) {
            self.hosts.remove("");
        }
    }

    pub(super) fn each(&mut self) -> impl Iterator<Item = &mut Collector> {
        self.hosts.values_mut()
    }

    /// Every machine, with a list of the kind that it has.
    pub(super) fn finish(self, kind: impl Fn(&Collector) -> Option<ListKind>) -> Vec<Host> {
        let beyond = self.beyond.is_some();
        let hosts = self.hosts.into_values().map(|mut c| {
            if beyond {
                c.note("the input names more machines than are read", 1);
            }
            let kind = kind(&c);
            c.finish(kind)
        });
        hosts.collect()
    }
}

/// Does an echoed command keep only some of the rows?
pub(super) fn is_filter(command: &str) -> bool {
    let c = command.to_ascii_lowercase();
    [
        "findstr",
        "select-string",
        "| find ",
        "|find ",
        " -id ",
        "-hotfixid",
        "-first ",
        "-last ",
        "where-object",
        "| where",
        "| ? ",
        "|? ",
        "| ?{",
        "|?{",
        "|where",
        "get-hotfix kb",
        "-description",
        "-filter",
        "qfe where",
        "| head",
        "| tail",
        "where hotfixid",
        "where \"",
        "grep",
        "sls ",
    ]
    .iter()
    .any(|w| c.contains(w))
}

/// A line that stands for lines that a person left out.
pub(super) fn is_ellipsis(line: &str) -> bool {
    let t = line.trim();
    let dots = t.chars().all(|c| matches!(c, '.' | '…')) && (t.len() >= 3 || t == "…");
    // a row of anything is longer
    if t.is_empty() || t.chars().count() > 40 {
        return false;
    }
    let bare = t.trim_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_lowercase();
    // `[...]`, `（中略）`: in brackets, dots or a word for what was left out
    let inner = t.trim_matches(|c: char| "()[]<>（）【】#/* -".contains(c));
    let bracketed =
        inner.len() < t.len() && inner.chars().all(|c| matches!(c, '.' | '…')) && inner.len() >= 3;
    let said = [
        "中略",
        "以下略",
        "以下省略",
        "省略",
        "以下は省略",
        "略",
        "생략",
        "중략",
        "이하 생략",
        "gekürzt",
        "ausgelassen",
        "tronqué",
        "coupé",
        "omitido",
        "cortado",
        "omesso",
        "omissis",
        "пропущено",
        "сокращено",
        "обрезано",
        "и т.д.",
        "etc",
        "etc.",
        "skipped",
        "shortened",
        "abbreviated",
        "redacted",
    ];
    !t.is_empty()
        && (dots
            || bracketed
            || said.contains(&inner.to_lowercase().as_str())
            || matches!(bare.as_str(), "snip" | "snipped" | "truncated" | "omitted") && t.len() < 24)
}
