//! What a package file tells, as text.

use super::{
    Style,
    text::{paragraph, to_ascii},
};
use crate::report::{PackageReport, ParentReport};
use std::fmt::Write;

/// Columns of the names.
const NAME: usize = 18;

/// Renders what a package file tells of itself.
pub fn package_text(report: &PackageReport, style: Style) -> String {
    let mut out = String::new();
    let width = style.width.max(40);
    let file = report.file.rsplit(['/', '\\']).next().unwrap_or(&report.file);
    let head = match &report.update {
        Some(update) => format!("{file}: {update}, {}", report.kind),
        None => format!("{file}: {}", report.kind),
    };
    paragraph(&mut out, &head, 0, width);
    let mut row = |name: &str, text: &str| {
        let mut body = String::new();
        paragraph(&mut body, text, NAME + 2, width);
        body.replace_range(..NAME + 2, &format!("  {name:<NAME$}"));
        out.push_str(&body);
    };
    let mut some = |name: &str, text: Option<&str>| {
        if let Some(text) = text.filter(|t| !t.is_empty()) {
            row(name, text);
        }
    };
    some("identity", report.identity.as_deref().map(short).as_deref());
    some("stated by", report.manifest.as_deref());
    let what = [report.release_type.as_deref(), report.description.as_deref()];
    some("what it is", Some(&what.into_iter().flatten().collect::<Vec<_>>().join(", ")));
    some("products", Some(&report.products.join("; ")));
    some("architecture", report.architecture);
    some("language", report.language.as_deref());
    if report.identity.is_some() {
        row("needs", &parents(report, style.verbose));
        row("servicing stack", &stack(report));
        row("restart", report.restart.as_deref().unwrap_or("not said"));
    }
    let mut list = |name: &str, items: &[String], at_most: usize| {
        if items.is_empty() {
            return;
        }
        let shown = if style.verbose { items.len() } else { items.len().min(at_most) };
        let mut text = items[..shown].join(", ");
        if shown < items.len() {
            let _ = write!(text, " and {} more (--verbose)", items.len() - shown);
        }
        row(name, &text);
    };
    list("brings stack", &report.brings_stacks, 4);
    let children: Vec<String> = report.children.iter().map(|c| short(c)).collect();
    list("consists of", &children, 3);
    list("images", &report.images, 8);
    list("rules", &report.rules, 3);
    let payload = [report.payload.as_deref(), report.psf.as_deref()];
    list("payload", &payload.into_iter().flatten().map(str::to_owned).collect::<Vec<_>>(), 4);
    if report.members > 0 {
        row("files", &report.members.to_string());
    }
    if let Some(support) = report.support.as_deref().filter(|s| !s.is_empty()) {
        row("page", support);
    }
    if style.verbose && !report.properties.is_empty() {
        out.push_str("\nProperties:\n");
        for (key, value) in &report.properties {
            paragraph(&mut out, &format!("{key}: {value}"), 2, width);
        }
    }
    if !report.remarks.is_empty() {
        out.push_str("\nNotes:\n");
        for r in report.remarks.iter().take(if style.verbose { usize::MAX } else { 8 }) {
            paragraph(&mut out, r, 2, width);
        }
    }
    if style.ascii { to_ascii(&out) } else { out }
}

fn parents(report: &PackageReport, verbose: bool) -> String {
    let all = &report.parents;
    let cut = if report.parents_whole { "" } else { "; what else it asks for was not read" };
    if all.is_empty() {
        return format!(
            "{}{cut}",
            if report.parents_whole { "no parent package" } else { "no parent that was read" }
        );
    }
    let shown = if verbose { all.len() } else { all.len().min(6) };
    // versions are compared in one way, mostly: say it once
    let same = all.iter().all(|p| p.versions == all[0].versions);
    let way =
        |p: &ParentReport| if p.versions.is_empty() { String::new() } else { format!(" ({})", p.versions) };
    let words = |p: &ParentReport| short(&p.identity) + &if same { String::new() } else { way(p) };
    let mut text = if all.len() > 1 { "any one of " } else { "" }.to_owned();
    text += &all[..shown].iter().map(words).collect::<Vec<_>>().join(", or ");
    if same {
        text += &way(&all[0]);
    }
    if shown < all.len() {
        let _ = write!(text, " and {} more (--verbose)", all.len() - shown);
    }
    text + cut
}

/// An identity in words that fit into lines: the name, the version, the language if there is one. JSON has it whole.
fn short(identity: &str) -> String {
    match *identity.split('~').collect::<Vec<_>>() {
        [name, _, _, "", version] => format!("{name} {version}"),
        [name, _, _, culture, version] => format!("{name} {version} {culture}"),
        _ => identity.to_owned(),
    }
}

fn stack(report: &PackageReport) -> String {
    match (&report.servicing_stack, report.servicing_stack_stated) {
        (Some(version), _) => format!("{version} or later"),
        (None, true) => "any".to_owned(),
        (None, false) => "not said".to_owned(),
    }
}
