//! `kbwhy catalog lint`.

use super::super::{Exit, Failure, args::Output, cache::ReadArgs, commands::Printed, input};
use crate::{
    catalog::{embedded_facts, facts::Facts, lint::Level, text},
    explain::catalog::{self as ask, Deny, Part},
    model::SourceKind,
    render,
    sources::Remark,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Largest file of a folder of text that is read.
const LIMIT: u64 = 256 << 20;

/// Finds what is wrong or doubtful in the facts: in the built-in ones and all that was imported, or in files that are
/// read for this alone. Exit code 1 if there are errors, or warnings about what is not built in.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Lint {
    /// Files as for `catalog import`, or a folder of the catalog's own text, checked together with the built-in facts
    #[arg(value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Fail on findings of this level and worse, wherever they are
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(in crate::cli) deny: Option<Denied>,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArgs,
    #[command(flatten)]
    pub(in crate::cli) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Denied {
    Errors,
    Warnings,
    Notes,
}

pub(in crate::cli) fn run(typed: &Lint) -> Printed {
    let deny = match typed.deny {
        None => Deny::Usual,
        Some(Denied::Errors) => Deny::Level(Level::Error),
        Some(Denied::Warnings) => Deny::Level(Level::Warning),
        Some(Denied::Notes) => Deny::Level(Level::Note),
    };
    let mut built_in = embedded_facts();
    let mut added = Vec::new();
    let mut remarks: Vec<(String, String)> = Vec::new();
    let given = !typed.files.is_empty();
    let today = jiff::Zoned::now().date().to_string();
    for path in &typed.files {
        if path.is_dir() {
            let facts = folder(path)?;
            // a catalog with products of its own is checked for itself
            if facts.products.is_empty() {
                added.push((SourceKind::Curated, input::named(path), facts));
            } else if typed.files.len() == 1 {
                built_in = Facts::default();
                added.push((SourceKind::Curated, input::named(path), facts));
            } else {
                let line =
                    format!("{}: a whole catalog is checked alone; name no other file", input::named(path));
                return Err(Failure::usage(line));
            }
            continue;
        }
        let imported = super::import::read(path, &today, &[])?;
        remarks.extend(imported.remarks.iter().map(|r| (input::named(path), remark(r))));
        let (kind, _, facts) = super::Rows::part(imported.kind, imported.source, imported.facts);
        added.push((kind, input::named(path), facts));
    }
    if !given {
        for source in typed.read.rows()? {
            added.push(super::Rows::part(source.kind, source.row, source.facts));
        }
    }
    let parts: Vec<Part<'_>> =
        added.iter().map(|(kind, title, facts)| Part { kind: *kind, title, facts }).collect();
    let report = ask::lint(&built_in, &parts, &remarks, given, deny);
    let text = super::printed(&report, &typed.output, render::lint_text)?;
    Ok((text, if report.failed { Exit::Refused } else { Exit::Good }))
}

fn remark(r: &Remark) -> String {
    let first = if r.first.is_empty() { String::new() } else { format!(" (first: {})", r.first) };
    input::shown_long(&format!("{} x {}{first}", r.count, r.text))
}

/// A folder that is laid out as `catalog-cache/`.
fn folder(root: &Path) -> Result<Facts, Failure> {
    let failed =
        |path: &Path, e: &dyn std::fmt::Display| Failure::input(format!("{}: {e}", input::named(path)));
    let mut files: Vec<(String, String)> = Vec::new();
    let mut open = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, inside)) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| failed(&folder, &e))? {
            let entry = entry.map_err(|e| failed(&folder, &e))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = entry.path();
            if path.is_dir() {
                // the layout has one level of folders
                if inside.is_empty() {
                    open.push((path, format!("{name}/")));
                }
            } else if name.ends_with(".json") || name.ends_with(".jsonl") {
                let size = entry.metadata().map_err(|e| failed(&path, &e))?.len();
                if size > LIMIT {
                    return Err(failed(&path, &format!("more than {} MB", LIMIT >> 20)));
                }
                let text = fs::read_to_string(&path).map_err(|e| failed(&path, &e))?;
                files.push((format!("{inside}{name}"), text));
            }
        }
    }
    if !files.iter().any(|(name, _)| name == "catalog.json") {
        let line = "no catalog.json in it: not a folder of the catalog's text; name the files to be checked";
        return Err(failed(root, &line));
    }
    text::parse(files.into_iter())
        .map_err(|e| Failure::input(input::shown_long(&format!("{}: {e}", input::named(root)))))
}
