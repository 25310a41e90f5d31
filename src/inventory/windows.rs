//! What agents and management tools say of Windows, whatever they call their fields: one place puts it into the host.

use super::os_values::{Values, is_computer_name, note, os_architecture, tell_os, version_of_build};
use super::{systeminfo, words};
use crate::model::{Fact, Host, InstallationType, Origin, Version};

/// Puts the values into the host. Their names are those of Win32_OperatingSystem (`caption`, `version`, `buildnumber`,
/// `osarchitecture`, …), of the registry (`editionid`, `installationtype`, `ubr`), and `release` and `machine`
/// (an architecture in the words of uname).
pub(super) fn tell(values: &Values, host: &mut Host) {
    let mut plain = Values::default();
    for (name, value, origin) in values.iter().filter(|(n, ..)| !matches!(*n, "version" | "buildnumber")) {
        // `Microsoft Windows NT 6.3.9600.0` is how .NET words a version, no product
        if name != "caption" || !value.contains("Windows NT ") {
            plain.put(name, value, origin.clone());
        }
    }
    let mut revision = values.get("ubr").and_then(|(n, o)| Some(Fact::new(n.parse().ok()?, o.clone())));
    let mut seen: Option<Version> = None;
    for name in ["version", "buildnumber"] {
        let Some((text, origin)) = values.get(name) else { continue };
        let Some((version, own)) = split(text, name == "buildnumber") else { continue };
        plain.put(
            name,
            &if name == "version" { version.to_string() } else { version.0[2].to_string() },
            origin.clone(),
        );
        seen = seen.or(Some(version));
        let own = own.map(|r| Fact::new(r, origin.clone()));
        match (&revision, own) {
            (Some(known), Some(own)) if known.value != own.value => {
                note(
                    host,
                    format!("the revision is {} and {}: neither is used", known.value, own.value),
                    origin,
                );
                revision = None;
                break;
            }
            (None, own) => revision = own,
            _ => {}
        }
    }
    tell_os(&plain, host);
    let version = host.version.as_ref().map(|v| v.value).filter(|v| Some(*v) == seen);
    if host.revision.is_none() && version.is_some_and(|v| v.0[0] == 10) {
        host.revision = revision;
    }
    name_eleven(host);
    let product = host.product.as_ref().map_or("Windows 10", |p| p.value.as_str());
    if let Some((id, origin)) = values.get("editionid") {
        host.edition = Some(Fact::new(words::edition_id(id, product), origin.clone()));
    }
    let kind = values
        .get("installationtype")
        .and_then(|(t, o)| Some(Fact::new(InstallationType::parse(t)?, o.clone())));
    host.installation_type = kind.or(host.installation_type.take());
    if host.architecture.is_none() {
        host.architecture =
            values.get("machine").and_then(|(t, o)| Some(Fact::new(t.parse().ok()?, o.clone())));
    }
    if host.release.is_none() {
        host.release = values
            .get("release")
            .filter(|(r, _)| is_release(r))
            .map(|(r, o)| Fact::new(r.to_owned(), o.clone()));
    }
}

/// `10.0.19045.3570`, `19045.3570`, `6.3.9600`, `19045`: the version, and the revision where the source is one of
/// Windows 10 and later and gives one.
fn split(text: &str, build: bool) -> Option<(Version, Option<u32>)> {
    let numbers: Vec<&str> = text.trim().split('.').collect();
    let (version, last) = match (numbers.as_slice(), build) {
        ([a, b, c, rest @ ..], _) if rest.len() <= 1 => {
            (systeminfo::os_version(&format!("{a}.{b}.{c}"))?, rest.first())
        }
        ([c, rest @ ..], true) if rest.len() <= 1 => (version_of_build(c)?, rest.first()),
        _ => return None,
    };
    // tools that know no revision write 0; none was ever released
    let revision = last.filter(|_| version.0[0] == 10).and_then(|n| n.parse().ok()).filter(|n| *n != 0);
    Some((version, revision))
}

