//! Against a server on this computer, with pages of our own.

use super::{
    client::{Client, Clock, Policy, USER_AGENT},
    fetch::{Plan, fetch},
    links::Wanted,
    report::{self, Report},
    site,
    walk::Walk,
};
use crate::{
    catalog::Catalog,
    cli::{
        Exit, Failure,
        cache::{Cache, CacheArgs},
    },
    model::{Architecture, KbId, ProductSet},
    sources::update_catalog::samples::{self, Made},
};
use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// A request as the server saw it.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// What the server does.
enum Reply {
    Page(String),
    Status(u16, Vec<(&'static str, String)>, String),
    /// these bytes and no more, then the connection ends
    Raw(Vec<u8>),
    /// the head and a part of the body, then silence
    Silence,
}

struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    most_at_once: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://").trim_end_matches('/'));
    }
}

impl Server {
    /// Answers by target and by how often it was asked for before.
    fn new(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            url: format!("http://{}/", listener.local_addr().unwrap()),
            seen: Arc::default(),
            most_at_once: Arc::default(),
            stop: Arc::default(),
        };
        let (seen, most, stop) = (server.seen.clone(), server.most_at_once.clone(), server.stop.clone());
        let (answer, now) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (seen, most, answer, now) = (seen.clone(), most.clone(), answer.clone(), now.clone());
                thread::spawn(move || {
                    let Some(request) = read_request(&stream) else { return };
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let before = {
                        let mut all = seen.lock().unwrap();
                        let before = all.iter().filter(|s: &&Seen| s.target == request.target).count();
                        all.push(request.clone());
                        before
                    };
                    let reply = answer(&request.target, before);
                    now.fetch_sub(1, Ordering::SeqCst);
                    write_reply(stream, reply);
                });
            }
        });
        server
    }

    fn targets(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|s| s.target.clone()).collect()
    }
}

fn read_request(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length: usize = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen { method, target, headers, body: String::from_utf8(body).unwrap() })
}

fn write_reply(mut stream: TcpStream, reply: Reply) {
    let head = |status: u16, headers: &[(&str, String)], length: usize| {
        let mut out = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n");
        if !headers.iter().any(|(n, _)| *n == "Content-Type") {
            out.push_str("Content-Type: text/html; charset=utf-8\r\n");
        }
        for (name, value) in headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        out + "\r\n"
    };
    let bytes = match reply {
        Reply::Page(body) => (head(200, &[], body.len()) + &body).into_bytes(),
        Reply::Status(status, headers, body) => (head(status, &headers, body.len()) + &body).into_bytes(),
        Reply::Raw(bytes) => bytes,
        Reply::Silence => {
            let _ = stream.write_all((head(200, &[], 10_000) + "<html>").as_bytes());
            let _ = stream.flush();
            // until the client has enough of it
            let _ = stream.read(&mut [0; 16]);
            return;
        }
    };
    let _ = stream.write_all(&bytes);
    let _ = stream.flush();
}

/// A clock that only notes what was waited for.
#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Vec<Duration>>>);

impl Clock for Watch {
    fn wait(&mut self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
    fn now(&self) -> Timestamp {
        "2031-04-01T12:00:00Z".parse().unwrap()
    }
    fn chance(&mut self) -> f64 {
        1.0
    }
}

impl Watch {
    fn waits(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(|d| d.as_millis() as u64).collect()
    }
}

fn policy() -> Policy {
    Policy { silence: Duration::from_millis(400), limit: 200_000, ..Policy::default() }
}

struct Bench {
    cache: Cache,
    watch: Watch,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let args = CacheArgs { folder: Some(folder.path().join("cache")) };
        Self { cache: Cache::open(&args).unwrap(), watch: Watch::default(), _folder: folder }
    }

    fn client(&self) -> Client {
        Client::new(policy(), Box::new(self.watch.clone()), None, true).unwrap()
    }

    fn fetch_as(
        &self,
        url: &str,
        kbs: &[&str],
        plan: &Plan,
        online: bool,
        refresh: bool,
    ) -> Result<(Report, Exit), Failure> {
        let client = online.then(|| self.client());
        let mut walk = Walk::new(site(url).unwrap(), &self.cache, client, refresh, Box::new(|_| {}));
        let kbs: Vec<KbId> = kbs.iter().map(|k| k.parse().unwrap()).collect();
        fetch(&kbs, &mut walk, Catalog::embedded(), plan)
    }

