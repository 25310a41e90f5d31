//! The checklist that Microsoft's guidance begins with, for one host: restart, newest servicing stack, repair of damaged
//! files by the means that this Windows has, installation by hand with the right package.

use super::{
    Action, Check, Context, Evidence, Finding, GUIDANCE, REPAIR, STACKS, Says, Severity,
    lifecycle::{self, Support},
    next,
};
use crate::{
    catalog::{Catalog, view::Rule},
    model::{Architecture, Host, KbId, Requirement, UpdateKind},
    resolve::{
        identity,
        installed::Installed,
        question::Outcome,
        statement::{Ask, From, Truth},
    },
};

/// The means by which Windows repairs its component store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Repair {
    /// DISM RestoreHealth, then sfc: Windows 8, Server 2012 and later
    Dism,
    /// the same for an image that is not running
    DismOfImage,
    /// the System Update Readiness Tool (KB947821), then sfc: Windows 7, Server 2008 R2, Server 2008 SP2
    ReadinessTool,
    /// which Windows it is, is not known: either
    Either,
    /// sfc alone: Windows before Vista has no component store
    FileChecker,
}

impl Repair {
    /// By the version of Windows; `None` where none is known.
    pub const fn of(kernel: Option<(u32, u32)>, offline: bool) -> Self {
        match kernel {
            None => Self::Either,
            Some((5, _)) => Self::FileChecker,
            Some((6, 0 | 1)) => Self::ReadinessTool,
            Some(_) if offline => Self::DismOfImage,
            Some(_) => Self::Dism,
        }
    }
}

/// The checklist for a host. `wanted` is the update that fails; without one, only what holds for any update.
///
/// A step that is done already passes; one that is to be done fails with severity `advice`, whatever it is for.
pub fn checklist(catalog: &Catalog, host: &Host, wanted: Option<KbId>) -> Vec<Finding> {
    let identity = identity::identify(catalog, host);
    let installed = Installed::derive(catalog, host, &identity);
    let today = super::Today::of(catalog);
    let c = Context { catalog, host, identity: &identity, installed: &installed, today };
    steps(&c, &lifecycle::support(&c), wanted)
}

pub(super) fn steps(c: &Context<'_>, s: &Support<'_>, wanted: Option<KbId>) -> Vec<Finding> {
    let mut out = Vec::new();
    if !c.offline() {
        out.push(restart(c));
    }
    out.extend(stack(c, s));
    out.push(repair(c));
    out.extend(wanted.map(|kb| by_hand(c, kb)));
    out
}

fn step(check: Check, outcome: Outcome, evidence: Vec<Evidence>) -> Finding {
    Finding::new(check, outcome, Severity::Advice, evidence)
}

fn restart(c: &Context<'_>) -> Finding {
    match &c.host.pending_reboot {
        Some(f) if !f.value => {
            let says = Says::Resolver(crate::resolve::statement::Says::RestartPending(false));
            step(Check::StepRestart, Outcome::Pass, vec![Evidence::host(says, &f.origin)])
        }
        Some(f) => {
            let says = Says::Resolver(crate::resolve::statement::Says::RestartPending(true));
            step(Check::StepRestart, Outcome::Fail, vec![Evidence::host(says, &f.origin)])
                .remedy(Action::Restart, GUIDANCE)
        }
        None => {
            let mut unknown = step(Check::StepRestart, Outcome::Unknown, vec![Evidence::rule(Says::NotTold)])
                .remedy(Action::Restart, GUIDANCE);
            unknown.ask.push(Ask::PendingReboot);
            unknown
        }
    }
}

fn stack(c: &Context<'_>, s: &Support<'_>) -> Option<Finding> {
    if next::combined(c) {
        let evidence = vec![Evidence::page(Says::StackComesWithUpdates, STACKS)];
        return Some(step(Check::StepStack, Outcome::Pass, evidence));
    }
    let (kb, entry) = next::newest_stack(c, next::last_day(s))?;
    let says = Says::NewestStack(kb);
    let from = From::Catalog { url: entry.source.url.to_owned(), standing: entry.standing };
    let evidence = vec![Evidence { says, from }];
    Some(
        step(Check::StepStack, Outcome::Unknown, evidence)
            .naming(vec![kb])
            .remedy(Action::Install(vec![kb]), STACKS),
    )
}

