//! The `web.config` of WSUS' client web service: how many installed prerequisites a client may name. Read, never written.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use std::sync::Arc;

/// The largest file that is read: the one of WSUS has some 10 KB.
const LIMIT: usize = 1 << 20;
/// The deepest nesting that is read.
const DEPTH: usize = 64;
/// How much of a line is kept.
const LINE: usize = 300;

/// The setting.
pub(super) const KEY: &str = "maxInstalledPrerequisites";
/// What Microsoft's page raises it to.
pub(super) const RAISED: u32 = 800;

/// The setting where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitLine {
    /// the value as it is written
    pub written: String,
    /// as a number
    pub value: Option<u32>,
    /// the line, counted from 1
    pub line: u32,
    /// the line as it is, without what steers a console
    pub text: String,
}

/// A configuration as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebConfig {
    /// the file as the user named it
    pub file: Arc<str>,
    /// each place of the setting, in the order of the file
    pub limits: Vec<LimitLine>,
}

impl WebConfig {
    /// The one value that it sets; none if it sets none, several, or no number.
    pub fn limit(&self) -> Option<&LimitLine> {
        let first = self.limits.first().filter(|l| l.value.is_some())?;
        self.limits.iter().all(|l| l.value == first.value).then_some(first)
    }
}

/// Why a file is no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebConfigError {
    /// Larger than any.
    #[error(
        "{file}: is larger than 1 MB, more than any web.config; give %programfiles%\\Update Services\\WebServices\\ClientWebService\\web.config"
    )]
    TooLarge {
        /// the file
        file: Arc<str>,
    },
    /// No XML, or not whole.
    #[error(
        "{file}:{line}: is not well-formed ({what}), so IIS cannot read it either; give the file as it lies on the WSUS server"
    )]
    Malformed {
        /// the file
        file: Arc<str>,
        /// the line
        line: u32,
        /// what is wrong
        what: String,
    },
    /// Another document.
    #[error(
        "{file}: has no <configuration>; give %programfiles%\\Update Services\\WebServices\\ClientWebService\\web.config of the WSUS server"
    )]
    NotAConfiguration {
        /// the file
        file: Arc<str>,
    },
}

/// Does a file begin like a configuration of ASP.NET?
pub fn is_web_config(head: &str) -> bool {
    let mut rest = head.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    for _ in 0..20 {
        let end = match rest {
            r if r.starts_with("<?") => "?>",
            r if r.starts_with("<!--") => "-->",
            r => {
                let after = r.strip_prefix("<configuration");
                return after.is_some_and(|a| a.starts_with(['>', ' ', '\t', '\r', '\n', '/']));
            }
        };
        match rest.split_once(end) {
            Some((_, after)) => rest = after.trim_start(),
            None => return false,
        }
    }
    false
}

/// Reads a decoded file.
///
/// # Errors
/// When it is too large, no XML, cut, or another document; one line that names file and line.
pub fn read(file: &Arc<str>, text: &str) -> Result<WebConfig, WebConfigError> {
    if text.len() > LIMIT {
        return Err(WebConfigError::TooLarge { file: Arc::clone(file) });
    }
    let mut reader = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    let mut limits = Vec::new();
    let mut root = false;
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let at = |position: usize| line_at(text, position);
        let bad = |position: usize, what: &str| WebConfigError::Malformed {
            file: Arc::clone(file),
            line: at(position),
            what: super::client_log::shown(what, 120),
        };
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(e) => {
                let position = usize::try_from(reader.error_position()).unwrap_or(before);
                // the fault lies behind the blanks that were read
                let blanks = text.get(position..).map_or(0, |rest| rest.len() - rest.trim_start().len());
                return Err(bad(position.saturating_add(blanks), &e.to_string()));
            }
        };
        match event {
            Event::Start(e) => {
                if open.len() >= DEPTH {
                    return Err(bad(before, "nested too deep"));
                }
                root |= open.is_empty() && e.name().as_ref() == "configuration";
                take(&e, &open, text, before, &mut limits).map_err(|what| bad(before, &what))?;
                open.push(e.name().as_ref().to_owned());
            }
            Event::Empty(e) => {
                root |= open.is_empty() && e.name().as_ref() == "configuration";
                take(&e, &open, text, before, &mut limits).map_err(|what| bad(before, &what))?;
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Text(t) if open.is_empty() && !t.trim().is_empty() => {
                // a mark at the beginning is none
                let mark =
                    before == 0 && t.trim_matches(|c: char| c == '\u{feff}' || c.is_whitespace()).is_empty();
                if !mark {
                    return Err(if root {
                        bad(before, "text outside of the document")
                    } else {
                        WebConfigError::NotAConfiguration { file: Arc::clone(file) }
                    });
                }
            }
            Event::Eof => {
                if let Some(name) = open.last() {
                    return Err(bad(text.len(), &format!("it ends before </{name}>")));
                }
                break;
            }
            _ => {}
        }
    }
    if !root {
        return Err(WebConfigError::NotAConfiguration { file: Arc::clone(file) });
    }
    Ok(WebConfig { file: Arc::clone(file), limits })
}

