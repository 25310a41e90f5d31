//! What is built in besides kbwhy's own code keeps to `deny.toml`: licences, and crates that are not wanted.
//!
//! cargo-deny checks more, where it is installed; this needs cargo alone, and no network.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

fn read(name: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).expect("it is there").parse().expect("it is TOML")
}

fn texts(list: &toml::Value) -> BTreeSet<String> {
    let items = list.as_array().expect("a list");
    items.iter().filter_map(|i| i.as_str()).map(str::to_owned).collect()
}

/// Does an SPDX expression leave a choice of which all parts are allowed? Written with a stack: `AND` binds closer than `OR`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    // for each open parenthesis: choices that are settled, and whether the one being read still holds
    let mut open: Vec<(bool, bool)> = vec![(false, true)];
    let mut words = spaced.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let held = match word {
            "AND" => continue,
            "OR" => {
                let (any, all) = open.pop().unwrap_or((false, true));
                open.push((any || all, true));
                continue;
            }
            "(" => {
                open.push((false, true));
                continue;
            }
            ")" => open.pop().is_some_and(|(any, all)| any || all),
            name => {
                let mut name = name.to_owned();
                if words.peek() == Some(&"WITH") {
                    words.next();
                    name = format!("{name} WITH {}", words.next().unwrap_or(""));
                }
                allowed.contains(&name)
            }
        };
        if let Some((_, all)) = open.last_mut() {
            *all &= held;
        }
    }
    open.pop().is_some_and(|(any, all)| any || all)
}

#[test]
fn expressions_are_read_as_spdx_has_them() {
    let allowed: BTreeSet<String> = ["MIT", "ISC"].map(str::to_owned).into();
    for (expression, fits) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND ISC", true),
        ("(GPL-3.0-only OR MIT) AND ISC", true),
        ("(GPL-3.0-only OR MIT) AND Zlib", false),
        ("Zlib AND MIT OR ISC", true),
        ("GPL-2.0-only/MIT", true),
        ("MIT WITH LLVM-exception", false),
        ("", true),
    ] {
        assert_eq!(is_allowed(expression, &allowed), fits, "{expression}");
    }
}

#[test]
fn licences_are_on_the_list() {
    let allowed = texts(&read("deny.toml")["licenses"]["allow"]);
    let cargo = env!("CARGO");
    let version = Command::new(cargo).arg("-vV").output().expect("cargo runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host =
        version.lines().find_map(|l| l.strip_prefix("host: ")).expect("cargo tells its host").to_owned();
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--locked",
            "--all-features",
            "--filter-platform",
        ])
        .arg(&host)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    assert!(packages.len() > 50);
    for p in packages {
        let licence = p["license"].as_str().unwrap_or("none");
        assert!(is_allowed(licence, &allowed), "{}: {licence}", p["name"]);
    }
}

/// On every system, not only on this one.
#[test]
fn crates_that_are_not_wanted_are_not_there() {
    let denied = read("deny.toml");
    let denied = denied["bans"]["deny"].as_array().expect("a list");
    let denied: BTreeSet<&str> = denied.iter().filter_map(|d| d["crate"].as_str()).collect();
    assert!(denied.contains("openssl"));
    let lock = read("Cargo.lock");
    let packages = lock["package"].as_array().expect("a list");
    let there: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    assert!(there.contains(&"rustls"));
    let both: Vec<_> = there.iter().filter(|n| denied.contains(*n)).collect();
    assert!(both.is_empty(), "{both:?}");
}
