//! Codes and diagnoses in words: what the table says, what the build of a code says, and what to do.

use super::{report as explain_report, wording};
use crate::{
    catalog::Catalog,
    diagnose::{
        CodeMeaning, CodeRemedy, Expected,
        codes::{self, Area, Kernels, Reading, Spelling},
    },
    model::{Cause, Host, KbId, Standing},
    report::{
        AdviceReport, CodeReading, CodeReport, CodesReport, DiagnoseReport, DoctorReport, ExtendReport,
        RemedyReport,
    },
    resolve::{
        Answer,
        question::{Finding, Question, Remedy},
        statement::From,
        verdict::Verdict,
    },
};
use std::collections::BTreeSet;

/// Remedies that a diagnosis shows at most.
const REMEDIES: usize = 8;

/// Explains words of which each is a code, or that together are a message. `None` for a word is one that is neither.
pub fn codes_report(words: &[String]) -> Result<CodesReport, String> {
    let mut out: Vec<CodeReport> = Vec::new();
    let mut strangers: Vec<&str> = Vec::new();
    for word in words {
        match code_report(word, None) {
            Some(report) => out.push(report),
            None if codes::is_filler(word) => {}
            None => strangers.push(word),
        }
    }
    if out.is_empty() || !strangers.is_empty() {
        // words of a message, or a code with its context
        let whole = words.join(" ");
        match code_report(&whole, None).filter(|_| out.is_empty() || codes::message_in(&whole).is_some()) {
            Some(report) => out = vec![report],
            None => return Err(strangers.first().map_or(whole.as_str(), |w| w).to_owned()),
        }
    }
    Ok(CodesReport { schema: "kbwhy/code/1", codes: out })
}

/// Every reading of a text: all that one word may be, or each code of several words, or the message in them.
fn code_report(text: &str, kernel: Option<(u32, u32)>) -> Option<CodeReport> {
    let single = !text.trim().contains(char::is_whitespace);
    let found = if single { codes::readings_of_word(text) } else { codes::readings(text) };
    let mut readings: Vec<CodeReading> = Vec::new();
    for r in &found {
        let reading = reading(r, kernel);
        if !readings.iter().any(|o| o.code == reading.code) {
            readings.push(reading);
        }
    }
    if let Some(said) = codes::message_in(text).filter(|m| !found.iter().any(|r| r.value == m.code)) {
        readings.push(of_table(said, said.code, "message", kernel));
    }
    readings.sort_by_key(|r| !r.known);
    (!readings.is_empty()).then(|| CodeReport { text: text.trim().to_owned(), readings })
}

/// A code as Windows shows it.
fn spelled(code: u32) -> String {
    if code <= 0xffff { code.to_string() } else { format!("0x{code:08X}") }
}

fn reading(r: &Reading, kernel: Option<(u32, u32)>) -> CodeReading {
    let mut out = match codes::known(r.value) {
        Some((meaning, _)) => of_table(meaning, r.value, r.spelling.name(), kernel),
        None => unmapped(r.value, r.spelling),
    };
    out.extend = r.extend.map(|e| ExtendReport {
        code: format!("{:#x}", e.value),
        phase: e.phase,
        operation: e.operation,
    });
    if r.value <= 0xffff && r.spelling == Spelling::Hexadecimal {
        out.code = Some(format!("{:#x}", r.value));
    }
    let rest = codes::low_byte_of(r.value).filter(|c| Some(c.symbol) != out.symbol);
    out.low_byte_of = rest.map(|c| format!("{} {}", spelled(c.code), c.symbol)).collect();
    out
}

fn of_table(
    meaning: &CodeMeaning,
    code: u32,
    spelling: &'static str,
    kernel: Option<(u32, u32)>,
) -> CodeReading {
    let decoded = codes::decode(code);
    let value = (code != 0 || spelling != "message").then_some(code);
    CodeReading {
        code: value.map(spelled),
        unsigned: value,
        signed: value.map(u32::cast_signed),
        hresult: value.filter(|c| (1..=0xffff).contains(c)).map(|c| spelled(c | 0x8007_0000)),
        spelling,
        known: true,
        standing: Some(meaning.standing.name()),
        symbol: Some(meaning.symbol),
        meaning: meaning.meaning.to_owned(),
        for_an_update: for_an_update(meaning.expected, meaning.standing, meaning.causes.is_empty()),
        why: meaning.why,
        causes: meaning.causes.iter().map(|c| c.code()).collect(),
        facility: if value.is_some() { decoded.area.name } else { "a message" },
        severity: if decoded.failure { "failure" } else { "success" },
        inner: decoded.inner.filter(|n| *n != code),
        extend: None,
        low_byte_of: Vec::new(),
        remedy: meaning.remedies(kernel).map(|r| remedy_report(r, kernel)).collect(),
        source: meaning.source.to_owned(),
        also: meaning.also.to_vec(),
        read: Some(meaning.read),
    }
}

