//! What is known of one host, each fact with its origin.

use super::{Architecture, Edition, Fact, FileState, InstallationType, KbId, Origin, RegistryValue, Version};
use std::collections::BTreeMap;

/// The state of a package in an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageState {
    /// Installed (also: permanent).
    Installed,
    /// Waits for a restart to be installed.
    InstallPending,
    /// Unpacked, not installed.
    Staged,
    /// Was installed; a newer one has replaced it.
    Superseded,
    /// Still there until a restart.
    UninstallPending,
    /// Some of its parts only.
    PartiallyInstalled,
    /// Stated to be absent.
    Absent,
}

impl PackageState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Installed,
        Self::InstallPending,
        Self::Staged,
        Self::Superseded,
        Self::UninstallPending,
        Self::PartiallyInstalled,
        Self::Absent,
    ];
    /// From the number that component-based servicing keeps: 112 installed, 80 superseded, …; none for a number
    /// that Microsoft's chart of servicing states does not have.
    ///
    /// ```
    /// use kbwhy::model::PackageState;
    /// assert_eq!(PackageState::from_servicing(0x70), Some(PackageState::Installed));
    /// assert_eq!(PackageState::from_servicing(7), None);
    /// ```
    pub const fn from_servicing(number: u32) -> Option<Self> {
        match number {
            // resolving and resolved: nothing of it is on the disk yet
            0 | 16 | 32 => Some(Self::Absent),
            5 => Some(Self::UninstallPending),
            48 | 64 => Some(Self::Staged),
            80 => Some(Self::Superseded),
            96 => Some(Self::InstallPending),
            101 => Some(Self::PartiallyInstalled),
            // 128 is permanent: installed, and not to be removed
            112 | 128 => Some(Self::Installed),
            _ => None,
        }
    }
    /// `installed`, `install-pending`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::InstallPending => "install-pending",
            Self::Staged => "staged",
            Self::Superseded => "superseded",
            Self::UninstallPending => "uninstall-pending",
            Self::PartiallyInstalled => "partially-installed",
            Self::Absent => "absent",
        }
    }
    /// From its name in any case, with blanks, hyphens or neither: `Install Pending`, `InstallPending`, `install-pending`.
    pub fn parse(text: &str) -> Option<Self> {
        let others =
            [("permanent", Self::Installed), ("not present", Self::Absent), ("removed", Self::Absent)];
        let known = Self::ALL.into_iter().map(|s| (s.name(), s));
        known.chain(others).find(|(name, _)| letters(name).eq(letters(text))).map(|(_, state)| state)
    }
}

/// What counts of a state's name: tools part its words in different ways.
fn letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_alphabetic).map(|b| b.to_ascii_lowercase())
}

/// The state of a Windows feature or role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeatureState {
    /// On.
    Enabled,
    /// Off.
    Disabled,
    /// On after a restart.
    EnablePending,
    /// Off after a restart.
    DisablePending,
    /// Off, and its files are gone.
    Removed,
}

impl FeatureState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Enabled, Self::Disabled, Self::EnablePending, Self::DisablePending, Self::Removed];
    /// `enabled`, `disabled`, `enable-pending`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::EnablePending => "enable-pending",
            Self::DisablePending => "disable-pending",
            Self::Removed => "removed",
        }
    }
    /// From its name in any case, with blanks, hyphens or neither.
    pub fn parse(text: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().map(|s| (s.name(), s));
        let mut known = known.chain([("disabled with payload removed", Self::Removed)]);
        known.find(|(name, _)| letters(name).eq(letters(text))).map(|(_, state)| state)
    }
}

/// What a list of updates lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListKind {
    /// Quick-fix engineering: packages named KB only; older cumulative updates and what the image was built with are left out.
    QuickFix,
    /// Every package of the component store, with its state.
    ComponentStore,
    /// What Windows Update did, from its history or logs.
    History,
    /// Stated by the user or by another tool.
    Stated,
}

