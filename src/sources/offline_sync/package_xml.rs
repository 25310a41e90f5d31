//! `package.xml`: the master list of Windows Update's offline scan file.

use super::quick;
use crate::{
    metadata::{
        CategoryType, Deployment,
        batch::Batch,
        builder::{Builder, Draft, TooLarge, category_number},
        xml::{Element, Piece, Tokens, XmlError, clean, day, guid},
    },
    sources::pieces::{Manner, Pieces, Stopped, in_order},
};
use std::{
    io::Read,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// How much is read at a time.
pub(super) const PIECE: usize = 512 * 1024;
/// An address longer than any.
pub(super) const URL: usize = 2048;

/// What the master tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// when it was made, `yyyy-mm-dd`
    pub(super) created: Option<String>,
    /// updates in it
    pub(super) updates: u64,
    /// elements that were left out because they are not known, and where the first stands
    pub(super) unknown: u64,
    pub(super) first_unknown: String,
}

/// Where in the document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Package,
    Updates,
    Update,
    Prerequisites,
    Or,
    SupersededBy,
    BundledBy,
    Categories,
    PayloadFiles,
    Locations,
    /// something of no interest, and all that is in it
    Other,
}

/// Lists of the update that is being read.
#[derive(Default)]
struct Lists {
    clauses: Vec<u32>,
    clause: Vec<u32>,
    categories: Vec<u32>,
    superseded_by: Vec<u32>,
    bundled_by: Vec<u32>,
    files: Vec<u32>,
}

struct Master<'b> {
    builder: &'b mut Builder,
    inside: Vec<Inside>,
    update: Option<Draft>,
    lists: Lists,
    head: Head,
}

/// Does a document that begins like this look like a master list?
pub(super) fn is_master(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"OfflineSyncPackage").is_some_and(|at| {
        // the root: nothing but a declaration, comments and a prefix before it
        let before = &head[..at];
        let open = before.iter().rposition(|&b| b == b'<').unwrap_or(0);
        before[open..].len() <= 64 && !before[open..].contains(&b' ')
    })
}

/// Reads a master list; its updates go to the builder. Pieces of it are read beside each other, and taken in their order.
pub(super) fn read(reader: impl Read, builder: &mut Builder, manner: Manner) -> Result<Head, XmlError> {
    let master =
        Master { builder, inside: Vec::new(), update: None, lists: Lists::default(), head: Head::default() };
    let mut reading = Reading { tokens: Tokens::default(), master, seen: false };
    let mut pieces = Pieces::new(reader, manner.piece.max(3), u64::MAX);
    // pieces that only the general reader reads, and others
    let (odd, plain) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let taken = in_order(
        manner.threads,
        |p: &mut Part| pieces.next(&mut p.bytes, quick::cut),
        |p| {
            // a file of another shape is not read twice: nothing but time depends on it
            let tried = odd.load(Relaxed) < 16 + 2 * plain.load(Relaxed);
            p.kind = if tried { quick::read(&p.bytes, &mut p.batch) } else { None };
            if p.kind.is_some() { &plain } else { &odd }.fetch_add(1, Relaxed);
        },
        |p| reading.take(p),
    );
    taken.map_err(|stopped| match stopped {
        Stopped::By(e) => e,
        Stopped::Broken => XmlError::new(0, "internal error"),
    })?;
    if let Some((at, problem)) = pieces.damage {
        return Err(XmlError::new(at, problem));
    }
    reading.general(true)?;
    Ok(reading.master.head)
}

/// A piece of the list, and its updates or places of files if it has nothing else.
#[derive(Default)]
struct Part {
    bytes: Vec<u8>,
    kind: Option<quick::Kind>,
    batch: Batch,
}

struct Reading<'b> {
    tokens: Tokens,
    master: Master<'b>,
    /// the root began
    seen: bool,
}

