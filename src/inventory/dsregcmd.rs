//! `dsregcmd /status`: how a device is joined and managed, in English (the tool prints no other language).

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::Line;
use crate::model::Host;
use std::sync::Arc;

const FORMAT: &str = "dsregcmd";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "dsregcmd /status",
    signature: "AzureAdJoined : YES or NO",
    tells: "whether the device is joined to Microsoft Entra ID, to a domain, and managed by MDM",
    cannot: "updates; whether the deployment service has enrolled the device",
    directness: Directness::System,
}];

/// What is kept: nothing of it names a person or a tenant.
const READ: [&str; 6] =
    ["AzureAdJoined", "EnterpriseJoined", "DomainJoined", "WorkplaceJoined", "DeviceAuthStatus", "MdmUrl"];

/// Reads the states; none if the first of them is not there.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, FORMAT);
    for line in lines {
        let Some((label, value)) = line.text.split_once(" : ") else { continue };
        let (label, value) = (label.trim(), value.trim());
        if value.is_empty() || !READ.contains(&label) {
            continue;
        }
        // of an address only that there is one matters
        let value = if label == "MdmUrl" { "set" } else { value };
        let fact = c.fact(value.to_owned(), line.number);
        c.host.management.entry(label.to_lowercase()).or_insert(fact);
    }
    if c.host.management.contains_key("azureadjoined") { vec![c.finish(None)] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    const STATUS: &str = "+----------------------------------------------------------------------+\r\n\
        | Device State                                                         |\r\n\
        +----------------------------------------------------------------------+\r\n\r\n\
        \x20            AzureAdJoined : YES\r\n          EnterpriseJoined : NO\r\n              DomainJoined : YES\r\n\
        \x20               DomainName : CORP\r\n               TenantName : Someone\r\n\
        \x20                   MdmUrl : https://enrollment.example.com/x\r\n";

    #[test]
    fn states_are_kept_and_names_are_not() {
        let hosts = read(&lines(STATUS), &Arc::from("f"));
        let told: Vec<_> = hosts[0].management.iter().map(|(k, f)| (k.as_str(), f.value.as_str())).collect();
        let all = [
            ("azureadjoined", "YES"),
            ("domainjoined", "YES"),
            ("enterprisejoined", "NO"),
            ("mdmurl", "set"),
        ];
        assert_eq!(told, all);
        assert!(read(&lines("DomainJoined : YES\r\n"), &Arc::from("f")).is_empty());
    }
}
