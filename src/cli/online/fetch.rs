//! `kbwhy catalog fetch`: search, pages of updates, their order, their files; into the cache, and told.

use super::{
    super::{
        Exit, Failure,
        args::{Format, Inventories},
        cache::Cache,
        catalog::fetch::Fetch,
        commands::Printed,
        input,
    },
    client, links,
    links::{Fit, Wanted},
    report,
    report::{Choice, File, KbReport, Later, Report, State, UpdateReport},
    site,
    walk::{Found, Got, Walk},
};
use crate::{
    catalog::{Catalog, facts::SourceRow},
    graph,
    metadata::UpdateGuid,
    model::{Architecture, KbId, SourceKind},
    render,
    resolve::identity,
    sources::update_catalog::{self, Entry, Page, PageOf, ReplacedBy, Titled},
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IsTerminal, Write},
};

/// Pages of later updates that are read for one KB, without `--chain` and with it.
const FOLLOWED: (usize, usize) = (30, 400);
/// Updates of one KB whose pages are read.
const UPDATES: usize = 200;

/// The address that is asked: an option, the environment, or Microsoft's.
pub(super) fn address(typed: Option<&str>, variable: &str, usual: &str) -> Result<reqwest::Url, Failure> {
    let from_environment = std::env::var(variable).ok().filter(|v| !v.is_empty());
    site(typed.map(str::to_owned).or(from_environment).as_deref().unwrap_or(usual))
}

/// What is asked for is shown on a terminal only.
pub(super) fn progress() -> Box<dyn FnMut(&str)> {
    let terminal = io::stderr().is_terminal();
    let mut count = 0;
    Box::new(move |what| {
        count += 1;
        if terminal {
            let text =
                if what.is_empty() { String::new() } else { format!("kbwhy: asking for {what} ({count})") };
            let _ = write!(io::stderr(), "\r{text:60}\r");
        }
    })
}

pub(in crate::cli) fn run(typed: &Fetch) -> Printed {
    let mut kbs: Vec<KbId> = Vec::new();
    for text in &typed.kbs {
        let kb = text.parse().map_err(|e: crate::model::KbError| Failure::usage(e.to_string()))?;
        if !kbs.contains(&kb) {
            kbs.push(kb);
        }
    }
    let cache = Cache::open(&typed.cache)?;
    let catalog = cache.catalog()?;
    let wanted = wanted(typed, &catalog)?;
    let site = address(typed.site.as_deref(), "KBWHY_CATALOG_SITE", update_catalog::SITE)?;
    let client = if typed.offline { None } else { Some(client(&site, typed.proxy.as_deref())?) };
    let mut walk = Walk::new(site, &cache, client, typed.refresh, progress());
    let plan = Plan { links: typed.links || wanted.is_some(), chain: typed.chain, wanted };
    let done = fetch(&kbs, &mut walk, &catalog, &plan);
    (walk.progress)("");
    let (report, exit) = done?;
    let text = match typed.output.format {
        Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Text => report::text(&report, typed.output.text.verbose),
    };
    Ok((text, exit))
}

/// What is wanted beyond the facts.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) links: bool,
    pub(super) chain: bool,
    pub(super) wanted: Option<Wanted>,
}

/// The host or package that the options describe; none if there is no such option.
fn wanted(typed: &Fetch, catalog: &Catalog) -> Result<Option<Wanted>, Failure> {
    if typed.inventory.is_empty()
        && typed.set.is_empty()
        && typed.package_arch.is_none()
        && typed.package_for.is_none()
    {
        return Ok(None);
    }
    let mut out = Wanted::default();
    if !typed.inventory.is_empty() || !typed.set.is_empty() {
        let inventories = Inventories {
            inventory: typed.inventory.clone(),
            set: typed.set.clone(),
            machine: super::super::args::Machine {
                host: typed.machine.host.clone(),
                allow_mixed: typed.machine.allow_mixed,
            },
        };
        let host = input::host_with(&inventories)?;
        let identity = identity::identify(catalog, &host);
        out.products = identity.products;
        out.architecture = host.architecture.as_ref().map(|a| a.value);
        out.words = match out.architecture {
            Some(a) => format!("{} ({a})", identity.words),
            None => identity.words,
        };
    }
    if let Some(name) = &typed.package_for {
        out.products = identity::products_named(catalog, name);
        if out.products.is_empty() {
            return Err(Failure::usage(format!(
                "--package-for: `{}` is no product that kbwhy knows",
                input::shown(name)
            )));
        }
        out.words = input::shown(name);
    }
    if let Some(a) = &typed.package_arch {
        let a: Architecture = a.parse().map_err(|e| Failure::usage(format!("--package-arch: {e}")))?;
        out.architecture = Some(a);
        out.words = format!("{} {a}", out.words).trim().to_owned();
    }
    Ok(Some(out))
}

