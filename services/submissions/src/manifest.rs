//! The manifest: what a submission is, what it rests on, and the digest of each of its files.
//!
//! Its own digest is what a chief officer approves and what `SubmissionRecorded` carries. So whoever has the
//! manifest and the ledger's head can tell whether a file is the one that was approved, and whoever has the
//! ledger can make the file again.

use ledger_core::hash::Hash;
use serde::{Deserialize, Serialize};

use crate::write::json::canonical;

/// Its name in the folder of a submission.
pub const MANIFEST: &str = "manifest.json";
/// Version of its shape.
pub const FORMAT_VERSION: u32 = 1;

/// A submission's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this shape.
    pub format_version: u32,
    /// The ledger's name.
    pub ledger: String,
    /// Whose figures.
    pub body: String,
    /// Of which period.
    pub period: String,
    /// The template's name.
    pub template: String,
    /// And its version.
    pub template_version: u32,
    /// Name of the projection that computed the figures.
    pub projection: String,
    /// Version of its definition.
    pub definition_version: u32,
    /// How many entries it rests on.
    pub tree_size: u64,
    /// Their root, base64.
    pub root: String,
    /// What it was made from beside the ledger: the template, the population.
    pub inputs: Vec<FileDigest>,
    /// What was made.
    pub files: Vec<FileDigest>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// Why bytes are no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not the JSON it should be.
    #[error("it is no manifest: {0}")]
    Malformed(String),
    /// Of a later version of this program.
    #[error("its format version is {0}; this program reads {FORMAT_VERSION}")]
    Version(u32),
    /// The same things written otherwise: its digest would not be the one approved.
    #[error("it is not in the one form that a manifest is written in")]
    NotCanonical,
    /// A name that leads out of the folder.
    #[error("{0:?} is no name of a file in the folder")]
    Name(String),
}

impl FileDigest {
    /// Of these bytes.
    #[must_use]
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), bytes: bytes.len() as u64, sha256: Hash::of(bytes).to_hex() }
    }
}

impl Manifest {
    /// Its one form, in bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical(&serde_json::to_value(self).expect("a manifest is made of plain values"))
    }

    /// Its digest, hexadecimal: what is approved.
    #[must_use]
    pub fn digest(&self) -> String {
        Hash::of(&self.to_bytes()).to_hex()
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When the bytes are not one, or not in its one form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let read: Self =
            serde_json::from_slice(bytes).map_err(|e| ManifestError::Malformed(e.to_string()))?;
        if read.format_version != FORMAT_VERSION {
            return Err(ManifestError::Version(read.format_version));
        }
        let plain =
            |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        if let Some(bad) = read.inputs.iter().chain(&read.files).find(|file| !plain(&file.name)) {
            return Err(ManifestError::Name(bad.name.clone()));
        }
        if read.to_bytes() != bytes {
            return Err(ManifestError::NotCanonical);
        }
        Ok(read)
    }
}
