//! What must be installed before each of some updates, and what stating a fact changes:
//! `cargo run --example what_is_missing`.

use kbwhy::{
    catalog::Catalog,
    inventory::{Input, merge, read, set_fact},
    model::{Host, KbId},
    plan::{Change, first_steps},
    resolve::{self, Answer, question::Question, verdict::Verdict},
};
use std::{
    error::Error,
    io::{self, Write},
};

fn ask(host: &Host, kb: KbId) -> Answer {
    resolve::explain(Catalog::embedded(), host, &Question { kb: Some(kb), ..Question::default() })
}

/// The updates of a plan, in order.
fn updates(host: &Host, answer: &Answer) -> Vec<KbId> {
    let update = |change: &Change| match change {
        Change::Install(kb) => Some(*kb),
        _ => None,
    };
    first_steps(Catalog::embedded(), host, answer).iter().filter_map(|step| update(&step.change)).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let half_patched = include_bytes!("server-2012r2-half-patched.json");
    let host = read(&Input { name: "server-2012r2-half-patched.json", bytes: half_patched })?.host;
    for kb in ["KB2919355", "KB3172614", "KB3173424"] {
        let answer = ask(&host, kb.parse()?);
        let steps: Vec<String> = updates(&host, &answer).iter().map(ToString::to_string).collect();
        writeln!(out, "{kb}: {}; install {}", answer.decision.verdict.name(), steps.join(", then "))?;
    }

    // the servicing stack that the April 2014 update needs is there, so the way is one step shorter
    let (baseline, stack): (KbId, KbId) = ("KB2919355".parse()?, "KB2919442".parse()?);
    let answer = ask(&host, "KB3172614".parse()?);
    assert_eq!(answer.decision.verdict, Verdict::NotApplicable);
    assert_eq!(updates(&host, &answer).first(), Some(&baseline));
    assert!(!updates(&host, &answer).contains(&stack));

    // Get-HotFix lists one cumulative update and no build: an older one is contained, whether a newer one is stays open
    let hotfixes =
        read(&Input { name: "hotfix.csv", bytes: include_bytes!("windows-10-22h2-hotfix.csv") })?.host;
    let (older, newer): (KbId, KbId) = ("KB5120249".parse()?, "KB5129236".parse()?);
    assert_eq!(ask(&hotfixes, older).decision.verdict, Verdict::NotApplicable);
    assert_eq!(ask(&hotfixes, newer).decision.verdict, Verdict::Unknown);

    // a second input about the same machine names the build; a fact stated by hand outranks it
    let banner = read(&Input { name: "ver.txt", bytes: include_bytes!("windows-10-22h2-ver.txt") })?.host;
    let mut host = merge(vec![hotfixes, banner]);
    set_fact(&mut host, "os.revision=7727")?;
    let settled = ask(&host, newer).decision.verdict;
    writeln!(out, "{newer}: {} once the build is known", settled.name())?;
    assert_eq!(settled, Verdict::AlreadyInstalled);

    // a fact that does not exist is refused
    assert!(set_fact(&mut host, "os.revison=7727").is_err());
    Ok(())
}
