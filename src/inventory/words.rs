//! Words of the tools in the languages that were seen. They only help: every format is read by its structure.

use crate::model::Edition;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Labels of systeminfo's lines: computer name, OS name, OS version, system type, updates.
struct Labels {
    host: &'static str,
    product: &'static str,
    version: &'static str,
    kind: &'static str,
    updates: &'static str,
}

const fn labels(
    host: &'static str,
    product: &'static str,
    version: &'static str,
    kind: &'static str,
    updates: &'static str,
) -> Labels {
    Labels { host, product, version, kind, updates }
}

const LABELS: [Labels; 15] = [
    labels("Host Name", "OS Name", "OS Version", "System Type", "Hotfix(s)"),
    labels("Hostname", "Betriebssystemname", "Betriebssystemversion", "Systemtyp", "Hotfix(es)"),
    labels(
        "Nom de l'hôte",
        "Nom du système d'exploitation",
        "Version du système",
        "Type du système",
        "Correctif(s)",
    ),
    labels(
        "Nombre de host",
        "Nombre del sistema operativo",
        "Versión del sistema operativo",
        "Tipo de sistema",
        "Revisión(es)",
    ),
    labels("Nome host", "Nome SO", "Versione SO", "Tipo sistema", "Aggiornamenti rapidi"),
    labels(
        "Nome do host",
        "Nome do sistema operacional",
        "Versão do sistema operacional",
        "Tipo de sistema",
        "Hotfix(es)",
    ),
    labels("Имя узла", "Название ОС", "Версия ОС", "Тип системы", "Исправление(я)"),
    labels("主机名", "OS 名称", "OS 版本", "系统类型", "修补程序"),
    labels("主機名稱", "作業系統名稱", "作業系統版本", "系統類型", "Hotfix"),
    labels("ホスト名", "OS 名", "OS バージョン", "システムの種類", "ホットフィックス"),
    labels("호스트 이름", "OS 이름", "OS 버전", "시스템 종류", "핫픽스"),
    labels(
        "Nazwa hosta",
        "Nazwa systemu operacyjnego",
        "Wersja systemu operacyjnego",
        "Typ systemu",
        "Poprawki",
    ),
    labels(
        "Ana Bilgisayar Adı",
        "İşletim Sistemi Adı",
        "İşletim Sistemi Sürümü",
        "Sistem Türü",
        "Düzeltme(ler)",
    ),
    labels(
        "Název hostitele",
        "Název operačního systému",
        "Verze operačního systému",
        "Typ systému",
        "Opravy hotfix",
    ),
    labels("Värdnamn", "OS-namn", "OS-version", "Systemtyp", "Snabbkorrigering(ar)"),
];

/// What a label of systeminfo stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Host,
    Product,
    Version,
    Kind,
    Updates,
}

/// Letters and digits in lower case; accents, typographic apostrophes and lost letters drop out on both sides.
fn skeleton(text: &str) -> String {
    let latin = text.chars().all(|c| !c.is_alphabetic() || c <= '\u{24f}');
    let keep = |c: &char| if latin { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() };
    text.chars().filter(keep).collect::<String>().to_lowercase()
}

/// What this label stands for, if the language is one of those that were seen.
pub(super) fn label(text: &str) -> Option<Label> {
    if !text.is_ascii() {
        return SKELETONS.get(&skeleton(text)).copied();
    }
    // the usual case, for every line of a text: nothing is allocated
    let mut buffer = [0u8; 64];
    let letters = text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    let mut length = 0;
    for letter in letters {
        *buffer.get_mut(length)? = letter;
        length += 1;
    }
    SKELETONS.get(std::str::from_utf8(buffer.get(..length)?).ok()?).copied()
}

/// The labels as they are compared; the first language that has a label decides what it stands for.
static SKELETONS: LazyLock<BTreeMap<String, Label>> = LazyLock::new(|| {
    let mut out = BTreeMap::new();
    for l in &LABELS {
        for (name, label) in [
            (l.host, Label::Host),
            (l.product, Label::Product),
            (l.version, Label::Version),
            (l.kind, Label::Kind),
            (l.updates, Label::Updates),
        ] {
            out.entry(skeleton(name)).or_insert(label);
        }
    }
    out
});

