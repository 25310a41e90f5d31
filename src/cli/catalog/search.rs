//! `kbwhy catalog search`.

use super::super::{Failure, cache::CacheArgs, commands::Printed};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Search {
    #[command(flatten)]
    pub(in crate::cli) cache: CacheArgs,
}

pub(in crate::cli) fn run(_typed: &Search) -> Printed {
    Err(Failure::usage("not built yet"))
}
