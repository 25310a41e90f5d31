//! The rest of the rows, and the bytes.

use super::{Compiler, Result};
use crate::catalog::check::{canonical, date, kb, position, standing};
use crate::catalog::facts::SourceRow;
use crate::catalog::layout::{self as l, Section};
use crate::catalog::text::FactsError;
use crate::model::{Clause, SourceKind};
use std::collections::{BTreeMap, BTreeSet};

impl Compiler<'_> {
    /// Numbers of `Kbs` that hold these updates: first, how many.
    fn kbs(&mut self, place: &str, names: &[String]) -> Result<(u32, u32)> {
        let numbers: Vec<u32> = names.iter().map(|k| kb(place, k)).collect::<Result<_>>()?;
        let first = self.count(Section::Kbs);
        self.put(Section::Kbs, &numbers);
        Ok((first, numbers.len() as u32))
    }

    pub(super) fn withdrawals(&mut self) -> Result<()> {
        let mut rows: Vec<_> = self.facts.withdrawn.iter().collect();
        rows.sort_by_cached_key(|w| (kb("", &w.kb).unwrap_or(0), canonical(w)));
        for (number, w) in rows.into_iter().enumerate() {
            let place = format!("withdrawn {}", w.kb);
            let (first, n) = self.kbs(&place, &w.replacement)?;
            let set = self.product_set(&place, &w.products)?;
            let words = [
                self.text(&w.why),
                self.source(&place, &w.source, w.read.as_deref().unwrap_or(""))?,
                w.date.as_deref().map(|d| date(&place, d)).transpose()?.unwrap_or(0),
                first,
                n,
                standing(&place, &w.standing)? as u32,
                self.set(set),
            ];
            self.put(Section::Withdrawals, &words);
            self.drafts.entry(kb(&place, &w.kb)?).or_default().withdrawals.push(number as u32);
        }
        Ok(())
    }

    pub(super) fn defects(&mut self) -> Result<()> {
        let mut rows: Vec<_> = self.facts.defects.iter().collect();
        rows.sort_by_cached_key(|d| (kb("", &d.kb).unwrap_or(0), canonical(d)));
        for (number, d) in rows.into_iter().enumerate() {
            let place = format!("defect of {}", d.kb);
            for r in &d.when {
                r.parse::<Clause>().map_err(|e| FactsError::new(&*place, e.to_string()))?;
            }
            let refused = position(&place, "verdict", &["blocked", "not-applicable"], &d.verdict)?;
            let (first, n) = self.kbs(&place, &d.fixed_by)?;
            let set = self.product_set(&place, &d.products)?;
            let words = [
                self.text(&d.cause),
                self.text(&d.why),
                self.list(&d.when),
                self.source(&place, &d.source, d.read.as_deref().unwrap_or(""))?,
                first,
                n,
                standing(&place, &d.standing)? as u32 | u32::from(refused) << 8,
                self.set(set),
            ];
            self.put(Section::Defects, &words);
            self.drafts.entry(kb(&place, &d.kb)?).or_default().defects.push(number as u32);
        }
        Ok(())
    }

    pub(super) fn lifecycles(&mut self) -> Result<()> {
        let mut rows: Vec<_> = self.facts.lifecycle.iter().collect();
        rows.sort_by_cached_key(|row| canonical(*row));
        for r in rows {
            let place = format!("lifecycle {}", r.label);
            let set = self.product_set(&place, &r.products)?;
            r.availability.as_deref().map(|d| date(&place, d)).transpose()?;
            let words = [
                self.text(&r.label),
                date(&place, &r.end_of_support)?,
                r.esu_end.as_deref().map(|d| date(&place, d)).transpose()?.unwrap_or(0),
                self.source(&place, &r.source, "")?,
                u32::from(r.ltsc),
                self.set(set),
            ];
            self.put(Section::Lifecycles, &words);
        }
        Ok(())
    }

    /// Names the sources that were imported, most believed first.
    fn imported(&mut self) {
        let kind = |s: &SourceRow| s.kind.as_deref().and_then(SourceKind::parse);
        let imported: BTreeSet<&String> = self.facts.imported.iter().collect();
        let mut rows: Vec<&SourceRow> =
            self.facts.sources.iter().filter(|s| imported.contains(&s.id)).collect();
        rows.sort_by_key(|s| (kind(s), &s.title, &s.id));
        for s in rows {
            let words = [self.text(&s.title), self.text(s.kind.as_deref().unwrap_or("")), self.text(&s.read)];
            self.put(Section::Imported, &words);
        }
    }

    pub(super) fn emit(mut self) -> Result<Vec<u8>> {
        self.imported();
        let mut outgoing: BTreeMap<u32, u32> = BTreeMap::new();
        let mut incoming: BTreeMap<u32, Vec<(u8, u32, u32)>> = BTreeMap::new();
        let edges = std::mem::take(&mut self.edges).into_rows();
        for (number, ((from, kind, to), standing, set, source)) in edges.into_iter().enumerate() {
            let place = format!("relation of KB{from}");
            let words = [
                from,
                to,
                self.source(&place, &source.0, &source.1)?,
                u32::from(kind) | (standing as u32) << 8,
                self.set(set),
            ];
            self.put(Section::Relations, &words);
            *outgoing.entry(from).or_default() += 1;
            incoming.entry(to).or_default().push((kind, from, number as u32));
        }
        let (mut relations, mut withdrawals, mut defects) = (0, 0, 0);
        let (mut described, mut newest) = (0u32, 0u32);
        for (number, draft) in std::mem::take(&mut self.drafts) {
            let place = format!("update KB{number}");
            let s = draft.settle();
            let mut flags = if draft.all_packages { l::ALL_PACKAGES } else { 0 };
            if draft.is_described() {
                flags |= l::DESCRIBED;
                described += 1;
                newest = number;
            }
            let source =
                if draft.is_described() { self.source(&place, &s.source.0, &s.source.1)? } else { 0 };
            let words = [
                number,
                u32::from_le_bytes([s.kind as u8, s.standing as u8, flags, 0]),
                self.text(&s.title),
                self.text(&s.component),
                s.date.unwrap_or(0),
                source,
                self.count(Section::Packages),
                self.count(Section::Places),
                relations,
                self.count(Section::Incoming),
                self.count(Section::RuleRefs),
                withdrawals,
                defects,
            ];
            self.put(Section::Updates, &words);
            for (built_in, archs, set) in draft.groups() {
                let words = [u32::from_le_bytes([archs, u8::from(built_in), 0, 0]), self.set(set)];
                self.put(Section::Packages, &words);
            }
            draft.places.iter().for_each(|(line, at)| self.put(Section::Places, &[*at, u32::from(*line)]));
            let mut of_it = incoming.remove(&number).unwrap_or_default();
            of_it.sort_unstable();
            of_it.iter().for_each(|(_, _, n)| self.put(Section::Incoming, &[*n]));
            draft.rules.iter().for_each(|(_, n)| self.put(Section::RuleRefs, &[*n]));
            relations += outgoing.get(&number).copied().unwrap_or(0);
            withdrawals += draft.withdrawals.len() as u32;
            defects += draft.defects.len() as u32;
        }
        let mut closing = [0; 13];
        closing[0] = l::NONE;
        let refs =
            [Section::Packages, Section::Places, Section::Relations, Section::Incoming, Section::RuleRefs];
        for (i, s) in refs.into_iter().enumerate() {
            closing[6 + i] = self.count(s);
        }
        (closing[11], closing[12]) = (withdrawals, defects);
        self.put(Section::Updates, &closing);
        self.assemble(described, newest)
    }

    fn assemble(&self, described: u32, newest: u32) -> Result<Vec<u8>> {
        let schema = if self.facts.schema.is_empty() { "1.0.0" } else { &self.facts.schema };
        let schema: semver::Version =
            schema.parse().map_err(|e| FactsError::new("catalog.json", format!("schema: {e}")))?;
        let as_of = if self.facts.as_of.is_empty() { "1970-01-01" } else { &self.facts.as_of };
        let number = |n: u64| u32::try_from(n).unwrap_or(l::NONE);
        if self.out.iter().map(Vec::len).sum::<usize>() > (u32::MAX / 2) as usize {
            return Err(FactsError::new("index", "larger than 2 GB"));
        }
        let mut bytes = Vec::from(l::MAGIC);
        for word in [
            l::FORMAT,
            date("catalog.json", as_of)?,
            number(schema.major),
            number(schema.minor),
            number(schema.patch),
            described,
            newest,
        ] {
            bytes.extend(word.to_le_bytes());
        }
        let mut at = l::HEADER as u32;
        for section in &self.out {
            bytes.extend(at.to_le_bytes());
            bytes.extend((section.len() as u32).to_le_bytes());
            at += section.len() as u32;
        }
        self.out.iter().for_each(|section| bytes.extend(section));
        Ok(bytes)
    }
}
