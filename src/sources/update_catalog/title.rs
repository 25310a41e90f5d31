//! What the title of an update tells: `2023-04 Cumulative Update for Windows 11 Version 22H2 for arm64-based Systems
//! (KB5025239)`. The Update Catalog has no field for the product's version, and often none for the architecture.

use crate::{
    catalog::Catalog,
    model::{Architecture, ArchitectureSet, KbId, ProductId, ProductSet, UpdateKind},
};
use jiff::civil::Date;

/// What a title tells. Every part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Titled {
    /// KB
    pub kb: Option<KbId>,
    /// products of the catalog; empty where it names none, or where a service pack would have to be guessed
    pub products: ProductSet,
    /// architectures; empty where it names none
    pub architectures: ArchitectureSet,
    /// kind
    pub kind: Option<UpdateKind>,
    /// what it updates, if not Windows itself
    pub component: Option<String>,
    /// year and month that it is called by
    pub month: Option<(i16, i8)>,
    /// build and revision that it brings: `(26100.9457)`
    pub build: Option<(u32, u32)>,
}

impl Titled {
    /// Reads a title. `date` is when the update was last changed: it tells which service packs it can be for.
    pub fn parse(catalog: &Catalog, title: &str, date: Option<Date>) -> Self {
        let words = words(title);
        let month = words.first().and_then(|w| month(w));
        let day = date.or_else(|| month.and_then(|(y, m)| Date::new(y, m, 1).ok()));
        let lower = words.join(" ");
        let (component, kind) = (component(&lower), kind(&lower));
        Self {
            kb: kb_of(title),
            products: products(catalog, &words, day, component.is_some()),
            architectures: words.iter().filter_map(|w| architecture(w)).collect(),
            kind,
            component,
            month,
            build: build(title),
        }
    }
}

/// The KB that a title is of: the last one in brackets, or the only one.
pub fn kb_of(title: &str) -> Option<KbId> {
    let bracketed =
        title.split('(').skip(1).filter_map(|t| kb_numbers(t.split(')').next()?).into_iter().next());
    bracketed.last().or_else(|| match kb_numbers(title)[..] {
        [one] => Some(one),
        _ => None,
    })
}

/// `KB5025239`, and bare numbers where nothing else stands: `5025239, 5025240`.
pub(super) fn kb_numbers(text: &str) -> Vec<KbId> {
    let mut out = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let named = word.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("kb"));
        let bare = word.len() >= 6 && word.bytes().all(|b| b.is_ascii_digit());
        let bare = bare && text.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b' ' || b == b';');
        if (named || bare)
            && let Ok(kb) = word.parse::<KbId>()
            && !out.contains(&kb)
        {
            out.push(kb);
        }
    }
    out
}

/// Is this search result about the KB? The site searches all of an update's text.
pub fn fits(title: &str, asked: KbId) -> bool {
    kb_of(title) == Some(asked)
}

fn words(title: &str) -> Vec<String> {
    title
        .to_lowercase()
        .replace("operating system-", "operating system version ")
        .replace(['®', '™'], " ")
        .replace("(r)", " ")
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';' | '/' | '|'))
        .filter(|w| !w.is_empty() && *w != "-")
        .take(80)
        .map(str::to_owned)
        .collect()
}

fn month(word: &str) -> Option<(i16, i8)> {
    let (y, m) = word.split_once('-')?;
    let (y, m): (i16, i8) = (y.parse().ok()?, m.parse().ok()?);
    ((2000..=2100).contains(&y) && (1..=12).contains(&m)).then_some((y, m))
}

fn build(title: &str) -> Option<(u32, u32)> {
    title.split(['(', ')']).find_map(|part| {
        let (b, r) = part.split_once('.')?;
        let number = |t: &str, n: usize| (t.len() <= n).then(|| t.parse::<u32>().ok()).flatten();
        number(b, 5).zip(number(r, 5)).filter(|(b, _)| *b >= 10_240)
    })
}

fn architecture(word: &str) -> Option<Architecture> {
    match word.strip_suffix("-based").unwrap_or(word) {
        "x64" | "amd64" | "64-bit" => Some(Architecture::X64),
        "x86" | "32-bit" => Some(Architecture::X86),
        "arm64" => Some(Architecture::Arm64),
        "itanium" | "ia64" => Some(Architecture::Ia64),
        _ => None,
    }
}

