//! Whose facts are these? Facts of two machines in one host would give a confident answer about neither.

use super::ReadError;
use super::format_of;
use super::merge::{self, merge, same_computer};
use crate::model::{Fact, Host, Origin, branch_of};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The machines of one input, each with the format that it was read as.
pub(super) type Machines = Vec<(Host, &'static str)>;

fn same<T: PartialEq>(a: Option<&Fact<T>>, b: Option<&Fact<T>>) -> bool {
    a.map(|f| &f.value) == b.map(|f| &f.value)
}

/// Do two facts not contradict each other?
pub(super) fn agree<T: PartialEq>(a: Option<&Fact<T>>, b: Option<&Fact<T>>) -> bool {
    a.is_none() || b.is_none() || same(a, b)
}

/// Puts together what one input tells of each machine. Facts without a name belong to the one machine that has one;
/// where there are several, nobody knows whose they are.
pub(super) fn machines(hosts: Vec<Host>, input: &Arc<str>) -> Result<Machines, ReadError> {
    let mut named: Vec<(String, Vec<Host>)> = Vec::new();
    // names that begin alike, so that a list of many machines is not searched for each
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut unnamed: Vec<Host> = Vec::new();
    for host in hosts {
        let Some(name) = host.name.as_ref().map(|n| n.value.clone()) else {
            unnamed.push(host);
            continue;
        };
        let head: String = merge::short_name(&name).chars().take(15).collect();
        let places = alike.entry(head).or_default();
        match places.iter().copied().take(1000).find(|i| same_computer(&named[*i].0, &name)) {
            Some(i) => named[i].1.push(host),
            None => {
                places.push(named.len());
                named.push((name, vec![host]));
            }
        }
    }
    // runs without a name are of one machine only if they say the same
    let same_facts = |hosts: &[Host]| {
        hosts.windows(2).all(|w| {
            same(w[0].product.as_ref(), w[1].product.as_ref())
                && same(w[0].version.as_ref(), w[1].version.as_ref())
                && same(w[0].revision.as_ref(), w[1].revision.as_ref())
                && same(w[0].architecture.as_ref(), w[1].architecture.as_ref())
                && w[0].updates.keys().eq(w[1].updates.keys())
        })
    };
    let formats = |hosts: &[Host]| {
        let first = hosts.first().map(format_of);
        hosts.iter().any(|h| Some(format_of(h)) != first)
    };
    let tables = unnamed.iter().all(|h| h.version.is_none() && h.product.is_none());
    // outputs of several commands may be of several machines too
    let mixed = formats(&unnamed) && one_machine(&unnamed).is_ok();
    let of_one = unnamed.len() < 2 || tables || mixed || same_facts(&unnamed);
    if !of_one || !unnamed.is_empty() && named.len() > 1 {
        let all: Vec<Host> = named.into_iter().flat_map(|(_, g)| g).chain(unnamed).collect();
        return Err(several(&all, input));
    }
    match named.first_mut() {
        Some((_, group)) => group.extend(unnamed),
        None if unnamed.is_empty() => {}
        None => named.push((String::new(), unnamed)),
    }
    let merged = named.into_iter().map(|(_, mut group)| {
        let format = format_of(&group[0]);
        let host = if group.len() == 1 { group.remove(0) } else { merge(group) };
        (host, format)
    });
    Ok(merged.collect())
}

pub(super) fn several(hosts: &[Host], input: &Arc<str>) -> ReadError {
    ReadError::SeveralHosts { input: input.to_string(), names: names(hosts) }
}

/// The hosts of one machine, by its name in any case, short or with its domain; those without a name, which may be
/// of any, only if no other machine is among them.
///
/// # Errors
/// No host has the name; the error lists the names that there are.
pub fn of_machine(hosts: Vec<Host>, name: &str) -> Result<Vec<Host>, ReadError> {
    let is = |h: &Host| h.name.as_ref().map(|n| same_computer(&n.value, name));
    if !hosts.iter().any(|h| is(h) == Some(true)) {
        return Err(ReadError::NoSuchHost { name: super::lines::clean(name), names: names(&hosts) });
    }
    let alone = hosts.iter().all(|h| is(h) != Some(false));
    Ok(hosts.into_iter().filter(|h| is(h).unwrap_or(alone)).collect())
}

/// The machines' names, sorted, at most ten; `unnamed` where there is none.
fn names(hosts: &[Host]) -> Vec<String> {
    let name = |h: &Host| h.name.as_ref().map_or_else(|| "unnamed".to_owned(), |n| n.value.clone());
    let mut names: Vec<String> = hosts.iter().map(name).collect();
    names.sort();
    names.dedup();
    names.truncate(10);
    names
}

/// Checks that inputs may be of one machine: no two names, versions of Windows or, where a name is missing,
/// architectures.
///
/// # Errors
/// [`ReadError::DifferentHosts`] names two inputs that are of different machines.
pub fn one_machine(hosts: &[Host]) -> Result<(), ReadError> {
    for (i, a) in hosts.iter().enumerate() {
        for b in &hosts[i + 1..] {
            if let Some(((origin, is), (other, other_is))) = difference(a, b) {
                if origin.input == other.input {
                    return Err(several(hosts, &origin.input));
                }
                return Err(ReadError::DifferentHosts {
                    input: origin.input.to_string(),
                    is,
                    other: other.input.to_string(),
                    other_is,
                });
            }
        }
    }
    Ok(())
}

type Told = (Origin, String);

/// What tells two machines apart, if anything does.
fn difference(a: &Host, b: &Host) -> Option<(Told, Told)> {
    fn told<T>(fact: &Fact<T>, words: String) -> Told {
        (fact.origin.clone(), words)
    }
    if let (Some(x), Some(y)) = (&a.name, &b.name)
        && !same_computer(&x.value, &y.value)
    {
        return Some((told(x, x.value.clone()), told(y, y.value.clone())));
    }
    if let (Some(x), Some(y)) = (&a.version, &b.version) {
        // the header of DISM keeps the base build of Windows 7
        let base = |f: &Fact<crate::model::Version>| f.origin.format.starts_with("DISM") && f.value.0[0] == 6;
        let close = (base(x) || base(y)) && x.value.0[..2] == y.value.0[..2];
        if x.value.0[..3] != y.value.0[..3] && !close {
            let words = |f: &Fact<crate::model::Version>| told(f, format!("Windows {}", f.value));
            return Some((words(x), words(y)));
        }
    }
    for (one, two) in [(a, b), (b, a)] {
        // an update that was serviced while an image was upgraded is of the other branch too: named alike they are one
        let (Some(version), None, Some(branch)) = (&one.version, &two.version, &two.branch) else { continue };
        let apart = one.name.is_none() || two.name.is_none();
        if apart && version.value.0[0] == 10 && branch_of(version.value.0[2]) != branch.value {
            let windows = told(version, format!("Windows {}", version.value));
            return Some((windows, told(branch, format!("a Windows of branch {}", branch.value))));
        }
    }
    let apart = a.name.is_none() || b.name.is_none();
    // one build serves clients and servers: 17763 is Windows 10 and Windows Server 2019
    if let (Some(x), Some(y)) = (&a.product, &b.product) {
        let server = |p: &str| p.to_lowercase().contains("server");
        if apart && server(&x.value) != server(&y.value) {
            return Some((told(x, x.value.clone()), told(y, y.value.clone())));
        }
    }
    // a process of 32 bits sees x86 on its own machine: between inputs of one name that is a conflict, no proof
    if let (Some(x), Some(y)) = (&a.architecture, &b.architecture)
        && x.value != y.value
        && apart
    {
        let words = |f: &Fact<crate::model::Architecture>| told(f, format!("Windows for {}", f.value));
        return Some((words(x), words(y)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Version;

    fn host(name: Option<&str>, build: Option<u32>, branch: Option<u32>) -> Host {
        let origin = Origin::whole(&Arc::from("f"), "x");
        Host {
            name: name.map(|n| Fact::new(n.to_owned(), origin.clone())),
            version: build.map(|b| Fact::new(Version([10, 0, b, 0]), origin.clone())),
            branch: branch.map(|b| Fact::new(b, origin.clone())),
            ..Host::default()
        }
    }

    fn one(a: Host, b: Host) -> bool {
        let (ab, ba) = (one_machine(&[a.clone(), b.clone()]), one_machine(&[b, a]));
        assert_eq!(ab.is_ok(), ba.is_ok());
        ab.is_ok()
    }

    #[test]
    fn names_builds_and_branches_tell_machines_apart() {
        assert!(one(host(Some("A"), Some(19045), None), host(Some("a.corp"), Some(19045), None)));
        assert!(!one(host(Some("A"), None, None), host(Some("B"), None, None)));
        assert!(!one(host(None, Some(19045), None), host(None, Some(17763), None)));
        assert!(one(host(None, Some(19045), None), host(None, None, Some(19041))));
        assert!(!one(host(None, Some(17763), None), host(None, None, Some(19041))));
    }

    #[test]
    fn the_machine_that_is_meant_is_found_under_any_of_its_names() {
        let all = || vec![host(Some("PC-1"), None, None), host(Some("pc-2.corp.local"), None, None)];
        assert_eq!(of_machine(all(), "PC-2").unwrap().len(), 1);
        assert!(
            matches!(of_machine(all(), "PC-3"), Err(ReadError::NoSuchHost { names, .. }) if names.len() == 2)
        );
    }
}
