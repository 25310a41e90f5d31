//! Pages of the Update Catalog, from the cache or from the site.

use super::{
    super::{
        Failure,
        cache::{Cache, Page as Kept},
    },
    client::{Answer, Ask, Client, Worth},
    stamp,
};
use crate::{
    metadata::UpdateGuid,
    model::KbId,
    sources::update_catalog::{self, Details, Download, Page, PageError, ReplacedBy, Results, Row, Titled},
};
use reqwest::Url;
use std::collections::{BTreeMap, BTreeSet};

/// Most pages of one search: the site shows 1000 results, 25 on a page.
const SEARCH_PAGES: u32 = 40;
/// The error of an update that the site does not have: it was removed, or never was there.
pub(super) const NO_SUCH: &str = "8DDD0024";
const HTML: [&str; 3] = ["text/html", "application/xhtml+xml", "text/plain"];

/// A page as it was read, and when.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) page: Page,
    /// `yyyy-mm-ddThh:mm:ssZ`
    pub(super) fetched: String,
    /// its digest
    pub(super) bytes: Vec<u8>,
    pub(super) from_cache: bool,
}

/// All results of a search.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    /// updates that the site counts
    pub(super) counted: Option<u32>,
    /// rows that could not be read
    pub(super) unreadable: u32,
    /// the site found more than it shows
    pub(super) cut: bool,
    /// the pages
    pub(super) pages: Vec<Got>,
}