    fn fetch(&self, url: &str, kbs: &[&str]) -> Result<(Report, Exit), Failure> {
        self.fetch_as(url, kbs, &Plan::default(), true, false)
    }

    fn text(&self, server: &Server, kb: &str) -> String {
        report::text(&self.fetch(&server.url, &[kb]).unwrap().0, false)
    }
}

const A: &str = "a0000000-0000-4000-8000-000000000001";
const A_ARM: &str = "a0000000-0000-4000-8000-00000000000a";
const B: &str = "a0000000-0000-4000-8000-000000000002";
const C: &str = "a0000000-0000-4000-8000-000000000003";
const OTHER: &str = "a0000000-0000-4000-8000-00000000000f";
const TITLE_A: &str =
    "2031-01 Cumulative Update for Windows 10 Version 1809 for x64-based Systems (KB9000001)";
const TITLE_ARM: &str =
    "2031-01 Cumulative Update for Windows 10 Version 1809 for ARM64-based Systems (KB9000001)";
const TITLE_B: &str =
    "2031-02 Cumulative Update for Windows 10 Version 1809 for x64-based Systems (KB9000002)";
const TITLE_C: &str =
    "2031-03 Cumulative Update for Windows 10 Version 1809 for x64-based Systems (KB9000003)";

fn made(guid: &'static str, title: &'static str) -> Made {
    Made {
        guid,
        title,
        products: "Windows 10, Windows 10 LTSC",
        date: "1/14/2031",
        replaced_by: Vec::new(),
        replaces: Vec::new(),
    }
}

fn updates() -> Vec<Made> {
    vec![
        Made { replaced_by: vec![(B, TITLE_B), (C, TITLE_C)], ..made(A, TITLE_A) },
        made(A_ARM, TITLE_ARM),
        Made { replaced_by: vec![(C, TITLE_C)], replaces: vec![TITLE_A], ..made(B, TITLE_B) },
        Made { replaces: vec![TITLE_A, TITLE_B], ..made(C, TITLE_C) },
        made(OTHER, "2031-01 Update that mentions KB9000001 in its description (KB9000099)"),
    ]
}

/// The site as it should be: KB9000001 has two updates on two pages of results, and a third that only mentions it.
fn usual(target: &str) -> Reply {
    let all = updates();
    if target == "/Search.aspx?q=KB9000001" {
        return Reply::Page(samples::results("KB9000001", &[all[0].clone(), all[4].clone()], (1, 2), (1, 3)));
    }
    if target == "/Search.aspx?q=KB9000001&p=1" {
        return Reply::Page(samples::results("KB9000001", &all[1..2], (2, 2), (3, 3)));
    }
    if let Some(query) = target.strip_prefix("/Search.aspx?q=") {
        return Reply::Page(samples::none(query));
    }
    if let Some(guid) = target.strip_prefix("/ScopedViewInline.aspx?updateid=") {
        return match all.iter().find(|u| u.guid == guid) {
            Some(u) => Reply::Page(samples::details(u, true)),
            None => Reply::Status(302, vec![("Location", "/Thanks.aspx?id=190".into())], String::new()),
        };
    }
    if target == "/Thanks.aspx?id=190" {
        return Reply::Page(samples::removed());
    }
    if target == "/DownloadDialog.aspx" {
        let sha1 = "2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
        return Reply::Page(samples::dialog(A, TITLE_A, &[("windows10.0-kb9000001-x64.msu", sha1, "")]));
    }
    Reply::Status(404, Vec::new(), String::new())
}

fn data(report: &Report) -> serde_json::Value {
    let mut v = serde_json::to_value(&report.kbs).unwrap();
    v[0].as_object_mut().unwrap().remove("from_cache");
    v
}

