//! Where the fuzzers start: one small file of every format, written for this. Each is recognised without a hint, reads the
//! same however it is pasted, and tells nothing more when it is cut.

use kbwhy::inventory::{Input, Parsed, ReadError, decode, formats, read, to_host1};
use kbwhy::model::{Gap, Host, ListKind};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A file of the corpus: what its name says that it is, and what is in it.
struct Sample {
    file: String,
    format: String,
    bytes: Vec<u8>,
    text: String,
}

/// `Get-HotFix table` is in `get-hotfix-table.txt`, and in `get-hotfix-table--utf-16.txt`.
fn slug(format: &str) -> String {
    let words = format.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/inventory");
    let files = std::fs::read_dir(folder).expect("the corpus");
    let mut samples: Vec<Sample> = files
        .map(|entry| {
            let entry = entry.expect("a file");
            let file = entry.file_name().into_string().expect("a plain name");
            let bytes = std::fs::read(entry.path()).expect("the file");
            let stem = file.strip_suffix(".txt").expect("a name that ends in .txt");
            let format = stem.split("--").next().expect("a name").to_owned();
            Sample { text: decode(&bytes), file, format, bytes }
        })
        .collect();
    samples.sort_by(|a, b| a.file.cmp(&b.file));
    samples
}

fn parse(bytes: &[u8]) -> Result<Parsed, ReadError> {
    read(&Input { name: "x", bytes })
}

/// All that a host tells but the remarks.
fn facts(host: &Host) -> Value {
    let mut document = to_host1(host);
    document.as_object_mut().expect("an object").remove("notes");
    document
}

/// The formats that a document of facts states or was collected by.
fn told_by(host: &Host) -> BTreeSet<&'static str> {
    let lists = host.completeness.lists.iter().map(|l| l.origin.format);
    lists
        .chain(host.version.iter().map(|f| f.origin.format))
        .chain(host.packages.values().map(|f| f.origin.format))
        .chain(host.features.values().map(|f| f.origin.format))
        .chain(host.failed.values().map(|f| f.origin.format))
        .collect()
}

