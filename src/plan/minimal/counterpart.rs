//! The update that is for one Windows what another update is for another.

use crate::{
    catalog::{
        Catalog,
        view::{Entry, LineKind},
    },
    model::{Cause, Host, KbId, ProductSet, UpdateKind},
    resolve::{
        question::{Finding, Remedy},
        requirement::brings_component,
    },
};

/// Updates that are for the host's Windows what this one is for others: of the same month in a line of the same kind, or
/// with the same version of the same component. For one that is withdrawn or mended, what the sources name. None is guessed.
pub(super) fn counterparts(catalog: &Catalog, host: &Host, kb: KbId, why: &Finding) -> Vec<KbId> {
    let instead = why.remedy.iter().find_map(|r| match r {
        Remedy::InstallInstead(kbs) => Some(kbs.clone()),
        _ => None,
    });
    if let Some(kbs) = instead {
        return kbs;
    }
    if why.cause != Cause::WrongOs {
        return Vec::new();
    }
    let products = super::identity_of(catalog, host).products;
    if products.is_empty() {
        return Vec::new();
    }
    let mut out = in_lines(catalog, kb, products);
    out.extend(with_component(catalog, kb, products));
    out.retain(|other| *other != kb);
    out.sort_unstable();
    out.dedup();
    out
}

/// Kinds of lines that tell the same month of different Windows.
const fn family(kind: LineKind) -> u8 {
    match kind {
        LineKind::Cumulative | LineKind::Rollup => 0,
        LineKind::SecurityOnly => 1,
        LineKind::ServicingStack => 2,
        LineKind::InternetExplorer => 3,
        LineKind::EsuPreparation => 4,
    }
}

fn is_preview(kind: UpdateKind) -> bool {
    matches!(kind, UpdateKind::CumulativePreview | UpdateKind::RollupPreview)
}

fn in_lines(catalog: &Catalog, kb: KbId, products: ProductSet) -> Vec<KbId> {
    let places = catalog.places(kb);
    let mut out = Vec::new();
    for own in &places {
        let (kind, Some(date)) = (family(catalog.line(own.line).kind), own.date) else { continue };
        let same_month = |e: &Entry<'_>| {
            e.kb.is_some()
                && is_preview(e.kind) == is_preview(own.kind)
                && e.date.is_some_and(|d| (d.year(), d.month()) == (date.year(), date.month()))
        };
        for line in catalog.lines().filter(|l| {
            family(l.kind) == kind
                && !l.products.intersection(products).is_empty()
                && products.is_subset(l.products)
        }) {
            let of_month: Vec<Entry<'_>> = catalog.entries(line.id).filter(same_month).collect();
            // the same day before another day of the month: out-of-band updates are of one Windows
            let same_day = of_month.iter().find(|e| e.date == Some(date));
            let chosen = same_day.or_else(|| (of_month.len() == 1).then(|| of_month.first()).flatten());
            out.extend(chosen.and_then(|e| e.kb));
        }
    }
    out
}

fn with_component(catalog: &Catalog, kb: KbId, products: ProductSet) -> Vec<KbId> {
    let Some(own) = catalog.update(kb) else { return Vec::new() };
    let Some(brings) = brings_component(&own) else { return Vec::new() };
    let all = catalog.kbs().filter_map(|kb| catalog.update(kb)).filter(|u| u.kind == own.kind);
    let fitting = all
        .filter(|u| !u.products().intersection(products).is_empty() && brings_component(u) == Some(brings));
    fitting.map(|u| u.kb).take(4).collect()
}
