//! How records of powers name people: by sixteen bytes that only the force can resolve.
//!
//! A force makes a pseudonym with a secret of its own (the first half of HMAC-SHA-256 over the number it knows a
//! person by), so equal pseudonyms are one person and nobody without the secret can try all numbers. Two key
//! administrators bind a key to its holder's pseudonyms when they assign a role; so who reviews is judged by the key
//! that signed (INV-15), not by what the signer says of themselves.
//!
//! **What it rests on.** Whoever holds the secret can resolve every pseudonym made with it. Whoever reads the ledger's
//! entries sees which records and keys belong to one unnamed person: a force gives entries of single records to
//! nobody outside, and makes a new secret when it wants earlier links to end.

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::keys::Key;
use crate::refusal::{Code, Refusal, refuse};

/// Bytes of a pseudonym: too many to meet by chance, and half of what HMAC-SHA-256 gives.
pub const BYTES: usize = 16;

/// A person, as records of powers name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pseudonym(pub [u8; BYTES]);

impl Pseudonym {
    /// Takes the bytes of a field; none when there are not sixteen.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Takes 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let lower = text.len() == 2 * BYTES && !text.bytes().any(|b| b.is_ascii_uppercase());
        let mut bytes = [0; BYTES];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        (lower && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(Self(bytes))
    }
}

/// The pseudonym in a field.
pub(crate) fn read(field: &str, bytes: &[u8]) -> Result<Pseudonym, Refusal> {
    match Pseudonym::from_bytes(bytes) {
        Some(pseudonym) => Ok(pseudonym),
        None => refuse(
            Code::Pseudonym,
            format!(
                "{field} names a person by {BYTES} bytes ({} hexadecimal digits), got {}",
                2 * BYTES,
                bytes.len()
            ),
        ),
    }
}

/// The keys that sign, each with the role that its signature counts for.
pub(crate) fn signing<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a str, &'a Key)> {
    let (statement, state) = (case.statement, case.state);
    let keyed = |signer: &'a ledger_core::statement::Signer| {
        state.keys.get(&signer.key_id).map(|key| (crate::signers::effective_role(signer), key))
    };
    statement.signers.iter().filter_map(keyed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_sixteen_bytes_in_lower_case() {
        let text = "6967434b86e988fd952b83c3b3a1f0d0";
        assert_eq!(Pseudonym::from_hex(text).map(|p| p.0[..2].to_vec()), Some(vec![0x69, 0x67]));
        for bad in ["", "69", &text[1..], &text.to_uppercase(), &text.replace('6', "+"), &format!("{text}00")]
        {
            assert_eq!(Pseudonym::from_hex(bad), None, "{bad}");
        }
        assert_eq!(Pseudonym::from_bytes(&[1; 15]), None);
    }
}
