//! Bytes of any size to the lines that matter: decoded if their characters are two bytes wide, split, searched, counted.
//! What is kept is one line, and pieces may be of any size.

use super::super::{lines::clean, text};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};
use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};

/// How much of an input tells what it is.
pub const HEAD: usize = 64 * 1024;

/// The longest line that is read; those of real logs have some thousand bytes.
pub(crate) const LONGEST: usize = 1 << 20;

/// How much is searched at once: it stays in the processor's cache.
const BLOCK: usize = 256 * 1024;

/// What becomes of a line that is longer than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlong {
    /// It is left out.
    Skip,
    /// Its beginning is read.
    Cut,
}

/// How the bytes of an input are decoded.
pub(crate) struct Decoding {
    /// Its name: `UTF-16LE`, `ASCII`, …
    pub(crate) name: &'static str,
    decoder: Option<Decoder>,
    ascii: bool,
}

impl Decoding {
    /// Of the input that these bytes begin, with the text that they are.
    pub(crate) fn of(head: &[u8]) -> (Self, String) {
        let whole = head.len() < HEAD;
        let head = &head[..head.len().min(HEAD)];
        let (text, name, wide) = match wide(head) {
            Some((encoding, name)) => {
                let even = &head[..head.len() & !1];
                (encoding.decode_with_bom_removal(even).0.into_owned(), name, Some(encoding))
            }
            None => {
                // the cut may go through a character
                let line_end = memrchr(b'\n', head).filter(|_| !whole).map(|at| at + 1);
                let end = line_end.unwrap_or(head.len());
                let decoded = text::decode(&head[..end]);
                (decoded.text, decoded.encoding, None)
            }
        };
        let decoder = wide.map(Encoding::new_decoder_without_bom_handling);
        (Self { name, decoder, ascii: name == "ASCII" }, text)
    }

    /// Gives the pieces of a piece that are in an encoding whose line ends are one byte.
    pub(crate) fn pieces(&mut self, piece: &[u8], take: &mut dyn FnMut(&[u8])) {
        for block in piece.chunks(BLOCK) {
            if self.ascii && !block.is_ascii() {
                self.ascii = false;
                self.name = "UTF-8 or a code page";
            }
            self.decode(block, false, take);
        }
    }

    /// What the decoder still holds.
    pub(crate) fn finish(&mut self, take: &mut dyn FnMut(&[u8])) {
        if self.decoder.is_some() {
            self.decode(&[], true, take);
        }
    }

    fn decode(&mut self, block: &[u8], last: bool, take: &mut dyn FnMut(&[u8])) {
        let Some(decoder) = &mut self.decoder else { return take(block) };
        let mut rest = block;
        let mut out = vec![0u8; block.len().saturating_mul(3).clamp(16, BLOCK)];
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut out, last);
            take(out.get(..written).unwrap_or_default());
            rest = rest.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return;
            }
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

/// Takes in a line, cleaned, and its number, counted from 1.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&str, u32);

/// Finds the lines that matter in blocks of bytes, and counts the others.
pub(crate) struct Lines {
    finders: Vec<Finder<'static>>,
    longest: usize,
    overlong: Overlong,
    /// Line ends so far.
    ends: u32,
    /// The line that the last block left unfinished.
    rest: Vec<u8>,
    /// More of it came than is kept.
    cut: bool,
    /// Where the needles were found, kept for its memory.
    hits: Vec<usize>,
}

impl Lines {
    /// Lines that hold one of these; without needles every line.
    pub(crate) fn new(needles: &[&'static str], longest: usize, overlong: Overlong) -> Self {
        let finders = needles.iter().map(|n| Finder::new(n.as_bytes())).collect();
        Self { finders, longest, overlong, ends: 0, rest: Vec::new(), cut: false, hits: Vec::new() }
    }

    /// The next block.
    pub(crate) fn take(&mut self, mut block: &[u8], read: Take<'_>) {
        if !self.rest.is_empty() || self.cut {
            let Some(end) = memchr(b'\n', block) else { return self.keep(block) };
            self.keep(&block[..end]);
            self.end_rest(read);
            self.ends = self.ends.saturating_add(1);
            block = &block[end + 1..];
        }
        match memrchr(b'\n', block) {
            None => self.keep(block),
            Some(end) => {
                self.whole_lines(&block[..=end], read);
                self.keep(&block[end + 1..]);
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.longest - self.rest.len().min(self.longest);
        if bytes.len() > room {
            self.cut = true;
        }
        self.rest.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_rest(&mut self, read: Take<'_>) {
        let mut rest = std::mem::take(&mut self.rest);
        let cut = std::mem::take(&mut self.cut);
        let wanted = !cut || self.overlong == Overlong::Cut;
        if wanted && (self.finders.is_empty() || self.finders.iter().any(|f| f.find(&rest).is_some())) {
            give(&rest, self.ends, read);
        }
        rest.clear();
        // one long line does not keep its memory
        rest.shrink_to(BLOCK);
        self.rest = rest;
    }

    /// Lines that all end in this block.
    fn whole_lines(&mut self, block: &[u8], read: Take<'_>) {
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
            let line = &block[start..end];
            if line.len() <= self.longest {
                give(line, self.ends, read);
            } else if self.overlong == Overlong::Cut {
                let line = &line[..self.longest];
                if self.finders.is_empty() || self.finders.iter().any(|f| f.find(line).is_some()) {
                    give(line, self.ends, read);
                }
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

    /// The line at the end, if no line end follows it.
    pub(crate) fn finish(&mut self, read: Take<'_>) {
        if !self.rest.is_empty() && (!self.cut || self.overlong == Overlong::Cut) {
            // a number at the end of a file without a line end may be the head of a longer one
            self.rest.truncate(uncut(&self.rest));
            self.end_rest(read);
        }
    }
}

/// Hands out a line, cleaned: what names updates and codes is ASCII in every code page.
fn give(line: &[u8], before: u32, read: Take<'_>) {
    read(&clean(&String::from_utf8_lossy(line)), before.saturating_add(1));
}

/// The length of a line without the KB number that its end may have cut.
pub(super) fn uncut(line: &[u8]) -> usize {
    // half a character of UTF-16 may stand behind it
    let whole = line.strip_suffix("\u{fffd}".as_bytes()).unwrap_or(line);
    let digits = whole.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let end = whole.len() - digits;
    let head = whole.get(..end).unwrap_or_default().to_ascii_lowercase();
    let kb = [&b"kb"[..], b"qnumbers="].iter().any(|label| head.ends_with(label));
    if kb { end } else { line.len() }
}
