//! Objects as PowerShell prints them, whatever they are: `Name : value` lists, tables over a rule of dashes, CSV, JSON.

use super::hotfix_json::{member, objects as json_objects};
use super::lines::{Line, clean, is_prompt};
use super::os_values::Values;
use crate::model::{Fact, Host, Location, Origin};
use serde_json::Value;
use std::sync::Arc;

/// More objects than any output has; those beyond are not read.
const LIMIT: usize = 100_000;

/// More values than any output has; those beyond are not read.
const VALUES: usize = 500_000;

/// The longest value that is put together from wrapped lines, in bytes.
const LONGEST: usize = 2_000;

/// One object with what is known about how it was printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    pub(super) values: Values,
    /// The line of its first value.
    pub(super) line: u32,
    /// The command at the prompt before it, if one was pasted with it.
    pub(super) command: Option<Arc<str>>,
    /// It is the row of a table, and the console cut one of its cells, which is left out.
    pub(super) cut: bool,
}

impl Object {
    /// A value that is not empty, by its name in lower case, with its line.
    pub(super) fn get(&self, name: &str) -> Option<(&str, u32)> {
        self.values.get(name).map(|(value, origin)| (value, line_of(origin)))
    }
}

/// The line that an origin names.
pub(super) fn line_of(origin: &Origin) -> u32 {
    match origin.at {
        Location::Line(n) => n,
        _ => 1,
    }
}

/// `Name : value` as Format-List prints it; names have no blanks, and a blank stands before the colon.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let bare = name.trim();
    let blank = name.ends_with([' ', '\t']);
    (blank && !bare.is_empty() && bare.len() <= 60 && bare.chars().all(plain)).then(|| (bare, value.trim()))
}

/// A command as it was typed, at a prompt or copied without it.
fn is_command(text: &str) -> bool {
    let bare = text.trim_start().trim_start_matches('(');
    is_prompt(text) || bare.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("get-"))
}

/// Every object of a text, from lists and tables.
pub(super) fn of_lines(lines: &[Line], input: &Arc<str>, format: &'static str) -> Vec<Object> {
    let mut out = Vec::new();
    let mut reader = Lists {
        input,
        format,
        open: None,
        last: None,
        command: None,
        ended: false,
        keys: None,
        above: None,
        read: 0,
    };
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if out.len() >= LIMIT || reader.read >= VALUES {
            break;
        }
        at += 1;
        if is_command(&line.text) {
            reader.close(&mut out);
            reader.command = Some(Arc::from(line.text.trim()));
            (reader.keys, reader.above) = (None, None);
            continue;
        }
        // a blank line is no header: looking behind each of many would take long
        let below = lines.get(at..).filter(|_| !line.is_blank());
        let below = below.and_then(|rest| rest.iter().find(|l| !l.is_blank()));
        if let Some(columns) = below.and_then(|rule| columns(&line.text, &rule.text)) {
            reader.close(&mut out);
            let property = columns.get(1).filter(|(name, _)| columns.len() == 2 && name == "Property");
            if let Some((_, start)) = property {
                reader.keys = Some(*start);
                continue;
            }
            let rows = lines.get(at..).unwrap_or_default();
            at = table(rows, &columns, &reader, &mut out).saturating_add(at);
            continue;
        }
        if let Some(at) = line.text.find(": HKEY_") {
            reader.close(&mut out);
            reader.above = line.text.get(at + 2..).map(str::to_owned);
            continue;
        }
        reader.line(line, &mut out);
    }
    reader.close(&mut out);
    out
}

/// Reads lists line by line.
struct Lists<'a> {
    input: &'a Arc<str>,
    format: &'static str,
    open: Option<Object>,
    /// The last name, with what is known of its value and the blanks before it.
    last: Option<(String, String, Origin, usize)>,
    command: Option<Arc<str>>,
    /// The last value was one that PowerShell adds at an object's end.
    ended: bool,
    /// Keys are printed with their properties in a column of their own, which begins there.
    keys: Option<usize>,
    /// The path above those keys.
    above: Option<String>,
    /// How many values were read.
    read: usize,
}

