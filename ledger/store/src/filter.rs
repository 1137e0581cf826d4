//! A Bloom filter over 16-byte keys: says "not here" for certain, "perhaps" otherwise.
//!
//! One byte a key and five probes: 2.2 % of the keys that are not there pass.

use crate::runs::Key;

const PROBES: u64 = 5;

/// The filter; its length in bits is a multiple of eight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    bits: Vec<u8>,
}

impl Filter {
    pub(crate) fn over(count: usize, keys: impl Iterator<Item = Key>) -> Self {
        let mut filter = Self { bits: vec![0; count.max(1)] };
        for key in keys {
            for bit in filter.places(&key) {
                filter.bits[bit / 8] |= 1 << (bit % 8);
            }
        }
        filter
    }

    pub(crate) fn may_hold(&self, key: &Key) -> bool {
        self.places(key).all(|bit| self.bits[bit / 8] & (1 << (bit % 8)) != 0)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        (!bytes.is_empty()).then(|| Self { bits: bytes.to_vec() })
    }

    fn places(&self, key: &Key) -> impl Iterator<Item = usize> + use<> {
        let half = |at: usize| u64::from_le_bytes(key[at..at + 8].try_into().expect("eight bytes"));
        let one = mix(half(0) ^ mix(half(8)));
        let step = mix(one) | 1;
        let bits = self.bits.len() as u128 * 8;
        (0..PROBES).map(move |n| {
            let hash = one.wrapping_add(n.wrapping_mul(step));
            // The high half of the product spreads a hash evenly over any number of bits.
            usize::try_from((u128::from(hash) * bits) >> 64).expect("below the number of bits")
        })
    }
}

/// Spreads every bit of the input over the output (SplitMix64's finaliser).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_denied_and_few_strangers_pass() {
        let key = |n: u64| -> Key {
            let mut key = [0; 16];
            key[8..].copy_from_slice(&n.to_be_bytes());
            key
        };
        let filter = Filter::over(4_096, (0..4_096).map(key));
        assert!((0..4_096).all(|n| filter.may_hold(&key(n))));
        let passed = (10_000..30_000).filter(|&n| filter.may_hold(&key(n))).count();
        assert!(passed < 800, "{passed} of 20,000 passed, 440 were expected");
    }
}
