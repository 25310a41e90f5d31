//! From what was typed to what was meant, and to the text that is printed.

use super::{
    Exit, Failure,
    args::{Args, Collect, Command, Explain, Format, Inventories, Inventory, Output, Seen},
    cache::ReadArgs,
    input,
};
use crate::{
    applicability::{KnownRules, RuleDocument},
    collect,
    diagnose::{self, ErrorEvidence},
    explain, inventory,
    model::{Architecture, KbId},
    package::{PackageName, content::PackageContent},
    plan::minimal,
    render,
    resolve::{self, question::Question, verdict::Verdict},
};
use clap::CommandFactory;
use std::io::{self, Write};

pub(super) type Printed = Result<(String, Exit), Failure>;

pub(super) fn run(args: Args) -> Printed {
    match args.command {
        Command::Explain(a) => explain(a),
        Command::Diagnose(a) => super::diagnose::run(&a),
        Command::Code(a) => super::code::run(&a),
        Command::Doctor(a) => super::doctor::run(&a),
        Command::Plan(a) => super::plan::run(&a),
        Command::WhatIf(a) => super::what_if::run(&a),
        Command::Order(a) => super::order::run(&a),
        Command::Inventory(a) => show_inventory(a),
        Command::Collect(a) => Ok((collect_text(&a), Exit::Good)),
        Command::Catalog { command: None, read } => Ok((catalog_line(&read)?, Exit::Good)),
        Command::Catalog { command: Some(c), .. } => super::catalog::run(&c),
        Command::Package(a) => super::package::run(&a),
        Command::Rules(a) => super::rules::run(&a),
        Command::Man { command } => manual(command.as_deref()),
    }
}

fn collect_text(a: &Collect) -> String {
    if a.script {
        return collect::script();
    }
    "Collects all that kbwhy can use of a Windows host, in one file. Print the\n\
     script, run it on the host, and give the file to kbwhy:\n\n  \
       kbwhy collect --script > collect.ps1\n  \
       powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1 -Out host.json\n  \
       kbwhy explain KB5005030 --inventory host.json\n\n\
     The script reads, and writes that one file. It needs no administrator, but reads\n\
     more as one. What it reads stands at its top.\n"
        .to_owned()
}

