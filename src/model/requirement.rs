//! What an update asks of a host: members of any-of clauses, in a one-line grammar.
//!
//! | text | meaning |
//! | --- | --- |
//! | `KB2919442` | that update, or anything that supersedes or satisfies it |
//! | `KB2919442+` | that update or any later one of its line (servicing stacks, cumulative updates, rollups) |
//! | `build^17763.2114` | that revision or later on the same branch |
//! | `build<=14393.576` | at most that revision |
//! | `stack>=10.0.14393.5285` | servicing stack of at least that version |
//! | `stack:latest` | the newest servicing stack that the catalog knows for the product |
//! | `sp>=1`, `sp<=1`, `sp=0` | service pack |
//! | `dotnet>=4.5.2`, `dotnet-full>=4.0`, `wmf>=3.0`, `wmf<3.0`, `ie>=9`, `wsus>=3.2.7600` | version of a product (full: not the Client Profile) |
//! | `feature:Microsoft-Hyper-V` | Windows feature that is enabled |
//! | `role:AD LDS` | server role that is installed |
//! | `licence:esu` | ESU licence that is active (`licence:esu-year-3`: of that year or later); `licence:arc` for Azure Arc; `licence:hotpatch` for hotpatch enrolment |
//! | `edition:Enterprise` | an edition that contains the words |
//! | `sha2` | SHA-2 code signing support |
//! | `month>=2023-02` | a cumulative update or rollup of that month or later |
//! | `state:restart-pending` | the host waits for a restart |
//! | `manual:clearcompressionflag.exe` | a step that is no update |
//!
//! A clause joins members by `|`; a list of clauses by `&`.

use super::{Build, KbId, Version};
use std::{fmt, str::FromStr};

/// A licence that entitles a host to updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Licence {
    /// Extended Security Updates, by key or subscription.
    Esu,
    /// Extended Security Updates of at least this year of the programme, counted from 1.
    EsuYear(u8),
    /// Azure Arc enrolment, which brings ESU without a key.
    AzureArc,
    /// Hotpatch enrolment.
    Hotpatch,
}

/// One member of an any-of clause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// An update; with `or_later` also any later one of its line.
    Update {
        /// which
        kb: KbId,
        /// a later one of its line will do
        or_later: bool,
    },
    /// This revision or later on the same branch.
    BuildAtLeast(BuildKey),
    /// At most this revision on the same branch.
    BuildAtMost(BuildKey),
    /// Servicing stack of at least this version.
    StackAtLeast(Version),
    /// The newest servicing stack known for the product.
    LatestStack,
    /// Service pack of at least this number.
    ServicePackAtLeast(u8),
    /// Service pack of at most this number.
    ServicePackAtMost(u8),
    /// A component (`dotnet`, `dotnet-full`, `wmf`, `ie`, `wsus`) in a version range.
    Component {
        /// which
        name: String,
        /// such as `>=4.5.2`
        version: String,
    },
    /// A Windows feature that is enabled.
    Feature(String),
    /// A server role that is installed.
    Role(String),
    /// A licence.
    Licence(Licence),
    /// An edition that contains these words.
    Edition(String),
    /// SHA-2 code signing support.
    Sha2,
    /// A cumulative update or rollup of this month (`yyyy-mm`) or later.
    MonthAtLeast(String),
    /// The host waits for a restart.
    RestartPending,
    /// A step that is no update.
    Manual(String),
}

/// A build as a requirement's bound (ordered so that requirements can be sorted, not to compare hosts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildKey {
    /// build number
    pub build: u32,
    /// UBR
    pub revision: u32,
}

impl From<Build> for BuildKey {
    fn from(b: Build) -> Self {
        Self { build: b.build, revision: b.revision }
    }
}

impl fmt::Display for BuildKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.build, self.revision)
    }
}

/// Not a requirement of the grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a requirement")]
pub struct RequirementError(pub String);

