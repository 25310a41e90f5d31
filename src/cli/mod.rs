//! What was typed, what was meant, the command, its report, the exit code.

/// Runs the command line of this process.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
