use super::{samples::Made, *};
use crate::{
    catalog::{Catalog, facts::SourceRow},
    model::Architecture,
    sources::{IMPORTERS, Input},
};
use std::{collections::BTreeSet, io::Cursor};

const A: &str = "a0000000-0000-4000-8000-000000000001";
const B: &str = "a0000000-0000-4000-8000-000000000002";
const C: &str = "a0000000-0000-4000-8000-000000000003";
const TITLE_A: &str = "2031-01 Cumulative Update for Windows Server 2019 for x64-based Systems (KB9000001)";
const TITLE_B: &str = "2031-02 Cumulative Update for Windows Server 2019 for x64-based Systems (KB9000002)";
const TITLE_C: &str =
    "2031-03 Cumulative Update for Windows Server 2019 for x64-based Systems (KB9000003) (17763.9999)";

fn made(guid: &'static str, title: &'static str) -> Made {
    Made {
        guid,
        title,
        products: "Windows Server 2019, Windows Server 2019 LTSC",
        date: "1/14/2031",
        replaced_by: Vec::new(),
        replaces: Vec::new(),
    }
}

fn chain() -> [Made; 3] {
    [
        Made { replaced_by: vec![(B, TITLE_B), (C, TITLE_C)], ..made(A, TITLE_A) },
        Made { replaced_by: vec![(C, TITLE_C)], replaces: vec![TITLE_A], ..made(B, TITLE_B) },
        Made { replaces: vec![TITLE_A, TITLE_B], ..made(C, TITLE_C) },
    ]
}

fn page(html: &str) -> Page {
    read(html.as_bytes()).unwrap()
}

fn source() -> SourceRow {
    SourceRow {
        id: "test".into(),
        url: SITE.into(),
        title: "t".into(),
        read: "2031-04-01".into(),
        via: None,
        kind: None,
        digest: None,
    }
}

/// Supersedence as (newer, older) of what pages tell together.
fn edges(pages: &[Page]) -> BTreeSet<(String, String)> {
    let all: Vec<PageOf<'_>> = pages.iter().map(|page| PageOf { page, read: "2031-04-01" }).collect();
    let imported = facts(&all, source(), Catalog::embedded());
    let rows = imported.facts.updates;
    rows.iter().flat_map(|u| u.supersedes.iter().map(|s| (u.kb.clone(), s.kb.clone()))).collect()
}

fn pair(newer: &str, older: &str) -> (String, String) {
    (newer.to_owned(), older.to_owned())
}

#[test]
fn kinds_are_told_apart() {
    assert!(matches!(page(&samples::none("KB9000009")), Page::NoneFound { query } if query == "KB9000009"));
    assert_eq!(page(&samples::unanswered()), Page::Unanswered);
    assert_eq!(page(&samples::fault("8DDD0010")), Page::Fault { number: "8DDD0010".into() });
    assert_eq!(page(&samples::fault("8ddd0024")), Page::Fault { number: "8DDD0024".into() });
    assert_eq!(page(&samples::removed()), Page::Removed);
    assert!(matches!(page(&samples::details(&made(A, TITLE_A), false)), Page::Details(_)));
    assert!(matches!(page(&samples::dialog(A, TITLE_A, &[])), Page::Downloads(d) if d.len() == 1));
}

#[test]
fn what_is_no_page_of_the_site_is_an_error() {
    for (bytes, want) in [
        (String::new(), PageError::Empty),
        (" \r\n".into(), PageError::Empty),
        ("<html><head><title>Sign in</title></head><body><form action=\"/login\"><input id=\"user\"></form></body></html>".into(), PageError::Foreign),
        ("{\"error\":\"proxy\"}".into(), PageError::Foreign),
        (samples::home(), PageError::Foreign),
        ("x".repeat(LIMIT + 1), PageError::TooLarge),
    ] {
        assert_eq!(read(bytes.as_bytes()), Err(want));
    }
}

