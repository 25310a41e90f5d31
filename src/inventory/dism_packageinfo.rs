//! `dism /online /get-packageinfo`: one package with all that is known of it, and its features below.

use super::collect::Collector;
use super::dism::{list_identity, pair};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::{Line, is_prompt};
use super::packages::Packages;
use super::words;
use crate::model::{Gap, Host, KbId, ListKind};
use crate::package::PackageIdentity;
use std::ops::Range;
use std::sync::Arc;

const FORMAT: &str = "DISM package";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "dism /online /english /get-packageinfo /packagename:…",
    signature: "a package identity with its description, its state and more below it",
    tells: "the state of one package; the update that its description names",
    cannot: "every other package",
    directness: Directness::System,
}];

/// What stands where no page of support is known.
const PLACEHOLDER: u32 = 777_777;

/// Labels that only this output has.
const LABELS: [&str; 5] =
    ["Applicable", "Copyright", "Description", "Support Information", "Completely offline capable"];

/// The update that the description of a package (`Fix for KB5012170`) or its page of support (`…?kbid=5012170`) names;
/// none if they name several.
pub(super) fn kb_of_description<'a>(texts: impl Iterator<Item = &'a str>) -> Option<KbId> {
    let mut found: Option<KbId> = None;
    for text in texts {
        let lower = text.to_ascii_lowercase();
        let fix = lower.strip_prefix("fix for ").and_then(|rest| match ids::kb_at_start(rest.trim())? {
            RowId::Kb(kb) => Some(kb),
            _ => None,
        });
        let page = lower.split_once("kbid=").and_then(|(_, rest)| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let number = digits.parse::<u32>().ok().filter(|n| *n != PLACEHOLDER && digits.len() >= 6)?;
            KbId::new(number)
        });
        for kb in fix.into_iter().chain(page) {
            if found.is_some_and(|known| known != kb) {
                return None;
            }
            found = Some(kb);
        }
    }
    found
}

/// Where such descriptions stand, from the identity up to the next one, or to the next command.
pub(super) fn blocks(lines: &[Line]) -> Vec<Range<usize>> {
    let identity = |l: &Line| {
        l.text.contains('~')
            && pair(&l.text).is_some()
            && list_identity(&l.text).is_some_and(|i| PackageIdentity::parse(i).is_some())
    };
    let starts: Vec<usize> = lines.iter().enumerate().filter(|(_, l)| identity(l)).map(|(i, _)| i).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let whole = starts.iter().zip(ends).map(|(&start, end)| {
        let inside = lines.get(start + 1..end).unwrap_or_default();
        start..start + 1 + inside.iter().position(|l| is_prompt(&l.text)).unwrap_or(inside.len())
    });
    whole.filter(|range| is_description(lines.get(range.clone()).unwrap_or_default())).collect()
}

/// A list has three lines after an identity; a description has more, and other labels.
fn is_description(block: &[Line]) -> bool {
    let labels = || block.iter().skip(1).take_while(|l| !l.is_blank()).filter_map(|l| pair(&l.text));
    let known = block.iter().filter_map(|l| pair(&l.text)).any(|(label, _)| LABELS.contains(&label));
    known || labels().count() >= 6
}

/// Reads the descriptions; none if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut c = Collector::new(input, FORMAT);
    let mut packages = Packages::default();
    let mut described = Vec::new();
    for block in blocks(lines) {
        let Some((head, body)) = lines.get(block).and_then(<[Line]>::split_first) else { continue };
        let Some(identity) = list_identity(&head.text) else { continue };
        // the package's own state comes first; what follows is that of its features
        let state = body.iter().find_map(|l| {
            let (_, value) = pair(&l.text).filter(|(label, _)| *label != "Applicable")?;
            Some((words::state(value)?, l.number))
        });
        let Some((state, line)) = state else {
            packages.name(identity, head.number);
            continue;
        };
        packages.state(identity, state, line);
        let values = body.iter().filter_map(|l| Some(pair(&l.text)?.1));
        if let Some(kb) = kb_of_description(values) {
            described.push((kb, state, line));
        }
    }
    if packages.is_empty() {
        return Vec::new();
    }
    let offline = lines.iter().any(|l| is_prompt(&l.text) && l.text.to_ascii_lowercase().contains("/image:"));
    packages.tell(&mut c, offline);
    for (kb, state, line) in described {
        let origin = c.origin(line);
        c.update(kb, state, origin);
    }
    c.gap(Gap::Filtered);
    vec![c.finish(Some(ListKind::ComponentStore))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn text(identity: &str, description: &str, support: &str, state: &str) -> String {
        format!(
            "\nDeployment Image Servicing and Management tool\nVersion: 10.0.19041.844\n\nImage Version: 10.0.19045.2728\n\nPackage information:\n\n\
             Package Identity : {identity}\nApplicable : Yes\nCopyright : x\nCompany : \nDescription : {description}\n\
             Release Type : Update\nRestart Required : Possible\nSupport Information : {support}\nState : {state}\n\
             Completely offline capable : Undetermined\n\nFeatures listing for package : x\n\nFeature Name : y\nState : Installed\n\n\
             The operation completed successfully.\n"
        )
    }

    fn one(text: &str) -> Host {
        let mut hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        hosts.remove(0)
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    const ROLLUP: &str = "Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.2728.1.12";

    #[test]
    fn the_description_names_the_update() {
        let host = one(&text(
            ROLLUP,
            "Fix for KB5023696",
            "https://support.microsoft.com/help/5023696",
            "Installed",
        ));
        assert_eq!(states(&host), [(5_023_696, "installed")]);
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
        let host = one(&text(ROLLUP, "x", "http://support.microsoft.com/?kbid=5023696", "Superseded"));
        assert_eq!(states(&host), [(5_023_696, "superseded")]);
    }

    #[test]
    fn the_placeholder_and_the_state_of_a_feature_are_not_taken() {
        let host = one(&text(ROLLUP, "x", "http://support.microsoft.com/?kbid=777777", "Not Present"));
        assert!(host.updates.is_empty());
        assert_eq!(host.packages.values().map(|f| f.value.name()).collect::<Vec<_>>(), ["absent"]);
        assert_eq!(host.revision, None);
        let host = one(&text(ROLLUP, "Fix for KB5023696", "http://x/?kbid=5023697", "Installed"));
        assert!(host.updates.is_empty(), "two updates are named");
    }

    #[test]
    fn a_list_of_packages_is_no_description() {
        let list = format!(
            "Package Identity : {ROLLUP}\nState : Installed\nRelease Type : Update\nInstall Time : 1/1/2020 1:00 AM\n\nThe operation completed successfully.\n"
        );
        assert!(read(&lines(&list), &Arc::from("f")).is_empty());
        let both = list + &text("Package_for_KB5012170~31bf3856ad364e35~amd64~~10.0.1.1", "x", "y", "Staged");
        assert_eq!(blocks(&lines(&both)).len(), 1);
        assert_eq!(states(&one(&both)), [(5_012_170, "staged")]);
    }
}
