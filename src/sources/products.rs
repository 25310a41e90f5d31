//! Product names of Microsoft's feeds, as products of the catalog.

use crate::{
    catalog::Catalog,
    model::{Architecture, ProductId, ProductSet},
};
use std::collections::HashMap;

/// The names by which a catalog knows its products.
///
/// ```
/// use kbwhy::{catalog::Catalog, model::Architecture, sources::products::ProductNames};
/// let catalog = Catalog::embedded();
/// let names = ProductNames::new(catalog);
/// let named = names.find("Windows Server 2008 R2 for x64-based Systems Service Pack 1 (Server Core installation)").unwrap();
/// assert_eq!(catalog.product(named.products.iter().next().unwrap()).slug, "windows-server-2008-r2-sp1");
/// assert_eq!(named.architecture, Some(Architecture::X64));
/// assert!(names.find("Microsoft Office 2016 (64-bit edition)").is_none());
/// ```
#[derive(Clone, Debug)]
pub struct ProductNames {
    /// names without case, commas and doubled blanks
    exact: HashMap<String, ProductId>,
    /// the same without their architecture, of those names that state one
    bare: HashMap<String, ProductId>,
    facts: Vec<Known>,
}

/// What the meaning of a name depends on.
#[derive(Clone, Debug)]
struct Known {
    /// `windows 10`, `windows server`, `windows server version`
    family: String,
    build: u32,
    server: bool,
    /// a name without an architecture is the 32-bit one: up to Vista, feeds name the others
    plain_is_x86: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// the products; several for `Windows 10, version 1903 and later`
    pub products: ProductSet,
    /// the architecture, where the name states one
    pub architecture: Option<Architecture>,
    /// what is updated, where it is not Windows itself: `Microsoft .NET Framework 4.8` of `… on Windows …`
    pub component: Option<&'a str>,
}

/// Longer names are none.
const LONGEST: usize = 400;

impl ProductNames {
    /// The names and aliases of a catalog.
    pub fn new(catalog: &Catalog) -> Self {
        let mut names = Self { exact: HashMap::new(), bare: HashMap::new(), facts: Vec::new() };
        for p in catalog.products() {
            let v = p.version.0;
            names.facts.push(Known {
                family: family(&normal(p.name)),
                build: v[2],
                server: p.server,
                plain_is_x86: p.architectures.contains(Architecture::X86)
                    && (v[0] < 6 || (v[0] == 6 && v[1] == 0 && !p.server)),
            });
            for name in catalog.product_aliases(p.id).into_iter().chain([p.name]) {
                let name = normal(name);
                if let (base, Some(_)) = without_architecture(&name) {
                    names.bare.entry(base).or_insert(p.id);
                }
                names.exact.entry(name).or_insert(p.id);
            }
        }
        names
    }

    /// What a name of a feed stands for; none where it is no product of the catalog.
    pub fn find<'a>(&self, name: &'a str) -> Option<Named<'a>> {
        if name.len() > LONGEST {
            return None;
        }
        if let Some((products, architecture)) = self.product(name) {
            return Some(Named { products, architecture, component: None });
        }
        let (component, windows) = name.rsplit_once(" on ")?;
        let (products, architecture) = self.product(windows.trim_start_matches("Microsoft "))?;
        // an older feed writes `… when installed on …`
        let component = component.trim().trim_end_matches(" when installed").trim();
        Some(Named { products, architecture, component: Some(component) })
    }

    /// The product that a title of an update is for: `2022-12 Security Update for Windows 10 Version 22H2 for x64-based
    /// Systems (KB5012170)`.
    pub fn find_in_title(&self, title: &str) -> Option<(ProductSet, Option<Architecture>)> {
        if title.len() > LONGEST {
            return None;
        }
        let title = title.rsplit_once(" (KB").map_or(title, |(t, _)| t);
        let (mut end, mut found) = (title.len(), None);
        while let Some(at) = title[..end].rfind(" for ") {
            if let Some(product) = self.product(&title[at + 5..]) {
                found = Some(product);
                break;
            }
            end = at;
        }
        found.or_else(|| self.find(title).map(|n| (n.products, n.architecture)))
    }

    fn product(&self, name: &str) -> Option<(ProductSet, Option<Architecture>)> {
        let name = normal(name);
        if let Some(base) = name.strip_suffix(" and later") {
            let from = *self.exact.get(base)?;
            return Some((self.and_later(from), None));
        }
        let (base, stated) = without_architecture(&name);
        let found = self
            .exact
            .get(&name)
            .or_else(|| stated.and_then(|_| self.exact.get(&base).or_else(|| self.bare.get(&base))));
        let id = *found?;
        let plain = self.facts.get(usize::from(id.0)).is_some_and(|k| k.plain_is_x86);
        let architecture = match stated {
            None if base.starts_with("windows rt") => Some(Architecture::Arm),
            None if plain => Some(Architecture::X86),
            stated => stated,
        };
        Some((ProductSet::of(id), architecture))
    }

    /// The products of the same family from this one on.
    fn and_later(&self, from: ProductId) -> ProductSet {
        let Some(first) = self.facts.get(usize::from(from.0)) else { return ProductSet::default() };
        let later =
            self.facts.iter().enumerate().filter(|(_, k)| {
                k.family == first.family && k.server == first.server && k.build >= first.build
            });
        later.map(|(i, _)| ProductId(i as u8)).collect()
    }
}

