//! Where updates are looked for: what the policies really give, for each class of update.
//!
//! The rules are those of Microsoft's two pages on it, for each generation of Windows:
//! <https://learn.microsoft.com/en-us/windows/deployment/update/wufb-wsus> and
//! <https://learn.microsoft.com/en-us/intune/configmgr/sum/deploy-use/integrate-windows-update-for-business-windows-10>.

use super::{
    Ask, Proof,
    policies::{Policies, Seen, Setting},
};
use crate::{
    model::{Host, Truth, UpdateKey},
    resolve::identity::Identity,
};

/// A class of updates that has a source of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// new versions of Windows
    Feature,
    /// monthly and other updates of Windows
    Quality,
    /// drivers and firmware
    Driver,
    /// other Microsoft products
    Other,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Feature, Self::Quality, Self::Driver, Self::Other];

    /// The policy that names its source.
    pub const fn policy(self) -> &'static str {
        match self {
            Self::Feature => "SetPolicyDrivenUpdateSourceForFeatureUpdates",
            Self::Quality => "SetPolicyDrivenUpdateSourceForQualityUpdates",
            Self::Driver => "SetPolicyDrivenUpdateSourceForDriverUpdates",
            Self::Other => "SetPolicyDrivenUpdateSourceForOtherUpdates",
        }
    }
}

/// A source of updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// the server of the organisation: WSUS, or a software update point
    Wsus,
    /// Windows Update
    WindowsUpdate,
    /// what was given does not decide it
    Unknown,
}

/// Why a class has its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decider {
    /// no server is named
    NoServer,
    /// a server is named, and UseWUServer does not say to use it
    ServerNotUsed,
    /// the server, and nothing else says otherwise
    Server,
    /// its own policy
    Policy,
    /// as Windows Update resolved the policies
    Resolved,
    /// a deferral makes it scan Windows Update beside WSUS
    DualScan,
    /// a deferral is there, and DisableDualScan keeps it from Windows Update
    DualScanOff,
    /// its own policy says Windows Update, and DisableDualScan keeps it from there
    PolicyCut,
    /// dual scan leaves this class with WSUS
    NotRerouted,
    /// dual scan, and other products come from Microsoft Update
    MicrosoftUpdate,
    /// it hangs on what is not known
    Open,
}

/// One class with its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Routed {
    /// the class
    pub class: Class,
    /// its source
    pub source: Source,
    /// why
    pub by: Decider,
    /// the values that decide it
    pub values: Vec<Proof>,
}

/// Policies that do not do what they look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// WUServer is set, UseWUServer is not 1
    ServerIgnored,
    /// a server is set, and deferrals make Windows and feature updates come from Windows Update
    DualScan,
    /// some of the four source policies are set and some are not
    Partial(Vec<&'static str>),
    /// source policies are set, and the switch that makes them count is not
    SwitchMissing,
    /// the switch stands at the key where it is ignored
    SwitchMisplaced,
    /// a source policy says Windows Update, and DisableDualScan cuts the way there
    DualScanOff,
    /// this version of Windows knows no source policies
    NotSupported,
    /// group policy and device management say different things
    Disagree,
    /// a class comes from Windows Update, to which no connection is allowed
    InternetOff,
}

/// What the policies give.
#[derive(Clone, Debug, PartialEq)]
pub struct Routing {
    /// the server, if one is used
    pub server: Option<String>,
    /// is the server used
    pub wsus: Truth,
    /// each class
    pub classes: Vec<Routed>,
    /// what does not do what it looks like, with the values
    pub conflicts: Vec<(Conflict, Vec<Proof>)>,
    /// what would settle what is open
    pub asks: Vec<Ask>,
    /// policies of device management were not given, and taken for absent
    pub unmanaged_assumed: bool,
}

/// How a generation of Windows looks for updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    /// before Windows 10: the server, or Windows Update
    Before10,
    /// Windows 10, Server 2016 to 2022: dual scan, and source policies from 2004 on
    Ten {
        policies: Truth,
        dual_scan: bool,
    },
    /// Windows 11 and Server 2025: DisableDualScan does nothing
    Eleven,
    Unknown,
}

fn generation(host: &Host, identity: &Identity) -> Generation {
    let Some(kernel) = identity.kernel else { return Generation::Unknown };
    if kernel.0 < 10 {
        return Generation::Before10;
    }
    let Some(build) = identity.build else { return Generation::Unknown };
    // the revision that brought the source policies, as the policy's page lists them
    let from = |revision: u32| match (&host.revision, &host.revision_at_least) {
        (Some(f), _) => Truth::of(f.value >= revision),
        (None, Some(f)) if f.value >= revision => Truth::True,
        _ => Truth::Unknown,
    };
    let policies = match build {
        22_000.. => return Generation::Eleven,
        20_348 => from(371),
        19_044..=19_045 => Truth::True,
        19_041..=19_043 => from(1_202),
        _ => Truth::False,
    };
    Generation::Ten { policies, dual_scan: build >= 14_393 }
}

