//! Cabinets: what is written is read, in one pass; what is damaged is told.

#![allow(clippy::unwrap_used, reason = "tests may panic")]
#![allow(clippy::print_stderr, reason = "a suite that is skipped says so")]

mod archives;

use archives::{Cabinet as Written, Members, Packing, cabinet};
use kbwhy::archive::{ArchiveError, Budget, Limits, cabinet::Cabinet};
use proptest::prelude::*;
use std::{
    cell::Cell,
    io::{Cursor, Read},
    rc::Rc,
};

const PACKINGS: [Packing; 7] = [
    Packing::Stored,
    Packing::MsZip,
    Packing::LzxRaw(15),
    Packing::LzxRaw(21),
    Packing::LzxVerbatim(16),
    Packing::LzxVerbatim(20),
    Packing::LzxAligned(18),
];

fn budget() -> Budget {
    Budget::new(Limits::default())
}

fn read(bytes: &[u8]) -> Result<Members, ArchiveError> {
    let mut out = Vec::new();
    let mut cabinet = Cabinet::open_file(Cursor::new(bytes), &budget())?;
    while let Some(mut m) = cabinet.next_member()? {
        out.push((m.name().to_owned(), m.read_all(u32::MAX)?));
    }
    Ok(out)
}

/// Text that packs well, and bytes that do not.
fn sample(size: usize, seed: u32) -> Vec<u8> {
    let mut x = seed | 1;
    (0..size)
        .map(|i| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if i / 300 % 3 == 0 { b"<UpdateIdentity "[i % 16] } else { (x >> 24) as u8 }
        })
        .collect()
}

#[test]
fn what_is_packed_in_any_way_is_read_again() {
    for packing in PACKINGS {
        for sizes in [vec![0, 1, 5], vec![32768], vec![100_000, 3, 0, 70_001], vec![32767, 2, 32769]] {
            let members: Members =
                (1u32..).zip(sizes).map(|(n, size)| (format!("c/{n}"), sample(size, n))).collect();
            for reserve in [None, Some((20, 0, 0)), Some((0, 3, 5))] {
                let folders = vec![(packing, members.clone()), (Packing::MsZip, members.clone())];
                let bytes = Written { folders, reserve, ..Written::default() }.bytes();
                let mut want = members.clone();
                want.extend(members.clone());
                // an empty member may stand before others of the same place
                let sorted = |mut m: Members| {
                    m.sort();
                    m
                };
                assert_eq!(sorted(read(&bytes).unwrap()), sorted(want), "{packing:?} {reserve:?}");
            }
        }
    }
}

#[test]
fn members_are_left_or_read_as_the_caller_likes() {
    for packing in PACKINGS {
        let members: Members = (0..40u32).map(|n| (format!("{n}"), sample(7000, n))).collect();
        let bytes = Written { folders: vec![(packing, members.clone())], ..Written::default() }.bytes();
        let mut cabinet = Cabinet::open(bytes.as_slice(), &budget()).unwrap();
        assert_eq!(cabinet.members().len(), 40);
        let mut n = 0;
        while let Some(mut m) = cabinet.next_member().unwrap() {
            match n % 4 {
                0 => assert_eq!(m.read_all(7000).unwrap(), members[n].1, "{packing:?}"),
                // a part of it
                1 => {
                    let mut some = vec![0; 1234];
                    m.read_exact(&mut some).unwrap();
                    assert_eq!(some, members[n].1[..1234], "{packing:?}");
                }
                2 => assert!(m.read_all(6999).is_err()),
                _ => {}
            }
            n += 1;
        }
        assert_eq!(n, 40);
    }
}

#[test]
fn an_inner_cabinet_is_read_while_the_outer_one_is() {
    let inner = cabinet(Packing::LzxVerbatim(17), &[("package.xml", &sample(200_000, 1)), ("x", b"y")]);
    let outer =
        cabinet(Packing::MsZip, &[("index.xml", b"<INDEX/>"), ("package.cab", &inner), ("z", b"end")]);
    let budget = budget();
    let mut cabinet = Cabinet::open(outer.as_slice(), &budget).unwrap();
    let mut seen = Vec::new();
    while let Some(mut member) = cabinet.next_member().unwrap() {
        if member.name() != "package.cab" {
            seen.push(member.read_all(100).unwrap());
            continue;
        }
        let within = budget.within("package.cab").unwrap();
        let mut inner = Cabinet::open(&mut member, &within).unwrap();
        let mut m = inner.next_member().unwrap().unwrap();
        assert_eq!(m.read_all(300_000).unwrap(), sample(200_000, 1));
        // the rest of the inner cabinet is left
    }
    assert_eq!(seen, [b"<INDEX/>".to_vec(), b"end".to_vec()]);
}