#[test]
fn two_pages_of_results_the_updates_and_what_comes_after() {
    let (server, bench) = (Server::new(|t, _| usual(t)), Bench::new());
    let text = bench.text(&server, "KB9000001");
    assert!(text.starts_with("KB9000001: 2 updates (fetched 2031-04-01T12:00:00Z)\n"), "{text}");
    assert!(text.contains("1 results that only mention it are left out"), "{text}");
    let chain = "    replaced by 2031-02 Cumulative Update for Windows 10 Version 1809 for\n      x64-based Systems (KB9000002)\n      then by 2031-03 ";
    assert!(text.contains(chain), "{text}");
    assert!(text.contains("replaced by none that the Update Catalog lists"), "{text}");
    assert!(text.lines().all(|l| l.len() <= 80 || l.starts_with("kept in")), "{text}");
    // the page of B tells that C came after it: the page of C is not needed
    let detail = |g: &str| format!("/ScopedViewInline.aspx?updateid={g}");
    assert_eq!(
        server.targets(),
        [
            "/Search.aspx?q=KB9000001".to_owned(),
            "/Search.aspx?q=KB9000001&p=1".to_owned(),
            detail(A),
            detail(A_ARM),
            detail(B)
        ]
    );
}

#[test]
fn a_short_chain_is_told_in_order_without_being_asked_for() {
    const D: &str = "a0000000-0000-4000-8000-000000000004";
    const TITLE_D: &str =
        "2031-03 Cumulative Update Preview for Windows 10 Version 1809 for x64-based Systems (KB9000004)";
    let pages = |target: &str| {
        let all = [
            Made { replaced_by: vec![(B, TITLE_B), (C, TITLE_C), (D, TITLE_D)], ..made(A, TITLE_A) },
            Made { replaced_by: vec![(C, TITLE_C), (D, TITLE_D)], ..made(B, TITLE_B) },
            Made { replaced_by: vec![(D, TITLE_D)], ..made(C, TITLE_C) },
            made(D, TITLE_D),
        ];
        match target.strip_prefix("/ScopedViewInline.aspx?updateid=") {
            Some(guid) => {
                let found = all.iter().find(|u| u.guid == guid).unwrap();
                Reply::Page(samples::details(found, true))
            }
            None => Reply::Page(samples::results("KB9000001", &all[..1], (1, 1), (1, 1))),
        }
    };
    let (server, bench) = (Server::new(move |t, _| pages(t)), Bench::new());
    let text = bench.text(&server, "KB9000001");
    let at = |kb: &str| text.find(kb).unwrap_or_else(|| panic!("{kb}: {text}"));
    assert!(at("(KB9000002)") < at("(KB9000003)") && at("(KB9000003)") < at("(KB9000004)"), "{text}");
    assert!(text.matches("then by").count() == 2 && !text.contains("in an order"), "{text}");
}

#[test]
fn requests_are_polite() {
    let (server, bench) = (Server::new(|t, _| usual(t)), Bench::new());
    bench.fetch(&server.url, &["KB9000001"]).unwrap();
    let seen = server.seen.lock().unwrap();
    assert_eq!(server.most_at_once.load(Ordering::SeqCst), 1);
    assert_eq!(bench.watch.waits(), vec![1500; seen.len() - 1]);
    for s in seen.iter() {
        assert_eq!(s.method, "GET");
        assert_eq!(s.headers["user-agent"], USER_AGENT);
        assert!(USER_AGENT.starts_with("kbwhy/") && USER_AGENT.contains("(+https://"));
        assert_eq!(s.headers["accept-language"], "en-US");
        assert!(s.headers["accept-encoding"].contains("gzip"));
    }
}

#[test]
fn a_second_run_asks_nobody_and_tells_the_same() {
    let (server, bench) = (Server::new(|t, _| usual(t)), Bench::new());
    let plan = Plan { links: true, ..Plan::default() };
    let url = server.url.clone();
    let (first, _) = bench.fetch_as(&url, &["KB9000001"], &plan, true, false).unwrap();
    let asked = server.targets().len();
    let (again, _) = bench.fetch_as(&url, &["KB9000001"], &plan, true, false).unwrap();
    assert_eq!((server.targets().len(), data(&again)), (asked, data(&first)));
    // --refresh asks for all of it again
    bench.fetch_as(&url, &["KB9000001"], &plan, true, true).unwrap();
    assert_eq!(server.targets().len(), 2 * asked);
    drop(server);
    let (offline, exit) = bench.fetch_as(&url, &["KB9000001"], &plan, false, false).unwrap();
    assert_eq!((data(&offline), exit), (data(&first), Exit::Good));
    assert!(report::text(&offline, false).contains("from the cache"));
    let e = bench.fetch_as(&url, &["KB9000077"], &plan, false, false).unwrap_err();
    assert!(e.exit == Exit::Catalog && e.line.contains("not in the cache"), "{}", e.line);
}

