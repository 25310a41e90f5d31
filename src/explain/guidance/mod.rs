//! The guidance in words: what was found. Its evidence and its remedies have files of their own.

mod evidence;
mod remedies;

use crate::{
    guidance::{
        Check, Class, ClientFault, Conflict, Finding, NetworkKind, Outcome, Proof, Routed, Routing, Says,
        Source,
    },
    model::{KbId, Standing, Truth},
    report::AdviceReport,
};
use evidence::evidence;
use remedies::{ask, remedy};
use std::collections::BTreeMap;

fn list_of<T: std::fmt::Display>(items: &[T], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.to_string(),
        [head @ .., tail] => {
            let head: Vec<String> = head.iter().map(ToString::to_string).collect();
            format!("{} {last} {tail}", head.join(", "))
        }
    }
}

/// Puts findings into reports.
pub fn guidance(findings: &[Finding]) -> Vec<AdviceReport> {
    findings.iter().map(advice).collect()
}

fn advice(f: &Finding) -> AdviceReport {
    let (code, title) = name(f.check);
    let mut collect: Vec<String> = Vec::new();
    for command in f.asks.iter().flat_map(|a| ask(*a)) {
        if !collect.contains(&command) {
            collect.push(command);
        }
    }
    AdviceReport {
        code,
        title,
        outcome: match f.outcome {
            Outcome::Fail => "fail",
            Outcome::Unknown => "unknown",
            Outcome::Pass => "pass",
        },
        certainty: Some(certainty(f)),
        severity: None,
        text: says(&f.says),
        evidence: f.proofs.iter().map(evidence).collect(),
        remedy: f.remedies.iter().map(remedy).collect(),
        collect,
    }
}

/// How sure a finding is: shown by what was given and a page of Microsoft, or following from them.
fn certainty(f: &Finding) -> &'static str {
    let by_page = |p: &Proof| match p {
        Proof::Rule(r) => !r.is_secondary(),
        Proof::Stated { standing, .. } => *standing == Standing::Verified,
        _ => false,
    };
    let secondary = |p: &Proof| matches!(p, Proof::Rule(r) if r.is_secondary());
    let given = |p: &Proof| !matches!(p, Proof::Rule(_) | Proof::Stated { .. });
    match f.outcome {
        Outcome::Unknown => "possible",
        _ if f.proofs.iter().any(secondary) => "inferred",
        _ if f.proofs.iter().any(by_page) && f.proofs.iter().any(given) => "confirmed",
        _ => "inferred",
    }
}

const fn name(check: Check) -> (&'static str, &'static str) {
    match check {
        Check::NetworkCode => ("network-code", "network, certificate"),
        Check::Paused(Class::Feature) => ("feature-updates-paused", "feature paused"),
        Check::Paused(_) => ("quality-updates-paused", "quality paused"),
        Check::Deferred(Class::Feature) => ("feature-updates-deferred", "feature deferred"),
        Check::Deferred(_) => ("quality-updates-deferred", "quality deferred"),
        Check::TargetVersion => ("target-version", "target version"),
        Check::SafeguardHold => ("safeguard-hold", "safeguard hold"),
        Check::DeploymentState => ("deployment-state", "deployment"),
        Check::ScanSource => ("scan-source", "scan source"),
        Check::ScanPolicy => ("scan-policy", "scan policies"),
        Check::LastScan => ("last-scan", "last scan"),
        Check::Enrolment => ("enrolment", "enrolment"),
        Check::HealthTools => ("update-health-tools", "Health Tools"),
        Check::WsusVersion => ("wsus-version", "WSUS version"),
        Check::WsusConsole => ("wsus-console", "WSUS console"),
        Check::WsusServices => ("wsus-services", "WSUS services"),
        Check::WsusSite => ("wsus-site", "WSUS site"),
        Check::IisLog => ("iis-log", "IIS log"),
        Check::PrerequisiteLimit => ("prerequisite-limit", "prerequisite limit"),
    }
}

/// The codes and titles of every row, in the order of the guidance.
pub fn guidance_rows() -> Vec<(&'static str, &'static str)> {
    use Check as C;
    let rows = [
        C::NetworkCode,
        C::Paused(Class::Quality),
        C::Paused(Class::Feature),
        C::SafeguardHold,
        C::DeploymentState,
        C::ScanSource,
        C::ScanPolicy,
        C::LastScan,
        C::Enrolment,
        C::HealthTools,
        C::Deferred(Class::Quality),
        C::Deferred(Class::Feature),
        C::TargetVersion,
        C::WsusVersion,
        C::WsusConsole,
        C::WsusServices,
        C::WsusSite,
        C::IisLog,
        C::PrerequisiteLimit,
    ];
    rows.into_iter().map(name).collect()
}

