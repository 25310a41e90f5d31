//! Which log an input is, by its content.

use super::Reads;
use super::text::after;
use super::{cbs, checksur, console, dism, event_text, reporting, setup, windows_update};
use crate::inventory::logs::stamp;

/// The kinds of log that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    CheckSur,
    Cbs,
    Dism,
    Setup,
    WindowsUpdate,
    Reporting,
    EventXml,
    EventText,
    Console,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::CheckSur,
        Self::Cbs,
        Self::Dism,
        Self::Setup,
        Self::WindowsUpdate,
        Self::Reporting,
        Self::EventXml,
        Self::EventText,
        Self::Console,
    ];

    /// The name of the format.
    pub(super) fn format(self) -> &'static str {
        match self {
            Self::CheckSur => "CheckSUR.log",
            Self::Cbs => "CBS.log",
            Self::Dism => "dism.log",
            Self::Setup => "setupact.log",
            Self::WindowsUpdate => "WindowsUpdate.log",
            Self::Reporting => "ReportingEvents.log",
            Self::EventXml => "event XML",
            Self::EventText => "event text",
            Self::Console => "console output",
        }
    }

    /// What reads its lines; none for events, which lines do not part.
    pub(super) fn reader(self) -> Option<Box<dyn Reads>> {
        Some(match self {
            Self::CheckSur => Box::<checksur::CheckSur>::default(),
            Self::Cbs => Box::<cbs::Cbs>::default(),
            Self::Dism => Box::<dism::Dism>::default(),
            Self::Setup => Box::<setup::Setup>::default(),
            Self::WindowsUpdate => Box::<windows_update::WindowsUpdate>::default(),
            Self::Reporting => Box::<reporting::Reporting>::default(),
            Self::EventXml => return None,
            Self::EventText => Box::<event_text::EventText>::default(),
            Self::Console => Box::<console::Console>::default(),
        })
    }
}

/// The component of a line of the servicing and setup logs: `2018-06-20 10:00:00, Info                  CBS    …`.
fn component(line: &str) -> Option<&str> {
    let (head, rest) = line.split_once(',')?;
    stamp(head)?;
    let mut words = rest.split_whitespace();
    let level = matches!(words.next()?, "Info" | "Warning" | "Error" | "Perf" | "FatalError");
    let first = words.next().filter(|_| level)?;
    // `Error      [0x01803e] CSI    …`
    if first.starts_with("[0x") { words.next() } else { Some(first) }
}

/// The kind of log that a line belongs to.
fn of_line(line: &str) -> Option<Kind> {
    let text = line.trim_start().trim_start_matches(['>', '|', '*', '`', '\\', ' ']);
    if let Some(component) = component(text) {
        return match component {
            "CBS" | "CSI" | "DPX" | "SXS" | "WCP" | "PSFX" | "DEPLOY" | "CBSEC" => Some(Kind::Cbs),
            "DISM" => Some(Kind::Dism),
            "MOUPG" | "SP" | "MIG" | "CONX" | "IBS" | "PANTHR" | "Panther" | "IBSLIB" | "WDS" | "DU"
            | "SYSPRP" | "UI" | "MOSETUP" => Some(Kind::Setup),
            // components of later versions: decided by the lines beside them
            _ => servicing(text),
        };
    }
    servicing(text)
        .or_else(|| crate::inventory::logs::is_line_of_windows_update(text).then_some(Kind::WindowsUpdate))
        .or_else(|| crate::inventory::logs::is_line_of_reporting_events(text).then_some(Kind::Reporting))
        .or_else(|| event_text::is_line(text).then_some(Kind::EventText))
        .or_else(|| checksur::is_line(text).then_some(Kind::CheckSur))
        .or_else(|| setup::is_line(text).then_some(Kind::Setup))
        .or_else(|| console::is_line(text).then_some(Kind::Console))
}

/// A line of CBS.log or dism.log without what stands before its message, as people paste it.
fn servicing(text: &str) -> Option<Kind> {
    if text.starts_with("DISM DISM ") || text.starts_with("DISM Package Manager: PID=") {
        return Some(Kind::Dism);
    }
    const CBS: [&str; 25] = [
        "Appl: ",
        "Exec: ",
        "Plan: ",
        "Doqe: ",
        "Shtd: ",
        "ESU: ",
        "requires Servicing Stack v",
        "Higher version found for package",
        "manifest missing for package",
        "detect Parent, Package:",
        "detectParent: ",
        "Failed execution of queue item Installer:",
        "Mark store corruption flag",
        "CBS_E_",
        "PSFX_E_",
        "[SR] Cannot repair",
        "(p) CSI ",
        "ackage applicability for package",
        "Failed to resolve execution package",
        "Failed to resolve package",
        "ApplicableState:",
        "[HRESULT = 0x",
        " finalized. Reboot required: ",
        "Total Detected Corruption:",
        "(p) CBS ",
    ];
    CBS.iter().any(|c| text.contains(c)).then_some(Kind::Cbs)
}

/// The kinds of log that a text is, its beginning or all of it: that of most lines, and of an excerpt every kind that
/// is in it. What holds but a few lines of a log among many others is none.
pub(super) fn kinds(start: &str, whole: bool) -> Vec<Kind> {
    if event_xml_in(start) {
        return vec![Kind::EventXml];
    }
    let mut counts = [0usize; Kind::ALL.len()];
    let mut filled = 0usize;
    // one line may be very long
    for line in start.lines().filter(|l| !l.trim().is_empty()).take(4000) {
        filled += 1;
        let head = cut(line, 4000);
        let clean = super::text::shown(head, 3000);
        if let Some(kind) = of_line(&clean) {
            counts[kind as usize] += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let told: usize = counts.iter().sum();
    // hashes and lists of files stand between the lines of a CBS.log, and prose around those that people paste
    if most == 0 || told * 50 < filled {
        return Vec::new();
    }
    let small = whole && start.len() < 1 << 16;
    Kind::ALL
        .into_iter()
        .filter(|k| {
            let n = counts[*k as usize];
            n == most || n > 0 && (small || n * 20 >= told)
        })
        .collect()
}

/// The beginning of a text, at most so many bytes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn event_xml_in(start: &str) -> bool {
    let text = start.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    text.starts_with('<')
        && (after(text, "<Event ").is_some() || text.contains("<Event>"))
        && (text.contains("<System>") || text.contains("/events/event"))
}
