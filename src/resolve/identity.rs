//! Which product of the catalog a host, or a product name in words, is.

use super::statement::{Certainty, Evidence, Says};
use crate::{
    catalog::{Catalog, view::Product},
    model::{Edition, Host, PackageState, ProductSet, Version, branch_of},
};

/// The host as far as it is identified.
#[derive(Clone, Debug)]
pub struct Identity {
    /// products that it may be; empty if it is none that the catalog knows
    pub products: ProductSet,
    /// `major.minor` of Windows
    pub kernel: Option<(u32, u32)>,
    /// build number
    pub build: Option<u32>,
    /// service pack
    pub service_pack: Option<u8>,
    /// nothing at all was stated
    pub nothing_stated: bool,
    /// how it was identified
    pub evidence: Vec<Evidence>,
    /// stated by the host, or by rule
    pub certainty: Certainty,
    /// in words
    pub words: String,
    /// an Embedded or POSReady system: its packages are those of the Windows that it is built on, its lifecycle and
    /// licences are its own
    pub embedded: bool,
}

/// Words of a product name, in a form that names from feeds, systeminfo and people share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Words {
    server: bool,
    /// `7`, `8.1`, `2012 r2`, …; empty for `Windows Server, version 1709`
    family: String,
    /// `1809`, `22h2`
    release: String,
    service_pack: Option<u8>,
    /// Azure Stack HCI and the like, which no product here stands for
    windows: bool,
}

fn words(text: &str) -> Words {
    let clean: String = text
        .to_lowercase()
        .replace("(r)", " ")
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '.' { c } else { ' ' })
        .collect();
    let tokens: Vec<&str> = clean.split_whitespace().map(|t| t.trim_matches('.')).collect();
    let mut w = Words { windows: tokens.iter().any(|t| t.starts_with("windows")), ..Words::default() };
    let mut service_pack_next = false;
    for (i, t) in tokens.iter().enumerate() {
        let release =
            (t.len() == 4 && t.as_bytes()[2] == b'h' && t.starts_with(|c: char| c.is_ascii_digit()))
                || (t.len() == 4 && matches!(t.parse::<u32>(), Ok(1500..=1999)));
        if t.starts_with("server") {
            w.server = true;
        } else if release {
            w.release = (*t).to_owned();
            // the first release had no number in names
            if w.release == "20h1" {
                w.release = "2004".into();
            }
        } else if *t == "2004"
            && (w.family == "10" || tokens.get(i.wrapping_sub(1)).is_some_and(|p| *p == "version"))
        {
            w.release = "2004".into();
        } else if *t == "pack" {
            service_pack_next = true;
        } else if service_pack_next {
            w.service_pack = t.parse().ok();
            service_pack_next = false;
        } else if let Some(n) = t.strip_prefix("sp").and_then(|n| n.parse().ok()) {
            w.service_pack = Some(n);
        } else if *t == "rtm" {
            w.service_pack = Some(0);
        } else if w.family.is_empty() {
            let is_family = matches!(
                *t,
                "xp" | "vista"
                    | "7"
                    | "8"
                    | "8.1"
                    | "10"
                    | "11"
                    | "2003"
                    | "2008"
                    | "2012"
                    | "2016"
                    | "2019"
                    | "2022"
                    | "2025"
            );
            if is_family {
                w.family = (*t).to_owned();
                if t.starts_with("20") {
                    w.server = true;
                }
                if tokens.get(i + 1) == Some(&"r2") {
                    w.family.push_str(" r2");
                }
            }
        }
    }
    if w.release.is_empty() && !w.server && tokens.iter().any(|t| matches!(*t, "ltsc" | "ltsb")) {
        w.release =
            tokens.iter().find_map(|t| long_term_release(&w.family, t)).unwrap_or_default().to_owned();
    }
    w
}

/// The release that a year in the name of a Long-Term Servicing edition stands for.
///
/// Source: "Windows 10 Enterprise LTSC" and "Windows 11 Enterprise LTSC" on learn.microsoft.com.
fn long_term_release(family: &str, year: &str) -> Option<&'static str> {
    Some(match (family, year) {
        ("10", "2015") => "1507",
        ("10", "2016") => "1607",
        ("10", "2019") => "1809",
        ("10", "2021") => "21h2",
        ("11", "2024") => "24h2",
        _ => return None,
    })
}

