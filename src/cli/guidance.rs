//! What Microsoft's guidance asks for beside an inventory: the symptom, and files of WSUS.

use super::{
    Failure,
    args::{Inventories, Machine, Seen},
    input,
};
use crate::{
    guidance::{self, Asked, ClientLog, ClientReader, IisLog, IisReader, WebConfig},
    inventory,
    model::{Host, Version},
    resolve::question::Question,
};
use clap::{Args, ValueEnum};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The largest web.config: the one of WSUS has some 10 KB.
const CONFIG_LIMIT: u64 = 1 << 20;
/// How much of a file tells what it is.
const HEAD: usize = 4 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Symptom {
    // an update does not install
    Failing,
    // an update that was deployed does not arrive
    NotArriving,
    // an update arrives that was not deployed
    Unexpected,
    // clients do not reach WSUS, or WSUS fails
    Wsus,
    // "Failed to connect to Mux due to network or cert errors"
    Mux,
}

/// Guidance of Microsoft, row by row.
#[derive(Debug, Args)]
pub(super) struct Guide {
    /// What is seen: updates do not install, one that was deployed does not arrive, one that was not arrives, WSUS
    /// fails, or the "Mux" message; every row of Microsoft's guidance on it is checked
    #[arg(long, value_enum)]
    symptom: Option<Symptom>,
    /// web.config of WSUS' ClientWebService: read, never changed; may be repeated
    #[arg(long, value_name = "FILE")]
    web_config: Vec<PathBuf>,
    /// Log of the web server (IIS, W3C format) of WSUS; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    iis_log: Vec<PathBuf>,
    /// Server version as the WSUS console shows it, such as 3.2.7600.283
    #[arg(long, value_name = "VERSION")]
    wsus_version: Option<String>,
    /// Version of a WSUS console on another computer
    #[arg(long, value_name = "VERSION")]
    console_version: Option<String>,
}

/// What was given for the guidance, as it was read.
#[derive(Debug)]
pub(super) struct Given {
    symptom: Option<guidance::Symptom>,
    /// updates do not install: the state of the host and the checklist are asked for
    pub(super) failing: bool,
    web_configs: Vec<WebConfig>,
    iis_logs: Vec<IisLog>,
    client_logs: Vec<ClientLog>,
    wsus_version: Option<Version>,
    console_version: Option<Version>,
    /// inventories and logs without the files that are for the guidance
    pub(super) inventories: Inventories,
    pub(super) seen: Seen,
}

/// What a file is, by its beginning.
enum Kind {
    WebConfig,
    IisLog,
    Other,
}

fn kind(path: &Path) -> Kind {
    if input::is_stdin(path) {
        return Kind::Other;
    }
    // what cannot be read is told by whoever reads it
    let Ok(head) = input::head(path, HEAD) else { return Kind::Other };
    let head = inventory::decode(&head);
    if guidance::is_web_config(&head) {
        Kind::WebConfig
    } else if guidance::is_iis_log(&head) {
        Kind::IisLog
    } else {
        Kind::Other
    }
}

fn version(option: &str, text: Option<&String>) -> Result<Option<Version>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let four = text.split('.').count() == 4;
    let version: Option<Version> = text.trim().parse().ok().filter(|_| four);
    match version {
        Some(version) => Ok(Some(version)),
        None => Err(Failure::usage(format!(
            "{option}: `{}` is no version such as 3.2.7600.283",
            input::shown(text)
        ))),
    }
}

impl Guide {
    /// A symptom was named: it is not about one update that failed.
    pub(super) fn has_symptom(&self) -> bool {
        self.symptom.is_some()
    }

    /// Reads the files. Those among logs and inventories that are for the guidance are told by their content.
    pub(super) fn read(&self, inventories: &Inventories, seen: &Seen) -> Result<Given, Failure> {
        let (mut configs, mut logs) = (self.web_config.clone(), self.iis_log.clone());
        let mut rest = |files: &[PathBuf]| {
            let mut others = Vec::new();
            for path in files {
                match kind(path) {
                    Kind::WebConfig => configs.push(path.clone()),
                    Kind::IisLog => logs.push(path.clone()),
                    Kind::Other => others.push(path.clone()),
                }
            }
            others
        };
        let (inventory, log) = (rest(&inventories.inventory), rest(&seen.log));
        let web_configs = configs.iter().map(|path| web_config(path)).collect::<Result<_, _>>()?;
        let iis_logs = logs.iter().map(|path| iis_log(path)).collect::<Result<_, _>>()?;
        // standard input is read once, by whoever reads logs
        let files = log.iter().filter(|path| !input::is_stdin(path));
        let client_logs = files.map(|path| client_log(path)).collect::<Result<_, _>>()?;
        let machine =
            Machine { host: inventories.machine.host.clone(), allow_mixed: inventories.machine.allow_mixed };
        Ok(Given {
            symptom: self.symptom.and_then(|s| match s {
                Symptom::Failing => None,
                Symptom::NotArriving => Some(guidance::Symptom::NotArriving),
                Symptom::Unexpected => Some(guidance::Symptom::Unexpected),
                Symptom::Wsus => Some(guidance::Symptom::Wsus),
                Symptom::Mux => Some(guidance::Symptom::Mux),
            }),
            failing: matches!(self.symptom, Some(Symptom::Failing)),
            web_configs,
            iis_logs,
            client_logs,
            wsus_version: version("--wsus-version", self.wsus_version.as_ref())?,
            console_version: version("--console-version", self.console_version.as_ref())?,
            inventories: Inventories { inventory, set: inventories.set.clone(), machine },
            seen: Seen { error: seen.error.clone(), log },
        })
    }
}

impl Given {
    /// The question of the guidance.
    pub(super) fn asked<'a>(
        &'a self,
        catalog: &'a crate::catalog::Catalog,
        host: &'a Host,
        question: &'a Question,
    ) -> Asked<'a> {
        Asked {
            catalog,
            host,
            symptom: self.symptom,
            error: question.error.as_ref().map(|e| e.text.as_str()),
            update: question.kb,
            web_configs: &self.web_configs,
            iis_logs: &self.iis_logs,
            client_logs: &self.client_logs,
            wsus_version: self.wsus_version,
            console_version: self.console_version,
        }
    }
}

fn web_config(path: &Path) -> Result<WebConfig, Failure> {
    let bytes = input::read(path, CONFIG_LIMIT, "web.config")?;
    let name: Arc<str> = Arc::from(input::named(path));
    guidance::read_web_config(&name, &inventory::decode(&bytes)).map_err(|e| Failure::input(e.to_string()))
}

fn iis_log(path: &Path) -> Result<IisLog, Failure> {
    let mut reader = IisReader::new(&input::named(path));
    input::pieces(path, "log", |piece| reader.feed(piece))?;
    let log = reader.finish();
    if !log.fields {
        return Err(Failure::input(format!(
            "{}: has no line #Fields:, so it is no log of IIS in the W3C format; give \
             C:\\inetpub\\logs\\LogFiles\\W3SVC*\\u_ex*.log of the WSUS site",
            log.file
        )));
    }
    Ok(log)
}

fn client_log(path: &Path) -> Result<ClientLog, Failure> {
    let mut reader = ClientReader::new(&input::named(path));
    input::pieces(path, "log", |piece| reader.feed(piece))?;
    Ok(reader.finish())
}
