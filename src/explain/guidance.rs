//! The guidance in words: findings, evidence, remedies with what they may break, what to run.

use crate::{
    guidance::{
        Ask, Check, Class, ClientFault, Conflict, Danger, Decider, Finding, IisError, NetworkKind, Outcome,
        Proof, Remedy, Routed, Routing, Rule, Says, Source,
    },
    model::{KbId, Location, Origin, Truth, UpdateKey},
    report::{AdviceReport, EvidenceReport, RemedyReport},
};
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

/// What a page of Microsoft states.
fn by_page(text: &str, page: &str) -> EvidenceReport {
    EvidenceReport {
        text: text.to_owned(),
        source: "guidance".into(),
        line: None,
        url: Some(page.to_owned()),
        standing: Some("verified"),
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
        severity: None,
        text: says(&f.says),
        evidence: f.proofs.iter().map(evidence).collect(),
        remedy: f.remedies.iter().map(remedy).collect(),
        collect,
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

fn decider(by: &Decider, value: Option<&(String, String)>) -> String {
    let shown = match value {
        Some((name, value)) if value.is_empty() => format!("{name} is not set"),
        Some((name, value)) => format!("{name} is {value}"),
        None => String::new(),
    };
    let and = |words: &str| if shown.is_empty() { words.to_owned() } else { format!("{shown}; {words}") };
    match by {
        Decider::NoServer => and("no server is named"),
        Decider::ServerNotUsed => and("UseWUServer is not 1"),
        Decider::Server => and("no policy sends it elsewhere"),
        Decider::Policy => shown,
        Decider::Resolved => and("as Windows Update resolved the policies"),
        Decider::DualScan => and("it makes Windows scan Windows Update beside WSUS"),
        Decider::DualScanOff => and("deferrals do not lead to Windows Update"),
        Decider::PolicyCut => and("DisableDualScan keeps it with WSUS"),
        Decider::NotRerouted => and("dual scan leaves it with WSUS"),
        Decider::MicrosoftUpdate => and("other products come from Microsoft Update"),
        Decider::Open => and("what else decides is not known"),
    }
}

fn line_of(origin: &Origin) -> Option<u32> {
    match origin.at {
        Location::Line(n) | Location::Lines(n, _) => Some(n),
        _ => None,
    }
}

fn at(text: String, origin: &Origin) -> EvidenceReport {
    EvidenceReport { text, source: origin.to_string(), line: line_of(origin), url: None, standing: None }
}

fn key(k: UpdateKey) -> &'static str {
    match k {
        UpdateKey::GroupPolicy | UpdateKey::AutomaticUpdates => "group policy",
        UpdateKey::DeviceManagement => "device management",
        UpdateKey::Settings => "Settings",
        UpdateKey::PauseStatus | UpdateKey::Resolved => "Windows Update",
    }
}

fn requests(e: &IisError) -> String {
    let status = match e.substatus {
        Some(sub) => format!("{}.{sub}", e.status),
        None => e.status.to_string(),
    };
    let win32 = e.win32.filter(|n| *n != 0).map(|n| format!(" (Windows {n})")).unwrap_or_default();
    let times = if e.count == 1 { "once".to_owned() } else { format!("{} times", e.count) };
    let span = if e.first == e.last {
        format!("line {}", e.first)
    } else {
        format!("lines {} to {}", e.first, e.last)
    };
    let when = match (e.from.as_str(), e.to.as_str()) {
        ("", _) => String::new(),
        (from, to) if from == to => format!(", {from}"),
        (from, to) => format!(", {from} to {to}"),
    };
    let means = meaning(e.status, e.substatus).map(|m| format!(": {m}")).unwrap_or_default();
    format!("{status}{win32} on {} {times}, {span}{when}{means}", e.service.path())
}

/// What a status means, by Microsoft's pages on IIS and on WSUS.
fn meaning(status: u16, substatus: Option<u32>) -> Option<&'static str> {
    Some(match (status, substatus) {
        (400, _) => "the request was malformed",
        (401, _) => "not authorised; in order only where a 200 follows",
        (403, Some(4)) => "the path asks for HTTPS",
        (403, Some(7)) => "the path asks for a certificate of the client",
        (403, Some(9)) => "too many clients at once",
        (403, Some(16)) => "the client's certificate is not trusted",
        (403, Some(17)) => "the client's certificate is not valid today",
        (403, _) => "a certificate, or the configuration of IIS",
        (404, Some(13)) | (413, _) => "the request is larger than the server allows",
        (404, _) => "a virtual directory or the configuration of IIS is missing",
        (405, _) => "the method is not allowed there",
        (500, Some(13)) => "the web server is too busy",
        (500, Some(19)) => "a configuration file (web.config) is invalid",
        (500, _) => "the service is not available",
        (502, _) => "a gateway or proxy got no valid answer",
        (503, Some(0)) => "the application pool is stopped or disabled",
        (503, Some(2)) => "more requests at once than are allowed",
        (503, Some(3)) => "the queue of ASP.NET is full",
        (503, _) => "busy: memory of the application pool, or too many clients",
        _ => return None,
    })
}