/// Fetches all; what of it failed is told in the report, unless nothing was had at all.
pub(super) fn fetch(
    kbs: &[KbId],
    walk: &mut Walk<'_>,
    catalog: &Catalog,
    plan: &Plan,
) -> Result<(Report, Exit), Failure> {
    let mut report = Report::default();
    let mut imported = Vec::new();
    let mut exit = Exit::Good;
    let mut failure: Option<Failure> = None;
    for kb in kbs {
        match one(*kb, walk, catalog, plan) {
            Ok((told, facts)) => {
                exit = worse(exit, choice_exit(&told));
                imported.extend(facts);
                report.kbs.push(told);
            }
            Err(e) if e.exit == Exit::Catalog => {
                report.kbs.push(KbReport::failed(*kb, &e.line));
                exit = Exit::Catalog;
                let gone = e.line.starts_with("no network");
                failure.get_or_insert(e);
                if gone {
                    break;
                }
            }
            Err(e) => return Err(e),
        }
    }
    if let Some(e) = failure
        && report.kbs.iter().all(|k| k.problem.is_some())
    {
        return Err(e);
    }
    if !imported.is_empty() {
        report.updates_known = Some(walk.cache.add(imported)?.updates);
    }
    report.cache = input::shown(&walk.cache.folder().to_string_lossy());
    Ok((report, exit))
}

fn worse(a: Exit, b: Exit) -> Exit {
    if a == Exit::Good { b } else { a }
}

/// No package that fits, or several that may: what was asked for was not found.
fn choice_exit(told: &KbReport) -> Exit {
    match &told.choice {
        None | Some(Choice::One { .. }) => Exit::Good,
        Some(Choice::None { .. }) => Exit::Refused,
        Some(Choice::Open { .. }) => Exit::Unknown,
    }
}

/// One KB: what is told of it, and its facts.
pub(super) fn one(
    kb: KbId,
    walk: &mut Walk<'_>,
    catalog: &Catalog,
    plan: &Plan,
) -> Result<(KbReport, Option<crate::sources::Imported>), Failure> {
    let found = walk.search(kb)?;
    let matching: Vec<_> = found.rows.iter().filter(|r| update_catalog::fits(&r.title, kb)).collect();
    let mut told = KbReport::new(kb, &found, matching.len());
    if matching.len() > UPDATES {
        return Err(Failure::catalog(format!(
            "{kb}: the site finds {} updates, more than any KB has",
            matching.len()
        )));
    }
    let mut known: BTreeMap<UpdateGuid, Got> = BTreeMap::new();
    let mut own = Vec::new();
    for row in &matching {
        let got = walk.update(row.update)?;
        known.insert(row.update, got);
        own.push(row.update);
    }
    let limit = if plan.chain { FOLLOWED.1 } else { FOLLOWED.0 };
    // what the limit allows anyway is told in order
    let listed = |u: &UpdateGuid| match known.get(u).map(|g| &g.page) {
        Some(Page::Details(d)) => match &d.replaced_by {
            ReplacedBy::By(all) => all.len(),
            _ => 0,
        },
        _ => 0,
    };
    let whole = plan.chain || own.iter().map(listed).sum::<usize>() <= limit;
    walk.follow(&mut known, &own, whole, limit, |t| Titled::parse(catalog, t, None))?;
    let order = order(&known);
    let mut entries = Vec::new();
    for row in &matching {
        let entry = match known.get(&row.update).map(|g| &g.page) {
            Some(Page::Details(d)) => {
                let mut e = Entry::of_details(catalog, d);
                e.modified = e.modified.or(row.date);
                e
            }
            _ => Entry::of_title(catalog, &row.title, row.date),
        };
        told.updates.push(update(catalog, row, &entry, &known, &order));
        entries.push(entry);
    }
    if plan.links {
        told.choice = choose(walk, catalog, plan.wanted.as_ref(), &mut told.updates, &entries, &own)?;
    }
    told.stored = found.pages.len() + known.len();
    let all: Vec<&Got> = found.pages.iter().chain(known.values()).collect();
    told.fetched = all.iter().map(|g| g.fetched.clone()).min().unwrap_or_default();
    told.from_cache = all.iter().all(|g| g.from_cache);
    let facts = (!matching.is_empty()).then(|| facts(kb, walk, catalog, &found, &known));
    Ok((told, facts))
}

