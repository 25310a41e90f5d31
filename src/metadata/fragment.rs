//! Fragments and documents of single updates: core (`c/`), extended (`x/`) and localized (`l/`) fragments, which have no
//! root, and whole `upd:Update` documents, one or several in a file. Prefixes do not matter.

use super::{
    CategoryType, UpdateGuid, UpdateType,
    builder::{Builder, Draft, TooLarge, category_number},
    data::NONE,
    xml::{Element, Piece, Pull, XmlError, clean},
};
use flate2::{Compression, write::DeflateEncoder};
use std::io::Write;

/// Titles, names and addresses are kept up to this many characters.
const LONGEST: usize = 1024;
/// Clauses, members and files of one update, at most.
const MOST: usize = 200_000;

/// An update whose fragment does not say which it is: the caller knows, by the fragment's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub(crate) guid: UpdateGuid,
    pub(crate) revision: u32,
    pub(crate) revision_id: u32,
}

/// What a text told that says of no update by GUID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loose {
    /// in English if there is such
    pub(crate) title: String,
    /// KBs that it states
    pub(crate) articles: Vec<u32>,
    /// names of payload files
    pub(crate) files: Vec<String>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// updates that went to the builder
    pub(crate) updates: u64,
    /// what names no update
    pub(crate) loose: Vec<Loose>,
}

/// Does a text that begins like this look like fragments or documents of updates?
pub(crate) fn is_fragment(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut tags = text.split('<').skip(1).filter(|t| !t.starts_with(['?', '!']));
    let name = |tag: &str| {
        let qualified = tag.split([' ', '>', '/', '\t', '\r', '\n']).next().unwrap_or("");
        qualified.rsplit(':').next().unwrap_or("").to_owned()
    };
    let Some(first) = tags.next() else { return false };
    let unprefixed = !first.split([' ', '>', '/']).next().unwrap_or("").contains(':');
    match &*name(first) {
        // elements without a root
        "UpdateIdentity" | "LocalizedProperties" | "ExtendedProperties" => true,
        "Relationships" | "ApplicabilityRules" => unprefixed,
        // a document, or several in a root of any name
        "Update" => tags.next().is_some_and(|t| name(t) == "UpdateIdentity"),
        _ => {
            name(tags.next().unwrap_or("")) == "Update"
                && tags.next().is_some_and(|t| name(t) == "UpdateIdentity")
        }
    }
}

/// Where in an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// a root of any name around documents
    Around,
    /// `Update`
    Document,
    Relationships,
    Prerequisites,
    /// an any-of of prerequisites; `true`: of categories
    AtLeastOne(bool),
    Superseded,
    Bundled,
    Rules,
    Extended,
    Files,
    File,
    /// text of `AdditionalDigest` in SHA-256
    Digest,
    Localized,
    Article,
    Title,
    Language,
    /// something of no interest, and all that is in it
    Other,
}

#[derive(Default)]
struct Update {
    draft: Option<Draft>,
    clauses: Vec<u32>,
    clause: Vec<u32>,
    categories: Vec<u32>,
    supersedes: Vec<u32>,
    bundles: Vec<u32>,
    files: Vec<u32>,
    file_names: Vec<String>,
    articles: Vec<u32>,
    title: String,
    english: bool,
    /// text and language of the localized properties that are open
    local: (String, String),
    kind: Option<UpdateType>,
    created: u32,
    related: bool,
    bundle: bool,
    rules: u32,
    anything: bool,
}

struct Reading<'b> {
    builder: &'b mut Builder,
    /// the text, to take rules out of it as they stand
    text: &'b str,
    inside: Vec<Inside>,
    update: Update,
    owner: Option<Owner>,
    told: Told,
    rules_from: usize,
    /// the text of the element that is open
    words: String,
    sha256: String,
    file: Option<u32>,
}

