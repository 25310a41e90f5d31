//! A plan as a checklist in Markdown.

use super::{action, counted, restarts_after};
use crate::report::InstallPlanReport;
use std::fmt::Write;

/// Renders a plan as a checklist: a box for each step and each restart.
pub fn plan_markdown(r: &InstallPlanReport) -> String {
    let mut out = String::new();
    let goals: Vec<String> = r.goals.iter().take(5).map(|g| plain(&g.update)).collect();
    let more = if r.goals.len() > 5 { format!(" and {} more", r.goals.len() - 5) } else { String::new() };
    let host = r.host.name.as_deref().map_or_else(String::new, |n| format!(" on {}", plain(n)));
    let _ = writeln!(out, "# Plan: {}{more}{host}\n", goals.join(", "));
    let _ = writeln!(out, "{}\n", plain(&r.summary));
    let mut about = vec![plain(&r.host.windows)];
    about.extend(r.host.architecture.map(str::to_owned));
    about.extend(r.host.version.as_deref().map(plain));
    let _ = writeln!(out, "{}. Catalog as of {}.\n", about.join(", "), plain(&r.catalog_as_of));
    if !r.steps.is_empty() {
        let _ = writeln!(out, "## Steps ({})\n", counted(r));
    }
    let all = r.steps.iter().filter(|s| restarts_after(r, s)).count();
    let mut restart = 0;
    for s in &r.steps {
        let what = match &s.update {
            Some(kb) => format!("**{}** {}", plain(kb), plain(&action(s))),
            None => format!("**{}**", plain(&s.action)),
        };
        let _ = writeln!(out, "- [ ] {}\\. {}", s.number, what.trim_end());
        let mut line = |text: String| {
            let _ = writeln!(out, "  - {text}");
        };
        if let Some(c) = &s.only_if {
            line(format!("only if {}; to see it, run {}", plain(&c.text), code(&c.collect)));
        }
        if !s.because.is_empty() {
            line(plain(&s.because));
        }
        if let Some(command) = &s.command {
            line(format!("run {}", code(command)));
        }
        if let Some(f) = &s.file {
            let is_pattern = f.path.is_none() && f.placeholder;
            let remark = if is_pattern { ", a pattern: the name is not known" } else { "" };
            line(format!("file {}{remark}", code(f.path.as_ref().unwrap_or(&f.name))));
        }
        if let Some(digest) = s.file.as_ref().and_then(|f| f.digest.as_deref()) {
            line(format!("digest {}", code(digest)));
        }
        if restarts_after(r, s) {
            restart += 1;
            let _ = writeln!(out, "- [ ] **Restart** ({restart} of {all})");
        }
    }
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(out, "\n## {title}\n");
            for l in lines {
                let _ = writeln!(out, "- {l}");
            }
        }
    };
    let told = |g: &&crate::report::GoalReport| g.state != "install";
    section(
        "Not installed",
        r.goals
            .iter()
            .filter(told)
            .map(|g| format!("**{}**: {}. {}", plain(&g.update), g.state.replace('-', " "), plain(&g.why)))
            .collect(),
    );
    section(
        "In the way",
        r.blocked_by
            .iter()
            .map(|b| {
                let ways: Vec<String> = b.unblock.iter().map(|w| plain(w)).collect();
                let ways =
                    if ways.is_empty() { String::new() } else { format!(" Way out: {}", ways.join(" or ")) };
                format!("**{}**: {}{ways}", plain(&b.goal), plain(&b.text))
            })
            .collect(),
    );
    section(
        "To be settled",
        r.unknown.iter().map(|u| format!("{}: {}", code(&u.fact), code(&u.collect))).collect(),
    );
    section("Assumed", r.assumed.iter().map(|a| code(a)).collect());
    if let Some(f) = &r.folder {
        let missing = f
            .missing
            .iter()
            .map(|m| format!("step {}, {}: {}; {}", m.step, plain(&m.what), code(&m.wanted), plain(&m.why)));
        section("Missing files", missing.collect());
    }
    section("Notes", r.remarks.iter().map(|n| plain(n)).collect());
    section(
        "Replay",
        r.replay.iter().map(|s| format!("step {}, {}: {}", s.number, s.verdict, plain(&s.text))).collect(),
    );
    out
}

/// Text in which Markdown and HTML find nothing of their own: one line, each sign of theirs escaped.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars().filter(|c| !c.is_control()) {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                    out.push('\\');
                    out.push(c);
                }
                c => out.push(c),
            }
        }
    }
    out
}

/// A span of code: fenced by more backticks than stand in it.
fn code(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let gap = if line.starts_with('`') || line.ends_with('`') || line.is_empty() { " " } else { "" };
    format!("{fence}{gap}{line}{gap}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_not_markup() {
        assert_eq!(plain("<b>*x*</b>\n# `y` [z](w)"), "&lt;b&gt;\\*x\\*&lt;/b&gt; \\# \\`y\\` \\[z\\](w)");
        assert_eq!(code("a `b` ``c``"), "``` a `b` ``c`` ```");
        assert_eq!(code("reg query"), "`reg query`");
    }
}
