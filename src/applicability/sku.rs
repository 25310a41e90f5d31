//! Editions as the numbers that `GetProductInfo` gives (and `Win32_OperatingSystem.OperatingSystemSKU`), as
//! <https://learn.microsoft.com/windows/win32/api/sysinfoapi/nf-sysinfoapi-getproductinfo> and `winnt.h` list them.

use crate::model::{Fact, Host, InstallationType, Origin, RegistryValue};

/// Editions of clients in the spelling of [`crate::model::Edition`], with the numbers that they may have.
const CLIENT: &[(&str, &[u32])] = &[
    ("Ultimate", &[1]),
    ("Home Basic", &[2]),
    ("Home Premium", &[3]),
    ("Enterprise", &[4]),
    ("Home Basic N", &[5]),
    ("Business", &[6]),
    ("Starter", &[11]),
    ("Business N", &[16]),
    ("Home Premium N", &[26]),
    ("Enterprise N", &[27]),
    ("Ultimate N", &[28]),
    ("Starter N", &[47]),
    ("Pro", &[48]),
    ("Professional", &[48]),
    ("Pro N", &[49]),
    ("Professional N", &[49]),
    ("Enterprise Evaluation", &[72]),
    ("Enterprise N Evaluation", &[84]),
    ("Home N", &[98]),
    ("Home China", &[99]),
    ("Home Single Language", &[100]),
    ("Home", &[101]),
    ("Education", &[121]),
    ("Education N", &[122]),
    ("Enterprise LTSC", &[125]),
    ("Enterprise LTSB", &[125]),
    ("Enterprise LTSC N", &[126]),
    ("Enterprise LTSB N", &[126]),
    ("Enterprise LTSC Evaluation", &[129]),
    ("Enterprise LTSB Evaluation", &[129]),
    ("Enterprise LTSC N Evaluation", &[130]),
    ("Enterprise LTSB N Evaluation", &[130]),
    ("Pro for Workstations", &[161]),
    ("Pro for Workstations N", &[162]),
    ("Pro Education", &[164]),
    ("Pro Education N", &[165]),
    ("Enterprise multi-session", &[175]),
    // which of them the words mean depends on the release
    ("IoT Enterprise", &[188, 191]),
    ("IoT Enterprise LTSC", &[125, 188, 191]),
];

/// Words of a product's name that make another edition of it; the edition must have them too.
const TELLING: [&str; 10] =
    ["g", "gn", "iot", "team", "evaluation", "virtual", "multi-session", "holographic", "cloud", "se"];

/// Is the host a server, as far as it tells?
fn is_server(host: &Host) -> Option<Fact<bool>> {
    if let Some(kind) = &host.installation_type {
        return Some(Fact::new(kind.value != InstallationType::Client, kind.origin.clone()));
    }
    let product = host.product.as_ref()?;
    let words = product.value.to_lowercase();
    let server = words.contains("server") || words.contains("azure stack hci");
    let client = ["windows xp", "windows vista", "windows 7", "windows 8", "windows 10", "windows 11"];
    (server || client.iter().any(|c| words.contains(c))).then(|| Fact::new(server, product.origin.clone()))
}

/// 1 workstation, 2 domain controller, 3 server: those that the host may be.
pub(super) fn product_types(host: &Host) -> Option<Fact<Vec<u32>>> {
    let stated = host.registry.get("hklm\\system\\currentcontrolset\\control\\productoptions\\producttype");
    if let Some(Fact { value: RegistryValue::Text(name), origin }) = stated {
        let number = match name.to_ascii_lowercase().as_str() {
            "winnt" => Some(1),
            "lanmannt" => Some(2),
            "servernt" => Some(3),
            _ => None,
        };
        if let Some(number) = number {
            return Some(Fact::new(vec![number], origin.clone()));
        }
    }
    let server = is_server(host)?;
    // the editions for several users at once are clients that call themselves servers
    let edition = host.edition.as_ref().map(|e| e.value.0.as_str());
    let types = match (server.value, edition) {
        (true, _) => vec![2, 3],
        (false, Some("Enterprise multi-session")) => vec![1, 3],
        (false, Some(_)) => vec![1],
        // a product that names no edition may be that one as well
        (false, None) if old(host) || single(host) => vec![1],
        (false, None) => vec![1, 3],
    };
    Some(Fact::new(types, server.origin))
}

