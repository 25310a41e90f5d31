//! Is the package for this Windows version, service pack, architecture and edition?

use super::Context;
use crate::{
    diagnose::LogFinding,
    model::{ArchitectureSet, Cause, Host, Licence, ProductSet, Requirement, Standing, UpdateKind},
    resolve::{
        identity,
        question::{Finding, Remedy},
        statement::{Ask, Certainty, Evidence, Says, Truth},
    },
};

pub(super) fn check(c: &Context<'_>, out: &mut Vec<Finding>) {
    windows_version(c, out);
    architecture(c, out);
    edition(c, out);
    kind(c, out);
}

fn names(c: &Context<'_>, products: ProductSet) -> Vec<String> {
    products.iter().map(|p| c.catalog.product(p).name.to_owned()).collect()
}

fn windows_version(c: &Context<'_>, out: &mut Vec<Finding>) {
    let log = c.log.iter().find_map(|e| match e.value {
        LogFinding::BuildMismatch { package, image } => {
            Some(super::log::told(Says::BuildMismatchInLog { package, image }, e))
        }
        _ => None,
    });
    if let Some(evidence) = log {
        let remedy = Remedy::TakePackageFor(c.identity.words.clone());
        out.push(Finding::fail(Cause::WrongOs, Certainty::Confirmed, evidence).shown().remedy(remedy));
        return;
    }
    if let Some(finding) = tried_for_another(c) {
        out.push(finding);
        return;
    }
    let Some(update) = c.update else {
        if let Some(kb) = c.question.kb {
            let newer = kb > c.catalog.newest_kb();
            let says = if newer { Says::NewerThanCatalog(kb) } else { Says::NotInCatalog(kb) };
            out.push(Finding::unknown(
                Cause::WrongOs,
                true,
                vec![Evidence::rule(says)],
                vec![Ask::PackageName],
            ));
        }
        return;
    };
    let kb = update.kb;
    let host = c.products();
    let mut evidence = c.identity.evidence.clone();
    if host.is_empty() {
        let ask = vec![Ask::OsVersion];
        evidence.push(packages_for(c, update.products()));
        // a Windows that no product stands for: none of the known packages is for it
        if !c.identity.nothing_stated && update.all_packages_known {
            evidence.push(Evidence::rule(Says::NoPackageFor(kb, c.identity.words.clone())));
        }
        out.push(Finding::unknown(Cause::WrongOs, true, evidence, ask));
        return;
    }
    let installable = update.products();
    let built_in =
        update.packages.iter().filter(|p| p.built_in).fold(ProductSet::default(), |s, p| s.union(p.products));
    if host.is_subset(installable) {
        evidence.push(packages_for(c, installable.intersection(host)));
        out.push(Finding::pass(Cause::WrongOs, c.identity.certainty, evidence));
    } else if of_branch(c, installable) {
        evidence.push(packages_for(c, installable));
        out.push(Finding::pass(Cause::WrongOs, Certainty::Inferred, evidence));
    } else if !host.intersection(installable).is_empty() {
        evidence.push(packages_for(c, installable));
        out.push(Finding::unknown(Cause::WrongOs, true, evidence, vec![Ask::OsVersion]));
    } else if host.is_subset(built_in) && leads_to_release(update.kind) {
        // what it brings is there: `present` says whether by itself or by a later release
        evidence.push(packages_for(c, installable));
        out.push(Finding::pass(Cause::WrongOs, c.identity.certainty, evidence));
    } else if host.is_subset(built_in) {
        evidence.push(Evidence::catalog(
            Says::BuiltIn(kb, c.identity.words.clone()),
            update.source,
            update.standing,
        ));
        out.push(Finding::fail(Cause::WrongOs, Certainty::Confirmed, evidence).remedy(Remedy::Nothing));
    } else if let Some(finding) = service_pack(c, installable, &evidence) {
        out.push(finding);
    } else {
        evidence.push(packages_for(c, installable));
        evidence.push(Evidence::rule(Says::NoPackageFor(kb, c.identity.words.clone())));
        let elsewhere = !serves_sibling(c, installable)
            && (leads_to_release(update.kind) || !serves_earlier_of_branch(c, installable));
        if update.all_packages_known && !installable.is_empty() && elsewhere {
            // a list of products that only a tool or a recollection gives is no confirmation
            let certainty = if update.standing == Standing::Verified {
                Certainty::Confirmed
            } else {
                Certainty::Inferred
            };
            out.push(
                Finding::fail(Cause::WrongOs, certainty, evidence)
                    .remedy(Remedy::NoPackage(c.identity.words.clone())),
            );
        } else {
            out.push(Finding::unknown(Cause::WrongOs, true, evidence, vec![Ask::PackageName]));
        }
    }
}

