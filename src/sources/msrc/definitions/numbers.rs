//! Numbers for what rows repeat.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// Bytes of distinct texts; real files have 2 MB.
const TEXTS: usize = 64 << 20;

/// Strings by number, in the order in which they are met.
#[derive(Default)]
pub(super) struct Strings {
    numbers: HashMap<Box<[u8]>, u32>,
    pub(super) texts: Vec<Box<[u8]>>,
    /// numbers of strings that were met of late, by a cheap digest of theirs
    recent: Vec<u32>,
    bytes: usize,
}

/// How many strings are remembered.
const RECENT: usize = 1 << 12;

/// A digest that costs nothing; what collides is looked up.
fn digest(text: &[u8]) -> usize {
    let word = |b: Option<&[u8]>| b.and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
    let (head, tail) = match text.len() {
        0..8 => (text.iter().fold(0, |n, b| n << 8 | u64::from(*b)), 0),
        n => (word(text.get(n / 2 - 4..n / 2 + 4)), word(text.get(n - 8..))),
    };
    let mixed = (head ^ tail.rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 52) as usize % RECENT
}

impl Strings {
    pub(super) fn number(&mut self, text: &[u8]) -> Result<u32, String> {
        let place = digest(text);
        if let Some(n) = self.recent.get(place)
            && self.texts.get(*n as usize).is_some_and(|t| **t == *text)
        {
            return Ok(*n);
        }
        let n = match self.numbers.get(text) {
            Some(n) => *n,
            None => {
                self.bytes += 2 * text.len() + 64;
                let n = self.texts.len() as u32;
                if self.bytes > TEXTS {
                    return Err("more distinct names than any real file has".to_owned());
                }
                self.numbers.insert(text.into(), n);
                self.texts.push(text.into());
                n
            }
        };
        self.recent.resize(RECENT, u32::MAX);
        self.recent[place] = n;
        Ok(n)
    }

    pub(super) fn in_order(&self) -> Vec<&str> {
        self.texts.iter().map(|t| std::str::from_utf8(t).unwrap_or("")).collect()
    }
}

/// Hashes numbers that were given in order of appearance: nobody chooses them, so none can be made to collide.
#[derive(Default)]
pub(super) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        // the table looks at the lowest and the highest bits
        self.0 ^ self.0 >> 29
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }
    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }
    fn write_u64(&mut self, n: u64) {
        // both halves of the product: numbers that rise together must not fall together
        let product = u128::from(self.0.rotate_left(23) ^ n) * 0x9E37_79B9_7F4A_7C15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

pub(super) type Numbered<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;
