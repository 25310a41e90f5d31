//! Packages in order, in words.

use super::{evidence_report, short_title, wording};
use crate::{
    catalog::Catalog,
    graph,
    model::{KbId, ProductSet},
    plan::order::{Circle, Edge, Group, Item, Missing, Ordered, Step, Warning, Why},
    report::{
        EdgeReport, EvidenceReport, GraphReport, NodeReport, OrderCycleReport, OrderEdgeReport,
        OrderGroupReport, OrderNeededReport, OrderReport, OrderStepReport, OrderWarningReport,
    },
    resolve::statement::{Evidence, Link},
};
use std::collections::{BTreeMap, BTreeSet};

/// Puts packages in order into a report.
pub fn order_report(catalog: &Catalog, ordered: &Ordered) -> OrderReport {
    let groups: Vec<OrderGroupReport> = ordered.groups.iter().map(|g| group(catalog, ordered, g)).collect();
    OrderReport {
        schema: "kbwhy/order/1",
        summary: summary(ordered, &groups),
        warnings: general(catalog, ordered, &groups),
        groups,
        catalog_as_of: catalog.as_of().to_string(),
        catalog_imported: super::imported(catalog),
    }
}

fn plural(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn summary(ordered: &Ordered, groups: &[OrderGroupReport]) -> String {
    let updates = ordered.files.len() - ordered.unknown.len();
    match groups {
        [] if ordered.files.is_empty() => "No package tells its update.".into(),
        [] if updates == 0 => "The catalog knows none of these updates: their order is not known.".into(),
        [] => "None of these updates is for the product that was asked for.".into(),
        [one] => {
            let (given, added) = counted(one);
            let added = match added {
                0 => String::new(),
                n => format!(
                    ", and {} needed first",
                    if n == 1 { "1 that is".into() } else { format!("{n} that are") }
                ),
            };
            let free = one.edges.is_empty() && given > 1;
            if free {
                return format!("{} in any order: no source tells one.", plural(given, "update", "updates"));
            }
            format!(
                "{}{added}, in {}.",
                plural(given, "update", "updates"),
                plural(one.stages as usize, "stage", "stages")
            )
        }
        many => format!(
            "{} for different products: {} groups, one for each kind of host.",
            plural(updates, "update", "updates"),
            many.len()
        ),
    }
}

/// Updates that were given, and those that are needed first.
fn counted(g: &OrderGroupReport) -> (usize, usize) {
    let updates = g.steps.iter().filter(|s| s.update.is_some());
    let given = updates.clone().filter(|s| s.given).count();
    (given, updates.count() - given)
}

fn names(catalog: &Catalog, products: ProductSet) -> Vec<String> {
    products.iter().map(|p| catalog.product(p).name.to_owned()).collect()
}

fn shown(item: &Item) -> String {
    match item {
        Item::Update(kb) => kb.to_string(),
        Item::Manual(step) => step.clone(),
    }
}

fn sources(evidence: &[Evidence]) -> Vec<EvidenceReport> {
    evidence.iter().map(evidence_report).collect()
}

fn group(catalog: &Catalog, ordered: &Ordered, g: &Group) -> OrderGroupReport {
    let number: BTreeMap<&Item, u32> = g.steps.iter().zip(1..).map(|(s, n)| (&s.item, n)).collect();
    let pairs: BTreeSet<(u32, u32)> =
        g.edges.iter().filter_map(|e| Some((*number.get(&e.before)?, *number.get(&e.after)?))).collect();
    // what others imply is of no interest
    let reduced = graph::reduce(&pairs).map_or_else(|| pairs.iter().copied().collect(), |r| r.edges);
    let step = |(s, n): (&Step, u32)| OrderStepReport {
        number: n,
        stage: s.stage,
        kind: if s.item.kb().is_some() { "install" } else { "manual" },
        update: s.item.kb().map(|kb| kb.to_string()),
        action: match &s.item {
            Item::Update(kb) => short_title(catalog, *kb).unwrap_or_else(|| "update".into()),
            Item::Manual(step) => wording::manual_step(step),
        },
        given: s.given,
        files: s.item.kb().and_then(|kb| ordered.files.get(&kb)).cloned().unwrap_or_default(),
        after: reduced.iter().filter(|(_, to)| *to == n).map(|(from, _)| *from).collect(),
        restart: s.restart,
    };
    OrderGroupReport {
        products: names(catalog, g.products),
        stages: g.steps.iter().map(|s| s.stage).max().unwrap_or(0),
        steps: g.steps.iter().zip(1..).map(step).collect(),
        edges: g.edges.iter().map(|e| edge(catalog, e)).collect(),
        needed_first: needed(catalog, g),
        cycles: g.circles.iter().map(circle).collect(),
        warnings: g.warnings.iter().map(|w| warning(catalog, w)).collect(),
    }
}

const fn relation(why: &Why) -> &'static str {
    match why {
        Why::Needs(..) => "prerequisite",
        Why::Listed(..) => "documented-order",
        Why::Replaced(_) => "supersedes",
        Why::Manifest => "manifest",
        Why::MakesRelease | Why::BeforeRelease => "release",
        Why::StackFirst => "servicing-stack",
        Why::StepBefore => "manual-step",
    }
}

