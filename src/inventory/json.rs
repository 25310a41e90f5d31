//! JSON as people hand it over: below a prompt, in several documents, with rows left out, or cut at the end.

use super::collect::is_ellipsis;
use super::lines::{self, Line, is_prompt};
use super::wanted::Lower;
use super::{Machines, ReadError, foreign, host1, machines};
use crate::model::{Gap, Host};
use serde_json::{Deserializer, Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Reads the formats that are JSON; each gives no host where it finds nothing of its own.
pub(super) type JsonReader = fn(&Value, &Arc<str>) -> Vec<Host>;

/// A reader, and names of members in lower case: it finds nothing in a document that has none of them, and is not asked.
type Asked = (JsonReader, &'static [&'static str]);

/// The first one that finds something names the input.
pub(super) const READERS: &[Asked] = &[
    (super::hotfix_json::read, &["hotfixid"]),
    (super::get_windowspackage::read_json, &["packagename"]),
    (super::powershell_values::read_json, &super::powershell_values::MEMBERS),
    (super::get_package::read_json, &["providername"]),
    (super::computer_info::read_json, &super::computer_info::OWN),
    (super::osquery::read_json, &["hotfix_id", "result_code", "build"]),
    (super::wua_history::read_json, &["title"]),
    (super::ansible::read_json, &["ansible_", "updates", "search_result", "install_result"]),
    (super::wazuh::read_json, &["hotfix", "not_synced", "windows"]),
    (super::aws_ssm::read_json, &["kbid", "compliancetype", "hotfixid", "platformname"]),
    (super::ohai::read_json, &["platform_version"]),
    (super::facter::read_json, &["kernelversion", "kernelrelease"]),
    (super::exports::read_json, &["devicename"]),
    (super::glpi::read_json, &["content"]),
];

/// More documents than any log of inventories has; what stands behind them counts as cut off.
const DOCUMENTS: usize = 200_000;

/// Deeper than the parser goes.
const DEPTH: usize = 128;

/// The documents of one text.
#[derive(Default)]
struct Documents {
    values: Vec<Value>,
    gaps: Vec<Gap>,
    /// Why the last one could not be read whole.
    cut: Option<ReadError>,
    /// The first line of the second document.
    second: Option<u32>,
}

/// Reads JSON that stands at the head of the text; none if it is something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Option<Result<Machines, ReadError>> {
    let start =
        lines.iter().position(|l| !l.is_blank() && (opening(&l.text).is_some() || !is_noise(&l.text)))?;
    // between what a console prints for its hosts anything may stand
    let (_, host) = opening(&lines[start].text)?;
    if lines[start].text.trim() == "[" {
        // a list of something else may begin so
        let next = lines[start + 1..].iter().find(|l| !l.is_blank()).map(|l| l.text.trim_start());
        next.is_none_or(|t| t.starts_with(['{', ']', '"', '[']) || is_ellipsis(t)).then_some(())?;
    }
    Some(read_from(&lines[start..], host.is_some(), input))
}

/// Reads JSON that stands below other text, if a reader knows it.
pub(super) fn read_below(lines: &[Line], input: &Arc<str>) -> Option<Machines> {
    let start = lines.iter().take(1000).position(|l| opening(&l.text).is_some())?;
    read_from(&lines[start..], true, input).ok()
}

/// Where in a line a document opens, and the host that a console of Ansible names before it.
pub(super) fn opening(line: &str) -> Option<(usize, Option<&str>)> {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let mut chars = text.chars();
    let first = chars.next()?;
    let next = chars.find(|c| !c.is_whitespace());
    let opens = match first {
        // a GUID in braces is no document
        '{' => next.is_none_or(|c| matches!(c, '"' | '}')),
        '[' => next.is_none_or(|c| matches!(c, '{' | ']' | '"' | '[')),
        _ => false,
    };
    if opens {
        return Some((indent, None));
    }
    // older versions wrote `>>`
    let (head, _) = text.split_once(" => {").or_else(|| text.split_once(" >> {"))?;
    Some((indent + head.len() + " => ".len(), Some(console_host(head)?)))
}

