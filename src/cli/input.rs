//! Reading files: bounded, each failure in one line.

use super::{
    Failure,
    args::{Inventories, Machine},
};
use crate::{
    applicability::{self, RuleDocument},
    diagnose::{self, LogRead},
    explain::InputRead,
    inventory::{self, Input, LogReader, Parsed},
    model::{Fact, Host, Origin},
};
use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The largest inventory: a whole component store listing has some 5 MB.
const INVENTORY_LIMIT: u64 = inventory::LIMIT as u64;
/// How much of a log is read at once.
const PIECE: usize = 256 * 1024;
/// From this size on it is shown how far a log was read.
const LONG_LOG: u64 = 50 << 20;

/// What a line of text does not have.
fn is_odd(c: char) -> bool {
    c.is_control() || crate::model::steers(c)
}

/// What is printed, without marks that change what is seen: the line of defence behind those that read.
pub(super) fn without_hidden(text: &str) -> std::borrow::Cow<'_, str> {
    let hidden = |c: char| !c.is_control() && crate::model::steers(c);
    if text.contains(hidden) { text.replace(hidden, "").into() } else { text.into() }
}

/// A line of words without what steers a console.
pub(super) fn without_marks(line: &str) -> String {
    line.chars().map(|c| if is_odd(c) { '?' } else { c }).collect()
}

/// A name as it may be shown: no control characters, at most 120 characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().map(|c| if is_odd(c) { '?' } else { c }).take(120).collect()
}

/// A line of words as it may be shown: no control characters, at most 600 characters.
pub(super) fn shown_long(line: &str) -> String {
    line.chars().map(|c| if is_odd(c) { '?' } else { c }).take(600).collect()
}

/// A path as it may be shown.
pub(super) fn named(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What an input is read from: a file, or standard input; with the size of a file.
fn open(path: &Path, what: &str) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    if is_stdin(path) {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    if path.is_dir() {
        return Err(Failure::input(format!(
            "{}: is a folder; name one {what}; {}",
            named(path),
            instead(what)
        )));
    }
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
    Ok((Box::new(file), size))
}

fn unreadable(path: &Path, e: &dyn std::fmt::Display) -> Failure {
    Failure::input(format!("{}: cannot be read: {e}", named(path)))
}

pub(super) fn read(path: &Path, limit: u64, what: &str) -> Result<Vec<u8>, Failure> {
    let (source, size) = open(path, what)?;
    let mut bytes = Vec::new();
    rest(source, size, &mut bytes, path, limit, what)?;
    Ok(bytes)
}

/// Reads on to the end, if that is not beyond the limit.
fn rest(
    source: Box<dyn Read>,
    size: Option<u64>,
    bytes: &mut Vec<u8>,
    path: &Path,
    limit: u64,
    what: &str,
) -> Result<(), Failure> {
    if size.is_some_and(|s| s > limit) {
        return Err(too_large(path, limit, what));
    }
    let left = (limit + 1).saturating_sub(bytes.len() as u64);
    source.take(left).read_to_end(bytes).map_err(|e| unreadable(path, &e))?;
    if bytes.len() as u64 > limit { Err(too_large(path, limit, what)) } else { Ok(()) }
}

/// The first bytes of a file.
pub(super) fn head(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let (source, _) = open(path, "file")?;
    let mut bytes = Vec::new();
    source.take(most as u64).read_to_end(&mut bytes).map_err(|e| unreadable(path, &e))?;
    Ok(bytes)
}

/// A file piece by piece, however large it is.
pub(super) fn pieces(path: &Path, what: &str, mut feed: impl FnMut(&[u8])) -> Result<(), Failure> {
    let (mut source, size) = open(path, what)?;
    rest_in_pieces(&mut *source, path, Progress::new(size, 0), &mut feed)
}

/// What to give instead of something that cannot be it.
fn instead(what: &str) -> &'static str {
    match what {
        "log" => "give CBS.log or the lines of it that matter",
        "web.config" => {
            "give %programfiles%\\Update Services\\WebServices\\ClientWebService\\web.config of the WSUS server"
        }
        "rules" => "give the core fragment of one update",
        _ => "run `systeminfo > host.txt` on the machine",
    }
}

fn too_large(path: &Path, limit: u64, what: &str) -> Failure {
    Failure::input(format!(
        "{}: is larger than {} MB, more than any {what}; {}",
        named(path),
        limit >> 20,
        instead(what)
    ))
}

