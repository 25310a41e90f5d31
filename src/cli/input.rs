//! Reading files: bounded, each failure in one line.

use super::{
    Failure,
    args::{Inventories, Machine},
};
use crate::{
    diagnose::{LogEvidence, read_log},
    explain::InputRead,
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

/// One host, and the inputs that tell of it.
pub(super) struct Told {
    pub(super) host: Host,
    pub(super) inputs: Vec<InputRead>,
}

/// Reads and merges the inventories of one host. No inventory gives a host of which nothing is known.
pub(super) fn host(files: &[PathBuf], machine: &Machine) -> Result<Told, Failure> {
    if files.iter().filter(|f| is_stdin(f)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be named once"));
    }
    let mut inputs = Vec::new();
    let mut hosts = Vec::new();
    for path in files {
        let bytes = read(path, INVENTORY_LIMIT, "inventory")?;
        let name = named(path);
        let parsed = inventory::read_each(&Input { name: &name, bytes: &bytes });
        for one in parsed.map_err(|e| Failure::input(e.to_string()))? {
            inputs.push(InputRead { name: name.clone(), format: one.format, encoding: one.encoding });
            hosts.push(one.host);
        }
    }
    inputs.dedup();
    let mixed = |e: inventory::ReadError| Failure::input(e.to_string());
    if let Some(name) = &machine.host {
        hosts = inventory::of_machine(hosts, name).map_err(mixed)?;
    }
    if !machine.allow_mixed {
        inventory::one_machine(&hosts).map_err(mixed)?;
    }
    let mut host = inventory::merge(hosts);
    if host.name.is_none() {
        // the file's name is what the admin knows the host by
        let stem = files
            .iter()
            .find(|f| !is_stdin(f))
            .and_then(|f| f.file_stem())
            .map(|s| shown(&s.to_string_lossy()));
        host.name = stem.map(|s| Fact::new(s, Origin::whole(&Arc::from("file name"), "argument")));
    }
    Ok(Told { host, inputs })
}

/// The same, with facts laid over it.
pub(super) fn host_with(given: &Inventories) -> Result<Host, Failure> {
    let mut host = host(&given.inventory, &given.machine)?.host;
    for fact in &given.set {
        let laid = inventory::set_fact(&mut host, fact);
        laid.map_err(|e| Failure::usage(format!("--set {}: {e}", shown(fact))))?;
    }
    Ok(host)
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
