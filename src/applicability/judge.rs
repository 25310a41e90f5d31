//! Would Windows Update offer it? What the sections and the prerequisites of one document come to.

use super::document::{PrerequisiteClause, RuleDocument, SectionKind};
use super::evaluate::{Outcome, evaluate};
use super::facts::HostFacts;
use crate::model::Truth;
use std::collections::BTreeMap;

/// What Windows Update would make of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offer {
    /// it is there
    Installed,
    /// something that is there supersedes it
    Superseded,
    /// it does not fit the host
    NotInstallable,
    /// a prerequisite does not hold
    PrerequisiteMissing,
    /// it would be offered
    Offered,
    /// its own rules fit; its prerequisites are not known
    OfferedIfPrerequisites,
    /// the facts do not decide it
    Unknown,
    /// a detectoid or category: it holds of this host
    Holds,
    /// a detectoid or category: it does not hold of this host
    DoesNotHold,
}

impl Offer {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Superseded => "superseded",
            Self::NotInstallable => "not-installable",
            Self::PrerequisiteMissing => "prerequisite-missing",
            Self::Offered => "offered",
            Self::OfferedIfPrerequisites => "offered-if-prerequisites-hold",
            Self::Unknown => "unknown",
            Self::Holds => "holds",
            Self::DoesNotHold => "does-not-hold",
        }
    }
}

/// One clause of the prerequisites and whether it holds.
#[derive(Clone, Debug)]
pub struct PrerequisiteOutcome {
    /// the clause
    pub clause: PrerequisiteClause,
    /// any of its members is there
    pub truth: Truth,
}

/// What a rule document says of a host.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// is it there? none without that section
    pub installed: Option<Outcome>,
    /// is it superseded? none without that section
    pub superseded: Option<Outcome>,
    /// does it fit? none without that section
    pub installable: Option<Outcome>,
    /// clauses that are no categories
    pub prerequisites: Vec<PrerequisiteOutcome>,
    /// all together
    pub offer: Offer,
}

impl Judgement {
    /// A section's outcome.
    pub fn section(&self, kind: SectionKind) -> Option<&Outcome> {
        match kind {
            SectionKind::IsInstalled => self.installed.as_ref(),
            SectionKind::IsSuperseded => self.superseded.as_ref(),
            SectionKind::IsInstallable => self.installable.as_ref(),
        }
    }
}

/// Judges a document. `known` tells of a prerequisite, by its GUID in lower case, whether it is there.
///
/// An update is offered if it is not installed, not superseded, installable, and its prerequisites hold. A document
/// without `IsSuperseded` is not superseded by its own rules; what one without `IsInstallable` means is not documented.
pub fn judge(document: &RuleDocument, facts: &HostFacts<'_>, known: &dyn Fn(&str) -> Truth) -> Judgement {
    let of = |kind| document.section(kind).map(|s| evaluate(s, document, facts));
    let installed = of(SectionKind::IsInstalled);
    let superseded = of(SectionKind::IsSuperseded);
    let installable = of(SectionKind::IsInstallable);
    // products and classifications are no conditions of their own: the products' rules stand in the detectoids
    let prerequisites: Vec<PrerequisiteOutcome> = document
        .prerequisites
        .iter()
        .filter(|c| !c.category)
        .map(|clause| {
            let truth = clause.any_of.iter().map(|guid| known(guid)).max().unwrap_or(Truth::Unknown);
            PrerequisiteOutcome { clause: clause.clone(), truth }
        })
        .collect();
    let truth = |o: &Option<Outcome>| o.as_ref().map(|o| o.truth);
    let needed = prerequisites.iter().map(|p| p.truth).min().unwrap_or(Truth::True);
    let offer = if document.is_detection() {
        match truth(&installed).map(|t| t.min(needed)) {
            Some(Truth::True) => Offer::Holds,
            Some(Truth::False) => Offer::DoesNotHold,
            _ => Offer::Unknown,
        }
    } else if truth(&installed) == Some(Truth::True) {
        Offer::Installed
    } else if truth(&superseded) == Some(Truth::True) && truth(&installed) == Some(Truth::False) {
        Offer::Superseded
    } else if truth(&installable) == Some(Truth::False) {
        // whatever else: what does not fit and is not known to be there is not offered
        Offer::NotInstallable
    } else if needed == Truth::False && truth(&installed) == Some(Truth::False) {
        Offer::PrerequisiteMissing
    } else if truth(&installed) == Some(Truth::False)
        && truth(&superseded).unwrap_or(Truth::False) == Truth::False
        && truth(&installable) == Some(Truth::True)
    {
        if needed == Truth::True { Offer::Offered } else { Offer::OfferedIfPrerequisites }
    } else {
        Offer::Unknown
    };
    Judgement { installed, superseded, installable, prerequisites, offer }
}

/// What documents tell of being there, by GUID in lower case: detectoids and categories by their own rules and
/// prerequisites, updates by their `IsInstalled`. What prerequisites in circles say is not known.
pub fn prerequisites(documents: &[RuleDocument], facts: &HostFacts<'_>) -> BTreeMap<String, Truth> {
    /// Chains of detectoids are short.
    const ROUNDS: usize = 32;
    let own: Vec<(&str, &RuleDocument, Truth)> = documents
        .iter()
        .filter_map(|d| {
            let section = d.installed.as_ref()?;
            Some((d.update.as_deref()?, d, evaluate(section, d, facts).truth))
        })
        .collect();
    let mut known: BTreeMap<String, Truth> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let mut next: BTreeMap<String, Truth> = BTreeMap::new();
        for (guid, document, truth) in &own {
            let needed = document.prerequisites.iter().filter(|c| !c.category).map(|clause| {
                let members = clause.any_of.iter().map(|m| known.get(m).copied().unwrap_or(Truth::Unknown));
                members.max().unwrap_or(Truth::Unknown)
            });
            let needed =
                if document.is_detection() { needed.min().unwrap_or(Truth::True) } else { Truth::True };
            let value = (*truth).min(needed);
            // one identity in two documents that differ tells nothing
            match next.get_mut(*guid) {
                Some(other) if *other != value => *other = Truth::Unknown,
                Some(_) => {}
                None => {
                    next.insert((*guid).to_owned(), value);
                }
            }
        }
        if next == known {
            break;
        }
        known = next;
    }
    known
}
