use super::*;

#[test]
fn one_code_in_every_spelling() {
    for text in [
        "0x80240017",
        "80240017",
        "0x80240017L",
        "0xFFFFFFFF80240017",
        "-2145124329",
        "2149842967",
        "WU_E_NOT_APPLICABLE",
        "wu_e_not_applicable",
        "-2145124329 (0x80240017)",
        "Error: 0X80240017.",
        "(HRESULT: 0x80240017)",
        "exit code 2149842967",
        "The update is not applicable to your computer.",
        "The update isn\u{2019}t applicable to your computer",
        "0x80240017 (installer exit 0x17)",
        "installer returned 0x17",
        "exit 23",
    ] {
        let e = ErrorEvidence::parse(text);
        assert!(e.fits(Cause::MissingPrerequisite) && !e.fits(Cause::ServiceDisabled), "{text}: {e:?}");
    }
    assert_eq!(
        ErrorEvidence::parse("2359302 (0x00240006)").meaning.unwrap().symbol,
        "WU_S_ALREADY_INSTALLED"
    );
    assert_eq!(ErrorEvidence::parse("Error 2359302").meaning.unwrap().symbol, "WU_S_ALREADY_INSTALLED");
    assert_eq!(ErrorEvidence::parse("exit 14098").meaning.unwrap().expected, Expected::Names);
    assert_eq!(ErrorEvidence::parse("error code: 0x800f0922").code, Some(0x800f_0922));
}

#[test]
fn a_text_without_a_known_code_fits_everything() {
    for text in [
        "it does not work on 3 of 7 servers",
        "since 2024-05-14 on 5 hosts",
        "10.0.19045.5 is there",
        "{80240017-1234-4f3a-9b1c-0123456789ab}",
        "KB80240017",
        "build 17763",
    ] {
        let e = ErrorEvidence::parse(text);
        assert!(e.meaning.is_none() && e.readings.is_empty(), "{text}: {e:?}");
        assert!(e.fits(Cause::WrongOs) && e.fits(Cause::ServiceDisabled));
    }
}

#[test]
fn numbers_of_any_length_are_no_panic() {
    for text in [
        "0x",
        "-",
        "--5",
        "99999999999999999999",
        "-99999999999",
        "0xfffffffffff",
        "1.2.3.4",
        "0x8024001",
        "-é8",
        "0x\u{661}",
        "1é.2",
        ".5-",
        "0xC1900101 -",
        "é-0x20017",
    ] {
        let _ = ErrorEvidence::parse(text);
        let _ = readings_of_word(text);
    }
}

#[test]
fn the_most_telling_of_several_codes_counts() {
    for (text, symbol) in [
        ("1603, in the log 0x80240017", "WU_E_NOT_APPLICABLE"),
        ("0x80070643 after 3010", "ERROR_INSTALL_FAILURE"),
        ("DISM Error 2: package is not applicable to this image", "CBS_E_NOT_APPLICABLE"),
        ("Failed to connect to Mux due to network or cert errors 10061", "WSAECONNREFUSED"),
        ("SyncUpdates_WithRecovery failed [80244007]", "WU_E_PT_SOAPCLIENT_SOAPFAULT"),
    ] {
        assert_eq!(ErrorEvidence::parse(text).meaning.unwrap().symbol, symbol, "{text}");
    }
    let both = ErrorEvidence::parse("0x80072EE2 then 0x8024402C");
    assert_eq!(both.readings.iter().map(|r| r.value).collect::<Vec<_>>(), [0x8007_2ee2, 0x8024_402c]);
}

#[test]
fn setup_adds_a_second_number() {
    for text in ["0xC1900101 - 0x20017", "0xC1900101-0x20017", "0xC1900101 \u{2013} 0x20017"] {
        let e = ErrorEvidence::parse(text);
        assert_eq!(e.readings.len(), 1, "{text}");
        let extend = e.readings[0].extend.unwrap();
        assert!(extend.phase.contains("safe operating system") && extend.operation == "starting Windows");
    }
}

#[test]
fn a_word_is_read_in_every_way_that_is_known() {
    let values = |w: &str| readings_of_word(w).iter().map(|r| (r.value, r.spelling)).collect::<Vec<_>>();
    assert_eq!(values("80244007"), [(0x8024_4007, Spelling::BareHexadecimal)]);
    assert_eq!(values("8024402c"), [(0x8024_402c, Spelling::BareHexadecimal)]);
    assert_eq!(values("14098"), [(14098, Spelling::Decimal)]);
    assert_eq!(values("00240006"), [(0x0024_0006, Spelling::BareHexadecimal)]);
    assert_eq!(values("2359302"), [(0x0024_0006, Spelling::Decimal)]);
    assert_eq!(values("-2145124329"), [(0x8024_0017, Spelling::Signed)]);
    // one symbol, two codes
    assert_eq!(values("ERROR_SERVICE_DISABLED").len(), 2);
    assert_eq!(values("nonsense"), []);
}

