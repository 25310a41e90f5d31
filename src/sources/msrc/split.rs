//! Records of comma-separated text at memory speed: the csv crate is a third as fast on quoted fields, and a record may cost
//! no more than its bound here.

use memchr::{memchr, memchr_iter, memchr3};
use std::cell::Cell;

/// A longer record is an attack or damaged.
const LONGEST_RECORD: usize = 1 << 20;

/// What stops a table, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: u64,
    pub(super) problem: String,
}

/// Where a field lies in its buffer.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    /// behind what ends it
    after: usize,
    /// holds doubled quotes
    doubled: bool,
}

/// One record: its fields in the order of the wanted columns.
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    fields: &'a [Span],
    columns: &'a [Option<usize>],
    /// a place in the buffer, and the lines before it
    counted: &'a Cell<(usize, u64)>,
    start: usize,
    changed: Changed,
}

/// Fields that are not, byte for byte, those of a former record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Changed(u64);

impl Changed {
    const ALL: Self = Self(u64::MAX);

    /// Those from the 64th on share a bit.
    fn field(&mut self, n: usize) {
        self.0 |= 1 << n.min(63);
    }
}

impl<'a> Record<'a> {
    /// The fields of the wanted columns that differ from the record before; more may be named than do.
    pub(super) fn changed(&self) -> u64 {
        let differs = |column: &Option<usize>| column.is_none_or(|c| self.changed.0 >> c.min(63) & 1 == 1);
        // a column that is not there is always the same, but nothing is gained by saying so
        self.columns.iter().rev().fold(0, |all, c| all << 1 | u64::from(differs(c)))
    }

    /// The field of the nth wanted column; empty if the table has no such column. Doubled quotes stay doubled.
    pub(super) fn raw(&self, column: usize) -> &'a [u8] {
        let span = self.columns.get(column).copied().flatten().and_then(|c| self.fields.get(c));
        span.and_then(|s| self.bytes.get(s.start..s.end)).unwrap_or(&[])
    }

    /// The field as text.
    pub(super) fn text(&self, column: usize) -> String {
        let span = self.columns.get(column).copied().flatten().and_then(|c| self.fields.get(c));
        let text = String::from_utf8_lossy(self.raw(column));
        if span.is_some_and(|s| s.doubled) { text.replace("\"\"", "\"") } else { text.into_owned() }
    }

    /// The line in which it begins.
    pub(super) fn line(&self) -> u64 {
        // from the place that was asked for last, so that all questions together cost one pass
        let (at, lines) = self.counted.get();
        let lines = lines + newlines(&self.bytes[at.min(self.start)..self.start]);
        self.counted.set((self.start, lines));
        lines + 1
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

enum Found {
    /// ends here; another begins there
    Record(usize),
    /// the buffer ends inside of it
    More,
    /// a character after a closing quote, at this place
    Stray(usize),
}

/// Splits a table that comes in pieces. The first record names the columns; a record that begins with `#` is a remark.
pub(super) struct Splitter {
    wanted: &'static [&'static str],
    required: usize,
    columns: Vec<Option<usize>>,
    width: usize,
    delimiter: u8,
    /// the record that the last piece broke off
    rest: Vec<u8>,
    /// a place in the buffer, and the lines before it
    counted: Cell<(usize, u64)>,
    begun: bool,
    fields: Vec<Span>,
    former: Vec<Span>,
}

