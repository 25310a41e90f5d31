//! Updates of a part of a source, read apart from a builder, which takes them over in the source's order.

use super::{
    UpdateGuid,
    builder::{Builder, Draft, Range, TooLarge},
};

/// How many GUIDs are remembered.
const RECENT: usize = 1 << 10;

/// Updates, or places of files. Where a builder has numbers of GUIDs and files, this has places in lists of its own.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// some more than once
    guids: Vec<UpdateGuid>,
    /// places of those that were named of late, by some bits of theirs
    recent: Vec<u32>,
    /// what the source calls files, as often as it does
    files: Vec<Range>,
    text: String,
    numbers: Vec<u32>,
    drafts: Vec<Draft>,
    /// files by place, and their addresses
    places: Vec<(u32, Range)>,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        let Self { guids, recent, files, text, numbers, drafts, places } = self;
        guids.clear();
        recent.clear();
        recent.resize(RECENT, 0);
        files.clear();
        text.clear();
        numbers.clear();
        drafts.clear();
        places.clear();
    }

    /// How many updates it has.
    pub(crate) fn updates(&self) -> usize {
        self.drafts.len()
    }

    /// The place of a GUID.
    pub(crate) fn guid(&mut self, guid: UpdateGuid) -> u32 {
        let (high, low) = guid.as_u64_pair();
        let bits = (high ^ high >> 32 ^ low) as usize % RECENT;
        if let Some(n) = self.recent.get(bits)
            && self.guids.get(*n as usize) == Some(&guid)
        {
            return *n;
        }
        let place = self.guids.len() as u32;
        self.guids.push(guid);
        if let Some(n) = self.recent.get_mut(bits) {
            *n = place;
        }
        place
    }

    /// The place of a file.
    pub(crate) fn file(&mut self, id: &str) -> u32 {
        let id = self.keep(id);
        self.files.push(id);
        self.files.len() as u32 - 1
    }

    fn keep(&mut self, text: &str) -> Range {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Range { start, length: text.len() as u32 }
    }

    /// Keeps a list of numbers.
    pub(crate) fn list(&mut self, numbers: &[u32]) -> Range {
        let start = self.numbers.len() as u32;
        self.numbers.extend_from_slice(numbers);
        Range { start, length: numbers.len() as u32 }
    }

    /// Keeps an update.
    pub(crate) fn push(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Keeps where a file is.
    pub(crate) fn place(&mut self, file: u32, url: &str) {
        let url = self.keep(url);
        self.places.push((file, url));
    }

    fn text_at(&self, r: Range) -> &str {
        self.text.get(r.start as usize..(r.start + r.length) as usize).unwrap_or("")
    }
}

impl Builder {
    /// Is there surely room for a batch? Without it, its updates are read one by one, so that what is too large is told by its place.
    pub(crate) fn has_room(&self, batch: &Batch) -> bool {
        self.has_room_for(
            [batch.guids.len(), batch.files.len(), batch.drafts.len()],
            batch.numbers.len(),
            batch.files.len() + batch.places.len(),
            batch.text.len(),
        )
    }

    /// Takes over a batch, as if its updates were read here.
    pub(crate) fn take(&mut self, batch: &Batch) -> Result<(), TooLarge> {
        let of = |numbers: &[u32], n: u32| numbers.get(n as usize).copied().unwrap_or_default();
        let mut guids = Vec::with_capacity(batch.guids.len());
        for guid in &batch.guids {
            guids.push(self.guid(*guid)?);
        }
        if batch.places.is_empty() {
            let mut files = Vec::with_capacity(batch.files.len());
            for id in &batch.files {
                files.push(self.file(batch.text_at(*id))?);
            }
            for draft in &batch.drafts {
                let mut draft = Draft { guid: of(&guids, draft.guid), ..*draft };
                draft.clauses = self.translated(draft.clauses.of(&batch.numbers), |list| {
                    let mut at = 0;
                    while let Some(&length) = list.get(at) {
                        let end = (at + 1 + length as usize).min(list.len());
                        list[at + 1..end].iter_mut().for_each(|g| *g = of(&guids, *g));
                        at = end;
                    }
                })?;
                draft.categories = self.translated(draft.categories.of(&batch.numbers), |list| {
                    list.iter_mut().step_by(2).for_each(|g| *g = of(&guids, *g));
                })?;
                draft.superseded_by = self.list(draft.superseded_by.of(&batch.numbers))?;
                draft.bundled_by = self.list(draft.bundled_by.of(&batch.numbers))?;
                draft.files = self.translated(draft.files.of(&batch.numbers), |list| {
                    list.iter_mut().for_each(|f| *f = of(&files, *f));
                })?;
                self.push(draft)?;
            }
        }
        for (file, url) in &batch.places {
            let id = batch.files.get(*file as usize).copied().unwrap_or_default();
            let file = self.file(batch.text_at(id))?;
            let url = self.text(batch.text_at(*url))?;
            self.place_file(file, url);
        }
        Ok(())
    }

    fn translated(&mut self, numbers: &[u32], translate: impl FnOnce(&mut [u32])) -> Result<Range, TooLarge> {
        let range = self.list(numbers)?;
        let start = range.start as usize;
        translate(&mut self.numbers[start..]);
        Ok(range)
    }
}
