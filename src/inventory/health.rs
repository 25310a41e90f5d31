//! What `dism /cleanup-image` with `/checkhealth` or `/scanhealth` says of the component store, in English.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::Line;
use crate::model::Host;
use std::sync::Arc;

const FORMAT: &str = "DISM health";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[Format {
    name: FORMAT,
    from: "dism /online /english /cleanup-image /scanhealth",
    signature: "the sentence that DISM closes with",
    tells: "whether the component store is corrupt; build and revision from the banner",
    cannot: "updates; anything in another language than English",
    directness: Directness::System,
}];

/// Each sentence and whether it means corruption.
const SENTENCES: [(&str, bool); 4] = [
    ("No component store corruption detected", false),
    ("The component store is repairable", true),
    ("The component store is not repairable", true),
    ("The component store cannot be repaired", true),
];

/// A line without the bar of progress that newer versions leave before the sentence: `[=====100.0%=====] No component …`.
fn sentence(line: &str) -> &str {
    let text = line.trim();
    let bar = |t: &str| {
        t.contains('%') && t.chars().all(|c| matches!(c, '=' | '%' | '.' | ' ') || c.is_ascii_digit())
    };
    let after = text.strip_prefix('[').and_then(|t| t.split_once(']')).filter(|(head, _)| bar(head));
    after.map_or(text, |(_, rest)| rest.trim_start())
}

/// Reads the last sentence; none if there is none.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let told = lines.iter().rev().find_map(|l| {
        let t = sentence(&l.text);
        SENTENCES.iter().find(|(words, _)| t.starts_with(words)).map(|(_, corrupt)| (*corrupt, l.number))
    });
    let Some((corrupt, line)) = told else { return Vec::new() };
    let mut c = Collector::new(input, FORMAT);
    c.host.store_corrupt = Some(c.fact(corrupt, line));
    vec![c.finish(None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::lines::lines;

    fn corrupt(text: &str) -> Option<bool> {
        let hosts = read(&lines(text), &Arc::from("f"));
        hosts.first().and_then(|h| h.store_corrupt.as_ref()).map(|f| f.value)
    }

    #[test]
    fn the_last_sentence_counts() {
        let repaired = "The component store is repairable.\r\n\r\nC:\\>dism\r\nNo component store corruption detected.\r\nThe operation completed successfully.\r\n";
        assert_eq!(corrupt(repaired), Some(false));
        assert_eq!(
            corrupt("The component store is repairable.\nThe operation completed successfully.\n"),
            Some(true)
        );
        assert_eq!(corrupt("The operation completed successfully.\n"), None);
        let bar = "[==========================100.0%==========================] No component store corruption detected.\n";
        assert_eq!((corrupt(bar), corrupt(&bar.replace("100.0%", "x"))), (Some(false), None));
    }
}
