//! Records of comma-separated text at memory speed: the csv crate is a third as fast on quoted fields, and a record may cost
//! no more than its bound here.

use memchr::{memchr, memchr_iter, memchr3, memrchr};
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

/// Where a field of a wanted column lies; a column that is not there is empty.
#[derive(Clone, Copy, Debug, Default)]
struct Field {
    start: u32,
    end: u32,
    /// holds doubled quotes
    doubled: bool,
}

/// One record: its fields in the order of the wanted columns.
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    fields: &'a [Field],
    /// a place in the buffer, and the lines before it
    counted: &'a Cell<(usize, u64)>,
    start: usize,
    changed: u64,
}

impl<'a> Record<'a> {
    /// The fields of the wanted columns that differ from the record before; more may be named than do.
    pub(super) fn changed(&self) -> u64 {
        self.changed
    }

    /// The field of the nth wanted column; empty if the table has no such column. Doubled quotes stay doubled.
    pub(super) fn raw(&self, column: usize) -> &'a [u8] {
        let field = self.fields.get(column).copied().unwrap_or_default();
        self.bytes.get(field.start as usize..field.end as usize).unwrap_or(&[])
    }

    /// The field as text.
    pub(super) fn text(&self, column: usize) -> String {
        let text = String::from_utf8_lossy(self.raw(column));
        let doubled = self.fields.get(column).is_some_and(|f| f.doubled);
        if doubled { text.replace("\"\"", "\"") } else { text.into_owned() }
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

/// What the header line tells.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// places of the wanted columns
    columns: Vec<Option<usize>>,
    width: usize,
    delimiter: u8,
}

/// The records of a buffer.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// of each: where it begins, and which of its fields differ from those of the record before
    heads: Vec<(u32, u64)>,
    /// fields of the wanted columns, record by record
    fields: Vec<Field>,
    /// where the next one begins
    end: usize,
    /// what stops the table behind them, and where
    fault: Option<(usize, String)>,
    spans: Vec<Span>,
    former: Vec<Span>,
}

const ZERO: &str = "a zero byte: the file is damaged";
const STRAY: &str = "a quotation mark inside of a field is not doubled: the file is damaged";
const CUT: &str = "the last record is cut off: the file is not whole";
const NO_TEXT: &str = "bytes that are not UTF-8: the file is damaged, or was saved in another encoding";

/// Leaps over blank lines and remarks: where a record begins; none where the buffer ends first.
fn begin(buffer: &[u8], mut at: usize, last: bool) -> (usize, bool) {
    loop {
        match buffer.get(at) {
            Some(b'\r' | b'\n') => at += 1,
            Some(b'#') => match memchr(b'\n', &buffer[at..]) {
                Some(n) => at += n + 1,
                None if last => return (buffer.len(), false),
                None => return (at, false),
            },
            Some(_) => return (at, true),
            None => return (at, false),
        }
    }
}

/// Where the last record of a piece likely ends: behind a line break before a quotation mark, or any.
pub(super) fn cut(piece: &[u8]) -> Option<usize> {
    let (mut end, mut any) = (piece.len(), None);
    // texts of several lines are rare
    for _ in 0..64 {
        let Some(at) = memrchr(b'\n', &piece[..end]) else { break };
        if piece.get(at + 1) == Some(&b'"') {
            return Some(at + 1);
        }
        any = any.or(Some(at + 1));
        end = at;
    }
    any
}

impl Form {
    fn of(
        header: &[u8],
        names: &[Span],
        delimiter: u8,
        wanted: &[&str],
        required: usize,
    ) -> Result<Self, String> {
        let name = |s: &Span| String::from_utf8_lossy(&header[s.start..s.end]).trim().to_ascii_lowercase();
        let names: Vec<String> = names.iter().map(name).collect();
        let place = |w: &&str| names.iter().position(|n| *n == w.to_ascii_lowercase());
        let columns: Vec<_> = wanted.iter().map(place).collect();
        match columns.iter().take(required).position(Option::is_none) {
            Some(missing) => Err(format!("the header line has no column {}", wanted[missing])),
            None => Ok(Self { columns, width: names.len(), delimiter }),
        }
    }

