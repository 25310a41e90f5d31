//! Rule documents from XML: core fragments (elements beside one another, no namespaces), whole `upd:Update` documents,
//! and single sections. Nothing recurses; depth, size and counts are bounded.

use super::document::{Node, PrerequisiteClause, RuleDocument, Section, SectionKind};
use super::operator::{self, Attributes, Family, Operator};
use crate::package::PackageIdentity;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use std::sync::Arc;

/// The largest file that is read, in bytes: the largest fragment seen, with the package it embeds, has 47 MB.
pub const LIMIT: usize = 64 << 20;
/// Deeper than any rule of Windows Update.
const DEPTH: usize = 1_000;
/// More operators than any file has.
const OPERATORS: usize = 500_000;
/// More documents than one file has.
const DOCUMENTS: usize = 20_000;
/// More attributes than any element has.
const ATTRIBUTES: usize = 64;
/// More prefixes than are bound at one place.
const BINDINGS: usize = 64;
/// More members of prerequisites than any update has.
const PREREQUISITES: usize = 20_000;
/// The longest text that is kept of a title, name or value.
const TEXT: usize = 2_000;
/// Remarks that are kept of one document.
const REMARKS: usize = 20;

/// Why a file has no rules that can be read: one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct RuleError {
    /// the file, and its line where it is known
    pub place: String,
    /// what is wrong, and what to do
    pub problem: String,
}

/// Reads every rule document of a file.
///
/// # Errors
/// One line: it is no XML, is broken or ends in the middle, is larger or deeper than what is read, or has no update
/// and no rule in it.
pub fn parse(file: &str, text: &str) -> Result<Vec<RuleDocument>, RuleError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > LIMIT {
        let problem = format!(
            "is larger than {} MB, more than any rules; give the core fragment of one update",
            LIMIT >> 20
        );
        return Err(RuleError { place: file.to_owned(), problem });
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = false;
    let mut builder = Builder::new(file, text);
    let (mut line, mut counted) = (1u32, 0usize);
    let at = |line: u32, problem: String| RuleError { place: format!("{file}:{line}"), problem };
    loop {
        let position = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        let passed = text.as_bytes().get(counted..position).unwrap_or_default();
        line = line
            .saturating_add(u32::try_from(memchr::memchr_iter(b'\n', passed).count()).unwrap_or(u32::MAX));
        counted = position.max(counted);
        let event = reader.read_event();
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        let taken = match event {
            Ok(Event::Start(start)) => builder.open(&start, line, position),
            Ok(Event::Empty(start)) => builder.open(&start, line, position).and_then(|()| builder.close(end)),
            Ok(Event::End(_)) => builder.close(end),
            Ok(Event::Text(t)) => builder.text(&t.into_inner(), line),
            Ok(Event::CData(t)) => builder.text(&t.into_inner(), line),
            Ok(Event::GeneralRef(r)) => builder.reference(&r.into_inner(), line),
            Ok(Event::Eof) => break,
            Ok(_) => Ok(()),
            Err(e) => {
                Err(format!("is broken XML: {}; give the file as it was exported", shown(&e.to_string())))
            }
        };
        taken.map_err(|problem| at(line, problem))?;
    }
    builder.finish().map_err(|problem| at(line, problem))
}

/// A text as it may be kept and shown: cut, without anything that steers a terminal.
fn shown(text: &str) -> String {
    let plain = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().filter(plain).take(TEXT).collect::<String>().trim().to_owned()
}

/// Where the parser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// an element that only holds others
    Outer,
    /// nothing below it counts
    Skip,
    Metadata,
    /// the embedded package; where its text begins
    Assembly(usize),
    Prerequisites,
    Clause,
    Bundled,
    /// updates that this one supersedes
    Others,
    Title,
    Kb,
    Section(SectionKind),
    /// an operator by its place in the arena
    Expression(SectionKind, u32),
}