/// `srv01 | SUCCESS`, `ok: [srv01]`, `changed: [srv01] => (item=x)`.
fn console_host(head: &str) -> Option<&str> {
    let name = match head.split_once(" | ") {
        Some((name, _)) => name,
        None => {
            let (state, rest) = head.split_once(": [")?;
            let plain = state.chars().all(|c| c.is_ascii_alphabetic());
            rest.split([']', ' ']).next().filter(|_| plain)?
        }
    };
    (!name.is_empty() && name.len() <= 255 && !name.contains(char::is_whitespace)).then_some(name)
}

/// A line that tools and consoles print around their JSON.
fn is_noise(line: &str) -> bool {
    let t = line.trim();
    let starts = [
        "PLAY ",
        "TASK ",
        "META:",
        "RUNNING HANDLER ",
        "Using a virtual database",
        "Using /",
        "No config file found",
        "Windows PowerShell",
        "PowerShell 7",
        "Copyright (C)",
        "(c) ",
        "Microsoft Windows [",
    ];
    // `[admin@host ~]$ aws …`, `admin@host:~$ osqueryi …`
    let shell = t.split_once(['$', '#']).is_some_and(|(head, rest)| {
        rest.starts_with(' ') && head.contains('@') && head.len() <= 100 && !head.contains('"')
    });
    let log = t
        .strip_prefix(['I', 'W', 'E'])
        .is_some_and(|r| r.len() > 4 && r.bytes().take(4).all(|b| b.is_ascii_digit()) && r.contains(".cpp:"));
    let recap = t.contains(" : ok=") && t.contains("unreachable=");
    let state = ["ok: [", "changed: [", "skipping: ["].iter().any(|s| t.starts_with(s)) && t.ends_with(']');
    is_prompt(line) || shell || log || recap || state || starts.iter().any(|s| t.starts_with(s))
}

/// `among` other text, lines between documents are passed over.
fn read_from(lines: &[Line], among: bool, input: &Arc<str>) -> Result<Machines, ReadError> {
    let mut found = documents(lines, among, input)?;
    let several = found.values.len() > 1;
    let of_kbwhy = |v: &Value| v.get("schema").is_some();
    if let Some(at) = found.second.filter(|_| found.values.first().is_some_and(of_kbwhy)) {
        return Err(bad(input, at, 1, "trailing characters"));
    }
    let value = match found.values.pop() {
        Some(one) if !several => one,
        last => {
            // pages of one list and lines of one log are one list
            let mut all = Vec::new();
            for value in found.values.drain(..).chain(last) {
                match value {
                    Value::Array(items) => all.extend(items),
                    other => all.push(other),
                }
            }
            Value::Array(all)
        }
    };
    if let Some(schema) = value.as_object().and_then(|o| o.get("schema")) {
        return match (schema.as_str(), found.cut) {
            (_, Some(error)) => Err(error),
            (Some(host1::FORMAT), None) => {
                let object = value.as_object().cloned().unwrap_or_default();
                Ok(vec![(host1::read(&object, input)?, host1::FORMAT)])
            }
            (other, None) => Err(ReadError::WrongSchema {
                input: input.to_string(),
                found: lines::clean(other.unwrap_or("not a text")).chars().take(60).collect(),
            }),
        };
    }
    let mut hosts = Vec::new();
    let lower = Lower::of(lines);
    for (reader, _) in READERS.iter().filter(|(_, words)| lower.has_any(words)) {
        hosts.extend(reader(&value, input));
        if !several && !hosts.is_empty() {
            break;
        }
    }
    if hosts.is_empty() {
        // of a document that is not whole nobody knows what the rest would have told
        return Err(found.cut.unwrap_or_else(|| foreign::json(&value, lines, input)));
    }
    for list in hosts.iter_mut().flat_map(|h| &mut h.completeness.lists) {
        list.gaps.extend(found.gaps.iter().cloned());
        list.gaps.sort();
        list.gaps.dedup();
    }
    machines(hosts, input)
}

fn bad(input: &Arc<str>, line: u32, column: usize, message: &str) -> ReadError {
    ReadError::BadJson {
        input: input.to_string(),
        line: usize::try_from(line).unwrap_or(usize::MAX),
        column,
        message: lines::clean(message),
    }
}

