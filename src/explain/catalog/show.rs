//! All that is known of one update, each value with every source that states it.

use super::{
    Cites, Part, join, names, relation_name,
    supersedence::{self, Way},
};
use crate::{
    catalog::{
        Catalog,
        facts::{Facts, PackageRow, UpdateRow},
        view::{RelationKind, Source},
    },
    explain::{clause_words, requirement_words},
    model::{ArchitectureSet, KbId, ProductSet, Requirement, Standing},
    report::{
        CatalogRuleReport, ChainReport, CiteReport, DefectReport, NotUsedReport, PackagesReport, PlaceReport,
        RelationReport, RequiredByReport, ShowReport, StatedReport, SupportReport, ValueReport,
        WithdrawnReport,
    },
    resolve,
};
use std::collections::{BTreeMap, BTreeSet};

/// Reports all that the sources tell of an update.
///
/// `catalog` is what answers go by, `parts` are the rows that it was compiled of.
pub fn show(catalog: &Catalog, parts: &[Part<'_>], kb: KbId) -> ShowReport {
    let name = kb.to_string();
    let rows = parts.iter().flat_map(|p| p.facts.updates.iter().map(|u| (*p, u)));
    let rows = rows.filter(|(_, u)| u.kb == name).collect();
    let mut s = Show { catalog, parts, kb, name, rows, cites: Cites::default() };
    let update = catalog.update(kb);
    let mut report = ShowReport {
        schema: "kbwhy/catalog/show/1",
        update: kb.to_string(),
        headline: super::headline(catalog, kb),
        described: update.is_some(),
        all_packages_known: update.as_ref().is_some_and(|u| u.all_packages_known),
        values: s.values(),
        packages: s.packages(),
        brings: s.brings(),
        supersedes: s.supersedence(Way::Older),
        superseded_by: s.supersedence(Way::Newer),
        chains: s.chains(),
        relations: s.relations(),
        rules: s.rules(),
        required_by: s.required_by(),
        withdrawn: s.withdrawn(),
        defects: s.defects(),
        support: s.support(),
        not_used: s.not_used(),
        catalog_as_of: catalog.as_of().to_string(),
        ..ShowReport::default()
    };
    if update.is_none() {
        report.did_you_mean = resolve::misprints(catalog, kb).take(5).map(|k| k.to_string()).collect();
        report.next = vec![format!("kbwhy catalog fetch {kb}"), "kbwhy catalog import FILE".to_owned()];
    }
    report.sources = s.cites.sources;
    report
}

struct Show<'a> {
    catalog: &'a Catalog,
    parts: &'a [Part<'a>],
    kb: KbId,
    name: String,
    /// rows about the update
    rows: Vec<(Part<'a>, &'a UpdateRow)>,
    cites: Cites,
}

/// A month alone (`yyyy-mm`) agrees with each of its days.
fn same_date(stated: &str, used: &str) -> bool {
    stated == used || stated.len() == 7 && used.starts_with(stated)
}

/// One property while it is gathered: values in the order in which they are met.
struct Value {
    name: &'static str,
    used: Option<String>,
    stated: Vec<(String, Vec<CiteReport>)>,
}

impl Value {
    fn add(&mut self, value: &str, cite: CiteReport) {
        match self.stated.iter_mut().find(|(v, _)| v == value) {
            Some((_, by)) => join(by, cite),
            None => self.stated.push((value.to_owned(), vec![cite])),
        }
    }

    fn report(self, same: impl Fn(&str, &str) -> bool) -> Option<ValueReport> {
        if self.stated.is_empty() {
            return None;
        }
        let is_used = |v: &str| self.used.as_deref().is_some_and(|u| same(v, u));
        let mut stated: Vec<StatedReport> = self
            .stated
            .into_iter()
            .map(|(value, by)| StatedReport { used: is_used(&value), value, by })
            .collect();
        stated.sort_by_key(|s| !s.used);
        let disagree = stated
            .iter()
            .any(|a| stated.iter().any(|b| !same(&a.value, &b.value) && !same(&b.value, &a.value)));
        Some(ValueReport { name: self.name, used: self.used, disagree, stated })
    }
}

