//! Rules of one KB from the index of Windows Update metadata.

use super::document::{PrerequisiteClause, RuleDocument};
use super::parse::parse;
use crate::metadata::{AnyOf, IndexError, MetadataIndex, UpdateGuid, UpdateType};
use crate::model::KbId;
use std::collections::BTreeSet;

/// Packages of one KB that are read.
const PACKAGES: usize = 200;
/// Detectoids that are read, with those that they ask for themselves.
const DETECTOIDS: usize = 400;

/// The rules of a KB's packages, and those of the detectoids that they name: what [`super::judge`] asks for. Empty if the
/// index knows no rules of it.
///
/// # Errors
/// The index is damaged or cannot be read. Rules that cannot be read are left out.
pub fn documents_of(index: &MetadataIndex, kb: KbId) -> Result<Vec<RuleDocument>, IndexError> {
    let mut packages: BTreeSet<UpdateGuid> = BTreeSet::new();
    for update in index.by_kb(kb)? {
        packages.insert(update.guid);
        packages.extend(index.leaves(update.guid)?.into_iter().map(|m| m.guid));
    }
    let mut out = Vec::new();
    let mut asked: BTreeSet<UpdateGuid> = BTreeSet::new();
    for guid in packages.iter().take(PACKAGES) {
        out.extend(document(index, *guid, &mut asked)?);
    }
    if out.iter().all(RuleDocument::is_empty) {
        return Ok(Vec::new());
    }
    let mut read = packages;
    for _ in 0..DETECTOIDS {
        let Some(next) = asked.pop_first() else { break };
        if read.insert(next) {
            out.extend(document(index, next, &mut asked)?);
        }
    }
    Ok(out)
}

/// One update's rules with its prerequisites; the members of those are noted.
fn document(
    index: &MetadataIndex,
    guid: UpdateGuid,
    asked: &mut BTreeSet<UpdateGuid>,
) -> Result<Option<RuleDocument>, IndexError> {
    let Some(update) = index.update(guid)? else { return Ok(None) };
    let Some(rules) = index.rules(guid)? else { return Ok(None) };
    let file = format!("Windows Update metadata {guid}");
    let Some(mut document) = parse(&file, &rules.xml).ok().and_then(|mut all| all.pop()) else {
        return Ok(None);
    };
    document.update = Some(guid.to_string());
    document.revision = Some(rules.revision);
    document.title = update.title;
    document.kbs = update.kbs.iter().map(|(kb, _)| kb.number().to_string()).collect();
    let kind = match update.kind {
        Some(UpdateType::Detectoid) => Some("Detectoid"),
        Some(UpdateType::Category) => Some("Category"),
        Some(UpdateType::Driver) => Some("Driver"),
        Some(UpdateType::Software) => Some("Software"),
        None => None,
    };
    document.update_type = kind.map(str::to_owned);
    for AnyOf { members } in index.prerequisites(guid)? {
        asked.extend(members.iter().map(|m| m.guid));
        document.prerequisites.push(PrerequisiteClause {
            any_of: members.iter().map(|m| m.guid.to_string()).collect(),
            category: false,
        });
    }
    Ok(Some(document))
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
        let documents = documents_of(&index(), "KB5031001".parse().unwrap()).unwrap();
        assert_eq!(documents.len(), 2, "{documents:#?}");
        assert!(documents[1].is_detection());
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
        assert!(documents_of(&index(), "KB5031002".parse().unwrap()).unwrap().is_empty());
    }
}
