//! What a host is after a change: facts follow that the catalog states, nothing is guessed.

use crate::{
    catalog::{
        Catalog,
        view::{LineKind, Update},
    },
    inventory,
    model::{
        Fact, FeatureState, Host, KbId, Licence, Location, Origin, PackageState, ProductId, Standing,
        UpdateKind, Version,
    },
    resolve::{
        identity::{self, Identity},
        installed,
        requirement::{SHA2_SUPPORT, brings_component, leading_version},
    },
};
use std::sync::Arc;

/// One change of a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// an update is installed; on a running system it may wait for a restart
    Install(KbId),
    /// an update is removed; on a running system it is gone after a restart
    Remove(KbId),
    /// a fact is so, in the grammar of `--set`: `os.edition=Enterprise`
    Set(String),
    /// a Windows feature is switched on
    EnableFeature(String),
    /// a server role is installed
    AddRole(String),
    /// a licence becomes active
    Licence(Licence),
    /// a step that is no update is done, as rules name it
    Manual(String),
    /// the system restarts
    Restart,
}

/// The origin of facts that follow from a step of a plan, counted from 1: shown as `plan: step 3`.
pub fn step(number: usize) -> Origin {
    named("plan", &format!("step {number}"))
}

/// The origin of facts that a change makes which is no step of a plan: shown as `what-if: KB2919355 installed`.
pub fn named(input: &str, what: &str) -> Origin {
    Origin { input: Arc::from(input), format: "plan", at: Location::Member(what.to_owned()) }
}

/// The host after a change. `identity` is the host as identified before it; facts that the change makes carry `origin`.
///
/// # Errors
/// One line: a fact that is none or has the wrong type, an update that cannot be removed.
pub fn apply(
    catalog: &Catalog,
    host: &Host,
    identity: &Identity,
    change: &Change,
    origin: &Origin,
) -> Result<Host, String> {
    let mut after = host.clone();
    change_in_place(catalog, &mut after, identity, change, origin)?;
    Ok(after)
}

/// The host after these changes, one after the other, and after the restarts that they need.
///
/// # Errors
/// As [`apply`].
pub fn settled(catalog: &Catalog, host: &Host, changes: &[Change], origin: &Origin) -> Result<Host, String> {
    let mut after = host.clone();
    for change in changes {
        let identity = identity::identify(catalog, &after);
        change_in_place(catalog, &mut after, &identity, change, origin)?;
        if waits(&after, change) {
            let identity = identity::identify(catalog, &after);
            change_in_place(catalog, &mut after, &identity, &Change::Restart, origin)?;
        }
    }
    Ok(after)
}

/// Does this change only count after a restart?
fn waits(host: &Host, change: &Change) -> bool {
    let (Change::Install(kb) | Change::Remove(kb)) = change else { return false };
    let state = host.updates.get(kb).map(|f| f.value);
    matches!(state, Some(PackageState::InstallPending | PackageState::UninstallPending))
}

/// [`apply`] without the copy. The host is unchanged where it gives an error.
///
/// # Errors
/// As [`apply`].
pub fn change_in_place(
    catalog: &Catalog,
    host: &mut Host,
    identity: &Identity,
    change: &Change,
    origin: &Origin,
) -> Result<(), String> {
    let fact = |state| Fact::new(state, origin.clone());
    match change {
        Change::Install(kb) => {
            let waits = !is_image(host) && asks_restart(catalog, *kb) != Some(false);
            if waits {
                host.updates.insert(*kb, fact(PackageState::InstallPending));
            } else {
                install(catalog, host, identity, *kb, origin);
            }
        }
        Change::Remove(kb) => {
            if let Some(why) = never_removed(catalog, *kb) {
                return Err(format!("{kb} cannot be removed: {why}"));
            }
            if is_image(host) {
                remove(catalog, host, identity, *kb, origin);
            } else {
                host.updates.insert(*kb, fact(PackageState::UninstallPending));
            }
        }
        Change::Set(text) => inventory::set_fact(host, text)?,
        Change::EnableFeature(name) => {
            host.features.insert(name.clone(), Fact::new(FeatureState::Enabled, origin.clone()));
        }
        Change::AddRole(name) => host.roles.push(Fact::new(name.clone(), origin.clone())),
        Change::Licence(licence) => {
            let active = Some(Fact::new(true, origin.clone()));
            match licence {
                Licence::Esu | Licence::EsuYear(_) => host.esu = active,
                Licence::AzureArc => host.azure_arc = active,
                Licence::Hotpatch => host.hotpatch = active,
            }
        }
        Change::Manual(what) => {
            host.steps_done.insert(what.clone(), Fact::new((), origin.clone()));
        }
        Change::Restart => restart(catalog, host, identity, origin),
    }
    Ok(())
}