/// What turns dual scan on.
fn deferrals(policies: Policies<'_>) -> (Vec<Seen>, Vec<Seen>) {
    use UpdateKey::{DeviceManagement as Mdm, GroupPolicy as Gp};
    let sure = [
        (Gp, "DeferFeatureUpdates"),
        (Gp, "DeferQualityUpdates"),
        (Gp, "DeferUpgrade"),
        (Gp, "PauseFeatureUpdates"),
        (Gp, "PauseFeatureUpdatesStartTime"),
        (Gp, "PauseQualityUpdates"),
        (Gp, "PauseQualityUpdatesStartTime"),
        (Mdm, "DeferFeatureUpdatesPeriodInDays"),
        (Mdm, "DeferQualityUpdatesPeriodInDays"),
        (Mdm, "PauseFeatureUpdates"),
        (Mdm, "PauseFeatureUpdatesStartTime"),
        (Mdm, "PauseQualityUpdates"),
        (Mdm, "PauseQualityUpdatesStartTime"),
    ];
    // no page says that these alone do
    let perhaps = [
        (Gp, "DeferFeatureUpdatesPeriodInDays"),
        (Gp, "DeferQualityUpdatesPeriodInDays"),
        (Gp, "TargetReleaseVersion"),
        (Mdm, "TargetReleaseVersion"),
        (Gp, "ExcludeWUDriversInQualityUpdate"),
    ];
    let see = |list: &[(UpdateKey, &'static str)]| {
        list.iter().map(|(key, name)| policies.see(*key, name)).collect()
    };
    (see(&sure), see(&perhaps))
}

/// A value that says something: not empty, not 0.
fn speaks(seen: &Seen) -> bool {
    seen.setting().is_some_and(|s| !s.value.trim().is_empty() && s.number != Some(0))
}

/// What is known of the source policies of one authority.
struct Authored {
    /// by class, in their order
    values: Vec<Seen>,
}

impl Authored {
    fn of(policies: Policies<'_>, key: UpdateKey) -> Self {
        Self { values: Class::ALL.map(|c| policies.see(key, c.policy())).into_iter().collect() }
    }
    fn any(&self) -> bool {
        self.values.iter().any(|v| v.setting().is_some())
    }
    fn missing(&self) -> Vec<&'static str> {
        let absent = |v: &Seen| match v {
            Seen::Absent { name, .. } => Some(*name),
            _ => None,
        };
        if self.any() { self.values.iter().filter_map(absent).collect() } else { Vec::new() }
    }
    fn known(&self) -> bool {
        self.values.iter().all(|v| !matches!(v, Seen::Unknown { .. }))
    }
    fn shown(&self) -> Vec<Proof> {
        self.values.iter().filter_map(|v| v.setting().cloned().map(Proof::Setting)).collect()
    }
}

/// A source by the number of its policy.
fn named(setting: &Setting) -> Source {
    match setting.number {
        Some(0) => Source::WindowsUpdate,
        Some(1) => Source::Wsus,
        _ => Source::Unknown,
    }
}

/// Whether the server is used, and the values that say so.
fn server(policies: Policies<'_>) -> (Truth, Option<String>, Vec<Proof>, bool) {
    let named = policies.see(UpdateKey::GroupPolicy, "WUServer");
    let used = policies.see(UpdateKey::AutomaticUpdates, "UseWUServer");
    let managed = policies.see(UpdateKey::DeviceManagement, "UpdateServiceUrl");
    if let Some(url) = managed.setting().filter(|s| !s.value.trim().is_empty()) {
        return (Truth::True, Some(url.value.clone()), vec![Proof::Setting(url.clone())], false);
    }
    let proofs = || [&named, &used].into_iter().filter_map(Proof::seen).collect::<Vec<_>>();
    let unmanaged = managed.is_set() == Truth::False;
    match (named.is_set(), used.is(1)) {
        (Truth::True, Truth::True) => {
            (Truth::True, named.setting().map(|s| s.value.clone()), proofs(), false)
        }
        (Truth::True, Truth::False) => {
            (if unmanaged { Truth::False } else { Truth::Unknown }, None, proofs(), true)
        }
        (Truth::False, _) | (_, Truth::False) => {
            (if unmanaged { Truth::False } else { Truth::Unknown }, None, proofs(), false)
        }
        _ => (Truth::Unknown, None, proofs(), false),
    }
}

