//! Statements, questions and remedies in English. The only place for sentences.

use crate::{
    diagnose::codes,
    model::{Cause, FeatureState, KbId, Licence, PackageState, Requirement},
    resolve::{
        question::{Finding, Remedy},
        statement::{Ask, Link, Says},
    },
};

fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}

fn kbs(updates: &[KbId], last: &str) -> String {
    list(&updates.iter().map(ToString::to_string).collect::<Vec<_>>(), last)
}

/// At most so many names, then how many more there are.
pub(super) fn some(items: &[String], at_most: usize) -> String {
    if items.len() <= at_most {
        return list(items, "and");
    }
    format!("{} and {} more", items[..at_most].join(", "), items.len() - at_most)
}

/// Some of the items of which any one will do.
fn any(items: &[String], at_most: usize) -> String {
    match items.len().saturating_sub(at_most) {
        0 => list(items, "or"),
        more => format!("{} or {more} more", items[..at_most].join(", ")),
    }
}

fn component(name: &str) -> &str {
    match name {
        "dotnet" => ".NET Framework",
        "dotnet-full" => ".NET Framework (full, not the Client Profile)",
        "wmf" => "Windows Management Framework",
        "ie" => "Internet Explorer",
        "wsus" => "WSUS",
        "msi" => "Windows Installer",
        other => other,
    }
}

/// `>=4.5.2` is "4.5.2 or later".
fn version_words(version: &str) -> String {
    let v = version.trim();
    if let Some(v) = v.strip_prefix(">=") {
        format!("{v} or later")
    } else if let Some(v) = v.strip_prefix("<=") {
        format!("{v} or earlier")
    } else if let Some(v) = v.strip_prefix('<') {
        format!("before {v}")
    } else {
        v.trim_start_matches('=').to_owned()
    }
}

/// One requirement in words.
pub fn requirement_words(r: &Requirement) -> String {
    match r {
        Requirement::Update { kb, or_later: false } => kb.to_string(),
        Requirement::Update { kb, or_later: true } => format!("{kb} or later"),
        Requirement::BuildAtLeast(b) => format!("build {b} or later"),
        Requirement::BuildAtMost(b) => format!("build {b} at most"),
        Requirement::StackAtLeast(v) => format!("servicing stack {v} or later"),
        Requirement::LatestStack => "the newest servicing stack of its day".into(),
        Requirement::ServicePackAtLeast(n) => format!("Service Pack {n}"),
        Requirement::ServicePackAtMost(0) => "no service pack".into(),
        Requirement::ServicePackAtMost(n) => format!("Service Pack {n} at most"),
        Requirement::Component { name, version } => format!("{} {}", component(name), version_words(version)),
        Requirement::Feature(n) => format!("the feature {n}"),
        Requirement::Role(n) => format!("the role {n}"),
        Requirement::Licence(Licence::Esu) => "an active ESU licence".into(),
        Requirement::Licence(Licence::EsuYear(n)) => format!("an active ESU licence of year {n}"),
        Requirement::RestartPending => "a restart that is pending".into(),
        Requirement::Licence(Licence::AzureArc) => "ESU through Azure Arc".into(),
        Requirement::Licence(Licence::Hotpatch) => "hotpatch enrolment".into(),
        Requirement::Edition(n) => {
            let article = if n.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
            format!("{article} {n} edition")
        }
        Requirement::Sha2 => "SHA-2 code signing support".into(),
        Requirement::MonthAtLeast(m) => format!("a cumulative update or rollup of {m} or later"),
        Requirement::Manual(step) => step.clone(),
    }
}

/// A clause in words: its members joined by "or".
pub fn clause_words(clause: &[Requirement]) -> String {
    let mut words: Vec<String> = Vec::new();
    for r in clause {
        // the builds of one branch share their revisions: say the revision once
        let shared = match r {
            Requirement::BuildAtLeast(b) => clause
                .iter()
                .filter(|o| matches!(o, Requirement::BuildAtLeast(o) if o.revision == b.revision))
                .count()
                .gt(&1)
                .then(|| format!("revision {} or later", b.revision)),
            _ => None,
        };
        let text = shared.unwrap_or_else(|| requirement_words(r));
        if !words.contains(&text) {
            words.push(text);
        }
    }
    list(&words, "or")
}

