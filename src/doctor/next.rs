//! The newest update that a host may have: how far it is from it, and what keeps it off.

use super::{
    Action, Check, Context, Evidence, Finding, Says, Severity,
    lifecycle::{self, Phase, Support},
};
use crate::{
    catalog::view::{Entry, Line, LineKind},
    model::{Cause, KbId, ProductId, ProductSet, Requirement, Standing, UpdateKind},
    resolve::{
        self, Answer,
        question::{self, Outcome, Question},
        statement::{self, Ask, Certainty, Truth},
        verdict::Verdict,
    },
};
use jiff::civil::Date;

/// Updates of a line that are looked at, newest first, until one is for this edition.
const LOOKED_AT: usize = 80;

/// The update that a host is judged for.
struct Next<'a> {
    entry: Entry<'a>,
    kb: KbId,
    answer: Answer,
}

/// Adds what is found, and tells the update that it was found for.
pub(super) fn check(c: &Context<'_>, s: &Support<'_>, out: &mut Vec<Finding>) -> Option<KbId> {
    if c.identity.products.is_empty() {
        out.push(unidentified(c));
        return None;
    }
    let own = lines_of(c, c.identity.products);
    let later = lifecycle::later_pack(c);
    let lines = if own.is_empty() { lines_of(c, later) } else { own.clone() };
    if own.is_empty() && !later.is_empty() {
        out.push(service_pack(c, later));
    }
    if lines.is_empty() {
        let evidence = vec![Evidence::rule(Says::NoUpdatesKnown(c.identity.words.clone()))];
        out.push(Finding::unknown(Check::Level, true, evidence, Vec::new()));
        return None;
    }
    let until = last_day(s);
    let found: Vec<Next<'_>> = lines.iter().filter_map(|(_, line)| newest(c, line, until)).collect();
    let Some(next) = one_of(found) else {
        out.push(ambiguous(c));
        return None;
    };
    let line = c.catalog.line(next.entry.line);
    without_esu(c, s, &line, until, out);
    level(c, &line, &next, until, out);
    let wants_newest = blockers(c, s, &next, out);
    if !own.is_empty() {
        stack(c, &next, until, wants_newest, out);
    }
    Some(next.kb)
}

fn unidentified(c: &Context<'_>) -> Finding {
    let mut evidence = vec![Evidence::rule(Says::NotIdentified)];
    if !c.identity.nothing_stated {
        evidence = vec![Evidence::rule(Says::NoUpdatesKnown(c.identity.words.clone()))];
        evidence.extend(lifecycle::taken_over(&c.identity.evidence));
    }
    let ask = if c.identity.nothing_stated { vec![Ask::OsVersion] } else { Vec::new() };
    Finding::unknown(Check::Identification, true, evidence, ask)
}

fn ambiguous(c: &Context<'_>) -> Finding {
    let names: Vec<String> =
        c.identity.products.iter().map(|p| c.catalog.product(p).name.to_owned()).collect();
    let mut evidence = vec![Evidence::rule(Says::OneOf(names))];
    evidence.extend(lifecycle::taken_over(&c.identity.evidence));
    Finding::unknown(Check::Identification, true, evidence, vec![Ask::OsVersion])
}

