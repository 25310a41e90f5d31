//! What a log or history says was done to updates, in the order of time: the last event of each decides.

use super::super::collect::Collector;
use crate::model::{Architecture, Fact, Gap, KbId, PackageState};
use std::collections::BTreeMap;

/// More updates than any machine was ever offered.
const LIMIT: usize = 50_000;

/// What happened to an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inventory) enum Event {
    /// It was installed.
    Installed,
    /// It is installed after a restart.
    Pending,
    /// It is gone after a restart.
    Removing,
    /// It was removed, or is stated to be missing.
    Absent,
    /// It could not be installed; with the code, empty if none is told.
    Failed(String),
    /// Something was done to it, and nothing tells what became of it.
    Unclear,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    state: Option<(PackageState, u32)>,
    failed: Option<(String, u32)>,
    /// The Windows that its title is for.
    era: Option<Era>,
}

/// Releases of Windows that share their updates, each group under the first of them.
pub(in crate::inventory) type Era = &'static str;

/// The releases of Windows 10, as titles of updates name them, and the group that each belongs to.
const TEN: [(&str, Era); 15] = [
    ("1507", "10 1507"),
    ("1511", "10 1511"),
    ("1607", "10 1607"),
    ("1703", "10 1703"),
    ("1709", "10 1709"),
    ("1803", "10 1803"),
    ("1809", "10 1809"),
    ("1903", "10 1903"),
    ("1909", "10 1903"),
    ("2004", "10 2004"),
    ("20h2", "10 2004"),
    ("21h1", "10 2004"),
    ("21h2", "10 2004"),
    ("22h2", "10 2004"),
    ("2009", "10 2004"),
];

/// The same of Windows 11.
const ELEVEN: [(&str, Era); 5] =
    [("21h2", "11 21H2"), ("22h2", "11 22H2"), ("23h2", "11 22H2"), ("24h2", "11 24H2"), ("25h2", "11 24H2")];

/// The release of Windows 10 or 11 that a title names, if it names one.
pub(in crate::inventory) fn era(title: &str) -> Option<Era> {
    let lower = title.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let mut found = None;
    let mut releases: &[(&str, Era)] = &[];
    let mut since = 0;
    while let Some(word) = words.next() {
        since += 1;
        if word == "windows" {
            releases = match words.next() {
                Some("10") => &TEN,
                Some("11") => &ELEVEN,
                _ => &[],
            };
            since = 0;
        } else if let Some((_, era)) = releases.iter().find(|(name, _)| *name == word).filter(|_| since < 5) {
            if found.is_some_and(|f| f != *era) {
                return None;
            }
            found = Some(*era);
        }
    }
    found
}

/// The events of one machine.
#[derive(Clone, Debug, Default)]
pub(in crate::inventory) struct Events {
    seen: BTreeMap<KbId, Seen>,
    architecture: Option<(Architecture, u32)>,
    architectures_differ: bool,
    rows: u32,
    first: Option<u32>,
    restarted: u32,
    /// The Windows that the newest installation was for.
    era: Option<Era>,
}

impl Events {
    /// An event, later than all before.
    pub(in crate::inventory) fn add(&mut self, kb: KbId, event: Event, line: u32) {
        if self.seen.len() >= LIMIT && !self.seen.contains_key(&kb) {
            return;
        }
        let seen = self.seen.entry(kb).or_default();
        let state = match event {
            Event::Installed => PackageState::Installed,
            Event::Pending => PackageState::InstallPending,
            Event::Removing => PackageState::UninstallPending,
            Event::Absent => PackageState::Absent,
            Event::Failed(code) => {
                seen.failed = Some((code, line));
                // what waited for a restart was rolled back; what was there before stays
                seen.state = seen.state.filter(|(s, _)| *s != PackageState::InstallPending);
                return;
            }
            Event::Unclear => {
                seen.state = None;
                return;
            }
        };
        *seen = Seen { state: Some((state, line)), ..Seen::default() };
    }

