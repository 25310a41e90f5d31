//! The end of a file that ends without a line end: what stands there may be the head of something longer.

use super::lines::Line;
use super::words;
use crate::model::{Fact, Gap, Host, KbId, Location, Origin};

/// Takes back what the last line tells only as far as the file goes.
pub(super) fn settle_end(host: &mut Host, last: &Line) {
    drop_id(host, last);
    drop_feature(host, last);
    bound_numbers(host, last);
    // a value at the very end may be the head of a longer one
    host.registry.retain(|_, f| f.origin.at != Location::Line(last.number));
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
    let all = || host.updates.keys().chain(host.failed.keys());
    let comparable = all().count() == 1 || all().any(|k| k.number() >= 1_000_000);
    // half a character of UTF-16 may stand behind it
    let text = last.text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, tail) = text.split_at(text.len() - digits);
    // the width of a console may have broken the id itself, or the list whose first line it is read at
    let ends = |kb: &KbId| match head.trim().is_empty() {
        true => kb.number().to_string().ends_with(tail),
        false => kb.number().to_string() == tail,
    };
    let cut = |kb: &KbId| comparable && digits > 0 && kb.number() < 1_000_000 && ends(kb);
    let gone: Vec<KbId> = all().filter(|kb| cut(kb)).copied().collect();
    for kb in &gone {
        host.updates.remove(kb);
        host.failed.remove(kb);
        host.installed_on.remove(kb);
    }
    if let Some(list) = host.completeness.lists.last_mut().filter(|_| !gone.is_empty()) {
        list.gaps.push(Gap::Truncated);
        list.gaps.sort();
        list.gaps.dedup();
    }
}

/// `Disabled` may be the head of `Disabled with Payload Removed`.
fn drop_feature(host: &mut Host, last: &Line) {
    let value = last.text.rsplit([':', '|']).next().unwrap_or_default();
    let row = host.features.values().any(|f| f.origin.at == Location::Line(last.number));
    if !last.text.ends_with(char::is_alphanumeric) || !row && words::feature_state(value).is_none() {
        return;
    }
    // a record is read at its first line, the last one is the one that is cut
    let line = |o: &Origin| match o.at {
        Location::Line(number) => Some(number),
        _ => None,
    };
    let Some(cut) = host.features.values().filter_map(|f| line(&f.origin)).max() else { return };
    host.features.retain(|_, f| line(&f.origin) != Some(cut));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FeatureState, PackageState, Version};
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

    #[test]
    fn an_id_that_a_console_broke_may_be_cut_behind_the_break() {
        let told = |text: &str, kb: u32| {
            let fact = Fact::new(PackageState::Installed, Origin::line(&Arc::from("f"), "x", 1));
            let of = |kb: u32| KbId::new(kb).expect("a number");
            let mut host = Host {
                updates: [(of(5_044_033), fact.clone()), (of(kb), fact)].into(),
                failed: [(of(kb), Fact::new(String::new(), Origin::line(&Arc::from("f"), "x", 1)))].into(),
                ..Host::default()
            };
            settle_end(&mut host, &Line { number: 2, text: text.into() });
            (host.updates.len(), host.failed.len())
        };
        assert_eq!(told("               424", 500_424), (1, 0));
        assert_eq!(told("   KB5027397, KB504428", 504_428), (1, 0));
        assert_eq!(told("   KB5027397, KB504428}", 504_428), (2, 1));
        assert_eq!(told("   KB5027397, 428", 504_428), (2, 1));
        assert_eq!(told("               4244", 5_004_244), (2, 1));
    }

    #[test]
    fn a_feature_whose_state_may_go_on_is_not_known() {
        let features = |text: &str| {
            let fact = |line| Fact::new(FeatureState::Disabled, Origin::line(&Arc::from("f"), "x", line));
            let features = [("TFTP".into(), fact(4)), ("NetFx3".into(), fact(1))].into();
            let mut host = Host { features, ..Host::default() };
            settle_end(&mut host, &Line { number: 5, text: text.into() });
            host.features.len()
        };
        assert_eq!((features("State : Disabled"), features("TFTP | Disabled |")), (1, 2));
        assert_eq!(features("Description : x"), 2);
    }
}
