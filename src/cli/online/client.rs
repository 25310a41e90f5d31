//! One polite client: pauses, retries, limits, and errors in one line.

use super::{super::Failure, loopback};
use jiff::Timestamp;
use reqwest::{
    NoProxy, Proxy, StatusCode, Url,
    blocking::{Client as Http, Response},
    header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use std::{
    collections::hash_map::RandomState,
    error::Error,
    hash::{BuildHasher, Hasher},
    io::Read,
    time::{Duration, Instant},
};

/// Says honestly who asks, and where to complain.
pub(super) const USER_AGENT: &str =
    concat!("kbwhy/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// How the client behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    /// between two requests
    pub(super) pause: Duration,
    /// requests for one page, the first included
    pub(super) tries: u32,
    /// before the second request for a page; doubled for each further one
    pub(super) first_wait: Duration,
    /// the longest that a server may make it wait
    pub(super) longest_wait: Duration,
    /// to connect
    pub(super) connect: Duration,
    /// without a byte
    pub(super) silence: Duration,
    /// for a whole page
    pub(super) total: Duration,
    /// bytes of a page, unpacked
    pub(super) limit: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(1500),
            tries: 4,
            first_wait: Duration::from_secs(2),
            longest_wait: Duration::from_secs(120),
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            total: Duration::from_secs(120),
            limit: 64 << 20,
        }
    }
}

/// Time and chance.
pub(super) trait Clock {
    /// Waits.
    fn wait(&mut self, time: Duration);
    /// Now.
    fn now(&self) -> Timestamp;
    /// A number from 0 to 1.
    fn chance(&mut self) -> f64;
}

/// Those of this computer.
pub(super) struct System;

impl Clock for System {
    fn wait(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    fn chance(&mut self) -> f64 {
        // seeded anew each time; only spreads clients that failed together
        (RandomState::new().build_hasher().finish() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    /// address
    pub(super) url: &'a Url,
    /// form to send; none: GET
    pub(super) form: Option<&'a str>,
    /// types of content that are read, the wanted one first
    pub(super) types: &'a [&'a str],
    /// that there is nothing is an answer, too
    pub(super) may_be_absent: bool,
}

/// What came.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// the address that answered, after redirections
    pub(super) url: Url,
    /// the server's own number
    pub(super) status: u16,
    /// unpacked
    pub(super) bytes: Vec<u8>,
}

/// What an answer is worth.
pub(super) enum Worth<T> {
    /// what was asked for
    Good(T),
    /// may pass: ask again
    Passing(String),
    /// asking again would not help
    Final(String),
}

/// One attempt that failed.
enum Miss {
    /// may pass
    Passing { why: String, after: Option<Duration> },
    /// there is no network
    Unreachable(String),
    /// would be the same again
    Final(String),
}

/// The client.
pub(super) struct Client {
    http: Http,
    policy: Policy,
    clock: Box<dyn Clock>,
    /// something was asked before
    asked: bool,
    /// something answered before
    reached: bool,
}

impl Client {
    /// A client. `direct`: proxies of the environment are not for this computer itself.
    pub(super) fn new(
        policy: Policy,
        clock: Box<dyn Clock>,
        proxy: Option<&str>,
        direct: bool,
    ) -> Result<Self, Failure> {
        // without a provider reqwest panics; one that is there already is as good
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut headers = HeaderMap::new();
        // dates of pages are written for the language that is asked for
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en-US"));
        let mut builder = Http::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .connect_timeout(policy.connect)
            .timeout(policy.silence)
            .pool_max_idle_per_host(1)
            .redirect(redirect::Policy::custom(follow));
        if let Some(address) = proxy {
            let proxy = Proxy::all(address).map_err(|e| {
                Failure::usage(format!("--proxy: no address of a proxy (http://host:port): {}", root(&e)))
            })?;
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_env()));
        } else if direct {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|e| Failure::catalog(format!("no secure connection can be set up: {}", root(&e))))?;
        Ok(Self { http, policy, clock, asked: false, reached: false })
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Asks until the answer is good, final, or was asked for often enough.
    pub(super) fn ask<T>(&mut self, ask: Ask<'_>, worth: impl Fn(&Answer) -> Worth<T>) -> Result<T, Failure> {
        let host = ask.url.host_str().unwrap_or("").to_owned();
        let mut tried = 0;
        loop {
            if std::mem::replace(&mut self.asked, true) {
                self.clock.wait(self.policy.pause);
            }
            tried += 1;
            let miss = match self.once(ask) {
                Ok(answer) => {
                    self.reached = true;
                    let ill = answer.status >= 500;
                    match worth(&answer) {
                        // the page of an error tells more than its number
                        Worth::Passing(why) => Miss::Passing { why, after: None },
                        _ if ill => Miss::Passing {
                            why: format!("answered with HTTP {}", answer.status),
                            after: None,
                        },
                        Worth::Good(value) => return Ok(value),
                        Worth::Final(why) => Miss::Final(why),
                    }
                }
                Err(miss) => miss,
            };
            let (why, after) = match miss {
                Miss::Passing { why, after } => (why, after),
                Miss::Unreachable(why) if self.reached => (why, None),
                Miss::Unreachable(why) => {
                    return Err(Failure::catalog(format!("no network: {host} cannot be reached: {why}")));
                }
                Miss::Final(why) => return Err(Failure::catalog(format!("{host}: {why}"))),
            };
            if tried >= self.policy.tries {
                return Err(Failure::catalog(format!("{host}: {why}; asked {tried} times, try again later")));
            }
            if let Some(after) = after.filter(|a| *a > self.policy.longest_wait) {
                let seconds = after.as_secs();
                return Err(Failure::catalog(format!(
                    "{host}: {why}; it asks to be left alone for {seconds} s"
                )));
            }
            let wait = self.policy.first_wait.saturating_mul(1 << (tried - 1).min(10));
            let spread = wait.mul_f64(0.5 + self.clock.chance() / 2.0).min(self.policy.longest_wait);
            self.clock.wait(after.map_or(spread, |a| a.max(spread)));
        }
    }