/// What the policies of a host give, by class.
pub fn routing(host: &Host, identity: &Identity) -> Routing {
    let policies = Policies::of(host);
    let generation = generation(host, identity);
    let (wsus, server, server_proofs, ignored) = server(policies);
    let mut out = Routing {
        server,
        wsus,
        classes: Vec::new(),
        conflicts: Vec::new(),
        asks: Vec::new(),
        unmanaged_assumed: policies.assumes_unmanaged(),
    };
    if ignored {
        out.conflicts.push((Conflict::ServerIgnored, server_proofs.clone()));
    }
    let all = |source, by: &Decider, values: &[Proof]| -> Vec<Routed> {
        let one = |class| Routed { class, source, by: by.clone(), values: values.to_vec() };
        Class::ALL.into_iter().map(one).collect()
    };
    out.classes = match (wsus, generation) {
        (Truth::False, _) => {
            let by = if ignored { Decider::ServerNotUsed } else { Decider::NoServer };
            all(Source::WindowsUpdate, &by, &server_proofs)
        }
        (Truth::Unknown, _) => {
            out.asks.push(Ask::Policies);
            all(Source::Unknown, &Decider::Open, &server_proofs)
        }
        (Truth::True, Generation::Before10) => all(Source::Wsus, &Decider::Server, &server_proofs),
        (Truth::True, _) => modern(policies, generation, &server_proofs, &mut out),
    };
    // Microsoft's page: with it, what is public may stop working
    let off = policies.see(UpdateKey::GroupPolicy, "DoNotConnectToWindowsUpdateInternetLocations");
    let managed_off = policies.see(UpdateKey::DeviceManagement, "AllowUpdateService");
    let blocked = [(&off, 1), (&managed_off, 0)].into_iter().find(|(seen, n)| seen.is(*n) == Truth::True);
    if let Some((seen, _)) = blocked.filter(|_| wsus == Truth::True)
        && out.classes.iter().any(|c| c.source == Source::WindowsUpdate)
    {
        out.conflicts.push((Conflict::InternetOff, Proof::seen(seen).into_iter().collect()));
    }
    out.asks.sort_unstable();
    out.asks.dedup();
    out
}

