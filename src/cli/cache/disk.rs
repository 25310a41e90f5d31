//! Files that appear whole or not at all, and writers that exclude one another.

use super::super::{Failure, input::named};
use crate::metadata::ReadAt;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, TryLockError},
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

/// What unfinished files are called: the next writer removes them.
pub(super) const UNFINISHED: &str = ".unfinished-";

/// What is said where reading fails.
const UNREADABLE: &str = "cannot be read";

/// A cache that cannot be written or read: one line.
pub(super) fn failed(path: &Path, what: &str, e: &io::Error) -> Failure {
    use io::ErrorKind as Kind;
    let writes = what != UNREADABLE;
    let advice = match e.kind() {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge if writes => "; nothing was changed",
        Kind::PermissionDenied | Kind::InvalidFilename if !writes => "; name another folder with --cache",
        Kind::PermissionDenied
        | Kind::ReadOnlyFilesystem
        | Kind::InvalidFilename
        | Kind::AlreadyExists
        | Kind::NotADirectory => "; name a folder that may be written with --cache",
        _ => "",
    };
    // the path is named once
    let told = e.to_string();
    let told = told.split(" at path \"").next().unwrap_or(&told);
    Failure::catalog(format!("{}: {what}: {told}{advice}", named(path)))
}

/// Makes the folder.
pub(super) fn folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|e| failed(path, "cannot be made", &e))
}

/// Writes a file that appears whole, under its name, once it is on the disk.
pub(super) fn write(folder: &Path, name: &str, parts: &[&[u8]]) -> Result<(), Failure> {
    let path = folder.join(name);
    let done = || -> io::Result<()> {
        let mut file = new(folder)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.as_file().sync_all()?;
        appear(file, &path)
    };
    done().map_err(|e| failed(&path, "cannot be written", &e))
}

/// Gives an unfinished file its name. Windows refuses that while somebody, a virus scanner say, holds the former file:
/// mostly for a moment.
fn appear(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    let mut file = file;
    let mut tries = if cfg!(windows) { 50 } else { 0 };
    loop {
        match file.persist(path) {
            Ok(_) => return Ok(()),
            Err(e) if tries > 0 && e.error.kind() == io::ErrorKind::PermissionDenied => {
                tries -= 1;
                file = e.file;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            Err(e) => return Err(e.error),
        }
    }
}

/// Writes a file that is named by the digest of what it holds: name, digest, size.
pub(super) fn write_named(
    folder: &Path,
    ending: &str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(String, String, u64), Failure> {
    let done = || -> io::Result<(String, String, u64)> {
        let mut out =
            Hashing { inner: BufWriter::with_capacity(1 << 20, new(folder)?), sha: Sha256::new(), size: 0 };
        fill(&mut out)?;
        let (sha256, size) = (super::hex(&out.sha.finalize()), out.size);
        let file = out.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        let name = format!("{sha256}.{ending}");
        appear(file, &folder.join(&name))?;
        Ok((name, sha256, size))
    };
    done().map_err(|e| failed(folder, "cannot be written", &e))
}

/// Takes the digest of what is written.
struct Hashing<W> {
    inner: W,
    sha: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.sha.update(bytes.get(..n).unwrap_or(bytes));
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file that is read where it is asked for.
#[derive(Debug)]
pub(super) struct FileAt(pub(super) File);

impl ReadAt for FileAt {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(&self.0, buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    buffer = buffer.get_mut(n..).unwrap_or_default();
                    offset += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

fn new(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        // a cache may be shared: what the user's mask allows, not what suits secrets
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Brings the names of a folder's files onto the disk, where the system can.
pub(super) fn settle(folder: &Path) {
    if cfg!(unix)
        && let Ok(f) = File::open(folder)
    {
        let _ = f.sync_all();
    }
}

/// Held while a process writes; given back when it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock if no other process writes now.
    pub(super) fn at_once(folder: &Path) -> Option<Self> {
        let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock")).ok()?;
        file.try_lock().ok().map(|()| Self { _file: file })
    }

    /// Waits until no other process writes.
    pub(super) fn take(folder: &Path) -> Result<Self, Failure> {
        self::folder(folder)?;
        let path = folder.join("lock");
        if fs::metadata(&path).is_ok_and(|m| !m.is_file()) {
            return Err(failed(&path, "cannot be written", &io::Error::other("is not a file; remove it")));
        }
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(|e| failed(&path, "cannot be written", &e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                if io::stderr().is_terminal() {
                    let _ =
                        writeln!(io::stderr(), "kbwhy: another kbwhy writes to {}; waiting", named(folder));
                }
                file.lock().map_err(|e| failed(&path, "cannot be locked", &e))?;
            }
            Err(TryLockError::Error(e)) => return Err(failed(&path, "cannot be locked", &e)),
        }
        Ok(Self { _file: file })
    }
}

/// Is this a name that the cache gives to files in `data`?
fn is_ours(name: &str) -> bool {
    let Some((digest, ending)) = name.split_once('.') else { return false };
    let hex = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    hex && ["rows", "guids", "catalog"].contains(&ending)
}

/// Removes what no reader can want: unfinished files, and those of the cache that `wanted` does not name. Files that
/// are not the cache's stay. Only under the lock.
pub(super) fn sweep(folder: &Path, wanted: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|t| t.is_file());
        let name = entry.file_name();
        let unwanted = |n: &str| n.starts_with(UNFINISHED) || is_ours(n) && !wanted(n);
        if is_file && name.to_str().is_some_and(unwanted) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The bytes of a file, at most so many; none if there is no such file.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    use io::Read;
    let done = || -> io::Result<Option<Vec<u8>>> {
        // opening a pipe waits for ever, and a device has no end
        let open = fs::metadata(path).and_then(|m| {
            if m.is_file() {
                File::open(path)
            } else {
                Err(io::Error::other("is not a file; remove it, and import again"))
            }
        });
        let file = match open {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            other => other?,
        };
        let size = file.metadata()?.len();
        if size > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "larger than any that kbwhy writes; remove it, and import again",
            ));
        }
        let mut bytes = Vec::with_capacity(size as usize);
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    done().map_err(|e| failed(path, UNREADABLE, &e))
}
