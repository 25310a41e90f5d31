//! A plan as a picture: its steps as a graph, restarts as barriers between stages.

use super::{action, name, restarts_after};
use crate::{
    render::drawing::{to_dot, to_mermaid},
    report::{EdgeReport, GraphReport, InstallPlanReport, NodeReport, PlanStepReport},
};
use std::collections::BTreeSet;

/// A plan for Graphviz.
pub fn plan_to_dot(report: &InstallPlanReport) -> String {
    to_dot(&graph(report))
}

/// A plan for Mermaid.
pub fn plan_to_mermaid(report: &InstallPlanReport) -> String {
    to_mermaid(&graph(report))
}

fn node_of(number: u32) -> String {
    format!("n{number}")
}

/// Steps with what they come after. Who waits for a step of a former stage waits for the restart between them.
fn graph(report: &InstallPlanReport) -> GraphReport {
    let (mut nodes, mut edges) = (Vec::new(), BTreeSet::new());
    let all = report.steps.iter().filter(|s| restarts_after(report, s)).count();
    let (mut stage, mut restarts): (Vec<&PlanStepReport>, u32) = (Vec::new(), 0);
    let mut barrier: Option<String> = None;
    let first_barrier = report.steps.iter().map(|s| s.number).max().unwrap_or(0) + 1;
    for s in &report.steps {
        nodes.push(NodeReport {
            id: node_of(s.number),
            shape: if s.update.is_some() { "update" } else { "requirement" },
            root: s.goal,
            label: label(s),
        });
        stage.push(s);
        let last = restarts_after(report, s);
        if !last && report.steps.last().is_some_and(|l| l.number != s.number) {
            continue;
        }
        let here: BTreeSet<u32> = stage.iter().map(|s| s.number).collect();
        let within = |s: &PlanStepReport| -> Vec<u32> {
            s.after.iter().copied().filter(|a| here.contains(a)).collect()
        };
        for s in &stage {
            let before = within(s);
            if let (true, Some(b)) = (before.is_empty(), &barrier) {
                edges.insert((b.clone(), node_of(s.number)));
            }
            for a in least(&before, &stage) {
                edges.insert((node_of(a), node_of(s.number)));
            }
        }
        if last {
            let id = node_of(first_barrier + restarts);
            restarts += 1;
            nodes.push(NodeReport {
                id: id.clone(),
                shape: "restart",
                root: false,
                label: vec![format!("restart {restarts} of {all}")],
            });
            let waited_for: BTreeSet<u32> = stage.iter().flat_map(|s| within(s)).collect();
            for s in stage.iter().filter(|s| !waited_for.contains(&s.number)) {
                edges.insert((node_of(s.number), id.clone()));
            }
            barrier = Some(id);
        }
        stage.clear();
    }
    GraphReport {
        schema: "kbwhy/plan/1",
        update: report.goals.first().map_or_else(|| "plan".to_owned(), |g| g.update.clone()),
        nodes,
        edges: edges
            .into_iter()
            .map(|(from, to)| EdgeReport { from, to, relation: "then", products: Vec::new(), cycle: false })
            .collect(),
        cycles: Vec::new(),
        catalog_as_of: report.catalog_as_of.clone(),
    }
}

/// Of the steps that come before, those that are not before another of them: lines that others imply are left out.
fn least(before: &[u32], stage: &[&PlanStepReport]) -> Vec<u32> {
    let direct = |n: u32| stage.iter().find(|s| s.number == n).map_or(&[][..], |s| &s.after[..]);
    let mut implied = BTreeSet::new();
    let mut work: Vec<u32> = before.iter().flat_map(|b| direct(*b)).copied().collect();
    while let Some(n) = work.pop() {
        if implied.insert(n) {
            work.extend(direct(n));
        }
    }
    before.iter().copied().filter(|b| !implied.contains(b)).collect()
}

fn label(s: &PlanStepReport) -> Vec<String> {
    let mut lines = vec![format!("{}. {}", s.number, name(s))];
    let action = action(s);
    if !action.is_empty() {
        lines.push(action);
    }
    if let Some(c) = &s.only_if {
        lines.push(format!("only if {}", c.text));
    }
    lines
}
