//! All importers over samples of every kind: each takes its own and no other's, and none gives more than a line on damage.

use super::*;
use proptest::prelude::*;
use std::io::Cursor;

const CVRF_XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<cvrf:cvrfdoc xmlns:vuln="http://www.icasi.org/CVRF/schema/vuln/1.1" xmlns:prod="http://www.icasi.org/CVRF/schema/prod/1.1"
  xmlns:cvrf="http://www.icasi.org/CVRF/schema/cvrf/1.1">
  <cvrf:DocumentTitle>August 2026 Security Updates</cvrf:DocumentTitle>
  <cvrf:DocumentTracking>
    <cvrf:Identification><cvrf:ID>2026-Aug</cvrf:ID></cvrf:Identification>
    <cvrf:RevisionHistory><cvrf:Revision><cvrf:Number>3</cvrf:Number></cvrf:Revision></cvrf:RevisionHistory>
    <cvrf:InitialReleaseDate>2026-08-11T07:00:00</cvrf:InitialReleaseDate>
    <cvrf:CurrentReleaseDate>2026-08-14T07:00:00</cvrf:CurrentReleaseDate>
  </cvrf:DocumentTracking>
  <prod:ProductTree>
    <prod:Branch Type="Vendor" Name="Microsoft"><prod:Branch Type="Product Family" Name="Windows">
      <prod:FullProductName ProductID="11571">Windows Server 2019</prod:FullProductName>
      <prod:FullProductName ProductID="11568">Windows 10 Version 1809 for 32-bit Systems</prod:FullProductName>
      <prod:FullProductName ProductID="12085">Windows 11 Version 22H2 for ARM64-based Systems</prod:FullProductName>
      <prod:FullProductName ProductID="10483">Windows Server 2012 R2</prod:FullProductName>
      <prod:FullProductName ProductID="77">Microsoft .NET Framework 4.8 &amp; 3.5 on Windows Server 2012 R2</prod:FullProductName>
    </prod:Branch></prod:Branch>
  </prod:ProductTree>
  <vuln:Vulnerability Ordinal="1">
    <vuln:CVE>CVE-2026-0001</vuln:CVE>
    <vuln:Remediations>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5200001</vuln:Description>
        <vuln:Supercedence>5094123</vuln:Supercedence><vuln:ProductID>11571</vuln:ProductID><vuln:ProductID>11568</vuln:ProductID>
        <vuln:ProductID>12085</vuln:ProductID><vuln:RestartRequired>Yes</vuln:RestartRequired>
        <vuln:SubType>Security Update</vuln:SubType><vuln:FixedBuild>10.0.17763.9001</vuln:FixedBuild></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5200002</vuln:Description><vuln:ProductID>10483</vuln:ProductID>
        <vuln:SubType>Monthly Rollup</vuln:SubType><vuln:FixedBuild>6.3.9600.23000</vuln:FixedBuild></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5200003</vuln:Description><vuln:ProductID>77</vuln:ProductID>
        <vuln:SubType>Monthly Rollup</vuln:SubType><vuln:FixedBuild>4.8.4800.01</vuln:FixedBuild></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5200004</vuln:Description><vuln:ProductID>11571</vuln:ProductID>
        <vuln:SubType>SecurityHotpatchUpdate</vuln:SubType><vuln:Supercedence>None</vuln:Supercedence></vuln:Remediation>
      <vuln:Remediation Type="Known Issue"><vuln:Description>5200009</vuln:Description><vuln:ProductID>11571</vuln:ProductID></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>Release Notes</vuln:Description><vuln:ProductID>11571</vuln:ProductID></vuln:Remediation>
    </vuln:Remediations>
    <vuln:RevisionHistory><vuln:Revision><cvrf:Number>1.0</cvrf:Number></vuln:Revision></vuln:RevisionHistory>
  </vuln:Vulnerability>
</cvrf:cvrfdoc>
"#;

