//! Packages of an update: leaves with what the bundle asks for that brings them, and what they come to together.

use super::document::RuleDocument;
use super::facts::HostFacts;
use super::judge::{Judgement, Offer, judge};
use crate::metadata::UpdateType;
use crate::model::{KbId, Truth};
use std::collections::{BTreeMap, BTreeSet};

/// An update that prerequisites name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedUpdate {
    /// its KBs, best founded first
    pub kbs: Vec<KbId>,
    /// its title
    pub title: Option<String>,
    /// what kind of thing it is, where that is known
    pub kind: Option<UpdateType>,
}

/// Rules of one KB, and what the prerequisites in them are called.
#[derive(Clone, Debug, Default)]
pub struct KnownRules {
    /// packages of the KB, and detectoids that they ask for
    pub documents: Vec<RuleDocument>,
    /// members of prerequisites, by GUID in lower case
    pub named: BTreeMap<String, NamedUpdate>,
}

impl KnownRules {
    /// Fragments of one package: what a bundle asks for is asked of what it brings.
    pub fn of_fragments(mut documents: Vec<RuleDocument>) -> Self {
        let mut of_leaf: BTreeMap<String, usize> = BTreeMap::new();
        for (at, d) in documents.iter().enumerate() {
            for leaf in d.update.iter().flat_map(|_| &d.bundled) {
                of_leaf.entry(leaf.clone()).or_insert(at);
            }
        }
        let above: Vec<Option<RuleDocument>> = documents
            .iter()
            .enumerate()
            .map(|(at, d)| {
                let bundle = *of_leaf.get(d.update.as_ref()?)?;
                if bundle == at { None } else { documents.get(bundle).cloned() }
            })
            .collect();
        for (d, bundle) in documents.iter_mut().zip(above) {
            if let Some(bundle) = bundle {
                d.prerequisites.extend(bundle.prerequisites);
                d.bundle = bundle.update;
                d.title = d.title.take().or(bundle.title);
            }
        }
        let named = documents.iter().filter_map(|d| {
            let kbs = d.kbs.iter().filter_map(|k| k.parse().ok()).collect();
            Some((d.update.clone()?, NamedUpdate { kbs, title: d.title.clone(), kind: None }))
        });
        Self { named: named.collect(), documents }
    }
}

/// Judges the updates among documents, one for each bundle or update without one: the document that stands for it, and
/// what all that it brings come to. Detectoids and what has no rule are left out.
pub fn packages<'d>(
    documents: &'d [RuleDocument],
    facts: &HostFacts<'_>,
    known: &dyn Fn(&str) -> Truth,
) -> Vec<(&'d RuleDocument, Judgement)> {
    let bundles: BTreeSet<&str> = documents.iter().filter_map(|d| d.bundle.as_deref()).collect();
    let mut together: BTreeMap<&str, Vec<(&RuleDocument, Judgement)>> = BTreeMap::new();
    let mut out = Vec::new();
    for d in documents.iter().filter(|d| !d.is_detection() && !d.is_empty()) {
        let own = d.update.as_deref().filter(|guid| bundles.contains(guid));
        let judged = (d, judge(d, facts, known));
        match d.bundle.as_deref().or(own) {
            Some(bundle) => together.entry(bundle).or_default().push(judged),
            None => out.push(judged),
        }
    }
    out.extend(together.into_values().filter_map(all_of));
    out
}

/// What the parts of a bundle come to: it is there if all are, and offered if none is refused or open. Whether parts are
/// alternatives or all belong to it, the metadata of the offline scan file does not tell: where they differ otherwise,
/// nothing is told.
fn all_of(mut parts: Vec<(&RuleDocument, Judgement)>) -> Option<(&RuleDocument, Judgement)> {
    let refused = |o: Offer| {
        matches!(
            o,
            Offer::Superseded | Offer::NotInstallable | Offer::PrerequisiteMissing | Offer::DoesNotHold
        )
    };
    let open = |o: Offer| matches!(o, Offer::Unknown | Offer::Holds);
    let (mut some_refused, mut some_there, mut some_offered, mut some_open) = (false, false, false, false);
    for (_, j) in &parts {
        some_refused |= refused(j.offer);
        some_there |= j.offer == Offer::Installed;
        some_offered |= matches!(j.offer, Offer::Offered | Offer::OfferedIfPrerequisites);
        some_open |= open(j.offer);
    }
    let telling = |o: Offer| match o {
        Offer::Unknown | Offer::Holds => 0,
        Offer::OfferedIfPrerequisites => 1,
        Offer::Offered => 2,
        Offer::NotInstallable => 3,
        Offer::Superseded | Offer::DoesNotHold => 4,
        Offer::PrerequisiteMissing => 5,
        Offer::Installed => 6,
    };
    let differ = some_refused && (some_there || some_offered) || some_open && parts.len() > 1;
    parts.sort_by_key(|(_, j)| telling(j.offer));
    let (document, mut judgement) = parts.into_iter().next()?;
    if differ {
        judgement.offer = Offer::Unknown;
    }
    Some((document, judgement))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{applicability::parse, model::Host};

    /// A bundle of parts with these rules: installed, installable.
    fn offer(parts: &[(bool, bool)]) -> Offer {
        let yes = |b: bool| if b { "<True/>" } else { "<False/>" };
        let mut text = String::from("<UpdateIdentity UpdateID='b'/><Relationships><BundledUpdates>");
        for n in 0..parts.len() {
            text += &format!("<UpdateIdentity UpdateID='P{n}'/>");
        }
        text += "</BundledUpdates></Relationships>";
        for (n, (installed, installable)) in parts.iter().enumerate() {
            text += &format!(
                "<UpdateIdentity UpdateID='p{n}'/><IsInstalled>{}</IsInstalled><IsInstallable>{}</IsInstallable>",
                yes(*installed),
                yes(*installable)
            );
        }
        let known = KnownRules::of_fragments(parse("f", &text).unwrap());
        let host = Host::default();
        let all = packages(&known.documents, &HostFacts::of(&host), &|_| Truth::Unknown);
        assert_eq!(all.len(), 1, "{text}");
        all[0].1.offer
    }

    #[test]
    fn a_bundle_is_there_only_with_all_its_parts() {
        assert_eq!(offer(&[(true, true), (true, false)]), Offer::Installed);
        // a servicing stack that is there beside the update itself
        assert_eq!(offer(&[(true, true), (false, true)]), Offer::Offered);
        assert_eq!(offer(&[(true, true), (false, false)]), Offer::Unknown);
        // alternatives, or parts that all belong to it: it is not told which
        assert_eq!(offer(&[(false, true), (false, false)]), Offer::Unknown);
        assert_eq!(offer(&[(false, false), (false, false)]), Offer::NotInstallable);
        assert_eq!(offer(&[(false, true)]), Offer::Offered);
    }
}
