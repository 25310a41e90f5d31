//! From pages to rows of the catalog.

use super::{Details, Page, ReplacedBy, Replaces, Titled, page};
use crate::{
    catalog::{
        Catalog,
        facts::{BuildRow, Facts, PackageRow, SourceRow, SupersedesRow, UpdateRow},
    },
    graph,
    model::{Architecture, ArchitectureSet, KbId, ProductId, ProductSet, SourceKind, Standing, UpdateKind},
    sources::{ImportError, Imported, Importer, Input, Remark},
};
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

/// Saved pages.
pub const IMPORTER: Importer = Importer { format: "Microsoft Update Catalog page", detect, read };

/// Is it a page of the Update Catalog, by its first bytes?
fn detect(head: &[u8]) -> bool {
    // UTF-16 of PowerShell's Out-File
    let text: Vec<u8> = head.iter().copied().filter(|b| *b != 0).collect();
    let has = |needle: &str| memchr::memmem::find(&text, needle.as_bytes()).is_some();
    has("<html")
        && [
            "Microsoft.UpdateServices.Catalog",
            "ctl00_catalogBody",
            "ScopedViewHandler_",
            "ScopedViewInline.aspx",
        ]
        .iter()
        .any(|n| has(n))
}

fn read(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let mut bytes = Vec::new();
    let limited = input.reader.take(page::LIMIT as u64 + 1).read_to_end(&mut bytes);
    limited.map_err(|e| ImportError::new(input.name, format!("cannot be read: {e}")))?;
    let page = page::read(&bytes).map_err(|e| ImportError::new(input.name, e.to_string()))?;
    let nothing = match &page {
        Page::Results(_) | Page::Details(_) => None,
        Page::NoneFound { query } => {
            Some(format!("the search for {query} found nothing; that does not say why"))
        }
        Page::Unanswered => Some("the site did not answer this search; save it again".to_owned()),
        Page::Fault { number } => {
            Some(format!("the site reported error {number}; save the page again later"))
        }
        Page::Removed => Some("it does not say which update, nor what replaced it".to_owned()),
        Page::Downloads(_) => {
            Some("it tells of files only; `kbwhy catalog fetch --links` lists them".to_owned())
        }
    };
    if let Some(why) = nothing {
        let problem = format!("is {} of the Update Catalog: nothing to import: {why}", page.kind());
        return Err(ImportError::new(input.name, problem));
    }
    let digest: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let source = SourceRow {
        id: format!("update-catalog-{}", &digest[..12]),
        url: match &page {
            Page::Details(d) => format!("{}/ScopedViewInline.aspx?updateid={}", super::SITE, d.update),
            Page::Results(r) => format!("{}/Search.aspx?q={}", super::SITE, r.query.replace(' ', "%20")),
            _ => super::SITE.to_owned(),
        },
        title: "Microsoft Update Catalog".to_owned(),
        read: input.read.to_owned(),
        via: None,
        kind: Some(SourceKind::UpdateCatalog.name().to_owned()),
        digest: Some(digest),
    };
    Ok(facts(&[PageOf { page: &page, read: input.read }], source, catalog))
}

/// A page and when it was read.
#[derive(Clone, Copy, Debug)]
pub struct PageOf<'a> {
    /// what it says
    pub page: &'a Page,
    /// `yyyy-mm-dd`
    pub read: &'a str,
}

/// An update as titles, rows and pages tell it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// its title
    pub title: String,
    /// what the title tells
    pub titled: Titled,
    /// architectures, of the title or the page; empty where none is stated
    pub architectures: ArchitectureSet,
    /// last change
    pub modified: Option<Date>,
}

impl Entry {
    /// Of a title alone, or of a row.
    pub fn of_title(catalog: &Catalog, title: &str, modified: Option<Date>) -> Self {
        let titled = Titled::parse(catalog, title, modified);
        Self { title: title.to_owned(), architectures: titled.architectures, titled, modified }
    }