/// Counts what is read of it.
struct Counted<'a>(&'a [u8], Rc<Cell<u64>>);

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.read(out)?;
        self.1.set(self.1.get() + n as u64);
        Ok(n)
    }
}

#[test]
fn twelve_thousand_members_are_one_pass() {
    for packing in [Packing::MsZip, Packing::LzxVerbatim(21), Packing::Stored] {
        let members: Members = (0..12_500u32).map(|n| (format!("c\\{n}"), sample(563, n))).collect();
        let bytes = Written { folders: vec![(packing, members.clone())], ..Written::default() }.bytes();
        let read = Rc::new(Cell::new(0));
        let budget = budget();
        let mut cabinet = Cabinet::open(Counted(&bytes, read.clone()), &budget).unwrap();
        let mut n = 0u32;
        while let Some(mut m) = cabinet.next_member().unwrap() {
            assert_eq!(m.name(), format!("c/{n}"));
            assert_eq!(m.read_all(1000).unwrap(), members[n as usize].1);
            n += 1;
        }
        assert_eq!(n, 12_500);
        // every byte once: read, and unpacked
        assert_eq!(read.get(), bytes.len() as u64, "{packing:?}");
        assert_eq!(budget.unpacked(), 12_500 * 563, "{packing:?}");
    }
}

#[test]
fn as_many_members_as_there_can_be() {
    let members: Members = (0..65_535u32).map(|n| (format!("{n}"), vec![n as u8])).collect();
    let bytes = Written { folders: vec![(Packing::MsZip, members)], ..Written::default() }.bytes();
    let members = read(&bytes).unwrap();
    assert_eq!((members.len(), members[65_534].1.as_slice()), (65_535, [0xfe].as_slice()));
}

#[test]
fn limits_hold() {
    let zeros = vec![0; 3 << 20];
    let bomb = cabinet(Packing::MsZip, &[("a", &zeros), ("b", b"")]);
    let tried = |limits: Limits| {
        let mut cabinet = Cabinet::open(bomb.as_slice(), &Budget::new(limits))?;
        let mut m = cabinet.next_member()?.unwrap();
        m.read_all(u32::MAX).map(|b| b.len())
    };
    let free = Limits::default();
    assert_eq!(tried(free), Ok(3 << 20));
    for (limits, why) in [
        (Limits { members: 1, ..free }, "2 members, more than the 1"),
        (Limits { unpacked: 1 << 20, ..free }, "unpacks to more than the 1048576 bytes"),
        (Limits { ratio: 100, ..free }, "more than 100 times its size"),
    ] {
        let e = tried(limits).unwrap_err().to_string();
        assert!(e.contains(why), "{e}");
    }
    let deep = Budget::new(Limits { depth: 1, ..free });
    let e = deep.within("a.cab").unwrap().within("b.cab").unwrap_err();
    assert_eq!(e.to_string(), "a.cab > b.cab, byte 0: archives within archives, more than 1 deep");
}

