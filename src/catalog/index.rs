//! The catalog: answers from the index in place. Every read is checked against the section's bounds.

use super::bytes::{Bytes, Paged, ReadAt};
use super::compile::compile;
use super::facts::Facts;
use super::layout::{self as l, Section};
use super::text::FactsError;
use super::view::{
    Defect, Entry, ImportedSource, Lifecycle, Line, LineKind, Package, Product, Relation, RelationKind, Rule,
    Source, Update, Withdrawal,
};
use crate::model::{
    ArchitectureSet, EvidenceClass, KbId, ProductId, ProductSet, SourceKind, Standing, Strength, UpdateKind,
    Version,
};
use jiff::civil::Date;
use std::{borrow::Cow, ops::Range, str::FromStr, sync::Arc};

/// Bytes that are no index of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Too short, or not a catalog.
    #[error("not a catalog index")]
    NotACatalog,
    /// Written by another version of the program.
    #[error("a catalog index of layout {0}; this program reads layout {expected}", expected = l::FORMAT)]
    Layout(u32),
    /// A section that lies outside of the bytes or holds part of a record.
    #[error("catalog index: section {0} is damaged")]
    Section(usize),
}

/// What is known of updates; immutable, and cheap to open.
///
/// ```
/// use kbwhy::catalog::Catalog;
/// let catalog = Catalog::embedded();
/// assert!(catalog.product_by_slug("windows-server-2012-r2").is_some());
/// assert!(Catalog::from_bytes(b"something else".to_vec()).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    bytes: Bytes,
    sections: [Range<usize>; l::SECTIONS],
}

/// One record; what lies outside of it reads as 0.
#[derive(Clone, Copy)]
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn byte(self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }
    fn half(self, at: usize) -> u16 {
        u16::from_le_bytes([self.byte(at), self.byte(at + 1)])
    }
    fn word(self, at: usize) -> u32 {
        let bytes = self.0.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes)
    }
    /// A number that may be absent.
    fn number(self, at: usize) -> Option<u32> {
        Some(self.word(at)).filter(|n| *n != l::NONE)
    }
}

fn date(number: u32) -> Option<Date> {
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    Date::new(i16::try_from(year).ok()?, month as i8, day as i8).ok().filter(|_| number != 0)
}

