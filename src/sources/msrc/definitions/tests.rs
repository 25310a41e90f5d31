use super::*;
use std::io::{Cursor, Write};

const HEADER: &str = "\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\",\"AffectedComponent\",\"Severity\",\"Impact\",\"Supersedes\",\"Exploits\"\r\n";

fn row(
    day: &str,
    cve: &str,
    kb: &str,
    title: &str,
    product: &str,
    component: &str,
    supersedes: &str,
) -> String {
    format!(
        "\"{day}\",\"{cve}\",\"{kb}\",\"{title}\",\"{product}\",\"{component}\",\"Important\",\"Spoofing\",\"{supersedes}\",\"\"\r\n"
    )
}

fn table() -> String {
    let mut t = HEADER.to_owned();
    let seven = "Windows 7 for 32-bit Systems Service Pack 1";
    for _ in 0..2 {
        t += &row("20120110", "CVE-2012-0001", "2644615", "A bulletin", seven, "Windows Kernel", "");
    }
    // listed again under an older vulnerability: the most frequent day counts
    t += &row(
        "20110110",
        "CVE-2011-0001",
        "2644615",
        "A bulletin",
        seven,
        "Windows Kernel",
        "2556532;2644615",
    );
    t += &row(
        "20120110",
        "CVE-2012-0001",
        "2644615",
        "A bulletin",
        "Windows 7 for x64-based Systems Service Pack 1",
        "Windows Kernel",
        "2556532<br><br>2584577",
    );
    t += &row(
        "20111213",
        "CVE-2011-0002",
        "2556532",
        "Another, with\r\ntwo lines",
        seven,
        "Windows Kernel",
        "None",
    );
    // names a newer one
    t += &row("20111213", "CVE-2011-0002", "2556532", "Another", seven, "Windows Kernel", "2644615");
    t += &row(
        "20120110",
        "CVE-2012-0003",
        "2596511",
        "Office",
        "Microsoft Office 2007 Service Pack 3",
        "",
        "2597011",
    );
    t += &row("20240110", "CVE-2024-0003", "", "No update", seven, "", "");
    t += &row("20240110", "CVE-2024-0003", "Release Notes", "No update", "Microsoft Edge", "", "");
    t
}

fn custom() -> String {
    let mut t = HEADER.to_owned() + "# Service Packs\r\n\r\n";
    t += &row(
        "20110315",
        "SP7X86SP1",
        "976932",
        "Windows 7 for 32-bit Systems Service Pack 1 (KB976932)",
        "Windows 7 for 32-bit Systems",
        "",
        "947821;SP7X86",
    );
    t
}

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        let options =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn import(name: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    let mut reader = Cursor::new(bytes);
    read(
        &mut Input { name, reader: &mut reader, size: bytes.len() as u64, read: "2026-11-21" },
        Catalog::embedded(),
    )
}

fn whole() -> Vec<u8> {
    zipped(&[
        ("CVEs_20240615.csv", &table()),
        ("Custom_20190321.csv", &custom()),
        ("Version_0.94.txt", "needs 0.94"),
    ])
}

