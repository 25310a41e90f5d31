//! `kbwhy code`.

use super::{Failure, commands::Printed};
use clap::Args;

/// What does an error code mean?
#[derive(Debug, Args)]
pub(super) struct Code {
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) fn run(a: &Code) -> Printed {
    Err(Failure::usage(format!("not built yet ({} words)", a.words.len())))
}
