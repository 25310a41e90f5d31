//! Metasploit's post/windows/gather/enum_patches: `[+] KB2999226 installed on 8/31/2020`.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use crate::model::{Gap, Host, ListKind};
use std::sync::Arc;

const FORMAT: &str = "enum_patches";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "Metasploit: run post/windows/gather/enum_patches",
    signature: "[+] KB… installed on …",
    tells: "installed updates that are servicing packages named KB",
    cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
    directness: Directness::Reported,
}];

/// Reads the rows; empty if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, FORMAT);
    for line in lines {
        let text = line.text.trim();
        let marked = ["[+] ", "[*] ", "[-] "].iter().find_map(|m| text.strip_prefix(m));
        let Some((id, rest)) = marked.and_then(|t| t.trim_start().split_once(' ')) else { continue };
        if !matches!(ids::kb_at_start(id), Some(RowId::Kb(_))) && !ids::is_update_like(id) {
            continue;
        }
        let rest = rest.trim_start();
        if rest.starts_with("installed on") {
            let origin = c.origin(line.number);
            c.installed_row(id, None, origin);
        } else if rest == "applied" {
            // older versions ask for some updates only, and say of the others that they are missing
            let origin = c.origin(line.number);
            c.installed_row(id, None, origin);
            c.gap(Gap::Filtered);
        }
    }
    if c.shown() == 0 { Vec::new() } else { vec![c.finish(Some(ListKind::QuickFix))] }
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn kbs(text: &str) -> Vec<u32> {
        let hosts = read(&lines(text), &Arc::from("f"));
        hosts.iter().flat_map(|h| h.updates.keys().map(|k| k.number())).collect()
    }

    #[test]
    fn only_what_is_installed_counts() {
        let text = "meterpreter > run post/windows/gather/enum_patches\n\n[*] Running module against PC01\n[+] KB2999226 installed on 11/25/2020\n[+] KB976902 installed on 11/21/2010\n[*] Patch list saved to /root/.msf4/loot/x.txt\n";
        assert_eq!(kbs(text), [976_902, 2_999_226]);
        let old = "[*] KB2871997 applied\n[+] KB2928120 is missing\n[+] KB977165 - Possibly vulnerable to MS10-015 kitrap0d\n";
        assert_eq!(kbs(old), [2_871_997]);
        assert_eq!(read(&lines(old), &Arc::from("f"))[0].completeness.lists[0].gaps, [Gap::Filtered]);
        assert!(kbs("[+] KB2928120 is missing\n[-] Access denied\n[+] KB Article : KB5034441\n").is_empty());
    }
}
