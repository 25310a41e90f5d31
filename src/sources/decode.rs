//! Bytes of feeds to text: UTF-8 and UTF-16, with a byte order mark or without, bounded.

use std::io::{self, Read};

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
