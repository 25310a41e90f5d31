//! What PowerShell prints of registry keys (`Get-ItemProperty`) and of Win32_OperatingSystem, as list, table, CSV or JSON.

use super::collect::is_filter;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt};
use super::objects::{self, Object};
use super::os_values::{is_computer_name, is_os, tell_os};
use super::registry_keys::Registry;
use super::windows_nt::TELLING;
use crate::model::{Fact, Host};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const KEYS: &str = "Get-ItemProperty";
const KEYS_JSON: &str = "registry JSON";
const OS: &str = "Win32_OperatingSystem";
const OS_JSON: &str = "Win32_OperatingSystem JSON";

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: KEYS,
        from: "Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'",
        signature: "CurrentBuild : …, UBR : …, or PSPath with a key of the registry",
        tells: "what the keys hold: product, build, revision and edition, or every package with its state, and more",
        cannot: "what lies in keys that were not asked for",
        directness: Directness::System,
    },
    Format {
        name: KEYS_JSON,
        from: "Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion' | ConvertTo-Json",
        signature: "members CurrentBuild, UBR, EditionID, in any case",
        tells: "what the keys hold: product, build, revision and edition, or every package with its state, and more",
        cannot: "what lies in keys that were not asked for",
        directness: Directness::System,
    },
    Format {
        name: OS,
        from: "Get-CimInstance Win32_OperatingSystem | Format-List *",
        signature: "Caption of a Windows with Version, BuildNumber or OSArchitecture",
        tells: "product, build, service pack, edition, architecture, language",
        cannot: "the revision (UBR); updates",
        directness: Directness::Reported,
    },
    Format {
        name: OS_JSON,
        from: "Get-CimInstance Win32_OperatingSystem | ConvertTo-Json",
        signature: "members Caption of a Windows with Version, BuildNumber or OSArchitecture",
        tells: "product, build, service pack, edition, architecture, language",
        cannot: "the revision (UBR); updates",
        directness: Directness::Reported,
    },
];

const WINDOWS: &str = "HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
const PACKAGES: &str =
    "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";
const ENVIRONMENT: &str = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";

/// One of these is in all that is read here, in lower case.
pub(super) const WORDS: [&str; 15] = [
    "ubr",
    "currentbuild",
    "editionid",
    "buildlabex",
    "currentmajorversionnumber",
    "pspath",
    "pschildname",
    "hive",
    "hklm:",
    "processor_architecture",
    "caption",
    "osarchitecture",
    "operatingsystemsku",
    "systemdirectory",
    "buildnumber",
];

/// Columns of a CSV export that is worth a look.
const COLUMNS: [&str; 6] =
    ["currentbuild", "currentbuildnumber", "ubr", "currentstate", "operatingsystemsku", "osarchitecture"];

/// The path of a key in a typed command, up to the quote or blank that ends it.
fn typed_path(command: &str) -> Option<&str> {
    let lower = command.to_ascii_lowercase();
    let at =
        ["hklm:", "registry::hkey_local_machine", "hkey_local_machine"].iter().find_map(|r| lower.find(r))?;
    let quote = command.get(..at)?.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let rest = command.get(at..)?;
    let end =
        rest.find(|c: char| quote.map_or(c.is_whitespace() || matches!(c, '|' | ')' | ';'), |q| c == q));
    rest.get(..end.unwrap_or(rest.len()))
}

/// The key that an object was read from: as PowerShell says itself, as it was typed, or as its values tell.
fn key_of(object: &Object) -> Option<String> {
    let child = object.get("pschildname").map(|(c, _)| c);
    if let Some((path, _)) = object.get("pspath") {
        // a wrapped path has lost blanks; the name of the key itself is whole
        let above = path.trim_end_matches('\\').rsplit_once('\\').map(|(above, _)| above);
        return Some(match (above, child) {
            (Some(above), Some(child)) => format!("{above}\\{child}"),
            _ => path.to_owned(),
        });
    }
    if child.is_some_and(|c| c.contains('~')) && object.values.has("currentstate") {
        return child.map(|c| format!("{PACKAGES}\\{c}"));
    }
    if TELLING.iter().any(|name| object.values.has(name)) {
        return Some(WINDOWS.to_owned());
    }
    if object.get("processor_architecture").is_some() {
        return Some(ENVIRONMENT.to_owned());
    }
    let reads = |c: &&str| {
        let lower = c.to_ascii_lowercase();
        ["get-item", "get-childitem", "gp ", "gi ", "gci "].iter().any(|word| lower.contains(word))
    };
    object.command.as_deref().filter(reads).and_then(typed_path).map(str::to_owned)
}

