//! Any bytes as a catalog's index: refused, or answered from without a panic.
#![no_main]

use kbwhy::{
    catalog::Catalog,
    model::{Host, KbId},
    resolve::{explain, question::Question},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(catalog) = Catalog::from_bytes(bytes.to_vec()) else { return };
    for kb in catalog.kbs().take(20).chain(KbId::new(3_172_614)) {
        let question = Question { kb: Some(kb), ..Question::default() };
        let _ = explain(&catalog, &Host::default(), &question);
    }
});
