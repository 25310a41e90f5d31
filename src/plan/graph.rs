//! What the goals need on this host, as an AND-OR graph: nodes are changes, each with any-of clauses over other changes.

use super::{
    Change, Objective,
    simulate::{self, asks_restart, brings_component},
    solve,
};
use crate::{
    catalog::{
        Catalog,
        view::{LineKind, RelationKind, Rule, Update},
    },
    model::{
        Clause, Host, KbId, PackageState, ProductSet, Requirement, Standing, Strength, Truth, UpdateKind,
        Version,
    },
    resolve::{
        identity::Identity,
        installed::Installed,
        requirement::{SHA2_SUPPORT, STANDS_IN},
        statement::{Ask, Evidence, Says},
    },
};
use jiff::civil::Date;
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Changes that a graph may have; what needs more is not looked at.
const MOST_NODES: usize = 20_000;
/// Updates that stand in for one and are looked at.
const MOST_REPLACERS: usize = 6_000;
/// Kinds of members of one clause that differ in what they need.
const MOST_GROUPS: usize = 24;
/// The place of members that a rule does not name, after all that it names.
const UNNAMED: u64 = 100;
/// Pairs of which one replaces the other that are kept.
const MOST_PAIRS: usize = 400_000;

/// A clause of a change.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// the change that needs it
    pub owner: u32,
    /// what it says; empty for a step of a documented order
    pub clause: Clause,
    pub why: String,
    pub evidence: Evidence,
    /// on the host as it is: false or not known
    pub truth: Truth,
    pub ask: Vec<Ask>,
    /// what must be so for the rule to hold, where that is not known
    pub when: Option<Clause>,
}

/// The graph.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub changes: Vec<Change>,
    /// by the numbers of the problem's clauses
    pub needs: Vec<Need>,
    pub problem: solve::Problem,
    /// pairs that documented orders give, beside `problem.before`
    pub documented: BTreeSet<(u32, u32)>,
    /// a limit was met
    pub cut: bool,
    /// withdrawn updates that would have done
    pub withdrawn: BTreeSet<KbId>,
}

/// What an update needs that the host lacks.
#[derive(Clone, Debug)]
struct Raw {
    clause: Clause,
    /// changes that meet it, where the clause does not tell
    by: Vec<Change>,
    why: String,
    evidence: Evidence,
    truth: Truth,
    ask: Vec<Ask>,
    when: Option<Clause>,
}

/// What the catalog says of what comes after an update.
#[derive(Debug, Default)]
struct Near {
    /// places in chained lines
    places: Vec<(u16, u32)>,
    /// rollups of its month and later
    covered_by: Vec<KbId>,
    /// by relations; true for one that only stands in for it
    by: Vec<(KbId, bool)>,
}

/// What holds for one host, however often the graph is made anew.
#[derive(Debug, Default)]
pub(super) struct Shared {
    near: BTreeMap<KbId, Rc<Near>>,
    lines: BTreeMap<u16, Rc<Vec<(u32, KbId)>>>,
    replacers: BTreeMap<(KbId, bool), Rc<BTreeSet<KbId>>>,
}

pub(super) struct Builder<'a> {
    pub catalog: &'a Catalog,
    pub host: &'a Host,
    pub identity: &'a Identity,
    pub installed: &'a Installed<'a>,
    pub objective: Objective,
    pub image: bool,
    /// changes that the replay refused
    pub banned: &'a BTreeSet<Change>,
    pub goals: &'a BTreeSet<KbId>,
    reachable: Option<ProductSet>,
    bringers: Option<Vec<(KbId, &'static str, Version)>>,
    needs: BTreeMap<KbId, Rc<Vec<Raw>>>,
    shared: &'a mut Shared,
    graph: Graph,
    ranks: Vec<(u64, u64, bool)>,
    index: BTreeMap<Change, u32>,
    orders: BTreeMap<Vec<Requirement>, Standing>,
}

fn evidence_of(kb: KbId, clause: &Clause, rule: &Rule<'_>) -> Evidence {
    let says = Says::Needs { kb, clause: clause.0.clone(), why: rule.why.to_owned() };
    Evidence::catalog(says, rule.source, rule.standing)
}

/// Is there a way from one node to another?
fn leads(edges: &BTreeMap<u32, BTreeSet<u32>>, from: u32, to: u32) -> bool {
    let (mut seen, mut work) = (BTreeSet::from([from]), vec![from]);
    while let Some(n) = work.pop() {
        if n == to {
            return true;
        }
        work.extend(edges.get(&n).into_iter().flatten().filter(|m| seen.insert(**m)));
    }
    false
}

