//! `kbwhy doctor`.

use super::{
    Exit, Failure,
    args::{Format, Inventories, Output},
    cache::ReadArgs,
    commands::Printed,
    input,
};
use crate::{
    catalog::Catalog,
    doctor::{self, Today, TodayFrom},
    explain,
    guidance::{self, Asked},
    model::Host,
    render,
};
use clap::Args;
use jiff::civil::Date;

/// What will stop updates on this host next?
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    inventories: Inventories,
    /// The day to judge by, such as 2026-11-21, or `today` for this machine's clock; else the day of the catalog's
    /// facts, or a later one on which the inventory was made
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(a: &Doctor) -> Printed {
    if a.inventories.inventory.is_empty() && a.inventories.set.is_empty() {
        return Err(Failure::usage(
            "doctor needs to know the host: --inventory FILE (`kbwhy collect --script` makes one, systeminfo will do)",
        ));
    }
    let today = a.as_of.as_deref().map(day).transpose()?;
    let host = input::host_with(&a.inventories)?;
    let report = a.read.ask(|catalog| {
        let today = today.unwrap_or_else(|| Today::of_host(catalog, &host));
        let examined = doctor::examine(catalog, &host, today);
        let advice = explain::guidance(&guidance::check(&asked(catalog, &host)));
        explain::doctor_report(catalog, &host, &examined, advice)
    })?;
    let text = match a.output.format {
        Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Text => render::doctor_text(&report, a.output.text.style()),
    };
    let exit = match report.prospect {
        "clear" => Exit::Good,
        "stopped" => Exit::Refused,
        _ => Exit::Unknown,
    };
    Ok((text, exit))
}

/// The rows of the guidance that the host's own policies answer.
fn asked<'a>(catalog: &'a Catalog, host: &'a Host) -> Asked<'a> {
    Asked {
        catalog,
        host,
        symptom: None,
        error: None,
        update: None,
        web_configs: &[],
        iis_logs: &[],
        client_logs: &[],
        wsus_version: None,
        console_version: None,
    }
}

/// A day as it is typed.
fn day(text: &str) -> Result<Today, Failure> {
    if text.eq_ignore_ascii_case("today") {
        return Ok(Today { date: jiff::Zoned::now().date(), from: TodayFrom::Clock });
    }
    let bad = || Failure::usage(format!("--as-of {}: is no day; write it as 2026-11-21", input::shown(text)));
    let date: Date = text.parse().map_err(|_| bad())?;
    // what kbwhy knows lies in between
    if !(1990..=2200).contains(&date.year()) {
        return Err(bad());
    }
    Ok(Today { date, from: TodayFrom::Given })
}
