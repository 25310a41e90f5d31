//! The end of a file that ends without a line end: what stands there may be the head of something longer.

use super::lines::Line;
use crate::model::{Fact, Gap, Host, KbId, Location, Origin};

/// Takes back what the last line tells only as far as the file goes.
pub(super) fn settle_end(host: &mut Host, last: &Line) {
    drop_id(host, last);
    bound_numbers(host, last);
}

/// A build at the very end is not taken; a revision there is a lower bound: whatever digits follow make it larger.
fn bound_numbers(host: &mut Host, last: &Line) {
    let text = last.text.trim_end_matches(char::REPLACEMENT_CHARACTER).trim_end();
    if !text.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return;
    }
    let there = |o: &Origin| o.at == Location::Line(last.number);
    if let Some(revision) = host.revision.take_if(|r| there(&r.origin)) {
        let note =
            "the file ends right after the revision, which may be cut: end it with a line end if it is whole";
        host.notes.push(Fact::new(note.to_owned(), revision.origin.clone()));
        host.revision_at_least = Some(revision);
    }
    host.version.take_if(|v| there(&v.origin) && text.ends_with(&v.value.0[2].to_string()));
}

/// The id at the very end of a file that ends without a line end may be the head of a longer one:
/// it goes if it is shorter than others of the list, or if there is no other to compare.
fn drop_id(host: &mut Host, last: &Line) {
    let comparable = host.updates.len() == 1 || host.updates.keys().any(|k| k.number() >= 1_000_000);
    // half a character of UTF-16 may stand behind it
    let text = last.text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let id = text[text.len() - digits..].parse::<KbId>().ok();
    let Some(kb) = id.filter(|k| comparable && k.number() < 1_000_000) else { return };
    if host.updates.get(&kb).is_some_and(|f| f.origin.at == Location::Line(last.number)) {
        host.updates.remove(&kb);
        if let Some(list) = host.completeness.lists.last_mut() {
            list.gaps.push(Gap::Truncated);
            list.gaps.sort();
            list.gaps.dedup();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Version;
    use std::sync::Arc;

    fn host(text: &str, build: u32, revision: u32) -> (Option<u32>, Option<u32>, bool) {
        let origin = Origin::line(&Arc::from("f"), "x", 1);
        let mut host = Host {
            version: Some(Fact::new(Version([10, 0, build, 0]), origin.clone())),
            revision: Some(Fact::new(revision, origin)),
            ..Host::default()
        };
        settle_end(&mut host, &Line { number: 1, text: text.into() });
        let value = |f: Option<Fact<u32>>| f.map(|r| r.value);
        (value(host.revision), value(host.revision_at_least), host.version.is_some())
    }

    #[test]
    fn a_number_at_the_very_end_is_no_more_than_a_bound() {
        assert_eq!(host("UBR REG_DWORD 0x21", 26100, 0x21), (None, Some(0x21), true));
        assert_eq!(
            host("Microsoft Windows [Version 10.0.19044.1151]", 19044, 1151),
            (Some(1151), None, true)
        );
        assert_eq!(host("Microsoft Windows [Version 10.0.19044.11", 19044, 11), (None, Some(11), true));
        assert!(!host("CurrentBuild REG_SZ 190", 190, 0).2);
    }
}
