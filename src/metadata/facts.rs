//! What metadata by GUID says of KBs: packages, supersedence and prerequisites, as rows of the catalog.
//!
//! Only what is certain becomes a row: an update whose KB is not told plainly, a category that covers several products, a
//! prerequisite that is a probe of the system stay in the index by GUID. The date of creation is no date of release and
//! does not become one.

use super::{
    UpdateType, categories,
    data::{FileRecord, Metadata, bits},
    numbered::Keyed,
};
use crate::{
    catalog::{
        Catalog,
        facts::{Facts, PackageRow, RuleRow, SupersedesRow, UpdateRow},
        view::Product,
    },
    graph,
    model::{Architecture, ArchitectureSet, ProductId, ProductSet},
    sources::Remark,
    threads::both,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
};

/// Counts something odd, and remembers where it was first.
#[derive(Default)]
struct Remarks(BTreeMap<&'static str, (u64, String)>);

impl Remarks {
    fn add(&mut self, text: &'static str, first: impl FnOnce() -> String) {
        self.count(text, 1, first);
    }
    fn count(&mut self, text: &'static str, count: u64, first: impl FnOnce() -> String) {
        let known = self.0.entry(text).or_insert_with(|| (0, first()));
        known.0 += count;
    }
}

/// An update of one KB.
#[derive(Clone, Copy)]
struct Unit {
    kb: u32,
    /// every update of it is for these
    certain: ProductSet,
    /// and may be for these too
    possible: ProductSet,
    architectures: ArchitectureSet,
}

/// Updates of one KB, by rank.
struct Units(Vec<Option<Unit>>);

impl Units {
    fn get(&self, rank: u32) -> Option<&Unit> {
        self.0.get(rank as usize)?.as_ref()
    }
    fn iter(&self) -> impl Iterator<Item = (u32, &Unit)> {
        (0u32..).zip(&self.0).filter_map(|(rank, u)| Some((rank, u.as_ref()?)))
    }
    /// The KB of a rank; 0 if it has none.
    fn kb(&self, rank: u32) -> u32 {
        self.get(rank).map_or(0, |u| u.kb)
    }
}

/// The rows that a source's metadata gives; `source` is what they name as theirs.
pub fn to_facts(m: &Metadata, catalog: &Catalog, source: &str) -> (Facts, Vec<Remark>) {
    let mut remarks = Remarks::default();
    let units = units(m, catalog, &mut remarks);
    let names = Names::new(catalog);
    let (mut updates, (superseded, of_supersedence, rules, of_rules)) = both(
        || packages(m, &names, &units, source),
        || {
            let (mut of_supersedence, mut of_rules) = (Remarks::default(), Remarks::default());
            let superseded = supersedence(m, &names, &units, &mut of_supersedence);
            let rules = rules(m, &names, &units, source, &mut of_rules);
            (superseded, of_supersedence, rules, of_rules)
        },
    );
    for group in superseded.chunk_by(|a, b| a.0 == b.0 && a.1 == b.1) {
        let (new, old, _) = group[0];
        let products = group.iter().map(|(.., p)| names.slug(*p)).collect();
        row(&mut updates, new, source).supersedes.push(SupersedesRow { kb: format!("KB{old}"), products });
    }
    // each has texts of its own
    remarks.0.extend(of_supersedence.0);
    remarks.0.extend(of_rules.0);
    // a row that says nothing but its number tells nobody anything
    let says = |u: &UpdateRow| u.title.is_some() || !u.packages.is_empty() || !u.supersedes.is_empty();
    let updates = updates.into_values().filter(says).collect();
    let facts = Facts { updates, rules, ..Facts::default() };
    let remarks = remarks.0.into_iter();
    let remarks = remarks.map(|(text, (count, first))| Remark { text: text.to_owned(), count, first });
    (facts, remarks.collect())
}

fn name_of(m: &Metadata, rank: u32) -> String {
    m.guids.get(rank as usize).map(ToString::to_string).unwrap_or_default()
}

/// What rows name of products.
struct Names(Vec<(String, ArchitectureSet)>);

impl Names {
    fn new(catalog: &Catalog) -> Self {
        Self(catalog.products().map(|p| (p.slug.to_owned(), p.architectures)).collect())
    }
    fn slug(&self, product: u8) -> String {
        self.0.get(usize::from(product)).map_or(String::new(), |p| p.0.clone())
    }
    /// Those that there are of it.
    fn architectures(&self, product: ProductId) -> ArchitectureSet {
        self.0.get(usize::from(product.0)).map_or(ArchitectureSet::default(), |p| p.1)
    }
}

/// The updates that are of one KB, by rank.
fn units(m: &Metadata, catalog: &Catalog, remarks: &mut Remarks) -> Units {
    let of_files = |files: &[FileRecord]| -> Vec<ArchitectureSet> {
        files.iter().map(|f| architectures_of_file(m, f)).collect()
    };
    let (first, second) = m.files.split_at(m.files.len() / 2);
    let (mut first, second) = both(|| of_files(first), || of_files(second));
    first.extend(second);
    let (all, half) = (m.records.len() as u32, m.records.len() as u32 / 2);
    let (first, second) =
        both(|| units_of(m, catalog, 0..half, &first), || units_of(m, catalog, half..all, &first));
    let mut out = Vec::with_capacity(m.records.len());
    for (units, told) in [first, second] {
        out.extend(units);
        told.0.into_iter().for_each(|(text, (count, place))| remarks.count(text, count, || place));
    }
    Units(out)
}

/// The same of some ranks.
fn units_of(
    m: &Metadata,
    catalog: &Catalog,
    ranks: Range<u32>,
    of_files: &[ArchitectureSet],
) -> (Vec<Option<Unit>>, Remarks) {
    let (mut out, mut remarks) = (vec![None; ranks.len()], Remarks::default());
    let mut seen = Seen { places: vec![0; m.records.len()], known: Vec::new() };
    for (rank, unit) in ranks.zip(&mut out) {
        let Some(record) = m.records.get(rank as usize) else { continue };
        let software = matches!(bits::kind_of(record.flags), None | Some(UpdateType::Software));
        if record.flags & bits::KNOWN == 0 || !software {
            continue;
        }
        let mut kbs = m.kbs.of(rank).iter().map(|packed| packed >> 2);
        let Some(kb) = kbs.next() else { continue };
        if kbs.any(|other| other != kb) {
            remarks.add("updates that go by several KB numbers: kept by GUID alone", || name_of(m, rank));
            continue;
        }
        let (certain, possible) = products(m, catalog, rank, &mut seen);
        if certain.is_empty() && !possible.is_empty() {
            remarks.add("updates of a category of several Windows versions: kept by GUID alone", || {
                format!("KB{kb}, {}", name_of(m, rank))
            });
        }
        let architectures = architectures(m, rank, of_files);
        *unit = Some(Unit { kb, certain, possible, architectures });
    }
    (out, remarks)
}

/// What categories are known to cover: looked up once.
#[derive(Clone, Copy, Default)]
struct Covered {
    certain: ProductSet,
    possible: ProductSet,
}

/// Categories that were looked up.
struct Seen {
    /// by rank: place among those that are known, from 1; 0: not yet
    places: Vec<u32>,
    known: Vec<Covered>,
}

impl Seen {
    fn covered(&mut self, m: &Metadata, catalog: &Catalog, category: u32) -> Covered {
        let Some(place) = self.places.get_mut(category as usize) else { return Covered::default() };
        if *place == 0 {
            self.known.push(covered(m, catalog, category));
            *place = self.known.len() as u32;
        }
        self.known[*place as usize - 1]
    }
}

fn covered(m: &Metadata, catalog: &Catalog, category: u32) -> Covered {
    let mut out = Covered::default();
    let Some(guid) = m.guids.get(category as usize) else { return out };
    if let Some(known) = categories::category(guid) {
        let id = |slug: &String| catalog.product_by_slug(slug).map(|p| p.id);
        out.certain = known.certain.iter().filter_map(id).collect();
        out.possible = known.products.iter().filter_map(id).collect();
    } else if let Some(record) = m.records.get(category as usize)
        && record.title != 0
    {
        // the source names the category itself
        let title = m.text_at(record.title);
        let of_title = |p: &Product<'_>| {
            p.name.eq_ignore_ascii_case(title)
                || catalog.product_aliases(p.id).iter().any(|a| a.eq_ignore_ascii_case(title))
        };
        let mut named = catalog.products().filter(of_title);
        if let (Some(p), None) = (named.next(), named.next()) {
            out.certain = ProductSet::of(p.id);
        }
    }
    out
}

