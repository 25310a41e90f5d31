//! What to install first, for the answer to "why is it not applicable": the plan to the update, in short.

use super::{
    Change, Objective, Request,
    make::{self, needs_first},
};
use crate::{
    catalog::Catalog,
    model::{Cause, Fact, Host, KbId, PackageState, ProductId},
    resolve::{
        self, Answer,
        question::{Finding, Outcome, Question},
        statement::Says,
        verdict::Verdict,
    },
};

/// One step.
#[derive(Clone, Debug)]
pub struct FirstStep {
    /// what to do
    pub change: Change,
    /// a restart follows; `None` if that is not known
    pub restart: Option<bool>,
    /// only if it is not there: the host's lists do not tell
    pub unless_present: bool,
    /// the update that needs it, and why
    pub because: Option<(KbId, String)>,
}

/// The steps to an update that has no package for the host, but one for a product of the same servicing branch: Windows Vista
/// SP2 and Server 2008 SP2 are one code. Microsoft does not support that; who does it all the same needs the order no less.
/// `None` if there is no such product, or nothing to install first.
pub fn steps_of_same_branch(
    catalog: &Catalog,
    host: &Host,
    answer: &Answer,
) -> Option<(ProductId, Vec<FirstStep>)> {
    let decisive = answer.decision.causes.first().filter(|f| f.cause == Cause::WrongOs)?;
    let wrong = decisive.outcome == Outcome::Fail && answer.decision.verdict == Verdict::NotApplicable;
    let (kb, identity) = (answer.kb.filter(|_| wrong)?, &answer.identity);
    // whatever the host may be, it is of that branch
    let mut branches = identity.products.iter().map(|p| catalog.product(p).branch);
    let branch = branches.next()?;
    if branches.any(|other| other != branch) {
        return None;
    }
    let update = catalog.update(kb)?;
    let other = update.products().iter().map(|p| catalog.product(p)).find(|p| p.branch == branch)?;
    let stated = host.product.as_ref()?;
    let host = Host {
        product: Some(Fact::new(other.name.to_owned(), stated.origin.clone())),
        edition: None,
        installation_type: None,
        ..host.clone()
    };
    let answer = resolve::explain(catalog, &host, &Question { kb: Some(kb), ..Question::default() });
    let steps = first_steps(catalog, &host, &answer);
    (!steps.is_empty()).then_some((other.id, steps))
}

/// The steps to the update that an answer is about; empty if there is nothing to install first.
pub fn first_steps(catalog: &Catalog, host: &Host, answer: &Answer) -> Vec<FirstStep> {
    let (Some(kb), decision) = (answer.kb, &answer.decision) else { return Vec::new() };
    let relevant = match decision.verdict {
        Verdict::NotApplicable | Verdict::Blocked => {
            decision.causes.first().is_some_and(|f| needs_first(f.cause))
        }
        Verdict::Unknown => decision.causes.iter().any(|f| needs_first(f.cause) && !f.updates.is_empty()),
        Verdict::Applicable | Verdict::AlreadyInstalled => false,
    };
    if !relevant {
        return Vec::new();
    }
    // a prerequisite by GUID of which some members are no updates is no rule of the catalog
    let by_guid = |f: &&Finding| {
        f.outcome == Outcome::Fail && f.evidence.iter().any(|e| matches!(e.says, Says::RulePrerequisite(_)))
    };
    let mut also: Vec<(KbId, KbId)> = decision
        .causes
        .iter()
        .filter(by_guid)
        .filter_map(|f| f.updates.first().copied())
        .filter(|first| *first != kb)
        .map(|first| (kb, first))
        .collect();
    let request = Request { objective: Objective::Documented, ..Request::to([kb]) };
    let mut plan = make::with_needs(catalog, host, &request, &also);
    // a log or an error named updates that no rule of this update names
    if plan.steps.len() <= 1 && also.is_empty() && decision.verdict != Verdict::Unknown {
        let named = decision.causes.first().and_then(|f| f.updates.first().copied());
        if let Some(first) = named.filter(|first| *first != kb) {
            also.push((kb, first));
            plan = make::with_needs(catalog, host, &request, &also);
        }
    }
    let stated_absent = |kb: &KbId| host.updates.get(kb).is_some_and(|f| f.value == PackageState::Absent);
    let steps: Vec<FirstStep> = plan
        .steps
        .iter()
        .filter(|s| matches!(s.change, Change::Install(_) | Change::Manual(_) | Change::Remove(_)))
        .map(|s| FirstStep {
            restart: match s.asks_restart {
                Some(false) => Some(s.restart),
                other => other,
            },
            unless_present: !s.goal
                && s.only_if.is_some()
                && !matches!(&s.change, Change::Install(kb) if stated_absent(kb)),
            because: s.because.first().map(|b| (b.needed_by, b.why.clone())),
            change: s.change.clone(),
        })
        .collect();
    if steps.len() > 1 { steps } else { Vec::new() }
}