/// `<add key="maxInstalledPrerequisites" value="400"/>` below `appSettings`.
fn take(
    e: &BytesStart<'_>,
    open: &[String],
    text: &str,
    position: usize,
    limits: &mut Vec<LimitLine>,
) -> Result<(), String> {
    if e.name().as_ref() != "add" || open.last().is_none_or(|n| n != "appSettings") || limits.len() >= 100 {
        return Ok(());
    }
    let (mut key, mut value) = (None, None);
    for attribute in e.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let text = attribute.value.into_owned();
        match attribute.key.as_ref() {
            "key" => key = Some(text),
            "value" => value = Some(text),
            _ => {}
        }
    }
    if key.is_some_and(|k| k.eq_ignore_ascii_case(KEY)) {
        // where its value stands, the element may begin a line before
        let tail = text.get(position..).unwrap_or_default();
        let offset = tail.find("value").unwrap_or(0);
        let line = line_at(text, position + offset);
        let whole = text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
        let written = value.unwrap_or_default();
        let number = written.trim().parse().ok();
        limits.push(LimitLine {
            written: super::client_log::shown(&written, 40),
            value: number,
            line,
            text: super::client_log::shown_line(whole, LINE),
        });
    }
    Ok(())
}

/// The line, counted from 1, that a position lies in.
fn line_at(text: &str, position: usize) -> u32 {
    let before = text.as_bytes().get(..position.min(text.len())).unwrap_or_default();
    u32::try_from(memchr::memchr_iter(b'\n', before).count() + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- maxInstalledPrerequisites value=\"1\" -->\r\n<configuration>\r\n  <appSettings>\r\n    <add key=\"maxCachedUpdates\" value=\"22000\"/>\r\n    <add key=\"maxInstalledPrerequisites\" value=\"400\"/>\r\n  </appSettings>\r\n  <system.web><add key=\"maxInstalledPrerequisites\" value=\"7\"/></system.web>\r\n</configuration>\r\n";

    fn parse(text: &str) -> Result<WebConfig, WebConfigError> {
        read(&Arc::from("web.config"), text)
    }

    #[test]
    fn the_value_is_read_with_its_line_and_not_out_of_comments() {
        let config = parse(WHOLE).unwrap();
        assert_eq!(config.limits.len(), 1);
        let limit = config.limit().unwrap();
        assert_eq!((limit.value, limit.line), (Some(400), 6));
        assert_eq!(limit.text, "    <add key=\"maxInstalledPrerequisites\" value=\"400\"/>");
        assert!(is_web_config(WHOLE));
    }

    #[test]
    fn over_several_lines_the_line_of_the_value_counts() {
        let text = "<configuration><appSettings>\n<add\n  value='900'\n  key='maxInstalledPrerequisites' /></appSettings></configuration>";
        assert_eq!(parse(text).unwrap().limit().map(|l| (l.value, l.line)), Some((Some(900), 3)));
    }

    #[test]
    fn several_that_differ_and_no_number_are_no_value() {
        let of = |lines: &str| {
            parse(&format!("<configuration><appSettings>{lines}</appSettings></configuration>")).unwrap()
        };
        let add = |v: &str| format!("<add key=\"maxInstalledPrerequisites\" value=\"{v}\"/>");
        assert_eq!(of(&(add("400") + &add("800"))).limit(), None);
        assert!(of(&(add("400") + &add("400"))).limit().is_some());
        assert_eq!(of(&add("many")).limit(), None);
        assert_eq!(of("").limits, []);
    }

    #[test]
    fn what_is_mangled_is_refused_with_its_line() {
        let cut = &WHOLE[..WHOLE.find("</appSettings>").unwrap()];
        let error = parse(cut).unwrap_err().to_string();
        assert!(error.starts_with("web.config:7: ") && error.contains("</appSettings>"), "{error}");
        let crossed = WHOLE.replace("</appSettings>", "</appSetting>");
        let error = parse(&crossed).unwrap_err().to_string();
        assert!(error.starts_with("web.config:7: is not well-formed"), "{error}");
        assert!(matches!(parse("<html></html>"), Err(WebConfigError::NotAConfiguration { .. })));
        assert!(matches!(
            parse("maxInstalledPrerequisites=400"),
            Err(WebConfigError::NotAConfiguration { .. })
        ));
        assert!(matches!(parse(""), Err(WebConfigError::NotAConfiguration { .. })));
        assert!(parse(&"<a>".repeat(10_000)).is_err());
        assert!(matches!(parse(&" ".repeat(LIMIT + 1)), Err(WebConfigError::TooLarge { .. })));
    }

    #[test]
    fn every_cut_of_a_file_is_an_answer_or_one_line() {
        for end in 0..WHOLE.len() {
            if let Some(part) = WHOLE.get(..end)
                && let Err(e) = parse(part)
            {
                assert_eq!(e.to_string().lines().count(), 1);
            }
        }
    }
}