/// Values that PowerShell adds to those of a key.
const ADDED: [&str; 7] =
    ["PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider", "PSComputerName", "RunspaceId"];

/// The registries that objects are of, by the computer that they name.
type Registries = BTreeMap<String, (Registry, Option<Fact<String>>)>;

/// The registry of the computer that an object names.
fn registry<'a>(
    all: &'a mut Registries,
    object: &Object,
    input: &Arc<str>,
    format: &'static str,
) -> &'a mut Registry {
    let computer = object.values.get("pscomputername").filter(|(n, _)| is_computer_name(n));
    let name = computer.map(|(n, origin)| Fact::new(n.to_owned(), origin.clone()));
    let key = computer.map_or(String::new(), |(n, _)| n.to_lowercase());
    &mut all.entry(key).or_insert_with(|| (Registry::new(input, format), name)).0
}

/// What objects of the registry tell.
fn add_keys(objects: &[Object], all: &mut Registries, input: &Arc<str>, format: &'static str) {
    for object in objects {
        let Some(key) = key_of(object) else { continue };
        let registry = registry(all, object, input, format);
        registry.filtered |= object.command.as_deref().is_some_and(is_filter);
        registry.key(&key, object.line);
        for (name, value, origin) in object.values.spelled() {
            if !ADDED.iter().any(|a| a.eq_ignore_ascii_case(name)) {
                registry.value(&key, name, value, objects::line_of(origin));
            }
        }
    }
}

/// One host for each machine.
fn finish(all: Registries) -> Vec<Host> {
    let each = all.into_values().flat_map(|(registry, name)| {
        registry.hosts().into_iter().map(move |mut host| {
            host.name = host.name.or_else(|| name.clone());
            host
        })
    });
    each.collect()
}

/// One host for each object of Win32_OperatingSystem.
fn systems(objects: &[Object]) -> impl Iterator<Item = Host> {
    objects.iter().filter(|o| is_os(&o.values)).map(|object| {
        let mut host = Host::default();
        tell_os(&object.values, &mut host);
        host
    })
}

/// Reads lists, tables and CSV; none if they are of something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut registries = Registries::new();
    for objects in [objects::of_lines(lines, input, KEYS), objects::of_csv(lines, &COLUMNS, input, KEYS)] {
        add_keys(&objects, &mut registries, input, KEYS);
    }
    bare_values(lines, &mut registries, input);
    let mut out = finish(registries);
    for objects in [objects::of_lines(lines, input, OS), objects::of_csv(lines, &COLUMNS, input, OS)] {
        out.extend(systems(&objects));
    }
    out
}

/// Reads JSON; none if it is of something else.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut registries = Registries::new();
    let (objects, members) = objects::of_json(value, input, KEYS_JSON);
    add_keys(&objects, &mut registries, input, KEYS_JSON);
    let mut out = finish(registries);
    out.extend(systems(&objects::of_json(value, input, OS_JSON).0));
    for host in &mut out {
        objects::to_members(host, &members);
    }
    out
}

/// `Get-ItemPropertyValue 'HKLM:\…' -Name UBR`, or `(Get-ItemProperty 'HKLM:\…').UBR`: the value alone stands below.
fn bare_values(lines: &[Line], all: &mut Registries, input: &Arc<str>) {
    for (i, line) in lines.iter().enumerate().filter(|(_, l)| is_prompt(&l.text)) {
        let below = lines.get(i + 1..).unwrap_or_default();
        let answers: Vec<&Line> =
            below.iter().take_while(|l| !is_prompt(&l.text)).filter(|l| !l.is_blank()).take(21).collect();
        if let Some(path) = tested(&line.text)
            && let [answer] = answers.as_slice()
            && answer.text.trim() == "True"
        {
            registry(all, &Object::default(), input, KEYS).key(path, answer.number);
        }
        let Some((path, names)) = asked(&line.text) else { continue };
        // more or fewer lines are something else
        if answers.len() != names.len() {
            continue;
        }
        let registry = registry(all, &Object::default(), input, KEYS);
        registry.key(path, line.number);
        for (name, answer) in names.iter().zip(answers) {
            registry.value(path, name, answer.text.trim(), answer.number);
        }
    }
}

