//! The embedded facts and those of imported sources, as one [`Facts`] that compiles, whatever the sources hold.
//!
//! Feeds are noisy. What an imported row names and this catalog does not know is left out with a remark (`clean`);
//! positions in lines are taken only where revision and date agree with the line (`lines`); supersedence that lines
//! contradict, that points to a newer update or closes a circle is left out (`edges`). Local corrections come last
//! (`removals`). The order of sources does not matter.

mod clean;
mod edges;
mod lines;
mod removals;
#[cfg(test)]
mod tests;

use super::facts::{Facts, PackageRow, SourceRow};
use crate::model::{KbId, SourceKind};
use std::collections::{BTreeMap, HashMap};

/// What ids of source rows begin with whose facts were derived, not stated.
pub const DERIVED: &str = "derived-order-";

/// What one source tells.
#[derive(Clone, Debug)]
pub struct Source {
    /// decides which values are believed
    pub kind: SourceKind,
    /// where it comes from
    pub row: SourceRow,
    /// its rows
    pub facts: Facts,
}

/// Something that was left out or repaired, and how often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// what, and what was done about it
    pub text: String,
    /// how often
    pub count: u64,
    /// the first one
    pub first: String,
}

/// All facts as one.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// what compiles
    pub facts: Facts,
    /// what was left out or repaired
    pub remarks: Vec<Remark>,
}

