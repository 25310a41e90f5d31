//! What several readers do with the same words: products, kernel versions, updates named in a sentence.

use super::collect::Collector;
use super::ids::{self, RowId};
use super::systeminfo::{os_version, service_pack};
use super::words;
use crate::model::{KbId, Version};

/// The product and the edition that its words tell.
pub(super) fn tell_product(c: &mut Collector, text: &str, line: u32) {
    if !words::is_product(text) && !text.contains("Hyper-V Server") && !text.contains("Azure Stack HCI") {
        return;
    }
    let product = words::product(text);
    c.host.edition = words::edition(&product).map(|e| c.fact(e, line));
    c.host.product = Some(c.fact(product, line));
}

/// The same of a product that the registry names, which says Windows 10 on Windows 11: the build decides.
pub(super) fn tell_registry_product(c: &mut Collector, text: &str, line: u32) {
    let eleven = c.host.version.as_ref().is_some_and(|v| v.value.0[0] == 10 && v.value.0[2] >= 22_000);
    let product = words::product(text);
    let ten = product.starts_with("Windows 10") || product.starts_with("Microsoft Windows 10");
    if eleven && ten {
        tell_product(c, &product.replacen("Windows 10", "Windows 11", 1), line);
        c.note("ProductName says Windows 10; the build is one of Windows 11", line);
    } else {
        tell_product(c, &product, line);
    }
}

/// The version with the service pack that follows from it and from the words beside it.
pub(super) fn tell_version(c: &mut Collector, version: Version, beside: &str, line: u32) {
    c.host.service_pack = service_pack(version, beside).map(|n| c.fact(n, line));
    c.host.version = Some(c.fact(version, line));
}

/// `10.0.19045`, or `10.0.19045.3570` with the revision.
pub(super) fn kernel_version(text: &str) -> Option<(Version, Option<u32>)> {
    let first = text.split_whitespace().next()?;
    let mut parts = first.split('.');
    let three = [parts.next()?, parts.next()?, parts.next()?].join(".");
    let version = os_version(&three)?;
    let revision = match (parts.next(), parts.next()) {
        (None, _) => None,
        (Some(r), None) => Some(r.parse().ok()?),
        _ => return None,
    };
    // before Windows 10 a fourth number is no revision of the system
    Some((version, revision.filter(|_| version.0[0] == 10)))
}

/// `19045.3570`: build and revision of Windows 10 or later.
pub(super) fn build_revision(text: &str) -> Option<(u32, u32)> {
    let (build, revision) = text.trim().split_once('.')?;
    let build: u32 = build.parse().ok()?;
    ((10_240..100_000).contains(&build)).then_some(())?;
    Some((build, revision.parse().ok()?))
}

/// The updates that a sentence or title names: words `KB5031356`, whatever brackets are around them.
pub(super) fn updates_in(text: &str) -> Vec<KbId> {
    let mut out = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        if let Some(RowId::Kb(kb)) = ids::kb_at_start(word)
            && !out.contains(&kb)
            && out.len() < 20
        {
            out.push(kb);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn updates_in_titles_of_any_script() {
        let of = |t: &str| updates_in(t).into_iter().map(|k| k.number()).collect::<Vec<_>>();
        assert_eq!(of("2020-07 用累積更新 (KB4565351)"), [4_565_351]);
        assert_eq!(of("x64用KB5021088) 向け KB5021088"), [5_021_088]);
        assert_eq!(of("Package KB4561600 was changed"), [4_561_600]);
        assert_eq!(of("16.50 KB (16,896 bytes), KB28, MKB2919355"), [0u32; 0]);
    }

    #[test]
    fn versions_with_and_without_a_revision() {
        let of = |t| kernel_version(t).map(|(v, r)| (v.to_string(), r));
        assert_eq!(of("10.0.19045.3570"), Some(("10.0.19045".into(), Some(3570))));
        assert_eq!(of("6.3.9600.17196"), Some(("6.3.9600".into(), None)));
        assert_eq!(of("6.1.7601 Service Pack 1"), Some(("6.1.7601".into(), None)));
        assert_eq!((of("10.0.19045.x"), of("10.0.19045.1.2"), of("4.18.9-200")), (None, None, None));
        assert_eq!(build_revision("22631.4317"), Some((22631, 4317)));
        assert_eq!((build_revision("9600.17415"), build_revision("19045")), (None, None));
    }

    #[test]
    fn the_registry_says_10_on_11() {
        let mut c = Collector::new(&Arc::from("f"), "x");
        tell_version(&mut c, Version([10, 0, 22631, 0]), "", 1);
        tell_registry_product(&mut c, "Windows 10 Enterprise", 2);
        assert_eq!(c.host.product.map(|p| p.value).as_deref(), Some("Windows 11 Enterprise"));
        assert_eq!(c.host.edition.map(|p| p.value.0).as_deref(), Some("Enterprise"));
    }
}