    /// Of the update's own page.
    pub fn of_details(catalog: &Catalog, d: &Details) -> Self {
        let mut entry = Self::of_title(catalog, &d.title, d.modified);
        if let [kb] = d.kbs[..] {
            entry.titled.kb = Some(kb);
        }
        if entry.architectures.is_empty() {
            entry.architectures =
                d.architectures.iter().filter_map(|a| a.parse::<Architecture>().ok()).collect();
        }
        entry
    }

    /// For each product of the catalog, the architectures; those of a product with a single one need no telling.
    fn packages(&self, catalog: &Catalog) -> Vec<(ProductId, ArchitectureSet)> {
        let of = |p: ProductId| {
            let existing = catalog.product(p).architectures;
            let stated: ArchitectureSet =
                self.architectures.iter().filter(|a| existing.contains(*a)).collect();
            match (self.architectures.is_empty(), existing.iter().count()) {
                (true, 1) => Some((p, existing)),
                // which one an old title without an architecture means is a habit, not a statement
                (true, _) => None,
                (false, _) if stated.is_empty() => None,
                (false, _) => Some((p, stated)),
            }
        };
        self.titled.products.iter().filter_map(of).collect()
    }
}

/// A package group: one KB for one product and architecture.
type Node = (KbId, ProductId, u8);

fn nodes(catalog: &Catalog, e: &Entry) -> Vec<Node> {
    let Some(kb) = e.titled.kb else { return Vec::new() };
    e.packages(catalog).into_iter().flat_map(|(p, set)| set.iter().map(move |a| (kb, p, a as u8))).collect()
}

