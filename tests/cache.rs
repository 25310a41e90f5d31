//! The cache as its users meet it: whole or as it was, whatever happens to its writers and its files.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

const HOST: &str = r#"{ "schema": "kbwhy/host/1", "os": { "product": "Windows Server 2019 Standard",
  "version": "10.0.17763", "revision": 5000, "architecture": "x64", "installation_type": "Server" },
  "updates": { "installed": [], "complete": true } }"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("host.json"), HOST).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut c = Command::new(env!("CARGO_BIN_EXE_kbwhy"));
        c.current_dir(self.0.path()).env("KBWHY_CACHE", self.path("cache")).args(args);
        c
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Imports a file that must be imported.
    fn import(&self, name: &str) -> String {
        let out = self.run(&["catalog", "import", name]);
        assert!(out.status.success(), "{}", text(&out.stderr));
        text(&out.stdout)
    }

    fn catalog(&self) -> String {
        text(&self.run(&["catalog"]).stdout)
    }

    fn explain(&self, kb: &str) -> Output {
        self.run(&["explain", kb, "--inventory", "host.json"])
    }

    /// Do the facts tell of an update, as the overlays of these tests title it?
    fn knows(&self, kb: u32) -> bool {
        let kb = kb.to_string();
        let out = self.run(&["explain", &kb, "--inventory", "host.json", "--format", "json"]);
        assert!(answers(&out), "{}", text(&out.stderr));
        let json: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        json["title"] == format!("Update {kb}")
    }

    /// Files of `data` with this ending.
    fn data(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("cache/data")).unwrap();
        let mut all: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        all.retain(|p| p.to_string_lossy().ends_with(ending));
        all.sort();
        all
    }

    fn manifest(&self) -> PathBuf {
        self.path("cache/manifest.json")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An overlay about so many updates, of which the first is `first`.
fn overlay(folder: &Folder, name: &str, first: u32, updates: u32) -> String {
    let all: Vec<String> = (first..first + updates)
        .map(|n| {
            format!(
                r#"{{"kb":"KB{n}","reason":"of a test","title":"Update {n}","date":"2026-05-{:02}",
                "add-products":["windows-server-2019"],"add-supersedes":["KB{}"]}}"#,
                n % 28 + 1,
                n + 500_000
            )
        })
        .collect();
    let file = format!("{name}.json");
    let text = format!(r#"{{"kbwhy-overlay":"1.0.0","name":"{name}","update":[{}]}}"#, all.join(",\n"));
    fs::write(folder.path(&file), text).unwrap();
    file
}

/// Exit code 0, 1 or 5: an answer, no crash.
fn answers(out: &Output) -> bool {
    matches!(out.status.code(), Some(0 | 1 | 5))
}

