//! An update that was deployed does not arrive, or one arrives that was not deployed: pauses, deferrals, holds, sources,
//! enrolment.

use super::{
    Ask, Asked, Check, Class, Conflict, Decider, Finding, Outcome, Proof, Remedy, Rule, Says, Source,
    policies::{Policies, Seen},
    source::{Routed, Routing},
};
use crate::{
    model::{FileState, Host, RegistryValue, Truth, UpdateKey, UpdateKind, file_path},
    resolve::identity::Identity,
};
use jiff::{ToSpan, civil::Date};

/// How long a pause lasts at most.
const PAUSE_DAYS: i64 = 35;

/// The rows of the guidance's third issue.
pub(super) fn not_arriving(asked: &Asked<'_>, identity: &Identity, routing: &Routing) -> Vec<Finding> {
    let scope = Scope::of(asked, identity);
    let mut out = Vec::new();
    for class in scope.classes() {
        out.push(paused(asked.host, class));
    }
    if scope.feature {
        out.push(hold(asked.host));
    }
    out.push(deployment(asked.host));
    out.push(scan_source(routing, &scope, false));
    out.extend(conflicts(routing));
    out.push(last_scan(asked));
    if scope.feature {
        out.push(enrolment(asked.host));
    }
    if scope.quality && !scope.server {
        out.push(health_tools(asked.host));
    }
    for class in scope.classes() {
        out.push(deferred(asked, class));
    }
    if scope.feature {
        out.push(target(asked.host));
    }
    out
}

/// The rows of the guidance's fourth issue.
pub(super) fn unexpected(asked: &Asked<'_>, identity: &Identity, routing: &Routing) -> Vec<Finding> {
    let scope = Scope::of(asked, identity);
    let mut out = vec![scan_source(routing, &scope, true)];
    out.extend(conflicts(routing));
    if scope.feature {
        out.push(enrolment(asked.host));
    }
    for class in scope.classes() {
        out.push(deferred(asked, class));
    }
    out
}

/// Which classes of updates are meant.
struct Scope {
    feature: bool,
    quality: bool,
    server: bool,
}

impl Scope {
    fn of(asked: &Asked<'_>, identity: &Identity) -> Self {
        // Windows Server gets no feature updates from Windows Update
        let mut products = identity.products.iter().peekable();
        let server = products.peek().is_some() && products.all(|p| asked.catalog.product(p).server);
        let described = asked.update.and_then(|kb| asked.catalog.update(kb));
        let old = identity.kernel.is_some_and(|k| k.0 < 10);
        let only_quality = described.is_some_and(|u| !matches!(u.kind, UpdateKind::Enablement));
        Self { feature: !server && !only_quality && !old, quality: true, server }
    }
    fn classes(&self) -> Vec<Class> {
        let mut out = Vec::new();
        if self.quality {
            out.push(Class::Quality);
        }
        if self.feature {
            out.push(Class::Feature);
        }
        out
    }
}

/// The day that a text begins with: `2021-08-01T06:00:00Z`.
fn day(text: &str) -> Option<Date> {
    text.trim().get(..10)?.parse().ok()
}

/// The latest day that the inventory itself shows to have come: there is no other "today".
fn known_day(host: &Host) -> Option<(Date, Proof)> {
    let named = ["collected", "lastsearchsuccessdate"].into_iter().filter_map(|name| {
        let fact = host.management.get(name)?;
        Some((day(&fact.value)?, name.to_owned(), fact.value.clone(), fact.origin.clone()))
    });
    let installed = host.installed_on.iter().filter_map(|(kb, fact)| {
        Some((
            fact.value.parse().ok()?,
            format!("{kb} installed on"),
            fact.value.clone(),
            fact.origin.clone(),
        ))
    });
    let (date, name, value, origin) = named.chain(installed).max_by_key(|(date, ..)| *date)?;
    Some((date, Proof::Fact { name, value, origin }))
}

/// Names of the values of one class.
struct Names {
    status: &'static str,
    since: &'static str,
    old: &'static str,
    start: &'static str,
    end: &'static str,
    defer: &'static str,
    days: &'static str,
}

