//! What was typed.

use super::cache::ReadArgs;
use crate::render::Style;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Tells why a Windows update is "not applicable to your computer", with evidence, and what to do about it.
#[derive(Debug, Parser)]
#[command(
    name = "kbwhy",
    version,
    max_term_width = 80,
    after_help = "Exit codes: 0 applicable or already installed, 1 not applicable or blocked, 2 usage, \
                  3 an input cannot be read, 4 catalog or network, 5 unknown, 70 a bug in kbwhy.\n\n\
                  Example: kbwhy explain KB3172614 --inventory systeminfo.txt"
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Why is this update refused on this host?
    Explain(Explain),
    /// What do an error, logs and the host's state show?
    Diagnose(super::diagnose::Diagnose),
    /// What does an error code or message mean?
    Code(super::code::Code),
    /// What will stop updates on this host next?
    Doctor(super::doctor::Doctor),
    /// What to install, in which order, with how many restarts?
    Plan(super::plan::Plan),
    /// What would change if updates or facts of the host were others?
    WhatIf(super::what_if::WhatIf),
    /// In which order do these packages go on?
    Order(super::order::Order),
    /// What was understood of an inventory?
    Inventory(Inventory),
    /// A script that collects all that is needed on a Windows host
    Collect(Collect),
    /// Facts about updates: what is known, from where, and how to add to it
    #[command(args_conflicts_with_subcommands = true)]
    Catalog {
        #[command(flatten)]
        read: ReadArgs,
        #[command(subcommand)]
        command: Option<super::catalog::Catalog>,
    },
    /// What a package file tells of itself: identity, parents, needs
    Package(super::package::Package),
    /// Evaluates applicability rules of Windows Update metadata against a host
    Rules(super::rules::Rules),
    /// Prints the manual page in roff.
    #[command(hide = true)]
    Man {
        /// The command whose page it is to be
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

/// Inventories of one host.
#[derive(Debug, ClapArgs)]
pub(super) struct Inventories {
    /// What the host has: output of systeminfo, Get-HotFix, wmic qfe, dism /get-packages, ver or reg query, or
    /// kbwhy/host/1; - is standard input; may be repeated for one host
    #[arg(short, long = "inventory", value_name = "FILE")]
    pub(super) inventory: Vec<PathBuf>,
    /// A fact laid over the inventory, such as os.revision=2300, os.architecture=x64, facts.esu=true; may be repeated
    #[arg(long = "set", value_name = "FACT=VALUE")]
    pub(super) set: Vec<String>,
    #[command(flatten)]
    pub(super) machine: Machine,
}

/// Whose facts are meant, where inputs tell of several machines.
#[derive(Debug, ClapArgs)]
pub(super) struct Machine {
    /// The machine that is meant, where an inventory tells of several
    #[arg(long, value_name = "NAME")]
    pub(super) host: Option<String>,
    /// Merge inventories that are of different machines or Windows versions: a machine that was renamed or upgraded
    #[arg(long)]
    pub(super) allow_mixed: bool,
}

/// The failure that was seen.
#[derive(Debug, ClapArgs)]
pub(super) struct Seen {
    /// Error code (hex, signed, unsigned, symbol) or message
    #[arg(long, value_name = "CODE-OR-TEXT", allow_hyphen_values = true)]
    pub(super) error: Option<String>,
    /// CBS.log, dism.log, WindowsUpdate.log, setupact.log, CheckSUR.log, exported events, or lines of them; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) log: Vec<PathBuf>,
}

/// How to print.
#[derive(Debug, ClapArgs)]
pub(super) struct Output {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) text: Text,
}

/// How text is printed.
#[derive(Debug, ClapArgs)]
pub(super) struct Text {
    /// Only ASCII characters
    #[arg(long)]
    pub(super) ascii: bool,
    /// Everything: each check and step, all evidence, files, whole lists
    #[arg(short, long)]
    pub(super) verbose: bool,
}

impl Text {
    pub(super) fn style(&self) -> Style {
        Style { width: 80, ascii: self.ascii, colour: super::colour_wanted(), verbose: self.verbose }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Debug, ClapArgs)]
#[command(override_usage = "kbwhy explain [OPTIONS] <KB>\n       kbwhy explain [OPTIONS] --package <FILE>")]
pub(super) struct Explain {
    /// The update, such as KB3172614; may be left out where a package file tells it
    #[arg(value_name = "KB", required_unless_present_any = ["as_of", "package"])]
    pub(super) kb: Option<String>,
    #[command(flatten)]
    pub(super) inventories: Inventories,
    /// The package that was tried: the file itself, whose manifest is read, or its name
    #[arg(long, value_name = "NAME-OR-FILE")]
    pub(super) package: Option<String>,
    /// Architecture of the package that was tried
    #[arg(long, value_name = "ARCH")]
    pub(super) package_arch: Option<String>,
    /// Product that the package is for, such as "Windows Server 2016"
    #[arg(long, value_name = "PRODUCT")]
    pub(super) package_for: Option<String>,
    /// Applicability rules of the package that is meant, from Windows Update's metadata; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) seen: Seen,
    /// Also the smallest changes under which the update applies
    #[arg(long)]
    pub(super) minimal: bool,
    /// Print the date of the catalog's facts and exit
    #[arg(long)]
    pub(super) as_of: bool,
    #[command(flatten)]
    pub(super) read: ReadArgs,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Collect {
    /// Print the script: PowerShell 2.0 and later, reads only
    #[arg(long)]
    pub(super) script: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Inventory {
    /// The inventory; - is standard input; several are merged into one host
    #[arg(value_name = "FILE", required_unless_present = "formats")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) machine: Machine,
    /// Replace names, addresses, accounts and servers, so that the output can be shared
    #[arg(long)]
    pub(super) redact: bool,
    /// List the formats that are read, with what each cannot know, and exit
    #[arg(long)]
    pub(super) formats: bool,
    #[command(flatten)]
    pub(super) read: ReadArgs,
    #[command(flatten)]
    pub(super) output: Output,
}
