//! WSUS: version, services and site of the server, its web server's log, and how many prerequisites a client may name.

use super::{
    Ask, Asked, Check, ClientFault, ClientLog, Finding, IisError, IisLog, Outcome, Proof, Remedy, Rule, Says,
    Symptom, WebConfig,
    client_log::ClientLine,
    web_config::{KEY, RAISED},
};
use crate::{
    model::{Clause, FeatureState, KbId, Location, Origin, Requirement, Truth, Version},
    resolve::{identity::Identity, installed::Installed},
};
use std::sync::Arc;

const LOG: &str = "Windows Update log";
const CONFIG: &str = "web.config";

/// The least version of WSUS 3.0 SP2 and its console.
const LEAST: Version = Version([3, 2, 7600, 283]);

/// KB4039929, which brings it.
const CONSOLE_UPDATE: KbId = match KbId::new(4_039_929) {
    Some(kb) => kb,
    None => KbId::LEAST,
};

pub(super) fn findings(asked: &Asked<'_>, identity: &Identity, installed: &Installed<'_>) -> Vec<Finding> {
    let all = asked.symptom == Some(Symptom::Wsus);
    let mut out = Vec::new();
    if all || asked.wsus_version.is_some() {
        out.push(server_version(asked, identity, installed));
    }
    if all || asked.console_version.is_some() {
        out.extend(console_version(asked, identity, installed));
    }
    if all {
        out.push(services(asked));
        out.push(sites(asked));
    }
    if all || !asked.iis_logs.is_empty() {
        out.extend(iis(asked.iis_logs));
    }
    let fault = Faults::of(asked);
    if all || fault.failed || !asked.web_configs.is_empty() {
        out.extend(limit(asked, &fault));
    }
    out
}

/// The rules of the catalog on what the role needs on this Windows.
fn server_version(asked: &Asked<'_>, identity: &Identity, installed: &Installed<'_>) -> Finding {
    let check = Check::WsusVersion;
    let rule = Proof::Rule(Rule::WsusLeast);
    let remedy = |updates: Vec<KbId>| Remedy::InstallWsusUpdate { updates };
    let rules: Vec<_> = asked
        .catalog
        .target_rules()
        .filter(|r| r.target.starts_with("WSUS") && r.requires.iter().any(names_update))
        // what the role needs to synchronise is another matter than what its clients need
        .filter(|r| r.target.contains("role"))
        .filter(|r| !r.products.intersection(identity.products).is_empty())
        .collect();
    if let Some(version) = asked.wsus_version {
        // WSUS 3.0 is 3.x; on Windows Server 2012 and later its version is that of Windows, and the rollup counts
        let enough = version >= LEAST;
        if version.0[0] < 6 {
            let proof = Proof::Fact {
                name: "Server Version".into(),
                value: dotted(version),
                origin: Origin::whole(&Arc::from("--wsus-version"), "argument"),
            };
            let outcome = if enough { Outcome::Pass } else { Outcome::Fail };
            let says = Says::WsusVersion { version, least: LEAST, enough };
            let found = Finding::new(check, outcome, says).proof([proof, rule]);
            return if enough { found } else { found.remedy([remedy(vec![CONSOLE_UPDATE])]) };
        }
    }
    let server =
        !identity.products.is_empty() && identity.products.iter().all(|p| asked.catalog.product(p).server);
    let role_off = asked.host.features.iter().any(|(name, f)| {
        name.eq_ignore_ascii_case("UpdateServices")
            && matches!(f.value, FeatureState::Disabled | FeatureState::Removed)
    });
    let service_absent = asked.host.services.get("wsusservice").is_some_and(|f| f.value == "absent");
    if !server || role_off || service_absent {
        let says = Says::WsusNotThisHost { windows: identity.words.clone() };
        return Finding::new(check, Outcome::Unknown, says)
            .proof([rule])
            .ask([Ask::WsusVersion, Ask::ServerInventory]);
    }
    if rules.is_empty() {
        // the guidance names nothing for later versions; for those that the catalog does not know it is open
        let newer = identity.kernel.is_some_and(|k| k.0 >= 10) && identity.build.is_some_and(|b| b > 14_393);
        let outcome = if newer { Outcome::Pass } else { Outcome::Unknown };
        let says = Says::WsusNewer { windows: identity.words.clone() };
        let found = Finding::new(check, outcome, says).proof([rule]);
        return if newer { found } else { found.ask([Ask::WsusVersion]) };
    }
    let mut updates: Vec<KbId> = Vec::new();
    let mut proofs: Vec<Proof> = Vec::new();
    let mut there = Truth::True;
    for clause in rules.iter().flat_map(|r| &r.requires) {
        let (evaluation, _) = installed.meets_any(clause, None);
        there = there.min(evaluation.truth);
        let named = clause.0.iter().filter_map(|r| match r {
            Requirement::Update { kb, .. } => Some(*kb),
            _ => None,
        });
        updates.extend(named);
        proofs.extend(evaluation.evidence.into_iter().map(Proof::Resolved));
    }
    for r in &rules {
        let (text, url) = (r.why.to_owned(), r.source.url.to_owned());
        proofs.push(Proof::Stated { text, url, standing: r.standing });
    }
    updates.sort_unstable();
    updates.dedup();
    let outcome = match there {
        Truth::True => Outcome::Pass,
        Truth::False => Outcome::Fail,
        Truth::Unknown => Outcome::Unknown,
    };
    let found =
        Finding::new(check, outcome, Says::WsusUpdate { updates: updates.clone(), there }).proof(proofs);
    match outcome {
        Outcome::Pass => found,
        Outcome::Fail => found.remedy([remedy(updates)]),
        Outcome::Unknown => found.remedy([remedy(updates)]).ask([Ask::WsusVersion, Ask::ServerInventory]),
    }
}

