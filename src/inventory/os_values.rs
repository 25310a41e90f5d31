//! Properties of Windows' own management classes (Win32_OperatingSystem, Win32_ComputerSystem), whatever printed them:
//! one place says what they mean.

use super::systeminfo::{os_version, service_pack_words};
use super::words;
use crate::model::{Architecture, Edition, Fact, Host, InstallationType, Origin, Version};
use std::collections::BTreeMap;

/// More values than any object has.
const LIMIT: usize = 2_000;

/// A value as it was read, its name as it is spelled, and its place.
#[derive(Clone, Debug)]
struct Kept {
    name: String,
    value: String,
    origin: Origin,
}

/// The values of one object or registry key by their names in any case, each with its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(BTreeMap<String, Kept>);

impl Values {
    /// Keeps a value; the first that is not empty stays. False if another one is kept already.
    pub(super) fn put(&mut self, name: &str, value: &str, origin: Origin) -> bool {
        let (name, value) = (name.trim(), value.trim());
        let lower = name.to_ascii_lowercase();
        match self.0.get(&lower) {
            Some(known) if !known.value.is_empty() => known.value == value || value.is_empty(),
            None if self.0.len() >= LIMIT => true,
            _ => {
                self.0.insert(lower, Kept { name: name.to_owned(), value: value.to_owned(), origin });
                true
            }
        }
    }

    /// A value that is not empty, by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<(&str, &Origin)> {
        self.0.get(name).filter(|k| !k.value.is_empty()).map(|k| (k.value.as_str(), &k.origin))
    }

    /// Is the name there, even with an empty value?
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Names as they are spelled, with values and places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str, &Origin)> {
        self.0.values().map(|k| (k.name.as_str(), k.value.as_str(), &k.origin))
    }
}

/// A remark of a reader about one value.
pub(super) fn note(host: &mut Host, text: String, origin: &Origin) {
    if host.notes.len() < super::collect::OTHER_IDS {
        host.notes.push(Fact::new(text, origin.clone()));
    }
}

/// Does the object describe Windows? `Caption` alone may be that of a disk or of an update.
pub(super) fn is_os(values: &Values) -> bool {
    let caption = values.get("caption").is_some_and(|(c, _)| words::is_product(c));
    let numbers = values.get("version").is_some_and(|(v, _)| os_version(v).is_some())
        || values.get("buildnumber").is_some_and(|(b, _)| b.parse::<u32>().is_ok());
    let own = [
        "operatingsystemsku",
        "osarchitecture",
        "servicepackmajorversion",
        "csdversion",
        "csname",
        "systemdirectory",
    ];
    caption && (numbers || own.iter().any(|n| values.has(n)))
        || numbers && own.iter().any(|n| values.has(n))
        || values.has("osarchitecture") && values.get("buildnumber").is_some()
}

/// Puts what the properties of Win32_OperatingSystem (and `SystemType` of Win32_ComputerSystem) say into the host, where
/// it does not know it yet.
pub(super) fn tell_os(values: &Values, host: &mut Host) {
    if host.name.is_none() {
        host.name = ["csname", "pscomputername", "__server"].iter().find_map(|n| {
            let (name, origin) = values.get(n)?;
            is_computer_name(name).then(|| Fact::new(name.to_owned(), origin.clone()))
        });
    }
    if host.version.is_none() {
        host.version = version(values, host);
    }
    if host.service_pack.is_none() {
        host.service_pack = service_pack(values, host.version.as_ref().map(|v| v.value));
    }
    if host.product.is_none()
        && let Some((product, origin)) = caption(values)
    {
        host.product = Some(Fact::new(product, origin.clone()));
    }
    if host.edition.is_none() {
        host.edition = edition(values, host);
    }
    if host.installation_type.is_none() {
        host.installation_type = installation_type(values);
    }
    if host.architecture.is_none() {
        host.architecture = architecture(values, host);
    }
    if host.language.is_none() {
        host.language = language(values);
    }
}