    /// What was installed last is for the Windows that its title names; what was installed on another one before is
    /// not on this one.
    pub(in crate::inventory) fn installed_for(&mut self, kb: Option<KbId>, title: &str) {
        let Some(era) = era(title) else { return };
        self.era = Some(era);
        if let Some(seen) = kb.and_then(|kb| self.seen.get_mut(&kb)) {
            seen.era = Some(era);
        }
    }

    /// A row of the history, or an event of the log, of whatever update.
    pub(in crate::inventory) fn row(&mut self, line: u32) {
        self.rows = self.rows.saturating_add(1);
        self.first.get_or_insert(line);
    }

    /// The title of an update that is meant for this machine tells its architecture, if all agree.
    pub(in crate::inventory) fn title(&mut self, title: &str, line: u32) {
        let Some(found) = architecture_in_title(title) else { return };
        match self.architecture {
            Some((known, _)) => self.architectures_differ |= known != found,
            None => self.architecture = Some((found, line)),
        }
    }

    /// The machine was restarted: what waited for it is not known any more.
    pub(in crate::inventory) fn restart(&mut self, line: u32) {
        self.restarted = line;
    }

    /// Does any update have a state or a failure?
    pub(in crate::inventory) fn is_empty(&self) -> bool {
        self.seen.values().all(|s| s.state.is_none() && s.failed.is_none())
    }

    /// Was the last that is known of it that it waited for a restart?
    pub(in crate::inventory) fn waited(&self, kb: KbId) -> bool {
        let state = self.seen.get(&kb).and_then(|s| s.state);
        state.is_some_and(|(s, _)| s == PackageState::InstallPending)
    }

    /// Keeps only what another reading of the same history says too.
    pub(in crate::inventory) fn agree(&mut self, other: &Self) {
        if self.era != other.era {
            self.era = None;
        }
        for (kb, seen) in &mut self.seen {
            let same = other.seen.get(kb);
            if same.map(|s| s.state.map(|(s, _)| s)) != Some(seen.state.map(|(s, _)| s)) {
                seen.state = None;
            }
            if same.is_none_or(|s| s.failed.is_some() != seen.failed.is_some()) {
                seen.failed = None;
            }
        }
    }

    /// Puts what happened into the host.
    pub(in crate::inventory) fn tell(self, c: &mut Collector) {
        c.rows(self.rows, self.first);
        // what no update did is in no log
        c.gap(Gap::OnlyTouched);
        let mut before: Option<(u32, u32)> = None;
        for (kb, seen) in self.seen {
            if let (Some(was), Some(is), Some((_, line))) = (seen.era, self.era, seen.state)
                && was != is
            {
                let (count, first) = before.unwrap_or((0, line));
                before = Some((count.saturating_add(1), first.min(line)));
                continue;
            }
            if let Some((code, line)) = seen.failed {
                let fact = c.fact(code, line);
                c.host.failed.insert(kb, fact);
            }
            let Some((state, line)) = seen.state else { continue };
            let waits = matches!(state, PackageState::InstallPending | PackageState::UninstallPending);
            if waits && line < self.restarted {
                continue;
            }
            if waits {
                c.host.pending_reboot = Some(c.fact(true, line));
            }
            let origin = c.origin(line);
            c.host.updates.insert(kb, Fact::new(state, origin));
        }
        if let Some((count, line)) = before {
            c.note(
                format!("{count} updates were installed on an earlier release of Windows, and do not count"),
                line,
            );
        }
        if let Some((architecture, line)) = self.architecture.filter(|_| !self.architectures_differ) {
            c.host.architecture = Some(c.fact(architecture, line));
        }
    }
}

/// The KB in the title of an update, in any language: the one in parentheses before any other. Sizes (`6716 KB`) are none.
pub(crate) fn kb_in_title(title: &str) -> Option<KbId> {
    let mut first = None;
    for (at, _) in title.match_indices(['K', 'k']) {
        let before = title.get(..at).and_then(|t| t.chars().next_back());
        let word = before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let Some(kb) = title.get(at..).filter(|_| !word).and_then(kb_here) else { continue };
        if before.is_some_and(|c| matches!(c, '(' | '（')) {
            return Some(kb);
        }
        first.get_or_insert(kb);
    }
    first
}

