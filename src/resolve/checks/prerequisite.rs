//! Does the host have what the update needs? Clause by clause, each with the members that would do, nearest first.

use super::Context;
use crate::{
    catalog::view::{LineKind, Rule},
    diagnose::LogFinding,
    model::{Cause, Clause, KbId, Requirement, Standing, Strength, UpdateKind},
    resolve::{
        question::{Finding, Remedy},
        requirement::{Evaluation, SHA2_SUPPORT, leading_version},
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    log(c, out);
    let Some(kb) = c.question.kb else { return };
    dotnet_of_package(c, out);
    dotnet_of_component(c, kb, out);
    let asked_on = c.update.and_then(|u| u.date);
    let mut asked: Vec<&Clause> = Vec::new();
    advice(c, kb, &mut |f| out.push(f));
    for rule in c.rules.iter().filter(|r| r.strength == Strength::Hard) {
        for clause in &rule.requires {
            // one clause that several sources state is one check: rules come best known first
            let elsewhere =
                clause.0.iter().all(|r| matches!(r, Requirement::Manual(_) | Requirement::Licence(_)));
            if elsewhere || asked.contains(&clause) || when_of(c, rule) == Truth::False {
                continue;
            }
            asked.push(clause);
            let (evaluation, _) = c.installed.meets_any(clause, asked_on);
            out.push(judge(c, kb, rule, clause, evaluation));
        }
    }
    if asked.is_empty() {
        out.push(none_known(c, kb));
    }
}

/// Soft and recommended requirements that are not met are worth a look, and decide nothing.
fn advice(c: &Context<'_>, kb: KbId, push: &mut dyn FnMut(Finding)) {
    let soft = |r: &&Rule<'_>| r.strength != Strength::Hard && r.standing != Standing::Unverified;
    for rule in c.rules.iter().filter(soft).filter(|r| when_of(c, r) == Truth::True) {
        for clause in &rule.requires {
            let (e, _) = c.installed.meets_any(clause, c.update.and_then(|u| u.date));
            if e.truth != Truth::True {
                let mut finding = judge(c, kb, rule, clause, Evaluation { truth: Truth::Unknown, ..e });
                (finding.open, finding.advisory) = (false, true);
                push(finding);
            }
        }
    }
}

/// No rule asks for anything: is that a statement, or ignorance?
fn none_known(c: &Context<'_>, kb: KbId) -> Finding {
    let Some(u) = c.update else {
        let evidence = vec![Evidence::rule(Says::NotInCatalog(kb))];
        return Finding::unknown(Cause::MissingPrerequisite, false, evidence, vec![Ask::ServicingLog]);
    };
    let evidence = vec![Evidence::catalog(
        Says::Needs { kb, clause: Vec::new(), why: String::new() },
        u.source,
        u.standing,
    )];
    // its own rules, for this product or, product by product, for others
    let own =
        |r: &Rule<'_>| !r.from_class && r.strength == Strength::Hard && r.standing == Standing::Verified;
    let stated = c.catalog.rules(kb).iter().any(own);
    // since 2021-02 the cumulative updates of 2004 and later carry their servicing stack and all before them
    let combined = u.kind.is_cumulative()
        && c.identity.build.is_some_and(|b| b >= 19041)
        && u.date.is_some_and(|d| d >= jiff::civil::date(2021, 2, 24));
    if stated || combined {
        Finding::pass(Cause::MissingPrerequisite, Certainty::Inferred, evidence)
    } else {
        // a feed without prerequisites says nothing of them
        Finding::unknown(Cause::MissingPrerequisite, false, evidence, vec![Ask::ServicingLog])
    }
}

/// Does a rule's condition hold on this host?
pub(super) fn when_of(c: &Context<'_>, rule: &Rule<'_>) -> Truth {
    rule.when.iter().map(|clause| c.installed.meets_any(clause, None).0.truth).min().unwrap_or(Truth::True)
}

fn judge(c: &Context<'_>, kb: KbId, rule: &Rule<'_>, clause: &Clause, e: Evaluation) -> Finding {
    let cause = cause_of(c, clause);
    let needs = Says::Needs { kb, clause: clause.0.clone(), why: rule.why.to_owned() };
    let mut evidence = vec![Evidence::catalog(needs, rule.source, rule.standing)];
    evidence.extend(e.evidence);
    if !rule.dispute.is_empty() {
        evidence.push(Evidence::catalog(Says::Disputed(rule.dispute.to_owned()), rule.source, rule.standing));
    }
    let certainty = match rule.standing {
        Standing::Verified => e.certainty,
        _ => e.certainty.min(Certainty::Inferred),
    };
    // a rule that holds only under a condition that is not known, a dispute and an unverified rule decide nothing
    // the licences of Embedded systems, and what prepares for them, are their own
    let licensed = rule.requires.iter().flat_map(|cl| &cl.0).any(|r| matches!(r, Requirement::Licence(_)));
    let decides = rule.standing != Standing::Unverified
        && when_of(c, rule) == Truth::True
        && !(licensed && c.identity.embedded);
    // what updates a component that is not on the host is neither installed there, unseen, nor replaced
    let without_base = certainty == Certainty::Confirmed
        && clause.0.iter().all(|r| matches!(r, Requirement::Component { .. }))
        && c.update.is_some_and(|u| !c.products().is_empty() && c.products().is_subset(u.products()));
    let finding = match e.truth {
        Truth::True => Finding::pass(cause, certainty, evidence),
        Truth::False if decides => Finding {
            direct: without_base,
            ..Finding::fail(cause, certainty, evidence).blocks(blocks(c, cause))
        },
        _ => Finding::unknown(cause, rule.standing != Standing::Unverified, evidence, e.ask),
    };
    let updates = missing_members(c, clause);
    let remedy = match cause {
        // an edition cannot be installed first
        Cause::WrongEdition => vec![Remedy::NoPackage(c.identity.words.clone())],
        _ => remedy_of(clause, &updates),
    };
    Finding { remedy, ..finding.naming(updates) }
}

/// On 10 and later the servicing stack lets a package begin and then stops it; before, it was found not applicable.
fn blocks(c: &Context<'_>, cause: Cause) -> bool {
    match cause {
        Cause::MissingServicingStack => c.identity.kernel.is_none_or(|k| k.0 >= 10),
        Cause::MissingSha2Support => true,
        _ => false,
    }
}

/// The updates of a clause that would do, in its order; servicing stacks before cumulative updates, which are larger.
fn missing_members(c: &Context<'_>, clause: &Clause) -> Vec<KbId> {
    let mut members: Vec<KbId> = clause
        .0
        .iter()
        .filter_map(|r| match r {
            Requirement::Update { kb, .. } => Some(*kb),
            Requirement::LatestStack => c.installed.stack_of_day(c.update.and_then(|u| u.date)),
            _ => None,
        })
        .collect();
    members.sort_by_key(|kb| c.catalog.update(*kb).is_some_and(|u| u.kind.is_cumulative()));
    members.dedup();
    members
}

fn remedy_of(clause: &Clause, updates: &[KbId]) -> Vec<Remedy> {
    if !updates.is_empty() {
        return vec![Remedy::InstallFirst(vec![updates.to_vec()])];
    }
    clause
        .0
        .iter()
        .map(|r| match r {
            Requirement::Component { name, version } => Remedy::AddProduct(format!("{name} {version}")),
            Requirement::Feature(n) | Requirement::Role(n) => Remedy::AddProduct(n.clone()),
            Requirement::BuildAtLeast(b) => Remedy::RaiseBuild(b.to_string()),
            Requirement::StackAtLeast(_) | Requirement::LatestStack => Remedy::NewestStack,
            Requirement::Sha2 => Remedy::AddSha2,
            Requirement::Licence(_) => Remedy::Entitle("Extended Security Updates".into()),
            Requirement::Manual(step) => Remedy::Step(step.clone()),
            other => Remedy::Step(other.to_string()),
        })
        .collect()
}

/// The cause that an unmet clause is.
fn cause_of(c: &Context<'_>, clause: &Clause) -> Cause {
    let is = |f: &dyn Fn(&Requirement) -> bool| !clause.0.is_empty() && clause.0.iter().all(f);
    let stack = |r: &Requirement| match r {
        Requirement::Update { kb, .. } => {
            c.catalog.update(*kb).is_some_and(|u| u.kind == UpdateKind::ServicingStack)
                || c.catalog
                    .places(*kb)
                    .iter()
                    .any(|e| c.catalog.line(e.line).kind == LineKind::ServicingStack)
        }
        Requirement::StackAtLeast(_) | Requirement::LatestStack => true,
        _ => false,
    };
    let checkpoint = |r: &Requirement| matches!(r, Requirement::Update { kb, .. } if c.catalog.update(*kb).is_some_and(|u| u.kind == UpdateKind::Checkpoint));
    let sha2 = |r: &Requirement| {
        matches!(r, Requirement::Sha2) || matches!(r, Requirement::Update { kb, .. } if *kb == SHA2_SUPPORT)
    };
    if is(&|r| matches!(r, Requirement::Component { .. } | Requirement::Feature(_) | Requirement::Role(_))) {
        Cause::ProductNotInstalled
    } else if clause.0.iter().any(checkpoint) {
        Cause::MissingCheckpoint
    } else if clause.0.iter().any(sha2) {
        Cause::MissingSha2Support
    } else if clause.0.iter().any(stack) {
        // "a later cumulative update or the servicing stack": what is missing is the stack
        Cause::MissingServicingStack
    } else if is(&|r| matches!(r, Requirement::Edition(_))) {
        Cause::WrongEdition
    } else if is(&|r| matches!(r, Requirement::ServicePackAtMost(_) | Requirement::BuildAtMost(_))) {
        Cause::WrongOs
    } else {
        Cause::MissingPrerequisite
    }
}

fn log(c: &Context<'_>, out: &mut Vec<Finding>) {
    for e in &c.log {
        match &e.value {
            LogFinding::StackRequired { kb, required, current }
                if kb.is_none() || *kb == c.question.kb || c.question.kb.is_none() =>
            {
                let says = Says::StackRequired { kb: *kb, required: *required, current: *current };
                out.push(
                    Finding::fail(
                        Cause::MissingServicingStack,
                        Certainty::Confirmed,
                        super::log::told(says, e),
                    )
                    .shown()
                    .blocks(true)
                    .naming(stacks_from(c, *required))
                    .remedy(Remedy::NewestStack),
                );
            }
            LogFinding::ParentMissing { kb, version, parent: Some(parent) }
                if super::log::is_asked_about(c.catalog, c.question.kb, *kb, *version) =>
            {
                let says = Says::ParentMissingInLog(Some(*parent));
                let stack = c
                    .catalog
                    .places(*parent)
                    .iter()
                    .any(|e| c.catalog.line(e.line).kind == LineKind::ServicingStack);
                let cause = if stack { Cause::MissingServicingStack } else { Cause::MissingPrerequisite };
                out.push(
                    Finding::fail(cause, Certainty::Confirmed, super::log::told(says, e))
                        .shown()
                        .naming(vec![*parent])
                        .remedy(Remedy::InstallFirst(vec![vec![*parent]])),
                );
            }
            _ => {}
        }
    }
}

/// Servicing stack updates of the host's line with at least this version, oldest first. A version names the build that
/// it is for: 10.0.14393.5285.
pub(super) fn stacks_from(c: &Context<'_>, required: crate::model::Version) -> Vec<KbId> {
    let of_host = |products: crate::model::ProductSet| {
        c.products().is_empty() || !products.intersection(c.products()).is_empty()
    };
    let mut found: Vec<(crate::model::Version, KbId)> = c
        .catalog
        .lines()
        .filter(|l| l.kind == LineKind::ServicingStack && of_host(l.products))
        .flat_map(|l| c.catalog.entries(l.id).collect::<Vec<_>>())
        .filter_map(|e| Some((e.stack.filter(|v| *v >= required && v.0[..3] == required.0[..3])?, e.kb?)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|(_, kb)| kb).take(3).collect()
}

/// `-ndp48` is the child for .NET Framework 4.8 alone.
fn dotnet_of_package(c: &Context<'_>, out: &mut Vec<Finding>) {
    let Some((major, minor, patch)) = c.question.package.as_ref().and_then(|p| p.dotnet) else { return };
    let text = if patch == 0 { format!("{major}.{minor}") } else { format!("{major}.{minor}.{patch}") };
    let argument = crate::model::Origin::whole(&std::sync::Arc::from("--package"), "argument");
    let mut evidence = vec![Evidence::host(Says::PackageForDotnet(text.clone()), &argument)];
    let exact =
        Requirement::Component { name: "dotnet".into(), version: format!("={major}.{minor}.{patch}") };
    let e = c.installed.meets(&exact, None);
    evidence.extend(e.evidence);
    out.push(match e.truth {
        Truth::True => Finding::pass(Cause::ProductNotInstalled, e.certainty, evidence),
        // the package's name and the host say it, whatever else may be on the host
        Truth::False => Finding {
            direct: e.certainty == Certainty::Confirmed,
            ..Finding::fail(Cause::ProductNotInstalled, e.certainty, evidence)
        }
        .remedy(Remedy::AddProduct(format!(".NET Framework {text}"))),
        Truth::Unknown => Finding::unknown(Cause::ProductNotInstalled, true, evidence, vec![Ask::Dotnet]),
    });
}

/// An update of one version of .NET Framework 4, as the feed names its component: `Microsoft .NET Framework 4.5.1/4.5.2`.
/// Versions replace each other in place; those of one minor number are not told apart.
fn dotnet_of_component(c: &Context<'_>, kb: KbId, out: &mut Vec<Finding>) {
    let Some(u) = c.update else { return };
    let Some((_, versions)) = u.component.split_once(".NET Framework ") else { return };
    let minor = |v: crate::model::Version| (v.0[0], v.0[1]);
    let named: Option<Vec<_>> = versions.split('/').map(|v| leading_version(v.trim()).map(minor)).collect();
    let Some(named) = named.filter(|n| n.iter().all(|v| v.0 == 4)) else { return };
    let says = Says::Services { kb, name: "dotnet".into(), version: versions.to_owned() };
    let mut evidence = vec![Evidence::catalog(says, u.source, u.standing)];
    let stated = c.host.dotnet_framework.as_ref();
    let Some((fact, version)) = stated.and_then(|f| Some((f, leading_version(&f.value)?))) else {
        out.push(Finding::unknown(Cause::ProductNotInstalled, false, evidence, vec![Ask::Dotnet]));
        return;
    };
    let says = Says::ComponentOnHost { name: "dotnet".into(), version: fact.value.clone() };
    evidence.push(Evidence::host(says, &fact.origin));
    let there = named.contains(&minor(version));
    let in_hand = c.question.package.as_ref().is_some_and(|p| p.dotnet.is_some());
    out.push(if there || u.standing == Standing::Unverified || in_hand {
        Finding::pass(Cause::ProductNotInstalled, Certainty::Inferred, evidence)
    } else {
        // what updates a version that is not there is neither on the host, unseen, nor replaced
        let own = !c.products().is_empty() && c.products().is_subset(u.products());
        Finding { direct: own, ..Finding::fail(Cause::ProductNotInstalled, Certainty::Inferred, evidence) }
            .remedy(Remedy::AddProduct(format!(".NET Framework {versions}")))
    });
}
