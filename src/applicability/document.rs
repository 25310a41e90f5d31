//! One update's rules: sections of expressions in arenas, prerequisites, and the package that the metadata embeds.

use super::operator::Operator;
use crate::package::PackageIdentity;
use std::sync::Arc;

/// The sections of a rule document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// is this very update there?
    IsInstalled,
    /// is something there that supersedes it?
    IsSuperseded,
    /// does it fit this host?
    IsInstallable,
}

impl SectionKind {
    /// Every section, in the order in which they are asked.
    pub const ALL: [Self; 3] = [Self::IsInstalled, Self::IsSuperseded, Self::IsInstallable];
    /// The element's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IsInstalled => "IsInstalled",
            Self::IsSuperseded => "IsSuperseded",
            Self::IsInstallable => "IsInstallable",
        }
    }
}

/// One operator of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// what it asks
    pub operator: Operator,
    /// its name as the document writes it
    pub written: String,
    /// the operator that it is a part of; the first node of a section is its own
    pub parent: u32,
    /// its place among the parts of that operator, from 1
    pub ordinal: u32,
    /// line, counted from 1
    pub line: u32,
}

/// A section: a tree in an arena, each operator before its parts. The first node stands for all expressions together.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// which one
    pub kind: SectionKind,
    /// operators in the document's order
    pub nodes: Vec<Node>,
    /// line of its element
    pub line: u32,
}

impl Section {
    /// Where an operator stands: `IsInstallable/And/Or[2]/DeviceAttribute[3]`.
    pub fn path(&self, node: usize) -> String {
        const DEEPEST: usize = 12;
        let mut names = Vec::new();
        let mut at = node;
        while at != 0 && names.len() < DEEPEST {
            let Some(n) = self.nodes.get(at) else { break };
            names.push(match n.ordinal {
                1 => n.written.clone(),
                k => format!("{}[{k}]", n.written),
            });
            at = n.parent as usize;
        }
        names.push(if at == 0 { self.kind.name().to_owned() } else { "...".to_owned() });
        names.reverse();
        names.join("/")
    }
}

/// One clause of the prerequisites: any of these updates will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrerequisiteClause {
    /// updates by GUID, in lower case
    pub any_of: Vec<String>,
    /// names products and classifications, says the document
    pub category: bool,
}

/// The rules of one update.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleDocument {
    /// the file
    pub file: Arc<str>,
    /// line at which it begins, counted from 1
    pub line: u32,
    /// the update's GUID, in lower case
    pub update: Option<String>,
    /// its revision number
    pub revision: Option<u32>,
    /// `Software`, `Detectoid`, `Category`, `Driver`
    pub update_type: Option<String>,
    /// title, where the document has it
    pub title: Option<String>,
    /// KB numbers, where the document has them
    pub kbs: Vec<String>,
    /// all of these clauses
    pub prerequisites: Vec<PrerequisiteClause>,
    /// it is a bundle of this many updates
    pub bundles: u32,
    /// the updates that it bundles, by GUID in lower case
    pub bundled: Vec<String>,
    /// the bundle that brings it, by GUID in lower case, where it was put together with that
    pub bundle: Option<String>,
    /// is it there?
    pub installed: Option<Section>,
    /// is it superseded?
    pub superseded: Option<Section>,
    /// does it fit?
    pub installable: Option<Section>,
    /// identity of the servicing package that the metadata embeds
    pub package: Option<PackageIdentity>,
    /// the same as it is written in lists
    pub package_name: Option<String>,
    /// the embedded assembly, as it stands in the file
    pub assembly: Option<Arc<str>>,
    /// what was odd
    pub remarks: Vec<String>,
}

impl RuleDocument {
    /// A section, if the document has it.
    pub fn section(&self, kind: SectionKind) -> Option<&Section> {
        match kind {
            SectionKind::IsInstalled => self.installed.as_ref(),
            SectionKind::IsSuperseded => self.superseded.as_ref(),
            SectionKind::IsInstallable => self.installable.as_ref(),
        }
    }
    /// It has no rule at all.
    pub fn is_empty(&self) -> bool {
        self.installed.is_none() && self.superseded.is_none() && self.installable.is_none()
    }
    /// It only tells of the host: a detectoid or category, which is never installed.
    pub fn is_detection(&self) -> bool {
        matches!(self.update_type.as_deref(), Some("Detectoid" | "Category"))
    }
}
