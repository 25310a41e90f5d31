use super::*;

fn parse(json: &str) -> Result<Host, ReadError> {
    let value: Value = serde_json::from_str(json).unwrap();
    read(value.as_object().unwrap(), &Arc::from("host.json"))
}

fn member_of(error: ReadError) -> String {
    match error {
        ReadError::WrongMember { member, .. } => member,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_member_of_the_contract_is_read() {
    let host = parse(
        r#"{ "schema": "kbwhy/host/1", "name": "SRV01", "unheard": 1,
          "os": { "product": "Windows Server 2012 R2", "version": "6.3.9600", "revision": 17031, "service_pack": 0,
                  "edition": "Standard", "architecture": "x64", "language": "en-US", "installation_type": "Server",
                  "offline_image": false },
          "updates": { "installed": ["KB2919442"], "pending": ["KB3000850"], "absent": ["KB2919355"], "complete": true },
          "facts": { "pending_reboot": false, "servicing_stack": "10.0.14393.4349", "dotnet_framework": "4.7.2",
                     "wmf": "5.1", "ie": 11, "esu": true, "sha2_support": true, "store_corrupt": false,
                     "azure_arc": false, "roles": ["Hyper-V"], "features": {"NetFx3": "enabled"},
                     "package_states": {"KB3000851": "superseded"}, "remote_session": false, "hotpatch": null } }"#,
    )
    .unwrap();
    assert_eq!(host.name.unwrap().value, "SRV01");
    assert_eq!(host.product.unwrap().value, "Windows Server 2012 R2");
    assert_eq!(host.version.unwrap().value, Version([6, 3, 9600, 0]));
    assert_eq!(host.revision.unwrap().value, 17031);
    assert_eq!(host.service_pack.unwrap().value, 0);
    assert_eq!(host.edition.unwrap().value.0, "Standard");
    assert_eq!(host.architecture.unwrap().value.name(), "x64");
    assert_eq!(host.language.unwrap().value, "en-US");
    assert_eq!(host.installation_type.unwrap().value, InstallationType::Server);
    assert!(!host.offline_image.unwrap().value);
    let states: Vec<_> =
        host.updates.iter().map(|(k, f)| (k.number(), f.value, f.origin.to_string())).collect();
    assert_eq!(
        states,
        [
            (2_919_355, PackageState::Absent, "host.json: updates.absent[0]".into()),
            (2_919_442, PackageState::Installed, "host.json: updates.installed[0]".into()),
            (3_000_850, PackageState::InstallPending, "host.json: updates.pending[0]".into()),
            (3_000_851, PackageState::Superseded, "host.json: facts.package_states.KB3000851".into()),
        ]
    );
    assert!(host.completeness.complete && host.completeness.has_whole(ListKind::Stated));
    assert!(!host.pending_reboot.unwrap().value);
    assert_eq!(host.servicing_stack.unwrap().value, Version([10, 0, 14393, 4349]));
    assert_eq!(host.dotnet_framework.unwrap().value, "4.7.2");
    assert_eq!(host.wmf.unwrap().value, "5.1");
    assert_eq!(host.internet_explorer.unwrap().value, 11);
    assert!(host.esu.unwrap().value && host.sha2_support.unwrap().value);
    assert!(!host.store_corrupt.unwrap().value && !host.azure_arc.unwrap().value);
    assert_eq!(host.roles[0].value, "Hyper-V");
    assert_eq!(host.features["NetFx3"].value, FeatureState::Enabled);
    assert!(!host.remote_session.unwrap().value);
    assert_eq!(host.hotpatch, None, "null is not known");
}

#[test]
fn an_empty_document_knows_nothing() {
    let host = parse(r#"{"schema":"kbwhy/host/1","os":null,"updates":{"installed":null}}"#).unwrap();
    assert_eq!(host, Host::default());
}

#[test]
fn a_wrong_type_names_its_member() {
    for (json, member) in [
        (r#"{"name": 5}"#, "name"),
        (r#"{"os": []}"#, "os"),
        (r#"{"os": {"revision": "17031"}}"#, "os.revision"),
        (r#"{"os": {"revision": -1}}"#, "os.revision"),
        (r#"{"os": {"revision": 4294967296}}"#, "os.revision"),
        (r#"{"os": {"service_pack": 256}}"#, "os.service_pack"),
        (r#"{"os": {"version": "ten"}}"#, "os.version"),
        (r#"{"os": {"architecture": "sparc"}}"#, "os.architecture"),
        (r#"{"os": {"installation_type": "Desktop"}}"#, "os.installation_type"),
        (r#"{"updates": {"installed": "KB2919355"}}"#, "updates.installed"),
        (r#"{"updates": {"installed": ["KB2919355", 5]}}"#, "updates.installed[1]"),
        (r#"{"updates": {"absent": ["KB-1"]}}"#, "updates.absent[0]"),
        (r#"{"updates": {"complete": "yes"}}"#, "updates.complete"),
        (r#"{"facts": {"esu": 1}}"#, "facts.esu"),
        (r#"{"facts": {"ie": 11.5}}"#, "facts.ie"),
        (r#"{"facts": {"roles": [1]}}"#, "facts.roles[0]"),
        (r#"{"facts": {"features": {"A": "maybe"}}}"#, "facts.features.A"),
        (r#"{"facts": {"package_states": {"KB2919355": "gone"}}}"#, "facts.package_states.KB2919355"),
        (r#"{"facts": {"package_states": {"Q1": "staged"}}}"#, "facts.package_states.Q1"),
    ] {
        let error = parse(json).unwrap_err();
        assert!(!error.to_string().contains('\n'));
        assert_eq!(member_of(error), member, "{json}");
    }
}

#[test]
fn a_contradiction_within_a_document_is_a_conflict() {
    let host = parse(r#"{"updates": {"installed": ["KB2919355"], "absent": ["KB2919355"]}}"#).unwrap();
    assert_eq!(host.updates.values().next().unwrap().value, PackageState::Installed);
    assert_eq!(host.conflicts.len(), 1);
    assert_eq!(host.conflicts[0].fact, "updates.KB2919355");
}

#[test]
fn a_whole_build_as_version_gives_the_revision() {
    let host = parse(r#"{"os": {"version": "10.0.17763.2114"}}"#).unwrap();
    assert_eq!(host.version.unwrap().value, Version([10, 0, 17763, 0]));
    assert_eq!(host.revision.unwrap().value, 2114);
    let older = parse(r#"{"os": {"version": "6.1.7601.17514"}}"#).unwrap();
    assert_eq!(older.revision, None);
}

#[test]
fn what_is_installed_waits_or_is_absent_has_its_own_list() {
    let host = parse(r#"{"facts": {"package_states": {"KB1000001": "installed", "KB1000002": "install-pending", "KB1000003": "absent", "KB1000004": "staged"}}}"#).unwrap();
    let value = to_host1(&host);
    assert_eq!(value["updates"]["installed"], json!(["KB1000001"]));
    assert_eq!(value["updates"]["pending"], json!(["KB1000002"]));
    assert_eq!(value["updates"]["absent"], json!(["KB1000003"]));
    assert_eq!(
        value["facts"]["package_states"],
        json!({"KB1000002": "install-pending", "KB1000004": "staged"})
    );
    assert_eq!(value["updates"]["complete"], json!(false));
}

#[test]
fn texts_that_look_saved_twice_are_what_they_are() {
    let written = r#"{"schema":"kbwhy/host/1","os":{"product":"Microsoft Windows 10 ä¸ä¸ç"}}"#;
    let host = crate::inventory::read(&crate::inventory::Input { name: "x", bytes: written.as_bytes() })
        .unwrap()
        .host;
    assert!(host.notes.is_empty(), "{:?}", host.notes);
}