/// Windows 10 and later with a server.
fn modern(
    policies: Policies<'_>,
    generation: Generation,
    server: &[Proof],
    out: &mut Routing,
) -> Vec<Routed> {
    use UpdateKey::{AutomaticUpdates, DeviceManagement, GroupPolicy, Resolved};
    let routed = |class, source, by, values| Routed { class, source, by, values };
    let open = |out: &mut Routing, values: &[Proof]| -> Vec<Routed> {
        out.asks.extend([Ask::Policies, Ask::ResolvedPolicies]);
        Class::ALL.map(|class| routed(class, Source::Unknown, Decider::Open, values.to_vec())).into()
    };
    let group = Authored::of(policies, GroupPolicy);
    let managed = Authored::of(policies, DeviceManagement);
    let switch = policies.see(AutomaticUpdates, "UseUpdateClassPolicySource");
    let misplaced = policies.see(GroupPolicy, "UseUpdateClassPolicySource");
    let dual_scan_off = policies.see(GroupPolicy, "DisableDualScan");
    let managed_off = policies.see(DeviceManagement, "DisableDualScan");
    let off = match (dual_scan_off.is(1), managed_off.is(1)) {
        (Truth::True, _) | (_, Truth::True) => Truth::True,
        (Truth::False, Truth::False) => Truth::False,
        _ => Truth::Unknown,
    };
    let off_proofs = || {
        [&dual_scan_off, &managed_off].into_iter().filter(|s| s.setting().is_some()).filter_map(Proof::seen)
    };

    // policies that look set and do nothing
    if switch.is(1) == Truth::False && group.any() {
        let mut values = group.shown();
        values.extend(Proof::seen(&switch));
        if misplaced.setting().is_some() {
            values.extend(Proof::seen(&misplaced));
            out.conflicts.push((Conflict::SwitchMisplaced, values));
        } else {
            out.conflicts.push((Conflict::SwitchMissing, values));
        }
    } else if misplaced.setting().is_some() && switch.is(1) == Truth::False {
        out.conflicts.push((Conflict::SwitchMisplaced, Proof::seen(&misplaced).into_iter().collect()));
    }
    let supported = match generation {
        Generation::Eleven => Truth::True,
        Generation::Ten { policies, .. } => policies,
        Generation::Before10 => Truth::False,
        Generation::Unknown => Truth::Unknown,
    };
    let counts = switch.is(1);
    let group_any = group.any() && counts != Truth::False;
    if supported == Truth::False && (group_any || managed.any()) {
        let mut values = group.shown();
        values.extend(managed.shown());
        out.conflicts.push((Conflict::NotSupported, values));
    }

    // as Windows Update itself resolved them
    let resolved = Authored::of(policies, Resolved);
    if resolved.values.iter().all(|v| v.setting().is_some_and(|s| named(s) != Source::Unknown)) {
        let partial = group.missing();
        if counts == Truth::True && !partial.is_empty() {
            out.conflicts.push((Conflict::Partial(partial), group.shown()));
        }
        let one = |(class, seen): (Class, &Seen)| {
            let source = seen.setting().map_or(Source::Unknown, named);
            routed(class, source, Decider::Resolved, Proof::seen(seen).into_iter().collect())
        };
        return Class::ALL.into_iter().zip(&resolved.values).map(one).collect();
    }

    let effective = if supported == Truth::False { None } else { effective(&group, &managed, counts, out) };
    match effective {
        Some(Effective::Open(values)) => return open(out, &values),
        Some(Effective::Set(values)) if supported == Truth::Unknown => {
            out.asks.push(Ask::Windows);
            return open(out, &values.into_iter().map(Proof::Setting).collect::<Vec<_>>());
        }
        Some(Effective::Set(values)) => {
            let honoured = !matches!(generation, Generation::Eleven);
            let any_public = values.iter().any(|v| named(v) == Source::WindowsUpdate);
            if honoured && any_public && off == Truth::True {
                let mut shown: Vec<Proof> = off_proofs().collect();
                shown.extend(
                    values.iter().filter(|v| named(v) == Source::WindowsUpdate).cloned().map(Proof::Setting),
                );
                out.conflicts.push((Conflict::DualScanOff, shown));
            }
            let one = |(class, value): (Class, Setting)| {
                let mut proofs = vec![Proof::Setting(value.clone())];
                match named(&value) {
                    Source::WindowsUpdate if honoured && off == Truth::True => {
                        proofs.extend(off_proofs());
                        routed(class, Source::Wsus, Decider::PolicyCut, proofs)
                    }
                    Source::WindowsUpdate if honoured && off == Truth::Unknown => {
                        routed(class, Source::Unknown, Decider::Open, proofs)
                    }
                    source => routed(class, source, Decider::Policy, proofs),
                }
            };
            let classes: Vec<Routed> = Class::ALL.into_iter().zip(values).map(one).collect();
            if classes.iter().any(|c| c.source == Source::Unknown) {
                out.asks.extend([Ask::Policies, Ask::ResolvedPolicies]);
            }
            return classes;
        }
        None => {}
    }

    dual_scan(policies, generation, server, off, &off_proofs().collect::<Vec<_>>(), out)
}

/// Source policies that count.
enum Effective {
    /// all four, in the order of the classes
    Set(Vec<Setting>),
    /// there are some, and what they come to is not known
    Open(Vec<Proof>),
}

/// The source policies that count; none if there are none.
fn effective(group: &Authored, managed: &Authored, counts: Truth, out: &mut Routing) -> Option<Effective> {
    let group_any = group.any() && counts != Truth::False;
    if !group_any && !managed.any() {
        // one that was not read may be there
        let open = !group.known() && counts != Truth::False;
        return open.then(|| Effective::Open(Vec::new()));
    }
    let mut shown = if group_any { group.shown() } else { Vec::new() };
    shown.extend(managed.shown());
    if group_any && counts == Truth::Unknown {
        return Some(Effective::Open(shown));
    }
    for authored in [group_any.then_some(group), managed.any().then_some(managed)].into_iter().flatten() {
        let missing = authored.missing();
        if !missing.is_empty() {
            out.conflicts.push((Conflict::Partial(missing), authored.shown()));
            return Some(Effective::Open(shown));
        }
        if !authored.known() {
            return Some(Effective::Open(shown));
        }
    }
    let settings = |a: &Authored| a.values.iter().filter_map(|v| v.setting().cloned()).collect::<Vec<_>>();
    let (of_group, of_managed) = (settings(group), settings(managed));
    if group_any && managed.any() {
        let differ = of_group.iter().zip(&of_managed).any(|(a, b)| a.number != b.number);
        if differ {
            out.conflicts.push((Conflict::Disagree, shown.clone()));
            return Some(Effective::Open(shown));
        }
    }
    Some(Effective::Set(if group_any { of_group } else { of_managed }))
}