fn edge(catalog: &Catalog, e: &Edge) -> OrderEdgeReport {
    OrderEdgeReport {
        before: shown(&e.before),
        after: shown(&e.after),
        binding: e.binding.name(),
        relation: relation(&e.why),
        text: why(e),
        evidence: sources(&e.evidence),
        products: names(catalog, e.only),
    }
}

/// Why one goes before the other.
fn why(e: &Edge) -> String {
    let (before, after) = (shown(&e.before), shown(&e.after));
    let because = |why: &str| if why.is_empty() { String::new() } else { format!(": {why}") };
    match &e.why {
        Why::Needs(clause, why) => {
            let needs = wording::clause_words(clause);
            let named = clause.iter().any(
                |r| matches!(r, crate::model::Requirement::Update { kb, .. } if Some(*kb) == e.before.kb()),
            );
            let verb =
                if e.binding == crate::plan::order::Binding::Advised { "should have" } else { "needs" };
            if named {
                format!("{after} {verb} {needs}{}", because(why))
            } else {
                format!("{after} {verb} {needs}, for which {before} will do{}", because(why))
            }
        }
        Why::Listed(of, why) => {
            format!("the documented order for {of}{}", because(why))
        }
        Why::Replaced(Link::Covers) => {
            format!("{after} carries {before}: if both, {before} goes first")
        }
        Why::Replaced(_) => {
            format!("{after} replaces {before}: if both, {before} goes first")
        }
        Why::Manifest => format!("the manifest of {after} asks for it"),
        Why::MakesRelease => format!("{after} is for the release that {before} makes"),
        Why::BeforeRelease => format!("{before} is not for the release that {after} makes"),
        Why::StackFirst => format!("{before} is a servicing stack update: it goes before what it services"),
        Why::StepBefore => format!("{before} comes before {after}"),
    }
}

fn needed(catalog: &Catalog, g: &Group) -> Vec<OrderNeededReport> {
    let mut out: Vec<OrderNeededReport> = Vec::new();
    // those that stand among the steps, in their order
    for step in g.steps.iter().filter(|s| !s.given) {
        let Some(kb) = step.item.kb() else { continue };
        let by: BTreeSet<String> = g
            .edges
            .iter()
            .filter(|e| e.before == step.item && matches!(e.why, Why::Needs(..) | Why::Manifest))
            .map(|e| shown(&e.after))
            .collect();
        let Some(m) = g.missing.iter().find(|m| m.chosen == Some(kb)) else { continue };
        out.push(OrderNeededReport {
            update: Some(kb.to_string()),
            text: missing_words(m),
            needed_by: by.into_iter().collect(),
            only_if: None,
            evidence: sources(&m.evidence),
            products: names(catalog, m.only),
        });
    }
    let placed: BTreeSet<KbId> = g.steps.iter().filter_map(|s| s.item.kb()).collect();
    for m in g.missing.iter().filter(|m| m.chosen.is_none_or(|kb| !placed.contains(&kb))) {
        let text = missing_words(m);
        let only_if = condition(m);
        let known = out.iter_mut().find(|o| o.update.is_none() && o.text == text && o.only_if == only_if);
        match known {
            Some(o) => o.needed_by.push(m.by.to_string()),
            None => out.push(OrderNeededReport {
                update: None,
                text,
                needed_by: vec![m.by.to_string()],
                only_if,
                evidence: sources(&m.evidence),
                products: names(catalog, m.only),
            }),
        }
    }
    out
}

