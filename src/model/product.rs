//! Products: which Windows an update is for.

/// A product of the catalog, by its dense number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductId(pub u8);

/// A set of products of one catalog (at most 128).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductSet(pub u128);

impl ProductSet {
    /// The set of one product.
    pub const fn of(p: ProductId) -> Self {
        Self(1 << p.0)
    }
    /// Is it in the set?
    pub const fn contains(self, p: ProductId) -> bool {
        self.0 & (1 << p.0) != 0
    }
    /// Products in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// Products in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// Is every member also in `other`?
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    /// No product.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// How many products.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }
    /// The members in the catalog's order.
    pub fn iter(self) -> impl Iterator<Item = ProductId> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let next = rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
            (next < 128).then_some(ProductId(next as u8))
        })
    }
}

impl FromIterator<ProductId> for ProductSet {
    fn from_iter<T: IntoIterator<Item = ProductId>>(iter: T) -> Self {
        iter.into_iter().fold(Self::default(), |s, p| s.union(Self::of(p)))
    }
}

/// An edition in the spelling that admins use: `Standard`, `Datacenter`, `Enterprise LTSC`, …
///
/// Editions are compared by their words without case; `ServerDatacenterACor` and the like are mapped by the readers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edition(pub String);

impl Edition {
    fn has(&self, word: &str) -> bool {
        self.0.to_ascii_lowercase().contains(word)
    }
    /// Long-Term Servicing Channel or Branch.
    pub fn is_ltsc(&self) -> bool {
        self.has("ltsc")
            || self.has("ltsb")
            || matches!(self.0.as_str(), "EnterpriseS" | "EnterpriseSN" | "IoTEnterpriseS")
    }
    /// Datacenter: Azure Edition, which takes hotpatches.
    pub fn is_azure_edition(&self) -> bool {
        self.has("azure") || self.has("turbine")
    }
    /// Embedded, POSReady, IoT: packages of their own.
    pub fn is_embedded(&self) -> bool {
        self.has("embedded") || self.has("posready") || self.has("thin pc")
    }
}

/// How Windows was installed, as the registry value InstallationType says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstallationType {
    /// A client.
    Client,
    /// A server with the desktop.
    Server,
    /// Server Core.
    ServerCore,
    /// Nano Server.
    NanoServer,
}

impl InstallationType {
    /// As the registry spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "Client",
            Self::Server => "Server",
            Self::ServerCore => "Server Core",
            Self::NanoServer => "Nano Server",
        }
    }
    /// From the registry's spelling, ignoring case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Client, Self::Server, Self::ServerCore, Self::NanoServer]
            .into_iter()
            .find(|t| t.name().eq_ignore_ascii_case(text.trim()))
    }
}
