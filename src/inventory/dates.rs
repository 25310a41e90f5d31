//! Dates of installation. They are written in the order of the machine's region: a date is taken only where its format
//! leaves no doubt, otherwise its text is kept.

use crate::model::{Fact, KbId, Origin};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Which number comes first where the year comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    DayFirst,
    MonthFirst,
}

/// The dates of one list, as they are printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Dates(Vec<(KbId, String, Origin)>);

impl Dates {
    pub(super) fn add(&mut self, kb: KbId, text: &str, origin: Origin) {
        let text: String = text.trim().chars().take(60).collect();
        if text.chars().any(|c| c.is_ascii_digit()) {
            self.0.push((kb, text, origin));
        }
    }

    /// `2014-03-18` where the list tells the order of its numbers, else the text; of several dates of one update the
    /// first.
    pub(super) fn settle(self) -> BTreeMap<KbId, Fact<String>> {
        let order = order(self.0.iter().map(|(_, text, _)| text.as_str()));
        let mut out = BTreeMap::new();
        for (kb, text, origin) in self.0 {
            let value = date(&text, order).map_or(text, |d| d.to_string());
            out.entry(kb).or_insert_with(|| Fact::new(value, origin));
        }
        out
    }
}

/// The order that all dates of one list share; none if no day is above 12, or if they contradict each other.
fn order<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Order> {
    let (mut day, mut month) = (false, false);
    for (a, b, _) in texts.filter_map(|t| parts(t).filter(|p| p.2 > 31)) {
        day |= a > 12;
        month |= b > 12;
    }
    match (day, month) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        _ => None,
    }
}

/// The three numbers of a date; the time after it does not matter.
fn parts(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = Vec::new();
    let separator = text.chars().find(|c| matches!(c, '/' | '-' | '.'))?;
    // `2014. 03. 18.` has blanks inside
    let joined = text.replace(". ", ".");
    let head = joined.split(|c: char| c.is_whitespace() || c == 'T').next()?;
    for part in head.trim_end_matches('.').split(separator) {
        if part.is_empty() || part.len() > 4 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        numbers.push(part.parse().ok()?);
    }
    let [a, b, c] = numbers.as_slice() else { return None };
    Some((*a, *b, *c))
}

fn civil(year: u32, month: u32, day: u32) -> Option<Date> {
    // before Windows NT and far ahead are no dates of updates
    let year = i16::try_from(year).ok().filter(|y| (1993..2100).contains(y))?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The one date that a text can mean.
fn date(text: &str, order: Option<Order>) -> Option<Date> {
    let digits = text.len() == 8 || text.len() > 14 && text.as_bytes().get(14) == Some(&b'.');
    if digits && text.get(..8)?.bytes().all(|b| b.is_ascii_digit()) {
        return civil(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..8].parse().ok()?);
    }
    if text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return file_time(u64::from_str_radix(text, 16).ok()?);
    }
    let (a, b, c) = parts(text)?;
    if a > 31 {
        return civil(a, b, c);
    }
    if c < 100 {
        return None;
    }
    let dots = !text.contains(['/', '-']);
    match (a > 12, b > 12, order) {
        // no region writes the month first with dots
        _ if dots => civil(c, b, a),
        (true, false, _) => civil(c, b, a),
        (false, true, _) => civil(c, a, b),
        _ if a == b => civil(c, a, b),
        (_, _, Some(Order::DayFirst)) => civil(c, b, a),
        (_, _, Some(Order::MonthFirst)) => civil(c, a, b),
        _ => None,
    }
}

/// Steps of 100 ns since 1601, as Windows Vista prints them.
fn file_time(steps: u64) -> Option<Date> {
    let days = i64::try_from(steps / (864_000_000_000)).ok()?;
    let date = Date::constant(1601, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    (1993..2100).contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn settled(texts: &[&str]) -> Vec<String> {
        let mut dates = Dates::default();
        for (n, text) in (2_900_000..).zip(texts) {
            dates.add(KbId::new(n).unwrap(), text, Origin::whole(&Arc::from("f"), "x"));
        }
        dates.settle().into_values().map(|f| f.value).collect()
    }

    #[test]
    fn one_day_above_12_tells_the_order_of_the_whole_list() {
        assert_eq!(settled(&["3/4/2014", "3/18/2014"]), ["2014-03-04", "2014-03-18"]);
        assert_eq!(settled(&["3/4/2014", "18/3/2014 12:00:00 AM"]), ["2014-04-03", "2014-03-18"]);
    }

    #[test]
    fn what_may_be_two_dates_stays_text() {
        assert_eq!(settled(&["3/4/2014", "5/6/2014"]), ["3/4/2014", "5/6/2014"]);
        assert_eq!(
            settled(&["3/4/2014", "18/3/2014", "3/18/2014"]),
            ["3/4/2014", "2014-03-18", "2014-03-18"]
        );
        assert_eq!(settled(&["3/4/14", "Tuesday, March 4, 2014"]), ["3/4/14", "Tuesday, March 4, 2014"]);
        assert_eq!(
            settled(&["31.02.2014", "99999999", "ff00ffffffffffff"]),
            ["31.02.2014", "99999999", "ff00ffffffffffff"]
        );
    }

    #[test]
    fn formats_without_a_doubt_are_dates() {
        for text in [
            "2014-03-18",
            "2014/3/18",
            "18.03.2014 00:00:00",
            "18.3.2014",
            "20140318",
            "2014. 03. 18.",
            "2014-03-18T00:00:00",
        ] {
            assert_eq!(settled(&[text]), ["2014-03-18"], "{text}");
        }
        assert_eq!(settled(&["3/3/2014"]), ["2014-03-03"]);
        assert_eq!(settled(&["01cf426ba22d4000"]), ["2014-03-18"]);
    }
}