/// A page that is cut anywhere tells nothing: the rows and lists that are missing would be read as absent.
#[test]
fn a_cut_page_is_never_read() {
    let [a, ..] = chain();
    for whole in [
        samples::details(&a, true),
        samples::results("KB9000001", &chain(), (1, 1), (1, 3)),
        samples::none("KB9000001"),
        samples::dialog(A, TITLE_A, &[("a.msu", "", "")]),
    ] {
        for cut in (0..whole.trim_end().len() - 1).step_by(7) {
            let part = &whole.as_bytes()[..cut];
            assert!(read(part).is_err(), "cut at {cut} of {}", whole.len());
        }
    }
}

#[test]
fn rows_and_paging() {
    let Page::Results(r) = page(&samples::results("KB9000001", &chain()[..2], (1, 2), (1, 3))) else {
        panic!()
    };
    assert_eq!(
        (r.query.as_str(), r.shown, r.page, r.more, r.cut),
        ("KB9000001", Some((1, 2, 3)), Some((1, 2)), true, false)
    );
    assert_eq!(r.rows.len(), 2);
    let row = &r.rows[0];
    assert_eq!(row.update.to_string(), A);
    assert_eq!(row.title, TITLE_A);
    assert_eq!(row.products, ["Windows Server 2019", "Windows Server 2019 LTSC"]);
    assert_eq!(row.classification.as_deref(), Some("Security Updates"));
    assert_eq!(row.date, Some(Date::constant(2031, 1, 14)));
    assert_eq!(
        (row.version.as_deref(), row.size.as_deref(), row.bytes),
        (None, Some("401.5 MB"), Some(420_959_465))
    );
    let Page::Results(last) = page(&samples::results("KB9000001", &chain()[2..], (2, 2), (3, 3))) else {
        panic!()
    };
    assert!(!last.more);
}

/// "1 - 2 of 3 (page 1 of 2)" without a link, and a link without readable numbers: both mean that there is more.
#[test]
fn more_results_are_told_by_count_or_link() {
    let html = samples::results("KB9000001", &chain()[..2], (1, 2), (1, 3));
    let unlinked = html.replace("nextPageLinkText", "gone").replace("<a id=\"ctl00_catalogBody_gone\"", "<b");
    let unnumbered = html.replace("1 - 2 of 3 (page 1 of 2)", "");
    for h in [unlinked, unnumbered] {
        let Page::Results(r) = page(&h) else { panic!() };
        assert!(r.more);
    }
}

#[test]
fn an_update_with_what_2026_added_and_without() {
    for new in [false, true] {
        let [a, ..] = chain();
        let Page::Details(d) = page(&samples::details(&a, new)) else { panic!() };
        assert_eq!(d.update.to_string(), A);
        assert_eq!(d.title, TITLE_A);
        assert_eq!(d.kbs, ["KB9000001".parse().unwrap()]);
        assert_eq!(d.modified, Some(Date::constant(2031, 1, 14)));
        assert!(d.architectures.is_empty());
        assert_eq!(d.classification.as_deref(), Some("Security Updates"));
        assert_eq!(d.languages, ["all"]);
        assert_eq!(d.severity.as_deref(), Some("Critical"));
        assert_eq!(d.restart.as_deref(), Some("Can request restart"));
        let ReplacedBy::By(by) = &d.replaced_by else { panic!() };
        assert_eq!(by.iter().map(|s| s.update.to_string()).collect::<Vec<_>>(), [B, C]);
        assert_eq!(d.replaces, Replaces::NoneListed);
    }
}

