//! Settles what a builder has collected: one revision of each GUID, edges by GUID and in both directions, clauses without
//! categories, KBs.

use super::{
    Deployment, KbBasis, Metadata, UpdateGuid, UpdateType,
    builder::{Builder, Draft, Oddities, Range, kb_of_file, kbs_of_title},
    data::{Group, NONE, Record, bits},
};
use crate::model::KbId;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Lists by GUID number as one flat list: `(key, value)` pairs, sorted, each once.
pub(crate) fn grouped(pairs: &mut Vec<(u32, u32)>, keys: usize) -> Group {
    pairs.sort_unstable();
    pairs.dedup();
    let mut group = Group { starts: Vec::with_capacity(keys + 1), values: Vec::with_capacity(pairs.len()) };
    let mut at = 0;
    for key in 0..keys as u32 {
        group.starts.push(group.values.len() as u32);
        while let Some(&(k, v)) = pairs.get(at).filter(|p| p.0 == key) {
            debug_assert_eq!(k, key);
            group.values.push(v);
            at += 1;
        }
    }
    group.starts.push(group.values.len() as u32);
    group
}

pub(super) struct Settling {
    b: Builder,
    /// number in order of GUIDs, by number in the builder
    rank: Vec<u32>,
    odd: Oddities,
}

impl Settling {
    pub(super) fn new(b: Builder) -> Self {
        let numbered = b.guids.iter().map(uuid::Uuid::as_u128).zip(0u32..);
        let mut order: Vec<(u128, u32)> = numbered.collect();
        order.sort_unstable();
        let mut rank = vec![0; order.len()];
        for (place, (_, n)) in order.into_iter().enumerate() {
            rank[n as usize] = place as u32;
        }
        Self { b, rank, odd: Oddities::default() }
    }

