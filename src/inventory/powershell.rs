//! `$PSVersionTable`, whole or only its version: the version of PowerShell, which is that of Windows Management Framework
//! up to 5.1.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::Line;
use crate::model::{Host, Version};
use std::sync::Arc;

const FORMAT: &str = "PSVersionTable";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "powershell -Command $PSVersionTable.PSVersion",
    signature: "PSVersion, or the header Major Minor Build Revision",
    tells: "the version of Windows Management Framework",
    cannot: "updates; Windows itself; what PowerShell 6 and later run beside",
    directness: Directness::Reported,
}];

/// The version as the whole table or its one member prints it, with its line.
fn version(lines: &[Line]) -> Option<(Version, u32)> {
    for (i, line) in lines.iter().enumerate() {
        if !line.text.trim_start().starts_with(['P', 'M']) {
            continue;
        }
        let words: Vec<&str> = line.text.split_whitespace().take(5).collect();
        match words.as_slice() {
            ["PSVersion", version] => return Some((version.parse().ok()?, line.number)),
            ["Major", "Minor", "Build", "Revision"] => {
                let row = lines.get(i + 2).filter(|_| lines[i + 1].text.trim_start().starts_with('-'))?;
                // an unset number is -1
                let numbers: Vec<u32> =
                    row.text.split_whitespace().map(|n| n.parse().unwrap_or(0)).take(4).collect();
                return Some((Version(numbers.try_into().ok()?), row.number));
            }
            _ => {}
        }
    }
    None
}

/// Reads the version; none if the text is something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let Some((version, line)) = version(lines) else { return Vec::new() };
    let [major, minor, ..] = version.0;
    if !(1..=5).contains(&major) {
        return Vec::new();
    }
    let mut c = Collector::new(input, FORMAT);
    c.host.wmf = Some(c.fact(format!("{major}.{minor}"), line));
    vec![c.finish(None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn wmf(text: &str) -> Option<String> {
        let hosts = read(&lines(text), &Arc::from("f"));
        hosts.first().and_then(|h| h.wmf.as_ref()).map(|f| f.value.clone())
    }

    #[test]
    fn both_shapes_are_read_and_newer_shells_are_not() {
        let row = "\r\nMajor  Minor  Build  Revision\r\n-----  -----  -----  --------\r\n5      1      17763  1490\r\n";
        assert_eq!(wmf(row).as_deref(), Some("5.1"));
        assert_eq!(
            wmf(&row.replace("5      1      17763  1490", "2      0      -1     -1")).as_deref(),
            Some("2.0")
        );
        assert_eq!(
            wmf("Name      Value\n----      -----\nPSVersion 4.0\nWSManStackVersion 3.0\n").as_deref(),
            Some("4.0")
        );
        assert_eq!(wmf("PSVersion 7.4.1\n"), None);
    }
}
