//! What the decisive lines of logs establish: evidence that outranks inference.

use super::logs::{LogRead, LogReader, settle};
use crate::model::{KbId, Origin, Version};
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
        /// version of the package: build and revision first, for a cumulative update
        version: Option<Version>,
    },
    /// The store is marked corrupt.
    StoreCorruption,
    /// A file or component of the store is damaged and was not repaired; its name.
    FileDamaged(String),
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
    /// An installation was refused because a restart must come first.
    RestartPending,
    /// The last session ended with the wish for a restart.
    RestartRequired,
    /// An installer inside the package failed, and all was rolled back.
    InstallerFailed {
        /// its name, as the log writes it
        installer: String,
        /// what it failed with, as the log writes it
        result: String,
        /// the same as a code
        code: Option<u32>,
    },
    /// A driver inside the package could not be installed.
    DriverFailed {
        /// name of its INF file
        driver: Option<String>,
        /// what it failed with
        code: u32,
    },
    /// The disk was full.
    DiskFull,
    /// Something ended with an error code.
    Failed {
        /// KB of the update
        kb: Option<KbId>,
        /// version of the package: build and revision first, for a cumulative update
        version: Option<Version>,
        /// the code
        code: u32,
        /// the code that Windows setup adds: phase and operation
        extend: Option<u32>,
    },
    /// Servicing evaluated the package as applicable.
    Applicable {
        /// KB in the package identity
        kb: Option<KbId>,
        /// version of the package
        version: Option<Version>,
        /// and began to install it, so that it was not there before
        begun: bool,
    },
}

impl LogFinding {
    /// KB and version of the package that the line is about, as far as it names one.
    pub fn package(&self) -> (Option<KbId>, Option<Version>) {
        match self {
            Self::StackRequired { kb, .. } => (*kb, None),
            Self::SupersededOnSystem { kb, version }
            | Self::ParentMissing { kb, version, .. }
            | Self::Failed { kb, version, .. }
            | Self::Applicable { kb, version, .. } => (*kb, *version),
            _ => (None, None),
        }
    }

    /// Does it tell of the component store?
    pub(super) fn of_store(&self) -> bool {
        matches!(
            self,
            Self::ManifestMissing { .. } | Self::StoreCorruption | Self::FileDamaged(_) | Self::SourceMissing
        )
    }
}

/// Whether a finding still holds at the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogStanding {
    /// Later lines show that it was overcome.
    Overcome,
    /// It is of an earlier attempt, and nothing shows what became of it.
    Earlier,
    /// It is of the last attempt.
    Current,
}

/// A finding and the line it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvidence {
    /// What the line establishes.
    pub value: LogFinding,
    /// File and line.
    pub origin: Origin,
    /// The line, cleaned, at most some 300 characters.
    pub text: String,
    /// Whether it still holds.
    pub standing: LogStanding,
    /// KB and version of the package that was being installed.
    pub attempt: (Option<KbId>, Option<Version>),
    /// It is of the last attempt to install that package.
    pub last_attempt: bool,
}

/// Reads the lines of one log that is in memory, or of an excerpt. What is no known log gives nothing.
///
/// ```
/// use kbwhy::diagnose::{LogFinding, read_log};
/// let text = "2024-01-02 03:04:05, Info                  CBS    ESU: NO ESU KEY FOUND";
/// let found = read_log(&"CBS.log".into(), text);
/// assert_eq!(found[0].value, LogFinding::NotEntitled { reason: None });
/// assert_eq!(found[0].origin.to_string(), "CBS.log:1");
/// ```
pub fn read_log(input: &Arc<str>, text: &str) -> Vec<LogEvidence> {
    let read = |mut reader: LogReader| -> LogRead {
        reader.feed(text.as_bytes());
        reader.finish()
    };
    let head = text.as_bytes().get(..super::logs::HEAD).unwrap_or(text.as_bytes());
    match LogReader::detect(input, head) {
        Ok(reader) => settle(&[read(reader)]),
        Err(_) => Vec::new(),
    }
}
