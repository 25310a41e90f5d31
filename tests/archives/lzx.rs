//! A small LZX writer: one block for a whole folder, cut into chunks of 32 KB.

const CHUNK: usize = 32768;

/// Bits, the highest first, in little-endian words of 16.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    word: u32,
    used: u32,
}

impl Bits {
    fn put(&mut self, value: u32, bits: u32) {
        for n in (0..bits).rev() {
            self.word = self.word << 1 | (value >> n & 1);
            self.used += 1;
            if self.used == 16 {
                self.out.extend((self.word as u16).to_le_bytes());
                (self.word, self.used) = (0, 0);
            }
        }
    }

    /// Fills the word that is begun.
    fn align(&mut self) {
        while self.used > 0 {
            self.put(0, 1);
        }
    }

    fn take(&mut self) -> Vec<u8> {
        self.align();
        std::mem::take(&mut self.out)
    }
}

/// Blocks that hold the bytes as they are, one for each chunk.
pub(super) fn raw(all: &[u8]) -> Vec<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    for (n, chunk) in all.chunks(CHUNK).enumerate() {
        let mut bits = Bits::default();
        if n == 0 {
            bits.put(0, 1);
        }
        bits.put(3, 3);
        bits.put(chunk.len() as u32, 24);
        if bits.used == 0 {
            bits.put(0, 16);
        }
        let mut packed = bits.take();
        packed.extend([1, 0, 0, 0].repeat(3));
        packed.extend(chunk);
        if chunk.len() % 2 == 1 {
            packed.push(0);
        }
        out.push((packed, chunk.len()));
    }
    out
}

/// One block of Huffman codes: 254 bytes have 8 bits, two have 9, and so have two kinds of match: the last distance
/// again, and a near one. Lengths are 9 to 136, in codes of 7 bits.
pub(super) fn coded(all: &[u8], window: u8, aligned: bool) -> Vec<(Vec<u8>, usize)> {
    let slots: usize = match window {
        20 => 42,
        21 => 50,
        n => usize::from(n) * 2,
    };
    // slot 3 is distance 1; slot 8 is 14 to 21, whose low 3 bits are in the aligned code
    let slot = if aligned { 8 } else { 3 };
    let (again, near) = (7usize, slot * 8 + 7);
    let mut bits = Bits::default();
    bits.put(0, 1);
    bits.put(if aligned { 2 } else { 1 }, 3);
    bits.put(all.len() as u32, 24);
    if aligned {
        (0..8).for_each(|_| bits.put(3, 3));
    }
    // lengths are written as 17 less themselves, in a code of one bit for two of the 20 symbols
    let tree = |bits: &mut Bits, lengths: &[u32], first: u32, second: u32| {
        let symbol = |length: u32| (17 - length) % 17;
        let (a, b) = (symbol(first), symbol(second));
        (0..20).for_each(|s| bits.put(u32::from(s == a || s == b), 4));
        for l in lengths {
            bits.put(u32::from(symbol(*l) != a.min(b)), 1);
        }
    };
    let bytes: Vec<u32> = (0..256).map(|b| if b < 254 { 8 } else { 9 }).collect();
    tree(&mut bits, &bytes, 8, 9);
    let matches: Vec<u32> = (0..slots * 8).map(|m| if m == again || m == near { 9 } else { 0 }).collect();
    tree(&mut bits, &matches, 9, 0);
    let lengths: Vec<u32> = (0..249).map(|l| if l < 128 { 7 } else { 0 }).collect();
    tree(&mut bits, &lengths, 7, 0);
    // canonical codes: by length, then by symbol
    let byte = |b: u8| if b < 254 { (u32::from(b), 8) } else { (508 + u32::from(b - 254), 9) };
    let mut out = Vec::new();
    let mut last = 1;
    for chunk_start in (0..all.len()).step_by(CHUNK) {
        let end = (chunk_start + CHUNK).min(all.len());
        let mut at = chunk_start;
        while at < end {
            let run = |distance: usize| {
                if distance > at {
                    return 0;
                }
                (at..end).take(136).take_while(|i| all[*i] == all[i - distance]).count()
            };
            let distances = if aligned { 14..=21 } else { 1..=1 };
            let best = distances.max_by_key(|d| run(*d)).unwrap();
            if run(best).max(run(last)) < 9 {
                let (code, length) = byte(all[at]);
                bits.put(code, length);
                at += 1;
                continue;
            }
            let length = if run(last) >= run(best) {
                bits.put(510, 9);
                run(last)
            } else {
                bits.put(511, 9);
                run(best)
            };
            bits.put(length as u32 - 9, 7);
            if run(last) < run(best) {
                if aligned {
                    bits.put(best as u32 + 2 - 16, 3);
                }
                last = best;
            }
            at += length;
        }
        out.push((bits.take(), end - chunk_start));
    }
    out
}
