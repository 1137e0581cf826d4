//! Refusals, and how a desk tells the recorder of its own.

use bytes::Bytes;
use scrutiny_proto::wire::v1 as wire;

pub use wire::RefusalClass;

use super::{WireError, at_most, bytes_of, encode, field, hash, id_bytes, optional_id, strict};
use crate::hash::Hash;
use crate::ids::{KeyId, StatementId};
use crate::limits::{MAX_MESSAGE_BYTES, MAX_REFUSAL_BYTES, MAX_SIGNATURES, MAX_SUBMISSIONS};

/// Refused by the charter or a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The refusal's code: `"INV-02"`.
    pub code: String,
    /// The reason in plain English.
    pub sentence: String,
    /// What the signer can do about it.
    pub class: RefusalClass,
}

impl TryFrom<wire::Refused> for Refused {
    type Error = WireError;

    fn try_from(message: wire::Refused) -> Result<Self, WireError> {
        let wire::Refused { code, sentence, refusal_class } = message;
        at_most("refused", code.len() + sentence.len(), MAX_REFUSAL_BYTES)?;
        if code.is_empty() {
            return Err(field("refused.code", "is missing"));
        }
        let class = RefusalClass::try_from(refusal_class).unwrap_or_default();
        if class == RefusalClass::Unspecified {
            return Err(field("refused.refusal_class", "is missing or unknown"));
        }
        Ok(Self { code, sentence, class })
    }
}

impl From<Refused> for wire::Refused {
    fn from(Refused { code, sentence, class }: Refused) -> Self {
        let sentence = bounded(sentence, MAX_REFUSAL_BYTES.saturating_sub(code.len()));
        Self { code, sentence, refusal_class: class.into() }
    }
}

/// A sentence of `most` bytes at most: rules quote what they were given, and that may be long. One that was read
/// fits, so it is written back as it was.
fn bounded(mut sentence: String, most: usize) -> String {
    const CUT: char = '…';
    if sentence.len() > most {
        let room = most.saturating_sub(CUT.len_utf8());
        let cut = (0..=room).rev().find(|&at| sentence.is_char_boundary(at)).unwrap_or(0);
        sentence.truncate(cut);
        sentence.push(CUT);
    }
    sentence
}

/// One refusal that a desk gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalNotice {
    /// The statement, where its id could be read.
    pub id: Option<StatementId>,
    /// SHA-256 of the statement bytes.
    pub digest: Hash,
    /// Who claimed to sign.
    pub key_ids: Vec<KeyId>,
    /// Why.
    pub refused: Refused,
    /// The desk's clock, milliseconds since the Unix epoch.
    pub refused_at_ms: u64,
}

/// Refusals that a desk gave, on their way to the recorder, which keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusalNotices(pub Vec<RefusalNotice>);

impl RefusalNotices {
    /// Reads the message.
    ///
    /// # Errors
    /// Says which field is wrong, or that the encoding is not the canonical one.
    pub fn parse(bytes: &Bytes) -> Result<Self, WireError> {
        let wire::RefusalNotices { notices } = strict("refusals message", MAX_MESSAGE_BYTES, bytes)?;
        at_most("notices", notices.len(), MAX_SUBMISSIONS)?;
        if notices.is_empty() {
            return Err(field("notices", "there are none"));
        }
        notices.into_iter().map(RefusalNotice::try_from).collect::<Result<_, _>>().map(Self)
    }

    /// The message.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        encode(&wire::RefusalNotices { notices: self.0.iter().cloned().map(Into::into).collect() })
    }
}

impl TryFrom<wire::RefusalNotice> for RefusalNotice {
    type Error = WireError;

    fn try_from(message: wire::RefusalNotice) -> Result<Self, WireError> {
        let wire::RefusalNotice { statement_id, statement_sha256, key_ids, refused, refused_at_ms } = message;
        at_most("key_ids", key_ids.len(), MAX_SIGNATURES)?;
        let key_id = |bytes: &Bytes| {
            KeyId::from_slice(bytes).ok_or_else(|| field("key_ids", "each must have 32 bytes"))
        };
        Ok(Self {
            id: optional_id(&statement_id)?,
            digest: hash("statement_sha256", &statement_sha256)?,
            key_ids: key_ids.iter().map(key_id).collect::<Result<_, _>>()?,
            refused: refused.ok_or_else(|| field("refused", "is missing"))?.try_into()?,
            refused_at_ms,
        })
    }
}

impl From<RefusalNotice> for wire::RefusalNotice {
    fn from(RefusalNotice { id, digest, key_ids, refused, refused_at_ms }: RefusalNotice) -> Self {
        Self {
            statement_id: id_bytes(id.as_ref()),
            statement_sha256: bytes_of(&digest),
            key_ids: key_ids.iter().map(|key| Bytes::copy_from_slice(&key.0)).collect(),
            refused: Some(refused.into()),
            refused_at_ms,
        }
    }
}
