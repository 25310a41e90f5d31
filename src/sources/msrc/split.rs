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
}

impl<'a> Record<'a> {
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
    buffer: Vec<u8>,
    /// a place in the buffer, and the lines before it
    counted: Cell<(usize, u64)>,
    begun: bool,
    fields: Vec<Span>,
}

impl Splitter {
    /// Wants these columns, of which the first so many must be there.
    pub(super) fn new(wanted: &'static [&'static str], required: usize) -> Self {
        let (columns, buffer, fields) = Default::default();
        Self {
            wanted,
            required,
            columns,
            width: 0,
            delimiter: b',',
            buffer,
            counted: Cell::new((0, 0)),
            begun: false,
            fields,
        }
    }

    /// The next piece; `last` closes the table. Records go to `each`, which may stop it with a problem.
    pub(super) fn feed(
        &mut self,
        piece: &[u8],
        last: bool,
        mut each: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), Fault> {
        let held = self.buffer.len();
        self.buffer.extend_from_slice(piece);
        if let Some(zero) = memchr(0, piece) {
            return Err(self.fault(held + zero, "a zero byte: the file is damaged".to_owned()));
        }
        let mut at = 0;
        if !self.begun {
            if self.buffer.len() < 3 && !last {
                return Ok(());
            }
            self.begun = true;
            at = if self.buffer.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        }
        let mut fields = std::mem::take(&mut self.fields);
        let mut outcome = Ok(());
        loop {
            // between records: blank lines, remarks
            match self.buffer.get(at) {
                Some(b'\r' | b'\n') => {
                    at += 1;
                    continue;
                }
                Some(b'#') => match memchr(b'\n', &self.buffer[at..]) {
                    Some(n) => {
                        at += n + 1;
                        continue;
                    }
                    None if last => break,
                    None => {}
                },
                Some(_) => {
                    if self.width == 0 {
                        self.delimiter = delimiter(&self.buffer[at..]);
                    }
                    fields.clear();
                    let found = record(&self.buffer, at, self.delimiter, last, &mut fields);
                    match found {
                        Found::Record(next) => {
                            if let Err(problem) = self.take(&fields, at, next, &mut each) {
                                outcome = Err(self.fault(at, problem));
                                break;
                            }
                            at = next;
                            continue;
                        }
                        Found::Stray(place) => {
                            let problem =
                                "a quotation mark inside of a field is not doubled: the file is damaged";
                            outcome = Err(self.fault(place, problem.to_owned()));
                            break;
                        }
                        Found::More if last => {
                            let problem = "the last record is cut off: the file is not whole";
                            outcome = Err(self.fault(at, problem.to_owned()));
                            break;
                        }
                        Found::More => {}
                    }
                }
                None => break,
            }
            if self.buffer.len() - at > LONGEST_RECORD {
                outcome = Err(self.fault(at, format!("a record of more than {LONGEST_RECORD} bytes")));
            }
            break;
        }
        self.fields = fields;
        let (counted, lines) = self.counted.get();
        self.counted.set((0, lines + newlines(&self.buffer[counted.min(at)..at])));
        self.buffer.drain(..at);
        if last && outcome.is_ok() && self.width == 0 {
            return Err(self.fault(0, "no header line".to_owned()));
        }
        outcome
    }

    fn fault(&self, at: usize, problem: String) -> Fault {
        let (counted, lines) = self.counted.get();
        Fault { line: lines + newlines(&self.buffer[counted.min(at)..at]) + 1, problem }
    }

    fn take(
        &mut self,
        fields: &[Span],
        start: usize,
        next: usize,
        each: &mut impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if std::str::from_utf8(&self.buffer[start..next]).is_err() {
            return Err(
                "bytes that are not UTF-8: the file is damaged, or was saved in another encoding".to_owned()
            );
        }
        if self.width == 0 {
            let name =
                |s: &Span| String::from_utf8_lossy(&self.buffer[s.start..s.end]).trim().to_ascii_lowercase();
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
        let (bytes, columns, counted) = (&self.buffer[..], &self.columns[..], &self.counted);
        each(&Record { bytes, fields, columns, counted, start })
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

fn record(buffer: &[u8], start: usize, delimiter: u8, last: bool, fields: &mut Vec<Span>) -> Found {
    let mut at = start;
    loop {
        let end;
        if buffer.get(at) == Some(&b'"') {
            let (mut from, mut doubled) = (at + 1, false);
            end = loop {
                let Some(n) = memchr(b'"', &buffer[from..]) else { return Found::More };
                let quote = from + n;
                match buffer.get(quote + 1) {
                    Some(b'"') => {
                        doubled = true;
                        from = quote + 2;
                    }
                    Some(b) if *b == delimiter || matches!(b, b'\r' | b'\n') => break quote,
                    Some(_) => return Found::Stray(quote + 1),
                    None if last => break quote,
                    None => return Found::More,
                }
            };
            fields.push(Span { start: at + 1, end, doubled });
            at = end + 1;
        } else {
            end = match memchr3(delimiter, b'\r', b'\n', &buffer[at..]) {
                Some(n) => at + n,
                None if last => buffer.len(),
                None => return Found::More,
            };
            fields.push(Span { start: at, end, doubled: false });
            at = end;
        }
        match buffer.get(at) {
            Some(b) if *b == delimiter => at += 1,
            Some(_) => return Found::Record(at + 1),
            None => return Found::Record(at),
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
            splitter.feed(part, false, |r| {
                rows.push((r.text(0), r.text(1)));
                Ok(())
            })?;
        }
        splitter.feed(&[], true, |r| {
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
