//! A table in the shape and size of the definitions of 2026: 608,740 rows, 136 MB.

use crate::{Failed, numbers::Numbers};
use std::{fmt::Write as _, fs, io::Write as _, path::Path};

const PRODUCTS: &[&str] = &[
    "Windows 7 for 32-bit Systems Service Pack 1",
    "Windows 7 for x64-based Systems Service Pack 1",
    "Windows Server 2008 R2 for x64-based Systems Service Pack 1",
    "Windows Server 2008 R2 for x64-based Systems Service Pack 1 (Server Core installation)",
    "Windows 8.1 for 32-bit systems",
    "Windows 8.1 for x64-based systems",
    "Windows Server 2012",
    "Windows Server 2012 (Server Core installation)",
    "Windows Server 2012 R2",
    "Windows Server 2012 R2 (Server Core installation)",
    "Windows 10 for 32-bit Systems",
    "Windows 10 for x64-based Systems",
    "Windows 10 Version 1607 for x64-based Systems",
    "Windows Server 2016",
    "Windows Server 2016 (Server Core installation)",
    "Windows 10 Version 1809 for 32-bit Systems",
    "Windows 10 Version 1809 for x64-based Systems",
    "Windows Server 2019",
    "Windows Server 2019 (Server Core installation)",
    "Windows 10 Version 22H2 for ARM64-based Systems",
    "Windows 10 Version 22H2 for x64-based Systems",
    "Windows Server 2022",
    "Windows 11 Version 23H2 for x64-based Systems",
    "Windows 11 Version 24H2 for ARM64-based Systems",
    "Windows 11 Version 24H2 for x64-based Systems",
    "Microsoft Office 2016 (64-bit edition)",
    "Microsoft SharePoint Enterprise Server 2016",
    "Microsoft .NET Framework 4.8 on Windows Server 2012 R2",
];
const COMPONENTS: &[&str] = &[
    "Windows Kernel",
    "Windows Kerberos",
    "Windows TCP/IP",
    "Microsoft Graphics Component",
    "Windows DNS Server",
];
const IMPACTS: &[&str] =
    &["Elevation of Privilege", "Remote Code Execution", "Information Disclosure", "Denial of Service"];

/// The table: months of vulnerabilities, each with a row for most products and their updates, which supersede those of the month
/// before.
pub fn table(rows: usize) -> Result<String, Failed> {
    let mut n = Numbers(608_740);
    let mut out = String::with_capacity(rows * 226);
    out.push_str("\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\",\"AffectedComponent\",\"Severity\",\"Impact\",\"Supersedes\",\"Exploits\"\r\n");
    let months = 18 * 12;
    let of_month = rows / months + 1;
    let mut written = 0;
    for month in 0..months {
        let (year, m) = (2009 + month / 12, month % 12 + 1);
        let mut of_this = 0;
        let mut number = 0;
        while of_this < of_month && written < rows {
            let (component, impact) =
                (COMPONENTS[n.below(COMPONENTS.len())], IMPACTS[n.below(IMPACTS.len())]);
            number += 1;
            for (p, product) in PRODUCTS.iter().enumerate() {
                if written == rows || n.below(8) == 0 {
                    continue;
                }
                // architectures and Server Core share an update; every sixth product has two
                for track in 0..if p % 6 == 0 { 2 } else { 1 } {
                    let kb = |month: usize| 2_000_000 + month * 12_000 + p / 2 * 200 + track * 90;
                    write!(
                        out,
                        "\"{year}{m:02}14\",\"CVE-{year}-{}\",\"{}\",\"{component} {impact} Vulnerability in a part that is named here\",\"{product}\",\"{component}\",\"Important\",\"{impact}\",\"",
                        10_000 + month * 40 + number,
                        kb(month)
                    )?;
                    if month > 0 && number % 9 != 0 {
                        write!(out, "{}", kb(month - 1))?;
                    }
                    out.push_str("\",\"\"\r\n");
                    written += 1;
                    of_this += 1;
                    if written == rows {
                        break;
                    }
                }
            }
        }
    }
    Ok(out)
}

/// Writes `CVEs_20260628.csv` and `definitions.zip`, and says what they hold.
pub fn write(folder: &Path, rows: usize) -> Result<String, Failed> {
    let table = table(rows)?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("CVEs_20260628.csv"), &table)?;
    let mut zip = zip::ZipWriter::new(fs::File::create(folder.join("definitions.zip"))?);
    zip.start_file("CVEs_20260628.csv", zip::write::SimpleFileOptions::default())?;
    zip.write_all(table.as_bytes())?;
    let size = zip.finish()?.metadata()?.len();
    Ok(format!("{rows} rows, {} bytes, zipped {size}", table.len()))
}
