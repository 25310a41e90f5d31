//! Overlays: corrections that an administrator writes by hand, in TOML or JSON. Each has a reason; they are applied last
//! and outrank every other source. `examples/overlay.toml` shows all that one can say.

use super::{ImportError, Imported, Importer, Input};
use crate::{
    catalog::{
        Catalog,
        facts::{Facts, PackageRow, RemovalRow, RuleRow, SourceRow, SupersedesRow, UpdateRow, WithdrawnRow},
    },
    inventory,
    model::{Architecture, Clause, KbId, Requirement, SourceKind, Strength, UpdateKind},
};
use semver::Version;
use serde::Deserialize;
use std::io::Read;

/// Overlay files, by their first key.
pub const IMPORTER: Importer = Importer { format: FORMAT, detect, read };

const FORMAT: &str = "kbwhy overlay";
/// The key that says what the file is, with its version.
const KEY: &str = "kbwhy-overlay";
/// Version of the format that this reader knows.
pub const SCHEMA: Version = Version::new(1, 0, 0);
/// Far beyond what somebody writes by hand.
const LARGEST: u64 = 4 << 20;
/// More products than anybody names at once.
const PRODUCTS: usize = 1000;

/// A whole overlay.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Overlay {
    kbwhy_overlay: String,
    /// its name: another overlay of the same name replaces it; otherwise the file's name
    name: Option<String>,
    #[serde(default, alias = "updates")]
    update: Vec<Correction>,
}

/// All that is to be corrected of one update.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Correction {
    kb: String,
    reason: String,
    title: Option<String>,
    kind: Option<String>,
    component: Option<String>,
    date: Option<String>,
    #[serde(default)]
    add_products: Vec<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    remove_products: Vec<String>,
    #[serde(default)]
    only_these_products: bool,
    #[serde(default)]
    add_supersedes: Vec<String>,
    #[serde(default)]
    remove_supersedes: Vec<String>,
    #[serde(default)]
    remove_from_lists: Vec<String>,
    #[serde(default, alias = "add-prerequisites")]
    add_prerequisite: Vec<Prerequisite>,
    #[serde(default)]
    remove_prerequisites: Vec<String>,
    withdrawn: Option<Withdrawn>,
    #[serde(default)]
    not_withdrawn: bool,
    #[serde(default)]
    no_defects: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Prerequisite {
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    excludes: Vec<String>,
    #[serde(default)]
    when: Vec<String>,
    #[serde(default, rename = "for")]
    products: Vec<String>,
    strength: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Withdrawn {
    since: Option<String>,
    #[serde(default)]
    install_instead: Vec<String>,
    #[serde(default, rename = "for")]
    products: Vec<String>,
}

/// The key stands where keys stand: at the start of a line, or of a JSON document.
fn detect(head: &[u8]) -> bool {
    let text = inventory::decode(head);
    let mut keys =
        text.lines().map(|l| l.trim_start_matches(['{', ' ', '\t', ',']).trim_start_matches(['"', '\'']));
    if text.trim_start().starts_with('{') {
        return text.contains(&format!("\"{KEY}\""));
    }
    keys.any(|l| {
        let rest = l.strip_prefix(KEY).map(|r| r.trim_start_matches(['"', '\'']).trim_start());
        rest.is_some_and(|r| r.starts_with('='))
    })
}

fn read(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let unreadable = |e: std::io::Error| ImportError::new(input.name, format!("cannot be read: {e}"));
    let mut bytes = Vec::new();
    input.reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ImportError::new(
            input.name,
            format!("larger than {} MB, more than any overlay", LARGEST >> 20),
        ));
    }
    let text = inventory::decode(&bytes);
    let reader = Reader { name: input.name, text: &text, catalog, today: input.read };
    let overlay = reader.parse()?;
    reader.imported(overlay)
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    catalog: &'a Catalog,
    today: &'a str,
}

type Result<T, E = ImportError> = std::result::Result<T, E>;