/// The form's action is the only place of the update's identity before 2026; a browser makes it absolute.
#[test]
fn a_page_saved_by_a_browser() {
    let [a, ..] = chain();
    let html = samples::details(&a, false)
        .replace(
            "'ScopedViewInline.aspx?",
            "'https://www.catalog.update.microsoft.com/ScopedViewInline.aspx?",
        )
        .replace(
            "\"./ScopedViewInline.aspx?",
            "\"https://www.catalog.update.microsoft.com/ScopedViewInline.aspx?",
        );
    let html = format!("{html}\n<!-- saved from url=(0090)https://www.catalog.update.microsoft.com/ -->\n");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(html.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [html.into_bytes(), utf16] {
        let Page::Details(d) = read(&bytes).unwrap() else { panic!() };
        assert_eq!(d.update.to_string(), A);
        assert!(matches!(d.replaced_by, ReplacedBy::By(by) if by.len() == 2));
        let importer = IMPORTERS.iter().find(|i| (i.detect)(&bytes[..bytes.len().min(65536)])).unwrap();
        assert_eq!(importer.format, IMPORTER.format);
    }
}

/// The list is empty, its part is missing, its links lead elsewhere: all of it is "not told", none is "not superseded".
#[test]
fn only_n_a_is_none_listed() {
    let [a, _, c] = chain();
    let told = |html: &str| match page(html) {
        Page::Details(d) => d.replaced_by,
        other => panic!("{other:?}"),
    };
    assert_eq!(told(&samples::details(&c, false)), ReplacedBy::NoneListed);
    let html = samples::details(&c, false);
    assert_eq!(told(&html.replace("supersededbyInfo", "renamed")), ReplacedBy::NotTold);
    assert_eq!(told(&html.replacen("\n                    n/a\n", "", 1)), ReplacedBy::NotTold);
    let strange =
        samples::details(&a, false).replace("ScopedViewInline.aspx?updateid=a", "Elsewhere.aspx?id=b");
    // the form's action is changed with it
    let strange = strange.replace("./Elsewhere.aspx?id=b", "./ScopedViewInline.aspx?updateid=a");
    assert_eq!(told(&strange), ReplacedBy::NotTold);
}

#[test]
fn closures_are_reduced_as_far_as_pages_prove() {
    let [a, b, c] = chain().map(|u| page(&samples::details(&u, true)));
    let whole = BTreeSet::from([pair("KB9000002", "KB9000001"), pair("KB9000003", "KB9000002")]);
    assert_eq!(edges(&[a.clone(), b.clone(), c.clone()]), whole);
    assert_eq!(edges(&[a.clone(), b]), whole);
    // of one page alone: what it says, and nothing between its successors
    let one = BTreeSet::from([pair("KB9000002", "KB9000001"), pair("KB9000003", "KB9000001")]);
    assert_eq!(edges(std::slice::from_ref(&a)), one);
    // the page of C says that it replaced B as well
    assert_eq!(edges(&[a, c]), whole);
}

/// The same, of pages that were saved one by one and are imported in one command.
#[test]
fn pages_imported_together_are_reduced_together() {
    let mut all: Vec<_> = chain()
        .iter()
        .map(|u| {
            let html = samples::details(u, false);
            let mut reader = Cursor::new(html.as_bytes());
            let mut input =
                Input { name: "p.html", reader: &mut reader, size: html.len() as u64, read: "2031-04-01" };
            (IMPORTER.read)(&mut input, Catalog::embedded()).unwrap()
        })
        .collect();
    let edges = |all: &[crate::sources::Imported]| -> BTreeSet<(String, String)> {
        let rows = all.iter().flat_map(|i| &i.facts.updates);
        rows.flat_map(|u| u.supersedes.iter().map(|s| (u.kb.clone(), s.kb.clone()))).collect()
    };
    assert_eq!(edges(&all).len(), 3);
    together(&mut all);
    let least = [pair("KB9000002", "KB9000001"), pair("KB9000003", "KB9000002")];
    assert_eq!(edges(&all), BTreeSet::from(least));
}

/// x64 and ARM64 packages of one KB have lists of their own.
#[test]
fn another_architecture_or_product_gives_no_edge() {
    let other = "2031-02 Cumulative Update for Windows 10 Version 1809 for ARM64-based Systems (KB9000002)";
    let u = Made { replaced_by: vec![(B, other)], ..made(A, TITLE_A) };
    assert_eq!(edges(&[page(&samples::details(&u, true))]), BTreeSet::new());
}

#[test]
fn rows_of_the_catalog() {
    let pages: Vec<Page> = chain().iter().map(|u| page(&samples::details(u, true))).collect();
    let all: Vec<PageOf<'_>> = pages.iter().map(|page| PageOf { page, read: "2031-04-01" }).collect();
    let rows = facts(&all, source(), Catalog::embedded()).facts.updates;
    let a = rows.iter().find(|u| u.kb == "KB9000001").unwrap();
    assert_eq!(a.packages.len(), 1);
    assert_eq!(
        (&a.packages[0].products[..], &a.packages[0].arch[..]),
        (&["windows-server-2019".to_owned()][..], &["x64".to_owned()][..])
    );
    assert!(!a.all_packages_known);
    assert_eq!(a.kind.as_deref(), Some("cumulative"));
    // changed in the month that it is called by: that is its release; KB9000002 was changed before
    assert_eq!(a.date.as_deref(), Some("2031-01-14"));
    assert_eq!(rows.iter().find(|u| u.kb == "KB9000002").unwrap().date, None);
    assert_eq!(a.standing, "verified");
    assert!(a.note.as_deref().unwrap().contains("can request restart"));
}

/// What the importer makes of a page compiles with the embedded catalog's facts.
#[test]
fn imported_rows_are_valid() {
    let [a, ..] = chain();
    let html = samples::details(&a, true);
    let mut reader = Cursor::new(html.as_bytes());
    let mut input =
        Input { name: "a.html", reader: &mut reader, size: html.len() as u64, read: "2031-04-01" };
    let catalog = Catalog::embedded();
    let imported = (IMPORTER.read)(&mut input, catalog).unwrap();
    assert_eq!(imported.source.kind.as_deref(), Some("update-catalog"));
    assert_eq!(imported.source.url, format!("{SITE}/ScopedViewInline.aspx?updateid={A}"));
    assert_eq!(imported.source.digest.as_deref().unwrap().len(), 64);
    assert!(imported.facts.updates.iter().all(|u| u.source == imported.source.id));
}

#[test]
fn pages_without_facts_are_refused_in_one_line() {
    for html in
        [samples::none("KB9000001"), samples::unanswered(), samples::fault("8DDD0010"), samples::removed()]
    {
        let mut reader = Cursor::new(html.as_bytes());
        let mut input =
            Input { name: "p.html", reader: &mut reader, size: html.len() as u64, read: "2031-04-01" };
        let e = (IMPORTER.read)(&mut input, Catalog::embedded()).unwrap_err().to_string();
        assert!(e.starts_with("p.html: is ") && e.contains("nothing to import") && !e.contains('\n'), "{e}");
        assert!((IMPORTER.detect)(html.as_bytes()), "{html}");
    }
}

#[test]
fn downloads_with_digests() {
    // SHA-1 and SHA-256 of nothing
    let sha1 = "2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
    let sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let html = samples::dialog(A, TITLE_A, &[("kb1.msu", sha1, sha256), ("kb2.msu", "", "broken")]);
    let Page::Downloads(all) = page(&html) else { panic!() };
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].update.unwrap().to_string(), A);
    assert_eq!(all[0].title, TITLE_A);
    let [one, two] = &all[0].files[..] else { panic!() };
    assert_eq!(one.name, "kb1.msu");
    assert!(one.url.ends_with("/kb1.msu"));
    assert_eq!(one.sha1.as_deref(), Some("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"));
    assert_eq!(
        one.sha256.as_deref(),
        Some("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")
    );
    assert_eq!((two.sha1.as_deref(), two.sha256.as_deref()), (None, None));
}

