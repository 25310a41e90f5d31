//! What is wrong or doubtful in the facts although they compile: one table of checks, one file for each family.

mod agreement;
mod cycles;
mod identity;
mod prerequisites;
mod supersedence;
mod told;

use super::facts::Facts;
use told::Told;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// wrong for sure
    Error,
    /// doubtful: one of two statements is wrong, or something is missing
    Warning,
    /// worth knowing
    Note,
}

impl Level {
    /// Every level, the worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];
    /// `error`, `warning`, `note`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// its name
    pub name: &'static str,
    /// what it finds
    pub finds: &'static str,
}

macro_rules! checks {
    ($($name:literal: $finds:literal;)+) => {
        /// Every check.
        pub const CHECKS: &[Check] = &[$(Check { name: $name, finds: $finds }),+];
    };
}

checks! {
    "self-loop": "an update that is related to itself";
    "supersedes-cycle": "updates that supersede each other";
    "supersedes-backwards": "an older update supersedes a newer one";
    "crosses-tracks": "updates of two tracks that are to replace each other";
    "dangling": "a relation to an update that nothing describes";
    "build-of-another-product": "an update's build is none of the product it is stated for";
    "kb-of-another-product": "an update is stated for a product whose line does not have it";
    "two-builds": "sources state different builds of an update for one product";
    "same-build-twice": "two updates of a line bring the same build";
    "line-order": "a line whose revisions or stack versions do not ascend";
    "duplicate": "the same fact twice in one source";
    "re-released": "an update twice in a line, with two revisions";
    "prerequisite-cycle": "updates that need each other, with no alternative";
    "requires-excluded": "a rule excludes what it requires";
    "requires-other-product": "a prerequisite that does not exist for the rule's product";
    "bounds-contradict": "bounds that no version meets";
    "requires-withdrawn": "a prerequisite that was withdrawn and has no replacement";
    "unknown-kb": "a prerequisite that nothing describes";
    "dates-disagree": "sources state different release dates";
    "kinds-disagree": "sources state different kinds";
    "dispute": "a rule on which sources disagree";
    "unverified-alone": "an update about which nothing but unverified rules is known";
    "repaired": "something odd that was mended or left out while a file was read";
}

/// Something wrong or doubtful.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// how bad it is
    pub level: Level,
    /// which check: a name of [`CHECKS`]
    pub check: &'static str,
    /// the KB, rule, line or product that it is about
    pub about: String,
    /// what was found
    pub text: String,
}

/// Every finding, the worst first.
///
/// Each part is the rows of one source; the products, branches and lines of the first hold for all.
pub fn lint(parts: &[&Facts]) -> Vec<Finding> {
    let told = Told::new(parts);
    let mut found = Findings::default();
    supersedence::check(&told, &mut found);
    identity::check(&told, &mut found);
    prerequisites::check(&told, &mut found);
    agreement::check(&told, &mut found);
    let mut out = found.0;
    out.sort();
    out.dedup();
    out
}

/// Findings while they are gathered.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, level: Level, check: &'static str, about: impl ToString, text: impl Into<String>) {
        debug_assert!(CHECKS.iter().any(|c| c.name == check), "{check} is not in the table");
        self.0.push(Finding { level, check, about: about.to_string(), text: text.into() });
    }
}

/// Names, at most a dozen of them.
fn some<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| n.to_string()).collect();
    match names.len() {
        0..=12 => names.join(", "),
        n => format!("{} and {} more", names[..10].join(", "), n - 10),
    }
}

#[cfg(test)]
mod tests;
