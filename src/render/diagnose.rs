//! Codes, diagnoses, guidance and remedies as text.

use super::text::{Row, Style, check, checks, foot, head, paragraph, to_ascii, to_be_sure};
use crate::report::{
    AdviceReport, CodeReading, CodeReport, CodesReport, DiagnoseReport, EvidenceReport, ExplainReport,
    RemedyReport,
};
use std::fmt::Write;

/// Columns before the text of a line about a code.
const LABEL: usize = 16;

/// Renders what codes mean.
pub fn codes_text(report: &CodesReport, style: Style) -> String {
    let mut out = String::new();
    for (i, code) in report.codes.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        one_code(&mut out, code, style);
    }
    if style.ascii { to_ascii(&out) } else { out }
}

fn one_code(out: &mut String, code: &CodeReport, style: Style) {
    let width = style.width.max(40);
    for (i, r) in code.readings.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let name = name_of(r);
        // several codes in a text each stand for themselves
        let several = code.readings.len() > 1 && code.text.contains(char::is_whitespace);
        let same = |c: &String| c.eq_ignore_ascii_case(&code.text);
        let as_given = if several || name.starts_with(&code.text) || r.code.as_ref().is_some_and(same) {
            name
        } else {
            format!("{}: {name}", code.text)
        };
        paragraph(out, &as_given, 0, width);
        paragraph(out, &r.meaning, 2, width);
        let mut line = |label: &str, text: &str| labelled(out, label, text, width);
        if code.readings.len() > 1 && !several {
            line("read as", r.spelling);
        }
        if let (Some(unsigned), Some(signed)) = (r.unsigned, r.signed) {
            if signed < 0 {
                line("also written", &format!("{unsigned}, {signed}"));
            } else if unsigned > 0xffff {
                line("also written", &unsigned.to_string());
            } else if let Some(hresult) = r.hresult.as_deref().filter(|_| r.known) {
                line("also written", hresult);
            }
        }
        line(
            "of",
            &match r.inner {
                Some(n) if r.known => format!("{}, number {n} there", r.facility),
                _ => r.facility.to_owned(),
            },
        );
        if let Some(e) = &r.extend {
            line("second number", &format!("{}: {}, while {}", e.code, e.phase, e.operation));
        }
        line("for an update", r.for_an_update);
        if let Some(why) = r.why {
            line("behind it", why);
        }
        if !r.causes.is_empty() {
            let shown = if style.verbose { r.causes.len() } else { r.causes.len().min(6) };
            let more = match r.causes.len() - shown {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            line("causes", &format!("{}{more}", r.causes[..shown].join(", ")));
        }
        if !r.low_byte_of.is_empty() {
            let rest = r.low_byte_of.join(", ");
            line(
                "as an exit code",
                &format!("it may be the low byte of {rest}: shells and some installers pass on no more"),
            );
        }
        let read = r.read.map(|d| format!(" (read {d})")).unwrap_or_default();
        let standing = match r.standing {
            Some("verified") | None => String::new(),
            Some(s) => format!("{s}: "),
        };
        let page = short(&r.source);
        let room = width - 2 - LABEL - read.len() - standing.len();
        let page = if style.verbose { page } else { super::text::elide(&page, room) };
        line("source", &format!("{standing}{page}{read}"));
        if style.verbose {
            r.also.iter().for_each(|a| line("", &short(a)));
        }
        if !r.remedy.is_empty() {
            out.push_str("  Do this\n");
            steps(out, &r.remedy, 2, style);
        }
    }
}

fn name_of(r: &CodeReading) -> String {
    let named: Vec<&str> = r.code.as_deref().into_iter().chain(r.symbol).collect();
    named.join("  ")
}

fn labelled(out: &mut String, label: &str, text: &str, width: usize) {
    let mut body = String::new();
    paragraph(&mut body, text, 2 + LABEL, width);
    body.replace_range(..2 + LABEL, &format!("  {label:<LABEL$}"));
    out.push_str(&body);
}

fn short(url: &str) -> String {
    url.trim_start_matches("https://").trim_start_matches("www.").to_owned()
}