/// What was fetched takes part in answers.
#[test]
fn facts_reach_the_catalog() {
    let (server, bench) = (Server::new(|t, _| usual(t)), Bench::new());
    bench.fetch(&server.url, &["KB9000001"]).unwrap();
    let stored = bench.cache.sources().unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].source.id, "update-catalog-kb9000001");
    let rows = bench.cache.rows(&stored[0]).unwrap().unwrap();
    let edges: Vec<(String, String)> =
        rows.updates.iter().flat_map(|u| u.supersedes.iter().map(|s| (u.kb.clone(), s.kb.clone()))).collect();
    assert_eq!(
        edges,
        [("KB9000002".to_owned(), "KB9000001".to_owned()), ("KB9000003".to_owned(), "KB9000002".to_owned())]
    );
    // what only mentions the KB says nothing about it
    assert!(rows.updates.iter().all(|u| u.kb != "KB9000099"));
}

#[test]
fn nothing_found_removed_and_faults_are_never_not_superseded() {
    let bench = Bench::new();
    let server = Server::new(|t, _| usual(t));
    let text = bench.text(&server, "KB9000077");
    assert!(text.contains("finds nothing; it may have been removed"), "{text}");
    assert!(!text.contains("replaced by none"), "{text}");
    assert!(bench.cache.sources().unwrap().is_empty());

    let gone = Server::new(|t, _| match t.strip_prefix("/ScopedViewInline.aspx") {
        Some(_) => Reply::Status(302, vec![("Location", "/Thanks.aspx?id=190".into())], String::new()),
        None => usual(t),
    });
    let text = bench.text(&gone, "KB9000001");
    assert_eq!(
        text.matches("removed: its page is gone, so what replaced it is not known").count(),
        2,
        "{text}"
    );
    assert!(!text.contains("replaced by none"), "{text}");
}

#[test]
fn the_sites_own_faults_are_asked_again_and_told_by_number() {
    for page in [samples::fault("8DDD0010"), samples::unanswered(), samples::home().replace("</html>", "")] {
        let passing = page.clone();
        let server = Server::new(move |t, n| if n < 2 { Reply::Page(passing.clone()) } else { usual(t) });
        let bench = Bench::new();
        let (report, exit) = bench.fetch(&server.url, &["KB9000001"]).unwrap();
        assert_eq!((exit, report.kbs[0].updates.len()), (Exit::Good, 2));

        let lasting = page.clone();
        let server = Server::new(move |_, _| Reply::Page(lasting.clone()));
        let bench = Bench::new();
        let e = bench.fetch(&server.url, &["KB9000001"]).unwrap_err();
        assert!(
            e.exit == Exit::Catalog && e.line.contains("asked 4 times") && !e.line.contains('\n'),
            "{}",
            e.line
        );
        assert_eq!(server.targets().len(), 4);
        // 2, 4 and 8 seconds between, beside the pause
        assert_eq!(bench.watch.waits(), [2000, 1500, 4000, 1500, 8000, 1500]);
        // nothing of it was kept
        let e = bench.fetch_as(&server.url, &["KB9000001"], &Plan::default(), false, false).unwrap_err();
        assert!(e.line.contains("not in the cache"), "{}", e.line);
    }
    let server = Server::new(|_, _| Reply::Status(500, Vec::new(), samples::fault("8DDD0010")));
    let e = Bench::new().fetch(&server.url, &["KB9000001"]).unwrap_err();
    assert!(e.line.contains("error 8DDD0010"), "{}", e.line);
}

#[test]
fn a_busy_server_is_waited_for_as_it_asks() {
    let busy = |status: u16, after: &'static str| {
        Server::new(move |t, n| match n {
            0 => Reply::Status(status, vec![("Retry-After", after.into())], "busy".into()),
            _ => usual(t),
        })
    };
    for (server, want) in [
        (busy(429, "7"), 7000),
        (busy(503, "9"), 9000),
        (busy(503, "Tue, 01 Apr 2031 12:00:30 GMT"), 30_000),
        // less than its own first wait, and in the past
        (busy(429, "0"), 2000),
        (busy(503, "Tue, 01 Apr 2031 11:00:00 GMT"), 2000),
        (busy(503, "soon"), 2000),
    ] {
        let bench = Bench::new();
        bench.fetch(&server.url, &["KB9000001"]).unwrap();
        assert_eq!(bench.watch.waits()[0], want);
    }
    let (server, bench) = (busy(429, "86400"), Bench::new());
    let e = bench.fetch(&server.url, &["KB9000001"]).unwrap_err();
    assert!(e.line.contains("left alone for 86400 s"), "{}", e.line);
    assert_eq!((server.targets().len(), bench.watch.waits().len()), (1, 0));
}

