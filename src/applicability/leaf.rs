//! What each operator says of a host.

use super::compare::{Comparison, Orders, Part, StringComparison, agreed};
use super::document::RuleDocument;
use super::evaluate::Concern;
use super::facts::{HostFacts, Need, Observed};
use super::operator::{DeviceType, Operator, Place, WindowsVersion};
use super::sku;
use crate::model::{
    Architecture, Fact, FileState, ListKind, Origin, PackageState, RegistryValue, Truth, Version, branch_of,
};
use crate::package::{
    PackageIdentity, mum,
    servicing::{self, Applicable, OnSystem},
};

/// What one operator says, what it looked at, what it lacks.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) truth: Truth,
    pub(super) observed: Option<Observed>,
    pub(super) needs: Vec<Need>,
    /// why it is not known although the fact is there
    pub(super) doubt: Option<&'static str>,
    /// what it turned on, if not on what the operator is usually about
    pub(super) concern: Option<Concern>,
}

impl Leaf {
    fn known(truth: Truth, value: impl Into<String>, origin: &Origin) -> Self {
        let observed = Some(Observed { value: value.into(), origin: origin.clone() });
        Self { truth, observed, needs: Vec::new(), doubt: None, concern: None }
    }
    fn plain(truth: Truth) -> Self {
        Self { truth, observed: None, needs: Vec::new(), doubt: None, concern: None }
    }
    fn lacks(need: Need) -> Self {
        Self { needs: vec![need], ..Self::plain(Truth::Unknown) }
    }
    fn doubtful(why: &'static str) -> Self {
        Self { doubt: Some(why), ..Self::plain(Truth::Unknown) }
    }
    fn about(self, concern: Concern) -> Self {
        Self { concern: Some(concern), ..self }
    }
    /// If this is not known: the fact that would settle it, or why none does.
    fn unless_known(mut self, need: Need) -> Self {
        if self.truth == Truth::Unknown {
            self.needs.push(need);
        }
        self
    }
    fn or_doubt(mut self, why: &'static str) -> Self {
        if self.truth == Truth::Unknown {
            self.doubt = Some(why);
        }
        self
    }
}

const CASE: &str = "no source says whether case counts";

/// What an operator is usually about.
pub(super) fn concern(operator: &Operator) -> Concern {
    match operator {
        Operator::WindowsVersion(_)
        | Operator::Platform(_)
        | Operator::ProductReleaseInstalled { .. }
        | Operator::ProductReleaseVersion { .. } => Concern::Os,
        Operator::Processor(_) => Concern::Architecture,
        Operator::DeviceAttribute { name, .. } => match name.as_str() {
            "OSVersion" | "ProductType" => Concern::Os,
            "OSSkuId" | "sku" => Concern::Edition,
            _ => Concern::Other,
        },
        Operator::LicenseDword(name, ..) if name.eq_ignore_ascii_case("Kernel-ProductInfo") => {
            Concern::Edition
        }
        Operator::CbsPackageInstalled
        | Operator::CbsPackageInstallable
        | Operator::CbsPackageInstalledByIdentity(_) => Concern::Package,
        _ => Concern::Other,
    }
}