/// Products that an update is for, and those that it may be for besides.
fn products(m: &Metadata, catalog: &Catalog, rank: u32, seen: &mut Seen) -> (ProductSet, ProductSet) {
    // a leaf without categories is for what its bundles are for
    let own = m.categories.of(rank);
    let of_bundles = if own.is_empty() { m.bundles.of(rank) } else { &[] };
    let categories = own.iter().chain(of_bundles.iter().flat_map(|b| m.categories.of(*b)));
    let title = m.records.get(rank as usize).map_or("", |r| m.text_at(r.title)).to_ascii_lowercase();
    let (mut certain, mut possible) = (ProductSet::default(), ProductSet::default());
    for category in categories.map(|packed| packed >> 3) {
        let covered = seen.covered(m, catalog, category);
        certain = certain.union(covered.certain);
        possible = possible.union(covered.possible);
        if !title.is_empty() {
            let said = covered.possible.iter().filter(|p| names(&title, &catalog.product(*p)));
            certain = said.fold(certain, |set, p| set.union(ProductSet::of(p)));
        }
    }
    (certain, possible.union(certain))
}

/// Does a title, in lower case, name this release of several that its category covers?
fn names(title: &str, product: &Product<'_>) -> bool {
    let said = |words: &str| {
        title.match_indices(words).any(|(at, _)| {
            let rest = &title.as_bytes()[at + words.len()..];
            !rest.first().is_some_and(u8::is_ascii_alphanumeric)
        })
    };
    if let Some(release) = product.release {
        let release = release.to_ascii_lowercase();
        return said(&format!("version {release}")) || said(&format!("({release}"));
    }
    match product.service_pack {
        Some(n) if n > 0 => said(&format!("service pack {n}")) || said(&format!(" sp{n}")),
        _ => false,
    }
}