/// Feeds and update histories list the products that were in support. The package of a client build serves the server of
/// the same build, and the other way round, whether or not a feed says so: that the list lacks it is no proof.
fn serves_sibling(c: &Context<'_>, installable: ProductSet) -> bool {
    let from_feed = c.update.is_some_and(|u| !u.component.is_empty() || !c.catalog.places(u.kb).is_empty());
    // client and server of 26100 part ways in January 2026
    let parted = c.update.and_then(|u| u.date).is_some_and(|d| d >= jiff::civil::date(2026, 1, 1));
    from_feed
        && c.products().iter().any(|h| {
            let host = c.catalog.product(h);
            installable.iter().map(|p| c.catalog.product(p)).any(|p| {
                p.version == host.version && p.server != host.server && (p.branch == host.branch || !parted)
            })
        })
}

/// A service pack or enablement package makes another release of Windows: a host at that release or past it has it.
pub(super) const fn leads_to_release(kind: UpdateKind) -> bool {
    matches!(kind, UpdateKind::ServicePack | UpdateKind::Enablement)
}

/// A cumulative update or servicing stack of builds that share the host's branch, and are not all later than it: the same
/// package serves the builds that enablement packages made of them.
fn of_branch(c: &Context<'_>, installable: ProductSet) -> bool {
    c.update.is_some_and(|u| u.kind.is_cumulative() || u.kind == UpdateKind::ServicingStack)
        && serves_earlier_of_branch(c, installable)
}

/// Packages for builds that share the host's branch, and are not all later than it. What a branch got before a release of
/// it was made is listed for the earlier releases only, though the content is the same.
fn serves_earlier_of_branch(c: &Context<'_>, installable: ProductSet) -> bool {
    let Some(build) = c.identity.build.filter(|b| *b >= 10_000) else { return false };
    c.products().iter().all(|h| {
        let host = c.catalog.product(h);
        installable
            .iter()
            .map(|p| c.catalog.product(p))
            .any(|p| p.branch == host.branch && p.server == host.server && p.version.0[2] <= build)
    })
}

fn packages_for(c: &Context<'_>, products: ProductSet) -> Evidence {
    match c.update {
        Some(u) => Evidence::catalog(Says::PackagesFor(u.kb, names(c, products)), u.source, u.standing),
        None => Evidence::rule(Says::NoList),
    }
}

/// The package that was tried is for other systems than the host's.
fn tried_for_another(c: &Context<'_>) -> Option<Finding> {
    let by_name = c.question.package.as_ref().and_then(|p| p.target);
    let mut evidence = c.identity.evidence.clone();
    let argument = argument("--package");
    let mut mismatch = false;
    if let (Some(target), Some(kernel)) = (by_name, c.identity.kernel) {
        let build = c.identity.build.unwrap_or(0);
        let fits =
            target.kernel == kernel && (target.least_build == 0 || build == 0 || build >= target.least_build);
        if !fits {
            evidence.push(Evidence::host(Says::PackageTriedFor(target.systems.to_owned()), &argument));
            mismatch = true;
        }
    }
    if let Some(text) = &c.question.package_for {
        let named = identity::products_named(c.catalog, text);
        let apart =
            !named.is_empty() && !c.products().is_empty() && named.intersection(c.products()).is_empty();
        // a package for a service pack of the same Windows is judged by the service pack
        let same_windows = named.iter().any(|n| {
            c.products().iter().any(|h| {
                let (n, h) = (c.catalog.product(n), c.catalog.product(h));
                n.server == h.server
                    && (n.version.0[0], n.version.0[1]) == (h.version.0[0], h.version.0[1])
                    && n.version.0[0] < 10
            })
        });
        if apart && !same_windows {
            let says = Says::PackageTriedFor(text.chars().filter(|c| !c.is_control()).take(80).collect());
            evidence.push(Evidence::host(says, &self::argument("--package-for")));
            mismatch = true;
        }
    }
    mismatch.then_some(())?;
    let exists = c.update.filter(|u| !u.products().intersection(c.products()).is_empty());
    let remedy = match (exists, c.question.kb) {
        (Some(u), _) => {
            evidence.push(Evidence::catalog(
                Says::RightPackageExists(u.kb, c.identity.words.clone()),
                u.source,
                u.standing,
            ));
            Remedy::TakePackageFor(c.identity.words.clone())
        }
        _ => Remedy::NoPackage(c.identity.words.clone()),
    };
    Some(Finding::fail(Cause::WrongOs, Certainty::Confirmed, evidence).remedy(remedy))
}

