//! What a package tells of itself: its file name, and the identity that servicing gives it.

pub mod content;
mod folder;
mod identity;
pub mod mum;
mod name;
pub mod servicing;

pub use folder::{PackageFile, WantedFor, file_pattern};
pub use identity::PackageIdentity;
pub(crate) use identity::kb_of_name;
pub use name::{PackageName, Target};