#[test]
fn every_format_has_a_sample_and_is_recognised_by_its_content() {
    let names: BTreeSet<String> = formats().map(|f| slug(f.name)).collect();
    assert_eq!(names.len(), formats().count(), "two formats share a name of files");
    let samples = samples();
    let with: BTreeSet<String> = samples.iter().map(|s| s.format.clone()).collect();
    assert_eq!(
        names.difference(&with).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "formats without a sample"
    );
    assert_eq!(with.difference(&names).collect::<Vec<_>>(), Vec::<&String>::new(), "samples of no format");
    let mut bad = Vec::new();
    for sample in &samples {
        let parsed = parse(&sample.bytes).unwrap_or_else(|e| panic!("{}: {e}", sample.file));
        // what the script of kbwhy collected is in a document of facts
        let collected = told_by(&parsed.host).iter().any(|f| slug(f) == sample.format);
        if slug(parsed.format) != sample.format && !(parsed.format == "kbwhy/host/1" && collected) {
            bad.push(format!("{} was read as {}", sample.file, parsed.format));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn no_sample_tells_every_update_or_nothing() {
    for sample in samples() {
        let host = parse(&sample.bytes).expect("read").host;
        assert!(!host.completeness.complete, "{}", sample.file);
        assert_ne!(facts(&host), facts(&Host::default()), "{}", sample.file);
        assert!(
            sample.bytes.len() <= 2048 * if sample.bytes.starts_with(b"\xFF\xFE") { 2 } else { 1 },
            "{}",
            sample.file
        );
    }
}

/// The same text as people hand it over.
fn pasted(text: &str) -> [(&'static str, String); 8] {
    let plain = text.replace('\r', "");
    let quoted = |mark: &str| plain.lines().map(|l| format!("{mark}{l}\n")).collect::<String>();
    [
        ("blank lines above", format!("\r\n\r\n \r\n{text}")),
        ("a prompt above", format!("PS C:\\> x\r\n{text}")),
        ("prompts around it", format!("C:\\Users\\x>type f\r\n{text}\r\nC:\\Users\\x>")),
        ("a fence", format!("```\n{plain}\n```\n")),
        ("LF", plain.clone()),
        ("CR LF", plain.replace('\n', "\r\n")),
        ("CR CR LF", plain.replace('\n', "\r\r\n")),
        ("a quote", quoted("> ")),
    ]
}

#[test]
fn what_stands_around_a_sample_changes_no_fact() {
    let mut bad = Vec::new();
    for sample in samples() {
        let whole = parse(&sample.bytes).expect("read");
        for (how, text) in pasted(&sample.text) {
            match parse(text.as_bytes()) {
                Err(e) => bad.push(format!("{}, {how}: {e}", sample.file)),
                Ok(p) if p.format != whole.format => {
                    bad.push(format!("{}, {how}: read as {}", sample.file, p.format))
                }
                Ok(p) if facts(&p.host) != facts(&whole.host) => {
                    bad.push(format!(
                        "{}, {how}:\n  {}\n  {}",
                        sample.file,
                        facts(&p.host),
                        facts(&whole.host)
                    ));
                }
                Ok(_) => {}
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The same text as Windows and its editors save it.
fn encoded(text: &str) -> [(&'static str, Vec<u8>); 4] {
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
    [
        ("UTF-8 with its mark", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("UTF-16", [b"\xFF\xFE", little.as_slice()].concat()),
        ("UTF-16 without its mark", little),
        ("UTF-16 of the other order", [b"\xFE\xFF", big.as_slice()].concat()),
    ]
}

#[test]
fn how_a_sample_is_saved_changes_no_fact() {
    for sample in samples() {
        let whole = parse(&sample.bytes).expect("read");
        for (how, bytes) in encoded(&sample.text) {
            let parsed = parse(&bytes).unwrap_or_else(|e| panic!("{}, {how}: {e}", sample.file));
            assert_eq!(parsed.format, whole.format, "{}, {how}", sample.file);
            assert_eq!(facts(&parsed.host), facts(&whole.host), "{}, {how}", sample.file);
        }
    }
}

/// What a part tells that the whole does not.
fn invented(part: &Host, whole: &Host) -> Vec<String> {
    let mut bad = Vec::new();
    let mut check = |what: &str, fits: bool, value: String| {
        if !fits {
            bad.push(format!("{what} {value}"));
        }
    };
    macro_rules! same {
        ($($fact:ident),*) => { $(
            let (p, w) = (part.$fact.as_ref().map(|f| &f.value), whole.$fact.as_ref().map(|f| &f.value));
            check(stringify!($fact), p.is_none() || p == w, format!("{p:?}"));
        )* };
    }
    same!(version, revision, architecture, service_pack, servicing_stack);
    // what a history tells later may be another state, or that what failed went well
    let history = |h: &Host| h.completeness.lists.iter().any(|l| l.kind == ListKind::History);
    let logged = history(part) || history(whole);
    for (kb, state) in &part.updates {
        let fits = whole.updates.get(kb).is_some_and(|w| logged || w.value == state.value);
        check("update", fits, format!("{kb} {}", state.value.name()));
    }
    for kb in part.failed.keys() {
        let fits = whole.failed.contains_key(kb) || whole.updates.contains_key(kb);
        check("failure", fits, kb.to_string());
    }
    for (name, state) in &part.packages {
        let fits = whole.packages.get(name).is_some_and(|w| logged || w.value == state.value);
        check("package", fits, format!("{name} {}", state.value.name()));
    }
    for (name, state) in &part.features {
        check("feature", whole.features.get(name).is_some_and(|w| w.value == state.value), name.clone());
    }
    check("complete", !part.completeness.complete, "list".into());
    bad
}

/// Cuts at every place were clean when this was written; fewer are enough to keep it so.
const STEP: usize = 17;

#[test]
fn a_cut_sample_tells_nothing_that_the_whole_does_not() {
    let mut bad = Vec::new();
    for sample in samples() {
        let whole = parse(&sample.bytes).expect("read").host;
        let [_, (_, wide), ..] = encoded(&sample.text);
        let cuts = (1..sample.bytes.len()).step_by(STEP).map(|end| (&sample.bytes, end));
        for (bytes, end) in cuts.chain((1..wide.len()).step_by(5 * STEP).map(|end| (&wide, end))) {
            let Ok(part) = parse(&bytes[..end]) else { continue };
            for what in invented(&part.host, &whole) {
                bad.push(format!("{} cut at {end} as {}: {what}", sample.file, part.format));
            }
        }
    }
    bad.sort();
    bad.dedup();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_gap_is_recorded_where_a_list_of_updates_is_cut() {
    for sample in samples().iter().filter(|s| s.file == "systeminfo.txt") {
        let cut = sample.text.find("[03]: KB").expect("the third row");
        let host = parse(&sample.text.as_bytes()[..cut]).expect("read").host;
        let gaps = &host.completeness.lists[0].gaps;
        assert_eq!(gaps, &[Gap::CutByCount { declared: 3, shown: 2 }]);
    }
}