/// An image that is not running: what is installed counts at once.
pub fn is_image(host: &Host) -> bool {
    host.offline_image.as_ref().is_some_and(|f| f.value)
}

/// Does the package ask for a restart? `None` if its kind does not tell: the exit code of its installer does.
///
/// By kind, since no source states it for each package. Only servicing stack updates are documented, to need none (see
/// `never_removed`). Where this is wrong nothing is installed too early: a restart too many does no harm, and a package
/// that asks for one ends with exit code 3010.
pub fn asks_restart(catalog: &Catalog, kb: KbId) -> Option<bool> {
    match catalog.update(kb)?.kind {
        UpdateKind::ServicingStack | UpdateKind::Hotpatch => Some(false),
        UpdateKind::Update
        | UpdateKind::Hotfix
        | UpdateKind::DotnetRollup
        | UpdateKind::DotnetProduct
        | UpdateKind::EsuPreparation
        | UpdateKind::LanguagePack
        | UpdateKind::DynamicUpdate
        | UpdateKind::FeaturePack => None,
        UpdateKind::Cumulative
        | UpdateKind::CumulativePreview
        | UpdateKind::MonthlyRollup
        | UpdateKind::RollupPreview
        | UpdateKind::SecurityOnly
        | UpdateKind::Combined
        | UpdateKind::Checkpoint
        | UpdateKind::Enablement
        | UpdateKind::ServicePack
        | UpdateKind::InternetExplorerCumulative
        | UpdateKind::InternetExplorerProduct
        | UpdateKind::ManagementFramework
        | UpdateKind::Delta => Some(true),
    }
}

/// Why an update cannot be removed: a servicing stack update that is installed stays.
///
/// Source: <https://learn.microsoft.com/en-us/windows/deployment/update/servicing-stack-updates>, "Installation notes"
/// (MicrosoftDocs/windows-itpro-docs at 0062b68c57db4af372e8c6f1fbad0e51002a98a0).
fn never_removed(catalog: &Catalog, kb: KbId) -> Option<&'static str> {
    let update = catalog.update(kb)?;
    (update.kind == UpdateKind::ServicingStack).then_some("a servicing stack update stays")
}

fn restart(catalog: &Catalog, host: &mut Host, identity: &Identity, origin: &Origin) {
    let of = |host: &Host, state: PackageState| -> Vec<KbId> {
        host.updates.iter().filter(|(_, f)| f.value == state).map(|(kb, _)| *kb).collect()
    };
    for kb in of(host, PackageState::UninstallPending) {
        remove(catalog, host, identity, kb, origin);
    }
    for kb in of(host, PackageState::InstallPending) {
        install(catalog, host, identity, kb, origin);
    }
    for f in host.features.values_mut() {
        let settled = match f.value {
            FeatureState::EnablePending => FeatureState::Enabled,
            FeatureState::DisablePending => FeatureState::Disabled,
            _ => continue,
        };
        *f = Fact::new(settled, origin.clone());
    }
    host.pending_reboot = Some(Fact::new(false, origin.clone()));
}