pub(super) fn judge(operator: &Operator, document: &RuleDocument, facts: &HostFacts<'_>) -> Leaf {
    match operator {
        Operator::And | Operator::Or | Operator::Not => Leaf::plain(Truth::Unknown),
        Operator::Other(_) => Leaf::plain(Truth::Unknown),
        Operator::True => Leaf::plain(Truth::True),
        Operator::False => Leaf::plain(Truth::False),
        Operator::WindowsVersion(v) => windows_version(v, facts),
        // kbwhy knows hosts of the NT family only
        Operator::Platform(id) => match facts.version() {
            Some(v) => {
                let truth = if *id == 2 { Truth::True } else { Truth::False };
                Leaf::known(truth, "Windows NT", &v.origin)
            }
            None => Leaf::lacks(Need::OsVersion),
        },
        Operator::Processor(id) => processor(*id, facts),
        Operator::WindowsLanguage(wanted) => language(wanted, facts),
        Operator::MuiInstalled | Operator::MuiLanguageInstalled(_) => Leaf::lacks(Need::Language),
        Operator::RegKeyExists(place) => match facts.registry_key(place) {
            Some((there, origin)) => {
                Leaf::known(Truth::of(there), if there { "there" } else { "not there" }, origin)
            }
            None => registry_need(place, facts, Need::RegistryKey),
        },
        Operator::RegValueExists(place, kind) => registry(place, facts, |value| match (kind, value) {
            (None, _) => Truth::True,
            (Some(kind), value) => type_of(value).map_or(Truth::Unknown, |t| Truth::of(t == kind)),
        }),
        Operator::RegDword(place, comparison, data) => registry(place, facts, |value| match value {
            RegistryValue::Dword(n) => Truth::of(comparison.holds(n.cmp(data))),
            _ => Truth::Unknown,
        }),
        Operator::RegSz(place, comparison, data) => registry(place, facts, |value| match value {
            RegistryValue::Text(t) => comparison.judge(t, data),
            _ => Truth::Unknown,
        })
        .case(comparison, data),
        // whether it is compared expanded is not documented
        Operator::RegExpandSz(place, comparison, data) => registry(place, facts, |value| match value {
            RegistryValue::Expand(t) if !t.contains('%') => comparison.judge(t, data),
            _ => Truth::Unknown,
        }),
        Operator::RegSzToVersion(place, comparison, data) => registry(place, facts, |value| match value {
            // CurrentVersion is "6.3": one to four numbers are read
            RegistryValue::Text(t) => {
                t.parse::<Version>().map_or(Truth::Unknown, |v| Truth::of(comparison.holds(v.cmp(data))))
            }
            _ => Truth::Unknown,
        }),
        Operator::FileExists(path, version) => file(path, facts, |state| match (state, version) {
            (FileState::Version(have), Some(wanted)) => Truth::of(have == wanted),
            (_, Some(_)) => Truth::Unknown,
            _ => Truth::True,
        }),
        Operator::FileVersion(path, comparison, wanted) => file(path, facts, |state| match state {
            FileState::Version(have) => Truth::of(comparison.holds(have.cmp(wanted))),
            _ => Truth::Unknown,
        }),
        Operator::CbsPackageInstalledByIdentity(identity) => package_installed(identity, facts),
        Operator::CbsPackageInstalled => match &document.package_name {
            Some(identity) => package_installed(identity, facts),
            None => Leaf::doubtful("the document embeds no package"),
        },
        Operator::CbsPackageInstallable => package_installable(document, facts),
        Operator::ProductReleaseInstalled { name, version } => {
            release(name, facts, |release| release.installed(*version))
        }
        Operator::ProductReleaseVersion { name, comparison, version } => {
            release(name, facts, |release| release.compared(*comparison, *version))
        }
        Operator::DeviceAttribute { name, kind, comparison, value } => {
            device(name, *kind, *comparison, value, facts)
        }
        Operator::LicenseDword(name, comparison, data) => {
            if !name.eq_ignore_ascii_case("Kernel-ProductInfo") {
                return Leaf::lacks(Need::License(name.clone()));
            }
            sku_leaf(facts, |sku| Truth::of(comparison.holds(sku.cmp(data))))
        }
        Operator::WmiQuery(_, Some(query)) => {
            let (truth, needs) = query.judge(facts);
            let needs = if truth == Truth::Unknown { needs } else { Vec::new() };
            Leaf { needs, ..Leaf::plain(truth) }
        }
        Operator::WmiQuery(text, None) => Leaf::lacks(Need::Wmi(text.clone())),
    }
}

impl Leaf {
    fn case(self, _: &StringComparison, _: &str) -> Self {
        if self.observed.is_some() && self.needs.is_empty() { self.or_doubt(CASE) } else { self }
    }
}

