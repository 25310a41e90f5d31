//! What the catalog says of the order of some updates: demands, documented orders, supersedence, service packs.

use super::{Binding, Edge, Given, Item, Why, groups, satisfy::Satisfy};
use crate::{
    catalog::view::{LineKind, Rule},
    model::{Host, KbId, Origin, ProductSet, Requirement, Standing, Strength, UpdateKind},
    resolve::{
        installed::Installed,
        statement::{Evidence, Link, Says},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What an update asks for: any one of a clause.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub(super) by: KbId,
    pub(super) clause: Vec<Requirement>,
    pub(super) binding: Binding,
    /// well known, and not disputed
    pub(super) sure: bool,
    pub(super) manifest: bool,
    pub(super) why: String,
    pub(super) when: Vec<Vec<Requirement>>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) on: ProductSet,
}

/// An order that a source gives.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) of: KbId,
    items: Vec<Requirement>,
    binding: Binding,
    sure: bool,
    why: String,
    class: bool,
    evidence: Vec<Evidence>,
    on: ProductSet,
}

/// An edge that may be kept: those of lower tiers first.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) tier: u8,
    pub(super) edge: Edge,
    /// the demand that it serves, by its place
    pub(super) demand: Option<usize>,
}

/// What rules say of these updates.
pub(super) fn read(s: &Satisfy<'_>, kbs: &BTreeSet<KbId>) -> (Vec<Demand>, Vec<Listing>) {
    let (mut demands, mut listings) = (Vec::<Demand>::new(), Vec::new());
    for kb in kbs {
        let own = s.catalog.update(*kb).map(|u| u.products().union(groups::made_by(s.catalog, &u)));
        for rule in s.catalog.rules(*kb) {
            let on = rule.products.intersection(s.products);
            let here = own.is_none_or(|own| own.is_empty() || !own.intersection(on).is_empty());
            if rule.standing == Standing::Unverified || on.is_empty() || !here {
                continue;
            }
            for clause in &rule.requires {
                let demand = demand(*kb, &rule, &clause.0, on);
                // one clause that several sources state is one demand
                match demands.iter_mut().find(|d| d.by == *kb && d.clause == demand.clause) {
                    Some(known) => {
                        known.binding = known.binding.min(demand.binding);
                        known.sure |= demand.sure;
                        known.on = known.on.union(on);
                        if known.evidence.len() < 3 {
                            known.evidence.extend(demand.evidence);
                        }
                        if demand.when.is_empty() {
                            known.when.clear();
                        }
                    }
                    None => demands.push(demand),
                }
            }
            if rule.order.len() > 1 {
                listings.push(listing(*kb, &rule, on));
            }
        }
    }
    (demands, listings)
}

/// The words of a rule that [`Says::Needs`] cites.
fn cited(kb: KbId, rule: &Rule<'_>, clause: &[Requirement]) -> Vec<Evidence> {
    let says = Says::Needs { kb, clause: clause.to_vec(), why: rule.why.to_owned() };
    let mut out = vec![Evidence::catalog(says, rule.source, rule.standing)];
    if !rule.dispute.is_empty() {
        out.push(Evidence::catalog(Says::Disputed(rule.dispute.to_owned()), rule.source, rule.standing));
    }
    out
}

fn demand(kb: KbId, rule: &Rule<'_>, clause: &[Requirement], on: ProductSet) -> Demand {
    let hard = rule.strength == Strength::Hard && rule.dispute.is_empty();
    Demand {
        by: kb,
        clause: clause.to_vec(),
        binding: if hard { Binding::Required } else { Binding::Advised },
        sure: rule.standing == Standing::Verified,
        manifest: false,
        why: rule.why.to_owned(),
        when: rule.when.iter().map(|c| c.0.clone()).collect(),
        evidence: cited(kb, rule, clause),
        on,
    }
}

fn listing(kb: KbId, rule: &Rule<'_>, on: ProductSet) -> Listing {
    let hard = rule.strength == Strength::Hard && rule.dispute.is_empty();
    Listing {
        of: kb,
        items: rule.order.clone(),
        binding: if hard { Binding::Documented } else { Binding::Advised },
        sure: rule.standing == Standing::Verified,
        why: rule.why.to_owned(),
        class: rule.from_class,
        evidence: cited(kb, rule, &[]).into_iter().take(1).collect(),
        on,
    }
}

