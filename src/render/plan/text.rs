//! A plan as text: what it comes to, the steps with the restarts between them, then what is open or in the way.

use super::{action, counted, file, name, restarts_after};
use crate::{
    render::text::{Style, elide, foot, host_line, paragraph, source, to_ascii},
    report::{BlockerReport, FolderReport, InstallPlanReport, PlanStepReport},
};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Column where the text of a step begins.
const STEP: usize = 5;
/// Column where what an update is begins: after `KB2919355 `.
const TITLE: usize = STEP + 11;
/// Lines of a list that is cut without `--verbose`.
const SHOWN: usize = 8;

/// Renders a plan.
pub fn plan_text(report: &InstallPlanReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    paragraph(&mut out, &report.summary, 0, width);
    host_line(&mut out, &report.host, width, style.ascii);
    goals(&mut out, report, width);
    steps(&mut out, report, width, style);
    blocked(&mut out, &report.blocked_by, width, style);
    if !report.unknown.is_empty() {
        out.push_str(if report.blocked_by.is_empty() && report.possible {
            "\nTo settle what is open, run there\n"
        } else {
            "\nTo be sure, run there\n"
        });
        for u in report.unknown.iter().take(if style.verbose { 50 } else { SHOWN }) {
            let _ = writeln!(out, "  {}\n    {}", u.fact, u.collect);
        }
        again(&mut out, report);
    }
    list(&mut out, "Assumed", &report.assumed, width, style);
    if let Some(f) = &report.folder {
        folder(&mut out, f, width, style);
    }
    list(&mut out, "Notes", &report.remarks, width, style);
    if !report.replay.is_empty() {
        out.push_str("\nReplayed step by step\n");
        for r in &report.replay {
            hanging(&mut out, &format!(" {:>2}. {:<11}", r.number, r.verdict), &r.text, TITLE, width);
        }
    }
    foot(&mut out, &report.catalog_as_of, report.catalog_imported.len());
    if style.ascii { to_ascii(&out) } else { out }
}

/// How to say what was found out: facts can be assumed, and whether updates are there.
fn again(out: &mut String, report: &InstallPlanReport) {
    let is_fact = |f: &str| f.starts_with("os.") || f.starts_with("facts.");
    let mut facts = report.unknown.iter().map(|u| u.fact.as_str()).filter(|f| is_fact(f));
    match (facts.next(), facts.next()) {
        (Some(only), None) => {
            let _ = writeln!(out, "and plan again with  --assume {only}=VALUE");
        }
        (Some(_), Some(_)) => out.push_str("and plan again with  --assume FACT=VALUE\n"),
        (None, _) => {}
    }
    if report.unknown.iter().any(|u| u.fact.starts_with("updates")) {
        out.push_str("and plan again with  --assume KB=installed  or  --assume KB=absent\n");
    }
}

/// Goals of which there is more to say than that they are installed.
fn goals(out: &mut String, report: &InstallPlanReport, width: usize) {
    let blocked = |kb: &str| report.blocked_by.iter().any(|b| b.goal == kb);
    let told: Vec<_> = report
        .goals
        .iter()
        .filter(|g| (g.state != "install" || !g.why.is_empty()) && !blocked(&g.update))
        .collect();
    // one goal is what the first line is about
    if told.is_empty() || (report.goals.len() == 1 && told.iter().all(|g| report.summary.contains(&g.why))) {
        return;
    }
    out.push('\n');
    for g in told {
        let state = g.state.replace('-', " ");
        let text = if g.why.is_empty() { state } else { format!("{state}: {}", g.why) };
        hanging(out, &format!("  {:<11}", g.update), &text, 13, width);
    }
}

fn steps(out: &mut String, report: &InstallPlanReport, width: usize, style: Style) {
    if report.steps.is_empty() {
        return;
    }
    let head = match (report.possible, report.image) {
        (false, _) => "As far as it goes",
        (true, true) => "Do this to the mounted image",
        (true, false) => "Do this",
    };
    let _ = writeln!(out, "\n{head} ({})", counted(report));
    let all = report.steps.iter().filter(|s| restarts_after(report, s)).count();
    let mut restart = 0;
    for s in &report.steps {
        step(out, s, width, style);
        if restarts_after(report, s) {
            restart += 1;
            barrier(out, &format!("restart {restart} of {all}"), width);
        }
    }
}

fn step(out: &mut String, s: &PlanStepReport, width: usize, style: Style) {
    let number = format!(" {:>2}. ", s.number);
    if s.update.is_some() {
        let head = format!("{number}{:<10} ", name(s));
        // a long name leaves no column for the rest
        if head.width() > TITLE {
            hanging(out, &number, &format!("{} {}", name(s), action(s)), STEP, width);
        } else {
            hanging(out, &head, &action(s), TITLE, width);
        }
    } else {
        hanging(out, &number, &s.action, STEP, width);
    }
    let mut detail =
        |head: &str, text: &str| hanging(out, &format!("{:TITLE$}{head}", ""), text, TITLE, width);
    if !s.because.is_empty() {
        detail("", &s.because);
    }
    if let Some(c) = &s.only_if {
        detail("only if ", &format!("{}; to see it, run", c.text));
        // whole, to be pasted
        command_line(out, &c.collect, width);
    }
    if let Some(command) = &s.command {
        hanging(out, &format!("{:TITLE$}run", ""), "", TITLE, width);
        command_line(out, command, width);
    }
    let mut detail =
        |head: &str, text: &str| hanging(out, &format!("{:TITLE$}{head}", ""), text, TITLE, width);
    if style.verbose
        && let Some(file) = file(s)
    {
        detail("file  ", &file);
    }
    if style.verbose {
        match s.asks_restart {
            Some(true) if !s.restart => detail("", "asks for a restart, which can wait"),
            None if s.update.is_some() => {
                detail("", "whether it asks for a restart is not known: exit code 3010 tells")
            }
            _ => {}
        }
        if !s.after.is_empty() {
            let after: Vec<String> = s.after.iter().map(u32::to_string).collect();
            detail("", &format!("after step {}", after.join(", ")));
        }
        for e in &s.evidence {
            let source = source(e);
            let text = match (e.text.is_empty(), source.is_empty()) {
                (true, _) => format!("[{source}]"),
                (false, true) => e.text.clone(),
                (false, false) => format!("{}  [{source}]", e.text),
            };
            detail("", &text);
        }
    }
}