fn windows_version(wanted: &WindowsVersion, facts: &HostFacts<'_>) -> Leaf {
    let comparison = wanted.comparison.unwrap_or(Comparison::Equal);
    let types = facts.product_types();
    let kind = wanted.product_type.map(|t| match types {
        // for equality, whatever the comparison says: so it was observed
        Some(known) => agreed(known.value.iter().map(|have| Truth::of(*have == t))),
        None => Truth::Unknown,
    });
    let mut needs = Vec::new();
    let numbers = [wanted.major, wanted.minor, wanted.build, wanted.sp_major, wanted.sp_minor];
    let version = if numbers.iter().all(Option::is_none) {
        Truth::True
    } else if let Some(have) = facts.version() {
        let [major, minor, build, _] = have.value.0;
        let pack = facts.service_pack();
        let have = [Part::Known(major), Part::Known(minor), Part::Known(build), pack, Part::AtLeast(0)];
        let judge = |places: &[usize]| {
            let asked = places.iter().filter_map(|i| Some((have.get(*i).copied()?, (*numbers.get(*i)?)?)));
            let (have, want): (Vec<Part>, Vec<u32>) = asked.unzip();
            if want.is_empty() { Truth::True } else { Orders::of(&have, &want).judge(comparison) }
        };
        // VerifyVersionInfo compares version and service pack as one number and the build for itself; that is not
        // documented beyond doubt, so that both readings must agree
        let apart = judge(&[0, 1, 3, 4]).min(judge(&[2]));
        let together = judge(&[0, 1, 2, 3, 4]);
        let truth = if apart == together { apart } else { Truth::Unknown };
        if truth == Truth::Unknown && matches!(pack, Part::AtLeast(_)) {
            needs.push(Need::ServicePack);
        }
        truth
    } else {
        needs.push(Need::OsVersion);
        Truth::Unknown
    };
    // which suites a host has, no inventory tells
    let suites = wanted.suite_mask.map(|_| Truth::Unknown);
    if kind == Some(Truth::Unknown) {
        needs.push(Need::ProductType);
    }
    if suites.is_some() {
        needs.push(Need::Wmi("OSProductSuite".into()));
    }
    let truth = version.min(kind.unwrap_or(Truth::True)).min(suites.unwrap_or(Truth::True));
    let shown = || {
        let version = facts.version()?;
        let mut value = version.value.to_string();
        if wanted.sp_major.is_some()
            && let Part::Known(pack) = facts.service_pack()
        {
            value += &format!(", Service Pack {pack}");
        }
        if let (Some(_), Some(types)) = (wanted.product_type, types) {
            value += &format!(", product type {}", sku::shown(types).0);
        }
        Some(Observed { value, origin: version.origin.clone() })
    };
    let observed = shown().or_else(|| {
        let (value, origin) = types.filter(|_| kind.is_some()).map(sku::shown)?;
        Some(Observed { value: format!("product type {value}"), origin: origin.clone() })
    });
    let leaf = Leaf { observed, ..Leaf::plain(truth) };
    match truth {
        Truth::Unknown if needs.is_empty() => {
            leaf.or_doubt("no source says how Windows Update compares build and version together")
        }
        Truth::Unknown => Leaf { needs, ..leaf },
        _ => leaf,
    }
}

/// `wProcessorArchitecture` of `SYSTEM_INFO`.
fn processor(id: u32, facts: &HostFacts<'_>) -> Leaf {
    let Some(have) = facts.architecture() else { return Leaf::lacks(Need::Architecture) };
    let number = match have.value {
        Architecture::X86 => 0,
        Architecture::Arm => 5,
        Architecture::Ia64 => 6,
        Architecture::X64 => 9,
        Architecture::Arm64 => 12,
    };
    Leaf::known(Truth::of(number == id), have.value.name(), &have.origin)
}

/// True if Windows is localised to this language, and false on any with the Multilingual User Interface.
fn language(wanted: &str, facts: &HostFacts<'_>) -> Leaf {
    let Some(have) = &facts.host().language else { return Leaf::lacks(Need::Language) };
    let primary = |t: &str| t.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    if primary(&have.value) == primary(wanted) {
        // whether other languages are installed, no inventory tells
        let leaf = Leaf::known(Truth::Unknown, have.value.clone(), &have.origin);
        return leaf.unless_known(Need::Language);
    }
    Leaf::known(Truth::False, have.value.clone(), &have.origin)
}

fn type_of(value: &RegistryValue) -> Option<&'static str> {
    Some(match value {
        RegistryValue::Dword(_) => "REG_DWORD",
        RegistryValue::Qword(_) => "REG_QWORD",
        RegistryValue::Text(_) => "REG_SZ",
        RegistryValue::Expand(_) => "REG_EXPAND_SZ",
        RegistryValue::Multi(_) => "REG_MULTI_SZ",
        RegistryValue::Key | RegistryValue::Absent | RegistryValue::Other => return None,
    })
}

