//! `wmic os`: as a list (`BuildNumber=19045`), as CSV, or as a table.

use super::collect::Collector;
use super::format::{Directness, Format};
use super::lines::{Line, is_prompt};
use super::os_values::{self, Values};
use crate::model::{Host, Origin};
use std::sync::Arc;

const LIST: &str = "wmic os list";
const CSV: &str = "wmic os CSV";
const TABLE: &str = "wmic os table";

const TELLS: &str = "product, build, service pack, edition, architecture, language";
const CANNOT: &str = "updates; the revision (UBR)";

/// What is known of this format.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: LIST,
        from: "wmic os get /value",
        signature: "BuildNumber=…, Caption=Microsoft Windows …",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Reported,
    },
    Format {
        name: CSV,
        from: "wmic os get /format:csv",
        signature: "Node,… with BuildNumber, Caption or OSArchitecture among its columns",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Reported,
    },
    Format {
        name: TABLE,
        from: "wmic os get Caption,Version,OSArchitecture",
        signature: "a header of such names and one row below its columns",
        tells: TELLS,
        cannot: CANNOT,
        directness: Directness::Reported,
    },
];

/// The properties of the class that a table may have as columns.
const COLUMNS: [&str; 64] = [
    "BootDevice",
    "BuildNumber",
    "BuildType",
    "Caption",
    "CodeSet",
    "CountryCode",
    "CreationClassName",
    "CSCreationClassName",
    "CSDVersion",
    "CSName",
    "CurrentTimeZone",
    "DataExecutionPrevention_32BitApplications",
    "DataExecutionPrevention_Available",
    "DataExecutionPrevention_Drivers",
    "DataExecutionPrevention_SupportPolicy",
    "Debug",
    "Description",
    "Distributed",
    "EncryptionLevel",
    "ForegroundApplicationBoost",
    "FreePhysicalMemory",
    "FreeSpaceInPagingFiles",
    "FreeVirtualMemory",
    "InstallDate",
    "LargeSystemCache",
    "LastBootUpTime",
    "LocalDateTime",
    "Locale",
    "Manufacturer",
    "MaxNumberOfProcesses",
    "MaxProcessMemorySize",
    "MUILanguages",
    "Name",
    "NumberOfLicensedUsers",
    "NumberOfProcesses",
    "NumberOfUsers",
    "OperatingSystemSKU",
    "Organization",
    "OSArchitecture",
    "OSLanguage",
    "OSProductSuite",
    "OSType",
    "OtherTypeDescription",
    "PAEEnabled",
    "PlusProductID",
    "PlusVersionNumber",
    "PortableOperatingSystem",
    "Primary",
    "ProductType",
    "RegisteredUser",
    "SerialNumber",
    "ServicePackMajorVersion",
    "ServicePackMinorVersion",
    "SizeStoredInPagingFiles",
    "Status",
    "SuiteMask",
    "SystemDevice",
    "SystemDirectory",
    "SystemDrive",
    "TotalSwapSpaceSize",
    "TotalVirtualMemorySize",
    "TotalVisibleMemorySize",
    "Version",
    "WindowsDirectory",
];

/// One of these is in all that tells of Windows, in lower case; `|` is in its `Name`.
pub(super) const WORDS: [&str; 10] = [
    "node,",
    "caption",
    "buildnumber",
    "osarchitecture",
    "operatingsystemsku",
    "servicepackmajorversion",
    "csdversion",
    "csname",
    "systemdirectory",
    "|",
];

fn is_column(word: &str) -> bool {
    COLUMNS.iter().any(|c| c.eq_ignore_ascii_case(word))
}

/// Reads what wmic says of Windows; empty if it says nothing of it.
pub(super) fn read(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut hosts = list(lines, input);
    hosts.extend(csv(lines, input));
    hosts.extend(table(lines, input));
    hosts
}

fn host(values: &Values, input: &Arc<str>, format: &'static str) -> Host {
    let mut c = Collector::new(input, format);
    os_values::tell_os(values, &mut c.host);
    c.finish(None)
}

