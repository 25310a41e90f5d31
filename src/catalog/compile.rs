//! Facts to index: checks every reference, merges rows, expands class rules, lays out the bytes.

use super::check::{architectures, date, kb, named, position, standing};
use super::facts::{Facts, PackageRow, RuleRow, SourceRow};
use super::layout::{self as l, Section};
use super::merge::{Claim, Draft, Edges, Rank, Ranked, lists_all_packages};
use super::text::FactsError;
use crate::model::{Clause, EvidenceClass, Requirement, SourceKind, Strength, UpdateKind, Version};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

mod emit;

type Result<T> = std::result::Result<T, FactsError>;

/// Compiles facts to the index that [`super::Catalog`] reads in place.
///
/// The bytes depend on the order of products, lines and their entries, and on no other order of rows.
pub fn compile(facts: &Facts) -> Result<Vec<u8>> {
    let mut c = Compiler::new(facts)?;
    c.products()?;
    c.lines()?;
    c.updates()?;
    c.bound_undated();
    c.relations()?;
    c.rules()?;
    c.withdrawals()?;
    c.defects()?;
    c.lifecycles()?;
    c.emit()
}

struct Compiler<'f> {
    facts: &'f Facts,
    out: Vec<Vec<u8>>,
    texts: HashMap<String, u32>,
    sets: BTreeMap<u128, u32>,
    sources: BTreeMap<(u32, u32, u32), u32>,
    known_sources: HashMap<&'f str, &'f SourceRow>,
    products: HashMap<&'f str, u8>,
    /// (products, chained) of each line
    chains: Vec<(u128, bool)>,
    drafts: BTreeMap<u32, Draft>,
    edges: Edges,
}

impl<'f> Compiler<'f> {
    fn new(facts: &'f Facts) -> Result<Self> {
        let mut known_sources = HashMap::new();
        for s in &facts.sources {
            if known_sources.insert(&*s.id, s).is_some() {
                return Err(FactsError::new(format!("source {}", s.id), "occurs twice"));
            }
        }
        let mut c = Self {
            facts,
            out: vec![Vec::new(); l::SECTIONS],
            texts: HashMap::new(),
            sets: BTreeMap::new(),
            sources: BTreeMap::new(),
            known_sources,
            products: HashMap::new(),
            chains: Vec::new(),
            drafts: BTreeMap::new(),
            edges: Edges::default(),
        };
        c.text("");
        c.set(0);
        Ok(c)
    }

    fn put(&mut self, section: Section, words: &[u32]) {
        let out = &mut self.out[section as usize];
        words.iter().for_each(|w| out.extend(w.to_le_bytes()));
    }

    fn count(&self, section: Section) -> u32 {
        (self.out[section as usize].len() / l::RECORD[section as usize]) as u32
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.texts.get(text) {
            return id;
        }
        let id = self.count(Section::TextEnds);
        self.out[Section::Text as usize].extend(text.as_bytes());
        let end = self.out[Section::Text as usize].len() as u32;
        self.put(Section::TextEnds, &[end]);
        self.texts.insert(text.to_owned(), id);
        id
    }

    fn list(&mut self, items: &[String]) -> u32 {
        self.text(&items.join(&l::SEPARATOR.to_string()))
    }

    fn set(&mut self, set: u128) -> u32 {
        if let Some(&id) = self.sets.get(&set) {
            return id;
        }
        let id = self.sets.len() as u32;
        self.sets.insert(set, id);
        self.out[Section::Sets as usize].extend(set.to_le_bytes());
        id
    }

    fn product_set(&self, place: &str, names: &[String]) -> Result<u128> {
        let mut set = 0u128;
        for n in names {
            let id = self.products.get(&**n);
            set |= 1 << named(place, "product of the catalog", n, id)?;
        }
        Ok(set)
    }

    /// A source is an address or the id of a source row.
    fn check_source(&self, place: &str, source: &str) -> Result<()> {
        let known = source.contains("://") || self.known_sources.contains_key(source);
        if known { Ok(()) } else { Err(FactsError::new(place, format!("source `{source}` is not known"))) }
    }

