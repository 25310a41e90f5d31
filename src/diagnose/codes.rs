//! Error codes in any spelling, and messages, narrowed to the causes they fit.

use crate::model::Cause;

/// How much an error says about the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Windows found the update not applicable; any of the causes behind that.
    NotApplicable,
    /// The error itself names its first cause.
    Names,
    /// The error leaves few causes open.
    Specific,
    /// The install began and failed: the update was applicable.
    InstallFailed,
    /// A success or a wait that people take for a failure.
    Success,
    /// It fits many causes.
    Vague,
}

/// The meaning of one code.
#[derive(Clone, Copy, Debug)]
pub struct CodeMeaning {
    /// the value as Windows programs return it
    pub code: u32,
    /// symbol
    pub symbol: &'static str,
    /// what it says, in our words
    pub meaning: &'static str,
    /// how much it says
    pub expected: Expected,
    /// causes it fits, likeliest first; empty: any
    pub causes: &'static [Cause],
    /// Microsoft page that states it
    pub source: &'static str,
    /// Windows feature that it asks for
    pub feature: Option<&'static str>,
}

use Cause as C;
use Expected as E;

const WUA: &str = "https://learn.microsoft.com/en-us/windows/win32/wua_sdk/wua-success-and-error-codes-";
const SERVER: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/common-windows-update-errors";
const CORRUPTION: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/fix-windows-update-errors";
const SYSTEM: &str = "https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes";
const GUIDANCE: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-server-update-guidance";
const WUSA: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-client/installing-updates-features-roles/windows-update-standalone-installer-returns-error";
const NETFX: &str = "https://learn.microsoft.com/en-us/dotnet/framework/install/troubleshoot-blocked-installations-and-uninstallations";

/// What Microsoft's four causes of "not applicable", and the codes that mean the same, stand for.
const REFUSAL: &[Cause] = &[
    C::MissingPrerequisite,
    C::Superseded,
    C::AlreadyInstalled,
    C::WrongOs,
    C::WrongArchitecture,
    C::MissingServicingStack,
    C::ProductNotInstalled,
    C::Expired,
    C::MissingCheckpoint,
    C::WrongEdition,
    C::WrongPackageKind,
    C::PackageDefect,
    C::ConflictingUpdate,
    C::PendingReboot,
    C::MissingSha2Support,
    C::NotEntitled,
    C::LanguagePack,
];
const STORE: &[Cause] = &[C::StoreCorruption, C::Interference];

const fn row(
    code: u32,
    symbol: &'static str,
    meaning: &'static str,
    expected: Expected,
    causes: &'static [Cause],
    source: &'static str,
) -> CodeMeaning {
    CodeMeaning { code, symbol, meaning, expected, causes, source, feature: None }
}

