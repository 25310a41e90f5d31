//! A plan in words and plain structs.

use super::{evidence_report, host_report, short_title, unknown_report, wording};
use crate::{
    catalog::Catalog,
    model::{Cause, KbId, Licence},
    plan::{Because, Blocker, Change, Condition, Goal, GoalState, Holds, Plan, Remark, Replayed, Step},
    report::{
        BlockerReport, ConditionReport, ConditionTestReport, EvidenceReport, GoalReport, InstallPlanReport,
        PlanStepReport, ReplayReport, UnknownReport,
    },
    resolve::{question::Finding, verdict::Verdict},
};

/// Puts a plan into a report. The replay is in it; who does not show it leaves it out.
pub fn plan_report(catalog: &Catalog, plan: &Plan) -> InstallPlanReport {
    InstallPlanReport {
        schema: "kbwhy/plan/1",
        possible: plan.possible,
        summary: summary(plan),
        goals: plan.goals.iter().map(|g| goal_report(catalog, g)).collect(),
        objective: plan.objective.name(),
        optimal: plan.optimal,
        steps: plan.steps.iter().enumerate().map(|(i, s)| step_report(catalog, plan, i, s)).collect(),
        restarts: plan.restarts,
        image: plan.image,
        blocked_by: plan.blocked.iter().map(|b| blocker_report(catalog, b)).collect(),
        unknown: unknowns(plan),
        assumed: plan.assumed.clone(),
        remarks: plan.remarks.iter().map(remark_words).collect(),
        replay: plan.replay.iter().map(|r| replay_report(plan, r)).collect(),
        folder: None,
        host: host_report(&plan.host, &plan.identity.words),
        catalog_as_of: catalog.as_of().to_string(),
        catalog_imported: catalog.imported().map(|s| format!("{}, read {}", s.title, s.read)).collect(),
    }
}

/// What would settle what is open; what differs only in the update that is asked for is told once.
fn unknowns(plan: &Plan) -> Vec<UnknownReport> {
    let mut out: Vec<UnknownReport> = Vec::new();
    for u in plan.asks.iter().map(|a| unknown_report(a, plan.image)) {
        if !out.iter().any(|o| o.fact == u.fact && o.collect == u.collect) {
            out.push(u);
        }
    }
    out
}