/// The product's name, from `Caption`, or from the head of `Name` (`Microsoft Windows 10 Pro|C:\Windows|\Device\…`).
fn caption(values: &Values) -> Option<(String, &Origin)> {
    let of_name = values.get("name").and_then(|(name, origin)| Some((name.split_once('|')?.0, origin)));
    let (text, origin) = values.get("caption").or(of_name)?;
    let named =
        words::is_product(text) || text.contains("Hyper-V Server") || text.contains("Azure Stack HCI");
    named.then(|| (words::product(text), origin))
}

/// `Version` and `BuildNumber` say the same; where they do not, neither is believed.
fn version(values: &Values, host: &mut Host) -> Option<Fact<Version>> {
    let full = values.get("version").and_then(|(v, origin)| Some((os_version(v)?, origin)));
    let build = values.get("buildnumber").and_then(|(b, origin)| Some((version_of_build(b)?, origin)));
    match (full, build) {
        (Some((full, origin)), Some((build, _))) if full.0[2] != build.0[2] => {
            let text = format!("Version says {full} and BuildNumber {}: neither is used", build.0[2]);
            note(host, text, origin);
            None
        }
        (Some((version, origin)), _) | (None, Some((version, origin))) => {
            Some(Fact::new(version, origin.clone()))
        }
        (None, None) => None,
    }
}

/// The version that a build number belongs to; each build before Windows 10 is of one version only.
pub(super) fn version_of_build(text: &str) -> Option<Version> {
    let build: u32 = text.trim().parse().ok()?;
    let (major, minor) = match build {
        2195 => (5, 0),
        2600 => (5, 1),
        3790 => (5, 2),
        6000..=6003 => (6, 0),
        7600 | 7601 => (6, 1),
        9200 => (6, 2),
        9600 => (6, 3),
        10_240..100_000 => (10, 0),
        _ => return None,
    };
    Some(Version([major, minor, build, 0]))
}

/// Service packs ended with Windows 7; what later systems call 0 says nothing.
fn service_pack(values: &Values, version: Option<Version>) -> Option<Fact<u8>> {
    let [major, minor, ..] = version?.0;
    if (major, minor) > (6, 1) {
        return None;
    }
    let number = values.get("servicepackmajorversion").and_then(|(n, o)| Some((n.parse().ok()?, o)));
    let words = || values.get("csdversion").and_then(|(w, o)| Some((service_pack_words(w)?, o)));
    let origin = || values.get("version").or_else(|| values.get("buildnumber")).map(|(_, o)| o);
    let by_build = || Some((super::systeminfo::service_pack(version?, "")?, origin()?));
    number.or_else(words).or_else(by_build).map(|(pack, o): (u8, _)| Fact::new(pack, o.clone()))
}

/// What `OperatingSystemSKU` stands for, as the registry's EditionID: the PRODUCT_ constants of winnt.h, which
/// <https://learn.microsoft.com/windows/win32/api/sysinfoapi/nf-sysinfoapi-getproductinfo> lists. Only those that are
/// one edition in the words of admins.
fn edition_of_sku(sku: u32) -> Option<&'static str> {
    Some(match sku {
        1 => "Ultimate",
        2 => "HomeBasic",
        3 => "HomePremium",
        4 => "Enterprise",
        6 => "Business",
        7 | 13 | 146 => "ServerStandard",
        8 | 12 | 145 => "ServerDatacenter",
        10 | 14 | 15 => "ServerEnterprise",
        11 => "Starter",
        17 | 29 => "ServerWeb",
        27 => "EnterpriseN",
        33 => "Foundation",
        48 => "Professional",
        49 => "ProfessionalN",
        50 => "ServerSolution",
        72 => "EnterpriseEval",
        79 => "ServerStandardEval",
        80 => "ServerDatacenterEval",
        98 => "CoreN",
        99 => "CoreCountrySpecific",
        100 => "CoreSingleLanguage",
        101 => "Core",
        121 => "Education",
        125 => "EnterpriseS",
        126 => "EnterpriseSN",
        129 => "EnterpriseSEval",
        161 => "ProfessionalWorkstation",
        164 => "ProfessionalEducation",
        175 => "ServerRdsh",
        188 => "IoTEnterprise",
        191 => "IoTEnterpriseS",
        407 | 408 => "ServerTurbine",
        _ => return None,
    })
}

