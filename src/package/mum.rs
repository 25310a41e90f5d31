//! Package manifests (`update.mum`), and the same where Windows Update's metadata embeds them.

use super::PackageIdentity;
use crate::model::{KbId, Version};
use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

/// Parents, children: more than any package has.
const MANY: usize = 65_536;
/// Elements within elements.
const DEPTH: usize = 256;

/// How a part of a version is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// equal
    Equal,
    /// greater or equal
    AtLeast,
}

/// Packages of which one must be there (`parent`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentGroup {
    /// the packages; any one of them will do
    pub any_of: Vec<PackageIdentity>,
    /// how the third part of their version is compared (`buildCompare`); none if it is not said
    pub build: Option<Compare>,
    /// how the fourth part is compared (`revisionCompare`)
    pub revision: Option<Compare>,
    /// `serviceCompare`
    pub service: Option<Compare>,
    /// `detect` is a condition only
    pub disposition: Option<String>,
    /// `separate`, `standalone`, `hidden`, `delegate`
    pub integrate: Option<String>,
    /// it has conditions that no log explains: of absence, or of sets
    pub unusual: bool,
}

/// How the payload is packed (`customInformation`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// `PSFX`
    pub format: String,
    /// `ForwardOnly`: deltas against a baseline that must be there
    pub delta: Option<String>,
}

/// What a package manifest tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mum {
    /// the package
    pub identity: PackageIdentity,
    /// the update that it is of: its identifier, or the KB in its name
    pub kb: Option<KbId>,
    /// `Security Update`, `Update`, `Hotfix`, `Feature Pack`, `Language Pack`, …
    pub release_type: Option<String>,
    /// `possible`, `required`, `never`
    pub restart: Option<String>,
    /// file with the payload's deltas
    pub psf: Option<String>,
    /// what it is, in Microsoft's words
    pub description: Option<String>,
    /// its page
    pub support: Option<String>,
    /// its children are evaluated, too (`applicabilityEvaluation="deep"`)
    pub deep: bool,
    /// conditions; one package of any group must be there
    pub parents: Vec<ParentGroup>,
    /// servicing stack that it asks for; none for 6.0.0.0, which asks for nothing
    pub stack: Option<Version>,
    /// it says which servicing stack it asks for, be it none
    pub stack_stated: bool,
    /// packages that it consists of
    pub children: Vec<PackageIdentity>,
    /// name of a servicing stack that it brings: `Package_for_ServicingStack_5120`
    pub embedded_stack: Option<String>,
    /// how the payload is packed, where it says so
    pub payload: Option<Payload>,
    /// all of its parents and its demand for a servicing stack were read
    pub head_whole: bool,
    /// where it breaks off, in bytes: what comes after was not read
    pub cut_at: Option<u64>,
}

/// Text that is no package manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {problem}")]
pub struct MumError {
    /// bytes from the start
    pub at: u64,
    /// what is wrong
    pub problem: String,
}

/// Reads a manifest, or the first one that a fragment of metadata embeds; also fragments that were reduced to the bare
/// elements of one. What ends in the middle is read as far as it goes, see [`Mum::cut_at`].
///
/// ```
/// use kbwhy::package::mum;
/// let text = r#"<assembly xmlns="urn:schemas-microsoft-com:asm.v3">
///   <assemblyIdentity name="Package_for_RollupFix" version="14393.9140.1.19" language="neutral"
///     processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/>
///   <package identifier="KB5087537" releaseType="Security Update" restart="possible">
///     <installerAssembly name="Microsoft-Windows-ServicingStack" version="10.0.14393.7692"/>
///   </package>
/// </assembly>"#;
/// let mum = mum::parse(text)?;
/// assert_eq!(mum.kb, "KB5087537".parse().ok());
/// assert_eq!(mum.stack, "10.0.14393.7692".parse().ok());
/// # Ok::<(), mum::MumError>(())
/// ```
///
/// # Errors
/// It has no `assemblyIdentity` of a package.
pub fn parse(text: &str) -> Result<Mum, MumError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.check_comments = false;
    let mut seen = Seen::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                seen.element(&start);
                seen.open(&start);
            }
            Ok(Event::Empty(start)) => seen.element(&start),
            Ok(Event::End(_)) => seen.close(),
            Ok(Event::Eof) => {
                if !seen.path.is_empty() {
                    seen.cut_at.get_or_insert(text.len() as u64);
                }
                break;
            }
            Ok(_) => {}
            Err(_) => {
                seen.cut_at.get_or_insert(reader.error_position());
                break;
            }
        }
        if seen.full || seen.finished {
            if seen.full {
                seen.cut_at.get_or_insert(reader.buffer_position());
            }
            break;
        }
    }
    seen.mum()
}

