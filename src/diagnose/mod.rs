//! Error codes and log lines: what they say about the cause.

pub mod codes;
mod log;

pub use codes::{CodeMeaning, CodeRemedy, ErrorEvidence, Expected};
pub use log::{LogEvidence, LogFinding, read_log};

use crate::model::{Host, KbId, Origin};

/// The update that a text names, if it names exactly one.
///
/// ```
/// use kbwhy::diagnose::only_kb_in;
/// assert_eq!(only_kb_in("KB4592510 is not applicable").map(|kb| kb.number()), Some(4592510));
/// assert_eq!(only_kb_in("KB4592510 and KB4586864"), None);
/// ```
pub fn only_kb_in(text: &str) -> Option<KbId> {
    let mut found: Option<KbId> = None;
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let named = word.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("kb")) && word.len() > 2;
        let Some(kb) = word.parse::<KbId>().ok().filter(|_| named) else { continue };
        if found.is_some_and(|other| other != kb) {
            return None;
        }
        found = Some(kb);
    }
    found
}

/// The update that decisive lines of logs are about, if they are about exactly one, and where the first of them stands.
pub fn only_kb_of(log: &[LogEvidence]) -> Option<(KbId, &Origin)> {
    let mut about = log.iter().filter_map(|e| match e.value {
        LogFinding::StackRequired { kb, .. }
        | LogFinding::SupersededOnSystem { kb, .. }
        | LogFinding::ParentMissing { kb, .. } => Some((kb?, &e.origin)),
        _ => None,
    });
    let first = about.next()?;
    about.all(|(kb, _)| kb == first.0).then_some(first)
}

/// The update that an inventory lists as failed, with the error, if there is exactly one with a code; or exactly one with
/// this code.
pub fn only_failure(host: &Host, code: Option<u32>) -> Option<(KbId, ErrorEvidence)> {
    let mut failures = host.failed.iter().filter_map(|(kb, fact)| {
        let error = ErrorEvidence::parse(&fact.value).read_at(fact.origin.clone());
        let fits = error.code.is_some_and(|c| code.is_none_or(|wanted| wanted == c));
        (fits && error.meaning.is_some()).then_some((*kb, error))
    });
    let first = failures.next()?;
    failures.next().is_none().then_some(first)
}
