//! What all rows tell of each update, put side by side.

use crate::catalog::facts::{EntryRow, Facts, LineRow, ProductRow, RuleRow, SourceRow};
use crate::model::{KbId, SourceKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One update, as all rows tell it.
#[derive(Default)]
pub(super) struct Kb<'a> {
    /// a row describes it, or it stands in a line
    pub(super) described: bool,
    /// date -> sources that state it, and whether one of them is a list of releases
    pub(super) dates: BTreeMap<&'a str, BTreeSet<(bool, &'a str)>>,
    /// kind -> sources that state it
    pub(super) kinds: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// products that rows state a package for, to install or built in
    pub(super) packages: u128,
    /// the same -> first source
    pub(super) package_sources: Vec<(u128, &'a str)>,
    /// products of the lines it stands in
    pub(super) line_products: u128,
    /// lines, by number, and its position there
    pub(super) places: Vec<(usize, usize)>,
    /// those products are all: a row or the list it stands in says so
    pub(super) complete: bool,
    /// withdrawn for these products, and nothing is to be installed instead
    pub(super) gone: u128,
}

impl Kb<'_> {
    /// Products it can be on, as far as anything is known; 0 if nothing is.
    pub(super) fn products(&self) -> u128 {
        self.packages | self.line_products
    }

    /// The date, if all that state one agree.
    pub(super) fn agreed_date(&self) -> Option<&str> {
        let mut dates = self.dates.keys();
        dates.next().copied().filter(|_| dates.next().is_none())
    }

    /// The date is agreed on, and a list of releases states it.
    pub(super) fn date_is_firm(&self) -> bool {
        self.agreed_date().is_some() && self.dates.values().flatten().any(|(firm, _)| *firm)
    }
}

/// One relation as a row states it.
pub(super) struct Edge<'a> {
    pub(super) relation: &'a str,
    pub(super) from: u32,
    pub(super) to: u32,
    /// products on which it holds; 0 where the row leaves that open
    pub(super) products: u128,
    pub(super) source: &'a str,
    /// of a local correction
    pub(super) overlay: bool,
    /// stated, and not taken over when the source was read
    pub(super) left_out: bool,
}

/// A rule with what it means for products.
pub(super) struct Rule<'a> {
    pub(super) row: &'a RuleRow,
    pub(super) kb: Option<u32>,
    /// products on which it holds; 0 where neither it nor its update says
    pub(super) products: u128,
    /// of a local correction
    pub(super) overlay: bool,
}

impl Rule<'_> {
    /// Refused without it, and known well enough to decide.
    pub(super) fn is_hard(&self) -> bool {
        self.row.strength.as_deref().is_none_or(|s| s == "hard") && self.row.standing != "unverified"
    }
}

/// All rows, indexed.
pub(super) struct Told<'a> {
    pub(super) products: Vec<&'a ProductRow>,
    ids: HashMap<&'a str, u8>,
    branches: BTreeMap<&'a str, &'a [u32]>,
    /// lines of all parts; those of one name are of several sources
    pub(super) lines: Vec<(&'a LineRow, &'a [EntryRow], u128)>,
    pub(super) kbs: BTreeMap<u32, Kb<'a>>,
    pub(super) edges: Vec<Edge<'a>>,
    pub(super) rules: Vec<Rule<'a>>,
    pub(super) parts: Vec<&'a Facts>,
}

/// The kind of each source that the part names by its id.
fn kinds(part: &Facts) -> impl Fn(&str) -> Option<SourceKind> {
    let sources: HashMap<&str, &SourceRow> = part.sources.iter().map(|s| (&*s.id, s)).collect();
    move |source| sources.get(source).and_then(|s| s.kind.as_deref()).and_then(SourceKind::parse)
}

/// The number of a KB; `None` for what is none.
pub(super) fn number(kb: &str) -> Option<u32> {
    kb.parse().ok().map(KbId::number)
}

