//! Collects what a source tells of its updates, in the source's order, and settles it: numbers of revisions become GUIDs,
//! edges point both ways, the order of elements does not matter any more.

use super::{
    CategoryType, Deployment, KbBasis, Metadata, UpdateGuid, UpdateType,
    data::{FileRecord, Group, NONE, Record, bits},
};
use crate::model::KbId;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
};

/// More GUIDs, edges or bytes of text than any source has.
const GUIDS: usize = 16_000_000;
const NUMBERS: usize = 256_000_000;
const TEXT: usize = 2_000_000_000;

/// A range of one of the builder's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    start: u32,
    length: u32,
}

impl Range {
    fn of<T>(self, list: &[T]) -> &[T] {
        let start = self.start as usize;
        list.get(start..start + self.length as usize).unwrap_or(&[])
    }
}

/// A list that has outgrown every source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// One update as it is read. Ranges are of the builder's numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft {
    pub(crate) guid: u32,
    pub(crate) revision: u32,
    pub(crate) revision_id: u32,
    /// yyyymmdd, or 0
    pub(crate) created: u32,
    pub(crate) kind: Option<UpdateType>,
    pub(crate) leaf: Option<bool>,
    pub(crate) bundle: bool,
    pub(crate) deployment: Deployment,
    /// read from a fragment, which may stand beside the list of all updates
    pub(crate) fragment: bool,
    /// it tells what it requires: fragments of other kinds do not
    pub(crate) related: bool,
    /// number of a text
    pub(crate) title: u32,
    /// the title is in English
    pub(crate) english: bool,
    /// number of a blob, or NONE
    pub(crate) rules: u32,
    /// clauses: number of members, then GUIDs
    pub(crate) clauses: Range,
    /// GUIDs and kinds in turn
    pub(crate) categories: Range,
    /// numbers of revisions
    pub(crate) superseded_by: Range,
    /// numbers of revisions
    pub(crate) bundled_by: Range,
    /// GUIDs
    pub(crate) supersedes: Range,
    /// GUIDs
    pub(crate) bundles: Range,
    /// files
    pub(crate) files: Range,
    /// KBs that the metadata states
    pub(crate) articles: Range,
}

impl Draft {
    pub(crate) fn new(guid: u32) -> Self {
        Self {
            guid,
            revision: 0,
            revision_id: NONE,
            created: 0,
            kind: None,
            leaf: None,
            bundle: false,
            deployment: Deployment::Offered,
            fragment: false,
            related: false,
            title: 0,
            english: false,
            rules: NONE,
            clauses: Range::default(),
            categories: Range::default(),
            superseded_by: Range::default(),
            bundled_by: Range::default(),
            supersedes: Range::default(),
            bundles: Range::default(),
            files: Range::default(),
            articles: Range::default(),
        }
    }
}

/// What was odd about a source, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    /// revisions that supersede something and that the source does not have
    pub(crate) missing_superseders: u64,
    /// bundles that the source does not have
    pub(crate) missing_bundles: u64,
    /// payload files without an address
    pub(crate) missing_files: u64,
    /// updates that name themselves as prerequisite, bundle or superseder
    pub(crate) selves: u64,
    /// GUIDs that are there in several revisions or twice
    pub(crate) repeated: u64,
}

/// Finds numbers of things by their hash: a table of numbers alone, small enough for a processor's caches. Hashes are
/// keyed by the process, so that no file can choose things that collide.
#[derive(Clone, Debug)]
struct Numbered {
    key: (u64, u64),
    /// number + 1, and the part of the hash that gives the place; 0 is free. As many as a power of two.
    slots: Vec<(u32, u32)>,
    filled: usize,
}

impl Default for Numbered {
    fn default() -> Self {
        let key = RandomState::new();
        Self { key: (key.hash_one(1u8), key.hash_one(2u8) | 1), slots: Vec::new(), filled: 0 }
    }
}

impl Numbered {
    fn hash(&self, sum: u64, high: u64, low: u64) -> u64 {
        let product = u128::from(high ^ self.key.0 ^ sum) * u128::from(low ^ self.key.1);
        (product as u64 ^ (product >> 64) as u64).wrapping_mul(self.key.1)
    }

