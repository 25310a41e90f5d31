//! Which of the packages would do for what another one needs.

use crate::{
    catalog::{
        Catalog,
        view::{LineKind, RelationKind},
    },
    model::{Host, KbId, ProductId, ProductSet, Requirement, UpdateKind},
    resolve::{
        identity::Identity,
        installed::Installed,
        requirement::{SHA2_SUPPORT, STANDS_IN, brings_component},
        statement::{Certainty, Truth},
    },
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Relations by which an update is no longer needed.
const REPLACES: [RelationKind; 3] = [RelationKind::Supersedes, RelationKind::Contains, RelationKind::Covers];

/// Updates that one walk over supersedence may visit.
const WALK: usize = 4_000;

/// A host of which nothing is known but its product.
pub(super) fn host_of(catalog: &Catalog, product: ProductId) -> Identity {
    let p = catalog.product(product);
    Identity {
        products: ProductSet::of(product),
        kernel: Some((p.version.0[0], p.version.0[1])),
        build: Some(p.version.0[2]),
        service_pack: p.service_pack,
        nothing_stated: false,
        evidence: Vec::new(),
        certainty: Certainty::Inferred,
        words: p.name.to_owned(),
        embedded: false,
    }
}

/// By the update, and whether it is about what replaces it.
type Known = BTreeMap<(KbId, bool), Rc<BTreeSet<KbId>>>;

/// What stands in for what, among the packages of one group.
pub(super) struct Satisfy<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) products: ProductSet,
    /// each product with a host of which nothing else is known
    pub(super) hosts: Vec<(ProductId, Identity)>,
    pub(super) empty: Host,
    /// what stands in for an update, and what replaces it, asked once
    known: RefCell<Known>,
}

impl<'a> Satisfy<'a> {
    pub(super) fn new(catalog: &'a Catalog, products: ProductSet) -> Self {
        let hosts = products.iter().map(|p| (p, host_of(catalog, p))).collect();
        Self { catalog, products, hosts, empty: Host::default(), known: RefCell::default() }
    }

    /// The products on which nothing that a host of them brings itself meets the clause.
    pub(super) fn lacking(&self, clause: &[Requirement], on: ProductSet) -> ProductSet {
        let asked = crate::model::Clause(clause.to_vec());
        let of = self.hosts.iter().filter(|(p, _)| on.contains(*p));
        of.filter(|(_, identity)| {
            let installed = Installed::derive(self.catalog, &self.empty, identity);
            installed.meets_any(&asked, None).0.truth != Truth::True
        })
        .map(|(p, _)| *p)
        .collect()
    }

    /// Is it the very update that a member names, or the thing that it asks for by another name?
    pub(super) fn is(&self, member: &Requirement, kb: KbId) -> bool {
        match member {
            Requirement::Update { kb: named, .. } => *named == kb,
            Requirement::Sha2 => kb == SHA2_SUPPORT,
            Requirement::ServicePackAtLeast(level) => self.makes_service_pack(kb) == Some(*level),
            _ => false,
        }
    }

