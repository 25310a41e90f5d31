//! The supersedence of a table as it is stated, counted.

use crate::{catalog::facts::SupersedenceRow, graph};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What the statistics need of a table; updates, products and cells are numbered in the order in which they are met.
pub(super) struct Table<'a> {
    pub(super) records: u64,
    pub(super) without_bulletin: u64,
    pub(super) bulletins: &'a [&'a str],
    pub(super) cells: &'a [&'a str],
    /// (bulletin, product without outer blanks, cell, records)
    pub(super) combinations: &'a [(u32, u32, u32, u64)],
    /// the most frequent day of each bulletin, the first one met if there are several
    pub(super) days: &'a [u32],
}

/// How many of the most connected updates are named.
const NAMED: usize = 5;

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

fn kb(name: &str) -> String {
    if is_number(name) { format!("KB{name}") } else { super::super::gather::clean(name) }
}

/// The names in a cell, as the table separates them.
fn tokens(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', ',']).map(str::trim).filter(|t| !t.is_empty())
}

pub(super) fn count(table: &Table<'_>) -> SupersedenceRow {
    let days: BTreeMap<&str, u32> = table
        .bulletins
        .iter()
        .copied()
        .zip(table.days.iter().copied())
        .filter(|(_, day)| *day != 0)
        .collect();
    let mut edges: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut malformed: BTreeMap<&str, u64> = BTreeMap::new();
    let mut pairs = Vec::with_capacity(table.combinations.len());
    let mut seen: HashSet<(u32, u32)> = HashSet::new();
    for &(bulletin, product, cell, records) in table.combinations {
        pairs.push((bulletin, product, cell));
        let Some(&text) = table.cells.get(cell as usize) else { continue };
        let new = seen.insert((bulletin, cell));
        for token in tokens(text) {
            if !is_number(token) {
                *malformed.entry(token).or_default() += records;
            }
            if let Some(from) = table.bulletins.get(bulletin as usize).filter(|_| new) {
                edges.insert((from, token));
            }
        }
    }
    let empty = table.cells.iter().position(|c| c.is_empty()).map(|i| i as u32);
    pairs.sort_unstable();
    pairs.dedup();
    let cells_of = || pairs.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    let differing: Vec<_> = cells_of().filter(|cells| cells.len() > 1).collect();
    let targets: BTreeSet<&str> = edges.iter().map(|(_, to)| *to).collect();
    let known: BTreeSet<&str> = table.bulletins.iter().copied().collect();
    let dangling: Vec<&&str> = targets.iter().filter(|t| !known.contains(*t)).collect();
    let dated: Vec<(u32, u32)> =
        edges.iter().filter_map(|(a, b)| days.get(a).copied().zip(days.get(b).copied())).collect();
    let mut degrees: BTreeMap<&str, u64> = BTreeMap::new();
    edges.iter().for_each(|(from, _)| *degrees.entry(from).or_default() += 1);
    let (cycles, longest) = graph::chains(&edges);
    let mut most: Vec<(String, u64)> = degrees.iter().map(|(name, n)| (kb(name), *n)).collect();
    most.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    most.truncate(NAMED);
    let number = |name: &str| name.parse::<u64>().ok().filter(|_| is_number(name));
    let numeric = table.bulletins.iter().filter(|b| is_number(b)).count() as u64;
    SupersedenceRow {
        source: String::new(),
        records: table.records,
        rows_without_bulletin: table.without_bulletin,
        distinct_bulletin_values: table.bulletins.len() as u64,
        numeric_kbs: numeric,
        non_numeric_bulletin_values: table.bulletins.len() as u64 - numeric,
        distinct_edges: edges.len() as u64,
        kbs_that_supersede_something: degrees.len() as u64,
        superseded_targets: targets.len() as u64,
        self_loops: edges.iter().filter(|(a, b)| a == b).map(|(a, _)| kb(a)).collect(),
        cycles_strongly_connected_components: cycles.len() as u64,
        longest_chain_edges: longest.len().saturating_sub(1) as u64,
        longest_chain: longest.into_iter().map(kb).collect(),
        dangling_targets: dangling.len() as u64,
        dangling_numeric: dangling.iter().filter(|t| is_number(t)).count() as u64,
        malformed_supersedes_tokens: malformed
            .into_iter()
            .map(|(t, n)| (super::super::gather::clean(t), n))
            .collect(),
        kb_product_pairs: cells_of().count() as u64,
        pairs_with_more_than_one_supersedes_value: differing.len() as u64,
        of_which_empty_in_some_rows_and_filled_in_others: differing
            .iter()
            .filter(|cells| cells.iter().any(|c| Some(c.2) == empty))
            .count() as u64,
        edges_with_both_ends_dated: dated.len() as u64,
        edges_where_superseding_kb_is_older_by_modal_date: dated.iter().filter(|(a, b)| a < b).count() as u64,
        edges_where_superseding_kb_number_is_smaller: edges
            .iter()
            .filter_map(|(a, b)| number(a).zip(number(b)))
            .filter(|(a, b)| a < b)
            .count() as u64,
        max_out_degree: most,
    }
}
