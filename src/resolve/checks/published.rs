//! Can it still be had, is the package sound, does something installed exclude it?

use super::Context;
use crate::{
    catalog::view::RelationKind,
    model::{Cause, PackageState, Requirement, Standing},
    resolve::{
        installed,
        question::{Finding, Remedy},
        statement::{Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(kb) = c.question.kb else { return };
    withdrawn(c, kb, out);
    defect(c, kb, out);
    conflict(c, kb, out);
}

fn withdrawn(c: &Context<'_>, kb: crate::model::KbId, out: &mut Vec<Finding>) {
    let mine = c.catalog.withdrawals(kb).into_iter().find(|w| {
        w.products.is_empty() || c.products().is_empty() || !w.products.intersection(c.products()).is_empty()
    });
    match mine {
        Some(w) => {
            let says = Says::Withdrawn { kb, replacement: w.replacement.clone(), why: w.why.to_owned() };
            let evidence = vec![Evidence::catalog(says, w.source, w.standing)];
            // a withdrawn update may still stand on the shelf: of a package in hand, or one that Windows refused, it is
            // not the cause
            let in_hand = c.question.package.is_some()
                || c.question.error.as_ref().is_some_and(|e| e.meaning.is_some());
            let finding = if w.standing == Standing::Unverified || in_hand {
                Finding::unknown(Cause::Expired, false, evidence, Vec::new())
            } else {
                Finding::fail(Cause::Expired, Certainty::Inferred, evidence).blocks(true)
            };
            out.push(finding.naming(w.replacement.clone()).remedy(Remedy::InstallInstead(w.replacement)));
        }
        None => {
            if let Some(u) = c.update {
                let evidence =
                    vec![Evidence::catalog(Says::KindIs(kb, u.kind.describe()), u.source, u.standing)];
                out.push(Finding::pass(Cause::Expired, Certainty::Inferred, evidence));
            } else {
                let evidence = vec![Evidence::rule(Says::NotInCatalog(kb))];
                out.push(Finding::unknown(Cause::Expired, false, evidence, Vec::new()));
            }
        }
    }
}

fn defect(c: &Context<'_>, kb: crate::model::KbId, out: &mut Vec<Finding>) {
    for d in c.catalog.defects(kb) {
        let elsewhere = !d.products.is_empty() && d.products.intersection(c.products()).is_empty();
        if d.standing == Standing::Unverified || elsewhere {
            continue;
        }
        let cause = Cause::parse(d.cause).unwrap_or(Cause::PackageDefect);
        let says = Says::Defect { kb, fixed_by: d.fixed_by.clone(), why: d.why.to_owned() };
        let mut evidence = vec![Evidence::catalog(says, d.source, d.standing)];
        let conditions: Vec<_> = d.when.iter().map(|clause| c.installed.meets_any(clause, None).0).collect();
        evidence.extend(conditions.iter().flat_map(|e| e.evidence.iter().cloned()));
        let truth = conditions.iter().map(|e| e.truth).min().unwrap_or(Truth::True);
        match truth {
            Truth::True => {
                let certainty = conditions.iter().map(|e| e.certainty).min().unwrap_or(Certainty::Confirmed);
                out.push(
                    Finding::fail(cause, certainty, evidence)
                        .blocks(!d.refused)
                        .naming(d.fixed_by.clone())
                        .remedy(Remedy::InstallInstead(d.fixed_by)),
                );
            }
            Truth::Unknown => {
                let ask = conditions.into_iter().flat_map(|e| e.ask).collect();
                out.push(Finding::unknown(cause, false, evidence, ask).naming(d.fixed_by));
            }
            Truth::False => out.push(Finding::pass(cause, Certainty::Confirmed, evidence)),
        }
    }
}

fn conflict(c: &Context<'_>, kb: crate::model::KbId, out: &mut Vec<Finding>) {
    let mut push = |evidence: Vec<Evidence>, updates: Vec<crate::model::KbId>, with: String, certainty| {
        let stays = |other: &crate::model::KbId| {
            Some((*other, installed::stays_for(c.catalog, c.host, c.identity, *other)?))
        };
        let remedy = match updates.iter().find_map(stays) {
            Some((other, needed_by)) => Remedy::Leave(other, needed_by),
            None => Remedy::RemoveFirst(with),
        };
        out.push(
            Finding::fail(Cause::ConflictingUpdate, certainty, evidence)
                .blocks(true)
                .naming(updates)
                .remedy(remedy),
        );
    };
    for rule in c.rules.iter().filter(|r| r.standing != Standing::Unverified) {
        for excluded in rule
            .excludes
            .iter()
            .filter(|r| !matches!(r, Requirement::Edition(_) | Requirement::RestartPending))
        {
            // only the very thing conflicts, not what replaces it
            let (truth, evidence, certainty, updates) = match excluded {
                Requirement::Update { kb: other, .. } => {
                    let p = c.installed.presence(*other);
                    let listed =
                        c.host.updates.get(other).is_some_and(|f| f.value != PackageState::Superseded);
                    (if listed { p.truth } else { Truth::Unknown }, p.evidence, p.certainty, vec![*other])
                }
                other => {
                    let e = c.installed.meets(other, None);
                    (e.truth, e.evidence, e.certainty, Vec::new())
                }
            };
            if truth == Truth::True {
                let with = excluded.to_string();
                let mut evidence = evidence;
                evidence.push(Evidence::catalog(
                    Says::Conflicts { kb, with: with.clone() },
                    rule.source,
                    rule.standing,
                ));
                push(evidence, updates, with, certainty);
            }
        }
    }
    for r in c.catalog.relations_from(kb).into_iter().chain(c.catalog.superseded_by(kb)) {
        if r.kind != RelationKind::Conflicts || r.standing == Standing::Unverified {
            continue;
        }
        let other = if r.from == kb { r.to } else { r.from };
        let Some(f) = c.host.updates.get(&other).filter(|f| f.value == PackageState::Installed) else {
            continue;
        };
        let says = Says::Conflicts { kb, with: other.to_string() };
        let evidence = vec![
            Evidence::host(Says::Listed(other, f.value), &f.origin),
            Evidence::catalog(says, r.source, r.standing),
        ];
        push(evidence, vec![other], other.to_string(), Certainty::Confirmed);
    }
}
