//! Keys and values of the registry, whoever printed them: one place says what they mean.

use super::collect::Collector;
use super::ids::{self, RowId};
use super::objects::line_of;
use super::os_values::{Values, is_computer_name};
use super::packages::Packages;
use super::windows_nt;
use crate::model::{
    Architecture, Fact, Gap, Host, KbId, ListKind, Origin, PackageState, RegistryValue, UpdateKey, Version,
    registry_key, registry_key_place, registry_place,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More keys than a registry has of those that are read; what is beyond is not read.
const LIMIT: usize = 100_000;

/// More machines than one input is about; what is beyond is not read.
const MACHINES: usize = 1_000;

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `Windows NT\CurrentVersion`
    Windows,
    /// The key above all packages.
    Packages,
    /// One package, by its identity.
    Package(String),
    /// An entry of the list of programs, by its name.
    Program(String),
    /// `Component Based Servicing\Version`: the servicing stack.
    Stack,
    /// `NDP\v4\Full` and `Client`
    Dotnet,
    /// `PowerShell\3\PowerShellEngine`
    PowerShell,
    InternetExplorer,
    /// Policies of Windows Update.
    Policies,
    /// A key that is there only while a restart is pending.
    Restart,
    /// `Session Manager`
    SessionManager,
    Environment,
    /// `ActiveComputerName`, else `ComputerName`, which holds after a restart.
    Name {
        active: bool,
    },
}

impl Kind {
    /// Is a value of this name read? Others may change from one print to the next.
    fn reads(&self, name: &str) -> bool {
        let one_of = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(name.trim()));
        match self {
            Self::Windows => one_of(&windows_nt::READ),
            Self::Package(_) => one_of(&["CurrentState"]),
            Self::Program(_) => one_of(&["DisplayName"]),
            Self::Dotnet => one_of(&["Release"]),
            Self::PowerShell => one_of(&["PowerShellVersion"]),
            Self::InternetExplorer => one_of(&["svcVersion", "svcUpdateVersion", "Version"]),
            Self::SessionManager => one_of(&["PendingFileRenameOperations"]),
            Self::Environment => one_of(&["PROCESSOR_ARCHITECTURE"]),
            Self::Name { .. } => one_of(&["ComputerName"]),
            Self::Packages | Self::Restart => false,
            Self::Stack | Self::Policies => true,
        }
    }
}

/// The path without blanks (consoles break lines at them), in lower case, from its hive on.
fn plain(path: &str) -> String {
    let t: String = path.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let t = t.rsplit("::").next().unwrap_or(&t).trim_matches(['[', ']', '\\', '"', '\'']);
    let t = t.strip_prefix("computer\\").unwrap_or(t);
    let t = t
        .strip_prefix("hklm:")
        .or_else(|| t.strip_prefix("hklm\\"))
        .or_else(|| t.strip_prefix("hkey_local_machine"));
    t.unwrap_or_default().trim_start_matches('\\').to_owned()
}

/// The hive that a key of the machine lies in (`software`, or the name that an offline one was loaded by), and what it
/// holds; none for keys that are not read.
fn classify(path: &str) -> Option<(String, Kind)> {
    let plain = plain(path);
    let (hive, rest) = plain.split_once('\\')?;
    let last =
        || path.trim().trim_end_matches([']', '\\']).rsplit('\\').next().unwrap_or_default().to_owned();
    let rest = match rest.strip_prefix("wow6432node\\") {
        // what a 32-bit program sees beside the machine's own values; only its list of programs adds to them
        Some(rest) if rest.starts_with("microsoft\\windows\\currentversion\\uninstall\\") => rest,
        Some(_) => return None,
        None => rest,
    };
    let servicing = "microsoft\\windows\\currentversion\\componentbasedservicing\\";
    let kind = match rest {
        "microsoft\\windowsnt\\currentversion" => Kind::Windows,
        "microsoft\\netframeworksetup\\ndp\\v4\\full" | "microsoft\\netframeworksetup\\ndp\\v4\\client" => {
            Kind::Dotnet
        }
        "microsoft\\powershell\\3\\powershellengine" => Kind::PowerShell,
        "microsoft\\internetexplorer" => Kind::InternetExplorer,
        "policies\\microsoft\\windows\\windowsupdate" | "policies\\microsoft\\windows\\windowsupdate\\au" => {
            Kind::Policies
        }
        "microsoft\\windows\\currentversion\\windowsupdate\\autoupdate\\rebootrequired" => Kind::Restart,
        _ => {
            if let Some(own) = rest.strip_prefix(servicing) {
                match own.split_once('\\') {
                    None if own == "packages" => Kind::Packages,
                    None if own == "rebootpending" => Kind::Restart,
                    None if own == "version" => Kind::Stack,
                    Some(("packages", package)) if !package.contains('\\') => Kind::Package(last()),
                    _ => return None,
                }
            } else if let Some(name) = rest.strip_prefix("microsoft\\windows\\currentversion\\uninstall\\") {
                (!name.contains('\\')).then(|| Kind::Program(last()))?
            } else {
                return control(rest).map(|kind| ("software".to_owned(), kind));
            }
        }
    };
    Some((hive.to_owned(), kind))
}

