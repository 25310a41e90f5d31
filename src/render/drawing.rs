//! Drawings in the languages of Graphviz and Mermaid.

use crate::report::{EdgeReport, GraphReport, NodeReport};
use std::fmt::Write;

/// Columns after which a label goes on in its next line.
const LABEL: usize = 32;

/// A drawing for Graphviz.
pub fn to_dot(r: &GraphReport) -> String {
    let mut out = format!("digraph {} {{\n", dot_text(std::slice::from_ref(&r.update)));
    out.push_str("  rankdir=TB;\n  node [fontname=\"sans-serif\", fontsize=11];\n  edge [fontname=\"sans-serif\", fontsize=9];\n");
    for n in &r.nodes {
        let look = match (n.shape, n.root) {
            (_, true) => "shape=box, style=\"filled,bold\", fillcolor=lightyellow",
            ("requirement", _) => "shape=note",
            ("any-of", _) => "shape=diamond, fontsize=9",
            ("more", _) => "shape=plaintext",
            _ => "shape=box",
        };
        let _ = writeln!(out, "  {} [label={}, {look}];", n.id, dot_text(&wrapped(n)));
    }
    for e in &r.edges {
        let style = match e.relation {
            "supersedes" | "then" => "style=solid",
            "any-of" => "style=dotted",
            "excludes" => "style=dashed, arrowhead=tee",
            _ => "style=dashed",
        };
        let colour = if e.cycle { ", color=red, penwidth=2" } else { "" };
        let label = edge_label(e);
        let label = if label.is_empty() { String::new() } else { format!("label={}, ", dot_text(&[label])) };
        let _ = writeln!(out, "  {} -> {} [{label}{style}{colour}];", e.from, e.to);
    }
    out.push_str("}\n");
    out
}

/// A drawing for Mermaid.
pub fn to_mermaid(r: &GraphReport) -> String {
    let mut out = String::from("flowchart TB\n");
    for n in &r.nodes {
        let label = mermaid_text(&wrapped(n));
        let (open, close) = match n.shape {
            "requirement" => ("([", "])"),
            "any-of" => ("{", "}"),
            "more" => ("(", ")"),
            _ => ("[", "]"),
        };
        let _ = writeln!(out, "  {}{open}\"{label}\"{close}", n.id);
    }
    for e in &r.edges {
        let arrow = match e.relation {
            "supersedes" | "then" => "-->",
            "excludes" => "-.-x",
            _ => "-.->",
        };
        let label = edge_label(e);
        let label =
            if label.is_empty() { String::new() } else { format!("|\"{}\"|", mermaid_text(&[label])) };
        let _ = writeln!(out, "  {} {arrow}{label} {}", e.from, e.to);
    }
    for n in r.nodes.iter().filter(|n| n.root) {
        let _ = writeln!(out, "  style {} stroke-width:3px", n.id);
    }
    let cycle = |(_, e): &(usize, &EdgeReport)| e.cycle;
    for (at, _) in r.edges.iter().enumerate().filter(cycle) {
        let _ = writeln!(out, "  linkStyle {at} stroke:red,stroke-width:2px");
    }
    out
}

fn edge_label(e: &EdgeReport) -> String {
    let on = match e.products.len() {
        0 => String::new(),
        1..=2 => e.products.join(", "),
        n => format!("{} and {} more", e.products[0], n - 1),
    };
    match (e.relation, on.is_empty()) {
        ("supersedes" | "any-of" | "then", true) => String::new(),
        ("supersedes", false) => on,
        (relation, true) => relation.to_owned(),
        (relation, false) => format!("{relation}: {on}"),
    }
}

