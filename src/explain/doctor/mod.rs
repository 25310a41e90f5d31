//! An examination in words.

mod remedies;
mod says;

use super::{clause_words, host_report, short_title, wording};
use crate::{
    catalog::Catalog,
    doctor::{Action, Check, Evidence, Examination, Finding, Prospect, Remedy, Says, Severity, TodayFrom},
    model::{Cause, Host, KbId, Requirement},
    report::{
        AdviceReport, DoctorCheckReport, DoctorReport, JudgedReport, NextReport, RemedyReport, UnknownReport,
    },
    resolve::{
        question::Outcome,
        statement::{self, Ask},
    },
};

/// Names of updates that a sentence holds at most.
const NAMED: usize = 3;

/// Puts an examination into a report. `advice` is what other rooms found of the same host: policies, scan source.
pub fn doctor_report(
    catalog: &Catalog,
    host: &Host,
    examined: &Examination,
    advice: Vec<AdviceReport>,
) -> DoctorReport {
    let w = Words { catalog, host, examined };
    let mut checks: Vec<DoctorCheckReport> = examined.findings.iter().map(|f| w.check(f)).collect();
    place(&mut checks, advice);
    let unknown = w.unknown();
    // what other rooms found counts as well
    let stopped = checks.iter().any(|c| c.advice.outcome == "fail" && c.severity == Severity::Stops.name());
    let prospect = if stopped { Prospect::Stopped } else { examined.prospect() };
    DoctorReport {
        schema: "kbwhy/doctor/1",
        prospect: prospect.name(),
        summary: w.summary(prospect, &checks),
        next: examined.next.map(|kb| {
            let update = catalog.update(kb);
            NextReport {
                update: kb.to_string(),
                title: short_title(catalog, kb).unwrap_or_else(|| "update".into()),
                released: update.and_then(|u| u.date).map(|d| d.to_string()),
            }
        }),
        checklist: examined.checklist.iter().map(|f| w.advice(f)).collect(),
        steps: w.steps(&checks),
        checks,
        unknown,
        host: host_report(host, &examined.identity.words),
        judged: JudgedReport {
            as_of: examined.today.date.to_string(),
            by: match examined.today.from {
                TodayFrom::Catalog => "catalog",
                TodayFrom::Host => "host",
                TodayFrom::Given => "given",
                TodayFrom::Clock => "clock",
            },
        },
        catalog_as_of: catalog.as_of().to_string(),
        catalog_imported: catalog.imported().map(|s| format!("{}, read {}", s.title, s.read)).collect(),
    }
}

/// Every check and the checklist as advice, for what shows them beside other things.
pub fn doctor_advice(report: DoctorReport) -> Vec<AdviceReport> {
    let weighed = report.checks.into_iter().map(|c| {
        let told = c.advice.outcome == "fail" || c.advice.outcome == "unknown" && c.open;
        AdviceReport { certainty: Some(c.certainty), severity: told.then_some(c.severity), ..c.advice }
    });
    weighed.chain(report.checklist).collect()
}

/// Findings of other rooms go behind those of the same weight.
fn place(checks: &mut Vec<DoctorCheckReport>, advice: Vec<AdviceReport>) {
    for mut a in advice {
        let certainty = a.certainty.take().unwrap_or("inferred");
        let group = |c: &DoctorCheckReport| match (c.advice.outcome, c.severity, c.open) {
            ("fail", "stops", _) => 0,
            ("fail", "soon", _) => 1,
            ("unknown", _, true) => 2,
            ("fail", ..) => 3,
            ("unknown", ..) => 4,
            _ => 5,
        };
        // a pause keeps the next update from arriving; what else policies say is meant so, or worth a look
        let severity = match (a.code, a.outcome) {
            ("quality-updates-paused", "fail") => Severity::Stops,
            _ => Severity::Advice,
        };
        let check = DoctorCheckReport {
            advice: a,
            severity: severity.name(),
            open: false,
            certainty,
            updates: Vec::new(),
        };
        let at = checks.iter().rposition(|c| group(c) <= group(&check)).map_or(0, |i| i + 1);
        checks.insert(at, check);
    }
}

