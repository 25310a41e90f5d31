//! Overlays as they are written, well and badly.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use std::io::Cursor;

fn import(text: &[u8]) -> Result<Imported> {
    let mut reader = Cursor::new(text.to_vec());
    let mut input =
        Input { name: "dir/fix.toml", reader: &mut reader, size: text.len() as u64, read: "2026-11-21" };
    read(&mut input, Catalog::embedded())
}

fn refused(text: &str) -> String {
    import(text.as_bytes()).unwrap_err().to_string()
}

const TOML: &str = r#"
kbwhy-overlay = "1.0.0"
[[update]]
kb = "5034439"
reason = "why"
title = "T"
add-products = ["Windows Server 2022"]
remove-supersedes = ["KB5034440"]
add-prerequisite = [{ requires = ["KB5005112+|sp>=1"], for = ["windows-server-2022"] }]
withdrawn = { since = "2024-01-09" }
"#;

const JSON: &str = r#"{ "kbwhy-overlay": "1.0.0", "update": [ { "kb": "5034439", "reason": "why", "title": "T",
  "add-products": ["Windows Server 2022"], "remove-supersedes": ["KB5034440"],
  "add-prerequisite": [{ "requires": ["KB5005112+|sp>=1"], "for": ["windows-server-2022"] }],
  "withdrawn": { "since": "2024-01-09" } } ] }"#;

#[test]
fn toml_and_json_say_the_same() {
    let a = import(TOML.as_bytes()).unwrap();
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(JSON.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for json in [JSON.as_bytes(), &utf16] {
        assert!(detect(json));
        let b = import(json).unwrap();
        assert_eq!(crate::catalog::rows::write(&a.facts), crate::catalog::rows::write(&b.facts));
    }
    assert!(detect(TOML.as_bytes()) && !detect(b"# kbwhy-overlay is not here\nkey = 1\n"));
    assert_eq!((a.kind, &*a.source.id), (SourceKind::Overlay, "overlay-fix.toml"));
    let f = a.facts;
    assert_eq!(f.updates[0].packages[0].products, ["windows-server-2022"]);
    assert_eq!((f.rules.len(), f.withdrawn.len(), f.removed.len()), (1, 1, 1));
    assert!(f.removed.iter().all(|r| r.reason == "why"));
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let with = |more: &str| {
        refused(&format!(
            "kbwhy-overlay = \"1.0.0\"\n[[update]]\nkb = \"KB5034439\"\nreason = \"r\"\n{more}\n"
        ))
    };
    for (more, told) in [
        (
            "remove-product = []",
            "dir/fix.toml:5:1: unknown key `remove-product`; did you mean `remove-products`?",
        ),
        (
            "kind = \"cumulativ\"",
            "dir/fix.toml:5:8: `cumulativ` is no kind of update; did you mean `cumulative`?",
        ),
        (
            "title = \"x\"\nadd-products = [\"windows-11-24h3\"]",
            "dir/fix.toml:6:17: `windows-11-24h3` is no product; did you mean `windows-11-24h2`?",
        ),
        ("date = \"2026-13-01\"", "dir/fix.toml:5:8: `2026-13-01` is not a date such as 2026-10-13"),
        (
            "remove-from-lists = [\"stack-960\"]",
            "dir/fix.toml:5:22: `stack-960` is no list of updates; did you mean `stack-9600`?",
        ),
        ("", "dir/fix.toml:3:6: the correction of KB5034439 corrects nothing"),
        ("title = ", "dir/fix.toml:5:9: "),
    ] {
        let line = with(more);
        assert!(line.starts_with(told), "{more}: {line}");
        assert_eq!(line.lines().count(), 1);
    }
    let no_reason = refused("kbwhy-overlay = \"1.0.0\"\n[[update]]\nkb = \"KB5034439\"\n");
    assert!(no_reason.contains("missing key `reason`"), "{no_reason}");
    assert!(refused("kbwhy-overlay = \"2.1.0\"\n").contains("this kbwhy reads 1.x"));
    assert!(refused("kbwhy-overlay = 1\n").starts_with("dir/fix.toml:1:"));
}

#[test]
fn depth_is_no_danger() {
    let deep = format!("kbwhy-overlay = \"1.0.0\"\nupdate = {}", "[".repeat(200_000));
    assert!(import(deep.as_bytes()).is_err());
    let deep = format!("{{\"kbwhy-overlay\":\"1.0.0\",\"update\":{}", "[".repeat(200_000));
    assert!(import(deep.as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damage_is_an_error_in_one_line(json: bool, at in 0..400usize, flip in 1..=255u8, cut: bool) {
        let mut bytes = if json { JSON } else { TOML }.as_bytes().to_vec();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        if let Err(e) = import(&bytes) {
            let line = e.to_string();
            prop_assert!(!line.chars().any(char::is_control), "{:?}", line);
        }
    }
}