/// Remarks while they are gathered: the smallest place stays, so that order does not matter.
#[derive(Debug, Default)]
struct Remarks(BTreeMap<&'static str, (u64, String)>);

impl Remarks {
    fn add(&mut self, text: &'static str, place: &str) {
        let held = self.0.entry(text).or_insert_with(|| (0, place.to_owned()));
        held.0 += 1;
        if place < held.1.as_str() {
            place.clone_into(&mut held.1);
        }
    }

    fn into_rows(self) -> Vec<Remark> {
        let row =
            |(text, (count, first)): (&str, (u64, String))| Remark { text: text.to_owned(), count, first };
        self.0.into_iter().map(row).collect()
    }
}

fn number(kb: &str) -> Option<u32> {
    kb.parse().map(KbId::number).ok()
}

/// What the joined facts are measured by.
struct Known {
    /// names of products, by their number
    names: Vec<String>,
    numbers: HashMap<String, u8>,
    /// products of each line, by its place in the facts
    lines: Vec<u128>,
    /// updates of which the built-in facts know every package: their products
    complete: HashMap<u32, u128>,
    /// updates of lines in the order of their numbers, with their days
    dated: Vec<(u32, i64)>,
}

/// Neighbours on each side that tell when a number was given out.
const NEIGHBOURS: usize = 7;
/// Days after which an update hardly comes out for the first time, once numbers next to its own did: 2 of the 2,392 dated
/// entries of the built-in lists are that late.
const LATE: i64 = 60;

impl Known {
    fn of(base: &Facts) -> Self {
        let names: Vec<String> = base.products.iter().map(|p| p.id.clone()).take(128).collect();
        let numbers = names.iter().enumerate().map(|(i, n)| (n.clone(), i as u8)).collect();
        let mut known =
            Self { names, numbers, lines: Vec::new(), complete: HashMap::new(), dated: Vec::new() };
        known.lines = base.lines.iter().map(|(l, _)| known.set(&l.products)).collect();
        for ((line, entries), set) in base.lines.iter().zip(&known.lines) {
            if super::merge::lists_all_packages(&line.kind) {
                for kb in entries.iter().filter_map(|e| number(e.kb.as_deref()?)) {
                    *known.complete.entry(kb).or_default() |= set;
                }
            }
        }
        let entries = base.lines.iter().flat_map(|(_, e)| e);
        let dated = entries.filter_map(|e| Some((number(e.kb.as_deref()?)?, lines::day(e.date.as_deref())?)));
        known.dated = dated.collect();
        known.dated.sort_unstable();
        known.dated.dedup_by_key(|(kb, _)| *kb);
        for u in base.updates.iter().filter(|u| u.all_packages_known) {
            if let Some(kb) = number(&u.kb) {
                known.complete.entry(kb).or_default();
            }
        }
        for u in &base.updates {
            let set = known.packages(&u.packages);
            if let Some(held) = number(&u.kb).and_then(|kb| known.complete.get_mut(&kb)) {
                *held |= set;
            }
        }
        known
    }

    /// Is a day long after those of the updates with neighbouring numbers? Feeds date an update by what they last said of
    /// it. Past the last known number nothing can be told.
    fn is_late(&self, kb: u32, day: i64) -> bool {
        let at = self.dated.partition_point(|(k, _)| *k < kb);
        let (before, after) = self.dated.split_at(at);
        if before.len() < NEIGHBOURS || after.len() < NEIGHBOURS {
            return false;
        }
        let near = before.iter().rev().take(NEIGHBOURS).chain(after.iter().take(NEIGHBOURS));
        let mut days: Vec<i64> = near.map(|(_, day)| *day).collect();
        days.sort_unstable();
        days.get(NEIGHBOURS).is_some_and(|middle| day - middle > LATE)
    }

    /// Those of the products that are known.
    fn set(&self, products: &[String]) -> u128 {
        products.iter().filter_map(|p| self.numbers.get(p)).fold(0, |s, n| s | 1 << n)
    }

    fn packages(&self, packages: &[PackageRow]) -> u128 {
        packages.iter().fold(0, |s, p| s | self.set(&p.products))
    }

    fn slugs(&self, set: u128) -> Vec<String> {
        self.names.iter().enumerate().filter(|(i, _)| set & 1 << i != 0).map(|(_, n)| n.clone()).collect()
    }
}

/// Joins the built-in facts with those of sources, in whatever order they come.
pub fn join(mut base: Facts, mut sources: Vec<Source>) -> Joined {
    if sources.is_empty() {
        return Joined { facts: base, remarks: Vec::new() };
    }
    let mut remarks = Remarks::default();
    let known = Known::of(&base);
    sources.sort_by(|a, b| {
        let key = |s: &Source| (s.kind, std::cmp::Reverse(s.row.read.clone()), s.row.id.clone());
        // hardly ever asked for: two of one name, read on one day
        let rest = |s: &Source| {
            let rows = super::rows::write(&s.facts);
            let mut rows: Vec<Vec<u8>> = rows.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            rows.sort();
            (s.row.title.clone(), s.row.url.clone(), rows)
        };
        key(a).cmp(&key(b)).then_with(|| rest(a).cmp(&rest(b)))
    });
    let mut taken: std::collections::HashSet<String> = base.sources.iter().map(|s| s.id.clone()).collect();
    let mut rules: std::collections::HashSet<String> = base.rules.iter().map(|r| r.id.clone()).collect();
    for source in &mut sources {
        clean::names(source, &mut taken, &mut rules);
        clean::rows(source, &known, &mut remarks);
        if let Some(date) = newest(source)
            && date > base.as_of
        {
            base.as_of = date;
        }
    }
    lines::join(&mut base, &mut sources, &known, &mut remarks);
    edges::repair(&base, &mut sources, &known, &mut remarks);
    let mut removed = Vec::new();
    for source in sources {
        base.imported.push(source.row.id.clone());
        let Facts { sources, updates, relations, rules, withdrawn, defects, lifecycle, removed: out, .. } =
            source.facts;
        base.sources.extend(sources);
        base.updates.extend(updates);
        base.relations.extend(relations);
        base.rules.extend(rules);
        base.withdrawn.extend(withdrawn);
        base.defects.extend(defects);
        base.lifecycle.extend(lifecycle);
        removed.extend(out);
    }
    removals::apply(&mut base, &removed, &mut remarks);
    base.removed = removed;
    Joined { facts: base, remarks: remarks.into_rows() }
}

/// The date up to which a source tells of every month, where it is one that does; never later than it was read.
fn newest(source: &Source) -> Option<String> {
    let lists = matches!(
        source.kind,
        SourceKind::ReleaseInformation | SourceKind::SecurityUpdateGuide | SourceKind::Definitions
    );
    let date = |text: &String| super::check::date("", text).ok().filter(|_| text.len() == 10);
    let as_of = Some(&source.facts.as_of).filter(|_| lists);
    let as_of = as_of.filter(|d| date(d).is_some())?;
    // `yyyy-mm` is before all of its days
    let read = &source.row.read;
    Some(if date(read).is_some() && read < as_of { read.clone() } else { as_of.clone() })
}
