//! Values of the registry and files, as rules of Windows Update ask for them.

use super::Version;
use std::{fmt, str::FromStr};

/// What is known of one place of the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistryValue {
    /// The place is a key, and it is there.
    Key,
    /// It is stated not to be there.
    Absent,
    /// `REG_DWORD`
    Dword(u32),
    /// `REG_QWORD`
    Qword(u64),
    /// `REG_SZ`
    Text(String),
    /// `REG_EXPAND_SZ`, as it is kept: nothing is expanded.
    Expand(String),
    /// `REG_MULTI_SZ`, as it was printed.
    Multi(String),
    /// Another type, whose data is not kept.
    Other,
}

/// The longest text of a value that is kept, in characters.
const LONGEST: usize = 1_000;

impl RegistryValue {
    /// Cuts a text that is longer than any that rules compare with.
    pub fn text(text: &str) -> String {
        text.chars().take(LONGEST).collect()
    }
}

impl fmt::Display for RegistryValue {
    /// `dword:1`, `sz:text`, `absent`, …; reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("key"),
            Self::Absent => f.write_str("absent"),
            Self::Dword(n) => write!(f, "dword:{n}"),
            Self::Qword(n) => write!(f, "qword:{n}"),
            Self::Text(t) => write!(f, "sz:{t}"),
            Self::Expand(t) => write!(f, "expand-sz:{t}"),
            Self::Multi(t) => write!(f, "multi-sz:{t}"),
            Self::Other => f.write_str("other"),
        }
    }
}

impl FromStr for RegistryValue {
    type Err = String;
    /// A number alone is a `REG_DWORD`, a text that names no type is a `REG_SZ`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |t: &str| {
            let t = t.trim();
            match t.strip_prefix("0x").or_else(|| t.strip_prefix("0X")) {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => t.parse::<u64>().ok(),
            }
        };
        let bad = |what: &str| format!("`{}` is no {what}", RegistryValue::text(text).escape_debug());
        Ok(match text.split_once(':') {
            Some(("dword", n)) => {
                Self::Dword(number(n).and_then(|n| u32::try_from(n).ok()).ok_or_else(|| bad("REG_DWORD"))?)
            }
            Some(("qword", n)) => Self::Qword(number(n).ok_or_else(|| bad("REG_QWORD"))?),
            Some(("sz", t)) => Self::Text(Self::text(t)),
            Some(("expand-sz", t)) => Self::Expand(Self::text(t)),
            Some(("multi-sz", t)) => Self::Multi(Self::text(t)),
            _ if text == "key" => Self::Key,
            _ if text == "absent" => Self::Absent,
            _ if text == "other" => Self::Other,
            _ => match number(text).and_then(|n| u32::try_from(n).ok()) {
                Some(n) => Self::Dword(n),
                None => Self::Text(Self::text(text)),
            },
        })
    }
}

/// A key of the machine's registry in one spelling: `hklm\software\…` in lower case, without a trailing backslash; none
/// for keys of users.
///
/// ```
/// use kbwhy::model::registry_key;
/// assert_eq!(registry_key(r"HKEY_LOCAL_MACHINE\SOFTWARE\Foo\").as_deref(), Some(r"hklm\software\foo"));
/// assert_eq!(registry_key(r"HKLM:\SOFTWARE\Foo").as_deref(), Some(r"hklm\software\foo"));
/// assert_eq!(registry_key(r"HKEY_CURRENT_USER\Software\Foo"), None);
/// ```
pub fn registry_key(path: &str) -> Option<String> {
    let path = path.trim().trim_matches(['[', ']', '"', '\'']).trim();
    let path = path.rsplit("::").next().unwrap_or(path).to_lowercase();
    let path = path.strip_prefix("computer\\").unwrap_or(&path);
    let rest =
        ["hkey_local_machine\\", "hklm:\\", "hklm\\"].iter().find_map(|root| path.strip_prefix(root))?;
    let parts: Vec<&str> = rest.split('\\').map(str::trim).filter(|p| !p.is_empty()).collect();
    (!parts.is_empty() && path.len() <= 1_024).then(|| format!("hklm\\{}", parts.join("\\")))
}

/// The place of a value in [`super::Host::registry`]: its key in one spelling and its name in lower case; the value
/// without a name is called `(default)`.
pub fn registry_place(key: &str, name: &str) -> String {
    let name = name.trim();
    let name = if name.is_empty() || name == "@" { "(default)" } else { name };
    format!("{key}\\{}", name.to_lowercase())
}

/// The place of a key itself: what ends in a backslash.
pub fn registry_key_place(key: &str) -> String {
    format!("{key}\\")
}

/// A place as people write it: `HKLM\\SOFTWARE\\Foo\\Value`, or a key where it ends in a backslash.
pub fn registry_place_of(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(key) = text.strip_suffix('\\') {
        return Some(registry_key_place(&registry_key(key)?));
    }
    let (key, name) = text.rsplit_once('\\')?;
    let key = registry_key(key)?;
    Some(registry_place(&key, if name.eq_ignore_ascii_case("(default)") { "" } else { name }))
}

/// What is known of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileState {
    /// It is not there.
    Absent,
    /// It is there; its version is not known.
    Present,
    /// It is there, with this version.
    Version(Version),
}

impl fmt::Display for FileState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Present => f.write_str("present"),
            Self::Version(Version([a, b, c, d])) => write!(f, "{a}.{b}.{c}.{d}"),
        }
    }
}

impl FromStr for FileState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "absent" => Ok(Self::Absent),
            "present" => Ok(Self::Present),
            version => version
                .parse()
                .map(Self::Version)
                .map_err(|_| "expected a version such as 10.0.17763.1, present, or absent".into()),
        }
    }
}

/// The path of a file in one spelling: lower case, single backslashes.
///
/// ```
/// use kbwhy::model::file_path;
/// assert_eq!(file_path(r"%windir%\\System32/Foo.dll"), r"%windir%\system32\foo.dll");
/// ```
pub fn file_path(path: &str) -> String {
    let path = path.trim().replace('/', "\\").to_lowercase();
    let parts: Vec<&str> = path.split('\\').filter(|p| !p.is_empty()).collect();
    parts.join("\\").chars().take(1_024).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back() {
        for value in [
            RegistryValue::Key,
            RegistryValue::Absent,
            RegistryValue::Dword(7),
            RegistryValue::Qword(1 << 40),
            RegistryValue::Text("absent".into()),
            RegistryValue::Text("dword:x".into()),
            RegistryValue::Expand("%windir%\\x".into()),
            RegistryValue::Multi("a\\0b".into()),
            RegistryValue::Other,
        ] {
            assert_eq!(value.to_string().parse(), Ok(value));
        }
        assert_eq!("0x10".parse(), Ok(RegistryValue::Dword(16)));
        assert_eq!("ServerNT".parse(), Ok(RegistryValue::Text("ServerNT".into())));
        assert!("dword:4294967296".parse::<RegistryValue>().is_err());
    }

    #[test]
    fn places_are_one_in_every_spelling() {
        let key = registry_key("[HKEY_LOCAL_MACHINE\\SOFTWARE\\Foo Bar\\]").unwrap();
        assert_eq!(registry_place(&key, "Baz"), "hklm\\software\\foo bar\\baz");
        assert_eq!(registry_place(&key, ""), "hklm\\software\\foo bar\\(default)");
        assert_ne!(registry_key_place(&key), registry_place(&key, ""));
    }
}
