//! Updates by words: numbers, builds, titles, components, kinds, products.

use super::names;
use crate::{
    catalog::{Catalog, view::Update},
    model::{KbId, ProductId, UpdateKind},
    report::{FoundReport, SearchReport},
};
use std::cmp::Reverse;

/// Words of a search that are looked at; more say no more.
const MOST_WORDS: usize = 16;

/// Finds the updates that fit all words, whatever their case; at most `limit` of them are reported.
///
/// A word fits a number or a build that begins with it, and a word of the title, the component, the kind or of one
/// product that begins with it. Words that are left for products must all fit the same product.
pub fn search(catalog: &Catalog, text: &str, limit: usize) -> SearchReport {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace().flat_map(split) {
        if !words.contains(&word) && words.len() < MOST_WORDS {
            words.push(word);
        }
    }
    let products: Vec<(ProductId, Vec<String>)> = catalog
        .products()
        .map(|p| {
            let mut all: Vec<String> = tokens(p.name);
            all.extend(tokens(p.slug));
            all.extend(p.release.map(str::to_lowercase));
            // Windows Server 2012 R2 is 9600 to many
            all.push(p.version.0[2].to_string());
            (p.id, all)
        })
        .collect();
    let mut found: Vec<(u32, KbId)> = Vec::new();
    if !words.is_empty() {
        for kb in catalog.kbs() {
            if let Some(update) = catalog.update(kb)
                && let Some(score) = fit(catalog, &update, &words, &products)
            {
                found.push((score, kb));
            }
        }
    }
    let date = |kb: KbId| catalog.update(kb).and_then(|u| u.date);
    found.sort_by_cached_key(|(score, kb)| (Reverse(*score), Reverse(date(*kb)), Reverse(*kb)));
    SearchReport {
        schema: "kbwhy/catalog/search/1",
        words,
        total: found.len(),
        found: found.into_iter().take(limit).map(|(_, kb)| report(catalog, kb)).collect(),
        catalog_as_of: catalog.as_of().to_string(),
    }
}

fn report(catalog: &Catalog, kb: KbId) -> FoundReport {
    let update = catalog.update(kb);
    let mut builds: Vec<String> = Vec::new();
    for place in catalog.places(kb) {
        if let (Some(build), Some(revision)) = (catalog.line(place.line).build, place.revision) {
            let text = format!("{build}.{revision}");
            if !builds.contains(&text) {
                builds.push(text);
            }
        }
    }
    FoundReport {
        update: kb.to_string(),
        date: update.as_ref().and_then(|u| u.date).map(|d| d.to_string()),
        title: super::headline(catalog, kb),
        component: update.as_ref().map(|u| u.component.to_owned()).unwrap_or_default(),
        products: update.map(|u| names(catalog, u.products())).unwrap_or_default(),
        builds,
    }
}

/// The words of what was typed as one: `windows-server-2012-r2` are four, `2021-08` is one.
fn split(word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    if is_date(&word) { vec![word] } else { tokens(&word) }
}

fn tokens(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '.');
    words.map(|w| w.trim_matches('.').to_lowercase()).filter(|w| !w.is_empty()).collect()
}

/// `2021-08`, `2021-08-10`
fn is_date(word: &str) -> bool {
    let shape = |n| {
        word.len() == n
            && word
                .bytes()
                .enumerate()
                .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
    };
    shape(7) || shape(10)
}

/// What admins call kinds.
fn abbreviations(kind: UpdateKind) -> &'static str {
    match kind {
        UpdateKind::ServicingStack => "ssu",
        UpdateKind::Cumulative | UpdateKind::Combined | UpdateKind::Checkpoint => "lcu cu",
        UpdateKind::CumulativePreview => "lcu cu",
        UpdateKind::MonthlyRollup | UpdateKind::RollupPreview => "mr",
        UpdateKind::ServicePack => "sp",
        _ => "",
    }
}

/// How well all words fit; `None` if one does not.
fn fit(
    catalog: &Catalog,
    u: &Update<'_>,
    words: &[String],
    products: &[(ProductId, Vec<String>)],
) -> Option<u32> {
    let number = u.kb.number().to_string();
    let mut own = tokens(u.title);
    own.extend(tokens(u.component));
    own.extend(tokens(u.kind.describe()));
    own.extend(tokens(u.kind.name()));
    own.extend(tokens(abbreviations(u.kind)));
    let date = u.date.map(|d| d.to_string()).unwrap_or_default();
    // lines are asked only for what looks like a build
    let mut builds: Option<Vec<(u32, u32)>> = None;
    let mut score = 0;
    let mut left: Vec<&String> = Vec::new();
    for word in words {
        let digits = word.strip_prefix("kb").unwrap_or(word);
        let numeric = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if digits == number {
            score += 1000;
        } else if numeric && number.starts_with(digits) && (digits.len() >= 5 || digits.len() < word.len()) {
            score += 300;
        } else if is_date(word) && date.starts_with(word.as_str()) {
            score += 50;
        } else if let Some(n) = of_build(word, || {
            builds
                .get_or_insert_with(|| {
                    let places = catalog.places(u.kb);
                    places.iter().filter_map(|p| Some((catalog.line(p.line).build?, p.revision?))).collect()
                })
                .clone()
        }) {
            score += n;
        } else if let Some(n) = own.iter().filter_map(|o| of_word(o, word)).max() {
            score += n;
        } else {
            left.push(word);
        }
    }
    if left.is_empty() {
        return Some(score);
    }
    let set = u.products();
    let mut best = None;
    for (_, names) in products.iter().filter(|(id, _)| set.contains(*id)) {
        let each = left.iter().map(|w| names.iter().filter_map(|n| of_word(n, w)).max());
        let all: Option<u32> = each.sum();
        best = best.max(all);
    }
    // few products: the update is about this one
    best.map(|n| score + n / 4 + 8 / set.len().max(1))
}

/// A word of a text against a word that was typed.
fn of_word(word: &str, typed: &str) -> Option<u32> {
    if word == typed {
        Some(40)
    } else if word.starts_with(typed) && typed.len() > 1 {
        Some(20)
    } else {
        None
    }
}

/// `17763.2114`, `10.0.17763.2114`, `17763`
fn of_build(word: &str, builds: impl FnOnce() -> Vec<(u32, u32)>) -> Option<u32> {
    let short = word.strip_prefix("10.0.").unwrap_or(word);
    let mut parts = short.split('.');
    let build: u32 = parts.next()?.parse().ok().filter(|b| *b >= 10_000)?;
    let revision: Option<u32> = match parts.next() {
        Some(r) => Some(r.parse().ok()?),
        None => None,
    };
    if parts.next().is_some() {
        return None;
    }
    let fits = builds().into_iter().any(|(b, r)| b == build && revision.is_none_or(|want| want == r));
    fits.then_some(if revision.is_some() { 500 } else { 40 })
}