#[test]
fn downloads_of_hostile_text() {
    let dialog = |script: &str| {
        format!("<html><body><script>var downloadInformation = new Array();\n{script}</script></body></html>")
    };
    for script in [
        "downloadInformation[0].files[0].url = 'javascript:alert(1)';",
        "downloadInformation[0].files[0].url = 'file:///c:/x.msu';",
        "downloadInformation[0].files[0].url = 'https://a/\\x22\\x3e';",
        "downloadInformation[0].files[0].url = 'https://a/b c';",
        "downloadInformation[999999999999].files[0].url = 'https://a/b';",
        "downloadInformation[0].files[0].url = 'https://a/b",
        "downloadInformation[0].files[0",
    ] {
        let Page::Downloads(all) = page(&dialog(script)) else { panic!("{script}") };
        assert!(all.iter().all(|d| d.files.is_empty()), "{script}");
    }
    let named = "downloadInformation[0].files[0].url = 'https://a/b.msu'; downloadInformation[0].files[0].fileName = '..\\\\..\\\\evil.msu';";
    let Page::Downloads(all) = page(&dialog(named)) else { panic!() };
    assert_eq!(all[0].files[0].name, "evil.msu");
}

#[test]
fn titles_of_many_years() {
    let catalog = Catalog::embedded();
    for (title, products, architectures, kb) in [
        (
            "2023-04 Cumulative Update for Windows 11 Version 22H2 for arm64-based Systems (KB5025239)",
            "windows-11-22h2",
            "arm64",
            5_025_239,
        ),
        (
            "2026-09 Cumulative Update for Windows 11, version 25H2 for x64-based Systems (KB5129195) (26200.9457)",
            "windows-11-25h2",
            "x64",
            5_129_195,
        ),
        (
            "2021-10 Cumulative Update for Windows 11 for x64-based Systems (KB5006674)",
            "windows-11-21h2",
            "x64",
            5_006_674,
        ),
        (
            "Cumulative Update for Windows 10 for x64-based Systems (KB3124266)",
            "windows-10-1507",
            "x64",
            3_124_266,
        ),
        (
            "2022-01 Cumulative Update for Microsoft server operating system version 21H2 for x64-based Systems (KB5009555)",
            "windows-server-2022",
            "x64",
            5_009_555,
        ),
        (
            "2023-03 Cumulative Update for Microsoft server operating system, version 22H2 for x64-based Systems (KB5023705)",
            "",
            "x64",
            5_023_705,
        ),
        (
            "2025-01 Cumulative Update for Microsoft server operating system version 24H2 for x64-based Systems (KB5050009)",
            "windows-server-2025",
            "x64",
            5_050_009,
        ),
        (
            "2016-11 Security Monthly Quality Rollup for Windows Server 2012 R2 (KB3197874)",
            "windows-server-2012-r2",
            "",
            3_197_874,
        ),
        (
            "2016-11 Security Monthly Quality Rollup for Windows 7 for x64-based Systems (KB3197868)",
            "windows-7-sp1",
            "x64",
            3_197_868,
        ),
        (
            "2019-03 Servicing Stack Update for Windows Server 2008 R2 for x64-based Systems (KB4490628)",
            "windows-server-2008-r2-sp1",
            "x64",
            4_490_628,
        ),
        (
            "2020-01 Security Only Quality Update for Windows Server 2008 for x86-based Systems (KB4534312)",
            "windows-server-2008-sp2",
            "x86",
            4_534_312,
        ),
        ("2019-09 Dynamic Update for Windows 10 and later (KB4023057)", "", "", 4_023_057),
        ("Update for Windows Embedded 8 Standard for x64-based Systems (KB2973201)", "", "x64", 2_973_201),
        (
            "2023-01 Security and Quality Rollup for .NET Framework 3.5.1, 4.6.2 for Windows 7 and Server 2008 R2 for x64 (KB5022523)",
            "windows-7-sp1,windows-server-2008-r2-sp1",
            "x64",
            5_022_523,
        ),
        (
            "2021-05 Cumulative Update for Windows Server, version 20H2 for x64-based Systems (KB5003173)",
            "windows-server-20h2",
            "x64",
            5_003_173,
        ),
        ("Security Update for Microsoft Office 2016 (KB4011622) 64-Bit Edition", "", "x64", 4_011_622),
    ] {
        let t = Titled::parse(catalog, title, None);
        let mut slugs: Vec<&str> = t.products.iter().map(|p| catalog.product(p).slug).collect();
        slugs.sort_unstable();
        assert_eq!(slugs.join(","), products, "{title}");
        assert_eq!(
            t.architectures.iter().map(Architecture::name).collect::<Vec<_>>().join(","),
            architectures,
            "{title}"
        );
        assert_eq!(t.kb.map(KbId::number), Some(kb), "{title}");
    }
    let t = Titled::parse(catalog, TITLE_C, None);
    assert_eq!((t.build, t.month), (Some((17763, 9999)), Some((2031, 3))));
}