fn names_update(clause: &Clause) -> bool {
    clause.0.iter().any(|r| matches!(r, Requirement::Update { .. }))
}

fn dotted(version: Version) -> String {
    let [a, b, c, d] = version.0;
    format!("{a}.{b}.{c}.{d}")
}

/// A console on another computer needs the update too; only WSUS 3.0 SP2 is concerned.
fn console_version(asked: &Asked<'_>, identity: &Identity, installed: &Installed<'_>) -> Option<Finding> {
    let check = Check::WsusConsole;
    let rule = Proof::Rule(Rule::WsusLeast);
    let remedy = Remedy::InstallConsoleUpdate { updates: vec![CONSOLE_UPDATE] };
    if let Some(version) = asked.console_version {
        let enough = version >= LEAST;
        let proof = Proof::Fact {
            name: "console version".into(),
            value: dotted(version),
            origin: Origin::whole(&Arc::from("--console-version"), "argument"),
        };
        let outcome = if enough { Outcome::Pass } else { Outcome::Fail };
        let says = Says::ConsoleVersion { version, least: LEAST, enough };
        let found = Finding::new(check, outcome, says).proof([proof, rule]);
        return Some(if enough { found } else { found.remedy([remedy]) });
    }
    // WSUS of Windows Server 2012 and later has its console from Windows
    if identity.kernel.is_none_or(|k| k >= (6, 2)) {
        return None;
    }
    let presence = installed.presence(CONSOLE_UPDATE);
    let proofs: Vec<Proof> = presence.evidence.into_iter().map(Proof::Resolved).collect();
    let says = match presence.truth {
        Truth::True => Says::WsusUpdate { updates: vec![CONSOLE_UPDATE], there: Truth::True },
        _ => Says::ConsoleUnknown,
    };
    let found = Finding::new(
        check,
        if presence.truth == Truth::True { Outcome::Pass } else { Outcome::Unknown },
        says,
    )
    .proof(proofs)
    .proof([rule]);
    Some(if presence.truth == Truth::True {
        found
    } else {
        found.remedy([remedy]).ask([Ask::ConsoleVersion])
    })
}

