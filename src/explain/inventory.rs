//! What was understood of an inventory, and what is missing for a good answer.

use super::ask_words;
use crate::{
    catalog::Catalog,
    inventory,
    model::{Fact, Host, Origin, PackageState},
    report::{FactReport, InventoryReport, UnknownReport},
    resolve::{identity, statement::Ask},
};
use std::sync::Arc;

/// One input, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRead {
    /// as the user named it
    pub name: String,
    /// the format it was read as
    pub format: &'static str,
    /// the encoding it was read as
    pub encoding: &'static str,
}

impl InputRead {
    /// The same without its name, which often is that of a machine.
    pub fn redacted(self, number: u32) -> Self {
        Self { name: format!("input {number}"), ..self }
    }
}

/// Where a fact was read, without the folders of its file.
fn place(origin: &Origin) -> String {
    let name = origin.input.rsplit(['/', '\\']).next().unwrap_or(&origin.input);
    Origin { input: Arc::from(name), ..origin.clone() }.to_string()
}

/// What an input is and cannot tell, in a line.
fn input_words(input: &InputRead) -> String {
    let cannot = inventory::formats().find(|f| f.name == input.format).map_or("", |f| f.cannot);
    let about = if cannot.is_empty() { String::new() } else { format!("; it cannot tell {cannot}") };
    format!("{}: {}, {}{about}", input.name, input.format, input.encoding)
}

/// Reports what a host's inventories say, where each fact was read, and what to run for what they leave out.
pub fn inventory_report(catalog: &Catalog, host: &Host, inputs: &[InputRead]) -> InventoryReport {
    let id = identity::identify(catalog, host);
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String, origin: String| {
        facts.push(FactReport { fact: name.to_owned(), value, source: origin });
    };
    fn show<T>(f: &Option<Fact<T>>, text: impl Fn(&T) -> String) -> Option<(String, String)> {
        f.as_ref().map(|f| (text(&f.value), place(&f.origin)))
    }
    let yes = |b: &bool| if *b { "yes".to_owned() } else { "no".to_owned() };
    let rows = [
        ("name", show(&host.name, Clone::clone)),
        ("product", show(&host.product, Clone::clone)),
        (
            "version",
            show(&host.version, |v| {
                let [a, b, c, _] = v.0;
                format!("{a}.{b}.{c}")
            }),
        ),
        ("revision (UBR)", show(&host.revision, ToString::to_string)),
        ("branch", show(&host.branch, ToString::to_string)),
        ("release", show(&host.release, Clone::clone)),
        ("revision, at least", show(&host.revision_at_least, ToString::to_string)),
        ("service pack", show(&host.service_pack, ToString::to_string)),
        ("edition", show(&host.edition, |e| e.0.clone())),
        ("installation type", show(&host.installation_type, |t| t.name().to_owned())),
        ("architecture", show(&host.architecture, |a| a.name().to_owned())),
        ("language", show(&host.language, Clone::clone)),
        ("offline image", show(&host.offline_image, yes)),
        ("restart pending", show(&host.pending_reboot, yes)),
        ("servicing stack", show(&host.servicing_stack, ToString::to_string)),
        (".NET Framework", show(&host.dotnet_framework, Clone::clone)),
        ("WMF", show(&host.wmf, Clone::clone)),
        ("Internet Explorer", show(&host.internet_explorer, ToString::to_string)),
        ("ESU licence", show(&host.esu, yes)),
        ("Azure Arc", show(&host.azure_arc, yes)),
        ("SHA-2 support", show(&host.sha2_support, yes)),
        ("store corrupt", show(&host.store_corrupt, yes)),
        ("hotpatch", show(&host.hotpatch, yes)),
        ("remote session", show(&host.remote_session, yes)),
        ("free space", show(&host.free_space, |n| format!("{:.1} GB", *n as f64 / f64::from(1u32 << 30)))),
    ];
    for (name, row) in rows {
        if let Some((value, origin)) = row {
            add(name, value, origin);
        }
    }
    for role in &host.roles {
        add("role", role.value.clone(), place(&role.origin));
    }
    for (name, value) in &host.policies {
        add("policy", format!("{name} = {}", value.value), place(&value.origin));
    }
    let with = |state: PackageState| -> Vec<String> {
        host.updates.iter().filter(|(_, f)| f.value == state).map(|(kb, _)| kb.to_string()).collect()
    };
    let mut ask = Vec::new();
    if id.products.is_empty() {
        ask.push(Ask::OsVersion);
    }
    if host.architecture.is_none() {
        ask.push(Ask::Architecture);
    }
    let modern = id.kernel.is_none_or(|k| k.0 >= 10);
    if modern && host.revision.is_none() {
        ask.push(Ask::Revision);
    }
    let whole = host.completeness.complete || host.completeness.lists.iter().any(|l| l.gaps.is_empty());
    if host.updates.is_empty() || !whole {
        ask.push(Ask::Packages);
    }
    InventoryReport {
        schema: "kbwhy/inventory/1",
        windows: id.words,
        facts,
        installed: with(PackageState::Installed),
        pending: with(PackageState::InstallPending),
        superseded: with(PackageState::Superseded),
        absent: with(PackageState::Absent),
        staged: with(PackageState::Staged),
        uninstalling: with(PackageState::UninstallPending),
        partial: with(PackageState::PartiallyInstalled),
        failed: host
            .failed
            .iter()
            .map(
                |(kb, code)| {
                    if code.value.is_empty() { kb.to_string() } else { format!("{kb} ({})", code.value) }
                },
            )
            .collect(),
        inputs: inputs.iter().map(input_words).collect(),
        other_ids: host.other_ids.clone(),
        lists: host
            .completeness
            .lists
            .iter()
            .map(|l| {
                let gaps: Vec<String> = l.gaps.iter().map(crate::model::Gap::describe).collect();
                let state = if gaps.is_empty() {
                    "whole".to_owned()
                } else {
                    format!("not whole: {}", gaps.join("; "))
                };
                format!(
                    "{} {} by {} ({}), {state}",
                    l.shown,
                    if l.shown == 1 { "row" } else { "rows" },
                    l.origin.format,
                    place(&l.origin)
                )
            })
            .collect(),
        complete: host.completeness.complete,
        conflicts: super::conflicts(host),
        notes: host.notes.iter().map(|n| format!("{} ({})", n.value, place(&n.origin))).collect(),
        unknown: ask
            .iter()
            .map(|a| {
                let (fact, collect) = ask_words(a);
                UnknownReport { fact, collect }
            })
            .collect(),
    }
}
