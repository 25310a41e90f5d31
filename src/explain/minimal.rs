//! The smallest changes under which an update applies, in words.

use super::{short_title, wording};
use crate::{
    catalog::Catalog,
    model::{Cause, KbId, Requirement},
    plan::{
        minimal::{Fix, Made, Minimal, Outcome},
        simulate::Change,
    },
    report::{MinimalChangeReport, MinimalReport, MinimalSetReport},
};

/// Puts the smallest changes into a report.
pub fn minimal_report(catalog: &Catalog, kb: KbId, minimal: &Minimal) -> MinimalReport {
    let named = |kbs: &[KbId]| -> Vec<String> { kbs.iter().map(ToString::to_string).collect() };
    let cause =
        |f: &crate::resolve::question::Finding| wording::cause_words(f, |kb| short_title(catalog, kb));
    let (state, summary, sets, counterparts) = match &minimal.outcome {
        Outcome::Applies => ("applicable", format!("{kb} applies as the host is."), Vec::new(), Vec::new()),
        Outcome::Needless(why) => (
            "needless",
            format!("Nothing is to be changed for {kb}: {}.", cause(why)),
            Vec::new(),
            Vec::new(),
        ),
        Outcome::Never { why, counterparts } => {
            let instead = match counterparts.as_slice() {
                [] => String::new(),
                [one] => format!(" The one for this host is {one}{}.", titled(catalog, *one)),
                many => format!(" Those for this host are {}.", wording::some(&named(many), 4)),
            };
            // who has its file may still install it: nothing is claimed of that
            let text = match why.cause {
                Cause::Expired => format!("No change of this host brings {kb}: {}.{instead}", cause(why)),
                _ => format!("No change of this host makes {kb} applicable: {}.{instead}", cause(why)),
            };
            ("none", text, Vec::new(), named(counterparts))
        }
        Outcome::Sets(sets) => {
            let smallest = sets.first().map_or(0, Vec::len);
            let changes = if smallest == 1 { "1 change".into() } else { format!("{smallest} changes") };
            let more = match sets.len() {
                1 => String::new(),
                n => format!("; {n} ways, none of which can do without any of its changes"),
            };
            ("sets", format!("{kb} applies after {changes}{more}."), reports(catalog, sets), Vec::new())
        }
        Outcome::Unknown { why, .. } => {
            let text = match why {
                Some(f) if f.outcome == crate::resolve::question::Outcome::Fail => {
                    format!("No set of changes that is known makes {kb} applicable: {}.", cause(f))
                }
                Some(f) => format!("No set of changes can be given for {kb}: {} is open.", f.cause.code()),
                None => format!("No set of changes can be given for {kb}: the evidence does not decide."),
            };
            ("unknown", text, Vec::new(), Vec::new())
        }
    };
    let mut assumed = Vec::new();
    if minimal.assumed_absent {
        assumed.push(format!("{kb} is not there already: the lists do not tell"));
    }
    if minimal.unstated {
        assumed.push(format!("{kb} needs nothing else: no source says all that it needs"));
    }
    MinimalReport { state, summary, sets, counterparts, assumed, cut: minimal.cut }
}

fn titled(catalog: &Catalog, kb: KbId) -> String {
    short_title(catalog, kb).map(|t| format!(" ({t})")).unwrap_or_default()
}

fn reports(catalog: &Catalog, sets: &[Vec<Made>]) -> Vec<MinimalSetReport> {
    let set =
        |set: &Vec<Made>| MinimalSetReport { changes: set.iter().map(|m| change(catalog, m)).collect() };
    sets.iter().map(set).collect()
}

fn change(catalog: &Catalog, made: &Made) -> MinimalChangeReport {
    let report = |kind, update: Option<KbId>, what: Option<String>, text: String| MinimalChangeReport {
        kind,
        update: update.map(|kb| kb.to_string()),
        what,
        text,
        unless_present: made.unless_present,
        unstated: made.unstated,
    };
    match &made.fix {
        Fix::OwnPackage => {
            report("package", None, None, "take the package of the same KB for this host".into())
        }
        Fix::Host(Change::Install(kb)) => {
            report("install", Some(*kb), None, format!("install {kb}{}", titled(catalog, *kb)))
        }
        Fix::Host(Change::Remove(kb)) => {
            report("remove", Some(*kb), None, format!("remove {kb}{}", titled(catalog, *kb)))
        }
        Fix::Host(Change::Set(fact)) => report("fact", None, Some(fact.clone()), fact_words(fact)),
        Fix::Host(Change::EnableFeature(name)) => {
            report("feature", None, Some(name.clone()), format!("enable the feature {name}"))
        }
        Fix::Host(Change::AddRole(name)) => {
            report("role", None, Some(name.clone()), format!("install the role {name}"))
        }
        Fix::Host(Change::Licence(licence)) => {
            let requirement = Requirement::Licence(*licence);
            let text = format!("have {}", wording::requirement_words(&requirement));
            report("licence", None, Some(requirement.to_string()), text)
        }
        Fix::Host(Change::Manual(step)) => {
            report("manual", None, Some(step.clone()), wording::manual_step(step))
        }
        Fix::Host(Change::Restart) => report("restart", None, None, "restart".into()),
    }
}

fn fact_words(fact: &str) -> String {
    match fact.split_once('=') {
        Some(("facts.store_corrupt", "false")) => "repair the component store".into(),
        Some(("facts.remote_session", "false")) => "run it locally, not from a remote session".into(),
        Some(("os.edition", edition)) => format!("have another edition ({edition})"),
        Some(("facts.dotnet_framework", v)) => format!("have .NET Framework {v} or later"),
        Some(("facts.wmf", v)) => format!("have Windows Management Framework {v} or later"),
        Some(("facts.ie", v)) => format!("have Internet Explorer {v} or later"),
        _ => fact.to_owned(),
    }
}
