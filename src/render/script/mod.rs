//! A plan as a script that carries it out. The scripts are fixed texts; only a table of steps differs, in which all that
//! comes from data is a literal of its language.

mod ansible;
mod cmd;
mod powershell;
mod quote;

pub use ansible::plan_ansible;
pub use cmd::plan_cmd;
pub use powershell::plan_powershell;

use crate::{
    model::KbId,
    package::file_pattern,
    report::{ConditionReport, InstallPlanReport, PlanStepReport},
};
use quote::words;
use sha2::{Digest, Sha256};

/// Tools of Windows whose command lines are carried out; whatever else is to be done, is done by hand.
const TOOLS: [&str; 2] = ["dism", "wusa"];

/// A plan as scripts see it.
struct Script<'a> {
    /// names the plan on the host: 12 hexadecimal digits of a digest of its steps
    id: String,
    report: &'a InstallPlanReport,
    jobs: Vec<Job<'a>>,
    /// how many steps restart
    restarts: usize,
    /// `6.3.9600`: the Windows that it is for; empty if it is not known
    version: String,
}

/// A step as scripts see it.
struct Job<'a> {
    number: u32,
    /// what it is called, in plain words
    name: String,
    update: &'a str,
    work: Work<'a>,
    only_if: Option<&'a ConditionReport>,
    restart: bool,
}

/// What is done.
enum Work<'a> {
    /// a package file
    Package(File<'a>),
    /// a program that comes as a file, and its arguments
    Program(File<'a>, &'static str),
    /// a tool of Windows, and its arguments
    Tool(&'static str, String),
    /// nothing but the restart after it
    Restart,
    ByHand,
}

/// A file in the folder of packages.
struct File<'a> {
    /// its name, or a pattern of letters, digits and `*`
    name: String,
    exact: bool,
    digest: &'a str,
    /// the pattern that finds it if its name cannot be written
    pattern: String,
}

impl Work<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Package(_) => "package",
            Self::Program(..) => "program",
            Self::Tool(tool, _) => tool,
            Self::Restart => "restart",
            Self::ByHand => "by-hand",
        }
    }

    fn file(&self) -> Option<&File<'_>> {
        match self {
            Self::Package(f) | Self::Program(f, _) => Some(f),
            _ => None,
        }
    }
}

impl Job<'_> {
    /// How the script settles the condition: `none`, a kind of test, or `ask`.
    fn test(&self) -> &'static str {
        match self.only_if {
            None => "none",
            Some(c) => match &c.test {
                Some(t) if t.kind == "update-absent" || t.revision.is_some() => t.kind,
                _ => "ask",
            },
        }
    }

    fn revision(&self) -> u32 {
        self.only_if.and_then(|c| c.test.as_ref()?.revision).unwrap_or(0)
    }
}

impl<'a> Script<'a> {
    fn of(report: &'a InstallPlanReport) -> Self {
        let jobs: Vec<Job<'a>> = report.steps.iter().map(|s| job(report, s)).collect();
        Self {
            id: id(report),
            restarts: jobs.iter().filter(|j| j.restart).count(),
            version: version(report),
            jobs,
            report,
        }
    }

    /// How often it has to go on after a restart.
    fn resumes(&self) -> usize {
        self.jobs.iter().filter(|j| j.restart && j.number != self.last()).count()
    }

    fn last(&self) -> u32 {
        self.jobs.last().map_or(0, |j| j.number)
    }

    /// The name of the host, if it may be one.
    fn host(&self) -> &str {
        let name = self.report.host.name.as_deref().unwrap_or("");
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.len() <= 15 && name.bytes().all(plain) { name } else { "" }
    }

