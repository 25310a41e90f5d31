//! One KB, one inventory, the cause: `cargo run --example explain`.
//!
//! The whole way in library calls: bytes to host facts, a question, an answer, a report, text.

use kbwhy::{
    catalog::Catalog,
    explain::report,
    inventory::{Input, read},
    model::{Cause, KbId},
    render::{Style, to_text},
    resolve::{self, question::Question, verdict::Verdict},
};
use std::{
    error::Error,
    io::{self, Write},
};

/// What systeminfo printed on the machine.
const SYSTEMINFO: &[u8] = include_bytes!("server-2012r2-bare.txt");

fn main() -> Result<(), Box<dyn Error>> {
    let host = read(&Input { name: "server-2012r2-bare.txt", bytes: SYSTEMINFO })?.host;
    let catalog = Catalog::embedded();
    let kb: KbId = "KB3172614".parse()?;

    let question = Question { kb: Some(kb), ..Question::default() };
    let answer = resolve::explain(catalog, &host, &question);

    assert_eq!(answer.decision.verdict, Verdict::NotApplicable);
    let decisive = answer.decision.causes.first().ok_or("a refusal has a cause")?;
    assert_eq!(decisive.cause, Cause::MissingPrerequisite);
    assert_eq!(decisive.updates.first(), Some(&"KB2919355".parse()?));
    assert!(!decisive.evidence.is_empty(), "nothing is claimed without evidence");

    let text = to_text(&report(catalog, &host, &answer), Style::default());
    assert!(text.starts_with("KB3172614 is not applicable to SRV01"));
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
