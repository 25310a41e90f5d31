//! The kind of a page, and its fields.

use super::{
    Details, Page, PageError, ReplacedBy, Replaces, Results, Row, Successor, download, guard,
    title::kb_numbers,
};
use crate::metadata::UpdateGuid;
use encoding_rs::{Encoding, UTF_8};
use jiff::civil::Date;
use scraper::{ElementRef, Html, Node};
use std::collections::{BTreeMap, BTreeSet};

/// The largest page that is read, in bytes.
pub const LIMIT: usize = 4 << 20;
/// The longest text of a field.
const FIELD: usize = 1000;
/// Most members of a list.
const MEMBERS: usize = 5000;

/// Reads a page.
///
/// # Errors
/// If it is none of the Update Catalog's pages, is cut off, or lacks what identifies it.
pub fn read(bytes: &[u8]) -> Result<Page, PageError> {
    if bytes.len() > LIMIT {
        return Err(PageError::TooLarge);
    }
    let encoding = Encoding::for_bom(bytes).map_or(UTF_8, |(e, _)| e);
    let (text, _, _) = encoding.decode(bytes);
    let whole = text.trim_end_matches(|c: char| c.is_whitespace() || c == '\0');
    if whole.is_empty() {
        return Err(PageError::Empty);
    }
    if !looks_like_html(whole) {
        return Err(PageError::Foreign);
    }
    // what a cut page would have said is not known: rows, and lists of successors, may be missing; a browser that saved
    // the page, or a proxy, may add a comment at its end
    let end = boundary(whole, whole.len().saturating_sub(300));
    if !whole[end..].to_ascii_lowercase().contains("</html>") {
        return Err(PageError::Truncated);
    }
    if !guard::harmless(whole) {
        return Err(PageError::Hostile);
    }
    let document = Html::parse_document(whole);
    Ids::of(&document).page(whole)
}

/// The last place up to `at` where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

fn looks_like_html(text: &str) -> bool {
    let head = text[..boundary(text, text.len().min(4096))].to_ascii_lowercase();
    head.contains("<html") || head.contains("<!doctype html")
}

/// Elements of a page by id.
struct Ids<'a> {
    by_id: BTreeMap<&'a str, ElementRef<'a>>,
}

impl<'a> Ids<'a> {
    fn of(document: &'a Html) -> Self {
        let mut by_id = BTreeMap::new();
        for element in document.root_element().descendent_elements() {
            if let Some(id) = element.value().id() {
                // the first of a name counts, as in a browser
                by_id.entry(id).or_insert(element);
            }
        }
        Self { by_id }
    }

