//! What an update needs and the host lacks.

use super::Known;
use crate::{
    catalog::view::{RelationKind, Rule, Update},
    model::{Clause, KbId, PackageState, ProductSet, Requirement, Standing, Strength, Truth, Version},
    plan::Change,
    resolve::{
        installed,
        statement::{Ask, Evidence, Says},
    },
};
use jiff::civil::Date;
use std::{collections::BTreeSet, rc::Rc};

/// What an update needs that the host lacks.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub clause: Clause,
    /// changes that meet it, where the clause does not tell
    pub by: Vec<Change>,
    pub why: String,
    pub evidence: Evidence,
    pub truth: Truth,
    pub ask: Vec<Ask>,
    pub when: Option<Clause>,
}

/// All of that, and the orders that its rules document.
#[derive(Debug, Default)]
pub(in crate::plan) struct Needs {
    pub(super) raw: Vec<Raw>,
    pub(super) orders: Vec<(Vec<Requirement>, Standing)>,
}

fn evidence_of(kb: KbId, clause: &Clause, rule: &Rule<'_>) -> Evidence {
    let says = Says::Needs { kb, clause: clause.0.clone(), why: rule.why.to_owned() };
    Evidence::catalog(says, rule.source, rule.standing)
}

/// Does a step of an order name updates? Then it is a class in words, and no step of its own.
fn names_updates(step: &str) -> bool {
    let bytes = step.as_bytes();
    bytes.windows(3).any(|w| w.starts_with(b"KB") && w[2].is_ascii_digit())
        || matches!(step, "LCU" | ".NET update" | "restart")
}