/// Renders a diagnosis.
pub fn diagnose_text(report: &DiagnoseReport, style: Style) -> String {
    let mut out = String::new();
    let answer = &report.answer;
    let width = style.width.max(40);
    head(&mut out, answer, style);
    if let Some(from) = &report.update_from {
        paragraph(&mut out, from, 2, width);
    }
    let readings: Vec<&CodeReading> = report.codes.iter().flat_map(|c| &c.readings).collect();
    // the row of the network's codes says the same of a code, and more
    let network = report.advice.iter().find(|a| a.code == "network-code" && a.outcome == "fail");
    let told = |r: &CodeReading| {
        network.is_some() && !style.verbose && (r.code.is_none() || r.causes.iter().all(|c| of_network(c)))
    };
    let shown: Vec<&&CodeReading> =
        readings.iter().filter(|r| (r.known || readings.len() == 1) && !told(r)).collect();
    if !shown.is_empty() {
        out.push('\n');
    }
    for r in shown.into_iter().take(if style.verbose { 16 } else { 6 }) {
        let mut text = match r.symbol {
            Some(symbol) => format!("{symbol}: {}", r.meaning),
            None => r.meaning.clone(),
        };
        if let Some(e) = &r.extend {
            let _ = write!(text, "; {}: {}, while {}", e.code, e.phase, e.operation);
        }
        if let Some(why) = r.why {
            let _ = write!(text, ". Behind it: {why}");
        }
        let evidence = EvidenceReport {
            text,
            source: "table of codes".to_owned(),
            line: None,
            url: Some(r.source.clone()),
            standing: r.standing,
        };
        let title = r.code.as_deref().unwrap_or("message");
        check(&mut out, &Row { outcome: "code", title, evidence: vec![&evidence] }, width, style);
    }
    for c in report.codes.iter().filter(|c| c.readings.is_empty()) {
        let text = format!("neither a code nor a message that is known: {}", c.text);
        let told = EvidenceReport { text, source: "rule".to_owned(), line: None, url: None, standing: None };
        out.push('\n');
        check(&mut out, &Row { outcome: "unknown", title: "message", evidence: vec![&told] }, width, style);
    }
    // the state of the host was examined: its rows say the same, and more
    let examined = |code: &str| report.advice.iter().any(|a| a.code == code);
    if style.verbose {
        checks(&mut out, answer, style);
    } else if readings.is_empty() {
        let mut rest = answer.clone();
        // of no update: that it is for this architecture says nothing
        let idle = |outcome| outcome == "pass" && answer.verdict.is_none() && !report.advice.is_empty();
        rest.checks.retain(|c| !examined(c.code) && !idle(c.outcome));
        if rest.checks.len() < answer.checks.len() {
            rest.causes.retain(|c| !examined(c.code));
        }
        checks(&mut out, &rest, style);
    } else {
        let mut rest = beside_the_code(answer);
        rest.checks.retain(|c| !examined(c.code) || c.outcome == "fail");
        if network.is_some() {
            rest.checks.retain(|c| !of_network(c.code));
            rest.causes.retain(|c| !of_network(c.code));
        }
        checks(&mut out, &rest, style);
        if network.is_none() {
            possible(&mut out, answer, style);
        }
    }
    let (steps_of_list, rows): (Vec<&AdviceReport>, Vec<&AdviceReport>) =
        report.advice.iter().partition(|a| a.code.starts_with("checklist-"));
    advice(&mut out, &rows, report, style);
    if !answer.did_you_mean.is_empty() {
        let _ = writeln!(out, "\nDid you mean {}?", answer.did_you_mean.join(", "));
    }
    let decided = answer.causes.iter().any(|c| c.decisive);
    if answer.plan.steps.len() > 1 {
        super::text::do_this(&mut out, answer, width);
    } else if !report.remedy.is_empty() && !report.advice.iter().any(|a| stands_in_row(a, report)) {
        let found = decided || network.is_some() || readings.is_empty();
        out.push_str(if found { "\nDo this\n" } else { "\nDocumented for this code\n" });
        steps(&mut out, &report.remedy, 0, style);
    }
    super::doctor::checklist(&mut out, "Microsoft's checklist", steps_of_list.into_iter(), width, style);
    to_be_sure(&mut out, answer, style);
    foot(&mut out, &answer.catalog_as_of, answer.catalog_imported.len());
    if style.ascii { to_ascii(&out) } else { out }
}

/// What was checked, without what the row of the code says already.
fn beside_the_code(answer: &ExplainReport) -> ExplainReport {
    let mut rest = answer.clone();
    let by_error = |e: &EvidenceReport| e.source == "--error";
    rest.checks.retain(|c| c.outcome == "fail" || !c.evidence.iter().all(by_error));
    for c in &mut rest.checks {
        if !c.evidence.iter().all(by_error) {
            c.evidence.retain(|e| !by_error(e));
        }
    }
    // where nothing was checked, the candidates stand in one row
    rest.causes.retain(|c| c.decisive);
    rest
}

/// The causes that are left open, in one row.
fn possible(out: &mut String, answer: &ExplainReport, style: Style) {
    let mut open: Vec<&str> = Vec::new();
    for c in answer.causes.iter().filter(|c| c.certainty == "possible" && !c.decisive) {
        if !open.contains(&c.code) {
            open.push(c.code);
        }
    }
    if open.is_empty() || answer.causes.iter().any(|c| c.decisive) {
        return;
    }
    let told = EvidenceReport {
        text: open.join(", "),
        source: "rule".to_owned(),
        line: None,
        url: None,
        standing: None,
    };
    check(
        out,
        &Row { outcome: "possible", title: "causes", evidence: vec![&told] },
        style.width.max(40),
        style,
    );
}

/// Are the steps for what was found those of a row of the guidance? That of the network's codes is the answer itself: its
/// steps stand at the end.
fn stands_in_row(a: &AdviceReport, report: &DiagnoseReport) -> bool {
    a.outcome == "fail" && a.code != "network-code" && a.remedy == report.remedy
}

