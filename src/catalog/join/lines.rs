//! Entries of lines that sources tell of, and those that follow from builds, kinds and dates of their updates.
//!
//! A line's order decides verdicts, so an entry is taken only where revision (or stack version) and date both fit
//! between its neighbours, and the update is of no other branch.

use super::{DERIVED, Known, Remarks, Source, number};
use crate::catalog::{
    check,
    facts::{EntryRow, Facts, LineRow, SourceRow, UpdateRow},
};
use crate::model::{SourceKind, Standing, UpdateKind, Version};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Days by which neighbours in a line may be out of order: lists disagree on days, not on months.
const SLACK: i64 = 10;

/// An entry that may be put into a line.
#[derive(Clone, Debug)]
struct Candidate {
    line: usize,
    row: EntryRow,
    /// it follows from an update's builds or date; else the source lists it
    derived: bool,
    /// the update's kind is told to be one of the line
    kind_fits: bool,
}

fn days(date: u32) -> i64 {
    // months of 31 days: only differences across a few days matter
    i64::from(date / 10_000) * 372 + i64::from(date / 100 % 100) * 31 + i64::from(date % 100)
}

/// A day as a number; only differences matter.
pub(super) fn day(date: Option<&str>) -> Option<i64> {
    date.and_then(|d| check::date("", d).ok()).map(days)
}

/// The kind of a line that updates of a kind stand in.
fn line_kind(kind: UpdateKind) -> Option<&'static str> {
    Some(match kind {
        k if k.is_cumulative() => "cumulative",
        UpdateKind::MonthlyRollup | UpdateKind::RollupPreview => "rollup",
        UpdateKind::SecurityOnly => "security-only",
        UpdateKind::ServicingStack => "servicing-stack",
        UpdateKind::InternetExplorerCumulative => "ie-cumulative",
        _ => return None,
    })
}

fn usual(kind: &str) -> &'static str {
    match kind {
        "rollup" => "monthly-rollup",
        "cumulative" => "cumulative",
        "security-only" => "security-only",
        "servicing-stack" => "servicing-stack",
        "ie-cumulative" => "ie-cumulative",
        _ => "",
    }
}

pub(super) fn join(base: &mut Facts, sources: &mut [Source], known: &Known, remarks: &mut Remarks) {
    let mut candidates = Vec::new();
    for source in sources.iter_mut() {
        listed(base, source, known, remarks, &mut candidates);
        derived(base, source, known, &mut candidates);
    }
    // kinds that are not told: only an update that stands alone on its day can be meant
    let mut days: BTreeMap<(usize, Option<String>), HashSet<Option<String>>> = BTreeMap::new();
    for c in &candidates {
        days.entry((c.line, c.row.date.clone())).or_default().insert(c.row.kb.clone());
    }
    // what the lists have of that day is the cumulative update; beside it a hotpatch comes out
    for (line, (_, entries)) in base.lines.iter().enumerate() {
        for e in entries.iter().filter(|e| e.kb.is_some()) {
            if let Some(kbs) = days.get_mut(&(line, e.date.clone())) {
                kbs.insert(e.kb.clone());
            }
        }
    }
    let mut branches = Branches::of(base);
    for c in candidates {
        if !c.kind_fits && days.get(&(c.line, c.row.date.clone())).is_some_and(|kbs| kbs.len() > 1) {
            continue;
        }
        put(base, c, &mut branches, remarks);
    }
}

/// Which line is meant: by its name, or by kind, build and products.
fn meant(base: &Facts, known: &Known, line: &LineRow) -> Option<usize> {
    let named = base.lines.iter().position(|(l, _)| l.id == line.id && l.kind == line.kind);
    named.or_else(|| {
        let set = known.set(&line.products);
        let alike = |(l, of): (&(LineRow, Vec<EntryRow>), &u128)| {
            l.0.kind == line.kind && l.0.build == line.build && set != 0 && set & !of == 0
        };
        base.lines.iter().zip(&known.lines).position(alike)
    })
}

fn listed(base: &Facts, source: &mut Source, known: &Known, remarks: &mut Remarks, out: &mut Vec<Candidate>) {
    for (line, entries) in std::mem::take(&mut source.facts.lines) {
        let Some(at) = meant(base, known, &line) else {
            remarks.add("lists of builds that the catalog does not know were left out", &line.id);
            continue;
        };
        let start = out.len();
        for mut row in entries {
            let kb = match row.kb.as_deref().map(number) {
                Some(None) => {
                    remarks.add("names that are no KB were left out", &line.id);
                    continue;
                }
                Some(Some(kb)) => Some(format!("KB{kb}")),
                None => None,
            };
            row.kb = kb;
            row.date = row.date.filter(|d| check::date("", d).is_ok());
            row.stack = row.stack.filter(|s| s.parse::<Version>().is_ok());
            row.kind = row.kind.filter(|k| UpdateKind::parse(k).is_some());
            if Standing::parse(&row.standing).is_none() {
                row.standing = Standing::Unverified.name().to_owned();
            }
            out.push(Candidate { line: at, row, derived: false, kind_fits: true });
        }
        out[start..].sort_by(|a, b| {
            let key = |c: &Candidate| (c.row.revision, c.row.date.clone(), c.row.kb.clone());
            key(a).cmp(&key(b))
        });
    }
}

