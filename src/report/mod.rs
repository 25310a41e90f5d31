//! Reports: plain, versioned structs. What scripts read and what renderers render.

mod catalog;
mod diagnose;
mod doctor;
mod minimal;
mod order;
mod package;
mod plan;
mod rules;
mod what_if;

pub use catalog::*;
pub use diagnose::*;
pub use doctor::*;
pub use minimal::*;
pub use order::*;
pub use package::{PackageReport, ParentReport};
pub use plan::*;
pub use rules::{RuleClauseReport, RulePrerequisiteReport, RuleReport, RuleSectionReport, RulesReport};
pub use what_if::*;

use serde::Serialize;

/// `kbwhy/explain/1` and `kbwhy/diagnose/1`.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainReport {
    /// schema and its version
    pub schema: &'static str,
    /// the update
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// what it is
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `applicable`, `already-installed`, `not-applicable`, `blocked`, `unknown`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// verdict and decisive cause in one sentence
    pub summary: String,
    /// causes, the decisive one first
    pub causes: Vec<CauseReport>,
    /// updates on the host that supersede it
    pub superseded_by: Vec<String>,
    /// what to install, in order
    pub plan: PlanReport,
    /// facts that would settle what is open, with the command that gives each
    pub unknown: Vec<UnknownReport>,
    /// the smallest changes under which it applies; only if they were asked for
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimal: Option<MinimalReport>,
    /// updates that may have been meant
    pub did_you_mean: Vec<String>,
    /// every check
    pub checks: Vec<CheckReport>,
    /// packages whose states a log told, one by one; with `--verbose`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_packages: Vec<LogPackageReport>,
    /// parents that packages asked for, as a log told; with `--verbose`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_parents: Vec<LogParentReport>,
    /// the host
    pub host: HostReport,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
    /// sources that were imported beside the built-in facts: what each is, and when it was read
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalog_imported: Vec<String>,
}

/// Applicable and present state of a package, as CBS.log writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LogPackageReport {
    /// identity
    pub package: String,
    /// 112 installed, 80 superseded, 64 staged, 0 absent
    pub applicable: u32,
    /// the same of the present state
    pub current: u32,
    /// line, counted from 1
    pub line: u32,
}

/// A parent that a package asks for, as CBS.log writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LogParentReport {
    /// identity of the package
    pub package: String,
    /// identity of the parent that was looked for; absent for a package that asks for none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// identity of the parent that was found
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// its state
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// what the package could be in the end: `Installed`, `Superseded`, `Absent`
    pub applicable: String,
    /// line, counted from 1
    pub line: u32,
}

/// The host as it was understood.
#[derive(Clone, Debug, Serialize)]
pub struct HostReport {
    /// computer name
    pub name: Option<String>,
    /// Windows, in words
    pub windows: String,
    /// architecture
    pub architecture: Option<&'static str>,
    /// version and build
    pub version: Option<String>,
    /// updates that inputs list
    pub updates_listed: u32,
    /// the lists that were read
    pub lists: Vec<String>,
    /// what inputs disagree on
    pub conflicts: Vec<String>,
}

/// One cause.
#[derive(Clone, Debug, Serialize)]
pub struct CauseReport {
    /// kebab-case code
    pub code: &'static str,
    /// it decides the verdict
    pub decisive: bool,
    /// updates that it names, nearest first
    pub updates: Vec<String>,
    /// `confirmed`, `inferred`, `possible`
    pub certainty: &'static str,
    /// why
    pub evidence: Vec<EvidenceReport>,
    /// what to do
    pub remedy: Vec<String>,
}

/// One statement with its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceReport {
    /// the statement
    pub text: String,
    /// file and line, member, argument, `catalog` or `rule`
    pub source: String,
    /// line, counted from 1
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// page that states it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// how well a catalog fact is known
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// code of the cause it looks for
    pub code: &'static str,
    /// short title
    pub title: &'static str,
    /// `pass`, `fail`, `unknown`
    pub outcome: &'static str,
    /// for `unknown`: it may really be so
    pub open: bool,
    /// `confirmed`, `inferred`, `possible`
    pub certainty: &'static str,
    /// why
    pub evidence: Vec<EvidenceReport>,
}

/// Steps in order.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// under which condition the steps are worth doing, where that is not plain
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// the steps
    pub steps: Vec<StepReport>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// the update; absent for a step that is none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// what it is
    pub action: String,
    /// a restart follows
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<bool>,
    /// only if it is not there: the lists do not tell
    pub unless_present: bool,
    /// the update that needs it, and why
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// A fact that is not known.
#[derive(Clone, Debug, Serialize)]
pub struct UnknownReport {
    /// its name in `kbwhy/host/1`
    pub fact: String,
    /// the command that gives it
    pub collect: String,
}

/// What was understood of an inventory.
#[derive(Clone, Debug, Serialize)]
pub struct InventoryReport {
    /// schema and its version
    pub schema: &'static str,
    /// Windows, as identified
    pub windows: String,
    /// facts with their sources
    pub facts: Vec<FactReport>,
    /// updates that are installed
    pub installed: Vec<String>,
    /// updates that wait for a restart
    pub pending: Vec<String>,
    /// updates that newer ones replaced
    pub superseded: Vec<String>,
    /// updates that are stated to be absent
    pub absent: Vec<String>,
    /// updates that are unpacked, not installed
    pub staged: Vec<String>,
    /// updates that a restart removes
    pub uninstalling: Vec<String>,
    /// updates of which some parts are installed
    pub partial: Vec<String>,
    /// updates whose last attempt failed, with the error where there is one
    pub failed: Vec<String>,
    /// each input with its format, its encoding and what it cannot tell
    pub inputs: Vec<String>,
    /// ids in the lists that are no KB
    pub other_ids: Vec<String>,
    /// the lists, and whether they are whole
    pub lists: Vec<String>,
    /// the user states that nothing is hidden
    pub complete: bool,
    /// what inputs disagree on
    pub conflicts: Vec<String>,
    /// remarks of the readers
    pub notes: Vec<String>,
    /// what is missing for a good answer, and what to run
    pub unknown: Vec<UnknownReport>,
}

/// One fact and where it was read.
#[derive(Clone, Debug, Serialize)]
pub struct FactReport {
    /// name
    pub fact: String,
    /// value
    pub value: String,
    /// file and line, or member
    pub source: String,
}
