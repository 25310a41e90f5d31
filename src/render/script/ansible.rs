//! A list of Ansible tasks.

use super::{
    File, Job, Script, Work,
    quote::{regex, words, yaml},
    refusal,
};
use crate::report::InstallPlanReport;
use std::fmt::Write;

const HOW: [&str; 11] = [
    "How to run it: a list of tasks, for import_tasks in a play whose hosts are Windows. It needs the",
    "collection ansible.windows, and kbwhy_folder: the folder on the host that has the packages.",
    "kbwhy_do_N: true or false, for a step that cannot be decided here.",
    "kbwhy_done_N: true, when a step that is to be done by hand is done.",
    "Installers run as SYSTEM (become), since Windows refuses wusa.exe in remote sessions.",
    "Return codes: 0 installed; 3010, 1641, 2359301 installed, a restart is needed; 2359302 there already.",
    "The play stops at any other, such as 0x80240017 (-2145124329 or 2149842967), not applicable: run",
    "kbwhy explain with --error and that code.",
    "Nothing is installed before all files are found. It restarts where the plan says so.",
    "A play that stopped may be run again: what is installed already is no error.",
    "Digests of files are not compared here; the script for PowerShell does that.",
];

/// What an installer that did its work gives.
const DONE: &str = "[0, 3010, 1641, 2359301]";
/// What is not a failure either: it is there already.
const FINE: &str = "[0, 3010, 1641, 2359301, 2359302]";
/// The same for what may be there already, which wusa and DISM then call not applicable (signed and unsigned).
const FINE_IF_THERE: &str =
    "[0, 3010, 1641, 2359301, 2359302, -2145124329, 2149842967, -2146498530, 2148468766]";
/// The same for what is removed.
const FINE_REMOVED: &str = "[0, 3010, 1641, 2359301, 2359303]";

