//! Error codes and log lines: what they say about the cause.

pub mod codes;
mod log;

pub use codes::{CodeMeaning, CodeRemedy, ErrorEvidence, Expected};
pub use log::{LogEvidence, LogFinding, read_log};
