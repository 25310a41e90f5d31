//! What the README shows is what kbwhy answers. After a change that is meant, `SNAPSHOTS=overwrite cargo test --test readme`
//! writes it anew; then read the difference.

use snapbox::cmd::{Command, cargo_bin};
use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// One test at a time writes the README.
static WRITING: Mutex<()> = Mutex::new(());

/// Heads the table of Microsoft's guidance.
const TABLE: &str = "| guidance | check | command | its answer |\n| --- | --- | --- | --- |\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Words of a command line; double quotes hold blanks.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let quoted = |(i, part): (usize, &str)| match i % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    };
    parts.flat_map(quoted).collect()
}

/// Standard output of a command as the README writes it, without `kbwhy` itself.
fn answer(line: &str, more: &[&str]) -> String {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache");
    let words = words(line);
    let command = Command::new(cargo_bin!("kbwhy")).current_dir(root()).env("KBWHY_CACHE", cache);
    let output = command.args(words.iter().skip(1)).args(more).output().expect("kbwhy starts");
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1 | 5)), "{line}: {code:?} {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text is UTF-8")
}

/// What a row of the table answers: its check with its outcome, or the verdict where the check is a cause of it.
fn row_answer(check: &str, command: &str) -> String {
    let report: serde_json::Value =
        serde_json::from_str(&answer(command, &["--format", "json"])).expect("the report is JSON");
    let rows = |member: &str| report[member].as_array().cloned().unwrap_or_default();
    let named = |v: &&serde_json::Value| v["code"] == check;
    if let Some(advice) = rows("advice").iter().find(named) {
        let text = |member: &str| advice[member].as_str().expect("a text").to_owned();
        return format!("{}: {}", text("outcome"), text("text"));
    }
    assert!(rows("causes").iter().any(|c| named(&c)), "{command} does not reach {check}");
    report["summary"].as_str().expect("a text").to_owned()
}

#[test]
fn every_row_of_the_guidance_has_a_command_and_its_answer() {
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README is there").replace("\r\n", "\n");
    let start = readme.find(TABLE).expect("the table is there") + TABLE.len();
    let length = readme[start..].find("\n\n").expect("the table ends") + 1;
    let table = &readme[start..start + length];
    let mut renewed = String::new();
    for row in table.lines() {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [guidance, check, command, ..] = cells[..] else { panic!("{row}") };
        let first = check.split('`').nth(1).expect("a code");
        let answer = row_answer(first, command.trim_matches('`')).replace('|', "\\|");
        renewed.push_str(&format!("| {guidance} | {check} | {command} | {answer} |\n"));
    }
    assert!(renewed.lines().count() >= 20, "every line of the guidance has its row");
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        let text = format!("{}{renewed}{}", &readme[..start], &readme[start + length..]);
        fs::write(&path, text).expect("the README is written");
    } else {
        assert_eq!(table, renewed);
    }
}

#[test]
fn the_plan_that_is_shown_is_the_plan() {
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README is there").replace("\r\n", "\n");
    let command = "kbwhy plan KB3172614 --inventory examples/server-2012r2-bare.txt";
    let head = format!("```text\n> {command}\n");
    let start = readme.find(&head).expect("the plan is there") + head.len();
    let length = readme[start..].find("```\n").expect("the block ends");
    let plan = answer(command, &[]);
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        let text = format!("{}{plan}{}", &readme[..start], &readme[start + length..]);
        fs::write(&path, text).expect("the README is written");
    } else {
        assert_eq!(&readme[start..start + length], plan);
    }
}
