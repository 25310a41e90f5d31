//! Reading files: bounded, each failure in one line.

use super::Failure;
use crate::{
    diagnose::{LogEvidence, read_log},
    inventory::{self, Input},
    model::{Fact, Host, Origin},
};
use std::{fs::File, io::Read, path::Path, sync::Arc};

/// The largest inventory: a whole component store listing has some 5 MB.
const INVENTORY_LIMIT: u64 = 64 << 20;
/// The largest log that is read whole.
const LOG_LIMIT: u64 = 512 << 20;

/// A name as it may be shown: no control characters, at most 120 characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).take(120).collect()
}

fn read(name: &str, limit: u64, what: &str) -> Result<Vec<u8>, Failure> {
    let fail = |e: &dyn std::fmt::Display| Failure::input(format!("{}: cannot be read: {e}", shown(name)));
    let mut bytes = Vec::new();
    if name == "-" {
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(|e| fail(&e))?;
    } else {
        let path = Path::new(name);
        if path.is_dir() {
            return Err(Failure::input(format!("{}: is a folder; name one {what}", shown(name))));
        }
        let file = File::open(path).map_err(|e| fail(&e))?;
        if file.metadata().is_ok_and(|m| m.len() > limit) {
            return Err(too_large(name, limit, what));
        }
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| fail(&e))?;
    }
    if bytes.len() as u64 > limit {
        return Err(too_large(name, limit, what));
    }
    Ok(bytes)
}

fn too_large(name: &str, limit: u64, what: &str) -> Failure {
    Failure::input(format!("{}: is larger than {} MB, more than any {what}", shown(name), limit >> 20))
}

/// Reads and merges the inventories of one host. No inventory gives a host of which nothing is known.
pub(super) fn host(files: &[String], set: &[String]) -> Result<Host, Failure> {
    if files.iter().filter(|f| *f == "-").count() > 1 {
        return Err(Failure::usage("standard input (-) can be named once"));
    }
    let mut hosts = Vec::new();
    for name in files {
        let bytes = read(name, INVENTORY_LIMIT, "inventory")?;
        let parsed = inventory::read(&Input { name: &shown(name), bytes: &bytes })
            .map_err(|e| Failure::input(e.to_string()))?;
        hosts.push(parsed.host);
    }
    let mut host = inventory::merge(hosts);
    for fact in set {
        let laid = inventory::set_fact(&mut host, fact);
        laid.map_err(|e| Failure::usage(format!("--set {}: {e}", shown(fact))))?;
    }
    if host.name.is_none() {
        // the file's name is what the admin knows the host by
        let stem = files
            .iter()
            .find(|f| *f != "-")
            .and_then(|f| Path::new(f).file_stem())
            .map(|s| s.to_string_lossy());
        host.name = stem.map(|s| Fact::new(shown(&s), Origin::whole(&Arc::from("file name"), "argument")));
    }
    Ok(host)
}

/// Reads the decisive lines of logs.
pub(super) fn logs(files: &[String]) -> Result<Vec<LogEvidence>, Failure> {
    let mut out = Vec::new();
    for name in files {
        let bytes = read(name, LOG_LIMIT, "log")?;
        let text = inventory::decode(&bytes);
        out.extend(read_log(&Arc::from(shown(name)), &text));
    }
    Ok(out)
}
