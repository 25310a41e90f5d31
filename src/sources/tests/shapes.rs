//! Whole documents of MSRC, in the shapes that trimmed samples do not show. What they say does not exist.

use super::*;

/// A document as the API sends it: declarations and prefixes, notes in HTML, statuses, threats, scores, every kind of remedy.
const WHOLE_XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<cvrf:cvrfdoc xmlns:cpe-lang="http://cpe.mitre.org/language/2.0" xmlns:cvrf="http://www.icasi.org/CVRF/schema/cvrf/1.1"
  xmlns:cvrf-common="http://www.icasi.org/CVRF/schema/common/1.1" xmlns:prod="http://www.icasi.org/CVRF/schema/prod/1.1"
  xmlns:vuln="http://www.icasi.org/CVRF/schema/vuln/1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <!-- Not to be trusted more than any other text -->
  <cvrf:DocumentTitle xml:lang="en">November 2026 Security Updates</cvrf:DocumentTitle>
  <cvrf:DocumentType>Security Update</cvrf:DocumentType>
  <cvrf:DocumentPublisher Type="Vendor"><cvrf:ContactDetails>secure@example.com</cvrf:ContactDetails></cvrf:DocumentPublisher>
  <cvrf:DocumentTracking>
    <cvrf:Identification><cvrf:ID>2026-Nov</cvrf:ID><cvrf:Alias>2026-Nov</cvrf:Alias></cvrf:Identification>
    <cvrf:Status>Final</cvrf:Status><cvrf:Version>1.0</cvrf:Version>
    <cvrf:RevisionHistory>
      <cvrf:Revision><cvrf:Number>1</cvrf:Number><cvrf:Date>2026-11-10T08:00:00</cvrf:Date><cvrf:Description>Note</cvrf:Description></cvrf:Revision>
      <cvrf:Revision><cvrf:Number>2</cvrf:Number><cvrf:Date>2026-11-19T08:00:00</cvrf:Date><cvrf:Description>Note</cvrf:Description></cvrf:Revision>
    </cvrf:RevisionHistory>
    <cvrf:InitialReleaseDate>2026-11-10T08:00:00</cvrf:InitialReleaseDate>
    <cvrf:CurrentReleaseDate>2026-11-19T08:00:00</cvrf:CurrentReleaseDate>
  </cvrf:DocumentTracking>
  <cvrf:DocumentNotes>
    <cvrf:Note Title="Release Notes" Audience="Public" Type="Details" Ordinal="0">&lt;p&gt;See KB5299999 &amp;amp; others&lt;/p&gt;</cvrf:Note>
    <cvrf:Note Title="Legal Disclaimer" Type="Legal Disclaimer" Ordinal="1"><![CDATA[<p>as is & "as available"</p>]]></cvrf:Note>
  </cvrf:DocumentNotes>
  <prod:ProductTree>
    <prod:Branch Type="Vendor" Name="Microsoft">
      <prod:Branch Type="Product Family" Name="Windows">
        <prod:FullProductName ProductID="12436" CPE="cpe:2.3:o:example">Windows Server 2025</prod:FullProductName>
        <prod:FullProductName ProductID="12437">Windows Server 2025 (Server Core installation)</prod:FullProductName>
        <prod:FullProductName ProductID="10816">Windows Server 2016</prod:FullProductName>
      </prod:Branch>
      <prod:Branch Type="Product Family" Name="Microsoft Office">
        <prod:FullProductName ProductID="11762">Microsoft 365 Apps for Enterprise for 64-bit Systems</prod:FullProductName>
      </prod:Branch>
    </prod:Branch>
    <prod:FullProductName ProductID="10816">Windows Server 2016</prod:FullProductName>
  </prod:ProductTree>
  <vuln:Vulnerability Ordinal="1">
    <vuln:Title>A flaw</vuln:Title>
    <vuln:Notes><vuln:Note Title="Description" Type="Description" Ordinal="0">&lt;b&gt;text&lt;/b&gt;</vuln:Note>
      <vuln:Note Title="FAQ" Type="FAQ" Ordinal="10"><p xmlns="http://www.w3.org/1999/xhtml">Install 5299998 first.<br/>Then this.</p></vuln:Note></vuln:Notes>
    <vuln:CVE>CVE-2026-1001</vuln:CVE>
    <vuln:ProductStatuses><vuln:Status Type="Known Affected"><vuln:ProductID>12436</vuln:ProductID></vuln:Status></vuln:ProductStatuses>
    <vuln:Threats><vuln:Threat Type="Impact"><vuln:Description>Spoofing</vuln:Description><vuln:ProductID>12436</vuln:ProductID></vuln:Threat></vuln:Threats>
    <vuln:CVSSScoreSets><vuln:ScoreSet><vuln:BaseScore>7.8</vuln:BaseScore><vuln:ProductID>12436</vuln:ProductID></vuln:ScoreSet></vuln:CVSSScoreSets>
    <vuln:Remediations>
      <vuln:Remediation Type="Workaround"><vuln:Description>&lt;p&gt;Remove KB5299997&lt;/p&gt;</vuln:Description></vuln:Remediation>
      <vuln:Remediation Type="Mitigation"><vuln:Description>5299996</vuln:Description><vuln:ProductID>12436</vuln:ProductID></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix">
        <vuln:Description>5210001</vuln:Description>
        <vuln:URL>https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB5210001</vuln:URL>
        <vuln:Supercedence>5078740</vuln:Supercedence>
        <vuln:ProductID>12436</vuln:ProductID>
        <vuln:ProductID>12437</vuln:ProductID>
        <vuln:AffectedFiles />
        <vuln:RestartRequired>Yes</vuln:RestartRequired>
        <vuln:SubType>Security Update</vuln:SubType>
        <vuln:FixedBuild>10.0.26100.40200</vuln:FixedBuild>
      </vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5210002</vuln:Description>
        <vuln:Supercedence>5082198; 5087537, MS15-001 and 3000483</vuln:Supercedence><vuln:ProductID>10816</vuln:ProductID>
        <vuln:SubType>Security Update</vuln:SubType><vuln:FixedBuild>10.0.14393.9900</vuln:FixedBuild></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5210003</vuln:Description><vuln:ProductID>12436</vuln:ProductID>
        <vuln:SubType>AzureHotpatch</vuln:SubType><vuln:FixedBuild>10.0.26100.40190</vuln:FixedBuild></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>Click to Run</vuln:Description><vuln:ProductID>11762</vuln:ProductID>
        <vuln:FixedBuild>https://aka.ms/OfficeSecurityReleases</vuln:FixedBuild></vuln:Remediation>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5210001</vuln:Description><vuln:ProductID>99999</vuln:ProductID></vuln:Remediation>
      <vuln:Remediation Type="Known Issue"><vuln:Description>5210001</vuln:Description><vuln:ProductID>10816</vuln:ProductID></vuln:Remediation>
    </vuln:Remediations>
    <vuln:RevisionHistory><vuln:Revision><cvrf:Number>1.0</cvrf:Number><cvrf:Date>2026-11-10T08:00:00</cvrf:Date>
      <cvrf:Description>&lt;p&gt;Information published.&lt;/p&gt;</cvrf:Description></vuln:Revision></vuln:RevisionHistory>
  </vuln:Vulnerability>
  <vuln:Vulnerability Ordinal="2">
    <vuln:Title>Found later</vuln:Title><vuln:CVE>CVE-2026-1002</vuln:CVE>
    <vuln:Remediations>
      <vuln:Remediation Type="Vendor Fix"><vuln:Description>5210004</vuln:Description><vuln:ProductID>10816</vuln:ProductID>
        <vuln:SubType>Servicing Stack Update</vuln:SubType></vuln:Remediation>
    </vuln:Remediations>
    <vuln:RevisionHistory><vuln:Revision><cvrf:Number>1.0</cvrf:Number><cvrf:Date>2026-11-19T08:00:00</cvrf:Date></vuln:Revision></vuln:RevisionHistory>
  </vuln:Vulnerability>
  <vuln:Vulnerability Ordinal="3"><vuln:CVE>CVE-2026-1003</vuln:CVE><vuln:Remediations /></vuln:Vulnerability>
