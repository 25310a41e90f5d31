//! Laws of the inventory readers: order changes nothing, what is written reads back, and no bytes make them panic.

use kbwhy::inventory::{Input, Parsed, ReadError, merge, read, redact, to_host1};
use kbwhy::model::{
    Architecture, Edition, Fact, FeatureState, Gap, Host, InstallationType, KbId, ListKind, ListSeen,
    Location, Origin, PackageState, Version,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

fn parse(bytes: &[u8]) -> Result<Parsed, ReadError> {
    read(&Input { name: "x", bytes })
}

/// A host without its places: what the facts say.
fn facts(host: &Host) -> Host {
    let at = Origin::whole(&Arc::from("x"), "x");
    let mut host = host.clone();
    macro_rules! strip {
        ($($field:ident),*) => { $(if let Some(f) = &mut host.$field { f.origin = at.clone(); })* };
    }
    strip!(
        name,
        product,
        version,
        revision,
        branch,
        revision_at_least,
        release,
        service_pack,
        edition,
        installation_type,
        architecture,
        language,
        offline_image,
        pending_reboot,
        servicing_stack,
        dotnet_framework,
        wmf,
        internet_explorer,
        esu,
        sha2_support,
        store_corrupt,
        azure_arc,
        hotpatch,
        remote_session,
        free_space
    );
    host.updates.values_mut().for_each(|f| f.origin = at.clone());
    host.features.values_mut().for_each(|f| f.origin = at.clone());
    host.packages.values_mut().for_each(|f| f.origin = at.clone());
    host.installed_on.values_mut().for_each(|f| f.origin = at.clone());
    host.failed.values_mut().for_each(|f| f.origin = at.clone());
    host.policies.values_mut().for_each(|f| f.origin = at.clone());
    host.registry.values_mut().for_each(|f| f.origin = at.clone());
    host.files.values_mut().for_each(|f| f.origin = at.clone());
    host.device.values_mut().for_each(|f| f.origin = at.clone());
    host.roles.iter_mut().for_each(|f| f.origin = at.clone());
    host.notes.iter_mut().for_each(|f| f.origin = at.clone());
    host.completeness.lists.iter_mut().for_each(|l| l.origin = at.clone());
    host
}

const FORMATS: [&str; 6] =
    ["kbwhy/host/1", "systeminfo", "DISM packages", "reg query", "Get-HotFix table", "wmic qfe list"];

fn origin() -> impl Strategy<Value = Origin> {
    ("[abc]", 0..FORMATS.len(), 1..5u32).prop_map(|(input, format, line)| Origin {
        input: Arc::from(input.as_str()),
        format: FORMATS[format],
        at: Location::Line(line),
    })
}

fn fact<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Fact<T>> {
    (value, origin()).prop_map(|(value, origin)| Fact { value, origin })
}

fn known<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<Fact<T>>> {
    option::of(fact(value))
}

fn kb() -> impl Strategy<Value = KbId> {
    (2_900_000..2_900_040u32).prop_map(|n| KbId::new(n).expect("seven digits"))
}

fn build() -> impl Strategy<Value = Version> {
    prop_oneof![
        Just([6, 1, 7601, 0]),
        Just([6, 3, 9600, 0]),
        Just([10, 0, 17763, 0]),
        Just([10, 0, 19045, 0])
    ]
    .prop_map(Version)
}

fn gap() -> impl Strategy<Value = Gap> {
    prop_oneof![
        (0..9u32, 0..9u32).prop_map(|(declared, shown)| Gap::CutByCount { declared, shown }),
        Just(Gap::CutByLength),
        Just(Gap::Elided),
        Just(Gap::Filtered),
        Just(Gap::NotAvailable),
        Just(Gap::OnlyTouched),
        Just(Gap::Truncated),
    ]
}

fn list() -> impl Strategy<Value = ListSeen> {
    let kind = prop_oneof![
        Just(ListKind::QuickFix),
        Just(ListKind::ComponentStore),
        Just(ListKind::History),
        Just(ListKind::Stated)
    ];
    (kind, 0..400u32, btree_set(gap(), 0..3), origin()).prop_map(|(kind, shown, gaps, origin)| ListSeen {
        kind,
        shown,
        gaps: gaps.into_iter().collect(),
        origin,
    })
}

prop_compose! {
    fn os()(
        name in known("[A-Z]{1,4}"), product in known("Windows (7|10|Server 2019)( Pro)?"), version in known(build()),
        revision in known(any::<u32>()), revision_at_least in known(any::<u32>()), service_pack in known(any::<u8>()),
        edition in known("Pro|Standard|Datacenter"), installation_type in known(prop_oneof![
            Just(InstallationType::Client), Just(InstallationType::Server), Just(InstallationType::ServerCore)]),
        architecture in known((0..5usize).prop_map(|i| Architecture::ALL[i])), language in known("[a-z]{2}-[A-Z]{2}"),
        offline_image in known(any::<bool>()), branch in known(prop_oneof![Just(17763u32), Just(19041)]),
        release in known("[0-9]{2}H[12]"), free_space in known(any::<u64>()),
    ) -> Host {
        let edition = edition.map(|f| Fact::new(Edition(f.value), f.origin));
        Host { name, product, version, revision, revision_at_least, service_pack, edition, installation_type,
            architecture, language, offline_image, branch, release, free_space, ..Host::default() }
    }
}

prop_compose! {
    fn host()(
        os in os(), flags in vec(known(any::<bool>()), 7), stack in known(build()), texts in vec(known("[0-9.]{1,5}"), 2),
        ie in known(6..12u32), roles in btree_map("[A-Z]{1,3}", origin(), 0..3),
        features in btree_map("[A-Za-z-]{1,5}", fact((0..5usize).prop_map(|i| FeatureState::ALL[i])), 0..3),
        updates in btree_map(kb(), fact((0..7usize).prop_map(|i| PackageState::ALL[i])), 0..12),
        complete in any::<bool>(), lists in vec(list(), 0..3), other_ids in btree_set("Q[0-9]{6}", 0..3),
        notes in vec(fact("[a-z]([a-z ]{0,5}[a-z])?"), 0..3), failed in btree_map(kb(), fact("(0x8024001[0-9])?"), 0..3),
        installed_on in btree_map(kb(), fact("2014-0[1-9]-1[0-9]|[1-9]/[1-9]/2014"), 0..3),
        policies in btree_map("[A-Z]{1,3}", fact("[a-z0-9:/.]{0,6}"), 0..3),
        packages in btree_map("Package_for_KB29000[0-9]{2}~31bf3856ad364e35~amd64~~6\\.3\\.1\\.[0-9]",
            fact((0..7usize).prop_map(|i| PackageState::ALL[i])), 0..5),
        registry in btree_map("hklm\\\\software\\\\[a-z]{1,3}\\\\[a-z]{0,2}",
            fact("dword:[0-9]{1,3}|sz:[a-z]{0,3}|key|absent|other|qword:[0-9]{1,9}"), 0..4),
        files in btree_map("%windir%\\\\[a-z]{1,3}", fact("absent|present|1\\.[0-9]\\.[0-9]"), 0..3),
        device in btree_map("[a-z]{1,3}", fact("[A-Za-z0-9]{0,3}"), 0..3),
    ) -> Host {
        let registry = registry.into_iter().map(|(k, f)| (k, Fact::new(f.value.parse().expect("a value"), f.origin))).collect();
        let files = files.into_iter().map(|(k, f)| (k, Fact::new(f.value.parse().expect("a value"), f.origin))).collect();
        let mut h = Host { failed, installed_on, registry, files, device, policies, packages, servicing_stack: stack, internet_explorer: ie, features, updates, notes, ..os };
        h.pending_reboot = flags[0].clone();
        h.esu = flags[1].clone();
        h.sha2_support = flags[2].clone();
        h.store_corrupt = flags[3].clone();
        h.azure_arc = flags[4].clone();
        h.hotpatch = flags[5].clone();
        h.remote_session = flags[6].clone();
        h.dotnet_framework = texts[0].clone();
        h.wmf = texts[1].clone();
        h.roles = roles.into_iter().map(|(role, origin)| Fact::new(role, origin)).collect();
        h.completeness.complete = complete;
        h.completeness.lists = lists;
        h.other_ids = other_ids.into_iter().collect();
        h
    }
}

/// Any order of the numbers below `n`.
fn order(n: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..n).collect::<Vec<_>>()).prop_shuffle()
}

