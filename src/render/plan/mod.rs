//! A plan for who reads it: text, a checklist in Markdown, a picture. Scripts are in `script`.

mod markdown;
mod picture;
mod text;

pub use markdown::plan_markdown;
pub use picture::{plan_to_dot, plan_to_mermaid};
pub use text::plan_text;

use crate::report::{InstallPlanReport, PlanStepReport};

/// What a step is called: its update, or what is to be done.
pub(super) fn name(step: &PlanStepReport) -> &str {
    step.update.as_deref().unwrap_or(&step.action)
}

/// What is to be done, in words: nothing more for a step that is no update.
pub(super) fn action(step: &PlanStepReport) -> String {
    let what = if step.update.is_some() { step.action.as_str() } else { "" };
    match (step.kind, what.is_empty()) {
        ("remove", true) => "remove it".to_owned(),
        ("remove", false) => format!("remove it ({what})"),
        (_, _) => what.to_owned(),
    }
}

/// A restart comes after this step; an image is not restarted.
pub(super) fn restarts_after(report: &InstallPlanReport, step: &PlanStepReport) -> bool {
    step.restart && !report.image
}

/// The file of a step in words; none if nothing is known that the update's name does not tell.
pub(super) fn file(step: &PlanStepReport) -> Option<String> {
    let file = step.file.as_ref()?;
    Some(match (&file.path, file.placeholder) {
        (Some(path), _) => path.clone(),
        (None, true) => format!("{} (a pattern: the name is not known)", file.name),
        (None, false) => file.name.clone(),
    })
}

/// What the plan comes to where the report has no sentence for it.
pub(super) fn counted(report: &InstallPlanReport) -> String {
    let steps = match report.steps.len() {
        1 => "1 step".to_owned(),
        n => format!("{n} steps"),
    };
    match (report.image, report.restarts) {
        (true, _) => format!("{steps}, no restart: the image is not running"),
        (false, 0) => format!("{steps}, no restart"),
        (false, 1) => format!("{steps}, 1 restart"),
        (false, n) => format!("{steps}, {n} restarts"),
    }
}
