//! Answers about the catalog as text: what is used first, sources as numbers, their list at the end.

use super::text::{Style, elide, paragraph, to_ascii};
use crate::report::{
    CatalogRuleReport, CiteReport, CountReport, LintReport, PackagesReport, PlaceReport, RelationReport,
    SearchReport, ShowReport, StatsReport,
};
use std::{cell::RefCell, collections::BTreeSet, fmt::Write};

/// Columns before values.
const LABEL: usize = 14;
/// Items of a long list that are shown without `--verbose`.
const SHORT: usize = 5;

struct Page {
    out: String,
    style: Style,
    width: usize,
    /// sources that what is shown names
    cited: RefCell<BTreeSet<u32>>,
}

impl Page {
    fn new(style: Style) -> Self {
        Self { out: String::new(), style, width: style.width.max(40), cited: RefCell::default() }
    }

    fn line(&mut self, text: &str, indent: usize) {
        paragraph(&mut self.out, text, indent, self.width);
    }

    fn head(&mut self, text: &str) {
        let _ = writeln!(self.out, "\n{text}");
    }

    /// A label and a text beside it; the label alone stands on its line if it is too long.
    fn row(&mut self, label: &str, text: &str) {
        let mut body = String::new();
        paragraph(&mut body, text, 2 + LABEL, self.width);
        if label.len() < LABEL && body.len() > 2 + LABEL {
            body.replace_range(..2 + LABEL, &format!("  {label:<LABEL$}"));
        } else {
            self.line(label, 2);
        }
        self.out.push_str(&body);
    }

    /// How many of so many are shown.
    fn shown(&self, n: usize) -> usize {
        if self.style.verbose { n } else { n.min(SHORT) }
    }

    fn more(&mut self, left: usize, indent: usize) {
        if left > 0 {
            self.line(&format!("and {left} more (--verbose)"), indent);
        }
    }

