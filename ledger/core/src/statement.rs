//! A statement: what a person signs, read once at the door.
//!
//! [`Statement::parse`] is strict. Bytes that prost would accept but would write differently (unknown
//! fields, fields out of order, a field twice) are refused, so that nobody signs what the ledger does not
//! read. The bytes themselves are what is kept, hashed and verified; nothing is re-encoded for that.

use bytes::Bytes;
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;

use crate::canonical::Walk;
use crate::hash::Hash;
use crate::ids::{IdError, KeyId, Origin, StatementId, StreamId};
use crate::limits::{MAX_DOCUMENTS, MAX_SEALED_FIELDS, MAX_SIGNATURES, MAX_STATEMENT_BYTES};

pub use wire::{Marking, Precision, Regime};

/// SSHSIG namespace of every signature on a statement.
pub const NAMESPACE: &str = "statement@scrutiny-ledger";

/// Why bytes are not a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Longer than an entry has room for.
    #[error("a statement may have {MAX_STATEMENT_BYTES} bytes at most, this one has {0}")]
    TooLong(usize),
    /// Not the protobuf message it should be.
    #[error("the bytes are not a statement: {0}")]
    Malformed(String),
    /// Reads as a statement, but not in the one encoding that is accepted.
    #[error("the statement is not in canonical form: it has unknown, repeated or misplaced fields")]
    NotCanonical,
    /// An identifier in it is wrong.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A field is missing or out of its bounds.
    #[error("{field}: {problem}")]
    Field {
        /// The field's name as the vocabulary has it.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// What the signers had seen of the stream when they decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream held exactly this many entries.
    Version(u64),
    /// The order does not matter; only for kinds that commute.
    Any,
}

/// When the thing happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurred {
    /// How precise `value` is.
    pub precision: Precision,
    /// Instant, day, month, season or year in ISO form; empty when unknown.
    pub value: String,
    /// The words of the source.
    pub words: String,
}

/// The capacity in which somebody signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Which key.
    pub key_id: KeyId,
    /// Role code.
    pub role: String,
    /// Body acted for.
    pub body: String,
    /// True for an acting role holder.
    pub acting: bool,
    /// The delegating role, or empty.
    pub on_behalf_of: String,
}

/// A commitment to a sealed field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// Path of the field in the body.
    pub field: String,
    /// SHA-256 of the addendum.
    pub digest: Hash,
    /// Why it is sealed.
    pub reason_code: String,
}

/// A document that a statement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// SHA-256 of the document's bytes.
    pub sha256: Hash,
    /// Media type.
    pub media_type: String,
    /// Title.
    pub title: String,
}

/// A statement, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The ledger it is meant for.
    pub ledger: Origin,
    /// Its id.
    pub id: StatementId,
    /// Full message name of the body.
    pub kind: String,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// What the signers had seen.
    pub expected: Expected,
    /// When it happened.
    pub occurred: Occurred,
    /// Who must sign, in order.
    pub signers: Vec<Signer>,
    /// Protective marking.
    pub marking: Marking,
    /// Data-protection regime.
    pub regime: Regime,
    /// The kind's own message, encoded.
    pub body: Bytes,
    /// Commitments to sealed fields.
    pub sealed: Vec<Commitment>,
    /// Documents it rests on.
    pub documents: Vec<Document>,
    /// The statement that led to this one.
    pub causation: Option<StatementId>,
    /// The business transaction.
    pub correlation: Option<StatementId>,
    /// Entered from older records.
    pub imported: bool,
}

impl Statement {
    /// Reads a statement from the bytes that were signed.
    ///
    /// # Errors
    /// Says which field is wrong, or that the encoding is not the canonical one.
    pub fn parse(bytes: &Bytes) -> Result<Self, StatementError> {
        if bytes.len() > MAX_STATEMENT_BYTES {
            return Err(StatementError::TooLong(bytes.len()));
        }
        let message =
            wire::Statement::decode(bytes.clone()).map_err(|e| StatementError::Malformed(e.to_string()))?;
        if !is_canonical(&message, bytes) {
            return Err(StatementError::NotCanonical);
        }
        Self::from_wire(message)
    }

    fn from_wire(message: wire::Statement) -> Result<Self, StatementError> {
        // Destructured in full, so that a new field stops the compiler here.
        let wire::Statement {
            ledger,
            id,
            kind,
            stream,
            expected,
            occurred,
            signers,
            marking,
            regime,
            body,
            sealed,
            documents,
            causation_id,
            correlation_id,
            imported,
        } = message;
        at_most("signers", signers.len(), MAX_SIGNATURES)?;
        at_most("sealed", sealed.len(), MAX_SEALED_FIELDS)?;
        at_most("documents", documents.len(), MAX_DOCUMENTS)?;
        if signers.is_empty() {
            return Err(field("signers", "at least one is needed"));
        }
        if kind.is_empty() {
            return Err(field("kind", "is missing"));
        }
        Ok(Self {
            ledger: ledger.parse()?,
            id: StatementId::from_slice(&id)?,
            kind,
            stream: stream.parse()?,
            expected: match expected {
                Some(wire::statement::Expected::ExpectedVersion(version)) => Expected::Version(version),
                Some(wire::statement::Expected::AnyVersion(true)) => Expected::Any,
                _ => {
                    return Err(field(
                        "expected_version",
                        "say which version was seen, or any_version: true",
                    ));
                }
            },
            occurred: occurred_from_wire(occurred)?,
            signers: signers.into_iter().map(signer_from_wire).collect::<Result<_, _>>()?,
            marking: known("marking", Marking::try_from(marking).ok(), Marking::Unspecified)?,
            regime: known("regime", Regime::try_from(regime).ok(), Regime::Unspecified)?,
            body,
            sealed: sealed.into_iter().map(commitment_from_wire).collect::<Result<_, _>>()?,
            documents: documents.into_iter().map(document_from_wire).collect::<Result<_, _>>()?,
            causation: optional_id(&causation_id)?,
            correlation: optional_id(&correlation_id)?,
            imported,
        })
    }

