//! Writers of cabinets and packages, for tests: small, plain, in the exact format.
#![allow(dead_code, reason = "each test uses its part")]

mod lzx;

use flate2::{Compress, Compression, FlushCompress};

/// How a folder is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Stored,
    MsZip,
    /// LZX blocks that hold the bytes as they are, window of 2^n bytes
    LzxRaw(u8),
    /// LZX blocks with Huffman codes and matches
    LzxVerbatim(u8),
    /// the same with the low bits of distances in a code of their own
    LzxAligned(u8),
}

impl Packing {
    fn kind(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::MsZip => 1,
            Self::LzxRaw(n) | Self::LzxVerbatim(n) | Self::LzxAligned(n) => u16::from(n) << 8 | 3,
        }
    }
}

/// Names and bytes.
pub(crate) type Members = Vec<(String, Vec<u8>)>;

/// A cabinet to write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cabinet {
    pub(crate) folders: Vec<(Packing, Members)>,
    /// bytes that belong to others: of the header, of each folder, of each block
    pub(crate) reserve: Option<(u16, u8, u8)>,
    pub(crate) no_checksums: bool,
    pub(crate) flags: u16,
}

/// One folder with these members.
pub(crate) fn cabinet(packing: Packing, members: &[(&str, &[u8])]) -> Vec<u8> {
    let members = members.iter().map(|(n, b)| ((*n).to_owned(), b.to_vec())).collect();
    Cabinet { folders: vec![(packing, members)], ..Cabinet::default() }.bytes()
}

impl Cabinet {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (head, of_folder, of_block) = self.reserve.unwrap_or_default();
        let mut names = Vec::new();
        let mut count = 0u16;
        let mut data: Vec<Vec<u8>> = Vec::new();
        let mut blocks = Vec::new();
        for (n, (packing, members)) in self.folders.iter().enumerate() {
            let mut all = Vec::new();
            for (name, bytes) in members {
                names.extend((bytes.len() as u32).to_le_bytes());
                names.extend((all.len() as u32).to_le_bytes());
                names.extend((n as u16).to_le_bytes());
                names.extend([0x21, 0x50, 0, 0, 0x20, 0]);
                names.extend(name.as_bytes());
                names.push(0);
                count += 1;
                all.extend_from_slice(bytes);
            }
            let packed = pack(*packing, &all);
            blocks.push(packed.len() as u16);
            let mut out = Vec::new();
            for (chunk, unpacked) in packed {
                let sizes = [(chunk.len() as u16).to_le_bytes(), (unpacked as u16).to_le_bytes()].concat();
                let sum = if self.no_checksums { 0 } else { checksum(&sizes, checksum(&chunk, 0)) };
                out.extend(sum.to_le_bytes());
                out.extend(sizes);
                out.extend(std::iter::repeat_n(0xaa, of_block.into()));
                out.extend(chunk);
            }
            data.push(out);
        }
        let header = 36 + if self.reserve.is_some() { 4 + usize::from(head) } else { 0 };
        let files = header + self.folders.len() * (8 + usize::from(of_folder));
        let start = files + names.len();
        let size = start + data.iter().map(Vec::len).sum::<usize>();
        let mut out = b"MSCF\0\0\0\0".to_vec();
        out.extend((size as u32).to_le_bytes());
        out.extend([0; 4]);
        out.extend((files as u32).to_le_bytes());
        out.extend([0, 0, 0, 0, 3, 1]);
        out.extend((self.folders.len() as u16).to_le_bytes());
        out.extend(count.to_le_bytes());
        let flags = self.flags | if self.reserve.is_some() { 4 } else { 0 };
        out.extend(flags.to_le_bytes());
        out.extend([0x34, 0x12, 0, 0]);
        if self.reserve.is_some() {
            out.extend(head.to_le_bytes());
            out.extend([of_folder, of_block]);
            out.extend(std::iter::repeat_n(0xbb, head.into()));
        }
        let mut place = start;
        for (((packing, _), data), blocks) in self.folders.iter().zip(&data).zip(&blocks) {
            out.extend((place as u32).to_le_bytes());
            out.extend(blocks.to_le_bytes());
            out.extend(packing.kind().to_le_bytes());
            out.extend(std::iter::repeat_n(0xcc, of_folder.into()));
            place += data.len();
        }
        out.extend(names);
        data.into_iter().for_each(|d| out.extend(d));
        out
    }
}