struct Words<'a> {
    catalog: &'a Catalog,
    host: &'a Host,
    examined: &'a Examination,
}

impl Words<'_> {
    fn check(&self, f: &Finding) -> DoctorCheckReport {
        DoctorCheckReport {
            advice: self.advice(f),
            severity: f.severity.name(),
            open: f.open,
            certainty: f.certainty.name(),
            updates: f.updates.iter().map(ToString::to_string).collect(),
        }
    }

    fn advice(&self, f: &Finding) -> AdviceReport {
        AdviceReport {
            code: f.check.code(),
            title: f.check.title(),
            outcome: match f.outcome {
                Outcome::Pass => "pass",
                Outcome::Fail => "fail",
                Outcome::Unknown => "unknown",
            },
            certainty: None,
            severity: None,
            text: self.text(f),
            evidence: f.evidence.iter().map(|e| self.evidence(e)).collect(),
            remedy: f.remedy.iter().flat_map(|r| self.remedies(r)).collect(),
            collect: match f.outcome {
                Outcome::Unknown => self.asks(f).into_iter().map(|u| u.collect).collect(),
                _ => Vec::new(),
            },
        }
    }

    /// The host was judged for the last update without Extended Security Updates.
    fn is_last(&self) -> bool {
        let last = |e: &Evidence| matches!(e.says, Says::LastForEverybody { .. });
        self.examined.findings.iter().any(|f| f.check == Check::Level && f.evidence.iter().any(last))
    }

    fn is_hotpatched(&self, f: &Finding) -> bool {
        f.evidence.iter().any(|e| e.says == Says::Hotpatched)
    }

    /// What to do about all that fails, in the order in which it is done: the host made ready, then licences, stacks,
    /// updates; what comes on a day, last.
    fn steps(&self, checks: &[DoctorCheckReport]) -> Vec<RemedyReport> {
        let rank = |f: &Finding, r: &Remedy| -> u8 {
            match (&r.action, f.check) {
                (Action::Upgrade | Action::UpgradeBy(_), _) => 9,
                (Action::EntitleBy(_), _) => 8,
                (Action::Restart | Action::RevertPending | Action::RunLocally, _) => 0,
                (Action::FreeSpace | Action::StartService(_) | Action::RepairStore(..), _) => 1,
                (Action::Entitle, _) => 2,
                (_, Check::ServicePack) => 3,
                (_, Check::NewestStack) => 5,
                (_, Check::HalfInstalled) => 6,
                (_, Check::Level) => 7,
                (Action::Explain(..), _) => 8,
                _ => 4,
            }
        };
        // whether the newest may be installed at all is not settled
        let unsettled =
            |f: &Finding| f.outcome == Outcome::Unknown && f.open && f.severity == Severity::Stops;
        let open = self.examined.findings.iter().any(unsettled);
        let mut all: Vec<(u8, &Remedy)> = Vec::new();
        for f in self.examined.findings.iter().filter(|f| f.outcome == Outcome::Fail) {
            if f.check == Check::Level && open {
                continue;
            }
            all.extend(f.remedy.iter().map(|r| (rank(f, r), r)));
        }
        let mut worded: Vec<(u8, RemedyReport)> = all
            .into_iter()
            .flat_map(|(rank, r)| self.remedies(r).into_iter().map(move |worded| (rank, worded)))
            .collect();
        // what other rooms advise: policies let updates through, or not, whatever else is in order
        let own: Vec<&str> = self.examined.findings.iter().map(|f| f.check.code()).collect();
        let others = checks.iter().filter(|c| c.advice.outcome == "fail" && !own.contains(&c.advice.code));
        worded.extend(others.flat_map(|c| c.advice.remedy.iter().map(|r| (6, r.clone()))));
        worded.sort_by_key(|(rank, _)| *rank);
        let mut out: Vec<RemedyReport> = Vec::new();
        for (_, r) in worded {
            // two findings may have one way out
            if !out.iter().any(|o| o.text == r.text && o.command == r.command) {
                out.push(r);
            }
        }
        out
    }

    fn names(&self, updates: &[KbId]) -> String {
        match updates {
            [one] => self.name(*one),
            many => {
                let shown: Vec<String> = many.iter().take(NAMED).map(ToString::to_string).collect();
                let more = many.len().saturating_sub(NAMED);
                if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(" or ") }
            }
        }
    }

    fn name(&self, kb: KbId) -> String {
        match short_title(self.catalog, kb) {
            Some(title) => format!("{kb} ({title})"),
            None => kb.to_string(),
        }
    }

    /// The finding in one sentence.
    fn text(&self, f: &Finding) -> String {
        let first = f.evidence.first().map(|e| self.says(&e.says)).unwrap_or_default();
        match (f.check, f.outcome) {
            (Check::Of(cause), _) => self.of_cause(cause, f, first),
            (Check::Lifecycle, Outcome::Fail) => self.ends(f).unwrap_or(first),
            (Check::Lifecycle, Outcome::Unknown) if f.evidence.len() > 1 => {
                "which of these ends holds depends on the edition or version, which is not known".into()
            }
            (Check::HalfInstalled, Outcome::Fail) => match f.evidence.len() {
                1 => first,
                n => format!("{n} of the updates that are listed are half installed"),
            },
            (Check::FailedUpdates, _) => match f.evidence.len() {
                1 => first,
                n => format!("{n} updates failed when last tried, and are not there since"),
            },
            (Check::NewestStack, Outcome::Fail) => format!("{first}, and is not there"),
            (Check::NewestStack, Outcome::Unknown) => {
                format!("{first}; whether it is there is not known")
            }
            (Check::Level, Outcome::Unknown) if self.is_hotpatched(f) => {
                format!(
                    "{first}; on a host that takes hotpatches the revision does not tell whether it is due"
                )
            }
            (Check::Level, Outcome::Unknown) if !f.updates.is_empty() => {
                format!("{first}; whether it is there is not known")
            }
            (Check::Level, Outcome::Pass) => format!("{first}, and it is there"),
            (Check::StepRestart, Outcome::Unknown) => {
                "restart first, if that was not done: what waits may have to be completed".into()
            }
            (Check::StepRepair, Outcome::Unknown) => "repair damaged system files".into(),
            (Check::StepManual, _) => {
                let Some(kb) = f.updates.first() else { return first };
                let checkpoint = f.evidence.iter().find_map(|e| match e.says {
                    Says::CheckpointFirst(first) => Some(first),
                    _ => None,
                });
                let checkpoint = checkpoint
                    .map(|c| format!("; the package of {c}, its checkpoint, goes into the same folder"))
                    .unwrap_or_default();
                format!("take the package of {kb} for this host from the Update Catalog: {first}{checkpoint}")
            }
            _ => first,
        }
    }

    /// Of several ends the one that is meant: the nearest that is still to come, else that all are past.
    fn ends(&self, f: &Finding) -> Option<String> {
        if f.stops() {
            return self.over(f);
        }
        let ends = |e: &Evidence| match e.says {
            Says::SupportEnds { end, .. } | Says::EsuEnds { end, .. } => Some(end),
            _ => None,
        };
        let today = self.examined.today.date;
        let coming = f.evidence.iter().filter(|e| ends(e).is_some_and(|d| d >= today));
        coming.min_by_key(|e| ends(e)).map(|e| self.says(&e.says))
    }

    /// All that may be its ends are past.
    fn over(&self, f: &Finding) -> Option<String> {
        let mut supported: Vec<_> = Vec::new();
        let mut extended = None;
        for e in &f.evidence {
            match &e.says {
                Says::SupportEnds { what, end, .. } => supported.push((*end, what)),
                Says::EsuEnds { end, .. } => extended = extended.max(Some(*end)),
                _ => {}
            }
        }
        let (end, what) = supported.iter().max()?;
        let until = match extended {
            Some(esu) => format!(", Extended Security Updates on {esu}"),
            None => String::new(),
        };
        Some(match supported.len() {
            1 => format!("support of {what} ended on {end}{until}: there are no more updates"),
            // which of them it is does not matter
            _ => {
                let what = &self.examined.identity.words;
                format!("support of {what} ended on {end} at the latest{until}: there are no more updates")
            }
        })
    }

    fn of_cause(&self, cause: Cause, f: &Finding, first: String) -> String {
        let needs = f.evidence.iter().find_map(|e| match &e.says {
            Says::Resolver(statement::Says::Needs { kb, clause, .. }) if !clause.is_empty() => {
                // one member says more by its title
                let later = |r: &Requirement| {
                    matches!(
                        r,
                        Requirement::BuildAtLeast(_)
                            | Requirement::StackAtLeast(_)
                            | Requirement::Update { or_later: true, .. }
                    )
                };
                let what = match (clause.as_slice(), f.updates.as_slice()) {
                    ([_], [one]) => self.name(*one),
                    (many, [one]) if many.iter().all(later) => {
                        format!("{} or what came later", self.name(*one))
                    }
                    _ => clause_words(clause),
                };
                Some((kb, what))
            }
            _ => None,
        });
        match (cause, f.outcome, needs) {
            (Cause::Space, Outcome::Pass | Outcome::Fail, _) | (Cause::ServiceDisabled, ..) => first,
            (Cause::NotEntitled, Outcome::Pass, Some((kb, what))) => {
                format!("{kb} needs {what}, which is there")
            }
            (Cause::NotEntitled, Outcome::Fail, None) => {
                format!("{first}, and the host is not entitled to them")
            }
            (Cause::NotEntitled, Outcome::Unknown, None) => {
                format!("{first}; whether the host is entitled to them is not known")
            }
            (Cause::NotEntitled, Outcome::Pass, None) => format!("{first}, and the host is entitled to them"),
            (Cause::PendingReboot, Outcome::Fail, _) => {
                let none =
                    |e: &Evidence| matches!(e.says, Says::Resolver(statement::Says::RestartPending(false)));
                if f.evidence.iter().any(none) {
                    "updates wait for a restart, though none is said to be pending".into()
                } else {
                    "a restart must come first".into()
                }
            }
            (Cause::PendingReboot | Cause::StoreCorruption | Cause::Space, Outcome::Unknown, _) => {
                "nothing that was given tells of it".into()
            }
            (_, Outcome::Fail, Some((kb, what))) => format!("{kb} needs {what}, which is missing"),
            (_, Outcome::Unknown, Some((kb, what))) => {
                format!("{kb} needs {what}; whether that is there is not known")
            }
            (_, Outcome::Pass, Some((kb, what))) => format!("{kb} needs {what}, which is there"),
            (Cause::MissingSha2Support, Outcome::Fail, None) => {
                "SHA-2 signatures are not understood: nothing that was released since July 2019 installs"
                    .into()
            }
            (Cause::MissingSha2Support, Outcome::Unknown, None) => {
                "whether SHA-2 signatures are understood is not known".into()
            }
            (Cause::MissingSha2Support, Outcome::Pass, None) => "SHA-2 signatures are understood".into(),
            _ => first,
        }
    }

    /// Facts that would settle one finding.
    fn asks(&self, f: &Finding) -> Vec<UnknownReport> {
        let mut out: Vec<UnknownReport> = Vec::new();
        // before Windows 8 there is no DISM that scans: the tool that repairs is the one that tells
        let no_scan = matches!(self.examined.identity.kernel, Some((5, _) | (6, 0 | 1)));
        for a in &f.ask {
            if *a == Ask::StoreHealth && no_scan {
                out.push(UnknownReport {
                    fact: "facts.store_corrupt".into(),
                    collect: r"type %windir%\Logs\CBS\CheckSUR.log".into(),
                });
                continue;
            }
            let offline = self.host.offline_image.as_ref().is_some_and(|f| f.value);
            out.push(super::unknown_report(a, offline));
        }
        if f.check == Check::Of(Cause::Space) && f.outcome == Outcome::Unknown {
            out.push(UnknownReport {
                fact: "facts.free_space".into(),
                collect: "fsutil volume diskfree %SystemDrive%".into(),
            });
        }
        out
    }

    /// What would settle what is not known, what decides first.
    fn unknown(&self) -> Vec<UnknownReport> {
        let mut out: Vec<UnknownReport> = Vec::new();
        let unknown = |open: bool| {
            self.examined.findings.iter().filter(move |f| f.outcome == Outcome::Unknown && f.open == open)
        };
        for u in unknown(true).chain(unknown(false)).flat_map(|f| self.asks(f)) {
            // one command may give several facts
            if !out.iter().any(|o| o.collect == u.collect) {
                out.push(u);
            }
        }
        out
    }

    fn summary(&self, prospect: Prospect, checks: &[DoctorCheckReport]) -> String {
        let name = self.host.name.as_ref().map_or_else(|| "this host".into(), |f| f.value.clone());
        let stops: Vec<&DoctorCheckReport> =
            checks.iter().filter(|c| c.advice.outcome == "fail" && c.severity == "stops").collect();
        let soon = checks.iter().find(|c| c.advice.outcome == "fail" && c.severity == "soon");
        let next = self.examined.next.map(|kb| format!(", {kb}")).unwrap_or_default();
        let and_soon = soon.map(|c| format!(" Soon: {}.", c.advice.text)).unwrap_or_default();
        match prospect {
            Prospect::Stopped => {
                let first = stops.first().map(|c| c.advice.text.clone()).unwrap_or_default();
                let gone = [Check::Lifecycle.code(), Cause::NotEntitled.code()];
                let over = stops.first().is_some_and(|c| gone.contains(&c.advice.code))
                    && (self.examined.next.is_none() || self.is_last());
                let more = match stops.len() {
                    2 => "1 thing more keeps".to_owned(),
                    n => format!("{} things more keep", n.saturating_sub(1)),
                };
                match (stops.len(), self.examined.next) {
                    (0 | 1, _) => format!("{name}: {first}.{and_soon}"),
                    (_, Some(last)) if over => {
                        format!("{name}: {first}. {more} off {last}, the last for everybody.")
                    }
                    (_, None) if over => format!("{name}: {first}. {more} off what there was."),
                    (n, _) => format!("{name}: {n} things stop its next update{next}. First: {first}."),
                }
            }
            Prospect::Unknown => {
                let open = checks.iter().find(|c| c.advice.outcome == "unknown" && c.open);
                let first = open.map(|c| c.advice.text.clone()).unwrap_or_default();
                format!("{name}: cannot tell yet what stops its next update{next}: {first}.{and_soon}")
            }
            Prospect::Clear => {
                let dark = checks.iter().filter(|c| c.advice.outcome == "unknown").count();
                let dark = match dark {
                    0 => String::new(),
                    1 => " 1 check lacks facts.".to_owned(),
                    n => format!(" {n} checks lack facts."),
                };
                let there =
                    checks.iter().any(|c| c.advice.code == Check::Level.code() && c.advice.outcome == "pass");
                let what = if there {
                    format!(
                        "nothing that was given stops its next update; it has the newest that is known{next}"
                    )
                } else {
                    format!("nothing that was given stops its next update{next}")
                };
                format!("{name}: {what}.{and_soon}{dark}")
            }
        }
    }
}
