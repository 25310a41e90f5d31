//! Cabinets, written.

use crate::Failed;
use flate2::{Compress, Compression, FlushCompress, Status};

/// The checksum of a block of a cabinet.
fn checksum(bytes: &[u8], seed: u32) -> u32 {
    let mut words = bytes.chunks_exact(4);
    let mut sum = words.by_ref().fold(seed, |s, w| s ^ u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
    let rest = words.remainder();
    if !rest.is_empty() {
        sum ^= rest.iter().fold(0, |s, &b| s << 8 | u32::from(b));
    }
    sum
}

/// A cabinet of one folder; MSZIP or stored.
pub fn cabinet(members: &[(&str, &[u8])], packed: bool) -> Result<Vec<u8>, Failed> {
    let all: Vec<u8> = members.iter().flat_map(|m| m.1.iter().copied()).collect();
    let mut blocks: Vec<(Vec<u8>, u16)> = Vec::new();
    for piece in all.chunks(32_768) {
        let data = if packed {
            let mut out = Vec::with_capacity(40_000);
            out.extend(b"CK");
            let mut deflate = Compress::new(Compression::new(6), false);
            let status = deflate.compress_vec(piece, &mut out, FlushCompress::Finish)?;
            assert_eq!(status, Status::StreamEnd);
            out
        } else {
            piece.to_vec()
        };
        blocks.push((data, u16::try_from(piece.len())?));
    }
    let names: usize = members.iter().map(|m| 16 + m.0.len() + 1).sum();
    let data_at = 36 + 8 + names;
    let size = data_at + blocks.iter().map(|b| 8 + b.0.len()).sum::<usize>();
    let mut out = Vec::with_capacity(size);
    out.extend(b"MSCF\0\0\0\0");
    out.extend(u32::try_from(size)?.to_le_bytes());
    out.extend([0; 4]);
    out.extend(44u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend([3, 1]);
    out.extend(1u16.to_le_bytes());
    out.extend(u16::try_from(members.len())?.to_le_bytes());
    out.extend([0; 6]);
    out.extend(u32::try_from(data_at)?.to_le_bytes());
    out.extend(u16::try_from(blocks.len())?.to_le_bytes());
    out.extend(u16::from(packed).to_le_bytes());
    let mut at = 0u32;
    for (name, bytes) in members {
        let length = u32::try_from(bytes.len())?;
        out.extend(length.to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend([0, 0, 0xAC, 0x5C, 0, 0, 0x20, 0]);
        out.extend(name.as_bytes());
        out.push(0);
        at += length;
    }
    for (data, plain) in blocks {
        let mut sizes = Vec::with_capacity(4);
        sizes.extend(u16::try_from(data.len())?.to_le_bytes());
        sizes.extend(plain.to_le_bytes());
        out.extend(checksum(&sizes, checksum(&data, 0)).to_le_bytes());
        out.extend(sizes);
        out.extend(data);
    }
    Ok(out)
}

/// A cabinet of so many small members, as those of Windows Update's metadata are.
pub fn of_members(count: usize) -> Result<Vec<u8>, Failed> {
    let mut numbers = crate::numbers::Numbers(12_500);
    let made: Vec<(String, String)> = (0..count)
        .map(|n| {
            let bytes = format!("<upd:Identity UpdateID=\"{}\" />\n", numbers.guid()).repeat(24);
            (format!("c/{}", 10_000_000 + n), bytes)
        })
        .collect();
    let members: Vec<(&str, &[u8])> = made.iter().map(|(name, bytes)| (&**name, bytes.as_bytes())).collect();
    cabinet(&members, true)
}