fn names(class: Class) -> Names {
    match class {
        Class::Feature => Names {
            status: "PausedFeatureStatus",
            since: "PausedFeatureDate",
            old: "PauseFeatureUpdates",
            start: "PauseFeatureUpdatesStartTime",
            end: "PauseFeatureUpdatesEndTime",
            defer: "DeferFeatureUpdates",
            days: "DeferFeatureUpdatesPeriodInDays",
        },
        _ => Names {
            status: "PausedQualityStatus",
            since: "PausedQualityDate",
            old: "PauseQualityUpdates",
            start: "PauseQualityUpdatesStartTime",
            end: "PauseQualityUpdatesEndTime",
            defer: "DeferQualityUpdates",
            days: "DeferQualityUpdatesPeriodInDays",
        },
    }
}

fn paused(host: &Host, class: Class) -> Finding {
    let policies = Policies::of(host);
    let n = names(class);
    let check = Check::Paused(class);
    let status = policies.see(UpdateKey::PauseStatus, n.status);
    let seen = [
        policies.see(UpdateKey::GroupPolicy, n.start),
        policies.see(UpdateKey::DeviceManagement, n.start),
        policies.see(UpdateKey::Settings, n.start),
        policies.see(UpdateKey::PauseStatus, n.since),
    ];
    let ends = [
        policies.see(UpdateKey::Settings, n.end),
        policies.see(UpdateKey::Settings, "PauseUpdatesExpiryTime"),
    ];
    let old = [policies.see(UpdateKey::GroupPolicy, n.old), policies.see(UpdateKey::DeviceManagement, n.old)];
    let shown = |all: &[Seen]| {
        all.iter().filter(|s| s.setting().is_some()).filter_map(Proof::seen).collect::<Vec<_>>()
    };
    let mut proofs = shown(&seen);
    proofs.extend(shown(&ends));
    proofs.extend(shown(&old));

    let stated_end = ends.iter().filter_map(|s| day(&s.setting()?.value)).max();
    let begun = seen.iter().filter_map(|s| day(&s.setting()?.value)).max();
    let counted = begun.and_then(|b| b.checked_add(PAUSE_DAYS.days()).ok());
    let until = stated_end.or(counted);
    let rule = || Proof::Rule(Rule::PauseStatus);
    // what Windows Update itself keeps goes before what was authored
    match status.setting().and_then(|s| s.number) {
        Some(1) => {
            let mut all: Vec<Proof> = Proof::seen(&status).into_iter().collect();
            all.extend(proofs);
            all.extend([rule(), Proof::Rule(Rule::PauseEnds)]);
            return Finding::new(check, Outcome::Fail, Says::Paused { class, until })
                .proof(all)
                .remedy([Remedy::Resume { class }]);
        }
        Some(0 | 2) => {
            let mut all: Vec<Proof> = Proof::seen(&status).into_iter().collect();
            all.push(rule());
            return Finding::new(check, Outcome::Pass, Says::NotPaused { class, ended: None }).proof(all);
        }
        _ => {}
    }
    // what Settings states decides by what others found out
    if [&seen[2], &ends[0], &ends[1]].iter().any(|s| s.setting().is_some()) {
        proofs.push(Proof::Rule(Rule::SettingsPause));
    }
    if let Some(until) = until {
        if let Some((today, proof)) = known_day(host) {
            proofs.push(proof);
            if stated_end.is_none() {
                proofs.push(Proof::Rule(Rule::PauseEnds));
            }
            if today >= until {
                let says = Says::NotPaused { class, ended: Some(until) };
                return Finding::new(check, Outcome::Pass, says).proof(proofs);
            }
            let begins = begun.is_none_or(|b| b <= today);
            if begins {
                return Finding::new(check, Outcome::Fail, Says::Paused { class, until: Some(until) })
                    .proof(proofs)
                    .remedy([Remedy::Resume { class }]);
            }
        }
        return Finding::new(check, Outcome::Unknown, Says::PauseOpen { class, until: Some(until) })
            .proof(proofs)
            .ask([Ask::PauseStatus]);
    }
    if old.iter().any(|s| s.is(1) == Truth::True) {
        proofs.push(Proof::Rule(Rule::PauseEnds));
        return Finding::new(check, Outcome::Unknown, Says::PauseOpen { class, until: None })
            .proof(proofs)
            .ask([Ask::PauseStatus]);
    }
    // every place was looked at, and none of them says so
    let absent = seen.iter().chain(&ends).chain(&old).all(|s| !matches!(s, Seen::Unknown { .. }));
    if absent {
        let proof = seen.iter().find_map(Proof::seen);
        return Finding::new(check, Outcome::Pass, Says::NotPaused { class, ended: None }).proof(proof);
    }
    Finding::new(check, Outcome::Unknown, Says::PauseUnknown { class }).ask([Ask::PauseStatus, Ask::Policies])
}