/// The products that a name in words may mean: `Windows 7 / Windows Server 2008 R2`, `Windows 11, version 22H2`.
/// Empty if it names none that the catalog knows.
pub fn products_named(catalog: &Catalog, text: &str) -> ProductSet {
    text.split(" / ")
        .flat_map(|t| t.split(" and "))
        .flat_map(|t| t.split(';'))
        .fold(ProductSet::default(), |set, part| set.union(one_name(catalog, part)))
}

fn one_name(catalog: &Catalog, text: &str) -> ProductSet {
    let w = words(text);
    if w.family.is_empty() && (w.release.is_empty() || !w.server) {
        return ProductSet::default();
    }
    let matching = |exact: bool| -> ProductSet {
        catalog
            .products()
            .filter(|p| {
                let name = words(p.name);
                // release "1507" of products whose name does not carry it, "21H2" of Server 2022
                let release = if name.release.is_empty() && !p.server {
                    p.release.unwrap_or("").to_lowercase()
                } else {
                    name.release.clone()
                };
                p.server == w.server
                    && name.family == w.family
                    && if exact { release == w.release } else { w.release.is_empty() || release == w.release }
                    && match (w.service_pack, p.service_pack) {
                        (Some(a), Some(b)) => a == b,
                        _ => true,
                    }
            })
            .map(|p| p.id)
            .collect()
    };
    // "Windows Server 2022" is that product, not its 23H2 edition; "Windows 10" is any of them
    if w.server {
        let exact = matching(true);
        if !exact.is_empty() {
            return exact;
        }
        // "Windows Server 2022 21H2", "Windows Server 2019 1809": the release adds nothing
        let base = one_name_without_release(catalog, &w);
        if !base.is_empty() {
            return base;
        }
    }
    matching(false)
}

fn one_name_without_release(catalog: &Catalog, w: &Words) -> ProductSet {
    catalog
        .products()
        .filter(|p| {
            p.server && !w.family.is_empty() && {
                let name = words(p.name);
                name.family == w.family
                    && name.release.is_empty()
                    && p.release.is_some_and(|r| r.eq_ignore_ascii_case(&w.release))
            }
        })
        .map(|p| p.id)
        .collect()
}

/// Builds that are one product: Server 2008 SP2 became 6003 by an update.
fn same_build(a: u32, b: u32) -> bool {
    let fold = |n: u32| if n == 6003 { 6002 } else { n };
    fold(a) == fold(b)
}

fn version_fits(p: &Product<'_>, v: Version) -> bool {
    let [major, minor, build, _] = v.0;
    p.version.0[0] == major && p.version.0[1] == minor && (build == 0 || same_build(p.version.0[2], build))
}

/// The service pack that a build number means, where it does.
pub fn service_pack_of_build(build: u32) -> Option<u8> {
    Some(match build {
        6000 | 7600 => 0,
        6001 | 7601 => 1,
        6002 | 6003 => 2,
        _ => return None,
    })
}

/// The products that every listed update with a complete list of packages is for: a list of updates without an OS still
/// tells which Windows it is of.
fn by_updates(catalog: &Catalog, host: &Host) -> Option<(ProductSet, Evidence)> {
    let mut out: Option<(ProductSet, Evidence)> = None;
    for (kb, state) in host.updates.iter().filter(|(_, f)| f.value == PackageState::Installed) {
        let Some(update) = catalog.update(*kb).filter(|u| u.all_packages_known) else { continue };
        let products = update.products();
        let narrowed = out.as_ref().map_or(products, |(p, _)| p.intersection(products));
        if narrowed.is_empty() {
            // a list of two machines, or of a machine that was upgraded
            return None;
        }
        if out.as_ref().is_none_or(|(p, _)| *p != narrowed) {
            out = Some((narrowed, Evidence::host(Says::IdentifiedBy(*kb), &state.origin)));
        }
    }
    out
}

