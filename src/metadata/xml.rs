//! XML of update metadata, pulled element by element; bounded in depth and in the size of each piece.

use quick_xml::{Reader, events::BytesStart, events::Event};
use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
};

/// Deeper elements than any metadata has.
const DEPTH: usize = 256;
/// A tag or text larger than any of metadata.
const PIECE: usize = 4 << 20;
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

/// A reader that stops where one piece grows too large.
pub(crate) struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("a tag or text of more than 4 MB"));
        }
        self.inner.fill_buf()
    }
    fn consume(&mut self, n: usize) {
        self.left = self.left.saturating_sub(n);
        self.inner.consume(n);
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

/// A start tag.
pub(crate) struct Element<'a> {
    tag: BytesStart<'a>,
    at: u64,
}

impl Element<'_> {
    /// Its name without the prefix.
    pub(crate) fn name(&self) -> &str {
        self.tag.local_name().into_inner()
    }

    /// Gives each attribute, by its name without the prefix, unescaped.
    pub(crate) fn attributes(
        &self,
        take: &mut dyn FnMut(&str, Cow<'_, str>) -> Result<(), XmlError>,
    ) -> Result<(), XmlError> {
        for (i, a) in self.tag.attributes().enumerate() {
            let a = a.map_err(|e| XmlError::new(self.at, e.to_string()))?;
            if i == ATTRIBUTES {
                return Err(XmlError::new(
                    self.at,
                    format!("an element with more than {ATTRIBUTES} attributes"),
                ));
            }
            let name = a.key.local_name().into_inner();
            let value = if a.value.contains('&') {
                let raw = quick_xml::escape::unescape(&a.value)
                    .map_err(|e| XmlError::new(self.at, e.to_string()))?;
                Cow::Owned(raw.into_owned())
            } else {
                a.value.clone()
            };
            take(name, value)?;
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

/// Pulls pieces from a reader.
pub(crate) struct Pull<R> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    depth: usize,
}

impl<R: BufRead> Pull<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { reader: Reader::from_reader(Bounded { inner, left: PIECE }), buffer: Vec::new(), depth: 0 }
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Where the reader stands.
    pub(crate) fn at(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// The next piece.
    pub(crate) fn next(&mut self) -> Result<Piece<'_>, XmlError> {
        self.buffer.clear();
        self.reader.get_mut().left = PIECE;
        let at = self.reader.buffer_position();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(e) => e,
            Err(quick_xml::Error::Io(e)) => return Err(XmlError::new(at, e.to_string())),
            Err(e) => return Err(XmlError::new(at, format!("no well-formed XML: {e}"))),
        };
        Ok(match event {
            Event::Start(_) if self.depth >= DEPTH => {
                return Err(XmlError::new(at, format!("elements nested more than {DEPTH} deep")));
            }
            Event::Start(tag) => {
                self.depth += 1;
                Piece::Open(Element { tag, at }, false)
            }
            Event::Empty(tag) => Piece::Open(Element { tag, at }, true),
            Event::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Piece::Close
            }
            Event::Eof if self.depth > 0 => return Err(XmlError::new(at, "ends in the middle")),
            Event::Eof => Piece::End,
            Event::Text(t) => Piece::Text(t.into_inner()),
            Event::CData(t) => Piece::Text(t.into_inner()),
            Event::GeneralRef(r) => Piece::Text(Cow::Owned(entity(&r.into_inner()))),
            _ => Piece::Other,
        })
    }
}

/// The five entities that XML has, and characters by number; a document's own are not expanded.
fn entity(name: &str) -> String {
    let raw = format!("&{name};");
    quick_xml::escape::unescape(&raw).map_or_else(|_| String::from(" "), Cow::into_owned)
}

/// Text as it may be shown and kept: no control characters, no blanks around it, of bounded length.
pub(crate) fn clean(text: &str, longest: usize) -> String {
    let kept =
        text.trim().chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control());
    kept.take(longest).collect()
}
