//! Signed notes: text with signatures under it (C2SP signed-note v1.0.0).
//!
//! ```text
//! <text, ending in a newline>
//! <an empty line, the last one of the note>
//! — <key name> <base64(key id[4] ‖ signature)>
//! …
//! ```
//!
//! UTF-8 without control characters other than the newline; the dash is U+2014. The signatures cover the
//! text with its final newline, without the empty line.
//!
//! [`SignedNote::parse`] yields a stranger: nothing in it is known to be true. [`SignedNote::open`] checks
//! it against keys and yields the text. Signatures by unknown keys are ignored; a bad signature by a known
//! key condemns the whole note.

use std::fmt;

use crate::limits::{MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES};
use crate::skey::SigningKey;
use crate::text::{from_base64, to_base64};
use crate::vkey::{KeyKind, NoteKeyId, Timestamp};

pub use crate::vkey::VerifierKey;

/// Why bytes are not a signed note, or not one that was signed as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than any note should be.
    #[error("a note has {MAX_NOTE_BYTES} bytes at most, this one has {0}")]
    TooLong(usize),
    /// Not UTF-8, or with control characters.
    #[error("a note is UTF-8 text without control characters")]
    Characters,
    /// No empty line followed by signature lines that end in a newline.
    #[error("a note ends with an empty line and one or more signature lines")]
    Shape,
    /// More signatures than will be looked at.
    #[error("a note has {MAX_NOTE_SIGNATURES} signatures at most, this one has {0}")]
    TooMany(usize),
    /// A signature line that is none.
    #[error("signature line {0} does not read \"— <key name> <base64>\"")]
    Line(usize),
    /// A known key's signature is wrong.
    #[error("the signature by {name}+{id} does not verify")]
    BadSignature {
        /// The key's name.
        name: String,
        /// The key's id.
        id: NoteKeyId,
    },
    /// Two of the keys given have the same name and id.
    #[error("more than one of the keys given is {name}+{id}")]
    Ambiguous {
        /// The keys' name.
        name: String,
        /// The keys' id.
        id: NoteKeyId,
    },
    /// A key that signs checkpoints, not texts.
    #[error("a key of type {0:?} does not sign plain notes")]
    KeyKind(KeyKind),
    /// Nobody known signed it.
    #[error("the note has no signature by a known key")]
    NotSigned,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: NoteKeyId,
    bytes: Vec<u8>,
}

impl NoteSignature {
    /// A signature made by `key`; the callers build what its type asks for.
    pub(crate) fn by(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), id: key.id(), bytes }
    }

    /// Reads one line, without its newline.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = from_base64(base64)?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        let name_is_good = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
        let good = name_is_good && !signature.is_empty() && !name.contains(|c| c < ' ');
        good.then(|| Self { name: name.to_owned(), id: NoteKeyId(*id), bytes: signature.to_vec() })
    }

    /// Name of the key that is said to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key that is said to have signed.
    #[must_use]
    pub fn id(&self) -> NoteKeyId {
        self.id
    }

    /// Whether it is said to be by this key. Nothing is verified.
    #[must_use]
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.id == key.id() && self.name == key.name()
    }
}

/// The line without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.0.to_vec();
        bytes.extend_from_slice(&self.bytes);
        write!(f, "— {} {}", self.name, to_base64(&bytes))
    }
}

/// A note as received: its signatures have not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A note whose signatures by known keys all hold, of which there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<'note, 'keys> {
    /// The text, with its final newline.
    pub text: &'note str,
    /// Each known key that signed, once, in the order of the lines, and the time it gave.
    pub verified: Vec<(&'keys VerifierKey, Timestamp)>,
    /// How many different lines are by keys that are not known.
    pub unknown: usize,
}

impl SignedNote {
    /// Reads a note. Nothing is verified.
    ///
    /// # Errors
    /// When the bytes do not have the form of a note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        if note.bytes().any(|b| b < b' ' && b != b'\n') {
            return Err(NoteError::Characters);
        }
        let split = note.rfind("\n\n").ok_or(NoteError::Shape)? + 1;
        let lines = note[split + 1..].strip_suffix('\n').ok_or(NoteError::Shape)?;
        let count = lines.split('\n').count();
        if count > MAX_NOTE_SIGNATURES {
            return Err(NoteError::TooMany(count));
        }
        let signatures = lines
            .split('\n')
            .enumerate()
            .map(|(i, line)| NoteSignature::parse(line).ok_or(NoteError::Line(i)))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: note[..split].to_owned(), signatures })
    }

    /// Signs a text with a key of type 01; [`crate::cosignature`] has the other types.
    ///
    /// # Errors
    /// When the key is of another type, or the text would not make a note: it must end in a newline and have
    /// no control characters.
    pub fn sign(text: &str, key: &SigningKey) -> Result<Self, NoteError> {
        if key.verifier().kind() != KeyKind::Ed25519 {
            return Err(NoteError::KeyKind(key.verifier().kind()));
        }
        Self::with_signatures(text, vec![NoteSignature::by(key.verifier(), key.sign_raw(text.as_bytes()))])
    }

    /// Puts signatures under a text.
    ///
    /// # Errors
    /// When that makes no note, or one that is too long.
    pub fn with_signatures(text: &str, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        if !text.ends_with('\n') || signatures.is_empty() {
            return Err(NoteError::Shape);
        }
        Self::parse(Self { text: text.to_owned(), signatures }.to_string().as_bytes())
    }

    /// Adds a signature as the last line; one that is there already is not added again.
    ///
    /// # Errors
    /// When the note would become too long.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() == MAX_NOTE_SIGNATURES {
            return Err(NoteError::TooMany(MAX_NOTE_SIGNATURES + 1));
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The text, which nobody may have signed. For finding out which keys to ask.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The signature lines, unverified.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Checks every signature by a key in `keys`.
    ///
    /// # Errors
    /// When one of them does not verify, or there is none.
    pub fn open<'keys>(
        &self,
        keys: impl IntoIterator<Item = &'keys VerifierKey>,
    ) -> Result<Opened<'_, 'keys>, NoteError> {
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let mut verified: Vec<(&VerifierKey, Timestamp)> = Vec::new();
        let mut unknown: Vec<&NoteSignature> = Vec::new();
        for signature in &self.signatures {
            let mut known = keys.iter().copied().filter(|key| signature.is_by(key));
            let Some(key) = known.next() else {
                if !unknown.contains(&signature) {
                    unknown.push(signature);
                }
                continue;
            };
            let whose = || (signature.name.clone(), signature.id);
            if known.next().is_some() {
                let (name, id) = whose();
                return Err(NoteError::Ambiguous { name, id });
            }
            let timestamp = key.verify(&self.text, &signature.bytes).ok_or_else(|| {
                let (name, id) = whose();
                NoteError::BadSignature { name, id }
            })?;
            if !verified.iter().any(|(seen, _)| *seen == key) {
                verified.push((key, timestamp));
            }
        }
        if verified.is_empty() {
            return Err(NoteError::NotSigned);
        }
        Ok(Opened { text: &self.text, verified, unknown: unknown.len() })
    }
}

/// The note's bytes: the very ones it was parsed from.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}