/// Identifies a host by its version, product name and service pack.
pub fn identify(catalog: &Catalog, host: &Host) -> Identity {
    let mut evidence = Vec::new();
    let version = host.version.as_ref();
    let named = host.product.as_ref().map(|p| (words(&p.value), one_name(catalog, &p.value)));
    let service_pack = host
        .service_pack
        .as_ref()
        .map(|s| s.value)
        .or_else(|| version.and_then(|v| service_pack_of_build(v.value.0[2])))
        .or_else(|| named.as_ref().and_then(|(w, _)| w.service_pack));
    let by_version: Option<ProductSet> = version
        .map(|v| catalog.products().filter(|p| version_fits(p, v.value)).map(|p| p.id).collect())
        // a cumulative update in a log names the base build of the branch, not the build
        .or_else(|| {
            let branch = host.branch.as_ref()?.value;
            let of = |p: &Product<'_>| p.version.0[0] == 10 && branch_of(p.version.0[2]) == branch;
            Some(catalog.products().filter(of).map(|p| p.id).collect())
        });
    let installation_server =
        host.installation_type.as_ref().map(|t| t.value != crate::model::InstallationType::Client);
    let server =
        named.as_ref().filter(|(w, _)| w.windows || w.server).map(|(w, _)| w.server).or(installation_server);
    let mut products = match (by_version, &named) {
        (Some(v), Some((_, n))) if !v.intersection(*n).is_empty() => v.intersection(*n),
        // "Windows 10 Pro" in the registry of a Windows 11: the build decides, the name tells client from server
        (Some(v), _) => v,
        (None, Some((_, n))) => *n,
        (None, None) => match by_updates(catalog, host) {
            Some((products, by)) => {
                evidence.push(by);
                products
            }
            None => ProductSet::default(),
        },
    };
    if let Some(server) = server {
        let fitting: ProductSet = products.iter().filter(|p| catalog.product(*p).server == server).collect();
        if !fitting.is_empty() {
            products = fitting;
        }
    }
    if let Some(sp) = service_pack {
        products =
            products.iter().filter(|p| catalog.product(*p).service_pack.is_none_or(|s| s == sp)).collect();
    }
    let kernel = version.map(|v| (v.value.0[0], v.value.0[1])).or_else(|| {
        let mut kernels = products.iter().map(|p| catalog.product(p).version.0).map(|v| (v[0], v[1]));
        let first = kernels.next()?;
        kernels.all(|k| k == first).then_some(first)
    });
    let build = version.map(|v| v.value.0[2]).filter(|b| *b != 0).or_else(|| {
        let mut builds = products.iter().map(|p| catalog.product(p).version.0[2]);
        let first = builds.next()?;
        builds.all(|b| b == first).then_some(first)
    });
    let words = in_words(catalog, host, products, service_pack);
    let branch = host.branch.as_ref().filter(|_| version.is_none());
    for origin in
        [version.map(|f| &f.origin), branch.map(|f| &f.origin), host.product.as_ref().map(|f| &f.origin)]
            .into_iter()
            .flatten()
            .take(1)
    {
        evidence.push(Evidence::host(Says::HostIs(words.clone()), origin));
    }
    Identity {
        products,
        kernel,
        build,
        service_pack,
        nothing_stated: version.is_none() && host.product.is_none() && products.is_empty(),
        evidence,
        certainty: if version.is_some() || named.is_some() {
            Certainty::Confirmed
        } else {
            Certainty::Inferred
        },
        words,
        embedded: host.edition.as_ref().is_some_and(|e| e.value.is_embedded())
            || host.product.as_ref().is_some_and(|p| Edition(p.value.clone()).is_embedded()),
    }
}

fn in_words(catalog: &Catalog, host: &Host, products: ProductSet, service_pack: Option<u8>) -> String {
    let mut out = match (products.len(), &host.product) {
        (1, _) => products.iter().next().map_or_else(String::new, |p| catalog.product(p).name.to_owned()),
        (_, Some(p)) => p.value.clone(),
        (0, None) => "an unknown Windows".to_owned(),
        (_, None) => {
            let mut names: Vec<&str> = products.iter().map(|p| catalog.product(p).name).take(3).collect();
            if products.len() > 3 {
                names.push("others");
            }
            names.join(" or ")
        }
    };
    if let Some(e) = &host.edition
        && !out.to_lowercase().contains(&e.value.0.to_lowercase())
    {
        out = format!("{out} {}", e.value.0);
    }
    if let Some(sp) = service_pack.filter(|s| *s > 0)
        && !out.contains("Service Pack")
        && products.len() != 1
    {
        out = format!("{out} Service Pack {sp}");
    }
    out
}