/// A server and no source policies: deferrals may lead to Windows Update.
fn dual_scan(
    policies: Policies<'_>,
    generation: Generation,
    server: &[Proof],
    off: Truth,
    off_proofs: &[Proof],
    out: &mut Routing,
) -> Vec<Routed> {
    let routed = |class, source, by, values| Routed { class, source, by, values };
    let both = |a: &[Proof], b: &[Proof]| [a, b].concat();
    let active = policies.see(UpdateKey::Resolved, "IsWUfBDualScanActive");
    let (sure, perhaps) = deferrals(policies);
    let triggers: Vec<Proof> = sure.iter().filter(|s| speaks(s)).filter_map(Proof::seen).collect();
    let unread = sure.iter().chain(&perhaps).any(|s| matches!(s, Seen::Unknown { .. }));
    let doubtful: Vec<Proof> = perhaps
        .iter()
        .chain(&sure)
        // a period of 0 days is a policy all the same
        .filter(|s| speaks(s) || s.setting().is_some_and(|s| s.key == UpdateKey::DeviceManagement))
        .filter_map(Proof::seen)
        .collect();
    let resolved = active.setting().and_then(|s| s.number);
    let on = match (generation, resolved) {
        (_, Some(n)) => Truth::of(n == 1),
        (Generation::Unknown, _) if triggers.is_empty() && doubtful.is_empty() && !unread => Truth::False,
        (Generation::Unknown, _) => Truth::Unknown,
        (Generation::Ten { dual_scan: false, .. }, _) if !triggers.is_empty() => Truth::Unknown,
        (Generation::Ten { .. }, _) if off == Truth::True => Truth::False,
        (Generation::Ten { .. }, _) if !triggers.is_empty() && off == Truth::Unknown => Truth::Unknown,
        _ if !triggers.is_empty() => Truth::True,
        _ if unread || !doubtful.is_empty() => Truth::Unknown,
        _ => Truth::False,
    };
    let mut why = if resolved.is_some() { Proof::seen(&active).into_iter().collect() } else { Vec::new() };
    why.extend(triggers.iter().cloned());
    let quiet = |class| {
        let cut = off == Truth::True && !triggers.is_empty();
        match class {
            Class::Feature | Class::Quality if cut => {
                routed(class, Source::Wsus, Decider::DualScanOff, both(off_proofs, &triggers))
            }
            _ => routed(class, Source::Wsus, Decider::Server, server.to_vec()),
        }
    };
    match on {
        Truth::False => Class::ALL.into_iter().map(quiet).collect(),
        Truth::True => {
            out.conflicts.push((Conflict::DualScan, both(server, &why)));
            let products = [
                policies.see(UpdateKey::AutomaticUpdates, "AllowMUUpdateService"),
                policies.see(UpdateKey::DeviceManagement, "AllowMUUpdateService"),
            ];
            let public = products.iter().find(|p| p.is(1) == Truth::True).and_then(Proof::seen);
            let unknown = public.is_none() && products.iter().any(|p| p.is(1) == Truth::Unknown);
            let one = |class| match class {
                Class::Feature | Class::Quality => {
                    let by = if resolved.is_some() { Decider::Resolved } else { Decider::DualScan };
                    routed(class, Source::WindowsUpdate, by, why.clone())
                }
                Class::Driver => routed(class, Source::Wsus, Decider::NotRerouted, server.to_vec()),
                Class::Other => match (&public, unknown) {
                    (Some(proof), _) => {
                        routed(class, Source::WindowsUpdate, Decider::MicrosoftUpdate, vec![proof.clone()])
                    }
                    (None, true) => routed(class, Source::Unknown, Decider::Open, Vec::new()),
                    (None, false) => routed(class, Source::Wsus, Decider::NotRerouted, server.to_vec()),
                },
            };
            if unknown {
                out.asks.push(Ask::Policies);
            }
            Class::ALL.into_iter().map(one).collect()
        }
        Truth::Unknown => {
            let asks = [Ask::Policies, Ask::ResolvedPolicies];
            out.asks.extend(asks);
            if generation == Generation::Unknown {
                out.asks.push(Ask::Windows);
            }
            let values = if triggers.is_empty() { doubtful } else { triggers };
            let one = |class| match class {
                Class::Driver if generation != Generation::Unknown => {
                    routed(class, Source::Wsus, Decider::NotRerouted, server.to_vec())
                }
                _ => routed(class, Source::Unknown, Decider::Open, values.clone()),
            };
            Class::ALL.into_iter().map(one).collect()
        }
    }
}