fn services(asked: &Asked<'_>) -> Finding {
    let check = Check::WsusServices;
    let rule = Proof::Rule(Rule::WsusServices);
    let wanted = [("wsusservice", "WsusService"), ("w3svc", "W3SVC")];
    let (mut stopped, mut running, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for (name, spelled) in wanted {
        let Some(fact) = asked.host.services.get(name).filter(|f| f.value != "absent") else { continue };
        proofs.push(Proof::Fact {
            name: spelled.into(),
            value: fact.value.clone(),
            origin: fact.origin.clone(),
        });
        if fact.value == "running" { &mut running } else { &mut stopped }.push(spelled.to_owned());
    }
    proofs.push(rule);
    if !stopped.is_empty() {
        return Finding::new(check, Outcome::Fail, Says::Services { stopped, running })
            .proof(proofs)
            .remedy([Remedy::StartServices]);
    }
    if running.len() == wanted.len() {
        return Finding::new(check, Outcome::Pass, Says::Services { stopped, running }).proof(proofs);
    }
    Finding::new(check, Outcome::Unknown, Says::ServicesUnknown).proof(proofs).ask([Ask::Services])
}

fn sites(asked: &Asked<'_>) -> Finding {
    let check = Check::WsusSite;
    let rule = Proof::Rule(Rule::WsusSite);
    let wanted = ["wsus administration", "default web site"];
    let (mut stopped, mut running, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for (name, fact) in &asked.host.services {
        let Some(site) = name.strip_prefix("site:").filter(|s| wanted.contains(s)) else { continue };
        proofs.push(Proof::Fact {
            name: format!("site {site}"),
            value: fact.value.clone(),
            origin: fact.origin.clone(),
        });
        if fact.value == "started" { &mut running } else { &mut stopped }.push(site.to_owned());
    }
    proofs.push(rule);
    // one of the two is the site of WSUS: its own where there is one
    let own = |list: &[String]| list.iter().any(|s| s == wanted[0]);
    let outcome = match (own(&running), own(&stopped)) {
        (true, _) => Outcome::Pass,
        (false, true) => Outcome::Fail,
        (false, false) if running.is_empty() && !stopped.is_empty() => Outcome::Fail,
        (false, false) if !running.is_empty() => Outcome::Pass,
        _ => Outcome::Unknown,
    };
    let says =
        if outcome == Outcome::Unknown { Says::SitesUnknown } else { Says::Sites { stopped, running } };
    let found = Finding::new(check, outcome, says).proof(proofs);
    match outcome {
        Outcome::Fail => found.remedy([Remedy::StartSite]),
        Outcome::Unknown => found.ask([Ask::Site]),
        Outcome::Pass => found,
    }
}

/// What to do about errors of one kind.
fn of_status(error: &IisError) -> (Rule, Vec<Remedy>) {
    match (error.status, error.substatus) {
        (503, Some(0)) => (Rule::HttpStatus, vec![Remedy::StartPool, Remedy::RaisePoolMemory]),
        (503, _) => (Rule::HttpWsus, vec![Remedy::RaisePoolMemory]),
        (500, Some(19)) => (Rule::HttpStatus, vec![Remedy::CheckConfiguration]),
        (500, _) => (Rule::HttpWsus, vec![Remedy::StartServices, Remedy::ReadServerLog]),
        (404, Some(13)) | (413, _) => (Rule::HttpStatus, vec![Remedy::CheckRequestSize]),
        (404, _) => (Rule::HttpWsus, vec![Remedy::CheckVirtualDirectory]),
        (403, Some(7 | 13 | 16 | 17)) => (Rule::HttpStatus, vec![Remedy::NoClientCertificate]),
        (403, _) => (Rule::HttpWsus, vec![Remedy::CheckAccess]),
        (401, _) => (Rule::Http401, vec![Remedy::CheckAccess]),
        _ => (Rule::HttpStatus, vec![Remedy::ReadServerLog]),
    }
}

fn iis(logs: &[IisLog]) -> Vec<Finding> {
    let check = Check::IisLog;
    if logs.is_empty() {
        return vec![Finding::new(check, Outcome::Unknown, Says::IisUnknown).ask([Ask::IisLog])];
    }
    let requests: u64 = logs.iter().map(|l| l.requests).sum();
    let lines: u64 = logs.iter().map(|l| l.lines).sum();
    let mut all: Vec<&IisError> = logs.iter().flat_map(|l| &l.errors).collect();
    all.sort_by_key(|e| (e.status < 500, std::cmp::Reverse(e.count), e.service, e.status));
    if all.is_empty() {
        let whole = |l: &IisLog| Proof::Fact {
            name: "requests".into(),
            value: l.requests.to_string(),
            origin: Origin { input: Arc::clone(&l.file), format: "IIS log", at: Location::Whole },
        };
        let proofs: Vec<Proof> = logs.iter().map(whole).collect();
        return vec![if requests == 0 {
            Finding::new(check, Outcome::Unknown, Says::IisNoRequests { lines })
                .proof(proofs)
                .ask([Ask::IisLog])
        } else {
            Finding::new(check, Outcome::Pass, Says::IisClean { requests }).proof(proofs)
        }];
    }
    let errors = all.iter().map(|e| e.count).sum();
    let mut found = Finding::new(check, Outcome::Fail, Says::IisErrors { errors, requests });
    let mut rules: Vec<Rule> = Vec::new();
    for error in all {
        let (rule, remedies) = of_status(error);
        found.proofs.push(Proof::Requests(error.clone()));
        if !rules.contains(&rule) {
            rules.push(rule);
        }
        for remedy in remedies {
            if !found.remedies.contains(&remedy) {
                found.remedies.push(remedy);
            }
        }
    }
    found.proofs.extend(rules.into_iter().map(Proof::Rule));
    vec![found]
}

/// What the error and the logs say of 80244007.
struct Faults {
    /// the code or its message was given
    failed: bool,
    /// the server said that there were too many prerequisites
    prerequisites: Truth,
    proofs: Vec<Proof>,
    others: Vec<(ClientFault, Proof)>,
}

impl Faults {
    fn of(asked: &Asked<'_>) -> Self {
        let text = asked.error.unwrap_or_default();
        let lower = text.to_lowercase();
        // the code in any spelling
        let coded =
            lower.contains("80244007") || lower.contains("-2145107961") || lower.contains("2149859335");
        let named =
            lower.contains("syncupdates_withrecovery") || lower.contains("wu_e_pt_soapclient_soapfault");
        let mut out = Self {
            failed: coded || named,
            prerequisites: Truth::Unknown,
            proofs: Vec::new(),
            others: Vec::new(),
        };
        if out.failed {
            let origin = Origin::whole(&Arc::from("--error"), "argument");
            out.proofs.push(Proof::Line { text: super::client_log::shown(text, 200), origin });
        }
        if lower.contains("parameters.installednonleafupdateids") {
            out.failed = true;
            out.prerequisites = Truth::True;
        }
        for log in asked.client_logs {
            out.read(log);
        }
        if out.prerequisites == Truth::Unknown && !out.others.is_empty() {
            out.prerequisites = Truth::False;
        }
        out
    }

    fn read(&mut self, log: &ClientLog) {
        let proof = |line: &ClientLine| Proof::Line {
            text: line.text.clone(),
            origin: Origin::line(&log.file, LOG, line.line),
        };
        self.failed |= !log.is_empty();
        for (fault, _, lines) in &log.faults {
            let Some(first) = lines.first() else { continue };
            if *fault == ClientFault::Prerequisites {
                self.prerequisites = Truth::True;
                self.proofs.push(proof(first));
            } else {
                self.others.push((*fault, proof(first)));
            }
        }
        if log.faults.is_empty() {
            self.proofs.extend(log.failed.first().map(proof));
        }
    }
}

/// How many prerequisites clients may name, beside what was seen of their requests.
fn limit(asked: &Asked<'_>, fault: &Faults) -> Vec<Finding> {
    let check = Check::PrerequisiteLimit;
    let mut out = Vec::new();
    for (kind, proof) in &fault.others {
        let remedies = match kind {
            ClientFault::CachedUpdates => vec![Remedy::DeclineSuperseded, Remedy::RaiseCached],
            _ => vec![Remedy::ResetClient],
        };
        let says = Says::OtherFault { fault: *kind };
        let proofs = [proof.clone(), Proof::Rule(Rule::FaultCauses)];
        out.push(Finding::new(check, Outcome::Fail, says).proof(proofs).remedy(remedies));
    }
    if asked.web_configs.is_empty() {
        if fault.prerequisites == Truth::False {
            return out;
        }
        let mut found = Finding::new(check, Outcome::Unknown, Says::LimitUnknown)
            .proof(fault.proofs.clone())
            .proof([Proof::Rule(Rule::PrerequisiteLimit)])
            .ask([Ask::WebConfig]);
        if fault.failed {
            found.proofs.push(Proof::Rule(Rule::FaultCauses));
            found = found.remedy([Remedy::TakeOver, Remedy::RaiseLimitSomewhere, Remedy::RestartIis]);
            if fault.prerequisites == Truth::Unknown {
                found = found.ask([Ask::ClientLog]);
            }
        }
        out.push(found);
        return out;
    }
    for config in asked.web_configs {
        out.push(of_config(config, fault));
    }
    out
}

fn of_config(config: &WebConfig, fault: &Faults) -> Finding {
    let check = Check::PrerequisiteLimit;
    let place = |line: u32| Origin::line(&config.file, CONFIG, line);
    let Some(limit) = config.limit() else {
        let lines = config
            .limits
            .iter()
            .map(|l| Proof::Line { text: l.text.trim().to_owned(), origin: place(l.line) });
        return Finding::new(check, Outcome::Unknown, Says::LimitMissing)
            .proof(lines)
            .proof([Proof::Rule(Rule::PrerequisiteLimit)])
            .ask([Ask::WebConfig]);
    };
    let value = limit.value.unwrap_or_default();
    let mut proofs = vec![Proof::Line { text: limit.text.trim().to_owned(), origin: place(limit.line) }];
    proofs.extend(fault.proofs.iter().cloned());
    proofs.push(Proof::Rule(Rule::PrerequisiteLimit));
    if !fault.failed || fault.prerequisites == Truth::False {
        // below what is shipped it would be odd; the shipped value is in order as long as nobody meets it
        return Finding::new(check, Outcome::Pass, Says::LimitFine { value }).proof(proofs);
    }
    proofs.push(Proof::Rule(Rule::FaultCauses));
    if value >= RAISED {
        return Finding::new(check, Outcome::Fail, Says::LimitRaised { value })
            .proof(proofs)
            .remedy([Remedy::RestartIis, Remedy::DeclineSuperseded]);
    }
    let raise = Remedy::RaiseLimit {
        file: config.file.to_string(),
        line: limit.line,
        from: limit.written.clone(),
        to: RAISED.to_string(),
        old: limit.text.clone(),
        new: raised(&limit.text, &limit.written),
    };
    let says = Says::Limit { value, wanted: RAISED, faulted: fault.prerequisites };
    let found = Finding::new(check, Outcome::Fail, says).proof(proofs).remedy([
        Remedy::TakeOver,
        raise,
        Remedy::RestartIis,
    ]);
    if fault.prerequisites == Truth::Unknown { found.ask([Ask::ClientLog]) } else { found }
}

/// The line with the new value. Other settings on the same line stay as they are.
fn raised(line: &str, written: &str) -> String {
    let at = line.to_lowercase().find(&KEY.to_lowercase()).unwrap_or(0);
    for quote in ['"', '\''] {
        let (old, new) = (format!("value={quote}{written}{quote}"), format!("value={quote}{RAISED}{quote}"));
        // behind the name, else before it: attributes come in any order
        if let Some(found) = line.get(at..).and_then(|rest| rest.find(&old)) {
            let start = at + found;
            return format!(
                "{}{new}{}",
                line.get(..start).unwrap_or_default(),
                line.get(start + old.len()..).unwrap_or_default()
            );
        }
        if line.contains(&old) {
            return line.replacen(&old, &new, 1);
        }
    }
    line.to_owned()
}
