//! What will stop updates on one host next: all checks at once, most serious first; and the checklist that Microsoft's
//! guidance begins with, for this host. Pure: no I/O, no clock, no wording. "Today" is a day that the caller names.

mod checklist;
mod lifecycle;
mod next;
mod state;

pub use checklist::{Repair, checklist};

use crate::{
    catalog::Catalog,
    model::{Cause, Host, KbId, Origin},
    resolve::{
        identity::{self, Identity},
        installed::Installed,
        question::Outcome,
        statement::{self, Ask, Certainty, From},
    },
};
use jiff::civil::Date;

/// The guidance whose checklist is followed.
pub const GUIDANCE: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-server-update-guidance";
/// Repair of the component store: DISM, then sfc; before Windows 8 the System Update Readiness Tool. KB947821.
pub const REPAIR: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/fix-windows-update-errors";
/// Servicing stack updates: which systems need them apart.
pub const STACKS: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/servicing-stack-updates";
/// Space on the system disk.
pub const SPACE: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070070";
/// Updates that hang in "Install Pending".
pub const STUCK: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/error-2359302-installing-windows-updates";
/// The services of Windows Update.
pub const SERVICES: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-client/installing-updates-features-roles/additional-resources-for-windows-update";
/// What Windows Update lets no remote session do.
pub const REMOTE: &str =
    "https://learn.microsoft.com/en-us/windows/win32/wua_sdk/using-wua-from-a-remote-computer";

/// The day by which a host is judged, and who named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today {
    /// the day
    pub date: Date,
    /// who named it
    pub from: TodayFrom,
}

/// Who named the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TodayFrom {
    /// the date of the catalog's newest facts
    Catalog,
    /// the host: the last day of which it tells
    Host,
    /// the user
    Given,
    /// the clock of the machine that kbwhy runs on
    Clock,
}

impl Today {
    /// The date of the catalog's newest facts: what holds without a clock.
    pub fn of(catalog: &Catalog) -> Self {
        Self { date: catalog.as_of(), from: TodayFrom::Catalog }
    }

    /// The last day of which the host tells, if that is later than the catalog's facts; else their date.
    pub fn of_host(catalog: &Catalog, host: &Host) -> Self {
        let looked_at = ["collected", "lastsearchsuccessdate"].into_iter();
        let texts = looked_at
            .filter_map(|name| host.management.get(name))
            .filter_map(|f| f.value.trim().get(..10)?.parse::<Date>().ok());
        let stated = texts.max();
        // a clock that went wrong is no reason to tell of ends that are far off
        let plausible = |d: &Date| *d > catalog.as_of() && d.year() <= catalog.as_of().year() + 3;
        match stated.filter(plausible) {
            Some(date) => Self { date, from: TodayFrom::Host },
            None => Self::of(catalog),
        }
    }
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// is it known which Windows it is?
    Identification,
    /// does Microsoft still make updates for it?
    Lifecycle,
    /// is it at the service pack that updates are made for?
    ServicePack,
    /// a cause that the resolver finds for the next update
    Of(Cause),
    /// are updates half installed?
    HalfInstalled,
    /// how old is what it has?
    Level,
    /// does it have the newest servicing stack?
    NewestStack,
    /// did updates fail when last tried?
    FailedUpdates,
    /// a step of the checklist: restart first
    StepRestart,
    /// a step of the checklist: the newest servicing stack
    StepStack,
    /// a step of the checklist: repair of system files
    StepRepair,
    /// a step of the checklist: installation by hand
    StepManual,
}

