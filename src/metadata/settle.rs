//! Settles what a builder has collected: one revision of each GUID, edges by GUID and in both directions, clauses without
//! categories, KBs.

use super::{
    Deployment, KbBasis, Metadata, UpdateGuid, UpdateType,
    builder::{Builder, Draft, Oddities, Range, kb_of_file, kbs_of_title},
    data::{Group, NONE, Record, bits},
    numbered::Keyed,
};
use crate::{model::KbId, threads::both};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Lists by GUID number as one flat list: of `(key, value)` pairs, each once, sorted by what `order` makes of a value.
fn grouped<O: Ord>(
    pairs: impl Iterator<Item = (u32, u32)> + Clone,
    keys: usize,
    order: impl Fn(u32) -> O,
) -> Group {
    // places are counted: keys are many, and lists are short
    let mut starts = vec![0u32; keys + 1];
    for (key, _) in pairs.clone() {
        starts[key as usize + 1] += 1;
    }
    for key in 0..keys {
        starts[key + 1] += starts[key];
    }
    let mut values = vec![0; starts[keys] as usize];
    let mut free = starts.clone();
    for (key, value) in pairs {
        let at = &mut free[key as usize];
        values[*at as usize] = value;
        *at += 1;
    }
    let mut kept = 0;
    for key in 0..keys {
        let (from, to) = (starts[key] as usize, starts[key + 1] as usize);
        starts[key] = kept as u32;
        if to - from > 1 {
            values[from..to].sort_by_key(|v| order(*v));
        }
        for at in from..to {
            let value = values[at];
            if at == from || values[kept - 1] != value {
                values[kept] = value;
                kept += 1;
            }
        }
    }
    starts[keys] = kept as u32;
    values.truncate(kept);
    Group { starts, values }
}

pub(super) struct Settling {
    b: Builder,
    /// number in order of GUIDs, by number in the builder
    rank: Vec<u32>,
    guids: Vec<UpdateGuid>,
    odd: Oddities,
}

/// Edges between updates, by rank.
#[derive(Default)]
struct Edges {
    /// (older, newer)
    newer: Vec<(u32, u32)>,
    /// (bundle, leaf)
    bundled: Vec<(u32, u32)>,
    /// how many superseders of each are not in the source
    elsewhere: Vec<u32>,
    odd: Oddities,
}

/// Clauses of updates with successive ranks.
#[derive(Default)]
struct Clauses {
    clause_starts: Vec<u32>,
    member_starts: Vec<u32>,
    members: Vec<u32>,
    selves: u64,
}

impl Settling {
    pub(super) fn new(b: Builder) -> Self {
        let numbered = b.guids.iter().map(uuid::Uuid::as_u128).zip(0u32..);
        let mut order: Vec<(u128, u32)> = numbered.collect();
        let middle = order.len() / 2;
        let (first, second) = order.split_at_mut(middle);
        both(
            || first.sort_unstable_by_key(|(guid, _)| *guid),
            || second.sort_unstable_by_key(|(guid, _)| *guid),
        );
        // two runs, which are merged
        order.sort_by_key(|(guid, _)| *guid);
        let mut rank = vec![0; order.len()];
        for (place, (_, n)) in order.iter().enumerate() {
            rank[*n as usize] = place as u32;
        }
        let guids = order.into_iter().map(|(guid, _)| UpdateGuid::from_u128(guid)).collect();
        Self { b, rank, guids, odd: Oddities::default() }
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

    /// The place of one draft for each GUID, by rank: that of the newest revision; of one revision, what several say is put together.
    fn chosen(&mut self) -> Vec<u32> {
        let mut chosen: Vec<u32> = vec![NONE; self.b.guids.len()];
        let mut several: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (n, d) in (0u32..).zip(&self.b.drafts) {
            let place = self.rank[d.guid as usize] as usize;
            match chosen[place] {
                NONE => chosen[place] = n,
                first => several.entry(place).or_insert_with(|| vec![first]).push(n),
            }
        }
        for (place, drafts) in several {
            let mut drafts: Vec<Draft> = drafts.into_iter().map(|n| self.b.drafts[n as usize]).collect();
            let lists = drafts.iter().filter(|d| !d.fragment).count();
            self.odd.repeated += lists.saturating_sub(1) as u64;
            drafts.sort_by_cached_key(|d| Reverse(self.canonical(d)));
            let mut drafts = drafts.into_iter();
            let Some(mut keep) = drafts.next() else { continue };
            let newest = keep.revision;
            drafts.filter(|d| d.revision == newest).for_each(|d| fill(&mut keep, &d));
            chosen[place] = self.b.drafts.len() as u32;
            self.b.drafts.push(keep);
        }
        chosen
    }

    /// The chosen drafts with their ranks, as they stand in memory.
    fn each<'a>(&'a self, chosen: &'a [u32]) -> impl Iterator<Item = (u32, &'a Draft)> + Clone {
        let ranked = (0u32..).zip(&self.b.drafts).map(|(n, d)| (n, self.rank[d.guid as usize], d));
        ranked.filter(|(n, rank, _)| chosen[*rank as usize] == *n).map(|(_, rank, d)| (rank, d))
    }

