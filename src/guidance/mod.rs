//! Microsoft's guidance on troubleshooting the updates of Windows Server, row by row: each row is a check of what was
//! given, with its evidence, its outcome and what to do. What cannot be seen is asked for.
//!
//! Source: <https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-server-update-guidance>

mod client_log;
mod held_back;
mod iis_log;
mod network;
mod pages;
mod policies;
mod remedies;
mod source;
mod web_config;
mod wsus;

pub use client_log::{ClientFault, ClientLine, ClientLog, ClientReader};
pub use iis_log::{IisError, IisLog, IisReader, WsusService, is_iis_log};
pub use network::{NetworkCode, NetworkKind, codes, is_mux};
pub use policies::{Policies, Seen, Setting};
pub use remedies::{Ask, Danger, Remedy, Rule};
pub use source::{Class, Conflict, Decider, Routed, Routing, Source, routing};
pub use web_config::{LimitLine, WebConfig, WebConfigError, is_web_config, read as read_web_config};

use crate::{
    catalog::Catalog,
    model::{Host, KbId, Origin, Standing, Truth, Version},
    resolve::{self, identity},
};
use jiff::civil::Date;

/// What the user sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symptom {
    /// an update that was deployed does not arrive
    NotArriving,
    /// an update arrives that was not deployed
    Unexpected,
    /// clients do not reach WSUS, or WSUS fails
    Wsus,
    /// "Failed to connect to Mux due to network or cert errors"
    Mux,
}

/// One row of the guidance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// the network or certificate code in a message
    NetworkCode,
    /// updates of a class are paused
    Paused(Class),
    /// updates of a class are deferred
    Deferred(Class),
    /// feature updates are held at a version
    TargetVersion,
    /// Microsoft holds a feature update back
    SafeguardHold,
    /// the deployment is in the state that offers
    DeploymentState,
    /// where updates are looked for
    ScanSource,
    /// policies that do not do what they look like
    ScanPolicy,
    /// when updates were last looked for
    LastScan,
    /// the device is enrolled with the deployment service
    Enrolment,
    /// the program that expedited updates need
    HealthTools,
    /// the update that WSUS needs
    WsusVersion,
    /// the same, of a remote administration console
    WsusConsole,
    /// the services of WSUS
    WsusServices,
    /// the web site of WSUS
    WsusSite,
    /// errors in the log of the web server
    IisLog,
    /// how many prerequisites a client may name
    PrerequisiteLimit,
}

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// it is so, and something is to be done
    Fail,
    /// what was given does not show it
    Unknown,
    /// checked, and in order
    Pass,
}

/// Why: a statement with its source.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// a value of a policy
    Setting(Setting),
    /// a value that is not there
    NotSet {
        /// its name
        name: &'static str,
        /// where that was seen
        origin: Origin,
    },
    /// a fact of the host by its name
    Fact {
        /// name
        name: String,
        /// value
        value: String,
        /// where it was read
        origin: Origin,
    },
    /// a line of a file, as it is
    Line {
        /// the line, at most 300 characters
        text: String,
        /// where it stands
        origin: Origin,
    },
    /// a class of updates with its source
    Routed {
        /// the class
        class: Class,
        /// its source
        source: Source,
        /// why
        by: Decider,
        /// where the deciding value was read
        origin: Option<Origin>,
        /// the name and value that decide
        value: Option<(String, String)>,
    },
    /// errors of one kind in the log of a web server
    Requests(IisError),
    /// what a page states
    Rule(Rule),
    /// what a rule of the catalog states
    Stated {
        /// in our words
        text: String,
        /// the page
        url: String,
        /// how well it is known
        standing: Standing,
    },
    /// what the resolver found
    Resolved(resolve::statement::Evidence),
}

impl Proof {
    fn seen(seen: &Seen) -> Option<Self> {
        match seen {
            Seen::Is(setting) => Some(Self::Setting(setting.clone())),
            Seen::Absent { name, origin, .. } => Some(Self::NotSet { name, origin: origin.clone() }),
            Seen::Assumed { .. } | Seen::Unknown { .. } => None,
        }
    }
}

