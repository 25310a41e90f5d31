//! Feeds of the Microsoft Security Response Center, and what others collected of them.

pub mod csaf;
pub mod cvrf;
pub mod definitions;
mod fixes;
mod split;
mod statistics;
pub mod sug;
