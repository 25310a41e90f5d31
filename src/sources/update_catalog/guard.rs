//! What a page may cost, before it is parsed as HTML.
//!
//! HTML's rules copy formatting elements that were left open into every later block, and look through the whole stack of
//! open elements at many tags, so that a page of a megabyte can cost gigabytes and minutes. Pages of the Update Catalog
//! have some 400 tags and leave no formatting element open.

use std::collections::BTreeMap;

/// Most tags: a list of 1000 successors has 4000.
const TAGS: usize = 10_000;
/// Most elements that are open at once, or were left open.
const OPEN: usize = 300;
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Within so many tags a formatting element must be closed.
const NEAR: usize = 12;
/// Formatting elements that are not.
const LOOSE: usize = 8;
/// Longest formatting tag that may stay open.
const LOOSE_LENGTH: usize = 300;

const FORMATTING: [&str; 15] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u", "nobr"];

struct Tag<'a> {
    name: &'a [u8],
    closing: bool,
    length: usize,
}

/// Every `<name` and `</name`, also those in scripts: no page of the site has many there.
fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let bytes = html.as_bytes();
    memchr::memchr_iter(b'<', bytes).filter_map(move |at| {
        let rest = &bytes[at + 1..];
        let closing = rest.first() == Some(&b'/');
        let rest = if closing { &rest[1..] } else { rest };
        let end = rest.iter().take(16).position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len().min(16));
        let starts = rest.first().is_some_and(u8::is_ascii_alphabetic);
        let length = rest.iter().take(LOOSE_LENGTH + 1).position(|b| *b == b'>').unwrap_or(LOOSE_LENGTH + 1);
        starts.then_some(Tag { name: &rest[..end], closing, length })
    })
}

/// May it be parsed?
pub(super) fn harmless(html: &str) -> bool {
    let mut all = Vec::new();
    for tag in tags(html) {
        if all.len() == TAGS {
            return false;
        }
        all.push(tag);
    }
    let mut open: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut depth = 0;
    for tag in all.iter().filter(|t| !VOID.iter().any(|v| t.name.eq_ignore_ascii_case(v.as_bytes()))) {
        let of = open.entry(tag.name.to_ascii_lowercase()).or_default();
        // an end tag of something that is not open closes nothing
        if !tag.closing {
            *of += 1;
            depth += 1;
        } else if *of > 0 {
            *of -= 1;
            depth -= 1;
        }
        if depth > OPEN {
            return false;
        }
    }
    let formatting = |t: &Tag<'_>| FORMATTING.iter().any(|f| t.name.eq_ignore_ascii_case(f.as_bytes()));
    // elements in which an end tag does not reach outwards
    let barrier = |t: &Tag<'_>| {
        !t.closing
            && [
                "table", "td", "th", "caption", "template", "applet", "object", "marquee", "svg", "math",
                "select", "html",
            ]
            .iter()
            .any(|b| t.name.eq_ignore_ascii_case(b.as_bytes()))
    };
    let mut loose = 0;
    for (i, tag) in all.iter().enumerate() {
        if tag.closing || !formatting(tag) {
            continue;
        }
        let closed = all[i + 1..]
            .iter()
            .take(NEAR)
            .take_while(|t| !barrier(t))
            .any(|t| t.closing && t.name.eq_ignore_ascii_case(tag.name));
        if !closed {
            loose += 1;
            if loose > LOOSE || tag.length > LOOSE_LENGTH {
                return false;
            }
        }
    }
    true
}
