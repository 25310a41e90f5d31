//! The cache on disk: what was imported and fetched, and the catalog that is compiled of it. Files appear whole or not
//! at all; writers exclude one another, readers never wait.
//!
//! ```text
//! manifest.json       what is there; renamed last, so that the cache is always of one state
//! data/<sha256>.rows  rows of one source, as JSON Lines, deflated
//! data/<sha256>.guids its updates by GUID
//! data/<...>.catalog  the embedded rows and all sources, compiled: what `explain` opens
//! pages/<sha256>.page a page as it was fetched, by its address
//! lock                held while a process writes
//! ```

mod disk;
mod manifest;
// only what is fetched has pages
#[cfg_attr(not(feature = "online"), allow(dead_code))]
mod pages;
#[cfg(test)]
mod tests;

pub(super) use manifest::Stored;
#[cfg(feature = "online")]
pub(super) use pages::Page;

use super::{Failure, input::named};
use crate::{
    applicability::{self, KnownRules},
    catalog::{
        Catalog, STAMP,
        bytes::sums,
        compile, embedded_facts,
        facts::{Facts, SourceRow},
        join, rows,
    },
    metadata::{MetadataIndex, ReadAt},
    model::{KbId, SourceKind},
    sources::Imported,
};
use etcetera::BaseStrategy;
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use manifest::{Compiled, Found, Kept, Manifest};
use sha2::{Digest, Sha256};
use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The largest file of the cache that is read whole, and the most that one unpacks to.
const LIMIT: u64 = 4 << 30;
/// How often a reader looks again where a writer took a file away under it.
const TRIES: u8 = 5;

/// Where the cache is.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct CacheArgs {
    /// Folder of imported and fetched facts; otherwise KBWHY_CACHE, or kbwhy in the user's cache folder
    #[arg(long = "cache", value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
}

/// Whether imported facts take part, and where they are.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ReadArgs {
    #[command(flatten)]
    pub(super) cache: CacheArgs,
    /// Only the facts that are built in, nothing that was imported
    #[arg(long, conflicts_with = "folder")]
    pub(super) no_cache: bool,
}

impl ReadArgs {
    /// An answer of the catalog that is meant, by the pages that it needs.
    pub(super) fn ask<T>(&self, answer: impl Fn(&Catalog) -> T) -> Result<T, Failure> {
        match self.told() {
            Some(cache) => cache.ask(answer),
            None => Ok(answer(Catalog::embedded())),
        }
    }

    /// The catalog that is meant.
    pub(super) fn catalog(&self) -> Result<Cow<'static, Catalog>, Failure> {
        self.told().map_or(Ok(Cow::Borrowed(Catalog::embedded())), |cache| cache.catalog())
    }

    /// The cache that is meant; if it was named and is not there, that is told.
    fn told(&self) -> Option<Cache> {
        if let Some(folder) = self.cache.folder.as_deref().filter(|f| !f.is_dir()) {
            let why = if folder.exists() { "is not a folder" } else { "there is no such folder" };
            tell(&format!("{}: {why}; only built-in facts are used", named(folder)));
        }
        self.cache()
    }

    /// The cache that is meant, if there may be one.
    pub(super) fn cache(&self) -> Option<Cache> {
        if self.no_cache { None } else { folder_of(&self.cache).map(|folder| Cache { folder }) }
    }

    /// The rows of each source that was imported.
    pub(super) fn rows(&self) -> Result<Vec<join::Source>, Failure> {
        match self.cache() {
            Some(cache) => Ok(cache.gather()?.sources),
            None => Ok(Vec::new()),
        }
    }

    /// The updates by GUID that were imported.
    pub(super) fn metadata(&self) -> Result<Option<MetadataIndex>, Failure> {
        self.cache().map_or(Ok(None), |c| c.metadata())
    }
}

impl ReadArgs {
    /// What imported metadata has of the rules of one update. An index that cannot be read is told, and costs its rules, no
    /// answer.
    pub(super) fn rules_of(&self, kb: KbId) -> KnownRules {
        let Some(cache) = self.cache() else { return KnownRules::default() };
        // a manifest that cannot be read is told where the catalog is opened
        let Ok(Found::Whole(_)) = manifest::load(&cache.folder) else { return KnownRules::default() };
        let index = match cache.metadata() {
            Ok(Some(index)) => index,
            Ok(None) => return KnownRules::default(),
            Err(e) => {
                tell(&format!("{}; its rules are left out", e.line));
                return KnownRules::default();
            }
        };
        applicability::documents_of(&index, kb).unwrap_or_else(|e| {
            tell(&format!("{}: {e}; its rules are left out", named(cache.folder())));
            KnownRules::default()
        })
    }
}

