//! `kbwhy doctor`.

use super::{Failure, commands::Printed};
use clap::Args;

/// What will stop updates on this host next?
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) fn run(a: &Doctor) -> Printed {
    Err(Failure::usage(format!("not built yet ({} words)", a.words.len())))
}
