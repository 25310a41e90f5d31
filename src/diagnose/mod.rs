//! Error codes and log lines: what they say about the cause.

pub mod codes;
mod log;
pub mod logs;

pub use codes::{CodeMeaning, CodeRemedy, ErrorEvidence, Expected};
pub use log::{LogEvidence, LogFinding, LogStanding, read_log};
pub use logs::{LogRead, LogReader, NoLog, settle};
