//! What would meet a need.

use super::{
    Builder, UNNAMED,
    known::Way,
    needs::{Needs, Raw},
};
use crate::{
    catalog::view::{Entry, LineKind},
    model::{KbId, Requirement, UpdateKind, Version},
    plan::Change,
    resolve::requirement::SHA2_SUPPORT,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Kinds of members of one clause that differ in what they need.
const MOST_GROUPS: usize = 24;

impl Builder<'_, '_> {
    /// What an update needs; the orders that its rules document are kept.
    pub(super) fn needs_of(&mut self, kb: KbId) -> Rc<Needs> {
        let needs = self.known.needs_of(kb);
        if self.ordered_for.insert(kb) {
            for (order, standing) in &needs.orders {
                let best = self.orders.entry(order.clone()).or_insert(*standing);
                *best = (*best).min(*standing);
            }
        }
        needs
    }

    /// Can this update go on the host at all, now or after a service pack?
    fn viable(&mut self, kb: KbId) -> bool {
        if self.banned.contains(&Change::Install(kb)) {
            return false;
        }
        let way = self.known.way(kb);
        if way == Way::Withdrawn {
            self.graph.withdrawn.insert(kb);
        }
        way == Way::Open
    }

    /// Changes that meet a need, the preferred first: change, place in the rule, how many newer ones would do.
    pub(super) fn providers(&mut self, owner: KbId, raw: &Raw, replaces: &[KbId]) -> Vec<(Change, u64, u64)> {
        let mut named: Vec<KbId> = Vec::new();
        let mut others: Vec<KbId> = Vec::new();
        let mut steps: Vec<Change> = Vec::new();
        let asked_on = self.known.update(owner).and_then(|u| u.date);
        for r in &raw.clause.0 {
            match r {
                Requirement::Update { kb, or_later } => {
                    named.push(*kb);
                    others.extend(self.known.later_than(*kb, true).iter());
                    if *or_later {
                        others.extend(self.known.later_of_lines(*kb));
                    }
                }
                Requirement::BuildAtLeast(bound) => {
                    let bound = *bound;
                    others.extend(self.known.line_entries(LineKind::Cumulative, |e| {
                        e.revision.is_some_and(|r| r >= bound.revision)
                    }));
                }
                Requirement::StackAtLeast(version) => {
                    let version = *version;
                    others.extend(
                        self.known.line_entries(LineKind::ServicingStack, |e| {
                            e.stack.is_some_and(|v| v >= version)
                        }),
                    );
                }
                Requirement::LatestStack => {
                    if let Some(kb) = self.known.installed.stack_of_day(asked_on) {
                        named.push(kb);
                        others.extend(self.known.later_of_lines(kb));
                    }
                }
                Requirement::MonthAtLeast(month) => {
                    let reached =
                        |e: &Entry<'_>| e.date.is_some_and(|d| d.strftime("%Y-%m").to_string() >= *month);
                    others.extend(self.known.line_entries(LineKind::Cumulative, reached));
                    others.extend(self.known.line_entries(LineKind::Rollup, reached));
                }
                Requirement::Sha2 => named.push(SHA2_SUPPORT),
                Requirement::ServicePackAtLeast(level) => {
                    let least = Version([u32::from(*level), 0, 0, 0]);
                    let bringers = self.known.bringers();
                    let packs = bringers.iter().filter(|(_, c, v)| *c == "sp" && *v >= least);
                    named.extend(packs.map(|(kb, _, _)| *kb));
                }
                Requirement::Component { name, version } => {
                    if let Ok(range) = Version::requirement(version) {
                        let bringers = self.known.bringers();
                        let fitting = bringers.iter().filter(|(_, c, v)| {
                            name.starts_with(c) && *c != "sp" && range.matches(&v.to_semver())
                        });
                        // the version that was asked for first, then higher ones
                        let mut fitting: Vec<(Version, KbId)> = fitting.map(|(kb, _, v)| (*v, *kb)).collect();
                        fitting.sort_unstable();
                        named.extend(fitting.into_iter().map(|(_, kb)| kb));
                    }
                }
                Requirement::Feature(name) => steps.push(Change::EnableFeature(name.clone())),
                Requirement::Role(name) => steps.push(Change::AddRole(name.clone())),
                Requirement::Licence(licence) => steps.push(Change::Licence(*licence)),
                Requirement::Manual(step) => steps.push(Change::Manual(step.clone())),
                Requirement::BuildAtMost(_)
                | Requirement::ServicePackAtMost(_)
                | Requirement::Edition(_)
                | Requirement::RestartPending => {}
            }
        }
        // the same step twice, by a product and by its feature
        steps.dedup();
        let mut seen = BTreeSet::from([owner]);
        named.retain(|kb| seen.insert(*kb));
        others.retain(|kb| seen.insert(*kb));
        let usable = |this: &mut Self, kb: &KbId| replaces.binary_search(kb).is_err() && this.viable(*kb);
        named.retain(|kb| usable(self, kb));
        others.retain(|kb| usable(self, kb));
        // servicing stacks before cumulative updates, which are larger
        named.sort_by_cached_key(|kb| self.known.update(*kb).is_some_and(|u| u.kind.is_cumulative()));
        let (others, like) = self.telling(others);
        self.like = like;
        let mut by_age: Vec<KbId> = named.iter().chain(&others).copied().collect();
        by_age.sort_by_cached_key(|kb| std::cmp::Reverse(self.known.age(*kb)));
        let places: BTreeMap<KbId, u64> = by_age.iter().zip(0..).map(|(kb, at)| (*kb, at)).collect();
        let stale = |kb: &KbId| places.get(kb).copied().unwrap_or(0);
        let mut out: Vec<(Change, u64, u64)> = Vec::new();
        for (rank, kb) in named.iter().enumerate() {
            out.push((Change::Install(*kb), rank as u64, stale(kb)));
        }
        for kb in &others {
            out.push((Change::Install(*kb), UNNAMED, stale(kb)));
        }
        for (rank, step) in steps.into_iter().enumerate() {
            // a step that is no update comes after the updates that would do
            let late = if out.is_empty() { rank as u64 } else { 2 * UNNAMED + rank as u64 };
            out.push((step, late, by_age.len() as u64));
        }
        out
    }

    /// Of updates that differ in nothing but their age, the newest; goals stay. And those that are left out.
    fn telling(&mut self, mut candidates: Vec<KbId>) -> (Vec<KbId>, Vec<KbId>) {
        candidates.sort_by_cached_key(|kb| std::cmp::Reverse(self.known.age(*kb)));
        let mut kinds: BTreeSet<u32> = BTreeSet::new();
        let (mut out, mut like) = (Vec::new(), Vec::new());
        for kb in candidates {
            let goal = self.goals.contains(&kb);
            let preview = |kind| matches!(kind, UpdateKind::RollupPreview | UpdateKind::CumulativePreview);
            if !goal && self.known.update(kb).is_some_and(|u| preview(u.kind)) {
                continue;
            }
            // its orders count, too
            self.needs_of(kb);
            if goal || kinds.len() < MOST_GROUPS && kinds.insert(self.known.kind(kb)) {
                out.push(kb);
            } else {
                like.push(kb);
            }
        }
        (out, like)
    }
}