    fn source(&mut self, place: &str, source: &str, read: &str) -> Result<u32> {
        self.check_source(place, source)?;
        let row = self.known_sources.get(source);
        let (url, title, known) = row.map_or((source, "", ""), |s| (&*s.url, &*s.title, &*s.read));
        let key = (self.text(url), self.text(title), self.text(if read.is_empty() { known } else { read }));
        let next = self.sources.len() as u32;
        if let Some(&id) = self.sources.get(&key) {
            return Ok(id);
        }
        self.put(Section::Sources, &[key.0, key.1, key.2]);
        self.sources.insert(key, next);
        Ok(next)
    }

    /// How much what a source says is believed: `of_built_in`, unless it was imported.
    fn rank(&self, source: &str, read: Option<&str>, of_built_in: Rank) -> Rank {
        let row = self.known_sources.get(source);
        match row.and_then(|s| SourceKind::parse(s.kind.as_deref()?)) {
            None | Some(SourceKind::Curated) => of_built_in,
            Some(SourceKind::Overlay) => Rank::Overlay,
            Some(kind) => {
                let read = read.or_else(|| row.map(|s| &*s.read)).unwrap_or("");
                Rank::Imported(kind, Reverse(date("", read).unwrap_or(0)))
            }
        }
    }

    fn products(&mut self) -> Result<()> {
        let facts = self.facts;
        if facts.products.len() > 128 {
            return Err(FactsError::new("products.jsonl", "more than 128 products"));
        }
        for (i, p) in facts.products.iter().enumerate() {
            let place = format!("product {}", p.id);
            if self.products.insert(&p.id, i as u8).is_some() {
                return Err(FactsError::new(place, "occurs twice"));
            }
            let server = position(&place, "family", &["client", "server"], &p.family)?;
            let version: Version =
                p.version.parse().map_err(|e| FactsError::new(&*place, format!("version: {e}")))?;
            if !facts.branches.iter().any(|b| b.id == p.branch) {
                return Err(FactsError::new(place, format!("branch `{}` is not known", p.branch)));
            }
            let archs = architectures(&place, &p.architectures)?;
            self.check_source(&place, &p.source)?;
            let mut words = vec![self.text(&p.id), self.text(&p.name)];
            words.extend(version.0);
            words.extend([self.text(p.release.as_deref().unwrap_or("")), self.text(&p.branch)]);
            words.push(u32::from_le_bytes([p.service_pack.unwrap_or(u8::MAX), server, archs, 0]));
            self.put(Section::Products, &words);
            for a in &p.aliases {
                let text = self.text(a);
                self.put(Section::Aliases, &[i as u32, text]);
            }
        }
        let mut branches: Vec<_> = facts.branches.iter().collect();
        branches.sort_by_key(|b| &b.id);
        if let Some(pair) = branches.windows(2).find(|p| p[0].id == p[1].id) {
            return Err(FactsError::new(format!("branch {}", pair[0].id), "occurs twice"));
        }
        for b in branches {
            self.check_source(&format!("branch {}", b.id), &b.source)?;
            let words = [self.text(&b.id), self.count(Section::Builds), b.builds.len() as u32];
            self.put(Section::Branches, &words);
            self.put(Section::Builds, &b.builds);
        }
        Ok(())
    }

