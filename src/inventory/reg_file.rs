//! `reg export`, or a branch exported by the registry editor: keys in brackets, then `"name"=data`.

use super::format::{Directness, Format};
use super::lines::Line;
use super::registry_keys::Registry;
use crate::model::{Host, RegistryValue};
use std::sync::Arc;

const FORMAT: &str = "registry export";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "reg export \"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages\" packages.reg",
    signature: "keys of the registry in brackets with values below them",
    tells: "what the keys hold: product, build, revision and edition, or every package with its state, and more",
    cannot: "what lies in keys that were not exported",
    directness: Directness::System,
}];

/// How many lines one value is read over at most.
const WRAPPED: usize = 5_000;

/// The path in `[HKEY_LOCAL_MACHINE\…]`; a leading minus is an order to delete, not a key that is there.
fn key(text: &str) -> Option<&str> {
    let path = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let known = ["HKEY_", "HKLM\\"]
        .iter()
        .any(|root| path.get(..root.len()).is_some_and(|head| head.eq_ignore_ascii_case(root)));
    known.then_some(path)
}

/// The text up to the quote that ends it, and what follows; none if the quote is not there.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, text.get(at + 1..).unwrap_or_default())),
            '\\' => out.extend(chars.next().map(|(_, c)| c)),
            _ => out.push(c),
        }
    }
    None
}

/// The bytes of `hex(2):43,00,3a,00` as text: UTF-16, or the code page of the machine in the older kind of file.
fn hex_text(data: &str, wide: bool) -> String {
    let bytes: Vec<u8> = data
        .split(',')
        .filter_map(|b| u8::from_str_radix(b.trim().trim_end_matches('\\').trim(), 16).ok())
        .take(10_000)
        .collect();
    if !wide {
        return bytes.iter().filter(|b| b.is_ascii() && **b != 0).map(|b| char::from(*b)).collect();
    }
    let units = bytes.chunks_exact(2).filter_map(|p| Some(u16::from_le_bytes([*p.first()?, *p.get(1)?])));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    super::lines::clean(&text)
}

/// The data of a value as text, numbers in decimal; none for what is no text and no number, or not whole.
fn data(text: &str, wide: bool) -> Option<String> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('"') {
        let (value, rest) = quoted(rest)?;
        return rest.trim().is_empty().then_some(value);
    }
    let (kind, rest) = text.split_once(':')?;
    match kind.trim().to_ascii_lowercase().as_str() {
        // eight digits, or the number was cut
        "dword" if rest.trim().len() == 8 => Some(u32::from_str_radix(rest.trim(), 16).ok()?.to_string()),
        "hex(1)" | "hex(2)" | "hex(7)" => Some(hex_text(rest, wide)),
        "hex(b)" => {
            let mut number = 0u64;
            for (i, byte) in rest.split(',').take(8).enumerate() {
                number |= u64::from(u8::from_str_radix(byte.trim(), 16).ok()?) << (8 * i);
            }
            Some(number.to_string())
        }
        _ => None,
    }
}

/// A value as it is, by how it is written; none for an order to delete and for what is not whole.
fn typed(written: &str, data: Option<String>) -> Option<RegistryValue> {
    let written = written.trim();
    if written.starts_with('"') {
        return data.map(|t| RegistryValue::Text(RegistryValue::text(&t)));
    }
    let (kind, _) = written.split_once(':')?;
    match kind.trim().to_ascii_lowercase().as_str() {
        "dword" => Some(RegistryValue::Dword(data?.parse().ok()?)),
        "hex(b)" => Some(RegistryValue::Qword(data?.parse().ok()?)),
        "hex(1)" => Some(RegistryValue::Text(RegistryValue::text(data?.trim_end_matches('\0')))),
        "hex(2)" => Some(RegistryValue::Expand(RegistryValue::text(data?.trim_end_matches('\0')))),
        "hex(7)" => Some(RegistryValue::Multi(RegistryValue::text(data?.trim_end_matches('\0')))),
        _ => Some(RegistryValue::Other),
    }
}

