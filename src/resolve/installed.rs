//! What is on the host: every update's presence is derived, with three values and its derivation.

use super::{
    identity::{self, Identity},
    statement::{Ask, Certainty, Evidence, Link, Says, Truth},
};
use crate::{
    catalog::{
        Catalog,
        view::{Entry, LineKind, RelationKind, Rule},
    },
    graph,
    inventory::{self, Directness},
    model::{
        Build, Host, KbId, ListKind, ListSeen, Origin, PackageState, ProductSet, Requirement, Standing,
        Strength, UpdateKind,
    },
};
use jiff::civil::Date;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Nodes that one walk over supersedence may visit: more than any line or neighbourhood of the catalog has.
const WALK_LIMIT: usize = 20_000;

/// Whether one update is on the host, and how that is known.
#[derive(Clone, Debug)]
pub struct Presence {
    /// there, not there, not known
    pub truth: Truth,
    /// how sure that is
    pub certainty: Certainty,
    /// for an unknown: its absence from what was read is no sign of its absence
    pub hidden: bool,
    /// how it was derived
    pub evidence: Vec<Evidence>,
}

/// What is there, as its dependant shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// the very update
    Itself,
    /// it, or what replaces it or stands in for it
    OrReplaced,
    /// it or a later one of its line
    OrLater,
}

/// What implies that an update is there.
#[derive(Clone, Debug)]
struct Implied {
    dependant: KbId,
    shown: Shown,
    evidence: Evidence,
}

/// What follows from one catalog for hosts of the same products, kept between questions about the same host as it
/// changes. Another catalog needs another one.
#[derive(Debug, Default)]
pub struct Memo {
    products: ProductSet,
    identity: Option<(Box<Host>, Identity)>,
    implied: BTreeMap<KbId, Vec<(KbId, Shown, Evidence)>>,
    places: BTreeMap<KbId, Vec<(u16, u32)>>,
    /// what was derived last: of a host that has more, only what is new is derived
    derived: Arc<Derived>,
}

/// What follows from the updates that are listed as there.
#[derive(Clone, Debug, Default)]
struct Derived {
    /// the updates that it follows from, ascending
    listed: Vec<KbId>,
    implied: BTreeMap<KbId, Implied>,
    /// (line, position, update) of every update that is there
    places: BTreeSet<(u16, u32, KbId)>,
    /// revision that the host has at least, by a cumulative update that is listed
    lower_bound: Option<(u32, KbId)>,
}

impl Memo {
    /// Forgets what was kept for other products.
    fn serve(&mut self, products: ProductSet) {
        if self.products != products {
            let identity = self.identity.take();
            *self = Self { products, identity, ..Self::default() };
        }
    }

    /// The host as identified: anew only where what it is identified by has changed.
    pub fn identify(&mut self, catalog: &Catalog, host: &Host) -> Identity {
        // without a name and a version it is identified by its updates
        if host.version.is_none() && host.product.is_none() {
            return identity::identify(catalog, host);
        }
        let by = Host {
            version: host.version.clone(),
            product: host.product.clone(),
            branch: host.branch.clone(),
            service_pack: host.service_pack.clone(),
            installation_type: host.installation_type.clone(),
            edition: host.edition.clone(),
            ..Host::default()
        };
        match &self.identity {
            Some((known, identity)) if **known == by => identity.clone(),
            _ => {
                let identity = identity::identify(catalog, host);
                self.identity = Some((Box::new(by), identity.clone()));
                identity
            }
        }
    }
}

/// The updates of one host, listed and derived.
pub struct Installed<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) host: &'a Host,
    pub(super) identity: &'a Identity,
    derived: Arc<Derived>,
}

fn month(d: Date) -> (i16, i8) {
    (d.year(), d.month())
}

/// Is this state one of a package that is there now?
fn is_there(state: PackageState) -> bool {
    matches!(state, PackageState::Installed | PackageState::UninstallPending | PackageState::Superseded)
}

