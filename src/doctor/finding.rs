//! What checks look at and what they find, as data.

use super::Repair;
use crate::{
    model::{Cause, KbId, Origin},
    resolve::{
        question::Outcome,
        statement::{self, Ask, Certainty, From},
    },
};
use jiff::civil::Date;

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
    pub(super) const fn weight(self) -> u8 {
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
    pub(super) fn host(says: Says, origin: &Origin) -> Self {
        Self { says, from: From::Host(origin.clone()) }
    }
    pub(super) fn page(says: Says, url: &str) -> Self {
        Self { says, from: From::Catalog { url: url.to_owned(), standing: crate::model::Standing::Verified } }
    }
    pub(super) fn rule(says: Says) -> Self {
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
    pub(super) fn new(action: Action, source: &str) -> Self {
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
    pub(super) fn new(check: Check, outcome: Outcome, severity: Severity, evidence: Vec<Evidence>) -> Self {
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
    pub(super) fn pass(check: Check, evidence: Vec<Evidence>) -> Self {
        Self::new(check, Outcome::Pass, Severity::Stops, evidence)
    }
    pub(super) fn fail(check: Check, severity: Severity, evidence: Vec<Evidence>) -> Self {
        Self::new(check, Outcome::Fail, severity, evidence)
    }
    /// `open` where nothing can be said without it.
    pub(super) fn unknown(check: Check, open: bool, evidence: Vec<Evidence>, ask: Vec<Ask>) -> Self {
        Self {
            open,
            ask,
            certainty: Certainty::Possible,
            ..Self::new(check, Outcome::Unknown, Severity::Stops, evidence)
        }
    }
    pub(super) fn inferred(self) -> Self {
        Self { certainty: Certainty::Inferred, ..self }
    }
    pub(super) fn naming(self, updates: Vec<KbId>) -> Self {
        Self { updates, ..self }
    }
    pub(super) fn of(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
    pub(super) fn remedy(mut self, action: Action, source: &str) -> Self {
        self.remedy.push(Remedy::new(action, source));
        self
    }
    /// Stops the next update, as far as is known.
    pub fn stops(&self) -> bool {
        self.outcome == Outcome::Fail && self.severity == Severity::Stops
    }
    /// Its place: failures by what they mean, what is open, what was not told, what is in order.
    pub(super) fn place(&self) -> (u8, Severity, u8, Check) {
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
