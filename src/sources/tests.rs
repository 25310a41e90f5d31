//! All importers over samples of every kind: each takes its own, and no other's.

use super::*;
use std::io::Cursor;

fn recognised(bytes: &[u8]) -> Vec<&'static str> {
    let head = &bytes[..bytes.len().min(65_536)];
    IMPORTERS.iter().filter(|i| (i.detect)(head)).map(|i| i.format).collect()
}

fn import(name: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    let head = &bytes[..bytes.len().min(65_536)];
    let importer = IMPORTERS
        .iter()
        .find(|i| (i.detect)(head))
        .ok_or_else(|| ImportError::new(name, "not recognised"))?;
    let mut reader = Cursor::new(bytes);
    (importer.read)(
        &mut Input { name, reader: &mut reader, size: bytes.len() as u64, read: "2026-11-21" },
        Catalog::embedded(),
    )
}

#[test]
fn field() {
    let Some(root) = std::env::var_os("KBWHY_FIELD_DATA").map(std::path::PathBuf::from) else { return };
    for d in [
        "msrc-cvrf",
        "msrc-csaf/2025",
        "msrc-sug/deployment",
        "msrc-sug/product",
        "msrc-sug/vulnerability",
        "release-info",
        "osdsus",
    ] {
        for e in std::fs::read_dir(root.join("testdata").join(d)).unwrap() {
            let p = e.unwrap().path();
            if !p.is_file() {
                continue;
            }
            let b = std::fs::read(&p).unwrap();
            println!("=== {} {:?}", p.display(), recognised(&b));
            match import(&p.file_name().unwrap().to_string_lossy(), &b) {
                Ok(i) => {
                    println!("{}", serde_json::to_string(&i.source).unwrap());
                    for u in i.facts.updates.iter().take(6) {
                        println!("{}", serde_json::to_string(u).unwrap());
                    }
                    for (l, e) in &i.facts.lines {
                        println!(
                            "{} {:?}",
                            l.id,
                            e.iter().map(|e| serde_json::to_string(e).unwrap()).collect::<Vec<_>>()
                        );
                    }
                    for r in &i.remarks {
                        println!("{r:?}");
                    }
                }
                Err(e) => println!("{e}"),
            }
        }
    }
}
