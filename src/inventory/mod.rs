//! TEMPORARY: host/1 only.
#![allow(missing_docs, clippy::all)]
mod set;
use crate::model::*;
use serde_json::Value;
pub use set::set_fact;
use std::sync::Arc;
pub struct Input<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
}
pub struct Parsed {
    pub host: Host,
    pub format: &'static str,
    pub encoding: &'static str,
}
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(pub String);
pub fn decode(b: &[u8]) -> String {
    String::from_utf8_lossy(b).into_owned()
}
pub fn to_host1(_h: &Host) -> Value {
    Value::Null
}
pub fn merge(h: Vec<Host>) -> Host {
    h.into_iter().next().unwrap_or_default()
}
pub fn read(i: &Input) -> Result<Parsed, ReadError> {
    let v: Value = serde_json::from_slice(i.bytes).map_err(|e| ReadError(e.to_string()))?;
    let n: Arc<str> = Arc::from(i.name);
    let o = |m: &str| Origin::member(&n, "kbwhy/host/1", m);
    let mut h = Host::default();
    let os = &v["os"];
    let f = &v["facts"];
    let u = &v["updates"];
    let s = |x: &Value| x.as_str().map(str::to_owned);
    let fs = |x: &Value, m: &str| s(x).map(|t| Fact::new(t, o(m)));
    let fb = |x: &Value, m: &str| x.as_bool().map(|t| Fact::new(t, o(m)));
    h.name = fs(&v["name"], "name");
    h.product = fs(&os["product"], "os.product");
    h.version = s(&os["version"]).and_then(|t| t.parse().ok()).map(|t| Fact::new(t, o("os.version")));
    h.revision = os["revision"].as_u64().map(|t| Fact::new(t as u32, o("os.revision")));
    h.service_pack = os["service_pack"].as_u64().map(|t| Fact::new(t as u8, o("os.service_pack")));
    h.edition = s(&os["edition"]).map(|t| Fact::new(Edition(t), o("os.edition")));
    h.architecture =
        s(&os["architecture"]).and_then(|t| t.parse().ok()).map(|t| Fact::new(t, o("os.architecture")));
    h.offline_image = fb(&os["offline_image"], "os.offline_image");
    for (k, st) in [
        ("installed", PackageState::Installed),
        ("pending", PackageState::InstallPending),
        ("absent", PackageState::Absent),
    ] {
        for (n, x) in u[k].as_array().into_iter().flatten().enumerate() {
            if let Some(kb) = x.as_str().and_then(|t| t.parse().ok()) {
                h.updates.insert(kb, Fact::new(st, o(&format!("updates.{k}[{n}]"))));
            }
        }
    }
    for (k, x) in f["package_states"].as_object().into_iter().flatten() {
        if let (Ok(kb), Some(st)) = (k.parse(), x.as_str().and_then(PackageState::parse)) {
            h.updates.insert(kb, Fact::new(st, o("facts.package_states")));
        }
    }
    h.completeness.complete = u["complete"].as_bool().unwrap_or(false);
    h.pending_reboot = fb(&f["pending_reboot"], "facts.pending_reboot");
    h.esu = fb(&f["esu"], "facts.esu");
    h.azure_arc = fb(&f["azure_arc"], "facts.azure_arc");
    h.sha2_support = fb(&f["sha2_support"], "facts.sha2_support");
    h.store_corrupt = fb(&f["store_corrupt"], "facts.store_corrupt");
    h.remote_session = fb(&f["remote_session"], "facts.remote_session");
    h.servicing_stack = s(&f["servicing_stack"])
        .and_then(|t| t.parse().ok())
        .map(|t| Fact::new(t, o("facts.servicing_stack")));
    h.dotnet_framework = fs(&f["dotnet_framework"], "facts.dotnet_framework");
    h.wmf = fs(&f["wmf"], "facts.wmf");
    h.internet_explorer = f["ie"].as_u64().map(|t| Fact::new(t as u32, o("facts.ie")));
    for x in f["roles"].as_array().into_iter().flatten() {
        if let Some(t) = s(x) {
            h.roles.push(Fact::new(t, o("facts.roles")));
        }
    }
    for (k, x) in f["features"].as_object().into_iter().flatten() {
        if let Some(st) = x.as_str().and_then(FeatureState::parse) {
            h.features.insert(k.clone(), Fact::new(st, o("facts.features")));
        }
    }
    Ok(Parsed { host: h, format: "kbwhy/host/1", encoding: "UTF-8" })
}