/// `Name=value` in any order; a name that comes again begins the next object.
fn list(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut out = Vec::new();
    let mut values = Values::default();
    let flush = |values: &mut Values, out: &mut Vec<Host>| {
        let one = std::mem::take(values);
        if os_values::is_os(&one) && out.len() < 1_000 {
            out.push(host(&one, input, LIST));
        }
    };
    for line in lines.iter().filter(|l| !is_prompt(&l.text)) {
        let Some((name, value)) = line.text.trim().split_once('=') else { continue };
        let plain = name.len() <= 60 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || name.is_empty() {
            continue;
        }
        if values.has(&name.to_ascii_lowercase()) {
            flush(&mut values, &mut out);
        }
        values.put(name, value, Origin::line(input, LIST, line.number));
    }
    flush(&mut values, &mut out);
    out
}

/// Cells of a row: commas inside braces (`{de-DE,en-US}`) part none, other commas are not quoted.
fn cells(row: &str) -> Vec<&str> {
    let (mut out, mut start, mut depth) = (Vec::new(), 0, 0usize);
    for (i, c) in row.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.push(&row[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(&row[start..]);
    out
}

/// Columns whose values hold no comma and that stand before any column whose values may.
const FIXED: [&str; 4] = ["node", "bootdevice", "buildnumber", "buildtype"];

fn csv(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let header = lines.iter().position(|l| {
        let cells: Vec<&str> = l.text.trim().split(',').collect();
        cells.len() > 1 && cells[0].eq_ignore_ascii_case("Node") && cells[1..].iter().all(|c| is_column(c))
    });
    let Some(at) = header else { return Vec::new() };
    let names: Vec<String> = lines[at].text.trim().split(',').map(str::to_ascii_lowercase).collect();
    let mut out = Vec::new();
    for line in lines[at + 1..].iter().filter(|l| !l.is_blank()).take(1_000) {
        let row = cells(line.text.trim());
        if row.len() < names.len() {
            break;
        }
        let mut values = Values::default();
        let shifted = row.len() > names.len();
        for (name, value) in names.iter().zip(&row) {
            if shifted && !FIXED.contains(&name.as_str()) {
                break;
            }
            let name = if name == "node" { "csname" } else { name };
            values.put(name, value, Origin::line(input, CSV, line.number));
        }
        if values.has("caption") || values.get("buildnumber").is_some() || values.get("version").is_some() {
            let host = host(&values, input, CSV);
            if host.version.is_some() || host.product.is_some() {
                out.push(host);
            }
        }
    }
    out
}

/// Words of a line with the character that each begins at.
fn columns(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut before = ' ';
    for (i, c) in text.chars().enumerate() {
        match (c.is_whitespace(), before.is_whitespace(), out.last_mut()) {
            (false, false, Some((_, word))) => word.push(c),
            (false, ..) => out.push((i, c.to_string())),
            _ => {}
        }
        before = c;
    }
    out
}

/// The cells of a row: two blanks part them. Where some are empty the header's columns tell, if the row keeps to them;
/// letters that are two columns wide shift a row that was copied from a console.
fn row_cells(names: &[(usize, String)], row: &str) -> Vec<String> {
    let apart: Vec<String> =
        row.split("  ").map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect();
    if apart.len() == names.len() {
        return apart;
    }
    let chars: Vec<char> = row.chars().collect();
    let begins = |start: usize| start == 0 || chars.get(start - 1).is_none_or(|c| c.is_whitespace());
    if !names.iter().all(|(start, _)| begins(*start)) {
        return Vec::new();
    }
    let ends = names.iter().skip(1).map(|(s, _)| *s).chain([chars.len()]);
    let cell = |(start, end): (usize, usize)| -> String {
        chars.get(start..end.min(chars.len())).unwrap_or_default().iter().collect()
    };
    names.iter().map(|(s, _)| *s).zip(ends).map(cell).collect()
}

fn table(lines: &[Line], input: &Arc<str>) -> Vec<Host> {
    let mut out = Vec::new();
    let mut filled = lines.iter().filter(|l| !l.is_blank()).peekable();
    while let Some(line) = filled.next() {
        if !line.text.split_whitespace().next().is_some_and(is_column) {
            continue;
        }
        let names = columns(&line.text);
        if !names.iter().all(|(_, n)| is_column(n)) {
            continue;
        }
        let Some(row) = filled.peek() else { break };
        let mut values = Values::default();
        for ((_, name), cell) in names.iter().zip(row_cells(&names, &row.text)) {
            values.put(name, &cell, Origin::line(input, TABLE, row.number));
        }
        let host = host(&values, input, TABLE);
        // one column could be that of any other class
        let own = host.product.is_some() || os_values::is_os(&values);
        if own && out.len() < 1_000 {
            out.push(host);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn told(text: &str) -> Vec<[String; 4]> {
        let or = |t: Option<String>| t.unwrap_or_else(|| "-".into());
        let hosts = read(&lines(text), &Arc::from("f"));
        let told = |h: &Host| {
            [
                or(h.product.as_ref().map(|p| p.value.clone())),
                or(h.version.as_ref().map(|p| p.value.to_string())),
                or(h.architecture.as_ref().map(|p| p.value.to_string())),
                or(h.name.as_ref().map(|p| p.value.clone())),
            ]
        };
        hosts.iter().map(told).collect()
    }

    #[test]
    fn lists_with_doubled_line_ends_and_a_computer_below() {
        let text = "C:\\>wmic os get /value\r\r\n\r\r\nBuildNumber=7601\r\r\nCaption=Microsoft Windows 7 Professionnel \r\r\nCSName=PC01\r\r\nOSArchitecture=32 bits\r\r\nVersion=6.1.7601\r\r\n\r\r\n\
            C:\\>wmic computersystem get /value\r\r\nCaption=PC01\r\r\nModel=x\r\r\nSystemType=x64-based PC\r\r\n";
        assert_eq!(told(text), [["Microsoft Windows 7 Professionnel", "6.1.7601", "x86", "PC01"]]);
    }

    #[test]
    fn commas_that_shift_the_cells_leave_what_stands_before_them() {
        let head = "Node,BuildNumber,Caption,MUILanguages,OSArchitecture,Version\n";
        let whole = format!(
            "\n{head}SRV01,17763,Microsoft Windows Server 2019 Standard,{{en-US,de-DE}},64-bit,10.0.17763\n"
        );
        assert_eq!(told(&whole), [["Microsoft Windows Server 2019 Standard", "10.0.17763", "x64", "SRV01"]]);
        let shifted = format!(
            "{head}SRV02,3790,Microsoft(R) Windows(R) Server 2003, Standard Edition,{{}},32-bit,5.2.3790\n"
        );
        assert_eq!(told(&shifted), [["-", "5.2.3790", "-", "SRV02"]]);
    }

    #[test]
    fn tables_are_read_by_their_columns() {
        let text = "C:\\>wmic os get Caption,OSArchitecture,Version\nCaption                   OSArchitecture  Version     \nMicrosoft Windows 10 Pro  64-разрядная    10.0.19045  \n";
        assert_eq!(told(text), [["Microsoft Windows 10 Pro", "10.0.19045", "x64", "-"]]);
        assert_eq!(
            told("Caption\nMicrosoft Windows 11 Home\n"),
            [["Microsoft Windows 11 Home", "-", "-", "-"]]
        );
        assert!(told("Name      Status\nwuauserv  OK\n").is_empty() && told("Version\n1.2.3\n").is_empty());
    }

    #[test]
    fn other_lists_are_none() {
        assert!(
            told("HotFixID=KB2919355\nCaption=http://support.microsoft.com/?kbid=2919355\nCSName=PC01\n")
                .is_empty()
        );
    }
}
