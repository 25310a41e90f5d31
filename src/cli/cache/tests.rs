//! Pages and the manifest, in folders of their own.
#![allow(clippy::unwrap_used)]

use super::{Cache, Page};
use std::fs;

fn cache() -> (tempfile::TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache { folder: folder.path().join("new") };
    (folder, cache)
}

fn page(address: &str, text: &str) -> Page {
    Page { address: address.into(), fetched: "2026-11-21T16:00:00Z".into(), bytes: text.as_bytes().to_vec() }
}

#[test]
fn pages_come_back_and_the_last_one_counts() {
    let (_folder, cache) = cache();
    assert_eq!(cache.page("https://example.org/a?b=1").unwrap(), None);
    let first = page("https://example.org/a?b=1", "one");
    let other = page("https://example.org/a?b=2", "two");
    cache.add_pages(&[first.clone(), other.clone()]).unwrap();
    assert_eq!(cache.page(&first.address).unwrap(), Some(first.clone()));
    let again = Page { bytes: b"three".to_vec(), ..first };
    cache.add_pages(std::slice::from_ref(&again)).unwrap();
    assert_eq!(cache.page(&again.address).unwrap(), Some(again));
    assert_eq!(cache.page(&other.address).unwrap(), Some(other));
}

#[test]
fn a_page_is_whole_or_counts_as_not_fetched() {
    let (_folder, cache) = cache();
    let kept = page("https://example.org/", "text of a page");
    cache.add_pages(std::slice::from_ref(&kept)).unwrap();
    let folder = cache.folder().join("pages");
    let path = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        let read = cache.page(&kept.address).unwrap();
        assert!(read.is_none_or(|p| p.bytes == kept.bytes), "byte {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(cache.page(&kept.address).unwrap(), None, "cut at {at}");
    }
}