fn unmapped(code: u32, spelling: Spelling) -> CodeReading {
    let decoded = codes::decode(code);
    let Area { name, causes, source } = decoded.area;
    let meaning = match decoded.inner {
        Some(n) if decoded.facility == Some(0x19) => format!("unmapped: HTTP status {n}"),
        Some(n) if n <= 0xffff => format!("unmapped: {name} error {n}"),
        _ => format!("unmapped: an error of {name}"),
    };
    CodeReading {
        code: Some(spelled(code)),
        unsigned: Some(code),
        signed: Some(code.cast_signed()),
        hresult: (1..=0xffff).contains(&code).then(|| spelled(code | 0x8007_0000)),
        spelling: spelling.name(),
        known: false,
        standing: None,
        symbol: None,
        meaning,
        for_an_update: if causes.is_empty() {
            "the table does not have it; its build alone narrows nothing down"
        } else {
            "the table does not have it; its build leaves these causes open"
        },
        why: None,
        causes: causes.iter().map(|c| c.code()).collect(),
        facility: name,
        severity: if decoded.failure { "failure" } else { "success" },
        inner: decoded.inner.filter(|n| *n != code),
        extend: None,
        low_byte_of: Vec::new(),
        remedy: Vec::new(),
        source: source.to_owned(),
        also: Vec::new(),
        read: None,
    }
}

/// What a class of code means for an update.
const fn for_an_update(expected: Expected, standing: Standing, any: bool) -> &'static str {
    if matches!(standing, Standing::Unverified) {
        return "what it means was read in no page of Microsoft: it decides nothing";
    }
    match expected {
        Expected::NotApplicable => {
            "Windows did not find it applicable, and does not say why: the host's facts must tell"
        }
        Expected::Names => "the code itself names the cause",
        Expected::Specific => "it leaves few causes open",
        Expected::InstallFailed => "the update was applicable: its installation began and failed",
        Expected::Success => "no failure",
        Expected::Vague if any => "it says nothing of the cause",
        Expected::Vague => "it fits many causes",
    }
}

fn remedy_report(r: &CodeRemedy, kernel: Option<(u32, u32)>) -> RemedyReport {
    // for which Windows it is, where that of the host is not known
    let text = match r.on.filter(|on| on.holds(kernel).is_none()) {
        Some(on) => format!("{}: {}", versions(on), r.text),
        None => r.text.to_owned(),
    };
    RemedyReport {
        text,
        command: r.command.map(str::to_owned),
        danger: r.danger.map(str::to_owned),
        source: r.source.to_owned(),
    }
}

/// Windows versions in words.
fn versions(on: Kernels) -> String {
    let named = match on.version {
        (6, 2) => "Windows 8 and Server 2012".to_owned(),
        (6, 3) => "Windows 8.1 and Server 2012 R2".to_owned(),
        (10, 0) => "Windows 10 and Server 2016".to_owned(),
        (major, minor) => format!("Windows {major}.{minor}"),
    };
    if on.from { format!("From {named} on") } else { format!("Before {named}") }
}