/// The registry and what reads it still say 10 on Windows 11: the build decides.
fn name_eleven(host: &mut Host) {
    let Some((product, version)) = host.product.as_mut().zip(host.version.as_ref()) else { return };
    if version.value.0[0] == 10 && version.value.0[2] >= 22_000 && product.value.contains("Windows 10") {
        product.value = product.value.replacen("Windows 10", "Windows 11", 1);
        let origin = product.origin.clone();
        note(host, "the name says Windows 10; the build is one of Windows 11".into(), &origin);
    }
}

/// `22H2`, `1909`; 2009 was never changed again after 20H2.
fn is_release(text: &str) -> bool {
    text.len() == 4
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text != "2009"
}

/// An architecture in the words of uname or of Windows in any language.
pub(super) fn architecture_name(text: &str) -> &'static str {
    if text.parse::<crate::model::Architecture>().is_err() && os_architecture(text).is_some()
        || text.to_lowercase().contains("bit")
    {
        "osarchitecture"
    } else {
        "machine"
    }
}

/// The host's name, if it can be one.
pub(super) fn name(host: &mut Host, name: &str, origin: Origin) {
    if host.name.is_none() && is_computer_name(name) {
        host.name = Some(Fact::new(name.to_owned(), origin));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn host(pairs: &[(&str, &str)]) -> Host {
        let mut values = Values::default();
        for (line, (name, value)) in (1..).zip(pairs) {
            values.put(name, value, Origin::line(&Arc::from("f"), "x", line));
        }
        let mut host = Host::default();
        tell(&values, &mut host);
        host
    }

    fn numbers(pairs: &[(&str, &str)]) -> (Option<String>, Option<u32>) {
        let host = host(pairs);
        (host.version.map(|v| v.value.to_string()), host.revision.map(|r| r.value))
    }

    #[test]
    fn revisions_are_taken_where_windows_has_them() {
        assert_eq!(numbers(&[("version", "10.0.19045.3570")]), (Some("10.0.19045".into()), Some(3570)));
        assert_eq!(numbers(&[("buildnumber", "17763.6054")]), (Some("10.0.17763".into()), Some(6054)));
        assert_eq!(numbers(&[("version", "10.0.17763.0")]), (Some("10.0.17763".into()), None));
        assert_eq!(numbers(&[("version", "6.3.9600.16384")]), (Some("6.3.9600".into()), None));
        assert_eq!(
            numbers(&[("version", "10.0.19045"), ("buildnumber", "19045.3570")]),
            (Some("10.0.19045".into()), Some(3570))
        );
    }

    #[test]
    fn what_contradicts_itself_is_not_known() {
        let two = [("version", "10.0.19045.3570"), ("buildnumber", "19045.3693")];
        assert_eq!(numbers(&two), (Some("10.0.19045".into()), None));
        assert_eq!(numbers(&[("version", "10.0.19045"), ("buildnumber", "22631.3")]), (None, None));
        assert_eq!(numbers(&[("version", "14.2.1")]), (None, None));
    }

    #[test]
    fn the_build_tells_windows_11_whatever_the_name() {
        let host =
            host(&[("caption", "Windows 10 Pro"), ("version", "10.0.22631"), ("editionid", "Professional")]);
        assert_eq!(host.product.map(|p| p.value).as_deref(), Some("Windows 11 Pro"));
        assert_eq!(host.edition.map(|e| e.value.0).as_deref(), Some("Pro"));
        assert_eq!(host.notes.len(), 1);
    }

    #[test]
    fn a_version_in_words_is_no_product() {
        let host = host(&[("caption", "Microsoft Windows NT 6.3.9600.0"), ("version", "6.3.9600.0")]);
        assert_eq!(
            (host.product, host.version.map(|v| v.value.to_string()).as_deref()),
            (None, Some("6.3.9600"))
        );
    }

    #[test]
    fn a_frozen_release_is_none() {
        let of = |r| host(&[("release", r)]).release.map(|r| r.value);
        assert_eq!((of("22H2").as_deref(), of("1909").as_deref()), (Some("22H2"), Some("1909")));
        assert_eq!((of("2009"), of("SP1 x")), (None, None));
    }
}
