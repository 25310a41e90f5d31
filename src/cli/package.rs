//! `kbwhy package`.

use super::{
    Exit, Failure,
    args::{Format, Output},
    commands::Printed,
    input,
};
use crate::{
    applicability::{self, RuleDocument},
    archive::cabinet,
    explain, inventory,
    package::content::{self, PACKAGE_LIMITS, PackageContent},
    render,
};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub(super) struct Package {
    /// The package: .msu, .cab or .mum; it is told by its content
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) output: Output,
}

pub(super) fn run(typed: &Package) -> Printed {
    // all or nothing: a file that cannot be read leaves no half of an answer
    let contents = typed.files.iter().map(|f| read(f)).collect::<Result<Vec<_>, _>>()?;
    let reports: Vec<_> = contents.iter().map(explain::package_report).collect();
    let text = match (typed.output.format, reports.as_slice()) {
        (Format::Json, [one]) => render::to_json(one).map_err(|e| bug(&e))?,
        (Format::Json, all) => render::to_json(&all).map_err(|e| bug(&e))?,
        (Format::Text, all) => {
            let texts = all.iter().map(|r| render::package_text(r, typed.output.text.style()));
            texts.collect::<Vec<_>>().join("\n")
        }
    };
    Ok((text, Exit::Good))
}

fn bug(e: &dyn std::fmt::Display) -> Failure {
    Failure { exit: Exit::Bug, line: e.to_string() }
}

/// Reads a package file.
fn read(path: &Path) -> Result<PackageContent, Failure> {
    content::read(open(path)?, &input::named(path), PACKAGE_LIMITS).map_err(|e| Failure::input(e.to_string()))
}

fn open(path: &Path) -> Result<File, Failure> {
    let name = input::named(path);
    if path.is_dir() {
        return Err(Failure::input(format!("{name}: is a folder; name one package file")));
    }
    File::open(path).map_err(|e| Failure::input(format!("{name}: cannot be read: {e}")))
}

pub(super) fn is_named_as_package(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|e| matches!(&*e, "msu" | "cab" | "mum"))
}

/// The package that was tried, if it is a file and not merely the name of one. What is no package of servicing (a setup
/// program) has a name all the same.
pub(super) fn tried(package: &str) -> Result<Option<PackageContent>, Failure> {
    let path = Path::new(package);
    let only_name = |why: &str| {
        let name = input::named(path);
        let _ = writeln!(io::stderr(), "kbwhy: {name}: {why}; only its name is used");
        Ok(None)
    };
    if !path.exists() {
        return if package.contains(['/', '\\']) {
            only_name("there is no such file here")
        } else {
            Ok(None)
        };
    }
    match content::read(open(path)?, &input::named(path), PACKAGE_LIMITS) {
        Ok(content) => Ok(Some(content)),
        // a setup program has a name; what is named as a package and is none is damaged
        Err(e) if e.foreign && !is_named_as_package(path) => only_name(&e.problem),
        Err(e) => Err(Failure::input(e.to_string())),
    }
}

/// Windows Update's rules in a package. What is no rule is left out, and told.
pub(super) fn rules(content: &PackageContent) -> Vec<RuleDocument> {
    let mut out = Vec::new();
    for fragment in &content.rules {
        let place = format!("{} > {}", content.file, fragment.place);
        match applicability::parse(&place, &inventory::decode(&fragment.value)) {
            Ok(documents) => out.extend(documents),
            Err(e) => {
                let _ = writeln!(io::stderr(), "kbwhy: {e}; left out");
            }
        }
    }
    out
}

/// The package, if the file is a cabinet.
pub(super) fn of_cabinet(path: &Path) -> Result<Option<PackageContent>, Failure> {
    let mut head = Vec::new();
    if input::is_stdin(path) || !path.is_file() {
        return Ok(None);
    }
    open(path)?
        .take(8)
        .read_to_end(&mut head)
        .map_err(|e| Failure::input(format!("{}: cannot be read: {e}", input::named(path))))?;
    if cabinet::is_cabinet(&head) { read(path).map(Some) } else { Ok(None) }
}
