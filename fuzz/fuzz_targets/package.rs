//! Any bytes as a package file, and as the text of a manifest.

#![no_main]

use kbwhy::{
    archive::Limits,
    package::{content, mum},
};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { unpacked: 32 << 20, members: 4096, ..Limits::default() };
    let _ = content::read(Cursor::new(data), "package.msu", limits);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = mum::parse(text);
    }
});
