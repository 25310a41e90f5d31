//! Reports to text and JSON. Renderers ask nothing of the catalog.

mod catalog;
mod drawing;
mod json;
mod package;
mod plan;
mod rules;
mod script;
mod text;

pub use catalog::{lint_text, search_text, show_text, stats_text};
pub use drawing::{to_dot, to_mermaid};
pub use json::to_json;
pub use package::package_text;
pub use plan::{plan_markdown, plan_text, plan_to_dot, plan_to_mermaid};
pub use rules::rules_text;
pub use script::{plan_ansible, plan_cmd, plan_powershell};
pub use text::{Style, formats_text, inventory_text, to_text};