const fn class(c: Class) -> &'static str {
    match c {
        Class::Feature => "feature updates",
        Class::Quality => "quality updates",
        Class::Driver => "drivers",
        Class::Other => "other Microsoft products",
    }
}

const fn source(s: Source) -> &'static str {
    match s {
        Source::Wsus => "WSUS",
        Source::WindowsUpdate => "Windows Update",
        Source::Unknown => "unknown",
    }
}

fn kbs(updates: &[KbId]) -> String {
    list_of(&updates.iter().map(ToString::to_string).collect::<Vec<_>>(), "or")
}

fn network(kind: NetworkKind) -> &'static str {
    use NetworkKind as K;
    match kind {
        K::Name => "the name of the update server is not found",
        K::Unreachable => "there is no way through the network to the update server",
        K::Refused => {
            "the server answers, but nothing listens on that port: service or site stopped, or a wrong port"
        }
        K::TimedOut => "no answer in time: something on the way drops it, or the server is overloaded",
        K::NoConnection => "no connection to the server comes about",
        K::Broken => "the connection broke off",
        K::NotPermitted => "this computer does not permit the connection",
        K::Proxy => "the proxy, or the script that finds it, does not work",
        K::Address => "the address of the update server is wrong",
        K::Answer => "what answers at that address does not speak as an update server does",
        K::Encryption => "client and server find no common encryption",
        K::CertificateExpired => "a certificate is not valid today, by the clock of the client",
        K::CertificateName => "the certificate is for another name than the one in the address",
        K::CertificateUntrusted => "the client does not trust the issuer of the server's certificate",
        K::CertificateRevoked => "the certificate was revoked",
        K::RevocationUnknown => "the client cannot find out whether the certificate was revoked",
        K::CertificateUsage => "the certificate is not meant for this use",
        K::CertificateDamaged => "the certificate is malformed, or its signature is wrong",
        K::Certificate => "the certificate is not accepted: its time, its name, its issuer or the encryption",
        K::ClientCertificate => "the server asks for a certificate of the client",
    }
}

fn routes(routing: &Routing) -> String {
    let mut by_source: BTreeMap<Source, Vec<&str>> = BTreeMap::new();
    for r in &routing.classes {
        by_source.entry(r.source).or_default().push(class(r.class));
    }
    let server = routing.server.as_deref().map(|s| format!(" ({s})")).unwrap_or_default();
    let parts = by_source.into_iter().map(|(s, classes)| {
        let all = classes.len() == Class::ALL.len();
        let who = if all { "all classes".to_owned() } else { list_of(&classes, "and") };
        match s {
            Source::Wsus => format!("{who} from WSUS{server}"),
            Source::WindowsUpdate => format!("{who} from Windows Update"),
            Source::Unknown => format!("of {who} what was given does not tell"),
        }
    });
    let assumed = if routing.unmanaged_assumed {
        ", unless policies of device management (not given) say otherwise"
    } else {
        ""
    };
    format!("{}{assumed}", parts.collect::<Vec<_>>().join("; "))
}

fn conflict(c: &Conflict, server: Option<&str>) -> String {
    let server = server.map(|s| format!(" {s}")).unwrap_or_default();
    match c {
        Conflict::ServerIgnored => {
            "WUServer names a server, but UseWUServer is not 1: the server is not used, updates come from Windows Update"
                .into()
        }
        Conflict::DualScan => format!(
            "dual scan: a deferral or pause sends Windows' own updates to Windows Update, past the WSUS server{server}"
        ),
        Conflict::Partial(missing) => format!(
            "only some of the four source policies are set (not {}), which Windows does not support: classes may follow one another",
            list_of(missing, "or")
        ),
        Conflict::SwitchMissing => {
            "source policies are set, but UseUpdateClassPolicySource below ...\\AU is not 1: they have no effect".into()
        }
        Conflict::SwitchMisplaced => {
            "UseUpdateClassPolicySource stands at ...\\WindowsUpdate, where it is ignored; it counts below ...\\AU only".into()
        }
        Conflict::DualScanOff => {
            "a source policy says Windows Update, but DisableDualScan is 1, which cuts the way there on this Windows".into()
        }
        Conflict::NotSupported => {
            "this version of Windows does not know the source policies that are set; only DisableDualScan counts".into()
        }
        Conflict::Disagree => "group policy and device management (MDM) name different sources".into(),
        Conflict::InternetOff => {
            "classes come from Windows Update, but connections to it are switched off by policy".into()
        }
    }
}

