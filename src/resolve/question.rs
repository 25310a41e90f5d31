//! What is asked: an update, the package that was tried, the error and the log.

use super::statement::{Ask, Certainty, Evidence};
use crate::{
    applicability::{NamedUpdate, RuleDocument},
    diagnose::{ErrorEvidence, LogEvidence, LogRead},
    model::{Architecture, Cause, KbId, Location, Origin},
    package::{PackageName, content::PackageContent},
};
use std::{collections::BTreeMap, sync::Arc};

/// A question about one update.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// the update; `None` asks only what the error, the log and the host's state show
    pub kb: Option<KbId>,
    /// the package that was tried, by its file name
    pub package: Option<PackageName>,
    /// what the package that was tried holds
    pub content: Option<Box<PackageContent>>,
    /// its architecture, as the user states it
    pub package_architecture: Option<Architecture>,
    /// the product it is for, as the user words it
    pub package_for: Option<String>,
    /// the error that was seen
    pub error: Option<ErrorEvidence>,
    /// lines of logs
    pub log: Vec<LogEvidence>,
    /// the logs that they are of
    pub logs: Vec<LogRead>,
    /// applicability rules of the update's packages, and of detectoids that they name
    pub rules: Vec<RuleDocument>,
    /// the rules are those of the package that is meant, whatever others there are: the user gave them or the package
    pub rules_given: bool,
    /// updates that the rules name as prerequisites, by GUID in lower case
    pub named: BTreeMap<String, NamedUpdate>,
}

impl Question {
    /// The architecture of the package that was tried, as stated, by its manifest or by its name.
    pub fn architecture_tried(&self) -> Option<Architecture> {
        self.package_architecture
            .or_else(|| self.content.as_ref()?.architecture())
            .or_else(|| self.package.as_ref()?.architecture)
    }

    /// Where the package that was tried tells something: the manifest in the file, or its name.
    pub fn package_origin(&self) -> Origin {
        let Some(content) = &self.content else {
            return Origin::whole(&Arc::from("--package"), "argument");
        };
        let file = Arc::from(content.file.as_str());
        match &content.main {
            Some(main) if !main.place.is_empty() => {
                Origin { input: file, format: "package", at: Location::Member(main.place.clone()) }
            }
            _ => Origin::whole(&file, "package"),
        }
    }
}

/// The outcome of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// this cause does not hold
    Pass,
    /// this cause holds
    Fail,
    /// not known
    Unknown,
}

/// What to do about a cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// nothing is to be installed
    Nothing,
    /// install these first; any one of each group will do
    InstallFirst(Vec<Vec<KbId>>),
    /// install this instead
    InstallInstead(Vec<KbId>),
    /// take the package of the same KB for this product and architecture
    TakePackageFor(String),
    /// there is no package for this host
    NoPackage(String),
    /// remove this first
    RemoveFirst(String),
    /// leave this, since the other one needs it: there is nothing to do for the update here
    Leave(KbId, KbId),
    /// install or enable a product, feature or role; without it the update is not needed
    AddProduct(String),
    /// do a step that is no update
    Step(String),
    /// restart, then look again
    Restart,
    /// repair the component store; the culprit is to be installed again
    RepairStore(Option<KbId>),
    /// obtain and activate the licence, or enrol
    Entitle(String),
    /// run it locally, not from a remote session
    RunLocally,
    /// enable and start the service
    StartService(String),
    /// stop other software and try again
    StopOtherSoftware,
    /// move to a supported system
    SupportedSystem,
    /// install it again now that the language pack is there
    InstallAgain,
    /// raise Windows to a later build
    RaiseBuild(String),
    /// install the newest servicing stack
    NewestStack,
    /// make room on the system drive
    FreeSpace,
    /// find out why an installer or a driver inside the package fails
    MendInstaller(String),
    /// add SHA-2 support
    AddSha2,
    /// what the table of remedies has against this cause
    ByTable(Cause),
}

/// What one check found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// the cause it looks for
    pub cause: Cause,
    /// whether it holds
    pub outcome: Outcome,
    /// how sure
    pub certainty: Certainty,
    /// shown directly by a log line, a package state or an error that names the cause
    pub direct: bool,
    /// for an unknown: it may really be so; else there is merely no sign of it
    pub open: bool,
    /// advice, not a condition: shown, never decisive, and no doubt about an applicable update
    pub advisory: bool,
    /// the update would apply, but its installation fails or must wait
    pub blocked: bool,
    /// updates that the cause names, nearest first
    pub updates: Vec<KbId>,
    /// the evidence; never empty
    pub evidence: Vec<Evidence>,
    /// what would settle it
    pub ask: Vec<Ask>,
    /// what to do
    pub remedy: Vec<Remedy>,
}

impl Finding {
    /// A check whose cause does not hold.
    pub fn pass(cause: Cause, certainty: Certainty, evidence: Vec<Evidence>) -> Self {
        Self::new(cause, Outcome::Pass, certainty, evidence)
    }
    /// A check whose cause holds.
    pub fn fail(cause: Cause, certainty: Certainty, evidence: Vec<Evidence>) -> Self {
        Self::new(cause, Outcome::Fail, certainty, evidence)
    }
    /// A check that cannot be decided; `open` if the cause may really hold.
    pub fn unknown(cause: Cause, open: bool, evidence: Vec<Evidence>, ask: Vec<Ask>) -> Self {
        Self { open, ask, ..Self::new(cause, Outcome::Unknown, Certainty::Possible, evidence) }
    }
    fn new(cause: Cause, outcome: Outcome, certainty: Certainty, evidence: Vec<Evidence>) -> Self {
        Self {
            cause,
            outcome,
            certainty,
            direct: false,
            open: false,
            advisory: false,
            blocked: false,
            updates: Vec::new(),
            evidence,
            ask: Vec::new(),
            remedy: Vec::new(),
        }
    }
    /// With the updates that it names.
    #[must_use]
    pub fn naming(mut self, updates: Vec<KbId>) -> Self {
        self.updates = updates;
        self
    }
    /// With a remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedy.push(remedy);
        self
    }
    /// Shown directly.
    #[must_use]
    pub fn shown(mut self) -> Self {
        self.direct = true;
        self
    }
    /// Applies, but fails or must wait.
    #[must_use]
    pub fn blocks(mut self, blocked: bool) -> Self {
        self.blocked = blocked;
        self
    }
}
