//! What a plan is printed as: text, checklist, pictures, scripts. Reports are made by hand here; scripts are parsed by the
//! grammars of their languages, and hostile names have to stay inside of literals.
//!
//! After a change that is meant: `SNAPSHOTS=overwrite cargo test --test plan_outputs`, then read the difference.

use kbwhy::{
    render::{self, Style},
    report::{
        BlockerReport, ConditionReport, ConditionTestReport, EvidenceReport, FolderReport, GoalReport,
        HostReport, InstallPlanReport, MissingFileReport, PackageFileReport, PlanStepReport, ReplayReport,
        UnfitFileReport, UnknownReport,
    },
};
use proptest::prelude::*;
use saphyr::{LoadableYamlNode, Yaml};
use snapbox::{
    Assert, Data,
    cmd::{Command, cargo_bin},
    data::DataFormat,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tree_sitter::{Language, Node, Parser, Tree};

// reports

fn host() -> HostReport {
    HostReport {
        name: Some("SRV00".into()),
        windows: "Windows Server 2012 R2 Standard".into(),
        architecture: Some("x64"),
        version: Some("6.3.9600.17031".into()),
        updates_listed: 0,
        lists: vec!["no update stated, said to be all".into()],
        conflicts: Vec::new(),
    }
}

fn install(number: u32, kb: &str, action: &str, after: &[u32], stage: u32) -> PlanStepReport {
    PlanStepReport {
        number,
        kind: "install",
        update: Some(kb.into()),
        action: action.into(),
        command: None,
        restart: false,
        asks_restart: Some(false),
        stage,
        after: after.to_vec(),
        because: String::new(),
        goal: false,
        only_if: None,
        file: None,
        evidence: Vec::new(),
    }
}

fn by_name(name: &str) -> Option<PackageFileReport> {
    Some(PackageFileReport { name: name.into(), placeholder: false, path: None, digest: None, url: None })
}

fn report(steps: Vec<PlanStepReport>) -> InstallPlanReport {
    InstallPlanReport {
        schema: "kbwhy/plan/1",
        possible: true,
        summary: "KB3172614 goes onto SRV00 in 4 steps, with 2 restarts.".into(),
        goals: vec![GoalReport {
            update: "KB3172614".into(),
            title: "July 2016 update rollup".into(),
            state: "install",
            why: String::new(),
        }],
        objective: "fewest-restarts",
        optimal: true,
        restarts: steps.iter().map(|s| u32::from(s.restart)).sum(),
        steps,
        image: false,
        blocked_by: Vec::new(),
        unknown: Vec::new(),
        assumed: Vec::new(),
        remarks: Vec::new(),
        replay: Vec::new(),
        folder: None,
        host: host(),
        catalog_as_of: "2026-08-11".into(),
        catalog_imported: Vec::new(),
    }
}

/// What most hosts of its kind need: a stack, a program, the baseline, a restart, the goal, a restart.
fn usual() -> InstallPlanReport {
    let mut steps = vec![
        install(1, "KB2919442", "March 2014 servicing stack update", &[], 1),
        install(3, "KB2919355", "April 2014 update", &[1, 2], 1),
        install(4, "KB3173424", "July 2016 servicing stack update", &[3], 2),
        install(5, "KB3172614", "July 2016 update rollup", &[3, 4], 2),
    ];
    steps.insert(
        1,
        PlanStepReport {
            kind: "manual",
            update: None,
            file: by_name("clearcompressionflag.exe"),
            because: "comes with KB2919355, before it".into(),
            ..install(2, "", "clearcompressionflag.exe", &[1], 1)
        },
    );
    steps[0].because = "KB2919355 needs it: the March 2014 servicing update comes first".into();
    steps[0].file = by_name("windows8.1-kb2919442-x64_13f3b8d5.msu");
    steps[0].evidence = vec![EvidenceReport {
        text: "KB2919442 or later comes before KB2919355".into(),
        source: "catalog".into(),
        line: None,
        url: Some("https://support.microsoft.com/help/2919355".into()),
        standing: Some("verified"),
    }];
    steps[2].restart = true;
    steps[2].asks_restart = Some(true);
    steps[4].restart = true;
    steps[4].goal = true;
    report(steps)
}

/// Conditions, a feature, a removal, assumptions, cycles, a replay, a folder.
fn rich() -> InstallPlanReport {
    let mut r = usual();
    r.summary = "KB3172614 goes onto SRV00 in 7 steps, with 2 restarts, if one condition holds.".into();
    r.steps[0].only_if = Some(ConditionReport {
        text: "the revision is below 9600.17031".into(),
        fact: "os.revision".into(),
        collect: "reg query \"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\" /v UBR".into(),
        test: Some(ConditionTestReport { kind: "revision-below", revision: Some(17031) }),
    });
    r.steps[3].only_if = Some(ConditionReport {
        text: "no later servicing stack is installed".into(),
        fact: "updates".into(),
        collect: "dism /online /get-packages".into(),
        test: None,
    });
    r.steps.push(PlanStepReport {
        kind: "enable-feature",
        update: None,
        command: Some("dism /online /enable-feature /featurename:NetFx3 /all".into()),
        ..install(6, "", "enable .NET Framework 3.5", &[], 3)
    });
    r.steps.push(PlanStepReport {
        kind: "remove",
        ..install(7, "KB2506143", "Windows Management Framework 3.0", &[6], 3)
    });
    r.unknown = vec![UnknownReport {
        fact: "os.revision".into(),
        collect: "reg query \"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\" /v UBR".into(),
    }];
    r.assumed = vec!["facts.pending_reboot=false".into()];
    r.remarks = vec![
        "KB3173424, KB2919355 and KB2919442 need one another by \"or later\": KB2919442 alone needs nothing, so it comes first".into(),
    ];
    r.replay = r
        .steps
        .iter()
        .map(|s| ReplayReport {
            number: s.number,
            verdict: if s.update.is_some() { "applicable" } else { "done" },
            text: format!("after it {} is installed", s.update.as_deref().unwrap_or("what it does")),
        })
        .collect();
    r.folder = Some(FolderReport {
        path: "packages".into(),
        files: 4,
        missing: vec![MissingFileReport {
            step: 4,
            what: "KB3173424".into(),
            wanted: "*kb3173424-*x64*.msu".into(),
            why: "no such file".into(),
        }],
        unfit: vec![UnfitFileReport {
            file: "windows8-rt-kb3173424-x64.msu".into(),
            why: "is for Windows 8 and Server 2012".into(),
        }],
        unused: vec!["windows8.1-kb3000850-x64.msu".into()],
        remarks: Vec::new(),
    });
    r
}

fn impossible() -> InstallPlanReport {
    let mut r = report(Vec::new());
    r.possible = false;
    r.summary = "KB3172614 cannot be installed on SRV00: it is for another product.".into();
    r.goals[0].state = "impossible";
    r.goals[0].why = "it is for another product".into();
    r.blocked_by = vec![BlockerReport {
        goal: "KB3172614".into(),
        code: "wrong-os",
        text: "the update is for Windows 8.1 and Server 2012 R2, the host is Windows Server 2012".into(),
        unblock: vec!["KB3172615 is the package for this Windows".into()],
        evidence: Vec::new(),
    }];
    r
}

fn image() -> InstallPlanReport {
    let mut r = usual();
    r.image = true;
    r.restarts = 0;
    r.steps.remove(1);
    r.host.version = Some("10.0.26100.1".into());
    r
}

fn snapshot(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/plan_outputs").join(name);
    let expected = Data::read_from(&path, Some(DataFormat::Text)).raw();
    Assert::new().action_env("SNAPSHOTS").eq(actual.replace("\r\n", "\n"), expected);
}

fn plain(verbose: bool) -> Style {
    Style { ascii: true, verbose, ..Style::default() }
}

// text, checklist, pictures

#[test]
fn text() {
    snapshot("usual.txt", &render::plan_text(&usual(), plain(false)));
    snapshot("usual-verbose.txt", &render::plan_text(&usual(), plain(true)));
    snapshot("rich.txt", &render::plan_text(&rich(), plain(false)));
    snapshot("impossible.txt", &render::plan_text(&impossible(), plain(false)));
}

#[test]
fn text_keeps_to_80_columns_and_ascii() {
    for r in [usual(), rich(), impossible(), image()] {
        let text = render::plan_text(&r, plain(true));
        assert!(text.is_ascii());
        for line in text.lines() {
            // a command is one word for who pastes it; its parts may be longer than a line
            let longest = line.split(' ').map(str::len).max().unwrap_or(0);
            assert!(line.len() <= 80 || longest > 40, "{line}");
            assert!(!line.ends_with(' '), "{line:?}");
        }
    }
}

#[test]
fn checklist() {
    snapshot("rich.md", &render::plan_markdown(&rich()));
    let all = render::plan_markdown(&usual());
    let boxes = all.lines().filter(|l| l.starts_with("- [ ] ")).count();
    assert_eq!(boxes, 5 + 2, "a box for each step and each restart");
}

#[test]
fn pictures() {
    snapshot("usual.mmd", &render::plan_to_mermaid(&usual()));
    snapshot("usual.dot", &render::plan_to_dot(&usual()));
    // an image is not restarted
    assert!(!render::plan_to_mermaid(&image()).contains("restart"));
}

/// Every step after a restart waits for it, and every step before it is waited for.
#[test]
fn restarts_are_barriers_in_the_picture() {
    let dot = render::plan_to_dot(&rich());
    let edges: BTreeSet<(&str, &str)> = dot
        .lines()
        .filter_map(|l| l.trim().split_once(" ["))
        .filter_map(|(edge, _)| edge.split_once(" -> "))
        .collect();
    let reaches = |from: &str, to: &str| {
        let (mut work, mut seen) = (vec![from], BTreeSet::new());
        while let Some(at) = work.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                work.extend(edges.iter().filter(|(a, _)| *a == at).map(|(_, b)| *b));
            }
        }
        false
    };
    // n8 and n9 are the restarts after steps 3 and 5
    for before in ["n1", "n2", "n3"] {
        assert!(reaches(before, "n8"), "{before}");
    }
    for between in ["n4", "n5"] {
        assert!(reaches("n8", between) && reaches(between, "n9"), "{between}");
    }
    for after in ["n6", "n7"] {
        assert!(reaches("n9", after) && !reaches(after, "n9"), "{after}");
    }
    assert!(!edges.contains(&("n8", "n5")), "n4 is between");
}