fn facts(
    kb: KbId,
    walk: &Walk<'_>,
    catalog: &Catalog,
    found: &Found,
    known: &BTreeMap<UpdateGuid, Got>,
) -> crate::sources::Imported {
    let day = |g: &Got| g.fetched.get(..10).unwrap_or("").to_owned();
    let mut results: Vec<(Page, String)> = Vec::new();
    for got in &found.pages {
        let mut page = got.page.clone();
        if let Page::Results(r) = &mut page {
            // the search is a full text one: other updates may only mention this KB
            r.rows.retain(|w| update_catalog::fits(&w.title, kb));
        }
        results.push((page, day(got)));
    }
    results.extend(known.values().map(|g| (g.page.clone(), day(g))));
    let mut digest = Sha256::new();
    for got in found.pages.iter().chain(known.values()) {
        digest.update(Sha256::digest(&got.bytes));
    }
    let source = SourceRow {
        id: format!("update-catalog-{}", kb.to_string().to_ascii_lowercase()),
        url: format!("{}Search.aspx?q={kb}", walk.site),
        title: format!("Microsoft Update Catalog: {kb}"),
        read: results.iter().map(|(_, d)| d.clone()).max().unwrap_or_default(),
        via: None,
        kind: Some(SourceKind::UpdateCatalog.name().to_owned()),
        digest: Some(digest.finalize().iter().map(|b| format!("{b:02x}")).collect()),
    };
    let pages: Vec<PageOf<'_>> = results.iter().map(|(page, read)| PageOf { page, read }).collect();
    update_catalog::facts(&pages, source, catalog)
}

/// Who follows whom, as far as pages tell: the least relation with the same closure.
#[derive(Debug, Default)]
struct Order {
    next: BTreeMap<UpdateGuid, BTreeSet<UpdateGuid>>,
    titles: BTreeMap<UpdateGuid, String>,
}

fn order(known: &BTreeMap<UpdateGuid, Got>) -> Order {
    let mut order = Order::default();
    let mut pairs = BTreeSet::new();
    for got in known.values() {
        let Page::Details(d) = &got.page else { continue };
        order.titles.insert(d.update, d.title.clone());
        if let ReplacedBy::By(all) = &d.replaced_by {
            for s in all {
                order.titles.entry(s.update).or_insert_with(|| s.title.clone());
                pairs.insert((d.update, s.update));
            }
        }
    }
    let least = graph::reduce(&pairs).map_or_else(|| pairs.iter().copied().collect(), |r| r.edges);
    for (a, b) in least {
        order.next.entry(a).or_default().insert(b);
    }
    order
}

