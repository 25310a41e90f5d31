//! What to install first, in order: the prerequisites of an update that the host lacks, and theirs.

use super::{
    checks::Context,
    requirement::Evaluation,
    statement::{Says, Truth},
};
use crate::{
    graph,
    model::{KbId, Requirement, Standing, Strength, UpdateKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// Steps that a plan may have: more than any chain of prerequisites.
const LIMIT: usize = 200;

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// install an update
    Install(KbId),
    /// a step that is no update
    Manual(String),
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// what to do
    pub action: Action,
    /// a restart follows; `None` if that is not known
    pub restart: Option<bool>,
    /// only if it is not there: the host's lists do not tell
    pub unless_present: bool,
    /// the update that needs it, and why
    pub because: Option<(KbId, String)>,
}

/// The plan to install `goal`: its missing prerequisites, theirs, and itself. `goal_steps` is false where the goal
/// itself is not to be installed. `also` are updates that it needs by no rule of the catalog.
pub fn plan(c: &Context<'_>, goal: KbId, also: &[KbId]) -> Vec<Step> {
    let mut items: Vec<KbId> = Vec::new();
    let mut info: BTreeMap<KbId, (bool, Option<(KbId, String)>)> = BTreeMap::from([(goal, (false, None))]);
    let mut before: BTreeSet<(KbId, KbId)> = BTreeSet::new();
    let mut orders: Vec<Vec<Requirement>> = Vec::new();
    let mut work = vec![goal];
    for kb in also.iter().filter(|kb| **kb != goal) {
        before.insert((*kb, goal));
        info.entry(*kb).or_insert((false, Some((goal, String::new()))));
        work.insert(0, *kb);
    }
    while let Some(kb) = work.pop() {
        if items.contains(&kb) || items.len() >= LIMIT {
            continue;
        }
        items.push(kb);
        let asked_on = c.catalog.update(kb).and_then(|u| u.date);
        for rule in c.catalog.rules(kb) {
            let here = c.products().is_empty() || !rule.products.intersection(c.products()).is_empty();
            if !here || rule.standing == Standing::Unverified {
                continue;
            }
            if rule.strength == Strength::Hard || rule.order.len() > 1 {
                orders.push(rule.order.clone());
            }
            if rule.strength != Strength::Hard || super::checks::rule_condition(c, &rule) == Truth::False {
                continue;
            }
            for clause in &rule.requires {
                let (e, members) = c.installed.meets_any(clause, asked_on);
                if e.truth == Truth::True {
                    continue;
                }
                if let Some((member, unless_present)) = choose(c, &members, &e) {
                    before.insert((member, kb));
                    info.entry(member).or_insert((unless_present, Some((kb, rule.why.to_owned()))));
                    work.push(member);
                }
            }
        }
    }
    // the documented order of a family holds among those that are to be installed
    for order in &orders {
        let kbs: Vec<KbId> = order.iter().filter_map(as_update).filter(|kb| items.contains(kb)).collect();
        before.extend(kbs.windows(2).map(|w| (w[0], w[1])));
    }
    drop_needless(c, goal, &mut items, &before);
    items.reverse();
    let (sorted, _cycles) = graph::order(&items, &before);
    let mut steps = Vec::new();
    for kb in sorted {
        for step in manual_before(&orders, kb) {
            if !steps.iter().any(|s: &Step| s.action == Action::Manual(step.clone())) {
                steps.push(Step {
                    action: Action::Manual(step),
                    restart: Some(false),
                    unless_present: false,
                    because: Some((kb, String::new())),
                });
            }
        }
        let (unless_present, because) = info.remove(&kb).unwrap_or((false, None));
        let restart = if restart_after(&orders, kb) { Some(true) } else { restart(c, kb) };
        steps.push(Step { action: Action::Install(kb), restart, unless_present, because });
    }
    steps
}

/// "It or a later one": where a later update of the same line is installed anyway and does not wait for the earlier
/// one, the earlier one is needless.
fn drop_needless(c: &Context<'_>, goal: KbId, items: &mut Vec<KbId>, before: &BTreeSet<(KbId, KbId)>) {
    let later = |a: KbId, b: KbId| {
        let (pa, pb) = (c.catalog.places(a), c.catalog.places(b));
        pa.iter().any(|x| {
            c.catalog.line(x.line).chained && pb.iter().any(|y| x.line == y.line && x.position > y.position)
        })
    };
    let waits_for = |later: KbId, earlier: KbId| {
        let (mut seen, mut work) = (BTreeSet::from([earlier]), vec![earlier]);
        while let Some(kb) = work.pop() {
            for (_, next) in before.range((kb, KbId::LEAST)..).take_while(|(from, _)| *from == kb) {
                if seen.insert(*next) {
                    work.push(*next);
                }
            }
        }
        seen.contains(&later)
    };
    let needless: Vec<KbId> = items
        .iter()
        .copied()
        .filter(|kb| {
            *kb != goal
                && items.iter().any(|other| *other != goal && later(*other, *kb) && !waits_for(*other, *kb))
        })
        .collect();
    items.retain(|kb| !needless.contains(kb));
}

fn as_update(r: &Requirement) -> Option<KbId> {
    match r {
        Requirement::Update { kb, .. } => Some(*kb),
        _ => None,
    }
}

/// Steps that are no updates and stand right before this update in a documented order.
fn manual_before(orders: &[Vec<Requirement>], kb: KbId) -> Vec<String> {
    let mut out = Vec::new();
    for order in orders {
        let Some(at) = order.iter().position(|r| as_update(r) == Some(kb)) else { continue };
        let before = order[..at].iter().rev().take_while(|r| as_update(r).is_none());
        let mut steps: Vec<String> = before
            .filter_map(|r| match r {
                Requirement::Manual(step) if step != "restart" => Some(step.clone()),
                _ => None,
            })
            .collect();
        steps.reverse();
        out.extend(steps);
    }
    out
}

/// A documented order restarts right after this update.
fn restart_after(orders: &[Vec<Requirement>], kb: KbId) -> bool {
    orders.iter().any(|o| {
        o.windows(2).any(|w| as_update(&w[0]) == Some(kb) && w[1] == Requirement::Manual("restart".into()))
    })
}

/// The member to install: in the rule's order, servicing stacks before cumulative updates, which are larger.
fn choose(
    c: &Context<'_>,
    members: &[(Requirement, Evaluation)],
    clause: &Evaluation,
) -> Option<(KbId, bool)> {
    let mut candidates: Vec<KbId> = members.iter().filter_map(|(r, _)| as_update(r)).collect();
    candidates.sort_by_key(|kb| c.catalog.update(*kb).is_some_and(|u| u.kind.is_cumulative()));
    let kb = candidates.into_iter().next()?;
    let stated_absent = clause.evidence.iter().any(|e| matches!(e.says, Says::StatedAbsent(k) if k == kb));
    Some((kb, clause.truth == Truth::Unknown && !stated_absent))
}

fn restart(c: &Context<'_>, kb: KbId) -> Option<bool> {
    Some(match c.catalog.update(kb)?.kind {
        // servicing stack updates need none
        UpdateKind::ServicingStack => false,
        UpdateKind::Update | UpdateKind::Hotfix | UpdateKind::DotnetRollup | UpdateKind::DotnetProduct => {
            return None;
        }
        UpdateKind::Hotpatch => false,
        _ => true,
    })
}
