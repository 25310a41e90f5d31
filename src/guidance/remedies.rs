//! What to do, what it rests on, what it may break, and what to ask for: a closed set, worded by `explain`.

use super::{
    network::NetworkKind,
    pages::{
        COMMON, CONFIGURE, CONNECTION, DEPLOYMENT, DEPLOYMENT_NEEDS, DEPLOYMENT_STATE, FAULTS, GRAPH_DEVICE,
        GUIDANCE, HOLDS, HTTP_STATUS, INTEGRATE, LAST_SEARCH, OPT_OUT, POLICY_CSP, PREREQUISITES, SDN,
        SETTINGS, SOURCE_TABLES, TRUST, WINHTTP, WSUS_SSL,
    },
    source::Class,
};
use crate::model::KbId;

/// What a step may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// policies are set through the registry
    Registry,
    /// ownership and permissions of a file of Windows change
    Ownership,
    /// a mistake in the file stops the site
    Configuration,
    /// clients and sites of the server are cut off for a moment
    Interruption,
    /// the update may fail on this device, which is known to have a problem with it
    KnownIssue,
    /// the client gets a new identity on the server
    ClientIdentity,
    /// updates come from somewhere else, and optional features may not install
    Rerouted,
    /// all that an issuer signs is trusted
    Trust,
    /// the protocols of all connections of the computer change
    Protocols,
    /// clients that still lack an update that is declined are offered it no more
    Declined,
}

/// What is to be done.
#[allow(missing_docs, reason = "field names say it; each variant is documented")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// the name in WUServer, and its resolution
    CheckName,
    /// the way from the client to the server: firewall, routes
    CheckRoute,
    /// the port in WUServer is the port of the site
    CheckPort,
    /// the address in WUServer has the right form
    CheckAddress,
    /// the server is up and not overloaded
    CheckLoad,
    /// the proxy of WinHTTP
    CheckProxy,
    /// firewall rules and security software of the client
    CheckPermission,
    /// the clocks of client and server
    CheckClock,
    /// a new certificate for the site
    RenewCertificate,
    /// the certificate's name and the name in WUServer are the same
    MatchName,
    /// the issuer's certificate goes into the computer's store of trusted roots
    TrustIssuer,
    /// the list of revoked certificates can be had
    ReachRevocation,
    /// the site asks for no certificate of clients
    NoClientCertificate,
    /// TLS 1.2 on the client
    SetUpTls,
    /// the services of WSUS are started
    StartServices,
    /// the site of WSUS is started
    StartSite,
    /// the pause is ended
    Resume { class: Class },
    /// the deferral is shortened or removed
    EndDeferral { class: Class },
    /// the deployment service wants no deferral of feature updates
    DeferralForService,
    /// another version is named, or none
    ChangeTarget,
    /// the hold is waited for
    AwaitHold,
    /// the hold is overridden
    OptOutOfHold,
    /// the deployment is resumed or its start is awaited
    ResumeDeployment,
    /// deploy where the device looks
    DeployAtSource,
    /// all four source policies are set
    SetAllSources,
    /// the switch is set where it counts
    SetSwitch,
    /// leftover deferrals are removed
    RemoveDeferrals,
    /// DisableDualScan keeps Windows 10 with WSUS
    DisableDualScan,
    /// DisableDualScan is removed, so that source policies count
    AllowDualScan,
    /// UseWUServer is set to 1, or WUServer removed
    UseServer,
    /// connections to Windows Update are allowed, or all classes come from WSUS
    AllowInternet,
    /// one authority sets the source policies
    OneAuthority,
    /// a search is started
    Search,
    /// the device is joined and enrolled
    Join,
    /// the device is enrolled
    Enrol,
    /// KB4023057
    InstallHealthTools,
    /// an update of WSUS, and a restart
    InstallWsusUpdate { updates: Vec<KbId> },
    /// the same on the computer of the console
    InstallConsoleUpdate { updates: Vec<KbId> },
    /// the application pool of WSUS is started
    StartPool,
    /// the memory limit of the application pool of WSUS is raised
    RaisePoolMemory,
    /// virtual directory and configuration of IIS
    CheckVirtualDirectory,
    /// certificates and permissions of the site
    CheckAccess,
    /// the configuration files of the site
    CheckConfiguration,
    /// what the server logs of the failure
    ReadServerLog,
    /// the request is larger than the server allows
    CheckRequestSize,
    /// maxInstalledPrerequisites is raised
    RaiseLimit { file: String, line: u32, from: String, to: String, old: String, new: String },
    /// the same, where the file is not given
    RaiseLimitSomewhere,
    /// the file is taken over, so that it can be edited
    TakeOver,
    /// IIS reads its configuration again
    RestartIis,
    /// superseded updates are declined
    DeclineSuperseded,
    /// maxCachedUpdates is raised
    RaiseCached,
    /// the client gets a new identity
    ResetClient,
}

