//! The blocks of folders, unpacked one after the other.

use super::{
    directory::{BLOCK, Folder, Packing},
    input::Input,
};
use crate::archive::{ArchiveError, Budget};
use flate2::{Decompress, FlushDecompress};
use lzxd::{Lzxd, WindowSize};
use std::io::Read;

/// Packed bytes of a block, at most: what does not shrink may grow by 6 KB.
const PACKED: usize = BLOCK + 6 * 1024;

/// Unpacks the folders of one cabinet, forwards only.
#[derive(Default)]
pub(super) struct Unpacker {
    /// the folder that is being read
    folder: Option<usize>,
    blocks_read: u16,
    /// where the block in `block` begins and ends in the folder
    from: u64,
    to: u64,
    packed: Vec<u8>,
    block: Vec<u8>,
    /// what MSZIP blocks refer back to: at most the last 32 KB
    history: Vec<u8>,
    inflate: Option<Decompress>,
    lzx: Option<(u8, Lzxd)>,
    /// for the ratio
    packed_bytes: u64,
    /// what stopped this folder: nothing behind it can be told
    failed: Option<ArchiveError>,
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacker").field("folder", &self.folder).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Unpacker {
    /// The unpacked bytes from a place in a folder to the end of the block that it is in; never none.
    pub(super) fn at<R: Read>(
        &mut self,
        place: u64,
        folder: usize,
        folders: &[Folder],
        input: &mut Input<R>,
        budget: &Budget,
    ) -> Result<&[u8], ArchiveError> {
        let of = folders.get(folder).ok_or_else(|| input.error("a folder that is not listed"))?;
        if self.folder != Some(folder) {
            input.on_to(of.data.into(), "a folder's data")?;
            self.begin(folder, of);
        }
        if let Some(e) = &self.failed {
            return Err(e.clone());
        }
        while self.to <= place {
            if let Err(e) = self.next_block(of, place, input, budget) {
                self.failed = Some(e.clone());
                return Err(e);
            }
        }
        let skip = place.checked_sub(self.from).and_then(|n| usize::try_from(n).ok());
        let rest = skip.and_then(|n| self.block.get(n..)).filter(|r| !r.is_empty());
        rest.ok_or_else(|| input.error("a member begins before what was read already"))
    }

    fn begin(&mut self, folder: usize, of: &Folder) {
        self.folder = Some(folder);
        self.failed = None;
        (self.blocks_read, self.from, self.to, self.packed_bytes) = (0, 0, 0, 0);
        self.block.clear();
        self.history.clear();
        if let Packing::Lzx(bits) = of.packing {
            self.lzx = Some((bits, Lzxd::new(window(bits))));
        }
    }

