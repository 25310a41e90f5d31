//! What feeds say of updates, gathered row by row and repaired: the union over rows, no loops, no edge to a newer update,
//! none that lines say better, no product that an update does not belong to.

use super::{Remark, products::ProductNames};
use crate::{
    catalog::{
        Catalog,
        facts::{BuildRow, DoubtRow, Facts, PackageRow, SupersedesRow, UpdateRow},
        view::LineKind,
    },
    model::{Architecture, ArchitectureSet, KbId, ProductId, ProductSet, UpdateKind, Version, steers},
    threads::both,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Remarks, counted, by their text.
#[derive(Clone, Debug, Default)]
pub struct Remarks(BTreeMap<String, (u64, String)>);

impl Remarks {
    /// Counts one; the first place stays.
    pub fn add(&mut self, text: &str, place: impl FnOnce() -> String) {
        self.count(text, 1, place);
    }

    /// Counts several.
    pub fn count(&mut self, text: &str, n: u64, place: impl FnOnce() -> String) {
        match self.0.get_mut(text) {
            Some(held) => held.0 += n,
            None => _ = self.0.insert(text.to_owned(), (n, clean(&place()))),
        }
    }

    /// As a list, in the order of their texts.
    pub fn into_list(self) -> Vec<Remark> {
        let remark = |(text, (count, first))| Remark { text, count, first };
        self.0.into_iter().map(remark).collect()
    }
}

/// Longest text that is taken over.
const LONGEST: usize = 300;

/// A text of a source, fit to be kept and shown: nothing that steers a console, blanks joined, not too long.
pub fn clean(text: &str) -> String {
    let mut out = String::new();
    for word in text.split(|c: char| c.is_whitespace() || steers(c)).filter(|w| !w.is_empty()) {
        if out.len() + word.len() >= LONGEST {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A day as `yyyymmdd`, from `yyyymmdd`, `yyyy-mm-dd` or a longer text that begins with the latter.
pub fn day(text: &str) -> Option<u32> {
    let t = text.trim();
    let plain = t.len() == 8 && t.bytes().all(|b| b.is_ascii_digit());
    let number = |from: usize, to: usize| t.get(from..to).and_then(|d| d.parse::<u32>().ok());
    let (year, month, day) = if plain {
        (number(0, 4)?, number(4, 6)?, number(6, 8)?)
    } else {
        let b = t.as_bytes();
        if b.get(4) != Some(&b'-') || b.get(7) != Some(&b'-') || b.get(10).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        (number(0, 4)?, number(5, 7)?, number(8, 10)?)
    };
    // the feeds write 0001-01-01 where they know none
    let valid =
        jiff::civil::Date::new(year as i16, month as i8, day as i8).is_ok() && (1990..2100).contains(&year);
    valid.then_some(year * 10_000 + month * 100 + day)
}

pub(super) fn day_text(day: u32) -> String {
    format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100)
}

/// The updates that a cell names: lists are split, markup is no part of a name, what is no KB number is given to `odd`.
pub fn kbs_in(cell: &str, mut odd: impl FnMut(&str)) -> Vec<KbId> {
    let mut found = Vec::new();
    for part in cell.split([';', ',', '<', '>', ' ', '\n', '\r', '\t']).filter(|p| !p.is_empty()) {
        match part.parse::<KbId>() {
            Ok(kb) => found.push(kb),
            Err(_) if matches!(part, "br" | "br/" | "/") => {}
            Err(_) => odd(part),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Is a version one of Windows itself, not of a component?
pub fn is_windows_build(v: Version) -> bool {
    match v.0 {
        [10, 0, build, _] => build >= 10_240,
        [6, 0..=3, build, _] => (6000..=9600).contains(&build),
        _ => false,
    }
}

#[derive(Clone, Debug, Default)]
struct Superseded {
    products: ProductSet,
    /// also stated for what kbwhy does not model
    others: bool,
}

#[derive(Clone, Debug, Default)]
enum Component {
    #[default]
    None,
    One(String),
    Several,
}

/// What was gathered of one update.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    dates: BTreeMap<u32, u64>,
    kind: Option<UpdateKind>,
    /// what it is, if the source says it of the update and not of a vulnerability
    pub title: Option<String>,
    component: Component,
    /// versions of .NET Framework that rows name
    dotnet: BTreeSet<String>,
    /// architectures by product; `None` in the set: all
    packages: BTreeMap<ProductId, Option<ArchitectureSet>>,
    supersedes: BTreeMap<KbId, Superseded>,
    builds: BTreeMap<Version, ProductSet>,
    restart: Option<&'static str>,
    /// known through another standing than the source's
    pub standing: Option<&'static str>,
    /// what else is to be told
    pub note: Option<String>,
}

impl Gathered {
    /// It was released on this day, by so many rows.
    pub fn dated(&mut self, day: u32, rows: u64) {
        *self.dates.entry(day).or_default() += rows;
    }

    /// It is of this kind; where rows differ, the special kind wins over the plain one, else the first in order.
    pub fn of_kind(&mut self, kind: UpdateKind) {
        let rank = |k: UpdateKind| (k == UpdateKind::Update, k);
        self.kind = Some(self.kind.map_or(kind, |held| if rank(kind) < rank(held) { kind } else { held }));
    }

    /// Rows name this component; an empty one means Windows itself.
    pub fn component(&mut self, name: &str) {
        if matches!(&self.component, Component::One(held) if held == name) {
            return;
        }
        let name = clean(name);
        if is_dotnet(&name) {
            self.dotnet.extend(dotnet_versions(&name).into_iter().map(str::to_owned));
        }
        self.component = match std::mem::take(&mut self.component) {
            Component::None => Component::One(name),
            Component::One(held) if held == name => Component::One(held),
            // versions of one component are one component
            Component::One(held) if is_dotnet(&held) && is_dotnet(&name) => {
                Component::One(".NET Framework".to_owned())
            }
            _ => Component::Several,
        };
    }

    /// It has a package for these products; without an architecture, for all of theirs.
    pub fn package(&mut self, products: ProductSet, architecture: Option<Architecture>) {
        for p in products.iter() {
            let stated = architecture.map(|a| ArchitectureSet::default().with(a));
            let held = self.packages.entry(p).or_insert(stated);
            *held = held.zip(stated).map(|(a, b)| a.union(b));
        }
    }

    /// It supersedes another on these products; none: on products that kbwhy does not model.
    pub fn supersedes(&mut self, kb: KbId, products: ProductSet) {
        let held = self.supersedes.entry(kb).or_default();
        held.products = held.products.union(products);
        held.others |= products.is_empty();
    }

    /// It brings these products to a build.
    pub fn build(&mut self, build: Version, products: ProductSet) {
        let held = self.builds.entry(build).or_default();
        *held = held.union(products);
    }

    /// What is said of a restart: `Yes`, `Maybe`, `No`; the strongest wins.
    pub fn restart(&mut self, says: &str) {
        let word = match says.trim().to_ascii_lowercase().as_str() {
            "yes" | "required" | "always" | "alwaysrequiresreboot" => "always",
            "maybe" | "may be" | "canrequestreboot" | "can request restart" => "maybe",
            "no" | "never" | "neverreboots" | "never restarts" => "never",
            _ => return,
        };
        // "always", "maybe", "never" are in this order by the alphabet
        self.restart = Some(self.restart.map_or(word, |held| held.min(word)));
    }

    fn modal_day(&self) -> Option<u32> {
        self.dates.iter().max_by_key(|(day, rows)| (**rows, std::cmp::Reverse(**day))).map(|(day, _)| *day)
    }
}

fn is_dotnet(component: &str) -> bool {
    component.contains(".NET Framework")
}

/// The versions of .NET Framework that a component names: `Microsoft .NET Framework 3.5 AND 4.8`, `… 4.6/4.6.1`; none for a
/// number over packages of several versions.
fn dotnet_versions(component: &str) -> Vec<&str> {
    let versions = component.split_once(".NET Framework").map_or("", |(_, v)| v);
    let parts = versions.split(|c: char| !c.is_ascii_digit() && c != '.');
    // a digit alone is that of a service pack
    parts.filter(|p| *p == "4" || p.starts_with(|c: char| c.is_ascii_digit()) && p.contains('.')).collect()
}

/// Does an update for some versions of .NET Framework replace one for others? 4 and later replace each other, so what both
/// are for is enough; earlier ones stand side by side. None stands for all packages of a month.
fn dotnet_covers(newer: &[&str], older: &[&str]) -> bool {
    let (later, earlier): (Vec<&str>, Vec<&str>) = older.iter().partition(|v| v.starts_with('4'));
    newer.is_empty()
        || !older.is_empty()
            && earlier.iter().all(|v| newer.contains(v))
            && (later.is_empty() || later.iter().any(|v| newer.contains(v)))
}

/// The updates of one source, while they are gathered.
pub struct Gather<'c> {
    catalog: &'c Catalog,
    /// names of products
    pub names: ProductNames,
    updates: BTreeMap<KbId, Gathered>,
    /// what is asked of other updates while one is written, once all are gathered
    settled: HashMap<KbId, Settled>,
    /// oddities
    pub remarks: Remarks,
}

/// What one update is to others.
#[derive(Debug)]
struct Settled {
    kind: Option<UpdateKind>,
    day: Option<u32>,
    /// the only one that is named
    component: String,
    /// versions of .NET Framework that rows name
    dotnet: BTreeSet<String>,
}

/// Where an update stands among the lines of which the order says more than any feed.
struct Lined {
    products: ProductSet,
    cumulative: bool,
}

impl<'c> Gather<'c> {
    /// Nothing yet.
    pub fn new(catalog: &'c Catalog) -> Self {
        let (updates, settled, remarks) = Default::default();
        Self { catalog, names: ProductNames::new(catalog), updates, settled, remarks }
    }

    /// What is gathered of an update so far.
    pub fn update(&mut self, kb: KbId) -> &mut Gathered {
        self.updates.entry(kb).or_default()
    }

    /// How many updates there are.
    pub fn len(&self) -> usize {
        self.updates.len()
    }

    /// No update was found.
    pub fn is_empty(&self) -> bool {
        self.updates.is_empty()
    }

    fn lined(&self, kb: KbId) -> Option<Lined> {
        let mut found: Option<Lined> = None;
        for place in self.catalog.places(kb) {
            let line = self.catalog.line(place.line);
            let ordered = matches!(
                line.kind,
                LineKind::Cumulative | LineKind::Rollup | LineKind::SecurityOnly | LineKind::ServicingStack
            );
            if ordered {
                let held = found.get_or_insert(Lined { products: ProductSet::default(), cumulative: false });
                held.products = held.products.union(line.products);
                held.cumulative |= line.kind == LineKind::Cumulative;
            }
        }
        found
    }

    fn kind_of(&self, kb: KbId) -> Option<UpdateKind> {
        let known = self.catalog.update(kb).map(|u| u.kind).filter(|k| *k != UpdateKind::Update);
        known.or_else(|| match self.updates.get(&kb) {
            Some(u) => u.kind,
            None => self.settled.get(&kb)?.kind,
        })
    }

    fn day_of(&self, kb: KbId) -> Option<u32> {
        let known = self.catalog.update(kb).and_then(|u| u.date);
        let number = |d: jiff::civil::Date| {
            u32::from(d.year().unsigned_abs()) * 10_000 + d.month() as u32 * 100 + d.day() as u32
        };
        known.map(number).or_else(|| self.settled.get(&kb)?.day)
    }

    /// Does a build belong to a product: the same Windows and, from 10 on, a build of its branch?
    fn fits(&self, build: Version, product: ProductId) -> bool {
        let p = self.catalog.product(product);
        let (b, v) = (build.0, p.version.0);
        b[..2] == v[..2]
            && (b[0] < 10 || b[2] == v[2] || self.catalog.branch_builds(p.branch).contains(&b[2]))
    }

    /// An update that nobody classifies is of the kind of those that it supersedes, if these agree and it is for the same
    /// products: cumulative updates, rollups and hotpatches replace only their like.
    fn infer_kinds(&mut self) {
        // feeds call updates of .NET rollups and security-only updates, too
        for u in self.updates.values_mut() {
            let dotnet = matches!(&u.component, Component::One(c) if is_dotnet(c));
            if dotnet && u.kind != Some(UpdateKind::Hotpatch) {
                u.kind = Some(UpdateKind::DotnetRollup);
            }
        }
        // older numbers first: a new one may follow another new one
        let unknown: Vec<KbId> =
            self.updates.keys().copied().filter(|kb| self.kind_of(*kb).is_none()).collect();
        for kb in unknown {
            let Some(u) = self.updates.get(&kb) else { continue };
            if matches!(&u.component, Component::One(c) if is_dotnet(c)) {
                continue;
            }
            let mut kinds = u.supersedes.keys().filter(|to| **to < kb).filter_map(|to| {
                let same = |p: ProductSet| !p.intersection(u.supersedes[to].products).is_empty();
                let line = self.lined(*to).is_some_and(|l| same(l.products));
                Some(match self.kind_of(*to)? {
                    UpdateKind::Checkpoint if line => UpdateKind::Combined,
                    UpdateKind::RollupPreview if line => UpdateKind::MonthlyRollup,
                    k @ (UpdateKind::Cumulative | UpdateKind::Combined | UpdateKind::MonthlyRollup)
                        if line =>
                    {
                        k
                    }
                    // followers of followers, which no line lists yet
                    k @ (UpdateKind::Cumulative
                    | UpdateKind::Combined
                    | UpdateKind::MonthlyRollup
                    | UpdateKind::Hotpatch)
                        if self.catalog.places(*to).is_empty() =>
                    {
                        k
                    }
                    _ => return None,
                })
            });
            let first = kinds.next();
            let agreed = first.filter(|k| kinds.all(|other| other == *k));
            if let Some(kind) = agreed {
                self.remarks.add("updates classified by what they supersede", || kb.to_string());
                self.update(kb).kind = Some(kind);
            }
        }
    }

    /// The rows, repaired, and the remarks.
    pub fn finish(mut self, source: &str, standing: &str, read: Option<&str>) -> (Facts, Vec<Remark>) {
        self.infer_kinds();
        let mut facts = Facts::default();
        let updates = std::mem::take(&mut self.updates);
        let settled = |(kb, u): (&KbId, &Gathered)| {
            let component = match &u.component {
                Component::One(name) => name.clone(),
                _ => String::new(),
            };
            let (kind, day, dotnet) = (u.kind, u.modal_day(), u.dotnet.clone());
            (*kb, Settled { kind, day, component, dotnet })
        };
        self.settled = updates.iter().map(settled).collect();
        let mut remarks = std::mem::take(&mut self.remarks);
        let mut updates: Vec<(KbId, Gathered)> = updates.into_iter().collect();
        let second = updates.split_off(updates.len() / 2);
        let rows = |updates: Vec<(KbId, Gathered)>| -> (Vec<UpdateRow>, Remarks) {
            let mut remarks = Remarks::default();
            let row = |(kb, u)| self.row(kb, u, (source, standing, read), &mut remarks);
            (updates.into_iter().map(row).collect(), remarks)
        };
        let (first, second) = both(|| rows(updates), || rows(second));
        for (rows, told) in [first, second] {
            facts.updates.extend(rows);
            told.0.into_iter().for_each(|(text, (n, place))| remarks.count(&text, n, || place));
        }
        (facts, remarks.into_list())
    }

    fn row(
        &self,
        kb: KbId,
        mut u: Gathered,
        (source, standing, read): (&str, &str, Option<&str>),
        remarks: &mut Remarks,
    ) -> UpdateRow {
        let lined = self.lined(kb);
        let mut doubts = Vec::new();
        let mut packages = std::mem::take(&mut u.packages);
        let mut doubt = |claim: &str, value: Option<String>, products: ProductSet, why: &str| {
            doubts.push(DoubtRow {
                claim: claim.to_owned(),
                value,
                products: self.slugs(products),
                why: why.to_owned(),
            });
        };

        // builds that are none of the product's: neither the build nor the package is believed
        let mut builds = Vec::new();
        let (mut fitting, mut strange) = (ProductSet::default(), ProductSet::default());
        for (build, products) in &u.builds {
            let fits: ProductSet = products.iter().filter(|p| self.fits(*build, *p)).collect();
            let strays: ProductSet = products.iter().filter(|p| !fits.contains(*p)).collect();
            fitting = fitting.union(fits);
            strange = strange.union(strays);
            if !fits.is_empty() {
                builds.push(BuildRow { build: text_of(*build), products: self.slugs(fits) });
            }
            if !strays.is_empty() {
                remarks.add("builds that are none of the product's: left out", || {
                    format!("{kb}: {} for {}", text_of(*build), self.slugs(strays).join(", "))
                });
                doubt("build", Some(text_of(*build)), strays, "other-build");
            }
        }
        let strange: ProductSet =
            strange.iter().filter(|p| !fitting.contains(*p) && packages.contains_key(p)).collect();
        if !strange.is_empty() {
            doubt("package", None, strange, "other-build");
        }

        // a line is kept for each product: an update of it is for no other
        let foreign: ProductSet = match &lined {
            Some(l) => packages
                .keys()
                .copied()
                .filter(|p| !l.products.contains(*p) && !strange.contains(*p))
                .collect(),
            None => ProductSet::default(),
        };
        if !foreign.is_empty() {
            remarks.add("products that an update's line does not serve: left out", || {
                format!("{kb} for {}", self.slugs(foreign).join(", "))
            });
            doubt("package", None, foreign, "other-line");
        }
        packages.retain(|p, _| !strange.contains(*p) && !foreign.contains(*p));
        let held: ProductSet = packages.keys().copied().collect();

        let mut supersedes = Vec::new();
        for (to, stated) in &u.supersedes {
            let named = Some(to.to_string());
            let products: ProductSet = stated.products.iter().filter(|p| held.contains(*p)).collect();
            let why = if *to == kb {
                remarks.add("updates that supersede themselves: left out", || kb.to_string());
                Some("itself")
            } else if lined.is_some() && self.lined(*to).is_some() {
                Some("lines")
            } else if self.across_tracks(kb, *to) {
                remarks.add("edges between rollups and security-only updates: left out", || {
                    format!("{kb} and {to}")
                });
                Some("tracks")
            } else if self.of_other_dotnet(kb, *to) {
                remarks.add("edges to updates for other versions of .NET Framework: left out", || {
                    format!("{kb} and {to}")
                });
                Some("versions")
            } else if self.kind_of(kb) == Some(UpdateKind::Hotpatch)
                && self.lined(*to).is_some_and(|l| l.cumulative)
            {
                remarks.add("hotpatches over their baseline: left out", || format!("{kb} and {to}"));
                Some("hotpatch")
            } else if self.day_of(kb).zip(self.day_of(*to)).is_some_and(|(newer, older)| newer < older) {
                remarks.add("edges to a newer update: left out", || format!("{kb} and {to}"));
                Some("older")
            } else if products.is_empty() && !held.is_empty() {
                Some("other-products")
            } else {
                None
            };
            match why {
                Some(why) => doubt("supersedes", named, stated.products, why),
                None => {
                    let everywhere = products == held;
                    let products = if everywhere { Vec::new() } else { self.slugs(products) };
                    supersedes.push(SupersedesRow { kb: to.to_string(), products });
                }
            }
        }
        UpdateRow {
            kb: kb.to_string(),
            kind: u.kind.map(|k| k.name().to_owned()),
            date: u.modal_day().map(day_text),
            title: u.title,
            component: match u.component {
                Component::One(name) if !name.is_empty() => Some(name),
                _ => None,
            },
            packages: self.package_rows(&packages, lined.is_some()),
            supersedes,
            restart: u.restart.map(str::to_owned),
            builds,
            doubts,
            standing: u.standing.unwrap_or(standing).to_owned(),
            source: source.to_owned(),
            read: read.map(str::to_owned),
            note: u.note,
            ..UpdateRow::default()
        }
    }

    /// What an update repairs, as this source says, else as the catalog does.
    fn component_of(&self, kb: KbId) -> &str {
        match self.settled.get(&kb).map(|s| &*s.component) {
            Some(name) if !name.is_empty() => name,
            _ => self.catalog.update(kb).map_or("", |u| u.component),
        }
    }

    /// Is the older one for versions of .NET Framework that the newer one is not for? Feeds name the number over all packages
    /// of a month and single ones of them alike.
    fn of_other_dotnet(&self, newer: KbId, older: KbId) -> bool {
        let versions = |kb| match self.settled.get(&kb) {
            Some(u) if !u.dotnet.is_empty() => u.dotnet.iter().map(String::as_str).collect(),
            _ => dotnet_versions(self.component_of(kb)),
        };
        let both = is_dotnet(self.component_of(newer)) && is_dotnet(self.component_of(older));
        both && !dotnet_covers(&versions(newer), &versions(older))
    }

    fn across_tracks(&self, a: KbId, b: KbId) -> bool {
        let track = |kb| match self.kind_of(kb) {
            Some(UpdateKind::MonthlyRollup | UpdateKind::RollupPreview) => Some(true),
            Some(UpdateKind::SecurityOnly) => Some(false),
            _ => None,
        };
        track(a).zip(track(b)).is_some_and(|(a, b)| a != b)
    }

    /// Products with the same architectures in one row. From Windows 10 on feeds leave architectures out, so those that they
    /// name say nothing about the others; an update of a line is for all.
    fn package_rows(
        &self,
        packages: &BTreeMap<ProductId, Option<ArchitectureSet>>,
        lined: bool,
    ) -> Vec<PackageRow> {
        let mut groups: BTreeMap<u8, ProductSet> = BTreeMap::new();
        for (id, stated) in packages {
            let p = self.catalog.product(*id);
            let stated = stated.filter(|s| !lined && p.version.0[0] < 10 && *s != p.architectures);
            let held = groups.entry(stated.unwrap_or_default().0).or_default();
            *held = held.union(ProductSet::of(*id));
        }
        let row = |(archs, products): (u8, ProductSet)| PackageRow {
            products: self.slugs(products),
            arch: ArchitectureSet(archs).iter().map(|a| a.name().to_owned()).collect(),
            built_in: false,
        };
        groups.into_iter().map(row).collect()
    }

    fn slugs(&self, products: ProductSet) -> Vec<String> {
        products.iter().map(|p| self.catalog.product(p).slug.to_owned()).collect()
    }
}

fn text_of(v: Version) -> String {
    v.0.map(|n| n.to_string()).join(".")
}
