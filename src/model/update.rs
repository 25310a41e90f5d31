//! What kind of update a package is, and how well a fact about it is known.

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name used in the catalog's text and in reports.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $text),+ } }
            /// The value with this name.
            pub fn parse(text: &str) -> Option<Self> { Self::ALL.iter().copied().find(|v| v.name() == text) }
            /// The value with this number in declaration order.
            pub fn from_u8(n: u8) -> Option<Self> { Self::ALL.get(usize::from(n)).copied() }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.name()) }
        }
    };
}

named! {
    /// The kind of an update.
    UpdateKind {
        /// An update of no special kind.
        Update = "update",
        /// Latest cumulative update of Windows 10 and later.
        Cumulative = "cumulative",
        /// Cumulative preview (C, D release).
        CumulativePreview = "cumulative-preview",
        /// Security monthly quality rollup of 7 to 8.1.
        MonthlyRollup = "monthly-rollup",
        /// Preview of a monthly rollup.
        RollupPreview = "rollup-preview",
        /// Security-only quality update: one month, not cumulative.
        SecurityOnly = "security-only",
        /// Servicing stack update.
        ServicingStack = "servicing-stack",
        /// Cumulative update that carries its servicing stack.
        Combined = "combined",
        /// Cumulative update that later ones build on (24H2, Server 2025).
        Checkpoint = "checkpoint",
        /// Switches on what the cumulative update already carries.
        Enablement = "enablement",
        /// Service pack.
        ServicePack = "service-pack",
        /// A fix for one problem.
        Hotfix = "hotfix",
        /// .NET Framework rollup or cumulative update.
        DotnetRollup = "dotnet-rollup",
        /// .NET Framework product installer.
        DotnetProduct = "dotnet-product",
        /// Internet Explorer cumulative update.
        InternetExplorerCumulative = "ie-cumulative",
        /// Internet Explorer version.
        InternetExplorerProduct = "ie-product",
        /// Windows Management Framework.
        ManagementFramework = "wmf",
        /// Update that needs no restart, on enrolled machines.
        Hotpatch = "hotpatch",
        /// Cumulative update made against one base revision.
        Delta = "delta",
        /// Setup, Safe OS and other dynamic updates for installation media.
        DynamicUpdate = "dynamic-update",
        /// Language pack or feature on demand.
        LanguagePack = "language-pack",
        /// ESU licensing preparation package.
        EsuPreparation = "esu-preparation",
        /// Remote server administration tools and other feature packages.
        FeaturePack = "feature-pack",
    }
}

impl UpdateKind {
    /// Cumulative for a whole branch: at or past its revision means contained.
    pub const fn is_cumulative(self) -> bool {
        matches!(
            self,
            Self::Cumulative | Self::CumulativePreview | Self::Combined | Self::Checkpoint | Self::Delta
        )
    }
    /// In admins' words, for text output.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Cumulative => "cumulative update",
            Self::CumulativePreview => "cumulative preview update",
            Self::MonthlyRollup => "monthly rollup",
            Self::RollupPreview => "preview of a monthly rollup",
            Self::SecurityOnly => "security-only update",
            Self::ServicingStack => "servicing stack update",
            Self::Combined => "cumulative update with its servicing stack",
            Self::Checkpoint => "checkpoint cumulative update",
            Self::Enablement => "enablement package",
            Self::ServicePack => "service pack",
            Self::Hotfix => "hotfix",
            Self::DotnetRollup => ".NET Framework update",
            Self::DotnetProduct => ".NET Framework installer",
            Self::InternetExplorerCumulative => "Internet Explorer cumulative update",
            Self::InternetExplorerProduct => "Internet Explorer version",
            Self::ManagementFramework => "Windows Management Framework",
            Self::Hotpatch => "hotpatch",
            Self::Delta => "delta update",
            Self::DynamicUpdate => "dynamic update",
            Self::LanguagePack => "language pack",
            Self::EsuPreparation => "ESU licensing preparation package",
            Self::FeaturePack => "feature package",
        }
    }
}

named! {
    /// How well a catalog fact is known. Only `Verified` decides a verdict alone.
    Standing {
        /// Stated by Microsoft, read as such or through a third-party extract or quotation, or by two independent sources.
        Verified = "verified",
        /// A maintained tool or package encodes it; Microsoft's text was not read.
        Secondary = "secondary",
        /// Recollection; shown, never decisive.
        Unverified = "unverified",
    }
}

named! {
    /// What a rule's evidence is, strongest first.
    EvidenceClass {
        /// Microsoft's text was read.
        Microsoft = "ms",
        /// Microsoft update metadata, through a third-party extract.
        Metadata = "meta",
        /// A statement by Microsoft as a third party quotes it.
        Quoted = "quote",
        /// Two or more independent sources.
        TwoSources = "two",
        /// A maintained tool encodes it.
        Tool = "sec",
        /// None.
        Recollection = "none",
    }
}

named! {
    /// How a prerequisite binds.
    Strength {
        /// Refused without it.
        Hard = "hard",
        /// Installs, but works badly.
        Soft = "soft",
        /// Advice.
        Recommended = "recommended",
    }
}