/// The codes that narrow the cause of a failed installation.
#[rustfmt::skip] // a table: one row a line
const CODES: &[CodeMeaning] = &[
    row(0, "ERROR_SUCCESS", "success", E::Success, &[], SYSTEM),
    row(5, "ERROR_ACCESS_DENIED", "access denied; wusa does not work in a remote session", E::Specific, &[C::RemoteSession], WUSA),
    row(0x8007_0005, "E_ACCESSDENIED", "access denied; wusa does not work in a remote session", E::Specific, &[C::RemoteSession, C::StoreCorruption, C::ServiceDisabled, C::Interference], SERVER),
    row(1058, "ERROR_SERVICE_DISABLED", "a service is disabled", E::Names, &[C::ServiceDisabled], SYSTEM),
    row(0x8007_0422, "ERROR_SERVICE_DISABLED", "the Windows Update service is disabled", E::Names, &[C::ServiceDisabled], SERVER),
    row(0x8007_0424, "ERROR_SERVICE_DOES_NOT_EXIST", "the Windows Update service is not registered", E::Names, &[C::ServiceDisabled], SERVER),
    row(1633, "ERROR_INSTALL_PLATFORM_UNSUPPORTED", "the package is for another processor type", E::Names, &[C::WrongArchitecture], SYSTEM),
    row(0x8007_0661, "ERROR_INSTALL_PLATFORM_UNSUPPORTED", "the package is for another processor type", E::Names, &[C::WrongArchitecture], SYSTEM),
    row(1726, "RPC_S_CALL_FAILED", "a call between processes broke off", E::InstallFailed, &[C::Interference, C::StoreCorruption, C::PendingReboot], SYSTEM),
    row(0x8007_06be, "RPC_S_CALL_FAILED", "a call between processes broke off", E::InstallFailed, &[C::Interference, C::StoreCorruption, C::PendingReboot], SYSTEM),
    row(1641, "ERROR_SUCCESS_REBOOT_INITIATED", "success; a restart was started", E::Success, &[C::AlreadyInstalled, C::PendingReboot], SYSTEM),
    row(3010, "ERROR_SUCCESS_REBOOT_REQUIRED", "success; effective after a restart", E::Success, &[C::PendingReboot, C::AlreadyInstalled], SYSTEM),
    row(0x0024_0005, "WU_S_REBOOT_REQUIRED", "success; effective after a restart", E::Success, &[C::PendingReboot, C::AlreadyInstalled], WUA),
    row(0x0024_0006, "WU_S_ALREADY_INSTALLED", "already installed, or waiting for a restart", E::Names, &[C::AlreadyInstalled, C::PendingReboot], WUA),
    row(0x8024_0017, "WU_E_NOT_APPLICABLE", "not applicable; one code for nearly every cause", E::NotApplicable, REFUSAL, GUIDANCE),
    row(0x800f_081e, "CBS_E_NOT_APPLICABLE", "not applicable, says the servicing stack", E::NotApplicable, REFUSAL, CORRUPTION),
    row(0x17, "exit code 0x17", "a setup program passed on the low byte of 0x80240017, not applicable", E::NotApplicable, REFUSAL, GUIDANCE),
    row(0x8007_0017, "exit code 0x17", "a setup program passed on the low byte of 0x80240017, not applicable", E::NotApplicable, REFUSAL, GUIDANCE),
    row(0x8024_0037, "WU_E_NOT_SUPPORTED", "not supported on this hardware", E::Names, &[C::UnsupportedHardware], WUA),
    row(0x800f_0823, "CBS_E_NEW_SERVICING_STACK_REQUIRED", "a newer servicing stack is needed first", E::Names, &[C::MissingServicingStack, C::MissingCheckpoint, C::MissingPrerequisite], CORRUPTION),
    row(0x8007_0228, "ERROR (package combination)", "the packages do not go together; seen when a checkpoint is missing", E::Specific, &[C::MissingCheckpoint, C::MissingPrerequisite], ""),
    row(0x800f_0831, "CBS_E_STORE_CORRUPTION", "the component store is corrupt", E::Names, &[C::StoreCorruption], CORRUPTION),
    row(0x800f_081f, "CBS_E_SOURCE_MISSING", "files that the component store should hold are missing", E::Names, STORE, CORRUPTION),
    row(0x8007_3712, "ERROR_SXS_COMPONENT_STORE_CORRUPT", "the component store is corrupt", E::Names, STORE, CORRUPTION),
    row(14098, "ERROR_SXS_COMPONENT_STORE_CORRUPT", "the component store is corrupt", E::Names, STORE, CORRUPTION),
    row(0x8007_3701, "ERROR_SXS_ASSEMBLY_MISSING", "an assembly is missing from the component store", E::Names, STORE, CORRUPTION),
    row(0x8007_371b, "ERROR_SXS_TRANSACTION_CLOSURE_INCOMPLETE", "a component's parts are incomplete", E::Names, STORE, CORRUPTION),
    row(0x8007_3713, "ERROR_ADVANCED_INSTALLER_FAILED", "an installer inside the package failed", E::InstallFailed, &[C::StoreCorruption, C::Interference, C::ProductNotInstalled], CORRUPTION),
    row(0x800f_0900, "CBS_E_XML_PARSER_FAILURE", "a manifest cannot be read", E::Names, STORE, CORRUPTION),
    row(0x800f_0982, "PSFX_E_MATCHING_COMPONENT_NOT_FOUND", "a component that the update patches is missing", E::Names, STORE, ""),
    row(0x800f_0983, "PSFX_E_MATCHING_COMPONENT_DIRECTORY_MISSING", "a component that the update patches is missing", E::Names, STORE, ""),
    row(0x800f_0984, "PSFX_E_MATCHING_BINARY_MISSING", "a file that the update patches is missing", E::Names, STORE, ""),
    row(0x800f_0985, "PSFX_E_APPLY_REVERSE_DELTA_FAILED", "a stored difference could not be applied", E::Names, STORE, ""),
    row(0x800f_0986, "PSFX_E_APPLY_FORWARD_DELTA_FAILED", "a difference could not be applied", E::Names, STORE, ""),
    row(0x800f_0988, "PSFX_E_INVALID_DELTA_COMBINATION", "stored differences do not fit together", E::Names, STORE, ""),
    row(0x800f_0991, "PSFX_E_MISSING_PAYLOAD_FILE", "a file that the update builds on is missing from the store or from the packages given", E::InstallFailed, &[C::StoreCorruption, C::Interference, C::MissingCheckpoint, C::MissingServicingStack], CORRUPTION),
    row(0x8007_36b3, "ERROR_SXS_ASSEMBLY_NOT_FOUND", "an assembly is missing from the component store", E::Names, STORE, CORRUPTION),
    row(0x8007_36cc, "ERROR_SXS_FILE_HASH_MISMATCH", "a component's file is not the one in its manifest", E::Names, STORE, CORRUPTION),
    row(0x8007_370a, "ERROR_SXS_INVALID_IDENTITY_ATTRIBUTE_NAME", "a component's identity is damaged", E::Names, STORE, CORRUPTION),
    row(0x8007_370b, "ERROR_SXS_INVALID_IDENTITY_ATTRIBUTE_VALUE", "a component's identity is damaged", E::Names, STORE, CORRUPTION),
    row(0x8007_370d, "ERROR_SXS_IDENTITY_PARSE_ERROR", "a component's identity is damaged", E::Names, STORE, CORRUPTION),
    row(0x8007_0490, "ERROR_NOT_FOUND", "an element that the component store should hold is missing", E::Specific, STORE, CORRUPTION),
    row(0x8007_0020, "ERROR_SHARING_VIOLATION", "another program holds a file", E::Specific, &[C::Interference, C::PendingReboot], SYSTEM),
    row(0x8007_0002, "ERROR_FILE_NOT_FOUND", "a file is missing", E::Vague, &[C::StoreCorruption, C::MissingPrerequisite, C::MissingServicingStack], CORRUPTION),
    row(0x8007_000d, "ERROR_INVALID_DATA", "data is damaged", E::Vague, &[C::StoreCorruption, C::MissingServicingStack], CORRUPTION),
    // the second: the licensing preparation package; hardware: firmware that refuses a Secure Boot update
    row(0x800f_0922, "CBS_E_INSTALLERS_FAILED", "an installer inside the package failed", E::InstallFailed, &[C::NotEntitled, C::MissingPrerequisite, C::ProductNotInstalled, C::StoreCorruption, C::Interference, C::UnsupportedHardware, C::PackageDefect], SERVER),
    // a Windows RE update that finds its partition too small says no more
    row(0x8007_0643, "ERROR_INSTALL_FAILURE", "an installer inside the package failed", E::InstallFailed, &[C::NotEntitled, C::WrongEdition, C::StoreCorruption, C::Interference, C::PackageDefect, C::UnsupportedHardware], SERVER),
    row(1603, "ERROR_INSTALL_FAILURE", "a setup program failed", E::Vague, &[], SYSTEM),
    row(0x8009_6010, "TRUST_E_BAD_DIGEST", "the signature cannot be verified", E::Specific, &[C::MissingSha2Support, C::StoreCorruption], SERVER),
    row(0x8009_2004, "CRYPT_E_NOT_FOUND", "the signature cannot be verified", E::Specific, &[C::MissingSha2Support, C::StoreCorruption], SERVER),
    row(0x800b_0109, "CERT_E_UNTRUSTEDROOT", "the signature's root is not trusted", E::Specific, &[C::MissingSha2Support, C::StoreCorruption], SERVER),
    row(0x800b_0100, "TRUST_E_NOSIGNATURE", "no signature that this Windows understands", E::Specific, &[C::MissingSha2Support, C::StoreCorruption], SERVER),
    row(0x8024_2014, "WU_E_UH_POSTREBOOTSTILLPENDING", "the work after a restart is not finished", E::Names, &[C::PendingReboot], SERVER),
    row(0x8024_0016, "WU_E_INSTALL_NOT_ALLOWED", "another installation runs or a restart is pending", E::Names, &[C::PendingReboot], WUA),
    row(3017, "ERROR_FAIL_REBOOT_REQUIRED", "a restart must come first", E::Names, &[C::PendingReboot], SYSTEM),
    row(0x8007_0bc9, "ERROR_FAIL_REBOOT_REQUIRED", "a restart must come first", E::Names, &[C::PendingReboot], SYSTEM),
    row(0x8007_0bc2, "ERROR_SUCCESS_REBOOT_REQUIRED", "success; effective after a restart", E::Success, &[C::PendingReboot, C::AlreadyInstalled], SYSTEM),
    row(1618, "ERROR_INSTALL_ALREADY_RUNNING", "another installation runs", E::Specific, &[C::PendingReboot, C::Interference], SYSTEM),
    row(0x8007_0652, "ERROR_INSTALL_ALREADY_RUNNING", "another installation runs", E::Specific, &[C::PendingReboot, C::Interference], SYSTEM),
    row(0x800f_0816, "CBS_E_PENDING", "another operation is pending", E::Names, &[C::PendingReboot], CORRUPTION),
    row(0x800f_082f, "CBS_E_INSTALL_PENDING", "a restart must come first", E::Names, &[C::PendingReboot], CORRUPTION),
    row(0xc004_e016, "SL_E_PKEY_NOT_INSTALLED", "the product key is not accepted: the ESU preparation package is missing", E::Specific, &[C::NotEntitled, C::MissingPrerequisite], ""),
    row(0xc004_f050, "SL_E_INVALID_PRODUCT_KEY", "the product key is not accepted", E::Specific, &[C::NotEntitled], ""),
];

