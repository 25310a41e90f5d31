//! What would change, in words.

use super::{host_report, short_title, wording};
use crate::{
    catalog::Catalog,
    inventory,
    model::{Cause, Host},
    plan::what_if::{Changed, Compared, Done, Doubt, Short},
    report::{
        ChangeGroupReport, ChangeReport, FactChangeReport, ShortVerdictReport, VerdictChangeReport,
        WhatIfReport,
    },
    resolve::{
        identity,
        verdict::{Decision, Verdict},
    },
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Puts the difference of two hosts into a report. `looked_at` is how many updates were compared where it was the whole
/// catalog; then `compared` holds those that differ.
pub fn what_if_report(
    catalog: &Catalog,
    before: &Host,
    changed: &Changed,
    compared: &[Compared],
    looked_at: Option<usize>,
) -> WhatIfReport {
    let report = |c: &Compared| verdict_change(catalog, c);
    let (differing, same): (Vec<&Compared>, Vec<&Compared>) = compared.iter().partition(|c| c.differs());
    let groups = groups(catalog, &differing);
    let changes: Vec<ChangeReport> = changed.done.iter().map(|d| change(catalog, d)).collect();
    let identity = |host: &Host| identity::identify(catalog, host);
    let name = before.name.as_ref().map_or_else(|| "this host".to_owned(), |f| f.value.clone());
    WhatIfReport {
        schema: "kbwhy/what-if/1",
        summary: summary(&name, &differing, &same, &groups, looked_at),
        remarks: remarks(changed, &changes),
        facts: facts(before, &changed.host),
        updates: differing.iter().map(|c| report(c)).collect(),
        unchanged: same.iter().map(|c| report(c)).collect(),
        compared: looked_at.unwrap_or(compared.len()),
        whole_catalog: looked_at.is_some(),
        groups,
        changes,
        host_before: host_report(before, &identity(before).words),
        host_after: host_report(&changed.host, &identity(&changed.host).words),
        catalog_as_of: catalog.as_of().to_string(),
        catalog_imported: super::imported(catalog),
    }
}

fn summary(
    name: &str,
    differing: &[&Compared],
    same: &[&Compared],
    groups: &[ChangeGroupReport],
    looked_at: Option<usize>,
) -> String {
    if looked_at.is_none() && differing.len() + same.len() == 1 {
        return match (differing.first(), same.first()) {
            (Some(c), _) => {
                format!("{} on {name}: {}, then {}.", c.kb, in_words(&c.before), in_words(&c.after))
            }
            (None, Some(c)) if is_told(c) => {
                format!("{} on {name}: {}, then {}.", c.kb, in_words(&c.before), in_words(&c.after))
            }
            (None, Some(c)) => format!("{} on {name}: {} before and after.", c.kb, in_words(&c.before)),
            (None, None) => String::new(),
        };
    }
    let all = looked_at.unwrap_or(differing.len() + same.len());
    if differing.is_empty() {
        return format!("Nothing changes for any of the {all} updates on {name}.");
    }
    let groups: Vec<String> = groups.iter().take(4).map(|g| g.text.clone()).collect();
    let more = if differing.len() == 1 { "changes" } else { "change" };
    format!("Of {all} updates {} {more} on {name}: {}.", differing.len(), groups.join(", "))
}

/// What an update becomes, as the end of "these 14 …".
fn becomes(verdict: Verdict, cause: Option<Cause>, one: bool) -> String {
    let verb = if one { "becomes" } else { "become" };
    match (verdict, cause) {
        (Verdict::Applicable, _) => format!("{verb} applicable"),
        (Verdict::AlreadyInstalled, _) => format!("{} there already", if one { "is" } else { "are" }),
        (Verdict::NotApplicable, Some(Cause::Superseded)) => format!("{verb} superseded"),
        (Verdict::NotApplicable, Some(Cause::WrongOs)) => {
            format!("{} for another Windows", if one { "is" } else { "are" })
        }
        (Verdict::NotApplicable | Verdict::Blocked, cause) => {
            let why = cause.map_or(String::new(), |c| format!(" ({})", c.code()));
            let what = if verdict == Verdict::Blocked { "blocked" } else { "not applicable" };
            format!("{verb} {what}{why}")
        }
        (Verdict::Unknown, _) => format!("{verb} unknown"),
    }
}

fn key(s: &Short) -> (Verdict, Option<Cause>) {
    let cause = s.cause.as_ref().map(|f| f.cause);
    (s.verdict, cause.filter(|_| !matches!(s.verdict, Verdict::Unknown | Verdict::AlreadyInstalled)))
}

fn groups(catalog: &Catalog, differing: &[&Compared]) -> Vec<ChangeGroupReport> {
    let mut by: BTreeMap<(Verdict, Option<Cause>), Vec<&Compared>> = BTreeMap::new();
    for c in differing {
        by.entry(key(&c.after)).or_default().push(c);
    }
    let mut out: Vec<((Verdict, Option<Cause>), ChangeGroupReport)> = by
        .into_iter()
        .map(|(k, members)| {
            let (verdict, cause) = k;
            let mut before: BTreeMap<&'static str, usize> = BTreeMap::new();
            for c in &members {
                *before.entry(c.before.verdict.name()).or_default() += 1;
            }
            let count = members.len();
            // the newest say most
            let mut newest = members;
            newest
                .sort_by_cached_key(|c| std::cmp::Reverse((catalog.update(c.kb).and_then(|u| u.date), c.kb)));
            let group = ChangeGroupReport {
                verdict: verdict.name(),
                cause: cause.map(Cause::code),
                count,
                text: format!("{count} {}", becomes(verdict, cause, count == 1)),
                before,
                updates: newest.iter().map(|c| c.kb.to_string()).collect(),
            };
            (k, group)
        })
        .collect();
    // what can be installed then is of most interest
    out.sort_by_key(|(k, g)| (k.0 != Verdict::Applicable, std::cmp::Reverse(g.count), *k));
    out.into_iter().map(|(_, g)| g).collect()
}

/// A verdict as part of a sentence.
fn in_words(s: &Short) -> String {
    let cause = || s.cause.as_ref().map(|f| wording::cause_words(f, |_| None)).unwrap_or_default();
    match s.verdict {
        Verdict::Applicable => "applicable".into(),
        Verdict::AlreadyInstalled => format!("there already ({})", cause()),
        Verdict::NotApplicable => format!("not applicable ({})", cause()),
        Verdict::Blocked => format!("blocked ({})", cause()),
        Verdict::Unknown => match &s.cause {
            Some(f) => format!("unknown (perhaps {})", f.cause.code()),
            None => "unknown".into(),
        },
    }
}

fn short(s: &Short) -> ShortVerdictReport {
    ShortVerdictReport {
        verdict: s.verdict.name(),
        cause: s.cause.as_ref().map(|f| f.cause.code()),
        updates: s.cause.iter().flat_map(|f| f.updates.iter().map(ToString::to_string)).collect(),
        text: in_words(s),
    }
}

/// Is there something to tell? What is open may be another thing, though the verdict is not known before and after.
fn is_told(c: &Compared) -> bool {
    c.differs() || c.after.verdict == Verdict::Unknown && in_words(&c.before) != in_words(&c.after)
}

fn verdict_change(catalog: &Catalog, c: &Compared) -> VerdictChangeReport {
    let text = if is_told(c) {
        format!("{}, then {}", in_words(&c.before), in_words(&c.after))
    } else {
        format!("{}, before and after", in_words(&c.before))
    };
    VerdictChangeReport {
        update: c.kb.to_string(),
        title: short_title(catalog, c.kb).unwrap_or_else(|| "not in this catalog".into()),
        before: short(&c.before),
        after: short(&c.after),
        text,
    }
}

fn change(catalog: &Catalog, done: &Done) -> ChangeReport {
    let plain = |kind, what: String, text: String| ChangeReport {
        kind,
        what,
        text,
        verdict: None,
        forced: false,
        without_effect: false,
    };
    match done {
        Done::Upgraded { to, doubts } => {
            let name = catalog.product(*to).name;
            let doubts: Vec<&str> = doubts.iter().map(|d| doubt(*d)).collect();
            let text = if doubts.is_empty() {
                "updates, the servicing stack and the state of features do not survive an upgrade: they are not known then"
                    .into()
            } else {
                format!("taken as if it were done, but {}", doubts.join("; "))
            };
            ChangeReport { forced: !doubts.is_empty(), ..plain("upgrade", name.to_owned(), text) }
        }
        Done::Removed { kb, was_there: true } => plain("remove", kb.to_string(), "removed".into()),
        Done::Removed { kb, was_there: false } => {
            let text = "no list shows that it is there; it is taken to be absent then".into();
            plain("remove", kb.to_string(), text)
        }
        Done::Stays { kb, why } => {
            ChangeReport { without_effect: true, ..plain("remove", kb.to_string(), why.clone()) }
        }
        Done::Set(fact) => plain("set", fact.clone(), "set".into()),
        Done::Installed { kb, decision } => {
            let forced = decision.verdict != Verdict::Applicable;
            let text = if forced { forced_words(decision) } else { "applicable; installed".into() };
            ChangeReport {
                verdict: Some(decision.verdict.name()),
                forced,
                ..plain("install", kb.to_string(), text)
            }
        }
        Done::Needless { kb, decision } => {
            let found = Short { verdict: decision.verdict, cause: decision.causes.first().cloned() };
            ChangeReport {
                verdict: Some(decision.verdict.name()),
                without_effect: true,
                ..plain("install", kb.to_string(), format!("{}: nothing to install", in_words(&found)))
            }
        }
    }
}

fn forced_words(decision: &Decision) -> String {
    let found = Short { verdict: decision.verdict, cause: decision.causes.first().cloned() };
    match decision.verdict {
        Verdict::Unknown => {
            format!("{}: whether it goes on is not known; taken as if it did", in_words(&found))
        }
        _ => format!("{}: Windows would refuse it; taken as if it were forced", in_words(&found)),
    }
}

const fn doubt(d: Doubt) -> &'static str {
    match d {
        Doubt::ClientToServer => "no upgrade in place leads from a client to a server or back",
        Doubt::Architecture => "there is no such Windows for this architecture",
        Doubt::NoLater => "it is not later than what the host has",
        Doubt::NotIdentified => "which Windows the host has is not known",
    }
}

