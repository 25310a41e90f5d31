//! Logs, read piece by piece in memory that does not grow with them: the few lines that decide are kept, with their number
//! and text, and judged once the end is known. One file for each kind of log.

mod cbs;
mod checksur;
mod console;
mod dism;
mod event;
mod event_text;
mod event_xml;
mod gather;
mod kind;
mod refused;
mod reporting;
mod settle;
mod setup;
pub mod states;
mod text;
mod windows_update;

pub use crate::inventory::HEAD;
pub use settle::settle;

use crate::inventory::logs::stream::{Decoding, Lines, Overlong};
use gather::Gathered;
use kind::Kind;
use std::sync::Arc;

/// The longest line that is read; what comes after is left out.
const LONGEST: usize = 64 * 1024;

/// An input that is no log which is read: what it is, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{input}: {why}")]
pub struct NoLog {
    /// the input as the user named it
    pub input: String,
    /// what it is, and what to give instead
    pub why: String,
}

/// What one kind of log makes of its lines.
trait Reads {
    /// A line that tells something has one of these; if there is none, every line is looked at.
    fn needles(&self) -> Vec<&'static str>;
    /// One line, cleaned, counted from 1.
    fn line(&mut self, text: &str, number: u32, out: &mut Gathered);
    /// After the last line.
    fn end(&mut self, _out: &mut Gathered) {}
}

/// What splits an input and looks at the parts.
enum Reader {
    Lines(Box<dyn Reads>, Lines),
    Events(event_xml::EventXml),
}

/// Reads a log of any size piece by piece. What the pieces are does not matter.
///
/// ```
/// use kbwhy::diagnose::{LogFinding, LogReader, settle};
/// let log = b"2018-06-20 10:00:00, Info                  CBS    Store corruption, manifest missing for package: \
///     Package_9_for_KB4000001~31bf3856ad364e35~amd64~~6.3.1.4\r\n";
/// let mut reader = LogReader::detect("CBS.log", log).unwrap();
/// for piece in log.chunks(7) {
///     reader.feed(piece);
/// }
/// let found = settle(&[reader.finish()]);
/// assert!(matches!(found[0].value, LogFinding::ManifestMissing { .. }));
/// assert!(LogReader::detect("host.txt", b"Host Name: SRV01\r\n").is_err());
/// ```
pub struct LogReader {
    input: Arc<str>,
    decoding: Decoding,
    readers: Vec<(Kind, Reader, Gathered)>,
}

impl std::fmt::Debug for LogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<Kind> = self.readers.iter().map(|(kind, ..)| *kind).collect();
        f.debug_struct("LogReader").field("input", &self.input).field("kinds", &kinds).finish_non_exhaustive()
    }
}

/// What was found in one input, not yet judged; see [`settle`](fn@settle).
#[derive(Clone, Debug)]
pub struct LogRead {
    input: Arc<str>,
    parts: Vec<(Kind, Gathered)>,
}

impl LogRead {
    /// Did no line tell of a cause?
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|(_, found)| found.is_empty())
    }

    /// Packages whose applicable and present state the log states, in its order; at most 20,000 rows.
    pub fn package_states(&self) -> impl Iterator<Item = &states::PackageStates> {
        self.parts.iter().flat_map(|(_, found)| &found.packages.states)
    }

    /// Parents that were looked for, in the order of the log; at most 20,000 rows.
    pub fn parent_evaluations(&self) -> impl Iterator<Item = &states::ParentEvaluation> {
        self.parts.iter().flat_map(|(_, found)| &found.packages.parents)
    }

    /// The kinds of log that the input was read as: `CBS.log`, `WindowsUpdate.log`, …
    pub fn formats(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().map(|(kind, _)| kind.format())
    }
}

impl LogReader {
    /// A reader for the log that these first bytes (64 KB of it, or all) begin. The bytes are not taken in:
    /// [`feed`](Self::feed) them too.
    ///
    /// # Errors
    /// When they begin no log that is read.
    pub fn detect(input: &str, head: &[u8]) -> Result<Self, NoLog> {
        let input: Arc<str> = Arc::from(text::shown(input, 120));
        let no = |why: String| NoLog { input: input.to_string(), why };
        if let Some(why) = refused::binary(head) {
            return Err(no(why));
        }
        let (decoding, start) = Decoding::of(head);
        let kinds = kind::kinds(&start, head.len() < HEAD);
        if kinds.is_empty() {
            return Err(no(refused::inventory(&input, head).unwrap_or_else(|| refused::text(&start))));
        }
        let reader = |kind: Kind| match kind.reader() {
            None => Reader::Events(event_xml::EventXml::default()),
            Some(reads) => {
                let lines = Lines::new(&reads.needles(), LONGEST, Overlong::Cut);
                Reader::Lines(reads, lines)
            }
        };
        let readers = kinds.into_iter().map(|k| (k, reader(k), Gathered::default())).collect();
        Ok(Self { input, decoding, readers })
    }

    /// The next piece, of any size.
    pub fn feed(&mut self, piece: &[u8]) {
        let Self { decoding, readers, .. } = self;
        decoding.pieces(piece, &mut |bytes| take(readers, bytes));
    }

    /// What the log told.
    pub fn finish(self) -> LogRead {
        let Self { input, mut decoding, mut readers } = self;
        decoding.finish(&mut |bytes| take(&mut readers, bytes));
        let parts = readers
            .into_iter()
            .map(|(kind, reader, mut out)| {
                match reader {
                    Reader::Lines(mut reads, mut lines) => {
                        lines.finish(&mut |text, n| reads.line(text, n, &mut out));
                        reads.end(&mut out);
                    }
                    Reader::Events(mut events) => events.finish(&mut out),
                }
                (kind, out)
            })
            .collect();
        LogRead { input, parts }
    }
}

fn take(readers: &mut [(Kind, Reader, Gathered)], bytes: &[u8]) {
    for (_, reader, out) in readers {
        match reader {
            Reader::Lines(reads, lines) => lines.take(bytes, &mut |text, n| reads.line(text, n, out)),
            Reader::Events(events) => events.take(bytes, out),
        }
    }
}
