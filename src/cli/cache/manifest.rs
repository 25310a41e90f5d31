//! What is in a cache: the one file that is renamed last, so that a cache is always of one state.

use super::super::{Failure, input::named};
use super::{disk, hex};
use crate::catalog::facts::SourceRow;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Version of the cache's schema: files, their members and the rows in them.
pub(super) const SCHEMA: semver::Version = semver::Version::new(1, 0, 0);
/// The file's name.
pub(super) const NAME: &str = "manifest.json";
/// The largest manifest that is read.
const LIMIT: u64 = 64 << 20;

/// First line of the manifest: what the rest is.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "kbwhy-cache")]
    schema: String,
    #[serde(default)]
    sha256: String,
}

/// The rest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// what was imported, by format and name
    pub(super) sources: Vec<Stored>,
    /// the embedded rows and all sources, compiled; of another version's shape it counts as none
    #[serde(default, deserialize_with = "of_this_version")]
    pub(super) catalog: Option<Compiled>,
}

fn of_this_version<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Compiled>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(d)?).ok())
}

/// A source that was imported.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Stored {
    /// a name of [`crate::model::SourceKind`]
    pub(in crate::cli) kind: String,
    /// what it was recognised as
    pub(in crate::cli) format: String,
    /// where it comes from; its `id` and the format are its identity
    pub(in crate::cli) source: SourceRow,
    /// when it was imported, `yyyy-mm-ddThh:mm:ssZ`
    pub(in crate::cli) imported: String,
    /// by which kbwhy: another one may read more of the same file
    pub(in crate::cli) by: String,
    /// its rows
    pub(in crate::cli) rows: Kept,
    /// its updates by GUID
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) metadata: Option<Kept>,
    /// how many updates its rows tell of
    #[serde(default)]
    pub(in crate::cli) updates: u64,
    /// oddities that were repaired or left out: what, how often
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) remarks: Vec<(String, u64)>,
}

/// A file of the cache, named by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Kept {
    /// its name in `data`
    pub(in crate::cli) file: String,
    /// SHA-256 of its bytes
    pub(in crate::cli) sha256: String,
    /// how many bytes
    pub(in crate::cli) size: u64,
}

impl Kept {
    /// What a rehearsal keeps.
    pub(super) fn nowhere() -> Self {
        Self { file: String::new(), sha256: String::new(), size: 0 }
    }
}

/// The compiled catalog.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Compiled {
    /// its name in `data`
    pub(super) file: String,
    /// how many bytes
    pub(super) size: u64,
    /// CRC-32 of its pages: checked as they are read
    pub(super) pages: Vec<u32>,
    /// what compiled it
    pub(super) stamp: String,
}

impl Manifest {
    /// Every file in `data` that is named.
    pub(super) fn names(&self, name: &str) -> bool {
        self.catalog.as_ref().is_some_and(|c| c.file == name)
            || self
                .sources
                .iter()
                .any(|s| s.rows.file == name || s.metadata.as_ref().is_some_and(|m| m.file == name))
    }

    /// Does it name the same rows?
    pub(super) fn has_same_rows(&self, other: &Self) -> bool {
        self.sources.iter().map(|s| &s.rows.sha256).eq(other.sources.iter().map(|s| &s.rows.sha256))
    }

    /// Replaces the manifest.
    pub(super) fn save(&self, folder: &Path) -> Result<(), Failure> {
        let bug = |e: serde_json::Error| Failure::catalog(format!("the manifest cannot be written: {e}"));
        let body = serde_json::to_vec_pretty(self).map_err(bug)?;
        let head = Head { schema: SCHEMA.to_string(), sha256: hex(&Sha256::digest(&body)) };
        let head = serde_json::to_vec(&head).map_err(bug)?;
        disk::write(folder, NAME, &[&head, b"\n", &body])?;
        disk::settle(folder);
        Ok(())
    }
}

/// A manifest as it was found.
pub(super) enum Found {
    /// nothing was imported
    None,
    /// as it was written
    Whole(Manifest),
    /// not as it was written
    Damaged,
}

/// Reads the manifest; one of a newer major schema is refused.
pub(super) fn load(folder: &Path) -> Result<Found, Failure> {
    let path = folder.join(NAME);
    let Some(bytes) = disk::read(&path, LIMIT)? else { return Ok(Found::None) };
    let end = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    let (head, body) = (bytes.get(..end).unwrap_or_default(), bytes.get(end + 1..).unwrap_or_default());
    let Ok(head) = serde_json::from_slice::<Head>(head) else { return Ok(Found::Damaged) };
    let Ok(schema) = head.schema.parse::<semver::Version>() else { return Ok(Found::Damaged) };
    let untouched = hex(&Sha256::digest(body)) == head.sha256;
    if schema.major > SCHEMA.major && (untouched || head.sha256.is_empty()) {
        return Err(Failure::catalog(format!(
            "{}: written by a newer kbwhy (schema {}; this one reads {}.x); update kbwhy, or use another --cache",
            named(folder),
            schema,
            SCHEMA.major
        )));
    }
    let manifest = Some(body).filter(|_| untouched).and_then(|b| serde_json::from_slice(b).ok());
    Ok(manifest.map_or(Found::Damaged, Found::Whole))
}