/// An opened cache; the folder need not exist yet.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// What became of sources that were added.
#[derive(Debug, Default)]
pub(super) struct Added {
    /// for each, in order: it was new, replaced a former one, or was there already
    pub(super) each: Vec<Change>,
    /// what the join of all sources left out or repaired
    pub(super) remarks: Vec<join::Remark>,
    /// updates that the catalog describes now
    pub(super) updates: usize,
    /// its date
    pub(super) as_of: String,
}

/// The rows of all sources, and what names them.
struct Gathered {
    manifest: Manifest,
    sources: Vec<join::Source>,
    /// none was left out
    whole: bool,
}

/// What became of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// there was none of its name
    New,
    /// it takes the place of the former one
    Replaced,
    /// the same file was imported before
    Same,
}

fn folder_of(args: &CacheArgs) -> Option<PathBuf> {
    let from_environment = || std::env::var_os("KBWHY_CACHE").filter(|v| !v.is_empty()).map(PathBuf::from);
    let of_user = || etcetera::choose_base_strategy().ok().map(|s| s.cache_dir().join("kbwhy"));
    args.folder.clone().or_else(from_environment).or_else(of_user)
}

/// One line on standard error.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "kbwhy: {line}");
}

/// A name of a file in this folder, not in another.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl Cache {
    /// The cache that the arguments mean.
    pub(super) fn open(args: &CacheArgs) -> Result<Self, Failure> {
        let folder = folder_of(args);
        let none =
            || Failure::catalog("there is no home folder to keep a cache in; name a folder with --cache");
        folder.map(|folder| Self { folder }).ok_or_else(none)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn lock(&self) -> Result<disk::Lock, Failure> {
        disk::Lock::take(&self.folder)
    }

    /// The manifest; a damaged one is told and counts as none.
    fn manifest(&self) -> Result<Manifest, Failure> {
        match manifest::load(&self.folder)? {
            Found::Whole(m) => Ok(m),
            Found::None => Ok(Manifest::default()),
            Found::Damaged => {
                tell(&format!(
                    "{}: damaged, so only built-in facts are used; run `kbwhy catalog import` again",
                    named(&self.folder.join(manifest::NAME))
                ));
                Ok(Manifest::default())
            }
        }
    }

    /// What was imported.
    #[cfg(test)]
    pub(super) fn sources(&self) -> Result<Vec<Stored>, Failure> {
        Ok(self.manifest()?.sources)
    }

    /// Tells that a source takes no part.
    fn left_out(&self, source: &Stored) {
        let why = match SourceKind::parse(&source.kind) {
            Some(_) => "damaged and left out; run `kbwhy catalog import` for it again",
            None => "of a kind that only a newer kbwhy knows, and left out",
        };
        let title = super::input::shown(&source.source.title);
        tell(&format!("{}: the rows of {title} are {why}", named(&self.folder)));
    }

    /// The rows of a source; none if they are damaged.
    pub(super) fn rows(&self, source: &Stored) -> Result<Option<Facts>, Failure> {
        let Some(bytes) = self.intact(&source.rows)? else { return Ok(None) };
        let mut unpacked = Vec::new();
        let read = DeflateDecoder::new(&bytes[..]).take(LIMIT).read_to_end(&mut unpacked);
        read.map_err(|e| disk::failed(&self.folder, "cannot be unpacked", &e))?;
        let (facts, unread) = rows::read(&unpacked);
        if unread > 0 {
            tell(&format!(
                "{}: {unread} rows of {} were written by a newer kbwhy and are left out",
                named(&self.folder),
                source.source.title
            ));
        }
        Ok(Some(facts))
    }

    /// The updates by GUID of all sources, the newest first; none if no source has them. Damage shows where it is read.
    pub(super) fn metadata(&self) -> Result<Option<MetadataIndex>, Failure> {
        let mut tries = TRIES;
        'again: loop {
            let mut sources = self.manifest()?.sources;
            sources.sort_by(|a, b| (&b.source.read, &a.source.id).cmp(&(&a.source.read, &b.source.id)));
            let mut parts: Vec<Box<dyn ReadAt>> = Vec::new();
            for (stored, kept) in sources.iter().filter_map(|s| s.metadata.as_ref().map(|m| (s, m))) {
                let path = self.data().join(&kept.file);
                let whole = |f: &File| f.metadata().is_ok_and(|m| m.is_file() && m.len() == kept.size);
                // opening a pipe waits for ever
                let open = || match std::fs::metadata(&path) {
                    Ok(m) if !m.is_file() => Err(io::ErrorKind::InvalidInput.into()),
                    _ => File::open(&path),
                };
                match Some(&kept.file).filter(|f| is_plain(f)).map(|_| open()) {
                    Some(Ok(file)) if whole(&file) => parts.push(Box::new(disk::FileAt(file))),
                    Some(Err(e)) if e.kind() == io::ErrorKind::NotFound && tries > 0 => {
                        // a writer replaced it since the manifest was read
                        tries -= 1;
                        continue 'again;
                    }
                    _ => tell(&format!(
                        "{}: the metadata of {} is damaged and left out; run `kbwhy catalog import` for it again",
                        named(&self.folder),
                        stored.source.title
                    )),
                }
            }
            if parts.is_empty() {
                return Ok(None);
            }
            let failed = |e| Failure::catalog(format!("{}: {e}", named(&self.folder)));
            return MetadataIndex::open(parts).map(Some).map_err(failed);
        }
    }

    /// Is there a file of that name and size?
    fn has_size(&self, kept: &Kept) -> bool {
        let found = || std::fs::metadata(self.data().join(&kept.file));
        is_plain(&kept.file) && found().is_ok_and(|m| m.is_file() && m.len() == kept.size)
    }

    /// Is a kept file as it was written?
    fn is_whole(&self, kept: &Kept) -> bool {
        if !self.has_size(kept) {
            return false;
        }
        let Ok(mut file) = File::open(self.data().join(&kept.file)) else { return false };
        let mut sha = Sha256::new();
        let mut piece = vec![0; 1 << 20];
        loop {
            match file.read(&mut piece) {
                Ok(0) => return hex(&sha.finalize()) == kept.sha256,
                Ok(n) => sha.update(piece.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }

    /// The bytes of a kept file, if they are those that were written.
    fn intact(&self, kept: &Kept) -> Result<Option<Vec<u8>>, Failure> {
        let bytes =
            if self.has_size(kept) { disk::read(&self.data().join(&kept.file), LIMIT)? } else { None };
        let same = |b: &Vec<u8>| b.len() as u64 == kept.size && hex(&Sha256::digest(b)) == kept.sha256;
        Ok(bytes.filter(same))
    }

    /// The rows of all sources that are intact, each apart.
    fn gather(&self) -> Result<Gathered, Failure> {
        let mut manifest = self.manifest()?;
        let mut tries = TRIES;
        loop {
            let (mut sources, mut damaged) = (Vec::new(), Vec::new());
            for stored in &manifest.sources {
                match (self.rows(stored)?, SourceKind::parse(&stored.kind)) {
                    (Some(facts), Some(kind)) => {
                        sources.push(join::Source { kind, row: stored.source.clone(), facts });
                    }
                    _ => damaged.push(stored),
                }
            }
            if !damaged.is_empty() && tries > 0 {
                // a writer may have replaced them since the manifest was read
                tries -= 1;
                let now = self.manifest()?;
                if !manifest.has_same_rows(&now) {
                    manifest = now;
                    continue;
                }
            }
            damaged.iter().for_each(|s| self.left_out(s));
            let whole = damaged.is_empty();
            return Ok(Gathered { manifest, sources, whole });
        }
    }

    /// The catalog with all that is in the cache, checked whole; the embedded one if there is no cache.
    pub(super) fn catalog(&self) -> Result<Cow<'static, Catalog>, Failure> {
        let opened = self.opened()?;
        // every page is read once
        opened.check();
        if opened.is_damaged() { self.repaired() } else { Ok(opened) }
    }

    /// An answer of the catalog. Only the pages that it needs are read: if one is damaged, the answer is void, and is
    /// given again by a catalog that is made anew.
    pub(super) fn ask<T>(&self, answer: impl Fn(&Catalog) -> T) -> Result<T, Failure> {
        let opened = self.opened()?;
        let given = answer(&opened);
        if !opened.is_damaged() {
            return Ok(given);
        }
        Ok(answer(&*self.repaired()?))
    }

    fn repaired(&self) -> Result<Cow<'static, Catalog>, Failure> {
        tell(&format!(
            "{}: the compiled catalog is damaged; it is made anew of the rows",
            named(&self.folder)
        ));
        self.recompile()
    }

    /// The catalog of which nothing but the head was read.
    fn opened(&self) -> Result<Cow<'static, Catalog>, Failure> {
        let mut tries = TRIES;
        loop {
            let manifest = self.manifest()?;
            if manifest.sources.is_empty() {
                return Ok(Cow::Borrowed(Catalog::embedded()));
            }
            let Some(compiled) = manifest.catalog.as_ref().filter(|c| c.stamp == STAMP) else {
                return self.recompile();
            };
            // opening a pipe waits for ever
            let path = self.data().join(&compiled.file);
            let file = match std::fs::metadata(&path) {
                _ if !is_plain(&compiled.file) => Err(io::ErrorKind::InvalidInput.into()),
                Ok(m) if !m.is_file() || m.len() != compiled.size => Err(io::ErrorKind::InvalidInput.into()),
                _ => File::open(&path),
            };
            let missing = file.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
            if let Ok(file) = file
                && let Ok(size) = usize::try_from(compiled.size)
            {
                let file = disk::FileAt(file);
                let read = move |at: u64, out: &mut [u8]| file.read_at(at, out);
                if let Ok(catalog) = Catalog::paged(size, compiled.pages.clone(), Box::new(read)) {
                    return Ok(Cow::Owned(catalog));
                }
            }
            tries -= 1;
            if !missing || tries == 0 {
                return self.repaired();
            }
            // a writer replaced it since the manifest was read
        }
    }

    /// Compiles anew what another version of the program compiled, or what is damaged; keeps it if that is possible.
    fn recompile(&self) -> Result<Cow<'static, Catalog>, Failure> {
        let Gathered { manifest, sources, whole } = self.gather()?;
        let joined = join::join(embedded_facts(), sources);
        let compiled = compile::compile(&joined.facts).and_then(|bytes| {
            let catalog = Catalog::from_bytes(bytes.clone());
            Ok((bytes, catalog.map_err(|e| crate::catalog::FactsError::new("index", e.to_string()))?))
        });
        let (bytes, catalog) = match compiled {
            Ok(both) => both,
            Err(e) => {
                tell(&format!("{}: {e}; only built-in facts are used", named(&self.folder)));
                return Ok(Cow::Borrowed(Catalog::embedded()));
            }
        };
        if whole {
            // a folder that cannot be written costs time at each start, no answer
            let _ = self.keep_compiled(&manifest, &bytes);
        }
        Ok(Cow::Owned(catalog))
    }

    fn keep_compiled(&self, seen: &Manifest, bytes: &[u8]) -> Result<(), Failure> {
        // who only reads does not wait: whoever writes compiles, too
        let Some(_lock) = disk::Lock::at_once(&self.folder) else { return Ok(()) };
        let Found::Whole(mut now) = manifest::load(&self.folder)? else { return Ok(()) };
        if !seen.has_same_rows(&now) {
            return Ok(());
        }
        now.catalog = Some(self.put_catalog(bytes)?);
        now.save(&self.folder)?;
        disk::sweep(&self.data(), |name| now.names(name));
        Ok(())
    }

    fn put_catalog(&self, bytes: &[u8]) -> Result<Compiled, Failure> {
        let data = self.data();
        disk::folder(&data)?;
        let file = format!("{}.catalog", hex(&Sha256::digest(bytes)));
        disk::write(&data, &file, &[bytes])?;
        Ok(Compiled { file, size: bytes.len() as u64, pages: sums(bytes), stamp: STAMP.to_owned() })
    }

    /// Keeps a file; a rehearsal keeps none.
    fn put(
        &self,
        keep: bool,
        ending: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Kept, Failure> {
        if !keep {
            return Ok(Kept::nowhere());
        }
        let data = self.data();
        disk::folder(&data)?;
        let (file, sha256, size) = disk::write_named(&data, ending, fill)?;
        Ok(Kept { file, sha256, size })
    }

    /// What adding these would give: nothing is written.
    pub(super) fn try_add(&self, imported: Vec<Imported>) -> Result<Added, Failure> {
        let mut manifest = self.manifest()?;
        let (added, _, _) = self.joined(&mut manifest, imported, false)?;
        Ok(added)
    }

    /// Adds what was imported, all or nothing, and compiles the catalog anew.
    pub(super) fn add(&self, imported: Vec<Imported>) -> Result<Added, Failure> {
        let _lock = self.lock()?;
        let mut manifest = self.manifest()?;
        let (added, bytes, changed) = self.joined(&mut manifest, imported, true)?;
        if changed {
            manifest.catalog = Some(self.put_catalog(&bytes)?);
            disk::settle(&self.data());
            manifest.save(&self.folder)?;
        }
        disk::sweep(&self.data(), |name| manifest.names(name));
        disk::sweep(&self.folder, |_| true);
        Ok(added)
    }

    /// Puts sources into the manifest and joins all: what became of them, the compiled catalog, whether all that
    /// changes anything.
    fn joined(
        &self,
        manifest: &mut Manifest,
        imported: Vec<Imported>,
        keep: bool,
    ) -> Result<(Added, Vec<u8>, bool), Failure> {
        let mut added = Added::default();
        let mut fresh = Vec::new();
        for i in imported {
            let known = |s: &Stored| s.format == i.format && s.source.id == i.source.id;
            let former = manifest.sources.iter().position(known);
            // the same file, of which the same was asked
            let read_of = |s: &SourceRow| (s.digest.clone(), s.via.clone());
            let same = |s: &Stored| {
                s.source.digest.is_some() && read_of(&s.source) == read_of(&i.source) && s.by == STAMP
            };
            let before = former.and_then(|at| manifest.sources.get(at)).filter(|s| same(s));
            // importing again is what repairs damage
            if let Some(s) = before
                && self.is_whole(&s.rows)
                && s.metadata.as_ref().is_none_or(|m| self.is_whole(m))
            {
                added.each.push(Change::Same);
                continue;
            }
            added.each.push(if former.is_some() { Change::Replaced } else { Change::New });
            if let Some(at) = former {
                manifest.sources.remove(at);
            }
            let duplicate = |s: &join::Source| s.row.id == i.source.id && s.kind == i.kind;
            fresh.retain(|(s, f, _): &(join::Source, &str, Stored)| !(duplicate(s) && *f == i.format));
            let stored = self.stored(&i, keep)?;
            fresh.push((join::Source { kind: i.kind, row: i.source, facts: i.facts }, i.format, stored));
        }
        let changed = !fresh.is_empty() || manifest.catalog.as_ref().is_none_or(|c| c.stamp != STAMP);
        if !changed {
            let catalog = self.catalog()?;
            (added.updates, added.as_of) = (catalog.len(), catalog.as_of().to_string());
            return Ok((added, Vec::new(), false));
        }
        // a source whose rows are damaged was told of; what is kept must be whole
        let mut sources = Vec::new();
        let mut whole = Vec::new();
        for stored in std::mem::take(&mut manifest.sources) {
            match (self.rows(&stored)?, SourceKind::parse(&stored.kind)) {
                (Some(facts), Some(kind)) => {
                    sources.push(join::Source { kind, row: stored.source.clone(), facts });
                    whole.push(stored);
                }
                // it is not this program's to throw away
                (Some(_), None) => {
                    self.left_out(&stored);
                    whole.push(stored);
                }
                (None, _) => self.left_out(&stored),
            }
        }
        for (source, _, stored) in fresh {
            sources.push(source);
            whole.push(stored);
        }
        whole.sort_by(|a, b| (&a.format, &a.source.id).cmp(&(&b.format, &b.source.id)));
        manifest.sources = whole;
        let joined = join::join(embedded_facts(), sources);
        let refused = |e: &dyn std::fmt::Display| {
            Failure::input(format!("what was imported does not fit the catalog: {e}; nothing was changed"))
        };
        let bytes = compile::compile(&joined.facts).map_err(|e| refused(&e))?;
        let catalog = Catalog::from_bytes(bytes.clone()).map_err(|e| refused(&e))?;
        (added.updates, added.as_of) = (catalog.len(), catalog.as_of().to_string());
        added.remarks = joined.remarks;
        Ok((added, bytes, true))
    }

    fn stored(&self, i: &Imported, keep: bool) -> Result<Stored, Failure> {
        let written = rows::write(&i.facts);
        if !rows::are_readable(&written) {
            let title = super::input::shown(&i.source.title);
            return Err(Failure::input(format!(
                "{title}: what it says of one update is larger than 4 MB, more than any real source; nothing was changed"
            )));
        }
        let rows = self.put(keep, "rows", |out| {
            let mut packed = DeflateEncoder::new(out, Compression::fast());
            packed.write_all(&written)?;
            packed.finish()?.flush()
        })?;
        let metadata =
            i.metadata.as_ref().map(|m| self.put(keep, "guids", |out| m.write(out))).transpose()?;
        Ok(Stored {
            kind: i.kind.name().to_owned(),
            format: i.format.to_owned(),
            source: i.source.clone(),
            imported: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            by: STAMP.to_owned(),
            rows,
            metadata,
            updates: i.facts.updates.len() as u64,
            remarks: i.remarks.iter().map(|r| (r.text.clone(), r.count)).collect(),
        })
    }
}
