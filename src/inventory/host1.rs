//! `kbwhy/host/1`: the facts of one host as JSON, read and written. Reading back what was written gives the same facts.

mod collected;

use super::ReadError;
use super::format::{Directness, Format};
use super::lines::clean;
use super::merge::{merge, precedence};
use crate::model::{
    Conflict, Edition, Fact, FeatureState, FileState, Gap, Host, InstallationType, KbId, ListKind, ListSeen,
    Origin, PackageState, Version, file_path, registry_place_of,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The schema's name, which is also the format in origins.
pub(super) const FORMAT: &str = "kbwhy/host/1";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: FORMAT,
        from: "kbwhy inventory FILE --format json",
        signature: "JSON with the schema kbwhy/host/1",
        tells: "all that it states",
        cannot: "what it does not state",
        directness: Directness::Stated,
    },
    collected::SYSTEM,
    collected::LISTS,
    collected::HISTORY,
];

type Object = Map<String, Value>;

/// Reads members with their place, so that an error names the member.
struct Reader<'a> {
    input: &'a Arc<str>,
}

/// An object of the document and its place.
struct Place<'a> {
    at: String,
    object: Option<&'a Object>,
}

impl Reader<'_> {
    fn wrong(&self, member: &str, expected: &'static str, found: &Value) -> ReadError {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        ReadError::WrongMember {
            input: self.input.to_string(),
            member: clean(member),
            problem: format!("expected {expected}, found {found}"),
        }
    }

    fn invalid(&self, member: &str, problem: impl ToString) -> ReadError {
        ReadError::WrongMember {
            input: self.input.to_string(),
            member: clean(member),
            problem: clean(&problem.to_string()),
        }
    }

    fn fact<T>(&self, value: T, member: &str) -> Fact<T> {
        Fact::new(value, Origin::member(self.input, FORMAT, clean(member)))
    }

    /// The value of a member with its full name; `null` is as good as missing.
    fn member<'v>(&self, place: &Place<'v>, name: &str) -> Option<(String, &'v Value)> {
        let value = place.object?.get(name).filter(|v| !v.is_null())?;
        Some((if place.at.is_empty() { name.to_owned() } else { format!("{}.{name}", place.at) }, value))
    }

    fn object<'v>(&self, place: &Place<'v>, name: &str) -> Result<Place<'v>, ReadError> {
        let Some((at, value)) = self.member(place, name) else {
            return Ok(Place { at: name.to_owned(), object: None });
        };
        let object = value.as_object().ok_or_else(|| self.wrong(&at, "an object", value))?;
        Ok(Place { at, object: Some(object) })
    }

    fn array<'v>(&self, place: &Place<'v>, name: &str) -> Result<Option<(String, &'v [Value])>, ReadError> {
        let Some((at, value)) = self.member(place, name) else { return Ok(None) };
        let array = value.as_array().ok_or_else(|| self.wrong(&at, "an array", value))?;
        Ok(Some((at, array.as_slice())))
    }

    /// Texts by update.
    fn by_update(&self, place: &Place, name: &str) -> Result<BTreeMap<KbId, Fact<String>>, ReadError> {
        let mut out = BTreeMap::new();
        if let Some((at, object)) = self.members(place, name)? {
            for (name, value) in object.iter().filter(|(_, v)| !v.is_null()) {
                let at = format!("{at}.{name}");
                let kb: KbId = name.parse().map_err(|e| self.invalid(&at, e))?;
                out.insert(kb, self.fact(clean(self.text_at(&at, value)?), &at));
            }
        }
        Ok(out)
    }

    fn members<'v>(&self, place: &Place<'v>, name: &str) -> Result<Option<(String, &'v Object)>, ReadError> {
        let place = self.object(place, name)?;
        Ok(place.object.map(|o| (place.at, o)))
    }

    fn text_at<'v>(&self, at: &str, value: &'v Value) -> Result<&'v str, ReadError> {
        value.as_str().ok_or_else(|| self.wrong(at, "a text", value))
    }

    fn text(&self, place: &Place, name: &str) -> Result<Option<Fact<String>>, ReadError> {
        let Some((at, value)) = self.member(place, name) else { return Ok(None) };
        let text = clean(self.text_at(&at, value)?);
        Ok(Some(self.fact(text, &at)))
    }

    fn flag(&self, place: &Place, name: &str) -> Result<Option<Fact<bool>>, ReadError> {
        let Some((at, value)) = self.member(place, name) else { return Ok(None) };
        let flag = value.as_bool().ok_or_else(|| self.wrong(&at, "true or false", value))?;
        Ok(Some(self.fact(flag, &at)))
    }

    fn number<T: TryFrom<u64>>(&self, place: &Place, name: &str) -> Result<Option<Fact<T>>, ReadError> {
        let Some((at, value)) = self.member(place, name) else { return Ok(None) };
        let number = value.as_u64().ok_or_else(|| self.wrong(&at, "a whole number", value))?;
        let number = T::try_from(number).map_err(|_| self.invalid(&at, format!("{number} is too large")))?;
        Ok(Some(self.fact(number, &at)))
    }

    /// A text that is read further; the error tells what it is not.
    fn parsed<T, E: ToString>(
        &self,
        place: &Place,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<Fact<T>>, ReadError> {
        let Some((at, value)) = self.member(place, name) else { return Ok(None) };
        let value = parse(self.text_at(&at, value)?).map_err(|e| self.invalid(&at, e))?;
        Ok(Some(self.fact(value, &at)))
    }
}

