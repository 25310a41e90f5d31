//! XML of update metadata, pulled element by element; bounded in depth and in the size of each piece.
//!
//! Own, because the master list is a hundred megabytes of short tags: this reads it at memory speed, where a general
//! parser would take most of an import's time. It knows what such files are made of, refuses document types, expands no
//! entities but XML's own, and is held to a general parser by a property test.

use super::UpdateGuid;
use memchr::{memchr, memchr2, memmem};
use std::{borrow::Cow, io::Read};

/// Deeper elements than any metadata has.
const DEPTH: usize = 256;
/// A tag or text larger than any of metadata.
const PIECE: usize = 4 << 20;
/// How much is read at once.
const WINDOW: usize = 256 * 1024;
/// More attributes than any element has.
const ATTRIBUTES: usize = 64;

/// What is wrong with some XML, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct XmlError {
    /// byte, counted from 0
    pub(crate) at: u64,
    pub(crate) problem: String,
}

impl XmlError {
    pub(crate) fn new(at: u64, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into() }
    }
}

/// One piece of a document.
pub(crate) enum Piece<'a> {
    /// an element starts; `true`: it ends here too
    Open(Element<'a>, bool),
    /// an element ends
    Close,
    /// text between tags, unescaped
    Text(Cow<'a, str>),
    /// a comment, declaration or instruction
    Other,
    /// the document ends, with all elements closed
    End,
}

/// Takes an attribute's name and value.
type Take<'t> = dyn FnMut(&str, Cow<'_, str>) -> Result<(), XmlError> + 't;

/// A start tag.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    /// from its name to before its end
    tag: &'a str,
    name: usize,
    /// starts and ends of names and values
    attributes: &'a [[u32; 4]],
    at: u64,
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    memchr(b':', name.as_bytes()).map_or(name, |at| &name[at + 1..])
}

