//! Applicability rules in words.

use crate::{
    applicability::{
        Comparison, Concern, Judgement, Need, Offer, Operator, Outcome, Place, RuleDocument, Section,
        SectionKind, WindowsVersion,
    },
    catalog::Catalog,
    model::{Host, Truth},
    report::{
        RuleClauseReport, RulePrerequisiteReport, RuleReport, RuleSectionReport, RulesReport, UnknownReport,
    },
    resolve::identity,
};

/// Clauses that are shown of one section.
const SHOWN: usize = 12;

/// Reports what documents say of a host.
pub fn rules_report(catalog: &Catalog, host: &Host, judged: &[(&RuleDocument, Judgement)]) -> RulesReport {
    RulesReport {
        schema: "kbwhy/rules/1",
        host: host.name.as_ref().map(|f| f.value.clone()),
        windows: identity::identify(catalog, host).words,
        version: host.version.as_ref().map(|f| {
            let [a, b, c, _] = f.value.0;
            host.revision
                .as_ref()
                .map_or_else(|| format!("{a}.{b}.{c}"), |r| format!("{a}.{b}.{c}.{}", r.value))
        }),
        architecture: host.architecture.as_ref().map(|f| f.value.name()),
        documents: judged.iter().map(|(d, j)| document_report(host, d, j)).collect(),
    }
}

fn document_report(host: &Host, document: &RuleDocument, judged: &Judgement) -> RuleReport {
    let sections: Vec<RuleSectionReport> = SectionKind::ALL
        .into_iter()
        .filter_map(|kind| Some(section_report(document, document.section(kind)?, judged.section(kind)?)))
        .collect();
    let open = open_sections(judged);
    let mut unknown: Vec<UnknownReport> = Vec::new();
    let mut not_known: Vec<String> = Vec::new();
    for outcome in &open {
        for need in &outcome.needs {
            let (fact, collect) = need_words(need);
            if !unknown.iter().any(|u| u.fact == fact) {
                unknown.push(UnknownReport { fact, collect });
            }
        }
        for name in &outcome.not_known {
            if !not_known.contains(name) {
                not_known.push(name.clone());
            }
        }
    }
    RuleReport {
        file: document.file.to_string(),
        line: document.line,
        update: document.update.clone(),
        revision: document.revision,
        update_type: document.update_type.clone(),
        title: document.title.clone(),
        kbs: document.kbs.clone(),
        package: document.package_name.clone(),
        verdict: judged.offer.name(),
        summary: summary(host, document, judged),
        sections,
        prerequisites: judged
            .prerequisites
            .iter()
            .map(|p| RulePrerequisiteReport { any_of: p.clause.any_of.clone(), holds: p.truth.name() })
            .collect(),
        operators_not_known: not_known,
        unknown,
        remarks: document.remarks.clone(),
    }
}

/// The sections that keep a verdict from being given; all that are open where none is.
fn open_sections(judged: &Judgement) -> Vec<&Outcome> {
    let all = [&judged.installed, &judged.superseded, &judged.installable];
    match judged.offer {
        Offer::Unknown => all.into_iter().flatten().filter(|o| o.truth == Truth::Unknown).collect(),
        _ => Vec::new(),
    }
}

fn section_report(document: &RuleDocument, section: &Section, outcome: &Outcome) -> RuleSectionReport {
    let grouped = grouped(document, section, outcome);
    let more = grouped.len().saturating_sub(SHOWN) + outcome.deciding.saturating_sub(outcome.clauses.len());
    RuleSectionReport {
        name: section.kind.name(),
        value: outcome.truth.name(),
        clauses: grouped.into_iter().take(SHOWN).map(|(report, _)| report).collect(),
        more,
    }
}

