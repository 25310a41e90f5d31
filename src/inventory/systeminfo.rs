//! `systeminfo`, as text or `/fo list`, in any language: labels with values, and rows `[NN]: id` below a label.

use super::collect::{Collector, is_ellipsis};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use super::words::{self, Label};
use crate::model::{Architecture, Gap, Host, ListKind, Version};
use std::sync::Arc;

const FORMAT: &str = "systeminfo";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "systeminfo",
    signature: "labels with values of its report in any language, or rows [01]: KB…",
    tells: "product, build, service pack, edition, architecture, updates",
    cannot: "the revision (UBR); pending updates; the end of a long list, which is cut and noticed",
    directness: Directness::Reported,
}];

/// Where systeminfo's buffer for one value ends: 4096 characters with the closing NUL.
const BUFFER: usize = 4095;

/// A row below a label, as it is printed.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) line: u32,
    pub(super) text: String,
}

/// A label, its value, and the rows below it.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) line: u32,
    pub(super) label: String,
    pub(super) value: String,
    pub(super) rows: Vec<Row>,
    /// Lines were left out below it.
    pub(super) elided: bool,
}

/// Splits `Label:   value`; the colon is the first that is followed by a blank or the line's end.
pub(super) fn label_value(text: &str) -> Option<(&str, &str)> {
    let (at, colon) = text.char_indices().filter(|(_, c)| matches!(c, ':' | '：')).find(|(i, c)| {
        *c == '：' || text[i + c.len_utf8()..].chars().next().is_none_or(char::is_whitespace)
    })?;
    let label = text[..at].trim();
    let value = text[at + colon.len_utf8()..].trim();
    // letters that a code page lacked are question marks
    let letters = label.chars().any(char::is_alphabetic) || label.matches('?').count() > 2;
    // what was UTF-8 of another script once is three times as long
    let longest = if label.is_ascii() { 60 } else { 120 };
    (letters && label.chars().count() <= longest).then_some((label, value))
}

/// `[07]: KB1` and `[07] : x` give what follows; a cut row (`[07`, `[07]`) gives nothing.
fn row_text(row: &str) -> Option<&str> {
    let rest = row.trim_start().strip_prefix('[')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=4).contains(&digits) {
        return None;
    }
    let text = rest[digits..].strip_prefix(']')?.trim_start().strip_prefix([':', '：'])?.trim();
    (!text.is_empty()).then_some(text)
}

/// A line that is a row, whole or cut: it begins with `[` and digits, or with a lone `[`.
fn is_row(text: &str) -> bool {
    let Some(rest) = text.trim_start().strip_prefix('[') else { return false };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest[digits..].trim_end();
    digits <= 4
        && (rest.is_empty() || digits > 0 && (rest == "]" || row_text(text).is_some() || rest == "]:"))
}

/// More fields than one run of the tool prints.
const FIELDS: usize = 10_000;

/// A section in the making, with what of the tool's output it has so far.
#[derive(Default)]
struct Section {
    fields: Vec<Field>,
    version: bool,
    product: bool,
    others: bool,
}

impl Section {
    /// Does this line open the tool's output again, after that output was seen?
    fn is_followed_by(&self, label: &str, known: Option<Label>, value: &str) -> bool {
        if os_version(value).is_some() {
            // a second version although no name came before it: lines are missing
            return self.version;
        }
        let facts = usize::from(self.version) + usize::from(self.product) + usize::from(self.others);
        match known {
            Some(Label::Host) => facts > 0,
            Some(Label::Product) => self.product,
            _ => facts > 1 && self.fields.first().is_some_and(|f| f.label == label && label.len() > 3),
        }
    }

