//! Raw pages as they were fetched: one file for each address, which says itself what it holds.

use super::super::{Failure, input::named};
use super::{Cache, disk, hex};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};

/// The largest file of a page, and the largest page.
const LIMIT: u64 = 256 << 20;

/// A page as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Page {
    /// address it was asked for, with its query
    pub(in crate::cli) address: String,
    /// when, `yyyy-mm-ddThh:mm:ssZ`
    pub(in crate::cli) fetched: String,
    /// as the server sent it, unpacked
    pub(in crate::cli) bytes: Vec<u8>,
}

/// First line of a page's file.
#[derive(Serialize, Deserialize)]
struct Head {
    address: String,
    fetched: String,
    sha256: String,
    size: u64,
}

fn name(address: &str) -> String {
    format!("{}.page", hex(&Sha256::digest(address.as_bytes())))
}

fn read_back(file: &[u8], address: &str) -> Option<Page> {
    let end = file.iter().position(|b| *b == b'\n')?;
    let head: Head = serde_json::from_slice(file.get(..end)?).ok()?;
    let mut bytes = Vec::new();
    let packed = ZlibDecoder::new(file.get(end + 1..)?);
    packed.take(head.size.min(LIMIT) + 1).read_to_end(&mut bytes).ok()?;
    let whole = head.address == address && hex(&Sha256::digest(&bytes)) == head.sha256;
    whole.then_some(Page { address: head.address, fetched: head.fetched, bytes })
}

impl Cache {
    /// A page that was fetched before; none if it was not. A damaged one counts as not fetched, and is told.
    pub(in crate::cli) fn page(&self, address: &str) -> Result<Option<Page>, Failure> {
        let path = self.folder().join("pages").join(name(address));
        let Some(file) = disk::read(&path, LIMIT)? else { return Ok(None) };
        let page = read_back(&file, address);
        if page.is_none() {
            super::tell(&format!("{}: this page is damaged; it counts as not fetched", named(&path)));
        }
        Ok(page)
    }

    /// Keeps pages; one of the same address replaces the former.
    pub(in crate::cli) fn add_pages(&self, pages: &[Page]) -> Result<(), Failure> {
        if pages.is_empty() {
            return Ok(());
        }
        let folder = self.folder().join("pages");
        let _lock = self.lock()?;
        disk::folder(&folder)?;
        disk::sweep(&folder, |_| true);
        for page in pages {
            let head = Head {
                address: page.address.clone(),
                fetched: page.fetched.clone(),
                sha256: hex(&Sha256::digest(&page.bytes)),
                size: page.bytes.len() as u64,
            };
            let bug = |e: &dyn std::fmt::Display| Failure::catalog(format!("a page cannot be packed: {e}"));
            let mut first = serde_json::to_vec(&head).map_err(|e| bug(&e))?;
            first.push(b'\n');
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&page.bytes).map_err(|e| bug(&e))?;
            let packed = packed.finish().map_err(|e| bug(&e))?;
            disk::write(&folder, &name(&page.address), &[&first, &packed])?;
        }
        disk::settle(&folder);
        Ok(())
    }
}
