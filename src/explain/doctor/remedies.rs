//! What to do, in words and commands, with what it may break.

use super::{super::short_title, super::wording, Words};
use crate::{
    doctor::{Action, Remedy, Repair},
    model::{Architecture, KbId},
    report::RemedyReport,
};

impl Words<'_> {
    pub(super) fn remedies(&self, r: &Remedy) -> Vec<RemedyReport> {
        let source = r.source.clone().unwrap_or_else(|| "rule".into());
        let one = |text: String, command: Option<&str>, danger: Option<&str>| RemedyReport {
            text,
            command: command.map(str::to_owned),
            danger: danger.map(str::to_owned),
            source: source.clone(),
        };
        match &r.action {
            Action::Install(kbs) if self.examined.next.is_some() && kbs.first() == self.examined.next.as_ref() => {
                let what = if self.is_last() { "the last for everybody" } else { "the newest for it" };
                vec![one(format!("Install {}: {what}.", self.names(kbs)), None, None)]
            }
            Action::Install(kbs) => vec![one(format!("Install {}.", self.names(kbs)), None, None)],
            Action::ServicePack(n) => vec![one(format!("Install Service Pack {n}."), None, None)],
            Action::Restart => vec![one(
                "Restart, then look again.".into(),
                Some("shutdown /r /t 0"),
                Some("it ends what runs on the host"),
            )],
            Action::RevertPending => vec![one(
                "If it still waits after restarts: take back what is pending, from the recovery environment, as the page says."
                    .into(),
                Some(r"dism /image:D:\ /cleanup-image /revertpendingactions"),
                Some(
                    "it takes back every update that waits, and the page has you delete transaction files and values of the \
                     registry: the host may not start afterwards. Back up the system drive first",
                ),
            )],
            Action::Entitle => vec![one(
                "Obtain Extended Security Updates and activate them (a key, or Azure Arc where it is offered).".into(),
                None,
                None,
            )],
            Action::Upgrade => vec![one("Move to a release that is supported.".into(), None, None)],
            Action::EntitleBy(day) => vec![one(
                format!(
                    "To have updates after {day}: obtain Extended Security Updates and activate them (a key, or Azure \
                     Arc where it is offered)."
                ),
                None,
                None,
            )],
            Action::UpgradeBy(day) => {
                vec![one(format!("By {day} move to a release that is supported for longer."), None, None)]
            }
            Action::AddSha2(kbs) if kbs.is_empty() => vec![one("Bring in SHA-2 code signing support.".into(), None, None)],
            Action::AddSha2(kbs) => vec![one(format!("Install {}.", self.names(kbs)), None, None)],
            Action::RepairStore(means, culprit) => self.repair(*means, *culprit, &source),
            Action::FreeSpace => vec![one(
                "Free space on the system drive: remove programs and files that are not needed, or move them.".into(),
                None,
                Some("what is deleted is gone: Microsoft asks to back up the system drive first"),
            )],
            Action::StartService(name) => {
                let command = format!("sc config {name} start= demand & net start {name}");
                vec![RemedyReport {
                    text: format!("Let the service {name} start again."),
                    command: Some(command),
                    danger: Some("it may be disabled on purpose: ask who manages the host".into()),
                    source,
                }]
            }
            Action::RunLocally => vec![one(
                "Start it on the host itself, or as a scheduled task under SYSTEM.".into(),
                None,
                None,
            )],
            Action::InstallAgain(kb) => vec![one(format!("Install {} again.", self.name(*kb)), None, None)],
            Action::Explain(kb, code) => {
                let error = if code.is_empty() { String::new() } else { format!(" --error {code}") };
                vec![RemedyReport {
                    text: format!("Ask why {kb} failed."),
                    command: Some(format!("kbwhy explain {kb}{error} --inventory FILE")),
                    danger: None,
                    source,
                }]
            }
            Action::ByHand { kb, name } => vec![
                one(
                    format!("Search the Update Catalog for {kb} and download the package for this Windows: {name}"),
                    Some(&format!("https://www.catalog.update.microsoft.com/Search.aspx?q={kb}")),
                    None,
                ),
                one("Install the file that was downloaded.".into(), Some("wusa FILE.msu /norestart"), None),
            ],
            Action::Other(r) => {
                vec![one(wording::remedy(r, |kb| short_title(self.catalog, kb)), None, None)]
            }
        }
    }

    fn repair(&self, means: Repair, culprit: Option<KbId>, source: &str) -> Vec<RemedyReport> {
        let one = |text: &str, command: Option<&str>| RemedyReport {
            text: text.to_owned(),
            command: command.map(str::to_owned),
            danger: None,
            source: source.to_owned(),
        };
        let mut out = Vec::new();
        if let Some(kb) = culprit {
            out.push(one(&format!("Install {kb} again: its files are what is missing."), None));
        }
        let tool = "Install the System Update Readiness Tool (KB947821) of this Windows and architecture: it repairs while \
                    it installs. What it cannot repair stands in %windir%\\Logs\\CBS\\CheckSUR.log: put those packages \
                    (.msu) into %windir%\\CheckSUR\\packages and install it again.";
        let check = "Then check the system files.";
        match means {
            Repair::Dism => {
                out.push(one(
                    "Repair the component store.",
                    Some("dism /online /cleanup-image /restorehealth"),
                ));
                out.push(one(check, Some("sfc /scannow")));
            }
            Repair::DismOfImage => {
                out.push(one(
                    "Repair the component store of the image; it needs a source of the same build.",
                    Some(r"dism /image:C:\mount /cleanup-image /restorehealth /source:C:\RepairSource\Windows /limitaccess"),
                ));
            }
            Repair::ReadinessTool => {
                let architecture = self.host.architecture.as_ref().map(|f| f.value);
                let name = match architecture {
                    Some(Architecture::X64) => " (x64)",
                    Some(Architecture::X86) => " (x86)",
                    _ => "",
                };
                out.push(one(
                    &tool.replace(" of this Windows and architecture", &format!(" of this Windows{name}")),
                    None,
                ));
                out.push(one(check, Some("sfc /scannow")));
            }
            Repair::Either => {
                out.push(one(
                    "On Windows 8, Server 2012 and later repair the component store.",
                    Some("dism /online /cleanup-image /restorehealth"),
                ));
                out.push(one(&format!("On Windows 7, Server 2008 R2 and 2008: {tool}"), None));
                out.push(one(check, Some("sfc /scannow")));
            }
            Repair::FileChecker => out.push(one("Check the system files.", Some("sfc /scannow"))),
        }
        out
    }
}
