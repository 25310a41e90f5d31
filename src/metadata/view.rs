//! What the index answers with: owned values, texts free of control characters.

use super::UpdateGuid;
use crate::model::KbId;
use jiff::civil::Date;

/// What kind of thing an update of the metadata is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateType {
    /// something to install, or a bundle of such
    Software,
    /// a probe of the system: it is "installed" where its `IsInstalled` rule holds
    Detectoid,
    /// a product, classification, family or company
    Category,
    /// a driver
    Driver,
}

/// Which kind of category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CategoryType {
    /// such as Security Updates
    Classification,
    /// such as Windows Server 2012 R2
    Product,
    /// such as Windows
    ProductFamily,
    /// Microsoft
    Company,
    /// of another name, or the source does not say which
    Other,
}

impl CategoryType {
    /// By Microsoft's name.
    pub(crate) fn of_name(name: &str) -> Self {
        match name {
            "UpdateClassification" => Self::Classification,
            "Product" => Self::Product,
            "ProductFamily" => Self::ProductFamily,
            "Company" => Self::Company,
            _ => Self::Other,
        }
    }
}

/// How an update reaches a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deployment {
    /// by itself; the source states nothing else
    #[default]
    Offered,
    /// only as part of a bundle
    Bundle,
    /// not at all: it is only evaluated
    Evaluate,
    /// by a name that is not known
    Other,
}

impl Deployment {
    /// By Microsoft's name.
    pub(crate) fn of_action(name: &str) -> Self {
        match name {
            "Bundle" => Self::Bundle,
            "Evaluate" => Self::Evaluate,
            "Install" => Self::Offered,
            _ => Self::Other,
        }
    }
}

/// On what a KB number of an update rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KbBasis {
    /// its metadata states it (`KBArticleID`)
    Article,
    /// its title has it in parentheses
    Title,
    /// the name of its own payload file
    File,
    /// the name of a payload file of what it bundles
    BundledFile,
}

/// A category that an update is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Category {
    /// which kind
    pub kind: CategoryType,
    /// the category's own identity
    pub guid: UpdateGuid,
}

/// One update (bundle, leaf, detectoid or category) in its newest known revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// its identity
    pub guid: UpdateGuid,
    /// revision of the GUID
    pub revision: u32,
    /// its number in the numbers of its source; means nothing elsewhere
    pub revision_id: Option<u32>,
    /// the index it was read from, counted from 0 as they were given
    pub source: usize,
    /// what kind of thing it is, where the source states it
    pub kind: Option<UpdateType>,
    /// nothing has it as a prerequisite
    pub leaf: Option<bool>,
    /// it bundles others: what people call "the KB"
    pub bundle: bool,
    /// how it reaches a machine
    pub deployment: Deployment,
    /// when this revision was made: not the day of release
    pub created: Option<Date>,
    /// its KBs: more than one means that the sources do not tell which (a bundle of two packages)
    pub kbs: Vec<(KbId, KbBasis)>,
    /// title in English, or in the update's own language
    pub title: Option<String>,
    /// products, classification, family, company
    pub categories: Vec<Category>,
    /// superseded also by so many updates that its source names but does not have
    pub superseded_elsewhere: u32,
}

/// An update as another one names it; it may be unknown but for its GUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// its identity
    pub guid: UpdateGuid,
    /// an index has it; otherwise all but the GUID is empty
    pub known: bool,
    /// what kind of thing it is, where a source states it; only Software is something to install
    pub kind: Option<UpdateType>,
    /// its KBs, best founded first
    pub kbs: Vec<KbId>,
    /// its title
    pub title: Option<String>,
}

/// One any-of clause of an update's prerequisites; all clauses of an update must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyOf {
    /// any one of them installed satisfies the clause; never empty
    pub members: Vec<Member>,
}

/// A payload file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayloadFile {
    /// its name, as stated or as its address ends
    pub name: String,
    /// where it is
    pub url: Option<String>,
    /// SHA-1, in base64 as the metadata has it
    pub sha1: Option<String>,
    /// SHA-256, in base64 as the metadata has it
    pub sha256: Option<String>,
    /// size in bytes
    pub size: Option<u64>,
}

/// The applicability rules of an update, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// revision of the update that they are of; older than the update's own if only that was read
    pub revision: u32,
    /// the element `ApplicabilityRules` with all that is in it, as it stands in the source
    pub xml: String,
}
