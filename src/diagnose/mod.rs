//! Error codes and log lines: what they say about the cause.

mod codes;
mod log;

pub use codes::{CodeMeaning, ErrorEvidence, Expected};
pub use log::{LogEvidence, LogFinding, read_log};
