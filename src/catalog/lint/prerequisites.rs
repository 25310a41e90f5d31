//! Prerequisites that can never hold.

use super::told::{Kb, Rule, Told, build_of};
use super::{Findings, Level, cycles, some};
use crate::catalog::facts::ProductRow;
use crate::model::{BuildKey, Clause, Requirement, Version};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(super) fn check(told: &Told<'_>, out: &mut Findings) {
    let later = later(told);
    for rule in &told.rules {
        let requires: Vec<Clause> = clauses(&rule.row.requires);
        unknown(told, rule, &requires, out);
        bounds(rule, &requires, out);
        impossible(told, rule, &requires, &later, out);
    }
    excluded(told, out);
    cycle(told, out);
}

/// What the compiler does not take is its to refuse.
fn clauses(texts: &[String]) -> Vec<Clause> {
    texts.iter().filter_map(|c| c.parse().ok()).collect()
}

fn unknown(told: &Told<'_>, rule: &Rule<'_>, requires: &[Clause], out: &mut Findings) {
    let level = if rule.overlay { Level::Error } else { Level::Warning };
    for requirement in requires.iter().flat_map(|c| &c.0) {
        if let Requirement::Update { kb, .. } = requirement
            && !told.is_described(kb.number())
        {
            out.add(level, "unknown-kb", &rule.row.id, format!("requires {kb}, which nothing describes"));
        }
    }
}

/// Older update -> those that stand in for it.
type Later = HashMap<u32, Vec<u32>>;

fn later(told: &Told<'_>) -> Later {
    let mut out = Later::new();
    for e in &told.edges {
        if matches!(e.relation, "supersedes" | "satisfies" | "contains") && e.from != e.to {
            out.entry(e.to).or_default().push(e.from);
        }
    }
    out
}

/// Products that have this update, or one that stands in for it; all where that is not known. Iterative.
fn reachable(told: &Told<'_>, later: &Later, kb: u32, have: impl Fn(&Kb<'_>) -> u128) -> u128 {
    let (mut seen, mut open, mut out) = (BTreeSet::from([kb]), vec![kb], 0);
    while let Some(at) = open.pop() {
        let Some(known) = told.kbs.get(&at).filter(|k| k.described && k.products() != 0) else {
            return u128::MAX;
        };
        out |= have(known);
        for (line, position) in &known.places {
            let (row, entries, set) = &told.lines[*line];
            if row.chained && position + 1 < entries.len() {
                out |= set;
            }
        }
        let next = later.get(&at).into_iter().flatten();
        open.extend(next.filter(|n| seen.insert(**n)));
    }
    out
}

fn impossible(told: &Told<'_>, rule: &Rule<'_>, requires: &[Clause], later: &Later, out: &mut Findings) {
    if rule.row.standing == "unverified" || rule.products == 0 {
        return;
    }
    for clause in requires {
        let mut sure = true;
        let mut possible = 0u128;
        let mut obtainable = 0u128;
        for member in &clause.0 {
            let here = match member {
                Requirement::Update { kb, .. } => {
                    let n = kb.number();
                    sure &= told.kbs.get(&n).is_none_or(|k| k.complete);
                    (
                        reachable(told, later, n, |k| k.products()),
                        reachable(told, later, n, |k| k.products() & !k.gone),
                    )
                }
                Requirement::BuildAtLeast(b) | Requirement::BuildAtMost(b) => {
                    let set = of_build(told, *b);
                    (set, set)
                }
                Requirement::ServicePackAtLeast(n) => {
                    let set = with_service_pack(told, *n);
                    (set, set)
                }
                _ => (u128::MAX, u128::MAX),
            };
            possible |= here.0;
            obtainable |= here.1;
        }
        let text = clause.to_string();
        let possible = before_service_packs(told, possible);
        let obtainable = before_service_packs(told, obtainable);
        let never = rule.products & !possible;
        if never != 0 {
            let level = if sure && rule.is_hard() { Level::Error } else { Level::Warning };
            let why = format!("requires {text}, which there is not for {}", told.names(never));
            out.add(level, "requires-other-product", &rule.row.id, why);
        }
        let gone = rule.products & possible & !obtainable;
        if gone != 0 {
            let why =
                format!("requires {text}, which was withdrawn without a replacement on {}", told.names(gone));
            let level = if rule.is_hard() { Level::Error } else { Level::Warning };
            out.add(level, "requires-withdrawn", &rule.row.id, why);
        }
    }
}

