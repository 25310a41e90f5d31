//! `kbwhy rules`.

use super::{
    Exit, Failure,
    args::{Format, Inventories, Output},
    commands::Printed,
    input,
};
use crate::{
    applicability::{self, HostFacts, Judgement, Offer, RuleDocument},
    catalog::Catalog,
    explain,
    model::Truth,
    render,
};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Rules {
    /// Rules of updates: core fragments of wsusscn2.cab or of a WSUS server, upd:Update documents, IsInstalled or
    /// IsInstallable elements; detectoids among them tell of prerequisites; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) inventories: Inventories,
    #[command(flatten)]
    pub(super) output: Output,
}

pub(super) fn run(typed: &Rules) -> Printed {
    let documents = input::rules(&typed.files)?;
    let host = input::host_with(&typed.inventories)?;
    let facts = HostFacts::of(&host);
    let judged = judge_all(&documents, &facts);
    let report = explain::rules_report(Catalog::embedded(), &host, &judged);
    let text = match typed.output.format {
        Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Text => render::rules_text(&report, typed.output.text.style()),
    };
    Ok((text, exit(&judged)))
}

/// Judges each document, with the others as what is known of its prerequisites.
fn judge_all<'d>(documents: &'d [RuleDocument], facts: &HostFacts<'_>) -> Vec<(&'d RuleDocument, Judgement)> {
    let known = applicability::prerequisites(documents, facts);
    let of = |guid: &str| known.get(guid).copied().unwrap_or(Truth::Unknown);
    documents.iter().map(|d| (d, applicability::judge(d, facts, &of))).collect()
}

/// Detectoids that are given beside updates are there for them. Of several packages one that fits is enough.
fn exit(judged: &[(&RuleDocument, Judgement)]) -> Exit {
    let updates = judged.iter().any(|(d, _)| !d.is_detection());
    let counted = judged.iter().filter(|(d, _)| !updates || !d.is_detection());
    let each: Vec<Exit> = counted
        .map(|(_, j)| match j.offer {
            Offer::Installed | Offer::Offered | Offer::Holds => Exit::Good,
            Offer::Superseded | Offer::NotInstallable | Offer::PrerequisiteMissing | Offer::DoesNotHold => {
                Exit::Refused
            }
            Offer::OfferedIfPrerequisites | Offer::Unknown => Exit::Unknown,
        })
        .collect();
    match each {
        each if each.contains(&Exit::Good) => Exit::Good,
        each if each.contains(&Exit::Unknown) => Exit::Unknown,
        _ => Exit::Refused,
    }
}
