//! Compiles `catalog-cache/` to the index that the binary embeds.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs)]

#[path = "src/model/mod.rs"]
mod model;

#[path = "src/catalog"]
mod catalog {
    pub mod check;
    pub mod compile;
    pub mod facts;
    pub mod layout;
    pub mod lenient;
    pub mod merge;
    pub mod text;
}

use std::{env, error::Error, fs, path::Path};

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
    fs::write(Path::new(&env::var("OUT_DIR")?).join("catalog.bin"), bytes)?;
    Ok(())
}
