//! A log's keys: Ed25519 (01) and ML-DSA-44 (06), both under the log's own name.

use std::fmt;

use super::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::cosignature;
use crate::hash::Hash;
use crate::ids::{Origin, TreeSize};
use crate::note::{SignedNote, VerifierKey};
use crate::skey::SigningKey;
use crate::vkey::{KeyError, KeyKind};

/// What it takes to believe a log: its name and the keys that must all have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogVerifier {
    origin: Origin,
    keys: Vec<VerifierKey>,
}

impl LogVerifier {
    /// Takes a log's keys: one of type 01, one of type 06, or both, all under the log's name.
    ///
    /// # Errors
    /// Any other set of keys.
    pub fn new(keys: Vec<VerifierKey>) -> Result<Self, CheckpointError> {
        let bad = |what: &str| CheckpointError::LogKeys(what.to_owned());
        let name = keys.first().map(VerifierKey::name).ok_or_else(|| bad("there is none"))?;
        let origin: Origin = name.parse()?;
        for (i, key) in keys.iter().enumerate() {
            if key.name() != origin.as_str() {
                return Err(bad("they have different names"));
            }
            if key.kind() == KeyKind::CosignatureEd25519 {
                return Err(bad("one is of type 04, a witness's"));
            }
            if keys[..i].iter().any(|other| other.kind() == key.kind()) {
                return Err(bad("two are of the same type"));
            }
        }
        Ok(Self { origin, keys })
    }

    /// Reads verifier keys from their texts.
    ///
    /// # Errors
    /// As [`LogVerifier::new`], or when a text is no key.
    pub fn from_vkeys<T: AsRef<str>>(vkeys: &[T]) -> Result<Self, CheckpointError> {
        let keys = vkeys.iter().map(|text| text.as_ref().parse());
        Self::new(keys.collect::<Result<_, KeyError>>()?)
    }

    /// Which log.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// Whether each of these keys is one of `other`'s: whoever trusts some of a log's keys trusts the log.
    #[must_use]
    pub fn is_part_of(&self, other: &Self) -> bool {
        self.keys.iter().all(|key| other.keys.contains(key))
    }

    /// Whether any of these keys is said to have signed. Nothing is verified.
    #[must_use]
    pub fn is_named_in(&self, note: &SignedNote) -> bool {
        let named = |key: &VerifierKey| note.signatures().iter().any(|line| line.is_by(key));
        self.keys.iter().any(named)
    }

    /// Its keys as texts, as policies and witnesses read them.
    #[must_use]
    pub fn vkeys(&self) -> Vec<String> {
        self.keys.iter().map(ToString::to_string).collect()
    }
}

/// The log's own hand: signs checkpoints with both keys. Only the recorder has one.
///
/// It signs whatever it is told to. That no two of its checkpoints disagree is for the recorder to see to,
/// before it asks.
#[derive(Clone)]
pub struct LogSigner {
    origin: Origin,
    ed25519: SigningKey,
    mldsa44: SigningKey,
}

impl LogSigner {
    /// Makes the log's keys from two 32-byte seeds, which must not be the same bytes.
    ///
    /// # Errors
    /// When the origin makes no key name or the seeds are the same.
    pub fn new(origin: Origin, ed25519: &[u8; 32], mldsa44: &[u8; 32]) -> Result<Self, CheckpointError> {
        if ed25519 == mldsa44 {
            return Err(CheckpointError::LogKeys("both have the same seed".to_owned()));
        }
        let ed25519 = SigningKey::from_seed(origin.as_str(), KeyKind::Ed25519, ed25519)?;
        let mldsa44 = SigningKey::from_seed(origin.as_str(), KeyKind::CosignatureMlDsa44, mldsa44)?;
        Ok(Self { origin, ed25519, mldsa44 })
    }

    /// Reads the file that holds the log's keys, for its keeper only: two lines, each a word, the origin and a seed.
    ///
    /// ```text
    /// ed25519 scrutiny.example/cambridgeshire <base64 of 32 bytes>
    /// ml-dsa-44 scrutiny.example/cambridgeshire <base64 of 32 bytes>
    /// ```
    #[must_use]
    pub fn parse_key_file(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut seed = |what: &str| -> Option<(Origin, Hash)> {
            let mut words = lines.next()?.split(' ');
            (words.next()? == what).then_some(())?;
            let origin = words.next()?.parse().ok()?;
            let seed = Hash::from_base64(words.next()?)?;
            words.next().is_none().then_some((origin, seed))
        };
        let (origin, ed25519) = seed("ed25519")?;
        let (same, mldsa44) = seed("ml-dsa-44")?;
        (origin == same).then(|| Self::new(origin, &ed25519.0, &mldsa44.0).ok()).flatten()
    }

    /// Which log.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The public side: both keys.
    #[must_use]
    pub fn verifier(&self) -> LogVerifier {
        let keys = vec![self.ed25519.verifier().clone(), self.mldsa44.verifier().clone()];
        LogVerifier { origin: self.origin.clone(), keys }
    }

    /// Signs the tree of `size` entries with `root`; the same tree always gets the same bytes.
    ///
    /// The Ed25519 line stands first: tools that know only one type read that one.
    ///
    /// # Errors
    /// When that is no checkpoint: a size beyond 2^62, or an empty tree with another root than the one it has.
    pub fn sign(&self, size: TreeSize, root: Hash) -> Result<SignedCheckpoint, CheckpointError> {
        let checkpoint = Checkpoint { origin: self.origin.clone(), size, root };
        let text = checkpoint.to_text();
        let claimed = Checkpoint::from_text(&text)?;
        let mut note = SignedNote::sign(&text, &self.ed25519)?;
        let second = cosignature::sign(&self.mldsa44, &checkpoint, 0).expect(
            "a checkpoint that reads back fits in an ML-DSA message: its origin has 255 bytes at most",
        );
        note.add(second)?;
        Ok(SignedCheckpoint { note, claimed })
    }
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogSigner({})", self.origin)
    }
}
