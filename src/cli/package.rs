//! `kbwhy package`.

use super::{
    Exit, Failure,
    args::{Format, Output},
    commands::{Printed, style},
    input,
};
use crate::{
    explain,
    package::content::{self, PACKAGE_LIMITS, PackageContent},
    render,
};
use std::{
    fs::File,
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
            let texts = all.iter().map(|r| render::package_text(r, style(&typed.output)));
            texts.collect::<Vec<_>>().join("\n")
        }
    };
    Ok((text, Exit::Good))
}

fn bug(e: &dyn std::fmt::Display) -> Failure {
    Failure { exit: Exit::Bug, line: e.to_string() }
}

/// Reads a package file.
pub(super) fn read(path: &Path) -> Result<PackageContent, Failure> {
    let name = input::named(path);
    if path.is_dir() {
        return Err(Failure::input(format!("{name}: is a folder; name one package file")));
    }
    let file = File::open(path).map_err(|e| Failure::input(format!("{name}: cannot be read: {e}")))?;
    content::read(file, &name, PACKAGE_LIMITS).map_err(|e| Failure::input(e.to_string()))
}
