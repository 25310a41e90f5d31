//! Writes what the bench of imports reads, to look at it or to time the command by hand:
//! `cargo run --release --manifest-path benches/Cargo.toml --bin generate -- FOLDER [UPDATES] [ROWS]`.

use kbwhy_benches::{Failed, definitions, master};
use std::{env, path::Path};

fn main() -> Result<(), Failed> {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().ok_or("usage: generate FOLDER [UPDATES] [ROWS]")?;
    let updates = arguments.next().map_or(Ok(136_000), |n| n.parse())?;
    let rows = arguments.next().map_or(Ok(608_740), |n| n.parse())?;
    println!("{}", master::write(Path::new(&folder), updates)?);
    println!("{}", definitions::write(Path::new(&folder), rows)?);
    Ok(())
}
