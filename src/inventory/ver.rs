//! `ver`, the banner of cmd, and what people copy from winver: `[Version 10.0.19045.3570]`, `(OS Build 19045.3570)`.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt};
use super::systeminfo::service_pack;
use crate::model::{Build, Host, Version};
use std::sync::Arc;

const FORMAT: &str = "ver";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "cmd /c ver",
    signature: "[Version 10.0.19045.3570], or OS Build 19045.3570",
    tells: "build, and the revision from Windows 10 1709 on",
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
    let lower = text.to_ascii_lowercase();
    let after = match lower.find("os build") {
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

/// The version that a line of this kind tells; none if the text has no such line.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    for line in lines.iter().filter(|l| l.text.len() <= 200) {
        let found = banner(&line.text).or_else(|| {
            let b = os_build(&line.text)?;
            Some((Version([b.major, b.minor, b.build, 0]), Some(b.revision)))
        });
        if let Some((version, revision)) = found {
            let mut c = Collector::new(input, FORMAT);
            c.host.version = Some(c.fact(version, line.number));
            c.host.revision = revision.map(|r| c.fact(r, line.number));
            c.host.service_pack = service_pack(version, "").map(|n| c.fact(n, line.number));
            return vec![c.finish(None)];
        }
    }
    Vec::new()
}

/// Is the text little more than this? A log or report may quote such a line and be about something else.
pub(super) fn is_short(lines: &[Line]) -> bool {
    let other = lines.iter().filter(|l| {
        let t = l.text.trim();
        let notice = t.starts_with("(c)") || t.starts_with('©') || t.contains("Microsoft");
        !t.is_empty() && !is_prompt(t) && !notice
    });
    other.count() <= 6
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
        assert_eq!(told("Python 3.9 [GCC 10.0.1]"), None);
        assert_eq!(told("price (19.99)"), None);
    }
}
