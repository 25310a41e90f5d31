//! Header, folders and members of a cabinet.

use super::input::Input;
use crate::archive::{ArchiveError, Budget, name};
use std::io::Read;

/// A file in a cabinet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// its name, with `/` between folders
    pub name: String,
    /// unpacked bytes
    pub size: u32,
    /// where it begins in its folder's unpacked bytes
    pub(super) offset: u32,
    pub(super) folder: u16,
}

/// How a folder is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    MsZip,
    /// with this many bits of window
    Lzx(u8),
}

#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// where its first block begins
    pub(super) data: u32,
    pub(super) blocks: u16,
    pub(super) packing: Packing,
    /// bytes of each block's header that belong to others
    pub(super) reserve: u8,
}

/// Unpacked bytes of a block, at most.
pub(super) const BLOCK: usize = 32 * 1024;
/// The longest name that the format allows, with room.
const LONGEST_NAME: usize = 1024;

pub(super) struct Directory {
    pub(super) folders: Vec<Folder>,
    pub(super) members: Vec<Member>,
}

struct Header {
    size: u32,
    files: u32,
    folders: u16,
    members: u16,
    folder_reserve: u8,
    block_reserve: u8,
}

impl Directory {
    /// Reads it; `size` is that of the file, if it is known.
    pub(super) fn read<R: Read>(
        input: &mut Input<R>,
        budget: &Budget,
        size: Option<u64>,
    ) -> Result<Self, ArchiveError> {
        let header = header(input)?;
        if let Some(size) = size.filter(|s| *s < header.size.into()) {
            let problem = format!(
                "the cabinet is cut off here: it says that it has {} bytes; copy or download it again",
                header.size
            );
            return Err(budget.error(size, problem));
        }
        budget.add_members(header.members.into(), 28)?;
        let mut folders = Vec::new();
        for _ in 0..header.folders {
            folders.push(folder(input, &header)?);
        }
        input.on_to(header.files.into(), "the list of members")?;
        let mut members = Vec::new();
        for _ in 0..header.members {
            members.push(member(input, &folders)?);
        }
        // as their data stands; an empty one before what begins in the same place
        members.sort_by_key(|m| (folders[usize::from(m.folder)].data, m.folder, m.offset, m.size));
        for pair in members.windows(2) {
            let [a, b] = pair else { continue };
            let end = u64::from(a.offset) + u64::from(a.size);
            if a.folder == b.folder && b.size > 0 && u64::from(b.offset) < end {
                return Err(input.error(format!("the members `{}` and `{}` overlap", a.name, b.name)));
            }
        }
        Ok(Self { folders, members })
    }
}

fn header<R: Read>(input: &mut Input<R>) -> Result<Header, ArchiveError> {
    if input.array()? != *b"MSCF\0\0\0\0" {
        return Err(input.error("no cabinet begins like this"));
    }
    let size = input.u32()?;
    input.pass(4)?;
    let files = input.u32()?;
    input.pass(4)?;
    let [minor, major] = input.array()?;
    if major != 1 {
        return Err(input.error(format!("a cabinet of version {major}.{minor}; version 1.3 can be read")));
    }
    let (folders, members, flags) = (input.u16()?, input.u16()?, input.u16()?);
    // the cabinet's place in a set
    input.pass(4)?;
    let (mut head, mut folder_reserve, mut block_reserve) = (0, 0, 0);
    if flags & 4 != 0 {
        head = input.u16()?;
        [folder_reserve, block_reserve] = input.array()?;
    }
    input.pass(head.into())?;
    for (flag, which) in [(1, "continues"), (2, "is continued by")] {
        if flags & flag == 0 {
            continue;
        }
        let other = input.string(LONGEST_NAME)?;
        let _disk = input.string(LONGEST_NAME)?;
        let other: String = String::from_utf8_lossy(&other).chars().filter(|c| !c.is_control()).collect();
        return Err(input.error(format!("one of a set of cabinets: it {which} `{other}`; sets are not read")));
    }
    Ok(Header { size, files, folders, members, folder_reserve, block_reserve })
}

fn folder<R: Read>(input: &mut Input<R>, header: &Header) -> Result<Folder, ArchiveError> {
    let (data, blocks, kind) = (input.u32()?, input.u16()?, input.u16()?);
    let packing = match kind & 0xf {
        0 => Packing::Stored,
        1 => Packing::MsZip,
        2 => return Err(input.error("packed with Quantum, which is not read")),
        3 => {
            let bits = (kind >> 8) & 0x1f;
            let known = u8::try_from(bits).ok().filter(|b| (15..=21).contains(b));
            let unknown = || input.error(format!("packed with LZX and an unknown window of 2^{bits} bytes"));
            Packing::Lzx(known.ok_or_else(unknown)?)
        }
        other => return Err(input.error(format!("packed in an unknown way ({other})"))),
    };
    input.pass(header.folder_reserve.into())?;
    if data > header.size {
        return Err(input.error(format!("a folder begins at byte {data}, beyond the cabinet's end")));
    }
    Ok(Folder { data, blocks, packing, reserve: header.block_reserve })
}

fn member<R: Read>(input: &mut Input<R>, folders: &[Folder]) -> Result<Member, ArchiveError> {
    let (size, offset, folder) = (input.u32()?, input.u32()?, input.u16()?);
    // date, time
    input.pass(4)?;
    let attributes = input.u16()?;
    let raw = input.string(LONGEST_NAME)?;
    let name = name::checked(&raw, attributes & 0x80 != 0).map_err(|e| input.error(e))?;
    if folder >= 0xfffd {
        return Err(input.error(format!("`{name}` is split between cabinets of a set; sets are not read")));
    }
    let Some(of) = folders.get(usize::from(folder)) else {
        return Err(input.error(format!("`{name}` is in folder {folder} of {}", folders.len())));
    };
    if u64::from(offset) + u64::from(size) > u64::from(of.blocks) * BLOCK as u64 {
        return Err(input.error(format!("`{name}` ends beyond its folder's data")));
    }
    Ok(Member { name, size, offset, folder })
}
