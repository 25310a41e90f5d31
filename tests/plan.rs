//! Plans: orders that were made by hand, and laws over random small catalogs.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod toy;

use kbwhy::{
    catalog::Catalog,
    inventory::{Input, read},
    model::{Host, KbId, Licence},
    plan::{
        Change, GoalState, Objective, Plan, Remark, Request, plan, replay,
        simulate::{self, apply},
    },
    resolve::{
        explain,
        identity::identify,
        question::{Finding, Question},
        statement::Ask,
        verdict::Verdict,
    },
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn kb(text: &str) -> KbId {
    text.parse().unwrap()
}

fn host(os: &str, rest: &str) -> Host {
    let text = format!(r#"{{"schema":"kbwhy/host/1","os":{{{os}}}{rest}}}"#);
    read(&Input { name: "host.json", bytes: text.as_bytes() }).unwrap().host
}

const COMPLETE: &str = r#","updates":{"complete":true}"#;

fn server_2012_r2(rest: &str) -> Host {
    host(r#""product":"Windows Server 2012 R2","version":"6.3.9600","architecture":"x64""#, rest)
}

fn windows_7(service_pack: u8) -> Host {
    let os = format!(
        r#""product":"Windows 7","version":"6.1.{}","service_pack":{service_pack},"architecture":"x64""#,
        7600 + u32::from(service_pack)
    );
    host(&os, COMPLETE)
}

fn server_2016(rest: &str) -> Host {
    host(r#""product":"Windows Server 2016","version":"10.0.14393","architecture":"x64""#, rest)
}

fn installs(plan: &Plan) -> Vec<String> {
    let name = |c: &Change| match c {
        Change::Install(kb) => kb.to_string(),
        Change::Remove(kb) => format!("-{kb}"),
        Change::Manual(step) => step.clone(),
        other => format!("{other:?}"),
    };
    plan.steps.iter().map(|s| name(&s.change)).collect()
}

fn replays(catalog: &Catalog, plan: &Plan) {
    let steps: Vec<(Change, bool)> = plan.steps.iter().map(|s| (s.change.clone(), s.restart)).collect();
    let ends: Vec<KbId> = plan
        .goals
        .iter()
        .filter(|g| !matches!(g.state, GoalState::Impossible | GoalState::Unknown))
        .map(|g| g.kb)
        .collect();
    if let Err(refused) = replay(catalog, &plan.host, &steps, &ends) {
        panic!("{:?} of {:?}: {:?}", refused.kb, installs(plan), refused.finding);
    }
}

/// The plan to these goals, which must be possible, replay, and have these steps in this order, one from each group.
fn in_order(host: &Host, goals: &[&str], groups: &[&[&str]]) -> Plan {
    let plan = plan(Catalog::embedded(), host, &Request::to(goals.iter().map(|g| kb(g))));
    assert!(plan.possible, "{:?}", plan.blocked);
    replays(Catalog::embedded(), &plan);
    let steps = installs(&plan);
    let mut at = 0;
    for group in groups {
        let found = steps[at..].iter().position(|s| group.contains(&s.as_str()));
        let found =
            found.unwrap_or_else(|| panic!("none of {group:?} after the {at} first steps of {steps:?}"));
        at += found + 1;
    }
    plan
}

/// Servicing stacks of which any one will do before the April 2014 update.
const STACK_2014: &[&str] = &["KB2919442", "KB2975061", "KB3021910"];
/// Servicing stacks of Windows 7 since April 2015.
const STACK_7: &[&str] = &["KB3020369", "KB3177467", "KB4490628"];

#[test]
fn the_april_2014_update_comes_first_on_2012_r2() {
    let family = ["KB2932046", "KB2959977", "KB2937592", "KB2938439", "KB2934018"];
    for goal in ["KB3173424", "KB3172614", "KB2999226", "KB4012216"] {
        in_order(
            &server_2012_r2(COMPLETE),
            &[goal],
            &[STACK_2014, &["clearcompressionflag.exe"], &["KB2919355"], &[goal]],
        );
    }
    let mut goals = family.to_vec();
    goals.extend(["KB3172614", "KB3173424", "KB2919355"]);
    let mut groups: Vec<&[&str]> = vec![STACK_2014, &["clearcompressionflag.exe"], &["KB2919355"]];
    groups.extend(family.iter().map(std::slice::from_ref));
    let plan = in_order(&server_2012_r2(COMPLETE), &goals, &groups);
    assert!(installs(&plan).iter().any(|s| s == "KB3172614"));
    // one restart so that the rest finds it, one in the end
    assert_eq!(plan.restarts, 2);
}

#[test]
fn an_undisputed_servicing_stack_is_preferred() {
    // sources disagree on whether KB3021910 goes on without what needs it here
    let plan = in_order(&server_2012_r2(COMPLETE), &["KB2919355"], &[&["KB2919442"], &["KB2919355"]]);
    assert_eq!(installs(&plan).len(), 3);
    // one that is there will do
    let with_disputed = server_2012_r2(r#","updates":{"installed":["KB3021910"],"complete":true}"#);
    let plan = in_order(&with_disputed, &["KB2919355"], &[&["KB2919355"]]);
    assert!(!installs(&plan).iter().any(|s| STACK_2014.contains(&s.as_str())));
}

#[test]
fn a_servicing_stack_that_is_known_and_too_old_is_raised_first() {
    let old = host(
        r#""product":"Windows Server 2019 Datacenter","version":"10.0.17763","revision":1879,"architecture":"x64""#,
        r#","updates":{"installed":["KB5000859","KB5001342"]},"facts":{"servicing_stack":"10.0.17763.1852"}"#,
    );
    assert_eq!(installs(&in_order(&old, &["KB5005030"], &[])), ["KB5005112", "KB5005030"]);
}

#[test]
fn server_2012_takes_what_it_needs_first() {
    let host = host(
        r#""product":"Windows Server 2012","version":"6.2.9200","architecture":"x64""#,
        r#","updates":{"complete":true}"#,
    );
    in_order(&host, &["KB3186497"], &[&["KB4019990"], &["KB3186497"]]);
    // the licence and the stack of its day before a rollup of the extended updates
    let plan = in_order(&host, &["KB5032247"], &[&["KB5029369"], &["KB5032247"]]);
    assert!(plan.steps.iter().any(|s| matches!(s.change, Change::Licence(_))));
    assert_eq!(installs(&plan).last().map(String::as_str), Some("KB5032247"));
}

#[test]
fn goals_that_contradict_each_other_are_named_and_keep_nothing_else_off() {
    let catalog = toy::catalog("1; 2; 3; 4; 5; 1 needs 3; 2 needs 4; 3 conflicts 4");
    let plan = plan(&catalog, &toy::host("complete"), &Request::to([1, 2, 5].map(toy::id)));
    assert!(!plan.possible);
    let named: Vec<(KbId, Vec<KbId>)> =
        plan.blocked.iter().map(|b| (b.goal, b.finding.updates.clone())).collect();
    assert_eq!(named, [(toy::id(1), vec![toy::id(2)]), (toy::id(2), vec![toy::id(1)])]);
    assert_eq!(plan.blocked[0].finding.cause.code(), "conflicting-update");
    assert_eq!(installs(&plan), [toy::id(5).to_string()]);
}

#[test]
fn wide_independent_choices_are_exact_and_a_thicket_says_that_it_is_not() {
    // 300 pairs of which either will do, under one update
    let wide: Vec<String> = (0..300).map(|i| format!("{}|{}", 2 + 2 * i, 3 + 2 * i)).collect();
    let catalog = toy::catalog(&format!("1 needs {}", wide.join(" & ")));
    let host = toy::host("complete");
    let all = plan(&catalog, &host, &Request::to([toy::id(1)]));
    assert!(all.possible && all.optimal);
    assert_eq!((all.steps.len(), all.restarts), (301, 2));
    // every member helps with several clauses
    let thicket: Vec<String> = (0..200u32)
        .map(|i| {
            let members: BTreeSet<u32> = (0..5).map(|k| 2 + (i * 7 + k * (37 + i % 11)) % 200).collect();
            members.iter().map(ToString::to_string).collect::<Vec<_>>().join("|")
        })
        .collect();
    let catalog = toy::catalog(&format!("1 needs {}", thicket.join(" & ")));
    let request = Request { budget: 200_000, ..Request::to([toy::id(1)]) };
    let plan = plan(&catalog, &host, &request);
    assert!(plan.possible && !plan.optimal);
    assert!(plan.remarks.iter().any(|r| matches!(r, Remark::GaveUp(_))), "{:?}", plan.remarks);
    replays(&catalog, &plan);
}

#[test]
fn half_patched_2012_r2_needs_less() {
    let with_stack = server_2012_r2(r#","updates":{"installed":["KB2919442"],"complete":true}"#);
    let plan = in_order(&with_stack, &["KB3172614"], &[&["KB2919355"], &["KB3172614"]]);
    assert!(!installs(&plan).iter().any(|s| STACK_2014.contains(&s.as_str())));
    let with_update = server_2012_r2(r#","updates":{"installed":["KB2919355"],"complete":true}"#);
    assert_eq!(installs(&in_order(&with_update, &["KB3172614"], &[])), ["KB3172614"]);
    // what needs it is there, so it is there, whatever the list says
    let with_later = server_2012_r2(r#","updates":{"installed":["KB3173424"]}"#);
    assert_eq!(installs(&in_order(&with_later, &["KB3172614"], &[])), ["KB3172614"]);
}

#[test]
fn the_circle_of_the_servicing_stacks_is_explained() {
    let plan =
        in_order(&server_2012_r2(COMPLETE), &["KB3173424"], &[STACK_2014, &["KB2919355"], &["KB3173424"]]);
    let circle = plan.remarks.iter().any(|r| {
        matches!(r, Remark::Cycle { circle, needs, .. }
            if *needs == kb("KB2919355") && *circle == [kb("KB3173424"), kb("KB2919355")])
    });
    assert!(circle, "{:?}", plan.remarks);
}

#[test]
fn windows_7_from_the_start() {
    let end: &[&str] = &["KB4534310"];
    let sha2 = in_order(&windows_7(0), &["KB4534310"], &[&["KB976932"], &["KB4490628"], end]);
    assert_eq!(installs(&sha2), ["KB976932", "KB4490628", "KB4474419", "KB4534310"]);
    in_order(&windows_7(0), &["KB4534310"], &[&["KB976932"], &["KB4474419"], end]);
    for goal in ["KB3125574", "KB3172605"] {
        let plan = in_order(&windows_7(1), &[goal], &[STACK_7, &[goal]]);
        assert_eq!(plan.steps.len(), 2);
    }
}

#[test]
fn internet_explorer_11_has_its_list() {
    let plan = in_order(&windows_7(1), &["KB2841134"], &[&["KB2670838"], &["KB2834140"], &["KB2841134"]]);
    let steps = installs(&plan);
    for needed in ["KB2729094", "KB2731771", "KB2670838", "KB2786081", "KB2834140"] {
        assert!(steps.iter().any(|s| s == needed), "{needed}: {steps:?}");
    }
    // KB2533623 is withdrawn, what carries it is not
    assert!(steps.iter().any(|s| s == "KB3063858") && !steps.iter().any(|s| s == "KB2533623"));
    assert_eq!(steps.last().map(String::as_str), Some("KB2841134"));
}

#[test]
fn server_2016_takes_its_servicing_stack_first() {
    in_order(&server_2016(COMPLETE), &["KB4465659"], &[&["KB4132216"], &["KB4465659"]]);
    in_order(&server_2016(COMPLETE), &["KB4284880"], &[&["KB4132216"], &["KB4284880"]]);
    let old = server_2016(r#","facts":{"servicing_stack":"10.0.14393.4349"},"updates":{"complete":true}"#);
    let plan = in_order(&old, &["KB5087537"], &[&["KB5050109", "KB5088064"], &["KB5087537"]]);
    assert_eq!((plan.steps.len(), plan.restarts), (2, 1));
    // a later stack carries the earlier one
    let both = in_order(&old, &["KB4465659", "KB5087537"], &[&["KB5050109", "KB5088064"], &["KB5087537"]]);
    assert_eq!(both.goals[0].state, GoalState::Contained);
}

#[test]
fn vista_and_2008_go_by_their_service_packs() {
    let vista = host(
        r#""product":"Windows Vista","version":"6.0.6000","service_pack":0,"edition":"Business","architecture":"x86""#,
        COMPLETE,
    );
    let plan = in_order(&vista, &["KB948465"], &[&["KB937287"], &["KB938371"], &["KB936330"], &["KB948465"]]);
    assert!(!installs(&plan).iter().any(|s| s == "KB935509"), "only editions with BitLocker need it");
    let server = host(
        r#""product":"Windows Server 2008","version":"6.0.6001","service_pack":1,"architecture":"x64""#,
        r#","updates":{"complete":true},"facts":{"features":{"Microsoft-Hyper-V":"disabled","Hyper-V":"disabled"}}"#,
    );
    in_order(&server, &["KB4534303"], &[&["KB948465"], &["KB4493730"], &["KB4474419"], &["KB4534303"]]);
}

#[test]
fn builds_of_windows_10_and_11() {
    let image = host(
        r#""product":"Windows 10 Pro","version":"10.0.19045","revision":2006,"architecture":"x64""#,
        r#","updates":{"complete":true}"#,
    );
    in_order(&image, &["KB5066791"], &[&["KB5031539"], &["KB5066791"]]);
    let late =
        host(r#""product":"Windows 10 Pro","version":"10.0.19045","revision":5000,"architecture":"x64""#, "");
    assert_eq!(installs(&in_order(&late, &["KB5066791"], &[])), ["KB5066791"]);
    let fresh =
        host(r#""product":"Windows 11 Pro","version":"10.0.26100","revision":1,"architecture":"x64""#, "");
    in_order(&fresh, &["KB5064081"], &[&["KB5043080"], &["KB5064081"]]);
    let past =
        host(r#""product":"Windows 11 Pro","version":"10.0.26100","revision":1742,"architecture":"x64""#, "");
    assert_eq!(installs(&in_order(&past, &["KB5064081"], &[])), ["KB5064081"]);
}

#[test]
fn an_image_needs_no_restart_and_is_told_of_the_folder() {
    let fresh =
        host(r#""product":"Windows 11 Pro","version":"10.0.26100","revision":1,"architecture":"x64""#, "");
    let request = Request { image: true, ..Request::to([kb("KB5064081")]) };
    let plan = plan(Catalog::embedded(), &fresh, &request);
    assert!(plan.possible && plan.image);
    assert_eq!((plan.restarts, installs(&plan).len()), (0, 2));
    assert!(plan.remarks.iter().any(|r| matches!(r, Remark::CheckpointFolder { .. })), "{:?}", plan.remarks);
    replays(Catalog::embedded(), &plan);
}

#[test]
fn what_conflicts_is_removed_first() {
    let host = host(
        r#""product":"Windows 7","version":"6.1.7601","service_pack":1,"architecture":"x64""#,
        r#","updates":{"installed":["KB2506143"],"complete":true},"facts":{"wmf":"3.0","dotnet_framework":"4.8"}"#,
    );
    let plan = in_order(&host, &["KB3191566"], &[&["-KB2506143"], &["KB3191566"]]);
    assert!(plan.steps[0].restart, "it is gone only after a restart");
}

#[test]
fn a_servicing_stack_goes_before_what_it_services() {
    let plan = in_order(&server_2016(COMPLETE), &["KB4534307", "KB5023788"], &[]);
    assert_eq!((installs(&plan), plan.restarts), (vec!["KB5023788".into(), "KB4534307".into()], 1));
    // what should be there first is, where a restart comes in between anyway
    let goals = ["KB3091411", "KB4489881"];
    let plan = in_order(&server_2012_r2(COMPLETE), &goals, &[&["KB2919355"], &["KB3091411"]]);
    assert_eq!(plan.restarts, 2);
}

#[test]
fn what_others_are_built_on_is_not_removed() {
    for there in ["\"KB2919442\",\"KB2919355\",\"KB3173424\"", "\"KB2919442\",\"KB2919355\""] {
        let host = server_2012_r2(&format!(r#","updates":{{"installed":[{there}],"complete":true}}"#));
        let plan = plan(Catalog::embedded(), &host, &Request::to([kb("KB2975625")]));
        assert!(!plan.possible && plan.steps.is_empty(), "{:?}", installs(&plan));
        assert_eq!(plan.blocked[0].finding.cause.code(), "conflicting-update");
    }
}

#[test]
fn a_goal_with_a_step_is_installed_not_contained() {
    // the update that brings Internet Explorer 11 into play is carried itself: 10 is installed after all
    let host = host(
        r#""product":"Windows Server 2008 R2","version":"6.1.7601","service_pack":1,"architecture":"x64""#,
        COMPLETE,
    );
    let plan = in_order(&host, &["KB2718695", "KB4486474", "KB5021291"], &[&["KB2718695"]]);
    let goal = plan.goals.iter().find(|g| g.kb == kb("KB2718695")).unwrap();
    assert_eq!((goal.state, goal.by.len()), (GoalState::Install, 0));
}

#[test]
fn cumulative_updates_that_ask_for_each_other_are_solved_exactly() {
    // the licence's package asks for a cumulative update, later ones ask for that package; all ask for a servicing stack
    let host = host(
        r#""product":"Windows 10, version 22H2","version":"10.0.19045","revision":2965,"architecture":"x64","edition":"Professional""#,
        r#","updates":{"complete":true},"facts":{"esu":true}"#,
    );
    let plan =
        in_order(&host, &["KB5068781"], &[&["KB5031539"], &["KB5066791", "KB5071959"], &["KB5072653"]]);
    assert!(plan.optimal && plan.steps.len() == 4, "{:?}", installs(&plan));
}

#[test]
fn a_component_comes_with_its_newest_version_only() {
    let plan =
        in_order(&server_2012_r2(COMPLETE), &["KB3045563", "KB4486105", "KB3151864"], &[&["KB4486105"]]);
    let by = |g: &str| plan.goals.iter().find(|of| of.kb == kb(g)).map(|g| (g.state, g.by.clone())).unwrap();
    assert_eq!(by("KB4486105").0, GoalState::Install);
    for older in ["KB3045563", "KB3151864"] {
        assert_eq!(by(older), (GoalState::Contained, vec![kb("KB4486105")]), "{older}");
    }
}

#[test]
fn a_version_that_a_step_brings_is_not_what_the_host_has_at_most() {
    // the first asks for .NET Framework 4, the second is for 4.5: which the host has is not stated
    let goals = ["KB2506143", "KB2737083"].map(kb);
    let plan = plan(Catalog::embedded(), &windows_7(0), &Request::to(goals));
    assert_eq!(plan.goals.iter().find(|g| g.kb == goals[1]).unwrap().state, GoalState::Unknown);
    assert!(plan.asks.contains(&Ask::Dotnet), "{:?}", plan.asks);
}

#[test]
fn a_licence_of_a_year_is_a_licence() {
    let plan = in_order(&windows_7(1), &["KB5012649"], &[]);
    let licences: Vec<&Change> =
        plan.steps.iter().map(|s| &s.change).filter(|c| matches!(c, Change::Licence(_))).collect();
    assert_eq!(licences, [&Change::Licence(Licence::EsuYear(3))]);
}

#[test]
fn a_restart_that_is_pending_comes_first() {
    let host = server_2012_r2(
        r#","updates":{"installed":["KB2919442"],"pending":["KB2919355"],"complete":true},"facts":{"pending_reboot":true}"#,
    );
    let plan = in_order(&host, &["KB3173424"], &[&["KB3173424"]]);
    assert_eq!(plan.steps[0].change, Change::Restart);
    assert_eq!(plan.steps.len(), 2);
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let plan = plan(Catalog::embedded(), &server_2016(COMPLETE), &Request::to([kb("KB2919355")]));
    assert!(!plan.possible && plan.steps.is_empty());
    assert_eq!(plan.blocked[0].finding.cause.code(), "wrong-os");
    assert!(!plan.blocked[0].finding.remedy.is_empty());
}

#[test]
fn a_condition_is_settled_by_what_is_assumed() {
    let unknown = host(r#""product":"Windows Server 2019","version":"10.0.17763","architecture":"x64""#, "");
    let goal = kb("KB5010351");
    let open = plan(Catalog::embedded(), &unknown, &Request::to([goal]));
    assert!(open.possible && open.steps.iter().any(|s| s.only_if.is_some()), "{:?}", installs(&open));
    assert!(!open.asks.is_empty());
    let request = Request { assume: vec!["os.revision=2300".into()], ..Request::to([goal]) };
    let settled = plan(Catalog::embedded(), &unknown, &request);
    assert_eq!(installs(&settled), ["KB5010351"]);
    assert!(settled.steps[0].only_if.is_none());
    assert_eq!(settled.assumed, ["os.revision=2300"]);
}

#[test]
fn objectives_differ_in_what_they_take() {
    let of = |objective| {
        let request = Request { objective, ..Request::to([kb("KB3125574")]) };
        installs(&plan(Catalog::embedded(), &windows_7(1), &request))
    };
    assert_eq!(of(Objective::Documented), ["KB3020369", "KB3125574"]);
    assert_eq!(of(Objective::Newest)[0], "KB4490628");
    assert_eq!(of(Objective::FewestRestarts)[0], "KB4490628");
}

#[test]
fn many_goals_share_what_they_need() {
    let catalog = Catalog::embedded();
    let product = catalog.product_by_slug("windows-server-2012-r2").unwrap().id;
    let goals: Vec<KbId> = catalog
        .kbs()
        .filter(|kb| catalog.update(*kb).is_some_and(|u| u.products().contains(product)))
        .take(100)
        .collect();
    assert_eq!(goals.len(), 100);
    let plan = plan(catalog, &server_2012_r2(COMPLETE), &Request::to(goals));
    replays(catalog, &plan);
    assert!(plan.steps.len() > 50);
}

// ---- laws ----

type World = (Vec<(u32, Vec<u32>)>, Vec<(u32, u32)>, Vec<(u32, u32)>, BTreeSet<u32>);

/// Needs, supersedence (newer > older), conflicts, what is there. Seven updates.
fn worlds() -> impl Strategy<Value = World> {
    let needs =
        prop::collection::vec((1u32..8, prop::collection::btree_set(1u32..8, 1..4)), 0..7).prop_map(|v| {
            v.into_iter()
                .map(|(n, m)| (n, m.into_iter().filter(|x| *x != n).collect::<Vec<_>>()))
                .filter(|(_, m)| !m.is_empty())
                .collect()
        });
    let pairs = || {
        prop::collection::btree_set((1u32..8, 1u32..8), 0..3)
            .prop_map(|s| s.into_iter().filter(|(a, b)| a > b).collect::<Vec<_>>())
    };
    (needs, pairs(), pairs(), prop::collection::btree_set(1u32..8, 0..3))
}

fn text_of((needs, supersedes, conflicts, _): &World) -> String {
    let mut out = String::from("1; 2; 3; 4; 5; 6; 7");
    for (n, members) in needs {
        let members: Vec<String> = members.iter().map(ToString::to_string).collect();
        out.push_str(&format!("; {n} needs {}", members.join("|")));
    }
    for (newer, older) in supersedes {
        out.push_str(&format!("; {newer} > {older}"));
    }
    for (a, b) in conflicts {
        out.push_str(&format!("; {a} conflicts {b}"));
    }
    out
}

fn host_of(has: &BTreeSet<u32>) -> Host {
    let has: Vec<String> = has.iter().map(ToString::to_string).collect();
    if has.is_empty() {
        toy::host("complete")
    } else {
        toy::host(&format!("has {}; complete", has.join(" ")))
    }
}

fn said(plan: &Plan) -> String {
    format!(
        "{:?} {:?} {}",
        installs(plan),
        plan.goals.iter().map(|g| (g.kb, g.state)).collect::<Vec<_>>(),
        plan.restarts
    )
}

fn verdict(catalog: &Catalog, host: &Host, n: u32) -> Verdict {
    explain(catalog, host, &Question { kb: Some(toy::id(n)), ..Question::default() }).decision.verdict
}

/// The fewest restarts and steps that lead to an update, by trying everything with the resolver itself: states are the
/// updates that are there and those that wait. Only updates are installed, none is removed.
fn cheapest(catalog: &Catalog, has: &BTreeSet<u32>, goal: u32) -> Option<(u32, usize)> {
    use std::collections::BinaryHeap;
    let mut seen: BTreeMap<(BTreeSet<u32>, BTreeSet<u32>), (u32, usize)> = BTreeMap::new();
    let mut queue =
        BinaryHeap::from([std::cmp::Reverse((0u32, 0usize, has.clone(), BTreeSet::<u32>::new()))]);
    let mut applies: BTreeMap<(BTreeSet<u32>, u32), bool> = BTreeMap::new();
    while let Some(std::cmp::Reverse((restarts, steps, there, waits))) = queue.pop() {
        if there.contains(&goal) {
            return Some((restarts, steps));
        }
        if seen.get(&(there.clone(), waits.clone())).is_some_and(|c| *c <= (restarts, steps)) {
            continue;
        }
        seen.insert((there.clone(), waits.clone()), (restarts, steps));
        if !waits.is_empty() {
            let all = there.union(&waits).copied().collect();
            queue.push(std::cmp::Reverse((restarts + 1, steps, all, BTreeSet::new())));
        }
        for n in (1..8).filter(|n| !there.contains(n) && !waits.contains(n)) {
            let fits = *applies
                .entry((there.clone(), n))
                .or_insert_with(|| verdict(catalog, &host_of(&there), n) == Verdict::Applicable);
            if fits {
                let mut more = waits.clone();
                more.insert(n);
                queue.push(std::cmp::Reverse((restarts, steps + 1, there.clone(), more)));
            }
        }
    }
    None
}

/// What another goal needs anyway meets a clause, though a newer update would, too.
#[test]
fn an_update_that_comes_anyway_is_not_doubled_by_a_newer_one() {
    let catalog = toy::catalog("4 needs 5; 3 needs 2; 5 > 2; 6 > 2");
    let host = toy::host("complete");
    let plan = plan(&catalog, &host, &Request::to([toy::id(3), toy::id(4)]));
    let mut installed: Vec<Change> = plan.steps.iter().map(|s| s.change.clone()).collect();
    installed.sort();
    assert_eq!(installed, [3, 4, 5].map(|n| Change::Install(toy::id(n))), "{}", said(&plan));
}

/// Goals that carry one another are settled together, the newest first, however many there are: not one a round, until the
/// rounds run out and nothing is planned.
#[test]
fn hundreds_of_goals_of_windows_7_are_planned() {
    let catalog = Catalog::embedded();
    let product = catalog.product_by_slug("windows-7-sp1").unwrap().id;
    let of = |kb: &KbId| catalog.update(*kb).is_some_and(|u| u.products().contains(product));
    let all: Vec<KbId> = catalog.kbs().filter(of).collect();
    let host = host(
        r#""product":"Windows 7","version":"6.1.7601","service_pack":1,"architecture":"x64""#,
        r#","updates":{"complete":true}"#,
    );
    let plan = plan(catalog, &host, &Request::to(all.into_iter().rev().take(500)));
    replays(catalog, &plan);
    let planned = plan.goals.iter().filter(|g| matches!(g.state, GoalState::Install | GoalState::Contained));
    assert!(planned.count() > 400 && plan.steps.len() > 100, "{} steps", plan.steps.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Every plan replays; without any one of its steps it does not.
    #[test]
    fn every_plan_replays_and_needs_each_step(world in worlds(), goals in prop::collection::btree_set(1u32..8, 1..4)) {
        let catalog = toy::catalog(&text_of(&world));
        let host = host_of(&world.3);
        let plan = plan(&catalog, &host, &Request::to(goals.iter().map(|n| toy::id(*n))));
        replays(&catalog, &plan);
        let ends: Vec<KbId> = plan.goals.iter().filter(|g| g.state == GoalState::Install).map(|g| g.kb).collect();
        for left_out in 0..plan.steps.len() {
            let mut steps: Vec<(Change, bool)> = plan.steps.iter().map(|s| (s.change.clone(), s.restart)).collect();
            let (_, restart) = steps.remove(left_out);
            if let Some(before) = left_out.checked_sub(1) {
                steps[before].1 |= restart;
            }
            prop_assert!(replay(&catalog, &host, &steps, &ends).is_err(), "without step {} of {}", left_out, said(&plan));
        }
    }

    /// The replay keeps what it derived from step to step; it finds what the resolver finds anew.
    #[test]
    fn the_replay_finds_what_the_resolver_finds(world in worlds(), goals in prop::collection::btree_set(1u32..8, 1..4)) {
        let catalog = toy::catalog(&text_of(&world));
        let plan = plan(&catalog, &host_of(&world.3), &Request::to(goals.iter().map(|n| toy::id(*n))));
        let mut now = plan.host.clone();
        for (step, replayed) in plan.steps.iter().zip(&plan.replay) {
            if let Change::Install(kb) = step.change {
                let anew = explain(&catalog, &now, &Question { kb: Some(kb), ..Question::default() }).decision;
                prop_assert_eq!(Some(anew.verdict), replayed.verdict);
                let cause = |f: Option<&Finding>| f.map(|f| (f.cause, f.outcome, f.certainty, f.updates.clone()));
                prop_assert_eq!(cause(anew.causes.first()), cause(replayed.finding.as_ref()));
            }
            let restart = (step.restart && step.change != Change::Restart).then_some(Change::Restart);
            for change in [Some(step.change.clone()), restart].into_iter().flatten() {
                let identity = identify(&catalog, &now);
                now = apply(&catalog, &now, &identity, &change, &simulate::step(1)).unwrap();
            }
        }
    }

    /// No way has fewer restarts, or as many and fewer steps; and what is refused cannot be.
    #[test]
    fn no_cheaper_plan_exists(world in worlds(), goal in 1u32..8) {
        let world = (world.0, world.1, Vec::new(), world.3);
        let catalog = toy::catalog(&text_of(&world));
        let host = host_of(&world.3);
        if verdict(&catalog, &host, goal) == Verdict::AlreadyInstalled {
            return Ok(());
        }
        let plan = plan(&catalog, &host, &Request::to([toy::id(goal)]));
        let want = cheapest(&catalog, &world.3, goal);
        let got = (plan.possible && !plan.steps.is_empty()).then_some((plan.restarts, plan.steps.len()));
        prop_assert_eq!(got, want, "{} of {}", said(&plan), text_of(&world));
    }

    /// Neither the order of goals and of the catalog's rows nor an update that has nothing to do with them matters.
    #[test]
    fn only_what_is_asked_matters(world in worlds(), goals in prop::collection::vec(1u32..8, 1..4), turn in 0usize..8) {
        let text = text_of(&world);
        let host = host_of(&world.3);
        let ids = |v: &[u32]| v.iter().map(|n| toy::id(*n)).collect::<Vec<_>>();
        let want = said(&plan(&toy::catalog(&text), &host, &Request::to(ids(&goals))));
        let turned = Catalog::from_facts(&toy::facts(&text, turn)).unwrap();
        let backwards: Vec<u32> = goals.iter().rev().copied().collect();
        prop_assert_eq!(&said(&plan(&turned, &host, &Request::to(ids(&backwards)))), &want);
        let more = toy::catalog(&format!("{text}; 50; 51 > 50; 52 needs 50"));
        prop_assert_eq!(&said(&plan(&more, &host, &Request::to(ids(&goals)))), &want);
    }
}