/// The update is there: the facts that the catalog says it brings.
fn install(catalog: &Catalog, host: &mut Host, identity: &Identity, kb: KbId, origin: &Origin) {
    host.updates.insert(kb, Fact::new(PackageState::Installed, origin.clone()));
    let update = catalog.update(kb);
    if identity.kernel.is_none_or(|k| k.0 >= 10)
        && let Some(revision) = installed::cumulative_entry(catalog, identity, kb).and_then(|e| e.revision)
    {
        raise_revision(host, revision, origin);
        let carries = update.as_ref().is_some_and(|u| carries_stack(u, identity));
        // its servicing stack is newer, of a version that no line lists
        if carries {
            host.servicing_stack = None;
        }
    }
    let stacks: Vec<_> = own_entries(catalog, identity, kb, LineKind::ServicingStack).collect();
    match (stacks.iter().find_map(|e| e.stack), &host.servicing_stack) {
        (Some(stack), Some(known)) if stack > known.value => {
            host.servicing_stack = Some(Fact::new(stack, origin.clone()));
        }
        // a newer one, of a version that no line lists
        (None, Some(_)) if !stacks.is_empty() => host.servicing_stack = None,
        _ => {}
    }
    if kb == SHA2_SUPPORT && host.sha2_support.is_some() {
        host.sha2_support = Some(Fact::new(true, origin.clone()));
    }
    let Some(update) = update else { return };
    if let Some((component, version)) = brings_component(&update) {
        raise_component(host, component, version, origin);
    }
    if matches!(update.kind, UpdateKind::ServicePack | UpdateKind::Enablement)
        && let Some(product) = release_made_by(catalog, identity, &update)
    {
        become_release(catalog, host, identity, product, origin);
    }
}

fn raise_revision(host: &mut Host, revision: u32, origin: &Origin) {
    match &host.revision {
        Some(known) if known.value >= revision => {}
        Some(_) => host.revision = Some(Fact::new(revision, origin.clone())),
        // it may have been higher before
        None if host.revision_at_least.as_ref().is_some_and(|f| f.value >= revision) => {}
        None => host.revision_at_least = Some(Fact::new(revision, origin.clone())),
    }
}

/// Cumulative updates since 2021-02 on 2004 and later carry their servicing stack.
pub(super) fn carries_stack(update: &Update<'_>, identity: &Identity) -> bool {
    matches!(update.kind, UpdateKind::Combined | UpdateKind::Checkpoint)
        || update.kind.is_cumulative()
            && identity.build.is_some_and(|b| b >= 19041)
            && update.date.is_some_and(|d| d >= jiff::civil::date(2021, 2, 24))
}

fn own_entries<'a>(
    catalog: &'a Catalog,
    identity: &Identity,
    kb: KbId,
    kind: LineKind,
) -> impl Iterator<Item = crate::catalog::view::Entry<'a>> {
    let products = identity.products;
    catalog.places(kb).into_iter().filter(move |e| {
        let line = catalog.line(e.line);
        e.standing != Standing::Unverified
            && line.kind == kind
            && !line.products.intersection(products).is_empty()
    })
}

fn raise_component(host: &mut Host, component: &str, version: Version, origin: &Origin) {
    let higher = |known: &Option<Fact<String>>| {
        known.as_ref().and_then(|f| leading_version(&f.value)).is_none_or(|known| known < version)
    };
    let text = || Some(Fact::new(version.to_string(), origin.clone()));
    match component {
        "dotnet" if higher(&host.dotnet_framework) => host.dotnet_framework = text(),
        "wmf" if higher(&host.wmf) => host.wmf = text(),
        "ie" if host.internet_explorer.as_ref().is_none_or(|f| f.value < version.0[0]) => {
            host.internet_explorer = Some(Fact::new(version.0[0], origin.clone()));
        }
        _ => {}
    }
}

/// The release that a service pack or an enablement package makes of the host: the first later one, of those that have
/// it, for client or server as the host is.
pub fn release_made_by(catalog: &Catalog, identity: &Identity, update: &Update<'_>) -> Option<ProductId> {
    let from = |p: ProductId| {
        let p = catalog.product(p);
        (p.server, p.version, p.service_pack)
    };
    let mut made: Option<ProductId> = None;
    for host in identity.products.iter() {
        let (server, version, pack) = from(host);
        let later =
            update.packages.iter().filter(|p| p.built_in).flat_map(|p| p.products.iter()).filter(|p| {
                let (s, v, sp) = from(*p);
                s == server && v.0[..2] == version.0[..2] && (v, sp) > (version, pack)
            });
        let first = later.min_by_key(|p| (from(*p).1, from(*p).2, p.0))?;
        // the same level for a client and a server: which of them it is need not be known
        let level = |p: ProductId| (from(p).1, from(p).2);
        if made.is_some_and(|m| level(m) != level(first)) {
            return None;
        }
        made = Some(first);
    }
    made
}