/// Clauses in words, the most telling first; alternatives of one thing together.
fn grouped(
    document: &RuleDocument,
    section: &Section,
    outcome: &Outcome,
) -> Vec<(RuleClauseReport, Concern)> {
    let mut out: Vec<(RuleClauseReport, Concern, Words)> = Vec::new();
    for clause in &outcome.clauses {
        let Some(node) = section.nodes.get(clause.node) else { continue };
        let words = of_package(words(&node.operator, &node.written), &node.operator, document);
        let holds = if clause.negated { !clause.truth } else { clause.truth };
        let observed = clause.observed.as_ref().map(|o| o.value.clone());
        let same = |(r, _, w): &&mut (RuleClauseReport, Concern, Words)| {
            w.subject == words.subject
                && w.negated == clause.negated
                && words.sign == "="
                && w.sign == "="
                && r.observed == observed
                && r.holds == holds.name()
        };
        if let Some((_, _, known)) = out.iter_mut().find(same) {
            if !known.values.contains(&words.value) {
                known.values.push(words.value);
            }
            continue;
        }
        let report = RuleClauseReport {
            text: String::new(),
            place: section.path(clause.node),
            line: node.line,
            holds: holds.name(),
            observed,
            source: clause.observed.as_ref().map(|o| o.origin.to_string()),
            doubt: clause.doubt,
        };
        let values = vec![words.value.clone()];
        out.push((report, clause.concern, Words { values, negated: clause.negated, ..words }));
    }
    let mut out: Vec<(RuleClauseReport, Concern)> = out
        .into_iter()
        .map(|(mut report, concern, words)| {
            report.text = words.text();
            (report, concern)
        })
        .collect();
    out.sort_by_key(|(_, concern)| *concern);
    out
}

/// The most telling clause of a section, as "what is asked" and "what the host has".
fn telling(document: &RuleDocument, section: &Section, outcome: &Outcome) -> Option<RuleClauseReport> {
    grouped(document, section, outcome).into_iter().next().map(|(report, _)| report)
}

/// The embedded package by its name, where an operator asks for it.
fn of_package(words: Words, operator: &Operator, document: &RuleDocument) -> Words {
    match (operator, &document.package) {
        (Operator::CbsPackageInstalled | Operator::CbsPackageInstallable, Some(p)) => {
            let subject = format!("{} {} ({})", p.name, p.version, p.architecture);
            Words { subject, ..words }
        }
        _ => words,
    }
}

/// An operator as subject, sign and value.
struct Words {
    subject: String,
    sign: &'static str,
    value: String,
    values: Vec<String>,
    negated: bool,
}

impl Words {
    fn text(&self) -> String {
        const LISTED: usize = 16;
        let values = match self.values.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            many => {
                let shown = many.iter().take(LISTED).cloned().collect::<Vec<_>>();
                let more = many.len().saturating_sub(LISTED);
                match (shown.split_last(), more) {
                    (Some((last, head)), 0) => format!("{} or {last}", head.join(", ")),
                    _ => format!("{} or {more} others", shown.join(", ")),
                }
            }
        };
        let text = [self.subject.as_str(), self.sign, values.as_str()];
        let text = text.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ");
        if self.negated { format!("not ({text})") } else { text }
    }
}

/// One operator in a line: `OSVersion >= 10.0.26100.1`.
pub fn operator_words(operator: &Operator, written: &str) -> String {
    let words = words(operator, written);
    Words { values: vec![words.value.clone()], ..words }.text()
}

