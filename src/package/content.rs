//! What a package file holds: `.msu`, `.cab`, `.mum`. Archives are hostile until read: bounded, never unpacked to disk.

use super::{
    PackageName,
    mum::{self, Mum},
};
use crate::{
    archive::{
        ArchiveError, Budget, Limits,
        cabinet::{self, Cabinet, Entry},
        wim::{self, Wim},
    },
    inventory,
    model::{Architecture, KbId},
};
use std::io::{Read, Seek, SeekFrom};

/// The largest manifest: those of cumulative updates have up to 50 MB.
const MANIFEST: u32 = 128 << 20;
/// Manifests that are kept.
const MANIFESTS: usize = 8192;
/// The largest fragment of rules, and of all of them together.
const FRAGMENT: u32 = 64 << 20;
const FRAGMENTS: usize = 128 << 20;
/// The largest of the small texts beside a package.
const TEXT: u32 = 1 << 20;
/// How much of a file tells its kind.
const HEAD: u64 = 64 << 10;

/// What a package may cost: cumulative updates have hundreds of thousands of members and some GB.
pub const PACKAGE_LIMITS: Limits = Limits { members: 1_000_000, unpacked: 16 << 30, ratio: 20_000, depth: 3 };

/// What a package file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// update standalone package: a cabinet of cabinets
    Msu,
    /// update standalone package that is a Windows image (Windows 11 24H2 and later)
    MsuImage,
    /// a Windows image of another kind
    Image,
    /// a package in a cabinet
    Cab,
    /// the manifest alone
    Mum,
}

impl FileKind {
    /// What it is, in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Msu => "update package (.msu)",
            Self::MsuImage => "update package (.msu) in the form of a Windows image",
            Self::Image => "Windows image (.wim)",
            Self::Cab => "package in a cabinet (.cab)",
            Self::Mum => "package manifest (.mum)",
        }
    }
}

/// Something and the members that lead to it: `Windows8.1-KB3172614-x64.cab > update.mum`; empty for the file itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// members, outermost first
    pub place: String,
    /// what is there
    pub value: T,
}

/// What a package file holds.
#[derive(Clone, Debug)]
pub struct PackageContent {
    /// the file as the user named it, fit to be shown
    pub file: String,
    /// what it is
    pub kind: FileKind,
    /// what its name tells
    pub name: PackageName,
    /// manifest of the package
    pub main: Option<Placed<Mum>>,
    /// other manifests: its parts, packages beside it
    pub others: Vec<Placed<Mum>>,
    /// `Key="Value"` of `-pkgProperties.txt`, for information only
    pub properties: Vec<(String, String)>,
    /// rules of Windows Update that come with it (core fragments of `WSUSSCAN.cab`)
    pub rules: Vec<Placed<Vec<u8>>>,
    /// members that are files, over all cabinets that were opened
    pub members: u64,
    /// what a Windows image tells
    pub image: Option<Wim>,
    /// what is odd or was left out
    pub remarks: Vec<String>,
}

/// A file that is no package, or is damaged: one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ContentError {
    /// the file, fit to be shown
    pub file: String,
    /// members that lead there, byte, what is wrong, what to do
    pub problem: String,
    /// it is a file of another kind, not a damaged package
    pub foreign: bool,
}

impl PackageContent {
    /// The update that it is of: by its manifest, its properties, its name.
    pub fn kb(&self) -> Option<KbId> {
        let stated = |name: &str| self.property(name).and_then(|v| v.parse().ok());
        let main = self.main.as_ref().and_then(|m| m.value.kb);
        main.or_else(|| stated("KB Article Number")).or(self.name.kb)
    }

    /// A property by its name in any case.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Products that its properties name.
    pub fn products(&self) -> Vec<String> {
        let named = self.property("ApplicabilityInfo").or_else(|| self.property("Applies to")).unwrap_or("");
        named.split(';').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).take(64).collect()
    }

    /// Architecture of the systems that it is for.
    pub fn architecture(&self) -> Option<Architecture> {
        let main = self.main.as_ref().and_then(|m| m.value.identity.machine());
        main.or_else(|| self.property("Processor Architecture").and_then(|a| a.parse().ok()))
            .or(self.name.architecture)
    }

    /// Language that it is for; none for all.
    pub fn language(&self) -> Option<&str> {
        let main = self.main.as_ref().map(|m| m.value.identity.culture.as_str());
        let stated = self.property("Language");
        main.or(stated).filter(|l| {
            !l.is_empty() && !["all", "neutral", "all languages"].contains(&l.to_ascii_lowercase().as_str())
        })
    }

    /// The manifests of the packages that it consists of, as far as they are in the file.
    pub fn parts(&self) -> Vec<&Mum> {
        self.others.iter().map(|m| &m.value).collect()
    }

    /// Servicing stacks that come with it.
    pub fn stacks(&self) -> impl Iterator<Item = &Placed<Mum>> {
        self.others.iter().filter(|m| is_stack(&m.value))
    }
}