fn argument(name: &str) -> crate::model::Origin {
    crate::model::Origin::whole(&std::sync::Arc::from(name), "argument")
}

/// The packages are for the same Windows at another service pack.
fn service_pack(c: &Context<'_>, installable: ProductSet, evidence: &[Evidence]) -> Option<Finding> {
    let level = c.identity.service_pack?;
    let kernel = c.identity.kernel?;
    let kb = c.question.kb?;
    let server = c.products().iter().next().map(|p| c.catalog.product(p).server);
    let levels: Vec<u8> = installable
        .iter()
        .map(|p| c.catalog.product(p))
        .filter(|p| (p.version.0[0], p.version.0[1]) == kernel && server.is_none_or(|s| s == p.server))
        .filter_map(|p| p.service_pack)
        .collect();
    let (lowest, highest) = (*levels.iter().min()?, *levels.iter().max()?);
    let mut evidence = evidence.to_vec();
    evidence.push(packages_for(c, installable));
    if level < lowest {
        evidence.push(Evidence::rule(Says::ServicePackTooLow { host: level, needs: lowest }));
        // the service packs of this Windows that lead there
        let packs: Vec<_> = service_packs(c, kernel, level, lowest);
        return Some(
            Finding::fail(Cause::MissingPrerequisite, Certainty::Confirmed, evidence)
                .naming(packs.clone())
                .remedy(Remedy::InstallFirst(packs.into_iter().map(|kb| vec![kb]).collect())),
        );
    }
    (level > highest).then(|| {
        evidence.push(Evidence::rule(Says::ServicePackTooHigh { host: level, at_most: highest }));
        evidence.push(Evidence::rule(Says::NoPackageFor(kb, c.identity.words.clone())));
        Finding::fail(Cause::WrongOs, Certainty::Confirmed, evidence)
            .remedy(Remedy::NoPackage(c.identity.words.clone()))
    })
}

/// Service pack updates from one level to another, in order.
pub(super) fn service_packs(
    c: &Context<'_>,
    kernel: (u32, u32),
    from: u8,
    to: u8,
) -> Vec<crate::model::KbId> {
    let mut packs: Vec<(u8, crate::model::KbId)> = c
        .catalog
        .of_kind(UpdateKind::ServicePack)
        .filter_map(|kb| c.catalog.update(kb))
        .filter_map(|u| {
            let level = u
                .products()
                .iter()
                .map(|p| c.catalog.product(p))
                .filter(|p| (p.version.0[0], p.version.0[1]) == kernel)
                .filter_map(|p| p.service_pack)
                .max()?;
            (from..to).contains(&level).then_some((level, u.kb))
        })
        .collect();
    packs.sort_unstable();
    packs.into_iter().map(|(_, kb)| kb).collect()
}

fn architecture(c: &Context<'_>, out: &mut Vec<Finding>) {
    let tried = c.question.architecture_tried();
    let Host { architecture: host, .. } = c.host;
    let mut evidence: Vec<Evidence> =
        host.iter().map(|f| Evidence::host(Says::HostArchitecture(f.value), &f.origin)).collect();
    if let Some(tried) = tried {
        let stated = match c.question.package_architecture {
            Some(_) => argument("--package-arch"),
            None => c.question.package_origin(),
        };
        evidence.push(Evidence::host(Says::PackageArchitecture(tried), &stated));
        out.push(match host {
            Some(f) if f.value == tried => {
                Finding::pass(Cause::WrongArchitecture, Certainty::Confirmed, evidence)
            }
            Some(f) => Finding::fail(Cause::WrongArchitecture, Certainty::Confirmed, evidence)
                .remedy(Remedy::TakePackageFor(f.value.name().to_owned())),
            None => Finding::unknown(Cause::WrongArchitecture, true, evidence, vec![Ask::Architecture]),
        });
        return;
    }
    let Some(f) = host else {
        let evidence = vec![Evidence::rule(Says::NoList)];
        out.push(Finding::unknown(Cause::WrongArchitecture, false, evidence, vec![Ask::Architecture]));
        return;
    };
    let packages = c.update.map(|u| {
        let own = u.packages.iter().filter(|p| !p.products.intersection(c.products()).is_empty());
        own.fold((ArchitectureSet::default(), false), |(set, any), p| {
            (set.union(p.architectures), any || p.architectures.is_empty())
        })
    });
    match (c.update, packages) {
        (Some(u), Some((set, false))) if !set.is_empty() && !set.contains(f.value) => {
            let says = Says::PackagesForArchitectures(u.kb, set.iter().collect());
            evidence.push(Evidence::catalog(says, u.source, u.standing));
            // one feed may leave an architecture out: only a source that lists every package says that there is none
            out.push(if u.all_packages_known && c.catalog.places(u.kb).is_empty() {
                Finding::fail(Cause::WrongArchitecture, Certainty::Inferred, evidence)
                    .remedy(Remedy::NoPackage(f.value.name().to_owned()))
            } else {
                Finding::unknown(Cause::WrongArchitecture, false, evidence, vec![Ask::PackageName])
            });
        }
        _ => out.push(Finding::pass(Cause::WrongArchitecture, Certainty::Confirmed, evidence)),
    }
}