    pub(super) fn settle(mut self) -> (Metadata, Oddities) {
        // numbers of revisions are of all that was read, drafts that are put together are added behind
        let drafts = self.b.drafts.iter().filter(|d| d.revision_id != NONE);
        let mut revisions: Vec<(u32, u32)> =
            drafts.map(|d| (d.revision_id, self.rank[d.guid as usize])).collect();
        let chosen = self.chosen();
        let n = chosen.len();
        // lists come in long runs
        revisions.sort();
        revisions.dedup();
        let (of_file, edges) = both(|| self.kbs_of_files(), || self.edges(&chosen, &revisions));
        let is_category = self.are_categories(&chosen);
        let (groups, (clauses, (file_refs, missing))) = both(
            || {
                let flipped = |pairs: &[(u32, u32)]| grouped(pairs.iter().map(|&(a, b)| (b, a)), n, |v| v);
                let straight = |pairs: &[(u32, u32)]| grouped(pairs.iter().copied(), n, |v| v);
                let categories = grouped(self.categories(&chosen), n, |v| v);
                let (newer, older) = (straight(&edges.newer), flipped(&edges.newer));
                (categories, newer, older, straight(&edges.bundled), flipped(&edges.bundled))
            },
            || (self.clauses_without_categories(&chosen, &is_category), self.files(&chosen)),
        );
        let Edges { elsewhere, odd, .. } = edges;
        self.odd.selves += odd.selves + clauses.selves;
        self.odd.missing_superseders += odd.missing_superseders;
        self.odd.missing_bundles += odd.missing_bundles;
        self.odd.missing_files += missing;
        let (categories, newer, older, leaves, bundles) = groups;
        let Clauses { clause_starts, member_starts, members, .. } = clauses;
        let (records, (kbs, by_kb)) = both(
            || self.records(&chosen, &elsewhere, &is_category),
            || {
                let kbs = self.kbs(&chosen, &of_file, &file_refs, &leaves);
                let of = |i: u32| kbs.of(i).iter().map(move |&packed| (packed >> 2, i));
                let mut by_kb: Vec<(u32, u32)> = (0..n as u32).flat_map(of).collect();
                by_kb.sort_unstable();
                by_kb.dedup();
                (kbs, by_kb)
            },
        );
        let Self { b, guids, odd, .. } = self;
        let metadata = Metadata {
            guids,
            records,
            clause_starts,
            member_starts,
            members,
            categories,
            newer,
            older,
            leaves,
            bundles,
            file_refs,
            kbs,
            by_kb,
            revisions,
            files: b.files,
            text: b.text,
            text_ends: b.text_ends,
            blobs: b.blobs,
            blob_ends: b.blob_ends,
        };
        (metadata, odd)
    }

    /// What is a category, by rank.
    fn are_categories(&self, chosen: &[u32]) -> Vec<bool> {
        let mut out = vec![false; chosen.len()];
        for (_, packed) in self.categories(chosen) {
            out[(packed >> 3) as usize] = true;
        }
        for &g in &self.b.marked {
            out[self.rank[g as usize] as usize] = true;
        }
        for (rank, d) in self.each(chosen) {
            out[rank as usize] |= d.kind == Some(UpdateType::Category);
        }
        for rank in super::categories::known().filter_map(|g| self.guids.binary_search(g).ok()) {
            out[rank] = true;
        }
        out
    }