fn registry_need(place: &Place, facts: &HostFacts<'_>, need: impl Fn(String) -> Need) -> Leaf {
    if place.wow32 && facts.architecture().is_none() {
        return Leaf::lacks(Need::Architecture);
    }
    let wow = place.wow32 && !matches!(facts.architecture().map(|a| a.value), Some(Architecture::X86));
    let below =
        place.written.get(.."software\\".len()).filter(|head| wow && head.eq_ignore_ascii_case("software\\"));
    let key = match below.and_then(|head| place.written.get(head.len()..)) {
        Some(rest) => format!("hklm\\SOFTWARE\\WOW6432Node\\{rest}"),
        None => format!("hklm\\{}", place.written),
    };
    Leaf::lacks(need(key))
}

/// A value that is stated not to be there makes the operator false; one that nothing tells of leaves it open.
fn registry(place: &Place, facts: &HostFacts<'_>, judge: impl Fn(&RegistryValue) -> Truth) -> Leaf {
    match facts.registry_value(place) {
        None => registry_need(place, facts, |key| Need::RegistryValue(key, place.value.clone())),
        Some(Fact { value: RegistryValue::Absent, origin }) => Leaf::known(Truth::False, "not there", origin),
        Some(Fact { value, origin }) => {
            let shown = match value {
                RegistryValue::Dword(n) => n.to_string(),
                RegistryValue::Text(t) => format!("`{t}`"),
                other => other.to_string(),
            };
            Leaf::known(judge(value), shown, origin)
                .or_doubt("the value is of another type, or not comparable")
        }
    }
}

fn file(path: &str, facts: &HostFacts<'_>, judge: impl Fn(&FileState) -> Truth) -> Leaf {
    match facts.file(path) {
        None => Leaf::lacks(Need::File(path.to_owned())),
        Some(Fact { value: FileState::Absent, origin }) => Leaf::known(Truth::False, "not there", origin),
        Some(Fact { value, origin }) => {
            Leaf::known(judge(value), value.to_string(), origin).unless_known(Need::File(path.to_owned()))
        }
    }
}

/// The architecture that a package is for, where hosts of others cannot have it.
fn of_package(name: &str) -> Option<Architecture> {
    match name {
        "amd64" => Some(Architecture::X64),
        "x86" => Some(Architecture::X86),
        "arm64" => Some(Architecture::Arm64),
        "ia64" => Some(Architecture::Ia64),
        _ => None,
    }
}

/// What keeps a cumulative update's package off a host by its name alone: architecture, or branch.
fn foreign_package(identity: &PackageIdentity, facts: &HostFacts<'_>) -> Option<Leaf> {
    let (branch, _) = identity.rollup()?;
    if let (Some(wanted), Some(have)) = (of_package(&identity.architecture), facts.architecture())
        && wanted != have.value
    {
        let leaf = Leaf::known(Truth::False, have.value.name(), &have.origin);
        return Some(leaf.about(Concern::Architecture));
    }
    let version = facts.version()?;
    let [major, _, build, _] = version.value.0;
    (major < 10 || branch_of(build) != branch_of(branch))
        .then(|| Leaf::known(Truth::False, version.value.to_string(), &version.origin).about(Concern::Os))
}

/// Windows Update takes a package as installed whose state is 112.
fn package_installed(name: &str, facts: &HostFacts<'_>) -> Leaf {
    if let Some((_, state)) = facts.package(name) {
        let truth = match state.value {
            PackageState::Installed => Truth::True,
            PackageState::Absent | PackageState::Staged => Truth::False,
            _ => Truth::Unknown,
        };
        return Leaf::known(truth, state.value.name(), &state.origin)
            .or_doubt("no source says what Windows Update makes of this state");
    }
    let host = facts.host();
    if let Some(identity) = PackageIdentity::parse(name) {
        if let Some(foreign) = foreign_package(&identity, facts) {
            return foreign;
        }
        // a lower revision does not contain the update
        if let (Some((_, brings)), Some(have)) = (identity.rollup(), &host.revision)
            && have.value < brings
        {
            return Leaf::known(Truth::False, format!("revision {}", have.value), &have.origin);
        }
        // lists name packages that can be removed; the parts of an update are hidden
        if identity.name.starts_with("Package_for_") && host.has_whole_store() {
            let whole = |l: &&crate::model::ListSeen| l.kind == ListKind::ComponentStore && l.gaps.is_empty();
            if let Some(list) = host.completeness.lists.iter().find(whole) {
                return Leaf::known(Truth::False, "not listed", &list.origin);
            }
        }
    }
    Leaf::lacks(Need::Packages)
}

