use super::*;
use crate::inventory::{Input, read, read_each};
use proptest::prelude::*;

const CBS: &str = "2016-09-28 04:30:31, Info                  CBS    Starting the TrustedInstaller main loop.\r\n\
    2016-09-28 04:30:32, Info                  CSI    00000001@2016/9/27 WcpInitialize\r\n  (stack @0x7fed806eb5d)\r\n\
    2016-09-28 04:30:33, Info                  CBS    Read out cached package applicability for package: Package_for_KB2999226~31bf3856ad364e35~amd64~~6.1.1.7, ApplicableState: 112, CurrentState:112\r\n\
    2016-09-28 04:30:34, Info                  CBS    Größe é\r\n\
    2016-09-28 04:30:35, Info                  CBS    Read out cached package applicability for package: Package_for_KB3020369~31bf3856ad364e35~amd64~~6.1.1.1, ApplicableState: 112, CurrentState:0\r\n";

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let unit = |u: u16| if little { u.to_le_bytes() } else { u.to_be_bytes() };
    mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
}

fn in_pieces(bytes: &[u8], size: usize) -> Option<Result<Parsed, ReadError>> {
    let mut reader = LogReader::detect("CBS.log", bytes)?;
    bytes.chunks(size).for_each(|piece| reader.feed(piece));
    Some(reader.finish())
}

#[test]
fn places_are_those_of_the_file_in_every_encoding() {
    let marked = [b"\xEF\xBB\xBF", CBS.as_bytes()].concat();
    for (bytes, encoding) in [
        (CBS.as_bytes().to_vec(), "UTF-8"),
        (marked, "UTF-8 with BOM"),
        (utf16(CBS, true, true), "UTF-16LE"),
        (utf16(CBS, false, true), "UTF-16BE"),
        (utf16(CBS, true, false), "UTF-16LE without BOM"),
        (utf16(CBS, false, false), "UTF-16BE without BOM"),
    ] {
        for size in [1, 2, 3, 7, 100, 100_000] {
            let parsed = in_pieces(&bytes, size).unwrap().unwrap();
            let places: Vec<String> = parsed.host.updates.values().map(|f| f.origin.to_string()).collect();
            assert_eq!(places, ["CBS.log:4", "CBS.log:6"], "{encoding} in pieces of {size}");
            assert_eq!(parsed.encoding, encoding);
        }
    }
}

#[test]
fn what_people_put_around_a_log_hides_it_not() {
    for text in [
        format!("\n\n```\n{CBS}```\n"),
        format!("C:\\>type CBS.log\r\n{CBS}"),
        format!("Hi, this is my log:\n\n{CBS}"),
        CBS.lines().map(|l| format!("> {l}\n")).collect(),
        CBS.lines().map(|l| format!("CBS.log:12:{l}\n")).collect(),
        CBS.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "),
    ] {
        let parsed = read(&Input { name: "f", bytes: text.as_bytes() }).unwrap();
        assert_eq!((parsed.format, parsed.host.updates.len()), ("CBS.log", 2), "{text}");
    }
}

#[test]
fn other_text_is_no_log() {
    for text in [
        "Host Name: A\r\nOS Name: Microsoft Windows 10 Pro\r\n",
        "2023-01-01 10:00:00, Info       [0x0601b8] IBS    Callback_Productkey_Validate\r\n",
        "2023-01-01 10:00:00 INFO app started (KB5021088)\r\n",
        "#Software: Microsoft Internet Information Services 10.0\r\n2023-01-01 10:00:00 ::1 GET /\r\n",
    ] {
        assert!(LogReader::detect("f", text.as_bytes()).is_none(), "{text}");
    }
    let prose = "one\ntwo\nthree\n".to_owned() + CBS.lines().next().unwrap();
    let error = read(&Input { name: "f", bytes: prose.as_bytes() }).unwrap_err().to_string();
    assert!(error.contains("CBS.log") && error.contains("--log"), "{error}");
}

#[test]
fn a_line_of_any_length_is_passed_over_and_counted() {
    let long = format!("{}CurrentState:112{}\n", CBS.lines().next().unwrap(), "x".repeat(LONGEST + 10));
    let text = format!("{}{long}{CBS}", CBS.lines().next().unwrap().to_owned() + "\r\n");
    for size in [1000, 300_000, 10_000_000] {
        let parsed = in_pieces(text.as_bytes(), size).unwrap().unwrap();
        let places: Vec<String> = parsed.host.updates.values().map(|f| f.origin.to_string()).collect();
        assert_eq!(places, ["CBS.log:6", "CBS.log:8"]);
    }
}

#[test]
fn the_limit_of_inventories_is_none_for_logs() {
    let filler =
        "2016-09-28 04:30:31, Info                  CBS    Starting the TrustedInstaller main loop.\r\n";
    let mut text = filler.repeat(crate::inventory::LIMIT / filler.len() + 1);
    text.push_str(CBS);
    let parsed = read_each(&Input { name: "CBS.log", bytes: text.as_bytes() }).unwrap();
    assert_eq!(parsed[0].host.updates.len(), 2);
}

#[test]
fn an_id_that_the_end_cut_is_not_taken() {
    assert_eq!(stream::uncut(b"x (KB405357"), 5);
    assert_eq!(stream::uncut("x (KB405357\u{fffd}".as_bytes()), 5);
    assert_eq!(stream::uncut(b"BulletinID=, QNumbers=45892"), 22);
    assert_eq!(stream::uncut(b"CurrentState:112"), 16);
}

#[test]
fn a_document_that_quotes_a_log_is_no_log() {
    for text in [
        r#"{"schema": "kbwhy/host/1", "updates": {"other_ids": ["18]LOG]!>3"]}}"#,
        r#"[{"HotFixID": "KB4486153", "Description": "<![LOG[x]LOG]!>"}]"#,
        r#"<?xml version="1.0"?><MsInfo><Data><Value>]LOG]!></Value></Data></MsInfo>"#,
        r#"srv01 | SUCCESS => {"msg": "]LOG]!>"}"#,
    ] {
        assert!(LogReader::detect("f", text.as_bytes()).is_none(), "{text}");
    }
    let host = read_each(&Input {
        name: "f",
        bytes:
            br#"{"schema": "kbwhy/host/1", "notes": ["]LOG]!>"], "updates": {"installed": ["KB4486153"]}}"#,
    });
    assert_eq!(host.unwrap()[0].host.updates.len(), 1);
}

proptest! {
    #[test]
    fn pieces_of_any_size_tell_the_same(size in 1usize..400, start in 0usize..300, wide in any::<bool>()) {
        let text: String = CBS.lines().cycle().skip(start % 6).take(20).map(|l| format!("{l}\n")).collect();
        let bytes = if wide { utf16(&text, true, true) } else { text.into_bytes() };
        let whole = in_pieces(&bytes, bytes.len()).map(|r| r.map_err(|e| e.to_string()));
        let pieces = in_pieces(&bytes, size).map(|r| r.map_err(|e| e.to_string()));
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0usize..900,
        size in 1usize..64,
        cut in 0usize..900,
    ) {
        let mut bytes = CBS.as_bytes().to_vec();
        let at = at.min(bytes.len());
        bytes.splice(at..at, noise);
        bytes.truncate(cut.max(20));
        let _ = in_pieces(&bytes, size);
    }
}