    fn once(&mut self, ask: Ask<'_>) -> Result<Answer, Miss> {
        let started = Instant::now();
        let request = match ask.form {
            Some(form) => self
                .http
                .post(ask.url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.to_owned()),
            None => self.http.get(ask.url.clone()),
        };
        let request = request.header(ACCEPT, ask.types.join(", "));
        let mut response = request.send().map_err(|e| failed(&e))?;
        let (status, url) = (response.status(), response.url().clone());
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT {
            self.reached = true;
            let why = format!("answered with HTTP {}", status.as_u16());
            return Err(Miss::Passing { why, after: self.retry_after(&response) });
        }
        if status == StatusCode::SERVICE_UNAVAILABLE
            && let Some(after) = self.retry_after(&response)
        {
            self.reached = true;
            return Err(Miss::Passing { why: "answered with HTTP 503".to_owned(), after: Some(after) });
        }
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let hint = "the proxy asks for a name and a password: --proxy http://name:password@host:port";
            return Err(Miss::Final(hint.to_owned()));
        }
        if status == StatusCode::NOT_FOUND && ask.may_be_absent {
            return Ok(Answer { url, status: status.as_u16(), bytes: Vec::new() });
        }
        if !status.is_success() && !status.is_server_error() {
            return Err(Miss::Final(format!("answered with HTTP {}", status.as_u16())));
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if status.is_success() && !kind.is_empty() && !ask.types.contains(&&*kind) {
            let kind = super::super::input::shown(&kind);
            return Err(Miss::Final(format!("answered with content of type {kind}, not {}", ask.types[0])));
        }
        let bytes = self.body(&mut response, started)?;
        Ok(Answer { url, status: status.as_u16(), bytes })
    }

    /// The body, within its limits of size and time.
    fn body(&self, response: &mut Response, started: Instant) -> Result<Vec<u8>, Miss> {
        let mut bytes = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            let n = response.read(&mut piece).map_err(|e| {
                let why = if e.kind() == std::io::ErrorKind::TimedOut { "too slow" } else { "cut off" };
                Miss::Passing { why: format!("the answer was {why}: {}", root(&e)), after: None }
            })?;
            if n == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&piece[..n]);
            if bytes.len() > self.policy.limit {
                let size = self.policy.limit >> 10;
                return Err(Miss::Final(format!("the answer is larger than {size} KB and was not read")));
            }
            if started.elapsed() > self.policy.total {
                return Err(Miss::Passing { why: "the answer was too slow".to_owned(), after: None });
            }
        }
    }

    /// How long the server wants to be left alone: seconds, or a date.
    fn retry_after(&self, response: &Response) -> Option<Duration> {
        let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let seconds = until.as_second() - self.clock.now().as_second();
        Some(Duration::from_secs(seconds.max(0).unsigned_abs()))
    }
}

/// Redirections stay on https, and within the site.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let (to, hops) = (attempt.url().clone(), attempt.previous().len());
    let first = attempt.previous().first().cloned();
    let host = |u: &Url| u.host_str().unwrap_or("").to_ascii_lowercase();
    let microsoft = |u: &Url| host(u).ends_with(".microsoft.com");
    if hops > 5 {
        return attempt.error("redirected too often");
    }
    let same = first.is_some_and(|f| host(&f) == host(&to) || (microsoft(&f) && microsoft(&to)));
    if !same {
        let host = super::super::input::shown(&host(&to));
        return attempt
            .error(format!("redirected to {host}: a proxy or a network that wants a login answered"));
    }
    if to.scheme() != "https" && !loopback(&to) {
        return attempt.error("redirected to an address without https");
    }
    attempt.follow()
}

/// The innermost cause, in one line.
fn root(e: &(dyn Error + 'static)) -> String {
    let mut inner = e;
    while let Some(next) = inner.source() {
        inner = next;
    }
    super::super::input::shown(&inner.to_string())
}

fn failed(e: &reqwest::Error) -> Miss {
    let why = root(e);
    if e.is_redirect() {
        return Miss::Final(why);
    }
    if e.is_connect() && why.to_ascii_lowercase().contains("certificate") {
        let hint =
            "if a proxy inspects the traffic, its certificate must be among those that this system trusts";
        return Miss::Final(format!("no secure connection: {why}; {hint}"));
    }
    if e.is_connect() || e.is_dns() {
        return Miss::Unreachable(why);
    }
    if e.is_timeout() {
        return Miss::Passing { why: "did not answer in time".to_owned(), after: None };
    }
    if e.is_builder() {
        return Miss::Final(format!("cannot be asked: {why}"));
    }
    Miss::Passing { why: format!("the connection broke: {why}"), after: None }
}