fn deferred(asked: &Asked<'_>, class: Class) -> Finding {
    let policies = Policies::of(asked.host);
    let n = names(class);
    let check = Check::Deferred(class);
    let switch = policies.see(UpdateKey::GroupPolicy, n.defer);
    let days = policies.see(UpdateKey::GroupPolicy, n.days);
    let managed = policies.see(UpdateKey::DeviceManagement, n.days);
    let of = |s: &Seen| s.setting().and_then(|s| s.number).filter(|n| (1..=365).contains(n));
    let group = if switch.is(1) == Truth::True { of(&days) } else { None };
    let active = group.map(|d| (d, &days)).or_else(|| of(&managed).map(|d| (d, &managed)));
    let mut remedies = vec![Remedy::EndDeferral { class }];
    if class == Class::Feature {
        remedies.push(Remedy::DeferralForService);
    }
    if let Some((days, seen)) = active {
        let mut proofs: Vec<Proof> = Proof::seen(seen).into_iter().collect();
        proofs.push(Proof::Rule(Rule::Deferral));
        let published = asked.update.and_then(|kb| asked.catalog.update(kb)?.date);
        let offered = published.and_then(|p| p.checked_add(i64::from(days).days()).ok());
        let Some(offered) = offered else {
            return Finding::new(check, Outcome::Unknown, Says::Deferred { class, days, offered: None })
                .proof(proofs)
                .remedy(remedies)
                .ask([Ask::Update]);
        };
        let today = known_day(asked.host);
        let over = today.as_ref().is_some_and(|(today, _)| *today >= offered);
        let known = today.is_some();
        proofs.extend(today.map(|(_, proof)| proof));
        if over {
            return Finding::new(check, Outcome::Pass, Says::DeferralOver { class, days, offered })
                .proof(proofs);
        }
        let outcome = if known { Outcome::Fail } else { Outcome::Unknown };
        return Finding::new(check, outcome, Says::Deferred { class, days, offered: Some(offered) })
            .proof(proofs)
            .remedy(remedies);
    }
    let open = |s: &Seen| matches!(s, Seen::Unknown { .. });
    let undecided = switch.is(1) != Truth::False && (open(&switch) || open(&days));
    if undecided || open(&managed) {
        let proofs: Vec<Proof> =
            [&switch, &days].into_iter().filter(|s| s.setting().is_some()).filter_map(Proof::seen).collect();
        return Finding::new(check, Outcome::Unknown, Says::DeferralUnknown { class })
            .proof(proofs)
            .ask([Ask::Policies]);
    }
    Finding::new(check, Outcome::Pass, Says::NotDeferred { class }).proof(Proof::seen(&switch))
}

