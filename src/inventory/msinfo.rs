//! msinfo32, as the report in text or as .nfo, in any language: the pairs of the system summary by their place and shape.

use super::collect::Collector;
use super::facts;
use super::format::{Directness, Format};
use super::lines::Line;
use super::os_values::is_computer_name;
use super::systeminfo::{label_value, os_version};
use super::words;
use super::xml::Document;
use crate::model::{Architecture, Host, Version, branch_of};
use std::sync::Arc;

const REPORT: &str = "msinfo32 report";
const NFO: &str = "msinfo32 file";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: REPORT,
        from: "msinfo32 /report report.txt",
        signature: "pairs with a tab: the product's name, then its version with the build",
        tells: "product, build, edition, architecture, and a revision that the host has at least",
        cannot: "updates; the exact revision (UBR)",
        directness: Directness::Reported,
    },
    Format {
        name: NFO,
        from: "msinfo32 /nfo file.nfo",
        signature: "<MsInfo> with the same pairs",
        tells: "product, build, edition, architecture, and a revision that the host has at least",
        cannot: "updates; the exact revision (UBR)",
        directness: Directness::Reported,
    },
];

/// The system summary has some fifty pairs; what is found must stand near the version.
const NEAR: usize = 12;
/// Pairs of one summary that are looked at.
const SUMMARY: usize = 80;

/// The value beside a label, which is localized and not needed.
#[derive(Clone, Debug)]
struct Pair<'a> {
    value: &'a str,
    line: u32,
}

/// Reads every report in the text; empty if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut pairs: Vec<Pair> = lines.iter().filter_map(pair).collect();
    if summaries(&pairs).is_empty() {
        // a page on which it was pasted makes blanks of its tabs
        pairs = lines.iter().filter_map(blank_pair).collect();
    }
    let header = lines.iter().position(|l| l.text.trim_start().starts_with('[')).and_then(|i| {
        let line = lines[..i].iter().rev().find(|l| !l.is_blank())?;
        label_value(&line.text).map(|(_, name)| name.to_owned())
    });
    summaries(&pairs).into_iter().filter_map(|s| host(s, header.as_deref(), input, REPORT)).collect()
}

/// Reads the file; empty if it is something else.
pub(super) fn read_nfo(document: &Document, input: &Arc<str>) -> Vec<Host> {
    if !document.roots().any(|r| r.is("MsInfo")) {
        return Vec::new();
    }
    // the names of the two members are localized as well
    fn pair<'a>(data: super::xml::Node<'a>) -> Option<Pair<'a>> {
        let mut members = data.children();
        let (label, value) = (members.next()?, members.next()?);
        let two = members.next().is_none() && label.is_closed() && value.is_closed();
        two.then(|| Pair { value: value.text(), line: value.line() })
    }
    let data = document.all().filter(|n| n.is("Data"));
    let pairs: Vec<Pair> = data.filter_map(pair).take(2_000).collect();
    summaries(&pairs).into_iter().filter_map(|s| host(s, None, input, NFO)).collect()
}

/// `label TAB value TAB`.
fn pair<'a>(line: &'a Line) -> Option<Pair<'a>> {
    let mut cells = line.text.split('\t').map(str::trim);
    let (label, value) = (cells.next()?, cells.next()?);
    let bare = label.trim_start_matches(['-', '*']).trim();
    (!bare.is_empty() && cells.all(str::is_empty)).then_some(Pair { value, line: line.number })
}

/// `label value` of a line that lost its tabs: values that are recognised begin at their first word, others are the line.
fn blank_pair<'a>(line: &'a Line) -> Option<Pair<'a>> {
    let text = line.text.trim();
    let word = |(i, _): (usize, &str)| {
        let value = &text[i..];
        let begins =
            value.starts_with("Microsoft") || value.starts_with("Майкрософт") || version(value).is_some();
        (i > 0 && begins).then_some(value)
    };
    let value = text.match_indices(' ').map(|(i, b)| (i + 1, b)).take(8).find_map(word);
    let label = value.map_or("", |v| &text[..text.len() - v.len()]);
    (!text.is_empty() && !label.contains([':', '：', '=']) && text.len() <= 300)
        .then(|| Pair { value: value.unwrap_or(text), line: line.number })
}

/// The version of a value such as `10.0.19045 Build 19045`: the build stands there twice, its word is localized.
fn version(value: &str) -> Option<Version> {
    let version = os_version(value)?;
    let rest = value.trim_start().split_once(char::is_whitespace)?.1;
    let digits = rest.rsplit(|c: char| !c.is_ascii_digit()).find(|d| !d.is_empty())?;
    (digits.parse() == Ok(version.0[2])).then_some(version)
}