impl Reading<'_> {
    fn take(&mut self, part: &mut Part) -> Result<(), XmlError> {
        let master = &mut self.master;
        let here = match master.inside[..] {
            [Inside::Package, Inside::Updates] => Some(quick::Kind::Updates),
            [Inside::Package, Inside::Locations] => Some(quick::Kind::Locations),
            _ => None,
        };
        let at = self.tokens.at();
        if here.is_some()
            && here == part.kind
            && master.builder.has_room(&part.batch)
            && self.tokens.leap(part.bytes.len())
        {
            master.head.updates += part.batch.updates() as u64;
            return master.builder.take(&part.batch).map_err(too_large(at));
        }
        self.tokens.feed(&part.bytes)?;
        self.general(false)
    }

    /// Reads what was fed, element by element.
    fn general(&mut self, last: bool) -> Result<(), XmlError> {
        let Self { tokens, master, seen } = self;
        loop {
            let at = tokens.at();
            let Some(piece) = tokens.next(last)? else { return Ok(()) };
            match piece {
                Piece::Open(element, empty) => {
                    if master.inside.is_empty() && std::mem::replace(seen, true) {
                        return Err(element.error("a second root element"));
                    }
                    let inside = master.open(&element)?;
                    if empty {
                        master.close(inside, at)?;
                    } else {
                        master.inside.push(inside);
                    }
                }
                Piece::Close => {
                    if let Some(inside) = master.inside.pop() {
                        master.close(inside, at)?;
                    }
                }
                Piece::Text(_) | Piece::Other => {}
                Piece::End if !*seen => return Err(XmlError::new(at, "holds no XML")),
                Piece::End => return Ok(()),
            }
        }
    }
}

const TOO_LARGE: &str = "more updates, references or text than any real file has";

fn too_large(at: u64) -> impl Fn(TooLarge) -> XmlError {
    move |TooLarge| XmlError::new(at, TOO_LARGE)
}

fn number(e: &Element<'_>, text: &str) -> Result<u32, XmlError> {
    match text.trim().parse::<u32>() {
        Ok(n) if n < u32::MAX => Ok(n),
        _ => Err(e.error(format!("`{}` is not a number of a revision", clean(text, 60).escape_debug()))),
    }
}

fn truth(e: &Element<'_>, text: &str) -> Result<bool, XmlError> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(e.error(format!("`{}` is neither true nor false", clean(other, 60).escape_debug()))),
    }
}

