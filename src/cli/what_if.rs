//! `kbwhy what-if`.

use super::{
    Exit, Failure,
    args::{Format, Machine, Output},
    cache::ReadArgs,
    commands::Printed,
    input::{self, shown},
};
use crate::{
    catalog::Catalog,
    explain,
    model::{KbId, ProductId},
    plan::what_if::{Wanted, change, compare, compare_all},
    render,
    resolve::{identity, question::Question},
};
use std::{collections::BTreeMap, path::PathBuf};

/// What would change if updates or facts of the host were others?
#[derive(Debug, clap::Args)]
#[command(
    after_help = "--set, --install, --remove and --upgrade-to make the host as it would be; the inventory is the host as it \
                  is. Without KBs every update of the catalog is looked at.\n\n\
                  Example: kbwhy what-if -i host.json --install KB2919355 KB3172614"
)]
pub(super) struct WhatIf {
    /// Updates whose verdicts are compared; all of the catalog if none is named
    #[arg(value_name = "KB")]
    kbs: Vec<String>,
    /// What the host has, as for `explain`; may be repeated for one host
    #[arg(short, long = "inventory", value_name = "FILE", required = true)]
    inventory: Vec<PathBuf>,
    #[command(flatten)]
    machine: Machine,
    /// An update that is installed then; may be repeated
    #[arg(long, value_name = "KB", value_delimiter = ',')]
    install: Vec<String>,
    /// An update that is removed then; may be repeated
    #[arg(long, value_name = "KB", value_delimiter = ',')]
    remove: Vec<String>,
    /// A fact that is so then, such as os.edition=Enterprise or facts.esu=true; may be repeated
    #[arg(long, value_name = "FACT=VALUE")]
    set: Vec<String>,
    /// The Windows that the host is upgraded to in place, such as "Windows Server 2022"
    #[arg(long, value_name = "PRODUCT")]
    upgrade_to: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    output: Output,
}

fn kbs(words: &[String]) -> Result<Vec<KbId>, Failure> {
    let mut out: Vec<KbId> = Vec::new();
    for word in words {
        let kb = word.parse().map_err(|e: crate::model::KbError| Failure::usage(e.to_string()))?;
        if !out.contains(&kb) {
            out.push(kb);
        }
    }
    Ok(out)
}

pub(super) fn run(a: &WhatIf) -> Printed {
    let asked = kbs(&a.kbs)?;
    let wanted =
        Wanted { upgrade: None, remove: kbs(&a.remove)?, set: a.set.clone(), install: kbs(&a.install)? };
    if let Some(both) = wanted.install.iter().find(|kb| wanted.remove.contains(kb)) {
        return Err(Failure::usage(format!("{both} is both to be installed and to be removed")));
    }
    if wanted.is_empty() && a.upgrade_to.is_none() {
        return Err(Failure::usage("nothing is to change: give --install, --remove, --set or --upgrade-to"));
    }
    let host = input::host(&a.inventory, &a.machine)?.host;
    // rules of Windows Update that were imported, as for `explain`
    let rules: BTreeMap<KbId, _> = asked.iter().map(|kb| (*kb, a.read.rules_of(*kb))).collect();
    let question = |kb: KbId| {
        let known = rules.get(&kb).cloned().unwrap_or_default();
        Question { kb: Some(kb), rules: known.documents, named: known.named, ..Question::default() }
    };
    let report = a.read.ask(|catalog| {
        let mut wanted = wanted.clone();
        wanted.upgrade = a.upgrade_to.as_deref().map(|p| product(catalog, p)).transpose()?;
        let changed = change(catalog, &host, &wanted).map_err(Failure::usage)?;
        let (compared, looked_at) = if asked.is_empty() {
            let (differing, looked_at) = compare_all(catalog, &host, &changed.host);
            (differing, Some(looked_at))
        } else {
            (compare(catalog, &host, &changed.host, &asked, question), None)
        };
        Ok(explain::what_if_report(catalog, &host, &changed, &compared, looked_at))
    })??;
    let text = match a.output.format {
        Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Text => render::what_if_text(&report, a.output.text.style()),
    };
    Ok((text, Exit::Good))
}

/// The one product that is named.
fn product(catalog: &Catalog, text: &str) -> Result<ProductId, Failure> {
    let named = identity::products_named(catalog, text);
    let names = || named.iter().map(|p| catalog.product(p).name).collect::<Vec<_>>();
    let mut all = named.iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(super::order::no_product(text)),
        (Some(_), Some(_)) => {
            let some = names();
            let more = some.len().saturating_sub(6);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            Err(Failure::usage(format!(
                "--upgrade-to: `{}` may be {}{more}: name one",
                shown(text),
                some[..some.len().min(6)].join(", ")
            )))
        }
    }
}
