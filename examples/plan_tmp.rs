use kbwhy::{
    catalog::Catalog,
    explain::plan_report,
    inventory::{Input, read},
    plan::{Objective, Request, plan},
};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&a[1]).unwrap();
    let host = read(&Input { name: "h", bytes: &bytes }).unwrap().host;
    let mut r = Request::default();
    for x in &a[2..] {
        if let Some(o) = x.strip_prefix("--") {
            if o == "image" {
                r.image = true
            } else if let Some(o) = Objective::parse(o) {
                r.objective = o
            } else {
                r.assume.push(o.into())
            }
        } else if let Some(n) = x.strip_prefix('@') {
            let n: usize = n.parse().unwrap();
            let c = Catalog::embedded();
            let pr = c.product_by_slug("windows-server-2012-r2").unwrap().id;
            r.goals
                .extend(c.kbs().filter(|k| c.update(*k).is_some_and(|u| u.products().contains(pr))).take(n));
        } else {
            r.goals.push(x.parse().unwrap())
        }
    }
    let t = std::time::Instant::now();
    let p = plan(Catalog::embedded(), &host, &r);
    let el = t.elapsed();
    let rep = plan_report(Catalog::embedded(), &p);
    println!(
        "{} (possible {}, optimal {}, {} restarts, {:?})",
        rep.summary, rep.possible, rep.optimal, rep.restarts, el
    );
    for g in &rep.goals {
        if rep.goals.len() < 30 {
            println!("  goal {} {} {}", g.update, g.state, g.why);
        }
    }
    for s in &rep.steps {
        println!(
            "  {:2} st{} {} {} | {} | after {:?} | {}{}{}",
            s.number,
            s.stage,
            s.kind,
            s.update.clone().unwrap_or_default(),
            s.action,
            s.after,
            s.because,
            s.only_if.as_ref().map(|c| format!(" ONLY IF {} ({})", c.text, c.collect)).unwrap_or_default(),
            if s.restart { " RESTART" } else { "" }
        );
    }
    for b in &rep.blocked_by {
        println!("  BLOCKED {:?}", b);
    }
    for b in &rep.remarks {
        println!("  remark {}", b);
    }
    for b in &rep.unknown {
        println!("  unknown {:?}", b);
    }
}