impl Check {
    /// The code that reports and scripts use, in kebab-case: that of the cause where it is one.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Identification => "windows-version",
            Self::Lifecycle => "end-of-support",
            Self::ServicePack => "missing-service-pack",
            Self::Of(cause) => cause.code(),
            Self::HalfInstalled => "half-installed",
            Self::Level => "behind",
            Self::NewestStack => "older-servicing-stack",
            Self::FailedUpdates => "failed-updates",
            Self::StepRestart => "checklist-restart",
            Self::StepStack => "checklist-servicing-stack",
            Self::StepRepair => "checklist-repair",
            Self::StepManual => "checklist-manual-install",
        }
    }
    /// What takes longest to put right comes first; what settles other questions, before them.
    const fn weight(self) -> u8 {
        match self {
            Self::Identification => 0,
            Self::Lifecycle => 1,
            Self::Of(Cause::NotEntitled) => 2,
            Self::ServicePack => 3,
            Self::Of(Cause::StoreCorruption) => 4,
            Self::NewestStack => 5,
            Self::HalfInstalled => 6,
            Self::Level => 7,
            Self::Of(Cause::MissingServicingStack) => 8,
            Self::Of(Cause::MissingSha2Support) => 9,
            Self::Of(Cause::MissingCheckpoint) => 10,
            Self::Of(Cause::PendingReboot) => 12,
            Self::Of(Cause::Space) => 14,
            Self::FailedUpdates => 15,
            Self::Of(_) | Self::StepRestart | Self::StepStack | Self::StepRepair | Self::StepManual => 11,
        }
    }
    /// A short title for text.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Identification => "Windows version",
            Self::Lifecycle => "lifecycle",
            Self::ServicePack => "service pack",
            Self::Of(cause) => cause.title(),
            Self::HalfInstalled => "half installed",
            Self::Level => "newest update",
            Self::NewestStack => "newest stack",
            Self::FailedUpdates => "failed updates",
            Self::StepRestart => "restart first",
            Self::StepStack => "newest stack",
            Self::StepRepair => "damaged files",
            Self::StepManual => "install by hand",
        }
    }
}

/// What a failure of a check means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// the next update does not install, or there is none
    Stops,
    /// it will come to that on a day that is known, or probably
    Soon,
    /// worth doing; stops nothing
    Advice,
}

impl Severity {
    /// `stops`, `soon`, `advice`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Soon => "soon",
            Self::Advice => "advice",
        }
    }
}

