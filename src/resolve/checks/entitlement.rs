//! Extended Security Updates: is the host entitled?

use super::{Context, prerequisite::when_of};
use crate::{
    diagnose::LogFinding,
    model::{Cause, Requirement, Standing},
    resolve::{
        question::{Finding, Remedy},
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    // the last line with a reason says more than one without
    let refusal = |e: &&&crate::diagnose::LogEvidence| matches!(e.value, LogFinding::NotEntitled { .. });
    let with_reason =
        |e: &&&crate::diagnose::LogEvidence| matches!(e.value, LogFinding::NotEntitled { reason: Some(_) });
    let refused = c.log.iter().rev().find(with_reason).or_else(|| c.log.iter().rev().find(refusal));
    let refused = refused.and_then(|e| match e.value {
        LogFinding::NotEntitled { reason } => Some(super::log::told(Says::EsuRefused(reason), e)),
        _ => None,
    });
    if let Some(evidence) = refused {
        out.push(
            Finding::fail(Cause::NotEntitled, Certainty::Confirmed, evidence)
                .shown()
                .blocks(true)
                .remedy(Remedy::Entitle("Extended Security Updates".into())),
        );
        return;
    }
    let Some(kb) = c.question.kb else { return };
    for rule in c.rules {
        for clause in
            rule.requires.iter().filter(|cl| cl.0.iter().all(|r| matches!(r, Requirement::Licence(_))))
        {
            if when_of(c, rule) == Truth::False {
                continue;
            }
            let (e, _) = c.installed.meets_any(clause, c.update.and_then(|u| u.date));
            let says = Says::Needs { kb, clause: clause.0.clone(), why: rule.why.to_owned() };
            let mut evidence = vec![Evidence::catalog(says, rule.source, rule.standing)];
            evidence.extend(e.evidence);
            out.push(match e.truth {
                Truth::True => Finding::pass(Cause::NotEntitled, e.certainty, evidence),
                Truth::False if rule.standing != Standing::Unverified && !c.identity.embedded => {
                    Finding::fail(Cause::NotEntitled, e.certainty, evidence)
                        .blocks(true)
                        .remedy(Remedy::Entitle("Extended Security Updates".into()))
                }
                _ => Finding::unknown(Cause::NotEntitled, true, evidence, vec![Ask::Esu]),
            });
        }
    }
}
