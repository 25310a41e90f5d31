//! What to look at in the facts: they compile, and yet something about them is doubtful.

use super::facts::{Facts, RuleRow};
use crate::model::{Clause, Requirement};
use petgraph::{algo::kosaraju_scc, graph::DiGraph};
use std::collections::{BTreeMap, BTreeSet};

/// Something doubtful.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// which check: `dispute`, `dates-disagree`, `prerequisite-cycle`, `supersedes-backwards`, `unverified-alone`, `unknown-kb`
    pub check: &'static str,
    /// the KB, rule or product that it is about
    pub about: String,
    /// what was found
    pub text: String,
}

/// Every finding, in order.
pub fn lint(facts: &Facts) -> Vec<Finding> {
    let mut out = Vec::new();
    let dates = dates(facts);
    disputes(facts, &mut out);
    for (kb, said) in &dates {
        if said.len() > 1 {
            let text = said.iter().map(|(date, source)| format!("{date} ({source})")).collect::<Vec<_>>();
            out.push(finding("dates-disagree", kb, text.join(", ")));
        }
    }
    backwards(facts, &dates, &mut out);
    alone(facts, &mut out);
    unknown(facts, &mut out);
    cycles(facts, &mut out);
    out.sort();
    out.dedup();
    out
}

fn finding(check: &'static str, about: &str, text: impl Into<String>) -> Finding {
    Finding { check, about: about.to_owned(), text: text.into() }
}

fn disputes(facts: &Facts, out: &mut Vec<Finding>) {
    let disputed = facts.rules.iter().filter_map(|r| r.dispute.as_ref().map(|d| (r, d)));
    out.extend(disputed.map(|(r, d)| finding("dispute", &r.id, d)));
}

/// KB -> date -> first source that says so.
fn dates(facts: &Facts) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    let mut out: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let entries = facts.lines.iter().flat_map(|(_, e)| e);
    let of_entries = entries.map(|e| (e.kb.as_deref(), e.date.as_deref(), &*e.source));
    let of_updates = facts.updates.iter().map(|u| (Some(&*u.kb), u.date.as_deref(), &*u.source));
    for (kb, date, source) in of_entries.chain(of_updates) {
        if let (Some(kb), Some(date)) = (kb, date) {
            let first = out.entry(kb).or_default().entry(date).or_insert(source);
            *first = (*first).min(source);
        }
    }
    out
}

/// Is a date before another, as far as both are told? A month alone (`yyyy-mm`) is not before its days.
fn is_before(a: &str, b: &str) -> bool {
    let told = a.len().min(b.len());
    a.get(..told) < b.get(..told)
}

fn backwards(facts: &Facts, dates: &BTreeMap<&str, BTreeMap<&str, &str>>, out: &mut Vec<Finding>) {
    let of_updates =
        facts.updates.iter().flat_map(|u| u.supersedes.iter().map(move |s| (&*u.kb, &*s.kb, &*u.source)));
    let relations = facts.relations.iter().filter(|r| r.relation == "supersedes");
    let of_relations = relations.flat_map(|r| r.to.iter().map(move |t| (&*r.from, &**t, &*r.source)));
    for (from, to, source) in of_updates.chain(of_relations) {
        let last = dates.get(from).and_then(|d| d.keys().next_back());
        let first = dates.get(to).and_then(|d| d.keys().next());
        if let (Some(newer), Some(older)) = (last, first)
            && is_before(newer, older)
        {
            let text = format!("of {newer} supersedes {to} of {older} ({source})");
            out.push(finding("supersedes-backwards", from, text));
        }
    }
}

/// Updates about which nothing but unverified rules is known.
fn alone(facts: &Facts, out: &mut Vec<Finding>) {
    let mut rules: BTreeMap<&str, Vec<&RuleRow>> = BTreeMap::new();
    for r in &facts.rules {
        if let Some(kb) = &r.kb {
            rules.entry(kb).or_default().push(r);
        }
    }
    for (kb, of_it) in rules {
        if of_it.iter().all(|r| r.standing == "unverified") {
            let ids: Vec<&str> = of_it.iter().map(|r| &*r.id).collect();
            out.push(finding("unverified-alone", kb, ids.join(", ")));
        }
    }
}

fn members(rule: &RuleRow) -> impl Iterator<Item = Clause> {
    rule.requires.iter().filter_map(|c| c.parse().ok())
}

fn unknown(facts: &Facts, out: &mut Vec<Finding>) {
    let mut known: BTreeSet<&str> = facts.updates.iter().map(|u| &*u.kb).collect();
    known.extend(facts.lines.iter().flat_map(|(_, e)| e).filter_map(|e| e.kb.as_deref()));
    for r in &facts.rules {
        for requirement in members(r).flat_map(|c| c.0) {
            if let Requirement::Update { kb, .. } = requirement
                && !known.contains(kb.to_string().as_str())
            {
                out.push(finding("unknown-kb", &r.id, format!("requires {kb}, which nothing describes")));
            }
        }
    }
}

/// Updates that need each other on one product, by hard clauses of a single member; iterative at any depth.
fn cycles(facts: &Facts, out: &mut Vec<Finding>) {
    for product in &facts.products {
        let mut graph = DiGraph::<String, ()>::new();
        let mut nodes = BTreeMap::new();
        let mut edges = Vec::new();
        for r in &facts.rules {
            let hard = r.strength.as_deref().is_none_or(|s| s == "hard") && r.standing != "unverified";
            let Some(kb) = r.kb.as_ref().filter(|_| hard) else { continue };
            if !(r.products.is_empty() || r.products.contains(&product.id)) {
                continue;
            }
            for clause in members(r) {
                if let [Requirement::Update { kb: needed, .. }] = &clause.0[..] {
                    edges.push((kb.clone(), needed.to_string()));
                }
            }
        }
        for (from, to) in edges {
            let mut node = |name: String| *nodes.entry(name.clone()).or_insert_with(|| graph.add_node(name));
            let (from, to) = (node(from), node(to));
            graph.update_edge(from, to, ());
        }
        for group in kosaraju_scc(&graph) {
            let alone = group.len() == 1 && group.iter().all(|n| graph.find_edge(*n, *n).is_none());
            if !alone {
                let mut names: Vec<&str> = group.iter().map(|n| &*graph[*n]).collect();
                names.sort_unstable();
                out.push(finding("prerequisite-cycle", &product.id, names.join(", ")));
            }
        }
    }
}
