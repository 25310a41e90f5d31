//! `kbwhy catalog stats`.

use super::super::{Failure, cache::CacheArgs, commands::Printed};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Stats {
    #[command(flatten)]
    pub(in crate::cli) cache: CacheArgs,
}

pub(in crate::cli) fn run(_typed: &Stats) -> Printed {
    Err(Failure::usage("not built yet"))
}