    fn push(&mut self, field: Field, label: Option<Label>) {
        if self.fields.len() >= FIELDS {
            if self.version || self.product || self.others {
                return;
            }
            // what stands far above the tool's output is none of it
            self.fields.drain(..FIELDS / 2);
        }
        self.version |= os_version(&field.value).is_some();
        self.product |= label == Some(Label::Product);
        self.others |= label == Some(Label::Updates) || system_type(&field.value).is_some();
        self.fields.push(field);
    }
}

/// A line without the marks of Markdown: `1. **OS Name:** x`, `- **OS Name**: x`, `- [01]: KB1`.
fn unmarked(text: &str) -> std::borrow::Cow<'_, str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let bullet = match text[digits..].strip_prefix(". ") {
        Some(rest) if digits > 0 => Some(rest),
        _ => text.strip_prefix(['-', '*', '+']).and_then(|rest| rest.strip_prefix(' ')),
    };
    let rest =
        bullet.map(str::trim_start).filter(|r| r.starts_with("**") || r.starts_with('[')).unwrap_or(text);
    match rest.strip_prefix("**") {
        Some(bold) => bold.replacen("**", "", 1).into(),
        None => rest.into(),
    }
}

/// The sections of a text, one for each run of the tool.
fn sections(lines: &[Line]) -> Vec<Vec<Field>> {
    let mut sections: Vec<Vec<Field>> = Vec::new();
    let mut open = Section::default();
    for line in lines {
        let text = unmarked(line.text.trim());
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if is_row(text) {
            if let Some(field) = open.fields.last_mut() {
                field.rows.push(Row { line: line.number, text: text.to_owned() });
            }
            continue;
        }
        if is_ellipsis(text) {
            if let Some(field) = open.fields.last_mut() {
                field.elided = true;
            }
            continue;
        }
        if super::lines::is_prompt(text) {
            continue;
        }
        let Some((label, value)) = label_value(text) else { continue };
        let known = words::label(label);
        if open.is_followed_by(label, known, value) {
            sections.push(std::mem::take(&mut open).fields);
        }
        let (value, rows) = split_rows(value, line.number);
        open.push(Field { line: line.number, label: label.to_owned(), value, rows, elided: false }, known);
    }
    sections.push(open.fields);
    sections.retain(|s| facts_of(s) > 0);
    sections
}

/// Rows that were pasted into the line of their label.
fn split_rows(value: &str, line: u32) -> (String, Vec<Row>) {
    let starts: Vec<usize> = value
        .match_indices('[')
        .map(|(i, _)| i)
        .filter(|&i| row_text(&value[i..]).is_some() && (i == 0 || value[..i].ends_with([' ', ',', '\t'])))
        .collect();
    let Some(&first) = starts.first() else { return (value.to_owned(), Vec::new()) };
    let ends = starts.iter().skip(1).copied().chain([value.len()]);
    let rows = starts.iter().zip(ends).map(|(&s, e)| {
        let text = value[s..e].trim().trim_end_matches(',').to_owned();
        Row { line, text }
    });
    (value[..first].trim().trim_end_matches(',').to_owned(), rows.collect())
}

/// The version at the start of a value: three numbers that a Windows can have, then a blank or the end.
pub(super) fn os_version(value: &str) -> Option<Version> {
    let first = value.split_whitespace().next()?;
    if first.matches('.').count() != 2 {
        return None;
    }
    let version: Version = first.parse().ok()?;
    let [major, minor, build, _] = version.0;
    let windows = matches!((major, minor), (4..=5, 0) | (5, 1..=2) | (6, 0..=4) | (10, 0));
    (windows && (1000..100_000).contains(&build)).then_some(version)
}

/// `x64-based PC`: the same words in every language.
fn system_type(value: &str) -> Option<Architecture> {
    let first = value.split_whitespace().next()?;
    let (name, based) = first.split_once('-')?;
    based.eq_ignore_ascii_case("based").then(|| name.parse().ok())?
}