    fn edges(&self, chosen: &[u32], revisions: &[(u32, u32)]) -> Edges {
        let mut by_id: HashMap<u32, u32, Keyed> =
            HashMap::with_capacity_and_hasher(revisions.len(), Keyed::default());
        by_id.extend(revisions.iter().copied());
        let mut e = Edges { elsewhere: vec![0; chosen.len()], ..Edges::default() };
        for (me, d) in self.each(chosen) {
            for id in d.superseded_by.of(&self.b.numbers) {
                match by_id.get(id) {
                    Some(&n) if n == me => e.odd.selves += 1,
                    Some(&n) => e.newer.push((me, n)),
                    None => {
                        e.odd.missing_superseders += 1;
                        let elsewhere = &mut e.elsewhere[me as usize];
                        *elsewhere = elsewhere.saturating_add(1);
                    }
                }
            }
            for id in d.bundled_by.of(&self.b.numbers) {
                match by_id.get(id) {
                    Some(&n) if n == me => e.odd.selves += 1,
                    Some(&n) => e.bundled.push((n, me)),
                    None => e.odd.missing_bundles += 1,
                }
            }
            for g in d.supersedes.of(&self.b.numbers) {
                let old = self.rank[*g as usize];
                if old == me {
                    e.odd.selves += 1;
                } else {
                    e.newer.push((old, me));
                }
            }
            for g in d.bundles.of(&self.b.numbers) {
                let leaf = self.rank[*g as usize];
                if leaf == me {
                    e.odd.selves += 1;
                } else {
                    e.bundled.push((me, leaf));
                }
            }
        }
        e
    }