/// What a finding says, in one sentence of `explain`.
#[allow(missing_docs, reason = "field names say it; each variant is documented")]
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// a code of the message, decoded
    Network { code: NetworkCode },
    /// numbers of the message that no table has
    NetworkUnmapped { numbers: Vec<String> },
    /// the message has no number
    NetworkNoCode,
    /// paused now, as of the day the inventory was made; until then, if that is known
    Paused { class: Class, until: Option<Date> },
    /// not paused, or no longer
    NotPaused { class: Class, ended: Option<Date> },
    /// a pause was begun; whether it lasts is not shown
    PauseOpen { class: Class, until: Option<Date> },
    /// nothing tells whether updates are paused
    PauseUnknown { class: Class },
    /// deferred by so many days; the day from which this update is offered, if it is known
    Deferred { class: Class, days: u32, offered: Option<Date> },
    /// deferred, and this update is past it
    DeferralOver { class: Class, days: u32, offered: Date },
    /// not deferred
    NotDeferred { class: Class },
    /// nothing tells of deferrals
    DeferralUnknown { class: Class },
    /// feature updates stay at a version, which the host has
    HeldAt { version: String },
    /// feature updates go to a version and no further
    HeldFor { version: String },
    /// no version is named
    NotHeld,
    /// nothing tells whether one is
    HeldUnknown,
    /// a hold is recorded, by its ids
    Hold { ids: Vec<String> },
    /// none is recorded, which may be out of date
    HoldNotRecorded,
    /// holds are opted out of
    HoldsOff,
    /// nothing tells of holds
    HoldUnknown,
    /// the state of the deployment, as it was stated
    DeploymentState { state: String, offers: bool },
    /// it cannot be seen from the device
    DeploymentUnknown,
    /// sources by class; what the deployment service deploys comes from elsewhere
    Sources { routing: Box<Routing>, elsewhere: bool },
    /// a policy that does not do what it looks like
    Conflict { conflict: Conflict, server: Option<String> },
    /// the day of the last search
    Scanned { on: String },
    /// the last search was before the update was published
    ScannedBefore { on: Date, published: Date },
    /// it never searched
    ScanUnknown,
    /// not joined to Microsoft Entra ID: cannot be enrolled
    NotJoined,
    /// joined; enrolment itself is not seen from the device
    Joined,
    /// nothing tells
    EnrolmentUnknown,
    /// the Update Health Tools are there
    ToolsThere,
    /// they are not
    ToolsMissing,
    /// nothing tells
    ToolsUnknown,
    /// the server's version is high enough, or not
    WsusVersion { version: Version, least: Version, enough: bool },
    /// an update that WSUS needs is there
    WsusUpdate { updates: Vec<KbId>, there: Truth },
    /// later versions of Windows have it
    WsusNewer { windows: String },
    /// the inventory is of no server with WSUS
    WsusNotThisHost { windows: String },
    /// the console's version
    ConsoleVersion { version: Version, least: Version, enough: bool },
    /// the console's update
    ConsoleUnknown,
    /// services that do not run, services that run
    Services { stopped: Vec<String>, running: Vec<String> },
    /// some or all are not known
    ServicesUnknown,
    /// sites
    Sites { stopped: Vec<String>, running: Vec<String> },
    /// not known
    SitesUnknown,
    /// errors, of how many requests of WSUS clients
    IisErrors { errors: u64, requests: u64 },
    /// none
    IisClean { requests: u64 },
    /// no request of a client is in it
    IisNoRequests { lines: u64 },
    /// no log was given
    IisUnknown,
    /// the limit stands below what the fix sets
    Limit { value: u32, wanted: u32, faulted: Truth },
    /// the limit was raised, and clients fail all the same
    LimitRaised { value: u32 },
    /// the limit is in order
    LimitFine { value: u32 },
    /// no web.config was given
    LimitUnknown,
    /// the key is not in the file
    LimitMissing,
    /// the client's fault is another one
    OtherFault { fault: ClientFault },
}

/// One row of the guidance, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// the row
    pub check: Check,
    /// what it comes to
    pub outcome: Outcome,
    /// in words
    pub says: Says,
    /// why
    pub proofs: Vec<Proof>,
    /// what to do
    pub remedies: Vec<Remedy>,
    /// what would settle it
    pub asks: Vec<Ask>,
}

