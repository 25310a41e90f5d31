//! Windows images (WIM): recognised, and what their XML tells of the images, where it is not packed.

use super::{ArchiveError, Budget};
use quick_xml::{Reader, events::Event};
use std::io::{Read, Seek, SeekFrom};

/// The largest list of images that is read.
const LIST: u64 = 16 << 20;
/// Images of one file, at most.
const IMAGES: usize = 1024;

/// Does a file that begins like this look like a Windows image?
pub fn is_wim(head: &[u8]) -> bool {
    head.starts_with(b"MSWIM\0\0\0")
}

/// One image of a WIM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// its name
    pub name: String,
    /// `0` x86, `5` ARM, `6` IA64, `9` x64, `12` ARM64
    pub architecture: Option<u32>,
    /// `10.0.26100.1`
    pub version: Option<String>,
    /// edition
    pub edition: Option<String>,
}

/// What the header of a WIM tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wim {
    /// images that the header counts
    pub count: u32,
    /// part of a set, and how many there are
    pub part: (u16, u16),
    /// the images that its list names; none if the list is packed
    pub images: Option<Vec<Image>>,
}

/// Reads the header and the list of images.
///
/// # Errors
/// It is no WIM, or is cut off.
pub fn read<R: Read + Seek>(mut reader: R, budget: &Budget) -> Result<Wim, ArchiveError> {
    let failed = |at: u64, e: &std::io::Error| {
        let cut = e.kind() == std::io::ErrorKind::UnexpectedEof;
        let problem = if cut {
            "the image is cut off: copy or download it again".to_owned()
        } else {
            format!("cannot be read: {e}")
        };
        budget.error(at, problem)
    };
    let mut header = [0u8; 208];
    reader.read_exact(&mut header).map_err(|e| failed(0, &e))?;
    if !is_wim(&header) {
        return Err(budget.error(0, "no Windows image begins like this"));
    }
    let number = |at: usize, bytes: usize| {
        let part = header.get(at..at + bytes).unwrap_or_default();
        part.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b))
    };
    let short = |at: usize| u16::try_from(number(at, 2)).unwrap_or(u16::MAX);
    let mut wim = Wim {
        count: u32::try_from(number(44, 4)).unwrap_or(u32::MAX),
        part: (short(40), short(42)),
        images: None,
    };
    // the resource of the XML: 7 bytes of size, flags, offset, unpacked size
    let (size, packed, offset) = (number(72, 7), header[79] & 4 != 0, number(80, 8));
    if packed || size == 0 {
        return Ok(wim);
    }
    if size > LIST {
        return Err(budget.error(72, format!("its list of images has {size} bytes, more than any")));
    }
    reader.seek(SeekFrom::Start(offset)).map_err(|e| failed(72, &e))?;
    let mut text = Vec::new();
    let read = reader.take(size).read_to_end(&mut text).map_err(|e| failed(offset, &e))?;
    if (read as u64) < size {
        return Err(failed(offset + read as u64, &std::io::ErrorKind::UnexpectedEof.into()));
    }
    wim.images = Some(images(&encoding_rs::UTF_16LE.decode(&text).0));
    Ok(wim)
}

fn images(text: &str) -> Vec<Image> {
    let mut reader = Reader::from_str(text);
    let mut out: Vec<Image> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut version: [Option<u32>; 4] = [None; 4];
    // what ends in the middle is read as far as it goes
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(e) => {
                if path.len() >= 64 || out.len() >= IMAGES {
                    break;
                }
                path.push(e.name().0.to_ascii_uppercase());
                if path.len() == 2 && path[1] == "IMAGE" {
                    out.push(Image::default());
                    version = [None; 4];
                }
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(t) => {
                let Some(image) = out.last_mut() else { continue };
                let text: String = t.into_inner().chars().filter(|c| !c.is_control()).take(200).collect();
                let text = text.trim();
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let part = match path.as_slice() {
                    ["WIM", "IMAGE", "NAME"] => {
                        image.name = text.to_owned();
                        continue;
                    }
                    ["WIM", "IMAGE", "WINDOWS", "ARCH"] => {
                        image.architecture = text.parse().ok();
                        continue;
                    }
                    ["WIM", "IMAGE", "WINDOWS", "EDITIONID"] => {
                        image.edition = Some(text.to_owned());
                        continue;
                    }
                    ["WIM", "IMAGE", "WINDOWS", "VERSION", "MAJOR"] => 0,
                    ["WIM", "IMAGE", "WINDOWS", "VERSION", "MINOR"] => 1,
                    ["WIM", "IMAGE", "WINDOWS", "VERSION", "BUILD"] => 2,
                    ["WIM", "IMAGE", "WINDOWS", "VERSION", "SPBUILD"] => 3,
                    _ => continue,
                };
                version[part] = text.parse().ok();
                if let [Some(a), Some(b), Some(c), d] = version {
                    image.version = Some(format!("{a}.{b}.{c}.{}", d.unwrap_or(0)));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Limits;
    use std::io::Cursor;

    fn wim(xml: &str, flags: u8) -> Vec<u8> {
        let text: Vec<u8> =
            std::iter::once(0xfeff).chain(xml.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let mut out = vec![0; 208];
        out[..8].copy_from_slice(b"MSWIM\0\0\0");
        out[8] = 208;
        (out[40], out[42], out[44]) = (1, 1, 2);
        out[72..76].copy_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
        out[79] = flags;
        out[80] = 208;
        out.extend(text);
        out
    }

    const XML: &str = "<WIM><TOTALBYTES>1</TOTALBYTES><IMAGE INDEX=\"1\"><NAME>Windows 11 Pro</NAME><WINDOWS>\
        <ARCH>9</ARCH><EDITIONID>Professional</EDITIONID><VERSION><MAJOR>10</MAJOR><MINOR>0</MINOR>\
        <BUILD>26100</BUILD><SPBUILD>1742</SPBUILD></VERSION></WINDOWS></IMAGE><IMAGE INDEX=\"2\"/></WIM>";

    #[test]
    fn the_list_of_images_is_read_where_it_is_not_packed() {
        let budget = Budget::new(Limits::default());
        let told = read(Cursor::new(wim(XML, 2)), &budget).unwrap();
        let image = Image {
            name: "Windows 11 Pro".into(),
            architecture: Some(9),
            version: Some("10.0.26100.1742".into()),
            edition: Some("Professional".into()),
        };
        assert_eq!((told.count, told.part, told.images.unwrap()[0].clone()), (2, (1, 1), image));
        assert_eq!(read(Cursor::new(wim(XML, 6)), &budget).unwrap().images, None);
    }

    #[test]
    fn what_is_cut_is_said() {
        let budget = Budget::new(Limits::default());
        let whole = wim(XML, 2);
        for cut in [0, 100, 207, 208, whole.len() - 1] {
            let e = read(Cursor::new(&whole[..cut]), &budget).unwrap_err();
            assert!(e.problem.contains("cut off"), "{cut}: {e}");
        }
        let mut huge = whole;
        huge[76] = 9;
        assert!(read(Cursor::new(huge), &budget).unwrap_err().problem.contains("more than any"));
    }
}