fn of_build(told: &Told<'_>, bound: BuildKey) -> u128 {
    let has = |p: &ProductRow| told.builds(p).contains(&bound.build) || build_of(p) == Some(bound.build);
    told.members(u128::MAX).filter(|(_, p)| has(p)).fold(0, |s, (id, _)| s | 1 << id)
}

/// The same Windows: major and minor number, client or server.
fn windows(p: &ProductRow) -> (String, &str) {
    (p.version.split('.').take(2).collect::<Vec<_>>().join("."), &p.family)
}

/// With the products that become one of these by a service pack: there the prerequisite waits for that.
fn before_service_packs(told: &Told<'_>, set: u128) -> u128 {
    let becomes = |p: &ProductRow| {
        let of_set =
            told.members(set).any(|(_, q)| windows(q) == windows(p) && q.service_pack > p.service_pack);
        p.service_pack.is_some() && of_set
    };
    set | told.members(!set).filter(|(_, p)| becomes(p)).fold(0, |s, (id, _)| s | 1 << id)
}

/// Products that have that service pack, or can get it: their Windows exists with it.
fn with_service_pack(told: &Told<'_>, at_least: u8) -> u128 {
    let levels = told.members(u128::MAX).filter(|(_, p)| p.service_pack.is_some_and(|n| n >= at_least));
    let with: BTreeSet<_> = levels.map(|(_, p)| windows(p)).collect();
    let fits = |p: &ProductRow| p.service_pack.is_none() || with.contains(&windows(p));
    told.members(u128::MAX).filter(|(_, p)| fits(p)).fold(0, |s, (id, _)| s | 1 << id)
}

/// Bounds that must all hold, of which no version, build or service pack meets all.
fn bounds(rule: &Rule<'_>, requires: &[Clause], out: &mut Findings) {
    let mut ranges: BTreeMap<&str, Vec<semver::Comparator>> = BTreeMap::new();
    let mut builds: BTreeMap<u32, (Option<u32>, Option<u32>)> = BTreeMap::new();
    let mut packs: (u8, u8) = (0, u8::MAX);
    let mut found = |text: String| out.add(Level::Error, "bounds-contradict", &rule.row.id, text);
    let when = clauses(&rule.row.when);
    let must: Vec<&Requirement> = requires
        .iter()
        .chain(&when)
        .filter_map(|c| <&[_; 1]>::try_from(&c.0[..]).ok())
        .map(|[one]| one)
        .collect();
    for one in &must {
        match one {
            Requirement::Component { name, version } => {
                let range = Version::requirement(version).map(|r| r.comparators).unwrap_or_default();
                ranges.entry(name).or_default().extend(range);
            }
            Requirement::BuildAtLeast(b) => {
                let least = &mut builds.entry(b.build).or_default().0;
                *least = (*least).max(Some(b.revision));
            }
            Requirement::BuildAtMost(b) => {
                let most = &mut builds.entry(b.build).or_default().1;
                *most = Some(most.map_or(b.revision, |m| m.min(b.revision)));
            }
            Requirement::ServicePackAtLeast(n) => packs.0 = packs.0.max(*n),
            Requirement::ServicePackAtMost(n) => packs.1 = packs.1.min(*n),
            _ => {}
        }
    }
    for (name, range) in ranges {
        if !is_met(&range) {
            let said = range.iter().map(shown).collect::<Vec<_>>().join(",");
            found(format!("no version of {name} is {said}"));
        }
    }
    // an any-of clause whose every member is such a range
    for clause in requires.iter().filter(|c| c.0.len() > 1) {
        let never = |r: &Requirement| match r {
            Requirement::Component { version, .. } => {
                Version::requirement(version).is_ok_and(|v| !is_met(&v.comparators))
            }
            _ => false,
        };
        if clause.0.iter().all(never) {
            found(format!("no version meets any of {clause}"));
        }
    }
    for (build, bounds) in &builds {
        if let (Some(least), Some(most)) = bounds
            && least > most
        {
            found(format!("no revision of {build} is at least {least} and at most {most}"));
        }
    }
    let least: Vec<u32> = builds.iter().filter(|(_, b)| b.0.is_some()).map(|(b, _)| *b).collect();
    let branches: BTreeSet<u32> = least.iter().map(|b| crate::model::branch_of(*b)).collect();
    if branches.len() > 1 {
        found(format!("no host has the builds {} at once", some(least)));
    }
    if packs.0 > packs.1 {
        found(format!("no service pack is at least {} and at most {}", packs.0, packs.1));
    }
}

