use super::*;
use crate::inventory::lines::lines;
use crate::model::KbId;

/// Output in the shape of the tool: labels in a column, a list of updates, a network card.
fn report(labels: [&str; 5], product: &str, version: &str, list: &str) -> String {
    let mut out = String::from("\r\n");
    let mut line =
        |label: &str, value: &str| out.push_str(&format!("{:<27}{value}\r\n", format!("{label}:")));
    line(labels[0], "SRV01");
    line(labels[1], product);
    line(labels[2], version);
    line("Manufacturer", "Microsoft Corporation");
    line("Owner", "Windows User");
    line("Product", "00252-70000-00000-AA000");
    line("Model", "Virtual Machine");
    line(labels[3], "x64-based PC");
    line("Processor", "1 installed.");
    out.push_str(
        "                           [01]: x64 Family 6 Model 60 Stepping 3 GenuineIntel ~2400 Mhz\r\n",
    );
    out.push_str("BIOS:                      American Megatrends Inc. 5.6.5, 1/1/2020\r\n");
    out.push_str("Windows Directory:         C:\\Windows\r\n");
    out.push_str(&format!("{:<27}{list}", format!("{}:", labels[4])));
    out.push_str("\r\nNet:                       1 installed.\r\n");
    out.push_str("                           [01]: Intel(R) 82574L\r\n                                 DHCP Server:     10.0.2.2\r\n");
    out.push_str(
        "                                 IP\r\n                                 [01]: 10.0.2.15\r\n",
    );
    out
}

const EN: [&str; 5] = ["Host Name", "OS Name", "OS Version", "System Type", "Hotfix(s)"];

fn rows(ids: &[&str]) -> String {
    ids.iter()
        .enumerate()
        .map(|(i, id)| format!("\r\n                           [{:02}]: {id}", i + 1))
        .collect()
}

fn one(text: &str) -> Host {
    let mut hosts = read(&lines(text), &Arc::from("host.txt"));
    assert_eq!(hosts.len(), 1, "{hosts:?}");
    hosts.remove(0)
}

fn numbers(host: &Host) -> Vec<u32> {
    host.updates.keys().map(|k| k.number()).collect()
}

#[test]
fn a_report_is_read_with_its_places() {
    let list = "3 Hotfix(s) Installed.".to_owned() + &rows(&["KB2919355", "KB2919442", "KB2937220"]);
    let host =
        one(&report(EN, "Microsoft Windows Server 2012 R2 Standard", "6.3.9600 N/A Build 9600", &list));
    assert_eq!(numbers(&host), [2_919_355, 2_919_442, 2_937_220]);
    assert_eq!(host.name.unwrap().value, "SRV01");
    assert_eq!(host.product.unwrap().value, "Microsoft Windows Server 2012 R2 Standard");
    assert_eq!(host.version.unwrap().value, Version([6, 3, 9600, 0]));
    assert_eq!(host.edition.unwrap().value.0, "Standard");
    assert_eq!(host.architecture.unwrap().value, Architecture::X64);
    assert_eq!((host.revision, host.service_pack), (None, None));
    let kb: KbId = "KB2919442".parse().unwrap();
    assert_eq!(host.updates[&kb].origin.to_string(), "host.txt:16");
    let list = &host.completeness.lists[0];
    assert_eq!((list.kind, list.shown, list.gaps.len()), (ListKind::QuickFix, 3, 0));
    assert!(!host.completeness.complete, "systeminfo hides updates");
}

#[test]
fn labels_of_a_language_nobody_has_seen_are_found_by_structure() {
    let list = "Zzz 2 yyy.".to_owned() + &rows(&["KB4462930", "KB4470788"]);
    let host = one(&report(
        ["Aa", "Bb bb", "Cc", "Dd", "Ee"],
        "Microsoft Windows 10 Pro",
        "10.0.17763 X Q 17763",
        &list,
    ));
    assert_eq!(numbers(&host).len(), 2);
    assert_eq!(host.name.unwrap().value, "SRV01");
    assert_eq!(host.product.unwrap().value, "Microsoft Windows 10 Pro");
    assert_eq!(host.architecture.unwrap().value, Architecture::X64);
    assert!(host.completeness.has_whole(ListKind::QuickFix));
}

