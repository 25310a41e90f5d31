//! Which readers are worth asking: most formats have a word that no text of theirs can do without.

use super::lines::Line;
use memchr::memmem;

/// All lines of a text, letters of ASCII in lower case.
pub(super) struct Lower(String);

impl Lower {
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut text = String::with_capacity(lines.iter().map(|l| l.text.len() + 1).sum());
        for line in lines {
            text.push_str(&line.text);
            text.push('\n');
        }
        text.make_ascii_lowercase();
        Self(text)
    }

    /// Is one of these words there? They are in lower case, and within one line.
    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|w| memmem::find(self.0.as_bytes(), w.as_bytes()).is_some())
    }
}
