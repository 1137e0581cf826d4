//! The single writer: verify, decide, seal, commit, tell.
//!
//! In scope: taking signed statements, deciding in order whether they may be recorded, giving each a place,
//! making it durable, and publishing checkpoints. Out of scope: what a rule says (`ledger-rules`), how bytes
//! are kept (`ledger-store`), and how messages travel (`host::bus`; [`service`] is what takes and answers them).
//!
//! ```text
//! submit ─► queue ─► intake (all cores: parse, signatures) ─► committer (one thread) ─► answer
//!           bounded                                            │
//!                            Node: decide → seal → append to the commit log → append to this disk
//! ```
//!
//! The intake of one batch overlaps the commit of those before, and what waits for the committer is committed
//! together. A [`Node`] is the whole protocol of one recorder without the threads; its fences are numbered, and each
//! says what a crash there means. Without a [`CommitLog`] a recorder is alone on its disk.

mod batch;
mod commit_log;
mod committer;
mod intake;
mod many;
mod node;
mod receipt;
mod recorder;
mod recorder_key;
mod replay;
mod seed;
#[cfg(feature = "service")]
pub mod service;
mod step;
mod verified;

pub use commit_log::{Away, BoxFuture, CommitLog, Fate, Next};
pub use committer::Standing;
pub use intake::verify as verify_submission;
pub use ledger_core::wire::Submission;
pub use node::{Counters, Node, Role, Stop, Trouble};
pub use receipt::receipt;
pub use recorder::{Answer, Clock, Config, Durable, Failure, OpenError, Pending, Recorder};
pub use recorder_key::RecorderKey;