/// Adds a state of one update; two members that contradict each other are a conflict.
fn add(host: &mut Host, kb: KbId, new: Fact<PackageState>) {
    let Some(known) = host.updates.get(&kb).cloned() else {
        host.updates.insert(kb, new);
        return;
    };
    let (kept, other) =
        if precedence(known.value) <= precedence(new.value) { (known, new) } else { (new, known) };
    if (kept.value == PackageState::Absent) != (other.value == PackageState::Absent) {
        host.conflicts.push(Conflict {
            fact: format!("updates.{kb}"),
            kept: (kept.value.name().to_owned(), kept.origin.clone()),
            other: (other.value.name().to_owned(), other.origin),
        });
    }
    host.updates.insert(kb, kept);
}

/// Reads a document whose schema is already known to be this one.
pub(super) fn read(object: &Object, input: &Arc<str>) -> Result<Host, ReadError> {
    let r = Reader { input };
    let root = Place { at: String::new(), object: Some(object) };
    let mut host = Host { name: r.text(&root, "name")?, ..Host::default() };

    let os = r.object(&root, "os")?;
    host.product = r.text(&os, "product")?;
    host.revision = r.number(&os, "revision")?;
    host.branch = r.number(&os, "branch")?;
    host.revision_at_least = r.number(&os, "revision_at_least")?;
    host.release = r.text(&os, "release")?;
    host.service_pack = r.number(&os, "service_pack")?;
    host.edition = r.text(&os, "edition")?.map(|f| Fact::new(Edition(f.value), f.origin));
    host.architecture = r.parsed(&os, "architecture", str::parse)?;
    host.language = r.text(&os, "language")?;
    host.installation_type = r.parsed(&os, "installation_type", |t| {
        InstallationType::parse(t).ok_or("expected Client, Server, Server Core or Nano Server")
    })?;
    host.offline_image = r.flag(&os, "offline_image")?;
    if let Some(version) = r.parsed(&os, "version", str::parse::<Version>)? {
        let [major, minor, build, last] = version.value.0;
        // people paste the whole build: from Windows 10 on its fourth number is the revision
        if last != 0 && major >= 10 && host.revision.is_none() {
            host.revision = Some(Fact::new(last, version.origin.clone()));
        }
        host.version = Some(Fact::new(Version([major, minor, build, 0]), version.origin));
    }

    let updates = r.object(&root, "updates")?;
    let mut stated = None;
    for (name, state) in [
        ("installed", PackageState::Installed),
        ("pending", PackageState::InstallPending),
        ("absent", PackageState::Absent),
    ] {
        let Some((at, array)) = r.array(&updates, name)? else { continue };
        for (i, value) in array.iter().enumerate() {
            let at = format!("{at}[{i}]");
            let kb: KbId = r.text_at(&at, value)?.parse().map_err(|e| r.invalid(&at, e))?;
            add(&mut host, kb, r.fact(state, &at));
        }
        if name == "installed" {
            let shown = u32::try_from(array.len()).unwrap_or(u32::MAX);
            stated = Some(ListSeen {
                kind: ListKind::Stated,
                shown,
                gaps: vec![],
                origin: r.fact((), &at).origin,
            });
        }
    }
    host.completeness.complete = r.flag(&updates, "complete")?.is_some_and(|f| f.value);
    host.completeness.lists = match r.array(&updates, "lists")? {
        Some((at, array)) => lists(&r, &at, array)?,
        None => stated.into_iter().collect(),
    };
    if let Some((at, array)) = r.array(&updates, "other_ids")? {
        for (i, value) in array.iter().enumerate().take(super::collect::OTHER_IDS) {
            host.other_ids.push(clean(r.text_at(&format!("{at}[{i}]"), value)?));
        }
        host.other_ids.sort();
        host.other_ids.dedup();
    }
    host.failed = r.by_update(&updates, "failed")?;
    host.installed_on = r.by_update(&updates, "installed_on")?;
    facts(&r, &r.object(&root, "facts")?, &mut host)?;
    if let Some((at, array)) = r.array(&root, "notes")? {
        for (i, value) in array.iter().enumerate().take(super::collect::OTHER_IDS) {
            let at = format!("{at}[{i}]");
            host.notes.push(r.fact(clean(r.text_at(&at, value)?), &at));
        }
    }
    host.conflicts.sort_by(|a, b| (&a.fact, &a.kept, &a.other).cmp(&(&b.fact, &b.kept, &b.other)));
    let derived = collected::read(&r, &r.object(&root, "collected")?)?;
    if derived.is_empty() {
        return Ok(host);
    }
    Ok(merge(std::iter::once(host).chain(derived).collect()))
}

