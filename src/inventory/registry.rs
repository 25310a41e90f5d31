//! `reg query`: keys with values and their REG_ types.

use super::collect::is_filter;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt};
use super::registry_keys::Registry;
use super::windows_nt::TELLING;
use crate::model::{Host, RegistryValue, registry_key};
use std::sync::Arc;

const FORMAT: &str = "reg query";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "reg query \"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\"",
    signature: "values of keys with their REG_ types",
    tells: "what the keys hold: product, build, revision and edition, or every package with its state, and more",
    cannot: "what lies in keys that were not asked for",
    directness: Directness::System,
}];

/// The key that values without one are of.
const WINDOWS: &str = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";

/// A line that is nothing but the path of a key.
fn key(text: &str) -> Option<&str> {
    let t = text.trim();
    let known = ["HKEY_", "HKLM\\"]
        .iter()
        .any(|root| t.get(..root.len()).is_some_and(|head| head.eq_ignore_ascii_case(root)));
    known.then_some(t)
}

/// Name, type and data of a value: `    UBR    REG_DWORD    0xaa8`. Names have blanks, types have none.
fn value(text: &str) -> Option<(&str, &str, &str)> {
    let at = text.find("REG_")?;
    let (name, rest) = (text.get(..at)?, text.get(at..)?);
    let (kind, data) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let plain = kind.len() <= 40 && kind.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let bare = name.trim();
    (plain && name.ends_with(char::is_whitespace) && !bare.is_empty()).then(|| (bare, kind, data.trim()))
}

/// Data as text, numbers in decimal; none for what is no text and no number.
fn data(kind: &str, text: &str) -> Option<String> {
    match kind {
        "REG_DWORD" | "REG_QWORD" => {
            let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
            Some(u64::from_str_radix(hex?, 16).ok()?.to_string())
        }
        "REG_SZ" | "REG_EXPAND_SZ" | "REG_MULTI_SZ" => Some(text.to_owned()),
        _ => None,
    }
}

/// A value as it is, by its type.
fn typed(kind: &str, text: &str) -> RegistryValue {
    let number = || {
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
        u64::from_str_radix(hex, 16).ok()
    };
    match kind {
        "REG_DWORD" => number().and_then(|n| u32::try_from(n).ok()).map(RegistryValue::Dword),
        "REG_QWORD" => number().map(RegistryValue::Qword),
        "REG_SZ" => Some(RegistryValue::Text(RegistryValue::text(text))),
        "REG_EXPAND_SZ" => Some(RegistryValue::Expand(RegistryValue::text(text))),
        "REG_MULTI_SZ" => Some(RegistryValue::Multi(RegistryValue::text(text))),
        _ => None,
    }
    .unwrap_or(RegistryValue::Other)
}

/// The name of a value, where it has none of its own.
fn own_name(name: &str) -> &str {
    if ["(default)", "<no name>"].iter().any(|d| name.eq_ignore_ascii_case(d)) { "" } else { name }
}

/// The key, and the value where there is one, that a command line asks for: `reg query "HKLM\\…" /v Name`. None where it
/// asks for more than that, or in another view.
fn asked(line: &str) -> Option<(String, Option<String>)> {
    let at = line.to_ascii_lowercase().find("reg query ")?;
    let mut words = Vec::new();
    let mut rest = line.get(at + "reg query ".len()..)?.trim_start();
    while !rest.is_empty() && words.len() < 8 {
        let (word, tail) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word);
        rest = tail.trim_start();
    }
    let (key, options) = words.split_first()?;
    let value = match options {
        [] => None,
        [v, name] if v.eq_ignore_ascii_case("/v") => Some((*name).to_owned()),
        [ve] if ve.eq_ignore_ascii_case("/ve") => Some(String::new()),
        _ => return None,
    };
    Some(((*key).to_owned(), value))
}

/// The command found nothing.
fn is_not_found(line: &str) -> bool {
    let l = line.trim().to_lowercase();
    [
        "unable to find the specified registry key or value",
        "angegebene registrierungsschlüssel bzw. wert wurde nicht gefunden",
    ]
    .iter()
    .any(|words| l.contains(words))
}