/// What a log or a person tells was so once; the system itself tells how it is.
fn how_sure(origin: &Origin) -> Certainty {
    let format = inventory::formats().find(|f| f.name == origin.format);
    let past = format.is_some_and(|f| f.directness >= Directness::Logged);
    if past { Certainty::Inferred } else { Certainty::Confirmed }
}

impl<'a> Installed<'a> {
    /// Derives what is there from the host's lists and the catalog's rules.
    pub fn derive(catalog: &'a Catalog, host: &'a Host, identity: &'a Identity) -> Self {
        Self::derive_with(catalog, host, identity, &mut Memo::default())
    }

    /// [`Installed::derive`], keeping what follows from the catalog alone for the next question.
    pub fn derive_with(
        catalog: &'a Catalog,
        host: &'a Host,
        identity: &'a Identity,
        memo: &mut Memo,
    ) -> Self {
        memo.serve(identity.products);
        let mut this = Self { catalog, host, identity, derived: Arc::default() };
        let listed: Vec<KbId> = this.listed_there().collect();
        // what was derived before still follows if all of it is still there
        let mut derived = std::mem::take(&mut memo.derived);
        let mut former = derived.listed.iter().peekable();
        let mut new: Vec<KbId> =
            listed.iter().copied().filter(|kb| former.next_if(|known| *known == kb).is_none()).collect();
        if former.peek().is_some() {
            (derived, new) = (Arc::default(), listed.clone());
        }
        if !new.is_empty() {
            let known = Arc::make_mut(&mut derived);
            this.add(new, known, memo);
            known.listed = listed;
        }
        memo.derived = Arc::clone(&derived);
        this.derived = derived;
        this
    }

    /// Derives what follows from updates that are listed.
    fn add(&self, mut work: Vec<KbId>, known: &mut Derived, memo: &mut Memo) {
        let listed = work.len();
        let mut at = 0;
        while let Some(kb) = work.get(at).copied() {
            at += 1;
            let places = memo.places.entry(kb).or_insert_with(|| {
                let serving = self.catalog.places(kb).into_iter().filter(|e| self.serves(e));
                serving.map(|e| (e.line, e.position)).collect()
            });
            for (line, position) in places.iter() {
                known.places.insert((*line, *position, kb));
                let cumulative = at <= listed && self.catalog.line(*line).kind == LineKind::Cumulative;
                let entry = cumulative.then(|| self.catalog.entry(*line, *position)).flatten();
                let revision = entry.and_then(|e| e.revision).map(|r| (r, kb));
                known.lower_bound = known.lower_bound.max(revision);
            }
            // whatever is installed had its prerequisites: to a fixed point, each update once
            let implied = memo.implied.entry(kb).or_insert_with(|| self.implied_by(kb));
            for (other, shown, evidence) in implied.iter() {
                // the very update says more than "it or a later one"
                let told = known.implied.get(other).is_some_and(|i| i.shown <= *shown);
                if told || self.host.updates.get(other).is_some_and(|s| is_there(s.value)) {
                    continue;
                }
                let implied = Implied { dependant: kb, shown: *shown, evidence: evidence.clone() };
                known.implied.insert(*other, implied);
                if *shown == Shown::Itself {
                    work.push(*other);
                }
            }
        }
    }

    fn listed_there(&self) -> impl Iterator<Item = KbId> {
        self.host.updates.iter().filter(|(_, s)| is_there(s.value)).map(|(kb, _)| *kb)
    }

    /// Does an entry's line serve this host, or share its branch?
    fn serves(&self, e: &Entry<'_>) -> bool {
        if e.standing == Standing::Unverified {
            return false;
        }
        let line = self.catalog.line(e.line);
        if !line.products.intersection(self.identity.products).is_empty() {
            return true;
        }
        line.kind == LineKind::Cumulative && self.shares_branch(line.products)
    }