impl<'a> Element<'a> {
    /// Its name without the prefix.
    pub(crate) fn name(&self) -> &'a str {
        local(&self.tag[..self.name])
    }

    /// Gives each attribute, by its name without the prefix, unescaped.
    pub(crate) fn attributes(&self, take: &mut Take<'_>) -> Result<(), XmlError> {
        for [a, b, c, d] in self.attributes.iter().map(|r| r.map(|n| n as usize)) {
            let value = &self.tag[c..d];
            let value = match memchr(b'&', value.as_bytes()) {
                None => Cow::Borrowed(value),
                Some(_) => unescaped(value).map_err(|e| self.error(e))?,
            };
            take(local(&self.tag[a..b]), value)?;
        }
        Ok(())
    }

    /// One attribute.
    pub(crate) fn attribute(&self, wanted: &str) -> Result<Option<String>, XmlError> {
        let mut found = None;
        self.attributes(&mut |name, value| {
            if name == wanted {
                found = Some(value.into_owned());
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// An error at this element.
    pub(crate) fn error(&self, problem: impl Into<String>) -> XmlError {
        XmlError::new(self.at, problem)
    }
}

/// What a text means whose entities are XML's own or numbers.
fn unescaped(text: &str) -> Result<Cow<'_, str>, String> {
    quick_xml::escape::unescape(text).map_err(|e| format!("no well-formed XML: {e}"))
}

/// What stands at the front of the window.
enum Front {
    /// all that is left, and no more comes
    Ended,
    /// it needs more of the file
    More,
    Open {
        /// with `<` and `>`
        length: usize,
        name: usize,
        empty: bool,
    },
    Close {
        length: usize,
        name: usize,
    },
    Text(usize),
    Cdata(usize),
    Other(usize),
}

/// Tells the pieces of what it is fed.
#[derive(Default)]
pub(crate) struct Tokens {
    /// what was fed and not yet given: from `from`
    window: Vec<u8>,
    from: usize,
    /// bytes before the window
    before: u64,
    /// the names of the elements that are open, one after the other, and where each starts
    open: Vec<u8>,
    starts: Vec<usize>,
    attributes: Vec<[u32; 4]>,
}

impl Tokens {
    /// Where the next piece stands.
    pub(crate) fn at(&self) -> u64 {
        self.before + self.from as u64
    }

    /// Makes room: what was given goes.
    fn room(&mut self) -> Result<usize, XmlError> {
        if self.window.len() - self.from >= PIECE {
            return Err(XmlError::new(self.at(), "a tag or text of more than 4 MB"));
        }
        self.window.drain(..self.from);
        self.before += self.from as u64;
        self.from = 0;
        Ok(self.window.len())
    }

    /// Looks at what was added to the window.
    fn added(&mut self, old: usize) -> Result<(), XmlError> {
        if let Some(zero) = self.window.get(old..).and_then(|new| memchr(0, new)) {
            let at = self.before + (old + zero) as u64;
            return Err(XmlError::new(at, "a zero byte, which no XML has: the file is damaged"));
        }
        if self.before == 0 && old == 0 && self.window.starts_with(b"\xEF\xBB\xBF") {
            self.from = 3;
        }
        Ok(())
    }

    /// Takes more of the document: at first no less than a byte order mark has.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), XmlError> {
        let old = self.room()?;
        self.window.extend_from_slice(bytes);
        self.added(old)
    }

    /// Leaps over bytes that are none of its own to tell, if nothing but blanks stands before them in the element that is open.
    pub(crate) fn leap(&mut self, bytes: usize) -> bool {
        let idle = self.window[self.from..].iter().all(|b| blank(*b)) && !self.starts.is_empty();
        if idle {
            self.before += (self.window.len() + bytes) as u64;
            self.window.clear();
            self.from = 0;
        }
        idle
    }

    /// The next piece; none if it takes more of the document to tell, of which there is more unless it is the `last`.
    pub(crate) fn next(&mut self, last: bool) -> Result<Option<Piece<'_>>, XmlError> {
        match self.front(last)? {
            Front::More if last => Err(XmlError::new(self.at(), "ends in the middle")),
            Front::More => Ok(None),
            front => self.piece(front).map(Some),
        }
    }

    fn piece(&mut self, front: Front) -> Result<Piece<'_>, XmlError> {
        let (start, at) = (self.from, self.at());
        let broken = move |e: std::str::Utf8Error| XmlError::new(at + e.valid_up_to() as u64, "is not UTF-8");
        let text = |bytes| std::str::from_utf8(bytes).map_err(broken);
        match front {
            Front::More | Front::Ended if !self.starts.is_empty() => {
                Err(XmlError::new(at, "ends in the middle"))
            }
            Front::More | Front::Ended => Ok(Piece::End),
            Front::Open { length, name, empty } => {
                self.from += length;
                let tag = text(&self.window[start + 1..start + length - 1])?;
                if !empty {
                    if self.starts.len() >= DEPTH {
                        return Err(XmlError::new(at, format!("elements nested more than {DEPTH} deep")));
                    }
                    self.starts.push(self.open.len());
                    self.open.extend_from_slice(&tag.as_bytes()[..name]);
                }
                Ok(Piece::Open(Element { tag, name, attributes: &self.attributes, at }, empty))
            }
            Front::Close { length, name } => {
                self.from += length;
                let opened = self
                    .starts
                    .pop()
                    .ok_or_else(|| XmlError::new(at, "no well-formed XML: an end tag without its start"))?;
                if self.open[opened..] != self.window[start + 2..start + 2 + name] {
                    let of = String::from_utf8_lossy(&self.open[opened..]).into_owned();
                    let problem =
                        format!("no well-formed XML: the end tag of `{}` is expected", clean(&of, 60));
                    return Err(XmlError::new(at, problem));
                }
                self.open.truncate(opened);
                Ok(Piece::Close)
            }
            Front::Text(length) => {
                self.from += length;
                let raw = text(&self.window[start..start + length])?;
                // blanks between tags are not looked at
                let plain = memchr(b'&', raw.as_bytes()).is_none();
                if plain {
                    Ok(Piece::Text(Cow::Borrowed(raw)))
                } else {
                    Ok(Piece::Text(unescaped(raw).map_err(|e| XmlError::new(at, e))?))
                }
            }
            Front::Cdata(length) => {
                self.from += length;
                text(&self.window[start + 9..start + length - 3]).map(|t| Piece::Text(Cow::Borrowed(t)))
            }
            Front::Other(length) => {
                self.from += length;
                Ok(Piece::Other)
            }
        }
    }

    /// Finds what stands at the front, and the attributes of a tag.
    fn front(&mut self, last: bool) -> Result<Front, XmlError> {
        let window = &self.window[self.from..];
        let at = self.at();
        let Some(&first) = window.first() else {
            return Ok(if last { Front::Ended } else { Front::More });
        };
        if first != b'<' {
            return Ok(match memchr(b'<', window) {
                Some(length) => Front::Text(length),
                None if last => Front::Text(window.len()),
                None => Front::More,
            });
        }
        let until = |end: &[u8], from: usize| {
            window.get(from..).and_then(|w| memmem::find(w, end)).map(|found| from + found + end.len())
        };
        match window.get(1) {
            None => Ok(Front::More),
            Some(b'/') => {
                let Some(end) = memchr(b'>', window) else { return Ok(Front::More) };
                let name = window[2..end].trim_ascii_end().len();
                Ok(Front::Close { length: end + 1, name })
            }
            Some(b'?') => Ok(until(b"?>", 2).map_or(Front::More, Front::Other)),
            Some(b'!') => {
                if window.starts_with(b"<!--") {
                    return Ok(until(b"-->", 4).map_or(Front::More, Front::Other));
                }
                if window.starts_with(b"<![CDATA[") {
                    return Ok(until(b"]]>", 9).map_or(Front::More, Front::Cdata));
                }
                if window.len() < 9 && !last {
                    return Ok(Front::More);
                }
                Err(XmlError::new(at, "has a document type, which metadata does not have"))
            }
            Some(_) => tag(window, &mut self.attributes)
                .map_err(|problem| XmlError::new(at, format!("no well-formed XML: {problem}"))),
        }
    }
}