/// `windows server version` of `windows server version 1903`: all but the release.
fn family(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let version = words.iter().position(|w| *w == "version");
    let end = match (version, words.get(1)) {
        (Some(at), Some(&"server")) => at + 1,
        (Some(at), _) => at,
        (None, _) => words.len(),
    };
    words[..end].join(" ")
}

/// In lower case, without commas, doubled blanks and what says nothing about the product.
fn normal(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let lower = name.to_ascii_lowercase().replace("operating system-", "operating system version ");
    let lower = lower.replace("(server core installation)", " ");
    for word in lower.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    let text = text.strip_suffix(" - extra").unwrap_or(&text);
    match text.strip_prefix("microsoft ") {
        Some(rest) if rest.starts_with("windows ") => rest.to_owned(),
        _ => text.to_owned(),
    }
}

/// A normal name without `for x64-based systems`, `x64 edition` and their like, and the architecture that they state.
fn without_architecture(name: &str) -> (String, Option<Architecture>) {
    let words: Vec<&str> = name.split(' ').collect();
    let of = |word: &str| match word.strip_suffix("-based").unwrap_or(word) {
        "x64" | "64-bit" | "amd64" => Some(Architecture::X64),
        "x86" | "32-bit" => Some(Architecture::X86),
        "arm64" => Some(Architecture::Arm64),
        // feeds wrote `ARM systems` of 64-bit Windows 11; 32-bit ARM is Windows RT
        "arm" => Some(Architecture::Arm64),
        "itanium" | "ia64" => Some(Architecture::Ia64),
        _ => None,
    };
    let Some((at, architecture)) = words.iter().enumerate().find_map(|(i, w)| of(w).map(|a| (i, a))) else {
        return (name.to_owned(), None);
    };
    let start = if at > 0 && words[at - 1] == "for" { at - 1 } else { at };
    let tail = |w: &&str| matches!(*w, "system" | "systems" | "edition" | "editions");
    let end = at + 1 + usize::from(words.get(at + 1).is_some_and(tail));
    let kept: Vec<&str> = words[..start].iter().chain(&words[end..]).copied().collect();
    (kept.join(" "), Some(architecture))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Option<(Vec<String>, Option<Architecture>, Option<String>)> {
        let catalog = Catalog::embedded();
        let names = ProductNames::new(catalog);
        let n = names.find(name)?;
        let slugs = n.products.iter().map(|p| catalog.product(p).slug.to_owned()).collect();
        Some((slugs, n.architecture, n.component.map(str::to_owned)))
    }

    #[test]
    fn names_of_feeds() {
        use Architecture::{Arm, Arm64, Ia64, X64, X86};
        for (name, slug, architecture) in [
            ("Windows Server 2012 R2 (Server Core installation)", "windows-server-2012-r2", None),
            ("Windows Server 2016  (Server Core installation)", "windows-server-2016", None),
            ("Windows 10 Version 1809 for x64-based Systems", "windows-10-1809", Some(X64)),
            ("Windows 10 for 32-bit Systems", "windows-10-1507", Some(X86)),
            ("Windows 7 for 32-bit Systems Service Pack 1", "windows-7-sp1", Some(X86)),
            (
                "Windows Server 2008 R2 for Itanium-based Systems Service Pack 1",
                "windows-server-2008-r2-sp1",
                Some(Ia64),
            ),
            ("Windows Server, version 20H2 (Server Core Installation)", "windows-server-20h2", None),
            ("Windows 8.1 for x64-based systems", "windows-8.1", Some(X64)),
            ("Windows RT 8.1", "windows-8.1", Some(Arm)),
            ("Windows 11 Version 25H2 for ARM systems", "windows-11-25h2", Some(Arm64)),
            ("Windows 11 version 21H2 for ARM64-based Systems", "windows-11-21h2", Some(Arm64)),
            ("Windows 11 for x64-based Systems", "windows-11-21h2", Some(X64)),
            ("Windows 11 Version 26H1 for x64-based Systems - extra", "windows-11-26h1", Some(X64)),
            ("Microsoft server operating system-21H2", "windows-server-2022", None),
            ("Windows Vista Service Pack 2", "windows-vista-sp2", Some(X86)),
            ("Windows Vista x64 Edition Service Pack 2", "windows-vista-sp2", Some(X64)),
            (
                "Microsoft Windows Server 2003 x64 Edition Service Pack 2",
                "windows-server-2003-sp2",
                Some(X64),
            ),
        ] {
            assert_eq!(found(name), Some((vec![slug.to_owned()], architecture, None)), "{name}");
        }
    }

    #[test]
    fn what_is_no_product_is_none() {
        for name in [
            "",
            "Windows 10",
            "Windows ADK for Windows 10, version 2004",
            "Windows Server 2008 R2 for Itanium-based Systems Service Pack 2",
            "Microsoft Office 2016 (64-bit edition)",
            "Windows 11 HLK 22H2",
            "Windows Subsystem for Linux (WSL2)",
            "x64",
            " on ",
        ] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn a_component_stands_before_its_windows() {
        let (slugs, architecture, component) =
            found("Microsoft .NET Framework 3.5 AND 4.8 on Windows 10 Version 1809 for x64-based Systems")
                .unwrap();
        assert_eq!(slugs, ["windows-10-1809"]);
        assert_eq!(architecture, Some(Architecture::X64));
        assert_eq!(component.as_deref(), Some("Microsoft .NET Framework 3.5 AND 4.8"));
    }

    #[test]
    fn and_later_is_the_rest_of_the_family() {
        let (slugs, ..) = found("Windows 10, version 1903 and later").unwrap();
        assert!(
            slugs.contains(&"windows-10-22h2".to_owned()) && slugs.contains(&"windows-10-1903".to_owned())
        );
        assert!(slugs.iter().all(|s| s.starts_with("windows-10-")));
        assert!(!slugs.contains(&"windows-10-1809".to_owned()));
    }

    #[test]
    fn titles_name_their_product() {
        let catalog = Catalog::embedded();
        let names = ProductNames::new(catalog);
        for (title, slug) in [
            (
                "2022-12 Security Update for Windows 10 Version 22H2 for x64-based Systems (KB5012170)",
                "windows-10-22h2",
            ),
            (
                "2021-05 Cumulative Update Preview for .NET Framework 3.5 and 4.8 for Windows Server, version 20H2 for x64 (KB5003254)",
                "windows-server-20h2",
            ),
            (
                "2024-09 Cumulative Update for Windows Server 2016 for x64-based Systems (KB5043051)",
                "windows-server-2016",
            ),
        ] {
            let (set, architecture) = names.find_in_title(title).unwrap();
            assert_eq!(catalog.product(set.iter().next().unwrap()).slug, slug, "{title}");
            assert_eq!(architecture, Some(Architecture::X64), "{title}");
        }
        assert!(names.find_in_title("Update for Microsoft Office 2013 (KB3114488) 32-Bit Edition").is_none());
    }
}