/// Why a list does not show all that it could.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// Declares more rows than it shows.
    CutByCount {
        /// rows that it announces
        declared: u32,
        /// rows that it shows
        shown: u32,
    },
    /// Reaches systeminfo's limit of 4095 characters.
    CutByLength,
    /// Rows were left out by a person or a console (`...`).
    Elided,
    /// Only some rows were asked for (`-Id`, `findstr`).
    Filtered,
    /// The tool could not tell (`N/A`, access denied, an empty file).
    NotAvailable,
    /// A log or a history: what nothing was done to while it was written is not in it.
    OnlyTouched,
    /// The file ends within a row.
    Truncated,
}

impl Gap {
    /// In one phrase.
    pub fn describe(&self) -> String {
        match self {
            Self::CutByCount { declared, shown } => {
                format!("it announces {declared} updates and shows {shown}")
            }
            Self::CutByLength => "it reaches the 4095 characters where systeminfo cuts its list".into(),
            Self::Elided => "rows were left out (...)".into(),
            Self::Filtered => "it shows only the rows that were asked for".into(),
            Self::NotAvailable => "the tool did not tell which updates are installed".into(),
            Self::OnlyTouched => "it names only what was serviced while it was written".into(),
            Self::Truncated => "the file ends within a row".into(),
        }
    }
}

/// How much the absence of an update from the host's lists proves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// The user states that nothing is hidden: an unlisted update is not installed.
    pub complete: bool,
    /// Every list that was read, with its rows and what is missing from it; empty if no list was read.
    pub lists: Vec<ListSeen>,
}

/// One list of updates as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSeen {
    /// What it lists.
    pub kind: ListKind,
    /// Rows shown, duplicates and non-KB rows counted.
    pub shown: u32,
    /// What is missing; empty if the list is whole as the tool printed it.
    pub gaps: Vec<Gap>,
    /// Where it stands.
    pub origin: Origin,
}

impl Completeness {
    /// A list of this kind was read whole.
    pub fn has_whole(&self, kind: ListKind) -> bool {
        self.lists.iter().any(|l| l.kind == kind && l.gaps.is_empty())
    }
    /// No list at all was read.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }
}

/// Two inputs that disagree; the first was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The fact, such as `os.architecture`.
    pub fact: String,
    /// The value that is used, and where it was read.
    pub kept: (String, Origin),
    /// The other one.
    pub other: (String, Origin),
}

