//! Reads the catalog's text. Pure: file names and texts in, [`Facts`] out.
//!
//! The text's schema is versioned as semver has it, in `catalog.json`. A newer minor version adds members and files, which
//! this reader then leaves out; in text of its own version or an older one, what it does not know is a misprint and
//! an error. A newer major version changes what is written, new names of kinds and relations included, and is
//! refused.

use super::{
    facts::{EntryRow, Facts, LineRow},
    lenient::Lenient,
};
use semver::Version;
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// Version of the schema that this reader knows.
pub const SCHEMA: Version = Version::new(1, 1, 0);

/// A fault of the catalog's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct FactsError {
    /// file and line, or the row's name
    pub place: String,
    /// what is wrong with it
    pub problem: String,
}

impl FactsError {
    /// A fault at a place.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// `catalog.json`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    schema: String,
    as_of: String,
}

/// How members and files that are not known are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// as misprints
    Refuse,
    /// as additions of a newer minor version of the schema
    LeaveOut,
}

impl Unknown {
    /// How text of this schema version is to be read.
    ///
    /// # Errors
    /// It is no version, or has a newer major number than [`SCHEMA`].
    pub fn of_schema(file: &str, schema: &str) -> Result<Self, FactsError> {
        let shown: String = schema.chars().filter(|c| !c.is_control()).take(40).collect();
        let version: Version = schema.parse().map_err(|_| {
            FactsError::new(file, format!("schema `{shown}` is not a version such as {SCHEMA}"))
        })?;
        if version.major > SCHEMA.major {
            let problem = format!(
                "written in schema {shown}; this kbwhy reads {}.x and older: use a newer kbwhy",
                SCHEMA.major
            );
            return Err(FactsError::new(file, problem));
        }
        Ok(if version > SCHEMA { Self::LeaveOut } else { Self::Refuse })
    }

    /// One row, written as JSON.
    ///
    /// # Errors
    /// It is no such row.
    pub fn read<T: DeserializeOwned>(self, json: &str) -> serde_json::Result<T> {
        match self {
            Self::Refuse => serde_json::from_str(json),
            Self::LeaveOut => T::deserialize(Lenient(serde_json::from_str(json)?)),
        }
    }
}

/// Where rows of a file go to.
struct File<'a> {
    name: &'a str,
    text: &'a str,
    unknown: Unknown,
}

impl File<'_> {
    fn rows<T: DeserializeOwned>(&self, out: &mut Vec<T>) -> Result<(), FactsError> {
        for (i, line) in self.text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let row = self
                .unknown
                .read(line)
                .map_err(|e| FactsError::new(format!("{}:{}", self.name, i + 1), e.to_string()))?;
            out.push(row);
        }
        Ok(())
    }

    /// A file that is no part of the layout.
    fn stranger(&self) -> Result<(), FactsError> {
        match self.unknown {
            Unknown::Refuse => Err(FactsError::new(self.name, "not a file of the catalog")),
            Unknown::LeaveOut => Ok(()),
        }
    }
}

/// Reads the files of `catalog-cache/`, in any order; names are relative, with `/` or `\`.
///
/// Files that are no part of the layout are an error, so that a misspelt name does not hide facts;
/// those that do not end in `.jsonl` or `.json` are left alone.
pub fn parse(files: impl Iterator<Item = (String, String)>) -> Result<Facts, FactsError> {
    let files: BTreeMap<String, String> = files.map(|(name, text)| (name.replace('\\', "/"), text)).collect();
    let mut facts = Facts::default();
    let mut lines: Vec<LineRow> = Vec::new();
    let mut entries: BTreeMap<&str, Vec<EntryRow>> = BTreeMap::new();
    let unknown = head(&files, &mut facts)?;
    for (name, text) in &files {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file = File { name, text, unknown };
        if name == HEAD {
            continue;
        }
        let Some(stem) = name.strip_suffix(".jsonl") else {
            if name.ends_with(".json") {
                file.stranger()?;
            }
            continue;
        };
        match stem.split_once('/') {
            None => match stem {
                "sources" => file.rows(&mut facts.sources)?,
                "products" => file.rows(&mut facts.products)?,
                "branches" => file.rows(&mut facts.branches)?,
                "lines" => file.rows(&mut lines)?,
                "updates" => file.rows(&mut facts.updates)?,
                "relations" => file.rows(&mut facts.relations)?,
                "prerequisites" | "class-rules" => file.rows(&mut facts.rules)?,
                "withdrawn" => file.rows(&mut facts.withdrawn)?,
                "defects" => file.rows(&mut facts.defects)?,
                "lifecycle" => file.rows(&mut facts.lifecycle)?,
                "categories" => file.rows(&mut facts.categories)?,
                "error-codes" => file.rows(&mut facts.error_codes)?,
                "error-remedies" => file.rows(&mut facts.error_remedies)?,
                "error-messages" => file.rows(&mut facts.error_messages)?,
                _ => file.stranger()?,
            },
            Some(("lines", id)) => file.rows(entries.entry(id).or_default())?,
            Some(("updates", rest)) => {
                let from = facts.updates.len();
                file.rows(&mut facts.updates)?;
                if rest.starts_with("curated") {
                    facts.updates[from..].iter_mut().for_each(|u| u.curated = true);
                }
            }
            Some(("relations", _)) => file.rows(&mut facts.relations)?,
            Some(("prerequisites", _)) => file.rows(&mut facts.rules)?,
            Some(("withdrawn", _)) => file.rows(&mut facts.withdrawn)?,
            Some(("defects", _)) => file.rows(&mut facts.defects)?,
            Some(_) => file.stranger()?,
        }
    }
    facts.lines = lines
        .into_iter()
        .map(|l| {
            let e = entries.remove(l.id.as_str()).unwrap_or_default();
            (l, e)
        })
        .collect();
    if let Some(id) = entries.keys().next() {
        return Err(FactsError::new(format!("lines/{id}.jsonl"), "lines.jsonl has no such line"));
    }
    Ok(facts)
}