fn missing_words(m: &Missing) -> String {
    let words = wording::clause_words(&m.clause);
    match m.waits_itself.as_slice() {
        [] => words,
        given => {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            let verb = if given.len() == 1 { "waits" } else { "wait" };
            format!("{words} ({} would do, but {verb} for {} itself)", given.join(", "), m.by)
        }
    }
}

fn condition(m: &Missing) -> Option<String> {
    let all: Vec<String> = m.when.iter().map(|clause| wording::clause_words(clause)).collect();
    (!all.is_empty()).then(|| format!("on hosts with {}", all.join(" and ")))
}

fn circle(c: &Circle) -> OrderCycleReport {
    let mut members: Vec<String> = vec![shown(&c.edge.before)];
    members.extend(c.back.iter().map(shown));
    members.dedup();
    let (first, by) = (shown(&c.edge.before), shown(&c.edge.after));
    let text = match (c.instead.as_slice(), &c.edge.why) {
        ([], Why::Needs(..)) if !matches!(c.edge.binding, crate::plan::order::Binding::Required) => {
            format!("{first} is advised before {by}, but waits for it: that advice is not followed")
        }
        ([], Why::Needs(..)) => {
            format!(
                "{first} would do for what {by} needs, but waits for {by} itself; every Windows of these products has it"
            )
        }
        (instead, Why::Needs(..)) => {
            let instead: Vec<String> = instead.iter().map(ToString::to_string).collect();
            format!(
                "{first} would do for what {by} needs, but waits for {by} itself: {} goes first",
                instead.join(", ")
            )
        }
        (_, Why::Replaced(_)) => {
            format!("{by} replaces {first}, but {first} waits for {by}: {by} goes first")
        }
        _ => format!("{first} before {by} is documented, but {first} waits for {by} for a stronger reason"),
    };
    OrderCycleReport { members, text }
}

fn warning(catalog: &Catalog, w: &Warning) -> OrderWarningReport {
    let on = |only: ProductSet| {
        if only.is_empty() { String::new() } else { format!(" on {}", names(catalog, only).join(", ")) }
    };
    match w {
        Warning::Superseded { older, newer, implied, evidence, only } => {
            let who = if *implied { format!("{newer}, which others here need,") } else { newer.to_string() };
            OrderWarningReport {
                code: "superseded",
                updates: vec![older.to_string(), newer.to_string()],
                text: format!("{who} replaces {older}{}: {older} is needless beside it", on(*only)),
                evidence: sources(evidence),
            }
        }
        Warning::Exclude { one, other, evidence } => OrderWarningReport {
            code: "exclude",
            updates: vec![one.to_string(), other.to_string()],
            text: format!(
                "{one} and {other} do not go on one host together: leave one out, or remove the first before the other"
            ),
            evidence: sources(evidence),
        },
        Warning::Excluded { kb, by, evidence } => OrderWarningReport {
            code: "excluded",
            updates: vec![kb.to_string()],
            text: format!(
                "{kb} does not go on hosts with {}, which these products have",
                wording::requirement_words(by)
            ),
            evidence: sources(evidence),
        },
        Warning::Withdrawn { kb, replacement, evidence } => OrderWarningReport {
            code: "withdrawn",
            updates: vec![kb.to_string()],
            text: match replacement.as_slice() {
                [] => format!("{kb} is no longer published"),
                many => {
                    let many: Vec<String> = many.iter().map(ToString::to_string).collect();
                    format!("{kb} is no longer published; {} takes its place", many.join(" or "))
                }
            },
            evidence: sources(evidence),
        },
    }
}

