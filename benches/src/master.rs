//! A master list in the shape and size of Windows Update's offline scan file of 2026: 136,000 updates, 950,000 prerequisite
//! entries.

use crate::{Failed, cabinet::cabinet, numbers::Numbers};
use std::{fmt::Write as _, fs, path::Path};

const CLASSES: [&str; 3] = [
    "0fa1201d-4330-4fa8-8ae9-b877473b6441",
    "28bc880e-0592-4cbf-8f95-c79b17911d5f",
    "e6cf1350-c01b-414d-a61f-263d14d133b4",
];
const PRODUCTS: [(&str, &str); 8] = [
    ("d31bd4c3-d872-41c9-a2e7-231f372588cb", "windows8.1"),
    ("6407468e-edc7-4ecd-8c32-521f64cee65e", "windows8.1"),
    ("a105a108-7c9b-4518-bbbe-73f0fe30012b", "windows8-rt"),
    ("bfe5b177-a086-47a0-b102-097e4fa1f807", "windows6.1"),
    ("fdfe8200-9d98-44ba-a12a-772282bf60ef", "windows6.1"),
    ("569e8e8f-c6cd-42c8-92a3-efbb20a0f6f5", "windows10.0"),
    ("f702a48c-919b-45d6-9aef-ca4248d50397", "windows10.0"),
    ("71718f13-7324-4b0f-8f9e-2ca9dc978e53", "windows10.0"),
];
const FAMILY: &str = "6964aab4-c5b5-43bd-a17d-ffb4346a8e1d";
const COMPANY: &str = "56309036-4c77-4dd9-951a-99ee9c246a94";
const EVERYWHERE: &str = "59653007-e2e9-4f71-8525-2ff588527978";

/// A master list, and what it holds.
#[derive(Debug)]
pub struct Made {
    /// package.xml
    pub xml: String,
    /// entries of prerequisites
    pub prerequisites: usize,
    /// superseded updates
    pub superseded: usize,
    /// addresses of files
    pub locations: usize,
}