#[test]
fn broken_answers_are_asked_for_again() {
    let cut = |whole: &str| {
        let body = samples::none("KB9000001");
        let half = &body[..body.len() / 2];
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n{whole}\r\n{half}",
            body.len()
        )
    };
    for broken in [cut(""), "HTTP/1.1 200 OK\r\nContent-Ty".to_owned(), String::new()] {
        let first = broken.clone();
        let server = Server::new(move |t, n| match n {
            0 => Reply::Raw(first.clone().into_bytes()),
            _ => usual(t),
        });
        let bench = Bench::new();
        let (report, _) = bench.fetch(&server.url, &["KB9000001"]).unwrap();
        assert_eq!(report.kbs[0].updates.len(), 2);
    }
    let server = Server::new(|_, _| Reply::Silence);
    let bench = Bench::new();
    let e = bench.fetch(&server.url, &["KB9000001"]).unwrap_err();
    assert!(e.line.contains("asked 4 times"), "{}", e.line);
    assert_eq!(server.targets().len(), 4);
}

#[test]
fn what_is_no_page_of_the_site_is_told_once() {
    let login = "<html><head><title>Sign in</title></head><body><form id=\"login\"></form></body></html>";
    let typed =
        |kind: &str, body: &str| Reply::Status(200, vec![("Content-Type", kind.to_owned())], body.to_owned());
    type Case = (Box<dyn Fn() -> Reply + Send + Sync>, &'static str);
    let cases: Vec<Case> = vec![
        (Box::new(|| Reply::Page(login.into())), "no page of the Update Catalog"),
        (Box::new(|| Reply::Page(samples::home())), "no page of the Update Catalog"),
        (Box::new(|| Reply::Page("\u{0}\u{1}garbage".into())), "no page of the Update Catalog"),
        (Box::new(|| Reply::Page(format!("<html>{}</html>", "x".repeat(300_000)))), "larger than"),
        (Box::new(move || typed("application/zip", "PK")), "content of type application/zip"),
        (Box::new(|| Reply::Status(403, Vec::new(), "no".into())), "HTTP 403"),
        (Box::new(|| Reply::Status(407, Vec::new(), "no".into())), "--proxy"),
        (
            Box::new(|| {
                Reply::Status(302, vec![("Location", "http://login.example.net/".into())], String::new())
            }),
            "redirected to login.example.net",
        ),
        (
            Box::new(|| Reply::Status(302, vec![("Location", "/again".into())], String::new())),
            "redirected too often",
        ),
    ];
    for (reply, want) in cases {
        let server = Server::new(move |_, _| reply());
        let bench = Bench::new();
        let e = bench.fetch(&server.url, &["KB9000001"]).unwrap_err();
        assert!(
            e.exit == Exit::Catalog && e.line.contains(want) && !e.line.contains('\n'),
            "{}: {want}",
            e.line
        );
        assert!(server.targets().len() <= 7 && bench.watch.waits().is_empty(), "{want}");
    }
}

#[test]
fn packed_answers_are_unpacked_within_the_limit() {
    let gzip = |body: String| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(body.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            packed.len()
        );
        [head.into_bytes(), packed].concat()
    };
    let server = Server::new(move |t, _| match usual(t) {
        Reply::Page(body) => Reply::Raw(gzip(body)),
        other => other,
    });
    let (report, _) = Bench::new().fetch(&server.url, &["KB9000001"]).unwrap();
    assert_eq!(report.kbs[0].updates.len(), 2);
    let packed = gzip(" ".repeat(5 << 20));
    let bomb = Server::new(move |_, _| Reply::Raw(packed.clone()));
    let e = Bench::new().fetch(&bomb.url, &["KB9000001"]).unwrap_err();
    assert!(e.line.contains("larger than"), "{}", e.line);
}

