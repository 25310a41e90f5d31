//! Text to lines: line ends of every kind, without what consoles, mail and markdown put around them.

use crate::model::steers;
use memchr::memchr2_iter;
use std::borrow::Cow;

/// A line of the input, cleaned of everything that is not printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Counted from 1 in the file as it is.
    pub(super) number: u32,
    pub(super) text: Cow<'a, str>,
}

impl Line<'_> {
    /// Nothing but blanks.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// What people and tools put before every line of a text that they quote.
const PREFIXES: [&str; 9] = ["REM::", "REM ", "rem ", ">", "//", "::", "#", "|", ";"];

/// Splits at LF, CR LF, CR CR LF and lone CR, cleans each line, and takes off quotes and fences.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let html = is_html(text);
    let numbered = split(text).enumerate().map(|(i, l)| (u32::try_from(i + 1).unwrap_or(u32::MAX), l));
    let mut out: Vec<Line> = if html {
        numbered
            .flat_map(|(number, l)| {
                let shown = shown(l);
                let parts: Vec<Line> =
                    shown.split('\n').map(|text| Line { number, text: clean(text).into() }).collect();
                parts
            })
            .collect()
    } else {
        numbered.map(|(number, l)| Line { number, text: cleaned(l) }).collect()
    };
    for line in &mut out {
        let t = line.text.trim_start();
        if t.starts_with("```")
            || t.starts_with("~~~")
            || t.starts_with('<') && matches!(t.trim_end(), "<pre>" | "</pre>" | "<code>" | "</code>")
        {
            line.text = Cow::Borrowed("");
        }
    }
    // quotes nest: `> > `
    for _ in 0..3 {
        if !unprefix(&mut out) {
            break;
        }
    }
    out
}

/// Was the text saved as HTML, by a wiki or a mail program: line breaks are marked, or blanks are entities?
fn is_html(text: &str) -> bool {
    let head = text.trim_start();
    let xml = head.starts_with("<?xml") || head.starts_with("<Objs") || head.starts_with(['{', '[']);
    let tag = |t: &str| text.contains(t) || text.contains(&t.to_ascii_uppercase());
    !xml && (tag("<br") || tag("<pre") || tag("&nbsp;"))
}

/// A line of HTML as a browser shows it, as far as line breaks, entities and the tags around lines go.
fn shown(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let tag = |names: &[&str]| {
            let body = rest.strip_prefix('<')?;
            let end = body.find('>').filter(|e| *e < 200)?;
            let name = body[..end].trim_start_matches('/').split([' ', '/']).next()?.to_ascii_lowercase();
            names.contains(&name.as_str()).then_some(end + 2)
        };
        let entity =
            [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
                .into_iter()
                .find(|(name, _)| rest.starts_with(name));
        if let Some(length) = tag(&["br", "p", "div", "pre", "li", "tr"]) {
            out.push('\n');
            rest = &rest[length..];
        } else if let Some(length) = tag(&["code", "span", "b", "i", "strong", "font", "samp", "td"]) {
            rest = &rest[length..];
        } else if let Some((name, is)) = entity {
            out.push_str(is);
            rest = &rest[name.len()..];
        } else {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..first]);
            rest = &rest[first..];
        }
    }
    out.push_str(rest);
    out
}

/// Takes off a prefix that nearly all lines have; one heading or a `#TYPE` is no prefix.
fn unprefix(lines: &mut [Line]) -> bool {
    let mut filled = 0usize;
    let mut with = [0usize; PREFIXES.len()];
    for line in lines.iter() {
        let text = line.text.trim_start();
        filled += usize::from(!text.is_empty());
        for (count, prefix) in with.iter_mut().zip(PREFIXES) {
            *count += usize::from(text.starts_with(prefix));
        }
    }
    let common = |count: usize| filled >= 2 && count * 5 >= filled * 4;
    let Some((prefix, _)) = PREFIXES.into_iter().zip(with).find(|(_, count)| common(*count)) else {
        return false;
    };
    for line in lines.iter_mut() {
        line.text = match &line.text {
            Cow::Borrowed(text) => Cow::Borrowed(without(text, prefix)),
            Cow::Owned(text) => Cow::Owned(without(text, prefix).to_owned()),
        };
    }
    true
}

fn without<'a>(text: &'a str, prefix: &str) -> &'a str {
    let Some(rest) = text.trim_start().strip_prefix(prefix) else { return text };
    // a Markdown table ends its lines as it begins them
    let rest = if prefix == "|" { rest.trim_end().trim_end_matches('|') } else { rest };
    rest.strip_prefix(' ').unwrap_or(rest).trim_end()
}

/// Physical lines. CR CR LF is one line end, as wmic writes it through a pipe.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let t = rest?;
        let Some(end) = t.find(['\r', '\n']) else {
            rest = None;
            return (!t.is_empty()).then_some(t);
        };
        let tail = &t[end..];
        let returns = tail.bytes().take_while(|&b| b == b'\r').count();
        let length = if tail.as_bytes().get(returns) == Some(&b'\n') { returns + 1 } else { returns.max(1) };
        rest = Some(&tail[length..]);
        Some(&t[..end])
    })
}

