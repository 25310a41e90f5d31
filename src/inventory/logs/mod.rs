//! Logs as inventories, read piece by piece: only the lines that tell of an update are looked at, and no more of a log is
//! kept than one line and what was found.

mod cbs;
mod config_manager;
mod dism_log;
mod events;
mod reporting;
pub(crate) mod stream;
mod windows_update;

pub(crate) use events::kb_in_title;
pub(super) use events::{Era, Event, Events, era};

use super::foreign;
use super::format::Format;
use super::json;
use super::lines::{self, clean, cleaned, is_prompt};
use super::texts;
use super::{Parsed, ReadError};
use crate::model::Host;
use std::sync::Arc;
pub use stream::HEAD;
use stream::{Decoding, LONGEST, Lines, Overlong};

/// Every format of logs that is read.
pub(super) const FORMATS: [&[Format]; 5] =
    [cbs::FORMATS, dism_log::FORMATS, windows_update::FORMATS, reporting::FORMATS, config_manager::FORMATS];

/// What one kind of log makes of its lines.
pub(crate) trait Log {
    /// The name of the format.
    fn format(&self) -> &'static str;
    /// A line that tells something has one of these; if there is none, every line is looked at.
    fn needles(&self) -> &'static [&'static str];
    /// One line, cleaned, counted from 1.
    fn line(&mut self, text: &str, number: u32);
    /// The host; none if no line told of any update.
    fn tell(self: Box<Self>, input: &Arc<str>) -> Option<Host>;
}

/// The kinds of logs that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Cbs,
    Dism,
    WindowsUpdate,
    Reporting,
    ConfigManager,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Cbs, Self::Dism, Self::WindowsUpdate, Self::Reporting, Self::ConfigManager];

    /// The kind of log that a line belongs to.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| match kind {
            Self::Cbs => cbs::is_line(line),
            Self::Dism => dism_log::is_line(line),
            Self::WindowsUpdate => windows_update::is_line(line),
            Self::Reporting => reporting::is_line(line),
            Self::ConfigManager => config_manager::is_line(line),
        })
    }

    /// What it is called where it is refused.
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::Cbs => "a CBS.log",
            Self::Dism => "a dism.log",
            Self::WindowsUpdate => "a WindowsUpdate.log",
            Self::Reporting => "a ReportingEvents.log",
            Self::ConfigManager => "a log of Configuration Manager",
        }
    }

    fn reader(self) -> Box<dyn Log> {
        match self {
            Self::Cbs => Box::<cbs::Cbs>::default(),
            Self::Dism => Box::<dism_log::Dism>::default(),
            Self::WindowsUpdate => Box::<windows_update::WindowsUpdate>::default(),
            Self::Reporting => Box::<reporting::Reporting>::default(),
            Self::ConfigManager => Box::<config_manager::ConfigManager>::default(),
        }
    }
}

/// Reads a log of any size piece by piece, in memory that does not grow with it.
///
/// ```
/// use kbwhy::inventory::LogReader;
/// let log = b"2016-09-28 04:30:31, Info                  CBS    Read out cached package applicability for package: \
///     Package_for_KB2999226~31bf3856ad364e35~amd64~~6.1.1.7, ApplicableState: 112, CurrentState:112\r\n";
/// let mut reader = LogReader::detect("CBS.log", log).unwrap();
/// for piece in log.chunks(10) {
///     reader.feed(piece);
/// }
/// let parsed = reader.finish().unwrap();
/// assert!(parsed.host.updates.contains_key(&"KB2999226".parse().unwrap()));
/// assert!(LogReader::detect("x", b"Host Name: SRV01\r\n").is_none());
/// ```
pub struct LogReader {
    name: Arc<str>,
    kind: Kind,
    decoding: Decoding,
    lines: Lines,
    log: Box<dyn Log>,
}

impl std::fmt::Debug for LogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogReader").field("name", &self.name).field("kind", &self.kind).finish()
    }
}

impl LogReader {
    /// A reader for the log that these first bytes (some 64 KB of it, or all) begin; none if they are no log that is
    /// read. The bytes are not taken in: [`feed`](Self::feed) them too.
    pub fn detect(name: &str, head: &[u8]) -> Option<Self> {
        let (decoding, text) = Decoding::of(head);
        if head.len() >= HEAD && !text.contains('\n') {
            return None;
        }
        let kind = kind(&text)?;
        let log = kind.reader();
        let lines = Lines::new(log.needles(), LONGEST, Overlong::Skip);
        Some(Self { name: Arc::from(clean(name)), kind, decoding, lines, log })
    }