impl Splitter {
    /// Wants these columns, of which the first so many must be there.
    pub(super) fn new(wanted: &'static [&'static str], required: usize) -> Self {
        let (columns, rest, fields, former) = Default::default();
        Self {
            wanted,
            required,
            columns,
            width: 0,
            delimiter: b',',
            rest,
            counted: Cell::new((0, 0)),
            begun: false,
            fields,
            former,
        }
    }

    /// The next piece: what `piece` holds from there on; before it is room, so that the record which the piece before broke
    /// off goes on in place. `last` closes the table. Records go to `each`, which may stop it with a problem.
    pub(super) fn feed(
        &mut self,
        piece: &mut [u8],
        from: usize,
        last: bool,
        each: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), Fault> {
        let mut rest = std::mem::take(&mut self.rest);
        let joined;
        let buffer = match from.checked_sub(rest.len()) {
            Some(start) => {
                piece[start..from].copy_from_slice(&rest);
                &piece[start..]
            }
            None => {
                joined = [&rest[..], &piece[from..]].concat();
                &joined[..]
            }
        };
        let (at, outcome) = self.split(buffer, last, each);
        let (counted, lines) = self.counted.get();
        self.counted.set((0, lines + newlines(&buffer[counted.min(at)..at])));
        rest.clear();
        rest.extend_from_slice(&buffer[at..]);
        self.rest = rest;
        if last && outcome.is_ok() && self.width == 0 {
            return Err(self.fault(&[], 0, "no header line".to_owned()));
        }
        outcome
    }

    /// All records that end in the buffer: where the next one begins.
    fn split(
        &mut self,
        buffer: &[u8],
        last: bool,
        mut each: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> (usize, Result<(), Fault>) {
        if let Some(zero) = memchr(0, buffer) {
            return (0, Err(self.fault(buffer, zero, "a zero byte: the file is damaged".to_owned())));
        }
        let mut at = 0;
        if !self.begun {
            if buffer.len() < 3 && !last {
                return (0, Ok(()));
            }
            self.begun = true;
            at = if buffer.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        }
        // a piece may end inside of a letter
        let text = std::str::from_utf8(&buffer[at..]).map_or_else(|e| at + e.valid_up_to(), |_| buffer.len());
        let (mut fields, mut former) = (std::mem::take(&mut self.fields), std::mem::take(&mut self.former));
        former.clear();
        let mut former_start = 0;
        let mut outcome = Ok(());
        loop {
            // between records: blank lines, remarks
            match buffer.get(at) {
                Some(b'\r' | b'\n') => {
                    at += 1;
                    continue;
                }
                Some(b'#') => match memchr(b'\n', &buffer[at..]) {
                    Some(n) => {
                        at += n + 1;
                        continue;
                    }
                    None if last => break,
                    None => {}
                },
                Some(_) => {
                    if self.width == 0 {
                        self.delimiter = delimiter(&buffer[at..]);
                    }
                    fields.clear();
                    let mut changed = Changed::default();
                    let like = (former_start, &former[..]);
                    match record(buffer, at, self.delimiter, last, like, &mut fields, &mut changed) {
                        Found::Record(next) => {
                            if former.is_empty() {
                                changed = Changed::ALL;
                            }
                            let is_text = next <= text || std::str::from_utf8(&buffer[at..next]).is_ok();
                            let taken = self.take(buffer, &fields, at, changed, is_text, &mut each);
                            if let Err(problem) = taken {
                                outcome = Err(self.fault(buffer, at, problem));
                                break;
                            }
                            former_start = at;
                            std::mem::swap(&mut fields, &mut former);
                            at = next;
                            continue;
                        }
                        Found::Stray(place) => {
                            let problem =
                                "a quotation mark inside of a field is not doubled: the file is damaged";
                            outcome = Err(self.fault(buffer, place, problem.to_owned()));
                            break;
                        }
                        Found::More if last => {
                            let problem = "the last record is cut off: the file is not whole";
                            outcome = Err(self.fault(buffer, at, problem.to_owned()));
                            break;
                        }
                        Found::More => {}
                    }
                }
                None => break,
            }
            if buffer.len() - at > LONGEST_RECORD {
                let problem = format!("a record of more than {LONGEST_RECORD} bytes");
                outcome = Err(self.fault(buffer, at, problem));
            }
            break;
        }
        (self.fields, self.former) = (fields, former);
        (at, outcome)
    }

    fn fault(&self, buffer: &[u8], at: usize, problem: String) -> Fault {
        let (counted, lines) = self.counted.get();
        Fault { line: lines + newlines(&buffer[counted.min(at)..at]) + 1, problem }
    }

    fn take(
        &mut self,
        bytes: &[u8],
        fields: &[Span],
        start: usize,
        changed: Changed,
        is_text: bool,
        each: &mut impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if !is_text {
            return Err(
                "bytes that are not UTF-8: the file is damaged, or was saved in another encoding".to_owned()
            );
        }
        if self.width == 0 {
            let name = |s: &Span| String::from_utf8_lossy(&bytes[s.start..s.end]).trim().to_ascii_lowercase();
            let names: Vec<String> = fields.iter().map(name).collect();
            let place = |w: &&str| names.iter().position(|n| *n == w.to_ascii_lowercase());
            self.columns = self.wanted.iter().map(place).collect();
            let missing = self.columns.iter().take(self.required).position(Option::is_none);
            if let Some(missing) = missing {
                return Err(format!("the header line has no column {}", self.wanted[missing]));
            }
            self.width = fields.len();
            return Ok(());
        }
        if fields.len() != self.width {
            let (n, width) = (fields.len(), self.width);
            return Err(format!("{n} fields where the header line has {width}: the file is damaged"));
        }
        let (columns, counted) = (&self.columns[..], &self.counted);
        each(&Record { bytes, fields, columns, counted, start, changed })
    }
}

/// The separator of a header line: Excel writes semicolons or tabs in some countries.
fn delimiter(header: &[u8]) -> u8 {
    let line = &header[..memchr(b'\n', header).unwrap_or(header.len())];
    let count = |d: u8| memchr_iter(d, line).count();
    let (comma, semicolon, tab) = (count(b','), count(b';'), count(b'\t'));
    if semicolon > comma && semicolon >= tab {
        b';'
    } else if tab > comma {
        b'\t'
    } else {
        b','
    }
}

/// How many bytes two texts have in common at their start.
fn common(a: &[u8], b: &[u8]) -> usize {
    let mut n = 0;
    for (x, y) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        let differing = u128::from_le_bytes(*x) ^ u128::from_le_bytes(*y);
        if differing != 0 {
            return n + differing.trailing_zeros() as usize / 8;
        }
        n += 16;
    }
    for (x, y) in a[n..].iter().zip(&b[n..]) {
        if x != y {
            break;
        }
        n += 1;
    }
    n
}