fn remarks(changed: &Changed, changes: &[ChangeReport]) -> Vec<String> {
    let mut out = Vec::new();
    let installed = changed.done.iter().any(|d| matches!(d, Done::Installed { .. } | Done::Removed { .. }));
    if installed {
        out.push("The restarts that go with it are taken to be made.".into());
    }
    if changes.iter().any(|c| c.forced) {
        out.push("What follows from a change that Windows refuses, or may refuse, is only what would be if it were made.".into());
    }
    let upgraded = changed.done.iter().any(|d| matches!(d, Done::Upgraded { .. }));
    if upgraded
        && changed.host.revision.is_none()
        && changed.host.version.as_ref().is_some_and(|v| v.value.0[0] >= 10)
    {
        out.push(
            "The revision after an upgrade is that of the media: state it with  --set os.revision=N".into(),
        );
    }
    out
}

/// Facts that differ, by their names in `kbwhy/host/1`; updates apart.
fn facts(before: &Host, after: &Host) -> Vec<FactChangeReport> {
    let (was, is) = (flat(&inventory::to_host1(before)), flat(&inventory::to_host1(after)));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name))
        .map(|name| FactChangeReport {
            fact: name.clone(),
            before: was.get(name).cloned(),
            after: is.get(name).cloned(),
        })
        .collect()
}

/// Members of `os` and `facts` by their paths, as text.
fn flat(host1: &Value) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for section in ["os", "facts"] {
        for (name, value) in host1.get(section).and_then(Value::as_object).into_iter().flatten() {
            let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            match value {
                Value::Null => {}
                // states of packages are those of updates, which are told by themselves
                Value::Object(_) if name == "package_states" => {}
                Value::Object(members) => {
                    for (member, value) in members {
                        out.insert(format!("{section}.{name}.{member}"), text(value));
                    }
                }
                value => {
                    out.insert(format!("{section}.{name}"), text(value));
                }
            }
        }
    }
    out
}