/// Does the line begin with a label exactly as it is spelled?
pub(super) fn starts_with_label(line: &str) -> bool {
    let t = line.trim_start();
    LABELS.iter().any(|l| {
        [l.host, l.product, l.version, l.kind, l.updates]
            .iter()
            .any(|name| t.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with([':', '：'])))
    })
}

/// Words that tell a code page apart where labels do not: parts of other labels, editions and states.
const TELLING: [&str; 58] = [
    "installées",
    "Propriétaire",
    "Identificateur",
    "Répertoire",
    "Périphérique",
    "Mémoire",
    "système",
    "Compilación",
    "compilación",
    "revisión",
    "instaladas",
    "Organización",
    "Configuración",
    "Tamaño",
    "Ubicación",
    "Zeitzone",
    "Verfügbar",
    "Registrierter",
    "Größe",
    "Ursprüngliches",
    "für",
    "compilação",
    "Configuração",
    "Versão",
    "Memória",
    "Proprietário",
    " è ",
    "Proprietà",
    "построение",
    "Число",
    "Изготовитель",
    "Майкрософт",
    "версия",
    "Пользователь",
    "安装了",
    "专业版",
    "企业版",
    "教育版",
    "家庭",
    "暂缺",
    "已安裝",
    "企業版",
    "專業版",
    "組建",
    "ビルド",
    "インストールされています",
    "インストール済み",
    "パッケージ",
    "イメージ",
    "패키지",
    "이미지",
    "程序包",
    "映像",
    "Состояние",
    "образа",
    "Paketidentität",
    "빌드",
    "설치",
];

