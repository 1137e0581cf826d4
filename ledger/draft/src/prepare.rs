//! From a draft to the bytes that are signed, and the addenda that stay outside them.

use bytes::Bytes;
use ledger_core::addendum::{Addendum, AddendumError, SALT_BYTES};
use ledger_core::hash::Hash;
use ledger_core::ids::{KeyId, Origin, StatementId, StreamId};
use ledger_core::statement::{Expected, Occurred, Statement, StatementError};
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;

use crate::draft::{Draft, DraftDocument, DraftSigner, Source};
use crate::occurred;

/// Everything from outside that a statement needs.
pub struct PrepareContext<'a> {
    /// The ledger it is meant for.
    pub origin: &'a Origin,
    /// Finds a key by name. Key ids in full need no finding.
    pub key: &'a dyn Fn(&str) -> Option<KeyId>,
    /// How many entries a stream holds now.
    pub version: &'a dyn Fn(&StreamId) -> u64,
    /// Now, milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// Fills a slice with random bytes.
    pub random: &'a mut dyn FnMut(&mut [u8]),
    /// Reads a document that a draft names by its path.
    pub read: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
}

/// A statement to be signed.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The bytes that every signature covers.
    pub statement: Bytes,
    /// The sealed fields, salted, in the order of the statement's commitments.
    pub addenda: Vec<Addendum>,
    /// The same statement, read back.
    pub parsed: Statement,
}

/// Why no statement can be made from a draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Neither a key's name nor its id.
    #[error("signed_by: no key is called {0:?} here")]
    UnknownKey(String),
    /// A document could not be read.
    #[error("documents: {path}: {problem}")]
    Document {
        /// Its path as typed.
        path: String,
        /// Why not.
        problem: String,
    },
    /// A sealed text beyond what an addendum holds.
    #[error("body.{field}: {source}")]
    Addendum {
        /// The field.
        field: String,
        /// What is wrong.
        source: AddendumError,
    },
    /// The clock is beyond what a statement can say.
    #[error("the clock says {0} ms, which is no time")]
    Clock(u64),
    /// The result is not a statement: too many signers, too long, ...
    #[error(transparent)]
    Statement(#[from] StatementError),
}

impl Draft {
    /// Makes the statement and its addenda. Every call draws new salts, and a new id unless one is given.
    ///
    /// # Errors
    /// When a key, document or time cannot be found or the statement breaks a limit.
    pub fn prepare(&self, with: &mut PrepareContext<'_>) -> Result<Prepared, PrepareError> {
        let (sealed, addenda) = self.seal(with)?;
        let id = self.id.map_or_else(|| new_id(with), Ok)?;
        let occurred = self.occurred.clone().or_else(|| occurred::instant(with.now_ms));
        let Occurred { precision, value, words } = occurred.ok_or(PrepareError::Clock(with.now_ms))?;
        let bytes_of =
            |id: Option<StatementId>| id.map_or_else(Bytes::new, |id| Bytes::copy_from_slice(id.as_bytes()));
        let message = wire::Statement {
            ledger: with.origin.as_str().to_owned(),
            id: bytes_of(Some(id)),
            kind: self.kind.full_name.clone(),
            stream: self.stream.as_str().to_owned(),
            expected: Some(self.expected(with)),
            occurred: Some(wire::Occurred { precision: precision.into(), value, words }),
            signers: self.signed_by.iter().map(|s| signer(s, with)).collect::<Result<_, _>>()?,
            marking: self.marking.into(),
            regime: self.regime.into(),
            body: self.body.clone().into(),
            sealed,
            documents: self.documents.iter().map(|d| document(d, with)).collect::<Result<_, _>>()?,
            causation_id: bytes_of(self.causation),
            correlation_id: bytes_of(self.correlation),
            imported: self.imported,
        };
        let statement = Bytes::from(message.encode_to_vec());
        // Through the door that everybody else uses, so that nothing is signed that would be refused there.
        let parsed = Statement::parse(&statement)?;
        Ok(Prepared { statement, addenda, parsed })
    }

    /// The commitments to the sealed fields, and the addenda they commit to, in the same order.
    fn seal(
        &self,
        with: &mut PrepareContext<'_>,
    ) -> Result<(Vec<wire::Commitment>, Vec<Addendum>), PrepareError> {
        let mut commitments = Vec::with_capacity(self.sealed.len());
        let mut addenda = Vec::with_capacity(self.sealed.len());
        for sealed in &self.sealed {
            let mut salt = [0; SALT_BYTES];
            (with.random)(&mut salt);
            let addendum = Addendum::seal(salt, sealed.text.as_bytes())
                .map_err(|source| PrepareError::Addendum { field: sealed.field.clone(), source })?;
            commitments.push(wire::Commitment {
                field: sealed.field.clone(),
                digest: Bytes::copy_from_slice(addendum.digest().as_bytes()),
                reason_code: sealed.reason_code.clone(),
            });
            addenda.push(addendum);
        }
        Ok((commitments, addenda))
    }

    fn expected(&self, with: &PrepareContext<'_>) -> wire::statement::Expected {
        let default = || {
            if self.kind.commutes { Expected::Any } else { Expected::Version((with.version)(&self.stream)) }
        };
        match self.expected.unwrap_or_else(default) {
            Expected::Version(version) => wire::statement::Expected::ExpectedVersion(version),
            Expected::Any => wire::statement::Expected::AnyVersion(true),
        }
    }
}

/// A version 7 UUID of this moment.
fn new_id(with: &mut PrepareContext<'_>) -> Result<StatementId, PrepareError> {
    let mut random = [0; 10];
    (with.random)(&mut random);
    let uuid = uuid::Builder::from_unix_timestamp_millis(with.now_ms, &random).into_uuid();
    Ok(StatementId::from_uuid(uuid).map_err(StatementError::from)?)
}

fn signer(draft: &DraftSigner, with: &PrepareContext<'_>) -> Result<wire::Signer, PrepareError> {
    let DraftSigner { key, role, body, acting, on_behalf_of } = draft.clone();
    let id = (with.key)(&key).or_else(|| key.parse().ok()).ok_or(PrepareError::UnknownKey(key))?;
    let key_id = Bytes::copy_from_slice(&id.0);
    Ok(wire::Signer { key_id, role, body, acting, on_behalf_of })
}

fn document(draft: &DraftDocument, with: &PrepareContext<'_>) -> Result<wire::Document, PrepareError> {
    let digest = match &draft.source {
        Source::Digest(digest) => *digest,
        Source::Path(path) => Hash::of(
            &(with.read)(path).map_err(|problem| PrepareError::Document { path: path.clone(), problem })?,
        ),
    };
    Ok(wire::Document {
        sha256: Bytes::copy_from_slice(digest.as_bytes()),
        media_type: draft.media_type.clone(),
        title: draft.title.clone(),
    })
}