fn is_stack(mum: &Mum) -> bool {
    mum.identity.name.starts_with("Package_for_ServicingStack")
}

/// Text as it may be shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| *c != '\t' && !crate::model::steers(*c)).take(300).collect()
}

/// Reads a package file; `name` is shown. The file is told by its content, not by its name.
///
/// # Errors
/// It is no package, is damaged, or breaks a limit.
pub fn read<R: Read + Seek>(
    mut reader: R,
    name: &str,
    limits: Limits,
) -> Result<PackageContent, ContentError> {
    let refused = |problem: String| ContentError { file: shown(name), problem, foreign: false };
    let unreadable = |e: std::io::Error| refused(format!("cannot be read: {e}"));
    let mut head = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let budget = Budget::new(limits);
    let mut content = PackageContent {
        file: shown(name),
        kind: FileKind::Cab,
        name: PackageName::parse(name),
        main: None,
        others: Vec::new(),
        properties: Vec::new(),
        rules: Vec::new(),
        members: 0,
        image: None,
        remarks: Vec::new(),
    };
    let text = || inventory::decode(&head);
    if cabinet::is_cabinet(&head) {
        let mut found = Found::default();
        let cabinet = Cabinet::open_file(&mut reader as &mut dyn ReadSeek, &budget);
        let cabinet = cabinet.map_err(|e| refused(e.to_string()))?;
        let has = |name: &str| cabinet.members().iter().any(|m| m.name.eq_ignore_ascii_case(name));
        if has("index.xml") && has("package.cab") {
            let problem =
                "is Windows Update's offline catalog, not a package: `kbwhy catalog import` reads it";
            return Err(ContentError { foreign: true, ..refused(problem.to_owned()) });
        }
        found.cabinet(cabinet, &budget, false).map_err(|e| refused(e.to_string()))?;
        found.tell(&mut content);
        content.kind = if found.is_msu { FileKind::Msu } else { FileKind::Cab };
    } else if wim::is_wim(&head) {
        let image = wim::read(&mut reader, &budget).map_err(|e| refused(e.to_string()))?;
        let msu = name.to_ascii_lowercase().ends_with(".msu");
        content.kind = if msu { FileKind::MsuImage } else { FileKind::Image };
        content.image = Some(image);
        content.remarks.push(
            "a Windows image: its packages are packed in a way that is not read; what it is, its file name tells"
                .to_owned(),
        );
    } else if mum::is_mum(&text()) {
        let mut bytes = Vec::new();
        reader.take(u64::from(MANIFEST) + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MANIFEST.into() {
            return Err(refused(format!("is larger than {} MB, more than any manifest", MANIFEST >> 20)));
        }
        let mum = mum::parse(&inventory::decode(&bytes)).map_err(|e| refused(e.to_string()))?;
        content.kind = FileKind::Mum;
        content.main = Some(Placed { place: String::new(), value: mum });
    } else {
        return Err(ContentError { foreign: !head.is_empty(), ..refused(what_it_is(&head).to_owned()) });
    }
    remark(&mut content);
    Ok(content)
}

/// What a file is that is no package, and what to do.
fn what_it_is(head: &[u8]) -> &'static str {
    match head {
        [] => "is empty: download it again",
        [b'M', b'Z', ..] => {
            "is a program, not a package: extract it first (most take /extract:FOLDER or /x:FOLDER), then give the .msu, .cab or .msp inside"
        }
        [b'P', b'K', 3, 4, ..] => "is a zip archive: unpack it and give the .msu or .cab inside",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            "is a Windows Installer file (.msi or .msp), which has no servicing manifest"
        }
        [b'P', b'A', b'3', b'0', ..] | [b'P', b'S', b'T', b'R', ..] => {
            "holds deltas only (.psf): give the .msu or .cab that belongs to it"
        }
        [b'<', ..] => "is no package: neither a cabinet (.msu, .cab) nor a package manifest (.mum)",
        _ => "is no package: it begins as no .msu, .cab or .mum does; was the download cut or blocked?",
    }
}

fn remark(content: &mut PackageContent) {
    let mut remarks = Vec::new();
    if let Some(Placed { place, value: mum }) = &content.main {
        let file = if place.is_empty() { "the manifest" } else { place };
        if let Some(at) = mum.cut_at {
            let lacking = if mum.head_whole { "parts" } else { "parents and parts" };
            remarks.push(format!("{file} breaks off at byte {at}: further {lacking} may be missing"));
        }
        if let (Some(named), Some(kb)) = (content.name.kb, mum.kb)
            && named != kb
        {
            remarks.push(format!("the file's name says {named}, its manifest {kb}"));
        }
        let by_name = content.name.architecture;
        if let (Some(named), Some(is)) = (by_name, mum.identity.machine())
            && named != is
        {
            remarks.push(format!("the file's name says {named}, its manifest {is}"));
        }
    } else if matches!(content.kind, FileKind::Msu | FileKind::Cab) {
        remarks.push("no package manifest (update.mum) is in it".to_owned());
    }
    content.remarks.extend(remarks);
}

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// What was found in cabinets so far.
#[derive(Default)]
struct Found {
    mums: Vec<(u8, Placed<Mum>)>,
    properties: Vec<(String, String)>,
    rules: Vec<Placed<Vec<u8>>>,
    rule_bytes: usize,
    members: u64,
    is_msu: bool,
    /// cabinets of files that were not opened, and manifests that were not kept
    closed: u64,
    left_out: u64,
    unread: Vec<String>,
}

