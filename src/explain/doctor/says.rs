//! What findings state and where they have it from, in words.

use super::{super::evidence_from, Words, wording};
use crate::{
    doctor::{Evidence, Says},
    model::KbId,
    report::EvidenceReport,
    resolve::statement,
};

impl Words<'_> {
    pub(super) fn evidence(&self, e: &Evidence) -> EvidenceReport {
        // what it needs stands in the finding's own sentence
        let text = match &e.says {
            Says::Resolver(statement::Says::Needs { why, clause, .. })
                if !why.is_empty() && !clause.is_empty() =>
            {
                why.clone()
            }
            says => self.says(says),
        };
        evidence_from(text, &e.from)
    }

    pub(super) fn says(&self, s: &Says) -> String {
        let dated = |kb: &KbId, date: &Option<jiff::civil::Date>| match date {
            Some(date) => format!("{kb} of {date}"),
            None => kb.to_string(),
        };
        match s {
            Says::Resolver(s) => wording::says(s),
            Says::NotIdentified => "which Windows it is is not known".into(),
            Says::NoUpdatesKnown(what) => format!("the catalog knows no monthly updates of {what}"),
            Says::OneOf(names) => {
                let shown: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
                let more = if names.len() > 4 { " or others" } else { "" };
                format!("it may be {}{more}: their newest updates differ", shown.join(" or "))
            }
            Says::SupportEnds { what, end, today } if end < today => {
                format!("support of {what} ended on {end}")
            }
            Says::SupportEnds { what, end, .. } => format!("{what} is supported until {end}"),
            Says::EsuEnds { end, today } if end < today => {
                format!("Extended Security Updates ended on {end}")
            }
            Says::EsuEnds { end, .. } => format!("Extended Security Updates are made until {end}"),
            Says::EsuIsMade => "Extended Security Updates are still made".into(),
            Says::OwnLifecycle => {
                "an Embedded system has a lifecycle of its own, which the catalog does not know".into()
            }
            Says::NoLifecycle(what) => format!("the catalog does not know until when {what} is supported"),
            Says::NeedsEsu { since } => {
                format!("updates after {since} install only with Extended Security Updates")
            }
            Says::TookEsuUpdate { kb, date } => {
                format!("it took {kb} of {date}, which only entitled hosts take")
            }
            Says::ServicePackFirst { has, needs } => {
                let has = match has {
                    Some(0) => "it has no service pack".to_owned(),
                    Some(n) => format!("it is at Service Pack {n}"),
                    None => "its service pack is not known".to_owned(),
                };
                format!("{has}: its later updates are for Service Pack {needs}")
            }
            Says::PackOf(kb, what) => format!("{kb} is the service pack that {what} takes next"),
            Says::Newest { kb, date } => format!("{} is the newest for it", dated(kb, date)),
            Says::LastForEverybody { kb, date } => {
                format!("{} is the last for everybody", dated(kb, date))
            }
            Says::HasOfLine { kb, build, date, at_least } => {
                let kb = kb.map(|kb| dated(&kb, date));
                let later = if *at_least { " or later" } else { "" };
                match (build, kb) {
                    (Some(build), Some(kb)) => format!("it is at build {build}{later} ({kb})"),
                    (Some(build), None) => format!("it is at build {build}{later}"),
                    (None, Some(kb)) => format!("the newest of them that it has is {kb}"),
                    (None, None) => "it has one of them".into(),
                }
            }
            Says::Hotpatched => "it is enrolled for hotpatching".into(),
            Says::HasNoneOfLine => "none of its line is seen on it".into(),
            Says::Behind { months, updates, to } => {
                let months = match months {
                    0 => "less than a month".to_owned(),
                    1 => "1 month".to_owned(),
                    n => format!("{n} months"),
                };
                let updates = match updates {
                    1 => "1 update".to_owned(),
                    n => format!("{n} updates"),
                };
                format!("it is {months} and {updates} behind {to}")
            }
            Says::NewerThanCatalog { build, as_of } => {
                format!("build {build} is newer than the catalog, whose facts end on {as_of}")
            }
            Says::NeedsAreMet(kb) => format!("nothing that is known of what {kb} needs is missing"),
            Says::NewestStack(kb) => format!("{} is the newest servicing stack", self.name(*kb)),
            Says::StackComesWithUpdates => {
                "its cumulative updates carry their servicing stack (Windows 10 2004, Server 2022 and later)"
                    .into()
            }
            Says::InState { name, state } => format!("{name} is {}", state.replace('-', " ")),
            Says::StoreWhole => "the component store is without damage".into(),
            Says::Free(bytes) => wording::free_space(*bytes),
            Says::ServiceDisabled(name) => format!("the service {name} is disabled"),
            Says::ServiceStarts(name) => format!("the service {name} is not disabled"),
            Says::Failed { kb, code, meaning } => {
                let code = if code.is_empty() { String::new() } else { format!(" with {code}") };
                let meaning = meaning.map(|m| format!(": {m}")).unwrap_or_default();
                format!("{kb} failed when last tried{code}{meaning}")
            }
            Says::NotTold => "nothing that was given tells of it".into(),
            Says::NothingHalfInstalled(n) => {
                format!("of the {n} updates that are listed with their states, none is half installed")
            }
            Says::PackageName { name, architecture_known } => {
                let unknown = if *architecture_known { "" } else { " (its architecture is not known)" };
                format!("{name}{unknown}")
            }
            Says::CheckpointFirst(kb) => format!(
                "by hand the package of {kb} goes into the same folder; Windows Update and WSUS bring it themselves"
            ),
        }
    }
}
