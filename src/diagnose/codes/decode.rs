//! What a code tells by its build alone: severity, facility, and the part of Windows that numbers it.

use crate::model::Cause;

const HRESULT: &str = "https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-erref/0642cb2f-2075-4469-918c-4441e69c548a";
const WUA: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/windows-update-error-reference";
const WIN32: &str = "https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes";
const WINSOCK: &str = "https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2";
const WINHTTP: &str = "https://learn.microsoft.com/en-us/windows/win32/winhttp/error-messages";
const CBS: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors";
const UPGRADE: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-client/setup-upgrade-and-drivers/windows-10-upgrade-error-codes";

/// A part of Windows that numbers errors of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// what it is
    pub name: &'static str,
    /// causes that its errors leave open; empty: any
    pub causes: &'static [Cause],
    /// page that tells its range
    pub source: &'static str,
}

/// A code taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// the code
    pub value: u32,
    /// a failure; else a success
    pub failure: bool,
    /// number of the facility, for an HRESULT
    pub facility: Option<u16>,
    /// the part of Windows that it is of
    pub area: Area,
    /// the Win32, Winsock or WinHTTP number, or the HTTP status, inside of it
    pub inner: Option<u32>,
}

const fn area(name: &'static str, causes: &'static [Cause], source: &'static str) -> Area {
    Area { name, causes, source }
}

const NETWORK: &[Cause] = &[Cause::Connection, Cause::Certificate];
const TALK: &[Cause] = &[Cause::UpdateServer, Cause::Connection];
const STORE: &[Cause] = &[Cause::StoreCorruption, Cause::Interference];
const CLIENT: &[Cause] = &[Cause::UpdateClient];

/// Takes a code apart by how codes are built. It never fails: a number of no known build is a plain one.
///
/// ```
/// let code = kbwhy::diagnose::codes::decode(0x8007_2f9a);
/// assert_eq!((code.area.name, code.inner), ("WinHTTP", Some(12186)));
/// ```
pub fn decode(value: u32) -> Decoded {
    let low = value & 0xffff;
    let facility = ((value >> 16) & 0x7ff) as u16;
    let plain = |area| Decoded { value, failure: value != 0, facility: None, area, inner: Some(value) };
    let hresult =
        |area, inner| Decoded { value, failure: value >> 31 == 1, facility: Some(facility), area, inner };
    match value >> 16 {
        0 => plain(win32(low)),
        0x8007 => hresult(win32(low), Some(low)),
        0x0024 | 0x8024 => hresult(update_agent(low), None),
        0x800f => hresult(servicing(low), None),
        0x8019 => hresult(area("HTTP status", TALK, HRESULT), Some(low)),
        0x8020 => {
            hresult(area("background transfer (BITS)", &[Cause::Download, Cause::Connection], HRESULT), None)
        }
        0x80d0 => hresult(area("delivery optimisation", &[Cause::Connection, Cause::Download], CBS), None),
        0x8009 => hresult(
            area("security and cryptography", &[Cause::Certificate, Cause::MissingSha2Support], HRESULT),
            None,
        ),
        0x800b => hresult(
            area("certificates and trust", &[Cause::Certificate, Cause::MissingSha2Support], HRESULT),
            None,
        ),
        0x8000 => hresult(area("general", &[], HRESULT), None),
        0x8001 => hresult(area("remote procedure calls", &[], HRESULT), None),
        0x8004 => hresult(area("COM interfaces", &[], HRESULT), None),
        0xc004 => hresult(area("software licensing", &[Cause::NotEntitled], HRESULT), None),
        0xc142 => hresult(area("DISM, mounted images", &[], HRESULT), None),
        0xc180 | 0xc190..=0xc19f => {
            hresult(area("setup of Windows, feature updates", &[Cause::Compatibility], UPGRADE), None)
        }
        0xc000 | 0xd000 => Decoded {
            value,
            failure: true,
            facility: None,
            area: area("kernel status (NTSTATUS)", &[], HRESULT),
            inner: Some(value & !0x1000_0000),
        },
        top if top & 0x8000 != 0 => hresult(area("another facility", &[], HRESULT), None),
        _ => plain(area("no known kind of error code", &[], HRESULT)),
    }
}