/// Lines of a label, none too long, without control characters.
fn wrapped(n: &NodeReport) -> Vec<String> {
    let mut out = Vec::new();
    for line in &n.label {
        let mut held = String::new();
        for word in line.split_whitespace() {
            if !held.is_empty() && held.chars().count() + 1 + word.chars().count() > LABEL {
                out.push(std::mem::take(&mut held));
            }
            if !held.is_empty() {
                held.push(' ');
            }
            held.push_str(word);
        }
        if !held.is_empty() {
            out.push(held);
        }
    }
    out
}

/// A quoted string of DOT: only the quote and the backslash mean something in it.
fn dot_text(lines: &[String]) -> String {
    let mut out = String::from("\"");
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            out.push_str("\\n");
        }
        for c in line.chars().filter(|c| !c.is_control()) {
            if c == '"' || c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// A quoted text of Mermaid, where `#number;` is a character: all that Markdown, HTML, formulas or Mermaid itself could take
/// for its own is written so.
fn mermaid_text(lines: &[String]) -> String {
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            out.push_str("<br/>");
        }
        for c in line.chars().filter(|c| !c.is_control()) {
            match c {
                '"' | '#' | '&' | '<' | '>' | '`' | '$' | '\\' | '*' | '_' | '~' | '|' | '[' | ']' | '{'
                | '}' => {
                    let _ = write!(out, "#{};", u32::from(c));
                }
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawing(label: &str) -> GraphReport {
        let node = |id: &str, shape, root| NodeReport {
            id: id.into(),
            shape,
            root,
            label: vec!["KB1".into(), label.into()],
        };
        let edge = |from: &str, to: &str, relation, cycle| EdgeReport {
            from: from.into(),
            to: to.into(),
            relation,
            products: vec![label.into()],
            cycle,
        };
        GraphReport {
            schema: "kbwhy/catalog/graph/1",
            update: "KB1234567".into(),
            nodes: vec![
                node("n0", "update", true),
                node("n1", "any-of", false),
                node("n2", "requirement", false),
                node("n3", "more", false),
            ],
            edges: vec![
                edge("n0", "n1", "requires", false),
                edge("n1", "n2", "any-of", true),
                edge("n0", "n3", "supersedes", false),
                edge("n2", "n0", "excludes", true),
            ],
            cycles: Vec::new(),
            catalog_as_of: String::new(),
        }
    }

    /// Takes a DOT quoted string off the front: its value and the rest.
    fn quoted(text: &str) -> Option<(String, &str)> {
        let mut out = String::new();
        let mut chars = text.strip_prefix('"')?.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return Some((out, &text[at + 2..])),
                '\\' => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    c @ ('"' | '\\') => out.push(c),
                    _ => return None,
                },
                '\n' => return None,
                c => out.push(c),
            }
        }
        None
    }

    /// `name=value, …]` to its end.
    fn attributes(mut text: &str) -> Option<&str> {
        loop {
            let at = text.find('=')?;
            let name = &text[..at];
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphabetic()) {
                return None;
            }
            text = &text[at + 1..];
            text = match quoted(text) {
                Some((_, rest)) => rest,
                None => text.trim_start_matches(|c: char| c.is_ascii_alphanumeric()),
            };
            text = match text.strip_prefix(", ") {
                Some(rest) => rest,
                None => return text.strip_prefix(']'),
            };
        }
    }

    fn is_id(text: &str) -> bool {
        text.strip_prefix('n').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    }

    /// The part of DOT's grammar that is written here.
    pub(super) fn is_dot(text: &str) -> bool {
        let Some(rest) = text.strip_prefix("digraph ").and_then(quoted) else { return false };
        let Some(body) = rest.1.strip_prefix(" {\n").and_then(|b| b.strip_suffix("}\n")) else {
            return false;
        };
        body.lines().all(|line| {
            let Some(line) = line.strip_prefix("  ").and_then(|l| l.strip_suffix(';')) else { return false };
            if line == "rankdir=TB" {
                return true;
            }
            let Some((what, rest)) = line.split_once(" [") else { return false };
            let named = what == "node"
                || what == "edge"
                || is_id(what)
                || what.split_once(" -> ").is_some_and(|(a, b)| is_id(a) && is_id(b));
            named && attributes(rest) == Some("")
        })
    }

    /// Nothing in a Mermaid text but letters, `#number;` and line breaks.
    fn is_mermaid_text(text: &str) -> bool {
        let text = text.replace("<br/>", "");
        let mut rest = text.as_str();
        while let Some(at) = rest.find('#') {
            let Some((number, after)) = rest[at + 1..].split_once(';') else { return false };
            if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
                return false;
            }
            if rest[..at].contains(['"', '<', '>', '`', '$', '\\']) {
                return false;
            }
            rest = after;
        }
        !rest.contains(['"', '<', '>', '`', '$', '\\'])
    }

    /// The part of Mermaid's grammar that is written here.
    pub(super) fn is_mermaid(text: &str) -> bool {
        let Some(body) = text.strip_prefix("flowchart TB\n") else { return false };
        body.lines().all(|line| {
            let Some(line) = line.strip_prefix("  ") else { return false };
            if let Some(rest) = line.strip_prefix("style ") {
                return rest.split_once(' ').is_some_and(|(id, _)| is_id(id));
            }
            if let Some(rest) = line.strip_prefix("linkStyle ") {
                return rest.split_once(' ').is_some_and(|(n, _)| n.parse::<usize>().is_ok());
            }
            for arrow in [" -->", " -.->", " -.-x"] {
                if let Some((from, rest)) = line.split_once(arrow).filter(|(from, _)| is_id(from)) {
                    let to = match rest.strip_prefix("|\"") {
                        Some(rest) => match rest.split_once("\"|") {
                            Some((label, to)) if is_mermaid_text(label) => to,
                            _ => return false,
                        },
                        None => rest,
                    };
                    return is_id(from) && to.strip_prefix(' ').is_some_and(is_id);
                }
            }
            for (open, close) in [("([\"", "\"])"), ("[\"", "\"]"), ("{\"", "\"}"), ("(\"", "\")")] {
                if let Some((id, rest)) = line.split_once(open).filter(|(id, _)| is_id(id)) {
                    return is_id(id) && rest.strip_suffix(close).is_some_and(is_mermaid_text);
                }
            }
            false
        })
    }

    #[test]
    fn titles_are_not_taken_for_syntax() {
        for label in [
            "plain",
            "\"quoted\" \\ back\\",
            "$x$ $$y$$ `code`",
            "<b>bold</b> &amp; #35; a|b",
            "n0 --> n1; }\n\u{1b}[31m",
            "end] ]) \"}",
            "",
        ] {
            let drawing = drawing(label);
            let (dot, mermaid) = (to_dot(&drawing), to_mermaid(&drawing));
            assert!(is_dot(&dot), "{dot}");
            assert!(is_mermaid(&mermaid), "{mermaid}");
            assert!(!dot.contains('\u{1b}') && !mermaid.contains('\u{1b}'));
        }
    }

    #[test]
    fn the_grammar_refuses_what_is_not_escaped() {
        assert!(!is_dot("digraph \"x\" {\n  n0 [label=\"a\"b\"];\n}\n"));
        assert!(!is_dot("digraph \"x\" {\n  n0 [label=\"a\\\"];\n}\n"));
        assert!(!is_mermaid("flowchart TB\n  n0[\"a\"b\"]\n"));
        assert!(!is_mermaid("flowchart TB\n  n0[\"a#b\"]\n"));
    }

    proptest! {
        #[test]
        fn any_title_gives_a_drawing(label in "\\PC{0,60}|[\"\\\\$<>#&;|\\[\\]{}` a]{0,40}") {
            let drawing = drawing(&label);
            prop_assert!(is_dot(&to_dot(&drawing)));
            prop_assert!(is_mermaid(&to_mermaid(&drawing)));
        }
    }
}
