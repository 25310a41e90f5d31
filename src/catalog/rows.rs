//! Rows of all kinds in one stream of JSON Lines, each under its kind: what the cache keeps of a source, and what the
//! binary embeds of `catalog-cache/`.

use super::facts::{
    BranchRow, CategoryRow, DefectRow, EntryRow, Facts, LifecycleRow, LineRow, ProductRow, RelationRow,
    RemovalRow, RuleRow, SourceRow, SupersedenceRow, UpdateRow, WithdrawnRow,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The longest row that is read: far beyond any real one.
const ROW_LIMIT: usize = 4 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Row<'a> {
    Head {
        schema: Cow<'a, str>,
        as_of: Cow<'a, str>,
    },
    Source(Cow<'a, SourceRow>),
    Product(Cow<'a, ProductRow>),
    Branch(Cow<'a, BranchRow>),
    Line(Cow<'a, LineRow>),
    /// of the line before it
    Entry(Cow<'a, EntryRow>),
    Update(Cow<'a, UpdateRow>),
    /// an update row whose values are preferred
    Curated(Cow<'a, UpdateRow>),
    Relation(Cow<'a, RelationRow>),
    Rule(Cow<'a, RuleRow>),
    Withdrawn(Cow<'a, WithdrawnRow>),
    Defect(Cow<'a, DefectRow>),
    Lifecycle(Cow<'a, LifecycleRow>),
    Category(Cow<'a, CategoryRow>),
    Removed(Cow<'a, RemovalRow>),
    Supersedence(Cow<'a, SupersedenceRow>),
}

/// Every row of the facts, one a line.
pub fn write(facts: &Facts) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |row: Row<'_>| {
        // a struct of texts and numbers is always JSON
        if serde_json::to_writer(&mut out, &row).is_ok() {
            out.push(b'\n');
        }
    };
    put(Row::Head { schema: Cow::Borrowed(&facts.schema), as_of: Cow::Borrowed(&facts.as_of) });
    facts.sources.iter().for_each(|r| put(Row::Source(Cow::Borrowed(r))));
    facts.branches.iter().for_each(|r| put(Row::Branch(Cow::Borrowed(r))));
    facts.products.iter().for_each(|r| put(Row::Product(Cow::Borrowed(r))));
    for (line, entries) in &facts.lines {
        put(Row::Line(Cow::Borrowed(line)));
        entries.iter().for_each(|r| put(Row::Entry(Cow::Borrowed(r))));
    }
    for r in &facts.updates {
        put(if r.curated { Row::Curated(Cow::Borrowed(r)) } else { Row::Update(Cow::Borrowed(r)) });
    }
    facts.relations.iter().for_each(|r| put(Row::Relation(Cow::Borrowed(r))));
    facts.rules.iter().for_each(|r| put(Row::Rule(Cow::Borrowed(r))));
    facts.withdrawn.iter().for_each(|r| put(Row::Withdrawn(Cow::Borrowed(r))));
    facts.defects.iter().for_each(|r| put(Row::Defect(Cow::Borrowed(r))));
    facts.lifecycle.iter().for_each(|r| put(Row::Lifecycle(Cow::Borrowed(r))));
    facts.categories.iter().for_each(|r| put(Row::Category(Cow::Borrowed(r))));
    facts.removed.iter().for_each(|r| put(Row::Removed(Cow::Borrowed(r))));
    facts.supersedence.iter().for_each(|r| put(Row::Supersedence(Cow::Borrowed(r))));
    out
}

/// Will all rows of such a stream be read again?
pub fn are_readable(bytes: &[u8]) -> bool {
    bytes.split(|b| *b == b'\n').all(|line| line.len() <= ROW_LIMIT)
}

/// The rows of such a stream, and how many could not be read: rows of a kind or with members that this version does
/// not know.
pub fn read(bytes: &[u8]) -> (Facts, u64) {
    let mut facts = Facts::default();
    let mut unread = 0;
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let row = if line.len() > ROW_LIMIT { None } else { serde_json::from_slice::<Row<'_>>(line).ok() };
        match row {
            Some(Row::Head { schema, as_of }) => {
                (facts.schema, facts.as_of) = (schema.into_owned(), as_of.into_owned());
            }
            Some(Row::Source(r)) => facts.sources.push(r.into_owned()),
            Some(Row::Branch(r)) => facts.branches.push(r.into_owned()),
            Some(Row::Product(r)) => facts.products.push(r.into_owned()),
            Some(Row::Line(r)) => facts.lines.push((r.into_owned(), Vec::new())),
            Some(Row::Entry(r)) => match facts.lines.last_mut() {
                Some((_, entries)) => entries.push(r.into_owned()),
                None => unread += 1,
            },
            Some(Row::Update(r)) => facts.updates.push(r.into_owned()),
            Some(Row::Curated(r)) => {
                facts.updates.push(UpdateRow { curated: true, ..r.into_owned() });
            }
            Some(Row::Relation(r)) => facts.relations.push(r.into_owned()),
            Some(Row::Rule(r)) => facts.rules.push(r.into_owned()),
            Some(Row::Withdrawn(r)) => facts.withdrawn.push(r.into_owned()),
            Some(Row::Defect(r)) => facts.defects.push(r.into_owned()),
            Some(Row::Lifecycle(r)) => facts.lifecycle.push(r.into_owned()),
            Some(Row::Category(r)) => facts.categories.push(r.into_owned()),
            Some(Row::Removed(r)) => facts.removed.push(r.into_owned()),
            Some(Row::Supersedence(r)) => facts.supersedence.push(r.into_owned()),
            None => unread += 1,
        }
    }
    (facts, unread)
}
