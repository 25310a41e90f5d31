//! A log in pieces of any size tells what it tells at once.
#![no_main]

use kbwhy::inventory::{LogReader, Parsed};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8], mut next: impl FnMut() -> usize) -> Option<Result<Parsed, String>> {
    let mut reader = LogReader::detect("fuzz", bytes)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(next().clamp(1, rest.len()));
        reader.feed(piece);
        rest = after;
    }
    Some(reader.finish().map_err(|e| e.to_string()))
}

fuzz_target!(|bytes: &[u8]| {
    // the sizes follow from the bytes: small ones, large ones, and all between
    let mut seed = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    let pieces = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = (seed >> 32) as usize;
        1 + (bits & 0xFFFF) % (1 << (bits >> 16 & 0xF))
    };
    assert_eq!(read(bytes, pieces), read(bytes, || usize::MAX));
});
