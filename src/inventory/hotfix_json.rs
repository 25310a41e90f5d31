//! `Get-HotFix | ConvertTo-Json`: an array of objects, or one bare object when there is one.

use super::collect::Fleet;
use super::format::{Directness, Format};
use super::lines::clean;
use crate::model::{Host, ListKind, Origin};
use serde_json::{Map, Value};
use std::sync::Arc;

const FORMAT: &str = "Get-HotFix JSON";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "Get-HotFix | ConvertTo-Json",
    signature: "a member HotFixID, in any case",
    tells: "installed updates that are servicing packages named KB",
    cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
    directness: Directness::Reported,
}];

/// A member by its name in any case: `Select-Object hotfixid` spells it as it was typed.
pub(super) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    match member(object, name)? {
        Value::String(s) => Some(clean(s).trim().to_owned()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// The objects of an array, of `{"value": [...], "Count": n}`, or the one object.
pub(super) fn objects(value: &Value) -> Vec<(String, &Map<String, Value>)> {
    let items = |array: &'_ Value| -> Option<usize> { array.as_array().map(Vec::len) };
    let list = match value {
        Value::Object(o) => match member(o, "value") {
            Some(inner) if items(inner).is_some() => inner,
            _ => return vec![(String::new(), o)],
        },
        other => other,
    };
    let array = list.as_array().map(Vec::as_slice).unwrap_or_default();
    array.iter().enumerate().filter_map(|(i, v)| Some((format!("[{i}]"), v.as_object()?))).collect()
}

/// Reads the objects, one host for each machine that they name; empty if they are something else.
pub(super) fn read(value: &Value, input: &Arc<str>) -> Vec<Host> {
    let mut fleet = Fleet::new(input, FORMAT);
    for (at, object) in objects(value) {
        let Some(id) = text(object, "HotFixID").filter(|id| !id.is_empty()) else { continue };
        let machine = ["PSComputerName", "CSName", "__SERVER", "Source"]
            .iter()
            .find_map(|n| text(object, n))
            .filter(|n| !n.is_empty());
        let dot = if at.is_empty() { "" } else { "." };
        let origin = Origin::member(input, FORMAT, format!("{at}{dot}HotFixID"));
        let host = fleet.named(machine.as_deref(), &origin);
        let kb = host.installed_row(&id, text(object, "ServicePackInEffect").as_deref(), origin.clone());
        if let (Some(kb), Some(date)) = (kb, text(object, "InstalledOn")) {
            host.installed_on(kb, &date, origin);
        }
    }
    fleet.finish(|_| Some(ListKind::QuickFix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kbs(json: &str) -> Vec<u32> {
        let value: Value = serde_json::from_str(json).unwrap();
        read(&value, &Arc::from("f")).iter().flat_map(|h| h.updates.keys().map(|k| k.number())).collect()
    }

    #[test]
    fn arrays_single_objects_and_wrapped_arrays_are_read() {
        assert_eq!(
            kbs(
                r#"[{"HotFixId":"KB4486553","InstalledOn":{"value":"\/Date(1)\/"}},{"HotFixId":"File 1","ServicePackInEffect":"KB893803v2"}]"#
            ),
            [893_803, 4_486_553]
        );
        assert_eq!(kbs(r#"{"hotfixid":"KB4486553","Caption":"http://x/?kbid=1234567"}"#), [4_486_553]);
        assert_eq!(kbs(r#"{"value":[{"HotFixID":"KB4486553"}],"Count":1}"#), [4_486_553]);
        assert!(kbs(r#"[{"KBArticleIDs":["4462930"]}]"#).is_empty());
    }

    #[test]
    fn an_origin_names_the_member() {
        let value: Value = serde_json::from_str(r#"[{"HotFixID":"KB4486553"}]"#).unwrap();
        let host = &read(&value, &Arc::from("f"))[0];
        assert_eq!(host.updates.values().next().unwrap().origin.to_string(), "f: [0].HotFixID");
    }
}
