//! Reports as text that a tired admin understands on one screen: verdict first, then the checks, then what to do.

use crate::inventory::Format;
use crate::report::{EvidenceReport, ExplainReport, HostReport, InventoryReport, MinimalReport};
use std::borrow::Cow;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How text is to look.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// columns, at least 40
    pub width: usize,
    /// only ASCII characters
    pub ascii: bool,
    /// words may be coloured: `fail` and `pass` get these prefixes and suffixes
    pub colour: bool,
    /// every check and all of its evidence
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 80, ascii: false, colour: false, verbose: false }
    }
}

/// Columns before the text of a check: two, the outcome, the title.
const STATUS: usize = 9;
const TITLE: usize = 20;

/// Renders an explanation.
pub fn to_text(report: &ExplainReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    head(&mut out, report, style);
    checks(&mut out, report, style);
    if !report.did_you_mean.is_empty() {
        let _ = writeln!(out, "\nDid you mean {}?", report.did_you_mean.join(", "));
    }
    do_this(&mut out, report, width);
    if let Some(minimal) = &report.minimal {
        smallest(&mut out, minimal, width, style.verbose);
    }
    to_be_sure(&mut out, report, style);
    foot(&mut out, &report.catalog_as_of, report.catalog_imported.len());
    if style.ascii { to_ascii(&out) } else { out }
}

/// The verdict, and the host as it was understood.
pub(super) fn head(out: &mut String, report: &ExplainReport, style: Style) {
    let width = style.width.max(40);
    paragraph(out, &report.summary, 0, width);
    host_line(out, &report.host, width, style.ascii);
}

/// The checks that matter.
pub(super) fn checks(out: &mut String, report: &ExplainReport, style: Style) {
    let width = style.width.max(40);
    let rows = rows(report, style.verbose);
    if !rows.is_empty() {
        out.push('\n');
    }
    for (i, row) in rows.iter().enumerate() {
        // "installed" and "superseded" may rest on the same statement: once is enough
        let told = rows[..i].iter().any(|r| r.outcome == row.outcome && r.evidence == row.evidence);
        if !told || row.outcome == "fail" || row.evidence.is_empty() {
            check(out, row, width, style);
        }
    }
}

/// What would settle what is open.
pub(super) fn to_be_sure(out: &mut String, report: &ExplainReport, style: Style) {
    if !report.unknown.is_empty() {
        out.push_str("\nTo be sure, run\n");
        // one command may give several facts
        let mut commands: Vec<&str> = Vec::new();
        for u in &report.unknown {
            if !commands.contains(&u.collect.as_str()) {
                commands.push(&u.collect);
            }
        }
        for command in commands.iter().take(if style.verbose { 20 } else { 4 }) {
            let _ = writeln!(out, "  {command}");
        }
        if report.unknown.iter().any(|u| u.fact == "os.revision") {
            out.push_str("and ask again with  --set os.revision=N\n");
        }
    }
    log_rows(out, report);
}

/// How many sources were imported, after the date of the catalog.
pub(crate) fn imported(sources: usize) -> String {
    match sources {
        0 => String::new(),
        1 => ", with 1 imported source".to_owned(),
        n => format!(", with {n} imported sources"),
    }
}

/// The date of the facts.
pub(super) fn foot(out: &mut String, as_of: &str, sources: usize) {
    let _ = writeln!(out, "\nCatalog as of {as_of}{}.", imported(sources));
}

pub(super) fn host_line(out: &mut String, h: &HostReport, width: usize, ascii: bool) {
    let mut parts = vec![h.windows.clone()];
    parts.extend(h.architecture.map(str::to_owned));
    parts.extend(h.version.clone());
    let mut line = parts.join(", ");
    for list in h.lists.iter().take(3) {
        let _ = write!(line, " {} {list}", if ascii { "-" } else { "·" });
    }
    paragraph(out, &line, 2, width);
    for c in h.conflicts.iter().take(5) {
        paragraph(out, &format!("Inputs disagree on {c}."), 2, width);
    }
}

pub(super) struct Row<'a> {
    pub(super) outcome: &'a str,
    pub(super) title: &'a str,
    pub(super) evidence: Vec<&'a EvidenceReport>,
}