fn shown(c: &semver::Comparator) -> String {
    let patch = c.patch.unwrap_or(0);
    let version = Version([c.major as u32, c.minor.unwrap_or(0) as u32, (patch >> 32) as u32, patch as u32]);
    let sign = match c.op {
        semver::Op::GreaterEq => ">=",
        semver::Op::Greater => ">",
        semver::Op::LessEq => "<=",
        semver::Op::Less => "<",
        _ => "=",
    };
    format!("{sign}{version}")
}

/// Is there a version within all bounds? If there is, one of the bounds or a neighbour of one is.
fn is_met(range: &[semver::Comparator]) -> bool {
    let fits = |v: &semver::Version| range.iter().all(|c| c.matches(v));
    let mut tried = range.iter().flat_map(|c| {
        let (minor, patch) = (c.minor.unwrap_or(0), c.patch.unwrap_or(0));
        let at = semver::Version::new(c.major, minor, patch);
        let after = semver::Version::new(c.major, minor, patch.saturating_add(1));
        let before = match (c.major, minor, patch) {
            (0, 0, 0) => at.clone(),
            (major, 0, 0) => semver::Version::new(major - 1, u64::MAX, u64::MAX),
            (major, minor, 0) => semver::Version::new(major, minor - 1, u64::MAX),
            (major, minor, patch) => semver::Version::new(major, minor, patch - 1),
        };
        [at, after, before]
    });
    range.is_empty() || tried.any(|v| fits(&v))
}

/// Rules that exclude what they, or other rules of the update, require.
fn excluded(told: &Told<'_>, out: &mut Findings) {
    let mut of_kb: BTreeMap<u32, Vec<&Rule<'_>>> = BTreeMap::new();
    for r in &told.rules {
        if let Some(kb) = r.kb {
            of_kb.entry(kb).or_default().push(r);
        }
    }
    for rule in &told.rules {
        let same = |e: &Requirement, r: &Requirement| match (e, r) {
            (Requirement::Update { kb: a, .. }, Requirement::Update { kb: b, .. }) => a == b,
            (e, r) => e == r,
        };
        let others = rule.kb.and_then(|k| of_kb.get(&k)).into_iter().flatten().copied();
        let binding = others.filter(|o| {
            let overlap = o.products == 0 || rule.products == 0 || o.products & rule.products != 0;
            o.row.id != rule.row.id && o.row.when.is_empty() && o.is_hard() && overlap
        });
        for o in std::iter::once(rule).chain(binding) {
            let excludes: Vec<Requirement> = o.row.excludes.iter().filter_map(|e| e.parse().ok()).collect();
            for clause in clauses(&rule.row.requires) {
                if !clause.0.is_empty() && clause.0.iter().all(|r| excludes.iter().any(|e| same(e, r))) {
                    let by =
                        if o.row.id == rule.row.id { "it".to_owned() } else { format!("rule {}", o.row.id) };
                    let text = format!("requires {clause}, which {by} excludes");
                    out.add(Level::Error, "requires-excluded", &rule.row.id, text);
                }
            }
        }
    }
}

