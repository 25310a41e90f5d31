//! Rules of one KB from the index of Windows Update metadata.

use super::bundle::{KnownRules, NamedUpdate};
use super::document::{PrerequisiteClause, RuleDocument};
use super::parse::parse;
use crate::metadata::{AnyOf, IndexError, Member, MetadataIndex, Update, UpdateGuid, UpdateType};
use crate::model::KbId;
use std::collections::BTreeSet;

/// Packages of one KB that are read.
const PACKAGES: usize = 200;
/// Detectoids that are read, with those that they ask for themselves.
const DETECTOIDS: usize = 400;

/// The rules of a KB's packages, what the bundles ask for that bring them, and the rules of the detectoids that they name,
/// as far as the index knows them: what [`super::packages`] asks for. Empty if the index does not know the KB.
///
/// # Errors
/// The index is damaged or cannot be read. Rules that cannot be read are left out.
pub fn documents_of(index: &MetadataIndex, kb: KbId) -> Result<KnownRules, IndexError> {
    let mut read = Reading { index, known: KnownRules::default(), asked: BTreeSet::new() };
    let mut done: BTreeSet<UpdateGuid> = BTreeSet::new();
    // bundles come first
    for update in index.by_kb(kb)?.into_iter().take(PACKAGES) {
        let mut leaves = index.leaves(update.guid)?;
        leaves.truncate(PACKAGES);
        for leaf in &leaves {
            if done.insert(leaf.guid) {
                read.document(leaf.guid, Some(&update))?;
            }
        }
        if done.insert(update.guid) {
            read.document(update.guid, None)?;
        }
    }
    for _ in 0..DETECTOIDS {
        let Some(next) = read.asked.pop_first() else { break };
        if done.insert(next) {
            read.detectoid(next)?;
        }
    }
    Ok(read.known)
}

struct Reading<'a> {
    index: &'a MetadataIndex,
    known: KnownRules,
    /// members of prerequisites whose rules are wanted
    asked: BTreeSet<UpdateGuid>,
}

impl Reading<'_> {
    /// One update's rules with its prerequisites and those of the bundle that brings it.
    fn document(&mut self, guid: UpdateGuid, bundle: Option<&Update>) -> Result<(), IndexError> {
        let Some(update) = self.index.update(guid)? else { return Ok(()) };
        let mut document = self.rules(guid)?.unwrap_or_default();
        describe(&mut document, &update);
        self.prerequisites(guid, &mut document)?;
        if let Some(bundle) = bundle {
            self.prerequisites(bundle.guid, &mut document)?;
            document.bundle = Some(bundle.guid.to_string());
            document.title = document.title.take().or_else(|| bundle.title.clone());
        }
        self.known.documents.push(document);
        Ok(())
    }

    /// What a prerequisite asks of the system: only if its rules are known is there anything to tell.
    fn detectoid(&mut self, guid: UpdateGuid) -> Result<(), IndexError> {
        let Some(mut document) = self.rules(guid)? else { return Ok(()) };
        let Some(update) = self.index.update(guid)? else { return Ok(()) };
        describe(&mut document, &update);
        self.prerequisites(guid, &mut document)?;
        self.known.documents.push(document);
        Ok(())
    }

    fn rules(&self, guid: UpdateGuid) -> Result<Option<RuleDocument>, IndexError> {
        let Some(rules) = self.index.rules(guid)? else { return Ok(None) };
        let file = format!("Windows Update metadata {guid}");
        let parsed = parse(&file, &rules.xml).ok().and_then(|mut all| all.pop());
        Ok(parsed.map(|d| RuleDocument { revision: Some(rules.revision), ..d }))
    }

    fn prerequisites(&mut self, guid: UpdateGuid, of: &mut RuleDocument) -> Result<(), IndexError> {
        for AnyOf { members } in self.index.prerequisites(guid)? {
            let any_of: Vec<String> = members.iter().map(|m| m.guid.to_string()).collect();
            if of.prerequisites.iter().any(|known| known.any_of == any_of) {
                continue;
            }
            of.prerequisites.push(PrerequisiteClause { any_of, category: false });
            for Member { guid, kbs, title, kind, .. } in members {
                self.asked.insert(guid);
                self.known.named.insert(guid.to_string(), NamedUpdate { kbs, title, kind });
            }
        }
        Ok(())
    }
}

