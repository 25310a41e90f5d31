//! The updates that are wanted: from the command line, and from files.

use super::super::{Failure, input};
use crate::model::{KbError, KbId};
use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The largest list, and the most updates: more than were ever released for one system.
const LIMIT: u64 = 1 << 20;
const UPDATES: usize = 20_000;

/// Updates of the command line and of files, each once, by number.
pub(super) fn read(
    typed: &[String],
    files: &[PathBuf],
    inventories: &[PathBuf],
) -> Result<Vec<KbId>, Failure> {
    let mut out = BTreeSet::new();
    let mut lists: Vec<PathBuf> = files.to_vec();
    for text in typed {
        match text.strip_prefix('@') {
            Some(file) => lists.push(PathBuf::from(file)),
            None => {
                out.insert(text.parse().map_err(|e: KbError| Failure::usage(e.to_string()))?);
            }
        }
    }
    if lists.iter().chain(inventories).filter(|f| input::is_stdin(f)).count() > 1 {
        return Err(Failure::usage("standard input (-) can be named once"));
    }
    for file in &lists {
        list(file, &mut out)?;
    }
    if out.is_empty() {
        return Err(Failure::usage("no update is named: give one, such as KB3172614"));
    }
    Ok(out.into_iter().collect())
}

/// One update in a line, or several with blanks or commas between them; `#` begins a remark.
fn list(path: &Path, out: &mut BTreeSet<KbId>) -> Result<(), Failure> {
    let name = input::named(path);
    let failed = |e: io::Error| Failure::input(format!("{name}: cannot be read: {e}"));
    if path.is_dir() {
        return Err(Failure::input(format!("{name}: is a folder; name a file with one update in a line")));
    }
    let mut bytes = Vec::new();
    if input::is_stdin(path) {
        io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        File::open(path).and_then(|f| f.take(LIMIT + 1).read_to_end(&mut bytes)).map_err(failed)?;
    }
    if bytes.len() as u64 > LIMIT {
        return Err(Failure::input(format!("{name}: is larger than 1 MB, more than any list of updates")));
    }
    let before = out.len();
    for (number, line) in (1..).zip(crate::inventory::decode(&bytes).lines()) {
        let line = line.split('#').next().unwrap_or("");
        for word in line.split([' ', '\t', ',', ';', '\u{feff}', '\r']).filter(|w| !w.is_empty()) {
            let kb = word.trim_matches(['"', '\'']).parse().map_err(|e: KbError| {
                Failure::input(format!("{name}:{number}: {e}; one update in a line, such as KB3172614"))
            })?;
            out.insert(kb);
            if out.len() > UPDATES {
                return Err(Failure::input(format!("{name}:{number}: more than {UPDATES} updates")));
            }
        }
    }
    if out.len() == before && before == 0 {
        return Err(Failure::input(format!("{name}: names no update; one in a line, such as KB3172614")));
    }
    Ok(())
}
