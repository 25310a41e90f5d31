//! What applicability rules say of a host, as text.

use super::text::{Style, paragraph, to_ascii};
use crate::report::{RuleClauseReport, RuleReport, RulesReport};
use std::fmt::Write;

/// Column of the values, and of what decides them.
const NAME: usize = 15;
const BODY: usize = 2 + NAME + 9;
/// Clauses of one section that are shown without `--verbose`.
const CLAUSES: usize = 4;
/// Prerequisites that are shown without `--verbose`.
const PREREQUISITES: usize = 6;

/// Renders what rules say of a host.
pub fn rules_text(report: &RulesReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    let version = report.version.as_ref().map(|v| format!(" ({v})")).unwrap_or_default();
    let architecture = report.architecture.map(|a| format!(", {a}")).unwrap_or_default();
    let host = report.host.as_deref().unwrap_or("this host");
    paragraph(&mut out, &format!("{host}: {}{version}{architecture}", report.windows), 0, width);
    for document in &report.documents {
        out.push('\n');
        one(&mut out, document, width, style);
    }
    if style.ascii { to_ascii(&out) } else { out }
}

fn name_of(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn one(out: &mut String, d: &RuleReport, width: usize, style: Style) {
    let mut head: Vec<String> = d.kbs.iter().map(|kb| format!("KB{}", kb.trim_start_matches("KB"))).collect();
    head.extend(d.title.clone());
    match (&d.update, d.revision) {
        (Some(update), Some(revision)) => head.push(format!("{update} (revision {revision})")),
        (Some(update), None) => head.push(update.clone()),
        _ => {}
    }
    let file = if style.verbose { d.file.as_str() } else { name_of(&d.file) };
    head.push(format!("[{file}:{}]", d.line));
    paragraph(out, &head.join("  "), 0, width);
    paragraph(out, &d.summary, 2, width);
    if !d.sections.is_empty() || !d.prerequisites.is_empty() {
        out.push('\n');
    }
    for section in &d.sections {
        let shown = if style.verbose { section.clauses.len() } else { CLAUSES };
        let mut body = String::new();
        for clause in section.clauses.iter().take(shown) {
            paragraph(&mut body, &clause_line(clause, style), BODY, width);
        }
        let more = section.more + section.clauses.len().saturating_sub(shown);
        if more > 0 {
            paragraph(&mut body, &format!("and {more} more"), BODY, width);
        }
        let row = format!("  {:<NAME$}{:<9}", section.name, section.value);
        if body.is_empty() {
            let _ = writeln!(out, "{}", row.trim_end());
        } else {
            body.replace_range(..BODY, &row);
            out.push_str(&body);
        }
    }
    let shown = if style.verbose { d.prerequisites.len() } else { PREREQUISITES };
    for (i, p) in d.prerequisites.iter().take(shown).enumerate() {
        let mut body = String::new();
        let members = if style.verbose { p.any_of.len() } else { 4 };
        let mut text = p.any_of.iter().take(members).cloned().collect::<Vec<_>>().join(" or ");
        if members < p.any_of.len() {
            let _ = write!(text, " or {} others", p.any_of.len() - members);
        }
        paragraph(&mut body, &text, BODY, width);
        let name = if i == 0 { "Prerequisites" } else { "" };
        body.replace_range(..BODY, &format!("  {name:<NAME$}{:<9}", p.holds));
        out.push_str(&body);
    }
    if d.prerequisites.len() > shown {
        paragraph(out, &format!("and {} more", d.prerequisites.len() - shown), BODY, width);
    }
    if !d.operators_not_known.is_empty() {
        paragraph(
            out,
            &format!("Operators that kbwhy does not know: {}.", d.operators_not_known.join(", ")),
            2,
            width,
        );
    }
    for remark in &d.remarks {
        paragraph(out, remark, 2, width);
    }
    if !d.unknown.is_empty() {
        out.push_str("\n  What would settle it:\n");
        for u in &d.unknown {
            paragraph(out, &u.fact, 4, width);
            paragraph(out, &u.collect, 6, width);
        }
    }
}

fn clause_line(c: &RuleClauseReport, style: Style) -> String {
    let mut text = c.text.clone();
    if let Some(observed) = &c.observed {
        let _ = write!(text, "; the host has {observed}");
    }
    if let Some(doubt) = c.doubt {
        let _ = write!(text, "; {doubt}");
    }
    if let Some(source) = &c.source {
        let _ = write!(text, "  [{}]", if style.verbose { source } else { name_of(source) });
    }
    if style.verbose {
        let _ = write!(text, "  ({}, line {})", c.place, c.line);
    }
    text
}