/// The network goes away in the middle: what was fetched stays, and is not asked for again.
#[test]
fn a_run_that_was_broken_off_goes_on() {
    let gone = Arc::new(AtomicBool::new(true));
    let flag = gone.clone();
    let server = Server::new(move |t, _| {
        if t.contains(A_ARM) && flag.load(Ordering::SeqCst) { Reply::Raw(Vec::new()) } else { usual(t) }
    });
    let bench = Bench::new();
    let e = bench.fetch(&server.url, &["KB9000001"]).unwrap_err();
    assert_eq!(e.exit, Exit::Catalog);
    let before = server.targets().len();
    gone.store(false, Ordering::SeqCst);
    let (report, exit) = bench.fetch(&server.url, &["KB9000001"]).unwrap();
    assert_eq!((exit, report.kbs[0].updates.len()), (Exit::Good, 2));
    let asked = server.targets().split_off(before);
    assert!(asked.iter().all(|t| t.contains(A_ARM) || t.contains(B)), "{asked:?}");
}

/// One KB fails, another does not: what is known of the one is told, and the exit code tells of the other.
#[test]
fn the_others_are_told_when_one_fails() {
    let server = Server::new(|t, _| match t.contains("KB9000077") {
        true => Reply::Page(samples::fault("8DDD0010")),
        false => usual(t),
    });
    let bench = Bench::new();
    let (report, exit) = bench.fetch(&server.url, &["KB9000077", "KB9000001"]).unwrap();
    assert_eq!(exit, Exit::Catalog);
    let text = report::text(&report, false);
    assert!(text.contains("KB9000077: not known: ") && text.contains("KB9000001: 2 updates"), "{text}");
}

#[test]
fn without_a_network_one_line_says_so() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bench = Bench::new();
    let e = bench.fetch(&format!("http://127.0.0.1:{port}/"), &["KB9000001", "KB9000002"]).unwrap_err();
    assert!(
        e.exit == Exit::Catalog && e.line.starts_with("no network: 127.0.0.1 cannot be reached"),
        "{}",
        e.line
    );
    assert!(bench.watch.waits().is_empty());
    assert!(!bench.cache.folder().exists());
}

#[test]
fn only_https_is_asked_but_for_this_computer() {
    assert!(site("https://www.catalog.update.microsoft.com").is_ok());
    assert!(site("http://[::1]:8080").is_ok() && site("http://localhost").is_ok());
    for bad in [
        "http://www.catalog.update.microsoft.com",
        "ftp://127.0.0.1/",
        "catalog",
        "file:///etc/passwd",
        "http://127.0.0.1.example.net/",
    ] {
        assert_eq!(site(bad).unwrap_err().exit, Exit::Usage, "{bad}");
    }
}

#[test]
fn a_proxy_is_asked_by_the_whole_address() {
    let proxy = Server::new(|t, _| usual(t.strip_prefix("http://localhost:9").unwrap_or("/none")));
    let bench = Bench::new();
    let client = Client::new(policy(), Box::new(bench.watch.clone()), Some(&proxy.url), true).unwrap();
    let place = site("http://localhost:9/").unwrap();
    let mut walk = Walk::new(place, &bench.cache, Some(client), false, Box::new(|_| {}));
    let kb = ["KB9000001".parse().unwrap()];
    // NO_PROXY of the environment may name this computer
    if std::env::var_os("NO_PROXY").or(std::env::var_os("no_proxy")).is_none() {
        let (report, _) = fetch(&kb, &mut walk, Catalog::embedded(), &Plan::default()).unwrap();
        assert_eq!(report.kbs[0].updates.len(), 2);
    }
    assert!(
        Client::new(policy(), Box::new(Watch::default()), Some("::no::"), true)
            .is_err_and(|e| e.exit == Exit::Usage)
    );
}

fn wanted(slug: &str, architecture: Option<Architecture>) -> Plan {
    let catalog = Catalog::embedded();
    let products = catalog.product_by_slug(slug).map_or(ProductSet::default(), |p| ProductSet::of(p.id));
    Plan {
        links: true,
        chain: false,
        wanted: Some(Wanted { products, architecture, words: "the host".into() }),
    }
}

