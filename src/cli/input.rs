//! Reading files: bounded, each failure in one line.

use super::Failure;
use crate::{
    diagnose::{LogEvidence, read_log},
    inventory::{self, Input},
    model::{Fact, Host, Origin},
};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The largest inventory: a whole component store listing has some 5 MB.
const INVENTORY_LIMIT: u64 = inventory::LIMIT as u64;
/// The largest log that is read whole.
const LOG_LIMIT: u64 = 512 << 20;

/// A name as it may be shown: no control characters, at most 120 characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).take(120).collect()
}

/// A path as it may be shown.
fn named(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read(path: &Path, limit: u64, what: &str) -> Result<Vec<u8>, Failure> {
    let fail = |e: &dyn std::fmt::Display| Failure::input(format!("{}: cannot be read: {e}", named(path)));
    let mut bytes = Vec::new();
    if is_stdin(path) {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(|e| fail(&e))?;
    } else {
        if path.is_dir() {
            return Err(Failure::input(format!("{}: is a folder; name one {what}", named(path))));
        }
        let file = File::open(path).map_err(|e| fail(&e))?;
        if file.metadata().is_ok_and(|m| m.len() > limit) {
            return Err(too_large(path, limit, what));
        }
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| fail(&e))?;
    }
    if bytes.len() as u64 > limit {
        return Err(too_large(path, limit, what));
    }
    Ok(bytes)
}

fn too_large(path: &Path, limit: u64, what: &str) -> Failure {
    Failure::input(format!("{}: is larger than {} MB, more than any {what}", named(path), limit >> 20))
}

/// Reads and merges the inventories of one host. No inventory gives a host of which nothing is known.
pub(super) fn host(files: &[PathBuf], set: &[String]) -> Result<Host, Failure> {
    if files.iter().filter(|f| is_stdin(f)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be named once"));
    }
    let mut hosts = Vec::new();
    for path in files {
        let bytes = read(path, INVENTORY_LIMIT, "inventory")?;
        let parsed = inventory::read(&Input { name: &named(path), bytes: &bytes });
        hosts.push(parsed.map_err(|e| Failure::input(e.to_string()))?.host);
    }
    one_machine(&hosts)?;
    let mut host = inventory::merge(hosts);
    for fact in set {
        let laid = inventory::set_fact(&mut host, fact);
        laid.map_err(|e| Failure::usage(format!("--set {}: {e}", shown(fact))))?;
    }
    if host.name.is_none() {
        // the file's name is what the admin knows the host by
        let stem = files
            .iter()
            .find(|f| !is_stdin(f))
            .and_then(|f| f.file_stem())
            .map(|s| shown(&s.to_string_lossy()));
        host.name = stem.map(|s| Fact::new(s, Origin::whole(&Arc::from("file name"), "argument")));
    }
    Ok(host)
}

/// Facts of two machines in one host would give a confident answer about neither.
fn one_machine(hosts: &[Host]) -> Result<(), Failure> {
    // systeminfo cuts names at 15 characters, other tools add the domain
    let short = |name: &str| -> String {
        name.split('.').next().unwrap_or_default().chars().take(15).flat_map(char::to_lowercase).collect()
    };
    let apart = |a: &Origin, a_is: &str, b: &Origin, b_is: &str| {
        let line = "the inventories of one answer must be of one machine";
        Err(Failure::input(format!("{} is of {a_is}, {} of {b_is}: {line}", a.input, b.input)))
    };
    let mut names = hosts.iter().filter_map(|h| h.name.as_ref());
    if let Some(first) = names.next()
        && let Some(other) = names.find(|n| short(&n.value) != short(&first.value))
    {
        return apart(&first.origin, &first.value, &other.origin, &other.value);
    }
    let mut versions = hosts.iter().filter_map(|h| h.version.as_ref());
    if let Some(first) = versions.next()
        && let Some(other) = versions.find(|v| v.value.0[..3] != first.value.0[..3])
    {
        return apart(
            &first.origin,
            &format!("Windows {}", first.value),
            &other.origin,
            &format!("Windows {}", other.value),
        );
    }
    Ok(())
}

/// Reads the decisive lines of logs.
pub(super) fn logs(files: &[PathBuf]) -> Result<Vec<LogEvidence>, Failure> {
    let mut out = Vec::new();
    for path in files {
        let bytes = read(path, LOG_LIMIT, "log")?;
        let found = read_log(&Arc::from(named(path)), &inventory::decode(&bytes));
        if found.is_empty() {
            let _ = writeln!(io::stderr(), "kbwhy: {}: no line of it tells of a cause", named(path));
        }
        out.extend(found);
    }
    Ok(out)
}
