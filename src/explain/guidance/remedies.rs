//! What to do, in words and commands, with what it may break; and what to run to see what is not shown.

use super::{class, kbs};
use crate::{
    guidance::{Ask, Danger, Remedy},
    model::UpdateKey,
    report::RemedyReport,
};

const fn danger(d: Danger) -> &'static str {
    match d {
        Danger::Registry => {
            "set this by Group Policy or MDM, not in the registry: Microsoft advises against editing update policies there"
        }
        Danger::Ownership => {
            "this takes the file from its owner and gives an administrator full control: note owner and permissions before, and keep a copy"
        }
        Danger::Configuration => {
            "a mistake in web.config stops the whole service (500.19): keep a copy of the file"
        }
        Danger::Interruption => {
            "clients and consoles are cut off while it restarts, and requests that run are lost"
        }
        Danger::KnownIssue => {
            "the hold is there because the update is known to harm such devices; test before, and take it back afterwards"
        }
        Danger::ClientIdentity => {
            "this deletes values of the registry: the client appears anew on the server, without its groups and history; export the key before"
        }
        Danger::Trust => {
            "the computer then trusts whatever that issuer signs: compare its thumbprint with the one that the issuer names"
        }
        Danger::Protocols => {
            "this sets values of the registry and changes what other programs negotiate: export the keys first, and try it on one client"
        }
        Danger::Declined => {
            "clients that lack the newer update are offered none until it is approved: check that first"
        }
        Danger::Rerouted => "updates come from another source afterwards: try it on a few devices first",
    }
}

/// What to do, with what it may break and who says so.
pub(super) fn remedy(r: &Remedy) -> RemedyReport {
    let (text, command) = words(r);
    RemedyReport {
        text,
        command,
        danger: r.danger().map(|d| danger(d).to_owned()),
        source: r.source().to_owned(),
    }
}

