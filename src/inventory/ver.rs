//! `ver`, the banner of cmd, and what people copy from winver: `[Version 10.0.19045.3570]`, `(OS Build 19045.3570)`.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt, position};
use super::systeminfo::service_pack;
use crate::model::{Build, Host, Version};
use std::sync::Arc;

const FORMAT: &str = "ver";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "cmd /c ver",
    signature: "[Version 10.0.19045.3570], OS Build 19045.3570, or Windows 10 22H2 19045.3570",
    tells: "build, and the revision from Windows 10 1709 on; what was typed beside it: release, product",
    cannot: "anything else",
    directness: Directness::System,
}];

/// `Microsoft Windows [Version a.b.c.d]`: the word in the brackets is localized.
fn banner(text: &str) -> Option<(Version, Option<u32>)> {
    let at = text.find("Windows")?;
    let (_, rest) = text[at..].split_once('[')?;
    let inner = rest.split(']').next()?;
    let last = inner.split_whitespace().next_back()?;
    let dots = last.matches('.').count();
    let version: Version = last.parse().ok()?;
    let [major, minor, build, revision] = version.0;
    let known = matches!(major, 4..=6 | 10) && (1000..100_000).contains(&build);
    // before Windows 10 a fourth number would be no revision of the system
    let revision = (dots == 3 && major == 10).then_some(revision);
    (known && (2..=3).contains(&dots)).then_some((Version([major, minor, build, 0]), revision))
}

/// `OS Build 19045.3570`, and the same in brackets after words of any language.
fn os_build(text: &str) -> Option<Build> {
    let after = match position(text, "os build") {
        Some(at) => &text[at + "os build".len()..],
        None => text.rsplit_once(['(', '（'])?.1.rsplit(' ').next()?,
    };
    let digits: String = after
        .trim_start_matches([' ', ':', '\t'])
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let build: Build = digits.trim_end_matches('.').parse().ok()?;
    (build.major == 10 && (10_240..100_000).contains(&build.build)).then_some(build)
}

/// The build that people type beside the name: `Windows 10 22H2 19045.3570`, `Version 21H2 (Build 22000.1)`.
fn typed(text: &str) -> Option<Build> {
    let lower = text.to_lowercase();
    // whole words: `BuildLabEx` and `BuildVersion` name the branch that Windows was built from, which keeps its number
    let named = lower.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let rest = ["windows", "win"].iter().find_map(|w| word.strip_prefix(w));
        matches!(word, "build" | "osbuild") || rest.is_some_and(|r| r.bytes().all(|b| b.is_ascii_digit()))
    });
    // a path or file, another number's unit
    if !named && release(text).is_none()
        || text.contains(['\\', '/'])
        || lower.contains(".exe")
        || lower.contains(".dll")
    {
        return None;
    }
    let number = |w: &str| {
        let w = w.trim_end_matches('.');
        let build: Build = w.parse().ok()?;
        let whole = w.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        (whole && build.major == 10 && (10_240..100_000).contains(&build.build)).then_some(build)
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let mut found = words.filter_map(number);
    let one = found.next()?;
    found.next().is_none().then_some(one)
}

/// `22H2`, or `Version 1809`.
fn release(text: &str) -> Option<String> {
    const OLDER: [&str; 10] =
        ["1507", "1511", "1607", "1703", "1709", "1803", "1809", "1903", "1909", "2004"];
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter(|w| !w.is_empty()).collect();
    let half = |w: &str| {
        let year = w.get(..2).is_some_and(|y| y.bytes().all(|b| b.is_ascii_digit()));
        w.len() == 4 && year && matches!(w.get(2..), Some("H1" | "H2" | "h1" | "h2"))
    };
    let mut halves = words.iter().filter(|w| half(w));
    if let Some(one) = halves.next() {
        return halves.next().is_none().then(|| one.to_uppercase());
    }
    let after =
        words.iter().position(|w| w.eq_ignore_ascii_case("version")).and_then(|i| words.get(i + 1))?;
    OLDER.contains(after).then(|| (*after).to_owned())
}

/// A heading of Microsoft names the update that a build came with: it is about the update, not about a host.
fn names_update(text: &str) -> bool {
    !super::facts::updates_in(text).is_empty()
}

/// The version that a line of this kind tells; none if the text has no such line.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let short = || lines.iter().filter(|l| l.text.len() <= 200);
    let of_build = |b: Build| (Version([b.major, b.minor, b.build, 0]), Some(b.revision));
    let named = |(_, line): &(_, &Line)| !names_update(&line.text);
    let printed = short()
        .find_map(|l| Some((banner(&l.text).or_else(|| os_build(&l.text).map(of_build))?, l)).filter(named));
    let found = printed.or_else(|| {
        if !is_short(lines) {
            return None;
        }
        let mut all = short().filter_map(|l| Some((of_build(typed(&l.text)?), l)).filter(named));
        let first = all.next()?;
        all.all(|other| other.0 == first.0).then_some(first)
    });
    let Some(((version, revision), line)) = found else { return Vec::new() };
    let mut c = Collector::new(input, FORMAT);
    c.host.version = Some(c.fact(version, line.number));
    c.host.revision = revision.map(|r| c.fact(r, line.number));
    c.host.service_pack = service_pack(version, "").map(|n| c.fact(n, line.number));
    beside(&mut c, lines, line);
    vec![c.finish(None)]
}

