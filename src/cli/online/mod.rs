//! What uses the network: the Update Catalog and the Security Update Guide, asked politely.
//!
//! One request after the other, with a pause between them; what may pass is asked again, a few times, ever later; nothing is
//! read beyond a limit.

mod client;
pub(super) mod fetch;
pub(super) mod known;
mod links;
mod report;
#[cfg(test)]
mod tests;
pub(super) mod update;
mod walk;

use super::Failure;
use client::{Client, Policy, System};
use reqwest::Url;

/// A network address of a site, with `/` at its end.
///
/// # Errors
/// If it is not `https`; `http` is taken for this computer alone.
fn site(text: &str) -> Result<Url, Failure> {
    let shown = super::input::shown(text);
    let mut url = Url::parse(text).map_err(|e| Failure::usage(format!("`{shown}` is no address: {e}")))?;
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback(&url)) {
        return Err(Failure::usage(format!("`{shown}`: only https addresses are asked")));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// This computer.
fn loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback())
        }
        None => false,
    }
}

/// The client for a site; with itself, this computer need not be polite.
fn client(site: &Url, proxy: Option<&str>) -> Result<Client, Failure> {
    let mut policy = Policy::default();
    if loopback(site) {
        policy.pause = std::time::Duration::ZERO;
        policy.first_wait = std::time::Duration::from_millis(10);
    }
    Client::new(policy, Box::new(System), proxy, loopback(site))
}

/// Now, as pages of the cache tell it.
fn stamp(now: jiff::Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
