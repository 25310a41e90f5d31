//! `kbwhy/plan/1`: the way from a host as it is to all goals installed.

use super::{EvidenceReport, HostReport, UnknownReport};
use serde::Serialize;

/// A plan.
#[derive(Clone, Debug, Serialize)]
pub struct InstallPlanReport {
    /// schema and its version: `kbwhy/plan/1`
    pub schema: &'static str,
    /// all goals can be reached; with `unknown` facts: if the conditions of the steps hold
    pub possible: bool,
    /// what the plan comes to, in one sentence
    pub summary: String,
    /// each goal, in the order of its number
    pub goals: Vec<GoalReport>,
    /// `fewest-restarts`, `newest`, `smallest`, `documented`
    pub objective: &'static str,
    /// no cheaper plan exists; false where the search was given up, and `remarks` says so
    pub optimal: bool,
    /// the steps, in order
    pub steps: Vec<PlanStepReport>,
    /// how many restarts it takes
    pub restarts: u32,
    /// it is for an image that is not running
    pub image: bool,
    /// why it cannot be; empty if it can
    pub blocked_by: Vec<BlockerReport>,
    /// facts that would settle conditional steps, with the command that gives each
    pub unknown: Vec<UnknownReport>,
    /// facts that the user assumes
    pub assumed: Vec<String>,
    /// cycles that were resolved, alternatives that were passed over, searches given up
    pub remarks: Vec<String>,
    /// the plan replayed by the resolver, one entry for each step; only if it was asked for
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replay: Vec<ReplayReport>,
    /// what the folder of packages has of it; only if one was given
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderReport>,
    /// the host
    pub host: HostReport,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
    /// sources that were imported beside the built-in facts
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalog_imported: Vec<String>,
}

/// What becomes of a goal.
#[derive(Clone, Debug, Serialize)]
pub struct GoalReport {
    /// the update
    pub update: String,
    /// what it is
    pub title: String,
    /// `install`, `already-installed`, `superseded` (by what is there), `contained` (in another step), `impossible`, `unknown`
    pub state: &'static str,
    /// why, in one sentence; empty for `install`
    pub why: String,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct PlanStepReport {
    /// counted from 1
    pub number: u32,
    /// `install`, `remove`, `enable-feature`, `licence`, `manual`
    pub kind: &'static str,
    /// the update; absent for a step that is none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// what it is, or what to do
    pub action: String,
    /// the command that does it, where there is one that needs no file (`dism /online /enable-feature …`)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// restart right after this step
    pub restart: bool,
    /// what the package itself asks for; absent if that is not known (then exit code 3010 tells)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks_restart: Option<bool>,
    /// steps between two restarts are one stage, counted from 1
    pub stage: u32,
    /// numbers of the steps that must come before
    pub after: Vec<u32>,
    /// why it is needed
    pub because: String,
    /// it is one of the goals
    pub goal: bool,
    /// a conditional step: only if this holds, and the command that tells
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if: Option<ConditionReport>,
    /// the package file
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PackageFileReport>,
    /// who states that it is needed
    pub evidence: Vec<EvidenceReport>,
}

/// When a conditional step is to be done.
#[derive(Clone, Debug, Serialize)]
pub struct ConditionReport {
    /// in words: `the revision is below 17763.1742`
    pub text: String,
    /// the fact's name in `kbwhy/host/1`
    pub fact: String,
    /// the command that gives it
    pub collect: String,
    /// how a script finds out by itself; absent if it has to ask
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<ConditionTestReport>,
}

/// A condition that a script can check.
#[derive(Clone, Debug, Serialize)]
pub struct ConditionTestReport {
    /// `revision-below` and `revision-at-least`: of the running Windows (UBR), against `revision`; `update-absent`: the
    /// update of the step may be there already, which its installer tells
    pub kind: &'static str,
    /// the revision that is compared with
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
}

/// What a folder of packages has of a plan. Which step has which file, the steps say.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FolderReport {
    /// the folder, as it was given
    pub path: String,
    /// package files in it
    pub files: u32,
    /// steps whose file is not there, or of which several could be it
    pub missing: Vec<MissingFileReport>,
    /// files of the plan's updates that are for something else
    pub unfit: Vec<UnfitFileReport>,
    /// packages that the plan does not use
    pub unused: Vec<String>,
    /// what was not read, and why
    pub remarks: Vec<String>,
}

/// A step that has no file.
#[derive(Clone, Debug, Serialize)]
pub struct MissingFileReport {
    /// the step's number
    pub step: u32,
    /// the update, or what is to be run
    pub what: String,
    /// name or pattern of the file that is wanted
    pub wanted: String,
    /// why none was taken
    pub why: String,
}

/// A file that does not fit.
#[derive(Clone, Debug, Serialize)]
pub struct UnfitFileReport {
    /// its name
    pub file: String,
    /// why it does not fit
    pub why: String,
}

/// The file of a package.
#[derive(Clone, Debug, Serialize)]
pub struct PackageFileReport {
    /// `windows8.1-kb2919442-x64.msu`; a pattern with `*` where it is not known
    pub name: String,
    /// the name is a placeholder: the catalog does not know the file
    pub placeholder: bool,
    /// it lies in the folder that was given
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// SHA-1 or SHA-256 in hexadecimal, as the source states it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// where it can be had
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Why there is no plan.
#[derive(Clone, Debug, Serialize)]
pub struct BlockerReport {
    /// the goal that cannot be reached
    pub goal: String,
    /// the code of the cause, as in `kbwhy/explain/1`
    pub code: &'static str,
    /// the blocking fact
    pub text: String,
    /// what would unblock it
    pub unblock: Vec<String>,
    /// the evidence
    pub evidence: Vec<EvidenceReport>,
}

/// One step as the resolver finds it when its turn comes.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayReport {
    /// the step's number
    pub number: u32,
    /// the verdict before it is done: `applicable`, `unknown`; for a step that is no update `done`
    pub verdict: &'static str,
    /// the state afterwards, in one sentence
    pub text: String,
}