/// Does a step of an order name updates? Then it is a class in words, and no step of its own.
fn names_updates(step: &str) -> bool {
    let bytes = step.as_bytes();
    bytes.windows(3).any(|w| w.starts_with(b"KB") && w[2].is_ascii_digit())
        || matches!(step, "LCU" | ".NET update" | "restart")
}

impl<'a> Builder<'a> {
    #[allow(clippy::too_many_arguments, reason = "all of it is the question")]
    pub(super) fn new(
        catalog: &'a Catalog,
        host: &'a Host,
        identity: &'a Identity,
        installed: &'a Installed<'a>,
        objective: Objective,
        image: bool,
        banned: &'a BTreeSet<Change>,
        goals: &'a BTreeSet<KbId>,
        shared: &'a mut Shared,
    ) -> Self {
        Self {
            catalog,
            host,
            identity,
            installed,
            objective,
            image,
            banned,
            goals,
            reachable: None,
            bringers: None,
            needs: BTreeMap::new(),
            shared,
            graph: Graph::default(),
            ranks: Vec::new(),
            index: BTreeMap::new(),
            orders: BTreeMap::new(),
        }
    }

    /// The graph of these goals and of all that may help to reach them. `also` are needs that no rule states.
    pub(super) fn build(mut self, wanted: &BTreeSet<KbId>, also: &[(KbId, KbId)]) -> Graph {
        for kb in wanted {
            let n = self.node(Change::Install(*kb), 0, 0);
            self.graph.problem.goals.push(n);
        }
        let mut at = 0;
        while at < self.graph.changes.len() {
            if let Change::Install(kb) = self.graph.changes[at] {
                self.expand(at as u32, kb, also);
            }
            at += 1;
        }
        self.costs();
        self.pairs();
        self.renumber()
    }

    fn node(&mut self, change: Change, rank: u64, stale: u64) -> u32 {
        if let Some(n) = self.index.get(&change).copied() {
            let known = &mut self.ranks[n as usize];
            (known.0, known.1) = (known.0.min(rank), known.1.min(stale));
            return n;
        }
        let n = self.graph.changes.len() as u32;
        self.index.insert(change.clone(), n);
        self.graph.changes.push(change);
        self.graph.problem.nodes.push(solve::Node::default());
        self.ranks.push((rank, stale, false));
        n
    }

    fn expand(&mut self, owner: u32, kb: KbId, also: &[(KbId, KbId)]) {
        let needs = self.needs_of(kb);
        let own_replacers = self.replacers_of(kb);
        for (_, first) in also.iter().filter(|(of, _)| *of == kb) {
            let clause = Clause(vec![Requirement::Update { kb: *first, or_later: false }]);
            let says = Says::Needs { kb, clause: clause.0.clone(), why: String::new() };
            let member = self.node(Change::Install(*first), 0, 0);
            self.clause(
                Need {
                    owner,
                    clause,
                    why: String::new(),
                    evidence: Evidence::rule(says),
                    truth: Truth::False,
                    ask: Vec::new(),
                    when: None,
                },
                vec![member],
            );
        }
        for raw in needs.iter() {
            let members = if raw.by.is_empty() {
                self.providers(kb, raw, &own_replacers)
            } else {
                raw.by.iter().cloned().map(|c| (c, 0, 0)).collect()
            };
            let product = |r: &Requirement| {
                matches!(r, Requirement::Feature(_) | Requirement::Role(_) | Requirement::Component { .. })
            };
            // whether what a prerequisite updates is there is not known: it is not installed for that
            if raw.truth == Truth::Unknown && !self.goals.contains(&kb) && raw.clause.0.iter().all(product) {
                continue;
            }
            if members.is_empty() && raw.truth == Truth::Unknown {
                // nothing can be done about it: the replay says what is not known
                continue;
            }
            if self.graph.changes.len() + members.len() > MOST_NODES {
                self.graph.cut = true;
                if raw.truth == Truth::Unknown {
                    continue;
                }
            }
            let members: Vec<u32> = members
                .into_iter()
                .filter(|(c, _, _)| !self.banned.contains(c))
                .map(|(c, rank, stale)| self.node(c, rank, stale))
                .collect();
            let need = Need {
                owner,
                clause: raw.clause.clone(),
                why: raw.why.clone(),
                evidence: raw.evidence.clone(),
                truth: raw.truth,
                ask: raw.ask.clone(),
                when: raw.when.clone(),
            };
            self.clause(need, members);
        }
    }

