//! Supersedence and prerequisites around an update, as nodes and edges.

use super::{
    headline, names,
    supersedence::{self, Way},
};
use crate::{
    catalog::Catalog,
    explain::requirement_words,
    graph as graphs,
    metadata::{IndexError, Member, MetadataIndex, UpdateType},
    model::{Clause, KbId, ProductSet, Requirement, Standing, Strength},
    report::{EdgeReport, GraphReport, NodeReport},
};
use std::collections::{BTreeMap, BTreeSet};

/// Most nodes of a drawing; more cannot be read.
const MOST_NODES: usize = 150;
/// Most packages of one KB whose prerequisites are drawn.
const MOST_PACKAGES: usize = 60;

/// Draws what supersedes an update and what it supersedes, and what it requires, to `depth` steps away.
///
/// Closures are reduced first; what lies farther away is one node that says how much it is. Cycles are drawn, not
/// followed. `metadata` adds the prerequisites that the update has by GUID.
///
/// # Errors
/// The index of the metadata is damaged.
pub fn graph(
    catalog: &Catalog,
    metadata: Option<&MetadataIndex>,
    kb: KbId,
    depth: usize,
) -> Result<GraphReport, IndexError> {
    let mut d = Drawing {
        catalog,
        root: kb,
        products: catalog.update(kb).map(|u| u.products()).unwrap_or_default(),
        nodes: Vec::new(),
        ids: BTreeMap::new(),
        edges: Vec::new(),
        cycles: BTreeSet::new(),
    };
    d.update(kb);
    d.supersedence(depth);
    d.prerequisites(depth);
    if let Some(index) = metadata.filter(|_| depth > 0) {
        d.by_guid(index)?;
    }
    d.mark_cycles();
    Ok(GraphReport {
        schema: "kbwhy/catalog/graph/1",
        update: kb.to_string(),
        nodes: d.nodes,
        edges: d.edges,
        cycles: d.cycles.iter().map(|c| c.iter().map(ToString::to_string).collect()).collect(),
        catalog_as_of: catalog.as_of().to_string(),
    })
}

struct Drawing<'a> {
    catalog: &'a Catalog,
    root: KbId,
    products: ProductSet,
    nodes: Vec<NodeReport>,
    /// what a node stands for -> its id
    ids: BTreeMap<String, String>,
    edges: Vec<EdgeReport>,
    cycles: BTreeSet<Vec<KbId>>,
}

