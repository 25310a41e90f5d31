//! What DISM and sfc print.

use super::super::log::LogFinding;
use super::gather::Gathered;
use super::text::{Package, after, leading_version};
use super::{Reads, dism};
use crate::diagnose::codes::ErrorEvidence;
use crate::model::Version;

/// Reads what DISM and sfc print.
#[derive(Debug, Default)]
pub(super) struct Console {
    image: Option<Version>,
    added: Option<Package>,
}

/// A line of such an output.
pub(super) fn is_line(line: &str) -> bool {
    const OWN: [&str; 10] = [
        "Deployment Image Servicing and Management",
        "Image Version: ",
        "Adding package ",
        "not applicable to this image",
        "The component store is repairable",
        "No component store corruption detected",
        "The component store cannot be repaired",
        "Windows Resource Protection ",
        "The DISM log file can be found at",
        "The source files could not be",
    ];
    OWN.iter().any(|o| line.contains(o)) || line.starts_with("Error: 0x8")
}

impl Reads for Console {
    fn needles(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn line(&mut self, text: &str, n: u32, out: &mut Gathered) {
        let mut refused = text.contains("not applicable to this image");
        if let Some(rest) = after(text, "Image Version:") {
            self.image = leading_version(rest.trim_start());
        } else if let Some(rest) = after(text, "Adding package ") {
            self.added = Package::at(rest);
            out.begin(self.added.clone().unwrap_or_default());
        } else if text.contains("The component store is repairable")
            || text.contains("The component store cannot be repaired")
            || text.contains("found corrupt files but was unable to fix some")
        {
            out.push(LogFinding::StoreCorruption, text, n);
        } else if text.contains("No component store corruption detected")
            || text.contains("The restore operation completed successfully")
        {
            out.sound = Some(n);
        } else if text.contains("The source files could not be") {
            out.push(LogFinding::SourceMissing, text, n);
        } else if text.contains("not enough space on the disk") {
            out.push(LogFinding::DiskFull, text, n);
        } else if let Some(rest) = text.trim_start().strip_prefix("Error: ") {
            let word = rest.split_whitespace().next().unwrap_or_default();
            let code = ErrorEvidence::parse(word).code;
            // `Error: 14098` is a Win32 error
            let code = code.map(|c| if c < 0x1_0000 { 0x8007_0000 | c } else { c });
            if let Some(code) = code.filter(|c| *c >= 0x8000_0000) {
                refused |= code == 0x800f_081e;
                dism::ended(code, text, n, out);
            }
        }
        if refused
            && let (Some(package), Some(image)) = (self.added.as_ref().and_then(|a| a.version), self.image)
            // "10.0.26100.1" for an image 10.0.22621.3447: another build altogether
            && package.0[0] == image.0[0]
            && package.0[2] >= 10_000
            && package.0[2] != image.0[2]
        {
            out.push(LogFinding::BuildMismatch { package, image }, text, n);
        }
    }
}