impl FromStr for Requirement {
    type Err = RequirementError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let t = text.trim();
        let error = || RequirementError(t.to_owned());
        let build = |s: &str| s.parse::<Build>().map(BuildKey::from).map_err(|_| error());
        let number = |s: &str| s.parse::<u8>().map_err(|_| error());
        if t == "state:restart-pending" {
            return Ok(Self::RestartPending);
        }
        if let Some((name, rest)) = t.split_once(':') {
            let value = rest.trim().to_owned();
            if value.is_empty() {
                return Err(error());
            }
            return Ok(match name {
                "feature" => Self::Feature(value),
                "role" => Self::Role(value),
                "edition" => Self::Edition(value),
                "manual" => Self::Manual(value),
                "stack" if value == "latest" => Self::LatestStack,
                "licence" => Self::Licence(match value.as_str() {
                    "esu" => Licence::Esu,
                    "arc" => Licence::AzureArc,
                    "hotpatch" => Licence::Hotpatch,
                    year => match year.strip_prefix("esu-year-").and_then(|n| n.parse().ok()) {
                        Some(n) => Licence::EsuYear(n),
                        None => return Err(error()),
                    },
                }),
                _ => return Err(error()),
            });
        }
        if t == "sha2" {
            return Ok(Self::Sha2);
        }
        if let Some(b) = t.strip_prefix("build^") {
            return build(b).map(Self::BuildAtLeast);
        }
        if let Some(b) = t.strip_prefix("build<=") {
            return build(b).map(Self::BuildAtMost);
        }
        if let Some(v) = t.strip_prefix("stack>=") {
            return v.parse().map(Self::StackAtLeast).map_err(|_| error());
        }
        if let Some(n) = t.strip_prefix("sp>=") {
            return number(n).map(Self::ServicePackAtLeast);
        }
        if let Some(n) = t.strip_prefix("sp<=") {
            return number(n).map(Self::ServicePackAtMost);
        }
        if let Some(m) = t.strip_prefix("month>=") {
            let shape =
                m.len() == 7 && m.as_bytes()[4] == b'-' && m.bytes().filter(u8::is_ascii_digit).count() == 6;
            return if shape { Ok(Self::MonthAtLeast(m.to_owned())) } else { Err(error()) };
        }
        if let Some(at) = t.find(['<', '>', '=']) {
            let (name, version) = t.split_at(at);
            if !matches!(name, "dotnet" | "dotnet-full" | "wmf" | "ie" | "wsus" | "msi") {
                return Err(error());
            }
            Version::requirement(version).map_err(|_| error())?;
            return Ok(Self::Component { name: name.to_owned(), version: version.to_owned() });
        }
        let (kb, or_later) = t.strip_suffix('+').map_or((t, false), |k| (k, true));
        if !kb.starts_with("KB") {
            return Err(error());
        }
        Ok(Self::Update { kb: kb.parse().map_err(|_| error())?, or_later })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Update { kb, or_later } => write!(f, "{kb}{}", if *or_later { "+" } else { "" }),
            Self::BuildAtLeast(b) => write!(f, "build^{b}"),
            Self::BuildAtMost(b) => write!(f, "build<={b}"),
            Self::StackAtLeast(v) => write!(f, "stack>={v}"),
            Self::LatestStack => f.write_str("stack:latest"),
            Self::ServicePackAtLeast(n) => write!(f, "sp>={n}"),
            Self::ServicePackAtMost(n) => write!(f, "sp<={n}"),
            Self::Component { name, version } => write!(f, "{name}{version}"),
            Self::Feature(n) => write!(f, "feature:{n}"),
            Self::Role(n) => write!(f, "role:{n}"),
            Self::Licence(Licence::Esu) => f.write_str("licence:esu"),
            Self::Licence(Licence::EsuYear(n)) => write!(f, "licence:esu-year-{n}"),
            Self::Licence(Licence::AzureArc) => f.write_str("licence:arc"),
            Self::Licence(Licence::Hotpatch) => f.write_str("licence:hotpatch"),
            Self::Edition(n) => write!(f, "edition:{n}"),
            Self::Sha2 => f.write_str("sha2"),
            Self::MonthAtLeast(m) => write!(f, "month>={m}"),
            Self::RestartPending => f.write_str("state:restart-pending"),
            Self::Manual(n) => write!(f, "manual:{n}"),
        }
    }
}

/// Any one member satisfies a clause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause(pub Vec<Requirement>);

impl FromStr for Clause {
    type Err = RequirementError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split('|').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, r) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("|")?;
            }
            write!(f, "{r}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_reads_back_as_it_is_written() {
        for text in [
            "KB2919442",
            "KB2919442+",
            "build^17763.2114",
            "build<=14393.576",
            "stack>=10.0.14393.5285",
            "stack:latest",
            "sp>=1",
            "sp<=1",
            "dotnet>=4.5.2",
            "dotnet-full>=4.0",
            "wmf<4.0",
            "ie>=9",
            "feature:Microsoft-Hyper-V",
            "role:AD LDS",
            "licence:esu",
            "licence:esu-year-3",
            "state:restart-pending",
            "wsus>=3.2.7600.283",
            "licence:arc",
            "licence:hotpatch",
            "edition:Enterprise LTSC",
            "sha2",
            "month>=2023-02",
            "manual:clearcompressionflag.exe",
        ] {
            assert_eq!(text.parse::<Requirement>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_the_grammar_lacks_is_refused() {
        for text in [
            "",
            "latest SSU",
            "2919442",
            "build^7601.1",
            "sp>=x",
            "dotnet>=x",
            "license:esu",
            "month>=2023",
            "role:",
        ] {
            assert!(text.parse::<Requirement>().is_err(), "{text}");
        }
    }
}