fn evidence(p: &Proof) -> EvidenceReport {
    match p {
        Proof::Setting(s) => at(format!("{} is {} ({})", s.name, s.value, key(s.key)), &s.origin),
        Proof::NotSet { name, origin } => at(format!("{name} is not set"), origin),
        Proof::Fact { name, value, origin } => at(format!("{name}: {value}"), origin),
        Proof::Line { text, origin } => at(text.clone(), origin),
        Proof::Routed { class: c, source: s, by, origin, value } => {
            let text = format!("{}: {} - {}", class(*c), source(*s), decider(by, value.as_ref()));
            match origin {
                Some(origin) => at(text, origin),
                None => EvidenceReport { text, source: "rule".into(), line: None, url: None, standing: None },
            }
        }
        Proof::Requests(e) => EvidenceReport {
            text: requests(e),
            source: format!("{}:{}", e.file, e.first),
            line: Some(e.first),
            url: None,
            standing: None,
        },
        Proof::Rule(r) => by_page(rule(*r), r.page()),
        Proof::Stated { text, url, standing } => EvidenceReport {
            text: text.clone(),
            source: "catalog".into(),
            line: None,
            url: Some(url.clone()),
            standing: Some(standing.name()),
        },
        Proof::Resolved(e) => super::evidence_report(e),
    }
}

const fn rule(r: Rule) -> &'static str {
    match r {
        Rule::MuxNumber => {
            "the number in the message is a Winsock code; certificate errors have codes of their own"
        }
        Rule::MuxElsewhere => {
            "the same message is documented for the load balancer of software-defined networking: where that is in use, look there too"
        }
        Rule::Code(_) => "the page lists the code",
        Rule::Tls12 => "the update client's page gives 0x80072f8f for TLS 1.2 that is not set up",
        Rule::PauseEnds => "a pause ends by itself after 35 days at most",
        Rule::PauseStatus => "0: not paused, 1: paused, 2: resumed by itself",
        Rule::Deferral => "an update that is deferred is offered so many days after its publication",
        Rule::Target => "the device asks for that version; it stays at it until the policy changes",
        Rule::Holds => {
            "a safeguard hold keeps a feature update off devices with a known problem, from Windows Update only"
        }
        Rule::DeploymentState => {
            "a deployment is scheduled, offering, paused, faulted or archived; only offering delivers"
        }
        Rule::ServiceScans => {
            "what the deployment service (Intune, Windows Autopatch) deploys arrives by a scan of Windows Update only"
        }
        Rule::SourceTables => "where classes of updates come from, for each version of Windows",
        Rule::Integration => "deferrals with a WSUS server take Windows' updates from Windows Update",
        Rule::AllFour => "Windows Update does not support that only some of the four are set",
        Rule::Switch => "the switch counts below ...\\WindowsUpdate\\AU only",
        Rule::InternetOff => {
            "with it, connections to public services such as Windows Update may stop working"
        }
        Rule::LastSearch => "the time (UTC) at which Automatic Updates last searched with success",
        Rule::JoinNeeded => {
            "devices must be joined to Microsoft Entra ID, or hybrid joined; registered alone is not enough"
        }
        Rule::EnrolmentResource => {
            "an enrolled device is a resource of the service, with its enrolments and errors"
        }
        Rule::HealthTools => {
            "expedited quality updates need the Update Health Tools (KB4023057 or a later update)"
        }
        Rule::WsusLeast => {
            "WSUS needs 3.2.7600.283 on 2008 R2, or KB4039873, KB4039871, KB4039396 or a later rollup on 2012, 2012 R2, 2016"
        }
        Rule::WsusServices => "Update Services and the World Wide Web Publishing Service must run",
        Rule::WsusSite => "the Default Web Site or the site WSUS Administration must run",
        Rule::Http401 => "401 is in order if 200 follows",
        Rule::HttpWsus => "what statuses mean for WSUS",
        Rule::HttpStatus => "what statuses and substatuses of IIS mean",
        Rule::PrerequisiteLimit => {
            "80244007 comes where a client has more installed prerequisites than maxInstalledPrerequisites"
        }
        Rule::FaultCauses => {
            "80244007 has three causes: prerequisites, updates that the client knows, a missing entry for the client"
        }
    }
}

