//! `kbwhy catalog fetch` and `catalog update` as they are typed, without a network and against this computer.

use snapbox::cmd::Command;
use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Output,
    thread,
};

fn run(cache: &Path, args: &[&str]) -> Output {
    Command::new(snapbox::cmd::cargo_bin!("kbwhy"))
        .args(args)
        .env("KBWHY_CACHE", cache)
        .env_remove("KBWHY_CATALOG_SITE")
        .env_remove("KBWHY_MSRC_SITE")
        .output()
        .expect("kbwhy starts")
}

/// Exit code, and the only line on standard error; nothing on standard output.
fn refused(cache: &Path, args: &[&str]) -> (i32, String) {
    let out = run(cache, args);
    let error = String::from_utf8(out.stderr).expect("text is UTF-8");
    assert!(out.stdout.is_empty(), "{args:?}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    (out.status.code().expect("kbwhy ends by itself"), error)
}

fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let place = listener.local_addr().expect("it has an address");
    format!("http://{place}/")
}

#[test]
fn without_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let site = closed_port();
    for args in [
        &["catalog", "fetch", "KB5025239", "--site", &site][..],
        &["catalog", "fetch", "KB5025239", "--links", "--set", "os.architecture=x64", "--site", &site],
        &["catalog", "update", "--site", &site],
        &["catalog", "update", "--since", "2024-03", "--site", &site],
    ] {
        let (code, error) = refused(&cache, args);
        assert!(code == 4 && error.starts_with("kbwhy: no network: 127.0.0.1 cannot be reached"), "{error}");
    }
    let (code, error) = refused(&cache, &["catalog", "fetch", "KB5025239", "--offline"]);
    assert!(code == 4 && error.contains("not in the cache"), "{error}");
    assert!(!cache.exists());
}

#[test]
fn what_cannot_be_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (args, says) in [
        (&["catalog", "fetch", "5025239x"][..], "is not a KB number"),
        (&["catalog", "fetch", "KB5025239", "--proxy", "::no::"], "--proxy"),
        (&["catalog", "fetch", "KB5025239", "--site", "http://example.net/"], "only https"),
        (&["catalog", "fetch", "KB5025239", "--package-arch", "sparc"], "is not an architecture"),
        (&["catalog", "fetch", "KB5025239", "--package-for", "Solaris"], "no product that kbwhy knows"),
        (&["catalog", "update", "--since", "March"], "is no month"),
    ] {
        let (code, error) = refused(folder.path(), args);
        assert!(code == 2 && error.contains(says), "{code} {error}");
    }
}

/// A search that finds nothing is an answer; it is kept, and told with its day.
#[test]
fn nothing_found_is_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let site = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let n = stream.read(&mut request).unwrap();
        let page = "<!DOCTYPE html><html><body><span id=\"ctl00_catalogBody_noResultText\">We did not find any results for </span>\
                    <span id=\"ctl00_catalogBody_searchString\">\"KB9000077\"</span><div id=\"tableContainer\"></div></body></html>";
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        )
        .unwrap();
        String::from_utf8_lossy(&request[..n]).into_owned()
    });
    let folder = tempfile::tempdir().unwrap();
    let out = run(folder.path(), &["catalog", "fetch", "kb9000077", "--site", &site]);
    let request = server.join().unwrap();
    assert!(request.starts_with("GET /Search.aspx?q=KB9000077 HTTP/1.1\r\n"), "{request}");
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!((out.status.code(), out.stderr.len()), (Some(0), 0), "{text}");
    assert!(
        text.starts_with("KB9000077: the Update Catalog finds nothing; it may have been removed,"),
        "{text}"
    );
    // the server is gone
    let again = run(folder.path(), &["catalog", "fetch", "KB9000077", "--site", &site, "--format", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&told["format"], &told["kbs"][0]["result"]), (&"kbwhy/fetch/1".into(), &"none-found".into()));
    assert_eq!(told["kbs"][0]["from_cache"], true);
}