/// What people copy with it: the release, and the lines `Edition` and `Version` of the page About.
fn beside(c: &mut Collector, lines: &[Line], at: &Line) {
    if !is_short(lines) {
        return;
    }
    let about = |l: &&Line| {
        let t = l.text.trim();
        t.contains('\t') && !names_update(t) || t.starts_with("Edition") || t.starts_with("Version")
    };
    let near: Vec<&Line> = std::iter::once(at).chain(lines.iter().filter(about)).collect();
    c.host.release = near.iter().find_map(|l| Some(c.fact(release(&l.text)?, l.number)));
    let product = near.iter().skip(1).find_map(|l| {
        let value = l.text.rsplit('\t').next().unwrap_or_default().trim();
        let value = value.strip_prefix("Edition").unwrap_or(value).trim_start_matches([':', ' ']);
        (value.starts_with("Windows ") && value.len() <= 80).then_some((value, l.number))
    });
    if let Some((product, line)) = product {
        super::facts::tell_product(c, product, line);
    }
}

/// Is the text little more than this? A log or report may quote such a line and be about something else.
pub(super) fn is_short(lines: &[Line]) -> bool {
    let other = lines.iter().filter(|l| {
        let t = l.text.trim();
        let notice = t.starts_with("(c)") || t.starts_with('©') || t.contains("Microsoft");
        !t.is_empty() && !is_prompt(t) && !notice
    });
    other.take(7).count() <= 6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn told(text: &str) -> Option<(String, Option<u32>)> {
        let hosts = read(&lines(text), &Arc::from("f"));
        let host = hosts.first()?;
        Some((host.version.as_ref()?.value.to_string(), host.revision.as_ref().map(|r| r.value)))
    }

    #[test]
    fn banners_of_any_language_tell_build_and_revision() {
        for (text, version, revision) in [
            ("Microsoft Windows [Version 10.0.19045.3570]", "10.0.19045", Some(3570)),
            ("C:\\>ver\nMicrosoft Windows [版本 10.0.22000.2538]", "10.0.22000", Some(2538)),
            ("Microsoft Windows [Wersja 6.3.9600]", "6.3.9600", None),
            ("Microsoft Windows XP [Version 5.1.2600]", "5.1.2600", None),
            ("Version 22H2 (OS Build 19045.3570)", "10.0.19045", Some(3570)),
            ("OS Build: 17763.2114", "10.0.17763", Some(2114)),
            ("版本 22H2 (OS 内部版本 19045.3570)", "10.0.19045", Some(3570)),
        ] {
            assert_eq!(told(text), Some((version.to_owned(), revision)), "{text}");
        }
        for text in
            ["Windows 10 22H2 19045.3570", "win10 build 10.0.19045.3570.", "Version 22H2 (Build 19045.3570)"]
        {
            assert_eq!(told(text), Some(("10.0.19045".into(), Some(3570))), "{text}");
        }
        for text in [
            "October 10, 2023 KB5031356 (OS Build 19045.3570)",
            "Windows 10 19044.3570 and 19045.3570",
            "Windows 10 19044.3570\nWindows 10 19045.3570",
            "C:\\windows\\ntoskrnl.exe 10.0.19041.3570",
            "Windows 10 19045.3570.2",
            "price 19045.35",
            "BuildLabEx : 19041.1.",
            "WindowsBuildLabEx : 22621.1.",
            "BuildVersion   10.0.19041.2061",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
        assert_eq!(told("Python 3.9 [GCC 10.0.1]"), None);
        assert_eq!(told("price (19.99)"), None);
    }

    #[test]
    fn release_and_product_stand_beside_it() {
        let of = |text: &str| {
            let host = read(&lines(text), &Arc::from("f")).remove(0);
            (host.release.map(|r| r.value), host.product.map(|p| p.value), host.edition.map(|e| e.value.0))
        };
        let some = |t: &str| Some(t.to_owned());
        assert_eq!(of("22H2 (OS Build 19045.3570)"), (some("22H2"), None, None));
        assert_eq!(of("Windows 10 Version 1809 (OS Build 17763.2114)").0, some("1809"));
        let about = "Edition\tWindows 11 Pro\nVersion\t23H2\nInstalled on\t1/1/2024\nOS build\t22631.2861\nExperience\tWindows Feature Experience Pack 1000.22681.1000.0\n";
        assert_eq!(of(about), (some("23H2"), some("Windows 11 Pro"), some("Pro")));
    }
}
