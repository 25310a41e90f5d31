//! What is known of each format: how it comes about, what it is recognised by, what it can and cannot tell.

/// How directly a source tells what it tells; the first goes before the others where they disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Directness {
    /// Stated as facts: `kbwhy/host/1`.
    Stated,
    /// What Windows itself keeps: registry, component store, the version of its own kernel.
    System,
    /// What a tool of Windows reports of it: systeminfo, management classes, Get-HotFix.
    Reported,
    /// What another tool's agent gathered some time before.
    Gathered,
    /// What was done once, by a log or history: what came later is not in it.
    Logged,
    /// Told by people or by a list without any context.
    Told,
}

/// One format that is read.
#[derive(Debug, PartialEq, Eq)]
pub struct Format {
    /// Its name, as origins give it.
    pub name: &'static str,
    /// The command, or the place, that it comes from.
    pub from: &'static str,
    /// What it is recognised by.
    pub signature: &'static str,
    /// What it can tell.
    pub tells: &'static str,
    /// What it cannot know.
    pub cannot: &'static str,
    /// Its place among sources that disagree.
    pub directness: Directness,
}

/// The format of this name.
pub(super) fn named(name: &str) -> Option<&'static Format> {
    super::FORMATS.iter().copied().flatten().find(|f| f.name == name)
}
