//! Findings of the catalog's checks, by check.

use super::Part;
use crate::{
    catalog::{
        facts::Facts,
        lint::{self, CHECKS, Finding, Level},
    },
    report::{AddedReport, CheckedReport, FindingReport, LintReport},
};
use std::collections::{BTreeMap, BTreeSet};

/// Which findings make a check of the catalog fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deny {
    /// errors, and warnings about what is not built in
    Usual,
    /// this level and worse, whatever it is about
    Level(Level),
}

/// Checks the built-in facts and `added` ones together.
///
/// With `only_added`, findings about the built-in facts alone are left out. `remarks` are what importers mended, each
/// with the file it was in.
pub fn lint(
    built_in: &Facts,
    added: &[Part<'_>],
    remarks: &[(String, String)],
    only_added: bool,
    deny: Deny,
) -> LintReport {
    let mut all: Vec<&Facts> = vec![built_in];
    all.extend(added.iter().map(|p| p.facts));
    let mut found = lint::lint(&all);
    let known: BTreeSet<Finding> =
        if added.is_empty() { BTreeSet::new() } else { lint::lint(&all[..1]).into_iter().collect() };
    let is_added = |f: &Finding| !added.is_empty() && !known.contains(f);
    found.extend(remarks.iter().map(|(about, text)| Finding {
        level: Level::Note,
        check: "repaired",
        about: about.clone(),
        text: text.clone(),
    }));
    if only_added {
        found.retain(|f| is_added(f));
    }
    let count = |level: Level, of_added: bool| {
        found.iter().filter(|f| f.level == level && (!of_added || is_added(f))).count()
    };
    let fails = |f: &Finding| match deny {
        Deny::Usual => f.level == Level::Error || f.level == Level::Warning && is_added(f),
        Deny::Level(level) => f.level <= level,
    };
    let mut checks: BTreeMap<(Level, usize), Vec<FindingReport>> = BTreeMap::new();
    for f in &found {
        let at = CHECKS.iter().position(|c| c.name == f.check).unwrap_or(CHECKS.len());
        let finding = FindingReport { about: f.about.clone(), text: f.text.clone(), added: is_added(f) };
        checks.entry((f.level, at)).or_default().push(finding);
    }
    let mut looked_at: Vec<String> =
        if only_added { Vec::new() } else { vec!["the built-in facts".to_owned()] };
    looked_at.extend(added.iter().map(|p| p.title.to_owned()));
    LintReport {
        schema: "kbwhy/catalog/lint/1",
        looked_at,
        errors: count(Level::Error, false),
        warnings: count(Level::Warning, false),
        notes: count(Level::Note, false),
        added: AddedReport {
            errors: count(Level::Error, true),
            warnings: count(Level::Warning, true),
            notes: count(Level::Note, true),
        },
        failed: found.iter().any(fails),
        checks: checks
            .into_iter()
            .map(|((level, at), findings)| CheckedReport {
                check: CHECKS.get(at).map_or("", |c| c.name),
                finds: CHECKS.get(at).map_or("", |c| c.finds),
                level: level.name(),
                findings,
            })
            .collect(),
    }
}
