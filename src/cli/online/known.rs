//! Files that fetched pages name for an update. No site is asked.

use super::{
    super::{
        cache::{Cache, ReadArgs},
        plan::Named,
    },
    fetch::{self, Plan},
    links::Wanted,
    report::Choice,
    walk::Walk,
};
use crate::{
    catalog::Catalog,
    model::{Host, KbId},
    resolve::identity::Identity,
    sources::update_catalog,
};
use reqwest::Url;

/// The files of the one package of an update that is for a host; none where pages are not in the cache, or do not decide.
pub(in crate::cli) fn files(
    kb: KbId,
    read: &ReadArgs,
    catalog: &Catalog,
    host: &Host,
    identity: &Identity,
) -> Vec<Named> {
    let (Some(cache), Ok(site)) =
        (read.cache(), fetch::address(None, "KBWHY_CATALOG_SITE", update_catalog::SITE))
    else {
        return Vec::new();
    };
    let wanted = Wanted {
        products: identity.products,
        architecture: host.architecture.as_ref().map(|a| a.value),
        words: identity.words.clone(),
    };
    of_pages(kb, &cache, site, catalog, wanted)
}

/// The same, by what the package is wanted for.
pub(super) fn of_pages(kb: KbId, cache: &Cache, site: Url, catalog: &Catalog, wanted: Wanted) -> Vec<Named> {
    let mut walk = Walk::new(site, cache, None, false, Box::new(|_| {}));
    let plan = Plan { links: true, chain: false, wanted: Some(wanted) };
    let Ok((told, _)) = fetch::one(kb, &mut walk, catalog, &plan) else { return Vec::new() };
    let Some(Choice::One { update, .. }) = &told.choice else { return Vec::new() };
    let files = told.updates.iter().find(|u| u.id == *update).and_then(|u| u.files.as_ref());
    let named = |f: &super::report::File| Named {
        name: f.name.clone(),
        url: f.url.clone(),
        digest: f.sha256.clone().or_else(|| f.sha1.clone()),
    };
    files.into_iter().flatten().take(50).map(named).collect()
}
