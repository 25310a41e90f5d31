//! The master list as Microsoft writes it, piece by piece, at memory speed. What is written in any other way (a comment, an
//! entity, a name that is not expected, an error) is not read here: then the general reader reads the piece, so that it means
//! the same and errors name their place.

use crate::metadata::{
    CategoryType, Deployment, UpdateGuid,
    batch::Batch,
    builder::{Draft, category_number},
    xml::day,
};
use memchr::{memchr, memrchr};

/// Names of attributes of one element, and elements within each other.
const NAMES: usize = 16;
const DEPTH: usize = 8;
/// The longest Id of a file, and the longest address: longer ones are shortened.
const ID: usize = 128;
const URL: usize = super::package_xml::URL;

const UPDATE: &[u8] = b"<Update";
const LOCATION: &[u8] = b"<FileLocation";

/// What the elements of a piece are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Updates,
    Locations,
}

/// Where the last element of a piece begins that is an update or the place of a file.
pub(super) fn cut(piece: &[u8]) -> Option<usize> {
    // the largest updates have some thousand elements
    let (mut end, least) = (piece.len(), piece.len().saturating_sub(128 * 1024));
    loop {
        end = memrchr(b'<', &piece[least..end])? + least;
        let named =
            |name: &[u8]| piece[end..].strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b' '));
        if named(UPDATE) || named(LOCATION) {
            return Some(end);
        }
    }
}

/// Reads a piece that holds whole elements of one kind and nothing else.
pub(super) fn read(piece: &[u8], batch: &mut Batch) -> Option<Kind> {
    batch.clear();
    let mut at = At(piece);
    let kind = if piece.starts_with(UPDATE) {
        let mut lists = Lists::default();
        while at.eat(UPDATE) {
            update(&mut at, batch, &mut lists)?;
            at.blanks();
        }
        Kind::Updates
    } else {
        while at.eat(LOCATION) {
            location(&mut at, batch)?;
            at.blanks();
        }
        Kind::Locations
    };
    (at.0.is_empty() && !piece.is_empty()).then_some(kind)
}

/// A place in the piece.
#[derive(Clone, Copy)]
struct At<'a>(&'a [u8]);

/// What stands next in a tag.
enum Next<'a> {
    Attribute(&'a [u8], &'a [u8]),
    /// the tag ends
    Content,
    /// the element ends
    Empty,
}

impl<'a> At<'a> {
    fn blanks(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// What stands behind a name or a value.
    #[inline]
    fn next(&mut self) -> Option<Next<'a>> {
        let before = self.0.len();
        self.blanks();
        match self.0 {
            [b'>', rest @ ..] => {
                self.0 = rest;
                return Some(Next::Content);
            }
            [b'/', b'>', rest @ ..] => {
                self.0 = rest;
                return Some(Next::Empty);
            }
            _ if before == self.0.len() => return None,
            _ => {}
        }
        let name = self.name()?;
        let rest = self.0.get(name.len()..)?.strip_prefix(b"=\"")?;
        let end = memchr(b'"', rest)?;
        self.0 = &rest[end + 1..];
        Some(Next::Attribute(name, &rest[..end]))
    }

    fn name(&self) -> Option<&'a [u8]> {
        let length = self.0.iter().position(|b| !NAME[usize::from(*b)])?;
        self.0.get(..length).filter(|n| !n.is_empty())
    }

    /// The same of an element that has no content.
    #[inline]
    fn tag_without_content(&mut self) -> Option<Next<'a>> {
        self.next().filter(|next| !matches!(next, Next::Content))
    }

    /// Behind the name of an element without attributes: has it content?
    fn has_content(&mut self) -> Option<bool> {
        match self.next()? {
            Next::Attribute(..) => None,
            Next::Content => Some(true),
            Next::Empty => Some(false),
        }
    }

    /// The value of `<Name Id="…" />`, behind `Id="`.
    #[inline]
    fn only(&mut self, length: usize) -> Option<&'a [u8]> {
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (self.eat(b"\" />") || self.eat(b"\"/>")).then_some(value)
    }

    fn only_guid(&mut self) -> Option<UpdateGuid> {
        self.only(36).and_then(guid)
    }

    fn only_number(&mut self) -> Option<u32> {
        let length = self.0.iter().take(10).position(|b| *b == b'"')?;
        self.only(length).and_then(number)
    }
}

/// Bytes of names.
const NAME: [bool; 256] = {
    let (mut table, mut b) = ([false; 256], 0u8);
    while b < 128 {
        table[b as usize] = b.is_ascii_alphanumeric();
        b += 1;
    }
    table
};

/// Names of attributes, to see that none is there twice.
#[derive(Default)]
struct Names<'a> {
    seen: [&'a [u8]; NAMES],
    count: usize,
}

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a [u8]) -> Option<()> {
        if self.seen[..self.count].contains(&name) {
            return None;
        }
        *self.seen.get_mut(self.count)? = name;
        self.count += 1;
        Some(())
    }
}