/// A value that may go on over the next lines: strings hold line breaks, bytes are continued after a backslash.
fn whole_value(lines: &[Line], at: usize) -> (String, usize) {
    let first = lines.get(at).map_or("", |l| l.text.trim());
    let mut text = first.to_owned();
    let mut used = 1;
    let string = first.split_once('=').is_some_and(|(_, v)| v.trim_start().starts_with('"'));
    let closed = |text: &str| {
        let value = text.split_once("\"=").map_or("", |(_, v)| v.trim_start());
        value.strip_prefix('"').is_none_or(|v| quoted(v).is_some())
    };
    // looking for the end again in a long text would take long: the next lines are looked at one by one
    let mut open = string && !closed(first);
    while used < WRAPPED
        && (open || !string && text.ends_with('\\'))
        && let Some(line) = lines.get(at + used)
    {
        if key(&line.text).is_some() {
            break;
        }
        if open {
            open = quoted(&line.text).is_none();
            text.push(' ');
        } else {
            text.truncate(text.len() - 1);
        }
        text.push_str(line.text.trim());
        used += 1;
    }
    (text, used)
}

/// Reads the keys that tell something, one host for each machine; none if there is no key.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut registry = Registry::new(input, FORMAT);
    let wide = !lines.iter().any(|l| l.text.trim() == "REGEDIT4");
    // only what the registry editor or reg.exe wrote has it: then keys are whole, and those below them too
    let exported = lines
        .iter()
        .take(20)
        .any(|l| matches!(l.text.trim(), "Windows Registry Editor Version 5.00" | "REGEDIT4"));
    let mut open: Option<&str> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(path) = key(&line.text) {
            let told = registry.key(path, line.number);
            if exported {
                registry.whole(path, true, line.number);
            }
            open = (told || registry.keeps(path)).then_some(path);
            continue;
        }
        let Some(path) = open else { continue };
        // of keys that are not read nothing needs to be put together
        let (text, used) = whole_value(lines, at - 1);
        at += used - 1;
        let named = match text.strip_prefix('@') {
            Some(rest) => Some((String::new(), rest)),
            None => text.strip_prefix('"').and_then(quoted),
        };
        let Some((name, rest)) = named else { continue };
        let Some(written) = rest.trim_start().strip_prefix('=') else { continue };
        let value = data(written, wide);
        if let Some(value) = value.as_deref().filter(|_| !name.is_empty()) {
            registry.value(path, &name, value, line.number);
        }
        if registry.keeps(path)
            && let Some(value) = typed(written, value)
        {
            registry.keep(path, &name, value, line.number);
        }
    }
    registry.hosts()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;
    use crate::model::{Architecture, Gap, ListKind};

    const HEAD: &str = "Windows Registry Editor Version 5.00\r\n\r\n";
    const NT: &str = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion]\r\n";
    const PACKAGES: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";

    fn hosts(text: &str) -> Vec<Host> {
        read(&lines(text), &Arc::from("f"))
    }

    fn one(text: &str) -> Host {
        let mut hosts = hosts(text);
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        hosts.remove(0)
    }

    fn package(name: &str, version: &str, state: &str) -> String {
        let key = format!("{PACKAGES}\\{name}~31bf3856ad364e35~amd64~~{version}");
        format!(
            "[{key}]\r\n\"InstallName\"=\"{name}.mum\"\r\n\"CurrentState\"=dword:{state}\r\n\"Visibility\"=dword:00000001\r\n\r\n\
             [{key}\\Owners]\r\n\"{name}\"=dword:00020070\r\n\r\n"
        )
    }

    #[test]
    fn numbers_are_hexadecimal_and_bytes_go_on_below() {
        let host = one(&format!(
            "{HEAD}{NT}\"CurrentBuild\"=\"19045\"\r\n\"DigitalProductId\"=hex:a4,00,\\\r\n  30,30,\\\r\n  00\r\n\
             \"UBR\"=dword:00000aa8\r\n\"EditionID\"=\"Professional\"\r\n\"ProductName\"=\"Windows 10 Pro\"\r\n\
             \"DisplayVersion\"=\"22H2\"\r\n\"PathName\"=hex(2):43,00,3a,00,00,00\r\n\"Gone\"=-\r\n"
        ));
        assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("10.0.19045"));
        assert_eq!(host.revision.map(|r| (r.value, r.origin.to_string())), Some((0xaa8, "f:8".to_owned())));
        assert_eq!(host.edition.map(|e| e.value.0).as_deref(), Some("Pro"));
        assert_eq!(host.release.map(|r| r.value).as_deref(), Some("22H2"));
    }

    #[test]
    fn packages_have_their_states_and_owners_have_none() {
        let text = format!("{HEAD}[{PACKAGES}]\r\n\r\n")
            + &package("Package_for_KB4534170", "10.0.1.3108", "00000070")
            + &package("Package_for_KB4562830", "10.0.1.2", "00000050")
            + &package("Package_for_KB4577586", "10.0.1.1", "00000060")
            + &package("Package_for_KB4577266", "10.0.1.1", "00000005")
            + &package("Package_for_KB4580325", "10.0.1.1", "00000065")
            + &package("Package_for_KB4580326", "10.0.1.1", "00000000")
            + &package("Package_for_KB4580327", "10.0.1.1", "00000007")
            + &package("Package_for_RollupFix", "17763.2728.1.12", "00000080");
        let host = one(&text);
        let states: Vec<_> = host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect();
        assert_eq!(
            states,
            [
                (4_534_170, "installed"),
                (4_562_830, "superseded"),
                (4_577_266, "uninstall-pending"),
                (4_577_586, "install-pending"),
                (4_580_325, "partially-installed"),
                (4_580_326, "absent"),
            ]
        );
        assert_eq!((host.packages.len(), host.completeness.lists[0].shown), (7, 8));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::NotAvailable], "7 is no state");
        assert_eq!(host.architecture.map(|a| a.value), Some(Architecture::X64));
        assert_eq!(host.revision.map(|r| r.value), Some(2728));
        assert_eq!(host.pending_reboot.map(|p| p.value), Some(true));
    }

    #[test]
    fn one_package_is_no_store() {
        let host = one(&(HEAD.to_owned() + &package("Package_for_KB4534170", "10.0.1.3108", "00000070")));
        assert!(!host.completeness.has_whole(ListKind::ComponentStore));
        assert_eq!(host.updates.len(), 1);
    }

    #[test]
    fn the_list_of_programs_of_older_systems_names_updates() {
        let key = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall";
        let host = one(&format!(
            "REGEDIT4\r\n\r\n{key}]\r\n\r\n{key}\\KB2079403]\r\n\"Comments\"=\"This update is for Windows.\r\n\r\nIt says \\\"KB9999991\\\"\r\n[still here]\"\r\n\
             \"DisplayName\"=\"Security Update for Windows XP (KB2079403)\"\r\n\r\n\
             {key}\\KB2183461-IE8]\r\n\"ParentKeyName\"=\"OperatingSystem\"\r\n\r\n\
             {key}\\M2656353]\r\n\"DisplayName\"=\"Microsoft .NET Framework 1.1 Security Update (KB2656353)\"\r\n\r\n\
             {key}\\{{CB2F7EDD-9D1F-43C1-90FC-4F52EAE172A1}}.KB2416472]\r\n\"DisplayName\"=\"x\"\r\n\r\n\
             {key}\\WGA]\r\n\"DisplayName\"=\"Windows Genuine Advantage Validation Tool (KB892130)\"\r\n\r\n\
             {key}\\Foo]\r\n\"DisplayName\"=\"Foo 1.2 (needs KB2999999)\"\r\n"
        ));
        let kbs: Vec<u32> = host.updates.keys().map(|k| k.number()).collect();
        assert_eq!(kbs, [892_130, 2_079_403, 2_183_461, 2_416_472, 2_656_353]);
        assert!(!host.completeness.has_whole(ListKind::QuickFix));
    }

    #[test]
    fn components_policies_and_a_pending_restart_are_facts() {
        let root = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\";
        let host = one(&format!(
            "{HEAD}{root}Microsoft\\NET Framework Setup\\NDP\\v4\\Full]\r\n\"Release\"=dword:00081621\r\n\r\n\
             {root}Microsoft\\PowerShell\\3\\PowerShellEngine]\r\n\"PowerShellVersion\"=\"5.1.19041.1\"\r\n\r\n\
             {root}Microsoft\\Internet Explorer]\r\n\"svcVersion\"=\"11.0.19041.1\"\r\n\"Version\"=\"9.11.19041.0\"\r\n\r\n\
             {root}Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired]\r\n\r\n\
             {root}Policies\\Microsoft\\Windows\\WindowsUpdate]\r\n\"WUServer\"=\"http://wsus:8530\"\r\n\r\n\
             {root}Policies\\Microsoft\\Windows\\WindowsUpdate\\AU]\r\n\"UseWUServer\"=dword:00000001\r\n\r\n\
             {root}Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Version]\r\n\
             \"10.0.19041.0\"=\"%SystemRoot%\\\\winsxs\\\\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.19041.2300_none_7e14edbc7c88b7d5\"\r\n\r\n\
             [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName]\r\n\"ComputerName\"=\"SRV01\"\r\n"
        ));
        assert_eq!(host.dotnet_framework.map(|d| d.value).as_deref(), Some("4.8"));
        assert_eq!(host.wmf.map(|w| w.value).as_deref(), Some("5.1"));
        assert_eq!(host.internet_explorer.map(|i| i.value), Some(11));
        assert_eq!(host.pending_reboot.map(|p| p.value), Some(true));
        let policies: Vec<_> = host.policies.iter().map(|(n, f)| (n.as_str(), f.value.as_str())).collect();
        assert_eq!(policies, [("UseWUServer", "1"), ("WUServer", "http://wsus:8530")]);
        assert_eq!(host.servicing_stack.map(|s| s.value.to_string()).as_deref(), Some("10.0.19041.2300"));
        assert_eq!(host.name.map(|n| n.value).as_deref(), Some("SRV01"));
    }

    #[test]
    fn two_exports_and_two_hives_are_two_machines() {
        let values = |build: &str| format!("\"CurrentBuild\"=\"{build}\"\r\n\"UBR\"=dword:00000001\r\n\r\n");
        assert_eq!(hosts(&format!("{HEAD}{NT}{}{HEAD}{NT}{}", values("17763"), values("19045"))).len(), 2);
        let offline = NT.replace("SOFTWARE", "OFFLINE");
        let both = hosts(&format!("{HEAD}{NT}{}{offline}{}", values("17763"), values("19045")));
        let images: Vec<_> = both.iter().map(|h| h.offline_image.is_some()).collect();
        assert_eq!(images, [false, true]);
    }

    #[test]
    fn orders_to_delete_other_keys_and_cut_numbers_tell_nothing() {
        assert!(hosts(&format!("{HEAD}{}", NT.replace("[HK", "[-HK"))).is_empty());
        assert!(
            hosts(&format!("{HEAD}[HKEY_CURRENT_USER\\Software\\Foo]\r\n\"UBR\"=dword:00000001\r\n"))
                .is_empty()
        );
        let cut = one(&format!("{HEAD}{NT}\"CurrentBuild\"=\"19045\"\r\n\"UBR\"=dword:00000a"));
        assert_eq!(cut.revision, None);
        assert!(hosts(&format!("{HEAD}{NT}\"CurrentBuild\"=\"190")).is_empty());
    }

    #[test]
    fn what_a_32_bit_program_sees_is_not_read() {
        let text = NT.replace("SOFTWARE", "SOFTWARE\\WOW6432Node");
        let host = one(&format!(
            "{HEAD}{text}\"CurrentBuild\"=\"19045\"\r\n@=\"x\"\r\n\"Gone\"=-\r\n\"B\"=hex:00\r\n"
        ));
        assert_eq!((&host.version, &host.product), (&None, &None));
        let kept: Vec<String> = host.registry.values().map(|f| f.value.to_string()).collect();
        assert_eq!(kept, ["sz:x", "other", "sz:19045"]);
    }
}