#[test]
fn a_list_that_is_not_available_is_unknown_and_not_empty() {
    for value in ["N/A", "Н/Д", "暂缺"] {
        let host = one(&report(EN, "Microsoft Windows 10 Pro", "10.0.17134 N/A Build 17134", value));
        assert!(host.updates.is_empty());
        assert_eq!(host.completeness.lists[0].gaps, [Gap::NotAvailable]);
    }
}

/// Rows up to where the tool's buffer ends; how many of them are whole, and known to be.
fn cut_list(sentence: &str, suffix: &str) -> (String, usize) {
    let mut list = sentence.to_owned();
    let mut length = sentence.len();
    for n in 0.. {
        let row = format!("[{:02}]: KB{}{suffix}", n + 1, 2_500_000 + n);
        let room = BUFFER - length - 1;
        let text = &row[..row.len().min(room)];
        if !text.is_empty() {
            list.push_str(&format!("\r\n                           {text}"));
        }
        if row.len() >= room {
            // a row that ends where the buffer does may go on
            return (list, if room == 0 { n - 1 } else { n });
        }
        length += row.len() + 1;
    }
    unreachable!("the rows end when the buffer is full");
}

#[test]
fn a_list_that_fills_the_buffer_loses_its_last_row_whatever_it_looks_like() {
    let version = "6.1.7601 Service Pack 1 Build 7601";
    for suffix in ["", "v2 - Update"] {
        // the sentence's length moves the cut through every place of a row
        for extra in 0..30 {
            let sentence = format!("999 Hotfix(s) Installed{}", ".".repeat(extra));
            let (list, whole) = cut_list(&sentence, suffix);
            let host = one(&report(EN, "Microsoft Windows 7 Enterprise", version, &list));
            let seen = &host.completeness.lists[0];
            let want = u32::try_from(whole).unwrap();
            assert_eq!(
                seen.gaps,
                [Gap::CutByCount { declared: 999, shown: want }, Gap::CutByLength],
                "{extra}"
            );
            assert_eq!(numbers(&host), (2_500_000..2_500_000 + want).collect::<Vec<_>>(), "{extra}");
        }
    }
}

#[test]
fn fewer_rows_than_announced_are_a_gap() {
    let list = "5 Hotfix(s) Installed.".to_owned() + &rows(&["KB2919355", "KB2919442"]) + "\r\n   ...";
    let host = one(&report(EN, "Microsoft Windows 8.1 Pro", "6.3.9600 N/A Build 9600", &list));
    assert_eq!(host.completeness.lists[0].gaps, [Gap::CutByCount { declared: 5, shown: 2 }, Gap::Elided]);
}

#[test]
fn rows_of_old_systems_that_name_no_kb_are_kept_aside() {
    let list = "4 Hotfix(s) Installed.".to_owned()
        + &rows(&["File 1", "Q147222", "KB893803v2 - Update", "{7A068575-C5DB-43D9-BE20-3895D0C69B17}"]);
    let host =
        one(&report(EN, "Microsoft Windows XP Professional", "5.1.2600 Service Pack 3 Build 2600", &list));
    assert_eq!(numbers(&host), [893_803]);
    assert_eq!(host.other_ids, ["File 1", "Q147222", "{7A068575-C5DB-43D9-BE20-3895D0C69B17}"]);
    assert_eq!(host.service_pack.unwrap().value, 3);
    let none =
        one(&report(EN, "Microsoft Windows XP Professional", "5.1.2600 N/A Build 2600", &rows(&["Q147222"])));
    assert!(none.updates.is_empty());
    assert_eq!((none.completeness.lists[0].shown, none.service_pack), (1, None));
}