#[test]
fn the_package_for_a_host() {
    let server = Server::new(|t, _| usual(t));
    for (slug, architecture, exit, says) in [
        ("windows-10-1809", Some(Architecture::X64), Exit::Good, format!("for the host: {TITLE_A}")),
        (
            "windows-10-22h2",
            Some(Architecture::X64),
            Exit::Refused,
            "for the host: none of these packages".into(),
        ),
        (
            "windows-10-1809",
            Some(Architecture::X86),
            Exit::Refused,
            "for the host: none of these packages".into(),
        ),
        ("windows-10-1809", None, Exit::Unknown, "2 may fit, and what is known does not decide".into()),
        ("", Some(Architecture::X64), Exit::Unknown, "1 may fit, and what is known does not decide".into()),
    ] {
        let plan = wanted(slug, architecture);
        let (report, got) = Bench::new().fetch_as(&server.url, &["KB9000001"], &plan, true, false).unwrap();
        let text = report::text(&report, false);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(got, exit, "{text}");
        assert!(flat.contains(&says), "{text}");
        if exit == Exit::Good {
            assert!(text.contains("      SHA-1   DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\n"), "{text}");
            assert!(text.contains("windows10.0-kb9000001-x64.msu\n      https://"), "{text}");
            assert!(text.contains("not for this host: is for arm64"), "{text}");
        }
    }
    let dialog = server.seen.lock().unwrap().iter().find(|s| s.method == "POST").cloned().unwrap();
    assert_eq!(dialog.target, "/DownloadDialog.aspx");
    assert!(dialog.body.starts_with("updateIDs=%5B%7B%22size%22%3A0"), "{}", dialog.body);
    assert!(dialog.body.contains(A), "{}", dialog.body);
}

/// What a plan calls the file of a step: only pages that were fetched tell, and only where they decide.
#[test]
fn fetched_pages_name_files_without_being_asked_for_again() {
    let (server, bench) = (Server::new(|t, _| usual(t)), Bench::new());
    let url = server.url.clone();
    let kb = "KB9000001".parse().unwrap();
    let named = |slug: &str, architecture| {
        let wanted = wanted(slug, architecture).wanted.unwrap();
        super::known::of_pages(kb, &bench.cache, site(&url).unwrap(), Catalog::embedded(), wanted)
    };
    let x64 = Some(Architecture::X64);
    assert!(named("windows-10-1809", x64).is_empty());
    bench.fetch_as(&url, &["KB9000001"], &wanted("windows-10-1809", x64), true, false).unwrap();
    let asked = server.targets().len();
    let files = named("windows-10-1809", x64);
    assert_eq!(files[0].name, "windows10.0-kb9000001-x64.msu");
    assert!(files[0].url.starts_with("https://") && files[0].digest.is_some());
    assert!(named("windows-10-1809", None).is_empty());
    assert!(named("windows-10-22h2", x64).is_empty());
    assert_eq!(server.targets().len(), asked);
}

/// The answer to one update's page is the page of another, or of another page of results.
#[test]
fn mixed_up_answers_are_refused() {
    let server = Server::new(|t, _| match t.strip_prefix("/ScopedViewInline.aspx") {
        Some(_) => Reply::Page(samples::details(&updates()[3], true)),
        None => usual(t),
    });
    let e = Bench::new().fetch(&server.url, &["KB9000001"]).unwrap_err();
    assert!(e.line.contains("with that of"), "{}", e.line);
    let server = Server::new(|t, _| usual(t.trim_end_matches("&p=1")));
    let e = Bench::new().fetch(&server.url, &["KB9000001"]).unwrap_err();
    assert!(e.line.contains("page 2 of the search"), "{}", e.line);
}

mod guide {
    use super::{super::update::update, *};
    use crate::{
        catalog::facts::{Facts, SourceRow, UpdateRow},
        model::SourceKind,
        sources::{ImportError, Imported},
    };

