//! `kbwhy plan`.

mod files;
mod goals;

#[cfg_attr(not(feature = "online"), allow(unused_imports))]
pub(super) use files::Named;

use super::{
    Exit, Failure,
    args::{Inventories, Text},
    cache::ReadArgs,
    commands::Printed,
    input,
};
use crate::{
    explain,
    plan::{self, Objective, Request},
    render,
    report::InstallPlanReport,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What to install, in which order, with how many restarts?
#[derive(Debug, Args)]
#[command(
    override_usage = "kbwhy plan [OPTIONS] <KB>...\n       kbwhy plan [OPTIONS] --goals <FILE>",
    after_help = "Exit codes: 0 the plan leads to every update, 1 it cannot, 5 that is not known; 2 usage, 3 an \
                  input cannot be read.\n\n\
                  Examples:\n  kbwhy plan KB3172614 --inventory systeminfo.txt --verify\n  \
                  kbwhy plan @wanted.txt -i host.json --folder D:\\new --format powershell > plan.ps1\n  \
                  kbwhy plan KB5005030 --inventory host.json --assume os.revision=1999"
)]
pub(super) struct Plan {
    /// Updates that are to be there in the end; @FILE reads them from a file
    #[arg(value_name = "KB", required_unless_present = "goals")]
    pub(super) updates: Vec<String>,
    /// A file of updates, one in a line, # begins a remark; - is standard input; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) goals: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) inventories: Inventories,
    /// What to prefer where several ways lead there
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Prefer::FewestRestarts)]
    pub(super) prefer: Prefer,
    /// A fact or update taken for granted, such as os.revision=2300 or KB5005112=installed; may be repeated
    #[arg(long, value_name = "FACT=VALUE")]
    pub(super) assume: Vec<String>,
    /// Print the replay: each step as the resolver judges it when its turn comes
    #[arg(long)]
    pub(super) verify: bool,
    /// For an image that is not running: DISM /Image, no restarts
    #[arg(long)]
    pub(super) image: bool,
    /// A folder of .msu and .cab files: which step has its file, which files are missing
    #[arg(long = "folder", value_name = "DIR")]
    pub(super) packages: Option<PathBuf>,
    #[command(flatten)]
    pub(super) read: ReadArgs,
    /// How to print: text, JSON, a checklist, a script that carries it out, or a picture
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) text: Text,
}

/// What to prefer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Prefer {
    /// fewest restarts, then fewest installs, then the newest
    FewestRestarts,
    /// the newest of the updates that would do
    Newest,
    /// few and small packages
    Smallest,
    /// the updates that Microsoft's page names first
    Documented,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// for reading
    Text,
    /// kbwhy/plan/1
    Json,
    /// a checklist
    Markdown,
    /// a script, PowerShell 2.0 and later
    Powershell,
    /// a batch file
    Cmd,
    /// a list of Ansible tasks
    Ansible,
    /// a picture for Mermaid
    Mermaid,
    /// a picture for Graphviz
    Dot,
}

impl Prefer {
    const fn objective(self) -> Objective {
        match self {
            Self::FewestRestarts => Objective::FewestRestarts,
            Self::Newest => Objective::Newest,
            Self::Smallest => Objective::Smallest,
            Self::Documented => Objective::Documented,
        }
    }
}

pub(super) fn run(a: &Plan) -> Printed {
    let goals = goals::read(&a.updates, &a.goals, &a.inventories.inventory)?;
    let host = input::host_with(&a.inventories)?;
    for fact in &a.assume {
        // what is not understood is told before anything is planned
        let understood = plan::assume(&mut host.clone(), fact);
        understood.map_err(|e| Failure::usage(format!("--assume {}: {e}", input::shown(fact))))?;
    }
    let listed = a.packages.as_deref().map(files::list).transpose()?;
    let request = Request {
        goals,
        objective: a.prefer.objective(),
        image: a.image,
        assume: a.assume.clone(),
        ..Request::default()
    };
    let mut report = a.read.ask(|catalog| {
        let planned = plan::plan(catalog, &host, &request);
        let mut report = explain::plan_report(catalog, &planned);
        files::known(&mut report, &a.read, catalog, &planned.host, &planned.identity);
        report
    })?;
    if let Some(listed) = &listed {
        files::matched(&mut report, listed);
    }
    if !a.verify {
        report.replay.clear();
    }
    Ok((print(a, &report)?, exit(&report)))
}

/// Possible; or not; or not known, where nothing says that it is not.
fn exit(report: &InstallPlanReport) -> Exit {
    let any = |state: &str| report.goals.iter().any(|g| g.state == state);
    if report.possible {
        Exit::Good
    } else if any("unknown") && !any("impossible") {
        Exit::Unknown
    } else {
        Exit::Refused
    }
}

fn print(a: &Plan, report: &InstallPlanReport) -> Result<String, Failure> {
    Ok(match a.format {
        Format::Text => render::plan_text(report, a.text.style()),
        Format::Json => {
            render::to_json(report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Markdown => render::plan_markdown(report),
        Format::Powershell => render::plan_powershell(report),
        Format::Cmd => render::plan_cmd(report),
        Format::Ansible if report.image => {
            return Err(Failure::usage(
                "Ansible's tasks are for running hosts; for an image take --format powershell or cmd",
            ));
        }
        Format::Ansible => render::plan_ansible(report),
        Format::Mermaid => render::plan_to_mermaid(report),
        Format::Dot => render::plan_to_dot(report),
    })
}
