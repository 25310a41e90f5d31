//! A batch file for cmd.exe.

use super::{Script, Work, crlf, quote::cmd_name, quote::cmd_words as words, refusal};
use crate::report::InstallPlanReport;
use std::fmt::Write;

const BODY: &str = include_str!("body.cmd");

const HOW: [&str; 14] = [
    "How to run it: save it beside the packages as plan.cmd, then as administrator",
    "  plan.cmd /whatif",
    "  plan.cmd",
    "/whatif shows what would be done, and which files are missing. /folder DIR: where the packages are.",
    "/norestart: never restarts, but stops where it is needed (exit code 3010); run it again afterwards.",
    "/do N, /skip N: a step that the script cannot decide is needed, or is not needed or done already.",
    "It restarts the computer where the plan says so, and goes on afterwards: for that it registers the",
    "scheduled task kbwhy plan ... (at start, as SYSTEM), which it removes when it runs, and a copy of",
    "itself beside the log. Windows does not start the task on battery: plug it in, or run this again.",
    "Log, copy and what is done so far: Logs\\kbwhy in the folder of Windows. What is done stays done.",
    "Exit codes: 0 all is done; 3010 a restart is needed, or is on its way; 1 it cannot begin, or",
    "something is to be done by hand; 2 files are missing; else the code of the installer that failed.",
    "In a remote session (WinRM) Windows refuses wusa.exe: run it at the console, by RDP, or as a task.",
    "Digests of files are not compared here; the script for PowerShell does that.",
];

const HOW_IMAGE: [&str; 5] = [
    "How to run it: mount the image, save this beside the packages as plan.cmd, then as administrator",
    "  plan.cmd /image C:\\mount /whatif",
    "  plan.cmd /image C:\\mount",
    "Then unmount it with /commit; nothing is restarted. /folder DIR: where the packages are.",
    "Exit codes: 0 all is done; 1 it cannot begin; 2 files are missing; otherwise the code of DISM.",
];

/// A batch file that carries out a plan. A plan that cannot be gives one that says so. A file name that cmd cannot hold
/// (`%`, `!`, `^`, `&`, other than ASCII) is found by a pattern, and a comment says so.
pub fn plan_cmd(report: &InstallPlanReport) -> String {
    let mut out = String::from("@echo off\n");
    if let Some(why) = refusal(report) {
        for line in why {
            let _ = writeln!(out, "echo {}", words(&line));
        }
        let _ = writeln!(out, "exit /b {}", u8::from(!report.possible));
        return crlf(&out);
    }
    let script = Script::of(report);
    for line in script.head(if report.image { &HOW_IMAGE } else { &HOW }) {
        let indent = line.len() - line.trim_start().len();
        let _ = writeln!(out, "{}", format!("rem {:indent$}{}", "", words(&line)).trim_end());
    }
    out.push_str("setlocal EnableExtensions DisableDelayedExpansion\n");
    let image = if report.image { "1" } else { "0" };
    for (name, value) in [
        ("PLAN", script.id.as_str()),
        ("HOST", script.host()),
        ("VERSION", &script.version),
        ("IS_IMAGE", image),
        ("RESUMES", &script.resumes().to_string()),
        ("LAST", &script.last().to_string()),
        ("FIRST", script.jobs.first().map_or("", |j| j.work.kind())),
    ] {
        set(&mut out, name, value);
    }
    let (mut files, mut steps) = (String::new(), String::new());
    for j in &script.jobs {
        let name = words(&j.name);
        let number = j.number.to_string();
        set(&mut files, "N", &number);
        set(&mut files, "NAME", &name);
        if let Some(f) = j.work.file() {
            let known = cmd_name(&f.name).or_else(|| (!f.exact).then_some(f.name.as_str()));
            if known.is_none() {
                files.push_str(
                    "rem the name of the file cannot be written safely here: it is found by a pattern\n",
                );
            }
            let wanted = known.unwrap_or(&f.pattern);
            set(&mut files, "WANTED", wanted);
            set(&mut files, "ENDING", wanted.rfind('.').map_or("", |at| &wanted[at..]));
            let _ = writeln!(files, "call :find\nset \"KB_FILE_{number}=%KB_FOUND%\"");
        }
        let (only, see) =
            j.only_if.map_or((String::new(), String::new()), |c| (words(&c.text), words(&c.collect)));
        if j.only_if.is_some() {
            set(&mut files, "TEST", j.test());
            set(&mut files, "ONLY", &only);
            set(&mut files, "SEE", &see);
            files.push_str("call :ask\n");
        }
        if matches!(j.work, Work::ByHand) {
            set(&mut files, "TEXT", &format!("Step {number} is to be done by hand: {name}"));
            files.push_str("call :say\n");
        }
        let arguments = match &j.work {
            Work::Tool(_, arguments) => arguments,
            Work::Program(_, arguments) => *arguments,
            _ => "",
        };
        for (name, value) in [
            ("N", number.as_str()),
            ("NAME", &name),
            ("UPDATE", j.update),
            ("KIND", j.work.kind()),
            ("ARGS", arguments),
            ("TEST", j.test()),
            ("REVISION", &j.revision().to_string()),
            ("ONLY", &only),
            ("RESTART", if j.restart { "1" } else { "0" }),
        ] {
            set(&mut steps, name, value);
        }
        let found = if j.work.file().is_some() { format!("%KB_FILE_{number}%") } else { String::new() };
        let _ = writeln!(steps, "set \"KB_FILE={found}\"\ncall :step\nif defined KB_STOP goto stopped");
    }
    let body = BODY.replace("@@FILES@@\n", &files).replace("@@STEPS@@\n", &steps);
    out.push_str(&body);
    crlf(&out)
}

fn set(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "set \"KB_{name}={value}\"");
}
