//! What was typed, what was meant, the command, its report, the exit code. All I/O of kbwhy is here.

mod args;
mod cache;
mod catalog;
mod code;
mod commands;
mod diagnose;
mod doctor;
mod guidance;
mod input;
#[cfg(feature = "online")]
mod online;
mod order;
mod package;
mod plan;
mod rules;
mod what_if;

use crate::model::KbId;
use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

/// How a run of `kbwhy` ended; the only place for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// applicable or already installed
    Good = 0,
    /// not applicable or blocked
    Refused = 1,
    /// the command line cannot be understood
    Usage = 2,
    /// an input cannot be read
    Input = 3,
    /// the cache or the network failed
    Catalog = 4,
    /// the evidence does not decide
    Unknown = 5,
    /// a bug in kbwhy
    Bug = 70,
}

/// Why a command did not give an answer: one line, and the exit code.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    line: String,
}

impl Failure {
    fn usage(line: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, line: line.into() }
    }
    fn input(line: impl Into<String>) -> Self {
        Self { exit: Exit::Input, line: line.into() }
    }
    fn catalog(line: impl Into<String>) -> Self {
        Self { exit: Exit::Catalog, line: line.into() }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let _ = writeln!(io::stderr(), "kbwhy: a bug in kbwhy{place}; please report it with what you ran");
    }));
    let run = std::panic::catch_unwind(|| {
        let args = match args::Args::try_parse() {
            Ok(args) => args,
            Err(e) => {
                let _ = e.print();
                if let Some(tip) = misplaced(&e) {
                    let _ = writeln!(io::stderr(), "\n  tip: {tip}");
                }
                return if e.use_stderr() { Exit::Usage } else { Exit::Good };
            }
        };
        match commands::run(args) {
            Ok((text, exit)) => match print(&text) {
                Ok(()) => exit,
                Err(line) => {
                    let _ = writeln!(io::stderr(), "kbwhy: {line}");
                    Exit::Input
                }
            },
            Err(failure) => {
                // whatever was read is quoted in it
                let _ = writeln!(io::stderr(), "kbwhy: {}", input::without_marks(&failure.line));
                failure.exit
            }
        }
    });
    ExitCode::from(run.unwrap_or(Exit::Bug) as u8)
}

/// What was probably meant by a word that stands where none is expected.
fn misplaced(e: &clap::Error) -> Option<&'static str> {
    if e.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    match e.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if word.starts_with('-') => None,
        Some(ContextValue::String(word)) if word.parse::<KbId>().is_ok() => Some("one update at a time"),
        _ => Some("each inventory needs its own --inventory, such as --inventory systeminfo.txt"),
    }
}

/// Writes an answer whole; a reader that closed its end wanted no more.
fn print(text: &str) -> Result<(), String> {
    let text = input::without_hidden(text);
    let mut out = anstream::AutoStream::auto(io::stdout());
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(format!("standard output cannot be written: {e}")),
        Ok(()) => Ok(()),
    }
}

/// Colour only on a terminal, and not where the user does not want it.
fn colour_wanted() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