/// Does a text that begins like this look like a manifest?
pub fn is_mum(head: &str) -> bool {
    head.trim_start_matches('\u{feff}').trim_start().starts_with('<')
        && head.contains("<assembly")
        && head.contains("urn:schemas-microsoft-com:asm.v3")
}

/// The elements that others are told by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// none: above the outermost element
    Outside,
    Assembly,
    Package,
    Parent,
    Update,
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "assembly" => Self::Assembly,
            "package" => Self::Package,
            "parent" => Self::Parent,
            "update" => Self::Update,
            _ => Self::Other,
        }
    }
    /// Below it stand the elements of the manifest itself; bare ones in a fragment that was reduced.
    fn is_top(self) -> bool {
        matches!(self, Self::Assembly | Self::Outside)
    }
}

#[derive(Default)]
struct Seen {
    path: Vec<Kind>,
    identity: Option<PackageIdentity>,
    /// the identity is a bare one, outside of `assembly`
    bare: bool,
    package: Vec<(String, String)>,
    about: Vec<(String, String)>,
    parents: Vec<ParentGroup>,
    stack: Option<Version>,
    stack_stated: bool,
    children: Vec<PackageIdentity>,
    embedded_stack: Option<String>,
    payload: Option<Payload>,
    head_whole: bool,
    full: bool,
    finished: bool,
    cut_at: Option<u64>,
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| *c != '\t' && !crate::model::steers(*c)).take(300).collect()
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Attributes by their names without prefix.
fn attributes(start: &BytesStart<'_>) -> Vec<(String, String)> {
    let mut all = start.attributes();
    all.with_checks(false)
        .take(64)
        .flatten()
        .map(|a| {
            let value = unescape(&a.value).map_or_else(|_| a.value.to_string(), |v| v.into_owned());
            (local(a.key.0).to_owned(), clean(&value))
        })
        .collect()
}

fn of<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

fn compare(text: Option<&str>) -> Option<Compare> {
    match text {
        Some("EQ") => Some(Compare::Equal),
        Some("GE") => Some(Compare::AtLeast),
        _ => None,
    }
}

fn identity(a: &[(String, String)]) -> Option<PackageIdentity> {
    PackageIdentity::of_assembly(
        of(a, "name")?,
        of(a, "publicKeyToken").unwrap_or(""),
        of(a, "processorArchitecture").unwrap_or(""),
        of(a, "language").unwrap_or(""),
        of(a, "version")?,
    )
}

impl Seen {
    fn above(&self, n: usize) -> Kind {
        self.path.len().checked_sub(n).and_then(|i| self.path.get(i)).copied().unwrap_or(Kind::Outside)
    }

    fn open(&mut self, start: &BytesStart<'_>) {
        if self.path.len() >= DEPTH {
            self.full = true;
            return;
        }
        self.path.push(Kind::of(local(start.name().0)));
    }

    fn close(&mut self) {
        match self.path.pop() {
            // the parents and the demand for a servicing stack stand in the package itself
            Some(Kind::Package) if self.above(1).is_top() => self.head_whole = true,
            // a fragment may embed more than one: the first counts
            Some(Kind::Assembly) if self.identity.is_some() => self.finished = true,
            _ => {}
        }
    }

