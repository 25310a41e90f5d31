//! The catalog: what is known of updates, with the Microsoft page that states it.
//!
//! Text ([`facts`], read by [`text`]) is checked and turned into a byte index by [`compile`]; [`Catalog`] answers
//! from those bytes in place. The text under `catalog-cache/` is compiled by the build script and embedded.

pub mod bytes;
mod check;
pub mod compile;
mod embedded;
pub mod facts;
mod index;
pub mod join;
mod layout;
mod lenient;
pub mod lint;
mod merge;
pub mod rows;
pub mod text;
pub mod view;

#[cfg(test)]
mod tests;

pub use embedded::{STAMP, embedded_facts};
pub use index::{Catalog, CatalogError};
pub use text::FactsError;

#[cfg(test)]
fn tests_embedded() -> facts::Facts {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog-cache");
    let mut files = Vec::new();
    for inside in ["", "lines", "updates", "relations", "prerequisites", "withdrawn", "defects"] {
        for path in
            std::fs::read_dir(root.join(inside)).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file())
        {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let name = if inside.is_empty() { name } else { format!("{inside}/{name}") };
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    text::parse(files.into_iter()).unwrap()
}