    /// The records of a buffer that begins with one, from a place on.
    pub(super) fn split(&self, buffer: &[u8], from: usize, last: bool, rows: &mut Rows) {
        rows.heads.clear();
        rows.fields.clear();
        rows.former.clear();
        rows.fault = None;
        rows.end = from;
        if let Some(zero) = memchr(0, buffer) {
            rows.fault = Some((zero, ZERO.to_owned()));
            return;
        }
        // a piece may end inside of a letter
        let text =
            std::str::from_utf8(&buffer[from..]).map_or_else(|e| from + e.valid_up_to(), |_| buffer.len());
        let mut former_start = 0;
        loop {
            let (at, begins) = begin(buffer, rows.end, last);
            rows.end = at;
            if !begins {
                break;
            }
            rows.spans.clear();
            let mut changed = Changed::default();
            let like = (former_start, &rows.former[..]);
            match record(buffer, at, self.delimiter, last, like, &mut rows.spans, &mut changed) {
                Found::Record(next) => {
                    if next > text && std::str::from_utf8(&buffer[at..next]).is_err() {
                        rows.fault = Some((at, NO_TEXT.to_owned()));
                        return;
                    }
                    if rows.spans.len() != self.width {
                        let (n, width) = (rows.spans.len(), self.width);
                        let problem =
                            format!("{n} fields where the header line has {width}: the file is damaged");
                        rows.fault = Some((at, problem));
                        return;
                    }
                    if rows.former.is_empty() {
                        changed = Changed::ALL;
                    }
                    self.keep(rows, at, changed);
                    former_start = at;
                    std::mem::swap(&mut rows.spans, &mut rows.former);
                    rows.end = next;
                }
                Found::Stray(place) => {
                    rows.fault = Some((place, STRAY.to_owned()));
                    return;
                }
                Found::More if last => {
                    rows.fault = Some((at, CUT.to_owned()));
                    return;
                }
                Found::More => break,
            }
        }
        rows.fault = too_long(buffer, rows.end);
    }

    /// Keeps the fields of the wanted columns.
    fn keep(&self, rows: &mut Rows, start: usize, changed: Changed) {
        // a column that is not there is always the same, but nothing is gained by saying so
        let differs = |column: &Option<usize>| column.is_none_or(|c| changed.0 >> c.min(63) & 1 == 1);
        let changed = self.columns.iter().rev().fold(0, |all, c| all << 1 | u64::from(differs(c)));
        let spans = &rows.spans;
        // buffers are smaller than 4 GB: records are bounded
        rows.fields.extend(self.columns.iter().map(|c| {
            let span = c.and_then(|c| spans.get(c));
            span.map_or(Field::default(), |s| Field {
                start: s.start as u32,
                end: s.end as u32,
                doubled: s.doubled,
            })
        }));
        rows.heads.push((start as u32, changed));
    }
}

fn too_long(buffer: &[u8], at: usize) -> Option<(usize, String)> {
    (buffer.len() - at > LONGEST_RECORD)
        .then(|| (at, format!("a record of more than {LONGEST_RECORD} bytes")))
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

/// Splits a table that comes in pieces. The first record names the columns; a record that begins with `#` is a remark.
pub(super) struct Splitter {
    wanted: &'static [&'static str],
    required: usize,
    form: Option<Form>,
    /// the record that the last piece broke off
    rest: Vec<u8>,
    /// a place in the buffer, and the lines before it
    counted: Cell<(usize, u64)>,
    begun: bool,
    rows: Rows,
}

