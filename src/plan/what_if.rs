//! What would change if updates or facts of a host were others: the verdicts before and after.

use super::simulate::{self, Change};
use crate::{
    catalog::{Catalog, view::Product},
    model::{Cause, Edition, Fact, Host, InstallationType, KbId, PackageState, ProductId},
    resolve::{
        Prepared,
        identity::{self, Identity},
        question::{Finding, Question},
        verdict::{Decision, Verdict},
    },
};

/// Updates that may be installed or removed at once.
pub const MOST: usize = 500;

/// What is to be changed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// an upgrade in place to this product; before all other changes
    pub upgrade: Option<ProductId>,
    /// updates to be removed; before anything is set or installed
    pub remove: Vec<KbId>,
    /// facts, in the grammar of `--set`
    pub set: Vec<String>,
    /// updates to be installed, each as soon as it is applicable
    pub install: Vec<KbId>,
}

impl Wanted {
    /// Nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.upgrade.is_none() && self.remove.is_empty() && self.set.is_empty() && self.install.is_empty()
    }
}

/// What became of one change.
#[derive(Clone, Debug)]
pub enum Done {
    /// the system was upgraded; what stands in the way of that
    Upgraded {
        /// to this product
        to: ProductId,
        /// why that is no upgrade in place
        doubts: Vec<Doubt>,
    },
    /// the update was removed
    Removed {
        /// which
        kb: KbId,
        /// it was known to be there
        was_there: bool,
    },
    /// the update cannot be removed
    Stays {
        /// which
        kb: KbId,
        /// why
        why: String,
    },
    /// the fact was set
    Set(String),
    /// the update was installed; if the verdict was another than applicable, as if by force
    Installed {
        /// which
        kb: KbId,
        /// the verdict when its turn came
        decision: Box<Decision>,
    },
    /// there is nothing to install: it is there, or something that replaces it
    Needless {
        /// which
        kb: KbId,
        /// the verdict when its turn came
        decision: Box<Decision>,
    },
}

/// Why an upgrade is no upgrade in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// a client does not become a server, nor a server a client
    ClientToServer,
    /// there is no such Windows for the host's architecture
    Architecture,
    /// the host has it, or a later one
    NoLater,
    /// which Windows the host has is not known
    NotIdentified,
}

/// A host after changes.
#[derive(Clone, Debug)]
pub struct Changed {
    /// as it is then
    pub host: Host,
    /// each change, in the order in which it was made
    pub done: Vec<Done>,
}

/// A verdict in short.
#[derive(Clone, Debug)]
pub struct Short {
    /// the verdict
    pub verdict: Verdict,
    /// the decisive cause; for an unknown the first candidate
    pub cause: Option<Finding>,
}

impl Short {
    /// Without what does not tell it from others.
    fn of(decision: Decision) -> Self {
        Self { verdict: decision.verdict, cause: decision.causes.into_iter().next() }
    }

    /// Is it another verdict, or for another reason?
    pub fn differs(&self, other: &Self) -> bool {
        // what replaces it, or makes it known to be there, may be another one: that changes nothing for it
        let waits = |f: &&Finding| {
            matches!(
                f.cause,
                Cause::MissingPrerequisite
                    | Cause::MissingServicingStack
                    | Cause::MissingCheckpoint
                    | Cause::ConflictingUpdate
            )
        };
        let key = |s: &Self| {
            let cause = s.cause.clone().filter(|_| s.verdict != Verdict::Unknown);
            let updates = cause.as_ref().filter(waits).map(|f| f.updates.clone());
            (s.verdict, cause.map(|f| f.cause), updates)
        };
        key(self) != key(other)
    }
}

/// One update before and after.
#[derive(Clone, Debug)]
pub struct Compared {
    /// the update
    pub kb: KbId,
    /// on the host as it is
    pub before: Short,
    /// on the host as it would be
    pub after: Short,
}

impl Compared {
    /// Is it another verdict, or for another reason?
    pub fn differs(&self) -> bool {
        self.before.differs(&self.after)
    }
}