impl Show<'_> {
    fn values(&mut self) -> Vec<ValueReport> {
        let u = self.catalog.update(self.kb);
        let text = |t: &str| Some(t.to_owned()).filter(|t| !t.is_empty());
        let value = |name, used| Value { name, used, stated: Vec::new() };
        let mut kind = value("kind", u.as_ref().map(|u| u.kind.name().to_owned()));
        let mut title = value("title", u.as_ref().and_then(|u| text(u.title)));
        let mut component = value("component", u.as_ref().and_then(|u| text(u.component)));
        let mut date = value("released", u.as_ref().and_then(|u| u.date).map(|d| d.to_string()));
        let mut restart = value("restart", None);
        let mut notes = value("note", None);
        // what entries of a line are, where nothing says otherwise
        let mut usual: Vec<(String, CiteReport)> = Vec::new();
        let parts = self.parts;
        for part in parts {
            for (line, entries) in &part.facts.lines {
                for e in entries.iter().filter(|e| e.kb.as_deref() == Some(&*self.name)) {
                    let cite = self.cites.row(part, &e.source, None, &e.standing);
                    match &e.kind {
                        Some(stated) => kind.add(stated, cite.clone()),
                        None => usual.push((line.kind.replace("rollup", "monthly-rollup"), cite.clone())),
                    }
                    if let Some(d) = &e.date {
                        date.add(d, cite);
                    }
                }
            }
        }
        let rows = self.rows.clone();
        for (part, row) in &rows {
            let cite = self.cites.row(part, &row.source, row.read.as_deref(), &row.standing);
            for (value, stated) in [
                (&mut kind, &row.kind),
                (&mut title, &row.title),
                (&mut component, &row.component),
                (&mut date, &row.date),
                (&mut restart, &row.restart),
                (&mut notes, &row.note),
            ] {
                if let Some(text) = stated {
                    value.add(text, cite.clone());
                }
            }
        }
        if kind.stated.is_empty() {
            usual.into_iter().for_each(|(name, cite)| kind.add(&name, cite));
        }
        restart.used = restart.stated.first().map(|(v, _)| v.clone());
        let plain = |a: &str, b: &str| a == b;
        let mut out: Vec<ValueReport> =
            [title, kind, component].into_iter().filter_map(|v| v.report(plain)).collect();
        out.extend(date.report(same_date));
        out.extend(restart.report(plain));
        // remarks stand side by side, none of them instead of another
        out.extend(notes.report(plain).map(|v| ValueReport { disagree: false, ..v }));
        out
    }

    fn packages(&mut self) -> Vec<PackagesReport> {
        type Key = (bool, Vec<&'static str>);
        let update = self.catalog.update(self.kb);
        let used = |product: &str, built_in: bool| {
            let id = self.catalog.product_by_slug(product).map(|p| p.id);
            let has = |p: &crate::catalog::view::Package| {
                p.built_in == built_in && id.is_some_and(|id| p.products.contains(id))
            };
            update.as_ref().is_some_and(|u| u.packages.iter().any(has))
        };
        // (built in, architectures) -> product -> sources
        let mut held: BTreeMap<Key, BTreeMap<String, Vec<CiteReport>>> = BTreeMap::new();
        let rows = self.rows.clone();
        for (part, row) in &rows {
            let cite = self.cites.row(part, &row.source, row.read.as_deref(), &row.standing);
            for PackageRow { products, arch, built_in } in &row.packages {
                let archs: ArchitectureSet = arch.iter().filter_map(|a| a.parse().ok()).collect();
                let archs: Vec<&'static str> = archs.iter().map(crate::model::Architecture::name).collect();
                for p in products {
                    let of = held.entry((*built_in, archs.clone())).or_default();
                    join(of.entry(p.clone()).or_default(), cite.clone());
                }
            }
        }
        // lines say that there are packages for their products, where no row says which
        let parts = self.parts;
        for part in parts {
            for (line, entries) in &part.facts.lines {
                for e in entries.iter().filter(|e| e.kb.as_deref() == Some(&*self.name)) {
                    let cite = self.cites.row(part, &e.source, None, &e.standing);
                    for p in &line.products {
                        let told =
                            held.iter().any(|((_, archs), of)| !archs.is_empty() && of.contains_key(p));
                        if !told {
                            let of = held.entry((false, Vec::new())).or_default();
                            join(of.entry(p.clone()).or_default(), cite.clone());
                        }
                    }
                }
            }
        }
        let mut out: Vec<PackagesReport> = Vec::new();
        for ((built_in, architectures), products) in held {
            let mut groups: Vec<(bool, Vec<CiteReport>, Vec<String>)> = Vec::new();
            // in the catalog's order of products
            let mut in_order: Vec<_> = products.into_iter().collect();
            in_order.sort_by_key(|(p, _)| self.catalog.product_by_slug(p).map(|p| p.id));
            for (product, mut by) in in_order {
                by.sort();
                let name =
                    self.catalog.product_by_slug(&product).map_or(product.clone(), |p| p.name.to_owned());
                let used = used(&product, built_in);
                match groups.iter_mut().find(|g| g.0 == used && g.1 == by) {
                    Some(g) => g.2.push(name),
                    None => groups.push((used, by, vec![name])),
                }
            }
            out.extend(groups.into_iter().map(|(used, by, products)| PackagesReport {
                products,
                architectures: architectures.clone(),
                built_in,
                used,
                by,
            }));
        }
        out
    }

    fn brings(&mut self) -> Vec<PlaceReport> {
        let mut out: Vec<PlaceReport> = Vec::new();
        let parts = self.parts;
        for place in self.catalog.places(self.kb) {
            let line = self.catalog.line(place.line);
            let build = match (line.build, place.revision, place.stack) {
                (Some(b), Some(r), _) => Some(format!("{b}.{r}")),
                (_, _, Some(stack)) => Some(stack.to_string()),
                _ => None,
            };
            let mut by = Vec::new();
            for part in parts {
                for (_, entries) in part.facts.lines.iter().filter(|(l, _)| l.id == line.name) {
                    let same = entries.iter().filter(|e| e.kb.as_deref() == Some(&*self.name));
                    for e in same.filter(|e| e.revision == place.revision) {
                        join(&mut by, self.cites.row(part, &e.source, None, &e.standing));
                    }
                }
            }
            if by.is_empty() {
                by.push(self.cites.compiled(&place.source, place.standing.name()));
            }
            let products = names(self.catalog, line.products);
            let at = (place.position + 1, line.len);
            match out.iter_mut().find(|p| p.build.is_some() && p.build == build) {
                Some(held) => {
                    held.products.extend(products);
                    held.lines.push(line.name.to_owned());
                    held.place.push(at);
                    by.into_iter().for_each(|c| join(&mut held.by, c));
                }
                None => {
                    let lines = vec![line.name.to_owned()];
                    out.push(PlaceReport { build, products, lines, place: vec![at], by });
                }
            }
        }
        // builds that sources state beside products, where no line has them
        let rows = self.rows.clone();
        for (part, row) in &rows {
            for b in &row.builds {
                let cite = self.cites.row(part, &row.source, row.read.as_deref(), &row.standing);
                let short = b.build.strip_prefix("10.0.").unwrap_or(&b.build).to_owned();
                let products = b.products.iter().map(|p| self.product_name(p)).collect();
                match out.iter_mut().find(|p| p.build.as_deref() == Some(&short)) {
                    Some(held) => join(&mut held.by, cite),
                    None => out.push(PlaceReport {
                        build: Some(short),
                        products,
                        lines: Vec::new(),
                        place: Vec::new(),
                        by: vec![cite],
                    }),
                }
            }
        }
        out
    }

    fn product_name(&self, slug: &str) -> String {
        self.catalog.product_by_slug(slug).map_or(slug.to_owned(), |p| p.name.to_owned())
    }

    /// Statements of rows: (relation, from, to) -> sources.
    fn stated(&mut self) -> BTreeMap<(String, KbId, KbId), Vec<CiteReport>> {
        let mut out: BTreeMap<(String, KbId, KbId), Vec<CiteReport>> = BTreeMap::new();
        let parts = self.parts;
        for part in parts {
            for u in &part.facts.updates {
                for s in u.supersedes.iter().filter(|s| u.kb == self.name || s.kb == self.name) {
                    let (Ok(from), Ok(to)) = (u.kb.parse(), s.kb.parse()) else { continue };
                    let cite = self.cites.row(part, &u.source, u.read.as_deref(), &u.standing);
                    join(out.entry(("supersedes".to_owned(), from, to)).or_default(), cite);
                }
            }
            for r in &part.facts.relations {
                for t in r.to.iter().filter(|t| **t == self.name || r.from == self.name) {
                    let (Ok(from), Ok(to)) = (r.from.parse(), t.parse()) else { continue };
                    let cite = self.cites.row(part, &r.source, r.read.as_deref(), &r.standing);
                    join(out.entry((r.relation.clone(), from, to)).or_default(), cite);
                }
            }
        }
        out
    }

    fn supersedence(&mut self, way: Way) -> Vec<RelationReport> {
        let kb = self.kb;
        let mut stated = self.stated();
        stated.retain(|(relation, from, to), _| {
            relation == "supersedes" && if way == Way::Newer { *to == kb } else { *from == kb }
        });
        let mut out: Vec<RelationReport> = Vec::new();
        // the order of a line says it, and better than any list
        for place in self.catalog.places(kb) {
            let line = self.catalog.line(place.line);
            let next = supersedence::in_line(self.catalog, kb, place.line, place.position, way);
            let Some(other) = next.filter(|_| line.chained) else { continue };
            let (from, to) = if way == Way::Newer { (other, kb) } else { (kb, other) };
            let mut by = vec![self.cites.compiled(&line.source, Standing::Verified.name())];
            by.extend(stated.remove(&("supersedes".to_owned(), from, to)).unwrap_or_default());
            let products = names(self.catalog, line.products);
            let (from, to) = (from.to_string(), to.to_string());
            match out.iter_mut().find(|r| r.from == from && r.to == to) {
                Some(held) => {
                    held.products.extend(products);
                    by.into_iter().for_each(|c| join(&mut held.by, c));
                }
                None => out.push(RelationReport {
                    relation: "supersedes",
                    from,
                    to,
                    products,
                    line: Some(line.name.to_owned()),
                    used: true,
                    by,
                }),
            }
        }
        let relations = match way {
            Way::Newer => self.catalog.superseded_by(kb),
            Way::Older => self.catalog.relations_from(kb),
        };
        for r in relations.into_iter().filter(|r| r.kind == RelationKind::Supersedes) {
            let mut by = stated.remove(&("supersedes".to_owned(), r.from, r.to)).unwrap_or_default();
            if by.is_empty() {
                by.push(self.cites.compiled(&r.source, r.standing.name()));
            }
            let (from, to) = (r.from.to_string(), r.to.to_string());
            let products = names(self.catalog, r.products);
            match out.iter_mut().find(|o| o.from == from && o.to == to) {
                Some(held) => products.into_iter().for_each(|p| {
                    if !held.products.contains(&p) {
                        held.products.push(p);
                    }
                }),
                None => out.push(RelationReport {
                    relation: "supersedes",
                    from,
                    to,
                    products,
                    line: None,
                    used: r.standing != Standing::Unverified,
                    by,
                }),
            }
        }
        for ((_, from, to), by) in stated {
            out.push(RelationReport {
                relation: "supersedes",
                from: from.to_string(),
                to: to.to_string(),
                products: Vec::new(),
                line: None,
                used: false,
                by,
            });
        }
        out
    }

    fn chains(&self) -> Vec<ChainReport> {
        let products = self.catalog.update(self.kb).map(|u| u.products()).unwrap_or_default();
        let chains = supersedence::chains(self.catalog, self.kb, products);
        chains
            .into_iter()
            .map(|(set, chain)| ChainReport {
                products: names(self.catalog, set),
                newest: chain.last().and_then(|k| self.catalog.update(*k)?.date).map(|d| d.to_string()),
                updates: chain.iter().map(ToString::to_string).collect(),
            })
            .collect()
    }

    fn relations(&mut self) -> Vec<RelationReport> {
        let stated = self.stated();
        let mut all = self.catalog.relations_from(self.kb);
        all.extend(self.catalog.superseded_by(self.kb));
        let mut out = Vec::new();
        for r in all {
            if r.kind == RelationKind::Supersedes {
                continue;
            }
            let relation = relation_name(r.kind);
            let mut by = stated.get(&(relation.to_owned(), r.from, r.to)).cloned().unwrap_or_default();
            if by.is_empty() {
                by.push(self.cites.compiled(&r.source, r.standing.name()));
            }
            out.push(RelationReport {
                relation,
                from: r.from.to_string(),
                to: r.to.to_string(),
                products: names(self.catalog, r.products),
                line: None,
                used: r.standing != Standing::Unverified,
                by,
            });
        }
        out
    }

    fn cite(&mut self, source: &Source<'_>, standing: Standing) -> Vec<CiteReport> {
        vec![self.cites.compiled(source, standing.name())]
    }

    fn rules(&mut self) -> Vec<CatalogRuleReport> {
        let texts = |list: &[Requirement]| list.iter().map(ToString::to_string).collect();
        let rules = self.catalog.rules(self.kb);
        let own = self.catalog.update(self.kb).map(|u| u.products()).unwrap_or_default();
        // a class rule is about more products than this update is for
        let here = |set: ProductSet| match set.intersection(own) {
            both if both.is_empty() => set,
            both => both,
        };
        rules
            .iter()
            .map(|r| CatalogRuleReport {
                id: r.id.to_owned(),
                class: r.class.to_owned(),
                products: names(self.catalog, here(r.products)),
                when: r.when.iter().map(ToString::to_string).collect(),
                requires: r.requires.iter().map(ToString::to_string).collect(),
                requires_words: r.requires.iter().map(|c| clause_words(&c.0)).collect(),
                excludes: texts(&r.excludes),
                order: r.order.iter().map(requirement_words).collect(),
                strength: r.strength.name(),
                states_none: r.states_none,
                why: r.why.to_owned(),
                dispute: r.dispute.to_owned(),
                by: self.cite(&r.source, r.standing),
            })
            .collect()
    }

    fn required_by(&mut self) -> Vec<RequiredByReport> {
        let needs = |text: &String| text.split('|').any(|m| m.trim().trim_end_matches('+') == self.name);
        let mut out = Vec::new();
        for part in self.parts {
            for r in part.facts.rules.iter().filter(|r| r.requires.iter().any(needs)) {
                let what = match (&r.kb, &r.target, &r.class) {
                    (Some(kb), ..) => kb.clone(),
                    (_, Some(target), _) => target.clone(),
                    (_, _, Some(class)) => class.text.clone(),
                    _ => continue,
                };
                let by = vec![self.cites.row(part, &r.source, r.read.as_deref(), &r.standing)];
                out.push(RequiredByReport { what, rule: r.id.clone(), by });
            }
        }
        out
    }

    fn withdrawn(&mut self) -> Vec<WithdrawnReport> {
        let all = self.catalog.all_products();
        let of = self.catalog.withdrawals(self.kb);
        of.into_iter()
            .map(|w| WithdrawnReport {
                products: if w.products == all { Vec::new() } else { names(self.catalog, w.products) },
                date: w.date.map(|d| d.to_string()),
                replacement: w.replacement.iter().map(ToString::to_string).collect(),
                why: w.why.to_owned(),
                by: self.cite(&w.source, w.standing),
            })
            .collect()
    }

    fn defects(&mut self) -> Vec<DefectReport> {
        let of = self.catalog.defects(self.kb);
        of.into_iter()
            .map(|d| DefectReport {
                products: names(self.catalog, d.products),
                when: d.when.iter().map(|c| clause_words(&c.0)).collect(),
                cause: d.cause.to_owned(),
                fixed_by: d.fixed_by.iter().map(ToString::to_string).collect(),
                why: d.why.to_owned(),
                by: self.cite(&d.source, d.standing),
            })
            .collect()
    }

    fn support(&mut self) -> Vec<SupportReport> {
        let Some(update) = self.catalog.update(self.kb) else { return Vec::new() };
        let mut out = Vec::new();
        for p in update.products().iter() {
            for l in self.catalog.lifecycles(p) {
                out.push(SupportReport {
                    product: self.catalog.product(p).name.to_owned(),
                    label: l.label.to_owned(),
                    end_of_support: l.end_of_support.to_string(),
                    esu_end: l.esu_end.map(|d| d.to_string()),
                    released_after: update.date.is_some_and(|d| d > l.end_of_support),
                    by: self.cite(&l.source, Standing::Verified),
                });
            }
        }
        out
    }

    fn not_used(&mut self) -> Vec<NotUsedReport> {
        let mut out: BTreeMap<(String, &'static str), Vec<CiteReport>> = BTreeMap::new();
        let parts = self.parts;
        for part in parts {
            let of = |u: &&UpdateRow| !u.doubts.is_empty();
            for u in part.facts.updates.iter().filter(of) {
                for d in &u.doubts {
                    let own = u.kb == self.name;
                    if !own && d.value.as_deref() != Some(&*self.name) {
                        continue;
                    }
                    let products: BTreeSet<String> =
                        d.products.iter().map(|p| self.product_name(p)).collect();
                    let on = match products.len() {
                        0 => String::new(),
                        1..=3 => format!(" for {}", products.into_iter().collect::<Vec<_>>().join(", ")),
                        n => format!(" for {n} products"),
                    };
                    let value = d.value.as_deref().unwrap_or("");
                    let text = match (&*d.claim, own) {
                        ("supersedes", true) => format!("supersedes {value}{on}"),
                        ("supersedes", false) => format!("superseded by {}{on}", u.kb),
                        ("package", true) => format!("a package{on}"),
                        ("build", true) => format!("brings build {value}{on}"),
                        (_, true) => format!("{} {value}{on}", d.claim),
                        _ => continue,
                    };
                    let cite = self.cites.row(part, &u.source, u.read.as_deref(), &u.standing);
                    join(out.entry((text, doubt_words(&d.why))).or_default(), cite);
                }
            }
            self.removed(part.facts, part, &mut out);
        }
        out.into_iter().map(|((text, why), by)| NotUsedReport { text, why: why.to_owned(), by }).collect()
    }

    fn removed(
        &mut self,
        facts: &Facts,
        part: &Part<'_>,
        out: &mut BTreeMap<(String, &'static str), Vec<CiteReport>>,
    ) {
        for r in facts.removed.iter().filter(|r| r.kb == self.name) {
            let of = r.of.as_deref().map_or("all of them".to_owned(), |o| self.product_name(o));
            let text = format!("{}: {of} ({})", r.what, r.reason);
            let cite = self.cites.row(part, &r.source, None, Standing::Verified.name());
            join(out.entry((text, "a local correction takes it out")).or_default(), cite);
        }
    }
}

/// Why a statement is not used, in words.
fn doubt_words(why: &str) -> &'static str {
    match why {
        "itself" => "an update does not supersede itself",
        "older" => "it would supersede a newer one",
        "lines" => "the order of the line says it better",
        "tracks" => "a rollup and a security-only update do not replace each other",
        "versions" => "the older one is for other versions of .NET Framework, too",
        "hotpatch" => "a hotpatch and a cumulative update do not replace each other",
        "other-products" => "only on products that kbwhy does not know",
        "other-line" => "its line serves other products",
        "other-build" => "the build is none of the product's",
        _ => "it contradicts what is known better",
    }
}
