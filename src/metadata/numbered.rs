//! Numbers for things that are named again and again.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Finds numbers of things by their hash: a table of numbers alone, small enough for a processor's caches. Hashes are
/// keyed by the process, so that no file can choose things that collide.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    key: (u64, u64),
    /// number + 1, and the part of the hash that gives the place; 0 is free. As many as a power of two.
    slots: Vec<(u32, u32)>,
    filled: usize,
}

impl Default for Numbered {
    fn default() -> Self {
        let key = RandomState::new();
        Self { key: (key.hash_one(1u8), key.hash_one(2u8) | 1), slots: Vec::new(), filled: 0 }
    }
}

impl Numbered {
    pub(super) fn hash(&self, sum: u64, high: u64, low: u64) -> u64 {
        let product = u128::from(high ^ self.key.0 ^ sum) * u128::from(low ^ self.key.1);
        (product as u64 ^ (product >> 64) as u64).wrapping_mul(self.key.1)
    }

    pub(super) fn hash_text(&self, text: &[u8]) -> u64 {
        let mut sum = text.len() as u64;
        for piece in text.chunks(16) {
            let mut two = [0; 16];
            two[..piece.len()].copy_from_slice(piece);
            let n = u128::from_le_bytes(two);
            sum = self.hash(sum.rotate_left(23), (n >> 64) as u64, n as u64);
        }
        sum
    }

    /// The number of what is there already, or else the new number, and whether it is new.
    pub(super) fn number(&mut self, hash: u64, new: u32, same: impl Fn(u32) -> bool) -> (u32, bool) {
        if self.filled * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) as u32;
        let mut at = tag as usize & mask;
        loop {
            match self.slots[at] {
                (0, _) => {
                    self.slots[at] = (new + 1, tag);
                    self.filled += 1;
                    return (new, true);
                }
                (number, t) if t == tag && same(number - 1) => return (number - 1, false),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Twice the size; places are taken from the tags.
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        let mask = size - 1;
        for (number, tag) in old.into_iter().filter(|s| s.0 != 0) {
            let mut at = tag as usize & mask;
            while self.slots[at].0 != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = (number, tag);
        }
    }
}

/// A hasher for numbers, keyed by the process, so that no file can choose numbers that collide.
#[derive(Clone)]
pub(super) struct Keyed(u64, u64);

impl Default for Keyed {
    fn default() -> Self {
        let key = RandomState::new();
        Self(key.hash_one(1u8), key.hash_one(2u8) | 1)
    }
}

impl BuildHasher for Keyed {
    type Hasher = KeyedHasher;
    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher { key: self.1, state: self.0 }
    }
}

pub(super) struct KeyedHasher {
    key: u64,
    state: u64,
}

impl Hasher for KeyedHasher {
    fn finish(&self) -> u64 {
        self.state
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u32(u32::from(*b)));
    }
    fn write_u32(&mut self, n: u32) {
        let product = u128::from(self.state ^ u64::from(n)) * u128::from(self.key);
        self.state = (product as u64 ^ (product >> 64) as u64).wrapping_mul(self.key);
    }
}
