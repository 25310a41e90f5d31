//! Does Microsoft still make updates for it, and for whom? By product and edition.

use super::{Action, Check, Context, Evidence, Finding, Says, Severity};
use crate::{
    catalog::view::{Lifecycle, Line, LineKind},
    model::{Cause, Edition, KbId, Licence, ProductId, ProductSet, Requirement, Standing},
    resolve::{
        question::Outcome,
        statement::{self, Ask, Truth},
    },
};
use jiff::{ToSpan, civil::Date};

/// An end that is nearer than this is worth telling.
const SOON_DAYS: i64 = 180;
/// Who took an update for entitled hosts so lately is entitled still: licences run for a year, updates come monthly.
const ENTITLED_DAYS: i64 = 100;

/// Where the host stands in the lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// updates for everybody
    Supported,
    /// updates for those who are entitled to Extended Security Updates
    Extended,
    /// no updates
    Over,
    /// editions differ, or no source tells
    Unknown,
}

/// What is known of a host's support.
pub(super) struct Support<'a> {
    pub(super) phase: Phase,
    /// entitled to Extended Security Updates?
    pub(super) entitled: Truth,
    /// last day with updates for everybody; of several editions the last
    pub(super) end: Option<Date>,
    /// rows that may be the host's, the longest first
    rows: Vec<(ProductId, Lifecycle<'a>)>,
}

/// A group of editions in the lifecycle's labels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    LongTerm,
    Enterprise,
    Consumer,
}

/// `Pro Education` goes with Pro, `Enterprise` with Education.
fn group(edition: &str) -> Option<Group> {
    let has = |word: &str| edition.to_ascii_lowercase().contains(word);
    let own = Edition(edition.to_owned());
    if own.is_ltsc() || has("enterprises") {
        Some(Group::LongTerm)
    } else if has("home")
        || has("core")
        || has("pro ")
        || has("professional")
        || edition.eq_ignore_ascii_case("pro")
    {
        Some(Group::Consumer)
    } else if has("enterprise") || has("education") || has("multi-session") || has("serverrdsh") {
        Some(Group::Enterprise)
    } else if has(" pro") {
        Some(Group::Consumer)
    } else {
        None
    }
}

fn group_of(c: &Context<'_>) -> Option<Group> {
    let edition = c.host.edition.as_ref().and_then(|e| group(&e.value.0));
    // LTSC may stand in the product's name alone
    let product = c.host.product.as_ref().and_then(|p| group(&p.value));
    match (edition, product) {
        (_, Some(Group::LongTerm)) => Some(Group::LongTerm),
        (Some(g), _) => Some(g),
        (None, p) => p,
    }
}

fn fits(row: &Lifecycle<'_>, group: Option<Group>, internet_of_things: bool) -> bool {
    let label = row.label.to_ascii_lowercase();
    let of = match (row.ltsc, label.contains("(e)"), label.contains("(w)")) {
        (true, _, _) => Some(Group::LongTerm),
        (_, true, _) => Some(Group::Enterprise),
        (_, _, true) => Some(Group::Consumer),
        _ => None,
    };
    // a row without a group is for every edition but the long-term ones
    let own = match (group, of) {
        (None, _) => true,
        (Some(Group::LongTerm), of) => of == Some(Group::LongTerm),
        (Some(_), None) => true,
        (Some(g), Some(of)) => g == of,
    };
    own && (group.is_none() || label.contains("iot") == internet_of_things || !row.ltsc)
}