/// What the manifests of packages ask for.
pub(super) fn of_manifests(s: &Satisfy<'_>, given: &BTreeMap<KbId, &[&Given]>) -> Vec<Demand> {
    let mut out = Vec::new();
    for (kb, files) in given {
        for file in *files {
            let name: Arc<str> = Arc::from(file.file.as_deref().unwrap_or_default());
            let origin = Origin::whole(&name, "package");
            let parents: Vec<Requirement> =
                file.parents.iter().map(|kb| Requirement::Update { kb: *kb, or_later: false }).collect();
            let stack: Vec<Requirement> = file.stack.map(Requirement::StackAtLeast).into_iter().collect();
            for clause in [parents, stack].into_iter().filter(|c| !c.is_empty()) {
                let says = match file.stack.filter(|_| matches!(clause[0], Requirement::StackAtLeast(_))) {
                    Some(v) => Says::PackageNeedsStack(v),
                    None => Says::PackageNeeds(file.parents.iter().map(ToString::to_string).collect()),
                };
                out.push(Demand {
                    by: *kb,
                    clause,
                    binding: Binding::Required,
                    sure: true,
                    manifest: true,
                    why: String::new(),
                    when: Vec::new(),
                    evidence: vec![Evidence::host(says, &origin)],
                    on: s.products,
                });
            }
        }
    }
    out
}

/// What holds only on some of the group's products.
pub(super) fn only(s: &Satisfy<'_>, on: ProductSet) -> ProductSet {
    if s.products.is_subset(on) { ProductSet::default() } else { on }
}

impl Demand {
    /// The edge that serves it: another update first.
    pub(super) fn edge(&self, s: &Satisfy<'_>, first: KbId) -> Edge {
        Edge {
            before: Item::Update(first),
            after: Item::Update(self.by),
            binding: self.binding,
            why: if self.manifest {
                Why::Manifest
            } else {
                Why::Needs(self.clause.clone(), self.why.clone())
            },
            evidence: self.evidence.clone(),
            only: only(s, self.on),
        }
    }
}

/// Edges of all kinds but those by which one update stands in for the one that is needed.
pub(super) fn candidates(
    s: &Satisfy<'_>,
    nodes: &BTreeSet<KbId>,
    demands: &[Demand],
    listings: &[Listing],
) -> Vec<Candidate> {
    let mut out = Vec::new();
    for (n, d) in demands.iter().enumerate() {
        let named = nodes.iter().filter(|kb| **kb != d.by && d.clause.iter().any(|r| s.is(r, **kb)));
        let tier = match (d.binding, d.sure) {
            (Binding::Required, true) => 0,
            (Binding::Required, false) => 1,
            _ => 6,
        };
        out.extend(named.map(|kb| Candidate { tier, edge: d.edge(s, *kb), demand: Some(n) }));
        let steps = d.clause.iter().filter_map(|r| match r {
            Requirement::Manual(step) if d.clause.len() == 1 => Some(Item::Manual(step.clone())),
            _ => None,
        });
        out.extend(steps.map(|step| Candidate {
            tier,
            edge: Edge { before: step, why: Why::StepBefore, ..d.edge(s, d.by) },
            demand: Some(n),
        }));
    }
    releases(s, nodes, &mut out);
    for l in listings {
        listed(s, nodes, l, &mut out);
    }
    replaced(s, nodes, &mut out);
    stacks(s, nodes, &mut out);
    out
}

/// Service packs go before what is for the level that they make, and after what is not. Updates of a release that an
/// enablement package makes are those of the former one as well.
fn releases(s: &Satisfy<'_>, nodes: &BTreeSet<KbId>, out: &mut Vec<Candidate>) {
    let updates: Vec<_> = nodes.iter().filter_map(|kb| s.catalog.update(*kb)).collect();
    for pack in updates.iter().filter(|u| u.kind == UpdateKind::ServicePack) {
        let (from, to) = (pack.products().intersection(s.products), groups::made_by(s.catalog, pack));
        if to.is_empty() {
            continue;
        }
        for other in updates.iter().filter(|u| u.kb != pack.kb && u.all_packages_known) {
            let own = other.products().intersection(s.products);
            let edge = |before: KbId, after: KbId, why| Edge {
                before: Item::Update(before),
                after: Item::Update(after),
                binding: Binding::Required,
                why,
                evidence: vec![packages(s, other)],
                only: ProductSet::default(),
            };
            let edge = if own.is_empty() {
                continue;
            } else if own.is_subset(to) && own.intersection(from).is_empty() {
                edge(pack.kb, other.kb, Why::MakesRelease)
            } else if own.is_subset(from) && own.intersection(to).is_empty() {
                edge(other.kb, pack.kb, Why::BeforeRelease)
            } else {
                continue;
            };
            out.push(Candidate { tier: 0, edge, demand: None });
        }
    }
}