fn target(host: &Host) -> Finding {
    let policies = Policies::of(host);
    let check = Check::TargetVersion;
    let switch = policies.see(UpdateKey::GroupPolicy, "TargetReleaseVersion");
    let version = policies.see(UpdateKey::GroupPolicy, "TargetReleaseVersionInfo");
    // device management names the version itself
    let managed = policies.see(UpdateKey::DeviceManagement, "TargetReleaseVersion");
    let product = [
        policies.see(UpdateKey::GroupPolicy, "ProductVersion"),
        policies.see(UpdateKey::DeviceManagement, "ProductVersion"),
    ];
    let of_group = (switch.is(1) == Truth::True).then(|| version.setting()).flatten();
    let of_managed = managed.setting().filter(|s| s.value.contains(['H', 'h']) || s.value.len() == 4);
    let named = of_group.or(of_managed).filter(|s| !s.value.trim().is_empty());
    if let Some(setting) = named {
        let mut proofs = vec![Proof::Setting(setting.clone())];
        proofs.extend(product.iter().filter(|p| p.setting().is_some()).filter_map(Proof::seen));
        proofs.push(Proof::Rule(Rule::Target));
        let there = host.release.as_ref().filter(|r| r.value.eq_ignore_ascii_case(setting.value.trim()));
        let version = setting.value.trim().to_owned();
        return match there {
            Some(fact) => {
                proofs.push(Proof::Fact {
                    name: "release".into(),
                    value: fact.value.clone(),
                    origin: fact.origin.clone(),
                });
                Finding::new(check, Outcome::Fail, Says::HeldAt { version })
                    .proof(proofs)
                    .remedy([Remedy::ChangeTarget])
            }
            None => Finding::new(check, Outcome::Unknown, Says::HeldFor { version })
                .proof(proofs)
                .remedy([Remedy::ChangeTarget]),
        };
    }
    if switch.is(1) == Truth::Unknown || managed.is_set() == Truth::Unknown {
        return Finding::new(check, Outcome::Unknown, Says::HeldUnknown).ask([Ask::Policies]);
    }
    Finding::new(check, Outcome::Pass, Says::NotHeld).proof(Proof::seen(&switch))
}

/// Where holds are recorded, by the version of Windows that they keep off.
const HOLDS: &str = r"hklm\software\microsoft\windows nt\currentversion\appcompatflags\targetversionupgradeexperienceindicators\";

fn hold(host: &Host) -> Finding {
    let policies = Policies::of(host);
    let check = Check::SafeguardHold;
    let off = [
        policies.see(UpdateKey::GroupPolicy, "DisableWUfBSafeguards"),
        policies.see(UpdateKey::DeviceManagement, "DisableWUfBSafeguards"),
    ];
    let mut ids: Vec<String> = Vec::new();
    let mut proofs: Vec<Proof> = Vec::new();
    let mut recorded = false;
    for (place, fact) in
        host.registry.range(HOLDS.to_owned()..).take_while(|(place, _)| place.starts_with(HOLDS))
    {
        let Some(version) = place.strip_prefix(HOLDS).and_then(|rest| rest.strip_suffix(r"\gatedblockid"))
        else {
            continue;
        };
        let RegistryValue::Text(text) = &fact.value else { continue };
        recorded = true;
        for id in text.split([',', ' ']).map(str::trim).filter(|id| !id.is_empty()) {
            if id.bytes().all(|b| b.is_ascii_digit()) && ids.len() < 50 {
                ids.push(id.to_owned());
                let (name, value) = (format!("GatedBlockId of {}", version.to_uppercase()), id.to_owned());
                proofs.push(Proof::Fact { name, value, origin: fact.origin.clone() });
            }
        }
    }
    ids.sort();
    ids.dedup();
    if let Some(seen) = off.iter().find(|s| s.is(1) == Truth::True) {
        return Finding::new(check, Outcome::Pass, Says::HoldsOff)
            .proof(Proof::seen(seen))
            .proof([Proof::Rule(Rule::Holds)]);
    }
    if !ids.is_empty() {
        return Finding::new(check, Outcome::Fail, Says::Hold { ids })
            .proof(proofs)
            .proof([Proof::Rule(Rule::HoldRecord), Proof::Rule(Rule::Holds)])
            .remedy([Remedy::AwaitHold, Remedy::OptOutOfHold]);
    }
    let says = if recorded { Says::HoldNotRecorded } else { Says::HoldUnknown };
    Finding::new(check, Outcome::Unknown, says).proof([Proof::Rule(Rule::Holds)]).ask([Ask::Holds])
}

fn deployment(host: &Host) -> Finding {
    let check = Check::DeploymentState;
    let rule = Proof::Rule(Rule::DeploymentState);
    let Some(fact) = host.management.get("deploymentstate") else {
        return Finding::new(check, Outcome::Unknown, Says::DeploymentUnknown)
            .proof([rule])
            .ask([Ask::Deployment]);
    };
    let state = fact.value.to_lowercase();
    let proof = Proof::Fact {
        name: "deployment state".into(),
        value: fact.value.clone(),
        origin: fact.origin.clone(),
    };
    let offers = state == "offering";
    let outcome = match state.as_str() {
        "offering" => Outcome::Pass,
        "paused" | "scheduled" | "faulted" | "archived" => Outcome::Fail,
        _ => Outcome::Unknown,
    };
    let found = Finding::new(check, outcome, Says::DeploymentState { state, offers }).proof([proof, rule]);
    match outcome {
        Outcome::Fail => found.remedy([Remedy::ResumeDeployment]),
        Outcome::Unknown => found.ask([Ask::Deployment]),
        Outcome::Pass => found,
    }
}