/// Architectures that the names of an update's files tell, or else its title.
fn architectures(m: &Metadata, rank: u32, of_files: &[ArchitectureSet]) -> ArchitectureSet {
    let of = |set: ArchitectureSet, rank: u32| {
        let sets = m.file_refs.of(rank).iter().filter_map(|&f| of_files.get(f as usize));
        sets.fold(set, |all, s| all.union(*s))
    };
    let own = of(ArchitectureSet::default(), rank);
    let mut set = m.leaves.of(rank).iter().fold(own, |set, leaf| of(set, *leaf));
    if set.is_empty() {
        let title = m.records.get(rank as usize).map_or("", |r| m.text_at(r.title)).to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|w| title.contains(w));
        for (a, words) in [
            (Architecture::X64, &["x64-based", "x64 based", "64-bit"][..]),
            (Architecture::X86, &["x86-based", "x86 based", "32-bit"]),
            (Architecture::Arm64, &["arm64-based"]),
            (Architecture::Ia64, &["itanium-based"]),
        ] {
            set = if says(words) { set.with(a) } else { set };
        }
    }
    set
}

/// The architectures that the last part of a file's name or address has as words.
fn architectures_of_file(m: &Metadata, f: &FileRecord) -> ArchitectureSet {
    let name = m.text_at(if f.name == 0 { f.url } else { f.name }).as_bytes();
    let start = memchr::memrchr2(b'/', b'\\', name).map_or(0, |at| at + 1);
    let words = name[start..].split(|b| !b.is_ascii_alphanumeric());
    words.filter(|w| (3..=5).contains(&w.len())).fold(ArchitectureSet::default(), |set, word| {
        let is = |names: &[&str]| names.iter().any(|n| n.as_bytes().eq_ignore_ascii_case(word));
        if is(&["x64", "amd64"]) {
            set.with(Architecture::X64)
        } else if is(&["x86"]) {
            set.with(Architecture::X86)
        } else if is(&["arm64"]) {
            set.with(Architecture::Arm64)
        } else if is(&["ia64"]) {
            set.with(Architecture::Ia64)
        } else {
            set
        }
    })
}

