//! `Get-Package -ProviderName msu`: what Windows Update did, by title; as list, table, CSV or JSON.
//!
//! The provider asks for the history of Windows Update and prints each entry's title, whatever became of it (MsuProvider.cs
//! of OneGet): a row is good evidence that the update was installed, and silence is none that it was not.

use super::collect::{Collector, is_filter};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::Line;
use super::objects::{self, Object};
use crate::model::{Gap, Host, KbId, ListKind, PackageState};
use serde_json::Value;
use std::sync::Arc;

const TEXT: &str = "Get-Package";
const CSV: &str = "Get-Package CSV";
const JSON: &str = "Get-Package JSON";

const fn format(name: &'static str, from: &'static str, signature: &'static str) -> Format {
    Format {
        name,
        from,
        signature,
        tells: "updates that Windows Update installed, by the KB in their titles",
        cannot: "whether an update was removed or failed later; Windows itself; what came otherwise",
        directness: Directness::Logged,
    }
}

/// What is known of these formats.
pub(super) const FORMATS: &[Format] = &[
    format(TEXT, "Get-Package -ProviderName msu", "Name : … (KB…), or a table with Name and ProviderName"),
    format(CSV, "Get-Package -ProviderName msu | Export-Csv p.csv", "a header with Name and ProviderName"),
    format(JSON, "Get-Package -ProviderName msu | ConvertTo-Json", "members Name and ProviderName"),
];

/// Properties of a package that people select without its provider; an object with others is something else.
const PROPERTIES: [&str; 6] = ["name", "version", "source", "summary", "status", "fromtrustedsource"];

fn is_package(object: &Object) -> bool {
    let own = |name: &str| PROPERTIES.iter().any(|p| p.eq_ignore_ascii_case(name));
    let named = object.values.has("name");
    named && (object.values.has("providername") || object.values.iter().all(|(name, _, _)| own(name)))
}

/// The one update that a title names: in parentheses, or as a `word` of its own if it is the only one.
fn kb_of_title(title: &str, word: bool) -> Option<KbId> {
    let named = |part: &str| match ids::kb_at_start(part) {
        // `KB5021233.msu` is a file
        Some(RowId::Kb(kb)) if part.bytes().skip(2).all(|b| b.is_ascii_digit()) => Some(kb),
        _ => None,
    };
    let one = |mut all: Vec<KbId>| {
        all.sort_unstable();
        all.dedup();
        all.pop().filter(|_| all.is_empty())
    };
    let braced: Vec<KbId> =
        title.split(['(', '（']).skip(1).filter_map(|p| named(p.split([')', '）']).next()?.trim())).collect();
    if !braced.is_empty() || !word {
        return one(braced);
    }
    one(title.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter_map(named).collect())
}

/// One host of all rows that Windows Update brought; none if no row is of a package.
fn host(objects: &[Object], input: &Arc<str>, format: &'static str) -> Vec<Host> {
    let rows: Vec<&Object> = objects.iter().filter(|o| is_package(o)).collect();
    let provided = rows.iter().any(|o| o.values.has("providername"));
    let mut c = Collector::new(input, format);
    let mut any = false;
    for object in rows {
        let provider = object.get("providername").map(|(p, _)| p);
        if provided && !provider.is_some_and(|p| p.eq_ignore_ascii_case("msu")) {
            continue;
        }
        if object.get("status").is_some_and(|(s, _)| !s.eq_ignore_ascii_case("installed") && s != "0") {
            continue;
        }
        let command = object.command.as_deref().map(str::to_ascii_lowercase).unwrap_or_default();
        if command.contains("find-package") || command.contains("get-wu") {
            continue;
        }
        let Some((title, line)) = object.get("name") else {
            if object.cut {
                c.gap(Gap::Elided);
                any |= provided;
            }
            continue;
        };
        let kb = kb_of_title(title, provided);
        // without a provider a row is an update only if its title names one
        if kb.is_none() && !provided {
            continue;
        }
        any = true;
        c.row(line);
        if is_filter(&command) || command.contains(" -name ") {
            c.gap(Gap::Filtered);
        }
        match kb {
            Some(kb) => {
                let origin = c.origin(line);
                c.update(kb, PackageState::Installed, origin);
            }
            None => c.other(title.chars().take(64).collect()),
        }
    }
    any.then(|| c.finish(Some(ListKind::History))).into_iter().collect()
}

