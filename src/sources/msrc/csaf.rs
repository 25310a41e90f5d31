//! MSRC's advisories in the Common Security Advisory Framework: one vulnerability a document. No supersedence is in them.

use super::fixes::{Fix, Fixes, not_whole, read_day};
use crate::{
    catalog::{Catalog, facts::SourceRow},
    sources::{
        ImportError, Imported, Importer, Input,
        decode::{self, Loose, Many},
        gather::{clean, day},
    },
};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

/// The advisories.
pub const IMPORTER: Importer = Importer { format: "MSRC CSAF", detect, read };

fn detect(head: &[u8]) -> bool {
    let head = decode::head(head);
    head.trim_start().starts_with('{') && head.contains("\"csaf_version\"") && head.contains("\"tracking\"")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Advisory {
    #[serde(deserialize_with = "decode::or_default")]
    document: Head,
    #[serde(deserialize_with = "decode::or_default")]
    product_tree: Tree,
    vulnerabilities: Many<Vulnerability>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    title: Loose,
    #[serde(deserialize_with = "decode::or_default")]
    publisher: Publisher,
    #[serde(deserialize_with = "decode::or_default")]
    tracking: Tracking,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Publisher {
    name: Loose,
    namespace: Loose,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tracking {
    id: Loose,
    current_release_date: Loose,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tree {
    branches: Many<Branch>,
    full_product_names: Many<Product>,
    relationships: Many<Relationship>,
    product_groups: Many<Group>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    group_id: Loose,
    product_ids: Many<Loose>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Branch {
    branches: Many<Branch>,
    category: Loose,
    name: Loose,
    product: Option<Product>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Product {
    name: Loose,
    product_id: Loose,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationship {
    #[serde(deserialize_with = "decode::or_default")]
    full_product_name: Product,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vulnerability {
    cve: Loose,
    remediations: Many<Remediation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Remediation {
    category: Loose,
    date: Loose,
    details: Loose,
    product_ids: Many<Loose>,
    group_ids: Many<Loose>,
    #[serde(deserialize_with = "decode::or_default")]
    restart_required: Restart,
    url: Loose,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Restart {
    category: Loose,
}

/// `Windows Server 2016` of `Windows Server 2016 <10.0.14393.7876`, or of the same with the version alone.
fn without_version(name: &str) -> &str {
    let name = name.trim();
    match name.rsplit_once(' ') {
        Some((product, version)) => {
            let version = version.trim_start_matches(['<', '=', '>']);
            let is_version =
                version.contains('.') && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            // `Windows 8.1` is a name
            if is_version && (version.matches('.').count() > 1 || name.contains('<')) {
                product.trim()
            } else {
                name
            }
        }
        None => name,
    }
}

/// `build:kind:address` of a remediation, of which the address has colons itself.
fn details(text: &str) -> (&str, &str) {
    let text = text.trim();
    let text = text.find("http").map_or(text, |at| text[..at].trim_end_matches(':'));
    text.split_once(':').unwrap_or(("", text))
}

fn read(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let advisory: Advisory = serde_json::from_str(&text).map_err(|e| decode::json_error(input.name, &e))?;
    let publisher = &advisory.document.publisher;
    if !publisher.namespace.contains("microsoft.com") && !publisher.name.contains("Microsoft") {
        let whose = clean(&publisher.name);
        return Err(ImportError::new(
            input.name,
            format!("an advisory of {whose}: only those of Microsoft are read"),
        ));
    }
    let id = clean(&advisory.document.tracking.id);
    if id.is_empty() {
        return Err(not_whole(input.name, "identification"));
    }
    let mut names: HashMap<String, String> = HashMap::new();
    // (branch, name of the nearest product above)
    let mut branches: Vec<(Branch, String)> =
        advisory.product_tree.branches.0.into_iter().map(|b| (b, String::new())).collect();
    while let Some((branch, above)) = branches.pop() {
        let above = if &*branch.category == "product_name" { branch.name.0 } else { above };
        if let Some(p) = branch.product {
            let name = if above.is_empty() { without_version(&p.name).to_owned() } else { above.clone() };
            names.insert(p.product_id.0, name);
        }
        branches.extend(branch.branches.0.into_iter().map(|b| (b, above.clone())));
    }
    let flat = advisory.product_tree.full_product_names.0.into_iter();
    let related = advisory.product_tree.relationships.0.into_iter().map(|r| r.full_product_name);
    for p in flat.chain(related) {
        names.insert(p.product_id.0, without_version(&p.name).to_owned());
    }
    let groups: HashMap<&str, &[Loose]> =
        advisory.product_tree.product_groups.0.iter().map(|g| (&*g.group_id, &*g.product_ids.0)).collect();
    let mut fixes = Fixes::new(catalog);
    for v in &advisory.vulnerabilities.0 {
        let place = clean(&v.cve);
        for r in v.remediations.0.iter().filter(|r| &*r.category == "vendor_fix") {
            let (build, kind) = details(&r.details);
            let restart = match &*r.restart_required.category {
                "none" => "never",
                "" => "",
                // of the system, the machine, parts of it
                "system" | "machine" => "always",
                _ => "maybe",
            };
            let fix =
                Fix { article: "", url: &r.url, supersedes: "", restart, kind, build, day: day(&r.date) };
            let of_groups = r.group_ids.0.iter().filter_map(|g| groups.get(&**g)).flat_map(|p| p.iter());
            let ids: BTreeSet<&str> = r.product_ids.0.iter().chain(of_groups).map(|p| &**p).collect();
            let unnamed = ids.iter().filter(|p| !names.contains_key(**p)).count();
            if unnamed > 0 {
                fixes.remark(
                    "products that the product tree does not name: left out",
                    unnamed as u64,
                    || place.clone(),
                );
            }
            let named = ids.iter().filter_map(|p| names.get(*p)).map(String::as_str);
            fixes.take(&fix, named, &place);
        }
    }
    let source = SourceRow {
        url: format!(
            "https://msrc.microsoft.com/update-guide/vulnerability/{}",
            id.trim_start_matches("msrc_").replace(' ', "%20")
        ),
        title: clean(&advisory.document.title),
        read: read_day(&advisory.document.tracking.current_release_date, input),
        via: None,
        kind: None,
        digest: None,
        id: format!("csaf-{}", id.to_ascii_lowercase().replace(' ', "-")),
    };
    Ok(fixes.finish(IMPORTER.format, source))
}