// PowerShell

fn parsed(language: Language, text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language).expect("the grammar fits the parser");
    parser.parse(text, None).expect("the script is parsed")
}

fn nodes<'t>(tree: &'t Tree, mut visit: impl FnMut(Node<'t>)) {
    let mut open = vec![tree.root_node()];
    while let Some(node) = open.pop() {
        visit(node);
        open.extend((0..node.child_count()).filter_map(|i| node.child(i)));
    }
}

/// The texts of all nodes of a kind, and that there is no error.
fn texts<'s>(tree: &Tree, script: &'s str, kind: &str) -> Vec<&'s str> {
    let mut out = Vec::new();
    nodes(tree, |n| {
        assert!(
            !n.is_error() && !n.is_missing(),
            "line {}: {}",
            n.start_position().row + 1,
            &script[n.byte_range()]
        );
        if n.kind() == kind {
            out.push(&script[n.byte_range()]);
        }
    });
    out
}

fn powershell(report: &InstallPlanReport) -> (String, BTreeSet<String>) {
    let script = render::plan_powershell(report);
    let tree = parsed(tree_sitter_powershell::LANGUAGE.into(), &script);
    let mut commands: BTreeSet<String> =
        texts(&tree, &script, "command_name").into_iter().map(str::to_owned).collect();
    for kind in
        ["command_name_expr", "command_invokation_operator", "sub_expression", "redirection", "type_spec"]
    {
        commands.extend(texts(&tree, &script, kind).into_iter().map(|t| format!("{kind}: {t}")));
    }
    // how characters are written that are not ASCII
    commands.remove("type_spec: char");
    (script, commands)
}