/// The same edition in the words of two sources: LTSB is the older name of LTSC.
fn same_edition(a: &Edition, b: &Edition) -> bool {
    let plain = |e: &Edition| e.0.to_ascii_lowercase().replace("ltsb", "ltsc");
    plain(a) == plain(b)
}

/// The edition that the caption words and the SKU numbers; one that they disagree on is not known.
fn edition(values: &Values, host: &mut Host) -> Option<Fact<Edition>> {
    let named = caption(values);
    let product = named.as_ref().map_or("Windows 10", |(p, _)| p.as_str());
    let worded = named.as_ref().and_then(|(p, origin)| Some((words::edition(p)?, *origin)));
    let sku = values
        .get("operatingsystemsku")
        .and_then(|(n, origin)| Some((words::edition_id(edition_of_sku(n.parse().ok()?)?, product), origin)));
    match (worded, sku) {
        (Some((worded, at)), Some((sku, _))) if !same_edition(&worded, &sku) => {
            let text = format!("Caption says {}, OperatingSystemSKU {}: neither is used", worded.0, sku.0);
            note(host, text, at);
            None
        }
        (Some((edition, origin)), _) | (None, Some((edition, origin))) => {
            Some(Fact::new(edition, origin.clone()))
        }
        (None, None) => None,
    }
}

/// `ProductType` 1 is a client. 2 and 3 are servers, with or without the desktop: no type is told by them.
fn installation_type(values: &Values) -> Option<Fact<InstallationType>> {
    let sku = values.get("operatingsystemsku").and_then(|(n, origin)| {
        let kind = match n.parse::<u32>().ok()? {
            12..=14 | 29 | 39..=41 | 145 | 146 | 408 => InstallationType::ServerCore,
            143 | 144 => InstallationType::NanoServer,
            _ => return None,
        };
        Some(Fact::new(kind, origin.clone()))
    });
    let client = || {
        let (_, origin) = values.get("producttype").filter(|(n, _)| matches!(*n, "1" | "WinNT"))?;
        Some(Fact::new(InstallationType::Client, origin.clone()))
    };
    sku.or_else(client)
}

/// `OSArchitecture` is worded in the display language (`64-bit`, `64-разрядная`, `ARM 64-bit Processor`), `SystemType`
/// is not (`x64-based PC`). Where both are there they must agree.
fn architecture(values: &Values, host: &mut Host) -> Option<Fact<Architecture>> {
    let itanium =
        ["caption", "systemtype"].iter().any(|n| values.get(n).is_some_and(|(t, _)| t.contains("Itanium")));
    let of_os = values.get("osarchitecture").and_then(|(t, o)| Some((os_architecture(t)?, o)));
    let of_os =
        of_os.map(|(a, o)| (if itanium && a == Architecture::X64 { Architecture::Ia64 } else { a }, o));
    let of_type = values.get("systemtype").and_then(|(t, o)| Some((t.parse::<Architecture>().ok()?, o)));
    match (of_os, of_type) {
        (Some((a, o)), Some((b, _))) if a != b => {
            note(host, format!("OSArchitecture says {a}, SystemType {b}: neither is used"), o);
            None
        }
        (Some((a, o)), _) | (None, Some((a, o))) => Some(Fact::new(a, o.clone())),
        (None, None) => None,
    }
}