/// What to do, and the command that does or checks it.
fn words(r: &Remedy) -> (String, Option<String>) {
    use Remedy as R;
    let plain = |text: &str| (text.to_owned(), None);
    let with = |text: &str, command: &str| (text.to_owned(), Some(command.to_owned()));
    match r {
        R::CheckName => with(
            "Check the server's full name in WUServer, and that the client resolves it.",
            r"reg query HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate /v WUServer",
        ),
        R::CheckRoute => with(
            "Check the way to the server: firewalls, routes, proxies that drop it. No line of the client in the IIS log means that it does not arrive.",
            "Test-NetConnection WSUS-SERVER -Port 8530",
        ),
        R::CheckPort => plain(
            "Check that the port in WUServer is the one of the site: by default 8530 for HTTP, 8531 for HTTPS.",
        ),
        R::CheckAddress => plain("Give WUServer the form http://server:8530 or https://server.domain:8531."),
        R::CheckLoad => plain(
            "Look for 503 in the IIS log and in C:\\Windows\\System32\\LogFiles\\HTTPERR: the pool of WSUS may be out of memory.",
        ),
        R::CheckProxy => with("Check the proxy that the update client uses.", "netsh winhttp show proxy"),
        R::CheckPermission => {
            plain("Check the client's own firewall and security software: they refuse the connection.")
        }
        R::CheckClock => with("Check the clocks of client and server.", "w32tm /query /status"),
        R::RenewCertificate => {
            plain("Bind a valid server certificate for the server's full name to the WSUS site.")
        }
        R::MatchName => plain("Use the same full name (FQDN) in WUServer and in the certificate."),
        R::TrustIssuer => plain(
            "Import the issuer's certificate into the Trusted Root store of the local computer of every client (the user's store is not enough).",
        ),
        R::ReachRevocation => {
            plain("Make the revocation list that the certificate names reachable for the client.")
        }
        R::NoClientCertificate => {
            plain("Let the virtual directories of WSUS ignore client certificates (SSL settings in IIS).")
        }
        R::SetUpTls => plain(
            "Set up TLS 1.2 on the client (Windows 7, 2008 R2, 2012: KB3140245 and its registry values), and on the server.",
        ),
        R::StartServices => with(
            "Start Update Services and the World Wide Web Publishing Service on the WSUS server.",
            "net start W3SVC & net start WsusService",
        ),
        R::StartSite => with(
            "Start the WSUS site on the server.",
            "%windir%\\system32\\inetsrv\\appcmd start site \"WSUS Administration\"",
        ),
        R::Resume { class: c } => (
            format!(
                "Resume {}: take the pause out of the policy that sets it, or out of Settings; else it ends by itself.",
                class(*c)
            ),
            None,
        ),
        R::EndDeferral { class: c } => {
            (format!("Shorten or remove the deferral of {}, or wait.", class(*c)), None)
        }
        R::DeferralForService => plain(
            "Where the deployment service manages feature updates, set their deferral to 0 days once the device is enrolled.",
        ),
        R::ChangeTarget => {
            plain("Name another version in the policy 'Select the target Feature Update version', or none.")
        }
        R::AwaitHold => {
            plain("Look up the id on the Windows release health page, and wait until the hold is released.")
        }
        R::OptOutOfHold => plain(
            "Only to test: opt out by the policy 'Disable safeguards for Feature Updates' (DisableWUfBSafeguards).",
        ),
        R::ResumeDeployment => plain("Resume the deployment, or wait for its start; then it shows offering."),
        R::DeployAtSource => plain(
            "Deploy it where the device looks: approve it in WSUS, or let the class come from Windows Update if the deployment service deploys it.",
        ),
        R::SetAllSources => plain(
            "Set all four classes in 'Specify source service for specific classes of Windows Updates', and keep UseUpdateClassPolicySource 1 below ...\\AU.",
        ),
        R::SetSwitch => plain(
            "Set the sources by 'Specify source service for specific classes of Windows Updates': it writes UseUpdateClassPolicySource below ...\\AU, where it counts.",
        ),
        R::RemoveDeferrals => {
            plain("Remove leftover deferrals and pauses, if WSUS is to deliver Windows' updates.")
        }
        R::DisableDualScan => plain(
            "On Windows 10 and Server 2016 to 2022: 'Do not allow update deferral policies to cause scans against Windows Update' (DisableDualScan) keeps them with WSUS. On Windows 11 and Server 2025 it does nothing.",
        ),
        R::AllowDualScan => plain(
            "Remove DisableDualScan, if the class is to come from Windows Update; else set its source policy to WSUS.",
        ),
        R::UseServer => plain(
            "Set UseWUServer to 1 below ...\\AU (policy 'Specify intranet Microsoft update service location'), or remove WUServer.",
        ),
        R::AllowInternet => plain(
            "Turn off 'Do not connect to any Windows Update Internet locations', or let every class come from WSUS.",
        ),
        R::OneAuthority => {
            plain("Let one authority, group policy or MDM, set the sources, and remove the other's values.")
        }
        R::Search => plain(
            "Search for updates on the device (Settings, Windows Update, Check for updates), then look again.",
        ),
        R::Join => plain("Join the device to Microsoft Entra ID, or hybrid join it, then enrol it."),
        R::Enrol => plain(
            "Enrol the device in update management of the deployment service, and clear its registration errors.",
        ),
        R::InstallHealthTools => plain(
            "Install KB4023057 (Windows 10 1809 and later) or a newer quality update that brings the tools.",
        ),
        R::InstallWsusUpdate { updates } => {
            (format!("Install {} or a later rollup on the WSUS server, then restart it.", kbs(updates)), None)
        }
        R::InstallConsoleUpdate { updates } => (
            format!(
                "Install {} or a later update on the computer of the console, then restart it.",
                kbs(updates)
            ),
            None,
        ),
        R::StartPool => with(
            "Start the application pool of WSUS, and read in the event log why it stopped.",
            "%windir%\\system32\\inetsrv\\appcmd start apppool /apppool.name:WsusPool",
        ),
        R::RaisePoolMemory => {
            plain("Raise the private memory limit of the WSUS application pool to 4 to 8 GB, or more.")
        }
        R::CheckVirtualDirectory => with(
            "Check that the virtual directories of WSUS are there and in their pool.",
            "%windir%\\system32\\inetsrv\\appcmd list vdir",
        ),
        R::CheckAccess => plain(
            "Check certificates, SSL settings and authentication of that virtual directory (403 in a browser is usual).",
        ),
        R::CheckConfiguration => {
            plain("Repair the web.config or applicationHost.config that the error page on the server names.")
        }
        R::ReadServerLog => plain(
            "Read the server's event log and %ProgramFiles%\\Update Services\\LogFiles\\SoftwareDistribution.log at that time.",
        ),
        R::CheckRequestSize => plain(
            "Check the request limits of that virtual directory (maxAllowedContentLength, maxRequestLength).",
        ),
        R::RaiseLimit { file, line, from, to, old, new } => (
            format!("Change line {line} of web.config ({from} to {to}); kbwhy does not edit it:"),
            Some(format!("--- {file}\n+++ {file}\n@@ -{line} +{line} @@\n-{old}\n+{new}")),
        ),
        R::RaiseLimitSomewhere => plain(
            "In %programfiles%\\Update Services\\WebServices\\ClientWebService\\web.config change maxInstalledPrerequisites from 400 to 800.",
        ),
        R::TakeOver => with(
            "On the WSUS server, in %programfiles%\\Update Services\\WebServices\\ClientWebService, make the file writable.",
            "takeown /f web.config & icacls web.config /grant administrator:(F)",
        ),
        R::RestartIis => with("Let IIS read its configuration again.", "iisreset"),
        R::DeclineSuperseded => {
            plain("Decline superseded updates on the WSUS server, and run its maintenance.")
        }
        R::RaiseCached => plain("Raise maxCachedUpdates in the same web.config."),
        R::ResetClient => with(
            "Give the client a new identity, then let it search; wait 10 to 15 minutes.",
            r"net stop wuauserv & reg delete HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate /v SusClientId /f & reg delete HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate /v SusClientIDValidation /f & net start wuauserv & wuauclt /resetauthorization /detectnow",
        ),
    }
}

