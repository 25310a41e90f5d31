//! The catalog that is built in.

use super::{bytes::Bytes, facts::Facts, index::Catalog};
use std::{borrow::Cow, io::Read, sync::OnceLock};

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));

/// The catalog of this build; only its header and section bounds are looked at.
pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        Catalog::open(Bytes::Whole(Cow::Borrowed(BYTES))).expect("the build script compiles the catalog")
    })
}

static ROWS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog-rows.deflate"));

/// The rows of which the catalog of this build was compiled; unpacked at each call.
pub fn embedded_facts() -> Facts {
    let mut bytes = Vec::new();
    // what the build script packed unpacks
    let _ = flate2::read::DeflateDecoder::new(ROWS).read_to_end(&mut bytes);
    super::rows::read(&bytes).0
}

/// Names the embedded facts and the code that compiles them: what another stamp compiled is compiled anew.
pub const STAMP: &str = env!("KBWHY_CATALOG_STAMP");
