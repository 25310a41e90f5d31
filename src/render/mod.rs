//! Reports to text and JSON. Renderers ask nothing of the catalog.

mod json;
mod package;
mod text;

pub use json::to_json;
pub use package::package_text;
pub use text::{Style, formats_text, inventory_text, to_text};
