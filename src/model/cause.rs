//! Why an update is refused or fails: the closed set of cause codes.

macro_rules! causes {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $title:literal;)+) => {
        /// A cause, in the order in which causes are decisive.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Cause { $($(#[$meta])* $variant),+ }
        impl Cause {
            /// Every cause, in the order in which they are decisive.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The code that reports and scripts use, in kebab-case.
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code),+ } }
            /// A short title for text.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title),+ } }
            /// The cause with this code.
            pub fn parse(code: &str) -> Option<Self> { Self::ALL.iter().copied().find(|c| c.code() == code) }
        }
    };
}

causes! {
    /// It is there already.
    AlreadyInstalled = "already-installed", "not installed yet";
    /// The package is for another Windows version or service pack.
    WrongOs = "wrong-os", "Windows version";
    /// The package is for another processor architecture.
    WrongArchitecture = "wrong-architecture", "architecture";
    /// The package is not for this edition.
    WrongEdition = "wrong-edition", "edition";
    /// The kind of package does not fit this host.
    WrongPackageKind = "wrong-package-kind", "package kind";
    /// Something installed replaces it.
    Superseded = "superseded", "not superseded";
    /// It can no longer be had.
    Expired = "expired", "still published";
    /// A known defect of the package keeps it off this host.
    PackageDefect = "package-defect", "known defect";
    /// Something installed must be removed first.
    ConflictingUpdate = "conflicting-update", "no conflict";
    /// The product, feature or role that it updates is not there.
    ProductNotInstalled = "product-not-installed", "product or feature";
    /// Another update must come first.
    MissingPrerequisite = "missing-prerequisite", "prerequisite";
    /// A rule of Windows Update's metadata refuses it, for none of the other reasons.
    ApplicabilityRule = "applicability-rule", "Windows Update's rule";
    /// A newer servicing stack must come first.
    MissingServicingStack = "missing-servicing-stack", "servicing stack";
    /// The checkpoint cumulative update must come first.
    MissingCheckpoint = "missing-checkpoint", "checkpoint";
    /// SHA-2 signatures are not understood.
    MissingSha2Support = "missing-sha2-support", "SHA-2 support";
    /// An ESU licence or hotpatch enrolment is missing.
    NotEntitled = "not-entitled", "entitlement";
    /// A restart must come first.
    PendingReboot = "pending-reboot", "restart pending";
    /// The component store is corrupt.
    StoreCorruption = "store-corruption", "component store";
    /// It was installed before a language pack was.
    LanguagePack = "language-pack", "language pack";
    /// The processor is not supported on this Windows.
    UnsupportedHardware = "unsupported-hardware", "hardware";
    /// A service that is needed is disabled.
    ServiceDisabled = "service-disabled", "services";
    /// It was started from a remote session.
    RemoteSession = "remote-session", "session";
    /// A policy keeps Windows Update from doing it.
    Policy = "policy", "policies";
    /// The update source cannot be reached: name resolution, route, firewall, proxy.
    Connection = "connection", "update source";
    /// A certificate or the encryption of the connection is not accepted.
    Certificate = "certificate", "certificate, TLS";
    /// The update source answers, and refuses or fails.
    UpdateServer = "update-server", "update server";
    /// What was downloaded is not what was meant to come, or it did not come whole.
    Download = "download", "download";
    /// There is not room enough on a disk or in memory.
    Space = "space", "space";
    /// Data or settings of the Windows Update client are damaged.
    UpdateClient = "update-client", "update client";
    /// A driver, device or application stands in the way of a feature update.
    Compatibility = "compatibility", "compatibility";
    /// Servicing took longer than its watchdog allows.
    ServicingTimeout = "servicing-timeout", "time to install";
    /// An installer inside the package failed.
    InstallerFailed = "installer-failed", "installers inside";
    /// Other software interferes.
    Interference = "interference", "other software";
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_kebab_case_and_read_back() {
        for c in Cause::ALL {
            assert!(
                c.code().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{c}"
            );
            assert_eq!(Cause::parse(c.code()), Some(*c));
        }
    }
}
