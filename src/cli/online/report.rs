//! What `kbwhy catalog fetch` tells: as data, and as text.

use super::{super::input::shown_long, walk::Found};
use crate::{model::KbId, sources::update_catalog::DownloadFile};
use serde::Serialize;
use std::fmt::Write as _;

/// `kbwhy/fetch/1`
#[derive(Debug, Serialize)]
pub(super) struct Report {
    format: &'static str,
    pub(super) kbs: Vec<KbReport>,
    /// folder of the cache
    pub(super) cache: String,
    /// updates that the catalog knows now
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) updates_known: Option<usize>,
}

impl Default for Report {
    fn default() -> Self {
        Self { format: "kbwhy/fetch/1", kbs: Vec::new(), cache: String::new(), updates_known: None }
    }
}

/// A KB that was asked for.
#[derive(Debug, Default, Serialize)]
pub(super) struct KbReport {
    kb: String,
    /// `found`, `none-found`, `only-others`, `failed`
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
    /// when the oldest of its pages was fetched
    pub(super) fetched: String,
    pub(super) from_cache: bool,
    /// pages that were read
    pub(super) stored: usize,
    /// results that only mention the KB
    left_out: usize,
    /// results that could not be read
    unreadable: u32,
    /// the site found more than it shows
    cut: bool,
    pub(super) updates: Vec<UpdateReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) choice: Option<Choice>,
}

impl KbReport {
    pub(super) fn new(kb: KbId, found: &Found, matching: usize) -> Self {
        Self {
            kb: kb.to_string(),
            result: match (matching, found.rows.len()) {
                (0, 0) => "none-found",
                (0, _) => "only-others",
                _ => "found",
            },
            left_out: found.rows.len() - matching,
            unreadable: found.unreadable,
            cut: found.cut
                || found.counted.is_some_and(|n| n as usize > found.rows.len() + found.unreadable as usize),
            ..Self::default()
        }
    }

    pub(super) fn failed(kb: KbId, problem: &str) -> Self {
        Self { kb: kb.to_string(), result: "failed", problem: Some(problem.to_owned()), ..Self::default() }
    }
}

/// Is the update still there?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Listed,
    /// found by the search, but its page is gone
    Removed,
}

/// An update of a KB: a package for some products and an architecture.
#[derive(Debug, Serialize)]
pub(super) struct UpdateReport {
    pub(super) id: String,
    pub(super) title: String,
    /// products of kbwhy's catalog
    pub(super) products: Vec<String>,
    /// products as the Update Catalog groups them
    pub(super) catalog_products: Vec<String>,
    pub(super) architectures: Vec<String>,
    pub(super) classification: Option<String>,
    pub(super) last_updated: Option<String>,
    /// bytes
    pub(super) size: Option<u64>,
    pub(super) restart: Option<String>,
    pub(super) state: State,
    pub(super) later: Later,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) files: Option<Vec<File>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fits: Option<Fits>,
}

/// What came after an update.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "known", rename_all = "kebab-case")]
pub(super) enum Later {
    /// its page is gone: not known
    NotRead,
    /// its page does not tell: not known
    NotTold,
    /// none that the Update Catalog lists
    NoneListed,
    /// replaced
    Chain {
        /// titles, one after the other
        steps: Vec<String>,
        /// titles of those that come after, in an order that is not known
        unordered: Vec<String>,
        /// nothing that the Update Catalog lists replaced the last one
        ends: bool,
    },
}

/// Does it fit the host?
#[derive(Debug, Serialize)]
pub(super) struct Fits {
    /// `yes`, `no`, `unknown`
    pub(super) answer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// A file.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    languages: String,
}

impl From<DownloadFile> for File {
    fn from(f: DownloadFile) -> Self {
        Self {
            name: f.name,
            url: f.url,
            size: f.size,
            sha1: f.sha1,
            sha256: f.sha256,
            languages: f.languages,
        }
    }
}

/// The package for a host.
#[derive(Debug, Serialize)]
#[serde(tag = "picked", rename_all = "kebab-case")]
pub(super) enum Choice {
    /// this one
    One { host: String, update: String },
    /// there is none
    None { host: String },
    /// what is known does not decide between these
    Open { host: String, updates: Vec<String> },
}

/// At most 80 columns, but for addresses and digests, which are to be copied.
fn line(out: &mut String, indent: usize, text: &str) {
    let text = shown_long(text);
    let mut width = 0;
    for word in text.split(' ') {
        let columns = unicode_width::UnicodeWidthStr::width(word);
        if width == 0 {
            let _ = write!(out, "{:indent$}{word}", "");
            width = indent + columns;
        } else if width + 1 + columns > 80 {
            let _ = write!(out, "\n{:1$}{word}", "", indent + 2);
            width = indent + 2 + columns;
        } else {
            let _ = write!(out, " {word}");
            width += 1 + columns;
        }
    }
    out.push('\n');
}

