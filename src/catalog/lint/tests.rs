//! Every check: a catalog that has the fault, and one that does not.
#![allow(clippy::unwrap_used)]

use super::{CHECKS, Finding, Level, lint};
use crate::catalog::{facts::Facts, text};

/// Three products: two editions of one branch with a line each, and Windows 7 before and after its service pack.
const BASE: &[(&str, &str)] = &[
    ("catalog.json", r#"{"schema":"1.0.0","as_of":"2024-01-01"}"#),
    (
        "sources.jsonl",
        r#"{"id":"s","url":"https://example.org/","title":"S","read":"2024-01"}
           {"id":"o","url":"https://example.org/o","title":"O","read":"2024-01","kind":"overlay"}
           {"id":"feed","url":"https://example.org/f","title":"F","read":"2024-01","kind":"definitions"}"#,
    ),
    (
        "branches.jsonl",
        r#"{"id":"a","builds":[22000],"source":"s"}
           {"id":"b","builds":[22621,22631],"source":"s"}
           {"id":"7","builds":[7600,7601],"source":"s"}"#,
    ),
    (
        "products.jsonl",
        r#"{"id":"a","name":"A","family":"client","version":"10.0.22000","branch":"a","architectures":["x64"],"source":"s"}
           {"id":"b","name":"B","family":"client","version":"10.0.22621","branch":"b","architectures":["x64"],"source":"s"}
           {"id":"b2","name":"B2","family":"client","version":"10.0.22631","branch":"b","architectures":["x64"],"source":"s"}
           {"id":"7","name":"Seven","family":"client","version":"6.1.7600","service_pack":0,"branch":"7","architectures":["x64"],"source":"s"}
           {"id":"7-sp1","name":"Seven SP1","family":"client","version":"6.1.7601","service_pack":1,"branch":"7","architectures":["x64"],"source":"s"}"#,
    ),
    (
        "lines.jsonl",
        r#"{"id":"line-a","kind":"cumulative","products":["a"],"build":22000,"chained":true,"basis":"x","source":"s"}
           {"id":"line-b","kind":"cumulative","products":["b"],"build":22621,"chained":true,"basis":"x","source":"s"}"#,
    ),
    (
        "lines/line-a.jsonl",
        r#"{"kb":"KB5000001","revision":100,"date":"2023-01-10","standing":"verified","source":"s"}
           {"kb":"KB5000002","revision":200,"date":"2023-02-14","standing":"verified","source":"s"}"#,
    ),
    (
        "lines/line-b.jsonl",
        r#"{"kb":"KB5000003","revision":100,"date":"2023-01-10","standing":"verified","source":"s"}
           {"kb":"KB5000004","revision":200,"date":"2023-02-14","standing":"verified","source":"s"}"#,
    ),
    (
        "updates.jsonl",
        r#"{"kb":"KB4000001","date":"2012-01-10","packages":[{"for":["7-sp1"]}],"all_packages_known":true,"standing":"verified","source":"s"}
           {"kb":"KB4000002","date":"2012-02-14","packages":[{"for":["7","7-sp1"]}],"standing":"verified","source":"s"}"#,
    ),
];

/// The base with rows added to its files.
fn with(rows: &[(&str, &str)]) -> Facts {
    let mut files: Vec<(String, String)> =
        BASE.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    for (name, row) in rows {
        match files.iter_mut().find(|(n, _)| n == name) {
            Some((_, text)) => *text = format!("{text}\n{row}"),
            None => files.push(((*name).to_owned(), (*row).to_owned())),
        }
    }
    text::parse(files.into_iter()).unwrap()
}

fn found(rows: &[(&str, &str)], check: &str) -> Vec<Finding> {
    assert!(CHECKS.iter().any(|c| c.name == check), "{check}");
    lint(&[&with(rows)]).into_iter().filter(|f| f.check == check).collect()
}

/// The fault is found once, at this level, about this; without it nothing is.
#[track_caller]
fn finds(check: &str, level: Level, about: &str, fault: &[(&str, &str)], fine: &[(&str, &str)]) {
    let bad = found(fault, check);
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert_eq!((bad[0].level, bad[0].about.as_str()), (level, about), "{bad:?}");
    let good = found(fine, check);
    assert!(good.is_empty(), "{good:?}");
}

fn update(kb: &str, more: &str) -> String {
    format!(r#"{{"kb":"{kb}",{more}"standing":"verified","source":"s"}}"#)
}

fn rule(id: &str, more: &str) -> String {
    format!(r#"{{"id":"{id}",{more},"standing":"verified","evidence":"ms","source":"s"}}"#)
}

const UPDATES: &str = "updates.jsonl";
const RULES: &str = "prerequisites.jsonl";
const RELATIONS: &str = "relations.jsonl";

#[test]
fn the_base_has_no_fault() {
    assert_eq!(lint(&[&with(&[])]), []);
}

#[test]
fn self_loops() {
    let fault = update("KB4000001", r#""supersedes":[{"kb":"KB4000001"}],"#);
    let doubt = r#"{"kb":"KB4000001","doubts":[{"claim":"supersedes","value":"KB4000001","why":"itself"}],"standing":"verified","source":"feed"}"#;
    let fine = update("KB4000002", r#""supersedes":[{"kb":"KB4000001"}],"#);
    finds("self-loop", Level::Error, "KB4000001", &[(UPDATES, &fault)], &[(UPDATES, &fine)]);
    // what an importer left out is found all the same
    finds("self-loop", Level::Error, "KB4000001", &[(UPDATES, doubt)], &[]);
}

#[test]
fn cycles_of_supersedence() {
    let one = update("KB4000002", r#""supersedes":[{"kb":"KB4000001"}],"#);
    let back = update("KB4000001", r#""supersedes":[{"kb":"KB4000002"}],"#);
    finds(
        "supersedes-cycle",
        Level::Error,
        "KB4000001",
        &[(UPDATES, &one), (UPDATES, &back)],
        &[(UPDATES, &one)],
    );
    // on no product is there a cycle
    let one = update("KB4000002", r#""supersedes":[{"kb":"KB4000001","for":["7-sp1"]}],"#);
    let back = update("KB4000001", r#""supersedes":[{"kb":"KB4000002","for":["7"]}],"#);
    finds("supersedes-cycle", Level::Warning, "KB4000001", &[(UPDATES, &one), (UPDATES, &back)], &[]);
}

#[test]
fn a_cycle_of_any_length() {
    let rows: Vec<String> = (0..20_000)
        .map(|n| {
            update(
                &format!("KB{}", 1_000_000 + n),
                &format!(r#""supersedes":[{{"kb":"KB{}"}}],"#, 1_000_000 + (n + 1) % 20_000),
            )
        })
        .collect();
    let all = rows.join("\n");
    assert_eq!(found(&[(UPDATES, &all)], "supersedes-cycle").len(), 1);
}

#[test]
fn a_cycle_of_prerequisites_of_any_length() {
    let id = |n: u32| format!("KB{}", 1_000_000 + n % 20_000);
    let rules: Vec<String> = (0..20_000)
        .map(|n| rule(&format!("r{n}"), &format!(r#""kb":"{}","requires":["{}"]"#, id(n), id(n + 1))))
        .collect();
    let found = found(&[(RULES, &rules.join("\n"))], "prerequisite-cycle");
    assert_eq!(found.len(), 1);
    assert!(found[0].text.starts_with("20000 updates need each other: KB1000000, "), "{}", found[0].text);
}

#[test]
fn older_updates_that_supersede_newer_ones() {
    // by the order of their line: for sure
    let fault = update("KB5000001", r#""supersedes":[{"kb":"KB5000002"}],"#);
    let fine = update("KB5000002", r#""supersedes":[{"kb":"KB5000001"}],"#);
    finds("supersedes-backwards", Level::Error, "KB5000001", &[(UPDATES, &fault)], &[(UPDATES, &fine)]);
    // by dates of a feed, which are those of its rows: doubtful
    let fault = update("KB4000001", r#""supersedes":[{"kb":"KB4000002"}],"#);
    let fine = update("KB4000002", r#""supersedes":[{"kb":"KB4000001"}],"#);
    finds("supersedes-backwards", Level::Warning, "KB4000001", &[(UPDATES, &fault)], &[(UPDATES, &fine)]);
    // by dates of lists of releases
    let fault = update("KB5000001", r#""supersedes":[{"kb":"KB5000004"}],"#);
    let fine = update("KB5000004", r#""supersedes":[{"kb":"KB5000001"}],"#);
    finds("supersedes-backwards", Level::Error, "KB5000001", &[(UPDATES, &fault)], &[(UPDATES, &fine)]);
    // a month is not before its days
    let month = update(
        "KB4000003",
        r#""date":"2012-02","packages":[{"for":["7"]}],"supersedes":[{"kb":"KB4000002"}],"#,
    );
    assert_eq!(found(&[(UPDATES, &month)], "supersedes-backwards"), []);
}

#[test]
fn edges_to_what_nothing_describes() {
    let fault = update("KB4000001", r#""supersedes":[{"kb":"KB3999999"}],"#);
    let fine = update("KB4000002", r#""supersedes":[{"kb":"KB4000001"}],"#);
    finds("dangling", Level::Warning, "KB4000001", &[(UPDATES, &fault)], &[(UPDATES, &fine)]);
    // a correction by hand names what it corrects
    let fault = r#"{"relation":"supersedes","from":"KB4000002","to":["KB3999999"],"standing":"verified","source":"o"}"#;
    finds("dangling", Level::Error, "KB4000002", &[(RELATIONS, fault)], &[]);
    let fault =
        r#"{"relation":"covers","from":"KB3999999","to":["KB4000002"],"standing":"verified","source":"s"}"#;
    finds("dangling", Level::Warning, "KB3999999", &[(RELATIONS, fault)], &[]);
    let gone = |by: &str| {
        format!(r#"{{"kb":"KB4000001","replacement":["{by}"],"why":"x","standing":"verified","source":"s"}}"#)
    };
    finds(
        "dangling",
        Level::Warning,
        "KB4000001",
        &[("withdrawn.jsonl", &gone("KB3999999"))],
        &[("withdrawn.jsonl", &gone("KB4000002"))],
    );
}

#[test]
fn tracks_are_not_crossed() {
    let doubt = |why: &str| {
        format!(
            r#"{{"kb":"KB4000002","doubts":[{{"claim":"supersedes","value":"KB4000001","why":"{why}"}}],"standing":"verified","source":"feed"}}"#
        )
    };
    finds(
        "crosses-tracks",
        Level::Warning,
        "KB4000002",
        &[(UPDATES, &doubt("tracks"))],
        &[(UPDATES, &doubt("lines"))],
    );
}

/// MSRC's feed states build 22621.1574 beside the update of Windows 11 21H2 that brings 22000.1574.
#[test]
fn the_build_of_kb5022836_is_none_of_its_product() {
    let entry =
        r#"{"kb":"KB5022836","revision":1574,"date":"2023-02-14","standing":"verified","source":"s"}"#;
    let line = ("lines/line-a.jsonl", entry);
    let stated = |build: &str| {
        format!(
            r#"{{"kb":"KB5022836","builds":[{{"build":"{build}","for":["a"]}}],"standing":"verified","source":"feed"}}"#
        )
    };
    let left_out = r#"{"kb":"KB5022836","doubts":[{"claim":"build","value":"10.0.22621.1574","for":["a"],"why":"other-build"}],"standing":"verified","source":"feed"}"#;
    let check = "build-of-another-product";
    finds(
        check,
        Level::Error,
        "KB5022836",
        &[line, (UPDATES, &stated("10.0.22621.1574"))],
        &[line, (UPDATES, &stated("10.0.22000.1574"))],
    );
    finds(check, Level::Error, "KB5022836", &[line, (UPDATES, left_out)], &[line]);
    let text = &found(&[line, (UPDATES, left_out)], check)[0].text;
    assert_eq!(text, "build 22621.1574 is stated for A (build 22000) by feed; others state 22000.1574");
    // another build of the branch is the same content
    let sibling = r#"{"kb":"KB5000003","builds":[{"build":"10.0.22621.100","for":["b2"]}],"standing":"verified","source":"feed"}"#;
    finds(check, Level::Note, "KB5000003", &[(UPDATES, sibling)], &[("lines/line-a.jsonl", entry)]);
    // a line for another Windows
    let line = r#"{"id":"odd","kind":"cumulative","products":["a"],"build":22621,"chained":true,"basis":"x","source":"s"}"#;
    finds(check, Level::Error, "odd", &[("lines.jsonl", line)], &[]);
}

#[test]
fn updates_of_other_products() {
    let fault = update("KB5000001", r#""packages":[{"for":["a","b"]}],"#);
    let fine = update("KB5000001", r#""packages":[{"for":["a","7"]}],"#);
    let check = "kb-of-another-product";
    finds(check, Level::Error, "KB5000001", &[(UPDATES, &fault)], &[(UPDATES, &fine)]);
    let left_out = r#"{"kb":"KB5000001","doubts":[{"claim":"package","for":["b"],"why":"other-line"}],"standing":"verified","source":"feed"}"#;
    finds(check, Level::Error, "KB5000001", &[(UPDATES, left_out)], &[]);
}

#[test]
fn one_update_one_build() {
    let stated = |build: &str| {
        format!(
            r#"{{"kb":"KB5000001","builds":[{{"build":"{build}","for":["a"]}}],"standing":"verified","source":"feed"}}"#
        )
    };
    finds(
        "two-builds",
        Level::Warning,
        "KB5000001",
        &[(UPDATES, &stated("22000.150"))],
        &[(UPDATES, &stated("22000.100"))],
    );
}

#[test]
fn lines_ascend_and_name_each_update_once() {
    let line = "lines/line-a.jsonl";
    let entry = |kb: &str, revision: u32| {
        format!(
            r#"{{"kb":"{kb}","revision":{revision},"date":"2023-03-14","standing":"verified","source":"s"}}"#
        )
    };
    let fine = entry("KB5000009", 300);
    finds(
        "same-build-twice",
        Level::Warning,
        "line-a",
        &[(line, &entry("KB5000009", 200))],
        &[(line, &fine)],
    );
    finds(
        "line-order",
        Level::Error,
        "lines/line-a.jsonl:3",
        &[(line, &entry("KB5000009", 150))],
        &[(line, &fine)],
    );
    finds("re-released", Level::Note, "line-a", &[(line, &entry("KB5000002", 201))], &[(line, &fine)]);
    finds(
        "duplicate",
        Level::Error,
        "lines/line-a.jsonl:3",
        &[(line, &entry("KB5000002", 200))],
        &[(line, &fine)],
    );
}

#[test]
fn rows_that_occur_twice() {
    let row = update("KB4000003", r#""date":"2012-03-13","#);
    let other = update("KB4000003", r#""title":"T","#);
    finds(
        "duplicate",
        Level::Error,
        "KB4000003",
        &[(UPDATES, &row), (UPDATES, &row)],
        &[(UPDATES, &row), (UPDATES, &other)],
    );
    let edge = r#""supersedes":[{"kb":"KB4000001"},{"kb":"KB4000001"}],"#;
    let once = r#""supersedes":[{"kb":"KB4000001"}],"#;
    finds(
        "duplicate",
        Level::Warning,
        "KB4000002",
        &[(UPDATES, &update("KB4000002", edge))],
        &[(UPDATES, &update("KB4000002", once))],
    );
    let one = rule("r1", r#""kb":"KB4000002","requires":["KB4000001"]"#);
    let two = rule("r2", r#""kb":"KB4000002","requires":["KB4000001"]"#);
    let else_where = rule("r2", r#""kb":"KB4000002","for":["7"],"requires":["KB4000001"]"#);
    finds(
        "duplicate",
        Level::Note,
        "r2",
        &[(RULES, &one), (RULES, &two)],
        &[(RULES, &one), (RULES, &else_where)],
    );
}

#[test]
fn the_same_fact_in_two_sources_is_no_duplicate() {
    let facts = with(&[]);
    let rows = Facts { updates: facts.updates.clone(), sources: facts.sources.clone(), ..Facts::default() };
    assert_eq!(lint(&[&facts, &rows]), []);
}

#[test]
fn cycles_of_prerequisites() {
    let check = "prerequisite-cycle";
    let there = rule("r1", r#""kb":"KB4000001","requires":["KB4000002"]"#);
    let back = rule("r2", r#""kb":"KB4000002","requires":["KB4000001"]"#);
    finds(check, Level::Error, "KB4000001", &[(RULES, &there), (RULES, &back)], &[(RULES, &there)]);
    // a member that can be installed opens it, and so does advice that need not be followed
    let open = rule("r2", r#""kb":"KB4000002","requires":["KB4000001|KB5000001"]"#);
    let soft = rule("r2", r#""kb":"KB4000002","requires":["KB4000001"],"strength":"recommended""#);
    assert_eq!(found(&[(RULES, &there), (RULES, &open)], check), []);
    assert_eq!(found(&[(RULES, &there), (RULES, &soft)], check), []);
    // every member of a clause leads back
    let both = rule("r1", r#""kb":"KB4000001","requires":["KB4000002|KB5000001"]"#);
    let third = rule("r3", r#""kb":"KB5000001","for":["a","7-sp1"],"requires":["KB4000001"]"#);
    finds(
        check,
        Level::Error,
        "KB4000001",
        &[(RULES, &both), (RULES, &back), (RULES, &third)],
        &[(RULES, &both), (RULES, &back)],
    );
    // on some hosts only
    let when = rule("r2", r#""kb":"KB4000002","when":["role:AD LDS"],"requires":["KB4000001"]"#);
    finds(check, Level::Warning, "KB4000001", &[(RULES, &there), (RULES, &when)], &[]);
    // on different products
    let on = rule("r2", r#""kb":"KB4000002","for":["7"],"requires":["KB4000001"]"#);
    assert_eq!(found(&[(RULES, &there), (RULES, &on)], check), []);
    let itself = rule("r1", r#""kb":"KB4000001","requires":["KB4000001"]"#);
    finds(check, Level::Error, "KB4000001", &[(RULES, &itself)], &[]);
}

#[test]
fn what_is_required_and_excluded() {
    let check = "requires-excluded";
    let fault = rule("r", r#""kb":"KB4000002","requires":["KB4000001"],"excludes":["KB4000001"]"#);
    let fine = rule("r", r#""kb":"KB4000002","requires":["KB4000001|sp>=1"],"excludes":["KB4000001"]"#);
    finds(check, Level::Error, "r", &[(RULES, &fault)], &[(RULES, &fine)]);
    let requires = rule("r1", r#""kb":"KB4000002","requires":["KB4000001"]"#);
    let excludes = rule("r2", r#""kb":"KB4000002","excludes":["KB4000001"]"#);
    let others = rule("r2", r#""kb":"KB5000001","excludes":["KB4000001"]"#);
    finds(
        check,
        Level::Error,
        "r1",
        &[(RULES, &requires), (RULES, &excludes)],
        &[(RULES, &requires), (RULES, &others)],
    );
}

#[test]
fn what_is_required_exists_for_the_product() {
    let check = "requires-other-product";
    let fault = rule("r", r#""kb":"KB5000001","requires":["KB4000001"]"#);
    let fine = rule("r", r#""kb":"KB5000001","requires":["KB4000001|licence:esu"]"#);
    finds(check, Level::Error, "r", &[(RULES, &fault)], &[(RULES, &fine)]);
    // the list of its products may be shorter than the truth
    let fault = rule("r", r#""kb":"KB5000001","requires":["KB4000002"]"#);
    finds(check, Level::Warning, "r", &[(RULES, &fault)], &[]);
    // a host without the service pack gets it first
    let waits = rule("r", r#""kb":"KB4000002","for":["7","7-sp1"],"requires":["KB4000001"]"#);
    assert_eq!(found(&[(RULES, &waits)], check), []);
    let fault = rule("r", r#""kb":"KB5000001","requires":["build^22621.100"]"#);
    let fine = rule("r", r#""kb":"KB5000001","requires":["build^22000.50"]"#);
    finds(check, Level::Error, "r", &[(RULES, &fault)], &[(RULES, &fine)]);
    let fault = rule("r", r#""kb":"KB4000002","requires":["sp>=2"]"#);
    let fine = rule("r", r#""kb":"KB4000002","requires":["sp>=1"]"#);
    finds(check, Level::Error, "r", &[(RULES, &fault)], &[(RULES, &fine)]);
    // what supersedes it is there
    let newer = update(
        "KB4000009",
        r#""date":"2012-05-08","packages":[{"for":["a"]}],"supersedes":[{"kb":"KB4000001","for":["7-sp1"]}],"#,
    );
    let fault = rule("r", r#""kb":"KB5000001","requires":["KB4000001"]"#);
    assert_eq!(found(&[(RULES, &fault), (UPDATES, &newer)], check), []);
}

#[test]
fn bounds_that_no_version_meets() {
    let check = "bounds-contradict";
    for (fault, fine) in [
        (r#""requires":["wmf>=4.0","wmf<4.0"]"#, r#""requires":["wmf>=3.0","wmf<4.0"]"#),
        (r#""requires":["dotnet>4.5,<4.5.1","dotnet>=4.6"]"#, r#""requires":["dotnet>4.5,<4.5.1"]"#),
        (r#""requires":["sp>=2","sp<=1"]"#, r#""requires":["sp>=1","sp<=1"]"#),
        (
            r#""requires":["build^22000.200","build<=22000.100"]"#,
            r#""requires":["build^22000.100","build<=22000.200"]"#,
        ),
        (
            r#""requires":["build^22000.200","build^22621.100"]"#,
            r#""requires":["build^22000.200|build^22621.100"]"#,
        ),
        (r#""when":["ie<9"],"requires":["ie>=9"]"#, r#""when":["ie>=8"],"requires":["ie>=9"]"#),
        (r#""requires":["ie>9,<9|ie>11,<10"]"#, r#""requires":["ie>9,<9|ie>10,<11"]"#),
    ] {
        let of = |more: &str| rule("r", &format!(r#""kb":"KB4000002",{more}"#));
        finds(check, Level::Error, "r", &[(RULES, &of(fault))], &[(RULES, &of(fine))]);
    }
}

#[test]
fn what_is_required_can_still_be_had() {
    let gone =
        |more: &str| format!(r#"{{"kb":"KB4000001",{more}"why":"x","standing":"verified","source":"s"}}"#);
    let need = rule("r", r#""kb":"KB4000002","for":["7-sp1"],"requires":["KB4000001"]"#);
    let withdrawn = "withdrawn.jsonl";
    finds(
        "requires-withdrawn",
        Level::Error,
        "r",
        &[(RULES, &need), (withdrawn, &gone(""))],
        &[(RULES, &need), (withdrawn, &gone(r#""replacement":["KB4000002"],"#))],
    );
    // where the next of its line does as well
    let need = rule("r", r#""kb":"KB5000002","requires":["KB5000001"]"#);
    let gone = r#"{"kb":"KB5000001","why":"x","standing":"verified","source":"s"}"#;
    assert_eq!(found(&[(RULES, &need), (withdrawn, gone)], "requires-withdrawn"), []);
}

#[test]
fn prerequisites_that_nothing_describes() {
    let fault = rule("r", r#""kb":"KB4000002","requires":["KB3999999"]"#);
    let fine = rule("r", r#""kb":"KB4000002","requires":["KB4000001"]"#);
    finds("unknown-kb", Level::Warning, "r", &[(RULES, &fault)], &[(RULES, &fine)]);
    finds(
        "unknown-kb",
        Level::Error,
        "r",
        &[(RULES, &fault.replace(r#""source":"s""#, r#""source":"o""#))],
        &[],
    );
}

#[test]
fn sources_that_disagree() {
    let dated = |date: &str| update("KB4000001", &format!(r#""date":"{date}","#));
    finds(
        "dates-disagree",
        Level::Note,
        "KB4000001",
        &[(UPDATES, &dated("2012-01-11"))],
        &[(UPDATES, &dated("2012-01"))],
    );
    let of_kind = |kind: &str| update("KB4000003", &format!(r#""kind":"{kind}","#));
    finds(
        "kinds-disagree",
        Level::Warning,
        "KB4000003",
        &[(UPDATES, &of_kind("hotfix")), (UPDATES, &of_kind("service-pack"))],
        &[
            (UPDATES, &of_kind("combined")),
            (UPDATES, &of_kind("cumulative-preview")),
            (UPDATES, &of_kind("update")),
        ],
    );
    let disputed = rule("r", r#""kb":"KB4000002","requires":["KB4000001"],"dispute":"one says so, one not""#);
    finds("dispute", Level::Note, "r", &[(RULES, &disputed)], &[]);
    let guess = rule("r", r#""kb":"KB4000002","requires":["KB4000001"]"#);
    finds(
        "unverified-alone",
        Level::Note,
        "KB4000002",
        &[(RULES, &guess.replace("verified", "unverified"))],
        &[(RULES, &guess)],
    );
}
