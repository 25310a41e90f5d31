//! What would change, as text: the changes, then what follows from them, by groups.

use super::text::{Style, fill, foot, paragraph, to_ascii};
use crate::report::{ChangeReport, VerdictChangeReport, WhatIfReport};
use std::fmt::Write;

/// Updates of one group that are shown unless all are asked for.
const EACH: usize = 8;
/// Facts that are shown unless all are asked for.
const FACTS: usize = 10;

/// Renders what would change.
pub fn what_if_text(report: &WhatIfReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    paragraph(&mut out, &report.summary, 0, width);
    let (before, after) = (&report.host_before, &report.host_after);
    let windows = |h: &crate::report::HostReport| {
        let mut parts = vec![h.windows.clone()];
        parts.extend(h.architecture.map(str::to_owned));
        parts.extend(h.version.clone());
        parts.join(", ")
    };
    let (was, is) = (windows(before), windows(after));
    paragraph(&mut out, &if was == is { was } else { format!("{was}, then {is}") }, 2, width);
    if !report.changes.is_empty() {
        out.push_str("\nChanges\n");
    }
    for c in &report.changes {
        fill(&mut out, &change(c), 2, 4, width);
    }
    if !report.facts.is_empty() {
        out.push_str("\nFacts that differ then\n");
        let shown = most(report.facts.len(), FACTS, style);
        for f in &report.facts[..shown] {
            let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "not known".into());
            let text = format!("{}: {}, then {}", f.fact, value(&f.before), value(&f.after));
            fill(&mut out, &text, 2, 4, width);
        }
        more(&mut out, report.facts.len() - shown);
    }
    for g in &report.groups {
        let from: Vec<String> = g.before.iter().map(|(verdict, n)| format!("{n} {verdict}")).collect();
        let _ = writeln!(out);
        let text = format!("{} (before: {})", g.text, from.join(", "));
        fill(&mut out, &text, 0, 2, width);
        let shown = most(g.updates.len(), EACH, style);
        for update in &g.updates[..shown] {
            if let Some(u) = report.updates.iter().find(|u| u.update == *update) {
                verdict(&mut out, u, width);
            }
        }
        more(&mut out, g.updates.len() - shown);
    }
    if !report.unchanged.is_empty() {
        out.push_str("\nUnchanged\n");
        let shown = most(report.unchanged.len(), 3 * EACH, style);
        for u in &report.unchanged[..shown] {
            verdict(&mut out, u, width);
        }
        more(&mut out, report.unchanged.len() - shown);
    }
    if !report.remarks.is_empty() {
        out.push('\n');
    }
    for r in &report.remarks {
        paragraph(&mut out, r, 0, width);
    }
    foot(&mut out, &report.catalog_as_of, report.catalog_imported.len());
    if style.ascii { to_ascii(&out) } else { out }
}

fn most(all: usize, at_most: usize, style: Style) -> usize {
    // one that is left out is no shorter than the line that says so
    if style.verbose || all <= at_most + 1 { all } else { at_most }
}

fn more(out: &mut String, n: usize) {
    if n > 0 {
        let _ = writeln!(out, "  and {n} more (--verbose)");
    }
}

fn change(c: &ChangeReport) -> String {
    match c.kind {
        "set" => format!("set {}", c.what),
        "remove" if c.text == "removed" => format!("remove {}", c.what),
        "upgrade" => format!("upgrade to {}: {}", c.what, c.text),
        kind => format!("{kind} {}: {}", c.what, c.text),
    }
}

fn verdict(out: &mut String, u: &VerdictChangeReport, width: usize) {
    let text = format!("{:<11} {}", u.update, u.title);
    fill(out, &text, 2, 14, width);
    fill(out, &u.text, 14, 14, width);
}
