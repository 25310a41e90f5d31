//! Records of comma-separated text at memory speed: the csv crate is a third as fast on quoted fields, and a record may cost
//! no more than its bound here.

use memchr::{memchr, memchr_iter, memchr3, memrchr};

/// A place in a buffer, and the lines before it.
type Counted = std::cell::Cell<(usize, u64)>;

/// A longer record is an attack or damaged.
const LONGEST_RECORD: usize = 1 << 20;

/// What stops a table, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: u64,
    pub(super) problem: String,
}

/// A field as it lies in its record, counted from its own first byte.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// with what ends it
    width: usize,
    start: usize,
    end: usize,
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
    /// the nth of those that are wanted
    column: u8,
}

/// One record: its fields in the order of the wanted columns.
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    fields: &'a [Field],
    /// a place in the buffer, and the lines before it
    counted: &'a Counted,
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
    /// of each field, which of the wanted columns it is, if any
    columns: Vec<Option<u8>>,
    delimiter: u8,
}

/// The records of a buffer.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// of each: where it begins, and how many of its fields of wanted columns differ from those of the record before
    heads: Vec<(u32, u32)>,
    /// those fields, record by record
    fields: Vec<Field>,
    /// where the next one begins
    end: usize,
    /// what stops the table behind them, and where
    fault: Option<(usize, String)>,
    cells: Vec<Cell>,
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

/// Where a buffer stops being text; none if it holds a zero byte, which stands at the place that is given.
fn text_end(buffer: &[u8], from: usize) -> Result<usize, usize> {
    // nearly all is ASCII; all of a run is looked at, so that many bytes are compared at once
    let plain = |run: &[u8]| run.iter().fold(true, |all, b| all & (1..0x80).contains(b));
    if buffer.chunks(256).all(plain) {
        return Ok(buffer.len());
    }
    match memchr(0, buffer) {
        Some(zero) => Err(zero),
        // a piece may end inside of a letter
        None => {
            Ok(std::str::from_utf8(&buffer[from..]).map_or_else(|e| from + e.valid_up_to(), |_| buffer.len()))
        }
    }
}

impl Form {
    fn of(names: &[String], delimiter: u8, wanted: &[&str], required: usize) -> Result<Self, String> {
        let place = |w: &&str| names.iter().position(|n| *n == w.to_ascii_lowercase());
        let mut columns = vec![None; names.len()];
        for (nth, name) in wanted.iter().enumerate() {
            match place(name) {
                Some(at) => columns[at] = Some(nth as u8),
                None if nth < required => return Err(format!("the header line has no column {name}")),
                None => {}
            }
        }
        Ok(Self { columns, delimiter })
    }