/// Runs of pairs that begin with a product and its version.
fn summaries<'a, 'p>(pairs: &'p [Pair<'a>]) -> Vec<&'p [Pair<'a>]> {
    let begins = |w: &[Pair]| match w {
        [product, told] => {
            let named = words::is_product(product.value) || product.value.starts_with("Microsoft ");
            named && version(told.value).is_some()
        }
        _ => false,
    };
    let starts: Vec<usize> =
        pairs.windows(2).enumerate().filter(|(_, w)| begins(w)).map(|(i, _)| i).take(20).collect();
    let ends = starts.iter().skip(1).copied().chain([pairs.len()]);
    starts.iter().zip(ends).map(|(&s, e)| &pairs[s..e.min(s + SUMMARY)]).collect()
}

fn host(pairs: &[Pair], header: Option<&str>, input: &Arc<str>, format: &'static str) -> Option<Host> {
    let (product, told) = (pairs.first()?, pairs.get(1)?);
    let version = version(told.value)?;
    let mut c = Collector::new(input, format);
    facts::tell_version(&mut c, version, told.value, told.line);
    facts::tell_product(&mut c, product.value, product.line);
    if let Some((name, line)) = name(pairs, header) {
        c.host.name = Some(c.fact(name, line));
    }
    c.host.architecture = architecture(pairs).map(|(a, line)| c.fact(a, line));
    c.host.revision_at_least = hal(pairs, version).map(|(r, line)| c.fact(r, line));
    Some(c.finish(None))
}

/// The computer's name stands after the maker of Windows; the report's head names it too.
fn name(pairs: &[Pair], header: Option<&str>) -> Option<(String, u32)> {
    let near = pairs.iter().skip(2).take(NEAR);
    let maker = pairs.iter().take(NEAR).position(|p| p.value == "Microsoft Corporation")?;
    let found = match header.filter(|h| is_computer_name(h)) {
        Some(header) => {
            let own = |p: &&Pair| {
                p.value == header || p.value.strip_suffix(header).is_some_and(|l| l.ends_with(' '))
            };
            return near.clone().find(own).map(|p| (header.to_owned(), p.line));
        }
        None => pairs.get(maker + 1)?,
    };
    is_computer_name(found.value).then(|| (found.value.to_owned(), found.line))
}

/// The system type is localized, but for the word `x64`, `x86` or `ARM64`. The processor's words are no system type.
fn architecture(pairs: &[Pair]) -> Option<(Architecture, u32)> {
    let mut found: Option<(Architecture, u32)> = None;
    for pair in pairs.iter().skip(2).take(NEAR) {
        let lower = pair.value.to_lowercase();
        if lower.len() > 120
            || ["family", "mhz", "ghz", "intel", "amd", "stepping"].iter().any(|w| lower.contains(w))
        {
            continue;
        }
        for word in lower.split(|c: char| !c.is_ascii_alphanumeric()) {
            let own = matches!(word, "x64" | "x86" | "arm64" | "ia64");
            let Some(architecture) = own.then(|| word.parse().ok()).flatten() else { continue };
            match found {
                Some((known, _)) if known != architecture => return None,
                Some(_) => {}
                None => found = Some((architecture, pair.line)),
            }
        }
    }
    found
}