/// A value that means what it says: plain text without entities.
#[inline]
fn literal(value: &[u8]) -> Option<&[u8]> {
    // all of it, so that many bytes are compared at once
    let plain =
        value.iter().fold(true, |all, b| all & (b' '..0x7F).contains(b) & (*b != b'&') & (*b != b'<'));
    plain.then_some(value)
}

/// A text that is kept as it stands.
#[inline]
fn kept(value: &[u8], longest: usize) -> Option<&str> {
    let outer = |b: Option<&u8>| b == Some(&b' ');
    let fits = value.len() <= longest && !outer(value.first()) && !outer(value.last());
    literal(value).filter(|_| fits).and_then(|v| std::str::from_utf8(v).ok())
}

#[inline]
fn number(text: &[u8]) -> Option<u32> {
    let (mut number, mut odd) = (0u32, !(1..=9).contains(&text.len()));
    for b in text.iter().take(9) {
        let digit = b.wrapping_sub(b'0');
        odd |= digit > 9;
        number = number * 10 + u32::from(digit);
    }
    (!odd).then_some(number)
}

fn truth(text: &[u8]) -> Option<bool> {
    match text {
        b"true" | b"1" => Some(true),
        b"false" | b"0" => Some(false),
        _ => None,
    }
}

/// yyyymmdd of an ISO time; 0 if it is none.
fn date(text: &[u8]) -> u32 {
    if let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, ..] = *text {
        let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
        let number = digits.iter().fold(0, |n, d| n * 10 + u32::from(d.wrapping_sub(b'0')));
        let (month, of_month) = (number / 100 % 100, number % 100);
        // days that every month has
        let common = (1..=12).contains(&month) && (1..=28).contains(&of_month) && number > 19_010_000;
        if common && digits.iter().all(u8::is_ascii_digit) {
            return number;
        }
    }
    std::str::from_utf8(text).map_or(0, day)
}

/// A GUID with hyphens, without braces.
#[inline]
fn guid(text: &[u8]) -> Option<UpdateGuid> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if [text[8], text[13], text[18], text[23]] != *b"----" {
        return None;
    }
    let mut digits = [0; 32];
    digits[..8].copy_from_slice(&text[..8]);
    digits[8..12].copy_from_slice(&text[9..13]);
    digits[12..16].copy_from_slice(&text[14..18]);
    digits[16..20].copy_from_slice(&text[19..23]);
    digits[20..].copy_from_slice(&text[24..]);
    let mut odd = 0;
    for d in &mut digits {
        let (number, letter) = (d.wrapping_sub(b'0'), (*d | 0x20).wrapping_sub(b'a'));
        odd |= u8::from(number > 9) & u8::from(letter > 5);
        *d = if number < 10 { number } else { letter.wrapping_add(10) };
    }
    let mut bytes = [0; 16];
    for (byte, two) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = two[0] << 4 | two[1];
    }
    (odd == 0).then(|| UpdateGuid::from_bytes(bytes))
}

/// Lists of the update that is being read.
#[derive(Default)]
struct Lists {
    clauses: Vec<u32>,
    categories: Vec<u32>,
    superseded_by: Vec<u32>,
    bundled_by: Vec<u32>,
    files: Vec<u32>,
}

/// An update, behind its name.
fn update(at: &mut At<'_>, batch: &mut Batch, lists: &mut Lists) -> Option<()> {
    let mut draft = Draft::new(0);
    draft.related = true;
    let (mut id, mut names) = (None, Names::default());
    let has_content = loop {
        let (name, value) = match at.next()? {
            Next::Attribute(name, value) => (name, value),
            Next::Content => break true,
            Next::Empty => break false,
        };
        names.add(name)?;
        match name {
            b"UpdateId" => id = Some(guid(value)?),
            b"RevisionNumber" => draft.revision = number(value)?,
            b"RevisionId" => draft.revision_id = number(value)?,
            b"CreationDate" => draft.created = date(literal(value)?),
            b"IsLeaf" => draft.leaf = Some(truth(value)?),
            b"IsBundle" => draft.bundle = truth(value)?,
            b"DeploymentAction" => draft.deployment = Deployment::of_action(kept(value, ID)?),
            _ => _ = literal(value)?,
        }
    };
    draft.guid = batch.guid(id?);
    if has_content {
        contents(at, batch, lists)?;
    }
    let Lists { clauses, categories, superseded_by, bundled_by, files } = lists;
    for (range, list) in [
        (&mut draft.clauses, clauses),
        (&mut draft.categories, categories),
        (&mut draft.superseded_by, superseded_by),
        (&mut draft.bundled_by, bundled_by),
        (&mut draft.files, files),
    ] {
        *range = batch.list(list);
        list.clear();
    }
    batch.push(draft);
    Some(())
}