/// The KB that a text begins with. A letter of another script may touch it.
fn kb_here(text: &str) -> Option<KbId> {
    let digits = text.get(2..).filter(|_| text.get(1..2).is_some_and(|b| b.eq_ignore_ascii_case("b")))?;
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = digits.split_at(count);
    let bound = match rest.bytes().next() {
        Some(b'v' | b'V') => rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit),
        next => !next.is_some_and(|b| b.is_ascii_alphanumeric()),
    };
    // Windows writes 777777 and 777778 where a package has no article
    let placeholder = number.starts_with("77777") && count == 6;
    (bound && (6..=7).contains(&count) && !placeholder).then(|| number.parse().ok())?
}

/// The architecture that the title of an update of Windows is for.
fn architecture_in_title(title: &str) -> Option<Architecture> {
    let lower = title.to_lowercase();
    // both architectures of these are installed on one machine
    if !lower.contains("windows") || lower.contains("visual c++") || lower.contains("office") {
        return None;
    }
    let has = |word: &str| {
        lower.match_indices(word).any(|(at, _)| {
            let ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            !ascii(lower.get(..at).and_then(|t| t.chars().next_back()))
                && !ascii(lower.get(at + word.len()..).and_then(|t| t.chars().next()))
        })
    };
    [("arm64", Architecture::Arm64), ("x64", Architecture::X64), ("x86", Architecture::X86)]
        .into_iter()
        .find(|(word, _)| has(word))
        .map(|(_, architecture)| architecture)
}

