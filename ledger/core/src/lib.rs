//! The record, pure: hashes, entries, the chain, the Merkle tree, tiles, checkpoints, signatures and
//! proofs.
//!
//! In scope: turning bytes into types and back, and deciding whether bytes prove what they claim. Out of
//! scope: who *may* sign what (`ledger-rules`), where bytes are kept (`ledger-store`), and walking a whole
//! ledger (`ledger-audit`). Nothing here touches a disk, a clock, the network or a random source, and the
//! crate builds for `wasm32-unknown-unknown`.

pub mod addendum;
pub mod allowed_signers;
pub mod bundle;
mod canonical;
pub mod chain;
pub mod checkpoint;
pub mod cosignature;
pub mod entry;
pub mod hash;
pub mod ids;
pub mod limits;
pub mod merkle;
mod mldsa;
pub mod note;
pub mod policy;
pub mod skey;
pub mod sshsig;
pub mod statement;
mod text;
pub mod tile;
pub mod tlog_proof;
pub mod vkey;
pub mod wire;
