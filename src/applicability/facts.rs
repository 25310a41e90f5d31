//! What a host tells that rules ask for, each value with its origin.

use super::sku;
use crate::model::{
    Architecture, Fact, FileState, Host, Origin, PackageState, RegistryValue, Version, registry_key_place,
    registry_place,
};
use crate::package::servicing::Store;
use std::collections::HashMap;

use super::compare::Part;
use super::operator::Place;

/// A value that a rule looked at, and where it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// the value, as it is shown
    pub value: String,
    /// where it was read
    pub origin: Origin,
}

/// A fact that a rule asks for and nothing tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// version and build
    OsVersion,
    /// update build revision
    Revision,
    /// service pack
    ServicePack,
    /// client, server or domain controller
    ProductType,
    /// architecture
    Architecture,
    /// edition, as the number that GetProductInfo gives
    Sku,
    /// language that Windows is localised to, and whether there are others
    Language,
    /// a value of the registry: key and name
    RegistryValue(String, String),
    /// a key of the registry
    RegistryKey(String),
    /// a file and its version
    File(String),
    /// the servicing packages
    Packages,
    /// an attribute of the device
    Device(String),
    /// a value of the licence
    License(String),
    /// what a query of management classes gives
    Wmi(String),
}

/// The facts of one host, as rules ask for them.
#[derive(Debug)]
pub struct HostFacts<'a> {
    host: &'a Host,
    packages: HashMap<String, (&'a str, &'a Fact<PackageState>)>,
    store: Store<'a>,
    skus: Option<Fact<Vec<u32>>>,
    types: Option<Fact<Vec<u32>>>,
}

impl<'a> HostFacts<'a> {
    /// The facts of a host.
    pub fn of(host: &'a Host) -> Self {
        let packages = host.packages.iter().map(|(name, fact)| (name.to_lowercase(), (name.as_str(), fact)));
        Self {
            host,
            packages: packages.collect(),
            store: Store::of(host),
            skus: sku::skus(host),
            types: sku::product_types(host),
        }
    }

    /// Its servicing packages.
    pub(super) fn store(&self) -> &Store<'a> {
        &self.store
    }

    /// The host.
    pub fn host(&self) -> &'a Host {
        self.host
    }

    pub(super) fn version(&self) -> Option<&'a Fact<Version>> {
        self.host.version.as_ref()
    }

    /// `10.0.20348.2113` with what is known of the revision, and as it is shown.
    pub(super) fn os_version(&self) -> Option<([Part; 4], Observed)> {
        let version = self.host.version.as_ref()?;
        let [major, minor, build, _] = version.value.0;
        let (revision, text) = match (&self.host.revision, &self.host.revision_at_least) {
            (Some(r), _) => (Part::Known(r.value), format!("{major}.{minor}.{build}.{}", r.value)),
            (None, Some(r)) => {
                (Part::AtLeast(r.value), format!("{major}.{minor}.{build}.{} at least", r.value))
            }
            (None, None) => (Part::AtLeast(0), format!("{major}.{minor}.{build}, revision not known")),
        };
        let parts = [Part::Known(major), Part::Known(minor), Part::Known(build), revision];
        // the revision has a place of its own: that of whichever was read apart
        let own = self.host.revision.as_ref().or(self.host.revision_at_least.as_ref()).map(|r| &r.origin);
        let origin = own.unwrap_or(&version.origin).clone();
        Some((parts, Observed { value: text, origin }))
    }

    /// Service pack: Windows has had none since Windows 8.
    pub(super) fn service_pack(&self) -> Part {
        let modern = self.version().is_some_and(|v| (v.value.0[0], v.value.0[1]) >= (6, 2));
        match &self.host.service_pack {
            Some(pack) => Part::Known(pack.value.into()),
            None if modern => Part::Known(0),
            None => Part::AtLeast(0),
        }
    }

    /// Values that the edition's number may have.
    pub(super) fn skus(&self) -> Option<&Fact<Vec<u32>>> {
        self.skus.as_ref()
    }

    /// 1 workstation, 2 domain controller, 3 server: those that it may be.
    pub(super) fn product_types(&self) -> Option<&Fact<Vec<u32>>> {
        self.types.as_ref()
    }

    pub(super) fn architecture(&self) -> Option<&'a Fact<Architecture>> {
        self.host.architecture.as_ref()
    }

    /// A value of the registry, in the view that the rule asks for.
    pub(super) fn registry_value(&self, place: &Place) -> Option<&'a Fact<RegistryValue>> {
        let key = self.view(place)?;
        let found = self.host.registry.get(&registry_place(&key, &place.value));
        // a key that is not there has no values
        found.or_else(|| {
            let key = self.host.registry.get(&registry_key_place(&key))?;
            (key.value == RegistryValue::Absent).then_some(key)
        })
    }

    /// A key of the registry: there if it or any value of it is.
    pub(super) fn registry_key(&self, place: &Place) -> Option<(bool, &'a Origin)> {
        let key = self.view(place)?;
        let place = registry_key_place(&key);
        if let Some(own) = self.host.registry.get(&place) {
            return Some((own.value != RegistryValue::Absent, &own.origin));
        }
        let below = self.host.registry.range(place.clone()..).take_while(|(at, _)| at.starts_with(&place));
        let mut there = below.filter(|(_, fact)| fact.value != RegistryValue::Absent);
        there.next().map(|(_, fact)| (true, &fact.origin))
    }

    /// The key as a program of the rule's width sees it; none if the host's width is not known and matters.
    fn view(&self, place: &Place) -> Option<String> {
        if !place.wow32 {
            return Some(place.key.clone());
        }
        let Some(rest) = place.key.strip_prefix("hklm\\software\\") else { return Some(place.key.clone()) };
        match self.architecture()?.value {
            Architecture::X86 | Architecture::Arm => Some(place.key.clone()),
            Architecture::X64 | Architecture::Arm64 | Architecture::Ia64 => {
                Some(format!("hklm\\software\\wow6432node\\{rest}"))
            }
        }
    }

    pub(super) fn file(&self, path: &str) -> Option<&'a Fact<FileState>> {
        self.host.files.get(path)
    }

    pub(super) fn device(&self, name: &str) -> Option<&'a Fact<String>> {
        self.host.device.get(&name.to_lowercase())
    }

    /// A package by its identity, in any case.
    pub(super) fn package(&self, identity: &str) -> Option<(&'a str, &'a Fact<PackageState>)> {
        self.packages.get(&identity.to_lowercase()).copied()
    }
}