/// The same line without terminal escapes, control and invisible characters, with every kind of blank as a blank.
pub(super) fn clean(line: &str) -> String {
    cleaned(line).into_owned()
}

/// Most lines hold nothing that goes: those are not copied.
pub(super) fn cleaned(line: &str) -> Cow<'_, str> {
    let plain = |b: u8| matches!(b, b'\t' | b' '..=b'~');
    if line.bytes().all(plain) || line.chars().all(|c| shows(c) == Some(c)) {
        return Cow::Borrowed(line.trim_end());
    }
    Cow::Owned(without_escapes(line))
}

/// What a character is shown as; none for those that are not printed.
fn shows(c: char) -> Option<char> {
    match c {
        '\t' => Some('\t'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        c if steers(c) => None,
        c => Some(c),
    }
}

fn without_escapes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.peek() {
                Some('[') => {
                    chars.next();
                    while chars.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {}
                }
                Some(']') => {
                    // a title ends at BEL or at ESC \
                    while let Some(c) = chars.next() {
                        if c == '\u{7}' || c == '\u{1b}' && chars.next_if_eq(&'\\').is_some() {
                            break;
                        }
                    }
                }
                _ => {
                    chars.next();
                }
            },
            c => out.extend(shows(c)),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Where a word of ASCII stands in the text, in any case.
pub(super) fn position(text: &str, word: &str) -> Option<usize> {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let first = word.first()?;
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text)
        .find(|&at| text.get(at..at + word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word)))
}

/// Is a word of ASCII in the text, in any case?
pub(super) fn mentions(text: &str, word: &str) -> bool {
    position(text, word).is_some()
}

/// A line that a shell printed before what was typed: `C:\>`, `PS C:\>`, `*Evil-WinRM* PS C:\>`, `meterpreter >`, `$`.
pub(super) fn is_prompt(line: &str) -> bool {
    let t = line.trim_start();
    let Some(end) = t.find('>') else { return t.starts_with("$ ") };
    let head = t[..end].trim_end();
    let head = head.rsplit_once("PS ").map_or(head, |(_, path)| path);
    let drive = head.as_bytes();
    head.is_empty() && t.len() > 1
        || drive.len() >= 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':' && !head.contains(": ")
        || matches!(head, "meterpreter" | "osquery" | "PS" | "cmd" | "SQL")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        lines(text).into_iter().map(|l| l.text.into_owned()).collect()
    }

    #[test]
    fn every_line_end_counts_once() {
        assert_eq!(texts("a\r\nb\nc\r\r\nd\re"), ["a", "b", "c", "d", "e"]);
        assert_eq!(texts("a\r\n\r\nb\r\n"), ["a", "", "b"]);
        assert_eq!(lines("a\r\r\n\r\r\nb")[2].number, 3);
    }

    #[test]
    fn nothing_that_steers_a_terminal_stays() {
        assert_eq!(clean("\u{1b}[31mKB1\u{1b}[0m\u{7}"), "KB1");
        assert_eq!(clean("\u{1b}]0;title\u{7}KB1\u{202e}"), "KB1");
        assert_eq!(clean("Windows\u{a0}7 16\u{202f}106"), "Windows 7 16 106");
    }

    #[test]
    fn quotes_and_fences_go() {
        assert_eq!(texts("> > HotFixID : KB1\n> > \n> > x : y"), ["HotFixID : KB1", "", "x : y"]);
        assert_eq!(texts("REM::\ta: b\nREM::\tc: d"), ["\ta: b", "\tc: d"]);
        assert_eq!(texts("```\na\n```"), ["", "a", ""]);
        // one line of this kind is content
        assert_eq!(texts("#TYPE x\n\"a\"\n\"b\"\n\"c\""), ["#TYPE x", "\"a\"", "\"b\"", "\"c\""]);
    }

    #[test]
    fn web_pages_are_read_as_they_are_shown() {
        let text = "<p>Look:<br>OS Name:&nbsp;&nbsp; A &amp; B<br/>\n<pre><code>PS C:\\&gt; ver</code></pre>";
        let shown: Vec<String> = texts(text).into_iter().filter(|l| !l.trim().is_empty()).collect();
        assert_eq!(shown, ["Look:", "OS Name:   A & B", "PS C:\\> ver"]);
        assert_eq!(lines(text).last().map(|l| l.number), Some(2));
        // XML says what it says
        assert_eq!(
            texts("<?xml version=\"1.0\"?>\n<a>&lt;br&gt;&amp;</a><br/>")[1],
            "<a>&lt;br&gt;&amp;</a><br/>"
        );
    }

    #[test]
    fn prompts_are_seen() {
        for p in [
            "C:\\>ver",
            "PS C:\\Users\\x> Get-HotFix",
            "*Evil-WinRM* PS C:\\> wmic",
            "$ cat q",
            "> dism /online",
        ] {
            assert!(is_prompt(p), "{p}");
        }
        for p in ["Host Name: x", "Update  KB2919355", "Package Identity : a>b"] {
            assert!(!is_prompt(p), "{p}");
        }
    }
}