impl Splitter {
    /// Wants these columns, of which the first so many must be there.
    pub(super) fn new(wanted: &'static [&'static str], required: usize) -> Self {
        let (form, rest, rows) = Default::default();
        Self { wanted, required, form, rest, counted: Cell::new((0, 0)), begun: false, rows }
    }

    /// What the header line tells, once it was there.
    pub(super) fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    /// The next piece; `last` closes the table. Records go to `each`, which may stop it with a problem.
    pub(super) fn feed(
        &mut self,
        piece: &[u8],
        last: bool,
        each: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), Fault> {
        if self.rest.is_empty() {
            return self.split(piece, last, each);
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(piece);
        self.split(&joined, last, each)
    }

    /// The next piece, with the records that it has if it begins with one: they count if the piece before ended with one.
    pub(super) fn feed_split(
        &mut self,
        piece: &[u8],
        rows: &Rows,
        each: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), Fault> {
        if !self.rest.is_empty() || self.form.is_none() {
            return self.feed(piece, false, each);
        }
        self.take(piece, rows, each)?;
        self.end(piece, rows.end);
        Ok(())
    }

    /// All records that end in the buffer.
    fn split(
        &mut self,
        buffer: &[u8],
        last: bool,
        each: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), Fault> {
        let mut at = 0;
        if !self.begun {
            if buffer.len() < 3 && !last {
                self.end(buffer, 0);
                return Ok(());
            }
            self.begun = true;
            at = if buffer.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        }
        if self.form.is_none() {
            match self.header(buffer, at, last) {
                Ok(next) => at = next,
                Err((place, problem)) => return Err(self.fault(buffer, place, problem)),
            }
        }
        let mut rows = std::mem::take(&mut self.rows);
        if let Some(form) = &self.form {
            form.split(buffer, at, last, &mut rows);
            self.take(buffer, &rows, each)?;
            at = rows.end;
        }
        self.rows = rows;
        self.end(buffer, at);
        Ok(())
    }

    /// Reads the header line, if it is there: where it ends.
    fn header(&mut self, buffer: &[u8], from: usize, last: bool) -> Result<usize, (usize, String)> {
        if let Some(zero) = memchr(0, buffer) {
            return Err((zero, ZERO.to_owned()));
        }
        let (at, begins) = begin(buffer, from, last);
        if begins {
            let (delimiter, mut names) = (delimiter(&buffer[at..]), Vec::new());
            match record(buffer, at, delimiter, last, (0, &[]), &mut names, &mut Changed::default()) {
                Found::Record(next) if std::str::from_utf8(&buffer[at..next]).is_err() => {
                    return Err((at, NO_TEXT.to_owned()));
                }
                Found::Record(next) => {
                    let form = Form::of(buffer, &names, delimiter, self.wanted, self.required);
                    self.form = Some(form.map_err(|problem| (at, problem))?);
                    return Ok(next);
                }
                Found::Stray(place) => return Err((place, STRAY.to_owned())),
                Found::More if last => return Err((at, CUT.to_owned())),
                Found::More => {}
            }
        } else if last {
            return Err((0, "no header line".to_owned()));
        }
        too_long(buffer, at).map_or(Ok(at), Err)
    }

    fn take(
        &self,
        bytes: &[u8],
        rows: &Rows,
        mut each: impl FnMut(&Record<'_>) -> Result<(), String>,
    ) -> Result<(), Fault> {
        let (counted, width) = (&self.counted, self.wanted.len());
        for (&(start, changed), fields) in rows.heads.iter().zip(rows.fields.chunks_exact(width)) {
            let start = start as usize;
            let record = Record { bytes, fields, counted, start, changed };
            each(&record).map_err(|problem| self.fault(bytes, start, problem))?;
        }
        match &rows.fault {
            Some((place, problem)) => Err(self.fault(bytes, *place, problem.clone())),
            None => Ok(()),
        }
    }

    /// A buffer is done up to here; the rest is kept.
    fn end(&mut self, buffer: &[u8], at: usize) {
        let (counted, lines) = self.counted.get();
        self.counted.set((0, lines + newlines(&buffer[counted.min(at)..at])));
        self.rest.clear();
        self.rest.extend_from_slice(&buffer[at..]);
    }

    fn fault(&self, buffer: &[u8], at: usize, problem: String) -> Fault {
        let (counted, lines) = self.counted.get();
        Fault { line: lines + newlines(&buffer[counted.min(at)..at]) + 1, problem }
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
