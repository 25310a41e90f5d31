//! Any bytes as a catalog's index: refused, or answered from without a panic. Bytes that do not begin as an index change a
//! small one that is whole: two bytes are a place, the third is what stands there.
#![no_main]

use kbwhy::{
    catalog::{Catalog, compile::compile, text},
    model::{Host, KbId},
    resolve::{explain, question::Question},
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// Invented updates in the catalog's own text: every kind of row once.
const FILES: &[(&str, &str)] = &[
    ("catalog.json", r#"{"schema":"1.0.0","as_of":"2026-01-01"}"#),
    ("sources.jsonl", r#"{"id":"s","url":"https://example.org/a","title":"A page","read":"2026-01"}"#),
    (
        "products.jsonl",
        r#"{"id":"a","name":"Windows A","family":"server","version":"10.0.17763","branch":"b","architectures":["x64"],"aliases":["Windows A for x64-based Systems"],"source":"s"}
{"id":"c","name":"Windows C","family":"client","version":"6.3.9600","branch":"d","architectures":["x86","x64"],"aliases":[],"source":"s"}"#,
    ),
    (
        "branches.jsonl",
        r#"{"id":"b","builds":[17763],"source":"s"}
{"id":"d","builds":[9600],"source":"s"}"#,
    ),
    (
        "lines.jsonl",
        r#"{"id":"l","kind":"cumulative","products":["a"],"build":17763,"chained":true,"basis":"each contains the one before","source":"s"}
{"id":"m","kind":"servicing-stack","products":["a"],"build":17763,"chained":true,"basis":"each replaces the one before","source":"s"}"#,
    ),
    (
        "lines/l.jsonl",
        r#"{"kb":"KB9000001","revision":100,"date":"2025-01-14","standing":"verified","source":"s"}
{"kb":"KB9000002","revision":200,"date":"2025-02-11","standing":"verified","source":"s"}
{"kb":"KB9000003","revision":300,"date":"2025-03-11","standing":"verified","source":"s"}"#,
    ),
    (
        "lines/m.jsonl",
        r#"{"kb":"KB9000004","date":"2025-01-14","standing":"verified","source":"s"}
{"kb":"KB9000005","date":"2025-02-11","standing":"verified","source":"s"}"#,
    ),
    (
        "updates.jsonl",
        r#"{"kb":"KB9000006","kind":"update","title":"An update","date":"2025-02-11","packages":[{"for":["c"],"arch":["x64"]}],"standing":"verified","source":"s"}
{"kb":"KB9000007","kind":"update","title":"Another","date":"2025-03-11","packages":[{"for":["a","c"]}],"standing":"verified","source":"s"}"#,
    ),
    (
        "relations.jsonl",
        r#"{"relation":"satisfies","from":"KB9000007","to":["KB9000006"],"for":["c"],"standing":"verified","source":"s"}"#,
    ),
    (
        "prerequisites.jsonl",
        r#"{"id":"p","kb":"KB9000003","for":["a"],"requires":["KB9000005"],"why":"it asks for the stack","standing":"verified","evidence":"ms","source":"https://example.org/a","read":"2026-01"}"#,
    ),
    (
        "withdrawn.jsonl",
        r#"{"kb":"KB9000006","replacement":["KB9000007"],"why":"it failed","standing":"verified","source":"s"}"#,
    ),
    (
        "lifecycle.jsonl",
        r#"{"for":["c"],"label":"C","availability":"2015-07-29","end_of_support":"2025-10-14","source":"s"}"#,
    ),
];

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let files = FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    compile(&text::parse(files).expect("rows")).expect("an index")
});

fn changed(bytes: &[u8]) -> Vec<u8> {
    let mut index = WHOLE.clone();
    for change in bytes.chunks_exact(3).take(64) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % index.len();
        index[at] = change[2];
    }
    index
}

fuzz_target!(|bytes: &[u8]| {
    let magic = &WHOLE[..4];
    let index = if bytes.starts_with(magic) { bytes.to_vec() } else { changed(bytes) };
    let Ok(catalog) = Catalog::from_bytes(index) else { return };
    let kbs: Vec<KbId> = catalog.kbs().take(20).chain(KbId::new(9_000_003)).collect();
    for kb in kbs {
        let question = Question { kb: Some(kb), ..Question::default() };
        for host in [Host::default(), host()] {
            let _ = explain(&catalog, &host, &question);
        }
    }
});

/// A host that the small catalog knows.
fn host() -> Host {
    let text = br#"{"schema":"kbwhy/host/1","name":"SRV01","os":{"product":"Windows A","version":"10.0.17763","revision":150,"architecture":"x64"},"updates":{"installed":["KB9000001"],"complete":true}}"#;
    let input = kbwhy::inventory::Input { name: "fuzz", bytes: text };
    kbwhy::inventory::read(&input).expect("a host").host
}