fn component(title: &str) -> Option<String> {
    if let Some(at) = title.find(".net framework") {
        let versions: Vec<&str> = title[at + ".net framework".len()..]
            .split(' ')
            .skip(1)
            .take_while(|w| w.starts_with(|c: char| c.is_ascii_digit()) || *w == "and")
            .filter(|w| *w != "and")
            .collect();
        let versions = versions.join(", ");
        return Some(format!(".NET Framework {versions}").trim_end().to_owned());
    }
    ["internet explorer", "adobe flash player", "malicious software removal", "defender"]
        .iter()
        .zip([
            "Internet Explorer",
            "Adobe Flash Player",
            "Malicious Software Removal Tool",
            "Microsoft Defender",
        ])
        .find(|(needle, _)| title.contains(*needle))
        .map(|(_, name)| name.to_owned())
}

fn kind(title: &str) -> Option<UpdateKind> {
    let has = |t: &str| title.contains(t);
    let preview = has("preview");
    Some(if has("dynamic update") || has("dynamic cumulative") {
        UpdateKind::DynamicUpdate
    } else if has("servicing stack update") {
        UpdateKind::ServicingStack
    } else if has("hotpatch") {
        UpdateKind::Hotpatch
    } else if has(".net framework") {
        return (has("cumulative") || has("rollup") || has("security only"))
            .then_some(UpdateKind::DotnetRollup);
    } else if has("delta update") {
        UpdateKind::Delta
    } else if has("cumulative security update for internet explorer") {
        UpdateKind::InternetExplorerCumulative
    } else if has("security only") {
        UpdateKind::SecurityOnly
    } else if has("monthly quality rollup") {
        if preview { UpdateKind::RollupPreview } else { UpdateKind::MonthlyRollup }
    } else if has("feature update") && has("enablement package") {
        UpdateKind::Enablement
    } else if has("cumulative update") && (has("windows") || has("server operating system")) {
        if preview { UpdateKind::CumulativePreview } else { UpdateKind::Cumulative }
    } else {
        return None;
    })
}

/// Words after which a Windows is meant that is not the one of that name.
const OTHERS: [&str; 9] = ["embedded", "thin", "rt", "phone", "pe", "insider", "technical", "mobile", "iot"];

fn products(catalog: &Catalog, words: &[String], day: Option<Date>, component: bool) -> ProductSet {
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    let mut out = ProductSet::default();
    for i in 0..words.len() {
        let found = match word(i) {
            "windows" if OTHERS.contains(&word(i + 1)) => None,
            "windows" if word(i + 1) == "server" => server(catalog, words, i + 2, day),
            "windows" => client(catalog, words, i + 1, day, component),
            // `Windows 8.1 and Server 2012 R2`
            "server" if matches!(word(i.wrapping_sub(1)), "and" | "&" | "for") && i > 0 => {
                server(catalog, words, i + 1, day)
            }
            "server" if word(i + 1) == "operating" && word(i + 2) == "system" => {
                operating_system(catalog, words, i + 3, day)
            }
            _ => None,
        };
        out = found.map_or(out, |p| out.union(p));
    }
    // what is made for media, or for later versions also, is not made for the product that is named
    let all = words.join(" ");
    let broader = ["and later", "insider", "technical preview", "vnext"].iter().any(|t| all.contains(t));
    if broader { ProductSet::default() } else { out }
}

/// `version 22H2`, `22H2`
fn release(words: &[String], i: usize) -> Option<String> {
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    let at = if word(i) == "version" { i + 1 } else { i };
    let w = word(at);
    let half = w.len() == 4 && w.as_bytes()[2] == b'h' && w.bytes().filter(u8::is_ascii_digit).count() == 3;
    let year_month =
        w.len() == 4 && w.bytes().all(|b| b.is_ascii_digit()) && (at > i || ("1507".."2005").contains(&w));
    (half || year_month).then(|| if w == "20h1" { "2004".to_owned() } else { w.to_owned() })
}

fn slug(catalog: &Catalog, slug: &str) -> Option<ProductSet> {
    catalog.product_by_slug(slug).map(|p| ProductSet::of(p.id))
}