/// Every document from the first line on.
fn documents(lines: &[Line], among: bool, input: &Arc<str>) -> Result<Documents, ReadError> {
    let mut out = Documents::default();
    let (texts, elided) = without_ellipses(lines);
    if elided {
        out.gaps.push(Gap::Elided);
    }
    let text = texts.join("\n");
    let mut starts = Vec::with_capacity(texts.len());
    let mut at = 0;
    for line in &texts {
        starts.push(at);
        at += line.len() + 1;
    }
    let line_of = |offset: usize| starts.partition_point(|s| *s <= offset).saturating_sub(1);
    let number = |index: usize| lines.get(index).map_or(1, |l| l.number);
    let mut offset = 0;
    loop {
        let rest = text.get(offset..).unwrap_or_default();
        offset += rest.len() - rest.trim_start().len();
        if offset >= text.len() {
            return Ok(out);
        }
        let index = line_of(offset);
        let (line, begin) = (&texts[index], starts[index]);
        let fresh = line.get(..offset - begin).is_some_and(|head| head.trim().is_empty());
        let opened =
            if fresh { opening(line) } else { opening(line.get(offset - begin..).unwrap_or_default()) };
        let Some((within, host)) = opened else {
            if fresh && (among || is_noise(line)) {
                offset = begin + line.len();
                continue;
            }
            return Err(bad(input, number(index), offset - begin + 1, "trailing characters"));
        };
        offset = if fresh { begin + within } else { offset + within };
        if out.values.len() >= DOCUMENTS {
            out.gaps.push(Gap::Truncated);
            return Ok(out);
        }
        if out.values.len() == 1 {
            out.second = Some(number(index));
        }
        let rest = text.get(offset..).unwrap_or_default();
        let mut stream = Deserializer::from_str(rest).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                out.values.push(of_host(host, value));
                offset += stream.byte_offset();
            }
            Some(Err(e)) => {
                let first = if e.line() == 1 { offset - begin } else { 0 };
                let at = number(index + e.line().saturating_sub(1));
                let message = e.to_string();
                let message = message.split(" at line ").next().unwrap_or_default();
                let error = bad(input, at, e.column() + first, message);
                if !e.is_eof() {
                    return Err(error);
                }
                let whole = closed(rest);
                match whole {
                    // of a log's last record nobody knows what it would have said of its row
                    Some(Value::Object(_)) | None if !out.values.is_empty() => {}
                    Some(value) => out.values.push(of_host(host, value)),
                    None => return Err(error),
                }
                out.gaps.push(Gap::Truncated);
                out.cut = Some(error);
                return Ok(out);
            }
            None => return Ok(out),
        }
    }
}

/// What a console of Ansible printed for a host, in the shape in which its JSON output names hosts.
fn of_host(host: Option<&str>, value: Value) -> Value {
    let Some(host) = host else { return value };
    let hosts = Map::from_iter([(host.to_owned(), value)]);
    Value::Object(Map::from_iter([("hosts".to_owned(), Value::Object(hosts))]))
}

/// The lines without those that stand for rows that a person left out, and whether there were any.
fn without_ellipses<'a>(lines: &'a [Line]) -> (Vec<Cow<'a, str>>, bool) {
    let mut out: Vec<Cow<str>> = Vec::with_capacity(lines.len());
    let (mut elided, mut open) = (false, false);
    let mut filled: Option<usize> = None;
    for line in lines {
        let t = line.text.trim();
        if is_ellipsis(t) {
            (elided, open) = (true, true);
            out.push(Cow::Borrowed(""));
            continue;
        }
        if !t.is_empty() {
            let previous = filled.and_then(|i| out.get_mut(i)).filter(|_| open);
            if let Some(previous) = previous {
                let (comma, ends) = (previous.ends_with(','), t.starts_with([']', '}']));
                if comma && ends {
                    previous.to_mut().pop();
                } else if !comma && !ends && previous.ends_with(['}', ']', '"']) {
                    previous.to_mut().push(',');
                }
            }
            open = false;
            filled = Some(out.len());
        }
        out.push(Cow::Borrowed(&*line.text));
    }
    (out, elided)
}

