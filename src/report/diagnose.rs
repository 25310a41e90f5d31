//! `kbwhy/code/1`, `kbwhy/diagnose/1`, and what other rooms add to it: the outcome of one piece of guidance.

use super::{EvidenceReport, ExplainReport};
use serde::Serialize;

/// `kbwhy/code/1`: what codes mean.
#[derive(Clone, Debug, Serialize)]
pub struct CodesReport {
    /// schema and its version
    pub schema: &'static str,
    /// each code or message that was asked about, in that order
    pub codes: Vec<CodeReport>,
}

/// One code or message, in every way that it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeReport {
    /// as it was given
    pub text: String,
    /// what it may be, known codes first
    pub readings: Vec<CodeReading>,
}

/// One reading of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeReading {
    /// `0x80240017`; absent for a message that stands for none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// the same as a decimal number
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<u32>,
    /// the same with a sign, as scripts and Configuration Manager show it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<i32>,
    /// the HRESULT of a Win32, Winsock or WinHTTP number
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hresult: Option<String>,
    /// `hexadecimal`, `hexadecimal without 0x`, `decimal`, `signed decimal`, `symbol`, `message`
    pub spelling: &'static str,
    /// the table has it; else it is unmapped, and only its build tells something
    pub known: bool,
    /// how well it is known: `verified`, `secondary`, `unverified`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
    /// symbol
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<&'static str>,
    /// what it says
    pub meaning: String,
    /// what that means for an update
    pub for_an_update: &'static str,
    /// what is behind it, as documented
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
    /// codes of the causes that it fits, likeliest first; empty: any
    pub causes: Vec<&'static str>,
    /// the part of Windows that it is of
    pub facility: &'static str,
    /// `failure`, `success`
    pub severity: &'static str,
    /// the Win32, Winsock or WinHTTP number, or the HTTP status, inside of an HRESULT
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner: Option<u32>,
    /// the second number of an upgrade error
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extend: Option<ExtendReport>,
    /// exit codes that a number of 8 bits may be the rest of
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub low_byte_of: Vec<String>,
    /// what to do, as documented for the code
    pub remedy: Vec<RemedyReport>,
    /// page that states it, or its range
    pub source: String,
    /// further pages
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<&'static str>,
    /// when the page was read
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<&'static str>,
}

/// Phase and operation of setup, from the second number of an upgrade error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExtendReport {
    /// `0x20017`
    pub code: String,
    /// when
    pub phase: &'static str,
    /// at what
    pub operation: &'static str,
}

/// `kbwhy/diagnose/1`: what the error, the logs, the host and the guidance show.
#[derive(Clone, Debug, Serialize)]
pub struct DiagnoseReport {
    /// causes, evidence, checks and the host, as in `kbwhy/explain/1`; with a verdict where an update was named
    #[serde(flatten)]
    pub answer: ExplainReport,
    /// why that update is taken for the one that is meant, where the user did not name it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_from: Option<String>,
    /// the error with every code in it; without a reading where it is neither a code nor a message that is known
    pub codes: Vec<CodeReport>,
    /// what to do about the first cause, or about the first piece of guidance that fails, in order, each with who says so
    pub remedy: Vec<RemedyReport>,
    /// pieces of guidance that were checked: those that fail first, then what is unknown, then what is in order
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<AdviceReport>,
}

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
    /// `confirmed`: what was given and a page of Microsoft both state it; `inferred`; `possible`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certainty: Option<&'static str>,
    /// of a check of the host: what a failure means, `stops` the next update, will do so `soon`, `advice`; of `unknown`: what
    /// one would mean of which there is a sign
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
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