/// A report of systeminfo with these ids; short enough not to be cut.
fn report(ids: &[&str]) -> String {
    let mut text = String::from(
        "Host Name:                 SRV01\r\nOS Name:                   Microsoft Windows Server 2012 R2 Standard\r\n\
         OS Version:                6.3.9600 N/A Build 9600\r\nSystem Type:               x64-based PC\r\n",
    );
    text.push_str(&format!("Hotfix(s):                 {} Hotfix(s) Installed.\r\n", ids.len()));
    for (i, id) in ids.iter().enumerate() {
        text.push_str(&format!("                           [{:02}]: {id}\r\n", i + 1));
    }
    text + "Network Card(s):           1 NIC(s) Installed.\r\n                           [01]: Net\r\n"
}

/// The same ids in every other format.
fn formats(ids: &[&str]) -> Vec<String> {
    let rows = |head: &str, row: &dyn Fn(&str) -> String| {
        head.to_owned() + &ids.iter().map(|i| row(i)).collect::<String>()
    };
    vec![
        report(ids),
        rows("Description  HotFixID   InstalledOn\r\r\n", &|id| {
            format!("Update       {id:<9}  1/1/2020\r\r\n")
        }),
        rows("Source HotFixID  InstalledOn\n------ --------  -----------\n", &|id| {
            format!("SRV01  {id:<9} 1/1/2020\n")
        }),
        rows("", &|id| format!("HotFixID    : {id}\nInstalledOn :\n\n")),
        rows("", &|id| format!("HotFixID={id}\r\r\nStatus=\r\r\n\r\r\n")),
        rows("\r\nNode,Caption,HotFixID\r\n", &|id| format!("SRV01,,{id}\r\n")),
        rows("\"Source\";\"HotFixID\"\n", &|id| format!("\"SRV01\";\"{id}\"\n")),
        format!(
            "[{}]",
            ids.iter().map(|id| format!("{{\"HotFixID\":\"{id}\"}}")).collect::<Vec<_>>().join(",")
        ),
        rows("Tool\nVersion: 10.0.1.1\n\nImage Version: 10.0.17763.1879\n\n", &|id| {
            format!(
                "Package Identity : Package_for_{id}~31bf3856ad364e35~amd64~~10.0.1.1\nState : Installed\n\n"
            )
        }),
        rows(
            "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\n    UBR    REG_DWORD    0x1\n",
            &|_| String::new(),
        ),
        rows("Microsoft Windows [Version 10.0.19045.3570]\n", &|_| String::new()),
        format!("{{\"schema\":\"kbwhy/host/1\",\"updates\":{{\"installed\":{ids:?}}}}}"),
    ]
}

