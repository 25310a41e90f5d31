//! Compiles `catalog-cache/` to the index that the binary embeds.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs)]

#[path = "src/model/mod.rs"]
mod model;

#[path = "src/catalog"]
mod catalog {
    pub mod check;
    pub mod codes;
    pub mod compile;
    pub mod facts;
    pub mod layout;
    pub mod lenient;
    pub mod merge;
    pub mod rows;
    pub mod text;
}

use flate2::{Compression, write::DeflateEncoder};
use std::{
    env,
    error::Error,
    fs,
    io::{self, Write},
    path::Path,
};

/// Adds a directory's `.json` and `.jsonl` files, by their relative names.
fn collect(root: &Path, inside: &str, files: &mut Vec<(String, String)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(root.join(inside))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let relative = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        if entry.file_type()?.is_dir() && inside.is_empty() {
            collect(root, &relative, files)?;
        } else if relative.ends_with(".jsonl") || relative.ends_with(".json") {
            files.push((relative, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}

/// Takes in a folder's Rust files, in order.
fn sources(folder: &Path, crc: &mut flate2::Crc) -> Result<(), Box<dyn Error>> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<Result<_, io::Error>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            sources(&path, crc)?;
        } else {
            crc.update(&fs::read(path)?);
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=catalog-cache");
    println!("cargo:rerun-if-changed=build.rs");
    for part in ["src/model", "src/catalog"] {
        println!("cargo:rerun-if-changed={part}");
    }
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("catalog-cache");
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, "", &mut files)?;
    }
    let facts = catalog::text::parse(files.into_iter()).map_err(|e| e.to_string())?;
    let bytes = catalog::compile::compile(&facts).map_err(|e| e.to_string())?;
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    fs::write(out.join("catalog.bin"), &bytes)?;
    let codes = catalog::codes::table(&facts.error_codes, &facts.error_remedies, &facts.error_messages);
    fs::write(out.join("error_codes.rs"), codes.map_err(|e| e.to_string())?)?;
    let mut text = DeflateEncoder::new(Vec::new(), Compression::best());
    text.write_all(&catalog::rows::write(&facts))?;
    fs::write(out.join("catalog-rows.deflate"), text.finish()?)?;
    // an index in a cache is used only by the program that would compile the same of the same rows
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    let facts = crc.sum();
    for part in ["src/catalog", "src/model"] {
        sources(&Path::new(&env::var("CARGO_MANIFEST_DIR")?).join(part), &mut crc)?;
    }
    println!(
        "cargo:rustc-env=KBWHY_CATALOG_STAMP={}-{facts:08x}-{:08x}",
        env::var("CARGO_PKG_VERSION")?,
        crc.sum()
    );
    Ok(())
}