/// Reads the values; none if there is nothing about Windows among them.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut registry = Registry::new(input, FORMAT);
    let mut open: Option<&str> = None;
    let mut known = true;
    let mut command: Option<(String, Option<String>)> = None;
    let mut printed: Vec<Printed> = Vec::new();
    let mut searched = false;
    for line in lines {
        searched |= line.text.starts_with("End of search:");
        if is_prompt(&line.text) {
            let asked = line.text.to_ascii_lowercase();
            registry.filtered |= is_filter(&asked) || asked.contains("reg query") && asked.contains(" /f ");
            // what the next command prints is of its own key
            (open, known) = (None, true);
            command = self::asked(&line.text);
        } else if is_not_found(&line.text) {
            if let Some((key, value)) = command.take() {
                registry.absent(&key, value.as_deref(), line.number);
            }
        } else if let Some(path) = key(&line.text) {
            known = registry.key(path, line.number);
            // asked for without a value, its own values are all there; of keys below it only their names
            let whole = |(asked, value): (String, Option<String>)| {
                value.is_none()
                    && registry_key(&asked).is_some()
                    && registry_key(&asked) == registry_key(path)
            };
            let asked = command.take().is_some_and(whole);
            if printed.len() < PRINTED {
                printed.push(Printed { path, line: line.number, values: 0, asked });
            }
            open = Some(path);
        } else if let Some((name, kind, text)) = value(&line.text) {
            let own = |n: &str| TELLING.contains(&n) || matches!(n, "productname" | "csdversion");
            let path = match open {
                Some(path) => path,
                None if own(&name.to_ascii_lowercase()) => WINDOWS,
                None => continue,
            };
            if let Some(last) = printed.last_mut().filter(|p| open == Some(p.path)) {
                last.values += 1;
            }
            // what tells of Windows may show that the next machine begins: that first
            if let Some(data) = data(kind, text).filter(|_| known) {
                registry.value(path, name, &data, line.number);
            }
            if registry.keeps(path) {
                registry.keep(path, own_name(name), typed(kind, text), line.number);
            }
        }
    }
    if !registry.filtered && !searched {
        whole(&printed, &mut registry);
    }
    registry.hosts()
}

/// A key as it was printed.
struct Printed<'a> {
    path: &'a str,
    line: u32,
    values: u32,
    /// the command before it asked for all of its values
    asked: bool,
}

/// More keys than people print.
const PRINTED: usize = 10_000;