fn words(operator: &Operator, written: &str) -> Words {
    let of = |subject: String, sign: &'static str, value: String| Words {
        subject,
        sign,
        value,
        values: Vec::new(),
        negated: false,
    };
    let value = |p: &Place| {
        let name = if p.value.is_empty() { "(default)" } else { &p.value };
        format!("HKLM\\{}\\{name}{}", p.written, view(p))
    };
    let quoted = |t: &str| format!("`{t}`");
    let full = |v: &crate::model::Version| v.0.map(|n| n.to_string()).join(".");
    match operator {
        Operator::True => of("always".into(), "", String::new()),
        Operator::False => of("never".into(), "", String::new()),
        Operator::WindowsVersion(v) => version_words(v),
        Operator::Platform(id) => of("platform".into(), "=", id.to_string()),
        Operator::Processor(id) => of("architecture".into(), "=", architecture(*id)),
        Operator::WindowsLanguage(l) => of("language of Windows".into(), "=", l.clone()),
        Operator::MuiInstalled => of("several languages are installed".into(), "", String::new()),
        Operator::MuiLanguageInstalled(l) => of("installed language".into(), "=", l.clone()),
        Operator::RegKeyExists(p) => {
            of(format!("key HKLM\\{}{}", p.written, view(p)), "is there", String::new())
        }
        Operator::RegValueExists(p, kind) => {
            of(value(p), "is there", kind.as_ref().map(|k| format!("as {k}")).unwrap_or_default())
        }
        Operator::RegDword(p, c, data) => of(value(p), c.sign(), data.to_string()),
        Operator::RegSz(p, c, data) | Operator::RegExpandSz(p, c, data) => {
            of(value(p), c.words(), quoted(data))
        }
        Operator::RegSzToVersion(p, c, data) => of(value(p), c.sign(), full(data)),
        Operator::FileExists(path, None) => of(path.clone(), "is there", String::new()),
        Operator::FileExists(path, Some(v)) => of(format!("version of {path}"), "=", full(v)),
        Operator::FileVersion(path, c, v) => of(format!("version of {path}"), c.sign(), full(v)),
        Operator::CbsPackageInstalled => of("the package".into(), "is installed", String::new()),
        Operator::CbsPackageInstalledByIdentity(id) => of(id.clone(), "is installed", String::new()),
        Operator::CbsPackageInstallable => of("the package".into(), "can be installed", String::new()),
        Operator::ProductReleaseInstalled { name, version } => of(name.clone(), ">=", full(version)),
        Operator::ProductReleaseVersion { name, comparison, version } => {
            of(name.clone(), comparison.sign(), full(version))
        }
        Operator::DeviceAttribute { name, comparison, value, .. } => {
            of(name.clone(), comparison.sign(), value.clone())
        }
        Operator::LicenseDword(name, c, data) => {
            of(format!("licence value {name}"), c.sign(), data.to_string())
        }
        Operator::WmiQuery(text, _) => of(text.chars().take(300).collect(), "gives a row", String::new()),
        Operator::Other(why) => of(written.to_owned(), "", format!("({why})")),
        Operator::And | Operator::Or | Operator::Not => of(written.to_owned(), "", String::new()),
    }
}

fn view(p: &Place) -> &'static str {
    if p.wow32 { " (as 32-bit programs see it)" } else { "" }
}

/// The key with its root in capitals, as people write it.
fn key_words(key: &str) -> String {
    key.strip_prefix("hklm\\").map_or_else(|| key.to_owned(), |rest| format!("HKLM\\{rest}"))
}

fn architecture(id: u32) -> String {
    match id {
        0 => "x86",
        5 => "arm",
        6 => "ia64",
        9 => "x64",
        12 => "arm64",
        _ => return id.to_string(),
    }
    .to_owned()
}

fn version_words(v: &WindowsVersion) -> Words {
    let mut version: Vec<String> = [v.major, v.minor].into_iter().flatten().map(|n| n.to_string()).collect();
    if version.is_empty() && v.build.is_some() {
        version.push("build".into());
    }
    let mut text = version.join(".");
    if let Some(build) = v.build {
        text += if text == "build" { " " } else { "." };
        text += &build.to_string();
    }
    if let Some(pack) = v.sp_major {
        text += &format!(", Service Pack {pack}");
    }
    let mut subject = "Windows".to_owned();
    let mut sign = v.comparison.unwrap_or(Comparison::Equal).sign();
    if let Some(t) = v.product_type {
        let kind = match t {
            1 => "a client",
            2 => "a domain controller",
            3 => "a server",
            _ => "a system of another type",
        };
        if text.is_empty() {
            (subject, sign, text) = ("Windows is".into(), "", kind.into());
        } else {
            text += &format!(", {kind}");
        }
    }
    if let Some(mask) = v.suite_mask {
        text += &format!(", suite {mask}");
    }
    Words { subject, sign, value: text, values: Vec::new(), negated: false }
}

