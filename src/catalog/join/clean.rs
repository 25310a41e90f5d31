//! Rows of an imported source, so that each compiles: what is not known is left out, and counted.

use super::{Known, Remarks, Source, number};
use crate::catalog::{
    check,
    facts::{PackageRow, RelationRow, RuleRow, SourceRow, UpdateRow},
    layout,
};
use crate::model::{Clause, EvidenceClass, Requirement, SourceKind, Standing, Strength, UpdateKind};
use std::collections::{HashMap, HashSet};

/// The longest text that is kept of a source.
const TEXT: usize = 600;

/// Gives the source's rows and rules names that nobody else has; its own row is the first of its sources, and all
/// are of its kind. An address that rows cite becomes a source row too: it is this source that says so.
pub(super) fn names(source: &mut Source, taken: &mut HashSet<String>, rules: &mut HashSet<String>) {
    let kind = Some(source.kind.name().to_owned());
    let mut own: Vec<SourceRow> = Vec::new();
    let mut given: HashMap<String, String> = HashMap::new();
    let listed = std::mem::take(&mut source.facts.sources);
    for mut row in std::iter::once(source.row.clone()).chain(listed) {
        if given.contains_key(&row.id) {
            continue;
        }
        let old = row.id.clone();
        row.id = unique(&old, taken);
        given.insert(old, row.id.clone());
        row.kind.clone_from(&kind);
        (row.title, row.url, row.read) = (text(&row.title), text(&row.url), text(&row.read));
        own.push(row);
    }
    let Some(first) = own.first().cloned() else { return };
    let mut cite = |cited: &mut String| {
        if !given.contains_key(cited) {
            let new = if cited.contains("://") {
                let url = text(cited);
                let id = unique(&format!("{url}#{}", first.id), taken);
                own.push(SourceRow { id: id.clone(), url, ..first.clone() });
                id
            } else {
                first.id.clone()
            };
            given.insert(cited.clone(), new);
        }
        if let Some(new) = given.get(cited) {
            new.clone_into(cited);
        }
    };
    let f = &mut source.facts;
    f.updates.iter_mut().for_each(|r| cite(&mut r.source));
    f.relations.iter_mut().for_each(|r| cite(&mut r.source));
    f.rules.iter_mut().for_each(|r| cite(&mut r.source));
    f.withdrawn.iter_mut().for_each(|r| cite(&mut r.source));
    f.defects.iter_mut().for_each(|r| cite(&mut r.source));
    f.lifecycle.iter_mut().for_each(|r| cite(&mut r.source));
    f.removed.iter_mut().for_each(|r| cite(&mut r.source));
    f.lines.iter_mut().flat_map(|(_, e)| e).for_each(|r| cite(&mut r.source));
    f.rules.iter_mut().for_each(|r| r.id = unique(&r.id, rules));
    f.sources = own;
    source.row = first;
}

/// A name that is not taken yet.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut new = name.to_owned();
    let mut n = 1u64;
    while !taken.insert(new.clone()) {
        n += 1;
        new = format!("{name}#{n}");
    }
    new
}

/// A text as it may be kept: nothing that steers a console, not too long.
fn text(t: &str) -> String {
    t.chars().map(|c| if c == '\t' || crate::model::steers(c) { ' ' } else { c }).take(TEXT).collect()
}

fn some(t: &mut Option<String>) {
    *t = t.as_deref().map(text).filter(|t| !t.trim().is_empty());
}

struct Cleaner<'a> {
    known: &'a Known,
    remarks: &'a mut Remarks,
}

/// Leaves out what the catalog does not know.
pub(super) fn rows(source: &mut Source, known: &Known, remarks: &mut Remarks) {
    let overlay = source.kind == SourceKind::Overlay;
    let mut c = Cleaner { known, remarks };
    let f = &mut source.facts;
    f.updates.retain_mut(|u| c.update(u, overlay));
    f.relations.retain_mut(|r| c.relation(r));
    f.rules.retain_mut(|r| c.rule(r));
    f.withdrawn.retain_mut(|w| {
        w.why = text(&w.why);
        c.date(&mut w.date, &w.kb);
        c.standing(&mut w.standing, &w.kb);
        w.replacement.retain(|k| c.is_kb(k));
        c.is_kb(&w.kb) && c.products(&mut w.products)
    });
    f.defects.retain_mut(|d| {
        d.why = text(&d.why);
        c.standing(&mut d.standing, &d.kb);
        d.fixed_by.retain(|k| c.is_kb(k));
        let when = d.when.iter().all(|t| t.parse::<Clause>().is_ok());
        let verdict = ["blocked", "not-applicable"].contains(&&*d.verdict);
        if !(when && verdict) {
            c.remarks.add("rows that cannot be understood were left out", &d.kb);
        }
        when && verdict && c.is_kb(&d.kb) && c.products(&mut d.products)
    });
    f.lifecycle.retain_mut(|l| {
        let dates = [Some(&l.end_of_support), l.esu_end.as_ref(), l.availability.as_ref()];
        dates.into_iter().flatten().all(|d| check::date("", d).is_ok()) && c.products(&mut l.products)
    });
    if !overlay {
        f.removed.clear();
    }
}

