//! Windows Update metadata: updates by GUID, with categories, prerequisites, bundles and supersedence, in an index that
//! opens at once.

/// The identity of an update in Windows Update metadata.
pub type UpdateGuid = uuid::Uuid;

/// Updates by GUID as a source gives them, before they are laid out as an index.
#[derive(Clone, Debug, Default)]
pub struct Metadata {}
