//! Order, what-if, the smallest change: tables in the toy grammar, laws over random small catalogs, outputs of the command
//! line. After a change that is meant: `SNAPSHOTS=overwrite cargo test --test what_if`, then read the difference.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod toy;

use kbwhy::{
    catalog::Catalog,
    model::{Host, KbId},
    plan::{
        self, Request,
        minimal::{self, Fix, Outcome},
        order::{Binding, Group, Item, Warning, Why, order},
        simulate::{self, Change},
        what_if::{self, Wanted},
    },
    resolve::{explain, question::Question, verdict::Verdict},
};
use proptest::prelude::*;
use snapbox::{
    Assert, Data,
    cmd::{Command, OutputAssert, cargo_bin},
    data::DataFormat,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

fn number(kb: KbId) -> u32 {
    kb.number() - 10_000
}

fn verdict(catalog: &Catalog, host: &Host, n: u32) -> Verdict {
    let question = Question { kb: Some(toy::id(n)), ..Question::default() };
    explain(catalog, host, &question).decision.verdict
}

// order

fn ordered(text: &str, given: &[u32]) -> Vec<Group> {
    let given: Vec<_> = given.iter().map(|n| toy::id(*n).into()).collect();
    order(&toy::catalog(text), &given, kbwhy::model::ProductSet::default()).groups
}

/// `1 2 | 3*` : stages; `*` was not given. Warnings after `!`: `1<2` needless, `1#2` apart.
fn in_short(groups: &[Group]) -> String {
    let of = |g: &Group| {
        let mut stages: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for s in &g.steps {
            let name = s.item.kb().map_or_else(|| "step".into(), |kb| number(kb).to_string());
            stages.entry(s.stage).or_default().push(format!("{name}{}", if s.given { "" } else { "*" }));
        }
        let mut out = stages.values().map(|s| s.join(" ")).collect::<Vec<_>>().join(" | ");
        for w in &g.warnings {
            out.push_str(&match w {
                Warning::Superseded { older, newer, .. } => {
                    format!(" !{}<{}", number(*older), number(*newer))
                }
                Warning::Exclude { one, other, .. } => format!(" !{}#{}", number(*one), number(*other)),
                Warning::Excluded { kb, .. } => format!(" !{}#", number(*kb)),
                Warning::Withdrawn { kb, .. } => format!(" !{}gone", number(*kb)),
            });
        }
        out
    };
    groups.iter().map(of).collect::<Vec<_>>().join(" ; ")
}

/// (catalog, given, order in short)
const ORDERS: &[(&str, &[u32], &str)] = &[
    ("1; 2", &[2, 1], "1 2"),
    ("2 needs 1", &[2, 1], "1 | 2"),
    ("3 needs 2; 2 needs 1", &[1, 2, 3], "1 | 2 | 3"),
    // not given, and needed first
    ("3 needs 2; 2 needs 1", &[3], "1* | 2* | 3"),
    ("3 needs 2; 2 needs 1", &[3, 1], "1 | 2* | 3"),
    // any member will do, and one that was given is taken
    ("3 needs 1|2", &[3, 2], "2 | 3"),
    ("3 needs 1|2", &[3], "1* | 3"),
    ("3 needs 1 & 2", &[3, 2, 1], "1 2 | 3"),
    // what replaces a member will do for it
    ("3 needs 1; 2 > 1", &[3, 2], "2 | 3"),
    ("stack 1 2; 3 needs 1+", &[3, 2], "2 | 3"),
    // an older one is needless beside the one that replaces it, and goes first if at all
    ("2 > 1", &[2, 1], "1 | 2 !1<2"),
    ("stack 1 2 3", &[3, 1], "1 | 3 !1<3"),
    ("3 > 2; 2 > 1", &[3, 1], "1 | 3 !1<3"),
    // but not where the newer one waits for it
    ("stack 1 3; 2 needs 1+; 3 needs 2", &[3, 2, 1], "1 | 2 | 3"),
    // the loop trap: the newer stack waits for what it would serve
    ("stack 1 3; 2 needs 1+; 3 needs 2", &[3, 2], "1* | 2 | 3"),
    ("stack 1 3; 2 needs 1+; 3 needs 2", &[3], "1* | 2* | 3"),
    // a checkpoint is needed by all that follow, though each of them would do for the others
    ("rollup 1 2 3; 2 needs 1+; 3 needs 1+", &[1, 2, 3], "1 | 2 | 3 !2<3"),
    // a circle ends
    ("1 needs 2; 2 needs 1", &[1, 2], "1 | 2"),
    // apart
    ("1 conflicts 2", &[1, 2], "1 2 !1#2"),
    // another product: groups
    ("only p2 1; 2 needs 3; 3", &[1, 2, 3], "3 | 2 ; 1"),
    ("withdrawn 1 for 2", &[1], "1 !1gone"),
    ("rollup 1@2016-11-08; months 2@2016-11-08", &[1, 2], "2 | 1 !2<1"),
];

#[test]
fn orders() {
    let mut wrong = Vec::new();
    for (text, given, want) in ORDERS {
        let got = in_short(&ordered(text, given));
        if got != *want {
            wrong.push(format!("[{text}] given {given:?}: want `{want}`, got `{got}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unknown_updates_have_no_place() {
    let catalog = toy::catalog("1");
    let given = [toy::id(1).into(), toy::id(77).into(), toy::id(1).into()];
    let ordered = order(&catalog, &given, kbwhy::model::ProductSet::default());
    assert_eq!(ordered.unknown.iter().map(|(kb, _)| *kb).collect::<Vec<_>>(), [toy::id(77)]);
    assert_eq!(ordered.duplicates.keys().copied().collect::<Vec<_>>(), [toy::id(1)]);
    assert_eq!(in_short(&ordered.groups), "1");
}

/// What orders that were made by hand say, as pairs: (given, the earlier, the later). Steps that are no update by name.
type ByHand = (&'static [&'static str], &'static [(&'static str, &'static str)]);

const BY_HAND: &[ByHand] = &[
    (
        &[
            "KB3173424",
            "KB2934018",
            "KB2919355",
            "KB2932046",
            "KB2959977",
            "KB2937592",
            "KB2938439",
            "KB2919442",
        ],
        &[
            ("KB2919442", "clearcompressionflag.exe"),
            ("clearcompressionflag.exe", "KB2919355"),
            ("KB2919355", "KB2932046"),
            ("KB2932046", "KB2959977"),
            ("KB2959977", "KB2937592"),
            ("KB2937592", "KB2938439"),
            ("KB2938439", "KB2934018"),
            ("KB2919355", "KB3173424"),
        ],
    ),
    (
        &["KB2975061", "KB2919355"],
        &[("KB2975061", "clearcompressionflag.exe"), ("clearcompressionflag.exe", "KB2919355")],
    ),
    (
        &["KB4474419", "KB4519976", "KB976932", "KB4490628"],
        &[
            ("KB976932", "KB4490628"),
            ("KB976932", "KB4474419"),
            ("KB4490628", "KB4519976"),
            ("KB4474419", "KB4519976"),
        ],
    ),
    (
        &["KB3172605", "KB3125574", "KB3020369", "KB976932"],
        &[
            ("KB976932", "KB3020369"),
            ("KB3020369", "KB3125574"),
            ("KB3020369", "KB3172605"),
            ("KB3125574", "KB3172605"),
        ],
    ),
    (
        &["KB2841134", "KB2670838", "KB2834140", "KB2729094"],
        &[("KB2670838", "KB2841134"), ("KB2834140", "KB2841134"), ("KB2729094", "KB2841134")],
    ),
    (&["KB4480961", "KB4465659", "KB4132216"], &[("KB4132216", "KB4465659"), ("KB4465659", "KB4480961")]),
    (
        &["KB948465", "KB936330", "KB937287", "KB938371"],
        &[("KB937287", "KB936330"), ("KB938371", "KB936330"), ("KB936330", "KB948465")],
    ),
    (&["KB5015684", "KB5015878"], &[("KB5015878", "KB5015684")]),
    (&["KB5065426", "KB5043080", "KB5064081"], &[("KB5043080", "KB5065426"), ("KB5043080", "KB5064081")]),
];

#[test]
fn orders_made_by_hand_are_respected() {
    for (given, pairs) in BY_HAND {
        let given: Vec<_> = given.iter().map(|t| t.parse::<KbId>().unwrap().into()).collect();
        let ordered = order(Catalog::embedded(), &given, kbwhy::model::ProductSet::default());
        let g = &ordered.groups[0];
        let name = |i: &Item| {
            i.kb().map_or_else(
                || match i {
                    Item::Manual(s) => s.clone(),
                    Item::Update(_) => String::new(),
                },
                |kb| kb.to_string(),
            )
        };
        let stage: BTreeMap<String, u32> = g.steps.iter().map(|s| (name(&s.item), s.stage)).collect();
        for (before, after) in *pairs {
            assert!(stage[*before] < stage[*after], "{before} before {after} in {stage:?}");
        }
    }
}

// what-if

type World = (Vec<(u32, Vec<u32>)>, Vec<(u32, u32)>, BTreeSet<u32>);

/// A random catalog of updates 1 to 7 with prerequisites and supersedence, circles included, and what is installed.
fn worlds() -> impl Strategy<Value = World> {
    let clause = (1u32..8, prop::collection::vec(1u32..8, 1..3));
    (
        prop::collection::vec(clause, 0..7),
        prop::collection::vec((1u32..8, 1u32..8), 0..4),
        prop::collection::btree_set(1u32..8, 0..3),
    )
}

fn text_of(needs: &[(u32, Vec<u32>)], supersedes: &[(u32, u32)]) -> String {
    let mut out: Vec<String> = (1..8).map(|n| n.to_string()).collect();
    for (n, members) in needs {
        let members: Vec<String> = members.iter().map(ToString::to_string).collect();
        out.push(format!("{n} needs {}", members.join("|")));
    }
    out.extend(supersedes.iter().filter(|(a, b)| a != b).map(|(a, b)| format!("{a} > {b}")));
    out.join(";")
}

fn host_of(has: &BTreeSet<u32>) -> Host {
    let list: Vec<String> = has.iter().map(ToString::to_string).collect();
    toy::host(&format!("has {}; complete", list.join(" ")))
}

fn after(catalog: &Catalog, host: &Host, n: u32) -> Host {
    let origin = simulate::named("test", "installed");
    simulate::settled(catalog, host, &[Change::Install(toy::id(n))], &origin).unwrap()
}

/// Is there an order in which each of these is applicable when its turn comes, and then the goal?
fn leads_to(catalog: &Catalog, host: &Host, set: &BTreeSet<u32>, goal: u32) -> bool {
    let mut work = vec![(host.clone(), set.clone())];
    while let Some((host, left)) = work.pop() {
        if left.is_empty() && verdict(catalog, &host, goal) == Verdict::Applicable {
            return true;
        }
        for n in &left {
            if verdict(catalog, &host, *n) == Verdict::Applicable {
                let mut left = left.clone();
                left.remove(n);
                work.push((after(catalog, &host, *n), left));
            }
        }
    }
    false
}

#[test]
fn a_forced_installation_is_told() {
    let catalog = toy::catalog("2 needs 1");
    let host = toy::host("complete");
    let wanted = Wanted { install: vec![toy::id(2)], ..Wanted::default() };
    let changed = what_if::change(&catalog, &host, &wanted).unwrap();
    let what_if::Done::Installed { decision, .. } = &changed.done[0] else { panic!("not installed") };
    assert_eq!(decision.verdict, Verdict::NotApplicable);
    // given in the wrong order, both are applicable in their turn
    let wanted = Wanted { install: vec![toy::id(2), toy::id(1)], ..Wanted::default() };
    let changed = what_if::change(&catalog, &host, &wanted).unwrap();
    let fine = |d: &what_if::Done| matches!(d, what_if::Done::Installed { decision, .. } if decision.verdict == Verdict::Applicable);
    assert!(changed.done.len() == 2 && changed.done.iter().all(fine));
}

#[test]
fn an_upgrade_leaves_no_update_behind() {
    let catalog = Catalog::embedded();
    let to = catalog.product_by_slug("windows-server-2022").unwrap().id;
    let mut host = Host::default();
    for fact in
        ["os.product=Windows Server 2019", "os.version=10.0.17763", "os.revision=1879", "os.architecture=x64"]
    {
        kbwhy::inventory::set_fact(&mut host, fact).unwrap();
    }
    kbwhy::inventory::set_fact(&mut host, "updates.installed=KB5005112").unwrap();
    let wanted = Wanted { upgrade: Some(to), ..Wanted::default() };
    let changed = what_if::change(catalog, &host, &wanted).unwrap();
    assert!(changed.host.updates.is_empty() && changed.host.revision.is_none());
    assert!(matches!(&changed.done[0], what_if::Done::Upgraded { doubts, .. } if doubts.is_empty()));
    let identity = kbwhy::resolve::identity::identify(catalog, &changed.host);
    assert_eq!(identity.products, kbwhy::model::ProductSet::of(to));
    // back is no upgrade
    let back =
        Wanted { upgrade: catalog.product_by_slug("windows-server-2016").map(|p| p.id), ..Wanted::default() };
    let changed = what_if::change(catalog, &changed.host, &back).unwrap();
    assert!(
        matches!(&changed.done[0], what_if::Done::Upgraded { doubts, .. } if doubts == &[what_if::Doubt::NoLater])
    );
}

#[test]
fn another_windows_has_its_own_update_of_the_month() {
    let catalog = Catalog::embedded();
    let mut host = Host::default();
    kbwhy::inventory::set_fact(&mut host, "os.version=6.3.9600").unwrap();
    kbwhy::inventory::set_fact(&mut host, "os.product=Windows Server 2012 R2").unwrap();
    let question = Question { kb: "KB5034122".parse().ok(), ..Question::default() };
    let Outcome::Never { counterparts, .. } = minimal::minimal(catalog, &host, &question).outcome else {
        panic!("it is for another product");
    };
    assert_eq!(counterparts, ["KB5034171".parse::<KbId>().unwrap()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every edge is respected, every update stands once, every demand is met by what comes before, or told.
    #[test]
    fn an_order_respects_every_edge((needs, supersedes, given) in worlds(), turn in 0usize..6) {
        let text = text_of(&needs, &supersedes);
        let given: Vec<u32> = given.into_iter().collect();
        let groups = ordered(&text, &given);
        let mut turned = given.clone();
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
        }
        prop_assert_eq!(format!("{:?}", ordered(&text, &turned)), format!("{:?}", groups.clone()));
        for g in &groups {
            let place: BTreeMap<&Item, (u32, usize)> =
                g.steps.iter().enumerate().map(|(n, s)| (&s.item, (s.stage, n))).collect();
            prop_assert_eq!(place.len(), g.steps.len());
            for e in &g.edges {
                let (a, b) = (place[&e.before], place[&e.after]);
                prop_assert!(a.0 < b.0 && a.1 < b.1, "{:?}", e);
            }
            let there: BTreeSet<KbId> = g.steps.iter().filter_map(|s| s.item.kb()).collect();
            prop_assert!(given.iter().all(|n| there.contains(&toy::id(*n))));
            // a demand of one member that is there: the member goes first, unless it waits for what asks
            for (n, members) in needs.iter().filter(|(n, _)| there.contains(&toy::id(*n))) {
                let [only] = members.as_slice() else { continue };
                if only == n || !there.contains(&toy::id(*only)) {
                    continue;
                }
                let (before, after) = (Item::Update(toy::id(*only)), Item::Update(toy::id(*n)));
                let told = g.circles.iter().any(|c| c.edge.before == before && c.edge.after == after);
                prop_assert!(place[&before].1 < place[&after].1 || told, "{} needs {}: {:?}", n, only, in_short(&groups));
            }
            // advice gives way to everything, and is never said to be required
            prop_assert!(g.edges.iter().all(|e| !matches!(e.why, Why::StackFirst) || e.binding == Binding::Advised));
        }
    }

    /// No change changes nothing.
    #[test]
    fn what_if_nothing_changes((needs, supersedes, has) in worlds()) {
        let catalog = toy::catalog(&text_of(&needs, &supersedes));
        let host = host_of(&has);
        let changed = what_if::change(&catalog, &host, &Wanted::default()).unwrap();
        prop_assert_eq!(&changed.host, &host);
        prop_assert!(what_if::compare_all(&catalog, &host, &changed.host).0.is_empty());
    }

    /// An update that nothing has to do with changes nothing but itself.
    #[test]
    fn an_unrelated_update_changes_only_itself((needs, supersedes, has) in worlds()) {
        let catalog = toy::catalog(&format!("{};20", text_of(&needs, &supersedes)));
        let host = host_of(&has);
        let wanted = Wanted { install: vec![toy::id(20)], ..Wanted::default() };
        let changed = what_if::change(&catalog, &host, &wanted).unwrap();
        let (differing, all) = what_if::compare_all(&catalog, &host, &changed.host);
        prop_assert_eq!(all, 8);
        prop_assert_eq!(differing.iter().map(|c| c.kb).collect::<Vec<_>>(), [toy::id(20)]);
    }

    /// The whole catalog at once says what each question says.
    #[test]
    fn the_whole_catalog_is_every_question((needs, supersedes, has) in worlds(), n in 1u32..8) {
        let catalog = toy::catalog(&text_of(&needs, &supersedes));
        let host = host_of(&has);
        let wanted = Wanted { install: vec![toy::id(n)], ..Wanted::default() };
        let changed = what_if::change(&catalog, &host, &wanted).unwrap();
        let (differing, _) = what_if::compare_all(&catalog, &host, &changed.host);
        for m in 1..8 {
            let (was, is) = (verdict(&catalog, &host, m), verdict(&catalog, &changed.host, m));
            let told = differing.iter().find(|c| c.kb == toy::id(m));
            if let Some(c) = told {
                prop_assert_eq!((c.before.verdict, c.after.verdict), (was, is));
            } else {
                prop_assert_eq!(was, is);
            }
        }
    }

    /// What-if of the steps of a plan is what the plan comes to.
    #[test]
    fn what_if_of_a_plan_is_its_replay((needs, supersedes, has) in worlds(), goal in 1u32..8) {
        let catalog = toy::catalog(&text_of(&needs, &supersedes));
        let host = host_of(&has);
        let made = plan::plan(&catalog, &host, &Request::to([toy::id(goal)]));
        let changes: Vec<Change> = made.steps.iter().map(|s| s.change.clone()).collect();
        let installs: Vec<KbId> = changes.iter().filter_map(|c| if let Change::Install(kb) = c { Some(*kb) } else { None }).collect();
        prop_assume!(made.possible && !installs.is_empty() && installs.len() == changes.len());
        let wanted = Wanted { install: installs, ..Wanted::default() };
        let changed = what_if::change(&catalog, &host, &wanted).unwrap();
        let fine = |d: &what_if::Done| matches!(d, what_if::Done::Installed { decision, .. } if decision.verdict == Verdict::Applicable);
        prop_assert!(changed.done.iter().all(fine), "{:?}", changed.done);
        let origin = simulate::named("test", "plan");
        let replayed = simulate::settled(&catalog, &host, &changes, &origin).unwrap();
        for n in 1..8 {
            prop_assert_eq!(verdict(&catalog, &changed.host, n), verdict(&catalog, &replayed, n));
        }
    }

    /// Every set leads to the update, none of its changes can be left out, and no smaller set does.
    #[test]
    fn the_smallest_change_is_one((needs, supersedes, has) in worlds(), goal in 1u32..8) {
        let catalog = toy::catalog(&text_of(&needs, &supersedes));
        let host = host_of(&has);
        let question = Question { kb: Some(toy::id(goal)), ..Question::default() };
        let found = minimal::minimal(&catalog, &host, &question);
        let was = verdict(&catalog, &host, goal);
        let Outcome::Sets(sets) = &found.outcome else {
            if matches!(found.outcome, Outcome::Applies) {
                prop_assert_eq!(was, Verdict::Applicable);
            } else if was == Verdict::NotApplicable && matches!(found.outcome, Outcome::Unknown { .. }) && !found.cut {
                // none was found: there is none of up to three updates
                for set in subsets(3) {
                    prop_assert!(!leads_to(&catalog, &host, &set, goal), "{:?} would do", set);
                }
            }
            return Ok(());
        };
        let mut smallest = usize::MAX;
        for made in sets {
            prop_assert!(made.iter().all(|m| !m.unless_present));
            let installs: Vec<u32> = made.iter().filter_map(|m| match &m.fix { Fix::Host(Change::Install(kb)) => Some(number(*kb)), _ => None }).collect();
            prop_assert_eq!(installs.len(), made.len());
            let mut now = host.clone();
            for n in &installs {
                prop_assert_eq!(verdict(&catalog, &now, *n), Verdict::Applicable, "{} of {:?}", n, installs);
                now = after(&catalog, &now, *n);
            }
            prop_assert_eq!(verdict(&catalog, &now, goal), Verdict::Applicable);
            let set: BTreeSet<u32> = installs.iter().copied().collect();
            for n in &set {
                let mut less = set.clone();
                less.remove(n);
                prop_assert!(!leads_to(&catalog, &host, &less, goal), "{} is needless in {:?}", n, set);
            }
            smallest = smallest.min(set.len());
        }
        if smallest <= 4 {
            for set in subsets(smallest - 1) {
                prop_assert!(!leads_to(&catalog, &host, &set, goal), "{:?} is smaller", set);
            }
        }
    }
}

/// Sets of up to so many of the updates 1 to 7.
fn subsets(at_most: usize) -> Vec<BTreeSet<u32>> {
    (0u32..128)
        .map(|bits| (1..8).filter(|n| bits >> (n - 1) & 1 == 1).collect::<BTreeSet<u32>>())
        .filter(|s| s.len() <= at_most)
        .collect()
}

// the command line

fn kbwhy(args: &[&str]) -> Command {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache");
    Command::new(cargo_bin!("kbwhy"))
        .with_assert(Assert::new().action_env("SNAPSHOTS"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("KBWHY_CACHE", cache)
        .args(args)
}

fn run(args: &[&str]) -> OutputAssert {
    kbwhy(args).assert()
}

fn snapshot(name: &str) -> Data {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/what_if").join(name);
    Data::read_from(&path, Some(DataFormat::Text)).raw()
}

fn fails(output: OutputAssert, code: i32, line: &str) {
    output.code(code).stdout_eq("").stderr_eq(format!("{line}\n"));
}

#[test]
fn order_on_the_command_line() {
    let april = ["order", "KB3173424", "KB2919355", "KB2932046", "KB2959977"];
    let with = |more: &[&'static str]| april.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>();
    run(&with(&[])).code(0).stdout_eq(snapshot("order.txt")).stderr_eq("");
    run(&with(&["--format", "json"])).code(0).stdout_eq(snapshot("order.json"));
    run(&with(&["--format", "mermaid"])).code(0).stdout_eq(snapshot("order.mermaid"));
    run(&with(&["--format", "dot"])).code(0).stdout_eq(snapshot("order.dot"));
    run(&["order", "KB3191566", "windows6.1-kb2506143-x64.msu", "KB5034122", "KB4519976", "--ascii"])
        .code(0)
        .stdout_eq(snapshot("order-apart.txt"));
    run(&["order", "KB99999999"]).code(5).stdout_eq(snapshot("order-unknown.txt"));
    fails(
        run(&["order", "setup.exe"]),
        2,
        "kbwhy: `setup.exe` is no KB and no file here, and names none (expected KB2919355 or windows8.1-kb2919355-x64.msu)",
    );
    fails(run(&["order", "examples"]), 2, "kbwhy: examples: is a folder; give it as --folder");
    fails(
        run(&["order", "--folder", "examples"]),
        3,
        "kbwhy: examples: has no .msu, .cab or .mum files in it (folders within it are not looked at)",
    );
}

#[test]
fn a_folder_is_ordered_by_the_names_of_its_files() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("order-folder");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["windows8.1-kb2919355-x64.msu", "windows8.1-kb2919442-x64.msu", "readme.txt", "unnamed.cab"]
    {
        std::fs::write(folder.join(name), "not a package").unwrap();
    }
    let folder = folder.to_string_lossy().into_owned();
    let output = kbwhy(&["order", "--folder", &folder, "--format", "json"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(told.matches("only its name is used").count(), 3, "{told}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = report["groups"][0]["steps"].as_array().unwrap();
    let updates: Vec<&str> = steps.iter().filter_map(|s| s["update"].as_str()).collect();
    assert_eq!(updates, ["KB2919442", "KB2919355"]);
    assert_eq!(steps.last().unwrap()["files"][0], "windows8.1-kb2919355-x64.msu");
    assert_eq!(report["warnings"][0]["code"], "unnamed-file");
}

const HALF: &str = "examples/server-2012r2-half-patched.json";

#[test]
fn what_if_on_the_command_line() {
    let asked = ["what-if", "-i", HALF, "--install", "KB2919355", "KB3172614", "KB2919355", "KB5034122"];
    run(&asked).code(0).stdout_eq(snapshot("what-if.txt")).stderr_eq("");
    let json: Vec<&str> = asked.iter().copied().chain(["--format", "json"]).collect();
    run(&json).code(0).stdout_eq(snapshot("what-if.json"));
    run(&["what-if", "-i", HALF, "--install", "KB3172614"]).code(0).stdout_eq(snapshot("what-if-forced.txt"));
    run(&[
        "what-if",
        "-i",
        "examples/server-2019-ubr.json",
        "--set",
        "facts.servicing_stack=10.0.17763.2090",
        "KB5030214",
    ])
    .code(0)
    .stdout_eq(snapshot("what-if-set.txt"));
    fails(
        run(&["what-if", "-i", HALF]),
        2,
        "kbwhy: nothing is to change: give --install, --remove, --set or --upgrade-to",
    );
    fails(
        run(&["what-if", "-i", HALF, "--install", "KB2919355", "--remove", "KB2919355"]),
        2,
        "kbwhy: KB2919355 is both to be installed and to be removed",
    );
    fails(
        run(&["what-if", "-i", HALF, "--upgrade-to", "Amiga"]),
        2,
        "kbwhy: `Amiga` is no product that this catalog knows; name it as in \"Windows Server 2022\" or \"Windows 10 22H2\"",
    );
    fails(
        run(&["what-if", "-i", HALF, "--set", "os.weather=fine"]),
        2,
        "kbwhy: --set os.weather=fine: `os.weather` is no fact of kbwhy/host/1",
    );
}

/// The counts over the whole catalog change with it: what is told, not how many.
#[test]
fn what_if_over_the_whole_catalog() {
    let output =
        kbwhy(&["what-if", "-i", HALF, "--install", "KB2919355", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let become_applicable = &report["groups"][0];
    assert_eq!(become_applicable["verdict"], "applicable");
    let count = become_applicable["count"].as_u64().unwrap();
    assert!(count > 100, "{count}");
    assert_eq!(become_applicable["updates"].as_array().unwrap().len() as u64, count);
    let all: u64 = report["groups"].as_array().unwrap().iter().filter_map(|g| g["count"].as_u64()).sum();
    assert_eq!(report["updates"].as_array().unwrap().len() as u64, all);
    // bounded, unless all is asked for
    let text = kbwhy(&["what-if", "-i", HALF, "--install", "KB2919355"]).output().unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).lines().count() < 120);
    let upgraded = kbwhy(&["what-if", "-i", HALF, "--upgrade-to", "Windows Server 2022", "--format", "json"])
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&upgraded.stdout).unwrap();
    assert_eq!(report["host_after"]["version"], "10.0.20348");
    assert_eq!(report["host_after"]["updates_listed"], 0);
}

#[test]
fn the_smallest_change_on_the_command_line() {
    let bare = ["explain", "-i", "examples/server-2012r2-bare.txt", "--minimal"];
    let of = |kb: &'static str| bare.iter().copied().chain([kb]).collect::<Vec<_>>();
    run(&of("KB3172614")).code(1).stdout_eq(snapshot("minimal.txt"));
    run(&of("KB5034122")).code(1).stdout_eq(snapshot("minimal-other-product.txt"));
    let output = kbwhy(&of("KB3172614")).args(["--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["minimal"]["state"], "sets");
    let first: Vec<&str> = report["minimal"]["sets"][0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| c["update"].as_str())
        .collect();
    assert_eq!(first, ["KB2919442", "KB2919355"]);
}

// what broke once

/// A chain was followed only where its numbers happened to rise: 1 waits for 6, 6 for 2.
#[test]
fn a_chain_is_followed_whatever_its_numbers() {
    let catalog = toy::catalog("1;2;4;6;4 needs 1;6 needs 2;1 needs 6");
    let question = Question { kb: Some(toy::id(4)), ..Question::default() };
    let found = minimal::minimal(&catalog, &toy::host("has; complete"), &question);
    let Outcome::Sets(sets) = &found.outcome else { panic!("{:?}", found.outcome) };
    let installs = |set: &Vec<minimal::Made>| -> Vec<u32> {
        let of = |m: &minimal::Made| match &m.fix {
            Fix::Host(Change::Install(kb)) => number(*kb),
            other => panic!("{other:?}"),
        };
        set.iter().map(of).collect()
    };
    assert_eq!(sets.iter().map(installs).collect::<Vec<_>>(), [[2, 6, 1]]);
}

fn known(facts: &[&str]) -> Host {
    let mut host = Host::default();
    for f in facts {
        kbwhy::inventory::set_fact(&mut host, f).unwrap();
    }
    host
}

/// Windows 7 or Server 2008 R2: the service pack was no step, since it was not known what it makes of the host.
#[test]
fn a_service_pack_is_a_step_where_client_or_server_is_not_known() {
    let host = known(&["os.version=6.1.7600", "os.service_pack=0", "os.architecture=x64"]);
    let made = plan::plan(Catalog::embedded(), &host, &Request::to(["KB4490628".parse().unwrap()]));
    assert!(made.possible);
    let changes: Vec<&Change> = made.steps.iter().map(|s| &s.change).collect();
    let installs = ["KB976932", "KB4490628"].map(|kb| Change::Install(kb.parse().unwrap()));
    assert_eq!(changes, installs.iter().collect::<Vec<_>>());
    // and then it is no more known than before
    let origin = simulate::named("test", "service pack");
    let after = simulate::settled(Catalog::embedded(), &host, &installs[..1], &origin).unwrap();
    let words = kbwhy::resolve::identity::identify(Catalog::embedded(), &after).words;
    assert!(words.contains("Windows 7") && words.contains("Server 2008 R2"), "{words}");
}

/// A plan began with the update although its packages are for another Windows, as far as is known.
#[test]
fn an_update_of_another_windows_is_not_planned() {
    let host = known(&["os.version=10.0.19041", "os.product=Windows Server, version 2004"]);
    let made = plan::plan(Catalog::embedded(), &host, &Request::to(["KB5072653".parse().unwrap()]));
    assert!(!made.possible && made.steps.is_empty());
    assert_eq!(made.goals[0].state, plan::GoalState::Unknown);
    assert!(!made.asks.is_empty());
}