/// Messages that Windows shows, without case; the code that they stand for, or the causes that they name.
#[rustfmt::skip] // a table
const MESSAGES: &[(&str, CodeMeaning)] = &[
    ("needs to be installed before you can install this product", row(0x81f4_0001, "BUNDLE_CONDITION_FALSE", "the setup program asks for another update first", E::Names, &[C::MissingPrerequisite], NETFX)),
    ("is not supported on this operating system", row(0x81f4_0001, "BUNDLE_CONDITION_FALSE", "the setup program does not know this Windows, or not without a service pack", E::Specific, &[C::WrongOs, C::MissingPrerequisite], NETFX)),
    ("not applicable to your computer", row(0x8024_0017, "WU_E_NOT_APPLICABLE", "not applicable; one message for nearly every cause", E::NotApplicable, REFUSAL, GUIDANCE)),
    ("does not apply to your", row(0x8024_0017, "WU_E_NOT_APPLICABLE", "not applicable; one message for nearly every cause", E::NotApplicable, REFUSAL, GUIDANCE)),
    ("not applicable to this image", row(0x800f_081e, "CBS_E_NOT_APPLICABLE", "not applicable, says the servicing stack", E::NotApplicable, REFUSAL, CORRUPTION)),
    ("is not applicable", row(0x8024_0017, "WU_E_NOT_APPLICABLE", "not applicable; one message for nearly every cause", E::NotApplicable, REFUSAL, GUIDANCE)),
    ("此更新不适用于", row(0x8024_0017, "WU_E_NOT_APPLICABLE", "not applicable; one message for nearly every cause", E::NotApplicable, REFUSAL, GUIDANCE)),
    ("コンピューターには適用できません", row(0x8024_0017, "WU_E_NOT_APPLICABLE", "not applicable; one message for nearly every cause", E::NotApplicable, REFUSAL, GUIDANCE)),
    ("обновление неприменимо", row(0x8024_0017, "WU_E_NOT_APPLICABLE", "not applicable; one message for nearly every cause", E::NotApplicable, REFUSAL, GUIDANCE)),
    ("already installed", row(0x0024_0006, "WU_S_ALREADY_INSTALLED", "already installed, or waiting for a restart", E::Names, &[C::AlreadyInstalled, C::PendingReboot], WUA)),
    ("reverting changes", row(0, "rolled back after the restart", "it was applicable, began and was rolled back", E::InstallFailed, &[C::NotEntitled, C::StoreCorruption, C::Interference], SERVER)),
    ("undoing changes", row(0, "rolled back after the restart", "it was applicable, began and was rolled back", E::InstallFailed, &[C::NotEntitled, C::StoreCorruption, C::Interference], SERVER)),
    ("machines with the windows subsystem for linux", CodeMeaning { feature: Some("Microsoft-Windows-Subsystem-Linux"), ..row(0, "feature missing", "it asks for the Windows Subsystem for Linux", E::Specific, &[C::ProductNotInstalled, C::PendingReboot], "https://learn.microsoft.com/en-us/windows/wsl/install-manual") }),
    ("not supported by this processor type", row(1633, "ERROR_INSTALL_PLATFORM_UNSUPPORTED", "the package is for another processor type", E::Names, &[C::WrongArchitecture], SYSTEM)),
    ("not supported for this processor type", row(1633, "ERROR_INSTALL_PLATFORM_UNSUPPORTED", "the package is for another processor type", E::Names, &[C::WrongArchitecture], SYSTEM)),
    ("does not support the packaged version", row(0, "Windows too old", "it asks for a later revision of Windows", E::Names, &[C::MissingPrerequisite], "https://learn.microsoft.com/en-us/windows/wsl/install-manual")),
    ("unsupported hardware", row(0x8024_0037, "WU_E_NOT_SUPPORTED", "not supported on this hardware", E::Names, &[C::UnsupportedHardware], WUA)),
    ("access is denied", row(5, "ERROR_ACCESS_DENIED", "access denied; wusa does not work in a remote session", E::Specific, &[C::RemoteSession], WUSA)),
];

