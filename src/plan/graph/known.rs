//! What holds of updates on one host: kept however often the graph is made anew.

use super::needs::Needs;
use crate::{
    catalog::{
        Catalog,
        view::{Entry, LineKind, RelationKind, Rule, Update},
    },
    model::{Host, KbId, ProductSet, Standing, Strength, Truth, UpdateKind, Version},
    plan::simulate::{self, asks_restart},
    resolve::{
        identity::Identity,
        installed::Installed,
        requirement::{STANDS_IN, brings_component},
    },
};
use jiff::civil::Date;
use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

/// Updates that stand in for one and are looked at.
const MOST_REPLACERS: usize = 6_000;
/// Updates in all sets of replacers that are kept.
const MOST_KEPT: usize = 8_000_000;

/// Kinds of updates that bring a component, or make another release of Windows.
const BRINGERS: [UpdateKind; 4] = [
    UpdateKind::ServicePack,
    UpdateKind::DotnetProduct,
    UpdateKind::ManagementFramework,
    UpdateKind::InternetExplorerProduct,
];

/// What the catalog says of what comes after an update.
#[derive(Debug, Default)]
struct Near {
    /// places in chained lines
    places: Vec<(u16, u32)>,
    /// rollups of its month and later
    covered_by: Vec<u32>,
    /// by relations; true for one that only stands in for it
    by: Vec<(u32, bool)>,
}

/// Can an update go on the host at all, now or after a service pack?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Open,
    Closed,
    /// it could, but can be had no more
    Withdrawn,
}

/// Updates that differ in nothing of this but their age are alike: what they need, whether they ask for a restart,
/// whether any source says what they need, how well that is known.
type Kind = (Vec<String>, Option<bool>, [bool; 3]);

/// An update, the component that it brings (`sp` for a service pack), and its version.
type Bringer = (KbId, &'static str, Version);

/// A line's updates with their places, oldest first.
type Line = Rc<Vec<(u32, u32)>>;

/// What holds of updates on one host.
pub(in crate::plan) struct Known<'a> {
    pub catalog: &'a Catalog,
    pub host: &'a Host,
    pub identity: &'a Identity,
    pub installed: Rc<Installed<'a>>,
    updates: HashMap<KbId, Option<Rc<Update<'a>>>>,
    rules: HashMap<KbId, Rc<Vec<Rule<'a>>>>,
    ways: HashMap<KbId, Way>,
    pub(super) needs: HashMap<KbId, Rc<Needs>>,
    kinds: BTreeMap<Kind, u32>,
    kind_of: HashMap<KbId, u32>,
    reachable: Option<ProductSet>,
    bringers: Option<Rc<Vec<Bringer>>>,
    /// updates by dense numbers, so that walks over thousands of them are cheap
    numbers: HashMap<KbId, u32>,
    kbs: Vec<KbId>,
    near: Vec<Option<Rc<Near>>>,
    seen: Vec<u32>,
    walk: u32,
    lines: BTreeMap<u16, Line>,
    replacers: HashMap<(KbId, bool), Rc<Vec<KbId>>>,
    kept: usize,
}

impl<'a> Known<'a> {
    pub(in crate::plan) fn new(catalog: &'a Catalog, host: &'a Host, identity: &'a Identity) -> Self {
        Self {
            catalog,
            host,
            identity,
            installed: Rc::new(Installed::derive(catalog, host, identity)),
            updates: HashMap::new(),
            rules: HashMap::new(),
            ways: HashMap::new(),
            needs: HashMap::new(),
            kinds: BTreeMap::new(),
            kind_of: HashMap::new(),
            reachable: None,
            bringers: None,
            numbers: HashMap::new(),
            kbs: Vec::new(),
            near: Vec::new(),
            seen: Vec::new(),
            walk: 0,
            lines: BTreeMap::new(),
            replacers: HashMap::new(),
            kept: 0,
        }
    }

