//! Identifiers and counts, each parsed once at the door.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits::{MAX_ORIGIN_BYTES, MAX_STREAM_ID_BYTES};

/// Why a text or some bytes are not the identifier they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 16 bytes of UUID version 7.
    #[error("a statement id must be a version 7 UUID, got {0}")]
    StatementId(String),
    /// Not a stream identifier.
    #[error(
        "a stream is lower-case letters, digits, '.', '-' and '_' in parts joined by '/', \
         at most {MAX_STREAM_ID_BYTES} bytes; got {0:?}"
    )]
    StreamId(String),
    /// Not an origin.
    #[error(
        "an origin is a web address without its scheme, without spaces or '+', \
         at most {MAX_ORIGIN_BYTES} bytes; got {0:?}"
    )]
    Origin(String),
    /// Not a key id.
    #[error("a key id is \"SHA256:\" and 43 base64 characters, as `ssh-keygen -l` prints it; got {0:?}")]
    KeyId(String),
}

/// Position of an entry in the log, 0-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryIndex(pub u64);

impl fmt::Display for EntryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How many entries a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct TreeSize(pub u64);

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A statement's id: a UUID of version 7, so that ids made later sort later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatementId(Uuid);

impl StatementId {
    /// Reads 16 bytes.
    ///
    /// # Errors
    /// Anything that is not a version 7 UUID.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
        let uuid = Uuid::from_slice(bytes).map_err(|_| IdError::StatementId(hex::encode(bytes)))?;
        Self::from_uuid(uuid)
    }

    /// Takes a UUID of version 7.
    ///
    /// # Errors
    /// Any other version.
    pub fn from_uuid(uuid: Uuid) -> Result<Self, IdError> {
        match uuid.get_version_num() {
            7 => Ok(Self(uuid)),
            _ => Err(IdError::StatementId(uuid.to_string())),
        }
    }

    /// The 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for StatementId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let uuid = Uuid::try_parse(text).map_err(|_| IdError::StatementId(text.to_owned()))?;
        Self::from_uuid(uuid)
    }
}

/// A stream: one thing with a history, `obligation/cambridgeshire/dupp-2021.7/0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId(String);

impl StreamId {
    /// The identifier's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StreamId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let part_is_good = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
        };
        if text.len() <= MAX_STREAM_ID_BYTES && text.contains('/') && text.split('/').all(part_is_good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::StreamId(text.to_owned()))
        }
    }
}

/// A ledger's name: a web address without its scheme, the checkpoint's origin and the log key's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin(String);

impl Origin {
    /// The origin's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        let good = !text.is_empty()
            && text.len() <= MAX_ORIGIN_BYTES
            && !text.contains(bad)
            && !text.contains("://");
        if good { Ok(Self(text.to_owned())) } else { Err(IdError::Origin(text.to_owned())) }
    }
}

/// A signing key's name: SHA-256 of its SSH public key blob, as `ssh-keygen -l` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub [u8; 32]);

impl KeyId {
    /// The id of an SSH public key blob (the decoded base64 of a `.pub` file).
    #[must_use]
    pub fn of_blob(blob: &[u8]) -> Self {
        Self(crate::hash::Hash::of(blob).0)
    }

    /// Reads 32 bytes; `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// 64 lower-case hexadecimal digits: the form used in stream identifiers.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl FromStr for KeyId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.strip_prefix("SHA256:")
            .and_then(|b64| STANDARD_NO_PAD.decode(b64).ok())
            .and_then(|bytes| Self::from_slice(&bytes))
            .ok_or_else(|| IdError::KeyId(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_read_strictly() {
        for good in ["report/dupp-2021", "obligation/cambs.bcb/dupp-2021.4.3/a", "key/0f"] {
            assert_eq!(good.parse::<StreamId>().expect(good).as_str(), good);
        }
        for bad in ["", "report", "/report", "report/", "a//b", "Report/x", "a/b c", "a/é"] {
            assert!(bad.parse::<StreamId>().is_err(), "{bad}");
        }
        assert!(format!("a/{}", "x".repeat(MAX_STREAM_ID_BYTES)).parse::<StreamId>().is_err());
    }

    #[test]
    fn only_version_7_ids_are_statement_ids() {
        assert!("01890a5d-ac96-774b-bcce-b302099a8057".parse::<StatementId>().is_ok());
        assert!("f47ac10b-58cc-4372-a567-0e02b2c3d479".parse::<StatementId>().is_err());
        assert!(StatementId::from_slice(&[7; 15]).is_err());
    }

    #[test]
    fn a_key_id_reads_back_as_ssh_keygen_prints_it() {
        let id = KeyId::of_blob(b"blob");
        assert_eq!(id.to_string().parse::<KeyId>(), Ok(id));
    }

    #[test]
    fn an_origin_has_no_scheme_and_no_plus() {
        assert!("scrutiny.example/cambridgeshire".parse::<Origin>().is_ok());
        for bad in ["", "https://x.example", "a b", "a+b", "a\nb"] {
            assert!(bad.parse::<Origin>().is_err(), "{bad:?}");
        }
    }
}
