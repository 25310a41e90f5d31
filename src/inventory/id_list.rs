//! Lists of ids and nothing else: what `Get-HotFix | Select -Expand HotFixID` prints, and what people write down.

use super::collect::{Collector, is_filter};
use super::format::{Directness, Format};
use super::ids::{self, RowId};
use super::lines::{Line, is_prompt};
use crate::model::{Gap, Host, ListKind};
use std::sync::Arc;

const EXPANDED: &str = "Get-HotFix ids";
const BARE: &str = "list of KBs";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: EXPANDED,
        from: "Get-HotFix | Select-Object -ExpandProperty HotFixID",
        signature: "nothing but ids below a prompt that names Get-HotFix or wmic qfe",
        tells: "installed updates that are servicing packages named KB",
        cannot: "Windows itself; what the image was built with; older cumulative updates; Office, drivers, Defender",
        directness: Directness::Reported,
    },
    Format {
        name: BARE,
        from: "written by a person or a tool",
        signature: "nothing but ids, one with KB at least, and no word that they are missing",
        tells: "updates, which are taken as installed",
        cannot: "whether they are installed indeed; anything else; that other updates are not installed",
        directness: Directness::Told,
    },
];

/// Words around a list that say that its updates are not there, in the languages that were seen.
const MISSING: [&str; 64] = [
    "missing",
    "need",
    "require",
    "available",
    "not installed",
    "not applicable",
    "uninstalled",
    "to install",
    "to be installed",
    "please install",
    "install these",
    "install the following",
    "pending",
    "failed",
    "absent",
    "superseded",
    "offered",
    "recommended",
    "outstanding",
    "vulnerab",
    "approve",
    "deploy",
    "todo",
    "to do",
    "isinstalled=0",
    "isinstalled -eq 0",
    "get-windowsupdate",
    "get-wulist",
    "declined",
    "not found",
    "removed",
    "remove",
    "fehlen",
    "erforderlich",
    "verfügbar",
    "nicht installiert",
    "benötigt",
    "manquant",
    "requis",
    "disponib",
    "non install",
    "faltan",
    "requerid",
    "no instalad",
    "não instalad",
    "mancant",
    "richiest",
    "ausente",
    "отсутств",
    "требу",
    "доступн",
    "не установлен",
    "缺少",
    "缺失",
    "未安装",
    "未安裝",
    "可用",
    "需要",
    "必要",
    "未インストール",
    "利用可能",
    "누락",
    "필요",
    "brak",
];

/// Words of a heading that say nothing against it.
const NEUTRAL: [&str; 13] = [
    "hotfixid",
    "kb",
    "kbs",
    "kb list",
    "kb numbers",
    "hotfix",
    "hotfixes",
    "updates",
    "patches",
    "id",
    "ids",
    "articles",
    "kb id",
];

/// Words of a heading that say that the updates are there.
const INSTALLED: [&str; 16] = [
    "installed",
    "installiert",
    "installé",
    "instalad",
    "installat",
    "установлен",
    "已安装",
    "已安裝",
    "インストール済み",
    "インストールされ",
    "설치",
    "zainstalowan",
    "geïnstalleerd",
    "nainstalov",
    "installera",
    "yüklü",
];

/// The lines of a text that is such a list.
#[derive(Default)]
struct Found<'a> {
    ids: Vec<(String, u32)>,
    headings: Vec<&'a str>,
    prompts: Vec<&'a str>,
    /// One id at least has its KB.
    named: bool,
}

/// The ids of a line of nothing else; `KB 5031356` is one.
fn ids_of(line: &str) -> Option<Vec<String>> {
    let bullets = ['-', '*', '•', '·', '+', ' ', '\t'];
    let mut text = line.trim().trim_start_matches(bullets);
    // a box to tick is a plan
    if text.starts_with("[ ]") || text.starts_with("[x]") || text.starts_with("[X]") {
        return None;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    // `1. KB5031356`
    if let Some(rest) =
        text[digits..].strip_prefix(['.', ')']).filter(|r| (1..=3).contains(&digits) && r.starts_with(' '))
    {
        text = rest;
    }
    let quotes = ['"', '\'', '`', '(', ')', '[', ']'];
    let words =
        text.split([',', ';', '|', ' ', '\t']).map(|w| w.trim_matches(quotes)).filter(|w| !w.is_empty());
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for word in words {
        let number = (6..=7).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        if word.eq_ignore_ascii_case("kb") && !open {
            open = true;
            continue;
        }
        match ids::kb_at_start(word) {
            Some(RowId::Kb(_)) if !open => out.push(word.to_owned()),
            _ if number => out.push(if open { format!("KB{word}") } else { word.to_owned() }),
            _ => return None,
        }
        open = false;
    }
    (!open && !out.is_empty()).then_some(out)
}

fn scan<'a>(lines: &'a [Line]) -> Found<'a> {
    let mut found = Found::default();
    for line in lines.iter().filter(|l| !l.is_blank()) {
        if is_prompt(&line.text) || line.text.trim_start().starts_with("Get-HotFix") {
            found.prompts.push(&line.text);
        } else if let Some(ids) = ids_of(&line.text) {
            found.named |= ids.iter().any(|id| id.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("kb")));
            found.ids.extend(ids.into_iter().map(|id| (id, line.number)));
        } else {
            found.headings.push(&line.text);
        }
    }
    found
}

