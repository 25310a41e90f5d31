//! Any bytes as a log, in any encoding: what decides is found, and no more of it than is shown.
#![no_main]

use kbwhy::{diagnose::read_log, inventory::decode};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let found = read_log(&Arc::from("fuzz"), &decode(bytes));
    // each kind of finding comes at most 50 times, however long the log
    assert!(found.len() <= 2_000);
});