impl Known<'_> {
    /// What an update needs and the host lacks or may lack.
    pub(super) fn needs_of(&mut self, kb: KbId) -> Rc<Needs> {
        if let Some(known) = self.needs.get(&kb) {
            return Rc::clone(known);
        }
        let mut out: Vec<Raw> = Vec::new();
        let mut orders = Vec::new();
        if let Some(update) = self.update(kb) {
            let target = self.target(&update);
            self.service_pack_first(&update, target, &mut out);
            let rules = self.rules(kb);
            let rules = rules
                .iter()
                .filter(|r| r.standing != Standing::Unverified)
                .filter(|r| target.is_empty() || !r.products.intersection(target).is_empty());
            for rule in rules {
                if rule.strength == Strength::Hard || rule.order.len() > 1 {
                    orders.push((rule.order.clone(), rule.standing));
                    self.order(kb, rule, &mut out);
                }
                if rule.strength == Strength::Hard {
                    self.rule(kb, rule, update.date, &mut out);
                }
                self.excluded(kb, rule, &mut out);
            }
            self.conflicts(kb, &mut out);
        }
        let mut seen = BTreeSet::new();
        out.retain(|r| seen.insert((r.clause.to_string(), r.by.clone())));
        let out = Rc::new(Needs { raw: out, orders });
        self.needs.insert(kb, Rc::clone(&out));
        out
    }

    /// Its packages are for a higher service pack than the host has.
    fn service_pack_first(&self, update: &Update<'_>, target: ProductSet, out: &mut Vec<Raw>) {
        let Some(level) = self.identity.service_pack else { return };
        if !self.identity.products.intersection(target).is_empty() {
            return;
        }
        let lowest = target.iter().filter_map(|p| self.catalog.product(p).service_pack).min();
        let Some(lowest) = lowest.filter(|l| *l > level) else { return };
        let clause = Clause(vec![Requirement::ServicePackAtLeast(lowest)]);
        let says = Says::ServicePackTooLow { host: level, needs: lowest };
        out.push(Raw {
            clause,
            by: Vec::new(),
            why: "its packages are for that service pack".into(),
            evidence: Evidence::catalog(says, update.source, update.standing),
            truth: Truth::False,
            ask: Vec::new(),
            when: None,
        });
    }

    fn rule(&self, kb: KbId, rule: &Rule<'_>, asked_on: Option<Date>, out: &mut Vec<Raw>) {
        let conditions: Vec<_> = rule.when.iter().map(|c| (c, self.installed.meets_any(c, None).0)).collect();
        if conditions.iter().any(|(_, e)| e.truth == Truth::False) {
            return;
        }
        let open = conditions.into_iter().find(|(_, e)| e.truth == Truth::Unknown);
        let (when, asks) = open.map_or((None, Vec::new()), |(c, e)| (Some(c.clone()), e.ask));
        for clause in &rule.requires {
            let (e, _) = self.installed.meets_any(clause, asked_on);
            if e.truth == Truth::True {
                continue;
            }
            // Embedded systems have licences of their own
            let licensed = clause.0.iter().any(|r| matches!(r, Requirement::Licence(_)));
            if licensed && self.identity.embedded {
                continue;
            }
            let truth = if when.is_some() { Truth::Unknown } else { e.truth };
            out.push(Raw {
                clause: clause.clone(),
                by: Vec::new(),
                why: rule.why.to_owned(),
                evidence: evidence_of(kb, clause, rule),
                truth,
                ask: if when.is_some() { asks.clone() } else { e.ask },
                when: when.clone(),
            });
        }
    }

    /// Steps that are no updates and stand right before it in a documented order.
    fn order(&self, kb: KbId, rule: &Rule<'_>, out: &mut Vec<Raw>) {
        let is = |r: &Requirement| matches!(r, Requirement::Update { kb: k, .. } if *k == kb);
        let Some(at) = rule.order.iter().position(is) else { return };
        let before = rule.order[..at].iter().rev().take_while(|r| !matches!(r, Requirement::Update { .. }));
        for r in before {
            let Requirement::Manual(step) = r else { continue };
            if names_updates(step) || self.host.steps_done.contains_key(step) {
                continue;
            }
            let clause = Clause(vec![r.clone()]);
            out.push(Raw {
                by: vec![Change::Manual(step.clone())],
                why: String::new(),
                evidence: evidence_of(kb, &clause, rule),
                clause,
                truth: Truth::False,
                ask: Vec::new(),
                when: None,
            });
        }
    }

    /// What must be removed first.
    fn excluded(&mut self, kb: KbId, rule: &Rule<'_>, out: &mut Vec<Raw>) {
        for excluded in &rule.excludes {
            let by = match excluded {
                Requirement::Edition(_) | Requirement::RestartPending => continue,
                Requirement::Update { kb: other, .. } => {
                    let listed = self.host.updates.get(other).map(|f| f.value);
                    if listed.is_none_or(|s| s == PackageState::Superseded)
                        || self.installed.presence(*other).truth != Truth::True
                    {
                        continue;
                    }
                    self.removal(*other)
                }
                other if self.installed.meets(other, None).truth != Truth::True => continue,
                Requirement::Component { name, version } => {
                    // what brings a version in that range
                    let Ok(range) = Version::requirement(version) else { continue };
                    let own = self.identity.products;
                    let bringers = self.bringers();
                    let there = bringers.iter().filter(|(b, c, v)| {
                        name.starts_with(c)
                            && range.matches(&v.to_semver())
                            && self
                                .catalog
                                .update(*b)
                                .is_some_and(|u| !u.products().intersection(own).is_empty())
                    });
                    there.map(|(b, _, _)| Change::Remove(*b)).collect()
                }
                _ => Vec::new(),
            };
            let says = Says::Conflicts { kb, with: excluded.to_string() };
            out.push(Raw {
                clause: Clause(vec![excluded.clone()]),
                by: if by.is_empty() && !matches!(excluded, Requirement::Update { .. }) {
                    vec![Change::Manual(format!("remove {excluded}"))]
                } else {
                    by
                },
                why: rule.why.to_owned(),
                evidence: Evidence::catalog(says, rule.source, rule.standing),
                truth: Truth::False,
                ask: Vec::new(),
                when: None,
            });
        }
    }

    /// Removing an update; nothing where others need it.
    fn removal(&self, kb: KbId) -> Vec<Change> {
        match installed::stays_for(self.catalog, self.host, self.identity, kb) {
            Some(_) => Vec::new(),
            None => vec![Change::Remove(kb)],
        }
    }

    fn conflicts(&self, kb: KbId, out: &mut Vec<Raw>) {
        for r in self.catalog.relations_from(kb).into_iter().chain(self.catalog.superseded_by(kb)) {
            if r.kind != RelationKind::Conflicts || r.standing == Standing::Unverified {
                continue;
            }
            let other = if r.from == kb { r.to } else { r.from };
            if self.host.updates.get(&other).is_none_or(|f| f.value != PackageState::Installed) {
                continue;
            }
            let says = Says::Conflicts { kb, with: other.to_string() };
            out.push(Raw {
                clause: Clause(vec![Requirement::Update { kb: other, or_later: false }]),
                by: self.removal(other),
                why: String::new(),
                evidence: Evidence::catalog(says, r.source, r.standing),
                truth: Truth::False,
                ask: Vec::new(),
                when: None,
            });
        }
    }
}
