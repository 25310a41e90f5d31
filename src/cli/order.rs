//! `kbwhy order`.

use super::{Failure, commands::Printed};
use clap::Args;

/// In which order do these packages go on?
#[derive(Debug, Args)]
pub(super) struct Order {
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) fn run(a: &Order) -> Printed {
    Err(Failure::usage(format!("not built yet ({} words)", a.words.len())))
}
