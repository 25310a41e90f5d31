//! Reads the catalog's text. Pure: file names and texts in, [`Facts`] out.

use super::facts::{EntryRow, Facts, LineRow};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeMap;

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

fn rows<T: DeserializeOwned>(file: &str, text: &str, out: &mut Vec<T>) -> Result<(), FactsError> {
    for (i, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let row = serde_json::from_str(line)
            .map_err(|e| FactsError::new(format!("{file}:{}", i + 1), e.to_string()))?;
        out.push(row);
    }
    Ok(())
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
    for (name, text) in &files {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if name == "catalog.json" {
            let head: Head = serde_json::from_str(text).map_err(|e| FactsError::new(name, e.to_string()))?;
            facts.schema = head.schema;
            facts.as_of = head.as_of;
            continue;
        }
        let Some(stem) = name.strip_suffix(".jsonl") else {
            if name.ends_with(".json") {
                return Err(FactsError::new(name, "not a file of the catalog"));
            }
            continue;
        };
        match stem.split_once('/') {
            None => match stem {
                "sources" => rows(name, text, &mut facts.sources)?,
                "products" => rows(name, text, &mut facts.products)?,
                "branches" => rows(name, text, &mut facts.branches)?,
                "lines" => rows(name, text, &mut lines)?,
                "updates" => rows(name, text, &mut facts.updates)?,
                "relations" => rows(name, text, &mut facts.relations)?,
                "prerequisites" | "class-rules" => rows(name, text, &mut facts.rules)?,
                "withdrawn" => rows(name, text, &mut facts.withdrawn)?,
                "defects" => rows(name, text, &mut facts.defects)?,
                "lifecycle" => rows(name, text, &mut facts.lifecycle)?,
                "categories" => rows(name, text, &mut facts.categories)?,
                _ => return Err(FactsError::new(name, "not a file of the catalog")),
            },
            Some(("lines", id)) => rows(name, text, entries.entry(id).or_default())?,
            Some(("updates", file)) => {
                let from = facts.updates.len();
                rows(name, text, &mut facts.updates)?;
                if file.starts_with("curated") {
                    facts.updates[from..].iter_mut().for_each(|u| u.curated = true);
                }
            }
            Some(("relations", _)) => rows(name, text, &mut facts.relations)?,
            Some(("prerequisites", _)) => rows(name, text, &mut facts.rules)?,
            Some(("withdrawn", _)) => rows(name, text, &mut facts.withdrawn)?,
            Some(("defects", _)) => rows(name, text, &mut facts.defects)?,
            Some(_) => return Err(FactsError::new(name, "not a file of the catalog")),
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
