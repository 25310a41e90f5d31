//! The files of a plan's packages: what fetched pages name, what lies in a folder.

use super::super::{Failure, cache::ReadArgs, input};
use crate::{
    archive::Limits,
    catalog::Catalog,
    model::{Architecture, Host, KbId, UpdateKind},
    package::{PackageFile, WantedFor, content, file_pattern},
    report::{
        FolderReport, InstallPlanReport, MissingFileReport, PackageFileReport, PlanStepReport,
        UnfitFileReport,
    },
    resolve::identity::Identity,
};
use std::{
    collections::BTreeSet,
    fs::File,
    path::{Path, PathBuf},
};

/// Entries of a folder that are looked at; folders in it are not entered.
const ENTRIES: usize = 20_000;
/// Files that are opened since their names do not tell of which update they are.
const OPENED: usize = 50;
/// What reading one of them may cost.
const LIMITS: Limits = Limits { unpacked: 2 << 30, ..content::PACKAGE_LIMITS };
/// Steps whose files are looked up among fetched pages.
const LOOKED_UP: usize = 500;

/// A file that a page names.
#[cfg_attr(not(feature = "online"), allow(dead_code))]
pub(in crate::cli) struct Named {
    pub(in crate::cli) name: String,
    pub(in crate::cli) url: String,
    pub(in crate::cli) digest: Option<String>,
}

/// What a folder has.
pub(super) struct Listed {
    path: PathBuf,
    packages: Vec<PackageFile>,
    programs: Vec<String>,
    remarks: Vec<String>,
}

fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default()
}

/// Reads a folder: names, and where they tell of no update, contents.
pub(super) fn list(path: &Path) -> Result<Listed, Failure> {
    let shown = input::named(path);
    let failed = |e: std::io::Error| Failure::input(format!("{shown}: cannot be read: {e}"));
    if path.exists() && !path.is_dir() {
        return Err(Failure::input(format!("{shown}: is no folder; name the one that has the packages")));
    }
    let mut names = Vec::new();
    let mut remarks = Vec::new();
    let mut foreign = 0;
    for entry in std::fs::read_dir(path).map_err(failed)?.take(ENTRIES + 1) {
        if names.len() + foreign == ENTRIES {
            remarks.push(format!("it has more than {ENTRIES} entries: the rest was not looked at"));
            break;
        }
        let entry = entry.map_err(failed)?;
        match entry.file_name().into_string() {
            Ok(name) if matches!(ending(&name).as_str(), "msu" | "cab" | "exe") => names.push(name),
            _ => foreign += 1,
        }
    }
    names.sort();
    names.retain(|n| path.join(n).is_file());
    let (mut packages, mut programs, mut opened) = (Vec::new(), Vec::new(), 0);
    for name in names {
        if ending(&name) == "exe" {
            programs.push(name);
            continue;
        }
        let mut file = PackageFile::by_name(&name);
        if file.kb.is_none() && opened < OPENED {
            opened += 1;
            match File::open(path.join(&name))
                .map_err(|e| e.to_string())
                .and_then(|f| content::read(f, &name, LIMITS).map_err(|e| e.problem))
            {
                Ok(content) => file = PackageFile::with_content(&name, &content),
                Err(why) => remarks.push(format!("{}: {}", input::shown(&name), input::shown_long(&why))),
            }
        } else if file.kb.is_none() {
            remarks
                .push(format!("{}: its name tells of no update, and it was not opened", input::shown(&name)));
        }
        packages.push(file);
    }
    let more = remarks.len().saturating_sub(20);
    remarks.truncate(20);
    if more > 0 {
        remarks.push(format!("and {more} more"));
    }
    Ok(Listed { path: path.to_owned(), packages, programs, remarks })
}

