//! The decisive lines of CBS.log and dism.log, as evidence that outranks inference.

use crate::model::{Fact, KbId, Location, Origin, Version};
use std::sync::Arc;

/// What one log line establishes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFinding {
    /// The package asks for a newer servicing stack than there is.
    StackRequired {
        /// KB in the package identity
        kb: Option<KbId>,
        /// version that it asks for
        required: Version,
        /// version that there is
        current: Version,
    },
    /// A higher version of the package is on the system.
    SupersededOnSystem {
        /// KB in the package identity
        kb: Option<KbId>,
        /// version of the package, for a cumulative update
        version: Option<Version>,
    },
    /// The manifest of a package is missing from the component store; that KB is to be installed again.
    ManifestMissing {
        /// KB in the package identity
        culprit: Option<KbId>,
    },
    /// The store is marked corrupt.
    StoreCorruption,
    /// Files that a repair needs are missing.
    SourceMissing,
    /// No parent of the package is installed.
    ParentMissing {
        /// KB in the package identity
        kb: Option<KbId>,
        /// version of the package: build and revision first, for a cumulative update
        version: Option<Version>,
        /// KB in the identity of the parent that was looked for
        parent: Option<KbId>,
    },
    /// The Extended Security Updates licence was refused; with the Win32 code in the line.
    NotEntitled {
        /// 1633: not activated; 1605: edition or preparation package
        reason: Option<u32>,
    },
    /// A package of one build was offered to an image of another.
    BuildMismatch {
        /// build and revision of the package
        package: Version,
        /// build and revision of the image
        image: Version,
    },
    /// A session waits for a restart.
    RestartPending,
}

/// A finding and the line it stands in.
pub type LogEvidence = Fact<LogFinding>;

/// Reads the lines of a CBS.log, dism.log or an excerpt. Lines that decide nothing are skipped; the findings come in
/// the order of the log, each kind at most 50 times, from the first 2,000,000 lines.
pub fn read_log(input: &Arc<str>, text: &str) -> Vec<LogEvidence> {
    let mut out: Vec<LogEvidence> = Vec::new();
    let mut image: Option<Version> = None;
    let mut added: Option<Version> = None;
    let mut sought: Option<LogFinding> = None;
    for (i, line) in text.lines().take(2_000_000).enumerate() {
        let origin =
            || Origin { input: Arc::clone(input), format: "servicing log", at: Location::Line(i as u32 + 1) };
        let mut push = |f: LogFinding| {
            let kind = std::mem::discriminant(&f);
            if out.iter().filter(|e| std::mem::discriminant(&e.value) == kind).count() < 50 {
                out.push(Fact::new(f, origin()));
            }
        };
        if let Some(rest) = after(line, "requires Servicing Stack v") {
            if let (Some(required), Some(current)) =
                (leading_version(rest), after(rest, "current Servicing Stack is v").and_then(leading_version))
            {
                push(LogFinding::StackRequired { kb: kb_in(line), required, current });
            }
        } else if line.contains("Higher version found for package") && line.contains("superseded") {
            // components of Windows itself (Microsoft-Windows-...) say this on every healthy system
            let package = after(line, "for package").unwrap_or("").trim_start_matches([':', ' ']);
            let package = package.split(", superseded").next().unwrap_or("");
            if package.contains("Package_for_") || kb_in(package).is_some() || package.starts_with("...") {
                push(LogFinding::SupersededOnSystem {
                    kb: kb_in(package),
                    version: identity_version(package),
                });
            }
        } else if line.contains("Store corruption, manifest missing") {
            push(LogFinding::ManifestMissing { culprit: kb_in(line) });
        } else if line.contains("CBS_E_STORE_CORRUPTION") || line.contains("Mark store corruption flag") {
            push(LogFinding::StoreCorruption);
        } else if line.contains("CBS_E_SOURCE_MISSING") || line.contains("0x800f081f") {
            push(LogFinding::SourceMissing);
        } else if let Some(rest) = after(line, "detect Parent, Package:") {
            let package = rest.split(',').next().unwrap_or("");
            let parent = after(rest, "Parent:").and_then(kb_in);
            // components of languages and features look for parents that are no KB: those are absent on most systems
            sought = parent.map(|_| LogFinding::ParentMissing {
                kb: kb_in(package),
                version: identity_version(package.trim()),
                parent,
            });
        } else if line.contains("detectParent: parent found") {
            sought = None;
        } else if line.contains("detectParent: no parent found") {
            if let Some(finding) = sought.take() {
                push(finding);
            }
        } else if line.contains("NO ESU KEY FOUND") {
            push(LogFinding::NotEntitled { reason: None });
        } else if let Some(rest) = after(line, "ESU: not eligible") {
            let reason = after(rest, "HRESULT_FROM_WIN32(")
                .map(|d| d.chars().take_while(char::is_ascii_digit).collect::<String>())
                .and_then(|d| d.parse().ok());
            push(LogFinding::NotEntitled { reason });
        } else if let Some(rest) = after(line, "Image Version:") {
            image = leading_version(rest.trim_start());
        } else if let Some(rest) = after(line, "Adding package ") {
            added = identity_version(rest);
        }
        if line.contains("CBS_E_INSTALL_PENDING") || line.contains("CBS_E_PENDING") {
            push(LogFinding::RestartPending);
        }
        if (line.contains("not applicable to this image") || line.contains("0x800f081e"))
            && let (Some(package), Some(image)) = (added, image)
        {
            // "10.0.26100.1" for an image 10.0.22621.3447: another build altogether
            if package.0[0] == image.0[0] && package.0[2] >= 10_000 && package.0[2] != image.0[2] {
                push(LogFinding::BuildMismatch { package, image });
                added = None;
            }
        }
    }
    out
}

