//! Requirements against a host, in three values.

use super::{
    installed::Installed,
    statement::{Ask, Certainty, Evidence, From, Says, Truth},
};
use crate::{
    catalog::view::{LineKind, RelationKind, Update},
    model::{
        Build, BuildKey, Clause, FeatureState, KbId, Licence, PackageState, Requirement, UpdateKind, Version,
    },
};
use jiff::civil::Date;

/// The outcome of one requirement or clause.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// met, not met, not known
    pub truth: Truth,
    /// how sure
    pub certainty: Certainty,
    /// why
    pub evidence: Vec<Evidence>,
    /// what would settle an unknown
    pub ask: Vec<Ask>,
    /// a member waits for a restart
    pub pending: bool,
}

impl Evaluation {
    fn new(truth: Truth, certainty: Certainty, evidence: Vec<Evidence>) -> Self {
        Self { truth, certainty, evidence, ask: Vec::new(), pending: false }
    }
    fn unknown(ask: Ask) -> Self {
        Self {
            truth: Truth::Unknown,
            certainty: Certainty::Possible,
            evidence: Vec::new(),
            ask: vec![ask],
            pending: false,
        }
    }
    fn of(truth: bool, evidence: Vec<Evidence>) -> Self {
        Self::new(if truth { Truth::True } else { Truth::False }, Certainty::Confirmed, evidence)
    }
}

/// KB4474419, the update that brings SHA-2 code signing support to 6.0 and 6.1.
///
/// Source: <https://support.microsoft.com/help/4472027>
pub const SHA2_SUPPORT: KbId = match KbId::new(4_474_419) {
    Some(kb) => kb,
    None => KbId::LEAST,
};

/// Relations by which one update stands in for another as a prerequisite.
pub const STANDS_IN: [RelationKind; 4] =
    [RelationKind::Supersedes, RelationKind::Satisfies, RelationKind::Contains, RelationKind::Covers];

