//! A draft, read and checked as far as that needs no ledger.

use std::fmt;

use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, StreamId};
use ledger_core::statement::{Expected, Marking, Occurred, Regime};
use scrutiny_proto::vocabulary::Kind;

/// What a person typed.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The line it starts on, 1-based.
    pub line: u64,
    /// Its kind.
    pub kind: &'static Kind,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Who is to sign, in order.
    pub signed_by: Vec<DraftSigner>,
    /// When it happened; `None` for now.
    pub occurred: Option<Occurred>,
    /// Entered from older records.
    pub imported: bool,
    /// Protective marking.
    pub marking: Marking,
    /// Data-protection regime.
    pub regime: Regime,
    /// What the signers have seen; `None` for what the stream holds now.
    pub expected: Option<Expected>,
    /// Documents it rests on.
    pub documents: Vec<DraftDocument>,
    /// The body, encoded, without its sealed fields.
    pub body: Vec<u8>,
    /// The sealed fields, in the order of the kind.
    pub sealed: Vec<SealedText>,
    /// Its id; `None` for a new one.
    pub id: Option<StatementId>,
    /// The statement that led to it.
    pub causation: Option<StatementId>,
    /// The business transaction.
    pub correlation: Option<StatementId>,
}

/// Somebody who is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSigner {
    /// A key's name or its id.
    pub key: String,
    /// Role code.
    pub role: String,
    /// Body acted for.
    pub body: String,
    /// True for an acting role holder.
    pub acting: bool,
    /// The delegating role, or empty.
    pub on_behalf_of: String,
}

/// A document that the statement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftDocument {
    /// Title as a reader would cite it.
    pub title: String,
    /// Media type.
    pub media_type: String,
    /// Where its digest comes from.
    pub source: Source,
}

/// Where a document's digest comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It was given.
    Digest(Hash),
    /// From the document, read when the statement is made.
    Path(String),
}

/// The text of a sealed field. `Debug` shows no text: it would end in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedText {
    /// The field's name.
    pub field: String,
    /// Why it is sealed.
    pub reason_code: String,
    /// Its text.
    pub text: String,
}

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedText({}, {} bytes, {})", self.field, self.text.len(), self.reason_code)
    }
}
