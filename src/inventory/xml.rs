//! XML of any kind as a small arena: local names, attributes, text. What ends in the middle is read as far as it goes.

use super::lines::{Line, clean, is_prompt};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// Deeper elements are left out.
const DEPTH: usize = 64;
/// More elements than any inventory has.
const ELEMENTS: usize = 600_000;
/// More attributes than any element has.
const ATTRIBUTES: usize = 64;
/// Lines before the document: what a console echoes.
const PREFACE: usize = 20;

/// One element; the first of a document is a root above all roots, for fragments have several.
#[derive(Clone, Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<usize>,
    line: u32,
    closed: bool,
}

/// A document or a run of fragments.
#[derive(Clone, Debug)]
pub(super) struct Document {
    elements: Vec<Element>,
    /// It ends in the middle, is broken somewhere, or is larger than what is read.
    pub(super) truncated: bool,
}

/// An element in its document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    document: &'a Document,
    element: &'a Element,
}

impl Document {
    /// The elements at the top: one of a document, several of fragments.
    pub(super) fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        let tops = self.elements.first().map_or(&[] as &[usize], |e| e.children.as_slice());
        tops.iter().filter_map(|&i| self.node(i))
    }

    /// Every element, in the document's order.
    pub(super) fn all(&self) -> impl Iterator<Item = Node<'_>> {
        self.elements.iter().skip(1).map(|element| Node { document: self, element })
    }

    fn node(&self, index: usize) -> Option<Node<'_>> {
        self.elements.get(index).map(|element| Node { document: self, element })
    }
}

impl<'a> Node<'a> {
    /// The name without its prefix.
    pub(super) fn name(self) -> &'a str {
        &self.element.name
    }

    pub(super) fn is(self, name: &str) -> bool {
        self.element.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn line(self) -> u32 {
        self.element.line
    }

    /// Its own text, with CDATA. An element that the document does not end has none: it may be the head of a longer one.
    pub(super) fn text(self) -> &'a str {
        self.raw_text().trim()
    }

    /// The same with the blanks and line ends around it.
    pub(super) fn raw_text(self) -> &'a str {
        if self.element.closed { &self.element.text } else { "" }
    }

    /// An attribute by its name in any case.
    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        let found = self.element.attributes.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn children(self) -> impl Iterator<Item = Node<'a>> {
        self.element.children.iter().filter_map(move |&i| self.document.node(i))
    }

    /// The first child of this name, in any case.
    pub(super) fn child(self, name: &str) -> Option<Node<'a>> {
        self.children().find(|c| c.is(name))
    }

    /// The text of the first child of this name that has any.
    pub(super) fn child_text(self, name: &str) -> Option<(&'a str, u32)> {
        let mut found = self.children().filter(|c| c.is(name) && !c.text().is_empty());
        found.next().map(|c| (c.text(), c.line()))
    }

    /// The end of the element was read.
    pub(super) fn is_closed(self) -> bool {
        self.element.closed
    }
}

/// The XML in these lines, after what a console echoed before it; none if they are something else.
pub(super) fn document(lines: &[Line]) -> Option<Document> {
    let echo = |l: &Line| {
        let t = l.text.trim();
        t.is_empty()
            || is_prompt(t)
            || t == "#< CLIXML"
            || ["type ", "cat ", "gc ", "Get-Content "].iter().any(|c| t.starts_with(c))
    };
    let start = lines.iter().take(PREFACE).position(|l| !echo(l))?;
    let first = lines.get(start)?.text.trim_start();
    let next = first.strip_prefix('<')?.chars().next()?;
    let page = ["<!doctype html", "<html"].iter().any(|h| first.to_ascii_lowercase().starts_with(h));
    if page || !(next.is_alphabetic() || matches!(next, '?' | '!')) {
        return None;
    }
    let text = lines[start..].iter().map(|l| &*l.text).collect::<Vec<_>>().join("\n");
    let document = parse(&text, u32::try_from(start).unwrap_or(u32::MAX).saturating_add(1));
    (document.elements.len() > 1).then_some(document)
}

/// Builds the arena; an error ends it where it is.
fn parse(text: &str, first_line: u32) -> Document {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.check_comments = false;
    let mut tree = Builder::new();
    let (mut line, mut counted) = (first_line, 0usize);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        let passed = text.as_bytes().get(counted..at).unwrap_or_default();
        let ends = passed.iter().filter(|&&b| b == b'\n').count();
        line = line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        counted = at.max(counted);
        match reader.read_event() {
            Ok(Event::Start(start)) => tree.open(&start, line),
            Ok(Event::Empty(start)) => {
                tree.open(&start, line);
                tree.close();
            }
            Ok(Event::End(_)) => tree.close(),
            Ok(Event::Text(t)) => tree.text(&t.into_inner()),
            Ok(Event::CData(t)) => tree.text(&t.into_inner()),
            Ok(Event::GeneralRef(r)) => match entity(&r.into_inner()) {
                Some(c) => tree.text(c.encode_utf8(&mut [0; 4])),
                // entities of the document's own are not expanded
                None => tree.text(" "),
            },
            Ok(Event::Eof) => return tree.finish(false),
            Ok(_) => {}
            Err(_) => return tree.finish(true),
        }
        if tree.full {
            return tree.finish(true);
        }
    }
}

