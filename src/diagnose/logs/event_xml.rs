//! Events as XML: WindowsUpdateClient, Servicing, WUSA. All of them may stand in one line.

use super::event::{Event, Events, What};
use super::event_text::failure_or_wait;
use super::gather::Gathered;
use super::text::{after, failure, kb_in, shown};
use crate::inventory::logs::kb_in_title;
use memchr::memchr_iter;
use memchr::memmem;

/// The largest event that is read; those of the update agent have some two thousand bytes.
const LARGEST: usize = 256 * 1024;

/// Reads events as XML, one after the other, whatever stands between them.
#[derive(Debug, Default)]
pub(super) struct EventXml {
    rest: Vec<u8>,
    /// Line ends before the rest.
    ends: u32,
    events: Events,
    searched: usize,
}

const END: &[u8] = b"</Event>";

impl EventXml {
    pub(super) fn take(&mut self, block: &[u8], _: &mut Gathered) {
        for piece in block.chunks(LARGEST) {
            self.rest.extend_from_slice(piece);
            let rest = std::mem::take(&mut self.rest);
            let mut done = 0;
            let mut from = self.searched.saturating_sub(END.len());
            while let Some(at) = rest.get(from..).and_then(|r| memmem::find(r, END)) {
                let end = from + at + END.len();
                self.event(rest.get(done..end).unwrap_or_default());
                done = end;
                from = end;
            }
            let mut left = rest.get(done..).unwrap_or_default();
            if left.len() > 2 * LARGEST {
                // no event ends in it: one that ends later begins in what is kept, or is too large
                let (gone, kept) = left.split_at(left.len() - LARGEST);
                self.ends = self.ends.saturating_add(lines(gone));
                left = kept;
            }
            self.searched = left.len();
            self.rest = left.to_vec();
        }
    }

    pub(super) fn finish(&mut self, out: &mut Gathered) {
        self.events.tell(out);
    }

    /// What stands before an event, and the event.
    fn event(&mut self, bytes: &[u8]) {
        let start = memmem::rfind(bytes, b"<Event ").or_else(|| memmem::rfind(bytes, b"<Event>"));
        let (before, event) = bytes.split_at(start.unwrap_or(0));
        let line = self.ends.saturating_add(lines(before)).saturating_add(1);
        self.ends = self.ends.saturating_add(lines(bytes));
        if start.is_none() || event.len() > LARGEST {
            return;
        }
        let xml = String::from_utf8_lossy(event);
        let date = attribute(&xml, "SystemTime").and_then(|d| d.get(..19)).unwrap_or_default().to_owned();
        if let Some((what, text)) = told(&xml) {
            self.events.add(Event { date, line, text, what });
        }
    }
}

fn lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

/// The value of an attribute, in either kind of quotes.
fn attribute<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let rest = after(xml, name)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

/// The text of an element.
fn element(xml: &str, name: &str) -> Option<String> {
    let rest = after(xml, &format!("<{name}>")).or_else(|| {
        let rest = after(xml, &format!("<{name} "))?;
        let (open, rest) = rest.split_once('>')?;
        (!open.ends_with('/')).then_some(rest)
    })?;
    Some(unescaped(rest.split('<').next()?))
}

/// The text of `<Data Name="…">`.
fn data(xml: &str, name: &str) -> Option<String> {
    ['"', '\''].iter().find_map(|q| {
        let rest = after(xml, &format!("Name={q}{name}{q}"))?;
        let rest = rest.trim_start().strip_prefix('>')?;
        Some(unescaped(rest.split('<').next()?))
    })
}

fn unescaped(text: &str) -> String {
    let plain = quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), |t| t.into_owned());
    shown(&plain, 300)
}

/// What an event tells, and its text.
fn told(xml: &str) -> Option<(What, String)> {
    let provider = attribute(after(xml, "<Provider")?, "Name")?;
    let id: u32 = element(xml, "EventID")?.trim().parse().ok()?;
    let of = |name: &str| provider.ends_with(name);
    if of("WindowsUpdateClient") {
        let title = data(xml, "updateTitle").unwrap_or_default();
        let kb = kb_in_title(&title);
        let code = data(xml, "errorCode").and_then(|c| failure(&c));
        let what = match (id, code) {
            (19, _) => What::Done(kb?),
            (20 | 25 | 31, Some(code)) => What::Failed(kb, code),
            _ => return None,
        };
        let code = code.map(|c| format!(", error 0x{c:08x}")).unwrap_or_default();
        return Some((what, shown(&format!("WindowsUpdateClient event {id}{code}: {title}"), 300)));
    }
    if of("Servicing") {
        let package = element(xml, "PackageIdentifier")?;
        let kb = kb_in(&package);
        let to = element(xml, "IntendedPackageStateTextized").unwrap_or_default();
        let to_installed =
            to == "Installed" || element(xml, "IntendedPackageState").is_some_and(|s| s == "5112");
        let code = element(xml, "ErrorCode").and_then(|c| failure(&c));
        let what = match (id, code) {
            (_, Some(code)) => What::Failed(kb, code),
            (2, None) if to_installed => What::Done(kb?),
            (4, None) => What::Restart(kb?),
            _ => return None,
        };
        let code = code.map(|c| format!(", error 0x{c:08x}")).unwrap_or_default();
        return Some((
            what,
            shown(&format!("Servicing event {id}: {package}, intended state {to}{code}"), 300),
        ));
    }
    if of("WUSA") {
        let title = data(xml, "UpdateTitle").unwrap_or_default();
        let command = data(xml, "CommandLine").unwrap_or_default();
        let kb = kb_in_title(&title).or_else(|| kb_in(&command));
        let what = match id {
            2 => What::Done(kb?),
            3 => What::Failed(kb, failure_or_wait(&data(xml, "ErrorCode")?)?),
            _ => return None,
        };
        let code =
            if let What::Failed(_, code) = what { format!(", error 0x{code:08x}") } else { String::new() };
        return Some((what, shown(&format!("WUSA event {id}{code}: {title} {command}"), 300)));
    }
    None
}