fn become_release(
    catalog: &Catalog,
    host: &mut Host,
    identity: &Identity,
    product: ProductId,
    origin: &Origin,
) {
    let product = catalog.product(product);
    let is_one_kind = identity.products.iter().all(|p| catalog.product(p).server == product.server);
    host.version = Some(Fact::new(product.version, origin.clone()));
    if let Some(pack) = product.service_pack {
        host.service_pack = Some(Fact::new(pack, origin.clone()));
    }
    if let Some(release) = product.release {
        host.release = Some(Fact::new(release.to_owned(), origin.clone()));
    }
    // a name with the former service pack or release in it would contradict the build
    if let Some(name) = &host.product
        && identity::products_named(catalog, &name.value).iter().all(|p| p != product.id)
    {
        host.product = is_one_kind.then(|| Fact::new(product.name.to_owned(), origin.clone()));
    }
}

/// The update is gone: what it brought is not known any more, unless the lists tell what was there before.
fn remove(catalog: &Catalog, host: &mut Host, identity: &Identity, kb: KbId, origin: &Origin) {
    host.updates.insert(kb, Fact::new(PackageState::Absent, origin.clone()));
    let modern = identity.kernel.is_none_or(|k| k.0 >= 10);
    let entry = installed::cumulative_entry(catalog, identity, kb).filter(|_| modern);
    if let Some(revision) = entry.and_then(|e| e.revision) {
        let by_it = host.revision.as_ref().is_some_and(|f| f.value == revision);
        if by_it {
            // the one that it had replaced is in force again
            let former = host.updates.iter().filter(|(_, f)| f.value == PackageState::Superseded);
            let former = former.filter_map(|(kb, _)| {
                installed::cumulative_entry(catalog, identity, *kb)?.revision.filter(|r| *r < revision)
            });
            host.revision = former.max().map(|r| Fact::new(r, origin.clone()));
            host.revision_at_least = None;
        } else if host.revision_at_least.as_ref().is_some_and(|f| f.value >= revision) {
            host.revision_at_least = None;
        }
        host.servicing_stack = None;
    }
    if kb == SHA2_SUPPORT {
        host.sha2_support = None;
    }
    let Some(update) = catalog.update(kb) else { return };
    match brings_component(&update) {
        Some(("dotnet", _)) => host.dotnet_framework = None,
        Some(("wmf", _)) => host.wmf = None,
        Some(("ie", _)) => host.internet_explorer = None,
        _ => {}
    }
    // what needs it is not known to work any more, and its being listed would imply that this is there
    let dependants: Vec<KbId> = host
        .updates
        .iter()
        .filter(|(_, f)| f.value == PackageState::Installed)
        .map(|(other, _)| *other)
        .filter(|other| installed::needs_only(catalog, identity, *other, kb))
        .collect();
    for other in dependants {
        host.updates.remove(&other);
        let note = format!("{other} needs {kb}: what becomes of it when {kb} is removed is not known");
        host.notes.push(Fact::new(note, origin.clone()));
    }
    if update.kind == UpdateKind::ServicePack
        && let Some(former) = release_before(catalog, identity, &update)
    {
        become_release(catalog, host, identity, former, origin);
    }
}

/// The release that a service pack was installed on.
fn release_before(catalog: &Catalog, identity: &Identity, update: &Update<'_>) -> Option<ProductId> {
    let host = catalog.product(identity.products.iter().next()?);
    let earlier = update.products().iter().map(|p| catalog.product(p)).filter(|p| {
        p.server == host.server && p.version.0[..2] == host.version.0[..2] && p.version < host.version
    });
    earlier.max_by_key(|p| (p.version, p.service_pack)).map(|p| p.id)
}