/// The report as text.
pub(super) fn text(report: &Report, verbose: bool) -> String {
    let mut out = String::new();
    for kb in &report.kbs {
        head(&mut out, kb);
        for u in &kb.updates {
            let picked = match &kb.choice {
                Some(Choice::One { update, .. }) => Some(*update == u.id),
                _ => None,
            };
            one(&mut out, u, picked, verbose);
        }
        if let Some(choice) = &kb.choice {
            chosen(&mut out, kb, choice);
        }
        out.push('\n');
    }
    if let Some(n) = report.updates_known {
        line(&mut out, 0, &format!("kept in {}: the catalog describes {n} updates now", report.cache));
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

fn head(out: &mut String, kb: &KbReport) {
    if let Some(problem) = &kb.problem {
        line(out, 0, &format!("{}: not known: {problem}", kb.kb));
        return;
    }
    let when = if kb.from_cache {
        format!("fetched {}, from the cache", kb.fetched)
    } else {
        format!("fetched {}", kb.fetched)
    };
    let what = match (kb.result, kb.updates.len()) {
        ("none-found", _) => {
            "the Update Catalog finds nothing; it may have been removed, or never was there".to_owned()
        }
        ("only-others", _) => "the Update Catalog finds only updates that mention it".to_owned(),
        (_, 1) => "1 update".to_owned(),
        (_, n) => format!("{n} updates"),
    };
    line(out, 0, &format!("{}: {what} ({when})", kb.kb));
    if kb.left_out > 0 && kb.result == "found" {
        line(out, 2, &format!("{} results that only mention it are left out", kb.left_out));
    }
    if kb.unreadable > 0 {
        line(out, 2, &format!("{} results could not be read", kb.unreadable));
    }
    if kb.cut {
        line(out, 2, "the site counts more results than it shows: updates may be missing here");
    }
}

fn one(out: &mut String, u: &UpdateReport, picked: Option<bool>, verbose: bool) {
    line(out, 2, &u.title);
    let products = if u.products.is_empty() { &u.catalog_products } else { &u.products };
    let parts = [
        Some(products.join(", ")).filter(|p| !p.is_empty()),
        Some(u.architectures.join(", ")).filter(|p| !p.is_empty()),
        u.classification.clone(),
        u.last_updated.as_ref().map(|d| format!("last updated {d}")),
        u.size.map(|s| format!("{:.1} MB", s as f64 / f64::from(1 << 20))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    line(out, 4, &parts.join("; "));
    if verbose {
        line(out, 4, &format!("update id {}", u.id));
        if let Some(r) = &u.restart {
            line(out, 4, &format!("restart: {}", r.to_lowercase()));
        }
    }
    if u.state == State::Removed {
        line(out, 4, "removed: its page is gone, so what replaced it is not known");
    }
    later(out, &u.later);
    // what is gone fits nothing
    if let Some(Fits { answer, why }) = u.fits.as_ref().filter(|_| u.state == State::Listed) {
        match (*answer, why) {
            ("no", Some(why)) => line(out, 4, &format!("not for this host: {why}")),
            ("unknown", Some(why)) => line(out, 4, &format!("may be for this host: {why}")),
            _ => line(out, 4, "for this host"),
        }
    }
    if picked == Some(false) {
        return;
    }
    for f in u.files.iter().flatten() {
        line(out, 4, &f.name);
        if let Some(size) = f.size {
            line(out, 6, &format!("{size} bytes"));
        }
        let _ = writeln!(out, "      {}", shown_long(&f.url));
        for (name, digest) in [("SHA-256", &f.sha256), ("SHA-1  ", &f.sha1)] {
            if let Some(digest) = digest {
                let _ = writeln!(out, "      {name} {digest}");
            }
        }
    }
    if u.files.as_ref().is_some_and(Vec::is_empty) {
        line(out, 4, "the site offers no file of it");
    }
}

fn later(out: &mut String, later: &Later) {
    match later {
        Later::NotRead => {}
        Later::NotTold => line(out, 4, "its page does not tell what replaced it: not known"),
        Later::NoneListed => line(out, 4, "replaced by none that the Update Catalog lists"),
        Later::Chain { steps, unordered, ends } => {
            for (i, step) in steps.iter().enumerate() {
                let (indent, how) = if i == 0 { (4, "replaced by") } else { (6, "then by") };
                line(out, indent, &format!("{how} {step}"));
            }
            if !unordered.is_empty() {
                let then = if steps.is_empty() { "replaced by" } else { "then by" };
                line(
                    out,
                    4,
                    &format!(
                        "{then} {} more, in an order that --chain would tell; among them",
                        unordered.len()
                    ),
                );
                for t in unordered.iter().rev().take(3) {
                    line(out, 6, t);
                }
            }
            if *ends {
                line(out, 4, "which is replaced by none that the Update Catalog lists");
            }
        }
    }
}

fn chosen(out: &mut String, kb: &KbReport, choice: &Choice) {
    let title =
        |id: &String| kb.updates.iter().find(|u| u.id == *id).map_or_else(|| id.clone(), |u| u.title.clone());
    match choice {
        Choice::One { host, update } => {
            line(out, 2, &format!("for {host}: {}", title(update)));
            let files = kb.updates.iter().find(|u| u.id == *update).and_then(|u| u.files.as_ref());
            if files.is_some_and(|f| f.len() > 1) {
                line(out, 2, "it comes with several files, such as an update that has to be there before it");
            }
        }
        Choice::None { host } => {
            line(out, 2, &format!("for {host}: none of these packages"));
        }
        Choice::Open { host, updates } => {
            line(
                out,
                2,
                &format!("for {host}: {} may fit, and what is known does not decide:", updates.len()),
            );
            for id in updates {
                line(out, 4, &title(id));
            }
            line(out, 2, "--inventory of the host, --package-for and --package-arch tell more");
        }
    }
}