fn repair(c: &Context<'_>) -> Finding {
    let means = Repair::of(c.identity.kernel, c.offline());
    let evidence = match &c.host.store_corrupt {
        Some(f) if f.value => {
            let says = Says::Resolver(crate::resolve::statement::Says::StoreCorrupt);
            return step(Check::StepRepair, Outcome::Fail, vec![Evidence::host(says, &f.origin)])
                .remedy(Action::RepairStore(means, None), page(means));
        }
        Some(f) => {
            return step(Check::StepRepair, Outcome::Pass, vec![Evidence::host(Says::StoreWhole, &f.origin)]);
        }
        None => vec![Evidence::rule(Says::NotTold)],
    };
    step(Check::StepRepair, Outcome::Unknown, evidence).remedy(Action::RepairStore(means, None), page(means))
}

/// The page that tells of a means of repair.
pub(super) fn page(means: Repair) -> &'static str {
    match means {
        // the guidance names the tool for 7, 2008 R2 and 2008 SP2; its own page is now about DISM alone
        Repair::ReadinessTool | Repair::Either => GUIDANCE,
        Repair::Dism | Repair::DismOfImage | Repair::FileChecker => REPAIR,
    }
}

/// The package of an update for this host in the Update Catalog: its file name up to the digest.
fn by_hand(c: &Context<'_>, kb: KbId) -> Finding {
    let architecture = c.host.architecture.as_ref().map(|f| f.value).or_else(|| only_architecture(c));
    let name = format!(
        "{}kb{}{}*.msu",
        prefix(c).unwrap_or("*"),
        kb.number(),
        architecture.map_or_else(|| "-*".to_owned(), |a| format!("-{}", a.name().to_ascii_lowercase()))
    );
    let mut evidence = vec![Evidence::rule(Says::PackageName {
        name: name.clone(),
        architecture_known: architecture.is_some(),
    })];
    if let Some(first) = checkpoint(c, kb) {
        evidence.push(Evidence::page(Says::CheckpointFirst(first), CHECKPOINTS));
    }
    let mut found = step(Check::StepManual, Outcome::Unknown, evidence)
        .naming(vec![kb])
        .remedy(Action::ByHand { kb, name }, GUIDANCE);
    if architecture.is_none() {
        found.ask.push(Ask::Architecture);
    }
    found
}

/// The checkpoint that goes on before the update, unless it is there.
fn checkpoint(c: &Context<'_>, kb: KbId) -> Option<KbId> {
    let is_checkpoint = |kb: &KbId| c.catalog.update(*kb).is_some_and(|u| u.kind == UpdateKind::Checkpoint);
    let here = |r: &Rule<'_>| !r.products.intersection(c.identity.products).is_empty();
    c.catalog.rules(kb).iter().filter(|r| here(r)).flat_map(|r| &r.requires).find_map(|clause| {
        let first = clause.0.iter().find_map(|r| match r {
            Requirement::Update { kb, .. } => Some(*kb).filter(is_checkpoint),
            _ => None,
        })?;
        (c.installed.meets_any(clause, None).0.truth != Truth::True).then_some(first)
    })
}

/// How checkpoints are installed with what follows them.
pub(super) const CHECKPOINTS: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/catalog-checkpoint-cumulative-updates";

fn only_architecture(c: &Context<'_>) -> Option<Architecture> {
    let mut all = c.identity.products.iter().map(|p| c.catalog.product(p).architectures);
    let first = all.next()?;
    let mut members = Architecture::ALL.into_iter().filter(|a| first.contains(*a));
    let one = members.next()?;
    (members.next().is_none() && all.all(|a| a == first)).then_some(one)
}

/// How the file names of this Windows's packages begin; none where no source tells.
fn prefix(c: &Context<'_>) -> Option<&'static str> {
    let kernel = c.identity.kernel?;
    Some(match (kernel, c.identity.build) {
        ((6, 0), _) => "windows6.0-",
        ((6, 1), _) => "windows6.1-",
        ((6, 2), _) => "windows8-rt-",
        ((6, 3), _) => "windows8.1-",
        ((10, 0), Some(10_240..=20_348)) => "windows10.0-",
        ((10, 0), Some(25_398)) | ((10, 0), None) => return None,
        ((10, 0), Some(22_000..)) => "windows11.0-",
        _ => return None,
    })
}
