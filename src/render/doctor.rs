//! A doctor's report as text: the verdict, the checks with their evidence, what to do, what would settle the rest.

use super::text::{Style, elide, host_line, imported, paragraph, source, to_ascii};
use crate::report::{AdviceReport, DoctorCheckReport, DoctorReport, EvidenceReport, RemedyReport};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Columns before the text of a check: two, the word for its weight, the title.
const WEIGHT: usize = 9;
const TITLE: usize = 20;
const INDENT: usize = 2 + WEIGHT + TITLE;
/// Columns before the text of a step of the checklist.
const STEP: usize = 19;

/// Renders an examination of one host.
pub fn doctor_text(report: &DoctorReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    paragraph(&mut out, &report.summary, 0, width);
    host_line(&mut out, &report.host, width, style.ascii);
    out.push('\n');
    let mut dark: Vec<&str> = Vec::new();
    for c in &report.checks {
        if is_dark(c) && !style.verbose {
            dark.push(c.advice.title);
        } else if c.advice.outcome != "pass" || style.verbose {
            check(&mut out, c, width, style);
        }
    }
    if !dark.is_empty() {
        let mut body = String::new();
        paragraph(&mut body, &dark.join(", "), INDENT, width);
        row(&mut out, "unknown", "not told", &body, style);
    }
    for c in report.checks.iter().filter(|c| c.advice.outcome == "pass" && !style.verbose) {
        check(&mut out, c, width, style);
    }
    do_this(&mut out, report, width, style);
    checklist(&mut out, "If an update fails all the same", report.checklist.iter(), width, style);
    settle(&mut out, report, style.verbose);
    let imported = imported(report.catalog_imported.len());
    let (day, catalog) = (&report.judged.as_of, &report.catalog_as_of);
    let by = match report.judged.by {
        "host" => "to which the inventory reaches",
        "given" => "the day that was given",
        "clock" => "by this machine's clock",
        _ => "",
    };
    out.push('\n');
    let foot = if by.is_empty() {
        format!("Judged as of {day}, the date of the catalog{imported}.")
    } else {
        format!("Judged as of {day}, {by}. Catalog as of {catalog}{imported}.")
    };
    paragraph(&mut out, &foot, 0, width);
    if style.ascii { to_ascii(&out) } else { out }
}

/// `stops`, `soon`, `advice` for what fails; else the outcome.
fn weight(c: &DoctorCheckReport) -> &'static str {
    if c.advice.outcome == "fail" { c.severity } else { c.advice.outcome }
}

fn check(out: &mut String, c: &DoctorCheckReport, width: usize, style: Style) {
    let shown = match (style.verbose, c.advice.outcome) {
        (true, _) => usize::MAX,
        (_, "fail") => 3,
        (_, "unknown") if c.advice.code == "end-of-support" => 4,
        (_, "unknown") => 2,
        _ => 1,
    };
    let text = &c.advice.text;
    // what the sentence itself says bears its source there
    let (told, more): (Vec<&EvidenceReport>, Vec<&EvidenceReport>) =
        c.advice.evidence.iter().partition(|e| text.contains(&e.text));
    let mut body = String::new();
    statement(&mut body, text, told.first().copied(), width, style);
    for e in more.into_iter().take(shown) {
        statement(&mut body, &e.text, Some(e), width, style);
    }
    row(out, weight(c), c.advice.title, &body, style);
}

/// A body whose first line begins with the weight and the title of its check.
fn row(out: &mut String, weight: &str, title: &str, body: &str, style: Style) {
    let (on, off) = match (style.colour, weight) {
        (false, _) => ("", ""),
        (true, "stops") => ("\u{1b}[31m", "\u{1b}[0m"),
        (true, "pass") => ("\u{1b}[32m", "\u{1b}[0m"),
        (true, _) => ("\u{1b}[33m", "\u{1b}[0m"),
    };
    let head = format!("  {on}{weight:<WEIGHT$}{off}{title:<TITLE$}");
    let _ = write!(out, "{head}{}", body.get(INDENT..).unwrap_or(""));
}

/// Nothing was given that tells of it, and nothing points to it.
fn is_dark(c: &DoctorCheckReport) -> bool {
    c.advice.outcome == "unknown" && !c.open && c.advice.evidence.iter().all(|e| e.source == "rule")
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
    if report.steps.is_empty() {
        return;
    }
    out.push_str("\nDo this\n");
    for (i, r) in report.steps.iter().enumerate() {
        remedy(out, r, &format!(" {:>2}. ", i + 1), width, style);
    }
    let installs = report.steps.iter().filter(|r| r.text.starts_with("Install KB")).count();
    if let Some(next) = report.next.as_ref().filter(|_| installs > 1) {
        let _ = writeln!(out, "Order and restarts:  kbwhy plan {} --inventory FILE", next.update);
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

/// Microsoft's checklist: a line for each command, the pages once.
pub(super) fn checklist<'a>(
    out: &mut String,
    head: &str,
    steps: impl Iterator<Item = &'a AdviceReport>,
    width: usize,
    style: Style,
) {
    // the servicing stack has a check of its own
    let told = |a: &&AdviceReport| a.outcome != "pass" && a.code != "checklist-servicing-stack";
    let steps: Vec<&AdviceReport> = steps.filter(told).collect();
    if steps.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{head}");
    let mut pages: Vec<&str> = Vec::new();
    for a in steps {
        let mut body = String::new();
        for r in &a.remedy {
            match &r.command {
                Some(command) => {
                    let _ = writeln!(body, "{:STEP$}{command}", "");
                }
                None => paragraph(&mut body, &r.text, STEP, width),
            }
            if let Some(danger) = &r.danger {
                paragraph(&mut body, &format!("Careful: {danger}."), STEP, width);
            }
            if r.source.starts_with("http") && !pages.contains(&r.source.as_str()) {
                pages.push(&r.source);
            }
        }
        if a.code == "checklist-manual-install" {
            let mut first = String::new();
            paragraph(&mut first, &a.text, STEP, width);
            body.insert_str(0, &first);
        }
        let _ = write!(out, "  {:<width$}{}", a.title, body.get(STEP..).unwrap_or(""), width = STEP - 2);
    }
    for page in pages {
        let short = page.trim_start_matches("https://").trim_start_matches("www.");
        let short = if style.verbose { short.to_owned() } else { elide(short, width - 4) };
        let _ = writeln!(out, "  [{short}]");
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