/// Reads `64-bit`, `64-Bit`, `64 bits`, `64-разрядная`, `64 ビット`, `64비트`, `ARM 64-bit Processor`.
pub(super) fn os_architecture(text: &str) -> Option<Architecture> {
    let lower = text.to_lowercase();
    let arm = lower.contains("arm");
    let bits: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_digit()).filter(|n| matches!(*n, "32" | "64")).collect();
    match (bits.as_slice(), arm) {
        (["64"], false) => Some(Architecture::X64),
        (["64"], true) => Some(Architecture::Arm64),
        (["32"], false) => Some(Architecture::X86),
        (["32"], true) => Some(Architecture::Arm),
        _ => None,
    }
}

/// Windows' display languages by their number, as `OSLanguage` gives it:
/// <https://learn.microsoft.com/windows-hardware/manufacture/desktop/available-language-packs-for-windows>.
const LANGUAGES: [(u32, &str); 38] = [
    (1025, "ar-SA"),
    (1026, "bg-BG"),
    (1028, "zh-TW"),
    (1029, "cs-CZ"),
    (1030, "da-DK"),
    (1031, "de-DE"),
    (1032, "el-GR"),
    (1033, "en-US"),
    (1035, "fi-FI"),
    (1036, "fr-FR"),
    (1037, "he-IL"),
    (1038, "hu-HU"),
    (1040, "it-IT"),
    (1041, "ja-JP"),
    (1042, "ko-KR"),
    (1043, "nl-NL"),
    (1044, "nb-NO"),
    (1045, "pl-PL"),
    (1046, "pt-BR"),
    (1048, "ro-RO"),
    (1049, "ru-RU"),
    (1050, "hr-HR"),
    (1051, "sk-SK"),
    (1053, "sv-SE"),
    (1054, "th-TH"),
    (1055, "tr-TR"),
    (1058, "uk-UA"),
    (1060, "sl-SI"),
    (1061, "et-EE"),
    (1062, "lv-LV"),
    (1063, "lt-LT"),
    (2052, "zh-CN"),
    (2057, "en-GB"),
    (2058, "es-MX"),
    (2070, "pt-PT"),
    (2074, "sr-Latn-RS"),
    (3082, "es-ES"),
    (3084, "fr-CA"),
];

/// The display language; `Locale` and `CountryCode` are about formats, so they tell none.
fn language(values: &Values) -> Option<Fact<String>> {
    let (number, origin) = values.get("oslanguage")?;
    let number: u32 = number.parse().ok()?;
    let (_, name) = LANGUAGES.iter().find(|(n, _)| *n == number)?;
    Some(Fact::new((*name).to_owned(), origin.clone()))
}

