//! Windows versions and builds.

use std::{cmp::Ordering, fmt, str::FromStr};

/// A dotted version of one to four numbers, each at most 2³²−1; missing numbers are zero.
///
/// Used for servicing stacks, .NET, WSUS and file versions, where every pair is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u32; 4]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        match (c, d) {
            (0, 0) => write!(f, "{a}.{b}"),
            (_, 0) => write!(f, "{a}.{b}.{c}"),
            _ => write!(f, "{a}.{b}.{c}.{d}"),
        }
    }
}

impl FromStr for Version {
    type Err = BuildError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || BuildError(text.chars().filter(|c| !c.is_control()).take(40).collect());
        let mut out = [0u32; 4];
        for (n, part) in text.trim().split('.').enumerate() {
            if n == 4 || part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(error());
            }
            out[n] = part.parse().map_err(|_| error())?;
        }
        Ok(Self(out))
    }
}

impl Version {
    /// As a semantic version, for requirements such as `>=4.5.2`: the third and fourth numbers share the patch number,
    /// so that 3.2.7600.283 keeps its place among others.
    pub fn to_semver(self) -> semver::Version {
        let [a, b, c, d] = self.0;
        semver::Version::new(a.into(), b.into(), u64::from(c) << 32 | u64::from(d))
    }

    /// A requirement on such versions: bounds joined by commas, each of `>=`, `>`, `<=`, `<` or `=`
    /// and a version of one to four numbers.
    ///
    /// ```
    /// use kbwhy::model::Version;
    /// let asked = Version::requirement(">=3.2.7600.283").unwrap();
    /// assert!(asked.matches(&"3.2.7600.284".parse::<Version>().unwrap().to_semver()));
    /// assert!(!asked.matches(&"3.2.7600.226".parse::<Version>().unwrap().to_semver()));
    /// assert!(Version::requirement("later than 3").is_err());
    /// ```
    ///
    /// # Errors
    /// The text has no operator, or no version after it.
    pub fn requirement(text: &str) -> Result<semver::VersionReq, BuildError> {
        let bad = || BuildError(text.chars().filter(|c| !c.is_control()).take(40).collect());
        let comparator = |bound: &str| {
            let bound = bound.trim();
            let (op, version) = [
                (">=", semver::Op::GreaterEq),
                ("<=", semver::Op::LessEq),
                (">", semver::Op::Greater),
                ("<", semver::Op::Less),
                ("=", semver::Op::Exact),
            ]
            .into_iter()
            .find_map(|(sign, op)| Some((op, bound.strip_prefix(sign)?)))
            .ok_or_else(bad)?;
            let v = version.parse::<Self>()?.to_semver();
            Ok(semver::Comparator {
                op,
                major: v.major,
                minor: Some(v.minor),
                patch: Some(v.patch),
                pre: v.pre,
            })
        };
        let comparators = text.split(',').map(comparator).collect::<Result<_, _>>()?;
        Ok(semver::VersionReq { comparators })
    }
}

/// Not a version or build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version (expected numbers and dots, such as 10.0.17763.2114)")]
pub struct BuildError(pub String);

/// A Windows build: `major.minor.build` and the update build revision (UBR).
///
/// Two builds are ordered only when they are of one servicing branch, so there is no `Ord`:
/// [`Build::partial_cmp`] compares builds with the same `major.minor.build`, and callers that know of
/// branches shared by several builds (19041 to 19045) map the build to its branch first.
///
/// ```
/// use kbwhy::model::Build;
/// let host: Build = "10.0.17763.2300".parse().unwrap();
/// let update: Build = "17763.2114".parse().unwrap();
/// assert!(host >= update);
/// let other: Build = "14393.9999".parse().unwrap();
/// assert!(!(host >= other) && !(host < other)); // another branch: not comparable
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Build {
    /// 5, 6 or 10
    pub major: u32,
    /// 0 to 3
    pub minor: u32,
    /// 7601, 9600, 17763, …
    pub build: u32,
    /// UBR: 0 to 2³²−1
    pub revision: u32,
}

impl PartialOrd for Build {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.major == other.major && self.minor == other.minor && self.build == other.build)
            .then(|| self.revision.cmp(&other.revision))
    }
}

impl Build {
    /// As a semantic version `build.revision.0`: then `^17763.2114` reads "revision 2114 or later of the same build".
    ///
    /// ```
    /// use kbwhy::model::Build;
    /// let requirement = semver::VersionReq::parse("^17763.2114").unwrap();
    /// assert!(requirement.matches(&"17763.2300".parse::<Build>().unwrap().to_semver()));
    /// assert!(!requirement.matches(&"17763.1".parse::<Build>().unwrap().to_semver()));
    /// assert!(!requirement.matches(&"20348.3000".parse::<Build>().unwrap().to_semver()));
    /// ```
    pub fn to_semver(self) -> semver::Version {
        semver::Version::new(self.build.into(), self.revision.into(), 0)
    }
}

/// Base build of the branch that a build of Windows 10 or later belongs to: equal revisions of the builds of one branch
/// are equal content. Servicing packages are named by the base build, whatever build they serve.
///
/// ```
/// use kbwhy::model::branch_of;
/// assert_eq!(branch_of(19045), 19041);
/// assert_eq!(branch_of(17763), 17763);
/// ```
pub const fn branch_of(build: u32) -> u32 {
    match build {
        18363 => 18362,
        19042..=19045 => 19041,
        22631 => 22621,
        26200 | 26300 => 26100,
        other => other,
    }
}

/// Is the build the base of more than one? Then a package named by it does not tell the build.
pub const fn is_shared_branch(build: u32) -> bool {
    matches!(build, 18362 | 19041 | 22621 | 26100)
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.build, self.revision)
    }
}

impl FromStr for Build {
    type Err = BuildError;
    /// Accepts `10.0.17763.2114` and, for Windows 10 and later, `17763.2114`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || BuildError(text.chars().filter(|c| !c.is_control()).take(40).collect());
        let v: Version = text.parse().map_err(|_| error())?;
        match text.trim().matches('.').count() {
            3 => Ok(Self { major: v.0[0], minor: v.0[1], build: v.0[2], revision: v.0[3] }),
            1 if v.0[0] >= 10_000 => Ok(Self { major: 10, minor: 0, build: v.0[0], revision: v.0[1] }),
            _ => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_of_two_branches_have_no_order() {
        let a: Build = "10.0.17763.5000".parse().unwrap();
        let b: Build = "10.0.20348.100".parse().unwrap();
        assert_eq!(a.partial_cmp(&b), None);
        assert_eq!(a.partial_cmp(&"17763.1".parse().unwrap()), Some(Ordering::Greater));
    }

    #[test]
    fn a_version_of_too_many_or_no_numbers_is_refused() {
        for text in ["", "1..2", "1.2.3.4.5", "4294967296", "a.b", "-1.2"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!("6.3.9600".parse::<Build>().is_err());
        assert!("7601.1".parse::<Build>().is_err());
    }
}