fn facts(r: &Reader, facts: &Place, host: &mut Host) -> Result<(), ReadError> {
    host.pending_reboot = r.flag(facts, "pending_reboot")?;
    host.servicing_stack = r.parsed(facts, "servicing_stack", str::parse)?;
    host.dotnet_framework = r.text(facts, "dotnet_framework")?;
    host.wmf = r.text(facts, "wmf")?;
    host.internet_explorer = r.number(facts, "ie")?;
    host.esu = r.flag(facts, "esu")?;
    host.sha2_support = r.flag(facts, "sha2_support")?;
    host.store_corrupt = r.flag(facts, "store_corrupt")?;
    host.azure_arc = r.flag(facts, "azure_arc")?;
    host.hotpatch = r.flag(facts, "hotpatch")?;
    host.remote_session = r.flag(facts, "remote_session")?;
    host.free_space = r.number(facts, "free_space")?;
    if let Some((at, object)) = r.members(facts, "policies")? {
        for (name, value) in object.iter().filter(|(_, v)| !v.is_null()) {
            let at = format!("{at}.{name}");
            host.policies.insert(clean(name), r.fact(clean(r.text_at(&at, value)?), &at));
        }
    }
    if let Some((at, object)) = r.members(facts, "registry")? {
        for (name, value) in object.iter().filter(|(_, v)| !v.is_null()) {
            let at = format!("{at}.{name}");
            let place =
                registry_place_of(&clean(name)).ok_or_else(|| r.invalid(&at, "is no place in HKLM"))?;
            let text = value
                .as_u64()
                .map_or_else(|| r.text_at(&at, value).map(clean), |number| Ok(number.to_string()))?;
            let value = text.parse().map_err(|e: String| r.invalid(&at, e))?;
            host.registry.insert(place, r.fact(value, &at));
        }
    }
    if let Some((at, object)) = r.members(facts, "files")? {
        for (name, value) in object.iter().filter(|(_, v)| !v.is_null()) {
            let at = format!("{at}.{name}");
            let state: FileState = r.text_at(&at, value)?.parse().map_err(|e: String| r.invalid(&at, e))?;
            host.files.insert(file_path(&clean(name)), r.fact(state, &at));
        }
    }
    if let Some((at, object)) = r.members(facts, "device")? {
        for (name, value) in object.iter().filter(|(_, v)| !v.is_null()) {
            let at = format!("{at}.{name}");
            let value = clean(r.text_at(&at, value)?);
            host.device.insert(clean(name).to_lowercase(), r.fact(value, &at));
        }
    }
    for (section, into) in [("services", &mut host.services), ("management", &mut host.management)] {
        let Some((at, object)) = r.members(facts, section)? else { continue };
        for (name, value) in object.iter().filter(|(_, v)| !v.is_null()) {
            let at = format!("{at}.{name}");
            into.insert(clean(name).to_lowercase(), r.fact(clean(r.text_at(&at, value)?), &at));
        }
    }
    if let Some((at, object)) = r.members(facts, "packages")? {
        for (name, value) in object.iter().filter(|(_, v)| !v.is_null()) {
            let at = format!("{at}.{name}");
            let state = package_state(r, &at, value)?;
            host.packages.insert(clean(name), r.fact(state, &at));
        }
    }
    if let Some((at, array)) = r.array(facts, "roles")? {
        let mut roles = BTreeMap::new();
        for (i, value) in array.iter().enumerate() {
            let at = format!("{at}[{i}]");
            let role = clean(r.text_at(&at, value)?);
            roles.entry(role.clone()).or_insert_with(|| r.fact(role, &at));
        }
        host.roles = roles.into_values().collect();
    }
    let features = r.object(facts, "features")?;
    for (name, value) in features.object.into_iter().flatten() {
        let at = format!("{}.{name}", features.at);
        if value.is_null() {
            continue;
        }
        let state = FeatureState::parse(r.text_at(&at, value)?).ok_or_else(|| {
            r.invalid(&at, "expected enabled, disabled, enable-pending, disable-pending or removed")
        })?;
        host.features.insert(clean(name), r.fact(state, &at));
    }
    let states = r.object(facts, "package_states")?;
    for (name, value) in states.object.into_iter().flatten() {
        let at = format!("{}.{name}", states.at);
        if value.is_null() {
            continue;
        }
        let kb: KbId = name.parse().map_err(|e| r.invalid(&at, e))?;
        let state = package_state(r, &at, value)?;
        add(host, kb, r.fact(state, &at));
    }
    Ok(())
}

