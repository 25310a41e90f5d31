//! `index.xml`: which further cabinet holds which revisions.

use crate::metadata::xml::{Piece, Pull, XmlError, clean};
use std::collections::BTreeMap;

/// Cabinets by the first revision of each, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(BTreeMap<u32, String>);

impl Ranges {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The cabinet of a revision: that of the greatest start which is not above it.
    pub(super) fn cab_of(&self, revision: u32) -> Option<&str> {
        self.0.range(..=revision).next_back().map(|(_, name)| name.as_str())
    }
}

/// Reads the index.
pub(super) fn read(bytes: &[u8]) -> Result<Ranges, XmlError> {
    let mut pull = Pull::new(bytes);
    let mut ranges = Ranges::default();
    loop {
        match pull.next()? {
            Piece::Open(e, _) if e.name().eq_ignore_ascii_case("CAB") => {
                let (mut name, mut start) = (String::new(), None);
                e.attributes(&mut |attribute, value| {
                    match attribute {
                        "NAME" => name = clean(&value, 260).to_ascii_lowercase(),
                        "RANGESTART" => {
                            let number = value.trim().parse::<u32>();
                            start = Some(number.map_err(|_| e.error("a RANGESTART that is no number"))?);
                        }
                        _ => {}
                    }
                    Ok(())
                })?;
                if let Some(start) = start {
                    ranges.0.insert(start, name);
                }
            }
            Piece::End => return Ok(ranges),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_belongs_to_the_new_cabinet() {
        let text = br#"<INDEX VERSION="1"><CABLIST XOR="0"><CAB NAME="package.cab"/>
            <CAB NAME="package2.cab" RANGESTART="0" FILESDIR="1"/><CAB NAME="Package3.cab" RANGESTART="605"/></CABLIST></INDEX>"#;
        let r = read(text).unwrap();
        assert_eq!(r.cab_of(604), Some("package2.cab"));
        assert_eq!(r.cab_of(605), Some("package3.cab"));
        assert_eq!(r.cab_of(u32::MAX), Some("package3.cab"));
        assert_eq!(Ranges::default().cab_of(1), None);
    }
}