const HEAD: &str = "catalog.json";

/// Reads `catalog.json` where there is one, before all others: it says how they are to be read.
fn head(files: &BTreeMap<String, String>, facts: &mut Facts) -> Result<Unknown, FactsError> {
    let Some(text) = files.get(HEAD) else { return Ok(Unknown::Refuse) };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // the version first: what else stands there is for readers of that version
    #[derive(Deserialize)]
    struct Schema {
        schema: String,
    }
    let bad = |e: serde_json::Error| FactsError::new(HEAD, e.to_string());
    let Schema { schema } = serde_json::from_str(text).map_err(bad)?;
    let unknown = Unknown::of_schema(HEAD, &schema)?;
    let head: Head = unknown.read(text).map_err(bad)?;
    (facts.schema, facts.as_of) = (head.schema, head.as_of);
    Ok(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPDATE: &str = r#"{"kb":"KB5022836","builds":[{"build":"22000.1574","NEW":[1]}],"standing":"verified","source":"x"}"#;

    fn read(schema: &str, name: &str, row: &str) -> Result<Facts, FactsError> {
        let head = format!(r#"{{"schema":"{schema}","as_of":"2026-09-22","NEW":{{"a":[{{}}]}}}}"#);
        let head = if row.contains("NEW") { head } else { head.replace(r#","NEW":{"a":[{}]}"#, "") };
        parse([("catalog.json".to_owned(), head), (name.to_owned(), row.to_owned())].into_iter())
    }

    #[test]
    fn a_newer_major_schema_is_refused_in_one_line() {
        let error =
            read("2.0.0", "updates.jsonl", "nothing that this reader could read").unwrap_err().to_string();
        assert_eq!(
            error,
            "catalog.json: written in schema 2.0.0; this kbwhy reads 1.x and older: use a newer kbwhy"
        );
        let error = read(r"two\u0007", "updates.jsonl", "").unwrap_err().to_string();
        assert_eq!(error, "catalog.json: schema `two` is not a version such as 1.1.0");
    }

    #[test]
    fn what_a_newer_minor_schema_adds_is_left_out() {
        let facts = read("1.99.0", "updates.jsonl", &UPDATE.replace("NEW", "of")).unwrap();
        assert_eq!(facts.updates[0].builds[0].build, "22000.1574");
        let facts = read("1.99.0", "updates.jsonl", UPDATE).unwrap();
        assert_eq!((facts.as_of.as_str(), facts.updates.len()), ("2026-09-22", 1));
        assert!(read("1.99.0", "hints.jsonl", "NEW").is_ok());
        assert!(read("1.99.0", "hints/NEW.jsonl", "NEW").is_ok());
        // what is known must still be as it is known
        assert!(
            read("1.99.0", "updates.jsonl", r#"{"kb":5022836,"standing":"verified","source":"x"}"#).is_err()
        );
        assert!(read("1.99.0", "updates.jsonl", r#"{"kb":"KB5022836","source":"x"}"#).is_err());
    }

    #[test]
    fn in_a_schema_that_is_known_the_unknown_is_a_misprint() {
        for schema in ["1.0.0", "1.1.0", "1.1.0-beta"] {
            let error = read(schema, "updates.jsonl", &UPDATE.replace("NEW", "of")).unwrap_err();
            assert_eq!(error.place, "updates.jsonl:1");
            assert!(error.problem.starts_with("unknown field `of`"), "{error}");
            assert!(read(schema, "hints.jsonl", "").is_err());
        }
    }

    #[test]
    fn both_ways_read_the_same() {
        let row = r#"{"kb":"KB1234567","kind":"hotfix","packages":[{"for":["a","b"],"arch":["x64"],"built_in":true},
            {"for":["c"]}],"all_packages_known":true,"supersedes":[{"kb":"KB1234566"}],"standing":"verified","source":"x"}"#;
        let strict: super::super::facts::UpdateRow = Unknown::Refuse.read(row).unwrap();
        let lenient: super::super::facts::UpdateRow = Unknown::LeaveOut.read(row).unwrap();
        assert_eq!(serde_json::to_string(&strict).unwrap(), serde_json::to_string(&lenient).unwrap());
    }
}