    /// The first lines of each script, without the marks of a comment.
    fn head(&self, how: &[&str]) -> Vec<String> {
        let r = self.report;
        let mut out =
            vec![format!("kbwhy plan {}", self.id), String::new(), words(&r.summary), String::new()];
        let host = words(r.host.name.as_deref().unwrap_or("a host of no name"));
        out.push(format!("For {host}: {}", words(&r.host.windows)));
        for j in &self.jobs {
            let only = j.only_if.map_or_else(String::new, |c| format!(", only if {}", words(&c.text)));
            out.push(format!("  {:>2}. {}{only}", j.number, j.name));
            if j.restart {
                out.push("      restart".to_owned());
            }
        }
        out.push(format!("Catalog as of {}.", words(&r.catalog_as_of)));
        out.push(String::new());
        out.extend(how.iter().map(|l| (*l).to_owned()));
        if r.image && r.host.version.as_deref().is_some_and(|v| build_of(v) >= 26100) {
            out.extend(CHECKPOINTS.iter().map(|l| (*l).to_owned()));
        }
        out.iter().flat_map(|l| wrapped(l)).collect()
    }
}

/// What Microsoft says of checkpoints and images:
/// <https://learn.microsoft.com/windows/deployment/update/catalog-checkpoint-cumulative-updates>
const CHECKPOINTS: [&str; 4] = [
    "Checkpoint cumulative updates are added one by one, in order. If the image gets languages or",
    "features on demand as well, Microsoft wants another way: the target and all checkpoints before it",
    "in one folder that has no other .msu, and dism /add-package with the target alone:",
    "learn.microsoft.com/windows/deployment/update/catalog-checkpoint-cumulative-updates",
];

/// Lines of comment of at most 100 columns; the first keeps its indentation.
fn wrapped(line: &str) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let mut out = Vec::new();
    let mut held = " ".repeat(indent);
    for word in line.split_whitespace() {
        if held.trim().is_empty() {
            held.push_str(word);
        } else if held.len() + 1 + word.len() <= 100 {
            held.push(' ');
            held.push_str(word);
        } else {
            out.push(std::mem::replace(&mut held, format!("{:1$}{word}", "", indent + 2)));
        }
    }
    out.push(held.trim_end().to_owned());
    out
}

fn job<'a>(report: &'a InstallPlanReport, s: &'a PlanStepReport) -> Job<'a> {
    let update = s.update.as_deref().filter(|u| u.bytes().all(|b| b.is_ascii_alphanumeric())).unwrap_or("");
    let name = match update {
        "" => words(&s.action),
        _ if s.kind == "remove" => format!("remove {update}"),
        _ => format!("{update}, {}", words(&s.action)),
    };
    let name = name.trim_end_matches([' ', ',']).chars().take(160).collect();
    let work = work(report, s, update);
    Job {
        number: s.number,
        name,
        update,
        only_if: s.only_if.as_ref(),
        restart: (s.restart || matches!(work, Work::Restart)) && !report.image,
        work,
    }
}

fn work<'a>(report: &'a InstallPlanReport, s: &'a PlanStepReport, update: &str) -> Work<'a> {
    if let Some((tool, arguments)) = s.command.as_deref().and_then(tool) {
        return Work::Tool(tool, arguments);
    }
    // a plan may begin with a restart that something waits for
    let restarts = |c: &str| c.to_ascii_lowercase().starts_with("shutdown /r ");
    if s.update.is_none() && !report.image && s.command.as_deref().is_some_and(restarts) {
        return Work::Restart;
    }
    if s.command.is_some() {
        return Work::ByHand;
    }
    let kb = update.parse::<KbId>().ok();
    let is_program = s.file.as_ref().is_some_and(|f| f.name.to_ascii_lowercase().ends_with(".exe"));
    match (s.kind, kb) {
        // service packs of Windows Vista and 7; not for images
        ("install", Some(_)) if is_program && report.image => Work::ByHand,
        ("install", Some(kb)) => {
            let f = file(s, file_pattern(kb, report.host.architecture, is_program));
            if is_program { Work::Program(f, "/quiet /norestart") } else { Work::Package(f) }
        }
        ("remove", Some(kb)) if !report.image => {
            Work::Tool("wusa", format!("/uninstall /kb:{} /quiet /norestart", kb.number()))
        }
        // a program runs on a running Windows only
        _ if report.image => Work::ByHand,
        _ => match &s.file {
            Some(f) if is_program => {
                let stem: String = f.name.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
                Work::Program(file(s, format!("{stem}*.exe")), "")
            }
            _ => Work::ByHand,
        },
    }
}

