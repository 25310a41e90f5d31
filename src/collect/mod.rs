//! The collector: a script that writes one inventory with all that can be used of a Windows host.
//!
//! It only gathers. What its raw values mean is decided where they are read, by `inventory`, so that a rule can be
//! tested, and corrected, without touching a server.

/// The script, with the line ends of Windows: it is made to be run there, wherever it is printed.
///
/// ```
/// assert!(kbwhy::collect::script().starts_with("<#\r\n.SYNOPSIS"));
/// ```
pub fn script() -> String {
    include_str!("collect.ps1").replace("\r\n", "\n").replace('\n', "\r\n")
}