/// The key that `Test-Path` asks for.
fn tested(command: &str) -> Option<&str> {
    command.to_ascii_lowercase().contains("test-path").then(|| typed_path(command))?
}

/// The key and the names of the values that a command prints without their names.
fn asked(command: &str) -> Option<(&str, Vec<&str>)> {
    let lower = command.to_ascii_lowercase();
    let path = typed_path(command)?;
    let plain = |n: &&str| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let names = if lower.contains("get-itempropertyvalue") || lower.contains("gpv ") {
        let at = lower.find(" -name ")? + " -name ".len();
        let rest = command.get(at..)?;
        let end = rest.find(" -").or_else(|| rest.find('|')).unwrap_or(rest.len());
        rest.get(..end)?.split(',').map(|n| n.trim().trim_matches(['"', '\''])).collect::<Vec<_>>()
    } else if lower.contains("get-itemproperty") || lower.contains("(gp ") {
        vec![command.trim_end().rsplit_once(").")?.1]
    } else {
        return None;
    };
    (names.iter().all(plain) && names.len() <= 20).then_some((path, names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;
    use crate::model::{Architecture, Gap};

    fn hosts(text: &str) -> Vec<Host> {
        read(&lines(text), &Arc::from("f"))
    }

    fn one(text: &str) -> Host {
        let mut hosts = hosts(text);
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        hosts.remove(0)
    }

    fn build(host: &Host) -> (Option<String>, Option<u32>) {
        (host.version.as_ref().map(|v| v.value.to_string()), host.revision.as_ref().map(|r| r.value))
    }

    #[test]
    fn lists_tables_and_csv_tell_the_build() {
        for text in [
            "PS C:\\> Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'\r\n\r\n\r\nProductName               : Windows 10 Pro\r\nCurrentBuild              : 19045\r\nUBR                       : 2965\r\nEditionID                 : Professional\r\nPSPath                    : Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\r\n                            NT\\CurrentVersion\r\nPSChildName               : CurrentVersion\r\nPSProvider                : Microsoft.PowerShell.Core\\Registry\r\n",
            "ProductName    CurrentBuild  UBR EditionID\n-----------    ------------  --- ---------\nWindows 10 Pro 19045        2965 Professional\n",
            "\"ProductName\",\"CurrentBuild\",\"UBR\",\"EditionID\"\n\"Windows 10 Pro\",\"19045\",\"2965\",\"Professional\"\n",
        ] {
            let host = one(text);
            assert_eq!(build(&host), (Some("10.0.19045".into()), Some(2965)), "{text}");
            assert_eq!(host.edition.map(|e| e.value.0).as_deref(), Some("Pro"));
            assert_eq!(host.product.map(|p| p.value).as_deref(), Some("Windows 10 Pro"));
        }
    }

    #[test]
    fn packages_by_their_key_have_states() {
        let path = "Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";
        let block = |kb: &str, state: u32| {
            let id = format!("Package_for_{kb}~31bf3856ad364e35~amd64~~10.0.1.1");
            format!(
                "CurrentState : {state}\nPSPath       : {path}\\{id}\nPSParentPath : {path}\nPSChildName  : {id}\nPSProvider   : Registry\n\n"
            )
        };
        let host = one(&(block("KB4534170", 112) + &block("KB4562830", 80)));
        let states: Vec<_> = host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect();
        assert_eq!(states, [(4_534_170, "installed"), (4_562_830, "superseded")]);
        let table = "PSChildName                                               CurrentState\n-----------                                               ------------\nPackage_for_KB4534170~31bf3856ad364e35~amd64~~10.0.1.1             112\nPackage_for_KB4562830~31bf3856ad364e35~amd64~~10.0.1.1              64\n";
        let host = one(table);
        let states: Vec<_> = host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect();
        assert_eq!(states, [(4_534_170, "installed"), (4_562_830, "staged")]);
        let asked = format!("PS C:\\> gci 'HKLM:\\x' | gp | where CurrentState -eq 112 | ft\n\n{table}");
        assert_eq!(one(&asked).completeness.lists[0].gaps, [Gap::Filtered]);
    }

    #[test]
    fn windows_as_its_management_class_tells_it() {
        let host = one(
            "\n\nCaption            : Microsoft Windows 10 Pro\nVersion            : 10.0.19044\nOperatingSystemSKU : 48\nCSDVersion         :\n\n\nDomainRole : 1\nSystemType : x64-based PC",
        );
        assert_eq!(build(&host), (Some("10.0.19044".into()), None));
        assert_eq!(host.architecture.map(|a| a.value), Some(Architecture::X64));
        assert_eq!(host.product.map(|p| p.origin.format), Some(OS));
        let table = "SystemDirectory     Organization BuildNumber RegisteredUser SerialNumber            Version\n---------------     ------------ ----------- -------------- ------------            -------\nC:\\Windows\\system32              19045       user           00330-00000-00000-AAAAA 10.0.19045\n";
        assert_eq!(build(&one(table)), (Some("10.0.19045".into()), None));
    }

    #[test]
    fn values_that_were_asked_for_by_name_stand_alone() {
        let key = "'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'";
        let host = one(&format!(
            "PS C:\\> (Get-ItemProperty {key}).CurrentBuild\n19045\nPS C:\\> Get-ItemPropertyValue {key} -Name UBR\n2965\n"
        ));
        assert_eq!(build(&host), (Some("10.0.19045".into()), Some(2965)));
        let host = one(&format!(
            "PS C:\\> Get-ItemPropertyValue -Path {key} -Name CurrentBuild, UBR\n19045\n2965\nPS C:\\>"
        ));
        assert_eq!(build(&host), (Some("10.0.19045".into()), Some(2965)));
        assert!(hosts(&format!("PS C:\\> (Get-ItemProperty {key}).UBR\nerror: x\nmore\n")).is_empty());
    }

    #[test]
    fn a_pending_restart_is_told_by_the_key_that_is_there() {
        let key =
            "'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending'";
        let host = one(&format!("PS C:\\> Test-Path {key}\nTrue\n"));
        assert_eq!(host.pending_reboot.map(|p| p.value), Some(true));
        assert!(hosts(&format!("PS C:\\> Test-Path {key}\nFalse\n")).is_empty(), "other keys may be there");
        assert!(hosts(&format!("PS C:\\> Remove-Item {key}\n\nA : 1\n")).is_empty());
    }

    #[test]
    fn a_typed_path_names_the_key() {
        let host = one(
            "PS C:\\> Get-ItemProperty \"HKLM:\\SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4\\Full\" | select Release\n\nRelease\n-------\n 528372\n",
        );
        assert_eq!(host.dotnet_framework.map(|d| d.value).as_deref(), Some("4.8"));
        assert!(hosts("Release\n-------\n 528372\n").is_empty());
    }

    #[test]
    fn json_is_read_in_any_case_of_its_names() {
        let value: Value = serde_json::from_str(
            r#"{"currentBuild":"17763","ubr":6414,"installationType":"Server","EditionID":"ServerDatacenter","ProductName":"Windows Server 2019 Datacenter","DisplayVersion":null,"Architecture":"AMD64","ProductType":"ServerNT"}"#,
        )
        .unwrap();
        let hosts = read_json(&value, &Arc::from("f"));
        assert_eq!(hosts.len(), 1);
        assert_eq!(build(&hosts[0]), (Some("10.0.17763".into()), Some(6414)));
        assert_eq!(hosts[0].architecture.as_ref().map(|a| a.value), Some(Architecture::X64));
        assert_eq!(hosts[0].revision.as_ref().map(|r| r.origin.to_string()).as_deref(), Some("f: ubr"));
        assert_eq!(hosts[0].release, None);
        let other: Value =
            serde_json::from_str(r#"[{"Caption":"x","Version":"10.0.19045","Name":"y"}]"#).unwrap();
        assert!(read_json(&other, &Arc::from("f")).is_empty());
    }

    #[test]
    fn machines_by_their_names() {
        let block =
            |name: &str, ubr: u32| format!("CurrentBuild : 17763\nUBR : {ubr}\nPSComputerName : {name}\n\n");
        let names: Vec<_> =
            hosts(&(block("A", 1) + &block("B", 2))).into_iter().map(|h| h.name.map(|n| n.value)).collect();
        assert_eq!(names, [Some("A".to_owned()), Some("B".to_owned())]);
    }

    #[test]
    fn other_objects_are_not_read() {
        assert!(
            hosts("Name : a\nVersion : 1.2.3000\n\nHotFixID : KB1234567\nCaption : http://x\nCSName : y\n")
                .is_empty()
        );
    }
}