impl Catalog {
    /// The catalog that is built in.
    pub fn embedded() -> &'static Self {
        super::embedded::catalog()
    }

    /// A catalog from the bytes that [`compile`] gives.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, CatalogError> {
        Self::open(Bytes::Whole(Cow::Owned(bytes)))
    }

    /// A catalog in a file of this size, of which pages are read as they are asked for; `sums` are those of
    /// [`super::bytes::sums`]. Whoever asked must look at [`Self::is_damaged`] afterwards.
    ///
    /// # Errors
    /// Its head is none of this layout, or is damaged.
    pub fn paged(size: usize, sums: Vec<u32>, read: Box<ReadAt>) -> Result<Self, CatalogError> {
        Self::open(Bytes::Paged(Arc::new(Paged::new(size, sums, read))))
    }

    /// Reads every page, so that damage shows.
    pub fn check(&self) {
        self.bytes.check();
    }

    /// A page that was read is not what was written: all answers so far are void. Never so of bytes in memory.
    pub fn is_damaged(&self) -> bool {
        self.bytes.is_damaged()
    }

    /// A catalog from facts.
    pub fn from_facts(facts: &Facts) -> Result<Self, FactsError> {
        let bytes = compile(facts)?;
        Self::from_bytes(bytes).map_err(|e| FactsError::new("index", e.to_string()))
    }

    pub(crate) fn open(bytes: Bytes) -> Result<Self, CatalogError> {
        let header = Record(bytes.get(0..l::HEADER).ok_or(CatalogError::NotACatalog)?);
        if !header.0.starts_with(l::MAGIC) {
            return Err(CatalogError::NotACatalog);
        }
        if header.word(8) != l::FORMAT {
            return Err(CatalogError::Layout(header.word(8)));
        }
        let mut sections = [const { 0..0 }; l::SECTIONS];
        for (i, section) in sections.iter_mut().enumerate() {
            let at = l::SECTION_TABLE + i * 8;
            let (start, len) = (header.word(at) as usize, header.word(at + 4) as usize);
            let end = start.checked_add(len).filter(|e| *e <= bytes.len());
            match end {
                Some(end) if len.is_multiple_of(l::RECORD[i]) && start >= l::HEADER => *section = start..end,
                _ => return Err(CatalogError::Section(i)),
            }
        }
        let catalog = Self { bytes, sections };
        if catalog.product_count() > 128 {
            return Err(CatalogError::Section(Section::Products as usize));
        }
        Ok(catalog)
    }

    /// Bytes of a section.
    fn part(&self, s: Section, start: usize, end: usize) -> Option<&[u8]> {
        let of = &self.sections[s as usize];
        let (from, to) = (of.start.checked_add(start)?, of.start.checked_add(end)?);
        if to > of.end { None } else { self.bytes.get(from..to) }
    }

    fn count(&self, s: Section) -> usize {
        self.sections[s as usize].len() / l::RECORD[s as usize]
    }

    fn record(&self, s: Section, number: usize) -> Option<Record<'_>> {
        let size = l::RECORD[s as usize];
        let start = number.checked_mul(size)?;
        self.part(s, start, start.checked_add(size)?).map(Record)
    }

    /// Records from the first on, `n` of them or as many as there are.
    fn some_records(&self, s: Section, first: u32, n: u32) -> impl Iterator<Item = (usize, Record<'_>)> {
        let first = (first as usize).min(self.count(s));
        let end = first.saturating_add(n as usize).min(self.count(s));
        (first..end).filter_map(move |i| self.record(s, i).map(|r| (i, r)))
    }

    fn records(&self, s: Section) -> impl Iterator<Item = (usize, Record<'_>)> {
        self.some_records(s, 0, l::NONE)
    }

    fn header(&self) -> Record<'_> {
        Record(self.bytes.get(0..l::HEADER).unwrap_or(&[]))
    }

    fn text(&self, id: u32) -> &str {
        let end = |id: u32| self.record(Section::TextEnds, id as usize).map_or(0, |r| r.word(0) as usize);
        let start = id.checked_sub(1).map_or(0, end);
        let text = self.part(Section::Text, start, end(id)).unwrap_or(&[]);
        std::str::from_utf8(text).unwrap_or("")
    }

    fn list<T: FromStr>(&self, id: u32) -> Vec<T> {
        let text = self.text(id);
        text.split(l::SEPARATOR).filter(|t| !t.is_empty()).filter_map(|t| t.parse().ok()).collect()
    }

    fn texts(&self, id: u32) -> Vec<&str> {
        self.text(id).split(l::SEPARATOR).filter(|t| !t.is_empty()).collect()
    }

    fn set(&self, id: u32) -> ProductSet {
        let bytes = self.record(Section::Sets, id as usize).and_then(|r| r.0.try_into().ok());
        ProductSet(bytes.map_or(0, u128::from_le_bytes))
    }

    fn source(&self, id: u32) -> Source<'_> {
        let r = self.record(Section::Sources, id as usize).unwrap_or(Record(&[]));
        Source { url: self.text(r.word(0)), title: self.text(r.word(4)), read: self.text(r.word(8)) }
    }

    fn standing(r: Record<'_>, at: usize) -> Standing {
        Standing::from_u8(r.byte(at)).unwrap_or(Standing::Unverified)
    }

    /// Date of the newest fact.
    pub fn as_of(&self) -> Date {
        date(self.header().word(12)).unwrap_or(Date::ZERO)
    }

    /// Version of the text's schema.
    pub fn schema(&self) -> semver::Version {
        let h = self.header();
        semver::Version::new(h.word(16).into(), h.word(20).into(), h.word(24).into())
    }

    /// Sources that were imported, most believed kind first; empty for the catalog that is built in.
    pub fn imported(&self) -> impl Iterator<Item = ImportedSource<'_>> {
        self.records(Section::Imported).map(|(_, r)| ImportedSource {
            title: self.text(r.word(0)),
            kind: SourceKind::parse(self.text(r.word(4))).unwrap_or(SourceKind::Definitions),
            read: self.text(r.word(8)),
        })
    }

    /// How many KBs are described.
    pub fn len(&self) -> usize {
        self.header().word(28) as usize
    }

    /// No KB is described.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The highest KB number that is described: higher ones are newer than the catalog, or no update of Windows.
    pub fn newest_kb(&self) -> KbId {
        KbId::new(self.header().word(32)).unwrap_or(const { KbId::new(10_000).expect("five digits") })
    }

    /// How many products there are; their numbers run from 0.
    pub fn product_count(&self) -> usize {
        self.count(Section::Products)
    }

    /// Every product.
    pub fn all_products(&self) -> ProductSet {
        (0..self.product_count() as u8).map(ProductId).collect()
    }

    /// A product; one without a name if there is no such number.
    pub fn product(&self, id: ProductId) -> Product<'_> {
        let r = self.record(Section::Products, id.0.into()).unwrap_or(Record(&[]));
        Product {
            id,
            slug: self.text(r.word(0)),
            name: self.text(r.word(4)),
            version: Version([r.word(8), r.word(12), r.word(16), r.word(20)]),
            release: Some(self.text(r.word(24))).filter(|t| !t.is_empty()),
            branch: self.text(r.word(28)),
            service_pack: Some(r.byte(32)).filter(|n| *n != u8::MAX),
            server: r.byte(33) != 0,
            architectures: ArchitectureSet(r.byte(34)),
        }
    }

    /// All products, in the catalog's order.
    pub fn products(&self) -> impl Iterator<Item = Product<'_>> {
        (0..self.product_count() as u8).map(|n| self.product(ProductId(n)))
    }

    /// The product with this name (`windows-server-2012-r2`).
    pub fn product_by_slug(&self, slug: &str) -> Option<Product<'_>> {
        let of = |(i, r): (usize, Record<'_>)| (self.text(r.word(0)) == slug).then_some(i);
        self.records(Section::Products).find_map(of).map(|i| self.product(ProductId(i as u8)))
    }

    /// What Microsoft's feeds call a product.
    pub fn product_aliases(&self, id: ProductId) -> Vec<&str> {
        let of = self.records(Section::Aliases).filter(|(_, r)| r.word(0) == u32::from(id.0));
        of.map(|(_, r)| self.text(r.word(4))).collect()
    }

    /// Builds whose revisions are the same content; empty if there is no such branch.
    pub fn branch_builds(&self, branch: &str) -> Vec<u32> {
        let found = self.records(Section::Branches).find(|(_, r)| self.text(r.word(0)) == branch);
        let Some((_, r)) = found else { return Vec::new() };
        self.some_records(Section::Builds, r.word(4), r.word(8)).map(|(_, b)| b.word(0)).collect()
    }

    /// Number of the record about a KB; the last record only closes ranges.
    fn find(&self, kb: KbId) -> Option<usize> {
        let (mut low, mut high) = (0, self.count(Section::Updates).saturating_sub(1));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.record(Section::Updates, middle)?.word(0).cmp(&kb.number()) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Records of a section that belong to a KB, by the start kept at an offset of its record and the next.
    fn of(&self, kb: KbId, at: usize, s: Section) -> impl Iterator<Item = (usize, Record<'_>)> {
        let word = |i: usize| self.record(Section::Updates, i).map_or(0, |r| r.word(at));
        let (first, end) = self.find(kb).map_or((0, 0), |i| (word(i), word(i + 1)));
        self.some_records(s, first, end.saturating_sub(first))
    }

    /// An update; `None` if it is not described here, even where others name it as superseded.
    pub fn update(&self, kb: KbId) -> Option<Update<'_>> {
        let r = self.record(Section::Updates, self.find(kb)?)?;
        (r.byte(6) & l::DESCRIBED != 0).then(|| Update {
            kb,
            kind: UpdateKind::from_u8(r.byte(4)).unwrap_or(UpdateKind::Update),
            standing: Self::standing(r, 5),
            all_packages_known: r.byte(6) & l::ALL_PACKAGES != 0,
            title: self.text(r.word(8)),
            component: self.text(r.word(12)),
            date: date(r.word(16)),
            source: self.source(r.word(20)),
            packages: self.packages(kb).collect(),
        })
    }

    fn packages(&self, kb: KbId) -> impl Iterator<Item = Package> {
        self.of(kb, 24, Section::Packages).map(|(_, p)| Package {
            architectures: ArchitectureSet(p.byte(0)),
            built_in: p.byte(1) != 0,
            products: self.set(p.word(4)),
        })
    }

    /// All KBs that are described, ascending.
    pub fn kbs(&self) -> impl Iterator<Item = KbId> {
        let described = self.records(Section::Updates).filter(|(_, r)| r.byte(6) & l::DESCRIBED != 0);
        described.filter_map(|(_, r)| KbId::new(r.word(0)))
    }

    /// All KBs that are described as being of this kind, ascending.
    pub fn of_kind(&self, kind: UpdateKind) -> impl Iterator<Item = KbId> {
        let of = move |r: &Record<'_>| {
            r.byte(6) & l::DESCRIBED != 0
                && UpdateKind::from_u8(r.byte(4)).unwrap_or(UpdateKind::Update) == kind
        };
        self.records(Section::Updates).filter(move |(_, r)| of(r)).filter_map(|(_, r)| KbId::new(r.word(0)))
    }

    /// A line; one without entries if there is no such number.
    pub fn line(&self, id: u16) -> Line<'_> {
        const KINDS: [LineKind; 6] = [
            LineKind::Cumulative,
            LineKind::Rollup,
            LineKind::SecurityOnly,
            LineKind::ServicingStack,
            LineKind::InternetExplorer,
            LineKind::EsuPreparation,
        ];
        let r = self.record(Section::Lines, id.into()).unwrap_or(Record(&[]));
        Line {
            id,
            name: self.text(r.word(0)),
            basis: self.text(r.word(4)),
            source: self.source(r.word(8)),
            build: if r.0.is_empty() { None } else { r.number(12) },
            len: r.word(20),
            kind: KINDS.get(usize::from(r.byte(24))).copied().unwrap_or(LineKind::SecurityOnly),
            chained: r.byte(25) != 0,
            products: self.set(r.word(28)),
        }
    }

    /// All lines, by number.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let n = self.count(Section::Lines).min(usize::from(u16::MAX)) as u16;
        (0..n).map(|i| self.line(i))
    }

    /// The entries of a line, oldest first.
    pub fn entries(&self, line: u16) -> impl Iterator<Item = Entry<'_>> {
        let r = self.record(Section::Lines, line.into()).unwrap_or(Record(&[]));
        let entries = self.some_records(Section::Entries, r.word(16), r.word(20));
        entries.enumerate().map(move |(at, (_, e))| self.as_entry(line, at as u32, e))
    }

    /// Place, update, kind and release date of each entry of a line, oldest first: [`Self::entries`] without the rest,
    /// for those who walk whole lines often.
    pub fn dates(
        &self,
        line: u16,
    ) -> impl Iterator<Item = (u32, Option<KbId>, UpdateKind, Option<Date>)> + use<'_> {
        let r = self.record(Section::Lines, line.into()).unwrap_or(Record(&[]));
        let entries = self.some_records(Section::Entries, r.word(16), r.word(20));
        entries.zip(0..).map(|((_, e), at)| {
            let kind = UpdateKind::from_u8(e.byte(20)).unwrap_or(UpdateKind::Update);
            (at, KbId::new(e.word(0)), kind, date(e.word(8)))
        })
    }

    /// One entry of a line.
    pub fn entry(&self, line: u16, position: u32) -> Option<Entry<'_>> {
        let r = self.record(Section::Lines, line.into()).filter(|r| position < r.word(20))?;
        let at = r.word(16).checked_add(position)?;
        self.record(Section::Entries, at as usize).map(|e| self.as_entry(line, position, e))
    }

    fn as_entry<'a>(&'a self, line: u16, position: u32, e: Record<'a>) -> Entry<'a> {
        Entry {
            line,
            position,
            kb: KbId::new(e.word(0)),
            revision: e.number(4),
            date: date(e.word(8)),
            stack: Some(self.text(e.word(12))).filter(|t| !t.is_empty()).and_then(|t| t.parse().ok()),
            source: self.source(e.word(16)),
            kind: UpdateKind::from_u8(e.byte(20)).unwrap_or(UpdateKind::Update),
            standing: Self::standing(e, 21),
        }
    }

    /// Where a KB stands in lines.
    pub fn places(&self, kb: KbId) -> Vec<Entry<'_>> {
        let places = self.of(kb, 28, Section::Places);
        places.filter_map(|(_, p)| self.entry(p.half(4), p.word(0))).collect()
    }

    fn as_relation<'a>(&'a self, r: Record<'a>) -> Option<Relation<'a>> {
        const KINDS: [RelationKind; 5] = [
            RelationKind::Supersedes,
            RelationKind::Covers,
            RelationKind::Satisfies,
            RelationKind::Contains,
            RelationKind::Conflicts,
        ];
        Some(Relation {
            from: KbId::new(r.word(0))?,
            to: KbId::new(r.word(4))?,
            source: self.source(r.word(8)),
            kind: *KINDS.get(usize::from(r.byte(12)))?,
            standing: Self::standing(r, 13),
            products: self.set(r.word(16)),
        })
    }

    /// Relations whose target a KB is: what supersedes, covers, satisfies, contains it, conflicts with it.
    ///
    /// Those that lines imply are left out.
    pub fn superseded_by(&self, kb: KbId) -> Vec<Relation<'_>> {
        let numbers = self.of(kb, 36, Section::Incoming).map(|(_, n)| n.word(0) as usize);
        let relations = numbers.filter_map(|n| self.record(Section::Relations, n));
        relations.filter_map(|r| self.as_relation(r)).filter(|r| r.to == kb).collect()
    }

    /// Relations of which a KB is the newer, covering, satisfying, containing one; those that lines imply are left out.
    pub fn relations_from(&self, kb: KbId) -> Vec<Relation<'_>> {
        let relations = self.of(kb, 32, Section::Relations);
        relations.filter_map(|(_, r)| self.as_relation(r)).filter(|r| r.from == kb).collect()
    }

    /// The products of a set, or those that the update is for, or all.
    fn set_or(&self, id: u32, kb: Option<KbId>) -> ProductSet {
        let installable = |kb| {
            self.packages(kb).filter(|p| !p.built_in).fold(ProductSet::default(), |s, p| s.union(p.products))
        };
        match (self.set(id), kb.map(installable)) {
            (s, None) if s.is_empty() => self.all_products(),
            (s, Some(p)) if s.is_empty() && p.is_empty() => self.all_products(),
            (s, Some(p)) if s.is_empty() => p,
            (s, _) => s,
        }
    }

    fn as_rule<'a>(&'a self, r: Record<'a>, kb: Option<KbId>) -> Rule<'a> {
        Rule {
            id: self.text(r.word(0)),
            target: self.text(r.word(4)),
            class: self.text(r.word(8)),
            when: self.list(r.word(12)),
            requires: self.list(r.word(16)),
            excludes: self.list(r.word(20)),
            order: self.list(r.word(24)),
            why: self.text(r.word(28)),
            also: self.texts(r.word(32)),
            dispute: self.text(r.word(36)),
            source: self.source(r.word(40)),
            strength: Strength::from_u8(r.byte(44)).unwrap_or(Strength::Recommended),
            standing: Self::standing(r, 45),
            evidence: EvidenceClass::from_u8(r.byte(46)).unwrap_or(EvidenceClass::Recollection),
            from_class: r.byte(47) & l::CLASS != 0,
            states_none: r.byte(47) & l::STATES_NONE != 0,
            products: self.set_or(r.word(48), kb),
        }
    }

    /// Rules about an update: its own, then those of its classes.
    pub fn rules(&self, kb: KbId) -> Vec<Rule<'_>> {
        let numbers = self.of(kb, 40, Section::RuleRefs).map(|(_, n)| n.word(0) as usize);
        numbers.filter_map(|n| self.record(Section::Rules, n)).map(|r| self.as_rule(r, Some(kb))).collect()
    }

    fn rules_with(&self, flag: u8) -> impl Iterator<Item = Rule<'_>> {
        let of = move |(_, r): &(usize, Record<'_>)| r.byte(47) & flag != 0;
        self.records(Section::Rules).filter(of).map(|(_, r)| self.as_rule(r, None))
    }

    /// Class rules that are described, not encoded.
    pub fn described_rules(&self) -> impl Iterator<Item = Rule<'_>> {
        self.rules_with(l::DESCRIBED_ONLY)
    }

    /// Rules about things that are no update.
    pub fn target_rules(&self) -> impl Iterator<Item = Rule<'_>> {
        self.rules_with(l::TARGET)
    }

    fn named_kbs(&self, first: u32, n: u32) -> Vec<KbId> {
        self.some_records(Section::Kbs, first, n).filter_map(|(_, k)| KbId::new(k.word(0))).collect()
    }

    /// That an update can no longer be had.
    pub fn withdrawals(&self, kb: KbId) -> Vec<Withdrawal<'_>> {
        let of = self.of(kb, 44, Section::Withdrawals).map(|(_, w)| Withdrawal {
            why: self.text(w.word(0)),
            source: self.source(w.word(4)),
            date: date(w.word(8)),
            replacement: self.named_kbs(w.word(12), w.word(16)),
            standing: Self::standing(w, 20),
            products: self.set_or(w.word(24), None),
        });
        of.collect()
    }

    /// Defects of an update's packages.
    pub fn defects(&self, kb: KbId) -> Vec<Defect<'_>> {
        let of = self.of(kb, 48, Section::Defects).map(|(_, d)| Defect {
            cause: self.text(d.word(0)),
            why: self.text(d.word(4)),
            when: self.list(d.word(8)),
            source: self.source(d.word(12)),
            fixed_by: self.named_kbs(d.word(16), d.word(20)),
            standing: Self::standing(d, 24),
            refused: d.byte(25) != 0,
            products: self.set_or(d.word(28), Some(kb)),
        });
        of.collect()
    }

    /// Lifecycles of a product, one for each edition or channel.
    pub fn lifecycles(&self, product: ProductId) -> Vec<Lifecycle<'_>> {
        let all = self.records(Section::Lifecycles).map(|(_, r)| Lifecycle {
            label: self.text(r.word(0)),
            end_of_support: date(r.word(4)).unwrap_or(Date::ZERO),
            esu_end: date(r.word(8)),
            source: self.source(r.word(12)),
            ltsc: r.byte(16) != 0,
            products: self.set(r.word(20)),
        });
        all.filter(|l| l.products.iter().any(|p| p == product)).collect()
    }
}