/// An error as the user gave it, with what it means if it is known.
#[derive(Clone, Debug)]
pub struct ErrorEvidence {
    /// the text as given, control characters removed, at most 200 characters
    pub text: String,
    /// its code, if one was found in it
    pub code: Option<u32>,
    /// what it means
    pub meaning: Option<CodeMeaning>,
}

impl ErrorEvidence {
    /// Reads a code in any spelling (`0x80240017`, `-2145124329`, `2149842967`, `WU_E_NOT_APPLICABLE`, `exit 14098`)
    /// or a message. Text that holds neither has no meaning, which is no error.
    ///
    /// ```
    /// use kbwhy::diagnose::ErrorEvidence;
    /// for text in ["0x80240017", "-2145124329", "2149842967", "WU_E_NOT_APPLICABLE"] {
    ///     assert_eq!(ErrorEvidence::parse(text).meaning.unwrap().symbol, "WU_E_NOT_APPLICABLE");
    /// }
    /// assert!(ErrorEvidence::parse("it does not work").meaning.is_none());
    /// ```
    pub fn parse(text: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        let code = numbers(&text)
            .into_iter()
            .find(|n| CODES.iter().any(|c| c.code == *n))
            .or_else(|| numbers(&text).first().copied());
        let meaning = code
            .and_then(|n| CODES.iter().find(|c| c.code == n && (n != 0 || text.trim() == "0")))
            .or_else(|| {
                let words: Vec<&str> =
                    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
                CODES.iter().find(|c| words.iter().any(|w| w.len() > 4 && w.eq_ignore_ascii_case(c.symbol)))
            })
            .or_else(|| {
                let lower = text.to_lowercase();
                MESSAGES.iter().find(|(m, _)| lower.contains(m)).map(|(_, meaning)| meaning)
            })
            .copied();
        Self { code: meaning.map(|m| m.code).filter(|c| *c != 0).or(code), text, meaning }
    }

