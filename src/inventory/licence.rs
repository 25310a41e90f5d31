//! `slmgr /dlv`: whether an Extended Security Updates licence is active, in English.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::Line;
use crate::model::Host;
use std::sync::Arc;

const FORMAT: &str = "slmgr";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "cscript //nologo %windir%\\system32\\slmgr.vbs /dlv all",
    signature: "Name: and License Status: of each licence",
    tells: "whether a licence for Extended Security Updates is active",
    cannot: "updates; licences that it was not asked for; anything in another language than English",
    directness: Directness::System,
}];

/// Reads the licences; none if there is no licence of Extended Security Updates, which may only mean that it was not
/// asked for.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut about_esu = false;
    let mut told: Option<(bool, u32)> = None;
    for line in lines {
        let Some((label, value)) = line.text.split_once(':') else { continue };
        let value = value.trim();
        match label.trim() {
            "Name" => {
                let name = value.to_ascii_lowercase();
                about_esu = name.contains("windows") && name.contains("esu");
            }
            "License Status" if about_esu => {
                let active = value == "Licensed";
                // several years, one of which is active
                if active || told.is_none() {
                    told = Some((active, line.number));
                }
                about_esu = false;
            }
            _ => {}
        }
    }
    let Some((active, line)) = told else { return Vec::new() };
    let mut c = Collector::new(input, FORMAT);
    // another year may be active that this output does not show
    c.host.esu = active.then(|| c.fact(true, line));
    if !active {
        c.note("the Extended Security Updates licence that is shown is not active", line);
    }
    vec![c.finish(None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn esu(text: &str) -> Option<Option<bool>> {
        let hosts = read(&lines(text), &Arc::from("f"));
        hosts.first().map(|h| h.esu.as_ref().map(|f| f.value))
    }

    #[test]
    fn only_an_active_licence_of_extended_updates_tells() {
        let windows = "Name: Windows(R) 7, Professional edition\r\nDescription: Windows Operating System\r\nLicense Status: Licensed\r\n\r\n";
        let year = |status: &str| {
            format!(
                "Name: Windows(R) 7, Client-ESU-Year1 add-on for Professional\r\nLicense Status: {status}\r\n"
            )
        };
        assert_eq!(esu(windows), None);
        assert_eq!(esu(&(windows.to_owned() + &year("Licensed"))), Some(Some(true)));
        assert_eq!(esu(&(windows.to_owned() + &year("Unlicensed"))), Some(None));
        assert_eq!(esu(&(year("Licensed") + &year("Unlicensed"))), Some(Some(true)));
    }
}