impl Remedy {
    /// The page that says so.
    pub const fn source(&self) -> &'static str {
        use Remedy as R;
        match self {
            R::CheckName
            | R::CheckRoute
            | R::CheckLoad
            | R::RaisePoolMemory
            | R::CheckAccess
            | R::ReadServerLog => CONNECTION,
            R::CheckVirtualDirectory => CONNECTION,
            R::CheckPort | R::CheckAddress | R::MatchName | R::TrustIssuer | R::RenewCertificate => WSUS_SSL,
            R::CheckProxy | R::SetUpTls => COMMON,
            R::CheckPermission => super::pages::WINSOCK,
            R::CheckClock => TRUST,
            R::ReachRevocation => WINHTTP,
            R::NoClientCertificate | R::StartPool | R::CheckConfiguration | R::CheckRequestSize => {
                HTTP_STATUS
            }
            R::StartServices
            | R::StartSite
            | R::InstallWsusUpdate { .. }
            | R::InstallConsoleUpdate { .. } => GUIDANCE,
            R::Resume { .. } | R::EndDeferral { .. } => CONFIGURE,
            R::DeferralForService | R::Join => DEPLOYMENT_NEEDS,
            R::ChangeTarget => POLICY_CSP,
            R::AwaitHold => HOLDS,
            R::OptOutOfHold => OPT_OUT,
            R::ResumeDeployment | R::DeployAtSource | R::Search | R::InstallHealthTools | R::Enrol => {
                DEPLOYMENT
            }
            R::SetAllSources | R::SetSwitch | R::RemoveDeferrals | R::DisableDualScan | R::AllowDualScan => {
                SOURCE_TABLES
            }
            R::OneAuthority => SOURCE_TABLES,
            R::UseServer | R::AllowInternet => SETTINGS,
            R::RaiseLimit { .. } | R::RaiseLimitSomewhere | R::TakeOver | R::RestartIis => PREREQUISITES,
            R::DeclineSuperseded | R::RaiseCached | R::ResetClient => FAULTS,
        }
    }

    /// What it may break.
    pub const fn danger(&self) -> Option<Danger> {
        use Remedy as R;
        Some(match self {
            R::SetAllSources | R::SetSwitch | R::RemoveDeferrals => Danger::Registry,
            R::AllowDualScan | R::DisableDualScan | R::UseServer => Danger::Rerouted,
            R::TakeOver => Danger::Ownership,
            R::RaiseLimit { .. } | R::RaiseLimitSomewhere | R::RaiseCached => Danger::Configuration,
            R::RestartIis | R::StartPool | R::RaisePoolMemory => Danger::Interruption,
            R::OptOutOfHold => Danger::KnownIssue,
            R::ResetClient => Danger::ClientIdentity,
            R::TrustIssuer => Danger::Trust,
            R::SetUpTls => Danger::Protocols,
            R::DeclineSuperseded => Danger::Declined,
            _ => return None,
        })
    }
}

/// What would settle an unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// the message with its number
    MuxCode,
    /// the update that is meant
    Update,
    /// the version of Windows
    Windows,
    /// group policies
    Policies,
    /// policies of device management
    ManagedPolicies,
    /// the policies as Windows Update resolved them
    ResolvedPolicies,
    /// whether updates are paused
    PauseStatus,
    /// the last search
    LastScan,
    /// recorded safeguard holds
    Holds,
    /// the state of the deployment
    Deployment,
    /// how the device is joined
    Join,
    /// the device as the deployment service knows it
    Device,
    /// the Update Health Tools
    HealthTools,
    /// the version of WSUS
    WsusVersion,
    /// the version of the remote console
    ConsoleVersion,
    /// updates of the server
    ServerInventory,
    /// the services of WSUS
    Services,
    /// the site of WSUS
    Site,
    /// the logs of IIS
    IisLog,
    /// the configuration of the client web service
    WebConfig,
    /// the log of the client
    ClientLog,
}