#[test]
fn what_is_imported_takes_part_and_is_said() {
    let f = Folder::new();
    let before = f.explain("KB9900001");
    assert!(!f.knows(9_900_001));
    let small = overlay(&f, "small", 9_900_001, 1);
    let told = f.import(&small);
    assert!(
        told.starts_with("small.json: new\n  Local corrections (small): kbwhy overlay\n  1 update, "),
        "{told}"
    );
    assert!(told.lines().all(|l| l.len() <= 80), "{told}");
    let after = f.explain("KB9900001");
    assert!(f.knows(9_900_001), "{}", text(&after.stdout));
    assert!(text(&after.stdout).contains(", with 1 imported source."));
    let json = f.run(&["explain", "KB9900001", "--inventory", "host.json", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["catalog_imported"].as_array().map(Vec::len), Some(1));
    // and not where it is not wanted
    let without = f.run(&["explain", "KB9900001", "--inventory", "host.json", "--no-cache"]);
    assert_eq!((without.stdout, without.status), (before.stdout, before.status));
}

#[test]
fn an_unrelated_source_changes_no_answer() {
    let f = Folder::new();
    let kbs = ["KB5005030", "KB4589208", "KB5022840", "KB9999999", "KB5043080"];
    let answer = |f: &Folder, kb: &str| {
        let out = f.run(&["explain", kb, "--inventory", "host.json", "--format", "json"]);
        let mut json: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        json.as_object_mut().unwrap().remove("catalog_imported");
        (json, out.status.code())
    };
    let before = kbs.map(|kb| answer(&f, kb));
    f.import(&overlay(&f, "unrelated", 9_900_001, 20));
    assert_eq!(kbs.map(|kb| answer(&f, kb)), before);
}

#[test]
fn all_files_or_none() {
    let f = Folder::new();
    let good = overlay(&f, "good", 9_900_001, 1);
    f.import(&good);
    let manifest = fs::read(f.manifest()).unwrap();
    let other = overlay(&f, "other", 9_900_002, 1);
    fs::write(f.path("bad.json"), r#"{"kbwhy-overlay":"1.0.0","update":[{"kb":"KB9900003","raeson":"x"}]}"#)
        .unwrap();
    let out = f.run(&["catalog", "import", &other, "bad.json"]);
    assert_eq!(out.status.code(), Some(3));
    assert_eq!(text(&out.stderr), "kbwhy: bad.json:1:61: unknown key `raeson`; did you mean `reason`?\n");
    assert_eq!(text(&out.stdout), "");
    assert_eq!(fs::read(f.manifest()).unwrap(), manifest);
    for (name, bytes) in
        [("empty", &b""[..]), ("noise", b"\x00\x01\x02 no such thing"), ("words", b"hello\n")]
    {
        fs::write(f.path(name), bytes).unwrap();
        let out = f.run(&["catalog", "import", name]);
        assert_eq!((out.status.code(), text(&out.stderr).lines().count()), (Some(3), 1), "{name}");
    }
    assert_eq!(fs::read(f.manifest()).unwrap(), manifest);
}

#[test]
fn a_rehearsal_writes_nothing() {
    let f = Folder::new();
    let small = overlay(&f, "small", 9_900_001, 3);
    let out = f.run(&["catalog", "import", "--dry-run", &small]);
    assert!(text(&out.stdout).ends_with("nothing was written (--dry-run)\n"));
    assert!(!f.path("cache").exists());
}

#[test]
fn the_same_file_again_changes_nothing_and_a_newer_one_replaces_it() {
    let f = Folder::new();
    let small = overlay(&f, "small", 9_900_001, 3);
    f.import(&small);
    let manifest = fs::read(f.manifest()).unwrap();
    assert!(f.import(&small).starts_with("small.json: already imported, nothing changed\n"));
    assert_eq!(fs::read(f.manifest()).unwrap(), manifest);
    overlay(&f, "small", 9_900_011, 3);
    assert!(f.import(&small).starts_with("small.json: replaces the one imported before\n"));
    assert!(!f.knows(9_900_001));
    assert!(f.knows(9_900_011));
    // what was replaced is gone from the disk too
    assert_eq!((f.data(".rows").len(), f.data(".catalog").len()), (1, 1));
}

#[test]
fn two_writers_at_once_lose_nothing() {
    let f = Folder::new();
    let names: Vec<String> =
        (0..4).map(|n| overlay(&f, &format!("w{n}"), 9_900_000 + n * 1000, 200)).collect();
    let children: Vec<_> = names
        .iter()
        .map(|n| f.command(&["catalog", "import", n]).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    // readers meanwhile see one state or another, never a fault
    for _ in 0..10 {
        let out = f.run(&["catalog"]);
        assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()));
    }
    for mut c in children {
        assert!(c.wait().unwrap().success());
    }
    assert!(f.catalog().ends_with(", with 4 imported sources\n"), "{}", f.catalog());
    for n in 0..4 {
        assert!(f.knows(9_900_000 + n * 1000));
    }
}

#[test]
fn a_writer_that_is_killed_leaves_the_former_state() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 1));
    let large = overlay(&f, "large", 8_000_000, 1500);
    let former = f.catalog();
    let mut killed = 0;
    for step in 0..12u64 {
        let mut child = f
            .command(&["catalog", "import", &large])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if step % 3 == 0 {
            // in the middle of writing
            let unfinished = || {
                let all = fs::read_dir(f.path("cache/data")).unwrap();
                all.flatten().any(|e| e.file_name().to_string_lossy().starts_with(".unfinished-"))
            };
            while child.try_wait().unwrap().is_none() && !unfinished() {
                std::thread::yield_now();
            }
        } else {
            std::thread::sleep(Duration::from_millis(step * step * 12));
        }
        killed += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        let out = f.run(&["catalog"]);
        assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()), "step {step}");
        let now = text(&out.stdout);
        assert!(now == former || now.ends_with(", with 2 imported sources\n"), "step {step}: {now}");
        assert!(f.knows(9_900_001), "step {step}");
        if now != former {
            // it was done before it was killed: once more from the former state
            fs::remove_dir_all(f.path("cache")).unwrap();
            f.import("small.json");
        }
    }
    assert!(killed > 0, "no writer was killed while it ran");
    // the next writer clears up what was left
    f.import(&large);
    assert_eq!((f.data(".rows").len(), f.data(".catalog").len()), (2, 1));
    assert_eq!(f.data("").len(), 3);
}