/// What is asked and what the host has, in one phrase.
fn clause_phrase(clause: &RuleClauseReport) -> String {
    match (&clause.observed, clause.doubt) {
        (Some(observed), Some(doubt)) => format!("{}; the host has {observed}, but {doubt}", clause.text),
        (Some(observed), None) => format!("{}; the host has {observed}", clause.text),
        (None, Some(doubt)) => format!("{}; {doubt}", clause.text),
        (None, None) => clause.text.clone(),
    }
}

fn summary(host: &Host, document: &RuleDocument, judged: &Judgement) -> String {
    let name = host.name.as_ref().map_or("this host", |f| f.value.as_str());
    let told = |kind: SectionKind| {
        let clause = telling(document, document.section(kind)?, judged.section(kind)?)?;
        Some(clause_phrase(&clause))
    };
    let because = |kind| told(kind).map(|t| format!(" ({t})")).unwrap_or_default();
    match judged.offer {
        Offer::Installed => format!("It is installed on {name}{}.", because(SectionKind::IsInstalled)),
        Offer::Superseded => {
            format!(
                "Windows Update would not offer it to {name}: something there supersedes it{}.",
                because(SectionKind::IsSuperseded)
            )
        }
        Offer::NotInstallable => match told(SectionKind::IsInstallable) {
            Some(why) => format!("Windows Update would not offer it to {name}: it asks for {why}."),
            None => format!("Windows Update would not offer it to {name}: it does not fit."),
        },
        Offer::PrerequisiteMissing => {
            let missing = judged.prerequisites.iter().find(|p| p.truth == Truth::False);
            let which = missing.map(|p| p.clause.any_of.join(" or ")).unwrap_or_default();
            format!("Windows Update would not offer it to {name}: the prerequisite {which} does not hold.")
        }
        Offer::Offered => {
            format!("Windows Update would offer it to {name}: its rules and its prerequisites hold.")
        }
        Offer::OfferedIfPrerequisites => {
            let open = judged.prerequisites.iter().filter(|p| p.truth == Truth::Unknown).count();
            let all = judged.prerequisites.len();
            format!(
                "It is not installed on {name}, and its own rules fit. Windows Update would offer it if its prerequisites hold, of which {open} of {all} {} not known: give their rules too.",
                if open == 1 { "is" } else { "are" }
            )
        }
        Offer::Holds => format!("It holds of {name}{}.", because(SectionKind::IsInstalled)),
        Offer::DoesNotHold => format!("It does not hold of {name}{}.", because(SectionKind::IsInstalled)),
        Offer::Unknown => unknown_summary(document, judged, name),
    }
}

fn unknown_summary(document: &RuleDocument, judged: &Judgement, name: &str) -> String {
    if document.is_empty() {
        return if document.bundles > 0 {
            format!(
                "It bundles other updates (so many: {}) and has no rules of its own: theirs decide.",
                document.bundles
            )
        } else {
            "The document has no applicability rules.".to_owned()
        };
    }
    let open: Vec<&str> = SectionKind::ALL
        .into_iter()
        .filter(|kind| judged.section(*kind).is_some_and(|o| o.truth == Truth::Unknown))
        .map(SectionKind::name)
        .collect();
    if open.is_empty() && judged.installable.is_none() && !document.is_detection() {
        return format!(
            "It is not installed on {name}. The document has no IsInstallable rule, so that it does not tell whether it fits."
        );
    }
    if open.is_empty() {
        return format!("Cannot tell yet for {name}: whether its prerequisites hold is not known.");
    }
    format!("Cannot tell yet for {name}: {} is open.", open.join(" and "))
}