fn package_state(r: &Reader, at: &str, value: &Value) -> Result<PackageState, ReadError> {
    PackageState::parse(r.text_at(at, value)?).ok_or_else(|| {
        let names: Vec<&str> = PackageState::ALL.iter().map(|s| s.name()).collect();
        r.invalid(at, format!("expected one of {}", names.join(", ")))
    })
}

const KINDS: [(ListKind, &str); 4] = [
    (ListKind::QuickFix, "quick-fix"),
    (ListKind::ComponentStore, "component-store"),
    (ListKind::History, "history"),
    (ListKind::Stated, "stated"),
];

fn lists(r: &Reader, at: &str, array: &[Value]) -> Result<Vec<ListSeen>, ReadError> {
    let mut out = Vec::new();
    for (i, value) in array.iter().enumerate() {
        let at = format!("{at}[{i}]");
        let object = value.as_object().ok_or_else(|| r.wrong(&at, "an object", value))?;
        let place = Place { at: at.clone(), object: Some(object) };
        let kind = r.parsed(&place, "kind", |t| {
            KINDS.iter().find(|(_, n)| *n == t).map(|(k, _)| *k).ok_or("is no kind of list")
        })?;
        let kind = kind.map_or(ListKind::Stated, |f| f.value);
        let shown = r.number(&place, "shown")?.map_or(0, |f| f.value);
        let mut gaps = Vec::new();
        if let Some((at, array)) = r.array(&place, "gaps")? {
            for (i, value) in array.iter().enumerate() {
                let at = format!("{at}[{i}]");
                gaps.push(gap(r, &at, value)?);
            }
        }
        gaps.sort();
        out.push(ListSeen { kind, shown, gaps, origin: r.fact((), &at).origin });
    }
    Ok(out)
}