/// Old titles of Windows 7 and Vista tell no service pack: the day tells it, or nothing does.
#[test]
fn a_service_pack_is_not_guessed() {
    let catalog = Catalog::embedded();
    let of = |title: &str, date: Option<Date>| {
        let t = Titled::parse(catalog, title, date);
        t.products.iter().map(|p| catalog.product(p).slug.to_owned()).collect::<Vec<_>>()
    };
    let title = "Update for Windows 7 for x64-based Systems (KB2533623)";
    assert_eq!(of(title, None), [] as [&str; 0]);
    assert_eq!(of(title, Some(Date::constant(2011, 7, 12))), [] as [&str; 0]);
    assert_eq!(of(title, Some(Date::constant(2014, 7, 12))), ["windows-7-sp1"]);
    assert_eq!(
        of("Update for Windows 7 Service Pack 1 for x64-based Systems (KB2533623)", None),
        ["windows-7-sp1"]
    );
}

#[test]
fn dates_of_other_locales_are_no_dates() {
    use super::page::date;
    for (text, want) in [
        ("4/11/2023", Some((2023, 4, 11))),
        ("12/31/2023", Some((2023, 12, 31))),
        ("31/12/2023", Some((2023, 12, 31))),
        ("31.12.2023", Some((2023, 12, 31))),
        ("2023-04-11", Some((2023, 4, 11))),
        ("2023/4/11", Some((2023, 4, 11))),
        // British, German, Dutch: day or month first?
        ("11/04/2023", None),
        ("11.04.2023", None),
        ("4-11-2023", None),
        ("13/13/2023", None),
        ("4/11/23", None),
        ("n/a", None),
        ("", None),
        ("99999999999/1/1", None),
    ] {
        assert_eq!(date(text), want.map(|(y, m, d)| Date::constant(y, m, d)), "{text}");
    }
}