/// Rows of all that pages tell together. Lists of successors and predecessors are closures: what they imply of one
/// another is left out, as far as the pages prove it.
pub fn facts(pages: &[PageOf<'_>], source: SourceRow, catalog: &Catalog) -> Imported {
    let mut entries: BTreeMap<KbId, Vec<Entry>> = BTreeMap::new();
    let mut notes: BTreeMap<KbId, BTreeSet<String>> = BTreeMap::new();
    let mut replaced: BTreeSet<(Node, Node)> = BTreeSet::new();
    let mut remarks = Remarks::default();
    let mut add = |e: &Entry| {
        if let Some(kb) = e.titled.kb {
            let of = entries.entry(kb).or_default();
            if !of.iter().any(|o| o.title == e.title && o.architectures == e.architectures) {
                of.push(e.clone());
            }
        }
    };
    for page in pages {
        match page.page {
            Page::Results(r) => {
                for row in &r.rows {
                    let entry = Entry::of_title(catalog, &row.title, row.date);
                    remarks.judge(&entry);
                    add(&entry);
                }
                if r.unreadable > 0 {
                    remarks.count(
                        "rows that could not be read were left out",
                        u64::from(r.unreadable),
                        &r.query,
                    );
                }
            }
            Page::Details(d) => {
                let own = Entry::of_details(catalog, d);
                remarks.judge(&own);
                add(&own);
                if let (Some(kb), Some(n)) = (own.titled.kb, note(d)) {
                    notes.entry(kb).or_default().insert(n);
                }
                let mine = nodes(catalog, &own);
                let mut pairs = |older: &[Node], newer: &[Node]| {
                    for o in older {
                        for n in newer.iter().filter(|n| n.0 != o.0 && n.1 == o.1 && n.2 == o.2) {
                            replaced.insert((*o, *n));
                        }
                    }
                };
                match &d.replaced_by {
                    ReplacedBy::By(all) => {
                        for s in all {
                            let entry = Entry::of_title(catalog, &s.title, None);
                            pairs(&mine, &nodes(catalog, &entry));
                            add(&entry);
                        }
                    }
                    ReplacedBy::NotTold => {
                        remarks.count("pages do not tell what replaced the update: not known", 1, &d.title);
                    }
                    ReplacedBy::NoneListed => {}
                }
                if let Replaces::Titles(all) = &d.replaces {
                    for t in all {
                        let entry = Entry::of_title(catalog, t, None);
                        pairs(&nodes(catalog, &entry), &mine);
                        add(&entry);
                    }
                }
            }
            _ => {}
        }
    }
    let mut supersedes: BTreeMap<KbId, BTreeMap<KbId, ProductSet>> = BTreeMap::new();
    // more than it takes is told unreduced: all of it is true, some of it is implied
    let least = graph::reduce(&replaced).map_or_else(|| replaced.iter().copied().collect(), |r| r.edges);
    for ((older, product, _), (newer, ..)) in least {
        let set = supersedes.entry(newer).or_default().entry(older).or_default();
        *set = set.union(ProductSet::of(product));
    }
    let read = pages.iter().map(|p| p.read).max().unwrap_or("").to_owned();
    let updates = entries
        .iter()
        .map(|(kb, of)| {
            let mut row = update(catalog, *kb, of);
            let older = supersedes.remove(kb).unwrap_or_default();
            row.supersedes = older
                .into_iter()
                .map(|(older, p)| SupersedesRow { kb: older.to_string(), products: slugs(catalog, p) })
                .collect();
            row.note = notes.remove(kb).map(|n| n.into_iter().collect::<Vec<_>>().join("; "));
            row.source = source.id.clone();
            row.read = Some(read.clone()).filter(|r| !r.is_empty() && *r != source.read);
            row
        })
        .collect();
    let facts = Facts { sources: vec![source.clone()], updates, as_of: read, ..Facts::default() };
    Imported {
        kind: SourceKind::UpdateCatalog,
        format: IMPORTER.format,
        source,
        facts,
        metadata: None,
        remarks: remarks.all,
    }
}

/// Leaves out of several files' rows what they imply of one another: lists of successors are closures, and one page alone
/// cannot tell who came first. Rows of other sources stay as they are.
pub fn together(all: &mut [Imported]) {
    let mut pairs: BTreeMap<String, BTreeSet<(KbId, KbId)>> = BTreeMap::new();
    let each = |kb: &str, s: &SupersedesRow| s.kb.parse::<KbId>().ok().zip(kb.parse::<KbId>().ok());
    let ours = |i: &&mut Imported| i.kind == SourceKind::UpdateCatalog;
    for imported in all.iter_mut().filter(ours) {
        for u in &imported.facts.updates {
            for s in &u.supersedes {
                for slug in &s.products {
                    pairs.entry(slug.clone()).or_default().extend(each(&u.kb, s));
                }
            }
        }
    }
    for of in pairs.values_mut() {
        if let Some(least) = graph::reduce(of) {
            *of = least.edges.into_iter().collect();
        }
    }
    for imported in all.iter_mut().filter(ours) {
        for u in &mut imported.facts.updates {
            let kb = u.kb.clone();
            u.supersedes.retain_mut(|s| {
                let Some(pair) = each(&kb, s) else { return true };
                let unnamed = s.products.is_empty();
                s.products.retain(|p| pairs.get(p).is_none_or(|of| of.contains(&pair)));
                unnamed || !s.products.is_empty()
            });
        }
    }
}

fn slugs(catalog: &Catalog, products: ProductSet) -> Vec<String> {
    products.iter().map(|p| catalog.product(p).slug.to_owned()).collect()
}

fn update(catalog: &Catalog, kb: KbId, of: &[Entry]) -> UpdateRow {
    let known = catalog.update(kb);
    let mut by_product: BTreeMap<ProductId, ArchitectureSet> = BTreeMap::new();
    for (product, set) in of.iter().flat_map(|e| e.packages(catalog)) {
        let all = by_product.entry(product).or_default();
        *all = all.union(set);
    }
    let mut groups: BTreeMap<ArchitectureSet, ProductSet> = BTreeMap::new();
    for (product, set) in by_product {
        let all = groups.entry(set).or_default();
        *all = all.union(ProductSet::of(product));
    }
    let packages = groups
        .into_iter()
        .map(|(set, products)| PackageRow {
            products: slugs(catalog, products),
            arch: set.iter().map(|a| a.name().to_owned()).collect(),
            built_in: false,
        })
        .collect();
    let same = |values: BTreeSet<Option<UpdateKind>>| match values.into_iter().collect::<Vec<_>>()[..] {
        [Some(kind)] => Some(kind),
        _ => None,
    };
    let kind = same(of.iter().map(|e| e.titled.kind).collect());
    let component = of.iter().find_map(|e| e.titled.component.clone());
    // "last updated" is the release only where the update is called by that month
    let released = of.iter().find_map(|e| {
        e.modified.filter(|d| e.titled.month.is_some_and(|(y, m)| (d.year(), d.month()) == (y, m)))
    });
    UpdateRow {
        kb: kb.to_string(),
        kind: kind.filter(|_| known.is_none()).map(|k| k.name().to_owned()),
        title: Some(common_title(of)),
        component: component.filter(|_| known.as_ref().is_none_or(|k| k.component.is_empty())),
        date: released.filter(|_| known.as_ref().is_none_or(|k| k.date.is_none())).map(|d| d.to_string()),
        packages,
        builds: builds(catalog, of),
        standing: Standing::Verified.name().to_owned(),
        ..UpdateRow::default()
    }
}

fn builds(catalog: &Catalog, of: &[Entry]) -> Vec<BuildRow> {
    let mut all: BTreeMap<(u32, u32), ProductSet> = BTreeMap::new();
    for e in of {
        if let Some(build) = e.titled.build {
            let set = all.entry(build).or_default();
            *set = set.union(e.titled.products);
        }
    }
    let row = |((b, r), p): ((u32, u32), ProductSet)| BuildRow {
        build: format!("{b}.{r}"),
        products: slugs(catalog, p),
    };
    all.into_iter().filter(|(_, p)| !p.is_empty()).map(row).collect()
}

/// What the titles of a KB's packages share: all but product and architecture, where these differ.
fn common_title(of: &[Entry]) -> String {
    let bare = |t: &str| {
        let end = t.find(" (KB").or_else(|| t.find(" (kb")).unwrap_or(t.len());
        t[..end].trim().to_owned()
    };
    let titles: BTreeSet<String> = of.iter().map(|e| bare(&e.title)).collect();
    let first = titles.first().cloned().unwrap_or_default();
    let words = |t: &str| t.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut shared = words(&first);
    for t in &titles {
        let other = words(t);
        let same = shared.iter().zip(&other).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
        shared.truncate(same);
    }
    if titles.len() > 1 {
        while shared
            .last()
            .is_some_and(|w| matches!(w.as_str(), "for" | "and" | "on" | "Version" | "version" | "Windows"))
        {
            shared.pop();
        }
    }
    if shared.len() < 3 { first } else { shared.join(" ").trim_end_matches(',').to_owned() }
}

fn note(d: &Details) -> Option<String> {
    let parts = [
        d.classification.clone(),
        d.severity.as_ref().map(|s| format!("severity {s}")),
        d.restart.as_ref().map(|r| format!("restart: {}", r.to_lowercase())),
        d.modified.map(|m| format!("last changed {m}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[derive(Default)]
struct Remarks {
    all: Vec<Remark>,
}

impl Remarks {
    fn count(&mut self, text: &str, n: u64, first: &str) {
        match self.all.iter_mut().find(|r| r.text == text) {
            Some(r) => r.count += n,
            None => self.all.push(Remark { text: text.to_owned(), count: n, first: first.to_owned() }),
        }
    }

    fn judge(&mut self, e: &Entry) {
        if e.titled.kb.is_none() {
            self.count("updates without a KB in their title were left out", 1, &e.title);
        } else if e.titled.products.is_empty() {
            self.count("titles name no product that kbwhy knows: kept without packages", 1, &e.title);
        }
    }
}