/// The rows to show: each failing check; each unknown one that may really be so; one row for each cause that passes.
fn rows(report: &ExplainReport, verbose: bool) -> Vec<Row<'_>> {
    let mut out: Vec<Row<'_>> = Vec::new();
    let decisive = report.causes.iter().find(|c| c.decisive);
    let decided = decisive.is_some();
    // there is nothing to install on this host: what else would be needed is of no interest
    let moot = decisive.is_some_and(|c| {
        c.code == "already-installed" || c.code == "superseded" || c.code.starts_with("wrong-")
    });
    // a doubt is told where nothing else keeps the answer open
    let doubts = !decided && !report.checks.iter().any(|c| c.open);
    let named = |code: &str| doubts && report.causes.iter().any(|c| c.code == code);
    for c in &report.checks {
        let relevant = |e: &&EvidenceReport| verbose || !e.text.is_empty();
        let all: Vec<&EvidenceReport> = c.evidence.iter().filter(relevant).collect();
        match c.outcome {
            "fail" => out.push(Row { outcome: "fail", title: c.title, evidence: limit(all, verbose, 4) }),
            "unknown" if moot && !verbose => {}
            "unknown" if c.open || verbose || named(c.code) => {
                out.push(Row { outcome: "unknown", title: c.title, evidence: limit(all, verbose, 3) });
            }
            "unknown" if c.code == "already-installed" => {
                out.push(Row { outcome: "unknown", title: c.title, evidence: limit(all, verbose, 1) });
            }
            "unknown" => {}
            _ => {
                // of no interest unless the update or the host raises it
                let by_rule_alone = c.evidence.iter().all(|e| e.source == "rule");
                if c.code == "missing-sha2-support" && by_rule_alone && !verbose {
                    continue;
                }
                // one row says that a cause does not hold, unless another row says that it does
                let failing = report.checks.iter().any(|o| o.code == c.code && o.outcome != "pass");
                let shown = out.iter().any(|r| r.outcome == "pass" && r.title == c.title);
                if verbose || !(failing || shown || c.code == "expired" && decided) {
                    out.push(Row { outcome: "pass", title: c.title, evidence: limit(all, verbose, 1) });
                }
            }
        }
    }
    // an error alone runs no check: its candidates are all there is to show
    if out.is_empty() {
        for (i, c) in report.causes.iter().enumerate() {
            let told = i > 0 && report.causes[i - 1].evidence == c.evidence;
            let evidence = if told { Vec::new() } else { limit(c.evidence.iter().collect(), verbose, 2) };
            out.push(Row { outcome: c.certainty, title: c.code, evidence });
        }
    }
    out
}

/// The most telling evidence: what the host shows first, then the catalog's.
fn limit(all: Vec<&EvidenceReport>, verbose: bool, n: usize) -> Vec<&EvidenceReport> {
    if verbose {
        return all;
    }
    all.into_iter().take(n).collect()
}

pub(super) fn check(out: &mut String, row: &Row<'_>, width: usize, style: Style) {
    let indent = 2 + STATUS + TITLE;
    let (on, off) = match (style.colour, row.outcome) {
        (false, _) => ("", ""),
        (true, "fail") => ("\u{1b}[31m", "\u{1b}[0m"),
        (true, "pass") => ("\u{1b}[32m", "\u{1b}[0m"),
        (true, _) => ("\u{1b}[33m", "\u{1b}[0m"),
    };
    let head = format!("  {on}{:<STATUS$}{off}{:<TITLE$}", row.outcome, row.title);
    // a cause code may be wider than the column of titles
    let overlong = row.title.width() >= TITLE;
    let mut first = true;
    if overlong || row.evidence.is_empty() {
        let _ = writeln!(out, "{}", head.trim_end());
        first = false;
    }
    for (i, e) in row.evidence.iter().enumerate() {
        let mut body = String::new();
        // identities and paths of logs may be wider than the column
        paragraph(&mut body, &parted(&e.text, width - indent), indent, width);
        let source = source(e);
        // the line of a log stands below what it says, and both are of one place
        let quoted =
            row.evidence.get(i + 1).is_some_and(|n| n.source == e.source && n.text.starts_with("> "));
        if !source.is_empty() && !quoted {
            let room = width - indent;
            let source = if style.verbose { source } else { elide(&source, room - 2) };
            let line = format!("[{source}]");
            // beside the text where it fits, else below it
            let last = body.lines().next_back().unwrap_or("").width();
            if last + 2 + line.width() <= width {
                body.pop();
                let _ = writeln!(body, "  {line}");
            } else {
                let _ = writeln!(body, "{:indent$}{line}", "");
            }
        }
        if first {
            body.replace_range(..indent, &head);
            first = false;
        }
        out.push_str(&body);
    }
}

/// What a log told of packages, one a line: the columns of the log, not of the screen.
fn log_rows(out: &mut String, report: &ExplainReport) {
    if !report.log_packages.is_empty() {
        out.push_str("\nPackages in the log: applicable state, present state, package\n");
        for p in &report.log_packages {
            let _ = writeln!(out, "  {:>3} {:>3} {}", p.applicable, p.current, p.package);
        }
    }
    if !report.log_parents.is_empty() {
        out.push_str("\nParents in the log: what the package could be, package, parent\n");
        for p in &report.log_parents {
            let wanted = p.wanted.as_deref().unwrap_or("(none)");
            let found = if p.wanted.is_some() && p.found.is_none() { " not found" } else { "" };
            let _ = writeln!(out, "  {:<10} {} {wanted}{found}", p.applicable, p.package);
        }
    }
}