const fn danger(d: Danger) -> &'static str {
    match d {
        Danger::Registry => {
            "set this by Group Policy or MDM, not in the registry: Microsoft advises against editing update policies there"
        }
        Danger::Ownership => {
            "this takes the file from its owner and gives an administrator full control: note owner and permissions before, and keep a copy"
        }
        Danger::Configuration => {
            "a mistake in web.config stops the whole service (500.19): keep a copy of the file"
        }
        Danger::Interruption => {
            "clients and consoles are cut off while it restarts, and requests that run are lost"
        }
        Danger::KnownIssue => {
            "the hold is there because the update is known to harm such devices; test before, and take it back afterwards"
        }
        Danger::ClientIdentity => {
            "this deletes values of the registry: the client appears anew on the server, without its groups and history; export the key before"
        }
        Danger::Trust => {
            "the computer then trusts whatever that issuer signs: compare its thumbprint with the one that the issuer names"
        }
        Danger::Protocols => {
            "this sets values of the registry and changes what other programs negotiate: export the keys first, and try it on one client"
        }
        Danger::Declined => {
            "clients that lack the newer update are offered none until it is approved: check that first"
        }
        Danger::Rerouted => "updates come from another source afterwards: try it on a few devices first",
    }
}

fn remedy(r: &Remedy) -> RemedyReport {
    let (text, command) = words(r);
    RemedyReport {
        text,
        command,
        danger: r.danger().map(|d| danger(d).to_owned()),
        source: r.source().to_owned(),
    }
}