/// The lines of monthly updates, each once, of products that have one.
fn lines_of<'a>(c: &Context<'a>, products: ProductSet) -> Vec<(ProductId, Line<'a>)> {
    let mut out: Vec<(ProductId, Line<'a>)> = Vec::new();
    for p in products.iter() {
        let monthly = |l: &Line<'_>| matches!(l.kind, LineKind::Cumulative | LineKind::Rollup);
        for line in c.catalog.lines().filter(|l| monthly(l) && l.products.contains(p)) {
            if !out.iter().any(|(_, l)| l.id == line.id) {
                out.push((p, line));
            }
        }
    }
    out
}

/// Where it is not known whether the host is entitled: what it may have in any case.
fn without_esu(c: &Context<'_>, s: &Support<'_>, line: &Line<'_>, until: Option<Date>, out: &mut [Finding]) {
    let check = Check::Of(Cause::NotEntitled);
    let undecided = |f: &&mut Finding| f.check == check && f.outcome == Outcome::Unknown;
    let (Some(finding), None, Some(end)) = (out.iter_mut().find(undecided), until, s.end) else { return };
    if let Some(last) = newest(c, line, Some(end)) {
        let says = Says::LastForEverybody { kb: last.kb, date: last.entry.date };
        let url = last.entry.source.url.to_owned();
        finding
            .evidence
            .push(Evidence { says, from: statement::From::Catalog { url, standing: last.entry.standing } });
    }
}

/// After the end of support: the last day with updates for everybody, unless the host is entitled to more.
pub(super) fn last_day(s: &Support<'_>) -> Option<Date> {
    let bound = match (s.phase, s.entitled) {
        (Phase::Over, Truth::True) | (Phase::Supported | Phase::Unknown, _) => false,
        (Phase::Extended, entitled) => entitled == Truth::False,
        (Phase::Over, _) => true,
    };
    s.end.filter(|_| bound)
}

/// No preview, no update for enrolled machines: what every host of the line is meant to have.
fn is_regular(kind: UpdateKind) -> bool {
    matches!(
        kind,
        UpdateKind::Cumulative
            | UpdateKind::Combined
            | UpdateKind::Checkpoint
            | UpdateKind::MonthlyRollup
            | UpdateKind::Update
    )
}

/// The kind of an entry: what is known of the update itself goes before what its line says.
fn kind_of(c: &Context<'_>, entry: &Entry<'_>, kb: KbId) -> UpdateKind {
    c.catalog.update(kb).map_or(entry.kind, |u| u.kind)
}

/// The newest update of a line that is for this host's edition and still to be had.
fn newest<'a>(c: &Context<'a>, line: &Line<'a>, until: Option<Date>) -> Option<Next<'a>> {
    let mut entries: Vec<Entry<'a>> = c
        .catalog
        .entries(line.id)
        .filter(|e| {
            e.standing != Standing::Unverified && e.kb.is_some_and(|kb| is_regular(kind_of(c, e, kb)))
        })
        .filter(|e| until.is_none_or(|u| e.date.is_some_and(|d| d <= u)))
        .collect();
    entries.reverse();
    let with_answer = |entry: Entry<'a>| {
        let kb = entry.kb?;
        let question = Question { kb: Some(kb), ..Question::default() };
        Some(Next { entry, kb, answer: resolve::explain(c.catalog, c.host, &question) })
    };
    let not_for_it = |next: &Next<'_>| {
        next.answer.findings.iter().any(|f| {
            f.outcome == Outcome::Fail
                && matches!(f.cause, Cause::WrongEdition | Cause::WrongArchitecture | Cause::Expired)
        })
    };
    entries.into_iter().take(LOOKED_AT).filter_map(with_answer).find(|n| !not_for_it(n))
}

