//! What the benches read, always the same bytes.

pub mod cabinet;
pub mod definitions;
pub mod master;
pub mod numbers;

/// What stops a bench.
pub type Failed = Box<dyn std::error::Error>;
