//! Takes out of a host what tells whose it is: names, accounts, servers, addresses, serial numbers.

use super::texts;
use crate::model::{Fact, Host, Location, Origin, RegistryValue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What stands for a name that was taken out.
const NAME: &str = "HOST";

/// The same host without its name, and with addresses, accounts, servers, paths of users and serial numbers in all free
/// text replaced; inputs are called `input 1`, `input 2`, … in the order that is given, others after them. What decides
/// about updates stays.
pub fn redact(host: &Host, inputs: &[String]) -> Host {
    let mut out = host.clone();
    let mut names: Vec<String> = Vec::new();
    let conflicting = host.conflicts.iter().filter(|c| c.fact == "name");
    let told = host.name.iter().map(|n| &n.value);
    for name in told.chain(conflicting.flat_map(|c| [&c.kept.0, &c.other.0])) {
        names.push(name.clone());
        names.extend(name.split('.').next().map(str::to_owned));
    }
    names.retain(|n| !n.is_empty());
    // the longer first: a name with its domain holds the short one
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    // texts of the registry may be anything: owners, keys of products, tokens
    let tells = |v: &RegistryValue| {
        !matches!(v, RegistryValue::Text(_) | RegistryValue::Expand(_) | RegistryValue::Multi(_))
    };
    out.registry.retain(|_, f| tells(&f.value));
    let told = |c: &crate::model::Conflict| !c.fact.starts_with("facts.registry.");
    out.conflicts.retain(told);
    texts::rewrite(&mut out, |text| scrub(text, &names));
    if let Some(name) = &mut out.name {
        name.value = NAME.to_owned();
    }
    for c in out.conflicts.iter_mut().filter(|c| c.fact == "name") {
        c.kept.0 = NAME.to_owned();
        c.other.0 = NAME.to_owned();
    }
    rename_inputs(&mut out, inputs, &names);
    out
}

/// Every origin of a host.
fn origins(h: &mut Host) -> Vec<&mut Origin> {
    fn one<T>(f: &mut Option<Fact<T>>) -> Option<&mut Origin> {
        f.as_mut().map(|f| &mut f.origin)
    }
    fn map<K: Ord, T>(m: &mut BTreeMap<K, Fact<T>>) -> impl Iterator<Item = &mut Origin> {
        m.values_mut().map(|f| &mut f.origin)
    }
    let mut out: Vec<&mut Origin> = Vec::new();
    macro_rules! ones { ($($field:ident),* $(,)?) => { $( out.extend(one(&mut h.$field)); )* } }
    ones!(
        name,
        product,
        version,
        revision,
        branch,
        revision_at_least,
        release,
        service_pack,
        edition,
        installation_type,
        architecture,
        language,
        offline_image,
        pending_reboot,
        servicing_stack,
        dotnet_framework,
        wmf,
        internet_explorer,
        esu,
        sha2_support,
        store_corrupt,
        azure_arc,
        hotpatch,
        free_space,
        remote_session,
    );
    out.extend(map(&mut h.updates));
    out.extend(map(&mut h.packages));
    out.extend(map(&mut h.failed));
    out.extend(map(&mut h.installed_on));
    out.extend(map(&mut h.policies));
    out.extend(map(&mut h.registry));
    out.extend(map(&mut h.files));
    out.extend(map(&mut h.device));
    out.extend(map(&mut h.services));
    out.extend(map(&mut h.management));
    out.extend(map(&mut h.features));
    out.extend(h.completeness.lists.iter_mut().map(|l| &mut l.origin));
    out.extend(h.roles.iter_mut().map(|f| &mut f.origin));
    out.extend(h.notes.iter_mut().map(|f| &mut f.origin));
    out.extend(h.conflicts.iter_mut().flat_map(|c| [&mut c.kept.1, &mut c.other.1]));
    out
}

/// Names of files are names of machines more often than not.
fn rename_inputs(host: &mut Host, inputs: &[String], names: &[String]) {
    let mut numbers: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let used: BTreeSet<Arc<str>> = origins(host).into_iter().map(|o| Arc::clone(&o.input)).collect();
    // what kbwhy itself names so is no file
    let files = used.into_iter().filter(|name| !matches!(name.as_ref(), "file name" | "--set" | "-"));
    for name in inputs.iter().map(|i| Arc::from(i.as_str())).chain(files) {
        let next = numbers.len() + 1;
        numbers.entry(name).or_insert_with(|| Arc::from(format!("input {next}")));
    }
    for origin in origins(host) {
        if let Some(number) = numbers.get(&origin.input) {
            origin.input = Arc::clone(number);
        }
        // members may be named after machines and accounts
        if let Location::Member(member) = &mut origin.at {
            *member = scrub(member, names);
        }
    }
}

/// Replaces in a text the names that are known, and every word that has the shape of a secret.
fn scrub(text: &str, names: &[String]) -> String {
    let mut out = text.to_owned();
    for name in names {
        out = replace_name(&out, name);
    }
    let mut result = String::with_capacity(out.len());
    let mut rest = out.as_str();
    while !rest.is_empty() {
        let end = rest.find(is_break).unwrap_or(rest.len());
        if end > 0 {
            result.push_str(&word(&rest[..end]));
        }
        let after = rest[end..].chars().next().map_or(0, char::len_utf8);
        result.push_str(&rest[end..end + after]);
        rest = &rest[end + after..];
    }
    result
}

fn is_break(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '"' | '\'' | '(' | ')' | ',' | ';' | '<' | '>' | '|' | '[' | ']' | '{' | '}')
}