    fn get(&self, id: &str) -> Option<ElementRef<'a>> {
        self.by_id.get(id).copied()
    }

    /// The first element whose id ends so: what precedes it is the page's nesting, which changes.
    fn ending(&self, suffix: &str) -> Option<ElementRef<'a>> {
        self.by_id.iter().find(|(id, _)| id.ends_with(suffix)).map(|(_, e)| *e)
    }

    fn page(&self, whole: &str) -> Result<Page, PageError> {
        if let Some(error) = self.get("errorPageDisplayedError") {
            return Ok(Page::Fault { number: fault_number(&text_of(error)) });
        }
        if self.ending("_thanksNoUpdate").is_some() {
            return Ok(Page::Removed);
        }
        if let Some(title) = self.ending("Handler_titleText") {
            return self.details(title).map(|d| Page::Details(Box::new(d)));
        }
        if let Some(table) = self.ending("_updateMatches") {
            return self.results(table).map(Page::Results);
        }
        if self.ending("_noResultText").is_some() {
            return Ok(Page::NoneFound { query: self.query() });
        }
        if let Some(found) = download::read(whole) {
            return Ok(Page::Downloads(found));
        }
        if self.get("tableContainer").is_some() && self.ending("_searchString").is_some() {
            return Ok(Page::Unanswered);
        }
        Err(PageError::Foreign)
    }

    fn query(&self) -> String {
        let text = self.ending("_searchString").map(text_of).unwrap_or_default();
        text.trim_matches(|c| matches!(c, '"' | '\u{201c}' | '\u{201d}')).to_owned()
    }

    fn results(&self, table: ElementRef<'a>) -> Result<Results, PageError> {
        let mut out = Results { query: self.query(), ..Results::default() };
        let mut seen = BTreeSet::new();
        for row in table.descendent_elements().filter(|e| e.value().name() == "tr") {
            let Some(id) = row.value().id().filter(|id| *id != "headerRow") else { continue };
            match id.rsplit_once("_R").and_then(|(guid, n)| Some((guid_in(guid)?, guid, n))) {
                // one update may stand in several rows: of one search, of pages that shifted in between
                Some((update, guid, n)) => match self.row(update, guid, n) {
                    Some(row) if seen.insert(row.update) => out.rows.push(row),
                    Some(_) => {}
                    None => out.unreadable += 1,
                },
                None => out.unreadable += 1,
            }
            if out.rows.len() >= MEMBERS {
                break;
            }
        }
        if out.rows.is_empty() && out.unreadable > 0 {
            return Err(PageError::Incomplete("row that can be read"));
        }
        let counted = self.ending("_searchDuration").map(text_of).unwrap_or_default();
        let numbers = numbers_in(&counted);
        if let [first, last, all, page, pages] = numbers[..] {
            out.shown = Some((first, last, all));
            out.page = Some((page, pages));
        }
        let linked = self.by_id.keys().any(|id| id.contains("_nextPageLink"))
            || self.ending("_nextPage").is_some_and(|e| {
                e.descendent_elements().any(|d| match d.value().name() {
                    "a" => true,
                    "input" => d.value().attr("disabled").is_none(),
                    _ => false,
                })
            });
        out.more = match out.page {
            Some((page, pages)) => page < pages,
            None => linked,
        };
        out.cut = self.ending("_moreResults").is_some();
        Ok(out)
    }

    fn row(&self, update: UpdateGuid, guid: &str, n: &str) -> Option<Row> {
        let cell = |k: u8| self.get(&format!("{guid}_C{k}_R{n}")).map(text_of).filter(|t| stated(t));
        let title =
            self.get(&format!("{guid}_link")).map(text_of).filter(|t| !t.is_empty()).or_else(|| cell(1))?;
        let sized = |what: &str| self.get(&format!("{guid}_{what}")).map(text_of).filter(|t| stated(t));
        Some(Row {
            update,
            title,
            products: cell(2).map(|t| list(&t)).unwrap_or_default(),
            classification: cell(3),
            date: cell(4).and_then(|t| date(&t)),
            version: cell(5),
            size: sized("size"),
            bytes: sized("originalSize").and_then(|t| t.parse().ok()),
        })
    }

    fn details(&self, title: ElementRef<'a>) -> Result<Details, PageError> {
        let title = text_of(title);
        if title.is_empty() {
            return Err(PageError::Incomplete("title"));
        }
        let named = self.ending("Handler_UpdateID").and_then(|e| guid_in(&text_of(e)));
        let update = named.or_else(|| self.asked()).ok_or(PageError::Incomplete("update id"))?;
        let labelled = |id: &str| self.get(id).map(unlabelled).filter(|t| stated(t));
        let span = |suffix: &str| self.ending(suffix).map(text_of).filter(|t| stated(t));
        let kbs = labelled("kbDiv").map(|t| kb_numbers(&t)).unwrap_or_default();
        Ok(Details {
            update,
            title,
            kbs,
            modified: span("Handler_date").and_then(|t| date(&t)),
            size: span("Handler_size"),
            architectures: labelled("archDiv").map(|t| list(&t)).unwrap_or_default(),
            classification: labelled("classificationDiv"),
            products: labelled("productsDiv").map(|t| list(&t)).unwrap_or_default(),
            languages: labelled("languagesDiv").map(|t| list(&t)).unwrap_or_default(),
            severity: span("Handler_msrcSeverity"),
            restart: span("Handler_rebootBehavior"),
            replaced_by: self.replaced_by(),
            replaces: self.replaces(),
        })
    }

    /// The update that the page was asked for: its form names it.
    fn asked(&self) -> Option<UpdateGuid> {
        let form =
            self.by_id.values().find(|e| e.value().name() == "form" && e.value().attr("action").is_some())?;
        guid_after(form.value().attr("action")?)
    }

    fn replaced_by(&self) -> ReplacedBy {
        let Some(part) = self.get("supersededbyInfo") else { return ReplacedBy::NotTold };
        let mut all = BTreeMap::new();
        let mut strange = false;
        for link in part.descendent_elements().filter(|e| e.value().name() == "a") {
            match link.value().attr("href").and_then(guid_after) {
                Some(update) if all.len() < MEMBERS => {
                    all.entry(update).or_insert_with(|| text_of(link));
                }
                _ => strange = true,
            }
        }
        if !all.is_empty() {
            return ReplacedBy::By(
                all.into_iter().map(|(update, title)| Successor { update, title }).collect(),
            );
        }
        let text = text_of(part);
        if !strange && is_na(&text) { ReplacedBy::NoneListed } else { ReplacedBy::NotTold }
    }

    fn replaces(&self) -> Replaces {
        let Some(part) = self.get("supersedesInfo") else { return Replaces::NotTold };
        let titles: BTreeSet<String> =
            part.child_elements().map(text_of).filter(|t| stated(t)).take(MEMBERS).collect();
        if !titles.is_empty() {
            return Replaces::Titles(titles.into_iter().collect());
        }
        if is_na(&text_of(part)) { Replaces::NoneListed } else { Replaces::NotTold }
    }
}

