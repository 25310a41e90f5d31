//! `kbwhy/diagnose/1` and what other rooms add to it: the outcome of one piece of guidance.

use super::EvidenceReport;
use serde::Serialize;

/// One piece of guidance, checked against what was given: a policy, a service, a setting, a step of a checklist.
/// `diagnose` and `doctor` show those that fail first, then what is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdviceReport {
    /// kebab-case code, stable: an interface
    pub code: &'static str,
    /// short title, at most 20 columns where it can be
    pub title: &'static str,
    /// `fail`: it is so and needs something done; `pass`: checked, and in order; `unknown`: not to be seen in what was given
    pub outcome: &'static str,
    /// the finding in one sentence, without a full stop
    pub text: String,
    /// why, each with its source
    pub evidence: Vec<EvidenceReport>,
    /// what to do, in order; empty where nothing is to be done
    pub remedy: Vec<RemedyReport>,
    /// for `unknown`: the commands that would settle it
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collect: Vec<String>,
}

/// One thing to do, with who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemedyReport {
    /// what to do, in words
    pub text: String,
    /// the command that does it, if there is one
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// what it may break, and what to do before; always shown
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<String>,
    /// page that says so, or `rule` where it follows from kbwhy's own rule
    pub source: String,
}