fn client(
    catalog: &Catalog,
    words: &[String],
    i: usize,
    day: Option<Date>,
    component: bool,
) -> Option<ProductSet> {
    let word = words.get(i)?.as_str();
    match word {
        "10" | "11" => match release(words, i + 1) {
            Some(r) => slug(catalog, &format!("windows-{word}-{r}")),
            // the first releases had none in titles of their own updates; other updates mean any release
            None if !component && words.iter().any(|w| w == "cumulative") => {
                slug(catalog, if word == "10" { "windows-10-1507" } else { "windows-11-21h2" })
            }
            None => None,
        },
        "8" | "8.1" => slug(catalog, &format!("windows-{word}")),
        "7" | "vista" | "xp" if words.get(i + 1).is_none_or(|w| w != "embedded") => {
            service_pack(catalog, &format!("windows-{word}"), words, day)
        }
        _ => None,
    }
}

fn server(catalog: &Catalog, words: &[String], i: usize, day: Option<Date>) -> Option<ProductSet> {
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    match word(i) {
        "version" => slug(catalog, &format!("windows-server-{}", release(words, i)?)),
        "2008" if word(i + 1) == "r2" => service_pack(catalog, "windows-server-2008-r2", words, day),
        "2003" | "2008" => service_pack(catalog, &format!("windows-server-{}", word(i)), words, day),
        "2012" if word(i + 1) == "r2" => slug(catalog, "windows-server-2012-r2"),
        "2022" if word(i + 1) == "23h2" => slug(catalog, "windows-server-23h2"),
        "2012" | "2016" | "2019" | "2022" | "2025" => slug(catalog, &format!("windows-server-{}", word(i))),
        _ => None,
    }
}

/// The Update Catalog's name of Windows Server from 2021 on. 22H2 is Azure Stack HCI alone.
fn operating_system(catalog: &Catalog, words: &[String], i: usize, day: Option<Date>) -> Option<ProductSet> {
    match release(words, i).as_deref() {
        Some("21h2") => slug(catalog, "windows-server-2022"),
        Some("23h2") => slug(catalog, "windows-server-23h2"),
        Some("24h2") => slug(catalog, "windows-server-2025"),
        Some(_) => None,
        None => slug(catalog, "windows-server-2022")
            .filter(|_| day.is_some_and(|d| (2021..=2022).contains(&d.year()))),
    }
}

/// The service pack that a title means: the one it names, or the only one that still had updates on that day.
fn service_pack(catalog: &Catalog, base: &str, words: &[String], day: Option<Date>) -> Option<ProductSet> {
    let named =
        words.windows(3).find(|w| w[0] == "service" && w[1] == "pack").and_then(|w| w[2].parse::<u8>().ok());
    let family: Vec<ProductId> = catalog
        .products()
        .filter(|p| {
            let rest = p.slug.strip_prefix(base).unwrap_or("?");
            rest.is_empty() || rest == "-rtm" || rest.starts_with("-sp")
        })
        .filter(|p| named.is_none_or(|n| p.service_pack == Some(n)))
        .map(|p| p.id)
        .collect();
    let served = |p: &ProductId| day.is_none_or(|day| day < superseded_service_packs(catalog, *p));
    let mut left: Vec<ProductId> =
        if named.is_some() { family } else { family.into_iter().filter(served).collect() };
    if left.len() > 1 {
        left.clear();
    }
    left.first().map(|p| ProductSet::of(*p))
}

/// When the last service pack but one of any Windows was no longer served; the newest of a family has no such day.
///
/// Source: Microsoft's lifecycle pages: Windows 7 and Server 2008 R2 RTM until 2013-04-09, Vista and Server 2008 SP1
/// until 2011-07-12, XP SP2 until 2010-07-13, Server 2003 SP1 until 2009-04-14.
fn superseded_service_packs(catalog: &Catalog, product: ProductId) -> Date {
    let slug = catalog.product(product).slug;
    let (y, m, d) = match slug {
        "windows-7-rtm" | "windows-server-2008-r2-rtm" => (2013, 4, 10),
        "windows-vista-sp1" | "windows-vista-rtm" | "windows-server-2008-sp1" => (2011, 7, 13),
        "windows-xp-sp2" => (2010, 7, 14),
        "windows-server-2003-sp1" => (2009, 4, 15),
        _ => (9999, 12, 31),
    };
    Date::constant(y, m, d)
}