/// All lines lead to the same update, or it is not known which.
fn one_of(mut found: Vec<Next<'_>>) -> Option<Next<'_>> {
    let kb = found.first()?.kb;
    if found.iter().any(|n| n.kb != kb) {
        return None;
    }
    found.pop()
}

fn service_pack(c: &Context<'_>, later: ProductSet) -> Finding {
    let needs = later.iter().filter_map(|p| c.catalog.product(p).service_pack).max().unwrap_or(0);
    let says = Says::ServicePackFirst { has: c.identity.service_pack, needs };
    let origin = c.host.service_pack.as_ref().map(|f| &f.origin);
    let origin = origin.or_else(|| c.host.version.as_ref().map(|f| &f.origin));
    let mut evidence =
        vec![origin.map_or_else(|| Evidence::rule(says.clone()), |o| Evidence::host(says.clone(), o))];
    // one service pack may have to come before the last
    let packs: Vec<_> = c
        .catalog
        .kbs()
        .filter_map(|kb| c.catalog.update(kb))
        .filter(|u| u.kind == UpdateKind::ServicePack && u.standing != Standing::Unverified)
        .filter(|u| c.identity.products.is_subset(u.products()))
        .collect();
    let source = packs.first().map(|u| u.source.url.to_owned());
    evidence.extend(packs.iter().map(|u| Evidence {
        says: Says::PackOf(u.kb, c.identity.words.clone()),
        from: statement::From::Catalog { url: u.source.url.to_owned(), standing: u.standing },
    }));
    let kbs: Vec<KbId> = packs.iter().map(|u| u.kb).collect();
    if c.identity.service_pack.is_none() {
        return Finding::unknown(Check::ServicePack, true, evidence, vec![Ask::OsVersion]).naming(kbs);
    }
    let mut finding = Finding::fail(Check::ServicePack, Severity::Stops, evidence).naming(kbs.clone());
    let action = if kbs.is_empty() { Action::ServicePack(needs) } else { Action::Install(kbs) };
    finding.remedy.push(super::Remedy { action, source });
    finding
}

fn has_it(answer: &Answer) -> bool {
    let superseded = |f: &question::Finding| f.cause == Cause::Superseded && f.outcome == Outcome::Fail;
    answer.decision.verdict == Verdict::AlreadyInstalled
        || answer.decision.causes.first().is_some_and(superseded)
}

/// How old is what the host has?
fn level(c: &Context<'_>, line: &Line<'_>, next: &Next<'_>, until: Option<Date>, out: &mut Vec<Finding>) {
    let (kb, date) = (next.kb, next.entry.date);
    let newest = match until {
        Some(_) => Says::LastForEverybody { kb, date },
        None => Says::Newest { kb, date },
    };
    let newest = Evidence {
        says: newest,
        from: statement::From::Catalog {
            url: next.entry.source.url.to_owned(),
            standing: next.entry.standing,
        },
    };
    let has = what_it_has(c, line);
    let finding = if has_it(&next.answer) {
        let mut evidence = vec![newest];
        evidence.extend(beyond(c, line).or(has.map(|(_, e)| e)));
        Finding::pass(Check::Level, evidence)
    } else if let Some(f) = c.host.hotpatch.as_ref().filter(|f| f.value) {
        // between the baselines of the quarters it is at revisions of its own
        let mut evidence = vec![newest, Evidence::host(Says::Hotpatched, &f.origin)];
        evidence.extend(has.map(|(_, e)| e));
        Finding::unknown(Check::Level, false, evidence, Vec::new()).naming(vec![kb])
    } else if there(next) == Truth::False {
        let mut evidence = Vec::new();
        if let Some((Some(of), _)) = &has {
            let regular = |e: &Entry<'_>| e.kb.is_some_and(|kb| is_regular(kind_of(c, e, kb)));
            let between = c
                .catalog
                .entries(line.id)
                .filter(|e| e.position > of.position && e.position <= next.entry.position && regular(e))
                .count();
            if let (Some(from), Some(to)) = (of.date, date) {
                let months = (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month())
                    - i32::from(from.month());
                let months = u32::try_from(months).unwrap_or(0);
                let updates = u32::try_from(between).unwrap_or(u32::MAX);
                evidence.push(Evidence::rule(Says::Behind { months, updates, to: kb }));
            }
        }
        evidence.push(newest);
        evidence.push(has.map_or_else(|| Evidence::rule(Says::HasNoneOfLine), |(_, e)| e));
        Finding::fail(Check::Level, Severity::Advice, evidence)
            .naming(vec![kb])
            .remedy(Action::Install(vec![kb]), next.entry.source.url)
    } else {
        let mut evidence = vec![newest];
        evidence.extend(has.map(|(_, e)| e));
        let asks = |f: &&question::Finding| f.cause == Cause::AlreadyInstalled && !f.ask.is_empty();
        let ask = match line.kind {
            LineKind::Cumulative => vec![Ask::Revision],
            _ => next
                .answer
                .findings
                .iter()
                .find(asks)
                .map_or_else(|| vec![Ask::Updates(vec![kb])], |f| f.ask.clone()),
        };
        Finding::unknown(Check::Level, true, evidence, ask).naming(vec![kb])
    };
    out.push(finding);
}

/// Is the update there, by what the resolver found?
fn there(next: &Next<'_>) -> Truth {
    let of = next.answer.findings.iter().filter(|f| f.cause == Cause::AlreadyInstalled);
    match of.map(|f| f.outcome).max() {
        Some(Outcome::Pass) => Truth::False,
        Some(Outcome::Fail) => Truth::True,
        _ => Truth::Unknown,
    }
}

/// A revision that the catalog does not know yet.
fn beyond(c: &Context<'_>, line: &Line<'_>) -> Option<Evidence> {
    let (revision, origin) = c.installed.revision().filter(|_| line.kind == LineKind::Cumulative)?;
    let highest = c.catalog.entries(line.id).filter_map(|e| e.revision).max()?;
    let build = c.identity.build.or(line.build)?;
    (revision > highest).then(|| {
        let says = Says::NewerThanCatalog { build: format!("{build}.{revision}"), as_of: c.catalog.as_of() };
        Evidence::host(says, origin)
    })
}

/// The newest entry of the line that is on the host, and how that is known.
fn what_it_has<'a>(c: &Context<'a>, line: &Line<'a>) -> Option<(Option<Entry<'a>>, Evidence)> {
    if line.kind == LineKind::Cumulative {
        let exact = c.installed.revision();
        let least = c.installed.revision_at_least();
        let (revision, from, at_least) = match (exact, least) {
            (Some((r, origin)), _) => (r, statement::From::Host(origin.clone()), false),
            (None, Some((r, e))) => (r, e.from, true),
            (None, None) => return None,
        };
        let entry = c.catalog.entries(line.id).filter(|e| e.revision.is_some_and(|r| r <= revision)).last();
        let build = c.identity.build.or(line.build).map(|b| format!("{b}.{revision}"));
        let says = Says::HasOfLine {
            kb: entry.and_then(|e| e.kb),
            build,
            date: entry.and_then(|e| e.date),
            at_least,
        };
        return Some((entry, Evidence { says, from }));
    }
    let mut entries: Vec<Entry<'a>> = c.catalog.entries(line.id).collect();
    entries.reverse();
    entries.into_iter().find_map(|e| {
        let there = c.installed.presence(e.kb?);
        (there.truth == Truth::True).then(|| {
            let from = there.evidence.first().map_or(statement::From::Rule, |e| e.from.clone());
            let says = Says::HasOfLine { kb: e.kb, build: None, date: e.date, at_least: false };
            (Some(e), Evidence { says, from })
        })
    })
}