impl Cleaner<'_> {
    fn is_kb(&mut self, kb: &str) -> bool {
        let known = number(kb).is_some();
        if !known {
            self.remarks.add("names that are no KB were left out", &text(kb));
        }
        known
    }

    fn date(&mut self, date: &mut Option<String>, kb: &str) {
        if date.as_deref().is_some_and(|d| check::date("", d).is_err()) {
            *date = None;
            self.remarks.add("dates that are none were left out", kb);
        }
    }

    fn standing(&mut self, standing: &mut String, kb: &str) {
        if Standing::parse(standing).is_none() {
            *standing = Standing::Unverified.name().to_owned();
            self.remarks.add("rows of a standing that is not known count as unverified", kb);
        }
    }

    /// Keeps the products that are known; false if rows that named some now name none: none would mean all.
    fn products(&mut self, products: &mut Vec<String>) -> bool {
        let stated = !products.is_empty();
        products.retain(|p| self.known.numbers.contains_key(p));
        !stated || !products.is_empty()
    }

    fn package(&mut self, p: &mut PackageRow) -> bool {
        let stated = !p.arch.is_empty();
        p.arch.retain(|a| a.parse::<crate::model::Architecture>().is_ok());
        p.products.retain(|name| self.known.numbers.contains_key(name));
        !p.products.is_empty() && (!stated || !p.arch.is_empty())
    }

    fn update(&mut self, u: &mut UpdateRow, overlay: bool) -> bool {
        let Some(kb) = number(&u.kb) else {
            self.remarks.add("names that are no KB were left out", &text(&u.kb));
            return false;
        };
        u.kb = format!("KB{kb}");
        u.curated = overlay;
        u.all_packages_known &= overlay;
        some(&mut u.title);
        some(&mut u.component);
        some(&mut u.note);
        self.standing(&mut u.standing, &u.kb);
        self.date(&mut u.date, &u.kb);
        if u.kind.as_deref().is_some_and(|k| UpdateKind::parse(k).is_none()) {
            u.kind = None;
            self.remarks.add("kinds of updates that are not known were left out", &u.kb);
        }
        u.packages.retain_mut(|p| self.package(p));
        u.builds.retain_mut(|b| self.products(&mut b.products));
        if let Some(complete) = self.known.complete.get(&kb).filter(|_| !overlay) {
            for p in &mut u.packages {
                let more = self.known.set(&p.products) & !complete;
                if more != 0 {
                    p.products = self.known.slugs(self.known.set(&p.products) & complete);
                    self.remarks
                        .add("products that the built-in facts exclude for an update were left out", &u.kb);
                }
            }
            u.packages.retain(|p| !p.products.is_empty());
        }
        // Office is given its numbers years ahead
        let day = super::lines::day(u.date.as_deref()).filter(|_| !overlay && !u.packages.is_empty());
        if day.is_some_and(|d| self.known.is_late(kb, d)) {
            u.date = None;
            self.remarks.add("dates long after those of neighbouring numbers were left out", &u.kb);
        }
        u.supersedes.retain_mut(|s| {
            let Some(older) = number(&s.kb) else {
                self.remarks.add("names that are no KB were left out", &text(&s.kb));
                return false;
            };
            s.kb = format!("KB{older}");
            let stated = !s.products.is_empty();
            s.products.retain(|p| self.known.numbers.contains_key(p));
            !stated || !s.products.is_empty()
        });
        true
    }

    fn relation(&mut self, r: &mut RelationRow) -> bool {
        some(&mut r.note);
        self.standing(&mut r.standing, &r.from);
        r.to.retain(|k| self.is_kb(k));
        if !layout::RELATIONS.contains(&&*r.relation) {
            self.remarks.add("relations of a kind that is not known were left out", &r.from);
            return false;
        }
        self.is_kb(&r.from) && !r.to.is_empty() && self.products(&mut r.products)
    }

    /// A rule of which a part is not known is no rule.
    fn rule(&mut self, r: &mut RuleRow) -> bool {
        some(&mut r.why);
        some(&mut r.dispute);
        r.also.iter_mut().for_each(|a| *a = text(a));
        self.standing(&mut r.standing, &r.id);
        let about = [r.kb.is_some(), r.target.is_some(), r.class.is_some()];
        let kinds = |c: &crate::catalog::facts::ClassRow| {
            c.kinds.iter().all(|k| UpdateKind::parse(k).is_some())
                && c.except.iter().all(|k| number(k).is_some())
                && [&c.from, &c.until].into_iter().flatten().all(|d| check::date("", d).is_ok())
        };
        let good = about.into_iter().filter(|a| *a).count() == 1
            && r.kb.as_deref().is_none_or(|k| number(k).is_some())
            && r.class.as_deref().is_none_or(kinds)
            && r.excludes.iter().chain(&r.order).all(|t| t.parse::<Requirement>().is_ok())
            && r.when.iter().chain(&r.requires).all(|t| t.parse::<Clause>().is_ok())
            && EvidenceClass::parse(&r.evidence).is_some()
            && r.strength.as_deref().is_none_or(|s| Strength::parse(s).is_some());
        if !good {
            self.remarks.add("prerequisite rules that cannot be understood were left out", &r.id);
        }
        good && self.products(&mut r.products)
    }
}
