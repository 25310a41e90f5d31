//! The smallest changes under which an update applies: `minimal` of `kbwhy/explain/1`.

use serde::Serialize;

/// The smallest changes under which an update applies.
#[derive(Clone, Debug, Serialize)]
pub struct MinimalReport {
    /// `applicable` (no change is needed), `sets`, `needless` (it is there, or what replaces it is), `none`, `unknown`
    pub state: &'static str,
    /// what was found, in one sentence
    pub summary: String,
    /// sets of changes, smallest first; each was replayed, and none can do without any of its changes
    pub sets: Vec<MinimalSetReport>,
    /// for `none`: updates that are for this host what it is for others; empty if none is known
    pub counterparts: Vec<String>,
    /// what is taken to be so, because the host's lists do not tell
    pub assumed: Vec<String>,
    /// there may be further sets: the search was bounded
    pub cut: bool,
}

/// One set of changes.
#[derive(Clone, Debug, Serialize)]
pub struct MinimalSetReport {
    /// the changes, in an order in which they can be made
    pub changes: Vec<MinimalChangeReport>,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub struct MinimalChangeReport {
    /// `install`, `remove`, `fact`, `feature`, `role`, `licence`, `manual`, `restart`, `package`
    pub kind: &'static str,
    /// the update, for `install` and `remove`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// the fact, feature, role, licence or step
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// in words
    pub text: String,
    /// only if it is not there: the lists do not tell
    pub unless_present: bool,
    /// no source says what it needs itself
    pub unstated: bool,
}