const IDS: [&str; 7] =
    ["KB2919355", "KB2919442", "KB940157", "KB2893803", "KB2937220", "KB2959977", "KB2932046"];

proptest! {
    #[test]
    fn the_order_of_lines_changes_no_fact(order in order(IDS.len()), repeated in 0..IDS.len()) {
        let mut ids = IDS.to_vec();
        ids.push(IDS[repeated]);
        let mut shuffled: Vec<&str> = order.iter().map(|i| IDS[*i]).collect();
        shuffled.insert(order[0], IDS[repeated]);
        for (a, b) in formats(&ids).iter().zip(formats(&shuffled)) {
            let (a, b) = (parse(a.as_bytes()).expect("read"), parse(b.as_bytes()).expect("read"));
            prop_assert_eq!(facts(&a.host), facts(&b.host), "{}", a.format);
            prop_assert_eq!((a.format, a.encoding), (b.format, b.encoding));
        }
    }

    #[test]
    fn the_order_of_inputs_changes_nothing(hosts in vec(host(), 0..5).prop_flat_map(|hosts| {
        let n = hosts.len();
        (Just(hosts), order(n))
    })) {
        let (hosts, order) = hosts;
        let shuffled: Vec<Host> = order.iter().map(|i| hosts[*i].clone()).collect();
        prop_assert_eq!(merge(hosts), merge(shuffled));
    }

    #[test]
    fn an_input_given_twice_says_nothing_new(host in host()) {
        let once = merge(vec![host.clone()]);
        prop_assert_eq!(&once.conflicts, &vec![]);
        prop_assert_eq!(&merge(vec![host.clone(), host.clone()]), &once);
        prop_assert_eq!(facts(&once).updates, facts(&host).updates);
    }

    #[test]
    fn a_merge_invents_nothing(hosts in vec(host(), 1..4)) {
        let merged = merge(hosts.clone());
        let updates: BTreeMap<_, Vec<_>> = merged.updates.keys()
            .map(|kb| (kb, hosts.iter().filter_map(|h| h.updates.get(kb)).collect())).collect();
        for (kb, fact) in &merged.updates {
            prop_assert!(updates[kb].contains(&fact));
        }
        if let Some(revision) = &merged.revision {
            prop_assert!(hosts.iter().any(|h| h.revision.as_ref() == Some(revision)
                && h.version.as_ref().is_none_or(|v| Some(v.value) == merged.version.as_ref().map(|v| v.value))));
        }
        prop_assert_eq!(merged.completeness.complete, hosts.iter().any(|h| h.completeness.complete));
    }

    #[test]
    fn what_is_written_reads_back(host in host()) {
        let written = to_host1(&host).to_string();
        let parsed = parse(written.as_bytes()).expect("our own document");
        prop_assert_eq!(parsed.format, "kbwhy/host/1");
        prop_assert_eq!(facts(&parsed.host), facts(&host));
        prop_assert_eq!(to_host1(&parsed.host).to_string(), written);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "[A-Za-z0-9 :\\[\\]\\{\\}\",.~|=\\-\r\n\tКЫ专é]{0,200}") {
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn a_cut_or_damaged_file_never_panics_and_never_gains_an_update(
        which in 0..12usize, cut in any::<prop::sample::Index>(), utf16 in any::<bool>(),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let text = formats(&IDS)[which].clone();
        let mut bytes: Vec<u8> = match utf16 {
            true => "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
            false => text.into_bytes(),
        };
        let whole = parse(&bytes).expect("whole").host;
        let cut = cut.index(bytes.len() + 1);
        if let Ok(part) = parse(&bytes[..cut]) {
            prop_assert!(part.host.updates.keys().all(|k| whole.updates.contains_key(k)), "{:?}", part.host.updates);
            prop_assert!(!part.host.completeness.complete);
        }
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = parse(&bytes);
        let _ = parse(&bytes[..cut]);
    }
}

#[test]
fn every_format_here_reads_its_ids() {
    for (i, text) in formats(&IDS).iter().enumerate() {
        let host = parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}")).host;
        assert_eq!(host.updates.len(), if matches!(i, 9 | 10) { 0 } else { IDS.len() }, "{text}");
        assert!(host.updates.values().all(|f| f.origin.at != Location::Whole));
    }
}

