//! Any bytes as a cabinet, and cabinets within it, to the end of every member.

#![no_main]

use kbwhy::archive::{Budget, Limits, cabinet::Cabinet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { unpacked: 32 << 20, ..Limits::default() };
    let budget = Budget::new(limits);
    let Ok(mut outer) = Cabinet::open(data, &budget) else { return };
    while let Ok(Some(mut member)) = outer.next_member() {
        let Ok(bytes) = member.read_all(16 << 20) else { continue };
        let Ok(within) = budget.within("inner.cab") else { continue };
        let Ok(mut inner) = Cabinet::open(bytes.as_slice(), &within) else { continue };
        while let Ok(Some(mut member)) = inner.next_member() {
            let _ = member.read_all(16 << 20);
        }
    }
});
