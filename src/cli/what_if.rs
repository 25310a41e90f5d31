//! `kbwhy what-if`.

use super::{Failure, commands::Printed};
use clap::Args;

/// What would change?
#[derive(Debug, Args)]
pub(super) struct WhatIf {
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) fn run(a: &WhatIf) -> Printed {
    Err(Failure::usage(format!("not built yet ({} words)", a.words.len())))
}
