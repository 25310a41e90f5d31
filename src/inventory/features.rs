//! Features and capabilities: `dism /online /get-features`, `/get-capabilities`, `Get-WindowsOptionalFeature`,
//! `Get-WindowsCapability`.

use super::collect::Collector;
use super::dism::pair;
use super::dism_packageinfo;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt, mentions};
use super::objects;
use super::words;
use crate::model::{FeatureState, Host};
use crate::package::PackageIdentity;
use std::sync::Arc;

const DISM: &str = "DISM features";
const POWERSHELL: &str = "Get-WindowsOptionalFeature";

/// More features than any Windows has.
const LIMIT: usize = 10_000;

const fn format(name: &'static str, from: &'static str, signature: &'static str) -> Format {
    Format {
        name,
        from,
        signature,
        tells: "features and capabilities with their states",
        cannot: "updates",
        directness: Directness::System,
    }
}

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    format(
        DISM,
        "dism /online /english /get-features",
        "Feature Name : … with State below it, or a table of both",
    ),
    format(POWERSHELL, "Get-WindowsOptionalFeature -Online", "FeatureName : … with State"),
];

/// A name that a feature or capability can have: one word of ASCII.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    (2..=200).contains(&text.len())
        && text.chars().all(plain)
        && text.chars().any(|c| c.is_ascii_alphabetic())
        && PackageIdentity::parse(text).is_none()
}

/// The states of one output, in the order in which they were read.
type Found = Vec<(String, FeatureState, u32)>;

/// Names with their states, by label where it is English, else by structure: a name, then a state.
fn listed(lines: &[Line]) -> Found {
    let mut out: Found = Vec::new();
    let mut open: Option<(String, &str)> = None;
    let described = dism_packageinfo::blocks(lines);
    let mut described = described.iter().peekable();
    let mut labels: Option<(String, String)> = None;
    let mut pairs = 0usize;
    for (i, line) in lines.iter().enumerate().take(1_000_000) {
        while described.next_if(|block| block.end <= i).is_some() {}
        if is_prompt(&line.text) || described.peek().is_some_and(|block| block.contains(&i)) {
            open = None;
            continue;
        }
        if let Some((name, rest)) = line.text.split_once('|') {
            let state = words::feature_state(rest.split('|').next().unwrap_or_default());
            if let Some(state) = state.filter(|_| is_name(name.trim())) {
                out.push((name.trim().to_owned(), state, line.number));
            }
            continue;
        }
        let Some((label, value)) = pair(&line.text) else { continue };
        pairs += 1;
        if let Some((own, name)) = open.take()
            && let Some(state) = words::feature_state(value)
        {
            let known = labels.get_or_insert_with(|| (own.clone(), label.to_owned()));
            // another pair of labels is another list
            if known.0 == own && known.1 == label {
                out.push((name.to_owned(), state, line.number));
            }
        } else if is_name(value) && label.contains(|c: char| !c.is_ascii_alphanumeric()) {
            open = Some((label.to_owned(), value));
        }
    }
    // in another language one such pair may be anything, and so may many of them among other pairs
    let english = labels.is_some_and(|(l, _)| matches!(l.as_str(), "Feature Name" | "Capability Identity"));
    if english || out.len() > 2 && (pairs == 0 || out.len() * 4 >= pairs) { out } else { Vec::new() }
}

fn host(found: Found, input: &Arc<str>, format: &'static str, lines: &[Line]) -> Option<Host> {
    if found.is_empty() {
        return None;
    }
    let mut c = Collector::new(input, format);
    let command =
        lines.iter().find(|l| is_prompt(&l.text) && l.text.to_ascii_lowercase().contains("/image:"));
    c.host.offline_image = command.map(|l| c.fact(true, l.number));
    for (name, state, line) in found.into_iter().take(LIMIT) {
        let fact = c.fact(state, line);
        c.host.features.entry(name).or_insert(fact);
    }
    Some(c.finish(None))
}