/// A product that is named, and is not the one for several users at once.
fn single(host: &Host) -> bool {
    let several = |p: &str| p.contains("multi-session") || p.contains("virtual desktops");
    host.product.as_ref().is_some_and(|p| !several(&p.value.to_lowercase()))
}

fn old(host: &Host) -> bool {
    host.version.as_ref().is_some_and(|v| v.value.0[0] < 10)
}

/// Numbers that the host's edition may have; none where they are not known.
pub(super) fn skus(host: &Host) -> Option<Fact<Vec<u32>>> {
    // stated as it is
    for name in ["osskuid", "sku"] {
        if let Some(f) = host.device.get(name)
            && let Ok(number) = f.value.trim().parse()
        {
            return Some(Fact::new(vec![number], f.origin.clone()));
        }
    }
    let edition = host.edition.as_ref()?;
    let named = edition.value.0.to_lowercase();
    if let Some(product) = &host.product {
        let lower = product.value.to_lowercase();
        let mut words = lower.split(|c: char| !(c.is_alphanumeric() || c == '-'));
        let told = |word: &str| named.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|w| w == word);
        if words.any(|w| TELLING.contains(&w) && !told(w) && !named.contains("multi-session")) {
            return None;
        }
    }
    let numbers = if is_server(host)?.value {
        server(host, &edition.value.0)?
    } else {
        CLIENT.iter().find(|(name, _)| *name == edition.value.0)?.1.to_vec()
    };
    Some(Fact::new(numbers, edition.origin.clone()))
}

/// Numbers of server editions. Since Windows Server 2012 an installation without the desktop has the same number, but
/// for releases that exist without it only.
fn server(host: &Host, edition: &str) -> Option<Vec<u32>> {
    let [major, minor, build, _] = host.version.as_ref()?.value.0;
    let kind = host.installation_type.as_ref().map(|t| t.value);
    if kind == Some(InstallationType::NanoServer) {
        return None;
    }
    let desktop = kind == Some(InstallationType::Server);
    let both = |full: u32, core: u32| match kind {
        Some(InstallationType::Server) => vec![full],
        Some(InstallationType::ServerCore) => vec![core],
        _ => vec![full, core],
    };
    if (major, minor) < (6, 2) {
        return Some(match edition {
            "Standard" => both(7, 13),
            "Datacenter" => both(8, 12),
            "Enterprise" => both(10, 14),
            "Web" => both(17, 29),
            "Foundation" => vec![33],
            _ => return None,
        });
    }
    // releases of the long-term channel; 1809 is of both
    let long_term = matches!(build, 9200 | 9600 | 14393 | 20348 | 26100) || build == 17763 && desktop;
    Some(match edition {
        "Standard" if long_term => vec![7],
        "Standard" => vec![7, 13, 146],
        "Datacenter" if long_term => vec![8],
        "Datacenter" => vec![8, 12, 145],
        "Standard Evaluation" => vec![79, 160],
        "Datacenter Evaluation" => vec![80, 159],
        "Datacenter: Azure Edition" if desktop => vec![407],
        "Datacenter: Azure Edition" => vec![407, 408],
        "Foundation" if build <= 9600 => vec![33],
        _ => return None,
    })
}

/// Where the number was read from.
pub(super) fn shown(numbers: &Fact<Vec<u32>>) -> (String, &Origin) {
    let all: Vec<String> = numbers.value.iter().map(u32::to_string).collect();
    (all.join(" or "), &numbers.origin)
}