/// A program that a step runs: `clearcompressionflag.exe`.
fn program(step: &PlanStepReport) -> Option<&str> {
    let is_name = |w: &&str| {
        w.len() > 4
            && w.to_ascii_lowercase().ends_with(".exe")
            && w.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if step.kind != "manual" || step.command.is_some() {
        return None;
    }
    step.action.split([' ', ',', '(', ')']).find(is_name)
}

fn stem(program: &str) -> &str {
    program.get(..program.len() - 4).unwrap_or(program)
}

/// The name of the file of each step: as pages that were fetched name it, else a pattern.
pub(super) fn known(
    report: &mut InstallPlanReport,
    read: &ReadArgs,
    catalog: &Catalog,
    host: &Host,
    identity: &Identity,
) {
    let architecture = report.host.architecture;
    let mut named: Vec<Named> = Vec::new();
    for step in report.steps.iter_mut().filter(|s| s.kind == "install") {
        let Some(kb) = step.update.as_deref().and_then(|u| u.parse::<KbId>().ok()) else { continue };
        let files = if step.number as usize <= LOOKED_UP {
            fetched(kb, read, catalog, host, identity)
        } else {
            Vec::new()
        };
        let is_pack = catalog.update(kb).is_some_and(|u| u.kind == UpdateKind::ServicePack);
        let endings: &[&str] = if is_pack { &["exe"] } else { &["msu", "cab"] };
        let own: Vec<&Named> = files
            .iter()
            .filter(|f| endings.contains(&ending(&f.name).as_str()))
            .filter(|f| PackageFile::by_name(&f.name).kb == Some(kb))
            .collect();
        step.file = Some(match own[..] {
            [one] => of_page(one),
            _ => placeholder(file_pattern(kb, architecture, is_pack)),
        });
        named.extend(files);
    }
    for step in &mut report.steps {
        let Some(program) = program(step) else { continue };
        let stem = stem(program).to_ascii_lowercase();
        let is_it = |f: &&Named| {
            let name = f.name.to_ascii_lowercase();
            name.starts_with(&stem) && name.ends_with(".exe")
        };
        step.file = Some(match named.iter().find(is_it) {
            Some(f) => of_page(f),
            None => placeholder(format!("{stem}*.exe")),
        });
    }
}

fn placeholder(name: String) -> PackageFileReport {
    PackageFileReport { name, placeholder: true, path: None, digest: None, url: None }
}

fn of_page(f: &Named) -> PackageFileReport {
    PackageFileReport {
        name: f.name.clone(),
        placeholder: false,
        path: None,
        digest: f.digest.clone(),
        url: Some(f.url.clone()),
    }
}

#[cfg(feature = "online")]
fn fetched(kb: KbId, read: &ReadArgs, catalog: &Catalog, host: &Host, identity: &Identity) -> Vec<Named> {
    super::super::online::known::files(kb, read, catalog, host, identity)
}

#[cfg(not(feature = "online"))]
fn fetched(_: KbId, _: &ReadArgs, _: &Catalog, _: &Host, _: &Identity) -> Vec<Named> {
    Vec::new()
}

/// Gives each step its file of a folder, and tells what is missing.
pub(super) fn matched(report: &mut InstallPlanReport, listed: &Listed) {
    let host = wanted_for(report);
    let mut told = FolderReport {
        path: input::named(&listed.path),
        files: u32::try_from(listed.packages.len()).unwrap_or(u32::MAX),
        remarks: listed.remarks.clone(),
        ..FolderReport::default()
    };
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let programs: Vec<PackageFile> = listed.programs.iter().map(|n| PackageFile::by_name(n)).collect();
    for step in &mut report.steps {
        let Some(wanted) = step.file.as_ref().map(|f| f.name.clone()) else { continue };
        let names: Vec<&str> = match step.update.as_deref().and_then(|u| u.parse::<KbId>().ok()) {
            Some(kb) => {
                let all = if ending(&wanted) == "exe" { &programs } else { &listed.packages };
                let of: Vec<&PackageFile> = all.iter().filter(|p| p.kb == Some(kb)).collect();
                for p in &of {
                    if let Some(why) = p.unfit(&host) {
                        used.insert(&p.name);
                        told.unfit.push(UnfitFileReport { file: input::shown(&p.name), why });
                    }
                }
                of.iter().filter(|p| p.unfit(&host).is_none()).map(|p| p.name.as_str()).collect()
            }
            None => {
                let stem = wanted.split(['*', '.']).next().unwrap_or("").to_ascii_lowercase();
                let is_it = |n: &&String| n.to_ascii_lowercase().starts_with(&stem) && !stem.is_empty();
                listed.programs.iter().filter(is_it).map(String::as_str).collect()
            }
        };
        used.extend(&names);
        // of several, the one that Microsoft's page names
        let exact: Vec<&str> = names.iter().copied().filter(|n| n.eq_ignore_ascii_case(&wanted)).collect();
        let chosen = if exact.len() == 1 { exact } else { names };
        match chosen[..] {
            [one] => {
                let same = step.file.take().filter(|f| f.name.eq_ignore_ascii_case(one));
                step.file = Some(PackageFileReport {
                    name: one.to_owned(),
                    placeholder: false,
                    path: Some(input::named(&listed.path.join(one))),
                    digest: same.as_ref().and_then(|f| f.digest.clone()),
                    url: same.and_then(|f| f.url),
                });
            }
            _ => {
                let why = match chosen.len() {
                    0 => "no such file".to_owned(),
                    n => {
                        let some: Vec<String> = chosen.iter().take(4).map(|n| input::shown(n)).collect();
                        format!("{n} files fit, leave one: {}", some.join(", "))
                    }
                };
                let what = step.update.clone().unwrap_or_else(|| input::shown(&step.action));
                told.missing.push(MissingFileReport { step: step.number, what, wanted, why });
            }
        }
    }
    let rest = listed.packages.iter().filter(|p| !used.contains(p.name.as_str()));
    told.unused = rest.map(|p| input::shown(&p.name)).collect();
    report.folder = Some(told);
}

/// The host, as far as the report tells.
fn wanted_for(report: &InstallPlanReport) -> WantedFor {
    let version = report.host.version.as_deref().unwrap_or("");
    let numbers: Vec<u32> = version.split('.').map_while(|n| n.parse().ok()).take(3).collect();
    WantedFor {
        architecture: report.host.architecture.and_then(|a| a.parse::<Architecture>().ok()),
        kernel: if let [major, minor, ..] = numbers[..] { Some((major, minor)) } else { None },
        build: numbers.get(2).copied(),
    }
}