/// Keys of the running control set; they belong to the machine whose software hive is the usual one.
fn control(rest: &str) -> Option<Kind> {
    Some(match rest.strip_prefix("currentcontrolset\\control\\")? {
        "sessionmanager" => Kind::SessionManager,
        "sessionmanager\\environment" => Kind::Environment,
        "computername\\computername" => Kind::Name { active: false },
        "computername\\activecomputername" => Kind::Name { active: true },
        _ => return None,
    })
}

/// Values that are kept of one input as they are, for rules of Windows Update.
const KEPT: usize = 4_096;

/// The key of a value that is kept as it is: of the running machine's own hives, and none of the many of servicing.
fn kept(path: &str) -> Option<String> {
    let key = registry_key(path)?;
    let below = |parent: &str| key.strip_prefix(parent).is_some_and(|rest| rest.starts_with('\\'));
    let own = below("hklm\\software") || below("hklm\\system\\currentcontrolset");
    let servicing = "hklm\\software\\microsoft\\windows\\currentversion\\component based servicing";
    (own && !below(servicing)).then_some(key)
}

/// Is a value of this name kept? Of Windows' own key only those that tell of Windows: others name its owner.
fn is_kept(key: &str, name: &str) -> bool {
    key != "hklm\\software\\microsoft\\windows nt\\currentversion"
        || windows_nt::READ.iter().any(|n| n.eq_ignore_ascii_case(name.trim()))
}

/// The registry of one machine, as far as it was printed.
#[derive(Debug, Default)]
struct Machine {
    keys: BTreeMap<Kind, Key>,
    /// values as they are; none where two differ
    kept: BTreeMap<String, Option<Fact<RegistryValue>>>,
    /// keys of update policies of which every value was printed
    whole: BTreeMap<UpdateKey, Origin>,
}

/// The values of one key, and where the key itself stands.
#[derive(Debug, Default)]
struct Key {
    values: Values,
    at: Option<Origin>,
}

/// The registries of one input.
#[derive(Debug)]
pub(super) struct Registry {
    /// Machines by hive; a value that comes again with other data is that of the next machine.
    machines: Vec<(String, Machine)>,
    keys: usize,
    kept: usize,
    input: Arc<str>,
    format: &'static str,
    /// The command kept only some of the rows.
    pub(super) filtered: bool,
}

impl Registry {
    pub(super) fn new(input: &Arc<str>, format: &'static str) -> Self {
        Self { machines: Vec::new(), keys: 0, kept: 0, input: Arc::clone(input), format, filtered: false }
    }

    /// A key that is there. False if it is none that is read.
    pub(super) fn key(&mut self, path: &str, line: u32) -> bool {
        let Some((hive, kind)) = classify(path) else { return false };
        let origin = Origin::line(&self.input, self.format, line);
        if let Some(machine) = self.open(&hive, &kind) {
            machine.keys.entry(kind).or_default().at.get_or_insert(origin);
        }
        true
    }