    /// The key ids of all signers, in order.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.signers.iter().map(|s| s.key_id)
    }
}

/// Whether these bytes are what prost would write for the message.
fn is_canonical(message: &wire::Statement, bytes: &[u8]) -> bool {
    // Destructured in full, so that a new field stops the compiler here.
    let wire::Statement {
        ledger,
        id,
        kind,
        stream,
        expected,
        occurred,
        signers,
        marking,
        regime,
        body,
        sealed,
        documents,
        causation_id,
        correlation_id,
        imported,
    } = message;
    Walk::covers(bytes, |walk| {
        walk.bytes(1, ledger.as_bytes())?;
        walk.bytes(2, id)?;
        walk.bytes(3, kind.as_bytes())?;
        walk.bytes(4, stream.as_bytes())?;
        match expected {
            Some(wire::statement::Expected::ExpectedVersion(version)) => walk.chosen_number(5, *version)?,
            Some(wire::statement::Expected::AnyVersion(any)) => walk.chosen_number(6, u64::from(*any))?,
            None => {}
        }
        occurred.iter().try_for_each(|occurred| walk_occurred(walk, occurred))?;
        signers.iter().try_for_each(|signer| walk_signer(walk, signer))?;
        walk.choice(9, *marking)?;
        walk.choice(10, *regime)?;
        walk.bytes(11, body)?;
        sealed.iter().try_for_each(|commitment| walk_commitment(walk, commitment))?;
        documents.iter().try_for_each(|document| walk_document(walk, document))?;
        walk.bytes(14, causation_id)?;
        walk.bytes(15, correlation_id)?;
        walk.number(16, u64::from(*imported))
    })
}

fn walk_occurred(walk: &mut Walk<'_>, message: &wire::Occurred) -> Option<()> {
    let wire::Occurred { precision, value, words } = message;
    walk.group(7, |walk| {
        walk.choice(1, *precision)?;
        walk.bytes(2, value.as_bytes())?;
        walk.bytes(3, words.as_bytes())
    })
}

fn walk_signer(walk: &mut Walk<'_>, message: &wire::Signer) -> Option<()> {
    let wire::Signer { key_id, role, body, acting, on_behalf_of } = message;
    walk.group(8, |walk| {
        walk.bytes(1, key_id)?;
        walk.bytes(2, role.as_bytes())?;
        walk.bytes(3, body.as_bytes())?;
        walk.number(4, u64::from(*acting))?;
        walk.bytes(5, on_behalf_of.as_bytes())
    })
}

fn walk_commitment(walk: &mut Walk<'_>, message: &wire::Commitment) -> Option<()> {
    let wire::Commitment { field, digest, reason_code } = message;
    walk.group(12, |walk| {
        walk.bytes(1, field.as_bytes())?;
        walk.bytes(2, digest)?;
        walk.bytes(3, reason_code.as_bytes())
    })
}

fn walk_document(walk: &mut Walk<'_>, message: &wire::Document) -> Option<()> {
    let wire::Document { sha256, media_type, title } = message;
    walk.group(13, |walk| {
        walk.bytes(1, sha256)?;
        walk.bytes(2, media_type.as_bytes())?;
        walk.bytes(3, title.as_bytes())
    })
}

fn field(field: &'static str, problem: impl Into<String>) -> StatementError {
    StatementError::Field { field, problem: problem.into() }
}

fn at_most(name: &'static str, got: usize, limit: usize) -> Result<(), StatementError> {
    if got > limit { Err(field(name, format!("{limit} at most, got {got}"))) } else { Ok(()) }
}

fn known<T: PartialEq>(name: &'static str, value: Option<T>, unspecified: T) -> Result<T, StatementError> {
    value.filter(|v| *v != unspecified).ok_or_else(|| field(name, "is missing or unknown"))
}

fn optional_id(bytes: &[u8]) -> Result<Option<StatementId>, StatementError> {
    if bytes.is_empty() { Ok(None) } else { Ok(Some(StatementId::from_slice(bytes)?)) }
}