/// The field that lists updates: its rows are ids of updates.
fn is_update_list(field: &Field) -> bool {
    let texts = || field.rows.iter().filter_map(|r| row_text(&r.text));
    let kbs = texts().filter(|t| matches!(ids::row_id(t), Some(RowId::Kb(_)))).count();
    let like = texts().filter(|t| ids::is_update_like(t)).count();
    kbs > 0 && (kbs + like) * 2 >= texts().count() || like > 0 && like == texts().count()
}

/// How much of what the tool prints is there: version, product, type, updates.
fn facts_of(fields: &[Field]) -> usize {
    usize::from(fields.iter().any(|f| os_version(&f.value).is_some()))
        + usize::from(fields.iter().any(|f| words::is_product(&f.value)))
        + usize::from(fields.iter().any(|f| system_type(&f.value).is_some()))
        + usize::from(fields.iter().any(is_update_list))
        + usize::from(fields.iter().any(|f| words::label(&f.label) == Some(Label::Updates)))
}

/// Reads every run of systeminfo in the text; none if it is something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let sections = sections(lines);
    // labels alone are no inventory: a glossary explains them
    let known = |s: &[Field]| s.iter().filter(|f| words::label(&f.label).is_some()).count();
    // the type of the system among other labels, with processors counted: the middle of a report
    let middle = |s: &[Field]| {
        let counted = |f: &Field| f.rows.iter().any(|r| r.text.ends_with("Mhz"));
        s.len() >= 6 && s.iter().any(|f| system_type(&f.value).is_some()) && s.iter().any(counted)
    };
    // in a language that is not known, the version right behind the product is what other reports have not
    let follows = |s: &[Field]| {
        s.windows(2).any(|w| words::is_product(&w[0].value) && os_version(&w[1].value).is_some())
    };
    let accepted = |s: &Vec<Field>| {
        s.iter().any(is_update_list)
            || middle(s)
            || facts_of(s) >= 2 && (known(s) >= 2 || s.len() >= 8 && follows(s)) && !is_powershell(s)
    };
    // winPEAS prints a few of these labels among its own
    if !sections.iter().any(accepted) || super::winpeas::is_report(lines) {
        return Vec::new();
    }
    sections.iter().map(|s| host(s, input, FORMAT)).collect()
}

/// `Name : value` of PowerShell's Format-List: one-word names before a blank and a colon.
fn is_powershell(fields: &[Field]) -> bool {
    ["Caption", "WindowsProductName", "CurrentBuildNumber", "OsBuildNumber", "BuildNumber", "OsVersion"]
        .iter()
        .any(|name| fields.iter().any(|f| f.label == *name))
}

