//! `kbwhy diagnose`.

use super::{
    args::{Inventories, Output, Seen},
    cache::ReadArgs,
    commands::{self, Printed},
};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Diagnose {
    #[command(flatten)]
    inventories: Inventories,
    #[command(flatten)]
    seen: Seen,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(a: &Diagnose) -> Printed {
    let question = commands::seen(&a.seen)?;
    commands::answer(&a.inventories, &question, &a.read, &a.output)
}
