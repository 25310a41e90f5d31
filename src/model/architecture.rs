//! Processor architectures of Windows packages.

use std::{fmt, str::FromStr};

/// A processor architecture, in the spelling of package file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Architecture {
    /// 32-bit Intel
    X86,
    /// 64-bit Intel and AMD
    X64,
    /// 64-bit ARM
    Arm64,
    /// Itanium
    Ia64,
    /// 32-bit ARM (Windows RT)
    Arm,
}

impl Architecture {
    /// Every architecture, in declaration order.
    pub const ALL: [Self; 5] = [Self::X86, Self::X64, Self::Arm64, Self::Ia64, Self::Arm];

    /// `x64`, `x86`, `arm64`, `ia64`, `arm`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::X64 => "x64",
            Self::Arm64 => "arm64",
            Self::Ia64 => "ia64",
            Self::Arm => "arm",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Architecture {
    type Err = String;
    /// Accepts `x64`, `AMD64`, `x64-based PC`, `64-bit`, `32-bit`, `X86-based PC`, `ARM64`, `Itanium`, …
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let t = text.trim().to_ascii_lowercase();
        let first = t.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or("");
        Ok(match first {
            "x64" | "amd64" | "x86_64" | "64" => Self::X64,
            "x86" | "i386" | "32" | "i686" => Self::X86,
            "arm64" | "aarch64" => Self::Arm64,
            "ia64" | "itanium" => Self::Ia64,
            "arm" => Self::Arm,
            _ => {
                return Err(format!(
                    "`{}` is not an architecture (x64, x86, arm64, ia64, arm)",
                    t.escape_debug()
                ));
            }
        })
    }
}

/// A set of architectures; empty means *not stated*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchitectureSet(pub u8);

impl ArchitectureSet {
    /// The set with this member added.
    #[must_use]
    pub const fn with(self, a: Architecture) -> Self {
        Self(self.0 | 1 << a as u8)
    }
    /// Is it in the set?
    pub const fn contains(self, a: Architecture) -> bool {
        self.0 & (1 << a as u8) != 0
    }
    /// No architecture is stated.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// The members, in declaration order.
    pub fn iter(self) -> impl Iterator<Item = Architecture> {
        Architecture::ALL.into_iter().filter(move |a| self.contains(*a))
    }
}

impl FromIterator<Architecture> for ArchitectureSet {
    fn from_iter<T: IntoIterator<Item = Architecture>>(iter: T) -> Self {
        iter.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_from_the_wild() {
        for (text, want) in [
            ("x64-based PC", Architecture::X64),
            ("X86-based PC", Architecture::X86),
            ("AMD64", Architecture::X64),
            ("64-bit", Architecture::X64),
            ("32-bit", Architecture::X86),
            ("ARM64-based PC", Architecture::Arm64),
            ("Itanium-based System", Architecture::Ia64),
        ] {
            assert_eq!(text.parse::<Architecture>().unwrap(), want, "{text}");
        }
        assert!("sparc".parse::<Architecture>().is_err());
    }
}