    fn shares_branch(&self, products: ProductSet) -> bool {
        shares_branch(self.catalog, self.identity, products)
    }

    /// What must have been there for an update to be installed.
    fn implied_by(&self, dependant: KbId) -> Vec<(KbId, Shown, Evidence)> {
        let mut out = Vec::new();
        for rule in self.catalog.rules(dependant).iter().filter(|r| implies(r, self.identity)) {
            for clause in &rule.requires {
                // of several members any one may have been it, unless all are "this one or later" of one line
                let members = self.distinct(clause);
                let Some(Requirement::Update { kb, or_later }) = members.first() else { continue };
                if members.iter().any(|r| Some(r) != members.first()) {
                    continue;
                }
                let says = Says::ImpliedBy { kb: *kb, dependant };
                let shown = match or_later {
                    true => Shown::OrLater,
                    false if self.has_stand_in(*kb, dependant) => Shown::OrReplaced,
                    false => Shown::Itself,
                };
                out.push((*kb, shown, Evidence::catalog(says, rule.source, rule.standing)));
            }
        }
        out
    }

    /// May something else have been there instead, when its dependant was installed?
    fn has_stand_in(&self, kb: KbId, dependant: KbId) -> bool {
        self.catalog.superseded_by(kb).iter().any(|r| {
            r.kind != RelationKind::Conflicts
                && r.from != dependant
                && r.standing != Standing::Unverified
                && !r.products.intersection(self.identity.products).is_empty()
        })
    }

    /// The host's revision, if it is known exactly.
    pub fn revision(&self) -> Option<(u32, &Origin)> {
        self.host.revision.as_ref().map(|f| (f.value, &f.origin))
    }

