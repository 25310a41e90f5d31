//! Fixes of vulnerabilities, as MSRC's feeds give them in three shapes.

use crate::{
    catalog::{
        Catalog,
        facts::{Facts, SourceRow},
    },
    model::{KbId, ProductSet, SourceKind, UpdateKind, Version},
    sources::{
        ImportError, Imported, Input,
        gather::{Gather, is_windows_build, kbs_in},
    },
};

/// One fix, in the words of a feed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fix<'a> {
    /// `5053594`, `KB5053594`, `Release Notes`
    pub(super) article: &'a str,
    /// where it is described or had
    pub(super) url: &'a str,
    pub(super) supersedes: &'a str,
    pub(super) restart: &'a str,
    /// `Security Update`, `Monthly Rollup`, …
    pub(super) kind: &'a str,
    pub(super) build: &'a str,
    /// `yyyymmdd` on which it came out, where that is certain
    pub(super) day: Option<u32>,
}

/// The update that a fix is: by its article, else by an address that is one of an article or a search for one.
fn update(fix: &Fix<'_>) -> Option<KbId> {
    if let Ok(kb) = fix.article.parse() {
        return Some(kb);
    }
    if !fix.article.is_empty() {
        return None;
    }
    let url = fix.url.trim().to_ascii_lowercase();
    let from = |marker: &str| {
        let rest = &url[url.find(marker)? + marker.len()..];
        let rest = rest.strip_prefix("kb").unwrap_or(rest);
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse::<KbId>().ok()
    };
    let support = url.contains("//support.microsoft.com/");
    let catalog = url.contains("catalog.update.microsoft.com/");
    ["/help/", "/kb/"]
        .iter()
        .find_map(|m| from(m).filter(|_| support))
        .or_else(|| from("search.aspx?q=").filter(|_| catalog))
}

/// What a feed calls a kind; rollups and security-only updates there are only up to Windows 8.1 and Server 2012 R2.
fn kind(text: &str, before_10: bool) -> Option<UpdateKind> {
    let word: String =
        text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    match word.as_str() {
        "monthlyrollup" if before_10 => Some(UpdateKind::MonthlyRollup),
        "securityonly" if before_10 => Some(UpdateKind::SecurityOnly),
        "iecumulative" => Some(UpdateKind::InternetExplorerCumulative),
        "servicingstackupdate" => Some(UpdateKind::ServicingStack),
        w if w.contains("hotpatch") => Some(UpdateKind::Hotpatch),
        _ => None,
    }
}

/// Gathers fixes of one document.
pub(super) struct Fixes<'c> {
    gather: Gather<'c>,
    catalog: &'c Catalog,
}

impl<'c> Fixes<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        Self { gather: Gather::new(catalog), catalog }
    }

    /// Something odd.
    pub(super) fn remark(&mut self, text: &str, n: u64, place: impl FnOnce() -> String) {
        self.gather.remarks.count(text, n, place);
    }

    /// A fix for products, by their names.
    pub(super) fn take<'n>(&mut self, fix: &Fix<'_>, products: impl Iterator<Item = &'n str>, place: &str) {
        let Some(kb) = update(fix) else {
            self.gather
                .remarks
                .add("fixes that have no KB number: left out", || format!("{place}: {}", fix.article));
            return;
        };
        let mut odd = 0;
        let superseded = kbs_in(fix.supersedes, |_| odd += 1);
        if odd > 0 {
            let what = || format!("{place}: {kb} over {}", fix.supersedes);
            self.gather.remarks.count("superseded names that are no KB numbers: left out", odd, what);
        }
        let build = fix.build.trim().parse::<Version>().ok().filter(|b| is_windows_build(*b));
        let mut any = false;
        for name in products {
            any = true;
            let named = self.gather.names.find(name);
            let on = named.map_or(ProductSet::default(), |n| n.products);
            let before_10 = !on.is_empty() && on.iter().all(|p| self.catalog.product(p).version.0[0] < 10);
            let update = self.gather.update(kb);
            match named {
                Some(n) => {
                    update.package(n.products, n.architecture);
                    update.component(n.component.unwrap_or(""));
                    // .NET and browsers have versions of their own
                    if let (Some(build), None) = (build, n.component) {
                        update.build(build, n.products);
                    }
                }
                None => update.component(name),
            }
            if let Some(kind) = kind(fix.kind, before_10) {
                update.of_kind(kind);
            }
            superseded.iter().for_each(|to| update.supersedes(*to, on));
        }
        if !any {
            self.gather.remarks.add("fixes for no product: left out", || format!("{place}: {kb}"));
            return;
        }
        let update = self.gather.update(kb);
        update.restart(fix.restart);
        if let Some(day) = fix.day {
            update.dated(day, 1);
        }
    }

    /// The document as rows.
    pub(super) fn finish(self, format: &'static str, source: SourceRow) -> Imported {
        let kind = SourceKind::SecurityUpdateGuide;
        let (facts, remarks) = self.gather.finish(&source.id, "verified", None);
        let source = SourceRow { kind: Some(kind.name().to_owned()), ..source };
        let facts = Facts { sources: vec![source.clone()], ..facts };
        Imported { kind, format, source, facts, metadata: None, remarks }
    }
}

/// When a document was read: the day it states, else the day of the import.
pub(super) fn read_day(stated: &str, input: &Input<'_>) -> String {
    crate::sources::gather::day(stated).map_or_else(|| input.read.to_owned(), |_| stated[..10].to_owned())
}

/// A document in which nothing of its kind was found.
pub(super) fn not_whole(name: &str, what: &str) -> ImportError {
    ImportError::new(name, format!("no {what}: the document is not whole; download it again"))
}