/// Keys of which every value was printed. `reg query KEY /v NAME` prints one value: a key with more was printed whole,
/// and so were those below it that come with values.
fn whole(printed: &[Printed], registry: &mut Registry) {
    let key = |p: &Printed| registry_key(p.path);
    let below = |p: &Printed, parent: &str| {
        key(p).is_some_and(|k| k.strip_prefix(parent).is_some_and(|r| r.starts_with('\\')))
    };
    let mut above: Option<String> = None;
    for (i, p) in printed.iter().enumerate() {
        let inside = above.as_deref().is_some_and(|parent| below(p, parent));
        if !(p.asked || p.values > 1 || inside && p.values > 0) {
            continue;
        }
        // keys below are named, if only by their paths
        let named = key(p).is_some_and(|own| printed[i..].iter().any(|q| below(q, &own)));
        registry.whole(p.path, !named, p.line);
        if !inside {
            above = key(p);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;
    use crate::model::{Gap, ListKind};

    const KEY: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\n";
    const PACKAGES: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";

    fn hosts(text: &str) -> Vec<Host> {
        read(&lines(text), &Arc::from("f"))
    }

    fn one(text: &str) -> Host {
        let mut hosts = hosts(text);
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        hosts.remove(0)
    }

    #[test]
    fn numbers_are_hexadecimal() {
        let host = one(&format!(
            "\r\n{KEY}    ProductName    REG_SZ    Windows 10 Enterprise\n    CurrentVersion    REG_SZ    6.3\n    \
             CurrentBuildNumber    REG_SZ    22631\n    UBR    REG_DWORD    0xaa8\n    EditionID    REG_SZ    Enterprise\n"
        ));
        assert_eq!(host.product.as_ref().map(|p| p.value.as_str()), Some("Windows 11 Enterprise"));
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(0xaa8));
        assert!(host.completeness.is_empty());
    }

    #[test]
    fn tabs_and_names_with_blanks_are_read() {
        let host = one(&format!(
            "! REG.EXE VERSION 3.0\r\n\r\n{KEY}    <NO NAME>\tREG_SZ\t\r\n    ProductName\tREG_SZ\tMicrosoft Windows XP\r\n\
             \tCurrentVersion\tREG_SZ\t5.1\r\n    CurrentBuildNumber\tREG_SZ\t2600\r\n    CSDVersion\tREG_SZ\tService Pack 3\r\n"
        ));
        assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("5.1.2600"));
        assert_eq!(host.service_pack.map(|s| s.value), Some(3));
        assert_eq!(value("    My name    REG_SZ    a REG_B"), Some(("My name", "REG_SZ", "a REG_B")));
    }

    #[test]
    fn packages_are_read_with_their_states() {
        let package = |name: &str, state: &str| {
            format!(
                "{PACKAGES}\\{name}~31bf3856ad364e35~amd64~~10.0.1.1\r\n    CurrentState    REG_DWORD    {state}\r\n\r\n\
                {PACKAGES}\\{name}~31bf3856ad364e35~amd64~~10.0.1.1\\Owners\r\n    {name}    REG_DWORD    0x20070\r\n\r\n"
            )
        };
        let text = package("Package_for_KB4534170", "0x70")
            + &package("Package_for_KB4562830", "0x50")
            + "End of search: 2 match(es) found.\r\n";
        let host = one(&text);
        let states: Vec<_> = host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect();
        assert_eq!(states, [(4_534_170, "installed"), (4_562_830, "superseded")]);
        assert!(host.completeness.has_whole(ListKind::ComponentStore));
        let host = one(&format!("C:\\>reg query \"{PACKAGES}\" /s /f KB45\n{text}"));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
    }

    #[test]
    fn names_of_packages_alone_prove_nothing() {
        let host = one(&format!(
            "{PACKAGES}\\Package_for_KB4534170~31bf3856ad364e35~amd64~~10.0.1.1\n\
             {PACKAGES}\\Package_for_KB4562830~31bf3856ad364e35~amd64~~10.0.1.1\n"
        ));
        assert!(host.updates.is_empty());
        assert_eq!(host.completeness.lists[0].gaps, [Gap::NotAvailable]);
    }

    #[test]
    fn other_keys_are_not_windows() {
        let other = one("HKEY_LOCAL_MACHINE\\SOFTWARE\\Foo\n    UBR    REG_DWORD    0x1\n");
        assert_eq!((other.revision, other.registry.len()), (None, 1));
        assert!(hosts("HKEY_CURRENT_USER\\SOFTWARE\\Foo\n    UBR    REG_DWORD    0x1\n").is_empty());
        assert!(hosts("    Foo    REG_DWORD    0x1\n").is_empty());
        assert_eq!(one("    UBR    REG_DWORD    0x1\n").revision.map(|r| r.value), Some(1));
    }

    fn registry(text: &str) -> Vec<(String, String)> {
        let hosts = hosts(text);
        let all = hosts.iter().flat_map(|h| &h.registry);
        all.map(|(place, f)| (place.clone(), f.value.to_string())).collect()
    }

    #[test]
    fn values_are_kept_with_their_types_for_rules() {
        let told = registry(
            "HKEY_LOCAL_MACHINE\\SOFTWARE\\Foo Bar\n    (Default)    REG_SZ    x y\n    N    REG_DWORD    0x10\n    \
             P    REG_EXPAND_SZ    %windir%\\a\n    B    REG_BINARY    00FF\n",
        );
        let told: Vec<_> = told.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
        assert_eq!(
            told,
            [
                ("hklm\\software\\foo bar\\(default)", "sz:x y"),
                ("hklm\\software\\foo bar\\b", "other"),
                ("hklm\\software\\foo bar\\n", "dword:16"),
                ("hklm\\software\\foo bar\\p", "expand-sz:%windir%\\a"),
            ]
        );
        let owner = format!("{KEY}    RegisteredOwner    REG_SZ    somebody\n    UBR    REG_DWORD    0x1\n");
        assert_eq!(registry(&owner).len(), 1, "whose Windows it is does not matter");
        let twice = "HKLM\\SOFTWARE\\Foo\n    N    REG_DWORD    0x1\nHKLM\\SOFTWARE\\Foo\n    N    REG_DWORD    0x2\n";
        assert!(registry(twice).is_empty());
    }

    #[test]
    fn what_was_looked_for_and_not_found_is_absent() {
        const ERROR: &str = "ERROR: The system was unable to find the specified registry key or value.\n";
        let of = |command: &str| registry(&format!("C:\\>{command}\n\n{ERROR}"));
        let absent = |place: &str| vec![(place.to_owned(), "absent".to_owned())];
        assert_eq!(
            of("reg query \"HKLM\\SOFTWARE\\Foo Bar\" /v Baz"),
            absent("hklm\\software\\foo bar\\baz")
        );
        assert_eq!(of("reg query HKLM\\SOFTWARE\\Foo /ve"), absent("hklm\\software\\foo\\(default)"));
        assert_eq!(of("reg query HKLM\\SOFTWARE\\Foo"), absent("hklm\\software\\foo\\"));
        // without the command, or with one that asks for something else, it says nothing
        for other in
            ["dir", "reg query HKLM\\SOFTWARE\\Foo /v Baz /reg:32", "reg query HKLM\\SOFTWARE\\Foo /s /f x"]
        {
            assert_eq!(of(other), [], "{other}");
        }
        assert_eq!(registry(ERROR), []);
        let found =
            format!("C:\\>reg query HKLM\\SOFTWARE\\Foo\n\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Foo\n{ERROR}");
        assert_eq!(registry(&found), []);
    }
}