fn packages(s: &Satisfy<'_>, update: &crate::catalog::view::Update<'_>) -> Evidence {
    let names = update.products().iter().map(|p| s.catalog.product(p).name.to_owned()).collect();
    Evidence::catalog(Says::PackagesFor(update.kb, names), update.source, update.standing)
}

/// Is a member of an order the update itself that the order is about?
fn is_own(l: &Listing, member: &Requirement) -> bool {
    l.class && matches!(member, Requirement::Manual(step) if step == "LCU")
}

/// Updates that a step names; the step stands for them.
fn named_in(step: &str) -> Vec<KbId> {
    step.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| w.len() > 6 && w.starts_with("KB"))
        .filter_map(|w| w.parse().ok())
        .collect()
}

/// The items of an order that are among the nodes, each with its place in the list, and whether a restart follows it.
pub(super) fn present(nodes: &BTreeSet<KbId>, l: &Listing) -> Vec<(Vec<Item>, bool)> {
    let update = |member: &Requirement| -> Option<Vec<KbId>> {
        let all = match member {
            Requirement::Update { kb, .. } => vec![*kb],
            other if is_own(l, other) => vec![l.of],
            Requirement::Manual(step) => named_in(step),
            _ => Vec::new(),
        };
        (!all.is_empty()).then_some(all)
    };
    let mut out: Vec<(Vec<Item>, bool)> = Vec::new();
    for (at, member) in l.items.iter().enumerate() {
        if let Some(kbs) = update(member) {
            let there: Vec<Item> =
                kbs.into_iter().filter(|kb| nodes.contains(kb)).map(Item::Update).collect();
            if !there.is_empty() {
                out.push((there, false));
            }
            continue;
        }
        let Requirement::Manual(step) = member else { continue };
        if step == "restart" {
            // right after what was just installed, if that is among them
            let just = at.checked_sub(1).and_then(|i| update(&l.items[i]));
            if just.is_some_and(|kbs| kbs.iter().any(|kb| nodes.contains(kb)))
                && let Some(last) = out.last_mut()
            {
                last.1 = true;
            }
            continue;
        }
        // a step belongs to the update that follows it, else to the one before
        let next = l.items[at + 1..].iter().find_map(&update);
        let belongs = next.or_else(|| l.items[..at].iter().rev().find_map(&update));
        if belongs.is_some_and(|kbs| kbs.iter().any(|kb| nodes.contains(kb))) {
            out.push((vec![Item::Manual(step.clone())], false));
        }
    }
    out
}

fn listed(s: &Satisfy<'_>, nodes: &BTreeSet<KbId>, l: &Listing, out: &mut Vec<Candidate>) {
    let tier = match (l.binding, l.sure) {
        (Binding::Documented, true) => 2,
        (Binding::Documented, false) => 3,
        _ => 6,
    };
    for pair in present(nodes, l).windows(2) {
        for before in &pair[0].0 {
            for after in &pair[1].0 {
                let edge = Edge {
                    before: before.clone(),
                    after: after.clone(),
                    binding: l.binding,
                    why: Why::Listed(l.of, l.why.clone()),
                    evidence: l.evidence.clone(),
                    only: only(s, l.on),
                };
                out.push(Candidate { tier, edge, demand: None });
            }
        }
    }
}

