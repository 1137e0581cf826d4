//! The single writer: verify, decide, seal, commit, tell.
//!
//! In scope: taking signed statements, deciding in order whether they may be recorded, giving each a place,
//! making it durable, and publishing checkpoints. Out of scope: what a rule says (`ledger-rules`), how bytes
//! are kept (`ledger-store`), and how messages travel (`host::bus`; [`service`] is what takes and answers them).
//!
//! ```text
//! submit ─► queue ─► intake (all cores: parse, signatures) ─► committer (one thread) ─► answer
//!           bounded                                            decide → seal → append → tell
//! ```
//!
//! The intake of one batch overlaps the commit of those before, and what waits for the committer is committed
//! together. The fences in [`committer`] are numbered, and each says what a crash there means.

mod batch;
mod committer;
mod intake;
mod many;
mod receipt;
mod recorder;
mod replay;
mod seed;
#[cfg(feature = "service")]
pub mod service;
mod verified;

pub use committer::Counters;
pub use intake::verify as verify_submission;
pub use ledger_core::wire::Submission;
pub use receipt::receipt;
pub use recorder::{Answer, Clock, Config, Durable, Failure, OpenError, Pending, Recorder, Sealed};
