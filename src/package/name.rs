//! File names of packages: `windows8.1-kb3172614-x64.msu`.

use crate::model::{Architecture, KbId};

/// The Windows versions that a file-name token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// the token as it is usually written
    pub token: &'static str,
    /// `major.minor` of the Windows versions it is for
    pub kernel: (u32, u32),
    /// least build, where one kernel version has two tokens (Windows 10 and 11)
    pub least_build: u32,
    /// the systems, in words
    pub systems: &'static str,
}

/// Longest tokens first: `windows8.1-` must not be read as `windows8-`.
const TARGETS: [Target; 12] = [
    Target {
        token: "windowsserver2003.windowsxp",
        kernel: (5, 2),
        least_build: 0,
        systems: "Windows Server 2003 x64 and XP x64",
    },
    Target { token: "windowsserver2003", kernel: (5, 2), least_build: 0, systems: "Windows Server 2003" },
    Target { token: "windowsxp", kernel: (5, 1), least_build: 0, systems: "Windows XP" },
    Target {
        token: "windows8.1-rt",
        kernel: (6, 3),
        least_build: 0,
        systems: "Windows 8.1 and Server 2012 R2",
    },
    Target { token: "windows8-rt", kernel: (6, 2), least_build: 0, systems: "Windows 8 and Server 2012" },
    Target {
        token: "windows11.0",
        kernel: (10, 0),
        least_build: 22000,
        systems: "Windows 11 and Server 2025",
    },
    Target {
        token: "windows10.0",
        kernel: (10, 0),
        least_build: 0,
        systems: "Windows 10 and Server 2016 or later",
    },
    Target { token: "windows8.1", kernel: (6, 3), least_build: 0, systems: "Windows 8.1 and Server 2012 R2" },
    Target { token: "windows6.2", kernel: (6, 2), least_build: 0, systems: "Windows 8 and Server 2012" },
    Target { token: "windows6.1", kernel: (6, 1), least_build: 0, systems: "Windows 7 and Server 2008 R2" },
    Target { token: "windows6.0", kernel: (6, 0), least_build: 0, systems: "Windows Vista and Server 2008" },
    Target { token: "windows8", kernel: (6, 2), least_build: 0, systems: "Windows 8 and Server 2012" },
];

/// What a package's file name tells. Every part may be missing.
///
/// ```
/// use kbwhy::package::PackageName;
/// let name = PackageName::parse("C:\\Temp\\windows8.1-kb3172614-x64_e41365.msu");
/// assert_eq!(name.target.unwrap().kernel, (6, 3));
/// assert_eq!(name.architecture.unwrap().name(), "x64");
/// assert_eq!(PackageName::parse("update.msu").target, None); // tells nothing
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageName {
    /// the name without its folders, control characters removed
    pub name: String,
    /// Windows versions it is for
    pub target: Option<Target>,
    /// architecture it is for
    pub architecture: Option<Architecture>,
    /// KB in the name
    pub kb: Option<KbId>,
    /// .NET Framework version it is for: 4.8 for `-ndp48`
    pub dotnet: Option<(u8, u8, u8)>,
    /// made against one base revision
    pub delta: bool,
}

