//! Updates by GUID of Windows Update's metadata, in words.

use crate::{
    metadata::{
        Category, CategoryType, Deployment, IndexError, Member, MetadataIndex, Update, UpdateType, category,
    },
    model::KbId,
    report::{MetadataReport, ShowReport},
};
use std::collections::BTreeSet;

/// Most updates of one KB that are told; each is of its own product and architecture.
const MOST: usize = 60;

/// Adds what the metadata tells of an update to what is reported of it.
///
/// # Errors
/// The index is damaged.
pub fn add_metadata(report: &mut ShowReport, index: &MetadataIndex, kb: KbId) -> Result<(), IndexError> {
    let found = index.by_kb(kb)?;
    report.metadata_more = found.len().saturating_sub(MOST);
    for u in found.into_iter().take(MOST) {
        let prerequisites = index.prerequisites(u.guid)?;
        let clause = |members: &[Member]| {
            let names: Vec<String> = members.iter().take(6).map(name).collect();
            let more =
                if members.len() > 6 { format!(", or {} more", members.len() - 6) } else { String::new() };
            let any = if members.len() > 1 { "any of: " } else { "" };
            format!("{any}{}{more}", names.join(", "))
        };
        report.metadata.push(MetadataReport {
            guid: u.guid.to_string(),
            revision: u.revision,
            title: u.title.clone().unwrap_or_default(),
            facts: facts(&u),
            prerequisites: prerequisites.iter().map(|c| clause(&c.members)).collect(),
            supersedes: kbs(&index.supersedes(u.guid)?),
            superseded_by: kbs(&index.superseded_by(u.guid)?),
            superseded_by_unknown: u.superseded_elsewhere,
        });
    }
    Ok(())
}

fn name(m: &Member) -> String {
    let kb = m.kbs.first().map(ToString::to_string);
    match (kb, &m.title) {
        (Some(kb), _) => format!("{kb} ({})", m.guid),
        (None, Some(title)) => format!("{title} ({})", m.guid),
        (None, None) if m.kind == Some(UpdateType::Detectoid) => {
            format!("a probe of the system ({})", m.guid)
        }
        (None, None) => m.guid.to_string(),
    }
}

/// KBs, each once, then titles, then how many are known by their GUID alone.
fn kbs(members: &[Member]) -> Vec<String> {
    let kbs: BTreeSet<KbId> = members.iter().filter_map(|m| m.kbs.first()).copied().collect();
    let mut out: Vec<String> = kbs.iter().map(ToString::to_string).collect();
    let others = || members.iter().filter(|m| m.kbs.is_empty());
    out.extend(others().filter(|m| m.title.is_some()).map(name));
    let unknown: Vec<&Member> = others().filter(|m| m.title.is_none()).collect();
    match unknown[..] {
        [] => {}
        [one] => out.push(one.guid.to_string()),
        _ => out.push(format!("{} that are known by GUID alone", unknown.len())),
    }
    out
}

fn facts(u: &Update) -> Vec<String> {
    let kind = match u.kind {
        Some(UpdateType::Software) if u.bundle => "bundle",
        Some(UpdateType::Software) => "package",
        Some(UpdateType::Detectoid) => "probe of the system",
        Some(UpdateType::Category) => "category",
        Some(UpdateType::Driver) => "driver",
        None => "update",
    };
    let deployment = match u.deployment {
        Deployment::Offered => "offered",
        Deployment::Bundle => "only as part of a bundle",
        Deployment::Evaluate => "only evaluated",
        Deployment::Other => "deployed by a way that is not known",
    };
    let created = u.created.map(|d| format!(", this revision of {d}")).unwrap_or_default();
    let mut out = vec![format!("{kind}, {deployment}{created}")];
    for (words, kind) in
        [("classification", CategoryType::Classification), ("product", CategoryType::Product)]
    {
        // a fragment does not say which kind of category it names
        let kind_of = |c: &Category| match c.kind {
            CategoryType::Other => category(&c.guid).map_or(c.kind, |k| k.kind),
            stated => stated,
        };
        let of: Vec<&Category> = u.categories.iter().filter(|c| kind_of(c) == kind).collect();
        if !of.is_empty() {
            let names: Vec<String> = of
                .iter()
                .map(|c| category(&c.guid).map_or_else(|| c.guid.to_string(), |k| k.title.clone()))
                .collect();
            out.push(format!("{words}: {}", names.join(", ")));
        }
    }
    out
}