#[test]
fn a_crash_between_files_leaves_the_former_state() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 1));
    let manifest = fs::read(f.manifest()).unwrap();
    f.import(&overlay(&f, "more", 9_900_101, 1));
    // all but the last step of the second import: the manifest is the former one
    fs::write(f.manifest(), &manifest).unwrap();
    fs::write(f.path("cache/data/.unfinished-abc"), "half").unwrap();
    // the first catalog was swept by the second import: it is made again of the rows
    assert!(f.knows(9_900_001));
    assert!(!f.knows(9_900_101));
    f.import("more.json");
    assert_eq!(f.data("").len(), 3);
    assert!(f.knows(9_900_101));
}

#[test]
fn a_damaged_catalog_is_made_again() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 40));
    let good = f.explain("KB9900001");
    let path = f.data(".catalog").remove(0);
    let bytes = fs::read(&path).unwrap();
    let damages: Vec<Vec<u8>> =
        [0, 9, 70, 500, 40_000, 200_000, 400_000, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1]
            .into_iter()
            .map(|at| {
                let mut b = bytes.clone();
                b[at] ^= 0x40;
                b
            })
            .chain([Vec::new(), bytes[..bytes.len() / 2].to_vec(), [&bytes[..], b"more"].concat()])
            .collect();
    let flips = damages.len() - 3;
    for (n, damaged) in damages.into_iter().enumerate() {
        fs::write(&path, damaged).unwrap();
        let out = f.explain("KB9900001");
        assert_eq!(text(&out.stdout), text(&good.stdout), "damage {n}");
        let told = text(&out.stderr);
        if told.is_empty() {
            // what was not asked for was not read
            assert!(n < flips && n > 1, "damage {n}");
            continue;
        }
        assert!(
            told.contains("the compiled catalog is damaged; it is made anew") && told.lines().count() == 1,
            "{told}"
        );
        // and it was kept
        assert_eq!(fs::read(&path).unwrap(), bytes, "damage {n}");
        assert_eq!(text(&f.explain("KB9900001").stderr), "");
    }
}

#[test]
fn damaged_rows_are_left_out_and_told() {
    let f = Folder::new();
    f.import(&overlay(&f, "one", 9_900_001, 2));
    let one = f.data(".rows").remove(0);
    f.import(&overlay(&f, "two", 9_900_101, 2));
    let mut bytes = fs::read(&one).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&one, bytes).unwrap();
    // the compiled catalog is whole: nothing is lost
    assert!(f.knows(9_900_001) && f.explain("KB9900001").stderr.is_empty());
    fs::remove_file(f.data(".catalog").remove(0)).unwrap();
    for _ in 0..2 {
        let out = f.explain("KB9900101");
        assert!(text(&out.stdout).contains("overlay:two.json"), "{}", text(&out.stdout));
        assert!(text(&out.stderr).contains(
            "the rows of Local corrections (one) are damaged and left out; run `kbwhy catalog import`"
        ));
        assert!(!f.knows(9_900_001));
    }
    f.import("one.json");
    assert!(f.knows(9_900_001) && f.explain("KB9900001").stderr.is_empty());
}

#[test]
fn a_damaged_manifest_is_told_and_the_built_in_facts_answer() {
    let f = Folder::new();
    let without = f.explain("KB9900001");
    f.import(&overlay(&f, "small", 9_900_001, 1));
    let with = f.explain("KB9900001");
    let bytes = fs::read(f.manifest()).unwrap();
    for at in (0..bytes.len()).step_by(29) {
        for damaged in [bytes[..at].to_vec(), {
            let mut b = bytes.clone();
            b[at] ^= 0x04;
            b
        }] {
            fs::write(f.manifest(), damaged).unwrap();
            let out = f.explain("KB9900001");
            assert!(answers(&out), "byte {at}: {:?}", out.status);
            let told = text(&out.stderr);
            assert!(
                out.stdout == without.stdout && told.lines().count() == 1 || out.stdout == with.stdout,
                "byte {at}: {told}"
            );
        }
    }
    f.import("small.json");
    assert_eq!(f.explain("KB9900001").stdout, with.stdout);
}