/// What to do, and the command that does or checks it.
fn words(r: &Remedy) -> (String, Option<String>) {
    use Remedy as R;
    let plain = |text: &str| (text.to_owned(), None);
    let with = |text: &str, command: &str| (text.to_owned(), Some(command.to_owned()));
    match r {
        R::CheckName => with(
            "Check the server's full name in WUServer, and that the client resolves it.",
            r"reg query HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate /v WUServer",
        ),
        R::CheckRoute => with(
            "Check the way to the server: firewalls, routes, proxies that drop it. No line of the client in the IIS log means that it does not arrive.",
            "Test-NetConnection WSUS-SERVER -Port 8530",
        ),
        R::CheckPort => plain(
            "Check that the port in WUServer is the one of the site: by default 8530 for HTTP, 8531 for HTTPS.",
        ),
        R::CheckAddress => plain("Give WUServer the form http://server:8530 or https://server.domain:8531."),
        R::CheckLoad => plain(
            "Look for 503 in the IIS log and in C:\\Windows\\System32\\LogFiles\\HTTPERR: the pool of WSUS may be out of memory.",
        ),
        R::CheckProxy => with("Check the proxy that the update client uses.", "netsh winhttp show proxy"),
        R::CheckPermission => {
            plain("Check the client's own firewall and security software: they refuse the connection.")
        }
        R::CheckClock => with("Check the clocks of client and server.", "w32tm /query /status"),
        R::RenewCertificate => {
            plain("Bind a valid server certificate for the server's full name to the WSUS site.")
        }
        R::MatchName => plain("Use the same full name (FQDN) in WUServer and in the certificate."),
        R::TrustIssuer => plain(
            "Import the issuer's certificate into the Trusted Root store of the local computer of every client (the user's store is not enough).",
        ),
        R::ReachRevocation => {
            plain("Make the revocation list that the certificate names reachable for the client.")
        }
        R::NoClientCertificate => {
            plain("Let the virtual directories of WSUS ignore client certificates (SSL settings in IIS).")
        }
        R::SetUpTls => plain(
            "Set up TLS 1.2 on the client (Windows 7, 2008 R2, 2012: KB3140245 and its registry values), and on the server.",
        ),
        R::StartServices => with(
            "Start Update Services and the World Wide Web Publishing Service on the WSUS server.",
            "net start W3SVC & net start WsusService",
        ),
        R::StartSite => with(
            "Start the WSUS site on the server.",
            "%windir%\\system32\\inetsrv\\appcmd start site \"WSUS Administration\"",
        ),
        R::Resume { class: c } => (
            format!(
                "Resume {}: take the pause out of the policy that sets it, or out of Settings; else it ends by itself.",
                class(*c)
            ),
            None,
        ),
        R::EndDeferral { class: c } => {
            (format!("Shorten or remove the deferral of {}, or wait.", class(*c)), None)
        }
        R::DeferralForService => plain(
            "Where the deployment service manages feature updates, set their deferral to 0 days once the device is enrolled.",
        ),
        R::ChangeTarget => {
            plain("Name another version in the policy 'Select the target Feature Update version', or none.")
        }
        R::AwaitHold => {
            plain("Look up the id on the Windows release health page, and wait until the hold is released.")
        }
        R::OptOutOfHold => plain(
            "Only to test: opt out by the policy 'Disable safeguards for Feature Updates' (DisableWUfBSafeguards).",
        ),
        R::ResumeDeployment => plain("Resume the deployment, or wait for its start; then it shows offering."),
        R::DeployAtSource => plain(
            "Deploy it where the device looks: approve it in WSUS, or let the class come from Windows Update if the deployment service deploys it.",
        ),
        R::SetAllSources => plain(
            "Set all four classes in 'Specify source service for specific classes of Windows Updates', and keep UseUpdateClassPolicySource 1 below ...\\AU.",
        ),
        R::SetSwitch => plain(
            "Set the sources by 'Specify source service for specific classes of Windows Updates': it writes UseUpdateClassPolicySource below ...\\AU, where it counts.",
        ),
        R::RemoveDeferrals => {
            plain("Remove leftover deferrals and pauses, if WSUS is to deliver Windows' updates.")
        }
        R::DisableDualScan => plain(
            "On Windows 10 and Server 2016 to 2022: 'Do not allow update deferral policies to cause scans against Windows Update' (DisableDualScan) keeps them with WSUS. On Windows 11 and Server 2025 it does nothing.",
        ),
        R::AllowDualScan => plain(
            "Remove DisableDualScan, if the class is to come from Windows Update; else set its source policy to WSUS.",
        ),
        R::UseServer => plain(
            "Set UseWUServer to 1 below ...\\AU (policy 'Specify intranet Microsoft update service location'), or remove WUServer.",
        ),
        R::AllowInternet => plain(
            "Turn off 'Do not connect to any Windows Update Internet locations', or let every class come from WSUS.",
        ),
        R::OneAuthority => {
            plain("Let one authority, group policy or MDM, set the sources, and remove the other's values.")
        }
        R::Search => plain(
            "Search for updates on the device (Settings, Windows Update, Check for updates), then look again.",
        ),
        R::Join => plain("Join the device to Microsoft Entra ID, or hybrid join it, then enrol it."),
        R::Enrol => plain(
            "Enrol the device in update management of the deployment service, and clear its registration errors.",
        ),
        R::InstallHealthTools => plain(
            "Install KB4023057 (Windows 10 1809 and later) or a newer quality update that brings the tools.",
        ),
        R::InstallWsusUpdate { updates } => {
            (format!("Install {} or a later rollup on the WSUS server, then restart it.", kbs(updates)), None)
        }
        R::InstallConsoleUpdate { updates } => (
            format!(
                "Install {} or a later update on the computer of the console, then restart it.",
                kbs(updates)
            ),
            None,
        ),
        R::StartPool => with(
            "Start the application pool of WSUS, and read in the event log why it stopped.",
            "%windir%\\system32\\inetsrv\\appcmd start apppool /apppool.name:WsusPool",
        ),
        R::RaisePoolMemory => {
            plain("Raise the private memory limit of the WSUS application pool to 4 to 8 GB, or more.")
        }
        R::CheckVirtualDirectory => with(
            "Check that the virtual directories of WSUS are there and in their pool.",
            "%windir%\\system32\\inetsrv\\appcmd list vdir",
        ),
        R::CheckAccess => plain(
            "Check certificates, SSL settings and authentication of that virtual directory (403 in a browser is usual).",
        ),
        R::CheckConfiguration => {
            plain("Repair the web.config or applicationHost.config that the error page on the server names.")
        }
        R::ReadServerLog => plain(
            "Read the server's event log and %ProgramFiles%\\Update Services\\LogFiles\\SoftwareDistribution.log at that time.",
        ),
        R::CheckRequestSize => plain(
            "Check the request limits of that virtual directory (maxAllowedContentLength, maxRequestLength).",
        ),
        R::RaiseLimit { file, line, from, to, old, new } => (
            format!("Change line {line} of web.config ({from} to {to}); kbwhy does not edit it:"),
            Some(format!("--- {file}\n+++ {file}\n@@ -{line} +{line} @@\n-{old}\n+{new}")),
        ),
        R::RaiseLimitSomewhere => plain(
            "In %programfiles%\\Update Services\\WebServices\\ClientWebService\\web.config change maxInstalledPrerequisites from 400 to 800.",
        ),
        R::TakeOver => with(
            "On the WSUS server, in %programfiles%\\Update Services\\WebServices\\ClientWebService, make the file writable.",
            "takeown /f web.config & icacls web.config /grant administrator:(F)",
        ),
        R::RestartIis => with("Let IIS read its configuration again.", "iisreset"),
        R::DeclineSuperseded => {
            plain("Decline superseded updates on the WSUS server, and run its maintenance.")
        }
        R::RaiseCached => plain("Raise maxCachedUpdates in the same web.config."),
        R::ResetClient => with(
            "Give the client a new identity, then let it search; wait 10 to 15 minutes.",
            r"net stop wuauserv & reg delete HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate /v SusClientId /f & reg delete HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate /v SusClientIDValidation /f & net start wuauserv & wuauclt /resetauthorization /detectnow",
        ),
    }
}