    fn lines(&mut self) -> Result<()> {
        const USUAL: [UpdateKind; 6] = [
            UpdateKind::Cumulative,
            UpdateKind::MonthlyRollup,
            UpdateKind::SecurityOnly,
            UpdateKind::ServicingStack,
            UpdateKind::InternetExplorerCumulative,
            UpdateKind::EsuPreparation,
        ];
        let facts = self.facts;
        let mut names = BTreeSet::new();
        for (i, (line, entries)) in facts.lines.iter().enumerate() {
            let place = format!("line {}", line.id);
            let id = u16::try_from(i).map_err(|_| FactsError::new(&*place, "too many lines"))?;
            if !names.insert(&line.id) {
                return Err(FactsError::new(place, "occurs twice"));
            }
            let kind = position(&place, "kind of line", &l::LINE_KINDS, &line.kind)?;
            let usual = USUAL[usize::from(kind)];
            let products = self.product_set(&place, &line.products)?;
            self.chains.push((products, line.chained));
            let words = [
                self.text(&line.id),
                self.text(&line.basis),
                self.source(&place, &line.source, "")?,
                line.build.unwrap_or(l::NONE),
                self.count(Section::Entries),
                entries.len() as u32,
                u32::from(kind) | u32::from(line.chained) << 8,
                self.set(products),
            ];
            self.put(Section::Lines, &words);
            for (position, e) in entries.iter().enumerate() {
                let place = format!("lines/{}.jsonl row {}", line.id, position + 1);
                let explicit = match &e.kind {
                    Some(k) => Some(named(&place, "kind of update", k, UpdateKind::parse(k))?),
                    None => None,
                };
                let standing = standing(&place, &e.standing)?;
                let stack = e.stack.as_deref().unwrap_or("");
                if !stack.is_empty() && stack.parse::<Version>().is_err() {
                    return Err(FactsError::new(place, format!("`{stack}` is not a version")));
                }
                let date = e.date.as_deref().map(|d| date(&place, d)).transpose()?;
                let number = e.kb.as_deref().map(|k| kb(&place, k)).transpose()?;
                let kind = explicit.unwrap_or(usual);
                let words = [
                    number.unwrap_or(0),
                    e.revision.unwrap_or(l::NONE),
                    date.unwrap_or(0),
                    self.text(stack),
                    self.source(&place, &e.source, "")?,
                    u32::from_le_bytes([kind as u8, standing as u8, 0, 0]),
                ];
                self.put(Section::Entries, &words);
                let Some(number) = number else { continue };
                let rank = self.rank(&e.source, None, Rank::Entry);
                let draft = self.drafts.entry(number).or_default();
                draft.places.insert((id, position as u32));
                // built-in lists are kept per product; an import may tell of some products alone
                draft.all_packages |= rank == Rank::Entry && lists_all_packages(&line.kind);
                let source = (e.source.clone(), String::new());
                let (title, component) = (None, None);
                let claim = Claim { rank, standing, kind: explicit, title, component, date, source };
                let usual = Claim { rank: Rank::Line, kind: Some(usual), date: None, ..claim.clone() };
                draft.claims.extend([claim, usual]);
            }
        }
        Ok(())
    }

    fn packages(&mut self, place: &str, number: u32, rows: &[PackageRow]) -> Result<()> {
        for p in rows {
            let archs = architectures(place, &p.arch)?;
            let set = self.product_set(place, &p.products)?;
            if set == 0 {
                return Err(FactsError::new(place, "a package for no product"));
            }
            let draft = self.drafts.entry(number).or_default();
            (0..128).filter(|n| set & 1 << n != 0).for_each(|n| draft.package(p.built_in, n, archs));
        }
        Ok(())
    }

    fn updates(&mut self) -> Result<()> {
        let facts = self.facts;
        for u in &facts.updates {
            let place = format!("update {}", u.kb);
            let number = kb(&place, &u.kb)?;
            self.check_source(&place, &u.source)?;
            self.packages(&place, number, &u.packages)?;
            let of_built_in = if u.curated { Rank::Curated } else { Rank::Row };
            let rank = self.rank(&u.source, u.read.as_deref(), of_built_in);
            let claim = Claim {
                rank,
                standing: standing(&place, &u.standing)?,
                kind: match &u.kind {
                    // of a feed, "update" says nothing
                    Some(k) if rank.is_imported() && k == UpdateKind::Update.name() => None,
                    Some(k) => Some(named(&place, "kind of update", k, UpdateKind::parse(k))?),
                    None => None,
                },
                title: u.title.clone(),
                component: u.component.clone(),
                date: u.date.as_deref().map(|d| date(&place, d)).transpose()?,
                source: (u.source.clone(), u.read.clone().unwrap_or_default()),
            };
            let draft = self.drafts.entry(number).or_default();
            draft.all_packages |= u.all_packages_known;
            draft.claims.push(claim);
        }
        // a line says that there are packages for its products, where no row says which
        for draft in self.drafts.values_mut() {
            let stated: BTreeSet<u8> = draft.packages.keys().map(|(_, p)| *p).collect();
            for (line, _) in draft.places.clone() {
                let (set, _) = self.chains[usize::from(line)];
                let implied = (0..128).filter(|n| set & 1 << n != 0 && !stated.contains(n));
                implied.for_each(|n| draft.package(false, n, 0));
            }
        }
        Ok(())
    }

