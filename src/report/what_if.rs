//! `kbwhy/what-if/1`: verdicts before and after changes of a host.

use super::HostReport;
use serde::Serialize;
use std::collections::BTreeMap;

/// What would change.
#[derive(Clone, Debug, Serialize)]
pub struct WhatIfReport {
    /// schema and its version: `kbwhy/what-if/1`
    pub schema: &'static str,
    /// what it comes to, in one sentence
    pub summary: String,
    /// the changes, in the order in which they were made
    pub changes: Vec<ChangeReport>,
    /// facts of the host that differ, but for updates
    pub facts: Vec<FactChangeReport>,
    /// updates whose verdict, or its reason, differs
    pub updates: Vec<VerdictChangeReport>,
    /// how many change to what: a group for each verdict and reason, largest first
    pub groups: Vec<ChangeGroupReport>,
    /// of the updates that were asked for, those that stay as they are
    pub unchanged: Vec<VerdictChangeReport>,
    /// updates that were looked at
    pub compared: usize,
    /// the whole catalog was looked at
    pub whole_catalog: bool,
    /// the host as it is
    pub host_before: HostReport,
    /// the host as it would be
    pub host_after: HostReport,
    /// what is left open
    pub remarks: Vec<String>,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
    /// sources that were imported beside the built-in facts
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalog_imported: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeReport {
    /// `install`, `remove`, `set`, `upgrade`
    pub kind: &'static str,
    /// the update, the fact or the product
    pub what: String,
    /// what was found when its turn came, in one sentence
    pub text: String,
    /// the verdict when its turn came, for `install`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// it was made although Windows refuses it, or nobody knows that it does not
    pub forced: bool,
    /// nothing came of it
    pub without_effect: bool,
}

/// A fact that differs.
#[derive(Clone, Debug, Serialize)]
pub struct FactChangeReport {
    /// its name in `kbwhy/host/1`
    pub fact: String,
    /// as it is; absent if it is not known
    pub before: Option<String>,
    /// as it would be; absent if it is not known then
    pub after: Option<String>,
}

/// One update before and after.
#[derive(Clone, Debug, Serialize)]
pub struct VerdictChangeReport {
    /// the update
    pub update: String,
    /// what it is
    pub title: String,
    /// on the host as it is
    pub before: ShortVerdictReport,
    /// on the host as it would be
    pub after: ShortVerdictReport,
    /// what changed and why, in one sentence
    pub text: String,
}

/// A verdict in short.
#[derive(Clone, Debug, Serialize)]
pub struct ShortVerdictReport {
    /// as in `kbwhy/explain/1`
    pub verdict: &'static str,
    /// code of the decisive cause; for `unknown` of the first candidate
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
    /// updates that the cause names
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<String>,
    /// why, in words
    pub text: String,
}

/// Updates that change to the same.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeGroupReport {
    /// the verdict after
    pub verdict: &'static str,
    /// code of the decisive cause after
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
    /// how many
    pub count: usize,
    /// in words: `become applicable`
    pub text: String,
    /// what they were before, by verdict
    pub before: BTreeMap<&'static str, usize>,
    /// the updates
    pub updates: Vec<String>,
}
