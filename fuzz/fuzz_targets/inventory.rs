//! Any bytes as an inventory: no panic, and what was read
//! - is written and read back the same,
//! - says nothing new when it is given twice,
//! - does not keep the host's name when it is redacted.
#![no_main]

use kbwhy::inventory::{Input, merge, read, read_each, redact, to_host1};
use kbwhy::model::Host;
use libfuzzer_sys::fuzz_target;

fn reads_back(host: &Host) {
    let written = to_host1(host);
    let text = written.to_string();
    let again = read(&Input { name: "fuzz", bytes: text.as_bytes() }).expect("what was written is read");
    assert_eq!(to_host1(&again.host), written);
}

fn says_nothing_new_twice(host: &Host) {
    let once = merge(vec![host.clone()]);
    assert_eq!(merge(vec![host.clone(), host.clone()]), once);
}

/// Does a text have this name as a word of its own?
fn names(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let letter = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(&name).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        !before.is_some_and(letter) && !after.is_some_and(letter)
    })
}

fn redacts(host: &Host) {
    let Some(name) = host.name.as_ref().map(|n| n.value.as_str()) else { return };
    let out = redact(host, &["fuzz".to_owned()]);
    assert_eq!(out.name.as_ref().map(|n| n.value.as_str()), Some("HOST"));
    reads_back(&out);
    // a shorter one may be a word of what stands for a secret
    let plain = name.is_ascii() && name.len() >= 8 && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let texts = out.notes.iter().chain(&out.roles).map(|f| &f.value).chain(&out.other_ids);
    for text in texts.chain(out.policies.values().map(|f| &f.value)) {
        assert!(!plain || !names(text, name), "{text} has {name}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let input = Input { name: "fuzz", bytes };
    let each = read_each(&input);
    let one = read(&input);
    match (&each, &one) {
        (Err(_), Err(_)) => {}
        (Ok(all), one) => assert_eq!(all.len() == 1, one.is_ok()),
        (Err(e), Ok(_)) => panic!("read, and not each: {e}"),
    }
    for parsed in each.into_iter().flatten().take(3) {
        reads_back(&parsed.host);
        says_nothing_new_twice(&parsed.host);
        redacts(&parsed.host);
    }
});
