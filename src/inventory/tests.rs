use super::*;

fn parse(text: &str) -> Result<Parsed, ReadError> {
    read(&Input { name: "f.txt", bytes: text.as_bytes() })
}

fn kbs(parsed: &Parsed) -> Vec<u32> {
    parsed.host.updates.keys().map(|k| k.number()).collect()
}

#[test]
fn the_format_is_told_by_the_content() {
    for (text, format) in [
        ("HotFixID   InstalledOn\nKB2919355  3/18/2014\n", "wmic qfe table"),
        ("HotFixID  InstalledOn\n--------  -----------\nKB2919355 3/18/2014\n", "Get-HotFix table"),
        ("HotFixID : KB2919355\n", "Get-HotFix list"),
        ("HotFixID=KB2919355\n", "wmic qfe list"),
        ("Node,HotFixID\nA,KB2919355\n", "wmic qfe CSV"),
        ("\"HotFixID\"\n\"KB2919355\"\n", "Get-HotFix CSV"),
        ("PS C:\\> Get-HotFix | ConvertTo-Json\n{\"HotFixID\": \"KB2919355\"}", "Get-HotFix JSON"),
        ("{\"schema\": \"kbwhy/host/1\", \"updates\": {\"installed\": [\"KB2919355\"]}}", "kbwhy/host/1"),
        ("OS Name: Microsoft Windows 8.1 Pro\nHotfix(s): 1\n [01]: KB2919355\n", "systeminfo"),
        (
            "Package Identity : Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14\nState : Installed\n",
            "DISM packages",
        ),
    ] {
        let parsed = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((parsed.format, kbs(&parsed)), (format, vec![2_919_355]), "{text}");
        assert!(!parsed.host.completeness.is_empty());
    }
    assert_eq!(parse("Microsoft Windows [Version 10.0.19045.3570]\n").unwrap().format, "ver");
    assert_eq!(parse("  UBR    REG_DWORD    0xdf2\n").unwrap().format, "reg query");
}

#[test]
fn what_is_no_inventory_is_refused_in_one_line() {
    let cases: [(&[u8], &str); 15] = [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"\xFF\xFE", "empty"),
        (b"%PDF-1.7 KB2919355", "PDF"),
        (b"MZ\x90\x00\x03", "program"),
        (b"\x01\x02\x03\x04\x05\x06\x0e\x0f", "binary"),
        (b"KB4462930: Update for Adobe Flash Player\nKB890830: Malicious Software Removal Tool\n", "missing"),
        (br#"[{"KBArticleIDs": ["4462930"], "Title": "Update (KB4462930)"}]"#, "missing"),
        (b"ComputerName Status KB Size Title\n-- -- -- -- --\nA D KB4462930 1MB Update\n", "missing"),
        (b"4462930\n4470788\n", "bare numbers"),
        (b"Missing:\nKB4462930\nKB4470788\n", "missing"),
        (b"2016-09-28 04:30:31, Info                  CBS    Loaded Servicing Stack v6.1\n", "CBS.log"),
        (b"<html><body>KB2919355 was installed</body></html>", "web page"),
        (b"The patch version is 6.1.7601.23689 (KB4012212 and KB4012215)\n", "mentions updates"),
        (b"hello\n", "another kind"),
    ];
    for (bytes, word) in cases {
        let error = read(&Input { name: "f", bytes }).expect_err(word).to_string();
        assert!(error.contains(word), "{word}: {error}");
        assert!(error.starts_with('f') && !error.contains('\n'), "{error}");
    }
}

#[test]
fn too_much_is_refused_without_reading_it() {
    let bytes = vec![b' '; LIMIT + 1];
    let error = read(&Input { name: "f", bytes: &bytes }).unwrap_err();
    assert_eq!(error, ReadError::TooLarge { input: "f".into(), bytes: LIMIT + 1, limit: LIMIT });
}

#[test]
fn json_errors_name_their_place() {
    let error = parse("\n{\"schema\": \"kbwhy/host/1\",\n  \"name\": }\n").unwrap_err();
    assert!(matches!(error, ReadError::BadJson { line: 3, column: 11, .. }), "{error:?}");
    let error = parse("{\"schema\": \"kbwhy/explain/1\"}").unwrap_err();
    assert_eq!(error, ReadError::WrongSchema { input: "f.txt".into(), found: "kbwhy/explain/1".into() });
}