/// Reads all updates of a text; they go to the builder.
pub(crate) fn read(text: &str, owner: Option<Owner>, builder: &mut Builder) -> Result<Told, XmlError> {
    let mut pull = Pull::new(text.as_bytes());
    let update = Update { rules: NONE, ..Update::default() };
    let mut r = Reading {
        builder,
        text,
        inside: Vec::new(),
        update,
        owner,
        told: Told::default(),
        rules_from: 0,
        words: String::new(),
        sha256: String::new(),
        file: None,
    };
    loop {
        let from = pull.at();
        match pull.next()? {
            Piece::Open(e, empty) => {
                let inside = r.open(&e, from)?;
                if empty {
                    let to = pull.at();
                    r.close(inside, to)?;
                } else {
                    r.inside.push(inside);
                }
            }
            Piece::Close => {
                let to = pull.at();
                if let Some(inside) = r.inside.pop() {
                    r.close(inside, to)?;
                }
            }
            Piece::Text(t) => {
                if matches!(
                    r.inside.last(),
                    Some(Inside::Article | Inside::Title | Inside::Language | Inside::Digest)
                ) && r.words.len() < LONGEST * 4
                {
                    r.words.push_str(&t);
                }
            }
            Piece::Other => {}
            Piece::End => {
                r.finish(from)?;
                return Ok(r.told);
            }
        }
    }
}

fn large(at: u64) -> impl Fn(TooLarge) -> XmlError {
    move |TooLarge| XmlError::new(at, "more updates, references or text than any real file has")
}