/// A step that is no update.
pub(super) fn manual_step(step: &str) -> String {
    match step {
        "clearcompressionflag.exe" => "clearcompressionflag.exe (comes with KB2919355; run it first)".into(),
        other => other.to_owned(),
    }
}

/// A statement in words.
pub fn says(s: &Says) -> String {
    match s {
        Says::Listed(kb, PackageState::Installed) => format!("{kb} is listed as installed"),
        Says::Listed(kb, state) => format!("{kb} is listed as {}", state.name().replace('-', " ")),
        Says::StatedAbsent(kb) => format!("{kb} is stated to be absent"),
        Says::NotInCompleteList(kb, 0) => format!("{kb} is not in the list, which is said to be complete"),
        Says::NotInCompleteList(kb, n) => format!("{kb} is not among the {n} that a complete list shows"),
        Says::NotInWholeList(kb, n) => {
            format!(
                "{kb} is not among the {n} listed; only what the image was built with stays off such a list"
            )
        }
        Says::NotListed(kb) => format!("{kb} is not listed, but the list may hide updates"),
        Says::NoList => "nothing that was given shows it".into(),
        Says::NothingListedSupersedes => "nothing listed supersedes it".into(),
        Says::ContainedByRevision { kb, brings, host } if brings.revision == *host => {
            format!("{kb} brings {brings}, which is the host's build")
        }
        Says::ContainedByRevision { kb, brings, host } => {
            format!("{kb} brings {brings}; the host is at {}.{host}, which contains it", brings.build)
        }
        Says::RevisionAtLeast { revision, by } => {
            format!("{by} is listed: the host is at revision {revision} or later")
        }
        Says::BelowRevision { kb, brings, host } => {
            format!("{kb} brings {brings}; the host is at {}.{host}, below it", brings.build)
        }
        Says::RevisionUnknown { kb, brings } => {
            format!(
                "{kb} brings {brings}; the host's revision is not known, and older cumulative updates leave the lists"
            )
        }
        Says::ImpliedBy { kb, dependant } => {
            format!("{dependant} is installed and needs {kb}: it must be there though no list shows it")
        }
        Says::InServicePack { kb, level } => {
            format!("{kb} is part of Service Pack {level}, which the host has")
        }
        Says::Chain(chain, link) => {
            let how = match link {
                Link::Line => "later in the same line, each replaces all before it",
                Link::Supersedes => "supersedes it",
                Link::Covers => "carries its content",
                Link::Contains => "contains it",
                Link::Satisfies => "stands in for it",
            };
            format!("{} ({how})", chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(" < "))
        }
        Says::Covered { security_only, rollup } => {
            format!(
                "{security_only} < {rollup} (the monthly rollup carries the security-only updates up to its month)"
            )
        }
        Says::StackOnHost { host, package } => {
            format!("the host's servicing stack is {host}; the update brings {package}")
        }
        Says::StackInCumulative { stack, cumulative } => {
            format!(
                "cumulative updates here carry their servicing stack; the host has that of {cumulative}, as new as {stack}"
            )
        }
        Says::HostIs(words) => format!("the host is {words}"),
        Says::IdentifiedBy(kb) => format!("{kb} is listed, which tells the Windows version"),
        Says::PackagesFor(kb, products) if products.is_empty() => {
            format!("{kb} has no package that the catalog knows")
        }
        Says::PackagesFor(kb, products) => format!("{kb} has packages for {}", some(products, 4)),
        Says::NoPackageFor(kb, host) => format!("{kb} has no package for {host}"),
        Says::BuiltIn(kb, host) => format!("what {kb} brings is part of {host}"),
        Says::PackageTriedFor(systems) => format!("the package that was tried is for {systems}"),
        Says::RightPackageExists(kb, host) => format!("{kb} has a package for {host}, too"),
        Says::ServicePackTooLow { host: 0, needs } => {
            format!("the host has no service pack; it needs Service Pack {needs}")
        }
        Says::ServicePackTooLow { host, needs } => {
            format!("the host is at Service Pack {host}; it needs Service Pack {needs}")
        }
        Says::ServicePackTooHigh { host, at_most: 0 } => {
            format!("the host is at Service Pack {host}; the package is for systems without one")
        }
        Says::ServicePackTooHigh { host, at_most } => {
            format!("the host is at Service Pack {host}; the package is for Service Pack {at_most} at most")
        }
        Says::HostArchitecture(a) => format!("Windows on the host is {a}"),
        Says::PackageArchitecture(a) => format!("the package that was tried is for {a}"),
        Says::PackagesForArchitectures(kb, set) => {
            format!(
                "{kb} has packages for {}",
                some(&set.iter().map(ToString::to_string).collect::<Vec<_>>(), 5)
            )
        }
        Says::HostEdition(e) => format!("the edition is {e}"),
        Says::NotForEdition(e) => format!("the package leaves out {e}"),
        Says::Needs { kb, clause, .. } if clause.is_empty() => {
            format!("the catalog knows no prerequisite of {kb}")
        }
        Says::Needs { kb, clause, why } if why.is_empty() => format!("{kb} needs {}", clause_words(clause)),
        Says::Needs { kb, clause, why } => format!("{kb} needs {}: {why}", clause_words(clause)),
        Says::Disputed(text) => format!("sources disagree: {text}"),
        Says::Met(r) => format!("{}: there", requirement_words(r)),
        Says::NotMet(r) => format!("{}: not there", requirement_words(r)),
        Says::ComponentOnHost { name, version } => format!("{} on the host is {version}", component(name)),
        Says::Services { kb, name, version } => format!("{kb} is for {} {version}", component(name)),
        Says::Brings { kb, name, version } => format!("{kb} brings {} {version}", component(name)),
        Says::ComponentInBox { name, version } => {
            format!("this Windows brings {} {version} itself", component(name))
        }
        Says::FeatureOnHost { name, state } => {
            let state = FeatureState::parse(state).map_or_else(|| state.clone(), |s| s.name().to_owned());
            format!("{name} is {}", state.replace('-', " "))
        }
        Says::LicenceOnHost(licence, there) => {
            format!(
                "{} is {}",
                requirement_words(&Requirement::Licence(*licence)),
                if *there { "there" } else { "not there" }
            )
        }
        Says::NewestStack(kb) => format!("{kb} is the newest servicing stack for it that is known"),
        Says::FreeSpace(bytes) => free_space(*bytes),
        Says::HostStack(v) => format!("the host's servicing stack is {v}"),
        Says::StackRequired { kb, required, current } => {
            let package = kb.map_or_else(|| "the package".to_owned(), |kb| format!("the package of {kb}"));
            format!("{package} asks for servicing stack {required}; the host has {current}")
        }
        Says::Withdrawn { kb, replacement, why } if replacement.is_empty() => {
            format!("{kb} is no longer published: {why}")
        }
        Says::Withdrawn { kb, replacement, why } => {
            format!("{kb} is no longer published ({why}); {} takes its place", kbs(replacement, "or"))
        }
        Says::Defect { kb, fixed_by, why } if fixed_by.is_empty() => format!("known problem of {kb}: {why}"),
        Says::Defect { kb, fixed_by, why } => {
            format!("known problem of {kb}: {why}; {} mends it", kbs(fixed_by, "or"))
        }
        Says::Conflicts { kb, with } => format!("{kb} does not install beside {with}"),
        Says::RestartPending(true) => "a restart is pending".into(),
        Says::RestartPending(false) => "no restart is pending".into(),
        Says::StoreCorrupt => "the component store is marked corrupt or lacks files".into(),
        Says::ManifestMissing(Some(kb)) => format!("the component store lacks the manifest of {kb}"),
        Says::ManifestMissing(None) => "the component store lacks a package's manifest".into(),
        Says::EsuRefused(Some(1633)) => "the ESU licence is not activated (1633)".into(),
        Says::EsuRefused(Some(1605)) => {
            "the ESU check found no eligible product: edition, or preparation package missing (1605)".into()
        }
        Says::EsuRefused(Some(n)) => format!("the ESU check refused the host ({n})"),
        Says::EsuRefused(None) => "the ESU check found no key".into(),
        Says::HigherVersionInLog => "the log found a higher version of the package on the system".into(),
        Says::ParentMissingInLog(Some(kb)) => {
            format!("the log looked for a parent package of {kb} and found none")
        }
        Says::ParentMissingInLog(None) => "the log found no parent of the package".into(),
        Says::LogLine(line) => format!("> {line}"),
        Says::FileDamaged(what) => {
            // the line below it has the whole path
            let name = what.trim_end_matches('\\').rsplit('\\').next().unwrap_or(what);
            format!("damaged, and could not be repaired: {name}")
        }
        Says::InstallerInLog { installer, result } => {
            let result = result_words(result);
            format!("the installer \"{installer}\" inside the package failed{result}; all was rolled back")
        }
        Says::DriverInLog { driver, code } => {
            let driver = driver.as_ref().map(|d| format!(" {d}")).unwrap_or_default();
            format!("a driver{driver} inside the package could not be installed{}", code_words(*code))
        }
        Says::DiskFullInLog => "the disk was full".into(),
        Says::ApplicableInLog { begun: true } => {
            "servicing on the host found the package applicable and began to install it".into()
        }
        Says::ApplicableInLog { begun: false } => "servicing on the host found the package applicable".into(),
        Says::BuildMismatchInLog { package, image } => {
            format!("the package is of build {package}, the image of {image}")
        }
        Says::RemoteSession => {
            "it was started over WinRM; Windows lets no remote session install updates".into()
        }
        Says::ErrorMeans { text, meaning } => format!("{text}: {meaning}"),
        Says::SupportEnded { product, day } => {
            format!(
                "support of {product} for everybody ended on {day}: updates since then ask for an ESU licence"
            )
        }
        Says::ErrorContradicts { text } => format!("{text} does not fit what was found"),
        Says::NotInCatalog(kb) => format!("the catalog does not know {kb}"),
        Says::NewerThanCatalog(kb) => format!("{kb} is newer than the catalog"),
        Says::Sha2OnHost(true) => "SHA-2 signatures are understood".into(),
        Says::Sha2OnHost(false) => "SHA-2 signatures are not understood".into(),
        Says::KindIs(kb, kind) => format!("{kb} is a {kind}")
            .replace("a update", "an update")
            .replace("a ESU", "an ESU")
            .replace("a Internet", "an Internet")
            .replace("a enablement", "an enablement"),
        Says::HotpatchNeedsEnrolment => {
            "a hotpatch goes on Datacenter: Azure Edition, or on enrolled machines".into()
        }
        Says::DeltaPackage => {
            "a delta package fits only a host that has the cumulative update of the month before".into()
        }
        Says::PackageOfAnother { asked, is } => {
            format!("the package file is of {is}, not of {asked}: what it tells is not about {asked}")
        }
        Says::PackageForBuild { package, host } => {
            format!(
                "the package is for build {package} and those that share its updates; the host has {host}"
            )
        }
        Says::PackageNeeds(parents) => match parents.as_slice() {
            [one] => format!("the package asks for {one}"),
            many if many.len() <= 3 => format!("the package asks for any one of {}", list(many, "or")),
            many => {
                format!("the package asks for any one of {} or {} more", many[..3].join(", "), many.len() - 3)
            }
        },
        Says::ParentThere { wanted, there } if wanted == there => format!("{there} is installed, as it asks"),
        Says::ParentThere { wanted, there } => format!("it asks for {wanted}; {there} is installed"),
        Says::ParentOfAnotherVersion { wanted, there } => {
            format!("it asks for {wanted}; the host has {there}, which will not do")
        }
        Says::ParentOfAnotherWindows { wanted, host } => {
            format!("it asks for {wanted}, a part of another Windows than the host's {host}")
        }
        Says::NoParentThere(1) => "the package that it asks for is not on the host".into(),
        Says::NoParentThere(n) => format!("none of the {n} packages of which it asks for one is on the host"),
        Says::NoPartHasParent(n) => {
            format!("none of the {n} parts of the package finds what it asks for on the host")
        }
        Says::SamePackageThere(package) => format!("{package} is installed"),
        Says::HigherPackageThere { package, there } => {
            format!("the package is {package}; the host has {there}, a higher version of it")
        }
        Says::NoSuchPackageThere(package) => format!("neither {package} nor a higher version of it is there"),
        Says::PackageNeedsStack(v) => format!("the package asks for servicing stack {v} or later"),
        Says::RulesOf(what) => format!("these are the rules of {what}"),
        Says::RuleAsks { section, any_of, negated, host } => {
            super::rules::asked_words(*section, any_of, *negated, host.as_deref())
        }
        Says::RulePrerequisite(any_of) => {
            format!("the prerequisite {} does not hold", any(any_of, 4))
        }
        Says::RulePrerequisiteOpen(any_of) => {
            format!("whether the prerequisite {} holds is not known", any(any_of, 4))
        }
        Says::PackageForDotnet(v) => format!("the package that was tried is for .NET Framework {v}"),
    }
}

