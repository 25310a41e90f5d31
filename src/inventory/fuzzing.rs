//! What the fuzzers in `fuzz/` reach that nobody else can: each reader by itself, without the detection before it.

use super::wanted::Lower;
use super::{
    JSON, Line, Machines, PASTED, WHOLE, XML, foreign, hotfix_table, id_list, json, lines, logs, machines,
    ver, xml,
};
use crate::model::Host;
use std::sync::Arc;

/// How many readers there are.
pub fn readers() -> usize {
    groups().iter().sum()
}

fn groups() -> [usize; 5] {
    [WHOLE.len(), PASTED.len(), 3, JSON.len(), XML.len()]
}

/// Has one reader, by its number, read a text of any kind; gives how many hosts it found in it.
pub fn run(reader: usize, text: &str) -> usize {
    let input: Arc<str> = Arc::from("fuzz");
    let lines = lines::lines(text);
    let hosts = of(reader, text, &lines, &input);
    let count = hosts.len();
    // whose they are is asked in every order
    let found: Option<Machines> = machines(hosts, &input).ok();
    assert!(found.is_none_or(|m| m.len() <= count), "machines came from nowhere");
    count
}

fn of(reader: usize, text: &str, lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let [whole, pasted, others, documents, _] = groups();
    let mut at = reader % readers();
    if let Some((read, _)) = WHOLE.get(at) {
        return read(lines, input);
    }
    at -= whole;
    if let Some((read, _)) = PASTED.get(at) {
        return read(lines, input);
    }
    at -= pasted;
    match at {
        0 => return ver::read(lines, input),
        1 => return id_list::read(lines, input),
        2 => return hotfix_table::read_wide(lines, input),
        _ => at -= others,
    }
    if let Some((read, _)) = JSON.get(at) {
        return serde_json::from_str(text).map(|value| read(&value, input)).unwrap_or_default();
    }
    at -= documents;
    match XML.get(at) {
        Some(read) => xml::document(lines).map(|document| read(&document, input)).unwrap_or_default(),
        None => Vec::new(),
    }
}

/// Asks what a text is that is no inventory, and has JSON looked for below other text.
pub fn explain(text: &str) {
    let input: Arc<str> = Arc::from("fuzz");
    let lines = lines::lines(text);
    let _ = foreign::text(&lines, &input).to_string();
    let _ = foreign::missing_list(&lines, &Lower::of(&lines), &input);
    let _ = logs::quoted(&lines);
    let _ = json::read_below(&lines, &input);
}