impl Master<'_> {
    fn open(&mut self, e: &Element<'_>) -> Result<Inside, XmlError> {
        let name = e.name();
        Ok(match (self.inside.last(), name) {
            (None, "OfflineSyncPackage") => {
                let created = e.attribute("CreationDate")?;
                self.head.created = created.filter(|c| day(c) != 0).map(|c| c.trim()[..10].to_owned());
                Inside::Package
            }
            (None, _) => {
                return Err(e.error(format!(
                    "the root is `{}`, not OfflineSyncPackage",
                    clean(name, 60).escape_debug()
                )));
            }
            (Some(Inside::Package), "Updates") => Inside::Updates,
            (Some(Inside::Package), "FileLocations") => Inside::Locations,
            (Some(Inside::Updates), "Update") => {
                self.begin(e)?;
                Inside::Update
            }
            (Some(Inside::Update), "Prerequisites") => Inside::Prerequisites,
            (Some(Inside::Update), "SupersededBy") => Inside::SupersededBy,
            (Some(Inside::Update), "BundledBy") => Inside::BundledBy,
            (Some(Inside::Update), "Categories") => Inside::Categories,
            (Some(Inside::Update), "PayloadFiles") => Inside::PayloadFiles,
            (Some(Inside::Update), "Languages" | "EulaFiles") => Inside::Other,
            (Some(Inside::Prerequisites), "Or") => {
                self.lists.clause.clear();
                Inside::Or
            }
            (Some(Inside::Prerequisites), "UpdateId") => {
                let guid = self.guid_of(e)?;
                self.lists.clauses.extend([1, guid]);
                Inside::Other
            }
            (Some(Inside::Or), "UpdateId") => {
                let guid = self.guid_of(e)?;
                self.lists.clause.push(guid);
                Inside::Other
            }
            (Some(Inside::SupersededBy), "Revision") => {
                self.lists.superseded_by.push(revision(e)?);
                Inside::Other
            }
            (Some(Inside::BundledBy), "Revision") => {
                self.lists.bundled_by.push(revision(e)?);
                Inside::Other
            }
            (Some(Inside::Categories), "Category") => {
                self.category(e)?;
                Inside::Other
            }
            (Some(Inside::PayloadFiles), "File") => {
                let mut file = None;
                e.attributes(&mut |name, value| {
                    if name == "Id" {
                        file = Some(
                            self.builder.file(&clean(&value, 128)).map_err(|TooLarge| e.error(TOO_LARGE))?,
                        );
                    }
                    Ok(())
                })?;
                self.lists.files.push(file.ok_or_else(|| e.error("a file without Id"))?);
                Inside::Other
            }
            (Some(Inside::Locations), "FileLocation") => {
                self.location(e)?;
                Inside::Other
            }
            // what such a list is extended by may change its meaning: nothing is guessed
            (Some(Inside::Prerequisites | Inside::Or | Inside::SupersededBy | Inside::BundledBy), _) => {
                return Err(e.error(format!(
                    "`{}` is not known among prerequisites or relations; nothing of this file is imported",
                    clean(name, 60).escape_debug()
                )));
            }
            (Some(Inside::Other), _) => Inside::Other,
            (Some(_), _) => {
                if self.head.unknown == 0 {
                    self.head.first_unknown = clean(name, 60).into_owned();
                }
                self.head.unknown += 1;
                Inside::Other
            }
        })
    }

    fn close(&mut self, inside: Inside, at: u64) -> Result<(), XmlError> {
        match inside {
            Inside::Or if self.lists.clause.is_empty() => {
                return Err(XmlError::new(at, "an `Or` of prerequisites without members"));
            }
            Inside::Or => {
                self.lists.clauses.push(self.lists.clause.len() as u32);
                self.lists.clauses.append(&mut self.lists.clause);
            }
            Inside::Update => {
                let Some(mut draft) = self.update.take() else { return Ok(()) };
                let large = too_large(at);
                let b = &mut *self.builder;
                draft.clauses = b.list(&self.lists.clauses).map_err(&large)?;
                draft.categories = b.list(&self.lists.categories).map_err(&large)?;
                draft.superseded_by = b.list(&self.lists.superseded_by).map_err(&large)?;
                draft.bundled_by = b.list(&self.lists.bundled_by).map_err(&large)?;
                draft.files = b.list(&self.lists.files).map_err(&large)?;
                b.push(draft).map_err(&large)?;
                let l = &mut self.lists;
                for list in
                    [&mut l.clauses, &mut l.categories, &mut l.superseded_by, &mut l.bundled_by, &mut l.files]
                {
                    list.clear();
                }
                self.head.updates += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, e: &Element<'_>) -> Result<(), XmlError> {
        let mut draft = Draft::new(0);
        draft.related = true;
        let mut id = None;
        e.attributes(&mut |name, value| {
            match name {
                "UpdateId" => id = Some(guid(e, &value)?),
                "RevisionNumber" => draft.revision = number(e, &value)?,
                "RevisionId" => draft.revision_id = number(e, &value)?,
                "CreationDate" => draft.created = day(&value),
                "IsLeaf" => draft.leaf = Some(truth(e, &value)?),
                "IsBundle" => draft.bundle = truth(e, &value)?,
                "DeploymentAction" => draft.deployment = Deployment::of_action(value.trim()),
                _ => {}
            }
            Ok(())
        })?;
        let id = id.ok_or_else(|| e.error("an update without UpdateId"))?;
        draft.guid = self.builder.guid(id).map_err(|TooLarge| e.error(TOO_LARGE))?;
        self.update = Some(draft);
        Ok(())
    }

    /// The number of the GUID that an element names.
    fn guid_of(&mut self, e: &Element<'_>) -> Result<u32, XmlError> {
        let mut id = None;
        e.attributes(&mut |name, value| {
            if name == "Id" {
                id = Some(guid(e, &value)?);
            }
            Ok(())
        })?;
        let id = id.ok_or_else(|| e.error("a reference without Id"))?;
        self.builder.guid(id).map_err(|TooLarge| e.error(TOO_LARGE))
    }

    fn category(&mut self, e: &Element<'_>) -> Result<(), XmlError> {
        let (mut id, mut kind) = (None, CategoryType::Other);
        e.attributes(&mut |name, value| {
            match name {
                "Id" => id = Some(guid(e, &value)?),
                "Type" => kind = CategoryType::of_name(value.trim()),
                _ => {}
            }
            Ok(())
        })?;
        let id = id.ok_or_else(|| e.error("a category without Id"))?;
        let id = self.builder.guid(id).map_err(|TooLarge| e.error(TOO_LARGE))?;
        self.lists.categories.extend([id, category_number(kind)]);
        Ok(())
    }

    fn location(&mut self, e: &Element<'_>) -> Result<(), XmlError> {
        let (mut file, mut url) = (None, 0);
        let b = &mut *self.builder;
        e.attributes(&mut |name, value| {
            match name {
                "Id" => file = Some(b.file(&clean(&value, 128)).map_err(|TooLarge| e.error(TOO_LARGE))?),
                "Url" => url = b.text(&clean(&value, URL)).map_err(|TooLarge| e.error(TOO_LARGE))?,
                _ => {}
            }
            Ok(())
        })?;
        b.place_file(file.ok_or_else(|| e.error("a file's location without Id"))?, url);
        Ok(())
    }
}

/// The revision that an element names.
fn revision(e: &Element<'_>) -> Result<u32, XmlError> {
    let mut id = None;
    e.attributes(&mut |name, value| {
        if name == "Id" {
            id = Some(number(e, &value)?);
        }
        Ok(())
    })?;
    id.ok_or_else(|| e.error("a revision without Id"))
}