#[test]
fn a_newer_schema_is_refused_by_name() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 1));
    let newer = fs::read_to_string(f.manifest()).unwrap().replacen("1.0.0", "2.0.0", 1);
    fs::write(f.manifest(), &newer).unwrap();
    for args in [&["explain", "KB9900001"][..], &["catalog"], &["catalog", "import", "small.json"]] {
        let out = f.run(args);
        assert_eq!(out.status.code(), Some(4), "{args:?}");
        assert!(text(&out.stderr).contains("written by a newer kbwhy (schema 2.0.0; this one reads 1.x)"));
    }
    assert_eq!(f.run(&["explain", "KB9900001", "--no-cache"]).status.code(), Some(5));
    assert_eq!(fs::read_to_string(f.manifest()).unwrap(), newer);
    // a newer minor one is read
    let minor = newer.replacen("2.0.0", "1.7.0", 1);
    fs::write(f.manifest(), minor).unwrap();
    assert!(f.knows(9_900_001));
}

#[test]
fn a_catalog_of_another_program_version_is_compiled_anew() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 1));
    let good = f.explain("KB9900001");
    // as if another version had compiled an older state
    let all = fs::read_to_string(f.manifest()).unwrap();
    let (_, body) = all.split_once('\n').unwrap();
    let mut json: serde_json::Value = serde_json::from_str(body).unwrap();
    json["catalog"]["stamp"] = "0.0.1-of-another".into();
    let body = serde_json::to_string_pretty(&json).unwrap();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(body.as_bytes());
    let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    fs::write(f.manifest(), format!("{{\"kbwhy-cache\":\"1.0.0\",\"sha256\":\"{digest}\"}}\n{body}"))
        .unwrap();
    let out = f.explain("KB9900001");
    assert_eq!((text(&out.stdout), text(&out.stderr)), (text(&good.stdout), String::new()));
    assert!(!fs::read_to_string(f.manifest()).unwrap().contains("of-another"), "kept for the next time");
}

#[test]
fn a_folder_that_cannot_be_written_is_one_line() {
    let f = Folder::new();
    let small = overlay(&f, "small", 9_900_001, 1);
    fs::write(f.path("file"), "no folder").unwrap();
    let bad = f.path("file").join("cache");
    let out = f.command(&["catalog", "import", &small]).env("KBWHY_CACHE", &bad).output().unwrap();
    assert_eq!((out.status.code(), text(&out.stderr).lines().count()), (Some(4), 1), "{}", text(&out.stderr));
    // readers do without
    let out = f.command(&["catalog"]).env("KBWHY_CACHE", &bad).output().unwrap();
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()));
}

#[test]
fn strangers_files_stay() {
    let f = Folder::new();
    fs::create_dir_all(f.path("cache/data")).unwrap();
    fs::write(f.path("cache/data/notes.txt"), "mine").unwrap();
    fs::write(f.path("cache/mine.catalog"), "mine").unwrap();
    f.import(&overlay(&f, "small", 9_900_001, 1));
    assert!(f.path("cache/data/notes.txt").exists() && f.path("cache/mine.catalog").exists());
}

#[test]
fn the_example_can_be_imported_and_outranks_what_is_built_in() {
    let f = Folder::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/overlay.toml");
    let out = f.command(&["catalog", "import"]).arg(&example).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let out = f.explain("KB9900001");
    assert!(text(&out.stdout).contains("Driver roll-up of our storage vendor"), "{}", text(&out.stdout));
    // no other Windows
    let args =
        ["explain", "KB9900001", "--set", "os.product=Windows 10 Pro", "--set", "os.version=10.0.19045"];
    let out = f.run(&args);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stdout));
}

#[test]
fn a_folder_in_place_of_a_file_of_the_cache_is_damage() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 2));
    let good = f.explain("KB9900001");
    let instead = |path: &Path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    instead(&f.data(".catalog").remove(0));
    let out = f.explain("KB9900001");
    assert_eq!(text(&out.stdout), text(&good.stdout));
    assert!(text(&out.stderr).contains("the compiled catalog is damaged"), "{}", text(&out.stderr));
    instead(&f.data(".rows").remove(0));
    let out = f.explain("KB9900001");
    assert!(answers(&out) && text(&out.stderr).contains("are damaged and left out"), "{}", text(&out.stderr));
    instead(&f.manifest());
    let out = f.explain("KB9900001");
    assert_eq!(out.status.code(), Some(4));
    assert!(
        text(&out.stderr).ends_with("is not a file; remove it, and import again\n"),
        "{}",
        text(&out.stderr)
    );
}

/// Opening a pipe waits until somebody writes to it.
#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_of_the_cache_holds_nobody_up() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 2));
    for path in [f.data(".rows").remove(0), f.data(".catalog").remove(0), f.manifest(), f.path("cache/lock")]
    {
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        for args in
            [&["explain", "KB9900001"][..], &["catalog", "stats"], &["catalog", "import", "small.json"]]
        {
            let mut child = f.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let ended = (0..600).any(|_| {
                std::thread::sleep(Duration::from_millis(100));
                child.try_wait().unwrap().is_some()
            });
            let _ = child.kill();
            assert!(ended, "{args:?} waits at {}", path.display());
        }
    }
}