/// HTML's rules multiply formatting elements that are left open, and search the stack of open elements: pages made for
/// that cost gigabytes and minutes if they are parsed.
#[test]
fn pages_that_cost_more_than_their_size_are_refused_unparsed() {
    let start = "<html><body><div id=\"tableContainer\"></div>";
    let many = |tag: &dyn Fn(usize) -> String, n: usize| (0..n).map(tag).collect::<String>();
    for body in [
        many(&|i| format!("<b x={i}>"), 2000) + &"<p>".repeat(4000),
        many(&|i| format!("<font a={i}><table><td></font>"), 2000) + &"<p>x".repeat(4000),
        "<div>".repeat(400),
        "<div></i>".repeat(400),
        "<br>".repeat(30_000),
        many(&|i| format!("<a href={i}>"), 3000),
    ] {
        assert_eq!(read(format!("{start}{body}</body></html>").as_bytes()), Err(PageError::Hostile));
    }
}

#[test]
fn control_characters_of_pages_are_not_shown() {
    let u = made(
        A,
        "2031-01 Update\u{1b}[2J for Windows\u{202e} Server&#27; 2019 for x64-based Systems (KB9000001)",
    );
    let Page::Details(d) = page(&samples::details(&u, true)) else { panic!() };
    assert!(!d.title.chars().any(|c| c.is_control() || c == '\u{202e}'), "{:?}", d.title);
}

