//! Applicability rules of Windows Update metadata: parsed, and evaluated in three-valued logic against a host's facts.
//!
//! What the operators mean is documented in Microsoft's "BaseApplicabilityRules", "BaseTypes" and "Update
//! Applicability Rules" (Windows Server Update Services); `CbsPackage…`, `ProductRelease…`, `DeviceAttribute` and
//! `LicenseDword` are not. Where no source settles what Windows Update would say, the answer is *not known*.
//!
//! ```
//! use kbwhy::{applicability::{HostFacts, evaluate, parse}, model::{Host, Truth}};
//! let text = r#"<IsInstalled><b.Processor Architecture="9"/></IsInstalled>"#;
//! let rules = parse("rule.xml", text).unwrap();
//! let outcome = evaluate(rules[0].installed.as_ref().unwrap(), &rules[0], &HostFacts::of(&Host::default()));
//! assert_eq!(outcome.truth, Truth::Unknown);
//! ```

mod bundle;
mod compare;
mod document;
mod evaluate;
mod facts;
mod indexed;
mod judge;
mod leaf;
mod operator;
mod parse;
mod sku;
mod wql;

pub use bundle::{KnownRules, NamedUpdate, packages};
pub use compare::{Comparison, StringComparison};
pub use document::{Node, PrerequisiteClause, RuleDocument, Section, SectionKind};
pub use evaluate::{Clause, Concern, Outcome, evaluate};
pub use facts::{HostFacts, Need, Observed};
pub use indexed::documents_of;
pub use judge::{Judgement, Offer, PrerequisiteOutcome, judge, prerequisites};
pub use operator::{DeviceType, Operator, Place, WindowsVersion};
pub use parse::{LIMIT, RuleError, parse};
pub use wql::Query;

#[cfg(test)]
mod tests;
