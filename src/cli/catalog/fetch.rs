//! `kbwhy catalog fetch`: what was typed.

use super::super::{
    args::{Machine, Output},
    cache::CacheArgs,
    commands::Printed,
};
use std::path::PathBuf;

/// Searches the Microsoft Update Catalog for each KB, reads the page of each update that it finds, and keeps pages and
/// facts in the cache. What is in the cache is not asked for again.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Fetch {
    /// The updates, such as KB5025239
    #[arg(value_name = "KB", required = true)]
    pub(in crate::cli) kbs: Vec<String>,
    /// Ask for the files of the updates, too: names, addresses, SHA-1 and SHA-256
    #[arg(long)]
    pub(in crate::cli) links: bool,
    /// The host that a package is wanted for, as for `explain`; picks the one package that fits it; may be repeated
    #[arg(short, long = "inventory", value_name = "FILE")]
    pub(in crate::cli) inventory: Vec<PathBuf>,
    /// A fact laid over the inventory, such as os.architecture=x64; may be repeated
    #[arg(long = "set", value_name = "FACT=VALUE")]
    pub(in crate::cli) set: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) machine: Machine,
    /// Architecture of the package that is wanted
    #[arg(long, value_name = "ARCH")]
    pub(in crate::cli) package_arch: Option<String>,
    /// Product that the package is wanted for, such as "Windows Server 2016"
    #[arg(long, value_name = "PRODUCT")]
    pub(in crate::cli) package_for: Option<String>,
    /// Read the pages of all updates that came after, so that their whole order is known
    #[arg(long)]
    pub(in crate::cli) chain: bool,
    /// Ask again for what the cache has
    #[arg(long, conflicts_with = "offline")]
    pub(in crate::cli) refresh: bool,
    /// Only what the cache has; ask nobody
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    /// Proxy to use, such as http://proxy:8080; otherwise HTTPS_PROXY, NO_PROXY and the system's settings
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) proxy: Option<String>,
    /// Another site with the same pages
    #[arg(long, value_name = "URL", hide = true)]
    pub(in crate::cli) site: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) cache: CacheArgs,
    #[command(flatten)]
    pub(in crate::cli) output: Output,
}

#[cfg(feature = "online")]
pub(in crate::cli) fn run(typed: &Fetch) -> Printed {
    super::super::online::fetch::run(typed)
}

#[cfg(not(feature = "online"))]
pub(in crate::cli) fn run(_typed: &Fetch) -> Printed {
    Err(super::super::Failure::catalog(super::NO_NETWORK))
}