    /// `[1] [3, unverified]`
    fn cites(&self, by: &[CiteReport]) -> String {
        let one = |c: &CiteReport| {
            self.cited.borrow_mut().insert(c.source);
            match c.standing.as_str() {
                "verified" => format!("[{}]", c.source),
                standing => format!("[{}, {standing}]", c.source),
            }
        };
        by.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn finish(self) -> String {
        if !self.style.ascii {
            return self.out;
        }
        to_ascii(&self.out.replace('→', "->").replace('…', "..."))
    }
}

/// At most so many names.
fn some(names: &[String], at_most: usize) -> String {
    if names.len() <= at_most + 1 {
        return names.join(", ");
    }
    format!("{} and {} more", names[..at_most].join(", "), names.len() - at_most)
}

fn on(products: &[String], verbose: bool) -> String {
    match products.len() {
        0 => String::new(),
        n => format!(" on {}", some(products, if verbose { n } else { 3 })),
    }
}

/// All that is known of an update.
pub fn show_text(r: &ShowReport, style: Style) -> String {
    let mut p = Page::new(style);
    if r.described {
        p.line(&format!("{}: {}", r.update, r.headline), 0);
    } else {
        unknown(&mut p, r);
    }
    values(&mut p, r);
    packages(&mut p, &r.packages, r.all_packages_known);
    brings(&mut p, &r.brings);
    supersedence(&mut p, r);
    relations(&mut p, "Other relations", &r.relations);
    rules(&mut p, &r.rules);
    if !r.required_by.is_empty() {
        p.head("Needed by");
        let n = p.shown(r.required_by.len());
        for b in &r.required_by[..n] {
            p.line(&format!("{} (rule {})  {}", b.what, b.rule, p.cites(&b.by)), 2);
        }
        p.more(r.required_by.len() - n, 2);
    }
    troubles(&mut p, r);
    support(&mut p, r);
    metadata(&mut p, r);
    if !r.not_used.is_empty() {
        p.head("Stated, not used");
        let n = p.shown(r.not_used.len());
        for s in &r.not_used[..n] {
            p.line(&format!("{}: {}  {}", s.text, s.why, p.cites(&s.by)), 2);
        }
        p.more(r.not_used.len() - n, 2);
    }
    sources(&mut p, r);
    p.head(&format!("Catalog as of {}.", r.catalog_as_of));
    p.finish()
}

/// The sources that were named, or all.
fn sources(p: &mut Page, r: &ShowReport) {
    let cited = p.cited.borrow().clone();
    let named: Vec<_> = r.sources.iter().filter(|s| p.style.verbose || cited.contains(&s.number)).collect();
    if named.is_empty() {
        return;
    }
    p.head("Sources");
    for s in named {
        let mark = format!("  {:<5}", format!("[{}]", s.number));
        let indent = mark.len();
        let mut about = vec![s.title.clone()];
        about.extend(Some(&s.read).filter(|r| !r.is_empty()).map(|r| format!("read {r}")));
        about.push(s.kind.to_owned());
        about.retain(|a| !a.is_empty());
        let mut body = String::new();
        paragraph(&mut body, &about.join(", "), indent, p.width);
        body.replace_range(..indent, &mark);
        p.out.push_str(&body);
        let url = if p.style.verbose {
            s.url.clone()
        } else {
            elide(s.url.trim_start_matches("https://").trim_start_matches("www."), p.width - indent)
        };
        p.line(&url, indent);
        if let Some(via) = s.via.as_ref().filter(|_| p.style.verbose) {
            p.line(&format!("through {via}"), indent);
        }
    }
}

fn unknown(p: &mut Page, r: &ShowReport) {
    let named = !r.superseded_by.is_empty() || !r.relations.is_empty() || !r.required_by.is_empty();
    if named {
        p.line(&format!("{} is not described by any source; others name it.", r.update), 0);
    } else {
        p.line(&format!("{} is not known.", r.update), 0);
    }
    if !r.did_you_mean.is_empty() {
        p.head(&format!("Did you mean {}?", r.did_you_mean.join(", ")));
    }
    p.head("To find out, read it from Microsoft, or import a file that has it");
    for command in &r.next {
        p.line(command, 2);
    }
}

fn values(p: &mut Page, r: &ShowReport) {
    for v in &r.values {
        for (i, s) in v.stated.iter().enumerate() {
            let mark = match (v.disagree, s.used) {
                (true, true) => " (used)",
                _ => "",
            };
            let label = if i == 0 { v.name } else { "" };
            p.row(label, &format!("{}{mark}  {}", s.value, p.cites(&s.by)));
        }
    }
}

fn packages(p: &mut Page, packages: &[PackagesReport], all_known: bool) {
    if packages.is_empty() && !all_known {
        return;
    }
    p.head(if all_known {
        "Packages, and none for other products"
    } else {
        "Packages, as far as they are known"
    });
    for g in packages {
        let mut text = some(&g.products, if p.style.verbose { usize::MAX - 1 } else { 8 });
        if !g.architectures.is_empty() {
            let _ = write!(text, " ({})", g.architectures.join(", "));
        }
        if g.built_in {
            text.push_str(": part of the product");
        }
        if !g.used {
            text.push_str(" (not used)");
        }
        p.line(&format!("{text}  {}", p.cites(&g.by)), 2);
    }
}

fn brings(p: &mut Page, places: &[PlaceReport]) {
    if places.is_empty() {
        return;
    }
    p.head("Brings");
    for b in places {
        let products = some(&b.products, if p.style.verbose { usize::MAX - 1 } else { 4 });
        let place = b.place.first().map(|(at, of)| format!(", {at} of {of} in its line")).unwrap_or_default();
        p.row(b.build.as_deref().unwrap_or("-"), &format!("{products}{place}  {}", p.cites(&b.by)));
    }
}

fn supersedence(p: &mut Page, r: &ShowReport) {
    for (title, list, newer) in
        [("Supersedes", &r.supersedes, false), ("Superseded by", &r.superseded_by, true)]
    {
        if list.is_empty() {
            continue;
        }
        p.head(title);
        let n = p.shown(list.len());
        for e in &list[..n] {
            let other = if newer { &e.from } else { &e.to };
            let mut text = format!("{other}{}", on(&e.products, p.style.verbose));
            if e.line.is_some() {
                text.push_str(", next in its line");
            }
            if !e.used {
                text.push_str(" (not used)");
            }
            p.line(&format!("{text}  {}", p.cites(&e.by)), 2);
        }
        p.more(list.len() - n, 2);
    }
    if !r.chains.is_empty() {
        p.head("From it to the newest");
        let n = p.shown(r.chains.len());
        for c in &r.chains[..n] {
            let steps = c.updates.len();
            let mut shown: Vec<String> = c.updates.clone();
            if steps > 8 && !p.style.verbose {
                let rest = format!("… {} …", steps - 6);
                shown = c.updates[..4].to_vec();
                shown.push(rest);
                shown.extend_from_slice(&c.updates[steps - 2..]);
            }
            let date = c.newest.as_ref().map(|d| format!(" of {d}")).unwrap_or_default();
            p.line(&format!("{}:", some(&c.products, 3)), 2);
            p.line(&format!("{}{date}", shown.join(" → ")), 4);
        }
        p.more(r.chains.len() - n, 2);
    }
}

fn relations(p: &mut Page, title: &str, list: &[RelationReport]) {
    if list.is_empty() {
        return;
    }
    p.head(title);
    let n = p.shown(list.len());
    for e in &list[..n] {
        let text = format!("{} {} {}{}", e.from, e.relation, e.to, on(&e.products, p.style.verbose));
        p.line(&format!("{text}  {}", p.cites(&e.by)), 2);
    }
    p.more(list.len() - n, 2);
}

fn rules(p: &mut Page, rules: &[CatalogRuleReport]) {
    if rules.is_empty() {
        return;
    }
    p.head("Prerequisites");
    for r in rules {
        let what = if r.states_none && r.requires.is_empty() {
            "none, as the source states".to_owned()
        } else if r.requires_words.is_empty() {
            "nothing, but see below".to_owned()
        } else {
            r.requires_words.join("; and ")
        };
        let strength = if r.strength == "hard" { String::new() } else { format!(" ({})", r.strength) };
        p.line(&format!("{what}{strength}{}  {}", on(&r.products, p.style.verbose), p.cites(&r.by)), 2);
        for (label, text) in [
            ("rule", if r.class.is_empty() { r.id.clone() } else { format!("{}, for {}", r.id, r.class) }),
            ("where", r.when.join(" and ")),
            ("but not with", r.excludes.join(", ")),
            ("in order", r.order.join(", then ")),
            ("why", r.why.clone()),
            ("disputed", r.dispute.clone()),
        ] {
            if !text.is_empty() {
                p.line(&format!("{label}: {text}"), 6);
            }
        }
    }
}

fn troubles(p: &mut Page, r: &ShowReport) {
    for w in &r.withdrawn {
        p.head("Withdrawn");
        let since = w.date.as_ref().map(|d| format!(" since {d}")).unwrap_or_default();
        p.line(&format!("{}{since}{}  {}", w.why, on(&w.products, p.style.verbose), p.cites(&w.by)), 2);
        if !w.replacement.is_empty() {
            p.line(&format!("instead: {}", w.replacement.join(", ")), 2);
        }
    }
    for d in &r.defects {
        p.head(&format!("Defect ({})", d.cause));
        let when = if d.when.is_empty() { String::new() } else { format!(" (where: {})", d.when.join("; ")) };
        p.line(&format!("{}{when}{}  {}", d.why, on(&d.products, p.style.verbose), p.cites(&d.by)), 2);
        if !d.fixed_by.is_empty() {
            p.line(&format!("fixed by {}", d.fixed_by.join(", ")), 2);
        }
    }
}

fn metadata(p: &mut Page, r: &ShowReport) {
    if r.metadata.is_empty() {
        return;
    }
    p.head("In Windows Update's metadata");
    let n = p.shown(r.metadata.len());
    for m in &r.metadata[..n] {
        p.line(&format!("{} revision {}: {}", m.guid, m.revision, m.title), 2);
        for f in &m.facts {
            p.line(f, 6);
        }
        for c in &m.prerequisites {
            p.line(&format!("requires {c}"), 6);
        }
        for (what, list) in [("supersedes", &m.supersedes), ("superseded by", &m.superseded_by)] {
            if !list.is_empty() {
                p.line(
                    &format!("{what} {}", some(list, if p.style.verbose { usize::MAX - 1 } else { 6 })),
                    6,
                );
            }
        }
        if m.superseded_by_unknown > 0 {
            p.line(&format!("superseded by {} that the metadata does not have", m.superseded_by_unknown), 6);
        }
    }
    p.more(r.metadata.len() - n + r.metadata_more, 2);
}

fn support(p: &mut Page, r: &ShowReport) {
    let told: Vec<_> = r.support.iter().filter(|s| p.style.verbose || s.released_after).collect();
    if told.is_empty() {
        return;
    }
    p.head(if p.style.verbose { "Support of its products" } else { "Released after the end of support" });
    for s in told {
        let esu = s.esu_end.as_ref().map(|d| format!(", with ESU {d}")).unwrap_or_default();
        let text = format!("{}, {}: until {}{esu}  {}", s.product, s.label, s.end_of_support, p.cites(&s.by));
        p.line(&text, 2);
    }
}

/// What a search found.
pub fn search_text(r: &SearchReport, style: Style) -> String {
    let mut p = Page::new(style);
    if r.found.is_empty() {
        p.line(&format!("No update fits all of: {}", r.words.join(" ")), 0);
        p.line("Fewer words find more; `kbwhy catalog fetch KB` reads an update from Microsoft.", 0);
        return p.finish();
    }
    for f in &r.found {
        let date = f.date.as_deref().unwrap_or("undated");
        let mut text = format!("{date:<11}{}", f.title);
        if !f.component.is_empty() && !f.title.contains(&f.component) {
            let _ = write!(text, ", {}", f.component);
        }
        let mut body = String::new();
        paragraph(&mut body, &text, 12, p.width);
        body.replace_range(..12, &format!("{:<12}", f.update));
        p.out.push_str(&body);
        let mut about = some(&f.products, if style.verbose { usize::MAX - 1 } else { 3 });
        if !f.builds.is_empty() {
            let _ = write!(about, " · {}", some(&f.builds, if style.verbose { usize::MAX - 1 } else { 3 }));
        }
        if !about.is_empty() {
            p.line(&about, 12);
        }
    }
    if r.total > r.found.len() {
        p.head(&format!("{} more (--limit {})", r.total - r.found.len(), r.total));
    }
    p.finish()
}

fn counts(p: &mut Page, title: &str, list: &[CountReport]) {
    if list.is_empty() {
        return;
    }
    p.head(title);
    for c in list {
        let _ = writeln!(p.out, "  {:>7}  {}", c.count, c.name);
    }
}

/// What the catalog holds.
pub fn stats_text(r: &StatsReport, style: Style) -> String {
    let mut p = Page::new(style);
    let text = format!("Catalog as of {}: {} updates; text of schema {}.", r.as_of, r.updates, r.text_schema);
    p.line(&text, 0);
    p.head("Sources of rows");
    for s in &r.parts {
        let read = if s.read.is_empty() { String::new() } else { format!(", read {}", s.read) };
        p.line(&format!("{} ({}{read})", s.title, s.kind), 2);
        let text = format!(
            "{} updates, {} relations, {} entries of lines, {} rules",
            s.updates, s.relations, s.entries, s.rules
        );
        p.line(&text, 4);
    }
    counts(&mut p, "Updates by kind", &r.kinds);
    let products: Vec<CountReport> =
        r.products.iter().filter(|c| style.verbose || c.count > 0).cloned().collect();
    counts(&mut p, "Updates by product", &products);
    p.head("Lines");
    for l in &r.lines {
        let _ = writeln!(p.out, "  {:>7}  {}, in {} lines", l.entries, l.kind, l.lines);
    }
    counts(&mut p, "Relations beside lines", &r.relations);
    counts(&mut p, "Rules by standing", &r.rules);
    p.head("Supersedence, lines included");
    if let (Some(first), Some(last)) = (r.longest_chain.first(), r.longest_chain.last()) {
        let steps = r.longest_chain.len() - 1;
        p.line(&format!("longest chain: {steps} steps, from {first} back to {last}"), 2);
    }
    p.line(&format!("cycles: {}", r.cycles.len()), 2);
    for c in r.cycles.iter().take(p.shown(r.cycles.len())) {
        p.line(&some(c, 10), 4);
    }
    p.line(&format!("updates that are named and not described: {}", r.dangling), 2);
    for s in &r.stated_supersedence {
        p.head("Supersedence as an imported source states it");
        for (name, value) in s.as_object().into_iter().flatten() {
            let text = match value {
                serde_json::Value::String(t) => t.clone(),
                serde_json::Value::Array(items) if items.len() > 8 && !style.verbose => {
                    format!("{} of them", items.len())
                }
                serde_json::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
                other => other.to_string(),
            };
            p.line(&format!("{}: {text}", name.replace('_', " ")), 2);
        }
    }
    p.finish()
}

/// A value of JSON without its quotes.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(t) => t.clone(),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// What is wrong or doubtful.
pub fn lint_text(r: &LintReport, style: Style) -> String {
    let mut p = Page::new(style);
    for c in &r.checks {
        let (on, off) = match (style.colour, c.level) {
            (false, _) => ("", ""),
            (true, "error") => ("\u{1b}[31m", "\u{1b}[0m"),
            (true, "warning") => ("\u{1b}[33m", "\u{1b}[0m"),
            (true, _) => ("\u{1b}[36m", "\u{1b}[0m"),
        };
        let mut head = String::new();
        paragraph(
            &mut head,
            &format!("{} {} ({}): {}", c.level, c.check, c.findings.len(), c.finds),
            0,
            p.width,
        );
        let _ = write!(p.out, "{on}{}{off}{}", c.level, head.get(c.level.len()..).unwrap_or(""));
        // what was added is what is asked about
        let mut order: Vec<_> = c.findings.iter().collect();
        order.sort_by_key(|f| !f.added);
        let n = p.shown(order.len());
        for f in &order[..n] {
            p.line(&format!("{}: {}", f.about, f.text), 2);
        }
        p.more(order.len() - n, 2);
    }
    if !r.checks.is_empty() {
        p.out.push('\n');
    }
    let mut text = format!(
        "{}, {}, {}",
        some_of(r.errors, "error"),
        some_of(r.warnings, "warning"),
        some_of(r.notes, "note")
    );
    let a = &r.added;
    if a.errors + a.warnings + a.notes > 0
        && (a.errors, a.warnings, a.notes) != (r.errors, r.warnings, r.notes)
    {
        let _ = write!(text, "; of them {}, {} and {} in what was added", a.errors, a.warnings, a.notes);
    }
    p.line(&format!("{text}. Looked at: {}.", some(&r.looked_at, 6)), 0);
    p.finish()
}

fn some_of(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