/// What a page states that a finding rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// the number in the message is a Winsock code, or one of a certificate
    MuxNumber,
    /// the same message is one of software-defined networking
    MuxElsewhere,
    /// a page that lists a code
    Code(&'static str),
    /// 0x80072f8f: TLS 1.2 is not set up on the client
    Tls12,
    /// a pause ends by itself after 35 days
    PauseEnds,
    /// 0 not paused, 1 paused, 2 resumed
    PauseStatus,
    /// a deferral counts from the day of publication
    Deferral,
    /// a device stays at, or goes to, the version that is named
    Target,
    /// holds keep feature updates off devices with a known problem
    Holds,
    /// only "offering" delivers
    DeploymentState,
    /// what the deployment service deploys comes from Windows Update only
    ServiceScans,
    /// where classes of updates come from
    SourceTables,
    /// the same, of Windows 10 before source policies
    Integration,
    /// only some of the four are not supported
    AllFour,
    /// where the switch counts
    Switch,
    /// the public service is cut off
    InternetOff,
    /// Automatic Updates keeps the day of its last search
    LastSearch,
    /// the device must be joined
    JoinNeeded,
    /// enrolment is a resource of the deployment service
    EnrolmentResource,
    /// expedited updates need the program
    HealthTools,
    /// what WSUS needs at least
    WsusLeast,
    /// both services must run
    WsusServices,
    /// the site must run
    WsusSite,
    /// 401 is in order if 200 follows
    Http401,
    /// what a status means to WSUS
    HttpWsus,
    /// what a status means to IIS
    HttpStatus,
    /// a client names more prerequisites than the server allows
    PrerequisiteLimit,
    /// 80244007 has three causes
    FaultCauses,
    /// where Settings keeps its pause: no page of Microsoft tells
    SettingsPause,
    /// where Windows records holds: no page of Microsoft tells
    HoldRecord,
}

impl Rule {
    /// Independent programs agree on it, and no page of Microsoft was found that states it: what rests on it follows, and is
    /// not shown.
    pub const fn is_secondary(self) -> bool {
        matches!(self, Self::SettingsPause | Self::HoldRecord)
    }
    /// The page; of what no page states, the nearest.
    pub const fn page(self) -> &'static str {
        match self {
            Self::MuxNumber | Self::HealthTools | Self::WsusLeast | Self::WsusServices | Self::WsusSite => {
                GUIDANCE
            }
            Self::DeploymentState => DEPLOYMENT_STATE,
            Self::MuxElsewhere => SDN,
            Self::Code(page) => page,
            Self::Tls12 => COMMON,
            Self::PauseEnds | Self::PauseStatus | Self::Deferral => CONFIGURE,
            Self::Target => POLICY_CSP,
            Self::Holds | Self::HoldRecord => HOLDS,
            Self::SettingsPause => CONFIGURE,
            Self::ServiceScans => DEPLOYMENT,
            Self::SourceTables | Self::AllFour | Self::Switch => SOURCE_TABLES,
            Self::Integration => INTEGRATE,
            Self::InternetOff => SETTINGS,
            Self::LastSearch => LAST_SEARCH,
            Self::JoinNeeded => DEPLOYMENT_NEEDS,
            Self::EnrolmentResource => GRAPH_DEVICE,
            Self::Http401 | Self::HttpWsus => CONNECTION,
            Self::HttpStatus => HTTP_STATUS,
            Self::PrerequisiteLimit => PREREQUISITES,
            Self::FaultCauses => FAULTS,
        }
    }
}

/// What to do about a network or certificate code.
pub(super) fn of_network(kind: NetworkKind) -> Vec<Remedy> {
    use NetworkKind as K;
    use Remedy as R;
    match kind {
        K::Name => vec![R::CheckName, R::CheckProxy],
        K::Unreachable => vec![R::CheckRoute, R::CheckName],
        K::Refused => vec![R::StartServices, R::StartSite, R::CheckPort],
        K::TimedOut => vec![R::CheckRoute, R::CheckLoad, R::CheckProxy],
        K::NoConnection => vec![R::StartServices, R::CheckPort, R::CheckRoute, R::CheckProxy],
        K::Broken => vec![R::CheckLoad, R::CheckRoute, R::SetUpTls],
        K::NotPermitted => vec![R::CheckPermission, R::CheckRoute],
        K::Proxy => vec![R::CheckProxy],
        K::Address => vec![R::CheckAddress],
        K::Answer => vec![R::CheckPort, R::CheckProxy],
        K::Encryption => vec![R::SetUpTls, R::CheckPort],
        K::CertificateExpired => vec![R::CheckClock, R::RenewCertificate],
        K::CertificateName => vec![R::MatchName, R::RenewCertificate],
        K::CertificateUntrusted => vec![R::TrustIssuer],
        K::CertificateRevoked | K::CertificateUsage | K::CertificateDamaged => vec![R::RenewCertificate],
        K::RevocationUnknown => vec![R::ReachRevocation],
        K::Certificate => vec![R::CheckClock, R::MatchName, R::TrustIssuer, R::SetUpTls],
        K::ClientCertificate => vec![R::NoClientCertificate],
    }
}