fn after<'a>(line: &'a str, what: &str) -> Option<&'a str> {
    line.find(what).map(|at| &line[at + what.len()..])
}

fn leading_version(text: &str) -> Option<Version> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    text[..end].trim_end_matches('.').parse().ok()
}

/// The version at the end of a package identity `name~token~arch~culture~version`.
fn identity_version(text: &str) -> Option<Version> {
    let identity = text.split_whitespace().next()?;
    let mut parts = identity.split('~');
    let version = parts.nth(4)?;
    leading_version(version)
}

/// The first KB in a line.
fn kb_in(line: &str) -> Option<KbId> {
    let mut rest = line;
    while let Some(at) = rest.find("KB") {
        let digits: String = rest[at + 2..].chars().take_while(char::is_ascii_digit).collect();
        if let Ok(kb) = digits.parse() {
            return Some(kb);
        }
        rest = &rest[at + 2..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<LogFinding> {
        read_log(&Arc::from("CBS.log"), text).into_iter().map(|e| e.value).collect()
    }

    #[test]
    fn a_stack_that_is_too_old() {
        let got = findings(
            "2024-01-02 03:04:05, Error CBS Package \"Package_for_KB5012170~31bf3856ad364e35~amd64~~14393.5285.1.4\" requires Servicing Stack v10.0.14393.5285 but current Servicing Stack is v10.0.14393.4349. [HRESULT = 0x800f0823 - CBS_E_NEW_SERVICING_STACK_REQUIRED]",
        );
        assert_eq!(
            got,
            [LogFinding::StackRequired {
                kb: KbId::new(5_012_170),
                required: "10.0.14393.5285".parse().unwrap(),
                current: "10.0.14393.4349".parse().unwrap()
            }]
        );
    }

    #[test]
    fn the_culprit_of_a_corrupt_store() {
        let got = findings(
            "x, Info CBS Store corruption, manifest missing for package: Package_9_for_KB4000001~31bf3856ad364e35~amd64~~6.3.1.4",
        );
        assert_eq!(got, [LogFinding::ManifestMissing { culprit: KbId::new(4_000_001) }]);
    }

    #[test]
    fn a_higher_version_of_an_update_counts_and_of_a_component_does_not() {
        assert!(findings("Appl: Higher version found for package: Microsoft-Windows-X-Package~31bf3856ad364e35~amd64~~10.0.22621.1, superseded. (Version on system: y)").is_empty());
        assert_eq!(
            findings(
                "Appl: Higher version found for package: Package_for_KB4000001~31bf3856ad364e35~amd64~~6.3.1.4, superseded."
            ),
            [LogFinding::SupersededOnSystem { kb: KbId::new(4_000_001), version: "6.3.1.4".parse().ok() }]
        );
    }

    #[test]
    fn a_parent_that_is_a_kb() {
        let got = findings(
            "Appl: detect Parent, Package: Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.1.1.1, Parent: Package_for_KB4132216~31bf3856ad364e35~amd64~~10.0.1.0, Disposition = Detect\nAppl: detectParent: no parent found, go absent",
        );
        assert_eq!(
            got,
            [LogFinding::ParentMissing {
                kb: None,
                version: "14393.1.1.1".parse().ok(),
                parent: KbId::new(4_132_216)
            }]
        );
    }

    #[test]
    fn a_package_of_another_build() {
        let got = findings(
            "Image Version: 10.0.22621.3447\nProcessing 1 of 1 - Adding package WinPE-X-Package~31bf3856ad364e35~amd64~~10.0.26100.1\nError: 0x800f081e\nThe specified package is not applicable to this image.",
        );
        assert_eq!(
            got,
            [LogFinding::BuildMismatch {
                package: "10.0.26100.1".parse().unwrap(),
                image: "10.0.22621.3447".parse().unwrap()
            }]
        );
    }

    #[test]
    fn esu_refusals_keep_their_reason() {
        assert_eq!(
            findings("ESU: not eligible:HRESULT_FROM_WIN32(1633)\nESU: NO ESU KEY FOUND"),
            [LogFinding::NotEntitled { reason: Some(1633) }, LogFinding::NotEntitled { reason: None }]
        );
    }

    #[test]
    fn an_ordinary_line_says_nothing() {
        assert!(
            findings(
                "2024-01-02, Info CBS Session: 1 initialized\nAppl: detectParent: no parent found, go absent"
            )
            .is_empty()
        );
    }
}