fn routed_proof(r: &Routed) -> Proof {
    let place = r.values.iter().find_map(|p| match p {
        Proof::Setting(s) => Some((s.origin.clone(), Some((s.name.to_owned(), s.value.clone())))),
        _ => None,
    });
    let absent = r.values.iter().find_map(|p| match p {
        Proof::NotSet { name, origin } => Some((origin.clone(), Some(((*name).to_owned(), String::new())))),
        _ => None,
    });
    // what is used decides by the value, what is not by its absence
    let by_absence = matches!(r.by, Decider::NoServer);
    let (origin, value) = match if by_absence { absent.or(place) } else { place.or(absent) } {
        Some((origin, value)) => (Some(origin), value),
        None => (None, None),
    };
    Proof::Routed { class: r.class, source: r.source, by: r.by.clone(), origin, value }
}

/// The sources of all classes. An update that the deployment service deploys comes from Windows Update only.
fn scan_source(routing: &Routing, scope: &Scope, unexpected: bool) -> Finding {
    let wanted = |r: &&Routed| match r.class {
        Class::Feature => scope.feature,
        Class::Quality => scope.quality,
        Class::Driver | Class::Other => true,
    };
    let shown: Vec<&Routed> = routing.classes.iter().filter(wanted).collect();
    let windows = |r: &&&Routed| matches!(r.class, Class::Feature | Class::Quality);
    let open = shown.iter().any(|r| r.source == Source::Unknown);
    let public = shown.iter().filter(windows).all(|r| r.source == Source::WindowsUpdate);
    // whether WSUS is where it was deployed, the host does not tell
    let past =
        unexpected && routing.wsus == Truth::True && shown.iter().any(|r| r.source == Source::WindowsUpdate);
    let outcome = match (open, past, public) {
        // with a server in use, what comes from elsewhere was not approved there
        (_, true, _) => Outcome::Fail,
        (false, false, true) => Outcome::Pass,
        _ => Outcome::Unknown,
    };
    let mut proofs: Vec<Proof> = shown.iter().map(|r| routed_proof(r)).collect();
    proofs.push(Proof::Rule(Rule::SourceTables));
    proofs.push(Proof::Rule(Rule::ServiceScans));
    let mut asks = routing.asks.clone();
    if routing.unmanaged_assumed {
        asks.push(Ask::ManagedPolicies);
    }
    let mut found = Finding::new(
        Check::ScanSource,
        outcome,
        Says::Sources { routing: Box::new(routing.clone()), elsewhere: !open && !public && !unexpected },
    )
    .proof(proofs)
    .ask(asks);
    if past {
        found = found.remedy([Remedy::SetAllSources]);
    } else if !open && !public {
        found = found.remedy([Remedy::DeployAtSource]);
    }
    found
}

fn conflicts(routing: &Routing) -> Vec<Finding> {
    let one = |(conflict, values): &(Conflict, Vec<Proof>)| {
        let (rule, remedies) = match conflict {
            Conflict::ServerIgnored => (Rule::SourceTables, vec![Remedy::UseServer]),
            Conflict::DualScan => (
                Rule::SourceTables,
                vec![Remedy::RemoveDeferrals, Remedy::SetAllSources, Remedy::DisableDualScan],
            ),
            Conflict::Partial(_) => (Rule::AllFour, vec![Remedy::SetAllSources]),
            Conflict::SwitchMissing | Conflict::SwitchMisplaced => (Rule::Switch, vec![Remedy::SetSwitch]),
            Conflict::DualScanOff => (Rule::SourceTables, vec![Remedy::AllowDualScan]),
            Conflict::NotSupported => (Rule::SourceTables, vec![Remedy::DisableDualScan]),
            Conflict::Disagree => (Rule::SourceTables, vec![Remedy::OneAuthority]),
            Conflict::InternetOff => (Rule::InternetOff, vec![Remedy::AllowInternet]),
        };
        let says = Says::Conflict { conflict: conflict.clone(), server: routing.server.clone() };
        Finding::new(Check::ScanPolicy, Outcome::Fail, says)
            .proof(values.iter().cloned())
            .proof([Proof::Rule(rule)])
            .remedy(remedies)
    };
    routing.conflicts.iter().map(one).collect()
}

