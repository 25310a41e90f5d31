//! Windows Update metadata: updates by GUID, with categories, prerequisites, bundles and supersedence, in an index that
//! opens at once.

/// The identity of an update in Windows Update metadata.
pub type UpdateGuid = uuid::Uuid;