/// `[Error number: 8DDD0010]`
fn fault_number(text: &str) -> String {
    let number = text.split(|c: char| !c.is_ascii_alphanumeric()).find(|w| {
        w.len() == 8 && w.bytes().all(|b| b.is_ascii_hexdigit()) && w.bytes().any(|b| b.is_ascii_digit())
    });
    number.map_or_else(|| "without a number".to_owned(), str::to_ascii_uppercase)
}

fn guid_in(text: &str) -> Option<UpdateGuid> {
    UpdateGuid::try_parse(text.trim()).ok()
}

/// The identity in `ScopedViewInline.aspx?updateid=…`, with or without a host before it.
fn guid_after(address: &str) -> Option<UpdateGuid> {
    let at = address.to_ascii_lowercase().find("updateid=")? + "updateid=".len();
    guid_in(address.get(at..at + 36)?)
}

/// The text in an element, in one line, without control characters.
fn text_of(element: ElementRef<'_>) -> String {
    clean(element.text())
}

/// The text in an element after its label.
fn unlabelled(element: ElementRef<'_>) -> String {
    let label = |e: ElementRef<'_>| {
        e.value().id().is_some_and(|id| id.contains("_label"))
            || e.value().classes().any(|c| c == "labelTitle")
    };
    let mut parts = Vec::new();
    for child in element.children() {
        match child.value() {
            Node::Text(t) => parts.push(t.to_string()),
            Node::Element(_) => {
                if let Some(e) = ElementRef::wrap(child).filter(|e| !label(*e)) {
                    parts.push(e.text().collect());
                }
            }
            _ => {}
        }
    }
    clean(parts.iter().map(String::as_str))
}

fn clean<'t>(parts: impl Iterator<Item = &'t str>) -> String {
    let mut out = String::new();
    for c in parts.flat_map(str::chars) {
        let c = if c.is_whitespace() || c == '\u{a0}' { ' ' } else { c };
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if hidden || (c == ' ' && (out.is_empty() || out.ends_with(' '))) {
            continue;
        }
        out.push(c);
        if out.len() >= FIELD {
            break;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn is_na(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("n/a")
}

fn stated(text: &str) -> bool {
    !text.is_empty() && !is_na(text)
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|t| stated(t)).map(str::to_owned).collect()
}

fn numbers_in(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).take(6).collect()
}

/// A date as the site writes it for American English, which kbwhy asks for. Other orders are taken only where they can
/// mean nothing else.
pub(super) fn date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.trim().split(['/', '.', '-']).map(str::trim).collect();
    let [a, b, c] = parts[..] else { return None };
    let n = |t: &str| {
        (t.len() <= 4 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<i16>().ok()).flatten()
    };
    let (a_len, (a, b, c)) = (a.len(), (n(a)?, n(b)?, n(c)?));
    let new = |year: i16, month: i16, day: i16| {
        (1995..=2100).contains(&year).then(|| Date::new(year, month as i8, day as i8).ok()).flatten()
    };
    if a_len == 4 {
        return new(a, b, c);
    }
    if a > 12 {
        return new(c, b, a);
    }
    // 4/11/2023 is the eleventh of April; 04/11/2023, 4.11.2023 and 4-11-2023 are not American
    let american = text.contains('/') && !parts[..2].iter().any(|p| p.starts_with('0'));
    if american || b > 12 { new(c, a, b) } else { None }
}
