//! Windows Update metadata: updates by GUID, with categories, prerequisites, bundles and supersedence, in an index that
//! opens at once.
//!
//! [`Metadata`] is what one source tells, in memory. [`Metadata::write`] lays it out as an index, [`MetadataIndex`]
//! answers from one or several of them through positioned reads: opening reads a header and a table of checksums.

pub(crate) mod batch;
pub(crate) mod builder;
mod categories;
mod data;
mod facts;
pub(crate) mod fragment;
mod index;
mod layout;
mod numbered;
mod pages;
mod settle;
mod view;
pub(crate) mod xml;

pub(crate) use builder::kbs_of_title;
pub use categories::{KnownCategory, category};
pub use data::Metadata;
pub(crate) use facts::plain_title;
pub use facts::to_facts;
pub use index::{IndexError, MetadataIndex, ReadAt};
pub use view::{
    AnyOf, Category, CategoryType, Deployment, KbBasis, Member, PayloadFile, Rules, Update, UpdateType,
};

/// The identity of an update in Windows Update metadata.
pub type UpdateGuid = uuid::Uuid;
