//! Reports to text and JSON. Renderers ask nothing of the catalog.

mod json;
mod rules;
mod text;

pub use json::to_json;
pub use rules::rules_text;
pub use text::{Style, formats_text, inventory_text, to_text};