    /// A revision that the host has at least.
    pub fn revision_at_least(&self) -> Option<(u32, Evidence)> {
        let listed = self.derived.lower_bound.and_then(|(revision, kb)| {
            let origin = &self.host.updates.get(&kb)?.origin;
            Some((revision, Evidence::host(Says::RevisionAtLeast { revision, by: kb }, origin)))
        });
        let stated = self.host.revision_at_least.as_ref().map(|f| {
            (f.value, Evidence::host(Says::HostIs(format!("revision {} or later", f.value)), &f.origin))
        });
        match (listed, stated) {
            (Some(a), Some(b)) => Some(if a.0 >= b.0 { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// The entry of a cumulative update in the line that the host's revisions belong to.
    pub fn cumulative_entry(&self, kb: KbId) -> Option<Entry<'a>> {
        cumulative_entry(self.catalog, self.identity, kb)
    }

    /// How the host's revision stands to one of its branch: `True` at or past it, `False` below.
    pub fn reaches(&self, revision: u32) -> Truth {
        if let Some((host, _)) = self.revision() {
            return if host >= revision { Truth::True } else { Truth::False };
        }
        match self.revision_at_least() {
            Some((least, _)) if least >= revision => Truth::True,
            _ => Truth::Unknown,
        }
    }

    fn revision_evidence(&self, kb: KbId, brings: Build) -> Vec<Evidence> {
        match (self.revision(), self.revision_at_least()) {
            (Some((host, origin)), _) if host >= brings.revision => {
                vec![Evidence::host(Says::ContainedByRevision { kb, brings, host }, origin)]
            }
            (Some((host, origin)), _) => {
                vec![Evidence::host(Says::BelowRevision { kb, brings, host }, origin)]
            }
            (None, Some((least, evidence))) if least >= brings.revision => vec![evidence],
            _ => vec![Evidence::rule(Says::RevisionUnknown { kb, brings })],
        }
    }

    /// Is this very update there (not merely something that replaces it)?
    pub fn presence(&self, kb: KbId) -> Presence {
        let made = |truth, certainty, evidence| Presence { truth, certainty, hidden: false, evidence };
        let listed = self.host.updates.get(&kb);
        if let Some(fact) = listed {
            let evidence = vec![Evidence::host(Says::Listed(kb, fact.value), &fact.origin)];
            let certainty = how_sure(&fact.origin);
            match fact.value {
                PackageState::Installed | PackageState::UninstallPending => {
                    return made(Truth::True, certainty, evidence);
                }
                PackageState::InstallPending | PackageState::Staged | PackageState::PartiallyInstalled => {
                    return made(Truth::False, certainty, evidence);
                }
                PackageState::Superseded | PackageState::Absent => {}
            }
        }
        if let Some(entry) =
            self.cumulative_entry(kb).filter(|_| self.identity.kernel.is_none_or(|k| k.0 >= 10))
        {
            let brings = self.build_of(&entry);
            let truth = self.reaches(brings.revision);
            let evidence = self.revision_evidence(kb, brings);
            // a list hides older cumulative updates: their absence from it is no evidence, unless it is complete
            if truth == Truth::Unknown && self.host.completeness.complete {
                return made(Truth::False, Certainty::Inferred, vec![self.not_in_complete(kb)]);
            }
            return Presence {
                truth,
                certainty: Certainty::Inferred,
                hidden: truth == Truth::Unknown,
                evidence,
            };
        }
        if let Some((level, evidence)) = self.in_service_pack(kb) {
            return made(level, Certainty::Inferred, evidence);
        }
        if let Some(implied) = self.derived.implied.get(&kb).filter(|i| i.shown == Shown::Itself) {
            let mut evidence = vec![implied.evidence.clone()];
            if let Some(f) = self.host.updates.get(&implied.dependant) {
                evidence.push(Evidence::host(Says::Listed(implied.dependant, f.value), &f.origin));
            }
            return made(Truth::True, Certainty::Inferred, evidence);
        }
        if let Some(fact) = listed.filter(|f| f.value == PackageState::Absent) {
            return made(
                Truth::False,
                how_sure(&fact.origin),
                vec![Evidence::host(Says::StatedAbsent(kb), &fact.origin)],
            );
        }
        let lists = &self.host.completeness;
        let quick_fix = || lists.lists.iter().filter(|l| l.kind == ListKind::QuickFix);
        let shown: u32 = quick_fix().map(|l| l.shown).sum();
        if lists.complete || self.host.has_whole_store() {
            return made(Truth::False, Certainty::Confirmed, vec![self.not_in_complete(kb)]);
        }
        // on 6.x a whole list of quick-fix updates shows all but what the image was built with
        if lists.has_whole(ListKind::QuickFix) && self.identity.kernel.is_some_and(|k| k.0 == 6) && shown > 0
        {
            let origin = quick_fix().next().map(|l| &l.origin);
            let says = Says::NotInWholeList(kb, shown);
            let evidence =
                origin.map_or_else(|| Evidence::rule(says.clone()), |o| Evidence::host(says.clone(), o));
            return made(Truth::False, Certainty::Inferred, vec![evidence]);
        }
        let says =
            if lists.is_empty() && self.host.updates.is_empty() { Says::NoList } else { Says::NotListed(kb) };
        Presence {
            truth: Truth::Unknown,
            certainty: Certainty::Possible,
            hidden: false,
            evidence: vec![Evidence::rule(says)],
        }
    }

    fn not_in_complete(&self, kb: KbId) -> Evidence {
        let lists = &self.host.completeness;
        // the list that proves it: all that was stated, else the component store
        let proves = |l: &&ListSeen| lists.complete || l.kind == ListKind::ComponentStore;
        let shown = lists.lists.iter().filter(proves).map(|l| l.shown).sum();
        let says = Says::NotInCompleteList(kb, shown);
        match lists.lists.iter().find(proves) {
            Some(l) => Evidence::host(says, &l.origin),
            None => Evidence::rule(says),
        }
    }

    /// The build that an entry of a cumulative line brings.
    pub fn build_of(&self, entry: &Entry<'_>) -> Build {
        Build {
            major: 10,
            minor: 0,
            build: self.catalog.line(entry.line).build.unwrap_or(0),
            revision: entry.revision.unwrap_or(0),
        }
    }

    /// A service pack is there when the host is past the products that it is for.
    fn in_service_pack(&self, kb: KbId) -> Option<(Truth, Vec<Evidence>)> {
        let update = self.catalog.update(kb).filter(|u| u.kind == UpdateKind::ServicePack)?;
        let level = self.identity.service_pack?;
        let kernel = self.identity.kernel?;
        let for_levels: Vec<u8> = update
            .products()
            .iter()
            .map(|p| self.catalog.product(p))
            .filter(|p| (p.version.0[0], p.version.0[1]) == kernel)
            .filter_map(|p| p.service_pack)
            .collect();
        let highest = for_levels.iter().max()?;
        let evidence = |says| match (&self.host.service_pack, &self.host.version) {
            (Some(f), _) => vec![Evidence::host(says, &f.origin)],
            (None, Some(f)) => vec![Evidence::host(says, &f.origin)],
            _ => vec![Evidence::rule(says)],
        };
        Some(if level > *highest {
            (Truth::True, evidence(Says::InServicePack { kb, level }))
        } else {
            (Truth::False, evidence(Says::ServicePackTooLow { host: level, needs: highest + 1 }))
        })
    }

    /// Something on the host that replaces, covers or contains the update, with the chain that leads to it.
    pub fn superseder(&self, kb: KbId, links: &[RelationKind]) -> Option<(Vec<KbId>, Vec<Evidence>)> {
        let there = |kb: KbId| {
            self.host.updates.get(&kb).is_some_and(|s| is_there(s.value))
                || self.derived.implied.get(&kb).is_some_and(|i| i.shown != Shown::OrLater)
        };
        let successors = |node: KbId| -> Vec<(KbId, Link)> {
            let mut out = Vec::new();
            for e in self.catalog.places(node).iter().filter(|e| self.serves(e)) {
                let line = self.catalog.line(e.line);
                if line.chained {
                    // all that are later in the line and there: the newest says most
                    out.extend(
                        self.newest_of_line(e.line, e.position.saturating_add(1)).map(|kb| (kb, Link::Line)),
                    );
                }
                // monthly rollups carry the security-only and the Internet Explorer updates of their month
                if matches!(line.kind, LineKind::SecurityOnly | LineKind::InternetExplorer) {
                    match self.covering_rollup(e, true) {
                        Some(kb) => out.push((kb, Link::Covers)),
                        // what is there may come after the first that carries it: a preview, one that no line lists
                        None => out.extend(self.first_covering(e).into_iter().map(|kb| (kb, Link::Covers))),
                    }
                }
            }
            for r in self.catalog.superseded_by(node) {
                let holds = links.contains(&r.kind)
                    && r.standing != Standing::Unverified
                    && !r.products.intersection(self.identity.products).is_empty();
                if holds {
                    let link = match r.kind {
                        RelationKind::Supersedes => Link::Supersedes,
                        RelationKind::Covers => Link::Covers,
                        RelationKind::Satisfies => Link::Satisfies,
                        RelationKind::Contains => Link::Contains,
                        RelationKind::Conflicts => continue,
                    };
                    out.push((r.from, link));
                }
            }
            out.sort_unstable();
            out.dedup();
            out
        };
        let (chain, labels) = graph::shortest_chain(kb, WALK_LIMIT, successors, there)?;
        let goal = *chain.last()?;
        let mut evidence = Vec::new();
        if let Some(f) = self.host.updates.get(&goal).filter(|f| is_there(f.value)) {
            evidence.push(Evidence::host(Says::Listed(goal, f.value), &f.origin));
        } else if let Some(i) = self.derived.implied.get(&goal) {
            evidence.push(i.evidence.clone());
        }
        for (pair, label) in chain.windows(2).zip(&labels) {
            evidence.push(self.link_evidence(pair[0], pair[1], *label));
        }
        Some((chain, evidence))
    }

    fn link_evidence(&self, older: KbId, newer: KbId, link: Link) -> Evidence {
        let says = match link {
            Link::Covers => Says::Covered { security_only: older, rollup: newer },
            _ => Says::Chain(vec![older, newer], link),
        };
        match link {
            Link::Line | Link::Covers => {
                let place = self.catalog.places(newer).into_iter().find(|e| self.serves(e));
                place.map_or_else(
                    || Evidence::rule(says.clone()),
                    |e| Evidence::catalog(says.clone(), self.catalog.line(e.line).source, e.standing),
                )
            }
            _ => {
                let relation = self.catalog.superseded_by(older).into_iter().find(|r| r.from == newer);
                relation.map_or_else(
                    || Evidence::rule(says.clone()),
                    |r| Evidence::catalog(says.clone(), r.source, r.standing),
                )
            }
        }
    }

    /// A monthly rollup on the host of the same month as a security-only update, or a later one. `surely` leaves out
    /// those of which their dates do not prove it.
    fn covering_rollup(&self, security_only: &Entry<'_>, surely: bool) -> Option<KbId> {
        let rollups = self.lines_there().filter(|l| self.catalog.line(*l).kind == LineKind::Rollup);
        // of each line the newest that carries it
        let newest = rollups.filter_map(|l| {
            let end = (l.checked_add(1)?, 0, KbId::LEAST);
            self.derived.places.range((l, 0, KbId::LEAST)..end).rev().find_map(|(l, p, kb)| {
                let e = self.catalog.entry(*l, *p)?;
                self.carries(&e, security_only, surely).then_some((*p, *kb))
            })
        });
        newest.max().map(|(_, kb)| kb)
    }

    /// Of each line of rollups that serves the host, the first monthly rollup that surely carries an update.
    fn first_covering(&self, update: &Entry<'_>) -> Vec<KbId> {
        let Some((_, latest)) = self.released(update) else { return Vec::new() };
        let first = |line: u16| {
            let since = self.catalog.dates(line).filter(|(_, _, kind, date)| {
                *kind == UpdateKind::MonthlyRollup && date.is_some_and(|d| month(d) >= month(latest))
            });
            since.take(3).find_map(|(position, kb, _, _)| {
                let e = self.catalog.entry(line, position).filter(|e| self.serves(e))?;
                kb.filter(|_| self.carries(&e, update, true))
            })
        };
        let lines = self.catalog.lines().filter(|l| {
            l.kind == LineKind::Rollup && !l.products.intersection(self.identity.products).is_empty()
        });
        lines.filter_map(|l| first(l.id)).collect()
    }

    /// Lines of which something is there.
    fn lines_there(&self) -> impl Iterator<Item = u16> {
        let next = |from: u16| self.derived.places.range((from, 0, KbId::LEAST)..).next().map(|(l, _, _)| *l);
        std::iter::successors(next(0), move |l| next(l.checked_add(1)?))
    }

    /// The newest update of a line that is there, from a place on.
    fn newest_of_line(&self, line: u16, from: u32) -> Option<KbId> {
        let end = (line.checked_add(1)?, 0, KbId::LEAST);
        self.derived.places.range((line, from, KbId::LEAST)..end).next_back().map(|(_, _, kb)| *kb)
    }

    /// Does a monthly rollup carry a security-only update: is it of the same month or a later one? `surely` leaves out
    /// what the dates do not prove.
    pub fn carries(&self, rollup: &Entry<'_>, security_only: &Entry<'_>, surely: bool) -> bool {
        // a preview of the month before carries nothing of this month's security fixes
        if rollup.kind != UpdateKind::MonthlyRollup {
            return false;
        }
        let (Some((earliest, latest)), Some((from, to))) =
            (self.released(security_only), self.released(rollup))
        else {
            return false;
        };
        month(if surely { from } else { to }) >= month(if surely { latest } else { earliest })
    }

    /// A monthly rollup on the host that may cover a security-only update: which came first is not known.
    pub fn may_be_covered(&self, kb: KbId) -> Option<KbId> {
        let places = self.catalog.places(kb);
        let own = places
            .iter()
            .filter(|e| self.serves(e) && self.catalog.line(e.line).kind == LineKind::SecurityOnly);
        own.filter_map(|e| self.covering_rollup(e, false)).next()
    }

    /// When an entry of a line was released, at the earliest and at the latest. A line is in order: a date that
    /// contradicts its neighbours' (feeds give the date of a revision for the first release) only says "between them".
    fn released(&self, entry: &Entry<'_>) -> Option<(Date, Date)> {
        let own = entry.date?;
        let dates =
            self.catalog.dates(entry.line).filter(|(_, _, kind, _)| *kind != UpdateKind::RollupPreview);
        let all: Vec<(u32, Date)> =
            dates.filter_map(|(position, _, _, date)| Some((position, date?))).collect();
        let Some(at) = all.iter().position(|(p, _)| *p == entry.position) else { return Some((own, own)) };
        let date = |i: usize| all.get(i).map(|(_, d)| *d);
        let before = at.checked_sub(1).and_then(date);
        let after = date(at + 1);
        let doubtful = match (before, after) {
            // the same day as the next: both are not of that day
            (_, Some(a)) if a == own => true,
            (b, Some(a)) if own > a => b.is_none_or(|b| b <= a),
            (Some(b), a) if own < b => a.is_none_or(|a| b <= a),
            _ => false,
        };
        if !doubtful {
            return Some((own, own));
        }
        let low = all[..at].iter().rev().map(|d| d.1).find(|d| *d != own).unwrap_or(Date::MIN);
        let high = after.map_or(own, |a| if own < low { a } else { own.min(a) });
        Some((low.min(high), high.max(low)))
    }

    /// A later update of one of its lines that is there, whether or not the line is chained.
    pub fn later_of_line(&self, kb: KbId) -> Option<(KbId, Evidence)> {
        let entry = self.catalog.places(kb).into_iter().find(|e| self.serves(e))?;
        let later = self.newest_of_line(entry.line, entry.position)?;
        Some((later, self.link_evidence(kb, later, Link::Line)))
    }

    /// Implied by something installed: it, or it or a later one.
    pub fn implied(&self, kb: KbId) -> Option<(bool, Evidence)> {
        self.derived.implied.get(&kb).map(|i| (i.shown == Shown::OrLater, i.evidence.clone()))
    }

    /// Cumulative updates since 2021-02 on 2004 and later carry their servicing stack.
    pub fn stack_in_cumulative(&self, entry: &Entry<'_>) -> Option<(KbId, Evidence)> {
        let build = self.identity.build.filter(|b| *b >= 19041)?;
        let date = entry.date?;
        let (revision, origin_evidence) = match self.revision() {
            Some((r, origin)) => (r, Evidence::host(Says::HostIs(format!("build {build}.{r}")), origin)),
            None => self.revision_at_least()?,
        };
        let line = self.catalog.lines().find(|l| {
            l.kind == LineKind::Cumulative && !l.products.intersection(self.identity.products).is_empty()
        })?;
        let on_host = self
            .catalog
            .entries(line.id)
            .filter(|e| e.revision.is_some_and(|r| r <= revision) && e.kb.is_some())
            .last()?;
        let combined = jiff::civil::date(2021, 2, 24);
        let on_date = on_host.date?;
        (on_date >= date && on_date >= combined).then_some(())?;
        Some((on_host.kb?, origin_evidence))
    }

    /// What to run to see whether updates are there.
    pub fn ask_for(&self, kbs: Vec<KbId>) -> Ask {
        let cumulative = kbs.iter().all(|kb| self.cumulative_entry(*kb).is_some());
        if cumulative && !kbs.is_empty() { Ask::Revision } else { Ask::Updates(kbs) }
    }
}

/// Equal revisions of the builds of one branch are equal content.
fn shares_branch(catalog: &Catalog, identity: &Identity, products: ProductSet) -> bool {
    let mut hosts = identity.products.iter().map(|p| catalog.product(p).branch);
    let Some(branch) = hosts.next() else { return false };
    hosts.all(|b| b == branch) && products.iter().any(|p| catalog.product(p).branch == branch)
}

/// The entry of a cumulative update in the line that the host's revisions belong to.
pub fn cumulative_entry<'a>(catalog: &'a Catalog, identity: &Identity, kb: KbId) -> Option<Entry<'a>> {
    let places = catalog.places(kb);
    let own = |e: &&Entry<'_>| {
        let line = catalog.line(e.line);
        line.kind == LineKind::Cumulative && !line.products.intersection(identity.products).is_empty()
    };
    let all_of_one_line = |e: &Entry<'_>| identity.products.is_subset(catalog.line(e.line).products);
    // client and server of one build: as long as their revisions agree, it does not matter which the host is
    let agreeing = || {
        let owned: Vec<&Entry<'_>> = places.iter().filter(own).collect();
        let line = |e: &Entry<'_>| catalog.line(e.line);
        let covered = owned.iter().fold(ProductSet::default(), |s, e| s.union(line(e).products));
        let first = *owned.first()?;
        let one = owned.iter().all(|e| e.revision == first.revision && line(e).build == line(first).build);
        (one && identity.products.is_subset(covered)).then_some(first)
    };
    let chosen = places.iter().filter(own).find(|e| all_of_one_line(e)).or_else(agreeing).or_else(|| {
        places
            .iter()
            .filter(|e| {
                catalog.line(e.line).kind == LineKind::Cumulative
                    && shares_branch(catalog, identity, catalog.line(e.line).products)
            })
            .max_by_key(|e| e.revision)
    })?;
    chosen.revision?;
    Some(*chosen)
}