/// The facts of one run.
pub(super) fn host(fields: &[Field], input: &Arc<str>, format: &'static str) -> Host {
    let mut c = Collector::new(input, format);
    let version = fields.iter().position(|f| os_version(&f.value).is_some());
    let labelled = |label| fields.iter().position(|f| words::label(&f.label) == Some(label));
    // the product stands right before the version, the computer's name right before the product
    let before = |at: Option<usize>| at.and_then(|i| i.checked_sub(1));
    let named = |i: &usize| {
        let value = &fields[*i].value;
        // Hyper-V Server and Azure Stack HCI do not say Windows
        words::is_product(value)
            || words::label(&fields[*i].label) == Some(Label::Product) && value.starts_with("Microsoft ")
    };
    let product = before(version)
        .filter(named)
        .or_else(|| labelled(Label::Product).filter(named))
        .or_else(|| fields.iter().position(|f| words::is_product(&f.value)));
    let name = labelled(Label::Host).or_else(|| before(product));
    if let Some(field) = name.map(|i| &fields[i])
        && is_computer_name(&field.value)
    {
        c.host.name = Some(c.fact(field.value.clone(), field.line));
    }
    if let Some(field) = product.map(|i| &fields[i]) {
        let text = words::product(&field.value);
        c.host.edition = words::edition(&text).map(|e| c.fact(e, field.line));
        c.host.product = Some(c.fact(text, field.line));
    }
    if let Some(field) = version.map(|i| &fields[i])
        && let Some(version) = os_version(&field.value)
    {
        c.host.version = Some(c.fact(version, field.line));
        c.host.service_pack = service_pack(version, &field.value).map(|n| c.fact(n, field.line));
    }
    let kind = fields.iter().find_map(|f| Some((system_type(&f.value)?, f.line)));
    c.host.architecture = kind
        .or_else(|| {
            let field = &fields[labelled(Label::Kind)?];
            let word = |w: &str| w.trim_matches(|c: char| !c.is_ascii_alphanumeric()).parse().ok();
            Some((field.value.split([' ', '-']).find_map(word)?, field.line))
        })
        .map(|(a, line)| c.fact(a, line));
    let mut lists = fields.iter().filter(|f| is_update_list(f)).peekable();
    if lists.peek().is_none() {
        let label = fields.iter().find(|f| words::label(&f.label) == Some(Label::Updates));
        if let Some(field) = label {
            let (count, line) = (first_number(&field.value), field.line);
            let why = if words::is_not_available(&field.value) || count.is_none() {
                Gap::NotAvailable
            } else {
                Gap::CutByCount { declared: count.unwrap_or(0), shown: 0 }
            };
            c.gap(why);
            c.note(
                format!("the list of updates says {:?}, which tells neither some nor none", field.value),
                line,
            );
        } else {
            c.gap(Gap::NotAvailable);
        }
    }
    for field in lists {
        updates(&mut c, field);
    }
    c.finish(Some(ListKind::QuickFix))
}

/// Reads the rows of the list, without the one that the tool cut.
fn updates(c: &mut Collector, field: &Field) {
    let declared = first_number(&field.value);
    let length =
        field.value.chars().count() + field.rows.iter().map(|r| r.text.chars().count() + 1).sum::<usize>();
    let mut rows = field.rows.as_slice();
    let whole = rows.iter().filter(|r| row_text(&r.text).is_some()).count();
    let short = declared.is_some_and(|d| usize::try_from(d).is_ok_and(|d| d > whole));
    // blanks at the ends of rows may have been lost on the way: near the limit the announced number decides
    if length >= BUFFER || short && length + 16 > BUFFER {
        c.gap(Gap::CutByLength);
        rows = &rows[..rows.len().saturating_sub(1)];
    }
    let before = c.shown();
    for row in rows {
        match row_text(&row.text) {
            Some(text) => {
                let origin = c.origin(row.line);
                c.installed_row(text, None, origin);
            }
            None => c.gap(Gap::Truncated),
        }
    }
    let shown = c.shown() - before;
    if let Some(declared) = declared.filter(|d| *d != shown) {
        c.gap(Gap::CutByCount { declared, shown });
    }
    if field.elided {
        c.gap(Gap::Elided);
    }
}

/// The number in a sentence such as `19 Hotfix(s) Installed.`, wherever the language puts it.
fn first_number(text: &str) -> Option<u32> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    text[start..start + digits].parse().ok()
}

fn is_computer_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 63
        && !text.contains(char::is_whitespace)
        && !text.contains("..")
        && !text.contains('…')
        && !words::is_not_available(text)
}

/// The service pack: the build tells it where each has its own, else the words after the version.
pub(super) fn service_pack(version: Version, words_after: &str) -> Option<u8> {
    match version.0 {
        [6, 0, 6000, _] | [6, 1, 7600, _] => Some(0),
        [6, 0, 6001, _] | [6, 1, 7601, _] => Some(1),
        [6, 0, 6002 | 6003, _] => Some(2),
        _ => service_pack_words(words_after),
    }
}

/// `Service Pack 2` in a text.
pub(super) fn service_pack_words(text: &str) -> Option<u8> {
    let at = text.to_ascii_lowercase().find("service pack ")?;
    let digits: String = text[at + 13..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
