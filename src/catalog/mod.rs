//! The catalog: what is known of updates, with the Microsoft page that states it.
//!
//! Text ([`facts`], read by [`text`]) is checked and turned into a byte index by [`compile`]; [`Catalog`] answers
//! from those bytes in place. The text under `catalog-cache/` is compiled by the build script and embedded.

pub mod bytes;
mod check;
pub mod codes;
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