/// Every occurrence of a name, in any case, that stands as a word of its own.
fn replace_name(text: &str, name: &str) -> String {
    let letters = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let head: Option<usize> = {
            let mut length = 0;
            let mut wanted = name.chars().flat_map(char::to_lowercase);
            let mut all = true;
            for c in rest.chars() {
                let Some(w) = wanted.next() else { break };
                // a letter that grows in lower case is no part of a computer's name
                if c.to_lowercase().next() != Some(w) {
                    all = false;
                    break;
                }
                length += c.len_utf8();
            }
            let bounded = rest[length..].chars().next().is_none_or(|c| !letters(c));
            (all && wanted.next().is_none() && bounded && !letters(before)).then_some(length)
        };
        let step = match head {
            Some(length) => {
                out.push_str(NAME);
                length
            }
            None => {
                out.push(first);
                first.len_utf8()
            }
        };
        before = rest[..step].chars().next_back().unwrap_or(' ');
        rest = &rest[step..];
    }
    out
}

/// One word: itself, or what stands for it.
fn word(word: &str) -> String {
    if let Some((scheme, rest)) = word.split_once("://") {
        let (server, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let port =
            server.rsplit_once(':').filter(|(_, p)| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        let kept = if is_public(server) {
            server.to_owned()
        } else {
            format!("server.example{}", port.map_or_else(String::new, |(_, p)| format!(":{p}")))
        };
        return format!("{scheme}://{kept}{}", if is_public(server) { path } else { "" });
    }
    if word.contains('@') && word.rsplit('@').next().is_some_and(|d| d.contains('.')) {
        return "user@example".into();
    }
    if word.starts_with("\\\\") {
        return "\\\\server\\share".into();
    }
    if word.get(..6).is_some_and(|s| s.eq_ignore_ascii_case("S-1-5-")) {
        return "S-1-5-0".into();
    }
    if is_address(word) {
        return "ADDRESS".into();
    }
    let lower = word.to_ascii_lowercase();
    if let Some(at) = lower.find("\\users\\") {
        let after = at + "\\users\\".len();
        let tail = word[after..].find('\\').map_or("", |i| &word[after + i..]);
        return format!("{}USER{tail}", &word[..after]);
    }
    // DOMAIN\account, but no path and no key of the registry
    if let Some((domain, account)) = word.split_once('\\')
        && !domain.is_empty()
        && !account.is_empty()
        && !account.contains('\\')
        && !domain.contains(':')
        && !domain.eq_ignore_ascii_case("HKLM")
        && !lower.starts_with("hkey_")
    {
        return "DOMAIN\\USER".into();
    }
    word.to_owned()
}

/// Servers of Microsoft tell nothing of the host.
fn is_public(server: &str) -> bool {
    let name = server.split(':').next().unwrap_or(server).to_ascii_lowercase();
    ["microsoft.com", "windowsupdate.com", "windows.com"]
        .iter()
        .any(|d| name == *d || name.strip_suffix(d).is_some_and(|h| h.ends_with('.')))
}

/// An address of a network or of its card. Versions have four numbers too: those of Windows begin with 5, 6 or 10, and
/// their third is larger than a byte.
fn is_address(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ':']);
    let host = word.split(['/', '%']).next().unwrap_or(word);
    let v4 = host.split(':').next().unwrap_or(host).parse::<std::net::Ipv4Addr>().is_ok();
    let v6 = host.matches(':').count() >= 2 && host.parse::<std::net::Ipv6Addr>().is_ok();
    let card = |sign: char| {
        let parts: Vec<&str> = word.split(sign).collect();
        parts.len() == 6 && parts.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    v4 || v6 || card('-') || card(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_whose_it_is_goes_and_the_rest_stays() {
        let names = ["SRV01".to_owned()];
        for (text, want) in [
            ("WSUS http://wsus.corp.local:8530/x is set", "WSUS http://server.example:8530 is set"),
            ("https://fe2.update.microsoft.com/v6", "https://fe2.update.microsoft.com/v6"),
            ("installed by CORP\\jane (jane@corp.example.com)", "installed by DOMAIN\\USER (user@example)"),
            ("C:\\Users\\jane\\x.log", "C:\\Users\\USER\\x.log"),
            ("\\\\files01\\patches", "\\\\server\\share"),
            ("S-1-5-21-1004336348-1177238915-682003330-512", "S-1-5-0"),
            ("10.1.2.3 and fe80::1%4 and 00-15-5D-00-11-22", "ADDRESS and ADDRESS and ADDRESS"),
            ("srv01 is not SRV011", "HOST is not SRV011"),
            ("10.0.17763.1879 at HKLM\\SOFTWARE, KB2919355", "10.0.17763.1879 at HKLM\\SOFTWARE, KB2919355"),
            ("17763.1697.1.1", "17763.1697.1.1"),
        ] {
            assert_eq!(scrub(text, &names), want, "{text}");
        }
    }

    #[test]
    fn ids_that_became_one_are_one() {
        let other_ids = vec!["10.199.34.56".into(), "fe80::8480:4c4:5bee:36fd".into()];
        let out = redact(&Host { other_ids, ..Host::default() }, &[]);
        assert_eq!(out.other_ids, ["ADDRESS"]);
    }

    #[test]
    fn names_of_files_and_hosts_are_gone() {
        let origin = |input: &str| Origin::line(&Arc::from(input), "x", 3);
        let host = Host {
            name: Some(Fact::new("SRV01.corp.local".into(), origin("srv01.txt"))),
            notes: vec![Fact::new("srv01 said so".into(), origin("b.txt"))],
            ..Host::default()
        };
        let shown = format!("{:?}", redact(&host, &["srv01.txt".into()]));
        assert!(!shown.to_lowercase().contains("srv01") && !shown.contains("corp"), "{shown}");
        assert!(shown.contains("HOST said so"), "{shown}");
    }
}