/// What to run to see what is not shown.
pub(super) fn ask(a: Ask) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    let export = |key: UpdateKey, file: &str| vec![format!("reg export \"{}\" {file}", key.shown())];
    match a {
        Ask::MuxCode => one("kbwhy diagnose --error \"the whole message with its number\""),
        Ask::Update => one("name the update that is meant: kbwhy diagnose KB5005030 ..."),
        Ask::Windows => one("systeminfo > systeminfo.txt"),
        Ask::Policies => export(UpdateKey::GroupPolicy, "policies.reg"),
        Ask::ManagedPolicies => export(UpdateKey::DeviceManagement, "mdm.reg"),
        Ask::ResolvedPolicies => export(UpdateKey::Resolved, "resolved.reg"),
        Ask::PauseStatus => export(UpdateKey::PauseStatus, "paused.reg"),
        Ask::LastScan => one(
            "powershell (New-Object -ComObject Microsoft.Update.AutoUpdate).Results.LastSearchSuccessDate",
        ),
        Ask::Holds => one(
            r#"reg export "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\TargetVersionUpgradeExperienceIndicators" holds.reg"#,
        ),
        Ask::Deployment => one(
            "GET https://graph.microsoft.com/beta/admin/windows/updates/deployments  (state.effectiveValue)",
        ),
        Ask::Join => one("dsregcmd /status > dsreg.txt"),
        Ask::Device => one(
            "GET https://graph.microsoft.com/beta/admin/windows/updates/updatableAssets/{device id}  (enrollments, errors)",
        ),
        Ask::HealthTools => one(r#"dir "%ProgramFiles%\Microsoft Update Health Tools""#),
        Ask::WsusVersion => one(
            "powershell (Get-WsusServer).Version  (or the console: Overview, Connection, Server Version), then --wsus-version",
        ),
        Ask::ConsoleVersion => one(
            "on the console's computer: wmic qfe list  (KB4039929); or --console-version, at least 3.2.7600.283",
        ),
        Ask::ServerInventory => one("on the WSUS server: kbwhy collect --script > collect.ps1"),
        Ask::Services => one("sc query WsusService & sc query W3SVC"),
        Ask::Site => one(r"%windir%\system32\inetsrv\appcmd list site"),
        Ask::IisLog => one(r"kbwhy diagnose --iis-log C:\inetpub\logs\LogFiles\W3SVC*\u_ex*.log"),
        Ask::WebConfig => one(
            r#"kbwhy diagnose --web-config "C:\Program Files\Update Services\WebServices\ClientWebService\web.config""#,
        ),
        Ask::ClientLog => {
            one("powershell Get-WindowsUpdateLog  (on the client; then --log WindowsUpdate.log)")
        }
    }
}