/// A bracket that is open, and what was seen in it.
#[derive(Clone, Default)]
struct Open {
    array: bool,
    /// Where the name of the member that is open begins and ends.
    key: Option<(usize, usize)>,
    /// The name of its first member.
    first: Option<(usize, usize)>,
    keys: usize,
    objects: usize,
    others: usize,
    /// The first member of its first object; none once another object begins otherwise.
    kin: Option<(usize, usize)>,
}

/// A document that ends in the middle, closed behind its last whole member. Rows of a list count only if they are
/// whole: what is missing may be what says that the row is of something that failed. Within a row that is not whole a
/// list counts as far as it goes, or objects that are as good as a list, without what else the row says.
fn closed(text: &str) -> Option<Value> {
    let (end, _) = walk(text)?;
    let head = text.get(..end?)?;
    let (_, open) = walk(head)?;
    let mut out = head.to_owned();
    for open in open.iter().rev() {
        out.push(if open.array { ']' } else { '}' });
    }
    let mut value = serde_json::from_str::<Value>(&out).ok()?;
    let mut place = &mut value;
    let mut within = false;
    for pair in open.windows(2) {
        place = match place {
            Value::Array(items) => items.last_mut()?,
            Value::Object(members) => {
                if within {
                    members.retain(|_, v| has_objects(v));
                }
                let (from, to) = pair[0].key?;
                members.get_mut(&serde_json::from_str::<String>(head.get(from..to)?).ok()?)?
            }
            _ => return None,
        };
        within |= pair[0].array;
    }
    Some(value)
}

/// The last place where the document can be closed, and the brackets that are open at its end; none if it is too deep.
fn walk(text: &str) -> Option<(Option<usize>, Vec<Open>)> {
    let name = |at: Option<(usize, usize)>| at.and_then(|(from, to)| text.get(from..to));
    let mut stack: Vec<Open> = Vec::new();
    // how many of the open brackets are rows of a list
    let mut rows = 0usize;
    let (mut quoted, mut escaped, mut filled) = (false, false, false);
    let (mut from, mut last) = (0usize, None);
    let mut safe = None;
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    quoted = false;
                    last = Some((from, at + 1));
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => {
                quoted = true;
                from = at;
            }
            b':' => {
                if let Some(top) = stack.last_mut() {
                    top.key = last;
                    top.keys += 1;
                    top.first = top.first.or(last);
                }
            }
            b'{' | b'[' => {
                if stack.len() >= DEPTH {
                    return None;
                }
                rows += usize::from(stack.last().is_some_and(|o| o.array));
                stack.push(Open { array: byte == b'[', ..Open::default() });
                filled = false;
            }
            b'}' | b']' => {
                let done = stack.pop().unwrap_or_default();
                filled = true;
                let row = stack.len().checked_sub(2).and_then(|i| stack.get(i)).is_some_and(|o| o.array);
                let Some(list) = stack.last_mut() else {
                    safe = Some(at + 1);
                    continue;
                };
                rows = rows.saturating_sub(usize::from(list.array));
                list.objects += usize::from(!done.array);
                list.others += usize::from(done.array);
                if list.objects == 1 {
                    // what has but one member wraps something
                    list.kin = done.first.filter(|_| done.keys > 1);
                } else if name(list.kin) != name(done.first) {
                    list.kin = None;
                }
                let alike = list.array || !row && list.objects > 1 && list.kin.is_some();
                if rows == 0 || !done.array && list.others == 0 && alike {
                    safe = Some(at + 1);
                }
            }
            b',' => {
                if let Some(top) = stack.last_mut() {
                    top.others += usize::from(!filled);
                }
                filled = false;
                if rows == 0 {
                    safe = Some(at);
                }
            }
            _ => {}
        }
    }
    Some((safe, stack))
}