    /// An update, if the catalog describes it.
    pub(super) fn update(&mut self, kb: KbId) -> Option<Rc<Update<'a>>> {
        let catalog = self.catalog;
        self.updates.entry(kb).or_insert_with(|| catalog.update(kb).map(Rc::new)).clone()
    }

    /// Its rules.
    pub(super) fn rules(&mut self, kb: KbId) -> Rc<Vec<Rule<'a>>> {
        let catalog = self.catalog;
        Rc::clone(self.rules.entry(kb).or_insert_with(|| Rc::new(catalog.rules(kb))))
    }

    fn number(&mut self, kb: KbId) -> u32 {
        if let Some(known) = self.numbers.get(&kb) {
            return *known;
        }
        let n = self.kbs.len() as u32;
        self.numbers.insert(kb, n);
        self.kbs.push(kb);
        self.near.push(None);
        self.seen.push(0);
        n
    }

    /// The products of the host that an update's packages are for; else those that service packs may make of it.
    pub(super) fn target(&mut self, update: &Update<'_>) -> ProductSet {
        let (own, installable) = (self.identity.products, update.products());
        let here = own.intersection(installable);
        if !here.is_empty() {
            return own;
        }
        let shares = update.kind.is_cumulative()
            && own.iter().all(|h| {
                let host = self.catalog.product(h);
                installable.iter().map(|p| self.catalog.product(p)).any(|p| {
                    p.branch == host.branch && p.server == host.server && p.version.0[2] <= host.version.0[2]
                })
            });
        if shares && !own.is_empty() {
            return own;
        }
        self.reachable().intersection(installable)
    }

    /// Products of the host's Windows at higher service packs.
    fn reachable(&mut self) -> ProductSet {
        if let Some(known) = self.reachable {
            return known;
        }
        let own: Vec<_> = self.identity.products.iter().map(|p| self.catalog.product(p)).collect();
        let set = self
            .catalog
            .products()
            .filter(|p| {
                own.iter().any(|o| {
                    p.server == o.server
                        && p.version.0[..2] == o.version.0[..2]
                        && p.service_pack > o.service_pack
                        && o.service_pack.is_some()
                })
            })
            .map(|p| p.id)
            .collect();
        self.reachable = Some(set);
        set
    }

    /// Can this update go on the host at all, now or after a service pack?
    pub(super) fn way(&mut self, kb: KbId) -> Way {
        if let Some(known) = self.ways.get(&kb) {
            return *known;
        }
        let way = self.way_of(kb);
        self.ways.insert(kb, way);
        way
    }

    fn way_of(&mut self, kb: KbId) -> Way {
        let Some(update) = self.update(kb) else { return Way::Closed };
        let target = self.target(&update);
        if target.is_empty() {
            return Way::Closed;
        }
        if matches!(update.kind, UpdateKind::Delta | UpdateKind::DynamicUpdate) {
            return Way::Closed;
        }
        let withdrawn = self.catalog.withdrawals(kb).iter().any(|w| {
            w.standing != Standing::Unverified
                && (w.products.is_empty() || !w.products.intersection(target).is_empty())
        });
        if withdrawn {
            return Way::Withdrawn;
        }
        let architecture = self.host.architecture.as_ref().is_none_or(|f| {
            let own = update.packages.iter().filter(|p| !p.products.intersection(target).is_empty());
            let (any, fits) = own.fold((false, false), |(_, fits), p| {
                (true, fits || p.architectures.is_empty() || p.architectures.contains(f.value))
            });
            !any || fits
        });
        let open = architecture && self.installed.presence(kb).truth != Truth::True;
        if open { Way::Open } else { Way::Closed }
    }

    /// Updates that bring a version of a component, or make another release of Windows.
    pub(super) fn bringers(&mut self) -> Rc<Vec<Bringer>> {
        if let Some(known) = &self.bringers {
            return Rc::clone(known);
        }
        let mut all = Vec::new();
        let mut kbs: Vec<KbId> = BRINGERS.iter().flat_map(|kind| self.catalog.of_kind(*kind)).collect();
        kbs.sort_unstable();
        for kb in kbs {
            let Some(u) = self.catalog.update(kb) else { continue };
            if let Some((component, version)) = brings_component(&u) {
                all.push((kb, component, version));
            } else if u.kind == UpdateKind::ServicePack
                && let Some(level) = simulate::release_made_by(self.catalog, self.identity, &u)
                    .and_then(|p| self.catalog.product(p).service_pack)
            {
                all.push((kb, "sp", Version([level.into(), 0, 0, 0])));
            } else if u.kind == UpdateKind::ServicePack {
                // a service pack on top of one that the host lacks
                let made = u.packages.iter().filter(|p| p.built_in).flat_map(|p| p.products.iter());
                let reachable = self.reachable();
                let level = made
                    .filter(|p| reachable.contains(*p))
                    .filter_map(|p| self.catalog.product(p).service_pack)
                    .min();
                all.extend(level.map(|l| (kb, "sp", Version([l.into(), 0, 0, 0]))));
            }
        }
        let all = Rc::new(all);
        self.bringers = Some(Rc::clone(&all));
        all
    }

    /// Everything that replaces an update or contains it, ascending.
    pub(in crate::plan) fn replacers_of(&mut self, kb: KbId) -> Rc<Vec<KbId>> {
        self.later_than(kb, false)
    }

    /// Everything that replaces an update or contains it, or that `stands_in` for it as a prerequisite; ascending.
    pub(super) fn later_than(&mut self, kb: KbId, stands_in: bool) -> Rc<Vec<KbId>> {
        if let Some(known) = self.replacers.get(&(kb, stands_in)) {
            return Rc::clone(known);
        }
        self.walk += 1;
        let own = self.number(kb);
        self.seen[own as usize] = self.walk;
        let mut found: Vec<KbId> = Vec::new();
        // a line is walked once, from the earliest place that was met
        let mut walked: BTreeMap<u16, u32> = BTreeMap::new();
        let mut work = vec![own];
        while let Some(node) = work.pop() {
            if found.len() > MOST_REPLACERS {
                break;
            }
            let near = self.near(node);
            let mut meet = |this: &mut Self, n: u32| {
                if std::mem::replace(&mut this.seen[n as usize], this.walk) != this.walk {
                    found.push(this.kbs[n as usize]);
                    work.push(n);
                }
            };
            near.covered_by.iter().for_each(|n| meet(self, *n));
            let by = near.by.iter().filter(|(_, satisfies)| stands_in || !satisfies);
            by.for_each(|(n, _)| meet(self, *n));
            for (line, position) in &near.places {
                let from = walked.get(line).copied();
                if from.is_some_and(|from| from <= *position) {
                    continue;
                }
                walked.insert(*line, *position);
                let entries = self.line(*line);
                let first = entries.partition_point(|(p, _)| p <= position);
                let end = entries.partition_point(|(p, _)| from.is_none_or(|from| *p <= from));
                entries[first..end].iter().for_each(|(_, n)| meet(self, *n));
            }
        }
        found.sort_unstable();
        let found = Rc::new(found);
        if self.kept < MOST_KEPT {
            self.kept += found.len();
            self.replacers.insert((kb, stands_in), Rc::clone(&found));
        }
        found
    }

    fn line(&mut self, line: u16) -> Line {
        if let Some(known) = self.lines.get(&line) {
            return Rc::clone(known);
        }
        let entries: Vec<(u32, KbId)> =
            self.catalog.dates(line).filter_map(|(position, kb, _, _)| Some((position, kb?))).collect();
        let entries = Rc::new(entries.into_iter().map(|(p, kb)| (p, self.number(kb))).collect::<Vec<_>>());
        self.lines.insert(line, Rc::clone(&entries));
        entries
    }

    /// What the catalog says directly of what comes after an update.
    fn near(&mut self, node: u32) -> Rc<Near> {
        if let Some(known) = &self.near[node as usize] {
            return Rc::clone(known);
        }
        let kb = self.kbs[node as usize];
        let own = self.identity.products.union(self.reachable());
        let serves = |products: ProductSet| !products.intersection(own).is_empty();
        let mut near = Near::default();
        let (mut covered_by, mut by) = (Vec::new(), Vec::new());
        for e in self.catalog.places(kb).iter().filter(|e| e.standing != Standing::Unverified) {
            let line = self.catalog.line(e.line);
            let branch = line.kind == LineKind::Cumulative && self.installed.cumulative_entry(kb).is_some();
            if !serves(line.products) && !branch {
                continue;
            }
            if line.chained {
                near.places.push((e.line, e.position));
            }
            if matches!(line.kind, LineKind::SecurityOnly | LineKind::InternetExplorer) {
                covered_by.extend(self.rollups_since(e.date));
            }
        }
        for r in self.catalog.superseded_by(kb) {
            if STANDS_IN.contains(&r.kind) && r.standing != Standing::Unverified && serves(r.products) {
                by.push((r.from, r.kind == RelationKind::Satisfies));
            }
        }
        near.covered_by = covered_by.into_iter().map(|kb| self.number(kb)).collect();
        near.by = by.into_iter().map(|(kb, satisfies)| (self.number(kb), satisfies)).collect();
        let near = Rc::new(near);
        self.near[node as usize] = Some(Rc::clone(&near));
        near
    }

    /// Monthly rollups of the host's line, of the month of a day and later.
    fn rollups_since(&self, day: Option<Date>) -> Vec<KbId> {
        let Some(day) = day else { return Vec::new() };
        let month = |d: Date| (d.year(), d.month());
        let lines = self.catalog.lines().filter(|l| {
            l.kind == LineKind::Rollup && !l.products.intersection(self.identity.products).is_empty()
        });
        lines
            .flat_map(|l| self.catalog.dates(l.id))
            .filter(|(_, _, kind, date)| {
                *kind == UpdateKind::MonthlyRollup && date.is_some_and(|d| month(d) >= month(day))
            })
            .filter_map(|(_, kb, _, _)| kb)
            .collect()
    }

    pub(super) fn later_of_lines(&mut self, kb: KbId) -> Vec<KbId> {
        let own = self.identity.products.union(self.reachable());
        let places = self.catalog.places(kb);
        let serving = places.iter().filter(|e| {
            let line = self.catalog.line(e.line);
            !line.products.intersection(own).is_empty() && e.standing != Standing::Unverified
        });
        serving
            .flat_map(|e| {
                self.catalog.entries(e.line).filter(|x| x.position > e.position).collect::<Vec<_>>()
            })
            .filter_map(|x| x.kb)
            .collect()
    }

    pub(super) fn line_entries(&self, kind: LineKind, fits: impl Fn(&Entry<'_>) -> bool) -> Vec<KbId> {
        let lines = self
            .catalog
            .lines()
            .filter(|l| l.kind == kind && !l.products.intersection(self.identity.products).is_empty());
        let entries = lines.flat_map(|l| self.catalog.entries(l.id).collect::<Vec<_>>());
        entries.filter(|e| fits(e)).filter_map(|e| e.kb).collect()
    }

    /// Date and number: later is newer.
    pub(super) fn age(&mut self, kb: KbId) -> (Option<Date>, KbId) {
        (self.update(kb).and_then(|u| u.date), kb)
    }

    /// Is it disputed what an update needs, and would that be lacking?
    pub(super) fn disputed(&mut self, kb: KbId) -> bool {
        let own = self.identity.products;
        let lacking = |r: &Rule<'_>| {
            r.requires.iter().any(|clause| self.installed.meets_any(clause, None).0.truth != Truth::True)
        };
        let rules = Rc::clone(self.rules.entry(kb).or_insert_with(|| Rc::new(self.catalog.rules(kb))));
        rules.iter().any(|r| {
            !r.from_class
                && r.strength == Strength::Hard
                && (r.standing == Standing::Unverified || !r.dispute.is_empty())
                && !r.products.intersection(own).is_empty()
                && lacking(r)
        })
    }

    /// Is the place of an update among others known from elsewhere than its publisher?
    pub(super) fn secondary(&mut self, kb: KbId) -> bool {
        let own = self.identity.products;
        let of_host = |e: &Entry<'_>| !self.catalog.line(e.line).products.intersection(own).is_empty();
        let best = self.catalog.places(kb).iter().filter(|e| of_host(e)).map(|e| e.standing).min();
        let standing = best.or_else(|| Some(self.update(kb)?.standing));
        standing.is_none_or(|s| s != Standing::Verified)
    }

    /// What an update differs in from others beside its age, as a number.
    pub(super) fn kind(&mut self, kb: KbId) -> u32 {
        if let Some(known) = self.kind_of.get(&kb) {
            return *known;
        }
        let needs = self.needs_of(kb);
        let mut needs: Vec<String> =
            needs.raw.iter().map(|r| format!("{} {:?} {:?}", r.clause, r.truth, r.by)).collect();
        needs.sort_unstable();
        let known = [self.stated(kb), self.disputed(kb), self.secondary(kb)];
        let kind = (needs, asks_restart(self.catalog, kb), known);
        let next = self.kinds.len() as u32;
        let number = *self.kinds.entry(kind).or_insert(next);
        self.kind_of.insert(kb, number);
        number
    }

    /// Does any source say what an update needs?
    pub(super) fn stated(&mut self, kb: KbId) -> bool {
        let Some(update) = self.update(kb) else { return false };
        simulate::carries_stack(&update, self.identity)
            || self.rules(kb).iter().any(|r| {
                r.strength == Strength::Hard
                    && r.standing != Standing::Unverified
                    && (!r.requires.is_empty() || !r.from_class && r.standing == Standing::Verified)
            })
    }
}