/// Is it a list whose words say that its updates are not there?
pub(super) fn is_missing(lines: &[Line]) -> Option<u32> {
    let found = scan(lines);
    let (_, line) = found.ids.first()?;
    let few = found.headings.len() <= 5;
    (few && found.headings.iter().chain(&found.prompts).any(|h| says_missing(h))).then_some(*line)
}

/// Is it a list of numbers that nothing names?
pub(super) fn is_numbers(lines: &[Line]) -> bool {
    let found = scan(lines);
    !found.ids.is_empty() && !found.named && found.headings.is_empty()
}

pub(super) fn says_missing(text: &str) -> bool {
    let lower = text.to_lowercase();
    MISSING.iter().any(|w| lower.contains(w))
}

/// A heading that leaves no doubt: it says installed, or nothing at all.
fn is_heading(text: &str) -> bool {
    let lower = text.trim().trim_end_matches([':', '：']).trim_matches(['-', '=', '*', ' ']).to_lowercase();
    lower.is_empty()
        || lower.chars().count() <= 80
            && (NEUTRAL.contains(&lower.as_str()) || INSTALLED.iter().any(|w| lower.contains(w)))
}

/// Reads the list; empty if there is more than ids, or a word that they are missing.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let found = scan(lines);
    let doubt = found.headings.iter().chain(&found.prompts).any(|h| says_missing(h));
    if found.ids.is_empty() || !found.named || doubt || !found.headings.iter().all(|h| is_heading(h)) {
        return Vec::new();
    }
    let command = |p: &&&str| {
        let lower = p.to_ascii_lowercase();
        ["get-hotfix", "quickfixengineering", "wmic qfe"].iter().any(|c| lower.contains(c))
    };
    let command = found.prompts.iter().find(command);
    let mut c = Collector::new(input, if command.is_some() { EXPANDED } else { BARE });
    for (id, line) in &found.ids {
        let origin = c.origin(*line);
        c.installed_row(id, None, origin);
    }
    let Some(command) = command else {
        // what a person left out is not known
        c.gap(Gap::Filtered);
        let first = found.ids.first().map_or(1, |(_, line)| *line);
        c.note("a bare list of ids is taken as installed updates", first);
        return vec![c.finish(Some(ListKind::Stated))];
    };
    if is_filter(command) {
        c.gap(Gap::Filtered);
    }
    vec![c.finish(Some(ListKind::QuickFix))]
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn kbs(text: &str) -> Vec<u32> {
        let hosts = read(&lines(text), &Arc::from("f"));
        hosts.iter().flat_map(|h| h.updates.keys().map(|k| k.number())).collect()
    }

    #[test]
    fn lists_of_every_shape() {
        let want = [4_470_788, 4_486_553];
        for text in [
            "KB4486553\nKB4470788\n",
            "KB4486553, KB4470788",
            "kb4486553;kb4470788\n",
            "Installed updates:\n- KB4486553\n- KB4470788\n",
            "HotFixID\n* `KB4486553`\n* `KB4470788`\n",
            "1. KB4486553\n2. KB4470788\n",
            "KB 4486553\nKB 4470788\n",
            "KB4486553, 4470788",
            "\"KB4486553\",\"KB4470788\"\n",
            "Installierte Updates:\nKB4486553\nKB4470788\n",
        ] {
            assert_eq!(kbs(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_missing_or_not_certain_is_not_taken() {
        for text in [
            "Missing updates:\nKB4486553\n",
            "KB4486553\nKB4470788\nare required\n",
            "Not installed: \nKB4486553\n",
            "Fehlende Updates\nKB4486553\n",
            "未安装的更新\nKB4486553\n",
            "PS C:\\> Get-WindowsUpdate | select -Expand KB\nKB4486553\n",
            "Please install these:\nKB4486553\n",
        ] {
            assert_eq!(kbs(text), [0u32; 0], "{text}");
            assert!(is_missing(&lines(text)).is_some(), "{text}");
        }
        for text in
            ["4486553\n4470788\n", "June:\nKB4486553\n", "KB4486553 KB44\n", "[ ] KB4486553\n", "KB\n", ""]
        {
            assert_eq!(kbs(text), [0u32; 0], "{text}");
            assert!(is_missing(&lines(text)).is_none(), "{text}");
        }
        assert!(is_numbers(&lines("4486553\n4470788\n")) && !is_numbers(&lines("hello\n")));
    }

    #[test]
    fn a_command_says_what_the_list_is() {
        let of = |text: &str| read(&lines(text), &Arc::from("f")).remove(0);
        let host = of("PS C:\\> (Get-HotFix).HotFixID\nKB4486553\nKB4470788\n");
        assert_eq!(host.completeness.lists[0].kind, ListKind::QuickFix);
        assert!(host.completeness.has_whole(ListKind::QuickFix) && host.notes.is_empty());
        let host = of(
            "PS C:\\> Get-HotFix | ? { $_.InstalledOn -gt '1/1/2024' } | select -Expand HotFixID\nKB4486553\n",
        );
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
        let host = of("KB4486553\n");
        assert_eq!((host.completeness.lists[0].kind, host.notes.len()), (ListKind::Stated, 1));
        assert_eq!(host.completeness.lists[0].gaps, [Gap::Filtered]);
    }
}