/// A fact that a rule asks for: its name, and the command that gives it.
pub fn need_words(need: &Need) -> (String, String) {
    const NT: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion";
    const OPTIONS: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions";
    match need {
        Need::OsVersion => ("os.version".into(), "systeminfo".into()),
        Need::Revision => ("os.revision".into(), format!("reg query \"{NT}\" /v UBR")),
        Need::ServicePack => ("os.service_pack".into(), "systeminfo".into()),
        Need::ProductType => ("registry ProductType".into(), format!("reg query {OPTIONS} /v ProductType")),
        Need::Architecture => ("os.architecture".into(), "systeminfo".into()),
        Need::Sku => ("os.edition".into(), format!("reg query \"{NT}\"")),
        Need::Language => ("languages of Windows".into(), "dism /online /english /get-intl".into()),
        Need::RegistryValue(key, name) => {
            let key = key_words(key);
            let value = if name.is_empty() { "/ve".to_owned() } else { format!("/v \"{name}\"") };
            let shown = if name.is_empty() { "(default)" } else { name };
            (
                format!("registry.{key}\\{shown}"),
                format!(
                    "reg query \"{key}\" {value}  (paste it with its command line; or, if it is not there: --set \"registry.{key}\\{shown}=absent\")"
                ),
            )
        }
        Need::RegistryKey(key) => {
            let key = key_words(key);
            (
                format!("registry.{key}\\"),
                format!(
                    "reg query \"{key}\"  (paste it with its command line; or, if it is not there: --set \"registry.{key}\\=absent\")"
                ),
            )
        }
        Need::File(path) => {
            let of_shell = environment(path);
            (
                format!("files.{path}"),
                format!(
                    "powershell \"(Get-Item '{of_shell}').VersionInfo.FileVersionRaw\"  (then: --set \"files.{path}=VERSION\", or absent)"
                ),
            )
        }
        Need::Packages => ("packages".into(), "dism /online /english /get-packages > packages.txt".into()),
        Need::Device(name) => (
            format!("device.{name}"),
            format!("no stock command shows it; if it is known: --set device.{name}=VALUE (empty: not set)"),
        ),
        Need::License(name) => (
            format!("licence value {name}"),
            format!("reg query {OPTIONS} /v ProductPolicy  (holds it, in binary)"),
        ),
        Need::Wmi(what) => (
            "Win32_OperatingSystem".into(),
            match what.contains(' ') {
                true => format!(
                    "powershell \"Get-CimInstance -Query '{}'\"",
                    what.chars().take(200).collect::<String>()
                ),
                false => format!("wmic os get {what} /value"),
            },
        ),
    }
}

/// `%windir%\x` as a shell expands it within quotes.
fn environment(path: &str) -> String {
    match path.strip_prefix('%').and_then(|p| p.split_once('%')) {
        Some((name, rest)) => format!("%{name}%{rest}"),
        None => path.to_owned(),
    }
}

/// What a section asks for, and what the host has.
pub(super) fn asked_words(
    section: SectionKind,
    any_of: &[(Operator, String)],
    negated: bool,
    host: Option<&str>,
) -> String {
    let mut grouped: Vec<Words> = Vec::new();
    for (operator, written) in any_of {
        let words = words(operator, written);
        match grouped.iter_mut().find(|w| w.subject == words.subject && w.sign == "=" && words.sign == "=") {
            Some(known) if known.values.contains(&words.value) => {}
            Some(known) => known.values.push(words.value),
            None => grouped.push(Words { values: vec![words.value.clone()], negated, ..words }),
        }
    }
    let all: Vec<String> = grouped.iter().take(3).map(Words::text).collect();
    let host = host.map(|h| format!("; the host has {h}")).unwrap_or_default();
    format!("Windows Update's rule {} asks for {}{host}", section.name(), all.join(" or "))
}