/// A command in a line of its own, as far to the right as it fits: a broken one cannot be pasted.
fn command_line(out: &mut String, command: &str, width: usize) {
    let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
    let indent = (TITLE + 2).min(width.saturating_sub(command.width())).max(STEP);
    let _ = writeln!(out, "{:indent$}{command}", "");
}

/// A line across, so that where the machine goes down is seen at once.
fn barrier(out: &mut String, words: &str, width: usize) {
    let line = format!("     ---- {words} ");
    let _ = writeln!(out, "{line:-<0$}", width.min(60));
}

fn blocked(out: &mut String, blockers: &[BlockerReport], width: usize, style: Style) {
    if blockers.is_empty() {
        return;
    }
    out.push_str("\nIn the way\n");
    let shown = if style.verbose { blockers.len() } else { blockers.len().min(20) };
    for b in &blockers[..shown] {
        hanging(out, &format!("  {:<11}", b.goal), &format!("{} ({})", b.text, b.code), 13, width);
        for e in b.evidence.iter().filter(|e| !e.text.is_empty()).take(if style.verbose { 20 } else { 2 }) {
            let source = if style.verbose { source(e) } else { elide(&source(e), width - 15) };
            let text = if source.is_empty() { e.text.clone() } else { format!("{}  [{source}]", e.text) };
            paragraph(out, &text, 13, width);
        }
        for (i, way) in b.unblock.iter().enumerate() {
            let head = if i == 0 { "             way out  " } else { "                 or   " };
            hanging(out, head, way, 22, width);
        }
    }
    if shown < blockers.len() {
        let _ = writeln!(out, "  and {} more (--verbose)", blockers.len() - shown);
    }
}

fn folder(out: &mut String, f: &FolderReport, width: usize, style: Style) {
    let _ = writeln!(out);
    let files = if f.files == 1 { "1 package file".to_owned() } else { format!("{} package files", f.files) };
    paragraph(out, &format!("In {}: {files}", f.path), 0, width);
    if f.missing.is_empty() {
        out.push_str("  Every step has its file.\n");
    }
    for m in &f.missing {
        let head = format!("  missing  step {} ", m.step);
        hanging(out, &head, &format!("{}: {}; {}", m.what, m.wanted, m.why), 11, width);
    }
    let shown = |n: usize| if style.verbose { n } else { n.min(SHOWN) };
    for u in &f.unfit[..shown(f.unfit.len())] {
        hanging(out, "  unfit    ", &format!("{}: {}", u.file, u.why), 11, width);
    }
    for u in &f.unused[..shown(f.unused.len())] {
        hanging(out, "  not used ", u, 11, width);
    }
    let hidden = f.unfit.len() - shown(f.unfit.len()) + f.unused.len() - shown(f.unused.len());
    if hidden > 0 {
        let _ = writeln!(out, "  and {hidden} more files that are not used (--verbose)");
    }
    for r in &f.remarks {
        hanging(out, "  note     ", r, 11, width);
    }
}

fn list(out: &mut String, title: &str, lines: &[String], width: usize, style: Style) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    let shown = if style.verbose { lines.len() } else { lines.len().min(SHOWN) };
    for l in &lines[..shown] {
        hanging(out, "  ", l, 2, width);
    }
    if shown < lines.len() {
        let _ = writeln!(out, "  and {} more (--verbose)", lines.len() - shown);
    }
}

/// A paragraph whose first line begins with `head`; the others are indented.
fn hanging(out: &mut String, head: &str, text: &str, indent: usize, width: usize) {
    // the head takes the room of words in the first line
    let lead = head.width();
    let mut body = String::new();
    if lead <= indent {
        paragraph(&mut body, text, indent, width);
        let rest = body.get(indent..).unwrap_or("").to_owned();
        let line = format!("{head:<indent$}{rest}");
        out.push_str(&trimmed(&line));
        return;
    }
    let mut line = head.to_owned();
    let mut first = true;
    for word in text.split_whitespace() {
        let gap = usize::from(!first && !line.ends_with(' '));
        if line.width() + gap + word.width() > width && !line.trim().is_empty() && !first {
            let _ = writeln!(out, "{}", line.trim_end());
            line = format!("{:indent$}", "");
        } else if gap == 1 {
            line.push(' ');
        }
        line.push_str(word);
        first = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

/// No line ends in blanks.
fn trimmed(text: &str) -> String {
    let mut out: String = text.lines().map(|l| format!("{}\n", l.trim_end())).collect();
    if out.is_empty() {
        out.push('\n');
    }
    out
}