/// What replaces another one goes after it, if both are to be installed at all.
fn replaced(s: &Satisfy<'_>, nodes: &BTreeSet<KbId>, out: &mut Vec<Candidate>) {
    let mut push = |older: KbId, newer: KbId, link: Link, evidence: Evidence, on: ProductSet| {
        let edge = Edge {
            before: Item::Update(older),
            after: Item::Update(newer),
            binding: Binding::IfBoth,
            why: Why::Replaced(link),
            evidence: vec![evidence],
            only: only(s, on),
        };
        out.push(Candidate { tier: 4, edge, demand: None });
    };
    let mut in_lines: BTreeMap<u16, BTreeMap<u32, KbId>> = BTreeMap::new();
    for kb in nodes {
        for e in s.catalog.places(*kb).into_iter().filter(|e| e.standing != Standing::Unverified) {
            if !s.catalog.line(e.line).products.intersection(s.products).is_empty() {
                in_lines.entry(e.line).or_default().insert(e.position, *kb);
            }
        }
    }
    let mut together: BTreeSet<(KbId, KbId)> = BTreeSet::new();
    for (id, places) in &in_lines {
        let line = s.catalog.line(*id);
        if !line.chained {
            continue;
        }
        let kbs: Vec<KbId> = places.values().copied().collect();
        for (at, older) in kbs.iter().enumerate() {
            together.extend(kbs[at + 1..].iter().map(|newer| (*older, *newer)));
            // one after the other says all that all pairs say
            if let Some(newer) = kbs.get(at + 1) {
                let says = Says::Chain(vec![*older, *newer], Link::Line);
                let evidence = Evidence::catalog(says, line.source, Standing::Verified);
                push(*older, *newer, Link::Line, evidence, line.products.intersection(s.products));
            }
        }
    }
    for older in nodes {
        let relations = s.catalog.superseded_by(*older);
        for newer in s.replacing(*older).intersection(nodes) {
            if together.contains(&(*older, *newer)) {
                continue;
            }
            let says = Says::Chain(vec![*older, *newer], Link::Supersedes);
            match relations.iter().find(|r| r.from == *newer) {
                Some(r) => {
                    let on = r.products.intersection(s.products);
                    push(*older, *newer, Link::Supersedes, Evidence::catalog(says, r.source, r.standing), on);
                }
                None => push(*older, *newer, Link::Supersedes, Evidence::rule(says), s.products),
            }
        }
    }
    covered(s, &in_lines, &mut push);
}

/// Monthly rollups carry the security-only and the Internet Explorer updates up to their month.
fn covered(
    s: &Satisfy<'_>,
    in_lines: &BTreeMap<u16, BTreeMap<u32, KbId>>,
    push: &mut impl FnMut(KbId, KbId, Link, Evidence, ProductSet),
) {
    let empty = Host::default();
    for (product, identity) in &s.hosts {
        let of = |kind: fn(LineKind) -> bool| {
            in_lines.iter().filter(move |(id, _)| {
                let line = s.catalog.line(**id);
                kind(line.kind) && line.products.contains(*product)
            })
        };
        let installed = Installed::derive(s.catalog, &empty, identity);
        for (line, places) in of(|k| matches!(k, LineKind::SecurityOnly | LineKind::InternetExplorer)) {
            for (position, kb) in places {
                let Some(entry) = s.catalog.entry(*line, *position) else { continue };
                for (rollups, at) in of(|k| k == LineKind::Rollup) {
                    // the first that carries it; later ones follow that in their line
                    let carrying = at.iter().find(|(place, _)| {
                        let r = s.catalog.entry(*rollups, **place);
                        r.is_some_and(|r| installed.carries(&r, &entry, true))
                    });
                    if let Some((_, rollup)) = carrying {
                        let says = Says::Covered { security_only: *kb, rollup: *rollup };
                        let source = s.catalog.line(*rollups).source;
                        let evidence = Evidence::catalog(says, source, Standing::Verified);
                        push(*kb, *rollup, Link::Covers, evidence, ProductSet::of(*product));
                    }
                }
            }
        }
    }
}

/// Servicing stacks go before what they service, newest first tried.
fn stacks(s: &Satisfy<'_>, nodes: &BTreeSet<KbId>, out: &mut Vec<Candidate>) {
    let updates: Vec<_> = nodes.iter().filter_map(|kb| s.catalog.update(*kb)).collect();
    let mut stacks: Vec<_> = updates.iter().filter(|u| u.kind == UpdateKind::ServicingStack).collect();
    stacks.sort_by_key(|u| std::cmp::Reverse((u.date, u.kb)));
    for u in &updates {
        let serviced = u.kind.is_cumulative()
            || matches!(
                u.kind,
                UpdateKind::MonthlyRollup | UpdateKind::RollupPreview | UpdateKind::SecurityOnly
            );
        let of_its_host = |stack: &&&crate::catalog::view::Update<'_>| {
            !stack.products().intersection(u.products()).intersection(s.products).is_empty()
        };
        for stack in stacks.iter().filter(of_its_host).filter(|_| serviced) {
            let edge = Edge {
                before: Item::Update(stack.kb),
                after: Item::Update(u.kb),
                binding: Binding::Advised,
                why: Why::StackFirst,
                evidence: vec![Evidence::rule(Says::KindIs(stack.kb, stack.kind.describe()))],
                only: ProductSet::default(),
            };
            out.push(Candidate { tier: 7, edge, demand: None });
        }
    }
}