    /// The next piece, of any size.
    pub fn feed(&mut self, piece: &[u8]) {
        let Self { decoding, lines, log, .. } = self;
        decoding.pieces(piece, &mut |bytes| lines.take(bytes, &mut |text, n| log.line(text, n)));
    }

    /// What the log told.
    ///
    /// # Errors
    /// When no line of it tells the state of any update.
    pub fn finish(self) -> Result<Parsed, ReadError> {
        let Self { name, kind, mut decoding, mut lines, mut log } = self;
        decoding.finish(&mut |bytes| lines.take(bytes, &mut |text, n| log.line(text, n)));
        lines.finish(&mut |text, n| log.line(text, n));
        let format = log.format();
        match log.tell(&name) {
            Some(mut host) => {
                texts::tidy(&mut host);
                Ok(Parsed { host, format, encoding: decoding.name })
            }
            None => Err(foreign::stateless_log(kind, &name)),
        }
    }
}

/// The kind of log that a text is: its first line is one, or half of its lines are.
fn kind(head: &str) -> Option<Kind> {
    let fence = |l: &str| l.starts_with("```") || l.starts_with("~~~") || l.starts_with('<') && l.len() < 8;
    let mut filled = head
        .lines()
        .map(cleaned)
        .filter(|l| {
            let l = l.trim_start();
            !l.is_empty() && !fence(l) && (!is_prompt(l) || l.starts_with("> "))
        })
        .peekable();
    // a document may quote a log: all of it may be one line
    let markup =
        |l: &str| l.strip_prefix('<').is_some_and(|t| t.starts_with(|c: char| c == '?' || c.is_alphabetic()));
    if filled.peek().is_some_and(|l| {
        let l = l.trim_start();
        json::opening(l).is_some() || markup(l)
    }) {
        return None;
    }
    if let Some(kind) = filled.peek().and_then(|l| Kind::of_line(l.trim_start())) {
        return Some(kind);
    }
    let (mut all, mut found) = (0usize, [0usize; Kind::ALL.len()]);
    for line in filled {
        all += 1;
        if let Some(kind) = Kind::of_line(line.trim_start()) {
            found[kind as usize] += 1;
        }
    }
    let (kind, count) = Kind::ALL.into_iter().zip(found).max_by_key(|(_, n)| *n)?;
    (count > 0 && count * 2 >= all).then_some(kind)
}

/// The date and time that a line begins with, as `2016-09-28 04:30:31`; none if there is none.
pub(crate) fn stamp(line: &str) -> Option<&str> {
    let number = |(i, _): &(usize, char)| !line[..*i].ends_with(|c: char| c.is_ascii_digit());
    // a number of the line or the name of the file may stand before it
    let starts = line.char_indices().take(200).filter(|(_, c)| c.is_ascii_digit()).filter(number).take(40);
    starts.filter_map(|(i, _)| line.get(i..i + 19)).find(|text| {
        text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-' || b == b'/',
            10 => b == b' ' || b == b'\t',
            13 | 16 => b == b':',
            _ => b.is_ascii_digit(),
        })
    })
}

/// The text between two marks.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after).map_or(rest, |(t, _)| t))
}

/// Is it a line of a WindowsUpdate.log?
pub(crate) fn is_line_of_windows_update(line: &str) -> bool {
    windows_update::is_line(line)
}

/// Is it a line of a ReportingEvents.log?
pub(crate) fn is_line_of_reporting_events(line: &str) -> bool {
    reporting::is_line(line)
}

/// What a log tells of a host, line by line: for those that look for failures in the same lines.
pub(crate) fn reader_of_windows_update() -> Box<dyn Log> {
    Kind::WindowsUpdate.reader()
}

/// The same of ReportingEvents.log.
pub(crate) fn reader_of_reporting_events() -> Box<dyn Log> {
    Kind::Reporting.reader()
}

/// Reads a log that is in memory; none if it is none.
pub(super) fn read(name: &str, bytes: &[u8]) -> Option<Result<Parsed, ReadError>> {
    let mut reader = LogReader::detect(name, bytes)?;
    reader.feed(bytes);
    Some(reader.finish())
}

/// The kind of the first line of a log among other text.
pub(super) fn quoted(lines: &[lines::Line]) -> Option<Kind> {
    lines.iter().find_map(|l| Kind::of_line(&l.text))
}

#[cfg(test)]
mod tests;