impl Lists<'_> {
    fn line(&mut self, line: &Line, out: &mut Vec<Object>) {
        if line.is_blank() {
            self.settle();
            return;
        }
        let mut text = &*line.text;
        if let Some((key, properties)) = self.keys.and_then(|start| self.named_key(text, start)) {
            self.close(out);
            let mut object = Object { line: line.number, command: self.command.clone(), ..Object::default() };
            if let Some(above) = &self.above {
                let origin = Origin::line(self.input, self.format, line.number);
                object.values.put("PSPath", &format!("{above}\\{key}"), origin.clone());
                object.values.put("PSChildName", key, origin);
            }
            self.open = Some(object);
            text = properties;
        }
        let indent = match self.keys {
            Some(start) if text.len() < line.text.len() => start,
            _ => text.len() - text.trim_start().len(),
        };
        let Some((name, value)) = pair(text) else {
            // a value that was wrapped goes on below itself
            match &mut self.last {
                // Get-Item prints values right below their names
                Some((_, known, _, at)) if indent > *at + 3 || indent == *at && indent >= 8 => {
                    continue_value(known, line.text.trim());
                }
                _ => self.settle(),
            }
            return;
        };
        self.settle();
        self.read += 1;
        let key = name.to_ascii_lowercase();
        let own = key.starts_with("ps");
        let again = self.open.as_ref().is_some_and(|o| o.values.has(&key)) || self.ended && !own;
        if again {
            self.close(out);
        }
        self.ended = key == "psprovider";
        let origin = Origin::line(self.input, self.format, line.number);
        let command = self.command.clone();
        let object =
            self.open.get_or_insert_with(|| Object { line: line.number, command, ..Object::default() });
        object.values.put(name, "", origin.clone());
        self.last = Some((name.to_owned(), value.to_owned(), origin, indent));
    }

    /// The name of a key in the first column, and what stands in the column of its properties.
    fn named_key<'t>(&self, text: &'t str, start: usize) -> Option<(&'t str, &'t str)> {
        let at = text.char_indices().nth(start)?.0;
        let (key, properties) = (text.get(..at)?, text.get(at..)?);
        let cut = key.trim_end().ends_with("...") || key.trim_end().ends_with('…');
        let rule = key.trim().bytes().all(|b| b == b'-');
        (key.ends_with(' ') && !rule && !cut).then(|| (key.trim(), properties))
    }

    /// Keeps the value that was read last.
    fn settle(&mut self) {
        if let Some((name, value, origin, _)) = self.last.take()
            && let Some(object) = &mut self.open
        {
            object.values.put(&name, &value, origin);
        }
    }

    fn close(&mut self, out: &mut Vec<Object>) {
        self.settle();
        self.ended = false;
        out.extend(self.open.take());
    }
}

/// Puts a wrapped value together: words are parted at blanks, names and paths anywhere.
fn continue_value(known: &mut String, more: &str) {
    if known.len() + more.len() > LONGEST {
        return;
    }
    let name = !known.contains(char::is_whitespace) && known.contains(['~', '\\', '/']);
    if !known.is_empty() && !name {
        known.push(' ');
    }
    known.push_str(more);
}

/// The columns of a table: names with the characters at which each begins, if `rule` is dashes below the names.
fn columns(header: &str, rule: &str) -> Option<Vec<(String, usize)>> {
    let dashed = !rule.trim().is_empty() && rule.chars().all(|c| c == '-' || c.is_whitespace());
    if !dashed {
        return None;
    }
    let starts = word_starts(rule);
    let names: Vec<char> = header.chars().collect();
    let found: Vec<(String, usize)> = starts
        .iter()
        .enumerate()
        .map(|(i, start)| {
            let end = starts.get(i + 1).copied().unwrap_or(names.len()).min(names.len());
            let cell: String = names.get(*start..end).unwrap_or_default().iter().collect();
            (cell.trim().to_owned(), *start)
        })
        .collect();
    let name = |n: &str| !n.is_empty() && n.chars().count() <= 60;
    found.iter().all(|(n, _)| name(n)).then_some(found)
}