impl Finding {
    fn new(check: Check, outcome: Outcome, says: Says) -> Self {
        Self { check, outcome, says, proofs: Vec::new(), remedies: Vec::new(), asks: Vec::new() }
    }
    fn proof(mut self, proofs: impl IntoIterator<Item = Proof>) -> Self {
        self.proofs.extend(proofs);
        self
    }
    fn remedy(mut self, remedies: impl IntoIterator<Item = Remedy>) -> Self {
        self.remedies.extend(remedies);
        self
    }
    fn ask(mut self, asks: impl IntoIterator<Item = Ask>) -> Self {
        self.asks.extend(asks);
        self
    }
}

/// What is asked, and all that was given.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// facts about updates
    pub catalog: &'a Catalog,
    /// the host
    pub host: &'a Host,
    /// what the user sees
    pub symptom: Option<Symptom>,
    /// the error or message
    pub error: Option<&'a str>,
    /// the update that is meant
    pub update: Option<KbId>,
    /// configurations of the client web service of WSUS
    pub web_configs: &'a [WebConfig],
    /// logs of the web server
    pub iis_logs: &'a [IisLog],
    /// what logs of clients say of faults and sources
    pub client_logs: &'a [ClientLog],
    /// version of WSUS, as its console shows it
    pub wsus_version: Option<Version>,
    /// version of a remote administration console
    pub console_version: Option<Version>,
}

/// Checks the rows that the symptom, the error and the files ask for; failing ones first, each kind in the order of the
/// guidance. Without a symptom only what fails is told of policies.
pub fn check(asked: &Asked<'_>) -> Vec<Finding> {
    let identity = identity::identify(asked.catalog, asked.host);
    let installed = resolve::installed::Installed::derive(asked.catalog, asked.host, &identity);
    let mut out: Vec<Finding> = Vec::new();
    let mux = asked.error.is_some_and(is_mux) || asked.symptom == Some(Symptom::Mux);
    if mux {
        out.extend(mux_findings(asked.error.unwrap_or_default()));
    }
    let routing = || source::routing(asked.host, &identity);
    match asked.symptom {
        Some(Symptom::NotArriving) => out.extend(held_back::not_arriving(asked, &identity, &routing())),
        Some(Symptom::Unexpected) => out.extend(held_back::unexpected(asked, &identity, &routing())),
        Some(Symptom::Wsus | Symptom::Mux) => {}
        None => {
            let told = held_back::not_arriving(asked, &identity, &routing()).into_iter();
            let policy =
                |f: &Finding| matches!(f.check, Check::Paused(_) | Check::ScanPolicy | Check::SafeguardHold);
            out.extend(told.filter(|f| f.outcome == Outcome::Fail && policy(f)));
        }
    }
    out.extend(wsus::findings(asked, &identity, &installed));
    // what a client was seen to fail of goes before what fails on the server in general
    out.sort_by_key(|f| (f.outcome, f.outcome != Outcome::Fail || f.check != Check::PrerequisiteLimit));
    out
}

/// Every code in the message; what is asked for if there is none.
fn mux_findings(text: &str) -> Vec<Finding> {
    let (known, others) = codes(text);
    if known.is_empty() {
        let says =
            if others.is_empty() { Says::NetworkNoCode } else { Says::NetworkUnmapped { numbers: others } };
        return vec![
            Finding::new(Check::NetworkCode, Outcome::Unknown, says)
                .proof([Proof::Rule(Rule::MuxNumber), Proof::Rule(Rule::MuxElsewhere)])
                .ask([Ask::MuxCode]),
        ];
    }
    let one = |code: NetworkCode| {
        let remedies = remedies::of_network(code.kind);
        let mut proofs = vec![Proof::Rule(Rule::Code(code.page)), Proof::Rule(Rule::MuxNumber)];
        if code.kind.is_certificate() && code.code == 0x8007_2f8f {
            proofs.push(Proof::Rule(Rule::Tls12));
        }
        proofs.push(Proof::Rule(Rule::MuxElsewhere));
        Finding::new(Check::NetworkCode, Outcome::Fail, Says::Network { code }).proof(proofs).remedy(remedies)
    };
    known.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests;
