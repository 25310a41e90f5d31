//! `kbwhy/doctor/1`: every check on one host, most serious first.

use super::{AdviceReport, HostReport, RemedyReport, UnknownReport};
use serde::Serialize;

/// `kbwhy/doctor/1`.
#[derive(Clone, Debug, Serialize)]
pub struct DoctorReport {
    /// schema and its version
    pub schema: &'static str,
    /// `clear`: nothing that was given stops the next update; `stopped`; `unknown`
    pub prospect: &'static str,
    /// the most serious finding in one sentence
    pub summary: String,
    /// the update that the host was judged for: the newest one that it may have
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NextReport>,
    /// every check, most serious first
    pub checks: Vec<DoctorCheckReport>,
    /// what to do about all that fails, in this order
    pub steps: Vec<RemedyReport>,
    /// the checklist for when an update fails all the same, for this host
    pub checklist: Vec<AdviceReport>,
    /// facts that would settle what is not known, with the command that gives each
    pub unknown: Vec<UnknownReport>,
    /// the host
    pub host: HostReport,
    /// the day by which the host was judged
    pub judged: JudgedReport,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
    /// sources that were imported beside the built-in facts: what each is, and when it was read
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalog_imported: Vec<String>,
}

/// The newest update that a host may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextReport {
    /// the update
    pub update: String,
    /// what it is
    pub title: String,
    /// when it was released
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoctorCheckReport {
    /// code, title, outcome, text, evidence, remedies
    #[serde(flatten)]
    pub advice: AdviceReport,
    /// what a failure means: `stops` the next update, will do so `soon`, `advice`
    pub severity: &'static str,
    /// for `unknown`: there is a sign of it, or nothing can be said without it
    pub open: bool,
    /// `confirmed`, `inferred`, `possible`
    pub certainty: &'static str,
    /// updates that it names, nearest first
    pub updates: Vec<String>,
}

/// The day by which a host was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgedReport {
    /// the day
    pub as_of: String,
    /// who named it: `catalog`, `host`, `given`, `clock`
    pub by: &'static str,
}
