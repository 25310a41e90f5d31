//! What will stop updates on one host next: all checks at once, most serious first; and the checklist that Microsoft's
//! guidance begins with, for this host. Pure: no I/O, no clock, no wording. "Today" is a day that the caller names.

mod checklist;
mod finding;
mod lifecycle;
mod next;
mod state;

pub use checklist::{Repair, checklist};
pub use finding::{Action, Check, Evidence, Finding, Remedy, Says, Severity};

use crate::{
    catalog::Catalog,
    model::{Host, KbId},
    resolve::{
        identity::{self, Identity},
        installed::Installed,
        question::Outcome,
    },
};
use jiff::civil::Date;

/// The guidance whose checklist is followed.
pub const GUIDANCE: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-server-update-guidance";
/// Repair of the component store: DISM, then sfc; before Windows 8 the System Update Readiness Tool. KB947821.
pub const REPAIR: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/fix-windows-update-errors";
/// Servicing stack updates: which systems need them apart.
pub const STACKS: &str =
    "https://learn.microsoft.com/en-us/windows/deployment/update/servicing-stack-updates";
/// Space on the system disk.
pub const SPACE: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070070";
/// Updates that hang in "Install Pending".
pub const STUCK: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-server/installing-updates-features-roles/error-2359302-installing-windows-updates";
/// The services of Windows Update.
pub const SERVICES: &str = "https://learn.microsoft.com/en-us/troubleshoot/windows-client/installing-updates-features-roles/additional-resources-for-windows-update";
/// What Windows Update lets no remote session do.
pub const REMOTE: &str =
    "https://learn.microsoft.com/en-us/windows/win32/wua_sdk/using-wua-from-a-remote-computer";

/// The day by which a host is judged, and who named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today {
    /// the day
    pub date: Date,
    /// who named it
    pub from: TodayFrom,
}

/// Who named the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TodayFrom {
    /// the date of the catalog's newest facts
    Catalog,
    /// the host: the last day of which it tells
    Host,
    /// the user
    Given,
    /// the clock of the machine that kbwhy runs on
    Clock,
}

impl Today {
    /// The date of the catalog's newest facts: what holds without a clock.
    pub fn of(catalog: &Catalog) -> Self {
        Self { date: catalog.as_of(), from: TodayFrom::Catalog }
    }

    /// The last day of which the host tells, if that is later than the catalog's facts; else their date.
    pub fn of_host(catalog: &Catalog, host: &Host) -> Self {
        let looked_at = ["collected", "lastsearchsuccessdate"].into_iter();
        let texts = looked_at
            .filter_map(|name| host.management.get(name))
            .filter_map(|f| f.value.trim().get(..10)?.parse::<Date>().ok());
        let stated = texts.max();
        // a clock that went wrong is no reason to tell of ends that are far off
        let plausible = |d: &Date| *d > catalog.as_of() && d.year() <= catalog.as_of().year() + 3;
        match stated.filter(plausible) {
            Some(date) => Self { date, from: TodayFrom::Host },
            None => Self::of(catalog),
        }
    }
}

/// What becomes of updates on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prospect {
    /// nothing that was given stops the next one
    Clear,
    /// something does
    Stopped,
    /// it is not known
    Unknown,
}

impl Prospect {
    /// `clear`, `stopped`, `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }
}

/// One host, examined.
#[derive(Clone, Debug)]
pub struct Examination {
    /// the host as identified
    pub identity: Identity,
    /// the day it is judged by
    pub today: Today,
    /// the update that it was judged for: the newest one that it may have
    pub next: Option<KbId>,
    /// every check, most serious first
    pub findings: Vec<Finding>,
    /// the checklist for when an update fails all the same
    pub checklist: Vec<Finding>,
}

impl Examination {
    /// What becomes of updates.
    pub fn prospect(&self) -> Prospect {
        if self.findings.iter().any(Finding::stops) {
            Prospect::Stopped
        } else if self.findings.iter().any(|f| f.outcome == Outcome::Unknown && f.open) {
            Prospect::Unknown
        } else {
            Prospect::Clear
        }
    }
}

/// All that a check may look at.
struct Context<'a> {
    catalog: &'a Catalog,
    host: &'a Host,
    identity: &'a Identity,
    installed: &'a Installed<'a>,
    today: Today,
}

impl Context<'_> {
    fn offline(&self) -> bool {
        self.host.offline_image.as_ref().is_some_and(|f| f.value)
    }
}

/// Examines a host.
///
/// ```
/// use kbwhy::{catalog::Catalog, doctor::{self, Prospect, Today}, model::Host};
/// let catalog = Catalog::embedded();
/// // of a host of which nothing is known, nothing is claimed
/// let examined = doctor::examine(catalog, &Host::default(), Today::of(catalog));
/// assert_eq!(examined.prospect(), Prospect::Unknown);
/// ```
pub fn examine(catalog: &Catalog, host: &Host, today: Today) -> Examination {
    let identity = identity::identify(catalog, host);
    let installed = Installed::derive(catalog, host, &identity);
    let c = Context { catalog, host, identity: &identity, installed: &installed, today };
    let support = lifecycle::support(&c);
    let mut findings = lifecycle::check(&c, &support);
    let next = next::check(&c, &support, &mut findings);
    state::check(&c, &mut findings);
    findings.sort_by_key(Finding::place);
    let checklist = checklist::steps(&c, &support, next);
    Examination { identity: identity.clone(), today, next, findings, checklist }
}

/// Every check on one host, most serious first.
pub fn checks(catalog: &Catalog, host: &Host, today: Today) -> Vec<Finding> {
    examine(catalog, host, today).findings
}