/// What keeps the next update off, cause by cause; true if it asks for the newest servicing stack, whichever that is.
fn blockers(c: &Context<'_>, s: &Support<'_>, next: &Next<'_>, out: &mut Vec<Finding>) -> bool {
    let mut wants_newest = false;
    if has_it(&next.answer) {
        return wants_newest;
    }
    let mut told: Vec<(Cause, &[KbId])> = Vec::new();
    let before = out.len();
    for f in &next.answer.findings {
        if elsewhere(f.cause) || f.advisory || lifecycle::is_told(f, s) {
            continue;
        }
        if told.contains(&(f.cause, f.updates.as_slice())) && f.outcome != Outcome::Pass {
            continue;
        }
        if asks_for_newest_stack(f) {
            wants_newest |= f.outcome != Outcome::Pass;
            continue;
        }
        match f.outcome {
            Outcome::Fail if of_service_pack(c, f) => add_service_pack(f, out),
            Outcome::Fail => out.push(failing(c, next.kb, f)),
            Outcome::Unknown if f.open => {
                // one fact settles both
                let settled = |o: &&Finding| o.outcome == Outcome::Unknown && o.ask == f.ask;
                let same = |o: &&Finding| o.check == Check::Of(f.cause) && settled(o);
                if !f.ask.is_empty() && out.iter().any(|o| same(&o)) {
                    continue;
                }
                let evidence = lifecycle::taken_over(&f.evidence);
                out.push(
                    Finding::unknown(Check::Of(f.cause), true, evidence, f.ask.clone())
                        .naming(f.updates.clone()),
                );
            }
            Outcome::Unknown | Outcome::Pass => continue,
        }
        told.push((f.cause, f.updates.as_slice()));
    }
    only_latest_stack(c, out);
    // what the update needs, and the host has
    for f in &next.answer.findings {
        let needs = matches!(
            f.cause,
            Cause::MissingPrerequisite
                | Cause::MissingServicingStack
                | Cause::MissingCheckpoint
                | Cause::MissingSha2Support
                | Cause::NotEntitled
        );
        let by_rule_alone = f.evidence.iter().all(|e| e.from == statement::From::Rule);
        let none_needed = f
            .evidence
            .iter()
            .any(|e| matches!(&e.says, statement::Says::Needs { clause, .. } if clause.is_empty()));
        let said = out.iter().any(|o| o.check == Check::Of(f.cause));
        if needs && f.outcome == Outcome::Pass && !said && !by_rule_alone && !none_needed {
            let evidence = lifecycle::taken_over(&f.evidence);
            out.push(
                Finding { certainty: f.certainty, ..Finding::pass(Check::Of(f.cause), evidence) }
                    .naming(f.updates.clone()),
            );
        }
    }
    if out.len() == before && next.answer.decision.verdict == Verdict::Applicable {
        let evidence = vec![Evidence::rule(Says::NeedsAreMet(next.kb))];
        out.push(Finding::pass(Check::Of(Cause::MissingPrerequisite), evidence).inferred());
    }
    wants_newest
}

