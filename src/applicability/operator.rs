//! The operators, with what their attributes say.

use super::compare::{Comparison, StringComparison, four_parts};
use super::wql::Query;
use crate::model::{Version, file_path, registry_key};

/// What one element of an expression asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// all of its parts; also the section as a whole
    And,
    /// any of its parts
    Or,
    /// not its one part
    Not,
    /// yes
    True,
    /// no
    False,
    /// version of Windows, by `VerifyVersionInfo`
    WindowsVersion(WindowsVersion),
    /// family of Windows: 2 is NT
    Platform(u32),
    /// architecture by `wProcessorArchitecture`
    Processor(u32),
    /// language that Windows is localised to
    WindowsLanguage(String),
    /// the Multilingual User Interface is installed
    MuiInstalled,
    /// with this language
    MuiLanguageInstalled(String),
    /// a key is there
    RegKeyExists(Place),
    /// a value is there; with this type
    RegValueExists(Place, Option<String>),
    /// a `REG_DWORD`
    RegDword(Place, Comparison, u32),
    /// a `REG_SZ`
    RegSz(Place, StringComparison, String),
    /// a `REG_EXPAND_SZ`
    RegExpandSz(Place, StringComparison, String),
    /// a `REG_SZ` of one to four numbers
    RegSzToVersion(Place, Comparison, Version),
    /// a file is there, by its path in one spelling; with this version
    FileExists(String, Option<Version>),
    /// a file is there with such a version
    FileVersion(String, Comparison, Version),
    /// the package of the update's own metadata is installed
    CbsPackageInstalled,
    /// a package is installed, by its identity
    CbsPackageInstalledByIdentity(String),
    /// the package of the update's own metadata can be installed
    CbsPackageInstallable,
    /// a product is there at this version or later
    ProductReleaseInstalled {
        /// `Client.OS.RS2.ARM64`, `Server.OS.amd64`
        name: String,
        /// `10.0.22621.5909`
        version: Version,
    },
    /// a product's version
    ProductReleaseVersion {
        /// the product
        name: String,
        /// how it compares
        comparison: Comparison,
        /// with this version
        version: Version,
    },
    /// what the device tells of itself
    DeviceAttribute {
        /// `OSVersion`, `OSSkuId`, …
        name: String,
        /// how its value is read
        kind: DeviceType,
        /// how it compares
        comparison: Comparison,
        /// with this
        value: String,
    },
    /// a value of the licence (`SLGetWindowsInformationDWORD`)
    LicenseDword(String, Comparison, u32),
    /// a query that gives rows; none if it is of another namespace or class, or not understood
    WmiQuery(String, Option<Query>),
    /// not known, or garbled: what is the matter
    Other(String),
}

/// How the value of a device attribute is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceType {
    /// as a text
    String,
    /// as a version
    Version,
    /// in another way
    Other,
}

/// A place in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// key in one spelling
    pub key: String,
    /// key as the rule writes it, below HKLM
    pub written: String,
    /// name of the value, as it is written
    pub value: String,
    /// as a 32-bit program sees it
    pub wow32: bool,
}

/// Numbers of the version of Windows that a rule names; all that it leaves out do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowsVersion {
    /// absent: equal
    pub comparison: Option<Comparison>,
    /// major version
    pub major: Option<u32>,
    /// minor version
    pub minor: Option<u32>,
    /// build
    pub build: Option<u32>,
    /// service pack
    pub sp_major: Option<u32>,
    /// its minor version
    pub sp_minor: Option<u32>,
    /// 1 workstation, 2 domain controller, 3 server
    pub product_type: Option<u32>,
    /// product suites
    pub suite_mask: Option<u32>,
}

impl Operator {
    /// Has it parts that are expressions?
    pub const fn is_logical(&self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Not)
    }
}

/// The family of operators that a prefix or a namespace names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// none is named
    Any,
    /// of the update's own schema, or of a handler
    Update,
    Logical,
    Base,
    Msi,
    Driver,
    /// of somebody else
    Foreign,
}

/// The attributes of an element; each must be asked for, or the operator is not understood.
pub(super) struct Attributes {
    all: Vec<(String, Option<String>)>,
    used: Vec<bool>,
}