fn edition(c: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(update) = c.update else { return };
    for rule in c.rules {
        for excluded in rule.excludes.iter().filter(|r| matches!(r, Requirement::Edition(_))) {
            let e = c.installed.meets(excluded, update.date);
            let Requirement::Edition(words) = excluded else { continue };
            let says = Evidence::catalog(Says::NotForEdition(words.clone()), rule.source, rule.standing);
            match e.truth {
                Truth::True => {
                    let mut evidence = e.evidence;
                    evidence.push(says);
                    out.push(
                        Finding::fail(Cause::WrongEdition, e.certainty, evidence)
                            .remedy(Remedy::NoPackage(format!("{words} editions"))),
                    );
                }
                Truth::Unknown => out.push(Finding::unknown(Cause::WrongEdition, false, vec![says], e.ask)),
                Truth::False => {
                    out.push(Finding::pass(Cause::WrongEdition, e.certainty, with(e.evidence, says)))
                }
            }
        }
    }
    if update.kind == UpdateKind::Hotpatch {
        hotpatch(c, out);
    }
}

fn with(mut evidence: Vec<Evidence>, more: Evidence) -> Vec<Evidence> {
    evidence.push(more);
    evidence
}

/// A hotpatch goes on Azure Edition, or on enrolled machines.
fn hotpatch(c: &Context<'_>, out: &mut Vec<Finding>) {
    let azure = c.installed.meets(&Requirement::Edition("azure edition".into()), None);
    let enrolled = c.installed.meets(&Requirement::Licence(Licence::Hotpatch), None);
    let mut evidence = vec![Evidence::rule(Says::HotpatchNeedsEnrolment)];
    evidence.extend(azure.evidence.iter().chain(&enrolled.evidence).cloned());
    let finding = match (azure.truth, enrolled.truth) {
        (Truth::True, _) | (_, Truth::True) => {
            Finding::pass(Cause::WrongEdition, Certainty::Confirmed, evidence)
        }
        // Server 2022 knows no enrolment: the edition decides there
        (Truth::False, _) if c.identity.build == Some(20348) => {
            Finding::fail(Cause::WrongEdition, Certainty::Confirmed, evidence)
                .remedy(Remedy::NoPackage("editions other than Azure Edition".into()))
        }
        (Truth::False, Truth::False) => Finding::fail(Cause::WrongEdition, Certainty::Confirmed, evidence)
            .remedy(Remedy::Entitle("hotpatch enrolment".into())),
        _ => Finding::unknown(Cause::WrongEdition, true, evidence, vec![Ask::Edition, Ask::Hotpatch]),
    };
    out.push(finding);
}

fn kind(c: &Context<'_>, out: &mut Vec<Finding>) {
    let delta = c.question.package.as_ref().is_some_and(|p| p.delta);
    if delta {
        let evidence = vec![Evidence::host(Says::DeltaPackage, &argument("--package"))];
        out.push(Finding::unknown(Cause::WrongPackageKind, true, evidence, vec![Ask::Revision]));
    }
    if let Some(u) = c.update.filter(|u| u.kind == UpdateKind::DynamicUpdate) {
        let evidence = vec![Evidence::catalog(Says::KindIs(u.kb, u.kind.describe()), u.source, u.standing)];
        let image = c.host.offline_image.as_ref().map(|f| f.value);
        out.push(match image {
            Some(false) => {
                Finding::fail(Cause::WrongPackageKind, Certainty::Inferred, evidence).remedy(Remedy::Nothing)
            }
            _ => Finding::unknown(Cause::WrongPackageKind, true, evidence, Vec::new()),
        });
    }
}
