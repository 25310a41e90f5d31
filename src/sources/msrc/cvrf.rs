//! MSRC's monthly documents in the Common Vulnerability Reporting Framework, as XML (what the API sends) and as JSON.

use super::fixes::{Fix, Fixes, not_whole, read_day};
use crate::{
    catalog::{Catalog, facts::SourceRow},
    sources::{
        ImportError, Imported, Importer, Input,
        decode::{self, Loose, Many},
        gather::{clean, day},
    },
};
use quick_xml::{Reader, events::Event};
use serde::Deserialize;
use std::collections::HashMap;

/// The documents as XML.
pub const XML: Importer = Importer { format: "MSRC CVRF (XML)", detect: detect_xml, read: read_xml };
/// The documents as JSON.
pub const JSON: Importer = Importer { format: "MSRC CVRF (JSON)", detect: detect_json, read: read_json };

fn detect_xml(head: &[u8]) -> bool {
    let head = decode::head(head);
    let head = head.trim_start();
    // the root is at the beginning, after a declaration and remarks at most
    head.starts_with('<') && head.contains("cvrfdoc") && head.contains("http://www.icasi.org/CVRF/schema/")
}

fn detect_json(head: &[u8]) -> bool {
    let head = decode::head(head);
    let tracking = head.contains("\"DocumentTracking\"") && head.contains("\"DocumentType\"");
    head.trim_start().starts_with('{') && head.contains("\"DocumentTitle\"") && tracking
}

/// A document in either shape.
#[derive(Debug, Default)]
struct Document {
    id: String,
    title: String,
    initial: String,
    current: String,
    products: HashMap<String, String>,
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Debug, Default)]
struct Vulnerability {
    name: String,
    revisions: usize,
    /// when it was last revised
    revised: String,
    fixes: Vec<Remediation>,
}

#[derive(Debug, Default)]
struct Remediation {
    vendor_fix: bool,
    article: String,
    url: String,
    supersedes: String,
    restart: String,
    kind: String,
    build: String,
    products: Vec<String>,
}