fn ask(a: Ask) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    let export = |key: UpdateKey, file: &str| vec![format!("reg export \"{}\" {file}", key.shown())];
    match a {
        Ask::MuxCode => one("kbwhy diagnose --error \"the whole message with its number\""),
        Ask::Update => one("name the update that is meant: kbwhy diagnose KB5005030 ..."),
        Ask::Windows => one("systeminfo > systeminfo.txt"),
        Ask::Policies => export(UpdateKey::GroupPolicy, "policies.reg"),
        Ask::ManagedPolicies => export(UpdateKey::DeviceManagement, "mdm.reg"),
        Ask::ResolvedPolicies => export(UpdateKey::Resolved, "resolved.reg"),
        Ask::PauseStatus => export(UpdateKey::PauseStatus, "paused.reg"),
        Ask::LastScan => one(
            "powershell (New-Object -ComObject Microsoft.Update.AutoUpdate).Results.LastSearchSuccessDate",
        ),
        Ask::Holds => one(
            r#"reg export "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\TargetVersionUpgradeExperienceIndicators" holds.reg"#,
        ),
        Ask::Deployment => one(
            "GET https://graph.microsoft.com/beta/admin/windows/updates/deployments  (state.effectiveValue)",
        ),
        Ask::Join => one("dsregcmd /status > dsreg.txt"),
        Ask::Device => one(
            "GET https://graph.microsoft.com/beta/admin/windows/updates/updatableAssets/{device id}  (enrollments, errors)",
        ),
        Ask::HealthTools => one(r#"dir "%ProgramFiles%\Microsoft Update Health Tools""#),
        Ask::WsusVersion => one(
            "powershell (Get-WsusServer).Version  (or the console: Overview, Connection, Server Version), then --wsus-version",
        ),
        Ask::ConsoleVersion => one(
            "on the console's computer: wmic qfe list  (KB4039929); or --console-version, at least 3.2.7600.283",
        ),
        Ask::ServerInventory => one("on the WSUS server: kbwhy collect --script > collect.ps1"),
        Ask::Services => one("sc query WsusService & sc query W3SVC"),
        Ask::Site => one(r"%windir%\system32\inetsrv\appcmd list site"),
        Ask::IisLog => one(r"kbwhy diagnose --iis-log C:\inetpub\logs\LogFiles\W3SVC*\u_ex*.log"),
        Ask::WebConfig => one(
            r#"kbwhy diagnose --web-config "C:\Program Files\Update Services\WebServices\ClientWebService\web.config""#,
        ),
        Ask::ClientLog => {
            one("powershell Get-WindowsUpdateLog  (on the client; then --log WindowsUpdate.log)")
        }
    }
}

/// A class and its source, for tables.
pub fn route_words(r: &Routed) -> String {
    format!("{}: {}", class(r.class), source(r.source))
}