/// Reads lists, tables and CSV; none if they are of something else.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let found = host(&objects::of_lines(lines, input, TEXT), input, TEXT);
    if !found.is_empty() {
        return found;
    }
    host(&objects::of_csv(lines, &["providername"], input, CSV), input, CSV)
}

/// Reads JSON; none if it is of something else.
pub(super) fn read_json(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let (objects, members) = objects::of_json(value, input, JSON);
    if !objects.iter().any(|o| o.values.has("providername")) {
        return Vec::new();
    }
    let mut hosts = host(&objects, input, JSON);
    hosts.iter_mut().for_each(|host| objects::to_members(host, &members));
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn hosts(text: &str) -> Vec<Host> {
        read(&lines(text), &Arc::from("f"))
    }

    fn kbs(text: &str) -> Vec<u32> {
        hosts(text).iter().flat_map(|h| h.updates.keys().map(|k| k.number())).collect()
    }

    #[test]
    fn titles_of_any_language_name_the_update() {
        let text = "Name         : Git\n\nName         : Oracle Database 11g Express Edition\n\nName         : 2022-12 x64 ベース システム用 Windows 10 Version 21H2 の累積更新プログラム (KB5021233)\n";
        assert_eq!(kbs(text), [5_021_233]);
        let list = &hosts(text)[0].completeness.lists[0];
        assert_eq!((list.kind, list.shown), (ListKind::History, 1));
        for (title, want) in [
            ("Windows-Tool zum Entfernen bösartiger Software x64 – v5.108 (KB890830)", Some(890_830)),
            ("Обновление (KB5021233) для Windows (KB5021234)", None),
            ("Security Intelligence Update - KB2267602 (Version 1.381.2595.0)", Some(2_267_602)),
            ("Feature update to Windows 10, version 22H2", None),
            ("Intel - SoftwareDevice - 10.1.1 (574 KB)", None),
        ] {
            assert_eq!(kb_of_title(title, true).map(|k| k.number()), want, "{title}");
        }
        assert_eq!(kb_of_title("KB5021233.msu", true), None);
        assert_eq!(kb_of_title("KB5021233", false), None);
    }

    #[test]
    fn only_rows_of_windows_update_count_where_the_provider_is_named() {
        let text = "Name                           Version          Source           ProviderName\n----                           -------          ------           ------------\nVisual C++ (KB2151757)         10.0.40219       C:\\Program Fi... msi\nUpdate (KB5021233)                                               msu\n2022-12 Cumulative Update f...                                   msu\nFeature update                                                   msu\n";
        assert_eq!(kbs(text), [5_021_233]);
        let host = &hosts(text)[0];
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Elided]);
        assert_eq!(host.other_ids, ["Feature update"]);
    }

    #[test]
    fn csv_and_json_are_read() {
        let csv = "\"Name\",\"Version\",\"ProviderName\"\r\n\"Update (KB5021233)\",,\"msu\"\r\n\"Tool (KB5021234)\",\"1\",\"Programs\"\r\n";
        assert_eq!(kbs(csv), [5_021_233]);
        let json = serde_json::json!([{"Name": "Update (KB5021233)", "ProviderName": "msu", "Status": "Installed", "Metadata": {}},
            {"Name": "Update (KB5021234)", "ProviderName": "msu", "Status": "Available"}]);
        let hosts = read_json(&json, &Arc::from("f"));
        let got: Vec<_> = hosts[0].updates.iter().map(|(k, f)| (k.number(), f.origin.to_string())).collect();
        assert_eq!(got, [(5_021_233, "f: [0].Name".to_owned())]);
    }

    #[test]
    fn objects_with_other_properties_are_no_packages() {
        assert!(hosts("Name : x (KB5021233)\nResult : Failed\n").is_empty());
        assert!(hosts("Name : Git\nVersion : 1\n").is_empty());
    }
}