impl Installed<'_> {
    /// Is one requirement met? `asked_on` is the release date of the update that asks, for `stack:latest`.
    pub fn meets(&self, requirement: &Requirement, asked_on: Option<Date>) -> Evaluation {
        match requirement {
            Requirement::Update { kb, or_later } => self.has_update(*kb, *or_later),
            Requirement::BuildAtLeast(b) => self.build_bound(*b, true),
            Requirement::BuildAtMost(b) => self.build_bound(*b, false),
            Requirement::StackAtLeast(v) => self.stack_at_least(*v),
            Requirement::LatestStack => self.latest_stack(asked_on),
            Requirement::ServicePackAtLeast(n) => self.service_pack(|level| level >= *n, *n),
            Requirement::ServicePackAtMost(n) => self.service_pack(|level| level <= *n, *n),
            Requirement::Component { name, version } => self.component(name, version),
            Requirement::Feature(name) | Requirement::Role(name) => self.feature(name),
            Requirement::Licence(licence) => self.licence(*licence),
            Requirement::Edition(words) => self.edition(words),
            Requirement::Sha2 => self.sha2(),
            Requirement::MonthAtLeast(month) => self.month(month),
            Requirement::RestartPending => match &self.host.pending_reboot {
                Some(f) => {
                    Evaluation::of(f.value, vec![Evidence::host(Says::RestartPending(f.value), &f.origin)])
                }
                None => Evaluation::unknown(Ask::PendingReboot),
            },
            Requirement::Manual(step) => match self.host.steps_done.get(step) {
                Some(f) => {
                    let says = Says::HostIs(format!("past the step: {step}"));
                    Evaluation::of(true, vec![Evidence::host(says, &f.origin)])
                }
                None => Evaluation::unknown(Ask::Packages),
            },
        }
    }

    /// Is any member of a clause met? The members' outcomes come in their order.
    pub fn meets_any(
        &self,
        clause: &Clause,
        asked_on: Option<Date>,
    ) -> (Evaluation, Vec<(Requirement, Evaluation)>) {
        let members: Vec<(Requirement, Evaluation)> =
            self.distinct(clause).into_iter().map(|r| (r.clone(), self.meets(&r, asked_on))).collect();
        // a clause that names a version of the servicing stack is about the stack: a version that is known decides it
        let stack = |(r, e): &&(Requirement, Evaluation)| {
            matches!(r, Requirement::StackAtLeast(_))
                && self.host.servicing_stack.is_some()
                && e.truth != Truth::Unknown
        };
        if let Some((_, e)) = members.iter().find(stack) {
            return (e.clone(), members);
        }
        let met = members
            .iter()
            .filter(|(_, e)| e.truth == Truth::True)
            .max_by_key(|(_, e)| e.certainty)
            .map(|(_, e)| e.clone());
        if let Some(mut e) = met {
            e.ask.clear();
            return (e, members);
        }
        let unknown = members.iter().any(|(_, e)| e.truth == Truth::Unknown)
            && !self.documented_member_absent(&members);
        let mut out = Evaluation::new(
            if unknown { Truth::Unknown } else { Truth::False },
            if unknown {
                Certainty::Possible
            } else {
                members.iter().map(|(_, e)| e.certainty).min().unwrap_or(Certainty::Confirmed)
            },
            members.iter().flat_map(|(_, e)| e.evidence.iter().cloned()).collect(),
        );
        out.evidence.dedup();
        out.pending = members.iter().any(|(_, e)| e.pending);
        for (_, e) in members.iter().filter(|(_, e)| e.truth == Truth::Unknown) {
            for a in &e.ask {
                if !out.ask.contains(a) {
                    out.ask.push(a.clone());
                }
            }
        }
        (out, members)
    }

    /// On 6.x, where later updates would be listed: the member that the source names first is stated to be absent, and
    /// of the others there is no sign.
    fn documented_member_absent(&self, members: &[(Requirement, Evaluation)]) -> bool {
        let legacy = self.identity.kernel.is_some_and(|k| k.0 < 10);
        let no_sign =
            |e: &Evaluation| e.evidence.iter().all(|e| matches!(e.says, Says::NotListed(_) | Says::NoList));
        legacy
            && matches!(members.first(), Some((Requirement::Update { kb, .. }, e))
                if e.truth == Truth::False
                    && self.host.updates.get(kb).is_some_and(|f| f.value == PackageState::Absent))
            && members[1..].iter().all(|(r, e)| match r {
                Requirement::Update { .. } => e.truth == Truth::False || no_sign(e),
                _ => e.truth == Truth::False,
            })
    }

    /// A clause without members that another member makes needless: `KB2975061+` beside `KB2919442+`, when the first
    /// is later in the line of the second; `licence:arc` beside a refused `licence:esu`.
    pub fn distinct(&self, clause: &Clause) -> Vec<Requirement> {
        let later = |a: KbId, b: KbId| {
            let (pa, pb) = (self.catalog.places(a), self.catalog.places(b));
            pa.iter().any(|x| pb.iter().any(|y| x.line == y.line && x.position > y.position))
        };
        clause
            .0
            .iter()
            .filter(|r| match r {
                Requirement::Update { kb, .. } => !clause.0.iter().any(|o| {
                    matches!(o, Requirement::Update { kb: base, or_later: true } if base != kb && later(*kb, *base))
                }),
                Requirement::Licence(Licence::AzureArc) => {
                    // "no entitlement" says that Arc brings none either
                    !(self.host.esu.as_ref().is_some_and(|f| !f.value)
                        && self.host.azure_arc.is_none()
                        && clause.0.contains(&Requirement::Licence(Licence::Esu)))
                }
                _ => true,
            })
            .cloned()
            .collect()
    }

    fn has_update(&self, kb: KbId, or_later: bool) -> Evaluation {
        let presence = self.presence(kb);
        if presence.truth == Truth::True {
            return Evaluation::new(Truth::True, presence.certainty, presence.evidence);
        }
        if let Some((_, evidence)) = self.superseder(kb, &STANDS_IN) {
            return Evaluation::new(Truth::True, Certainty::Inferred, evidence);
        }
        if or_later && let Some((_, evidence)) = self.later_of_line(kb) {
            return Evaluation::new(Truth::True, Certainty::Inferred, vec![evidence]);
        }
        if let Some((_, evidence)) =
            self.implied(kb).filter(|(implied_or_later, _)| or_later || !implied_or_later)
        {
            return Evaluation::new(Truth::True, Certainty::Inferred, vec![evidence]);
        }
        let places = self.catalog.places(kb);
        let stack = places.iter().find(|e| self.catalog.line(e.line).kind == LineKind::ServicingStack);
        if let Some(entry) = stack {
            if let (Some(f), Some(package)) = (&self.host.servicing_stack, entry.stack) {
                let met = f.value >= package;
                let says = Says::StackOnHost { host: f.value, package };
                return Evaluation::of(met, vec![Evidence::host(says, &f.origin)]);
            }
            if let Some((cumulative, evidence)) = self.stack_in_cumulative(entry) {
                let says = Says::StackInCumulative { stack: kb, cumulative };
                return Evaluation::new(
                    Truth::True,
                    Certainty::Inferred,
                    vec![Evidence::rule(says), evidence],
                );
            }
        }
        if self.built_in(kb) {
            return Evaluation::new(
                Truth::True,
                Certainty::Inferred,
                vec![Evidence::rule(Says::BuiltIn(kb, self.identity.words.clone()))],
            );
        }
        let pending = self.host.updates.get(&kb).is_some_and(|s| s.value == PackageState::InstallPending);
        let legacy = self.identity.kernel.is_some_and(|k| k.0 < 10);
        // The named member is stated absent and nothing listed replaces it. On 6.x a replacement would be listed; on
        // 10 a cumulative update may have brought it unseen, unless the list hides nothing.
        let decided = match presence.truth {
            Truth::False => {
                legacy
                    || presence.certainty == Certainty::Inferred
                    || self.host.completeness.complete
                    || self.cumulative_entry(kb).is_some()
                    || !self.may_be_hidden(kb, or_later)
            }
            _ => false,
        };
        let mut out = if decided {
            // a later one may be there though it is not listed
            let certainty =
                if or_later { presence.certainty.min(Certainty::Inferred) } else { presence.certainty };
            Evaluation::new(Truth::False, certainty, presence.evidence)
        } else {
            let mut e = Evaluation::unknown(self.ask_for(vec![kb]));
            e.evidence = presence.evidence;
            e
        };
        out.pending = pending;
        out
    }

    /// Could a cumulative update on the host carry what this update brings, without its being listed?
    fn may_be_hidden(&self, kb: KbId, or_later: bool) -> bool {
        let places = self.catalog.places(kb);
        let Some(stack) = places.iter().find(|e| self.catalog.line(e.line).kind == LineKind::ServicingStack)
        else {
            return or_later || places.iter().any(|e| self.catalog.line(e.line).kind == LineKind::Cumulative);
        };
        // the last separate servicing stack of a branch whose cumulative updates carry theirs: the revision, which is
        // known and older (else it would be met), shows that none of those is there
        let last = self.catalog.entry(stack.line, stack.position + 1).is_none();
        let combined = self.identity.build.is_some_and(|b| b >= 19041);
        !(last && combined && self.revision().is_some())
    }

    fn built_in(&self, kb: KbId) -> bool {
        self.catalog.update(kb).is_some_and(|u| {
            let products = u
                .packages
                .iter()
                .filter(|p| p.built_in)
                .fold(crate::model::ProductSet::default(), |s, p| s.union(p.products));
            !self.identity.products.is_empty() && self.identity.products.is_subset(products)
        })
    }

    fn build_bound(&self, bound: BuildKey, at_least: bool) -> Evaluation {
        let Some(build) = self.identity.build else { return Evaluation::unknown(Ask::OsVersion) };
        let comparable =
            build == bound.build
                || self.identity.products.iter().any(|p| {
                    self.catalog.branch_builds(self.catalog.product(p).branch).contains(&bound.build)
                });
        if !comparable {
            return Evaluation::of(false, Vec::new());
        }
        // builds of one branch share revisions: compare on the host's own build number
        let asked = Build { major: 10, minor: 0, build, revision: bound.revision };
        let requirement = semver::VersionReq {
            comparators: vec![semver::Comparator {
                op: semver::Op::Caret,
                major: asked.build.into(),
                minor: Some(asked.revision.into()),
                patch: None,
                pre: semver::Prerelease::EMPTY,
            }],
        };
        if let Some((revision, origin)) = self.revision() {
            let host = Build { major: 10, minor: 0, build, revision };
            let reached = requirement.matches(&host.to_semver());
            let met = if at_least { reached } else { revision <= bound.revision };
            return Evaluation::of(met, vec![Evidence::host(Says::HostIs(format!("build {host}")), origin)]);
        }
        if let Some((least, evidence)) = self.revision_at_least() {
            if least >= bound.revision && at_least {
                return Evaluation::new(Truth::True, Certainty::Inferred, vec![evidence]);
            }
            if least > bound.revision && !at_least {
                return Evaluation::new(Truth::False, Certainty::Inferred, vec![evidence]);
            }
        }
        Evaluation::unknown(Ask::Revision)
    }

    fn stack_at_least(&self, asked: Version) -> Evaluation {
        if let Some(f) = &self.host.servicing_stack {
            let says = Says::HostStack(f.value);
            return Evaluation::of(f.value >= asked, vec![Evidence::host(says, &f.origin)]);
        }
        // a servicing stack update that is there and has at least this version
        for line in self.catalog.lines().filter(|l| {
            l.kind == LineKind::ServicingStack && !l.products.intersection(self.identity.products).is_empty()
        }) {
            for e in self.catalog.entries(line.id).filter(|e| e.stack.is_some_and(|v| v >= asked)) {
                if let Some(kb) = e.kb {
                    let has = self.has_update(kb, true);
                    if has.truth == Truth::True {
                        return has;
                    }
                    break;
                }
            }
        }
        Evaluation::unknown(Ask::ServicingStack)
    }

    /// The newest servicing stack update of the host's line that was out on a day; without a day, the newest of all.
    pub fn stack_of_day(&self, day: Option<Date>) -> Option<KbId> {
        self.catalog
            .lines()
            .filter(|l| {
                l.kind == LineKind::ServicingStack
                    && !l.products.intersection(self.identity.products).is_empty()
            })
            .filter_map(|l| {
                self.catalog
                    .entries(l.id)
                    .filter(|e| match (e.date, day) {
                        (Some(d), Some(asked)) => d <= asked,
                        _ => day.is_none(),
                    })
                    .last()
                    .and_then(|e| e.kb)
            })
            .last()
    }

    fn latest_stack(&self, asked_on: Option<Date>) -> Evaluation {
        match self.stack_of_day(asked_on) {
            Some(kb) => {
                let mut e = self.has_update(kb, true);
                // "the latest" is advice of its day: an older stack is no proof of a refusal
                if e.truth == Truth::False {
                    e.truth = Truth::Unknown;
                    e.ask = vec![Ask::ServicingStack];
                }
                e
            }
            None => Evaluation::unknown(Ask::ServicingStack),
        }
    }

    fn service_pack(&self, fits: impl Fn(u8) -> bool, needs: u8) -> Evaluation {
        let Some(level) = self.identity.service_pack else { return Evaluation::unknown(Ask::OsVersion) };
        let met = fits(level);
        let says = if met {
            Says::HostIs(if level == 0 { "no service pack".into() } else { format!("Service Pack {level}") })
        } else if level < needs {
            Says::ServicePackTooLow { host: level, needs }
        } else {
            Says::ServicePackTooHigh { host: level, at_most: needs }
        };
        let origin = self.host.service_pack.as_ref().map(|f| &f.origin).or(self
            .host
            .version
            .as_ref()
            .map(|f| &f.origin));
        Evaluation::of(
            met,
            vec![origin.map_or_else(|| Evidence::rule(says.clone()), |o| Evidence::host(says.clone(), o))],
        )
    }

    fn component(&self, name: &str, version: &str) -> Evaluation {
        let Ok(asked) = Version::requirement(version) else { return Evaluation::unknown(Ask::Packages) };
        let (stated, ask) = match name {
            "dotnet" | "dotnet-full" => (self.host.dotnet_framework.clone(), Ask::Dotnet),
            "wmf" => (self.host.wmf.clone(), Ask::ManagementFramework),
            "ie" => (
                self.host
                    .internet_explorer
                    .as_ref()
                    .map(|f| crate::model::Fact::new(f.value.to_string(), f.origin.clone())),
                Ask::InternetExplorer,
            ),
            _ => (None, Ask::Packages),
        };
        if let Some(f) = stated {
            let says = Says::ComponentOnHost {
                name: name.trim_end_matches("-full").to_owned(),
                version: f.value.clone(),
            };
            let evidence = vec![Evidence::host(says, &f.origin)];
            let client_profile = f.value.to_lowercase().contains("client profile");
            return match leading_version(&f.value) {
                Some(_) if name == "dotnet-full" && client_profile => Evaluation::of(false, evidence),
                Some(v) => Evaluation::of(asked.matches(&v.to_semver()), evidence),
                None => Evaluation::unknown(ask),
            };
        }
        // what Windows brings itself is a floor
        if let Some(floor) = self.in_box(name) {
            if asked.matches(&floor.to_semver()) && !version.trim_start().starts_with('<') {
                let says = Says::ComponentInBox {
                    name: name.trim_end_matches("-full").to_owned(),
                    version: floor.to_string(),
                };
                return Evaluation::new(Truth::True, Certainty::Inferred, vec![Evidence::rule(says)]);
            }
            if !asked.matches(&floor.to_semver()) && version.trim_start().starts_with('<') {
                let says = Says::ComponentInBox { name: name.to_owned(), version: floor.to_string() };
                return Evaluation::new(Truth::False, Certainty::Inferred, vec![Evidence::rule(says)]);
            }
        }
        Evaluation::unknown(ask)
    }

    /// The version of a component that Windows of the host's version brings.
    ///
    /// Sources: "NET Framework versions and dependencies" and "What's new in PowerShell" on learn.microsoft.com, and the
    /// Internet Explorer lifecycle page.
    fn in_box(&self, name: &str) -> Option<Version> {
        let (major, minor) = self.identity.kernel?;
        let build = self.identity.build.unwrap_or(0);
        let text = match (name, major, minor) {
            ("dotnet" | "dotnet-full", 6, 2) => "4.5",
            ("dotnet" | "dotnet-full", 6, 3) => "4.5.1",
            ("dotnet" | "dotnet-full", 10, _) => match build {
                0..=10585 => "4.6",
                10586..=14392 => "4.6.1",
                14393..=15062 => "4.6.2",
                15063..=16298 => "4.7",
                16299..=17133 => "4.7.1",
                17134..=18361 => "4.7.2",
                18362..=22620 => "4.8",
                _ => "4.8.1",
            },
            ("wmf", 6, 1) => "2.0",
            ("wmf", 6, 2) => "3.0",
            ("wmf", 6, 3) => "4.0",
            ("wmf", 10, _) => {
                if build >= 14393 {
                    "5.1"
                } else {
                    "5.0"
                }
            }
            ("ie", 6, 0) => "7.0",
            ("ie", 6, 1) => "8.0",
            ("ie", 6, 2) => "10.0",
            ("ie", 6, 3) | ("ie", 10, _) => "11.0",
            _ => return None,
        };
        text.parse().ok()
    }

    fn feature(&self, name: &str) -> Evaluation {
        let wanted = skeleton(name);
        let same = |n: &str| {
            let s = skeleton(n);
            s == wanted || s.ends_with(&wanted) || wanted.ends_with(&s) && s.len() > 4
        };
        if let Some((n, f)) = self.host.features.iter().find(|(n, _)| same(n)) {
            let says = Says::FeatureOnHost { name: n.clone(), state: f.value.name().to_owned() };
            let mut e =
                Evaluation::of(f.value == FeatureState::Enabled, vec![Evidence::host(says, &f.origin)]);
            e.pending = f.value == FeatureState::EnablePending;
            return e;
        }
        if let Some(f) = self.host.roles.iter().find(|f| same(&f.value)) {
            let says = Says::FeatureOnHost { name: f.value.clone(), state: "installed".into() };
            return Evaluation::of(true, vec![Evidence::host(says, &f.origin)]);
        }
        Evaluation::unknown(Ask::Feature(name.to_owned()))
    }

    fn licence(&self, licence: Licence) -> Evaluation {
        let (fact, ask) = match licence {
            // "entitled" does not say for which year: only its absence is telling
            Licence::EsuYear(_) if self.host.esu.as_ref().is_some_and(|f| f.value) => {
                return Evaluation::unknown(Ask::Esu);
            }
            Licence::Esu | Licence::EsuYear(_) => (&self.host.esu, Ask::Esu),
            Licence::AzureArc => (&self.host.azure_arc, Ask::Esu),
            Licence::Hotpatch => (&self.host.hotpatch, Ask::Hotpatch),
        };
        match fact {
            Some(f) => Evaluation::of(
                f.value,
                vec![Evidence::host(Says::LicenceOnHost(licence, f.value), &f.origin)],
            ),
            None => Evaluation::unknown(ask),
        }
    }

    fn edition(&self, asked: &str) -> Evaluation {
        let asked = asked.to_lowercase();
        let Some(edition) = &self.host.edition else {
            let said = self.host.product.as_ref().filter(|p| p.value.to_lowercase().contains(&asked));
            return match said {
                Some(p) => {
                    Evaluation::of(true, vec![Evidence::host(Says::HostEdition(p.value.clone()), &p.origin)])
                }
                None => Evaluation::unknown(Ask::Edition),
            };
        };
        let has = match asked.as_str() {
            "ltsc" => edition.value.is_ltsc(),
            "azure edition" => edition.value.is_azure_edition(),
            "embedded" => edition.value.is_embedded(),
            words => edition.value.0.to_lowercase().contains(words),
        };
        Evaluation::of(has, vec![Evidence::host(Says::HostEdition(edition.value.0.clone()), &edition.origin)])
    }

    fn sha2(&self) -> Evaluation {
        if let Some(f) = &self.host.sha2_support {
            return Evaluation::of(f.value, vec![Evidence::host(Says::Sha2OnHost(f.value), &f.origin)]);
        }
        match self.identity.kernel {
            Some(k) if k >= (6, 2) => Evaluation::new(
                Truth::True,
                Certainty::Inferred,
                vec![Evidence::rule(Says::Sha2OnHost(true))],
            ),
            _ => self.has_update(SHA2_SUPPORT, true),
        }
    }

    fn month(&self, month: &str) -> Evaluation {
        let is_of = |d: Date| d.strftime("%Y-%m").to_string().as_str() >= month;
        let lines: Vec<_> = self
            .catalog
            .lines()
            .filter(|l| {
                matches!(l.kind, LineKind::Cumulative | LineKind::Rollup)
                    && !l.products.intersection(self.identity.products).is_empty()
            })
            .collect();
        for line in &lines {
            let reached = self.catalog.entries(line.id).filter(|e| e.date.is_some_and(is_of)).find(|e| {
                match line.kind {
                    LineKind::Cumulative => e.revision.is_some_and(|r| self.reaches(r) == Truth::True),
                    _ => e.kb.is_some_and(|kb| self.presence(kb).truth == Truth::True),
                }
            });
            if let Some(kb) = reached.and_then(|e| e.kb) {
                let evidence = self.presence(kb).evidence;
                return Evaluation::new(Truth::True, Certainty::Inferred, evidence);
            }
        }
        let exact = self.revision().is_some() && lines.iter().any(|l| l.kind == LineKind::Cumulative);
        if exact {
            return Evaluation::new(Truth::False, Certainty::Inferred, Vec::new());
        }
        // every rollup of that month or later is known to be absent
        let mut later =
            lines.iter().flat_map(|l| self.catalog.entries(l.id)).filter(|e| e.date.is_some_and(is_of));
        let rollups = !lines.is_empty() && lines.iter().all(|l| l.kind == LineKind::Rollup);
        if rollups && later.all(|e| e.kb.is_some_and(|kb| self.presence(kb).truth == Truth::False)) {
            return Evaluation::new(Truth::False, Certainty::Inferred, Vec::new());
        }
        Evaluation::unknown(Ask::Revision)
    }
}