/// Commands that PowerShell 2.0 has, but for the one that replaces Get-WmiObject where it is missing.
const COMMANDS: &[&str] = &[
    "ForEach-Object",
    "Get-AuthenticodeSignature",
    "Get-ChildItem",
    "Get-CimInstance",
    "Get-Command",
    "Get-Date",
    "Get-ItemProperty",
    "Get-WmiObject",
    "Join-Path",
    "New-Object",
    "Resolve-Path",
    "Split-Path",
    "Test-Path",
    "Where-Object",
    "Write-Host",
];

#[test]
fn powershell_is_old_plain_and_calls_what_is_on_the_list() {
    for r in [usual(), rich(), image()] {
        let script = render::plan_powershell(&r);
        assert!(script.is_ascii(), "5.1 takes files without a mark for ANSI");
        let tree = parsed(tree_sitter_powershell::LANGUAGE.into(), &script);
        let own: BTreeSet<&str> = texts(&tree, &script, "function_name").into_iter().collect();
        let called: BTreeSet<&str> = texts(&tree, &script, "command_name").into_iter().collect();
        let foreign: Vec<_> = called.difference(&own).filter(|c| !COMMANDS.contains(c)).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        assert!(COMMANDS.iter().all(|c| called.contains(c)), "a command on the list is not used");
        let unused: Vec<_> = own.difference(&called).collect();
        assert!(unused.is_empty(), "{unused:?}");
        // nothing is called by a variable, and what later versions brought is not there
        for kind in ["command_invokation_operator", "class_statement", "pipeline_chain_tail", "redirection"] {
            assert_eq!(texts(&tree, &script, kind), Vec::<&str>::new(), "{kind}");
        }
        for operator in texts(&tree, &script, "comparison_operator") {
            let old = "-contains -notcontains -eq -ne -ge -gt -lt -like -match -notmatch -join";
            let mut old = old.split(' ');
            assert!(old.any(|o| o == operator), "{operator}");
        }
    }
}

#[test]
fn powershell_has_the_steps_in_order() {
    let script = render::plan_powershell(&rich()).replace("\r\n", "\n");
    let table = script.split("$Steps = @(\n").nth(1).unwrap().split("\n)\n").next().unwrap();
    let numbers: Vec<&str> = table.lines().filter(|l| l.contains("@{ N = ")).map(|l| &l[11..12]).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7"]);
    let head = script.split("\n$ErrorActionPreference").next().unwrap();
    snapshot("rich.ps1", head);
}