/// The characters at which words begin.
fn word_starts(text: &str) -> Vec<usize> {
    let mut out = Vec::new();
    let mut blank = true;
    for (i, c) in text.chars().enumerate() {
        if !c.is_whitespace() && blank {
            out.push(i);
        }
        blank = c.is_whitespace();
    }
    out
}

/// Reads the rows below a header, up to a blank line after them; gives the number of lines that were read.
fn table(lines: &[Line], columns: &[(String, usize)], reader: &Lists, out: &mut Vec<Object>) -> usize {
    let mut rows = 0usize;
    for (i, line) in lines.iter().enumerate() {
        if line.is_blank() {
            if rows > 0 {
                return i;
            }
            continue;
        }
        if is_command(&line.text) || out.len() >= LIMIT {
            return i;
        }
        // the rule itself
        if rows == 0 && line.text.chars().all(|c| c == '-' || c.is_whitespace()) {
            continue;
        }
        rows += 1;
        let mut object = Object { line: line.number, command: reader.command.clone(), ..Object::default() };
        for ((name, _), mut cell) in columns.iter().zip(cells(&line.text, columns)) {
            if cell.ends_with("...") || cell.ends_with('…') {
                object.cut = true;
                cell.clear();
            }
            object.values.put(name, &cell, Origin::line(reader.input, reader.format, line.number));
        }
        out.push(object);
    }
    lines.len()
}

/// The cells of a row. Numbers are aligned to the right and may begin before their column's rule: a cell begins after
/// the last blank before it.
fn cells(row: &str, columns: &[(String, usize)]) -> Vec<String> {
    let chars: Vec<char> = row.chars().collect();
    let mut starts: Vec<usize> = Vec::with_capacity(columns.len());
    for (_, start) in columns {
        let from = starts.last().map_or(0, |s| s + 1).min(chars.len());
        let end = (*start).min(chars.len()).max(from);
        let blank = chars[from..end].iter().rposition(|c| c.is_whitespace());
        starts.push(if *start == 0 { 0 } else { blank.map_or(end, |b| from + b + 1) });
    }
    let ends = starts.iter().skip(1).copied().chain([chars.len()]);
    let cell = |(s, e): (&usize, usize)| chars.get(*s..e).unwrap_or_default().iter().collect::<String>();
    starts.iter().zip(ends).map(|p| cell(p).trim().to_owned()).collect()
}

/// The objects of a CSV export whose header has one of these columns.
pub(super) fn of_csv(lines: &[Line], any: &[&str], input: &Arc<str>, format: &'static str) -> Vec<Object> {
    let is_header = |cells: &[String]| cells.iter().any(|c| any.iter().any(|n| c.eq_ignore_ascii_case(n)));
    let head = lines.iter().enumerate().filter(|(_, l)| !l.is_blank()).take(200);
    let mut found = head
        .filter(|(_, l)| {
            let lower = l.text.to_ascii_lowercase();
            lower.contains([',', ';', '\t']) && any.iter().any(|n| lower.contains(n))
        })
        .filter_map(|(i, line)| {
            [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
                let cells = super::hotfix_csv::records(&line.text, delimiter, true).next()?.1;
                (cells.len() > 1 && is_header(&cells)).then_some((i, delimiter, cells))
            })
        });
    let Some((start, delimiter, header)) = found.next() else { return Vec::new() };
    let body = lines.get(start + 1..).unwrap_or_default();
    let text = body.iter().map(|l| &*l.text).collect::<Vec<_>>().join("\n");
    let mut out = Vec::new();
    for (offset, cells) in super::hotfix_csv::records(&text, delimiter, true).take(LIMIT) {
        // without a header of its own, what follows the table is no row
        if cells.len() != header.len() || is_header(&cells) {
            continue;
        }
        let line = body.get(offset).map_or(1, |l| l.number);
        let mut object = Object { line, ..Object::default() };
        for (name, cell) in header.iter().zip(&cells) {
            object.values.put(name, cell, Origin::line(input, format, line));
        }
        out.push(object);
    }
    out
}

