//! `kbwhy catalog update`: what was typed.

use super::super::{cache::CacheArgs, commands::Printed};

/// Asks the Security Update Guide for the months that the cache does not have, and for the last three again: they change
/// after they were published.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Update {
    /// First month, if not the one after the built-in facts
    #[arg(long, value_name = "YYYY-MM")]
    pub(in crate::cli) since: Option<String>,
    /// Proxy to use, such as http://proxy:8080; otherwise HTTPS_PROXY, NO_PROXY and the system's settings
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) proxy: Option<String>,
    /// Another site with the same documents
    #[arg(long, value_name = "URL", hide = true)]
    pub(in crate::cli) site: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) cache: CacheArgs,
}

#[cfg(feature = "online")]
pub(in crate::cli) fn run(typed: &Update) -> Printed {
    super::super::online::update::run(typed)
}

#[cfg(not(feature = "online"))]
pub(in crate::cli) fn run(_typed: &Update) -> Printed {
    Err(super::super::Failure::catalog(super::NO_NETWORK))
}
