//! What the resolver says, as data: statements with their sources, facts to collect. Wording comes last.

use crate::applicability::{Need, Operator, SectionKind};
use crate::model::{
    Architecture, Build, KbId, Licence, Origin, PackageState, Requirement, Standing, Version,
};

pub use crate::model::Truth;

/// How sure a statement or cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// one candidate of several
    Possible,
    /// follows by a rule that is named
    Inferred,
    /// host and catalog both state it
    Confirmed,
}

impl Certainty {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Inferred => "inferred",
            Self::Confirmed => "confirmed",
        }
    }
}

/// Where a statement comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum From {
    /// a place in an inventory, log or argument
    Host(Origin),
    /// a fact of the catalog
    Catalog {
        /// page or dataset that states it
        url: String,
        /// how well it is known
        standing: Standing,
    },
    /// a rule of kbwhy, named by the statement itself
    Rule,
}

/// How one update stands to the next in a chain of supersedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// later in a line of cumulative updates, rollups, servicing stacks
    Line,
    /// supersedes it
    Supersedes,
    /// carries its content
    Covers,
    /// a service pack or convenience rollup that contains it
    Contains,
    /// stands in for it
    Satisfies,
}

/// One thing that is so. Rendered by `explain`. Fields are named by what they hold; revisions are UBRs.
#[allow(missing_docs, reason = "field names say it; each variant is documented")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// an update is in a list with this state
    Listed(KbId, PackageState),
    /// the user states that it is absent
    StatedAbsent(KbId),
    /// not listed, and the list is complete (user's word), or a whole list of the component store
    NotInCompleteList(KbId, u32),
    /// not listed in a whole list of quick-fix updates on 6.x
    NotInWholeList(KbId, u32),
    /// not listed, which proves nothing here
    NotListed(KbId),
    /// nothing was said of it by any input
    NoList,
    /// nothing listed supersedes it
    NothingListedSupersedes,
    /// the host's revision contains it
    ContainedByRevision { kb: KbId, brings: Build, host: u32 },
    /// a listed cumulative update puts the host's revision at least here
    RevisionAtLeast { revision: u32, by: KbId },
    /// the update's revision is not reached
    BelowRevision { kb: KbId, brings: Build, host: u32 },
    /// the update brings this revision; the host's is not known
    RevisionUnknown { kb: KbId, brings: Build },
    /// implied by a dependant that is installed
    ImpliedBy { kb: KbId, dependant: KbId },
    /// part of the service pack that the host is at
    InServicePack { kb: KbId, level: u8 },
    /// a chain of supersedence, oldest first, ending in something installed
    Chain(Vec<KbId>, Link),
    /// a monthly rollup covers the security-only update
    Covered { security_only: KbId, rollup: KbId },
    /// the servicing stack on the host is as new or newer
    StackOnHost { host: Version, package: Version },
    /// the servicing stack is carried by the cumulative update on the host
    StackInCumulative { stack: KbId, cumulative: KbId },
    /// the host, as identified
    HostIs(String),
    /// an update that is listed is for few products, of which the host must be one
    IdentifiedBy(KbId),
    /// the packages of the update are for these products
    PackagesFor(KbId, Vec<String>),
    /// there is no package of the update for this host's product
    NoPackageFor(KbId, String),
    /// it is part of Windows there: no package
    BuiltIn(KbId, String),
    /// the package that was tried is for these systems
    PackageTriedFor(String),
    /// a package for the host exists
    RightPackageExists(KbId, String),
    /// the service pack is too low
    ServicePackTooLow { host: u8, needs: u8 },
    /// the service pack is too high
    ServicePackTooHigh { host: u8, at_most: u8 },
    /// the architecture of the host
    HostArchitecture(Architecture),
    /// the architecture of the package that was tried
    PackageArchitecture(Architecture),
    /// architectures for which packages exist
    PackagesForArchitectures(KbId, Vec<Architecture>),
    /// the edition of the host
    HostEdition(String),
    /// an edition or system that the package leaves out
    NotForEdition(String),
    /// what an update needs: the clause, in words the members that would do, nearest first
    Needs { kb: KbId, clause: Vec<Requirement>, why: String },
    /// sources disagree about a rule
    Disputed(String),
    /// a member of a clause is met
    Met(Requirement),
    /// a member of a clause is not met
    NotMet(Requirement),
    /// a component on the host has this version
    ComponentOnHost { name: String, version: String },
    /// the versions of a component that an update is for
    Services { kb: KbId, name: String, version: String },
    /// the version of a component that an update brings
    Brings { kb: KbId, name: String, version: Version },
    /// Windows of this version brings at least this version of a component
    ComponentInBox { name: String, version: String },
    /// a feature or role and whether it is there
    FeatureOnHost { name: String, state: String },
    /// a licence and whether it is there
    LicenceOnHost(Licence, bool),
    /// a servicing stack version on the host
    HostStack(Version),
    /// the newest servicing stack that the catalog knows for the host
    NewestStack(KbId),
    /// free bytes on the system drive
    FreeSpace(u64),
    /// the stack that the package asks for, by the log
    StackRequired { kb: Option<KbId>, required: Version, current: Version },
    /// it can no longer be had, and what replaces it
    Withdrawn { kb: KbId, replacement: Vec<KbId>, why: String },
    /// the replacement of a withdrawn update
    Defect { kb: KbId, fixed_by: Vec<KbId>, why: String },
    /// installed, and in conflict with the update
    Conflicts { kb: KbId, with: String },
    /// a restart is pending
    RestartPending(bool),
    /// the store is corrupt
    StoreCorrupt,
    /// a package whose manifest is missing
    ManifestMissing(Option<KbId>),
    /// the ESU licence was refused, by the log
    EsuRefused(Option<u32>),
    /// the log found a higher version on the system
    HigherVersionInLog,
    /// the log found no parent
    ParentMissingInLog(Option<KbId>),
    /// a line of a log, as it stands there
    LogLine(String),
    /// a file or component that is damaged and was not repaired, by the log
    FileDamaged(String),
    /// an installer inside the package failed, by the log, with what
    InstallerInLog { installer: String, result: String },
    /// a driver inside the package could not be installed, by the log
    DriverInLog { driver: Option<String>, code: u32 },
    /// the disk was full, by the log
    DiskFullInLog,
    /// servicing found the package applicable, by the log; and began to install it
    ApplicableInLog { begun: bool },
    /// the package is of another build than the image, by the log
    BuildMismatchInLog { package: Version, image: Version },
    /// the update is started from a remote session
    RemoteSession,
    /// what the error means
    ErrorMeans { text: String, meaning: String },
    /// since that day only systems with an ESU licence get updates
    SupportEnded { product: String, day: jiff::civil::Date },
    /// the error fits none of what was found
    ErrorContradicts { text: String },
    /// the catalog does not know the update
    NotInCatalog(KbId),
    /// the number is higher than any the catalog knows
    NewerThanCatalog(KbId),
    /// SHA-2 support on the host
    Sha2OnHost(bool),
    /// the package kind, in words
    KindIs(KbId, &'static str),
    /// a hotpatch asks for enrolment
    HotpatchNeedsEnrolment,
    /// a delta package fits one base revision only
    DeltaPackage,
    /// rules of an update in Windows Update's metadata, by its title or GUID
    RulesOf(String),
    /// what a rule asks for, any of these operators as they are written, and what the host has
    RuleAsks { section: SectionKind, any_of: Vec<(Operator, String)>, negated: bool, host: Option<String> },
    /// a prerequisite of the metadata that does not hold: any of these would do
    RulePrerequisite(Vec<String>),
    /// a prerequisite of the metadata of which it is not known whether it holds: any of these would do
    RulePrerequisiteOpen(Vec<String>),
    /// the .NET version a package is for
    PackageForDotnet(String),
    /// the package file is of another update than the one that was asked about
    PackageOfAnother { asked: KbId, is: KbId },
    /// the package file is of this build's branch, the host of that
    PackageForBuild { package: u32, host: u32 },
    /// packages of which the package asks for one
    PackageNeeds(Vec<String>),
    /// a package that it asks for is there, in this version
    ParentThere { wanted: String, there: String },
    /// a package that it asks for is there in a version that will not do
    ParentOfAnotherVersion { wanted: String, there: String },
    /// what it asks for is of another Windows version
    ParentOfAnotherWindows { wanted: String, host: Version },
    /// none of so many packages that it asks for is there
    NoParentThere(usize),
    /// none of so many parts of it has a parent here
    NoPartHasParent(usize),
    /// this very package is installed
    SamePackageThere(String),
    /// a higher version of the package is there
    HigherPackageThere { package: String, there: String },
    /// the same package is not there, nor a higher version of it
    NoSuchPackageThere(String),
    /// the servicing stack that the package asks for
    PackageNeedsStack(Version),
}