    fn hash_text(&self, text: &[u8]) -> u64 {
        let mut sum = text.len() as u64;
        for piece in text.chunks(16) {
            let mut two = [0; 16];
            two[..piece.len()].copy_from_slice(piece);
            let n = u128::from_le_bytes(two);
            sum = self.hash(sum.rotate_left(23), (n >> 64) as u64, n as u64);
        }
        sum
    }

    /// The number of what is there already, or else the new number, and whether it is new.
    fn number(&mut self, hash: u64, new: u32, same: impl Fn(u32) -> bool) -> (u32, bool) {
        if self.filled * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) as u32;
        let mut at = tag as usize & mask;
        loop {
            match self.slots[at] {
                (0, _) => {
                    self.slots[at] = (new + 1, tag);
                    self.filled += 1;
                    return (new, true);
                }
                (number, t) if t == tag && same(number - 1) => return (number - 1, false),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Twice the size; places are taken from the tags.
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        let mask = size - 1;
        for (number, tag) in old.into_iter().filter(|s| s.0 != 0) {
            let mut at = tag as usize & mask;
            while self.slots[at].0 != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = (number, tag);
        }
    }
}

/// What a source has told so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builder {
    guids: Vec<UpdateGuid>,
    by_guid: Numbered,
    drafts: Vec<Draft>,
    numbers: Vec<u32>,
    text: String,
    text_ends: Vec<u32>,
    files: Vec<FileRecord>,
    by_file: Numbered,
    blobs: Vec<u8>,
    blob_ends: Vec<(u64, u64)>,
    /// GUIDs that some clause marks as a category
    marked: Vec<u32>,
}

impl Builder {
    /// The number of a GUID.
    pub(crate) fn guid(&mut self, guid: UpdateGuid) -> Result<u32, TooLarge> {
        let n = guid.as_u128();
        let hash = self.by_guid.hash(0, (n >> 64) as u64, n as u64);
        let (guids, next) = (&self.guids, self.guids.len() as u32);
        let (number, new) = self.by_guid.number(hash, next, |at| guids[at as usize] == guid);
        if new {
            if self.guids.len() >= GUIDS {
                return Err(TooLarge);
            }
            self.guids.push(guid);
        }
        Ok(number)
    }

    /// Keeps a list of numbers.
    pub(crate) fn list(&mut self, numbers: &[u32]) -> Result<Range, TooLarge> {
        if numbers.len() > NUMBERS - self.numbers.len() {
            return Err(TooLarge);
        }
        let range = Range { start: self.numbers.len() as u32, length: numbers.len() as u32 };
        self.numbers.extend_from_slice(numbers);
        Ok(range)
    }

    /// Keeps a text; 0 is the empty one.
    pub(crate) fn text(&mut self, text: &str) -> Result<u32, TooLarge> {
        if text.is_empty() {
            return Ok(0);
        }
        if text.len() > TEXT - self.text.len() || self.text_ends.len() >= GUIDS {
            return Err(TooLarge);
        }
        self.text.push_str(text);
        self.text_ends.push(self.text.len() as u32);
        Ok(self.text_ends.len() as u32)
    }

