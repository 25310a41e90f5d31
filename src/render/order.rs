//! Packages in order, as text: stages, then why, then what is amiss.

use super::text::{Style, fill, foot, paragraph, source, to_ascii};
use crate::report::{EvidenceReport, OrderEdgeReport, OrderGroupReport, OrderReport, OrderWarningReport};
use std::fmt::Write;

/// Reasons that are shown unless all are asked for.
const REASONS: usize = 12;

/// Renders packages in order.
pub fn order_text(report: &OrderReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    paragraph(&mut out, &report.summary, 0, width);
    let many = report.groups.len() > 1;
    for (n, g) in report.groups.iter().enumerate() {
        if many {
            let _ = writeln!(out, "\nGroup {}", n + 1);
        }
        group(&mut out, g, width, style);
    }
    warnings(&mut out, &report.warnings, width, style);
    foot(&mut out, &report.catalog_as_of, report.catalog_imported.len());
    if style.ascii { to_ascii(&out) } else { out }
}

fn group(out: &mut String, g: &OrderGroupReport, width: usize, style: Style) {
    let shown = if style.verbose { g.products.len() } else { g.products.len().min(4) };
    let more = match g.products.len() - shown {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    paragraph(out, &format!("For {}{more}.", g.products[..shown].join(", ")), 2, width);
    let mut stage = 0;
    for s in &g.steps {
        if s.stage != stage {
            stage = s.stage;
            let _ = writeln!(out, "\nStage {stage}");
        }
        let mut text = match &s.update {
            Some(kb) => format!("{kb:<11} {}", s.action),
            None => s.action.clone(),
        };
        if !s.given {
            text.push_str(" (not given: needed first, unless it is there)");
        }
        if s.restart {
            text.push_str(", then restart");
        }
        let mut body = String::new();
        fill(&mut body, &text, 7, if s.update.is_some() { 19 } else { 7 }, width);
        body.replace_range(..7, &format!(" {:>4}. ", s.number));
        out.push_str(&body);
        if style.verbose {
            for file in &s.files {
                paragraph(out, file, 19, width);
            }
        }
    }
    reasons(out, g, width, style);
    if !g.needed_first.is_empty() {
        out.push_str("\nNeeded first, and not given\n");
    }
    for n in &g.needed_first {
        let by = some(&n.needed_by, style.verbose);
        let mut text = format!("{}: for {by}", n.text);
        if let Some(condition) = &n.only_if {
            let _ = write!(text, "; only {condition}");
        }
        if !n.products.is_empty() {
            let _ = write!(text, "; on {}", n.products.join(", "));
        }
        hanging(out, &text, 4, width);
        cited(out, &n.evidence, width, style);
    }
    if !g.cycles.is_empty() {
        out.push_str("\nCircles, and how they were resolved\n");
    }
    let shown = if style.verbose { g.cycles.len() } else { g.cycles.len().min(REASONS) };
    for c in &g.cycles[..shown] {
        hanging(out, &c.text, 4, width);
    }
    more_of(out, g.cycles.len() - shown);
    warnings(out, &g.warnings, width, style);
}

fn some(all: &[String], verbose: bool) -> String {
    let shown = if verbose { all.len() } else { all.len().min(4) };
    match all.len() - shown {
        0 => all.join(", "),
        n => format!("{} and {n} more", all[..shown].join(", ")),
    }
}

/// The first line two columns in, the others further.
fn hanging(out: &mut String, text: &str, indent: usize, width: usize) {
    fill(out, text, 2, indent, width);
}

/// Why: the edges that no others imply, strongest first.
fn reasons(out: &mut String, g: &OrderGroupReport, width: usize, style: Style) {
    let number =
        |name: &str| g.steps.iter().find(|s| s.update.as_deref() == Some(name)).map(|s| (s.number, &s.after));
    let direct = |e: &&OrderEdgeReport| {
        let ends = (number(&e.before), number(&e.after));
        match ends {
            (Some((before, _)), Some((_, after))) => after.contains(&before),
            // a step that is no update
            _ => e.relation != "manual-step",
        }
    };
    let mut told: Vec<(&str, &str)> = Vec::new();
    let mut shown: Vec<&OrderEdgeReport> = Vec::new();
    for e in g.edges.iter().filter(|e| style.verbose || direct(e)) {
        if style.verbose || !told.contains(&(&e.before, &e.after)) {
            told.push((&e.before, &e.after));
            shown.push(e);
        }
    }
    if shown.is_empty() {
        return;
    }
    out.push_str("\nWhy\n");
    let most = if style.verbose { shown.len() } else { shown.len().min(REASONS) };
    for e in &shown[..most] {
        let binding = match e.binding {
            "required" | "documented" | "if-both" => "",
            _ => " (advice)",
        };
        let on = if e.products.is_empty() || !style.verbose {
            String::new()
        } else {
            format!(" On {}.", e.products.join(", "))
        };
        hanging(out, &format!("{} before {}{binding}: {}.{on}", e.before, e.after, e.text), 4, width);
        cited(out, &e.evidence, width, style);
    }
    more_of(out, shown.len() - most);
}

fn more_of(out: &mut String, n: usize) {
    if n > 0 {
        let _ = writeln!(out, "  and {n} more (--verbose)");
    }
}

/// The pages that state it, once each.
fn cited(out: &mut String, evidence: &[EvidenceReport], width: usize, style: Style) {
    let mut pages: Vec<String> = Vec::new();
    for e in evidence {
        let page = source(e);
        if !page.is_empty() && !pages.contains(&page) {
            pages.push(page);
        }
    }
    let shown = if style.verbose { pages.len() } else { pages.len().min(1) };
    for page in &pages[..shown] {
        let page = if style.verbose { page.clone() } else { super::text::elide(page, width - 6) };
        let _ = writeln!(out, "    [{page}]");
    }
}

fn warnings(out: &mut String, warnings: &[OrderWarningReport], width: usize, style: Style) {
    if warnings.is_empty() {
        return;
    }
    out.push_str("\nWarnings\n");
    let most = if style.verbose { warnings.len() } else { warnings.len().min(2 * REASONS) };
    for w in &warnings[..most] {
        let mut text = w.text.clone();
        if !text.ends_with(['.', '?']) {
            text.push('.');
        }
        hanging(out, &text, 4, width);
        cited(out, &w.evidence, width, style);
    }
    more_of(out, warnings.len() - most);
}