/// Pulls pieces from a reader.
pub(crate) struct Pull<R> {
    reader: R,
    /// it has no more
    ended: bool,
    tokens: Tokens,
}

impl<R: Read> Pull<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, ended: false, tokens: Tokens::default() }
    }

    /// Where the reader stands.
    pub(crate) fn at(&self) -> u64 {
        self.tokens.at()
    }

    /// Reads on: at least one byte, unless the reader has no more.
    fn fill(&mut self) -> Result<(), XmlError> {
        let old = self.tokens.room()?;
        let wanted = WINDOW.max(old).min(PIECE);
        let at = self.tokens.before + old as u64;
        let read = (&mut self.reader).take(wanted as u64).read_to_end(&mut self.tokens.window);
        let read = read.map_err(|e| XmlError::new(at, e.to_string()))?;
        self.ended = read < wanted;
        self.tokens.added(old)
    }

    /// The next piece.
    pub(crate) fn next(&mut self) -> Result<Piece<'_>, XmlError> {
        let front = loop {
            match self.tokens.front(self.ended)? {
                Front::More if !self.ended => self.fill()?,
                Front::More => return Err(XmlError::new(self.at(), "ends in the middle")),
                front => break front,
            }
        };
        self.tokens.piece(front)
    }
}

const fn blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// Reads a start tag. Offsets of attributes count from behind `<`.
fn tag(window: &[u8], attributes: &mut Vec<[u32; 4]>) -> Result<Front, String> {
    attributes.clear();
    let name_end = |mut at: usize| {
        while window
            .get(at)
            .is_some_and(|b| !blank(*b) && !matches!(b, b'=' | b'>' | b'/' | b'<' | b'"' | b'\''))
        {
            at += 1;
        }
        at
    };
    let mut at = name_end(1);
    let name = at - 1;
    if at < window.len() && name == 0 {
        return Err("a tag without a name".to_owned());
    }
    loop {
        let gap = at;
        while window.get(at).copied().is_some_and(blank) {
            at += 1;
        }
        match window.get(at) {
            None => return Ok(Front::More),
            Some(b'>') => return Ok(Front::Open { length: at + 1, name, empty: false }),
            Some(b'/') => {
                return match window.get(at + 1) {
                    None => Ok(Front::More),
                    Some(b'>') => Ok(Front::Open { length: at + 2, name, empty: true }),
                    Some(_) => Err("a `/` within a tag".to_owned()),
                };
            }
            Some(_) if gap == at => return Err("attributes that no blank parts".to_owned()),
            Some(_) => {}
        }
        let start = at;
        at = name_end(at);
        let end = at;
        while window.get(at).copied().is_some_and(blank) {
            at += 1;
        }
        match window.get(at) {
            None => return Ok(Front::More),
            Some(b'=') if end > start => at += 1,
            Some(_) => return Err("an attribute without a value".to_owned()),
        }
        while window.get(at).copied().is_some_and(blank) {
            at += 1;
        }
        let quote = match window.get(at) {
            None => return Ok(Front::More),
            Some(q @ (b'"' | b'\'')) => *q,
            Some(_) => return Err("an attribute without quotes".to_owned()),
        };
        let value = at + 1;
        let Some(length) = memchr2(quote, b'<', &window[value..]) else { return Ok(Front::More) };
        at = value + length;
        if window[at] != quote {
            return Err("a `<` in an attribute".to_owned());
        }
        let mine = &window[start..end];
        let of = |r: &[u32; 4]| &window[r[0] as usize + 1..r[1] as usize + 1];
        if attributes.iter().any(|r| of(r) == mine) {
            return Err("an attribute that is there twice".to_owned());
        }
        if attributes.len() == ATTRIBUTES {
            return Err(format!("an element with more than {ATTRIBUTES} attributes"));
        }
        // pieces are of at most 8 MB
        attributes.push([start as u32 - 1, end as u32 - 1, value as u32 - 1, at as u32 - 1]);
        at += 1;
    }
}

