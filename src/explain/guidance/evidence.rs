//! What findings of the guidance rest on, in words.

use super::{class, source};
use crate::{
    guidance::{Decider, IisError, Proof, Rule},
    model::{Location, Origin, UpdateKey},
    report::EvidenceReport,
};

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

/// What a finding rests on.
pub(super) fn evidence(p: &Proof) -> EvidenceReport {
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
        Proof::Rule(r) if r.is_secondary() => EvidenceReport {
            text: rule(*r).to_owned(),
            source: "rule".into(),
            line: None,
            url: None,
            standing: Some("secondary"),
        },
        Proof::Rule(r) => by_page(rule(*r), r.page()),
        Proof::Stated { text, url, standing } => EvidenceReport {
            text: text.clone(),
            source: "catalog".into(),
            line: None,
            url: Some(url.clone()),
            standing: Some(standing.name()),
        },
        Proof::Resolved(e) => crate::explain::evidence_report(e),
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
        Rule::SettingsPause => {
            "that Settings keeps a pause in these values is what independent programs agree on; no page of Microsoft states it"
        }
        Rule::HoldRecord => {
            "that Windows records holds there is what independent programs agree on; no page of Microsoft states it"
        }
        Rule::FaultCauses => {
            "80244007 has three causes: prerequisites, updates that the client knows, a missing entry for the client"
        }
    }
}