/// All that is known of one host. `None` and an empty map mean *not known*, never "no".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// Computer name.
    pub name: Option<Fact<String>>,
    /// Product as the source words it: `Windows Server 2012 R2 Standard`.
    pub product: Option<Fact<String>>,
    /// `major.minor.build`, such as 6.3.9600.
    pub version: Option<Fact<Version>>,
    /// Update build revision (UBR).
    pub revision: Option<Fact<u32>>,
    /// Base build of the branch that the revision counts in, where the build itself is not known: 19041 stands for
    /// 19041 to 19045.
    pub branch: Option<Fact<u32>>,
    /// A revision that the host has at least, where the exact one is not known.
    pub revision_at_least: Option<Fact<u32>>,
    /// Name of the release, such as `22H2` or `1909`.
    pub release: Option<Fact<String>>,
    /// Service pack: 0 is RTM.
    pub service_pack: Option<Fact<u8>>,
    /// Edition.
    pub edition: Option<Fact<Edition>>,
    /// Installation type.
    pub installation_type: Option<Fact<InstallationType>>,
    /// Architecture of Windows (not of the processor).
    pub architecture: Option<Fact<Architecture>>,
    /// Display language, such as `en-US`.
    pub language: Option<Fact<String>>,
    /// An image that is not running.
    pub offline_image: Option<Fact<bool>>,
    /// Every update that an input names, with its state.
    pub updates: BTreeMap<KbId, Fact<PackageState>>,
    /// Every servicing package that an input names by its identity, with its state.
    pub packages: BTreeMap<String, Fact<PackageState>>,
    /// When updates were installed: `2014-03-18` where the source leaves no doubt, else the text that it prints.
    pub installed_on: BTreeMap<KbId, Fact<String>>,
    /// Updates whose last attempt failed, with the error code as the source words it; empty if it gives none.
    pub failed: BTreeMap<KbId, Fact<String>>,
    /// What absence from the lists proves.
    pub completeness: Completeness,
    /// Ids in the lists that are no KB (`Q147222`, `File 1`, GUIDs), for display; at most 100.
    pub other_ids: Vec<String>,
    /// A restart is pending.
    pub pending_reboot: Option<Fact<bool>>,
    /// Version of the servicing stack, such as 10.0.14393.4349.
    pub servicing_stack: Option<Fact<Version>>,
    /// Newest .NET Framework, as the source words it: `4.7.2`, `4.0 Client Profile`.
    pub dotnet_framework: Option<Fact<String>>,
    /// Windows Management Framework (PowerShell) version.
    pub wmf: Option<Fact<String>>,
    /// Internet Explorer major version.
    pub internet_explorer: Option<Fact<u32>>,
    /// An ESU licence is active.
    pub esu: Option<Fact<bool>>,
    /// SHA-2 signatures are understood.
    pub sha2_support: Option<Fact<bool>>,
    /// The component store is corrupt.
    pub store_corrupt: Option<Fact<bool>>,
    /// Enrolled in Azure Arc.
    pub azure_arc: Option<Fact<bool>>,
    /// Enrolled for hotpatching.
    pub hotpatch: Option<Fact<bool>>,
    /// Server roles that are installed.
    pub roles: Vec<Fact<String>>,
    /// Windows features by name.
    pub features: BTreeMap<String, Fact<FeatureState>>,
    /// Policies of Windows Update by the name of their registry value: `WUServer`, `DeferQualityUpdatesPeriodInDays`.
    pub policies: BTreeMap<String, Fact<String>>,
    /// Values of the machine's registry by their place ([`super::registry_place`]), and keys by theirs.
    pub registry: BTreeMap<String, Fact<RegistryValue>>,
    /// Files by their path in one spelling ([`super::file_path`]), with their versions.
    pub files: BTreeMap<String, Fact<FileState>>,
    /// What the device tells Windows Update of itself (`HonorWufBDeferrals`), by name in lower case; empty: not set.
    pub device: BTreeMap<String, Fact<String>>,
    /// Services by name in lower case: `running`, `stopped`, `disabled`, `absent`, …; sites of a web server as
    /// `site:` and their name.
    pub services: BTreeMap<String, Fact<String>>,
    /// How the device is managed and when it was looked at, by the name that the tool prints, in lower case:
    /// `azureadjoined`, `mdmurl`, `lastsearchsuccessdate` and `collected` (UTC).
    pub management: BTreeMap<String, Fact<String>>,
    /// Free bytes on the system drive.
    pub free_space: Option<Fact<u64>>,
    /// The update is started from a remote session (WinRM).
    pub remote_session: Option<Fact<bool>>,
    /// What inputs disagreed on.
    pub conflicts: Vec<Conflict>,
    /// Remarks of the readers: what was odd, and where.
    pub notes: Vec<Fact<String>>,
}

impl Host {
    /// A list of the whole component store was read. What people paste is often an excerpt, which only what every store
    /// has can tell: the package that Windows itself is.
    pub fn has_whole_store(&self) -> bool {
        let foundation =
            || self.packages.keys().any(|p| p.starts_with("Microsoft-Windows-Foundation-Package~"));
        self.completeness.has_whole(ListKind::ComponentStore) && foundation()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_servicing_chart_are_states() {
        let chart = [
            (0, "absent"),
            (5, "uninstall-pending"),
            (64, "staged"),
            (80, "superseded"),
            (96, "install-pending"),
        ];
        for (number, name) in
            chart.into_iter().chain([(101, "partially-installed"), (112, "installed"), (128, "installed")])
        {
            assert_eq!(PackageState::from_servicing(number).map(PackageState::name), Some(name), "{number}");
        }
        assert_eq!(PackageState::from_servicing(0x20070), None);
    }

    #[test]
    fn states_read_back_in_every_spelling() {
        for s in PackageState::ALL {
            assert_eq!(PackageState::parse(s.name()), Some(s));
        }
        assert_eq!(PackageState::parse("Install Pending"), Some(PackageState::InstallPending));
        assert_eq!(PackageState::parse("InstallPending"), Some(PackageState::InstallPending));
        assert_eq!(PackageState::parse("nonsense"), None);
    }
}