#[test]
fn the_service_pack_is_that_of_the_build() {
    for (version, want) in [
        ("6.1.7600 N/A Build 7600", Some(0)),
        ("6.0.6000 N/A Build 6000", Some(0)),
        ("6.0.6001 Service Pack 1 Build 6001", Some(1)),
        ("6.0.6003 Service Pack 2 Build 6003", Some(2)),
        ("5.2.3790 Service Pack 2 Build 3790", Some(2)),
        ("10.0.19045 N/A Build 19045", None),
    ] {
        let text = report(EN, "Microsoft Windows Server 2008 Standard", version, "N/A");
        assert_eq!(one(&text).service_pack.map(|f| f.value), want, "{version}");
    }
}

#[test]
fn every_run_of_the_tool_is_a_section() {
    let list = "1 Hotfix(s) Installed.".to_owned() + &rows(&["KB2919355"]);
    let first = report(EN, "Microsoft Windows 8.1 Pro", "6.3.9600 N/A Build 9600", &list);
    let second = first.replace("SRV01", "SRV02");
    assert_eq!(read(&lines(&format!("{first}some words\r\n{second}")), &Arc::from("f")).len(), 2);
    // a paste that begins below the name
    let headless = second.lines().skip(2).collect::<Vec<_>>().join("\n");
    assert_eq!(read(&lines(&format!("{first}\n{headless}")), &Arc::from("f")).len(), 2);
}

#[test]
fn explanations_of_the_labels_are_no_report() {
    let glossary = "Host Name: the name\nOS Name: the system\nOS Version: its version\nSystem Type: 32 or 64\nHotfix(s): fixes\n";
    assert!(read(&lines(glossary), &Arc::from("f")).is_empty());
    let powershell = "Caption : Microsoft Windows 10 Pro\nVersion : 10.0.19044\nSystemType : x64-based PC\n";
    assert!(read(&lines(powershell), &Arc::from("f")).is_empty());
}

#[test]
fn rows_in_the_line_of_their_label_are_read() {
    let list = "2 Hotfix(s) Installed. [01]: KB2919355 [02]: KB2919442";
    let host = one(&report(EN, "Microsoft Windows 8.1 Pro", "6.3.9600 N/A Build 9600", list));
    assert_eq!(numbers(&host), [2_919_355, 2_919_442]);
    assert!(host.completeness.has_whole(ListKind::QuickFix));
}

#[test]
fn cells_are_split_at_the_first_colon_before_a_blank() {
    assert_eq!(label_value("Virtual Memory: Max Size:  1 MB"), Some(("Virtual Memory", "Max Size:  1 MB")));
    assert_eq!(label_value("BIOS : x"), Some(("BIOS", "x")));
    assert_eq!(label_value("名前：値"), Some(("名前", "値")));
    assert_eq!(label_value("C:\\Windows"), None);
    assert!(is_row("[24") && is_row("[246]") && is_row("[1]: x") && is_row("[246]:"));
    assert!(!is_row("[Version 6.3]") && !is_row("[System Summary]"));
}

#[test]
fn marks_of_markdown_are_no_part_of_labels_and_rows() {
    let text = "\
- **OS Name**: Microsoft Windows 10 Pro
- **OS Version**: 10.0.19045 N/A Build 19045
- **System Type:** x64-based PC
- **Hotfix(s)**: 2 Hotfix(s) Installed.
  - [01]: KB5033909
  - [02]: KB5012170
1. **Domain:** WORKGROUP
";
    let host = read(&lines(text), &Arc::from("f")).remove(0);
    assert_eq!(host.updates.len(), 2);
    assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("10.0.19045"));
    assert_eq!(host.architecture.map(|a| a.value), Some(Architecture::X64));
}

#[test]
fn labels_whose_letters_were_lost_are_labels() {
    let lost = ["??? ????", "???????? ??", "?????? ??", "??? ???????", "???????????(?)"];
    let text = report(
        lost,
        "?????????? Windows 10 Pro",
        "10.0.19045 ?/? ?????????? 19045",
        &format!("2{}", rows(&["KB5033909", "KB5012170"])),
    );
    let host = read(&lines(&text), &Arc::from("f")).remove(0);
    assert_eq!(host.updates.len(), 2);
    assert_eq!(host.version.map(|v| v.value.to_string()).as_deref(), Some("10.0.19045"));
    assert_eq!(host.architecture.map(|a| a.value), Some(Architecture::X64));
}