fn package_installable(document: &RuleDocument, facts: &HostFacts<'_>) -> Leaf {
    let Some(identity) = &document.package else { return Leaf::doubtful("the document embeds no package") };
    if let Some(foreign) = foreign_package(identity, facts) {
        return foreign;
    }
    let Some(manifest) = document.assembly.as_deref().and_then(|text| mum::parse(text).ok()) else {
        return Leaf::doubtful("the embedded package is not understood");
    };
    // metadata that was reduced names no parents; every real package has some
    if manifest.parents.is_empty() || !manifest.head_whole {
        return Leaf::doubtful("the embedded package names no parents");
    }
    let store = facts.store();
    let judged = servicing::evaluate(&manifest, &[], store);
    let origin = judged.parents.iter().find_map(|p| p.listed.as_ref().map(|(_, fact)| &fact.origin));
    let Some(origin) = origin.or(store.origin()) else { return Leaf::lacks(Need::Packages) };
    match judged.applicable() {
        Some(Applicable::Absent) => Leaf::known(Truth::False, "none of its parents", origin),
        Some(Applicable::Superseded) => Leaf::known(Truth::False, "a higher version of it", origin),
        // what is there already is not installed again; Windows Update asks that elsewhere
        Some(Applicable::Installed) if matches!(judged.on_system, OnSystem::Neither) => {
            Leaf::known(Truth::True, "one of its parents", origin)
        }
        _ => Leaf::lacks(Need::Packages),
    }
}

/// What is known of a product release: `Client.OS.RS2.ARM64`, `Server.OS.amd64`.
struct Release<'a> {
    /// builds that it may count in: its own, or that of its branch
    builds: Vec<u32>,
    version: &'a Fact<Version>,
    revision: Part,
    shown: Observed,
}

impl Release<'_> {
    fn compared(&self, comparison: Comparison, wanted: Version) -> Leaf {
        let [major, minor, ..] = self.version.value.0;
        // a rule that names the host's own build means that one
        let own = self.builds.first().is_some_and(|build| *build == wanted.0[2]);
        let each = self.builds.iter().take(if own { 1 } else { 2 }).map(|build| {
            let have = [Part::Known(major), Part::Known(minor), Part::Known(*build), self.revision];
            Orders::of(&have, &wanted.0).judge(comparison)
        });
        let leaf = Leaf { observed: Some(self.shown.clone()), ..Leaf::plain(agreed(each)) };
        match self.revision {
            Part::AtLeast(_) => leaf.unless_known(Need::Revision),
            Part::Known(_) => leaf.or_doubt("no source says how releases of one branch compare"),
        }
    }

    /// At this version or later, within one build. Whether a later build counts as having it, no source says.
    fn installed(&self, wanted: Version) -> Leaf {
        let leaf = self.compared(Comparison::GreaterOrEqual, wanted);
        let [major, minor, build, _] = self.version.value.0;
        if leaf.truth == Truth::True && [major, minor, build] != wanted.0[..3] {
            let leaf = Leaf { truth: Truth::Unknown, ..leaf };
            return leaf.or_doubt("no source says whether a later build counts as having it");
        }
        leaf
    }
}

