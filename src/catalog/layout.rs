//! How the index is laid out: a header, then sections of fixed-width little-endian records.

/// First bytes of an index.
pub(crate) const MAGIC: &[u8; 8] = b"kbwhycat";
/// Number of this layout; an index of another one is refused.
pub(crate) const FORMAT: u32 = 2;
/// Where the section table starts: magic, format, as-of date, schema (3), described updates, newest KB.
pub(crate) const SECTION_TABLE: usize = 8 + 4 * 7;
/// Length of header and section table.
pub(crate) const HEADER: usize = SECTION_TABLE + SECTIONS * 8;

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident = $size:literal),+ $(,)?) => {
        /// A section; its records are of one size.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Section { $($(#[$doc])* $name),+ }
        /// Size of a record of each section, in bytes.
        pub(crate) const RECORD: &[usize] = &[$($size),+];
        /// How many sections there are.
        pub(crate) const SECTIONS: usize = RECORD.len();
    };
}

sections! {
    /// all texts, one after the other
    Text = 1,
    /// where each text ends; text 0 is empty
    TextEnds = 4,
    /// product sets; set 0 is empty
    Sets = 16,
    /// url, title, read
    Sources = 12,
    /// slug, name, version (4), release, branch, service pack + server + architectures
    Products = 36,
    /// product, text
    Aliases = 8,
    /// name, first build, builds
    Branches = 12,
    /// build numbers of branches
    Builds = 4,
    /// name, basis, source, build, first entry, entries, kind + chained, set
    Lines = 32,
    /// kb, revision, date, stack, source, kind + standing
    Entries = 24,
    /// kb, kind + standing + flags, title, component, date, source, starts: packages, places, relations, incoming,
    /// rules, withdrawals, defects; a last record closes the ranges
    Updates = 52,
    /// architectures + built in, set
    Packages = 8,
    /// position, line
    Places = 8,
    /// from, to, source, kind + standing, set; by (from, kind, to)
    Relations = 20,
    /// numbers of relations by their target
    Incoming = 4,
    /// texts: id, target, class, when, requires, excludes, order, why, also, dispute; source; strength, standing,
    /// evidence, flags; set
    Rules = 52,
    /// numbers of rules
    RuleRefs = 4,
    /// why, source, date, first replacement, replacements, standing, set
    Withdrawals = 28,
    /// cause, why, when, source, first replacement, replacements, standing + refused, set
    Defects = 32,
    /// updates named by withdrawals and defects
    Kbs = 4,
    /// label, end, ESU end, source, ltsc, set
    Lifecycles = 24,
    /// title, kind, when it was read: of sources that were imported
    Imported = 12,
}

/// What a record's absent number is written as.
pub(crate) const NONE: u32 = u32::MAX;
/// Between the members of a list that is kept as one text.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// Bits of an update's flags.
pub(crate) const DESCRIBED: u8 = 1;
/// The update has no packages but those listed.
pub(crate) const ALL_PACKAGES: u8 = 2;

/// Bits of a rule's flags.
pub(crate) const CLASS: u8 = 1;
/// The rule is shown, not expanded.
pub(crate) const DESCRIBED_ONLY: u8 = 2;
/// The rule is about something that is no update.
pub(crate) const TARGET: u8 = 4;
/// The source states that there is no prerequisite.
pub(crate) const STATES_NONE: u8 = 8;

/// Names of [`super::view::LineKind`], in its order.
pub(crate) const LINE_KINDS: [&str; 6] =
    ["cumulative", "rollup", "security-only", "servicing-stack", "ie-cumulative", "esu-preparation"];
/// Names of [`super::view::RelationKind`], in its order.
pub(crate) const RELATIONS: [&str; 5] = ["supersedes", "covers", "satisfies", "contains", "conflicts"];
/// Number of `supersedes` in [`RELATIONS`].
pub(crate) const SUPERSEDES: u8 = 0;
/// Number of `contains` in [`RELATIONS`].
pub(crate) const CONTAINS: u8 = 3;