/// Lower-case letters and digits, without Microsoft's prefixes.
fn skeleton(name: &str) -> String {
    let s: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    s.strip_prefix("microsoft").unwrap_or(&s).to_owned()
}

/// The version at the start of a text: `4.0 Client Profile`.
pub fn leading_version(text: &str) -> Option<Version> {
    let t = text.trim().trim_start_matches(['v', 'V']);
    let end = t.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(t.len());
    t[..end].trim_end_matches('.').parse().ok()
}

/// The version of a component that an update brings, as its title states it: `Windows Management Framework 5.1`.
/// Components are named as in requirements: `dotnet`, `wmf`, `ie`.
pub fn brings_component(update: &Update<'_>) -> Option<(&'static str, Version)> {
    let (component, marks): (_, &[&str]) = match update.kind {
        UpdateKind::DotnetProduct => ("dotnet", &[".NET Framework "]),
        UpdateKind::ManagementFramework => {
            ("wmf", &["Windows Management Framework Core ", "Windows Management Framework "])
        }
        UpdateKind::InternetExplorerProduct => ("ie", &["Internet Explorer "]),
        _ => return None,
    };
    let version = marks.iter().find_map(|mark| {
        let (_, rest) = update.title.split_once(mark)?;
        leading_version(rest.split([' ', ',']).next()?)
    })?;
    Some((component, version))
}

/// Whether an evidence is a statement of the host.
pub fn from_host(e: &Evidence) -> bool {
    matches!(e.from, From::Host(_))
}
