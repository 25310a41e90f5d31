//! The catalog that is built in.

use super::index::Catalog;
use std::{borrow::Cow, sync::OnceLock};

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));

/// The catalog of this build; only its header and section bounds are looked at.
pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG
        .get_or_init(|| Catalog::open(Cow::Borrowed(BYTES)).expect("the build script compiles the catalog"))
}