#[test]
fn output_of_nothing_is_an_unknown_list() {
    let parsed = read(&Input { name: "qfe.txt", bytes: &[0xFF, 0xFE, 0x0D, 0, 0x0A, 0] }).unwrap();
    assert!(parsed.host.updates.is_empty());
    assert_eq!(parsed.host.completeness.lists[0].gaps, [Gap::NotAvailable]);
}

const RUN: &str = "Host Name:   AAA\nOS Name:     Microsoft Windows 8.1 Pro\nOS Version:  6.3.9600 N/A Build 9600\n\
    System Type: x64-based PC\nHotfix(s):   1 Hotfix(s) Installed.\n             [01]: KB2919355\n";

#[test]
fn several_machines_are_refused_by_name() {
    let error = parse(&format!("{RUN}\n{}", RUN.replace("AAA", "BBB"))).unwrap_err();
    assert_eq!(
        error,
        ReadError::SeveralHosts { input: "f.txt".into(), names: vec!["AAA".into(), "BBB".into()] }
    );
    let error = parse("Source HotFixID\n------ --------\nA      KB2919355\nB      KB2919442\n").unwrap_err();
    assert!(matches!(error, ReadError::SeveralHosts { .. }), "{error}");
    let error = parse(&format!("{RUN}\nCSName  HotFixID\nBBB     KB2919442\n")).unwrap_err();
    assert!(matches!(error, ReadError::SeveralHosts { .. }), "{error}");
    // without names, other updates are another machine
    let nameless = RUN.replace("Host Name:   AAA\n", "");
    let error = parse(&format!("{nameless}\n{}", nameless.replace("KB2919355", "KB2919442"))).unwrap_err();
    assert!(matches!(error, ReadError::SeveralHosts { .. }), "{error}");
}

#[test]
fn several_outputs_of_one_machine_are_one_host() {
    let text = format!("{RUN}\nC:\\>wmic qfe\nCSName  HotFixID\nAAA     KB2919442\n");
    let parsed = parse(&text).unwrap();
    assert_eq!((parsed.format, kbs(&parsed)), ("systeminfo", vec![2_919_355, 2_919_442]));
    assert_eq!(parse(&format!("{RUN}\n{RUN}")).unwrap().host.updates.len(), 1);
}

#[test]
fn the_banner_of_the_same_build_gives_the_revision() {
    let modern = RUN.replace("6.3.9600 N/A Build 9600", "10.0.19045 N/A Build 19045");
    let revision = |banner: &str| {
        let parsed =
            parse(&format!("Microsoft Windows [Version {banner}]\n\nC:\\>systeminfo\n{modern}")).unwrap();
        (parsed.format, parsed.host.revision.map(|r| r.value), parsed.host.conflicts.len())
    };
    assert_eq!(revision("10.0.19045.3570"), ("systeminfo", Some(3570), 0));
    // a shell on another machine
    assert_eq!(revision("10.0.22631.2861"), ("systeminfo", None, 0));
}

#[test]
fn an_id_that_the_end_of_the_file_may_have_cut_is_not_taken() {
    let whole = "HotFixID\nKB2919355\nKB9404431\n";
    assert_eq!(kbs(&parse(whole).unwrap()), [2_919_355, 9_404_431]);
    let cut = parse(whole.trim_end().strip_suffix('1').unwrap()).unwrap();
    assert_eq!(kbs(&cut), [2_919_355]);
    assert_eq!(cut.host.completeness.lists[0].gaps, [Gap::Truncated]);
    // six digits are whole where the line ends
    assert_eq!(kbs(&parse("HotFixID\nKB2919355\nKB940443\n").unwrap()), [940_443, 2_919_355]);
}

#[test]
fn names_of_inputs_cannot_steer_a_terminal() {
    let error = read(&Input { name: "a\u{1b}[31mb\n", bytes: b"" }).unwrap_err().to_string();
    assert!(error.starts_with("ab: "), "{error:?}");
}

#[test]
fn a_reader_that_is_not_asked_would_find_nothing() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/inventory");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = decode(&std::fs::read(&path).unwrap());
        let lines = lines::lines(&text);
        let lower = Lower::of(&lines);
        for (reader, words) in WHOLE.iter().chain(PASTED).filter(|(_, words)| !lower.has_any(words)) {
            assert!(reader(&lines, &Arc::from("f")).is_empty(), "{words:?} in {}", path.display());
        }
    }
}