#[test]
fn every_script_knows_the_exit_codes() {
    let powershell = render::plan_powershell(&usual());
    let cmd = render::plan_cmd(&usual());
    for code in ["3010", "2359301", "1641", "2359302", "-2145124329"] {
        assert!(powershell.contains(code), "PowerShell: {code}");
        assert!(cmd.contains(&format!("\"%KB_RC%\"==\"{code}\"")), "cmd: {code}");
    }
    let ansible = render::plan_ansible(&usual());
    assert!(ansible.contains("not in [0, 3010, 1641, 2359301, 2359302]\n"));
}

/// An option that a header describes is an option of the script, and the other way round.
#[test]
fn the_headers_name_the_options_that_there_are() {
    let script = render::plan_powershell(&usual());
    let options: BTreeSet<&str> = script
        .split("param(")
        .nth(1)
        .and_then(|p| p.split("\r\n)").next())
        .unwrap()
        .split('$')
        .skip(1)
        .map(|p| p.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap())
        .collect();
    assert_eq!(options, ["Do", "Folder", "Image", "NoRestart", "Resume", "Skip", "WhatIf"].into());
    for option in ["Do", "Folder", "NoRestart", "Skip", "WhatIf"] {
        assert!(script.lines().any(|l| l.starts_with('#') && l.contains(&format!("-{option}"))), "{option}");
    }
    let cmd = render::plan_cmd(&usual());
    for option in ["/do", "/folder", "/norestart", "/skip", "/whatif"] {
        assert!(cmd.lines().any(|l| l.starts_with("rem ") && l.contains(option)), "{option}");
        assert!(cmd.contains(&format!("\"%~1\"==\"{option}\"")), "{option}");
    }
}

#[test]
fn a_plan_that_cannot_be_gives_no_script_that_installs() {
    let r = impossible();
    for script in [render::plan_powershell(&r), render::plan_cmd(&r), render::plan_ansible(&r)] {
        assert!(script.contains("KB3172615"), "the way out is told: {script}");
        assert!(!script.contains("wusa") && !script.contains("dism"), "{script}");
    }
    assert!(render::plan_powershell(&r).ends_with("exit 1\r\n"));
    assert!(render::plan_cmd(&r).ends_with("exit /b 1\r\n"));
}

// cmd

/// The programs that a batch file starts.
fn cmd_calls(script: &str) -> BTreeSet<String> {
    let tree = parsed(tree_sitter_batch::LANGUAGE.into(), script);
    texts(&tree, script, "command_name").into_iter().map(str::to_ascii_lowercase).collect()
}

/// Commands of cmd itself, and programs by their whole path.
const CMD: &[&str] = &["copy", "del", "echo", "mkdir", "shift", "start", "ver"];
const PROGRAMS: &[&str] = &["cmd", "dism", "findstr", "fltmc", "net", "reg", "schtasks", "shutdown", "wusa"];

#[test]
fn cmd_calls_what_is_on_the_list() {
    for r in [usual(), rich(), image()] {
        let script = render::plan_cmd(&r);
        assert!(script.is_ascii());
        assert_eq!(
            script.matches('\n').count(),
            script.matches("\r\n").count(),
            "labels need whole line ends"
        );
        for called in cmd_calls(&script) {
            assert!(CMD.contains(&called.as_str()), "{called}");
        }
        // no program is looked for where somebody else may have put one
        for found in script.split("%\\").skip(1).filter_map(|rest| rest.split_once(".exe")) {
            assert!(PROGRAMS.contains(&found.0) || found.0.contains(['"', '%']), "{}", found.0);
        }
        let code: String =
            script.lines().filter(|l| !l.starts_with("rem ")).map(|l| format!("{l}\n")).collect();
        for program in PROGRAMS {
            let bare = format!(" {program}.exe");
            assert!(!code.contains(&bare) && code.contains(&format!("%KB_SYS%\\{program}.exe")), "{program}");
        }
    }
}