struct Builder<'a> {
    file: Arc<str>,
    source: &'a str,
    documents: Vec<RuleDocument>,
    current: RuleDocument,
    /// anything of an update was seen in the current document
    begun: bool,
    frames: Vec<Frame>,
    /// prefix, family, and the depth at which it was bound
    bindings: Vec<(String, Family, usize)>,
    operators: usize,
    members: usize,
    text: String,
}

impl<'a> Builder<'a> {
    fn new(file: &str, source: &'a str) -> Self {
        let file: Arc<str> = Arc::from(file);
        Self {
            current: RuleDocument { file: Arc::clone(&file), line: 1, ..RuleDocument::default() },
            file,
            source,
            documents: Vec::new(),
            begun: false,
            frames: Vec::new(),
            bindings: Vec::new(),
            operators: 0,
            members: 0,
            text: String::new(),
        }
    }

    /// The family and local name of an element: by its namespace where its prefix is bound, else by the short prefix
    /// of fragments.
    fn named<'n>(&self, written: &'n str) -> (Family, &'n str) {
        let bound = |prefix: &str| self.bindings.iter().rev().find(|(p, ..)| p == prefix).map(|(_, f, _)| *f);
        if let Some((prefix, local)) = written.split_once(':') {
            return (bound(prefix).unwrap_or_else(|| short(prefix)), local);
        }
        if let Some((prefix, local)) = written.split_once('.') {
            return (short(prefix), local);
        }
        (bound("").unwrap_or(Family::Any), written)
    }

    fn open(&mut self, start: &BytesStart, line: u32, position: usize) -> Result<(), String> {
        if self.frames.len() >= DEPTH {
            return Err(format!("is nested more than {DEPTH} levels deep; no rules of Windows Update are"));
        }
        let top = self.frames.last().copied().unwrap_or(Frame::Outer);
        // the embedded package may have hundreds of thousands of elements: none is looked at
        if matches!(top, Frame::Skip | Frame::Assembly(_)) {
            self.frames.push(Frame::Skip);
            return Ok(());
        }
        let mut attributes: Vec<(String, Option<String>)> = Vec::new();
        for (count, a) in start.attributes().with_checks(false).enumerate() {
            if count >= ATTRIBUTES {
                return Err(format!(
                    "has an element with more than {ATTRIBUTES} attributes; no rules of Windows Update have"
                ));
            }
            let Ok(a) = a else {
                attributes.push(("attributes".to_owned(), None));
                break;
            };
            let value = unescape(&a.value).ok().map(|v| v.into_owned());
            let key = a.key.0;
            if key == "xmlns" || key.starts_with("xmlns:") {
                let prefix = key.strip_prefix("xmlns:").unwrap_or_default();
                if self.bindings.len() >= BINDINGS {
                    return Err(format!(
                        "binds more than {BINDINGS} prefixes; no rules of Windows Update do"
                    ));
                }
                self.bindings.push((
                    prefix.to_owned(),
                    family(&value.unwrap_or_default()),
                    self.frames.len(),
                ));
            } else if !key.starts_with("xsi:") {
                let local = key.rsplit(':').next().unwrap_or(key);
                attributes.push((shown(local), value.map(|v| shown(&v))));
            }
        }
        let written = shown(start.name().0);
        let (family, name) = self.named(&written);
        let frame = match top {
            Frame::Section(kind) => self.operator(kind, 0, family, name, &written, attributes, line)?,
            Frame::Expression(kind, parent) => {
                self.operator(kind, parent, family, name, &written, attributes, line)?
            }
            Frame::Metadata if name == "assembly" && self.current.assembly.is_none() => {
                Frame::Assembly(position)
            }
            Frame::Metadata => Frame::Metadata,
            Frame::Prerequisites | Frame::Clause | Frame::Bundled | Frame::Others => {
                self.related(top, name, &attributes)?
            }
            Frame::Title | Frame::Kb => Frame::Skip,
            // what belongs to somebody else
            Frame::Outer
                if matches!(family, Family::Foreign | Family::Base | Family::Msi | Family::Driver) =>
            {
                Frame::Skip
            }
            Frame::Outer => self.outer(name, &attributes, line)?,
            Frame::Skip | Frame::Assembly(_) => Frame::Skip,
        };
        self.frames.push(frame);
        Ok(())
    }

    fn outer(
        &mut self,
        name: &str,
        attributes: &[(String, Option<String>)],
        line: u32,
    ) -> Result<Frame, String> {
        let get = |wanted: &str| {
            attributes
                .iter()
                .find(|(n, _)| n == wanted)
                .and_then(|(_, v)| v.clone())
                .filter(|v| !v.is_empty())
        };
        Ok(match name {
            "Update" => {
                self.next(line)?;
                Frame::Outer
            }
            "UpdateIdentity" => {
                // a fragment begins with its identity
                if self.current.update.is_some() || !self.current.is_empty() {
                    self.next(line)?;
                }
                if !self.begun {
                    self.current.line = line;
                }
                self.begun = true;
                self.current.update = get("UpdateID").map(|g| g.to_ascii_lowercase());
                self.current.revision = get("RevisionNumber").and_then(|n| n.parse().ok());
                Frame::Skip
            }
            "Properties" => {
                self.current.update_type = get("UpdateType").or(self.current.update_type.take());
                Frame::Outer
            }
            "Prerequisites" => Frame::Prerequisites,
            "BundledUpdates" => Frame::Bundled,
            "SupersededUpdates" => Frame::Others,
            "Title" => {
                self.text.clear();
                Frame::Title
            }
            "KBArticleID" => {
                self.text.clear();
                Frame::Kb
            }
            "Metadata" => Frame::Metadata,
            "HandlerSpecificData" | "Files" => Frame::Skip,
            _ => match SectionKind::ALL.into_iter().find(|k| k.name() == name) {
                Some(kind) => self.section(kind, line),
                None => Frame::Outer,
            },
        })
    }

    fn section(&mut self, kind: SectionKind, line: u32) -> Frame {
        if !self.begun {
            self.current.line = line;
        }
        self.begun = true;
        let slot = slot(&mut self.current, kind);
        match slot {
            // which of the two counts is not known
            Some(section) => {
                if let Some(root) = section.nodes.first_mut() {
                    root.operator = Operator::Other("the section is stated twice".into());
                }
                Frame::Skip
            }
            None => {
                let root = Node {
                    operator: Operator::And,
                    written: kind.name().to_owned(),
                    parent: 0,
                    ordinal: 1,
                    line,
                };
                *slot = Some(Section { kind, nodes: vec![root], line });
                Frame::Section(kind)
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "all that an element has")]
    fn operator(
        &mut self,
        kind: SectionKind,
        parent: u32,
        family: Family,
        name: &str,
        written: &str,
        attributes: Vec<(String, Option<String>)>,
        line: u32,
    ) -> Result<Frame, String> {
        self.operators += 1;
        if self.operators > OPERATORS {
            return Err(format!("has more than {OPERATORS} operators; no rules of Windows Update have"));
        }
        let Some(section) = slot(&mut self.current, kind) else { return Ok(Frame::Skip) };
        let index = u32::try_from(section.nodes.len()).unwrap_or(u32::MAX);
        let Some(above) = section.nodes.get_mut(parent as usize) else { return Ok(Frame::Skip) };
        if !above.operator.is_logical() {
            if !matches!(above.operator, Operator::Other(_)) {
                above.operator = Operator::Other(format!("it holds {}", shown(written)));
            }
            return Ok(Frame::Skip);
        }
        let operator = operator::read(family, name, Attributes::new(attributes));
        if let Operator::Other(why) = &operator
            && self.current.remarks.len() < REMARKS
            && why != "this operator is not known"
        {
            self.current.remarks.push(format!("line {line}: {written}: {why}"));
        }
        let Some(section) = slot(&mut self.current, kind) else { return Ok(Frame::Skip) };
        section.nodes.push(Node { operator, written: written.to_owned(), parent, ordinal: 1, line });
        Ok(Frame::Expression(kind, index))
    }

    fn related(
        &mut self,
        top: Frame,
        name: &str,
        attributes: &[(String, Option<String>)],
    ) -> Result<Frame, String> {
        let get = |wanted: &str| attributes.iter().find(|(n, _)| n == wanted).and_then(|(_, v)| v.as_deref());
        self.members += 1;
        if self.members > PREREQUISITES {
            return Err(format!("names more than {PREREQUISITES} related updates; no update does"));
        }
        match (top, name) {
            (Frame::Prerequisites, "AtLeastOne") => {
                let category = get("IsCategory").is_some_and(|v| v == "true" || v == "1");
                self.current.prerequisites.push(PrerequisiteClause { any_of: Vec::new(), category });
                Ok(Frame::Clause)
            }
            (Frame::Prerequisites | Frame::Clause, "UpdateIdentity") => {
                // a member without a name is one of which nothing is known
                let guid = get("UpdateID").unwrap_or_default().to_ascii_lowercase();
                match (top, self.current.prerequisites.last_mut()) {
                    (Frame::Clause, Some(clause)) => clause.any_of.push(guid),
                    _ => self
                        .current
                        .prerequisites
                        .push(PrerequisiteClause { any_of: vec![guid], category: false }),
                }
                Ok(Frame::Skip)
            }
            (Frame::Bundled, "UpdateIdentity") => {
                self.current.bundles += 1;
                self.current.bundled.extend(get("UpdateID").map(str::to_ascii_lowercase));
                Ok(Frame::Skip)
            }
            (Frame::Bundled, _) => Ok(Frame::Bundled),
            _ => Ok(Frame::Skip),
        }
    }

    fn close(&mut self, end: usize) -> Result<(), String> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let depth = self.frames.len();
        while self.bindings.last().is_some_and(|(_, _, at)| *at >= depth) {
            self.bindings.pop();
        }
        match frame {
            Frame::Assembly(begin) => {
                let text = self.source.get(begin..end).unwrap_or_default();
                self.current.assembly = Some(Arc::from(text));
                if let Some((name, identity)) = identity(text) {
                    self.current.package_name = Some(name);
                    self.current.package = Some(identity);
                }
            }
            Frame::Title if self.current.title.is_none() => {
                self.current.title = Some(shown(&self.text)).filter(|t| !t.is_empty());
            }
            Frame::Kb if self.current.kbs.len() < REMARKS => {
                let kb = shown(&self.text);
                if !kb.is_empty() && kb.len() <= 20 {
                    self.current.kbs.push(kb);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, _line: u32) -> Result<(), String> {
        match self.frames.last() {
            Some(Frame::Title | Frame::Kb) if self.text.len() < TEXT => self.text.push_str(text),
            // a text among operators is no rule: what it was meant to be is not known
            Some(Frame::Section(kind) | Frame::Expression(kind, _)) if !text.trim().is_empty() => {
                let at = match self.frames.last() {
                    Some(Frame::Expression(_, at)) => *at,
                    _ => 0,
                };
                let (kind, why) = (
                    *kind,
                    format!("it holds the text `{}`", shown(text).chars().take(40).collect::<String>()),
                );
                if let Some(node) =
                    slot(&mut self.current, kind).as_mut().and_then(|s| s.nodes.get_mut(at as usize))
                {
                    node.operator = Operator::Other(why);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn reference(&mut self, name: &str, line: u32) -> Result<(), String> {
        let known = unescape(&format!("&{name};")).map(|t| t.into_owned());
        // entities of the document's own are not expanded
        self.text(known.as_deref().unwrap_or("?"), line)
    }

    /// Ends one document and begins the next.
    fn next(&mut self, line: u32) -> Result<(), String> {
        let fresh = RuleDocument { file: Arc::clone(&self.file), line, ..RuleDocument::default() };
        let done = std::mem::replace(&mut self.current, fresh);
        if std::mem::take(&mut self.begun) {
            if self.documents.len() >= DOCUMENTS {
                return Err(format!("has more than {DOCUMENTS} updates; split it"));
            }
            self.documents.push(settled(done));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<RuleDocument>, String> {
        if !self.frames.is_empty() {
            return Err("ends in the middle of an element; give the whole file".into());
        }
        if self.begun {
            let done = std::mem::take(&mut self.current);
            self.documents.push(settled(done));
        }
        if self.documents.is_empty() {
            return Err(
                "has no update and no applicability rule in it; give a core fragment, an upd:Update document or an IsInstallable element"
                    .into(),
            );
        }
        Ok(self.documents)
    }
}

fn slot(document: &mut RuleDocument, kind: SectionKind) -> &mut Option<Section> {
    match kind {
        SectionKind::IsInstalled => &mut document.installed,
        SectionKind::IsSuperseded => &mut document.superseded,
        SectionKind::IsInstallable => &mut document.installable,
    }
}

/// Gives operators their place among their likes, and takes what has too few or too many parts for not understood.
fn settled(mut document: RuleDocument) -> RuleDocument {
    for kind in SectionKind::ALL {
        let Some(section) = slot(&mut document, kind) else { continue };
        let mut parts = vec![0u32; section.nodes.len()];
        for i in 1..section.nodes.len() {
            let Some(parent) = section.nodes.get(i).map(|n| n.parent as usize) else { continue };
            let Some(count) = parts.get_mut(parent) else { continue };
            *count += 1;
            let ordinal = *count;
            if let Some(node) = section.nodes.get_mut(i) {
                node.ordinal = ordinal;
            }
        }
        for (node, parts) in section.nodes.iter_mut().zip(parts) {
            let why = match (&node.operator, parts) {
                (Operator::And | Operator::Or | Operator::Not, 0) => "it is empty",
                (Operator::Not, 2..) => "it has more than one part",
                _ => continue,
            };
            node.operator = Operator::Other(why.to_owned());
        }
    }
    document
}

/// The prefixes of fragments, and those that whole documents usually bind.
fn short(prefix: &str) -> Family {
    match prefix {
        "b" | "bar" => Family::Base,
        "m" | "mar" | "msiar" => Family::Msi,
        "d" | "drv" => Family::Driver,
        "l" | "lar" => Family::Logical,
        "upd" | "cbs" => Family::Update,
        _ => Family::Foreign,
    }
}

/// The family of a namespace, by the part of Microsoft's address that tells it.
fn family(uri: &str) -> Family {
    let plain = uri.trim().trim_start_matches("https://").trim_start_matches("http://");
    if !plain.starts_with("schemas.microsoft.com/msus/") && !plain.starts_with("schemas.microsoft.com/wsus/")
    {
        return Family::Foreign;
    }
    let last = plain.rsplit('/').next().unwrap_or_default();
    match last.strip_suffix(".xsd").unwrap_or(last) {
        "BaseApplicabilityRules" => Family::Base,
        "MsiApplicabilityRules" => Family::Msi,
        "LogicalApplicabilityRules" => Family::Logical,
        "WindowsDriver" => Family::Driver,
        _ => Family::Update,
    }
}

/// The identity of an embedded assembly: its first `assemblyIdentity`, as component-based servicing joins it.
fn identity(assembly: &str) -> Option<(String, PackageIdentity)> {
    let mut reader = Reader::from_str(assembly);
    // the identity stands right below the assembly
    for _ in 0..100 {
        let (Event::Start(start) | Event::Empty(start)) = (match reader.read_event().ok()? {
            Event::Eof => return None,
            event => event,
        }) else {
            continue;
        };
        if start.name().0.rsplit(':').next() != Some("assemblyIdentity") {
            continue;
        }
        let get = |wanted: &str| {
            let mut all = start.attributes();
            let value = all.with_checks(false).take(ATTRIBUTES).flatten().find(|a| a.key.0 == wanted)?;
            Some(shown(&unescape(&value.value).ok()?))
        };
        let language = get("language").filter(|l| !matches!(l.as_str(), "neutral" | "*")).unwrap_or_default();
        let name = format!(
            "{}~{}~{}~{language}~{}",
            get("name")?,
            get("publicKeyToken")?,
            get("processorArchitecture")?,
            get("version")?
        );
        let identity = PackageIdentity::parse(&name)?;
        return Some((name, identity));
    }
    None
}
