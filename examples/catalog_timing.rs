//! How long it takes to open the embedded catalog and to ask it: `cargo run --release --example catalog_timing`.

use kbwhy::{catalog::Catalog, model::KbId};
use std::{
    hint::black_box,
    io::{self, Write},
    time::Instant,
};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let kb = KbId::new(3_172_614).ok_or(io::ErrorKind::InvalidInput)?;
    let start = Instant::now();
    let catalog = Catalog::embedded();
    black_box(catalog.update(kb));
    writeln!(out, "open and first update: {} ns", start.elapsed().as_nanos())?;
    let mut time = |what: &str, rounds: u32, ask: &dyn Fn() -> usize| {
        let start = Instant::now();
        let n: usize = (0..rounds).map(|_| black_box(ask())).sum();
        writeln!(out, "{what}: {} ns ({n} in all)", start.elapsed().as_nanos() / u128::from(rounds))
    };
    time("update", 10_000, &|| catalog.update(kb).map_or(0, |u| u.packages.len()))?;
    time("rules", 10_000, &|| catalog.rules(kb).len())?;
    time("places", 10_000, &|| catalog.places(kb).len())?;
    time("superseded_by", 10_000, &|| catalog.superseded_by(kb).len())?;
    time("entries of every line", 100, &|| catalog.lines().map(|l| catalog.entries(l.id).count()).sum())?;
    time("every update", 100, &|| catalog.kbs().filter_map(|k| catalog.update(k)).count())
}