    /// Clauses by rank, each sorted, in order, each once.
    fn clauses(&self, d: &Draft) -> Vec<Vec<u32>> {
        let mut rest = d.clauses.of(&self.b.numbers);
        let mut out = Vec::new();
        while let Some((&length, tail)) = rest.split_first() {
            let (members, tail) = tail.split_at((length as usize).min(tail.len()));
            let mut clause: Vec<u32> = members.iter().map(|&m| self.rank[m as usize]).collect();
            clause.sort_unstable();
            clause.dedup();
            out.push(clause);
            rest = tail;
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Everything of an update that can differ, in an order of its own.
    fn canonical(&self, d: &Draft) -> impl Ord + use<> {
        let sorted = |r: Range| {
            let mut v = r.of(&self.b.numbers).to_vec();
            v.sort_unstable();
            v
        };
        let ranks = |r: Range| {
            let mut v: Vec<u32> = r.of(&self.b.numbers).iter().map(|&g| self.rank[g as usize]).collect();
            v.sort_unstable();
            v
        };
        let names = |r: Range| {
            let names = r.of(&self.b.numbers).iter().filter_map(|&f| self.b.files.get(f as usize));
            let mut v: Vec<String> = names.map(|f| self.b.text_at(f.sha1).to_owned()).collect();
            v.sort_unstable();
            v
        };
        (
            (d.revision, d.related, d.fragment, d.revision_id, d.created, d.bundle, d.leaf),
            (d.deployment, d.kind, d.rules != NONE, d.english),
            self.clauses(d),
            (sorted(d.superseded_by), sorted(d.bundled_by), ranks(d.supersedes), ranks(d.bundles)),
            (names(d.files), sorted(d.articles), self.b.text_at(d.title).to_owned()),
        )
    }

    /// One draft for each GUID: the newest revision; of one revision, what several say is put together.
    fn chosen(&mut self) -> Vec<Option<Draft>> {
        let mut chosen: Vec<Option<Draft>> = vec![None; self.b.guids.len()];
        let mut several: BTreeMap<usize, Vec<Draft>> = BTreeMap::new();
        for d in &self.b.drafts {
            let place = self.rank[d.guid as usize] as usize;
            match chosen[place] {
                None => chosen[place] = Some(*d),
                Some(first) => several.entry(place).or_insert_with(|| vec![first]).push(*d),
            }
        }
        for (place, mut drafts) in several {
            let lists = drafts.iter().filter(|d| !d.fragment).count();
            self.odd.repeated += lists.saturating_sub(1) as u64;
            drafts.sort_by_cached_key(|d| Reverse(self.canonical(d)));
            let mut drafts = drafts.into_iter();
            let Some(mut keep) = drafts.next() else { continue };
            let newest = keep.revision;
            drafts.filter(|d| d.revision == newest).for_each(|d| fill(&mut keep, &d));
            chosen[place] = Some(keep);
        }
        chosen
    }

    pub(super) fn settle(mut self) -> (Metadata, Oddities) {
        let chosen = self.chosen();
        let n = chosen.len();
        let mut guids = vec![UpdateGuid::nil(); n];
        for (i, g) in self.b.guids.iter().enumerate() {
            guids[self.rank[i] as usize] = *g;
        }
        let mut revisions: Vec<(u32, u32)> = self
            .b
            .drafts
            .iter()
            .filter(|d| d.revision_id != NONE)
            .map(|d| (d.revision_id, self.rank[d.guid as usize]))
            .collect();
        revisions.sort_unstable();
        revisions.dedup();
        let (newer, bundled, elsewhere) = self.edges(&chosen, &revisions);
        let categories = self.categories(&chosen);
        let mut is_category = vec![false; n];
        for &(_, packed) in &categories {
            is_category[(packed >> 3) as usize] = true;
        }
        for &g in &self.b.marked {
            is_category[self.rank[g as usize] as usize] = true;
        }
        for (i, d) in chosen.iter().enumerate() {
            is_category[i] |= d.is_some_and(|d| d.kind == Some(UpdateType::Category))
                || super::categories::is_known(&guids[i]);
        }
        let mut metadata = Metadata { guids, revisions, ..Metadata::default() };
        self.clauses_without_categories(&chosen, &is_category, &mut metadata);
        let flipped = |pairs: &[(u32, u32)]| {
            let mut p: Vec<(u32, u32)> = pairs.iter().map(|&(a, b)| (b, a)).collect();
            grouped(&mut p, n)
        };
        metadata.older = flipped(&newer);
        metadata.bundles = flipped(&bundled);
        let (mut newer, mut bundled, mut categories) = (newer, bundled, categories);
        metadata.newer = grouped(&mut newer, n);
        metadata.leaves = grouped(&mut bundled, n);
        metadata.categories = grouped(&mut categories, n);
        metadata.file_refs = self.files(&chosen);
        metadata.records = chosen
            .iter()
            .enumerate()
            .map(|(i, d)| record(d.as_ref(), elsewhere[i], is_category[i]))
            .collect();
        let kbs = self.kbs(&chosen, &metadata);
        metadata.kbs = kbs;
        let mut by_kb = Vec::with_capacity(metadata.kbs.values.len());
        for i in 0..n {
            by_kb.extend(metadata.kbs.of(i as u32).iter().map(|&packed| (packed >> 2, i as u32)));
        }
        by_kb.sort_unstable();
        by_kb.dedup();
        metadata.by_kb = by_kb;
        let b = self.b;
        (metadata.files, metadata.text, metadata.text_ends) = (b.files, b.text, b.text_ends);
        (metadata.blobs, metadata.blob_ends) = (b.blobs, b.blob_ends);
        (metadata, self.odd)
    }

    /// `(older, newer)`, `(bundle, leaf)`, and how many superseders of each are not in the source.
    #[allow(clippy::type_complexity)]
    fn edges(
        &mut self,
        chosen: &[Option<Draft>],
        revisions: &[(u32, u32)],
    ) -> (Vec<(u32, u32)>, Vec<(u32, u32)>, Vec<u32>) {
        let by_id: HashMap<u32, u32> = revisions.iter().copied().collect();
        let (mut newer, mut bundled) = (Vec::new(), Vec::new());
        let mut elsewhere = vec![0u32; chosen.len()];
        for (i, d) in chosen.iter().enumerate() {
            let (Some(d), me) = (d, i as u32) else { continue };
            for id in d.superseded_by.of(&self.b.numbers) {
                match by_id.get(id) {
                    Some(&n) if n == me => self.odd.selves += 1,
                    Some(&n) => newer.push((me, n)),
                    None => {
                        self.odd.missing_superseders += 1;
                        elsewhere[i] = elsewhere[i].saturating_add(1);
                    }
                }
            }
            for id in d.bundled_by.of(&self.b.numbers) {
                match by_id.get(id) {
                    Some(&n) if n == me => self.odd.selves += 1,
                    Some(&n) => bundled.push((n, me)),
                    None => self.odd.missing_bundles += 1,
                }
            }
            for g in d.supersedes.of(&self.b.numbers) {
                let old = self.rank[*g as usize];
                if old == me {
                    self.odd.selves += 1;
                } else {
                    newer.push((old, me));
                }
            }
            for g in d.bundles.of(&self.b.numbers) {
                let leaf = self.rank[*g as usize];
                if leaf == me {
                    self.odd.selves += 1;
                } else {
                    bundled.push((me, leaf));
                }
            }
        }
        (newer, bundled, elsewhere)
    }

    /// `(update, category << 3 | kind)`
    fn categories(&self, chosen: &[Option<Draft>]) -> Vec<(u32, u32)> {
        let mut out = Vec::new();
        for (i, d) in chosen.iter().enumerate() {
            let Some(d) = d else { continue };
            for pair in d.categories.of(&self.b.numbers).chunks_exact(2) {
                out.push((i as u32, self.rank[pair[0] as usize] << 3 | pair[1]));
            }
        }
        out
    }

    /// What is left of the clauses when those are taken out that only encode product and classification.
    fn clauses_without_categories(
        &mut self,
        chosen: &[Option<Draft>],
        is_category: &[bool],
        m: &mut Metadata,
    ) {
        // members of the clauses of one update, and where each clause is
        let (mut flat, mut places) = (Vec::new(), Vec::new());
        for (i, d) in chosen.iter().enumerate() {
            m.clause_starts.push(m.member_starts.len() as u32);
            let Some(d) = d else { continue };
            flat.clear();
            places.clear();
            let mut rest = d.clauses.of(&self.b.numbers);
            while let Some((&length, tail)) = rest.split_first() {
                let (members, tail) = tail.split_at((length as usize).min(tail.len()));
                rest = tail;
                let start = flat.len();
                flat.extend(members.iter().map(|&g| self.rank[g as usize]));
                if flat[start..].iter().all(|&c| is_category[c as usize]) {
                    flat.truncate(start);
                    continue;
                }
                // an update cannot be its own prerequisite: the clause says nothing if that is all it says
                if flat[start..].contains(&(i as u32)) {
                    self.odd.selves += 1;
                    let others: Vec<u32> = flat.drain(start..).filter(|&c| c != i as u32).collect();
                    flat.extend(others);
                    if flat.len() == start {
                        continue;
                    }
                }
                flat[start..].sort_unstable();
                places.push(start..flat.len());
            }
            places.sort_unstable_by(|a, b| flat[a.clone()].cmp(&flat[b.clone()]));
            places.dedup_by(|a, b| flat[a.clone()] == flat[b.clone()]);
            for place in &places {
                let start = m.members.len();
                m.member_starts.push(start as u32);
                for &c in &flat[place.clone()] {
                    if m.members[start..].last() != Some(&c) {
                        m.members.push(c);
                    }
                }
            }
        }
        m.clause_starts.push(m.member_starts.len() as u32);
        m.member_starts.push(m.members.len() as u32);
    }

    fn files(&mut self, chosen: &[Option<Draft>]) -> Group {
        let mut pairs = Vec::new();
        for (i, d) in chosen.iter().enumerate() {
            let Some(d) = d else { continue };
            for &f in d.files.of(&self.b.numbers) {
                pairs.push((i as u32, f));
                let known = self.b.files.get(f as usize).is_some_and(|f| f.url != 0 || f.name != 0);
                self.odd.missing_files += u64::from(!known);
            }
        }
        // by what the source calls them, so that their order in the source does not matter
        let names = |f: u32| self.b.files.get(f as usize).map_or("", |r| self.b.text_at(r.sha1));
        pairs.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| names(a.1).cmp(names(b.1))));
        pairs.dedup();
        let mut group =
            Group { starts: Vec::with_capacity(chosen.len() + 1), values: Vec::with_capacity(pairs.len()) };
        let mut at = 0;
        for key in 0..chosen.len() as u32 {
            group.starts.push(group.values.len() as u32);
            while let Some(&(_, f)) = pairs.get(at).filter(|p| p.0 == key) {
                group.values.push(f);
                at += 1;
            }
        }
        group.starts.push(group.values.len() as u32);
        group
    }

