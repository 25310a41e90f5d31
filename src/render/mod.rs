//! Reports to text and JSON. Renderers ask nothing of the catalog.

mod catalog;
mod diagnose;
mod doctor;
mod drawing;
mod json;
mod order;
mod package;
mod plan;
mod rules;
mod script;
mod text;
mod what_if;

pub use catalog::{lint_text, search_text, show_text, stats_text};
pub use diagnose::{codes_text, diagnose_text, remedies_text};
pub use doctor::doctor_text;
pub use drawing::{to_dot, to_mermaid};
pub use json::to_json;
pub use order::order_text;
pub use package::package_text;
pub use plan::{plan_markdown, plan_text, plan_to_dot, plan_to_mermaid};
pub use rules::rules_text;
pub use script::{plan_ansible, plan_cmd, plan_powershell};
#[cfg(feature = "cli")]
pub(crate) use text::imported;
pub use text::{Style, formats_text, inventory_text, to_text};
pub use what_if::what_if_text;