/// The pages that were saved from the site.
mod saved {
    use super::*;
    use std::{fs, path::PathBuf};

    fn folder() -> Option<PathBuf> {
        let found = std::env::var_os("KBWHY_FIELD_DATA").map(PathBuf::from).map(|p| p.join("testdata/msuc"));
        let found = found.filter(|p| p.is_dir());
        if found.is_none() {
            use std::io::Write;
            let _ =
                writeln!(std::io::stderr(), "skipped: KBWHY_FIELD_DATA names no folder with testdata/msuc");
        }
        found
    }

    fn files(kind: &str) -> Vec<Vec<u8>> {
        let Some(folder) = folder() else { return Vec::new() };
        let entries = fs::read_dir(folder.join(kind)).unwrap();
        entries.map(|e| fs::read(e.unwrap().path()).unwrap()).collect()
    }

    #[test]
    fn the_chain_of_four_updates_without_an_invented_edge() {
        let pages: Vec<Page> = files("ScopedViewInline.aspx").iter().map(|b| read(b).unwrap()).collect();
        if pages.is_empty() {
            return;
        }
        let four = ["KB5025239", "KB5025305", "KB5026372", "KB5026446"];
        let all = edges(&pages);
        let between: BTreeSet<_> = all
            .iter()
            .filter(|(a, b)| four.contains(&a.as_str()) && four.contains(&b.as_str()))
            .cloned()
            .collect();
        let want = four.windows(2).map(|w| pair(w[1], w[0])).collect();
        assert_eq!(between, want);
        // whatever is older follows from the oldest page
        assert!(all.difference(&want).all(|(newer, _)| newer == four[0]), "{all:?}");
    }

    #[test]
    fn every_saved_page_is_what_its_folder_says() {
        for b in files("Search.aspx") {
            let Page::Results(r) = read(&b).unwrap() else { panic!() };
            assert_eq!((r.shown, r.page, r.more, r.unreadable), (Some((1, 4, 4)), Some((1, 1)), false, 0));
            assert!(r.rows.iter().all(|w| fits(&w.title, "KB5025239".parse().unwrap())));
            assert!(r.rows.iter().all(|w| w.date == Some(Date::constant(2023, 4, 11)) && w.bytes.is_some()));
        }
        for b in files("Thanks.aspx") {
            assert_eq!(read(&b), Ok(Page::Removed));
        }
        for b in files("ScopedViewInline.aspx") {
            let Page::Details(d) = read(&b).unwrap() else { panic!() };
            assert_eq!(
                (d.kbs.len(), &d.products[..], d.restart.as_deref()),
                (1, &["Windows 11".to_owned()][..], Some("Can request restart"))
            );
        }
    }

    /// Cut anywhere, or with a byte changed: an error or the page, never a panic; a cut page is never read.
    #[test]
    fn cut_and_damaged_pages() {
        for kind in ["Search.aspx", "ScopedViewInline.aspx", "Thanks.aspx"] {
            for b in files(kind).into_iter().take(1) {
                let end = b.trim_ascii_end().len();
                for cut in (0..end - 1).step_by(1009) {
                    assert!(read(&b[..cut]).is_err(), "{kind} cut at {cut}");
                }
                for at in (0..end).step_by(1511) {
                    let mut damaged = b.clone();
                    damaged[at] ^= 0x10;
                    let _ = read(&damaged);
                }
            }
        }
    }
}