/// A list of Ansible tasks that carries out a plan. A plan that cannot be gives one task that says so. A running Windows
/// only: an image is not a host.
pub fn plan_ansible(report: &InstallPlanReport) -> String {
    let mut out = String::new();
    if let Some(why) = refusal(report) {
        let text: Vec<&str> = why.iter().map(|l| l.trim()).collect();
        let module = if report.possible { "debug" } else { "fail" };
        let _ = writeln!(
            out,
            "---\n- name: 'kbwhy plan'\n  ansible.builtin.{module}:\n    msg: {}",
            yaml(&without_braces(&text.join(" ")))
        );
        return out;
    }
    let script = Script::of(report);
    out.push_str("---\n");
    for line in script.head(&HOW) {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    inputs(&mut out, &script);
    files(&mut out, &script);
    let mut changed: Vec<u32> = Vec::new();
    let mut restart = 0;
    for j in &script.jobs {
        step(&mut out, j);
        if !matches!(j.work, Work::ByHand | Work::Restart) {
            changed.push(j.number);
        }
        let always = matches!(j.work, Work::Restart);
        if j.restart {
            restart += 1;
            let _ = write!(
                out,
                "\n- name: 'Restart {restart} of {}'\n  ansible.windows.win_reboot:\n    reboot_timeout: 3600\n",
                script.restarts
            );
            let any: Vec<String> = changed.iter().map(|n| format!("kbwhy_step_{n} is changed")).collect();
            if !any.is_empty() && !always {
                let _ = writeln!(out, "  when: {}", any.join(" or "));
            }
            changed.clear();
        }
    }
    out
}

fn without_braces(text: &str) -> String {
    text.replace(['{', '}'], "")
}

fn titled(out: &mut String, title: &str) {
    let _ = writeln!(out, "\n- name: {}", yaml(&without_braces(title)));
}

/// What the user has to give.
fn inputs(out: &mut String, script: &Script<'_>) {
    titled(out, &format!("kbwhy plan {}: inputs", script.id));
    out.push_str("  ansible.builtin.assert:\n    that:\n      - kbwhy_folder is defined\n");
    let mut why = vec!["Set kbwhy_folder to the folder on the host that has the packages.".to_owned()];
    for j in script.jobs.iter().filter(|j| j.test() == "ask") {
        let _ = writeln!(out, "      - kbwhy_do_{} is defined", j.number);
        if let Some(c) = j.only_if {
            why.push(format!(
                "Set kbwhy_do_{} to true if {}, else to false; to see it, run: {}.",
                j.number,
                words(&c.text),
                words(&c.collect)
            ));
        }
    }
    let _ = writeln!(out, "    fail_msg: {}", yaml(&without_braces(&why.join(" "))));
    if !script.version.is_empty() {
        titled(out, "The Windows that the plan is for");
        out.push_str(
            "  ansible.windows.win_reg_stat:\n    path: 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'\n    \
             name: CurrentBuildNumber\n  register: kbwhy_build\n",
        );
        let build = script.version.rsplit('.').next().unwrap_or("");
        titled(out, "It is that Windows");
        let _ = write!(
            out,
            "  ansible.builtin.assert:\n    that:\n      - kbwhy_build.value | string == '{build}' or kbwhy_any_build | default(false)\n    \
             fail_msg: 'The plan is for Windows {}; make one for this host. A play that is run again after it changed the build: kbwhy_any_build=true.'\n",
            script.version
        );
    }
}

fn files(out: &mut String, script: &Script<'_>) {
    let with: Vec<(&Job<'_>, &File<'_>)> =
        script.jobs.iter().filter_map(|j| Some((j, j.work.file()?))).collect();
    for (j, f) in &with {
        titled(out, &format!("File of step {}, {}", j.number, j.name));
        let (pattern, is_regex) = if f.exact { (regex(&f.name), true) } else { (f.name.clone(), false) };
        let _ = write!(
            out,
            "  ansible.windows.win_find:\n    paths: '{{{{ kbwhy_folder }}}}'\n    patterns:\n      - {}\n    \
             use_regex: {is_regex}\n    recurse: false\n  register: kbwhy_file_{}\n",
            yaml(&pattern),
            j.number
        );
    }
    if with.is_empty() {
        return;
    }
    titled(out, "Each file is there, once");
    out.push_str("  ansible.builtin.assert:\n    that:\n");
    for (j, _) in &with {
        let _ = writeln!(out, "      - kbwhy_file_{}.matched == 1", j.number);
    }
    out.push_str(
        "    fail_msg: 'A file is missing, or several fit: the tasks before this one show which.'\n",
    );
}

fn step(out: &mut String, j: &Job<'_>) {
    let n = j.number;
    let test = j.test();
    if matches!(j.work, Work::Restart) {
        return;
    }
    let mut when = None;
    match test {
        "revision-below" | "revision-at-least" => {
            titled(out, &format!("Revision of Windows before step {n}"));
            let _ = write!(
                out,
                "  ansible.windows.win_reg_stat:\n    path: 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'\n    \
                 name: UBR\n  register: kbwhy_revision_{n}\n"
            );
            let sign = if test == "revision-below" { "<" } else { ">=" };
            when = Some(format!(
                "kbwhy_do_{n} | default((kbwhy_revision_{n}.value | int) {sign} {}) | bool",
                j.revision()
            ));
        }
        "ask" => when = Some(format!("kbwhy_do_{n} | bool")),
        _ => {}
    }
    titled(out, &format!("Step {n}, {}", j.name));
    let mut arguments: Vec<String> = Vec::new();
    let found = format!("kbwhy_file_{n}.files[0].path");
    match &j.work {
        Work::Restart => {}
        Work::ByHand => {
            let _ = write!(
                out,
                "  ansible.builtin.assert:\n    that:\n      - kbwhy_done_{n} | default(false) | bool\n    fail_msg: {}\n",
                yaml(&format!("Do this by hand, then run the play again with kbwhy_done_{n}=true."))
            );
            if let Some(when) = when {
                let _ = writeln!(out, "  when: {when}");
            }
            return;
        }
        Work::Package(f) if f.name.to_ascii_lowercase().ends_with(".cab") => {
            arguments.extend(["dism.exe", "/Online", "/Add-Package"].map(yaml));
            arguments.push(format!("'/PackagePath:{{{{ {found} }}}}'"));
            arguments.extend(["/Quiet", "/NoRestart"].map(yaml));
        }
        Work::Package(_) => {
            arguments.push(yaml("wusa.exe"));
            arguments.push(format!("'{{{{ {found} }}}}'"));
            arguments.extend(["/quiet", "/norestart"].map(yaml));
        }
        Work::Program(_, line) => {
            arguments.push(format!("'{{{{ {found} }}}}'"));
            arguments.extend(line.split_ascii_whitespace().map(yaml));
        }
        Work::Tool(tool, line) => {
            arguments.push(yaml(&format!("{tool}.exe")));
            if *tool == "dism" {
                arguments.push(yaml("/Online"));
            }
            arguments.extend(line.split(' ').map(yaml));
        }
    }
    out.push_str("  ansible.windows.win_command:\n    argv:\n");
    for a in arguments {
        let _ = writeln!(out, "      - {a}");
    }
    // a program that comes as a file does not run as SYSTEM
    if !matches!(j.work, Work::Program(..)) {
        out.push_str("  become: true\n  become_method: ansible.builtin.runas\n  become_user: SYSTEM\n");
    }
    let fine = match (&j.work, test) {
        (Work::Tool("wusa", _), _) => FINE_REMOVED,
        (_, "update-absent") => FINE_IF_THERE,
        _ => FINE,
    };
    let _ = write!(
        out,
        "  register: kbwhy_step_{n}\n  changed_when: kbwhy_step_{n}.rc in {DONE}\n  failed_when: kbwhy_step_{n}.rc not in {fine}\n"
    );
    if let Some(when) = when {
        let _ = writeln!(out, "  when: {when}");
    }
}