    /// Bounds the release of undated updates by their dated neighbours in lines.
    fn bound_undated(&mut self) {
        for (_, entries) in &self.facts.lines {
            let dated = |i: usize| entries[i].date.as_deref().and_then(|d| date("", d).ok());
            let undated = |i: usize| {
                let number = entries[i].kb.as_deref().and_then(|k| kb("", k).ok());
                number.filter(|_| entries[i].date.is_none())
            };
            let mut last = 0;
            for i in 0..entries.len() {
                last = dated(i).unwrap_or(last).max(last);
                if let Some(draft) = undated(i).and_then(|n| self.drafts.get_mut(&n)) {
                    draft.not_before = draft.not_before.max(last);
                }
            }
            let mut next: Option<u32> = None;
            for i in (0..entries.len()).rev() {
                next = dated(i).or(next);
                if let Some(draft) = undated(i).and_then(|n| self.drafts.get_mut(&n)) {
                    draft.not_after = draft.not_after.into_iter().chain(next).min();
                }
            }
        }
    }

    fn relations(&mut self) -> Result<()> {
        let facts = self.facts;
        for u in &facts.updates {
            let place = format!("update {}", u.kb);
            for s in &u.supersedes {
                let rank = self.rank(&u.source, u.read.as_deref(), Rank::Row);
                let source = (rank, (u.source.clone(), u.read.clone().unwrap_or_default()));
                self.relation(&place, l::SUPERSEDES, (&u.kb, &s.kb), &s.products, &u.standing, source)?;
            }
        }
        for r in &facts.relations {
            let place = format!("relation {} of {}", r.relation, r.from);
            let kind = position(&place, "relation", &l::RELATIONS, &r.relation)?;
            self.check_source(&place, &r.source)?;
            for to in &r.to {
                let rank = self.rank(&r.source, r.read.as_deref(), Rank::Row);
                let source = (rank, (r.source.clone(), r.read.clone().unwrap_or_default()));
                self.relation(&place, kind, (&r.from, to), &r.products, &r.standing, source)?;
            }
        }
        Ok(())
    }

    fn relation(
        &mut self,
        place: &str,
        kind: u8,
        (from, to): (&str, &str),
        products: &[String],
        known: &str,
        source: Ranked,
    ) -> Result<()> {
        let (from, to) = (kb(place, from)?, kb(place, to)?);
        let standing = standing(place, known)?;
        let mut set = self.product_set(place, products)?;
        if from == to {
            return Ok(());
        }
        let a = self.drafts.entry(from).or_default();
        let (a_products, a_places) = (a.products(), a.places.clone());
        let b = self.drafts.entry(to).or_default();
        if set == 0 {
            set = match (a_products, b.products()) {
                (0, 0) => self.products.values().fold(0, |s, p| s | 1 << p),
                (x, 0) | (0, x) => x,
                (x, y) if kind == l::CONTAINS => x | y,
                (x, y) => x & y,
            };
        }
        if kind == l::SUPERSEDES {
            // inside a chain the line itself says it, and better
            for (line, _) in &a_places {
                let (of_line, chained) = self.chains[usize::from(*line)];
                if chained && b.places.iter().any(|(other, _)| other == line) {
                    set &= !of_line;
                }
            }
        }
        if set != 0 {
            self.edges.add((from, kind, to), standing, set, source);
        }
        Ok(())
    }

