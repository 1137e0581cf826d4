//! What each kind says about itself, read from the descriptors once.
//!
//! Forms, the manual, the first charter and the checks of a statement's body are all made from this. In
//! scope: names, comments, options, and turning a body into JSON and back. Out of scope: what a decision
//! means (`ledger-rules`).

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use crate::registry::v1::{Charter, CharterLine};

mod error;
mod field;
mod format;
mod json;
mod load;
mod stream;
mod texts;
mod validate;
mod wire;

pub use error::BodyError;
pub use field::{Choice, Field, Shape};
pub use format::Format;
pub use stream::{Params, StreamPattern};

/// The word nearest to a mistyped one, when it is near enough to be a slip of the fingers.
#[must_use]
pub fn nearest_word<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<String> {
    error::nearest(word, words)
}

/// Every kind that can be signed and recorded.
#[derive(Debug)]
pub struct Vocabulary {
    kinds: Vec<Kind>,
    /// Full names, and short names that only one kind has.
    by_name: HashMap<String, usize>,
}

impl Vocabulary {
    /// The vocabulary this program was built with.
    #[must_use]
    pub fn get() -> &'static Self {
        static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
        VOCABULARY.get_or_init(|| Self::from_kinds(load::kinds()))
    }

    fn from_kinds(kinds: Vec<Kind>) -> Self {
        let mut by_name: HashMap<String, usize> = HashMap::new();
        for (i, kind) in kinds.iter().enumerate() {
            by_name.insert(kind.full_name.clone(), i);
            if kinds.iter().filter(|k| k.short_name == kind.short_name).count() == 1 {
                by_name.insert(kind.short_name.clone(), i);
            }
        }
        Self { kinds, by_name }
    }

    /// All kinds: the registry of keys first, as a ledger does, then in the order of the files.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// A kind by its full name, or by its short name where only one kind has it.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.by_name.get(name).map(|&i| &self.kinds[i])
    }

    /// The kind whose name is nearest to a mistyped one.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&Kind> {
        let near = error::nearest(name, self.kinds.iter().map(|k| k.short_name.as_str()))?;
        self.kind(&near)
    }

    /// The charter that a new ledger starts with: who may sign what, as the kinds propose it.
    #[must_use]
    pub fn first_charter(&self) -> Charter {
        let line = |kind: &Kind| CharterLine {
            kind: kind.full_name.clone(),
            signers: kind.proposed_signers.clone(),
        };
        Charter { lines: self.kinds.iter().map(line).collect(), ..Charter::default() }
    }
}

/// A kind of statement.
#[derive(Clone)]
pub struct Kind {
    /// Full message name: "scrutiny.inspection.v1.ReportPublished".
    pub full_name: String,
    /// Message name alone: "ReportPublished".
    pub short_name: String,
    /// The package it is in: "inspection".
    pub group: String,
    /// Plain English, for a menu: "Report published".
    pub title: String,
    /// The comment above it in the .proto file.
    pub doc: String,
    /// The streams its statements belong to.
    pub stream: StreamPattern,
    /// Who may sign it in the first charter; each is one sufficient set.
    pub signers: Vec<SignerSet>,
    /// True when a statement of it may say "any version".
    pub commutes: bool,
    /// Its fields, in the order of their numbers.
    pub fields: Vec<Field>,
    /// A complete draft of one, in YAML.
    pub example: &'static str,
    proposed_signers: Vec<crate::options::v1::SignerSet>,
}

/// One sufficient set of signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerSet {
    /// True when the statement must name a document: an attested transcription.
    pub document: bool,
    /// All of these are needed, each from different keys.
    pub require: Vec<Requirement>,
}

/// So many signatures by holders of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Role code: "HMI-T".
    pub role: String,
    /// How many different keys; 1 at least.
    pub count: u32,
    /// The stream parameter that the signer's body must equal; `None` for any body.
    pub body: Option<String>,
}

/// The name alone: a kind knows its whole chapter of the manual.
impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({})", self.full_name)
    }
}

impl Kind {
    /// The fields that never enter the ledger in plain, in order.
    pub fn sealed_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|f| f.sealed.is_some())
    }

    /// Encodes a body from what a person wrote.
    ///
    /// Enum values may be short and in any case (`recommendation`), bytes are hexadecimal or base64.
    /// Fields that are missing are left to [`Kind::validate_body`].
    ///
    /// # Errors
    /// Names the field and says what would have been accepted.
    pub fn body_from_json(&self, value: &serde_json::Value) -> Result<Vec<u8>, BodyError> {
        json::encode(&self.fields, value)
    }

    /// Decodes a body to JSON with short enum words. Fields that were not given are left out.
    ///
    /// # Errors
    /// When the bytes are not a body of this kind.
    pub fn body_to_json(&self, body: &[u8]) -> Result<serde_json::Value, BodyError> {
        json::decode(&self.fields, body)
    }

    /// Checks a body: canonical encoding, nothing unknown, everything required, every format good,
    /// sealed fields empty.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn validate_body(&self, body: &[u8]) -> Result<(), BodyError> {
        validate::body(&self.fields, body)
    }

    /// The first free text of a valid body in which `test` finds something, and the path of its field
    /// (`actions.1.what`). Dates, addresses, identifiers and digests are not free text.
    pub fn find_text<T>(&self, body: &[u8], mut test: impl FnMut(&str) -> Option<T>) -> Option<(String, T)> {
        texts::find(&self.fields, body, &mut test)
    }
}

#[cfg(test)]
mod tests;