/// The members of a set that mostly is empty.
fn some(set: ProductSet) -> impl Iterator<Item = ProductId> {
    (!set.is_empty()).then(|| set.iter()).into_iter().flatten()
}

fn row<'a>(updates: &'a mut BTreeMap<u32, UpdateRow>, kb: u32, source: &str) -> &'a mut UpdateRow {
    updates.entry(kb).or_insert_with(|| UpdateRow {
        kb: format!("KB{kb}"),
        standing: "verified".to_owned(),
        source: source.to_owned(),
        ..UpdateRow::default()
    })
}

fn packages(m: &Metadata, names: &Names, units: &Units, source: &str) -> BTreeMap<u32, UpdateRow> {
    let mut updates = BTreeMap::new();
    for (kb, ranks) in of_kbs(units.iter()) {
        let mut products: BTreeMap<u8, ArchitectureSet> = BTreeMap::new();
        let mut titles: BTreeSet<String> = BTreeSet::new();
        for (rank, u) in ranks.iter().filter_map(|r| Some((*r, units.get(*r)?))) {
            for p in some(u.certain) {
                let exist = names.architectures(p);
                let set = products.entry(p.0).or_default();
                *set =
                    u.architectures.iter().filter(|a| exist.contains(*a)).fold(*set, ArchitectureSet::with);
            }
            let record = m.records.get(rank as usize);
            let title = plain_title(record.map_or("", |r| m.text_at(r.title)), kb);
            if !title.is_empty() {
                titles.insert(title);
            }
        }
        let mut groups: BTreeMap<ArchitectureSet, Vec<String>> = BTreeMap::new();
        // without an architecture the row would mean all of them
        for (p, set) in products.into_iter().filter(|(_, set)| !set.is_empty()) {
            groups.entry(set).or_default().push(names.slug(p));
        }
        let r = row(&mut updates, kb, source);
        r.packages = groups
            .into_iter()
            .map(|(set, products)| PackageRow {
                products,
                arch: set.iter().map(|a| a.name().to_owned()).collect(),
                ..PackageRow::default()
            })
            .collect();
        // titles that differ by more than product and architecture are not the KB's
        if let (1, Some(title)) = (titles.len(), titles.into_iter().next()) {
            r.title = Some(title);
        }
    }
    updates
}

/// The ranks of each KB, both in order.
fn of_kbs<'u>(units: impl Iterator<Item = (u32, &'u Unit)>) -> BTreeMap<u32, Vec<u32>> {
    let mut pairs: Vec<(u32, u32)> = units.map(|(rank, u)| (u.kb, rank)).collect();
    pairs.sort_unstable();
    let of_kb = |pairs: &[(u32, u32)]| (pairs[0].0, pairs.iter().map(|p| p.1).collect());
    pairs.chunk_by(|a, b| a.0 == b.0).map(of_kb).collect()
}

