//! `kbwhy rules`.

use super::{Failure, commands::Printed};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Rules {
    /// The file
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
}

pub(super) fn run(_typed: &Rules) -> Printed {
    Err(Failure::usage("not built yet"))
}