#[test]
fn the_rest_of_an_exit_code() {
    let symbols = |n| low_byte_of(n).map(|c| c.symbol).collect::<Vec<_>>();
    assert_eq!(symbols(0x17), ["WU_E_NOT_APPLICABLE"]);
    assert_eq!(symbols(194), ["ERROR_SUCCESS_REBOOT_REQUIRED"]);
    assert_eq!(symbols(0), [] as [&str; 0]);
    assert_eq!(symbols(3010), [] as [&str; 0]);
}

#[test]
fn codes_are_taken_apart_by_their_build() {
    for (code, area, inner) in [
        (0x8007_2f9a, "WinHTTP", Some(12186)),
        (0x8007_2751, "Winsock", Some(10065)),
        (0x8007_0654, "Windows Installer", Some(1620)),
        (0x8007_371c, "side-by-side assemblies", Some(14108)),
        (0x8019_0194, "HTTP status", Some(404)),
        (0x8024_8014, "Windows Update Agent, data store", None),
        (0x800f_0832, "servicing (CBS)", None),
        (0x800f_098a, "servicing, differential packages (PSFX)", None),
        (0x800f_0203, "setup of devices and drivers", None),
        (0xc190_0107, "setup of Windows, feature updates", None),
        (0xc000_0135, "kernel status (NTSTATUS)", Some(0xc000_0135)),
    ] {
        let d = decode(code);
        assert!(d.failure);
        assert_eq!((d.area.name, d.inner), (area, inner), "{code:#x}");
    }
    assert!(!decode(0x0024_0005).failure && !decode(0).failure);
}

#[test]
fn a_win32_code_and_its_hresult_are_the_same_error() {
    for c in codes().iter().filter(|c| c.code >> 16 == 0x8007) {
        assert!(known(c.code & 0xffff).is_some(), "{}", c.symbol);
    }
    assert_eq!(known(0x8007_2ee7).unwrap().0.symbol, "ERROR_WINHTTP_NAME_NOT_RESOLVED");
    assert!(known(0x8007_0000).is_none());
}

#[test]
fn rows_are_fit_to_be_shown() {
    assert!(codes().windows(2).all(|w| w[0].code < w[1].code));
    for c in codes() {
        assert!(!c.meaning.is_empty() && c.meaning.chars().count() <= 110, "{}: {}", c.symbol, c.meaning);
        assert!(!c.meaning.ends_with('.') && !c.why.is_some_and(|w| w.ends_with('.')), "{}", c.symbol);
        assert!(!c.source.is_empty() && !c.read.is_empty(), "{}", c.symbol);
        assert!(
            c.source.starts_with("https://") || c.standing != Standing::Verified,
            "{}: {}",
            c.symbol,
            c.source
        );
        assert!(c.expected != Expected::Names || !c.causes.is_empty(), "{} names no cause", c.symbol);
        assert!(c.standing != Standing::Unverified || !c.names(Some((10, 0))), "{}", c.symbol);
        assert_eq!(c.remedies(None).count(), c.remedies.len(), "{}", c.symbol);
    }
}

#[test]
fn what_may_break_something_says_so() {
    let risky = [
        "registry",
        "regedit",
        "reg add",
        "reg delete",
        "revertpendingactions",
        "softwaredistribution",
        "catroot2",
        "in-place upgrade",
        "takeown",
        "icacls",
        "pending.xml",
        "write access",
        "iisreset",
        "txr",
        "permissions",
        "bcdedit",
        "rename",
        "delete",
    ];
    for r in table::REMEDIES {
        assert!(r.source.starts_with("https://"), "{} has no page", r.id);
        let all = format!("{} {}", r.text, r.command.unwrap_or("")).to_lowercase();
        let reads_only = r.command.is_some_and(|c| c.starts_with("reg query"));
        if !reads_only && risky.iter().any(|w| all.contains(w)) {
            assert!(r.danger.is_some(), "{} does not tell its danger", r.id);
        }
    }
}

#[test]
fn remedies_are_chosen_by_the_windows_version() {
    let corrupt = known(0x800f_081f).unwrap().0;
    let ids = |k| corrupt.remedies(Some(k)).map(|r| r.id).collect::<Vec<_>>();
    assert_eq!(ids((6, 1)), ["readiness-tool"]);
    assert_eq!(ids((10, 0)), ["restore-health", "system-files"]);
}