impl Drawing<'_> {
    fn is_full(&self) -> bool {
        self.nodes.len() >= MOST_NODES
    }

    fn node(&mut self, key: String, shape: &'static str, label: Vec<String>) -> String {
        if let Some(id) = self.ids.get(&key) {
            return id.clone();
        }
        let id = format!("n{}", self.nodes.len());
        self.ids.insert(key.clone(), id.clone());
        let root = key == self.root.to_string();
        self.nodes.push(NodeReport { id: id.clone(), shape, root, label });
        id
    }

    fn update(&mut self, kb: KbId) -> String {
        let mut label = vec![kb.to_string()];
        match self.catalog.update(kb) {
            Some(u) => {
                label.push(headline(self.catalog, kb));
                label.extend(u.date.map(|d| d.to_string()));
            }
            None => label.push("not described".to_owned()),
        }
        self.node(kb.to_string(), "update", label)
    }

    fn edge(&mut self, from: String, to: String, relation: &'static str, products: ProductSet) {
        let everywhere =
            products.is_empty() || self.products.is_subset(products) && !self.products.is_empty();
        let products = if everywhere { Vec::new() } else { names(self.catalog, products) };
        let same = |e: &EdgeReport| e.from == from && e.to == to && e.relation == relation;
        if !self.edges.iter().any(same) {
            self.edges.push(EdgeReport { from, to, relation, products, cycle: false });
        }
    }

    fn supersedence(&mut self, depth: usize) {
        let around = supersedence::around(self.catalog, self.root, &[Way::Newer, Way::Older]);
        self.cycles.extend(around.cycles.iter().cloned());
        for way in [Way::Newer, Way::Older] {
            let mut next: BTreeMap<KbId, Vec<(KbId, ProductSet)>> = BTreeMap::new();
            for ((newer, older), products) in &around.edges {
                let (from, to) = if way == Way::Newer { (*older, *newer) } else { (*newer, *older) };
                next.entry(from).or_default().push((to, *products));
            }
            let mut drawn = BTreeSet::from([self.root]);
            let mut level = vec![self.root];
            let mut hidden_from: Vec<KbId> = Vec::new();
            for step in 0..=depth {
                let mut farther = Vec::new();
                for at in level {
                    for (other, products) in next.get(&at).into_iter().flatten() {
                        let new = !drawn.contains(other);
                        if new && (step == depth || self.is_full()) {
                            hidden_from.push(at);
                            continue;
                        }
                        let (a, b) = (self.update(at), self.update(*other));
                        let (from, to) = if way == Way::Newer { (b, a) } else { (a, b) };
                        self.edge(from, to, "supersedes", *products);
                        if new {
                            drawn.insert(*other);
                            farther.push(*other);
                        }
                    }
                }
                level = farther;
            }
            self.more(way, &next, &drawn, &hidden_from, around.cut);
        }
    }

    /// One node for all that is not drawn.
    fn more(
        &mut self,
        way: Way,
        next: &BTreeMap<KbId, Vec<(KbId, ProductSet)>>,
        drawn: &BTreeSet<KbId>,
        from: &[KbId],
        cut: bool,
    ) {
        let Some(first) = from.first() else { return };
        let (mut seen, mut open) = (drawn.clone(), from.to_vec());
        while let Some(at) = open.pop() {
            for (other, _) in next.get(&at).into_iter().flatten() {
                if seen.insert(*other) {
                    open.push(*other);
                }
            }
        }
        let n = seen.len() - drawn.len();
        let steps: Vec<(KbId, KbId)> =
            next.iter().flat_map(|(a, b)| b.iter().map(move |(b, _)| (*a, *b))).collect();
        let path = graphs::longest_path(&steps, *first);
        let words = if way == Way::Newer { "the newest" } else { "the oldest" };
        let mut label = vec![format!("… {n} more{}", if cut { " at least" } else { "" })];
        label.extend(path.last().filter(|_| n > 1).map(|last| format!("{words}: {last}")));
        let id = self.node(format!("more {words}"), "more", label);
        let frontier: BTreeSet<KbId> = from.iter().copied().collect();
        for at in frontier {
            let at = self.update(at);
            let (a, b) = if way == Way::Newer { (id.clone(), at) } else { (at, id.clone()) };
            self.edge(a, b, "supersedes", ProductSet::default());
        }
    }

    fn prerequisites(&mut self, depth: usize) {
        let (mut seen, mut level) = (BTreeSet::from([self.root]), vec![self.root]);
        let mut hidden = 0;
        for step in 0..=depth {
            let mut farther = Vec::new();
            for at in level {
                let rules = self.catalog.rules(at);
                if step == depth || self.is_full() {
                    hidden += usize::from(rules.iter().any(|r| !r.requires.is_empty()));
                    continue;
                }
                let from = self.update(at);
                for r in &rules {
                    let relation = match (r.standing, r.strength) {
                        (Standing::Unverified, _) => "requires, unverified",
                        (_, Strength::Hard) if r.when.is_empty() => "requires",
                        (_, Strength::Hard) => "requires, on some hosts",
                        _ => "recommends",
                    };
                    for clause in &r.requires {
                        let mut of = from.clone();
                        let mut with = relation;
                        if clause.0.len() > 1 {
                            let any = self.node(
                                format!("any {clause} of {at}"),
                                "any-of",
                                vec!["any of".to_owned()],
                            );
                            self.edge(of, any.clone(), relation, r.products);
                            (of, with) = (any, "any-of");
                        }
                        for member in &clause.0 {
                            let to = self.requirement(member);
                            self.edge(
                                of.clone(),
                                to,
                                with,
                                if with == relation { r.products } else { ProductSet::default() },
                            );
                            if let Requirement::Update { kb, .. } = member
                                && seen.insert(*kb)
                            {
                                farther.push(*kb);
                            }
                        }
                    }
                    for excluded in &r.excludes {
                        let to = self.requirement(excluded);
                        self.edge(from.clone(), to, "excludes", r.products);
                    }
                }
            }
            level = farther;
        }
        if hidden > 0 {
            let label = vec![format!("… prerequisites of {hidden} more")];
            self.node("more prerequisites".to_owned(), "more", label);
        }
    }

    /// Prerequisites of its packages in Windows Update's metadata: all clauses, any member of each.
    fn by_guid(&mut self, index: &MetadataIndex) -> Result<(), IndexError> {
        let root = self.update(self.root);
        for package in index.by_kb(self.root)?.into_iter().take(MOST_PACKAGES) {
            for clause in index.prerequisites(package.guid)? {
                if self.is_full() {
                    return Ok(());
                }
                let mut members: Vec<&Member> = clause.members.iter().collect();
                members.sort_by_key(|m| (m.kbs.is_empty(), m.kbs.first(), m.guid));
                members.dedup_by_key(|m| m.kbs.first().map_or_else(|| m.guid.to_string(), KbId::to_string));
                let (mut from, mut relation) = (root.clone(), "requires");
                if members.len() > 1 {
                    let kbs: Option<Vec<Requirement>> = members
                        .iter()
                        .map(|m| Some(Requirement::Update { kb: *m.kbs.first()?, or_later: true }))
                        .collect();
                    let key = match kbs {
                        Some(kbs) => format!("any {} of {}", Clause(kbs), self.root),
                        None => {
                            let all: Vec<String> = members.iter().map(|m| m.guid.to_string()).collect();
                            format!("any {}", all.join("|"))
                        }
                    };
                    let any = self.node(key, "any-of", vec!["any of".to_owned()]);
                    self.edge(root.clone(), any.clone(), "requires", ProductSet::default());
                    (from, relation) = (any, "any-of");
                }
                for m in members {
                    let to = self.member(m);
                    self.edge(from.clone(), to, relation, ProductSet::default());
                }
            }
        }
        Ok(())
    }

    fn member(&mut self, m: &Member) -> String {
        if let Some(kb) = m.kbs.first() {
            return self.update(*kb);
        }
        let what = match m.kind {
            _ if !m.known => "not among what was imported",
            Some(UpdateType::Detectoid) => "probe of the system",
            Some(UpdateType::Category) => "category",
            _ => "without a KB",
        };
        let mut label: Vec<String> = m.title.clone().into_iter().collect();
        label.extend([m.guid.to_string(), what.to_owned()]);
        self.node(m.guid.to_string(), "requirement", label)
    }

    fn requirement(&mut self, r: &Requirement) -> String {
        match r {
            Requirement::Update { kb, .. } => self.update(*kb),
            other => self.node(other.to_string(), "requirement", vec![requirement_words(other)]),
        }
    }

    /// Finds cycles among what is drawn: of supersedence, and of single requirements.
    fn mark_cycles(&mut self) {
        let of_id: BTreeMap<&str, &str> = self.ids.iter().map(|(k, id)| (id.as_str(), k.as_str())).collect();
        let kb = |id: &str| of_id.get(id).and_then(|k| k.parse::<KbId>().ok());
        let mut inside: BTreeSet<(String, String)> = BTreeSet::new();
        for relation in ["supersedes", "requires"] {
            let edges: BTreeSet<(KbId, KbId)> = self
                .edges
                .iter()
                .filter(|e| e.relation == relation)
                .filter_map(|e| Some((kb(&e.from)?, kb(&e.to)?)))
                .collect();
            let cycles = graphs::reduce(&edges).map(|r| r.cycles).unwrap_or_default();
            for cycle in cycles {
                let ids: Vec<&String> = cycle.iter().filter_map(|k| self.ids.get(&k.to_string())).collect();
                for e in self.edges.iter().filter(|e| e.relation == relation) {
                    if ids.contains(&&e.from) && ids.contains(&&e.to) {
                        inside.insert((e.from.clone(), e.to.clone()));
                    }
                }
                self.cycles.insert(cycle);
            }
        }
        for e in &mut self.edges {
            e.cycle = inside.contains(&(e.from.clone(), e.to.clone()));
        }
    }
}
