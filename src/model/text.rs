//! Characters of texts that others wrote.

/// Is it a character that is not printed, but changes what is seen: a control character but the tab, a mark of direction, a
/// line separator, something of no width?
pub fn steers(c: char) -> bool {
    match c {
        '\t' => false,
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => true,
        c => c.is_control(),
    }
}