    /// A document of these tests: `{"month":"2031-Mar","kbs":["KB9000001"]}`.
    fn import(bytes: &[u8], name: &str, day: &str) -> Result<Imported, ImportError> {
        let v: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|_| ImportError::new(name, "is no document"))?;
        let source = SourceRow {
            id: format!("test-{}", v["month"].as_str().unwrap()),
            url: "https://example.net/".into(),
            title: name.into(),
            read: day.into(),
            via: None,
            kind: None,
            digest: None,
        };
        let rows = v["kbs"].as_array().unwrap().iter().map(|k| UpdateRow {
            kb: k.as_str().unwrap().into(),
            title: Some("test".into()),
            standing: "verified".into(),
            source: source.id.clone(),
            ..UpdateRow::default()
        });
        let facts = Facts { sources: vec![source.clone()], updates: rows.collect(), ..Facts::default() };
        let kind = SourceKind::SecurityUpdateGuide;
        Ok(Imported { kind, format: "test", source, facts, metadata: None, remarks: Vec::new() })
    }

    fn json(body: &str) -> Reply {
        Reply::Status(200, vec![("Content-Type", "application/json; charset=utf-8".into())], body.into())
    }

    fn guide(target: &str) -> Reply {
        let index = r#"{"value":[
            {"ID":"2016-Apr","Alias":"2016-Apr","CurrentReleaseDate":"2018-04-10T07:00:00Z"},
            {"ID":"2031-Jan","Alias":"2031-Jan","CurrentReleaseDate":"2031-02-10T08:00:00Z"},
            {"ID":"2031-Feb","Alias":"2031-Feb","CurrentReleaseDate":"2031-03-10T08:00:00Z"},
            {"ID":"strange","CurrentReleaseDate":""}]}"#;
        match target {
            "/updates" => json(index),
            "/cvrf/2031-Jan" | "/cvrf/2031-Feb" | "/cvrf/2031-Mar" => {
                json(&format!(r#"{{"month":"{}","kbs":["KB9000001"]}}"#, &target[6..]))
            }
            _ => Reply::Status(404, Vec::new(), "none".into()),
        }
    }

    fn run(bench: &Bench, url: &str) -> Result<String, Failure> {
        update(&site(url).unwrap(), &mut bench.client(), &bench.cache, None, &mut |_| {}, import)
    }

    #[test]
    fn missing_months_and_the_last_three_are_asked_for() {
        let (server, bench) = (Server::new(|t, _| guide(t)), Bench::new());
        let text = run(&bench, &server.url).unwrap();
        // the index lags: March is there though it does not list it
        assert_eq!(
            server.targets(),
            ["/updates", "/cvrf/2031-Apr", "/cvrf/2031-Mar", "/cvrf/2031-Feb", "/cvrf/2031-Jan"]
        );
        assert!(text.starts_with("2031-Mar: 1 update\n2031-Feb: 1 update\n2031-Jan: 1 update\n"), "{text}");
        assert!(text.contains("not published yet: 2031-Apr\n"), "{text}");
        assert_eq!(bench.cache.sources().unwrap().len(), 3);
        let seen = server.seen.lock().unwrap();
        assert!(seen.iter().all(|s| s.headers["accept"].starts_with("application/json")));
        drop(seen);
        // what did not change since is not asked for again, but for the last three months
        run(&bench, &server.url).unwrap();
        assert_eq!(server.targets()[5..], ["/updates", "/cvrf/2031-Apr", "/cvrf/2031-Mar", "/cvrf/2031-Feb"]);
    }

    /// The site sent XML to whoever asked for JSON.
    #[test]
    fn a_month_in_xml_is_read_too() {
        let server = Server::new(|t, _| match guide(t) {
            Reply::Status(200, _, body) if t != "/updates" => {
                Reply::Status(200, vec![("Content-Type", "application/xml; charset=utf-8".into())], body)
            }
            other => other,
        });
        let text = run(&Bench::new(), &server.url).unwrap();
        assert!(text.starts_with("2031-Mar: 1 update\n"), "{text}");
    }

    #[test]
    fn without_a_network_the_cache_stays_as_it_is() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let bench = Bench::new();
        let e = run(&bench, &format!("http://127.0.0.1:{port}/")).unwrap_err();
        assert!(e.exit == Exit::Catalog && e.line.starts_with("no network: "), "{}", e.line);
        assert!(!bench.cache.folder().exists());
    }

    #[test]
    fn what_is_no_document_is_refused_and_not_kept() {
        let login = Server::new(|_, _| Reply::Page("<html>login</html>".into()));
        let garbage = Server::new(|t, _| if t == "/updates" { guide(t) } else { json("{\"x\": ") });
        for (server, want) in [(login, "content of type text/html"), (garbage, "is no document")] {
            let bench = Bench::new();
            let e = run(&bench, &server.url).unwrap_err();
            assert!(e.exit == Exit::Catalog && e.line.contains(want) && !e.line.contains('\n'), "{}", e.line);
            assert!(!bench.cache.folder().exists());
        }
    }
}