impl PackageName {
    /// Reads a file name, with or without folders in either spelling; other text is searched for the same tokens.
    pub fn parse(path: &str) -> Self {
        let name: String = path
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or("")
            .chars()
            .filter(|c| *c != '\t' && !crate::model::steers(*c))
            .take(260)
            .collect();
        let lower = name.to_ascii_lowercase();
        let words: Vec<&str> = lower.split(['-', '_', ' ', '(', ')', ',']).collect();
        // the last word is followed by `.msu`, `.cab`, `.exe`
        let stem = |w: &str| {
            w.split(".msu")
                .next()
                .unwrap_or("")
                .split(".cab")
                .next()
                .unwrap_or("")
                .split(".exe")
                .next()
                .unwrap_or("")
                .to_owned()
        };
        let stems: Vec<String> = words.iter().map(|w| stem(w)).collect();
        // the name of a .NET Framework setup program holds every architecture, and the version that it brings
        let setup = lower
            .split(['-', '_', ' ', '.'])
            .any(|w| matches!(w, "allos" | "web" | "devpack" | "targetingpack"));
        let architecture = stems.iter().find_map(|w| match w.as_str() {
            "x64" | "amd64" => Some(Architecture::X64),
            "x86" => Some(Architecture::X86),
            "arm64" => Some(Architecture::Arm64),
            "ia64" => Some(Architecture::Ia64),
            "arm" => Some(Architecture::Arm),
            _ => None,
        });
        Self {
            target: TARGETS.into_iter().find(|t| lower.contains(t.token)),
            architecture: architecture.filter(|_| !setup),
            kb: stems.iter().filter(|w| w.starts_with("kb")).find_map(|w| w.parse().ok()),
            dotnet: stems.iter().find_map(|w| ndp(w)).filter(|_| !setup),
            delta: stems.iter().any(|w| w == "delta"),
            name,
        }
    }
}

/// `ndp48` is 4.8, `ndp481` is 4.8.1, `ndp472` is 4.7.2.
fn ndp(word: &str) -> Option<(u8, u8, u8)> {
    let digits = word.strip_prefix("ndp")?.as_bytes();
    let digit = |i: usize| digits.get(i).map_or(Some(0), |b| b.is_ascii_digit().then(|| b - b'0'));
    ((2..=3).contains(&digits.len())).then_some(())?;
    Some((digit(0)?, digit(1)?, digit(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_the_catalog() {
        for (name, kernel, arch, kb, dotnet, delta) in [
            ("windows8.1-kb3172614-x64_e41365.msu", Some((6, 3)), "x64", 3_172_614, None, false),
            ("Windows6.1-KB3080149-x64.msu", Some((6, 1)), "x64", 3_080_149, None, false),
            ("windows8-rt-kb2999226-x86.msu", Some((6, 2)), "x86", 2_999_226, None, false),
            ("windows10.0-kb5011048-x64-ndp481.msu", Some((10, 0)), "x64", 5_011_048, Some((4, 8, 1)), false),
            ("windows10.0-kb4343909-x64_delta.msu", Some((10, 0)), "x64", 4_343_909, None, true),
            (
                "WindowsServer2003.WindowsXP-KB4012598-x64-custom-ENU.exe",
                Some((5, 2)),
                "x64",
                4_012_598,
                None,
                false,
            ),
            ("Windows6.0-KB942288-v2-ia64.MSU", Some((6, 0)), "ia64", 942_288, None, false),
            ("windows11.0-kb5043080-arm64.msu", Some((10, 0)), "arm64", 5_043_080, None, false),
        ] {
            let p = PackageName::parse(name);
            assert_eq!(p.target.map(|t| t.kernel), kernel, "{name}");
            assert_eq!(p.architecture.map(Architecture::name), Some(arch), "{name}");
            assert_eq!(p.kb.map(KbId::number), Some(kb), "{name}");
            assert_eq!(p.dotnet, dotnet, "{name}");
            assert_eq!(p.delta, delta, "{name}");
        }
    }

    #[test]
    fn a_setup_program_names_every_architecture_and_the_version_it_brings() {
        for setup in ["NDP47-KB3186497-x86-x64-AllOS-ENU.exe", "ndp48-web.exe", "NDP471-DevPack-ENU.exe"] {
            let p = PackageName::parse(setup);
            assert_eq!((p.architecture, p.dotnet), (None, None), "{setup}");
        }
        let update = PackageName::parse("NDP45-KB2840642-v2-x64.exe");
        assert_eq!((update.architecture, update.dotnet), (Some(Architecture::X64), Some((4, 5, 0))));
    }

    #[test]
    fn a_name_that_tells_nothing_tells_nothing() {
        let p = PackageName::parse("C:\\x\\update.bin\u{1b}[31m");
        assert_eq!((p.target, p.architecture, p.kb), (None, None, None));
        assert!(!p.name.contains('\u{1b}'));
    }
}