/// Text as it may be shown and kept: no control characters, no blanks around it, of bounded length.
pub(crate) fn clean(text: &str, longest: usize) -> Cow<'_, str> {
    let text = text.trim();
    if text.len() <= longest && text.bytes().all(|b| (b' '..0x7F).contains(&b)) {
        return Cow::Borrowed(text);
    }
    let kept =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !crate::model::steers(*c));
    Cow::Owned(kept.take(longest).collect())
}

/// A GUID that an attribute holds.
pub(crate) fn guid(e: &Element<'_>, text: &str) -> Result<UpdateGuid, XmlError> {
    UpdateGuid::try_parse(text.trim())
        .map_err(|_| e.error(format!("`{}` is not a GUID", clean(text, 60).escape_debug())))
}

/// yyyymmdd of an ISO time; 0 if it is none.
pub(crate) fn day(text: &str) -> u32 {
    let date: Option<jiff::civil::Date> = text.trim().get(..10).and_then(|d| d.parse().ok());
    date.filter(|d| d.year() > 1900).map_or(0, |d| {
        u32::from(d.year().unsigned_abs()) * 10_000
            + u32::from(d.month().unsigned_abs()) * 100
            + u32::from(d.day().unsigned_abs())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quick_xml::{Reader, events::Event};

    #[test]
    fn a_zero_byte_is_damage_wherever_it_stands() {
        for at in 0..12 {
            let mut text = b"<a b='c'>d</a>".to_vec();
            text.insert(at, 0);
            for step in [1, 5, 100] {
                assert_eq!(own(&text, step), None, "{at}");
            }
        }
    }

    /// What is read, piece by piece, as text; none if it is refused.
    fn own(text: &[u8], step: usize) -> Option<Vec<String>> {
        struct Slow<'a>(&'a [u8], usize);
        impl Read for Slow<'_> {
            fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                let n = self.1.min(out.len()).min(self.0.len());
                out[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let mut pull = Pull::new(Slow(text, step));
        let mut out: Vec<String> = Vec::new();
        loop {
            match pull.next().ok()? {
                Piece::Open(e, empty) => {
                    let mut line = format!("<{}", e.name());
                    e.attributes(&mut |n, v| {
                        line.push_str(&format!(" {n}={v:?}"));
                        Ok(())
                    })
                    .ok()?;
                    out.push(line);
                    if empty {
                        out.push(">".into());
                    }
                }
                Piece::Close => out.push(">".into()),
                Piece::Text(t) => match out.last_mut().filter(|l| l.starts_with('t')) {
                    Some(last) => last.push_str(&t),
                    None => out.push(format!("t{t}")),
                },
                Piece::Other => {}
                Piece::End => return Some(out),
            }
        }
    }

    fn general(text: &str) -> Option<Vec<String>> {
        let mut reader = Reader::from_str(text);
        let mut out: Vec<String> = Vec::new();
        let mut depth = 0;
        let words = |t: &str, out: &mut Vec<String>| match out.last_mut().filter(|l| l.starts_with('t')) {
            Some(last) => last.push_str(t),
            None => out.push(format!("t{t}")),
        };
        loop {
            match reader.read_event().ok()? {
                event @ (Event::Start(_) | Event::Empty(_)) => {
                    let empty = matches!(event, Event::Empty(_));
                    let (Event::Start(e) | Event::Empty(e)) = event else { return None };
                    let mut line = format!("<{}", e.local_name().into_inner());
                    for a in e.attributes() {
                        let a = a.ok()?;
                        let value = quick_xml::escape::unescape(&a.value).ok()?.into_owned();
                        line.push_str(&format!(" {}={value:?}", a.key.local_name().into_inner()));
                    }
                    out.push(line);
                    if empty { out.push(">".into()) } else { depth += 1 }
                }
                Event::End(_) => {
                    depth -= 1;
                    out.push(">".into());
                }
                Event::Text(t) => words(&t.into_inner(), &mut out),
                Event::CData(t) => words(&t.into_inner(), &mut out),
                Event::GeneralRef(r) => {
                    let raw = format!("&{};", r.into_inner());
                    words(&quick_xml::escape::unescape(&raw).ok()?, &mut out);
                }
                Event::DocType(_) => return None,
                Event::Eof if depth != 0 => return None,
                Event::Eof => return Some(out),
                _ => {}
            }
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[a-z \\n]{1,6}",
            Just("&lt;&amp;&#65;".to_owned()),
            Just("<!-- a > b -->".to_owned()),
            Just("<![CDATA[<x>]]>".to_owned()),
            Just("<?a b?>".to_owned()),
            Just("<o:E a=\"1>2\" p:b='x \"y' />".to_owned()),
            Just("<E\n a = \"&quot;\"/>".to_owned()),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            (proptest::collection::vec(inner, 0..4), "[A-Za-z]{1,4}")
                .prop_map(|(all, name)| format!("<{name} Id=\"é\">{}</{name} >", all.concat()))
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_a_general_parser_reads(p in piece(), step in 1usize..9) {
            let text = format!("<?xml version=\"1.0\"?><root>{p}</root>");
            let expected = general(&text);
            prop_assert!(expected.is_some());
            prop_assert_eq!(own(text.as_bytes(), step), expected);
        }

        #[test]
        fn what_it_accepts_of_bent_text_a_general_parser_reads_alike(p in piece(), at in 0usize..400, b in any::<u8>()) {
            let mut text = format!("<root>{p}</root>").into_bytes();
            let at = at % text.len();
            text[at] = b;
            if let (Some(own), Ok(text)) = (own(&text, 7), std::str::from_utf8(&text))
                && let Some(expected) = general(text)
            {
                prop_assert_eq!(own, expected);
            }
        }
    }

    #[test]
    fn a_cut_document_is_refused_wherever_it_is_cut() {
        let text = "<a b=\"1\"><c/>t<!-- x --><![CDATA[y]]></a>";
        for end in 1..text.len() {
            assert!(own(&text.as_bytes()[..end], 3).is_none(), "{end}");
        }
    }
}
