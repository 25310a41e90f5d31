//! Reports to text and JSON. Renderers ask nothing of the catalog.

mod catalog;
mod diagnose;
mod doctor;
mod drawing;
mod json;
mod package;
mod rules;
mod text;

pub use catalog::{lint_text, search_text, show_text, stats_text};
pub use diagnose::{advice_text, codes_text, diagnose_text, remedies_text};
pub use doctor::doctor_text;
pub use drawing::{to_dot, to_mermaid};
pub use json::to_json;
pub use package::package_text;
pub use rules::rules_text;
pub use text::{Style, formats_text, inventory_text, to_text};