/// The site, seen through the cache.
pub(super) struct Walk<'a> {
    pub(super) site: Url,
    pub(super) cache: &'a Cache,
    /// none: only the cache is asked
    pub(super) client: Option<Client>,
    /// ask again for what the cache has
    pub(super) refresh: bool,
    /// addresses that were asked for in this run
    fresh: BTreeSet<String>,
    /// is told what is asked for
    pub(super) progress: Box<dyn FnMut(&str)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        site: Url,
        cache: &'a Cache,
        client: Option<Client>,
        refresh: bool,
        progress: Box<dyn FnMut(&str)>,
    ) -> Self {
        Self { site, cache, client, refresh, fresh: BTreeSet::new(), progress }
    }

    fn address(&self, name: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.site.clone();
        url.set_path(&format!("{}{name}", self.site.path()));
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// A page: the cache's, or the site's, which is kept at once, so that a run that is broken off goes on from there.
    fn page(&mut self, url: &Url, form: Option<&str>, wanted: fn(&Page) -> bool) -> Result<Got, Failure> {
        let address = url.as_str().to_owned();
        // of what was asked for in this run, the answer is as fresh as can be
        if !self.refresh || self.fresh.contains(&address) || self.client.is_none() {
            // what an older version kept, or a newer one, may not be readable to this one: ask again
            if let Some(kept) = self.cache.page(&address)?
                && let Ok(page) = update_catalog::read(&kept.bytes)
                && wanted(&page)
            {
                return Ok(Got { page, fetched: kept.fetched, bytes: kept.bytes, from_cache: true });
            }
        }
        let Some(client) = &mut self.client else {
            return Err(Failure::catalog(format!(
                "{}: not in the cache; without --offline it is asked for",
                super::super::input::shown(&address)
            )));
        };
        (self.progress)(url.path().rsplit('/').next().unwrap_or(""));
        // the dialog is asked for by a form; the cache tells its answers apart by an address that names the update
        let mut plain = url.clone();
        if form.is_some() {
            plain.set_query(None);
        }
        let ask = Ask { url: &plain, form, types: &HTML, may_be_absent: false };
        let (page, bytes) = client.ask(ask, |a| worth(a, wanted))?;
        let fetched = stamp(client.now());
        let kept = Kept { address: address.clone(), fetched: fetched.clone(), bytes };
        self.cache.add_pages(std::slice::from_ref(&kept))?;
        self.fresh.insert(address);
        Ok(Got { page, fetched, bytes: kept.bytes, from_cache: false })
    }

    /// Everything that the site finds for a KB.
    pub(super) fn search(&mut self, kb: KbId) -> Result<Found, Failure> {
        let query = kb.to_string();
        let mut found = Found::default();
        let mut seen = BTreeSet::new();
        for number in 0..SEARCH_PAGES {
            let n = number.to_string();
            let mut pairs = vec![("q", query.as_str())];
            if number > 0 {
                pairs.push(("p", n.as_str()));
            }
            let url = self.address("Search.aspx", &pairs);
            let got = self.page(&url, None, |p| matches!(p, Page::Results(_) | Page::NoneFound { .. }))?;
            let Page::Results(r) = &got.page else {
                // a search that had results and has none any more was answered by a site that changed meanwhile
                if number == 0 {
                    found.pages.push(got);
                }
                break;
            };
            let r: Results = r.clone();
            if r.page.is_some_and(|(page, _)| page != number + 1) {
                return Err(Failure::catalog(format!(
                    "the site answered page {} of the search for {query} with another one; try again later",
                    number + 1
                )));
            }
            found.pages.push(got);
            found.counted = found.counted.max(r.shown.map(|(_, _, all)| all));
            found.unreadable += r.unreadable;
            found.cut |= r.cut;
            let before = found.rows.len();
            found.rows.extend(r.rows.into_iter().filter(|w| seen.insert(w.update)));
            if !r.more || found.rows.len() == before {
                break;
            }
            if number + 1 == SEARCH_PAGES {
                found.cut = true;
            }
        }
        Ok(found)
    }

    /// The page of an update: its details, or that it was removed.
    pub(super) fn update(&mut self, update: UpdateGuid) -> Result<Got, Failure> {
        let id = update.to_string();
        let url = self.address("ScopedViewInline.aspx", &[("updateid", &id)]);
        let got = self.page(&url, None, |p| match p {
            Page::Details(_) | Page::Removed => true,
            Page::Fault { number } => number == NO_SUCH,
            _ => false,
        })?;
        match &got.page {
            Page::Details(d) if d.update != update => Err(Failure::catalog(format!(
                "the site answered the page of update {update} with that of {}; try again later",
                d.update
            ))),
            _ => Ok(got),
        }
    }

    /// The files of an update.
    pub(super) fn downloads(&mut self, update: UpdateGuid) -> Result<(Vec<Download>, Got), Failure> {
        let id = update.to_string();
        let url = self.address("DownloadDialog.aspx", &[("updateid", &id)]);
        let wanted = format!(r#"[{{"size":0,"languages":"","uidInfo":"{id}","updateID":"{id}"}}]"#);
        let mut form = self.site.clone();
        form.query_pairs_mut().clear().append_pair("updateIDs", &wanted);
        let form = form.query().unwrap_or("").to_owned();
        let got = self.page(&url, Some(&form), |p| matches!(p, Page::Downloads(_) | Page::Removed))?;
        let all = match &got.page {
            Page::Downloads(all) => {
                all.iter().filter(|d| d.update.is_none_or(|u| u == update)).cloned().collect()
            }
            _ => Vec::new(),
        };
        Ok((all, got))
    }

    /// Pages of updates that replaced these, until it is known of each which of its successors come first: the page of
    /// the earliest tells which ones came after it. At most `limit` pages.
    pub(super) fn follow(
        &mut self,
        known: &mut BTreeMap<UpdateGuid, Got>,
        of: &[UpdateGuid],
        whole: bool,
        mut limit: usize,
        mut titled: impl FnMut(&str) -> Titled,
    ) -> Result<(), Failure> {
        let mut left: Vec<UpdateGuid> = of.to_vec();
        let mut done = BTreeSet::new();
        while let Some(update) = left.pop() {
            if !done.insert(update) {
                continue;
            }
            while limit > 0 {
                let Some(next) = unordered(known, update, &mut titled) else { break };
                limit -= 1;
                let got = self.update(next)?;
                known.insert(next, got);
            }
            if whole {
                left.extend(successors(known, update).into_iter().filter(|s| known.contains_key(s)));
            }
        }
        Ok(())
    }
}

fn details(known: &BTreeMap<UpdateGuid, Got>, update: UpdateGuid) -> Option<&Details> {
    match known.get(&update).map(|g| &g.page) {
        Some(Page::Details(d)) => Some(d),
        _ => None,
    }
}

fn successors(known: &BTreeMap<UpdateGuid, Got>, update: UpdateGuid) -> Vec<UpdateGuid> {
    match details(known, update).map(|d| &d.replaced_by) {
        Some(ReplacedBy::By(all)) => all.iter().map(|s| s.update).collect(),
        _ => Vec::new(),
    }
}

/// The earliest successor whose page was not read and that is not known to come after another one.
fn unordered(
    known: &BTreeMap<UpdateGuid, Got>,
    update: UpdateGuid,
    titled: &mut impl FnMut(&str) -> Titled,
) -> Option<UpdateGuid> {
    let Some(ReplacedBy::By(all)) = details(known, update).map(|d| &d.replaced_by) else { return None };
    if let [_] = all[..] {
        return None;
    }
    let later: BTreeSet<UpdateGuid> = all.iter().flat_map(|s| successors(known, s.update)).collect();
    let mut open: Vec<_> = all
        .iter()
        .filter(|s| !known.contains_key(&s.update) && !later.contains(&s.update))
        .map(|s| {
            let t = titled(&s.title);
            // a preview comes after the update of its month
            let preview = s.title.to_ascii_lowercase().contains("preview");
            (t.month, preview, t.build, s.title.clone(), s.update)
        })
        .collect();
    open.sort();
    // the last one that is left has nothing beside it to be ordered with
    let read = all.iter().filter(|s| known.contains_key(&s.update)).count();
    if open.len() == 1 && read == 0 && later.is_empty() {
        return None;
    }
    open.first().map(|o| o.4)
}

/// Is it the page that was asked for, one that may become it, or none?
fn worth(answer: &Answer, wanted: fn(&Page) -> bool) -> Worth<(Page, Vec<u8>)> {
    let name = answer.url.path().rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let query = answer.url.query().unwrap_or("");
    let read = update_catalog::read(&answer.bytes);
    match read {
        Ok(page) if wanted(&page) => Worth::Good((page, answer.bytes.clone())),
        Ok(Page::Fault { number }) => Worth::Passing(format!("the Update Catalog reports error {number}")),
        Ok(Page::Unanswered) => {
            Worth::Passing("the Update Catalog did not answer the search: it is asked too often".to_owned())
        }
        // a wording of the page that is not known, at the address that is
        Err(PageError::Foreign)
            if name == "thanks.aspx" && query.contains("id=190") && wanted(&Page::Removed) =>
        {
            Worth::Good((Page::Removed, answer.bytes.clone()))
        }
        Ok(other) => Worth::Final(format!("answered with {}", other.kind())),
        Err(e @ (PageError::Truncated | PageError::Empty)) => Worth::Passing(format!("the answer {e}")),
        Err(e) => Worth::Final(format!("the answer {e}")),
    }
}