/// Reads one inventory. Logs are told by their first bytes and read piece by piece, however large they are.
fn inventory_of(path: &Path) -> Result<Vec<Parsed>, Failure> {
    let what = "inventory";
    let refused = |e: inventory::ReadError| Failure::input(e.to_string());
    let (mut source, size) = open(path, what)?;
    let mut bytes = Vec::new();
    source.by_ref().take(inventory::HEAD as u64).read_to_end(&mut bytes).map_err(|e| unreadable(path, &e))?;
    let Some(mut log) = LogReader::detect(&named(path), &bytes) else {
        rest(source, size, &mut bytes, path, INVENTORY_LIMIT, what)?;
        return inventory::read_each(&Input { name: &named(path), bytes: &bytes }).map_err(refused);
    };
    log.feed(&bytes);
    let progress = Progress::new(size, bytes.len() as u64);
    rest_in_pieces(&mut *source, path, progress, &mut |piece| log.feed(piece))?;
    Ok(vec![log.finish().map_err(refused)?])
}

/// How far a long log was read, on a terminal; gone when it is done.
pub(super) struct Progress {
    size: Option<u64>,
    done: u64,
    shown: Option<u64>,
    terminal: bool,
}

impl Progress {
    pub(super) fn new(size: Option<u64>, done: u64) -> Self {
        let long = size.is_none_or(|s| s > LONG_LOG);
        Self { size, done, shown: None, terminal: long && io::stderr().is_terminal() }
    }

    pub(super) fn add(&mut self, bytes: u64) {
        self.done += bytes;
        let (now, unit) = match self.size {
            Some(size) => (self.done * 100 / size.max(1), "%"),
            None => ((self.done >> 20) / 50 * 50, " MB"),
        };
        if self.terminal && self.done > LONG_LOG / 10 && self.shown != Some(now) {
            self.shown = Some(now);
            let _ = write!(io::stderr(), "\rkbwhy: reading {now}{unit} ");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r{:40}\r", "");
        }
    }
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
        for one in inventory_of(path)? {
            inputs.push(InputRead { name: named(path), format: one.format, encoding: one.encoding });
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

/// Reads applicability rules.
pub(super) fn rules(files: &[PathBuf]) -> Result<Vec<RuleDocument>, Failure> {
    if files.iter().filter(|f| is_stdin(f)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be named once"));
    }
    let mut out = Vec::new();
    for path in files {
        if let Some(content) = super::package::of_cabinet(path)? {
            let found = super::package::rules(&content);
            if found.is_empty() {
                return Err(Failure::input(format!(
                    "{}: has no rules of Windows Update in it (WSUSSCAN.cab); `kbwhy package` shows what it has",
                    named(path)
                )));
            }
            out.extend(found);
            continue;
        }
        let bytes = read(path, applicability::LIMIT as u64, "rules")?;
        let text = inventory::decode(&bytes);
        out.extend(applicability::parse(&named(path), &text).map_err(|e| Failure::input(e.to_string()))?);
    }
    Ok(out)
}

/// Reads the decisive lines of logs, piece by piece, however large they are.
pub(super) fn logs(files: &[PathBuf]) -> Result<Vec<LogRead>, Failure> {
    if files.iter().filter(|f| is_stdin(f)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be named once"));
    }
    let mut read = Vec::new();
    for path in files {
        let (mut source, size) = open(path, "log")?;
        let mut head = Vec::new();
        source
            .by_ref()
            .take(inventory::HEAD as u64)
            .read_to_end(&mut head)
            .map_err(|e| unreadable(path, &e))?;
        let reader = diagnose::LogReader::detect(&named(path), &head);
        let mut reader = reader.map_err(|e| Failure::input(e.to_string()))?;
        reader.feed(&head);
        let done = head.len() as u64;
        rest_in_pieces(&mut *source, path, Progress::new(size, done), &mut |piece| reader.feed(piece))?;
        read.push((path, reader.finish()));
    }
    let silent: Vec<String> =
        read.iter().filter(|(_, log)| log.is_empty()).map(|(path, _)| named(path)).collect();
    for name in silent {
        let _ = writeln!(io::stderr(), "kbwhy: {name}: no line of it tells of a cause");
    }
    Ok(read.into_iter().map(|(_, log)| log).collect())
}

/// Hands on what is left of an input.
fn rest_in_pieces(
    source: &mut dyn Read,
    path: &Path,
    mut progress: Progress,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), Failure> {
    let mut piece = vec![0; PIECE];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                take(piece.get(..n).unwrap_or_default());
                progress.add(n as u64);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(unreadable(path, &e)),
        }
    }
}