const CVRF_JSON: &str = r#"{"DocumentTitle":{"Value":"August 2026 Security Updates"},"DocumentType":{"Value":"Security Update"},
"DocumentTracking":{"Identification":{"ID":{"Value":"2026-Aug"},"Alias":{"Value":"2026-Aug"}},"Status":2,"Version":"1.0",
"InitialReleaseDate":"2026-08-11T07:00:00","CurrentReleaseDate":"2026-08-14T07:00:00"},
"ProductTree":{"Branch":[{"Items":[{"Items":[{"ProductID":"11571","Value":"Windows Server 2019"}],"Type":1,"Name":"Windows"}],"Type":0,"Name":"Microsoft"}],
"FullProductName":[{"ProductID":"11568","Value":"Windows 10 Version 1809 for 32-bit Systems"},{"ProductID":"12085","Value":"Windows 11 Version 22H2 for ARM64-based Systems"},
{"ProductID":"10483","Value":"Windows Server 2012 R2"},{"ProductID":"77","Value":"Microsoft .NET Framework 4.8 & 3.5 on Windows Server 2012 R2"}]},
"Vulnerability":[{"Title":{"Value":"x"},"CVE":"CVE-2026-0001","RevisionHistory":[{"Number":"1.0"}],"Remediations":[
{"Description":{"Value":"5200001"},"URL":"https://catalog.update.microsoft.com/","Supercedence":"5094123","ProductID":["11571","11568","12085"],"Type":2,"RestartRequired":{"Value":"Yes"},"SubType":"Security Update","FixedBuild":"10.0.17763.9001"},
{"Description":{"Value":"5200002"},"ProductID":["10483"],"Type":2,"RestartRequired":{},"SubType":"Monthly Rollup","FixedBuild":"6.3.9600.23000"},
{"Description":{"Value":"5200003"},"ProductID":["77"],"Type":2,"SubType":"Monthly Rollup","FixedBuild":"4.8.4800.01"},
{"Description":{"Value":"5200004"},"ProductID":["11571"],"Type":2,"SubType":"SecurityHotpatchUpdate","Supercedence":"None"},
{"Description":{"Value":"5200009"},"ProductID":["11571"],"Type":5},
{"Description":{"Value":"Release Notes"},"ProductID":["11571"],"Type":2,"Supercedence":null}]}]}"#;

const CSAF: &str = r#"{"document":{"csaf_version":"2.0","title":"A flaw","publisher":{"category":"vendor","name":"Microsoft Security Response Center","namespace":"https://msrc.microsoft.com"},
"tracking":{"id":"msrc_CVE-2026-0002","current_release_date":"2026-08-12T07:00:00.000Z"}},
"product_tree":{"branches":[{"category":"vendor","name":"Microsoft","branches":[{"category":"product_name","name":"Windows Server 2022","branches":[
{"category":"product_version_range","name":"<10.0.20348.9000","product":{"name":"Windows Server 2022 <10.0.20348.9000","product_id":"1"}},
{"category":"product_version","name":"10.0.20348.9000","product":{"name":"Windows Server 2022 10.0.20348.9000","product_id":"11923"}}]}]}]},
"vulnerabilities":[{"cve":"CVE-2026-0002","remediations":[
{"category":"vendor_fix","date":"2026-08-11T07:00:00.000Z","details":"10.0.20348.9000:Security Update:https://support.microsoft.com/help/5200005","product_ids":["1"],"restart_required":{"category":"system"},"url":"https://support.microsoft.com/help/5200005"},
{"category":"workaround","details":"none","product_ids":["1"],"url":"https://support.microsoft.com/help/5200006"},
{"category":"vendor_fix","details":"1.2.3:Security Update:https://docs.microsoft.com/help/5200007","product_ids":["1"],"url":"https://docs.microsoft.com/help/5200007"}]}]}"#;

const SUG: &str = r#"{"@odata.context":"https://api.msrc.microsoft.com/sug/v2.0/sugodata/v2.0/en-US/$metadata#affectedProduct","@odata.count":3,"value":[
{"id":"a1","architecture":"x64","cveNumber":"CVE-2026-0003","product":"Windows Server 2022","productFamilyId":100000010,"initialReleaseDate":"2026-08-11T07:00:00Z","releaseDate":"2026-08-11T07:00:00Z",
"kbArticles":[{"affectedBinaries":[],"articleName":"5200006","articleUrl":"https://support.microsoft.com/help/5200006","downloadName":"Security Update","fixedBuildNumber":"10.0.20348.9000","rebootRequired":"Yes","supercedence":"5094128"}]},
{"id":"a2","cveNumber":"CVE-2026-0003","product":"Windows 11 Version 22H2 for x64-based Systems","initialReleaseDate":"2026-08-11T07:00:00Z","releaseDate":"2026-08-11T07:00:00Z",
"kbArticles":[{"articleName":"5200006","fixedBuildNumber":"10.0.20348.9000","rebootRequired":"No","supercedence":"5094128<br><br>5087545"}]}],
"@odata.nextLink":"https://api.msrc.microsoft.com/sug/v2.0/sugodata/v2.0/en-US/affectedProduct?$skip=2"}"#;

