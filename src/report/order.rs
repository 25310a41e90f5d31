//! `kbwhy/order/1`: packages in order, without a host.

use super::EvidenceReport;
use serde::Serialize;

/// Packages in order.
#[derive(Clone, Debug, Serialize)]
pub struct OrderReport {
    /// schema and its version: `kbwhy/order/1`
    pub schema: &'static str,
    /// what it comes to, in one sentence
    pub summary: String,
    /// one for each kind of host; several where no product has packages of all
    pub groups: Vec<OrderGroupReport>,
    /// what is amiss with what was given
    pub warnings: Vec<OrderWarningReport>,
    /// date of the catalog's newest facts
    pub catalog_as_of: String,
    /// sources that were imported beside the built-in facts
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalog_imported: Vec<String>,
}

/// Packages that go on one kind of host.
#[derive(Clone, Debug, Serialize)]
pub struct OrderGroupReport {
    /// the products that all of them are for
    pub products: Vec<String>,
    /// how many stages there are; steps of one stage may go in any order
    pub stages: u32,
    /// in an order that every edge respects
    pub steps: Vec<OrderStepReport>,
    /// every edge that is known among them; `after` of a step leaves out those that others imply
    pub edges: Vec<OrderEdgeReport>,
    /// what is needed first and was not given
    pub needed_first: Vec<OrderNeededReport>,
    /// circles that were resolved
    pub cycles: Vec<OrderCycleReport>,
    /// what is amiss among them
    pub warnings: Vec<OrderWarningReport>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct OrderStepReport {
    /// counted from 1
    pub number: u32,
    /// counted from 1
    pub stage: u32,
    /// `install`, `manual`
    pub kind: &'static str,
    /// the update; absent for a step that is none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// what it is, or what to do
    pub action: String,
    /// it was given; else something that was given needs it
    pub given: bool,
    /// its files
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// numbers of the steps that come right before it
    pub after: Vec<u32>,
    /// a source restarts right after it
    pub restart: bool,
}

/// One goes before another.
#[derive(Clone, Debug, Serialize)]
pub struct OrderEdgeReport {
    /// the earlier: an update, or the step in words
    pub before: String,
    /// the later
    pub after: String,
    /// `required`, `documented`, `if-both` (the later replaces the earlier), `advised`
    pub binding: &'static str,
    /// `prerequisite`, `documented-order`, `supersedes`, `manifest`, `release`, `servicing-stack`, `manual-step`
    pub relation: &'static str,
    /// why
    pub text: String,
    /// who states it
    pub evidence: Vec<EvidenceReport>,
    /// the products on which it holds, where it is not all of the group's
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
}

/// What is needed first and was not given.
#[derive(Clone, Debug, Serialize)]
pub struct OrderNeededReport {
    /// the update that stands among the steps; absent for what is none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// what is needed, in words
    pub text: String,
    /// what needs it
    pub needed_by: Vec<String>,
    /// it is needed only on hosts of which this is so
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if: Option<String>,
    /// who states it
    pub evidence: Vec<EvidenceReport>,
    /// the products on which it is needed, where it is not all of the group's
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
}

/// A circle, and how it was resolved.
#[derive(Clone, Debug, Serialize)]
pub struct OrderCycleReport {
    /// what waits for each other, in turn
    pub members: Vec<String>,
    /// how it was resolved
    pub text: String,
}

/// What is amiss.
#[derive(Clone, Debug, Serialize)]
pub struct OrderWarningReport {
    /// `superseded`, `exclude`, `excluded`, `withdrawn`, `different-products`, `other-product`, `different-architectures`,
    /// `duplicate`, `unknown-update`, `unnamed-file`, `too-many`
    pub code: &'static str,
    /// the updates
    pub updates: Vec<String>,
    /// what is amiss, and what to do
    pub text: String,
    /// who states it
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceReport>,
}
