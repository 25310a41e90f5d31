//! `dism /online /get-packages` (or `/image:`), as list or table, in any language: package identities, then their states.

use super::collect::{Collector, is_filter};
use super::dism_packageinfo;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt};
use super::packages::Packages;
use super::systeminfo::service_pack;
use super::words;
use crate::model::{Fact, Gap, Host, ListKind, Version};
use std::sync::Arc;

const LIST: &str = "DISM packages";
const TABLE: &str = "DISM packages table";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: LIST,
        from: "dism /online /english /get-packages",
        signature: "package identities with their states, or two versions below a banner",
        tells: "build, revision, architecture, servicing stack, every package and update with its state",
        cannot: "the edition; updates named only by build",
        directness: Directness::System,
    },
    Format {
        name: TABLE,
        from: "dism /online /english /get-packages /format:table",
        signature: "package identities in cells",
        tells: "build, revision, architecture, servicing stack, every package and update with its state",
        cannot: "the edition; updates named only by build",
        directness: Directness::System,
    },
];

/// The identity at the end of `Package Identity : …`; log lines with more words before it are something else.
pub(super) fn list_identity(text: &str) -> Option<&str> {
    let t = text.trim();
    let Some((label, rest)) = t.split_once([':', '：']) else { return Some(t) };
    // PowerShell's name of it: that is another format
    let label = label.trim();
    // the package above a list of features is not listed itself
    if label.eq_ignore_ascii_case("PackageName") || label.starts_with("Features listing") {
        return None;
    }
    let plain = label.chars().all(|c| !c.is_ascii_digit() && c != ',' && c != '[' && c != '\\');
    (plain && label.chars().count() <= 40).then_some(rest)
}

/// Splits `Label : value`.
pub(super) fn pair(text: &str) -> Option<(&str, &str)> {
    let (label, value) = text.split_once([':', '：'])?;
    Some((label.trim(), value.trim()))
}

/// The image's version: the second of two `label: a.b.c.d` lines, where the first is the tool's own.
fn image(lines: &[Line]) -> Option<(Version, u32, bool)> {
    let mut tool: Option<String> = None;
    for line in lines {
        let Some((label, value)) = pair(&line.text) else { continue };
        if value.matches('.').count() != 3 || label.is_empty() || label.chars().any(|c| c.is_ascii_digit()) {
            continue;
        }
        let Ok(version) = value.parse::<Version>() else { continue };
        let label = label.to_lowercase();
        match &tool {
            // "Version" and "Image Version", "버전" and "이미지 버전", "Version" and "Abbildversion"
            Some(t) if label != *t && label.contains(t.as_str()) => {
                return matches!(version.0[0], 6 | 10).then_some((version, line.number, version.0[0] == 10));
            }
            _ => tool = Some(label),
        }
    }
    None
}

/// Reads the packages and the image's version; none if the text is something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let image = image(lines);
    let (packages, table) = packages(lines);
    if image.is_none() && packages.is_empty() {
        return Vec::new();
    }
    let mut c = Collector::new(input, if table { TABLE } else { LIST });
    let prompts = || {
        lines.iter().filter(|l| is_prompt(&l.text) || l.text.to_ascii_lowercase().contains("/get-packages"))
    };
    let offline = prompts().any(|l| l.text.to_ascii_lowercase().contains("/image:"));
    if prompts().any(|l| is_filter(&l.text)) {
        c.gap(Gap::Filtered);
    }
    if offline && let Some(line) = prompts().next() {
        c.host.offline_image = Some(c.fact(true, line.number));
    }
    if let Some((version, line, servicing)) = image {
        let [major, minor, build, revision] = version.0;
        let base = Version([major, minor, build, 0]);
        c.host.version = Some(c.fact(base, line));
        if servicing {
            c.host.revision = Some(c.fact(revision, line));
        } else if build != 7600 {
            // an image of Windows 7 keeps 7600 in its header when the service pack is in
            c.host.service_pack = service_pack(base, "").map(|n| c.fact(n, line));
        }
    }
    packages.tell(&mut c, offline);
    let list = (!packages.is_empty()).then_some(ListKind::ComponentStore);
    vec![c.finish(list)]
}

/// Does a host tell no more than the banner above all that DISM prints?
pub(super) fn is_banner(host: &Host) -> bool {
    let of_dism = |f: &Fact<Version>| f.origin.format == LIST;
    host.version.as_ref().is_some_and(of_dism) && host.completeness.lists.is_empty()
}

