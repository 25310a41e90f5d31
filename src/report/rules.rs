//! What applicability rules say of a host.

use super::UnknownReport;
use serde::Serialize;

/// `kbwhy/rules/1`.
#[derive(Clone, Debug, Serialize)]
pub struct RulesReport {
    /// schema and its version
    pub schema: &'static str,
    /// computer name
    pub host: Option<String>,
    /// Windows, in words
    pub windows: String,
    /// version and revision
    pub version: Option<String>,
    /// architecture
    pub architecture: Option<&'static str>,
    /// each update of the files
    pub documents: Vec<RuleReport>,
}

/// One update's rules.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// the file, as it was named
    pub file: String,
    /// the line at which it begins
    pub line: u32,
    /// the update's GUID
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// its revision number
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// `Software`, `Detectoid`, `Category`, `Driver`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_type: Option<String>,
    /// its title
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// its KB numbers
    pub kbs: Vec<String>,
    /// the servicing package that it embeds
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// `installed`, `superseded`, `not-installable`, `prerequisite-missing`, `offered`,
    /// `offered-if-prerequisites-hold`, `unknown`; of detectoids and categories `holds`, `does-not-hold`
    pub verdict: &'static str,
    /// the same in one sentence
    pub summary: String,
    /// each section of the document
    pub sections: Vec<RuleSectionReport>,
    /// what must be there first; products and classifications are left out
    pub prerequisites: Vec<RulePrerequisiteReport>,
    /// operators that are not known or garbled, and keep it open
    pub operators_not_known: Vec<String>,
    /// facts that would settle what is open, with the command that gives each
    pub unknown: Vec<UnknownReport>,
    /// what was odd about the document
    pub remarks: Vec<String>,
}

/// One section.
#[derive(Clone, Debug, Serialize)]
pub struct RuleSectionReport {
    /// `IsInstalled`, `IsSuperseded`, `IsInstallable`
    pub name: &'static str,
    /// `true`, `false`, `unknown`
    pub value: &'static str,
    /// what decides it, or keeps it open; the most telling first
    pub clauses: Vec<RuleClauseReport>,
    /// how many more there are
    pub more: usize,
}

/// What one operator, or several alike, ask and found.
#[derive(Clone, Debug, Serialize)]
pub struct RuleClauseReport {
    /// what is asked, in one line
    pub text: String,
    /// where it stands: `IsInstallable/And/DeviceAttribute[2]`
    pub place: String,
    /// its line in the file
    pub line: u32,
    /// does what is asked hold? `true`, `false`, `unknown`
    pub holds: &'static str,
    /// what the host has
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// where that was read
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// why it is not known although the fact is
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<&'static str>,
}

/// One clause of the prerequisites.
#[derive(Clone, Debug, Serialize)]
pub struct RulePrerequisiteReport {
    /// any of these updates, by GUID
    pub any_of: Vec<String>,
    /// `true`, `false`, `unknown`
    pub holds: &'static str,
}