/// Words that are wider than a column, in parts.
fn parted(text: &str, room: usize) -> Cow<'_, str> {
    let room = room.max(20);
    if text.split_whitespace().all(|w| w.width() <= room) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut width = 0;
    for c in text.chars() {
        let own = c.width().unwrap_or(0);
        if c.is_whitespace() {
            width = 0;
        } else if width + own > room {
            out.push(' ');
            width = own;
        } else {
            width += own;
        }
        out.push(c);
    }
    Cow::Owned(out)
}

/// Where a statement comes from, short: a page, or the file's own name and the place in it.
pub(super) fn source(e: &EvidenceReport) -> String {
    match (&e.url, e.source.as_str()) {
        (Some(url), _) => {
            let short = url.trim_start_matches("https://").trim_start_matches("www.");
            match e.standing {
                Some("verified") | None => short.to_owned(),
                Some(standing) => format!("{standing}: {short}"),
            }
        }
        (None, "rule") => String::new(),
        // the file's own name says which it is; JSON has the whole path
        (None, s) => {
            let (file, member) = s.split_once(": ").map_or((s, None), |(f, m)| (f, Some(m)));
            let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
            member.map_or_else(|| name.to_owned(), |m| format!("{name}: {m}"))
        }
    }
}

pub(super) fn do_this(out: &mut String, report: &ExplainReport, width: usize) {
    let steps = &report.plan.steps;
    let tentative = report.verdict == Some("unknown");
    if steps.len() > 1 {
        match &report.plan.note {
            Some(note) => {
                out.push('\n');
                paragraph(out, note, 0, width);
            }
            None if tentative => out.push_str("\nIf a prerequisite is what is missing\n"),
            None => out.push_str("\nDo this\n"),
        }
        for (i, s) in steps.iter().enumerate() {
            let name = s.update.clone().unwrap_or_default();
            let mut text =
                if name.is_empty() { s.action.clone() } else { format!("{name:<11} {}", s.action) };
            if s.restart == Some(true) {
                text.push_str(", restart");
            }
            if s.unless_present {
                text.push_str(" (unless it or a later one is there)");
            }
            let mut body = String::new();
            paragraph(&mut body, &text, 5, width);
            body.replace_range(..5, &format!(" {:>2}. ", i + 1));
            out.push_str(&body);
        }
        return;
    }
    let Some(decisive) = report.causes.iter().find(|c| c.decisive) else { return };
    let remedies: Vec<&String> = decisive.remedy.iter().filter(|r| !r.starts_with("Nothing is")).collect();
    if !remedies.is_empty() {
        out.push_str("\nDo this\n");
        for r in remedies.iter().take(4) {
            paragraph(out, r, 2, width);
        }
    }
}

/// Sets of changes that are shown unless all are asked for.
const SETS: usize = 4;

/// The smallest changes under which it applies.
fn smallest(out: &mut String, minimal: &MinimalReport, width: usize, verbose: bool) {
    out.push_str("\nSmallest change\n");
    paragraph(out, &minimal.summary, 2, width);
    for assumed in &minimal.assumed {
        paragraph(out, &format!("Provided that {assumed}."), 2, width);
    }
    // one that is left out is no shorter than the line that says so
    let all = verbose || minimal.sets.len() <= SETS + 1;
    let shown = if all { minimal.sets.len() } else { SETS };
    // what an update is, and what is not known of it, is said once
    let mut told: Vec<&str> = Vec::new();
    for (n, set) in minimal.sets[..shown].iter().enumerate() {
        let mut parts: Vec<String> = Vec::new();
        for c in &set.changes {
            let known = c.update.as_deref().filter(|kb| told.contains(kb));
            let mut text = match known {
                Some(kb) => format!("{} {kb}", c.kind),
                None => c.text.clone(),
            };
            if known.is_none() && c.unstated {
                text.push_str("; no source says what it needs itself");
            }
            if c.unless_present {
                text.push_str(", unless it is there");
            }
            told.extend(c.update.as_deref());
            parts.push(text);
        }
        let lead = format!("{:>4}. ", n + 1);
        fill(out, &format!("{lead}{}", parts.join("; then ")), 1, 7, width);
    }
    if shown < minimal.sets.len() {
        let _ = writeln!(out, "  and {} more ways (--verbose)", minimal.sets.len() - shown);
    }
    if minimal.cut {
        paragraph(out, "There may be others: the search was bounded.", 2, width);
    }
}