#[test]
fn a_reader_that_compiles_does_not_wait_for_a_writer() {
    let f = Folder::new();
    f.import(&overlay(&f, "small", 9_900_001, 2));
    let good = f.explain("KB9900001");
    fs::remove_file(f.data(".catalog").remove(0)).unwrap();
    let lock = fs::File::options().write(true).open(f.path("cache/lock")).unwrap();
    lock.lock().unwrap();
    let out = f.explain("KB9900001");
    assert_eq!(text(&out.stdout), text(&good.stdout));
    drop(lock);
}

#[test]
fn what_a_writer_replaces_under_a_reader_is_not_taken_for_damage() {
    let f = Folder::new();
    overlay(&f, "small", 9_900_001, 40);
    f.import("small.json");
    let reader = |f: &Folder| f.command(&["catalog", "stats"]).output().unwrap();
    std::thread::scope(|s| {
        let writer = s.spawn(|| {
            for n in 1..12 {
                overlay(&f, "small", 9_900_001, 40 + n);
                f.import("small.json");
            }
        });
        while !writer.is_finished() {
            let out = reader(&f);
            assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()));
        }
    });
}

#[test]
fn a_source_of_a_kind_that_only_a_newer_program_knows_is_kept() {
    let f = Folder::new();
    f.import(&overlay(&f, "one", 9_900_001, 1));
    let all = fs::read_to_string(f.manifest()).unwrap();
    let body = all.split_once('\n').unwrap().1.replace("\"kind\": \"overlay\"", "\"kind\": \"oracle\"");
    let digest = <sha2::Sha256 as sha2::Digest>::digest(body.as_bytes());
    let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    fs::write(f.manifest(), format!("{{\"kbwhy-cache\":\"1.0.0\",\"sha256\":\"{digest}\"}}\n{body}"))
        .unwrap();
    assert!(body.contains("oracle"));
    overlay(&f, "two", 9_900_101, 1);
    let out = f.run(&["catalog", "import", "two.json"]);
    assert!(out.status.success());
    assert!(text(&out.stderr).contains("of a kind that only a newer kbwhy knows"), "{}", text(&out.stderr));
    assert!(fs::read_to_string(f.manifest()).unwrap().contains("\"oracle\""));
    assert_eq!(f.data(".rows").len(), 2);
}

#[test]
fn a_row_that_could_not_be_read_again_is_not_written() {
    let f = Folder::new();
    let title = "a".repeat(5 << 20);
    let json = format!(
        r#"{{"kbwhy-overlay":"1.0.0","name":"large","update":[{{"kb":"KB9900001","reason":"x","title":"{title}"}}]}}"#
    );
    fs::write(f.path("large.json"), json).unwrap();
    for more in [&[][..], &["--dry-run"]] {
        let out = f.run(&[&["catalog", "import", "large.json"], more].concat());
        assert_eq!(out.status.code(), Some(3));
        assert!(text(&out.stderr).contains("larger than 4 MB"), "{}", text(&out.stderr));
        assert!(!f.manifest().exists());
    }
}

/// A device has no end, and nothing of it is gathered.
#[cfg(unix)]
#[test]
fn a_device_is_refused_by_its_first_bytes() {
    let f = Folder::new();
    let out = f.run(&["catalog", "import", "/dev/zero"]);
    assert_eq!(out.status.code(), Some(3));
    assert!(text(&out.stderr).starts_with("kbwhy: /dev/zero: not recognised"), "{}", text(&out.stderr));
}

#[test]
fn a_cache_that_is_named_and_not_there_is_told() {
    let f = Folder::new();
    fs::write(f.path("file"), "x").unwrap();
    for (name, why) in [("nowhere", "there is no such folder"), ("file", "is not a folder")] {
        let out = f.run(&["explain", "KB9900001", "--cache", name]);
        assert!(answers(&out));
        assert_eq!(text(&out.stderr), format!("kbwhy: {name}: {why}; only built-in facts are used\n"));
    }
}

#[test]
fn nothing_of_a_file_steers_the_console_that_its_error_is_read_on() {
    let f = Folder::new();
    fs::write(f.path("odd.toml"), "kbwhy-overlay = \"1.0.0\"\n\"a\\u001b[2J\\u202eb\" = 1\n").unwrap();
    let out = f.run(&["catalog", "import", "odd.toml"]);
    assert_eq!(out.status.code(), Some(3));
    let told = text(&out.stderr);
    assert!(told.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{told:?}");
}