fn says(s: &Says) -> String {
    match s {
        Says::Network { code } => {
            let number = if code.code > 0xffff { format!("{:#010x}", code.code) } else { code.code.to_string() };
            let given = if code.text.eq_ignore_ascii_case(&number) || code.text == code.symbol {
                String::new()
            } else {
                format!(" (given as {})", code.text)
            };
            format!("{number} {}{given}: {}", code.symbol, network(code.kind))
        }
        Says::NetworkUnmapped { numbers } => format!(
            "no number of the message is a code of Winsock, WinHTTP or a certificate ({})",
            list_of(&numbers.iter().take(5).collect::<Vec<_>>(), "and")
        ),
        Says::NetworkNoCode => "the message stands for network or certificate errors; its number, which tells which, is not given".into(),
        Says::Paused { class: c, until } => match until {
            Some(day) => format!("{} are paused, until {day} at most", class(*c)),
            None => format!("{} are paused", class(*c)),
        },
        Says::NotPaused { class: c, ended } => match ended {
            Some(day) => format!("{} were paused until {day}, which is over", class(*c)),
            None => format!("{} are not paused", class(*c)),
        },
        Says::PauseOpen { class: c, until } => match until {
            Some(day) => format!("a pause of {} was set that ends on {day} at the latest; whether that is past is not shown", class(*c)),
            None => format!("a pause of {} was set; whether it is over (35 days) is not shown", class(*c)),
        },
        Says::PauseUnknown { class: c } => format!("nothing tells whether {} are paused", class(*c)),
        Says::Deferred { class: c, days, offered } => match offered {
            Some(day) => format!("{} are deferred by {days} days: this one is offered from {day} on", class(*c)),
            None => format!("{} are deferred by {days} days: one that is younger is not offered yet", class(*c)),
        },
        Says::DeferralOver { class: c, days, offered } => {
            format!("{} are deferred by {days} days, which for this one was over on {offered}", class(*c))
        }
        Says::NotDeferred { class: c } => format!("{} are not deferred", class(*c)),
        Says::DeferralUnknown { class: c } => format!("nothing tells whether {} are deferred", class(*c)),
        Says::HeldAt { version } => {
            format!("a policy holds the device at version {version}, which it has: no later feature update is offered")
        }
        Says::HeldFor { version } => {
            format!("a policy takes the device to version {version} and no further: other feature updates are not offered")
        }
        Says::NotHeld => "no policy names a version to stay at".into(),
        Says::HeldUnknown => "nothing tells whether a policy names a version to stay at".into(),
        Says::Hold { ids } => format!(
            "Windows recorded {} for this device ({}): Microsoft holds the feature update back",
            if ids.len() == 1 { "a safeguard hold" } else { "safeguard holds" },
            list_of(ids, "and")
        ),
        Says::HoldNotRecorded => {
            "no safeguard hold was recorded on the device when it was looked at; the service may know one".into()
        }
        Says::HoldsOff => "safeguard holds are opted out of by policy: none keeps a feature update back".into(),
        Says::HoldUnknown => "whether a safeguard hold keeps the feature update back is not shown".into(),
        Says::DeploymentState { state, offers } => match offers {
            true => "the deployment offers the update".into(),
            false => format!("the deployment is {state}: only one that is offering delivers"),
        },
        Says::DeploymentUnknown => "the state of the deployment (offering, paused, scheduled) cannot be seen from the device".into(),
        Says::Sources { routing, elsewhere: false } => routes(routing),
        Says::Sources { routing, elsewhere: true } => format!(
            "{}: what is approved in WSUS arrives, what the deployment service (Intune, Autopatch) deploys does not",
            routes(routing)
        ),
        Says::Conflict { conflict: c, server } => conflict(c, server.as_deref()),
        Says::Scanned { on } => format!("Automatic Updates last searched with success on {on} (UTC)"),
        Says::ScannedBefore { on, published } => {
            format!("the last search was on {on}, before the update was published on {published}")
        }
        Says::ScanUnknown => "when updates were last searched for is not shown".into(),
        Says::NotJoined => {
            "the device is not joined to Microsoft Entra ID: the deployment service cannot enrol it".into()
        }
        Says::Joined => {
            "the device is joined to Microsoft Entra ID; whether the deployment service has it enrolled without errors only the service shows".into()
        }
        Says::EnrolmentUnknown => "whether the device is joined and enrolled is not shown".into(),
        Says::ToolsThere => "the Update Health Tools, which expedited updates need, are there".into(),
        Says::ToolsMissing => "the Update Health Tools are not there: no expedited quality update arrives".into(),
        Says::ToolsUnknown => "whether the Update Health Tools, which expedited updates need, are there is not shown".into(),
        Says::WsusVersion { version, least, enough } => version_words("WSUS", *version, *least, *enough),
        Says::WsusUpdate { updates, there } => match there {
            Truth::True => format!("WSUS has {} or a later one", kbs(updates)),
            Truth::False => format!("WSUS lacks {} or a later one", kbs(updates)),
            Truth::Unknown => format!("whether WSUS has {} or a later one is not shown", kbs(updates)),
        },
        Says::WsusNewer { windows } => {
            format!("the guidance asks for no update of WSUS on {windows}")
        }
        Says::WsusNotThisHost { windows } => {
            format!("what was given is of no WSUS server ({windows}): give the inventory of the server, or the version that its console shows")
        }
        Says::ConsoleVersion { version, least, enough } => {
            version_words("the administration console", *version, *least, *enough)
        }
        Says::ConsoleUnknown => {
            "an administration console on another computer needs KB4039929 or a later update there; not shown".into()
        }
        Says::Services { stopped, running } => match stopped.is_empty() {
            true => format!("{} run", list_of(running, "and")),
            false => format!("{} {} not running", list_of(stopped, "and"), if stopped.len() == 1 { "is" } else { "are" }),
        },
        Says::ServicesUnknown => "whether Update Services (WsusService) and World Wide Web Publishing (W3SVC) run is not shown".into(),
        Says::Sites { stopped, running } => match running.is_empty() {
            true => format!("the web site of WSUS does not run ({})", list_of(stopped, "and")),
            false => format!("the web site runs ({})", list_of(running, "and")),
        },
        Says::SitesUnknown => "whether the web site of WSUS runs is not shown".into(),
        Says::IisErrors { errors, requests } => {
            format!("{errors} of {requests} requests to the services of WSUS failed")
        }
        Says::IisClean { requests } => format!("none of {requests} requests to the services of WSUS failed"),
        Says::IisNoRequests { lines } => format!(
            "no request to a service of WSUS is in the {lines} lines: another site's log, or no client reaches the server"
        ),
        Says::IisUnknown => "no log of the web server was given".into(),
        Says::Limit { value, wanted, faulted } => match faulted {
            Truth::True => format!(
                "a client names more installed prerequisites than the {value} that WSUS allows; Microsoft's page raises that to {wanted}"
            ),
            _ => format!("WSUS allows clients {value} installed prerequisites; for 80244007 Microsoft's page raises that to {wanted}"),
        },
        Says::LimitRaised { value } => format!(
            "the limit is {value} already, and clients fail all the same: IIS has not read it yet, or there are too many updates"
        ),
        Says::LimitFine { value } => format!("WSUS allows clients {value} installed prerequisites, and no client was seen to need more"),
        Says::LimitUnknown => "how many installed prerequisites WSUS allows a client is not shown".into(),
        Says::LimitMissing => "the file does not tell one value of maxInstalledPrerequisites".into(),
        Says::OtherFault { fault } => match fault {
            ClientFault::CachedUpdates => {
                "the server refuses the list of updates that the client knows (OtherCachedUpdateIDs), not its prerequisites".into()
            }
            ClientFault::Authorization => {
                "the server fails while it authorises the client: its entry for the client is missing".into()
            }
            ClientFault::Prerequisites => "a client names more installed prerequisites than WSUS allows".into(),
        },
    }
}

fn version_words(
    what: &str,
    version: crate::model::Version,
    least: crate::model::Version,
    enough: bool,
) -> String {
    let [a, b, c, d] = version.0;
    let [e, f, g, h] = least.0;
    let verb = if enough { "is at least" } else { "is below" };
    format!("{what} {a}.{b}.{c}.{d} {verb} {e}.{f}.{g}.{h}")
}

/// A class and its source, for tables.
pub fn route_words(r: &Routed) -> String {
    format!("{}: {}", class(r.class), source(r.source))
}
