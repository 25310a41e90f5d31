//! Bytes of feeds to text: UTF-8 and UTF-16, with a byte order mark or without, bounded.

use super::{ImportError, Input, gather::clean};
use serde::de::{
    self, Deserialize, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use std::{
    fmt,
    io::{self, Read, SeekFrom},
    marker::PhantomData,
};

/// UTF-16 as UTF-8, while it is read.
pub(super) struct Utf16<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

/// How much is decoded at a time.
const PIECE: usize = 64 * 1024;

impl<R: Read> Utf16<R> {
    /// In this byte order; a mark at the start is dropped.
    pub(super) fn new(inner: R, little: bool) -> Self {
        let encoding = if little { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { inner, decoder, raw: vec![0; PIECE], text: Vec::new(), given: 0, ended: false }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let n = self.inner.read(&mut self.raw)?;
            self.ended = n == 0;
            let room = self.decoder.max_utf8_buffer_length(n).unwrap_or(PIECE * 4);
            self.text.resize(room, 0);
            let (_, _, written, wrong) = self.decoder.decode_to_utf8(&self.raw[..n], &mut self.text, n == 0);
            if wrong {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "not UTF-16, as its first bytes say"));
            }
            self.text.truncate(written);
            self.given = 0;
        }
        let n = out.len().min(self.text.len() - self.given);
        out[..n].copy_from_slice(&self.text[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

/// A larger document is none of a feed; the largest months of MSRC have 30 MB.
const LARGEST: u64 = 128 << 20;

/// A whole document as text, without its byte order mark.
pub(super) fn text(input: &mut Input<'_>) -> Result<String, ImportError> {
    let text = decoded(input)?;
    match memchr::memchr(0, text.as_bytes()) {
        None => Ok(text),
        Some(at) => Err(ImportError::new(
            format!("{}, byte {at}", input.name),
            "a zero byte, which no text has: the file is damaged; download it again",
        )),
    }
}

fn decoded(input: &mut Input<'_>) -> Result<String, ImportError> {
    let failed =
        |e: io::Error| ImportError::new(input.name, format!("cannot be read ({})", clean(&e.to_string())));
    let mut bytes = Vec::new();
    input.reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    (&mut *input.reader).take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ImportError::new(
            input.name,
            format!("more than {LARGEST} bytes: no document of a feed is that large"),
        ));
    }
    let little = match order(&bytes) {
        None => {
            if bytes.starts_with(b"\xEF\xBB\xBF") {
                bytes.drain(..3);
            }
            return String::from_utf8(bytes).map_err(|e| {
                let at = e.utf8_error().valid_up_to();
                ImportError::new(
                    format!("{}, byte {at}", input.name),
                    "not UTF-8: the file is damaged, or was saved in another encoding; download it again",
                )
            });
        }
        Some(little) => little,
    };
    let mut out = String::new();
    Utf16::new(&bytes[..], little)
        .read_to_string(&mut out)
        .map_err(|e| ImportError::new(input.name, format!("{}; download it again", clean(&e.to_string()))))?;
    Ok(out)
}

/// The byte order of UTF-16, by its mark or by the first letter, which is ASCII in every feed.
fn order(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [0xFF, 0xFE, ..] => Some(true),
        [0xFE, 0xFF, ..] => Some(false),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some(true),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some(false),
        _ => None,
    }
}

/// The beginning of a file for its detection; what cannot be decoded is left out.
pub(super) fn head(bytes: &[u8]) -> String {
    match order(bytes) {
        Some(little) => {
            let encoding = if little { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
            encoding.decode(bytes).0.into_owned()
        }
        None => String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned(),
    }
}

/// A few letters that differ where contents differ, for the names of sources that have none.
pub(super) fn mark(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect()
}

/// What serde_json says of a document, with its place.
pub(super) fn json_error(name: &str, e: &serde_json::Error) -> ImportError {
    let text = clean(&e.to_string());
    let problem = text.split(" at line ").next().unwrap_or(&text);
    ImportError::new(
        format!("{name}:{}:{}", e.line(), e.column()),
        format!("{problem}; the file is damaged or cut off: download it again"),
    )
}

/// A text of JSON, however it is wrapped: `"x"`, `{"Value":"x"}`, a number, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Loose(pub(super) String);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose(text.to_owned()))
            }
            fn visit_bool<E>(self, b: bool) -> Result<Loose, E> {
                Ok(Loose(b.to_string()))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Loose, E> {
                Ok(Loose(n.to_string()))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Loose, E> {
                Ok(Loose(n.to_string()))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Loose, E> {
                Ok(Loose(n.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                let mut text = Loose::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name.eq_ignore_ascii_case("value") {
                        text = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(text)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
                let mut texts: Vec<String> = Vec::new();
                while let Some(Loose(text)) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(Loose(texts.join(";")))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A member that documents also write as `null`.
pub(super) fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl std::ops::Deref for Loose {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// One or many, or none at all, of a document that writes single members bare.
#[derive(Clone, Debug)]
pub(super) struct Many<T>(pub(super) Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Many<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Many<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element::<Option<T>>()? {
                    all.extend(one);
                }
                Ok(Many(all))
            }
            fn visit_unit<E>(self) -> Result<Many<T>, E> {
                Ok(Many(Vec::new()))
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Many<T>, E> {
                T::deserialize(n.into_deserializer()).map(|one| Many(vec![one]))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Many<T>, E> {
                T::deserialize(text.into_deserializer()).map(|one| Many(vec![one]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Many<T>, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(|one| Many(vec![one]))
            }
        }
        deserializer.deserialize_any(List(PhantomData))
    }
}

/// What stands in the row that is set behind a table, and in none of a table's.
const END: &str = "\u{1}end";

/// A header, and rows with their lines.
pub(super) type Table = (Vec<String>, Vec<(u64, Vec<String>)>);

/// A small table as PowerShell, Excel and others write it: remarks before it, any separator, any width.
pub(super) fn csv_rows(name: &str, text: &str) -> Result<Table, ImportError> {
    let first = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or("");
    let count = |d: u8| first.bytes().filter(|b| *b == d).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|d| (count(*d), *d == b',')).unwrap_or(b',');
    // the reader takes an open quotation for one field up to the end: then this row is in it
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).comment(Some(b'#')).trim(csv::Trim::All);
    let columns = builder.from_reader(text.as_bytes()).headers().map_or(1, csv::StringRecord::len);
    let end = format!("\n{END}{}\n", String::from(char::from(delimiter)).repeat(columns.max(1) - 1));
    let mut reader = builder.from_reader(text.as_bytes().chain(end.as_bytes()));
    let failed = |e: &csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        ImportError::new(
            format!("{name}:{line}"),
            format!("{}; the file is damaged: download it again", clean(&e.to_string())),
        )
    };
    let header = reader.headers().map_err(|e| failed(&e))?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    let mut whole = false;
    for record in reader.records() {
        let record = record.map_err(|e| failed(&e))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.get(0) == Some(END) {
            whole = true;
            break;
        }
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    if let (false, Some((line, _))) = (whole, rows.last()) {
        return Err(ImportError::new(
            format!("{name}:{line}"),
            "a quotation that does not end; the file is damaged or cut off: download it again",
        ));
    }
    if rows.is_empty() {
        return Err(ImportError::new(name, "a header without rows; the file is not whole"));
    }
    Ok((header, rows))
}
