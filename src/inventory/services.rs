//! Services and sites of a web server: `sc query NAME`, `Get-Service`, `appcmd list site`.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::Line;
use crate::model::Host;
use std::sync::Arc;

const FORMAT: &str = "services";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "sc query WsusService & sc query W3SVC & %windir%\\system32\\inetsrv\\appcmd list site",
    signature: "SERVICE_NAME and STATE, a row of Get-Service, or SITE \"name\" (…,state:…)",
    tells: "whether services and sites run",
    cannot: "updates; services that were not asked for",
    directness: Directness::System,
}];

/// More services than any Windows has.
const LIMIT: usize = 1_000;

/// `        STATE              : 4  RUNNING`: the number is the same in every language.
fn state(text: &str) -> Option<&'static str> {
    let (_, value) = text.split_once(':').filter(|(_, v)| !v.contains("DRIVER") && !v.contains("ADAPTER"))?;
    Some(match value.split_whitespace().next()? {
        "1" => "stopped",
        "2" => "start-pending",
        "3" => "stop-pending",
        "4" => "running",
        "5" => "continue-pending",
        "6" => "pause-pending",
        "7" => "paused",
        _ => return None,
    })
}

/// `SITE "WSUS Administration" (id:2,bindings:http/*:8530:,state:Started)`
fn site(text: &str) -> Option<(&str, &'static str)> {
    let (name, rest) = text.trim().strip_prefix("SITE \"")?.split_once('"')?;
    let state = rest.rsplit_once("state:")?.1.trim_end_matches(')');
    let state = match state {
        "Started" => "started",
        "Stopped" => "stopped",
        "Starting" => "starting",
        "Stopping" => "stopping",
        _ => return None,
    };
    (!name.is_empty()).then_some((name, state))
}

/// `Running  W3SVC              World Wide Web Publishing Service`, of services that updates need.
fn row(text: &str) -> Option<(&'static str, &'static str)> {
    const NAMES: [&str; 6] = ["wuauserv", "bits", "cryptsvc", "trustedinstaller", "wsusservice", "w3svc"];
    let mut words = text.split_whitespace();
    let state = match words.next()? {
        "Running" => "running",
        "Stopped" => "stopped",
        "Paused" => "paused",
        "StartPending" => "start-pending",
        "StopPending" => "stop-pending",
        _ => return None,
    };
    let name = words.next()?;
    Some((NAMES.into_iter().find(|n| n.eq_ignore_ascii_case(name))?, state))
}

/// Reads the states; none if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, FORMAT);
    let mut named: Option<String> = None;
    for line in lines {
        let text = line.text.trim();
        let told = if let Some(name) = text.strip_prefix("SERVICE_NAME:") {
            named = Some(name.trim().to_lowercase()).filter(|n| !n.is_empty());
            None
        } else if let Some((name, state)) = site(text) {
            Some((format!("site:{}", name.to_lowercase()), state))
        } else if let Some((name, state)) = row(text) {
            Some((name.to_owned(), state))
        } else {
            // the first line below the name whose value begins with a number of a state is not TYPE, which is 10 and more but for drivers
            state(text).and_then(|state| Some((named.take()?, state)))
        };
        if let Some((name, state)) = told.filter(|_| c.host.services.len() < LIMIT) {
            let fact = c.fact(state.to_owned(), line.number);
            c.host.services.entry(name).or_insert(fact);
        }
    }
    if c.host.services.is_empty() { Vec::new() } else { vec![c.finish(None)] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn told(text: &str) -> Vec<(String, String)> {
        let hosts = read(&lines(text), &Arc::from("f"));
        hosts.iter().flat_map(|h| h.services.iter().map(|(k, f)| (k.clone(), f.value.clone()))).collect()
    }

    #[test]
    fn states_are_read_of_all_three() {
        let text = "\r\nSERVICE_NAME: WsusService\r\n        TYPE               : 10  WIN32_OWN_PROCESS  \r\n\
            \x20       STATE              : 1  STOPPED \r\n        WIN32_EXIT_CODE    : 1077  (0x435)\r\n\r\n\
            Status   Name               DisplayName\r\n------   ----               -----------\r\n\
            Running  W3SVC              World Wide Web Publishing Service\r\n\
            SITE \"WSUS Administration\" (id:2,bindings:http/*:8530:,https/*:8531:,state:Started)\r\n";
        let all = [("site:wsus administration", "started"), ("w3svc", "running"), ("wsusservice", "stopped")];
        assert_eq!(told(text), all.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn german_output_has_the_same_numbers() {
        let text = "SERVICE_NAME: W3SVC\r\n        TYP                : 20  WIN32_SHARE_PROCESS\r\n        STATUS             : 4  RUNNING\r\n";
        assert_eq!(told(text), [("w3svc".to_owned(), "running".to_owned())]);
        assert!(told("STATE : 4 RUNNING\r\n").is_empty());
    }
}