/// An error code as the logs write it, with `0x`; none for success and for what is no code.
pub(in crate::inventory) fn failure(code: &str) -> Option<String> {
    let code = code.trim().trim_end_matches(['.', ',', ']', ')']);
    let digits = code.strip_prefix("0x").or_else(|| code.strip_prefix("0X")).unwrap_or(code);
    let number = u32::from_str_radix(digits, 16).ok()?;
    (number >= 0x8000_0000).then(|| format!("0x{number:08x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Host, ListKind};
    use std::sync::Arc;

    fn kb(title: &str) -> Option<u32> {
        kb_in_title(title).map(|k| k.number())
    }

    #[test]
    fn the_kb_of_a_title_is_found_in_any_language() {
        for (title, want) in [
            ("2023-01 Cumulative Update for Windows 10 (KB5021088)", 5_021_088),
            ("x64 ベース システム用 Windows Server 2016 の累積更新プログラム (KB5021088) 向け", 5_021_088),
            ("適用於 x64 的更新（KB5021088）", 5_021_088),
            ("累積更新 KB5021089向け", 5_021_089),
            ("KB890830 Windows Malicious Software Removal Tool", 890_830),
            ("Definition Update for Windows Defender - KB2267602 (Definition 1.251.125.0)", 2_267_602),
            ("Definition Update for Windows Defender - KB2267602(Defini...", 2_267_602),
            ("Update for KB2553347 (KB2553400) 32-Bit Edition", 2_553_400),
        ] {
            assert_eq!(kb(title), Some(want), "{title}");
        }
        for title in [
            "used space change: 6716 KB, hr",
            "16 KB 4012212",
            "Intel - Net - 1.9.2.0",
            "KB777777",
            "(KB4012",
        ] {
            assert_eq!(kb(title), None, "{title}");
        }
    }

    #[test]
    fn architectures_of_titles_count_only_if_they_agree() {
        let of = |titles: &[&str]| {
            let mut e = Events::default();
            titles.iter().for_each(|t| e.title(t, 1));
            told(e).architecture.map(|a| a.value)
        };
        let x64 = "2021-05 Update for Windows 10 Version 1809 for x64-based Systems (KB4023057)";
        assert_eq!(
            of(&[x64, "Windows Malicious Software Removal Tool x64 - v5.91 (KB890830)"]),
            Some(Architecture::X64)
        );
        assert_eq!(of(&[x64, "Update for Windows 10 for ARM64-based Systems (KB1234567)"]), None);
        assert_eq!(of(&["Microsoft Visual C++ 2010 x86 for Windows", "Intel x64 driver"]), None);
    }

    fn told(e: Events) -> Host {
        let mut c = Collector::new(&Arc::from("f"), "x");
        e.tell(&mut c);
        c.finish(Some(ListKind::History))
    }

    #[test]
    fn the_last_event_decides_and_a_failure_removes_nothing() {
        let id = KbId::new(5_021_088).unwrap();
        let of = |events: &[Event]| {
            let mut e = Events::default();
            (1..).zip(events).for_each(|(line, event)| e.add(id, event.clone(), line));
            let host = told(e);
            (host.updates.get(&id).map(|f| f.value.name()), host.failed.get(&id).map(|f| f.value.clone()))
        };
        let failed = || Event::Failed("0x80070002".into());
        let code = || Some("0x80070002".to_owned());
        assert_eq!(of(&[failed(), Event::Installed]), (Some("installed"), None));
        assert_eq!(of(&[Event::Installed, failed()]), (Some("installed"), code()));
        assert_eq!(of(&[Event::Pending, failed()]), (None, code()));
        assert_eq!(of(&[Event::Installed, Event::Absent]), (Some("absent"), None));
        assert_eq!(of(&[Event::Installed, Event::Unclear]), (None, None));
    }

    #[test]
    fn a_restart_makes_what_waited_for_it_unknown() {
        let mut e = Events::default();
        e.add(KbId::new(5_021_088).unwrap(), Event::Pending, 1);
        assert_eq!(told(e.clone()).pending_reboot.map(|p| p.value), Some(true));
        e.restart(2);
        let host = told(e);
        assert!(host.updates.is_empty() && host.pending_reboot.is_none());
    }

    #[test]
    fn codes_are_failures_only_with_their_high_bit() {
        assert_eq!(failure("80242015").as_deref(), Some("0x80242015"));
        assert_eq!(failure("0x800F0922").as_deref(), Some("0x800f0922"));
        for code in ["0", "0x0", "240005", "0x00000bc2", "x", ""] {
            assert_eq!(failure(code), None, "{code}");
        }
    }

    #[test]
    fn titles_name_the_release_that_they_are_for() {
        for (title, want) in [
            (
                "2021-03 Cumulative Update for Windows 10 Version 20H2 for x64-based Systems (KB5000802)",
                Some("10 2004"),
            ),
            ("2023-01 Update for Windows 10 Version 22H2 (KB5022282)", Some("10 2004")),
            ("Windows 11, version 23H2", Some("11 22H2")),
            ("Funktionsupdate für Windows 10, Version 1909", Some("10 1903")),
            (
                "x64 ベース システム用 Windows 10 Version 1809 の累積更新プログラム (KB5021237)",
                Some("10 1809"),
            ),
            ("Update for Windows 10 Version 1607 and Windows 10 Version 1703", None),
            ("Cumulative Update for Windows 11 for x64-based Systems (KB5005635)", None),
            ("Security Update for Windows 7 (KB2504637)", None),
        ] {
            assert_eq!(era(title), want, "{title}");
        }
    }

    #[test]
    fn what_an_earlier_release_had_installed_does_not_count() {
        let mut e = Events::default();
        let ids = [5_000_802u32, 890_830, 5_034_123].map(|n| KbId::new(n).unwrap());
        for (id, title) in ids.iter().zip(["Windows 10 Version 20H2", "Removal Tool"]) {
            e.add(*id, Event::Installed, 1);
            e.installed_for(Some(*id), title);
        }
        assert_eq!(told(e.clone()).updates.len(), 2);
        e.installed_for(None, "Windows 11, version 23H2");
        e.add(ids[2], Event::Installed, 2);
        e.installed_for(Some(ids[2]), "Windows 11 Version 23H2");
        let host = told(e);
        assert!(host.updates.keys().eq([&ids[1], &ids[2]]));
        assert!(host.notes[0].value.contains("earlier release"));
    }
}
