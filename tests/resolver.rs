//! The resolver: tables in the toy grammar, and laws over random small catalogs.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod toy;

use kbwhy::{
    catalog::Catalog,
    diagnose::ErrorEvidence,
    model::{Host, PackageState, Requirement},
    plan::{Change, first_steps},
    resolve::{
        Answer, explain, identity,
        installed::Installed,
        question::{Outcome, Question},
        statement::Truth,
        verdict::Verdict,
    },
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn ask(catalog: &Catalog, host: &Host, n: u32) -> Answer {
    explain(catalog, host, &Question { kb: Some(toy::id(n)), ..Question::default() })
}

/// `verdict cause updates | plan`
fn in_short(catalog: &Catalog, host: &Host, answer: &Answer) -> String {
    let cause = answer.decision.causes.first().filter(|_| answer.decision.verdict != Verdict::Unknown);
    let number = |kb: &kbwhy::model::KbId| (kb.number() - 10_000).to_string();
    let mut out = answer.decision.verdict.name().to_owned();
    if let Some(f) = cause {
        let updates: Vec<String> = f.updates.iter().map(number).collect();
        out = format!("{out} {} {}", f.cause, updates.join(","));
    }
    let steps: Vec<String> = first_steps(catalog, host, answer)
        .iter()
        .filter_map(|s| match &s.change {
            Change::Install(kb) => Some(number(kb)),
            _ => None,
        })
        .collect();
    if !steps.is_empty() {
        out = format!("{} | {}", out.trim_end(), steps.join(" "));
    }
    out.trim_end().to_owned()
}

fn told(catalog: &Catalog, host: &Host, n: u32) -> String {
    in_short(catalog, host, &ask(catalog, host, n))
}

/// (catalog, host, update asked about, answer in short)
const TABLE: &[(&str, &str, u32, &str)] = &[
    // already installed
    ("1", "has 1; complete", 1, "already-installed already-installed 1"),
    ("1", "complete", 1, "applicable"),
    ("1", "absent 1", 1, "applicable"),
    ("1", "", 1, "unknown"),
    // a feed that says nothing of prerequisites is no statement that there are none
    ("unstated 1", "absent 1", 1, "unknown"),
    // implied: something installed needs it
    ("2 needs 1", "has 2", 1, "already-installed already-installed 1"),
    ("3 needs 2; 2 needs 1", "has 3", 1, "already-installed already-installed 1"),
    // superseded: directly, transitively, by a line, across a line
    ("2 > 1", "has 2; complete", 1, "not-applicable superseded 2"),
    ("3 > 2; 2 > 1", "has 3; complete", 1, "not-applicable superseded 3"),
    ("stack 1 2 3", "has 3; complete", 1, "not-applicable superseded 3"),
    ("stack 2 3; 2 > 1", "has 3; complete", 1, "not-applicable superseded 3"),
    ("2 contains 1", "has 2; complete", 1, "not-applicable superseded 2"),
    ("2 > 1", "complete", 1, "applicable"),
    // it supersedes others: no reason to refuse it
    ("2 > 1", "has 1; complete", 2, "applicable"),
    // wrong product outranks all but its own presence
    ("only p2 1", "complete", 1, "not-applicable wrong-os"),
    ("only p2 1; 1 needs 2", "complete", 1, "not-applicable wrong-os"),
    // prerequisites: direct, chained, any-of, all-of
    ("2 needs 1", "complete", 2, "not-applicable missing-prerequisite 1 | 1 2"),
    ("3 needs 2; 2 needs 1", "complete", 3, "not-applicable missing-prerequisite 2 | 1 2 3"),
    ("3 needs 1|2", "complete", 3, "not-applicable missing-prerequisite 1,2 | 1 3"),
    ("3 needs 1|2", "has 2; complete", 3, "applicable"),
    ("3 needs 1 & 2", "has 2; complete", 3, "not-applicable missing-prerequisite 1 | 1 3"),
    // satisfied by what replaces a member, and by a dependant
    ("3 needs 1; 2 > 1", "has 2; complete", 3, "applicable"),
    ("3 needs 1; 4 needs 1", "has 4", 3, "unknown"),
    ("3 needs 1; 4 needs 1", "has 4; absent 3", 3, "applicable"),
    ("stack 1 2; 3 needs 1+", "has 2; complete", 3, "applicable"),
    ("stack 1 2; 3 needs 1+", "complete", 3, "not-applicable missing-servicing-stack 1 | 1 3"),
    // the list may hide it: not claimed to be missing
    ("2 needs 1", "", 2, "unknown | 1 2"),
    ("2 needs 1", "absent 1", 2, "not-applicable missing-prerequisite 1 | 1 2"),
    // a cycle of prerequisites ends, and nothing can begin it
    ("2 needs 1; 1 needs 2", "complete", 2, "not-applicable missing-prerequisite 1"),
    // pending
    ("1", "pending 1", 1, "blocked pending-reboot"),
    // a service pack: the host is at the release that it makes, or past it
    ("release 1 p1", "complete", 1, "already-installed already-installed 1"),
    ("release 1 p2 p1", "complete", 1, "not-applicable superseded"),
    // a monthly rollup covers the security-only updates of its month and before
    ("rollup 1@2016-11-08; months 2@2016-11-08", "has 1; complete", 2, "not-applicable superseded 1"),
    ("rollup 1@2016-10-11; months 2@2016-11-08", "has 1; complete", 2, "applicable"),
    // what replaces that rollup carries them as well: a preview, a rollup that no line lists
    ("rollup 1@2016-11-08; months 2@2016-11-08; 3 > 1", "has 3; complete", 2, "not-applicable superseded 3"),
    ("rollup 1@2016-10-11; months 2@2016-11-08; 3 > 1", "has 3; complete", 2, "applicable"),
    // dates that contradict the order of a line prove nothing, and exclude nothing
    ("rollup 1@2016-12-13 3@2016-12-13; months 2@2016-11-08", "has 1; complete", 2, "unknown"),
    (
        "rollup 1@2016-12-13 3@2016-12-13; months 2@2016-11-08",
        "has 3; complete",
        2,
        "not-applicable superseded 3",
    ),
    ("rollup 1@2023-06-13 3@2021-08-10; months 2@2021-09-14", "has 1; complete", 2, "applicable"),
    // withdrawn
    ("withdrawn 1 for 2", "complete", 1, "blocked expired 2"),
    ("withdrawn 1 for 2", "has 1", 1, "already-installed already-installed 1"),
    // conflict
    ("1 conflicts 2", "has 2; complete", 1, "blocked conflicting-update 2"),
    // the loop trap of the seed, in small: 3 = KB3173424, 2 = KB2919355, 1 = KB2919442
    ("stack 1 3; 2 needs 1+; 3 needs 2", "complete", 3, "not-applicable missing-prerequisite 2 | 1 2 3"),
    ("stack 1 3; 2 needs 1+; 3 needs 2", "has 3", 1, "not-applicable superseded 3"),
    ("stack 1 3; 2 needs 1+; 3 needs 2", "has 3", 2, "already-installed already-installed 2"),
];

#[test]
fn verdicts() {
    let mut wrong = Vec::new();
    for (c, h, n, want) in TABLE {
        let got = told(&toy::catalog(c), &toy::host(h), *n);
        if got != *want {
            wrong.push(format!("[{c}] on [{h}], asked {n}: want `{want}`, got `{got}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whatever the error is, one that is no success never goes with "applicable".
#[test]
fn no_error_is_applicable() {
    let (catalog, host) = (toy::catalog("1"), toy::host("complete"));
    for (error, verdict) in [
        (None, Verdict::Applicable),
        (Some("3010"), Verdict::Applicable),
        (Some("0x80240017"), Verdict::Unknown),
        (Some("0x80071a91"), Verdict::Unknown),
        (Some("something went wrong"), Verdict::Unknown),
        (Some("0x80070bc9"), Verdict::Blocked),
    ] {
        let error = error.map(ErrorEvidence::parse);
        let text = format!("{error:?}");
        let got = explain(&catalog, &host, &Question { kb: Some(toy::id(1)), error, ..Question::default() });
        assert_eq!(got.decision.verdict, verdict, "{text}");
    }
}

/// Clauses (update, any-of members), supersedence (newer, older), what is listed, whether the list is complete.
type World = (Vec<(u32, Vec<u32>)>, Vec<(u32, u32)>, BTreeSet<u32>, bool);

/// A random catalog of updates 1 to 8 with prerequisites and supersedence, cycles included, and a random host.
fn worlds() -> impl Strategy<Value = World> {
    let clause = (1u32..9, prop::collection::vec(1u32..9, 1..4));
    (
        prop::collection::vec(clause, 0..7),
        prop::collection::vec((1u32..9, 1u32..9), 0..7),
        prop::collection::btree_set(1u32..9, 0..5),
        any::<bool>(),
    )
}

fn text_of(needs: &[(u32, Vec<u32>)], supersedes: &[(u32, u32)]) -> String {
    let mut out: Vec<String> = (1..9).map(|n| n.to_string()).collect();
    for (n, members) in needs {
        // one clause of a rule: any of its members
        let members: Vec<String> = members.iter().map(ToString::to_string).collect();
        out.push(format!("{n} needs {}", members.join("|")));
    }
    out.extend(supersedes.iter().filter(|(a, b)| a != b).map(|(a, b)| format!("{a} > {b}")));
    out.join(";")
}

fn host_of(has: &BTreeSet<u32>, complete: bool) -> Host {
    let list: Vec<String> = has.iter().map(ToString::to_string).collect();
    toy::host(&format!("has {}{}", list.join(" "), if complete { "; complete" } else { "" }))
}

/// What is on the host by definition: listed; needed alone by something that is there. Where something else supersedes
/// what is needed, either of the two was there: it stands, and what it needs itself does not follow.
fn there(needs: &[(u32, Vec<u32>)], supersedes: &[(u32, u32)], has: &BTreeSet<u32>) -> BTreeSet<u32> {
    let mut out = has.clone();
    let mut stood_for = BTreeSet::new();
    loop {
        let before = (out.len(), stood_for.len());
        for (n, members) in needs {
            let members: BTreeSet<u32> = members.iter().copied().collect();
            if !out.contains(n) || members.len() != 1 {
                continue;
            }
            for m in members {
                let other =
                    supersedes.iter().any(|(newer, older)| *older == m && newer != older && newer != n);
                if other {
                    stood_for.insert(m)
                } else {
                    out.insert(m)
                };
            }
        }
        if (out.len(), stood_for.len()) == before {
            out.extend(stood_for);
            return out;
        }
    }
}

/// The naive recursion: is it, or anything that supersedes it, on the host?
fn stands(n: u32, there: &BTreeSet<u32>, supersedes: &[(u32, u32)], seen: &mut BTreeSet<u32>) -> bool {
    there.contains(&n)
        || seen.insert(n)
            && supersedes.iter().any(|(newer, older)| {
                older == &n && newer != older && stands(*newer, there, supersedes, seen)
            })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// A naive recursive oracle agrees on what is there or stood in for, on graphs with cycles.
    #[test]
    fn the_oracle_agrees((needs, supersedes, has, complete) in worlds()) {
        let catalog = toy::catalog(&text_of(&needs, &supersedes));
        let host = host_of(&has, complete);
        let id = identity::identify(&catalog, &host);
        let installed = Installed::derive(&catalog, &host, &id);
        let there = there(&needs, &supersedes, &has);
        for n in 1..9 {
            let want = stands(n, &there, &supersedes, &mut BTreeSet::new());
            let got = installed.meets(&Requirement::Update { kb: toy::id(n), or_later: false }, None).truth;
            let want = if want { Truth::True } else if complete { Truth::False } else { Truth::Unknown };
            prop_assert_eq!(got, want, "update {}", n);
        }
    }

    /// The order of the catalog's facts never matters.
    #[test]
    fn the_order_of_facts_never_matters((needs, supersedes, has, complete) in worlds(), turn in 0usize..8) {
        let text = text_of(&needs, &supersedes);
        let (one, other) = (toy::catalog(&text), Catalog::from_facts(&toy::facts(&text, turn)).unwrap());
        let host = host_of(&has, complete);
        for n in 1..9 {
            prop_assert_eq!(told(&one, &host, n), told(&other, &host, n));
        }
    }

    /// An update that nothing names changes no verdict, on the host or in the catalog.
    #[test]
    fn an_unrelated_update_never_changes_a_verdict((needs, supersedes, has, complete) in worlds()) {
        let text = text_of(&needs, &supersedes);
        let (one, more) = (toy::catalog(&text), toy::catalog(&format!("{text}; 50; 51 > 50; 52 needs 50")));
        let host = host_of(&has, complete);
        let mut with = host.clone();
        with.updates.insert(toy::id(51), kbwhy::model::Fact::new(PackageState::Installed, host.version.as_ref().unwrap().origin.clone()));
        for n in 1..9 {
            let want = told(&one, &host, n);
            prop_assert_eq!(&told(&more, &host, n), &want);
            prop_assert_eq!(&told(&more, &with, n), &want);
        }
    }

    /// No verdict without evidence: each cause and each check has a statement; a decided verdict has a decisive cause.
    #[test]
    fn no_verdict_without_evidence((needs, supersedes, has, complete) in worlds()) {
        let catalog = toy::catalog(&text_of(&needs, &supersedes));
        let host = host_of(&has, complete);
        for n in 1..9 {
            let a = ask(&catalog, &host, n);
            prop_assert!(a.findings.iter().chain(&a.decision.causes).all(|f| !f.evidence.is_empty()));
            match a.decision.verdict {
                Verdict::Applicable => prop_assert!(a.findings.iter().all(|f| f.outcome != Outcome::Fail)),
                Verdict::Unknown => prop_assert!(!a.decision.ask.is_empty()),
                _ => prop_assert!(a.decision.causes[0].outcome == Outcome::Fail),
            }
        }
    }

    /// A plan on a host whose list is complete replays: each step is applicable when its turn comes, cycles apart.
    #[test]
    fn a_plan_replays_to_its_goal((needs, supersedes, has, _) in worlds()) {
        let catalog = toy::catalog(&text_of(&needs, &supersedes));
        for n in 1..9 {
            let mut has = has.clone();
            let a = ask(&catalog, &host_of(&has, true), n);
            let steps: Vec<u32> = first_steps(&catalog, &host_of(&has, true), &a).iter().filter_map(|s| match s.change { Change::Install(kb) => Some(kb.number() - 10_000), _ => None }).collect();
            if steps.is_empty() || cyclic(&needs) || !supersedes.is_empty() {
                continue;
            }
            for step in &steps {
                let now = ask(&catalog, &host_of(&has, true), *step);
                prop_assert!(matches!(now.decision.verdict, Verdict::Applicable), "step {} of {:?}: {}", step, steps, now.decision.verdict.name());
                has.insert(*step);
            }
            prop_assert_eq!(steps.last(), Some(&n));
        }
    }
}

/// Is any update among its own prerequisites?
fn cyclic(needs: &[(u32, Vec<u32>)]) -> bool {
    let mut next: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (n, members) in needs {
        next.entry(*n).or_default().extend(members);
    }
    (1..9).any(|start| {
        let mut seen = BTreeSet::new();
        let mut work: Vec<u32> = next.get(&start).into_iter().flatten().copied().collect();
        while let Some(n) = work.pop() {
            if n == start {
                return true;
            }
            if seen.insert(n) {
                work.extend(next.get(&n).into_iter().flatten());
            }
        }
        false
    })
}