impl Found {
    /// Goes through a cabinet once, and through those in it that matter. `scan`: it is of Windows Update's metadata.
    fn cabinet<R: Read>(
        &mut self,
        mut cabinet: Cabinet<R>,
        budget: &Budget,
        scan: bool,
    ) -> Result<(), ArchiveError> {
        let outermost = budget.place().is_empty();
        let level = u8::try_from(budget.place().matches(" > ").count()).unwrap_or(u8::MAX);
        let level = if outermost { 0 } else { level.saturating_add(1) };
        self.members += cabinet.members().len() as u64;
        while let Some(mut member) = cabinet.next_member()? {
            let name = member.name().to_owned();
            let lower = name.to_ascii_lowercase();
            let file = lower.rsplit('/').next().unwrap_or(&lower);
            let place = || {
                let above = budget.place();
                if above.is_empty() { name.clone() } else { format!("{above} > {name}") }
            };
            if file.ends_with(".cab") {
                // the files of a cumulative update: no manifest of the package itself is in them
                if !outermost && !scan && file.starts_with("cab_") {
                    self.closed += 1;
                    continue;
                }
                let metadata = scan || file == "wsusscan.cab";
                self.is_msu |= outermost && metadata;
                let within = budget.within(&name)?;
                let inner = Cabinet::open(&mut member as &mut dyn Read, &within)?;
                self.cabinet(inner, &within, metadata)?;
            } else if file.ends_with(".mum") {
                if self.mums.len() >= MANIFESTS {
                    self.left_out += 1;
                    continue;
                }
                let text = inventory::decode(&member.read_all(MANIFEST)?);
                match mum::parse(&text) {
                    Ok(value) => {
                        // the manifest of the package itself comes before those of its parts
                        let rank = u8::from(file != "update.mum") * 2 + u8::from(is_stack(&value));
                        self.mums.push((
                            rank.saturating_mul(16).saturating_add(level),
                            Placed { place: place(), value },
                        ));
                    }
                    Err(e) => self.unread.push(format!("{}, {e}", place())),
                }
            } else if outermost && file.ends_with("pkgproperties.txt") {
                self.properties = properties(&inventory::decode(&member.read_all(TEXT)?));
            } else if scan && file != "package.xml" {
                self.rule(&mut member, place())?;
            }
        }
        Ok(())
    }

    /// Keeps a core fragment: those alone begin with an identity and may have rules.
    fn rule<R: Read>(&mut self, member: &mut Entry<'_, R>, place: String) -> Result<(), ArchiveError> {
        let folders: Vec<&str> = place.rsplit(" > ").next().unwrap_or("").split('/').collect();
        let core = folders.len() > 1 && folders.iter().any(|f| matches!(*f, "c" | "core"));
        if !core {
            return Ok(());
        }
        let size = usize::try_from(member.member().size).unwrap_or(usize::MAX);
        if member.member().size > FRAGMENT || self.rule_bytes.saturating_add(size) > FRAGMENTS {
            self.left_out += 1;
            return Ok(());
        }
        self.rule_bytes += size;
        self.rules.push(Placed { place, value: member.read_all(FRAGMENT)? });
        Ok(())
    }

    fn tell(&mut self, content: &mut PackageContent) {
        // the first of equals: the order of the file
        self.mums.sort_by_key(|(rank, _)| *rank);
        let mut mums = std::mem::take(&mut self.mums).into_iter().map(|(_, m)| m);
        content.main = mums.next();
        content.others = mums.collect();
        content.properties = std::mem::take(&mut self.properties);
        content.rules = std::mem::take(&mut self.rules);
        content.members = self.members;
        let mut remark = |n: u64, one: &str, many: &str| match n {
            0 => {}
            1 => content.remarks.push(format!("1 {one}")),
            n => content.remarks.push(format!("{n} {many}")),
        };
        remark(self.closed, "cabinet of files was not opened", "cabinets of files were not opened");
        remark(self.left_out, "member beyond a limit was not read", "members beyond a limit were not read");
        content.remarks.extend(self.unread.drain(..).take(5));
    }
}

/// `Key="Value"`, a line each.
fn properties(text: &str) -> Vec<(String, String)> {
    let line = |l: &str| {
        let (key, value) = l.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (!key.trim().is_empty()).then(|| (shown(key.trim()), shown(value)))
    };
    text.lines().take(200).filter_map(line).collect()
}