/// How many of the telling words occur.
pub(super) fn localized_words(text: &str) -> i64 {
    let count = TELLING.iter().filter(|w| text.contains(**w)).count();
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// "Not known", as the tools write it in an empty field.
pub(super) fn is_not_available(value: &str) -> bool {
    matches!(
        value.trim(),
        "N/A"
            | "N/D"
            | "Н/Д"
            | "暂缺"
            | "不適用"
            | "該当なし"
            | "해당 없음"
            | "Nicht zutreffend"
            | "n/a"
            | "Yok"
            | "N/V"
    )
}

/// The product's name without trademark signs, and without what code pages made of them.
pub(super) fn product(text: &str) -> String {
    let mut out: String = text.chars().take(200).collect();
    for sign in ["(R)", "(r)", "(TM)", "(tm)", "®", "™", "\u{fffd}", "\u{2592}"] {
        out = out.replace(sign, " ");
    }
    // in code pages without the signs, ® becomes r and ™ becomes T
    let words = out.split_whitespace().map(|w| match w {
        "Microsoftr" => "Microsoft",
        "Windowsr" => "Windows",
        "Serverr" => "Server",
        "VistaT" => "Vista",
        "XPT" => "XP",
        _ => w,
    });
    let mut joined = words.collect::<Vec<_>>().join(" ");
    while let Some(at) = joined.find(" ,") {
        joined.remove(at);
    }
    joined
}

/// Is this the name of a Windows, not an account (`Windows User`) or a folder (`C:\Windows`)?
pub(super) fn is_product(text: &str) -> bool {
    if !super::lines::mentions(text, "windows") {
        return false;
    }
    let clean = product(text);
    let lower = clean.to_lowercase();
    let Some(at) = lower.find("windows") else { return false };
    if lower[..at].ends_with(['\\', '/']) || lower.contains('\\') {
        return false;
    }
    let rest = lower[at + "windows".len()..].trim_start();
    let first = rest.split([' ', ',']).next().unwrap_or("");
    first.starts_with(|c: char| c.is_ascii_digit())
        || matches!(
            first,
            "server"
                | "vista"
                | "xp"
                | "nt"
                | "rt"
                | "me"
                | "storage"
                | "embedded"
                | "multipoint"
                | "thin"
                | "hpc"
                | "iot"
                | "small"
        )
        || matches!(first, "web" | "home") && rest.contains("server")
        || rest.contains("hyper-v server")
}

/// Edition words in the order in which they are tried, and how admins spell them.
const EDITIONS: [(&str, &str); 63] = [
    ("pro for workstations", "Pro for Workstations"),
    ("pro pour stations de travail", "Pro for Workstations"),
    ("专业工作站版", "Pro for Workstations"),
    ("pro education", "Pro Education"),
    ("home single language", "Home Single Language"),
    ("famille unilingue", "Home Single Language"),
    ("家庭单语言版", "Home Single Language"),
    ("家庭中文版", "Home China"),
    ("home china", "Home China"),
    ("home premium", "Home Premium"),
    ("edition familiale premium", "Home Premium"),
    ("édition familiale premium", "Home Premium"),
    ("familiale premium", "Home Premium"),
    ("home basic", "Home Basic"),
    ("家庭高级版", "Home Premium"),
    ("домашняя расширенная", "Home Premium"),
    ("домашняя базовая", "Home Basic"),
    ("datacenter: azure edition", "Datacenter: Azure Edition"),
    ("datacenter azure edition", "Datacenter: Azure Edition"),
    ("iot enterprise", "IoT Enterprise"),
    ("enterprise for virtual desktops", "Enterprise multi-session"),
    ("enterprise multi-session", "Enterprise multi-session"),
    ("enterprise", "Enterprise"),
    ("entreprise", "Enterprise"),
    ("企业版", "Enterprise"),
    ("企業版", "Enterprise"),
    ("корпоративная", "Enterprise"),
    ("엔터프라이즈", "Enterprise"),
    ("education", "Education"),
    ("éducation", "Education"),
    ("教育版", "Education"),
    ("для образовательных учреждений", "Education"),
    ("datacenter", "Datacenter"),
    ("data center", "Datacenter"),
    ("数据中心版", "Datacenter"),
    ("standard", "Standard"),
    ("标准版", "Standard"),
    ("essentials", "Essentials"),
    ("foundation", "Foundation"),
    ("web server", "Web"),
    ("web edition", "Web"),
    ("small business server", "Small Business Server"),
    ("professionnel", "Professional"),
    ("professional", "Professional"),
    ("profesional", "Professional"),
    ("профессиональная", "Professional"),
    ("专业版", "Professional"),
    ("專業版", "Professional"),
    ("프로", "Professional"),
    ("ultimate", "Ultimate"),
    ("edition intégrale", "Ultimate"),
    ("édition intégrale", "Ultimate"),
    ("旗舰版", "Ultimate"),
    ("максимальная", "Ultimate"),
    ("starter", "Starter"),
    ("business", "Business"),
    ("home", "Home"),
    ("famille", "Home"),
    ("家庭版", "Home"),
    ("家用版", "Home"),
    ("домашняя", "Home"),
    ("hogar", "Home"),
    ("pro", "Pro"),
];

/// Editions whose names are of several words, which other editions' names are a part of: `Pro для рабочих станций`.
fn edition_of_words(tail: &str) -> Option<String> {
    let any = |words: &[&str]| words.iter().any(|w| tail.contains(w));
    let pro = any(&["pro", "про", "专业", "專業", "프로"]);
    let workstations = any(&[
        "workstation",
        "stations de travail",
        "estaciones de trabajo",
        "estações de trabalho",
        "arbeitsstation",
        "рабочих станций",
        "робочих станцій",
        "工作站",
        "ワークステーション",
        "워크스테이션",
        "stacji roboczych",
    ]);
    let education = any(&[
        "education",
        "éducation",
        "educación",
        "educação",
        "образован",
        "教育",
        "에듀케이션",
        "edukacja",
    ]);
    let home = any(&["home", "famille", "домашняя", "домашня", "家庭", "家用", "hogar"]);
    let single = any(&[
        "single language",
        "unilingue",
        "для одного языка",
        "для однієї мови",
        "单语言",
        "單一語言",
        "un solo idioma",
        "único idioma",
    ]);
    let base = if pro && workstations {
        "Pro for Workstations"
    } else if pro && education {
        "Pro Education"
    } else if home && single {
        "Home Single Language"
    } else {
        let enterprise = any(&[
            "enterprise",
            "entreprise",
            "корпоративная",
            "корпоративна",
            "企业版",
            "企業版",
            "엔터프라이즈",
        ]);
        let iot = tail.contains("iot");
        let branch = any(&["долгосрочн", "长期服务", "長期服務", "長期維護"]);
        if !enterprise || !(iot || branch) {
            return None;
        }
        // with the words that tell the branch in this language
        let base = if iot { "IoT Enterprise" } else { "Enterprise" };
        let ltsb = ["2015", "2016", "ltsb"].iter().any(|w| tail.contains(w));
        let ltsc = branch || tail.contains("lts");
        let suffix = if !ltsc {
            ""
        } else if ltsb {
            " LTSB"
        } else {
            " LTSC"
        };
        return Some(format!("{base}{suffix}"));
    };
    let n = tail.split_whitespace().any(|w| w == "n");
    Some(if n { format!("{base} N") } else { base.to_owned() })
}

/// The edition that the words of a product name tell, in the spelling that admins use.
pub(super) fn edition(product_name: &str) -> Option<Edition> {
    let lower = product(product_name).to_lowercase();
    let at = lower.find("windows")?;
    let tail = &lower[at..];
    let has = |haystack: &str, word: &str| {
        haystack.match_indices(word).any(|(i, _)| {
            // a whole word, except in scripts that write without blanks
            let free = |c: Option<char>| {
                c.is_none_or(|c| !c.is_alphanumeric() || word.chars().all(|w| !w.is_ascii()))
            };
            free(haystack[..i].chars().next_back()) && free(haystack[i + word.len()..].chars().next())
        })
    };
    if let Some(named) = edition_of_words(tail) {
        return Some(Edition(named));
    }
    let (_, base) = EDITIONS.iter().find(|(word, _)| has(tail, word))?;
    let modern = ["windows 8", "windows 8.1", "windows 10", "windows 11"].iter().any(|w| has(tail, w));
    let mut edition = match *base {
        "Professional" if modern => "Pro".to_owned(),
        base => base.to_owned(),
    };
    for (word, suffix) in [
        ("ltsc", " LTSC"),
        ("ltsb", " LTSB"),
        ("kn", " KN"),
        ("n", " N"),
        ("without hyper-v", " without Hyper-V"),
    ] {
        if has(tail, word) {
            edition.push_str(suffix);
        }
    }
    let evaluation =
        ["evaluation", "évaluation", "ознакомительная", "evaluación", "evaluierung", "评估", "評估", "評価"];
    if evaluation.iter().any(|w| lower.contains(w)) {
        edition.push_str(" Evaluation");
    }
    Some(Edition(edition))
}

/// The edition that the registry value EditionID names.
pub(super) fn edition_id(id: &str, product_name: &str) -> Edition {
    let modern = edition(&format!("{product_name} Professional")).is_some_and(|e| e.0 == "Pro");
    let known = match id.trim() {
        "Professional" if modern => "Pro",
        "ProfessionalN" if modern => "Pro N",
        "ProfessionalWorkstation" => "Pro for Workstations",
        "ProfessionalEducation" => "Pro Education",
        "Core" => "Home",
        "CoreN" => "Home N",
        "CoreSingleLanguage" => "Home Single Language",
        "CoreCountrySpecific" => "Home China",
        "EnterpriseN" => "Enterprise N",
        "EnterpriseS" => "Enterprise LTSC",
        "EnterpriseSN" => "Enterprise LTSC N",
        "IoTEnterprise" => "IoT Enterprise",
        "IoTEnterpriseS" => "IoT Enterprise LTSC",
        "ServerRdsh" => "Enterprise multi-session",
        "EnterpriseEval" => "Enterprise Evaluation",
        "EnterpriseSEval" => "Enterprise LTSC Evaluation",
        "ServerStandard" | "ServerStandardCore" | "ServerStandardACor" => "Standard",
        "ServerStandardEval" => "Standard Evaluation",
        "ServerDatacenter" | "ServerDatacenterCore" | "ServerDatacenterACor" => "Datacenter",
        "ServerDatacenterEval" => "Datacenter Evaluation",
        "ServerTurbine" | "ServerTurbineCor" | "ServerAzureStackHCICor" if id.contains("Turbine") => {
            "Datacenter: Azure Edition"
        }
        "ServerEnterprise" => "Enterprise",
        "ServerWeb" => "Web",
        "ServerSolution" => "Essentials",
        "HomePremium" => "Home Premium",
        "HomeBasic" => "Home Basic",
        other => other,
    };
    Edition(known.to_owned())
}

/// The state of a package in the languages of DISM.
pub(super) fn state(text: &str) -> Option<crate::model::PackageState> {
    use crate::model::PackageState as S;
    if let Some(state) = S::parse(text) {
        return Some(state);
    }
    Some(match text.trim().to_lowercase().as_str() {
        "installiert"
        | "installé"
        | "instalado"
        | "instalada"
        | "installato"
        | "установлено"
        | "установлен"
        | "已安装"
        | "已安裝"
        | "インストール済み"
        | "설치됨"
        | "zainstalowano"
        | "zainstalowany"
        | "geïnstalleerd"
        | "yüklü"
        | "nainstalováno"
        | "installerad"
        | "installerat"
        | "telepítve"
        | "installeret"
        | "installert"
        | "asennettu"
        | "εγκαταστάθηκε"
        | "εγκατεστημένο"
        | "встановлено"
        | "установлена"
        | "instalat"
        | "nainštalované"
        | "instalirano"
        | "инсталирано"
        | "מותקן"
        | "مثبت"
        | "ติดตั้งแล้ว" => S::Installed,
        "installation ausstehend"
        | "installation en attente"
        | "instalación pendiente"
        | "instalação pendente"
        | "installazione in sospeso"
        | "ожидание установки"
        | "安装挂起"
        | "安裝擱置"
        | "インストールの保留中"
        | "설치 보류 중"
        | "installatie in behandeling" => S::InstallPending,
        "deinstallation ausstehend"
        | "désinstallation en attente"
        | "desinstalación pendiente"
        | "desinstalação pendente"
        | "disinstallazione in sospeso"
        | "ожидание удаления"
        | "卸载挂起"
        | "解除安裝擱置"
        | "アンインストールの保留中"
        | "제거 보류 중" => S::UninstallPending,
        "abgelöst" | "ersetzt" | "remplacé" | "reemplazado" | "substituído" | "sostituito" | "заменено"
        | "заменен" | "заменён" | "已取代" | "置き換え済み" | "대체됨" => {
            S::Superseded
        }
        "bereitgestellt"
        | "préparé"
        | "almacenado provisionalmente"
        | "preconfigurado"
        | "подготовлено"
        | "已暂存"
        | "已分段"
        | "ステージング済み"
        | "스테이징됨" => S::Staged,
        "nicht vorhanden"
        | "absent"
        | "no presente"
        | "não presente"
        | "non presente"
        | "отсутствует"
        | "不存在"
        | "存在しません"
        | "없음" => S::Absent,
        _ => return None,
    })
}

/// The state of a feature or capability in the languages of DISM.
pub(super) fn feature_state(text: &str) -> Option<crate::model::FeatureState> {
    use crate::model::{FeatureState as F, PackageState as S};
    if let Some(state) = F::parse(text) {
        return Some(state);
    }
    if let Some(state) = S::parse(text) {
        // capabilities have the states of packages
        return Some(match state {
            S::Installed => F::Enabled,
            S::InstallPending => F::EnablePending,
            S::UninstallPending => F::DisablePending,
            S::Staged => F::Disabled,
            S::Absent => F::Removed,
            S::Superseded | S::PartiallyInstalled => return None,
        });
    }
    Some(match text.trim().to_lowercase().as_str() {
        "aktiviert" | "activé" | "activée" | "habilitado" | "habilitada" | "abilitato" | "abilitata"
        | "attivato" | "attivata" | "ativado" | "включен" | "включена" | "включено" | "已启用" | "已啟用"
        | "有効" | "włączone" | "włączona" | "ingeschakeld" | "aktiverad" => F::Enabled,
        "deaktiviert" | "désactivé" | "désactivée" | "deshabilitado" | "deshabilitada" | "desabilitado"
        | "disabilitato" | "disabilitata" | "disattivato" | "disattivata" | "desativado" | "отключен"
        | "отключена" | "отключено" | "已禁用" | "已停用" | "無効" | "wyłączone" | "wyłączona"
        | "uitgeschakeld" | "inaktiverad" => F::Disabled,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_are_not_known_are_not_guessed() {
        use crate::model::PackageState;
        for (text, want) in [
            ("Telepítve", Some(PackageState::Installed)),
            ("Установлено", Some(PackageState::Installed)),
            (" Installation en attente ", Some(PackageState::InstallPending)),
            ("インストール済み", Some(PackageState::Installed)),
            ("Nicht installiert", None),
            ("не установлено", None),
            ("instalado parcialmente", None),
            ("", None),
        ] {
            assert_eq!(state(text), want, "{text}");
        }
        assert_eq!(feature_state("已启用"), Some(crate::model::FeatureState::Enabled));
        assert_eq!(feature_state("Superseded"), None);
    }

    #[test]
    fn labels_are_known_with_and_without_their_accents() {
        assert_eq!(label("Nom du système d’exploitation"), Some(Label::Product));
        assert_eq!(label("OS Name"), Some(Label::Product));
        assert_eq!(label("Исправление(я)"), Some(Label::Updates));
        assert_eq!(label("系统类型"), Some(Label::Kind));
        assert_eq!(label("BIOS Version"), None);
        assert_eq!(label(""), None);
    }

    #[test]
    fn products_lose_what_became_of_trademark_signs() {
        assert_eq!(
            product("Microsoftr Windows Serverr 2008 Standard "),
            "Microsoft Windows Server 2008 Standard"
        );
        assert_eq!(product("Microsoft® Windows Vista™ Business"), "Microsoft Windows Vista Business");
        assert_eq!(
            product("Microsoft(R) Windows(R) Server 2003, Standard Edition"),
            "Microsoft Windows Server 2003, Standard Edition"
        );
        assert!(is_product("Майкрософт Windows 10 Pro") && is_product("Microsoft Windows XP Professional"));
        assert!(!is_product("Windows User") && !is_product("C:\\Windows") && !is_product("Linux"));
    }

    #[test]
    fn editions_are_read_from_words_of_any_language() {
        for (product, want) in [
            ("Microsoft Windows 10 专业版", "Pro"),
            ("Microsoft Windows 10 企业版 LTSC", "Enterprise LTSC"),
            ("Microsoft Windows 7 Entreprise N", "Enterprise N"),
            ("Microsoft Windows 10 Professionnel", "Pro"),
            ("Microsoft Windows 7 Professional", "Professional"),
            ("Microsoft Windows 10 Pro", "Pro"),
            ("Microsoft Windows 11 Home Single Language", "Home Single Language"),
            ("Microsoft Windows 10 Pro for Workstations", "Pro for Workstations"),
            ("Microsoft Windows 10 Pro для рабочих станций", "Pro for Workstations"),
            ("Microsoft Windows 10 Pro para estaciones de trabajo", "Pro for Workstations"),
            ("Microsoft Windows 10 Professionnel Éducation", "Pro Education"),
            ("Microsoft Windows 11 专业教育版", "Pro Education"),
            ("Майкрософт Windows 10 Домашняя для одного языка", "Home Single Language"),
            ("Майкрософт Windows 10 IoT Корпоративная LTSC", "IoT Enterprise LTSC"),
            ("Microsoft Windows 10 企业版 2016 长期服务版", "Enterprise LTSB"),
            ("Microsoft Windows 10 Education N", "Education N"),
            ("Microsoft Windows 10 Home N", "Home N"),
            ("Microsoft Windows Server 2016 Standard Evaluation", "Standard Evaluation"),
            ("Майкрософт Ознакомительная версия Windows Server 2012 R2 Standard", "Standard Evaluation"),
            ("Microsoft Windows Server 2022 Datacenter Azure Edition", "Datacenter: Azure Edition"),
            ("Microsoft(R) Windows(R) Server 2003, Standard Edition", "Standard"),
        ] {
            assert_eq!(edition(product).map(|e| e.0).as_deref(), Some(want), "{product}");
        }
        assert_eq!(edition("Microsoft Windows 10"), None);
        assert_eq!(edition_id("Professional", "Windows 10 Pro").0, "Pro");
        assert_eq!(edition_id("Professional", "Windows 7 Professional").0, "Professional");
        assert_eq!(edition_id("EnterpriseS", "Windows 10 Enterprise LTSC 2019").0, "Enterprise LTSC");
    }
}
