//! What the parts of an answer cost: `cargo bench --manifest-path benches/Cargo.toml`.
//!
//! `whole` is all that the command does between reading the file and printing.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use kbwhy::{
    catalog::Catalog,
    explain::report,
    inventory::{Input, LogReader, read},
    model::{Host, KbId},
    render::{Style, to_json, to_text},
    resolve::{self, question::Question},
};
use std::hint::black_box;

const SYSTEMINFO: &[u8] = include_bytes!("../../examples/server-2012r2-bare.txt");
const HOTFIXES: &[u8] = include_bytes!("../../examples/windows-10-22h2-hotfix.csv");
const HOST: &[u8] = include_bytes!("../../examples/server-2012r2-half-patched.json");

fn host(bytes: &[u8]) -> Host {
    read(&Input { name: "host", bytes }).expect("the examples are inventories").host
}

fn question() -> Question {
    Question { kb: KbId::new(3_172_614), ..Question::default() }
}

fn catalog(c: &mut Criterion) {
    let mut group = c.benchmark_group("catalog");
    // the embedded catalog is opened once a process, so the bench opens the same facts from owned bytes
    let facts = kbwhy::catalog::text::parse(std::iter::empty());
    if let Ok(facts) = facts
        && let Ok(bytes) = kbwhy::catalog::compile::compile(&facts)
    {
        group.bench_function("from_bytes, an empty one", |b| {
            b.iter_batched(
                || bytes.clone(),
                |bytes| black_box(Catalog::from_bytes(bytes)),
                BatchSize::SmallInput,
            );
        });
    }
    group.bench_function("embedded, once open", |b| b.iter(|| black_box(Catalog::embedded().len())));
    let catalog = Catalog::embedded();
    group.bench_function("update", |b| {
        b.iter(|| catalog.update(black_box(KbId::new(3_172_614).expect("a KB"))))
    });
    group.bench_function("rules", |b| {
        b.iter(|| catalog.rules(black_box(KbId::new(3_172_614).expect("a KB"))))
    });
    group.bench_function("superseded_by", |b| {
        b.iter(|| catalog.superseded_by(black_box(KbId::new(2_919_442).expect("a KB"))));
    });
    group.finish();
}

fn inventory(c: &mut Criterion) {
    let mut group = c.benchmark_group("inventory");
    for (name, bytes) in [("systeminfo", SYSTEMINFO), ("Get-HotFix CSV", HOTFIXES), ("host/1", HOST)] {
        group.bench_function(name, |b| b.iter(|| host(black_box(bytes))));
    }
    let long: String = (0..5_000)
        .map(|n| format!("Package Identity : Package_for_KB{}~31bf3856ad364e35~amd64~~6.3.1.0\r\nState : Installed\r\n\r\n", 3_000_000 + n))
        .collect();
    group.bench_function("dism, 5000 packages", |b| b.iter(|| host(black_box(long.as_bytes()))));
    group.finish();
}

/// A CBS.log of about this many bytes: one line in fifty tells a state.
fn cbs_log(bytes: usize) -> Vec<u8> {
    let chat = [
        "CBS    Session: 30546173_4263962 initialized by client WindowsUpdateAgent.",
        "CSI    00000a2f [SR] Verifying 100 components",
        "CBS    Appl: detect Parent, Package: Microsoft-Windows-StepsRecorder-Package~31bf3856ad364e35~amd64~~10.0.19041.1, Parent: Microsoft-Windows-Client-Features-Package~31bf3856ad364e35~amd64~~10.0.19041.1, Disposition = Detect, VersionComp: EQ, BuildComp: GE, RevisionComp: GE, Exist: present",
        "CBS    Exec: Resolving Package: Microsoft-Windows-Lxss-merged-Package~31bf3856ad364e35~amd64~en-GB~10.0.19041.1, Update: 83a63d985602d4ec7a2ea0e440ceb6cb",
    ];
    let mut out = Vec::with_capacity(bytes + 512);
    let mut n = 0usize;
    while out.len() < bytes {
        n += 1;
        let text = match n % 50 {
            0 => format!(
                "CBS    Read out cached package applicability for package: Package_for_KB{}~31bf3856ad364e35~amd64~~6.1.1.0, ApplicableState: 112, CurrentState:112",
                2_500_000 + n / 50 % 3000
            ),
            _ => chat[n % chat.len()].to_owned(),
        };
        out.extend_from_slice(format!("2016-09-28 04:30:31, Info                  {text}\r\n").as_bytes());
    }
    out
}

fn logs(c: &mut Criterion) {
    let log = cbs_log(64 << 20);
    let mut group = c.benchmark_group("logs");
    group.sample_size(10).throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("CBS.log, 64 MB in pieces", |b| {
        b.iter(|| {
            let mut reader = LogReader::detect("CBS.log", &log).expect("it is a log");
            log.chunks(256 * 1024).for_each(|piece| reader.feed(piece));
            black_box(reader.finish().expect("it tells states"))
        });
    });
    group.finish();
}

fn answer(c: &mut Criterion) {
    let (catalog, host, question) = (Catalog::embedded(), host(SYSTEMINFO), question());
    let answer = resolve::explain(catalog, &host, &question);
    let ready = report(catalog, &host, &answer);
    let mut group = c.benchmark_group("answer");
    group.bench_function("resolve", |b| b.iter(|| resolve::explain(catalog, black_box(&host), &question)));
    group.bench_function("explain", |b| b.iter(|| report(catalog, &host, black_box(&answer))));
    group.bench_function("render text", |b| b.iter(|| to_text(black_box(&ready), Style::default())));
    group.bench_function("render JSON", |b| b.iter(|| to_json(black_box(&ready))));
    group.finish();
}

fn whole(c: &mut Criterion) {
    let question = question();
    c.bench_function("whole", |b| {
        b.iter(|| {
            let host = host(black_box(SYSTEMINFO));
            let answer = resolve::explain(Catalog::embedded(), &host, &question);
            to_text(&report(Catalog::embedded(), &host, &answer), Style::default())
        });
    });
}

criterion_group!(benches, catalog, inventory, logs, answer, whole);
criterion_main!(benches);
