//! The field's terms as types: updates, builds, products, host facts, requirements. No I/O and no clock.

mod architecture;
mod build;
mod cause;
mod fact;
mod host;
mod kb;
mod product;
mod registry;
mod requirement;
mod source;
mod text;
mod truth;
mod update;
mod update_policy;

pub use architecture::{Architecture, ArchitectureSet};
pub use build::{Build, BuildError, Version, branch_of, is_shared_branch};
pub use cause::Cause;
pub use fact::{Fact, Location, Origin};
pub use host::{Completeness, Conflict, FeatureState, Gap, Host, ListKind, ListSeen, PackageState};
pub use kb::{KbError, KbId, UpdateId};
pub use product::{Edition, InstallationType, ProductId, ProductSet};
pub use registry::{
    FileState, RegistryValue, file_path, registry_key, registry_key_place, registry_place, registry_place_of,
};
pub use requirement::{BuildKey, Clause, Licence, Requirement, RequirementError};
pub use source::SourceKind;
pub use text::steers;
pub use truth::Truth;
pub use update::{EvidenceClass, Standing, Strength, UpdateKind};
pub use update_policy::UpdateKey;
