//! Update policies of a host by their places.

use crate::model::{Host, Location, Origin, RegistryValue, Truth, UpdateKey};

/// A value that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// the key that it is of
    pub key: UpdateKey,
    /// its name
    pub name: &'static str,
    /// as it is shown
    pub value: String,
    /// as a number, if it is one
    pub number: Option<u32>,
    /// where it was read
    pub origin: Origin,
}

/// What is known of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// it is there
    Is(Setting),
    /// its key was read, and it is not there
    Absent {
        /// the key
        key: UpdateKey,
        /// the name
        name: &'static str,
        /// where that was seen
        origin: Origin,
    },
    /// its key was not read, and nothing says that the device is managed by one: taken for absent
    Assumed {
        /// the key
        key: UpdateKey,
        /// the name
        name: &'static str,
    },
    /// its key was not read
    Unknown {
        /// the key
        key: UpdateKey,
        /// the name
        name: &'static str,
    },
}

impl Seen {
    /// The value, if it is there.
    pub fn setting(&self) -> Option<&Setting> {
        match self {
            Self::Is(setting) => Some(setting),
            _ => None,
        }
    }

    /// It is there with this number; anything else, and absence, is "no".
    pub fn is(&self, number: u32) -> Truth {
        match self {
            Self::Is(s) if s.number == Some(number) => Truth::True,
            Self::Is(_) | Self::Absent { .. } | Self::Assumed { .. } => Truth::False,
            Self::Unknown { .. } => Truth::Unknown,
        }
    }

    /// It is there, and not empty.
    pub fn is_set(&self) -> Truth {
        match self {
            Self::Is(s) if !s.value.trim().is_empty() => Truth::True,
            Self::Is(_) | Self::Absent { .. } | Self::Assumed { .. } => Truth::False,
            Self::Unknown { .. } => Truth::Unknown,
        }
    }
}

/// Looks at the policies of a host.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a>(&'a Host);

impl<'a> Policies<'a> {
    /// The policies of this host.
    pub fn of(host: &'a Host) -> Self {
        Self(host)
    }

    /// One value. What was stated by hand goes before what was read.
    pub fn see(self, key: UpdateKey, name: &'static str) -> Seen {
        let by_name = self.by_name(key, name);
        if let Some(stated) = by_name.as_ref().filter(|s| s.origin.input.as_ref() == "--set") {
            return Seen::Is(stated.clone());
        }
        let Some(fact) = self.0.registry.get(&key.place(name)) else {
            return match by_name {
                Some(setting) => Seen::Is(setting),
                None if key == UpdateKey::DeviceManagement && self.assumes_unmanaged() => {
                    Seen::Assumed { key, name }
                }
                None => Seen::Unknown { key, name },
            };
        };
        let origin = fact.origin.clone();
        let (value, number) = match &fact.value {
            RegistryValue::Absent => return Seen::Absent { key, name, origin },
            RegistryValue::Dword(n) => (n.to_string(), Some(*n)),
            RegistryValue::Qword(n) => (n.to_string(), u32::try_from(*n).ok()),
            RegistryValue::Text(t) | RegistryValue::Expand(t) | RegistryValue::Multi(t) => {
                (t.clone(), number(t))
            }
            RegistryValue::Key | RegistryValue::Other => return Seen::Unknown { key, name },
        };
        Seen::Is(Setting { key, name, value, number, origin })
    }

    /// Group policies were given, those of device management were not, and nothing says that there are any.
    pub fn assumes_unmanaged(self) -> bool {
        let read = |key: UpdateKey| {
            let below = format!("{}\\", key.path());
            self.0.registry.range(below.clone()..).next().is_some_and(|(place, _)| place.starts_with(&below))
        };
        let managed = self.0.management.get("mdmurl").is_some_and(|f| f.value == "set");
        !managed && !read(UpdateKey::DeviceManagement) && read(UpdateKey::GroupPolicy)
    }

    /// A policy that an input gives by its name alone. Group policies have names of their own; those of device
    /// management that share them are told by their member.
    fn by_name(self, key: UpdateKey, name: &'static str) -> Option<Setting> {
        // read by its place elsewhere, it is of that place
        let elsewhere = UpdateKey::ALL.into_iter().any(|k| {
            k != key
                && matches!(self.0.registry.get(&k.place(name)), Some(f) if f.value != RegistryValue::Absent)
        });
        if elsewhere || !matches!(key, UpdateKey::GroupPolicy | UpdateKey::AutomaticUpdates) {
            return None;
        }
        // the same name under both keys: the one that counts is below
        if key == UpdateKey::GroupPolicy && UpdateKey::AutomaticUpdates.names().contains(&name) {
            return None;
        }
        let (_, fact) = self.0.policies.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        let member = matches!(&fact.origin.at, Location::Member(m) if m.starts_with("collected.policies."));
        if member {
            return None;
        }
        let value = fact.value.clone();
        Some(Setting { key, name, number: number(&value), value, origin: fact.origin.clone() })
    }
}

/// A text that is a number, as registries print them.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}