/// The five entities that XML has, and characters by number.
fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            digits => number(digits, 10),
        },
    }
}

/// Text without anything that steers a terminal, its line ends kept.
fn clean_text(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

struct Builder {
    elements: Vec<Element>,
    open: Vec<usize>,
    /// Elements below the deepest that is kept.
    below: usize,
    full: bool,
    lost: bool,
}

impl Builder {
    fn new() -> Self {
        let root = Element { closed: true, ..Element::default() };
        Self { elements: vec![root], open: vec![0], below: 0, full: false, lost: false }
    }

    fn open(&mut self, start: &BytesStart, line: u32) {
        if self.open.len() > DEPTH {
            self.below += 1;
            self.lost = true;
            return;
        }
        if self.elements.len() >= ELEMENTS {
            self.full = true;
            return;
        }
        let local = |name: &str| clean(name.rsplit(':').next().unwrap_or(name));
        let mut attributes = start.attributes();
        let attributes = attributes.with_checks(false).take(ATTRIBUTES).flatten().map(|a| {
            let value = unescape(&a.value).map_or_else(|_| a.value.to_string(), |v| v.into_owned());
            (local(a.key.0), clean(&value))
        });
        let element = Element {
            name: local(start.name().0),
            attributes: attributes.collect(),
            line,
            ..Element::default()
        };
        let index = self.elements.len();
        self.elements.push(element);
        if let Some(parent) = self.open.last().and_then(|&i| self.elements.get_mut(i)) {
            parent.children.push(index);
        }
        self.open.push(index);
    }

    fn close(&mut self) {
        if self.below > 0 {
            self.below -= 1;
            return;
        }
        // the root above all roots stays open
        if self.open.len() > 1
            && let Some(element) = self.open.pop().and_then(|i| self.elements.get_mut(i))
        {
            element.closed = true;
            element.text = clean_text(&element.text);
        }
    }

    fn text(&mut self, text: &str) {
        if self.below == 0
            && self.open.len() > 1
            && let Some(element) = self.open.last().and_then(|&i| self.elements.get_mut(i))
        {
            element.text.push_str(text);
        }
    }

    fn finish(self, broken: bool) -> Document {
        let truncated = broken || self.lost || self.open.len() > 1;
        Document { elements: self.elements, truncated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn read(text: &str) -> Option<Document> {
        document(&lines(text))
    }

    #[test]
    fn names_attributes_text_and_lines() {
        let text = "\nPS C:\\> type x.xml\n```xml\n<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<a:Objs x='1 &amp; 2'>\n  <S N=\"Id\">A&lt;<![CDATA[<b>]]>&#75;B</S>\n</a:Objs>\n```\n";
        let document = read(text).unwrap();
        assert!(!document.truncated);
        let root = document.roots().next().unwrap();
        assert_eq!((root.name(), root.attribute("X"), root.line()), ("Objs", Some("1 & 2"), 5));
        let s = root.child("s").unwrap();
        assert_eq!((s.text(), s.attribute("n"), s.line()), ("A<<b>KB", Some("Id"), 6));
    }

    #[test]
    fn what_is_cut_is_read_as_far_as_it_goes() {
        let document = read("<a>\n<b>1</b>\n<b>2").unwrap();
        let texts: Vec<&str> = document.all().map(Node::text).collect();
        assert_eq!((document.truncated, texts), (true, vec!["", "1", ""]));
        let document = read("<a><b>1</b><b>2</c></a>").unwrap();
        assert_eq!((document.truncated, document.all().count()), (true, 3));
        let document = read("<a>1</a><a>2</a").unwrap();
        let texts: Vec<&str> = document.roots().map(Node::text).collect();
        assert_eq!((document.truncated, texts), (true, vec!["1", ""]));
    }

    #[test]
    fn fragments_have_several_roots() {
        let document = read("<a>1</a>\n<a>2</a>\n").unwrap();
        assert_eq!((document.truncated, document.roots().count()), (false, 2));
    }

    #[test]
    fn entities_are_not_expanded_and_control_characters_go() {
        let text = "<!DOCTYPE a [<!ENTITY e \"KB2919355\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<a b=\"&e;\">&e;&x;K&#27;[31mB&#x202e;1</a>";
        let document = read(text).unwrap();
        let a = document.roots().next().unwrap();
        assert_eq!((a.text(), a.attribute("b")), ("KB1", Some("&e;")));
    }

    #[test]
    fn depth_is_bounded() {
        let text = format!("{}KB2919355{}", "<a>".repeat(5000), "</a>".repeat(5000));
        let document = read(&text).unwrap();
        assert!(document.truncated && document.all().count() == DEPTH);
        assert!(document.all().all(|n| n.text().is_empty()));
    }

    #[test]
    fn what_is_no_xml_is_none() {
        for text in ["", "KB1", "<html><body/></html>", "<!DOCTYPE html>\n<a/>", "< 5", "<3 KB", "text\n<a/>"]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