/// Does a cause lie between the host and its update source?
fn of_network(cause: &str) -> bool {
    matches!(cause, "connection" | "certificate" | "update-server" | "download")
}

/// Nothing was given that tells of it, and nothing points to it.
fn is_dark(a: &AdviceReport) -> bool {
    let said = |e: &EvidenceReport| e.source == "rule" && a.text.contains(&e.text);
    a.outcome == "unknown" && a.severity.is_none() && !a.evidence.is_empty() && a.evidence.iter().all(said)
}

fn advice(out: &mut String, all: &[&AdviceReport], report: &DiagnoseReport, style: Style) {
    let width = style.width.max(40);
    // where updates come from, and whether WSUS is new enough, is an answer in itself
    let telling = |a: &AdviceReport| matches!(a.code, "scan-source" | "wsus-version");
    let is_shown = |a: &&AdviceReport| style.verbose || a.outcome != "pass" || telling(a);
    let shown: Vec<&AdviceReport> = all.iter().copied().filter(is_shown).collect();
    if !shown.is_empty() {
        out.push('\n');
    }
    let (dark, told): (Vec<&AdviceReport>, Vec<&AdviceReport>) =
        shown.iter().partition(|a| is_dark(a) && !style.verbose);
    for a in told {
        one_advice(out, a, report, style);
    }
    if !dark.is_empty() {
        let titles: Vec<&str> = dark.iter().map(|a| a.title).collect();
        let text = titles.join(", ");
        let said = EvidenceReport { text, source: "rule".to_owned(), line: None, url: None, standing: None };
        check(out, &Row { outcome: "unknown", title: "not told", evidence: vec![&said] }, width, style);
    }
    let passed = all.len() - shown.len();
    if passed > 0 {
        let _ = writeln!(out, "  {passed} more checked and in order (--verbose)");
    }
}

fn one_advice(out: &mut String, a: &AdviceReport, report: &DiagnoseReport, style: Style) {
    let width = style.width.max(40);
    // what the sentence itself says bears its source there
    let (said, more): (Vec<&EvidenceReport>, Vec<&EvidenceReport>) =
        a.evidence.iter().partition(|e| a.text.contains(&e.text));
    let said = match said.first() {
        Some(e) => EvidenceReport { text: a.text.clone(), ..(*e).clone() },
        None => EvidenceReport {
            text: a.text.clone(),
            source: "rule".to_owned(),
            line: None,
            url: None,
            standing: None,
        },
    };
    let most = match a.code {
        _ if style.verbose => usize::MAX,
        "scan-source" | "iis-log" => 4,
        _ => 3,
    };
    let evidence = std::iter::once(&said).chain(more.into_iter().take(most)).collect();
    let outcome = match (a.outcome, a.severity) {
        ("fail", Some(severity @ ("soon" | "advice"))) => severity,
        (outcome, _) => outcome,
    };
    check(out, &Row { outcome, title: a.title, evidence }, width, style);
    // what comes on a day, or stops nothing, is told, not done now; what stands below for all is not said twice
    let at_the_end = !stands_in_row(a, report) && a.remedy.iter().all(|r| report.remedy.contains(r));
    if outcome == "fail" && !at_the_end {
        steps(out, &a.remedy, 2, style);
    }
    let asked = |command: &str| report.answer.unknown.iter().any(|u| u.collect == command);
    let asks = a.collect.iter().filter(|c| !asked(c));
    for command in asks.take(if style.verbose { usize::MAX } else { 2 }) {
        let _ = writeln!(out, "{:11}to see: {command}", "");
    }
}

/// Renders remedies in order, with their commands, their dangers and their pages.
pub fn remedies_text(all: &[RemedyReport], style: Style) -> String {
    let mut out = String::new();
    steps(&mut out, all, 0, style);
    if style.ascii { to_ascii(&out) } else { out }
}

fn steps(out: &mut String, all: &[RemedyReport], indent: usize, style: Style) {
    let width = style.width.max(40);
    let inner = indent + 5;
    for (i, r) in all.iter().enumerate() {
        let mut body = String::new();
        paragraph(&mut body, &r.text, inner, width);
        body.replace_range(..inner, &format!("{:indent$} {:>2}. ", "", i + 1));
        out.push_str(&body);
        if let Some(command) = &r.command {
            // a command is pasted: it is not broken up; a change has several lines
            for line in command.lines() {
                let _ = writeln!(out, "{:inner$}{line}", "");
            }
        }
        if let Some(danger) = &r.danger {
            let (on, off) = if style.colour { ("\u{1b}[31m", "\u{1b}[0m") } else { ("", "") };
            let mut body = String::new();
            paragraph(&mut body, &format!("Careful: {danger}."), inner, width);
            let _ = write!(out, "{on}{}{off}", body.trim_end());
            out.push('\n');
        }
        if r.source != "rule" {
            let source = short(&r.source);
            let shown = if style.verbose {
                source
            } else {
                super::text::elide(&source, width.saturating_sub(inner + 2))
            };
            let _ = writeln!(out, "{:inner$}[{shown}]", "");
        }
    }
}
