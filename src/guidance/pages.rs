//! The pages that the guidance rests on.

pub(super) const GUIDANCE: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-server-update-guidance";
/// The tables of the scan source by system, and the traps.
pub(super) const SOURCE_TABLES: &str = "https://learn.microsoft.com/en-us/intune/configmgr/sum/deploy-use/integrate-windows-update-for-business-windows-10";
pub(super) const INTEGRATE: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/waas-integrate-wufb";
pub(super) const CONFIGURE: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/waas-configure-wufb";
pub(super) const SETTINGS: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/waas-wu-settings";
pub(super) const POLICY_CSP: &str =
    "https://learn.microsoft.com/en-us/windows/client-management/mdm/policy-csp-update";
pub(super) const HOLDS: &str = "https://learn.microsoft.com/en-us/windows/deployment/update/safeguard-holds";
pub(super) const OPT_OUT: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/safeguard-opt-out";
pub(super) const DEPLOYMENT: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/deployment-service-troubleshoot";
pub(super) const DEPLOYMENT_NEEDS: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/deployment-service-prerequisites";
pub(super) const GRAPH_DEVICE: &str =
    "https://learn.microsoft.com/en-us/graph/api/windowsupdates-azureaddevice-get";
pub(super) const LAST_SEARCH: &str = "https://learn.microsoft.com/en-us/windows/win32/api/wuapi/nf-wuapi-iautomaticupdatesresults-get_lastsearchsuccessdate";
pub(super) const CONNECTION: &str = "https://learn.microsoft.com/en-us/troubleshoot/mem/configmgr/update-management/troubleshoot-wsus-connection-failures";
pub(super) const PREREQUISITES: &str = "https://learn.microsoft.com/en-us/troubleshoot/mem/configmgr/update-management/error-80244007-when-wsus-client-scans-updates";
pub(super) const FAULTS: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80244007";
pub(super) const HTTP_STATUS: &str = "https://learn.microsoft.com/en-us/troubleshoot/developer/webapps/iis/health-diagnostic-performance/http-status-code";
pub(super) const WSUS_SSL: &str = "https://learn.microsoft.com/en-us/windows-server/administration/windows-server-update-services/deploy/2-configure-wsus";
pub(super) const WINSOCK: &str =
    "https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2";
pub(super) const WINHTTP: &str = "https://learn.microsoft.com/en-us/windows/win32/winhttp/error-messages";
pub(super) const TRUST: &str =
    "https://learn.microsoft.com/en-us/windows/win32/seccrypto/certificate-and-trust-return-values";
pub(super) const TRUST_CODES: &str =
    "https://learn.microsoft.com/en-us/previous-versions/aa915318(v=msdn.10)";
pub(super) const SCHANNEL: &str =
    "https://learn.microsoft.com/en-us/windows/win32/secauthn/schannel-error-codes-for-tls-and-ssl-alerts";
pub(super) const COMMON: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors";
/// The same message, of the multiplexer of software load balancing.
pub(super) const SDN: &str = "https://learn.microsoft.com/en-us/windows-server/networking/sdn/troubleshoot/troubleshoot-windows-server-software-defined-networking-stack";
/// The states of deployments.
pub(super) const DEPLOYMENT_STATE: &str =
    "https://learn.microsoft.com/en-us/graph/api/resources/windowsupdates-deploymentstate";