</cvrf:cvrfdoc>
"#;

/// The same in JSON, with all that the API leaves empty.
const WHOLE_JSON: &str = r#"{"DocumentTitle":{"Value":"November 2026 Security Updates"},"DocumentType":{"Value":"Security Update"},
"DocumentPublisher":{"ContactDetails":{"Value":"secure@example.com"},"IssuingAuthority":{"Value":"x"},"Type":0},
"DocumentTracking":{"Identification":{"ID":{"Value":"2026-Nov"},"Alias":{"Value":"2026-Nov"}},"Status":2,"Version":"1.0",
"RevisionHistory":[{"Number":"1","Date":"2026-11-10T08:00:00","Description":{"Value":"Note"}},{"Number":"2","Date":"2026-11-19T08:00:00","Description":{}}],
"InitialReleaseDate":"2026-11-10T08:00:00","CurrentReleaseDate":"2026-11-19T08:00:00"},
"DocumentNotes":[{"Title":"Release Notes","Audience":"Public","Type":1,"Ordinal":"0","Value":"<p>See KB5299999 &amp; others</p>"}],
"ProductTree":{"Branch":[{"Items":[{"Items":[{"ProductID":"12436","Value":"Windows Server 2025"},{"ProductID":"12437","Value":"Windows Server 2025 (Server Core installation)"},
{"ProductID":"10816","Value":"Windows Server 2016"}],"Type":1,"Name":"Windows"},{"Items":[{"ProductID":"11762","Value":"Microsoft 365 Apps for Enterprise for 64-bit Systems"}],"Type":1,"Name":"Office"}],"Type":0,"Name":"Microsoft"}],
"FullProductName":[{"ProductID":"10816","Value":"Windows Server 2016"},null],"Relationship":null},
"Vulnerability":[{"Title":{"Value":"A flaw"},"Notes":[{"Title":"Description","Type":2,"Ordinal":"0","Value":"<b>text</b>"}],"DiscoveryDateSpecified":false,"ReleaseDateSpecified":false,
"CVE":"CVE-2026-1001","ProductStatuses":[{"ProductID":["12436"],"Type":3}],"Threats":[{"Description":{"Value":"Spoofing"},"ProductID":["12436"],"Type":0,"DateSpecified":false}],
"CVSSScoreSets":[{"BaseScore":7.8,"TemporalScore":6.8,"Vector":"CVSS:3.1/","ProductID":["12436"]}],"Remediations":[
{"Description":{"Value":"<p>Remove KB5299997</p>"},"ProductID":[],"Type":0,"DateSpecified":false,"AffectedFiles":[]},
{"Description":{"Value":"5299996"},"ProductID":["12436"],"Type":1},
{"Description":{"Value":"5210001"},"URL":"https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB5210001","Supercedence":"5078740","ProductID":["12436",12437],"Type":2,"DateSpecified":false,"AffectedFiles":[],"RestartRequired":{"Value":"Yes"},"SubType":"Security Update","FixedBuild":"10.0.26100.40200"},
{"Description":{"Value":"5210002"},"Supercedence":"5082198; 5087537, MS15-001 and 3000483","ProductID":10816,"Type":"Vendor Fix","RestartRequired":{},"SubType":"Security Update","FixedBuild":"10.0.14393.9900"},
{"Description":{"Value":"5210003"},"Supercedence":null,"ProductID":["12436"],"Type":2,"SubType":"AzureHotpatch","FixedBuild":"10.0.26100.40190","RestartRequired":null},
{"Description":{"Value":"Click to Run"},"URL":"https://aka.ms/OfficeSecurityReleases","ProductID":["11762"],"Type":2,"FixedBuild":"https://aka.ms/OfficeSecurityReleases"},
{"Description":{"Value":"5210001"},"ProductID":["99999"],"Type":2},
{"Description":{"Value":"5210001"},"URL":"https://support.microsoft.com/help/5210001","ProductID":["10816"],"Type":5}],
"Acknowledgments":[{"Name":[{"Value":"a"}],"URL":[""]}],"Ordinal":"1","RevisionHistory":[{"Number":"1.0","Date":"2026-11-10T08:00:00","Description":{"Value":"<p>Information published.</p>"}}]},
{"Title":{},"CVE":"CVE-2026-1002","Remediations":[{"Description":{"Value":"5210004"},"ProductID":["10816"],"Type":2,"SubType":"Servicing Stack Update"}],"RevisionHistory":[{"Number":"1.0","Date":"2026-11-19T08:00:00"}]},
{"Title":{"Value":null},"CVE":"CVE-2026-1003","Remediations":[],"RevisionHistory":null},
{"CVE":"CVE-2026-1004","Remediations":null}]}"#;

