//! `kbwhy plan`.

use super::{Failure, commands::Printed};
use clap::Args;

/// What to install, in which order, with how many restarts?
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) fn run(a: &Plan) -> Printed {
    Err(Failure::usage(format!("not built yet ({} words)", a.words.len())))
}