fn describe(document: &mut RuleDocument, update: &Update) {
    if document.file.is_empty() {
        document.file = format!("Windows Update metadata {}", update.guid).into();
        document.line = 1;
    }
    document.update = Some(update.guid.to_string());
    document.revision = document.revision.or(Some(update.revision));
    document.title.clone_from(&update.title);
    document.kbs = update.kbs.iter().map(|(kb, _)| kb.number().to_string()).collect();
    let kind = match update.kind {
        Some(UpdateType::Detectoid) => Some("Detectoid"),
        Some(UpdateType::Category) => Some("Category"),
        Some(UpdateType::Driver) => Some("Driver"),
        Some(UpdateType::Software) => Some("Software"),
        None => None,
    };
    document.update_type = kind.map(str::to_owned);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::applicability::{HostFacts, Offer, judge, prerequisites};
    use crate::metadata::builder::{Builder, Draft};
    use crate::model::{Architecture, Fact, Host, Origin, Truth};
    use flate2::{Compression, write::DeflateEncoder};
    use std::io::Write;
    use std::sync::Arc;

    fn packed(text: &str) -> Vec<u8> {
        let mut out = DeflateEncoder::new(Vec::new(), Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    fn index() -> MetadataIndex {
        let mut b = Builder::default();
        let guid = |n: u128| UpdateGuid::from_u128(n);
        let (bundle, leaf, probe) =
            (b.guid(guid(1)).unwrap(), b.guid(guid(2)).unwrap(), b.guid(guid(3)).unwrap());
        let with_rules = |b: &mut Builder, text: &str| b.blob(&packed(text), text.len() as u64).unwrap();
        let articles = b.list(&[5_031_001]).unwrap();
        let bundles = b.list(&[leaf]).unwrap();
        b.push(Draft { bundle: true, related: true, articles, bundles, ..Draft::new(bundle) }).unwrap();
        let rules = with_rules(
            &mut b,
            "<ApplicabilityRules><IsInstalled><False/></IsInstalled><IsInstallable><True/></IsInstallable></ApplicabilityRules>",
        );
        let clauses = b.list(&[1, probe]).unwrap();
        b.push(Draft { rules, clauses, related: true, kind: Some(UpdateType::Software), ..Draft::new(leaf) })
            .unwrap();
        let rules = with_rules(
            &mut b,
            "<ApplicabilityRules><IsInstalled><b.Processor Architecture=\"9\"/></IsInstalled></ApplicabilityRules>",
        );
        b.push(Draft { rules, kind: Some(UpdateType::Detectoid), related: true, ..Draft::new(probe) })
            .unwrap();
        let bytes = b.finish().0.to_bytes();
        MetadataIndex::open(vec![Box::new(bytes)]).unwrap()
    }

    #[test]
    fn packages_of_a_kb_come_with_the_detectoids_that_they_name() {
        let documents = documents_of(&index(), "KB5031001".parse().unwrap()).unwrap().documents;
        // the leaf with what its bundle asks for, the bundle itself, the detectoid
        assert_eq!(documents.len(), 3, "{documents:#?}");
        assert_eq!(documents[0].bundle, documents[1].update);
        assert!(documents[1].is_empty() && documents[2].is_detection());
        let offer = |architecture: Option<Architecture>| {
            let origin = Origin::whole(&Arc::from("f"), "x");
            let host = Host { architecture: architecture.map(|a| Fact::new(a, origin)), ..Host::default() };
            let facts = HostFacts::of(&host);
            let there = prerequisites(&documents, &facts);
            judge(&documents[0], &facts, &|g| there.get(g).copied().unwrap_or(Truth::Unknown)).offer
        };
        assert_eq!(offer(Some(Architecture::X64)), Offer::Offered);
        assert_eq!(offer(Some(Architecture::X86)), Offer::PrerequisiteMissing);
        assert_eq!(offer(None), Offer::OfferedIfPrerequisites);
        assert!(documents_of(&index(), "KB5031002".parse().unwrap()).unwrap().documents.is_empty());
    }
}
