//! A script of PowerShell: 2.0 and later.

use super::{Script, Work, crlf, quote::powershell as literal, quote::words, refusal};
use crate::report::InstallPlanReport;
use std::fmt::Write;

const BODY: &str = include_str!("body.ps1");

const HOW: [&str; 13] = [
    "How to run it: save it beside the packages, then as administrator",
    "  powershell -NoProfile -ExecutionPolicy Bypass -File plan.ps1 -WhatIf",
    "  powershell -NoProfile -ExecutionPolicy Bypass -File plan.ps1",
    "-WhatIf shows what would be done, and which files are missing. -Folder DIR: where the packages are.",
    "-NoRestart: never restarts, but stops where it is needed (exit code 3010); run it again afterwards.",
    "-Do N, -Skip N: a step that the script cannot decide is needed, or is not needed or done already.",
    "It restarts the computer where the plan says so, and goes on afterwards: for that it registers the",
    "scheduled task \"kbwhy plan ...\" (at start, as SYSTEM), which it removes when it runs, and a copy of",
    "itself beside the log. Windows does not start the task on battery: plug it in, or run this again.",
    "Log, copy and what is done so far: %SystemRoot%\\Logs\\kbwhy. What is done is not done again.",
    "Exit codes: 0 all is done; 3010 a restart is needed, or is on its way; 1 it cannot begin, or",
    "something is to be done by hand; 2 files are missing; else the code of the installer that failed.",
    "In a remote session (WinRM) Windows refuses wusa.exe: run it at the console, by RDP, or as a task.",
];

const HOW_IMAGE: [&str; 5] = [
    "How to run it: mount the image, save this beside the packages, then as administrator",
    "  powershell -NoProfile -ExecutionPolicy Bypass -File plan.ps1 -Image C:\\mount -WhatIf",
    "  powershell -NoProfile -ExecutionPolicy Bypass -File plan.ps1 -Image C:\\mount",
    "Then unmount it with /commit; nothing is restarted. -Folder DIR: where the packages are.",
    "Exit codes: 0 all is done; 1 it cannot begin; 2 files are missing; otherwise the code of DISM.",
];

/// A script of PowerShell that carries out a plan. A plan that cannot be gives a script that says so.
pub fn plan_powershell(report: &InstallPlanReport) -> String {
    let mut out = String::new();
    if let Some(why) = refusal(report) {
        for line in why {
            let _ = writeln!(out, "Write-Host {}", literal(&line));
        }
        let _ = writeln!(out, "exit {}", u8::from(!report.possible));
        return crlf(&out);
    }
    let script = Script::of(report);
    for line in script.head(if report.image { &HOW_IMAGE } else { &HOW }) {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    out.push_str(
        "[CmdletBinding()]\nparam(\n    [string]$Folder = '',\n    [string[]]$Do = @(),\n    [string[]]$Skip = @(),\n    \
         [string]$Image = '',\n    [switch]$WhatIf,\n    [switch]$NoRestart,\n    [switch]$Resume\n)\n\n",
    );
    let _ = writeln!(out, "$PlanId = {}", literal(&script.id));
    let _ = writeln!(out, "$PlanHost = {}", literal(script.host()));
    let _ = writeln!(out, "$PlanVersion = {}", literal(&script.version));
    let _ = writeln!(out, "$IsImage = {}", truth(report.image));
    out.push_str("$Steps = @(\n");
    for j in &script.jobs {
        let file = j.work.file();
        let arguments = match &j.work {
            Work::Tool(_, arguments) => arguments,
            Work::Program(_, arguments) => *arguments,
            _ => "",
        };
        let test = match j.test() {
            "none" | "ask" => "",
            kind => kind,
        };
        let (only, see) =
            j.only_if.map_or((String::new(), String::new()), |c| (words(&c.text), words(&c.collect)));
        let _ = write!(
            out,
            "    @{{ N = {}; Kind = {}; Update = {}; Restart = {}\n        \
             Name = {}\n        \
             File = {}; Exact = {}; Digest = {}\n        \
             Arguments = {}\n        \
             Only = {}; Test = {}; Revision = {}\n        \
             See = {} }}\n",
            j.number,
            literal(j.work.kind()),
            literal(j.update),
            truth(j.restart),
            literal(&j.name),
            literal(file.map_or("", |f| &f.name)),
            truth(file.is_some_and(|f| f.exact)),
            literal(file.map_or("", |f| f.digest)),
            literal(arguments),
            literal(&only),
            literal(test),
            j.revision(),
            literal(&see),
        );
    }
    out.push_str(")\n");
    out.push_str(BODY);
    crlf(&out)
}

fn truth(is: bool) -> &'static str {
    if is { "$true" } else { "$false" }
}