/// Updates that need each other on one product whichever member of each clause is taken.
fn cycle(told: &Told<'_>, out: &mut Findings) {
    let mut found: BTreeMap<(Level, Vec<u32>), u128> = BTreeMap::new();
    let hard: Vec<(&Rule<'_>, u32, Vec<Vec<u32>>)> = told
        .rules
        .iter()
        .filter(|r| r.is_hard())
        .filter_map(|r| Some((r, r.kb?, update_clauses(&r.row.requires))))
        .filter(|(.., clauses)| !clauses.is_empty())
        .collect();
    let mut sets: BTreeSet<u128> = BTreeSet::new();
    let every = if told.products.len() >= 128 { u128::MAX } else { (1 << told.products.len()) - 1 };
    for id in 0..told.products.len() {
        // products on which the same rules hold have the same cycles
        let here = |r: &Rule<'_>| r.products == 0 || r.products >> id & 1 == 1;
        let mut alike = every;
        for (r, ..) in &hard {
            let set = if r.products == 0 { every } else { r.products };
            alike &= if here(r) { set } else { !set };
        }
        if !sets.insert(alike) {
            continue;
        }
        for (level, conditional) in [(Level::Error, false), (Level::Warning, true)] {
            let of: Vec<(u32, &[Vec<u32>])> = hard
                .iter()
                .filter(|(r, ..)| here(r) && (conditional || r.row.when.is_empty()))
                .map(|(_, kb, clauses)| (*kb, &clauses[..]))
                .collect();
            for group in blocked(&of) {
                let sure = found.contains_key(&(Level::Error, group.clone()));
                if level == Level::Error || !sure {
                    *found.entry((level, group)).or_default() |= alike;
                }
            }
        }
    }
    for ((level, group), products) in found {
        let names = some(group.iter().map(|n| format!("KB{n}")));
        let text = match group.len() {
            1 => "requires itself".to_owned(),
            n => format!("{n} updates need each other: {names}"),
        };
        let on = if products == every { String::new() } else { format!(" on {}", told.names(products)) };
        out.add(level, "prerequisite-cycle", format!("KB{}", group[0]), format!("{text}{on}"));
    }
}

/// Clauses of which every member is an update.
fn update_clauses(texts: &[String]) -> Vec<Vec<u32>> {
    let numbers = |c: Clause| -> Option<Vec<u32>> {
        c.0.iter()
            .map(|r| match r {
                Requirement::Update { kb, .. } => Some(kb.number()),
                _ => None,
            })
            .collect()
    };
    clauses(texts).into_iter().filter_map(numbers).filter(|c| !c.is_empty()).collect()
}

/// Groups of updates that no order of installation ever reaches, because they wait for each other.
///
/// Least fixed point: an update can be installed once each of its clauses has a member that can. Each clause is looked
/// at once for each of its members, so the cost is that of the rules.
fn blocked(rules: &[(u32, &[Vec<u32>])]) -> Vec<Vec<u32>> {
    let mut waits: HashMap<u32, usize> = HashMap::new();
    // member -> clauses, by number, that it opens
    let mut opens: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut clause_of: Vec<(u32, bool)> = Vec::new();
    for (kb, clauses) in rules {
        for clause in *clauses {
            *waits.entry(*kb).or_default() += 1;
            clause.iter().for_each(|m| opens.entry(*m).or_default().push(clause_of.len()));
            clause_of.push((*kb, false));
        }
    }
    let mut ready: Vec<u32> = opens.keys().filter(|m| !waits.contains_key(m)).copied().collect();
    while let Some(kb) = ready.pop() {
        for clause in opens.get(&kb).into_iter().flatten() {
            let (of, open) = &mut clause_of[*clause];
            if !std::mem::replace(open, true)
                && let Some(n) = waits.get_mut(of)
            {
                *n -= 1;
                if *n == 0 {
                    ready.push(*of);
                }
            }
        }
    }
    let stuck = |kb: &u32| waits.get(kb).is_some_and(|n| *n > 0);
    let edges = || {
        let clauses =
            rules.iter().filter(|(kb, _)| stuck(kb)).flat_map(|(kb, c)| c.iter().map(move |c| (*kb, c)));
        // a clause with a member that can be installed holds nothing up
        let closed = clauses.filter(|(_, c)| c.iter().all(stuck));
        closed.flat_map(|(kb, c)| c.iter().map(move |m| (kb, *m)))
    };
    let mut out = cycles::groups(edges());
    out.extend(edges().filter(|(a, b)| a == b).map(|(a, _)| vec![a]));
    out.sort_unstable();
    out.dedup();
    out
}