    /// The KBs of each update, best founded first: `kb << 2 | basis`.
    fn kbs(&self, chosen: &[Option<Draft>], m: &Metadata) -> Group {
        let n = chosen.len();
        let of_file: Vec<u32> =
            self.b.files.iter().map(|f| kb_of_file(self.b.text_at(f.url), self.b.text_at(f.name))).collect();
        let mut own: Vec<(u32, u32)> = Vec::new();
        let mut founded = vec![false; n];
        let mut add = |i: usize, kb: u32, basis: KbBasis, founded: &mut Vec<bool>| {
            if KbId::new(kb).is_some() {
                own.push((i as u32, kb << 2 | basis as u32));
                founded[i] = true;
            }
        };
        for (i, d) in chosen.iter().enumerate() {
            let Some(d) = d else { continue };
            let mut articles = d.articles.of(&self.b.numbers).to_vec();
            articles.sort_unstable();
            articles.iter().for_each(|&kb| add(i, kb, KbBasis::Article, &mut founded));
            // where title and metadata disagree, both stand: neither can be told to be wrong
            for kb in kbs_of_title(self.b.text_at(d.title)) {
                if !articles.contains(&kb) {
                    add(i, kb, KbBasis::Title, &mut founded);
                }
            }
            if !founded[i] {
                for &f in m.file_refs.of(i as u32) {
                    add(i, of_file[f as usize], KbBasis::File, &mut founded);
                }
            }
        }
        own.sort_unstable();
        own.dedup();
        let first = |i: u32| own.partition_point(|p| p.0 < i);
        let mut all = own.clone();
        for bundle in 0..n as u32 {
            if founded[bundle as usize] {
                continue;
            }
            for &leaf in m.leaves.of(bundle) {
                let kbs = own[first(leaf)..].iter().take_while(|p| p.0 == leaf);
                all.extend(kbs.map(|p| (bundle, p.1 >> 2 << 2 | KbBasis::BundledFile as u32)));
            }
        }
        // by basis, then by number
        all.sort_unstable_by_key(|&(i, packed)| (i, packed & 3, packed));
        all.dedup();
        let mut group = Group { starts: Vec::with_capacity(n + 1), values: Vec::with_capacity(all.len()) };
        let mut at = 0;
        for key in 0..n as u32 {
            group.starts.push(group.values.len() as u32);
            while let Some(&(_, v)) = all.get(at).filter(|p| p.0 == key) {
                group.values.push(v);
                at += 1;
            }
        }
        group.starts.push(group.values.len() as u32);
        group
    }
}