fn contents(at: &mut At<'_>, batch: &mut Batch, lists: &mut Lists) -> Option<()> {
    loop {
        at.blanks();
        if at.eat(b"<Prerequisites") {
            if at.has_content()? {
                prerequisites(at, batch, &mut lists.clauses)?;
            }
        } else if at.eat(b"</Update>") {
            return Some(());
        } else if at.eat(b"<Categories") {
            if at.has_content()? {
                categories(at, batch, &mut lists.categories)?;
            }
        } else if at.eat(b"<PayloadFiles") {
            if at.has_content()? {
                files(at, batch, &mut lists.files)?;
            }
        } else if at.eat(b"<BundledBy") {
            if at.has_content()? {
                revisions(at, b"</BundledBy>", &mut lists.bundled_by)?;
            }
        } else if at.eat(b"<SupersededBy") {
            if at.has_content()? {
                revisions(at, b"</SupersededBy>", &mut lists.superseded_by)?;
            }
        } else if at.0.starts_with(b"<Languages") || at.0.starts_with(b"<EulaFiles") {
            skip(at)?;
        } else {
            return None;
        }
    }
}

fn prerequisites(at: &mut At<'_>, batch: &mut Batch, clauses: &mut Vec<u32>) -> Option<()> {
    loop {
        at.blanks();
        if at.eat(b"<UpdateId Id=\"") {
            clauses.extend([1, batch.guid(at.only_guid()?)]);
        } else if at.eat(b"<Or>") {
            let start = clauses.len();
            clauses.push(0);
            loop {
                at.blanks();
                if at.eat(b"<UpdateId Id=\"") {
                    clauses.push(batch.guid(at.only_guid()?));
                } else if at.eat(b"</Or>") {
                    break;
                } else {
                    return None;
                }
            }
            let members = clauses.len() - start - 1;
            // one without members is an error
            clauses[start] = Some(members as u32).filter(|m| *m > 0)?;
        } else {
            return at.eat(b"</Prerequisites>").then_some(());
        }
    }
}

fn revisions(at: &mut At<'_>, end: &[u8], list: &mut Vec<u32>) -> Option<()> {
    loop {
        at.blanks();
        if at.eat(b"<Revision Id=\"") {
            list.push(at.only_number()?);
        } else {
            return at.eat(end).then_some(());
        }
    }
}

fn categories(at: &mut At<'_>, batch: &mut Batch, list: &mut Vec<u32>) -> Option<()> {
    loop {
        at.blanks();
        if !at.eat(b"<Category") {
            return at.eat(b"</Categories>").then_some(());
        }
        let (mut id, mut kind, mut names) = (None, CategoryType::Other, Names::default());
        while let Next::Attribute(name, value) = at.tag_without_content()? {
            names.add(name)?;
            match name {
                b"Id" => id = Some(guid(value)?),
                b"Type" => kind = CategoryType::of_name(kept(value, ID)?),
                _ => _ = literal(value)?,
            }
        }
        list.extend([batch.guid(id?), category_number(kind)]);
    }
}

fn files(at: &mut At<'_>, batch: &mut Batch, list: &mut Vec<u32>) -> Option<()> {
    loop {
        at.blanks();
        if !at.eat(b"<File") {
            return at.eat(b"</PayloadFiles>").then_some(());
        }
        let (mut id, mut names) = (None, Names::default());
        while let Next::Attribute(name, value) = at.tag_without_content()? {
            names.add(name)?;
            match name {
                b"Id" => id = Some(kept(value, ID)?),
                _ => _ = literal(value)?,
            }
        }
        list.push(batch.file(id?));
    }
}

/// The place of a file, behind its name.
fn location(at: &mut At<'_>, batch: &mut Batch) -> Option<()> {
    let (mut file, mut url, mut names) = (None, "", Names::default());
    while let Next::Attribute(name, value) = at.tag_without_content()? {
        names.add(name)?;
        match name {
            b"Id" => file = Some(batch.file(kept(value, ID)?)),
            // texts are kept in the order in which they stand
            b"Url" if file.is_none() => return None,
            b"Url" => url = kept(value, URL)?,
            _ => _ = literal(value)?,
        }
    }
    batch.place(file?, url);
    Some(())
}

/// An element of no interest, with all that is in it.
fn skip(at: &mut At<'_>) -> Option<()> {
    let (mut open, mut depth) = ([&b""[..]; DEPTH], 0usize);
    loop {
        if at.eat(b"</") {
            let name = at.name()?;
            at.0 = at.0.get(name.len()..)?;
            depth = depth.checked_sub(1)?;
            if open[depth] != name || !at.eat(b">") {
                return None;
            }
        } else if at.eat(b"<") {
            let (name, mut names) = (at.name()?, Names::default());
            at.0 = at.0.get(name.len()..)?;
            let content = loop {
                match at.next()? {
                    Next::Attribute(name, value) => {
                        names.add(name)?;
                        literal(value)?;
                    }
                    Next::Content => break true,
                    Next::Empty => break false,
                }
            };
            if content {
                *open.get_mut(depth)? = name;
                depth += 1;
            }
        } else {
            return None;
        }
        if depth == 0 {
            return Some(());
        }
        at.blanks();
    }
}

#[cfg(test)]
mod tests;