fn asks_for_newest_stack(f: &question::Finding) -> bool {
    let latest = |r: &Requirement| matches!(r, Requirement::LatestStack);
    f.evidence.iter().any(|e| match &e.says {
        statement::Says::Needs { clause, .. } => !clause.is_empty() && clause.iter().all(latest),
        _ => false,
    })
}

/// Of several servicing stacks of one line that are missing, the latest brings what the others do.
fn only_latest_stack(c: &Context<'_>, out: &mut Vec<Finding>) {
    let check = Check::Of(Cause::MissingServicingStack);
    let place = |f: &Finding| -> Option<(u16, u32)> {
        let [kb] = f.updates.as_slice() else { return None };
        let places = c.catalog.places(*kb);
        let own = |e: &&Entry<'_>| {
            let line = c.catalog.line(e.line);
            line.kind == LineKind::ServicingStack && line.chained
        };
        places.iter().find(own).map(|e| (e.line, e.position))
    };
    let all: Vec<(u16, u32)> =
        out.iter().filter(|f| f.check == check && f.stops()).filter_map(place).collect();
    out.retain(|f| {
        let own = place(f).filter(|_| f.check == check && f.stops());
        own.is_none_or(|(line, at)| !all.iter().any(|(l, later)| *l == line && *later > at))
    });
}

/// Causes that other checks look at.
fn elsewhere(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::AlreadyInstalled
            | Cause::Superseded
            | Cause::Expired
            | Cause::PendingReboot
            | Cause::StoreCorruption
            | Cause::RemoteSession
            | Cause::ApplicabilityRule
    )
}

fn of_service_pack(c: &Context<'_>, f: &question::Finding) -> bool {
    let is_pack = |kb: &KbId| c.catalog.update(*kb).is_some_and(|u| u.kind == UpdateKind::ServicePack);
    let too_low = |e: &statement::Evidence| matches!(e.says, statement::Says::ServicePackTooLow { .. });
    f.updates.iter().any(is_pack) || f.evidence.iter().any(too_low)
}

/// The resolver says it again: once is enough.
fn add_service_pack(f: &question::Finding, out: &mut Vec<Finding>) {
    if out.iter().any(|o| o.check == Check::ServicePack) {
        return;
    }
    let evidence = lifecycle::taken_over(&f.evidence);
    let mut finding = Finding::fail(Check::ServicePack, Severity::Stops, evidence).naming(f.updates.clone());
    finding.remedy.push(super::Remedy { action: Action::Install(f.updates.clone()), source: page(f) });
    out.push(finding);
}

fn page(f: &question::Finding) -> Option<String> {
    f.evidence.iter().find_map(|e| match &e.from {
        statement::From::Catalog { url, .. } if url.starts_with("http") => Some(url.clone()),
        _ => None,
    })
}

fn source_of(c: &Context<'_>, kb: KbId) -> Option<String> {
    c.catalog.update(kb).map(|u| u.source.url.to_owned()).filter(|u| u.starts_with("http"))
}

fn failing(c: &Context<'_>, next: KbId, f: &question::Finding) -> Finding {
    let source = page(f).or_else(|| f.updates.first().and_then(|kb| source_of(c, *kb)));
    let mut finding = Finding {
        certainty: f.certainty,
        ..Finding::fail(Check::Of(f.cause), Severity::Stops, lifecycle::taken_over(&f.evidence))
    }
    .naming(f.updates.clone());
    // one that cannot be had here is no way out of a lack
    let action = match f.cause {
        Cause::MissingSha2Support => Some(Action::AddSha2(f.updates.clone())),
        Cause::NotEntitled => Some(Action::Entitle),
        Cause::MissingPrerequisite | Cause::MissingServicingStack | Cause::MissingCheckpoint
            if !f.updates.is_empty() =>
        {
            Some(Action::Install(f.updates.clone()))
        }
        _ => None,
    };
    match action {
        Some(action) => finding.remedy.push(super::Remedy { action, source }),
        None => finding.remedy.extend(
            f.remedy
                .iter()
                .map(|r| super::Remedy { action: Action::Other(r.clone()), source: source.clone() }),
        ),
    }
    if f.cause == Cause::MissingCheckpoint {
        let first = f.updates.first().copied().unwrap_or(next);
        finding.evidence.push(Evidence::page(Says::CheckpointFirst(first), super::checklist::CHECKPOINTS));
    }
    finding
}

