//! A doctor's report as text: the verdict, the checks with their evidence, what to do, what would settle the rest.

use super::text::{Style, elide, paragraph, source, to_ascii};
use crate::report::{AdviceReport, DoctorCheckReport, DoctorReport, EvidenceReport, RemedyReport};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Columns before the text of a check: two, the word for its weight, the title.
const WEIGHT: usize = 9;
const TITLE: usize = 20;
const INDENT: usize = 2 + WEIGHT + TITLE;

/// Renders an examination of one host.
pub fn doctor_text(report: &DoctorReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    paragraph(&mut out, &report.summary, 0, width);
    host(&mut out, report, width, style.ascii);
    out.push('\n');
    for c in &report.checks {
        check(&mut out, c, width, style);
    }
    do_this(&mut out, report, width, style);
    checklist(&mut out, report, width, style);
    settle(&mut out, report, style.verbose);
    let imported = match report.catalog_imported.len() {
        0 => String::new(),
        1 => ", with 1 imported source".to_owned(),
        n => format!(", with {n} imported sources"),
    };
    let by = match report.judged.by {
        "given" => "the day that was given",
        "clock" => "the day that this machine's clock shows",
        _ => "the catalog's",
    };
    let _ = writeln!(
        out,
        "\nJudged as of {}, {by}. Catalog as of {}{imported}.",
        report.judged.as_of, report.catalog_as_of
    );
    if style.ascii { to_ascii(&out) } else { out }
}

fn host(out: &mut String, report: &DoctorReport, width: usize, ascii: bool) {
    let h = &report.host;
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

/// `stops`, `soon`, `advice` for what fails; else the outcome.
fn weight(c: &DoctorCheckReport) -> &'static str {
    if c.advice.outcome == "fail" { c.severity } else { c.advice.outcome }
}

fn check(out: &mut String, c: &DoctorCheckReport, width: usize, style: Style) {
    let weight = weight(c);
    let (on, off) = match (style.colour, weight) {
        (false, _) => ("", ""),
        (true, "stops") => ("\u{1b}[31m", "\u{1b}[0m"),
        (true, "pass") => ("\u{1b}[32m", "\u{1b}[0m"),
        (true, _) => ("\u{1b}[33m", "\u{1b}[0m"),
    };
    let head = format!("  {on}{weight:<WEIGHT$}{off}{:<TITLE$}", c.advice.title);
    let shown = match (style.verbose, c.advice.outcome) {
        (true, _) => usize::MAX,
        (_, "fail") => 4,
        (_, "unknown") => 2,
        _ => 1,
    };
    let mut body = String::new();
    // the sentence that is the first statement bears its source
    let first = c.advice.evidence.first().filter(|e| e.text == c.advice.text);
    statement(&mut body, &c.advice.text, first, width, style);
    for e in c.advice.evidence.iter().filter(|e| e.text != c.advice.text).take(shown) {
        // "nothing tells of it" adds nothing to a check that is unknown
        if e.source == "rule" && c.advice.outcome == "unknown" && !style.verbose {
            continue;
        }
        statement(&mut body, &e.text, Some(e), width, style);
    }
    body.replace_range(..INDENT, &head);
    out.push_str(&body);
}

fn statement(out: &mut String, text: &str, from: Option<&EvidenceReport>, width: usize, style: Style) {
    paragraph(out, text, INDENT, width);
    let source = from.map(source).unwrap_or_default();
    beside(out, &source, INDENT, width, style.verbose);
}

/// A source in brackets: beside the last line where it fits, else below it.
fn beside(out: &mut String, source: &str, indent: usize, width: usize, whole: bool) {
    if source.is_empty() {
        return;
    }
    let source = if whole { source.to_owned() } else { elide(source, width - indent - 2) };
    let last = out.lines().next_back().unwrap_or("").width();
    if last + source.width() + 4 <= width {
        out.pop();
        let _ = writeln!(out, "  [{source}]");
    } else {
        let _ = writeln!(out, "{:indent$}[{source}]", "");
    }
}

fn do_this(out: &mut String, report: &DoctorReport, width: usize, style: Style) {
    let mut seen: Vec<&RemedyReport> = Vec::new();
    for r in report.checks.iter().filter(|c| c.advice.outcome == "fail").flat_map(|c| &c.advice.remedy) {
        // two findings may have one way out
        if !seen.iter().any(|s| s.text == r.text && s.command == r.command) {
            seen.push(r);
        }
    }
    if seen.is_empty() {
        return;
    }
    out.push_str("\nDo this\n");
    for (i, r) in seen.iter().enumerate() {
        remedy(out, r, &format!(" {:>2}. ", i + 1), width, style);
    }
    if let Some(next) = report.next.as_ref().filter(|_| seen.len() > 1) {
        let _ = writeln!(out, "The order, with restarts: kbwhy plan {} --inventory FILE", next.update);
    }
}

fn remedy(out: &mut String, r: &RemedyReport, head: &str, width: usize, style: Style) {
    let indent = head.len();
    let mut body = String::new();
    paragraph(&mut body, &r.text, indent, width);
    if r.source.starts_with("http") {
        let short = r.source.trim_start_matches("https://").trim_start_matches("www.");
        beside(&mut body, short, indent, width, style.verbose);
    }
    body.replace_range(..indent, head);
    out.push_str(&body);
    if let Some(command) = &r.command {
        // a command is pasted: it is never broken
        let _ = writeln!(out, "{:indent$}  {command}", "");
    }
    if let Some(danger) = &r.danger {
        paragraph(out, &format!("Careful: {danger}."), indent, width);
    }
}

fn checklist(out: &mut String, report: &DoctorReport, width: usize, style: Style) {
    let open: Vec<&AdviceReport> = report.checklist.iter().filter(|a| a.outcome != "pass").collect();
    if open.is_empty() {
        return;
    }
    out.push_str("\nIf an update fails all the same\n");
    for a in open {
        if a.remedy.is_empty() {
            paragraph(out, &a.text, 2, width);
        }
        for r in &a.remedy {
            remedy(out, r, "  - ", width, style);
        }
    }
}

fn settle(out: &mut String, report: &DoctorReport, verbose: bool) {
    if report.unknown.is_empty() {
        return;
    }
    out.push_str("\nTo be sure, run\n");
    for u in report.unknown.iter().take(if verbose { 20 } else { 5 }) {
        let _ = writeln!(out, "  {}", u.collect);
    }
    if report.unknown.iter().take(5).any(|u| u.fact == "os.revision") {
        out.push_str("and ask again with  --set os.revision=N\n");
    }
    if report.unknown.len() > 2 {
        out.push_str("or all of it at once, by a script that reads:  kbwhy collect --script\n");
    }
}