fn file(s: &PlanStepReport, pattern: String) -> File<'_> {
    let known = s.file.as_ref().filter(|f| !f.placeholder && is_name(&f.name));
    let digest = s.file.as_ref().and_then(|f| f.digest.as_deref()).unwrap_or("");
    let digest_fits = matches!(digest.len(), 40 | 64) && digest.bytes().all(|b| b.is_ascii_hexdigit());
    File {
        name: known.map_or_else(|| pattern.clone(), |f| f.name.clone()),
        exact: known.is_some(),
        digest: if digest_fits { digest } else { "" },
        pattern,
    }
}

/// A name of a file, not a path, that a folder of Windows may hold, and that ends as packages and programs do.
fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let ending = [".msu", ".cab", ".exe"].iter().any(|e| lower.ends_with(e));
    ending
        && name.chars().count() <= 200
        && !name.chars().any(|c| {
            c.is_control()
                || crate::model::steers(c)
                || matches!(c, '"' | '*' | '?' | '<' | '>' | '|' | ':' | '/' | '\\')
        })
}

/// A command line of a tool of Windows, taken apart: the tool, and the arguments but for what it works on. None if it is
/// not plain.
fn tool(command: &str) -> Option<(&'static str, String)> {
    let mut all = command.split_ascii_whitespace();
    let program = all.next()?.to_ascii_lowercase();
    let tool = *TOOLS.iter().find(|t| **t == program.trim_end_matches(".exe"))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-:._~,=".contains(&b);
    let mut arguments: Vec<&str> = Vec::new();
    for a in all {
        let lower = a.to_ascii_lowercase();
        if tool == "dism" && (lower == "/online" || lower.starts_with("/image:")) {
            continue;
        }
        if a.len() > 200 || !a.bytes().all(plain) {
            return None;
        }
        arguments.push(a);
    }
    let has = |x: &str| arguments.iter().any(|a| a.eq_ignore_ascii_case(x));
    let (quiet, still) = (has("/quiet"), has("/norestart"));
    // nobody is there to answer
    if !quiet {
        arguments.push("/quiet");
    }
    if !still {
        arguments.push("/norestart");
    }
    Some((tool, arguments.join(" ")))
}

/// A digest of all that a script does: another plan has another one, and resumes nothing of this one.
fn id(r: &InstallPlanReport) -> String {
    let mut sha = Sha256::new();
    let mut add = |text: &str| {
        sha.update((text.len() as u64).to_le_bytes());
        sha.update(text.as_bytes());
    };
    add(if r.image { "image" } else { "running" });
    add(r.host.name.as_deref().unwrap_or(""));
    for g in &r.goals {
        add(&g.update);
    }
    for s in &r.steps {
        add(&s.number.to_string());
        add(s.kind);
        add(s.update.as_deref().unwrap_or(""));
        add(&s.action);
        add(s.command.as_deref().unwrap_or(""));
        add(if s.restart { "restart" } else { "" });
        add(s.file.as_ref().map_or("", |f| &f.name));
        add(s.only_if.as_ref().map_or("", |c| &c.text));
    }
    sha.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect()
}

/// Major, minor and build of the host's version.
fn version(r: &InstallPlanReport) -> String {
    let numbers: Vec<&str> = r.host.version.as_deref().unwrap_or("").split('.').take(3).collect();
    let is_number = |n: &&str| !n.is_empty() && n.len() <= 6 && n.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() == 3 && numbers.iter().all(is_number) && !r.image {
        numbers.join(".")
    } else {
        String::new()
    }
}

fn build_of(version: &str) -> u32 {
    version.split('.').nth(2).and_then(|b| b.parse().ok()).unwrap_or(0)
}

/// Why there is no script: the plan cannot be.
fn refusal(r: &InstallPlanReport) -> Option<Vec<String>> {
    if r.possible && !r.steps.is_empty() {
        return None;
    }
    let mut out = vec![words(&r.summary)];
    for b in &r.blocked_by {
        out.push(format!("{}: {}", words(&b.goal), words(&b.text)));
        out.extend(b.unblock.iter().map(|u| format!("  way out: {}", words(u))));
    }
    if r.possible {
        out.push("Nothing is to be done.".to_owned());
    }
    Some(out.iter().flat_map(|l| wrapped(l)).collect())
}

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}
