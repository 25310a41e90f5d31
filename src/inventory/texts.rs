//! Every free text of a host, to be rewritten in one place: cleaned where it is read, redacted where it is shared.

use super::lines::clean;
use crate::model::{Fact, Host, RegistryValue};
use std::collections::BTreeMap;

/// Replaces every free text but the names of inputs and members: values, notes, ids, and names of packages, features and
/// policies.
pub(super) fn rewrite(host: &mut Host, text: impl Fn(&str) -> String) {
    fn keys<T>(map: &mut BTreeMap<String, T>, text: &impl Fn(&str) -> String) {
        if map.keys().any(|k| text(k) != *k) {
            *map = std::mem::take(map).into_iter().map(|(k, v)| (text(&k), v)).collect();
        }
    }
    let facts: [&mut Option<Fact<String>>; 6] = [
        &mut host.name,
        &mut host.product,
        &mut host.language,
        &mut host.release,
        &mut host.dotnet_framework,
        &mut host.wmf,
    ];
    for fact in facts.into_iter().flatten() {
        fact.value = text(&fact.value);
    }
    if let Some(edition) = &mut host.edition {
        edition.value.0 = text(&edition.value.0);
    }
    let maps = host.policies.values_mut().chain(host.failed.values_mut());
    for fact in maps.chain(host.installed_on.values_mut()) {
        fact.value = text(&fact.value);
    }
    host.roles.iter_mut().chain(&mut host.notes).for_each(|f| f.value = text(&f.value));
    host.other_ids.iter_mut().for_each(|id| *id = text(id));
    // two may have become one
    host.other_ids.sort();
    host.other_ids.dedup();
    for c in &mut host.conflicts {
        c.fact = text(&c.fact);
        c.kept.0 = text(&c.kept.0);
        c.other.0 = text(&c.other.0);
    }
    for fact in host.registry.values_mut() {
        if let RegistryValue::Text(t) | RegistryValue::Expand(t) | RegistryValue::Multi(t) = &mut fact.value {
            *t = text(t);
        }
    }
    let maps = host.device.values_mut().chain(host.services.values_mut());
    maps.chain(host.management.values_mut()).for_each(|f| f.value = text(&f.value));
    keys(&mut host.registry, &text);
    keys(&mut host.files, &text);
    keys(&mut host.device, &text);
    keys(&mut host.services, &text);
    keys(&mut host.management, &text);
    keys(&mut host.policies, &text);
    keys(&mut host.packages, &text);
    keys(&mut host.features, &text);
}

/// Takes out of every text what no console should get, and blanks around it: what is written as `kbwhy/host/1` reads back
/// the same.
pub(super) fn tidy(host: &mut Host) {
    rewrite(host, |t| clean(t).trim().to_owned());
    host.other_ids.retain(|id| !id.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;
    use std::sync::Arc;

    #[test]
    fn no_text_of_an_input_keeps_what_steers_a_console() {
        let fact = |t: &str| Fact::new(t.to_owned(), Origin::whole(&Arc::from("f"), "x"));
        let bad = " a\u{1b}[31m\nb\u{202e} ";
        let mut host = Host {
            name: Some(fact(bad)),
            notes: vec![fact(bad)],
            other_ids: vec![bad.into(), "\u{7}".into()],
            policies: BTreeMap::from([(bad.to_owned(), fact(bad))]),
            ..Host::default()
        };
        tidy(&mut host);
        assert_eq!(host.name.map(|n| n.value).as_deref(), Some("ab"));
        assert_eq!(host.other_ids, ["ab"]);
        assert_eq!(
            host.policies.into_iter().map(|(k, v)| (k, v.value)).collect::<Vec<_>>(),
            [("ab".into(), "ab".into())]
        );
    }
}