    /// The records of a buffer that begins with one, from a place on.
    pub(super) fn split(&self, buffer: &[u8], from: usize, last: bool, rows: &mut Rows) {
        rows.heads.clear();
        rows.fields.clear();
        rows.cells.clear();
        rows.fault = None;
        rows.end = from;
        let text = match text_end(buffer, from) {
            Ok(text) => text,
            Err(zero) => {
                rows.fault = Some((zero, ZERO.to_owned()));
                return;
            }
        };
        let mut former = 0;
        loop {
            let (at, begins) = begin(buffer, rows.end, last);
            rows.end = at;
            if !begins {
                break;
            }
            let fields = rows.fields.len();
            match self.record(buffer, at, last, former, rows) {
                Found::Record(next) => {
                    if next > text && std::str::from_utf8(&buffer[at..next]).is_err() {
                        rows.fault = Some((at, NO_TEXT.to_owned()));
                        return;
                    }
                    let (n, width) = (rows.cells.len(), self.columns.len());
                    if n != width {
                        let problem =
                            format!("{n} fields where the header line has {width}: the file is damaged");
                        rows.fault = Some((at, problem));
                        return;
                    }
                    // buffers are smaller than 4 GB: records are bounded
                    rows.heads.push((at as u32, (rows.fields.len() - fields) as u32));
                    former = at;
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

    /// Reads one record. Neighbours have most fields in common: those whose bytes, with what ends them, are the former record's
    /// end where its do. `rows.cells` are the former record's, and become this one's.
    fn record(&self, buffer: &[u8], start: usize, last: bool, former: usize, rows: &mut Rows) -> Found {
        let Rows { cells, fields, .. } = rows;
        let (mut at, mut was, mut n) = (start, former, 0);
        loop {
            if n < cells.len() {
                let mut same = common(&buffer[was..at], &buffer[at..]);
                let before = at;
                for cell in &cells[n..] {
                    if cell.width > same {
                        break;
                    }
                    same -= cell.width;
                    at += cell.width;
                    n += 1;
                }
                was += at - before;
                if n == cells.len() {
                    return Found::Record(at);
                }
            }
            let (cell, ends) = match field(buffer, at, self.delimiter, last) {
                Ok(read) => read,
                Err(found) => return found,
            };
            if let Some(Some(column)) = self.columns.get(n) {
                let (start, end) = ((at + cell.start) as u32, (at + cell.end) as u32);
                fields.push(Field { start, end, doubled: cell.doubled, column: *column });
            }
            at += cell.width;
            match cells.get_mut(n) {
                Some(held) => {
                    was += held.width;
                    *held = cell;
                }
                None => cells.push(cell),
            }
            n += 1;
            if ends {
                cells.truncate(n);
                return Found::Record(at);
            }
        }
    }
}

/// Reads a field: also, whether its record ends with it.
fn field(buffer: &[u8], at: usize, delimiter: u8, last: bool) -> Result<(Cell, bool), Found> {
    let (start, end, doubled) = if buffer.get(at) == Some(&b'"') {
        let (mut look, mut doubled) = (at + 1, false);
        let end = loop {
            let Some(n) = memchr(b'"', &buffer[look..]) else { return Err(Found::More) };
            let quote = look + n;
            match buffer.get(quote + 1) {
                Some(b'"') => {
                    doubled = true;
                    look = quote + 2;
                }
                Some(b) if *b == delimiter || matches!(b, b'\r' | b'\n') => break quote,
                Some(_) => return Err(Found::Stray(quote + 1)),
                None if last => break quote,
                None => return Err(Found::More),
            }
        };
        (at + 1, end, doubled)
    } else {
        match memchr3(delimiter, b'\r', b'\n', &buffer[at..]) {
            Some(n) => (at, at + n, false),
            None if last => (at, buffer.len(), false),
            None => return Err(Found::More),
        }
    };
    let behind = if start > at { end + 1 } else { end };
    let ender = buffer.get(behind);
    let width = behind + usize::from(ender.is_some()) - at;
    Ok((Cell { width, start: start - at, end: end - at, doubled }, ender != Some(&delimiter)))
}

fn too_long(buffer: &[u8], at: usize) -> Option<(usize, String)> {
    (buffer.len() - at > LONGEST_RECORD)
        .then(|| (at, format!("a record of more than {LONGEST_RECORD} bytes")))
}

/// Splits a table that comes in pieces. The first record names the columns; a record that begins with `#` is a remark.
pub(super) struct Splitter {
    wanted: &'static [&'static str],
    required: usize,
    form: Option<Form>,
    /// the record that the last piece broke off
    rest: Vec<u8>,
    /// a place in the buffer, and the lines before it
    counted: Counted,
    begun: bool,
    rows: Rows,
}

impl Splitter {
    /// Wants these columns, of which the first so many must be there.
    pub(super) fn new(wanted: &'static [&'static str], required: usize) -> Self {
        let (form, rest, rows) = Default::default();
        Self { wanted, required, form, rest, counted: Counted::new((0, 0)), begun: false, rows }
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
            let form = Form { columns: Vec::new(), delimiter: delimiter(&buffer[at..]) };
            let mut rows = Rows::default();
            match form.record(buffer, at, last, 0, &mut rows) {
                Found::Record(next) if std::str::from_utf8(&buffer[at..next]).is_err() => {
                    return Err((at, NO_TEXT.to_owned()));
                }
                Found::Record(next) => {
                    let mut place = at;
                    let name = |cell: &Cell| {
                        let name = &buffer[place + cell.start..place + cell.end];
                        place += cell.width;
                        String::from_utf8_lossy(name).trim().to_ascii_lowercase()
                    };
                    let names: Vec<String> = rows.cells.iter().map(name).collect();
                    let form = Form::of(&names, form.delimiter, self.wanted, self.required);
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
        // the first record of a buffer has all of them
        let mut fields = vec![Field::default(); self.wanted.len()];
        let mut rest = &rows.fields[..];
        for &(start, differing) in &rows.heads {
            let (new, others) = rest.split_at(differing as usize);
            rest = others;
            let mut changed = 0;
            for field in new {
                fields[usize::from(field.column)] = *field;
                changed |= 1 << field.column;
            }
            let start = start as usize;
            let record = Record { bytes, fields: &fields, counted: &self.counted, start, changed };
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