/// The decisive cause as the end of a sentence.
pub(super) fn cause_words(f: &Finding, title: impl Fn(KbId) -> Option<String>) -> String {
    let named = |last: &str| kbs(&f.updates[..f.updates.len().min(3)], last);
    let first_says = f.evidence.iter().map(|e| says(&e.says)).next_back().unwrap_or_default();
    match f.cause {
        Cause::AlreadyInstalled
        | Cause::WrongArchitecture
        | Cause::WrongEdition
        | Cause::ConflictingUpdate => first_says,
        Cause::WrongOs => {
            let telling = f.evidence.iter().find(|e| {
                matches!(
                    e.says,
                    Says::PackageTriedFor(_)
                        | Says::NoPackageFor(..)
                        | Says::BuiltIn(..)
                        | Says::ServicePackTooHigh { .. }
                        | Says::BuildMismatchInLog { .. }
                )
            });
            telling.map_or(first_says, |e| says(&e.says))
        }
        Cause::Superseded if f.updates.is_empty() => {
            f.evidence.first().map_or_else(|| "something installed supersedes it".into(), |e| says(&e.says))
        }
        Cause::Superseded => {
            let contained = f.evidence.iter().find_map(|e| match &e.says {
                Says::ContainedByRevision { brings, host, .. } => Some(format!("{}.{host}", brings.build)),
                _ => None,
            });
            match contained {
                Some(build) => format!("build {build}, which it has, contains it ({})", named("or")),
                None => format!("{}, which is installed, supersedes it", named("or")),
            }
        }
        Cause::Expired if f.updates.is_empty() => "it is no longer published".into(),
        Cause::Expired => format!("it is no longer published; {} takes its place", named("or")),
        Cause::PackageDefect if f.updates.is_empty() => {
            "a known defect of the package keeps it off this host".into()
        }
        Cause::PackageDefect => {
            format!("a known defect of the package keeps it off this host; {} mends it", named("or"))
        }
        Cause::ProductNotInstalled => {
            let needs = f.evidence.iter().find_map(|e| match &e.says {
                Says::Needs { clause, .. } if !clause.is_empty() => {
                    Some(format!("it needs {}", clause_words(clause)))
                }
                _ => None,
            });
            needs.unwrap_or(first_says)
        }
        Cause::MissingPrerequisite
        | Cause::MissingServicingStack
        | Cause::MissingCheckpoint
        | Cause::MissingSha2Support => {
            let clause = f.evidence.iter().find_map(|e| match &e.says {
                Says::Needs { clause, .. } if !clause.is_empty() => Some(clause_words(clause)),
                _ => None,
            });
            // by the error alone: that a newer one is needed is known, that it is this one is not
            let newest = f.evidence.iter().any(|e| matches!(e.says, Says::NewestStack(_)));
            match (f.updates.first(), clause) {
                (Some(kb), None) if newest => {
                    let title = title(*kb).map(|t| format!(" ({t})")).unwrap_or_default();
                    format!("it needs a newer servicing stack; the newest for it is {kb}{title}")
                }
                (Some(kb), _) if f.updates.len() == 1 => match title(*kb) {
                    Some(t) => format!("it needs {kb} ({t}), which is missing"),
                    None => format!("it needs {kb}, which is missing"),
                },
                (_, Some(clause)) => format!("it needs {clause}"),
                (Some(_), None) if f.cause == Cause::MissingSha2Support => {
                    format!("SHA-2 signatures are not understood; it needs {}", named("and"))
                }
                (Some(_), None) => format!("it needs {}", named("or")),
                (None, None) => match f.cause {
                    Cause::MissingServicingStack => "it needs a newer servicing stack".into(),
                    Cause::MissingSha2Support => "SHA-2 signatures are not understood".into(),
                    _ => first_says,
                },
            }
        }
        Cause::NotEntitled => "it needs Extended Security Updates, to which this host is not entitled".into(),
        Cause::PendingReboot => "a restart must come first".into(),
        Cause::Space if f.evidence.iter().any(|e| e.says == Says::DiskFullInLog) => "the disk is full".into(),
        Cause::InstallerFailed => match f.evidence.iter().map(|e| &e.says).find_map(installer_name) {
            Some(name) => format!("{name} inside the package failed, and Windows rolled it back"),
            None => "an installer inside the package failed, and Windows rolled it back".into(),
        },
        Cause::StoreCorruption => match f.updates.first() {
            Some(kb) => format!("the component store is corrupt; the culprit is {kb}"),
            None => "the component store is corrupt or lacks files".into(),
        },
        Cause::RemoteSession => "it was started from a remote session".into(),
        Cause::UnsupportedHardware => "the processor is not supported on this Windows".into(),
        Cause::ServiceDisabled if f.evidence.iter().any(|e| installer_name(&e.says).is_some()) => {
            let name = f.evidence.iter().find_map(|e| installer_name(&e.says)).unwrap_or_default();
            format!("{name} inside the package starts a service, which is disabled")
        }
        Cause::ServiceDisabled => "a service that updates need is disabled or stopped".into(),
        Cause::Policy => "a policy keeps Windows Update from it".into(),
        Cause::Connection => "the update source cannot be reached".into(),
        Cause::Certificate => "a certificate or the encryption of the connection is not accepted".into(),
        Cause::UpdateServer => "the update server answers, and refuses or fails".into(),
        Cause::Download => "what was downloaded is damaged, or did not come".into(),
        Cause::Space => "there is not room enough".into(),
        Cause::UpdateClient => "data or settings of the Windows Update client are damaged".into(),
        Cause::Compatibility => "a driver, device or application stands in the way".into(),
        Cause::ServicingTimeout => "servicing took longer than its watchdog allows".into(),
        _ => first_says,
    }
}

