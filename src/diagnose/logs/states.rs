//! What a CBS.log states of packages one by one: applicable and present state, and the parents that were looked for.

use super::LONGEST;
use super::text::after;
use crate::inventory::logs::stream::{Decoding, Lines, Overlong};

/// Rows that are kept at most of each list.
const MOST: usize = 200_000;

/// `Read out cached package applicability for package: P, ApplicableState: A, CurrentState:C`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageStates {
    /// identity of the package, as the log writes it
    pub package: String,
    /// the state that it could have: 112 installed, 80 superseded, 64 staged, 0 absent
    pub applicable: u32,
    /// the state that it has
    pub current: u32,
    /// line, counted from 1
    pub line: u32,
}

/// A parent that a package asks for, and whether it is there: the lines of `Appl:`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParentEvaluation {
    /// identity of the package
    pub package: String,
    /// identity of the parent that was looked for; none for a package that asks for none
    pub wanted: Option<String>,
    /// identity and state of the parent that was found
    pub found: Option<(String, String)>,
    /// what the package could be, in the end: `Installed`, `Superseded`, `Absent`; empty if the log does not tell
    pub applicable: String,
    /// line, counted from 1
    pub line: u32,
}

/// Reads a CBS.log of any size piece by piece.
///
/// ```
/// use kbwhy::diagnose::logs::states::StatesReader;
/// let log = b"2016-09-28 04:30:31, Info                  CBS    Read out cached package applicability for package: \
///     Package_for_KB2999226~31bf3856ad364e35~amd64~~6.1.1.7, ApplicableState: 112, CurrentState:0\r\n";
/// let mut reader = StatesReader::new(log);
/// for piece in log.chunks(10) {
///     reader.feed(piece);
/// }
/// let (states, parents) = reader.finish();
/// assert_eq!((states[0].applicable, states[0].current), (112, 0));
/// assert!(parents.is_empty());
/// ```
pub struct StatesReader {
    decoding: Decoding,
    lines: Lines,
    told: Told,
}

impl std::fmt::Debug for StatesReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatesReader").field("told", &self.told).finish_non_exhaustive()
    }
}

/// What a log told of packages.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) states: Vec<PackageStates>,
    pub(super) parents: Vec<ParentEvaluation>,
    /// Rows of each that are kept.
    most: usize,
    /// The package whose parents are looked for: its rows from here on have no end yet.
    open: usize,
}

const NEEDLES: [&str; 4] = ["CurrentState:", "etect Parent, ", "etectParent", "pplicable state: "];

impl StatesReader {
    /// A reader for the log that these first bytes (64 KB of it, or all) begin. [`feed`](Self::feed) them too.
    pub fn new(head: &[u8]) -> Self {
        let (decoding, _) = Decoding::of(head);
        Self { decoding, lines: Lines::new(&NEEDLES, LONGEST, Overlong::Cut), told: Told::new(MOST) }
    }

    /// The next piece, of any size.
    pub fn feed(&mut self, piece: &[u8]) {
        let Self { decoding, lines, told } = self;
        decoding.pieces(piece, &mut |bytes| lines.take(bytes, &mut |text, n| told.line(text, n)));
    }

    /// What the log told, in its order; each list at most 200,000 rows.
    pub fn finish(self) -> (Vec<PackageStates>, Vec<ParentEvaluation>) {
        let Self { mut decoding, mut lines, mut told } = self;
        decoding.finish(&mut |bytes| lines.take(bytes, &mut |text, n| told.line(text, n)));
        lines.finish(&mut |text, n| told.line(text, n));
        (told.states, told.parents)
    }
}

/// An identity at the start of a text.
fn identity(text: &str) -> Option<String> {
    let text = text.trim_start_matches([':', ' ']);
    let end = text.find([',', ' ', '\t', ')']).unwrap_or(text.len());
    (end > 0 && text[..end].contains('~')).then(|| text[..end].to_owned())
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

impl Default for Told {
    fn default() -> Self {
        Self::new(20_000)
    }
}

impl Told {
    fn new(most: usize) -> Self {
        Self { states: Vec::new(), parents: Vec::new(), most, open: 0 }
    }

    pub(super) fn line(&mut self, text: &str, line: u32) {
        // a mangled line tells nothing
        let _ = self.row(text, line);
    }

    fn row(&mut self, text: &str, line: u32) -> Option<()> {
        if let Some(current) = after(text, "CurrentState:") {
            let package = identity(after(text, "for package")?)?;
            let applicable = number(after(text, "ApplicableState:")?)?;
            let row = PackageStates { package, applicable, current: number(current)?, line };
            if self.states.len() < self.most {
                self.states.push(row);
            }
        } else if let Some(rest) = after(text, "etect Parent, Package:") {
            let package = identity(rest)?;
            if self.parents.get(self.open).is_some_and(|p| p.package != package) {
                self.open = self.parents.len();
            }
            let wanted = after(rest, "Parent:").and_then(identity);
            if self.parents.len() < self.most {
                let applicable = String::new();
                self.parents.push(ParentEvaluation { package, wanted, found: None, applicable, line });
            }
        } else if let Some(rest) = after(text, "etectParent: parent found: ") {
            let state = after(rest, ", state: ").unwrap_or_default().trim().to_owned();
            let found = identity(rest)?;
            self.parents.last_mut()?.found = Some((found, state));
        } else if let Some(rest) = after(text, "pplicability for package") {
            let package = identity(rest)?;
            let state = after(rest, "pplicable state: ")?.trim().to_owned();
            let mut told = false;
            for row in self.parents.iter_mut().skip(self.open).filter(|p| p.package == package) {
                row.applicable.clone_from(&state);
                told = true;
            }
            if !told && self.parents.len() < self.most {
                let (wanted, found) = (None, None);
                self.parents.push(ParentEvaluation { package, wanted, found, applicable: state, line });
            }
            self.open = self.parents.len();
        }
        Some(())
    }
}