/// The objects of a JSON document, and the members that their lines stand for, counted from 1: see [`to_members`].
pub(super) fn of_json(value: &Value, input: &Arc<str>, format: &'static str) -> (Vec<Object>, Vec<String>) {
    let mut members = Vec::new();
    let mut out = Vec::new();
    for (at, source) in json_objects(value).into_iter().take(LIMIT) {
        let mut object = Object::default();
        for (name, value) in source {
            let Some(text) = text_of(value) else { continue };
            let dot = if at.is_empty() { "" } else { "." };
            members.push(format!("{at}{dot}{}", clean(name)));
            let line = u32::try_from(members.len()).unwrap_or(u32::MAX);
            if object.line == 0 {
                object.line = line;
            }
            object.values.put(name, &text, Origin::line(input, format, line));
        }
        if object.line > 0 {
            out.push(object);
        }
    }
    (out, members)
}

/// A value as PowerShell would print it; an enumeration may come as `{"value": 4, "Value": "Installed"}`.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(clean(s).trim().to_owned()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null => Some(String::new()),
        Value::Object(o) => match member(o, "value")? {
            Value::String(s) => Some(clean(s).trim().to_owned()),
            Value::Number(n) => Some(n.to_string()),
            _ => None,
        },
        Value::Array(_) => None,
    }
}