impl Attributes {
    /// Names without prefix, and values; none where the value is garbled.
    pub(super) fn new(all: Vec<(String, Option<String>)>) -> Self {
        let used = vec![false; all.len()];
        Self { all, used }
    }

    fn optional(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(at) = self.all.iter().position(|(n, _)| n.eq_ignore_ascii_case(name)) else {
            return Ok(None);
        };
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
        let value = self.all.get(at).and_then(|(_, v)| v.clone());
        value.map(Some).ok_or_else(|| format!("its {name} is garbled"))
    }

    fn required(&mut self, name: &str) -> Result<String, String> {
        self.optional(name)?.ok_or_else(|| format!("it has no {name}"))
    }

    fn read<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let text = self.required(name)?;
        read(text.trim()).ok_or_else(|| garbled(name, &text))
    }

    fn maybe<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        read(text.trim()).map(Some).ok_or_else(|| garbled(name, &text))
    }

    fn rest(&self) -> Option<&str> {
        let unused = self.all.iter().zip(&self.used).find(|(_, used)| !**used);
        unused.map(|((name, _), _)| name.as_str())
    }
}

fn garbled(name: &str, text: &str) -> String {
    format!("its {name} `{}` is not understood", text.chars().take(40).collect::<String>())
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Reads an operator by its name without prefix. What cannot be understood is [`Operator::Other`].
pub(super) fn read(family: Family, name: &str, mut attributes: Attributes) -> Operator {
    let allowed = match name {
        "And" | "Or" | "Not" | "True" | "False" => matches!(family, Family::Any | Family::Logical),
        _ if name.starts_with("Cbs") || name.starts_with("ProductRelease") || name == "DeviceAttribute" => {
            matches!(family, Family::Any | Family::Update | Family::Base)
        }
        _ => matches!(family, Family::Any | Family::Base),
    };
    if !allowed {
        return Operator::Other("this operator is not known".into());
    }
    let read = match build(name, &mut attributes) {
        Ok(Some(operator)) => operator,
        Ok(None) => return Operator::Other("this operator is not known".into()),
        Err(why) => return Operator::Other(why),
    };
    match attributes.rest() {
        Some(more) => Operator::Other(format!("its {more} is not understood")),
        None => read,
    }
}

fn build(name: &str, a: &mut Attributes) -> Result<Option<Operator>, String> {
    Ok(Some(match name {
        "And" => Operator::And,
        "Or" => Operator::Or,
        "Not" => Operator::Not,
        "True" => Operator::True,
        "False" => Operator::False,
        "WindowsVersion" => windows_version(a)?,
        "Platform" => Operator::Platform(a.read("PlatformID", number)?),
        "Processor" => Operator::Processor(a.read("Architecture", number)?),
        "WindowsLanguage" => Operator::WindowsLanguage(a.required("Language")?),
        "MuiInstalled" => Operator::MuiInstalled,
        "MuiLanguageInstalled" => Operator::MuiLanguageInstalled(a.required("Language")?),
        "RegKeyExists" => Operator::RegKeyExists(place(a, false)?),
        "RegValueExists" => {
            let place = place(a, true)?;
            Operator::RegValueExists(place, a.optional("Type")?.map(|t| t.trim().to_ascii_uppercase()))
        }
        "RegDword" => Operator::RegDword(
            place(a, true)?,
            a.read("Comparison", Comparison::parse)?,
            a.read("Data", number)?,
        ),
        "RegSz" => Operator::RegSz(
            place(a, true)?,
            a.read("Comparison", StringComparison::parse)?,
            a.required("Data")?,
        ),
        "RegExpandSz" => Operator::RegExpandSz(
            place(a, true)?,
            a.read("Comparison", StringComparison::parse)?,
            a.required("Data")?,
        ),
        "RegSzToVersion" => Operator::RegSzToVersion(
            place(a, true)?,
            a.read("Comparison", Comparison::parse)?,
            a.read("Data", four_parts)?,
        ),
        "FileExists" => Operator::FileExists(file(a)?, a.maybe("Version", four_parts)?),
        "FileVersion" => Operator::FileVersion(
            file(a)?,
            a.read("Comparison", Comparison::parse)?,
            a.read("Version", four_parts)?,
        ),
        "CbsPackageInstalled" => Operator::CbsPackageInstalled,
        "CbsPackageInstallable" => Operator::CbsPackageInstallable,
        "CbsPackageInstalledByIdentity" => {
            Operator::CbsPackageInstalledByIdentity(a.required("PackageIdentity")?.trim().to_owned())
        }
        "ProductReleaseInstalled" => Operator::ProductReleaseInstalled {
            name: a.required("Name")?,
            version: a.read("Version", four_parts)?,
        },
        "ProductReleaseVersion" => Operator::ProductReleaseVersion {
            name: a.required("Name")?,
            comparison: a.read("Comparison", Comparison::parse)?,
            version: a.read("Version", four_parts)?,
        },
        "DeviceAttribute" => Operator::DeviceAttribute {
            name: a.required("Name")?,
            kind: match a.required("Type")?.as_str() {
                "String" => DeviceType::String,
                "Version" => DeviceType::Version,
                _ => DeviceType::Other,
            },
            comparison: a.read("Comparison", Comparison::parse)?,
            value: a.required("Value")?,
        },
        "LicenseDword" => Operator::LicenseDword(
            a.required("Value")?,
            a.read("Comparison", Comparison::parse)?,
            a.read("Data", number)?,
        ),
        "WmiQuery" => {
            let namespace = a.optional("Namespace")?;
            let text = a.required("WqlQuery")?;
            let plain =
                |n: &str| n.trim().trim_start_matches(['\\', '.', '/']).replace('/', "\\").to_lowercase();
            let own = namespace.as_deref().is_none_or(|n| plain(n) == "root\\cimv2");
            let query = own.then(|| Query::parse(&text)).flatten();
            Operator::WmiQuery(text, query)
        }
        _ => return Ok(None),
    }))
}

fn windows_version(a: &mut Attributes) -> Result<Operator, String> {
    let version = WindowsVersion {
        comparison: a.maybe("Comparison", Comparison::parse)?,
        major: a.maybe("MajorVersion", number)?,
        minor: a.maybe("MinorVersion", number)?,
        build: a.maybe("BuildNumber", number)?,
        sp_major: a.maybe("ServicePackMajor", number)?,
        sp_minor: a.maybe("ServicePackMinor", number)?,
        product_type: a.maybe("ProductType", number)?,
        suite_mask: a.maybe("SuiteMask", number)?,
    };
    a.maybe("AllSuitesMustBePresent", flag)?;
    if version == (WindowsVersion { comparison: version.comparison, ..WindowsVersion::default() }) {
        return Err("it compares nothing".into());
    }
    Ok(Operator::WindowsVersion(version))
}

fn place(a: &mut Attributes, value: bool) -> Result<Place, String> {
    let (root, subkey) = (a.required("Key")?, a.required("Subkey")?);
    if !root.trim().eq_ignore_ascii_case("HKEY_LOCAL_MACHINE") {
        return Err(format!("its key is below {}", root.chars().take(40).collect::<String>()));
    }
    let key = registry_key(&format!("HKLM\\{subkey}")).ok_or_else(|| garbled("Subkey", &subkey))?;
    let wow32 = a.maybe("RegType32", flag)?.unwrap_or(false);
    let value = if value { a.optional("Value")?.unwrap_or_default() } else { String::new() };
    let written = subkey.trim().trim_matches('\\').to_owned();
    Ok(Place { key, written, value, wow32 })
}

/// The folders that rules begin paths with, by their CSIDL.
const FOLDERS: [(u32, &str); 9] = [
    (35, "%programdata%"),
    (36, "%windir%"),
    (37, "%windir%\\system32"),
    (38, "%programfiles%"),
    (40, "%userprofile%"),
    (41, "%windir%\\syswow64"),
    (42, "%programfiles(x86)%"),
    (43, "%commonprogramfiles%"),
    (44, "%commonprogramfiles(x86)%"),
];

fn file(a: &mut Attributes) -> Result<String, String> {
    let path = a.required("Path")?;
    let Some(csidl) = a.maybe("Csidl", number)? else { return Ok(file_path(&path)) };
    let folder = FOLDERS.iter().find(|(n, _)| *n == csidl).map(|(_, f)| *f);
    let folder = folder.ok_or_else(|| format!("its folder (CSIDL {csidl}) is not known"))?;
    Ok(file_path(&format!("{folder}\\{path}")))
}