const SUG_DEPLOYMENT: &str = r#"{"@odata.context":"https://api.msrc.microsoft.com/sug/v2.0/sugodata/v2.0/en-US/$metadata#deployment","value":[
{"id":"d1","articleName":"5200007","articleUrl":"https://support.microsoft.com/kb/5200007","downloadName":"Servicing Stack Update","product":"Windows Server 2016","productFamilyId":1,"rebootRequired":"Maybe","releaseDate":"2026-08-11T07:00:00Z","releaseNumber":"2026-Aug"}]}"#;

const WSUS_JSON: &str = r#"[{"Catalog":"Windows 10 22H2","UpdateOS":"Windows 10","UpdateBuild":"22H2","UpdateArch":"x64","UpdateGroup":"DotnetCU","CreationDate":"\/Date(1786467600000)\/","KBNumber":"5200010","FileKBNumber":"5200011",
"Title":"2026-08 Cumulative Update for .NET Framework 3.5 4.8 and 4.8.1 for Windows 10 Version 22H2 for x64 (KB5200010)","UpdateId":"7ed7fa30-c23a-45b6-958c-38e7b34a276f","UpdateClassificationTitle":"Security Updates","FileName":"Windows10.0-KB5200011-x64-NDP481.cab","IsSuperseded":false,"HasSupersededUpdates":true}]"#;

const WSUS_CSV: &str = "#TYPE Selected\r\n\"UpdateOS\",\"UpdateBuild\",\"UpdateArch\",\"UpdateGroup\",\"CreationDate\",\"KBNumber\",\"FileKBNumber\",\"Title\",\"UpdateClassificationTitle\",\"FileName\",\"IsSuperseded\"\r\n\
\"Windows Server\",\"1809\",\"x64\",\"LCU\",\"8/11/2026 5:00:00 PM\",\"5200012\",\"5200012\",\"2026-08 Cumulative Update for Windows Server 2019 for x64-based Systems (KB5200012)\",\"Security Updates\",\"Windows10.0-KB5200012-x64.cab\",\"False\"\r\n\
\"Windows Server\",\"1607\",\"x64\",\"SSU\",\"8/25/2026 5:00:00 PM\",\"5200013\",\"5200013\",\"2026-08 Servicing Stack Update for Windows Server 2016 for x64-based Systems (KB5200013)\",\"Security Updates\",\"Windows10.0-KB5200013-x64.cab\",\"True\"\r\n";

const RELEASE_MARKDOWN: &str = "---\ncanonicalUrl: https://learn.microsoft.com/en-us/windows/release-health/windows-server-release-info\n---\n# Windows Server release information\n\n\
| Windows Server version | Servicing option | Availability date | Latest build |\n| --- | --- | --- | --- |\n| Windows Server 2025 | LTSC | 2024-11-01 | 26100.40000 |\n\n\
**Windows Server 2025 (OS build 26100)**\n\n| Servicing option | Update type | Availability date | Build | KB article |\n| --- | --- | --- | --- | --- |\n\
| LTSC | 2026-08 D | 2026-08-25 | 26100.40010 | [KB5200020](https://support.microsoft.com/help/5200020) |\n\
| LTSC | 2026-08 B | 2026-08-11 | 26100.40000 | [KB5200021](https://support.microsoft.com/help/5200021) |\n\
| Release Preview | 2026-08 B | 2026-08-01 | 26100.39999 | KB5200029 |\n\
| LTSC | 2024-10 A | 2024-11-01 | 26100.1742 |  |\n\n\
## Windows Server hotpatch calendar\n**Windows Server 2025 (OS build 26100)**\n**Calendar year 2026**\n\n\
| Month | Update type | Type | Availability date | Build | KB article |\n| --- | --- | --- | --- | --- | --- |\n\
| July | 2026.07 B | Baseline (Restart) | 2026-07-14 | 26100.39000 | [KB5200022](https://support.microsoft.com/help/5200022) |\n\
| August | 2026.08 B | Hotpatch | 2026-08-11 | 26100.39900 | [KB5200023](https://support.microsoft.com/topic/august-hotpatch-kb5200023) |  |\n\
| September | 2026.09 B | Hotpatch |  |  |  |\n";

const RELEASE_JSON: &str = r#"[{"os":"Windows Server 2019 (version 1809)","build":"17763.9001","kb":"5200001","type":"2026-08 B","date":"2026-08-11"},
{"os":"","build":"26100.40000","kb":"5200021","type":"2026-08 B","date":"2026-08-11"}]"#;