/// What builds, kinds and dates of updates imply: the order of cumulative updates by build, of others by date.
fn derived(base: &Facts, source: &mut Source, known: &Known, out: &mut Vec<Candidate>) {
    if source.kind == SourceKind::Overlay {
        return;
    }
    let id = format!("{DERIVED}{}", source.row.id);
    let mut found = Vec::new();
    for u in &source.facts.updates {
        let Some(date) = u.date.as_ref().filter(|d| d.len() == 10) else { continue };
        let kind = u.kind.as_deref().and_then(UpdateKind::parse).filter(|k| *k != UpdateKind::Update);
        let secondary = Standing::parse(&u.standing).unwrap_or(Standing::Unverified).max(Standing::Secondary);
        let entry = |revision, of_line: &str| EntryRow {
            kb: Some(u.kb.clone()),
            revision,
            stack: None,
            date: Some(date.clone()),
            kind: kind.map(|k| k.name().to_owned()).filter(|k| k != usual(of_line)),
            standing: secondary.name().to_owned(),
            source: id.clone(),
        };
        if kind.is_none_or(UpdateKind::is_cumulative) {
            for (line, revision) in by_build(base, u, known) {
                let row = entry(Some(revision), "cumulative");
                found.push(Candidate { line, row, derived: true, kind_fits: kind.is_some() });
            }
        }
        let Some(of_line) = kind.and_then(line_kind).filter(|l| *l != "cumulative") else { continue };
        let set = known.packages(&u.packages);
        for (line, ((l, _), of)) in base.lines.iter().zip(&known.lines).enumerate() {
            if l.kind == of_line && set & of != 0 {
                let row = entry(None, of_line);
                found.push(Candidate { line, row, derived: true, kind_fits: true });
            }
        }
    }
    if found.is_empty() {
        return;
    }
    found.sort_by(|a, b| {
        let key = |c: &Candidate| (c.line, c.row.revision, c.row.date.clone(), c.row.kb.clone());
        key(a).cmp(&key(b))
    });
    source.facts.sources.push(SourceRow {
        id,
        title: format!("{}; derived: order by build or date", source.row.title),
        ..source.row.clone()
    });
    out.extend(found);
}