fn last_scan(asked: &Asked<'_>) -> Finding {
    let check = Check::LastScan;
    let rule = Proof::Rule(Rule::LastSearch);
    let Some(fact) = asked.host.management.get("lastsearchsuccessdate") else {
        return Finding::new(check, Outcome::Unknown, Says::ScanUnknown).proof([rule]).ask([Ask::LastScan]);
    };
    let proof = Proof::Fact {
        name: "LastSearchSuccessDate".into(),
        value: fact.value.clone(),
        origin: fact.origin.clone(),
    };
    let published = asked.update.and_then(|kb| asked.catalog.update(kb)?.date);
    if let (Some(on), Some(published)) = (day(&fact.value), published)
        && on < published
    {
        return Finding::new(check, Outcome::Fail, Says::ScannedBefore { on, published })
            .proof([proof, rule])
            .remedy([Remedy::Search]);
    }
    Finding::new(check, Outcome::Pass, Says::Scanned { on: fact.value.clone() }).proof([proof, rule])
}

fn enrolment(host: &Host) -> Finding {
    let check = Check::Enrolment;
    let fact = |name: &str| {
        let f = host.management.get(name)?;
        let yes = f.value.eq_ignore_ascii_case("yes");
        Some((yes, Proof::Fact { name: name.to_owned(), value: f.value.clone(), origin: f.origin.clone() }))
    };
    match fact("azureadjoined") {
        Some((false, proof)) => Finding::new(check, Outcome::Fail, Says::NotJoined)
            .proof([proof, Proof::Rule(Rule::JoinNeeded)])
            .remedy([Remedy::Join]),
        Some((true, proof)) => Finding::new(check, Outcome::Unknown, Says::Joined)
            .proof([proof, Proof::Rule(Rule::EnrolmentResource)])
            .remedy([Remedy::Enrol])
            .ask([Ask::Device]),
        None => Finding::new(check, Outcome::Unknown, Says::EnrolmentUnknown)
            .proof([Proof::Rule(Rule::JoinNeeded), Proof::Rule(Rule::EnrolmentResource)])
            .ask([Ask::Join, Ask::Device]),
    }
}

fn health_tools(host: &Host) -> Finding {
    const NAME: &str = "Microsoft Update Health Tools";
    let check = Check::HealthTools;
    let rule = Proof::Rule(Rule::HealthTools);
    let folders = [format!("%programfiles%\\{NAME}"), format!("c:\\program files\\{NAME}")];
    for folder in folders {
        let Some(fact) = host.files.get(&file_path(&folder)) else { continue };
        let there = fact.value != FileState::Absent;
        let proof = Proof::Fact { name: folder, value: fact.value.to_string(), origin: fact.origin.clone() };
        return if there {
            Finding::new(check, Outcome::Pass, Says::ToolsThere).proof([proof, rule])
        } else {
            Finding::new(check, Outcome::Fail, Says::ToolsMissing)
                .proof([proof, rule])
                .remedy([Remedy::InstallHealthTools])
        };
    }
    let programs = r"hklm\software\microsoft\windows\currentversion\uninstall\";
    let listed =
        host.registry.range(programs.to_owned()..).take_while(|(place, _)| place.starts_with(programs)).find(
            |(place, fact)| {
                place.ends_with(r"\displayname") && matches!(&fact.value, RegistryValue::Text(t) if t == NAME)
            },
        );
    match listed {
        Some((_, fact)) => {
            let proof =
                Proof::Fact { name: "DisplayName".into(), value: NAME.into(), origin: fact.origin.clone() };
            Finding::new(check, Outcome::Pass, Says::ToolsThere).proof([proof, rule])
        }
        None => {
            Finding::new(check, Outcome::Unknown, Says::ToolsUnknown).proof([rule]).ask([Ask::HealthTools])
        }
    }
}
