//! Collects what a source tells of its updates, in the source's order; [`super::settle`] makes the whole of it.

use super::{
    CategoryType, Deployment, Metadata, UpdateGuid, UpdateType,
    data::{FileRecord, NONE},
    numbered::Numbered,
    settle::Settling,
};

/// More GUIDs or files, edges, texts and bytes of them than any source has: Microsoft's has 136,000 updates and a million
/// edges.
const GUIDS: usize = 1_000_000;
const NUMBERS: usize = 32_000_000;
const TEXTS: usize = 8_000_000;
const TEXT: usize = 500_000_000;

/// A range of one of the builder's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Range {
    pub(super) fn of<T>(self, list: &[T]) -> &[T] {
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

/// What a source has told so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builder {
    pub(super) guids: Vec<UpdateGuid>,
    by_guid: Numbered,
    pub(super) drafts: Vec<Draft>,
    pub(super) numbers: Vec<u32>,
    pub(super) text: String,
    pub(super) text_ends: Vec<u32>,
    pub(super) files: Vec<FileRecord>,
    by_file: Numbered,
    pub(super) blobs: Vec<u8>,
    pub(super) blob_ends: Vec<(u64, u64)>,
    /// GUIDs that some clause marks as a category
    pub(super) marked: Vec<u32>,
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

    /// Is there room for so many GUIDs, files and updates, numbers, texts, and bytes of them?
    pub(super) fn has_room_for(
        &self,
        [guids, files, drafts]: [usize; 3],
        numbers: usize,
        texts: usize,
        text: usize,
    ) -> bool {
        self.guids.len() + guids <= GUIDS
            && self.files.len() + files <= GUIDS
            && self.drafts.len() + drafts <= GUIDS
            && self.numbers.len() + numbers <= NUMBERS
            && self.text_ends.len() + texts <= TEXTS
            && self.text.len() + text <= TEXT
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
        if text.len() > TEXT - self.text.len() || self.text_ends.len() >= TEXTS {
            return Err(TooLarge);
        }
        self.text.push_str(text);
        self.text_ends.push(self.text.len() as u32);
        Ok(self.text_ends.len() as u32)
    }

    pub(super) fn text_at(&self, number: u32) -> &str {
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
