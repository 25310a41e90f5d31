//! Logs as inventories, read piece by piece: only the lines that tell of an update are looked at, and no more of a log is
//! kept than one line and what was found.

mod cbs;
mod config_manager;
mod dism_log;
mod events;
mod reporting;
mod windows_update;

pub(super) use events::{Era, Event, Events, era, kb_in_title};

use super::foreign;
use super::format::Format;
use super::json;
use super::lines::{self, clean, cleaned, is_prompt};
use super::{Parsed, ReadError};
use super::{text, texts};
use crate::model::Host;
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};
use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};
use std::sync::Arc;

/// How much of an input tells what it is.
pub const HEAD: usize = 64 * 1024;

/// The longest line that is read; those of real logs have some thousand bytes.
const LONGEST: usize = 1 << 20;

/// How much is searched at once: it stays in the processor's cache.
const BLOCK: usize = 256 * 1024;

/// Every format of logs that is read.
pub(super) const FORMATS: [&[Format]; 5] =
    [cbs::FORMATS, dism_log::FORMATS, windows_update::FORMATS, reporting::FORMATS, config_manager::FORMATS];

/// What one kind of log makes of its lines.
trait Log {
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
    encoding: &'static str,
    decoder: Option<Decoder>,
    ascii: bool,
    lines: Lines,
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
        let whole = head.len() < HEAD;
        let head = &head[..head.len().min(HEAD)];
        let (decoded, wide) = match wide(head) {
            Some((encoding, label)) => {
                let even = &head[..head.len() & !1];
                ((encoding.decode_with_bom_removal(even).0.into_owned(), label), Some(encoding))
            }
            None => {
                // the cut may go through a character
                let end = if whole { head.len() } else { memrchr(b'\n', head)? + 1 };
                let decoded = text::decode(&head[..end]);
                ((decoded.text, decoded.encoding), None)
            }
        };
        let kind = kind(&decoded.0)?;
        Some(Self {
            name: Arc::from(clean(name)),
            kind,
            encoding: decoded.1,
            decoder: wide.map(Encoding::new_decoder_without_bom_handling),
            ascii: decoded.1 == "ASCII",
            lines: Lines::new(kind.reader()),
        })
    }

    /// The next piece, of any size.
    pub fn feed(&mut self, piece: &[u8]) {
        for block in piece.chunks(BLOCK) {
            if self.ascii && !block.is_ascii() {
                self.ascii = false;
                self.encoding = "UTF-8 or a code page";
            }
            self.take(block, false);
        }
    }

    /// Decodes a block if its characters are two bytes wide, and has its lines read.
    fn take(&mut self, block: &[u8], last: bool) {
        let Some(decoder) = &mut self.decoder else { return self.lines.take(block) };
        let mut rest = block;
        let mut out = vec![0u8; block.len().saturating_mul(3).clamp(16, BLOCK)];
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut out, last);
            self.lines.take(out.get(..written).unwrap_or_default());
            rest = rest.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }

    /// What the log told.
    ///
    /// # Errors
    /// When no line of it tells the state of any update.
    pub fn finish(mut self) -> Result<Parsed, ReadError> {
        if self.decoder.is_some() {
            self.take(&[], true);
        }
        let log = self.lines.finish();
        let format = log.format();
        match log.tell(&self.name) {
            Some(mut host) => {
                texts::tidy(&mut host);
                Ok(Parsed { host, format, encoding: self.encoding })
            }
            None => Err(foreign::stateless_log(self.kind, &self.name)),
        }
    }
}