/// Takes over what is not known yet of the same revision.
fn fill(keep: &mut Draft, other: &Draft) {
    keep.kind = keep.kind.or(other.kind);
    keep.leaf = keep.leaf.or(other.leaf);
    keep.bundle |= other.bundle;
    keep.related |= other.related;
    keep.created = if keep.created == 0 { other.created } else { keep.created };
    if keep.revision_id == NONE {
        keep.revision_id = other.revision_id;
    }
    if keep.title == 0 || (other.title != 0 && other.english && !keep.english) {
        (keep.title, keep.english) = (other.title, other.english);
    }
    if keep.rules == NONE {
        keep.rules = other.rules;
    }
    if keep.deployment == Deployment::Offered {
        keep.deployment = other.deployment;
    }
    let ranges = [
        (&mut keep.clauses, other.clauses),
        (&mut keep.categories, other.categories),
        (&mut keep.superseded_by, other.superseded_by),
        (&mut keep.bundled_by, other.bundled_by),
        (&mut keep.supersedes, other.supersedes),
        (&mut keep.bundles, other.bundles),
        (&mut keep.files, other.files),
        (&mut keep.articles, other.articles),
    ];
    for (mine, theirs) in ranges {
        if mine.length == 0 {
            *mine = theirs;
        }
    }
}

fn record(d: Option<&Draft>, elsewhere: u32, category: bool) -> Record {
    let Some(d) = d else {
        let kind = if category { bits::kind(Some(UpdateType::Category)) } else { 0 };
        return Record { revision_id: NONE, flags: kind, rules: NONE, ..Record::default() };
    };
    let kind = match d.kind {
        None if category => Some(UpdateType::Category),
        // what is only evaluated probes the system
        None if d.deployment == Deployment::Evaluate => Some(UpdateType::Detectoid),
        kind => kind,
    };
    let flags = bits::KNOWN
        | bits::kind(kind)
        | bits::leaf(d.leaf)
        | if d.bundle { bits::BUNDLE } else { 0 }
        | if d.related { bits::RELATED } else { 0 }
        | bits::deployment(d.deployment);
    Record {
        revision: d.revision,
        revision_id: d.revision_id,
        created: d.created,
        flags,
        elsewhere,
        title: d.title,
        rules: d.rules,
    }
}