fn several(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn list(updates: &[KbId]) -> String {
    let names: Vec<String> = updates.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// A few by name, many by number.
fn some(updates: &[KbId]) -> String {
    if updates.len() > 4 { several(updates.len(), "update") } else { list(updates) }
}

/// What the plan comes to, in one sentence.
fn summary(plan: &Plan) -> String {
    let name = plan.host.name.as_ref().map_or_else(|| "this host".to_owned(), |f| f.value.clone());
    let of = |states: &[GoalState]| -> Vec<KbId> {
        plan.goals.iter().filter(|g| states.contains(&g.state)).map(|g| g.kb).collect()
    };
    let impossible = of(&[GoalState::Impossible]);
    let unknown = of(&[GoalState::Unknown]);
    let mut out = String::new();
    if !impossible.is_empty() {
        out = format!("{} cannot be installed on {name}. ", some(&impossible));
    }
    if !unknown.is_empty() {
        out.push_str(&format!("Whether {} can be installed on {name} is not known. ", some(&unknown)));
    }
    if plan.steps.is_empty() {
        if out.is_empty() {
            let goals = of(&GoalState::ALL_THERE);
            out = match goals.len() {
                0 => "Nothing was asked for.".to_owned(),
                1 => format!("{} is there already, or replaced: nothing to do.", list(&goals)),
                _ => format!("{} are there already, or replaced: nothing to do.", some(&goals)),
            };
        }
        return out.trim_end().to_owned();
    }
    let reached = of(&[GoalState::Install, GoalState::Contained]);
    let what = some(&reached);
    let conditional = plan.steps.iter().filter(|s| s.only_if.is_some()).count();
    let restarts = match (plan.image, plan.restarts) {
        (true, _) => "no restart, for an image".to_owned(),
        (_, 0) => "no restart".to_owned(),
        (_, n) => {
            let sure = plan.steps.iter().any(|s| s.restart && s.asks_restart != Some(true));
            format!("{}{}", if sure { "at most " } else { "" }, several(n as usize, "restart"))
        }
    };
    out.push_str(&format!("{what}: {} with {restarts}", several(plan.steps.len(), "step")));
    if conditional > 0 {
        out.push_str(&format!(", {conditional} of them only under a condition"));
    }
    out.push('.');
    let unstated: Vec<KbId> = plan
        .remarks
        .iter()
        .filter_map(|r| if let Remark::Unstated(kb) = r { Some(*kb) } else { None })
        .collect();
    match unstated.len() {
        0 => {}
        1..=3 => out.push_str(&format!(" No source says what {} needs.", list(&unstated))),
        n => out.push_str(&format!(" Of {} no source says what they need.", several(n, "update"))),
    }
    out
}

fn goal_report(catalog: &Catalog, goal: &Goal) -> GoalReport {
    let cause = |f: &Finding| wording::cause_words(f, |kb| short_title(catalog, kb));
    let why = match goal.state {
        GoalState::Install => String::new(),
        GoalState::Contained => format!("{} carries it", list(&goal.by)),
        GoalState::Superseded if !goal.by.is_empty() => format!("{} replaces it", list(&goal.by)),
        // the packages that are known are for others; there may be more
        GoalState::Unknown if goal.finding.as_ref().is_some_and(|f| f.cause == Cause::WrongOs) => {
            "whether there is a package for this Windows is not known".to_owned()
        }
        _ => goal.finding.as_ref().map(cause).unwrap_or_default(),
    };
    GoalReport {
        update: goal.kb.to_string(),
        title: short_title(catalog, goal.kb).unwrap_or_default(),
        state: goal.state.name(),
        why,
    }
}

/// A change in words.
pub(super) fn change_words(change: &Change) -> String {
    match change {
        Change::Install(kb) => format!("install {kb}"),
        Change::Remove(kb) => format!("remove {kb}"),
        Change::Set(text) => format!("set {text}"),
        Change::EnableFeature(name) => format!("enable the feature {name}"),
        Change::AddRole(name) => format!("add the role {name}"),
        Change::Licence(Licence::Esu) => "activate Extended Security Updates".into(),
        Change::Licence(Licence::EsuYear(n)) => format!("activate Extended Security Updates of year {n}"),
        Change::Licence(Licence::AzureArc) => "enrol in Azure Arc with Extended Security Updates".into(),
        Change::Licence(Licence::Hotpatch) => "enrol for hotpatching".into(),
        Change::Manual(step) => wording::manual_step(step),
        Change::Restart => "restart: something waits for it".into(),
    }
}

const fn kind(change: &Change) -> &'static str {
    match change {
        Change::Install(_) => "install",
        Change::Remove(_) => "remove",
        Change::EnableFeature(_) | Change::AddRole(_) => "enable-feature",
        Change::Licence(_) => "licence",
        Change::Set(_) | Change::Manual(_) | Change::Restart => "manual",
    }
}

/// The command of a step that needs no file. Names of features come from rules; what is not plainly a name is left out.
fn command(change: &Change, image: bool) -> Option<String> {
    let target = if image { r"/image:C:\mount" } else { "/online" };
    match change {
        Change::EnableFeature(name) => {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            plain.then(|| format!("dism {target} /enable-feature /featurename:{name} /norestart"))
        }
        Change::Remove(kb) if !image => {
            Some(format!("wusa /uninstall /kb:{} /quiet /norestart", kb.number()))
        }
        Change::Restart => Some("shutdown /r /t 0".into()),
        _ => None,
    }
}

fn step_report(catalog: &Catalog, plan: &Plan, i: usize, s: &Step) -> PlanStepReport {
    let update = match &s.change {
        Change::Install(kb) | Change::Remove(kb) => Some(*kb),
        _ => None,
    };
    let action = match &s.change {
        Change::Install(kb) => short_title(catalog, *kb).unwrap_or_else(|| "update".into()),
        other => change_words(other),
    };
    let mut evidence: Vec<EvidenceReport> = Vec::new();
    for b in &s.because {
        let e = evidence_report(&b.evidence);
        if !evidence.contains(&e) && evidence.len() < 6 {
            evidence.push(e);
        }
    }
    PlanStepReport {
        number: i as u32 + 1,
        kind: kind(&s.change),
        update: update.map(|kb| kb.to_string()),
        action,
        command: command(&s.change, plan.image),
        restart: s.restart,
        asks_restart: s.asks_restart,
        stage: s.stage,
        after: s.after.iter().map(|a| *a as u32 + 1).collect(),
        because: because(s),
        goal: s.goal,
        only_if: s.only_if.as_ref().map(|c| condition_report(c, plan.image)),
        file: None,
        evidence,
    }
}

fn because(s: &Step) -> String {
    if s.change == Change::Restart {
        return "an earlier change waits for a restart".into();
    }
    let one = |b: &Because| {
        if b.why.is_empty() {
            format!("{} needs it", b.needed_by)
        } else {
            format!("{} needs it: {}", b.needed_by, b.why)
        }
    };
    let mut by: Vec<KbId> = s.because.iter().map(|b| b.needed_by).collect();
    by.sort_unstable();
    by.dedup();
    match (s.because.first(), by.len()) {
        (None, _) if s.goal => "it was asked for".into(),
        (None, _) => String::new(),
        (Some(first), 1) => one(first),
        (Some(_), 2..=4) => format!("{} need it", list(&by)),
        (Some(_), n) => format!("{} and {} more need it", list(&by[..3]).replace(" and ", ", "), n - 3),
    }
}

fn condition_report(c: &Condition, image: bool) -> ConditionReport {
    let text = match &c.holds {
        Holds::Absent(kb) => format!("neither {kb} nor what replaces it is there"),
        Holds::Below(build) => format!("the revision is below {}.{}", build.build, build.revision),
        Holds::Has(clause) => format!("the host has {}", wording::clause_words(&clause.0)),
        Holds::NoneOf(clause) => format!("the host lacks {}", wording::clause_words(&clause.0)),
    };
    // of what lacks in other ways a script has to ask
    let test = match &c.holds {
        Holds::Absent(_) => Some(ConditionTestReport { kind: "update-absent", revision: None }),
        Holds::Below(b) => Some(ConditionTestReport { kind: "revision-below", revision: Some(b.revision) }),
        Holds::NoneOf(_) | Holds::Has(_) => None,
    };
    let unknown = unknown_report(&c.ask, image);
    ConditionReport { text, fact: unknown.fact, collect: unknown.collect, test }
}

fn blocker_report(catalog: &Catalog, b: &Blocker) -> BlockerReport {
    let f = &b.finding;
    let mut text = wording::cause_words(f, |kb| short_title(catalog, kb));
    if b.through.len() > 1 {
        let way: Vec<String> = b.through.iter().map(ToString::to_string).collect();
        text = format!("{} ({})", text, way.join(" needs "));
    }
    BlockerReport {
        goal: b.goal.to_string(),
        code: f.cause.code(),
        text,
        unblock: f.remedy.iter().map(|r| wording::remedy(r, |kb| short_title(catalog, kb))).collect(),
        evidence: f.evidence.iter().map(evidence_report).collect(),
    }
}

fn remark_words(r: &Remark) -> String {
    match r {
        Remark::Cycle { circle, needs, by } => {
            let way: Vec<String> = circle.iter().map(ToString::to_string).collect();
            let by = match by {
                Change::Install(kb) => kb.to_string(),
                other => change_words(other),
            };
            format!(
                "{}: what {needs} asks for would be met by {}, too, which itself needs {needs}; {by} comes first and breaks \
                 the circle.",
                way.join(" needs "),
                circle.first().map(ToString::to_string).unwrap_or_default(),
            )
        }
        Remark::GaveUp(explored) => format!(
            "The search was given up after {explored} choices: the plan is sound, but a cheaper one may exist."
        ),
        Remark::OrderBroken(a, b) => {
            format!("A documented order has {a} before {b}; what they need does not allow it here.")
        }
        Remark::Unstated(kb) => {
            format!("No source says what {kb} needs: Windows may ask for more when its turn comes.")
        }
        Remark::CheckpointFolder { target, checkpoints } => format!(
            "{} and {target} may lie in one folder, with no other .msu in it: DISM with {target} as its package then \
             takes the checkpoint by itself.",
            list(checkpoints)
        ),
        Remark::AvoidedWithdrawn(kb) => format!("{kb} would do, but is withdrawn: it was left out."),
        Remark::RunLocally => {
            "The host was asked in a remote session, in which wusa fails: run the steps on the host itself, or as a \
             scheduled task under SYSTEM."
                .into()
        }
        Remark::NotAssumed(text) => format!("Not assumed: {text}."),
    }
}

fn replay_report(plan: &Plan, r: &Replayed) -> ReplayReport {
    let step = plan.steps.get(r.step);
    let (verdict, text) = match (r.verdict, step.map(|s| &s.change)) {
        (Some(verdict), Some(Change::Install(kb))) => {
            let restart = step.is_some_and(|s| s.restart);
            let waits = !plan.image && step.is_some_and(|s| s.asks_restart != Some(false));
            let state = match (waits, restart) {
                (false, false) => "is installed",
                (true, true) | (false, true) => "is installed, after the restart",
                (true, false) => "waits for the restart of its stage",
            };
            (verdict.name(), format!("{kb} {state}"))
        }
        (_, Some(change)) => ("done", change_words(change)),
        (v, None) => (v.map_or("done", Verdict::name), String::new()),
    };
    ReplayReport { number: r.step as u32 + 1, verdict, text }
}