fn occurred_from_wire(message: Option<wire::Occurred>) -> Result<Occurred, StatementError> {
    let Some(wire::Occurred { precision, value, words }) = message else {
        return Err(field("occurred", "is missing; say precision UNKNOWN where it is not known"));
    };
    let precision = known("occurred.precision", Precision::try_from(precision).ok(), Precision::Unspecified)?;
    if (precision == Precision::Unknown) != value.is_empty() {
        return Err(field("occurred.value", "must be empty exactly when the precision is UNKNOWN"));
    }
    Ok(Occurred { precision, value, words })
}

fn signer_from_wire(message: wire::Signer) -> Result<Signer, StatementError> {
    let wire::Signer { key_id, role, body, acting, on_behalf_of } = message;
    let key_id = KeyId::from_slice(&key_id).ok_or_else(|| field("signers.key_id", "must have 32 bytes"))?;
    if role.is_empty() || body.is_empty() {
        return Err(field("signers", "each names a role and a body"));
    }
    Ok(Signer { key_id, role, body, acting, on_behalf_of })
}

fn commitment_from_wire(message: wire::Commitment) -> Result<Commitment, StatementError> {
    let wire::Commitment { field: path, digest, reason_code } = message;
    let digest = Hash::from_slice(&digest).ok_or_else(|| field("sealed.digest", "must have 32 bytes"))?;
    if path.is_empty() || reason_code.is_empty() {
        return Err(field("sealed", "each names a field and a reason code"));
    }
    Ok(Commitment { field: path, digest, reason_code })
}

fn document_from_wire(message: wire::Document) -> Result<Document, StatementError> {
    let wire::Document { sha256, media_type, title } = message;
    let sha256 = Hash::from_slice(&sha256).ok_or_else(|| field("documents.sha256", "must have 32 bytes"))?;
    Ok(Document { sha256, media_type, title })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> wire::Statement {
        let id = Bytes::from_static(b"\x01\x90\x00\x00\x00\x00\x70\x00\x80\x00\x00\x00\x00\x00\x00\x01");
        let words = |text: &str| text.to_owned();
        wire::Statement {
            ledger: words("ledger.example/test"),
            id: id.clone(),
            kind: words("scrutiny.response.v1.ScrutinyFactRecorded"),
            stream: words("fact/a/b"),
            expected: Some(wire::statement::Expected::ExpectedVersion(0)),
            occurred: Some(wire::Occurred {
                precision: wire::Precision::Day.into(),
                value: words("2021-04-13"),
                words: words("spring"),
            }),
            signers: vec![
                wire::Signer {
                    key_id: Bytes::from_static(&[7; 32]),
                    role: words("CC"),
                    body: words("a"),
                    acting: true,
                    on_behalf_of: words("DCC"),
                };
                2
            ],
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body: Bytes::from_static(&[1; 200]),
            sealed: vec![wire::Commitment {
                field: words("people"),
                digest: Bytes::from_static(&[8; 32]),
                reason_code: words("NATSEC"),
            }],
            documents: vec![wire::Document {
                sha256: Bytes::from_static(&[9; 32]),
                media_type: words("application/pdf"),
                title: words("A letter"),
            }],
            causation_id: id.clone(),
            correlation_id: id,
            imported: true,
        }
    }

    /// Both answers to whether bytes that decode are canonical, which must be one.
    fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
        if let Ok(message) = wire::Statement::decode(bytes) {
            prop_assert_eq!(is_canonical(&message, bytes), message.encode_to_vec() == bytes);
        }
        Ok(())
    }

    #[test]
    fn what_prost_writes_is_canonical_and_nothing_beside_it() {
        let bytes = message().encode_to_vec();
        assert!(is_canonical(&message(), &bytes));
        let empty = wire::Statement::default();
        assert!(is_canonical(&empty, b""));
        // A zero spelt out, a length in more bytes than it needs, a field out of order, an unknown one.
        for bad in [&b"\x48\x00"[..], b"\x0a\x81\x00a", b"\x50\x01\x48\x01", b"\xf8\x01\x01"] {
            let message = wire::Statement::decode(bad).unwrap();
            assert!(!is_canonical(&message, bad), "{bad:02x?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn walking_and_encoding_again_agree_on_changed_bytes(
            at in any::<prop::sample::Index>(),
            cut in 0usize..4,
            put in prop::collection::vec(any::<u8>(), 0..4),
        ) {
            let mut bytes = message().encode_to_vec();
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, put);
            agree(&bytes)?;
        }

        #[test]
        fn walking_and_encoding_again_agree_on_fields_in_any_order(
            fields in prop::collection::vec((1u8..=17, prop::collection::vec(any::<u8>(), 0..6)), 0..6),
        ) {
            let mut bytes = Vec::new();
            for (number, content) in fields {
                match number {
                    // Numbers: one byte each, zero among them.
                    5 | 6 | 9 | 10 => bytes.extend([number << 3, content.first().map_or(0, |b| b & 0x7f)]),
                    16 | 17 => bytes.extend([(number << 3) | 0x80, 1, content.first().map_or(0, |b| b & 0x7f)]),
                    _ => {
                        bytes.extend([number << 3 | 2, content.len() as u8]);
                        bytes.extend(content);
                    }
                }
            }
            agree(&bytes)?;
        }
    }
}