impl<'a> Told<'a> {
    pub(super) fn new(parts: &[&'a Facts]) -> Self {
        let mut told = Self {
            products: Vec::new(),
            ids: HashMap::new(),
            branches: BTreeMap::new(),
            lines: Vec::new(),
            kbs: BTreeMap::new(),
            edges: Vec::new(),
            rules: Vec::new(),
            parts: parts.to_vec(),
        };
        for part in parts {
            for p in &part.products {
                // 128 is what a set of products can hold; the compiler refuses more
                if told.products.len() < 128 && !told.ids.contains_key(&*p.id) {
                    told.ids.insert(&p.id, told.products.len() as u8);
                    told.products.push(p);
                }
            }
            for b in &part.branches {
                told.branches.entry(&b.id).or_insert(&b.builds);
            }
        }
        for part in parts {
            told.part(part);
        }
        told.rules(parts);
        told
    }

    fn part(&mut self, part: &'a Facts) {
        let kind = kinds(part);
        let is_overlay = |source: &str| kind(source) == Some(SourceKind::Overlay);
        for (line, entries) in &part.lines {
            let (at, set) = (self.lines.len(), self.set(&line.products));
            self.lines.push((line, entries, set));
            for (position, e) in entries.iter().enumerate() {
                let Some(kb) = e.kb.as_deref().and_then(number) else { continue };
                let known = self.kbs.entry(kb).or_default();
                known.described = true;
                known.line_products |= set;
                known.complete |=
                    matches!(&*line.kind, "cumulative" | "rollup" | "security-only" | "servicing-stack");
                known.places.push((at, position));
                if let Some(date) = &e.date {
                    known.dates.entry(date).or_default().insert((true, &e.source));
                }
                if let Some(kind) = &e.kind {
                    known.kinds.entry(kind).or_default().insert(&e.source);
                }
            }
        }
        for u in &part.updates {
            let Some(kb) = number(&u.kb) else { continue };
            let mut packages = 0;
            for p in &u.packages {
                packages |= self.set(&p.products);
            }
            for s in &u.supersedes {
                let Some(to) = number(&s.kb) else { continue };
                let products = self.set(&s.products);
                let overlay = is_overlay(&u.source);
                self.edges.push(Edge {
                    relation: "supersedes",
                    from: kb,
                    to,
                    products,
                    source: &u.source,
                    overlay,
                    left_out: false,
                });
            }
            for d in u.doubts.iter().filter(|d| d.claim == "supersedes") {
                let Some(to) = d.value.as_deref().and_then(number) else { continue };
                self.edges.push(Edge {
                    relation: "supersedes",
                    from: kb,
                    to,
                    products: self.set(&d.products),
                    source: &u.source,
                    overlay: is_overlay(&u.source),
                    left_out: true,
                });
            }
            let known = self.kbs.entry(kb).or_default();
            known.described = true;
            known.packages |= packages;
            known.complete |= u.all_packages_known;
            if packages != 0 {
                known.package_sources.push((packages, &u.source));
            }
            if let Some(date) = &u.date {
                let firm = kind(&u.source).is_some_and(|k| k <= SourceKind::ReleaseInformation);
                known.dates.entry(date).or_default().insert((firm, &u.source));
            }
            if let Some(kind) = &u.kind {
                known.kinds.entry(kind).or_default().insert(&u.source);
            }
        }
        for r in &part.relations {
            let Some(from) = number(&r.from) else { continue };
            for to in r.to.iter().filter_map(|t| number(t)) {
                let products = self.set(&r.products);
                let overlay = is_overlay(&r.source);
                self.edges.push(Edge {
                    relation: &r.relation,
                    from,
                    to,
                    products,
                    source: &r.source,
                    overlay,
                    left_out: false,
                });
            }
        }
        for w in &part.withdrawn {
            let Some(kb) = number(&w.kb).filter(|_| w.replacement.is_empty()) else { continue };
            let set = self.set(&w.products);
            self.kbs.entry(kb).or_default().gone |= if set == 0 { u128::MAX } else { set };
        }
    }

    fn rules(&mut self, parts: &[&'a Facts]) {
        let rows = parts.iter().flat_map(|p| {
            let kind = kinds(p);
            p.rules.iter().map(move |r| (r, kind(&r.source) == Some(SourceKind::Overlay)))
        });
        for (row, overlay) in rows {
            let kb = row.kb.as_deref().and_then(number);
            let mut products = self.set(&row.products);
            if products == 0 {
                products = kb.and_then(|k| self.kbs.get(&k)).map_or(0, Kb::products);
            }
            self.rules.push(Rule { row, kb, products, overlay });
        }
    }

    /// The products of these names; names that are not known are the compiler's to refuse.
    pub(super) fn set(&self, names: &[String]) -> u128 {
        names.iter().filter_map(|n| self.ids.get(&**n)).fold(0, |s, p| s | 1 << p)
    }

    /// The products of a set.
    pub(super) fn members(&self, set: u128) -> impl Iterator<Item = (u8, &'a ProductRow)> {
        self.products.iter().enumerate().map(|(i, p)| (i as u8, *p)).filter(move |(i, _)| set & 1 << i != 0)
    }

    /// Names of the products of a set, in words.
    pub(super) fn names(&self, set: u128) -> String {
        super::some(self.members(set).map(|(_, p)| &*p.name))
    }

    /// Builds of a product's branch: those whose revisions are the same content.
    pub(super) fn builds(&self, product: &ProductRow) -> &'a [u32] {
        self.branches.get(&*product.branch).copied().unwrap_or(&[])
    }

    /// Products on which a relation holds: as its row says, or those that both ends are for. 0 if nothing is known.
    pub(super) fn holds_on(&self, e: &Edge<'_>) -> u128 {
        if e.products != 0 {
            return e.products;
        }
        let of = |kb| self.kbs.get(&kb).map_or(0, Kb::products);
        match (of(e.from), of(e.to)) {
            (0, x) | (x, 0) => x,
            (x, y) => x & y,
        }
    }

    pub(super) fn is_described(&self, kb: u32) -> bool {
        self.kbs.get(&kb).is_some_and(|k| k.described)
    }
}

/// The build number that a product's version ends with.
pub(super) fn build_of(product: &ProductRow) -> Option<u32> {
    product.version.split('.').nth(2).and_then(|b| b.parse().ok())
}