/// Every label that is jumped to is there, once; every label is used.
#[test]
fn labels_of_the_batch_file_are_there() {
    for r in [rich()] {
        let script = render::plan_cmd(&r).replace("\r\n", "\n");
        let mut labels = BTreeSet::new();
        for l in script.lines().filter_map(|l| l.strip_prefix(':')) {
            assert!(labels.insert(l.to_owned()), "{l} is there twice");
        }
        let mut used = BTreeSet::new();
        for line in script.lines() {
            for word in ["goto ", "call :"] {
                for rest in line.split(word).skip(1) {
                    used.insert(rest.split([' ', ')']).next().unwrap().to_owned());
                }
            }
        }
        // what is fallen into
        let fallen = ["options", "stop"].map(str::to_owned);
        let missing: Vec<_> = used.difference(&labels).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let unused: Vec<_> = labels.difference(&used).filter(|l| !fallen.contains(l)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}

/// What `set` sets is used, and what is used is set.
#[test]
fn variables_of_the_batch_file_are_set() {
    let script = render::plan_cmd(&rich()).replace("\r\n", "\n");
    let name = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let (mut set, mut used) = (BTreeSet::new(), BTreeSet::new());
    for line in script.lines() {
        for start in ["set \"", "set /a ", "set "] {
            set.extend(line.split(start).skip(1).map(name).filter(|n| n.starts_with("KB_")));
        }
        for start in ["%", "defined "] {
            used.extend(line.split(start).skip(1).map(name).filter(|n| n.starts_with("KB_")));
        }
    }
    let unset: Vec<_> = used.difference(&set).collect();
    assert!(unset.is_empty(), "{unset:?}");
    let unused: Vec<_> = set.difference(&used).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

// Ansible

fn tasks(text: &str) -> usize {
    let documents = Yaml::load_from_str(text).expect("it is YAML");
    assert_eq!(documents.len(), 1);
    let tasks = documents[0].as_sequence().expect("a list of tasks");
    for task in tasks {
        let task = task.as_mapping().expect("a task");
        let keys: Vec<&str> = task.keys().filter_map(|k| k.as_str()).collect();
        assert_eq!(keys.first(), Some(&"name"), "{keys:?}");
        let modules = keys.iter().filter(|k| k.starts_with("ansible.")).count();
        assert_eq!(modules, 1, "{keys:?}");
        for k in keys {
            let known = [
                "name",
                "register",
                "when",
                "become",
                "become_method",
                "become_user",
                "changed_when",
                "failed_when",
            ];
            assert!(k.starts_with("ansible.") || known.contains(&k), "{k}");
        }
    }
    tasks.len()
}

#[test]
fn ansible_tasks() {
    let text = render::plan_ansible(&rich());
    // inputs, version, its check, five files, their check, a revision, seven steps, two restarts
    assert_eq!(tasks(&text), 1 + 2 + 5 + 1 + 1 + 7 + 2);
    snapshot("rich.yml", &text);
}

// the command line

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder where tests may write.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plan_outputs").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for tests");
    path
}

fn plan(args: &[&str]) -> Command {
    Command::new(cargo_bin!("kbwhy"))
        .with_assert(Assert::new().action_env("SNAPSHOTS"))
        .current_dir(root())
        .env("KBWHY_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache"))
        .arg("plan")
        .args(args)
}