/// Reads lists and tables; none if they are of something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    // objects are dear to make
    let named = lines.iter().any(|l| l.text.contains("~~~~") || mentions(&l.text, "FeatureName"));
    let printed = if named { objects::of_lines(lines, input, POWERSHELL) } else { Vec::new() };
    let of_objects = printed.into_iter().filter_map(|o| {
        let (name, line) =
            o.get("featurename").or_else(|| o.get("name").filter(|(n, _)| n.contains("~~~~")))?;
        let (state, _) = o.get("state")?;
        is_name(name).then_some((name.to_owned(), words::feature_state(state)?, line))
    });
    let printed: Found = of_objects.collect();
    [host(listed(lines), input, DISM, lines), host(printed, input, POWERSHELL, lines)]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn states(text: &str) -> Vec<(String, &'static str)> {
        let hosts = read(&lines(text), &Arc::from("f"));
        assert!(hosts.iter().all(|h| h.completeness.is_empty()));
        let all = hosts.into_iter().flat_map(|h| h.features.into_iter());
        all.map(|(name, f)| (name, f.value.name())).collect()
    }

    fn want(pairs: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        pairs.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect()
    }

    #[test]
    fn lists_and_tables_of_dism_are_read() {
        let list = "\nDeployment Image Servicing and Management tool\nVersion: 10.0.19041.844\n\nImage Version: 10.0.19045.2728\n\nFeatures listing for package : Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.19041.1\n\nFeature Name : NetFx3\nState : Disabled with Payload Removed\n\nFeature Name : SMB1Protocol\nState : Enable Pending\n\nThe operation completed successfully.\n";
        assert_eq!(states(list), want(&[("NetFx3", "removed"), ("SMB1Protocol", "enable-pending")]));
        let table = "-------------- | --------\nFeature Name   | State\n-------------- | --------\nTelnetClient   | Disabled\nNetFx4-AdvSrvs | Enabled\nTFTP           | Disabled\n";
        assert_eq!(
            states(table),
            want(&[("NetFx4-AdvSrvs", "enabled"), ("TFTP", "disabled"), ("TelnetClient", "disabled")])
        );
    }

    #[test]
    fn capabilities_are_installed_or_not_present() {
        let list = "Capability Identity : Browser.InternetExplorer~~~~0.0.11.0\nState : Installed\n\nCapability Identity : OpenSSH.Server~~~~0.0.1.0\nState : Not Present\n";
        assert_eq!(
            states(list),
            want(&[
                ("Browser.InternetExplorer~~~~0.0.11.0", "enabled"),
                ("OpenSSH.Server~~~~0.0.1.0", "removed")
            ])
        );
    }

    #[test]
    fn powershell_prints_the_same() {
        let list = "FeatureName : NetFx3\nState       : DisabledWithPayloadRemoved\n\nFeatureName : SMB1Protocol\nState       : Enabled\n";
        assert_eq!(states(list), want(&[("NetFx3", "removed"), ("SMB1Protocol", "enabled")]));
        let table = "FeatureName  State\n-----------  -----\nNetFx3    Disabled\n";
        assert_eq!(states(table), want(&[("NetFx3", "disabled")]));
    }

    #[test]
    fn another_language_is_read_by_its_structure() {
        let list = "Nome do Recurso : NetFx3\nEstado : Habilitado\n\nNome do Recurso : TFTP\nEstado : Desabilitado\n\nNome do Recurso : SMB1Protocol\nEstado : Blub\n\nNome do Recurso : Telnet\nEstado : Habilitado\n";
        assert_eq!(states(list), want(&[("NetFx3", "enabled"), ("TFTP", "disabled"), ("Telnet", "enabled")]));
        assert!(states("My service : Foo\nIts state : Enabled\n").is_empty());
    }

    #[test]
    fn packages_are_no_features() {
        let list = "Package Identity : Package_for_KB4589208~31bf3856ad364e35~amd64~~17763.1697.1.1\nState : Installed\nRelease Type : Update\n";
        assert!(states(&list.repeat(4)).is_empty());
    }

    #[test]
    fn switches_among_other_settings_are_no_features() {
        let mut text = String::new();
        for n in 0..4 {
            text += &format!("Guest OS:     Linux\nBoot menu:    message and menu\nMAC {n}:   08002700\n");
            text += "IO APIC:   acpi\nPage Fusion:   off\nAudio:   none\nVRAM size:   8MB\nHPET:   x\nRTC:   utc\n";
        }
        assert!(read(&lines(&text), &Arc::from("f")).is_empty());
    }
}
