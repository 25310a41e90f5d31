//! Where Windows keeps the policies and the state of its updates: the keys that are read whole, and the values in them
//! whose absence says something.

use super::registry_place;

/// A key of the registry that decides how updates are found, held back or paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateKey {
    /// group policy
    GroupPolicy,
    /// group policy, automatic updates
    AutomaticUpdates,
    /// device management (MDM), as in effect
    DeviceManagement,
    /// what was chosen in Settings
    Settings,
    /// whether updates are paused, as Windows Update keeps it
    PauseStatus,
    /// the policies as Windows Update resolved them
    Resolved,
}

const HELD_BACK: [&str; 13] = [
    "DeferFeatureUpdates",
    "DeferFeatureUpdatesPeriodInDays",
    "DeferQualityUpdates",
    "DeferQualityUpdatesPeriodInDays",
    "DeferUpgrade",
    "PauseFeatureUpdates",
    "PauseFeatureUpdatesStartTime",
    "PauseQualityUpdates",
    "PauseQualityUpdatesStartTime",
    "TargetReleaseVersion",
    "TargetReleaseVersionInfo",
    "ProductVersion",
    "DisableWUfBSafeguards",
];

const SOURCES: [&str; 6] = [
    "UseUpdateClassPolicySource",
    "SetPolicyDrivenUpdateSourceForFeatureUpdates",
    "SetPolicyDrivenUpdateSourceForQualityUpdates",
    "SetPolicyDrivenUpdateSourceForDriverUpdates",
    "SetPolicyDrivenUpdateSourceForOtherUpdates",
    "DisableDualScan",
];

impl UpdateKey {
    /// Every key.
    pub const ALL: [Self; 6] = [
        Self::GroupPolicy,
        Self::AutomaticUpdates,
        Self::DeviceManagement,
        Self::Settings,
        Self::PauseStatus,
        Self::Resolved,
    ];

    /// Its path as [`super::registry_key`] spells it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::GroupPolicy => r"hklm\software\policies\microsoft\windows\windowsupdate",
            Self::AutomaticUpdates => r"hklm\software\policies\microsoft\windows\windowsupdate\au",
            Self::DeviceManagement => r"hklm\software\microsoft\policymanager\current\device\update",
            Self::Settings => r"hklm\software\microsoft\windowsupdate\ux\settings",
            Self::PauseStatus => r"hklm\software\microsoft\windowsupdate\updatepolicy\settings",
            Self::Resolved => r"hklm\software\microsoft\windowsupdate\updatepolicy\policystate",
        }
    }

    /// Its path as people write it.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::GroupPolicy => r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate",
            Self::AutomaticUpdates => r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU",
            Self::DeviceManagement => r"HKLM\SOFTWARE\Microsoft\PolicyManager\current\device\Update",
            Self::Settings => r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings",
            Self::PauseStatus => r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\Settings",
            Self::Resolved => r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\PolicyState",
        }
    }

    /// The key above it, where that is one of these: who exports that one exports this one too.
    pub const fn parent(self) -> Option<Self> {
        match self {
            Self::AutomaticUpdates => Some(Self::GroupPolicy),
            _ => None,
        }
    }

    /// The values whose absence says something, as they are spelled.
    pub fn names(self) -> Vec<&'static str> {
        let (own, held_back, sources): (&[&str], bool, bool) = match self {
            Self::GroupPolicy => (
                &[
                    "WUServer",
                    "WUStatusServer",
                    "DoNotConnectToWindowsUpdateInternetLocations",
                    "DisableWindowsUpdateAccess",
                    "ExcludeWUDriversInQualityUpdate",
                ],
                true,
                true,
            ),
            Self::AutomaticUpdates => (
                &["UseWUServer", "NoAutoUpdate", "AllowMUUpdateService", "UseUpdateClassPolicySource"],
                false,
                false,
            ),
            Self::DeviceManagement => {
                (&["UpdateServiceUrl", "AllowUpdateService", "AllowMUUpdateService"], true, true)
            }
            Self::Settings => (
                &[
                    "PauseUpdatesExpiryTime",
                    "PauseQualityUpdatesStartTime",
                    "PauseQualityUpdatesEndTime",
                    "PauseFeatureUpdatesStartTime",
                    "PauseFeatureUpdatesEndTime",
                ],
                false,
                false,
            ),
            Self::PauseStatus => (
                &["PausedQualityStatus", "PausedQualityDate", "PausedFeatureStatus", "PausedFeatureDate"],
                false,
                false,
            ),
            Self::Resolved => (&["IsWUfBDualScanActive"], false, true),
        };
        let mut out = own.to_vec();
        out.extend(HELD_BACK.iter().filter(|_| held_back));
        out.extend(SOURCES.iter().filter(|_| sources));
        out
    }

    /// The place of a value of it in [`super::Host::registry`].
    pub fn place(self, name: &str) -> String {
        registry_place(self.path(), name)
    }

    /// The key of this path, as [`super::registry_key`] spells it.
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.path() == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registry_key;

    #[test]
    fn paths_are_in_the_spelling_of_places() {
        for key in UpdateKey::ALL {
            assert_eq!(registry_key(key.shown()).as_deref(), Some(key.path()));
            assert_eq!(UpdateKey::of(key.path()), Some(key));
            let mut names = key.names();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{key:?}");
        }
    }
}
