//! The vocabulary of the ledger: what a statement, an entry and each kind of decision consist of.
//!
//! In scope: the protobuf types, and reading what the kinds say about themselves (title, stream
//! pattern, signers, sealed fields). Out of scope: what a decision *means* (`ledger-rules`), and how an
//! entry is hashed, chained and proved (`ledger-core`).

/// The protobuf types, generated from `proto/scrutiny`.
#[allow(missing_docs, unreachable_pub, clippy::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/generated.rs"));
}

pub use generated::scrutiny::*;

/// The vocabulary's descriptors, comments and options included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub mod vocabulary;