/// Cumulative lines whose builds an update is said to bring, with the revision.
fn by_build(base: &Facts, u: &UpdateRow, known: &Known) -> Vec<(usize, u32)> {
    let mut out = Vec::new();
    for b in &u.builds {
        let (build, revision) = match b.build.parse::<Version>().map(|v| v.0) {
            Ok([10, 0, build, revision]) => (build, revision),
            Ok([build, revision, 0, 0]) => (build, revision),
            _ => continue,
        };
        let set = if b.products.is_empty() { known.packages(&u.packages) } else { known.set(&b.products) };
        for (line, ((l, _), of)) in base.lines.iter().zip(&known.lines).enumerate() {
            if l.kind == "cumulative" && l.build == Some(build) && revision > 0 && set & of != 0 {
                out.push((line, revision));
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Which lines updates stand in, and which builds share a branch.
struct Branches {
    /// client and server of one build may be of different branches
    of_build: HashMap<u32, HashSet<String>>,
    lines: HashMap<String, Vec<usize>>,
}

impl Branches {
    fn of(base: &Facts) -> Self {
        let mut of_build: HashMap<u32, HashSet<String>> = HashMap::new();
        for b in &base.branches {
            b.builds.iter().for_each(|n| _ = of_build.entry(*n).or_default().insert(b.id.clone()));
        }
        let mut lines: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, (_, entries)) in base.lines.iter().enumerate() {
            for kb in entries.iter().filter_map(|e| e.kb.as_ref()) {
                lines.entry(kb.clone()).or_default().push(at);
            }
        }
        Self { of_build, lines }
    }

    /// May an update of these lines stand in this one too?
    fn fits(&self, base: &Facts, kb: &str, line: &LineRow) -> bool {
        let Some(places) = self.lines.get(kb).filter(|p| !p.is_empty()) else { return true };
        let branches = |b: Option<u32>| b.and_then(|b| self.of_build.get(&b));
        let one_branch = |a: Option<u32>, b: Option<u32>| {
            branches(a).zip(branches(b)).is_some_and(|(a, b)| !a.is_disjoint(b))
        };
        let shares = |at: &usize| {
            base.lines.get(*at).is_some_and(|(l, _)| {
                l.kind == line.kind
                    && (l.build == line.build || line.build.is_none() || one_branch(l.build, line.build))
            })
        };
        places.iter().any(shares)
    }
}

fn put(base: &mut Facts, c: Candidate, branches: &mut Branches, remarks: &mut Remarks) {
    let place = c.row.kb.clone().unwrap_or_else(|| format!("revision {}", c.row.revision.unwrap_or(0)));
    let Some(line) = base.lines.get(c.line).map(|(l, _)| l.clone()) else { return };
    if let Some(kb) = &c.row.kb
        && !branches.fits(base, kb, &line)
    {
        remarks.add(
            "updates that the built-in lists have for another build or track were left out of a list",
            &place,
        );
        return;
    }
    let Some((_, entries)) = base.lines.get_mut(c.line) else { return };
    let at = if line.kind == "cumulative" {
        by_revision(entries, &c, &place, remarks)
    } else {
        by_date(entries, &c, &place, remarks)
    };
    let Some(at) = at else { return };
    if let Some(kb) = &c.row.kb {
        branches.lines.entry(kb.clone()).or_default().push(c.line);
    }
    entries.insert(at, c.row);
}

/// Where a revision belongs; none if it is there, or if it contradicts what is there.
fn by_revision(entries: &mut [EntryRow], c: &Candidate, place: &str, remarks: &mut Remarks) -> Option<usize> {
    let Some(revision) = c.row.revision else {
        if !c.derived {
            remarks.add("entries without a revision were left out", place);
        }
        return None;
    };
    let of_kb = |e: &&mut EntryRow| c.row.kb.is_some() && e.kb == c.row.kb;
    let mut same: Vec<&mut EntryRow> = entries.iter_mut().filter(of_kb).collect();
    if !same.is_empty() {
        match same.iter_mut().find(|e| e.revision == Some(revision)) {
            Some(e) => {
                // what the list does not have
                if e.date.is_none() && !c.derived {
                    e.date.clone_from(&c.row.date);
                }
                if e.stack.is_none() {
                    e.stack.clone_from(&c.row.stack);
                }
            }
            None => remarks.add("revisions that disagree with the lists were left out", place),
        }
        return None;
    }
    if let Some(other) = entries.iter().find(|e| e.revision == Some(revision)) {
        if c.row.kb.is_some() && other.kb.is_some() {
            remarks.add("revisions that the lists give to another update were left out", place);
        }
        return None;
    }
    let at = entries.partition_point(|e| e.revision.is_some_and(|r| r <= revision));
    fits(entries, at, c, place, remarks).then_some(at)
}

/// Where an update belongs by its stack version or date: after all that is there, or between by version.
fn by_date(entries: &[EntryRow], c: &Candidate, place: &str, remarks: &mut Remarks) -> Option<usize> {
    if c.row.kb.is_none() || entries.iter().any(|e| e.kb == c.row.kb) {
        return None;
    }
    let version = |e: &EntryRow| e.stack.as_deref().and_then(|s| s.parse::<Version>().ok());
    let at = match version(&c.row) {
        Some(own) if entries.iter().any(|e| version(e).is_some()) => {
            if entries.iter().any(|e| version(e) == Some(own)) {
                return None;
            }
            let before = entries.iter().rposition(|e| version(e).is_some_and(|v| v < own));
            before.map_or(0, |i| i + 1)
        }
        _ => entries.len(),
    };
    if c.row.date.is_none() {
        remarks.add("entries without a date were left out", place);
        return None;
    }
    fits(entries, at, c, place, remarks).then_some(at)
}

/// Does the date fit between those before and after? Without one only the end is sure.
fn fits(entries: &[EntryRow], at: usize, c: &Candidate, place: &str, remarks: &mut Remarks) -> bool {
    let dated = |e: &EntryRow| day(e.date.as_deref());
    let before = entries[..at].iter().filter_map(dated).max();
    let after = entries[at..].iter().filter_map(dated).min();
    let fits = match day(c.row.date.as_deref()) {
        Some(own) => before.is_none_or(|b| own + SLACK >= b) && after.is_none_or(|a| own <= a + SLACK),
        None => at == entries.len(),
    };
    // an old update of a kind that the lists know well and do not have: the feed is wrong about one of the two
    if !fits && !c.derived {
        remarks.add("entries whose date contradicts their neighbours' were left out", place);
    }
    fits
}
