//! What imports cost, and how many times as long Python takes to read the same file:
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench imports [-- definitions|master|cabinet|explain]`
//!
//! Inputs are generated, the same in every run; with `KBWHY_FIELD_DATA`, the real `definitions.zip` is read too. `reading` is
//! bytes to what the importer holds in memory: rows of a table, or a master list's updates by GUID with all their relations;
//! `with rows` makes the catalog's rows by KB of these, too. `whole` is the command `kbwhy catalog import` with its digest,
//! join, compilation and files, and its peak memory. Python's csv module and `ElementTree.iterparse` build nothing of what
//! they read. All times are the best of several, on the clock.

use kbwhy::{
    archive::{Budget, Limits, cabinet::Cabinet},
    catalog::Catalog,
    sources,
};
use kbwhy_benches::{Failed, cabinet, definitions, master};
use std::{
    env, fs,
    hint::black_box,
    io::Cursor,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

const RUNS: usize = 7;

const CSV: &str = "import csv, sys, time
start = time.perf_counter()
with open(sys.argv[1], newline='', encoding='utf-8-sig') as file:
    for row in csv.reader(file): pass
print(time.perf_counter() - start)";

const ZIP: &str = "import csv, io, sys, time, zipfile
start = time.perf_counter()
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(n for n in archive.namelist() if 'CVEs_' in n)
    with archive.open(name) as file:
        for row in csv.reader(io.TextIOWrapper(file, 'utf-8-sig', newline='')): pass
print(time.perf_counter() - start)";

const ITERPARSE: &str = "import sys, time, xml.etree.ElementTree as E
start = time.perf_counter()
for _, element in E.iterparse(sys.argv[1]): element.clear()
print(time.perf_counter() - start)";

/// Seconds, the best of several runs.
fn best(mut run: impl FnMut() -> Result<(), Failed>) -> Result<f64, Failed> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Seconds that Python takes; none where there is no Python.
fn python(script: &str, file: &Path) -> Option<f64> {
    let run = || {
        let out =
            Command::new("python3").args(["-c", script]).arg(file).stderr(Stdio::null()).output().ok()?;
        String::from_utf8(out.stdout).ok()?.trim().parse::<f64>().ok()
    };
    (0..3).filter_map(|_| run()).reduce(f64::min)
}

fn row(what: &str, seconds: f64, python: Option<(&str, f64)>, more: &str) {
    let ratio = match python {
        Some((with, p)) => format!("; {with} {p:.3} s, {:.1} times as long", p / seconds),
        None => String::new(),
    };
    println!("{what:<44} {seconds:>7.3} s{more}{ratio}");
}

/// The command, and its peak memory in MB.
fn kbwhy(folder: &Path, arguments: &[&str]) -> Result<Option<u64>, Failed> {
    let peak = folder.join("peak");
    let out =
        Command::new(env!("CARGO_BIN_EXE_whole")).args(arguments).env("KBWHY_BENCH_PEAK", &peak).output()?;
    // 1 and 5 are answers of explain
    if !matches!(out.status.code(), Some(0 | 1 | 5)) {
        return Err(String::from_utf8_lossy(&out.stderr).into());
    }
    let kilobytes = fs::read_to_string(&peak).unwrap_or_default().parse::<u64>().ok();
    Ok(kilobytes.map(|k| k >> 10))
}

fn import(folder: &Path, file: &Path, script: Option<(&str, &str)>) -> Result<(), Failed> {
    let is_list = file.extension().is_some_and(|e| e == "xml" || e == "cab");
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let python = script.and_then(|(with, script)| python(script, file).map(|seconds| (with, seconds)));
    if script.is_some() && python.is_none() {
        println!("{name}: no python3 to compare with: skipped");
    }
    let path = file.to_string_lossy();
    if is_list {
        let seconds = best(|| {
            let mut reader = fs::File::open(file)?;
            let size = reader.metadata()?.len();
            let mut input = sources::Input { name: &path, reader: &mut reader, size, read: "2026-11-21" };
            black_box(sources::offline_sync::metadata(&mut input)?);
            Ok(())
        })?;
        row(&format!("{name}: reading"), seconds, python, "");
    }
    let seconds = best(|| {
        let mut reader = fs::File::open(file)?;
        let size = reader.metadata()?.len();
        let mut input = sources::Input { name: &path, reader: &mut reader, size, read: "2026-11-21" };
        black_box(sources::import(&mut input, Catalog::embedded())?);
        Ok(())
    })?;
    let what = if is_list { "reading, with rows" } else { "reading" };
    row(&format!("{name}: {what}"), seconds, python, "");
    let cache = folder.join("cache");
    let mut memory = None;
    let mut seconds = f64::INFINITY;
    for _ in 0..RUNS {
        let _ = fs::remove_dir_all(&cache);
        let start = Instant::now();
        memory = kbwhy(folder, &["catalog", "import", "--cache", &cache.to_string_lossy(), &path])?;
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    let memory = memory.map_or(String::new(), |mb| format!(", {mb} MB"));
    row(&format!("{name}: whole"), seconds, python, &memory);
    Ok(())
}

fn tables(folder: &Path) -> Result<(), Failed> {
    println!("\n{}", definitions::write(folder, 608_740)?);
    import(folder, &folder.join("CVEs_20260628.csv"), Some(("csv", CSV)))?;
    import(folder, &folder.join("definitions.zip"), Some(("zipfile and csv", ZIP)))?;
    match env::var_os("KBWHY_FIELD_DATA")
        .map(|d| PathBuf::from(d).join("testdata/msrc-definitions/definitions.zip"))
    {
        Some(real) if real.exists() => {
            println!("the real one:");
            let mut zip = zip::ZipArchive::new(fs::File::open(&real)?)?;
            let feed =
                zip.file_names().flatten().find(|n| n.starts_with("CVEs_")).ok_or("no table")?.into_owned();
            let table = folder.join("CVEs_real.csv");
            std::io::copy(&mut zip.by_name(&feed)?, &mut fs::File::create(&table)?)?;
            import(folder, &table, Some(("csv", CSV)))?;
            import(folder, &real, Some(("zipfile and csv", ZIP)))?;
        }
        _ => println!("KBWHY_FIELD_DATA names no folder with the real definitions.zip: skipped"),
    }
    Ok(())
}

fn lists(folder: &Path) -> Result<(), Failed> {
    println!("\n{}", master::write(folder, 136_000)?);
    let xml = folder.join("package.xml");
    import(folder, &xml, Some(("iterparse", ITERPARSE)))?;
    import(folder, &folder.join("package.cab"), None)?;
    import(folder, &folder.join("wsusscn2.cab"), None)
}

fn cabinets() -> Result<(), Failed> {
    println!();
    let mut times = Vec::new();
    for count in [6_250, 12_500] {
        let bytes = cabinet::of_members(count)?;
        let seconds = best(|| {
            let mut cabinet = Cabinet::open(Cursor::new(&bytes), &Budget::new(Limits::default()))?;
            let mut members = 0;
            while let Some(mut member) = cabinet.next_member()? {
                black_box(member.read_all(u32::MAX)?);
                members += 1;
            }
            if members == count { Ok(()) } else { Err("members got lost".into()) }
        })?;
        row(&format!("a cabinet of {count} members, each unpacked"), seconds, None, "");
        times.push(seconds);
    }
    if let [half, whole] = times[..] {
        println!("twice the members take {:.2} times as long", whole / half);
    }
    Ok(())
}

fn explain(folder: &Path) -> Result<(), Failed> {
    println!();
    let host = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/server-2012r2-bare.txt");
    let cache = folder.join("explain");
    let cache = cache.to_string_lossy();
    definitions::write(folder, 608_740)?;
    let table = folder.join("CVEs_20260628.csv");
    kbwhy(folder, &["catalog", "import", "--cache", &cache, &table.to_string_lossy()])?;
    for (what, place) in [("the built-in catalog", &["--no-cache"][..]), ("a cache", &["--cache", &cache])] {
        let arguments = [&["explain", "KB3172614", "--inventory", host], place].concat();
        let seconds = best(|| kbwhy(folder, &arguments).map(drop))?;
        row(&format!("kbwhy explain with {what}"), seconds, None, "");
    }
    Ok(())
}

fn main() -> Result<(), Failed> {
    let asked: Vec<String> = env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|a| a == name);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("imports");
    fs::create_dir_all(&folder)?;
    if wanted("definitions") {
        tables(&folder)?;
    }
    if wanted("master") {
        lists(&folder)?;
    }
    if wanted("cabinet") {
        cabinets()?;
    }
    if wanted("explain") {
        explain(&folder)?;
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
