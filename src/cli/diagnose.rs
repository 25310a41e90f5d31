//! `kbwhy diagnose`.

use super::{
    Exit, Failure,
    args::{Format, Inventories, Output, Seen},
    cache::ReadArgs,
    commands::{self, Printed},
    guidance::{Given, Guide},
    input,
};
use crate::{
    catalog::Catalog,
    diagnose::{self, Expected},
    doctor::{self, Prospect, Today},
    explain, guidance,
    model::{Host, KbId},
    render,
    report::{AdviceReport, DoctorReport},
    resolve::{self, question::Question, verdict::Verdict},
};
use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 1 a cause was found, or the update is not applicable or blocked; 0 it is applicable or \
                  installed already; 5 nothing that was given shows a cause; 2 usage, 3 an input cannot be read.\n\n\
                  Examples:\n  kbwhy diagnose --error 0x800f0922 --inventory host.json --log CBS.log\n  \
                  kbwhy diagnose --symptom failing --inventory systeminfo.txt\n  \
                  kbwhy diagnose --symptom wsus --web-config web.config --iis-log u_ex261120.log"
)]
pub(super) struct Diagnose {
    /// The update that failed, if it is known: then the verdict on it is given, too
    #[arg(value_name = "KB")]
    kb: Option<String>,
    #[command(flatten)]
    inventories: Inventories,
    #[command(flatten)]
    seen: Seen,
    #[command(flatten)]
    guide: Guide,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(a: &Diagnose) -> Printed {
    let typed: Option<KbId> =
        a.kb.as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|e: crate::model::KbError| Failure::usage(e.to_string()))?;
    let given = a.guide.read(&a.inventories, &a.seen)?;
    let host = input::host_with(&given.inventories)?;
    let mut question = commands::seen(&given.seen)?;
    question.kb = typed;
    let update_from =
        if typed.is_some() || a.guide.has_symptom() { None } else { named_elsewhere(&host, &mut question) };
    let (verdict, found, mut report) = a.read.ask(|catalog| {
        let answer = resolve::explain(catalog, &host, &question);
        let (advice, state) = advice(catalog, &host, &question, &given);
        let stopped = state.as_ref().is_some_and(|s| s.prospect == Prospect::Stopped.name());
        let found = stopped || advice.iter().any(|a| a.outcome == "fail");
        let from = update_from.clone();
        let mut report = explain::diagnose_report(catalog, &host, &question, &answer, from, advice, state);
        if a.guide.has_symptom() && !given.failing && question.kb.is_none() {
            // what would tell why one update was refused is not what is asked
            report.answer.unknown.clear();
        }
        (answer.decision.verdict, found, report)
    })?;
    if a.output.text.verbose {
        let (packages, parents) = explain::log_packages(&question.logs);
        (report.answer.log_packages, report.answer.log_parents) = (packages, parents);
    }
    let text = match a.output.format {
        Format::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        Format::Text => render::diagnose_text(&report, a.output.text.style()),
    };
    let exit = match verdict {
        Verdict::Applicable | Verdict::AlreadyInstalled => Exit::Good,
        Verdict::NotApplicable | Verdict::Blocked => Exit::Refused,
        Verdict::Unknown if found => Exit::Refused,
        Verdict::Unknown => Exit::Unknown,
    };
    Ok((text, exit))
}

/// The update that is meant, where the user did not name it, and where it was read. "Not applicable" is about one update: it
/// is named beside the error, in the lines of the log, or the inventory lists it as failed with that code. Where nothing but an
/// inventory is given, its one failed update is what to look at.
fn named_elsewhere(host: &Host, question: &mut Question) -> Option<String> {
    let Some(error) = &question.error else {
        if !question.log.is_empty() {
            return None;
        }
        let (kb, error) = diagnose::only_failure(host, None)?;
        let from = format!("{kb} failed when last tried ({}).", error.origin);
        question.kb = Some(kb);
        question.error = Some(error);
        return Some(from);
    };
    error.meaning.filter(|m| m.expected == Expected::NotApplicable)?;
    if let Some(kb) = diagnose::only_kb_in(&error.text) {
        question.kb = Some(kb);
        return Some(format!("{kb} is named beside the error."));
    }
    if let Some((kb, origin)) = diagnose::only_kb_of(&question.log) {
        question.kb = Some(kb);
        return Some(format!("{kb} is the update of the log ({origin})."));
    }
    let (kb, failure) = diagnose::only_failure(host, error.code)?;
    question.kb = Some(kb);
    Some(format!("{kb} failed with this code ({}).", failure.origin))
}

/// What checks beyond the update itself find: guidance on policies, scan source and servers; where updates do not install, the
/// state of the host and the checklist.
fn advice(
    catalog: &Catalog,
    host: &Host,
    question: &Question,
    given: &Given,
) -> (Vec<AdviceReport>, Option<DoctorReport>) {
    let advice = explain::guidance(&guidance::check(&given.asked(catalog, host, question)));
    let state = given.failing.then(|| {
        let examined = doctor::examine(catalog, host, Today::of_host(catalog, host));
        explain::doctor_report(catalog, host, &examined, Vec::new())
    });
    (advice, state)
}