    /// A value of a key; numbers are given in decimal.
    pub(super) fn value(&mut self, path: &str, name: &str, data: &str, line: u32) {
        let Some((hive, kind)) = classify(path).filter(|(_, kind)| kind.reads(name)) else { return };
        let origin = Origin::line(&self.input, self.format, line);
        let Some(machine) = self.open(&hive, &kind) else { return };
        let key = machine.keys.entry(kind.clone()).or_default();
        if !key.values.put(name, data, origin.clone()) {
            // the next machine: what one machine says of itself does not change within a print
            if self.machines.len() >= MACHINES {
                return;
            }
            self.machines.push((hive, Machine::default()));
            self.keys += 1;
            let Some((_, next)) = self.machines.last_mut() else { return };
            next.keys.entry(kind).or_default().values.put(name, data, origin);
        }
    }

    /// Are values of this key kept as they are?
    pub(super) fn keeps(&self, path: &str) -> bool {
        self.kept < KEPT && kept(path).is_some()
    }

    /// Keeps a value as it is, for the machine whose values were read last.
    pub(super) fn keep(&mut self, path: &str, name: &str, value: RegistryValue, line: u32) {
        if let Some(key) = kept(path).filter(|key| is_kept(key, name)) {
            self.put(registry_place(&key, name), value, line);
        }
    }

    /// Every value of this key is printed, and with an export every key below it: of update policies the names that are
    /// not among them are absent.
    pub(super) fn whole(&mut self, path: &str, exported: bool, line: u32) {
        let Some(key) = registry_key(path).and_then(|path| UpdateKey::of(&path)) else { return };
        let below = UpdateKey::ALL.into_iter().filter(|k| exported && k.parent() == Some(key));
        let origin = Origin::line(&self.input, self.format, line);
        let Some(machine) = self.software() else { return };
        for key in std::iter::once(key).chain(below) {
            machine.whole.entry(key).or_insert_with(|| origin.clone());
        }
    }

    /// A key, or a value of it, was looked for and is not there.
    pub(super) fn absent(&mut self, path: &str, name: Option<&str>, line: u32) {
        let Some(key) = registry_key(path) else { return };
        let place = name.map_or_else(|| registry_key_place(&key), |name| registry_place(&key, name));
        if name.is_none() {
            self.whole(path, true, line);
        }
        self.put(place, RegistryValue::Absent, line);
    }

    /// The machine whose values were read last.
    fn software(&mut self) -> Option<&mut Machine> {
        let at = match self.machines.iter().rposition(|(h, _)| h == "software") {
            Some(at) => at,
            None if self.machines.len() >= MACHINES => return None,
            None => {
                self.machines.push(("software".to_owned(), Machine::default()));
                self.machines.len() - 1
            }
        };
        self.machines.get_mut(at).map(|(_, machine)| machine)
    }

    fn put(&mut self, place: String, value: RegistryValue, line: u32) {
        let origin = Origin::line(&self.input, self.format, line);
        let full = self.kept >= KEPT;
        let Some(machine) = self.software() else { return };
        match machine.kept.get_mut(&place) {
            Some(known) if known.as_ref().is_some_and(|f| f.value != value) => *known = None,
            Some(_) => {}
            None if full => {}
            None => {
                machine.kept.insert(place, Some(Fact::new(value, origin)));
                self.kept += 1;
            }
        }
    }

    /// The last machine of this hive; none beyond the limits.
    fn open(&mut self, hive: &str, kind: &Kind) -> Option<&mut Machine> {
        let known = self.machines.iter().rposition(|(h, _)| h == hive);
        if known.is_none() {
            if self.machines.len() >= MACHINES {
                return None;
            }
            self.machines.push((hive.to_owned(), Machine::default()));
        }
        let at = known.unwrap_or(self.machines.len().saturating_sub(1));
        let machine = &mut self.machines.get_mut(at)?.1;
        if !machine.keys.contains_key(kind) {
            if self.keys >= LIMIT {
                return None;
            }
            self.keys += 1;
        }
        Some(machine)
    }

    /// What the keys tell, one host for each machine; empty if they tell nothing.
    pub(super) fn hosts(self) -> Vec<Host> {
        let (input, format, filtered) = (self.input, self.format, self.filtered);
        let told = self.machines.into_iter().filter_map(|(hive, machine)| {
            let mut c = Collector::new(&input, format);
            if filtered {
                c.gap(Gap::Filtered);
            }
            machine.tell(&hive, c)
        });
        told.collect()
    }
}