/// Makes the changes. Restarts that they need are made as well.
///
/// # Errors
/// One line: a fact that is none or has the wrong type; more updates than [`MOST`].
pub fn change(catalog: &Catalog, host: &Host, wanted: &Wanted) -> Result<Changed, String> {
    let mut out = Changed { host: host.clone(), done: Vec::new() };
    if wanted.install.len() + wanted.remove.len() > MOST {
        return Err(format!("more than {MOST} updates to install or remove at once"));
    }
    if let Some(to) = wanted.upgrade {
        let doubts = doubts(catalog, &out.host, to);
        out.host = upgraded(&catalog.product(to), &out.host);
        out.done.push(Done::Upgraded { to, doubts });
    }
    for kb in &wanted.remove {
        let was_there = out.host.updates.get(kb).is_some_and(|f| {
            !matches!(f.value, PackageState::Absent | PackageState::Staged | PackageState::Superseded)
        });
        let origin = simulate::named("what-if", &format!("{kb} removed"));
        match simulate::settled(catalog, &out.host, &[Change::Remove(*kb)], &origin) {
            Ok(host) => {
                out.host = host;
                out.done.push(Done::Removed { kb: *kb, was_there });
            }
            Err(why) => out.done.push(Done::Stays { kb: *kb, why }),
        }
    }
    for fact in &wanted.set {
        let origin = simulate::named("what-if", fact);
        let changed = simulate::settled(catalog, &out.host, &[Change::Set(fact.clone())], &origin);
        out.host = changed.map_err(|e| format!("--set {fact}: {e}"))?;
        out.done.push(Done::Set(fact.clone()));
    }
    install(catalog, &mut out, &wanted.install)?;
    Ok(out)
}

/// Installs one after the other whatever is applicable; what never is goes on as if by force, in the order that is known
/// of them.
fn install(catalog: &Catalog, out: &mut Changed, wanted: &[KbId]) -> Result<(), String> {
    let mut left = in_order(catalog, &out.host, wanted);
    while !left.is_empty() {
        let identity = identity::identify(catalog, &out.host);
        let prepared = Prepared::new(catalog, &out.host, &identity);
        let mut judged = Vec::new();
        for kb in &left {
            judged.push(prepared.decide(&Question { kb: Some(*kb), ..Question::default() }));
            if judged.last().is_some_and(|d| d.verdict == Verdict::Applicable) {
                break;
            }
        }
        let first = |verdict: Verdict| judged.iter().position(|d| d.verdict == verdict);
        let at = first(Verdict::Applicable).or_else(|| first(Verdict::Unknown)).unwrap_or(0);
        let (kb, decision) = (left.remove(at), Box::new(judged.swap_remove(at)));
        let superseded = decision.causes.first().is_some_and(|f| f.cause == Cause::Superseded);
        let needless = match decision.verdict {
            Verdict::AlreadyInstalled => true,
            Verdict::NotApplicable => superseded,
            _ => false,
        };
        if needless {
            out.done.push(Done::Needless { kb, decision });
            continue;
        }
        let origin = simulate::named("what-if", &format!("{kb} installed"));
        out.host = simulate::settled(catalog, &out.host, &[Change::Install(kb)], &origin)?;
        out.done.push(Done::Installed { kb, decision });
    }
    Ok(())
}

/// Updates in the order that the catalog knows of them, each once; those that it does not know come last.
fn in_order(catalog: &Catalog, host: &Host, wanted: &[KbId]) -> Vec<KbId> {
    let given: Vec<_> = wanted.iter().map(|kb| (*kb).into()).collect();
    let products = identity::identify(catalog, host).products;
    let ordered = super::order::order(catalog, &given, products);
    let mut out: Vec<KbId> = Vec::new();
    let known = ordered.groups.iter().flat_map(|g| &g.steps).filter(|s| s.given).filter_map(|s| s.item.kb());
    for kb in known.chain(wanted.iter().copied()) {
        if !out.contains(&kb) {
            out.push(kb);
        }
    }
    out
}

/// What stands in the way of an upgrade in place.
fn doubts(catalog: &Catalog, host: &Host, to: ProductId) -> Vec<Doubt> {
    let identity = identity::identify(catalog, host);
    let to = catalog.product(to);
    let from: Vec<Product<'_>> = identity.products.iter().map(|p| catalog.product(p)).collect();
    let mut out = Vec::new();
    if from.is_empty() {
        out.push(Doubt::NotIdentified);
    } else {
        if from.iter().all(|p| p.server != to.server) {
            out.push(Doubt::ClientToServer);
        }
        if from.iter().all(|p| p.version >= to.version) {
            out.push(Doubt::NoLater);
        }
    }
    if let Some(a) = &host.architecture
        && !to.architectures.is_empty()
        && !to.architectures.contains(a.value)
    {
        out.push(Doubt::Architecture);
    }
    out
}