#[test]
fn whole_documents_say_the_same_in_both_shapes() {
    let xml = read("2026-Nov", WHOLE_XML.as_bytes()).unwrap();
    let json = read("2026-Nov.json", WHOLE_JSON.as_bytes()).unwrap();
    let rows = |i: &Imported| i.facts.updates.iter().map(|u| row(i, &u.kb)).collect::<Vec<_>>();
    assert_eq!(rows(&xml), rows(&json));
    let kbs: Vec<&str> = xml.facts.updates.iter().map(|u| u.kb.as_str()).collect();
    assert_eq!(kbs, ["KB5210001", "KB5210002", "KB5210003", "KB5210004"], "only vendor fixes are updates");
    let lcu = row(&xml, "KB5210001");
    assert!(lcu.contains(r#""packages":[{"for":["windows-server-2025"]}]"#), "{lcu}");
    assert!(row(&xml, "KB5210002").contains(r#""build":"10.0.14393.9900""#));
    let hotpatch = row(&xml, "KB5210003");
    assert!(hotpatch.contains(r#""kind":"hotpatch""#), "{hotpatch}");
    // not the document's day
    assert!(row(&xml, "KB5210004").contains(r#""date":"2026-11-19""#), "{}", row(&xml, "KB5210004"));
    assert_eq!(remark(&xml, "the product tree does not name"), 1, "{:?}", xml.remarks);
    assert_eq!(remark(&xml, "no KB numbers"), 2, "{:?}", xml.remarks);
}

#[test]
fn what_supersedes_several_is_split_and_words_are_none() {
    let xml = read("2026-Nov", WHOLE_XML.as_bytes()).unwrap();
    let of = |kb: &str| {
        let u = xml.facts.updates.iter().find(|u| u.kb == kb).unwrap();
        let mut all: Vec<String> = u.supersedes.iter().map(|s| s.kb.clone()).collect();
        all.extend(u.doubts.iter().filter(|d| d.claim == "supersedes").filter_map(|d| d.value.clone()));
        all.sort();
        all
    };
    assert_eq!(of("KB5210002"), ["KB3000483", "KB5082198", "KB5087537"]);
    assert_eq!(of("KB5210003"), [""; 0]);
}

/// Groups of products, products without branches, relationships, and everything that is allowed to be absent.
const GROUPS: &str = r#"{"document":{"csaf_version":"2.0","category":"csaf_security_advisory","title":"A flaw","lang":"en-US","distribution":{"tlp":{"label":"WHITE"}},
"publisher":{"category":"vendor","contact_details":"secure@example.com","name":"Microsoft Security Response Center","namespace":"https://msrc.microsoft.com"},
"references":[{"category":"self","summary":"x","url":"https://example.com"}],
"tracking":{"id":"msrc_CVE-2026-1005","current_release_date":"2026-11-19T08:00:00.000Z","generator":{"engine":{"name":"x","version":"1"}},"revision_history":[{"date":"2026-11-10T08:00:00.000Z","number":"1","legacy_version":"1","summary":"x"}],"status":"final","version":"1"}},
"product_tree":{"branches":[{"category":"vendor","name":"Microsoft","branches":[
{"category":"product_family","name":"Windows","branches":[{"category":"product_name","name":"Windows 10 Version 1809 for 32-bit Systems","branches":[
{"category":"product_version_range","name":"vers:generic/<10.0.17763.9900","product":{"name":"Windows 10 Version 1809 for 32-bit Systems <10.0.17763.9900","product_id":"1"}},
{"category":"product_version","name":"10.0.17763.9900","product":{"name":"Windows 10 Version 1809 for 32-bit Systems 10.0.17763.9900","product_id":"11568"}}]}]}]}],
"full_product_names":[{"name":"Windows Server 2019 <10.0.17763.9900","product_id":"2"},{"name":"Windows Server 2019 (Server Core installation)","product_id":"3"}],
"product_groups":[{"group_id":"CSAFGID-1","product_ids":["2","3"],"summary":"servers"}]},
"vulnerabilities":[{"cve":"CVE-2026-1005","cwe":{"id":"CWE-1","name":"x"},"notes":[],"product_status":{"fixed":["11568"],"known_affected":["1"]},
"remediations":[{"category":"vendor_fix","date":"2026-11-10T08:00:00.000Z","details":"10.0.17763.9900:Security Update:https://support.microsoft.com/help/5210005","product_ids":["1"],"group_ids":["CSAFGID-1"],"restart_required":null,"url":"https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB5210005"},
{"category":"none_available","details":"x","product_ids":["2"]},{"category":"no_fix_planned","details":"x","group_ids":["CSAFGID-1"],"url":"https://support.microsoft.com/help/5299995"}],
"scores":[{"cvss_v3":{"baseScore":7.8},"products":["1"]}],"threats":[{"category":"impact","details":"x","product_ids":["1"]}]}]}"#;

#[test]
fn groups_of_products_are_their_products() {
    let imported = read("msrc_cve-2026-1005.json", GROUPS.as_bytes()).unwrap();
    assert_eq!(imported.facts.updates.len(), 1);
    let fix = row(&imported, "KB5210005");
    assert!(fix.contains(r#""for":["windows-10-1809","windows-server-2019"]"#), "{fix}");
    assert!(fix.contains(r#""build":"10.0.17763.9900""#), "{fix}");
    assert!(!fix.contains("restart"), "{fix}");
}

/// A number over packages of several versions, and single ones of them, which feeds name alike.
const DOTNET: &str = "DatePosted,CVE,BulletinKB,Title,AffectedProduct,AffectedComponent,Severity,Impact,Supersedes,Exploits\r\n\
20261110,CVE-1,5210101,A,Windows Server 2012 R2,Microsoft .NET Framework 3.5,,,,\r\n\
20261111,CVE-2,5210102,A,Microsoft .NET Framework 3.5 on Windows Server 2012 R2,.NET Framework,,,5210101,\r\n\
20261111,CVE-2,5210102,A,Microsoft .NET Framework 4.6/4.7 on Windows Server 2012 R2,.NET Framework,,,5210101,\r\n\
20261112,CVE-3,5210103,A,Windows Server 2012 R2,Microsoft .NET Framework 4.6/4.7,,,5210102,\r\n\
20261113,CVE-4,5210104,A,Windows Server 2012 R2,Microsoft .NET Framework 3.5 AND 4.7/4.8,,,5210103,\r\n\
20261114,CVE-5,5210105,A,Windows Server 2012 R2,Microsoft .NET Framework 4.8,,,5210104;5210103,\r\n\
20261114,CVE-5,5210106,A,Windows Server 2012 R2,Microsoft .NET Framework 2.0 Service Pack 2,,,5210107,\r\n\
20261113,CVE-5,5210107,A,Windows Server 2012 R2,Microsoft .NET Framework 2.0 Service Pack 1,,,,\r\n";

#[test]
fn a_dotnet_update_for_some_versions_replaces_none_for_others() {
    let imported = read("CVEs.csv", DOTNET.as_bytes()).unwrap();
    let supersedes = |kb: &str| {
        let u = imported.facts.updates.iter().find(|u| u.kb == kb).unwrap();
        u.supersedes.iter().map(|s| s.kb.clone()).collect::<Vec<_>>()
    };
    assert_eq!(supersedes("KB5210102"), ["KB5210101"], "over all versions");
    assert_eq!(supersedes("KB5210103"), [""; 0], "4.6 and 4.7 replace no 3.5");
    assert!(row(&imported, "KB5210103").contains(r#""why":"versions""#));
    assert_eq!(supersedes("KB5210104"), ["KB5210103"], "4.7 is what 4.6 becomes");
    assert_eq!(supersedes("KB5210105"), [""; 0], "3.5 stays beside 4.8, and 4.6 or 4.7 is not there");
    assert_eq!(supersedes("KB5210106"), ["KB5210107"]);
    assert_eq!(remark(&imported, "other versions of .NET"), 3);
}

/// A page as a browser saves it, of a month that the built-in lists do not have.
const SAVED_PAGE: &str = r#"<!DOCTYPE html>
<!-- saved from url=(0085)https://learn.microsoft.com/en-us/windows/release-health/windows11-release-information -->
<html class="layout" lang="en-us"><head><meta charset="UTF-8"><title>Windows 11 release information | Microsoft Learn</title>
<link rel="canonical" href="https://learn.microsoft.com/en-us/windows/release-health/windows11-release-information"></head><body>
<h2>Windows 11 current versions by servicing option</h2>
<table><thead><tr><th>Version</th><th>Servicing option</th><th>Availability date</th><th>Latest revision date</th><th>Latest build</th></tr></thead>
<tbody><tr><td>25H2</td><td>General Availability Channel</td><td>2025-09-30</td><td>2030-11-12</td><td><b>26200.59999</b></td></tr></tbody></table>
<h3>Enterprise LTSC editions</h3>
<table><thead><tr><th>Version</th><th>Servicing option</th><th>Availability date</th><th>Mainstream support end date</th><th>Latest build</th></tr></thead>
<tbody><tr><td>24H2</td><td>Long-Term Servicing Channel (LTSC)</td><td>2024-10-01</td><td>2029-10-09</td><td>26100.59999</td></tr></tbody></table>
<h2>Windows 11 release history</h2>
<details><summary><strong>Version 25H2 (OS build 26200)</strong></summary><div><table id="historyTable_0"><thead><tr><th>Servicing option</th><th>Update type</th>
<th>Availability date</th><th>Build</th><th>KB article</th></tr></thead><tbody>
<tr><td>General Availability Channel</td><td>2030-11 B</td><td>2030-11-12</td><td>26200.59999</td><td><a href="https://support.microsoft.com/help/9900201"><span>KB9900201</span></a></td></tr>
<tr><td>General Availability Channel</td><td>2030-10 D</td><td>2030-10-29</td><td>26200.59950</td><td><a href="https://support.microsoft.com/help/9900202">KB9900202</a></td></tr>
</tbody></table></div></details>
<details><summary><strong>Version 24H2 (OS build 26100)</strong></summary><div><table id="historyTable_1"><thead><tr><th>Servicing option</th><th>Update type</th>
<th>Availability date</th><th>Build</th><th>KB article</th></tr></thead><tbody>
<tr><td>General Availability Channel <span>&bull;</span> LTSC</td><td>2030-11 B</td><td>2030-11-12</td><td>26100.59999</td><td><a href="https://support.microsoft.com/help/9900201">KB9900201</a></td></tr>
<tr><td>General Availability Channel <span>&bull;</span> LTSC</td><td>2030-10 D</td><td>2030-10-29</td><td>26100.59950</td><td><a href="https://support.microsoft.com/help/9900202">KB9900202</a></td></tr>
</tbody></table></div></details>
<h2>Hotpatch calendar</h2><p><strong>Version 24H2 (OS build 26100)</strong></p><table><thead><tr><th>Month</th><th>Update type</th><th>Type</th>
<th>Availability date</th><th>Build</th><th>KB article</th></tr></thead><tbody>
<tr><td>November</td><td>2030.11 B</td><td>Hotpatch</td><td>2030-11-12</td><td>26100.59989</td><td><a>KB9900204</a></td></tr>
<tr><td>December</td><td>2030.12 B</td><td>Hotpatch</td><td>&nbsp;</td><td>&nbsp;</td><td>&nbsp;</td></tr></tbody></table>
</body></html>"#;

#[test]
fn a_saved_page_of_a_later_month_decides_for_hosts_past_the_built_in_lists() {
    use crate::{
        catalog::{embedded_facts, join},
        inventory,
        resolve::{self, question::Question, verdict::Verdict},
    };
    let imported = read("release.html", SAVED_PAGE.as_bytes()).unwrap();
    let joined = join::join(
        embedded_facts(),
        vec![join::Source { kind: imported.kind, row: imported.source, facts: imported.facts }],
    );
    let catalog = Catalog::from_facts(&joined.facts).unwrap();
    let ask = |build: &str, revision: u32, kb: &str| {
        let host = format!(
            r#"{{"schema":"kbwhy/host/1","os":{{"product":"Windows 11 Pro","version":"10.0.{build}","revision":{revision},"architecture":"x64"}}}}"#
        );
        let host =
            inventory::read(&inventory::Input { name: "host.json", bytes: host.as_bytes() }).unwrap().host;
        let answer =
            resolve::explain(&catalog, &host, &Question { kb: kb.parse().ok(), ..Question::default() });
        (answer.decision.verdict, answer.decision.causes.first().map_or("", |f| f.cause.code()))
    };
    for build in ["26100", "26200"] {
        assert_eq!(ask(build, 59_999, "KB9900201"), (Verdict::AlreadyInstalled, "already-installed"));
        assert_eq!(ask(build, 59_999, "KB9900202"), (Verdict::NotApplicable, "superseded"));
        assert_eq!(ask(build, 59_999, "KB5044284"), (Verdict::NotApplicable, "superseded"));
        assert_eq!(ask(build, 59_950, "KB9900201"), (Verdict::Applicable, ""));
        let line = catalog.lines().find(|l| l.name == format!("cumulative-client-{build}")).unwrap();
        let last: Vec<_> =
            catalog.entries(line.id).map(|e| (e.kb.map(|k| k.to_string()), e.revision)).collect();
        let own = |kb: &str, revision| (Some(kb.to_owned()), Some(revision));
        assert!(last.ends_with(&[own("KB9900202", 59_950), own("KB9900201", 59_999)]), "{build}: {last:?}");
    }
    // a hotpatch stands in no list, and its enrolment is not known
    assert_eq!(ask("26100", 59_950, "KB9900204").0, Verdict::Unknown);
}