fn imported(
    document: &Document,
    format: &'static str,
    input: &Input<'_>,
    catalog: &Catalog,
) -> Result<Imported, ImportError> {
    if document.id.is_empty() || document.products.is_empty() {
        return Err(not_whole(input.name, "identification or product tree"));
    }
    let mut fixes = Fixes::new(catalog);
    for v in &document.vulnerabilities {
        // what was revised may have got its fixes later than it was published; a document goes on for a month
        let published = || day(&v.revised).or_else(|| day(&document.initial));
        let initial = if v.revisions <= 1 { published() } else { None };
        for r in v.fixes.iter().filter(|r| r.vendor_fix) {
            let fix = Fix {
                article: r.article.trim(),
                // some fixes are only described at an address; that is no update by itself
                url: "",
                supersedes: &r.supersedes,
                restart: &r.restart,
                kind: &r.kind,
                build: &r.build,
                day: initial,
            };
            let unnamed = r.products.iter().filter(|p| !document.products.contains_key(*p)).count();
            if unnamed > 0 {
                fixes.remark(
                    "products that the product tree does not name: left out",
                    unnamed as u64,
                    || v.name.clone(),
                );
            }
            let names = r.products.iter().filter_map(|p| document.products.get(p)).map(String::as_str);
            fixes.take(&fix, names, &v.name);
        }
    }
    let id = clean(&document.id);
    let source = SourceRow {
        id: format!("cvrf-{}", id.to_ascii_lowercase().replace(' ', "-")),
        url: format!("https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/{}", id.replace(' ', "%20")),
        title: if document.title.is_empty() {
            format!("Security updates {id}")
        } else {
            clean(&document.title)
        },
        read: read_day(&document.current, input),
        via: None,
        kind: None,
        digest: None,
    };
    Ok(fixes.finish(format, source))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JsonDocument {
    document_title: Loose,
    #[serde(deserialize_with = "decode::or_default")]
    document_tracking: JsonTracking,
    #[serde(deserialize_with = "decode::or_default")]
    product_tree: JsonTree,
    vulnerability: Many<JsonVulnerability>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JsonTracking {
    #[serde(deserialize_with = "decode::or_default")]
    identification: JsonIdentification,
    initial_release_date: Loose,
    current_release_date: Loose,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonIdentification {
    #[serde(rename = "ID")]
    id: Loose,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JsonTree {
    full_product_name: Many<JsonProduct>,
    branch: Many<JsonProduct>,
}

/// A product, or a branch of products.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JsonProduct {
    #[serde(rename = "ProductID")]
    product_id: Loose,
    value: Loose,
    items: Many<JsonProduct>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JsonVulnerability {
    #[serde(rename = "CVE")]
    cve: Loose,
    remediations: Many<JsonRemediation>,
    revision_history: Many<JsonRevision>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JsonRevision {
    date: Loose,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JsonRemediation {
    description: Loose,
    #[serde(rename = "URL")]
    url: Loose,
    supercedence: Loose,
    #[serde(rename = "ProductID")]
    product_id: Many<Loose>,
    #[serde(rename = "Type")]
    kind: Loose,
    restart_required: Loose,
    sub_type: Loose,
    fixed_build: Loose,
}

fn read_json(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let json: JsonDocument = serde_json::from_str(&text).map_err(|e| decode::json_error(input.name, &e))?;
    let mut document = Document {
        id: json.document_tracking.identification.id.0,
        title: json.document_title.0,
        initial: json.document_tracking.initial_release_date.0,
        current: json.document_tracking.current_release_date.0,
        ..Document::default()
    };
    let mut products = json.product_tree.full_product_name.0;
    products.extend(json.product_tree.branch.0);
    while let Some(p) = products.pop() {
        products.extend(p.items.0);
        if !p.product_id.is_empty() && !p.value.is_empty() {
            document.products.insert(p.product_id.0, p.value.0);
        }
    }
    for v in json.vulnerability.0 {
        let fix = |r: JsonRemediation| Remediation {
            vendor_fix: matches!(&*r.kind, "2" | "Vendor Fix"),
            article: r.description.0,
            url: r.url.0,
            supersedes: r.supercedence.0,
            restart: r.restart_required.0,
            kind: r.sub_type.0,
            build: r.fixed_build.0,
            products: r.product_id.0.into_iter().map(|p| p.0).collect(),
        };
        document.vulnerabilities.push(Vulnerability {
            name: clean(&v.cve),
            revisions: v.revision_history.0.len(),
            revised: v.revision_history.0.into_iter().next().map(|r| r.date.0).unwrap_or_default(),
            fixes: v.remediations.0.into_iter().map(fix).collect(),
        });
    }
    imported(&document, JSON.format, input, catalog)
}

/// Deeper documents are none of MSRC's.
const DEPTH: usize = 64;

fn read_xml(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let text = decode::text(input)?;
    let document = xml(&text, input.name)?;
    imported(&document, XML.format, input, catalog)
}

fn xml(text: &str, name: &str) -> Result<Document, ImportError> {
    let mut reader = Reader::from_str(text);
    let mut document = Document::default();
    // names of the open elements, and the text of the innermost
    let mut open: Vec<String> = Vec::new();
    let mut content = String::new();
    let mut product = String::new();
    let at = |position: u64, problem: &str| {
        let line = text
            .as_bytes()
            .get(..position as usize)
            .unwrap_or(text.as_bytes())
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        ImportError::new(format!("{name}:{line}"), format!("{problem}; download it again"))
    };
    loop {
        let position = reader.buffer_position();
        let event = reader
            .read_event()
            .map_err(|e| at(position, &format!("not well-formed ({})", clean(&e.to_string()))))?;
        match event {
            Event::DocType(_) => {
                return Err(at(position, "a document type definition, which no document of MSRC has"));
            }
            Event::Start(ref e) | Event::Empty(ref e) => {
                let element = e.local_name().as_ref().to_owned();
                if open.len() >= DEPTH {
                    return Err(at(position, "more than 64 elements within each other"));
                }
                let attribute = |wanted: &str| {
                    let mut all = e.attributes();
                    let found = all.with_checks(false).flatten().take(16);
                    let mut of = found.filter(|a| a.key.local_name().as_ref() == wanted);
                    let value = of.next().map(|a| a.value.into_owned());
                    value.map(|v| quick_xml::escape::unescape(&v).map(|u| u.into_owned()).unwrap_or_default())
                };
                match element.as_str() {
                    "Vulnerability" => document.vulnerabilities.push(Vulnerability::default()),
                    "Remediation" => {
                        let vendor_fix = attribute("Type").is_some_and(|t| t == "Vendor Fix");
                        if let Some(v) = document.vulnerabilities.last_mut() {
                            v.fixes.push(Remediation { vendor_fix, ..Remediation::default() });
                        }
                    }
                    "Revision" => {
                        if let Some(v) = document.vulnerabilities.last_mut() {
                            v.revisions += 1;
                        }
                    }
                    "FullProductName" => product = attribute("ProductID").unwrap_or_default(),
                    _ => {}
                }
                content.clear();
                if matches!(event, Event::Start(_)) {
                    open.push(element);
                }
            }
            Event::Text(t) => content.push_str(&t),
            Event::CData(t) => content.push_str(&t),
            Event::GeneralRef(r) => {
                let reference = r.to_string();
                match quick_xml::escape::unescape(&format!("&{reference};")) {
                    Ok(resolved) => content.push_str(&resolved),
                    Err(_) => {
                        return Err(at(
                            position,
                            &format!("an entity that is not defined (&{};)", clean(&reference)),
                        ));
                    }
                }
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { break };
                let parent = open.last().map_or("", String::as_str);
                let value = std::mem::take(&mut content);
                let value = value.trim();
                match (parent, element.as_str()) {
                    ("Identification", "ID") => value.clone_into(&mut document.id),
                    (_, "DocumentTitle") => value.clone_into(&mut document.title),
                    ("DocumentTracking", "InitialReleaseDate") => value.clone_into(&mut document.initial),
                    ("DocumentTracking", "CurrentReleaseDate") => value.clone_into(&mut document.current),
                    (_, "FullProductName") if !product.is_empty() => {
                        document.products.insert(std::mem::take(&mut product), value.to_owned());
                    }
                    ("Vulnerability", "CVE") => {
                        if let Some(v) = document.vulnerabilities.last_mut() {
                            v.name = clean(value);
                        }
                    }
                    ("Revision", "Date") => {
                        if let Some(v) = document.vulnerabilities.last_mut() {
                            value.clone_into(&mut v.revised);
                        }
                    }
                    ("Remediation", member) => {
                        let fix = document.vulnerabilities.last_mut().and_then(|v| v.fixes.last_mut());
                        if let Some(fix) = fix {
                            match member {
                                "Description" => value.clone_into(&mut fix.article),
                                "URL" => value.clone_into(&mut fix.url),
                                "Supercedence" | "Supersedence" => value.clone_into(&mut fix.supersedes),
                                "RestartRequired" => value.clone_into(&mut fix.restart),
                                "SubType" => value.clone_into(&mut fix.kind),
                                "FixedBuild" => value.clone_into(&mut fix.build),
                                "ProductID" => fix.products.push(value.to_owned()),
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
            }
            Event::Eof => {
                if !open.is_empty() {
                    return Err(at(position, "the document is cut off"));
                }
                break;
            }
            _ => {}
        }
    }
    Ok(document)
}

/// A month in the list of documents (`/cvrf/v3.0/updates`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// `2024-Mar`
    pub id: String,
    /// where the document is
    pub url: String,
    /// `yyyy-mm-dd` of its last change; empty if none is stated
    pub changed: String,
}

/// The list of documents, as the API gives it in JSON. `name` is for errors.
pub fn months(name: &str, text: &str) -> Result<Vec<Month>, ImportError> {
    #[derive(Deserialize)]
    struct List {
        value: Vec<Item>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Item {
        #[serde(rename = "ID")]
        id: Loose,
        current_release_date: Loose,
        cvrf_url: Loose,
    }
    let list: List = serde_json::from_str(text).map_err(|e| decode::json_error(name, &e))?;
    let month = |i: Item| Month {
        changed: day(&i.current_release_date)
            .map_or_else(String::new, |_| i.current_release_date[..10].to_owned()),
        id: clean(&i.id),
        url: clean(&i.cvrf_url),
    };
    Ok(list.value.into_iter().map(month).filter(|m| !m.id.is_empty()).collect())
}