/// Is it an object, or a list that has one?
fn has_objects(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(|i| i.is_object() || i.is_array()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Input, Parsed, read_each};

    fn parse(text: &str) -> Result<Vec<Parsed>, ReadError> {
        read_each(&Input { name: "f", bytes: text.as_bytes() })
    }

    fn kbs(text: &str) -> Vec<u32> {
        let found = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        found.iter().flat_map(|p| p.host.updates.keys().map(|k| k.number())).collect()
    }

    fn gaps(text: &str) -> Vec<Gap> {
        parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))[0].host.completeness.lists[0].gaps.clone()
    }

    #[test]
    fn prompts_and_fences_around_a_document_are_passed_over() {
        let doc = "[{\"HotFixID\": \"KB4486553\"},\r\n {\"HotFixID\": \"KB4577586\"}]";
        for text in [
            format!("\r\n\r\nPS C:\\> Get-HotFix | ConvertTo-Json\r\n{doc}\r\n\r\nPS C:\\Users\\x>"),
            format!("```json\n{doc}\n```\n"),
            format!("> ```\n> {}\n> ```\n", doc.replace("\r\n", "\n> ")),
            format!("[admin@host ~]$ type f\n{doc}\n[admin@host ~]$ exit"),
            format!("Microsoft Windows [Version 10.0.17763.1]\n(c) 2018 x\n\nC:\\>type f\n{doc}"),
            format!("These are the updates of the server:\n{doc}\nThank you\n"),
        ] {
            assert_eq!(kbs(&text), [4_486_553, 4_577_586], "{text}");
            assert!(gaps(&text).is_empty());
        }
    }

    #[test]
    fn several_documents_are_one_list() {
        assert_eq!(
            kbs("{\"HotFixID\": \"KB4486553\"}\n{\"HotFixID\": \"KB4577586\"}\n"),
            [4_486_553, 4_577_586]
        );
        assert_eq!(
            kbs("[{\"HotFixID\": \"KB4486553\"}] [{\"HotFixID\": \"KB4577586\"}]"),
            [4_486_553, 4_577_586]
        );
        // two commands of one machine
        let text = "PS C:\\> a\n[{\"HotFixID\": \"KB4486553\"}]\nPS C:\\> b\n{\"OsBuildNumber\": \"17763\", \"OsVersion\": \"10.0.17763\"}\nPS C:\\>\n";
        let found = parse(text).unwrap();
        assert_eq!((found.len(), found[0].host.updates.len(), found[0].host.version.is_some()), (1, 1, true));
    }

    #[test]
    fn a_console_of_ansible_names_its_hosts() {
        let facts = "\"ansible_facts\": {\"ansible_os_family\": \"Windows\", \"ansible_distribution\": \"Microsoft Windows Server 2019 Standard\", \"ansible_distribution_version\": \"10.0.17763.0\"}";
        for text in [
            format!(
                "srv01 | SUCCESS => {{\n    {facts},\n    \"changed\": false\n}}\n10.0.0.5 | SUCCESS => {{\n {facts}\n}}\n"
            ),
            format!(
                "PLAY [all] ***\n\nTASK [setup] ***\nok: [srv01] => {{{facts}}}\nok: [10.0.0.5] => {{{facts}}}\n\nPLAY RECAP ***\nsrv01 : ok=1    changed=0    unreachable=0\n"
            ),
        ] {
            let found = parse(&text).unwrap();
            let mut names: Vec<_> =
                found.iter().map(|p| p.host.name.as_ref().unwrap().value.clone()).collect();
            names.sort();
            assert_eq!(names, ["10.0.0.5", "srv01"], "{text}");
        }
    }

    #[test]
    fn a_cut_document_keeps_its_whole_rows() {
        let whole = "[{\"HotFixID\": \"KB4486553\", \"x\": [1, 2]}, {\"HotFixID\": \"KB4577586\", \"y\": \"a\\\"b\"}]";
        for end in whole.find("}, {").unwrap() + 1..whole.len() {
            assert_eq!(kbs(&whole[..end])[0], 4_486_553, "{end}");
            assert_eq!(gaps(&whole[..end]), [Gap::Truncated], "{end}");
            // a row that is not closed is none
            assert_eq!(kbs(&whole[..end]).len(), if end == whole.len() - 1 { 2 } else { 1 }, "{end}");
        }
        let object = "{\"OsBuildNumber\": \"17763\", \"OsVersion\": \"10.0.17763\", \"OsHotFixes\": [{\"HotFixID\": \"KB4486553\"}, {\"HotFixID\": \"KB44";
        assert_eq!((kbs(object), gaps(object)), (vec![4_486_553], vec![Gap::Truncated]));
    }

    #[test]
    fn nothing_whole_and_what_is_no_cut_are_errors() {
        for (text, line, column) in [
            ("[{\"HotFixID\": \"KB44", 1, 19),
            ("{\"HotFixID\": \"KB4486553\"\n \"x\": 1}", 2, 2),
            ("\n{\"HotFixID\": \"KB4486553\"}\n}", 3, 1),
            ("C:\\>a\n{\"HotFixID\": }", 2, 14),
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                matches!(error, ReadError::BadJson { line: l, column: c, .. } if (l, c) == (line, column)),
                "{text}: {error:?}"
            );
        }
        // what was stated as facts counts only as a whole
        let cut =
            "{\"schema\": \"kbwhy/host/1\", \"name\": \"A\", \"updates\": {\"installed\": [\"KB4486553\", ";
        assert!(matches!(parse(cut), Err(ReadError::BadJson { .. })));
        let two = "{\"schema\": \"kbwhy/host/1\"}\n{\"schema\": \"kbwhy/host/1\"}\n";
        assert!(matches!(parse(two), Err(ReadError::BadJson { line: 2, .. })));
    }

    #[test]
    fn rows_that_a_person_left_out_are_a_gap() {
        for text in [
            "[\n {\"HotFixID\": \"KB4486553\"},\n ...\n]",
            "[\n {\"HotFixID\": \"KB4486553\"}\n ...\n {\"HotFixID\": \"KB4577586\"}\n]",
        ] {
            assert_eq!(gaps(text), [Gap::Elided], "{text}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let deep = "[".repeat(100_000);
        assert!(parse(&format!("{deep}{{")).is_err());
        assert!(parse(&"{\"a\":".repeat(10_000)).is_err());
        assert!(parse(&"{}\n".repeat(100_000)).is_err());
        assert!(parse(&format!("[\"a\"{}]", "\n...".repeat(50_000))).is_err());
    }

    #[test]
    fn lists_deep_in_a_cut_document_count_as_far_as_they_go() {
        let update = |id: char, kb: u32, installed: bool| {
            format!(
                r#""{id}": {{"id": "{id}", "installed": {installed}, "kb": ["{kb}"], "title": "t (KB{kb})"}}"#
            )
        };
        let play = format!(
            r#"{{"plays": [{{"play": {{"name": "p"}}, "tasks": [{{"hosts": {{"srv01": {{"changed": true, "updates": {{{}, {}, {}}}}}}}}}]}}]}}"#,
            update('a', 5_000_001, true),
            update('b', 5_000_002, true),
            update('c', 5_000_003, true),
        );
        let at = |text: &str| play.find(text).unwrap();
        assert_eq!(kbs(&play[..at("\"c\": {") + 30]), [5_000_001, 5_000_002]);
        assert_eq!(gaps(&play[..at("\"c\": {") + 30]), [Gap::OnlyTouched, Gap::Truncated]);
        // one object alone may be anything
        assert!(parse(&play[..at("\"b\": {") + 30]).is_err());
        let entries = r#"{"Entities": [{"Id": "i-1", "Data": {"AWS:WindowsUpdate": {"TypeName": "AWS:WindowsUpdate", "Content": [{"HotFixId": "KB5000001"}, {"HotFixId": "KB5000002"}, {"HotFixId": "KB50"#;
        assert_eq!(kbs(entries), [5_000_001, 5_000_002]);
    }

    #[test]
    fn a_row_that_is_cut_says_nothing_of_its_own() {
        // what would have followed may be that the row is gone, or of something that is offered
        for text in [
            r#"[{"columns": {"hotfix_id": "KB5000001"}, "act"#,
            r#"[{"package": {"hotfix": {"name": "KB5000001"}, "x": {"name": "KB5000002"}}, "state"#,
            r#"[{"Title": "x (KB5000001)", "Operation": 1, "ResultCode": 2, "Categories": [{"Name": "a"}, {"Name": "b"}], "#,
            r#"[{"HotFixID": "KB5000001", "Properties": [{"Name": "a"}, {"Name": "b"}], "PSComp"#,
        ] {
            let found = parse(text).map(|all| all.iter().map(|p| p.host.updates.len()).sum::<usize>());
            assert_eq!(found.unwrap_or(0), 0, "{text}");
        }
    }
}