/// A name that a computer can have, not a sentence.
pub(super) fn is_computer_name(text: &str) -> bool {
    !text.is_empty()
        && text != "."
        && !text.eq_ignore_ascii_case("localhost")
        && text.len() <= 255
        && !text.contains(char::is_whitespace)
        && !text.contains("..")
        && !text.contains(['…', '\\', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let mut out = Values::default();
        for (line, (name, value)) in (1..).zip(pairs) {
            out.put(name, value, Origin::line(&Arc::from("f"), "x", line));
        }
        out
    }

    fn host(pairs: &[(&str, &str)]) -> Host {
        let mut host = Host::default();
        tell_os(&values(pairs), &mut host);
        host
    }

    fn shown(host: &Host) -> [Option<String>; 5] {
        [
            host.product.as_ref().map(|f| f.value.clone()),
            host.version.as_ref().map(|f| f.value.to_string()),
            host.edition.as_ref().map(|f| f.value.0.clone()),
            host.architecture.as_ref().map(|f| f.value.to_string()),
            host.service_pack.as_ref().map(|f| f.value.to_string()),
        ]
    }

    #[test]
    fn the_properties_of_windows_become_facts() {
        let host = host(&[
            ("Caption", "Microsoft Windows 10 Pro "),
            ("CSName", "PC01"),
            ("Version", "10.0.19044"),
            ("BuildNumber", "19044"),
            ("OSArchitecture", "64 ビット"),
            ("OperatingSystemSKU", "48"),
            ("ServicePackMajorVersion", "0"),
            ("OSLanguage", "1041"),
            ("ProductType", "1"),
        ]);
        let want = [Some("Microsoft Windows 10 Pro"), Some("10.0.19044"), Some("Pro"), Some("x64"), None];
        assert_eq!(shown(&host), want.map(|w| w.map(str::to_owned)));
        assert_eq!(host.name.map(|n| (n.value, n.origin.to_string())), Some(("PC01".into(), "f:2".into())));
        assert_eq!(host.language.map(|l| l.value).as_deref(), Some("ja-JP"));
        assert_eq!(host.installation_type.map(|t| t.value), Some(InstallationType::Client));
    }

    #[test]
    fn what_two_properties_disagree_on_is_not_known() {
        let host = host(&[
            ("Caption", "Microsoft Windows 10 Pro"),
            ("OperatingSystemSKU", "4"),
            ("Version", "10.0.19044"),
            ("BuildNumber", "19045"),
            ("OSArchitecture", "64-bit"),
            ("SystemType", "X86-based PC"),
        ]);
        assert_eq!((host.edition, host.version, host.architecture), (None, None, None));
        assert_eq!(host.notes.len(), 3);
    }

    #[test]
    fn the_sku_tells_the_edition_where_the_caption_has_no_known_word() {
        let of = |caption, sku| {
            host(&[("Caption", caption), ("OperatingSystemSKU", sku)]).edition.map(|e| e.value.0)
        };
        assert_eq!(of("Microsoft Windows 10 Ärgerlich", "101").as_deref(), Some("Home"));
        assert_eq!(of("Microsoft Windows 7 Foo", "48").as_deref(), Some("Professional"));
        assert_eq!(
            of("Microsoft Windows 10 Enterprise 2016 LTSB", "125").as_deref(),
            Some("Enterprise LTSB")
        );
        assert_eq!(
            of("Microsoft Windows Server 2022 Datacenter Azure Edition", "407").as_deref(),
            Some("Datacenter: Azure Edition")
        );
        assert_eq!(of("Microsoft Windows 10", "9999"), None);
    }

    #[test]
    fn architectures_are_worded_in_any_language() {
        for (text, want) in [
            ("64-bit", Some(Architecture::X64)),
            ("64-разрядная", Some(Architecture::X64)),
            ("32 bits", Some(Architecture::X86)),
            ("ARM 64-bit Processor", Some(Architecture::Arm64)),
            ("64비트", Some(Architecture::X64)),
            ("N/A", None),
            ("640", None),
        ] {
            assert_eq!(os_architecture(text), want, "{text}");
        }
        let ia64 = [
            ("Caption", "Microsoft Windows Server 2008 for Itanium-Based Systems"),
            ("OSArchitecture", "64-bit"),
        ];
        assert_eq!(host(&ia64).architecture.map(|a| a.value), Some(Architecture::Ia64));
    }

    #[test]
    fn service_packs_are_told_up_to_windows_7() {
        let of =
            |version, pack| host(&[("Version", version), ("ServicePackMajorVersion", pack)]).service_pack;
        assert_eq!(of("5.1.2600", "3").map(|p| p.value), Some(3));
        assert_eq!(of("6.1.7601", "").map(|p| p.value), Some(1));
        assert_eq!(of("6.3.9600", "0"), None);
    }

    #[test]
    fn a_build_alone_gives_the_version_only_where_it_is_known() {
        assert_eq!(version_of_build("9600").map(|v| v.to_string()).as_deref(), Some("6.3.9600"));
        assert_eq!(version_of_build("26200").map(|v| v.to_string()).as_deref(), Some("10.0.26200"));
        assert_eq!(version_of_build("8102"), None);
    }

    #[test]
    fn a_disk_is_no_windows() {
        assert!(!is_os(&values(&[("Caption", "WDC Disk"), ("Version", "1.2.3000")])));
        assert!(!is_os(&values(&[("Caption", "Microsoft Windows 10 Pro")])));
        assert!(is_os(&values(&[("Caption", "Microsoft Windows 10 Pro"), ("Version", "10.0.19044")])));
    }
}