/// 3% probes and categories, 15% bundles, the rest leaves, as in the real file.
pub fn make(updates: usize) -> Result<Made, Failed> {
    let mut n = Numbers(2026);
    let probes = updates * 3 / 100;
    let bundles = updates * 15 / 100;
    let leaves = updates - probes - bundles;
    let probe_ids: Vec<String> = (0..probes).map(|_| n.guid()).collect();
    let mut xml = String::with_capacity(updates * 850);
    let mut made = Made { xml: String::new(), prerequisites: 0, superseded: 0, locations: 0 };
    xml.push_str("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><OfflineSyncPackage xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" MinimumClientVersion=\"5.8.0.2678\" ProtocolVersion=\"1.0\" PackageId=\"8f3a3d5c-54d1-4c8e-9d8c-0a4d5b8ad2c1\" SourceId=\"cc56dcba-9026-4399-8535-7a3c9bed6086\" CreationDate=\"2026-05-12T05:17:32Z\" PackageVersion=\"1.1\" xmlns=\"http://schemas.microsoft.com/msus/2004/02/OfflineSync\"><Updates>");
    let date = |i: usize| {
        format!(
            "{}-{:02}-{:02}T{:02}:{:02}:37Z",
            2005 + i * 21 / updates,
            i % 12 + 1,
            i % 28 + 1,
            i % 24,
            i % 60
        )
    };
    for (i, id) in probe_ids.iter().enumerate() {
        write!(
            xml,
            "<Update CreationDate=\"{}\" DefaultLanguage=\"en\" UpdateId=\"{id}\" RevisionNumber=\"{}\" RevisionId=\"{}\" IsLeaf=\"false\" DeploymentAction=\"Evaluate\">",
            date(i),
            100 + i % 7,
            1000 + i
        )?;
        if i > 10 {
            write!(xml, "<Prerequisites><UpdateId Id=\"{}\" /></Prerequisites>", probe_ids[n.below(10)])?;
            made.prerequisites += 1;
        }
        xml.push_str("</Update>");
    }
    // chains: the bundles of one product in order of release, each superseded by all after it within a window
    let chain = 24;
    let kb = |b: usize| 2_500_000 + b * 97 % 2_600_000;
    for b in 0..bundles {
        let (product, _) = PRODUCTS[b / chain % PRODUCTS.len()];
        write!(
            xml,
            "<Update CreationDate=\"{}\" DefaultLanguage=\"en\" UpdateId=\"{}\" RevisionNumber=\"{}\" RevisionId=\"{}\" IsLeaf=\"true\" IsBundle=\"true\">",
            date(b * updates / bundles),
            n.guid(),
            200 + b % 9,
            10_000_000 + b
        )?;
        let class = CLASSES[b % 3];
        write!(
            xml,
            "<Categories><Category Type=\"Company\" Id=\"{COMPANY}\" /><Category Type=\"Product\" Id=\"{product}\" /><Category Type=\"ProductFamily\" Id=\"{FAMILY}\" /><Category Type=\"UpdateClassification\" Id=\"{class}\" /></Categories><Prerequisites><UpdateId Id=\"{EVERYWHERE}\" />"
        )?;
        for _ in 0..2 {
            write!(xml, "<UpdateId Id=\"{}\" />", probe_ids[n.below(probes)])?;
        }
        xml.push_str("<Or>");
        for _ in 0..3 {
            write!(xml, "<UpdateId Id=\"{}\" />", probe_ids[n.below(probes)])?;
        }
        write!(xml, "</Or><UpdateId Id=\"{product}\" /><UpdateId Id=\"{class}\" /></Prerequisites>")?;
        made.prerequisites += 8;
        let place = b % chain;
        // two of three chains are complete
        if b / chain % 3 != 2 && place + 1 < chain && b + 1 < bundles {
            xml.push_str("<SupersededBy>");
            for newer in b + 1..(b - place + chain).min(bundles).min(b + 17) {
                write!(xml, "<Revision Id=\"{}\" />", 10_000_000 + newer)?;
            }
            xml.push_str("</SupersededBy>");
            made.superseded += 1;
        }
        xml.push_str("</Update>");
    }
    let mut locations = String::with_capacity(leaves * 240);
    for l in 0..leaves {
        let b = l % bundles;
        let (_, stem) = PRODUCTS[b / chain % PRODUCTS.len()];
        let digest = n.digest();
        write!(
            xml,
            "<Update CreationDate=\"{}\" DefaultLanguage=\"en\" UpdateId=\"{}\" RevisionNumber=\"{}\" RevisionId=\"{}\" IsLeaf=\"true\" DeploymentAction=\"Bundle\"><Languages><Language Name=\"en\" /></Languages><Prerequisites><UpdateId Id=\"{EVERYWHERE}\" />",
            date(l),
            n.guid(),
            200 + l % 9,
            20_000_000 + l
        )?;
        // so many that all together come to seven for each update
        let all = (updates * 950 / 136).saturating_sub(made.prerequisites);
        let mine = (all + (leaves - l) / 2) / (leaves - l).max(1);
        for _ in 1..mine.max(1) {
            write!(xml, "<UpdateId Id=\"{}\" />", probe_ids[n.below(probes)])?;
        }
        made.prerequisites += mine.max(1);
        write!(
            xml,
            "</Prerequisites><BundledBy><Revision Id=\"{}\" /></BundledBy><PayloadFiles><File Id=\"{digest}\" /></PayloadFiles></Update>",
            10_000_000 + b
        )?;
        // some files have no address any more
        if l % 8 != 7 {
            let name = format!("{:010x}{:030x}", n.next() & 0xFF_FFFF_FFFF, n.next());
            write!(
                locations,
                "<FileLocation Id=\"{digest}\" IsIncluded=\"false\" Url=\"http://download.windowsupdate.com/{}/msdownload/update/software/secu/{}/{:02}/{stem}-kb{}-{}_{name}.cab\" />",
                if l % 2 == 0 { "c" } else { "d" },
                2005 + l * 21 / leaves,
                l % 12 + 1,
                kb(b),
                ["x64", "x86", "arm64"][l / bundles % 3]
            )?;
            made.locations += 1;
        }
    }
    xml.push_str("</Updates><FileLocations>");
    xml.push_str(&locations);
    xml.push_str("</FileLocations></OfflineSyncPackage>");
    made.xml = xml;
    Ok(made)
}

/// Writes `package.xml`, `package.cab` (MSZIP) and `wsusscn2.cab` (stored), and says what they hold.
pub fn write(folder: &Path, updates: usize) -> Result<String, Failed> {
    let made = make(updates)?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("package.xml"), &made.xml)?;
    let inner = cabinet(&[("package.xml", made.xml.as_bytes())], true)?;
    fs::write(folder.join("package.cab"), &inner)?;
    let index = b"<?xml version=\"1.0\"?><INDEX VERSION=\"1\"><CABLIST XOR=\"0\"><CAB NAME=\"package.cab\"/></CABLIST></INDEX>";
    let outer = cabinet(&[("index.xml", index), ("package.cab", &inner)], false)?;
    fs::write(folder.join("wsusscn2.cab"), &outer)?;
    Ok(format!(
        "{updates} updates, {} prerequisite entries, {} superseded, {} locations; package.xml {} bytes, package.cab {}, wsusscn2.cab {}",
        made.prerequisites,
        made.superseded,
        made.locations,
        made.xml.len(),
        inner.len(),
        outer.len()
    ))
}
