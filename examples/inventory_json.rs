//! Reads one inventory of any format and prints its facts as `kbwhy/host/1`:
//! `cargo run --example inventory_json -- inventory FILE --format json`.

use kbwhy::inventory::{Input, read, to_host1};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(name) =
        std::env::args().skip(1).find(|a| !matches!(a.as_str(), "inventory" | "--format" | "json"))
    else {
        return ExitCode::from(2);
    };
    let answer = std::fs::read(&name)
        .map_err(|e| format!("{name}: {e}"))
        .and_then(|bytes| read(&Input { name: &name, bytes: &bytes }).map_err(|e| e.to_string()));
    match answer {
        Ok(parsed) => match writeln!(std::io::stdout(), "{:#}", to_host1(&parsed.host)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::from(3)
        }
    }
}
