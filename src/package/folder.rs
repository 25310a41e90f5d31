//! Which file of a folder is the package of an update for a host, by what names and contents tell.

use super::{PackageName, Target, content::PackageContent};
use crate::model::{Architecture, KbId};

/// A package file, as far as its name and its content tell.
#[derive(Clone, Debug)]
pub struct PackageFile {
    /// its name, without folders
    pub name: String,
    /// the update that it is of
    pub kb: Option<KbId>,
    /// architecture that it is for
    pub architecture: Option<Architecture>,
    /// Windows versions that it is for
    pub target: Option<Target>,
    /// made against one base revision
    pub delta: bool,
}

/// The host that a package is wanted for; what is not known excludes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedFor {
    /// architecture
    pub architecture: Option<Architecture>,
    /// `major.minor` of its Windows
    pub kernel: Option<(u32, u32)>,
    /// build
    pub build: Option<u32>,
}

impl PackageFile {
    /// By its name alone.
    pub fn by_name(name: &str) -> Self {
        let tells = PackageName::parse(name);
        Self {
            name: name.to_owned(),
            kb: tells.kb,
            architecture: tells.architecture,
            target: tells.target,
            delta: tells.delta,
        }
    }

    /// By its name, and by its content where that tells more.
    pub fn with_content(name: &str, content: &PackageContent) -> Self {
        let by_name = Self::by_name(name);
        Self {
            kb: content.kb().or(by_name.kb),
            architecture: content.architecture().or(by_name.architecture),
            ..by_name
        }
    }

    /// Why it is not for a host; none if nothing speaks against it.
    pub fn unfit(&self, host: &WantedFor) -> Option<String> {
        if let (Some(is), Some(wanted)) = (self.architecture, host.architecture)
            && is != wanted
        {
            return Some(format!("is for {is}, not for {wanted}"));
        }
        if let Some(t) = &self.target {
            let other = host.kernel.is_some_and(|k| k != t.kernel);
            let older = host.build.is_some_and(|b| b < t.least_build);
            if other || older {
                return Some(format!("is for {}", t.systems));
            }
        }
        if self.delta {
            return Some("is a delta, which fits one revision only".to_owned());
        }
        None
    }
}

/// A pattern for the file of an update whose name is not known, such as `*kb2919442-*x64*.msu`; with the dash, so that a
/// longer number does not fit.
///
/// A service pack of Windows Vista and 7 comes as a program: `*kb976932-*x64*.exe`.
pub fn file_pattern(kb: KbId, architecture: Option<&str>, service_pack: bool) -> String {
    let architecture = architecture.map(|a| format!("{}*", a.to_ascii_lowercase())).unwrap_or_default();
    format!("*kb{}-*{architecture}.{}", kb.number(), if service_pack { "exe" } else { "msu" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const X64_8_1: WantedFor =
        WantedFor { architecture: Some(Architecture::X64), kernel: Some((6, 3)), build: Some(9600) };

    #[test]
    fn what_is_for_another_host_does_not_fit() {
        for (name, fits) in [
            ("windows8.1-kb2919442-x64.msu", true),
            ("Windows8.1-KB2919442-x86.msu", false),
            ("windows8-rt-kb2919442-x64.msu", false),
            ("windows10.0-kb5005030-x64.msu", false),
            ("windows8.1-kb2919442-x64_delta.msu", false),
            ("kb2919442.cab", true),
        ] {
            assert_eq!(PackageFile::by_name(name).unfit(&X64_8_1).is_none(), fits, "{name}");
        }
        let server_2022 = WantedFor { kernel: Some((10, 0)), build: Some(20348), ..X64_8_1 };
        assert!(PackageFile::by_name("windows11.0-kb5043080-x64.msu").unfit(&server_2022).is_some());
        assert!(PackageFile::by_name("windows10.0-kb5005030-x64.msu").unfit(&server_2022).is_none());
        // what is not known excludes nothing
        assert!(PackageFile::by_name("windows11.0-kb5043080-x64.msu").unfit(&WantedFor::default()).is_none());
    }

    #[test]
    fn patterns() {
        let kb: KbId = "KB2919442".parse().unwrap();
        assert_eq!(file_pattern(kb, Some("x64"), false), "*kb2919442-*x64*.msu");
        assert_eq!(file_pattern(kb, None, false), "*kb2919442-*.msu");
        assert_eq!(file_pattern(kb, None, true), "*kb2919442-*.exe");
    }
}