/// A fact to collect: its name in host facts, and the command that gives it.
pub fn ask_words(a: &Ask) -> (String, String) {
    const PACKAGES: &str = "dism /online /english /get-packages > packages.txt";
    const REVISION: &str = r#"reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v UBR"#;
    let (fact, collect): (&str, String) = match a {
        Ask::OsVersion => ("os.version", "systeminfo".into()),
        Ask::Revision => ("os.revision", REVISION.into()),
        Ask::Architecture => ("os.architecture", "wmic os get OSArchitecture  (or: systeminfo)".into()),
        Ask::Edition => (
            "os.edition",
            r#"reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v EditionID"#.into(),
        ),
        // the whole list settles it either way; Get-HotFix hides what the image was built with, and fails on an absent one
        Ask::Updates(_) => ("updates", PACKAGES.into()),
        Ask::ServicingStack => ("facts.servicing_stack", PACKAGES.into()),
        Ask::Dotnet => (
            "facts.dotnet_framework",
            r#"reg query "HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full" /v Version"#.into(),
        ),
        Ask::ManagementFramework => ("facts.wmf", "powershell -Command $PSVersionTable.PSVersion".into()),
        Ask::InternetExplorer => {
            ("facts.ie", r#"reg query "HKLM\SOFTWARE\Microsoft\Internet Explorer" /v svcVersion"#.into())
        }
        Ask::Feature(name) => {
            return (
                format!("facts.features.{name}"),
                "dism /online /english /get-features /format:table".into(),
            );
        }
        Ask::Esu => ("facts.esu", "cscript //nologo %windir%\\system32\\slmgr.vbs /dlv all".into()),
        Ask::Hotpatch => {
            ("facts.hotpatch", "azcmagent show  (Azure Arc; or the portal's update settings)".into())
        }
        Ask::PendingReboot => ("facts.pending_reboot", PACKAGES.into()),
        Ask::StoreHealth => {
            ("facts.store_corrupt", "dism /online /english /cleanup-image /scanhealth".into())
        }
        Ask::ServicingLog => {
            ("log", r#"findstr /i "superseded requires corrupt" %windir%\Logs\CBS\CBS.log > cbs.txt"#.into())
        }
        Ask::UpdateLog => (
            "log",
            "powershell -Command Get-WindowsUpdateLog  (before Windows 10: %windir%\\WindowsUpdate.log)"
                .into(),
        ),
        Ask::PackageName => ("package", "the file name of the .msu or .cab  (then --package NAME)".into()),
        Ask::Packages => ("updates", PACKAGES.into()),
        Ask::Rule(need) => return super::rules::need_words(need),
        Ask::RulesOf(kb) => (
            "rules",
            format!("kbwhy catalog import wsusscn2.cab --rules {kb}  (Windows Update's offline scan file)"),
        ),
    };
    (fact.to_owned(), collect)
}

/// Free space on the system drive in words.
pub(super) fn free_space(bytes: u64) -> String {
    let gigabytes = bytes as f64 / f64::from(1u32 << 30);
    format!("{gigabytes:.1} GB are free on the system drive; Microsoft advises 20 GB")
}

/// A remedy in words.
pub(super) fn remedy(r: &Remedy, title: impl Fn(KbId) -> Option<String>) -> String {
    match r {
        Remedy::Nothing => "Nothing is to be installed.".into(),
        Remedy::InstallFirst(groups) => {
            let each: Vec<String> = groups
                .iter()
                .map(|g| {
                    let named: Vec<String> =
                        g.iter().take(3).map(|kb| title(*kb).map_or_else(|| kb.to_string(), |t| format!("{kb} ({t})"))).collect();
                    list(&named, "or")
                })
                .collect();
            format!("Install {} first.", list(&each, "then"))
        }
        Remedy::InstallInstead(updates) if updates.is_empty() => "Install what replaced it.".into(),
        Remedy::InstallInstead(updates) => format!("Install {} instead.", kbs(updates, "or")),
        Remedy::TakePackageFor(what) => format!("Take the package of the same KB for {what}."),
        Remedy::NoPackage(what) => format!("There is no package of this KB for {what}; look for that system's own update."),
        Remedy::RemoveFirst(what) => format!("Remove {what} first, and restart."),
        Remedy::Leave(what, needed_by) => {
            format!("Leave {what}: {needed_by} and others need it. The update is for hosts without it.")
        }
        Remedy::AddProduct(what) => format!("Without {what} there is nothing to update; install or enable it first if it is wanted."),
        Remedy::Step(step) => format!("Do this first: {step}."),
        Remedy::Restart => "Restart, then look again.".into(),
        Remedy::RepairStore(Some(kb)) => {
            format!("Install {kb} again, then: dism /online /cleanup-image /restorehealth")
        }
        Remedy::RepairStore(None) => {
            "Repair the component store: dism /online /cleanup-image /restorehealth (Windows 7 and 2008 R2: the System Update Readiness Tool)".into()
        }
        Remedy::Entitle(what) => format!("Obtain and activate {what}, then try again."),
        Remedy::RunLocally => "Run it on the host itself, or as a scheduled task under SYSTEM; or add the .cab with DISM.".into(),
        Remedy::StartService(name) => format!("sc config {name} start= demand, then: net start {name}"),
        Remedy::StopOtherSoftware => "Stop or remove what interferes with servicing, then try again.".into(),
        Remedy::SupportedSystem => "Move to a Windows version that supports this processor.".into(),
        Remedy::InstallAgain => "Install the same update again, now that the language pack is there.".into(),
        Remedy::RaiseBuild(b) => format!("Bring Windows to build {b} or later first."),
        Remedy::NewestStack => "Install the newest servicing stack update for this system first.".into(),
        Remedy::FreeSpace => "Free space on the system drive (Disk Cleanup; on Windows 8 or later also: dism /online /cleanup-image /startcomponentcleanup), then install again.".into(),
        Remedy::MendInstaller(what) if what.is_empty() => "Mend what the lines of the log name, then install again: the update itself is applicable.".into(),
        Remedy::MendInstaller(what) => format!("Mend what keeps {what} from working (the lines before this one in the log say more), then install again: the update itself is applicable."),
        Remedy::ByTable(cause) => {
            let all = codes::remedies_for(*cause, None).map(|r| match r.danger {
                Some(danger) => format!("{}. Careful: {danger}.", r.text),
                None => format!("{}.", r.text),
            });
            all.collect::<Vec<_>>().join(" ")
        }
        Remedy::AddSha2 => "Install the SHA-2 code signing support update (KB4474419) and the servicing stack that goes with it.".into(),
    }
}

/// The installer or driver that a line of a log names.
fn installer_name(says: &Says) -> Option<String> {
    match says {
        Says::InstallerInLog { installer, .. } => Some(format!("the installer \"{installer}\"")),
        Says::DriverInLog { driver: Some(driver), .. } => Some(format!("the driver {driver}")),
        _ => None,
    }
}

/// A code and what it means, behind a statement.
fn code_words(code: u32) -> String {
    let error = crate::diagnose::ErrorEvidence::parse(&format!("0x{code:08x}"));
    match error.meaning {
        Some(m) => format!(": 0x{code:08x}, {}", m.meaning),
        None => format!(": 0x{code:08x}"),
    }
}

/// A result as an installer writes it.
fn result_words(result: &str) -> String {
    if result.is_empty() { String::new() } else { format!(" with {result}") }
}