/// The version of the hardware abstraction layer, `Version = "10.0.19041.5553"`: a file of some update that is installed.
fn hal(pairs: &[Pair], version: Version) -> Option<(u32, u32)> {
    let quoted = |p: &Pair| {
        let (_, rest) = p.value.split_once("= \"")?;
        let (text, after) = rest.split_once('"')?;
        let (hal, revision) = facts::kernel_version(text).filter(|_| after.trim().is_empty())?;
        let own = hal.0[0] == version.0[0] && hal.0[2] == branch_of(version.0[2]);
        own.then_some((revision?, p.line))
    };
    pairs.iter().find_map(quoted)
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::super::xml;
    use super::*;

    fn told(host: &Host) -> [String; 6] {
        let or = |t: Option<String>| t.unwrap_or_else(|| "-".into());
        [
            or(host.name.as_ref().map(|n| n.value.clone())),
            or(host.product.as_ref().map(|n| n.value.clone())),
            or(host.version.as_ref().map(|n| n.value.to_string())),
            or(host.edition.as_ref().map(|n| n.value.0.clone())),
            or(host.architecture.as_ref().map(|n| n.value.to_string())),
            or(host.revision_at_least.as_ref().map(|n| n.value.to_string())),
        ]
    }

    #[test]
    fn a_report_in_any_language() {
        let german = "Systeminformationsbericht erstellt am: 04/24/25 18:29:18\nSystemname: PC-01\n[Systemübersicht]\n\nElement\tWert\t\n\
            Betriebssystemname\tMicrosoft Windows 10 Pro\t\nVersion\t10.0.19045 Build 19045\t\nWeitere Betriebssystembeschreibung \tNicht verfügbar\t\n\
            Betriebssystemhersteller\tMicrosoft Corporation\t\nSystemname\tPC-01\t\nSystemhersteller\tDell Inc.\t\nSystemmodell\tOptiPlex\t\n\
            Systemtyp\tx64-basierter PC\t\nProzessor\tIntel64 Family 6 x86, 2400 MHz\t\nHardwareabstraktionsebene\tVersion = \"10.0.19041.3636\"\t\n\
            c:\\windows\\system32\\tsbyuv.dll\tMicrosoft Corporation\t\tOK\tC:\\Windows\\TSBYUV.DLL\t10.0.19041.1\t15.50 KB (15,872 bytes)\t\n";
        let hosts = read(&lines(german), &Arc::from("f"));
        assert_eq!(hosts.len(), 1);
        assert_eq!(
            told(&hosts[0]),
            ["PC-01", "Microsoft Windows 10 Pro", "10.0.19045", "Pro", "x64", "3636"]
        );
        assert!(hosts[0].completeness.is_empty() && hosts[0].updates.is_empty());
        let chinese = "[系统摘要]\n\n项目\t值\t\nOS 名称\tMicrosoft Windows 11 专业版\t\n版本\t10.0.22631 版本 22631\t\nOS 制造商\tMicrosoft Corporation\t\n系统名称\tPC-02\t\n系统类型\t基于 x64 的电脑\t\n硬件抽象层\t版本 = \"10.0.22621.2506\"\t\n";
        let hosts = read(&lines(chinese), &Arc::from("f"));
        assert_eq!(
            told(&hosts[0]),
            ["PC-02", "Microsoft Windows 11 专业版", "10.0.22631", "Pro", "x64", "2506"]
        );
    }

    #[test]
    fn a_layer_of_another_build_bounds_nothing() {
        let text = "OS Name\tMicrosoft Windows Server 2012 R2 Standard\t\nVersion\t6.3.9600 Build 9600\t\nOS Manufacturer\tMicrosoft Corporation\t\nSystem Name\tSRV01\t\nSystem Type\tx64-based PC\t\nHardware Abstraction Layer\tVersion = \"6.3.9600.17196\"\t\n";
        let hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(told(&hosts[0])[5], "-");
        let other = text.replace("6.3.9600.17196", "10.0.14393.206");
        assert_eq!(told(&read(&lines(&other), &Arc::from("f"))[0])[5], "-");
    }

    #[test]
    fn the_file_has_the_same_pairs_under_localized_names() {
        let data = |l: &str, v: &str| {
            format!(
                "<Data>\n<Элемент><![CDATA[{l}]]></Элемент>\n<Значение><![CDATA[{v}]]></Значение>\n</Data>\n"
            )
        };
        let text = format!(
            "<?xml version=\"1.0\"?>\n<MsInfo>\n<Category name=\"x\">\n{}{}{}{}{}</Category>\n</MsInfo>\n",
            data("Имя ОС", "Майкрософт Windows 10 Pro"),
            data("Версия", "10.0.19045 Сборка 19045"),
            data("Изготовитель ОС", "Microsoft Corporation"),
            data("Имя системы", "PC-03"),
            data("Тип", "Компьютер на базе x64"),
        );
        let hosts = read_nfo(&xml::document(&lines(&text)).unwrap(), &Arc::from("f"));
        assert_eq!(told(&hosts[0]), ["PC-03", "Майкрософт Windows 10 Pro", "10.0.19045", "Pro", "x64", "-"]);
    }

    #[test]
    fn a_report_that_lost_its_tabs() {
        let text = "System Information report written at: 01/03/10 18:28:23\nSystem Name: USER-PC\n[System Summary]\nItem Value \n\
            OS Name Microsoft® Windows Vista™ Home Premium \nVersion 6.0.6002 Service Pack 2 Build 6002 \nOS Manufacturer Microsoft Corporation \nSystem Name USER-PC \nSystem Type X86-based PC \n";
        let hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(
            told(&hosts[0])[..5],
            ["USER-PC", "Microsoft Windows Vista Home Premium", "6.0.6002", "Home Premium", "x86"]
        );
        assert_eq!(hosts[0].service_pack.as_ref().map(|p| p.value), Some(2));
        let systeminfo = "OS Name: Microsoft Windows 10 Pro\nOS Version: 10.0.19045 N/A Build 19045\n";
        assert!(read(&lines(systeminfo), &Arc::from("f")).is_empty());
    }

    #[test]
    fn a_table_of_computers_is_no_report() {
        let table = "Name\tOS\nPC1\tMicrosoft Windows 10 Pro\nPC2\tMicrosoft Windows 10 Pro\n10.0.19045\tx\n";
        assert!(read(&lines(table), &Arc::from("f")).is_empty());
        assert!(
            read(
                &lines("OS Name\tMicrosoft Windows 10 Pro\nVersion\t10.0.19045 Build 17763\n"),
                &Arc::from("f")
            )
            .is_empty()
        );
    }
}