impl Reader<'_> {
    fn parse(&self) -> Result<Overlay> {
        if self.text.trim_start().starts_with('{') {
            let parsed = serde_json::from_str(self.text);
            return parsed.map_err(|e| {
                let (line, column) = (e.line(), e.column());
                let told = e.to_string();
                let words = told.rsplit_once(" at line ").map_or(&*told, |(words, _)| words);
                self.error(line, column, &meant(words))
            });
        }
        toml::from_str(self.text).map_err(|e| {
            let at = e.span().map_or(0, |s| s.start);
            let (line, column) = self.place(at);
            self.error(line, column, &meant(e.message()))
        })
    }

    fn error(&self, line: usize, column: usize, problem: &str) -> ImportError {
        let problem: String = problem.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        ImportError::new(format!("{}:{line}:{column}", self.name), problem)
    }

    /// Line and column of a byte, from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// What is wrong with a value, at the value: the first of this text after the correction's KB.
    fn wrong(&self, c: &Correction, value: &str, problem: impl AsRef<str>) -> ImportError {
        let of = |value: &str| [format!("\"{value}\""), format!("'{value}'")];
        let from = of(&c.kb).iter().filter_map(|q| self.text.find(q)).min().unwrap_or(0);
        let after = self.text.get(from..).unwrap_or("");
        let at = of(value).iter().filter_map(|q| after.find(q)).min().map_or(from, |i| from + i);
        let (line, column) = self.place(at);
        self.error(line, column, problem.as_ref())
    }

    fn kb(&self, c: &Correction, value: &str) -> Result<String> {
        value.parse::<KbId>().map(|k| k.to_string()).map_err(|e| self.wrong(c, value, e.to_string()))
    }

    fn kbs(&self, c: &Correction, values: &[String]) -> Result<Vec<String>> {
        values.iter().map(|v| self.kb(c, v)).collect()
    }

    /// Products by their name here or by what Microsoft calls them.
    fn products(&self, c: &Correction, values: &[String]) -> Result<Vec<String>> {
        if values.len() > PRODUCTS {
            return Err(self.wrong(c, &c.kb, format!("more than {PRODUCTS} products in one list")));
        }
        let product = |value: &String| {
            let named = |p: &crate::catalog::view::Product<'_>| {
                p.slug == value
                    || p.name.eq_ignore_ascii_case(value)
                    || self.catalog.product_aliases(p.id).iter().any(|a| a.eq_ignore_ascii_case(value))
            };
            if let Some(p) = self.catalog.products().find(named) {
                return Ok(p.slug.to_owned());
            }
            let nearest = nearest(value, self.catalog.products().map(|p| p.slug));
            Err(self.wrong(c, value, format!("`{value}` is no product{}", tip(nearest))))
        };
        values.iter().map(product).collect()
    }

    fn date(&self, c: &Correction, value: Option<&String>) -> Result<Option<String>> {
        let Some(value) = value else { return Ok(None) };
        match value.parse::<jiff::civil::Date>() {
            Ok(d) if value.len() == 10 => Ok(Some(d.to_string())),
            _ => Err(self.wrong(c, value, format!("`{value}` is not a date such as 2026-10-13"))),
        }
    }

    fn named(
        &self,
        c: &Correction,
        what: &str,
        value: &str,
        names: &mut dyn Iterator<Item = &'static str>,
    ) -> Result<()> {
        let names: Vec<&str> = names.collect();
        if names.contains(&value) {
            return Ok(());
        }
        let tip = tip(nearest(value, names.iter().copied()));
        Err(self.wrong(c, value, format!("`{value}` is no {what}{tip}")))
    }

    fn clauses(&self, c: &Correction, values: &[String]) -> Result<()> {
        let first = values.iter().find_map(|v| v.parse::<Clause>().err().map(|e| (v, e)));
        first.map_or(Ok(()), |(v, e)| Err(self.wrong(c, v, e.to_string())))
    }

    fn imported(&self, overlay: Overlay) -> Result<Imported> {
        let schema = overlay.kbwhy_overlay.parse::<Version>();
        let at = self.text.find(KEY).map_or((1, 1), |i| self.place(i));
        match schema {
            Ok(v) if v.major == SCHEMA.major => {}
            Ok(v) => {
                let problem =
                    format!("{KEY} {v}: this kbwhy reads {}.x; use a kbwhy of that version", SCHEMA.major);
                return Err(self.error(at.0, at.1, &problem));
            }
            Err(_) => {
                let problem = format!("{KEY} is a version such as \"{SCHEMA}\"");
                return Err(self.error(at.0, at.1, &problem));
            }
        }
        let base = self.name.rsplit(['/', '\\']).next().unwrap_or(self.name);
        let name =
            overlay.name.as_deref().map(str::trim).filter(|n| !n.is_empty()).unwrap_or(base).to_owned();
        let source = SourceRow {
            id: format!("overlay-{name}"),
            url: format!("overlay:{base}"),
            title: format!("Local corrections ({name})"),
            read: self.today.to_owned(),
            via: None,
            kind: Some(SourceKind::Overlay.name().to_owned()),
            digest: None,
        };
        let mut facts = Facts::default();
        for c in &overlay.update {
            self.correction(c, &source.id, &mut facts)?;
        }
        Ok(Imported {
            kind: SourceKind::Overlay,
            format: FORMAT,
            source,
            facts,
            metadata: None,
            remarks: Vec::new(),
        })
    }

    fn correction(&self, c: &Correction, source: &str, facts: &mut Facts) -> Result<()> {
        let kb = self.kb(c, &c.kb)?;
        let reason = c.reason.trim();
        if reason.is_empty() {
            return Err(self.wrong(c, &c.kb, format!("the correction of {kb} has no reason")));
        }
        let kinds = &mut UpdateKind::ALL.iter().map(|k| k.name());
        if let Some(kind) = &c.kind {
            self.named(c, "kind of update", kind, kinds)?;
        }
        for a in &c.architectures {
            a.parse::<Architecture>().map_err(|e| self.wrong(c, a, e))?;
        }
        let added = self.products(c, &c.add_products)?;
        if added.is_empty() && (c.only_these_products || !c.architectures.is_empty()) {
            let problem = "`only-these-products` and `architectures` need `add-products`";
            return Err(self.wrong(c, &c.kb, problem));
        }
        let packages = PackageRow { products: added.clone(), arch: c.architectures.clone(), built_in: false };
        let supersedes = self.kbs(c, &c.add_supersedes)?;
        let row = UpdateRow {
            kb: kb.clone(),
            kind: c.kind.clone(),
            title: c.title.clone(),
            component: c.component.clone(),
            date: self.date(c, c.date.as_ref())?,
            packages: if added.is_empty() { Vec::new() } else { vec![packages] },
            all_packages_known: c.only_these_products,
            supersedes: supersedes.into_iter().map(|kb| SupersedesRow { kb, products: Vec::new() }).collect(),
            standing: "verified".to_owned(),
            source: source.to_owned(),
            note: Some(reason.to_owned()),
            ..UpdateRow::default()
        };
        let says = row.kind.is_some()
            || row.title.is_some()
            || row.component.is_some()
            || row.date.is_some()
            || !row.packages.is_empty()
            || !row.supersedes.is_empty();
        if says {
            facts.updates.push(row);
        }
        let before = facts.removed.len() + facts.rules.len() + facts.withdrawn.len();
        self.removals(c, &kb, reason, source, facts)?;
        for p in &c.add_prerequisite {
            self.prerequisite(c, p, (&kb, reason, source), facts)?;
        }
        if let Some(w) = &c.withdrawn {
            facts.withdrawn.push(WithdrawnRow {
                kb: kb.clone(),
                products: self.products(c, &w.products)?,
                date: self.date(c, w.since.as_ref())?,
                replacement: self.kbs(c, &w.install_instead)?,
                why: reason.to_owned(),
                standing: "verified".to_owned(),
                source: source.to_owned(),
                read: None,
            });
        }
        if !says && before == facts.removed.len() + facts.rules.len() + facts.withdrawn.len() {
            return Err(self.wrong(c, &c.kb, format!("the correction of {kb} corrects nothing")));
        }
        Ok(())
    }

    fn removals(
        &self,
        c: &Correction,
        kb: &str,
        reason: &str,
        source: &str,
        facts: &mut Facts,
    ) -> Result<()> {
        let mut remove = |what: &str, of: Option<String>| {
            facts.removed.push(RemovalRow {
                what: what.to_owned(),
                kb: kb.to_owned(),
                of,
                reason: reason.to_owned(),
                source: source.to_owned(),
            });
        };
        if c.only_these_products {
            remove("other-packages", None);
        }
        for p in self.products(c, &c.remove_products)? {
            remove("package", Some(p));
        }
        for older in self.kbs(c, &c.remove_supersedes)? {
            remove("supersedes", Some(older));
        }
        for list in &c.remove_from_lists {
            if !self.catalog.lines().any(|l| l.name == list) {
                let nearest = nearest(list, self.catalog.lines().map(|l| l.name));
                return Err(self.wrong(c, list, format!("`{list}` is no list of updates{}", tip(nearest))));
            }
            remove("line", Some(list.clone()));
        }
        for rule in &c.remove_prerequisites {
            remove("rule", Some(rule.clone()).filter(|r| r != "all"));
        }
        if c.not_withdrawn {
            remove("withdrawn", None);
        }
        if c.no_defects {
            remove("defect", None);
        }
        Ok(())
    }

    fn prerequisite(
        &self,
        c: &Correction,
        p: &Prerequisite,
        (kb, reason, source): (&str, &str, &str),
        facts: &mut Facts,
    ) -> Result<()> {
        if p.requires.is_empty() && p.excludes.is_empty() {
            return Err(self.wrong(c, &c.kb, "a prerequisite has `requires` or `excludes`"));
        }
        self.clauses(c, &p.requires)?;
        self.clauses(c, &p.when)?;
        for e in &p.excludes {
            e.parse::<Requirement>().map_err(|x| self.wrong(c, e, x.to_string()))?;
        }
        if let Some(s) = &p.strength {
            self.named(c, "strength of a prerequisite", s, &mut Strength::ALL.iter().map(|s| s.name()))?;
        }
        facts.rules.push(RuleRow {
            id: format!("{source}-{kb}-{}", facts.rules.len() + 1),
            kb: Some(kb.to_owned()),
            products: self.products(c, &p.products)?,
            when: p.when.clone(),
            requires: p.requires.clone(),
            excludes: p.excludes.clone(),
            strength: p.strength.clone(),
            why: Some(reason.to_owned()),
            standing: "verified".to_owned(),
            evidence: "none".to_owned(),
            source: source.to_owned(),
            ..RuleRow::default()
        });
        Ok(())
    }
}

/// What serde says of an unknown member, with the name that was probably meant.
fn meant(message: &str) -> String {
    let first = message.lines().next().unwrap_or(message);
    let quoted: Vec<&str> = first.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((unknown, known)) if first.starts_with("unknown field") => {
            format!("unknown key `{unknown}`{}", tip(nearest(unknown, known.iter().copied())))
        }
        _ => first.replace("missing field", "missing key"),
    }
}

fn tip(nearest: Option<String>) -> String {
    nearest.map_or_else(String::new, |n| format!("; did you mean `{n}`?"))
}

/// The name that is meant, if one is near.
fn nearest<'a>(value: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let value: String = value.chars().take(80).collect();
    let scored = names.map(|n| (strsim::jaro_winkler(&value, n), n));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    best.filter(|(score, _)| *score > 0.8).map(|(_, n)| n.to_owned())
}

#[cfg(test)]
mod tests;
