//! Evaluation in Kleene's three-valued logic, with the operators that decided. Without recursion.

use super::document::{RuleDocument, Section};
use super::facts::{HostFacts, Need, Observed};
use super::leaf::{self, Leaf};
use super::operator::Operator;
use crate::model::Truth;

/// Deciding clauses, and facts that are missing, that are kept of one section.
const KEPT: usize = 64;

/// What an operator is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concern {
    /// the version of Windows, or client and server
    Os,
    /// the architecture
    Architecture,
    /// the edition
    Edition,
    /// servicing packages
    Package,
    /// anything else
    Other,
}

/// An operator that decided, or that keeps the section open.
#[derive(Clone, Debug)]
pub struct Clause {
    /// its place in the section
    pub node: usize,
    /// what it says
    pub truth: Truth,
    /// it stands below an odd number of `Not`: the section asks for the contrary
    pub negated: bool,
    /// what it is about
    pub concern: Concern,
    /// what it looked at
    pub observed: Option<Observed>,
    /// facts that would settle it
    pub needs: Vec<Need>,
    /// why it is not known although the facts are there
    pub doubt: Option<&'static str>,
}

/// What a section says of a host.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// does it hold?
    pub truth: Truth,
    /// the operators that decide it, or those that keep it open, in the document's order; at most 64
    pub clauses: Vec<Clause>,
    /// how many there are
    pub deciding: usize,
    /// facts that would settle it; none if it is decided
    pub needs: Vec<Need>,
    /// operators among those that keep it open which are not known or garbled, as they are written
    pub not_known: Vec<String>,
}

/// Evaluates a section: every operator once, parts before what they are a part of.
pub fn evaluate(section: &Section, document: &RuleDocument, facts: &HostFacts<'_>) -> Outcome {
    let nodes = &section.nodes;
    // parts come after what they are a part of: from the end on, all parts are known
    let mut values: Vec<Truth> = nodes
        .iter()
        .map(|n| match n.operator {
            Operator::And => Truth::True,
            Operator::Or => Truth::False,
            _ => Truth::Unknown,
        })
        .collect();
    for (i, node) in nodes.iter().enumerate().rev() {
        if !node.operator.is_logical() {
            let value = leaf::judge(&node.operator, document, facts).truth;
            if let Some(slot) = values.get_mut(i) {
                *slot = value;
            }
        }
        let value = values.get(i).copied().unwrap_or(Truth::Unknown);
        let parent = node.parent as usize;
        if i == 0 {
            continue;
        }
        let (Some(slot), Some(above)) = (values.get_mut(parent), nodes.get(parent)) else { continue };
        *slot = match above.operator {
            Operator::And => (*slot).min(value),
            Operator::Or => (*slot).max(value),
            Operator::Not => !value,
            _ => *slot,
        };
    }
    explain(section, document, facts, &values)
}

/// Walks down from the section to the operators that decided it.
fn explain(section: &Section, document: &RuleDocument, facts: &HostFacts<'_>, values: &[Truth]) -> Outcome {
    let nodes = &section.nodes;
    let value = |i: usize| values.get(i).copied().unwrap_or(Truth::Unknown);
    // does it matter? parts come after what they are a part of
    let mut matters = vec![false; nodes.len()];
    // an alternative that holds already
    let mut settled = vec![false; nodes.len()];
    if let Some(root) = matters.first_mut() {
        *root = true;
    }
    let (mut clauses, mut deciding) = (Vec::new(), 0usize);
    let (mut needs, mut not_known) = (Vec::<Need>::new(), Vec::<String>::new());
    for (i, node) in nodes.iter().enumerate() {
        let parent = node.parent as usize;
        if i > 0 {
            let above = value(parent);
            let counts = match nodes.get(parent).map(|n| &n.operator) {
                // all that refuse it, or all that are needed
                Some(Operator::And) => value(i) == above,
                // the first that holds, or all that do not
                Some(Operator::Or) => {
                    let first = above != Truth::True || !settled.get(parent).copied().unwrap_or(true);
                    value(i) == above && first
                }
                Some(Operator::Not) => true,
                _ => false,
            };
            let counts = counts && matters.get(parent).copied().unwrap_or(false);
            if counts && let Some(slot) = settled.get_mut(parent) {
                *slot = true;
            }
            if let Some(slot) = matters.get_mut(i) {
                *slot = counts;
            }
        }
        if !matters.get(i).copied().unwrap_or(false) || node.operator.is_logical() {
            continue;
        }
        deciding += 1;
        if value(i) == Truth::Unknown
            && matches!(&node.operator, Operator::Other(_) | Operator::WmiQuery(_, None))
            && !not_known.contains(&node.written)
            && not_known.len() < KEPT
        {
            not_known.push(node.written.clone());
        }
        if clauses.len() < KEPT {
            let Leaf { truth, observed, needs: own, doubt, concern } =
                leaf::judge(&node.operator, document, facts);
            let concern = concern.unwrap_or_else(|| leaf::concern(&node.operator));
            let negated = negated(section, i);
            for need in &own {
                if !needs.contains(need) && needs.len() < KEPT {
                    needs.push(need.clone());
                }
            }
            clauses.push(Clause { node: i, truth, negated, concern, observed, needs: own, doubt });
        }
    }
    Outcome { truth: value(0), clauses, deciding, needs, not_known }
}

/// Does an odd number of `Not` stand above it?
fn negated(section: &Section, node: usize) -> bool {
    let (mut at, mut odd) = (node, false);
    while at != 0 {
        let Some(parent) = section.nodes.get(at).map(|n| n.parent as usize) else { break };
        odd ^= section.nodes.get(parent).is_some_and(|n| n.operator == Operator::Not);
        at = parent;
    }
    odd
}