fn rows_of<'a>(c: &Context<'a>, products: ProductSet) -> Vec<(ProductId, Lifecycle<'a>)> {
    let group = group_of(c);
    let named = |text: &str| text.to_ascii_lowercase().contains("iot");
    let things = c.host.edition.as_ref().is_some_and(|e| named(&e.value.0))
        || c.host.product.as_ref().is_some_and(|p| named(&p.value));
    let mut rows: Vec<(ProductId, Lifecycle<'a>)> = Vec::new();
    for p in products.iter() {
        let all = c.catalog.lifecycles(p);
        let mut own: Vec<_> = all.iter().filter(|r| fits(r, group, things)).copied().collect();
        // an edition that no row names: whatever fits but for the Internet of Things
        if own.is_empty() {
            own = all.iter().filter(|r| fits(r, group, false)).copied().collect();
        }
        rows.extend(own.into_iter().map(|r| (p, r)));
    }
    rows.sort_by_key(|(p, r)| (std::cmp::Reverse(r.end_of_support), *p, r.label));
    rows
}

fn phase_of(row: &Lifecycle<'_>, today: Date) -> Phase {
    if today <= row.end_of_support {
        Phase::Supported
    } else if row.esu_end.is_some_and(|e| today <= e) {
        Phase::Extended
    } else {
        Phase::Over
    }
}

/// Products of the same Windows at a higher service pack.
pub(super) fn later_pack(c: &Context<'_>) -> ProductSet {
    let level = |p: ProductId| c.catalog.product(p).service_pack;
    let same = |a: ProductId, b: ProductId| {
        let (a, b) = (c.catalog.product(a), c.catalog.product(b));
        a.server == b.server && a.version.0[..2] == b.version.0[..2]
    };
    let all: ProductSet = c
        .catalog
        .all_products()
        .iter()
        .filter(|b| c.identity.products.iter().any(|a| same(a, *b) && level(a) < level(*b)))
        .collect();
    let highest = all.iter().filter_map(level).max();
    all.iter().filter(|p| level(*p) == highest).collect()
}

pub(super) fn support<'a>(c: &Context<'a>) -> Support<'a> {
    let today = c.today.date;
    let mut rows = rows_of(c, c.identity.products);
    let mut of_later_pack = false;
    if rows.is_empty() && !c.identity.products.is_empty() {
        rows = rows_of(c, later_pack(c));
        of_later_pack = true;
    }
    let mut phases: Vec<Phase> = rows.iter().map(|(_, r)| phase_of(r, today)).collect();
    phases.dedup();
    // a product that may be the host's and has no row: nothing is known of it
    let all_told = of_later_pack || c.identity.products.iter().all(|p| rows.iter().any(|(of, _)| *of == p));
    let phase = match phases.as_slice() {
        [one] if all_told && !c.identity.embedded => *one,
        _ => Phase::Unknown,
    };
    let end = rows.iter().map(|(_, r)| r.end_of_support).max();
    // updates for entitled hosts are made still, whatever the lifecycle leaves out
    let made = || end.is_some_and(|end| licensed(c, end).into_iter().any(|(_, d)| d >= today));
    let phase = if phase == Phase::Over && made() { Phase::Extended } else { phase };
    Support { phase, entitled: entitled(c), end, rows }
}

fn entitled(c: &Context<'_>) -> Truth {
    let clause = crate::model::Clause(vec![
        Requirement::Licence(Licence::Esu),
        Requirement::Licence(Licence::AzureArc),
    ]);
    c.installed.meets_any(&clause, None).0.truth
}

/// Editions of a row, in words that admins use.
fn words(c: &Context<'_>, product: ProductId, row: &Lifecycle<'_>) -> String {
    let name = c.catalog.product(product).name;
    let label = row.label.to_ascii_lowercase();
    let editions = match (row.ltsc, label.contains("iot")) {
        (true, true) => " (IoT, long-term servicing)",
        (true, false) => " (long-term servicing)",
        _ if label.contains("(e)") => " (Enterprise and Education)",
        _ if label.contains("(w)") => " (Home and Pro)",
        _ => "",
    };
    format!("{name}{editions}")
}

fn told(c: &Context<'_>, rows: &[(ProductId, Lifecycle<'_>)]) -> Vec<Evidence> {
    let mut out: Vec<Evidence> = Vec::new();
    for (product, row) in rows.iter().take(4) {
        let today = c.today.date;
        let what = words(c, *product, row);
        let support = Says::SupportEnds { what, end: row.end_of_support, today };
        let extended = row.esu_end.map(|end| Says::EsuEnds { end, today });
        // what holds today comes first
        let both = match (extended, phase_of(row, today)) {
            (Some(e), Phase::Extended) => vec![e, support],
            (e, _) => std::iter::once(support).chain(e).collect(),
        };
        out.extend(both.into_iter().map(|says| Evidence::page(says, row.source.url)));
    }
    out
}

fn within(from: Date, to: Date, days: i64) -> bool {
    from.checked_add(days.days()).is_ok_and(|limit| to <= limit)
}

/// Lifecycle and entitlement.
pub(super) fn check(c: &Context<'_>, s: &Support<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    if c.identity.products.is_empty() {
        return out;
    }
    if c.identity.embedded {
        let evidence = vec![Evidence::rule(Says::OwnLifecycle)];
        out.push(Finding::unknown(Check::Lifecycle, true, evidence, Vec::new()));
        return out;
    }
    if s.rows.is_empty() {
        let evidence = vec![Evidence::rule(Says::NoLifecycle(c.identity.words.clone()))];
        out.push(Finding::unknown(Check::Lifecycle, true, evidence, Vec::new()));
        return out;
    }
    let today = c.today.date;
    let mut evidence = told(c, &s.rows);
    if s.phase == Phase::Extended && !s.rows.iter().any(|(_, r)| r.esu_end.is_some_and(|e| e >= today)) {
        evidence.push(Evidence::rule(Says::EsuIsMade));
    }
    let source = s.rows.first().map_or("", |(_, r)| r.source.url);
    let last = s.rows.iter().map(|(_, r)| r.esu_end.unwrap_or(r.end_of_support)).max();
    if s.phase == Phase::Extended && s.entitled == Truth::False {
        // until when others get updates is of no use to it
        let mut finding = entitlement(c, s, source);
        finding.evidence.extend(evidence);
        out.push(finding);
        return out;
    }
    out.push(match s.phase {
        Phase::Over => {
            Finding::fail(Check::Lifecycle, Severity::Stops, evidence).remedy(Action::Upgrade, source)
        }
        Phase::Unknown => {
            let ask = if c.identity.products.len() > 1 { Ask::OsVersion } else { Ask::Edition };
            Finding::unknown(Check::Lifecycle, true, evidence, vec![ask])
        }
        // the nearest end that may be the host's
        Phase::Supported | Phase::Extended => {
            let ends = s.rows.iter().map(|(_, r)| match s.phase {
                Phase::Supported => r.end_of_support,
                _ => r.esu_end.unwrap_or(Date::MAX),
            });
            let near = ends.min().filter(|end| within(today, *end, SOON_DAYS));
            if let Some(by) = near {
                let soon = Finding::fail(Check::Lifecycle, Severity::Soon, evidence);
                // the end of support is not the end of updates where they can be bought
                let bought = s.phase == Phase::Supported && last.is_some_and(|l| Some(l) > s.end);
                if bought { soon.remedy(Action::EntitleBy(by), source) } else { soon }
                    .remedy(Action::UpgradeBy(by), source)
            } else {
                Finding::pass(Check::Lifecycle, evidence)
            }
        }
    });
    if s.phase == Phase::Extended {
        out.push(entitlement(c, s, source));
    }
    out
}

