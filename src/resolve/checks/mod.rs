//! One check per cause; all of them run. Each file holds the checks of one family.

mod entitlement;
mod error;
mod package_file;
mod prerequisite;
mod present;
mod published;
mod rules;
mod state;
mod target;

use super::{
    identity::Identity,
    installed::Installed,
    question::{Finding, Question},
};
use crate::{
    catalog::{
        Catalog,
        view::{Rule, Update},
    },
    model::{Host, ProductSet},
};

/// All that a check may look at.
pub struct Context<'a> {
    /// the catalog
    pub catalog: &'a Catalog,
    /// the host's facts
    pub host: &'a Host,
    /// the host as identified
    pub identity: &'a Identity,
    /// what is on the host
    pub installed: &'a Installed<'a>,
    /// the question
    pub question: &'a Question,
    /// the update, if the catalog knows it
    pub update: Option<&'a Update<'a>>,
    /// its rules that hold for this host
    pub rules: &'a [Rule<'a>],
}

impl Context<'_> {
    /// Products of the host.
    pub fn products(&self) -> ProductSet {
        self.identity.products
    }
}

/// Runs every check; findings come in the order in which causes are decisive.
pub fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    target::check(context, &mut out);
    let wrong_target = out
        .iter()
        .any(|f| f.outcome == super::question::Outcome::Fail && f.cause == crate::model::Cause::WrongOs);
    present::check(context, wrong_target, &mut out);
    published::check(context, &mut out);
    prerequisite::check(context, &mut out);
    entitlement::check(context, &mut out);
    state::check(context, &mut out);
    // what the host itself shows is known by now
    error::check(context, &mut out);
    package_file::check(context, &mut out);
    // last: where they are more telling than the catalog, they take its place
    rules::check(context, &mut out);
    out.sort_by_key(|f| f.cause);
    out
}

/// Does a rule's condition hold on this host?
pub fn rule_condition(context: &Context<'_>, rule: &Rule<'_>) -> super::statement::Truth {
    prerequisite::when_of(context, rule)
}