/// Puts a diagnosis into a report. `update_from`: where the update was named, if the user did not; `advice`: what other
/// checks found; `state`: the host examined, where updates do not install.
pub fn diagnose_report(
    catalog: &Catalog,
    host: &Host,
    question: &Question,
    answer: &Answer,
    update_from: Option<String>,
    mut advice: Vec<AdviceReport>,
    state: Option<DoctorReport>,
) -> DiagnoseReport {
    let kernel = answer.identity.kernel;
    let mut report = explain_report(catalog, host, answer);
    report.schema = "kbwhy/diagnose/1";
    let open = answer.kb.is_none() && answer.decision.verdict == Verdict::Unknown;
    // nothing but the host: what was found of its state is the answer
    let of_state = answer.kb.is_none() && question.error.is_none() && question.log.is_empty();
    let mut steps: Option<Vec<RemedyReport>> = None;
    if let Some(mut state) = state {
        if of_state {
            report.summary = std::mem::take(&mut state.summary);
            report.unknown = std::mem::take(&mut state.unknown);
            steps = Some(std::mem::take(&mut state.steps));
        }
        let known: BTreeSet<&str> = advice.iter().map(|a| a.code).collect();
        let more = super::doctor_advice(state);
        let more: Vec<_> = more.into_iter().filter(|a| !known.contains(a.code)).collect();
        advice.extend(more);
    }
    advice.sort_by_key(|a| match a.outcome {
        "fail" => 0,
        "unknown" => 1,
        _ => 2,
    });
    let on_the_way = |c: Cause| {
        matches!(c, Cause::Connection | Cause::Certificate | Cause::UpdateServer | Cause::Download)
    };
    let coarse = answer.kb.is_none() && answer.decision.causes.first().is_some_and(|f| on_the_way(f.cause));
    // a piece of guidance that fails is what was found, and says more than where on the way it fails
    let found = advice.iter().find(|a| a.outcome == "fail" && a.severity.is_none() && (open || coarse));
    if let Some(first) = found {
        let name = report.host.name.clone().unwrap_or_else(|| "this host".into());
        report.summary = format!("{name}: {}.", first.text);
    }
    // what the table does not have is told, too
    let read = |text: &str| {
        code_report(text, kernel)
            .unwrap_or_else(|| CodeReport { text: text.trim().to_owned(), readings: Vec::new() })
    };
    let codes = question.error.iter().filter(|e| !e.text.trim().is_empty()).map(|e| read(&e.text)).collect();
    let remedy = match (found.filter(|a| !a.remedy.is_empty()), steps) {
        (Some(first), _) => first.remedy.clone(),
        (None, Some(steps)) => steps,
        (None, None) => remedies(catalog, question, answer),
    };
    DiagnoseReport { remedy, answer: report, update_from, codes, advice }
}

/// What to do about the first cause: what the host asks for, then what is documented for the code, then what helps against
/// such a cause in general. While nothing is decided, what is documented for the code.
fn remedies(catalog: &Catalog, question: &Question, answer: &Answer) -> Vec<RemedyReport> {
    let kernel = answer.identity.kernel;
    let mut out: Vec<RemedyReport> = Vec::new();
    let mut add = |r: RemedyReport| {
        if !out.iter().any(|o| o.text == r.text) && out.len() < REMEDIES {
            out.push(r);
        }
    };
    let meaning = question.error.as_ref().and_then(|e| e.meaning);
    let decided = answer.decision.verdict != Verdict::Unknown;
    match answer.decision.causes.first().filter(|_| decided) {
        Some(first) => {
            let title = |kb: KbId| super::short_title(catalog, kb);
            for r in first.remedy.iter().filter(|r| !by_table(r)) {
                let source = page_of(first)
                    .or_else(|| {
                        meaning.filter(|m| m.causes.contains(&first.cause)).map(|m| m.source.to_owned())
                    })
                    .unwrap_or_else(|| "rule".to_owned());
                add(RemedyReport { text: wording::remedy(r, title), command: None, danger: None, source });
            }
            // the table can only say "the newest stack": which that is, was said
            let named = |r: &Remedy| matches!(r, Remedy::InstallFirst(_));
            let told = first.cause == Cause::MissingServicingStack && first.remedy.iter().any(named);
            if told {
                return out;
            }
            if let Some(meaning) = meaning.filter(|m| m.causes.contains(&first.cause)) {
                meaning.remedies(kernel).map(|r| remedy_report(r, kernel)).for_each(&mut add);
            }
            codes::remedies_for(first.cause, kernel).map(|r| remedy_report(r, kernel)).for_each(&mut add);
        }
        None => {
            if let Some(meaning) = meaning {
                meaning.remedies(kernel).map(|r| remedy_report(r, kernel)).for_each(&mut add);
            }
        }
    }
    out
}

/// Does the table of remedies say this better: with its page, its command for this version, its danger?
const fn by_table(r: &Remedy) -> bool {
    matches!(
        r,
        Remedy::RepairStore(None)
            | Remedy::Restart
            | Remedy::RunLocally
            | Remedy::StartService(_)
            | Remedy::StopOtherSoftware
            | Remedy::NewestStack
            | Remedy::AddSha2
            | Remedy::ByTable(_)
            | Remedy::Nothing
    )
}

/// The page that a finding rests on.
fn page_of(f: &Finding) -> Option<String> {
    f.evidence.iter().find_map(|e| match &e.from {
        From::Catalog { url, .. } => Some(url.clone()),
        _ => None,
    })
}
