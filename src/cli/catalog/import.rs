//! `kbwhy catalog import`: files of any kind that is recognised, into the cache, all or none.

use super::super::{
    Exit, Failure,
    cache::{Added, Cache, CacheArgs, Change},
    commands::Printed,
    input::{self, Progress},
};
use crate::{
    catalog::Catalog,
    sources::{self, Imported, Input, ReadSeek},
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// The most that is read of something that is no file on a disk.
const STREAM_LIMIT: u64 = 1 << 30;
/// How much is read at once.
const PIECE: usize = 256 * 1024;
/// Remarks that are printed of one file.
const REMARKS: usize = 12;

/// Files are recognised by their content. Every file is read and checked first: if one cannot be read, nothing is
/// imported and the exit code is 3. A file of the same source replaces what was imported of it before.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Import {
    /// Files to read; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Read and check, and print what would be imported; write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Read the applicability rules of this KB too, and of what it needs; from wsusscn2.cab. Name all KBs at once
    /// (may be repeated): importing the file again replaces what was imported of it
    #[arg(long, value_name = "KB")]
    pub(in crate::cli) rules: Vec<crate::model::KbId>,
    #[command(flatten)]
    pub(in crate::cli) cache: CacheArgs,
}

pub(in crate::cli) fn run(typed: &Import) -> Printed {
    if typed.files.iter().filter(|f| input::is_stdin(f)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be named once"));
    }
    let cache = Cache::open(&typed.cache)?;
    let today = jiff::Zoned::now().date().to_string();
    let mut all = Vec::new();
    for path in &typed.files {
        all.push(read(path, &today, &typed.rules)?);
    }
    sources::update_catalog::together(&mut all);
    let mut out = String::new();
    let told: Vec<String> = all.iter().map(counts).collect();
    let heads: Vec<String> = all.iter().map(|i| format!("{}: {}", i.source.title, i.format)).collect();
    let added = if typed.dry_run { cache.try_add(all)? } else { cache.add(all)? };
    for ((path, told), (head, change)) in typed.files.iter().zip(told).zip(heads.iter().zip(&added.each)) {
        let change = match change {
            Change::New => "new",
            Change::Replaced => "replaces the one imported before",
            Change::Same => "already imported, nothing changed",
        };
        let _ = writeln!(out, "{}: {change}", input::named(path));
        wrapped(&mut out, head, "  ");
        out.push_str(&told);
    }
    closing(&mut out, &added, typed.dry_run);
    Ok((out, Exit::Good))
}

/// What one file told, in words.
fn counts(i: &Imported) -> String {
    let f = &i.facts;
    let mut updates: BTreeSet<&str> = f.updates.iter().map(|u| &*u.kb).collect();
    updates.extend(f.lines.iter().flat_map(|(_, e)| e).filter_map(|e| e.kb.as_deref()));
    let supersedes = f.updates.iter().map(|u| u.supersedes.len()).sum::<usize>()
        + f.relations.iter().filter(|r| r.relation == "supersedes").map(|r| r.to.len()).sum::<usize>();
    let of_packages = f.updates.iter().flat_map(|u| &u.packages).flat_map(|p| &p.products);
    let of_lines = f.lines.iter().flat_map(|(l, _)| &l.products);
    let products: BTreeSet<&String> = of_packages.chain(of_lines).collect();
    let entries = f.lines.iter().map(|(_, e)| e.len()).sum::<usize>();
    let mut parts = Vec::new();
    for (n, what) in [
        (updates.len(), "update"),
        (i.metadata.as_ref().map_or(0, |m| m.len()), "GUID"),
        (supersedes, "supersedence relation"),
        (products.len(), "product"),
        (entries, "revision"),
        (f.rules.len(), "prerequisite rule"),
        (f.withdrawn.len(), "withdrawal"),
        (f.defects.len(), "defect"),
        (f.removed.len(), "removal"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {what}{}", if n == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() {
        parts.push("nothing that kbwhy uses".to_owned());
    }
    let mut out = String::new();
    wrapped(&mut out, &parts.join(", "), "  ");
    remarks(&mut out, i.remarks.iter().map(|r| (&*r.text, r.count, &*r.first)), "  ");
    out
}

fn remarks<'a>(out: &mut String, all: impl Iterator<Item = (&'a str, u64, &'a str)>, indent: &str) {
    let mut left = 0;
    for (at, (text, count, first)) in all.enumerate() {
        if at >= REMARKS {
            left += 1;
            continue;
        }
        let first = if first.is_empty() { String::new() } else { format!(" (first: {first})") };
        wrapped(out, &input::shown_long(&format!("{count} x {text}{first}")), indent);
    }
    if left > 0 {
        let _ = writeln!(out, "{indent}{left} further remarks");
    }
}