/// The error of a cabinet with some bytes replaced.
fn refused(bytes: &[u8], changes: &[(usize, &[u8])]) -> String {
    let mut bytes = bytes.to_vec();
    for (at, new) in changes {
        bytes[*at..*at + new.len()].copy_from_slice(new);
    }
    read(&bytes).map(|m| m.len()).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_read_is_said() {
    let good = cabinet(Packing::MsZip, &[("one.txt", b"hello hello hello"), ("two.txt", b"world")]);
    let (folder, file) = (36, 44);
    let block = good.windows(2).position(|w| w == b"CK").unwrap() - 8;
    for (changes, why) in [
        (vec![(0, b"PK\x03\x04".as_slice())], "no cabinet begins like this"),
        (vec![(25, &[2])], "version 2.3"),
        (vec![(30, &[2])], "one of a set of cabinets: it is continued by"),
        (vec![(folder + 6, &[2, 0x14])], "Quantum"),
        (vec![(folder + 6, &[3, 30])], "window of 2^30"),
        (vec![(folder + 6, &[9, 0])], "unknown way (9)"),
        (vec![(folder, &[0, 0, 0, 9])], "beyond the cabinet's end"),
        (vec![(folder, &[4, 0, 0, 0])], "overlaps what stands before it"),
        (vec![(file + 8, &[7, 0])], "folder 7 of 1"),
        (vec![(file + 8, &[0xfe, 0xff])], "split between cabinets"),
        (vec![(file, &[0, 0, 1, 0])], "ends beyond its folder's data"),
        (vec![(file, &[18, 0, 0, 0])], "overlap"),
        (vec![(file + 16, b"../../x")], "leads out of the archive"),
        (vec![(file + 16, b"C:\\evil")], "names a drive"),
        (vec![(file + 16, b"\\evil.x")], "absolute path"),
        (vec![(file + 16, b"\x1b[2Jabc")], "control characters"),
        (vec![(block, b"\x01")], "checksum"),
        (vec![(block, &[0; 4]), (block + 8, b"XX")], "its mark CK is missing"),
        (vec![(block, &[0; 4]), (block + 6, &[0, 0])], "continued in another cabinet"),
        (vec![(block, &[0; 4]), (block + 6, &[30, 0])], "unpacks to 22 bytes, not to 30"),
        (vec![(block + 4, &[0xff, 0xff])], "larger than any"),
        (vec![(8, &[0, 1, 0, 0])], "cut off"),
    ] {
        let e = refused(&good, &changes);
        assert!(e.contains(why) && e.contains("byte "), "{why}: {e}");
        assert!(!e.contains(char::is_control), "{e}");
    }
}

#[test]
fn a_cabinet_that_is_cut_anywhere_is_refused_or_gives_what_it_holds() {
    for packing in PACKINGS {
        let members: Members = vec![("a".into(), sample(40_000, 1)), ("b".into(), sample(30_000, 2))];
        let bytes = Written { folders: vec![(packing, members.clone())], ..Written::default() }.bytes();
        for cut in (0..bytes.len()).step_by(613) {
            let e = read(&bytes[..cut]).unwrap_err().to_string();
            assert!(e.contains("cut off"), "{packing:?} at {cut}: {e}");
            // as a stream, whose size is not known
            let budget = budget();
            let Ok(mut cabinet) = Cabinet::open(&bytes[..cut], &budget) else { continue };
            let mut first = cabinet.next_member().unwrap().unwrap();
            match first.read_all(u32::MAX) {
                Ok(all) => assert_eq!(all, members[0].1),
                Err(e) => assert!(e.problem.contains("cut off"), "{e}"),
            }
        }
    }
}

#[test]
fn after_an_error_nothing_more_is_given_of_the_folder() {
    let members: Members = vec![("a".into(), sample(40_000, 1)), ("b".into(), sample(30_000, 2))];
    let folders = vec![(Packing::MsZip, members), (Packing::Stored, vec![("c".into(), b"good".to_vec())])];
    let mut bytes = Written { folders, ..Written::default() }.bytes();
    let block = bytes.windows(2).position(|w| w == b"CK").unwrap();
    bytes[block + 100] ^= 1;
    let mut cabinet = Cabinet::open_file(Cursor::new(bytes), &budget()).unwrap();
    for _ in 0..2 {
        let mut m = cabinet.next_member().unwrap().unwrap();
        assert!(m.read_all(u32::MAX).is_err() && m.read(&mut [0]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// With checksums, a flipped bit is found or does not matter; without, nothing panics or runs on.
    #[test]
    fn flipped_bits_are_found(
        which in 0..PACKINGS.len(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4),
        no_checksums: bool,
    ) {
        // the checksum is an exclusive-or: two flips may cancel out
        let sure = flips.len() == 1 && !no_checksums;
        let members: Members = vec![("a".into(), sample(40_000, 1)), ("b".into(), sample(300, 2))];
        let folders = vec![(PACKINGS[which], members.clone())];
        let mut bytes = Written { folders, no_checksums, ..Written::default() }.bytes();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let directory = 36 + 8 + 2 * 18;
        let good = Written { folders: vec![(PACKINGS[which], members.clone())], ..Written::default() }.bytes();
        // the directory has no checksum: names, dates, sizes
        if let Ok(found) = read(&bytes) && sure && bytes[..directory] == good[..directory] {
            prop_assert!(found == members);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..400), head: bool) {
        if head {
            let start = cabinet(Packing::LzxRaw(15), &[("a", b"bc")]);
            bytes.splice(0..0, start[..40].iter().copied());
        }
        let _ = read(&bytes);
    }
}

/// The cabinet of a public test suite, in `$KBWHY_FIELD_DATA`.
#[test]
fn a_cabinet_of_the_field() {
    let Some(folder) = std::env::var_os("KBWHY_FIELD_DATA") else {
        eprintln!("skipped: KBWHY_FIELD_DATA is not set");
        return;
    };
    let folder = std::path::Path::new(&folder).join("testdata/wsusscn2");
    let bytes = std::fs::read(folder.join("wsusscn2.cab")).unwrap();
    let mut files = 0;
    for (name, outer) in read(&bytes).unwrap() {
        if !name.ends_with(".cab") {
            assert_eq!(outer, std::fs::read(folder.join("extracted").join(&name)).unwrap());
            continue;
        }
        for (_, bytes) in read(&outer).unwrap() {
            assert!(!bytes.is_empty());
            files += 1;
        }
    }
    assert!(files > 3, "{files}");
}