    /// Would it do, though another one is named?
    pub(super) fn stands_in(&self, member: &Requirement, kb: KbId) -> bool {
        match member {
            Requirement::Update { kb: named, or_later } => {
                self.standing_in(*named).contains(&kb) || *or_later && self.later_in_line(*named, kb)
            }
            Requirement::Sha2 => self.standing_in(SHA2_SUPPORT).contains(&kb),
            Requirement::BuildAtLeast(asked) => self.places(kb, LineKind::Cumulative).any(|e| {
                let build = self.catalog.line(e.line).build;
                build.is_some_and(|b| crate::model::branch_of(b) == crate::model::branch_of(asked.build))
                    && e.revision.is_some_and(|r| r >= asked.revision)
            }),
            Requirement::StackAtLeast(asked) => {
                self.places(kb, LineKind::ServicingStack).any(|e| e.stack.is_some_and(|v| v >= *asked))
            }
            Requirement::LatestStack => self.places(kb, LineKind::ServicingStack).next().is_some(),
            Requirement::ServicePackAtLeast(level) => {
                self.makes_service_pack(kb).is_some_and(|made| made > *level)
            }
            Requirement::MonthAtLeast(month) => {
                let of_month = |e: &crate::catalog::view::Entry<'_>| {
                    e.date.is_some_and(|d| d.strftime("%Y-%m").to_string() >= *month)
                };
                let mut all = self.places(kb, LineKind::Cumulative).chain(self.places(kb, LineKind::Rollup));
                all.any(|e| of_month(&e))
            }
            Requirement::Component { name, version } => {
                let brings = self.catalog.update(kb).and_then(|u| brings_component(&u));
                brings.is_some_and(|(component, brought)| {
                    let same = component == name.trim_end_matches("-full");
                    let asked = crate::model::Version::requirement(version);
                    same && asked.is_ok_and(|asked| asked.matches(&brought.to_semver()))
                })
            }
            _ => false,
        }
    }

    /// Its entries in lines of one kind that serve these products.
    fn places(&self, kb: KbId, kind: LineKind) -> impl Iterator<Item = crate::catalog::view::Entry<'a>> {
        let products = self.products;
        let catalog = self.catalog;
        catalog.places(kb).into_iter().filter(move |e| {
            let line = catalog.line(e.line);
            line.kind == kind && !line.products.intersection(products).is_empty()
        })
    }

    fn later_in_line(&self, named: KbId, kb: KbId) -> bool {
        let serving = |e: &crate::catalog::view::Entry<'_>| {
            !self.catalog.line(e.line).products.intersection(self.products).is_empty()
        };
        let (all, of_named) = (self.catalog.places(kb), self.catalog.places(named));
        let later = |e: &crate::catalog::view::Entry<'_>| {
            of_named.iter().any(|n| n.line == e.line && n.position < e.position)
        };
        all.iter().any(|e| serving(e) && later(e))
    }

    fn makes_service_pack(&self, kb: KbId) -> Option<u8> {
        let update = self.catalog.update(kb).filter(|u| u.kind == UpdateKind::ServicePack)?;
        let here = update.products();
        let levels = here
            .iter()
            .map(|p| self.catalog.product(p))
            .filter(|p| self.hosts.iter().any(|(_, h)| h.kernel == Some((p.version.0[0], p.version.0[1]))));
        levels.filter_map(|p| p.service_pack).max().map(|level| level + 1)
    }

    /// Everything that replaces or stands in for an update, through however many links.
    pub(super) fn standing_in(&self, kb: KbId) -> Rc<BTreeSet<KbId>> {
        self.walk(kb, false, &STANDS_IN)
    }

    /// Everything after which an update is no longer needed, through however many links.
    pub(super) fn replacing(&self, kb: KbId) -> Rc<BTreeSet<KbId>> {
        self.walk(kb, true, &REPLACES)
    }

    fn walk(&self, kb: KbId, replaces: bool, kinds: &[RelationKind]) -> Rc<BTreeSet<KbId>> {
        if let Some(known) = self.known.borrow().get(&(kb, replaces)) {
            return Rc::clone(known);
        }
        let mut found = BTreeSet::new();
        let mut work = vec![kb];
        while let Some(at) = work.pop() {
            for next in self.directly(at, kinds) {
                if found.len() < WALK && found.insert(next) {
                    work.push(next);
                }
            }
        }
        found.remove(&kb);
        let found = Rc::new(found);
        self.known.borrow_mut().insert((kb, replaces), Rc::clone(&found));
        found
    }

    /// What replaces an update by one link, by relations and by lines that are chained.
    fn directly(&self, kb: KbId, kinds: &[RelationKind]) -> Vec<KbId> {
        let mut out: Vec<KbId> = self
            .catalog
            .superseded_by(kb)
            .into_iter()
            .filter(|r| {
                kinds.contains(&r.kind)
                    && r.standing != crate::model::Standing::Unverified
                    && !r.products.intersection(self.products).is_empty()
            })
            .map(|r| r.from)
            .collect();
        let known = |e: &crate::catalog::view::Entry<'_>| e.standing != crate::model::Standing::Unverified;
        for e in self.catalog.places(kb).into_iter().filter(known) {
            let line = self.catalog.line(e.line);
            if line.chained && !line.products.intersection(self.products).is_empty() {
                // one after the other: the whole of the line follows
                let later = (e.position + 1..line.len)
                    .filter_map(|at| self.catalog.entry(e.line, at).filter(known)?.kb);
                out.extend(later.take(1));
            }
        }
        out
    }
}