/// The chain from an update on: each step while one follows, then those whose order is not known.
fn later(known: &BTreeMap<UpdateGuid, Got>, order: &Order, update: UpdateGuid) -> Later {
    let named = |u: &UpdateGuid| order.titles.get(u).cloned().unwrap_or_else(|| u.to_string());
    let list = |u: &UpdateGuid| match known.get(u).map(|g| &g.page) {
        Some(Page::Details(d)) => Some(&d.replaced_by),
        _ => None,
    };
    match list(&update) {
        None => return Later::NotRead,
        Some(ReplacedBy::NotTold) => return Later::NotTold,
        Some(ReplacedBy::NoneListed) => return Later::NoneListed,
        Some(ReplacedBy::By(_)) => {}
    }
    let mut steps = Vec::new();
    let mut seen = BTreeSet::from([update]);
    let mut at = update;
    loop {
        let following: Vec<UpdateGuid> = order.next.get(&at).into_iter().flatten().copied().collect();
        match following[..] {
            [one] if seen.insert(one) => {
                steps.push(named(&one));
                at = one;
            }
            [] => {
                let end = matches!(list(&at), Some(ReplacedBy::NoneListed));
                return Later::Chain { steps, unordered: Vec::new(), ends: end };
            }
            _ => {
                let mut rest: Vec<String> = following.iter().map(named).collect();
                rest.sort();
                return Later::Chain { steps, unordered: rest, ends: false };
            }
        }
    }
}

fn update(
    catalog: &Catalog,
    row: &update_catalog::Row,
    entry: &Entry,
    known: &BTreeMap<UpdateGuid, Got>,
    order: &Order,
) -> UpdateReport {
    let got = known.get(&row.update);
    let details = match got.map(|g| &g.page) {
        Some(Page::Details(d)) => Some(d),
        _ => None,
    };
    UpdateReport {
        id: row.update.to_string(),
        title: row.title.clone(),
        products: entry.titled.products.iter().map(|p| catalog.product(p).name.to_owned()).collect(),
        catalog_products: row.products.clone(),
        architectures: entry.architectures.iter().map(|a| a.name().to_owned()).collect(),
        classification: row.classification.clone(),
        last_updated: entry.modified.map(|d| d.to_string()),
        size: row.bytes,
        restart: details.and_then(|d| d.restart.clone()),
        state: match got.map(|g| &g.page) {
            Some(Page::Details(_)) => State::Listed,
            _ => State::Removed,
        },
        later: later(known, order, row.update),
        files: None,
        fits: None,
    }
}

/// Files of the updates; with a host, of those that fit it or may.
fn choose(
    walk: &mut Walk<'_>,
    catalog: &Catalog,
    wanted: Option<&Wanted>,
    updates: &mut [UpdateReport],
    entries: &[Entry],
    own: &[UpdateGuid],
) -> Result<Option<Choice>, Failure> {
    let mut fits = Vec::new();
    for (u, e) in updates.iter_mut().zip(entries) {
        let fit = wanted.map(|w| links::fit(catalog, w, e));
        u.fits = fit.clone().map(|f| match f {
            Fit::Yes => report::Fits { answer: "yes", why: None },
            Fit::Perhaps(why) => report::Fits { answer: "unknown", why: Some(why) },
            Fit::No(why) => report::Fits { answer: "no", why: Some(why) },
        });
        fits.push(fit);
    }
    for ((u, guid), fit) in updates.iter_mut().zip(own).zip(&fits) {
        if !matches!(fit, Some(Fit::No(_))) && u.state == State::Listed {
            let (all, _) = walk.downloads(*guid)?;
            u.files = Some(all.into_iter().flat_map(|d| d.files).map(File::from).collect());
        }
    }
    let Some(wanted) = wanted else { return Ok(None) };
    let of = |want: fn(&Fit) -> bool| -> Vec<usize> {
        (0..fits.len())
            .filter(|i| fits[*i].as_ref().is_some_and(want) && updates[*i].state == State::Listed)
            .collect()
    };
    let (sure, open) = (of(|f| *f == Fit::Yes), of(|f| matches!(f, Fit::Perhaps(_))));
    let host = wanted.words.clone();
    // the same files under two identities are one package
    let same_files = |a: &usize| {
        let files = updates[*a].files.as_ref();
        files.is_some_and(|f| !f.is_empty()) && files == updates[sure[0]].files.as_ref()
    };
    Ok(Some(if sure.is_empty() && open.is_empty() {
        Choice::None { host }
    } else if open.is_empty() && sure.iter().all(same_files) {
        Choice::One { host, update: updates[sure[0]].id.clone() }
    } else {
        let ids = sure.iter().chain(&open).map(|i| updates[*i].id.clone()).collect();
        Choice::Open { host, updates: ids }
    }))
}
