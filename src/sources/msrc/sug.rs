//! Pages of the Security Update Guide's API: deployments, affected products, vulnerabilities; one page, a list of pages, or
//! several pages in one file.

use super::fixes::{Fix, Fixes};
use crate::{
    catalog::{Catalog, facts::SourceRow},
    sources::{
        ImportError, Imported, Importer, Input,
        decode::{self, Loose, Many},
        gather::{clean, day},
    },
};
use serde::Deserialize;
use std::collections::HashSet;

/// The pages.
pub const IMPORTER: Importer = Importer { format: "Security Update Guide API", detect, read };

fn detect(head: &[u8]) -> bool {
    let head = decode::head(head);
    let head = head.trim_start();
    let page = head.contains("\"@odata.context\"") && head.contains("/sugodata/");
    // rows without their pages, as jq takes them out
    let row = |names: &[&str]| names.iter().all(|n| head.contains(n));
    let rows = row(&["\"articleName\"", "\"productFamilyId\"", "\"releaseNumber\""])
        || row(&["\"cveNumber\"", "\"kbArticles\"", "\"productFamilyId\""]);
    head.starts_with(['{', '[']) && (page || rows)
}

/// A page, or a row of one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item {
    #[serde(rename = "@odata.context")]
    context: Loose,
    #[serde(rename = "@odata.nextLink")]
    next_link: Loose,
    #[serde(rename = "@odata.count")]
    count: Option<u64>,
    value: Many<Item>,
    id: Loose,
    product: Loose,
    release_date: Loose,
    initial_release_date: Loose,
    cve_number: Loose,
    cve_title: Loose,
    kb_articles: Many<Article>,
    article_name: Loose,
    article_url: Loose,
    download_name: Loose,
    fixed_build_number: Loose,
    reboot_required: Loose,
    supercedence: Loose,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Article {
    article_name: Loose,
    article_url: Loose,
    download_name: Loose,
    fixed_build_number: Loose,
    reboot_required: Loose,
    supercedence: Loose,
}

fn read(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let mut fixes = Fixes::new(catalog);
    // what was read of each kind of page: rows, and how many there are to be
    let (mut rows, mut stated, mut vulnerabilities, mut newest) = (0u64, 0u64, 0u64, 0u32);
    let (mut pages, mut next, mut seen) = (HashSet::new(), None, HashSet::new());
    let mut at = 0;
    let mut stream = serde_json::Deserializer::from_str(&text).into_iter::<Many<Item>>();
    while let Some(item) = stream.next() {
        let item = item.map_err(|e| decode::json_error(input.name, &e))?;
        let mut items: Vec<Item> = item.0;
        items.reverse();
        while let Some(mut item) = items.pop() {
            let inner = std::mem::take(&mut item.value.0);
            if !item.context.is_empty() || !inner.is_empty() {
                pages.insert(item.context.0.rsplit('#').next().unwrap_or("").to_owned());
                stated = stated.max(item.count.unwrap_or(0));
                next = Some(item.next_link.0).filter(|l| !l.is_empty());
                items.extend(inner.into_iter().rev());
                continue;
            }
            rows += 1;
            // pages that were fetched twice
            if !item.id.is_empty() && !seen.insert(item.id.0.clone()) {
                fixes.remark("rows that stand there twice: read once", 1, || clean(&item.id));
                continue;
            }
            if !take(&item, &mut fixes) {
                vulnerabilities += 1;
            }
            newest = newest.max(day(&item.release_date).unwrap_or(0));
        }
        at = stream.byte_offset();
    }
    if rows == 0 {
        return Err(ImportError::new(
            format!("{}, byte {at}", input.name),
            "pages without rows; fetch them again",
        ));
    }
    if vulnerabilities > 0 {
        fixes.remark("rows that name no update: nothing to take", vulnerabilities, || "value".to_owned());
    }
    if stated > rows {
        fixes.remark("rows of other pages that are not in this file", stated - rows, || {
            next.as_deref().map_or_else(|| "@odata.count".to_owned(), clean)
        });
    } else if let Some(next) = next.filter(|_| stated == 0) {
        fixes.remark("there is a next page that is not in this file", 1, || clean(&next));
    }
    let mut kinds: Vec<String> = pages.into_iter().map(|p| clean(&p)).filter(|p| !p.is_empty()).collect();
    kinds.sort();
    let part = if kinds.is_empty() { "rows".to_owned() } else { kinds.join("-") };
    let source = SourceRow {
        id: format!(
            "sug-{}-{newest}-{}",
            part.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
            decode::mark(&text)
        ),
        url: "https://api.msrc.microsoft.com/sug/v2.0/en-US/".to_owned(),
        title: "Security Update Guide".to_owned(),
        read: input.read.to_owned(),
        via: None,
        kind: None,
        digest: None,
    };
    Ok(fixes.finish(IMPORTER.format, source))
}

/// Takes a row; false if it is none of updates.
fn take(item: &Item, fixes: &mut Fixes<'_>) -> bool {
    let products = || std::iter::once(&*item.product).filter(|p| !p.is_empty());
    if !item.article_name.is_empty() || !item.article_url.is_empty() {
        // a deployment: the day is that of the update
        let fix = Fix {
            article: &item.article_name,
            url: &item.article_url,
            supersedes: &item.supercedence,
            restart: &item.reboot_required,
            kind: &item.download_name,
            build: &item.fixed_build_number,
            day: day(&item.release_date),
        };
        fixes.take(&fix, products(), &clean(&item.id));
        return true;
    }
    for a in &item.kb_articles.0 {
        // the day is that of the vulnerability; where it was revised, fixes may be younger
        let same = item.initial_release_date.get(..10) == item.release_date.get(..10);
        let fix = Fix {
            article: &a.article_name,
            url: &a.article_url,
            supersedes: &a.supercedence,
            restart: &a.reboot_required,
            kind: &a.download_name,
            build: &a.fixed_build_number,
            day: day(&item.release_date).filter(|_| same),
        };
        fixes.take(&fix, products(), &clean(&item.cve_number));
    }
    // an affected product without a fix is a row of its kind, too
    !item.kb_articles.0.is_empty() || (item.cve_title.is_empty() && !item.product.is_empty())
}