fn json(args: &[&str]) -> serde_json::Value {
    let output = plan(args).args(["--format", "json"]).output().expect("kbwhy starts");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

const BARE: &str = "examples/server-2012r2-bare.txt";

#[test]
fn help_of_plan() {
    let path = root().join("tests/snapshots/plan_outputs/help.txt");
    let help = Data::read_from(&path, Some(DataFormat::Text)).raw();
    plan(&["--help"]).env("COLUMNS", "80").assert().code(0).stdout_eq(help);
}

#[test]
fn goals_come_from_files_and_standard_input() {
    let folder = scratch("goals");
    let file = folder.join("wanted.txt");
    fs::write(&file, "\u{feff}# baseline\r\nKB2919355, 2919442 # two\r\n\r\n\"KB3172614\"\r\n").unwrap();
    let file = file.to_str().unwrap();
    let goals = |report: &serde_json::Value| -> Vec<String> {
        let goals = report["goals"].as_array().unwrap();
        goals.iter().map(|g| g["update"].as_str().unwrap().to_owned()).collect()
    };
    let all = ["KB2919355", "KB2919442", "KB3172614"];
    assert_eq!(goals(&json(&[&format!("@{file}"), "-i", BARE])), all);
    assert_eq!(goals(&json(&["--goals", file, "KB3172614", "-i", BARE])), all);
    let output =
        plan(&["--goals", "-", "-i", BARE, "--format", "json"]).stdin("KB3172614\n").output().unwrap();
    assert_eq!(goals(&serde_json::from_slice(&output.stdout).unwrap()), ["KB3172614"]);
}

#[test]
fn what_cannot_be_read_is_told_in_one_line() {
    let folder = scratch("bad");
    let bad = folder.join("bad.txt");
    fs::write(&bad, "KB3172614\nhello\n").unwrap();
    let (bad, folder) = (bad.to_str().unwrap(), folder.to_str().unwrap());
    for (args, code, part) in [
        (vec!["--goals", bad], 3, "bad.txt:2: "),
        (vec!["--goals", folder], 3, "is a folder"),
        (vec!["@no-such-file"], 3, "no-such-file: cannot be read"),
        (vec!["hello"], 2, "hello"),
        (vec!["KB3172614", "--folder", bad], 3, "is no folder"),
        (vec!["KB3172614", "--folder", "no-such-folder"], 3, "no-such-folder: cannot be read"),
        (vec!["KB3172614", "--assume", "os.revision=x"], 2, "--assume os.revision=x: "),
        (vec!["KB3172614", "--assume", "KB1=maybe"], 2, "--assume KB1=maybe: "),
        (vec!["KB3172614", "--goals", "-", "-i", "-"], 2, "standard input (-) can be named once"),
        (vec!["KB3172614", "--image", "--format", "ansible"], 2, "running hosts"),
    ] {
        let output = plan(&args).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(
            output.stdout.is_empty() && told.lines().count() == 1 && told.contains(part),
            "{args:?}: {told}"
        );
    }
}

#[test]
fn a_folder_gives_steps_their_files() {
    let folder = scratch("packages");
    for name in [
        "Windows8.1-KB2919442-x64.msu",
        "Windows8.1-KB2919442-x86.msu",
        "windows8.1-kb2919355-x64_e6f4da4d.msu",
        "windows8.1-kb2919355-x64.msu",
        "clearcompressionflag_3104315d.exe",
        "windows8-rt-kb3172614-x64.msu",
        "windows8.1-kb3000850-x64.msu",
        "readme.txt",
        "renamed.msu",
    ] {
        fs::write(folder.join(name), "no package").unwrap();
    }
    fs::create_dir(folder.join("kb3172614.msu")).unwrap();
    let report = json(&["KB2919442", "KB3172614", "-i", BARE, "--folder", folder.to_str().unwrap()]);
    let file = |update: &str| -> serde_json::Value {
        let steps = report["steps"].as_array().unwrap();
        steps.iter().find(|s| s["update"] == update).unwrap()["file"].clone()
    };
    assert_eq!(file("KB2919442")["name"], "Windows8.1-KB2919442-x64.msu");
    assert_eq!(file("KB2919442")["placeholder"], false);
    assert!(file("KB2919442")["path"].as_str().unwrap().ends_with("Windows8.1-KB2919442-x64.msu"));
    assert_eq!(file("KB3172614")["placeholder"], true);
    let told = &report["folder"];
    assert_eq!(told["files"], 7);
    let missing: Vec<&str> =
        told["missing"].as_array().unwrap().iter().map(|m| m["what"].as_str().unwrap()).collect();
    assert_eq!(missing, ["KB2919355", "KB3172614"]);
    assert!(told["missing"][0]["why"].as_str().unwrap().starts_with("2 files fit"));
    let unfit: Vec<&str> =
        told["unfit"].as_array().unwrap().iter().map(|m| m["file"].as_str().unwrap()).collect();
    assert_eq!(unfit, ["Windows8.1-KB2919442-x86.msu", "windows8-rt-kb3172614-x64.msu"]);
    assert_eq!(told["unused"], serde_json::json!(["renamed.msu", "windows8.1-kb3000850-x64.msu"]));
    assert!(told["remarks"][0].as_str().unwrap().starts_with("renamed.msu: "));
    let program = report["steps"].as_array().unwrap().iter().find(|s| s["kind"] == "manual").unwrap();
    assert_eq!(program["file"]["name"], "clearcompressionflag_3104315d.exe");
}

/// Scripts of real plans parse, and have the plan's steps.
#[test]
fn scripts_of_a_real_plan() {
    for format in ["powershell", "cmd", "ansible", "markdown", "mermaid", "dot"] {
        let output = plan(&["KB2919442", "KB3172614", "-i", BARE, "--format", format]).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        let places: Vec<_> = ["KB2919442", "KB2919355", "KB3172614"].map(|kb| text.rfind(kb)).into();
        assert!(places.iter().all(Option::is_some), "{format}");
        match format {
            "powershell" => {
                let tree = parsed(tree_sitter_powershell::LANGUAGE.into(), &text);
                texts(&tree, &text, "command_name");
            }
            "cmd" => drop(cmd_calls(&text)),
            "ansible" => drop(tasks(&text)),
            _ => {}
        }
    }
}

#[test]
fn the_replay_is_printed_if_it_was_asked_for() {
    let without = json(&["KB3172614", "-i", BARE]);
    let with = json(&["KB3172614", "-i", BARE, "--verify"]);
    assert!(without.get("replay").is_none());
    assert_eq!(with["replay"].as_array().unwrap().len(), with["steps"].as_array().unwrap().len());
}

#[test]
fn exit_codes_follow_the_contract() {
    // possible; for another product; a host of which nothing is known
    let other = r#"{ "schema": "kbwhy/host/1", "os": { "product": "Windows Server 2012", "version": "6.2.9200",
        "architecture": "x64" }, "updates": { "installed": [], "complete": true } }"#;
    plan(&["KB3172614", "-i", BARE]).assert().code(0);
    plan(&["KB3172614", "-i", "-"]).stdin(other).assert().code(1);
    plan(&["KB3172614", "-i", "-"]).stdin(r#"{ "schema": "kbwhy/host/1" }"#).assert().code(5);
}