/// Does an update, where it is there, imply that another is: a clause of its rules that only this one meets?
pub fn needs_only(catalog: &Catalog, identity: &Identity, dependant: KbId, kb: KbId) -> bool {
    catalog.rules(dependant).iter().any(|rule| {
        implies(rule, identity)
            && rule.requires.iter().any(|clause| {
                clause.0.iter().all(|r| matches!(r, Requirement::Update { kb: member, .. } if *member == kb))
            })
    })
}

/// An update for which another one stays: one that is listed and needs it, or one of a class that is built on it.
pub fn stays_for(catalog: &Catalog, host: &Host, identity: &Identity, kb: KbId) -> Option<KbId> {
    let listed =
        host.updates.iter().filter(|(_, f)| f.value == PackageState::Installed).map(|(other, _)| *other);
    let mut listed = listed.filter(|other| *other != kb);
    listed.find(|other| needs_only(catalog, identity, *other, kb)).or_else(|| {
        let newest = catalog.kbs().filter(|other| *other != kb).filter(|other| {
            let rules = catalog.rules(*other);
            rules.iter().any(|r| r.from_class && r.requires.len() == 1)
                && needs_only(catalog, identity, *other, kb)
        });
        newest.last()
    })
}

/// A rule from which it follows that what an installed update needs is there.
fn implies(rule: &Rule<'_>, identity: &Identity) -> bool {
    rule.strength == Strength::Hard
        && rule.standing != Standing::Unverified
        && rule.when.is_empty()
        && rule.dispute.is_empty()
        && !identity.products.is_empty()
        && identity.products.is_subset(rule.products)
}