    fn next_block<R: Read>(
        &mut self,
        of: &Folder,
        wanted: u64,
        input: &mut Input<R>,
        budget: &Budget,
    ) -> Result<(), ArchiveError> {
        if self.blocks_read == of.blocks {
            return Err(
                input.error(format!("the folder's data ends at {} unpacked bytes, members beyond", self.to))
            );
        }
        self.blocks_read += 1;
        let at = input.at();
        let failed = |problem: String| budget.error(at, problem);
        let sum = input.u32()?;
        let sizes: [u8; 4] = input.array()?;
        let [a, b, c, d] = sizes;
        let (packed, unpacked) =
            (usize::from(u16::from_le_bytes([a, b])), usize::from(u16::from_le_bytes([c, d])));
        let mut reserve = [0; 255];
        let reserve = &mut reserve[..usize::from(of.reserve)];
        input.exact(reserve)?;
        if unpacked == 0 {
            return Err(failed("a block is continued in another cabinet; sets are not read".into()));
        }
        if unpacked > BLOCK || packed > PACKED {
            return Err(failed(format!("a block of {packed} bytes, {unpacked} unpacked: larger than any")));
        }
        self.from = self.to;
        self.to += unpacked as u64;
        self.packed_bytes += 8 + packed as u64;
        if of.packing == Packing::Stored {
            if packed != unpacked {
                return Err(failed(format!("a stored block of {packed} bytes says that it has {unpacked}")));
            }
            // of what is stored, nothing depends on what is passed over
            if self.to <= wanted {
                self.block.clear();
                return input.pass(packed as u64);
            }
        }
        self.packed.resize(packed, 0);
        input.exact(&mut self.packed)?;
        check(sum, &self.packed, sizes, reserve).map_err(|e| failed(e.into()))?;
        budget.add_unpacked(unpacked, (self.to, self.packed_bytes), at)?;
        self.block.clear();
        match of.packing {
            Packing::Stored => self.block.extend_from_slice(&self.packed),
            Packing::MsZip => self.ms_zip(unpacked).map_err(failed)?,
            Packing::Lzx(_) => {
                let Some((_, lzx)) = &mut self.lzx else { return Err(failed("LZX without a window".into())) };
                let out = lzx.decompress_next(&self.packed, unpacked);
                let out = out.map_err(|e| failed(format!("LZX data is damaged: {e}")))?;
                self.block.extend_from_slice(out);
            }
        }
        if self.block.len() != unpacked {
            return Err(failed(format!("a block unpacks to {} bytes, not to {unpacked}", self.block.len())));
        }
        Ok(())
    }

    fn ms_zip(&mut self, unpacked: usize) -> Result<(), String> {
        let damaged = |why: &str| format!("MSZIP data is damaged: {why}");
        let data = self.packed.strip_prefix(b"CK").ok_or_else(|| damaged("its mark CK is missing"))?;
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        inflate.reset(false);
        if !self.history.is_empty() {
            inflate.set_dictionary(&self.history).map_err(|e| damaged(&e.to_string()))?;
        }
        self.block.resize(unpacked, 0);
        let done = inflate.decompress(data, &mut self.block, FlushDecompress::Finish);
        done.map_err(|e| damaged(&e.to_string()))?;
        let n = usize::try_from(inflate.total_out()).unwrap_or(unpacked);
        self.block.truncate(n);
        // blocks of less than 32 KB leave some of what stood before them
        let keep = BLOCK.saturating_sub(self.block.len()).min(self.history.len());
        self.history.drain(..self.history.len() - keep);
        self.history.extend_from_slice(&self.block);
        Ok(())
    }
}

fn window(bits: u8) -> WindowSize {
    match bits {
        15 => WindowSize::KB32,
        16 => WindowSize::KB64,
        17 => WindowSize::KB128,
        18 => WindowSize::KB256,
        19 => WindowSize::KB512,
        20 => WindowSize::MB1,
        _ => WindowSize::MB2,
    }
}

/// The checksum covers the data, then the sizes; a sum of zero is none. Writers differ over the bytes that belong to
/// others.
fn check(sum: u32, data: &[u8], sizes: [u8; 4], reserve: &[u8]) -> Result<(), &'static str> {
    if sum == 0 {
        return Ok(());
    }
    let of_data = checksum(data, 0);
    if checksum(&sizes, of_data) == sum {
        return Ok(());
    }
    let mut with_reserve = sizes.to_vec();
    with_reserve.extend_from_slice(reserve);
    if !reserve.is_empty() && checksum(&with_reserve, of_data) == sum {
        return Ok(());
    }
    Err("the block's checksum does not fit: the cabinet is damaged, copy or download it again")
}

/// The cabinets' checksum: little-endian words, exclusive-or; the odd bytes at the end in the other order.
pub(super) fn checksum(data: &[u8], seed: u32) -> u32 {
    let mut words = data.chunks_exact(4);
    let sum = words.by_ref().fold(seed, |sum, w| sum ^ <[u8; 4]>::try_from(w).map_or(0, u32::from_le_bytes));
    words.remainder().iter().fold(0, |last, b| last << 8 | u32::from(*b)) ^ sum
}
