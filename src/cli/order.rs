//! `kbwhy order`.

use super::{
    Exit, Failure,
    args::Text,
    cache::ReadArgs,
    commands::Printed,
    input::{self, named, shown},
};
use crate::{
    explain,
    model::KbId,
    package::{
        PackageName,
        content::{self, PACKAGE_LIMITS, PackageContent},
    },
    plan::order::{Given, MOST, order},
    render,
    resolve::identity,
};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Packages of a folder that are larger are taken by their names: to read their manifests takes long.
const READ: u64 = 256 << 20;

/// In which order do these packages go on?
#[derive(Debug, clap::Args)]
pub(super) struct Order {
    /// Updates such as KB2919355, package files, or names of package files
    #[arg(value_name = "KB-OR-FILE", required_unless_present = "packages_in")]
    packages: Vec<String>,
    /// All .msu, .cab and .mum files of a folder; may be repeated
    // the cache's folder has the other id
    #[arg(id = "packages_in", long = "folder", value_name = "DIR")]
    folder: Vec<PathBuf>,
    /// Only for this product, such as "Windows Server 2012 R2"
    #[arg(long = "for", value_name = "PRODUCT")]
    product: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = OrderFormat::Text)]
    format: OrderFormat,
    #[command(flatten)]
    text: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OrderFormat {
    Text,
    Json,
    Mermaid,
    Dot,
}

pub(super) fn run(a: &Order) -> Printed {
    let mut given = a.packages.iter().map(|p| typed(p)).collect::<Result<Vec<_>, _>>()?;
    for folder in &a.folder {
        given.extend(in_folder(folder)?);
    }
    let product = a.product.as_deref();
    let report = a.read.ask(|catalog| {
        let only = product.map(|p| identity::products_named(catalog, p)).unwrap_or_default();
        if product.is_some() && only.is_empty() {
            return None;
        }
        let ordered = order(catalog, &given, only);
        let known = ordered.groups.iter().any(|g| !g.steps.is_empty());
        Some((explain::order_report(catalog, &ordered), known))
    })?;
    let Some((report, known)) = report else { return Err(no_product(product.unwrap_or_default())) };
    let text = match a.format {
        OrderFormat::Text => render::order_text(&report, a.text.style()),
        OrderFormat::Json => {
            render::to_json(&report).map_err(|e| Failure { exit: Exit::Bug, line: e.to_string() })?
        }
        OrderFormat::Mermaid => render::to_mermaid(&explain::order_graph(&report)),
        OrderFormat::Dot => render::to_dot(&explain::order_graph(&report)),
    };
    Ok((text, if known { Exit::Good } else { Exit::Unknown }))
}

/// A product that the catalog does not know.
pub(super) fn no_product(named: &str) -> Failure {
    Failure::usage(format!(
        "`{}` is no product that this catalog knows; name it as in \"Windows Server 2022\" or \"Windows 10 22H2\"",
        shown(named)
    ))
}

/// All that one argument names.
fn typed(text: &str) -> Result<Given, Failure> {
    if let Ok(kb) = text.parse::<KbId>() {
        return Ok(kb.into());
    }
    let path = Path::new(text);
    if path.is_dir() {
        return Err(Failure::usage(format!("{}: is a folder; give it as --folder", named(path))));
    }
    if path.is_file() {
        let content = content_of(path)?;
        if content.kb().is_none() {
            return Err(Failure::input(format!(
                "{}: neither its manifest nor its name tells of which update it is",
                named(path)
            )));
        }
        return Ok(of_content(&content, &named(path)));
    }
    let name = PackageName::parse(text);
    match name.kb {
        Some(kb) => Ok(Given { architecture: name.architecture, file: Some(shown(text)), ..kb.into() }),
        None => Err(Failure::usage(format!(
            "`{}` is no KB and no file here, and names none (expected KB2919355 or windows8.1-kb2919355-x64.msu)",
            shown(text)
        ))),
    }
}

fn content_of(path: &Path) -> Result<PackageContent, Failure> {
    let file =
        File::open(path).map_err(|e| Failure::input(format!("{}: cannot be read: {e}", named(path))))?;
    content::read(file, &named(path), PACKAGE_LIMITS).map_err(|e| Failure::input(e.to_string()))
}

fn of_content(content: &PackageContent, name: &str) -> Given {
    let main = content.main.as_ref().map(|m| &m.value).filter(|m| m.head_whole);
    // a parent that is no update of its own may be met by what is no update: it says nothing of order
    let groups = || main.iter().flat_map(|m| &m.parents);
    let parents: Option<Vec<KbId>> = if groups().any(|g| g.unusual) {
        None
    } else {
        groups().flat_map(|g| &g.any_of).map(|identity| identity.kb()).collect()
    };
    let mut parents = parents.unwrap_or_default();
    parents.retain(|kb| Some(*kb) != content.kb());
    Given {
        kb: content.kb(),
        file: Some(name.to_owned()),
        architecture: content.architecture(),
        parents,
        // what brings the stack itself asks for no other
        stack: main.and_then(|m| m.stack).filter(|_| content.stacks().next().is_none()),
    }
}

/// The packages in a folder, by name; not in folders within it.
fn in_folder(folder: &Path) -> Result<Vec<Given>, Failure> {
    let unreadable = |e: io::Error| Failure::input(format!("{}: cannot be read: {e}", named(folder)));
    if !folder.is_dir() {
        let why = if folder.exists() { "is no folder" } else { "there is no such folder" };
        return Err(Failure::input(format!("{}: {why}", named(folder))));
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if super::package::is_named_as_package(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort_unstable();
    if files.is_empty() {
        return Err(Failure::input(format!(
            "{}: has no .msu, .cab or .mum files in it (folders within it are not looked at)",
            named(folder)
        )));
    }
    if files.len() > MOST {
        return Err(Failure::input(format!(
            "{}: has {} packages in it, more than the {MOST} that are ordered at once",
            named(folder),
            files.len()
        )));
    }
    Ok(files.iter().map(|path| in_file(path)).collect())
}

/// A file of a folder: what cannot be read is taken by its name, and told.
fn in_file(path: &Path) -> Given {
    let file_name = path.file_name().map(|n| shown(&n.to_string_lossy())).unwrap_or_default();
    let name = PackageName::parse(&file_name);
    let by_name = || Given {
        kb: name.kb,
        architecture: name.architecture,
        file: Some(file_name.clone()),
        ..Given::default()
    };
    let large = fs::metadata(path).map_or(true, |m| m.len() > READ);
    if large && name.kb.is_some() {
        return by_name();
    }
    match content_of(path) {
        Ok(content) => of_content(&content, &file_name),
        Err(e) => {
            let _ = writeln!(io::stderr(), "kbwhy: {}; only its name is used", input::without_marks(&e.line));
            by_name()
        }
    }
}
