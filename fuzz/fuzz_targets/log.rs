//! Any bytes as a log, in any encoding.
#![no_main]

use kbwhy::{diagnose::read_log, inventory::decode};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.iter().filter(|b| **b == b'\n').count();
    let found = read_log(&Arc::from("fuzz"), &decode(bytes));
    assert!(lines > 0 || found.len() < 1_000);
});