/// Turns lines that were counted by [`of_json`] into the members that they stand for.
pub(super) fn to_members(host: &mut Host, members: &[String]) {
    let named = |origin: &mut Origin| {
        if let Location::Line(n) = origin.at {
            let index = usize::try_from(n).unwrap_or(0).checked_sub(1);
            let name = index.and_then(|i| members.get(i));
            origin.at = name.map_or(Location::Whole, |m| Location::Member(m.clone()));
        }
    };
    fn one<T>(fact: &mut Option<Fact<T>>, named: &impl Fn(&mut Origin)) {
        if let Some(fact) = fact {
            named(&mut fact.origin);
        }
    }
    macro_rules! each {
        ($($field:ident),*) => { $(one(&mut host.$field, &named);)* };
    }
    each!(
        name,
        product,
        version,
        revision,
        branch,
        revision_at_least,
        release,
        service_pack,
        edition,
        installation_type,
        architecture,
        language,
        offline_image,
        pending_reboot,
        servicing_stack,
        dotnet_framework,
        wmf,
        internet_explorer
    );
    host.updates.values_mut().for_each(|f| named(&mut f.origin));
    host.packages.values_mut().for_each(|f| named(&mut f.origin));
    host.policies.values_mut().for_each(|f| named(&mut f.origin));
    host.features.values_mut().for_each(|f| named(&mut f.origin));
    host.notes.iter_mut().for_each(|f| named(&mut f.origin));
    host.completeness.lists.iter_mut().for_each(|l| named(&mut l.origin));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn objects(text: &str) -> Vec<Object> {
        of_lines(&lines(text), &Arc::from("f"), "x")
    }

    fn value(object: &Object, name: &str) -> Option<(String, u32)> {
        object.get(name).map(|(v, line)| (v.to_owned(), line))
    }

    #[test]
    fn a_name_that_comes_again_begins_the_next_object() {
        let all = objects("\r\nA : 1\r\nB :\r\n\r\nA : 2\r\nB : x : y\r\n");
        assert_eq!(all.len(), 2);
        assert_eq!(value(&all[0], "a"), Some(("1".into(), 2)));
        assert!(all[0].values.has("b") && value(&all[0], "b").is_none());
        assert_eq!(value(&all[1], "b"), Some(("x : y".into(), 6)));
    }

    #[test]
    fn what_powershell_adds_ends_an_object() {
        let all = objects(
            "InstallName : a\nPSChildName : p\nPSProvider : Registry\n\nCurrentState : 112\nInstallName : b\n",
        );
        assert_eq!(all.len(), 2);
        assert_eq!(value(&all[0], "currentstate"), None);
    }

    #[test]
    fn wrapped_values_go_on_below_themselves() {
        let all = objects(
            "PackageName  : Package_for_KB1234567~31bf3856ad364e35~amd\n               64~~10.0.1.1\nPackageState : Installed\nText behind\n",
        );
        assert_eq!(
            value(&all[0], "packagename"),
            Some(("Package_for_KB1234567~31bf3856ad364e35~amd64~~10.0.1.1".into(), 1))
        );
        assert_eq!(value(&all[0], "packagestate"), Some(("Installed".into(), 3)));
    }

    #[test]
    fn numbers_of_a_table_may_begin_before_their_rule() {
        let all = objects(
            "PS C:\\> Get-ItemProperty x | ft\n\nProductName    CurrentBuild  UBR\n-----------    ------------  ---\nWindows 10 Pro 19045        2965\n\nother text\n",
        );
        assert_eq!(all.len(), 1);
        assert_eq!(value(&all[0], "productname"), Some(("Windows 10 Pro".into(), 5)));
        assert_eq!(value(&all[0], "currentbuild"), Some(("19045".into(), 5)));
        assert_eq!(value(&all[0], "ubr"), Some(("2965".into(), 5)));
        assert!(!all[0].cut && all[0].command.as_deref().is_some_and(|c| c.contains("Get-ItemProperty")));
    }

    #[test]
    fn words_that_were_parted_at_a_blank_get_it_back() {
        let all = objects("ProductName : Windows Server 2016\n              Standard\nUBR         : 1\n");
        assert_eq!(value(&all[0], "productname"), Some(("Windows Server 2016 Standard".into(), 1)));
    }

    #[test]
    fn keys_with_their_properties_beside_them_are_objects() {
        let all = objects(
            "\n    Hive: HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\n\n\n\
             Name                           Property\n----                           --------\n\
             CurrentVersion                 UBR         : 7870\n                               BuildGUID   :\n                               ffff\n\
             \u{20}                              ProductName : Windows Server\n                               2016 Standard\n\
             Foo                            UBR         : 1\n",
        );
        assert_eq!(all.len(), 2);
        assert_eq!(value(&all[0], "ubr"), Some(("7870".into(), 7)));
        assert_eq!(value(&all[0], "productname"), Some(("Windows Server 2016 Standard".into(), 10)));
        let path = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
        assert_eq!(value(&all[0], "pspath"), Some((path.into(), 7)));
        assert_eq!(value(&all[1], "pschildname"), Some(("Foo".into(), 12)));
    }

    #[test]
    fn a_cell_that_the_console_cut_is_left_out() {
        let all = objects("A      B\n-      -\nabc... 2\n");
        assert_eq!((value(&all[0], "a"), all[0].cut), (None, true));
        assert_eq!(value(&all[0], "b"), Some(("2".into(), 3)));
    }

    #[test]
    fn an_empty_cell_is_empty() {
        let all = objects("A    B    C\n-    -    -\n1         3\n");
        assert_eq!((value(&all[0], "b"), value(&all[0], "c")), (None, Some(("3".into(), 3))));
    }

    #[test]
    fn csv_and_json_give_the_same_objects() {
        let csv = lines("#TYPE x\r\n\"UBR\";\"CurrentBuild\"\r\n\"2965\";\"19045\"\r\n");
        let all = of_csv(&csv, &["ubr"], &Arc::from("f"), "x");
        assert_eq!(value(&all[0], "currentbuild"), Some(("19045".into(), 3)));
        let json = serde_json::json!([{"Ubr": 2965, "State": {"value": 4}, "PSDrive": {"Name": "HKLM"}}]);
        let (all, members) = of_json(&json, &Arc::from("f"), "x");
        assert_eq!(all.len(), 1);
        let at = |name| value(&all[0], name).map(|(v, line)| (v, members[line as usize - 1].clone()));
        assert_eq!(at("ubr"), Some(("2965".into(), "[0].Ubr".into())));
        assert_eq!(at("state"), Some(("4".into(), "[0].State".into())));
        assert_eq!(at("psdrive"), None);
    }

    #[test]
    fn labels_with_blanks_are_no_names() {
        assert!(objects("Package Identity : x\nHost Name: y\nUBR: 1\n").is_empty());
    }
}