// hostile names

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\\PC\n\r\t]{0,40}",
        "(windows8\\.1-kb1)?['\"`$%&^!|<>();,#@{}\\[\\]~=+\\-\u{2018}\u{2019}\u{201c}\n\r :/\\\\*?a-z0-9]{0,40}(\\.msu|\\.cab|\\.exe)",
        Just("'; Remove-Item C:\\ -Recurse; '.msu".to_owned()),
        Just("$(calc).msu".to_owned()),
        Just("a\u{2019}; calc; \u{2019}.msu".to_owned()),
        Just("\" & calc & rem \".msu".to_owned()),
        Just("%COMSPEC% !x! ^& calc.msu".to_owned()),
        Just("{{ lookup('pipe', 'calc') }}.msu".to_owned()),
        Just("#> calc <#\n@'\ncalc\n'@.msu".to_owned()),
        Just("x: !!python/object 'y'\n- z.msu".to_owned()),
        Just(")\ncalc\n(.cab".to_owned()),
    ]
}

fn with_name(name: &str) -> InstallPlanReport {
    let mut r = rich();
    r.summary = name.into();
    r.host.name = Some(name.into());
    r.host.windows = name.into();
    r.host.version = Some(name.into());
    for s in &mut r.steps {
        s.action = name.into();
        s.because = name.into();
        let exists = s.file.is_some() || s.number % 2 == 1;
        s.file = exists.then(|| PackageFileReport {
            name: name.into(),
            placeholder: false,
            path: Some(name.into()),
            digest: Some(name.into()),
            url: Some(name.into()),
        });
        s.command = s.command.as_ref().map(|c| format!("{c} {name}"));
        if let Some(c) = &mut s.only_if {
            c.text = name.into();
            c.collect = name.into();
        }
    }
    r
}

/// A name that is harmless, and of the same fate as the hostile one: what is left of the table when literals are cut out.
fn skeleton(tree: &Tree, script: &str, literals: &[&str], until: usize) -> String {
    let mut holes: Vec<std::ops::Range<usize>> = Vec::new();
    nodes(tree, |n| {
        if literals.contains(&n.kind()) && n.start_byte() < until {
            holes.push(n.byte_range());
        }
    });
    holes.sort_by_key(|r| r.start);
    let (mut out, mut at) = (String::new(), 0);
    for hole in holes {
        if hole.start >= at {
            out.push_str(&script[at..hole.start]);
            out.push_str("<literal>");
            at = hole.end;
        }
    }
    out.push_str(&script[at..until]);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the names, the same commands are called, and what is data is literal: between the table's literals there is
    /// nothing but the table.
    #[test]
    fn names_stay_literals_in_powershell(name in hostile()) {
        let r = with_name(&name);
        let (script, commands) = powershell(&r);
        let (_, usual) = powershell(&rich());
        prop_assert_eq!(&commands, &usual);
        prop_assert!(script.is_ascii());
        let tree = parsed(tree_sitter_powershell::LANGUAGE.into(), &script);
        let until = script.find("$ErrorActionPreference").unwrap();
        let table = skeleton(&tree, &script, &["string_literal", "comment"], until);
        for line in table.lines().skip_while(|l| !l.starts_with("$Steps")) {
            let rest = line
                .replace("<literal>", "")
                .replace("[char]", "")
                .replace(['(', ')', '+', '@', '{', '}', ';', '='], " ");
            for word in rest.split_whitespace() {
                let known = ["$Steps", "N", "Name", "Update", "Kind", "Restart", "$true", "$false", "File", "Exact",
                    "Digest", "Arguments", "Only", "Test", "Revision", "See"];
                prop_assert!(known.contains(&word) || word.bytes().all(|b| b.is_ascii_digit()), "{}: {}", word, line);
            }
        }
    }

    #[test]
    fn names_stay_literals_in_ansible(name in hostile()) {
        let text = render::plan_ansible(&with_name(&name));
        let count = tasks(&text);
        prop_assert!((16..=24).contains(&count), "{}", count);
        // templates are ours alone: what has a brace of its own is tagged
        for line in text.lines().filter(|l| l.contains("{{") && !l.trim_start().starts_with('#')) {
            let ours = line.contains("{{ kbwhy_") && line.matches("{{").count() == 1;
            prop_assert!(ours || line.contains("!unsafe '"), "{}", line);
        }
    }

    /// In a batch file no name is quoted by escapes: what is not plain is not there.
    #[test]
    fn names_stay_literals_in_cmd(name in hostile()) {
        let r = with_name(&name);
        let script = render::plan_cmd(&r).replace("\r\n", "\n");
        let body = script.find("set \"KB_SYS=").unwrap();
        let fixed = render::plan_cmd(&rich()).replace("\r\n", "\n");
        let commands = |s: &str| -> Vec<String> {
            s.lines().filter(|l| !l.starts_with("rem ") && !l.starts_with("set \"KB_")).map(str::to_owned).collect()
        };
        // but for comments and what is set, the two differ in nothing but which steps have a file
        let lines: BTreeSet<String> = commands(&fixed).into_iter().collect();
        for line in commands(&script) {
            prop_assert!(lines.contains(&line) || line == "call :find", "{}", line);
        }
        for line in script.lines() {
            let Some(value) = line.strip_prefix("set \"KB_") else { continue };
            if script.find(line).unwrap() > body && !line.contains("NAME=") && !line.contains("ONLY=")
                && !line.contains("WANTED=") && !line.contains("SEE=") && !line.contains("TEXT=") {
                continue;
            }
            if lines.contains(line) || fixed.contains(line) {
                continue;
            }
            let value = value.strip_suffix('"').unwrap_or(value);
            prop_assert!(!value.contains(['%', '!', '^', '&', '|', '<', '>', '\n']), "{}", line);
            prop_assert!(value.matches('"').count() % 2 == 0, "{}", line);
        }
        for line in script.lines().filter(|l| l.starts_with("rem ")) {
            prop_assert!(!line.contains(['%', '^', '&', '|', '<', '>']), "{}", line);
        }
    }

    #[test]
    fn any_name_gives_text(name in hostile()) {
        let r = with_name(&name);
        for text in [render::plan_text(&r, plain(true)), render::plan_markdown(&r)] {
            prop_assert!(text.lines().count() > 20);
        }
        render::plan_to_dot(&r);
        render::plan_to_mermaid(&r);
    }
}

