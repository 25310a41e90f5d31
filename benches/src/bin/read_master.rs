//! How long it takes to read a master list, and how long Python's `ElementTree.iterparse` takes for the same file.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin read_master -- package.xml`, as `--bin master` writes it;
//! a `package.cab` or `wsusscn2.cab` is read too, and compared with nothing.

use kbwhy::{catalog::Catalog, sources};
use std::{env, error::Error, fs::File, process::Command, time::Instant};

const PYTHON: &str = "import sys, time, xml.etree.ElementTree as E
start = time.perf_counter()
for _, element in E.iterparse(sys.argv[1]):
    if element.tag.endswith('}Update') or element.tag.endswith('}FileLocation'):
        element.clear()
print(time.perf_counter() - start)";

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: read_master FILE")?;
    let mut times = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        let mut file = File::open(&path)?;
        let size = file.metadata()?.len();
        let mut input = sources::Input { name: &path, reader: &mut file, size, read: "2026-11-21" };
        let imported = sources::import(&mut input, Catalog::embedded())?;
        let updates = imported.metadata.as_ref().map_or(0, |m| m.len());
        let read = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let bytes = imported.metadata.map_or(0, |m| m.to_bytes().len());
        println!("{updates} updates in {read:.3} s; laid out in {:.3} s, {bytes} bytes", start.elapsed().as_secs_f64());
        times.push(read);
    }
    let best = times.into_iter().fold(f64::INFINITY, f64::min);
    if path.ends_with(".xml") {
        let out = Command::new("python3").args(["-c", PYTHON, &path]).output()?;
        let python: f64 = String::from_utf8_lossy(&out.stdout).trim().parse()?;
        println!("ElementTree.iterparse: {python:.3} s, {:.1} times as long", python / best);
    }
    Ok(())
}