/// Renders what was understood of an inventory.
pub fn inventory_text(report: &InventoryReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    paragraph(&mut out, &format!("Understood as {}.", report.windows), 0, width);
    for f in &report.facts {
        let mut body = String::new();
        paragraph(&mut body, &format!("{}  [{}]", f.value, f.source), 22, width);
        body.replace_range(..22, &format!("  {:<20}", f.fact));
        out.push_str(&body);
    }
    for (what, list) in [
        ("Installed", &report.installed),
        ("Waiting for a restart to be installed", &report.pending),
        ("Waiting for a restart to be removed", &report.uninstalling),
        ("Installed in part", &report.partial),
        ("Staged, not installed", &report.staged),
        ("Superseded", &report.superseded),
        ("Stated absent", &report.absent),
        ("Failed when last tried", &report.failed),
        ("Ids that are no KB", &report.other_ids),
    ] {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{what} ({}):", list.len());
        let shown = if style.verbose { list.len() } else { list.len().min(48) };
        let mut text = list[..shown].join(" ");
        if shown < list.len() {
            let _ = write!(text, " and {} more (--verbose)", list.len() - shown);
        }
        paragraph(&mut out, &text, 2, width);
    }
    for (what, lines) in [
        ("Read", &report.inputs),
        ("Lists", &report.lists),
        ("Inputs disagree", &report.conflicts),
        ("Notes", &report.notes),
    ] {
        if !lines.is_empty() {
            let _ = writeln!(out, "\n{what}:");
            for l in lines.iter().take(if style.verbose { usize::MAX } else { 8 }) {
                paragraph(&mut out, l, 2, width);
            }
        }
    }
    if report.installed.is_empty() && report.pending.is_empty() && !report.complete {
        out.push_str("\nNo update is listed. That says nothing about which are installed.\n");
    }
    if !report.unknown.is_empty() {
        out.push_str("\nMissing for a good answer, and what gives it:\n");
        for u in &report.unknown {
            let _ = writeln!(out, "  {}\n    {}", u.fact, u.collect);
        }
        if report.unknown.len() > 1 {
            out.push_str(
                "  all of it, by a script to be run there\n    kbwhy collect --script > collect.ps1\n",
            );
        }
    }
    if style.ascii { to_ascii(&out) } else { out }
}

/// Renders the formats that are read, each with the command that gives it and what it cannot tell.
pub fn formats_text(formats: impl Iterator<Item = &'static Format>, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    for f in formats {
        let _ = writeln!(out, "{}", f.name);
        for (what, words) in
            [("from", f.from), ("known by", f.signature), ("tells", f.tells), ("cannot tell", f.cannot)]
        {
            let mut body = String::new();
            paragraph(&mut body, words, 15, width);
            body.replace_range(..15, &format!("  {what:<13}"));
            out.push_str(&body);
        }
    }
    if style.ascii { to_ascii(&out) } else { out }
}

/// A text of at most `room` columns: the middle of a longer one is left out, so that host and page name stay.
pub(super) fn elide(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let cut = |s: String, n: usize, from_end: bool| -> String {
        let kept: Vec<char> =
            if from_end { s.chars().rev().take(n).collect() } else { s.chars().take(n).collect() };
        if from_end { kept.into_iter().rev().collect() } else { kept.into_iter().collect() }
    };
    let head = (room.saturating_sub(3)) / 3;
    let tail = room.saturating_sub(3 + head);
    format!("{}...{}", cut(text.to_owned(), head, false), cut(text.to_owned(), tail, true))
}

/// Words filled into lines of at most `width` columns, each indented; a word longer than a line stands alone.
pub(super) fn paragraph(out: &mut String, text: &str, indent: usize, width: usize) {
    let mut line = String::new();
    let room = width.saturating_sub(indent).max(20);
    for word in text.split_whitespace() {
        let needed = word.width() + usize::from(!line.is_empty());
        if !line.is_empty() && line.width() + needed > room {
            let _ = writeln!(out, "{:indent$}{}", "", line);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{:indent$}{}", "", line);
}

/// Words filled into lines; the first is indented by `first`, the others by `rest`. Blanks within the head of the first line
/// are kept.
pub(super) fn fill(out: &mut String, text: &str, first: usize, rest: usize, width: usize) {
    let mut line = " ".repeat(first);
    let mut begun = false;
    for word in text.split(' ') {
        let wide = word.width();
        let used = line.width();
        if begun && !word.is_empty() && used + 1 + wide > width {
            let _ = writeln!(out, "{}", line.trim_end());
            line = " ".repeat(rest);
            begun = false;
        }
        if begun {
            line.push(' ');
        }
        line.push_str(word);
        begun = true;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Characters that consoles without Unicode cannot show become the nearest ASCII, or `?`.
pub(super) fn to_ascii(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_ascii() => c,
            '·' | '–' | '—' => '-',
            '‘' | '’' => '\'',
            '“' | '”' => '"',
            '…' => '.',
            '\u{a0}' => ' ',
            _ => '?',
        })
        .collect()
}