    /// Does the error fit this cause? An error without a known meaning fits every cause.
    pub fn fits(&self, cause: Cause) -> bool {
        match self.meaning {
            Some(m) if !m.causes.is_empty() && !matches!(m.expected, Expected::Vague) => {
                m.causes.contains(&cause)
            }
            _ => true,
        }
    }
}

/// Every number in a text that may be a code: hexadecimal after `0x`, or decimal with an optional sign.
fn numbers(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() && out.len() < 16 {
        if !bytes[i].is_ascii_digit()
            || (i > 0 && (bytes[i - 1].is_ascii_alphanumeric() || bytes[i - 1] == b'.'))
        {
            i += 1;
            continue;
        }
        let hex = bytes[i] == b'0' && matches!(bytes.get(i + 1), Some(b'x' | b'X'));
        let start = if hex { i + 2 } else { i };
        let mut end = start;
        while end < bytes.len()
            && (if hex { bytes[end].is_ascii_hexdigit() } else { bytes[end].is_ascii_digit() })
        {
            end += 1;
        }
        let digits = &text[start..end];
        let negative = i > 0 && bytes[i - 1] == b'-';
        let followed = bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric());
        if hex {
            out.extend(u32::from_str_radix(digits, 16).ok());
        } else if !followed {
            if negative {
                // a signed 32-bit value: the same bits
                out.extend(format!("-{digits}").parse::<i32>().ok().map(i32::cast_unsigned));
            } else {
                out.extend(digits.parse::<u32>().ok());
            }
        }
        i = end.max(i + 1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_in_every_spelling() {
        for text in [
            "0x80240017",
            "-2145124329",
            "2149842967",
            "WU_E_NOT_APPLICABLE",
            "-2145124329 (0x80240017)",
            "Error: 0X80240017.",
            "exit code 2149842967",
            "The update is not applicable to your computer.",
            "0x80240017 (installer exit 0x17)",
            "installer returned 0x17",
        ] {
            let e = ErrorEvidence::parse(text);
            assert!(e.fits(Cause::MissingPrerequisite) && !e.fits(Cause::ServiceDisabled), "{text}");
        }
        assert_eq!(
            ErrorEvidence::parse("2359302 (0x00240006)").meaning.unwrap().symbol,
            "WU_S_ALREADY_INSTALLED"
        );
        assert_eq!(ErrorEvidence::parse("exit 14098").meaning.unwrap().expected, Expected::Names);
    }

    #[test]
    fn a_text_without_a_known_code_fits_everything() {
        let e = ErrorEvidence::parse("it does not work on 3 of 7 servers");
        assert!(e.meaning.is_none());
        assert!(e.fits(Cause::WrongOs) && e.fits(Cause::ServiceDisabled));
    }

    #[test]
    fn numbers_of_any_length_are_no_panic() {
        for text in
            ["0x", "-", "99999999999999999999", "-99999999999", "0xfffffffffff", "1.2.3.4", "0x8024001"]
        {
            let _ = ErrorEvidence::parse(text);
        }
    }
}
