//! What a package tells of itself. For now: what its file name tells.

mod name;

pub use name::{PackageName, Target};
