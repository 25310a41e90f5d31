//! What several rows say of one update, merged into one, whatever their order.

use crate::model::{SourceKind, Standing, UpdateKind};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Where a claim comes from; the first that says something wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// a local correction
    Overlay,
    /// a curated row
    Curated,
    /// an entry of a line that says it itself
    Entry,
    /// any other row
    Row,
    /// what entries of the line usually are
    Line,
    /// what was imported, by its kind, the newest first
    Imported(SourceKind, Reverse<u32>),
}

impl Rank {
    /// Was it imported, and is no correction?
    pub(crate) fn is_imported(self) -> bool {
        matches!(self, Self::Imported(..))
    }
}

/// Does a built-in line of this kind, kept per product, prove that no other product has a package?
pub(crate) fn lists_all_packages(kind: &str) -> bool {
    ["cumulative", "rollup", "security-only", "servicing-stack"].contains(&kind)
}

/// What one row says.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) rank: Rank,
    pub(crate) standing: Standing,
    pub(crate) kind: Option<UpdateKind>,
    pub(crate) title: Option<String>,
    pub(crate) component: Option<String>,
    /// `yyyymmdd`
    pub(crate) date: Option<u32>,
    /// source and when it was read
    pub(crate) source: Stated,
}

/// An update while it is put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) claims: Vec<Claim>,
    pub(crate) all_packages: bool,
    /// (built in, product) -> architectures, 0 for all
    pub(crate) packages: BTreeMap<(bool, u8), u8>,
    /// products with a package to install
    products: u128,
    /// (line, position)
    pub(crate) places: BTreeSet<(u16, u32)>,
    /// numbers of rules: (of a class, number)
    pub(crate) rules: BTreeSet<(bool, u32)>,
    /// numbers of withdrawals and defects
    pub(crate) withdrawals: Vec<u32>,
    pub(crate) defects: Vec<u32>,
    /// bounds of an undated update by its neighbours in lines
    pub(crate) not_before: u32,
    pub(crate) not_after: Option<u32>,
    /// kind and date, once they are asked for
    settled: Option<(UpdateKind, Option<u32>)>,
}

/// Part of an identity that is settled for the index.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) kind: UpdateKind,
    pub(crate) title: String,
    pub(crate) component: String,
    pub(crate) date: Option<u32>,
    pub(crate) standing: Standing,
    pub(crate) source: Stated,
}

impl Draft {
    /// Adds packages; a row without architectures speaks of all.
    pub(crate) fn package(&mut self, built_in: bool, product: u8, architectures: u8) {
        if !built_in {
            self.products |= 1 << product;
        }
        let held = self.packages.entry((built_in, product)).or_insert(architectures);
        *held = if *held == 0 || architectures == 0 { 0 } else { *held | architectures };
    }

    /// Products with a package to install; those where it is built in do not count.
    pub(crate) fn products(&self) -> u128 {
        self.products
    }

    /// It is described by a row or stands in a line; else it is only named by others.
    pub(crate) fn is_described(&self) -> bool {
        !self.claims.is_empty()
    }

    fn best<T: Ord + Clone>(&self, get: impl Fn(&Claim) -> Option<T>) -> Option<T> {
        let said = self.claims.iter().filter_map(|c| get(c).map(|v| (c.rank, c.standing, v)));
        said.min().map(|(_, _, v)| v)
    }

    /// The best known release: of documents of one kind of source the earliest, since a later one may only name the
    /// update again.
    fn released(&self) -> Option<u32> {
        let any_day = |rank| match rank {
            Rank::Imported(kind, _) => Rank::Imported(kind, Reverse(0)),
            built_in => built_in,
        };
        let said = self.claims.iter().filter_map(|c| Some((any_day(c.rank), c.standing, c.date?)));
        said.min().map(|(_, _, date)| date)
    }

    /// The merged view of all claims.
    pub(crate) fn settle(&self) -> Settled {
        // what is built in was checked: a feed that knows the update too makes it no surer and no less sure
        let built_in = self.claims.iter().filter(|c| !c.rank.is_imported()).map(|c| c.standing).min();
        let standing = built_in.or_else(|| self.claims.iter().map(|c| c.standing).min());
        let kind = self.best(|c| c.kind.map(|k| (k == UpdateKind::Update, k)));
        Settled {
            kind: kind.map_or(UpdateKind::Update, |(_, k)| k),
            title: self.best(|c| c.title.clone()).unwrap_or_default(),
            component: self.best(|c| c.component.clone()).unwrap_or_default(),
            date: self.released(),
            standing: standing.unwrap_or(Standing::Unverified),
            source: self.best(|c| Some(c.source.clone())).unwrap_or_default(),
        }
    }

    /// The merged kind and date; remembered, so ask when all claims are in.
    pub(crate) fn kind_and_date(&mut self) -> (UpdateKind, Option<u32>) {
        if self.settled.is_none() {
            let s = self.settle();
            self.settled = Some((s.kind, s.date));
        }
        self.settled.unwrap_or((UpdateKind::Update, None))
    }

    /// Is this the component that it repairs?
    pub(crate) fn repairs(&self, component: &str) -> bool {
        self.best(|c| c.component.clone()).is_some_and(|own| own == component)
    }

    /// Groups of products with the same architectures, in a fixed order: (built in, architectures, set).
    pub(crate) fn groups(&self) -> Vec<(bool, u8, u128)> {
        let mut groups: BTreeMap<(bool, u8), u128> = BTreeMap::new();
        for (&(built_in, product), &archs) in &self.packages {
            *groups.entry((built_in, archs)).or_default() |= 1 << product;
        }
        groups.into_iter().map(|((b, a), set)| (b, a, set)).collect()
    }

    /// Was it released on or after `from` and before `until`? By its neighbours where it has no date itself.
    pub(crate) fn released_within(&self, date: Option<u32>, from: Option<u32>, until: Option<u32>) -> bool {
        match date {
            Some(d) => from.is_none_or(|f| d >= f) && until.is_none_or(|u| d < u),
            None => {
                from.is_none_or(|f| self.not_before >= f)
                    && until.is_none_or(|u| self.not_after.is_some_and(|d| d <= u))
            }
        }
    }
}

/// Newer update, kind of relation, older update.
pub(crate) type Edge = (u32, u8, u32);
/// Source and when it was read.
pub(crate) type Stated = (String, String);
/// The same, after how much it is believed.
pub(crate) type Ranked = (Rank, Stated);

/// Explicit relations while they are gathered: by standing, products and source.
#[derive(Debug, Default)]
pub(crate) struct Edges(BTreeMap<Edge, BTreeMap<Standing, (u128, Ranked)>>);

impl Edges {
    /// Adds one; the products of rows of the same standing join, the most believed source stays.
    pub(crate) fn add(&mut self, (from, kind, to): Edge, standing: Standing, products: u128, source: Ranked) {
        let held = self.0.entry((from, kind, to)).or_default();
        let (set, first) = held.entry(standing).or_insert_with(|| (0, source.clone()));
        *set |= products;
        if source < *first {
            *first = source;
        }
    }

    /// Relations in order, each product only at its best standing.
    pub(crate) fn into_rows(self) -> Vec<(Edge, Standing, u128, Stated)> {
        let mut out = Vec::new();
        for (key, by_standing) in self.0 {
            let mut seen = 0;
            for (standing, (set, (_, source))) in by_standing {
                if set & !seen != 0 {
                    out.push((key, standing, set & !seen, source));
                }
                seen |= set;
            }
        }
        out
    }
}