/// A statement and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// what
    pub says: Says,
    /// whence
    pub from: From,
}

impl Evidence {
    /// A statement of the host.
    pub fn host(says: Says, origin: &Origin) -> Self {
        Self { says, from: From::Host(origin.clone()) }
    }
    /// A statement of the catalog.
    pub fn catalog(says: Says, source: crate::catalog::view::Source<'_>, standing: Standing) -> Self {
        Self { says, from: From::Catalog { url: source.url.to_owned(), standing } }
    }
    /// A statement that follows by a rule of kbwhy.
    pub fn rule(says: Says) -> Self {
        Self { says, from: From::Rule }
    }
}

/// A fact that would settle a check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// product, version and build
    OsVersion,
    /// update build revision
    Revision,
    /// architecture
    Architecture,
    /// edition
    Edition,
    /// are these updates installed?
    Updates(Vec<KbId>),
    /// version of the servicing stack
    ServicingStack,
    /// .NET Framework release
    Dotnet,
    /// PowerShell version
    ManagementFramework,
    /// Internet Explorer version
    InternetExplorer,
    /// state of a feature or role
    Feature(String),
    /// ESU licence
    Esu,
    /// hotpatch enrolment
    Hotpatch,
    /// restart pending
    PendingReboot,
    /// health of the component store
    StoreHealth,
    /// the lines of CBS.log
    ServicingLog,
    /// the log of the Windows Update client
    UpdateLog,
    /// the package's file name
    PackageName,
    /// all packages with their states
    Packages,
    /// what a rule of Windows Update asks for
    Rule(Need),
    /// the rules of Windows Update that an update and its prerequisites have
    RulesOf(KbId),
}
