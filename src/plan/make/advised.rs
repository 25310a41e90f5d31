//! What is advised to come first, where that costs no restart: servicing stacks before what they service, and what an
//! update should have before it.

use super::Maker;
use crate::{
    model::{KbId, Requirement, Standing, Strength, UpdateKind},
    plan::{
        Change,
        graph::Graph,
        solve::{self, Solution},
    },
};
use std::collections::BTreeMap;

/// Advice that is tried, each with a schedule of its own.
const MOST_TRIED: usize = 24;

impl Maker<'_> {
    /// The same choice in an order that keeps as much advice as goes without a further restart.
    pub(super) fn as_advised(&self, graph: &Graph, mut s: Solution) -> Solution {
        let chosen: BTreeMap<KbId, u32> = s
            .schedule
            .stages
            .iter()
            .flatten()
            .filter_map(|n| match &graph.changes[*n as usize] {
                Change::Install(kb) => Some((*kb, *n)),
                _ => None,
            })
            .collect();
        let advice: Vec<Vec<(u32, u32)>> =
            self.stacks_first(&chosen).chain(self.recommended(&chosen)).collect();
        if !advice.is_empty() {
            s.schedule = solve::reordered(&graph.problem, s.schedule, advice.iter().take(MOST_TRIED));
        }
        s
    }

    /// Each servicing stack before what it services, the newest first tried.
    fn stacks_first(&self, chosen: &BTreeMap<KbId, u32>) -> impl Iterator<Item = Vec<(u32, u32)>> + use<> {
        let kinds: Vec<_> = chosen
            .iter()
            .filter_map(|(kb, n)| self.catalog.update(*kb).map(|u| (*n, u.kind, u.date, *kb)))
            .collect();
        let mut stacks: Vec<_> =
            kinds.iter().filter(|(_, k, _, _)| *k == UpdateKind::ServicingStack).collect();
        stacks.sort_by_key(|(_, _, date, kb)| std::cmp::Reverse((*date, *kb)));
        let serviced: Vec<u32> = kinds
            .iter()
            .filter(|(_, k, _, _)| {
                let rollups =
                    [UpdateKind::MonthlyRollup, UpdateKind::RollupPreview, UpdateKind::SecurityOnly];
                k.is_cumulative() || rollups.contains(k)
            })
            .map(|(n, _, _, _)| *n)
            .collect();
        let groups: Vec<Vec<(u32, u32)>> = stacks
            .into_iter()
            .map(|(stack, _, _, _)| serviced.iter().map(|n| (*stack, *n)).collect::<Vec<_>>())
            .filter(|pairs| !pairs.is_empty())
            .collect();
        groups.into_iter()
    }

    /// What an update should have, and need not, before it.
    fn recommended(&self, chosen: &BTreeMap<KbId, u32>) -> impl Iterator<Item = Vec<(u32, u32)>> + use<> {
        let mut out: Vec<Vec<(u32, u32)>> = Vec::new();
        for (kb, n) in chosen {
            let rules = self.catalog.rules(*kb);
            let advice = rules.iter().filter(|r| {
                r.strength != Strength::Hard
                    && r.standing != Standing::Unverified
                    && !r.products.intersection(self.identity.products).is_empty()
            });
            let members = advice.flat_map(|r| &r.requires).flat_map(|c| &c.0).filter_map(|r| match *r {
                Requirement::Update { kb, .. } => chosen.get(&kb),
                _ => None,
            });
            out.extend(members.filter(|first| *first != n).map(|first| vec![(*first, *n)]));
        }
        out.into_iter()
    }
}