proptest! {
    #[test]
    fn what_is_redacted_names_no_machine(host in host(), name in "[a-z]{3}[a-z0-9-]{2,9}[a-z0-9]", account in "q[a-z]{5}z") {
        let origin = Origin::whole(&Arc::from(format!("{name}.txt")), "x");
        let mut host = host;
        host.name = Some(Fact::new(format!("{}.corp.{account}.example", name.to_uppercase()), origin.clone()));
        let noted = format!("{name} at 10.1.2.3 (\\\\{account}\\share, {account}\\{account}, C:\\Users\\{account}\\x, {account}@corp.example)");
        host.notes.push(Fact::new(noted, origin.clone()));
        host.policies.insert("WUServer".into(), Fact::new(format!("http://{account}.corp:8530/{name}"), origin));
        let redacted = redact(&host, &[]);
        let shown = format!("{redacted:?}").to_lowercase();
        prop_assert!(!shown.contains(&account), "{}", shown);
        let word = |at: usize| shown[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-')
            || shown[at + name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '-');
        prop_assert!(shown.match_indices(&name).all(|(at, _)| word(at)), "{}", shown);
        // what decides about updates stays
        prop_assert_eq!(&facts(&redacted).updates, &facts(&host).updates);
        prop_assert_eq!(facts(&redacted).version, facts(&host).version);
    }
}