#[test]
fn rows_are_gathered_and_repaired() {
    let imported = import("definitions.zip", &whole()).unwrap();
    assert_eq!(imported.source.read, "2024-06-15");
    let rows: Vec<String> =
        imported.facts.updates.iter().map(|u| serde_json::to_string(u).unwrap()).collect();
    let of = |kb: &str| rows.iter().find(|r| r.starts_with(&format!("{{\"kb\":\"{kb}\""))).unwrap().as_str();
    assert_eq!(
        of("KB2644615"),
        r#"{"kb":"KB2644615","component":"Windows Kernel","date":"2012-01-10","packages":[{"for":["windows-7-sp1"]}],"supersedes":[{"kb":"KB2556532"},{"kb":"KB2584577"}],"standing":"verified","source":"definitions-20240615","doubts":[{"claim":"supersedes","value":"KB2644615","for":["windows-7-sp1"],"why":"itself"}]}"#
    );
    assert!(of("KB2556532").contains(r#""why":"older""#), "{}", of("KB2556532"));
    assert!(!of("KB2596511").contains("packages"), "Office is not modelled: {}", of("KB2596511"));
    assert!(of("KB2596511").contains(r#""supersedes":[{"kb":"KB2597011"}]"#));
    let pack = of("KB976932");
    assert!(pack.contains(r#""kind":"service-pack""#) && pack.contains("secondary"), "{pack}");
    assert!(!pack.contains("947821"), "a step to the next release is not supersedence: {pack}");
    let remark = |text: &str| imported.remarks.iter().find(|r| r.text.contains(text)).map(|r| r.count);
    assert_eq!(remark("no KB numbers"), Some(2));
    assert_eq!(remark("with markup"), Some(1));
    assert_eq!(remark("without an update"), Some(1));
    assert_eq!(remark("newer"), Some(1));
}

#[test]
fn the_bare_table_is_the_same_in_every_encoding() {
    let utf16 = |little: bool| -> Vec<u8> {
        let unit = |c: u16| if little { c.to_le_bytes() } else { c.to_be_bytes() };
        std::iter::once(0xFEFF).chain(table().encode_utf16()).flat_map(unit).collect()
    };
    let plain = import("CVEs_20240615.csv", table().as_bytes()).unwrap();
    assert_eq!(plain.facts.updates.len(), 3);
    for bytes in [utf16(true), utf16(false), format!("\u{feff}{}", table()).into_bytes()] {
        assert!(detect(&bytes[..bytes.len().min(65_536)]));
        let other = import("CVEs_20240615.csv", &bytes).unwrap();
        assert_eq!(
            serde_json::to_string(&other.facts.updates).unwrap(),
            serde_json::to_string(&plain.facts.updates).unwrap()
        );
    }
}

#[test]
fn statistics_of_what_is_stated() {
    let bytes = whole();
    let mut reader = Cursor::new(&bytes);
    let s =
        supersedence(&mut Input { name: "d.zip", reader: &mut reader, size: bytes.len() as u64, read: "" })
            .unwrap();
    assert_eq!((s.records, s.rows_without_bulletin, s.distinct_bulletin_values, s.numeric_kbs), (9, 1, 4, 3));
    assert_eq!(s.self_loops, ["KB2644615"]);
    assert_eq!((s.distinct_edges, s.cycles_strongly_connected_components), (6, 1));
    assert_eq!(s.edges_where_superseding_kb_is_older_by_modal_date, 1);
    assert_eq!(
        s.malformed_supersedes_tokens,
        [("2556532<br><br>2584577".to_owned(), 1), ("None".to_owned(), 1)]
    );
}

#[test]
fn what_is_damaged_is_one_line() {
    let zip = whole();
    for cut in [0, 3, 30, zip.len() / 2, zip.len() - 1] {
        let e = import("definitions.zip", &zip[..cut]).unwrap_err().to_string();
        assert!(e.starts_with("definitions.zip") && !e.contains('\n'), "{e}");
    }
    let text = table();
    let e = import("CVEs.csv", &text.as_bytes()[..text.len() - 3]).unwrap_err().to_string();
    assert_eq!(e, "CVEs.csv:11: the last record is cut off: the file is not whole; download it again");
    let e =
        import("CVEs.csv", text.replacen(",\"CVE-2011-0001\"", "", 1).as_bytes()).unwrap_err().to_string();
    assert_eq!(
        e,
        "CVEs.csv:4: 9 fields where the header line has 10: the file is damaged; download it again"
    );
    let e = import("CVEs.csv", HEADER.as_bytes()).unwrap_err().to_string();
    assert_eq!(e, "CVEs.csv: no rows; download it again");
    let e = import("other.zip", &zipped(&[("Version_1.txt", "")])).unwrap_err().to_string();
    assert!(e.contains("without CVEs_"), "{e}");
}

#[test]
fn a_wrong_checksum_is_found() {
    let mut zip = whole();
    // the checksum of the first member, in its local header and in the directory
    let crc: [u8; 4] = {
        let mut archive = zip::ZipArchive::new(Cursor::new(&zip)).unwrap();
        archive.by_index(0).unwrap().crc32().to_le_bytes()
    };
    let mut hits = 0;
    for i in 0..zip.len() - 4 {
        if zip[i..i + 4] == crc {
            zip[i] ^= 1;
            hits += 1;
        }
    }
    assert!(hits > 0);
    let e = import("definitions.zip", &zip).unwrap_err().to_string();
    assert!(e.contains("CVEs_20240615.csv, byte") && e.contains("damaged"), "{e}");
}

#[test]
fn a_bomb_is_stopped() {
    let mut text = table();
    let filler = row("20240110", "", "", &"x".repeat(4000), "", "", "").repeat(20_000);
    text.push_str(&filler);
    let zip = zipped(&[("CVEs_20240615.csv", &text)]);
    assert!(zip.len() < text.len() / 300);
    let e = import("definitions.zip", &zip).unwrap_err().to_string();
    assert!(e.contains("no real file is that large"), "{e}");
    // one field of many megabytes
    let e =
        import("CVEs.csv", format!("{HEADER}\"{}", "x".repeat(8 << 20)).as_bytes()).unwrap_err().to_string();
    assert!(e.contains("CVEs.csv:2: a record of more than"), "{e}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    /// Flipped bits give an error or other rows, and never anything worse.
    #[test]
    fn flipped_bits(place in 0usize..2000, bit in 0u8..8, zipped in proptest::prelude::any::<bool>()) {
        let mut bytes = if zipped { whole() } else { table().into_bytes() };
        let at = place % bytes.len();
        bytes[at] ^= 1 << bit;
        match import("definitions.zip", &bytes) {
            Ok(imported) => imported.facts.updates.iter().for_each(|u| assert!(!u.kb.is_empty())),
            Err(e) => assert!(!e.to_string().chars().any(char::is_control), "{e}"),
        }
    }
}

/// The statistics that were computed from the real file with another program.
#[test]
fn field_statistics() {
    let Some(root) = std::env::var_os("KBWHY_FIELD_DATA").map(std::path::PathBuf::from) else {
        #[expect(clippy::print_stderr, reason = "a suite that is skipped says so")]
        {
            eprintln!("KBWHY_FIELD_DATA is not set: the real definitions are not read");
        }
        return;
    };
    let bytes = std::fs::read(root.join("testdata/msrc-definitions/definitions.zip")).unwrap();
    let facts = std::fs::read(root.join("facts/supersedence.json")).unwrap();
    let facts: serde_json::Value = serde_json::from_slice(&facts).unwrap();
    let imported = import("definitions.zip", &bytes).unwrap();
    let ours = serde_json::to_value(&imported.facts.supersedence[0]).unwrap();
    assert_eq!(ours["records"], facts["meta"]["rows_as_csv_records"]);
    let mut compared = 0;
    for (name, theirs) in facts["totals"].as_object().unwrap() {
        // (ours, theirs) in the same form, whatever the order of lists
        let names = |v: &serde_json::Value| -> std::collections::BTreeSet<String> {
            let list = v.as_array().cloned().unwrap_or_default();
            list.iter().map(|v| v.to_string().replace("KB", "")).collect()
        };
        match name.as_str() {
            "longest_chain_starts" | "longest_chain_ends" => {
                assert!(names(theirs).is_subset(&names(&ours["longest_chain"])), "{name}");
            }
            // words about the figures
            "longest_chain_system" | "dangling_meaning" => continue,
            "max_out_degree" => {
                let top = |v: &serde_json::Value| -> std::collections::BTreeSet<(String, u64)> {
                    let pair = |e: &serde_json::Value| match e {
                        serde_json::Value::Array(a) => {
                            (a[0].as_str().unwrap().to_owned(), a[1].as_u64().unwrap())
                        }
                        e => (e["kb"].as_str().unwrap().to_owned(), e["names"].as_u64().unwrap()),
                    };
                    v.as_array().unwrap().iter().map(pair).collect()
                };
                assert!(top(theirs).is_subset(&top(&ours[name])), "{name}");
            }
            _ if theirs.is_array() => assert_eq!(names(&ours[name]), names(theirs), "{name}"),
            _ => assert_eq!(&ours[name], theirs, "{name}"),
        }
        compared += 1;
    }
    assert_eq!(compared, 22);
    // two more are written with KB before the number
    assert_eq!(imported.facts.updates.iter().filter(|u| u.standing == "verified").count(), 7561);
}

fn import_in(bytes: &[u8], threads: usize, piece: usize) -> String {
    let mut reader = Cursor::new(bytes);
    let mut input = Input {
        name: "CVEs_20240615.csv",
        reader: &mut reader,
        size: bytes.len() as u64,
        read: "2026-11-21",
    };
    format!("{:?}", read_in(&mut input, Catalog::embedded(), Manner { threads, piece }))
}

#[test]
fn pieces_and_threads_change_nothing() {
    let mut text = table();
    for n in 0..400u32 {
        let kb = (3_000_000 + n % 37).to_string();
        let title =
            ["A bulletin", "Two\r\nlines", "Three\r\n\"\"quoted\"\"\r\nlines", "é, ü"][n as usize % 4];
        let product = ["Windows Server 2012 R2", "Windows 8.1 for x64-based systems"][n as usize / 3 % 2];
        let (date, cve) = (format!("201{}0110", n % 10), format!("CVE-2019-{n}"));
        let older = format!("{};{}", 2_999_000 + n % 11, 3_000_000 + n % 5);
        text += &row(&date, &cve, &kb, title, product, "Windows Kernel", &older);
        if n % 90 == 5 {
            text += "# a remark, \"with a quote\r\n\r\n";
        }
    }
    let expected = import_in(text.as_bytes(), 1, text.len() + 1);
    assert!(expected.starts_with("Ok"), "{expected}");
    for (threads, piece) in [(1, 1), (1, 200), (1, 3000), (2, 100), (3, 777), (4, 5000)] {
        assert_eq!(import_in(text.as_bytes(), threads, piece), expected, "{threads} {piece}");
    }
    // errors name the same line
    for at in (600..text.len()).step_by(1013) {
        let mut bent = text.clone().into_bytes();
        bent[at] = b'"';
        let expected = import_in(&bent, 1, bent.len() + 1);
        for (threads, piece) in [(1, 300), (3, 900)] {
            assert_eq!(import_in(&bent, threads, piece), expected, "{at} {threads} {piece}");
        }
    }
}
