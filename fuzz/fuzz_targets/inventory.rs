//! Any bytes as an inventory: no panic, and what was read is written and read back the same.
#![no_main]

use kbwhy::inventory::{Input, read, to_host1};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = read(&Input { name: "fuzz", bytes }) else { return };
    let written = to_host1(&parsed.host);
    let text = written.to_string();
    let again = read(&Input { name: "fuzz", bytes: text.as_bytes() }).expect("what was written is read");
    assert_eq!(to_host1(&again.host), written);
});