// what broke once

/// Service packs of Windows 7 and Vista are programs: a pattern of .msu never found them.
#[test]
fn a_service_pack_is_run_as_a_program() {
    let mut pack = install(1, "KB976932", "Service Pack 1", &[], 1);
    pack.file = Some(PackageFileReport { placeholder: true, ..by_name("*kb976932-*x64*.exe").unwrap() });
    pack.restart = true;
    let mut r = report(vec![pack, install(2, "KB4490628", "servicing stack", &[1], 2)]);
    let script = render::plan_powershell(&r);
    for part in ["Kind = 'program'", "File = '*kb976932-*x64*.exe'", "Arguments = '/quiet /norestart'"] {
        assert!(script.contains(part), "{part}");
    }
    let batch = render::plan_cmd(&r);
    for part in ["KB_KIND=program", "KB_WANTED=*kb976932-*x64*.exe", "KB_ARGS=/quiet /norestart"] {
        assert!(batch.contains(part), "{part}");
    }
    assert!(batch.contains("start \"\" /wait \"%KB_FILE%\" %KB_ARGS%"));
    assert!(render::plan_ansible(&r).contains("- '/norestart'"));
    // it does not go into an image
    r.image = true;
    assert!(render::plan_powershell(&r).contains("Kind = 'by-hand'"));
}

#[test]
fn the_service_pack_of_a_real_plan_is_a_program() {
    let folder = scratch("service-pack");
    let host = folder.join("host.json");
    let text = r#"{"schema":"kbwhy/host/1","os":{"product":"Windows 7","version":"6.1.7600","service_pack":0,
        "architecture":"x64"},"updates":{"complete":true}}"#;
    std::fs::write(&host, text).unwrap();
    std::fs::write(folder.join("windows6.1-KB976932-X64.exe"), "").unwrap();
    std::fs::write(folder.join("windows6.1-KB976932-X86.exe"), "").unwrap();
    let (host, folder) = (host.to_str().unwrap(), folder.to_str().unwrap());
    let r = json(&["KB4490628", "--inventory", host]);
    assert_eq!(r["steps"][0]["file"]["name"], "*kb976932-*x64*.exe");
    let r = json(&["KB4490628", "--inventory", host, "--folder", folder]);
    assert_eq!(r["steps"][0]["file"]["name"], "windows6.1-KB976932-X64.exe");
    assert_eq!(r["folder"]["missing"].as_array().unwrap().len(), 1);
}

/// Started twice, the batch file installed the same step at the same time.
#[test]
fn a_batch_file_runs_once_at_a_time() {
    let script = render::plan_cmd(&usual());
    assert!(script.contains("call :main 9>\"%KB_DIR%\\plan-%KB_PLAN%.lock\"\r\nset \"KB_RC=%errorlevel%\""));
    // what a dry run writes is nothing
    assert!(script.contains("if defined KB_WHATIF goto main\r\nif not exist \"%KB_DIR%\\.\" mkdir"));
}

/// The page of a blocker was not shortened.
#[test]
fn pages_of_what_is_in_the_way_fit_80_columns() {
    let mut r = impossible();
    let long = "https://learn.microsoft.com/en-us/windows/release-health/release-information";
    r.blocked_by[0].evidence = vec![EvidenceReport {
        text: "it is so".into(),
        source: "catalog".into(),
        line: None,
        url: Some(format!("{long}-{}", "x".repeat(90))),
        standing: Some("verified"),
    }];
    let text = render::plan_text(&r, plain(false));
    assert!(text.contains("...") && text.lines().all(|l| l.len() <= 80), "{text}");
}