/// Every package with the state that belongs to it, and whether they came as a table.
fn packages(lines: &[Line]) -> (Packages, bool) {
    let mut out = Packages::default();
    let mut table = false;
    // the last identity, while its state is not told, and the lines with a colon since
    let mut open: Option<String> = None;
    let mut since = 0usize;
    let described = dism_packageinfo::blocks(lines);
    let mut described = described.iter().peekable();
    for (i, line) in lines.iter().enumerate() {
        while described.next_if(|block| block.end <= i).is_some() {}
        if is_prompt(&line.text) || described.peek().is_some_and(|block| block.contains(&i)) {
            continue;
        }
        let mut cells = line.text.split('|').map(str::trim);
        if line.text.contains('|')
            && let Some(identity) = cells.next().filter(|c| c.contains('~'))
        {
            let added = match cells.find_map(words::state) {
                Some(state) => out.state(identity, state, line.number),
                None => out.name(identity, line.number),
            };
            if added {
                table = true;
                open = None;
                continue;
            }
        }
        if line.text.contains('~')
            && let Some(identity) = list_identity(&line.text).filter(|i| i.contains('~'))
            && out.name(identity, line.number)
        {
            open = Some(identity.trim().to_owned());
            since = 0;
        } else if let (Some(identity), Some((label, value))) = (&open, pair(&line.text)) {
            since += 1;
            // the state follows its identity, whatever its label is
            if (label == "State" || since == 1)
                && let Some(state) = words::state(value)
            {
                out.settle(identity, state, line.number);
                open = None;
            }
        }
    }
    (out, table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;
    use crate::model::Architecture;

    const HEAD: &str = "Deployment Image Servicing and Management tool\nVersion: 10.0.17763.1\n\nImage Version: 10.0.17763.1879\n\n";

    fn one(text: &str) -> Host {
        let mut hosts = read(&lines(text), &Arc::from("f"));
        assert_eq!(hosts.len(), 1);
        hosts.remove(0)
    }

    fn block(name: &str, version: &str, state: &str) -> String {
        format!(
            "Package Identity : {name}~31bf3856ad364e35~amd64~~{version}\nState : {state}\nRelease Type : Update\nInstall Time : \n\n"
        )
    }

    fn states(host: &Host) -> Vec<(u32, &'static str)> {
        host.updates.iter().map(|(k, f)| (k.number(), f.value.name())).collect()
    }

    #[test]
    fn every_state_is_kept_and_the_image_gives_build_and_revision() {
        let text = HEAD.to_owned()
            + &block("Package_for_KB4589208", "17763.1.1.1", "Superseded")
            + &block("Package_for_KB4577586", "10.0.1.2", "Install Pending")
            + &block("Package_1_for_KB4535680", "10.0.1.1", "Installed")
            + &block("Package_for_KB4535680", "10.0.1.1", "Staged")
            + &block("Package_for_ServicingStack_1697", "17763.1697.1.1", "Installed")
            + &block("Package_for_RollupFix", "17763.1935.1.8", "Install Pending");
        let host = one(&text);
        assert_eq!(
            states(&host),
            [(4_535_680, "installed"), (4_577_586, "install-pending"), (4_589_208, "superseded")]
        );
        assert_eq!(host.version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.17763"));
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(1879));
        assert_eq!(
            host.servicing_stack.as_ref().map(|v| v.value.to_string()).as_deref(),
            Some("10.0.17763.1697")
        );
        assert_eq!(host.pending_reboot.as_ref().map(|r| r.value), Some(true));
        assert_eq!(host.completeness.lists[0].shown, 6);
        assert!(host.completeness.has_whole(ListKind::ComponentStore));
    }

    #[test]
    fn a_table_and_another_language_are_read_by_structure() {
        let table = "Outil\nVersion : 10.0.19041.844\n\nVersion de l'image : 10.0.19045.2006\n\n\
            Identité | État | Type\n---- | ---- | ----\n\
            Package_for_KB5015684~31bf3856ad364e35~amd64~~19041.1.1.1 | Installé | Update\n";
        let host = one(table);
        assert_eq!(states(&host), [(5_015_684, "installed")]);
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(2006));
    }

    #[test]
    fn identities_without_a_state_prove_nothing() {
        let host = one("Package Identity : Package_for_KB2706045_SP1~31bf3856ad364e35~amd64~~6.1.1.0\n");
        assert!(host.updates.is_empty() && host.revision.is_none());
        assert_eq!(host.completeness.lists[0].gaps, [Gap::NotAvailable]);
        assert_eq!(host.architecture.as_ref().map(|a| a.value), Some(Architecture::X64));
    }

    #[test]
    fn the_fourth_number_before_windows_10_is_no_revision() {
        let text = "Tool\nVersion: 6.1.7600.16385\n\nImage Version: 6.1.7601.17514\n\n".to_owned()
            + &block("Package_for_KB2999486", "6.1.1.1", "Installed");
        let host = one(&text);
        assert_eq!(host.revision, None);
        assert_eq!(host.service_pack.as_ref().map(|s| s.value), Some(1));
    }

    #[test]
    fn a_rollup_alone_tells_the_build_only_where_its_branch_has_one() {
        let host = one(&block("Package_for_RollupFix", "14393.321.1.5", "Installed"));
        assert_eq!(host.version.as_ref().map(|v| v.value.to_string()).as_deref(), Some("10.0.14393"));
        assert_eq!(host.revision.as_ref().map(|r| r.value), Some(321));
        assert_eq!(one(&block("Package_for_RollupFix", "19041.2728.1.1", "Installed")).version, None);
        assert_eq!(one(&block("Package_for_RollupFix", "14393.321.1.5", "Staged")).revision, None);
    }

    #[test]
    fn log_lines_are_no_packages() {
        let log = "2016-09-28 04:30:31, Info CBS Read out cached package applicability for package: Package_for_KB2999486~31bf3856ad364e35~amd64~~6.1.9768.0, ApplicableState: 112, CurrentState:112\n";
        assert!(read(&lines(log), &Arc::from("f")).is_empty());
    }
}