    fn clause(&mut self, need: Need, mut members: Vec<u32>) {
        let mut seen = BTreeSet::new();
        members.retain(|m| seen.insert(*m));
        let number = self.graph.problem.clauses.len() as u32;
        self.graph.problem.nodes[need.owner as usize].clauses.push(number);
        self.graph.problem.clauses.push(members);
        self.graph.needs.push(need);
    }

    /// The products of the host that an update's packages are for; else those that service packs may make of it.
    fn target(&mut self, update: &Update<'_>) -> ProductSet {
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
    fn viable(&mut self, kb: KbId) -> bool {
        let Some(update) = self.catalog.update(kb) else { return false };
        let target = self.target(&update);
        if target.is_empty() || self.banned.contains(&Change::Install(kb)) {
            return false;
        }
        if matches!(update.kind, UpdateKind::Delta | UpdateKind::DynamicUpdate) {
            return false;
        }
        let withdrawn = self.catalog.withdrawals(kb).iter().any(|w| {
            w.standing != Standing::Unverified
                && (w.products.is_empty() || !w.products.intersection(target).is_empty())
        });
        if withdrawn {
            self.graph.withdrawn.insert(kb);
            return false;
        }
        let architecture = self.host.architecture.as_ref().is_none_or(|f| {
            let own = update.packages.iter().filter(|p| !p.products.intersection(target).is_empty());
            let (any, fits) = own.fold((false, false), |(_, fits), p| {
                (true, fits || p.architectures.is_empty() || p.architectures.contains(f.value))
            });
            !any || fits
        });
        architecture && self.installed.presence(kb).truth != Truth::True
    }

    /// What an update needs and the host lacks or may lack.
    fn needs_of(&mut self, kb: KbId) -> Rc<Vec<Raw>> {
        if let Some(known) = self.needs.get(&kb) {
            return Rc::clone(known);
        }
        let mut out: Vec<Raw> = Vec::new();
        if let Some(update) = self.catalog.update(kb) {
            let target = self.target(&update);
            self.service_pack_first(&update, target, &mut out);
            let rules: Vec<Rule<'_>> = self
                .catalog
                .rules(kb)
                .into_iter()
                .filter(|r| r.standing != Standing::Unverified)
                .filter(|r| target.is_empty() || !r.products.intersection(target).is_empty())
                .collect();
            for rule in &rules {
                if rule.strength == Strength::Hard || rule.order.len() > 1 {
                    self.order(kb, rule, &mut out);
                }
                if rule.strength == Strength::Hard {
                    self.rule(kb, rule, update.date, &mut out);
                }
                self.excluded(kb, rule, &mut out);
            }
            self.conflicts(kb, &mut out);
        }
        let mut seen = BTreeSet::new();
        out.retain(|r| seen.insert((r.clause.to_string(), r.by.clone())));
        let out = Rc::new(out);
        self.needs.insert(kb, Rc::clone(&out));
        out
    }

    /// Its packages are for a higher service pack than the host has.
    fn service_pack_first(&self, update: &Update<'_>, target: ProductSet, out: &mut Vec<Raw>) {
        let Some(level) = self.identity.service_pack else { return };
        if !self.identity.products.intersection(target).is_empty() {
            return;
        }
        let lowest = target.iter().filter_map(|p| self.catalog.product(p).service_pack).min();
        let Some(lowest) = lowest.filter(|l| *l > level) else { return };
        let clause = Clause(vec![Requirement::ServicePackAtLeast(lowest)]);
        let says = Says::ServicePackTooLow { host: level, needs: lowest };
        out.push(Raw {
            clause,
            by: Vec::new(),
            why: "its packages are for that service pack".into(),
            evidence: Evidence::catalog(says, update.source, update.standing),
            truth: Truth::False,
            ask: Vec::new(),
            when: None,
        });
    }

    fn rule(&self, kb: KbId, rule: &Rule<'_>, asked_on: Option<Date>, out: &mut Vec<Raw>) {
        let conditions: Vec<_> = rule.when.iter().map(|c| (c, self.installed.meets_any(c, None).0)).collect();
        if conditions.iter().any(|(_, e)| e.truth == Truth::False) {
            return;
        }
        let open = conditions.into_iter().find(|(_, e)| e.truth == Truth::Unknown);
        let (when, asks) = open.map_or((None, Vec::new()), |(c, e)| (Some(c.clone()), e.ask));
        for clause in &rule.requires {
            let (e, _) = self.installed.meets_any(clause, asked_on);
            if e.truth == Truth::True {
                continue;
            }
            // Embedded systems have licences of their own
            let licensed = clause.0.iter().any(|r| matches!(r, Requirement::Licence(_)));
            if licensed && self.identity.embedded {
                continue;
            }
            let truth = if when.is_some() { Truth::Unknown } else { e.truth };
            out.push(Raw {
                clause: clause.clone(),
                by: Vec::new(),
                why: rule.why.to_owned(),
                evidence: evidence_of(kb, clause, rule),
                truth,
                ask: if when.is_some() { asks.clone() } else { e.ask },
                when: when.clone(),
            });
        }
    }

    /// Steps that are no updates and stand right before it in a documented order.
    fn order(&mut self, kb: KbId, rule: &Rule<'_>, out: &mut Vec<Raw>) {
        let best = self.orders.entry(rule.order.clone()).or_insert(rule.standing);
        *best = rule.standing.min(*best);
        let is = |r: &Requirement| matches!(r, Requirement::Update { kb: k, .. } if *k == kb);
        let Some(at) = rule.order.iter().position(is) else { return };
        let before = rule.order[..at].iter().rev().take_while(|r| !matches!(r, Requirement::Update { .. }));
        for r in before {
            let Requirement::Manual(step) = r else { continue };
            if names_updates(step) || self.host.steps_done.contains_key(step) {
                continue;
            }
            let clause = Clause(vec![r.clone()]);
            out.push(Raw {
                by: vec![Change::Manual(step.clone())],
                why: String::new(),
                evidence: evidence_of(kb, &clause, rule),
                clause,
                truth: Truth::False,
                ask: Vec::new(),
                when: None,
            });
        }
    }

    /// What must be removed first.
    fn excluded(&mut self, kb: KbId, rule: &Rule<'_>, out: &mut Vec<Raw>) {
        for excluded in &rule.excludes {
            let by = match excluded {
                Requirement::Edition(_) | Requirement::RestartPending => continue,
                Requirement::Update { kb: other, .. } => {
                    let listed = self.host.updates.get(other).map(|f| f.value);
                    if listed.is_none_or(|s| s == PackageState::Superseded)
                        || self.installed.presence(*other).truth != Truth::True
                    {
                        continue;
                    }
                    vec![Change::Remove(*other)]
                }
                other if self.installed.meets(other, None).truth != Truth::True => continue,
                Requirement::Component { name, version } => {
                    // what brings a version in that range
                    let Ok(range) = Version::requirement(version) else { continue };
                    let own = self.identity.products;
                    let bringers = self.bringers().to_vec();
                    let there = bringers.into_iter().filter(|(b, c, v)| {
                        name.starts_with(c)
                            && range.matches(&v.to_semver())
                            && self
                                .catalog
                                .update(*b)
                                .is_some_and(|u| !u.products().intersection(own).is_empty())
                    });
                    there.map(|(b, _, _)| Change::Remove(b)).collect()
                }
                _ => Vec::new(),
            };
            let says = Says::Conflicts { kb, with: excluded.to_string() };
            out.push(Raw {
                clause: Clause(vec![excluded.clone()]),
                by: if by.is_empty() { vec![Change::Manual(format!("remove {excluded}"))] } else { by },
                why: rule.why.to_owned(),
                evidence: Evidence::catalog(says, rule.source, rule.standing),
                truth: Truth::False,
                ask: Vec::new(),
                when: None,
            });
        }
    }

    fn conflicts(&self, kb: KbId, out: &mut Vec<Raw>) {
        for r in self.catalog.relations_from(kb).into_iter().chain(self.catalog.superseded_by(kb)) {
            if r.kind != RelationKind::Conflicts || r.standing == Standing::Unverified {
                continue;
            }
            let other = if r.from == kb { r.to } else { r.from };
            if self.host.updates.get(&other).is_none_or(|f| f.value != PackageState::Installed) {
                continue;
            }
            let says = Says::Conflicts { kb, with: other.to_string() };
            out.push(Raw {
                clause: Clause(vec![Requirement::Update { kb: other, or_later: false }]),
                by: vec![Change::Remove(other)],
                why: String::new(),
                evidence: Evidence::catalog(says, r.source, r.standing),
                truth: Truth::False,
                ask: Vec::new(),
                when: None,
            });
        }
    }

    /// Updates that bring a version of a component, or make another release of Windows.
    fn bringers(&mut self) -> &[(KbId, &'static str, Version)] {
        if self.bringers.is_none() {
            let mut all = Vec::new();
            for kb in self.catalog.kbs() {
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
            self.bringers = Some(all);
        }
        self.bringers.as_deref().unwrap_or_default()
    }

    /// Everything that replaces an update or contains it.
    pub(super) fn replacers_of(&mut self, kb: KbId) -> Rc<BTreeSet<KbId>> {
        self.later_than(kb, false)
    }

    /// Everything that replaces an update or contains it, or that `stands_in` for it as a prerequisite.
    fn later_than(&mut self, kb: KbId, stands_in: bool) -> Rc<BTreeSet<KbId>> {
        if let Some(known) = self.shared.replacers.get(&(kb, stands_in)) {
            return Rc::clone(known);
        }
        let mut seen: BTreeSet<KbId> = BTreeSet::new();
        // a line is walked once, from the earliest place that was met
        let mut walked: BTreeMap<u16, u32> = BTreeMap::new();
        let mut work = vec![kb];
        while let Some(node) = work.pop() {
            if seen.len() > MOST_REPLACERS {
                break;
            }
            let near = self.near(node);
            let mut next: Vec<KbId> = near.covered_by.clone();
            next.extend(near.by.iter().filter(|(_, satisfies)| stands_in || !satisfies).map(|(by, _)| *by));
            for (line, position) in &near.places {
                if walked.get(line).is_some_and(|from| from <= position) {
                    continue;
                }
                walked.insert(*line, *position);
                let catalog = self.catalog;
                let entries = self.shared.lines.entry(*line).or_insert_with(|| {
                    Rc::new(catalog.entries(*line).filter_map(|e| Some((e.position, e.kb?))).collect())
                });
                next.extend(entries.iter().filter(|(p, _)| p > position).map(|(_, kb)| *kb));
            }
            work.extend(next.into_iter().filter(|n| *n != kb && seen.insert(*n)));
        }
        let seen = Rc::new(seen);
        self.shared.replacers.insert((kb, stands_in), Rc::clone(&seen));
        seen
    }

    /// What the catalog says directly of what comes after an update.
    fn near(&mut self, kb: KbId) -> Rc<Near> {
        if let Some(known) = self.shared.near.get(&kb) {
            return Rc::clone(known);
        }
        let own = self.identity.products.union(self.reachable());
        let serves = |products: ProductSet| !products.intersection(own).is_empty();
        let mut near = Near::default();
        for e in self.catalog.places(kb).iter().filter(|e| e.standing != Standing::Unverified) {
            let line = self.catalog.line(e.line);
            let branch = line.kind == LineKind::Cumulative && self.installed.cumulative_entry(kb).is_some();
            if !serves(line.products) && !branch {
                continue;
            }
            if line.chained {
                near.places.push((e.line, e.position));
            }
            if line.kind == LineKind::SecurityOnly {
                near.covered_by.extend(self.rollups_since(e.date));
            }
        }
        for r in self.catalog.superseded_by(kb) {
            if STANDS_IN.contains(&r.kind) && r.standing != Standing::Unverified && serves(r.products) {
                near.by.push((r.from, r.kind == RelationKind::Satisfies));
            }
        }
        let near = Rc::new(near);
        self.shared.near.insert(kb, Rc::clone(&near));
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
            .flat_map(|l| self.catalog.entries(l.id).collect::<Vec<_>>())
            .filter(|e| e.kind == UpdateKind::MonthlyRollup && e.date.is_some_and(|d| month(d) >= month(day)))
            .filter_map(|e| e.kb)
            .collect()
    }

    /// Changes that meet a need, the preferred first: change, place in the rule, how many newer ones would do.
    fn providers(&mut self, owner: KbId, raw: &Raw, replaces: &BTreeSet<KbId>) -> Vec<(Change, u64, u64)> {
        let mut named: Vec<KbId> = Vec::new();
        let mut others: Vec<KbId> = Vec::new();
        let mut steps: Vec<Change> = Vec::new();
        let asked_on = self.catalog.update(owner).and_then(|u| u.date);
        for r in &raw.clause.0 {
            match r {
                Requirement::Update { kb, or_later } => {
                    named.push(*kb);
                    others.extend(self.later_than(*kb, true).iter());
                    if *or_later {
                        others.extend(self.later_of_lines(*kb));
                    }
                }
                Requirement::BuildAtLeast(bound) => {
                    let bound = *bound;
                    others.extend(self.line_entries(LineKind::Cumulative, |e| {
                        e.revision.is_some_and(|r| r >= bound.revision)
                    }));
                }
                Requirement::StackAtLeast(version) => {
                    let version = *version;
                    others.extend(
                        self.line_entries(LineKind::ServicingStack, |e| {
                            e.stack.is_some_and(|v| v >= version)
                        }),
                    );
                }
                Requirement::LatestStack => {
                    if let Some(kb) = self.installed.stack_of_day(asked_on) {
                        named.push(kb);
                        others.extend(self.later_of_lines(kb));
                    }
                }
                Requirement::MonthAtLeast(month) => {
                    let reached = |e: &crate::catalog::view::Entry<'_>| {
                        e.date.is_some_and(|d| d.strftime("%Y-%m").to_string() >= *month)
                    };
                    others.extend(self.line_entries(LineKind::Cumulative, reached));
                    others.extend(self.line_entries(LineKind::Rollup, reached));
                }
                Requirement::Sha2 => named.push(SHA2_SUPPORT),
                Requirement::ServicePackAtLeast(level) => {
                    let least = Version([u32::from(*level), 0, 0, 0]);
                    let packs = self.bringers().iter().filter(|(_, c, v)| *c == "sp" && *v >= least);
                    let packs: Vec<KbId> = packs.map(|(kb, _, _)| *kb).collect();
                    named.extend(packs);
                }
                Requirement::Component { name, version } => {
                    if let Ok(range) = Version::requirement(version) {
                        let fitting = self.bringers().iter().filter(|(_, c, v)| {
                            name.starts_with(c) && *c != "sp" && range.matches(&v.to_semver())
                        });
                        // the version that was asked for first, then higher ones
                        let mut fitting: Vec<(Version, KbId)> = fitting.map(|(kb, _, v)| (*v, *kb)).collect();
                        fitting.sort_unstable();
                        named.extend(fitting.into_iter().map(|(_, kb)| kb));
                    }
                }
                Requirement::Feature(name) => steps.push(Change::EnableFeature(name.clone())),
                Requirement::Role(name) => steps.push(Change::AddRole(name.clone())),
                Requirement::Licence(licence) => steps.push(Change::Licence(*licence)),
                Requirement::Manual(step) => steps.push(Change::Manual(step.clone())),
                Requirement::BuildAtMost(_)
                | Requirement::ServicePackAtMost(_)
                | Requirement::Edition(_)
                | Requirement::RestartPending => {}
            }
        }
        // the same step twice, by a product and by its feature
        steps.dedup();
        let mut seen = BTreeSet::from([owner]);
        named.retain(|kb| seen.insert(*kb));
        others.retain(|kb| seen.insert(*kb));
        let usable = |this: &mut Self, kb: &KbId| !replaces.contains(kb) && this.viable(*kb);
        named.retain(|kb| usable(self, kb));
        others.retain(|kb| usable(self, kb));
        // servicing stacks before cumulative updates, which are larger
        let cumulative = |kb: &KbId| self.catalog.update(*kb).is_some_and(|u| u.kind.is_cumulative());
        named.sort_by_key(cumulative);
        let others = self.telling(others);
        let mut by_age: Vec<KbId> = named.iter().chain(&others).copied().collect();
        by_age.sort_by_key(|kb| std::cmp::Reverse(self.age(*kb)));
        let stale = |kb: &KbId| by_age.iter().position(|k| k == kb).unwrap_or(0) as u64;
        let mut out: Vec<(Change, u64, u64)> = Vec::new();
        for (rank, kb) in named.iter().enumerate() {
            out.push((Change::Install(*kb), rank as u64, stale(kb)));
        }
        for kb in &others {
            out.push((Change::Install(*kb), UNNAMED, stale(kb)));
        }
        for (rank, step) in steps.into_iter().enumerate() {
            // a step that is no update comes after the updates that would do
            let late = if out.is_empty() { rank as u64 } else { 2 * UNNAMED + rank as u64 };
            out.push((step, late, by_age.len() as u64));
        }
        out
    }

    /// Of updates that differ in nothing but their age, the newest; goals stay.
    fn telling(&mut self, mut candidates: Vec<KbId>) -> Vec<KbId> {
        candidates.sort_by_key(|kb| std::cmp::Reverse(self.age(*kb)));
        let mut groups: BTreeSet<(Vec<String>, Option<bool>, bool)> = BTreeSet::new();
        let mut out = Vec::new();
        for kb in candidates {
            let preview = self
                .catalog
                .update(kb)
                .is_some_and(|u| matches!(u.kind, UpdateKind::RollupPreview | UpdateKind::CumulativePreview));
            let goal = self.goals.contains(&kb);
            if preview && !goal {
                continue;
            }
            let mut needs: Vec<String> =
                self.needs_of(kb).iter().map(|r| format!("{} {:?} {:?}", r.clause, r.truth, r.by)).collect();
            needs.sort_unstable();
            let key = (needs, asks_restart(self.catalog, kb), self.stated(kb));
            if goal || groups.len() < MOST_GROUPS && groups.insert(key) {
                out.push(kb);
            }
        }
        out
    }

    /// Date and number: later is newer.
    fn age(&self, kb: KbId) -> (Option<Date>, KbId) {
        (self.catalog.update(kb).and_then(|u| u.date), kb)
    }

    fn later_of_lines(&mut self, kb: KbId) -> Vec<KbId> {
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

    fn line_entries(
        &self,
        kind: LineKind,
        fits: impl Fn(&crate::catalog::view::Entry<'_>) -> bool,
    ) -> Vec<KbId> {
        let lines = self
            .catalog
            .lines()
            .filter(|l| l.kind == kind && !l.products.intersection(self.identity.products).is_empty());
        let entries = lines.flat_map(|l| self.catalog.entries(l.id).collect::<Vec<_>>());
        entries.filter(|e| fits(e)).filter_map(|e| e.kb).collect()
    }

    /// Does any source say what an update needs?
    pub(super) fn stated(&self, kb: KbId) -> bool {
        let Some(update) = self.catalog.update(kb) else { return false };
        simulate::carries_stack(&update, self.identity)
            || self.catalog.rules(kb).iter().any(|r| {
                r.strength == Strength::Hard
                    && r.standing != Standing::Unverified
                    && (!r.requires.is_empty() || !r.from_class && r.standing == Standing::Verified)
            })
    }

    fn costs(&mut self) {
        for n in 0..self.graph.changes.len() {
            let (rank, stale, _) = self.ranks[n];
            let (unsure, waits, age, weight) = match &self.graph.changes[n] {
                Change::Install(kb) => {
                    let update = self.catalog.update(*kb);
                    // the rule that names it says that this is the way
                    let named = rank < UNNAMED || self.goals.contains(kb);
                    let unsure = u64::from(!named && !self.stated(*kb));
                    let since = |d: Date| {
                        u64::from(d.year().unsigned_abs()) * 372
                            + u64::from(d.month().unsigned_abs()) * 31
                            + u64::from(d.day().unsigned_abs())
                    };
                    let day = update.as_ref().and_then(|u| u.date).map_or(0, since);
                    let weight = match update.as_ref().map(|u| u.kind) {
                        Some(UpdateKind::ServicingStack) => 1,
                        Some(UpdateKind::ServicePack) => 100,
                        Some(k) if k.is_cumulative() => 20,
                        Some(UpdateKind::MonthlyRollup | UpdateKind::RollupPreview) => 20,
                        Some(UpdateKind::DotnetProduct | UpdateKind::ManagementFramework) => 8,
                        _ => 2,
                    };
                    let waits = asks_restart(self.catalog, *kb) != Some(false) && !self.image;
                    (unsure, waits, 1_000_000 - day.min(1_000_000), weight)
                }
                Change::Remove(_) => (0, !self.image, 0, 2),
                _ => (0, false, 0, 1),
            };
            let node = &mut self.graph.problem.nodes[n];
            node.waits = waits;
            node.cost = match self.objective {
                Objective::FewestRestarts => [unsure, 1, age, rank],
                Objective::Newest => [unsure, stale, 1, age],
                Objective::Smallest => [unsure, weight, 1, age],
                // two that are named first, each by its rule: the earlier is the nearer
                Objective::Documented => [unsure, rank, 1, 1_000_000 - age],
            };
        }
        self.graph.problem.restarts_at = match self.objective {
            Objective::FewestRestarts => 1,
            _ => 2,
        };
    }

    /// Which of two changes comes first, where both are made.
    fn pairs(&mut self) {
        let installs: Vec<(u32, KbId)> = self
            .graph
            .changes
            .iter()
            .enumerate()
            .filter_map(|(n, c)| match c {
                Change::Install(kb) => Some((n as u32, *kb)),
                _ => None,
            })
            .collect();
        let number: BTreeMap<KbId, u32> = installs.iter().map(|(n, kb)| (*kb, *n)).collect();
        let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
        for (n, kb) in &installs {
            // what is replaced cannot be installed afterwards
            for by in self.replacers_of(*kb).iter() {
                if let Some(b) = number.get(by)
                    && pairs.len() < MOST_PAIRS
                {
                    pairs.insert((*n, *b));
                }
            }
            for r in self.catalog.relations_from(*kb) {
                if r.kind == RelationKind::Conflicts
                    && r.standing != Standing::Unverified
                    && let Some(b) = number.get(&r.to)
                {
                    self.graph.problem.apart.insert((*n, *b));
                }
            }
            // what it does not go with, and bounds that it must not pass
            for rule in self.catalog.rules(*kb).iter().filter(|r| {
                r.standing != Standing::Unverified
                    && !r.products.intersection(self.identity.products).is_empty()
            }) {
                for x in &rule.excludes {
                    if let Requirement::Update { kb: other, .. } = x
                        && let Some(b) = number.get(other)
                    {
                        pairs.insert((*n, *b));
                    }
                }
                let bounds = rule.requires.iter().filter(|c| c.0.len() == 1).flat_map(|c| &c.0);
                for r in bounds.filter(|_| rule.strength == Strength::Hard) {
                    let Requirement::BuildAtMost(bound) = r else { continue };
                    for (b, other) in &installs {
                        let revision = self.installed.cumulative_entry(*other).and_then(|e| e.revision);
                        if b != n && revision.is_some_and(|r| r > bound.revision) {
                            pairs.insert((*n, *b));
                        }
                    }
                }
            }
        }
        pairs.retain(|(a, b)| a != b);
        self.graph.problem.before = pairs;
        let mut orders: Vec<(Standing, Vec<Requirement>)> =
            std::mem::take(&mut self.orders).into_iter().map(|(o, s)| (s, o)).collect();
        orders.sort();
        let mut forced = self.forced();
        for (_, order) in orders {
            self.ordered(&order, &number, &mut forced);
        }
    }

    /// What comes first whatever is chosen: the only member of a clause before its owner.
    fn forced(&self) -> BTreeMap<u32, BTreeSet<u32>> {
        let mut out: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (need, members) in self.graph.needs.iter().zip(&self.graph.problem.clauses) {
            if let [only] = members[..] {
                out.entry(only).or_default().insert(need.owner);
            }
        }
        out
    }

    fn ordered(
        &mut self,
        order: &[Requirement],
        number: &BTreeMap<KbId, u32>,
        forced: &mut BTreeMap<u32, BTreeSet<u32>>,
    ) {
        let place = |r: &Requirement| match r {
            Requirement::Update { kb, .. } => number.get(kb).copied(),
            Requirement::Manual(step) => self.index.get(&Change::Manual(step.clone())).copied(),
            _ => None,
        };
        let places: Vec<Option<u32>> = order.iter().map(place).collect();
        let restart = |r: &Requirement| matches!(r, Requirement::Manual(step) if step == "restart");
        for (i, a) in places.iter().enumerate() {
            let Some(a) = a else { continue };
            let mut barrier = false;
            for (b, r) in places[i + 1..].iter().zip(&order[i + 1..]) {
                barrier |= restart(r);
                let Some(b) = b.filter(|b| b != a) else { continue };
                // orders of several sources may contradict each other and what is needed: the better known one counts
                if leads(forced, b, *a) {
                    continue;
                }
                forced.entry(*a).or_default().insert(b);
                self.graph.documented.insert((*a, b));
                if barrier {
                    self.graph.problem.effective_before.insert((*a, b));
                }
            }
        }
    }

    /// Numbers by what the changes are, so that the order in which they were met does not matter: what is needed in order
    /// of age, then by number.
    fn renumber(mut self) -> Graph {
        let age = |c: &Change| match c {
            Change::Install(kb) => (1, self.catalog.update(*kb).and_then(|u| u.date)),
            _ => (0, None),
        };
        let mut order: Vec<u32> = (0..self.graph.changes.len() as u32).collect();
        let changes = &self.graph.changes;
        order.sort_by_key(|n| {
            let c = &changes[*n as usize];
            (age(c), c.clone())
        });
        let mut new = vec![0u32; order.len()];
        for (to, from) in order.iter().enumerate() {
            new[*from as usize] = to as u32;
        }
        let of = |n: u32| new[n as usize];
        let pairs = |set: &BTreeSet<(u32, u32)>| set.iter().map(|(a, b)| (of(*a), of(*b))).collect();
        let g = &mut self.graph;
        g.changes = order.iter().map(|n| g.changes[*n as usize].clone()).collect();
        g.problem.nodes = order.iter().map(|n| g.problem.nodes[*n as usize].clone()).collect();
        for members in &mut g.problem.clauses {
            members.iter_mut().for_each(|m| *m = of(*m));
        }
        g.needs.iter_mut().for_each(|n| n.owner = of(n.owner));
        g.problem.goals.iter_mut().for_each(|n| *n = of(*n));
        g.problem.before = pairs(&g.problem.before);
        g.problem.effective_before = pairs(&g.problem.effective_before);
        g.problem.apart = pairs(&g.problem.apart);
        g.documented = pairs(&g.documented);
        self.graph
    }
}