    fn rules(&mut self) -> Result<()> {
        let mut rules: Vec<&RuleRow> = self.facts.rules.iter().collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some(pair) = rules.windows(2).find(|p| p[0].id == p[1].id) {
            return Err(FactsError::new(format!("rule {}", pair[0].id), "occurs twice"));
        }
        for (number, r) in rules.into_iter().enumerate() {
            let place = format!("rule {}", r.id);
            self.rule(&place, number as u32, r)?;
        }
        Ok(())
    }

    fn rule(&mut self, place: &str, number: u32, r: &RuleRow) -> Result<()> {
        let requirement = |t: &String| match t.parse::<Requirement>() {
            Ok(_) => Ok(()),
            Err(e) => Err(FactsError::new(place, e.to_string())),
        };
        r.excludes.iter().chain(&r.order).try_for_each(requirement)?;
        for clause in r.when.iter().chain(&r.requires) {
            clause.parse::<Clause>().map_err(|e| FactsError::new(place, e.to_string()))?;
        }
        let products = self.product_set(place, &r.products)?;
        let known = standing(place, &r.standing)?;
        let evidence = named(place, "kind of evidence", &r.evidence, EvidenceClass::parse(&r.evidence))?;
        let strength = r.strength.as_deref().unwrap_or("hard");
        let strength = named(place, "strength", strength, Strength::parse(strength))?;
        let mut flags = if r.states_none { l::STATES_NONE } else { 0 };
        match (&r.kb, &r.target, &r.class) {
            (Some(k), None, None) => {
                let number_of_kb = kb(place, k)?;
                self.drafts.entry(number_of_kb).or_default().rules.insert((false, number));
            }
            (None, Some(_), None) => flags |= l::TARGET,
            (None, None, Some(class)) if class.described_only => flags |= l::CLASS | l::DESCRIBED_ONLY,
            (None, None, Some(_)) => {
                flags |= l::CLASS;
                self.expand(place, number, r, products)?;
            }
            _ => return Err(FactsError::new(place, "is about exactly one of `kb`, `target`, `class`")),
        }
        let words = [
            self.text(&r.id),
            self.text(r.target.as_deref().unwrap_or("")),
            self.text(r.class.as_ref().map_or("", |c| &c.text)),
            self.list(&r.when),
            self.list(&r.requires),
            self.list(&r.excludes),
            self.list(&r.order),
            self.text(r.why.as_deref().unwrap_or("")),
            self.list(&r.also),
            self.text(r.dispute.as_deref().unwrap_or("")),
            self.source(place, &r.source, r.read.as_deref().unwrap_or(""))?,
            u32::from_le_bytes([strength as u8, known as u8, evidence as u8, flags]),
            self.set(products),
        ];
        self.put(Section::Rules, &words);
        Ok(())
    }

    /// Adds a class rule to every update of its class.
    fn expand(&mut self, place: &str, number: u32, r: &RuleRow, products: u128) -> Result<()> {
        let Some(class) = &r.class else { return Ok(()) };
        let mut kinds = Vec::new();
        for k in &class.kinds {
            kinds.push(named(place, "kind of update", k, UpdateKind::parse(k))?);
        }
        let from = class.from.as_deref().map(|d| date(place, d)).transpose()?;
        let until = class.until.as_deref().map(|d| date(place, d)).transpose()?;
        let except: BTreeSet<u32> = class.except.iter().map(|k| kb(place, k)).collect::<Result<_>>()?;
        for (_, draft) in self.drafts.iter_mut().filter(|(k, d)| d.is_described() && !except.contains(k)) {
            let (of_it, date) = draft.kind_and_date();
            let kind = kinds.is_empty() || kinds.contains(&of_it);
            let product = products == 0 || products & draft.products() != 0;
            let component = class.component.as_deref().is_none_or(|c| draft.repairs(c));
            if kind && product && component && draft.released_within(date, from, until) {
                draft.rules.insert((true, number));
            }
        }
        Ok(())
    }
}