impl Reading<'_> {
    fn open(&mut self, e: &Element<'_>, from: u64) -> Result<Inside, XmlError> {
        self.words.clear();
        let name = e.name();
        Ok(match (self.inside.last().copied(), name) {
            (Some(Inside::Other | Inside::Rules), _) => Inside::Other,
            (None | Some(Inside::Around), "Update") => {
                self.finish(from)?;
                Inside::Document
            }
            (None | Some(Inside::Document), "UpdateIdentity") => {
                if self.update.draft.is_some() {
                    self.finish(from)?;
                }
                self.identity(e)?;
                Inside::Other
            }
            (None | Some(Inside::Document), "Properties") => {
                self.properties(e)?;
                Inside::Extended
            }
            (None | Some(Inside::Document), "Relationships") => {
                self.update.related = true;
                Inside::Relationships
            }
            (None | Some(Inside::Document), "ApplicabilityRules") => {
                self.rules_from = usize::try_from(from).unwrap_or(usize::MAX);
                Inside::Rules
            }
            (None | Some(Inside::Document), "ExtendedProperties") => {
                self.update.anything = true;
                Inside::Extended
            }
            (None | Some(Inside::Document), "Files") => Inside::Files,
            (None | Some(Inside::Document), "LocalizedProperties") => {
                self.update.local = Default::default();
                Inside::Localized
            }
            (Some(Inside::Document), "LocalizedPropertiesCollection") => Inside::Document,
            (None, "LocalizedPropertiesCollection") => Inside::Document,
            (None, "HandlerSpecificData") | (Some(Inside::Document), _) => Inside::Other,
            // a root around documents, whatever it is called
            (None, _) => Inside::Around,
            (Some(Inside::Around), _) => Inside::Other,
            (Some(Inside::Relationships), "Prerequisites") => Inside::Prerequisites,
            (Some(Inside::Relationships), "SupersededUpdates") => Inside::Superseded,
            (Some(Inside::Relationships), "BundledUpdates") => {
                self.update.bundle = true;
                Inside::Bundled
            }
            (Some(Inside::Prerequisites), "UpdateIdentity") => {
                let guid = self.guid(e)?;
                self.update.clauses.extend([1, guid]);
                Inside::Other
            }
            (Some(Inside::Prerequisites), "AtLeastOne") => {
                let category = e.attribute("IsCategory")?.is_some_and(|v| matches!(v.trim(), "true" | "1"));
                self.update.clause.clear();
                Inside::AtLeastOne(category)
            }
            (Some(Inside::AtLeastOne(_)), "UpdateIdentity") => {
                let guid = self.guid(e)?;
                self.update.clause.push(guid);
                Inside::Other
            }
            (Some(Inside::Superseded), "UpdateIdentity") => {
                let guid = self.guid(e)?;
                self.update.supersedes.push(guid);
                Inside::Other
            }
            // of a bundle, any-of leaves are leaves all the same
            (Some(Inside::Bundled), "AtLeastOne") => Inside::Bundled,
            (Some(Inside::Bundled), "UpdateIdentity") => {
                let guid = self.guid(e)?;
                self.update.bundles.push(guid);
                Inside::Other
            }
            (
                Some(Inside::Prerequisites | Inside::AtLeastOne(_) | Inside::Superseded | Inside::Bundled),
                _,
            ) => {
                return Err(e.error(format!(
                    "`{}` is not known among prerequisites or relations; nothing of this file is imported",
                    clean(name, 60).escape_debug()
                )));
            }
            (Some(Inside::Extended), "KBArticleID") => Inside::Article,
            (Some(Inside::Files), "File") => {
                self.open_file(e)?;
                Inside::File
            }
            (Some(Inside::File), "AdditionalDigest") => {
                let sha256 =
                    e.attribute("Algorithm")?.is_some_and(|a| a.trim().eq_ignore_ascii_case("SHA256"));
                if sha256 { Inside::Digest } else { Inside::Other }
            }
            (Some(Inside::Localized), "Title") => Inside::Title,
            (Some(Inside::Localized), "Language") => Inside::Language,
            (Some(_), _) => Inside::Other,
        })
    }

    fn close(&mut self, inside: Inside, to: u64) -> Result<(), XmlError> {
        let u = &mut self.update;
        match inside {
            Inside::Document if !self.inside.contains(&Inside::Document) => self.finish(to)?,
            Inside::AtLeastOne(_) if u.clause.is_empty() => {
                return Err(XmlError::new(to, "an `AtLeastOne` of prerequisites without members"));
            }
            Inside::AtLeastOne(category) => {
                if category {
                    for g in &u.clause {
                        self.builder.mark_category(*g);
                        u.categories.extend([*g, category_number(CategoryType::Other)]);
                    }
                }
                u.clauses.push(u.clause.len() as u32);
                u.clauses.append(&mut u.clause);
            }
            Inside::Rules => {
                let to = usize::try_from(to).unwrap_or(usize::MAX);
                let xml = self.text.get(self.rules_from..to);
                let xml = xml.ok_or_else(|| XmlError::new(to as u64, "rules that end in the middle"))?;
                let failed = |_| XmlError::new(to as u64, "rules that cannot be packed");
                let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(xml.as_bytes()).map_err(failed)?;
                let packed = packed.finish().map_err(failed)?;
                u.rules = self.builder.blob(&packed, xml.len() as u64).map_err(large(to as u64))?;
                u.anything = true;
            }
            Inside::Article => {
                let digits = self.words.trim().trim_start_matches(['K', 'k', 'B', 'b']);
                if let Ok(kb) = digits.parse::<crate::model::KbId>() {
                    u.articles.push(kb.number());
                }
            }
            Inside::Title => u.local.0 = clean(&self.words, LONGEST).into_owned(),
            Inside::Language => u.local.1 = clean(&self.words, 20).to_ascii_lowercase(),
            Inside::Localized => {
                let (title, language) = std::mem::take(&mut u.local);
                let english = language == "en" || language.starts_with("en-");
                if !title.is_empty() && (u.title.is_empty() || english && !u.english) {
                    (u.title, u.english) = (title, english);
                }
                u.anything = true;
            }
            Inside::Digest => self.sha256 = clean(&self.words, 128).into_owned(),
            Inside::File => {
                if let Some(file) = self.file.take() {
                    let sha256 = std::mem::take(&mut self.sha256);
                    self.builder.describe_file(file, "", "", &sha256, None).map_err(large(to))?;
                }
            }
            _ => {}
        }
        self.words.clear();
        let u = &self.update;
        if u.clauses.len().max(u.supersedes.len()).max(u.bundles.len()).max(u.files.len()) > MOST {
            return Err(XmlError::new(to, format!("an update with more than {MOST} references")));
        }
        Ok(())
    }

    fn identity(&mut self, e: &Element<'_>) -> Result<(), XmlError> {
        let guid = self.guid(e)?;
        let mut draft = Draft::new(guid);
        draft.fragment = true;
        if let Some(r) = e.attribute("RevisionNumber")? {
            let shown = || format!("`{}` is not a revision", clean(&r, 60).escape_debug());
            draft.revision = r.trim().parse().map_err(|_| e.error(shown()))?;
        }
        self.update.draft = Some(draft);
        Ok(())
    }

    fn properties(&mut self, e: &Element<'_>) -> Result<(), XmlError> {
        let u = &mut self.update;
        u.anything = true;
        e.attributes(&mut |name, value| {
            match name {
                "UpdateType" => {
                    u.kind = match value.trim() {
                        "Software" => Some(UpdateType::Software),
                        "Detectoid" => Some(UpdateType::Detectoid),
                        "Category" => Some(UpdateType::Category),
                        "Driver" => Some(UpdateType::Driver),
                        _ => None,
                    }
                }
                "CreationDate" => u.created = super::xml::day(&value),
                _ => {}
            }
            Ok(())
        })
    }

    fn guid(&mut self, e: &Element<'_>) -> Result<u32, XmlError> {
        let text = e.attribute("UpdateID")?.ok_or_else(|| e.error("an UpdateIdentity without UpdateID"))?;
        let guid = super::xml::guid(e, &text)?;
        self.builder.guid(guid).map_err(large(0))
    }

    fn open_file(&mut self, e: &Element<'_>) -> Result<(), XmlError> {
        let (mut digest, mut name, mut size) = (String::new(), String::new(), None);
        e.attributes(&mut |attribute, value| {
            match attribute {
                "Digest" => digest = clean(&value, 128).into_owned(),
                "FileName" => name = clean(&value, LONGEST).into_owned(),
                "Size" => size = value.trim().parse().ok(),
                _ => {}
            }
            Ok(())
        })?;
        let id = if digest.is_empty() { &name } else { &digest };
        if id.is_empty() {
            return Err(e.error("a file without Digest"));
        }
        let file = self.builder.file(id).map_err(large(0))?;
        self.builder.describe_file(file, &name, "", "", size).map_err(large(0))?;
        self.update.files.push(file);
        self.update.file_names.push(name);
        self.file = Some(file);
        self.sha256.clear();
        self.update.anything = true;
        Ok(())
    }

    /// The update that is read is complete.
    fn finish(&mut self, at: u64) -> Result<(), XmlError> {
        let u = std::mem::replace(&mut self.update, Update { rules: NONE, ..Update::default() });
        let draft = match (u.draft, self.owner) {
            (Some(d), _) => Some(d),
            (None, Some(o)) if u.anything || u.related => {
                let mut d = Draft::new(self.builder.guid(o.guid).map_err(large(at))?);
                (d.revision, d.fragment) = (o.revision, true);
                Some(d)
            }
            _ => None,
        };
        let Some(mut d) = draft else {
            if u.anything {
                self.told.loose.push(Loose { title: u.title, articles: u.articles, files: u.file_names });
            }
            return Ok(());
        };
        let b = &mut *self.builder;
        if let Some(o) = self.owner.filter(|o| o.revision == d.revision) {
            d.revision_id = o.revision_id;
        }
        d.kind = u.kind;
        d.created = u.created;
        d.related = u.related;
        d.bundle = u.bundle;
        d.rules = u.rules;
        d.english = u.english;
        d.title = b.text(&u.title).map_err(large(at))?;
        d.clauses = b.list(&u.clauses).map_err(large(at))?;
        d.categories = b.list(&u.categories).map_err(large(at))?;
        d.supersedes = b.list(&u.supersedes).map_err(large(at))?;
        d.bundles = b.list(&u.bundles).map_err(large(at))?;
        d.files = b.list(&u.files).map_err(large(at))?;
        d.articles = b.list(&u.articles).map_err(large(at))?;
        b.push(d).map_err(large(at))?;
        self.told.updates += 1;
        Ok(())
    }
}
