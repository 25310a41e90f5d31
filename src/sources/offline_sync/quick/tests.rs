use super::*;
use crate::{
    metadata::{
        Metadata,
        builder::{Builder, Oddities},
        xml::XmlError,
    },
    sources::{
        offline_sync::package_xml::{self, Head},
        pieces::Manner,
    },
};
use proptest::prelude::*;

type Told = Result<(Metadata, Oddities, Head), XmlError>;

fn told(text: &str, threads: usize, piece: usize) -> Told {
    let mut builder = Builder::default();
    let head = package_xml::read(text.as_bytes(), &mut builder, Manner { threads, piece })?;
    let (metadata, odd) = builder.finish();
    Ok((metadata, odd, head))
}

/// The general reader alone: it reads all of a piece that does not begin with an update.
fn general(text: &str) -> Told {
    told(text, 1, text.len() + 1)
}

fn id(n: u32) -> UpdateGuid {
    UpdateGuid::from_u128(0xB000_0000_0000_4000_8000_0000_0000_0000 | u128::from(n) << 40 | u128::from(n))
}

/// An update in one of the shapes of Microsoft's list.
fn one(n: u32, line: &str) -> String {
    let other = |k: u32| id(n.wrapping_mul(7).wrapping_add(k) % 60);
    let mut inner = String::new();
    if n % 5 == 1 {
        inner += &format!(r#"{line}<Languages>{line}<Language Name="en" />{line}</Languages>"#);
    }
    if n % 5 == 2 {
        inner += r#"<EulaFiles><File Id="e"><Language Name="en" /></File></EulaFiles>"#;
    }
    if !n.is_multiple_of(3) {
        inner += &format!(
            r#"{line}<Prerequisites><UpdateId Id="{}" />{line}<Or><UpdateId Id="{}" /><UpdateId Id="{}"/></Or></Prerequisites>"#,
            other(1),
            other(2),
            other(n)
        );
    }
    if n % 4 == 1 {
        inner += &format!(
            r#"<Categories>{line}<Category Type="Product" Id="{}" /><Category Type="Company" Id="{}" /></Categories>"#,
            id(70 + n % 3),
            id(80)
        );
    }
    if n % 4 == 2 {
        inner += &format!(
            r#"<SupersededBy><Revision Id="{}" />{line}<Revision Id="{}" /></SupersededBy>"#,
            n + 4,
            n + 8
        );
    }
    if n % 4 == 3 {
        inner += &format!(
            r#"<PayloadFiles><File Id="f{}=" /></PayloadFiles><BundledBy><Revision Id="{}" /></BundledBy>"#,
            n % 20,
            n / 2
        );
    }
    let rest = if inner.is_empty() && n.is_multiple_of(2) {
        " />".to_owned()
    } else {
        format!(">{inner}{line}</Update>")
    };
    let leaf = n % 2 == 1;
    format!(
        r#"{line}<Update CreationDate="20{:02}-02-28T18:00:37Z" DefaultLanguage="en" UpdateId="{}" RevisionNumber="{}" RevisionId="{n}" IsLeaf="{leaf}"{}{rest}"#,
        n % 30,
        id(n % 50),
        200 + n % 3,
        ["", r#" IsBundle="true""#, r#" DeploymentAction="Evaluate""#][n as usize % 3],
    )
}

fn place(n: u32, line: &str) -> String {
    format!(
        r#"{line}<FileLocation Id="f{}=" IsIncluded="false" Url="http://x/windows8.1-kb{}-x64.cab" />"#,
        n % 20,
        5_000_000 + n
    )
}

fn list(updates: u32, line: &str) -> String {
    let all: String = (0..updates).map(|n| one(n, line)).collect();
    let places: String = (0..updates).map(|n| place(n, line)).collect();
    format!(
        "<?xml version=\"1.0\"?>{line}<OfflineSyncPackage CreationDate=\"2026-05-12T05:17:32Z\">{line}<Updates>{all}</Updates>{line}<FileLocations>{places}</FileLocations></OfflineSyncPackage>"
    )
}

#[test]
fn what_microsoft_writes_is_read_quickly() {
    for line in ["", "\r\n\t "] {
        let mut batch = Batch::default();
        let updates: String = (0..60).map(|n| one(n, line)).collect();
        assert_eq!(read(updates.trim_start().as_bytes(), &mut batch), Some(Kind::Updates));
        assert_eq!(batch.updates(), 60);
        let places: String = (0..60).map(|n| place(n, line)).collect();
        assert_eq!(read(places.trim_start().as_bytes(), &mut batch), Some(Kind::Locations));
    }
}

#[test]
fn what_is_written_otherwise_is_left_to_the_general_reader() {
    let good = one(7, "");
    let read = |text: &str| read(text.as_bytes(), &mut Batch::default());
    assert_eq!(read(&good), Some(Kind::Updates));
    for (what, instead) in [
        ("<Prerequisites>", "<!-- x --><Prerequisites>"),
        ("<Prerequisites>", "<Prerequisites>text"),
        ("<Prerequisites>", "<Requirements>"),
        ("DefaultLanguage", "IsLeaf"),
        ("DefaultLanguage=\"en\"", "DefaultLanguage='en'"),
        ("DefaultLanguage=\"en\"", "DefaultLanguage=\"&amp;\""),
        ("DefaultLanguage=\"en\"", "DefaultLanguage=\"<\""),
        ("DefaultLanguage=\"en\"", "DefaultLanguage=\"\0\""),
        ("DefaultLanguage=\"en\"", "DefaultLanguage=\"é\""),
        ("RevisionId=\"7\"", "RevisionId=\" 7\""),
        ("RevisionId=\"7\"", "RevisionId=\"4294967295\""),
        ("UpdateId=\"b", "UpdateId=\"g"),
        ("UpdateId=\"b", "UpdateId=\"{b"),
        ("<UpdateId Id", "<UpdateId Other"),
        ("</Or>", "</Or ><Or></Or>"),
        ("</Update>", ""),
        ("</Update>", "</Update></Updates>"),
    ] {
        assert!(good.contains(what), "{what}");
        assert_eq!(read(&good.replacen(what, instead, 1)), None, "{instead}");
    }
}

#[test]
fn guids_are_read_as_a_library_reads_them() {
    for text in ["00112233-4455-6677-8899-aAbBcCdDeEfF", "fedcba98-7654-3210-0123-456789abcdef"] {
        assert_eq!(guid(text.as_bytes()), UpdateGuid::try_parse(text).ok());
        for at in 0..36 {
            for odd in *b"/:@G`g-\xFF " {
                let mut bent = text.as_bytes().to_vec();
                bent[at] = odd;
                let expected = std::str::from_utf8(&bent).ok().and_then(|t| UpdateGuid::try_parse(t).ok());
                assert_eq!(guid(&bent), expected, "{at} {odd}");
            }
        }
    }
}

#[test]
fn pieces_and_threads_change_nothing() {
    for line in ["", "\n    "] {
        let text = list(150, line);
        let expected = general(&text);
        assert!(expected.as_ref().is_ok_and(|(m, _, head)| m.len() == 50 && head.updates == 150));
        for (threads, piece) in [(1, 300), (1, 5000), (2, 700), (3, 1), (3, 64), (4, 2000)] {
            assert_eq!(told(&text, threads, piece), expected, "{threads} {piece}");
        }
        for end in (0..text.len()).step_by(97) {
            assert!(told(&text[..end], 2, 500).is_err(), "{end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What is bent means the same however it is read, or is the same error at the same place.
    #[test]
    fn bent_lists_are_read_alike(at in any::<prop::sample::Index>(), with in "[<>/\"'&= a-c0-9\n]{0,3}", cut in 0usize..4, threads in 1usize..4, piece in 200usize..2000) {
        let text = list(30, "");
        let at = at.index(text.len() - cut);
        let bent = format!("{}{with}{}", &text[..at], &text[at + cut..]);
        prop_assert_eq!(told(&bent, threads, piece), general(&bent));
    }
}
