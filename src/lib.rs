//! kbwhy tells a Windows administrator why an update is "not applicable to your computer", with evidence,
//! and what to do about it.
//!
//! The library is pure: bytes in, values out. Only [`cli`] reads files, and only when the feature `cli` is on.

pub mod applicability;
pub mod archive;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod collect;
pub mod diagnose;
pub mod doctor;
pub mod explain;
pub mod graph;
pub mod guidance;
pub mod inventory;
pub mod metadata;
pub mod model;
pub mod package;
pub mod plan;
pub mod render;
pub mod report;
pub mod resolve;
pub mod sources;
mod threads;