    /// `(update, category << 3 | kind)`
    fn categories<'a>(&'a self, chosen: &'a [u32]) -> impl Iterator<Item = (u32, u32)> + Clone {
        self.each(chosen).flat_map(move |(rank, d)| {
            let (pairs, _) = d.categories.of(&self.b.numbers).as_chunks::<2>();
            pairs.iter().map(move |[g, kind]| (rank, self.rank[*g as usize] << 3 | kind))
        })
    }

    fn records(&self, chosen: &[u32], elsewhere: &[u32], is_category: &[bool]) -> Vec<Record> {
        let mut out: Vec<Record> = is_category.iter().map(|category| record(None, 0, *category)).collect();
        for (rank, d) in self.each(chosen) {
            let rank = rank as usize;
            out[rank] = record(Some(d), elsewhere[rank], is_category[rank]);
        }
        out
    }

    /// What is left of the clauses when those are taken out that only encode product and classification.
    fn clauses_without_categories(&self, chosen: &[u32], is_category: &[bool]) -> Clauses {
        // clauses in the order of the drafts, each behind its length, and where those of each update start
        let mut all: Vec<u32> = Vec::new();
        let mut starts = vec![NONE; chosen.len()];
        // members of the clauses of one update, and where each clause is
        let (mut flat, mut places) = (Vec::new(), Vec::new());
        let (mut selves, mut clauses) = (0, 0);
        for (i, d) in self.each(chosen) {
            flat.clear();
            places.clear();
            let mut rest = d.clauses.of(&self.b.numbers);
            while let Some((&length, tail)) = rest.split_first() {
                let (members, tail) = tail.split_at((length as usize).min(tail.len()));
                rest = tail;
                let start = flat.len();
                flat.extend(members.iter().map(|&g| self.rank[g as usize]));
                if flat[start..].iter().all(|&c: &u32| is_category[c as usize]) {
                    flat.truncate(start);
                    continue;
                }
                // an update cannot be its own prerequisite: the clause says nothing if that is all it says
                if flat[start..].contains(&i) {
                    selves += 1;
                    let others: Vec<u32> = flat.drain(start..).filter(|&c| c != i).collect();
                    flat.extend(others);
                    if flat.len() == start {
                        continue;
                    }
                }
                flat[start..].sort_unstable();
                places.push(start..flat.len());
            }
            if places.is_empty() {
                continue;
            }
            places.sort_unstable_by(|a, b| flat[a.clone()].cmp(&flat[b.clone()]));
            places.dedup_by(|a, b| flat[a.clone()] == flat[b.clone()]);
            starts[i as usize] = all.len() as u32;
            clauses += places.len();
            for place in &places {
                let start = all.len();
                all.push(0);
                for &c in &flat[place.clone()] {
                    if all[start + 1..].last() != Some(&c) {
                        all.push(c);
                    }
                }
                all[start] = (all.len() - start - 1) as u32;
            }
            // behind the last one
            all.push(0);
        }
        let mut m = Clauses {
            clause_starts: Vec::with_capacity(chosen.len() + 1),
            member_starts: Vec::with_capacity(clauses + 1),
            members: Vec::with_capacity(all.len()),
            selves,
        };
        for start in starts {
            m.clause_starts.push(m.member_starts.len() as u32);
            let mut rest = all.get(start as usize..).unwrap_or(&[]);
            while let Some((&length, tail)) = rest.split_first().filter(|(length, _)| **length > 0) {
                let (members, tail) = tail.split_at(length as usize);
                m.member_starts.push(m.members.len() as u32);
                m.members.extend_from_slice(members);
                rest = tail;
            }
        }
        m.clause_starts.push(m.member_starts.len() as u32);
        m.member_starts.push(m.members.len() as u32);
        m.members.shrink_to_fit();
        m
    }

    /// Files of each update, and how many have no address.
    fn files(&self, chosen: &[u32]) -> (Group, u64) {
        let pairs = self
            .each(chosen)
            .flat_map(|(rank, d)| d.files.of(&self.b.numbers).iter().map(move |f| (rank, *f)));
        let known = |f: u32| self.b.files.get(f as usize).is_some_and(|f| f.url != 0 || f.name != 0);
        let missing = pairs.clone().filter(|(_, f)| !known(*f)).count() as u64;
        // by what the source calls them, so that their order in the source does not matter
        let name = |f: u32| self.b.files.get(f as usize).map_or("", |r| self.b.text_at(r.sha1));
        (grouped(pairs, chosen.len(), name), missing)
    }

    /// The KB that each file's name or address tells; 0 if it tells none.
    fn kbs_of_files(&self) -> Vec<u32> {
        let text = |n| self.b.text_at(n);
        self.b.files.iter().map(|f| kb_of_file(text(f.url), text(f.name))).collect()
    }

    /// The KBs of each update, best founded first: `kb << 2 | basis`.
    fn kbs(&self, chosen: &[u32], of_file: &[u32], file_refs: &Group, leaves: &Group) -> Group {
        let mut own: Vec<(u32, u32)> = Vec::with_capacity(chosen.len());
        for (i, d) in self.each(chosen) {
            let start = own.len();
            let mut add = |kb: u32, basis: KbBasis| {
                if KbId::new(kb).is_some() {
                    own.push((i, kb << 2 | basis as u32));
                }
            };
            let articles = d.articles.of(&self.b.numbers);
            articles.iter().for_each(|&kb| add(kb, KbBasis::Article));
            // where title and metadata disagree, both stand: neither can be told to be wrong
            for kb in kbs_of_title(self.b.text_at(d.title)) {
                if !articles.contains(&kb) {
                    add(kb, KbBasis::Title);
                }
            }
            if own.len() == start {
                let files = file_refs.of(i).iter().filter_map(|&f| of_file.get(f as usize));
                let files = files.filter(|kb| KbId::new(**kb).is_some());
                own.extend(files.map(|kb| (i, kb << 2 | KbBasis::File as u32)));
            }
        }
        // by basis, then by number
        let own = grouped(own.iter().copied(), chosen.len(), |packed| (packed & 3, packed));
        let mut group = Group {
            starts: Vec::with_capacity(chosen.len() + 1),
            values: Vec::with_capacity(own.values.len()),
        };
        for bundle in 0..chosen.len() as u32 {
            let start = group.values.len();
            group.starts.push(start as u32);
            group.values.extend_from_slice(own.of(bundle));
            if group.values.len() == start {
                let kbs = leaves.of(bundle).iter().flat_map(|leaf| own.of(*leaf));
                let mut kbs: Vec<u32> =
                    kbs.map(|packed| packed >> 2 << 2 | KbBasis::BundledFile as u32).collect();
                kbs.sort_unstable();
                kbs.dedup();
                group.values.append(&mut kbs);
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