/// What a finding says, as data. Revisions are UBRs, days are whole days.
#[allow(missing_docs, reason = "field names say it; each variant is documented")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// a statement of the resolver
    Resolver(statement::Says),
    /// which Windows it is, is not known
    NotIdentified,
    /// the catalog has no line of updates for it
    NoUpdatesKnown(String),
    /// the host may be any of these
    OneOf(Vec<String>),
    /// updates are still made for those who are entitled to them; until when, no source tells
    EsuIsMade,
    /// support for everybody ends or ended
    SupportEnds { what: String, end: Date, today: Date },
    /// Extended Security Updates end or ended
    EsuEnds { end: Date, today: Date },
    /// an Embedded system has a lifecycle of its own
    OwnLifecycle,
    /// no source tells of its lifecycle
    NoLifecycle(String),
    /// after the end of support updates install only with Extended Security Updates
    NeedsEsu { since: Date },
    /// it took an update that only entitled hosts take
    TookEsuUpdate { kb: KbId, date: Date },
    /// it is to be at this service pack
    ServicePackFirst { has: Option<u8>, needs: u8 },
    /// the service pack that this Windows takes next
    PackOf(KbId, String),
    /// the newest update that the catalog knows for it
    Newest { kb: KbId, date: Option<Date> },
    /// the last update that needs no Extended Security Updates
    LastForEverybody { kb: KbId, date: Option<Date> },
    /// what the host has of the line
    HasOfLine { kb: Option<KbId>, build: Option<String>, date: Option<Date>, at_least: bool },
    /// nothing of the line is seen on it
    HasNoneOfLine,
    /// enrolled for hotpatching
    Hotpatched,
    /// what lies between the two
    Behind { months: u32, updates: u32, to: KbId },
    /// it is at a revision that the catalog does not know yet
    NewerThanCatalog { build: String, as_of: Date },
    /// what the newest update needs is there, or nothing
    NeedsAreMet(KbId),
    /// the newest servicing stack update
    NewestStack(KbId),
    /// cumulative updates carry the stack
    StackComesWithUpdates,
    /// an update or package is in this state
    InState { name: String, state: &'static str },
    /// the component store is not damaged
    StoreWhole,
    /// free bytes on the system drive
    Free(u64),
    /// a service is disabled
    ServiceDisabled(&'static str),
    /// a service starts when it is needed
    ServiceStarts(&'static str),
    /// an update failed when it was last tried
    Failed { kb: KbId, code: String, meaning: Option<&'static str> },
    /// nothing that was given tells of it
    NotTold,
    /// of the states that were given, none is in between
    NothingHalfInstalled(usize),
    /// the package to take: its name up to the digest
    PackageName { name: String, architecture_known: bool },
    /// a checkpoint goes on first when installed by hand
    CheckpointFirst(KbId),
}

/// A statement and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// what
    pub says: Says,
    /// whence
    pub from: From,
}

impl Evidence {
    fn host(says: Says, origin: &Origin) -> Self {
        Self { says, from: From::Host(origin.clone()) }
    }
    fn page(says: Says, url: &str) -> Self {
        Self { says, from: From::Catalog { url: url.to_owned(), standing: crate::model::Standing::Verified } }
    }
    fn rule(says: Says) -> Self {
        Self { says, from: From::Rule }
    }
}

impl std::convert::From<statement::Evidence> for Evidence {
    fn from(e: statement::Evidence) -> Self {
        Self { says: Says::Resolver(e.says), from: e.from }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// install one of these first
    Install(Vec<KbId>),
    /// take this service pack
    ServicePack(u8),
    /// restart
    Restart,
    /// look at what hangs in "Install Pending" after a restart
    RevertPending,
    /// obtain and activate Extended Security Updates
    Entitle,
    /// move to a release that is supported
    Upgrade,
    /// the same of Extended Security Updates, before updates for everybody end
    EntitleBy(Date),
    /// move on before updates end
    UpgradeBy(Date),
    /// bring in SHA-2 support
    AddSha2(Vec<KbId>),
    /// repair the component store, by the means that this Windows has
    RepairStore(Repair, Option<KbId>),
    /// free space on the system drive
    FreeSpace,
    /// let a service start again
    StartService(&'static str),
    /// not from a remote session
    RunLocally,
    /// install an update again
    InstallAgain(KbId),
    /// ask why an update failed
    Explain(KbId, String),
    /// download from the Update Catalog and install
    ByHand {
        /// the update
        kb: KbId,
        /// its file name, with stars for what is not known
        name: String,
    },
    /// a step in the resolver's words
    Other(crate::resolve::question::Remedy),
}

/// What to do, and the page that says so; none where it follows by a rule of kbwhy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// what
    pub action: Action,
    /// page
    pub source: Option<String>,
}

impl Remedy {
    fn new(action: Action, source: &str) -> Self {
        Self { action, source: Some(source.to_owned()) }
    }
}

/// The outcome of one check.
#[derive(Clone, Debug)]
pub struct Finding {
    /// what was looked at
    pub check: Check,
    /// pass, fail, unknown
    pub outcome: Outcome,
    /// what a failure means; of others: what one would mean
    pub severity: Severity,
    /// for an unknown: there is a sign of it, or nothing can be said without it
    pub open: bool,
    /// how sure
    pub certainty: Certainty,
    /// updates that it names, nearest first
    pub updates: Vec<KbId>,
    /// the evidence, the most telling first; never empty
    pub evidence: Vec<Evidence>,
    /// what would settle an unknown
    pub ask: Vec<Ask>,
    /// what to do
    pub remedy: Vec<Remedy>,
}

impl Finding {
    fn new(check: Check, outcome: Outcome, severity: Severity, evidence: Vec<Evidence>) -> Self {
        Self {
            check,
            outcome,
            severity,
            open: false,
            certainty: Certainty::Confirmed,
            updates: Vec::new(),
            evidence,
            ask: Vec::new(),
            remedy: Vec::new(),
        }
    }
    fn pass(check: Check, evidence: Vec<Evidence>) -> Self {
        Self::new(check, Outcome::Pass, Severity::Stops, evidence)
    }
    fn fail(check: Check, severity: Severity, evidence: Vec<Evidence>) -> Self {
        Self::new(check, Outcome::Fail, severity, evidence)
    }
    /// `open` where nothing can be said without it.
    fn unknown(check: Check, open: bool, evidence: Vec<Evidence>, ask: Vec<Ask>) -> Self {
        Self {
            open,
            ask,
            certainty: Certainty::Possible,
            ..Self::new(check, Outcome::Unknown, Severity::Stops, evidence)
        }
    }
    fn inferred(self) -> Self {
        Self { certainty: Certainty::Inferred, ..self }
    }
    fn naming(self, updates: Vec<KbId>) -> Self {
        Self { updates, ..self }
    }
    fn of(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
    fn remedy(mut self, action: Action, source: &str) -> Self {
        self.remedy.push(Remedy::new(action, source));
        self
    }
    /// Stops the next update, as far as is known.
    pub fn stops(&self) -> bool {
        self.outcome == Outcome::Fail && self.severity == Severity::Stops
    }
    /// Its place: failures by what they mean, what is open, what was not told, what is in order.
    fn place(&self) -> (u8, Severity, u8, Check) {
        let group = match (self.outcome, self.open) {
            (Outcome::Fail, _) if self.severity != Severity::Advice => 0,
            (Outcome::Unknown, true) => 1,
            (Outcome::Fail, _) => 2,
            (Outcome::Unknown, false) => 3,
            (Outcome::Pass, _) => 4,
        };
        (group, self.severity, self.check.weight(), self.check)
    }
}

/// What becomes of updates on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prospect {
    /// nothing that was given stops the next one
    Clear,
    /// something does
    Stopped,
    /// it is not known
    Unknown,
}

impl Prospect {
    /// `clear`, `stopped`, `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }
}

/// One host, examined.
#[derive(Clone, Debug)]
pub struct Examination {
    /// the host as identified
    pub identity: Identity,
    /// the day it is judged by
    pub today: Today,
    /// the update that it was judged for: the newest one that it may have
    pub next: Option<KbId>,
    /// every check, most serious first
    pub findings: Vec<Finding>,
    /// the checklist for when an update fails all the same
    pub checklist: Vec<Finding>,
}

impl Examination {
    /// What becomes of updates.
    pub fn prospect(&self) -> Prospect {
        if self.findings.iter().any(Finding::stops) {
            Prospect::Stopped
        } else if self.findings.iter().any(|f| f.outcome == Outcome::Unknown && f.open) {
            Prospect::Unknown
        } else {
            Prospect::Clear
        }
    }
}

/// All that a check may look at.
struct Context<'a> {
    catalog: &'a Catalog,
    host: &'a Host,
    identity: &'a Identity,
    installed: &'a Installed<'a>,
    today: Today,
}

impl Context<'_> {
    fn offline(&self) -> bool {
        self.host.offline_image.as_ref().is_some_and(|f| f.value)
    }
}

/// Examines a host.
///
/// ```
/// use kbwhy::{catalog::Catalog, doctor::{self, Prospect, Today}, model::Host};
/// let catalog = Catalog::embedded();
/// // of a host of which nothing is known, nothing is claimed
/// let examined = doctor::examine(catalog, &Host::default(), Today::of(catalog));
/// assert_eq!(examined.prospect(), Prospect::Unknown);
/// ```
pub fn examine(catalog: &Catalog, host: &Host, today: Today) -> Examination {
    let identity = identity::identify(catalog, host);
    let installed = Installed::derive(catalog, host, &identity);
    let c = Context { catalog, host, identity: &identity, installed: &installed, today };
    let support = lifecycle::support(&c);
    let mut findings = lifecycle::check(&c, &support);
    let next = next::check(&c, &support, &mut findings);
    state::check(&c, &mut findings);
    findings.sort_by_key(Finding::place);
    let checklist = checklist::steps(&c, &support, next);
    Examination { identity: identity.clone(), today, next, findings, checklist }
}

/// Every check on one host, most serious first.
pub fn checks(catalog: &Catalog, host: &Host, today: Today) -> Vec<Finding> {
    examine(catalog, host, today).findings
}
