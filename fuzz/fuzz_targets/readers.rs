//! Each reader by itself on texts that are not its own, which detection would keep from it: no panic, and no time beyond
//! its size. A first byte above 0x7F picks the reader of the rest; else all of them read the text.
#![no_main]

use kbwhy::inventory::{decode, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match bytes.split_first() {
    Some((first, rest)) if *first >= 0x80 => {
        fuzzing::run(usize::from(*first - 0x80), &decode(rest));
    }
    _ => {
        let text = decode(bytes);
        (0..fuzzing::readers()).for_each(|reader| {
            fuzzing::run(reader, &text);
        });
        fuzzing::explain(&text);
    }
});