    fn text_at(&self, number: u32) -> &str {
        let Some(at) = (number as usize).checked_sub(1) else { return "" };
        let start = at.checked_sub(1).and_then(|p| self.text_ends.get(p)).copied().unwrap_or(0);
        let end = self.text_ends.get(at).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The number of a payload file by what the source calls it.
    pub(crate) fn file(&mut self, id: &str) -> Result<u32, TooLarge> {
        let hash = self.by_file.hash_text(id.as_bytes());
        let next = self.files.len() as u32;
        let mut table = std::mem::take(&mut self.by_file);
        let (number, new) = table
            .number(hash, next, |at| self.files.get(at as usize).is_some_and(|f| self.text_at(f.sha1) == id));
        self.by_file = table;
        if new {
            if self.files.len() >= GUIDS {
                return Err(TooLarge);
            }
            let sha1 = self.text(id)?;
            self.files.push(FileRecord { sha1, ..FileRecord::default() });
        }
        Ok(number)
    }

    /// What else is told of a payload file; what was told first stays.
    pub(crate) fn describe_file(
        &mut self,
        file: u32,
        name: &str,
        url: &str,
        sha256: &str,
        size: Option<u64>,
    ) -> Result<(), TooLarge> {
        let Some(old) = self.files.get(file as usize).copied() else { return Ok(()) };
        let mut new = old;
        for (slot, text) in [(&mut new.name, name), (&mut new.url, url), (&mut new.sha256, sha256)] {
            if *slot == 0 {
                *slot = self.text(text)?;
            }
        }
        new.size = if new.size == u64::MAX { size.unwrap_or(u64::MAX) } else { new.size };
        self.files[file as usize] = new;
        Ok(())
    }

    /// Where a payload file is; of several places the first by name, whatever their order.
    pub(crate) fn place_file(&mut self, file: u32, url: u32) {
        let Some(old) = self.files.get(file as usize).map(|f| f.url) else { return };
        if old == 0 || self.text_at(url) < self.text_at(old) {
            self.files[file as usize].url = url;
        }
    }

    /// Keeps rules: packed, and how long they are unpacked.
    pub(crate) fn blob(&mut self, packed: &[u8], length: u64) -> Result<u32, TooLarge> {
        if packed.len() > TEXT - self.blobs.len() {
            return Err(TooLarge);
        }
        self.blobs.extend_from_slice(packed);
        self.blob_ends.push((self.blobs.len() as u64, length));
        Ok(self.blob_ends.len() as u32 - 1)
    }

    /// Some clause of the source says that this is a category.
    pub(crate) fn mark_category(&mut self, guid: u32) {
        self.marked.push(guid);
    }

    /// Keeps an update.
    pub(crate) fn push(&mut self, draft: Draft) -> Result<(), TooLarge> {
        if self.drafts.len() >= GUIDS {
            return Err(TooLarge);
        }
        self.drafts.push(draft);
        Ok(())
    }

    /// The updates so far by the numbers of their revisions.
    pub(crate) fn revisions(&self) -> impl Iterator<Item = (u32, (UpdateGuid, u32))> {
        let numbered = self.drafts.iter().filter(|d| d.revision_id != NONE);
        numbered.filter_map(|d| Some((d.revision_id, (*self.guids.get(d.guid as usize)?, d.revision))))
    }

    /// Settles it all.
    pub(crate) fn finish(self) -> (Metadata, Oddities) {
        Settling::new(self).settle()
    }
}

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

struct Settling {
    b: Builder,
    /// number in order of GUIDs, by number in the builder
    rank: Vec<u32>,
    odd: Oddities,
}

impl Settling {
    fn new(b: Builder) -> Self {
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

    fn settle(mut self) -> (Metadata, Oddities) {
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

/// The KB in a payload file's address or name: `kb` and six or seven digits in its last part; 0 if there is none.
pub(crate) fn kb_of_file(url: &str, name: &str) -> u32 {
    let last = url.rsplit(['/', '\\']).next().unwrap_or("");
    let in_url = kb_in(last.as_bytes(), false).next();
    in_url.or_else(|| kb_in(name.as_bytes(), false).next()).unwrap_or(0)
}

/// The KBs in parentheses in a title.
pub(crate) fn kbs_of_title(title: &str) -> Vec<u32> {
    let mut found: Vec<u32> = kb_in(title.as_bytes(), true).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// `kb` and six or seven digits, not within a word or a longer number; in a title only `(KB…)`.
fn kb_in(text: &[u8], parentheses: bool) -> impl Iterator<Item = u32> + '_ {
    let at = (0..text.len().saturating_sub(7)).filter(move |&i| {
        text[i].eq_ignore_ascii_case(&b'k')
            && text[i + 1].eq_ignore_ascii_case(&b'b')
            && match i.checked_sub(1).map(|p| text[p]) {
                before if parentheses => before == Some(b'('),
                before => !before.is_some_and(|b| b.is_ascii_alphanumeric()),
            }
    });
    at.filter_map(move |i| {
        let digits = text[i + 2..].iter().take_while(|b| b.is_ascii_digit()).count();
        let after = text.get(i + 2 + digits);
        let closed = !parentheses || after == Some(&b')');
        ((6..=7).contains(&digits) && closed)
            .then(|| text[i + 2..i + 2 + digits].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
    })
}

/// The number under which a kind of category is kept.
pub(crate) fn category_number(kind: CategoryType) -> u32 {
    kind as u32
}