/// Does it have the newest servicing stack? Microsoft's standing advice where the stack comes apart.
fn stack(c: &Context<'_>, next: &Next<'_>, until: Option<Date>, wants_newest: bool, out: &mut Vec<Finding>) {
    if combined(c) {
        let evidence = vec![Evidence::page(Says::StackComesWithUpdates, super::STACKS)];
        out.push(Finding::pass(Check::NewestStack, evidence));
        return;
    }
    let Some((kb, entry)) = newest_stack(c, until) else { return };
    // the update needs that very one: said there
    let needed = Check::Of(Cause::MissingServicingStack);
    if out.iter().any(|f| f.check == needed && f.outcome != Outcome::Pass && f.updates.contains(&kb)) {
        return;
    }
    let newest = Evidence {
        says: Says::NewestStack(kb),
        from: statement::From::Catalog { url: stack_page(&entry, kb), standing: entry.standing },
    };
    let e = c.installed.meets(&Requirement::Update { kb, or_later: true }, None);
    let mut evidence = vec![newest];
    evidence.extend(e.evidence.into_iter().map(Evidence::from));
    // a cumulative update may have brought a later stack: where it asks for one by its build, that tells
    let by_build = next.answer.findings.iter().find(|f| {
        f.cause == Cause::MissingServicingStack
            && f.outcome == Outcome::Pass
            && f.certainty != Certainty::Possible
            && f.updates.contains(&kb)
    });
    // the update itself asks for it: it may not be offered without
    let severity = if wants_newest { Severity::Soon } else { Severity::Advice };
    let told = |f: &Finding| f.check == needed && f.outcome == Outcome::Pass && f.updates.contains(&kb);
    if e.truth != Truth::True && by_build.is_some() && out.iter().any(told) {
        return;
    }
    out.push(match (e.truth, by_build) {
        (Truth::True, _) => Finding::pass(Check::NewestStack, evidence),
        (_, Some(f)) => {
            evidence.truncate(1);
            evidence.extend(lifecycle::taken_over(&f.evidence));
            Finding::pass(Check::NewestStack, evidence).inferred()
        }
        (Truth::False, None) => Finding::fail(Check::NewestStack, severity, evidence)
            .naming(vec![kb])
            .remedy(Action::Install(vec![kb]), super::STACKS),
        (Truth::Unknown, None) => {
            Finding::unknown(Check::NewestStack, wants_newest, evidence, vec![Ask::ServicingStack])
                .naming(vec![kb])
                .of(severity)
        }
    });
}

/// Cumulative updates carry their stack from Windows 10 2004 and Server 2022 on.
pub(super) fn combined(c: &Context<'_>) -> bool {
    c.identity.kernel.is_some_and(|k| k.0 >= 10)
        && !c.identity.products.is_empty()
        && c.identity.products.iter().all(|p| c.catalog.product(p).version.0[2] >= 19041)
}

/// The newest servicing stack update that the host's products share, by the last day that counts.
pub(super) fn newest_stack<'a>(c: &Context<'a>, until: Option<Date>) -> Option<(KbId, Entry<'a>)> {
    let mut line = None;
    for l in c.catalog.lines().filter(|l| {
        l.kind == LineKind::ServicingStack && !l.products.intersection(c.identity.products).is_empty()
    }) {
        // two lines: it is not known which is the host's
        if line.is_some() || !c.identity.products.is_subset(l.products) {
            return None;
        }
        line = Some(l);
    }
    let entries = c.catalog.entries(line?.id).filter(|e| e.standing != Standing::Unverified);
    let fitting = entries.filter(|e| until.is_none_or(|u| e.date.is_some_and(|d| d <= u)));
    fitting.filter_map(|e| Some((e.kb?, e))).last()
}

/// A page of the update where the line's own source is only a name.
fn stack_page(entry: &Entry<'_>, kb: KbId) -> String {
    match entry.source.url {
        url if url.starts_with("http") => url.to_owned(),
        _ => format!("https://support.microsoft.com/help/{}", kb.number()),
    }
}