impl Machine {
    fn get(&self, kind: &Kind, name: &str) -> Option<(&str, &Origin)> {
        self.keys.get(kind)?.values.get(name)
    }

    fn tell(&self, hive: &str, mut c: Collector) -> Option<Host> {
        if let Some(windows) = self.keys.get(&Kind::Windows) {
            windows_nt::tell(&windows.values, &mut c.host);
        }
        self.components(&mut c.host);
        self.system(&mut c.host);
        let offline = hive != "software";
        let packages = self.packages(&mut c, offline);
        let programs = self.programs(&mut c);
        let whole = self.kept.iter().filter_map(|(place, fact)| Some((place.clone(), fact.clone()?)));
        c.host.registry.extend(whole);
        for (key, origin) in &self.whole {
            for name in key.names() {
                let place = key.place(name);
                // two that differ are not known
                if !self.kept.contains_key(&place) {
                    c.host.registry.insert(place, Fact::new(RegistryValue::Absent, origin.clone()));
                }
            }
        }
        if offline {
            // a hive of another installation, loaded beside the one that runs
            let line = self.keys.values().find_map(|k| k.at.as_ref()).map_or(1, line_of);
            c.host.offline_image = Some(c.fact(true, line));
        }
        let kind =
            if packages { Some(ListKind::ComponentStore) } else { programs.then_some(ListKind::QuickFix) };
        let nothing = c.host == Host::default() && kind.is_none();
        (!nothing).then(|| c.finish(kind))
    }

    /// What is installed beside Windows itself.
    fn components(&self, host: &mut Host) {
        let release = self.get(&Kind::Dotnet, "release");
        host.dotnet_framework = release.and_then(|(number, origin)| {
            let version = dotnet(number.parse().ok()?)?;
            Some(Fact::new(version.to_owned(), origin.clone()))
        });
        host.wmf = self.get(&Kind::PowerShell, "powershellversion").and_then(|(v, origin)| {
            let mut numbers = v.split('.');
            let (major, minor) = (numbers.next()?.parse::<u32>().ok()?, numbers.next()?.parse::<u32>().ok()?);
            Some(Fact::new(format!("{major}.{minor}"), origin.clone()))
        });
        let explorer = |name| self.get(&Kind::InternetExplorer, name);
        let modern = explorer("svcversion").or_else(|| explorer("svcupdateversion"));
        host.internet_explorer = modern.or_else(|| explorer("version")).and_then(|(v, origin)| {
            let mut numbers = v.split('.').map(|n| n.parse::<u32>().ok());
            // Internet Explorer 10 and 11 call themselves 9.10 and 9.11 in the value that older programs ask for
            let major = match (numbers.next()??, numbers.next().flatten()) {
                (9, Some(minor @ (10 | 11))) => minor,
                (major, _) => major,
            };
            (4..=11).contains(&major).then(|| Fact::new(major, origin.clone()))
        });
        host.servicing_stack = self.stack();
    }

    /// `Component Based Servicing\Version` names the servicing stack that is used by its folder, as
    /// <https://learn.microsoft.com/troubleshoot/windows-server/installing-updates-features-roles/> has it looked up.
    fn stack(&self) -> Option<Fact<Version>> {
        let values = &self.keys.get(&Kind::Stack)?.values;
        let of = |folder: &str| {
            let (_, rest) = folder.split_once("servicingstack_31bf3856ad364e35_")?;
            let version: Version = rest.split('_').next()?.parse().ok()?;
            (version.0[0] >= 6 && version.0[3] > 0).then_some(version)
        };
        let found = values.iter().filter_map(|(_, folder, origin)| Some((of(folder)?, origin)));
        let (version, origin) = found.max_by_key(|(v, _)| *v)?;
        Some(Fact::new(version, origin.clone()))
    }

