//! `kbwhy catalog import`.

use super::super::{Failure, cache::CacheArgs, commands::Printed};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Import {
    #[command(flatten)]
    pub(in crate::cli) cache: CacheArgs,
}

pub(in crate::cli) fn run(_typed: &Import) -> Printed {
    Err(Failure::usage("not built yet"))
}