fn release(name: &str, facts: &HostFacts<'_>, judge: impl Fn(&Release<'_>) -> Leaf) -> Leaf {
    let lower = name.to_lowercase();
    let server = if lower.starts_with("client.os.") {
        false
    } else if lower.starts_with("server.os.") {
        true
    } else {
        return Leaf::doubtful("what this product's release goes by is not known");
    };
    let Some(wanted) = lower.rsplit('.').next().and_then(of_package) else {
        return Leaf::doubtful("what this product's release goes by is not known");
    };
    // the product of another kind or architecture is not there
    if let Some(have) = facts.architecture()
        && have.value != wanted
    {
        return Leaf::known(Truth::False, have.value.name(), &have.origin).about(Concern::Architecture);
    }
    let kind = facts.product_types();
    if let Some(kind) = kind
        && kind.value.iter().all(|t| (*t != 1) != server)
    {
        return Leaf::known(Truth::False, if server { "a client" } else { "a server" }, &kind.origin);
    }
    let Some(((parts, shown), version)) = facts.os_version().zip(facts.version()) else {
        return Leaf::lacks(Need::OsVersion);
    };
    let build = version.value.0[2];
    let mut builds = vec![build];
    if branch_of(build) != build {
        builds.push(branch_of(build));
    }
    let leaf = judge(&Release { builds, version, revision: parts[3], shown });
    // an older Windows has it in no kind and architecture
    if leaf.truth == Truth::True {
        if facts.architecture().is_none() {
            return Leaf::lacks(Need::Architecture);
        }
        if !kind.is_some_and(|k| k.value.iter().all(|t| (*t != 1) == server)) {
            return Leaf::lacks(Need::ProductType);
        }
    }
    leaf
}

fn sku_leaf(facts: &HostFacts<'_>, judge: impl Fn(u32) -> Truth) -> Leaf {
    let Some(numbers) = facts.skus() else { return Leaf::lacks(Need::Sku) };
    let (value, origin) = sku::shown(numbers);
    let edition = facts.host().edition.as_ref().map(|e| format!(" ({})", e.value.0)).unwrap_or_default();
    let truth = agreed(numbers.value.iter().map(|n| judge(*n)));
    Leaf::known(truth, format!("{value}{edition}"), origin).unless_known(Need::Sku)
}

fn device(name: &str, kind: DeviceType, comparison: Comparison, value: &str, facts: &HostFacts<'_>) -> Leaf {
    // what is stated of the device goes before what follows from the host
    if let Some(stated) = facts.device(name) {
        let truth = match kind {
            _ if stated.value.is_empty() => Truth::False,
            DeviceType::String if comparison == Comparison::Equal => {
                StringComparison::Equal.judge(&stated.value, value)
            }
            DeviceType::Version => match (stated.value.parse::<Version>(), value.parse::<Version>()) {
                (Ok(have), Ok(wanted)) => Truth::of(comparison.holds(have.cmp(&wanted))),
                _ => Truth::Unknown,
            },
            _ => Truth::Unknown,
        };
        let shown =
            if stated.value.is_empty() { "not set".to_owned() } else { format!("`{}`", stated.value) };
        return Leaf::known(truth, shown, &stated.origin).or_doubt("the values cannot be compared");
    }
    match name {
        "OSVersion" if kind == DeviceType::Version => {
            let Some(wanted) = super::compare::four_parts(value) else {
                return Leaf::doubtful("the rule's version is not understood");
            };
            let Some((have, shown)) = facts.os_version() else { return Leaf::lacks(Need::OsVersion) };
            let truth = Orders::of(&have, &wanted.0).judge(comparison);
            Leaf { observed: Some(shown), ..Leaf::plain(truth) }.unless_known(Need::Revision)
        }
        "OSSkuId" | "sku" if kind == DeviceType::String && comparison == Comparison::Equal => {
            match value.trim().parse::<u32>() {
                Ok(wanted) => sku_leaf(facts, |sku| Truth::of(sku == wanted)),
                Err(_) => Leaf::doubtful("the rule's number is not understood"),
            }
        }
        "ProductType" if kind == DeviceType::String && comparison == Comparison::Equal => {
            let wanted = match value.trim() {
                "WinNT" => 1,
                "LanmanNT" => 2,
                "ServerNT" => 3,
                _ => return Leaf::doubtful("the rule's product type is not known"),
            };
            let Some(types) = facts.product_types() else { return Leaf::lacks(Need::ProductType) };
            let (value, origin) = sku::shown(types);
            let truth = agreed(types.value.iter().map(|t| Truth::of(*t == wanted)));
            Leaf::known(truth, format!("product type {value}"), origin).unless_known(Need::ProductType)
        }
        _ => Leaf::lacks(Need::Device(name.to_owned())),
    }
}
