//! Identities of servicing packages: `Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14`.

use crate::model::{Architecture, KbId, Version, steers};

/// The longest identity that is read, in bytes; the longest seen has some 150.
const LONGEST: usize = 400;

/// A package as component-based servicing names it: name, public key, architecture, culture, version.
///
/// ```
/// use kbwhy::package::PackageIdentity;
/// let of = |text: &str| PackageIdentity::parse(text).unwrap();
/// let rollup = of("Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.5206.1.9");
/// assert_eq!((rollup.kb(), rollup.rollup()), (None, Some((17763, 5206))));
/// let update = of("Package_1_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14");
/// assert_eq!(update.kb(), "KB2919355".parse().ok());
/// let stack = of("Package_for_ServicingStack_1697~31bf3856ad364e35~amd64~~17763.1697.1.1");
/// assert_eq!(stack.servicing_stack().unwrap().to_string(), "10.0.17763.1697");
/// // four parts, or no key: no identity
/// assert!(PackageIdentity::parse("Package_for_KB2919355~amd64~~6.3.1.14").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageIdentity {
    /// `Package_for_RollupFix`, `Microsoft-Windows-Foundation-Package`, …
    pub name: String,
    /// public key token, in lower case; empty where a source leaves it out
    pub key: String,
    /// `amd64`, `x86`, `wow64`, `arm64`, `neutral`, … in lower case
    pub architecture: String,
    /// `en-US`; empty for none
    pub culture: String,
    /// four numbers, whose meaning depends on the name
    pub version: Version,
}

impl PackageIdentity {
    /// Reads an identity of five parts joined by `~`; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split('~');
        let (name, key, architecture) = (parts.next()?, parts.next()?, parts.next()?);
        let (culture, version) = (parts.next()?, parts.next()?);
        let hex = key.len() == 16 && key.bytes().all(|b| b.is_ascii_hexdigit());
        let plain = |t: &str| !t.contains(|c: char| c.is_whitespace() || steers(c));
        if parts.next().is_some() || !hex || name.is_empty() || !plain(name) || !plain(culture) {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            key: key.to_ascii_lowercase(),
            architecture: architecture.to_ascii_lowercase(),
            culture: culture.to_owned(),
            version: version.parse().ok()?,
        })
    }

    /// From the attributes of an `assemblyIdentity` in a manifest; none if they are no identity.
    pub fn of_assembly(
        name: &str,
        key: &str,
        architecture: &str,
        language: &str,
        version: &str,
    ) -> Option<Self> {
        let fits =
            |t: &str| t.len() <= LONGEST / 2 && !t.contains(|c: char| c == '~' || c == '\t' || steers(c));
        if name.is_empty() || ![name, key, architecture, language].into_iter().all(fits) {
            return None;
        }
        let neutral = language.eq_ignore_ascii_case("neutral") || language == "*";
        Some(Self {
            name: name.to_owned(),
            key: key.to_ascii_lowercase(),
            architecture: architecture.to_ascii_lowercase(),
            culture: if neutral { String::new() } else { language.to_owned() },
            version: version.parse().ok()?,
        })
    }

    /// Is it the same package, whatever its version?
    pub fn same_package(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.architecture == other.architecture
            && self.culture.eq_ignore_ascii_case(&other.culture)
    }

    /// The update that the package is of: `Package_for_KB123456`, `Package_2_for_KB123456`, `Package_for_KB123456_SP1`.
    /// None for packages that only map one update to languages or features (`KB123456-MappingPackage`).
    pub fn kb(&self) -> Option<KbId> {
        kb_of_name(&self.name)
    }

    /// Base build and revision of a cumulative update of Windows 10 and later. On Windows 8.1 and earlier the numbers
    /// are those of files, not of the system: none.
    pub fn rollup(&self) -> Option<(u32, u32)> {
        let [branch, revision, ..] = self.version.0;
        (self.name == "Package_for_RollupFix" && branch >= 10_000).then_some((branch, revision))
    }

    /// Version of the servicing stack that the package brings, of Windows 10 and later.
    pub fn servicing_stack(&self) -> Option<Version> {
        let [branch, revision, ..] = self.version.0;
        let named = self.name.starts_with("Package_for_ServicingStack");
        (named && branch >= 10_000).then_some(Version([10, 0, branch, revision]))
    }

    /// Is it a cumulative update of .NET Framework? Its version says nothing of Windows.
    pub fn is_dotnet_rollup(&self) -> bool {
        self.name.starts_with("Package_for_DotNetRollup")
    }

    /// Architecture of the package; none for `wow64`, `neutral`, `msil`, which stand beside others.
    pub fn machine(&self) -> Option<Architecture> {
        match self.architecture.as_str() {
            "arm64" | "amd64" | "ia64" | "x86" => self.architecture.parse().ok(),
            _ => None,
        }
    }
}

impl std::fmt::Display for PackageIdentity {
    /// Five parts joined by `~`, as component-based servicing writes them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d] = self.version.0;
        write!(f, "{}~{}~{}~{}~{a}.{b}.{c}.{d}", self.name, self.key, self.architecture, self.culture)
    }
}

/// The KB in the name of a servicing package, or in an identity that begins with it.
pub(crate) fn kb_of_name(name: &str) -> Option<KbId> {
    let rest = name.strip_prefix("Package_")?;
    let (number, rest) = match rest.strip_prefix("for_") {
        Some(rest) => ("", rest),
        None => rest.split_once("_for_")?,
    };
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = rest.get(..2).filter(|p| p.eq_ignore_ascii_case("kb")).map(|_| &rest[2..])?;
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let bound = digits[count..].chars().next().is_none_or(|c| !c.is_alphanumeric());
    (count >= 6 && bound).then(|| digits[..count].parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, version: &str) -> PackageIdentity {
        PackageIdentity::parse(&format!("{name}~31bf3856ad364e35~amd64~~{version}")).unwrap()
    }

    #[test]
    fn names_of_one_update_are_one_kb() {
        for name in [
            "Package_for_KB2919355",
            "Package_12_for_KB2919355",
            "Package_for_KB2919355_SP1",
            "Package_for_kb2919355",
        ] {
            assert_eq!(of(name, "6.3.1.14").kb().map(|k| k.number()), Some(2_919_355), "{name}");
        }
        for name in [
            "KB2919355-MappingPackage",
            "Mapping_Package_for_KB2919355_he-IL",
            "Package_x_for_KB2919355",
            "Package_for_KB29193",
            "Package_for_KB2919355abc",
            "Package_for_RollupFix",
        ] {
            assert_eq!(of(name, "6.3.1.14").kb(), None, "{name}");
        }
    }

    #[test]
    fn only_windows_10_and_later_have_their_revision_in_the_rollup() {
        assert_eq!(of("Package_for_RollupFix", "19041.2728.1.12").rollup(), Some((19041, 2728)));
        assert_eq!(of("Package_for_RollupFix", "7601.23545.1.8").rollup(), None);
        assert_eq!(of("Package_for_DotNetRollup_481", "10.0.9206.1").rollup(), None);
        assert!(of("Package_for_DotNetRollup_481", "10.0.9206.1").is_dotnet_rollup());
        assert_eq!(of("Package_for_KB4132216", "10.0.1.0").servicing_stack(), None);
    }
}