fn win32(code: u32) -> Area {
    match code {
        1600..=1699 => area("Windows Installer", &[], WIN32),
        10_000..=11_999 => area("Winsock", NETWORK, WINSOCK),
        12_000..=12_199 => area("WinHTTP", NETWORK, WINHTTP),
        14_000..=14_111 => area("side-by-side assemblies", STORE, WIN32),
        _ => area("Win32", &[], WIN32),
    }
}

/// The parts of the Windows Update Agent, by the first digit of the code.
fn update_agent(code: u32) -> Area {
    match code >> 12 {
        0 => area("Windows Update Agent", &[], WUA),
        1 => area("Windows Update Agent, Windows Installer", &[], WUA),
        2 => area("Windows Update Agent, update handler", &[], WUA),
        3 => area("Windows Update Agent, user interface", &[], WUA),
        4 => area("Windows Update Agent, talk with the server", TALK, WUA),
        5 => area("Windows Update Agent, redirector", &[Cause::Connection, Cause::UpdateClient], WUA),
        6 => area("Windows Update Agent, download manager", &[Cause::Download, Cause::Connection], WUA),
        7 => area("Windows Update Agent, offline scan", &[Cause::Download, Cause::UpdateClient], WUA),
        8 => area("Windows Update Agent, data store", CLIENT, WUA),
        9 => area("Windows Update Agent, inventory", &[], WUA),
        0xa => area("Automatic Updates", &[Cause::UpdateClient, Cause::ServiceDisabled, Cause::Policy], WUA),
        0xc => area("Windows Update Agent, drivers", &[], WUA),
        0xd => area("Windows Update Agent, its own setup", CLIENT, WUA),
        0xe => area(
            "Windows Update Agent, applicability rules",
            &[Cause::UpdateClient, Cause::UpdateServer],
            WUA,
        ),
        0xf => area("Windows Update Agent, reporting", &[], WUA),
        _ => area("Windows Update Agent", &[], WUA),
    }
}

/// Facility 15: setup of drivers, and from 0x0800 on the servicing stack.
fn servicing(code: u32) -> Area {
    match code {
        0x0980..=0x09ff => area("servicing, differential packages (PSFX)", STORE, CBS),
        0x0800..=0x097f => area("servicing (CBS)", &[], CBS),
        _ => area("setup of devices and drivers", &[], HRESULT),
    }
}

/// The second number of an upgrade error, such as 0x20017.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extend {
    /// the number
    pub value: u32,
    /// the phase of setup, in words
    pub phase: &'static str,
    /// what setup did then, in words
    pub operation: &'static str,
}

const PHASES: [&str; 6] = [
    "a phase that is not known",
    "in the running Windows, before the first restart",
    "in the safe operating system (Windows PE), after the first restart",
    "in the first start of the new Windows",
    "in the second start of the new Windows (out-of-box experience)",
    "while the new Windows was taken off again",
];

const OPERATIONS: [&str; 33] = [
    "an operation that is not known",
    "copying the payload",
    "downloading updates",
    "installing updates",
    "installing the recovery environment",
    "installing the recovery image",
    "replicating optional components",
    "installing drivers",
    "preparing the safe operating system",
    "preparing the way back",
    "preparing the first start",
    "preparing the out-of-box experience",
    "applying the image",
    "migrating data",
    "setting the product key",
    "adding the answer file",
    "adding a driver",
    "enabling a feature",
    "disabling a feature",
    "registering a background process",
    "registering a process",
    "creating a file",
    "creating a registry entry",
    "starting Windows",
    "running sysprep",
    "running the out-of-box experience",
    "beginning the first start",
    "ending the first start",
    "beginning the second start",
    "ending the second start",
    "before the out-of-box experience",
    "after the out-of-box experience",
    "adding a provisioning package",
];

impl Extend {
    /// Phase and operation of an extend code: 0x20017 is phase 2, operation 0x17.
    pub fn of(value: u32) -> Option<Self> {
        let phase = PHASES.get((value >> 16) as usize)?;
        let operation = OPERATIONS.get((value & 0xffff) as usize)?;
        Some(Self { value, phase, operation })
    }
}
