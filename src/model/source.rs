//! Where facts about updates come from, in the order in which they are believed.

macro_rules! named_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $words:literal;)+) => {
        /// The kind of a source; where two disagree on a value, the first kind in this order is believed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SourceKind { $($(#[$doc])* $variant),+ }
        impl SourceKind {
            /// Every kind, most believed first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name that files use.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
            /// In words.
            pub const fn words(self) -> &'static str { match self { $(Self::$variant => $words),+ } }
            /// From its name.
            pub fn parse(name: &str) -> Option<Self> { Self::ALL.iter().copied().find(|k| k.name() == name) }
        }
    };
}

named_kinds! {
    /// A correction that the user made, with a reason.
    Overlay = "overlay", "local correction";
    /// Read and checked by the makers of kbwhy.
    Curated = "curated", "curated facts of kbwhy";
    /// Windows Update's own metadata: wsusscn2.cab, WSUS exports, packages.
    UpdateMetadata = "update-metadata", "Windows Update metadata";
    /// Pages of the Microsoft Update Catalog.
    UpdateCatalog = "update-catalog", "Microsoft Update Catalog";
    /// Tables of builds and revisions.
    ReleaseInformation = "release-information", "Windows release information";
    /// MSRC's feeds: CVRF, CSAF and the Security Update Guide.
    SecurityUpdateGuide = "security-update-guide", "Security Update Guide";
    /// Collections that others made of MSRC's feeds.
    Definitions = "definitions", "collected definitions";
}