/// UTF-16, by its mark or by the NUL beside every ASCII letter.
fn wide(head: &[u8]) -> Option<(&'static Encoding, &'static str)> {
    match head {
        [0xFF, 0xFE, ..] => return Some((UTF_16LE, "UTF-16LE")),
        [0xFE, 0xFF, ..] => return Some((UTF_16BE, "UTF-16BE")),
        _ => {}
    }
    let start = head.get(..64.min(head.len() & !1))?;
    let count = |odd: usize| start.chunks_exact(2).filter(|p| p[odd] == 0 && p[1 - odd] != 0).count();
    let most = start.len() / 2 * 3 / 4;
    match () {
        () if start.len() < 8 => None,
        () if count(1) > most => Some((UTF_16LE, "UTF-16LE without BOM")),
        () if count(0) > most => Some((UTF_16BE, "UTF-16BE without BOM")),
        () => None,
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

/// Finds the lines that matter in blocks of bytes, and counts the others.
struct Lines {
    log: Box<dyn Log>,
    finders: Vec<Finder<'static>>,
    /// Line ends so far.
    ends: u32,
    /// The line that the last block left unfinished.
    rest: Vec<u8>,
    /// It is too long to be kept.
    skipping: bool,
    /// Where the needles were found, kept for its memory.
    hits: Vec<usize>,
}

impl Lines {
    fn new(log: Box<dyn Log>) -> Self {
        let finders = log.needles().iter().map(|n| Finder::new(n.as_bytes())).collect();
        Self { log, finders, ends: 0, rest: Vec::new(), skipping: false, hits: Vec::new() }
    }

    fn take(&mut self, mut block: &[u8]) {
        if !self.rest.is_empty() || self.skipping {
            let Some(end) = memchr(b'\n', block) else { return self.keep(block) };
            self.keep(&block[..end]);
            self.end_rest();
            self.ends = self.ends.saturating_add(1);
            block = &block[end + 1..];
        }
        match memrchr(b'\n', block) {
            None => self.keep(block),
            Some(end) => {
                self.whole_lines(&block[..=end]);
                self.keep(&block[end + 1..]);
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skipping || self.rest.len() + bytes.len() > LONGEST {
            self.skipping = true;
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    fn end_rest(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        if !std::mem::take(&mut self.skipping)
            && (self.finders.is_empty() || self.finders.iter().any(|f| f.find(&rest).is_some()))
        {
            self.read(&rest, self.ends);
        }
        self.rest = rest;
        self.rest.clear();
    }

    /// Lines that all end in this block.
    fn whole_lines(&mut self, block: &[u8]) {
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        if self.finders.is_empty() {
            hits.push(0);
            hits.extend(memchr_iter(b'\n', block).map(|i| i + 1).filter(|&i| i < block.len()));
        }
        for finder in &self.finders {
            hits.extend(finder.find_iter(block));
        }
        hits.sort_unstable();
        let mut done = 0;
        for &hit in hits.iter().filter(|&&h| h < block.len()) {
            // two needles in one line
            if hit < done {
                continue;
            }
            let start = memrchr(b'\n', &block[done..hit]).map_or(done, |i| done + i + 1);
            self.count(&block[done..start]);
            let end = memchr(b'\n', &block[hit..]).map_or(block.len(), |i| hit + i);
            if end - start <= LONGEST {
                self.read(&block[start..end], self.ends);
            }
            self.ends = self.ends.saturating_add(1);
            done = end + 1;
        }
        self.count(block.get(done..).unwrap_or_default());
        self.hits = hits;
    }

    fn count(&mut self, bytes: &[u8]) {
        let ends = u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX);
        self.ends = self.ends.saturating_add(ends);
    }

    fn read(&mut self, line: &[u8], before: u32) {
        let line = clean(&String::from_utf8_lossy(line));
        self.log.line(&line, before.saturating_add(1));
    }

    fn finish(mut self) -> Box<dyn Log> {
        if !self.skipping && !self.rest.is_empty() {
            // a number at the end of a file without a line end may be the head of a longer one
            let rest = std::mem::take(&mut self.rest);
            let end = uncut(&rest);
            self.rest = rest.get(..end).unwrap_or_default().to_vec();
            self.end_rest();
        }
        self.log
    }
}

/// The length of a line without the KB number that its end may have cut.
fn uncut(line: &[u8]) -> usize {
    // half a character of UTF-16 may stand behind it
    let whole = line.strip_suffix("\u{fffd}".as_bytes()).unwrap_or(line);
    let digits = whole.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let end = whole.len() - digits;
    let head = whole.get(..end).unwrap_or_default().to_ascii_lowercase();
    let kb = [&b"kb"[..], b"qnumbers="].iter().any(|label| head.ends_with(label));
    if kb { end } else { line.len() }
}

/// The date and time that a line begins with, as `2016-09-28 04:30:31`; none if there is none.
fn stamp(line: &str) -> Option<&str> {
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
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after).map_or(rest, |(t, _)| t))
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