fn gap(r: &Reader, at: &str, value: &Value) -> Result<Gap, ReadError> {
    if let Some(object) = value.as_object() {
        let place = Place { at: at.to_owned(), object: Some(object) };
        let number = |name: &str| r.number(&place, name).map(|n| n.map_or(0, |f| f.value));
        return Ok(Gap::CutByCount { declared: number("declared")?, shown: number("shown")? });
    }
    match r.text_at(at, value)? {
        "cut-by-length" => Ok(Gap::CutByLength),
        "elided" => Ok(Gap::Elided),
        "filtered" => Ok(Gap::Filtered),
        "not-available" => Ok(Gap::NotAvailable),
        "only-touched" => Ok(Gap::OnlyTouched),
        "truncated" => Ok(Gap::Truncated),
        _ => Err(r.invalid(at, "is no gap that is known")),
    }
}

fn gap_value(gap: &Gap) -> Value {
    match gap {
        Gap::CutByCount { declared, shown } => json!({ "declared": declared, "shown": shown }),
        Gap::CutByLength => json!("cut-by-length"),
        Gap::Elided => json!("elided"),
        Gap::Filtered => json!("filtered"),
        Gap::NotAvailable => json!("not-available"),
        Gap::OnlyTouched => json!("only-touched"),
        Gap::Truncated => json!("truncated"),
    }
}

/// Writes a member if the fact is known.
fn put<T, V: Into<Value>>(object: &mut Object, name: &str, fact: Option<&Fact<T>>, value: impl Fn(&T) -> V) {
    if let Some(fact) = fact {
        object.insert(name.to_owned(), value(&fact.value).into());
    }
}

/// An object of names and texts.
fn texts<K: ToString, T>(map: &BTreeMap<K, Fact<T>>, text: impl Fn(&T) -> String) -> Object {
    map.iter().map(|(k, f)| (k.to_string(), Value::from(text(&f.value)))).collect()
}