fn manual(command: Option<&str>) -> Printed {
    let mut all = Args::command();
    all.build();
    let shown = match command {
        None => all,
        Some(name) => {
            let found = all.find_subcommand(name).cloned();
            found.ok_or_else(|| Failure::usage(format!("`{}` is no command of kbwhy", input::shown(name))))?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(shown)
        .render(&mut page)
        .map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?;
    Ok((String::from_utf8_lossy(&page).into_owned(), Exit::Good))
}

fn catalog_line(read: &ReadArgs) -> Result<String, Failure> {
    read.ask(|c| {
        let imported = render::imported(c.imported().count());
        let (date, updates, products) = (c.as_of(), c.len(), c.product_count());
        format!("catalog as of {date}: {updates} updates for {products} products{imported}\n")
    })
}

fn explain(a: Explain) -> Printed {
    if a.as_of {
        return Ok((catalog_line(&a.read)?, Exit::Good));
    }
    let typed: Option<KbId> =
        a.kb.as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|e: crate::model::KbError| Failure::usage(e.to_string()))?;
    let package_architecture = a
        .package_arch
        .as_deref()
        .map(str::parse::<Architecture>)
        .transpose()
        .map_err(|e| Failure::usage(format!("--package-arch: {e}")))?;
    let content = a.package.as_deref().map(super::package::tried).transpose()?.flatten();
    let name = a.package.as_deref().map(PackageName::parse);
    let in_package = || content.as_ref().map_or_else(|| name.as_ref()?.kb, |c| c.kb());
    let Some(kb) = typed.or_else(in_package) else {
        return Err(Failure::usage("the package does not tell of which update it is: name the KB, too"));
    };
    if let Some(content) = &content
        && let Some(other) = content.kb().filter(|other| *other != kb)
    {
        let _ = writeln!(
            io::stderr(),
            "kbwhy: {}: is of {other}, not of {kb}; what it holds is not used",
            content.file
        );
    }
    let (rules, rules_given) = rules_of(kb, &a, content.as_ref())?;
    let question = Question {
        kb: Some(kb),
        package: name,
        content: content.map(Box::new),
        package_architecture,
        package_for: a.package_for,
        rules_given,
        rules: rules.documents,
        named: rules.named,
        ..seen(&a.seen)?
    };
    explained(&a.inventories, &question, &a.read, &a.output, a.minimal)
}

/// Windows Update's rules of the update: those that were given, those in the package, those that were imported; and
/// whether they are those of the package that is meant.
fn rules_of(kb: KbId, a: &Explain, content: Option<&PackageContent>) -> Result<(KnownRules, bool), Failure> {
    let imported = a.read.rules_of(kb);
    let given = match content.filter(|c| a.rules.is_empty() && c.kb() == Some(kb)) {
        Some(content) => super::package::rules(content),
        None => input::rules(&a.rules)?,
    };
    if given.iter().all(RuleDocument::is_empty) {
        return Ok((imported, false));
    }
    let mut rules = KnownRules::of_fragments(given);
    // what the package asks for, the cache may know
    rules.documents.extend(imported.documents.into_iter().filter(RuleDocument::is_detection));
    for (guid, named) in imported.named {
        rules.named.entry(guid).or_insert(named);
    }
    Ok((rules, true))
}

pub(super) fn seen(seen: &Seen) -> Result<Question, Failure> {
    let logs = input::logs(&seen.log)?;
    Ok(Question {
        error: seen.error.as_deref().map(ErrorEvidence::parse),
        log: diagnose::settle(&logs),
        logs,
        ..Question::default()
    })
}

/// The answer; with the smallest changes under which the update applies, if they are asked for.
fn explained(
    inventories: &Inventories,
    question: &Question,
    read: &ReadArgs,
    output: &Output,
    smallest: bool,
) -> Printed {
    let host = input::host_with(inventories)?;
    let (verdict, mut report) = read.ask(|catalog| {
        let answer = resolve::explain(catalog, &host, question);
        let mut report = explain::report(catalog, &host, &answer);
        if let Some(kb) = question.kb.filter(|_| smallest) {
            let found = minimal::minimal(catalog, &host, question);
            report.minimal = Some(explain::minimal_report(catalog, kb, &found));
        }
        (answer.decision.verdict, report)
    })?;
    if output.text.verbose {
        (report.log_packages, report.log_parents) = explain::log_packages(&question.logs);
    }
    let text = match output.format {
        Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Text => render::to_text(&report, output.text.style()),
    };
    let exit = match verdict {
        Verdict::Applicable | Verdict::AlreadyInstalled => Exit::Good,
        Verdict::NotApplicable | Verdict::Blocked => Exit::Refused,
        Verdict::Unknown => Exit::Unknown,
    };
    Ok((text, exit))
}

fn show_inventory(a: Inventory) -> Printed {
    if a.formats {
        return Ok((render::formats_text(inventory::formats(), a.output.text.style()), Exit::Good));
    }
    let input::Told { mut host, mut inputs } = input::host(&a.files, &a.machine)?;
    if a.redact {
        let names: Vec<String> = inputs.iter().map(|i| i.name.clone()).collect();
        host = inventory::redact(&host, &names);
        inputs = inputs.into_iter().zip(1..).map(|(i, n)| i.redacted(n)).collect();
    }
    let text = match a.output.format {
        Format::Json => render::to_json(&inventory::to_host1(&host))
            .map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?,
        Format::Text => {
            let report = a.read.ask(|c| explain::inventory_report(c, &host, &inputs))?;
            render::inventory_text(&report, a.output.text.style())
        }
    };
    Ok((text, Exit::Good))
}