    /// Facts of the running system: its name, a pending restart, policies.
    fn system(&self, host: &mut Host) {
        let names = [Kind::Name { active: true }, Kind::Name { active: false }];
        let name = names.iter().find_map(|kind| self.get(kind, "computername"));
        host.name = name
            .filter(|(n, _)| is_computer_name(n))
            .map(|(n, origin)| Fact::new(n.to_owned(), origin.clone()));
        let restart = self.keys.get(&Kind::Restart).and_then(|k| k.at.clone());
        host.pending_reboot = restart.map(|origin| Fact::new(true, origin));
        if let Some((_, origin)) = self.get(&Kind::SessionManager, "pendingfilerenameoperations") {
            let text = "files wait for a restart (PendingFileRenameOperations), which any program may have asked for";
            super::os_values::note(host, text.to_owned(), origin);
        }
        if let Some(key) = self.keys.get(&Kind::Policies) {
            for (name, data, origin) in key.values.spelled().filter(|(_, data, _)| !data.is_empty()) {
                host.policies.insert(name.to_owned(), Fact::new(data.to_owned(), origin.clone()));
            }
        }
        let stated = self.get(&Kind::Environment, "processor_architecture");
        windows_nt::check_architecture(
            host,
            stated.and_then(|(a, o)| Some((a.parse::<Architecture>().ok()?, o))),
        );
    }

    /// Every package with the state that its key has. False if there is none.
    fn packages(&self, c: &mut Collector, offline: bool) -> bool {
        let mut packages = Packages::default();
        let mut count = 0usize;
        for (kind, Key { values, at }) in &self.keys {
            let Kind::Package(identity) = kind else { continue };
            let line = at.as_ref().map_or(1, line_of);
            let state = values.get("currentstate").and_then(|(number, origin)| {
                Some((PackageState::from_servicing(number.parse().ok()?)?, line_of(origin)))
            });
            let told = match state {
                Some((state, line)) => packages.state(identity, state, line),
                None => packages.name(identity, line),
            };
            count += usize::from(told);
        }
        // a component store has hundreds
        if count == 1 {
            c.gap(Gap::Filtered);
        }
        packages.tell(c, offline);
        count > 0
    }

    /// Updates in the list of programs: all that can be removed of XP and 2003, and some of later systems.
    fn programs(&self, c: &mut Collector) -> bool {
        let mut any = false;
        for (kind, Key { values, at }) in &self.keys {
            let Kind::Program(name) = kind else { continue };
            let Some(kb) = program_kb(name, values) else { continue };
            let line = at.as_ref().map_or(1, line_of);
            let origin = c.origin(line);
            c.update(kb, PackageState::Installed, origin);
            c.row(line);
            any = true;
        }
        if any {
            // what cannot be removed is not in it, nor what is removed with something else
            c.gap(Gap::Filtered);
        }
        any
    }
}

/// The update that an entry of the list of programs is: `KB2079403`, `KB2183461-IE8`, `M2656353`, `{GUID}.KB2416472`,
/// or any key whose name for display ends in one (`… (KB892130)`).
fn program_kb(name: &str, values: &Values) -> Option<KbId> {
    if let Some(RowId::Kb(kb)) = ids::kb_at_start(name) {
        return Some(kb);
    }
    if let Some((_, tail)) = name.split_once("}.")
        && let Some(RowId::Kb(kb)) = ids::kb_at_start(tail)
    {
        return Some(kb);
    }
    let (title, _) = values.get("displayname")?;
    let (_, tail) = title.rsplit_once('(')?;
    match ids::kb_at_start(tail.split_once(')')?.0.trim())? {
        RowId::Kb(kb) => Some(kb),
        _ => None,
    }
}

/// .NET Framework by its Release value, with the bounds that Microsoft's page gives:
/// <https://learn.microsoft.com/dotnet/framework/install/how-to-determine-which-versions-are-installed>.
pub(super) fn dotnet(release: u64) -> Option<&'static str> {
    const RELEASES: [(u64, &str); 11] = [
        (533_320, "4.8.1"),
        (528_040, "4.8"),
        (461_808, "4.7.2"),
        (461_308, "4.7.1"),
        (460_798, "4.7"),
        (394_802, "4.6.2"),
        (394_254, "4.6.1"),
        (393_295, "4.6"),
        (379_893, "4.5.2"),
        (378_675, "4.5.1"),
        (378_389, "4.5"),
    ];
    RELEASES.iter().find(|(least, _)| release >= *least).map(|(_, version)| *version)
}