/// Blocks of at most 32 KB, with their unpacked sizes.
fn pack(packing: Packing, all: &[u8]) -> Vec<(Vec<u8>, usize)> {
    match packing {
        Packing::Stored => all.chunks(32768).map(|c| (c.to_vec(), c.len())).collect(),
        Packing::MsZip => {
            let mut out = Vec::new();
            for (n, chunk) in all.chunks(32768).enumerate() {
                let mut deflate = Compress::new(Compression::new(6), false);
                if n > 0 {
                    deflate.set_dictionary(&all[(n - 1) * 32768..n * 32768]).unwrap();
                }
                let mut packed = Vec::with_capacity(chunk.len() + 1024);
                deflate.compress_vec(chunk, &mut packed, FlushCompress::Finish).unwrap();
                out.push(([b"CK".as_slice(), &packed].concat(), chunk.len()));
            }
            out
        }
        Packing::LzxRaw(_) => lzx::raw(all),
        Packing::LzxVerbatim(bits) => lzx::coded(all, bits, false),
        Packing::LzxAligned(bits) => lzx::coded(all, bits, true),
    }
}

/// The cabinets' checksum.
pub(crate) fn checksum(data: &[u8], seed: u32) -> u32 {
    let mut sum = seed;
    let mut words = data.chunks_exact(4);
    for w in words.by_ref() {
        sum ^= u32::from_le_bytes(w.try_into().unwrap());
    }
    let mut last = 0u32;
    for b in words.remainder() {
        last = last << 8 | u32::from(*b);
    }
    sum ^ last
}

/// A package manifest: identity (five parts joined by `~`), attributes of the package, what it asks for (attributes of
/// `parent` and identities), a servicing stack, parts.
pub(crate) fn manifest(
    identity: &str,
    attributes: &str,
    parents: &[(&str, &[&str])],
    stack: Option<&str>,
    parts: &[&str],
) -> String {
    let one = |identity: &str| {
        let p: Vec<&str> = identity.split('~').collect();
        let language = if p[3].is_empty() { "neutral" } else { p[3] };
        format!(
            "<assemblyIdentity name=\"{}\" version=\"{}\" language=\"{language}\" processorArchitecture=\"{}\" publicKeyToken=\"{}\" buildType=\"release\"/>",
            p[0], p[4], p[2], p[1]
        )
    };
    let mut inside = String::new();
    for (attributes, any_of) in parents {
        let any_of: String = any_of.iter().map(|p| one(p)).collect();
        inside += &format!(
            "\n\t\t<parent {attributes} integrate=\"standalone\" disposition=\"detect\">{any_of}</parent>"
        );
    }
    if let Some(version) = stack {
        inside += &format!(
            "\n\t\t<installerAssembly name=\"Microsoft-Windows-ServicingStack\" version=\"{version}\" language=\"neutral\" versionScope=\"nonSxS\"/>"
        );
    }
    for part in parts {
        inside += &format!(
            "\n\t\t<update name=\"1_neutral_PACKAGE\"><package integrate=\"hidden\">{}</package></update>",
            one(part)
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<assembly xmlns=\"urn:schemas-microsoft-com:asm.v3\" \
         manifestVersion=\"1.0\" description=\"Fix\" supportInformation=\"https://support.microsoft.com/help/1\">\r\n\t{}\
         \r\n\t<package releaseType=\"Security Update\" restart=\"possible\" {attributes}>{inside}\r\n\t</package>\r\n</assembly>",
        one(identity)
    )
}

/// An update standalone package: metadata, the package in a cabinet of its own, properties in UTF-16.
pub(crate) fn msu(name: &str, members: &[(&str, &[u8])], properties: &str) -> Vec<u8> {
    let core = b"<UpdateIdentity UpdateID=\"0\" RevisionNumber=\"1\"/><ApplicabilityRules><IsInstalled><True/></IsInstalled></ApplicabilityRules>";
    let inner = cabinet(Packing::MsZip, &[("package.xml", b"<OfflineSyncPackage/>"), ("core\\1", core)]);
    let scan = cabinet(Packing::Stored, &[("package.cab", &inner)]);
    let package = cabinet(Packing::LzxVerbatim(18), members);
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(properties.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let text = format!("{name}-pkgProperties.txt");
    cabinet(
        Packing::Stored,
        &[
            ("WSUSSCAN.cab", &scan),
            (&format!("{name}.cab"), &package),
            (&format!("{name}.xml"), b"<unattend/>"),
            (&text, &utf16),
        ],
    )
}