/// The host's facts as a `kbwhy/host/1` document, members and lists in a fixed order; what is not known is left out.
///
/// `updates.lists` tells what was read and what is missing from it, so that reading the document back loses nothing but
/// the places in the first inputs.
pub fn to_host1(host: &Host) -> Value {
    let mut root = Object::new();
    root.insert("schema".into(), FORMAT.into());
    put(&mut root, "name", host.name.as_ref(), String::clone);

    let mut os = Object::new();
    put(&mut os, "product", host.product.as_ref(), String::clone);
    put(&mut os, "version", host.version.as_ref(), |v| {
        let [a, b, c, _] = v.0;
        format!("{a}.{b}.{c}")
    });
    put(&mut os, "revision", host.revision.as_ref(), |r| *r);
    put(&mut os, "branch", host.branch.as_ref(), |b| *b);
    put(&mut os, "release", host.release.as_ref(), String::clone);
    put(&mut os, "revision_at_least", host.revision_at_least.as_ref(), |r| *r);
    put(&mut os, "service_pack", host.service_pack.as_ref(), |n| *n);
    put(&mut os, "edition", host.edition.as_ref(), |e| e.0.clone());
    put(&mut os, "architecture", host.architecture.as_ref(), |a| a.name());
    put(&mut os, "language", host.language.as_ref(), String::clone);
    put(&mut os, "installation_type", host.installation_type.as_ref(), |t| t.name());
    put(&mut os, "offline_image", host.offline_image.as_ref(), |b| *b);
    root.insert("os".into(), os.into());

    let in_state = |state| -> Vec<String> {
        host.updates.iter().filter(|(_, f)| f.value == state).map(|(k, _)| k.to_string()).collect()
    };
    let lists = host.completeness.lists.iter().map(|l| {
        let kind = KINDS.iter().find(|(k, _)| *k == l.kind).map_or("stated", |(_, n)| n);
        json!({ "kind": kind, "shown": l.shown, "gaps": l.gaps.iter().map(gap_value).collect::<Vec<_>>() })
    });
    let mut updates = Object::new();
    updates.insert("installed".into(), in_state(PackageState::Installed).into());
    updates.insert("pending".into(), in_state(PackageState::InstallPending).into());
    updates.insert("absent".into(), in_state(PackageState::Absent).into());
    updates.insert("complete".into(), host.completeness.complete.into());
    updates.insert("lists".into(), lists.collect::<Vec<_>>().into());
    updates.insert("other_ids".into(), host.other_ids.clone().into());
    if !host.installed_on.is_empty() {
        updates.insert("installed_on".into(), texts(&host.installed_on, String::clone).into());
    }
    if !host.failed.is_empty() {
        updates.insert("failed".into(), texts(&host.failed, String::clone).into());
    }
    root.insert("updates".into(), updates.into());

    let mut facts = Object::new();
    put(&mut facts, "pending_reboot", host.pending_reboot.as_ref(), |b| *b);
    put(&mut facts, "servicing_stack", host.servicing_stack.as_ref(), ToString::to_string);
    put(&mut facts, "dotnet_framework", host.dotnet_framework.as_ref(), String::clone);
    put(&mut facts, "wmf", host.wmf.as_ref(), String::clone);
    put(&mut facts, "ie", host.internet_explorer.as_ref(), |n| *n);
    put(&mut facts, "esu", host.esu.as_ref(), |b| *b);
    put(&mut facts, "sha2_support", host.sha2_support.as_ref(), |b| *b);
    put(&mut facts, "store_corrupt", host.store_corrupt.as_ref(), |b| *b);
    put(&mut facts, "azure_arc", host.azure_arc.as_ref(), |b| *b);
    put(&mut facts, "hotpatch", host.hotpatch.as_ref(), |b| *b);
    put(&mut facts, "remote_session", host.remote_session.as_ref(), |b| *b);
    put(&mut facts, "free_space", host.free_space.as_ref(), |n| *n);
    if !host.policies.is_empty() {
        facts.insert("policies".into(), texts(&host.policies, String::clone).into());
    }
    if !host.registry.is_empty() {
        facts.insert("registry".into(), texts(&host.registry, ToString::to_string).into());
    }
    if !host.files.is_empty() {
        facts.insert("files".into(), texts(&host.files, ToString::to_string).into());
    }
    if !host.device.is_empty() {
        facts.insert("device".into(), texts(&host.device, String::clone).into());
    }
    if !host.services.is_empty() {
        facts.insert("services".into(), texts(&host.services, String::clone).into());
    }
    if !host.management.is_empty() {
        facts.insert("management".into(), texts(&host.management, String::clone).into());
    }
    if !host.packages.is_empty() {
        facts.insert("packages".into(), texts(&host.packages, |s| s.name().to_owned()).into());
    }
    if !host.roles.is_empty() {
        let mut roles: Vec<&str> = host.roles.iter().map(|f| f.value.as_str()).collect();
        roles.sort_unstable();
        roles.dedup();
        facts.insert("roles".into(), roles.into());
    }
    if !host.features.is_empty() {
        facts.insert("features".into(), texts(&host.features, |s| s.name().to_owned()).into());
    }
    let between = |s: PackageState| !matches!(s, PackageState::Installed | PackageState::Absent);
    let states = host.updates.iter().filter(|(_, f)| between(f.value));
    let states: Object = states.map(|(k, f)| (k.to_string(), Value::from(f.value.name()))).collect();
    if !states.is_empty() {
        facts.insert("package_states".into(), states.into());
    }
    root.insert("facts".into(), facts.into());
    if !host.notes.is_empty() {
        let notes: Vec<&str> = host.notes.iter().map(|n| n.value.as_str()).collect();
        root.insert("notes".into(), notes.into());
    }
    Value::Object(root)
}

#[cfg(test)]
mod tests;