/// What is amiss with what was given, whatever the group.
fn general(catalog: &Catalog, ordered: &Ordered, groups: &[OrderGroupReport]) -> Vec<OrderWarningReport> {
    let plain = |code, updates: Vec<String>, text: String| OrderWarningReport {
        code,
        updates,
        text,
        evidence: Vec::new(),
    };
    let mut out = Vec::new();
    if groups.len() > 1 {
        let text =
            "the catalog knows no product that has packages of all of these: they do not go on one host";
        out.push(plain("different-products", Vec::new(), text.into()));
    }
    for kb in &ordered.elsewhere {
        let products = catalog.update(*kb).map(|u| names(catalog, u.products())).unwrap_or_default();
        let text = format!("{kb} is for {}, not for what was asked for", wording::some(&products, 4));
        out.push(plain("other-product", vec![kb.to_string()], text));
    }
    if ordered.architectures.len() > 1 {
        let all: Vec<String> = ordered
            .architectures
            .iter()
            .map(|(a, kbs)| format!("{a}: {}", some(kbs.iter().map(ToString::to_string).collect())))
            .collect();
        let text = format!(
            "the files are for several architectures; one host takes one of them ({})",
            all.join("; ")
        );
        out.push(plain("different-architectures", Vec::new(), text));
    }
    for (kb, files) in &ordered.duplicates {
        let text = match files.len() {
            0 | 1 => format!("{kb} was given more than once"),
            _ => format!("{kb} was given more than once: {}", some(files.clone())),
        };
        out.push(plain("duplicate", vec![kb.to_string()], text));
    }
    for (kb, meant) in &ordered.unknown {
        let meant: Vec<String> = meant.iter().map(ToString::to_string).collect();
        let hint =
            if meant.is_empty() { String::new() } else { format!(" Did you mean {}?", meant.join(" or ")) };
        let why = if *kb > catalog.newest_kb() {
            format!("it is newer than this catalog (as of {})", catalog.as_of())
        } else {
            "this catalog does not know it".into()
        };
        let text = format!("the place of {kb} is not known: {why}.{hint}");
        out.push(plain("unknown-update", vec![kb.to_string()], text));
    }
    for file in &ordered.nameless {
        out.push(plain("unnamed-file", Vec::new(), format!("{file} does not tell which update it is of")));
    }
    if ordered.cut > 0 {
        let text = format!("{} more were given than are ordered at once", ordered.cut);
        out.push(plain("too-many", Vec::new(), text));
    }
    out
}

fn some(all: Vec<String>) -> String {
    wording::some(&all, 6)
}

/// The order as a drawing: an arrow goes to what comes after.
pub fn order_graph(report: &OrderReport) -> GraphReport {
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    for (g, group) in report.groups.iter().enumerate() {
        let id = |n: u32| format!("g{g}n{n}");
        for s in &group.steps {
            let mut label = vec![s.update.clone().unwrap_or_else(|| s.action.clone())];
            if s.update.is_some() {
                label.push(s.action.clone());
            }
            if !s.given {
                label.push("(not given, needed first)".into());
            }
            if s.restart {
                label.push("then restart".into());
            }
            let shape = match (s.kind, s.given) {
                ("manual", _) => "requirement",
                (_, false) => "more",
                _ => "update",
            };
            nodes.push(NodeReport { id: id(s.number), shape, root: false, label });
            for before in &s.after {
                edges.push(EdgeReport {
                    from: id(*before),
                    to: id(s.number),
                    relation: "then",
                    products: Vec::new(),
                    cycle: false,
                });
            }
        }
    }
    GraphReport {
        schema: "kbwhy/order/graph/1",
        update: "order".into(),
        nodes,
        edges,
        cycles: Vec::new(),
        catalog_as_of: report.catalog_as_of.clone(),
    }
}