/// A title without its KB, and without the architecture of the one package that it is of.
pub(crate) fn plain_title(title: &str, kb: u32) -> String {
    let mut t = title.trim();
    if t.is_empty() {
        return String::new();
    }
    for _ in 0..3 {
        let ends = [
            format!("(KB{kb})"),
            " for x64-based Systems".to_owned(),
            " for x86-based Systems".to_owned(),
            " for 32-bit Systems".to_owned(),
            " for ARM64-based Systems".to_owned(),
            " for Itanium-based Systems".to_owned(),
        ];
        for end in ends {
            t = t.strip_suffix(&*end).unwrap_or(t).trim_end();
        }
    }
    t.to_owned()
}

/// (newer KB, older KB, product), in order.
fn supersedence(m: &Metadata, names: &Names, units: &Units, remarks: &mut Remarks) -> Vec<(u32, u32, u8)> {
    // (product, newer, older) by GUID
    let mut edges: Vec<(u8, u32, u32)> = Vec::new();
    for (old, u) in units.iter() {
        for &new in m.newer.of(old) {
            let Some(v) = units.get(new) else { continue };
            let shared = u.certain.intersection(v.certain);
            if shared.is_empty() {
                remarks.add(
                    "supersedence between updates that share no certain product: kept by GUID alone",
                    || format!("KB{} by KB{}", u.kb, v.kb),
                );
            }
            edges.extend(some(shared).map(|p| (p.0, new, old)));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    let mut found = Vec::new();
    for edges in edges.chunk_by(|a, b| a.0 == b.0) {
        let p = edges[0].0;
        let edges: Vec<(u32, u32)> = edges.iter().map(|(_, new, old)| (*new, *old)).collect();
        let mut by_kb = Vec::new();
        for part in parts(&edges) {
            let Some(reduced) = graph::reduce_list(&part) else {
                remarks.add("supersedence of more than 16,384 updates in one: left as it stands", || {
                    names.slug(p)
                });
                by_kb.extend(part.iter().map(|(a, b)| (units.kb(*a), units.kb(*b))));
                continue;
            };
            let circular = circles(&reduced.cycles);
            for (a, b) in &reduced.edges {
                if circular.get(a).is_some_and(|c| circular.get(b) == Some(c)) {
                    remarks.add("supersedence in a circle: left out", || name_of(m, *a));
                } else {
                    by_kb.push((units.kb(*a), units.kb(*b)));
                }
            }
        }
        by_kb.retain(|(a, b)| a != b);
        by_kb.sort_unstable();
        by_kb.dedup();
        for part in parts(&by_kb) {
            let circular = circles(&graph::reduce_list(&part).map(|r| r.cycles).unwrap_or_default());
            for (a, b) in part {
                if circular.get(&a).is_some_and(|c| circular.get(&b) == Some(c)) {
                    remarks
                        .add("KBs whose packages supersede each other: left out", || format!("KB{a}, KB{b}"));
                } else {
                    found.push((a, b, p));
                }
            }
        }
    }
    found.sort_unstable();
    found
}

/// The circle of each node that is in one.
fn circles(cycles: &[Vec<u32>]) -> BTreeMap<u32, usize> {
    cycles.iter().enumerate().flat_map(|(i, c)| c.iter().map(move |n| (*n, i))).collect()
}

/// The edges, which are in order, of each part of a graph that hangs together; parts are in the order of their least nodes.
fn parts(edges: &[(u32, u32)]) -> Vec<Vec<(u32, u32)>> {
    let mut nodes: Vec<u32> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let places: HashMap<u32, u32, Keyed> = nodes.into_iter().zip(0u32..).collect();
    let mut parent: Vec<u32> = (0..places.len() as u32).collect();
    fn root(parent: &mut [u32], mut n: u32) -> u32 {
        while parent[n as usize] != n {
            let above = parent[parent[n as usize] as usize];
            parent[n as usize] = above;
            n = above;
        }
        n
    }
    for (a, b) in edges {
        let (a, b) = (root(&mut parent, places[a]), root(&mut parent, places[b]));
        parent[a.max(b) as usize] = a.min(b);
    }
    let mut out: Vec<Vec<(u32, u32)>> = Vec::new();
    // a part's place behind its root, from 1
    let mut place = vec![0; places.len()];
    for n in 0..places.len() as u32 {
        if root(&mut parent, n) == n {
            out.push(Vec::new());
            place[n as usize] = out.len();
        }
    }
    for edge in edges {
        let part = place[root(&mut parent, places[&edge.0]) as usize] - 1;
        out[part].push(*edge);
    }
    out
}

/// Prerequisites that are KBs. One that another package of the same KB and product does not have is none of the KB's.
fn rules(m: &Metadata, names: &Names, units: &Units, source: &str, remarks: &mut Remarks) -> Vec<RuleRow> {
    // a leaf is installed with its bundle: what it asks for is asked of its kind, not of its KB
    let own = |rank: u32| m.records.get(rank as usize).is_some_and(|r| r.flags & bits::RELATED != 0);
    let by_kb = of_kbs(units.iter().filter(|(rank, _)| own(*rank) && m.bundles.of(*rank).is_empty()));
    let mut out = Vec::new();
    for (kb, ranks) in by_kb {
        let clauses: Vec<(BTreeSet<String>, bool)> = ranks
            .iter()
            .map(|&rank| {
                let (mut known, mut others) = (BTreeSet::new(), false);
                for clause in m.clauses(rank) {
                    match clause_of_kbs(clause, units) {
                        Some(text) if !text.split('|').any(|k| k == format!("KB{kb}+")) => {
                            known.insert(text);
                        }
                        Some(_) => {}
                        None => {
                            others = true;
                            remarks.add("prerequisites that are no update by KB: kept by GUID alone", || {
                                format!("KB{kb}, {}", name_of(m, rank))
                            });
                        }
                    }
                }
                (known, others)
            })
            .collect();
        // what no package asks for in KBs gives no rule
        if clauses.iter().all(|(known, _)| known.is_empty()) {
            continue;
        }
        let of = |rank: u32| units.get(rank).map_or(Default::default(), |u| (u.certain, u.possible));
        let certain = ranks.iter().fold(ProductSet::default(), |set, r| set.union(of(*r).0));
        let mut groups: BTreeMap<(Vec<String>, bool), Vec<String>> = BTreeMap::new();
        for p in some(certain) {
            let of_product = || ranks.iter().zip(&clauses).filter(|(r, _)| of(**r).1.contains(p));
            let mut common: Option<BTreeSet<String>> = None;
            for (_, (known, _)) in of_product() {
                common = Some(match common {
                    None => known.clone(),
                    Some(c) => c.intersection(known).cloned().collect(),
                });
            }
            let common: Vec<String> = common.unwrap_or_default().into_iter().collect();
            if !common.is_empty() {
                let others = of_product().any(|(_, (_, others))| *others);
                groups.entry((common, others)).or_default().push(names.slug(p.0));
            }
        }
        for (n, ((requires, others), products)) in groups.into_iter().enumerate() {
            let also =
                "Its metadata names further conditions, which are probes of the system and no updates.";
            out.push(RuleRow {
                id: format!("{source}-kb{kb}-{}", n + 1),
                kb: Some(format!("KB{kb}")),
                products,
                requires,
                why: Some("Windows Update's metadata has it as a prerequisite.".to_owned()),
                also: if others { vec![also.to_owned()] } else { Vec::new() },
                standing: "verified".to_owned(),
                evidence: "meta".to_owned(),
                source: source.to_owned(),
                ..RuleRow::default()
            });
        }
    }
    out
}

/// A clause of KBs, if that is all that its members are.
fn clause_of_kbs(clause: &[u32], units: &Units) -> Option<String> {
    let kbs: Option<BTreeSet<u32>> = clause.iter().map(|c| units.get(*c).map(|u| u.kb)).collect();
    let kbs = kbs.filter(|k| !k.is_empty())?;
    // a later update of its line stands in for it
    Some(kbs.iter().map(|k| format!("KB{k}+")).collect::<Vec<_>>().join("|"))
}