fn closing(out: &mut String, added: &Added, dry_run: bool) {
    if !added.remarks.is_empty() {
        out.push_str("joined with what was there:\n");
        remarks(out, added.remarks.iter().map(|r| (&*r.text, r.count, &*r.first)), "  ");
    }
    let _ = writeln!(out, "catalog as of {}: {} updates", added.as_of, added.updates);
    if dry_run {
        out.push_str("nothing was written (--dry-run)\n");
    }
}

/// A text in lines of at most 80 columns, the second and further ones set in.
fn wrapped(out: &mut String, text: &str, indent: &str) {
    let mut width = indent.len();
    out.push_str(indent);
    let mut first = true;
    for word in text.split(' ') {
        let columns = unicode_width::UnicodeWidthStr::width(word);
        if !first && width + 1 + columns > 80 {
            let _ = write!(out, "\n{indent}  ");
            width = indent.len() + 2;
        } else if !first {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += columns;
        first = false;
    }
    out.push('\n');
}

/// Reads one file; its digest is made beside, on its own handle.
pub(super) fn read(path: &Path, today: &str, rules: &[crate::model::KbId]) -> Result<Imported, Failure> {
    let name = input::named(path);
    let unreadable = |e: io::Error| Failure::input(format!("{name}: cannot be read: {e}"));
    if !input::is_stdin(path) && path.is_dir() {
        return Err(Failure::input(format!("{name}: is a folder; name its files")));
    }
    let file = if input::is_stdin(path) { None } else { Some(File::open(path).map_err(unreadable)?) };
    let size = match &file {
        Some(f) => f.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len()),
        None => None,
    };
    let (result, digest) = match (file, size) {
        (Some(file), Some(size)) => {
            let second = File::open(path).map_err(unreadable)?;
            std::thread::scope(|s| {
                let beside = std::thread::Builder::new().spawn_scoped(s, || digest(second));
                let mut watched = Watched::new(BufReader::with_capacity(PIECE, file), size);
                let result = import(&name, &mut watched, size, today, rules);
                let digest = match beside {
                    Ok(thread) => thread.join().ok().flatten(),
                    // no further thread to be had
                    Err(_) => File::open(path).ok().and_then(digest),
                };
                (result, digest)
            })
        }
        (file, _) => {
            let mut bytes = Vec::new();
            let mut source: Box<dyn Read> = match file {
                Some(f) => Box::new(f),
                None => Box::new(io::stdin().lock()),
            };
            // a device may have no end: nothing is gathered that is not recognised
            source.by_ref().take(sources::HEAD).read_to_end(&mut bytes).map_err(unreadable)?;
            sources::recognise(&name, &bytes)
                .map_err(|e| Failure::input(input::shown_long(&e.to_string())))?;
            let left = (STREAM_LIMIT + 1).saturating_sub(bytes.len() as u64);
            source.take(left).read_to_end(&mut bytes).map_err(unreadable)?;
            if bytes.len() as u64 > STREAM_LIMIT {
                return Err(Failure::input(format!(
                    "{name}: more than {} MB; save it to a file",
                    STREAM_LIMIT >> 20
                )));
            }
            let digest = digest(&bytes[..]);
            let size = bytes.len() as u64;
            (import(&name, &mut Cursor::new(bytes), size, today, rules), digest)
        }
    };
    let mut imported = result?;
    imported.source.digest = imported.source.digest.or(digest);
    if !rules.is_empty() {
        let kbs: std::collections::BTreeSet<String> = rules.iter().map(ToString::to_string).collect();
        let kbs = kbs.into_iter().collect::<Vec<_>>().join(", ");
        imported.source.via = Some(format!("the file, with the applicability rules of {kbs}"));
    }
    Ok(imported)
}

fn import(
    name: &str,
    reader: &mut dyn ReadSeek,
    size: u64,
    today: &str,
    rules: &[crate::model::KbId],
) -> Result<Imported, Failure> {
    let mut input = Input { name, reader, size, read: today };
    let imported = if rules.is_empty() {
        sources::import(&mut input, Catalog::embedded())
    } else {
        sources::offline_sync::import_with_rules(&mut input, Catalog::embedded(), rules)
    };
    imported.map_err(|e| Failure::input(input::shown_long(&e.to_string())))
}

fn digest(mut source: impl Read) -> Option<String> {
    let mut sha = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match source.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => sha.update(piece.get(..n)?),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(sha.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// A file whose reading is shown, if it is long.
struct Watched<R> {
    inner: R,
    at: u64,
    furthest: u64,
    progress: Progress,
}

impl<R> Watched<R> {
    fn new(inner: R, size: u64) -> Self {
        Self { inner, at: 0, furthest: 0, progress: Progress::new(Some(size), 0) }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.at += n as u64;
        if self.at > self.furthest {
            self.progress.add(self.at - self.furthest);
            self.furthest = self.at;
        }
        Ok(n)
    }
}

impl<R: Seek> Seek for Watched<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}
