//! Feeds of the Microsoft Security Response Center, and what others collected of them.

pub mod definitions;
mod split;
mod statistics;