/// The host after an upgrade in place from media of a product: what survives, and nothing that is not known to.
///
/// The level of the media is not known, so the revision is not; updates and the servicing stack of the former Windows are
/// gone, features and components may be others.
pub fn upgraded(to: &Product<'_>, host: &Host) -> Host {
    let origin = simulate::named("what-if", &format!("upgraded to {}", to.name));
    let fact = |text: &str| Some(Fact::new(text.to_owned(), origin.clone()));
    let architecture = host
        .architecture
        .clone()
        .filter(|a| to.architectures.is_empty() || to.architectures.contains(a.value));
    // a long-term servicing edition is one of its release alone
    let edition = host.edition.clone().filter(|e| !long_term(&e.value));
    let server = |t: InstallationType| t != InstallationType::Client;
    Host {
        name: host.name.clone(),
        product: fact(to.name),
        version: Some(Fact::new(to.version, origin.clone())),
        release: to.release.and_then(fact),
        service_pack: to.service_pack.map(|n| Fact::new(n, origin.clone())),
        edition,
        installation_type: host.installation_type.clone().filter(|t| server(t.value) == to.server),
        architecture,
        language: host.language.clone(),
        offline_image: host.offline_image.clone(),
        roles: host.roles.clone(),
        azure_arc: host.azure_arc.clone(),
        remote_session: host.remote_session.clone(),
        ..Host::default()
    }
}

fn long_term(edition: &Edition) -> bool {
    edition.is_ltsc() || edition.is_embedded()
}

/// The verdicts of these updates before and after, in their order. `question` gives what is asked of each.
pub fn compare(
    catalog: &Catalog,
    before: &Host,
    after: &Host,
    kbs: &[KbId],
    question: impl Fn(KbId) -> Question,
) -> Vec<Compared> {
    let (was, is) = (identity::identify(catalog, before), identity::identify(catalog, after));
    let was = Prepared::new(catalog, before, &was);
    let is = Prepared::new(catalog, after, &is);
    kbs.iter()
        .map(|kb| {
            let question = question(*kb);
            Compared {
                kb: *kb,
                before: Short::of(was.decide(&question)),
                after: Short::of(is.decide(&question)),
            }
        })
        .collect()
}

/// Every update of the catalog whose verdict, or its reason, differs; and how many were looked at.
pub fn compare_all(catalog: &Catalog, before: &Host, after: &Host) -> (Vec<Compared>, usize) {
    let (was, is) = (identity::identify(catalog, before), identity::identify(catalog, after));
    let prepared = (Prepared::new(catalog, before, &was), Prepared::new(catalog, after, &is));
    let mut looked_at = 0;
    let mut out = Vec::new();
    for kb in catalog.kbs() {
        looked_at += 1;
        if is_elsewhere(catalog, kb, (before, &was), (after, &is)) {
            continue;
        }
        let question = Question { kb: Some(kb), ..Question::default() };
        let compared = Compared {
            kb,
            before: Short::of(prepared.0.decide(&question)),
            after: Short::of(prepared.1.decide(&question)),
        };
        if compared.differs() {
            out.push(compared);
        }
    }
    (out, looked_at)
}

/// An update that is for neither host's Windows is for another one before and after, whatever else changes.
fn is_elsewhere(catalog: &Catalog, kb: KbId, before: (&Host, &Identity), after: (&Host, &Identity)) -> bool {
    let (b, a) = (before.1, after.1);
    if b.products != a.products || b.products.is_empty() || b.words != a.words {
        return false;
    }
    if before.0.updates.contains_key(&kb) || after.0.updates.contains_key(&kb) {
        return false;
    }
    let Some(update) = catalog.update(kb) else { return false };
    let all = update.packages.iter().fold(crate::model::ProductSet::default(), |s, p| s.union(p.products));
    // of the same build or branch: other checks may look at it
    let near = all
        .iter()
        .map(|p| catalog.product(p))
        .any(|p| b.products.iter().map(|h| catalog.product(h)).any(|h| h.version.0[..2] == p.version.0[..2]));
    !all.is_empty() && !near
}
