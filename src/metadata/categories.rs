//! Categories of Windows Update metadata that kbwhy knows: `catalog-cache/categories.jsonl`.

use super::{CategoryType, UpdateGuid};
use crate::catalog::facts::CategoryRow;
use std::{collections::BTreeMap, sync::LazyLock};

/// A category that is known by its GUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCategory {
    /// Microsoft's name for it
    pub title: String,
    /// which kind
    pub kind: CategoryType,
    /// slugs of products that its updates may be for
    pub products: Vec<String>,
    /// slugs of products that every one of its updates is for
    pub certain: Vec<String>,
}

static KNOWN: LazyLock<BTreeMap<UpdateGuid, KnownCategory>> = LazyLock::new(|| {
    let rows = include_str!("../../catalog-cache/categories.jsonl").lines();
    // a test reads every row
    let parsed = rows.filter_map(|l| serde_json::from_str::<CategoryRow>(l).ok());
    parsed
        .filter_map(|r| {
            let kind = match r.kind.as_str() {
                "classification" => CategoryType::Classification,
                "product" => CategoryType::Product,
                "family" => CategoryType::ProductFamily,
                "company" => CategoryType::Company,
                _ => return None,
            };
            let known = KnownCategory { title: r.title, kind, products: r.products, certain: r.certain };
            Some((r.guid.parse().ok()?, known))
        })
        .collect()
});

/// What is known of a category by its GUID.
pub fn category(guid: &UpdateGuid) -> Option<&'static KnownCategory> {
    KNOWN.get(guid)
}

/// All that are known.
pub(super) fn known() -> impl Iterator<Item = &'static UpdateGuid> {
    KNOWN.keys()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::Catalog, model::Standing};

    #[test]
    fn every_row_is_read_and_names_products_that_exist() {
        let rows = include_str!("../../catalog-cache/categories.jsonl").lines().count();
        assert_eq!(KNOWN.len(), rows);
        for k in KNOWN.values() {
            for p in k.products.iter().chain(&k.certain) {
                assert!(Catalog::embedded().product_by_slug(p).is_some(), "{p}");
            }
            assert!(k.certain.iter().all(|c| k.products.contains(c)), "{k:?}");
        }
        for line in include_str!("../../catalog-cache/categories.jsonl").lines() {
            let row: CategoryRow = serde_json::from_str(line).unwrap();
            assert!(Standing::parse(&row.standing).is_some(), "{line}");
        }
    }
}