/// The fields of one record. Neighbours have most fields in common: those whose bytes, with what ends them, are the former
/// record's end where its do.
fn record(
    buffer: &[u8],
    start: usize,
    delimiter: u8,
    last: bool,
    (former_start, former): (usize, &[Span]),
    fields: &mut Vec<Span>,
    changed: &mut Changed,
) -> Found {
    let mut at = start;
    loop {
        let n = fields.len();
        if n < former.len() {
            let from = n.checked_sub(1).map_or(former_start, |n| former[n].after);
            let shift = at - from;
            let same = common(&buffer[from..at], &buffer[at..]);
            for f in &former[n..] {
                if f.after - from > same {
                    break;
                }
                at = f.after + shift;
                fields.push(Span { start: f.start + shift, end: f.end + shift, after: at, ..*f });
            }
            if fields.len() == former.len() {
                return Found::Record(at);
            }
        }
        changed.field(fields.len());
        let (from, end, mut doubled);
        if buffer.get(at) == Some(&b'"') {
            (from, doubled) = (at + 1, false);
            let mut look = from;
            end = loop {
                let Some(n) = memchr(b'"', &buffer[look..]) else { return Found::More };
                let quote = look + n;
                match buffer.get(quote + 1) {
                    Some(b'"') => {
                        doubled = true;
                        look = quote + 2;
                    }
                    Some(b) if *b == delimiter || matches!(b, b'\r' | b'\n') => break quote,
                    Some(_) => return Found::Stray(quote + 1),
                    None if last => break quote,
                    None => return Found::More,
                }
            };
            at = end + 1;
        } else {
            (from, doubled) = (at, false);
            end = match memchr3(delimiter, b'\r', b'\n', &buffer[at..]) {
                Some(n) => at + n,
                None if last => buffer.len(),
                None => return Found::More,
            };
            at = end;
        }
        let ender = buffer.get(at);
        at += usize::from(ender.is_some());
        fields.push(Span { start: from, end, after: at, doubled });
        if ender != Some(&delimiter) {
            return Found::Record(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WANTED: &[&str] = &["a", "b"];

    fn split(text: &[u8], piece: usize) -> Result<Vec<(String, String)>, Fault> {
        let mut splitter = Splitter::new(WANTED, 2);
        let mut rows = Vec::new();
        for part in text.chunks(piece.max(1)) {
            let mut room = [&[b'?'; 7], part].concat();
            splitter.feed(&mut room, 7, false, |r| {
                rows.push((r.text(0), r.text(1)));
                Ok(())
            })?;
        }
        splitter.feed(&mut [], 0, true, |r| {
            rows.push((r.text(0), r.text(1)));
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn quotes_line_breaks_and_remarks() {
        let text = b"\xEF\xBB\xBF\"b\",\"x\",\"a\"\r\n# a remark, \"with a quote\r\n\"1\",\"\",\"say \"\"so\"\",\r\nthen\"\r\n\r\n2,,3";
        for piece in 1..text.len() + 1 {
            let rows = split(text, piece).unwrap();
            assert_eq!(
                rows,
                [("say \"so\",\r\nthen".into(), "1".into()), ("3".into(), "2".into())],
                "{piece}"
            );
        }
    }

    #[test]
    fn faults_name_their_line() {
        for (text, line, words) in [
            (&b"a,b\n1,2\n3\n"[..], 3, "1 fields"),
            (b"a,b\n\"1\"x,2\n", 2, "not doubled"),
            (b"a,b\n1,2\n\"3", 3, "cut off"),
            (b"a,c\n", 1, "no column b"),
            (b"", 1, "no header"),
            (b"a,b\n\xFF,2\n", 2, "UTF-8"),
            (b"a,b\n1,2\n3,\0\n", 3, "zero byte"),
        ] {
            for piece in [1, 3, 100] {
                let fault = split(text, piece).unwrap_err();
                assert!(fault.problem.contains(words), "{fault:?}");
                assert_eq!(fault.line, line, "{fault:?}");
            }
        }
    }

    #[test]
    fn a_field_without_end_is_not_gathered() {
        let mut text = b"a,b\n\"".to_vec();
        text.resize(3 << 20, b'x');
        assert!(split(&text, 1 << 16).unwrap_err().problem.contains("more than"));
    }

    proptest! {
        /// The csv crate reads the same of what it wrote, whatever the pieces.
        #[test]
        fn agrees_with_the_csv_crate(rows in prop::collection::vec(("[a-z,\"\r\n #;é]{0,9}", "[a-z,\" ]{0,9}"), 0..12), piece in 1usize..50) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(["a", "b"]).unwrap();
            rows.iter().for_each(|(a, b)| writer.write_record([a, b]).unwrap());
            let text = writer.into_inner().unwrap();
            prop_assert_eq!(split(&text, piece).unwrap(), rows);
        }

        #[test]
        fn never_panics(text in prop::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'#'), any::<u8>()], 0..200), piece in 1usize..50) {
            let _ = split(&text, piece);
        }
    }
}
