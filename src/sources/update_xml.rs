//! Fragments and documents of single updates, as WSUS and its tools keep and export them.

use super::{
    ImportError, Imported, Importer, Input, Remark,
    offline_sync::{decode, oddities},
};
use crate::{
    catalog::{
        Catalog,
        facts::{SourceRow, UpdateRow},
    },
    metadata::{self, builder::Builder, fragment},
    model::{KbId, SourceKind},
};
use std::io::Read;

/// One or several updates in one file.
pub(super) const UPDATES: Importer =
    Importer { format: "Windows Update metadata of single updates", detect, read };

/// The largest file.
const LIMIT: u64 = 512 << 20;

fn detect(head: &[u8]) -> bool {
    let head = match encoding_rs::Encoding::for_bom(head) {
        Some((encoding, mark)) => {
            encoding.decode_without_bom_handling(&head[mark..]).0.into_owned().into_bytes()
        }
        None => head.to_vec(),
    };
    let start = head.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    head.get(start) == Some(&b'<') && fragment::is_fragment(&head)
}

fn read(input: &mut Input<'_>, catalog: &Catalog) -> Result<Imported, ImportError> {
    let name = input.name;
    let mut bytes = Vec::new();
    let all = (&mut *input.reader).take(LIMIT + 1).read_to_end(&mut bytes);
    all.map_err(|e| ImportError::new(name, format!("cannot be read: {e}")))?;
    if bytes.len() as u64 > LIMIT {
        return Err(ImportError::new(name, "is larger than 512 MB; export fewer updates at once"));
    }
    let text = decode(bytes).map_err(|at| {
        ImportError::new(format!("{name}: byte {at}"), "is neither UTF-8 nor marked UTF-16; save it as UTF-8")
    })?;
    let mut builder = Builder::default();
    let told = fragment::read(&text, None, &mut builder)
        .map_err(|e| ImportError::new(format!("{name}: byte {}", e.at), e.problem))?;
    if told.updates == 0 && told.loose.is_empty() {
        return Err(ImportError::new(name, "tells of no update"));
    }
    let (m, odd) = builder.finish();
    // by what it is about, so that the same file under another name replaces it
    let id = match m.updates().next() {
        Some(guid) if told.updates == 1 => format!("update-{guid}"),
        Some(guid) => format!("updates-{guid}-{}", told.updates),
        None => format!("fragment-{}", told.loose.iter().flat_map(|l| &l.articles).next().unwrap_or(&0)),
    };
    let source = SourceRow {
        id: id.clone(),
        url: "https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-wsusss/".to_owned(),
        title: match told.updates.max(1) {
            1 => "Windows Update metadata of one update".to_owned(),
            n => format!("Windows Update metadata of {n} updates"),
        },
        read: input.read.to_owned(),
        via: None,
        kind: Some(SourceKind::UpdateMetadata.name().to_owned()),
        digest: None,
    };
    let (mut facts, of_facts) = metadata::to_facts(&m, catalog, &id);
    let mut remarks: Vec<Remark> = oddities(&odd).chain(of_facts).collect();
    for loose in &told.loose {
        remarks.push(Remark {
            text: "fragments that do not say which update they are of: only KB and title are kept".to_owned(),
            count: 1,
            first: loose.title.clone(),
        });
        let of_title = metadata::kbs_of_title(&loose.title);
        let kbs = if loose.articles.is_empty() { &of_title } else { &loose.articles };
        if let ([kb], false) = (&kbs[..], loose.title.is_empty())
            && let Some(kb) = KbId::new(*kb)
        {
            facts.updates.push(UpdateRow {
                kb: kb.to_string(),
                title: Some(metadata::plain_title(&loose.title, kb.number())),
                standing: "verified".to_owned(),
                source: id.clone(),
                ..UpdateRow::default()
            });
        }
    }
    Ok(Imported {
        kind: SourceKind::UpdateMetadata,
        format: UPDATES.format,
        source,
        facts,
        metadata: (!m.is_empty()).then(|| Box::new(m)),
        remarks,
    })
}