    fn element(&mut self, start: &BytesStart<'_>) {
        let name = start.name();
        let (parent, above) = (self.above(1), self.above(2));
        let top = parent.is_top();
        let in_package = parent == Kind::Package && above.is_top();
        match local(name.0) {
            "assembly" if self.identity.is_none() || self.bare => {
                (self.identity, self.bare) = (None, false);
                self.about = attributes(start);
            }
            "assemblyIdentity" if top && self.identity.is_none() => {
                self.identity = identity(&attributes(start));
                self.bare = parent == Kind::Outside;
            }
            "assemblyIdentity" if parent == Kind::Parent => self.parent(&attributes(start)),
            "assemblyIdentity" if parent == Kind::Package && above == Kind::Update => {
                let child = identity(&attributes(start));
                if self.children.len() < MANY {
                    self.children.extend(child);
                } else {
                    self.full = true;
                }
            }
            "package" if top => self.package = attributes(start),
            "parent" if in_package => {
                let a = attributes(start);
                let text = |name: &str| of(&a, name).map(str::to_owned);
                if self.parents.len() >= MANY {
                    self.full = true;
                    return;
                }
                self.parents.push(ParentGroup {
                    any_of: Vec::new(),
                    build: compare(of(&a, "buildCompare")),
                    revision: compare(of(&a, "revisionCompare")),
                    service: compare(of(&a, "serviceCompare")),
                    disposition: text("disposition"),
                    integrate: text("integrate"),
                    unusual: of(&a, "set").is_some() || of(&a, "exist").is_some_and(|e| e != "present"),
                });
            }
            "installerAssembly" if in_package || parent == Kind::Outside => {
                let a = attributes(start);
                let stack = of(&a, "name").is_some_and(|n| n == "Microsoft-Windows-ServicingStack");
                if let Some(version) = of(&a, "version").and_then(|v| v.parse().ok()).filter(|_| stack) {
                    self.stack_stated = true;
                    self.stack = Some(version).filter(|v| *v != Version([6, 0, 0, 0]));
                }
            }
            "update" if in_package || parent == Kind::Outside => {
                self.head_whole |= in_package;
                let a = attributes(start);
                let stack = of(&a, "name").filter(|n| n.starts_with("Package_for_ServicingStack"));
                if let Some(stack) = stack {
                    self.embedded_stack.get_or_insert_with(|| stack.to_owned());
                }
            }
            "customInformation" if in_package => {
                let a = attributes(start);
                let delta = of(&a, "PSFXDeltaFormat").map(str::to_owned);
                if let Some(format) = of(&a, "PackageFormat") {
                    self.payload = Some(Payload { format: format.to_owned(), delta });
                }
            }
            _ => {}
        }
    }

    fn parent(&mut self, a: &[(String, String)]) {
        let Some(group) = self.parents.last_mut() else { return };
        if group.any_of.len() >= MANY {
            self.full = true;
        } else if let Some(identity) = identity(a) {
            group.any_of.push(identity);
        } else {
            // a parent that cannot be read is one more that may do
            self.cut_at.get_or_insert(0);
        }
    }

    fn mum(self) -> Result<Mum, MumError> {
        let problem = "no package manifest: it has no assemblyIdentity of a package".to_owned();
        let at = self.cut_at.unwrap_or(0);
        let identity = self.identity.ok_or(MumError { at, problem })?;
        let text = |name: &str| of(&self.package, name).map(str::to_owned);
        let kb = of(&self.package, "identifier").and_then(|i| i.parse().ok()).or_else(|| identity.kb());
        let about = |name: &str| of(&self.about, name).map(str::to_owned);
        Ok(Mum {
            kb,
            release_type: text("releaseType"),
            restart: text("restart"),
            psf: text("psfName"),
            description: about("description"),
            support: about("supportInformation"),
            deep: of(&self.package, "applicabilityEvaluation").is_some_and(|e| e == "deep"),
            parents: self.parents,
            stack: self.stack,
            stack_stated: self.stack_stated,
            children: self.children,
            embedded_stack: self.embedded_stack,
            payload: self.payload,
            // a fragment that was reduced does not show what it leaves out
            head_whole: self.head_whole && !self.bare && self.cut_at != Some(0),
            cut_at: self.cut_at,
            identity,
        })
    }
}