fn entitlement(c: &Context<'_>, s: &Support<'_>, source: &str) -> Finding {
    let check = Check::Of(Cause::NotEntitled);
    let since = s.end.unwrap_or(c.today.date);
    let needs = Evidence::page(Says::NeedsEsu { since }, source);
    let clause = crate::model::Clause(vec![
        Requirement::Licence(Licence::Esu),
        Requirement::Licence(Licence::AzureArc),
    ]);
    let (e, _) = c.installed.meets_any(&clause, None);
    let mut evidence: Vec<Evidence> = vec![needs];
    evidence.extend(e.evidence.into_iter().map(Evidence::from));
    match s.entitled {
        Truth::True => Finding { certainty: e.certainty, ..Finding::pass(check, evidence) },
        Truth::False => Finding::fail(check, Severity::Stops, evidence)
            .remedy(Action::Entitle, source)
            .remedy(Action::Upgrade, source),
        Truth::Unknown => match took(c, since) {
            Some((taken, proof)) => {
                evidence.extend(proof);
                if within(taken, c.today.date, ENTITLED_DAYS) {
                    Finding::pass(check, evidence).inferred()
                } else {
                    Finding::unknown(check, true, evidence, vec![Ask::Esu])
                }
            }
            None => Finding::unknown(check, true, evidence, vec![Ask::Esu]),
        },
    }
}

/// Updates of the host's lines after the end of support that only entitled hosts take, with their days.
fn licensed(c: &Context<'_>, since: Date) -> Vec<(KbId, Date)> {
    let products = c.identity.products;
    let asks = |kb| {
        c.catalog.rules(kb).iter().any(|r| {
            r.standing != Standing::Unverified
                && products.is_subset(r.products)
                && r.requires.iter().any(|cl| cl.0.iter().all(|r| matches!(r, Requirement::Licence(_))))
        })
    };
    let of_host = |l: &Line<'_>| {
        matches!(l.kind, LineKind::Cumulative | LineKind::Rollup | LineKind::SecurityOnly)
            && !products.is_empty()
            && products.is_subset(l.products)
    };
    let mut out = Vec::new();
    for line in c.catalog.lines().filter(of_host) {
        let later = c.catalog.entries(line.id).filter_map(|e| Some((e.kb?, e.date?)));
        let later: Vec<_> = later.filter(|(_, d)| *d > since).collect();
        out.extend(later.into_iter().filter(|(kb, _)| asks(*kb)));
    }
    out
}

/// The newest update on the host that only entitled hosts take, and its day.
fn took(c: &Context<'_>, since: Date) -> Option<(Date, Vec<Evidence>)> {
    let mut all = licensed(c, since);
    all.sort_by_key(|(kb, date)| std::cmp::Reverse((*date, *kb)));
    all.into_iter().find_map(|(kb, date)| {
        let there = c.installed.presence(kb);
        (there.truth == Truth::True).then(|| {
            let mut proof = vec![Evidence::rule(Says::TookEsuUpdate { kb, date })];
            proof.extend(there.evidence.into_iter().map(Evidence::from));
            (date, proof)
        })
    })
}

/// A finding of the resolver about entitlement adds nothing to what the lifecycle says.
pub(super) fn is_told(f: &crate::resolve::question::Finding, s: &Support<'_>) -> bool {
    f.cause == Cause::NotEntitled && (s.phase == Phase::Extended || f.outcome != Outcome::Fail)
}

/// Evidence of the resolver as it stands.
pub(super) fn taken_over(evidence: &[statement::Evidence]) -> Vec<Evidence> {
    evidence.iter().cloned().map(Evidence::from).collect()
}