const RELEASE_CSV: &str = "Product,Build,KB article,Availability date,Update type\r\nWindows 11 Version 25H2,26200.9000,KB5200030,2026-08-11,2026-08 B\r\n";

fn release_html() -> String {
    let cell = |c: &str| format!("<td>{c}</td>");
    let row = |cells: &[&str]| format!("<tr>{}</tr>", cells.iter().map(|c| cell(c)).collect::<String>());
    format!(
        "<!DOCTYPE html><html><head><link href=\"https://learn.microsoft.com/en-us/windows/release-health/windows11-release-information\" rel=\"canonical\"></head>\
         <body><h2>Windows 11 release history</h2><p><strong>Version 24H2 (OS build 26100)</strong></p><table><thead><tr><th>Servicing option</th><th>Update type</th>\
         <th>Availability date</th><th>Build</th><th>KB article</th></tr></thead><tbody>{}{}</tbody></table></body></html>",
        row(&[
            "General Availability Channel",
            "2026-08 B",
            "2026-08-11",
            "26100.9000",
            "<a href=\"https://support.microsoft.com/help/5200030\">KB5200030</a>"
        ]),
        row(&["General Availability Channel", "2026-08 OOB", "2026-08-20", "26100.9010", "<a>KB5200031</a>"]),
    )
}

/// Every sample with the format that it is.
fn samples() -> Vec<(&'static str, String)> {
    let definitions = "\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\",\"AffectedComponent\",\"Severity\",\"Impact\",\"Supersedes\",\"Exploits\"\r\n\
        \"20260811\",\"CVE-2026-1\",\"5200001\",\"A\",\"Windows Server 2019\",\"\",\"\",\"\",\"5094123\",\"\"\r\n";
    vec![
        ("MSRC CVRF (XML)", CVRF_XML.to_owned()),
        ("MSRC CVRF (JSON)", CVRF_JSON.to_owned()),
        ("MSRC CSAF", CSAF.to_owned()),
        ("Security Update Guide API", SUG.to_owned()),
        ("Security Update Guide API", SUG_DEPLOYMENT.to_owned()),
        ("Security Update Guide API", format!("[{SUG},{SUG_DEPLOYMENT}]")),
        ("WSUS export (JSON)", WSUS_JSON.to_owned()),
        ("WSUS export (CSV)", WSUS_CSV.to_owned()),
        ("release information (Markdown)", RELEASE_MARKDOWN.to_owned()),
        ("release information (JSON)", RELEASE_JSON.to_owned()),
        ("release information (CSV)", RELEASE_CSV.to_owned()),
        ("release information (HTML)", release_html()),
        ("WES-NG definitions", definitions.to_owned()),
    ]
}

fn recognised(bytes: &[u8]) -> Vec<&'static str> {
    let head = &bytes[..bytes.len().min(65_536)];
    IMPORTERS.iter().filter(|i| (i.detect)(head)).map(|i| i.format).collect()
}

fn read(name: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    let mut reader = Cursor::new(bytes);
    import(
        &mut Input { name, reader: &mut reader, size: bytes.len() as u64, read: "2026-11-21" },
        Catalog::embedded(),
    )
}

fn row(imported: &Imported, kb: &str) -> String {
    let found = imported.facts.updates.iter().find(|u| u.kb == kb);
    found.map_or_else(String::new, |u| serde_json::to_string(u).unwrap())
}

fn remark(imported: &Imported, text: &str) -> u64 {
    imported.remarks.iter().filter(|r| r.text.contains(text)).map(|r| r.count).sum()
}

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let unit = |c: u16| if little { c.to_le_bytes() } else { c.to_be_bytes() };
    mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
}

#[test]
fn each_format_is_recognised_alone_in_every_encoding() {
    for (format, text) in samples() {
        let mut encoded = vec![text.clone().into_bytes(), format!("\u{feff}{text}").into_bytes()];
        encoded.extend([utf16(&text, true, true), utf16(&text, false, true)]);
        let first = read("sample", &encoded[0]).unwrap_or_else(|e| panic!("{format}: {e}"));
        for bytes in encoded {
            assert_eq!(recognised(&bytes), [format]);
            let again = read("sample", &bytes).unwrap_or_else(|e| panic!("{format}: {e}"));
            let rows = |i: &Imported| serde_json::to_string(&i.facts.updates).unwrap();
            assert_eq!(rows(&again), rows(&first), "{format}");
        }
    }
}

