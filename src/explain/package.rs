//! What a package file tells, as a report.

use crate::{
    package::{
        content::PackageContent,
        mum::{Compare, ParentGroup},
    },
    report::{PackageReport, ParentReport},
};

/// Which versions of a parent will do.
pub(super) fn versions_words(group: &ParentGroup) -> &'static str {
    use Compare::{AtLeast, Equal};
    match (group.build, group.revision.or(group.service)) {
        (Some(AtLeast), Some(AtLeast)) => "this build and revision or later",
        (Some(AtLeast), Some(Equal)) => "this build or later, the same revision",
        (Some(AtLeast), None) => "this build or later",
        (Some(Equal), Some(Equal)) => "this version",
        (Some(Equal), Some(AtLeast)) => "this build, this revision or later",
        (Some(Equal), None) => "this build",
        (None, Some(AtLeast)) => "this revision or later",
        (None, Some(Equal)) => "this revision",
        (None, None) => "",
    }
}

/// Reports what a package file tells of itself.
pub fn package_report(content: &PackageContent) -> PackageReport {
    let mum = content.main.as_ref().map(|m| &m.value);
    let parent = |g: &ParentGroup| {
        let versions = versions_words(g);
        let report = |p: &crate::package::PackageIdentity| ParentReport {
            identity: p.to_string(),
            update: p.kb().map(|kb| kb.to_string()),
            versions: versions.to_owned(),
        };
        g.any_of.iter().map(report).collect::<Vec<_>>()
    };
    let mut stacks: Vec<String> = content
        .stacks()
        .filter_map(|m| m.value.identity.servicing_stack().map(|v| v.to_string()))
        .chain(mum.and_then(|m| m.embedded_stack.clone()))
        .collect();
    stacks.dedup();
    PackageReport {
        schema: "kbwhy/package/1",
        file: content.file.clone(),
        kind: content.kind.describe(),
        update: content.kb().map(|kb| kb.to_string()),
        identity: mum.map(|m| m.identity.to_string()),
        manifest: content.main.as_ref().map(|m| m.place.clone()),
        description: mum.and_then(|m| m.description.clone()),
        release_type: mum.and_then(|m| m.release_type.clone()),
        support: mum
            .and_then(|m| m.support.clone())
            .or_else(|| content.property("Support Link").map(str::to_owned)),
        products: content.products(),
        architecture: content.architecture().map(crate::model::Architecture::name),
        language: content.language().map(str::to_owned),
        parents: mum.map(|m| m.parents.iter().flat_map(parent).collect()).unwrap_or_default(),
        parents_whole: mum.is_some_and(|m| m.head_whole),
        servicing_stack: mum.and_then(|m| m.stack).map(|v| v.to_string()),
        servicing_stack_stated: mum.is_some_and(|m| m.stack_stated),
        brings_stacks: stacks,
        restart: mum.and_then(|m| m.restart.clone()),
        children: mum.map(|m| m.children.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        psf: mum.and_then(|m| m.psf.clone()),
        payload: mum.and_then(|m| m.payload.as_ref()).map(|p| match &p.delta {
            Some(delta) => format!("{}, {delta}", p.format),
            None => p.format.clone(),
        }),
        rules: content.rules.iter().map(|r| r.place.clone()).collect(),
        members: content.members,
        images: content.image.iter().flat_map(images).collect(),
        properties: content.properties.iter().cloned().collect(),
        remarks: content.remarks.clone(),
    }
}

fn images(wim: &crate::archive::wim::Wim) -> Vec<String> {
    let Some(images) = &wim.images else {
        return vec![format!("{} images; their list is packed", wim.count)];
    };
    let words = |i: &crate::archive::wim::Image| {
        let architecture = match i.architecture {
            Some(0) => Some("x86"),
            Some(5) => Some("arm"),
            Some(6) => Some("ia64"),
            Some(9) => Some("x64"),
            Some(12) => Some("arm64"),
            _ => None,
        };
        let name = Some(i.name.as_str()).filter(|n| !n.is_empty()).unwrap_or("no name");
        let more = [i.version.as_deref(), architecture, i.edition.as_deref()];
        std::iter::once(name).chain(more.into_iter().flatten()).collect::<Vec<_>>().join(", ")
    };
    images.iter().map(words).collect()
}