#[test]
fn inventories_and_other_documents_are_not_recognised() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    let mut folders = vec![folder.join("fuzz/corpus"), folder.join("examples"), folder.join("catalog-cache")];
    while let Some(f) = folders.pop() {
        for entry in std::fs::read_dir(f).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            let bytes = std::fs::read(&path).unwrap();
            // what is there to be imported
            let mut parts = path.components().map(|c| c.as_os_str().to_string_lossy());
            let own = parts.any(|c| ["source", "overlay", "rules-"].iter().any(|own| c.contains(own)));
            assert!(own || recognised(&bytes).is_empty(), "{}: {:?}", path.display(), recognised(&bytes));
        }
    }
    assert!(seen > 20, "{seen}");
    for other in [
        "",
        "{}",
        "[]",
        "[{\"HotFixID\":\"KB5000001\",\"InstalledOn\":\"2026-01-01\"}]",
        "{\"format\":\"kbwhy/host/1\",\"os\":{\"build\":\"17763.1\"}}",
        "Source,HotFixID,Build,InstalledOn\r\n",
        "<html><body>Servicing</body></html>",
    ] {
        assert_eq!(recognised(other.as_bytes()), [""; 0], "{other}");
    }
}

#[test]
fn both_shapes_of_a_cvrf_document_say_the_same() {
    let xml = read("2026-Aug", CVRF_XML.as_bytes()).unwrap();
    let json = read("2026-Aug.json", CVRF_JSON.as_bytes()).unwrap();
    assert_eq!(
        serde_json::to_string(&xml.facts.updates).unwrap(),
        serde_json::to_string(&json.facts.updates).unwrap()
    );
    assert_eq!((xml.source.id.as_str(), xml.source.read.as_str()), ("cvrf-2026-aug", "2026-08-14"));
    // the build is one of 1809: on 22H2 neither it nor the package is believed, and the statement is kept
    let lcu = row(&xml, "KB5200001");
    assert!(lcu.contains(r#""for":["windows-10-1809","windows-server-2019"]"#), "{lcu}");
    assert!(lcu.contains(r#"{"claim":"package","for":["windows-11-22h2"],"why":"other-build"}"#), "{lcu}");
    assert!(lcu.contains(
        r#"{"claim":"build","value":"10.0.17763.9001","for":["windows-11-22h2"],"why":"other-build"}"#
    ));
    assert!(lcu.contains(r#""restart":"always""#) && lcu.contains(r#""date":"2026-08-11""#));
    assert_eq!(remark(&xml, "none of the product's"), 1, "{:?}", xml.remarks);
    // it follows a cumulative update
    assert!(lcu.contains(r#""kind":"cumulative""#), "{lcu}");
    assert!(row(&xml, "KB5200002").contains(r#""kind":"monthly-rollup""#));
    // .NET updates are no monthly rollups of Windows, whatever the feed calls them
    assert!(row(&xml, "KB5200003").contains(r#""kind":"dotnet-rollup""#), "{}", row(&xml, "KB5200003"));
    assert!(row(&xml, "KB5200004").contains(r#""kind":"hotpatch""#));
    assert_eq!(row(&xml, "KB5200009"), "", "known issues are no updates");
    assert_eq!(remark(&xml, "fixes that have no KB number"), 1);
}

#[test]
fn a_revised_vulnerability_dates_no_update() {
    let text = CVRF_JSON.replace("[{\"Number\":\"1.0\"}]", "[{\"Number\":\"1.0\"},{\"Number\":\"2.0\"}]");
    let imported = read("2026-Aug.json", text.as_bytes()).unwrap();
    assert!(!row(&imported, "KB5200001").contains("\"date\""), "its fixes may have come later");
}

#[test]
fn advisories_name_their_update_by_address() {
    let imported = read("msrc_cve-2026-0002.json", CSAF.as_bytes()).unwrap();
    assert_eq!(imported.facts.updates.len(), 1);
    let fix = row(&imported, "KB5200005");
    assert!(fix.contains(r#""for":["windows-server-2022"]"#), "{fix}");
    assert!(
        fix.contains(r#""date":"2026-08-11""#) && fix.contains("10.0.20348.9000") && fix.contains("always")
    );
    let other = CSAF
        .replace("Microsoft Security Response Center", "Someone")
        .replace("msrc.microsoft.com", "example.org");
    assert!(read("a.json", other.as_bytes()).unwrap_err().to_string().contains("an advisory of Someone"));
}

#[test]
fn pages_of_the_guide_say_what_is_missing() {
    let imported = read("0.json", SUG.as_bytes()).unwrap();
    let fix = row(&imported, "KB5200006");
    assert!(fix.contains(r#""packages":[{"for":["windows-server-2022"]}]"#), "{fix}");
    assert!(fix.contains(r#""why":"other-build""#), "{fix}");
    // the strongest of both rows
    assert!(fix.contains(r#""restart":"always""#), "{fix}");
    assert_eq!(remark(&imported, "other pages"), 1);
    // both pages behind each other, and one of them twice
    let both = format!("{SUG}\r\n{SUG_DEPLOYMENT}\r\n{SUG}");
    let imported = read("all.json", both.as_bytes()).unwrap();
    assert!(row(&imported, "KB5200007").contains(r#""kind":"servicing-stack""#));
    assert_eq!(remark(&imported, "read once"), 2);
}

#[test]
fn exports_of_wsus() {
    let imported = read("w.json", WSUS_JSON.as_bytes()).unwrap();
    let umbrella = row(&imported, "KB5200010");
    assert!(
        umbrella.contains(r#""title":"2026-08 Cumulative Update for .NET Framework 3.5 4.8 and 4.8.1""#),
        "{umbrella}"
    );
    assert!(
        umbrella.contains(r#""date":"2026-08-11""#) && umbrella.contains(r#""for":["windows-10-22h2"]"#),
        "{umbrella}"
    );
    assert!(row(&imported, "KB5200011").contains("a package of KB5200010"));
    let imported = read("w.csv", WSUS_CSV.as_bytes()).unwrap();
    // 8/25 tells that the month comes first
    assert!(row(&imported, "KB5200012").contains(r#""date":"2026-08-11""#));
    assert!(
        row(&imported, "KB5200012").contains(r#""kind":"cumulative""#),
        "{}",
        row(&imported, "KB5200012")
    );
    assert!(row(&imported, "KB5200013").contains(r#""kind":"servicing-stack""#));
    assert_eq!(remark(&imported, "by what is not told"), 1);
    // without such a row nobody knows
    let unsure = WSUS_CSV.replace("8/25/2026", "8/9/2026");
    let imported = read("w.csv", unsure.as_bytes()).unwrap();
    assert!(!row(&imported, "KB5200012").contains("\"date\""));
    assert_eq!(remark(&imported, "cannot be told apart"), 2);
}

#[test]
fn release_information_is_put_into_lines() {
    let entries = |imported: &Imported| -> Vec<(String, String)> {
        let of = |(l, e): &(crate::catalog::facts::LineRow, Vec<_>)| {
            e.iter().map(|e| (l.id.clone(), serde_json::to_string(e).unwrap())).collect::<Vec<_>>()
        };
        imported.facts.lines.iter().flat_map(of).collect()
    };
    let page = read("page.md", RELEASE_MARKDOWN.as_bytes()).unwrap();
    let e = entries(&page);
    assert!(e.iter().all(|(line, _)| line == "cumulative-server-26100"), "{e:?}");
    let of = |kb: &str| e.iter().find(|(_, e)| e.contains(kb)).map(|(_, e)| e.as_str()).unwrap_or("");
    assert!(of("KB5200020").contains(r#""kind":"cumulative-preview""#));
    assert!(
        of("KB5200021").contains(r#""revision":40000,"date":"2026-08-11","kind":"combined""#),
        "{}",
        of("KB5200021")
    );
    assert!(of("KB5200022").contains("39000"), "the baseline is a cumulative update");
    assert_eq!((of("KB5200029"), of("KB5200023")), ("", ""), "Release Preview and hotpatches are in no line");
    assert!(row(&page, "KB5200023").contains(r#""kind":"hotpatch""#));
    let html = entries(&read("page.html", release_html().as_bytes()).unwrap());
    assert_eq!(html.len(), 2);
    assert!(html.iter().all(|(line, _)| line == "cumulative-client-26100"), "{html:?}");
    let json = read("t.json", RELEASE_JSON.as_bytes()).unwrap();
    assert_eq!(entries(&json)[0].0, "cumulative-server-17763");
    // 26100 without a name may be a client or a server
    assert_eq!((entries(&json).len(), remark(&json, "not certain")), (1, 1));
    assert_eq!(entries(&read("t.csv", RELEASE_CSV.as_bytes()).unwrap())[0].0, "cumulative-client-26200");
}

#[test]
fn hostile_documents_are_one_line() {
    let deep = format!(
        "{{\"document\":{{\"csaf_version\":\"2.0\",\"tracking\":{}{}}}}}",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let nested = CVRF_XML.replace("<cvrf:Identification>", &"<cvrf:Identification>".repeat(500));
    let doctype = CVRF_XML.replace("?>\n", "?>\n<!DOCTYPE x [<!ENTITY a \"aaaa\">]>\n");
    let entity = CVRF_XML.replace("August", "&a;");
    let cut = CVRF_XML[..CVRF_XML.len() - 40].to_owned();
    for (text, says) in [
        (deep, "recursion limit"),
        (nested, "within each other"),
        (doctype, "document type"),
        (entity, "not defined"),
        (cut, "cut off"),
        (CVRF_JSON[..CVRF_JSON.len() - 3].to_owned(), "EOF"),
        (CVRF_XML.replace("<cvrf:ID>2026-Aug</cvrf:ID>", ""), "not whole"),
    ] {
        let e = read("file", text.as_bytes()).unwrap_err().to_string();
        assert!(e.starts_with("file") && e.contains(says), "{e}");
        assert!(!e.chars().any(char::is_control) && e.len() < 300, "{e}");
    }
    let mut wrong = CVRF_JSON.as_bytes().to_vec();
    wrong[40] = 0xFF;
    assert!(read("file", &wrong).unwrap_err().to_string().starts_with("file, byte 40: not UTF-8"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Cut, flipped and doubled samples give rows or one line.
    #[test]
    fn mangled_samples(which in 0usize..13, cut in 0usize..6000, flips in prop::collection::vec((0usize..6000, 0u8..8), 0..4), double in any::<bool>()) {
        let (_, text) = samples().swap_remove(which);
        let mut bytes = text.into_bytes();
        for (at, bit) in flips {
            let n = bytes.len();
            bytes[at % n] ^= 1 << bit;
        }
        if cut % 3 == 0 {
            bytes.truncate(cut % (bytes.len() + 1));
        }
        if double {
            bytes.extend_from_within(..);
        }
        match read("sample", &bytes) {
            Ok(imported) => {
                for u in &imported.facts.updates {
                    prop_assert!(u.kb.parse::<crate::model::KbId>().is_ok());
                    prop_assert!(!serde_json::to_string(u).unwrap().contains("\\u00"));
                }
            }
            Err(e) => prop_assert!(!e.to_string().chars().any(char::is_control), "{e}"),
        }
    }
}

/// Real files: each is recognised as what it is, and gives what is known of it.
#[test]
fn field_feeds() {
    let Some(root) = std::env::var_os("KBWHY_FIELD_DATA").map(std::path::PathBuf::from) else {
        #[expect(clippy::print_stderr, reason = "a suite that is skipped says so")]
        {
            eprintln!("KBWHY_FIELD_DATA is not set: real feeds are not read");
        }
        return;
    };
    let root = root.join("testdata");
    for (file, format, kb, product) in [
        ("msrc-cvrf/2016-Apr", "MSRC CVRF (XML)", "KB3147461", "windows-10-1507"),
        ("msrc-cvrf/2024-Mar", "MSRC CVRF (XML)", "KB5036451", ""),
        ("msrc-csaf/2025/msrc_cve-2025-29795.json", "MSRC CSAF", "", ""),
        ("msrc-sug/deployment/0.json", "Security Update Guide API", "KB3147461", "windows-10-1507"),
        ("msrc-sug/product/2.json", "Security Update Guide API", "KB5053594", "windows-server-2016"),
        ("msrc-sug/vulnerability/2.json", "Security Update Guide API", "", ""),
        ("osdsus/Windows Server 2019.csv", "WSUS export (CSV)", "KB5005112", "windows-server-2019"),
        ("osdsus/Windows Server 2019.json", "WSUS export (JSON)", "KB5005112", "windows-server-2019"),
        ("osdsus/Windows 11 22H2.json", "WSUS export (JSON)", "KB5039895", "windows-11-22h2"),
        ("release-info/server2016-2025_latest_2026-06.json", "release information (JSON)", "", ""),
    ] {
        let bytes = std::fs::read(root.join(file)).unwrap();
        assert_eq!(recognised(&bytes), [format], "{file}");
        let imported = read(file, &bytes).unwrap();
        let text = row(&imported, kb);
        assert!(kb.is_empty() || text.contains(product) && !text.is_empty(), "{file}: {text}");
    }
    // whatever else lies there is none of these
    let mut folders = vec![
        root.join("inventories"),
        root.join("msuc"),
        root.join("cbslog"),
        root.join("dism"),
        root.join("wu-core"),
    ];
    let ours = |f: &&&str| !f.contains("Update Catalog") && !f.contains("Windows Update metadata");
    while let Some(f) = folders.pop() {
        for entry in std::fs::read_dir(f).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let found = recognised(&std::fs::read(&path).unwrap());
                assert_eq!(found.iter().filter(ours).count(), 0, "{}: {found:?}", path.display());
            }
        }
    }
}

#[test]
fn a_table_that_ends_within_a_quotation_is_refused() {
    let whole = "Build,KB,Date\n19045.9001,KB6000001,\"2026-08-11\"\n19045.9002,KB6000002,\"2026-08-12\"";
    assert!(decode::csv_rows("t", whole).is_ok_and(|(_, rows)| rows.len() == 2));
    for end in whole.len() - 10..whole.len() {
        let refused = decode::csv_rows("t", &whole[..end]);
        assert!(refused.is_err_and(|e| e.place == "t:3" && e.problem.contains("does not end")), "{end}");
    }
    let comma = "\"Build, or so\",Build,KB,Date\nx,19045.9001,KB6000001,2026-08-11\n";
    assert!(decode::csv_rows("t", comma).is_ok_and(|(_, rows)| rows.len() == 1));
    let early = "Build,KB,Date\n\"19045.9001,KB6000001,2026-08-11\n19045.9002,KB6000002,2026-08-12\n";
    assert!(decode::csv_rows("t", early).is_err());
}

#[test]
fn html_that_a_parser_would_take_for_ever_is_refused() {
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=1")).collect();
    let nested = "<div>".repeat(100_000);
    let tables = "<table><tr><td>".repeat(5_000);
    for body in [format!("<p{attributes}>"), nested, tables] {
        let page = format!(
            "<!DOCTYPE html><link href=\"https://learn.microsoft.com/en-us/windows/release-health/release-information\">{body}"
        );
        let size = page.len() as u64;
        let mut input = Input { name: "p", reader: &mut Cursor::new(page), size, read: "2026-11-21" };
        let refused = import(&mut input, Catalog::embedded()).unwrap_err();
        assert!(refused.problem.starts_with("its HTML is nested"), "{refused}");
    }
}

#[test]
fn a_table_of_endless_rows_is_refused() {
    let rows: String = (0..20_001).map(|n| format!("19045.{n},KB6000001,2026-08-11\n")).collect();
    let table = format!("Build,KB,Date\n{rows}");
    let size = table.len() as u64;
    let mut input = Input { name: "t", reader: &mut Cursor::new(table), size, read: "2026-11-21" };
    let refused = import(&mut input, Catalog::embedded()).unwrap_err();
    assert!(refused.problem.starts_with("more than 20000 rows"), "{refused}");
}

#[test]
fn a_table_in_which_everything_supersedes_everything_is_refused() {
    let all: Vec<String> = (0..20_000).map(|n| (3_000_000 + n).to_string()).collect();
    let all = all.join(";");
    let rows: String = (0..60)
        .map(|n| format!("20260811,CVE-2026-1,{},T,Windows Server 2019,,,,{all},\n", 4_000_000 + n))
        .collect();
    let header = "DatePosted,CVE,BulletinKB,Title,AffectedProduct,AffectedComponent,Severity,Impact,Supersedes,Exploits";
    let table = format!("{header}\n{rows}");
    let size = table.len() as u64;
    let mut input = Input { name: "t.csv", reader: &mut Cursor::new(table), size, read: "2026-11-21" };
    let refused = import(&mut input, Catalog::embedded()).unwrap_err();
    assert!(refused.problem.starts_with("more superseded updates"), "{refused}");
}

#[test]
fn a_zero_byte_is_damage() {
    for (name, text) in [("c.xml", CVRF_XML), ("c.json", CVRF_JSON)] {
        let at = text.find("5200001").unwrap();
        let bytes = [&text.as_bytes()[..at], b"\0", &text.as_bytes()[at..]].concat();
        let size = bytes.len() as u64;
        let mut input = Input { name, reader: &mut Cursor::new(bytes), size, read: "2026-11-21" };
        let refused = import(&mut input, Catalog::embedded()).unwrap_err();
        assert!(
            refused.place.ends_with(&format!("byte {at}")) && refused.problem.contains("zero byte"),
            "{refused}"
        );
    }
}

#[test]
fn texts_keep_nothing_that_steers_a_console() {
    assert_eq!(gather::clean(" a\u{1b}[31m \u{202e}b\u{2066}\n\tc\u{9b} "), "a [31m b c");
}

mod shapes;
